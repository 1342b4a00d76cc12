"""The equations once more in every row of a solution that is known, at the row's own current."""

from __future__ import annotations

import numpy as np

from sbpath.kernels import Floats, Floats2, Floats3, kernel
from sbpath.model.equations import SMALLEST_AFFINITY, Drive, evaluate, workspace
from sbpath.model.network import Network
from sbpath.model.rates import growth_time


@kernel
def evaluate_rows(states: Floats2, currents: Floats, network: Network) -> tuple[Floats2, Floats, Floats3]:
    """Volume of what is new in each edge, dE/dt, and the times of each edge.

    Shapes (n, E), (n,) and (3, E, n); see `sbpath.replay.replayed`.
    """
    work = workspace(network)
    volumes, motion = np.zeros((len(states), len(network.source))), np.zeros(len(states))
    waiting = np.full((3, len(network.source), len(states)), np.nan)
    for row in range(len(states)):
        evaluate(0.0, states[row], Drive(True, currents[row], 0.0), network, work, False)
        for e in range(len(network.source)):
            volumes[row, e] = work.volume[e]
            driving = work.affinity[e] - network.work[e]
            # The times of an edge that stands still are those of an earlier row.
            if driving <= SMALLEST_AFFINITY:
                continue
            waiting[0, e, row] = work.nucleation[0, e]
            # Of an edge that never nucleates the kernels work out no growth time.
            waiting[1, e, row] = growth_time(
                driving,
                states[row, network.target[e]],
                network.growth[0, e],
                network.alpha[e],
                network.energy[e],
                network.order[e],
                network.seed[e],
            )
            waiting[2, e, row] = network.transport[0, e]
        motion[row] = work.slopes.derivative[-1]
    return volumes, motion, waiting


@kernel
def slopes_along(states: Floats2, currents: Floats, network: Network) -> tuple[Floats2, Floats3]:
    """dy/dt (n, unknowns) and its Jacobian (n, unknowns, unknowns); of one particle."""
    rows, unknowns = states.shape
    nodes = unknowns - 1
    work = workspace(network)
    rates, jacobians = np.zeros((rows, unknowns)), np.zeros((rows, unknowns, unknowns))
    for i in range(rows):
        evaluate(0.0, states[i], Drive(True, currents[i], 0.0), network, work, True)
        for p in range(nodes):
            rates[i, p] = work.slopes.derivative[p]
            for q in range(nodes):
                jacobians[i, p, q] = work.slopes.blocks[0, p, q]
            jacobians[i, p, nodes] = work.slopes.column[p]
            jacobians[i, nodes, p] = work.slopes.row[p]
        rates[i, nodes] = work.slopes.derivative[nodes]
        jacobians[i, nodes, nodes] = work.slopes.row[nodes]
    return rates, jacobians
