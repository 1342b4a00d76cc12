"""Oracles for onsets and voltage efficiency: stoichiometry, handmade fractions, identities."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sbpath import InputError, cycle_summaries, cycling, half_cycles, onsets
from sbpath.text.report import simulation_report


@pytest.fixture(scope="module")
def lithium(simulated):
    return simulated("li-sb", cycling("C/5", 0.05, 1.5, 2))


def test_onsets_of_lithium_are_those_of_its_steps(lithium):
    found = onsets(lithium)
    assert [(o.cycle, o.direction, o.phase) for o in found] == [
        (cycle, direction, phase)
        for cycle in (1, 2)
        for direction, phase in (("insertion", "Li2Sb"), ("insertion", "Li3Sb"), ("extraction", "Sb"))
    ]
    # One percent of the Sb as Li2Sb is x = 0.02; one as Li3Sb and the rest Li2Sb would be 2.01, but
    # two thousandths are still Sb.
    assert found[0].composition == pytest.approx(0.02, abs=1e-6)
    assert found[1].composition == pytest.approx(2.006, abs=0.001)
    for onset in found:
        half = next(
            h for h in half_cycles(lithium) if (h.cycle, h.direction) == (onset.cycle, onset.direction)
        )
        share = lithium.fraction(onset.phase)[half.rows]
        capacity, voltage = lithium.capacity_mAh_per_g[half.rows], lithium.voltage_V[half.rows]
        assert np.interp(onset.capacity_mAh_per_g, capacity, share) - share[0] == pytest.approx(
            0.01, abs=2e-4
        )
        assert np.interp(onset.capacity_mAh_per_g, capacity, voltage) == pytest.approx(
            onset.voltage_V, abs=1e-9
        )


def test_a_threshold_is_crossed_where_it_is_said(lithium):
    # Sb becomes Li2Sb in proportion to x, so half of it has at x = 1.
    assert onsets(lithium, 0.5)[0].composition == pytest.approx(1.0, abs=1e-3)
    # A phase that never comes so far has no onset.
    tall = onsets(lithium, 0.9999)
    assert "Li2Sb" not in [o.phase for o in tall]


def test_a_phase_that_was_there_begins_where_it_grows_again(lithium):
    # A share that falls from 0.3 to 0.1 and then rises has its onset at 0.1 and the threshold.
    half = half_cycles(lithium)[0]
    number = half.rows.stop - half.rows.start
    share = np.interp(np.arange(number), [0.0, 0.4 * number, number - 1.0], [0.3, 0.1, 0.5])
    fractions = lithium.fractions.copy()
    fractions[:, half.rows] = [0.6 - share, share, np.full(number, 0.4)]
    (first, *_) = onsets(replace(lithium, fractions=fractions), 0.05)
    assert (first.cycle, first.direction, first.phase) == (1, "insertion", "Sb")
    second = onsets(replace(lithium, fractions=fractions), 0.05)[1]
    assert second.phase == "Li2Sb"
    capacity = lithium.capacity_mAh_per_g[half.rows]
    assert np.interp(second.capacity_mAh_per_g, capacity, share) == pytest.approx(
        share.min() + 0.05, abs=1e-9
    )


@pytest.mark.parametrize("threshold", [0.0, 1.0, -0.1, float("nan"), "0.01"])
def test_a_threshold_is_a_share(lithium, threshold):
    with pytest.raises(InputError, match="threshold"):
        onsets(lithium, threshold)


@pytest.mark.parametrize("name", ["li-sb", "na-sb", "k-sb"])
def test_voltage_efficiency_is_the_ratio_of_the_mean_voltages(simulated, name):
    solution = simulated(name, cycling("C/5", 0.05, 1.5, 2))
    halves = half_cycles(solution)
    for summary in cycle_summaries(solution):
        insertion, extraction = (h for h in halves if h.cycle == summary.cycle)
        assert summary.voltage_efficiency == pytest.approx(
            insertion.mean_voltage_V / extraction.mean_voltage_V, rel=1e-6
        )
        # Energy out over energy in: (V_in Q_in) / (V_out Q_out).
        assert summary.energy_efficiency == pytest.approx(
            summary.voltage_efficiency / summary.coulombic_efficiency, rel=1e-9
        )


def test_a_loop_that_is_not_closed_has_a_voltage_efficiency_and_prints_it(simulated):
    solution = simulated("li-sb", (("Insert at C/5 until 0.05 V", "Extract at C/5 until x = 2"),))
    (summary,) = cycle_summaries(solution)
    assert summary.energy_efficiency is None
    assert 0.75 < summary.voltage_efficiency < 0.85
    assert f"{summary.voltage_efficiency:.1%}" in simulation_report(solution)
    assert "voltage: mean of insertion (in) / mean of extraction (out)" in simulation_report(solution)
