"""Path selection: driving force, barrier and rate of competing edges along a cycle."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sbpath.mechanism.mechanism import Edge
from sbpath.mechanism.notation import edge_labels
from sbpath.plots.colours import edge_line
from sbpath.plots.labels import capacity_label, heading, voltage_label
from sbpath.plots.layout import grow, legend_below
from sbpath.plots.style import DOUBLE, line_width, style
from sbpath.results import selectivity
from sbpath.results.cycles import HalfCycle, half_cycles_of
from sbpath.results.selectivity import DrivingForces
from sbpath.solution import Solution
from sbpath.text.tables import which_cycle

ASKED = "asked by the current"
# An edge is drawn where its reactant holds this share of the Sb.
MIN_REACTANT_SHARE = 0.02
# An edge that converts this share of the Sb in a half cycle is drawn thick.
MIN_CARRIED_SHARE = 0.05
# Upper limit of the barrier axis (kT), far beyond any that can be crossed, and the decades of the rate axis below
# the rate that the current requires; slower edges are as good as closed.
MAX_BARRIER_KT = 150.0
DECADES = 8.0


def driving_forces(solution: Solution, cycle: int | None = None) -> Figure:
    """Voltage, driving force per volume, barrier and rate of every possible edge.

    The rate is that of one domain, 1 over the sum of its nucleation, growth and transport times: the
    highest wins. Colours are those of the products. Edges with thick lines carried the charge, those with thin lines did not. Dashed: the
    rate at which domains must transform to carry the current.
    """
    halves = half_cycles_of(solution, cycle)
    found = selectivity.driving_forces(solution)
    with style():
        figure, axes = plt.subplots(
            4, len(halves), sharex="col", sharey="row", squeeze=False, figsize=(DOUBLE, 6.6), layout="constrained",
            height_ratios=(0.8, 1.0, 1.0, 1.0),
        )  # fmt: skip
        looks: dict[Edge, tuple[str, Any]] = {}
        for column, half in zip(axes.T, halves, strict=True):
            _half(column, solution, found, half, looks)
        # One legend for all panels, with each edge once.
        handles: dict[str, Artist] = {}
        for ax in axes[3]:
            handles |= {label: line for line, label in zip(*ax.get_legend_handles_labels(), strict=True)}
        rows = legend_below(figure, [*handles.values()], [*handles], columnspacing=1.4)
        # The figure already has room for three rows.
        grow(figure, rows=max(rows - 2, 1))
        axes[0, 0].set_ylabel(voltage_label(solution).replace("  ", "\n"))
        axes[1, 0].set_ylabel("Driving force per volume\nof product  (MJ m$\\mathregular{^{-3}}$)")
        axes[2, 0].set_ylabel("Nucleation barrier  ($k_\\mathrm{B}T$)")
        axes[3, 0].set_ylabel("Rate of a domain  (s$\\mathregular{^{-1}}$)")
        axes[2, 0].set_ylim(0.0, MAX_BARRIER_KT)
        axes[3, 0].set_yscale("log")
        asked = [line.get_ydata() for ax in axes[3] for line in ax.lines if line.get_label() == ASKED]
        slowest = min((float(np.nanmin(rate)) for rate in asked if np.isfinite(rate).any()), default=1e-6)
        axes[3, 0].set_ylim(10.0 ** np.floor(np.log10(slowest) - DECADES), 1.0)
        axes[1, 0].set_ylim(bottom=0.0)
        title = f"{heading(solution)}, {which_cycle(solution, halves[0].cycle)}"
        figure.suptitle(title, fontsize="medium", x=0.01, ha="left")
    return figure


def _half(
    column: list[Axes],
    solution: Solution,
    found: DrivingForces,
    half: HalfCycle,
    looks: dict[Edge, tuple[str, Any]],
) -> None:
    """One half cycle; an edge keeps its look in `looks` or takes the next one."""
    top, force, barrier, rate = column
    labels = edge_labels(
        solution.mechanism, [edge.ends for edge in solution.edges], mathtext=True, short=True
    )
    capacity = solution.capacity_mAh_per_g[half.rows]
    top.plot(capacity, solution.voltage_V[half.rows], color="black")
    top.set_title(half.direction, loc="left")
    for e, edge in enumerate(solution.edges):
        shown = (solution.fraction(edge.reactant)[half.rows] > MIN_REACTANT_SHARE) & np.isfinite(
            found.force_J_per_m3[e, half.rows]
        )
        if not shown.any():
            continue
        converted = solution.converted[e, half.rows]
        thick = converted[-1] - converted[0] > MIN_CARRIED_SHARE
        if edge not in looks:
            looks[edge] = edge_line(solution.mechanism, edge.product, looks.values())
        colour, dashes = looks[edge]
        look = {
            "color": colour, "ls": dashes, "lw": line_width(2.2 if thick else 0.9), "zorder": 3 if thick else 2,
            "label": labels[edge.ends],
        }  # fmt: skip
        for ax, values in (
            (force, 1e-6 * found.force_J_per_m3),
            (barrier, found.barrier_kT),
            (rate, found.rate_per_s),
        ):
            ax.plot(capacity, np.where(shown, values[e, half.rows], np.nan), **look)
    # Rate of conversion required by the current: charge per second over the charge of a full conversion.
    current = np.abs(solution.current_A_per_g[half.rows])
    required = current * 1e3 / 3600.0 / max(half.capacity_mAh_per_g, 1e-9)
    rate.plot(
        capacity,
        np.where(required > 0.0, required, np.nan),
        color="black",
        ls="--",
        lw=line_width(0.9),
        label=ASKED,
    )
    rate.set_xlabel(capacity_label(solution))
    rate.set_xlim(0.0, float(capacity[-1]))
