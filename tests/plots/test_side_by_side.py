"""Loops, gaps, causes and efficiencies of a comparison as drawn, against the results."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from bars import heights, stands_for
from curves import cycled

from sbpath import hysteresis_profile, loss_breakdown, plots
from sbpath.results.cycles import cycle_summaries


def panels(figure, count):
    """The panels below the loops: gap, efficiency, causes (mV), loop (J/g)."""
    return figure.axes[count:]


def test_comparison_draws_loops_gaps_causes_and_efficiency(simulated):
    several = [cycled(simulated, name, "C/5") for name in ("li-sb", "na-sb", "k-sb")]
    figure = plots.comparison(several)
    gap, efficiency, causes, energy = panels(figure, 3)
    for number, solution in enumerate(several):
        own, profile = loss_breakdown(solution), hysteresis_profile(solution)
        stands_for(causes, number, own.losses_mV.sum(axis=0))
        stands_for(energy, number, own.losses_J_per_g.sum(axis=0))
        line = gap.lines[number]
        np.testing.assert_array_equal(line.get_ydata(), profile.gap_mV)
        np.testing.assert_allclose(line.get_xdata(), profile.composition / solution.composition.max())
        bar = efficiency.patches[number]
        wanted = cycle_summaries(solution)[-1].energy_efficiency
        assert bar.get_height() == pytest.approx(100.0 * wanted, rel=1e-12)
        assert f"{wanted:.0%}" in [text.get_text() for text in efficiency.texts]
    labels = [ax.get_ylabel() for ax in (gap, efficiency, causes, energy)]
    assert labels == [
        "Voltage gap  (mV)",
        "Energy efficiency  (%)",
        "Hysteresis  (mV)",
        "Loop  (J g$^{-1}$ Sb)",
    ]


@pytest.mark.parametrize("count", [3, 4, 5, 8])
def test_names_below_the_bars_of_a_comparison_do_not_overlap(simulated, count):
    names = ["li-sb2s3-libh4", "li-sb2se3-libh4", "li-sb2te3-libh4", "li-gasb-libh4"]
    several = [cycled(simulated, name, rate) for rate in ("1C", "C/2") for name in names][:count]
    figure = plots.comparison(several)
    figure.draw_without_rendering()
    _, efficiency, causes, energy = figure.axes[-4:]
    for ax in (efficiency, causes, energy):
        ticks = ax.get_xticklabels()
        assert len(ticks) == count
        # Upright or lying: slanted words have boxes that say nothing.
        assert {tick.get_rotation() % 90.0 for tick in ticks} == {0.0}
        boxes = [tick.get_window_extent() for tick in ticks]
        assert all(left.x1 < right.x0 for left, right in itertools.pairwise(boxes))
        assert min(box.y0 for box in boxes) >= 0.0
        assert ax.get_window_extent().height > 120.0
    # Not into the panel below.
    assert min(t.get_window_extent().y0 for t in efficiency.get_xticklabels()) > energy.get_window_extent().y1


def test_on_the_scale_of_lithium_the_loops_move_and_nothing_else(simulated):
    several = [cycled(simulated, name, "C/5") for name in ("li-sb", "na-sb")]
    own, common = plots.loops(several), plots.loops(several, "Li")
    for left, right, shift in zip(own, common, (0.0, 0.3301), strict=True):
        for a, b in zip(left.lines[:2], right.lines[:2], strict=True):
            np.testing.assert_array_equal(a.get_xdata(), b.get_xdata())
            np.testing.assert_allclose(b.get_ydata() - a.get_ydata(), shift, atol=1e-9)
        assert right.get_ylabel() == r"Voltage vs $\mathrm{Li^+\!/Li}$  (V)"
        assert [t.get_text() for t in left.texts] == [t.get_text() for t in right.texts]
    assert own[1].get_ylabel() == r"Voltage vs $\mathrm{Na^+\!/Na}$  (V)"
    assert len({ax.get_ylim() for ax in own}) == 1


def test_bars_of_a_first_cycle_are_as_high_as_its_hysteresis(simulated):
    solution = cycled(simulated, "na-sb", "1C", 1)
    _, _, causes, energy = panels(plots.comparison(solution), 1)
    (summary,) = cycle_summaries(solution)
    assert heights(causes, 0)[1] == pytest.approx(summary.hysteresis_mV, rel=0.01)
    assert heights(energy, 0)[1] == pytest.approx(summary.loop_J_per_g, rel=0.01)


def test_a_comparison_without_a_closed_loop_is_drawn_in_silence(simulated):
    figure = plots.comparison(simulated("li-sb", "Insert at C/2 until 0.05 V"))
    assert "no full cycle" in [text.get_text() for text in figure.axes[0].texts]


def test_a_cycle_of_several_loops_does_not_keep_the_others_from_being_compared(simulated):
    steps = ("Insert at C/2 until x = 2", "Extract at C/2 until 1.5 V") * 2
    several = [cycled(simulated, "li-sb", "C/5"), simulated("na-sb", (steps,) * 2)]
    _, _, causes, _ = panels(plots.comparison(several), 2)
    stands_for(causes, 0, loss_breakdown(several[0]).losses_mV.sum(axis=0))
