"""Differential capacity against voltage, both directions."""

from __future__ import annotations

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from sbpath.plots.labels import heading, per_gram, voltage_label
from sbpath.plots.style import EXTRACTION, INSERTION, SINGLE, line_width, style
from sbpath.results.cycles import first_and_last
from sbpath.results.differential_capacity import differential_capacity as binned
from sbpath.solution import Solution


def differential_capacity(solution: Solution, ax: Axes | None = None, bin_mV: float = 5.0) -> Axes:
    """Differential capacity of each half cycle: insertion positive, extraction negative.

    Cycles before the last one are pale. The area of a peak is its charge.

    Parameters
    ----------
    solution : Solution
        To be drawn.
    ax : Axes, optional
        New axes if not given.
    bin_mV : float
        Width of the voltage bins (mV).

    Raises
    ------
    InputError
        If no charge passes, or the width is not a number above 0.
    """
    halves = binned(solution, bin_mV)
    first, last = first_and_last(halves)
    with style():
        if ax is None:
            _, ax = plt.subplots(figsize=(1.3 * SINGLE, 3.0), layout="constrained")
        for half in halves:
            sign, colour = (1.0, INSERTION) if half.direction == "insertion" else (-1.0, EXTRACTION)
            newest = half.cycle == last
            ax.stairs(
                1e-3 * sign * half.mAh_per_g_V, half.edges_V, color=colour, lw=line_width(1.1 if newest else 0.8),
                alpha=1.0 if newest else 0.45, zorder=3 if newest else 2,
                label=f"{half.direction}, cycle {half.cycle}" if half.cycle in (first, last) else None,
            )  # fmt: skip
        ax.axhline(0.0, color="0.8", lw=0.6, zorder=0)
        ax.set_xlabel(voltage_label(solution))
        ax.set_ylabel(f"dQ/|dV|  (Ah {per_gram(solution)} V$\\mathregular{{^{{-1}}}}$)")
        ax.set_title(f"{heading(solution)}, bins of {bin_mV:g} mV", loc="left")
        ax.legend(loc="best")
    return ax
