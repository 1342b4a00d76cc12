"""Several simulations side by side: loops on one scale, voltage gap, causes, efficiency."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any, cast

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sbpath.errors import InputError
from sbpath.plots.labels import capacity_label, per_gram, voltage_label
from sbpath.plots.layout import extent
from sbpath.plots.losses import bars
from sbpath.plots.style import DOUBLE, FRAMED, SERIES, style
from sbpath.results.cycles import half_cycles
from sbpath.results.loss_breakdown import hysteresis_profile
from sbpath.solution import Solution
from sbpath.studies.comparison import Case, Scale, cases

# Maximum number of loops in a row.
MAX_COLUMNS = 4
# Font size of names below bars, horizontal and, if there is no room, vertical.
NAME_FONT, VERTICAL_FONT = 7.5, 6.5
# Minimum width of the bars of one panel, as a share of the figure.
BARS_SHARE = 0.37
# Letters per line of the title of a loop.
TITLE_LETTERS = 27


def comparison(solutions: Sequence[Solution] | Solution, scale: Scale = "own") -> Figure:
    """Loops of the last full cycles, voltage gap along x, causes in mV and J/g, energy efficiency.

    Parameters
    ----------
    solutions : sequence of Solution, or one Solution
        To be compared.
    scale : {"own", "Li"}
        Each against its own alkali metal, or all against Li+/Li; see `sbpath.studies.comparison.cases`.
    """
    compared = cases(solutions, scale)
    with style():
        columns = min(len(compared), MAX_COLUMNS)
        rows = -(-len(compared) // columns)
        names = [case.label.replace(", ", "\n") for case in compared if case.loss_breakdown is not None]
        figure = plt.figure(figsize=(DOUBLE, 1.0), layout="constrained")
        vertical = _widest(figure, names, NAME_FONT) * len(names) > 0.95 * BARS_SHARE * DOUBLE
        below = 4.7
        if vertical:
            names = [name.replace("\n", ", ") for name in names]
            # Extra height, so that both rows of panels stay as tall as with horizontal names.
            below += 2.0 * (_widest(figure, names, VERTICAL_FONT) - 0.12)
        figure.set_size_inches(DOUBLE, 2.3 * rows + below)
        upper, lower = cast(Any, figure.subfigures)(2, 1, height_ratios=(2.3 * rows, below), hspace=0.02)
        grid: Any = upper.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        panels = list(grid.flat)
        for unused in panels[len(compared) :]:
            unused.set_visible(False)
        for lowest in panels[: len(compared)][-columns:]:
            lowest.tick_params(labelbottom=True)
        _loops(panels[: len(compared)], compared, scale)
        upper.supxlabel(capacity_label([case.solution for case in compared]), fontsize=8)
        _below(lower, compared, names, vertical)
    return figure


def loops(
    solutions: Sequence[Solution] | Solution, scale: Scale = "own", axes: Sequence[Axes] | None = None
) -> list[Axes]:
    """Only the loops, with the hysteresis as text; dashed is the first insertion if it differs.

    Parameters
    ----------
    solutions, scale
        As in `comparison`.
    axes : sequence of Axes, optional
        One for each solution; a new figure if not given.
    """
    compared = cases(solutions, scale)
    if axes is not None and len(axes) != len(compared):
        raise InputError("loops: give as many axes as solutions, or none")
    with style():
        if axes is None:
            columns = min(len(compared), MAX_COLUMNS)
            rows = -(-len(compared) // columns)
            figure, grid = plt.subplots(
                rows, columns, sharex=True, sharey=True, squeeze=False,
                figsize=(max(DOUBLE * columns / MAX_COLUMNS, 3.5), 2.5 * rows), layout="constrained",
            )  # fmt: skip
            axes = list(grid.flat)
            for unused in axes[len(compared) :]:
                unused.set_visible(False)
            axes = axes[: len(compared)]
            for lowest in axes[-columns:]:
                lowest.tick_params(labelbottom=True)
            figure.supxlabel(capacity_label([case.solution for case in compared]), fontsize=8)
        _loops(axes, compared, scale)
    return list(axes)


def _loops(axes: Sequence[Axes], compared: Sequence[Case], scale: Scale) -> None:
    for i, (ax, case) in enumerate(zip(axes, compared, strict=True)):
        _loop(ax, case, SERIES[i % len(SERIES)])
        ax.set_ylabel(
            voltage_label(case.solution) if scale == "own" else r"Voltage vs $\mathrm{Li^+\!/Li}$  (V)"
        )
    highest = max(float(case.solution.voltage_V.max()) + case.shift_V for case in compared)
    for ax in axes:
        ax.set_xlim(left=0.0)
        ax.set_ylim(top=1.12 * max(1e-3, highest))


def _loop(ax: Axes, case: Case, colour: str) -> None:
    solution = case.solution
    label = case.label if "°C" in case.label else f"{case.label}, {solution.temperature_C:g} °C"
    ax.set_title(textwrap.fill(label, TITLE_LETTERS, break_on_hyphens=False), loc="left", fontsize=8)
    ax.grid(True, color="0.93", lw=0.6)
    if case.summary is None or case.insertion is None or case.extraction is None:
        ax.text(0.5, 0.5, "no full cycle", transform=ax.transAxes, ha="center")
        return
    insertion, extraction = case.insertion, case.extraction
    voltage = solution.voltage_V + case.shift_V
    total = insertion.capacity_mAh_per_g
    # Extraction starts at the inserted capacity and runs back, closing the loop.
    x_in, v_in = solution.capacity_mAh_per_g[insertion.rows], voltage[insertion.rows]
    x_out, v_out = total - solution.capacity_mAh_per_g[extraction.rows], voltage[extraction.rows]
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
    if first.cycle != case.summary.cycle and abs(first.mean_voltage_V - insertion.mean_voltage_V) > 0.005:
        ax.plot(
            solution.capacity_mAh_per_g[first.rows], voltage[first.rows], "--", color="0.35", lw=0.9,
            label="first insertion",
        )  # fmt: skip
        ax.legend(loc="lower left", handlelength=1.8)
    ax.text(
        0.5, 0.97, f"hysteresis {case.summary.hysteresis_mV:.0f} mV", transform=ax.transAxes, ha="center", va="top",
        fontsize=8, color="black",
    )  # fmt: skip


def _widest(figure: Figure, names: Sequence[str], fontsize: float) -> float:
    """Width of the widest of `names` (inch)."""
    trial = figure.text(0.0, 0.0, "", fontsize=fontsize)
    widths = [0.0]
    for name in names:
        trial.set_text(name)
        widths.append(extent(trial).width / figure.dpi)
    trial.remove()
    return max(widths)


def _below(figure: Any, compared: Sequence[Case], names: Sequence[str], vertical: bool) -> None:
    """Voltage gap along x, causes in mV and J/g, energy efficiency, for cases with a closed loop.

    `names` are the names of these cases, below the bars.
    """
    gap, efficiency, causes, energy = figure.subplots(2, 2, width_ratios=(1.15, 1.0)).flat
    closed = [
        (i, case, case.loss_breakdown) for i, case in enumerate(compared) if case.loss_breakdown is not None
    ]
    for i, case, found in closed:
        # With several loops in a cycle the gap at an x is not unique.
        if sum(half.cycle == found.cycle for half in half_cycles(case.solution)) == 2:
            profile = hysteresis_profile(case.solution, found.cycle)
            full = float(case.solution.composition.max())
            gap.plot(
                profile.composition / full, profile.gap_mV, color=SERIES[i % len(SERIES)], label=case.label
            )
    gap.set_xlabel("Composition  (x over its largest value)")
    gap.set_ylabel("Voltage gap  (mV)")
    gap.set_xlim(0.0, 1.0)
    gap.set_ylim(bottom=0.0)
    if gap.lines:
        gap.legend(loc="best", fontsize=6.5, **(FRAMED if len(closed) > MAX_COLUMNS else {}))
    if not closed:
        return
    losses = np.array([found.losses_mV.sum(axis=0) for _, _, found in closed])
    stored = np.array([found.stored_mV for _, _, found in closed])
    bars(names, losses, "Hysteresis  (mV)", causes, legend=False, stored=stored)
    causes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=6, borderaxespad=0.2, columnspacing=1.2)
    losses = np.array([found.losses_J_per_g.sum(axis=0) for _, _, found in closed])
    stored = np.array([found.stored_J_per_g for _, _, found in closed])
    unit = f"Loop  (J {per_gram([case.solution for case in compared])})"
    bars(names, losses, unit, energy, legend=False, stored=stored)
    values = [case.summary.energy_efficiency or 0.0 for _, case, _ in closed if case.summary]
    colours = [SERIES[i % len(SERIES)] for i, _, _ in closed]
    places = np.arange(len(closed))
    efficiency.bar(places, 100.0 * np.array(values), 0.62, color=colours)
    for place, value in zip(places, values, strict=True):
        efficiency.annotate(
            f"{value:.0%}",
            (place, 100.0 * value),
            (0, 2),
            textcoords="offset points",
            ha="center",
            fontsize=7,
        )
    efficiency.set_xticks(places, names)
    efficiency.set_ylabel("Energy efficiency  (%)")
    efficiency.set_ylim(0.0, 100.0)
    if vertical:
        for ax in (causes, energy, efficiency):
            plt.setp(ax.get_xticklabels(), rotation=90, fontsize=VERTICAL_FONT)
