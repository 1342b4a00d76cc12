"""How the voltage curve answers to each number of a mechanism: forward sensitivities along a solution.

With s = dy/dp at equal time since the start of a step, ``ds/dt = J s + df/dp`` is linear along a
solution that is known. It is solved on the solution's own integrator steps by Lobatto IIIC
collocation (order 6, L-stable; Hairer and Wanner, Solving Ordinary Differential Equations II,
section IV.5), whose nodes are those at which the solution has its rows. All parameters share
one factorization, and no further simulation is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sbpath.errors import InputError
from sbpath.kernels import Floats, allocating_kernel, compiled
from sbpath.mechanism.reader import change_number, with_changes
from sbpath.mechanism.records import Mechanism
from sbpath.model.equations import Drive, evaluate, workspace
from sbpath.model.network import Network, build_network
from sbpath.physical import ZERO_CELSIUS_K
from sbpath.replay import mechanism_of, network_of
from sbpath.solution import Solution

# df/dp is a central difference over this share of the parameter: rates hang on it exponentially.
SHARE = 1e-5
# Where a parameter is 0, over this much of its own unit.
OF_ZERO = 1e-6

TEMPERATURE = "temperature_C"

_ROOT = 5.0**0.5
# Lobatto IIIC with four stages; the last row are the weights.
LOBATTO = np.array(
    [
        [1 / 12, -_ROOT / 12, _ROOT / 12, -1 / 12],
        [1 / 12, 1 / 4, (10 - 7 * _ROOT) / 60, _ROOT / 60],
        [1 / 12, (10 + 7 * _ROOT) / 60, 1 / 4, -_ROOT / 60],
        [1 / 12, 5 / 12, 5 / 12, 1 / 12],
    ]
)


@dataclass(frozen=True, slots=True, eq=False)
class Sensitivities:
    """Derivatives of a solution by m parameters.

    Attributes
    ----------
    parameters : tuple of str
        Their names.
    values : array, shape (m,)
        What they are.
    voltage : array, shape (m, n)
        dV/dp in each row of the solution, at equal time since the start of the step and so at
        equal charge (V per unit of the parameter). The first row of a step belongs to the step.
    duration : array, shape (m, steps)
        How much longer each step takes (s per unit); with the current, how its capacity changes.
    """

    parameters: tuple[str, ...]
    values: Floats
    voltage: Floats
    duration: Floats

    @property
    def relative_V(self) -> Floats:
        """``p dV/dp``, shape (m, n): volt for 100 % of the parameter, so that all can be compared."""
        return self.values[:, None] * self.voltage


def sensitivities(solution: Solution, parameters: Sequence[str]) -> Sensitivities:
    """Derivatives of the voltage of a solution by numbers of its mechanism.

    Parameters
    ----------
    solution : Solution
        Of one particle, in steps of constant current and rests, without output periods.
    parameters : sequence of str
        Dotted paths as `load_mechanism` takes them for changes, e.g.
        ``"interfaces.Sb|Li2Sb.energy_J_per_m2"``, or ``"temperature_C"``.

    Raises
    ------
    InputError
        If a path leads to no number, or the solution is not such a one.
    """
    problems = [
        f"sensitivities: step {step.step} ({step.text}) sets the voltage; give steps of constant current and rests"
        for step in solution.steps
        if step.text.split()[0] in ("Hold", "Sweep")
    ]
    problems += [
        f"sensitivities: step {step.step} ({step.text}) has an output period; leave it out"
        for step in solution.steps
        if (step.last - step.first) % 3 != 1 or "period" in step.text
    ]
    if solution.particles is not None:
        problems.append("sensitivities: the solution is of a population; give one of a single particle")
    if isinstance(parameters, str) or len(parameters) == 0:
        problems.append(f"sensitivities: parameters must be a list of names, not {parameters!r}")
    if problems:
        raise InputError(problems)
    mechanism = mechanism_of(solution)
    states = np.vstack([solution.fractions, solution.potential_V]).T.copy()
    currents = solution.current_A_per_g.copy()
    rates, jacobians = compiled(_slopes_along)(states, currents, network_of(solution, mechanism))
    values, changes, resistances = [], [], []
    for name in parameters:
        value = _value(solution, mechanism, name)
        shift = SHARE * abs(value) or OF_ZERO
        sides = [_network(solution, mechanism, name, value + sign * shift) for sign in (1.0, -1.0)]
        up, down = (compiled(_slopes_along)(states, currents, side)[0] for side in sides)
        values.append(value)
        changes.append((up - down) / (2.0 * shift))
        resistances.append((sides[0].resistance - sides[1].resistance) / (2.0 * shift))
    # By row, unknown, parameter.
    forcing, ohmic = np.stack(changes, axis=2), np.array(resistances)
    answers, duration = np.zeros(forcing.shape), np.zeros((len(values), len(solution.steps)))
    start = np.zeros(forcing.shape[1:])
    for number, step in enumerate(solution.steps):
        rows = slice(step.first, step.last)
        answers[rows] = _along(solution.time_s[rows], jacobians[rows], forcing[rows], start)
        last = step.last - 1
        start = answers[last]
        if step.ended_by == "voltage":
            # The cut-off is met where the voltage is the same as before.
            change = start[-1] - currents[last] * ohmic
            duration[:, number] = -change / rates[last, -1]
            start = start + np.outer(rates[last], duration[:, number])
    voltage = answers[:, -1] - currents[:, None] * ohmic
    return Sensitivities(tuple(parameters), np.array(values), voltage.T.copy(), duration)


def _along(time: Floats, jacobians: Floats, forcing: Floats, start: Floats) -> Floats:
    """The sensitivities in every row of one step, rows by unknowns by parameters, from `start`."""
    count, unknowns, parameters = forcing.shape
    answers = np.empty(forcing.shape)
    answers[0] = start
    firsts = np.arange(0, count - 1, 3)
    if len(firsts) == 0:
        return answers
    nodes = firsts[:, None] + np.arange(4)
    size = (time[firsts + 3] - time[firsts])[:, None, None]
    # (1 - h A J) S = s_0 + h A g, for all integrator steps at once: its answer to s_0, and to g.
    blocks = LOBATTO[None, :, None, :, None] * np.swapaxes(jacobians[nodes], 1, 2)[:, None, :, :, :]
    matrix = np.eye(4 * unknowns) - size * blocks.reshape(len(firsts), 4 * unknowns, 4 * unknowns)
    driven = size * np.einsum("ij,kjup->kiup", LOBATTO, forcing[nodes]).reshape(
        len(firsts), 4 * unknowns, parameters
    )
    carried = np.broadcast_to(np.tile(np.eye(unknowns), (4, 1)), (len(firsts), 4 * unknowns, unknowns))
    both = np.linalg.solve(matrix, np.concatenate([carried, driven], axis=2))
    for k, first in enumerate(firsts):
        stages = both[k, :, :unknowns] @ answers[first] + both[k, :, unknowns:]
        answers[first + 1 : first + 4] = stages.reshape(4, unknowns, parameters)[1:]
    return answers


def _value(solution: Solution, mechanism: Mechanism, name: str) -> float:
    """What a parameter is in a solution."""
    if name == TEMPERATURE:
        return float(solution.provenance["temperature_C"])
    try:
        keys = change_number(mechanism.document, name, 1.0)
    except InputError as error:
        raise InputError(f"{mechanism.name}: {name}: {error}") from None
    found: Any = mechanism.document
    for key in keys:
        # What the file does without is 0.
        found = found.get(key, 0.0) if isinstance(found, dict) else found[int(key)]
        if found == 0.0:
            return 0.0
    return float(found)


def _network(solution: Solution, mechanism: Mechanism, name: str, value: float) -> Network:
    celsius = value if name == TEMPERATURE else solution.provenance["temperature_C"]
    changed = mechanism if name == TEMPERATURE else with_changes(mechanism, {name: value})
    return build_network(changed, solution.provenance["graph"], celsius + ZERO_CELSIUS_K)


@allocating_kernel
def _slopes_along(states: Floats, currents: Floats, network: Network) -> tuple[Floats, Floats]:
    """dy/dt and its Jacobian in each row at the row's own current."""
    rows, unknowns = states.shape
    nodes = unknowns - 1
    work = workspace(network)
    rates, jacobians = np.zeros((rows, unknowns)), np.zeros((rows, unknowns, unknowns))
    for i in range(rows):
        evaluate(0.0, states[i], Drive(True, currents[i], 0.0), network, work, True)
        for p in range(nodes):
            rates[i, p] = work.slopes.derivative[p]
            for q in range(nodes):
                jacobians[i, p, q] = work.slopes.blocks[0, p, q]
            jacobians[i, p, nodes] = work.slopes.column[p]
            jacobians[i, nodes, p] = work.slopes.row[p]
        rates[i, nodes] = work.slopes.derivative[nodes]
        jacobians[i, nodes, nodes] = work.slopes.row[nodes]
    return rates, jacobians
