"""The linearized equations along a known solution, one factorization for all parameters.

With s = dy/dp at equal time since the start of a step, ``ds/dt = J s + df/dp`` is linear. An integrator step of
length h is taken by a diagonally implicit Runge-Kutta method whose stages are at its rows, the nodes c of the Lobatto rule,
with the weights of that rule:

    (1 - h a_ii J_i) s_i = s_0 + h sum_{j<i} a_ij r_j + h a_ii (df/dp)_i,    r = J s + df/dp

In place of dE/dp it integrates the charge lambda . s, whose rate is ``lambda . r + (dlambda/dt) . s``: lambda is C for E and
``-a (F/M) w_i x_p`` for the fractions (see `sbpath.model.equations`). Where I is given and only phases take charge, that rate is 0,
so that what s lacks in accuracy where the curve is steep is no charge that ends the step early or late.

Its first stage is the end of the step before. The last stage is the end of this one; all have stage order 2. That leaves one
coefficient, with which a decaying mode is damped however stiff it is: order 3, and |R| < 1 on the negative real axis with R = 0
at its end. Nothing depends on the tallies, which are left out. The df/dp are those of `sbpath.model.forcing`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sbpath.kernels import Booleans, Floats, Floats2, Floats3, Integers, kernel
from sbpath.model.charge_transfer import driven_current, is_direct
from sbpath.model.equations import Control, evaluate
from sbpath.model.forcing import Forcing, Slopes, drop_by, fill_forcing, new_forcing
from sbpath.model.network import Network
from sbpath.model.unknowns import LIVE_SHARE, live_share
from sbpath.model.workspace import Derivatives, Workspace, workspace
from sbpath.solver.record import NODES
from sbpath.solver.rosenbrock import GAMMA, Factors, factor, new_factors, solve

# Stages of a step, and rows from its start to its end, which is the start of the next.
STAGES, ROWS = 4, 3


def _tableau() -> Floats2:
    """The coefficients a, shape (4, 4)."""
    early, late = NODES[1].item(), NODES[2].item()
    weights = np.array([1.0, 5.0, 5.0, 1.0]) / 12.0

    def with_diagonal(a: float) -> Floats2:
        """Stages of order 2: ``sum_j a_ij c_j = c_i^2 / 2``."""
        before = (0.5 * late * late - a * late) / early
        return np.array(
            [
                [0.0, 0.0, 0.0, 0.0],
                [0.5 * early, 0.5 * early, 0.0, 0.0],
                [late - before - a, before, a, 0.0],
                weights,
            ]
        )

    # R at infinity is linear in 1/a.
    at_infinity = [
        -np.linalg.solve(table[1:, 1:], table[1:, 0])[-1] for table in map(with_diagonal, (0.2, 0.25))
    ]
    slope = (at_infinity[1] - at_infinity[0]) / (1.0 / 0.25 - 1.0 / 0.2)
    return with_diagonal(1.0 / (1.0 / 0.2 - at_infinity[0] / slope))


TABLEAU = _tableau()
# Quantity that ended a protocol step.
NOTHING, VOLTAGE, CURRENT, CONTENT = range(4)


class Rows(NamedTuple):
    """N rows of a solution: the `states` (n, unknowns), the `time` since the start of the protocol step (s; n), and the
    `current` (A/g; n).
    """

    states: Floats2
    time: Floats
    current: Floats


class Steps(NamedTuple):
    """S protocol steps: their rows are ``first <= r < last`` (S each); whether the current is given (`current_control`), else the
    voltage is ``begin + scan * time`` (V, V/s); and the quantity at whose `limit` each ended.
    """

    first: Integers
    last: Integers
    current_control: Booleans
    begin: Floats
    scan: Floats
    limit: Integers


class Course(NamedTuple):
    """A solution and what is to be known about it: its rows and protocol steps, the parameters and the electrode."""

    rows: Rows
    steps: Steps
    slopes: Slopes
    network: Network


class Buffers(NamedTuple):
    """What is known of m parameters in a row, and of the integrator step that reaches it.

    `space` and its `derivatives` without the rows of the tallies, `factors` and `forcing` of the row; s in it (`present`; m, N B + g);
    s at the start of the step with the charge in place of E (`begun`), and its rates there and in three rows (`slope`; 4, m, N B + g);
    lambda (`charge`), dlambda/dt (`drift`) and a right-hand side (`right`; N B + g each).
    """

    space: Workspace
    derivatives: Derivatives
    factors: Factors
    forcing: Forcing
    present: Floats2
    begun: Floats2
    slope: Floats3
    charge: Floats
    drift: Floats
    right: Floats


@kernel
def follow(course: Course, start: Floats2, shares: Floats3) -> tuple[Floats2, Floats2]:
    """The derivatives of V in every row and of the durations of all steps, for m parameters.

    Parameters
    ----------
    course : Course
        A solution of n rows and S steps.
    start : array, shape (m, N B + g)
        Derivatives of the initial state.
    shares : array, shape (n, m, P) or (0, m, P)
        Filled with the derivatives of the mean shares of the host in P nodes, if it has rows.

    Returns
    -------
    voltage : array, shape (n, m)
    duration : array, shape (m, S)
    """
    rows, steps, slopes, network = course
    buffers = _new_buffers(start, network)
    present, right, at_E = buffers.present, buffers.right, network.layout.potential
    voltage = np.zeros((len(rows.time), len(start)))
    duration = np.zeros((len(start), len(steps.first)))
    for s in range(len(steps.first)):
        row, last, given = steps.first[s], steps.last[s] - 1, steps.current_control[s]
        free = given or not is_direct(network)
        if not free:
            # E jumps to the imposed voltage.
            for j in range(len(start)):
                present[j, at_E] = drop_by(j, float(rows.current[row]), slopes, network)
        _write(row, given, course, buffers, voltage, shares)
        fresh = True
        while row < last:
            # Where the current of a table changes, the same instant has two rows.
            if given and rows.current[row + 1] != rows.current[row]:
                row, fresh = row + 1, True
                _write(row, given, course, buffers, voltage, shares)
            else:
                _step(row, fresh, free, s, course, buffers, voltage, shares)
                row, fresh = row + ROWS, False
        if steps.limit[s] != NOTHING:
            # Where V is E, the current follows from what dE/dt would be if it were given.
            _look(last, s, given or not free, float(rows.time[last]), course, buffers)
            right[:] = buffers.space.derivatives.dy_dt[: len(right)]
            motion = _limited(-1, right, last, s, course, buffers)
            for j in range(len(start)):
                change = _limited(j, present[j], last, s, course, buffers)
                if not free and steps.limit[s] == CURRENT:
                    change -= buffers.charge[at_E] * drop_by(j, motion, slopes, network)
                # The limited quantity has the same value at the end of the step.
                duration[j, s] = -change / motion
            for j in range(len(start)):
                for k in range(len(right)):
                    present[j, k] += duration[j, s] * right[k]
    return voltage, duration


@kernel
def _new_buffers(start: Floats2, network: Network) -> Buffers:
    """Buffers at the start of a solution."""
    space = workspace(network)
    every, (parameters, known) = space.derivatives, start.shape
    # Without the rows of the tallies.
    derivatives = Derivatives(
        every.dy_dt,
        every.blocks,
        every.columns,
        every.rows[: network.layout.shared],
        every.by_time,
        every.means,
    )
    return Buffers(
        space,
        derivatives,
        new_factors(derivatives),
        new_forcing(parameters, network),
        start.copy(),
        np.zeros((parameters, known)),
        np.zeros((STAGES, parameters, known)),
        np.zeros(known),
        np.zeros(known),
        np.zeros(known),
    )


@kernel
def _look(row: int, s: int, given: bool, size: float, course: Course, buffers: Buffers) -> None:
    """Evaluate rates, Jacobian, lambda and df/dp in a row of protocol step `s`, with the current `given` or not."""
    rows, steps, slopes, network = course
    space, begin, scan = buffers.space, steps.begin[s], steps.scan[s]
    control = Control(given, rows.current[row] if given else begin, scan, 0.0)
    state, time, stiffness = rows.states[row], rows.time[row], 0.0
    current = evaluate(time, state, control, network, space, True)
    free = given or not is_direct(network)
    if free and not given:
        _, stiffness = driven_current(state[network.layout.potential] - begin - scan * time, network)
    _fill_charge(state, free, network, space, buffers.charge, buffers.drift)
    fill_forcing(state, current, free, stiffness, size, slopes, network, space, buffers.forcing)


@kernel
def _write(
    row: int, given: bool, course: Course, buffers: Buffers, voltage: Floats2, shares: Floats3
) -> None:
    """Write what is wanted of a row: of V, which responds where the current is `given`, and of the shares of nodes."""
    rows, _, slopes, network = course
    layout, present = network.layout, buffers.present
    for j in range(len(present)):
        if given:
            drop = drop_by(j, rows.current[row], slopes, network)
            voltage[row, j] = present[j, layout.potential] - drop
        if len(shares) > 0:
            for p in range(len(network.gibbs)):
                for i in range(len(network.weight)):
                    shares[row, j, p] += network.weight[i] * present[j, i * layout.block + p]


@kernel
def _step(
    first: int,
    fresh: bool,
    free: bool,
    s: int,
    course: Course,
    buffers: Buffers,
    voltage: Floats2,
    shares: Floats3,
) -> None:
    """Take an integrator step from row `first`, `fresh` unless it was the end of one, in protocol step `s`."""
    rows, steps, slopes, network = course
    _, derivatives, factors, forcing, present, begun, slope, charge, drift, right = buffers
    given, at_E, known = steps.current_control[s], network.layout.potential, len(right)
    shared_rows, forced = derivatives.rows, forcing.rates
    size = float(rows.time[first + ROWS] - rows.time[first])
    if fresh:
        _look(first, s, given, size, course, buffers)
        for j in range(len(present)):
            _multiply(derivatives, present[j], slope[0, j])
            for k in range(known):
                slope[0, j, k] += forced[j, k]
            slope[0, j, at_E] = _dot(charge, slope[0, j]) + _dot(drift, present[j])
    for j in range(len(present)):
        begun[j] = present[j]
        begun[j, at_E] = _dot(charge, present[j])
    for stage in range(1, STAGES):
        row, weight = first + stage, size * TABLEAU[stage, stage]
        _look(row, s, given, size, course, buffers)
        for k in range(known):
            shared_rows[0, k] += drift[k] / charge[at_E]
        factor(derivatives, weight / GAMMA, factors)
        diagonal = 1.0 / weight
        for j in range(len(present)):
            own = slope[stage, j]
            for k in range(known):
                total = 0.0
                for before in range(stage):
                    total += TABLEAU[stage, before] * slope[before, j, k]
                own[k] = begun[j, k] + size * total
                right[k] = diagonal * own[k] + forced[j, k]
            if free:
                stored = own[at_E] - _dot(charge[:at_E], own[:at_E])
                right[at_E] = diagonal * stored / charge[at_E] + forced[j, at_E]
            else:
                right[at_E] = diagonal * drop_by(j, rows.current[row], slopes, network)
            solve(factors, right)
            stored = _dot(charge, right)
            for k in range(known):
                own[k] = diagonal * ((stored if k == at_E else right[k]) - own[k])
            present[j] = right
        _write(row, given, course, buffers, voltage, shares)
    for j in range(len(present)):
        slope[0, j] = slope[STAGES - 1, j]


@kernel
def _limited(j: int, way: Floats, row: int, s: int, course: Course, buffers: Buffers) -> float:
    """The derivative of the quantity that ended protocol step `s` along a change of the unknowns: of the parameter j, or of
    time if it is negative; the `row` has been evaluated.
    """
    rows, steps, slopes, network = course
    layout, space, at_E = network.layout, buffers.space, network.layout.potential
    if steps.limit[s] == CONTENT:
        change = 0.0
        for p in range(len(network.gibbs)):
            change += space.mean[p] * space.slope[p] * way[at_E]
            if j >= 0:
                change += space.mean[p] * buffers.forcing.content[j, p]
            for i in range(len(network.weight)):
                change += space.content[p] * network.weight[i] * way[i * layout.block + p]
        return change
    drop = drop_by(j, rows.current[row], slopes, network) if j >= 0 else 0.0
    if steps.limit[s] == VOLTAGE:
        return way[at_E] - drop
    if is_direct(network):
        begun = buffers.begun[0]
        _multiply(buffers.derivatives, way, begun)
        if j >= 0:
            begun[at_E] += buffers.forcing.rates[j, at_E]
        return buffers.charge[at_E] * begun[at_E]
    if j < 0:
        drop = steps.scan[s]
    time, potential = rows.time[row], rows.states[row, at_E]
    _, stiffness = driven_current(potential - steps.begin[s] - steps.scan[s] * time, network)
    return stiffness * (way[at_E] - drop)


@kernel
def _dot(one: Floats, other: Floats) -> float:
    """Their scalar product."""
    total = 0.0
    for k in range(len(one)):
        total += one[k] * other[k]
    return total


@kernel
def _fill_charge(
    state: Floats, free: bool, network: Network, space: Workspace, charge: Floats, drift: Floats
) -> None:
    """Write lambda to `charge` and its time derivative to `drift`, of a state that has just been evaluated; E alone if it is not
    `free`.
    """
    layout, dy_dt = network.layout, space.derivatives.dy_dt
    at_E, block = layout.potential, layout.block
    charge[:] = 0.0
    drift[:] = 0.0
    charge[at_E] = network.double_layer if free else 1.0
    if not free:
        return
    live, losing = live_share(state, layout), 0.0
    if layout.loses:
        losing = dy_dt[layout.first[LIVE_SHARE]] / live
    scale, motion = live * network.charge_scale, dy_dt[at_E]
    for p in range(len(network.gibbs)):
        content, slope = scale * space.content[p], scale * space.slope[p]
        charge[at_E] -= space.mean[p] * slope
        drift[at_E] -= space.mean[p] * (scale * space.curvature[p] * motion + slope * losing)
        for i in range(len(network.weight)):
            k, weight = i * block + p, network.weight[i]
            charge[k] = -weight * content
            drift[k] = -weight * (slope * motion + content * losing)
            drift[at_E] -= weight * slope * dy_dt[k]


@kernel
def _multiply(derivatives: Derivatives, vector: Floats, out: Floats) -> None:
    """Write the product of the Jacobian and a `vector` to `out` (N B + g each)."""
    particles, block, _ = derivatives.blocks.shape
    border, shared = particles * block, len(derivatives.rows)
    for s in range(shared):
        total = 0.0
        for k in range(border + shared):
            total += derivatives.rows[s, k] * vector[k]
        out[border + s] = total
    for i in range(particles):
        for a in range(block):
            total = 0.0
            for b in range(block):
                total += derivatives.blocks[i, a, b] * vector[i * block + b]
            for s in range(shared):
                total += derivatives.columns[s, i * block + a] * vector[border + s]
            out[i * block + a] = total
    for m in range(len(derivatives.means)):
        mean = 0.0
        for k in range(border):
            mean += derivatives.means[m, k] * vector[k]
        for k in range(border):
            out[k] += derivatives.columns[shared + m, k] * mean
        for s in range(shared):
            out[border + s] += derivatives.rows[s, border + shared + m] * mean
