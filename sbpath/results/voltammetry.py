"""What cyclic voltammetry shows: peaks, the transformation behind each, and b-values.

The b-value of a peak is the exponent of ``i_p = a v^b``, the slope of log i_p against log v over
the scan rates v (Lindström et al. 1997, J. Phys. Chem. B 101, 7717). A charge that follows the
potential at once, of a double layer or of a solution phase in equilibrium, gives 1. Diffusion
into a half-space would give 1/2, but this model holds none: what is less than 1 here is
nucleation, growth and a transport time that do not keep up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sbpath.model.workspace import fill_nodes, workspace
from sbpath.protocol.protocol import parse_step
from sbpath.protocol.steps import Sweep
from sbpath.replay import network_of
from sbpath.solution import Solution

# A peak stands out by at least this share of the largest current of its sweep.
PROMINENCE = 0.02


@dataclass(frozen=True, slots=True)
class VoltammetryPeak:
    """A peak of the current in a sweep.

    Attributes
    ----------
    cycle, direction : int, str
        Cycle, and "insertion" (in a sweep down) or "extraction" (in a sweep up).
    scan_rate_V_per_s : float
        Of the sweep, a magnitude.
    voltage_V, current_A_per_g : float
        Of the peak; the current is a magnitude.
    transformation : str or None
        The edge, as `Solution.edges` names it, that carries more of the current there than any
        other; None where solution phases that fill or empty and the double layer carry more.
    """

    cycle: int
    direction: str
    scan_rate_V_per_s: float
    voltage_V: float
    current_A_per_g: float
    transformation: str | None


@dataclass(frozen=True, slots=True)
class BValue:
    """Slope of log peak current against log scan rate for one transformation and direction.

    `standard_error` is that of the slope of a straight line, None with two points only;
    `points` is the number of scan rates.
    """

    direction: str
    transformation: str | None
    slope: float
    standard_error: float | None
    points: int


def voltammetry_peaks(solution: Solution, prominence: float = PROMINENCE) -> list[VoltammetryPeak]:
    """Peaks of every sweep in order of time.

    Parameters
    ----------
    solution : Solution
        Its steps that are sweeps count.
    prominence : float
        Least height over the ground between a peak and its higher neighbours, as a share of
        the largest current of the sweep.
    """
    from scipy.signal import find_peaks  # slow to import

    edges = _EdgeCurrents(solution)
    peaks = []
    for record in solution.steps:
        step = parse_step(record.text)
        if not isinstance(step, Sweep) or record.last - record.first < 3:
            continue
        voltage = solution.voltage_V[record.first : record.last]
        sign, direction = (1.0, "insertion") if voltage[-1] < voltage[0] else (-1.0, "extraction")
        current = sign * solution.current_A_per_g[record.first : record.last]
        for i in find_peaks(current, prominence=prominence * np.abs(current).max())[0].tolist():
            if current[i] <= 0.0:
                continue
            at, height = _vertex(voltage[i - 1 : i + 2], current[i - 1 : i + 2])
            name = edges.leading(record.first + i)
            peaks.append(VoltammetryPeak(record.cycle, direction, step.scan_rate_V_per_s, at, height, name))
    return peaks


def leading_peaks(
    peaks: Sequence[VoltammetryPeak],
) -> dict[tuple[str, str | None], list[VoltammetryPeak]]:
    """Peaks by direction and transformation, one for each scan rate, by rising scan rate.

    It is the highest one in the last cycle of that scan rate that has one.
    """
    chosen: dict[tuple[str, str | None], dict[float, VoltammetryPeak]] = {
        (peak.direction, peak.transformation): {} for peak in peaks
    }
    for peak in sorted(peaks, key=lambda p: (p.cycle, p.current_A_per_g)):
        chosen[peak.direction, peak.transformation][peak.scan_rate_V_per_s] = peak
    return {kind: [at[v] for v in sorted(at)] for kind, at in chosen.items()}


def b_values(peaks: Sequence[VoltammetryPeak]) -> list[BValue]:
    """The b-value of every direction and transformation with a peak at two scan rates or more.

    Those of `leading_peaks` count.
    """
    values = []
    for (direction, transformation), chosen in leading_peaks(peaks).items():
        if len(chosen) < 2:
            continue
        logs = np.log([[peak.scan_rate_V_per_s, peak.current_A_per_g] for peak in chosen]).T
        slope, error = _slope(*logs)
        values.append(BValue(direction, transformation, slope, error, len(chosen)))
    return values


class _EdgeCurrents:
    """Which edge carries the current: r (x_product - x_reactant) F / M, as the charge balance has it."""

    def __init__(self, solution: Solution) -> None:
        self.network = network_of(solution)
        self.work = workspace(self.network)
        self.solution = solution

    def leading(self, row: int) -> str | None:
        """Name of the edge that carries most at `row`, None where none carries as much as the rest."""
        solution, network = self.solution, self.network
        if not solution.edges:
            return None
        fill_nodes(float(solution.potential_V[row]), network, self.work)
        content = self.work.content
        change = content[network.target] - content[network.source]
        total = float(solution.current_A_per_g[row])
        shares = solution.rates_per_s[:, row] * change * network.charge_scale / total
        leading = int(np.argmax(shares))
        return solution.edges[leading] if shares[leading] > 1.0 - shares.sum() else None


def _vertex(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """Top of the parabola through three points, the middle one of which is the highest."""
    left, right = (y[1] - y[0]) / (x[1] - x[0]), (y[2] - y[1]) / (x[2] - x[1])
    bend = (right - left) / (x[2] - x[0])
    if bend == 0.0:
        return float(x[1]), float(y[1])
    tilt = left + bend * (x[1] - x[0])  # slope in the middle point
    shift = -tilt / (2.0 * bend)
    return float(x[1] + shift), float(y[1] + 0.5 * tilt * shift)


def _slope(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float | None]:
    """Slope of the line of least squares, and its standard error where there are three points or more."""
    spread = float(((x - x.mean()) ** 2).sum())
    slope = float(((x - x.mean()) * (y - y.mean())).sum()) / spread
    if len(x) < 3:
        return slope, None
    left = y - y.mean() - slope * (x - x.mean())
    return slope, float(np.sqrt((left**2).sum() / (len(x) - 2) / spread))
