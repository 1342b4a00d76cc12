"""Boundaries and colours of the map of paths, against maps made by hand."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from sbpath import Variation, plots
from sbpath.plots.path_map import REFINEMENT
from sbpath.studies.selection_map import SelectionMap


def chart(x, y, lead, failures=None):
    """A map of two paths of lithium's extraction whose logarithmic odds are `lead` at (x, y)."""
    odds = np.array([[lead(a, b) for a in x.values] for b in y.values])
    direct = 1.0 / (1.0 + np.exp(-odds))
    for failed in failures or {}:
        direct[failed] = np.nan
    ways = {("Li3Sb", "Sb"): direct, ("Li3Sb", "Li2Sb", "Sb"): 1.0 - direct}
    back = {("Sb", "Li2Sb", "Li3Sb"): np.where(np.isnan(direct), np.nan, 1.0)}
    return SelectionMap("li-sb", "candidate", x, y, {"insertion": back, "extraction": ways}, failures or {})


def boundaries(ax, width=1.4):
    """Points of the thick lines."""
    return np.vstack(
        [
            path.vertices
            for lines in ax.collections
            if isinstance(lines, mpl.contour.ContourSet) and np.isclose(lines.get_linewidths(), width).all()
            for path in lines.get_paths()
            if len(path.vertices)
        ]
    )


def test_a_map_ends_where_its_ranges_do():
    rate, temperature = Variation("rate", (0.1, 0.3, 1.0)), Variation("temperature", (0.0, 30.0, 60.0))
    for ax in plots.selection(chart(rate, temperature, lambda a, b: b - 31.0), "li-sb"):
        assert (*ax.get_xlim(), *ax.get_ylim()) == pytest.approx((0.1, 1.0, 0.0, 60.0))


def test_the_boundary_is_drawn_where_both_paths_carry_as_much():
    x = Variation("interfaces.Li2Sb|Li3Sb.energy_J_per_m2", (0.05, 0.06, 0.07, 0.08))
    y = Variation("temperature", (0.0, 20.0, 40.0))

    # Where x = 0.0625 + 1e-4 y, between the points of the grid.
    def where(celsius):
        return 0.0625 + 1e-4 * celsius

    axes = plots.selection(chart(x, y, lambda a, b: 300.0 * (a - where(b))), "li-sb")
    line = boundaries(axes[1])
    assert line[:, 1].min() == 0.0
    assert line[:, 1].max() == 40.0
    np.testing.assert_allclose(line[:, 0], where(line[:, 1]), atol=2e-4)
    assert not any(isinstance(c, mpl.contour.ContourSet) for c in axes[0].collections)
    assert (
        axes[0].get_xlabel()
        == r"$\gamma$(Li$\mathregular{_{2}}$Sb|Li$\mathregular{_{3}}$Sb)  (J m$\mathregular{^{-2}}$)"
    )
    assert axes[0].get_ylabel() == "Temperature  (°C)"
    names = [text.get_text() for text in axes[1].get_legend().get_texts()]
    assert [name.rpartition(",")[0] for name in names[:2]] == [
        r"Li$\mathregular{_{3}}$Sb $\rightarrow$ Sb",
        r"Li$\mathregular{_{3}}$Sb $\rightarrow$ Li$\mathregular{_{2}}$Sb $\rightarrow$ Sb",
    ]
    assert names[2:] == ["two paths carry as much", "one path carries 90 %"]


def test_cells_have_the_colour_of_their_winner_and_failed_runs_a_cross():
    x = Variation("rate", (0.01, 0.1, 1.0), logarithmic=True)
    y = Variation("temperature", (0.0, 25.0))
    made = chart(x, y, lambda a, b: 40.0 * (np.log10(a) + 1.5), failures={(1, 2): "no"})
    axes = plots.selection(made, "li-sb")
    ways, winner = made.winners("extraction")
    legend = axes[1].get_legend()
    colours = [to_rgb(patch.get_facecolor()) for patch in legend.get_patches()]
    # The cells around the points of the grid.
    cells = axes[1].collections[0].get_array()[::REFINEMENT, ::REFINEMENT, :3]
    assert cells.shape == (2, 3, 3)
    for place in np.ndindex(2, 3):
        if winner[place] >= 0:
            np.testing.assert_allclose(cells[place], colours[winner[place]], atol=1e-3)
        else:
            np.testing.assert_allclose(cells[place], 1.0)
    (cross,) = (line for line in axes[1].lines if line.get_marker() == "x")
    assert cross.get_xydata().tolist() == [[1.0, 25.0]]
    assert axes[1].get_xscale() == "log"
    assert axes[1].get_xlabel() == "C-rate  (h$\\mathregular{^{-1}}$)"
    # The path that insertion took is the reverse of one of extraction, and has its colour.
    (into,) = (to_rgb(patch.get_facecolor()) for patch in axes[0].get_legend().get_patches())
    assert into == colours[ways.index(("Li3Sb", "Li2Sb", "Sb"))]


def test_on_a_logarithmic_axis_the_boundary_is_interpolated_in_logarithms():
    x = Variation("rate", (0.01, 0.1, 1.0, 10.0), logarithmic=True)
    y = Variation("temperature", (0.0, 25.0))
    axes = plots.selection(chart(x, y, lambda a, b: 4.0 * (np.log10(a) + 0.5)), "li-sb")
    np.testing.assert_allclose(boundaries(axes[1])[:, 0], 10.0**-0.5, rtol=0.02)
