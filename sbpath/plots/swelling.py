"""Volume change against the charge stored in the electrode, as in dilatometry."""

from __future__ import annotations

from matplotlib.axes import Axes

from sbpath.plots.labels import heading, per_gram
from sbpath.plots.layout import panel
from sbpath.plots.style import DIRECTIONS, SINGLE, line_width
from sbpath.results.cycles import first_and_last, half_cycles
from sbpath.solution import Solution


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
