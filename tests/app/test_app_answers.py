"""What the page is told of a run: the numbers of the package, whatever is chosen."""

from __future__ import annotations

import numpy as np
import pytest
from served import Served, served

import sbpath
from sbpath.cli import main


@pytest.fixture(scope="module")
def server():
    with served() as found:
        yield found


@pytest.fixture(scope="module")
def choices(server: Served):
    return server.get("/api/systems").json


def test_every_shipped_system_design_and_electrolyte_can_be_chosen(choices):
    assert sorted(one["name"] for one in choices["systems"]) == sbpath.shipped_names()
    assert [one["name"] for one in choices["designs"]] == sbpath.design_names()
    assert [one["name"] for one in choices["electrolytes"]] == sbpath.electrolyte_names()
    for one in choices["electrolytes"]:
        for ion, system in (("Li", "li-sb"), ("Na", "na-sb"), ("K", "k-sb")):
            if ion in one["ions"]:
                sbpath.load_mechanism(system, electrolyte=one["name"])
            else:
                with pytest.raises(sbpath.InputError):
                    sbpath.load_mechanism(system, electrolyte=one["name"])


@pytest.mark.parametrize("name", sbpath.shipped_names())
def test_the_answer_of_every_system_adds_up(server, choices, name):
    (system,) = (one for one in choices["systems"] if one["name"] == name)
    answer = server.answer("/api/run", system["defaults"])
    assert answer == server.answer("/api/run", {"system": name})  # the defaults are what is meant by nothing
    for phase_sum in np.sum([phase["fraction"] for phase in answer["stack"]["phases"]], axis=0):
        # Phases that never hold 0.2 % of the host are left out.
        assert phase_sum == pytest.approx(1.0, abs=0.01)
    ledger = answer["ledger"]
    assert sum(row["mAh_per_g"] for row in ledger["rows"]) == pytest.approx(ledger["put_in"], rel=1e-4)
    hysteresis = answer["hysteresis"]
    if hysteresis["causes"]:
        total = sum(cause["mV"] for cause in hysteresis["causes"])
        assert total == pytest.approx(hysteresis["total_mV"], rel=5e-3, abs=0.05)
    else:
        assert "not closed" in hysteresis["note"]
    ends = {curve["direction"]: curve["voltage"][-1] for curve in answer["curves"]}
    assert ends["insertion"] == pytest.approx(float(system["defaults"]["lower"]), abs=1e-5)
    assert ends["extraction"] == pytest.approx(float(system["defaults"]["upper"]), abs=1e-5)
    shares = {node["name"] for node in answer["graph"]["nodes"]}
    assert all({edge["from"], edge["to"]} <= shares for edge in answer["graph"]["edges"])


def test_the_curve_is_that_of_simulate(server):
    """Also with everything changed; points are rows of the solution, rounded to six digits."""
    answer = server.answer(
        "/api/run",
        {
            "system": "na-sb", "graph": "reported", "design": "nano", "electrolyte": "fec", "particles": "3",
            "rate": "50 mA/g", "temperature": "313.15K", "lower": "20mV", "upper": 1.2, "cycles": 2,
            "set": {"interfaces.Sb|NaxSb.energy_J_per_m2": "150 mJ/m2", "kinetics.growth_rate_per_s": 2e-3},
        },
    )  # fmt: skip
    solution = sbpath.simulate(
        sbpath.load_mechanism(
            "na-sb",
            {"interfaces.Sb|NaxSb.energy_J_per_m2": 0.15, "kinetics.growth_rate_per_s": 2e-3},
            "nano",
            "fec",
        ),
        sbpath.cycling("50 mA/g", 0.02, 1.2, 2),
        graph="reported", temperature_C=40.0, population=3, progress=False,
    )  # fmt: skip
    assert answer["cycle"] == answer["of"] == 2
    for half, curve in zip(sbpath.half_cycles(solution), answer["curves"], strict=True):
        rows = np.column_stack([solution.capacity_mAh_per_g[half.rows], solution.voltage_V[half.rows]])
        known = {tuple(f"{value:.6g}" for value in row) for row in rows}
        shown = [
            tuple(f"{value:.6g}" for value in point)
            for point in zip(curve["charge"], curve["voltage"], strict=True)
        ]
        assert set(shown) <= known
        assert 200 < len(shown) <= 400
    (entry,) = (entry for entry in sbpath.ledger(solution) if entry.cycle == 2)
    found = {row["name"]: row["mAh_per_g"] for row in answer["ledger"]["rows"]}
    assert (found["taken out"], found["film on carbon"]) == (entry.extracted, entry.idle)
    assert found["film on carbon"] > 0.0


def test_of_many_cycles_the_first_and_the_last_are_whole(server):
    answer = server.answer("/api/run", {"system": "k-bisb", "cycles": "12"})
    assert [curve["cycle"] for curve in answer["curves"] if len(curve["charge"]) > 2] == [1, 1, 12, 12]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rate", "x"), ("rate", "-C/10"), ("temperature", "298"), ("temperature", "warm"), ("temperature", "5000"),
        ("lower", "2"), ("upper", "q"), ("lower", "-1e308"), ("upper", "50"), ("rate", "1e9C"), ("cycles", "2 x 1e9C"),
        ("cycles", "0"), ("cycles", "many"), ("graph", "cand"), ("design", "nan"),
        ("electrolyte", "fecc"), ("particles", "0"), ("system", "lisb"),
        ("electrode.particle_radius_m", "-1"), ("electrode.particle_radius_m", "wide"), ("kinetics.growth", "1"),
    ],
)  # fmt: skip
def test_nonsense_is_refused_in_the_words_of_the_command_line(server, capsys, field, value):
    changed = {"set": {field: value}} if "." in field else {field: value}
    reply = server.post("/api/run", {"system": "li-sb", **changed})
    assert reply.status == 422
    told = reply.json
    assert told["field"] == field
    option = [f"--set={field}={value}"] if "." in field else [f"--{field}={value}"]
    option += [] if field == "cycles" else ["--cycles", "1"]
    words = ["simulate", value, "--cycles", "1"] if field == "system" else ["simulate", "li-sb", *option]
    code = main([*words, "--quiet"])
    assert code == 2
    printed = capsys.readouterr().err.strip()
    assert printed.endswith(told["error"]), (printed, told["error"])


@pytest.mark.parametrize(
    "document", [[], {"rat": "C/10"}, {"rate": True}, {"rate": ["C/10"]}, {"set": ["a"]}, {"set": {"a.b": None}},
                 {"rate": "C/1" + "0" * 300}, {"cycles": "100000"}, {"particles": "1000000"},
                 {"set": {f"a.{i}": 1 for i in range(300)}}],
)  # fmt: skip
def test_what_no_page_sends_is_refused_too(server, document):
    reply = server.post("/api/run", document)
    assert reply.status == 422
    assert reply.json["error"]


def test_a_failed_step_keeps_what_came_before(server):
    """A rate that the electrode cannot carry still gives an answer with a notice, or a word why not."""
    answer = server.answer("/api/run", {"system": "li-sb", "rate": "1000C"})
    assert answer["curves"]


def test_notices_are_those_of_the_command_line(server, capsys):
    answer = server.answer("/api/run", {"system": "li-sb", "temperature": "90"})
    assert main(["simulate", "li-sb", "--temperature", "90", "--cycles", "1", "--quiet"]) == 0
    assert [f"note: {notice}" for notice in answer["notices"]] == capsys.readouterr().err.splitlines()
    assert answer["notices"]
