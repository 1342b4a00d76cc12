"""The command sweep and its figure: what is printed, written and drawn against the same sweep in Python."""

from __future__ import annotations

import csv
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import sbpath
from sbpath import InputError, load_sweep, plots, sweep
from sbpath.cli import main
from sbpath.cli.cmd_sweep import QUANTITIES
from sbpath.text.sweep_summary import sweep_report


def run(capsys, *arguments):
    code = main(["sweep", *arguments, "--quiet"])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture(scope="module")
def grid():
    return sweep("li-sb", ["rate=C/10..2C:4", "temperature=-300,0,25"], cycles=1, progress=False)


def test_the_command_is_the_function(capsys, tmp_path, grid):
    out, table, figure = (tmp_path / name for name in ("s.sqlite", "s.csv", "s.png"))
    code, printed, err = run(
        capsys, "li-sb", "--vary", "rate=C/10..2C:4", "--vary", "temperature=-300,0,25", "--cycles", "1",
        "--out", str(out), "--csv", str(table), "--plot", str(figure),
    )  # fmt: skip
    assert (code, err) == (0, "")
    assert printed.startswith(sweep_report(grid))
    assert printed.splitlines()[-3:] == [f"wrote {path}" for path in (out, table, figure)]
    assert figure.read_bytes()[:4] == b"\x89PNG"
    kept = load_sweep(out)
    for name in (*kept.parameters, *kept.measured, "failure"):
        np.testing.assert_array_equal(kept[name], grid[name])
    with table.open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert [row["hysteresis_mV"] for row in rows[:2]] == ["", repr(float(grid["hysteresis_mV"][1]))]
    assert [row["temperature [°C]"] for row in rows[:3]] == ["-300.0", "0.0", "25.0"]


def test_the_report_tells_extremes_where_they_are_paths_and_failures(grid):
    lines = sweep_report(grid).splitlines()
    assert lines[0] == "li-sb: candidate graph; 12 runs over rate, temperature"
    (line,) = (line for line in lines if line.startswith("hysteresis_mV"))
    _, least, least_at, most, most_at = re.split(r"  +", line)
    values = grid["hysteresis_mV"]
    assert float(least) == pytest.approx(np.nanmin(values), rel=1e-4)
    assert float(most) == pytest.approx(np.nanmax(values), rel=1e-4)
    # The fast and cold one is the worst.
    assert (least_at, most_at) == ("rate 0.1 C, temperature 25 °C", "rate 2 C, temperature 0 °C")
    counts = [int(found) for found in re.findall(r": (\d+) runs?$", "\n".join(lines), flags=re.MULTILINE)]
    assert sum(counts) == 2 * 8
    assert lines[-1].startswith("4 runs failed, the first with: temperature_C: ")


def test_protocol_sample_design_and_numbers_reach_the_sweep(capsys, tmp_path):
    out = tmp_path / "s.csv"
    steps = ["Discharge at {current} until {floor} V", "Charge at {current} until 1.5 V"]
    code, printed, _ = run(
        capsys, "li-sb", "--protocol", *steps, "--vary", "current=50..200 mA/g,log", "--vary", "floor=0.05..0.3",
        "--sample", "lhs:3", "--seed", "7", "--design", "nano", "--set", "kinetics.growth_rate_per_s=2e-3",
        "--temperature", "40C", "--cycles", "1", "--workers", "1", "--out", str(out),
    )  # fmt: skip
    assert code == 0
    assert printed.splitlines()[-1] == f"wrote {out} (the runs are kept in {tmp_path / 's.sqlite'})"
    mechanism = sbpath.load_mechanism("li-sb", {"kinetics.growth_rate_per_s": 2e-3}, "nano")
    wanted = sweep(
        mechanism, ["current=50..200 mA/g,log", "floor=0.05..0.3"], sample="lhs:3", seed=7, protocol=[tuple(steps)],
        temperature_C=40.0, progress=False,
    )  # fmt: skip
    found = load_sweep(tmp_path / "s.sqlite")
    assert found["hysteresis_mV"].tolist() == wanted["hysteresis_mV"].tolist()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["lisb"], ["did you mean 'li-sb'"]),
        (["li", "--rate", "C/5", "--protocol", "Rest for 1 h"], ["rate", "protocol"]),
        (["li", "--quantity", "hysteresis_mV"], ["--quantity", "--plot"]),
        (["li", "--plot", "s.jpg"], [".png, .pdf or .svg"]),
        (["li", "--cycles", "0"], ["--cycles"]),
        (["li", "--workers", "0"], ["workers"]),
        (["li", "--sample", "sobol:3"], ["sobol:2 or sobol:4", "omit ':2'"]),
        (["li", "--vary", "kinetics.growth=1..2:2"], ["no 'growth' here"]),
        (["li", "--csv", "s.sqlite"], ["two outputs"]),
        (["li", "--temperature", "30"], ["temperature: varies, but a value is given for it as well"]),
        (["li", "--vary", "rate=C/5,1C", "--rate", "C/5"], ["rate: varies, but a value is given"]),
        (["li", "--seed", "0"], ["seed: has no effect without a sample"]),
        (["li", "--seed", "-1"], ["seed: has no effect without a sample"]),
        (["li", "--vary", "rate=C/10..C/5:99999999999"], ["99,999,999,999 values are too many"]),
        (["li", "--vary", "a=1..2:2", "--vary", "b=1..2:2", "--plot", "s.png"], ["--plot", "not 3"]),
    ],
)  # fmt: skip
def test_wrong_input_is_told_and_nothing_is_written(capsys, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *arguments, "--vary", "temperature=10..60:2", "--out", "s.sqlite")
    assert (code, out) == (2, "")
    assert all(line.startswith("sbpath: ") for line in err.splitlines())
    for word in words:
        assert word in err
    assert list(tmp_path.iterdir()) == []


def test_a_mistake_is_told_alone_beside_the_file_of_another_sweep(capsys, tmp_path):
    assert (
        run(capsys, "li", "--vary", "rate=1C,2C", "--cycles", "1", "--out", str(tmp_path / "b.csv"))[0] == 0
    )
    steps = ["Discharge at {curent} until 0.05 V"]
    code, _, err = run(
        capsys,
        "li",
        "--vary",
        "current=10..100 mA/g:3",
        "--protocol",
        *steps,
        "--out",
        str(tmp_path / "b.csv"),
    )
    assert (code, err) == (2, "sbpath: protocol: nothing is given for {curent}; did you mean 'current'?\n")


def test_a_sweep_of_which_every_run_fails_is_written_and_has_failed(capsys, tmp_path):
    table, figure = tmp_path / "s.csv", tmp_path / "s.png"
    code, out, err = run(
        capsys, "li", "--vary", "temperature=-400,-300", "--out", str(table), "--plot", str(figure)
    )
    assert code == 1
    assert err.startswith("sbpath: all 2 runs failed, the first with: temperature_C: must be")
    assert len(err.splitlines()) == 1
    assert out.splitlines()[-1].startswith(f"wrote {table}")
    assert len(table.read_text().splitlines()) == 3
    assert not figure.exists()
    code, out, err = run(capsys, "li", "--vary", "temperature=-300,20", "--out", str(tmp_path / "some.csv"))
    assert (code, err) == (0, "")
    assert "\n1 run failed, the first with: temperature_C: must be" in out


def test_help_is_quick_and_says_how():
    code = (
        "import sys\nfrom sbpath.cli import main\n"
        "try:\n    main(['sweep', '--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'numpy', 'scipy', 'matplotlib', 'networkx', 'pydantic', 'sqlite3'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stderr.strip() == "[]"
    for words in ("rate=C/100..5C:20", "{current}", "sobol:128", "Ctrl-C stops; the same command continues"):
        assert words in result.stdout


@pytest.mark.skipif(os.name != "posix", reason="presses Ctrl-C as a POSIX terminal does")
def test_ctrl_c_keeps_what_is_done_and_the_same_command_goes_on(capsys, tmp_path):
    out = tmp_path / "s.sqlite"
    # A system whose runs take long enough to be stopped amid them.
    arguments = [
        "li-znsnsb2",
        "--vary",
        "rate=C/10..2C:15",
        "--vary",
        "temperature=10..60:10",
        "--cycles",
        "1",
    ]
    arguments += ["--out", str(out)]
    command = [sys.executable, "-m", "sbpath", "sweep", *arguments, "--workers", "2"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    end = time.monotonic() + 60.0
    while time.monotonic() < end and not (out.exists() and _rows(out)):
        time.sleep(0.02)
    # A terminal sends it to all processes of its group.
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    kept = load_sweep(out)
    told = f"sbpath: stopped; {len(kept)} of 150 runs are in {out}, give the same command again to continue"
    assert err.splitlines()[-1] == told
    assert "Traceback" not in err
    assert 0 < len(kept) < 150
    code, _, _ = run(capsys, *arguments)
    assert code == 0
    resumed = load_sweep(out)
    assert len(resumed) == 150
    done = {(r, t): s for r, t, s in zip(kept["rate"], kept["temperature"], kept["run_s"], strict=True)}
    again = {
        (r, t): s for r, t, s in zip(resumed["rate"], resumed["temperature"], resumed["run_s"], strict=True)
    }
    assert {point: again[point] for point in done} == done


def _rows(path):
    try:
        return len(load_sweep(path))
    except InputError:  # it is just being made
        return 0


# -- the figure ---------------------------------------------------------------------------------------------


def test_two_parameters_are_a_map_with_a_colour_bar_and_crosses_where_runs_failed(grid):
    axes = plots.sweep(grid)
    (mesh,) = axes.collections
    cells = mesh.get_array()
    assert cells.shape == (3, 4)
    np.testing.assert_array_equal(np.ma.getdata(cells).T.ravel(), grid["hysteresis_mV"])
    (crosses,) = axes.lines
    assert crosses.get_xdata().tolist() == grid["rate"][grid.failed].tolist()
    assert set(crosses.get_ydata()) == {-300.0}
    # Each point lies in the middle of its cell, as it is drawn.
    edges = mesh.get_coordinates()[0, :, 0]
    np.testing.assert_allclose(np.sqrt(edges[1:] * edges[:-1]), np.unique(grid["rate"]), rtol=0.35)
    assert axes.get_xscale() == "log"
    assert axes.get_yscale() == "linear"
    # The axes end where the ranges do.
    assert axes.get_xlim() == (grid["rate"].min(), grid["rate"].max())
    assert axes.get_ylim() == (grid["temperature"].min(), grid["temperature"].max())
    assert axes.get_xlabel() == "C-rate  (h$\\mathregular{^{-1}}$)"
    assert axes.get_ylabel() == "Temperature  (°C)"
    title = "Sb in a Li cell, liquid electrolyte\ncandidate graph; $\\times$ failed"
    assert axes.get_title(loc="left") == title
    bar = next(other for other in axes.figure.axes if other is not axes)
    assert bar.get_ylabel() == "Hysteresis  (mV)"


def test_one_parameter_is_a_line_and_a_sample_are_points():
    table = sweep("li-sb", "temperature=0,25,-300", cycles=1, progress=False)
    axes = plots.sweep(table, "insertion_capacity_mAh_per_g")
    line, crosses = axes.lines
    assert line.get_xdata().tolist() == [-300.0, 0.0, 25.0]
    np.testing.assert_array_equal(line.get_ydata(), table["insertion_capacity_mAh_per_g"])
    assert crosses.get_xdata().tolist() == [-300.0]
    assert axes.get_ylabel() == "Insertion capacity  (mAh g$\\mathregular{^{-1}}$ Sb)"
    energy = "interfaces.Sb|Li3Sb.energy_J_per_m2"
    table = sweep("li-sb", [f"{energy}=0.15..0.2", "rate=C/5..1C"], sample="lhs:4", cycles=1, progress=False)
    axes = plots.sweep(table, "energy_efficiency")
    (points,) = axes.collections
    np.testing.assert_array_equal(points.get_offsets(), np.column_stack([table[energy], table["rate"]]))
    np.testing.assert_array_equal(points.get_array(), table["energy_efficiency"])
    assert axes.get_xlabel() == "$\\gamma$(Sb|Li$\\mathregular{_{3}}$Sb)  (J m$\\mathregular{^{-2}}$)"


def test_what_cannot_be_drawn_is_told(grid):
    with pytest.raises(InputError, match="insertion_path: is a text and cannot be drawn"):
        plots.sweep(grid, "insertion_path")
    with pytest.raises(InputError, match="did you mean 'hysteresis_mV'"):
        plots.sweep(grid, "hysteresis_V")
    table = sweep("li-sb", ["temperature=0,25", "rate=1C,2C", "cut=1.2..1.5:2"], progress=False,
                  protocol=[("Discharge at {rate} until 0.05 V", "Charge at {rate} until {cut} V")])  # fmt: skip
    with pytest.raises(InputError, match="one or two varied quantities can be drawn, not 3"):
        plots.sweep(table)


def test_the_quantities_of_the_command_are_those_that_are_measured(grid):
    assert set(QUANTITIES) == {name for name in grid.measured if grid[name].dtype == float}


def test_the_table_of_out_may_have_decimal_commas(capsys, tmp_path):
    words = ["li", "--vary", "rate=1C,2C", "--cycles", "1", "--out", str(tmp_path / "s.csv")]
    assert run(capsys, *words)[0] == 0
    points = (tmp_path / "s.csv").read_text("utf-8")
    assert run(capsys, *words, "--decimal-comma")[0] == 0
    commas = (tmp_path / "s.csv").read_text("utf-8")
    numbers = re.findall(r"[0-9]+\.[0-9]+", points)
    assert numbers == [found.replace(",", ".") for found in re.findall(r"[0-9]+,[0-9]+", commas)]
    assert "add --csv FILE" in run(capsys, *words[:-1], str(tmp_path / "s.sqlite"), "--decimal-comma")[2]
