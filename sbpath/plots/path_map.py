"""The dominant path over two quantities, with boundaries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from sbpath.errors import InputError
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.notation import node_labels
from sbpath.mechanism.reader import load_mechanism
from sbpath.plots.colours import node_looks
from sbpath.plots.labels import parameter_label
from sbpath.plots.layout import extent, grow, panels, settled, wrapped
from sbpath.plots.style import DIRECTIONS, DOUBLE, PHASES, line_width
from sbpath.solution import Floats
from sbpath.studies.selection_map import SelectionMap, Way
from sbpath.sweeps.ranges import Variation

# Added to shares before the logarithm, so that rounding residues do not distort a boundary.
SHARE_FLOOR = 1e-5
# Interpolation steps between two points of the grid for boundaries.
REFINEMENT = 20
# Lines of equal shares of two paths, and of this share of one.
EQUAL: Any = {"linewidth": 1.4, "linestyle": "-", "label": "two paths carry as much"}
MOSTLY: Any = {"linewidth": 0.9, "linestyle": ":", "label": "one path carries 90 %"}
ARROW = r" $\rightarrow$ "
# Width of the legend patch of a path (inch).
HANDLE_INCH = 0.35


def selection(
    chart: SelectionMap, mechanism: Mechanism | str, axes: Sequence[Axes] | None = None
) -> list[Axes]:
    """Dominant path of insertion and of extraction over the grid, with boundaries as black lines.

    On a boundary two paths have equal shares, interpolated between the runs; on a dotted line the dominant one has
    90 %. Paler colours mean a smaller share; the legend says from where to where it goes.

    Parameters
    ----------
    chart : SelectionMap
        From `sbpath.selection_map`.
    mechanism : Mechanism or str
        For the names of its phases.
    """
    if not isinstance(mechanism, Mechanism):
        mechanism = load_mechanism(mechanism)
    if axes is not None and len(axes) != 2:
        raise InputError("selection: give two axes, for insertion and extraction, or none")
    labels = node_labels(mechanism, mathtext=True, short=True)
    with panels(axes, 1, 2, (DOUBLE, 3.4), sharex=True, sharey=True) as both:
        # A path and its reverse have the same colour.
        both_ways = [_either_way(w) for direction in chart.shares for w in chart.winners(direction)[0]]
        colours = _colours(sorted(set(both_ways), key=lambda way: (len(way), way)), mechanism)
        for ax, direction in zip(both, DIRECTIONS, strict=True):
            _panel(ax, chart, direction, colours)
            ax.set_xlabel(parameter_label(chart.x.name, "", mechanism))
        both[0].set_ylabel(parameter_label(chart.y.name, "", mechanism))
        figure = settled(both[0])
        lines = [_legend(ax, chart, way, labels, colours) for ax, way in zip(both, DIRECTIONS, strict=True)]
        if axes is None:
            grow(figure, lines=1 + max(lines))
    return both


def _panel(ax: Axes, chart: SelectionMap, direction: str, colours: dict[Way, str]) -> None:
    ways, winner = chart.winners(direction)
    x, y = np.array(chart.x.values), np.array(chart.y.values)
    shares = np.array([chart.shares[direction][way] for way in ways]).reshape(len(ways), *winner.shape)
    across, up = _fine(chart.x), _fine(chart.y)
    ax.set(xlim=(across[0], across[-1]), ylim=(up[0], up[-1]))
    if ways:
        # Logarithms of shares are nearly linear across a boundary.
        logs = np.array([_refined(chart, np.log(share + SHARE_FLOOR)) for share in shares])
        ax.pcolormesh(across, up, _image(logs, [colours[_either_way(way)] for way in ways]), rasterized=True)
        for number in range(len(ways)):
            for levels, values, look in (
                (0.0, _lead(logs, number), EQUAL),
                (0.9, _refined(chart, shares[number]), MOSTLY),
            ):
                if np.nanmin(values) < levels < np.nanmax(values):
                    width = line_width(look["linewidth"])
                    ax.contour(
                        across,
                        up,
                        values,
                        levels=[levels],
                        colors="black",
                        linewidths=width,
                        linestyles=look["linestyle"],
                    )
    for row, column in chart.failures:
        ax.plot(x[column], y[row], "x", color="black", ms=4)
    for variation, scale in ((chart.x, ax.set_xscale), (chart.y, ax.set_yscale)):
        if variation.logarithmic:
            scale("log")


def _image(logs: Floats, colours: Sequence[str]) -> Floats:
    """Colours, shape (ny, nx, 3), of the leading paths: pale where the share is smallest, full where it is all.

    White where a run failed or nothing was converted.
    """
    leading = np.argmax(np.where(np.isfinite(logs), logs, -np.inf), axis=0)
    share = np.exp(np.max(logs, axis=0)) - SHARE_FLOOR
    known = share > SHARE_FLOOR
    smallest = min(float(share[known].min(initial=1.0)), 0.99)
    strength = np.clip(0.25 + 0.75 * (share - smallest) / (1.0 - smallest), 0.0, 1.0)
    pigment = 1.0 - np.array([to_rgb(colour) for colour in colours])[leading]
    return np.where(known[..., None], 1.0 - strength[..., None] * pigment, 1.0)


def _lead(logs: Floats, number: int) -> Floats:
    """Logarithm of a share over the largest of the others."""
    others = np.delete(logs, number, axis=0)
    return logs[number] - (others.max(axis=0) if len(others) else np.log(SHARE_FLOOR))


def _legend(
    ax: Axes, chart: SelectionMap, direction: str, labels: dict[str, str], colours: dict[Way, str]
) -> int:
    """Paths by colour, and lines, above a panel; returns the number of lines beyond one each."""
    ways, winner = chart.winners(direction)
    width = extent(ax).width - HANDLE_INCH * cast(Figure, ax.figure).dpi
    handles: list[Any] = []
    lines = 0
    for number, way in enumerate(ways):
        won = np.asarray(chart.shares[direction][way]).reshape(winner.shape)[winner == number]
        low, high = f"{100.0 * won.min():.0f}", f"{100.0 * won.max():.0f} %"
        share = high if f"{low} %" == high else f"{low} to {high}"
        chain = wrapped(
            ax, [*(labels[phase] for phase in way[:-1]), f"{labels[way[-1]]}, {share}"], ARROW, width, "small"
        )
        handles.append(Patch(color=colours[_either_way(way)], label=chain))
        lines += chain.count("\n")
    contours: list[Any] = [c for c in ax.collections if isinstance(c, ContourSet)]
    for look in (EQUAL, MOSTLY):
        if any(np.isclose(c.get_linewidths(), line_width(look["linewidth"])).all() for c in contours):
            handles.append(
                Line2D([], [], color="black", **{**look, "linewidth": line_width(look["linewidth"])})
            )
            lines += 1
    ax.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=1, title=f"{direction}:" if ways else f"{direction}: no path was taken",
        alignment="left", borderaxespad=0.3,
    )  # fmt: skip
    return lines


def _fine(variation: Variation) -> Floats:
    """Points of an axis, `REFINEMENT` to each step, evenly as drawn (logarithmic or not)."""
    along = np.log(variation.values) if variation.logarithmic else np.array(variation.values)
    fine = np.linspace(along[0], along[-1], REFINEMENT * (len(along) - 1) + 1)
    return np.exp(fine) if variation.logarithmic else fine


def _refined(chart: SelectionMap, values: Floats) -> Floats:
    """`values` interpolated between grid points, linearly along each axis as drawn (logarithmic or not)."""
    for variation, axis in ((chart.y, 0), (chart.x, 1)):
        scale = np.log if variation.logarithmic else np.asarray
        along, fine = scale(variation.values), scale(_fine(variation))
        values = np.apply_along_axis(lambda v, a=along, f=fine: np.interp(f, a, v), axis, values)
    return values


def _colours(ways: Sequence[Way], mechanism: Mechanism) -> dict[Way, str]:
    """Of each path, the colour of a phase on it that no earlier path has: between its ends if there is one."""
    looks = node_looks(mechanism)
    chosen: dict[Way, str] = {}
    for way in ways:
        fullest_first = sorted((way[0], way[-1]), key=mechanism.full_content, reverse=True)
        preferred = [looks[phase].colour for phase in (*way[1:-1], *fullest_first)]
        free = [colour for colour in (*preferred, *PHASES) if colour not in chosen.values()]
        chosen[way] = free[0] if free else preferred[0]
    return chosen


def _either_way(way: Way) -> Way:
    return min(way, way[::-1])
