"""Several simulations side by side: loops, and how wide they are."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from sbpath.errors import InputError
from sbpath.plots.cycle import voltage_label
from sbpath.plots.style import DOUBLE, SERIES, style
from sbpath.results.analysis import half_cycles, last_loop
from sbpath.solution import Solution


def comparison(solutions: Sequence[Solution] | Solution, axes: Sequence[Axes] | None = None) -> list[Axes]:
    """Loops of the last full cycle of each solution, on one scale, the gap shaded and named.

    A dashed line is the first insertion, where it differs from the last one.

    Parameters
    ----------
    solutions : sequence of Solution, or one Solution
        What to compare, each against its own alkali metal.
    axes : sequence of Axes, optional
        One for each; a new figure if not given.
    """
    if isinstance(solutions, Solution):
        solutions = [solutions]
    if not solutions or (axes is not None and len(axes) != len(solutions)):
        raise InputError("comparison: give at least one solution, and as many axes as solutions or none")
    with style():
        if axes is None:
            columns = min(len(solutions), 4)
            rows = -(-len(solutions) // columns)
            figure, grid = plt.subplots(
                rows, columns, sharex=True, sharey=True, squeeze=False,
                figsize=(max(DOUBLE * columns / 4, 3.5), 2.5 * rows), layout="constrained",
            )  # fmt: skip
            axes = list(grid.flat)
            for spare in axes[len(solutions) :]:
                spare.set_visible(False)
            axes = axes[: len(solutions)]
            for above_nothing in axes[-columns:]:
                above_nothing.tick_params(labelbottom=True)
            figure.supxlabel("Specific capacity  (mAh g$^{-1}$ Sb)", fontsize=8)
        for i, (ax, solution) in enumerate(zip(axes, solutions, strict=True)):
            _loop(ax, solution, SERIES[i % len(SERIES)])
    return list(axes)


def _loop(ax: Axes, solution: Solution, colour: str) -> None:
    about = solution.provenance
    ax.set_title(f"{about['mechanism']}, {about['temperature_C']:g} °C", loc="left")
    ax.set_ylabel(voltage_label(solution))
    ax.grid(True, color="0.93", lw=0.6)
    if (loop := last_loop(solution)) is not None:
        summary, insertion, extraction = loop
        total = insertion.capacity_mAh_per_g
        # Extraction runs back from the charge that insertion brought in: a loop.
        x_in, v_in = solution.capacity_mAh_per_g[insertion.rows], solution.voltage_V[insertion.rows]
        x_out = total - solution.capacity_mAh_per_g[extraction.rows]
        v_out = solution.voltage_V[extraction.rows]
        grid = np.linspace(0.0, total, 400)
        ax.fill_between(
            grid,
            np.interp(grid, x_in, v_in),
            np.interp(grid, x_out[::-1], v_out[::-1]),
            color=colour,
            alpha=0.15,
            lw=0,
        )
        ax.plot(x_in, v_in, color=colour)
        ax.plot(x_out, v_out, color=colour)
        first = next(h for h in half_cycles(solution) if h.direction == "insertion")
        if first.cycle != summary.cycle and abs(first.mean_voltage_V - insertion.mean_voltage_V) > 0.005:
            ax.plot(
                solution.capacity_mAh_per_g[first.rows], solution.voltage_V[first.rows], "--", color="0.35", lw=0.9,
                label="first insertion",
            )  # fmt: skip
            ax.legend(loc="lower left", handlelength=1.8)
        ax.text(
            0.5, 0.97, f"hysteresis {summary.hysteresis_mV:.0f} mV", transform=ax.transAxes, ha="center", va="top",
            fontsize=8, color="black",
        )  # fmt: skip
    ax.set_xlim(left=0.0)
    ax.set_ylim(top=1.12 * max(1e-3, float(solution.voltage_V.max())))
