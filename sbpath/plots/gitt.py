"""A titration: voltage of pulses and rests, and the relaxed points of both directions."""

from __future__ import annotations

from string import ascii_lowercase
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from sbpath.errors import InputError
from sbpath.mechanism.notation import edge_labels
from sbpath.plots.labels import composition_label, heading, voltage_label
from sbpath.plots.layout import grow, legend_below, panel, settled
from sbpath.plots.style import DIRECTIONS, DOUBLE, line_width
from sbpath.protocol.outcome import Outcome
from sbpath.solution import Solution
from sbpath.studies.titration import TwoPhaseEquilibrium, two_phase_equilibria
from sbpath.studies.titration import titration as titrated

# Equilibria closer than this share of the axis are labelled in one block.
GROUPING_SHARE = 0.06
# Margin above and below the points, as a share of their range.
MARGIN = 0.3
# In a new figure, more pairs than this are marked by letters and named below it.
MAX_NAMED = 4
LABEL_STYLE: Any = {
    "fontsize": "small",
    "bbox": {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.0},
}


def titration(
    solution: Solution, ax: Axes | None = None, against: Literal["composition", "time"] = "composition"
) -> Axes:
    """Voltage of a titration, with the relaxed voltage after each pulse as a point.

    Dotted lines are the equilibria of the pairs of phases that transformed into each other, over
    the x at which the two coexist. The steep ends towards the cut-offs are not shown.

    Parameters
    ----------
    against : {"composition", "time"}
        x (mol per mol Sb) or time (h).
    """
    if against not in ("composition", "time"):
        raise InputError(f"against: must be 'composition' or 'time', not {against!r}")
    points = titrated(solution)
    if not points:
        raise InputError("titration: no rest follows a pulse; simulate sbpath.gitt(...)")
    max_named = MAX_NAMED if ax is None else None
    with panel(ax, DOUBLE, 3.4) as ax:
        hours = solution.time_s / 3600.0
        horizontal = solution.composition if against == "composition" else hours
        ax.plot(
            horizontal,
            solution.voltage_V,
            color="0.6",
            lw=line_width(0.7),
            label="pulses and rests",
            zorder=1,
        )
        for direction, marker in (("insertion", "v"), ("extraction", "^")):
            rows = [point.row for point in points if point.direction == direction]
            ax.plot(
                horizontal[rows], solution.voltage_V[rows], marker, ms=4.0, color=DIRECTIONS[direction], ls="none",
                label=f"relaxed, {direction}", zorder=3,
            )  # fmt: skip
        # Pulses ended by a cut-off are on the steep ends.
        inside = [
            p for p in points if solution.steps[solution.step[p.row] - 2].outcome is not Outcome.VOLTAGE
        ]
        levels = np.array([(p.voltage_V, p.relaxed_V) for p in inside or points])
        span = max(float(np.ptp(levels)), 0.05)
        low, high = levels.min() - MARGIN * span, levels.max() + MARGIN * span
        ax.set_ylim(low, high)
        tolerance = GROUPING_SHARE * (high - low)
        key = _equilibria(ax, solution, against == "composition", tolerance, max_named)
        ax.set_xlabel(composition_label(solution) if against == "composition" else "Time  (h)")
        ax.set_ylabel(voltage_label(solution))
        ax.set_title(heading(solution), loc="left", pad=17.0)
        ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=4, borderpad=0.0)
        if key:
            figure, lines = settled(ax), [Line2D([], []) for _ in key]
            grow(figure, rows=legend_below(figure, lines, key, handlelength=0.0, handletextpad=0.0))
    return ax


def _equilibria(
    ax: Axes, solution: Solution, over_x: bool, tolerance: float, max_named: int | None
) -> list[str]:
    """A dotted line for each pair, labelled in blocks where lines are closer than `tolerance` (V).

    More than `max_named` pairs have letters instead; the key to the letters is returned.
    """
    blocks: list[list[TwoPhaseEquilibrium]] = []
    found = two_phase_equilibria(solution)
    pairs = [equilibrium.phases for equilibrium in found]
    labels = edge_labels(solution.mechanism, pairs, mathtext=True, between=" | ")
    names = {
        equilibrium: f"{labels[pair]}  {equilibrium.potential_V:.3f} V"
        for equilibrium, pair in zip(found, pairs, strict=True)
    }
    use_letters = max_named is not None and len(found) > max_named
    letters = {
        equilibrium: ascii_lowercase[i % 26] + "'" * (i // 26)
        for i, equilibrium in enumerate(found)
        if use_letters
    }
    key = [f"{letter}:  {names[equilibrium]}" for equilibrium, letter in letters.items()]
    for equilibrium in found:
        if blocks and blocks[-1][0].potential_V - equilibrium.potential_V < tolerance:
            blocks[-1].append(equilibrium)
        else:
            blocks.append([equilibrium])
        line = {"color": "black", "lw": line_width(1.0), "ls": ":", "zorder": 2}
        if over_x:
            ax.plot([equilibrium.low_x, equilibrium.high_x], [equilibrium.potential_V] * 2, **line)
        else:
            ax.axhline(equilibrium.potential_V, **line)
    for block in blocks:
        if letters:
            _mark(ax, block, letters, over_x)
        else:
            _name(ax, solution, block, names, over_x)
    if found:
        ax.plot([], [], color="black", lw=line_width(1.0), ls=":", label="two phases in equilibrium")
    return key


def _mark(
    ax: Axes, block: list[TwoPhaseEquilibrium], letters: dict[TwoPhaseEquilibrium, str], over_x: bool
) -> None:
    """A letter on each line of a block, side by side."""
    for i, equilibrium in enumerate(block, 1):
        along = equilibrium.low_x + i / (len(block) + 1) * (equilibrium.high_x - equilibrium.low_x)
        ax.text(
            along if over_x else 0.03 * i, equilibrium.potential_V, letters[equilibrium], ha="center", va="center",
            transform=ax.transData if over_x else ax.get_yaxis_transform(), zorder=2.5, **LABEL_STYLE,
        )  # fmt: skip


def _name(
    ax: Axes,
    solution: Solution,
    block: list[TwoPhaseEquilibrium],
    names: dict[TwoPhaseEquilibrium, str],
    over_x: bool,
) -> None:
    """Names of a block above or below it, wherever the relaxed points leave more room."""
    low_x, high_x = min(c.low_x for c in block), max(c.high_x for c in block)
    top, bottom = block[0].potential_V, block[-1].potential_V
    nearby = [p.relaxed_V for p in titrated(solution) if not over_x or low_x <= p.composition <= high_x]
    above = min((v for v in nearby if v > top), default=np.inf) - top
    below = bottom - max((v for v in nearby if v < bottom), default=-np.inf)
    ax.annotate(
        "\n".join(names[c] for c in block),
        (0.5 * (low_x + high_x) if over_x else 0.05, top if above > below else bottom),
        (0.0, 3.0 if above > below else -3.0), textcoords="offset points",
        xycoords="data" if over_x else ax.get_yaxis_transform(), ha="center" if over_x else "left",
        va="bottom" if above > below else "top", linespacing=1.25, zorder=2.5, **LABEL_STYLE,
    )  # fmt: skip
