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
at its end. Numbers of a rate law change the waiting time of an edge, whose derivative has a closed form; what others do to the rates is
a difference. Nothing depends on the tallies, which are left out.
"""

from __future__ import annotations

from math import hypot
from typing import NamedTuple

import numpy as np

from sbpath.kernels import Floats, Floats2, Floats3, Integers, kernel
from sbpath.model.charge_transfer import is_direct
from sbpath.model.equations import Control, evaluate
from sbpath.model.network import Network
from sbpath.model.rates import front, growth_slopes
from sbpath.model.strain import MOTION_ROUNDING, breathing_per_volt, drive
from sbpath.model.transformations import new_volume
from sbpath.model.unknowns import LIVE_SHARE, live_share
from sbpath.model.workspace import Derivatives, Workspace, workspace
from sbpath.solver.record import NODES
from sbpath.solver.rosenbrock import GAMMA, factor, new_factors, solve

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
# An edge that converts less than this share over an integrator step responds to nothing.
NEGLIGIBLE = 1e-16


class Rows(NamedTuple):
    """n rows of a solution under one kind of control: the `states` (n, unknowns), the `time` since the
    start of the step (s), and what is imposed: the current `level` in each row (A/g) if `current_control`,
    otherwise the voltage ``level + slope * time``.
    """

    states: Floats2
    time: Floats
    level: Floats
    slope: float
    current_control: bool


class Slopes(NamedTuple):
    """Derivatives of the numbers of a `Network` by m parameters: of nodes (m, P), edges (m, E), edges of particles
    (m, N, E), and the electrode (m).
    """

    gibbs: Floats2
    transformation_work: Floats2
    barrier: Floats3
    log_attempt: Floats3
    propagation: Floats3
    growth: Floats3
    transport: Floats3
    double_layer: Floats


@kernel
def rates_in_rows(rows: Rows, network: Network) -> tuple[Floats2, Floats, Floats]:
    """Rates of all unknowns but the tallies (n, N B + g), currents (A/g; n) and contents x (n)."""
    space, layout = workspace(network), network.layout
    count, unknowns = len(rows.time), layout.potential + layout.shared
    rates, currents, contents = np.zeros((count, unknowns)), np.zeros(count), np.zeros(count)
    for r in range(count):
        control = Control(rows.current_control, rows.level[r], rows.slope, 0.0)
        currents[r] = evaluate(rows.time[r], rows.states[r], control, network, space, False)
        for k in range(unknowns):
            rates[r, k] = space.derivatives.dy_dt[k]
        for p in range(len(network.gibbs)):
            contents[r] += space.mean[p] * space.content[p]
    return rates, currents, contents


@kernel
def follow(
    rows: Rows,
    firsts: Integers,
    slopes: Slopes,
    sides: Floats3,
    by: Floats,
    start: Floats2,
    network: Network,
    shares: Floats3,
) -> tuple[Floats2, Floats2, Floats]:
    """The derivatives of E in every row and of all unknowns at the end, for m parameters, and the rates at the end.

    Parameters
    ----------
    rows : Rows
        The n rows of a protocol step.
    firsts : integer array, shape (steps,)
        First row of each integrator step, of four rows.
    slopes : Slopes
        How the parameters change the network.
    sides : array, shape (n, m, N B + g)
        Rates in every row with a parameter larger; of length 0 if none is needed.
    by : array, shape (m,)
        By how much it is larger; 0 where `slopes` are all.
    start : array, shape (m, N B + g)
        Derivatives at the start.
    network : Network
        The electrode.
    shares : array, shape (n, m, P) or (0, m, P)
        Filled with the derivatives of the mean shares of the host in P nodes, if it has rows.

    Returns
    -------
    potential : array, shape (n, m)
    end : array, shape (m, N B + g)
    rates : array, shape (N B + g,)
    """
    layout = network.layout
    at_E, known = layout.potential, layout.potential + layout.shared
    parameters, count = start.shape[0], len(rows.time)
    space = workspace(network)
    every = space.derivatives
    # Without the rows of the tallies.
    shared_rows = every.rows[: layout.shared]
    derivatives = Derivatives(
        every.dy_dt, every.blocks, every.columns, shared_rows, every.by_time, every.means
    )
    factors = new_factors(derivatives)
    present, slope = start.copy(), np.zeros((STAGES, parameters, known))
    forced, strained = np.zeros((parameters, known)), np.zeros(parameters)
    right, potential = np.zeros(known), np.zeros((count, parameters))
    # Of the charge in place of E: `begun`, `slope`.
    charge, drift, begun = np.zeros(known), np.zeros(known), np.zeros((parameters, known))
    free = rows.current_control or not is_direct(network)
    reached = -1
    for first in firsts:
        size = float(rows.time[first + ROWS] - rows.time[first])
        if first != reached:
            _look(first, rows, network, space)
            _fill_charge(rows.states[first], free, network, space, charge, drift)
            _fill_forcing(first, size, rows, free, slopes, sides, by, network, space, forced, strained)
            for j in range(parameters):
                _multiply(derivatives, present[j], slope[0, j])
                for k in range(known):
                    slope[0, j, k] += forced[j, k]
                slope[0, j, at_E] = _dot(charge, slope[0, j]) + _dot(drift, present[j])
        reached = first + ROWS
        for j in range(parameters):
            begun[j] = present[j]
            begun[j, at_E] = _dot(charge, present[j])
            potential[first, j] = present[j, at_E]
            if len(shares) > 0:
                _fill_shares(present[j], network, shares[first, j])
        for stage in range(1, STAGES):
            row, weight = first + stage, size * TABLEAU[stage, stage]
            _look(row, rows, network, space)
            _fill_charge(rows.states[row], free, network, space, charge, drift)
            _fill_forcing(row, size, rows, free, slopes, sides, by, network, space, forced, strained)
            for k in range(known):
                shared_rows[0, k] += drift[k] / charge[at_E]
            factor(derivatives, weight / GAMMA, factors)
            diagonal = 1.0 / weight
            for j in range(parameters):
                own = slope[stage, j]
                for k in range(known):
                    total = 0.0
                    for before in range(stage):
                        total += TABLEAU[stage, before] * slope[before, j, k]
                    own[k] = begun[j, k] + size * total
                    right[k] = diagonal * own[k] + forced[j, k]
                stored = own[at_E] - _dot(charge[:at_E], own[:at_E])
                right[at_E] = diagonal * stored / charge[at_E] + forced[j, at_E]
                solve(factors, right)
                stored = _dot(charge, right)
                for k in range(known):
                    own[k] = diagonal * ((stored if k == at_E else right[k]) - own[k])
                potential[row, j] = right[at_E]
                if len(shares) > 0:
                    _fill_shares(right, network, shares[row, j])
                if stage == STAGES - 1:
                    for k in range(known):
                        present[j, k] = right[k]
                        slope[0, j, k] = own[k]
    for j in range(parameters):
        potential[count - 1, j] = present[j, at_E]
    rates = np.zeros(known)
    _look(count - 1, rows, network, space)
    for k in range(known):
        rates[k] = space.derivatives.dy_dt[k]
    return potential, present, rates


@kernel
def _fill_shares(state: Floats, network: Network, shares: Floats) -> None:
    """Write the mean over the particles of each node of a state."""
    block = network.layout.block
    for p in range(len(shares)):
        shares[p] = 0.0
        for i in range(len(network.weight)):
            shares[p] += network.weight[i] * state[i * block + p]


@kernel
def _look(row: int, rows: Rows, network: Network, space: Workspace) -> None:
    """Evaluate rates and Jacobian in a row."""
    control = Control(rows.current_control, rows.level[row], rows.slope, 0.0)
    evaluate(rows.time[row], rows.states[row], control, network, space, True)


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
def _fill_forcing(
    row: int,
    size: float,
    rows: Rows,
    free: bool,
    slopes: Slopes,
    sides: Floats3,
    by: Floats,
    network: Network,
    space: Workspace,
    forced: Floats2,
    strained: Floats,
) -> None:
    """Write df/dp at a row that has just been evaluated to `forced` (m, N B + g); E is `free` unless its rate is imposed, and
    `strained` (m) is room for the change of the strain rate.
    """
    at_E, known, block = network.layout.potential, forced.shape[1], network.layout.block
    parameters, state = len(forced), rows.states[row]
    forced[:] = 0.0
    strained[:] = 0.0
    scale = live_share(state, network.layout) * network.charge_scale
    capacitance = network.double_layer
    for p in range(len(network.gibbs)):
        capacitance -= scale * space.mean[p] * space.slope[p]
    for i in range(len(network.weight)):
        for e in range(len(network.source)):
            rate = space.rate[i, e]
            if rate * size <= NEGLIGIBLE:
                continue
            p: int = network.source[e]
            q: int = network.target[e]
            at_p, at_q = i * block + p, i * block + q
            start, growth = space.start[i, e], space.growth[i, e]
            waiting = start + growth + network.transport[i, e]
            product: float = space.mean[q]
            arriving = front(product)
            # The share of domains that start from a nucleus: start / nucleation.
            nucleated = max(0.0, 1.0 - network.propagation[i, e] * arriving * start)
            driving = space.affinity[e] - network.transformation_work[e]
            volume = new_volume(e, network, space)
            # barrier / kT by the barrier, and by the affinity.
            by_barrier = volume / driving * (volume / driving)
            by_affinity, _ = growth_slopes(
                driving,
                0.0,
                growth,
                network.alpha[e],
                network.energy[e],
                0.0,
                1.0,
                network.rounding[e],
            )
            by_affinity -= 2.0 * start * nucleated * network.barrier[i, e] * by_barrier / driving
            share = -rate / waiting
            step = space.content[q] - space.content[p]
            drawn = scale * network.weight[i] * step / capacitance
            stretch = network.weight[i] * abs(space.log_volume[q] - space.log_volume[p])
            for j in range(parameters):
                longer = (
                    start * nucleated * (by_barrier * slopes.barrier[j, i, e] - slopes.log_attempt[j, i, e])
                )
                longer -= start * arriving * start * slopes.propagation[j, i, e]
                longer -= growth / network.growth[i, e] * slopes.growth[j, i, e]
                longer += slopes.transport[j, i, e]
                longer += by_affinity * (
                    slopes.gibbs[j, p] - slopes.gibbs[j, q] - slopes.transformation_work[j, e]
                )
                change = share * longer
                forced[j, at_p] -= change
                forced[j, at_q] += change
                strained[j] += stretch * change
                if free:
                    forced[j, at_E] += drawn * change
    dy_dt = space.derivatives.dy_dt
    motion: float = dy_dt[at_E]
    for j in range(parameters):
        if by[j] != 0.0:
            for k in range(known):
                forced[j, k] = (sides[row, j, k] - dy_dt[k]) / by[j]
        elif free:
            forced[j, at_E] -= motion / capacitance * slopes.double_layer[j]
    if network.wear.strains:
        by_motion = breathing_per_volt(network, space) * motion / hypot(motion, MOTION_ROUNDING)
        for j in range(parameters):
            if by[j] == 0.0:
                space.strain_rate[0] = strained[j] + by_motion * forced[j, at_E]
                dy_dt[:] = 0.0
                drive(state, network, space, False)
                for k in range(at_E + 1, known):
                    forced[j, k] += dy_dt[k]


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
