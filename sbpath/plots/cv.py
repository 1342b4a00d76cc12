"""Cyclic voltammetry: curves with their peaks, and the b-value of each peak."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator

from sbpath.errors import InputError
from sbpath.mechanism.notation import edge_labels
from sbpath.plots.colours import node_looks, readable
from sbpath.plots.labels import heading, per_gram, voltage_label
from sbpath.plots.layout import grow, legend_below
from sbpath.plots.style import DOUBLE, line_width, shades, style
from sbpath.solution import Solution
from sbpath.studies.voltammetry import VoltammetryPeak, b_values, last_peaks, leading_peaks, voltammetry_peaks

MARKERS = "vo^sDPX*"
# With more kinds of peaks than this, the legend is below both panels.
MAX_BESIDE = 4


def voltammetry(solution: Solution, axes: tuple[Axes, Axes] | None = None) -> tuple[Axes, Axes]:
    """Current against voltage at each scan rate, and peak current against scan rate.

    The last cycle of each scan rate is drawn. Peaks are marked by the transformation that
    carries the current; the line through each kind of peak has the slope b.
    """
    peaks = last_peaks(voltammetry_peaks(solution))
    if not peaks:
        raise InputError("voltammetry: there is no peak in any sweep; simulate sbpath.cv(...)")
    last = {peak.scan_rate_V_per_s: peak.cycle for peak in peaks}
    with style():
        figure = None
        if axes is None:
            figure = plt.figure(figsize=(DOUBLE, 3.3), layout="constrained")
            # A row of almost no height, so that only the right panel makes room for the legend below it.
            grid = figure.add_gridspec(2, 2, width_ratios=(1.35, 1.0), height_ratios=(1.0, 1e-3))
            left, right = figure.add_subplot(grid[:, 0]), figure.add_subplot(grid[0, 1])
        else:
            left, right = axes
        for (scan_rate, cycle), colour in zip(sorted(last.items()), shades(len(last)), strict=True):
            rows = solution.cycle == cycle
            left.plot(
                solution.voltage_V[rows], solution.current_A_per_g[rows], color=colour, lw=line_width(1.0),
                label=f"{1e3 * scan_rate:g}",
            )  # fmt: skip
        left.axhline(0.0, color="0.8", lw=0.6, zorder=0)
        left.set_xlabel(voltage_label(solution))
        left.set_ylabel(f"Current  (A {per_gram(solution)}), insertion > 0")
        left.legend(title="mV s$\\mathregular{^{-1}}$", title_fontsize="small", loc="best", handlelength=1.4)
        left.set_title(f"{heading(solution)}, last cycle of each rate", loc="left")
        _peaks(left, right, solution, peaks)
        right.set_xscale("log")
        right.set_yscale("log")
        right.set_xticks([1e3 * scan_rate for scan_rate in sorted(last)])
        right.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        for axis in (right.xaxis, right.yaxis):
            axis.set_major_formatter("{x:g}")
            axis.set_minor_locator(NullLocator())
        right.set_xlabel("Scan rate  (mV s$\\mathregular{^{-1}}$)")
        right.set_ylabel(f"Peak current  (A {per_gram(solution)})")
        handles, labels = right.get_legend_handles_labels()
        if figure is not None and len(labels) > MAX_BESIDE:
            grow(figure, rows=legend_below(figure, handles, labels, handlelength=1.2))
        else:
            right.legend(loc="upper left", bbox_to_anchor=(-0.1, -0.25), handlelength=1.2, borderaxespad=0.0)
    return left, right


def _peaks(left: Axes, right: Axes, solution: Solution, peaks: list[VoltammetryPeak]) -> None:
    """A marker for each transformation and direction in the colour of its product, the same in both panels."""
    labels = edge_labels(solution.mechanism, [edge.ends for edge in solution.edges], mathtext=True)
    looks = node_looks(solution.mechanism)
    values = {(b.direction, b.transformation): b for b in b_values(peaks)}
    for i, (kind, chosen) in enumerate(leading_peaks(peaks).items()):
        direction, transformation = kind
        scan_rates = 1e3 * np.array([peak.scan_rate_V_per_s for peak in chosen])
        currents = np.array([peak.current_A_per_g for peak in chosen])
        sign = 1.0 if direction == "insertion" else -1.0
        look = {
            "marker": MARKERS[i % len(MARKERS)],
            "color": "black" if transformation is None else readable(looks[transformation.product].colour),
            "ls": "none",
            "ms": 3.5,
        }
        left.plot([peak.voltage_V for peak in chosen], sign * currents, **look)
        label = f"{direction} within a phase"
        if transformation is not None:
            label = labels[transformation.ends]
        if kind in values:
            b = values[kind]
            error = "" if b.standard_error is None else f" ± {b.standard_error:.2f}"
            label += f":  b = {b.slope:.2f}{error}"
            line = np.exp(
                np.log(currents).mean() + b.slope * (np.log(scan_rates) - np.log(scan_rates).mean())
            )
            right.plot(scan_rates, line, color=look["color"], lw=line_width(0.8))
        right.plot(scan_rates, currents, label=label, **look)
