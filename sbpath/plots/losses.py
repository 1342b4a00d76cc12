"""Causes of the hysteresis: voltage gap along x, bars by cause, limit at zero rate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sbpath.mechanism.notation import node_labels
from sbpath.plots.labels import composition_label, heading, per_gram
from sbpath.plots.layout import extent, grow, legend_above, panel, settled, wrapped
from sbpath.plots.style import CAUSES, DOUBLE, SINGLE, style
from sbpath.results import loss_breakdown as breakdown
from sbpath.results.loss_breakdown import LOSSES
from sbpath.solution import Floats, Solution
from sbpath.studies.constrained_path import PathAsymmetry
from sbpath.studies.zero_rate import CENTURY_C, ZeroRate
from sbpath.text.tables import which_cycle

CAUSE_COLOURS = dict(zip(LOSSES, CAUSES, strict=True))
# Causes below this (mV) everywhere are left out of the profile and its legend.
MIN_VISIBLE_MV = 0.05
# Energy that is stored and given back is hatched: it is no loss.
STORED: Any = {"facecolor": "white", "edgecolor": "0.45", "hatch": "/////", "lw": 0.0}
# A legend above its axes.
ABOVE: Any = {"borderpad": 0.2, "borderaxespad": 0.1, "columnspacing": 1.2, "handlelength": 1.4}
# Height of a bar with the space around it (inch), and its share of that.
BAR_INCH, BAR_SHARE = 0.32, 0.62
# Between the phases of a path followed in both directions; font size of paths below the bars.
ARROW, PATH_FONT = "\N{LEFT RIGHT ARROW}", "small"


def hysteresis_profile(solution: Solution, cycle: int | None = None, ax: Axes | None = None) -> Axes:
    """Voltage gap between extraction and insertion at each x, and the losses there by cause.

    Hatched is what line and stack differ by: where insertion and extraction pass through different phases, these
    store different energies at the same x. Over the cycle the differences cancel.

    Parameters
    ----------
    cycle : int, optional
        The last closed one if not given.
    """
    with panel(ax, SINGLE, 2.7) as ax:
        profile = breakdown.hysteresis_profile(solution, cycle)
        visible = [i for i in range(len(LOSSES)) if profile.losses_mV[i].max() > MIN_VISIBLE_MV]
        if visible:
            ax.stackplot(
                profile.composition,
                profile.losses_mV[visible],
                labels=[LOSSES[i] for i in visible],
                colors=[CAUSE_COLOURS[LOSSES[i]] for i in visible],
                lw=0,
            )
        lost = profile.losses_mV.sum(axis=0)
        if np.quantile(np.abs(profile.gap_mV - lost), 0.9) > 0.01 * float(profile.gap_mV.max()):
            ax.fill_between(
                profile.composition,
                lost,
                profile.gap_mV,
                label="stored, given back elsewhere",
                **{**STORED, "facecolor": "none"},
            )
        ax.plot(profile.composition, profile.gap_mV, color="black", label="voltage gap")
        ax.set_xlabel(composition_label(solution))
        ax.set_ylabel("Extraction less insertion  (mV)")
        ax.set_xlim(0.0, float(profile.composition[-1]))
        ax.set_ylim(0.0, _top(lost, profile.gap_mV))
        legend_above(ax, **ABOVE)
    return ax


def bars(
    labels: Sequence[str],
    losses: Floats,
    unit: str,
    ax: Axes | None = None,
    legend: bool = True,
    stored: Floats | None = None,
) -> Axes:
    """Bars stacked by cause, the first on top, with the sum at the end of each.

    Parameters
    ----------
    labels : sequence of str
        Of the n bars.
    losses : array, shape (n, 7)
        In the order of `LOSSES`.
    unit : str
        For the axis, e.g. ``"Hysteresis  (mV)"``.
    legend : bool
        Whether to draw a legend of the causes above.
    stored : array, shape (n,), optional
        Energy that a cycle leaves stored, in addition to its losses.
    """
    with panel(ax, SINGLE, 0.9 + BAR_INCH * len(labels)) as ax:
        places = np.arange(len(labels))
        base = np.zeros(len(labels))
        total = losses.sum(axis=1) + (0.0 if stored is None else stored)
        for i, cause in enumerate(LOSSES):
            if losses[:, i].max() > 1e-3 * total.max():
                ax.barh(places, losses[:, i], BAR_SHARE, base, color=CAUSE_COLOURS[cause], label=cause)
            base += losses[:, i]
        if stored is not None and np.abs(stored).max() > 1e-3 * total.max():
            ax.barh(places, stored, BAR_SHARE, base, label="stored", **STORED)
        for place, width in zip(places, total, strict=True):
            ax.annotate(
                f"{width:.0f}",
                (width, place),
                (3, 0),
                textcoords="offset points",
                va="center",
                fontsize="small",
            )
        ax.set_yticks(places, labels)
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel(unit)
        ax.set_xlim(0.0, 1.14 * max(float(total.max()), 1e-9))
        ax.set_ylim(len(labels) - 0.4, -0.6)
        if legend and ax.get_legend_handles_labels()[0]:
            legend_above(ax, **ABOVE)
    return ax


def zero_rate(limit: ZeroRate, ax: Axes | None = None) -> Axes:
    """Hysteresis against rate and the law fitted to it, down to one half cycle per century."""
    with panel(ax, SINGLE, 2.7) as ax:
        fitted = slice(0, limit.fitted)
        rates = np.geomspace(CENTURY_C, limit.rates_C[limit.fitted - 1], 100)
        ax.plot(rates, limit.law_mV(rates), color="black", label=r"$a\,/\sqrt{L-\ln c}+k\,c$")
        label = "simulated" if limit.propagating_mV is None else "simulated without propagation"
        ax.plot(limit.rates_C[fitted], limit.hysteresis_mV[fitted], "o", ms=4, color="black", label=label)
        if limit.fitted < len(limit.rates_C):
            rest = slice(limit.fitted, None)
            ax.plot(
                limit.rates_C[rest], limit.hysteresis_mV[rest], "o", ms=4, mfc="white", mec="black",
                label="too fast for the law",
            )  # fmt: skip
        if limit.propagating_mV is None:
            ax.plot(CENTURY_C, limit.remaining_mV, "D", ms=4.5, color="black")
            ax.annotate(
                f"{limit.remaining_mV:.0f} mV at one\nhalf cycle per century",
                (CENTURY_C, limit.remaining_mV), (8, 0), textcoords="offset points", ha="left", va="top", fontsize="small",
            )  # fmt: skip
        else:
            ax.plot(
                limit.rates_C,
                limit.propagating_mV,
                "D--",
                ms=4,
                mfc="white",
                color="black",
                label="with propagation",
            )
        ax.set_xscale("log")
        ax.set_xlabel("C-rate c  (h$\\mathregular{^{-1}}$)")
        ax.set_ylabel("Hysteresis  (mV)")
        ax.set_ylim(0.0, 1.12 * float(limit.hysteresis_mV.max()))
        ax.legend(loc="lower right")
    return ax


def path_asymmetry(compared: PathAsymmetry, solution: Solution, ax: Axes | None = None) -> Axes:
    """Hysteresis by cause, of the free cycle and of the cycles constrained to one of its paths."""
    labels = node_labels(solution.mechanism, mathtext=True, short=True)
    chains = []
    for constrained in compared.constrained:
        phases = dict.fromkeys(phase for edge in constrained.edges for phase in edge)
        chains.append([labels[phase] for phase in sorted(phases, key=solution.phases.index)])
    losses = np.array(
        [b.losses_mV.sum(axis=0) for b in (compared.free, *(h.loss_breakdown for h in compared.constrained))]
    )
    names = ["free", *(f"{constrained.followed} path\nboth ways" for constrained in compared.constrained)]
    with style():
        ax = bars(names, losses, "Hysteresis  (mV)", ax, legend=False)
        settled(ax)
        _below(
            ax,
            [
                (constrained.followed, chain)
                for constrained, chain in zip(compared.constrained, chains, strict=True)
            ],
        )
    return ax


def _below(ax: Axes, chains: Sequence[tuple[str, Sequence[str]]]) -> None:
    """The paths of the bars, below the label of the axis."""
    width = extent(ax).width
    lines = [
        wrapped(ax, [f"{followed} path:  {first}", *rest], f" {ARROW} ", width, PATH_FONT)
        for followed, (first, *rest) in chains
    ]
    ax.set_xlabel("\n".join([ax.get_xlabel(), *lines]), loc="left", fontsize=PATH_FONT, multialignment="left")


def losses(
    solution: Solution,
    compared: PathAsymmetry | None = None,
    limit: ZeroRate | None = None,
    cycle: int | None = None,
) -> Figure:
    """All losses of one cycle in one figure.

    Voltage gap along x and bars by direction; with `compared` the value of the path asymmetry, with
    `limit` the hysteresis that remains at zero rate.
    """
    found = breakdown.loss_breakdown(solution, cycle)
    with style():
        extra = [panel for panel in (compared, limit) if panel is not None]
        rows = 2 if extra else 1
        figure = plt.figure(figsize=(DOUBLE, 0.3 + 2.6 * rows), layout="constrained")
        mosaic: Any = [["gap", "bars"]]
        if extra:
            mosaic.append(["asymmetry" if compared else "limit", "limit" if limit else "asymmetry"])
        axes = figure.subplot_mosaic(mosaic)
        hysteresis_profile(solution, found.cycle, axes["gap"])
        bars(
            ["insertion", "extraction"],
            found.losses_mV,
            "Lost to each cause  (mV)",
            axes["bars"],
            legend=False,
        )
        _legend_of_other_causes(axes["bars"], axes["gap"])
        total = f"{found.hysteresis_mV:.0f} mV, {found.loop_J_per_g:.0f} J {per_gram(solution)}"
        title = heading(solution, wide=True)
        figure.suptitle(
            f"{title}\n{which_cycle(solution, found.cycle)}: {total}", x=0.01, ha="left", fontsize="medium"
        )
        if compared is not None:
            path_asymmetry(compared, solution, axes["asymmetry"])
            axes["asymmetry"].set_title("constrained to one path both ways", loc="left")
            grow(figure, lines=axes["asymmetry"].get_xlabel().count("\n"))
        if limit is not None:
            zero_rate(limit, axes["limit"])
            axes["limit"].set_title("as the current goes to zero", loc="left")
    return figure


def _legend_of_other_causes(ax: Axes, other: Axes) -> None:
    """A legend on `ax` of the causes that are not in the legend of `other`."""
    named = other.get_legend_handles_labels()[1]
    rest = [pair for pair in zip(*ax.get_legend_handles_labels(), strict=True) if pair[1] not in named]
    if rest:
        ax.legend(*zip(*rest, strict=True), loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=4, **ABOVE)


def _top(stack: Floats, line: Floats) -> float:
    """Upper limit that shows the whole stack, and the line without spikes at its ends."""
    return 1.2 * max(float(stack.max()), float(np.quantile(line, 0.95)), 1e-3)
