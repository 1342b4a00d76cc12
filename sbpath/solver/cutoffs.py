"""Cut-offs of a step: located on the dense output, then reached with a real step."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sbpath.kernels import Floats, Integers, kernel
from sbpath.model.columns import CONTENT, CURRENT, MOTION, VOLTAGE
from sbpath.solver.electrode import StepProblem
from sbpath.solver.record import NODES
from sbpath.solver.trial import StepBuffers, read_inner, read_step, try_step

# Quantity that an event watches: V, the magnitude of I (A/g), or x.
ABOUT_VOLTAGE, ABOUT_CURRENT, ABOUT_COMPOSITION = range(3)


class Events(NamedTuple):
    """Limits as arrays: a step ends when ``sign * (quantity - value)`` falls to zero for one of them.

    Under a given current a lower limit of V (of sign 1) counts on insertion only, an upper one on extraction.
    """

    quantity: Integers
    value: Floats
    sign: Floats


@kernel
def distance(number: int, events: Events, reading: Floats) -> float:
    """Distance of an instant from an event; zero or negative once it has occurred."""
    if events.quantity[number] == ABOUT_VOLTAGE:
        if events.sign[number] * reading[CURRENT] <= 0.0:
            return np.inf
        quantity = reading[VOLTAGE]
    elif events.quantity[number] == ABOUT_CURRENT:
        quantity = abs(reading[CURRENT])
    else:
        quantity = reading[CONTENT]
    return events.sign[number] * (quantity - events.value[number])


@kernel
def first_crossing(
    events: Events, size: float, problem: StepProblem, buffers: StepBuffers
) -> tuple[int, float]:
    """The first event within the step and the fraction of the step at which it occurs; -1 if none does.

    It is detected at the points of the step, or at a voltage dip between two of them, and then
    located by bisection on the dense output. `buffers` must be as `read_step` leaves it.
    """
    met, earliest = -1, 2.0
    for number in range(len(events.quantity)):
        for j in range(3):
            low, high = NODES[j], NODES[j + 1]
            if distance(number, events, buffers.values[j + 1]) > 0.0:
                high = _dip(number, events, j, size, problem, buffers)
                if high < 0.0:
                    continue
            while high - low > 1e-12:
                middle = 0.5 * (low + high)
                read_inner(middle, size, problem, buffers)
                if distance(number, events, buffers.reading) <= 0.0:
                    high = middle
                else:
                    low = middle
            if high < earliest:
                met, earliest = number, high
            break
    return met, earliest


@kernel
def _dip(
    number: int, events: Events, j: int, size: float, problem: StepProblem, buffers: StepBuffers
) -> float:
    """Fraction of the step at which the voltage reaches its limit between nodes `j` and `j + 1`,
    neither of which has reached it; negative if it does not.

    A nucleation dip falls below a cut-off and rises again: the voltage moves towards the cut-off
    at the left node and away from it at the right one.
    """
    before, after = buffers.values[j], buffers.values[j + 1]
    low, high = NODES[j], NODES[j + 1]
    sign = events.sign[number]
    nearing, leaving = sign * before[MOTION], sign * after[MOTION]
    if events.quantity[number] != ABOUT_VOLTAGE or nearing >= 0.0 or leaving <= 0.0:
        return -1.0
    # The distance is convex there and lies above its tangents, so no dip is deeper than they are.
    span = (high - low) * size
    deepest = max(
        distance(number, events, before) + nearing * span, distance(number, events, after) - leaving * span
    )
    if deepest > 0.0:
        return -1.0
    while high - low > 1e-9:
        middle = 0.5 * (low + high)
        read_inner(middle, size, problem, buffers)
        if distance(number, events, buffers.reading) <= 0.0:
            return middle
        if sign * buffers.reading[MOTION] < 0.0:
            low = middle
        else:
            high = middle
    return -1.0


@kernel
def land(
    number: int, events: Events, fraction: float, longest: float, problem: StepProblem, buffers: StepBuffers
) -> float:
    """Shorten the step of length `longest` to end at an event near `fraction`; returns its length.

    The step is repeated with lengths from the secant method, so that its end is a solution of the
    integrator and not an interpolant.
    """
    size = fraction * longest
    earlier_size, earlier_gap = 0.0, distance(number, events, buffers.values[0])
    best = longest
    for _ in range(6):
        if not _again(size, problem, buffers):
            _again(best, problem, buffers)
            break
        best = size
        gap = distance(number, events, buffers.values[3])
        if gap == earlier_gap or abs(gap) < 1e-12:
            break
        correction = -gap * (size - earlier_size) / (gap - earlier_gap)
        if abs(correction) < 1e-13 * size or not 0.0 < size + correction <= longest:
            break
        earlier_size, earlier_gap, size = size, gap, size + correction
    return best


@kernel
def _again(size: float, problem: StepProblem, buffers: StepBuffers) -> bool:
    """Repeat the step with another length; returns whether it could be computed."""
    done = np.isfinite(try_step(size, problem, buffers))
    if done:
        read_step(size, problem, buffers)
    return bool(done)
