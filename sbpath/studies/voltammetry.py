"""Cyclic voltammetry: peaks, the transformation behind each, and b-values.

The b-value of a peak is the exponent of ``i_p = a v^b``, the slope of log i_p against log v over
the scan rates v (Lindström et al. 1997, J. Phys. Chem. B 101, 7717). Charge that follows the
potential at once, that of the double layer or of a solution phase in equilibrium, gives 1.
Semi-infinite diffusion would give 1/2, but is not in this model: values below 1 are due to
nucleation, growth and transport that lag behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sbpath.mechanism.mechanism import Edge
from sbpath.mechanism.notation import edge_label, node_labels
from sbpath.model.workspace import fill_nodes, workspace
from sbpath.protocol.protocol import Protocol
from sbpath.protocol.steps import Sweep
from sbpath.solution import Solution
from sbpath.studies.study import Argument, Study
from sbpath.studies.study_arguments import StudyArguments
from sbpath.text.report import heading
from sbpath.text.tables import Column, printed_table

# Minimum prominence of a peak, as a share of the largest current of its sweep.
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
    transformation : Edge or None
        The edge that carries most of the current there; None if the filling or emptying of solution
        phases and the double layer carry more.
    """

    cycle: int
    direction: str
    scan_rate_V_per_s: float
    voltage_V: float
    current_A_per_g: float
    transformation: Edge | None


@dataclass(frozen=True, slots=True)
class BValue:
    """Slope of log peak current against log scan rate for one transformation and direction.

    `standard_error` is None with only two points; `points` is the number of scan rates.
    """

    direction: str
    transformation: Edge | None
    slope: float
    standard_error: float | None
    points: int


def cv(scan_rates: Sequence[str] | str, lower_V: float, upper_V: float, cycles: int = 2) -> Protocol:
    """Return cyclic voltammetry: at each scan rate `cycles` sweeps down to `lower_V` and up again.

    If the cell does not start at `upper_V`, the voltage jumps there.

    Parameters
    ----------
    scan_rates : sequence of str
        Such as ``["0.05 mV/s", "0.1 mV/s"]``, in the order in which they run.
    lower_V, upper_V : float
        Vertex voltages [V], lower below upper.
    cycles : int
        Cycles at each scan rate, 1 or more. The first one still depends on what preceded it.

    Examples
    --------
    >>> import sbpath
    >>> sbpath.cv("0.1 mV/s", 0.05, 1.5, cycles=1).to_strings()
    [['Sweep at 0.1 mV/s from 1.5 V to 0.05 V', 'Sweep at 0.1 mV/s from 0.05 V to 1.5 V']]
    """
    arguments = StudyArguments()
    arguments.window(lower_V, upper_V)
    speeds = arguments.scan_rates("scan_rates", scan_rates)
    cycles = arguments.count("cycles", cycles)
    arguments.check()
    sweeps = [(Sweep(v, lower_V, upper_V), Sweep(v, upper_V, lower_V)) for v in speeds]
    return Protocol(tuple(cycle for cycle in sweeps for _ in range(cycles)))


def voltammetry_peaks(solution: Solution, prominence: float = PROMINENCE) -> list[VoltammetryPeak]:
    """Peaks of every sweep in order of time.

    Parameters
    ----------
    solution : Solution
        With voltage sweeps.
    prominence : float
        Minimum prominence of a peak, as in `scipy.signal.find_peaks`, as a share of the largest
        current of the sweep.
    """
    from scipy.signal import find_peaks  # slow to import

    edges = _EdgeCurrents(solution)
    peaks = []
    for record in solution.steps:
        step = record.step
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


def last_peaks(peaks: Sequence[VoltammetryPeak]) -> list[VoltammetryPeak]:
    """The peaks of the last cycle at each scan rate that has any."""
    last = {peak.scan_rate_V_per_s: peak.cycle for peak in peaks}
    return [peak for peak in peaks if peak.cycle == last[peak.scan_rate_V_per_s]]


def leading_peaks(
    peaks: Sequence[VoltammetryPeak],
) -> dict[tuple[str, Edge | None], list[VoltammetryPeak]]:
    """Peaks by direction and transformation, one per scan rate, by increasing scan rate.

    Each is the highest peak of its kind in the last cycle of that scan rate that has one.
    """
    chosen: dict[tuple[str, Edge | None], dict[float, VoltammetryPeak]] = {
        (peak.direction, peak.transformation): {} for peak in peaks
    }
    for peak in sorted(peaks, key=lambda p: (p.cycle, p.current_A_per_g)):
        chosen[peak.direction, peak.transformation][peak.scan_rate_V_per_s] = peak
    return {kind: [at[v] for v in sorted(at)] for kind, at in chosen.items()}


def b_values(peaks: Sequence[VoltammetryPeak]) -> list[BValue]:
    """The b-value of every direction and transformation with peaks at two or more scan rates.

    Computed from `leading_peaks`.
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
    """Current carried by each edge: r (x_product - x_reactant) F / M, as in the charge balance."""

    def __init__(self, solution: Solution) -> None:
        self.work = workspace(solution.network)
        self.solution = solution

    def leading(self, row: int) -> Edge | None:
        """The edge that carries most current at `row`; None if solution phases and double layer carry more."""
        solution = self.solution
        network = solution.experiment.network_at(float(solution.temperatures_C[row]))
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
    """Vertex of the parabola through three points, the middle one being the highest."""
    left, right = (y[1] - y[0]) / (x[1] - x[0]), (y[2] - y[1]) / (x[2] - x[1])
    bend = (right - left) / (x[2] - x[0])
    if bend == 0.0:
        return float(x[1]), float(y[1])
    tilt = left + bend * (x[1] - x[0])  # slope at the middle point
    shift = -tilt / (2.0 * bend)
    return float(x[1] + shift), float(y[1] + 0.5 * tilt * shift)


def _slope(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float | None]:
    """Least-squares slope, and its standard error if there are three points or more."""
    spread = float(((x - x.mean()) ** 2).sum())
    slope = float(((x - x.mean()) * (y - y.mean())).sum()) / spread
    if len(x) < 3:
        return slope, None
    residual = y - y.mean() - slope * (x - x.mean())
    return slope, float(np.sqrt((residual**2).sum() / (len(x) - 2) / spread))


COLUMNS: tuple[Column[VoltammetryPeak], ...] = (
    Column("Cycle", lambda p: p.cycle),
    Column("Scan rate [mV.s-1]", lambda p: 1e3 * p.scan_rate_V_per_s, "{:.6g}", "mV/s", "{:6g}"),
    Column("Direction", lambda p: p.direction, short="direction"),
    Column("Voltage [V]", lambda p: p.voltage_V, "{:.6f}", "peak / V", "{:7.4f}"),
    Column("Current [A.g-1]", lambda p: p.current_A_per_g, "{:.6g}", "peak / A/g", "{:8.4f}"),
    Column("Transformation", lambda p: p.transformation),
)


def report(solution: Solution) -> str:
    """Peaks of the last cycle at each scan rate, and the b-value of each transformation."""
    labels = node_labels(solution.mechanism)

    def named(item: VoltammetryPeak | BValue) -> str:
        return "within a phase" if item.transformation is None else edge_label(item.transformation, labels)

    peaks = last_peaks(voltammetry_peaks(solution))
    carried: Column[VoltammetryPeak | BValue] = Column("", named, short="carried by")
    lines = [heading(solution), "", printed_table((*COLUMNS, carried), peaks)]
    if values := b_values(peaks):
        columns: tuple[Column[BValue], ...] = (
            Column("", lambda b: b.direction, short="direction"),
            carried,
            Column("", lambda b: b.slope, short="b", terminal="{:.3f}"),
            Column("", lambda b: b.standard_error, short="+-", terminal="{:.3f}"),
            Column("", lambda b: b.points, short="scan rates"),
        )
        lines += [
            "",
            printed_table(columns, values),
            "b: slope of log peak current against log scan rate, with its standard error",
        ]
    return "\n".join(lines)


STUDY = Study(
    name="cv",
    title="cyclic voltammetry at several scan rates",
    description="Cyclic voltammetry: the voltage is swept down and up, at each scan rate in turn. Prints "
    "the peaks, the transformation behind each, and how they grow with the scan rate (b-value).",
    example='sbpath run cv na-sb --scan-rate "0.05 mV/s" "0.1 mV/s" "0.2 mV/s" --plot cv.png',
    arguments=(
        Argument(
            "scan_rate", ("0.02 mV/s", "0.05 mV/s", "0.1 mV/s", "0.2 mV/s", "0.5 mV/s"), "one or more", "RATE",
            several="+", parameters=("scan_rates",),
        ),
        Argument("cycles", 2, "at each scan rate; the last one counts", "N", kind=int),
    ),
    protocol=cv,
    rows=voltammetry_peaks,
    columns=COLUMNS,
    report=report,
    figure="voltammetry",
)  # fmt: skip
