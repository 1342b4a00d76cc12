"""Forward sensitivities: how the voltage curve responds to the numbers of a mechanism.

The linearized equations are solved along the solution on the integrator's own steps
(`sbpath.solver.response`), so no further simulation is needed. Where a protocol step ends at a limit,
its duration responds too, by the implicit function theorem.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np

from sbpath.arguments import items
from sbpath.errors import InputError
from sbpath.kernels import Floats, Floats2, Floats3, Integers, compiled
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.paths import displaced, value
from sbpath.model.charge_transfer import overpotential
from sbpath.model.network import Network, build_network, displaced_network
from sbpath.model.population import Population, populated, population_of
from sbpath.physical import ZERO_CELSIUS_K
from sbpath.protocol.outcome import Outcome
from sbpath.protocol.steps import ConstantVoltage, CurrentTable, Sweep
from sbpath.simulation import run
from sbpath.solution import Solution, StepRecord
from sbpath.solver.response import ROWS, Rows, Slopes, follow, rates_in_rows

# Relative step of the one-sided difference df/dp: half of the digits.
RELATIVE_STEP = 1e-8
# Step where a parameter is 0, in its unit.
STEP_AT_ZERO = 1e-4
# Largest change of an unknown in the difference that gives the derivative of a limited quantity.
STATE_STEP = 1e-7

TEMPERATURE = "temperature_C"
CUTOFFS = ("lower_cutoff_V", "upper_cutoff_V")
# Fields of a network on which no rate depends at one temperature, and those of E - V.
APART = {"change", "layout", "columns"}
OF_THE_DROP = {"resistance", "exchange", "thermal_voltage"}


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
    here = _of_all_particles(solution, solution.network, solution.mechanism)
    values = np.array([_value(solution, name) for name in names])
    shifts = [_shifted(solution, here, *one) for one in zip(names, values.tolist(), strict=True)]
    slopes = _slopes(here, shifts)
    states, kept = _states(solution, here), here.layout.potential + here.layout.shared
    parameters_V = np.empty((len(solution.time_s), len(values)))
    shares = np.zeros((len(parameters_V) if fractions else 0, len(values), len(solution.phases)))
    duration = np.zeros((len(values), len(solution.steps)))
    start = _start(solution, here, shifts)
    for number, record in enumerate(solution.steps):
        rows, firsts = _rows_of(solution, states, record)
        if not rows.current_control and here.resistance == 0.0 and here.exchange <= 0.0:
            # E jumps to the imposed voltage.
            start[:, here.layout.potential] = 0.0
        sides, by = _sides(rows, shifts, kept)
        own = shares[record.first : record.last]
        own[:1] = _mean_shares(start, here, len(solution.phases))
        potential, start, rates = compiled(follow)(rows, firsts, slopes, sides, by, start, here, own)
        if not rows.current_control:
            potential = np.zeros(potential.shape)
        else:
            for k, (side, larger, differs) in enumerate(shifts):
                if differs & OF_THE_DROP:
                    potential[:, k] -= (_drop(rows.level, side) - _drop(rows.level, here)) / larger
        parameters_V[record.first : record.last] = potential
        if record.outcome is Outcome.VOLTAGE:
            change, motion = potential[-1], rates[here.layout.potential]
        elif record.outcome in (Outcome.COMPOSITION, Outcome.CAPACITY, Outcome.CURRENT):
            change, motion = _limited(record, rows, start, rates, here, shifts)
        else:
            continue
        # The limited quantity has the same value at the end of the step.
        duration[:, number] = -change / motion
        start = start + np.outer(duration[:, number], rates)
    by_fraction = np.moveaxis(shares, 0, 2).copy() if fractions else None
    return Sensitivities(tuple(names), values, parameters_V.T.copy(), duration, by_fraction)


class Shifted(NamedTuple):
    """The network with a parameter larger `by` some amount, and the fields in which it `differs`."""

    network: Network
    by: float
    differs: set[str]


def _start(solution: Solution, here: Network, shifts: Sequence[Shifted]) -> Floats2:
    """How the initial state responds, shape (m, N B + g): fresh surface is a number of the mechanism."""
    initial, kept = solution.experiment.initial_state, here.layout.potential + here.layout.shared
    start = np.zeros((len(shifts), kept))
    for k, (side, by, differs) in enumerate(shifts):
        if differs & {"film", "wear"}:
            start[k] = (initial(side)[:kept] - initial(here)[:kept]) / by
    return start


def _slopes(here: Network, shifts: Sequence[Shifted]) -> Slopes:
    """How the parameters change the numbers whose effect on the rates has a closed form."""
    slopes = Slopes(*(np.zeros((len(shifts), *np.shape(getattr(here, name)))) for name in Slopes._fields))
    for k, (side, by, differs) in enumerate(shifts):
        if not _by_differences(differs, True):
            for name in differs & set(Slopes._fields):
                getattr(slopes, name)[k] = (getattr(side, name) - getattr(here, name)) / by
    return slopes


def _by_differences(differs: set[str], current_control: bool) -> bool:
    """Whether what such a parameter does to the rates is found by differences."""
    rates, drop = differs & set(Slopes._fields), differs & OF_THE_DROP
    if differs - rates - drop or (rates and drop):
        return True
    # Under a given current the drop is added to E.
    return bool(drop) and not current_control


def _sides(rows: Rows, shifts: Sequence[Shifted], kept: int) -> tuple[Floats3, Floats]:
    """Rates with each parameter larger where their change has no closed form, see `follow`."""
    by = np.array([s.by if _by_differences(s.differs, rows.current_control) else 0.0 for s in shifts])
    own = np.flatnonzero(by).tolist()
    sides = np.zeros((len(rows.time) if own else 0, len(shifts), kept))
    for k in own:
        sides[:, k] = compiled(rates_in_rows)(rows, shifts[k].network)[0]
    return sides, by


def _mean_shares(start: Floats2, network: Network, nodes: int) -> Floats2:
    """Derivatives of the mean shares of the host in the nodes, shape (m, P)."""
    layout = network.layout
    own = start[:, : layout.potential].reshape(len(start), len(network.weight), layout.block)
    return np.einsum("i,mip->mp", network.weight, own[:, :, :nodes])


def _states(solution: Solution, network: Network) -> Floats2:
    """All unknowns in every row, shape (n, unknowns)."""
    states = solution.states
    if solution.particles is None:
        return states
    own = states[:, solution.network.layout.potential :]
    # The last of those at one row.
    place = np.searchsorted(solution.particles.row, np.arange(len(states)), side="right") - 1
    fractions = solution.particles.fractions[place].astype(float)
    return np.hstack([fractions.reshape(len(states), network.layout.potential), own])


def _rows_of(solution: Solution, states: Floats2, record: StepRecord) -> tuple[Rows, Integers]:
    """The rows of a step, and the first of each integrator step."""
    own, step = slice(record.first, record.last), record.step
    time = solution.time_s[own] - solution.time_s[record.first]
    level, count = solution.current_A_per_g[own], record.last - record.first
    starts, slope = np.zeros(1, dtype=np.int64), 0.0
    match step:
        case CurrentTable():
            # Where the current changes, the same instant has two rows.
            starts = np.append(starts, np.flatnonzero(np.diff(level)) + 1)
        case ConstantVoltage(voltage_V=voltage):
            level = np.full(count, voltage)
        case Sweep(start_V=float(begin)):
            level = np.full(count, begin)
            slope = np.copysign(step.scan_rate_V_per_s, step.end_V - begin)
        case _:
            pass
    control = not isinstance(step, ConstantVoltage | Sweep)
    ends = np.append(starts[1:], count)
    firsts = [
        np.arange(begin, end - 1, ROWS, dtype=np.int64) for begin, end in zip(starts, ends, strict=True)
    ]
    return Rows(states[own], time, level, float(slope), control), np.concatenate(firsts)


def _limited(
    record: StepRecord,
    rows: Rows,
    start: Floats2,
    rates: Floats,
    network: Network,
    shifts: Sequence[Shifted],
) -> tuple[Floats, float]:
    """The derivatives of the quantity that ended a step by the parameters and by time, in its last row.

    Differences along the derivatives of the state, in which large terms cancel.
    """
    which = 1 if record.outcome is Outcome.CURRENT else 2

    def quantity(way: Floats, step: float, after: float, side: Network) -> float:
        moved = rows.states[-1:].copy()
        moved[0, : len(way)] += step * way
        at = Rows(moved, rows.time[-1:] + after, rows.level[-1:], rows.slope, rows.current_control)
        return float(compiled(rates_in_rows)(at, side)[which][0])

    here = quantity(rates, 0.0, 0.0, network)
    change = [
        (quantity(way, by, 0.0, side) - here) / by for way, (side, by, _) in zip(start, shifts, strict=True)
    ]
    step = STATE_STEP / max(float(np.abs(rates).max()), 1e-300)
    motion = quantity(rates, step, step, network) - quantity(rates, -step, -step, network)
    return np.array(change), motion / (2.0 * step)


def _drop(currents: Floats, network: Network) -> Floats:
    """E - V (V) in every row."""
    levels, place = np.unique(currents, return_inverse=True)
    etas = np.array([overpotential(current, network) for current in levels.tolist()])
    return currents * network.resistance + etas[place]


def _value(solution: Solution, name: str) -> float:
    """The value of a parameter in a solution."""
    if name == TEMPERATURE:
        return solution.temperature_C
    if name in CUTOFFS:
        raise InputError(f"{name}: is a limit of the protocol and does not affect the curve between limits")
    return value(solution.mechanism, name)


def _shifted(solution: Solution, here: Network, name: str, at: float) -> Shifted:
    """The network with a parameter a little farther from 0."""
    step = RELATIVE_STEP * at or STEP_AT_ZERO
    mechanism = solution.mechanism
    if name == TEMPERATURE:
        network = build_network(mechanism, solution.graph, at + step + ZERO_CELSIUS_K)
    else:
        mechanism = displaced(mechanism, name, at + step)
        network = displaced_network(solution.network, solution.mechanism, mechanism, solution.graph)
    side = _of_all_particles(solution, network, mechanism)
    fields = zip(Network._fields, side, here, strict=True)
    return Shifted(
        side, step, {name for name, one, other in fields if name not in APART and _differ(one, other)}
    )


def _differ(one: Any, other: Any) -> bool:
    return one is not other and bool(np.any(one != other) if isinstance(one, np.ndarray) else one != other)


def _of_all_particles(solution: Solution, network: Network, mechanism: Mechanism) -> Network:
    """The network of one particle extended to all."""
    population = solution.experiment.population
    if population is None:
        return network
    if mechanism.electrode.spread != solution.mechanism.electrode.spread:
        # The particles are those of the file unless others were asked for.
        of_file = population_of(solution.mechanism, len(population))
        changed = population_of(mechanism, len(population))
        if changed is not None and of_file is not None and _alike(of_file, population):
            population = changed
    return populated(network, population)


def _alike(one: Population, other: Population) -> bool:
    return all(np.array_equal(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
