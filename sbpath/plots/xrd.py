"""Simulated operando X-ray diffraction: patterns over time, voltage, and reflections by phase."""

from __future__ import annotations

import re

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm

from sbpath.mechanism.notation import phase_labels, state
from sbpath.plots.colours import phase_looks, readable
from sbpath.plots.labels import conditions, subject, voltage_label
from sbpath.plots.layout import fitted_title, grow, settled
from sbpath.plots.style import DOUBLE, line_width, style
from sbpath.results.crystal import Reflections
from sbpath.results.diffraction import DiffractionMap
from sbpath.results.diffraction import diffraction as simulated
from sbpath.solution import Solution

# Height of the strongest stick of a phase, and of all sticks if intensities are not known, in rows.
STICK_HEIGHT, UNKNOWN_HEIGHT = 0.58, 0.3
# Height of the row of a phase (inch).
ROW_INCH = 0.36
# Labelled reflections of a phase: maximum number, minimum distance (degrees), and minimum intensity as a
# share of the strongest.
MAX_LABELS, MIN_DISTANCE_DEG, MIN_INTENSITY = 5, 3.0, 0.15
# Reflections closer to the edge than this share of the range are not labelled.
EDGE_MARGIN = 0.02
# Phases that never reach this amount per Sb get a remark.
MIN_AMOUNT = 0.01

GREEK = {"a": "α", "b": "β"}


def diffraction(
    solution: Solution | DiffractionMap, axes: tuple[Axes, Axes, Axes] | None = None
) -> tuple[Axes, Axes, Axes]:
    """Intensity over 2 theta and time, voltage at the right, reflections of each phase above.

    The colour scales with the square root of the intensity, so that weak peaks are visible. The height
    of the sticks is the intensity relative to the strongest of the phase. If the atoms of a phase are
    not known, its sticks are pale and of equal height, and it is not in the map.

    Parameters
    ----------
    solution : Solution or DiffractionMap
        To be drawn; a solution with the defaults of `sbpath.diffraction`.
    """
    pattern = simulated(solution) if isinstance(solution, Solution) else solution
    solution = pattern.solution
    with style():
        if axes is None:
            rows = ROW_INCH * len(pattern.amounts)
            # The standard height has room for three phases; each additional one adds to it.
            figure = plt.figure(figsize=(DOUBLE, 4.8 + max(0.0, rows - 3 * ROW_INCH)), layout="constrained")
            heights = (rows, 3.3)
            grid = figure.add_gridspec(2, 2, width_ratios=(4.0, 1.0), height_ratios=heights)
            map_ax = figure.add_subplot(grid[1, 0])
            voltage_ax = figure.add_subplot(grid[1, 1], sharey=map_ax)
            stick_ax = figure.add_subplot(grid[0, 0], sharex=map_ax)
        else:
            map_ax, voltage_ax, stick_ax = axes
        _map(map_ax, voltage_ax, pattern)
        voltage_ax.plot(solution.voltage_V, solution.time_s / 3600.0, color="black", lw=line_width(1.0))
        voltage_ax.set_xlabel(voltage_label(solution))
        voltage_ax.tick_params(labelleft=False)
        voltage_ax.grid(True, color="0.93", lw=0.6)
        voltage_ax.set_ylim(map_ax.get_ylim())
        _sticks(stick_ax, pattern)
        settled(stick_ax)
        lines = fitted_title(
            stick_ax,
            subject(solution.mechanism),
            f"{conditions(solution)}, simulated X-ray diffraction",
        )
        if axes is None:
            grow(settled(stick_ax), lines=lines)
    return map_ax, voltage_ax, stick_ax


def _map(ax: Axes, voltage_ax: Axes, pattern: DiffractionMap) -> None:
    angles, hours = pattern.two_theta, pattern.time_s / 3600.0
    low, high = hours[0], max(hours[-1], hours[0] + 1e-9)
    image = ax.imshow(
        pattern.intensity, origin="lower", aspect="auto", extent=(angles[0], angles[-1], low, high), cmap="magma",
        norm=PowerNorm(0.5, 0.0, float(pattern.intensity.max()) or 1.0),
    )  # fmt: skip
    ax.set_xlabel(rf"$2\theta$  (°),  {_radiation(pattern.radiation)}")
    ax.set_ylabel("Time  (h)")
    bar = voltage_ax.figure.colorbar(image, ax=voltage_ax, fraction=0.08, aspect=40)
    bar.set_label(
        r"Intensity  (e$\mathregular{^2}$ Å$\mathregular{^{-3}}$ degree$\mathregular{^{-1}}$ per "
        f"{pattern.solution.mechanism.host})"
    )


def _sticks(ax: Axes, pattern: DiffractionMap) -> None:
    """A row for each phase, the first on top, with its name at the right."""
    mechanism = pattern.solution.mechanism
    labels, looks = phase_labels(mechanism, mathtext=True), phase_looks(mechanism)
    names = list(pattern.amounts)
    for i, name in enumerate(names):
        floor, colour = float(len(names) - 1 - i), readable(looks[name].colour)
        ax.axhline(floor, color="0.8", lw=0.5, zorder=0)
        if name in pattern.reflections:
            _row(ax, pattern.reflections[name], floor, colour, *pattern.two_theta[[0, -1]])
        phase, label = mechanism.phases[name], labels[name]
        if not phase.crystalline:  # stated in the remark
            label = label.removesuffix(f" ({phase.structure})")
        for text, height, size, shade in (
            (label, 0.62, "medium", colour),
            (_remark(pattern, name), 0.24, "x-small", "0.35"),
        ):
            # To the right of the panel, above the voltage.
            ax.text(
                1.01, floor + height, text, transform=ax.get_yaxis_transform(), va="center", fontsize=size,
                color=shade, in_layout=False,
            )  # fmt: skip
    ax.set_ylim(0.0, len(names))
    ax.set_xlim(pattern.two_theta[0], pattern.two_theta[-1])
    ax.set_yticks([])
    ax.tick_params(bottom=False, labelbottom=False)


def _remark(pattern: DiffractionMap, name: str) -> str:
    """Why a phase may be invisible in the map."""
    highest = float(pattern.amounts[name].max())
    phase = pattern.solution.mechanism.phases[name]
    if not phase.crystalline:
        return f"{state(phase)}: no reflections"
    if name not in pattern.reflections:
        return "no cell given: not in the map"
    if not pattern.reflections[name].known_intensity:
        return "intensities not known: not in the map"
    return f"at most {highest:.2g} mol per {pattern.solution.mechanism.host}" if highest < MIN_AMOUNT else ""


def _row(ax: Axes, lines: Reflections, floor: float, colour: str, low: float, high: float) -> None:
    if not lines.known_intensity:
        ax.vlines(lines.two_theta, floor, floor + UNKNOWN_HEIGHT, color=colour, lw=0.5, alpha=0.6)
        return
    heights = (STICK_HEIGHT * lines.intensity / max(lines.intensity, default=1.0)).tolist()
    ax.vlines(lines.two_theta, floor, [floor + height for height in heights], color=colour, lw=1.2)
    labelled: list[float] = []
    for angle, height, hkl in sorted(
        zip(lines.two_theta.tolist(), heights, lines.hkl, strict=True), key=lambda line: -line[1]
    ):
        if len(labelled) == MAX_LABELS or height < MIN_INTENSITY * STICK_HEIGHT:
            break
        inside = low + EDGE_MARGIN * (high - low) < angle < high - EDGE_MARGIN * (high - low)
        if inside and all(abs(angle - other) > MIN_DISTANCE_DEG for other in labelled):
            labelled.append(angle)
            planes = "".join(str(n) if n >= 0 else rf"$\bar{{{-n}}}$" for n in hkl[0])
            ax.text(
                angle,
                floor + height + 0.03,
                planes,
                ha="center",
                va="bottom",
                fontsize="x-small",
                color="0.25",
            )


def _radiation(radiation: str | float) -> str:
    """``Cu Kα``, or a wavelength."""
    if not isinstance(radiation, str):
        return f"λ = {radiation:g} Å"
    return re.sub("K([ab])", lambda match: f" K{GREEK[match[1]]}", radiation)
