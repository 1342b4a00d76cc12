"""What a protocol's step asks of the electrode, in numbers, and how its end reads in words."""

from __future__ import annotations

import math

from sbpath.halfcycles import ROUNDING
from sbpath.model.equations import Drive
from sbpath.protocol.steps import (
    CompositionLimit,
    ConstantCurrent,
    ConstantVoltage,
    CurrentLimit,
    Limit,
    Rest,
    Step,
    Sweep,
    TimeLimit,
    VoltageLimit,
)
from sbpath.solver.cutoffs import Target
from sbpath.solver.electrode import DrivenElectrode
from sbpath.solver.solve import Outcome

# Longer than any experiment: a step without a time limit ends by its other limits.
FOREVER_S = 1e12


def drive_of(step: Step, state: list[float], one_C: float, mass: float) -> Drive:
    """What the cycler imposes during `step`, from `state` on.

    `one_C` is 1C in mA/g, `mass` the mass of Sb in g.
    """
    match step:
        case ConstantCurrent(direction=direction, rate=rate):
            magnitude = rate.to_A_per_g(one_C * 1e-3, mass)
            return Drive(True, magnitude if direction == "insertion" else -magnitude, 0.0)
        case Rest():
            return Drive(True, 0.0, 0.0)
        case ConstantVoltage(voltage_V=voltage):
            return Drive(False, voltage, 0.0)
        case Sweep():
            # Open-circuit voltage is E: a sweep without a start begins where the cell is.
            start = state[-1] if step.start_V is None else step.start_V
            return Drive(False, start, math.copysign(step.scan_rate_V_per_s, step.end_V - start))


def watched_limits(step: Step) -> list[Limit]:
    """The limits that are watched for; those of time are a length instead."""
    return [limit for limit in step.limits if not isinstance(limit, TimeLimit)]


def target_of(limit: Limit, step: Step, electrode: DrivenElectrode, one_C: float, mass: float) -> Target:
    """A watched limit as a number, with the side from which it is met."""
    match limit:
        case VoltageLimit(voltage_V=voltage):
            falling = isinstance(step, ConstantCurrent) and step.direction == "insertion"
            return Target("voltage", voltage, 1.0 if falling else -1.0)
        case CurrentLimit(rate=rate):
            return Target("current", rate.to_A_per_g(one_C * 1e-3, mass), 1.0)
        case CompositionLimit(x=x):
            if isinstance(step, ConstantCurrent):
                return Target("composition", x, -1.0 if step.direction == "insertion" else 1.0)
            return Target("composition", x, math.copysign(1.0, electrode.start.content - x))
        case TimeLimit():
            raise AssertionError("a time limit is a length, not a target")


def duration_of(step: Step, drive: Drive) -> float:
    """Longest time that `step` may take (s)."""
    times = [limit.time_s for limit in step.limits if isinstance(limit, TimeLimit)]
    if isinstance(step, Sweep):
        times.append(abs(step.end_V - drive.level) / step.scan_rate_V_per_s)
    return min(times, default=FOREVER_S)


def reason_of(step: Step, outcome: Outcome, limits: list[Limit]) -> tuple[str, str]:
    """The kind of end and a sentence for it."""
    if outcome.ended_by == "failed":
        return "failed", outcome.message
    if outcome.ended_by == "time":
        times = [limit.time_s for limit in step.limits if isinstance(limit, TimeLimit)]
        if isinstance(step, Sweep) and (not times or outcome.duration < min(times)):
            return "sweep", f"the sweep reached {step.end_V:g} V"
        if not times:
            return "failed", f"its limit was not reached in {FOREVER_S:g} s; give it one that can be"
        return "time", f"the time was over: {outcome.duration:g} s"
    limit = limits[outcome.target]
    match limit:
        case VoltageLimit():
            kind, what = "voltage", f"the voltage reached {limit.voltage_V:g} V"
        case CurrentLimit():
            kind, what = "current", f"the current fell to {limit.rate}"
        case CompositionLimit():
            kind, what = "composition", f"the composition reached x = {limit.x:g}"
        case TimeLimit():
            raise AssertionError("a time limit is never a target")
    if outcome.ended_by == "already":
        return "already", f"its limit was met before it began ({limit!s}), so it took no time"
    return kind, what


def direction_of(step: Step, passed: float) -> str:
    """Direction of `step`: its own, or that of the net charge `passed` (mAh/g) where the voltage was set."""
    if isinstance(step, ConstantCurrent):
        return step.direction
    if isinstance(step, Rest) or abs(passed) <= ROUNDING:
        return "rest"
    return "insertion" if passed > 0.0 else "extraction"
