"""Protocols as arrays for the solver, and the ends of their steps in words."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from sbpath.halfcycles import CHARGE_TOLERANCE
from sbpath.kernels import Floats
from sbpath.protocol.basis import Basis
from sbpath.protocol.outcome import Outcome
from sbpath.protocol.steps import (
    CapacityLimit,
    ChargeLimit,
    CompositionLimit,
    ConstantCurrent,
    ConstantVoltage,
    CurrentLimit,
    CurrentTable,
    Limit,
    Rest,
    Step,
    Sweep,
    TimeLimit,
    VoltageLimit,
)
from sbpath.protocol.temperature import Ramp
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
    TOO_MANY_STEPS,
    Programme,
)

# Longer than any experiment, for a step without a time limit: it ends by its other limits.
NO_TIME_LIMIT_S = 1e12


class End(NamedTuple):
    """How a step ended, as reported by `sbpath.solver.solve.run`: the kind of end, the number of the
    watched limit that was met, the duration (s), the last step size (s), and the potential (V).
    """

    way: int
    event: int
    duration: float
    size: float
    potential: float


@lru_cache(maxsize=64)  # sweeps repeat their protocols
def programme_of(given: tuple[Step, ...], basis: Basis) -> Programme:
    """The steps of a protocol as arrays."""
    # Cycles repeat their steps.
    place = {step: k for k, step in enumerate(dict.fromkeys(given))}
    of = np.array([place[step] for step in given])
    steps = [basis.resolved(step) for step in place]
    settings = [(*_imposed(step), _longest(step), step.period_s or 0.0) for step in steps]
    control, end, scan_rate, duration, period = np.array(settings, dtype=float)[of].T.copy()
    segments = [_warmed(given, *_segments(step)) for given, step in zip(place, steps, strict=True)]
    until, level, warming = (np.concatenate(parts) for parts in zip(*segments, strict=True))
    segment = np.cumsum([0, *(len(own[0]) for own in segments)])
    limits = [[_event(limit, step) for limit in watched_limits(step)] for step in steps]
    watched = [t for k in of for t in limits[k]]
    quantity, value, sign = np.array(watched, dtype=float).reshape(-1, 3).T.copy()
    return Programme(
        current_control=control.astype(bool),
        first_segment=segment[of],
        last_segment=segment[of + 1],
        end=end,
        scan_rate=scan_rate,
        duration=duration,
        period=period,
        first_limit=np.cumsum([0, *(len(limits[k]) for k in of)]),
        quantity=quantity.astype(np.int64),
        value=value,
        sign=sign,
        until=until,
        level=level,
        warming=warming,
    )


def _imposed(step: Step) -> tuple[bool, float, float]:
    """Control mode, end and scan rate of a resolved step, see `Programme`."""
    match step:
        case ConstantVoltage(voltage_V=voltage):
            return False, voltage, 0.0
        case Sweep():
            return False, step.end_V, step.scan_rate_V_per_s
        case _:
            return True, 0.0, 0.0


def _segments(step: Step) -> tuple[Floats, Floats]:
    """Ends (s) and levels of the segments of a resolved step, see `Programme`."""
    match step:
        case CurrentTable():
            level = step.current[:-1]
            # Where the current stays the same, the integrator need not stop.
            ends = np.append(np.diff(level) != 0.0, True)
            return (step.time_s[1:] - step.time_s[0])[ends], level[ends]
        case ConstantCurrent(direction=direction, rate=rate):
            level = rate.value if direction == "insertion" else -rate.value
        case Rest():
            level = 0.0
        case ConstantVoltage(voltage_V=voltage):
            level = voltage
        case Sweep():
            level = float("nan") if step.start_V is None else step.start_V
    return np.array([NO_TIME_LIMIT_S]), np.array([level], dtype=float)


def _warmed(step: Step, until: Floats, level: Floats) -> tuple[Floats, Floats, Floats]:
    """Segments with their dT/dt (K/s); one is split where a ramp ends."""
    ramp = step.temperature_C
    if not isinstance(ramp, Ramp):
        return until, level, np.zeros(len(until))
    time = ramp_time(step)
    rate = (ramp.end_C - ramp.start_C) / time
    if time < until[-1]:
        at = int(np.searchsorted(until, time))
        if until[at] != time:
            until, level = np.insert(until, at, time), np.insert(level, at, level[at])
    return until, level, np.where(until <= time, rate, 0.0)


def ramp_time(step: Step) -> float:
    """How long the temperature changes in a step with a ramp (s)."""
    assert isinstance(step.temperature_C, Ramp)
    if step.temperature_C.time_s is not None:
        return step.temperature_C.time_s
    times = [limit.time_s for limit in step.limits if isinstance(limit, TimeLimit)]
    if isinstance(step, CurrentTable):
        times.append(float(step.time_s[-1] - step.time_s[0]))
    return min(times)


def watched_limits(step: Step) -> list[Limit]:
    """The limits that are events; those of time and of charge that passes set the duration instead."""
    return [limit for limit in step.limits if not isinstance(limit, TimeLimit | ChargeLimit)]


def _event(limit: Limit, step: Step) -> tuple[int, float, float]:
    """A watched limit of a resolved step as quantity, value and sign, see `Programme`."""
    # Insertion lowers the voltage and raises x.
    insertion = isinstance(step, ConstantCurrent) and step.direction == "insertion"
    match limit:
        case VoltageLimit(voltage_V=voltage) if isinstance(step, CurrentTable):
            others = [other.voltage_V for other in step.limits if isinstance(other, VoltageLimit)]
            lower = 1.0 if voltage == min(others) else -1.0
            return ABOUT_VOLTAGE, voltage, lower if len(others) > 1 else 0.0
        case VoltageLimit(voltage_V=voltage):
            return ABOUT_VOLTAGE, voltage, 1.0 if insertion else -1.0
        case CurrentLimit(rate=rate):
            return ABOUT_CURRENT, rate.value, 1.0
        case CompositionLimit(x=x):
            sign = (-1.0 if insertion else 1.0) if isinstance(step, ConstantCurrent) else 0.0
            return ABOUT_COMPOSITION, x, sign
        case _:
            raise AssertionError(f"{limit!r} is not an event of a resolved step")


def _longest(step: Step) -> float:
    """The shortest time limit of a step (s)."""
    return min(
        (limit.time_s for limit in step.limits if isinstance(limit, TimeLimit)), default=NO_TIME_LIMIT_S
    )


def outcome_of(step: Step, end: End, max_steps: int) -> tuple[Outcome, str]:
    """How a step ended, and a sentence that says so."""
    longest = _longest(step)
    limit = hint = ""
    match end.way:
        case way if way == TIME_OVER and isinstance(step, Sweep) and end.duration < longest:
            outcome, limit = Outcome.SWEEP, f"{step.end_V:g} V"
        case way if way == TIME_OVER and longest <= end.duration and longest < NO_TIME_LIMIT_S:
            outcome = Outcome.TIME
        case way if way == TIME_OVER and isinstance(step, CurrentTable):
            outcome = Outcome.TABLE
        case way if way == TIME_OVER:
            passed = [limit for limit in step.limits if isinstance(limit, ChargeLimit)]
            outcome = Outcome.CHARGE if passed else Outcome.UNREACHED
            limit = " or ".join(str(limit.charge) for limit in passed)
        case way if way in (EVENT, ALREADY):
            met = watched_limits(step)[end.event]
            outcome = Outcome.ALREADY_MET if end.way == ALREADY else _OUTCOMES[type(met)]
            limit = str(met).removeprefix("until ")
            hint = _hint(step, met)
        case way:
            outcome = _FAILURES[way]
    return outcome, outcome.value.format(
        limit=limit,
        hint=hint,
        duration=f"{end.duration:g} s",
        size=end.size,
        potential=end.potential,
        max_steps=max_steps,
        period="no output period; give it one, such as (60 second period)"
        if step.period_s is None
        else f"its output period of {step.period_s:g} s; use a longer one, or none",
        max_rows=MAX_ROWS_PER_STEP,
    )


def _hint(step: Step, met: Limit) -> str:
    """What to try where a limit was met before the step began."""
    if isinstance(met, CurrentLimit):
        return "; where nucleation lets the current rise later, hold 'for' a time, such as for 2 h"
    if isinstance(step, CurrentTable):
        return "; a positive current inserts alkali and lowers the voltage: should the signs be the other way round?"
    if isinstance(step, ConstantCurrent):
        lowers = step.direction == "insertion"
        return (
            f"; {'Discharge inserts alkali and lowers' if lowers else 'Charge extracts alkali and raises'} the voltage: "
            f"should this be {'Charge' if lowers else 'Discharge'}?"
        )
    return ""


_OUTCOMES = {
    VoltageLimit: Outcome.VOLTAGE,
    CurrentLimit: Outcome.CURRENT,
    CompositionLimit: Outcome.COMPOSITION,
    CapacityLimit: Outcome.CAPACITY,
}
_FAILURES = {
    NO_STEP_SIZE: Outcome.STEP_SIZE,
    RUNAWAY: Outcome.RUNAWAY,
    TOO_MANY_STEPS: Outcome.MAX_STEPS,
    TOO_MANY_ROWS: Outcome.MAX_ROWS,
    STOPPED: Outcome.STOPPED,
}


def direction_of(step: Step, passed: float) -> str:
    """Direction of `step`: as stated, or that of the net charge `passed` (mAh/g) in voltage control."""
    if isinstance(step, ConstantCurrent):
        return step.direction
    if isinstance(step, Rest) or abs(passed) <= CHARGE_TOLERANCE:
        return "rest"
    return "insertion" if passed > 0.0 else "extraction"
