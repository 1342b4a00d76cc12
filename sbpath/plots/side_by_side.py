"""Several simulations side by side: loops on one scale, voltage gap, hysteresis by cause."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any, cast

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import ScaledTranslation

from sbpath.errors import InputError
from sbpath.plots.labels import (
    capacity_label,
    changed,
    composition_label,
    literal,
    subject,
    voltage_against,
)
from sbpath.plots.losses import BAR_INCH, bars
from sbpath.plots.style import DOUBLE, SYSTEMS, figure_of, line_width, style
from sbpath.results.cycles import half_cycles
from sbpath.results.loss_breakdown import hysteresis_profile
from sbpath.solution import Solution
from sbpath.studies.comparison import Case, Scale, cases
from sbpath.text.tables import which_cycle

# Maximum number of loops in a row, and their height (inch).
MAX_COLUMNS, LOOP_INCH = 4, 2.1
# Letters per line of the title of a loop, and of a name beside a bar.
TITLE_LETTERS, NAME_LETTERS = 26, 30


def comparison(solutions: Sequence[Solution] | Solution, scale: Scale = "own") -> Figure:
    """Loops of the last full cycles, voltage gap along x, and hysteresis by cause.

    Parameters
    ----------
    solutions : sequence of Solution, or one Solution
        To be compared.
    scale : {"own", "Li"}
        Each against its own alkali metal, or all against Li+/Li; see `sbpath.studies.comparison.cases`.
    """
    compared = cases(solutions, scale)
    names = _names(compared)
    closed = [i for i, case in enumerate(compared) if case.loss_breakdown is not None]
    with style():
        columns = min(len(compared), MAX_COLUMNS)
        rows = -(-len(compared) // columns)
        # A single loop has its gap beside it; of several, the gaps are below, beside the bars.
        beside = len(compared) == 1
        upper_inch = (LOOP_INCH + 0.3) * rows + 0.3
        lower_inch = max(0.9 + BAR_INCH * len(closed), 0.0 if beside else 2.6) if closed else 0.0
        figure = plt.figure(figsize=(DOUBLE, upper_inch + lower_inch), layout="constrained")
        upper, lower = (
            cast(Any, figure.subfigures)(2, 1, height_ratios=(upper_inch, lower_inch))
            if closed
            else (figure,) * 2
        )
        gap: Any = None
        if beside and closed:
            panel, gap = upper.subplots(1, 2)
            panel.set_xlabel(capacity_label(compared[0].solution))
            panels = [panel]
        else:
            panels = _grid(upper, compared, rows, columns)
        _say_what_is_shown(upper, compared)
        _loops(panels, compared, scale, names)
        if closed:
            below = np.atleast_1d(lower.subplots(1, 1 if beside else 2))
            _gaps(gap if beside else below[0], compared)
            _budget(below[-1], compared, closed, names)
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
            size = max(DOUBLE * columns / MAX_COLUMNS, 3.5), (LOOP_INCH + 0.4) * rows
            figure = plt.figure(figsize=size, layout="constrained")
            axes = _grid(figure, compared, rows, columns)
            _say_what_is_shown(figure, compared)
        _loops(axes, compared, scale, _names(compared), with_sum=True)
    return list(axes)


def _grid(figure: Any, compared: Sequence[Case], rows: int, columns: int) -> list[Axes]:
    """A panel for each case on common axes."""
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    panels = list(grid.flat)
    for unused in panels[len(compared) :]:
        unused.set_visible(False)
    for lowest in panels[: len(compared)][-columns:]:
        lowest.tick_params(labelbottom=True)
    figure.supxlabel(capacity_label([case.solution for case in compared]), fontsize="medium")
    return panels[: len(compared)]


def _say_what_is_shown(figure: Any, compared: Sequence[Case]) -> None:
    """Which cycles, and what numbers were changed."""
    shown = [
        which_cycle(case.solution, case.summary.cycle) + changed(case.solution)
        for case in compared
        if case.summary
    ]
    figure.suptitle(" | ".join(dict.fromkeys(shown)), x=0.01, ha="left", fontsize="small")


def _names(compared: Sequence[Case]) -> list[str]:
    """What each case is: its system and design, and whatever else differs between the cases."""
    names = []
    for case in compared:
        mechanism = case.solution.mechanism
        varied = case.label.removeprefix(mechanism.name)
        for named in filter(None, (mechanism.design, mechanism.electrolyte_name)):
            varied = varied.replace(f", {named}", "")
        name = subject(mechanism)
        # A copy of a shipped file may have kept its title.
        if any(
            subject(o.solution.mechanism) == name and o.solution.mechanism.name != mechanism.name
            for o in compared
        ):
            name = f"{name} ({literal(mechanism.name)})"
        graph = f", {case.solution.graph}"
        if case.solution.graph != mechanism.default_graph and graph not in varied:
            varied += graph
        names.append(name + literal(varied.replace(graph, f"{graph} graph")))
    return names


def _loops(
    axes: Sequence[Axes], compared: Sequence[Case], scale: Scale, names: Sequence[str], with_sum: bool = False
) -> None:
    letters = TITLE_LETTERS * MAX_COLUMNS // max(min(len(compared), MAX_COLUMNS), 2)
    metals = {case.solution.mechanism.ion for case in compared} if scale == "own" else {"Li"}
    label = voltage_against(metals.pop() if len(metals) == 1 else "M")
    for i, (ax, case, name) in enumerate(zip(axes, compared, names, strict=True)):
        if "°C" not in name:
            name = f"{name}, {case.solution.temperature_C:g} °C"
        _loop(
            ax,
            case,
            SYSTEMS[i % len(SYSTEMS)],
            textwrap.fill(name, letters, break_on_hyphens=False),
            with_sum,
        )
        # Panels in a row share their axis.
        if i % MAX_COLUMNS == 0 or not ax.get_shared_y_axes().joined(ax, axes[i - 1]):
            ax.set_ylabel(label)
    highest = max(float(case.solution.voltage_V.max()) + case.shift_V for case in compared)
    for ax in axes:
        ax.set_xlim(left=0.0)
        ax.set_ylim(top=(1.12 if with_sum else 1.04) * max(1e-3, highest))


def _loop(ax: Axes, case: Case, colour: str, title: str, with_sum: bool) -> None:
    solution = case.solution
    ax.set_title(title, loc="left", fontsize="small")
    ax.grid(True, color="0.93", lw=0.6)
    summary, insertion, extraction = case.loop
    if summary is None or insertion is None or extraction is None:
        ax.text(0.5, 0.5, "no full cycle", transform=ax.transAxes, ha="center")
        return
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
    if first.cycle != summary.cycle and abs(first.mean_voltage_V - insertion.mean_voltage_V) > 0.005:
        ax.plot(
            solution.capacity_mAh_per_g[first.rows], voltage[first.rows], "--", color="0.35", lw=line_width(0.9),
            label="first insertion",
        )  # fmt: skip
        ax.legend(loc="lower left", handlelength=1.8)
    if with_sum:
        ax.text(
            0.5,
            0.97,
            f"hysteresis {summary.hysteresis_mV:.0f} mV",
            transform=ax.transAxes,
            ha="center",
            va="top",
        )


def _gaps(ax: Axes, compared: Sequence[Case]) -> None:
    """Voltage gap along x, in the colours of the loops."""
    alone = len(compared) == 1
    for i, case in enumerate(compared):
        found = case.loss_breakdown
        # With several loops in a cycle the gap at an x is not unique.
        if found is None or sum(half.cycle == found.cycle for half in half_cycles(case.solution)) != 2:
            continue
        profile = hysteresis_profile(case.solution, found.cycle)
        full = 1.0 if alone else float(case.solution.composition.max())
        ax.plot(profile.composition / full, profile.gap_mV, color=SYSTEMS[i % len(SYSTEMS)])
    ax.set_xlabel(composition_label(compared[0].solution) if alone else "x over its largest value")
    ax.set_ylabel("Voltage gap  (mV)")
    ax.set_xlim(0.0, float(compared[0].solution.composition.max()) if alone else 1.0)
    ax.set_ylim(bottom=0.0)


def _budget(ax: Axes, compared: Sequence[Case], closed: Sequence[int], names: Sequence[str]) -> None:
    """Hysteresis by cause of the cases with a closed loop, each marked by the colour of its loop."""
    found = [case.loss_breakdown for case in compared if case.loss_breakdown is not None]
    losses = np.array([one.losses_mV.sum(axis=0) for one in found])
    stored = np.array([one.stored_mV for one in found])
    labels = [textwrap.fill(names[i], NAME_LETTERS, break_on_hyphens=False) for i in closed]
    bars(labels, losses, "Hysteresis  (mV)", ax, stored=stored)
    ax.tick_params(axis="y", pad=11.0, labelsize="small")
    left = ax.get_yaxis_transform() + ScaledTranslation(-6.0 / 72.0, 0.0, figure_of(ax).dpi_scale_trans)
    for place, i in enumerate(closed):
        ax.plot(0.0, place, "s", ms=5.0, color=SYSTEMS[i % len(SYSTEMS)], transform=left, clip_on=False)
