"""A measured quantity of a sweep: a line over one parameter, a map over two."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from sbpath.errors import InputError
from sbpath.plots.labels import TITLE_LETTERS, measure_label, parameter_label, subject
from sbpath.plots.layout import panel
from sbpath.plots.style import SINGLE
from sbpath.solution import Floats
from sbpath.sweeps.ranges import RATE
from sbpath.sweeps.table import SweepTable

# Perceptually uniform, also for colour-blind readers.
COLOURS = "viridis"


def sweep(table: SweepTable, quantity: str = "hysteresis_mV", axes: Axes | None = None) -> Axes:
    """A measured quantity over one or two parameters; crosses are failed runs.

    Parameters
    ----------
    table : SweepTable
        From `sbpath.sweep` or `sbpath.load_sweep`; a grid is drawn as cells, a sample as points.
    quantity : str
        A column of numbers.
    """
    names = list(table.parameters)
    if len(names) > 2:
        raise InputError(f"sweep: one or two varied quantities can be drawn, not {len(names)}")
    numbers = [name for name in table.measured if table[name].dtype == float]
    if table[quantity].dtype != float:
        raise InputError(f"{quantity}: is a text and cannot be drawn; numbers are {', '.join(numbers)}")
    mechanism = table.mechanism
    with panel(axes, 1.15 * SINGLE, 0.85 * SINGLE) as axes:
        if len(names) == 1:
            _line(axes, table, quantity)
            axes.set_ylabel(measure_label(quantity, mechanism))
        else:
            image = _map(axes, table, quantity)
            axes.figure.colorbar(image, ax=axes, label=measure_label(quantity, mechanism))
            axes.set_ylabel(parameter_label(names[1], table.units[names[1]], mechanism))
        axes.set_xlabel(parameter_label(names[0], table.units[names[0]], mechanism))
        crosses = r"; $\times$ failed" if table.failed.any() else ""
        title = textwrap.fill(subject(mechanism), TITLE_LETTERS)
        axes.set_title(f"{title}\n{table.about['graph']} graph{crosses}", loc="left")
    return axes


def _line(axes: Axes, table: SweepTable, quantity: str) -> None:
    (varied,) = table.about["vary"]
    order = np.argsort(table[varied["name"]])
    x, y = table[varied["name"]][order], table[quantity][order]
    axes.plot(x, y, "o-", ms=3.5, color="black")
    _cross(axes, x[table.failed[order]], np.full(int(table.failed.sum()), np.nanmin(y, initial=np.inf)))
    if _logarithmic(varied):
        axes.set_xscale("log")


def _map(axes: Axes, table: SweepTable, quantity: str) -> Any:
    across, up = table.about["vary"]
    x, y = table[across["name"]], table[up["name"]]
    if table.about["sample"] is not None:
        image = axes.scatter(x, y, c=table[quantity], cmap=COLOURS, s=14, linewidths=0.0, plotnonfinite=False)
    else:
        columns, rows = np.array(across["values"]), np.array(up["values"])
        cells = np.full((len(rows), len(columns)), np.nan)
        cells[np.searchsorted(rows, y), np.searchsorted(columns, x)] = table[quantity]
        edges = _edges(columns, _logarithmic(across)), _edges(rows, _logarithmic(up))
        image = axes.pcolormesh(*edges, cells, cmap=COLOURS)
        # Cells at the rim are cut in half: nothing was run beyond their centres.
        axes.set(xlim=_range(columns, edges[0]), ylim=_range(rows, edges[1]))
    _cross(axes, x[table.failed], y[table.failed])
    for varied, scale in ((across, axes.set_xscale), (up, axes.set_yscale)):
        if _logarithmic(varied):
            scale("log")
    return image


def _cross(axes: Axes, x: Floats, y: Floats) -> None:
    axes.plot(x, y, "x", color="black", ms=4)


def _logarithmic(varied: dict[str, Any]) -> bool:
    return varied["logarithmic"] or varied["name"] == RATE


def _range(values: Floats, edges: Floats) -> tuple[float, float]:
    """The range of `values`; that of the cell if there is only one."""
    ends = values if len(values) > 1 else edges
    return float(ends[0]), float(ends[-1])


def _edges(values: Floats, logarithmic: bool) -> Floats:
    """Boundaries of cells around `values`, halfway between neighbours on the axis as drawn."""
    places = np.log(values) if logarithmic else values
    between = 0.5 * (places[1:] + places[:-1])
    edges = np.concatenate([[2.0 * places[0] - between[0]], between, [2.0 * places[-1] - between[-1]]])
    return np.exp(edges) if logarithmic else edges
