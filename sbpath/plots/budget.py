"""Where the hysteresis comes from: gap along the composition, bars by cause, limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sbpath.experiments.counterfactual import Asymmetry
from sbpath.experiments.zero_rate import CENTURY_C, ZeroRate
from sbpath.mechanism.notation import node_labels
from sbpath.plots.labels import composition_label, heading, per_gram
from sbpath.plots.layout import broken, extent, grow, settled
from sbpath.plots.style import BLUE, DOUBLE, FRAMED, GREEN, GREY, ORANGE, PURPLE, RED, SINGLE, style
from sbpath.results.budget import LOSSES, budget, gap_profile
from sbpath.solution import Floats, Solution

CAUSE_COLOURS = dict(zip(LOSSES, (BLUE, ORANGE, GREEN, PURPLE, GREY), strict=True))
# Causes below this (mV) everywhere are left out of bars and legends.
SEEN_MV = 0.05
# Between the phases of a path that is gone both ways, and the size of words on it below the bars.
ARROW, SMALL = "\N{LEFT RIGHT ARROW}", 6.5


def gap(solution: Solution, cycle: int | None = None, ax: Axes | None = None) -> Axes:
    """Voltage gap between extraction and insertion at each x, and what is lost there by cause.

    Where line and stack part, insertion and extraction go through different phases, which store
    different energies at the same x; over the cycle this adds up to nothing.

    Parameters
    ----------
    solution : Solution
        With a closed cycle.
    cycle : int, optional
        The last closed one if not given.
    ax : Axes, optional
        Where; a new figure if not given.
    """
    with style():
        if ax is None:
            _, ax = plt.subplots(figsize=(SINGLE, 2.7), layout="constrained")
        profile = gap_profile(solution, cycle)
        seen = [i for i in range(len(LOSSES)) if profile.losses_mV[i].max() > SEEN_MV]
        if seen:
            ax.stackplot(
                profile.composition,
                profile.losses_mV[seen],
                labels=[LOSSES[i] for i in seen],
                colors=[CAUSE_COLOURS[LOSSES[i]] for i in seen],
                lw=0,
            )
        ax.plot(profile.composition, profile.gap_mV, color="black", lw=1.2, label="voltage gap")
        ax.set_xlabel(composition_label(solution))
        ax.set_ylabel("Extraction less insertion  (mV)")
        ax.set_xlim(0.0, float(profile.composition[-1]))
        ax.set_ylim(0.0, _top(profile.losses_mV.sum(axis=0), profile.gap_mV))
        # Where the stack leaves no room, the names of its colours are not read on these.
        ax.legend(loc="best", **FRAMED)
    return ax


def bars(
    labels: Sequence[str],
    losses: Floats,
    unit: str,
    ax: Axes | None = None,
    legend: bool = True,
    stored: Floats | None = None,
) -> Axes:
    """Stacked bars by cause, the sum above each.

    Parameters
    ----------
    labels : sequence of str
        Of the n bars.
    losses : array, shape (n, 5)
        In the order of `LOSSES`.
    unit : str
        For the axis, e.g. ``"Hysteresis  (mV)"``.
    ax : Axes, optional
        Where; a new figure if not given.
    legend : bool
        Whether to name the causes.
    stored : array, shape (n,), optional
        What a cycle that is not repeated yet leaves stored, on top of what it loses.
    """
    with style():
        if ax is None:
            _, ax = plt.subplots(figsize=(SINGLE, 2.7), layout="constrained")
        places = np.arange(len(labels))
        base = np.zeros(len(labels))
        total = losses.sum(axis=1) + (0.0 if stored is None else stored)
        for i, cause in enumerate(LOSSES):
            if losses[:, i].max() > 1e-3 * total.max():
                ax.bar(places, losses[:, i], 0.62, base, color=CAUSE_COLOURS[cause], label=cause)
            base += losses[:, i]
        if stored is not None and np.abs(stored).max() > 1e-3 * total.max():
            ax.bar(
                places,
                stored,
                0.62,
                base,
                color="white",
                edgecolor="0.3",
                hatch="////",
                label="stored",
                lw=0.6,
            )
        for place, height in zip(places, total, strict=True):
            ax.annotate(
                f"{height:.0f}", (place, height), (0, 2), textcoords="offset points", ha="center", fontsize=7
            )
        ax.set_xticks(places, labels)
        ax.set_ylabel(unit)
        ax.set_ylim(0.0, 1.14 * max(float(total.max()), 1e-9))
        ax.set_xlim(-0.6, len(labels) - 0.4)
        if legend and ax.get_legend_handles_labels()[0]:
            ax.legend(loc="best")
    return ax


def zero_rate(limit: ZeroRate, ax: Axes | None = None) -> Axes:
    """Hysteresis against rate with the law fitted to it, out to one half cycle a century."""
    with style():
        if ax is None:
            _, ax = plt.subplots(figsize=(SINGLE, 2.7), layout="constrained")
        fitted = slice(0, limit.fitted)
        rates = np.geomspace(CENTURY_C, limit.rates_C[limit.fitted - 1], 100)
        ax.plot(rates, limit.law_mV(rates), color=BLUE, label=r"$a\,/\sqrt{L-\ln c}+k\,c$")
        ax.plot(
            limit.rates_C[fitted], limit.hysteresis_mV[fitted], "o", ms=4, color="black", label="simulated"
        )
        if limit.fitted < len(limit.rates_C):
            rest = slice(limit.fitted, None)
            ax.plot(
                limit.rates_C[rest], limit.hysteresis_mV[rest], "o", ms=4, mfc="white", mec="black",
                label="too fast for the law",
            )  # fmt: skip
        ax.plot(CENTURY_C, limit.remaining_mV, "D", ms=4.5, color=RED)
        ax.annotate(
            f"{limit.remaining_mV:.0f} mV at one\nhalf cycle a century",
            (CENTURY_C, limit.remaining_mV), (8, 0), textcoords="offset points", ha="left", va="top", fontsize=7,
            color=RED,
        )  # fmt: skip
        ax.set_xscale("log")
        ax.set_xlabel("C-rate c  (h$^{-1}$)")
        ax.set_ylabel("Hysteresis  (mV)")
        ax.set_ylim(0.0, 1.12 * float(limit.hysteresis_mV.max()))
        ax.legend(loc="lower right")
    return ax


def asymmetry(compared: Asymmetry, solution: Solution, ax: Axes | None = None) -> Axes:
    """Hysteresis by cause of the free cycle, and of the cycles held to one of its paths both ways."""
    labels = node_labels(solution.mechanism, mathtext=True, short=True)
    chains = []
    for held in compared.held:
        phases = dict.fromkeys(phase for edge in held.edges for phase in edge)
        chains.append([labels[phase] for phase in sorted(phases, key=solution.phases.index)])
    losses = np.array([b.losses_mV.sum(axis=0) for b in (compared.free, *(h.budget for h in compared.held))])
    names = ["free", *(f"{held.followed} path\nboth ways" for held in compared.held)]
    with style():
        ax = bars(names, losses, "Hysteresis  (mV)", ax, legend=False)
        settled(ax)
        heights = losses.sum(axis=1)
        words = [
            ax.text(
                place, 0.02 * heights.max(), ARROW.join(chain), rotation=90, ha="center", va="bottom", color="white"
            )
            for place, chain in enumerate(chains, 1)
        ]  # fmt: skip
        tops = [ax.transData.transform((0.0, height))[1] for height in heights[1:]]
        if any(extent(text).y1 > top for text, top in zip(words, tops, strict=True)):
            for text in words:
                text.remove()
            _below(ax, [(held.followed, chain) for held, chain in zip(compared.held, chains, strict=True)])
    return ax


def _below(ax: Axes, chains: Sequence[tuple[str, Sequence[str]]]) -> None:
    """Chains that are too long to stand in their bars."""
    room = extent(ax).width
    lines = [
        broken(ax, [f"{followed} path:  {first}", *rest], f" {ARROW} ", room, SMALL)
        for followed, (first, *rest) in chains
    ]
    ax.set_xlabel("\n".join(lines), loc="left", fontsize=SMALL, multialignment="left", labelpad=6.0)


def budget_figure(
    solution: Solution,
    compared: Asymmetry | None = None,
    limit: ZeroRate | None = None,
    cycle: int | None = None,
) -> Figure:
    """The whole budget of one cycle in one figure.

    Gap along x and bars by direction; with `compared` what the asymmetry is worth, with `limit`
    what remains at zero rate.
    """
    own = budget(solution, cycle)
    with style():
        below = [panel for panel in (compared, limit) if panel is not None]
        rows = 2 if below else 1
        figure = plt.figure(figsize=(DOUBLE, 2.8 * rows), layout="constrained")
        mosaic: Any = [["gap", "bars"]]
        if below:
            mosaic.append(["asymmetry" if compared else "limit", "limit" if limit else "asymmetry"])
        axes = figure.subplot_mosaic(mosaic)
        gap(solution, own.cycle, axes["gap"])
        bars(
            ["insertion", "extraction"], own.losses_mV, "Lost to each cause  (mV)", axes["bars"], legend=False
        )
        _legend_of_the_rest(axes["bars"], axes["gap"])
        axes["bars"].set_title(
            f"cycle {own.cycle}: {own.hysteresis_mV:.0f} mV, {own.loop_J_per_g:.0f} J {per_gram(solution)}",
            loc="left",
        )
        axes["gap"].set_title(heading(solution), loc="left")
        if compared is not None:
            asymmetry(compared, solution, axes["asymmetry"])
            axes["asymmetry"].set_title("held to one path both ways", loc="left")
            grow(figure, lines=axes["asymmetry"].get_xlabel().count("\n") + 1)
        if limit is not None:
            zero_rate(limit, axes["limit"])
            axes["limit"].set_title("as the current goes to zero", loc="left")
    return figure


def _legend_of_the_rest(ax: Axes, other: Axes) -> None:
    """A legend on `ax` of the causes that the one on `other` does not name."""
    named = other.get_legend_handles_labels()[1]
    rest = [pair for pair in zip(*ax.get_legend_handles_labels(), strict=True) if pair[1] not in named]
    if rest:
        ax.legend(*zip(*rest, strict=True), loc="best")


def _top(stack: Floats, line: Floats) -> float:
    """Height of a panel that shows the stack whole, and the line but for spikes at its ends."""
    return 1.2 * max(float(stack.max()), float(np.quantile(line, 0.95)), 1e-3)
