"""How the voltage curve answers to each number of a mechanism: forward sensitivities along a solution.

With s = dy/dp at equal time since the start of a step, ``ds/dt = J s + df/dp`` is linear along a
solution that is known. It is solved on the solution's own integrator steps by Lobatto IIIC
collocation (order 6, L-stable; Hairer and Wanner, Solving Ordinary Differential Equations II,
section IV.5), whose nodes are those at which the solution has its rows. All parameters share
one factorization, and no further simulation is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sbpath.errors import InputError
from sbpath.kernels import Floats
from sbpath.mechanism.paths import value, with_changes
from sbpath.model.network import Network, build_network
from sbpath.model.rows import linearize_rows
from sbpath.model.workspace import fill_nodes, workspace
from sbpath.physical import ZERO_CELSIUS_K
from sbpath.protocol.outcome import Outcome
from sbpath.protocol.steps import ConstantVoltage, Sweep
from sbpath.solution import Solution

# df/dp is a central difference over this share of the parameter: rates hang on it exponentially.
SHARE = 1e-5
# Where a parameter is 0, over this much of its own unit.
OF_ZERO = 1e-4
# Differences in units of that: values at which to look, and their weights. What must not be
# negative is looked at from 0 upwards, to second order as well.
CENTRAL = ((1.0, 0.5), (-1.0, -0.5))
FROM_ZERO = ((0.0, -1.5), (1.0, 2.0), (2.0, -0.5))

TEMPERATURE = "temperature_C"
CUTOFFS = ("lower_cutoff_V", "upper_cutoff_V")

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
        If a path leads to no number or to a cut-off, or the solution is not such a one.
    """
    problems = [
        f"sensitivities: step {record.number} ({record.step}) sets the voltage; "
        "give steps of constant current and rests"
        for record in solution.steps
        if isinstance(record.step, ConstantVoltage | Sweep)
    ]
    problems += [
        f"sensitivities: step {record.number} ({record.step}) has an output period; leave it out"
        for record in solution.steps
        if (record.last - record.first) % 3 != 1 or record.step.period_s is not None
    ]
    if solution.particles is not None:
        problems.append("sensitivities: the solution is of a population; give one of a single particle")
    if isinstance(parameters, str) or len(parameters) == 0:
        problems.append(f"sensitivities: parameters must be a list of names, not {parameters!r}")
    if problems:
        raise InputError(problems)
    network, states, currents = solution.network, solution.states, solution.current_A_per_g
    rates, jacobians = linearize_rows(states, currents, network)
    values = np.array([_value(solution, name) for name in parameters])
    parts = [_differences(solution, *one) for one in zip(parameters, values.tolist(), strict=True)]

    def by_parameters(of_network: Callable[[Network], Any]) -> Floats:
        """The derivative of something by each parameter, these last."""
        return np.stack([sum(w * of_network(side) for side, w in sides) for sides in parts], axis=-1)

    # By row, unknown, parameter.
    forcing = by_parameters(lambda side: linearize_rows(states, currents, side)[0])
    ohmic = by_parameters(lambda side: side.resistance)
    answers, duration = np.zeros(forcing.shape), np.zeros((len(values), len(solution.steps)))
    start = np.zeros(forcing.shape[1:])
    for number, record in enumerate(solution.steps):
        rows = slice(record.first, record.last)
        answers[rows] = _along(solution.time_s[rows], jacobians[rows], forcing[rows], start)
        last = record.last - 1
        start = answers[last]
        # A limit is met where its quantity is the same as before.
        if record.outcome is Outcome.VOLTAGE:
            change, motion = start[-1] - currents[last] * ohmic, rates[last, -1]
        elif record.outcome is Outcome.COMPOSITION:
            _, slopes = _content(states[last], network)
            own = by_parameters(lambda side, row=last: _content(states[row], side)[0])
            change, motion = slopes @ start + own, slopes @ rates[last]
        else:
            continue
        duration[:, number] = -change / motion
        start = start + np.outer(rates[last], duration[:, number])
    voltage = answers[:, -1] - currents[:, None] * ohmic
    return Sensitivities(tuple(parameters), values, voltage.T.copy(), duration)


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


def _value(solution: Solution, name: str) -> float:
    """What a parameter is in a solution."""
    if name == TEMPERATURE:
        return solution.temperature_C
    if name in CUTOFFS:
        raise InputError(f"{name}: is a limit of the protocol, by which nothing between the limits changes")
    return value(solution.mechanism, name)


def _differences(solution: Solution, name: str, at: float) -> list[tuple[Network, float]]:
    """Networks beside that of a solution, with weights by which their values make a derivative."""
    shift = SHARE * abs(at) or OF_ZERO

    def beside(points: tuple[tuple[float, float], ...]) -> list[tuple[Network, float]]:
        return [(_network(solution, name, at + away * shift), weight / shift) for away, weight in points]

    try:
        return beside(CENTRAL)
    except InputError:
        if at != 0.0:
            raise
        return beside(FROM_ZERO)


def _content(state: Floats, network: Network) -> tuple[float, Floats]:
    """Alkali content x of the electrode in a state (mol per mol Sb), and its slopes by the unknowns."""
    space = workspace(network)
    fill_nodes(state[-1], network, space)
    shares = state[:-1]
    return float(shares @ space.content), np.append(space.content, shares @ space.slope)


def _network(solution: Solution, name: str, number: float) -> Network:
    """The network of a solution with another value of a parameter."""
    if name == TEMPERATURE:
        return build_network(solution.mechanism, solution.graph, number + ZERO_CELSIUS_K)
    changed = with_changes(solution.mechanism, {name: number})
    return build_network(changed, solution.graph, solution.temperature_C + ZERO_CELSIUS_K)
