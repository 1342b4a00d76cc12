"""README and pages say what the code does: their commands, tables and numbers are run and compared."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path

import pytest

import sbpath
from sbpath.cli import main

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_table_of_the_readme_is_what_its_command_prints(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (command,) = re.findall(r"pip install \. && sbpath (compare .*)", README)
    assert main([*command.split(), "--quiet"]) == 0
    printed = [line.strip() for line in capsys.readouterr().out.splitlines()]
    table = [
        line.strip() for line in README.splitlines() if re.match(r"    (system|li-sb|na-sb|k-sb|Hyst)", line)
    ]
    assert len(table) == 11
    assert table == [line for line in printed[:12] if line]
    assert (tmp_path / "hysteresis.png").stat().st_size > 10_000


@pytest.fixture(scope="module")
def other_commands(tmp_path_factory) -> tuple[dict[str, str], set[str]]:
    """What the other commands of the README print, by their first word, and the files they write."""
    folder = tmp_path_factory.mktemp("readme")
    printed = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("COLUMNS", "200")  # a narrow terminal leaves columns out
        for command in re.findall(r"^    sbpath (.*)$", README, flags=re.MULTILINE):
            # A map of nine points tells whether the command is right.
            words = re.sub(r":\d+(?=\")", ":3", command)
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                assert main([*shlex.split(words), "--quiet"]) == 0
            name = next((w for w in ("compounds", "mosaic") if w in command), command.split()[0])
            printed[name] = out.getvalue()
    return printed, {path.name for path in folder.iterdir()}


def test_the_other_commands_of_the_readme_run(other_commands):
    printed, files = other_commands
    assert list(printed) == [
        "simulate", "explain", "budget", "map", "mosaic", "compare", "compounds", "literature", "sweep",
    ]  # fmt: skip
    assert "NaSb -> Na₃Sb" in printed["compare"]
    (lost,) = re.findall(r"lose most: ([\d.]+) % for `li-sb2s3-libh4`", README)
    (row,) = (line for line in printed["literature"].splitlines() if line.startswith("5.5"))
    assert re.split(r" +", row)[5:7] == ["65.0", lost]
    assert files == {
        "lithium.png",
        "lithium.csv",
        "mosaic.png",
        "paths.png",
        "budget.png",
        "map.png",
        "transfer.png",
        "compounds.png",
        "sweep.csv",
        "sweep.sqlite",
        "sweep.png",
    }
    told = re.findall(r"^ {4}((?:hysteresis_mV|energy_efficiency) .*)$", README, flags=re.MULTILINE)
    assert len(told) == 2
    assert all(line in printed["sweep"].splitlines() for line in told)


def test_what_the_readme_says_of_path_and_hysteresis_is_printed(other_commands):
    printed, _ = other_commands
    inequalities = re.findall(r"^ {4}((?:In|Ex).*|  \d.*gamma.*)$", README, flags=re.MULTILINE)
    assert len(inequalities) == 4
    assert all(line in printed["explain"].splitlines() for line in inequalities)
    told = re.search(
        r"would be ([\d.]+)\s+instead of ([\d.]+) mV.*? ([\d.]+) mV are left", README, flags=re.DOTALL
    )
    held, free, left = told.groups()
    assert re.search(rf"free +{free} ", printed["budget"])
    assert re.search(rf"insertion path both ways +{held} ", printed["budget"])
    assert f"half cycle a century: {left} mV" in printed["budget"]


def test_the_python_of_the_readme_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    names: dict = {}
    exec(code, names)
    solution = names["solution"]
    assert solution.fraction("Li2Sb").max() > 0.99
    assert sbpath.load_solution("lithium.npz").steps == solution.steps


def test_the_python_of_the_page_on_sweeps_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "sweeps.md").read_text(encoding="utf-8")
    first, second, measure, dask = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    names: dict = {}
    # Grids of four points tell whether the words are right.
    exec(re.sub(r":\d+(?=\")", ":2", first + second + measure), names)
    assert len(names["runs"]) == 4
    runs = sbpath.sweep("li-sb", "rate=1C,2C", measure=names["fractions"], progress=False)
    assert runs["most_Li2Sb"].min() > 0.5
    assert "executor=client.get_executor()" in dask  # run in tests/test_sweep.py
