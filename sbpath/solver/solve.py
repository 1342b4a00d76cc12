"""Integration of the steps of a protocol: adaptive Rodas5P from each start to the limit that ends it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sbpath.kernels import Floats, Integers, allocating_kernel, kernel
from sbpath.model.equations import Drive
from sbpath.model.network import Network
from sbpath.solver.cutoffs import Targets, distance, first_crossing, land
from sbpath.solver.electrode import CONTENT, POTENTIAL, TIME, begin_step, layout, read_point
from sbpath.solver.record import FULL_WEIGHTS, NODES, add_row, integral, partial_weights
from sbpath.solver.trial import (
    Room,
    Situation,
    Tolerances,
    copy_slopes,
    energy_error,
    read_inner,
    read_step,
    room_for_steps,
    try_step,
    undershoots,
)

# A step that leaves this range of potential (V) runs after a limit that it cannot reach.
POTENTIAL_BOUND = 10.0

# How a step ends: a target (the number of which is kept as well), one that was met before the
# start, the end of its time; or a step size that vanishes, a potential that runs away, too many steps.
TARGET, ALREADY, TIME_OVER, NO_STEP_SIZE, RUNAWAY, TOO_MANY_STEPS = range(6)


class Programme(NamedTuple):
    """A protocol as arrays, a row for each of its steps.

    `current_control`; `level`, I (A/g) or V, which is nan for the E at which the step begins;
    `end` V and `scan_rate` of sweeps (V, V/s; a rate of 0 holds); `duration`, the longest time (s);
    `period` of the output (s), 0 for the nodes of the integrator's steps. The limits that are
    watched of step k are ``first_limit[k] <= j < first_limit[k + 1]`` of `quantity`, `value` and
    `sign` (see `Targets`); a sign of 0 is that of the way from the start to the value.
    """

    current_control: NDArray[np.bool_]
    level: Floats
    end: Floats
    scan_rate: Floats
    duration: Floats
    period: Floats
    first_limit: Integers
    quantity: Integers
    value: Floats
    sign: Floats


class Run(NamedTuple):
    """What some steps of a programme have come to, m of them with r rows.

    `rows` (r, columns), see `record`; `last` (m), one past the last row of each step; `ended` (m),
    how, `target` (m), the number of the limit that ended it; `duration` (s) and `size` (s, m) of
    its last trial step; `state` (n) at the end. A step that failed is the last.
    """

    rows: Floats
    last: Integers
    ended: Integers
    target: Integers
    duration: Floats
    size: Floats
    state: Floats


@allocating_kernel
def run(
    network: Network,
    programme: Programme,
    first: int,
    stop: int,
    start: Floats,
    offset: float,
    totals: Floats,
    tolerances: Tolerances,
) -> Run:
    """Carry an electrode through the steps ``first <= k < stop`` of a programme.

    Parameters
    ----------
    network, programme : Network, Programme
        The electrode, and what is done with it.
    first, stop : int
        Which steps.
    start : array, shape (n,)
        The state before.
    offset : float
        The time before (s).
    totals : array
        The integrals of the record before.
    tolerances : Tolerances
        Accuracy.
    """
    room = room_for_steps(network)
    state, totals = start.copy(), totals.copy()
    rows = np.empty((256, len(room.reading) + len(totals)))
    count, done = 0, 0
    steps = stop - first
    last, ended, target = np.zeros(steps, np.int64), np.zeros(steps, np.int64), np.zeros(steps, np.int64)
    duration, size = np.zeros(steps), np.zeros(steps)
    for k in range(first, stop):
        drive, longest = _imposed(programme, k, state[-1])
        held, jump = begin_step(drive, state, network, room.work)
        room.states[0] = state
        read_point(0.0, room.states[0], held, drive, network, room.work, True, room.values[0])
        copy_slopes(room.work.slopes, room.slopes)
        totals[0] += jump
        rows = add_row(rows, count, offset, room.values[0], totals)
        targets = _targets(programme, k, room.values[0, CONTENT])
        situation = Situation(network, drive, held, tolerances)
        rows, count, ended[done], target[done], size[done] = _run_step(
            situation, targets, longest, programme.period[k], offset, totals, room, rows, count + 1
        )
        state[:] = room.states[0]
        duration[done] = room.values[0, TIME]
        offset += duration[done]
        last[done] = count
        done += 1
        if ended[done - 1] > TIME_OVER:
            break
    return Run(rows[:count], last[:done], ended[:done], target[:done], duration[:done], size[:done], state)


@kernel
def _imposed(programme: Programme, k: int, potential: float) -> tuple[Drive, float]:
    """The drive of step `k` that begins at `potential` (V), and the longest time it may take (s)."""
    level = programme.level[k]
    # Open-circuit voltage is E: a sweep without a start begins where the cell is.
    if np.isnan(level):
        level = potential
    slope, longest = 0.0, programme.duration[k]
    if programme.scan_rate[k] > 0.0:
        way = programme.end[k] - level
        slope = np.copysign(programme.scan_rate[k], way)
        longest = min(longest, abs(way) / programme.scan_rate[k])
    return Drive(bool(programme.current_control[k]), level, slope), longest


@allocating_kernel
def _targets(programme: Programme, k: int, content: float) -> Targets:
    """The limits of step `k` that begins at x = `content`."""
    these = slice(programme.first_limit[k], programme.first_limit[k + 1])
    targets = Targets(programme.quantity[these], programme.value[these], programme.sign[these].copy())
    for number in range(len(targets.sign)):
        if targets.sign[number] == 0.0:
            targets.sign[number] = np.copysign(1.0, content - targets.value[number])
    return targets


@allocating_kernel
def _run_step(
    situation: Situation,
    targets: Targets,
    duration: float,
    period: float,
    offset: float,
    totals: Floats,
    room: Room,
    rows: Floats,
    count: int,
) -> tuple[Floats, int, int, int, float]:
    """Integrate until the first target is met or `duration` (s) is over.

    It begins at, and leaves, the first state and values of `room`; `totals` move along. Returns
    the rows, their number, how the step ended, by which target, and the last step size (s).
    """
    for number in range(len(targets.quantity)):
        if distance(number, targets, room.values[0]) <= 0.0:
            return rows, count, ALREADY, number, 0.0
    size = min(_first_size(situation, room), duration)
    multiple = 1
    ended, met = TOO_MANY_STEPS, -1
    for _ in range(situation.tolerances.max_steps):
        time = room.values[0, TIME]
        remaining = duration - time
        if remaining <= 1e-12 * duration:
            ended = TIME_OVER
            break
        if size < 1e-13 * max(time, 1e-3):
            ended = NO_STEP_SIZE
            break
        # The last step lands on the end; a sliver left over would be a step of its own.
        trial = remaining if size >= remaining * (1.0 - 1e-9) else size
        error = try_step(trial, situation, room)
        if error > 1.0:
            size = trial * max(0.2, 0.9 * error**-0.2)
            continue
        read_step(trial, situation, room)
        # Now: whoever looks into the step evaluates elsewhere.
        copy_slopes(room.work.slopes, room.next_slopes)
        lacking = energy_error(trial, situation, room)
        if not lacking <= 1.0 or undershoots(situation, room):
            size = trial * max(0.2, min(0.5, 0.9 * max(lacking, 1.0) ** -0.2))
            continue
        met, fraction = first_crossing(targets, trial, situation, room)
        if met >= 0:
            trial = land(met, targets, fraction, trial, situation, room)
        rows, count, multiple = _write(trial, period, multiple, offset, totals, situation, room, rows, count)
        room.states[0] = room.states[3]
        room.values[0] = room.values[3]
        if met >= 0:
            ended = TARGET
            break
        copy_slopes(room.next_slopes, room.slopes)
        if abs(room.values[0, POTENTIAL]) > POTENTIAL_BOUND:
            ended = RUNAWAY
            break
        size = trial * min(5.0, 0.9 * max(error, lacking, 1e-10) ** -0.2)
    if period > 0.0 and room.values[0, TIME] > 0.0:
        rows = add_row(rows, count, offset, room.values[0], totals)
        count += 1
    return rows, count, ended, met, size


@allocating_kernel
def _write(
    size: float,
    period: float,
    multiple: int,
    offset: float,
    totals: Floats,
    situation: Situation,
    room: Room,
    rows: Floats,
    count: int,
) -> tuple[Floats, int, int]:
    """Rows of a step as `read_step` left it, at its nodes or at multiples of `period` (s).

    Moves `totals` to its end; returns the rows, their number and the next multiple.
    """
    network = situation.network
    integrated = layout(len(network.gibbs), len(network.source)).powers
    begin, end = room.values[0, TIME], room.values[3, TIME]
    weights = np.empty(4)
    reached = np.empty(len(totals))
    if period > 0.0:
        while multiple * period < end * (1.0 - 1e-12):
            fraction = (multiple * period - begin) / size
            partial_weights(fraction, weights)
            for k in range(len(totals)):
                reached[k] = totals[k] + integral(integrated + k, size, room.values, weights)
            read_inner(fraction, size, situation, room)
            rows = add_row(rows, count, offset, room.reading, reached)
            count += 1
            multiple += 1
    else:
        for j in range(1, 3):
            partial_weights(NODES[j], weights)
            for k in range(len(totals)):
                reached[k] = totals[k] + integral(integrated + k, size, room.values, weights)
            rows = add_row(rows, count, offset, room.values[j], reached)
            count += 1
    for k in range(len(totals)):
        totals[k] += integral(integrated + k, size, room.values, FULL_WEIGHTS)
    if period <= 0.0:
        rows = add_row(rows, count, offset, room.values[3], totals)
        count += 1
    return rows, count, multiple


@kernel
def _first_size(situation: Situation, room: Room) -> float:
    """A cautious first step: 1 % of the time in which anything moves by its own size."""
    tolerances = situation.tolerances
    largest = 0.0
    for value, change in zip(room.states[0], room.slopes.derivative):  # noqa: B905
        largest = max(largest, abs(change) / (tolerances.atol + tolerances.rtol * max(abs(value), 1e-3)))
    return 0.01 / tolerances.rtol / largest if largest > 0.0 else np.inf
