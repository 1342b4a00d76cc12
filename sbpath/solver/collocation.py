"""The linearized equations along a known solution, by Lobatto IIIC collocation.

With s = dy/dp at equal time since the start of a step, ``ds/dt = J s + df/dp`` is linear. On an
integrator step of length h, whose nodes c are rows of the solution,

    s_c - h sum_d A_cd J_d s_d = s_0 + h sum_d A_cd (df/dp)_d

(order 6, L-stable; Hairer and Wanner, Solving Ordinary Differential Equations II, section IV.5). All
parameters share one factorization. J is an arrow, so the particles are eliminated one by one, then the
shared unknowns and the means through which fronts couple the particles. Nothing depends on the tallies, which are
left out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sbpath.kernels import Floats, Floats2, Floats3, Integers, kernel
from sbpath.model.equations import Control, evaluate
from sbpath.model.network import Network
from sbpath.model.workspace import Workspace, workspace
from sbpath.solver.rosenbrock import factor_blocks, solve_blocks

_SQRT5 = 5.0**0.5
# Four-stage Lobatto IIIC; the last row holds the weights.
LOBATTO = np.array(
    [
        [1 / 12, -_SQRT5 / 12, _SQRT5 / 12, -1 / 12],
        [1 / 12, 1 / 4, (10 - 7 * _SQRT5) / 60, _SQRT5 / 60],
        [1 / 12, (10 + 7 * _SQRT5) / 60, 1 / 4, -_SQRT5 / 60],
        [1 / 12, 5 / 12, 5 / 12, 1 / 12],
    ]
)
STAGES = 4


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


class Nodes(NamedTuple):
    """Jacobians at the four nodes of a step, see `Derivatives`: `blocks` (4, N B, B), `columns` (4, g + K, N B),
    `rows` (4, g, N B + g + K); `means` (K, N B).
    """

    blocks: Floats3
    columns: Floats3
    rows: Floats3
    means: Floats2


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
    rows: Rows, firsts: Integers, forcing: Floats3, start: Floats2, network: Network
) -> tuple[Floats2, Floats2]:
    """The derivatives of E in every row and of all unknowns at the end, for m parameters.

    Parameters
    ----------
    rows : Rows
        The n rows of a protocol step.
    firsts : integer array, shape (steps,)
        First row of each integrator step, of four rows.
    forcing : array, shape (n, m, N B + g)
        df/dp.
    start : array, shape (m, N B + g)
        Derivatives at the start.
    network : Network
        The electrode.

    Returns
    -------
    potential : array, shape (n, m)
    end : array, shape (m, N B + g)
    """
    layout, particles = network.layout, len(network.weight)
    border, shared, block = layout.potential, layout.shared, layout.block
    parameters, count = start.shape[0], len(rows.time)
    space = workspace(network)
    coupled = len(space.derivatives.columns)
    inner, outer = STAGES * block, STAGES * coupled
    nodes = Nodes(
        np.zeros((STAGES, border, block)),
        np.zeros((STAGES, coupled, border)),
        np.zeros((STAGES, shared, border + coupled)),
        space.derivatives.means,
    )
    blocks, pivots = np.zeros((particles, inner, inner)), np.zeros((particles, inner), dtype=np.int64)
    filled = np.zeros((particles, inner + 1), dtype=np.int64)
    reach, own = np.zeros((outer, particles * inner)), np.zeros(particles * inner)
    corner, corner_pivots = np.zeros((1, outer, outer)), np.zeros((1, outer), dtype=np.int64)
    corner_filled = np.zeros((1, outer + 1), dtype=np.int64)
    pull, right = np.zeros(outer), np.zeros(outer)
    potential, present = np.zeros((count, parameters)), start.copy()
    reached = -1
    for first in firsts:
        size = rows.time[first + STAGES - 1] - rows.time[first]
        _fill_nodes(first, first == reached, rows, network, space, nodes)
        reached = first + STAGES - 1
        # The matrices of the particles, 1 - h A J.
        for i in range(particles):
            matrix = blocks[i]
            for c in range(STAGES):
                for a in range(block):
                    for d in range(STAGES):
                        weight = size * LOBATTO[c, d]
                        for b in range(block):
                            matrix[c * block + a, d * block + b] = -weight * nodes.blocks[d, i * block + a, b]
                    matrix[c * block + a, c * block + a] += 1.0
        factor_blocks(blocks, pivots, filled)
        # Responses of the particles to the shared unknowns and the means at each node.
        for d in range(STAGES):
            for s in range(coupled):
                response = reach[d * coupled + s]
                for i in range(particles):
                    for c in range(STAGES):
                        weight = size * LOBATTO[c, d]
                        for a in range(block):
                            response[i * inner + c * block + a] = weight * nodes.columns[d, s, i * block + a]
                solve_blocks(blocks, pivots, filled, response)
        for e in range(outer):
            _pull(reach[e], nodes, particles, pull)
            at, which = e // coupled, e % coupled
            for c in range(STAGES):
                for s in range(coupled):
                    k = c * coupled + s
                    corner[0, k, e] = -pull[k]
                    if s < shared:
                        total = LOBATTO[c, at] * nodes.rows[at, s, border + which]
                        for d in range(STAGES):
                            total += LOBATTO[c, d] * pull[d * coupled + s]
                        corner[0, k, e] = -size * total
                    if k == e:
                        corner[0, k, e] += 1.0
        factor_blocks(corner, corner_pivots, corner_filled)
        for j in range(parameters):
            for i in range(particles):
                for c in range(STAGES):
                    for a in range(block):
                        k = i * block + a
                        total = 0.0
                        for d in range(STAGES):
                            total += LOBATTO[c, d] * forcing[first + d, j, k]
                        own[i * inner + c * block + a] = present[j, k] + size * total
            solve_blocks(blocks, pivots, filled, own)
            _pull(own, nodes, particles, pull)
            for c in range(STAGES):
                for s in range(shared):
                    total = 0.0
                    for d in range(STAGES):
                        total += LOBATTO[c, d] * (forcing[first + d, j, border + s] + pull[d * coupled + s])
                    right[c * coupled + s] = present[j, border + s] + size * total
                for s in range(shared, coupled):
                    right[c * coupled + s] = pull[c * coupled + s]
            solve_blocks(corner, corner_pivots, corner_filled, right)
            potential[first, j] = present[j, border]
            for c in range(1, STAGES):
                potential[first + c, j] = right[c * coupled]
            for s in range(shared):
                present[j, border + s] = right[(STAGES - 1) * coupled + s]
            for i in range(particles):
                for a in range(block):
                    k = i * inner + (STAGES - 1) * block + a
                    total = own[k]
                    for e in range(outer):
                        total += reach[e, k] * right[e]
                    present[j, i * block + a] = total
    for j in range(parameters):
        potential[count - 1, j] = present[j, border]
    return potential, present


@kernel
def _fill_nodes(
    first: int, continues: bool, rows: Rows, network: Network, space: Workspace, nodes: Nodes
) -> None:
    """Write the Jacobians at the nodes of the step that begins in row `first`, which may be where the last ended."""
    border, block = network.layout.potential, network.layout.block
    for c in range(STAGES):
        blocks, columns, border_rows = nodes.blocks[c], nodes.columns[c], nodes.rows[c]
        if c == 0 and continues:
            blocks[:] = nodes.blocks[STAGES - 1]
            columns[:] = nodes.columns[STAGES - 1]
            border_rows[:] = nodes.rows[STAGES - 1]
            continue
        # The current of the step: in its first row another may end.
        row = first + c
        control = Control(rows.current_control, rows.level[row], rows.slope, 0.0)
        evaluate(rows.time[row], rows.states[row], control, network, space, True)
        for k in range(border):
            for b in range(block):
                blocks[k, b] = space.derivatives.blocks[k // block, k % block, b]
        for s in range(len(columns)):
            columns[s] = space.derivatives.columns[s]
        for s in range(len(border_rows)):
            border_rows[s] = space.derivatives.rows[s]


@kernel
def _pull(response: Floats, nodes: Nodes, particles: int, pull: Floats) -> None:
    """Rates of the shared unknowns, and the means, at each node, from a response of the particles alone."""
    shared, coupled, block = nodes.rows.shape[1], nodes.columns.shape[1], nodes.blocks.shape[2]
    for d in range(STAGES):
        for s in range(coupled):
            weights = nodes.rows[d, s] if s < shared else nodes.means[s - shared]
            total = 0.0
            for i in range(particles):
                first = i * STAGES * block + d * block
                for a in range(block):
                    total += weights[i * block + a] * response[first + a]
            pull[d * coupled + s] = total
