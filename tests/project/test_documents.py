"""README and pages say what the code does: their commands, tables and numbers are run and compared."""

from __future__ import annotations

import argparse
import contextlib
import io
import re
import shlex
import shutil
from pathlib import Path

import pytest

import sbpath
from sbpath.cli import main
from sbpath.cli.parser import parser, parsers

ROOT = Path(__file__).resolve().parents[2]
README, SWEEPS = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/sweeps.md"))


def test_the_first_command_of_the_readme_draws_its_picture(capsys, tmp_path, monkeypatch):
    # What it prints is compared on docs/howto/first.md, see test_site.py.
    monkeypatch.chdir(tmp_path)
    (command,) = re.findall(r"pip install \. && sbpath (compare .*)", README)
    assert main([*command.split(), "--quiet"]) == 0
    assert "hysteresis / mV" in capsys.readouterr().out
    assert (tmp_path / "hysteresis.png").stat().st_size > 10_000
    assert f"sbpath {command}\n" in (ROOT / "docs" / "howto" / "first.md").read_text(encoding="utf-8")


def test_the_first_screen_of_the_readme_says_what_it_is_and_how_to_begin():
    screen = README.splitlines()[:20]
    assert sum(line.startswith("![") for line in screen) == 1
    assert [line.split()[0] for line in screen if line.startswith("    ")] == ["pip", "pip"]


@pytest.fixture(scope="module")
def printed(tmp_path_factory) -> dict[str, str]:
    """What the other commands of the README and that of the page on sweeps print, by their first word."""
    folder = tmp_path_factory.mktemp("readme")
    (copied,) = re.findall(r"^    cp (\S+) mine.toml$", README, flags=re.MULTILINE)
    shutil.copy(ROOT / copied, folder / "mine.toml")
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for command in re.findall(r"^    sbpath (.*)$", README + SWEEPS, flags=re.MULTILINE):
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                assert main(shlex.split(command)) == 0
            found[command.split()[0]] = out.getvalue()
    assert {path.name for path in folder.iterdir()} == {
        "lithium.png", "lithium.csv", "paths.png", "losses.png", "sweep.csv", "sweep.sqlite", "sweep.png",
        "mine.toml", "mine.png",
    }  # fmt: skip
    return found


def test_the_other_commands_run(printed):
    assert list(printed) == ["simulate", "check", "explain", "losses", "sweep"]
    shown = re.findall(r"^ {4}((?:hysteresis_mV|energy_efficiency) .*)$", SWEEPS, flags=re.MULTILINE)
    assert len(shown) == 2
    assert all(line in printed["sweep"].splitlines() for line in shown)


def test_every_command_that_the_readme_names_exists():
    (table,) = re.findall(r"^\| command \|.*?\n\n", README, flags=re.DOTALL | re.MULTILINE)
    cells = [line.split("|")[1] for line in table.splitlines()[2:] if line]
    named = {word for cell in cells for word in re.findall(r"`(?:sbpath )?(\w+)", cell)}
    (commands,) = (action for action in parser()._actions if isinstance(action, argparse._SubParsersAction))
    assert named == set(commands.choices)


PAGES = [
    ROOT / name for name in ("README.md", "CONTRIBUTING.md", "mechanisms/README.md", "benchmarks/README.md")
]
PAGES += sorted(path for path in (ROOT / "docs").rglob("*.md") if "_build" not in path.parts)
HELPS = {f"sbpath {words}".strip(): child.format_help() for words, child in parsers().items()}


@pytest.mark.parametrize("told", [*PAGES, *HELPS], ids=lambda told: getattr(told, "name", told))
def test_commands_and_options_that_are_named_exist(told):
    text = told.read_text(encoding="utf-8") if isinstance(told, Path) else HELPS[told]
    known = parsers()
    shell = "\n".join(re.findall(r"^```bash\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE))
    shell += "\n".join(re.findall(r"(?:`|^  +|&& )(sbpath [^`\n]*)", text, flags=re.MULTILINE))
    for line in re.findall(r"^sbpath (.*)", shell, flags=re.MULTILINE):
        words = re.match(r"[a-z-]*(?: [a-z-]+)?", line)[0]
        command = next((name for name in (words, words.partition(" ")[0]) if name in known), None)
        assert command is not None, line
        named = re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", re.sub(r"'[^']*'|\"[^\"]*\"", "", line))
        assert set(named) <= set(known[command]._option_string_actions), line
    options = {option for child in known.values() for option in child._option_string_actions}
    assert set(re.findall(r"`(--[a-z][\w-]*)", text)) <= options


def test_what_the_readme_says_of_path_and_hysteresis_is_printed(printed):
    inequalities = re.findall(r"^ {4}((?:In|Ex).*|  \d.*gamma.*)$", README, flags=re.MULTILINE)
    assert len(inequalities) == 4
    assert all(line in printed["explain"].splitlines() for line in inequalities)
    numbers = re.search(
        r"would be ([\d.]+)\s+instead of ([\d.]+) mV.*?plateau of ([\d.]+) mV, .*? halves it at C/([\d,]+);",
        README,
        flags=re.DOTALL,
    )
    held, free, left, end = numbers.groups()
    assert re.search(rf"free +{free} ", printed["losses"])
    assert re.search(rf"insertion path both ways +{held} ", printed["losses"])
    assert f"plateau in rate: {left} mV; " in printed["losses"]
    assert f"halves it at C/{end}, " in printed["losses"]


def test_the_readme_counts_the_shipped_files():
    assert f"the {len(sbpath.shipped_names())} systems" in README


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
    first, second, measure, dask = re.findall(r"```python\n(.*?)```", SWEEPS, flags=re.DOTALL)
    names: dict = {}
    # Grids of four points tell whether the words are right.
    exec(re.sub(r":\d+(?=\")", ":2", first + second + measure), names)
    assert len(names["runs"]) == 4
    runs = sbpath.sweep("li-sb", "rate=1C,2C", measure=names["fractions"], progress=False)
    assert runs["most_Li2Sb"].min() > 0.5
    assert "executor=client.get_executor()" in dask  # run in tests/sweeps/test_sweep.py
