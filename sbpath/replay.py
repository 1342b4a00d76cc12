"""A solution's mechanism, network and rates once more, from what its provenance holds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sbpath.mechanism.reader import mechanism_from_document
from sbpath.mechanism.records import Mechanism
from sbpath.model.equations import Drive, Workspace, evaluate, workspace
from sbpath.model.network import Network, build_network
from sbpath.physical import ZERO_CELSIUS_K
from sbpath.solution import Solution


def mechanism_of(solution: Solution) -> Mechanism:
    """The mechanism that was simulated."""
    about = solution.provenance
    return mechanism_from_document(about["document"], where=about["mechanism"])


def network_of(solution: Solution, mechanism: Mechanism | None = None) -> Network:
    """The network that was simulated; give the mechanism where it is at hand already."""
    about = solution.provenance
    return build_network(
        mechanism_of(solution) if mechanism is None else mechanism,
        about["graph"],
        about["temperature_C"] + ZERO_CELSIUS_K,
    )


def replayed(solution: Solution, network: Network) -> Iterator[Workspace]:
    """The equations evaluated in every row at the row's own current.

    It is one workspace, filled anew for each row: copy what is to be kept.
    """
    work = workspace(network)
    states = np.vstack([solution.fractions, solution.potential_V]).T.tolist()
    for state, current in zip(states, solution.current_A_per_g.tolist(), strict=True):
        evaluate(0.0, state, Drive(True, current, 0.0), network, work, with_jacobian=False)
        yield work
