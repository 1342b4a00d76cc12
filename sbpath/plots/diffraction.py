"""Simulated operando X-ray diffraction: patterns over time, voltage, and whose reflections they are."""

from __future__ import annotations

import re

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm

from sbpath.mechanism.notation import phase_labels, state, subscripted
from sbpath.plots.colours import phase_looks, readable
from sbpath.plots.labels import voltage_label
from sbpath.plots.layout import fitted_title, grow, settled
from sbpath.plots.style import DOUBLE, style
from sbpath.results.crystal import Reflections
from sbpath.results.diffraction import DiffractionMap
from sbpath.results.diffraction import diffraction as simulated
from sbpath.solution import Solution

# Height of the strongest stick of a phase, in rows, and of all sticks where heights are not known.
TALLEST, UNKNOWN = 0.58, 0.3
# Height of the row of a phase (inch).
STICKS = 0.36
# At most so many reflections of a phase are named, the strongest that stand so many degrees apart
# and reach this share of the strongest.
NAMED, APART, STRONG = 5, 3.0, 0.15
# No name stands nearer to the edge than this share of the range, where it would leave the panel.
EDGE = 0.02
# A phase that never holds this share of the Sb is said to be absent, or nearly so.
ABSENT = 0.01

GREEK = {"a": "α", "b": "β"}


def diffraction(
    solution: Solution | DiffractionMap, axes: tuple[Axes, Axes, Axes] | None = None
) -> tuple[Axes, Axes, Axes]:
    """Intensity over 2 theta and time, the voltage beside it, the reflections of each phase above.

    The colour follows the square root of the intensity, so that weak peaks are seen too. Sticks
    are as high as reflections are strong, the strongest of each phase alike. Where the atoms of
    a phase are not known its sticks are pale and of one height, and the map lacks them.

    Parameters
    ----------
    solution : Solution or DiffractionMap
        What to draw; a solution is drawn with the defaults of `sbpath.diffraction`.
    axes : three Axes, optional
        For the map, the voltage and the sticks; a new figure if not given.
    """
    shown = simulated(solution) if isinstance(solution, Solution) else solution
    solution = shown.solution
    with style():
        if axes is None:
            rows = STICKS * len(shown.amounts)
            # Three phases fill the page's usual height, each one more adds to it.
            figure = plt.figure(figsize=(DOUBLE, 4.8 + max(0.0, rows - 3 * STICKS)), layout="constrained")
            heights = (rows, 3.3)
            grid = figure.add_gridspec(2, 2, width_ratios=(4.0, 1.0), height_ratios=heights)
            below = figure.add_subplot(grid[1, 0])
            beside = figure.add_subplot(grid[1, 1], sharey=below)
            above = figure.add_subplot(grid[0, 0], sharex=below)
        else:
            below, beside, above = axes
        _map(below, beside, shown)
        beside.plot(solution.voltage_V, solution.time_s / 3600.0, color="black", lw=1.0)
        beside.set_xlabel(voltage_label(solution))
        beside.tick_params(labelleft=False)
        beside.grid(True, color="0.93", lw=0.6)
        beside.set_ylim(below.get_ylim())
        _sticks(above, shown)
        settled(above)
        lines = fitted_title(
            above,
            subscripted(solution.mechanism.title),
            f"{solution.graph} graph, {solution.temperature_C:g} °C, simulated X-ray diffraction",
        )
        if axes is None:
            grow(settled(above), lines=lines)
    return below, beside, above


def _map(ax: Axes, beside: Axes, shown: DiffractionMap) -> None:
    angles, hours = shown.two_theta, shown.time_s / 3600.0
    low, high = hours[0], max(hours[-1], hours[0] + 1e-9)
    image = ax.imshow(
        shown.intensity, origin="lower", aspect="auto", extent=(angles[0], angles[-1], low, high), cmap="magma",
        norm=PowerNorm(0.5, 0.0, float(shown.intensity.max()) or 1.0),
    )  # fmt: skip
    ax.set_xlabel(rf"$2\theta$  (°),  {_radiation(shown.radiation)}")
    ax.set_ylabel("Time  (h)")
    bar = beside.figure.colorbar(image, ax=beside, fraction=0.08, aspect=40)
    bar.set_label(r"Intensity  (e$^2$ Å$^{-3}$ degree$^{-1}$ per Sb)")


def _sticks(ax: Axes, shown: DiffractionMap) -> None:
    """A row for each phase, the first on top, its name at the right."""
    mechanism = shown.solution.mechanism
    labels, looks = phase_labels(mechanism, mathtext=True), phase_looks(mechanism)
    names = list(shown.amounts)
    for i, name in enumerate(names):
        floor, colour = float(len(names) - 1 - i), readable(looks[name].colour)
        ax.axhline(floor, color="0.8", lw=0.5, zorder=0)
        if name in shown.reflections:
            _row(ax, shown.reflections[name], floor, colour, *shown.two_theta[[0, -1]])
        phase, label = mechanism.phases[name], labels[name]
        if not phase.crystalline:  # which the remark says
            label = label.removesuffix(f" ({phase.structure})")
        for text, height, size, shade in (
            (label, 0.62, 7.5, colour),
            (_remark(shown, name), 0.24, 6.0, "0.35"),
        ):
            # Beside the panel there is room, above the voltage.
            ax.text(
                1.01, floor + height, text, transform=ax.get_yaxis_transform(), va="center", fontsize=size,
                color=shade, in_layout=False,
            )  # fmt: skip
    ax.set_ylim(0.0, len(names))
    ax.set_xlim(shown.two_theta[0], shown.two_theta[-1])
    ax.set_yticks([])
    ax.tick_params(bottom=False, labelbottom=False)


def _remark(shown: DiffractionMap, name: str) -> str:
    """Why the map may not show a phase."""
    most = float(shown.amounts[name].max())
    phase = shown.solution.mechanism.phases[name]
    if not phase.crystalline:
        return f"{state(phase)}: no reflections"
    if name not in shown.reflections:
        return "no cell given: not in the map"
    if not shown.reflections[name].known_intensity:
        return "intensities not known: not in the map"
    return f"at most {most:.2g} mol per Sb" if most < ABSENT else ""


def _row(ax: Axes, lines: Reflections, floor: float, colour: str, low: float, high: float) -> None:
    if not lines.known_intensity:
        ax.vlines(lines.two_theta, floor, floor + UNKNOWN, color=colour, lw=0.5, alpha=0.6)
        return
    heights = (TALLEST * lines.intensity / max(lines.intensity, default=1.0)).tolist()
    ax.vlines(lines.two_theta, floor, [floor + height for height in heights], color=colour, lw=1.2)
    named: list[float] = []
    for angle, height, hkl in sorted(
        zip(lines.two_theta.tolist(), heights, lines.hkl, strict=True), key=lambda line: -line[1]
    ):
        if len(named) == NAMED or height < STRONG * TALLEST:
            break
        inside = low + EDGE * (high - low) < angle < high - EDGE * (high - low)
        if inside and all(abs(angle - other) > APART for other in named):
            named.append(angle)
            planes = "".join(str(n) if n >= 0 else rf"$\bar{{{-n}}}$" for n in hkl[0])
            ax.text(
                angle, floor + height + 0.03, planes, ha="center", va="bottom", fontsize=5.5, color="0.25"
            )


def _radiation(radiation: str | float) -> str:
    """``Cu Kα``, or a wavelength."""
    if not isinstance(radiation, str):
        return f"λ = {radiation:g} Å"
    return re.sub("K([ab])", lambda match: f" K{GREEK[match[1]]}", radiation)
