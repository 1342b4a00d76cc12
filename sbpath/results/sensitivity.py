"""Forward sensitivities: how the voltage curve responds to the numbers of a mechanism.

The linearized equations are solved along the solution on the integrator's own steps
(`sbpath.solver.response`), so no further simulation is needed. Where a protocol step ends at a limit,
its duration responds too, by the implicit function theorem.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from sbpath.arguments import items
from sbpath.errors import InputError
from sbpath.kernels import Floats, Floats2, Floats3, compiled
from sbpath.mechanism.paths import displaced, value
from sbpath.model.forcing import (
    OF_EDGES,
    OF_ELECTRODE,
    OF_FILM,
    OF_GALLERIES,
    OF_NODES,
    OF_WEAR,
    Slopes,
)
from sbpath.model.network import OF_TEMPERATURE, Network, displaced_fields, fields_of, start_of
from sbpath.model.population import of_particles, populated, population_of
from sbpath.protocol.outcome import Outcome
from sbpath.protocol.steps import ConstantVoltage, Step, Sweep
from sbpath.simulation import run
from sbpath.solution import Solution
from sbpath.solver.response import CONTENT, CURRENT, NOTHING, VOLTAGE, Course, Rows, Steps, follow

# Relative step of the one-sided difference that a parameter makes to a number of the network: half of the digits.
RELATIVE_STEP = 1e-8
# Step where a parameter is 0, in its unit.
STEP_AT_ZERO = 1e-2

CELSIUS = "temperature_C"
CUTOFFS = ("lower_cutoff_V", "upper_cutoff_V")
# The quantity that ends a step.
LIMITS = {
    Outcome.VOLTAGE: VOLTAGE,
    Outcome.CURRENT: CURRENT,
    Outcome.COMPOSITION: CONTENT,
    Outcome.CAPACITY: CONTENT,
}


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
    fractions : array, shape (m, P, n), or None
        Derivatives of `Solution.fractions`, as those of the voltage, if asked for.
    """

    parameters: tuple[str, ...]
    values: Floats
    voltage: Floats
    duration: Floats
    fractions: Floats3 | None = None

    @property
    def relative_V(self) -> Floats:
        """``p dV/dp``, shape (m, n): volts per 100 % of each parameter, to compare them."""
        return self.values[:, None] * self.voltage


def sensitivities(solution: Solution, parameters: Sequence[str], *, fractions: bool = False) -> Sensitivities:
    """Derivatives of the voltage of a solution with respect to numbers of its mechanism.

    Parameters
    ----------
    solution : Solution
        At one temperature, without output periods; the rows of every cycle must have been kept. A population so large
        that its particles are not known in every row is simulated again.
    parameters : sequence of str
        Dotted paths as `load_mechanism` takes them for changes, e.g.
        ``"interfaces.Sb|Li2Sb.energy_J_per_m2"``, or ``"temperature_C"``.
    fractions : bool
        Those of the phase fractions too.

    Raises
    ------
    InputError
        If a path leads to no number or to a cut-off, or the solution is not as above.
    """
    solution.check_whole("sensitivities")
    solution.check_isothermal("sensitivities")
    problems = [
        f"sensitivities: step {record.number} ({record.step}) sweeps from the voltage that it finds; "
        f"state it, e.g. Sweep from {solution.voltage_V[record.first]:.3g} V"
        for record in solution.steps
        if isinstance(record.step, Sweep) and record.step.start_V is None
    ]
    problems += [
        f"sensitivities: step {record.number} ({record.step}) has an output period; omit it"
        for record in solution.steps
        if record.step.period_s is not None
    ]
    if not (names := items(parameters)):
        problems.append(f"sensitivities: parameters must be a list of names, not {parameters!r}")
    if problems or names is None:
        raise InputError(problems)
    if solution.particles is not None and len(np.unique(solution.particles.row)) < len(solution.time_s):
        solution = run(solution.experiment, progress=False, every_row=True)
    values = [_value(solution, name) for name in names]
    here = solution.network
    if solution.experiment.population is not None:
        here = populated(here, solution.experiment.population)
    changes = [_changes(solution, here, name, at) for name, at in zip(names, values, strict=True)]
    course = Course(_rows(solution, here), _steps(solution), _slopes(here, changes), here)
    rows = len(solution.time_s) if fractions else 0
    shares = np.zeros((rows, len(names), len(solution.phases)))
    voltage, duration = compiled(follow)(course, _start(solution, here, changes), shares)
    by_fraction = np.moveaxis(shares, 0, 2).copy() if fractions else None
    return Sensitivities(tuple(names), np.array(values), voltage.T.copy(), duration, by_fraction)


class Changes(NamedTuple):
    """Fields of the network with a parameter larger `by` some amount, those that it may change."""

    fields: dict[str, Any]
    by: float


def _changes(solution: Solution, here: Network, name: str, at: float) -> Changes:
    """What a parameter a little farther from 0 changes."""
    by = RELATIVE_STEP * at or STEP_AT_ZERO
    fields = _displaced(solution, name, at, by)
    if fields == {"resistance": here.resistance}:  # the smallest that a network has
        by = STEP_AT_ZERO
        fields = _displaced(solution, name, at, by)
    return Changes(fields, by)


def _displaced(solution: Solution, name: str, at: float, by: float) -> dict[str, Any]:
    """Fields of the network, those that may change, with a parameter larger by so much."""
    old = new = solution.mechanism
    kelvin, population = solution.network.temperature, solution.experiment.population
    if name == CELSIUS:
        edges = old.edges(solution.graph)
        fields = fields_of(old, edges, old.nodes, kelvin + by, OF_TEMPERATURE)
    else:
        new = displaced(old, name, at + by)
        fields = displaced_fields(old, new, solution.graph, kelvin)
    if population is not None:
        if new.electrode.spread != old.electrode.spread:
            # The particles are those of the file unless others were asked for.
            of_file = population_of(old, len(population))
            changed = population_of(new, len(population))
            population = changed if changed is not None and of_file == population else population
        fields |= of_particles(fields, population)
    return fields


def _start(solution: Solution, here: Network, changes: Sequence[Changes]) -> Floats2:
    """How the initial state responds, shape (m, N B + g): fresh surface is a number of the mechanism."""
    initial, kept = solution.experiment.initial_state, here.layout.potential + here.layout.shared
    start = np.zeros((len(changes), kept))
    for k, (fields, by) in enumerate(changes):
        side = here._replace(**{name: fields[name] for name in ("film", "wear") if name in fields})
        if start_of(side) != start_of(here):
            start[k] = (initial(side)[:kept] - initial(here)[:kept]) / by
    return start


def _slopes(here: Network, changes: Sequence[Changes]) -> Slopes:
    """How the parameters change the network."""
    count, particles, edges = len(changes), *here.barrier.shape
    nodes = np.zeros((count, len(OF_NODES), len(here.gibbs)))
    galleries = np.zeros((count, len(OF_GALLERIES), len(here.sites)))
    of_edges = np.zeros((count, particles, edges, len(OF_EDGES)))
    electrode = np.zeros((count, len(OF_ELECTRODE)))
    film, wear = (np.zeros((count, len(names))) for names in (OF_FILM, OF_WEAR))
    places = {name: nodes[:, at] for at, name in enumerate(OF_NODES)}
    places |= {name: galleries[:, at] for at, name in enumerate(OF_GALLERIES)}
    places |= {name: of_edges[..., at] for at, name in enumerate(OF_EDGES)}
    places |= {name: electrode[:, at] for at, name in enumerate(OF_ELECTRODE)}
    places |= {"film": film, "wear": wear}
    for k, (fields, by) in enumerate(changes):
        for name, other in fields.items():
            own = getattr(here, name)
            if name in ("film", "wear"):
                own, other = np.array(own[1:]), np.array(other[1:])
            places[name][k] = (other - own) / by
    span = np.zeros((count, 2), dtype=np.int64)
    for k, (fields, _) in enumerate(changes):
        if own := [at for at, name in enumerate(OF_EDGES) if name in fields]:
            span[k] = own[0], own[-1] + 1
    moving = {*OF_NODES[1:], *OF_GALLERIES}
    return Slopes(
        nodes,
        galleries,
        of_edges.reshape(count, particles * edges, len(OF_EDGES)),
        electrode,
        film,
        wear,
        span,
        np.array([not moving.isdisjoint(fields) for fields, _ in changes]),
        np.array([not {"film", "temperature"}.isdisjoint(fields) for fields, _ in changes]),
    )


def _rows(solution: Solution, here: Network) -> Rows:
    """The rows of a solution, with all unknowns."""
    states, particles = solution.states, solution.particles
    if particles is not None:
        # The last of those at one row.
        place = np.searchsorted(particles.row, np.arange(len(states)), side="right") - 1
        fractions = particles.fractions[place].astype(float).reshape(len(states), here.layout.potential)
        states = np.hstack([fractions, states[:, solution.network.layout.potential :]])
    first = np.array([record.first for record in solution.steps])
    counts = np.array([record.last for record in solution.steps]) - first
    return Rows(states, solution.time_s - np.repeat(solution.time_s[first], counts), solution.current_A_per_g)


def _steps(solution: Solution) -> Steps:
    """The steps of its protocol."""
    imposed = [_imposed(record.step) for record in solution.steps]
    begin, scan = np.array([one or (0.0, 0.0) for one in imposed]).T.copy()
    return Steps(
        np.array([record.first for record in solution.steps]),
        np.array([record.last for record in solution.steps]),
        np.array([one is None for one in imposed]),
        begin,
        scan,
        np.array([LIMITS.get(record.outcome, NOTHING) for record in solution.steps]),
    )


def _imposed(step: Step) -> tuple[float, float] | None:
    """The voltage at the start of a step (V) and its rate (V/s); None if the current is given."""
    match step:
        case ConstantVoltage(voltage_V=voltage):
            return voltage, 0.0
        case Sweep(start_V=float(begin)):
            return begin, float(np.copysign(step.scan_rate_V_per_s, step.end_V - begin))
        case _:
            return None


def _value(solution: Solution, name: str) -> float:
    """The value of a parameter in a solution."""
    if name == CELSIUS:
        return solution.temperature_C
    if name in CUTOFFS:
        raise InputError(f"{name}: is a limit of the protocol and does not affect the curve between limits")
    return value(solution.mechanism, name)
