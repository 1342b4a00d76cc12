"""Integration of one protocol step: adaptive Rodas5P with located cut-offs.

A step of the integrator is accepted when its end is accurate, the energy balance over its
inner points holds, and no fraction sinks below zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Literal, NamedTuple

from sbpath import rosenbrock
from sbpath.constants import FARADAY_C_PER_MOL, SB_MOLAR_MASS_G_PER_MOL
from sbpath.electrode import DrivenElectrode, Point, Slopes
from sbpath.errors import InputError
from sbpath.record import FULL_WEIGHTS, INNER, NODES, Record, StepWriter

# A step that leaves this range of potential (V) runs after a limit that it cannot reach.
POTENTIAL_BOUND = 10.0

# F/M times one volt (J per g Sb): what turns the tolerance of a fraction into one of energy.
ENERGY_SCALE = FARADAY_C_PER_MOL / SB_MOLAR_MASS_G_PER_MOL

# Below these tolerances rounding in double precision decides, not the method.
SMALLEST_RTOL, SMALLEST_ATOL = 1e-10, 1e-13


@dataclass(frozen=True, slots=True)
class SolverOptions:
    """Accuracy of the integration.

    Attributes
    ----------
    rtol, atol : float
        Relative and absolute tolerance per step of each fraction and of the potential (V).
        A tight `atol` matters most: what nucleates starts from nothing.
    max_steps : int
        Integrator steps allowed within one protocol step.

    Raises
    ------
    InputError
        For tolerances above 1e-2 or below what double precision can hold, or no steps.
    """

    rtol: float = 1e-6
    atol: float = 1e-9
    max_steps: int = 20_000

    def __post_init__(self) -> None:
        problems = [
            f"{name}: must lie between {least:g} and 0.01, not {value!r}"
            for name, value, least in (("rtol", self.rtol, SMALLEST_RTOL), ("atol", self.atol, SMALLEST_ATOL))
            if not least <= value <= 1e-2
        ]
        if self.max_steps < 1:
            problems.append(f"max_steps: must be 1 or more, not {self.max_steps!r}")
        if problems:
            raise InputError(problems)


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


class Outcome(NamedTuple):
    """How a step ended: after `duration` (s), at the state `end`, by `ended_by`.

    "target" (number `target` of the list), "already" (met before the start), "time", or
    "failed", with a `message` for the user.
    """

    duration: float
    end: list[float]
    ended_by: Literal["target", "already", "time", "failed"]
    target: int = -1
    message: str = ""


class Attempt(NamedTuple):
    """A trial step: its length, end state, stages for the dense output, error in tolerances."""

    size: float
    new: list[float]
    stages: list[list[float]]
    error: float


class _Failure(Exception):
    """The integrator cannot go on; the message is for the user."""


def run_step(
    electrode: DrivenElectrode,
    duration: float,
    targets: list[Target],
    period: float | None,
    options: SolverOptions,
    record: Record,
) -> Outcome:
    """Integrate until the first target is met or `duration` (s) is over.

    Parameters
    ----------
    electrode : DrivenElectrode
        The electrode at the start of the step.
    duration : float
        Longest time of the step (s).
    targets : list of Target
        What else ends it.
    period : float or None
        Output period (s), see `StepWriter`.
    options : SolverOptions
        Tolerances.
    record : Record
        Receives the rows.
    """
    point = electrode.start
    writer = StepWriter(record, point, electrode.jump_energy, period)
    for number, target in enumerate(targets):
        if target.distance(point) <= 0.0:
            return Outcome(0.0, point.state, "already", number)
    outcome = None
    try:
        for begin, attempt, points, met in _accepted(electrode, duration, targets, options):
            writer.add(begin, points, lambda f, b=begin, a=attempt: _inner(electrode, b, a, f))
            point = points[-1]
            if met is not None:
                outcome = Outcome(point.time, point.state, "target", met)
    except _Failure as failure:
        outcome = Outcome(point.time, point.state, "failed", message=str(failure))
    writer.finish(point)
    return outcome or Outcome(point.time, point.state, "time")


def _accepted(
    electrode: DrivenElectrode, duration: float, targets: list[Target], options: SolverOptions
) -> Iterator[tuple[Point, Attempt, list[Point], int | None]]:
    """Accepted steps in turn: where it began, the step, its points, the target that it met."""
    point, slopes = electrode.start, _start_slopes(electrode)
    size = min(_first_size(electrode.start, slopes, options), duration)
    for _ in range(options.max_steps):
        remaining = duration - point.time
        if remaining <= 1e-12 * duration:
            return
        if size < 1e-13 * max(point.time, 1e-3):
            raise _Failure(
                f"the step size fell to {size:.1e} s at E = {point.state[-1]:.4f} V; "
                "loosen rtol or look for a rate that jumps there"
            )
        # The last step lands on the end; a sliver left over would be a step of its own.
        trial = remaining if size >= remaining * (1.0 - 1e-9) else size
        attempt = _attempt(electrode, point, slopes, trial, options)
        if attempt is None or attempt.error > 1.0:
            size = trial * (0.25 if attempt is None else max(0.2, 0.9 * attempt.error**-0.2))
            continue
        points = _points(electrode, point, attempt)
        next_slopes = electrode.slopes()  # now: whoever receives the step may evaluate elsewhere
        lacking = _energy_error(point, points, options)
        if lacking > 1.0 or _undershoots(point, points, options):
            size = trial * max(0.2, min(0.5, 0.9 * max(lacking, 1.0) ** -0.2))
            continue
        crossing = _first_crossing(electrode, targets, point, attempt, points)
        if crossing is not None:
            met, fraction = crossing
            attempt = _shortened(electrode, point, slopes, attempt, targets[met], fraction, options)
            yield point, attempt, _points(electrode, point, attempt), met
            return
        yield point, attempt, points, None
        point, slopes = points[-1], next_slopes
        if abs(point.state[-1]) > POTENTIAL_BOUND:
            raise _Failure(
                f"the potential ran to {point.state[-1]:.1f} V: the limit of this step cannot be "
                "reached; give it a voltage, or a composition that the mechanism has"
            )
        size = trial * min(5.0, 0.9 * max(attempt.error, lacking, 1e-10) ** -0.2)
    raise _Failure(f"max_steps = {options.max_steps} integrator steps were not enough; raise it")


def _start_slopes(electrode: DrivenElectrode) -> Slopes:
    """Derivatives at the start, whatever has been evaluated since."""
    electrode.point(0.0, list(electrode.start.state))
    return electrode.slopes()


def _first_size(start: Point, slopes: Slopes, options: SolverOptions) -> float:
    """A cautious first step: 1 % of the time in which anything moves by its own size."""
    largest = 0.0
    for value, change in zip(start.state, slopes.derivative, strict=True):
        largest = max(largest, abs(change) / (options.atol + options.rtol * max(abs(value), 1e-3)))
    return 0.01 / options.rtol / largest if largest > 0.0 else float("inf")


def _attempt(
    electrode: DrivenElectrode, begin: Point, slopes: Slopes, size: float, options: SolverOptions
) -> Attempt | None:
    """One trial step of length `size`; None where it cannot be computed."""
    result = rosenbrock.step(electrode.rhs, begin.time, begin.state, size, *slopes)
    if result is None:
        return None
    new, error, stages = result
    total = 0.0
    for old, now, wrong in zip(begin.state, new, error, strict=True):
        total += (wrong / (options.atol + options.rtol * max(abs(old), abs(now)))) ** 2
    norm = (total / len(new)) ** 0.5
    return Attempt(size, new, stages, norm) if isfinite(norm) else None


def _inner(electrode: DrivenElectrode, begin: Point, attempt: Attempt, fraction: float) -> Point:
    """The point at ``begin + fraction * size``, from the dense output."""
    state = rosenbrock.interpolate(fraction, begin.state, attempt.new, attempt.stages)
    return electrode.point(begin.time + fraction * attempt.size, state)


def _points(electrode: DrivenElectrode, begin: Point, attempt: Attempt) -> list[Point]:
    """Points at the inner nodes and, last, at the end of a step."""
    points = [_inner(electrode, begin, attempt, fraction) for fraction in INNER]
    points.append(electrode.point(begin.time + attempt.size, list(attempt.new)))
    return points


def _energy_error(begin: Point, points: list[Point], options: SolverOptions) -> float:
    """How wrong the inner points are: what energy lacks over the step, in tolerances.

    Rates depend steeply on E, so a long step can be right at its end while its inner points,
    from which work and heat are integrated, are not. The first law tells.
    """
    size = points[-1].time - begin.time
    lacking, turnover = points[-1].stored - begin.stored, 0.0
    for weight, point in zip(FULL_WEIGHTS, [begin, *points], strict=True):
        lacking += size * weight * sum(point.powers)
        turnover += size * weight * sum(abs(power) for power in point.powers)
    rounding = 1e-14 * abs(begin.stored)
    allowed = options.rtol * turnover + options.atol * ENERGY_SCALE
    return abs(lacking) / (allowed + rounding)


def _undershoots(begin: Point, points: list[Point], options: SolverOptions) -> bool:
    """Whether a fraction sinks below zero by more than the tolerance allows, and not before."""
    floor = -5.0 * options.atol - 1e-14
    return any(
        now < floor and now < old
        for point in points
        for old, now in zip(begin.state[:-1], point.state[:-1], strict=True)
    )


def _first_crossing(
    electrode: DrivenElectrode, targets: list[Target], begin: Point, attempt: Attempt, points: list[Point]
) -> tuple[int, float] | None:
    """Which target is met first within the step, and at what fraction of it.

    Looked for at the inner points too, since a cut-off may be met and left again within one
    step (a nucleation dip); then located by bisection on the dense output.
    """
    earliest = None
    for number, target in enumerate(targets):
        met = [i for i, point in enumerate(points, start=1) if target.distance(point) <= 0.0]
        if not met:
            continue
        low, high = NODES[met[0] - 1], NODES[met[0]]
        while high - low > 1e-12:
            middle = 0.5 * (low + high)
            if target.distance(_inner(electrode, begin, attempt, middle)) <= 0.0:
                high = middle
            else:
                low = middle
        if earliest is None or high < earliest[1]:
            earliest = (number, high)
    return earliest


def _shortened(
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
        trial = _attempt(electrode, begin, slopes, size, options)
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
