"""Oracles: a solution phase in equilibrium, residual currents against slow cycling, handmade points."""

from __future__ import annotations

import numpy as np
import pytest
from analytic import M_SB, F, equilibrium_potential, msmr_content, msmr_slope
from bare import bare
from curves import at_composition, edge_names
from tiny import solution_phase

from sbpath import Outcome, State, gitt, simulate, titration, two_phase_equilibria
from sbpath.studies.titration import TitrationPoint, relaxed_curve, relaxed_gap_mV

GALLERIES = [(1.2, 0.9, 2.0), (1.0, 0.5, 1.5)]
KELVIN = 298.15
C_DL = 5.0
# Of Li3Sb in li-sb, over Li2.6Sb.
VACANCIES = [(0.40, 1.09, 1.6)]


@pytest.mark.parametrize("rate", ["C/20", "1C"])
def test_relaxed_points_of_a_solution_phase_lie_on_its_equilibrium_curve(rate):
    mechanism = solution_phase(GALLERIES, cutoffs=(0.2, 1.3), resistance=100.0)
    solution = simulate(mechanism, gitt(rate, 0.2, 1.3, "x = 0.2", "1 h", pulses=10), progress=False)
    points = titration(solution)[:-1]
    assert [p.direction for p in points] == ["insertion"] * 10 + ["extraction"] * 9
    for point in points:
        content = msmr_content(point.relaxed_V, KELVIN, 0.0, GALLERIES)
        assert point.composition == pytest.approx(float(content), abs=1e-6)
        assert point.drift_mV_per_h == pytest.approx(0.0, abs=1e-6)
        # Under current it stands off by the drop in the resistance, 100 Ohm cm2 at 1 mg/cm2: 0.1 Ohm g.
        drop = 0.1 * abs(float(solution.current_A_per_g[solution.steps[0].first]))
        sign = -1.0 if point.direction == "insertion" else 1.0
        assert point.voltage_V - point.relaxed_V == pytest.approx(sign * drop, abs=1e-6)


@pytest.fixture(scope="module")
def lithium(simulated):
    """Titrations of lithium by the length of their rests (h)."""
    return {h: simulated("li-sb", gitt("C/10", 0.05, 1.5, "x = 0.5", f"{h} h")) for h in (1, 4, 16)}


def inner(solution, direction):
    """Points of one direction but the last one, which a cut-off ended."""
    return [p for p in titration(solution) if p.direction == direction][:-1]


def test_relaxed_points_of_lithium_lie_on_either_side_of_equilibrium(lithium):
    for solution in lithium.values():
        for point in inner(solution, "insertion"):
            assert point.voltage_V < point.relaxed_V < 0.948
            assert point.drift_mV_per_h > 0.0
        for point in inner(solution, "extraction"):
            assert point.voltage_V > point.relaxed_V > 0.956
            assert point.drift_mV_per_h < 0.0
        assert len(titration(solution)) == 12


def test_longer_rests_relax_further_and_ever_more_slowly(lithium):
    for direction, sign in (("insertion", 1.0), ("extraction", -1.0)):
        for one, two, three in zip(*(inner(s, direction) for s in lithium.values()), strict=True):
            assert sign * one.relaxed_V < sign * two.relaxed_V < sign * three.relaxed_V
            assert abs(one.drift_mV_per_h) > abs(two.drift_mV_per_h) > abs(three.drift_mV_per_h)
            # Nucleation relaxes with the logarithm of time: a drift that falls as 1/t.
            assert two.drift_mV_per_h / three.drift_mV_per_h == pytest.approx(4.0, rel=0.15)
    gaps = [relaxed_gap_mV(titration(s), 1) for s in lithium.values()]
    assert gaps[0] > gaps[1] > gaps[2] > 150.0


def test_the_drift_is_what_the_edges_feed_into_the_double_layer(lithium):
    # Between line compounds C_dl dE/dt = (F/M) sum (x_q - x_p) r, at the last row of the rest.
    solution = lithium[4]
    content = {"Sb": 0.0, "Li2Sb": 2.0}
    for point in inner(solution, "insertion")[:3]:
        into_li2sb = edge_names(solution.edges).index("Sb -> Li2Sb")
        rate = solution.rates_per_s[into_li2sb, point.row]
        assert rate > 0.99 * solution.rates_per_s[:, point.row].sum()
        expected = F / M_SB * (content["Li2Sb"] - content["Sb"]) * rate / C_DL
        assert point.drift_mV_per_h == pytest.approx(3.6e6 * expected, rel=5e-3)


def test_relaxed_insertion_is_slow_insertion_at_the_residual_rate(lithium):
    # While E drifts, the double layer gives C_dl dE/dt to the edges: the very current at which a
    # cell would insert at that potential. At C/1,700,000 the plateau lies where the rest ended.
    points = inner(lithium[4], "insertion")
    current = C_DL * points[1].drift_mV_per_h / 3.6e6
    assert current == pytest.approx(0.66035 / 1.73e6, rel=0.02)
    slow = simulate(bare("li-sb"), f"Insert at {current!r} A/g until x = 1.6 or until 0.05 V", progress=False)
    assert at_composition(slow, 1, points[1].composition) == pytest.approx(points[1].relaxed_V, abs=2e-5)
    for point in points[:3]:
        assert at_composition(slow, 1, point.composition) == pytest.approx(point.relaxed_V, abs=1e-4)


def test_relaxed_extraction_is_slow_extraction_at_the_residual_rate(lithium):
    # Here Li3Sb gives lithium from its vacancies as well, which is far more than the double layer.
    solution = lithium[4]
    point = next(p for p in inner(solution, "extraction") if p.composition == pytest.approx(1.5, abs=0.01))
    share = solution.fraction("Li3Sb")[point.row]
    capacitance = C_DL - F / M_SB * share * msmr_slope(point.relaxed_V, KELVIN, VACANCIES)
    assert capacitance > 100.0 * C_DL
    current = -capacitance * point.drift_mV_per_h / 3.6e6
    slow = simulate(
        bare("li-sb"), f"Extract at {float(current)!r} A/g until x = 1.4", initial=State({"Li3Sb": 1.0}, 0.95),
        progress=False,
    )  # fmt: skip
    assert at_composition(slow, 1, point.composition) == pytest.approx(point.relaxed_V, abs=1e-4)


def test_two_phase_equilibria_of_lithium_are_the_measured_ones(lithium):
    # Weppner and Huggins 1978; the third follows from the two by Hess's law.
    found = {c.phases: c for c in two_phase_equilibria(lithium[1])}
    assert found["Sb", "Li2Sb"].potential_V == pytest.approx(0.956, abs=1e-6)
    assert found["Li2Sb", "Li3Sb"].potential_V == pytest.approx(0.948, abs=1e-4)
    gibbs = -F * (2.0 * 0.956 + 0.948)
    expected = equilibrium_potential(0.0, 0.0, gibbs, 3.0)
    assert found["Sb", "Li3Sb"].potential_V == pytest.approx(expected, abs=2e-4)
    assert (found["Sb", "Li2Sb"].low_x, found["Sb", "Li2Sb"].high_x) == (0.0, 2.0)
    assert found["Li2Sb", "Li3Sb"].low_x == 2.0
    content = float(msmr_content(found["Li2Sb", "Li3Sb"].potential_V, KELVIN, 2.6, VACANCIES))
    assert found["Li2Sb", "Li3Sb"].high_x == pytest.approx(content, abs=1e-9)
    assert [c.potential_V for c in found.values()] == sorted(
        (c.potential_V for c in found.values()), reverse=True
    )


def test_phases_that_hold_equally_much_have_no_equilibrium(simulated):
    # k-sb has edges between cubic and hexagonal K3Sb, and none of them is used.
    names = {
        c.phases for c in two_phase_equilibria(simulated("k-sb", gitt("C/10", 0.02, 1.5, "x = 0.5", "4 h")))
    }
    assert names == {("Sb", "KxSb"), ("KxSb", "K3Sb-cubic")}


def test_only_a_rest_right_after_a_current_is_a_point():
    steps = ("Rest for 1 h", "Insert at C/5 until x = 0.5", "Rest for 1 h", "Rest for 1 h",
             "Insert at C/5 until x = 0.2", "Rest for 1 h", "Sweep at 0.1 mV/s to 0.7 V", "Rest for 1 h")  # fmt: skip
    solution = simulate(bare("li-sb"), [steps], progress=False)
    assert solution.steps[4].outcome is Outcome.ALREADY_MET
    points = titration(solution)
    assert [solution.step[p.row] for p in points] == [3, 8]
    assert [p.direction for p in points] == ["insertion", "insertion"]
    assert points[0].voltage_V == solution.voltage_V[solution.steps[1].last - 1]
    assert points[0].relaxed_V == solution.voltage_V[solution.steps[2].last - 1]


def point(direction, x, relaxed):
    return TitrationPoint(1, direction, 0, x, 0.0, relaxed, 0.0)


def test_the_gap_of_straight_curves_is_the_mean_over_what_both_cover():
    # Insertion 0.5 V from x = 0 to 2; extraction from 0.7 V at x = 3 to 0.9 V at x = 1: over 1 to
    # 2 it falls from 0.9 to 0.8 V, 350 mV above on average.
    points = [point("insertion", x, 0.5) for x in (0.0, 1.0, 2.0)]
    points += [point("extraction", x, v) for x, v in ((3.0, 0.7), (1.0, 0.9))]
    assert relaxed_gap_mV(points, 1) == pytest.approx(350.0, abs=1e-9)
    x, voltage = relaxed_curve(points, 1, "extraction")
    assert np.array_equal(x, [1.0, 3.0])
    assert np.array_equal(voltage, [0.9, 0.7])
    assert relaxed_gap_mV(points, 2) is None
    assert relaxed_gap_mV(points[:4], 1) is None
    apart = [point("extraction", x, 0.9) for x in (2.5, 3.0)]
    assert relaxed_gap_mV(points[:3] + apart, 1) is None


@pytest.mark.parametrize("name", ["li-sb", "na-sb", "k-sb"])
def test_a_titration_wastes_no_step_and_closes(simulated, name):
    mechanism = bare(name)
    lower, upper = mechanism.lower_cutoff_V, mechanism.upper_cutoff_V
    solution = simulated(name, gitt("C/10", lower, upper, "x = 0.5", "4 h"))
    ends = [s.outcome for s in solution.steps if s.direction != "rest"]
    assert ends == [*[Outcome.COMPOSITION] * 5, Outcome.VOLTAGE] * 2
    assert solution.charge_mAh_per_g[-1] == pytest.approx(0.0, abs=0.5)
