"""The review's tables as figures: computed hosts, and Sb anodes by strategy and ion."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter

from sbpath.errors import InputError
from sbpath.literature.entries import STRATEGIES, Host, ReportedAnode
from sbpath.literature.queries import find_anodes, find_hosts
from sbpath.literature.theory import host_theory
from sbpath.mechanism.notation import subscripted
from sbpath.plots.layout import panels
from sbpath.plots.style import DOUBLE, SYSTEMS

# Kind of cell: colour and marker.
KINDS: dict[str, tuple[str, str]] = {
    "Li": (SYSTEMS[0], "o"),
    "Na": (SYSTEMS[1], "s"),
    "K": (SYSTEMS[2], "^"),
    "Li, solid": (SYSTEMS[3], "D"),
}
HOST_PANELS = {
    "capacity_mAh_per_g": "Capacity  (mAh g$\\mathregular{^{-1}}$)",
    "capacity_mAh_per_cm3": "Capacity  (mAh cm$\\mathregular{^{-3}}$)",
    "volume_change_percent": "Volume change  (%)",
}
SB_MAH_PER_G = 660.0
# Translucent, since points overlap.
MARKERS: dict[str, Any] = {"ms": 4.5, "alpha": 0.75, "mew": 0.0}


def hosts(hosts: Sequence[Host] | None = None, axes: Sequence[Axes] | None = None) -> list[Axes]:
    """Computed capacity per gram and per volume of the empty host, and volume change.

    Parameters
    ----------
    hosts : sequence of Host, optional
        From `sbpath.literature.find_hosts`; all of Table 1 if not given.
    """
    rows = _non_empty(find_hosts() if hosts is None else hosts, "hosts")
    if axes is not None and len(axes) != 3:
        raise InputError("hosts: give three axes or none")
    theories = [host_theory(host) for host in rows]
    groups = [list(group) for _, group in groupby(range(len(rows)), key=lambda i: rows[i].host)]
    # Half a bar of space between the groups.
    places = np.array([i + 0.5 * number for number, group in enumerate(groups) for i in group])
    with panels(axes, 3, 1, (DOUBLE, 5.4), sharex=True) as stack:
        for ax, (name, label) in zip(stack, HOST_PANELS.items(), strict=True):
            heights = np.array([getattr(theory, name) for theory in theories])
            for ion in ("Li", "Na", "K"):
                of_ion = [i for i, host in enumerate(rows) if host.ion == ion]
                if of_ion:
                    bars = ax.bar(places[of_ion], heights[of_ion], 0.8, color=KINDS[ion][0], label=ion)
                    ax.bar_label(bars, fmt="{:.0f}", padding=2, fontsize="small")
            ax.set_ylabel(label)
            ax.set_ylim(0.0, 1.15 * float(heights.max()))
            for group in groups[1:]:
                ax.axvline(places[group[0]] - 0.75, color="0.85", lw=0.6)
        for group in groups:
            stack[0].text(
                float(places[group].mean()), 1.03, rows[group[0]].host, ha="center", va="bottom",
                transform=stack[0].get_xaxis_transform(), fontsize="medium",
            )  # fmt: skip
        stack[0].set_xlim(places[0] - 0.75, places[-1] + 0.75)
        stack[2].set_xticks(places, [subscripted(host.formula, mathtext=True) for host in rows])
        for ax in stack:
            ax.tick_params(axis="x", length=0)
        stack[0].legend(loc="upper right", ncols=3, handlelength=1.0, handleheight=1.0)
    return stack


def strategies(
    studies: Sequence[ReportedAnode] | None = None, axes: Sequence[Sequence[Axes]] | None = None
) -> list[list[Axes]]:
    """First-cycle efficiency, capacity after X cycles and rate capability of Sb anodes.

    One column per strategy of the review, one colour per ion; bars are medians.

    Parameters
    ----------
    studies : sequence of ReportedAnode, optional
        From `sbpath.literature.find_anodes`; all of Tables 2-5 if not given.
    axes : three rows of three Axes, optional
        A new figure if not given.
    """
    rows = _non_empty(find_anodes() if studies is None else studies, "strategies")
    present = {_kind(study) for study in rows}
    kinds = [kind for kind in KINDS if kind in present]
    if axes is not None and [len(row) for row in axes] != [3, 3, 3]:
        raise InputError("strategies: give three rows of three axes, or none")
    with panels(axes, 3, 3, (DOUBLE, 6.6), sharex="row", sharey="row") as nine:
        grid = [nine[:3], nine[3:6], nine[6:]]
        for column, strategy in enumerate(STRATEGIES):
            chosen = [study for study in rows if study.strategy == strategy]
            efficiency, cycled, rated = (row[column] for row in grid)
            title = "composite or alloy" if strategy == "composite" else strategy
            efficiency.set_title(f"{title} ({len(chosen)})")
            _efficiencies(efficiency, chosen, kinds)
            _scatter(cycled, chosen, kinds, "cycles", "capacity_mAh_per_g")
            _scatter(rated, chosen, kinds, "rate_current_mA_per_g", "rate_capacity_mAh_per_g")
            cycled.set_xlabel("Number of cycles X")
            rated.set_xlabel("Current  (mA g$\\mathregular{^{-1}}$)")
        grid[0][0].set_ylabel("First-cycle efficiency  (%)")
        grid[1][0].set_ylabel("Capacity after X cycles  (mAh g$\\mathregular{^{-1}}$)")
        grid[2][0].set_ylabel("Rate capability  (mAh g$\\mathregular{^{-1}}$)")
        _frame(grid[1], [(study.cycles, study.capacity_mAh_per_g) for study in rows])
        _frame(grid[2], [(study.rate_current_mA_per_g, study.rate_capacity_mAh_per_g) for study in rows])
        grid[1][0].legend(loc="lower right", handletextpad=0.2, borderaxespad=0.2)
    return grid


def _non_empty(rows: Sequence[Host] | Sequence[ReportedAnode], what: str) -> list:
    if not rows:
        raise InputError(f"{what}: there are no rows to draw; leave out a filter")
    return list(rows)


def _kind(study: ReportedAnode) -> str:
    return f"{study.ion}, solid" if study.solid_electrolyte is not None else study.ion


def _efficiencies(ax: Axes, studies: Sequence[ReportedAnode], kinds: Sequence[str]) -> None:
    for place, kind in enumerate(kinds):
        colour, marker = KINDS[kind]
        values = sorted(
            study.first_cycle_efficiency_percent
            for study in studies
            if _kind(study) == kind and study.first_cycle_efficiency_percent is not None
        )
        if not values:
            ax.text(place, 2.0, "none", ha="center", va="bottom", color="0.5", fontsize="small")
            continue
        # Spread neighbouring values sideways.
        offset = 0.16 * (np.arange(len(values)) % 3 - 1) if len(values) > 1 else np.zeros(1)
        ax.plot(place + offset, values, marker, color=colour, **MARKERS)
        if len(values) > 1:
            ax.hlines(float(np.median(values)), place - 0.34, place + 0.34, color="black", lw=1.2)
    ax.set_xticks(range(len(kinds)), [kind.replace(", ", "\n") for kind in kinds])
    ax.set_xlim(-0.6, len(kinds) - 0.4)
    ax.set_ylim(0.0, 104.0)


def _scatter(ax: Axes, studies: Sequence[ReportedAnode], kinds: Sequence[str], x: str, y: str) -> None:
    for kind in kinds:
        colour, marker = KINDS[kind]
        points = [
            (getattr(study, x), getattr(study, y))
            for study in studies
            if _kind(study) == kind and getattr(study, x) is not None
        ]
        across, up = zip(*points, strict=True) if points else ((), ())
        ax.plot(across, up, marker, color=colour, label=kind, **MARKERS)


def _frame(row: Sequence[Axes], points: Sequence[tuple[float | None, float | None]]) -> None:
    """Common axes for the panels of a row, x logarithmic, with the theoretical capacity of Sb."""
    across = [x for x, _ in points if x is not None] or [1e2, 1e3]
    low, high = min(across) / 1.6, max(across) * 1.6
    if high < 100.0 * low:
        low, high = (10.0 ** end(np.log10(value)) for end, value in ((np.floor, low), (np.ceil, high)))
    top = 1.08 * max(SB_MAH_PER_G, *(y or 0.0 for _, y in points))
    for ax in row:
        ax.set_xscale("log")
        ax.set_xlim(low, high)
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.set_ylim(0.0, top)
        ax.axhline(SB_MAH_PER_G, color="0.6", lw=0.8, ls="--", zorder=0)
    row[0].text(
        0.98, SB_MAH_PER_G, "Sb, in theory", ha="right", va="bottom", color="0.4", fontsize="small",
        transform=row[0].get_yaxis_transform(),
    )  # fmt: skip
