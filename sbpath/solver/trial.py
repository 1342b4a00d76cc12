"""One trial step of the integrator, and how wrong it is.

A step is good when its end is accurate, the energy balance over its inner points holds, and
no fraction sinks below zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple

from sbpath.errors import InputError
from sbpath.solver import rosenbrock
from sbpath.solver.electrode import DrivenElectrode, Point, Slopes
from sbpath.solver.record import FULL_WEIGHTS, INNER

# An error in E may change the current by this share of itself, and need not be below this (V).
STEEP, SMALLEST_POTENTIAL_TOLERANCE = 0.1, 1e-9
# Currents below this (A/g, about C/10,000) need not be resolved: at rest nothing is.
SLOW_CURRENT = 5e-5

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


class Attempt(NamedTuple):
    """A trial step: its length, end state, stages for the dense output, error in tolerances."""

    size: float
    new: list[float]
    stages: list[list[float]]
    error: float


def attempt_step(
    electrode: DrivenElectrode, begin: Point, slopes: Slopes, size: float, options: SolverOptions
) -> Attempt | None:
    """One trial step of length `size`; None where it cannot be computed."""
    result = rosenbrock.step(electrode.rhs, begin.time, begin.state, size, *slopes)
    if result is None:
        return None
    new, error, stages = result
    total = (error[-1] / _potential_tolerance(begin, slopes, options)) ** 2
    for old, now, wrong in zip(begin.state[:-1], new, error, strict=False):
        total += (wrong / (options.atol + options.rtol * max(abs(old), abs(now)))) ** 2
    norm = (total / len(new)) ** 0.5
    return Attempt(size, new, stages, norm) if isfinite(norm) else None


def _potential_tolerance(begin: Point, slopes: Slopes, options: SolverOptions) -> float:
    """Error allowed in E (V): that of the options, less where the current hangs on E more steeply.

    Without nucleation barriers a reaction can be so fast that the current needs an affinity
    of a nanovolt; an error of a microvolt would then throw it from one side to the other.
    """
    allowed = options.atol + options.rtol * abs(begin.state[-1])
    steepness = begin.capacitance * abs(slopes.jacobian[-1][-1])
    faradaic = begin.current + begin.capacitance * begin.motion
    change = STEEP * max(abs(begin.current), abs(faradaic), SLOW_CURRENT)
    if steepness * allowed <= change:
        return allowed
    return max(change / steepness, SMALLEST_POTENTIAL_TOLERANCE)


def inner_point(electrode: DrivenElectrode, begin: Point, attempt: Attempt, fraction: float) -> Point:
    """The point at ``begin + fraction * size``, from the dense output."""
    state = rosenbrock.interpolate(fraction, begin.state, attempt.new, attempt.stages)
    return electrode.point(begin.time + fraction * attempt.size, state)


def points_of(electrode: DrivenElectrode, begin: Point, attempt: Attempt) -> list[Point]:
    """Points at the inner nodes and, last, at the end of a step."""
    points = [inner_point(electrode, begin, attempt, fraction) for fraction in INNER]
    points.append(electrode.point(begin.time + attempt.size, list(attempt.new)))
    return points


def energy_error(begin: Point, points: list[Point], charge_scale: float, options: SolverOptions) -> float:
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
    # F/M times one volt turns the tolerance of a fraction into one of energy.
    allowed = options.rtol * turnover + options.atol * charge_scale
    return abs(lacking) / (allowed + rounding)


def undershoots(begin: Point, points: list[Point], options: SolverOptions) -> bool:
    """Whether a fraction sinks below zero by more than the tolerance allows, and not before."""
    floor = -5.0 * options.atol - 1e-14
    return any(
        now < floor and now < old
        for point in points
        for old, now in zip(begin.state[:-1], point.state[:-1], strict=True)
    )
