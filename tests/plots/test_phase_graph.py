"""Widths, colours and words of the graph of paths, against the charge that each edge carried."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest
from curves import cycled
from matplotlib.colors import to_rgb
from matplotlib.path import Path
from tiny import solution_phase

from sbpath import cycling, load_mechanism, pathways, plots, shipped_names, simulate
from sbpath.plots.style import EXTRACTION, INSERTION


@pytest.fixture(scope="module")
def lithium(simulated):
    return cycled(simulated, "li-sb", "C/10")


def carried(solution):
    """Arrow and charge of the last cycle of each edge, in the order of the graph."""
    ax = plots.paths(solution)
    arrows = [p for p in ax.patches if isinstance(p, mpl.patches.FancyArrowPatch)]
    last = solution.steps[-1].cycle
    charge = sum(way.charge_mAh_per_g for way in pathways(solution) if way.cycle == last)
    assert len(arrows) == len(solution.edges)
    return ax, arrows, charge


@pytest.mark.parametrize("name", ["li-sb", "na-sb", "k-sb"])
def test_arrows_are_wider_the_more_they_carried_and_coloured_by_direction(simulated, name):
    ax, arrows, charge = carried(cycled(simulated, name, "C/5"))
    widths = np.array([arrow.get_linewidth() for arrow in arrows])
    active = np.abs(charge) > 0.2 * np.abs(charge).max()  # the faintest ones have a least width
    order = np.argsort(np.abs(charge[active]))
    assert np.all(np.diff(widths[active][order]) >= 0.0)
    # A straight line: the widest carried most, and half of its charge has half of its extra width.
    slope = np.polyfit(np.abs(charge[active]), widths[active], 1)
    np.testing.assert_allclose(np.polyval(slope, np.abs(charge[active])), widths[active], atol=1e-9)
    for arrow, amount in zip(arrows, charge, strict=True):
        if abs(amount) > 5.0:
            wanted = INSERTION if amount > 0.0 else EXTRACTION
            assert to_rgb(arrow.get_edgecolor()) == to_rgb(wanted)
            assert any(text.get_text().startswith(f"{abs(amount):.0f} mAh/g") for text in ax.texts)
    assert widths[~active].max(initial=0.0) < 1.5


def test_the_width_of_an_arrow_is_the_charge_that_it_carried(lithium):
    _, arrows, charge = carried(lithium)
    widths = np.array([arrow.get_linewidth() for arrow in arrows])
    active = np.abs(charge) > 100.0
    per_charge = widths[active] / np.abs(charge[active])
    np.testing.assert_allclose(per_charge, per_charge[0], rtol=0.1)


def test_paths_tell_what_edges_did_not_carry(simulated):
    solution = cycled(simulated, "na-sb", "C/5")
    ax, _, _ = carried(solution)
    words = "\n".join(text.get_text() for text in ax.texts)
    for way in pathways(solution)[2:]:
        assert f"{way.direction}: {abs(way.filling_mAh_per_g):.0f} mAh/g fill or empty" in words
        assert f"{abs(way.double_layer_mAh_per_g):.0f} mAh/g the double layer" in words


def test_paths_of_a_graph_without_edges_can_be_drawn():
    phase = solution_phase([(3.0, 0.7, 1.0)], cutoffs=(0.1, 1.5))
    plots.paths(simulate(phase, cycling("C/10", 0.1, 1.5), progress=False))


@pytest.mark.parametrize("name", shipped_names())
def test_a_label_lies_clear_of_arrows_but_its_own(name):
    ax = plots.graph(load_mechanism(name))
    ax.figure.draw_without_rendering()
    lines = [
        Path(part).interpolated(10).vertices
        for arrow in ax.patches
        if isinstance(arrow, mpl.patches.FancyArrowPatch)
        for part in arrow.get_transform().transform_path(arrow.get_path()).to_polygons(closed_only=False)[:1]
    ]
    for text in ax.texts:
        if " V" in text.get_text():
            box = text.get_window_extent().padded(4.0)
            hits = sum(((line > box.min) & (line < box.max)).all(axis=1).any() for line in lines)
            assert hits <= 1, text.get_text()
