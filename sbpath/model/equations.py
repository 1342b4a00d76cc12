"""The electrode as a system of ordinary differential equations.

The state is ``y = (theta_11 ... theta_1P, ..., theta_N1 ... theta_NP, E)``: of each particle
the fraction of its Sb in each node, and the potential against the alkali metal (V) that they
share. Insertion current is positive, in A per gram of host. With w_i the share of the host in
particle i and Theta_p = sum_i w_i theta_ip,

    d theta_i/dt = N r_i
    C dE/dt      = -I + (F/M) sum_i w_i sum_e (x_q - x_p) r_ie
    C            = C_dl - (F/M) sum_p Theta_p dx_p/dE

C is positive because dx/dE <= 0, so this is an ordinary differential equation in every
mode of control, at rest as well. The terminal voltage is ``V = E - I R_s``. In current
control I is given; in voltage control V(t) is given and I follows from it. Particles meet in E
alone, so that the Jacobian is an arrow: a block for each, and one row and column of E.
"""

from __future__ import annotations

from math import inf
from typing import NamedTuple

import numpy as np

from sbpath.kernels import Floats, Floats2, Floats3, kernel
from sbpath.model.network import Network
from sbpath.model.rates import growth_slopes, growth_time, nucleation_slope, nucleation_time
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


class Slopes(NamedTuple):
    """dy/dt (n), and its Jacobian as an arrow: `blocks` (N, P, P) of the particles, `column`
    (N P) of their derivatives by E, `row` (n) of dE/dt; `by_time` (1), dE/dt's explicit one.
    """

    derivative: Floats
    blocks: Floats3
    column: Floats
    row: Floats
    by_time: Floats


class Workspace(NamedTuple):
    """Room for one evaluation: N particles, P nodes, E edges, n = N P + 1 unknowns.

    `slopes`; `share` Theta_p, `content` x_p, `omega`, `slope` dx/dE, `curvature` (P each);
    `affinity` (J/mol) and `volume` of what is new (m^3/mol) (E each); `rate` (1/s), and the times
    `nucleation` and `growth` (s, of running edges only) (N rows of E).
    """

    slopes: Slopes
    share: Floats
    content: Floats
    omega: Floats
    slope: Floats
    curvature: Floats
    affinity: Floats
    volume: Floats
    rate: Floats2
    nucleation: Floats2
    growth: Floats2


@kernel
def room_for_slopes(network: Network) -> Slopes:
    """Fresh room for the derivatives of `network`."""
    particles, nodes = len(network.weight), len(network.gibbs)
    unknowns = particles * nodes + 1
    return Slopes(
        np.zeros(unknowns),
        np.zeros((particles, nodes, nodes)),
        np.zeros(particles * nodes),
        np.zeros(unknowns),
        np.zeros(1),
    )


@kernel
def workspace(network: Network) -> Workspace:
    """Fresh room for evaluations of `network`."""
    particles, nodes, edges = len(network.weight), len(network.gibbs), len(network.source)
    return Workspace(
        room_for_slopes(network),
        np.zeros(nodes),
        np.zeros(nodes),
        np.zeros(nodes),
        np.zeros(nodes),
        np.zeros(nodes),
        np.zeros(edges),
        np.zeros(edges),
        np.zeros((particles, edges)),
        np.zeros((particles, edges)),
        np.zeros((particles, edges)),
    )


def dense(slopes: Slopes) -> Floats2:
    """The Jacobian as one matrix, shape (n, n)."""
    particles, nodes, _ = slopes.blocks.shape
    matrix = np.zeros((len(slopes.row), len(slopes.row)))
    for i in range(particles):
        own = slice(i * nodes, (i + 1) * nodes)
        matrix[own, own] = slopes.blocks[i]
    matrix[:-1, -1] = slopes.column
    matrix[-1] = slopes.row
    return matrix


@kernel
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


@kernel
def fill_edges(network: Network, work: Workspace) -> None:
    """Affinity of all edges and volume of what is new in their products, after `fill_nodes`."""
    for e in range(len(network.source)):
        node = network.target[e]
        work.affinity[e] = work.omega[network.source[e]] - work.omega[node]
        missing = network.grows[e] * (network.full[node] - work.content[node])
        work.volume[e] = (
            network.molar_volume[node] - network.partial_volume[node] * missing - network.unchanged[e]
        )


@kernel
def fill_shares(state: Floats, network: Network, work: Workspace) -> None:
    """Share of all Sb in each node, into `work`."""
    nodes = len(network.gibbs)
    for p in range(nodes):
        work.share[p] = 0.0
    for i in range(len(network.weight)):
        for p in range(nodes):
            work.share[p] += network.weight[i] * state[i * nodes + p]


@kernel
def node_volume(node: int, network: Network, work: Workspace) -> float:
    """Molar volume of a node at its present content (m^3/mol Sb), after `fill_nodes`."""
    missing = network.full[node] - work.content[node]
    return network.molar_volume[node] - network.partial_volume[node] * missing


@kernel
def stored_charge(potential: float, network: Network, work: Workspace) -> tuple[float, float]:
    """Charge held by the electrode (C/g, insertion positive) and the C that it defines (F/g).

    ``q = (F/M) sum Theta_p x_p(E) - C_dl E``, so that ``dq/dt = I`` along any solution and
    ``dq/dE = -C`` at fixed fractions. After `fill_nodes` and `fill_shares`.
    """
    content = 0.0
    slope = 0.0
    for p in range(len(network.gibbs)):
        content += work.share[p] * work.content[p]
        slope += work.share[p] * work.slope[p]
    charge = network.charge_scale * content - network.double_layer * potential
    return charge, network.double_layer - network.charge_scale * slope


@kernel
def stored_energy(potential: float, network: Network, work: Workspace) -> float:
    """Energy held by the phases and by the double layer (J/g).

    ``sum Theta_p (Omega_p - F E x_p) / M + C_dl E^2 / 2``, so that along any solution
    ``d(stored)/dt + V I + I^2 R_s + sum r A / M = 0``. After `fill_nodes` and `fill_shares`.
    """
    free = 0.0
    for p in range(len(network.gibbs)):
        free += work.share[p] * (work.omega[p] / F - potential * work.content[p])
    return network.charge_scale * free + 0.5 * network.double_layer * potential * potential


@kernel
def evaluate(
    time: float,
    state: Floats,
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
    state : array, shape (N P + 1,)
        Fractions of each particle, and potential.
    drive : Drive
        What is imposed.
    network : Network
        The graph and its particles.
    work : Workspace
        Receives derivative, rates, affinities, times; and, if `with_jacobian`, the Jacobian and
        the explicit time derivative of the potential's row.
    with_jacobian : bool
        Whether to fill these last two.
    """
    particles, nodes, edges = len(network.weight), len(network.gibbs), len(network.source)
    last = particles * nodes
    potential = state[last]
    derivative, blocks, column, row, by_time = work.slopes
    content = work.content
    slope = work.slope
    fill_nodes(potential, network, work)
    fill_edges(network, work)
    fill_shares(state, network, work)

    derivative[:] = 0.0
    if with_jacobian:
        by_time[0] = 0.0
        blocks[:] = 0.0
        column[:] = 0.0
        row[:] = 0.0

    faradaic = 0.0  # (F/M) sum w_i (x_q - x_p) r_ie; its gradient gathers in row
    for i in range(particles):
        first = i * nodes
        scale = network.charge_scale * network.weight[i]
        for e in range(edges):
            work.rate[i, e] = 0.0
            driving = work.affinity[e] - network.work[e]
            if driving <= SMALLEST_AFFINITY:
                continue
            p: int = network.source[e]
            q: int = network.target[e]
            barrier = network.barrier[i, e] * work.volume[e] * work.volume[e]
            nucleation = nucleation_time(driving, barrier, network.log_attempt[i, e])
            work.nucleation[i, e] = nucleation
            if nucleation == inf:
                continue
            growth = growth_time(
                driving,
                state[first + q],
                network.growth[i, e],
                network.alpha[e],
                network.energy[e],
                network.order[e],
                network.seed[e],
            )
            work.growth[i, e] = growth
            waiting = nucleation + growth + network.transport[i, e]
            reactant = max(state[first + p], 0.0)
            rate = reactant / waiting
            step = content[q] - content[p]
            work.rate[i, e] = rate
            derivative[first + p] -= rate
            derivative[first + q] += rate
            faradaic += scale * step * rate
            if with_jacobian:
                by_affinity, product_slope = growth_slopes(
                    driving,
                    state[first + q],
                    growth,
                    network.alpha[e],
                    network.energy[e],
                    network.order[e],
                    network.seed[e],
                )
                by_affinity += nucleation_slope(driving, barrier, nucleation)
                by_reactant = 1.0 / waiting if state[first + p] > 0.0 else 0.0
                by_product = -rate * product_slope / waiting
                # d tau/dE = (d tau/dA) (dA/dE) with dA/dE = F (x_p - x_q) = -F step.
                by_potential = rate * by_affinity / waiting * step * F
                # The nucleus is as large as the product's content at this potential makes it.
                swelling = (
                    2.0
                    * network.barrier[i, e]
                    * work.volume[e]
                    * network.grows[e]
                    * network.partial_volume[q]
                    * slope[q]
                )
                if swelling != 0.0:
                    by_potential -= rate * nucleation * swelling / (driving * driving) / waiting
                blocks[i, p, p] -= by_reactant
                blocks[i, q, p] += by_reactant
                blocks[i, p, q] -= by_product
                blocks[i, q, q] += by_product
                column[first + p] -= by_potential
                column[first + q] += by_potential
                row[first + p] += scale * step * by_reactant
                row[first + q] += scale * step * by_product
                row[last] += scale * (step * by_potential + (slope[q] - slope[p]) * rate)

    capacitance = network.double_layer
    for p in range(nodes):
        capacitance -= network.charge_scale * work.share[p] * slope[p]

    stiffness = 0.0
    if drive.current_control:
        current = drive.level
    elif network.resistance > 0.0:
        current = (potential - drive.level - drive.slope * time) / network.resistance
        stiffness = 1.0 / network.resistance
    else:
        # V is E itself: the potential follows the programme and I is whatever that takes.
        derivative[last] = drive.slope
        row[:] = 0.0
        return faradaic - capacitance * drive.slope

    motion = (faradaic - current) / capacitance
    derivative[last] = motion
    if with_jacobian:
        for i in range(particles):
            pull = motion * network.charge_scale * network.weight[i]
            for p in range(nodes):
                k = i * nodes + p
                row[k] = (row[k] + pull * slope[p]) / capacitance
        for p in range(nodes):
            row[last] += motion * network.charge_scale * work.share[p] * work.curvature[p]
        row[last] = (row[last] - stiffness) / capacitance
        by_time[0] = drive.slope * stiffness / capacitance
    return current
