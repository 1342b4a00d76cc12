"""All processes of an electrode, summed in one place.

A process is a module with up to four kernels, each with a line in one of the sums below:
its rates and their Jacobian, the charge it holds, the energy it holds, and its columns. For a
process that an electrode lacks, the arrays have length zero and the loops do nothing.
"""

from __future__ import annotations

from sbpath.kernels import Floats, kernel
from sbpath.model.film import add_film, fill_film, film_charge
from sbpath.model.network import Network
from sbpath.model.strain import cut_off_charge, cut_off_energy, fill_stretch
from sbpath.model.transformations import add_transformations, fill_transformations, phase_energy
from sbpath.model.unknowns import live_share
from sbpath.model.workspace import Workspace


@kernel
def add_rates(state: Floats, network: Network, space: Workspace, with_jacobian: bool) -> float:
    """Add the rates of all processes to `space.derivatives`; returns the current that they consume.

    A process adds to `dy_dt` of any unknown except E and, with `with_jacobian`, the corresponding
    derivatives to `blocks`, `columns` and `rows`. It returns its current I_f (A/g), positive in the
    sense of insertion, and adds the derivatives of I_f to ``rows[0]``. `space` must hold the nodes at
    the present E and the means.
    """
    fill_stretch(network, space)
    current = add_transformations(state, network, space, with_jacobian)
    current += add_film(state, network, space, with_jacobian)
    return current


@kernel
def side_charge(state: Floats, network: Network) -> float:
    """Charge held outside phases and double layer (C/g, insertion positive).

    It grows by the current that these processes consume and by the charge that the phases lose to
    them. It must be linear in the electrode's unknowns other than E, and depend on nothing else.
    """
    return film_charge(state, network) + cut_off_charge(state, network)


@kernel
def held_energy(state: Floats, network: Network, space: Workspace) -> float:
    """Free energy held outside the double layer (J/g)."""
    live = live_share(state, network.layout)
    energy = live * phase_energy(state[network.layout.potential], network, space)
    energy += cut_off_energy(state, network)
    return energy - network.film.onset * film_charge(state, network)


@kernel
def fill_columns(state: Floats, network: Network, space: Workspace, values: Floats) -> None:
    """Fill the columns of each process, after `evaluate`: its heat (W/g) by cause, and its flows."""
    fill_transformations(state, network, space, values)
    fill_film(state, network, space, values)
