"""Oracles: curves made by hand whose plateaus and means are known, and identities of a real cycle."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from bare import bare

import sbpath
from sbpath.results.cycles import cycle_summaries, find_plateaus, half_cycles


@pytest.fixture(scope="module")
def cycles() -> sbpath.Solution:
    steps = (
        "Insert at C/10 until 0.05 V",
        "Rest for 1 h",
        "Extract at C/10 until 1.5 V",
        "Hold at 1.5 V for 10 min",
    )
    return sbpath.simulate(bare("li-sb"), [steps] * 2, graph="candidate", progress=False)


def test_plateaus_of_a_staircase_are_found_where_they_are():
    # 0-400 mAh/g at 0.85 V with a dip at its start, a fall, then 420-660 at 0.80 V.
    capacity = np.array([0.0, 1.0, 5.0, 20.0, 400.0, 420.0, 650.0, 660.0])
    voltage = np.array([1.5, 0.80, 0.83, 0.85, 0.845, 0.80, 0.79, 0.05])
    first, second = find_plateaus(capacity, voltage)
    assert first.voltage_V == pytest.approx(0.8475, abs=2e-3)
    assert first.start_mAh_per_g == pytest.approx(18.0, abs=3.0)  # once out of the dip
    assert first.extent_mAh_per_g == pytest.approx(382.0, abs=3.0)
    assert second.voltage_V == pytest.approx(0.795, abs=2e-3)
    assert second.extent_mAh_per_g == pytest.approx(230.0, abs=10.0)


def test_two_flat_steps_close_together_are_two_plateaus():
    # 0.458 V to 330 mAh/g, then 0.434 V.
    capacity = np.array([0.0, 329.0, 331.0, 660.0])
    first, second = find_plateaus(capacity, np.array([0.460, 0.457, 0.436, 0.433]))
    assert first.voltage_V == pytest.approx(0.4585, abs=5e-4)
    assert second.voltage_V == pytest.approx(0.4345, abs=5e-4)
    assert first.extent_mAh_per_g == pytest.approx(330.0, abs=3.0)
    assert second.extent_mAh_per_g == pytest.approx(330.0, abs=3.0)


def plateaus(curve: Callable[[np.ndarray], np.ndarray], points: int = 2001) -> list[tuple[float, float]]:
    """Voltage (V) and share of the capacity of the plateaus of a curve V(q), q from 0 to 1 of 660 mAh/g."""
    q = np.linspace(0.0, 1.0, points)
    return [(p.voltage_V, p.extent_mAh_per_g / 660.0) for p in find_plateaus(660.0 * q, curve(q))]


@pytest.mark.parametrize("slope_V", [0.11, 0.25, 0.5])
def test_a_slope_is_not_a_plateau(slope_V: float):
    assert plateaus(lambda q: 1.0 - slope_V * q) == []


@pytest.mark.parametrize("slope_V", [0.0, 0.02, 0.09])
def test_what_is_nearly_flat_is_one_plateau(slope_V: float):
    ((voltage_V, share),) = plateaus(lambda q: 0.8 - slope_V * q)
    assert voltage_V == pytest.approx(0.8 - slope_V / 2.0)
    assert share == pytest.approx(1.0)


@pytest.mark.parametrize("power", [1.5, 1.9])
@pytest.mark.parametrize("rise_V", [0.2, 0.5, 1.0])
def test_the_flat_start_of_a_slope_that_bends_less_than_a_parabola_is_not_a_plateau(
    power: float, rise_V: float
):
    assert plateaus(lambda q: 1.1 + rise_V * q**power) == []


@pytest.mark.parametrize("rise_V", [0.2, 0.5, 1.0])
def test_a_plateau_that_bends_into_a_slope_ends_where_the_slope_is_the_limit(rise_V: float):
    # dV/dq = 10 rise q^9 is 0.1 V at this q; the mean slope over 3 % is reached up to half of that sooner or later.
    end = (0.1 / (10.0 * rise_V)) ** (1.0 / 9.0)
    ((_, share),) = plateaus(lambda q: 1.1 + rise_V * q**10)
    assert share == pytest.approx(end, abs=0.016)


STAIRS = {
    "two plateaus": lambda q: 0.85 - 0.03 * q - 0.05 / (1.0 + np.exp((0.65 - q) / 0.01)),
    "plateau and slope": lambda q: 0.73 + 0.02 * q + 0.4 * np.maximum(q - 0.5, 0.0),
    "plateau after a slope": lambda q: 0.9 - 0.3 * np.minimum(q, 0.4) - 0.01 * q,
}


@pytest.mark.parametrize("name", STAIRS)
@pytest.mark.parametrize("steps", [20, 50, 100, 200])
def test_plateaus_of_a_staircase_are_those_of_the_curve_that_it_approximates(name: str, steps: int):
    # Each of N particles in turn adds a step of 1/N of the capacity, half of it flat.
    def stairs(q: np.ndarray) -> np.ndarray:
        whole, rest = np.divmod(steps * q, 1.0)
        return STAIRS[name]((whole + np.clip(2.0 * rest - 0.5, 0.0, 1.0)) / steps)

    wanted, found = plateaus(STAIRS[name]), plateaus(stairs)
    assert len(found) == len(wanted) > 0
    for (voltage_V, share), (wanted_V, wanted_share) in zip(found, wanted, strict=True):
        assert voltage_V == pytest.approx(wanted_V, abs=3e-3)
        assert share == pytest.approx(wanted_share, abs=0.05)


@pytest.mark.parametrize("name", STAIRS)
def test_plateaus_follow_a_curve_that_shifts_a_little(name: str):
    # A smooth shift by 1 mV or less moves voltages by no more, and each end by what the slopes there allow.
    wanted = plateaus(STAIRS[name])
    for phase in np.linspace(0.0, 2.0 * np.pi, 8):
        found = plateaus(lambda q, phase=phase: STAIRS[name](q) + 1e-3 * np.sin(2.0 * np.pi * q + phase))
        assert len(found) == len(wanted)
        for (voltage_V, share), (wanted_V, wanted_share) in zip(found, wanted, strict=True):
            assert voltage_V == pytest.approx(wanted_V, abs=2e-3)
            assert share == pytest.approx(wanted_share, abs=0.03)


def test_plateaus_do_not_depend_on_the_number_of_particles():
    def lists(number: int) -> list[list[sbpath.results.cycles.Plateau]]:
        spread = sbpath.Population.lognormal(number, interfacial_energy=0.04)
        solution = sbpath.simulate("li-sb", graph="candidate", population=spread, progress=False)
        return [[*half.plateaus] for half in half_cycles(solution)]

    wanted = lists(200)
    assert [len(found) for found in wanted] == [2, 1]
    for number in (20, 50, 100):
        for found, same in zip(lists(number), wanted, strict=True):
            assert [p.voltage_V for p in found] == pytest.approx([p.voltage_V for p in same], abs=3e-3)
            extents = [p.extent_mAh_per_g for p in same]
            assert [p.extent_mAh_per_g for p in found] == pytest.approx(extents, abs=0.05 * 660.0)


def test_half_cycles_are_the_directions_and_take_rests_and_holds_along(cycles):
    halves = half_cycles(cycles)
    assert [(h.cycle, h.direction) for h in halves] == [
        (1, "insertion"), (1, "extraction"), (2, "insertion"), (2, "extraction"),
    ]  # fmt: skip
    # Together they hold every row.
    assert sum(h.rows.stop - h.rows.start for h in halves) == len(cycles.time_s)
    # Capacity starts at 0 in each and ends at what the half cycle says.
    for half in halves:
        assert cycles.capacity_mAh_per_g[half.rows][0] == 0.0
        assert cycles.capacity_mAh_per_g[half.rows][-1] == pytest.approx(half.capacity_mAh_per_g, rel=1e-12)


def test_mean_voltage_is_energy_over_charge(cycles):
    for half in half_cycles(cycles):
        v, q = cycles.voltage_V[half.rows], cycles.capacity_mAh_per_g[half.rows]
        assert half.mean_voltage_V == pytest.approx(np.trapezoid(v, q) / q[-1], abs=2e-5)


def test_paths_are_those_of_the_review(cycles):
    insertion, extraction = half_cycles(cycles)[2:]
    assert insertion.phases == (("Sb",), ("Li2Sb",), ("Li3Sb",))
    assert extraction.phases == (("Li3Sb",), ("Sb",))


def test_cycle_summary_follows_its_definitions(cycles):
    second = cycle_summaries(cycles)[1]
    insertion, extraction = half_cycles(cycles)[2:]
    assert second.hysteresis_mV == pytest.approx(1e3 * (extraction.mean_voltage_V - insertion.mean_voltage_V))
    assert second.coulombic_efficiency == pytest.approx(
        extraction.capacity_mAh_per_g / insertion.capacity_mAh_per_g
    )
    assert second.energy_efficiency == pytest.approx(insertion.energy_J_per_g / extraction.energy_J_per_g)
    assert second.loop_J_per_g == pytest.approx(extraction.energy_J_per_g - insertion.energy_J_per_g)
    # The loop of a closed cycle is what the edges turned to heat in it.
    rows = cycles.cycle == 2
    heat = cycles.heat_J_per_g[:, rows].sum(axis=0)
    assert second.loop_J_per_g == pytest.approx(heat[-1] - heat[0], rel=1e-5)


def test_a_cycle_with_one_direction_has_no_summary():
    solution = sbpath.simulate(bare("li-sb"), "Insert at C/2 until 0.5 V", progress=False)
    assert len(half_cycles(solution)) == 1
    assert cycle_summaries(solution) == []


def test_charge_of_a_voltage_jump_counts_in_its_half_cycle():
    # 5 F/g, jumping from 1.5 to 1.4 V before Sb can react: 0.5 C/g.
    solution = sbpath.simulate(bare("li-sb"), [("Rest for 1 s", "Hold at 1.4 V for 1 s")], progress=False)
    (half,) = half_cycles(solution)
    assert half.direction == "insertion"
    assert half.capacity_mAh_per_g == pytest.approx(0.5 / 3.6, rel=1e-9)
    # The energy of that charge, 5 F/g between the two voltages.
    assert half.energy_J_per_g == pytest.approx(2.5 * (1.5**2 - 1.4**2), rel=1e-9)


def test_a_sweep_is_cut_where_its_current_turns():
    # Fast enough that lithiation goes on after the sweep has turned.
    sweeps = ("Sweep at 1 mV/s to 0.05 V", "Sweep at 1 mV/s to 1.5 V")
    solution = sbpath.simulate(bare("li-sb-llzo"), [sweeps] * 2, progress=False)
    halves = half_cycles(solution)
    assert [h.direction for h in halves] == ["insertion", "extraction"] * 2
    for half in halves:
        sign = 1.0 if half.direction == "insertion" else -1.0
        passed = sign * np.diff(solution.charge_mAh_per_g[half.rows])
        # Against the direction goes no more than what counts as a wiggle.
        assert -passed[passed < 0.0].sum() < 1e-3 * half.capacity_mAh_per_g
        assert 0.05 <= half.mean_voltage_V <= 1.5
    assert set(np.array(solution.direction())[halves[0].rows]) == {"insertion"}
    # The first insertion outlasts the first sweep.
    assert halves[0].rows.stop > solution.steps[0].last


@pytest.mark.parametrize(
    "steps",
    [
        ("Insert at C/5 until 0.05 V", "Extract at C/5 until 1.03 V", "Hold at 1.03 V until 1C", "Extract at C/5 until 1.5 V"),
        ("Insert at C/5 until 0.05 V", "Extract at C/5 until 1.5 V", "Hold at 1.5 V until C/5", "Rest for 1 h"),
        ("Rest for 1 h", "Insert at C/5 until 0.05 V", "Rest for 1 h", "Extract at C/5 until 1.5 V"),
    ],
)  # fmt: skip
def test_steps_that_pass_no_charge_make_no_half_cycle(steps):
    solution = sbpath.simulate(bare("li-sb"), [steps], progress=False)
    assert [h.direction for h in half_cycles(solution)] == ["insertion", "extraction"]
    assert solution.capacity_mAh_per_g.max() == pytest.approx(662.0, abs=0.5)


def test_charge_and_energy_of_a_first_jump_are_counted_alike():
    at_once = sbpath.simulate(bare("li-sb"), [("Hold at 0.7 V for 20 h",)], progress=False)
    # 5 F/g from 1.5 to 0.7 V: 4 C/g, and the energy of that capacitor.
    assert at_once.charge_mAh_per_g[0] * 3.6 == pytest.approx(4.0, rel=1e-12)
    assert at_once.energy_J_per_g[0] == pytest.approx(2.5 * (1.5**2 - 0.7**2), rel=1e-12)
    later = sbpath.simulate(bare("li-sb"), [("Rest for 1 s", "Hold at 0.7 V for 20 h")], progress=False)
    assert at_once.charge_mAh_per_g[-1] == pytest.approx(later.charge_mAh_per_g[-1], rel=1e-9)
    assert at_once.steps[0].charge_mAh_per_g == pytest.approx(half_cycles(at_once)[0].capacity_mAh_per_g)
    first = sbpath.simulate(bare("li-sb"), ["Rest for 1 s"], progress=False)
    split = sbpath.simulate(bare("li-sb"), ["Hold at 0.7 V for 20 h"], initial=first, progress=False)
    assert split.charge_mAh_per_g[-1] == pytest.approx(later.charge_mAh_per_g[-1], rel=1e-9)


def test_a_cycle_that_passes_only_rounding_errors_has_no_summary():
    # With charge transfer so slow every step meets its limit at once, in both directions.
    mechanism = bare("li-sb-libh4", {"kinetics.exchange_current_A_per_m2": 0.01})
    protocol = sbpath.cycling("3300 mA/g", mechanism.lower_cutoff_V, mechanism.upper_cutoff_V, 3)
    solution = sbpath.simulate(mechanism, protocol, progress=False)
    assert 0.0 < solution.cycle_table.charge_mAh_per_g[1:].max() < 1e-9
    assert cycle_summaries(solution) == []
