"""A solution's mechanism, network and rates once more, from what its provenance holds."""

from __future__ import annotations

import numpy as np

from sbpath.kernels import Floats, allocating_kernel, compiled
from sbpath.mechanism.reader import mechanism_of_sound_document
from sbpath.mechanism.records import Mechanism
from sbpath.model.equations import Control, evaluate
from sbpath.model.network import Network, build_network
from sbpath.model.rates import growth_time
from sbpath.model.transformations import MIN_AFFINITY
from sbpath.model.workspace import workspace
from sbpath.physical import ZERO_CELSIUS_K
from sbpath.solution import Solution


def mechanism_of(solution: Solution) -> Mechanism:
    """The mechanism that was simulated."""
    about = solution.provenance
    return mechanism_of_sound_document(about["document"], where=about["mechanism"])


def network_of(solution: Solution, mechanism: Mechanism | None = None) -> Network:
    """The network that was simulated; give the mechanism where it is at hand already."""
    about = solution.provenance
    return build_network(
        mechanism_of(solution) if mechanism is None else mechanism,
        about["graph"],
        about["temperature_C"] + ZERO_CELSIUS_K,
    )


def replayed(solution: Solution, network: Network) -> tuple[Floats, Floats, Floats]:
    """The equations once more in every row, at the row's own current.

    Returns
    -------
    new_volume : array, shape (E, n)
        Volume of what is new in the product of each edge (m^3/mol Sb).
    motion : array, shape (n,)
        dE/dt, as the charge balance has it (V/s).
    waiting : array, shape (3, E, n)
        Times of nucleation, growth and transport of each edge (s); nan where it has no driving
        force.
    """
    states = np.vstack([solution.fractions, solution.potential_V]).T.copy()
    volumes, motion, waiting = compiled(_evaluate_rows)(states, solution.current_A_per_g.copy(), network)
    return volumes.T, motion, waiting


@allocating_kernel
def _evaluate_rows(states: Floats, currents: Floats, network: Network) -> tuple[Floats, Floats, Floats]:
    space = workspace(network)
    volumes, motion = np.zeros((len(states), len(network.source))), np.zeros(len(states))
    waiting = np.full((3, len(network.source), len(states)), np.nan)
    for row in range(len(states)):
        evaluate(0.0, states[row], Control(True, currents[row], 0.0), network, space, False)
        for e in range(len(network.source)):
            volumes[row, e] = space.volume[e]
            driving = space.affinity[e] - network.transformation_work[e]
            # The times of an edge that stands still are those of an earlier row.
            if driving <= MIN_AFFINITY:
                continue
            waiting[0, e, row] = space.nucleation[0, e]
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
        motion[row] = space.derivatives.dy_dt[network.layout.potential]
    return volumes, motion, waiting
