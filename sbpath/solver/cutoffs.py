"""Where a step meets its cut-off: located on the dense output, then landed on by a real step."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal, NamedTuple

from sbpath.solver.electrode import DrivenElectrode, Point, Slopes
from sbpath.solver.record import NODES
from sbpath.solver.trial import Attempt, SolverOptions, attempt_step, inner_point


class Target(NamedTuple):
    """A limit as a number: the step ends when ``sign * (quantity - value)`` falls to zero.

    `quantity` is "voltage" (V), "current" (its magnitude, A/g) or "composition".
    """

    quantity: Literal["voltage", "current", "composition"]
    value: float
    sign: float

    def distance(self, point: Point) -> float:
        """How far `point` is from meeting the target; zero or less when it is met."""
        if self.quantity == "voltage":
            quantity = point.voltage
        elif self.quantity == "current":
            quantity = abs(point.current)
        else:
            quantity = point.content
        return self.sign * (quantity - self.value)


def first_crossing(
    electrode: DrivenElectrode, targets: list[Target], begin: Point, attempt: Attempt, points: list[Point]
) -> tuple[int, float] | None:
    """Which target is met first within the step, and at what fraction of it.

    Found at the points of the step, or at a dip of the voltage between two of them; then
    located by bisection on the dense output.
    """
    earliest = None
    nodes = list(zip(NODES, [begin, *points], strict=True))
    for number, target in enumerate(targets):
        for (low, before), (high, after) in pairwise(nodes):
            if target.distance(after) > 0.0:
                bottom = _dip(electrode, target, begin, attempt, (low, before), (high, after))
                if bottom is None:
                    continue
                high = bottom
            while high - low > 1e-12:
                middle = 0.5 * (low + high)
                if target.distance(inner_point(electrode, begin, attempt, middle)) <= 0.0:
                    high = middle
                else:
                    low = middle
            if earliest is None or high < earliest[1]:
                earliest = (number, high)
            break
    return earliest


def _dip(
    electrode: DrivenElectrode,
    target: Target,
    begin: Point,
    attempt: Attempt,
    left: tuple[float, Point],
    right: tuple[float, Point],
) -> float | None:
    """Fraction of the step at which the voltage, between two points short of `target`, meets it.

    A nucleation dip falls below a cut-off and rises again; there is one where the voltage
    moves towards the cut-off on the left and away from it on the right.
    """
    (low, before), (high, after) = left, right
    nearing, leaving = target.sign * before.motion, target.sign * after.motion
    if target.quantity != "voltage" or nearing >= 0.0 or leaving <= 0.0:
        return None
    # The curve bends away from its tangents: no dip reaches deeper than they do.
    span = (high - low) * attempt.size
    if max(target.distance(before) + nearing * span, target.distance(after) - leaving * span) > 0.0:
        return None
    while high - low > 1e-9:
        middle = 0.5 * (low + high)
        point = inner_point(electrode, begin, attempt, middle)
        if target.distance(point) <= 0.0:
            return middle
        if target.sign * point.motion < 0.0:
            low = middle
        else:
            high = middle
    return None


def shortened(
    electrode: DrivenElectrode,
    begin: Point,
    slopes: Slopes,
    attempt: Attempt,
    target: Target,
    fraction: float,
    options: SolverOptions,
) -> Attempt:
    """The step cut at about `fraction`, where `target` is met.

    The step itself is repeated with secant lengths, so that its end is a solution of the
    method and not an interpolant.
    """
    size, best = fraction * attempt.size, attempt
    earlier = (0.0, target.distance(begin))
    for _ in range(6):
        trial = attempt_step(electrode, begin, slopes, size, options)
        if trial is None:
            break
        best = trial
        gap = target.distance(electrode.point(begin.time + size, list(trial.new)))
        if gap == earlier[1] or abs(gap) < 1e-12:
            break
        correction = -gap * (size - earlier[0]) / (gap - earlier[1])
        if abs(correction) < 1e-13 * size or not 0.0 < size + correction <= attempt.size:
            break
        earlier, size = (size, gap), size + correction
    return best
