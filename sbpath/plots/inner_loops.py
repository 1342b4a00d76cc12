"""Curves inside the full loop: first-order reversals, minor loops, and rests after a reversal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from sbpath.errors import InputError
from sbpath.plots.labels import composition_label, heading, voltage_label
from sbpath.plots.layout import panel, panels
from sbpath.plots.style import DIRECTIONS, DOUBLE, SINGLE, line_width, shades
from sbpath.solution import Solution
from sbpath.studies.reversals import Reversal, full_before, rests_after_reversal, voltage_at
from sbpath.studies.reversals import reversals as turned

# Maximum number of curves in the legend; if there are more, every second or third one is listed.
MAX_NAMED = 5


def reversals(solution: Solution, axes: tuple[Axes, Axes] | None = None) -> tuple[Axes, Axes]:
    """First-order reversal curves from the insertion and extraction branches of the full loop."""
    curves = [curve for curve in turned(solution) if curve.order == 1]
    if not curves:
        raise InputError(
            "reversals: no curve begins inside the loop; simulate sbpath.first_order_reversals(...)"
        )
    with panels(axes, 1, 2, (DOUBLE, 3.0), sharex=True, sharey=True) as (left, right):
        for ax, direction, subtitle in (
            (left, "extraction", "insertion turned into extraction at x ="),
            (right, "insertion", "extraction turned into insertion at x ="),
        ):
            _full(ax, solution, curves[0])
            _curves(ax, solution, [curve for curve in curves if curve.direction == direction])
            ax.set_xlabel(composition_label(solution))
            ax.set_title(f"{heading(solution) if ax is left else ''}\n{subtitle}", loc="left", pad=17.0)
            ax.legend(
                loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=MAX_NAMED + 1, handlelength=0.9, columnspacing=0.8,
                borderpad=0.0,
            )  # fmt: skip
        left.set_ylabel(voltage_label(solution))
    return left, right


def minor_loops(solution: Solution, ax: Axes | None = None) -> Axes:
    """Minor loops inside the full loop, later ones lighter and thinner."""
    curves = turned(solution)
    if not curves:
        raise InputError("minor_loops: no curve begins inside the loop; simulate sbpath.partial_cycling(...)")
    with panel(ax, 1.3 * SINGLE, 3.0) as ax:
        _full(ax, solution, curves[0])
        cycles = sorted({curve.cycle for curve in curves})
        # Loops often coincide: each is thinner than the one below it.
        widths = np.linspace(2.6, 0.8, len(cycles))
        for number, (cycle, colour, width) in enumerate(
            zip(cycles, shades(len(cycles)), widths, strict=True), 1
        ):
            # Including the curve up to the first reversal.
            rows = solution.cycle == cycle
            ax.plot(
                solution.composition[rows], solution.voltage_V[rows], color=colour, lw=line_width(width),
                label=f"minor loop {number}",
            )  # fmt: skip
        ax.set_xlabel(composition_label(solution))
        ax.set_ylabel(voltage_label(solution))
        ax.set_title(heading(solution), loc="left")
        ax.legend(loc="best")
    return ax


def rest_after_reversal(solution: Solution, axes: tuple[Axes, Axes] | None = None) -> tuple[Axes, Axes]:
    """Position of the rests after a reversal, and the voltage during each rest.

    Dashed lines are the voltages of the full loop's branches at the x of the rests, the dotted
    one their mean: a model in which hysteresis decays with time would approach it.
    """
    rests = rests_after_reversal(solution)
    full = full_before(solution, rests[0].curve) if rests else {}
    if not rests or len(full) < 2:
        raise InputError(
            "rest_after_reversal: there is no rest on a curve inside a full loop; "
            "simulate sbpath.rest_after_reversal(...)"
        )
    with panels(axes, 1, 2, (DOUBLE, 3.0)) as (left, right):
        _full(left, solution, rests[0].curve)
        for rest in rests:
            turned, curve, rows = rest.curve.direction, rest.curve.rows, rest.rows
            colour = DIRECTIONS[turned]
            left.plot(
                solution.composition[curve], solution.voltage_V[curve], color=colour, lw=line_width(1.0)
            )
            left.plot(
                rest.composition, rest.end_V, "o", ms=4.0, color=colour, label=f"rest, turned to {turned}"
            )
            hours = (solution.time_s[rows] - solution.time_s[rows.start]) / 3600.0
            right.plot(hours, solution.voltage_V[rows], color=colour)
        x = float(np.mean([rest.composition for rest in rests]))
        levels = {way: float(voltage_at(solution, run, x)) for way, run in full.items()}
        for way, level in levels.items():
            right.axhline(level, color=DIRECTIONS[way], ls="--", lw=line_width(0.9), label=f"loop, {way}")
        right.axhline(sum(levels.values()) / 2.0, color="0.4", ls=":", lw=line_width(0.9), label="their mean")
        left.set_xlabel(composition_label(solution))
        left.set_ylabel(voltage_label(solution))
        left.set_title(heading(solution), loc="left")
        left.legend(loc="best")
        right.set_xlabel(f"Time of rest at x = {x:.2f}  (h)")
        right.set_ylabel(voltage_label(solution))
        right.set_xlim(left=0.0)
        right.legend(
            loc="lower left",
            bbox_to_anchor=(-0.02, 1.0),
            ncols=3,
            handlelength=1.6,
            columnspacing=1.2,
            borderpad=0.0,
        )
    return left, right


def _full(ax: Axes, solution: Solution, first: Reversal) -> None:
    """The full loop in grey; the steep ends towards the cut-offs are not shown."""
    low, high = float(solution.composition.min()), float(solution.composition.max())
    inner = low + (high - low) * np.linspace(0.02, 0.98, 200)
    runs = full_before(solution, first).values()
    levels = np.array([voltage_at(solution, run, inner) for run in runs])
    if levels.size:
        margin = 0.25 * max(float(np.ptp(levels)), 0.05)
        ax.set_ylim(levels.min() - margin, levels.max() + margin)
    for i, run in enumerate(runs):
        ax.plot(
            solution.composition[run.first : run.last], solution.voltage_V[run.first : run.last], color="0.75",
            lw=line_width(2.0), zorder=1, label=None if i else "full loop",
        )  # fmt: skip


def _curves(ax: Axes, solution: Solution, curves: Sequence[Reversal]) -> None:
    by_x = sorted(curves, key=lambda curve: curve.composition)
    every = -(-len(by_x) // MAX_NAMED)
    for i, (curve, colour) in enumerate(zip(by_x, shades(len(by_x)), strict=True)):
        ax.plot(
            solution.composition[curve.rows], solution.voltage_V[curve.rows], color=colour, lw=line_width(1.1),
            label=f"{curve.composition:.3g}" if i % every == 0 else None,
        )  # fmt: skip
        ax.plot(curve.composition, curve.voltage_V, "o", ms=3.0, color=colour)
