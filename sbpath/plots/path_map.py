"""The dominant path over two quantities, with boundaries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from sbpath.errors import InputError
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.notation import node_labels
from sbpath.mechanism.reader import load_mechanism
from sbpath.plots.labels import parameter_label
from sbpath.plots.layout import extent, grow, settled, wrapped
from sbpath.plots.style import BLUE, DOUBLE, GREEN, GREY, ORANGE, PURPLE, SKY, YELLOW, style
from sbpath.solution import Floats
from sbpath.studies.selection_map import SelectionMap, Way

COLOURS = (BLUE, ORANGE, GREEN, PURPLE, SKY, YELLOW, GREY)
# Added to shares before the logarithm, so that rounding residues do not distort a boundary.
SHARE_FLOOR = 1e-5
# Interpolation steps between two points of the grid for boundaries.
REFINEMENT = 20
ARROW = r" $\rightarrow$ "
# Width of the legend patch of a path (inch).
HANDLE_INCH = 0.35


def selection(
    chart: SelectionMap, mechanism: Mechanism | str, axes: Sequence[Axes] | None = None
) -> list[Axes]:
    """Dominant path of insertion and of extraction over the grid, with boundaries as white lines.

    On a boundary two paths have equal shares, interpolated between the runs; on a dotted line the
    dominant one has 90 %. Paler colours mean a smaller share.

    Parameters
    ----------
    chart : SelectionMap
        From `sbpath.selection_map`.
    mechanism : Mechanism or str
        For the names of its phases.
    axes : pair of Axes, optional
        For insertion and extraction; a new figure if not given.
    """
    if not isinstance(mechanism, Mechanism):
        mechanism = load_mechanism(mechanism)
    if axes is not None and len(axes) != 2:
        raise InputError("selection: give two axes, for insertion and extraction, or none")
    labels = node_labels(mechanism, mathtext=True, short=True)
    with style():
        new_figure = axes is None
        if axes is None:
            _, both = plt.subplots(
                1, 2, sharex=True, sharey=True, figsize=(DOUBLE, 3.4), layout="constrained"
            )
            axes = list(both)
        # A path and its reverse have the same colour.
        both_ways = [_either_way(w) for direction in chart.shares for w in chart.winners(direction)[0]]
        colours = {w: COLOURS[i % len(COLOURS)] for i, w in enumerate(sorted(set(both_ways), key=len))}
        for ax, direction in zip(axes, ("insertion", "extraction"), strict=True):
            _panel(ax, chart, direction, colours)
            ax.set_xlabel(parameter_label(chart.x.name, "", mechanism))
        axes[0].set_ylabel(parameter_label(chart.y.name, "", mechanism))
        figure = settled(axes[0])
        lines = [
            _legend(ax, chart.winners(direction)[0], direction, labels, colours)
            for ax, direction in zip(axes, ("insertion", "extraction"), strict=True)
        ]
        if new_figure:
            grow(figure, lines=1 + max(lines))
    return list(axes)


def _panel(ax: Axes, chart: SelectionMap, direction: str, colours: dict[Way, str]) -> None:
    ways, winner = chart.winners(direction)
    x, y = np.array(chart.x.values), np.array(chart.y.values)
    shares = np.array([chart.shares[direction][way] for way in ways]).reshape(len(ways), *winner.shape)
    # If nothing was converted anywhere there are no paths.
    best = np.max(np.nan_to_num(shares), axis=0, initial=0.0)
    # From pale at small shares to the full colour where one path takes all.
    image = np.ones((*winner.shape, 3))
    for number, way in enumerate(ways):
        colour = np.array(to_rgb(colours[_either_way(way)]))
        strength = np.clip(0.25 + 0.75 * best, 0.0, 1.0)[..., None]
        image = np.where((winner == number)[..., None], 1.0 - strength * (1.0 - colour), image)
    ax.pcolormesh(x, y, image, shading="nearest")
    for number in range(len(ways)):
        others = np.delete(shares, number, axis=0)
        # Logarithms of shares are nearly linear across a boundary.
        strongest = others.max(axis=0) if len(others) else np.zeros_like(shares[number])
        lead = np.log(shares[number] + SHARE_FLOOR) - np.log(strongest + SHARE_FLOOR)
        if np.nanmin(lead) < 0.0 < np.nanmax(lead):
            ax.contour(*_refined(chart, lead), levels=[0.0], colors="white", linewidths=1.8)
        if np.nanmin(shares[number]) < 0.9 < np.nanmax(shares[number]):
            fine = _refined(chart, shares[number])
            ax.contour(*fine, levels=[0.9], colors="white", linewidths=0.9, linestyles=":")
    for row, column in chart.failures:
        ax.plot(x[column], y[row], "x", color="black", ms=4)
    for variation, scale in ((chart.x, ax.set_xscale), (chart.y, ax.set_yscale)):
        if variation.logarithmic:
            scale("log")


def _legend(
    ax: Axes, ways: Sequence[Way], direction: str, labels: dict[str, str], colours: dict[Way, str]
) -> int:
    """Paths by colour above a panel; returns the number of lines beyond one each."""
    width = extent(ax).width - HANDLE_INCH * cast(Figure, ax.figure).dpi
    chains = [wrapped(ax, [labels[phase] for phase in way], ARROW, width, 7.0) for way in ways]
    handles = [
        Patch(color=colours[_either_way(way)], label=chain) for way, chain in zip(ways, chains, strict=True)
    ]
    ax.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=1, title=f"{direction}:",
        alignment="left", borderaxespad=0.3,
    )  # fmt: skip
    return sum(chain.count("\n") for chain in chains)


def _refined(chart: SelectionMap, values: Floats) -> tuple[Floats, Floats, Floats]:
    """`values` interpolated between grid points, linearly along each axis as drawn (logarithmic or not)."""
    axes = []
    for variation, axis in ((chart.y, 0), (chart.x, 1)):
        along = np.log(variation.values) if variation.logarithmic else np.array(variation.values)
        fine = np.linspace(along[0], along[-1], REFINEMENT * (len(along) - 1) + 1)
        values = np.apply_along_axis(lambda v, a=along, f=fine: np.interp(f, a, v), axis, values)
        axes.append(np.exp(fine) if variation.logarithmic else fine)
    return axes[1], axes[0], values


def _either_way(way: Way) -> Way:
    return min(way, way[::-1])
