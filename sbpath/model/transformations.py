"""Phase transformations, the edges of the graph: the process that every electrode has.

    d theta_i/dt = N r_i,    I_f = a (F/M) sum_i w_i sum_e (x_q - x_p) r_ie

with the rates r of `sbpath.model.rates` and the live share a of the host (`sbpath.model.strain`), of
which the theta are shares. The charge held by the phases is a (F/M) sum Theta_p x_p,
their free energy a sum Theta_p (Omega_p - F E x_p) / M, and the heat of an edge a r A / M.
"""

from __future__ import annotations

from math import inf

from sbpath.kernels import Floats, kernel
from sbpath.model.columns import EDGE_CURRENT, GROWTH, NUCLEATION, RATE, TRANSPORT, WORK
from sbpath.model.network import Network
from sbpath.model.rates import (
    front,
    front_slope,
    growth_slopes,
    growth_time,
    nucleation_slope,
    nucleation_time,
    start_time,
)
from sbpath.model.strain import add_stretch
from sbpath.model.unknowns import LIVE_SHARE, live_share
from sbpath.model.workspace import Workspace
from sbpath.physical import FARADAY_C_PER_MOL as F

# Below this affinity (J/mol) an edge is off: its rate would be under 1e-12 k0.
MIN_AFFINITY = 1e-9


@kernel
def fill_affinities(network: Network, space: Workspace) -> None:
    """Affinity of all edges; call after `fill_nodes`."""
    for e in range(len(network.source)):
        space.affinity[e] = space.omega[network.source[e]] - space.omega[network.target[e]]


@kernel
def new_volume(e: int, network: Network, space: Workspace) -> float:
    """Volume newly formed in the product of edge e (m^3/mol Sb); call after `fill_nodes`."""
    node = network.target[e]
    missing = network.grows[e] * (network.full[node] - space.content[node])
    return network.molar_volume[node] - network.partial_volume[node] * missing - network.unchanged[e]


@kernel
def edge_times(
    i: int, e: int, product: float, network: Network, space: Workspace
) -> tuple[float, float, float]:
    """Times of nucleation and growth (s) and the nucleation barrier of edge e in particle i, from
    the amount of its product; call after `fill_affinities`.

    A time may be as long as e^600 s, or infinite: never square one.
    """
    driving = space.affinity[e] - network.transformation_work[e]
    volume = new_volume(e, network, space)
    barrier = network.barrier[i, e] * volume * volume
    growth = growth_time(
        driving,
        product,
        network.growth[i, e],
        network.alpha[e],
        network.energy[e],
        network.order[e],
        network.seed[e],
        network.rounding[e],
    )
    return nucleation_time(driving, barrier, network.log_attempt[i, e]), growth, barrier


@kernel
def add_transformations(state: Floats, network: Network, space: Workspace, with_jacobian: bool) -> float:
    """Add the rates of all edges; returns the current I_f that they consume (A/g).

    Rates use max(theta, 0): rounding may leave a fraction just below zero, and the state is never
    clipped. See `sbpath.model.processes.add_rates`.
    """
    particles, edges, block = len(network.weight), len(network.source), len(space.mean)
    at_E = network.layout.potential
    dy_dt, blocks, columns, rows, _, _ = space.derivatives
    content = space.content
    slope = space.slope
    fill_affinities(network, space)
    live = live_share(state, network.layout)
    current = 0.0
    for i in range(particles):
        first = i * block
        scale = live * network.charge_scale * network.weight[i]
        for e in range(edges):
            space.rate[i, e] = 0.0
            # Nothing is left to transform: no rate and no derivatives.
            if state[first + network.source[e]] <= 0.0:
                continue
            driving = space.affinity[e] - network.transformation_work[e]
            if driving <= MIN_AFFINITY:
                continue
            p: int = network.source[e]
            q: int = network.target[e]
            nucleation, growth, barrier = edge_times(i, e, state[first + q], network, space)
            start = start_time(nucleation, network.propagation[i, e] * front(space.mean[q]))
            space.start[i, e] = start
            space.growth[i, e] = growth
            if start == inf:
                continue
            waiting = start + growth + network.transport[i, e]
            reactant = max(state[first + p], 0.0)
            rate = reactant / waiting
            step = content[q] - content[p]
            space.rate[i, e] = rate
            dy_dt[first + p] -= rate
            dy_dt[first + q] += rate
            current += scale * step * rate
            if with_jacobian:
                by_affinity, product_slope = growth_slopes(
                    driving,
                    state[first + q],
                    growth,
                    network.alpha[e],
                    network.energy[e],
                    network.order[e],
                    network.seed[e],
                    network.rounding[e],
                )
                # d start/d nucleation, times the nucleation time: no square of a time, which overflows.
                nucleated = start * (start / nucleation)
                by_affinity += nucleation_slope(driving, barrier, nucleated)
                by_reactant = 1.0 / waiting if state[first + p] > 0.0 else 0.0
                arrives = network.propagation[i, e] * front_slope(space.mean[q])
                by_front = reactant * arrives * ((start / waiting) * (start / waiting))
                by_product = -rate * product_slope / waiting
                mean: int = at_E + network.layout.shared + network.mean[e]
                if network.mean[e] < 0:
                    by_product += by_front
                    by_front = 0.0
                else:
                    columns[mean - at_E, first + p] -= by_front
                    columns[mean - at_E, first + q] += by_front
                    rows[0, mean] += scale * step * by_front
                # d tau/dE = (d tau/dA) (dA/dE) with dA/dE = F (x_p - x_q) = -F step.
                by_potential = rate * by_affinity / waiting * step * F
                # The nucleus has the molar volume of the product at its content at this potential.
                swelling = (
                    2.0
                    * network.barrier[i, e]
                    * new_volume(e, network, space)
                    * network.grows[e]
                    * network.partial_volume[q]
                    * slope[q]
                )
                if swelling != 0.0:
                    by_potential -= rate * nucleated * swelling / (driving * driving) / waiting
                blocks[i, p, p] -= by_reactant
                blocks[i, q, p] += by_reactant
                blocks[i, p, q] -= by_product
                blocks[i, q, q] += by_product
                columns[0, first + p] -= by_potential
                columns[0, first + q] += by_potential
                rows[0, first + p] += scale * step * by_reactant
                rows[0, first + q] += scale * step * by_product
                rows[0, at_E] += scale * (step * by_potential + (slope[q] - slope[p]) * rate)
                if network.wear.strains:
                    add_stretch(i, e, by_reactant, by_product, by_potential, by_front, network, space)
            elif network.wear.strains:
                add_stretch(i, e, 0.0, 0.0, 0.0, 0.0, network, space)
    if with_jacobian and network.layout.loses:
        rows[0, network.layout.first[LIVE_SHARE]] += current / live
    return current


@kernel
def phase_charge(means: Floats, network: Network, space: Workspace) -> tuple[float, float]:
    """Charge held by the phases (C/g, insertion positive) and its derivative with respect to E (F/g)."""
    content = 0.0
    slope = 0.0
    for p in range(len(network.gibbs)):
        content += means[p] * space.content[p]
        slope += means[p] * space.slope[p]
    return network.charge_scale * content, network.charge_scale * slope


@kernel
def phase_energy(potential: float, network: Network, space: Workspace) -> float:
    """Free energy of the phases (J/g)."""
    free = 0.0
    for p in range(len(network.gibbs)):
        free += space.mean[p] * (space.omega[p] / F - potential * space.content[p])
    return network.charge_scale * free


@kernel
def fill_transformations(state: Floats, network: Network, space: Workspace, values: Floats) -> None:
    """Fill the columns of affinity, heat by cause, rate and current of each edge, after `evaluate`.

    The affinity remaining after the transformation work is divided in proportion to the three
    times in series, ``r (A - W) tau_i / (tau_1 + tau_2 + tau_3) / M``; the wait for a start counts as
    nucleation, whether a nucleus or a front ends it. Each part is thus
    non-negative, and with the work they add up to ``r A / M``.
    """
    edges, columns = len(network.source), network.columns
    first = columns.heat
    by_nucleation = values[first[NUCLEATION] : first[NUCLEATION] + edges]
    by_growth = values[first[GROWTH] : first[GROWTH] + edges]
    by_transport = values[first[TRANSPORT] : first[TRANSPORT] + edges]
    by_work = values[first[WORK] : first[WORK] + edges]
    affinities = values[columns.affinity : columns.affinity + edges]
    rates = values[columns.flow[RATE] : columns.flow[RATE] + edges]
    currents = values[columns.flow[EDGE_CURRENT] : columns.flow[EDGE_CURRENT] + edges]
    affinities[:] = space.affinity
    by_nucleation[:] = 0.0
    by_growth[:] = 0.0
    by_transport[:] = 0.0
    by_work[:] = 0.0
    live = live_share(state, network.layout)
    for i in range(len(network.weight)):
        per_gram = live * network.charge_scale * network.weight[i] / F
        for e in range(edges):
            power = space.rate[i, e] * per_gram
            if power <= 0.0:
                continue
            start, growth, transport = (
                space.start[i, e],
                space.growth[i, e],
                network.transport[i, e],
            )
            work = network.transformation_work[e]
            per_time = power * (space.affinity[e] - work) / (start + growth + transport)
            by_nucleation[e] += per_time * start
            by_growth[e] += per_time * growth
            by_transport[e] += per_time * transport
            by_work[e] += power * work
    for e in range(edges):
        rate = 0.0
        for i in range(len(network.weight)):
            rate += network.weight[i] * space.rate[i, e]
        rate *= live
        rates[e] = rate
        gain = space.content[network.target[e]] - space.content[network.source[e]]
        currents[e] = network.charge_scale * rate * gain
