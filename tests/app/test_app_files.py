"""Files dropped on the page: understood as the command line does, laid over, fitted; bad ones refused in its words."""

from __future__ import annotations

import time
from urllib.parse import quote

import cycler_files
import numpy as np
import pytest
from served import Served, served

import sbpath
from sbpath.app import uploads
from sbpath.cli import main

MASS_G = 1.2e-3
STATED = {"mass": "1.2", "first": "insertion"}


@pytest.fixture(scope="module")
def server():
    with served() as found:
        yield found


def _drop(server: Served, content: bytes, name: str = "cell.csv"):
    return server.ask("POST", f"/api/files?name={quote(name, safe='')}", content, json_type=False)


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> bytes:
    """What a cycler writes of a simulated cell of 1.2 mg: a cycle at C/5."""
    solution = sbpath.simulate(
        "li-sb", sbpath.cycling("C/5", 0.05, 1.5), population=1, electrode_mass_g=MASS_G, progress=False
    )
    return sbpath.to_bdf(solution, tmp_path_factory.mktemp("cell") / "cell.bdf.csv").read_bytes()


@pytest.fixture(scope="module")
def dropped(server, measured) -> str:
    reply = _drop(server, measured, "cell.bdf.csv")
    assert reply.status == 200
    return reply.json["file"]


@pytest.mark.parametrize("maker", ["EC-Lab", "Neware", "Landt Chinese", "BDF", "Maccor"])
def test_files_of_makers_are_understood_as_the_command_line_does(
    server, maker, tmp_path, monkeypatch, capsys
):
    content = cycler_files.WRITERS[maker](cycler_files.log(), cycler_files.Style()).encode("utf-8")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cell.txt").write_bytes(content)
    reply = _drop(server, content, "cell.txt")
    code = main(["read", "cell.txt", "--mechanism", "li-sb"])
    printed = capsys.readouterr()
    if code != 0:
        assert (reply.status, printed.err) == (422, f"sbpath: cell.txt: {reply.json['error']}\n")
    else:
        assert reply.json["text"] == printed.out.rstrip("\n")
        assert [need["field"] for need in reply.json["needs"]] == ["mass", "first"]
    read = server.post("/api/read", {"file": reply.json["file"], "stated": STATED})
    assert main(["read", "cell.txt", "--mechanism", "li-sb", "--mass", "1.2mg", "--first", "insertion"]) == 0
    assert read.json["text"] == capsys.readouterr().out.rstrip("\n")
    assert read.json["needs"] == []
    assert [half["direction"] for half in read.json["halves"]] == ["insertion", "extraction"] * 2
    for half, mAh in zip(read.json["halves"], cycler_files.HALVES_MAH, strict=True):
        assert half["charge"][-1] == pytest.approx(1e3 * mAh / cycler_files.MASS_MG, rel=0.01)


@pytest.mark.parametrize(
    ("content", "stated", "field"),
    [
        (b"", {}, "file"), (b"hello\nworld\n", {}, "file"), (b"\x00\x01\x02" * 1000, {}, "file"), (b"PK\x03\x04" + b"\x00" * 500, {}, "file"),
        (b"time/s,Ewe/V,I\n0,1,1\n1,0.9,1\n", {}, "file"), (b"a" * 1_000_000, {}, "file"), (b"\n" * 1_000_000, {}, "file"),
        (b"Test Time / s,Voltage / V,Current / A\n" + b"9e999,1,-1e-3\n" * 9, {}, "file"), (None, {"mass": "-1"}, "mass"), (None, {"mass": "heavy"}, "mass"), (None, {"first": "charge"}, "first"),
        (None, {"temperature": "298"}, "temperature"), (None, {"unit": {"current": "kg"}}, "file"),
        (None, {"column": {"colour": "3"}}, "file"), (None, {"weight": "1"}, "stated"), (None, {"cycles": ["a"]}, "cycles"),
        (None, {"column": ["a"]}, "column"), (None, {"mass": "1.2", "first": "extraction"}, "file"),
    ],
)  # fmt: skip
def test_bad_files_and_statements_are_refused_in_one_line(server, measured, content, stated, field):
    reply = _drop(server, measured if content is None else content, "some cell.csv")
    if stated:
        reply = server.post("/api/read", {"file": reply.json["file"], "stated": stated})
    assert reply.status == 422
    told = reply.json
    assert told["field"] == field
    assert "sbpath-app-" not in told["error"]
    assert len(told["error"].splitlines()) == 1


def test_a_missing_unit_can_be_stated(server, measured):
    """Without the file's own capacity, from which it would follow."""
    lines = [b",".join(line.split(b",")[:3]) for line in measured.splitlines()]
    reply = _drop(server, b"\n".join([lines[0].replace(b"Current / A", b"Current"), *lines[1:]]), "cell.csv")
    assert (reply.status, reply.json["field"]) == (422, "file")
    assert "state it: --unit current=A (up to 0." in reply.json["error"]
    stated = {**STATED, "unit": {"current": "A"}}
    read = server.post("/api/read", {"file": reply.json["file"], "stated": stated})
    assert "unit of current A" in read.json["stated"]
    assert read.json["needs"] == []


@pytest.mark.parametrize(
    "name",
    [
        "../../../../etc/cron.d/cell.csv",
        "/etc/passwd",
        "C:\\boot.ini",
        "..",
        "",
        "\x00\n",
        "x" * 5000,
        "\U00010400" * 100,
        "<img src=x>.csv",
        ".toml",
    ],
)
def test_names_of_files_lead_nowhere(server, measured, name):
    reply = _drop(server, measured, name)
    assert reply.status == 200, reply.body
    shown = reply.json["name"]
    assert 0 < len(shown) <= 100
    assert not set(shown) & set("/\\<>\n\0")
    assert not shown.startswith(".")


def test_a_file_named_as_the_one_that_is_written_next_to_it_is_laid_over(server, measured):
    reply = _drop(server, measured, ".experiment.toml")
    document = {
        "file": reply.json["file"],
        "stated": STATED,
        "state": {"system": "li-sb", "particles": "1"},
    }
    assert len(server.answer("/api/overlay", document)["halves"]) == 2


def test_the_oldest_files_go_and_all_when_the_server_ends(measured, tmp_path, monkeypatch):
    monkeypatch.setattr(uploads.tempfile, "mkdtemp", lambda prefix: str(tmp_path))
    with served() as server:
        ids = [_drop(server, measured).json["file"] for _ in range(uploads.MOST_FILES + 2)]
        assert len(list(tmp_path.iterdir())) == uploads.MOST_FILES
        gone = server.post("/api/read", {"file": ids[0], "stated": {}})
        assert (gone.status, gone.json["error"]) == (422, "is not there any more; drop it once more")
        assert server.post("/api/read", {"file": ids[-1], "stated": {}}).status == 200
    assert not tmp_path.exists()


def test_a_curve_lies_on_the_simulation_that_it_is_of(server, dropped):
    answer = server.answer(
        "/api/overlay", {"file": dropped, "stated": STATED, "state": {"system": "li-sb", "particles": "1"}}
    )
    assert [half["direction"] for half in answer["halves"]] == ["insertion", "extraction"]
    for half in answer["halves"]:
        # What is left is the charge between rows, which a straight line takes up.
        assert half["rms_mV"] < 5.0
        assert half["capacity"][0] == pytest.approx(half["capacity"][1], rel=2e-3)
        measured, simulated = half["measured"], half["simulated"]
        at = np.linspace(100.0, 500.0, 50)
        gap = np.interp(at, measured["charge"], measured["voltage"]) - np.interp(
            at, simulated["charge"], simulated["voltage"]
        )
        assert np.abs(gap).mean() < 5e-3
    assert "rms (mV)" in answer["text"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"stated": {"mass": "1.2"}}, "first"), ({"stated": {"first": "insertion"}}, "mass"),
        ({"stated": {**STATED, "mass": "0.0012"}}, "file"), ({"stated": {**STATED, "cycles": [7]}}, "file"),
        ({"file": "x"}, "file"), ({"file": None}, "file"), ({"state": {"graph": "x"}}, "graph"),
        ({"free": ["colour"]}, "free"), ({"free": "gamma"}, "free"),
    ],
)  # fmt: skip
def test_what_is_missing_or_wrong_is_asked_for(server, dropped, changed, field):
    document = {"file": dropped, "stated": STATED, "state": {"system": "li-sb", "particles": "1"}, **changed}
    reply = server.post("/api/fit", document)
    told = reply.json if reply.status == 422 else server.ended(reply.json["job"])
    assert told["error"]
    if reply.status == 422:
        assert told["field"] == field


def test_a_fit_gets_back_what_the_curve_was_made_with(server, dropped, tmp_path):
    path = "interfaces.Sb|Li3Sb.energy_J_per_m2"
    state = {"system": "li-sb", "particles": "1", "set": {path: "0.22"}}
    answer = server.answer("/api/fit", {"file": dropped, "stated": STATED, "state": state, "free": ["gamma"]})
    assert float(answer["set"][path]) == pytest.approx(0.2108, rel=0.03)
    assert answer["rms_mV"] < 10.0
    assert {row["path"] for row in answer["rows"]} == {
        f"interfaces.{pair}.energy_J_per_m2" for pair in ("Sb|Li2Sb", "Li2Sb|Li3Sb", "Sb|Li3Sb")
    }
    assert all(half["rms_mV"] < 10.0 for half in answer["overlay"]["halves"])
    # The file is a mechanism with these numbers, and the state of the page gives the same.
    file = tmp_path / "fitted.toml"
    file.write_text(answer["mechanism"], "utf-8")
    mechanism = sbpath.load_mechanism(file)
    for where, number in answer["set"].items():
        assert sbpath.value(mechanism, where) == float(number)
    assert dict(mechanism.numbers())[path].status == "fitted"
    told = server.answer("/api/run", {"system": "li-sb", "particles": "1", "set": answer["set"]})
    assert told["curves"]


def test_the_points_under_a_fit_are_scaled_as_it_scaled_them(server, dropped):
    # A host that weighs 3 % more holds 3 % less per gram.
    stated = {**STATED, "mass": f"{1.03e3 * MASS_G}"}
    document = {"file": dropped, "stated": stated, "state": {"system": "li-sb", "particles": "1"}}
    bare = server.answer("/api/overlay", document)
    fitted = server.answer("/api/fit", {**document, "free": ["interfaces.Sb|Li3Sb.energy_J_per_m2"]})
    assert (bare["scaled"], fitted["overlay"]["scaled"]) == (False, True)

    def ends(answer):
        return [half["measured"]["charge"][-1] / half["simulated"]["charge"][-1] for half in answer["halves"]]

    np.testing.assert_allclose(ends(bare), 1.0 / 1.03, rtol=5e-3)
    np.testing.assert_allclose(ends(fitted["overlay"]), 1.0, rtol=5e-3)


def test_a_fit_can_be_stopped(server, dropped):
    document = {
        "file": dropped,
        "stated": STATED,
        "state": {"system": "li-sb", "particles": "40"},
        "free": ["gamma", "growth", "spread"],
    }
    reply = server.post("/api/fit", document)
    assert reply.status == 202
    job = reply.json["job"]
    while server.get(f"/api/jobs/{job}").json["done"] < 3:
        time.sleep(0.05)
    began, spent = time.monotonic(), time.process_time()
    server.ask("DELETE", f"/api/jobs/{job}")
    told = server.ended(job)
    assert told["state"] in ("stopped", "done")
    assert min(time.monotonic() - began, time.process_time() - spent) < 1.0
    if told["answer"]:
        assert told["answer"]["interrupted"]
