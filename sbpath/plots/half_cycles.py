"""Each half cycle as a curve: differential capacity against voltage, and volume change against charge, as in dilatometry."""

from __future__ import annotations

from matplotlib.axes import Axes

from sbpath.plots.labels import heading, per_gram, voltage_label
from sbpath.plots.layout import panel
from sbpath.plots.style import DIRECTIONS, SINGLE, line_width
from sbpath.results.cycles import first_and_last, half_cycles
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


def swelling(solution: Solution, ax: Axes | None = None) -> Axes:
    """Volume change of the active material in percent, earlier cycles dashed.

    Insertion runs to the right, extraction back to the left. Only the volume of the phases is
    included: pores, binder and the mechanics of the layer are not in the model.
    """
    halves = half_cycles(solution)
    first, last = first_and_last(halves)
    held = solution.charge_mAh_per_g - solution.charge_mAh_per_g.min()
    with panel(ax, SINGLE, 2.9) as ax:
        for half in halves:
            # Insertion is the wider line, so that both are visible where they coincide.
            width = 2.2 if half.direction == "insertion" else 1.0
            newest = half.cycle == last
            ax.plot(
                held[half.rows], solution.swelling_percent[half.rows], "-" if newest else "--",
                color=DIRECTIONS[half.direction], lw=line_width(width if newest else 0.8), alpha=1.0 if newest else 0.7,
                label=f"{half.direction}, cycle {half.cycle}" if half.cycle in (first, last) else None,
            )  # fmt: skip
        ax.axhline(0.0, color="0.8", lw=0.6, zorder=0)
        ax.set_xlabel(f"Charge held  (mAh {per_gram(solution)})")
        ax.set_ylabel("Volume change  (%)")
        ax.set_title(heading(solution), loc="left")
        ax.legend(loc="upper left")
    return ax
