"""The one verb: carry a mechanism through a protocol and return the solution."""

from __future__ import annotations

import math
import platform
import time
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import asdict, fields, replace
from numbers import Real
from typing import Any

import numpy as np
from tqdm import tqdm

from sbpath import __version__
from sbpath.errors import InputError, ValidityWarning
from sbpath.halfcycles import charge_runs
from sbpath.kernels import Floats, Integers, compiled
from sbpath.mechanism.reader import load_mechanism
from sbpath.mechanism.records import Mechanism, document_hash
from sbpath.model.columns import CHARGE, HEAT_CAUSES, POTENTIAL, TIME, by_name
from sbpath.model.equations import stored_charge
from sbpath.model.network import Network, build_network, sizes_of
from sbpath.model.population import Population, populated
from sbpath.model.unknowns import UNKNOWNS, state_of
from sbpath.model.workspace import fill_means, fill_nodes, node_volume, workspace
from sbpath.physical import COULOMB_PER_MAH, ZERO_CELSIUS_K
from sbpath.protocol.protocol import Protocol, cycling
from sbpath.protocol.steps import CompositionLimit, ConstantCurrent, Step
from sbpath.replay import mechanism_of
from sbpath.solution import Particles, SimulationError, Solution, State, StepRecord
from sbpath.solver.cycler import End, direction_of, programme_of, reason_of
from sbpath.solver.electrode import Tolerances
from sbpath.solver.solve import Checkpoint, Monitor, Run, part_of
from sbpath.solver.solve import run as run_steps
from sbpath.solver.trial import SolverOptions

ProtocolLike = Protocol | Step | str | Sequence[Any]

# After so long without a sign of life people want one (s).
PATIENCE_S = 2.0
# Steps are integrated together as long as they take about this time (s).
MOMENT_S = 0.2
# How often the particles of a population are looked at on the way from empty to full.
SNAPSHOTS = 200

# What a simulation may ask for: Celsius, g or mA/g, and A per g of Sb. Wide, but no typing slip.
TEMPERATURES_C = (-150.0, 1500.0)
AMOUNTS = (1e-9, 1e9)
LARGEST_CURRENT = 1e4


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
    asked = checked(mechanism, protocol, graph, temperature_C, electrode_mass_g, one_C_mA_per_g, options)
    mechanism, parsed, graph, celsius, mass, one_C, options = asked
    if outside := _outside(mechanism, celsius):
        warnings.warn(ValidityWarning(outside), stacklevel=2)
    network = build_network(mechanism, graph, celsius + ZERO_CELSIUS_K)
    if population is not None:
        network = populated(network, population)
    start = _start(mechanism, initial)
    state = _initial_state(start, network)
    provenance = {
        "sbpath": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "mechanism": mechanism.name,
        "mechanism_sha256": mechanism.document_sha256,
        "document": mechanism.document,
        "graph": graph,
        "temperature_C": celsius,
        "protocol": parsed.to_strings(),
        "one_C_mA_per_g": one_C,
        "electrode_mass_g": mass,
        "initial": asdict(start),
        "options": asdict(options),
    }
    if population is not None:
        provenance["population"] = {f.name: getattr(population, f.name).tolist() for f in fields(population)}

    # A first step that sets the voltage jumps to it; its charge counts from here.
    space = workspace(network)
    fill_nodes(start.potential_V, network, space)
    fill_means(state, network, space.mean)
    start_charge = stored_charge(state, network, space)[0]
    record = Record(network, state, start_charge)
    todo = list(parsed.steps())
    programme = programme_of([step for _, _, step in todo], one_C, mass)
    tolerances = Tolerances(options.rtol, options.atol, options.max_steps)
    least, most = mechanism.content_range
    spacing = math.inf if population is None else (most - least) / SNAPSHOTS
    done, share = 0, 1
    label = f"sbpath {mechanism.name}"
    with tqdm(
        total=len(todo), desc=label, unit="step", delay=PATIENCE_S, disable=None if progress else True
    ) as bar:
        while done < len(todo):
            began = time.monotonic()
            stop = min(done + share, len(todo))
            part = _integrate(
                bar, network, part_of(programme, done, stop), record.checkpoint, tolerances, spacing
            )
            record.add(part, todo[done:stop], options.max_steps)
            bar.update(len(part.last))
            if record.failed:
                break
            # As many steps at a time as take a moment: nothing moves meanwhile.
            share = max(1, round(len(part.last) * min(100.0, MOMENT_S / (time.monotonic() - began + 1e-9))))
            done = stop
    solution = _assemble(mechanism, network, record, start_charge, provenance, population)
    if record.failed:
        last = record.steps[-1]
        raise SimulationError(f"cycle {last.cycle}, step {last.step} ({last.text}): {last.reason}", solution)
    return solution


def checked(
    mechanism: Mechanism | str,
    protocol: ProtocolLike | None = None,
    graph: str | None = None,
    temperature_C: float | None = None,
    electrode_mass_g: float = 1.0,
    one_C_mA_per_g: float | None = None,
    options: SolverOptions | None = None,
) -> tuple[Mechanism, Protocol, str, float, float, float, SolverOptions]:
    """The arguments of `simulate` with defaults put in, so that mistakes are told before any run.

    Raises
    ------
    InputError
        All that is wrong, a line each.
    """
    if not isinstance(mechanism, Mechanism):
        mechanism = load_mechanism(mechanism)
    if protocol is None:
        protocol = cycling("C/10", mechanism.lower_cutoff_V, mechanism.upper_cutoff_V)
    parsed = Protocol.parse(protocol, mechanism.ion)
    graph = mechanism.default_graph if graph is None else graph
    options = SolverOptions() if options is None else options
    problems: list[str] = []
    try:
        mechanism.edges(graph)
    except InputError as error:
        problems += error.problems
    capacity = mechanism.theoretical_capacity_mAh_per_g
    celsius = _number("temperature_C", temperature_C, mechanism.temperature_C, TEMPERATURES_C, problems)
    one_C = _number("one_C_mA_per_g", one_C_mA_per_g, capacity, AMOUNTS, problems)
    mass = _number("electrode_mass_g", electrode_mass_g, 1.0, AMOUNTS, problems)
    problems = problems or _step_problems(parsed, mechanism, one_C, mass)
    if not isinstance(options, SolverOptions):
        problems.append(f"options: must be SolverOptions(...), not {options!r}")
    if problems:
        raise InputError(problems)
    return mechanism, parsed, graph, celsius, mass, one_C, options


def simulate_again(solution: Solution, progress: bool = True) -> Solution:
    """Make a solution again from its own provenance, e.g. after `load_solution`.

    Examples
    --------
    >>> import sbpath
    >>> solution = sbpath.simulate("li-sb", "Insert at C/10 until x = 1", progress=False)
    >>> again = sbpath.simulate_again(solution, progress=False)
    >>> bool((again.voltage_V == solution.voltage_V).all())
    True
    """
    about = solution.provenance
    if document_hash(about["document"]) != about["mechanism_sha256"]:
        raise InputError("simulate_again: the mechanism in the provenance is not the one that was simulated")
    return simulate(
        mechanism_of(solution),
        Protocol.parse(about["protocol"]),
        graph=about["graph"],
        temperature_C=about["temperature_C"],
        initial=State(**about["initial"]),
        population=Population(**about["population"]) if "population" in about else None,
        electrode_mass_g=about["electrode_mass_g"],
        one_C_mA_per_g=about["one_C_mA_per_g"],
        options=SolverOptions(**about["options"]),
        progress=progress,
    )


# -- before -------------------------------------------------------------------------------


def _number(
    name: str, given: Any, default: float, between: tuple[float, float], problems: list[str]
) -> float:
    """`given` as a float, or the default where it is None; a mistake is added to `problems`."""
    if given is None:
        return default
    low, high = between
    number = float(given) if isinstance(given, Real) and not isinstance(given, bool) else math.nan
    if not low <= number <= high:
        problems.append(f"{name}: must be a number from {low:g} to {high:g}, not {given!r}")
        return default
    return number


def _outside(mechanism: Mechanism, celsius: float) -> str:
    """What is to be said of a temperature at which the mechanism is not meant to hold, else nothing."""
    low, high = mechanism.temperature_range_C or (-math.inf, math.inf)
    if low <= celsius <= high:
        return ""
    return (
        f"{mechanism.name}: simulated at {celsius:g} C, but its numbers hold from {low:g} to {high:g} C only "
        f"(temperature_range_C); `sbpath show {mechanism.name}` says why"
    )


def _step_problems(protocol: Protocol, mechanism: Mechanism, one_C: float, mass: float) -> list[str]:
    """Steps that no electrode of this mechanism can carry out."""
    least, most = mechanism.content_range
    places: dict[str, list[str]] = {}
    for cycle, number, step in protocol.steps():
        wrong = []
        if isinstance(step, ConstantCurrent) and step.rate.to_A_per_g(one_C * 1e-3, mass) > LARGEST_CURRENT:
            wrong.append(f"the current is above {LARGEST_CURRENT:g} A per g of Sb; write e.g. C/10")
        for limit in step.limits:
            if isinstance(limit, CompositionLimit) and not least < limit.x < most:
                wrong.append(
                    f"{mechanism.name} holds {least:g} to {most:g} {mechanism.ion} per Sb, and its ends are "
                    f"only approached; take an x between, e.g. {0.99 * most:.4g}, or a voltage"
                )
        for problem in wrong:
            places.setdefault(problem, []).append(f"cycle {cycle}, step {number} ({step})")
    return [
        f"{at[0]}{f' (and {len(at) - 1} more like it)' if at[1:] else ''}: {problem}"
        for problem, at in places.items()
    ]


def _start(mechanism: Mechanism, initial: Solution | State | None) -> State:
    """The state to begin from, with a fraction for every phase in the mechanism's order."""
    if initial is None:
        initial = State({mechanism.initial_phase: 1.0}, mechanism.upper_cutoff_V)
    elif isinstance(initial, Solution):
        initial = initial.final_state
    elif not isinstance(initial, State):
        raise InputError(f"initial: must be a Solution or a State, not {initial!r}")
    unknown = [name for name in initial.fractions if name not in mechanism.nodes]
    if unknown:
        raise InputError(
            f"initial: {mechanism.name} has no node {', '.join(unknown)}; nodes: {', '.join(mechanism.nodes)}"
        )
    total = sum(initial.fractions.values())
    if not abs(total - 1.0) < 1e-6 or min(initial.fractions.values()) < -1e-6:
        raise InputError(f"initial: the fractions must be positive and add up to 1, not {total:g}")
    if not (math.isfinite(initial.potential_V) and math.isfinite(initial.time_s)):
        raise InputError("initial: potential_V and time_s must be finite numbers")
    return replace(
        initial,
        fractions={name: float(initial.fractions.get(name, 0.0)) for name in mechanism.nodes},
        potential_V=float(initial.potential_V),
        time_s=float(initial.time_s),
    )


def _initial_state(start: State, network: Network) -> Floats:
    """`start` as the solver takes it: its unknowns by name, particle by particle where it has them."""
    shape = (len(network.weight), len(network.gibbs))
    values = {u.name: getattr(start, u.name) for u in UNKNOWNS if hasattr(start, u.name)}
    values["fractions"] = list(start.fractions.values())
    if start.particles is not None:
        values["fractions"] = particles = np.array(start.particles, dtype=float)
        if particles.shape != shape:
            raise InputError(
                f"initial: its particles have shape {particles.shape}, not {shape}; "
                "continue with the same population"
            )
    return state_of(network.layout, sizes_of(network), values)


# -- meanwhile ----------------------------------------------------------------------------


def _integrate(bar: Any, network: Network, *arguments: Any) -> Run:
    """The compiled integration; that of a population in a thread of its own, to be watched and stopped."""
    monitor = Monitor(np.zeros(1), np.zeros(1, np.int64))
    integrate = compiled(run_steps)
    if len(network.weight) == 1:
        return integrate(network, *arguments, monitor)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(integrate, network, *arguments, monitor)
        try:
            while not running.done():
                wait([running], timeout=MOMENT_S)
                bar.set_postfix_str(f"{monitor.time[0] / 3600.0:.3g} h", refresh=False)
                bar.update(0)
        except BaseException:
            monitor.stop[0] = 1
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
        self.network = network
        self.checkpoint = Checkpoint(state, 0.0, np.zeros(network.columns.width - network.columns.power))
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
            part.event.tolist(),
            part.duration.tolist(),
            part.size.tolist(),
            strict=True,
        )
        for (cycle, number, step), (last, way, event, duration, size) in zip(todo, ends):  # noqa: B905
            end = part.rows[last - 1]
            ended_by, reason = reason_of(step, End(way, event, duration, size, end[POTENTIAL]), max_steps)
            passed = float(end[CHARGE] - self.charge) / COULOMB_PER_MAH
            self.charge = float(end[CHARGE])
            self.steps.append(
                StepRecord(
                    cycle, number, str(step), direction_of(step, passed), before + first, before + last,
                    duration, passed, ended_by, reason,
                )
            )  # fmt: skip
            first = last
            self.failed = ended_by == "failed"
            if self.failed:
                break
        self.rows.append(part.rows[:first])
        looks = part.snapshots.taken[0]
        self.seen.append((before + part.snapshots.row[:looks], part.snapshots.blocks[:looks]))
        end = part.rows[first - 1]
        totals = end[self.network.columns.width :].copy()
        self.checkpoint = Checkpoint(part.state, float(end[TIME]), totals)


def _assemble(
    mechanism: Mechanism,
    network: Network,
    record: Record,
    start_charge: float,
    provenance: dict[str, Any],
    population: Population | None,
) -> Solution:
    table = by_name(np.concatenate(record.rows), sizes_of(network))
    edges = mechanism.edges(provenance["graph"])
    passed = (table["charge_C_per_g"] - start_charge) / COULOMB_PER_MAH
    # As built: a solution phase is filled as far as the upper cut-off has it.
    space = workspace(network)
    fill_nodes(mechanism.upper_cutoff_V, network, space)
    pristine = node_volume(list(mechanism.nodes).index(mechanism.initial_phase), network, space)
    steps = record.steps
    lengths = [s.last - s.first for s in steps]
    cycle, step = (
        np.repeat(numbers, lengths) for numbers in ([s.cycle for s in steps], [s.step for s in steps])
    )
    made = {
        "time_s": provenance["initial"]["time_s"] + table["time_s"],
        "charge_mAh_per_g": passed,
        "capacity_mAh_per_g": _half_cycle_capacity(passed, cycle, step),
        "heat_W_per_g": table["rates_per_s"]
        * table["affinities_J_per_mol"]
        / mechanism.host_molar_mass_g_per_mol,
        "heat_parts_J_per_g": np.stack([table[c.integral] for c in HEAT_CAUSES if c.size == "edges"]),
        "edge_charge_mAh_per_g": table["edge_charge_C_per_g"] / COULOMB_PER_MAH,
        "swelling_percent": (table["volume_m3_per_mol"] / pristine - 1.0) * 100.0,
    }
    # What else a solution holds is a column of that name.
    made |= {f.name: table[f.name].copy() for f in fields(Solution) if f.name in table.keys() - made.keys()}
    return Solution(
        **made,
        cycle=cycle,
        step=step,
        phases=tuple(mechanism.nodes),
        edges=tuple(f"{e.reactant} -> {e.product}" for e in edges),
        steps=tuple(steps),
        provenance=provenance,
        particles=None if population is None else _particles(population, record),
    )


def _particles(population: Population, record: Record) -> Particles:
    layout, nodes = record.network.layout, len(record.network.gibbs)
    rows, blocks = (np.concatenate(parts) for parts in zip(*record.seen, strict=True))
    final = record.checkpoint.state[: layout.potential]
    return Particles(
        **{f.name: getattr(population, f.name) for f in fields(population)},
        row=rows,
        fractions=blocks.reshape(len(rows), len(population), layout.block)[:, :, :nodes].copy(),
        final=final.reshape(len(population), layout.block)[:, :nodes].copy(),
    )
