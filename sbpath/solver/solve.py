"""Integration of the steps of a protocol: adaptive Rodas5P from each start to the limit that ends it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sbpath.kernels import Booleans, Floats, Floats2, Integers, Singles2, kernel
from sbpath.model.equations import Drive
from sbpath.model.network import Network
from sbpath.solver.cutoffs import Targets, distance, first_crossing, land
from sbpath.solver.electrode import CONTENT, POTENTIAL, TIME, begin_step, read_point
from sbpath.solver.record import NODES, add_row, fill_integrals, with_room
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
# More rows than this in a step, about a gigabyte, come from an output period that is a slip.
MOST_ROWS = 1_000_000

# How a step ends: a target (the number of which is kept as well), one that was met before the
# start, the end of its time; or a step size that vanishes, a potential that runs away, too many steps,
# too many rows, or somebody who wants it stopped.
TARGET, ALREADY, TIME_OVER, NO_STEP_SIZE, RUNAWAY, TOO_MANY_STEPS, TOO_MANY_ROWS, STOPPED = range(8)
GOES_ON = -1


class Pace(NamedTuple):
    """The size of the next trial step (1; s), how many there have been (1), and of the last good one
    its size (s; 0 before any) and its error in tolerances (2).
    """

    size: Floats
    trials: Integers
    before: Floats


class Programme(NamedTuple):
    """A protocol as arrays, a row for each of its steps.

    `current_control`; `level`, I (A/g) or V, which is nan for the E at which the step begins;
    `end` V and `scan_rate` of sweeps (V, V/s; a rate of 0 holds); `duration`, the longest time (s);
    `period` of the output (s), 0 for the nodes of the integrator's steps. The limits that are
    watched of step k are ``first_limit[k] <= j < first_limit[k + 1]`` of `quantity`, `value` and
    `sign` (see `Targets`); a sign of 0 is that of the way from the start to the value.
    """

    current_control: Booleans
    level: Floats
    end: Floats
    scan_rate: Floats
    duration: Floats
    period: Floats
    first_limit: Integers
    quantity: Integers
    value: Floats
    sign: Floats


class Watch(NamedTuple):
    """What another thread may see and say while a run is under way: the time (1; s), and `stop` (1),
    which ends it when it is not 0.
    """

    time: Floats
    stop: Integers


class Snapshots(NamedTuple):
    """All particles at some rows: `row` (s), `fractions` (s, N P), of which the first `taken` (1) count."""

    row: Integers
    fractions: Singles2
    taken: Integers


class Run(NamedTuple):
    """What some steps of a programme have come to, m of them with r rows.

    `rows` (r, columns), see `record`; `last` (m), one past the last row of each step; `ended` (m),
    how, `target` (m), the number of the limit that ended it; `duration` (s) and `size` (s, m) of
    its last trial step; `state` (n) at the end; `snapshots` of the particles. A step that failed is
    the last.
    """

    rows: Floats2
    last: Integers
    ended: Integers
    target: Integers
    duration: Floats
    size: Floats
    state: Floats
    snapshots: Snapshots


@kernel
def run(
    network: Network,
    programme: Programme,
    first: int,
    stop: int,
    start: Floats,
    offset: float,
    totals: Floats,
    tolerances: Tolerances,
    spacing: float,
    watch: Watch,
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
    spacing : float
        Snapshots are taken each time x has moved by this much (mol per mol Sb), and at the ends of
        the steps; none if it is infinite.
    watch : Watch
        For other threads.
    """
    room = room_for_steps(network)
    state, totals = start.copy(), totals.copy()
    # Room for a cycle: what is not used costs nothing, copying into larger room does.
    rows = np.empty((1024, len(room.reading) + len(totals)))
    count, done = 0, 0
    snapshots = Snapshots(
        np.zeros(8, np.int64), np.zeros((8, len(start) - 1), np.float32), np.zeros(1, np.int64)
    )
    steps = stop - first
    last, ended, target = np.zeros(steps, np.int64), np.zeros(steps, np.int64), np.zeros(steps, np.int64)
    duration, size = np.zeros(steps), np.zeros(steps)
    for k in range(first, stop):
        drive, longest = _imposed(programme, k, state[-1])
        held, jump = begin_step(drive, state, network, room.work)
        room.states[0] = state
        read_point(
            0.0,
            room.states[0],
            room.states[0],
            room.states[0],
            held,
            drive,
            network,
            room.work,
            True,
            room.values[0],
        )
        copy_slopes(room.work.slopes, room.slopes)
        totals[0] += jump
        rows = with_room(rows, count, 1)
        add_row(rows, count, offset, room.values[0], totals)
        targets = _targets(programme, k, room.values[0, CONTENT])
        situation = Situation(network, drive, held, tolerances)
        rows, count, ended[done], target[done], size[done], snapshots = _run_step(
            situation,
            targets,
            longest,
            programme.period[k],
            offset,
            totals,
            room,
            rows,
            count + 1,
            snapshots,
            spacing,
            watch,
        )
        if spacing < np.inf:
            snapshots = with_snapshot(snapshots, count - 1, room)
        state[:] = room.states[0]
        duration[done] = room.values[0, TIME]
        offset += duration[done]
        last[done] = count
        done += 1
        if ended[done - 1] > TIME_OVER:
            break
    return Run(
        rows[:count], last[:done], ended[:done], target[:done], duration[:done], size[:done], state, snapshots
    )


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


@kernel
def _targets(programme: Programme, k: int, content: float) -> Targets:
    """The limits of step `k` that begins at x = `content`."""
    these = slice(programme.first_limit[k], programme.first_limit[k + 1])
    targets = Targets(programme.quantity[these], programme.value[these], programme.sign[these].copy())
    for number in range(len(targets.sign)):
        if targets.sign[number] == 0.0:
            targets.sign[number] = np.copysign(1.0, content - targets.value[number])
    return targets


@kernel
def _run_step(
    situation: Situation,
    targets: Targets,
    duration: float,
    period: float,
    offset: float,
    totals: Floats,
    room: Room,
    rows: Floats2,
    count: int,
    snapshots: Snapshots,
    spacing: float,
    watch: Watch,
) -> tuple[Floats2, int, int, int, float, Snapshots]:
    """Integrate until the first target is met or `duration` (s) is over.

    It begins at, and leaves, the first state and values of `room`; `totals` move along. Returns
    the rows, their number, how the step ended, by which target, the last step size (s), and the
    snapshots.
    """
    for number in range(len(targets.quantity)):
        if distance(number, targets, room.values[0]) <= 0.0:
            return rows, count, ALREADY, number, 0.0, snapshots
    pace = Pace(np.array([min(_first_size(situation, room), duration)]), np.zeros(1, np.int64), np.zeros(2))
    multiple, taken_at, before = 1, room.values[0, CONTENT], count
    while True:
        ended, met, size = _advance(duration, targets, pace, situation, room)
        if ended > TARGET:
            break
        wanted = 3 if period <= 0.0 else int(min(size / period, MOST_ROWS)) + 2
        if count + wanted - before > MOST_ROWS:
            ended = TOO_MANY_ROWS
            break
        rows = with_room(rows, count, wanted)
        count, multiple = _write(size, period, multiple, offset, totals, situation, room, rows, count)
        _move_on(room)
        if ended == TARGET:
            break
        if abs(room.values[0, POTENTIAL]) > POTENTIAL_BOUND:
            ended = RUNAWAY
            break
        if abs(room.values[0, CONTENT] - taken_at) >= spacing:
            snapshots = with_snapshot(snapshots, count - 1, room)
            taken_at = room.values[0, CONTENT]
        watch.time[0] = offset + room.values[0, TIME]
        if watch.stop[0] != 0:
            ended = STOPPED
            break
    if period > 0.0 and room.values[0, TIME] > 0.0:
        rows = with_room(rows, count, 1)
        add_row(rows, count, offset, room.values[0], totals)
        count += 1
    return rows, count, ended, met, pace.size[0], snapshots


@kernel
def with_snapshot(snapshots: Snapshots, row: int, room: Room) -> Snapshots:
    """One more snapshot: the first of the states of `room`, which belongs to `row`."""
    count, space = snapshots.taken[0], len(snapshots.row)
    if count == space:
        larger = Snapshots(
            np.zeros(2 * space, np.int64),
            np.zeros((2 * space, snapshots.fractions.shape[1]), np.float32),
            snapshots.taken,
        )
        for s in range(count):
            larger.row[s] = snapshots.row[s]
            larger.fractions[s] = snapshots.fractions[s]
        snapshots = larger
    snapshots.row[count] = row
    for k in range(snapshots.fractions.shape[1]):
        snapshots.fractions[count, k] = room.states[0, k]
    snapshots.taken[0] = count + 1
    return snapshots


@kernel
def _advance(
    duration: float, targets: Targets, pace: Pace, situation: Situation, room: Room
) -> tuple[int, int, float]:
    """Find the next step that is good, and leave it in `room` as `read_step` does.

    Returns how the protocol step ends with it (`GOES_ON` where it does not), by which target, and
    the length of the step (s). A way to end after `TARGET` is without any step.
    """
    time = room.values[0, TIME]
    remaining = duration - time
    if remaining <= 1e-12 * duration:
        return TIME_OVER, -1, 0.0
    while pace.trials[0] < situation.tolerances.max_steps:
        pace.trials[0] += 1
        size = pace.size[0]
        if size < 1e-13 * max(time, 1e-3):
            return NO_STEP_SIZE, -1, size
        # The last step lands on the end; a sliver left over would be a step of its own.
        if size >= remaining * (1.0 - 1e-9):
            size = remaining
        error = try_step(size, situation, room)
        if error > 1.0:
            pace.size[0] = size * max(0.2, 0.9 * error**-0.2)
            continue
        read_step(size, situation, room)
        # Now: whoever looks into the step evaluates elsewhere.
        copy_slopes(room.work.slopes, room.next_slopes)
        lacking = energy_error(size, situation, room)
        if not lacking <= 1.0 or undershoots(situation, room):
            pace.size[0] = size * max(0.2, min(0.5, 0.9 * max(lacking, 1.0) ** -0.2))
            continue
        met, fraction = first_crossing(targets, size, situation, room)
        if met >= 0:
            return TARGET, met, land(met, targets, fraction, size, situation, room)
        _quicken(size, max(error, lacking, 1e-10), pace)
        return GOES_ON, -1, size
    return TOO_MANY_STEPS, -1, 0.0


@kernel
def _quicken(size: float, error: float, pace: Pace) -> None:
    """The size of the next step after a good one of `size` (s) with this error in tolerances.

    The error is taken to go on changing as it has from the step before (Gustafsson 1994, ACM
    Trans. Math. Softw. 20, 496): on the way to where a phase ends this spares most of the steps
    that would be rejected.
    """
    factor = 0.9 * error**-0.2
    if pace.before[0] > 0.0:
        factor = min(factor, 0.9 * size / pace.before[0] * (pace.before[1] / (error * error)) ** 0.2)
    pace.before[0] = size
    # An error far below what is allowed is mostly rounding, and foretells nothing.
    pace.before[1] = max(error, 1e-2)
    pace.size[0] = size * max(0.2, min(5.0, factor))


@kernel
def _move_on(room: Room) -> None:
    """The end of a step becomes the start of the next."""
    for k in range(room.states.shape[1]):
        room.states[0, k] = room.states[3, k]
    for k in range(room.values.shape[1]):
        room.values[0, k] = room.values[3, k]
    copy_slopes(room.next_slopes, room.slopes)


@kernel
def _write(
    size: float,
    period: float,
    multiple: int,
    offset: float,
    totals: Floats,
    situation: Situation,
    room: Room,
    rows: Floats2,
    count: int,
) -> tuple[int, int]:
    """Rows of a step as `read_step` left it, at its nodes or at multiples of `period` (s).

    Moves `totals` to its end; returns the number of rows and the next multiple.
    """
    begin, end = room.values[0, TIME], room.values[3, TIME]
    if period > 0.0:
        while multiple * period < end * (1.0 - 1e-12):
            fraction = (multiple * period - begin) / size
            fill_integrals(fraction, size, room.values, totals, room.reached)
            read_inner(fraction, size, situation, room)
            add_row(rows, count, offset, room.reading, room.reached)
            count += 1
            multiple += 1
    else:
        for j in range(1, 3):
            fill_integrals(NODES[j], size, room.values, totals, room.reached)
            add_row(rows, count, offset, room.values[j], room.reached)
            count += 1
    fill_integrals(1.0, size, room.values, totals, totals)
    if period <= 0.0:
        add_row(rows, count, offset, room.values[3], totals)
        count += 1
    return count, multiple


@kernel
def _first_size(situation: Situation, room: Room) -> float:
    """A cautious first step: 1 % of the time in which anything moves by its own size."""
    tolerances = situation.tolerances
    largest = 0.0
    for value, change in zip(room.states[0], room.slopes.derivative):  # noqa: B905
        largest = max(largest, abs(change) / (tolerances.atol + tolerances.rtol * max(abs(value), 1e-3)))
    return 0.01 / tolerances.rtol / largest if largest > 0.0 else np.inf
