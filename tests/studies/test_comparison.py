"""Oracles: each case alone, sums over causes, standard potentials typed in again, the README's table."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from bare import bare
from curves import cycled, lobatto_integral, rows

import sbpath.studies.comparison as module
from sbpath import (
    InputError,
    compare,
    cycle_summaries,
    cycling,
    half_cycles,
    ledger,
    load_mechanism,
    simulate,
)
from sbpath.studies.comparison import (
    case_labels,
    cases,
    comparison_report,
    comparison_table,
    rate_text,
)
from sbpath.sweeps.measure import cycle_values

CAUSES = ("Nucleation [mV]", "Growth [mV]", "Transport [mV]", "Work [mV]", "Resistance [mV]")


def table(solutions, **options):
    headings, lines = comparison_table(solutions, **options)
    return [dict(zip(headings, line, strict=True)) for line in lines]


@pytest.fixture(scope="module")
def three(simulated):
    return [cycled(simulated, name, "C/5") for name in ("li-sb", "na-sb", "k-sb")]


@pytest.fixture(scope="module")
def told(three):
    return table(three)


# -- rows against single solutions ------------------------------------------------------------------------


def test_each_row_is_what_its_solution_gives_alone(three, told):
    for row, solution in zip(told, three, strict=True):
        volts, charges = [], []
        for number in (3, 4):
            these = rows(solution, number)
            time, current = solution.time_s[these], solution.current_A_per_g[these]
            charge = lobatto_integral(time - time[0], current)
            volts.append(lobatto_integral(time - time[0], current * solution.voltage_V[these]) / charge)
            charges.append(abs(charge) / 3.6)
        assert float(row["Insertion [V]"]) == pytest.approx(volts[0], abs=6e-5)
        assert float(row["Extraction [V]"]) == pytest.approx(volts[1], abs=6e-5)
        assert float(row["Insertion [mA.h.g-1]"]) == pytest.approx(charges[0], abs=0.06)
        assert float(row["Extraction [mA.h.g-1]"]) == pytest.approx(charges[1], abs=0.06)
        assert float(row["Hysteresis [mV]"]) == pytest.approx(1e3 * (volts[1] - volts[0]), abs=0.06)
        energies = [3.6 * v * q for v, q in zip(volts, charges, strict=True)]
        assert float(row["Loop [J.g-1]"]) == pytest.approx(energies[1] - energies[0], abs=0.06)
        assert float(row["Energy efficiency"]) == pytest.approx(energies[0] / energies[1], abs=6e-5)
        assert float(row["Coulombic efficiency"]) == pytest.approx(charges[1] / charges[0], abs=6e-5)
        assert (row["System"], row["Graph"], row["Cycle"]) == (solution.mechanism.name, solution.graph, "2")
        # C/5 of three electrons per Sb.
        assert float(row["Rate [mA.g-1]"]) == pytest.approx(132.07, abs=0.05)


def test_causes_and_storage_add_up_to_the_hysteresis(told):
    for row in told:
        total = sum(float(row[cause]) for cause in (*CAUSES, "Stored [mV]"))
        assert total == pytest.approx(float(row["Hysteresis [mV]"]), abs=0.1)
        assert all(float(row[cause]) >= 0.0 for cause in CAUSES)


def test_what_a_first_cycle_stores_has_a_column_of_its_own(simulated):
    # Amorphous antimony: what it holds is told beside what was lost, and is most of a tenth of a volt.
    solution = cycled(simulated, "na-sb", "1C", cycles=1)
    (row,) = table([solution])
    change = float(solution.stored_J_per_g[-1] - solution.stored_J_per_g[0])
    charge = 3.6 * float(row["Insertion [mA.h.g-1]"])
    assert float(row["Stored [mV]"]) == pytest.approx(1e3 * change / charge, rel=1e-3)
    total = sum(float(row[cause]) for cause in (*CAUSES, "Stored [mV]"))
    assert total == pytest.approx(float(row["Hysteresis [mV]"]), abs=0.1)
    assert float(row["Stored [mV]"]) > 50.0


def test_a_case_does_not_depend_on_its_neighbours(three, told):
    assert table(three[1:2]) == told[1:2]
    assert cases(three[0])[0].label == "li-sb"


def test_the_last_full_cycle_is_compared(simulated):
    # Two cycles, and then an insertion that nothing follows.
    steps = ("Insert at C/5 until 0.05 V", "Extract at C/5 until 1.5 V")
    solution = simulated("li-sb", (steps, steps, steps[:1]), graph="candidate")
    (case,) = cases(solution)
    assert [part.cycle for part in (*case.loop, case.loss_breakdown)] == [2] * 4
    assert case.summary == cycle_summaries(solution)[1]
    assert len(half_cycles(solution)) == 5


@pytest.mark.parametrize("name", ["li-sb2s3-libh4", "k-sb4o5cl2", "na-sb"])
def test_the_first_cycle_has_an_efficiency_of_its_own(simulated, name):
    graph = "reported" if name == "k-sb4o5cl2" else None
    solution = cycled(simulated, name, "C/5", graph=graph)
    charges = []
    for number in (1, 2):
        these = rows(solution, number)
        time = solution.time_s[these]
        charges.append(abs(lobatto_integral(time - time[0], solution.current_A_per_g[these])))
    (row,) = table([solution])
    assert float(row["First-cycle efficiency"]) == pytest.approx(charges[1] / charges[0], abs=1e-3)
    assert float(row["Coulombic efficiency"]) == pytest.approx(1.0, abs=2e-3)
    assert (float(row["First-cycle efficiency"]) < 0.62) == (name != "na-sb")
    head, line = comparison_report([solution]).splitlines()[2:4]
    place = head.index("ICE")
    assert line[place:].split()[0] == f"{charges[1] / charges[0]:.1%}"


def test_parallel_ways_are_no_chain(simulated):
    # Of what leaves Li3Sb + Sn most becomes SnSb and the rest Sb: not SnSb -> Sb.
    (row,) = table([cycled(simulated, "li-snsb", "C/10")])
    out = row["Extraction path"].split(", ")
    assert [re.sub(r".*(Li3Sb-Sn -> .*)\d\d %", r"\1%", part) for part in out] == [
        "Li3Sb-Sn -> SnSb (%)",
        "Li3Sb-Sn -> Sb-Sn (%)",
    ]
    assert sum(float(part.split("(")[1].split()[0]) for part in out) == pytest.approx(100.0, abs=5.0)


# -- potentials on one scale -------------------------------------------------------------------------------


def test_on_the_scale_of_lithium_potentials_move_by_the_standard_potentials(three, told):
    # CRC Handbook: Li -3.0401, Na -2.71, K -2.931 V against hydrogen.
    shifts = [0.0, 3.0401 - 2.71, 3.0401 - 2.931]
    assert [case.shift_V for case in cases(three, "Li")] == pytest.approx(shifts, abs=1e-12)
    for own, common, shift in zip(told, table(three, scale="Li"), shifts, strict=True):
        for key in own:
            if key in ("Insertion [V]", "Extraction [V]"):
                assert float(common[key]) - float(own[key]) == pytest.approx(shift, abs=1.1e-4)
            else:
                assert common[key] == own[key]
    lines = comparison_report(three[1:2], "Li").splitlines()
    assert "against Li+/Li" in lines[-1]
    assert lines[3].split()[3] == f"{float(told[1]['Insertion [V]']) + shifts[1]:.3f}"


# -- labels -------------------------------------------------------------------------------------------------


def test_a_label_tells_what_differs_and_no_more(simulated):
    lithium = cycled(simulated, "li-sb", "C/5")
    reported = cycled(simulated, "li-sb", "C/5", graph="reported")
    fast = cycled(simulated, "li-sb", "1C")
    warm = cycled(simulated, "li-sb", "C/5", temperature_C=60.0)
    sodium = cycled(simulated, "na-sb", "1C")
    assert case_labels([lithium, reported, sodium]) == ["li-sb, candidate", "li-sb, reported", "na-sb"]
    assert case_labels([lithium, fast]) == ["li-sb, C/5", "li-sb, 1C"]
    assert case_labels([lithium, warm]) == ["li-sb, 25 °C", "li-sb, 60 °C"]
    everything = case_labels([lithium, reported, fast, warm, sodium])
    assert everything[2] == "li-sb, candidate, 25 °C, 1C"
    assert len(set(everything)) == 5


def test_cases_alike_but_for_a_number_are_counted(simulated):
    changes = (("interfaces.Sb|Li3Sb.energy_J_per_m2", 0.21),)
    pair = [cycled(simulated, "li-sb", "C/5"), cycled(simulated, "li-sb", "C/5", changes=changes)]
    assert case_labels(pair) == ["li-sb (1)", "li-sb (2)"]


@pytest.mark.parametrize(
    ("rate", "text"), [(66.03519, "C/10"), (660.3519, "1C"), (1320.7038, "2C"), (198.10557, "C/3.333"), (6603.519, "10C")]
)  # fmt: skip
def test_rates_read_as_people_write_them(rate, text):
    assert rate_text(rate, 660.3519) == text


# -- what has no full cycle --------------------------------------------------------------------------------


def test_nothing_vanishes_without_a_word(simulated):
    full = cycled(simulated, "li-sb", "C/5")
    half = simulated("li-sb", "Insert at C/2 until 0.05 V")
    rest = simulated("li-sb", "Rest for 1 h")
    open_ = simulated("li-sb", (("Insert at C/2 until 0.05 V", "Extract at C/2 until x = 2"),))
    several = [full, half, rest, open_]
    found = cases(several)
    assert [case.summary is None for case in found] == [False, True, True, False]
    assert [case.loss_breakdown is None for case in found] == [False, True, True, True]
    shown, *tables = (part.splitlines() for part in comparison_report(several).split("\n\n"))
    first, second = tables
    assert shown == [
        "li-sb, C/5: cycle 2 of 2; cycle 1 is formation",
        "li-sb, C/2 (2): cycle 1 of 1, formation",
    ]
    assert len(first) == 5
    for case in found:
        assert any(line.startswith(case.label) for line in first)
    assert first[2].split()[-10:] == ["-"] * 10
    assert sum(line.startswith("li-sb") for line in second) == 1
    assert "-: no full cycle" in second
    assert any("not in the second table" in line and "2 %" in line for line in second)
    filed = table(several)
    empty = [[row[key] == "" for row in filed] for key in ("Hysteresis [mV]", "Loop [J.g-1]", CAUSES[0])]
    assert empty == [[False, True, True, False], [False, True, True, True], [False, True, True, True]]


def test_nothing_to_compare_and_other_scales_are_refused(three):
    with pytest.raises(InputError, match="at least one solution"):
        cases([])
    with pytest.raises(InputError, match="must be 'own' or 'Li', not 'Na'"):
        cases(three, "Na")


# -- simulations in one call ---------------------------------------------------------------------------------


def test_compare_runs_every_combination_in_order(simulated):
    graphs, rates, celsius = ("reported", "candidate"), ("1C", "2C"), (25.0, 60.0)
    options = {"graphs": graphs, "rates": rates, "temperatures_C": celsius, "cycles": 1, "progress": False}
    found = compare(["li-sb"], **options)
    wanted = list(itertools.product(graphs, celsius, rates))
    assert len(found) == 8
    for solution, (graph, temperature, rate) in zip(found, wanted, strict=True):
        assert (solution.graph, solution.temperature_C) == (graph, temperature)
        assert str(solution.steps[0].step).startswith(f"Insert at {rate} until")
    # One of them is, to the last bit, what `simulate` gives.
    alone = cycled(simulated, "li-sb", "2C", graph="reported", cycles=1, temperature_C=60.0, shipped=True)
    np.testing.assert_array_equal(found[3].voltage_V, alone.voltage_V)
    # System by system, each on its own graph at its own temperature.
    several = compare(["li-sb-libh4", "li-sb"], rates=("1C",), cycles=1, progress=False)
    told = [(s.mechanism.name, s.temperature_C) for s in several]
    assert told == [("li-sb-libh4", 120.0), ("li-sb", 25.0)]


def test_own_graph_temperature_and_changed_numbers_are_kept():
    changed = bare("li-sb-llzo", {"electrode.contact_resistance_ohm_cm2": 50.0})
    (solution,) = compare([changed], rates=("1C",), cycles=1, progress=False)
    assert (solution.graph, solution.temperature_C) == (changed.default_graph, changed.temperature_C)
    assert solution.mechanism.document["electrode"]["contact_resistance_ohm_cm2"]["value"] == 50.0


@pytest.mark.parametrize(
    ("systems", "options", "words"),
    [
        ([], {}, "at least one system"),
        (["li-sb"], {"rates": ()}, "at least one system, graph, design, electrolyte, rate and temperature"),
        (["li-sb", "nope"], {}, "nope: no shipped mechanism"),
        (["li-sb", "na-sb"], {"graphs": ("candidate", "other")}, "li-sb has no graph 'other'"),
        (["li-sb"], {"rates": ("C/10", "fast")}, "'fast' is not a number with a unit"),
        (["li-sb"], {"cycles": 0}, "1 or more"),
        pytest.param(
            ["li-sb"], {"temperatures_C": (25.0, -300.0)}, "temperature_C",
        ),
        pytest.param(
            ["li-sb"], {"rates": ("C/10", "1e9C")}, "A per g",
        ),
    ],
)  # fmt: skip
def test_mistakes_are_told_before_the_first_run(monkeypatch, systems, options, words):
    started = []
    monkeypatch.setattr(module, "run", lambda *a, real=module.run, **k: started.append(a) or real(*a, **k))
    with pytest.raises(InputError, match="(?s)" + words.replace("(", r"\(")):
        compare(systems, **{"rates": ("2C",), "cycles": 1, "progress": False, **options})
    assert started == []


def test_the_first_command_of_the_readme_prints_the_table_of_its_page(simulated):
    names = ("li-sb", "na-sb", "k-sb", "li-sb-libh4")
    root = Path(__file__).parents[2]
    readme, page = (
        (root / name).read_text(encoding="utf-8") for name in ("README.md", "docs/howto/first.md")
    )
    assert f"sbpath compare {' '.join(names)}" in readme
    printed = [line.strip() for line in page.splitlines()]
    report = comparison_report([cycled(simulated, name, "C/10", shipped=True) for name in names]).splitlines()
    for line in report[: 1 + len(names)]:
        assert line in printed


def test_electrolytes_and_designs_side_by_side_are_the_runs_themselves():
    compared = compare("na-sb", designs="micron", electrolytes=["fec", None], cycles=4, progress=False)
    filmed, bare = cases(compared)
    assert [case.label for case in (filmed, bare)] == ["na-sb, fec", "na-sb, own electrolyte"]
    mechanism = load_mechanism("na-sb", design="micron", electrolyte="fec")
    alone = simulate(
        mechanism, cycling("C/10", mechanism.lower_cutoff_V, mechanism.upper_cutoff_V, 4), progress=False
    )
    entries = ledger(alone)
    head, rows = comparison_table(compared)
    row = dict(zip(head, rows[0], strict=True))
    assert row["Electrolyte"] == "fec"
    places = ("Film on host", "Film on idle surface", "Cut off", "Left")
    parts = [float(row[f"{place}, cycle 1 [mA.h.g-1]"]) for place in places]
    assert parts[:2] == pytest.approx([entries[0].film, entries[0].idle], abs=1e-3)
    lost = float(row["Put in, cycle 1 [mA.h.g-1]"]) - float(row["Taken out, cycle 1 [mA.h.g-1]"])
    assert sum(parts) == pytest.approx(lost, abs=4e-3)
    assert float(row["Live share"]) == pytest.approx(entries[-1].live_share, abs=1e-6)
    assert float(row["First-cycle efficiency"]) == pytest.approx(entries[0].efficiency, abs=1e-4)
    text = comparison_report(compared)
    assert "Where the charge of cycle 1 went / mAh per gram of host" in text
    assert "film: first-cycle efficiency to +-10 points" in text
    assert "film: first-cycle" not in comparison_report(compared[1:])
    values = cycle_values(alone)
    assert values["film_mAh_per_g"] == pytest.approx(sum(entry.film for entry in entries))
    assert values["cut_off_mAh_per_g"] == pytest.approx(sum(entry.cut_off for entry in entries))
    assert values["live_share"] == entries[-1].live_share
    assert values["first_cycle_efficiency"] == entries[0].efficiency
