"""Oracles: charge is conserved to rounding; lines, dips and plateaus whose measure is known; C(E)."""

from __future__ import annotations

import numpy as np
import pytest
from analytic import M_SB, F, msmr_content
from bare import bare
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import solution_phase

import sbpath
from sbpath import InputError, State, cycling, differential_capacity, half_cycles, simulate
from sbpath.results.differential_capacity import charge_over_voltage

WIDTH = 0.125  # exact in binary, so that edges are where they seem to be


def bins(charge, voltage):
    """Charge in each bin by its lower edge, empty ones left out."""
    edges, density = charge_over_voltage(np.array(charge), np.array(voltage), WIDTH)
    held = density * WIDTH
    return {float(edge): pytest.approx(q, abs=1e-14) for edge, q in zip(edges[:-1], held, strict=True) if q}


def test_a_straight_line_is_spread_evenly():
    assert bins([0.0, 8.0], [1.0, 0.0]) == {k * WIDTH: 1.0 for k in range(8)}


def test_a_line_that_ends_inside_bins_fills_parts_of_them():
    # From 0.0625 to 0.1875 V: half of it below 0.125 V, half above.
    assert bins([0.0, 1.0], [0.0625, 0.1875]) == {0.0: 0.5, 0.125: 0.5}


def test_a_flat_plateau_falls_into_one_bin_and_an_edge_belongs_to_the_bin_above():
    assert bins([0.0, 5.0, 7.0], [0.3, 0.3, 0.3]) == {0.25: 7.0}
    assert bins([0.0, 5.0], [0.25, 0.25]) == {0.25: 5.0}


def test_a_dip_counts_each_time_its_voltages_are_swept():
    # Down by two bins, up by one, down by one: the middle bin is swept three times.
    assert bins([0.0, 2.0, 3.0, 4.0], [0.5, 0.25, 0.375, 0.25]) == {0.25: 1.0 + 1.0 + 1.0, 0.375: 1.0}


def test_a_step_of_the_voltage_without_charge_leaves_nothing():
    assert bins([0.0, 1.0, 1.0, 2.0], [1.0, 1.0, 0.5, 0.5]) == {0.5: 1.0, 1.0: 1.0}


def test_charge_that_goes_back_counts_as_negative():
    assert bins([0.0, 2.0, 1.5], [0.3, 0.3, 0.3]) == {0.25: 1.5}


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(0.0, 10.0),
            st.one_of(st.floats(-2.0, 2.0), st.sampled_from([0.5, 0.5 + 1e-15, 0.505, 1.0])),
        ),
        min_size=2, max_size=40,
    ),
    st.sampled_from([0.001, 0.005, 0.0137, 0.5, 7.0]),
)  # fmt: skip
def test_the_area_is_the_charge_of_any_curve(points, width):
    steps, voltage = np.array(points).T
    charge = np.cumsum(steps)
    edges, density = charge_over_voltage(charge, voltage, width)
    assert len(edges) == len(density) + 1
    # A charge next to nothing, 1e-200 of what counts, is lost to underflow.
    assert float(np.sum(density * width)) == pytest.approx(charge[-1] - charge[0], rel=1e-12, abs=1e-200)
    assert density.min() >= 0.0
    assert edges[0] <= voltage.min() + 1e-12
    assert edges[-1] >= voltage.max() - 1e-12


# Constant current, a hold, a jump of the voltage, a rest, sweeps that turn, a dip.
MIXED = (
    "Insert at C/5 until x = 1.2",
    "Rest for 1 h",
    "Hold at 0.7 V for 3 h",
    "Insert at C/5 until 0.05 V",
    "Sweep at 0.5 mV/s to 1.5 V",
    "Hold at 1.4 V for 10 min",
)


@pytest.mark.parametrize("name", ["li-sb", "na-sb", "k-sb"])
@pytest.mark.parametrize("bin_mV", [1.0, 7.3])
def test_the_area_of_every_half_cycle_is_its_capacity(simulated, name, bin_mV):
    solution = simulated(name, (MIXED,))
    curves, halves = differential_capacity(solution, bin_mV), half_cycles(solution)
    assert [(c.cycle, c.direction) for c in curves] == [(h.cycle, h.direction) for h in halves]
    assert len(curves) >= 2
    for curve, half in zip(curves, halves, strict=True):
        area = float(np.sum(curve.mAh_per_g_V * np.diff(curve.edges_V)))
        assert area == pytest.approx(half.capacity_mAh_per_g, rel=1e-12)


def test_a_nucleation_dip_keeps_its_charge(simulated):
    # With autocatalytic growth the first plateau begins with a dip, over which a quotient of
    # differences would have both signs.
    changes = (("kinetics.autocatalytic_order", 1.0),)
    solution = simulated("li-sb", cycling("C/5", 0.05, 1.5), changes=changes)
    insertion = solution.voltage_V[solution.steps[0].first : solution.steps[0].last]
    assert np.diff(insertion).max() > 0.0
    curve = differential_capacity(solution)[0]
    assert curve.mAh_per_g_V.min() >= 0.0
    capacity = half_cycles(solution)[0].capacity_mAh_per_g
    assert curve.mAh_per_g_V.sum() * 5e-3 == pytest.approx(capacity, rel=1e-12)


def test_a_solution_phase_shows_its_own_capacity():
    # Between the edges of a bin lies (F/M) (x_low - x_high) + C_dl width, whatever the rate.
    galleries = [(1.2, 0.9, 2.0), (1.0, 0.5, 1.5)]
    steps = ("Sweep at 1 mV/s to 0.2 V (2 second period)", "Sweep at 1 mV/s to 1.3 V (2 second period)")
    solution = simulate(
        solution_phase(galleries), [steps], initial=State({"LixSb": 1.0}, 1.3), progress=False
    )
    for curve in differential_capacity(solution, 20.0):
        charge = -(F / M_SB) * np.diff(msmr_content(curve.edges_V, 298.15, 0.0, galleries))
        expected = (charge / np.diff(curve.edges_V) + 5.0) / 3.6
        # The first and the last bin are not swept to their ends.
        assert curve.mAh_per_g_V[1:-1] == pytest.approx(expected[1:-1], rel=2e-4)


def test_a_first_jump_of_the_voltage_is_counted_where_it_was():
    # Sb at 1.5 V, held at 1.4 V: 5 F/g times 0.1 V, spread evenly over it.
    solution = sbpath.simulate(bare("li-sb"), ["Hold at 1.4 V for 1 s"], progress=False)
    (curve,) = differential_capacity(solution, 10.0)
    swept = curve.mAh_per_g_V[(curve.edges_V[:-1] > 1.405) & (curve.edges_V[1:] < 1.495)]
    assert swept == pytest.approx(5.0 / 3.6, rel=1e-9)
    assert len(swept) == 8


@pytest.mark.parametrize("bin_mV", [0.0, -5.0, float("nan"), float("inf"), "5", 1e-9])
def test_bins_must_have_a_width(simulated, bin_mV):
    with pytest.raises(InputError, match="bin_mV"):
        differential_capacity(simulated("li-sb", cycling("C/5", 0.05, 1.5, 2)), bin_mV)
