"""One trial step of the integrator, and how wrong it is.

A step is good when its end is accurate, the energy balance over its inner points holds, and
no fraction sinks below zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple

import numpy as np

from sbpath.errors import InputError
from sbpath.kernels import Floats, Floats2, kernel
from sbpath.model.equations import Drive, Slopes, Workspace, evaluate, room_for_slopes, workspace
from sbpath.model.network import Network
from sbpath.solver.electrode import (
    CAPACITANCE,
    CURRENT,
    MOTION,
    POTENTIAL,
    STORED,
    TIME,
    Held,
    layout,
    read_point,
)
from sbpath.solver.record import FULL_WEIGHTS, NODES
from sbpath.solver.rosenbrock import (
    STAGES,
    TIMES,
    Factors,
    factor,
    fill_stage,
    interpolate,
    room_for_factors,
    stage_point,
)

# Over so many unknowns is the error averaged. A graph may have many more, but most of its nodes are
# empty at any time, and would only dilute the error of the others.
AT_WORK = 4.0
# An error in E may change the current by this share of itself, and need not be below this (V).
STEEP, SMALLEST_POTENTIAL_TOLERANCE = 0.1, 1e-9
# Currents below this (A/g, about C/10,000) need not be resolved: at rest nothing is.
SLOW_CURRENT = 5e-5

# Below these tolerances rounding in double precision decides, not the method.
SMALLEST_RTOL, SMALLEST_ATOL = 1e-10, 1e-13


@dataclass(frozen=True, slots=True)
class SolverOptions:
    """Accuracy of the integration.

    Attributes
    ----------
    rtol, atol : float
        Relative and absolute tolerance per step of each fraction and of the potential (V).
        A tight `atol` matters most: what nucleates starts from nothing.
    max_steps : int
        Integrator steps allowed within one protocol step.

    Raises
    ------
    InputError
        For tolerances above 1e-2 or below what double precision can hold, or no steps.
    """

    rtol: float = 1e-6
    atol: float = 1e-9
    max_steps: int = 20_000

    def __post_init__(self) -> None:
        problems = [
            f"{name}: must lie between {least:g} and 0.01, not {value!r}"
            for name, value, least in (("rtol", self.rtol, SMALLEST_RTOL), ("atol", self.atol, SMALLEST_ATOL))
            if not least <= value <= 1e-2
        ]
        if self.max_steps < 1:
            problems.append(f"max_steps: must be 1 or more, not {self.max_steps!r}")
        if problems:
            raise InputError(problems)


class Tolerances(NamedTuple):
    """`SolverOptions` as kernels take them."""

    rtol: float
    atol: float
    max_steps: int


class Situation(NamedTuple):
    """What holds during a protocol step: the electrode, what is imposed on it, what it conserves,
    how accurate the solution is to be.
    """

    network: Network
    drive: Drive
    held: Held
    tolerances: Tolerances


class Room(NamedTuple):
    """Room for the integration of one step after another, n unknowns.

    `work` for evaluations; `slopes` at the start of the present trial step, `next_slopes` at its
    end, `factors` and `stages` (8, n) in between; `states` (4, n) and `values` (4, columns) at
    its start, its two inner nodes and its end; `state` (n), `reading` (columns) and the integrals
    `reached` of any other point of it.
    """

    work: Workspace
    slopes: Slopes
    next_slopes: Slopes
    factors: Factors
    stages: Floats2
    states: Floats2
    values: Floats2
    state: Floats
    reading: Floats
    reached: Floats


@kernel
def room_for_steps(network: Network) -> Room:
    """Fresh room."""
    particles, nodes, edges = len(network.weight), len(network.gibbs), len(network.source)
    unknowns = particles * nodes + 1
    at = layout(nodes, edges)
    return Room(
        workspace(network),
        room_for_slopes(network),
        room_for_slopes(network),
        room_for_factors(particles, nodes),
        np.zeros((STAGES, unknowns)),
        np.zeros((4, unknowns)),
        np.zeros((4, at.width)),
        np.zeros(unknowns),
        np.zeros(at.width),
        np.zeros(at.width - at.powers),
    )


@kernel
def copy_slopes(source: Slopes, target: Slopes) -> None:
    """`source` into `target`."""
    particles, nodes, _ = source.blocks.shape
    for k in range(len(source.row)):
        target.derivative[k] = source.derivative[k]
        target.row[k] = source.row[k]
    for k in range(len(source.column)):
        target.column[k] = source.column[k]
    for i in range(particles):
        for p in range(nodes):
            for q in range(nodes):
                target.blocks[i, p, q] = source.blocks[i, p, q]
    target.by_time[0] = source.by_time[0]


@kernel
def try_step(size: float, situation: Situation, room: Room) -> float:
    """A trial step of length `size`: its end in the last of `room.states`, its error in tolerances.

    The error is infinite where the step cannot be computed.
    """
    network, drive, _, tolerances = situation
    begin, end = room.states[0], room.states[3]
    time = room.values[0, TIME]
    by_time = room.slopes.by_time[0]
    if not factor(room.slopes, size, room.factors):
        return np.inf
    if not fill_stage(0, size, room.slopes.derivative, by_time, room.factors, room.stages):
        return np.inf
    for s in range(1, STAGES):
        stage_point(s, begin, room.stages, end)
        evaluate(time + TIMES[s] * size, end, drive, network, room.work, False)
        if not fill_stage(s, size, room.work.slopes.derivative, by_time, room.factors, room.stages):
            return np.inf
    error = room.stages[STAGES - 1]
    nodes, last = len(network.gibbs), len(begin) - 1
    # Particles count by their weight, so that many alike are no other than one.
    total = 0.0
    for k in range(last + 1):
        end[k] += error[k]
        if k < last:
            allowed = tolerances.atol + tolerances.rtol * max(abs(begin[k]), abs(end[k]))
            share = error[k] / allowed
            total += network.weight[k // nodes] * (share * share)
    share = error[last] / _potential_tolerance(situation, room)
    total += share * share
    norm = np.sqrt(total / AT_WORK)
    return norm if isfinite(norm) else np.inf


@kernel
def _potential_tolerance(situation: Situation, room: Room) -> float:
    """Error allowed in E (V): that of the options, less where the current hangs on E more steeply.

    Without nucleation barriers a reaction can be so fast that the current needs an affinity
    of a nanovolt; an error of a microvolt would then throw it from one side to the other.
    """
    begin = room.values[0]
    allowed = situation.tolerances.atol + situation.tolerances.rtol * abs(begin[POTENTIAL])
    steepness = begin[CAPACITANCE] * abs(room.slopes.row[-1])
    faradaic = begin[CURRENT] + begin[CAPACITANCE] * begin[MOTION]
    change = STEEP * max(abs(begin[CURRENT]), abs(faradaic), SLOW_CURRENT)
    if steepness * allowed <= change:
        return allowed
    return max(change / steepness, SMALLEST_POTENTIAL_TOLERANCE)


@kernel
def read_inner(fraction: float, size: float, situation: Situation, room: Room) -> None:
    """The point at a fraction of the step, from the dense output, into `room.reading`."""
    interpolate(fraction, room.states[0], room.states[3], room.stages, room.state)
    network, drive, held, _ = situation
    time = room.values[0, TIME] + fraction * size
    read_point(
        time, room.state, room.states[0], room.states[3], held, drive, network, room.work, False, room.reading
    )


@kernel
def read_step(size: float, situation: Situation, room: Room) -> None:
    """The inner nodes and the end of the step into `room`; the work holds the slopes of the end."""
    network, drive, held, _ = situation
    time = room.values[0, TIME]
    # The dense output starts from the end as the method made it, not as it is read.
    for j in range(1, 3):
        interpolate(NODES[j], room.states[0], room.states[3], room.stages, room.states[j])
    for j in range(1, 4):
        at = time + NODES[j] * size
        read_point(
            at,
            room.states[j],
            room.states[0],
            room.states[3],
            held,
            drive,
            network,
            room.work,
            j == 3,
            room.values[j],
        )


@kernel
def energy_error(size: float, situation: Situation, room: Room) -> float:
    """How wrong the inner points are: what energy lacks over the step, in tolerances.

    Rates depend steeply on E, so a long step can be right at its end while its inner points,
    from which work and heat are integrated, are not. The first law tells.
    """
    network = situation.network
    at = layout(len(network.gibbs), len(network.source))
    values, tolerances = room.values, situation.tolerances
    lacking = values[3, STORED] - values[0, STORED]
    turnover = 0.0
    for j in range(4):
        for column in range(at.powers, at.flows):
            lacking += size * FULL_WEIGHTS[j] * values[j, column]
            turnover += size * FULL_WEIGHTS[j] * abs(values[j, column])
    rounding = 1e-14 * abs(values[0, STORED])
    # F/M times one volt turns the tolerance of a fraction into one of energy.
    allowed = tolerances.rtol * turnover + tolerances.atol * network.charge_scale
    return abs(lacking) / (allowed + rounding)


@kernel
def undershoots(situation: Situation, room: Room) -> bool:
    """Whether a fraction sinks below zero by more than the tolerance allows, and not before."""
    floor = -5.0 * situation.tolerances.atol - 1e-14
    states = room.states
    for j in range(1, 4):
        for k in range(states.shape[1] - 1):
            if states[j, k] < floor and states[j, k] < states[0, k]:
                return True
    return False
