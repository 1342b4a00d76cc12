"""How the rates of all unknowns change with numbers of a network: df/dp at a given state, in closed form.

A parameter is a direction in which numbers of the network change, `Slopes`. Those of nodes and galleries move Omega, x, dx/dE and
the volumes of nodes; these and the numbers of an edge change its waiting time, in a sum that is the same for all parameters; the
numbers of film and strain enter `sbpath.model.film` and `sbpath.model.strain` linearly or nearly so. For E,

    C d(dE/dt)/dp = d(I_f - I)/dp - (dE/dt) dC/dp

The time of an edge, ``tau = start + growth + transport``, has the slopes (with the symbols of `sbpath.model.rates`)

    d start/d(B/A^2) = start^2 / tau_nucleation,    d growth/dA = -growth ((alpha + 1/(e^a - 1)) / (nu R T) + k'/k)
"""

from __future__ import annotations

from math import hypot, log
from typing import NamedTuple

import numpy as np

from sbpath.kernels import Booleans, Floats, Floats2, Floats3, Integers2, kernel
from sbpath.model.charge_transfer import drop_slope
from sbpath.model.film import SMALLEST_FILMED, sealing
from sbpath.model.network import Film, Network, Wear
from sbpath.model.rates import ROUNDING_RANGE, front, growth_slopes
from sbpath.model.strain import MOTION_ROUNDING, SMALLEST_AREA, breathing_per_volt
from sbpath.model.thermo import occupation
from sbpath.model.transformations import new_volume
from sbpath.model.unknowns import (
    BARE,
    BROKEN,
    FILM_THICKNESS,
    HOST_AREA,
    IDLE_BARE,
    IDLE_FILM_THICKNESS,
    LIVE_SHARE,
    ORIGINS,
    TORN,
    live_share,
)
from sbpath.model.workspace import Workspace, node_volume
from sbpath.physical import FARADAY_C_PER_MOL as F
from sbpath.physical import GAS_CONSTANT_J_PER_MOL_K as R

# The numbers in `Slopes`, by their names in `Network`, in the order of their place there.
OF_NODES = ("gibbs", "fixed", "full", "molar_volume", "partial_volume")
GIBBS, FIXED, FULL, MOLAR_VOLUME, PARTIAL_VOLUME = range(5)
OF_GALLERIES = ("sites", "site_potential", "site_energy")
SITES, SITE_POTENTIAL, SITE_ENERGY = range(3)
OF_EDGES = (
    "barrier", "log_attempt", "propagation", "growth", "transport", "transformation_work", "unchanged", "alpha",
    "energy", "order", "seed",
)  # fmt: skip
BARRIER, LOG_ATTEMPT, PROPAGATION, GROWTH, TRANSPORT, WORK, UNCHANGED, ALPHA, ENERGY, ORDER, SEED = range(11)
OF_ELECTRODE = ("charge_scale", "double_layer", "resistance", "exchange", "thermal_voltage", "temperature")
CHARGE_SCALE, DOUBLE_LAYER, RESISTANCE, EXCHANGE, THERMAL_VOLTAGE, TEMPERATURE = range(6)

OF_FILM, OF_WEAR = Film._fields[1:], Wear._fields[1:]
(
    ONSET,
    SEALING_CHARGE,
    SEALING_THICKNESS,
    FILM_VOLUME,
    CONDUCTIVITY,
    SEALING_RATE,
    SEALING_TIME,
    TRANSFER,
    IDLE_AREA,
) = range(9)
CONTACT_LOSS, _, FRAGMENT_AREA, FRAGMENTATION, TORN_SHARE = range(5)

# An edge that converts less than this share over an integrator step responds to nothing.
NEGLIGIBLE = 1e-16


class Slopes(NamedTuple):
    """Derivatives of the numbers of a `Network` by m parameters, with P nodes, G galleries, and E edges in each of N particles.

    `nodes` (m, 5, P), `galleries` (m, 3, G), `edges` (m, N E, 11), `electrode` (m, 6), `film` (m, 9) and `wear` (m, 5);
    the first of the numbers of edges that a parameter changes and the one after the last (`span`; m, 2);
    and whether it moves contents or volumes of nodes (`of_nodes`; m) or film (`of_film`; m).
    """

    nodes: Floats3
    galleries: Floats3
    edges: Floats3
    electrode: Floats2
    film: Floats2
    wear: Floats2
    span: Integers2
    of_nodes: Booleans
    of_film: Booleans


class Forcing(NamedTuple):
    """Derivatives by m parameters at one state: of the `rates` (m, N B + g) of all unknowns but the tallies, the `current` I_f
    (A/g; m), the `strain` rate (1/s; m), and `omega`, `content`, `slope` and `volume` of the nodes (m, P), the last three 0
    unless `Slopes.of_nodes`. `times` (11): of the waiting time of an edge by its numbers.
    """

    rates: Floats2
    current: Floats
    strain: Floats
    omega: Floats2
    content: Floats2
    slope: Floats2
    volume: Floats2
    times: Floats


@kernel
def new_forcing(parameters: int, network: Network) -> Forcing:
    """Room for the derivatives by so many parameters."""
    nodes = len(network.gibbs)
    return Forcing(
        np.zeros((parameters, network.layout.potential + network.layout.shared)),
        np.zeros(parameters),
        np.zeros(parameters),
        np.zeros((parameters, nodes)),
        np.zeros((parameters, nodes)),
        np.zeros((parameters, nodes)),
        np.zeros((parameters, nodes)),
        np.zeros(11),
    )


@kernel
def drop_by(j: int, current: float, slopes: Slopes, network: Network) -> float:
    """D(E - V)/dp at a given current (V)."""
    own = slopes.electrode[j]
    resistance, exchange, thermal = own[RESISTANCE], own[EXCHANGE], own[THERMAL_VOLTAGE]
    if resistance == 0.0 and exchange == 0.0 and thermal == 0.0:
        return 0.0
    return drop_slope(current, resistance, exchange, thermal, network)


@kernel
def fill_forcing(
    state: Floats,
    current: float,
    free: bool,
    stiffness: float,
    size: float,
    slopes: Slopes,
    network: Network,
    space: Workspace,
    forcing: Forcing,
) -> None:
    """Write df/dp to `forcing`.

    Parameters
    ----------
    state : array, shape (n,)
        It has just been evaluated into `space`.
    current : float
        I (A/g).
    free : bool
        Whether E follows from the charge; otherwise its rate is imposed.
    stiffness : float
        dI/dE (A/(g V)), 0 where I is given.
    size : float
        Length of the integrator step (s), see `NEGLIGIBLE`.
    slopes : Slopes
        What the parameters change.
    network, space
        The electrode and its workspace.
    forcing : Forcing
        Receives the derivatives.
    """
    at_E = network.layout.potential
    forcing.rates[:] = 0.0
    forcing.strain[:] = 0.0
    forcing.current[:] = 0.0
    scale = live_share(state, network.layout) * network.charge_scale
    _fill_nodes(state[at_E], slopes, network, space, forcing)
    drawn = _add_edges(state, size, slopes, network, space, forcing)
    _add_film(state, slopes, network, forcing)
    if free:
        phases, motion = 0.0, space.derivatives.dy_dt[at_E]
        for p in range(len(network.gibbs)):
            phases -= scale * space.mean[p] * space.slope[p]
        for j in range(len(forcing.rates)):
            own, stored = slopes.electrode[j], slopes.electrode[j, DOUBLE_LAYER]
            more = own[CHARGE_SCALE] / network.charge_scale
            if slopes.of_nodes[j]:
                for p in range(len(network.gibbs)):
                    stored -= scale * space.mean[p] * forcing.slope[j, p]
            taken_up = forcing.current[j] - motion * stored + more * (drawn - motion * phases)
            if stiffness > 0.0:
                taken_up += stiffness * drop_by(j, current, slopes, network)
            forcing.rates[j, at_E] = taken_up / (network.double_layer + phases)
    if network.wear.strains:
        _add_wear(state, slopes, network, space, forcing)


@kernel
def _fill_nodes(
    potential: float, slopes: Slopes, network: Network, space: Workspace, forcing: Forcing
) -> None:
    """Derivatives of the functions of all nodes; see `sbpath.model.thermo`."""
    nodes, moving = len(network.gibbs), False
    for j in range(len(slopes.nodes)):
        own, moving = slopes.nodes[j], moving or slopes.of_nodes[j]
        for p in range(nodes):
            forcing.omega[j, p] = own[GIBBS, p] + F * potential * own[FIXED, p]
            forcing.content[j, p] = own[FIXED, p]
            forcing.slope[j, p] = 0.0
    if not moving:
        return
    for p in range(nodes):
        for g in range(network.gallery_start[p], network.gallery_start[p + 1]):
            sites, scale = network.sites[g], network.site_energy[g]
            z = F * (potential - network.site_potential[g]) / scale
            occupied, logarithm = occupation(z)
            spread = occupied * (1.0 - occupied)
            for j in range(len(slopes.nodes)):
                if slopes.of_nodes[j]:
                    own = slopes.galleries[j]
                    more, wider = own[SITES, g], own[SITE_ENERGY, g] / scale
                    z_slope = -F * own[SITE_POTENTIAL, g] / scale - z * wider
                    omega = (more + sites * wider) * logarithm - sites * occupied * z_slope
                    forcing.omega[j, p] -= scale * omega
                    forcing.content[j, p] += more * occupied - sites * spread * z_slope
                    bend = wider + (1.0 - 2.0 * occupied) * z_slope
                    forcing.slope[j, p] -= F / scale * spread * (more - sites * bend)
    for j in range(len(slopes.nodes)):
        own = slopes.nodes[j]
        for p in range(nodes):
            missing = network.full[p] - space.content[p]
            volume = own[MOLAR_VOLUME, p] - own[PARTIAL_VOLUME, p] * missing
            lacking = own[FULL, p] - forcing.content[j, p]
            forcing.volume[j, p] = volume - network.partial_volume[p] * lacking


@kernel
def _add_edges(
    state: Floats, size: float, slopes: Slopes, network: Network, space: Workspace, forcing: Forcing
) -> float:
    """Add what the parameters change in the rates of edges; returns the current that these consume (A/g)."""
    block, times, edges = network.layout.block, forcing.times, len(network.source)
    live, drawn = live_share(state, network.layout), 0.0
    for i in range(len(network.weight)):
        scale = live * network.charge_scale * network.weight[i]
        for e in range(edges):
            rate = space.rate[i, e]
            if rate * size <= NEGLIGIBLE:
                continue
            p: int = network.source[e]
            q: int = network.target[e]
            start, growth = space.start[i, e], space.growth[i, e]
            waiting = start + growth + network.transport[i, e]
            arriving = front(space.mean[q])
            # Times the share of domains that start from a nucleus, start / nucleation.
            nucleated = start * max(0.0, 1.0 - network.propagation[i, e] * arriving * start)
            driving = space.affinity[e] - network.transformation_work[e]
            volume = new_volume(e, network, space) / driving
            alpha, energy, order, seed = (
                network.alpha[e],
                network.energy[e],
                network.order[e],
                network.seed[e],
            )
            by_affinity, _ = growth_slopes(driving, 0.0, growth, alpha, energy, 0.0, 1.0, network.rounding[e])
            by_exponent = by_affinity
            if driving < ROUNDING_RANGE * network.rounding[e]:
                by_exponent, _ = growth_slopes(driving, 0.0, growth, alpha, energy, 0.0, 1.0, 0.0)
            exponent = 2.0 * nucleated * network.barrier[i, e] * volume
            by_affinity -= exponent * volume / driving
            by_volume = exponent / driving
            lacking = 1.0 - max(state[i * block + q], 0.0)
            filled = 1.0 - (1.0 - seed) * lacking
            times[BARRIER] = nucleated * volume * volume
            times[LOG_ATTEMPT] = -nucleated
            times[PROPAGATION] = -start * arriving * start
            times[GROWTH] = -growth / network.growth[i, e]
            times[TRANSPORT] = 1.0
            times[WORK] = -by_affinity
            times[UNCHANGED] = -by_volume
            times[ALPHA] = -growth * driving / energy
            times[ENERGY] = -by_exponent * driving / energy
            times[ORDER] = -growth * log(filled)
            times[SEED] = -growth * order * lacking / filled
            share, step = -rate / waiting, space.content[q] - space.content[p]
            drawn += scale * step * rate
            stretch = space.log_volume[q] - space.log_volume[p]
            for j in range(len(slopes.edges)):
                own, longer = slopes.edges[j, i * edges + e], 0.0
                for k in range(slopes.span[j, 0], slopes.span[j, 1]):
                    longer += times[k] * own[k]
                longer += by_affinity * (forcing.omega[j, p] - forcing.omega[j, q])
                moving = slopes.of_nodes[j]
                if moving:
                    grown = (
                        forcing.volume[j, q] if network.grows[e] > 0.0 else slopes.nodes[j, MOLAR_VOLUME, q]
                    )
                    longer += by_volume * grown
                elif longer == 0.0:
                    continue
                change = share * longer
                forcing.rates[j, i * block + p] -= change
                forcing.rates[j, i * block + q] += change
                more = step * change
                strained = abs(stretch) * change
                if moving:
                    more += rate * (forcing.content[j, q] - forcing.content[j, p])
                    if network.wear.strains:
                        larger = _log_volume(j, q, network, space, forcing) - _log_volume(
                            j, p, network, space, forcing
                        )
                        strained += rate * (larger if stretch > 0.0 else -larger)
                forcing.current[j] += scale * more
                forcing.strain[j] += network.weight[i] * strained
    return drawn


@kernel
def _log_volume(j: int, p: int, network: Network, space: Workspace, forcing: Forcing) -> float:
    """D ln V_p/dp."""
    return forcing.volume[j, p] / node_volume(p, network, space)


@kernel
def _add_film(state: Floats, slopes: Slopes, network: Network, forcing: Forcing) -> None:
    """Add what the parameters change in the film on both surfaces."""
    driving, first = network.film.onset - state[network.layout.potential], network.layout.first
    if not network.film.forms or driving <= 0.0:
        return
    k, k_slope = sealing(driving, network)
    host = live_share(state, network.layout) * float(state[first[HOST_AREA]])
    exponent = F * driving / (R * network.temperature)
    for j in range(len(slopes.film)):
        if slopes.of_film[j]:
            own, warmer = slopes.film[j], slopes.electrode[j, TEMPERATURE] / network.temperature
            free = k * (1.0 - network.film.sealing_time * k)
            faster = k_slope * (own[ONSET] - driving * warmer) - own[SEALING_TIME] * k * k
            faster += free * (own[SEALING_RATE] / network.film.sealing_rate + exponent * own[TRANSFER])
            _add_surface(
                j,
                host,
                0.0,
                ORIGINS,
                first[BARE],
                first[FILM_THICKNESS],
                k,
                faster,
                state,
                slopes,
                network,
                forcing,
            )
            idle, more = network.film.idle_area, own[IDLE_AREA]
            _add_surface(
                j,
                idle,
                more,
                1,
                first[IDLE_BARE],
                first[IDLE_FILM_THICKNESS],
                k,
                faster,
                state,
                slopes,
                network,
                forcing,
            )


@kernel
def _add_surface(
    j: int,
    area: float,
    larger: float,
    origins: int,
    bare: int,
    thickness: int,
    k: float,
    faster: float,
    state: Floats,
    slopes: Slopes,
    network: Network,
    forcing: Forcing,
) -> None:
    """Add what parameter j changes on a surface, whose area it makes `larger` (m2/g) and whose sealing `faster` (1/s)."""
    film, own, rates = network.film, slopes.film[j], forcing.rates[j]
    driving = film.onset - state[network.layout.potential]
    open_share = 0.0
    for o in range(origins):
        open_share += state[bare + o]
        rates[bare + o] -= faster * state[bare + o]
    covered = 1.0 - open_share
    growth = film.conductivity * driving / state[thickness]
    grows = (own[CONDUCTIVITY] * driving + film.conductivity * own[ONSET]) / state[thickness]
    thinner = faster * (film.sealing_thickness - state[thickness]) + k * own[SEALING_THICKNESS]
    rates[thickness] += own[FILM_VOLUME] * growth + film.volume * grows
    rates[thickness] += open_share * thinner / (covered + SMALLEST_FILMED)
    density = k * open_share * film.sealing_charge + covered * growth
    denser = open_share * (faster * film.sealing_charge + k * own[SEALING_CHARGE]) + covered * grows
    forcing.current[j] += area * denser + larger * density


@kernel
def _add_wear(state: Floats, slopes: Slopes, network: Network, space: Workspace, forcing: Forcing) -> None:
    """Add what the parameters change in the strain rate and in what it drives, see `sbpath.model.strain.drive`."""
    wear, layout, rate = network.wear, network.layout, space.strain_rate[0]
    first, at_E = layout.first, layout.potential
    motion: float = space.derivatives.dy_dt[at_E]
    rounded = hypot(motion, MOTION_ROUNDING)
    speed = motion * motion / (rounded + MOTION_ROUNDING)
    by_motion = breathing_per_volt(network, space) * motion / rounded
    for j in range(len(forcing.rates)):
        rates, own = forcing.rates[j], slopes.wear[j]
        strained = forcing.strain[j] + by_motion * rates[at_E]
        if slopes.of_nodes[j]:
            for p in range(len(network.gibbs)):
                bend = slopes.nodes[j, PARTIAL_VOLUME, p] * space.slope[p]
                bend = (bend + network.partial_volume[p] * forcing.slope[j, p]) / node_volume(
                    p, network, space
                )
                bend -= space.log_slope[p] * _log_volume(j, p, network, space, forcing)
                strained += space.mean[p] * (bend if space.log_slope[p] > 0.0 else -bend) * speed
        if layout.loses:
            at: int = first[LIVE_SHARE]
            rates[at] -= (strained * wear.contact_loss + rate * own[CONTACT_LOSS]) * state[at]
        if network.film.forms:
            at_area: int = first[HOST_AREA]
            missing, breaking, covered = wear.fragment_area - state[at_area], 0.0, 1.0
            if missing > 0.0 and state[at_area] > SMALLEST_AREA:
                breaking = (strained * wear.fragmentation + rate * own[FRAGMENTATION]) * missing
                breaking = (breaking + rate * wear.fragmentation * own[FRAGMENT_AREA]) / state[at_area]
            torn = 2.0 / 3.0 * (strained * wear.torn_share + rate * own[TORN_SHARE])
            rates[at_area] += breaking * state[at_area]
            for o in range(ORIGINS):
                bare = state[first[BARE] + o]
                covered -= bare
                rates[first[BARE] + o] -= bare * breaking
            rates[first[BARE] + BROKEN] += breaking
            rates[first[BARE] + TORN] += torn * covered
