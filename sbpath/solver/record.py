"""The rows of a simulation as it runs, with work and heat integrated alongside.

Each integrator step is read at the two inner nodes and the ends of the four-point
Gauss-Lobatto rule, which integrates to the accuracy of the solution itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sbpath.solver.electrode import Point

# Inner nodes of the rule on [0, 1], and all four.
INNER = (0.5 - 0.05**0.5, 0.5 + 0.05**0.5)
NODES = (0.0, *INNER, 1.0)


@dataclass(slots=True)
class Record:
    """Rows in order of time: points, and the running integrals of their powers.

    Attributes
    ----------
    time : list of float
        Since the start of the simulation (s).
    points : list of Point
        As the step that they belong to sees them.
    totals : list of lists of float
        Integrals of `Point.powers` (J/g) and `Point.flows` (1, C/g) since the start.
    """

    time: list[float] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    totals: list[list[float]] = field(default_factory=list)


class StepWriter:
    """Writes the rows of one protocol step.

    Parameters
    ----------
    record : Record
        Receives the rows.
    start : Point
        The first instant of the step.
    jump_energy : float
        Energy delivered by a jump of the voltage before it (J/g).
    period : float, optional
        Rows at multiples of this time (s) and at the ends of the step; if not given, at the
        nodes of the integrator steps.
    """

    def __init__(self, record: Record, start: Point, jump_energy: float, period: float | None) -> None:
        self.record = record
        self.period = period
        self.multiple = 1
        self.offset = record.time[-1] if record.time else 0.0
        self.totals = list(record.totals[-1]) if record.totals else [0.0] * len(integrands(start))
        self.totals[0] += jump_energy
        self._row(start, list(self.totals))

    def add(self, begin: Point, points: list[Point], inner: Callable[[float], Point]) -> None:
        """Rows of an integrator step from `begin` through `points`, the last three nodes.

        `inner` gives the point at a fraction of the step.
        """
        size = points[-1].time - begin.time
        values = [integrands(p) for p in (begin, *points)]

        def totals_at(fraction: float) -> list[float]:
            first, second, third, fourth = (size * w for w in partial_weights(fraction))
            return [
                total + first * a + second * b + third * c + fourth * d
                for total, a, b, c, d in zip(self.totals, *values, strict=True)
            ]

        if self.period is None:
            for fraction, point in zip(NODES[1:], points, strict=True):
                self._row(point, totals_at(fraction))
        else:
            while self.multiple * self.period < points[-1].time * (1.0 - 1e-12):
                fraction = (self.multiple * self.period - begin.time) / size
                self._row(inner(fraction), totals_at(fraction))
                self.multiple += 1
        self.totals = totals_at(1.0)

    def finish(self, end: Point) -> None:
        """The row at the end of the step, where `add` has not written it."""
        if self.period is not None and end.time > 0.0:
            self._row(end, self.totals)

    def _row(self, point: Point, totals: list[float]) -> None:
        self.record.time.append(self.offset + point.time)
        self.record.points.append(point)
        self.record.totals.append(totals)


def integrands(point: Point) -> list[float]:
    """What is integrated in time, in the order of `Record.totals`."""
    return point.powers + point.flows


def partial_weights(fraction: float) -> list[float]:
    """Weights w_j with ``integral from 0 to fraction of f = sum_j w_j f(NODES[j])``.

    Exact for cubics; at ``fraction = 1`` the Gauss-Lobatto rule, exact to degree five.
    """
    weights = []
    for j, node in enumerate(NODES):
        a, b, c = (other for i, other in enumerate(NODES) if i != j)
        # (s - a)(s - b)(s - c) integrated from 0 to the fraction.
        s = fraction
        integral = s**4 / 4 - (a + b + c) * s**3 / 3 + (a * b + b * c + c * a) * s**2 / 2 - a * b * c * s
        weights.append(integral / ((node - a) * (node - b) * (node - c)))
    return weights


FULL_WEIGHTS = partial_weights(1.0)
