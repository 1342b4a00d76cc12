"""The command line as a whole: help, exit codes, mistakes in one line."""

from __future__ import annotations

import csv
import os
import re
import shlex
import signal
import subprocess
import sys
import time

import pytest

import sbpath
from sbpath.cli import main
from sbpath.cli.parser import parsers, read_command
from sbpath.studies.catalogue import STUDIES
from sbpath.text.tables import table

TWO_THREE = "interfaces.Li2Sb|Li3Sb.energy_J_per_m2"
MAP = ["sweep", "li", "--map", "--vary", "rate=C/10..1C:2"]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def refused(capsys, folder, words, *arguments):
    """Assert that a command ends with one line that holds `words`, and leaves `folder` empty."""
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert len(err.splitlines()) == 1
    assert err.startswith("sbpath: ")
    for word in words:
        assert word in err
    assert list(folder.iterdir()) == []


COMMANDS = sorted(parsers())


def test_the_commands_are_these():
    studies = {f"run {study.name}" for study in STUDIES}
    assert set(COMMANDS) == studies | {
        "", "list", "show", "check", "propose", "simulate", "compare", "explain", "losses", "predict", "run", "sweep", "literature",
        "read", "overlay", "fit", "rank", "plan", "app",
    }  # fmt: skip


@pytest.mark.parametrize("words", COMMANDS)
def test_the_help_of_each_command_fits_a_screen(capsys, monkeypatch, words):
    monkeypatch.setenv("COLUMNS", "100")
    assert main([*words.split(), "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 45
    assert max(map(len, lines)) <= 100


def test_an_option_means_the_same_in_every_command():
    seen: dict[str, dict[object, list[str]]] = {}
    for words, parser in parsers().items():
        for action in parser._actions:
            for name in action.option_strings:
                seen.setdefault(name, {}).setdefault((action.dest, action.metavar), []).append(words)
    # The review's electrolytes are found by a word, those of a simulation by the name of their file.
    assert seen["--electrolyte"].pop(("electrolyte", "WORD")) == ["literature"]
    assert {name: kinds for name, kinds in seen.items() if len(kinds) > 1} == {}
    others = {
        "",
        "app",
        "list",
        "show",
        "check",
        "run",
        "literature",
        "predict",
        "propose",
        "read",
        "overlay",
        "fit",
        "rank",
        "plan",
    }
    simulating = set(COMMANDS) - others
    for name in ("--mass", "--loading"):
        (told,) = seen[name].values()
        assert set(told) - {"read"} == simulating
    # A name of several words is not another spelling of a shorter one.
    assert not {"--rates", "--scan-rates", "--cycles-each", "--reversals", "--paths"} & set(seen)


@pytest.mark.parametrize("words", COMMANDS)
def test_examples_of_the_help_are_read(words):
    for line in re.findall(r"^  (sbpath .*)$", parsers()[words].epilog or "", flags=re.MULTILINE):
        _, *arguments = shlex.split(line)
        options = read_command(arguments)
        mechanism = getattr(options, "mechanism", "li-sb")
        assert mechanism in sbpath.shipped_names()


def test_help_needs_no_heavy_import():
    heavy = "{'numpy', 'scipy', 'matplotlib', 'networkx', 'pydantic', 'sqlite3'}"
    code = (
        "import sys\nfrom sbpath.cli import main\n"
        "for command in ('list', 'show', 'check', 'propose', 'simulate', 'compare', 'explain', 'losses', 'predict', 'run', 'sweep', 'literature'):\n"
        "    main([command, '--help'])\n"
        f"    print(command, sorted({heavy} & set(sys.modules)), file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    told = [line for line in result.stderr.splitlines() if not line.startswith("run ")]
    assert len(told) == 11
    assert all(line.endswith(" []") for line in told[:9])
    assert "--protocol" in result.stdout


def test_the_module_runs_as_the_command_does():
    result = subprocess.run(
        [sys.executable, "-m", "sbpath", "list"], capture_output=True, text=True, check=True
    )
    assert "li-sb-llzo" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        ("compare li --graph reported --graph candidate", "--graph"),
        ("compare li na --rate C/10 1C --rate 2C", "--rate"),
        ("compare li --design nano --design micron", "--design"),
        ("simulate li --rate C/10 --rate C/10", "--rate"),
        ("simulate li --cycles 2 --cycles 1", "--cycles"),
        ("explain li --design nano --design micron", "--design"),
        ("sweep li --map --vary a --vary b --csv x.csv --csv y.csv", "--csv"),
        ("run gitt li --temperature 25 --temp 30", "--temp"),
        ("literature --ion K --ion Na", "--ion"),
        ("literature --hosts --ion K --ion=Na", "--ion"),
        ("show li --graph reported --graph candidate", "--graph"),
        ("show li --design nano --design micron", "--design"),
        ("simulate li --quiet --quiet", "--quiet"),
    ],
)
def test_an_option_given_twice_is_refused_in_one_line(capsys, arguments, option):
    code, out, err = run(capsys, *arguments.split())
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert f"{option}" in err
    assert "is given twice" in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["simulate", "lisb"], ["lisb", "did you mean 'li-sb'"]),
        (["simulate", "sb-li"], ["sb-li", "did you mean 'li-sb'"]),
        (["simulate", "nowhere.toml"], ["nowhere.toml", "no such file"]),
        (["simulate", "li", "--lower", "1.6"], ["wrong way round", "swap"]),
        (["simulate", "li", "--lower", "nan"], ["'nan' is not a number"]),
        (["simulate", "li", "--rate", "0C"], ["above 0"]),
        (["simulate", "li", "--rate", "fast"], ["fast", "C/10"]),
        (["simulate", "li", "--cycles", "0"], ["cycles", "1 or more"]),
        (["simulate", "li", "--graph", "other"], ["other", "reported"]),
        (["simulate", "li", "--temperature", "warm"], ["warm", "25C"]),
        (["simulate", "li", "--temperature=-300C"], ["temperature"]),
        (["simulate", "li", "--mass", "-1"], ["--mass", "-1"]),
        (["simulate", "li", "--protocol", "Sodiate at C/10 until 0.05 V"], ["Sodiate", "Li cell"]),
        (["simulate", "li", "--protocol", "Jump at C/10"], ["cycle 1, step 1", "Jump"]),
        (["simulate", "li", "--rate", "C/5", "--protocol", "Rest for 1 h"], ["--rate", "--protocol"]),
        (["simulate", "li", "--set", "kinetics.growth=1"], ["growth_rate_per_s"]),
        (["simulate", "li", "--set", "kinetics.growth_rate_per_s=-1"], ["growth_rate_per_s", "above zero"]),
        (["simulate", "li", "--set", "nonsense"], ["--set", "PATH=NUMBER"]),
        (
            ["show", "li", "--set", "temperature_C=20", "--set", "temperature_C=30"],
            ["temperature_C", "twice"],
        ),
        (["simulate", "li", "--csv", "no/such/folder/out.csv"], ["no folder"]),
        (["simulate", "li", "--plot", "out.jpg"], [".png, .pdf or .svg"]),
        (["simulate", "li", "--csv", "a.csv", "--bdf", "a.csv"], ["a.csv", "two outputs"]),
        (["simulate", "li", "--bdf", "a.csv"], ["a.csv", "*.bdf.csv"]),
        (["simulate", "li", "--rate", ""], ["not a number with a unit"]),
        (["simulate", "li", "--graph", ""], ["graph"]),
        (["simulate", "li", "--protocol", "Insert at 1e300C until 0.05 V"], ["cycle 1, step 1", "A per g"]),
        (["simulate", "li", "--temperature=-272C"], ["temperature_C", "-272"]),
        (["simulate", "li", "--lower", "low"], ["--lower", "50mV"]),
        (["simulate", "li", "--protocol", "Insert at C/2 until x = 3"], ["x = 3", "approached"]),
        (["compare", "li", "xx"], ["xx"]),
        (["compare", "li", "--cycles", "0"], ["cycles"]),
        (["show", "li", "--graph", "none", "--plot", "x.png"], ["none", "reported"]),
        (["check", "missing.toml"], ["missing.toml", "no such file"]),
        (["run", "gitt", "li", "--pulse", "3 V"], ["pulse", "'30 min' or 'x = 0.1'"]),
        (["run", "gitt", "li", "--rate", "50 mA/g"], ["pulses", "50 mA/g"]),
        (["run", "gitt", "li", "--rest", "2"], ["rest", "'2 h'"]),
        (["run", "gitt", "lisb"], ["lisb", "did you mean"]),
        (["run", "cv", "li", "--scan-rate", "fast"], ["scan_rate:", "0.1 mV/s"]),
        (["run", "cv", "li", "--lower", "2"], ["wrong way round"]),
        (["run", "rate-test", "li", "--rate", "C/10", "x"], ["rate:", "'x'"]),
        (["run", "rate-test", "li", "--cycles", "0"], ["cycles:"]),
        (["run", "reversal", "li", "--at", "0"], ["at:", "composition above 0"]),
        (["run", "rest", "li", "--at", "1.5", "--back", "2"], ["back:", "less than x = 1.5"]),
        (
            ["run", "minor-loops", "li", "--between", "2", "1"],
            ["between: low_x must be below high_x", "2 is not below 1"],
        ),
        (["simulate", "li", "--figure", "paths"], ["--figure", "--plot"]),
        (["run", "reversal", "li", "--plot", "out.jpg"], [".png, .pdf or .svg"]),
        (["run", "cv", "li", "--csv", "a.csv", "--save", "a.csv"], ["a.csv", "two outputs"]),
        (["run", "gitt", "li", "--graph", "other"], ["other", "reported"]),
        (["simulate", "li", "--figure", "dqdv"], ["--figure", "--plot"]),
        (
            ["simulate", "li", "--particles", "3", "--spread", "size=.1", "size=.2"],
            ["--spread: size is given twice"],
        ),
    ],
)
def test_wrong_input_is_one_clear_line_and_exit_code_2(capsys, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    refused(capsys, tmp_path, words, *arguments)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["explain", "lisb"], ["lisb", "did you mean 'li-sb'"]),
        (["explain", "li", "--graph", "candidat"], ["did you mean 'candidate'"]),
        (["explain", "li", "--rate", "fast"], ["fast", "C/10"]),
        (["explain", "li", "--cycles", "0"], ["cycles", "1 or more"]),
        (["explain", "li", "--temperature=-300C"], ["temperature_C", "-300"]),
        (["explain", "li", "--set", "kinetics.growth=1"], ["no 'growth' here"]),
        (["explain", "li", "--plot", "paths.csv"], ["paths.csv", ".png, .pdf or .svg"]),
        (["explain", "li", "--csv", "same.png", "--plot", "same.png"], ["same.png", "two outputs"]),
        (["explain", "li", "--figure", "paths"], ["--figure", "--plot"]),
        (["explain", "li", "--csv", "no/such/out.csv"], ["no folder"]),
        (["losses", "li", "--plot", "losses.jpg"], [".png, .pdf or .svg"]),
        (["losses", "li", "--rate", "0C"], ["above 0"]),
        (["losses", "li", "--rate", "100C"], ["no cycle of this solution is closed", "2 %"]),
        (["losses", "li", "--rate", "2C", "--set", "kinetics.attempt_rate_per_s=1e-25"], ["no transformation ran on insertion"]),
        (MAP, ["--vary", "is given once", "across and up"]),
        ([*MAP, "--vary", "temperature=0..25:2", "--rate", "C/5"], ["rate: varies, but a value is given"]),
        ([*MAP, "--vary", "rate=C/10..1C:2"], ["rate", "cannot vary along both axes"]),
        ([*MAP, "--vary", "temperature=0..25:2", "--vary", f"{TWO_THREE}=0..1:2"], ["is given 3 times"]),
        ([*MAP, "--vary", "nonsense"], ["NAME=LOW..HIGH:COUNT", "rate=C/100..5C:9"]),
        ([*MAP, "--vary", "kinetics.growth=1..2:2"], ["no 'growth' here"]),
        ([*MAP, "--vary", "temperature=-300..-200:2"], ["every run failed", "-300"]),
        ([*MAP, "--vary", "temperature=25..0:2"], ["does not rise"]),
        (["compare", "li", "--design", "nano", "giant"], ["giant", "no such electrode design"]),
        (["compare", "li", "--rate", "C/10", "quick"], ["quick", "C/10"]),
        (["compare", "li", "--graph", "candidate", "other"], ["no graph 'other'"]),
        (["compare", "li", "--temperature", "25C", "warm"], ["warm", "298.15K"]),
        (["compare", "li", "na", "lisb"], ["did you mean 'li-sb'"]),
        pytest.param(
            ["compare", "li", "--rate", "1e9C"], ["A per g"],
        ),
        (["simulate", "li", "--cycles", "1.5"], ["--cycles: '1.5' is neither a whole number", "'3 x C/20, 10 x C/2'"]),
        (["losses", "li", "--cycles", "many"], ["--cycles", "'many'"]),
        (["simulate", "li", "--cycles", "0"], ["--cycles: '0' has no cycle; write 1 or more"]),
        (["compare", "li", "--cycles", "3 x C/20, 2 x fast"], ["--cycles: 'fast'", "write for example 'C/10'"]),
        (["sweep", "li", "--vary", "rate=C/10..1C:2", "--out", "s.csv", "--cycles", "3 x C/20"], ["rate: has no effect"]),
        (["explain", "li", "--cycles", "3 x C/20", "--rate", "1C"], ["--rate: has no effect where each block of --cycles"]),
        (["simulate", "li", "--cycles", "2 x (3 x C/20"], ["--cycles: '(' without ')' in '2 x (3 x C/20'"]),
        (["simulate", "li", "--protocol", "none.txt"], ["none.txt: file: cannot be read: No such file"]),
        (["simulate", "li", "--protocol", "3 x Rest for 1 h"], ["put steps that repeat in brackets", "3 x (Discharge"]),
        (["simulate", "li", "--protocol", "Rest for 1 h", "--cycles", "2 x C/5"], ["write rates into the steps"]),
        *(
            ([*MAP, "--vary", "temperature=0..25:2", *option], [option[0], "--map", "omit it"])
            for option in (
                ["--sample", "lhs:3"], ["--seed", "1"], ["--protocol", "Rest for 1 h"], ["--workers", "1"], ["--out", "s.csv"],
                ["--quantity", "hysteresis_mV"],
            )
        ),
    ],
)  # fmt: skip
def test_wrong_input_is_one_clear_line_and_nothing_is_written(
    capsys, tmp_path, monkeypatch, arguments, words
):
    monkeypatch.chdir(tmp_path)
    outputs = (
        [] if {"--csv", "--plot", "--figure"} & set(arguments) else ["--csv", "out.csv", "--plot", "out.png"]
    )
    refused(capsys, tmp_path, words, *arguments, "--quiet", *outputs)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["simulate", "li", "--rate", "-C/10"], ["written with ="]),
        (["simulate"], ["MECHANISM"]),
        (["simulat", "li"], ["simulat"]),
        ([], ["COMMAND"]),
        (["run"], ["STUDY"]),
        (["run", "git", "li"], ["git", "gitt"]),
        (["sweep", "li", "--map"], ["--vary", "required"]),
        (["compare", "li", "--scale", "Na"], ["--scale", "own", "Li"]),
        (["compare"], ["MECHANISM"]),
        (["explain"], ["MECHANISM"]),
        (
            ["simulate", "li-sb", "na-sb"],
            ["na-sb: sbpath simulate takes one system", "sbpath compare li-sb na-sb"],
        ),
        (["compare", "li", "--rates", "1C"], ["--rates", "did you mean '--rate'?"]),
        (
            ["compare", "li", "--at", "1.5"],
            ["--at: sbpath compare has no such option; only sbpath run reversal, sbpath run rest have it"],
        ),
        (["simulate", "li", "--tempreature", "30"], ["did you mean '--temperature'?"]),
        (["simulate", "li", "--wibble"], ["--wibble", "see sbpath simulate --help"]),
        (
            ["simulate", "li", "--figure", "dqvd", "--plot", "x.png"],
            ["there is no 'dqvd'; did you mean 'dqdv'?"],
        ),
        (["simulate", "sb-li"], ["did you mean 'li-sb'?"]),
        (["simulate", "Sb-K"], ["did you mean 'k-sb'?"]),
        (["gitt", "li"], ["there is no 'gitt'; write sbpath run gitt; see sbpath --help"]),
        (["Rate-Test", "li"], ["there is no 'Rate-Test'; write sbpath run rate-test; see"]),
        (["run", "compare", "li"], ["there is no 'compare'; write sbpath compare; see"]),
        (["run", "rate_test", "li"], ["there is no 'rate_test'; did you mean 'rate-test'?"]),
        (["list", "li"], ["li: sbpath list takes no such word"]),
    ],
)
def test_words_that_are_no_command_are_one_line_too(capsys, arguments, words):
    code, _, err = run(capsys, *arguments)
    assert code == 2
    assert len(err.splitlines()) == 1
    for word in words:
        assert word in err


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and signals as on POSIX")
def test_files_are_written_although_the_reader_of_the_output_has_left(tmp_path):
    command = f"{sys.executable} -m sbpath show li-sb --plot graph.png | head -n 1"
    done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (len(done.stdout.splitlines()), done.stderr) == (1, "")
    assert (tmp_path / "graph.png").stat().st_size > 10_000


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and signals as on POSIX")
def test_ctrl_c_ends_any_command_with_one_line():
    command = [sys.executable, "-m", "sbpath", "simulate", "k-sb", "--cycles", "100000", "--quiet"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(2.0)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (130, "", "sbpath: stopped\n")


# -- output that ends early, interrupts ------------------------------------------------------------------


def process(command, folder, **options):
    """Exit code, output and errors of a line of the shell, where ``sbpath`` is the command."""
    line = command.replace("sbpath", f"{shlex.quote(sys.executable)} -m sbpath")
    done = subprocess.run(
        line, shell=True, executable="/bin/bash", cwd=folder, capture_output=True, text=True, errors="replace", timeout=60, **options
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device that is always full")
@pytest.mark.parametrize(
    ("command", "code", "err"),
    [
        ("sbpath simulate li-sb --csv a.csv > /dev/full", 1, "sbpath: the output cannot be written: No space left on device\n"),
        ("sbpath --help > /dev/full", 1, "sbpath: the output cannot be written: No space left on device\n"),
        ("sbpath simulate lisb 2> /dev/full", 2, ""),
        ("sbpath list >&-", 0, ""),
        ("sbpath simulate lisb 2>&-", 2, ""),
        ("sbpath --help | head -n 1; exit ${PIPESTATUS[0]}", 0, ""),
        ("sbpath list | true; exit ${PIPESTATUS[0]}", 0, ""),
    ],
)  # fmt: skip
def test_output_that_cannot_be_written_ends_in_one_line(tmp_path, command, code, err):
    found, _, said = process(command, tmp_path)
    assert (found, said) == (code, err)
    assert (tmp_path / "a.csv").exists() == ("--csv" in command)


HEAD = ["cycle", "half", "capacity / mAh/g", "mean / V", "path"]
ROWS = [
    ["1", "in", "661.9", "0.415", "A -> B -> C (61 %), A -> C (39 %)"],
    ["1", "out", "661.8", "0.782", "C -> A"],
    ["2", "in", "661.7", "0.522", "-"],
]


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (
            80,
            "cycle  half  capacity / mAh/g  mean / V  path\n"
            "1      in    661.9             0.415     A -> B -> C (61 %), A -> C (39 %)\n"
            "1      out   661.8             0.782     C -> A\n"
            "2      in    661.7             0.522     -",
        ),
        (
            40,
            "cycle  half  capacity / mAh/g  mean / V\n"
            "1      in    661.9             0.415\n"
            "1      out   661.8             0.782\n"
            "2      in    661.7             0.522\n\n"
            "cycle  half  path\n"
            "1      in    A -> B -> C (61 %),\n"
            "             A -> C (39 %)\n"
            "1      out   C -> A\n"
            "2      in    -",
        ),
    ],
)
def test_a_table_continues_below_where_the_terminal_ends(monkeypatch, width, expected):
    # Each block begins with the columns that tell the rows apart.
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))
    assert table(HEAD, ROWS) == expected
    monkeypatch.setattr("sys.stdout.isatty", lambda: False)
    assert len(table(HEAD, ROWS).splitlines()) == 4


@pytest.mark.parametrize("width", [80, 100])
@pytest.mark.parametrize(
    "command", ["compare na-sb k-sb", "simulate na-sb --cycles 3", "list", "losses na-sb"]
)
def test_rows_of_tables_fit_the_terminal(capsys, monkeypatch, width, command):
    monkeypatch.setattr("sbpath.cli.process._Output.isatty", lambda stream: True)
    monkeypatch.setenv("COLUMNS", str(width))
    code, out, _ = run(capsys, *command.split(), *([] if command == "list" else ["--quiet"]))
    assert code == 0
    rows = [line for line in out.splitlines() if re.search(r"\S  +\S", line)]
    assert len(rows) > 5
    assert max(map(len, rows)) <= width


def test_what_is_printed_does_not_steer_the_terminal(capsys, monkeypatch):
    monkeypatch.setattr("sbpath.cli.cmd_systems._list", lambda options: print("a\x1b[2Jb\nc") or 0)
    assert run(capsys, "list")[:2] == (0, "a\\x1b[2Jb\nc\n")
    assert run(capsys, "simulate", "x\x1b[2J\n")[2].startswith("sbpath: x\\x1b[2J\\n: no shipped mechanism")


def test_names_of_files_may_have_umlauts_and_bytes_in_any_locale(tmp_path):
    plain = {**os.environ, "LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    table, picture = "literature --ion K --csv", "show li-sb --plot"
    for command, name, locale in (
        (table, "$'\\xff'.csv", plain),
        (table, "Ä.csv", plain),
        (table, "$'\\xff'.csv", dict(os.environ)),
        (picture, "Ä.svg", plain),
        (picture, "电.svg", dict(os.environ)),
    ):
        code, out, err = process(f"sbpath {command} {name} && ls {name}", tmp_path, env=locale)
        assert (code, err) == (0, "")
        assert "wrote " in out


@pytest.mark.parametrize(
    ("option", "name", "words"),
    [
        ("--csv", "data.xlsx", "a table is written as .csv or .txt"),
        ("--csv", "data", "a table is written as .csv or .txt"),
        ("--csv", "data.bdf.csv", "is the Battery Data Format"),
        ("--save", "out.pkl", "a solution is written as .npz"),
        ("--bdf", "out.csv", "write out.bdf.csv"),
        ("--plot", "out.tiff", "figures are written as .png, .pdf or .svg"),
        ("--csv", "folder.csv", "is a folder"),
        ("--save", "/proc/out.npz", "cannot be written"),
        ("--csv", "no/where.csv", "there is no folder"),
    ],
)
def test_a_file_is_what_its_name_says_or_refused_before_the_run(
    capsys, tmp_path, monkeypatch, option, name, words
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sbpath.simulation.simulate", lambda *a, **k: pytest.fail("simulated"))
    (tmp_path / "folder.csv").mkdir()
    code, out, err = run(capsys, "simulate", "li-sb", option, name)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert words in err
    assert name in err


@pytest.mark.parametrize(
    "command",
    [
        "simulate li-sb",
        "explain li-sb",
        "run rate-test li-sb --rate 1C --cycles 1",
        "compare li-sb --rate 1C",
        "literature --ion k",
    ],
)
def test_a_table_with_decimal_commas_has_the_same_numbers(capsys, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    assert run(capsys, *command.split(), "--csv", "point.csv", "--quiet")[0] == 0
    assert run(capsys, *command.split(), "--csv", "comma.csv", "--decimal-comma", "--quiet")[0] == 0
    with (
        open("point.csv", newline="", encoding="utf-8") as a,
        open("comma.csv", newline="", encoding="utf-8") as b,
    ):
        points, commas = list(csv.reader(a)), list(csv.reader(b, delimiter=";"))
    number = re.compile(r"[-+]?\d+\.\d*(e[-+]?\d+)?")
    assert commas[0] == points[0]
    assert commas == [[x.replace(".", ",") if number.fullmatch(x) else x for x in row] for row in points]
    assert any(number.fullmatch(cell) for row in points for cell in row)
    assert "add --csv FILE" in run(capsys, *command.split(), "--decimal-comma")[2]


def test_choices_and_names_may_be_in_any_case(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = "simulate LI-SB --graph Reported --rate 1c --figure dQdV --plot a.SVG --quiet"
    assert run(capsys, *command.split())[0] == 0
    code, out, _ = run(capsys, "SIMULATE", "li-sb", "--graph", "REPORTED", "--quiet")
    assert (code, "reported graph" in out) == (0, True)
    assert run(capsys, "run", "Rate-Test", "li-sb", "--rate", "1C", "--cycles", "1", "--quiet")[0] == 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals as on POSIX")
def test_an_interrupt_that_a_library_loses_still_ends_the_command():
    lost = (
        "import signal, sys, time\nfrom sbpath.cli import cmd_systems, main\n"
        "class Lost:\n    def __del__(self):\n        signal.raise_signal(signal.SIGINT)\n"
        "def destructor(options):\n    Lost()\n    for _ in range(400):\n        time.sleep(0.05)\n    return 0\n"
        "def import_error(options):\n    try:\n        signal.raise_signal(signal.SIGINT)\n"
        "    except KeyboardInterrupt:\n        raise ImportError('initialization failed')\n"
        "def swallowed(options):\n    try:\n        signal.raise_signal(signal.SIGINT)\n"
        "    except BaseException:\n        return 0\n"
        "sys.argv[1:] = ['list']\ncmd_systems._list = globals()[sys.argv.pop(0) and {!r}]\nsys.argv.insert(0, 'x')\nsys.exit(main())\n"
    )
    for way in ("destructor", "import_error", "swallowed"):
        done = subprocess.run(
            [sys.executable, "-c", lost.replace("{!r}", repr(way))],
            capture_output=True,
            text=True,
            timeout=20,
        )
        assert (done.returncode, done.stdout, done.stderr) == (130, "", "sbpath: stopped\n"), way


def test_a_simulation_needs_no_scipy():
    """Its modules take longer to import than a cycle to simulate, and half of the memory."""
    code = (
        "import sys\nfrom sbpath.cli import main\n"
        "for name in ('li-sb', 'na-sb', 'k-sb'):\n    main(['simulate', name, '--cycles', '1'])\n"
        "print(sorted({'scipy', 'matplotlib', 'pandas'} & set(sys.modules)), file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stderr.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["simulate", "li", "--protocol", "Run i.csv", "--csv", "i.csv"], "--csv: i.csv: this command reads that file"),
        (["simulate", "li", "--protocol", "plan.txt", "--csv", "i.csv"], "--csv: i.csv: this command reads that file"),
        (["simulate", "li", "--protocol", "plan.txt", "--csv", "plan.txt"], "--csv: plan.txt: this command reads that file"),
        (["simulate", "exp.toml"], "exp.toml: is an experiment file, which sbpath read, overlay, fit, rank and plan take; give a mech"),
        (["check", "result.toml"], "result.toml: is the result of a fit, which sbpath plan --fit and sbpath fit --again take; give a"),
        (["read", "mine.toml"], "mine.toml: is a mechanism file, which sbpath simulate and --mechanism take; give an experiment file"),
        (["check", "i.csv"], "i.csv: is not a mechanism file; the name of one ends in .toml"),
        (["simulate", "li", "--mass", "1.2"], "--mass: '1.2' has no unit; write 1.2mg, or 1.2g if it is 1200 mg"),
        (["read", "i.csv", "--mass", "0.5"], "--mass: '0.5' has no unit; write 0.5mg, or 0.5g"),
        (["simulate", "li", "--mass", "0"], "--mass: must be a number from"),
        (["run", "lifetime", "li", "--reserve", "much"], "--reserve: must be a number, not 'much'"),
        (["overlay", "exp.toml", "--mechanism", "li", "--mass", "2mg"],
         "only sbpath simulate, sbpath compare, sbpath explain, sbpath losses and 9 more commands have it"),
    ],
)  # fmt: skip
def test_files_of_another_use_and_numbers_of_another_unit(capsys, tmp_path, monkeypatch, arguments, line):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "i.csv").write_text("t_s,I_A_per_g\n0,0.1\n100,0\n")
    (tmp_path / "plan.txt").write_text("Rest for 1 min\nRun i.csv\n")
    (tmp_path / "exp.toml").write_text('ion = "Li"\n[[curve]]\nfile = "i.csv"\n')
    (tmp_path / "mine.toml").write_text('extends = "li-sb"\n')
    (tmp_path / "result.toml").write_text('graph = "candidate"\nchanges = []\ncovariance = [[1.0]]\n')
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert line in err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_mass_with_a_unit_or_of_an_electrode_is_taken(capsys):
    for text, shown in (("1.2mg", "1.2 mg of Sb"), ("0.0012", "1.2 mg of Sb"), ("1.2g", "1200 mg of Sb")):
        code, out, _ = run(capsys, "simulate", "li", "--protocol", "Rest for 1 s", "--mass", text, "--quiet")
        assert code == 0
        assert f"electrode: {shown}" in out


@pytest.mark.skipif(sys.platform == "win32", reason="pipes as on POSIX")
@pytest.mark.parametrize(
    "words",
    ["simulate li --protocol pipe.txt", "fit --again pipe.toml", "read pipe.csv", "propose pipe.csv --ion Li", "check pipe.toml"],
)  # fmt: skip
def test_a_pipe_is_no_file_and_is_not_waited_for(capsys, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    for ending in ("txt", "toml", "csv"):
        os.mkfifo(f"pipe.{ending}")
    code, out, err = run(capsys, *words.split())
    assert (code, out) == (2, "")
    assert "pipe." in err
    assert len(err.splitlines()) == 1
