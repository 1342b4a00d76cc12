"""An electrode under what the cycler imposes: everything about it at one instant.

In current control the charge that has passed is known exactly (q0 + I t). A state that the
integrator proposes is therefore moved onto that charge before anything is read off it, and
charge is conserved to rounding at every instant.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sbpath.kernels import Floats, kernel
from sbpath.model.equations import (
    Drive,
    Workspace,
    evaluate,
    fill_nodes,
    fill_shares,
    node_volume,
    stored_charge,
    stored_energy,
)
from sbpath.model.network import Network
from sbpath.physical import FARADAY_C_PER_MOL as F

# Charge is settled to this fraction of F/M, which is rounding.
CHARGE_ROUNDING = 1e-14

# Columns of an instant: time since the start of the step (s), I (A/g), V at the terminals (V),
# dE/dt (V/s), charge held (C/g), alkali x (mol per mol Sb), C of the equations (F/g), volume
# (m^3 per mol Sb), energy held (J/g), E (V).
TIME, CURRENT, VOLTAGE, MOTION, CHARGE, CONTENT, CAPACITANCE, VOLUME, STORED, POTENTIAL = range(10)
SHARES = 10


class Layout(NamedTuple):
    """Where the other columns of an instant begin, of P nodes and E edges.

    From `SHARES` on the P shares of all Sb in the nodes, from `affinity` on those of the E
    edges (J/mol), from `powers` on V I, I^2 R_s and the heat of the edges by cause (W/g; 4 E,
    see `fill_heat`), from `flows` on the rates of the edges (1/s) and the currents that they
    carry (A/g) (2 E). `width` columns in all; those from `powers` on are integrated in time,
    and ``d(stored)/dt = -sum(powers)``.
    """

    affinity: int
    powers: int
    flows: int
    width: int


@kernel
def layout(nodes: int, edges: int) -> Layout:
    """The columns of an instant."""
    affinity = SHARES + nodes
    powers = affinity + edges
    flows = powers + 2 + 4 * edges
    return Layout(affinity, powers, flows, flows + 2 * edges)


class Held(NamedTuple):
    """What a step conserves: the sum of fractions of each particle (N), and the charge held at
    its start (C/g), to which I t is added.
    """

    totals: Floats
    charge: float


@kernel
def begin_step(drive: Drive, state: Floats, network: Network, work: Workspace) -> tuple[Held, float]:
    """What the coming step conserves, and the energy that a jump of E delivers (J/g).

    Where the voltage is imposed and nothing stands between it and E, E jumps to it, in `state`:
    the limit of an infinitely fast sweep, in which no phase changes and the charge of double
    layer and galleries moves reversibly.
    """
    nodes, particles = len(network.gibbs), len(network.weight)
    last = nodes * particles
    totals = np.zeros(particles)
    for i in range(particles):
        for p in range(nodes):
            totals[i] += state[i * nodes + p]
    fill_shares(state, network, work)
    fill_nodes(state[last], network, work)
    before = stored_energy(state[last], network, work)
    if not drive.current_control and network.resistance == 0.0:
        state[last] = drive.level
        fill_nodes(drive.level, network, work)
    jump = before - stored_energy(state[last], network, work)
    return Held(totals, stored_charge(state[last], network, work)[0]), jump


@kernel
def read_point(
    time: float,
    state: Floats,
    begin: Floats,
    end: Floats,
    held: Held,
    drive: Drive,
    network: Network,
    work: Workspace,
    with_jacobian: bool,
    values: Floats,
) -> None:
    """Everything at one instant into `values`, with `state` moved (in place) onto the charge passed.

    `begin` and `end` are the states between which the integrator proposes this one.
    """
    nodes, edges, particles = len(network.gibbs), len(network.source), len(network.weight)
    last = nodes * particles
    # The sum of the fractions is conserved but for rounding, which a small resistance,
    # being stiff, makes large; the largest fraction takes it up.
    for i in range(particles):
        first = i * nodes
        largest, total = first, 0.0
        for k in range(first, first + nodes):
            total += state[k]
            if state[k] > state[largest]:
                largest = k
        state[largest] += held.totals[i] - total
    if drive.current_control:
        settle_charge(held.charge + drive.level * time, state, begin, end, network, work)
    current = evaluate(time, state, drive, network, work, with_jacobian)
    charge, capacitance = stored_charge(state[last], network, work)
    if drive.current_control:
        charge = held.charge + current * time
    potential = state[last]
    voltage = potential - current * network.resistance
    values[TIME] = time
    values[CURRENT] = current
    values[VOLTAGE] = voltage
    values[MOTION] = work.slopes.derivative[last]
    values[CHARGE] = charge
    values[CONTENT] = (charge + network.double_layer * potential) / network.charge_scale
    values[CAPACITANCE] = capacitance
    values[STORED] = stored_energy(potential, network, work)
    values[POTENTIAL] = potential
    volume = 0.0
    for p in range(nodes):
        values[SHARES + p] = work.share[p]
        volume += work.share[p] * node_volume(p, network, work)
    values[VOLUME] = volume
    at = layout(nodes, edges)
    values[at.powers] = voltage * current
    values[at.powers + 1] = current * current * network.resistance
    for e in range(edges):
        values[at.affinity + e] = work.affinity[e]
    fill_heat(network, work, values[at.powers + 2 : at.flows])
    fill_flows(network, work, values[at.flows :])


@kernel
def fill_heat(network: Network, work: Workspace, parts: Floats) -> None:
    """Heat of the edges by cause (W/g), 4 E: all edges by nucleation, then growth, transport, work.

    What is left of the affinity after the transformation work is shared out as the three times
    in series share the waiting, ``r (A - W) tau_i / (tau_1 + tau_2 + tau_3) / M``; so each part
    is zero or more, and they add up to ``r A / M``. After `evaluate`.
    """
    edges = len(network.source)
    parts[:] = 0.0
    for i in range(len(network.weight)):
        per_gram = network.charge_scale * network.weight[i] / F
        for e in range(edges):
            power = work.rate[i, e] * per_gram
            if power <= 0.0:
                continue
            nucleation, growth, transport = work.nucleation[i, e], work.growth[i, e], network.transport[i, e]
            per_time = power * (work.affinity[e] - network.work[e]) / (nucleation + growth + transport)
            parts[e] += per_time * nucleation
            parts[edges + e] += per_time * growth
            parts[2 * edges + e] += per_time * transport
            parts[3 * edges + e] += power * network.work[e]


@kernel
def fill_flows(network: Network, work: Workspace, flows: Floats) -> None:
    """Rate of each edge (1/s) of all particles together, and the current that it carries (A/g)."""
    edges = len(network.source)
    for e in range(edges):
        rate = 0.0
        for i in range(len(network.weight)):
            rate += network.weight[i] * work.rate[i, e]
        flows[e] = rate
        gain = work.content[network.target[e]] - work.content[network.source[e]]
        flows[edges + e] = network.charge_scale * rate * gain


@kernel
def settle_charge(
    charge: float, state: Floats, begin: Floats, end: Floats, network: Network, work: Workspace
) -> None:
    """Move `state` onto the `charge` (C/g) that has passed, by the smallest change that can.

    The change runs along the way from `begin` to `end` and along E. Moving E alone would
    turn an error of 1e-7 in charge into one of 1e-5 V, the double layer being small.
    """
    nodes, particles = len(network.gibbs), len(network.weight)
    last = nodes * particles
    for _ in range(3):
        fill_nodes(state[last], network, work)
        fill_shares(state, network, work)
        present, capacitance = stored_charge(state[last], network, work)
        missing = charge - present
        if abs(missing) <= CHARGE_ROUNDING * network.charge_scale:
            break
        faradaic = 0.0
        for i in range(particles):
            for p in range(nodes):
                k = i * nodes + p
                faradaic += network.weight[i] * work.content[p] * (end[k] - begin[k])
        faradaic *= network.charge_scale
        swing = end[last] - begin[last]
        capacitive = capacitance * swing
        square = faradaic * faradaic + capacitive * capacitive
        if not square > 0.0:
            break
        share = missing / square
        for k in range(last):
            state[k] += share * faradaic * (end[k] - begin[k])
        state[last] -= share * capacitive * swing
