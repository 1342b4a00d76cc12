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
from sbpath.kernels import Floats, allocating_kernel, compiled
from sbpath.mechanism.reader import change_number, with_changes
from sbpath.mechanism.records import Mechanism
from sbpath.model.equations import Control, evaluate
from sbpath.model.network import Network, build_network
from sbpath.model.workspace import fill_nodes, workspace
from sbpath.physical import ZERO_CELSIUS_K
from sbpath.replay import mechanism_of, network_of
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
    network = network_of(solution, mechanism)
    rates, jacobians = compiled(_slopes_along)(states, currents, network)
    values = np.array([_value(solution, mechanism, name) for name in parameters])
    parts = [_differences(solution, mechanism, *one) for one in zip(parameters, values.tolist(), strict=True)]

    def by_parameters(of_network: Callable[[Network], Any]) -> Floats:
        """The derivative of something by each parameter, these last."""
        return np.stack([sum(w * of_network(side) for side, w in sides) for sides in parts], axis=-1)

    # By row, unknown, parameter.
    forcing = by_parameters(lambda side: compiled(_slopes_along)(states, currents, side)[0])
    ohmic = by_parameters(lambda side: side.resistance)
    answers, duration = np.zeros(forcing.shape), np.zeros((len(values), len(solution.steps)))
    start = np.zeros(forcing.shape[1:])
    for number, step in enumerate(solution.steps):
        rows = slice(step.first, step.last)
        answers[rows] = _along(solution.time_s[rows], jacobians[rows], forcing[rows], start)
        last = step.last - 1
        start = answers[last]
        # A limit is met where its quantity is the same as before.
        if step.ended_by == "voltage":
            change, motion = start[-1] - currents[last] * ohmic, rates[last, -1]
        elif step.ended_by == "composition":
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


def _value(solution: Solution, mechanism: Mechanism, name: str) -> float:
    """What a parameter is in a solution."""
    if name == TEMPERATURE:
        return float(solution.provenance["temperature_C"])
    if name in CUTOFFS:
        raise InputError(f"{name}: is a limit of the protocol, by which nothing between the limits changes")
    try:
        keys = change_number(mechanism.document, name, 1.0)
    except InputError as error:
        raise InputError(f"{mechanism.name}: {name}: {error}") from None
    found: Any = mechanism.document
    for key in keys:
        if isinstance(found, dict) and key not in found:
            raise InputError(
                f"{mechanism.name}: {name}: the file does without this number; simulate with one first, "
                f"e.g. with_changes(mechanism, {{{name!r}: ...}})"
            )
        found = found[key if isinstance(found, dict) else int(key)]
    return float(found)


def _differences(
    solution: Solution, mechanism: Mechanism, name: str, value: float
) -> list[tuple[Network, float]]:
    """Networks beside that of a solution, with weights by which their values make a derivative."""
    shift = SHARE * abs(value) or OF_ZERO

    def beside(points: tuple[tuple[float, float], ...]) -> list[tuple[Network, float]]:
        return [
            (_network(solution, mechanism, name, value + at * shift), weight / shift) for at, weight in points
        ]

    try:
        return beside(CENTRAL)
    except InputError:
        if value != 0.0:
            raise
        return beside(FROM_ZERO)


def _content(state: Floats, network: Network) -> tuple[float, Floats]:
    """Alkali content x of the electrode in a state (mol per mol Sb), and its slopes by the unknowns."""
    space = workspace(network)
    fill_nodes(state[-1], network, space)
    shares = state[:-1]
    return float(shares @ space.content), np.append(space.content, shares @ space.slope)


def _network(solution: Solution, mechanism: Mechanism, name: str, value: float) -> Network:
    celsius = value if name == TEMPERATURE else solution.provenance["temperature_C"]
    changed = mechanism if name == TEMPERATURE else with_changes(mechanism, {name: value})
    return build_network(changed, solution.provenance["graph"], celsius + ZERO_CELSIUS_K)


@allocating_kernel
def _slopes_along(states: Floats, currents: Floats, network: Network) -> tuple[Floats, Floats]:
    """dy/dt and its Jacobian in each row at the row's own current."""
    rows, unknowns = states.shape
    nodes = unknowns - 1
    space = workspace(network)
    derivatives = space.derivatives
    rates, jacobians = np.zeros((rows, unknowns)), np.zeros((rows, unknowns, unknowns))
    for i in range(rows):
        evaluate(0.0, states[i], Control(True, currents[i], 0.0), network, space, True)
        for p in range(nodes):
            rates[i, p] = derivatives.dy_dt[p]
            for q in range(nodes):
                jacobians[i, p, q] = derivatives.blocks[0, p, q]
            jacobians[i, p, nodes] = derivatives.columns[0, p]
            jacobians[i, nodes, p] = derivatives.rows[0, p]
        rates[i, nodes] = derivatives.dy_dt[nodes]
        jacobians[i, nodes, nodes] = derivatives.rows[0, nodes]
    return rates, jacobians
