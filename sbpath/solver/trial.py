"""One trial step of the integrator, and its error.

A step is accepted if its end is accurate, the energy balance over its nodes holds, and
no fraction falls below zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple

import numpy as np

from sbpath.arguments import number, whole
from sbpath.errors import Problems
from sbpath.kernels import Floats, Floats2, kernel
from sbpath.model.columns import CAPACITANCE, CURRENT, MOTION, POTENTIAL, STORED, TIME
from sbpath.model.equations import evaluate
from sbpath.model.network import Network
from sbpath.model.workspace import Derivatives, Workspace, new_derivatives, workspace
from sbpath.solver.electrode import StepProblem, present, read_point
from sbpath.solver.record import FULL_WEIGHTS, NODES
from sbpath.solver.rosenbrock import (
    STAGES,
    TIMES,
    Factors,
    factor,
    fill_bends,
    fill_stage,
    interpolate,
    new_factors,
    stage_point,
)

# Number of unknowns over which the error norm is averaged. A graph may have many more, but most of
# its nodes are empty at any time and would only dilute the error of the others.
ERROR_NORM_SIZE = 4.0
# An error in E may change the current by at most this relative amount; the tolerance of E is never
# below this (V).
MAX_CURRENT_CHANGE, MIN_POTENTIAL_TOLERANCE = 0.1, 1e-9
# Currents below this (A/g, about C/10,000), as at rest, need not be resolved.
NEGLIGIBLE_CURRENT = 5e-5

# Of what the energy balance may lack over a step at constant current, that in a sweep: there the double layer turns much
# over that is given back, and what steps lack adds up.
SWEEP_SHARE = 0.1

# Below these tolerances, rounding in double precision dominates the error.
MIN_RTOL, MIN_ATOL = 1e-10, 1e-13
# More integrator steps within one protocol step would take days.
MAX_STEPS = 10**12


@dataclass(frozen=True, slots=True)
class SolverOptions:
    """Accuracy of the integration.

    Attributes
    ----------
    rtol, atol : float
        Relative and absolute tolerance per step of each fraction and of the potential (V).
        A tight `atol` matters most, because new phases start from zero.
    max_steps : int
        Integrator steps allowed within one protocol step; the default is beyond what any step needs.

    Raises
    ------
    InputError
        If a tolerance is above 1e-2 or below what double precision can resolve, or `max_steps` is below 1.
    """

    rtol: float = 1e-6
    atol: float = 1e-9
    max_steps: int = 10_000_000

    def __post_init__(self) -> None:
        problems = Problems()
        values = {
            "rtol": problems.attempt(number, "rtol", self.rtol, MIN_RTOL, 1e-2),
            "atol": problems.attempt(number, "atol", self.atol, MIN_ATOL, 1e-2),
            "max_steps": problems.attempt(whole, "max_steps", self.max_steps, 1, MAX_STEPS),
        }
        problems.check()
        for name, value in values.items():
            object.__setattr__(self, name, value)


class StepBuffers(NamedTuple):
    """Buffers for the integrator steps, n unknowns.

    `space` for evaluations; `derivatives` at the start of the present trial step,
    `next_derivatives` at its end, `factors`, `stages` (8, n) and the `bends` (3, n) of the
    dense output in between; `states` (4, n) and
    `values` (4, columns) at its start, its two inner nodes and its end; `state` (n), `reading`
    (columns), the integrals `reached` and their `weights` (4) at any other point of it.
    """

    space: Workspace
    derivatives: Derivatives
    next_derivatives: Derivatives
    factors: Factors
    stages: Floats2
    bends: Floats2
    states: Floats2
    values: Floats2
    state: Floats
    reading: Floats
    reached: Floats
    weights: Floats


@kernel
def new_buffers(network: Network) -> StepBuffers:
    """Buffers for steps of `network`."""
    layout, columns, derivatives = network.layout, network.columns, new_derivatives(network)
    return StepBuffers(
        workspace(network),
        derivatives,
        new_derivatives(network),
        new_factors(derivatives),
        np.zeros((STAGES, layout.unknowns)),
        np.zeros((3, layout.unknowns)),
        np.zeros((4, layout.unknowns)),
        np.zeros((4, columns.width)),
        np.zeros(layout.unknowns),
        np.zeros(columns.width),
        np.zeros(columns.width - columns.integrated),
        np.zeros(4),
    )


@kernel
def try_step(size: float, problem: StepProblem, buffers: StepBuffers) -> float:
    """Make a trial step of length `size`, its end in ``buffers.states[3]``; returns its error in tolerances.

    The error is infinite if the step cannot be computed.
    """
    control = problem.control
    begin, end = buffers.states[0], buffers.states[3]
    stages, space = buffers.stages, buffers.space
    time = buffers.values[0, TIME]
    by_time = buffers.derivatives.by_time
    if not factor(buffers.derivatives, size, buffers.factors):
        return np.inf
    dy_dt = buffers.derivatives.dy_dt
    for s in range(STAGES):
        if s > 0:
            stage_point(s, begin, stages, end)
            at = time + TIMES[s] * size
            evaluate(at, end, control, present(at, problem), space, False)
            dy_dt = space.derivatives.dy_dt
        if not fill_stage(s, size, dy_dt, by_time, buffers.factors, stages):
            return np.inf
    error = stages[STAGES - 1]
    for k in range(len(end)):
        end[k] += error[k]
    norm = _error_norm(error, problem, buffers)
    return norm if isfinite(norm) else np.inf


@kernel
def _error_norm(error: Floats, problem: StepProblem, buffers: StepBuffers) -> float:
    """Root mean square of an error, in tolerances."""
    network, layout = problem.network, problem.network.layout
    rtol, atol = problem.tolerances.rtol, problem.tolerances.atol
    begin, end, block = buffers.states[0], buffers.states[3], len(buffers.space.mean)
    total = 0.0
    # Particles count by weight, so that many identical ones are equivalent to one.
    for i in range(len(network.weight)):
        for b in range(block):
            k = i * block + b
            allowed = atol * layout.scale[b] + rtol * max(abs(begin[k]), abs(end[k]))
            share = error[k] / allowed
            total += network.weight[i] * (share * share)
    for k in range(layout.potential + 1, layout.unknowns):
        scale = layout.scale[block + k - layout.potential]
        allowed = atol * scale + rtol * max(abs(begin[k]), abs(end[k]))
        share = error[k] / allowed
        total += share * share
    share = error[layout.potential] / _potential_tolerance(problem, buffers)
    total += share * share
    return np.sqrt(total / ERROR_NORM_SIZE)


@kernel
def _potential_tolerance(problem: StepProblem, buffers: StepBuffers) -> float:
    """Tolerance of E (V): that of the options, tighter where the current depends more steeply on E.

    Without nucleation barriers a reaction can be so fast that the current needs an affinity
    of a nanovolt; an error of a microvolt would then throw it from one side to the other.
    """
    begin = buffers.values[0]
    allowed = problem.tolerances.atol + problem.tolerances.rtol * abs(begin[POTENTIAL])
    by_potential = buffers.derivatives.rows[0, problem.network.layout.potential]
    steepness = begin[CAPACITANCE] * abs(by_potential)
    faradaic = begin[CURRENT] + begin[CAPACITANCE] * begin[MOTION]
    change = MAX_CURRENT_CHANGE * max(abs(begin[CURRENT]), abs(faradaic), NEGLIGIBLE_CURRENT)
    if steepness * allowed <= change:
        return allowed
    return max(change / steepness, MIN_POTENTIAL_TOLERANCE)


@kernel
def read_inner(fraction: float, size: float, problem: StepProblem, buffers: StepBuffers) -> None:
    """Write the point at a fraction of the step, from the dense output, to `buffers.reading`."""
    begin, end = buffers.states[0], buffers.states[3]
    interpolate(fraction, begin, end, buffers.bends, buffers.state)
    time = buffers.values[0, TIME] + fraction * size
    read_point(time, buffers.state, begin, end, problem, buffers.space, False, buffers.reading)


@kernel
def read_step(size: float, problem: StepProblem, buffers: StepBuffers) -> None:
    """Write inner nodes and end of the step to `buffers`; its `space` then holds the derivatives of the end."""
    states, values = buffers.states, buffers.values
    time = values[0, TIME]
    # The dense output needs the end as computed by the method, before it is settled.
    fill_bends(buffers.stages, buffers.bends)
    for j in range(1, 3):
        interpolate(NODES[j], states[0], states[3], buffers.bends, states[j])
    for j in range(1, 4):
        at = time + NODES[j] * size
        read_point(at, states[j], states[0], states[3], problem, buffers.space, j == 3, values[j])


@kernel
def energy_error(size: float, problem: StepProblem, buffers: StepBuffers) -> float:
    """Error of the inner points: residual of the energy balance over the step, in tolerances.

    Rates depend steeply on E, so a long step can be accurate at its end while its inner points,
    from which work and heat are integrated, are not. The first law shows it.
    """
    network, tolerances, values = problem.network, problem.tolerances, buffers.values
    lacking = values[3, STORED] - values[0, STORED]
    turnover = 0.0
    for j in range(4):
        powers, weight = values[j, network.columns.power :], size * FULL_WEIGHTS[j]
        for k in range(len(powers)):
            # Most edges are at rest.
            if powers[k] != 0.0:
                lacking += weight * powers[k]
                turnover += weight * abs(powers[k])
    rounding = 1e-14 * abs(values[0, STORED])
    # F/M times one volt converts the tolerance of a fraction to one of energy.
    allowed = tolerances.rtol * turnover + tolerances.atol * network.charge_scale
    if problem.control.slope != 0.0:
        allowed *= SWEEP_SHARE
    return abs(lacking) / (allowed + rounding)


@kernel
def undershoots(problem: StepProblem, buffers: StepBuffers) -> bool:
    """Whether the step lowers an unknown to more than the tolerance below its floor."""
    layout, states, block = problem.network.layout, buffers.states, len(buffers.space.mean)
    slack = 5.0 * problem.tolerances.atol + 1e-14
    for j in range(1, 4):
        new, old = states[j], states[0]
        for i in range(len(problem.network.weight)):
            for b in range(block):
                k = i * block + b
                if new[k] < layout.floor[b] - slack * layout.scale[b] and new[k] < old[k]:
                    return True
        for k in range(layout.potential, layout.unknowns):
            b = block + k - layout.potential
            if new[k] < layout.floor[b] - slack * layout.scale[b] and new[k] < old[k]:
                return True
    return False
