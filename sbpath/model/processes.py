"""All that goes on in an electrode, summed in one place.

A process is a module with up to four kernels, each of which has a line in one of the sums below:
its rates and their Jacobian, the charge it holds, the energy it holds, and its columns. A process
that an electrode does not have has arrays of length zero, so that its loops do nothing.
"""

from __future__ import annotations

from sbpath.kernels import Floats, kernel
from sbpath.model.network import Network
from sbpath.model.transformations import add_transformations, fill_transformations, phase_energy
from sbpath.model.workspace import Workspace


@kernel
def add_rates(state: Floats, network: Network, space: Workspace, with_jacobian: bool) -> float:
    """Add the rates of all processes to `space.derivatives`; returns the current that they take up.

    A process adds to `dy_dt` of any unknown but E, and with `with_jacobian` the derivatives of
    that to `blocks`, `columns` and `rows`. What it returns is its current I_f (A/g), positive
    where it takes charge as insertion does; the derivatives of that it adds to ``rows[0]``.
    `space` holds the nodes at the present E and the means.
    """
    current = add_transformations(state, network, space, with_jacobian)
    return current


@kernel
def side_charge(state: Floats, network: Network) -> float:
    """Charge held by anything but phases and double layer (C/g, insertion positive).

    It grows by the current that these processes take up, and by what the phases lose to them. It
    must be linear in the unknowns of the electrode, without E, and depend on nothing else.
    """
    charge = 0.0
    return charge


@kernel
def held_energy(state: Floats, network: Network, space: Workspace) -> float:
    """Free energy held by anything but the double layer (J/g)."""
    energy = phase_energy(state[network.layout.potential], network, space)
    return energy


@kernel
def fill_columns(state: Floats, network: Network, space: Workspace, values: Floats) -> None:
    """What each process records, after `evaluate`: its heat (W/g) by cause, and its flows."""
    fill_transformations(network, space, values)
