"""The equations evaluated anew in every row of a solution, at the row's own current."""

from __future__ import annotations

import numpy as np

from sbpath.kernels import Floats, Floats2, Floats3, compiled, kernel
from sbpath.model.equations import SMALLEST_AFFINITY, Drive, evaluate, workspace
from sbpath.model.network import Network
from sbpath.model.rates import growth_time


def evaluate_rows(states: Floats2, currents: Floats, network: Network) -> tuple[Floats2, Floats, Floats3]:
    """Volumes, motion and times in every row.

    Parameters
    ----------
    states : array, shape (n, P + 1)
        Fractions and potential (V) of one particle.
    currents : array, shape (n,)
        A/g.
    network : Network
        Of one particle.

    Returns
    -------
    new_volume : array, shape (E, n)
        Volume of what is new in the product of each edge (m^3/mol Sb).
    motion : array, shape (n,)
        dE/dt, from the charge balance (V/s).
    times : array, shape (3, E, n)
        Times of nucleation, growth and transport of each edge (s); nan where it has no driving
        force.
    """
    volumes, motion, times = compiled(_evaluate_rows)(states, currents, network)
    return volumes.T, motion, times


def linearize_rows(states: Floats2, currents: Floats, network: Network) -> tuple[Floats2, Floats3]:
    """dy/dt, shape (n, P + 1), and its Jacobian, shape (n, P + 1, P + 1), in every row; otherwise as
    `evaluate_rows`.
    """
    return compiled(_linearize_rows)(states, currents, network)


@kernel
def _evaluate_rows(states: Floats2, currents: Floats, network: Network) -> tuple[Floats2, Floats, Floats3]:
    work = workspace(network)
    volumes, motion = np.zeros((len(states), len(network.source))), np.zeros(len(states))
    times = np.full((3, len(network.source), len(states)), np.nan)
    for row in range(len(states)):
        evaluate(0.0, states[row], Drive(True, currents[row], 0.0), network, work, False)
        for e in range(len(network.source)):
            volumes[row, e] = work.volume[e]
            driving = work.affinity[e] - network.work[e]
            # Without a driving force, the times left in the workspace are those of an earlier row.
            if driving <= SMALLEST_AFFINITY:
                continue
            times[0, e, row] = work.nucleation[0, e]
            # `evaluate` works out no growth time for an edge that never nucleates.
            times[1, e, row] = growth_time(
                driving,
                states[row, network.target[e]],
                network.growth[0, e],
                network.alpha[e],
                network.energy[e],
                network.order[e],
                network.seed[e],
            )
            times[2, e, row] = network.transport[0, e]
        motion[row] = work.slopes.derivative[-1]
    return volumes, motion, times


@kernel
def _linearize_rows(states: Floats2, currents: Floats, network: Network) -> tuple[Floats2, Floats3]:
    """dy/dt and its Jacobian in each row at the row's own current."""
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
