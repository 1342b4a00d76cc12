"""Numbers in the figure of the losses, against the results."""

from __future__ import annotations

import numpy as np
import pytest
from bars import stands_for
from curves import cycled
from tiny import solution_phase

from sbpath import (
    cycling,
    hysteresis_profile,
    loss_breakdown,
    path_asymmetry,
    plots,
    simulate,
)
from sbpath.plots.losses import bars
from sbpath.results.loss_breakdown import LOSSES
from sbpath.studies.zero_rate import CENTURY_C, ZeroRate


@pytest.fixture(scope="module")
def lithium(simulated):
    return cycled(simulated, "li-sb", "C/10")


@pytest.mark.parametrize("name", ["li-sb", "li-sb-llzo", "na-sb"])
def test_the_gap_draws_the_profile_and_the_stack_of_its_losses(simulated, name):
    solution = cycled(simulated, name, "C/5")
    ax, profile = plots.hysteresis_profile(solution), hysteresis_profile(solution)
    (line,) = ax.lines
    np.testing.assert_array_equal(line.get_xdata(), profile.composition)
    np.testing.assert_array_equal(line.get_ydata(), profile.gap_mV)
    # The layers lie on each other; the upper edge of the last one is the sum.
    seen = [i for i in range(len(LOSSES)) if profile.losses_mV[i].max() > 0.05]
    layers = [c for c in ax.collections if c.get_hatch() is None]
    assert [c.get_label() for c in layers] == [LOSSES[i] for i in seen]
    for x, total in zip(profile.composition[::9], profile.losses_mV[seen].sum(axis=0)[::9], strict=True):
        vertices = layers[-1].get_paths()[0].vertices
        assert vertices[np.isclose(vertices[:, 0], x), 1].max() == pytest.approx(total, rel=1e-9)
    # The hatch fills what is between the sum and the line, which cancels over the cycle.
    hatched = [c for c in ax.collections if c.get_hatch() is not None]
    between = profile.gap_mV - profile.losses_mV.sum(axis=0)
    assert len(hatched) == (np.quantile(np.abs(between), 0.9) > 0.01 * profile.gap_mV.max())
    assert abs(np.trapezoid(between, profile.composition)) < 0.03 * np.trapezoid(
        profile.gap_mV, profile.composition
    )
    ion = solution.mechanism.ion
    assert (ax.get_xlabel(), ax.get_ylabel()) == (
        f"x in {ion}$\\mathregular{{_x}}$Sb",
        "Extraction less insertion  (mV)",
    )
    assert ax.get_ylim()[1] >= profile.losses_mV.sum(axis=0).max()


def test_bars_stack_to_their_sum_in_the_colours_of_the_causes():
    losses = np.array([[100.0, 20.0, 5.0, 0.0, 1.0, 8.0, 3.0], [0.0, 10.0, 0.0, 40.0, 0.0, 0.0, 0.0]])
    ax = bars(["one", "two"], losses, "Hysteresis  (mV)")
    for number in (0, 1):
        stands_for(ax, number, losses[number])
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["one", "two"]
    assert ax.get_xlabel() == "Hysteresis  (mV)"
    assert {text.get_text() for text in ax.get_legend().get_texts()} == set(LOSSES)


def test_losses_shows_causes_asymmetry_and_limit(lithium):
    compared, own = path_asymmetry(lithium), loss_breakdown(lithium)
    rates = np.array([1e-3, 1e-2, 1e-1, 1.0, 3.0])
    law = 1000.0 / np.sqrt(27.0 - np.log(rates)) + 12.0 * rates
    law[-1] += 40.0  # too fast for the law
    limit = ZeroRate("li-sb", rates, law, 4, 1000.0, 27.0, 12.0, 0.0)
    figure = plots.losses(lithium, compared, limit)
    axes = {ax.get_label(): ax for ax in figure.axes}
    assert set(axes) == {"gap", "bars", "asymmetry", "limit"}
    for number in (0, 1):
        stands_for(axes["bars"], number, own.losses_mV[number])
    assert f"{own.hysteresis_mV:.0f} mV, {own.loop_J_per_g:.0f} J g" in figure.get_suptitle()
    # Free, insertion path both ways, extraction path both ways.
    for number, item in enumerate((compared.free, *(held.loss_breakdown for held in compared.constrained))):
        stands_for(axes["asymmetry"], number, item.losses_mV.sum(axis=0))
    drawn, fitted, rest, remains = axes["limit"].lines
    np.testing.assert_allclose(drawn.get_ydata(), limit.law_mV(drawn.get_xdata()), rtol=1e-12)
    assert (drawn.get_xdata()[0], drawn.get_xdata()[-1]) == (pytest.approx(CENTURY_C), pytest.approx(1.0))
    np.testing.assert_array_equal(fitted.get_xydata().T, [rates[:4], limit.hysteresis_mV[:4]])
    np.testing.assert_array_equal(rest.get_xydata().T, [rates[4:], limit.hysteresis_mV[4:]])
    assert (remains.get_xdata()[0], remains.get_ydata()[0]) == (CENTURY_C, limit.remaining_mV)
    assert axes["limit"].get_xscale() == "log"
    assert axes["limit"].get_xlabel() == "C-rate c  (h$\\mathregular{^{-1}}$)"
    for ax in axes.values():
        assert "(mV)" in ax.get_ylabel() + ax.get_xlabel()


def test_a_cycle_without_losses_can_be_drawn():
    phase = solution_phase([(3.0, 0.7, 1.0)], cutoffs=(0.1, 1.5))
    plots.losses(simulate(phase, cycling("C/10", 0.1, 1.5, 2), progress=False))
