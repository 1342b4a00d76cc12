"""The equations re-evaluated in every row of a solution, at the row's current."""

from __future__ import annotations

from math import inf

import numpy as np

from sbpath.kernels import Floats, Floats2, Floats3, compiled, kernel
from sbpath.model.equations import Control, evaluate
from sbpath.model.film import film_heat
from sbpath.model.network import Network, copy_of, network_at
from sbpath.model.rates import front
from sbpath.model.transformations import MIN_AFFINITY, edge_times, new_volume
from sbpath.model.workspace import workspace


def evaluate_rows(
    states: Floats2,
    currents: Floats,
    network: Network,
    temperatures: Floats | None = None,
) -> tuple[Floats2, Floats, Floats3]:
    """Volumes, heat of film and times in every row.

    Parameters
    ----------
    states : array, shape (n, unknowns)
        Of one particle, see `sbpath.model.unknowns`.
    currents : array, shape (n,)
        A/g.
    network : Network
        Of one particle.
    temperatures : array, shape (n,), optional
        T (K), by default that of the network.

    Returns
    -------
    new_volume : array, shape (E, n)
        Volume newly formed in the product of each edge (m^3/mol Sb).
    film_heat : array, shape (n,)
        W/g.
    times : array, shape (4, E, n)
        Waiting times of each edge (s): nucleation, growth, transport, and propagation, which is an
        alternative to nucleation; nan where there is no driving force.
    """
    _check(states, network)
    count = len(currents)
    if temperatures is None:
        temperatures = np.full(count, network.temperature)
    volumes, heat, times = compiled(_evaluate_rows)(states, currents, temperatures, network)
    return volumes.T, heat, times


def _check(states: Floats2, network: Network) -> None:
    """Native code does not check indices."""
    if states.shape[1] != network.layout.unknowns:
        raise ValueError(f"states: {states.shape[1]} unknowns in a row, not {network.layout.unknowns}")


@kernel
def _evaluate_rows(
    states: Floats2, currents: Floats, temperatures: Floats, network: Network
) -> tuple[Floats2, Floats, Floats3]:
    space, copy, present = workspace(network), copy_of(network), network
    volumes, heat = np.zeros((len(states), len(network.source))), np.zeros(len(states))
    times = np.full((4, len(network.source), len(states)), np.nan)
    for row in range(len(states)):
        present = network
        if temperatures[row] != network.temperature:
            present = network_at(temperatures[row], network, copy)
        evaluate(0.0, states[row], Control(True, currents[row], 0.0, 0.0), present, space, False)
        for e in range(len(network.source)):
            volumes[row, e] = new_volume(e, network, space)
            if space.affinity[e] - network.transformation_work[e] <= MIN_AFFINITY:
                continue
            # `evaluate` skips edges with an empty reactant.
            product = states[row, network.target[e]]
            times[0, e, row], times[1, e, row], _ = edge_times(0, e, product, present, space)
            times[2, e, row] = present.transport[0, e]
            arriving = present.propagation[0, e] * front(product)
            times[3, e, row] = 1.0 / arriving if arriving > 0.0 else inf
        heat[row] = film_heat(states[row], present, space)
    return volumes, heat, times
