"""Measured and simulated curves over each other, with their distance below."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sbpath.fitting.cells import rate_label
from sbpath.fitting.overlay import OverlaidFractions, OverlaidHalf, Overlay
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.notation import node_labels
from sbpath.plots.colours import node_looks
from sbpath.plots.labels import literal, subject, voltage_against
from sbpath.plots.style import DIRECTIONS, DOUBLE, SINGLE, line_width, style

# Cycles in one figure; of more, as many at even distance.
MOST_CYCLES = 4
# The strip covers at least this (mV).
MIN_STRIP_MV = 10.0
# Points drawn of a measured half cycle.
POINTS = 120


def overlay(found: Overlay) -> Figure:
    """The half cycles of an overlay: voltage against capacity, and below the distance of measured points from the simulation,
    then phase fractions if there are any.

    A column for each cycle, of more than four the first, the last and two between; dots are measured, lines simulated.

    Parameters
    ----------
    found : Overlay
        From `sbpath.overlay`.
    """
    columns = list(dict.fromkeys((half.curve, half.measured.cycle) for half in found.halves))
    if len(columns) > MOST_CYCLES:
        columns = [columns[k] for k in np.linspace(0, len(columns) - 1, MOST_CYCLES).round().astype(int)]
    full = found.mechanism.theoretical_capacity_mAh_per_g
    with style():
        width = SINGLE * 1.3 if len(columns) == 1 else DOUBLE
        ratios = [3.2, 1.0, *[1.6] * bool(found.fractions)]
        figure = plt.figure(figsize=(width, 0.88 * sum(ratios)), layout="constrained")
        rows: Any = figure.subplots(
            len(ratios), len(columns), sharex=True, sharey="row", squeeze=False, height_ratios=ratios
        )
        several = len({curve for curve, _ in columns}) > 1
        limit = MIN_STRIP_MV
        for column, (curve, cycle) in enumerate(columns):
            halves = [half for half in found.halves if (half.curve, half.measured.cycle) == (curve, cycle)]
            above, below = rows[0, column], rows[1, column]
            for half in halves:
                _draw(half, full, above, below)
                limit = max(limit, 1.15 * float(np.quantile(np.abs(half.distance_mV), 0.98)))
            rates = dict.fromkeys(rate_label(half.measured.rate_per_h) for half in halves)
            rms = np.sqrt(np.mean(np.concatenate([half.distance_mV for half in halves]) ** 2))
            title = f"{f'curve {curve}, ' * several}cycle {cycle}, {', '.join(rates)}"
            above.set_title(f"{title}\nrms {rms:.1f} mV", loc="left", fontsize="small")
            below.axhline(0.0, color="0.6", lw=0.6, zorder=0)
            above.tick_params(labelbottom=False)
            if found.fractions:
                below.tick_params(labelbottom=False)
                _draw_fractions(
                    [one for one in found.fractions if any(one.half is half for half in halves)], found.mechanism, rows[2, column]
                )  # fmt: skip
        rows[1, 0].set_ylim(-limit, limit)
        if found.fractions:
            rows[2, 0].set_ylabel("Share of host")
            rows[2, 0].set_ylim(-0.05, 1.05)
        rows[0, 0].set_ylim(*_window(found))
        rows[0, 0].set_ylabel(voltage_against(found.mechanism.ion))
        rows[1, 0].set_ylabel("Distance  (mV)")
        what = "Capacity, of measured points as fitted" if found.scaled else "Capacity"
        figure.supxlabel(f"{what}  (mAh g$\\mathregular{{^{{-1}}}}$)", fontsize="medium")
        figure.suptitle(
            f"{literal(Path(found.path).name)} and {subject(found.mechanism)}",
            x=0.01,
            ha="left",
            fontsize="medium",
        )
        _legend(rows[0, -1])
    return figure


def _draw(half: OverlaidHalf, full: float, above: Axes, below: Axes) -> None:
    colour = DIRECTIONS[half.measured.direction]
    dots: Any = {"ls": "none", "marker": "o", "mew": 0.0, "color": colour}
    every = max(1, len(half.q) // POINTS)
    above.plot(half.q[::every] * full, half.voltage_V[::every], ms=3.0, alpha=0.4, **dots)
    above.plot(half.simulated.q * full, half.simulated.voltage_V, color=colour, lw=line_width(1.1))
    below.plot(half.q * full, half.distance_mV, color=colour, lw=line_width(0.8))


def _draw_fractions(fractions: Sequence[OverlaidFractions], mechanism: Mechanism, ax: Axes) -> None:
    """Dots with error bars are measured; insertion has full lines and dots, extraction dashed lines and open dots."""
    looks, labels = node_looks(mechanism), node_labels(mechanism, mathtext=True)
    full, nodes = mechanism.theoretical_capacity_mAh_per_g, list(mechanism.nodes)
    named: set[int] = set()
    for one in fractions:
        points, twin = one.points, one.half.simulated
        colour = looks[nodes[points.node]].colour
        inward = one.half.measured.direction == "insertion"
        ax.plot(
            twin.q * full, twin.fractions[points.node], color=colour, lw=line_width(1.1), ls="-" if inward else "--"
        )  # fmt: skip
        ax.errorbar(
            points.q * full, points.share, points.sd, ls="none", marker="o", ms=3.0, color=colour, elinewidth=line_width(0.6),
            mfc=colour if inward else "none", label=None if points.node in named else labels[nodes[points.node]],
        )  # fmt: skip
        named.add(points.node)
    if named:
        ax.legend(loc="best", fontsize="x-small", handlelength=1.0)


def _window(found: Overlay) -> tuple[float, float]:
    """Voltages to show: all but the first hundredth of insertions, which may begin at the voltage of a fresh cell."""
    shown = np.concatenate(
        [
            voltage[(half.measured.direction == "extraction") | (q >= 0.01 * q[-1])]
            for half in found.halves
            for q, voltage in ((half.q, half.voltage_V), (half.simulated.q, half.simulated.voltage_V))
        ]
    )
    room = 0.05 * float(np.ptp(shown))
    return float(shown.min()) - room, float(shown.max()) + room


def _legend(ax: Axes) -> None:
    handles = [
        Line2D([], [], ls="none", marker="o", ms=3.0, mew=0.0, alpha=0.5, color="black", label="measured"),
        Line2D([], [], color="black", lw=line_width(1.1), label="simulated"),
        *(
            Line2D([], [], color=colour, lw=line_width(2.0), label=name)
            for name, colour in DIRECTIONS.items()
        ),
    ]
    ax.legend(handles=handles, loc="best", handlelength=1.4, fontsize="x-small")
