"""The one verb: carry a mechanism through a protocol and return the solution."""

from __future__ import annotations

import math
import time
import warnings
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import fields
from typing import Any

import numpy as np
from tqdm import tqdm

from sbpath.errors import ValidityWarning
from sbpath.experiment import Experiment, ProtocolLike, State
from sbpath.halfcycles import charge_runs
from sbpath.kernels import Floats, Integers, compiled
from sbpath.mechanism.mechanism import Mechanism
from sbpath.model.equations import fill_nodes, fill_shares, node_volume, stored_charge, workspace
from sbpath.model.network import Network
from sbpath.model.population import Population, populated
from sbpath.physical import COULOMB_PER_MAH
from sbpath.progress import PROGRESS_DELAY_S
from sbpath.protocol.steps import Step
from sbpath.solution import CAUSES, Particles, SimulationError, Solution, StepRecord
from sbpath.solver.cycler import End, direction_of, outcome_of, programme_of
from sbpath.solver.electrode import (
    CHARGE,
    CONTENT,
    CURRENT,
    POTENTIAL,
    SHARES,
    STORED,
    TIME,
    VOLTAGE,
    VOLUME,
    layout,
)
from sbpath.solver.solve import Programme, Run, Watch
from sbpath.solver.solve import run as run_steps
from sbpath.solver.trial import SolverOptions, Tolerances

# Steps are integrated in batches of about this time (s).
BATCH_S = 0.2
# Integrator steps that take about as long as a batch.
BATCH_STEPS = 20_000
# Snapshots of a population between empty and full.
SNAPSHOTS = 200


def simulate(
    mechanism: Mechanism | str,
    protocol: ProtocolLike | None = None,
    *,
    graph: str | None = None,
    temperature_C: float | None = None,
    initial: Solution | State | None = None,
    electrode_mass_g: float = 1.0,
    one_C_mA_per_g: float | None = None,
    options: SolverOptions | None = None,
    population: Population | None = None,
    progress: bool = True,
) -> Solution:
    """Carry `mechanism` through `protocol`.

    The same arguments always give the same solution, to the last bit.

    Parameters
    ----------
    mechanism : Mechanism or str
        A mechanism, or what `load_mechanism` takes: ``"li-sb"``, or the path of a file.
    protocol : Protocol, Step, str, or a sequence of steps and of cycles of steps
        As `Protocol.parse` takes it. Without one: one cycle at C/10 between the mechanism's
        cut-offs.
    graph : str, optional
        Which of the mechanism's graphs; its default graph if not given.
    temperature_C : float, optional
        Celsius; the mechanism's own temperature if not given.
    initial : Solution or State, optional
        Continue from the final state of a solution, or begin from a state. Otherwise all Sb
        is in the mechanism's initial phase, at its upper cut-off.
    electrode_mass_g : float
        Mass of Sb, for currents in A and mA (g).
    one_C_mA_per_g : float, optional
        What 1C means; the theoretical capacity in one hour (660 mA/g) if not given.
    options : SolverOptions, optional
        Tolerances.
    population : Population, optional
        Many particles in place of one. All arrays are then means over them, and
        `Solution.particles` holds them one by one.
    progress : bool
        Show progress on standard error if it takes longer than two seconds and somebody can see
        it: on a terminal or in a notebook.

    Returns
    -------
    Solution

    Raises
    ------
    InputError
        If an argument is wrong; nothing is simulated then.
    SimulationError
        If a step cannot be carried out; it holds the partial solution.

    Warns
    -----
    ValidityWarning
        If the temperature is outside the mechanism's `temperature_range_C`.

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
        one_C_mA_per_g=one_C_mA_per_g,
        options=options,
        population=population,
    )
    warn_outside(experiment, stacklevel=3)
    return run(experiment, progress)


def run(experiment: Experiment, progress: bool = True) -> Solution:
    """Carry out an experiment; otherwise as `simulate`.

    Raises
    ------
    SimulationError
        If a step cannot be carried out; it holds the partial solution.
    """
    mechanism, population, options = experiment.mechanism, experiment.population, experiment.options
    network = experiment.network
    if population is not None:
        network = populated(network, population)
    start, state = experiment.initial, experiment.initial_state()

    # A first step that sets the voltage jumps to it; its charge counts from here.
    work = workspace(network)
    fill_nodes(start.potential_V, network, work)
    fill_shares(state, network, work)
    start_charge = stored_charge(start.potential_V, network, work)[0]
    record = Record(network, state, start_charge)
    todo = list(experiment.protocol.steps())
    programme = programme_of(
        [step for _, _, step in todo], experiment.one_C_mA_per_g, experiment.electrode_mass_g
    )
    tolerances = Tolerances(options.rtol, options.atol, options.max_steps)
    least, most = mechanism.content_range
    spacing = math.inf if population is None else (most - least) / SNAPSHOTS
    done, share = 0, 1
    label = f"sbpath {mechanism.name}"
    with tqdm(
        total=len(todo), desc=label, unit="step", delay=PROGRESS_DELAY_S, disable=None if progress else True
    ) as bar:
        while done < len(todo):
            began = time.monotonic()
            stop = min(done + share, len(todo))
            part = _integrate(
                bar, network, programme, done, stop, record.state, record.time, record.totals, tolerances, spacing
            )  # fmt: skip
            record.add(part, todo[done:stop], options.max_steps)
            bar.update(len(part.last))
            if record.failed:
                break
            # As many steps at a time as take a moment: nothing moves meanwhile.
            share = max(1, round(len(part.last) * min(100.0, BATCH_S / (time.monotonic() - began + 1e-9))))
            done = stop
    solution = _assemble(experiment, network, record, start_charge)
    if record.failed:
        raise SimulationError(str(record.steps[-1]), solution)
    return solution


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


def warn_outside(experiment: Experiment, stacklevel: int) -> None:
    """Warn where the mechanism's numbers do not hold at the experiment's temperature."""
    mechanism, celsius = experiment.mechanism, experiment.temperature_C
    low, high = mechanism.temperature_range_C or (-math.inf, math.inf)
    if not low <= celsius <= high:
        text = (
            f"{mechanism.name}: simulated at {celsius:g} C, but its numbers hold from {low:g} to {high:g} C "
            f"only (temperature_range_C); `sbpath show {mechanism.name}` says why"
        )
        warnings.warn(ValidityWarning(text), stacklevel=stacklevel)


# -- meanwhile ----------------------------------------------------------------------------


def _integrate(
    bar: Any,
    network: Network,
    programme: Programme,
    first: int,
    stop: int,
    state: Floats,
    time: float,
    totals: Floats,
    tolerances: Tolerances,
    spacing: float,
) -> Run:
    """The integration as native code, which no signal interrupts.

    Where it may take long it has a thread of its own, to be watched and stopped: for a population,
    with an output period, or with more integrator steps than usual.
    """
    watch = Watch(np.zeros(1), np.zeros(1, np.int64))
    integrate = compiled(run_steps)
    arguments = (network, programme, first, stop, state, time, totals, tolerances, spacing, watch)
    usual = not programme.period[first:stop].any() and tolerances.max_steps <= BATCH_STEPS
    if len(network.weight) == 1 and usual:
        return integrate(*arguments)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(integrate, *arguments)
        try:
            while not running.done():
                wait([running], timeout=BATCH_S)
                bar.set_postfix_str(f"{watch.time[0] / 3600.0:.3g} h", refresh=False)
                bar.update(0)
        except BaseException:
            watch.stop[0] = 1
            raise
    return running.result()


# -- after --------------------------------------------------------------------------------


def _half_cycle_capacity(charge: Floats, cycle: Integers, step: Integers) -> Floats:
    """Charge since the half cycle began (mAh/g); 0 where charge has not yet passed."""
    capacity = np.zeros_like(charge)
    for run in charge_runs(charge, cycle, step):
        capacity[run.first : run.last] = np.abs(charge[run.first : run.last] - run.before)
    return capacity


class Record:
    """All that has been simulated so far."""

    def __init__(self, network: Network, state: Floats, charge: float) -> None:
        self.columns = layout(len(network.gibbs), len(network.source))
        self.state = state
        self.time = 0.0
        self.totals = np.zeros(self.columns.width - self.columns.powers)
        self.charge = charge
        self.rows: list[Floats] = []
        self.seen: list[tuple[Integers, Any]] = []
        self.steps: list[StepRecord] = []
        self.failed = False

    def add(self, part: Run, todo: list[tuple[int, int, Step]], max_steps: int) -> None:
        """Append what `sbpath.solver.solve.run` made of the steps of `todo`."""
        before = self.steps[-1].last if self.steps else 0
        first = 0
        ends = zip(
            part.last.tolist(),
            part.ended.tolist(),
            part.target.tolist(),
            part.duration.tolist(),
            part.size.tolist(),
            strict=True,
        )
        for (cycle, number, step), (last, way, target, duration, size) in zip(todo, ends):  # noqa: B905
            end = part.rows[last - 1]
            outcome, reason = outcome_of(step, End(way, target, duration, size, end[POTENTIAL]), max_steps)
            passed = float(end[CHARGE] - self.charge) / COULOMB_PER_MAH
            self.charge = float(end[CHARGE])
            self.steps.append(
                StepRecord(
                    cycle, number, step, direction_of(step, passed), before + first, before + last,
                    duration, passed, outcome, reason,
                )
            )  # fmt: skip
            first = last
            self.failed = outcome.failed
            if self.failed:
                break
        self.rows.append(part.rows[:first])
        looks = part.snapshots.taken[0]
        self.seen.append((before + part.snapshots.row[:looks], part.snapshots.fractions[:looks]))
        self.state = part.state
        self.time = float(part.rows[first - 1, TIME])
        self.totals = part.rows[first - 1, self.columns.width :].copy()


def _assemble(experiment: Experiment, network: Network, record: Record, start_charge: float) -> Solution:
    mechanism, population = experiment.mechanism, experiment.population
    table = np.concatenate(record.rows).T
    edges = experiment.edges
    count, columns, width = len(edges), record.columns, record.columns.width
    passed = (table[CHARGE] - start_charge) / COULOMB_PER_MAH
    # As built: a solution phase is filled as far as the upper cut-off has it.
    work = workspace(network)
    fill_nodes(mechanism.upper_cutoff_V, network, work)
    pristine = node_volume(list(mechanism.nodes).index(mechanism.initial_phase), network, work)
    steps = record.steps
    lengths = [s.last - s.first for s in steps]
    cycle, step = (
        np.repeat(numbers, lengths) for numbers in ([s.cycle for s in steps], [s.number for s in steps])
    )
    rates = table[columns.flows : columns.flows + count].copy()
    affinities = table[columns.affinity : columns.affinity + count].copy()
    energy, joule, parts, converted, carried = np.split(
        table[width:], np.cumsum([1, 1, len(CAUSES) * count, count])
    )
    return Solution(
        experiment=experiment,
        time_s=experiment.initial.time_s + table[TIME],
        potential_V=table[POTENTIAL].copy(),
        voltage_V=table[VOLTAGE].copy(),
        current_A_per_g=table[CURRENT].copy(),
        composition=table[CONTENT].copy(),
        charge_mAh_per_g=passed,
        capacity_mAh_per_g=_half_cycle_capacity(passed, cycle, step),
        fractions=table[SHARES : columns.affinity].copy(),
        rates_per_s=rates,
        affinities_J_per_mol=affinities,
        heat_W_per_g=rates * affinities / mechanism.host_molar_mass_g_per_mol,
        heat_parts_J_per_g=parts.reshape(len(CAUSES), count, table.shape[1]).copy(),
        converted=converted.copy(),
        edge_charge_mAh_per_g=carried / COULOMB_PER_MAH,
        joule_heat_J_per_g=joule[0].copy(),
        energy_J_per_g=energy[0].copy(),
        stored_J_per_g=table[STORED].copy(),
        swelling_percent=(table[VOLUME] / pristine - 1.0) * 100.0,
        cycle=cycle,
        step=step,
        steps=tuple(steps),
        particles=None if population is None else _particles(population, record, len(mechanism.nodes)),
    )


def _particles(population: Population, record: Record, nodes: int) -> Particles:
    rows, fractions = (np.concatenate(parts) for parts in zip(*record.seen, strict=True))
    return Particles(
        **{f.name: getattr(population, f.name) for f in fields(population)},
        row=rows,
        fractions=fractions.reshape(len(rows), len(population), nodes),
        final=record.state[:-1].reshape(len(population), nodes).copy(),
    )
