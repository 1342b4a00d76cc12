"""The command simulate: tables, files whole or absent, figures."""

from __future__ import annotations

import csv
import re

import numpy as np
import pytest

import sbpath
from sbpath.cli import main


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


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
    assert re.search(r"0\.85\d x 4[23]\d, 0\.\d{3} x \d{3} ", out)
    assert all(path.stat().st_size > 0 for path in files.values())
    with files["csv"].open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert list(rows[0]) == [
        "Time [s]", "Cycle", "Step", "Direction", "Current [A.g-1]", "Potential [V]", "Voltage [V]",
        "Temperature [degC]", "x", "Specific capacity [mA.h.g-1]", "Phase fraction: Sb", "Phase fraction: Li2Sb", "Phase fraction: Li3Sb",
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


def test_cut_offs_and_temperatures_are_read_with_their_units(capsys, tmp_path):
    path = tmp_path / "s.npz"
    code, _, _ = run(
        capsys, "simulate", "li", "--rate", "C/2", "--lower", "50 mV", "--upper", "1.4V", "--temperature=-5C", "--quiet",
        "--save", str(path),
    )  # fmt: skip
    solution = sbpath.load_solution(path)
    assert code == 0
    assert [s.reason for s in solution.steps] == [
        "the voltage reached 0.05 V",
        "the voltage reached 1.4 V",
    ] * 2
    assert solution.temperature_C == -5.0


def test_a_loop_that_is_not_closed_has_no_efficiency(capsys):
    steps = ["Discharge at C/2 until 0.05 V", "Charge at C/2 until x = 2"]
    code, out, _ = run(capsys, "simulate", "li", "--quiet", "--protocol", *steps)
    assert code == 0
    (row,) = [line.split() for line in out.splitlines() if re.match(r"1 +C/2 ", line)]
    assert row[7] == "-"
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
    assert "not a regular file" in err


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


def test_a_figure_can_be_chosen(capsys, tmp_path):
    drawn = {}
    for kind in ("overview", "operando", "crystalline", "dqdv", "swelling"):
        path = tmp_path / f"{kind}.svg"
        options = ["--protocol", "Insert at 1C until x = 2", "--quiet", "--figure", kind, "--plot", str(path)]
        assert run(capsys, "simulate", "k", *options)[0] == 0
        drawn[kind] = path.read_text()
    assert len(set(drawn.values())) == 5
    assert all("<svg" in text for text in drawn.values())


@pytest.mark.parametrize("kind", ["operando", "crystalline", "dqdv", "swelling", "heat", "paths", "xrd"])
def test_simulate_draws_the_figure_asked_for(capsys, tmp_path, kind):
    figure = tmp_path / f"{kind}.png"
    code, out, _ = run(capsys, "simulate", "k-sb", "--figure", kind, "--plot", str(figure), "--quiet")
    assert code == 0
    assert f"wrote {figure}" in out
    assert figure.stat().st_size > 10_000


def test_of_a_long_run_only_some_cycles_are_kept_and_shown(capsys, tmp_path):
    file = tmp_path / "long.npz"
    code, out, err = run(
        capsys,
        "simulate",
        "li-sb",
        "--cycles",
        "9",
        "--rate",
        "1C",
        "--keep",
        "4",
        "--quiet",
        "--save",
        str(file),
    )
    assert (code, err) == (0, "")
    assert re.findall(r"^(\d+) +insertion", out, re.MULTILINE) == ["1", "4", "8", "9"]
    assert "the tables show 4 of 9 cycles; --summary FILE or" in out
    assert len(sbpath.cycle_summaries(sbpath.load_solution(file))) == 9


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        (["--keep", "0"], "--keep: must be all, ends or"),
        (["--keep", "ends", "--bdf", "a.bdf.csv"], "--bdf writes the rows"),
    ],
)
def test_a_keep_that_makes_no_sense_is_refused(capsys, options, wrong):
    code, out, err = run(capsys, "simulate", "li-sb", *options)
    assert (code, out) == (2, "")
    assert wrong in err


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ("--temperature 298.15", 2, "'298.15' has no unit; write 298.15K if it is 25 C, or 298.15C"),
        ("--temperature 300", 2, "'300' has no unit; write 300K if it is 26.85 C, or 300C"),
        ("--temperature=-40", 0, "simulated at -40 C, but its numbers are valid only from"),
        ("--upper 5", 0, "5 V is far above upper_cutoff_V"),
        ("--lower=-0.1", 0, "-0.1 V is below Li+/Li: metallic Li would plate there"),
        ("--loading 3", 0, "electrode.loading_mg_per_cm2: changes nothing here, since the cell has no resistance"),
        ("--set particle_radius=50nm", 2, "did you mean 'electrode.particle_radius_m'?"),
        ("--set electrode.particle_radius_m=50", 2, "is it in nm? then 5e-08"),
        ("--set interfaces.Sb|Li3Sb.energy_J_per_m2=1e103", 2, "interfaces.Sb|Li3Sb.energy_J_per_m2"),
        ("--set kinetics.growth_activation_energy_J_per_mol=4.8e7 --temperature 80C", 2, "not 4.8e+07"),
    ],
)  # fmt: skip
def test_what_is_hardly_meant_is_asked_about_or_noted(capsys, options, code, words):
    cycle = ["--cycles", "1", "--rate", "2C"]
    found, _, err = run(capsys, "simulate", "li-sb", *cycle, *options.split())
    assert found == code
    (line,) = err.splitlines()
    assert line.startswith("sbpath: " if code else "note: li-sb: ")
    assert words in line


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        (["Hold at 1.5 V until C/50"], "hold 'for' a time, such as for 2 h"),
        (["Charge at C/10 until 0.05 V"], "Charge extracts alkali and raises the voltage: should this be Discharge?"),
    ],
)  # fmt: skip
def test_a_step_that_is_over_before_it_begins_says_why(capsys, steps, words):
    code, out, _ = run(capsys, "simulate", "li-sb", "--protocol", *steps)
    assert code == 0
    (line,) = [line for line in out.splitlines() if "was met before it began" in line]
    assert line.endswith(words)


def test_zeros_have_no_sign_in_tables(capsys):
    code, out, _ = run(capsys, "run", "gitt", "li-sb", "--rate", "C/2", "--pulse", "x = 0.5", "--rest", "1 h")
    assert code == 0
    assert not re.search(r"-0\.?0*(\s|$)", out)
