"""What leaves the page makes the same result again, to the last digit: commands, scripts and files are run."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from urllib.parse import urlencode

import pytest
from served import Served, served

import sbpath
from sbpath.cli import main

STATES = {
    "as it is": {"system": "li-sb"},
    "everything": {
        "system": "na-sb", "graph": "reported", "design": "nano", "electrolyte": "fec", "particles": "2", "rate": "50 mA/g",
        "temperature": "-5", "lower": "20mV", "upper": "1.2", "cycles": "2",
        "set": {"interfaces.Sb|NaxSb.energy_J_per_m2": "150 mJ/m2", "phases.NaxSb.galleries[1].potential_V": "0.79"},
    },
    "many cycles": {"system": "k-bisb", "cycles": "3 x C/20, 9", "rate": "1C", "temperature": "310K"},
    "a single particle": {"system": "li-sb-libh4", "particles": "1", "set": {"temperature_C": "150"}},
}  # fmt: skip


@pytest.fixture(scope="module")
def server():
    with served() as found:
        yield found


def _query(state: dict) -> str:
    pairs = [(name, value) for name, value in state.items() if name != "set"]
    return urlencode(pairs + [("set", f"{path}={value}") for path, value in state.get("set", {}).items()])


@pytest.fixture(scope="module", params=STATES)
def state(request):
    return STATES[request.param]


@pytest.fixture(scope="module")
def curve(server: Served, state) -> bytes:
    reply = server.get(f"/download/curve.csv?{_query(state)}")
    assert reply.status == 200
    assert reply.headers["Content-Disposition"] == 'attachment; filename="curve.csv"'
    return reply.body


def test_the_command_makes_the_same_curve(server, state, curve, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = server.post("/api/recipe", state).json["command"]
    program, *words = shlex.split(command)
    assert program == "sbpath"
    assert main([*words, "--quiet"]) == 0
    assert (tmp_path / "curve.csv").read_bytes() == curve


@pytest.mark.skipif(sys.platform == "win32", reason="a script of the shell")
def test_the_scripts_make_the_same_curve(server, state, curve, tmp_path):
    """Both as downloaded, in processes of their own."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    (bin_folder / "sbpath").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m sbpath "$@"\n')
    (bin_folder / "sbpath").chmod(0o755)
    for name, command in (("run.sh", ["sh"]), ("run.py", [sys.executable])):
        folder = tmp_path / name
        folder.mkdir()
        (folder / name).write_bytes(server.get(f"/download/{name}?{_query(state)}").body)
        path = f"{bin_folder}:/usr/bin:/bin"
        done = subprocess.run(
            [*command, name], cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert (folder / "curve.csv").read_bytes() == curve
    copied = server.post("/api/recipe", state).json
    assert copied["script"] in (tmp_path / "run.py" / "run.py").read_text()
    assert copied["command"] in (tmp_path / "run.sh" / "run.sh").read_text()


def test_the_mechanism_file_is_the_changed_mechanism(server, state, curve, tmp_path, monkeypatch):
    """With it the command makes the same curve without design, electrolyte and changed numbers."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mechanism.toml").write_bytes(server.get(f"/download/mechanism.toml?{_query(state)}").body)
    left = {name: value for name, value in state.items() if name not in ("design", "electrolyte", "set")}
    command = server.post("/api/recipe", left).json["command"]
    words = shlex.split(command)[1:]
    words[1] = "mechanism.toml"
    assert main([*words, "--quiet"]) == 0
    assert (tmp_path / "curve.csv").read_bytes() == curve
    mechanism = sbpath.load_mechanism("mechanism.toml")
    changed = {path: number for path, number in mechanism.numbers() if path in state.get("set", {})}
    assert all(number.status == "assumed" and "set by the user" in number.note for number in changed.values())


def test_pictures_are_drawn(server, state):
    drawn = server.get(f"/download/picture.svg?{_query(state)}").body
    assert ElementTree.fromstring(drawn).tag.endswith("svg")
    picture = server.get(f"/download/picture.png?{_query(state)}").body
    assert picture.startswith(b"\x89PNG\r\n")
    assert len(picture) > 20_000


def test_a_link_with_nonsense_is_refused(server):
    reply = server.get("/download/curve.csv?system=li-sb&rate=fast")
    assert (reply.status, reply.json["field"]) == (422, "rate")
    assert server.get("/download/run.sh?system=li-sb&set=electrode.x%3D1").status == 422


def test_nothing_of_a_state_is_run_by_the_shell(server, tmp_path):
    """Text with the shell's own characters is refused, or quoted."""
    for state in (
        {"rate": "C/10; touch x"},
        {"system": "$(touch x)"},
        {"set": {"a';touch x;'": "1"}},
        {"design": "`touch x`"},
    ):
        assert server.post("/api/recipe", state).status == 422
    quoted = server.post("/api/recipe", {"set": {"interfaces.Sb|Li2Sb.energy_J_per_m2": "0.14"}}).json[
        "command"
    ]
    assert "'interfaces.Sb|Li2Sb.energy_J_per_m2=0.14'" in quoted
