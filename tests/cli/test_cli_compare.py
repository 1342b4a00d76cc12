"""The command compare: what it prints and writes against the same question in Python."""

from __future__ import annotations

import csv

import pytest
from command_line import read, run
from curves import cycled

import sbpath
from sbpath import cycling, load_mechanism, simulate
from sbpath.cli import main
from sbpath.studies.comparison import COLUMNS, comparison_table


def test_compare_prints_writes_and_draws(capsys, tmp_path):
    table, figure = tmp_path / "t.csv", tmp_path / "t.pdf"
    code, out, _ = run(
        capsys, "compare", "li", "k", "--rate", "C/5", "--csv", str(table), "--plot", str(figure)
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


def test_compare_takes_several_graphs_rates_and_temperatures_in_one_call(capsys, tmp_path, simulated):
    table = tmp_path / "c.csv"
    code, out, err = run(
        capsys, "compare", "li", "--graph", "reported", "candidate", "--rate", "C/2", "1C", "--temperature", "25",
        "313.15K", "--cycles", "1", "--csv", str(table),
    )  # fmt: skip
    assert (code, err) == (0, "")
    head, *rows = read(table)
    assert head == [column.heading for column in COLUMNS if column.heading]
    # Graph by graph, then by temperature, then by rate; 660.35 mA/g is 1C.
    assert [row[1:6] for row in rows] == [
        [graph, "", "", celsius, rate]
        for graph in ("reported", "candidate")
        for celsius in ("25", "40")
        for rate in ("330.2", "660.4")
    ]
    for number, graph, celsius, rate in ((1, "reported", 25.0, "1C"), (6, "candidate", 40.0, "C/2")):
        alone = cycled(simulated, "li-sb", rate, 1, graph=graph, temperature_C=celsius, shipped=True)
        assert [rows[number]] == comparison_table([alone])[1]
    labels = [line.split("  ")[0] for line in out.splitlines()[3:11]]
    assert labels[0] == "li-sb, reported, 25 °C, C/2"
    assert labels[-1] == "li-sb, candidate, 40 °C, 1C"


def test_compare_builds_each_system_in_each_design(capsys, tmp_path):
    table, figure = tmp_path / "c.csv", tmp_path / "c.png"
    code, out, err = run(
        capsys, "compare", "li", "na", "--design", "own", "nano", "micron", "--rate", "1C", "--cycles", "1", "--csv", str(table),
        "--plot", str(figure),
    )  # fmt: skip
    assert (code, err) == (0, "")
    head, *rows = read(table)
    place = head.index("Design")
    wanted = [(name, design) for name in ("li-sb", "na-sb") for design in ("", "nano", "micron")]
    assert [(row[0], row[place]) for row in rows] == wanted
    assert [line.split("  ")[0] for line in out.splitlines()[3:6]] == [
        "li-sb, own electrode",
        "li-sb, nano",
        "li-sb, micron",
    ]
    # To the digit what the design gives alone.
    nano = load_mechanism("na-sb", design="nano")
    protocol = cycling("1C", nano.lower_cutoff_V, nano.upper_cutoff_V)
    assert rows[4] == comparison_table([simulate(nano, protocol, progress=False)])[1][0]
    assert len({row[head.index("Hysteresis [mV]")] for row in rows}) == 6
    assert figure.stat().st_size > 10_000


def test_compare_puts_ions_on_the_scale_of_lithium(capsys, tmp_path, simulated):
    table = tmp_path / "c.csv"
    code, out, _ = run(
        capsys, "compare", "na", "--rate", "1C", "--cycles", "1", "--scale", "Li", "--csv", str(table)
    )
    assert code == 0
    assert "potentials against Li+/Li" in out
    head, (own,) = comparison_table([cycled(simulated, "na-sb", "1C", 1, shipped=True)])
    for place in (head.index("Insertion [V]"), head.index("Extraction [V]")):
        # E(Na+/Na) - E(Li+/Li) = -2.71 + 3.0401 V.
        assert float(read(table)[1][place]) - float(own[place]) == pytest.approx(0.3301, abs=1.1e-4)


def test_compare_changes_numbers_of_every_system_and_says_so(capsys, tmp_path):
    path = tmp_path / "small.png"
    half = ["--set", "electrode.particle_radius_m=50nm", "--cycles", "1", "--rate", "2C"]
    code, out, err = run(
        capsys, "compare", "li-sb", "k-sb", *half, "--design", "own", "nano", "--plot", str(path)
    )
    assert (code, err) == (0, "")
    assert "changed: electrode.particle_radius_m = 5e-08" in out
    found = sbpath.compare(
        "k-sb", rates="2C", cycles=1, changes={"electrode.particle_radius_m": 5e-8}, progress=False
    )
    assert {s.mechanism.electrode.particle_radius_m.value for s in found} == {5e-8}
    assert f"{sbpath.cycle_summaries(found[0])[0].hysteresis_mV:.1f}" in out
    assert run(capsys, "compare", "li-sb", "--set", "electrode.particle_radius=50nm") == (
        2, "", "sbpath: li-sb: electrode.particle_radius: there is no such number; did you mean 'electrode.particle_radius_m'?\n",
    )  # fmt: skip


def test_compare_takes_negative_temperatures(capsys, simulated):
    code, out, _ = run(capsys, "compare", "li", "--rate", "1C", "--cycles", "1", "--temperature", "-10", "25")
    assert code == 0
    assert [line.split("  ")[0] for line in out.splitlines()[3:5]] == ["li-sb, -10 °C", "li-sb, 25 °C"]


def test_compare_takes_negative_temperatures_with_their_unit_or_says_how(capsys):
    try:
        code = main(
            ["compare", "li", "--rate", "2C", "--cycles", "1", "--quiet", "--temperature", "25C", "-10C"]
        )
    except SystemExit:
        assert "temperature" in capsys.readouterr().err
    else:
        assert code == 0


@pytest.mark.parametrize("particles", [1, 3])
def test_particles_of_the_file_can_be_as_many_as_wanted(particles, capsys, tmp_path):
    table = tmp_path / "table.csv"
    code, out, _ = run(
        capsys, "compare", "li-sb", "--particles", str(particles), "--cycles", "1", "--csv", str(table)
    )
    assert code == 0
    assert f"changed: electrode.spread.particles = {particles}" in out
    solution = simulate("li-sb", population=particles, progress=False)
    (row,) = comparison_table([solution])[1]
    assert read(table)[1] == row
