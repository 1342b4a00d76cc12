"""Rows of the review's tables compared with a simulation: oracles are the simulation run alone and its integrals."""

from __future__ import annotations

import csv

import pytest
from bare import bare
from command_line import run
from curves import lobatto_integral, rows

import sbpath
from sbpath import InputError, cycling
from sbpath.cli import main
from sbpath.literature import find_anodes
from sbpath.studies.literature_comparison import COLUMNS, comparison_text


def study(label):
    """The row ``5.8``."""
    (found,) = (one for one in find_anodes() if one.label == label)
    return found


@pytest.fixture(scope="module")
def sulfides():
    return sbpath.compare_with_literature(
        find_anodes(ion="Li", material="Sb2S3"), "li-sb2s3-libh4", progress=False
    )


@pytest.mark.parametrize(
    ("label", "name", "rate", "celsius"),
    [
        ("5.5", "li-sb2s3-libh4", "C/10", 120.0),  # no current in print
        ("2.4", "li-sb", "100 mA/g", 25.0),
        ("5.3", "li-gasb-libh4", "660 mA/g", 125.0),  # no temperature in print: the system's own
        ("5.1", "li-sb", "240 mA/g", 95.0),  # its own temperature, not the system's
    ],
)
def test_each_row_is_simulated_at_its_own_rate_and_temperature(simulated, label, name, rate, celsius):
    (found,) = sbpath.compare_with_literature([study(label)], name, progress=False)
    mechanism = bare(name)
    protocol = cycling(rate, mechanism.lower_cutoff_V, mechanism.upper_cutoff_V)
    alone = simulated(name, protocol, graph=mechanism.default_graph, temperature_C=celsius, shipped=True)
    charges, volts = [], []
    for number in (1, 2):
        these = rows(alone, number)
        time, current = alone.time_s[these], alone.current_A_per_g[these]
        charge = lobatto_integral(time - time[0], current)
        volts.append(lobatto_integral(time - time[0], current * alone.voltage_V[these]) / charge)
        charges.append(abs(charge) / 3.6)
    assert (found.study, found.mechanism, found.rate, found.temperature_C) == (
        study(label),
        name,
        rate,
        celsius,
    )
    assert found.insertion_mAh_per_g == pytest.approx(charges[0], rel=1e-3)
    assert found.first_cycle_efficiency == pytest.approx(charges[1] / charges[0], abs=1e-3)
    assert found.insertion_V == pytest.approx(volts[0], abs=2e-3)
    assert found.extraction_V == pytest.approx(volts[1], abs=2e-3)
    assert found.reason is None


def test_the_rate_capability_is_that_of_the_third_cycle_at_its_current():
    known, none = sbpath.compare_with_literature([study("2.3"), study("5.4")], "li-sb", progress=False)
    current = study("2.3").rate_current_mA_per_g
    mechanism = sbpath.load_mechanism("li-sb")
    protocol = cycling(f"{current} mA/g", mechanism.lower_cutoff_V, mechanism.upper_cutoff_V, 3)
    alone = sbpath.cycle_summaries(sbpath.simulate(mechanism, protocol, progress=False))[-1]
    assert known.rate_mAh_per_g == pytest.approx(alone.extraction_mAh_per_g, rel=1e-9)
    assert none.rate_mAh_per_g is None  # a dash in print
    (stuck,) = sbpath.compare_with_literature(
        [study("2.3").model_copy(update={"cycling_current_mA_per_g": 10.0, "rate_current_mA_per_g": 9e6})],
        sbpath.with_changes(mechanism, {"kinetics.exchange_current_A_per_m2": 1e6}),
        progress=False,
    )
    assert stuck.reason is None
    # Only the double layer follows so fast: C dV.
    window = mechanism.upper_cutoff_V - mechanism.lower_cutoff_V
    charge = mechanism.electrode.double_layer_F_per_g.value * window / 3.6
    assert stuck.rate_mAh_per_g == pytest.approx(charge, rel=0.01)


def test_the_sulfide_loses_in_the_first_cycle_as_cells_do(sulfides):
    assert [one.study.label for one in sulfides] == ["5.5", "5.8"]
    for one in sulfides:
        printed = one.study.first_cycle_efficiency_percent
        assert 100.0 * one.first_cycle_efficiency == pytest.approx(printed, abs=6.0)


def test_rows_of_another_ion_or_host_say_so():
    several = [study(label) for label in ("3.1", "2.8", "2.2")]
    sodium, nickel, own = sbpath.compare_with_literature(several, "li-sb", progress=False)
    assert sodium.reason == "its ion is Na, that of li-sb is Li"
    assert nickel.reason == "its host is Ni-Sb, that of li-sb is Sb"
    assert own.reason is None
    for one in (sodium, nickel):
        assert (one.insertion_mAh_per_g, one.first_cycle_efficiency, one.insertion_V) == (None, None, None)


def test_a_row_that_cannot_run_says_why():
    fast = study("2.3").model_copy(update={"cycling_current_mA_per_g": 1e9})
    hot = study("2.3").model_copy(update={"temperature_C": 5000.0})
    found = sbpath.compare_with_literature([fast, hot, study("2.3")], "li-sb", progress=False)
    assert "A per g" in found[0].reason
    assert "temperature_C" in found[1].reason
    assert found[2].reason is None
    # So high a current that the voltage is at its cut-off at once.
    slow = bare("li-sb-llzo", {"electrode.contact_resistance_ohm_cm2": 1e7})
    (stuck,) = sbpath.compare_with_literature([study("5.1")], slow, progress=False)
    assert "no charge passes on insertion at this rate" in stuck.reason
    assert stuck.first_cycle_efficiency is None


def test_a_wrong_system_is_refused_before_any_run():
    for name, graph in (("li-nope", None), ("li-sb", "other")):
        with pytest.raises(InputError):
            sbpath.compare_with_literature([study("2.3")], name, graph=graph, progress=False)


def test_the_command_prints_both_and_writes_them(capsys, tmp_path, monkeypatch, sulfides):
    monkeypatch.setenv("COLUMNS", "120")
    table = tmp_path / "t.csv"
    options = ["--table", "5", "--compare-with", "li-sb2s3-libh4", "--quiet", "--csv", str(table)]
    assert main(["literature", *options]) == 0
    out = capsys.readouterr().out
    for one in sulfides:
        (line,) = (line for line in out.splitlines() if line.startswith(one.study.label))
        for value in (
            f"{one.study.first_cycle_efficiency_percent:.1f}", f"{100.0 * one.first_cycle_efficiency:.1f}",
            f"{one.study.capacity_mAh_per_g:g}", f"{one.insertion_mAh_per_g:.0f}", f"{one.insertion_V:.3f}",
            f"{one.extraction_V:.3f}",
        ):  # fmt: skip
            assert value in line.split()
    assert "not simulated, 5.2, 5.3: its host is Ga-Sb, that of li-sb2s3-libh4 is Sb-S" in out
    with table.open(newline="", encoding="utf-8") as handle:
        filed = list(csv.DictReader(handle))
    assert len(filed) == 8
    simulated = [column.heading for column in COLUMNS if column.heading]
    assert list(filed[0])[-len(simulated) :] == simulated
    assert filed[4]["First-cycle efficiency [%]"] == "65"
    assert float(filed[4]["Simulated first-cycle efficiency [%]"]) == pytest.approx(
        100.0 * sulfides[0].first_cycle_efficiency, rel=1e-5
    )
    assert (filed[4]["Why not simulated"], filed[4]["Simulated rate"]) == ("", "C/10")
    assert filed[1]["Simulated first insertion [mA.h.g-1]"] == ""
    assert filed[1]["Why not simulated"].startswith("its host is Ga-Sb")


def test_a_system_that_is_not_there_is_one_line(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["literature", "--compare-with", "li-nope", "--csv", "t.csv"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("width", [80, 90, 100, 120, 200])
def test_lines_fit_the_terminal(width, sulfides):
    several = [
        *sulfides,
        *(sbpath.compare_with_literature([study("5.1"), study("2.6")], "na-sb", progress=False)),
    ]
    assert max(map(len, comparison_text(several, width).splitlines())) <= width


def test_numbers_of_the_mechanism_can_be_changed(capsys):
    command = ["literature", "--table", "5", "--compare-with", "li-sb2s3-libh4"]
    one, other = (
        run(capsys, *command, *more) for more in ((), ("--set", "electrode.particle_radius_m=20nm"))
    )
    assert one[0] == other[0] == 0
    assert one[1] != other[1]
