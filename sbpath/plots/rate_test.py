"""Capacity and efficiencies against cycle number, as in a rate test."""

from __future__ import annotations

from itertools import groupby

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from sbpath.errors import InputError
from sbpath.plots.labels import capacity_label, heading
from sbpath.plots.layout import panels
from sbpath.plots.style import DOUBLE, EXTRACTION, INSERTION
from sbpath.solution import Solution
from sbpath.studies.rate_capability import rate_capability as tested


def rate_capability(solution: Solution, axes: tuple[Axes, Axes] | None = None) -> tuple[Axes, Axes]:
    """Capacity of each cycle with the rate of each block of cycles, and efficiencies below."""
    points = tested(solution)
    if not points:
        raise InputError("rate_capability: there is no full cycle; simulate sbpath.rate_test(...)")
    with panels(axes, 2, 1, (DOUBLE, 3.6), sharex=True, height_ratios=(2.2, 1.0)) as (top, bottom):
        cycles = [point.cycle for point in points]
        inserted = np.array([point.insertion_mAh_per_g for point in points])
        extracted = np.array([point.extraction_mAh_per_g for point in points])
        top.plot(cycles, inserted, "v", ms=5.0, color=INSERTION, label="insertion")
        top.plot(cycles, extracted, "^", ms=5.0, color=EXTRACTION, mfc="white", label="extraction")
        efficiency = 1e2 * np.array([point.coulombic_efficiency for point in points])
        bottom.plot(cycles, efficiency, "o", ms=3.5, color="black", label="coulombic")
        energy = 1e2 * np.array([np.nan if (e := p.energy_efficiency) is None else e for p in points])
        bottom.plot(cycles, energy, "s", ms=3.5, color="0.45", mfc="white", label="energy")
        # At least 1 % either way, so that tiny differences are not magnified.
        shown = np.concatenate([efficiency, energy[np.isfinite(energy)], [99.0, 101.0]])
        margin = 0.15 * float(np.ptp(shown))
        bottom.set_ylim(max(float(shown.min()) - margin, 0.0), float(shown.max()) + margin)
        # From zero, so that a small loss looks small.
        top.set_ylim(0.0, 1.2 * max(inserted.max(), extracted.max()))
        for rate, group in groupby(points, key=lambda point: point.rate):
            block = [point.cycle for point in group]
            top.text(
                0.5 * (block[0] + block[-1]), 0.96, str(rate), ha="center", va="top", color="0.25",
                transform=top.get_xaxis_transform(),
            )  # fmt: skip
            if block[0] > cycles[0]:
                for ax in (top, bottom):
                    ax.axvline(block[0] - 0.5, color="0.85", lw=0.6, zorder=0)
        bottom.axhline(100.0, color="0.85", lw=0.6, zorder=0)
        top.set_ylabel(capacity_label(solution))
        bottom.set_ylabel("Efficiency  (%)")
        bottom.legend(loc="best")
        bottom.set_xlabel("Cycle")
        bottom.xaxis.set_major_locator(MaxNLocator(integer=True))
        top.legend(loc="lower left")
        top.set_title(heading(solution), loc="left")
    return top, bottom
