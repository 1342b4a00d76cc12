"""Forward sensitivities: how the voltage curve responds to the numbers of a mechanism.

With s = dy/dp at equal time since the start of a step, ``ds/dt = J s + df/dp`` is linear along a
known solution. It is solved on the integrator steps of the solution by Lobatto IIIC collocation
(order 6, L-stable; Hairer and Wanner, Solving Ordinary Differential Equations II, section IV.5),
whose nodes are the rows of the solution. All parameters share one factorization, and no further
simulation is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sbpath.arguments import items
from sbpath.errors import InputError
from sbpath.kernels import Floats
from sbpath.mechanism.paths import value, with_changes
from sbpath.model.charge_transfer import overpotential
from sbpath.model.network import Network, build_network
from sbpath.model.rows import linearize_rows
from sbpath.model.workspace import fill_nodes, workspace
from sbpath.physical import ZERO_CELSIUS_K
from sbpath.protocol.outcome import Outcome
from sbpath.protocol.steps import ConstantVoltage, CurrentTable, Sweep
from sbpath.solution import Solution

# Relative step of the central difference df/dp: rates depend exponentially on parameters.
RELATIVE_STEP = 1e-5
# Step where a parameter is 0, in its unit.
STEP_AT_ZERO = 1e-4
# Second-order difference stencils: offsets in steps, and weights. The one-sided stencil is for
# parameters that must not be negative.
CENTRAL = ((1.0, 0.5), (-1.0, -0.5))
ONE_SIDED = ((0.0, -1.5), (1.0, 2.0), (2.0, -0.5))

TEMPERATURE = "temperature_C"
CUTOFFS = ("lower_cutoff_V", "upper_cutoff_V")

_SQRT5 = 5.0**0.5
# Four-stage Lobatto IIIC; the last row holds the weights.
LOBATTO = np.array(
    [
        [1 / 12, -_SQRT5 / 12, _SQRT5 / 12, -1 / 12],
        [1 / 12, 1 / 4, (10 - 7 * _SQRT5) / 60, _SQRT5 / 60],
        [1 / 12, (10 + 7 * _SQRT5) / 60, 1 / 4, -_SQRT5 / 60],
        [1 / 12, 5 / 12, 5 / 12, 1 / 12],
    ]
)


@dataclass(frozen=True, slots=True, eq=False)
class Sensitivities:
    """Derivatives of a solution with respect to m parameters.

    Attributes
    ----------
    parameters : tuple of str
        Their names.
    values : array, shape (m,)
        Their values.
    voltage : array, shape (m, n)
        dV/dp in each row of the solution, at equal time since the start of the step and so at
        equal charge (V per unit of the parameter). The first row of a step belongs to the step.
    duration : array, shape (m, steps)
        Derivative of the duration of each step (s per unit); times the current, of its capacity.
    """

    parameters: tuple[str, ...]
    values: Floats
    voltage: Floats
    duration: Floats

    @property
    def relative_V(self) -> Floats:
        """``p dV/dp``, shape (m, n): volts per 100 % of each parameter, to compare them."""
        return self.values[:, None] * self.voltage


def sensitivities(solution: Solution, parameters: Sequence[str]) -> Sensitivities:
    """Derivatives of the voltage of a solution with respect to numbers of its mechanism.

    Parameters
    ----------
    solution : Solution
        Of one particle, with constant-current steps and rests only, without output periods.
    parameters : sequence of str
        Dotted paths as `load_mechanism` takes them for changes, e.g.
        ``"interfaces.Sb|Li2Sb.energy_J_per_m2"``, or ``"temperature_C"``.

    Raises
    ------
    InputError
        If a path leads to no number or to a cut-off, or the solution is not as above.
    """
    solution.check_whole("sensitivities")
    solution.check_isothermal("sensitivities")
    problems = [
        f"sensitivities: step {record.number} ({record.step}) controls the voltage; "
        "use steps of constant current and rests"
        for record in solution.steps
        if isinstance(record.step, ConstantVoltage | Sweep)
    ]
    problems += [
        f"sensitivities: step {record.number} ({record.step}) changes the current; use steps of constant current"
        for record in solution.steps
        if isinstance(record.step, CurrentTable)
    ]
    problems += [
        f"sensitivities: step {record.number} ({record.step}) has an output period; omit it"
        for record in solution.steps
        if (record.last - record.first) % 3 != 1 or record.step.period_s is not None
    ]
    if solution.particles is not None:
        problems.append("sensitivities: the solution is of a population; give one of a single particle")
    if solution.others:
        problems.append("sensitivities: the electrode has film or loses host; give one without these numbers")
    if not (names := items(parameters)):
        problems.append(f"sensitivities: parameters must be a list of names, not {parameters!r}")
    if problems or names is None:
        raise InputError(problems)
    network, states, currents = solution.network, solution.states, solution.current_A_per_g
    rates, jacobians = linearize_rows(states, currents, network)
    values = np.array([_value(solution, name) for name in names])
    parts = [_differences(solution, *one) for one in zip(names, values.tolist(), strict=True)]

    def by_parameters(of_network: Callable[[Network], Any]) -> Floats:
        """The derivative of a function of the network, with parameters as the last axis."""
        return np.stack([sum(w * of_network(side) for side, w in sides) for sides in parts], axis=-1)

    # Axes: row, unknown, parameter.
    forcing = by_parameters(lambda side: linearize_rows(states, currents, side)[0])
    drop = by_parameters(lambda side: _drop(currents, side))
    answers, duration = np.zeros(forcing.shape), np.zeros((len(values), len(solution.steps)))
    start = np.zeros(forcing.shape[1:])
    for number, record in enumerate(solution.steps):
        rows = slice(record.first, record.last)
        answers[rows] = _along(solution.time_s[rows], jacobians[rows], forcing[rows], start)
        last = record.last - 1
        start = answers[last]
        # The limited quantity has the same value at the end of the step.
        if record.outcome is Outcome.VOLTAGE:
            change, motion = start[-1] - drop[last], rates[last, -1]
        elif record.outcome is Outcome.COMPOSITION:
            _, slopes = _content(states[last], network)
            own = by_parameters(lambda side, row=last: _content(states[row], side)[0])
            change, motion = slopes @ start + own, slopes @ rates[last]
        else:
            continue
        duration[:, number] = -change / motion
        start = start + np.outer(rates[last], duration[:, number])
    voltage = answers[:, -1] - drop
    return Sensitivities(tuple(names), values, voltage.T.copy(), duration)


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
    # (1 - h A J) S = s_0 + h A g for all integrator steps at once: the responses to s_0 and to g.
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


def _drop(currents: Floats, network: Network) -> Floats:
    """E - V (V) in every row."""
    etas = [overpotential(current, network) for current in currents.tolist()]
    return currents * network.resistance + np.array(etas)


def _value(solution: Solution, name: str) -> float:
    """The value of a parameter in a solution."""
    if name == TEMPERATURE:
        return solution.temperature_C
    if name in CUTOFFS:
        raise InputError(f"{name}: is a limit of the protocol and does not affect the curve between limits")
    return value(solution.mechanism, name)


def _differences(solution: Solution, name: str, at: float) -> list[tuple[Network, float]]:
    """Networks at shifted values of a parameter, with the weights of a finite difference."""
    shift = RELATIVE_STEP * abs(at) or STEP_AT_ZERO

    def shifted(points: tuple[tuple[float, float], ...]) -> list[tuple[Network, float]]:
        return [(_network(solution, name, at + away * shift), weight / shift) for away, weight in points]

    try:
        return shifted(CENTRAL)
    except InputError:
        if at != 0.0:
            raise
        return shifted(ONE_SIDED)


def _content(state: Floats, network: Network) -> tuple[float, Floats]:
    """Alkali content x of the electrode in a state (mol per mol Sb), and its derivatives by the unknowns."""
    space = workspace(network)
    fill_nodes(state[-1], network, space)
    shares = state[:-1]
    return float(shares @ space.content), np.append(space.content, shares @ space.slope)


def _network(solution: Solution, name: str, number: float) -> Network:
    """The network of a solution with a parameter set to `number`."""
    if name == TEMPERATURE:
        return build_network(solution.mechanism, solution.graph, number + ZERO_CELSIUS_K)
    changed = with_changes(solution.mechanism, {name: number})
    return build_network(changed, solution.graph, solution.temperature_C + ZERO_CELSIUS_K)
