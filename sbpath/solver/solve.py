"""Integration of one protocol step: adaptive Rodas5P from its start to the limit that ends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from sbpath.solver.cutoffs import Target, first_crossing, shortened
from sbpath.solver.electrode import DrivenElectrode, Point, Slopes
from sbpath.solver.record import Record, StepWriter
from sbpath.solver.trial import (
    Attempt,
    SolverOptions,
    attempt_step,
    energy_error,
    inner_point,
    points_of,
    undershoots,
)

# A step that leaves this range of potential (V) runs after a limit that it cannot reach.
POTENTIAL_BOUND = 10.0


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


class _Failure(Exception):
    """The integrator cannot go on; the message is for the user."""


def run_step(
    electrode: DrivenElectrode,
    duration: float,
    targets: list[Target],
    period: float | None,
    options: SolverOptions,
    record: Record,
    tick: Callable[[], object],
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
    tick : callable
        Called after each integrator step, to show that something moves.
    """
    point = electrode.start
    writer = StepWriter(record, point, electrode.jump_energy, period)
    for number, target in enumerate(targets):
        if target.distance(point) <= 0.0:
            return Outcome(0.0, point.state, "already", number)
    outcome = None
    try:
        for begin, attempt, points, met in _accepted(electrode, duration, targets, options):
            writer.add(begin, points, lambda f, b=begin, a=attempt: inner_point(electrode, b, a, f))
            tick()
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
        attempt = attempt_step(electrode, point, slopes, trial, options)
        if attempt is None or attempt.error > 1.0:
            size = trial * (0.25 if attempt is None else max(0.2, 0.9 * attempt.error**-0.2))
            continue
        points = points_of(electrode, point, attempt)
        next_slopes = electrode.slopes()  # now: whoever receives the step may evaluate elsewhere
        lacking = energy_error(point, points, electrode.network.charge_scale, options)
        if lacking > 1.0 or undershoots(point, points, options):
            size = trial * max(0.2, min(0.5, 0.9 * max(lacking, 1.0) ** -0.2))
            continue
        crossing = first_crossing(electrode, targets, point, attempt, points)
        if crossing is not None:
            met, fraction = crossing
            attempt = shortened(electrode, point, slopes, attempt, targets[met], fraction, options)
            yield point, attempt, points_of(electrode, point, attempt), met
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
