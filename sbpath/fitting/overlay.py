"""A measured cell and its simulation, half cycle by half cycle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sbpath.fitting.cells import Cell, Drive, SimulatedHalf, cells_of, simulated_halves
from sbpath.fitting.fraction_points import FractionPoints
from sbpath.fitting.residual import SIGMA_V, distances, thinned
from sbpath.fitting.result import FitResult, charge_names
from sbpath.kernels import Floats
from sbpath.measured.experiment_file import Measurement
from sbpath.measured.records import MeasuredHalf
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.reader import load_mechanism
from sbpath.model.population import Population
from sbpath.results.cycles import find_plateaus
from sbpath.results.differential_capacity import charge_over_voltage
from sbpath.simulation import run, warn_of_doubts

# Width of the bins and of the window of dQ/dV (V): white noise of a millivolt or two is smoothed.
BIN_V, WINDOW_V = 2e-3, 0.012
# A peak of dQ/dV is at least this share of the highest, and this far from a higher one (V).
MIN_PEAK_SHARE, MIN_APART_V = 0.15, 0.03
# Points at which the distance is read.
POINTS = 400


@dataclass(frozen=True, eq=False)
class OverlaidHalf:
    """A half cycle, measured and simulated; all lists are in the order in which the half cycle passes them.

    Attributes
    ----------
    curve : int
        Number of the curve in the experiment file, from 1.
    measured : MeasuredHalf
        As measured.
    simulated : SimulatedHalf
        As simulated.
    capacity_mAh_per_g : (float, float)
        Measured, simulated.
    plateaus_V, peaks_V : pair of tuples of float
        Plateaus, and peaks of dQ/dV: measured, simulated.
    q, voltage_V, distance_mV : array
        Measured points, their charge scaled as in the fit if one was given, and their signed distance from the simulated curve, at
        right angles (`sbpath.fitting.residual`); on a plateau the difference of the voltages.
    """

    curve: int
    measured: MeasuredHalf
    simulated: SimulatedHalf
    capacity_mAh_per_g: tuple[float, float]
    plateaus_V: tuple[tuple[float, ...], tuple[float, ...]]
    peaks_V: tuple[tuple[float, ...], tuple[float, ...]]
    q: Floats
    voltage_V: Floats
    distance_mV: Floats

    @property
    def rms_mV(self) -> float:
        """Root mean square of the distance."""
        return float(np.sqrt(np.mean(self.distance_mV**2)))


@dataclass(frozen=True, eq=False)
class OverlaidFractions:
    """Measured fractions of a phase in a half cycle, and the simulated ones at equal charge.

    Attributes
    ----------
    half : OverlaidHalf
        In which they were measured.
    points : FractionPoints
        As measured.
    simulated : array
        Share of the host, at each of them.
    """

    half: OverlaidHalf
    points: FractionPoints
    simulated: Floats

    @property
    def rms(self) -> float:
        """Root mean square of the difference."""
        return float(np.sqrt(np.mean((self.points.share - self.simulated) ** 2)))


@dataclass(frozen=True, eq=False)
class Overlay:
    """Measured cells with their simulation.

    Attributes
    ----------
    path : str
        The experiment file.
    mechanism : Mechanism
        What was simulated.
    drive : "mean" or "measured"
        See `cells_of`.
    cells : tuple of Cell
        The curves with their simulations.
    halves : tuple of OverlaidHalf
        Of the chosen cycles.
    scaled : bool
        Whether measured charges are scaled as in a fit.
    fractions : tuple of OverlaidFractions
        Of each phase in each half cycle in which they were measured.
    """

    path: str
    mechanism: Mechanism
    drive: Drive
    cells: tuple[Cell, ...]
    halves: tuple[OverlaidHalf, ...]
    scaled: bool
    fractions: tuple[OverlaidFractions, ...] = ()


def overlay(
    measurement: Measurement,
    mechanism: Mechanism | str,
    *,
    graph: str | None = None,
    cycles: Sequence[int] | None = None,
    drive: Drive = "mean",
    population: Population | int | None = None,
    fit: FitResult | None = None,
    progress: bool = True,
) -> Overlay:
    """Simulate a measured cell, and lay both curves over each other.

    Parameters
    ----------
    measurement : Measurement
        From `load_measurement`.
    mechanism : Mechanism or str
        Of the same ion, or its name.
    graph : str, optional
        By default the mechanism's own.
    cycles : sequence of int, optional
        Cycles to compare, from 1; by default those of the file. Earlier ones are simulated too.
    drive : "mean" or "measured"
        The mean current of each half cycle, up to the voltage at which it ended, or the measured current, each point held until
        the next.
    population : Population or int, optional
        As in `simulate`.
    fit : FitResult, optional
        Whose scales and offset of the charge of each half cycle the measured points take.
    progress : bool
        Show progress.

    Raises
    ------
    InputError
        If the ions differ, or there is no such cycle.
    SimulationError
        If a step fails.
    """
    if isinstance(mechanism, str):
        mechanism = load_mechanism(mechanism)
    cells = cells_of(measurement, mechanism, graph=graph, cycles=cycles, drive=drive, population=population)
    warn_of_doubts(*(cell.experiment for cell in cells))
    moved = {} if fit is None else {nuisance.name: nuisance.value for nuisance in fit.nuisances}
    found, fractions = [], []
    for number, cell in enumerate(cells, 1):
        simulated = simulated_halves(cell, run(cell.experiment, progress))
        for index, (half, twin, chosen) in enumerate(zip(cell.halves, simulated, cell.chosen, strict=True)):
            if chosen and twin is not None:
                scale, offset = charge_names(half, number if len(cells) > 1 else None)
                charge = moved.get(scale, 1.0), moved.get(offset, 0.0)
                found.append(_overlaid(number, half, twin, mechanism.theoretical_capacity_mAh_per_g, *charge))
                for points in cell.fractions:
                    if points.half == index:
                        shares = np.interp(points.q, twin.q, twin.fractions[points.node])
                        fractions.append(OverlaidFractions(found[-1], points, shares))
    return Overlay(measurement.path, mechanism, drive, cells, tuple(found), fit is not None, tuple(fractions))


def _overlaid(
    curve: int, half: MeasuredHalf, twin: SimulatedHalf, full: float, scale: float, offset: float
) -> OverlaidHalf:
    points = thinned(half.q, POINTS)
    found = distances(half.q[points], half.voltage_V[points], twin, scale, offset)
    pairs = [(half.q * full, half.voltage_V), (twin.q * full, twin.voltage_V)]
    plateaus = [tuple(p.voltage_V for p in find_plateaus(np.maximum.accumulate(q), v)) for q, v in pairs]
    peaks = [_peaks(q, v) for q, v in pairs]
    return OverlaidHalf(
        curve=curve,
        measured=half,
        simulated=twin,
        capacity_mAh_per_g=(half.q_end * full, float(twin.q[-1]) * full),
        plateaus_V=(plateaus[0], plateaus[1]),
        peaks_V=(peaks[0], peaks[1]),
        q=(half.q[points] - offset) / scale,
        voltage_V=half.voltage_V[points],
        distance_mV=1e3 * SIGMA_V * found.distance,
    )


def _peaks(charge: Floats, voltage: Floats) -> tuple[float, ...]:
    """Voltages of the peaks of dQ/dV, smoothed over a window, in the order in which the half cycle passes them."""
    edges, density = charge_over_voltage(charge, voltage, BIN_V)
    width = round(WINDOW_V / BIN_V)
    window = np.bartlett(2 * width + 1)
    smooth = np.convolve(density, window / window.sum())[width:-width]
    middle = 0.5 * (edges[1:] + edges[:-1])
    higher = np.flatnonzero(
        (smooth >= np.append(smooth[1:], -np.inf)) & (smooth > np.concatenate([[-np.inf], smooth[:-1]]))
    )
    chosen: list[float] = []
    for k in higher[np.argsort(-smooth[higher])]:
        if smooth[k] < MIN_PEAK_SHARE * smooth.max():
            break
        if all(abs(middle[k] - other) > MIN_APART_V for other in chosen):
            chosen.append(float(middle[k]))
    return tuple(sorted(chosen, reverse=bool(voltage[0] > voltage[-1])))
