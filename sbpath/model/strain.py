"""What the volume change of the host does to it: film torn open, particles broken, host cut off.

All three follow the strain rate of the live host, the logarithmic volume change of what transforms,

    eps = sum_i w_i (sum_e s_e r_ie + sum_p theta_ip |d ln V_p/dE| |dE/dt|),   s_e = |ln(V_q / V_p)|

with fractions theta of the live host, which add up to 1, and molar volumes V of whole nodes. It is the same
along any monotonic path, and counts domains rather than their mean. Then, with the live share a, the
surface A of live host (m2/g), its bare share by origin (b_s bare from the start, b_f from breaking, b_t torn
open; b their sum), the alkali n_t and the energy G_l in host that has been cut off, and the strain W:

    dW/dt   = eps
    da/dt   = -chi eps a,     dn_t/dt = chi eps a sum_p Theta_p x_p,
    dG_l/dt = chi eps a sum_p Theta_p (Omega_p - F E x_p) / M
    dA/dt   = g eps (A_c - A)+
    db_o/dt = -b_o (dA/dt)/A,   and in addition  (dA/dt)/A for b_f,  (2/3) phi eps (1 - b) for b_t

The factor 2/3 turns a strain of volume into one of area. Host that is cut off keeps its phase and its
alkali, which has been paid for, so this process carries no current. Particles lose host alike.
"""

from __future__ import annotations

from math import log, sqrt

from sbpath.kernels import Floats, kernel
from sbpath.model.network import Network
from sbpath.model.unknowns import (
    BARE,
    BROKEN,
    HOST_AREA,
    LIVE_SHARE,
    LOST_ENERGY,
    ORIGINS,
    STRAIN,
    TORN,
    TRAPPED,
    live_share,
)
from sbpath.model.workspace import Workspace, node_volume
from sbpath.physical import FARADAY_C_PER_MOL as F

# Rounds the corner of |dE/dt| (V/s).
MOTION_ROUNDING = 1e-10
# Host with less surface than this (m2/g) is covered, and stays so.
SMALLEST_AREA = 1e-9


@kernel
def fill_stretch(network: Network, space: Workspace) -> None:
    """Logarithmic volumes of all nodes and their slopes with E; call after `fill_nodes`."""
    if not network.wear.strains:
        return
    space.strain_rate[0] = 0.0
    space.strain_row[:] = 0.0
    for p in range(len(network.gibbs)):
        volume = node_volume(p, network, space)
        space.log_volume[p] = log(volume)
        space.log_slope[p] = network.partial_volume[p] * space.slope[p] / volume


@kernel
def add_stretch(
    i: int,
    e: int,
    by_reactant: float,
    by_product: float,
    by_potential: float,
    by_front: float,
    network: Network,
    space: Workspace,
) -> None:
    """Add the strain of edge e in particle i, from its rate and the derivatives of it, to the strain rate and its derivatives."""
    first, share, rate = i * network.layout.block, network.weight[i], space.rate[i, e]
    p, q = network.source[e], network.target[e]
    stretch = space.log_volume[q] - space.log_volume[p]
    slope = space.log_slope[q] - space.log_slope[p]
    if stretch < 0.0:
        stretch, slope = -stretch, -slope
    row = space.strain_row
    space.strain_rate[0] += share * stretch * rate
    row[first + p] += share * stretch * by_reactant
    row[first + q] += share * stretch * by_product
    row[network.layout.potential] += share * (stretch * by_potential + slope * rate)
    if network.mean[e] >= 0:
        row[network.layout.potential + network.layout.shared + network.mean[e]] += share * stretch * by_front


@kernel
def add_strain(state: Floats, network: Network, space: Workspace, with_jacobian: bool) -> None:
    """Add the rates of all that strain drives; call when dE/dt and its derivatives are known."""
    if network.wear.strains:
        _add_galleries(network, space, with_jacobian)
        drive(state, network, space, with_jacobian)


@kernel
def drive(state: Floats, network: Network, space: Workspace, with_jacobian: bool) -> None:
    """Add the rates of all that the strain rate drives, which are linear in it."""
    wear, layout = network.wear, network.layout
    rows, at_E = space.derivatives.rows, layout.potential
    rate, first = space.strain_rate[0], layout.first
    live = live_share(state, layout)
    _drive(first[STRAIN], 1.0, network, space, with_jacobian)
    if layout.loses:
        content, energy = 0.0, 0.0
        for p in range(len(network.gibbs)):
            content += space.mean[p] * space.content[p]
            energy += space.mean[p] * (space.omega[p] / F - state[at_E] * space.content[p])
        energy *= network.charge_scale
        at_a, at_n, at_G = first[LIVE_SHARE], first[TRAPPED], first[LOST_ENERGY]
        _drive(at_a, -wear.contact_loss * live, network, space, with_jacobian)
        _drive(at_n, wear.contact_loss * live * content, network, space, with_jacobian)
        _drive(at_G, wear.contact_loss * live * energy, network, space, with_jacobian)
        if with_jacobian:
            lost = wear.contact_loss * rate
            rows[at_a - at_E, at_a] -= lost
            rows[at_n - at_E, at_a] += lost * content
            rows[at_G - at_E, at_a] += lost * energy
            by_E = 0.0
            for p in range(len(network.gibbs)):
                by_E += space.mean[p] * space.slope[p]
            rows[at_n - at_E, at_E] += lost * live * by_E
            # d Omega/dE = F x cancels the content, which leaves -F E dx/dE.
            rows[at_G - at_E, at_E] -= lost * live * network.charge_scale * state[at_E] * by_E
            for i in range(len(network.weight)):
                share = lost * live * network.weight[i]
                for p in range(len(network.gibbs)):
                    k = i * layout.block + p
                    held = space.omega[p] / F - state[at_E] * space.content[p]
                    rows[at_n - at_E, k] += share * space.content[p]
                    rows[at_G - at_E, k] += share * network.charge_scale * held
    if network.film.forms:
        at_area: int = first[HOST_AREA]
        area, missing = state[at_area], wear.fragment_area - state[at_area]
        breaking = 0.0
        if missing > 0.0 and area > SMALLEST_AREA:
            breaking = wear.fragmentation * missing / area
            _drive(first[HOST_AREA], breaking * area, network, space, with_jacobian)
            if with_jacobian:
                rows[first[HOST_AREA] - at_E, first[HOST_AREA]] -= wear.fragmentation * rate
        # d breaking/dA = -(g + breaking) / A
        by_area = -(wear.fragmentation + breaking) / area * rate if breaking > 0.0 else 0.0
        tearing = 2.0 / 3.0 * wear.torn_share
        covered = 1.0
        for o in range(ORIGINS):
            covered -= state[first[BARE] + o]
        for o in range(ORIGINS):
            at: int = first[BARE] + o
            gain = -state[at] * breaking
            fresh = 1.0 if o == BROKEN else 0.0
            torn = tearing if o == TORN else 0.0
            gain += fresh * breaking + torn * covered
            _drive(at, gain, network, space, with_jacobian)
            if with_jacobian:
                rows[at - at_E, at] -= breaking * rate
                rows[at - at_E, first[HOST_AREA]] += (fresh - state[at]) * by_area
                for other in range(ORIGINS):
                    rows[at - at_E, first[BARE] + other] -= torn * rate


@kernel
def breathing_per_volt(network: Network, space: Workspace) -> float:
    """The strain of all galleries by E, ``sum_p Theta_p |d ln V_p/dE|`` (1/V)."""
    breathing = 0.0
    for p in range(len(network.gibbs)):
        breathing += space.mean[p] * abs(space.log_slope[p])
    return breathing


@kernel
def _add_galleries(network: Network, space: Workspace, with_jacobian: bool) -> None:
    """Add the strain of galleries that fill or empty."""
    layout, at_E = network.layout, network.layout.potential
    dy_dt, _, _, rows, by_time, _ = space.derivatives
    motion = dy_dt[at_E]
    rounded = sqrt(motion * motion + MOTION_ROUNDING * MOTION_ROUNDING)
    # |u| without loss of digits at small u
    speed = motion * motion / (rounded + MOTION_ROUNDING)
    breathing = breathing_per_volt(network, space)
    space.strain_rate[0] += breathing * speed
    if not with_jacobian or breathing == 0.0:
        return
    row = space.strain_row
    by_motion = breathing * motion / rounded
    for k in range(len(row)):
        row[k] += by_motion * rows[0, k]
    for i in range(len(network.weight)):
        for p in range(len(network.gibbs)):
            row[i * layout.block + p] += network.weight[i] * abs(space.log_slope[p]) * speed
    for p in range(len(network.gibbs)):
        slope = space.log_slope[p]
        if slope != 0.0:
            bend = slope * space.curvature[p] / space.slope[p] - slope * slope
            row[at_E] += space.mean[p] * (bend if slope > 0.0 else -bend) * speed
    space.strain_by_time[0] = by_motion * by_time[at_E]


@kernel
def _drive(at: int, factor: float, network: Network, space: Workspace, with_jacobian: bool) -> None:
    """Add `factor` times the strain rate to the rate of the unknown at `at`."""
    space.derivatives.dy_dt[at] += factor * space.strain_rate[0]
    if with_jacobian:
        own = at - network.layout.potential
        rows = space.derivatives.rows
        for k in range(len(space.strain_row)):
            rows[own, k] += factor * space.strain_row[k]
        space.derivatives.by_time[at] += factor * space.strain_by_time[0]


@kernel
def cut_off_charge(state: Floats, network: Network) -> float:
    """Charge in host that has been cut off (C/g)."""
    if not network.layout.loses:
        return 0.0
    at: int = network.layout.first[TRAPPED]
    return network.charge_scale * state[at]


@kernel
def cut_off_energy(state: Floats, network: Network) -> float:
    """Free energy of host that has been cut off (J/g)."""
    if not network.layout.loses:
        return 0.0
    at: int = network.layout.first[LOST_ENERGY]
    return state[at]
