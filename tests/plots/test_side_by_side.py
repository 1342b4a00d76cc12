"""Loops, gaps and causes of a comparison as drawn, against the results."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from bars import lengths, stands_for
from curves import cycled

from sbpath import hysteresis_profile, load_mechanism, loss_breakdown, plots, simulate, with_design
from sbpath.plots.style import SYSTEMS
from sbpath.results.cycles import cycle_summaries

GAP, CAUSES = "Voltage gap  (mV)", "Hysteresis  (mV)"


def panels(figure):
    """The panels of gaps and of causes."""
    return [
        next(ax for ax in figure.axes if label in (ax.get_xlabel(), ax.get_ylabel()))
        for label in (GAP, CAUSES)
    ]


def test_comparison_draws_loops_gaps_and_causes(simulated):
    several = [cycled(simulated, name, "C/5") for name in ("li-sb", "na-sb", "k-sb")]
    figure = plots.comparison(several)
    assert len(figure.axes) == 5
    gap, causes = panels(figure)
    squares = [line for line in causes.lines if line.get_marker() == "s"]
    for number, solution in enumerate(several):
        own, profile = loss_breakdown(solution), hysteresis_profile(solution)
        stands_for(causes, number, own.losses_mV.sum(axis=0))
        line = gap.lines[number]
        np.testing.assert_array_equal(line.get_ydata(), profile.gap_mV)
        np.testing.assert_allclose(line.get_xdata(), profile.composition / solution.composition.max())
        # Loop, gap and the square before its bar have one colour.
        assert {line.get_color(), squares[number].get_color(), figure.axes[number].lines[0].get_color()} == {
            SYSTEMS[number]
        }
        assert squares[number].get_ydata()[0] == number
    names = [
        "Sb in a Li cell, liquid electrolyte",
        "Sb in a Na cell, liquid electrolyte",
        "Sb in a K cell, liquid electrolyte",
    ]
    assert [tick.get_text().replace("\n", " ") for tick in causes.get_yticklabels()] == names
    titles = [ax.get_title(loc="left").replace("\n", " ") for ax in figure.axes[:3]]
    assert titles == [f"{name}, 25 °C" for name in names]
    # One label for the row: the cells have different metals.
    assert [ax.get_ylabel() for ax in figure.axes[:3]] == [r"Voltage vs M$\mathregular{^{+}}$/M  (V)", "", ""]


@pytest.mark.parametrize("count", [1, 3, 4, 5, 8])
def test_names_beside_the_bars_of_a_comparison_do_not_overlap(simulated, count):
    names = ["li-sb2s3-libh4", "li-sb2se3-libh4", "li-sb2te3-libh4", "li-gasb-libh4"]
    several = [cycled(simulated, name, rate) for rate in ("1C", "C/2") for name in names][:count]
    figure = plots.comparison(several)
    figure.draw_without_rendering()
    gap, causes = panels(figure)
    ticks = causes.get_yticklabels()
    assert len(ticks) == count
    boxes = [tick.get_window_extent() for tick in ticks]
    assert all(upper.y0 > lower.y1 for upper, lower in itertools.pairwise(boxes))
    assert min(box.x0 for box in boxes) >= 0.0
    edge = max(box.x1 for box in boxes)
    squares = [line.get_window_extent() for line in causes.lines if line.get_marker() == "s"]
    assert all(edge < box.x0 and box.x1 < causes.get_window_extent().x0 for box in squares)
    # A bar has the same height however few there are.
    heights = [bar.get_window_extent().height / figure.dpi for bar in causes.patches]
    assert max(heights) < 0.45
    assert gap.get_window_extent().height / figure.dpi > 1.2


def test_what_a_comparison_varies_is_named_and_a_copy_tells_its_name(simulated):
    mechanism = load_mechanism("li-sb")
    nano = with_design(mechanism, "nano")
    copy = mechanism.model_copy(update={"name": "mine", "title": "Sb in a Li cell, liquid electrolyte"})
    protocol = ("Insert at 1C until 0.05 V", "Extract at 1C until 1.5 V")
    several = [
        simulate(m, [protocol] * 2, graph=g, progress=False) for m, g in ((nano, None), (nano, "reported"))
    ]
    several.append(simulate(copy, [protocol] * 2, progress=False))
    titles = [ax.get_title(loc="left").replace("\n", " ") for ax in plots.loops(several)]
    assert "nano electrode" in titles[0]
    assert "reported graph" in titles[1]
    several = [simulate(m, [protocol] * 2, progress=False) for m in (mechanism, copy)]
    titles = [ax.get_title(loc="left").replace("\n", " ") for ax in plots.loops(several)]
    assert titles == [f"Sb in a Li cell, liquid electrolyte ({name}), 25 °C" for name in ("li-sb", "mine")]


def test_on_the_scale_of_lithium_the_loops_move_and_nothing_else(simulated):
    several = [cycled(simulated, name, "C/5") for name in ("li-sb", "na-sb")]
    own, common = plots.loops(several), plots.loops(several, "Li")
    for left, right, shift in zip(own, common, (0.0, 0.3301), strict=True):
        for a, b in zip(left.lines[:2], right.lines[:2], strict=True):
            np.testing.assert_array_equal(a.get_xdata(), b.get_xdata())
            np.testing.assert_allclose(b.get_ydata() - a.get_ydata(), shift, atol=1e-9)
        assert [t.get_text() for t in left.texts] == [t.get_text() for t in right.texts]
    assert common[0].get_ylabel() == r"Voltage vs Li$\mathregular{^{+}}$/Li  (V)"
    assert own[0].get_ylabel() == r"Voltage vs M$\mathregular{^{+}}$/M  (V)"
    assert len({ax.get_ylim() for ax in own}) == 1


def test_the_bar_of_a_first_cycle_is_as_long_as_its_hysteresis(simulated):
    solution = cycled(simulated, "na-sb", "1C", 1)
    _, causes = panels(plots.comparison(solution))
    (summary,) = cycle_summaries(solution)
    assert lengths(causes, 0)[1] == pytest.approx(summary.hysteresis_mV, rel=0.01)


def test_a_comparison_without_a_closed_loop_is_drawn_in_silence(simulated):
    figure = plots.comparison(simulated("li-sb", "Insert at C/2 until 0.05 V"))
    assert "no full cycle" in [text.get_text() for text in figure.axes[0].texts]


def test_a_cycle_of_several_loops_does_not_keep_the_others_from_being_compared(simulated):
    steps = ("Insert at C/2 until x = 2", "Extract at C/2 until 1.5 V") * 2
    several = [cycled(simulated, "li-sb", "C/5"), simulated("na-sb", (steps,) * 2)]
    _, causes = panels(plots.comparison(several))
    stands_for(causes, 0, loss_breakdown(several[0]).losses_mV.sum(axis=0))
