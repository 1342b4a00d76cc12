"""Integration of protocol steps: adaptive Rodas5P from the start of each step to the limit that ends it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sbpath.kernels import Booleans, Floats, Floats2, Integers, kernel
from sbpath.model.columns import CHARGE, CONTENT, POTENTIAL, TIME
from sbpath.model.equations import Control
from sbpath.model.network import Network, copy_of
from sbpath.model.workspace import copy_derivatives
from sbpath.solver.cutoffs import ABOUT_COMPOSITION, Events, distance, first_crossing, land
from sbpath.solver.electrode import Conserved, StepProblem, Tolerances, begin_step, present, read_point
from sbpath.solver.record import (
    NODE_WEIGHTS,
    Recorder,
    Snapshots,
    add_row,
    fill_integrals,
    new_recorder,
    partial_weights,
    with_room,
    with_snapshot,
)
from sbpath.solver.trial import (
    StepBuffers,
    energy_error,
    new_buffers,
    read_inner,
    read_step,
    try_step,
    undershoots,
)

# A step that leaves this range of potential (V) is chasing a limit that it cannot reach.
MAX_POTENTIAL_V = 10.0
# More rows than this in a step, about a gigabyte, mean that the output period is a mistake.
MAX_ROWS_PER_STEP = 1_000_000

# How a step ends: an event (its number is kept as well), an event already met at the start, the end
# of its duration; or a vanishing step size, a runaway potential, too many steps, too many rows, or a
# request to stop.
EVENT, ALREADY, TIME_OVER, NO_STEP_SIZE, RUNAWAY, TOO_MANY_STEPS, TOO_MANY_ROWS, STOPPED = range(8)
GOES_ON = -1


class StepControl(NamedTuple):
    """`size` of the next trial step (1; s), number of `trials` so far (1), and, of the step `before` (2),
    the last accepted one, its size (s; 0 if none) and its error in tolerances.
    """

    size: Floats
    trials: Integers
    before: Floats


class Programme(NamedTuple):
    """A protocol as arrays, one row per step.

    `current_control`; `end` (V) and `scan_rate` (V/s) of sweeps, a rate of 0 holds V; `duration`, the
    longest time (s); output `period` (s), 0 for output at the nodes of the integrator's steps. The
    watched limits of step k are ``first_limit[k] <= j < first_limit[k + 1]`` of `quantity`, `value` and
    `sign` (see `Events`); a sign of 0 is replaced by that of the direction from the start to the value.
    Its segments are ``first_segment[k] <= j < last_segment[k]`` of `level`, I (A/g) or V, nan for the E
    at which the step begins, which holds `until` a time since the start of the step (s), while T changes
    by `warming` (K/s); steps without start at the temperature of the electrode. Steps may share segments.
    """

    current_control: Booleans
    first_segment: Integers
    last_segment: Integers
    end: Floats
    scan_rate: Floats
    duration: Floats
    period: Floats
    first_limit: Integers
    quantity: Integers
    value: Floats
    sign: Floats
    until: Floats
    level: Floats
    warming: Floats


def part_of(programme: Programme, first: int, stop: int) -> Programme:
    """Steps ``first <= k < stop`` of a programme."""
    if stop - first == len(programme.end):
        return programme
    steps = {
        name: getattr(programme, name)[first:stop]
        for name in (
            "current_control",
            "first_segment",
            "last_segment",
            "end",
            "scan_rate",
            "duration",
            "period",
        )
    }
    return programme._replace(**steps, first_limit=programme.first_limit[first : stop + 1])


class Checkpoint(NamedTuple):
    """Start of a run: the `state` (n), the `time` (s), and the integrals `totals` so far."""

    state: Floats
    time: float
    totals: Floats


class Monitor(NamedTuple):
    """Communication with other threads during a run: they may read the time (1; s), and set `stop` (1),
    which ends the run unless it is 0.
    """

    time: Floats
    stop: Integers


class Run(NamedTuple):
    """Result of the steps of a programme, m steps with r rows.

    `table` (columns, at least r), see `record`, of which the first r rows are filled; for each step (m) `last`, one past its last row, `ended`, how
    it ended, `event`, the number of the limit that ended it, its `duration` (s), and the `size` (s)
    of its last trial step; the `state` (n) at the end; `snapshots` of the particles. A failed step
    is the last.
    """

    table: Floats2
    last: Integers
    ended: Integers
    event: Integers
    duration: Floats
    size: Floats
    state: Floats
    snapshots: Snapshots


@kernel
def run(
    network: Network,
    programme: Programme,
    start: Checkpoint,
    tolerances: Tolerances,
    spacing: float,
    monitor: Monitor,
) -> Run:
    """Run an electrode through a programme.

    Parameters
    ----------
    network, programme : Network, Programme
        The electrode and its steps.
    start : Checkpoint
        Initial state.
    tolerances : Tolerances
        Accuracy.
    spacing : float
        Change of x between snapshots of the particles, see `Recorder`.
    monitor : Monitor
        Communication with other threads.
    """
    buffers, copy = new_buffers(network), network
    for rate in programme.warming:
        if rate != 0.0:
            copy = copy_of(network)
            break
    state = start.state.copy()
    recorder = new_recorder(network.columns, network.layout.potential, start.time, start.totals, spacing)
    steps, done = len(programme.duration), 0
    last, ended, event = np.zeros(steps, np.int64), np.zeros(steps, np.int64), np.zeros(steps, np.int64)
    duration, size = np.zeros(steps), np.zeros(steps)
    for k in range(steps):
        control, longest = _imposed(programme, k, state[network.layout.potential])
        conserved, jump = begin_step(control, state, network, buffers.space)
        # The first segment; the others follow in `_run_step`.
        first: int = programme.first_segment[k]
        until: float = programme.until[first]
        problem = StepProblem(
            network, copy, control, conserved, tolerances, min(longest, until), programme.period[k]
        )
        begin, values = buffers.states[0], buffers.values[0]
        begin[:] = state
        read_point(0.0, begin, begin, begin, problem, buffers.space, True, values)
        copy_derivatives(buffers.space.derivatives, buffers.derivatives)
        recorder.totals[network.columns.power - network.columns.integrated] += jump
        recorder = with_room(recorder, 1)
        add_row(recorder, values, recorder.totals)
        if recorder.spacing == 0.0:
            recorder = with_snapshot(recorder, begin, 0)
        events = _events(programme, k, values)
        recorder, ended[k], event[k], size[k] = _run_step(
            programme, k, longest, problem, events, buffers, recorder, monitor
        )
        recorder = with_snapshot(recorder, buffers.states[0], 0)
        state[:] = buffers.states[0]
        duration[k] = buffers.values[0, TIME]
        recorder.offset[0] += duration[k]
        last[k] = recorder.written[0]
        done = k + 1
        if ended[k] > TIME_OVER:
            break
    return Run(
        recorder.table,
        last[:done],
        ended[:done],
        event[:done],
        duration[:done],
        size[:done],
        state,
        recorder.snapshots,
    )


@kernel
def _imposed(programme: Programme, k: int, potential: float) -> tuple[Control, float]:
    """Control of step `k` at its start, at `potential` (V), and its longest duration (s)."""
    first: int = programme.first_segment[k]
    level: float = programme.level[first]
    # The open-circuit voltage is E: a sweep without a start begins there.
    if np.isnan(level):
        level = potential
    slope, longest = 0.0, min(programme.duration[k], programme.until[programme.last_segment[k] - 1])
    if programme.scan_rate[k] > 0.0:
        way = programme.end[k] - level
        slope = np.copysign(programme.scan_rate[k], way)
        longest = min(longest, abs(way) / programme.scan_rate[k])
    return Control(bool(programme.current_control[k]), level, slope, programme.warming[first]), longest


@kernel
def _events(programme: Programme, k: int, values: Floats) -> Events:
    """The limits of step `k`, which begins with the columns `values`."""
    these = slice(programme.first_limit[k], programme.first_limit[k + 1])
    events = Events(programme.quantity[these], programme.value[these], programme.sign[these].copy())
    for number in range(len(events.sign)):
        if events.sign[number] == 0.0 and events.quantity[number] == ABOUT_COMPOSITION:
            events.sign[number] = np.copysign(1.0, values[CONTENT] - events.value[number])
        elif events.sign[number] == 0.0:
            events.sign[number] = 1.0 if values[POTENTIAL] > events.value[number] else -1.0
    return events


@kernel
def _run_step(
    programme: Programme,
    k: int,
    longest: float,
    problem: StepProblem,
    events: Events,
    buffers: StepBuffers,
    recorder: Recorder,
    monitor: Monitor,
) -> tuple[Recorder, int, int, float]:
    """Integrate step `k`, segment by segment, until the first event or the time `longest` (s).

    The first state and values of `buffers` are those at the start, and on return those at the end.
    Returns the recorder, how the step ended, by which event, and the last step size (s).
    """
    met = _occurred(events, buffers.values[0])
    if met >= 0:
        return recorder, ALREADY, met, 0.0
    first = min(_first_size(problem, buffers), problem.duration)
    step_control = StepControl(np.array([first]), np.zeros(1, np.int64), np.zeros(2))
    period, before, multiple, ended = problem.period, recorder.written[0], 1, TIME_OVER
    for segment in range(programme.first_segment[k], programme.last_segment[k]):
        if segment > programme.first_segment[k]:
            # Each segment may take `max_steps`, and what the error did before it predicts nothing.
            step_control.trials[0] = 0
            step_control.before[0] = 0.0
            problem = _next_segment(programme, segment, longest, problem, buffers)
            if period <= 0.0:
                recorder = with_room(recorder, 1)
                add_row(recorder, buffers.values[0], recorder.totals)
                if recorder.spacing == 0.0:
                    recorder = with_snapshot(recorder, buffers.states[0], 0)
            met = _occurred(events, buffers.values[0])
            if met >= 0:
                ended = EVENT
                break
        recorder, ended, met, multiple = _run_segment(
            problem, events, step_control, multiple, before, buffers, recorder, monitor
        )
        if ended != TIME_OVER or programme.until[segment] >= longest:
            break
    if period > 0.0 and buffers.values[0, TIME] > 0.0:
        recorder = with_room(recorder, 1)
        add_row(recorder, buffers.values[0], recorder.totals)
    return recorder, ended, met, step_control.size[0]


@kernel
def _occurred(events: Events, values: Floats) -> int:
    """Number of the first event that the instant with these columns has passed; -1 if it has passed none."""
    for number in range(len(events.quantity)):
        if distance(number, events, values) <= 0.0:
            return number
    return -1


@kernel
def _next_segment(
    programme: Programme, segment: int, longest: float, problem: StepProblem, buffers: StepBuffers
) -> StepProblem:
    """The problem of the next segment of a step, with `buffers` moved to its start."""
    begin, values, old = buffers.states[0], buffers.values[0], problem.control
    time, charge, level = float(values[TIME]), problem.conserved.charge, old.level
    until: float = programme.until[segment]
    if old.current_control:
        level = float(programme.level[segment])
        # The charge passed is counted from the start of the step.
        charge = values[CHARGE] - level * time
    network = problem.network
    if old.warming != 0.0 and programme.warming[segment] == 0.0:
        # The ramp is over: the temperature stays until the end of the step.
        network = present(time, problem)
    following = StepProblem(
        network,
        problem.copy,
        Control(old.current_control, level, old.slope, programme.warming[segment]),
        Conserved(problem.conserved.host, charge),
        problem.tolerances,
        min(longest, until),
        problem.period,
    )
    read_point(time, begin, begin, begin, following, buffers.space, True, values)
    copy_derivatives(buffers.space.derivatives, buffers.derivatives)
    return following


@kernel
def _run_segment(
    problem: StepProblem,
    events: Events,
    step_control: StepControl,
    multiple: int,
    before: int,
    buffers: StepBuffers,
    recorder: Recorder,
    monitor: Monitor,
) -> tuple[Recorder, int, int, int]:
    """Integrate until the first event or the end of the segment.

    `multiple` is the next one of the output period, `before` the number of rows before the step. Returns
    the recorder, how it ended, by which event, and the next multiple.
    """
    period, taken_at = problem.period, buffers.values[0, CONTENT]
    while True:
        ended, met, size = _advance(events, step_control, problem, buffers)
        if ended > EVENT:
            break
        wanted = 3 if period <= 0.0 else int(min(size / period, MAX_ROWS_PER_STEP)) + 2
        if recorder.written[0] + wanted - before > MAX_ROWS_PER_STEP:
            ended = TOO_MANY_ROWS
            break
        recorder = with_room(recorder, wanted)
        multiple = _write(size, multiple, problem, buffers, recorder, monitor)
        if recorder.spacing == 0.0:
            for j in range(1, 3):
                recorder = with_snapshot(recorder, buffers.states[j], 3 - j)
        _move_on(buffers)
        if ended == EVENT:
            break
        if abs(buffers.values[0, POTENTIAL]) > MAX_POTENTIAL_V:
            ended = RUNAWAY
            break
        if abs(buffers.values[0, CONTENT] - taken_at) >= recorder.spacing:
            recorder = with_snapshot(recorder, buffers.states[0], 0)
            taken_at = buffers.values[0, CONTENT]
        monitor.time[0] = recorder.offset[0] + buffers.values[0, TIME]
        if monitor.stop[0] != 0:
            ended = STOPPED
            break
    return recorder, ended, met, multiple


@kernel
def _advance(
    events: Events, step_control: StepControl, problem: StepProblem, buffers: StepBuffers
) -> tuple[int, int, float]:
    """Find the next acceptable step, and leave it in `buffers` as `read_step` does.

    Returns how the protocol step ends with it (`GOES_ON` if it does not), by which event, and
    the length of the step (s). Ends numbered above `EVENT` come without a step.
    """
    time = buffers.values[0, TIME]
    remaining = problem.duration - time
    if remaining <= 1e-12 * problem.duration:
        return TIME_OVER, -1, 0.0
    while step_control.trials[0] < problem.tolerances.max_steps:
        step_control.trials[0] += 1
        size = step_control.size[0]
        if size < 1e-13 * max(time, 1e-3):
            return NO_STEP_SIZE, -1, size
        # The last step lands on the end, so that no sliver is left for another step.
        if size >= remaining * (1.0 - 1e-9):
            size = remaining
        error = try_step(size, problem, buffers)
        if error > 1.0:
            step_control.size[0] = size * max(0.2, 0.9 * error**-0.2)
            continue
        read_step(size, problem, buffers)
        # Copied now: reading points inside the step overwrites the workspace.
        copy_derivatives(buffers.space.derivatives, buffers.next_derivatives)
        lacking = energy_error(size, problem, buffers)
        if not lacking <= 1.0 or undershoots(problem, buffers):
            step_control.size[0] = size * max(0.2, min(0.5, 0.9 * max(lacking, 1.0) ** -0.2))
            continue
        met, fraction = first_crossing(events, size, problem, buffers)
        if met >= 0:
            return EVENT, met, land(met, events, fraction, size, problem, buffers)
        _adapt(size, max(error, lacking, 1e-10), step_control)
        return GOES_ON, -1, size
    return TOO_MANY_STEPS, -1, 0.0


@kernel
def _adapt(size: float, error: float, step_control: StepControl) -> None:
    """Set the size of the next step after an accepted one of `size` (s) with `error` in tolerances.

    The error is assumed to keep changing as it has since the step before (Gustafsson 1994, ACM
    Trans. Math. Softw. 20, 496): this avoids most of the rejected steps when a phase is about to
    be used up.
    """
    before = step_control.before
    factor = 0.9 * error**-0.2
    if before[0] > 0.0:
        factor = min(factor, 0.9 * size / before[0] * (before[1] / (error * error)) ** 0.2)
    before[0] = size
    # An error far below the tolerance is mostly rounding, and predicts nothing.
    before[1] = max(error, 1e-2)
    step_control.size[0] = size * max(0.2, min(5.0, factor))


@kernel
def _move_on(buffers: StepBuffers) -> None:
    """Make the end of a step the start of the next."""
    buffers.states[0] = buffers.states[3]
    buffers.values[0] = buffers.values[3]
    copy_derivatives(buffers.next_derivatives, buffers.derivatives)


@kernel
def _write(
    size: float,
    multiple: int,
    problem: StepProblem,
    buffers: StepBuffers,
    recorder: Recorder,
    monitor: Monitor,
) -> int:
    """Write the rows of a step left by `read_step`, at its nodes or at multiples of the output period.

    Advances the totals to its end; returns the next multiple. A request to stop ends it early, since a
    long step has many rows.
    """
    values, reached, totals, period = buffers.values, buffers.reached, recorder.totals, problem.period
    begin, end, weights = values[0, TIME], values[3, TIME], buffers.weights
    if period > 0.0:
        while multiple * period < end * (1.0 - 1e-12) and monitor.stop[0] == 0:
            fraction = (multiple * period - begin) / size
            weights[0], weights[1], weights[2], weights[3] = partial_weights(fraction)
            fill_integrals(weights, size, values, totals, reached)
            read_inner(fraction, size, problem, buffers)
            add_row(recorder, buffers.reading, reached)
            multiple += 1
    else:
        for j in range(1, 3):
            fill_integrals(NODE_WEIGHTS[j], size, values, totals, reached)
            add_row(recorder, values[j], reached)
    fill_integrals(NODE_WEIGHTS[3], size, values, totals, totals)
    if period <= 0.0:
        add_row(recorder, values[3], totals)
    return multiple


@kernel
def _first_size(problem: StepProblem, buffers: StepBuffers) -> float:
    """A cautious first step: 1 % of the time in which any unknown changes by its own magnitude."""
    layout, tolerances = problem.network.layout, problem.tolerances
    state, dy_dt = buffers.states[0], buffers.derivatives.dy_dt
    largest = 0.0
    for k in range(layout.unknowns):
        # All blocks share one set of scales; those of the electrode's unknowns follow.
        own = k % layout.block if k < layout.potential else layout.block + k - layout.potential
        scale = layout.scale[own]
        allowed = tolerances.atol * scale + tolerances.rtol * max(abs(state[k]), 1e-3 * scale)
        largest = max(largest, abs(dy_dt[k]) / allowed)
    return 0.01 / tolerances.rtol / largest if largest > 0.0 else np.inf
