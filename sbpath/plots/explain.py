"""Why this path: driving force, barrier and rate of rival edges along a cycle."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sbpath.mechanism.mechanism import Edge
from sbpath.mechanism.notation import edge_labels
from sbpath.plots.labels import capacity_label, heading, voltage_label
from sbpath.plots.layout import fitted_legend, grow
from sbpath.plots.style import DOUBLE, SERIES, style
from sbpath.results.analysis import HalfCycle, half_cycles, of_cycle
from sbpath.results.rivals import Driving, driving
from sbpath.solution import Solution

# An edge is drawn where its reactant holds this share of the Sb.
THERE = 0.02
# An edge that converts this share of the Sb in a half cycle carried it, and is drawn thick.
CARRIES = 0.05
# Barriers above this (kT) are out of reach for ever.
HIGHEST_BARRIER = 150.0
LOWEST_RATE = 1e-40
# Colour and dashes of one edge after the other; plain dashes are what the current asks for.
LINES = [(colour, dashes) for dashes in ("-", ":", "-.", (0, (6, 1, 1, 1, 1, 1))) for colour in SERIES]


def rivals(solution: Solution, cycle: int | None = None) -> Figure:
    """Voltage, driving force per volume, barrier and rate of every edge that could run.

    The rate is that of one domain, 1 over its times of nucleation, growth and transport together:
    the highest wins. Thick lines carried the charge, thin ones lost. Dashed: the rate at which
    domains have to transform to carry the current.

    Parameters
    ----------
    solution : Solution
        Of at least half a cycle.
    cycle : int, optional
        Which; the last one if not given.

    Raises
    ------
    InputError
        If that cycle passes no charge.
    """
    own = of_cycle(half_cycles(solution), cycle)
    about = driving(solution)
    with style():
        figure, axes = plt.subplots(
            4, len(own), sharex="col", sharey="row", squeeze=False, figsize=(DOUBLE, 6.6), layout="constrained",
            height_ratios=(0.8, 1.0, 1.0, 1.0),
        )  # fmt: skip
        looks: dict[Edge, tuple[str, Any]] = {}
        for column, half in zip(axes.T, own, strict=True):
            _half(column, solution, about, half, looks)
        # One legend for all panels, each edge named once.
        named: dict[str, Artist] = {}
        for ax in axes[3]:
            named |= {label: line for line, label in zip(*ax.get_legend_handles_labels(), strict=True)}
        rows = fitted_legend(
            figure, 0.97 * figure.bbox.width, handles=[*named.values()], labels=[*named], loc="outside lower center",
            columnspacing=1.4,
        )  # fmt: skip
        # What three rows take is in the figure already.
        grow(figure, rows=max(rows - 2, 1))
        axes[0, 0].set_ylabel(voltage_label(solution).replace("  ", "\n"))
        axes[1, 0].set_ylabel("Driving force per volume\nof product  (MJ m$^{-3}$)")
        axes[2, 0].set_ylabel("Nucleation barrier  ($k_\\mathrm{B}T$)")
        axes[3, 0].set_ylabel("Rate of a domain  (s$^{-1}$)")
        axes[2, 0].set_ylim(0.0, HIGHEST_BARRIER)
        axes[3, 0].set_yscale("log")
        axes[3, 0].set_ylim(LOWEST_RATE, 1.0)
        axes[1, 0].set_ylim(bottom=0.0)
        figure.suptitle(f"{heading(solution)}, cycle {own[0].cycle}", fontsize=8.5, x=0.01, ha="left")
    return figure


def _half(
    column: list[Axes],
    solution: Solution,
    about: Driving,
    half: HalfCycle,
    looks: dict[Edge, tuple[str, Any]],
) -> None:
    """One half cycle; an edge keeps the look that it has in `looks` or takes the next one."""
    top, force, barrier, rate = column
    labels = edge_labels(
        solution.mechanism, [edge.ends for edge in solution.edges], mathtext=True, short=True
    )
    capacity = solution.capacity_mAh_per_g[half.rows]
    top.plot(capacity, solution.voltage_V[half.rows], color="black")
    top.set_title(half.direction, loc="left")
    for e, edge in enumerate(solution.edges):
        there = (solution.fraction(edge.reactant)[half.rows] > THERE) & np.isfinite(
            about.force_J_per_m3[e, half.rows]
        )
        if not there.any():
            continue
        converted = solution.converted[e, half.rows]
        thick = converted[-1] - converted[0] > CARRIES
        colour, dashes = looks.setdefault(edge, LINES[len(looks) % len(LINES)])
        look = {
            "color": colour, "ls": dashes, "lw": 2.2 if thick else 0.9, "zorder": 3 if thick else 2,
            "label": labels[edge.ends],
        }  # fmt: skip
        for ax, values in (
            (force, 1e-6 * about.force_J_per_m3),
            (barrier, about.barrier_kT),
            (rate, about.rate_per_s),
        ):
            ax.plot(capacity, np.where(there, values[e, half.rows], np.nan), **look)
    # Charge per second over the charge of a full conversion: what the current asks of the domains.
    current = np.abs(solution.current_A_per_g[half.rows])
    asked = current * 1e3 / 3600.0 / max(half.capacity_mAh_per_g, 1e-9)
    rate.plot(
        capacity,
        np.where(asked > 0.0, asked, np.nan),
        color="black",
        ls="--",
        lw=0.9,
        label="asked by the current",
    )
    rate.set_xlabel(capacity_label(solution))
    rate.set_xlim(0.0, float(capacity[-1]))
