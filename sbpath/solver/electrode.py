"""An electrode under what the cycler imposes: everything about it at one instant.

In current control the charge that has passed is known exactly (q0 + I t). A state that the
integrator proposes is therefore moved onto that charge before anything is read off it, and
charge is conserved to rounding at every instant.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sbpath.kernels import Floats, kernel
from sbpath.model.columns import (
    CAPACITANCE,
    CHARGE,
    CONTENT,
    CURRENT,
    MOTION,
    POTENTIAL,
    RESISTANCE,
    STORED,
    TIME,
    VOLTAGE,
    VOLUME,
)
from sbpath.model.equations import Control, evaluate_filled, stored_charge, stored_energy
from sbpath.model.network import Network
from sbpath.model.processes import fill_columns, side_charge
from sbpath.model.transformations import phase_charge
from sbpath.model.workspace import Workspace, fill_means, fill_nodes, node_volume

# Charge is settled to this fraction of F/M, which is rounding.
CHARGE_ROUNDING = 1e-14


class Tolerances(NamedTuple):
    """`sbpath.solver.trial.SolverOptions` as kernels take them."""

    rtol: float
    atol: float
    max_steps: int


class Conserved(NamedTuple):
    """What a step conserves: the host of each particle, as a sum of shares (N), and the charge held
    at its start (C/g), to which I t is added.
    """

    host: Floats
    charge: float


class StepProblem(NamedTuple):
    """What holds during a protocol step: the electrode, what is imposed on it, what it conserves,
    how accurate the solution is to be, the longest time it may take (s), and the period of its output
    (s), 0 for the nodes of the integrator's steps.
    """

    network: Network
    control: Control
    conserved: Conserved
    tolerances: Tolerances
    duration: float
    period: float


@kernel
def begin_step(
    control: Control, state: Floats, network: Network, space: Workspace
) -> tuple[Conserved, float]:
    """What the coming step conserves, and the energy that a jump of E delivers (J/g).

    Where the voltage is imposed and nothing stands between it and E, E jumps to it, in `state`:
    the limit of an infinitely fast sweep, in which no phase changes and the charge of double
    layer and galleries moves reversibly.
    """
    layout = network.layout
    host = np.zeros(len(network.weight))
    for i in range(len(host)):
        for b in range(layout.host):
            host[i] += state[i * layout.block + b]
    fill_means(state, network, space.mean)
    fill_nodes(state[layout.potential], network, space)
    before = stored_energy(state, network, space)
    if not control.current_control and network.resistance == 0.0:
        state[layout.potential] = control.level
        fill_nodes(control.level, network, space)
    jump = before - stored_energy(state, network, space)
    return Conserved(host, stored_charge(state, network, space)[0]), jump


@kernel
def read_point(
    time: float,
    state: Floats,
    begin: Floats,
    end: Floats,
    problem: StepProblem,
    space: Workspace,
    with_jacobian: bool,
    values: Floats,
) -> None:
    """Everything at one instant into `values`, with `state` moved (in place) onto the charge passed.

    `begin` and `end` are the states between which the integrator proposes this one.
    """
    network, control, conserved = problem.network, problem.control, problem.conserved
    layout, columns = network.layout, network.columns
    # The host of a particle is conserved but for rounding, which a small resistance,
    # being stiff, makes large; the largest share takes it up.
    for i in range(len(network.weight)):
        first = i * layout.block
        largest, total = first, 0.0
        for k in range(first, first + layout.host):
            total += state[k]
            if state[k] > state[largest]:
                largest = k
        state[largest] += conserved.host[i] - total
    filled = False
    if control.current_control:
        passed = conserved.charge + control.level * time
        filled = settle_charge(passed, state, begin, end, network, space)
    if not filled:
        fill_nodes(state[layout.potential], network, space)
        fill_means(state, network, space.mean)
    current = evaluate_filled(time, state, control, network, space, with_jacobian)
    charge, capacitance = stored_charge(state, network, space)
    if control.current_control:
        charge = conserved.charge + current * time
    potential = state[layout.potential]
    voltage = potential - current * network.resistance
    values[TIME] = time
    values[CURRENT] = current
    values[VOLTAGE] = voltage
    values[MOTION] = space.derivatives.dy_dt[layout.potential]
    values[CHARGE] = charge
    phases = charge + network.double_layer * potential - side_charge(state, network)
    values[CONTENT] = phases / network.charge_scale
    values[CAPACITANCE] = capacitance
    values[STORED] = stored_energy(state, network, space)
    for k in range(layout.potential, layout.unknowns):
        values[POTENTIAL + k - layout.potential] = state[k]
    for b in range(layout.block):
        values[columns.means + b] = space.mean[b]
    volume = 0.0
    for p in range(len(network.gibbs)):
        volume += space.mean[p] * node_volume(p, network, space)
    values[VOLUME] = volume
    values[columns.power] = voltage * current
    values[columns.heat[RESISTANCE]] = current * current * network.resistance
    fill_columns(state, network, space, values)


@kernel
def settle_charge(
    charge: float, state: Floats, begin: Floats, end: Floats, network: Network, space: Workspace
) -> bool:
    """Move `state` onto the `charge` (C/g) that has passed, by the smallest change that can.

    The change runs along the way from `begin` to `end` and along E. Moving E alone would
    turn an error of 1e-7 in charge into one of 1e-5 V, the double layer being small. Returns
    whether `space` holds the nodes and means of the state as it is then.
    """
    at_E, way = network.layout.potential, space.way
    for _ in range(3):
        fill_nodes(state[at_E], network, space)
        fill_means(state, network, space.mean)
        present, capacitance = stored_charge(state, network, space)
        missing = charge - present
        if abs(missing) <= CHARGE_ROUNDING * network.charge_scale:
            return True
        for k in range(len(state)):
            way[k] = end[k] - begin[k]
        fill_means(way, network, space.way_mean)
        faradaic = phase_charge(space.way_mean, network, space)[0] + side_charge(way, network)
        capacitive = capacitance * way[at_E]
        square = faradaic * faradaic + capacitive * capacitive
        if not square > 0.0:
            return True
        share = missing / square
        for k in range(len(state)):
            if k != at_E:
                state[k] += share * faradaic * way[k]
        state[at_E] -= share * capacitive * way[at_E]
    return False
