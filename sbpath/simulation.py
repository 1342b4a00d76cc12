"""Simulate a protocol with a mechanism."""

from __future__ import annotations

import math
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor, wait
from functools import lru_cache
from typing import Any

import numpy as np

from sbpath.errors import ValidityWarning
from sbpath.experiment import LOADING, Experiment, Keep, ProtocolLike, Same, State
from sbpath.kernels import compiled
from sbpath.mechanism.mechanism import Mechanism
from sbpath.model.equations import stored_charge
from sbpath.model.network import Network
from sbpath.model.population import Population, populated
from sbpath.model.sanity import sanity_warnings, temperature_warnings, window_warnings
from sbpath.model.workspace import fill_means, fill_nodes, workspace
from sbpath.physical import ZERO_CELSIUS_K
from sbpath.progress import Bar, Stopped
from sbpath.protocol.steps import voltages_V
from sbpath.run_record import RunRecord, solution_of
from sbpath.solution import SimulationError, Solution
from sbpath.solver.cycler import programme_of
from sbpath.solver.electrode import Tolerances
from sbpath.solver.solve import TOO_MANY_STEPS, Checkpoint, Monitor, Programme, Run, part_of
from sbpath.solver.solve import run as run_steps
from sbpath.solver.trial import SolverOptions

# Steps are integrated in batches of about this wall time (s).
BATCH_S = 0.2
# Of the first batch nothing is known: a cycle with rests, since batches have to be joined.
FIRST_STEPS = 4
# Rows of a batch, about 5 MB for one particle, unless a single step has more. Larger ones are slower too.
BATCH_ROWS = 10_000
# Integrator steps that take about as long as a batch.
BATCH_STEPS = 20_000
# Number of snapshots of a population between lowest and highest x, if its particles have more than these unknowns:
# so many take no more room in a row than all else.
SNAPSHOTS, FEW_UNKNOWNS = 200, 100


def simulate(
    mechanism: Mechanism | str,
    protocol: ProtocolLike | None = None,
    *,
    graph: str | None = None,
    temperature_C: float | None = None,
    initial: Solution | State | None = None,
    electrode_mass_g: float | None = None,
    loading_mg_per_cm2: float | None = None,
    one_C_mA_per_g: float | None = None,
    options: SolverOptions | None = None,
    population: Population | int | None = None,
    keep: Keep = "all",
    extrapolate: float | None = None,
    progress: bool = True,
) -> Solution:
    """Simulate `protocol` with `mechanism`.

    The same arguments give the same solution, to the last bit.

    Parameters
    ----------
    mechanism : Mechanism or str
        A mechanism, or an argument of `load_mechanism`: ``"li-sb"``, or the path of a file.
    protocol : Protocol, Step, str, or a sequence of steps or of cycles of steps
        As for `Protocol.parse`: steps alone are one cycle. By default one cycle at C/10 between the mechanism's cut-offs.
    graph : str, optional
        One of the mechanism's graphs; by default its default graph.
    temperature_C : float, optional
        Temperature (Celsius); by default that of the mechanism.
    initial : Solution or State, optional
        Start from the final state of a solution, or from a state. By default all Sb is in the
        mechanism's initial phase, at its upper cut-off.
    electrode_mass_g : float, optional
        Mass of host in the electrode, for currents in A and mA (g).
    loading_mg_per_cm2 : float, optional
        Mass of host per area, for currents in mA/cm2 and the resistance; by default that of the mechanism.
    one_C_mA_per_g : float, optional
        1C; by default the theoretical capacity in one hour (660 mA/g for Sb).
    options : SolverOptions, optional
        Tolerances.
    population : Population or int, optional
        Many particles instead of one. Arrays are then means over them, and `Solution.particles`
        holds each. By default those of the spread in the file, if it has one; a number N takes N
        of these, and 1 a single particle.
    keep : "all", "ends" or int
        Which rows are kept: of every cycle, of every n-th, or the ends of steps only; see
        `Experiment`. Those of the first and the last cycle always are, and efficiencies, losses and paths
        are known of every cycle. For thousands of cycles take 100 or ``"ends"``.
    extrapolate : float, optional
        Pass over cycles of an electrode that changes slowly: as many as its changes from cycle to cycle themselves change by
        no more than this share over. With 0.02, a fourth of 1,000 cycles are solved, and capacities are right to
        about 0.02 % (`sbpath.extrapolation`). By default every cycle is solved.
    progress : bool
        Show progress after two seconds, on standard error, if that is a terminal or a notebook.

    Returns
    -------
    Solution

    Raises
    ------
    InputError
        If an argument is invalid; nothing is simulated then.
    SimulationError
        If a step fails; it holds the partial solution.

    Warns
    -----
    ValidityWarning
        If a number is possible but hardly intended: what ``sbpath check`` says of the mechanism, a temperature
        outside its `temperature_range_C`, a voltage below the alkali metal or far above its cut-offs.

    Examples
    --------
    >>> import sbpath
    >>> solution = sbpath.simulate("li-sb", sbpath.cycling("C/10", 0.05, 1.5), progress=False)
    >>> solution.phases
    ('Sb', 'Li2Sb', 'Li3Sb')
    >>> round(float(solution.fraction("Li2Sb").max()), 2)
    1.0
    >>> more = sbpath.simulate("li-sb", "Insert at C/10 for 5 h", initial=solution, progress=False)
    >>> round(float(more.composition[-1]), 2)
    1.5
    """
    experiment = Experiment.of(
        mechanism,
        protocol,
        graph=graph,
        temperature_C=temperature_C,
        initial=initial.final_state if isinstance(initial, Solution) else initial,
        electrode_mass_g=electrode_mass_g,
        loading_mg_per_cm2=loading_mg_per_cm2,
        one_C_mA_per_g=one_C_mA_per_g,
        options=options,
        population=population,
        keep=keep,
        extrapolate=extrapolate,
    )
    warn_of_doubts(experiment)
    return run(experiment, progress)


def run(experiment: Experiment, progress: bool = True, every_row: bool = False) -> Solution:
    """Simulate an experiment, as `simulate` does; the particles of a large population may be recorded in `every_row`.

    Raises
    ------
    SimulationError
        If a step fails, or a watch (`sbpath.progress`) stops it; it holds the partial solution.
    Stopped
        If it is stopped within the first step.
    """
    mechanism, population, options = experiment.mechanism, experiment.population, experiment.options
    todo = list(experiment.protocol.steps())
    temperatures = [experiment.temperatures_of(step) for _, _, step in todo]
    celsius = experiment.initial.temperature_C
    if celsius is None:
        celsius = temperatures[0][0]
    network = _network(experiment, celsius)
    state = experiment.initial_state(network)

    # If the first step sets the voltage, the charge of the jump counts from here.
    space = workspace(network)
    fill_nodes(experiment.initial.potential_V, network, space)
    fill_means(state, network, space.mean)
    start_charge = stored_charge(state, network, space)[0]
    record = RunRecord(experiment, network, state, start_charge)
    programme = programme_of(tuple(step for _, _, step in todo), experiment.basis)
    tolerances = Tolerances(options.rtol, options.atol, options.max_steps)
    least, most = mechanism.content_range
    few = network.layout.potential <= FEW_UNKNOWNS
    spacing = math.inf if population is None else 0.0 if every_row or few else (most - least) / SNAPSHOTS
    done, share = 0, FIRST_STEPS if population is None else 1
    label = f"sbpath {mechanism.name}"
    with Bar(label, "step", len(todo), progress) as bar:
        try:
            while done < len(todo):
                began = time.monotonic()
                stop = min(done + share, len(todo))
                # A batch is at one temperature, or a single step with a ramp.
                start, end = temperatures[done]
                alike = (start, start)
                stop = next(
                    (k for k in range(done + 1, stop) if temperatures[k] != alike or start != end), stop
                )
                if experiment.extrapolate is not None:
                    stop = next((k for k in range(done + 1, stop) if todo[k][0] != todo[done][0]), stop)
                if start != celsius:
                    network = record.change_temperature(network, _network(experiment, start))
                batch = part_of(programme, done, stop)
                part = _integrate(bar, network, batch, record.checkpoint, tolerances, spacing)
                record.add(part, todo[done:stop])
                celsius = start
                if start != end:
                    celsius = float(experiment.temperature_at(todo[done][2], record.steps[-1].duration_s))
                    network = _network(experiment, celsius)
                bar.update(len(part.last))
                if record.failed:
                    break
                if experiment.extrapolate is not None and (
                    stop == len(todo) or todo[stop][0] != todo[done][0]
                ):
                    record.close_cycle()
                    passed = record.pass_over(network)
                    bar.update(passed)
                    stop += passed
                # As many steps as take about BATCH_S, since progress is not updated within a batch, and rows
                # that are not kept stay in memory for as long.
                room = min(100.0, BATCH_S / (time.monotonic() - began + 1e-9), BATCH_ROWS / part.last[-1])
                share = max(1, round(len(part.last) * room))
                done = stop
        except Stopped:
            if not (record.steps and bar.outermost):
                raise
    solution = solution_of(record)
    if record.failed:
        raise SimulationError(str(record.steps[-1]), solution)
    if (last := record.steps[-1].number) < len(todo):
        raise SimulationError(f"stopped after step {last} of {len(todo)}", solution)
    return solution


def _network(experiment: Experiment, celsius: float) -> Network:
    """The network at a temperature, with all particles."""
    network = experiment.network if celsius == experiment.temperature_C else experiment.network_at(celsius)
    return network if experiment.population is None else populated(network, experiment.population)


def simulate_again(solution: Solution, progress: bool = True) -> Solution:
    """Repeat the experiment of a solution, e.g. after `load_solution`.

    Examples
    --------
    >>> import sbpath
    >>> solution = sbpath.simulate("li-sb", "Insert at C/10 until x = 1", progress=False)
    >>> again = sbpath.simulate_again(solution, progress=False)
    >>> bool((again.voltage_V == solution.voltage_V).all())
    True
    """
    return run(solution.experiment, progress)


def warn_of_doubts(*experiments: Experiment) -> None:
    """Warn once of each number of these that is possible but hardly intended, at the user's line that called sbpath."""
    level, frame = 1, sys._getframe()
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] == "sbpath":
        level, frame = level + 1, frame.f_back
    for doubt in dict.fromkeys(doubt for experiment in experiments for doubt in doubts_of(experiment)):
        warnings.warn(ValidityWarning(doubt), stacklevel=level)


@lru_cache(maxsize=32)
def _mechanism_doubts(of: Same) -> tuple[str, ...]:
    return tuple(sanity_warnings(of.mechanism))


def doubts_of(experiment: Experiment) -> list[str]:
    """What is odd about the mechanism, the temperatures, the window and the loading, a line each."""
    mechanism, protocol = experiment.mechanism, experiment.protocol
    steps = set(step for cycle in protocol.cycles for step in cycle)
    doubts = [
        *_mechanism_doubts(Same(mechanism)),
        *temperature_warnings(
            mechanism, (celsius for step in steps for celsius in experiment.temperatures_of(step))
        ),
        *window_warnings(mechanism, (voltage for step in steps for voltage in voltages_V(step))),
    ]
    if (
        LOADING in mechanism.changes
        and not mechanism.series_resistance_ohm_g(experiment.temperature_C + ZERO_CELSIUS_K)
        and not any("/cm2" in str(step) for step in steps)
    ):
        doubts.append(
            f"{LOADING}: changes nothing here, since the cell has no resistance and no current is per area; "
            "set electrode.contact_resistance_ohm_cm2, or give currents in mA/cm2"
        )
    return [f"{mechanism.name}: {doubt}" for doubt in doubts]


def _integrate(
    bar: Any,
    network: Network,
    programme: Programme,
    checkpoint: Checkpoint,
    tolerances: Tolerances,
    spacing: float,
) -> Run:
    """The integration as native code, which no signal interrupts.

    Where it may take long it runs in a thread, to be watched and stopped: for a population, with an
    output period, with a long table of currents, or, again from the start of the batch, if a step needs
    more integrator steps than usual.
    """
    monitor = Monitor(np.zeros(1), np.zeros(1, np.int64))
    integrate = compiled(run_steps)
    arguments = (network, programme, checkpoint, tolerances, spacing, monitor)
    if len(network.weight) == 1 and not programme.period.any() and len(programme.until) <= BATCH_STEPS:
        few = min(tolerances.max_steps, BATCH_STEPS)
        part = integrate(*arguments[:3], tolerances._replace(max_steps=few), spacing, monitor)
        if part.ended[-1] != TOO_MANY_STEPS or few == tolerances.max_steps:
            return part
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(integrate, *arguments)
        try:
            while not running.done():
                wait([running], timeout=BATCH_S)
                bar.set_postfix_str(f"{monitor.time[0] / 3600.0:.3g} h", refresh=False)
                bar.update(0)
        except BaseException:
            monitor.stop[0] = 1
            raise
    return running.result()
