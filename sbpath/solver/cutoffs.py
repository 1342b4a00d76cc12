"""Where a step meets its cut-off: located on the dense output, then landed on by a real step."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sbpath.kernels import Floats, Integers, kernel
from sbpath.solver.electrode import CONTENT, CURRENT, MOTION, VOLTAGE
from sbpath.solver.record import NODES
from sbpath.solver.trial import Room, Situation, read_inner, read_step, try_step

# What a target is about: V, the magnitude of I (A/g), or x.
ABOUT_VOLTAGE, ABOUT_CURRENT, ABOUT_COMPOSITION = range(3)


class Targets(NamedTuple):
    """Limits as numbers: a step ends when ``sign * (quantity - value)`` of one falls to zero."""

    quantity: Integers
    value: Floats
    sign: Floats


@kernel
def distance(number: int, targets: Targets, reading: Floats) -> float:
    """How far an instant is from meeting a target; zero or less when it is met."""
    if targets.quantity[number] == ABOUT_VOLTAGE:
        quantity = reading[VOLTAGE]
    elif targets.quantity[number] == ABOUT_CURRENT:
        quantity = abs(reading[CURRENT])
    else:
        quantity = reading[CONTENT]
    return targets.sign[number] * (quantity - targets.value[number])


@kernel
def first_crossing(targets: Targets, size: float, situation: Situation, room: Room) -> tuple[int, float]:
    """Which target is met first within the step, and at what fraction of it; -1 if none is.

    Found at the points of the step, or at a dip of the voltage between two of them; then
    located by bisection on the dense output. `room` is as `read_step` left it.
    """
    met, earliest = -1, 2.0
    for number in range(len(targets.quantity)):
        for j in range(3):
            low, high = NODES[j], NODES[j + 1]
            if distance(number, targets, room.values[j + 1]) > 0.0:
                high = _dip(number, targets, j, size, situation, room)
                if high < 0.0:
                    continue
            while high - low > 1e-12:
                middle = 0.5 * (low + high)
                read_inner(middle, size, situation, room)
                if distance(number, targets, room.reading) <= 0.0:
                    high = middle
                else:
                    low = middle
            if high < earliest:
                met, earliest = number, high
            break
    return met, earliest


@kernel
def _dip(number: int, targets: Targets, j: int, size: float, situation: Situation, room: Room) -> float:
    """Fraction of the step at which the voltage meets a target between nodes `j` and `j + 1`,
    which are short of it; negative where it does not.

    A nucleation dip falls below a cut-off and rises again; there is one where the voltage
    moves towards the cut-off on the left and away from it on the right.
    """
    before, after = room.values[j], room.values[j + 1]
    low, high = NODES[j], NODES[j + 1]
    sign = targets.sign[number]
    nearing, leaving = sign * before[MOTION], sign * after[MOTION]
    if targets.quantity[number] != ABOUT_VOLTAGE or nearing >= 0.0 or leaving <= 0.0:
        return -1.0
    # The curve bends away from its tangents: no dip reaches deeper than they do.
    span = (high - low) * size
    deepest = max(
        distance(number, targets, before) + nearing * span, distance(number, targets, after) - leaving * span
    )
    if deepest > 0.0:
        return -1.0
    while high - low > 1e-9:
        middle = 0.5 * (low + high)
        read_inner(middle, size, situation, room)
        if distance(number, targets, room.reading) <= 0.0:
            return middle
        if sign * room.reading[MOTION] < 0.0:
            low = middle
        else:
            high = middle
    return -1.0


@kernel
def land(
    number: int, targets: Targets, fraction: float, longest: float, situation: Situation, room: Room
) -> float:
    """Cut the step of length `longest` at about `fraction`, where a target is met; returns its length.

    The step itself is repeated with secant lengths, so that its end is a solution of the
    method and not an interpolant.
    """
    size = fraction * longest
    earlier_size, earlier_gap = 0.0, distance(number, targets, room.values[0])
    best = longest
    for _ in range(6):
        if not _again(size, situation, room):
            _again(best, situation, room)
            break
        best = size
        gap = distance(number, targets, room.values[3])
        if gap == earlier_gap or abs(gap) < 1e-12:
            break
        correction = -gap * (size - earlier_size) / (gap - earlier_gap)
        if abs(correction) < 1e-13 * size or not 0.0 < size + correction <= longest:
            break
        earlier_size, earlier_gap, size = size, gap, size + correction
    return best


@kernel
def _again(size: float, situation: Situation, room: Room) -> bool:
    """Repeat the step with another length; whether that could be computed."""
    done = np.isfinite(try_step(size, situation, room))
    if done:
        read_step(size, situation, room)
    return bool(done)
