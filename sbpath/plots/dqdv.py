"""Differential capacity against voltage, both directions."""

from __future__ import annotations

from matplotlib.axes import Axes

from sbpath.plots.labels import heading, per_gram, voltage_label
from sbpath.plots.layout import panel
from sbpath.plots.style import DIRECTIONS, SINGLE, line_width
from sbpath.results.cycles import first_and_last
from sbpath.results.differential_capacity import differential_capacity as binned
from sbpath.solution import Solution


def differential_capacity(solution: Solution, ax: Axes | None = None, bin_mV: float = 5.0) -> Axes:
    """Differential capacity of each half cycle: insertion positive, extraction negative.

    Cycles before the last one are pale. The area of a peak is its charge.

    Parameters
    ----------
    bin_mV : float
        Width of the voltage bins (mV).
    """
    halves = binned(solution, bin_mV)
    first, last = first_and_last(halves)
    with panel(ax, 1.3 * SINGLE, 3.0) as ax:
        for half in halves:
            sign = 1.0 if half.direction == "insertion" else -1.0
            newest = half.cycle == last
            ax.stairs(
                1e-3 * sign * half.mAh_per_g_V, half.edges_V, color=DIRECTIONS[half.direction], lw=line_width(1.1 if newest else 0.8),
                alpha=1.0 if newest else 0.45, zorder=3 if newest else 2,
                label=f"{half.direction}, cycle {half.cycle}" if half.cycle in (first, last) else None,
            )  # fmt: skip
        ax.axhline(0.0, color="0.8", lw=0.6, zorder=0)
        ax.set_xlabel(voltage_label(solution))
        ax.set_ylabel(f"dQ/|dV|  (Ah {per_gram(solution)} V$\\mathregular{{^{{-1}}}}$)")
        ax.set_title(f"{heading(solution)}, bins of {bin_mV:g} mV", loc="left")
        ax.legend(loc="best")
    return ax
