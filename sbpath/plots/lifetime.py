"""Lifetime: capacity and efficiency against cycle, where the charge has gone, and the first cycle as one bar."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from sbpath.errors import InputError
from sbpath.plots.labels import capacity_label, heading, per_gram
from sbpath.plots.layout import legend_above, panels
from sbpath.plots.style import DESTINATIONS, DOUBLE, EXTRACTION, INSERTION
from sbpath.results.ledger import LedgerEntry, ledger
from sbpath.solution import Solution

# Words and colour of each place where charge stays.
PLACES = dict(
    zip(
        (
            "film as built",
            "film, breaking",
            "film, torn open",
            "film, growth",
            "film on carbon",
            "cut off",
            "left",
        ),
        DESTINATIONS,
        strict=True,
    )
)
# A part of the bar below this share is not named in it, and one that never reaches it is in no legend.
MIN_NAMED_SHARE, MIN_SEEN_SHARE = 0.045, 0.002
# Fewer cycles are drawn with markers. Of more than these, efficiency is drawn on the scale of the cycles after the first two.
FEW, FORMED = 30, 2


def lifetime(
    solution: Solution, axes: tuple[Axes, Axes, Axes, Axes] | None = None
) -> tuple[Axes, Axes, Axes, Axes]:
    """Capacity and coulombic efficiency of each cycle, charge lost so far by place, and the first cycle's charge."""
    entries = ledger(solution)
    if not any(entry.inserted > 0.0 and entry.extracted > 0.0 for entry in entries):
        raise InputError("lifetime: there is no full cycle; simulate sbpath.cycling(...)")
    with panels(axes, 4, 1, (DOUBLE, 6.2), height_ratios=(2.0, 1.2, 2.0, 0.55)) as (top, middle, stack, bar):
        if axes is None:
            for ax in (top, middle):
                ax.sharex(stack)
                ax.tick_params(labelbottom=False)
        cycles = [entry.cycle for entry in entries]
        few: Any = {"ls": "-" if len(cycles) > FEW else "none"}
        size = 4.0 if len(cycles) <= FEW else 0.0
        inserted = [entry.inserted for entry in entries]
        extracted = [entry.extracted for entry in entries]
        top.plot(cycles, inserted, marker="v", ms=size, color=INSERTION, label="insertion", **few)
        top.plot(
            cycles, extracted, marker="^", ms=size, color=EXTRACTION, mfc="white", label="extraction", **few
        )
        top.set_ylim(0.0, 1.12 * max(inserted))
        top.set_ylabel(capacity_label(solution).replace("Specific capacity", "Capacity"))
        top.legend(loc="lower left")
        top.set_title(heading(solution, wide=True), loc="left")
        efficiency = [1e2 * entry.efficiency for entry in entries]
        middle.plot(cycles, efficiency, marker="o", ms=max(size - 0.5, 0.0), color="black", **few)
        middle.axhline(100.0, color="0.85", lw=0.6, zorder=0)
        middle.set_ylabel("Coulombic eff.  (%)")
        _efficiency_limits(middle, efficiency, cycles[0])
        lost = np.cumsum([places(entry) for entry in entries], axis=0).T.clip(0.0)
        _stack(stack, cycles, lost, entries[0].inserted)
        stack.set_ylabel(f"Lost so far  (mAh {per_gram(solution)})")
        stack.set_xlabel("Cycle")
        stack.xaxis.set_major_locator(MaxNLocator(integer=True))
        stack.set_xlim(cycles[0] - 0.02 * len(cycles), cycles[-1] + 0.02 * len(cycles))
        _bar(bar, entries[0])
        bar.set_xlabel(f"Put in during cycle {cycles[0]}  (mAh {per_gram(solution)})")
    return top, middle, stack, bar


def places(entry: LedgerEntry) -> tuple[float, ...]:
    """Charge in each of `PLACES` (mAh/g)."""
    left = entry.held + entry.layer
    return entry.sealed, entry.fresh, entry.torn, entry.grown, entry.idle, entry.cut_off, left


def _efficiency_limits(ax: Axes, efficiency: list[float], first: int) -> None:
    """From the lowest efficiency to 100 %, with at least 1 % seen; of many cycles that of the formed ones."""
    many = len(efficiency) > FEW
    least, most = min(99.0, *efficiency[FORMED * many :]), max(100.0, *efficiency)
    margin = 0.08 * (most - least)
    ax.set_ylim(least - margin, most + margin)
    if efficiency[0] < least - margin:
        # Away from the curve, which begins low or high.
        height = 0.72 if efficiency[FORMED] < 0.5 * (least + most) else 0.06
        ax.annotate(
            f"cycle {first}: {efficiency[0]:.1f} %",
            (0.06, height),
            xycoords="axes fraction",
            fontsize="small",
        )


def _stack(ax: Axes, cycles: list[int], lost: Any, put_in: float) -> None:
    total = lost[:, -1].sum()
    if total <= MIN_SEEN_SHARE * put_in:
        ax.text(0.5, 0.5, "nothing is lost", ha="center", va="center", transform=ax.transAxes)
        ax.set_ylim(0.0, 1.0)
        return
    base = np.zeros(len(cycles))
    alone = len(cycles) == 1
    for (name, colour), part in zip(PLACES.items(), lost, strict=True):
        label = name if part.max() > MIN_SEEN_SHARE * total else "_"
        if alone:
            ax.bar(cycles, part, 0.5, base, color=colour, label=label)
        else:
            ax.fill_between(cycles, base, base + part, color=colour, lw=0, label=label)
        base = base + part
    ax.set_ylim(0.0, 1.05 * float(base.max()))
    legend_above(ax, borderaxespad=0.1)


def _bar(ax: Axes, entry: LedgerEntry) -> None:
    """What went in, and where it is."""
    parts = {"taken out": (entry.extracted, EXTRACTION)}
    parts |= {
        name: (part, colour) for (name, colour), part in zip(PLACES.items(), places(entry), strict=True)
    }
    start = 0.0
    for name, (part, colour) in parts.items():
        if part <= 0.0:
            continue
        ax.barh(0.0, part, 0.8, start, color=colour)
        share = part / entry.inserted
        if share > MIN_NAMED_SHARE:
            words = name.replace(", ", ",\n").replace(" on ", "\non ") if share < 0.2 else name
            ax.text(
                start + 0.5 * part, 0.55, f"{words}\n{share:.1%}", ha="center", va="bottom", fontsize="small"
            )
        start += part
    ax.set_xlim(0.0, 1.02 * max(entry.inserted, start))
    ax.set_ylim(-0.5, 2.2)
    ax.set_yticks([])
    ax.spines[["left", "right", "top"]].set_visible(False)
