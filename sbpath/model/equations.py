"""The electrode as a system of ordinary differential equations.

The state is ``y = (theta_1 ... theta_P, E)``: the fraction of all Sb in each node and the
electrode potential against the alkali metal (V). Insertion current is positive, in A per
gram of Sb.

    d theta/dt = N r
    C dE/dt    = -I + (F/M) sum_e (x_q - x_p) r_e,     C = C_dl - (F/M) sum_p theta_p dx_p/dE

C is positive because dx/dE <= 0, so this is an ordinary differential equation in every
mode of control, at rest as well. The terminal voltage is ``V = E - I R_s``. In current
control I is given; in voltage control V(t) is given and I follows from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sbpath.model.network import Network
from sbpath.model.rates import waiting_times
from sbpath.model.thermo import node_state
from sbpath.physical import FARADAY_C_PER_MOL as F

# Below this affinity (J/mol) an edge stands still; its rate would be under 1e-12 k0.
SMALLEST_AFFINITY = 1e-9


class Drive(NamedTuple):
    """What the cycler imposes during one step.

    `current_control`: hold I at `level` (A/g); otherwise hold V at ``level + slope * t``
    (V, V/s; t counts from the start of the step).
    """

    current_control: bool
    level: float
    slope: float


class Workspace(NamedTuple):
    """Room for one evaluation: P nodes, E edges, n = P + 1 unknowns.

    `derivative` (n), `jacobian` (n rows of n), `time_derivative` of the last row (1),
    `content` x_p, `omega`, `slope` dx/dE, `curvature` (P each), `rate` (1/s), `affinity`
    (J/mol), and the times `nucleation` and `growth` (s, of running edges only) (E each).
    """

    derivative: list[float]
    jacobian: list[list[float]]
    time_derivative: list[float]
    content: list[float]
    omega: list[float]
    slope: list[float]
    curvature: list[float]
    rate: list[float]
    affinity: list[float]
    nucleation: list[float]
    growth: list[float]


def workspace(network: Network) -> Workspace:
    """Fresh room for evaluations of `network`."""
    nodes, edges = len(network.gibbs), len(network.source)
    return Workspace(
        derivative=[0.0] * (nodes + 1),
        jacobian=[[0.0] * (nodes + 1) for _ in range(nodes + 1)],
        time_derivative=[0.0],
        content=[0.0] * nodes,
        omega=[0.0] * nodes,
        slope=[0.0] * nodes,
        curvature=[0.0] * nodes,
        rate=[0.0] * edges,
        affinity=[0.0] * edges,
        nucleation=[0.0] * edges,
        growth=[0.0] * edges,
    )


def fill_nodes(potential: float, network: Network, work: Workspace) -> None:
    """Thermodynamic functions of all nodes at `potential` (V), into `work`."""
    for p in range(len(network.gibbs)):
        work.omega[p], work.content[p], work.slope[p], work.curvature[p] = node_state(
            potential,
            network.gibbs[p],
            network.fixed[p],
            network.gallery_start[p],
            network.gallery_start[p + 1],
            network.sites,
            network.site_potential,
            network.site_energy,
        )


def new_volume(edge: int, network: Network, work: Workspace) -> float:
    """Volume of what is new in the product of an edge (m^3/mol Sb), after `fill_nodes`."""
    node = network.target[edge]
    missing = network.grows[edge] * (network.full[node] - work.content[node])
    return network.molar_volume[node] - network.partial_volume[node] * missing - network.unchanged[edge]


def node_volume(node: int, network: Network, work: Workspace) -> float:
    """Molar volume of a node at its present content (m^3/mol Sb), after `fill_nodes`."""
    missing = network.full[node] - work.content[node]
    return network.molar_volume[node] - network.partial_volume[node] * missing


def stored_charge(state: Sequence[float], network: Network, work: Workspace) -> tuple[float, float]:
    """Charge held by the electrode (C/g, insertion positive) and the C that it defines (F/g).

    ``q = (F/M) sum theta_p x_p(E) - C_dl E``, so that ``dq/dt = I`` along any solution and
    ``dq/dE = -C`` at fixed fractions. After `fill_nodes` or `evaluate` at this potential.
    """
    nodes = len(network.gibbs)
    content = 0.0
    slope = 0.0
    for p in range(nodes):
        content += state[p] * work.content[p]
        slope += state[p] * work.slope[p]
    charge = network.charge_scale * content - network.double_layer * state[nodes]
    return charge, network.double_layer - network.charge_scale * slope


def stored_energy(state: Sequence[float], network: Network, work: Workspace) -> float:
    """Energy held by the phases and by the double layer (J/g).

    ``sum theta_p (Omega_p - F E x_p) / M + C_dl E^2 / 2``, so that along any solution
    ``d(stored)/dt + V I + I^2 R_s + sum r A / M = 0``. After `fill_nodes` or `evaluate` at
    this potential.
    """
    nodes = len(network.gibbs)
    potential = state[nodes]
    free = 0.0
    for p in range(nodes):
        free += state[p] * (work.omega[p] / F - potential * work.content[p])
    return network.charge_scale * free + 0.5 * network.double_layer * potential * potential


def evaluate(
    time: float,
    state: Sequence[float],
    drive: Drive,
    network: Network,
    work: Workspace,
    with_jacobian: bool,
) -> float:
    """Fill `work` with dy/dt (and its derivatives) and return the current I (A/g).

    One right-hand side for constant current, rest, constant voltage and sweep. Rates use
    max(theta, 0): a fraction may stand a rounding below zero, and is never clipped itself.

    Parameters
    ----------
    time : float
        Since the start of the step (s).
    state : sequence of float, shape (P + 1,)
        Fractions and potential.
    drive : Drive
        What is imposed.
    network : Network
        The graph.
    work : Workspace
        Receives derivative, rates, affinities, times; and, if `with_jacobian`, the Jacobian and
        the explicit time derivative of the potential's row.
    with_jacobian : bool
        Whether to fill these last two.
    """
    nodes = len(network.gibbs)
    potential = state[nodes]
    scale = network.charge_scale
    derivative = work.derivative
    jacobian = work.jacobian
    content = work.content
    slope = work.slope
    fill_nodes(potential, network, work)

    for p in range(nodes + 1):
        derivative[p] = 0.0
    if with_jacobian:
        work.time_derivative[0] = 0.0
        for p in range(nodes + 1):
            row = jacobian[p]
            for k in range(nodes + 1):
                row[k] = 0.0
    last_row = jacobian[nodes]

    faradaic = 0.0  # (F/M) sum (x_q - x_p) r_e; its gradient gathers in last_row
    for e in range(len(network.source)):
        p = network.source[e]
        q = network.target[e]
        affinity = work.omega[p] - work.omega[q]
        work.affinity[e] = affinity
        work.rate[e] = 0.0
        driving = affinity - network.work[e]
        if driving <= SMALLEST_AFFINITY:
            continue
        volume = new_volume(e, network, work)
        barrier = network.barrier[e] * volume * volume
        nucleation, growth, time_slope, product_slope = waiting_times(
            driving,
            state[q],
            barrier,
            network.log_attempt[e],
            network.growth[e],
            network.alpha[e],
            network.energy[e],
            network.order[e],
            network.seed[e],
        )
        waiting = nucleation + growth + network.transport[e]
        reactant = state[p] if state[p] > 0.0 else 0.0
        rate = reactant / waiting
        step = content[q] - content[p]
        work.rate[e] = rate
        work.nucleation[e] = nucleation
        work.growth[e] = growth
        derivative[p] -= rate
        derivative[q] += rate
        faradaic += scale * step * rate
        if with_jacobian:
            by_reactant = 1.0 / waiting if state[p] > 0.0 else 0.0
            by_product = -rate * product_slope / waiting
            # d tau/dE = (d tau/dA) (dA/dE) with dA/dE = F (x_p - x_q) = -F step.
            by_potential = rate * time_slope / waiting * step * F
            # The nucleus is as large as the product's content at this potential makes it.
            swelling = (
                2.0 * network.barrier[e] * volume * network.grows[e] * network.partial_volume[q] * slope[q]
            )
            if swelling != 0.0 and nucleation < float("inf"):
                by_potential -= rate * nucleation * swelling / (driving * driving) / waiting
            jacobian[p][p] -= by_reactant
            jacobian[q][p] += by_reactant
            jacobian[p][q] -= by_product
            jacobian[q][q] += by_product
            jacobian[p][nodes] -= by_potential
            jacobian[q][nodes] += by_potential
            last_row[p] += scale * step * by_reactant
            last_row[q] += scale * step * by_product
            last_row[nodes] += scale * (step * by_potential + (slope[q] - slope[p]) * rate)

    capacitance = network.double_layer
    for p in range(nodes):
        capacitance -= scale * state[p] * slope[p]

    if drive.current_control:
        current = drive.level
        stiffness = 0.0
    elif network.resistance > 0.0:
        current = (potential - drive.level - drive.slope * time) / network.resistance
        stiffness = 1.0 / network.resistance
    else:
        # V is E itself: the potential follows the programme and I is whatever that takes.
        derivative[nodes] = drive.slope
        if with_jacobian:
            for k in range(nodes + 1):
                last_row[k] = 0.0
        return faradaic - capacitance * drive.slope

    motion = (faradaic - current) / capacitance
    derivative[nodes] = motion
    if with_jacobian:
        for p in range(nodes):
            last_row[p] = (last_row[p] + motion * scale * slope[p]) / capacitance
            last_row[nodes] += motion * scale * state[p] * work.curvature[p]
        last_row[nodes] = (last_row[nodes] - stiffness) / capacitance
        work.time_derivative[0] = drive.slope * stiffness / capacitance
    return current
