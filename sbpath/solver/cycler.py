"""What a protocol asks of the electrode, in numbers, and how the ends of its steps read in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sbpath.halfcycles import ROUNDING
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
from sbpath.solver.cutoffs import ABOUT_COMPOSITION, ABOUT_CURRENT, ABOUT_VOLTAGE
from sbpath.solver.solve import (
    ALREADY,
    EVENT,
    MAX_ROWS_PER_STEP,
    NO_STEP_SIZE,
    RUNAWAY,
    STOPPED,
    TIME_OVER,
    TOO_MANY_ROWS,
    Programme,
)

# Longer than any experiment, for a step without a time limit: it ends by its other limits.
NO_TIME_LIMIT_S = 1e12


class End(NamedTuple):
    """How a step ended, as `sbpath.solver.solve.run` tells it: which way, by which of its watched
    limits, after what time (s), with what last step size (s), at what potential (V).
    """

    way: int
    event: int
    duration: float
    size: float
    potential: float


def programme_of(steps: Sequence[Step], one_C: float, mass: float) -> Programme:
    """The steps of a protocol as arrays.

    `one_C` is 1C in mA/g, `mass` the mass of the host in g.
    """
    rows = [_imposed(step, one_C, mass) for step in steps]
    limits = [[_event(limit, step, one_C, mass) for limit in watched_limits(step)] for step in steps]
    control, level, end, scan_rate = (np.array(column) for column in zip(*rows, strict=True))
    quantity, value, sign = np.array([t for these in limits for t in these]).reshape(-1, 3).T
    return Programme(
        current_control=control,
        level=level,
        end=end,
        scan_rate=scan_rate,
        duration=np.array([_longest(step) for step in steps]),
        period=np.array([step.period_s or 0.0 for step in steps]),
        first_limit=np.cumsum([0, *(len(these) for these in limits)]),
        quantity=quantity.astype(np.int64),
        value=value.copy(),
        sign=sign.copy(),
    )


def _imposed(step: Step, one_C: float, mass: float) -> tuple[bool, float, float, float]:
    """Control of the current, level, end and scan rate of a step, see `Programme`."""
    match step:
        case ConstantCurrent(direction=direction, rate=rate):
            magnitude = rate.to_A_per_g(one_C * 1e-3, mass)
            return True, magnitude if direction == "insertion" else -magnitude, 0.0, 0.0
        case Rest():
            return True, 0.0, 0.0, 0.0
        case ConstantVoltage(voltage_V=voltage):
            return False, voltage, voltage, 0.0
        case Sweep():
            start = float("nan") if step.start_V is None else step.start_V
            return False, start, step.end_V, step.scan_rate_V_per_s


def watched_limits(step: Step) -> list[Limit]:
    """The limits that are watched for; those of time are a length instead."""
    return [limit for limit in step.limits if not isinstance(limit, TimeLimit)]


def _event(limit: Limit, step: Step, one_C: float, mass: float) -> tuple[int, float, float]:
    """A watched limit as quantity, value and the side from which it is met, see `Programme`."""
    # An insertion lowers the voltage and raises x.
    insertion = isinstance(step, ConstantCurrent) and step.direction == "insertion"
    match limit:
        case VoltageLimit(voltage_V=voltage):
            return ABOUT_VOLTAGE, voltage, 1.0 if insertion else -1.0
        case CurrentLimit(rate=rate):
            return ABOUT_CURRENT, rate.to_A_per_g(one_C * 1e-3, mass), 1.0
        case CompositionLimit(x=x):
            sign = (-1.0 if insertion else 1.0) if isinstance(step, ConstantCurrent) else 0.0
            return ABOUT_COMPOSITION, x, sign
        case TimeLimit():
            raise AssertionError("a time limit is a length, not an event")


def _longest(step: Step) -> float:
    """The shortest of a step's limits of time (s)."""
    return min(
        (limit.time_s for limit in step.limits if isinstance(limit, TimeLimit)), default=NO_TIME_LIMIT_S
    )


def reason_of(step: Step, end: End, max_steps: int) -> tuple[str, str]:
    """The kind of end and a sentence for it."""
    match end.way:
        case way if way == TIME_OVER:
            longest = _longest(step)
            if isinstance(step, Sweep) and end.duration < longest:
                return "sweep", f"the sweep reached {step.end_V:g} V"
            if longest == NO_TIME_LIMIT_S:
                return (
                    "failed",
                    f"its limit was not reached in {NO_TIME_LIMIT_S:g} s; give it one that can be",
                )
            return "time", f"the time was over: {end.duration:g} s"
        case way if way in (EVENT, ALREADY):
            limit = watched_limits(step)[end.event]
            if end.way == ALREADY:
                return "already", f"its limit was met before it began ({limit!s}), so it took no time"
            return _met(limit)
        case way if way == NO_STEP_SIZE:
            return "failed", (
                f"the step size fell to {end.size:.1e} s at E = {end.potential:.4f} V; "
                "loosen rtol or look for a rate that jumps there"
            )
        case way if way == RUNAWAY:
            return "failed", (
                f"the potential ran to {end.potential:.1f} V: the limit of this step cannot be "
                "reached; give it a voltage, or a composition that the mechanism has"
            )
        case way if way == TOO_MANY_ROWS:
            return "failed", (
                f"its output every {step.period_s:g} s would make more than {MAX_ROWS_PER_STEP:,} rows; "
                "write a longer period, or none"
            )
        case way if way == STOPPED:
            return "failed", f"it was stopped after {end.duration:g} s"
    return "failed", f"max_steps = {max_steps} integrator steps were not enough; raise it"


def _met(limit: Limit) -> tuple[str, str]:
    """The kind of end and a sentence for a limit that was met on the way."""
    match limit:
        case VoltageLimit():
            return "voltage", f"the voltage reached {limit.voltage_V:g} V"
        case CurrentLimit():
            return "current", f"the current fell to {limit.rate}"
        case CompositionLimit():
            return "composition", f"the composition reached x = {limit.x:g}"
        case TimeLimit():
            raise AssertionError("a time limit is never an event")


def direction_of(step: Step, passed: float) -> str:
    """Direction of `step`: its own, or that of the net charge `passed` (mAh/g) where the voltage was set."""
    if isinstance(step, ConstantCurrent):
        return step.direction
    if isinstance(step, Rest) or abs(passed) <= ROUNDING:
        return "rest"
    return "insertion" if passed > 0.0 else "extraction"
