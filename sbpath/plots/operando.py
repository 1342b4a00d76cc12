"""One simulation: voltage against capacity, and the operando panels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from sbpath.arguments import several
from sbpath.errors import InputError
from sbpath.mechanism.notation import node_labels, phase_labels
from sbpath.plots.colours import Look, node_looks, phase_looks
from sbpath.plots.labels import capacity_label, composition_label, conditions, subject, voltage_label
from sbpath.plots.layout import extent, fitted_title, grow, legend_above, panel, panels
from sbpath.plots.style import DIRECTIONS, DOUBLE, SINGLE, figure_of, style
from sbpath.results.cycles import HalfCycle, first_and_last, half_cycles, half_cycles_of
from sbpath.results.phases import phase_amounts
from sbpath.solution import Floats, Solution

# A phase that never holds this share of the Sb is left out of the stack and its legend.
MIN_VISIBLE_SHARE = 2e-3
# Label of the remaining share if only crystalline phases are drawn.
INVISIBLE_LABEL = "not seen by diffraction"


def voltage(
    solution: Solution,
    ax: Axes | None = None,
    against: Literal["capacity", "composition"] = "capacity",
    cycles: int | Sequence[int] | None = None,
) -> Axes:
    """Voltage of every half cycle against its capacity (or against x), cycles overlaid.

    Insertion and extraction have different colours; cycles before the last are paler. The legend names the first
    and the last, and the first only where it can be seen.

    Parameters
    ----------
    against : {"capacity", "composition"}
        Specific capacity (mAh per g of host, from 0 in each half cycle) or x (mol per mol Sb).
    cycles : int or sequence of int, optional
        Which to draw; all whose rows were kept if not given.
    """
    if against not in ("capacity", "composition"):
        raise InputError(f"against: must be 'capacity' or 'composition', not {against!r}")
    halves = half_cycles(solution)
    if cycles is not None:
        halves = [half for cycle in several(cycles) for half in half_cycles_of(solution, cycle)]
    first, last = first_and_last(sorted(halves, key=lambda half: half.cycle))
    with panel(ax, SINGLE, 2.7) as ax:
        horizontal = solution.capacity_mAh_per_g if against == "capacity" else solution.composition
        newest = {half.direction: half for half in halves if half.cycle == last}
        named: set[str] = set()
        for half in halves:
            alpha = 1.0 if half.cycle == last else 0.7
            dashes = "--" if half.cycle == first and last > first else "-"
            name = f"{half.direction}, cycle {half.cycle}"
            hidden = half.cycle != last and _coincide(solution, half, newest.get(half.direction))
            label = name if half.cycle in (first, last) and name not in named and not hidden else None
            named.add(name)
            ax.plot(
                horizontal[half.rows],
                solution.voltage_V[half.rows],
                dashes,
                color=DIRECTIONS[half.direction],
                alpha=alpha,
                label=label,
            )
        ax.set_xlabel(capacity_label(solution) if against == "capacity" else composition_label(solution))
        ax.set_ylabel(voltage_label(solution))
        ax.set_xlim(left=0.0)
        ax.legend(loc="best")
    return ax


def _coincide(solution: Solution, one: HalfCycle, other: HalfCycle | None) -> bool:
    """Whether one curve lies under the other: within 1 % in capacity, and 3 mV on average."""
    if other is None or abs(one.capacity_mAh_per_g / other.capacity_mAh_per_g - 1.0) > 0.01:
        return False
    places = np.linspace(0.0, one.capacity_mAh_per_g, 200)
    one_V, other_V = (
        np.interp(places, solution.capacity_mAh_per_g[half.rows], solution.voltage_V[half.rows])
        for half in (one, other)
    )
    return float(np.abs(one_V - other_V).mean()) < 0.003


def overview(solution: Solution) -> Figure:
    """Voltage against capacity on the left, operando panels on the right.

    If no charge has passed, as in a rest, only the operando panels.
    """
    if not half_cycles(solution):
        return figure_of(operando(solution))
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
    """Voltage above, stacked phase fractions below, against time.

    Amorphous phases, invisible to diffraction, are hatched.

    Parameters
    ----------
    crystalline_only : bool
        Draw only what diffraction would see: for each node the share of its Sb in crystalline
        phases (phases without Sb do not count), with amorphous Sb as the gap above. By phase,
        amorphous phases are left out.
    by : {"node", "phase"}
        The share of all Sb in each node, or the amount of each phase; they differ if nodes are
        assemblages.
    """
    if by not in ("node", "phase"):
        raise InputError(f"by: must be 'node' or 'phase', not {by!r}")
    with panels(axes, 2, 1, (DOUBLE, 3.6), sharex=True, height_ratios=(1.0, 1.1)) as (top, bottom):
        rows, lines = _operando(solution, top, bottom, crystalline_only, by)
        if axes is None:
            grow(figure_of(top), rows, lines)
    return top, bottom


def _operando(
    solution: Solution,
    top: Axes,
    bottom: Axes,
    crystalline_only: bool = False,
    by: Literal["node", "phase"] = "node",
) -> tuple[int, int]:
    """Draw both panels; returns the rows of the legend and lines of the title."""
    hours = solution.time_s / 3600.0
    names = _steps(top, solution)
    layers, looks, labels = _stacked(solution, by)
    if crystalline_only:
        layers = {name: share * looks[name].crystalline_share for name, share in layers.items()}
    base = np.zeros_like(hours)
    for name, share in layers.items():
        if share.max() < MIN_VISIBLE_SHARE:
            continue
        bottom.fill_between(
            hours, base, base + share, facecolor=looks[name].colour, edgecolor="white",
            hatch=looks[name].hatch(crystalline_only), linewidth=0.0, label=labels[name],
        )  # fmt: skip
        base = base + share
    if crystalline_only and any(look.crystalline_share < 1.0 for look in looks.values()):
        bottom.fill_between([], [], facecolor="white", edgecolor="0.6", linewidth=0.6, label=INVISIBLE_LABEL)
    bottom.set_ylim(0.0, 1.0 if by == "node" else 1.05 * float(base.max()))
    bottom.set_xlim(hours[0], max(hours[-1], hours[0] + 1e-9))
    host = solution.mechanism.host
    bottom.set_ylabel(f"Fraction of {host}" if by == "node" else f"Phases  (mol per mol {host})")
    bottom.set_xlabel("Time  (h)")
    rows = legend_above(bottom, "lower center", handlelength=1.4, columnspacing=1.6)
    lines = fitted_title(top, subject(solution.mechanism), conditions(solution))
    for text, width in names:
        # Names of short steps would overlap.
        if extent(text).width > width * extent(top).width:
            text.remove()
    return rows, lines


def _steps(ax: Axes, solution: Solution) -> list[tuple[Text, float]]:
    """Voltage against time; the direction of each longer stretch of a step, and its share of the width."""
    hours = solution.time_s / 3600.0
    ax.plot(hours, solution.voltage_V, color="black")
    ax.set_ylabel(voltage_label(solution))
    low, high = float(solution.voltage_V.min()), float(solution.voltage_V.max())
    high = max(high, low + 0.01)  # the voltage of a rest may be constant
    ax.set_ylim(low - 0.05 * (high - low), high + 0.14 * (high - low))
    names = []
    direction = np.array(solution.direction())
    starts = 1 + np.flatnonzero((np.diff(solution.step) != 0) | (direction[1:] != direction[:-1]))
    for rows in np.split(np.arange(len(hours)), starts):
        start, end = hours[rows[[0, -1]]]
        if end - start <= 0.08 * (hours[-1] - hours[0]):
            continue
        text = ax.text(0.5 * (start + end), 0.985, str(direction[rows[0]]), ha="center", va="top",
                       transform=ax.get_xaxis_transform(), fontsize="small", color="0.35")  # fmt: skip
        names.append((text, float((end - start) / (hours[-1] - hours[0]))))
        ax.axvline(end, color="0.8", lw=0.6, zorder=0)
    return names


def _stacked(
    solution: Solution, by: Literal["node", "phase"]
) -> tuple[dict[str, Floats], dict[str, Look], dict[str, str]]:
    """The stacked amounts, looks and labels, by name."""
    mechanism = solution.mechanism
    if by == "phase":
        amounts = phase_amounts(solution)
        looks, labels = phase_looks(mechanism), phase_labels(mechanism, mathtext=True)
    else:
        amounts = dict(zip(solution.phases, solution.fractions, strict=True))
        looks, labels = node_looks(mechanism), node_labels(mechanism, mathtext=True)
    # Rounding may leave fractions slightly negative, which a stack would draw as a notch.
    return {name: np.maximum(amount, 0.0) for name, amount in amounts.items()}, looks, labels
