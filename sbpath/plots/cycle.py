"""One simulation: voltage against capacity, and the operando panel."""

from __future__ import annotations

from typing import Literal, cast

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from sbpath.errors import InputError
from sbpath.mechanism.notation import node_labels, phase_labels, subscripted
from sbpath.plots.colours import Look, node_looks, phase_looks
from sbpath.plots.labels import capacity_label, composition_label, voltage_label
from sbpath.plots.layout import extent, fitted_legend, fitted_title, grow, settled
from sbpath.plots.style import DOUBLE, EXTRACTION, INSERTION, SINGLE, style
from sbpath.results.analysis import half_cycles
from sbpath.results.phases import phase_amounts
from sbpath.solution import Floats, Solution

# A phase that never holds this share of the Sb is left out of the stack and its legend.
SEEN = 2e-3
# What the share of the others is called where only crystalline phases are drawn.
GAP = "not seen by diffraction"


def voltage(
    solution: Solution, ax: Axes | None = None, against: Literal["capacity", "composition"] = "capacity"
) -> Axes:
    """Voltage of every half cycle against its capacity (or against x), cycles overlaid.

    Later cycles are darker; insertion and extraction have a colour each.

    Parameters
    ----------
    solution : Solution
        What to draw.
    ax : Axes, optional
        Where; a new figure of one column if not given.
    against : {"capacity", "composition"}
        Specific capacity (mAh per g of host, from 0 in each half cycle) or x (mol per mol Sb).
    """
    if against not in ("capacity", "composition"):
        raise InputError(f"against: must be 'capacity' or 'composition', not {against!r}")
    with style():
        if ax is None:
            _, ax = plt.subplots(figsize=(SINGLE, 2.7), layout="constrained")
        halves = half_cycles(solution)
        last = max((half.cycle for half in halves), default=1)
        first = min((half.cycle for half in halves), default=1)
        horizontal = solution.capacity_mAh_per_g if against == "capacity" else solution.composition
        named: set[str] = set()
        for half in halves:
            colour = INSERTION if half.direction == "insertion" else EXTRACTION
            faded = 1.0 if half.cycle == last else 0.7
            dashed = "--" if half.cycle == first and last > first else "-"
            name = f"{half.direction}, cycle {half.cycle}"
            shown = name if half.cycle in (first, last) and name not in named else None
            named.add(name)
            ax.plot(
                horizontal[half.rows],
                solution.voltage_V[half.rows],
                dashed,
                color=colour,
                alpha=faded,
                label=shown,
            )
        ax.set_xlabel(capacity_label(solution) if against == "capacity" else composition_label(solution))
        ax.set_ylabel(voltage_label(solution))
        ax.set_xlim(left=0.0)
        ax.legend(loc="best")
    return ax


def overview(solution: Solution) -> Figure:
    """Both in one figure: voltage against capacity on the left, the operando panel on the right.

    Where no charge has passed, as in a rest, the operando panel alone.
    """
    if not half_cycles(solution):
        return cast(Figure, operando(solution)[0].figure)
    with style():
        figure = plt.figure(figsize=(1.15 * DOUBLE, 3.6), layout="constrained")
        axes = figure.subplot_mosaic([["voltage", "time"], ["voltage", "fractions"]], width_ratios=(1.0, 1.5))
        axes["time"].sharex(axes["fractions"])
        axes["time"].tick_params(labelbottom=False)
        voltage(solution, axes["voltage"])
        grow(figure, *_operando(solution, axes["time"], axes["fractions"]))
    return figure


def operando(
    solution: Solution,
    axes: tuple[Axes, Axes] | None = None,
    crystalline_only: bool = False,
    by: Literal["node", "phase"] = "node",
) -> tuple[Axes, Axes]:
    """Voltage above, stacked phase fractions below, on one axis of time.

    Phases that are not crystalline are hatched: diffraction would not see them.

    Parameters
    ----------
    solution : Solution
        What to draw.
    axes : pair of Axes, optional
        For the voltage and for the fractions; a new figure if not given.
    crystalline_only : bool
        Draw what diffraction would see: of each node the share of its Sb that is in crystalline
        phases (what holds no Sb does not count), and amorphous Sb as the gap above. By phase,
        of the amorphous ones only the gap.
    by : {"node", "phase"}
        The share of all Sb in each node, or the amount of each single phase, which differ where
        nodes are assemblages.
    """
    if by not in ("node", "phase"):
        raise InputError(f"by: must be 'node' or 'phase', not {by!r}")
    with style():
        if axes is not None:
            _operando(solution, *axes, crystalline_only, by)
            return axes
        figure, (top, bottom) = plt.subplots(
            2, 1, sharex=True, figsize=(DOUBLE, 3.6), height_ratios=(1.0, 1.1), layout="constrained"
        )
        grow(figure, *_operando(solution, top, bottom, crystalline_only, by))
    return top, bottom


def _operando(
    solution: Solution,
    top: Axes,
    bottom: Axes,
    crystalline_only: bool = False,
    by: Literal["node", "phase"] = "node",
) -> tuple[int, int]:
    """Both panels; how many rows the legend and how many lines the title took."""
    hours = solution.time_s / 3600.0
    names = _steps(top, solution)
    layers, looks, labels = _stacked(solution, by)
    if crystalline_only:
        layers = {name: share * looks[name].seen for name, share in layers.items()}
    base = np.zeros_like(hours)
    for name, share in layers.items():
        if share.max() < SEEN:
            continue
        bottom.fill_between(
            hours, base, base + share, facecolor=looks[name].colour, edgecolor="white",
            hatch=looks[name].hatch(crystalline_only), linewidth=0.0, label=labels[name],
        )  # fmt: skip
        base = base + share
    if crystalline_only and any(look.seen < 1.0 for look in looks.values()):
        bottom.fill_between([], [], facecolor="white", edgecolor="0.6", linewidth=0.6, label=GAP)
    bottom.set_ylim(0.0, 1.0 if by == "node" else 1.05 * float(base.max()))
    bottom.set_xlim(hours[0], max(hours[-1], hours[0] + 1e-9))
    bottom.set_ylabel("Fraction of Sb" if by == "node" else "Phases  (mol per mol Sb)")
    bottom.set_xlabel("Time  (h)")
    settled(bottom)
    rows = fitted_legend(
        bottom, extent(bottom).width, loc="lower center", bbox_to_anchor=(0.5, 1.0), handlelength=1.4,
        columnspacing=1.6,
    )  # fmt: skip
    lines = fitted_title(
        top,
        subscripted(solution.mechanism.title),
        f"{solution.graph} graph, {solution.temperature_C:g} °C",
    )
    for text, width in names:
        # Of many short steps the names would lie on each other.
        if extent(text).width > width * extent(top).width:
            text.remove()
    return rows, lines


def _steps(ax: Axes, solution: Solution) -> list[tuple[Text, float]]:
    """Voltage against time; the name of each longer step, and the share of the width that it has."""
    hours = solution.time_s / 3600.0
    ax.plot(hours, solution.voltage_V, color="black")
    ax.set_ylabel(voltage_label(solution))
    low, high = float(solution.voltage_V.min()), float(solution.voltage_V.max())
    high = max(high, low + 0.01)  # a rest has no height of its own
    ax.set_ylim(low - 0.05 * (high - low), high + 0.14 * (high - low))
    names = []
    for record in solution.steps:
        if record.duration_s <= 0.08 * (solution.time_s[-1] - solution.time_s[0]):
            continue
        start, end = hours[record.first], hours[record.last - 1]
        text = ax.text(0.5 * (start + end), 0.985, record.direction, ha="center", va="top",
                       transform=ax.get_xaxis_transform(), fontsize=7, color="0.35")  # fmt: skip
        names.append((text, float((end - start) / (hours[-1] - hours[0]))))
        ax.axvline(end, color="0.8", lw=0.6, zorder=0)
    return names


def _stacked(
    solution: Solution, by: Literal["node", "phase"]
) -> tuple[dict[str, Floats], dict[str, Look], dict[str, str]]:
    """What is stacked by name, how it looks, and its label."""
    mechanism = solution.mechanism
    if by == "phase":
        amounts = phase_amounts(solution)
        looks, labels = phase_looks(mechanism), phase_labels(mechanism, mathtext=True)
    else:
        amounts = dict(zip(solution.phases, solution.fractions, strict=True))
        looks, labels = node_looks(mechanism), node_labels(mechanism, mathtext=True)
    # Fractions may stand a rounding below zero, which a stack would draw as a notch.
    return {name: np.maximum(amount, 0.0) for name, amount in amounts.items()}, looks, labels
