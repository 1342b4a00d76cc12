"""The complete state of an electrode at one instant under the imposed current or voltage.

In current control the charge passed is known exactly (q0 + I t). A state proposed by the
integrator is therefore projected onto that charge before anything is derived from it, so that
charge is conserved to rounding at every instant.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sbpath.kernels import Floats, kernel
from sbpath.model.charge_transfer import is_direct, overpotential
from sbpath.model.columns import (
    CAPACITANCE,
    CHARGE,
    CHARGE_TRANSFER,
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
from sbpath.model.equations import (
    Control,
    evaluate,
    evaluate_filled,
    stored_charge,
    stored_energy,
    warming_power,
)
from sbpath.model.network import Network, network_at
from sbpath.model.processes import fill_columns, side_charge
from sbpath.model.transformations import phase_charge
from sbpath.model.unknowns import LIVE_SHARE, live_share
from sbpath.model.workspace import Workspace, fill_means, fill_nodes, node_volume, workspace

# Charge is settled to this fraction of F/M, the level of rounding.
CHARGE_ROUNDING = 1e-14
# Half the width of the difference that gives derivatives by temperature (K): affinities change by less than
# the range over which the growth rate is rounded off.
TEMPERATURE_STEP = 1e-5
# Most that Newton's method may move E at once (V).
MAX_MOVE_V = 0.02


class Tolerances(NamedTuple):
    """`sbpath.solver.trial.SolverOptions` for kernels."""

    rtol: float
    atol: float
    max_steps: int


class Conserved(NamedTuple):
    """Conserved quantities of a step: the `host` of each particle, as a sum of shares (N), and the
    `charge` held at the start (C/g), to which I t is added.
    """

    host: Floats
    charge: float


class StepProblem(NamedTuple):
    """What is fixed during a segment of a protocol step: the electrode, its control, the conserved
    quantities, the tolerances, the longest `duration` (s), and the output `period` (s), 0 for output at the
    nodes of the integrator's steps. If the control warms it, the electrode is as at the start of the step,
    and its `copy` has room for any other instant (see `present`).
    """

    network: Network
    copy: Network
    control: Control
    conserved: Conserved
    tolerances: Tolerances
    duration: float
    period: float


@kernel
def present(time: float, problem: StepProblem) -> Network:
    """The electrode at the temperature of an instant of the step."""
    warming = problem.control.warming
    if warming == 0.0:
        return problem.network
    return network_at(problem.network.temperature + warming * time, problem.network, problem.copy)


@kernel
def fill_by_temperature(time: float, state: Floats, problem: StepProblem, space: Workspace) -> None:
    """Write the rates' explicit derivatives by T, times dT/dt, to `space.way`, as central differences."""
    network, control, copy, way = problem.network, problem.control, problem.copy, space.way
    temperature = network.temperature + control.warming * time
    for side in range(2):
        sign = 1.0 - 2.0 * side
        moved = network_at(temperature + sign * TEMPERATURE_STEP, network, copy)
        evaluate(time, state, control, moved, space, False)
        for k in range(len(state)):
            rate = sign * space.derivatives.dy_dt[k] * control.warming / (2.0 * TEMPERATURE_STEP)
            way[k] = rate if side == 0 else way[k] + rate


@kernel
def begin_step(
    control: Control, state: Floats, network: Network, space: Workspace
) -> tuple[Conserved, float]:
    """The conserved quantities of the coming step, and the energy delivered by a jump of E (J/g).

    If the voltage is imposed and is that of the electrode, E jumps to it in `state`: the limit
    of an infinitely fast sweep, in which no phase transforms and the charge of double layer and
    galleries moves reversibly.
    """
    layout = network.layout
    host = np.zeros(len(network.weight))
    for i in range(len(host)):
        for b in range(layout.host):
            host[i] += state[i * layout.block + b]
    fill_means(state, network, space.mean)
    fill_nodes(state[layout.potential], network, space)
    before = stored_energy(state, network, space)
    if not control.current_control and is_direct(network):
        state[layout.potential] = control.level
        fill_nodes(control.level, network, space)
    jump = before - stored_energy(state, network, space)
    return Conserved(host, stored_charge(state, network, space)[0]), jump


def at_temperature(state: Floats, old: Network, new: Network) -> tuple[Floats, float]:
    """The state after a sudden change from one temperature to another, and the integral of S dT (J/g).

    No phase transforms, and no charge passes: E changes where the content of a phase at a given E does.
    """
    space, at_E = workspace(old), old.layout.potential
    state = state.copy()
    fill_means(state, old, space.mean)
    fill_nodes(state[at_E], old, space)
    charge, before = stored_charge(state, old, space)[0], stored_energy(state, old, space)
    for _ in range(100):
        fill_nodes(state[at_E], new, space)
        held, capacitance = stored_charge(state, new, space)
        if abs(charge - held) <= CHARGE_ROUNDING * new.charge_scale:
            break
        state[at_E] -= min(max((charge - held) / capacitance, -MAX_MOVE_V), MAX_MOVE_V)
    return state, before - stored_energy(state, new, space)


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
    """Write all columns of one instant to `values`, with `state` moved (in place) onto the charge passed.

    `begin` and `end` are the ends of the integrator step to which `state` belongs.
    """
    network, control, conserved = present(time, problem), problem.control, problem.conserved
    layout, columns = network.layout, network.columns
    # The host of a particle is conserved up to rounding, which the stiffness of a small
    # resistance amplifies; the largest share absorbs it.
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
    warms = with_jacobian and control.warming != 0.0
    if warms:
        fill_by_temperature(time, state, problem, space)
        network = present(time, problem)
        filled = False
    if not filled:
        fill_nodes(state[layout.potential], network, space)
        fill_means(state, network, space.mean)
    current = evaluate_filled(time, state, control, network, space, with_jacobian)
    if warms:
        for k in range(layout.unknowns):
            space.derivatives.by_time[k] += space.way[k]
    charge, capacitance = stored_charge(state, network, space)
    if control.current_control:
        charge = conserved.charge + current * time
    potential = state[layout.potential]
    eta = overpotential(current, network)
    voltage = potential - current * network.resistance - eta
    values[TIME] = time
    values[CURRENT] = current
    values[VOLTAGE] = voltage
    values[MOTION] = space.derivatives.dy_dt[layout.potential]
    values[CHARGE] = charge
    phases = charge + network.double_layer * potential - side_charge(state, network)
    live = live_share(state, layout)
    values[CONTENT] = phases / (live * network.charge_scale)
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
    values[columns.power + 1] = live * warming_power(control, potential, network, space)
    values[columns.heat[RESISTANCE]] = current * current * network.resistance
    values[columns.heat[CHARGE_TRANSFER]] = current * eta
    fill_columns(state, network, space, values)


@kernel
def settle_charge(
    charge: float, state: Floats, begin: Floats, end: Floats, network: Network, space: Workspace
) -> bool:
    """Move `state` onto the given `charge` (C/g) by the smallest possible change.

    The change is along the direction from `begin` to `end` and along E. Moving E alone would
    turn an error of 1e-7 in charge into one of 1e-5 V, because the double layer is small. Returns
    whether `space` holds the nodes and means of the resulting state.
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
        faradaic = live_share(state, network.layout) * phase_charge(space.way_mean, network, space)[0]
        if network.layout.loses:
            faradaic += way[network.layout.first[LIVE_SHARE]] * phase_charge(space.mean, network, space)[0]
        faradaic += side_charge(way, network)
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
