"""The electrode as a system of ordinary differential equations.

The state holds the unknowns of `sbpath.model.unknowns`: the fractions of each particle, and the
common potential E against the alkali metal (V). Insertion current is positive, in A per
gram of host. With w_i the share of the host in particle i, Theta_p = sum_i w_i theta_ip, and I_f
the current consumed by the processes of `sbpath.model.processes`,

    C dE/dt = -I + I_f + a (F/M) sum_p Theta_p (dx_p/dT) dT/dt
    C       = C_dl - a (F/M) sum_p Theta_p dx_p/dE

C is positive because dx/dE <= 0, so this is an ordinary differential equation in every
control mode, including rest. The terminal voltage is ``V = E - I R_s - eta(I)``, with the overpotential
of charge transfer (`sbpath.model.charge_transfer`). In current
control I is given; in voltage control V(t) is given and I follows from it. Particles couple only
through shared unknowns and the Theta_p that drive fronts, so the Jacobian is an arrow, one block per particle and a
border, which the means widen.
"""

from __future__ import annotations

from typing import NamedTuple

from sbpath.kernels import Floats, kernel
from sbpath.model.charge_transfer import driven_current, is_direct
from sbpath.model.network import Network
from sbpath.model.processes import add_rates, held_energy, side_charge
from sbpath.model.strain import add_strain
from sbpath.model.thermo import node_entropy
from sbpath.model.transformations import phase_charge
from sbpath.model.unknowns import LIVE_SHARE, live_share
from sbpath.model.workspace import Workspace, clear, fill_means, fill_nodes
from sbpath.physical import FARADAY_C_PER_MOL as F


class Control(NamedTuple):
    """What the cycler imposes during one step.

    `current_control`: hold I at `level` (A/g); otherwise hold V at ``level + slope * t``
    (V, V/s; t counts from the start of the step). `warming`: dT/dt (K/s).
    """

    current_control: bool
    level: float
    slope: float
    warming: float = 0.0


@kernel
def evaluate(
    time: float,
    state: Floats,
    control: Control,
    network: Network,
    space: Workspace,
    with_jacobian: bool,
) -> float:
    """Fill `space` with dy/dt (and its derivatives) and return the current I (A/g).

    One right-hand side for constant current, rest, constant voltage and sweep.

    Parameters
    ----------
    time : float
        Since the start of the step (s).
    state : array, shape (n,)
        See `sbpath.model.unknowns`.
    control : Control
        The imposed current or voltage.
    network : Network
        The graph and its particles.
    space : Workspace
        Receives derivatives, rates, affinities and times.
    with_jacobian : bool
        Whether to fill the Jacobian and the explicit time derivatives as well.
    """
    fill_nodes(state[network.layout.potential], network, space)
    fill_means(state, network, space.mean)
    return evaluate_filled(time, state, control, network, space, with_jacobian)


@kernel
def evaluate_filled(
    time: float,
    state: Floats,
    control: Control,
    network: Network,
    space: Workspace,
    with_jacobian: bool,
) -> float:
    """`evaluate`, given that `space` already holds the nodes and means of `state`."""
    clear(space.derivatives, with_jacobian)
    taken_up = add_rates(state, network, space, with_jacobian)
    if control.warming != 0.0:
        taken_up += _add_warming(state, control, network, space, with_jacobian)
    current = _balance_charge(time, state, taken_up, control, network, space, with_jacobian)
    add_strain(state, network, space, with_jacobian)
    return current


@kernel
def _add_warming(
    state: Floats, control: Control, network: Network, space: Workspace, with_jacobian: bool
) -> float:
    """The charge that galleries take up as they are warmed at constant E (A/g); its gradient goes to ``rows[0]``."""
    at_E, block, rows = network.layout.potential, len(space.mean), space.derivatives.rows
    live = live_share(state, network.layout)
    scale = live * control.warming * network.charge_scale / F
    taken_up = 0.0
    for p in range(len(network.gibbs)):
        _, slope, curvature = entropy_of(p, state[at_E], network)
        taken_up -= scale * space.mean[p] * slope
        if with_jacobian:
            rows[0, at_E] -= scale * space.mean[p] * curvature
            for i in range(len(network.weight)):
                rows[0, i * block + p] -= scale * network.weight[i] * slope
    if with_jacobian and network.layout.loses:
        rows[0, network.layout.first[LIVE_SHARE]] += taken_up / live
    return taken_up


@kernel
def entropy_of(node: int, potential: float, network: Network) -> tuple[float, float, float]:
    """`node_entropy` of a node of the network."""
    return node_entropy(
        potential,
        network.temperature,
        network.change.entropy[node],
        network.gallery_start[node],
        network.gallery_start[node + 1],
        network.sites,
        network.site_potential,
        network.site_energy,
        network.change.site_slope,
    )


@kernel
def warming_power(control: Control, potential: float, network: Network, space: Workspace) -> float:
    """S dT/dt (W/g): what the phases lose in free energy as they are warmed; call after `fill_means`."""
    power = 0.0
    if control.warming != 0.0:
        for p in range(len(network.gibbs)):
            power += space.mean[p] * entropy_of(p, potential, network)[0]
    return power * control.warming * network.charge_scale / F


@kernel
def _balance_charge(
    time: float,
    state: Floats,
    taken_up: float,
    control: Control,
    network: Network,
    space: Workspace,
    with_jacobian: bool,
) -> float:
    """Fill in dE/dt from the consumed current `taken_up` (A/g), its gradient in ``rows[0]``; returns I."""
    layout = network.layout
    at_E = layout.potential
    potential = state[at_E]
    dy_dt, _, _, rows, by_time, _ = space.derivatives
    slope = space.slope
    live = live_share(state, layout)
    scale = live * network.charge_scale
    capacitance = network.double_layer
    for p in range(len(network.gibbs)):
        capacitance -= scale * space.mean[p] * slope[p]
    stiffness = 0.0
    if control.current_control:
        current = control.level
    elif not is_direct(network):
        current, stiffness = driven_current(potential - control.level - control.slope * time, network)
    else:
        # V equals E: the potential follows the programme, and I follows from the balance.
        dy_dt[at_E] = control.slope
        for k in range(rows.shape[1]):
            rows[0, k] = 0.0
        return taken_up - capacitance * control.slope

    motion = (taken_up - current) / capacitance
    dy_dt[at_E] = motion
    if with_jacobian:
        block = len(space.mean)
        for i in range(len(network.weight)):
            pull = motion * scale * network.weight[i]
            for p in range(len(network.gibbs)):
                k = i * block + p
                rows[0, k] = (rows[0, k] + pull * slope[p]) / capacitance
            for k in range(i * block + len(network.gibbs), (i + 1) * block):
                rows[0, k] /= capacitance
        for p in range(len(network.gibbs)):
            rows[0, at_E] += motion * scale * space.mean[p] * space.curvature[p]
        rows[0, at_E] = (rows[0, at_E] - stiffness) / capacitance
        if layout.loses:
            rows[0, layout.first[LIVE_SHARE]] += motion * (network.double_layer - capacitance) / live
        for k in range(at_E + 1, rows.shape[1]):
            rows[0, k] /= capacitance
        by_time[at_E] = control.slope * stiffness / capacitance
    return current


@kernel
def stored_charge(state: Floats, network: Network, space: Workspace) -> tuple[float, float]:
    """Charge held by the electrode (C/g, insertion positive) and the capacitance C (F/g).

    ``q = a (F/M) sum Theta_p x_p(E) - C_dl E + charge held by other processes``, so that ``dq/dt = I``
    along any solution and ``dq/dE = -C`` with all else fixed. Call after `fill_nodes` and `fill_means`.
    """
    phases, slope = phase_charge(space.mean, network, space)
    live = live_share(state, network.layout)
    layer = network.double_layer * state[network.layout.potential]
    return live * phases - layer + side_charge(state, network), network.double_layer - live * slope


@kernel
def stored_energy(state: Floats, network: Network, space: Workspace) -> float:
    """Energy held by all processes and the double layer (J/g); call after `fill_nodes` and `fill_means`.

    Along any solution ``d(stored)/dt + V I + I^2 R_s + I eta + S dT/dt + heat of all processes = 0``. Phases and
    double layer hold ``sum Theta_p (Omega_p - F E x_p) / M + C_dl E^2 / 2``.
    """
    potential = state[network.layout.potential]
    layer = 0.5 * network.double_layer * potential * potential
    return held_energy(state, network, space) + layer
