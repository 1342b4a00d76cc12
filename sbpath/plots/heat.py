"""Heat flow of a half-cell, as in isothermal microcalorimetry."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from sbpath.plots.labels import capacity_label, per_gram, voltage_label
from sbpath.plots.layout import panels
from sbpath.plots.style import DOUBLE, GREY, line_width
from sbpath.results.calorimetry import heat_flow
from sbpath.results.cycles import half_cycles_of
from sbpath.solution import Solution
from sbpath.text.tables import which_cycle


def heat(solution: Solution, cycle: int | None = None, axes: np.ndarray | None = None) -> np.ndarray:
    """Voltage, and below it the heat flow out of the half-cell, against capacity.

    Parameters
    ----------
    axes : array of Axes, shape (2, m), optional
        For the m half cycles of that cycle; a new figure if not given.
    """
    halves = half_cycles_of(solution, cycle)
    flow = heat_flow(solution)
    lost = flow.irreversible_W_per_g
    with panels(axes, 2, len(halves), (DOUBLE, 3.8), sharex="col", sharey="row") as drawn:
        grid = np.array(drawn).reshape(2, -1)
        for half, (top, bottom) in zip(halves, grid.T, strict=True):
            capacity = solution.capacity_mAh_per_g[half.rows]
            top.plot(capacity, solution.voltage_V[half.rows], color="black")
            top.set_title(f"{half.direction}, {which_cycle(solution, half.cycle)}", loc="left")
            _curves(bottom, capacity, half.rows, lost, flow.reversible_W_per_g)
            bottom.set_xlabel(capacity_label(solution))
            bottom.set_xlim(0.0, float(capacity[-1]))
        first, below = grid[0, 0], grid[1, 0]
        first.set_ylabel(voltage_label(solution))
        below.set_ylabel(f"Heat flow out  (mW {per_gram(solution)})")
        below.legend(loc="best")
    return grid


def _curves(ax: Axes, capacity: np.ndarray, rows: slice, lost: np.ndarray, reversible: np.ndarray) -> None:
    ax.axhline(0.0, color="0.8", lw=0.6, zorder=0)
    ax.plot(capacity, 1e3 * (lost + reversible)[rows], color="black", label="total")
    ax.plot(capacity, 1e3 * lost[rows], "--", color="0.3", lw=line_width(0.9), label="irreversible")
    ax.plot(
        capacity,
        1e3 * reversible[rows],
        ":",
        color="0.3",
        lw=line_width(0.9),
        label="reversible, $-T\\,\\mathrm{d}S/\\mathrm{d}t$",
    )
    ax.fill_between(capacity, 0.0, 1e3 * (lost + reversible)[rows], color=GREY, alpha=0.15, lw=0)
