"""The command line as a user meets it: exit codes, one-line errors, files whole or absent."""

from __future__ import annotations

import csv
import re
import subprocess
import sys

import numpy as np
import pytest

import sbpath
from sbpath.cli import main


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_list_names_every_shipped_system_on_a_line(capsys):
    code, out, _ = run(capsys, "list")
    assert code == 0
    systems, legend, designs = out.split("\n\n")
    lines = [re.sub(r"^(Li|Na|K)? +", "", line) for line in systems.splitlines()[1:]]
    assert sorted(line.split()[0] for line in lines) == sbpath.shipped_names()
    # Grouped by ion, each named once.
    assert re.findall(r"^(Li|Na|K) ", systems, flags=re.MULTILINE) == ["Li", "Na", "K"]
    assert legend.startswith("measured to assumed: ")
    assert [line.split()[0] for line in designs.splitlines()[2:]] == sbpath.design_names()


def test_show_gives_equations_potentials_status_and_sources(capsys):
    code, out, _ = run(capsys, "show", "li")
    assert code == 0
    assert "(1)  Sb + 2 Li+ + 2 e- -> Li2Sb  0.9560  reported, candidate" in out
    assert "Li₂Sb" in out
    mechanism = sbpath.load_mechanism("li-sb")
    for name in mechanism.interfaces:
        assert f"interfaces.{name}.energy_J_per_m2" in out
    assert mechanism.sources["chang2015"][:30] in out


def test_check_tells_good_files_and_all_mistakes_of_bad_ones(capsys, tmp_path):
    (tmp_path / "one.toml").write_text('extends = "li-sb"\nion = "Xe"\nupper_cutoff = 2.0\n')
    (tmp_path / "two.toml").write_text("this is not TOML")
    code, out, err = run(capsys, "check", "li-sb", str(tmp_path / "one.toml"), str(tmp_path / "two.toml"))
    assert code == 2
    assert "li-sb: good" in out
    lines = err.splitlines()
    assert len(lines) == 3
    assert any("ion" in line and "Xe" in line for line in lines)
    assert any("upper_cutoff" in line and "upper_cutoff_V" in line for line in lines)
    assert any("two.toml" in line and "TOML" in line for line in lines)


def test_simulate_prints_the_table_and_writes_the_files(capsys, tmp_path):
    files = {
        kind: tmp_path / f"out{end}"
        for kind, end in (("csv", ".csv"), ("bdf", ".bdf.csv"), ("save", ".npz"), ("plot", ".png"))
    }
    options = [word for kind, path in files.items() for word in (f"--{kind}", str(path))]
    code, out, err = run(
        capsys, "simulate", "li-sb", "--graph", "candidate", "--cycles", "2", "--quiet", *options
    )
    assert (code, err) == (0, "")
    assert "Sb -> Li₂Sb -> Li₃Sb" in out
    assert "Li₃Sb -> Sb" in out
    assert "0.850 x 437" in out
    assert all(path.stat().st_size > 0 for path in files.values())
    with files["csv"].open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert list(rows[0]) == [
        "Time [s]", "Cycle", "Step", "Direction", "Current [A.g-1]", "Potential [V]", "Voltage [V]", "x",
        "Specific capacity [mA.h.g-1]", "Phase fraction: Sb", "Phase fraction: Li2Sb", "Phase fraction: Li3Sb",
    ]  # fmt: skip
    # The saved solution is the one in the table.
    solution = sbpath.load_solution(files["save"])
    assert np.allclose([float(r["Voltage [V]"]) for r in rows], solution.voltage_V, atol=1e-9)
    assert solution.graph == "candidate"


def test_a_protocol_is_one_cycle_repeated(capsys, tmp_path):
    path = tmp_path / "s.npz"
    code, _, _ = run(
        capsys, "simulate", "na", "--protocol", "Insert at C/2 until x = 1.5", "Rest for 1 h", "Extract at C/2 until 1.5 V",
        "--cycles", "2", "--temperature", "313.15K", "--quiet", "--save", str(path),
    )  # fmt: skip
    solution = sbpath.load_solution(path)
    assert code == 0
    assert [(s.cycle, s.direction) for s in solution.steps] == [
        (c, d) for c in (1, 2) for d in ("insertion", "rest", "extraction")
    ]
    assert solution.temperature_C == pytest.approx(40.0)


def test_set_changes_a_number_and_marks_it(capsys):
    key = "interfaces.Li2Sb|Li3Sb.energy_J_per_m2"
    code, out, _ = run(capsys, "show", "li-sb", "--set", f"{key}=0.03")
    assert code == 0
    (line,) = [line for line in out.splitlines() if line.startswith(f"{key} ")]
    assert line.split()[1:3] == ["0.03", "assumed"]


def test_compare_prints_writes_and_draws(capsys, tmp_path):
    table, figure = tmp_path / "t.csv", tmp_path / "t.pdf"
    code, out, _ = run(
        capsys, "compare", "li", "k", "--rate", "C/5", "--quiet", "--csv", str(table), "--plot", str(figure)
    )
    assert code == 0
    assert "Li₃Sb -> Sb" in out
    with table.open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert [r["System"] for r in rows] == ["li-sb", "k-sb"]
    for row in rows:
        gap = 1e3 * (float(row["Extraction [V]"]) - float(row["Insertion [V]"]))
        assert float(row["Hysteresis [mV]"]) == pytest.approx(gap, abs=0.2)
    assert figure.read_bytes()[:4] == b"%PDF"


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        ("compare li --graph reported --graph candidate", "--graph"),
        ("compare li na --rate C/10 1C --rate 2C", "--rate"),
        ("compare li --design nano --design micron", "--design"),
        ("simulate li --rate C/10 --rate C/10", "--rate"),
        ("simulate li --cycles 2 --cycles 1", "--cycles"),
        ("explain li --design nano --design micron", "--design"),
        ("map li --vary a --vary b --csv x.csv --csv y.csv", "--csv"),
        ("gitt li --temperature 25 --temp 30", "--temp"),
        ("literature --ion K --ion Na", "--ion"),
        ("literature --hosts --ion K --ion=Na", "--ion"),
        ("graph li --graph reported --graph candidate", "--graph"),
        ("show li --design nano --design micron", "--design"),
        ("simulate li --quiet --quiet", "--quiet"),
    ],
)
def test_an_option_given_twice_is_refused_in_one_line(capsys, arguments, option):
    with pytest.raises(SystemExit) as stop:
        main(arguments.split())
    captured = capsys.readouterr()
    assert (stop.value.code, captured.out) == (2, "")
    assert len(captured.err.splitlines()) == 1
    assert f"{option}" in captured.err
    assert "is given twice" in captured.err


def test_an_option_that_is_a_list_may_be_repeated(capsys):
    both = ["--set", "kinetics.growth_rate_per_s=1e-3", "--set", "electrode.double_layer_F_per_g=2"]
    code, out, _ = run(capsys, "show", "li-sb", *both)
    assert code == 0
    (line,) = [line for line in out.splitlines() if line.startswith("kinetics.growth_rate_per_s ")]
    assert line.split()[1:3] == ["0.001", "assumed"]


def test_graph_is_drawn(capsys, tmp_path):
    code, _, _ = run(capsys, "graph", "k-sb", "--graph", "candidate", "--plot", str(tmp_path / "g.svg"))
    assert code == 0
    assert "<svg" in (tmp_path / "g.svg").read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["simulate", "lisb"], ["lisb", "did you mean 'li-sb'"]),
        (["simulate", "nowhere.toml"], ["nowhere.toml", "no such file"]),
        (["simulate", "li", "--lower", "1.6"], ["wrong way round", "swap"]),
        (["simulate", "li", "--lower", "nan"], ["finite"]),
        (["simulate", "li", "--rate", "0C"], ["above 0"]),
        (["simulate", "li", "--rate", "fast"], ["fast", "C/10"]),
        (["simulate", "li", "--cycles", "0"], ["cycles", "1 or more"]),
        (["simulate", "li", "--graph", "other"], ["other", "reported"]),
        (["simulate", "li", "--temperature", "warm"], ["warm", "25C"]),
        (["simulate", "li", "--temperature=-300C"], ["temperature"]),
        (["simulate", "li", "--mass", "-1"], ["electrode_mass_g", "-1"]),
        (["simulate", "li", "--protocol", "Sodiate at C/10 until 0.05 V"], ["Sodiate", "Li cell"]),
        (["simulate", "li", "--protocol", "Jump at C/10"], ["cycle 1, step 1", "Jump"]),
        (["simulate", "li", "--rate", "C/5", "--protocol", "Rest for 1 h"], ["--rate", "--protocol"]),
        (["simulate", "li", "--set", "kinetics.growth=1"], ["growth_rate_per_s"]),
        (["simulate", "li", "--set", "kinetics.growth_rate_per_s=-1"], ["growth_rate_per_s", "above zero"]),
        (["simulate", "li", "--set", "nonsense"], ["--set", "KEY=NUMBER"]),
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
        (["graph", "li", "--graph", "none", "--plot", "x.png"], ["none", "reported"]),
        (["check", "missing.toml"], ["missing.toml", "no such file"]),
        (["gitt", "li", "--pulse", "3 V"], ["pulse", "'30 min' or 'x = 0.1'"]),
        (["gitt", "li", "--rate", "50 mA/g"], ["pulses", "50 mA/g"]),
        (["gitt", "li", "--rest", "2"], ["rest", "'2 h'"]),
        (["gitt", "lisb"], ["lisb", "did you mean"]),
        (["cv", "li", "--scan-rates", "fast"], ["scan_rates", "0.1 mV/s"]),
        (["cv", "li", "--lower", "2"], ["wrong way round"]),
        (["rate-test", "li", "--rates", "C/10", "x"], ["rates", "'x'"]),
        (["rate-test", "li", "--cycles-each", "0"], ["cycles_each"]),
        (["reversal", "li", "--reversals", "0"], ["reversals_x", "composition above 0"]),
        (["rest", "li", "--at", "1.5", "--back", "2"], ["back_x", "less than x = 1.5"]),
        (["minor-loops", "li", "--between", "2", "1"], ["low_x", "below high_x"]),
        (["simulate", "li", "--figure", "paths"], ["--figure", "--plot"]),
        (["reversal", "li", "--plot", "out.jpg"], [".png, .pdf or .svg"]),
        (["cv", "li", "--csv", "a.csv", "--save", "a.csv"], ["a.csv", "two outputs"]),
        (["gitt", "li", "--graph", "other"], ["other", "reported"]),
        (["simulate", "li", "--figure", "dqdv"], ["--figure", "--plot"]),
        (
            ["simulate", "li", "--particles", "3", "--spread", "size=.1", "size=.2"],
            ["--spread: size is given twice"],
        ),
    ],
)
def test_wrong_input_is_one_clear_line_and_exit_code_2(capsys, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert len(err.splitlines()) == 1
    assert err.startswith("sbpath: ")
    for word in words:
        assert word in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["simulate", "li", "--cycles", "1.5"], ["cycles", "1.5"]),
        (["simulate", "li", "--rate", "-C/10"], ["written with ="]),
        (["simulate"], ["mechanism"]),
        (["simulat", "li"], ["simulat"]),
        ([], ["COMMAND"]),
    ],
)
def test_words_that_are_no_command_are_one_line_too(capsys, arguments, words):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    err = capsys.readouterr().err
    assert stop.value.code == 2
    assert len(err.splitlines()) == 1
    for word in words:
        assert word in err


def test_cut_offs_and_temperatures_are_read_with_their_units(capsys, tmp_path):
    path = tmp_path / "s.npz"
    code, _, _ = run(
        capsys, "simulate", "li", "--rate", "C/2", "--lower", "50 mV", "--upper", "1.4V", "--temperature=-5C", "--quiet",
        "--save", str(path),
    )  # fmt: skip
    solution = sbpath.load_solution(path)
    assert code == 0
    assert [s.reason for s in solution.steps] == ["the voltage reached 0.05 V", "the voltage reached 1.4 V"]
    assert solution.temperature_C == -5.0


def test_a_loop_that_is_not_closed_has_no_efficiency(capsys):
    steps = ["Discharge at C/2 until 0.05 V", "Charge at C/2 until x = 2"]
    code, out, _ = run(capsys, "simulate", "li", "--quiet", "--protocol", *steps)
    assert code == 0
    (row,) = [line.split() for line in out.splitlines() if re.match(r"1 +\d+\.\d ", line)]
    assert row[2] == "-"
    assert row[-1] == "-"
    assert "not closed" in out


def test_a_rest_can_be_drawn(capsys, tmp_path):
    code, _, err = run(
        capsys,
        "simulate",
        "li",
        "--quiet",
        "--protocol",
        "Rest for 1 h",
        "--plot",
        str(tmp_path / "rest.png"),
    )
    assert (code, err) == (0, "")


def test_an_output_may_be_a_link_but_no_device(capsys, tmp_path):
    real, link = tmp_path / "real.csv", tmp_path / "link.csv"
    real.write_text("old")
    link.symlink_to(real)
    assert run(capsys, "simulate", "li", "--rate", "1C", "--quiet", "--csv", str(link))[0] == 0
    assert link.is_symlink()
    assert real.read_text().startswith("Time [s]")
    code, _, err = run(capsys, "simulate", "li", "--rate", "1C", "--csv", "/dev/null")
    assert code == 2
    assert "not an ordinary file" in err


def test_a_failed_step_keeps_what_came_before_it(capsys, tmp_path):
    path = tmp_path / "part.csv"
    code, out, err = run(
        capsys, "simulate", "li", "--quiet", "--csv", str(path),
        "--protocol", "Insert at C/2 until x = 2", "Insert at C/2 for 10 h",
    )  # fmt: skip
    assert code == 1
    assert err.startswith("sbpath: cycle 1, step 2")
    assert "cannot be reached" in err
    with path.open(newline="") as handle:
        x = [float(row["x"]) for row in csv.DictReader(handle)]
    assert max(x) == pytest.approx(3.0, abs=1e-3)
    assert "insertion" in out


def test_help_needs_no_heavy_import():
    heavy = "{'numpy', 'scipy', 'matplotlib', 'networkx', 'pydantic'}"
    code = (
        "import sys\nfrom sbpath.cli import main\n"
        "try:\n    main(['simulate', '--help'])\nexcept SystemExit:\n    pass\n"
        f"print(sorted({heavy} & set(sys.modules)), file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stderr.strip() == "[]"
    assert "--protocol" in result.stdout


def test_the_module_runs_as_the_command_does():
    result = subprocess.run(
        [sys.executable, "-m", "sbpath", "list"], capture_output=True, text=True, check=True
    )
    assert "li-sb-llzo" in result.stdout


# -- experiments --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "head", "row", "lines", "words"),
    [
        (
            ["gitt", "li", "--rate", "C/5", "--pulse", "x = 1", "--rest", "1 h"],
            "Cycle,Direction,x,Voltage [V],Relaxed voltage [V],Drift [mV.h-1]", "1,insertion,1.00", 6,
            ["still moving / mV/h", "Sb and Li₂Sb are in equilibrium at 0.9560 V", "no diffusion coefficient"],
        ),
        (
            ["cv", "li", "--scan-rates", "0.2 mV/s", "0.5mV/s", "--cycles", "1"],
            "Cycle,Scan rate [mV.s-1],Direction,Voltage [V],Current [A.g-1],Transformation", "1,0.2,insertion,0.834", 8,
            ["Sb -> Li₂Sb", "scan rates"],
        ),
        (
            ["rate-test", "li", "--rates", "1C", "5C", "--cycles-each", "1"],
            "Cycle,Rate,Current [mA.g-1],Insertion [mA.h.g-1],Extraction [mA.h.g-1],Coulombic efficiency,Insertion [V],"
            "Extraction [V]", "1,1C,660.352,656.5", 2, ["coulombic eff.", "5C"],
        ),
        (
            ["reversal", "li", "--rate", "C/2", "--reversals", "1.5"],
            "Cycle,Turned to,x,Voltage [V],Order,Rejoins the full loop at x", "3,extraction,1.500000,0.84", 2,
            ["back on the full loop from x"],
        ),
    ],
)  # fmt: skip
def test_an_experiment_prints_writes_and_draws(capsys, tmp_path, arguments, head, row, lines, words):
    files = {
        kind: tmp_path / f"out.{end}" for kind, end in (("csv", "csv"), ("save", "npz"), ("plot", "pdf"))
    }
    options = [word for kind, path in files.items() for word in (f"--{kind}", str(path))]
    code, out, err = run(capsys, *arguments, "--quiet", *options)
    assert (code, err) == (0, "")
    for word in words:
        assert word in out
    written = files["csv"].read_text(encoding="utf-8").splitlines()
    assert written[0] == head
    assert written[1].startswith(row)
    assert len(written) == 1 + lines
    assert files["plot"].read_bytes()[:4] == b"%PDF"
    assert sbpath.load_solution(files["save"]).mechanism.name == "li-sb"


def test_a_long_titration_says_how_much_of_it_is_printed(capsys):
    code, out, _ = run(
        capsys, "gitt", "li", "--rate", "C/2", "--pulse", "6 min", "--rest", "10 min", "--quiet"
    )
    assert code == 0
    assert "(20 of 40 points; --csv writes them all)" in out


def test_a_figure_can_be_chosen(capsys, tmp_path):
    drawn = {}
    for kind in ("overview", "operando", "crystalline", "dqdv", "swelling"):
        path = tmp_path / f"{kind}.svg"
        options = ["--protocol", "Insert at 1C until x = 2", "--quiet", "--figure", kind, "--plot", str(path)]
        assert run(capsys, "simulate", "k", *options)[0] == 0
        drawn[kind] = path.read_text()
    assert len(set(drawn.values())) == 5
    assert all("<svg" in text for text in drawn.values())


@pytest.mark.parametrize("command", ["gitt", "cv", "rate-test", "reversal"])
def test_each_experiment_gives_an_example_that_is_read(capsys, monkeypatch, command):
    import shlex

    from sbpath import cli

    with pytest.raises(SystemExit):
        main([command, "--help"])
    (example,) = re.findall(r"^  (sbpath .*)$", capsys.readouterr().out, flags=re.MULTILINE)
    options = cli._parser().parse_args(shlex.split(example)[1:])
    assert options.mechanism in sbpath.shipped_names()


def test_rest_prints_the_rests_between_the_branches_of_the_loop(capsys, tmp_path):
    table, figure = tmp_path / "rest.csv", tmp_path / "rest.png"
    code, out, _ = run(
        capsys, "rest", "li", "--rate", "C/5", "--at", "1.2", "--rest", "1 h", "--quiet", "--csv", str(table),
        "--plot", str(figure),
    )  # fmt: skip
    assert code == 0
    assert figure.stat().st_size > 10_000
    with table.open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert [row["Direction"] for row in rows] == ["extraction", "insertion"]
    for row in rows:
        volts = [float(row[k]) for k in ("Loop insertion [V]", "Voltage at end [V]", "Loop extraction [V]")]
        assert volts == sorted(volts)
        assert float(row["Composition"]) == pytest.approx(1.2, abs=1e-4)
        assert f"{volts[1]:.4f}" in out


def test_minor_loops_hang_between_the_compositions_asked_for(capsys, tmp_path):
    saved, figure = tmp_path / "minor.npz", tmp_path / "minor.svg"
    code, out, _ = run(
        capsys, "minor-loops", "li", "--rate", "C/5", "--between", "0.6", "1.4", "--cycles", "2", "--quiet",
        "--save", str(saved), "--plot", str(figure),
    )  # fmt: skip
    assert code == 0
    assert "insertion   0.600" in out
    x = sbpath.load_solution(saved)
    inner = x.composition[x.cycle > 3]
    assert inner.min() == pytest.approx(0.6, abs=1e-4)
    assert inner.max() == pytest.approx(1.4, abs=1e-4)
    assert "<svg" in figure.read_text()


@pytest.mark.parametrize("kind", ["operando", "crystalline", "dqdv", "swelling", "heat", "paths", "xrd"])
def test_simulate_draws_the_figure_asked_for(capsys, tmp_path, kind):
    figure = tmp_path / f"{kind}.png"
    code, out, _ = run(capsys, "simulate", "k-sb", "--figure", kind, "--plot", str(figure), "--quiet")
    assert code == 0
    assert f"wrote {figure}" in out
    assert figure.stat().st_size > 10_000
