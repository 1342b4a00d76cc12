"""Equilibrium potentials: where two nodes have the same grand potential."""

from __future__ import annotations

from collections.abc import Callable

from sbpath.arguments import number
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.notation import node_named
from sbpath.model.network import Network, build_network
from sbpath.model.workspace import fill_nodes, workspace
from sbpath.physical import ZERO_CELSIUS_K

# Range of potentials searched for equilibria (V vs the alkali metal).
RANGE_V = (-3.0, 4.0)


def equilibrium_potential(
    mechanism: Mechanism, one: str, other: str, temperature_C: float | None = None
) -> float | None:
    """Potential at which `one` and `other` are in equilibrium (V), or None if there is none.

    The root of ``Omega_one(E) = Omega_other(E)``. It is unique if one of the phases holds
    more alkali than the other at every potential, since ``dOmega/dE = F x``.

    Parameters
    ----------
    mechanism : Mechanism
        Provides the thermodynamics; its graph does not matter.
    one, other : str
        Names of phases.
    temperature_C : float, optional
        Defaults to the mechanism's temperature.

    Raises
    ------
    InputError
        If there is no such phase, or the temperature is invalid.

    Examples
    --------
    >>> import sbpath
    >>> mechanism = sbpath.load_mechanism("li-sb")
    >>> round(sbpath.equilibrium_potential(mechanism, "Sb", "Li2Sb"), 3)
    0.956
    >>> round(sbpath.equilibrium_potential(mechanism, "Sb", "Li2Sb", temperature_C=120.0), 3)
    0.944
    """
    one, other = (node_named(mechanism, name) for name in (one, other))
    celsius = mechanism.temperature_C
    if temperature_C is not None:
        celsius = number("temperature_C", temperature_C, above=-ZERO_CELSIUS_K)
    network = build_network(mechanism, mechanism.default_graph, celsius + ZERO_CELSIUS_K)
    names = list(mechanism.nodes)
    return equal_potential(network, names.index(one), names.index(other))


def equal_potential(network: Network, p: int, q: int) -> float | None:
    """Potential (V) at which nodes number `p` and `q` have equal grand potentials, or None."""
    if not equal_between(network, p, q, *RANGE_V):
        return None
    from scipy.optimize import root_scalar  # slow to import

    return float(root_scalar(_difference(network, p, q), bracket=RANGE_V, xtol=1e-12).root)


def equal_between(network: Network, p: int, q: int, low: float, high: float) -> bool:
    """Whether the grand potentials of nodes number `p` and `q` cross between two potentials (V)."""
    difference = _difference(network, p, q)
    return difference(low) * difference(high) < 0.0


def _difference(network: Network, p: int, q: int) -> Callable[[float], float]:
    space = workspace(network)

    def difference(potential: float) -> float:
        fill_nodes(potential, network, space)
        return space.omega[p] - space.omega[q]

    return difference
