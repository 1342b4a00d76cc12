"""A solution's mechanism, network and rates once more, from what its provenance holds."""

from __future__ import annotations

import numpy as np

from sbpath.kernels import Floats, compiled
from sbpath.mechanism.reader import mechanism_of_sound_document
from sbpath.mechanism.records import Mechanism
from sbpath.model.along import evaluate_rows
from sbpath.model.network import Network, build_network
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
    volumes, motion, waiting = compiled(evaluate_rows)(states, solution.current_A_per_g.copy(), network)
    return volumes.T, motion, waiting
