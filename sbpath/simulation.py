"""The one verb: carry a mechanism through a protocol and return the solution."""

from __future__ import annotations

import hashlib
import json
import math
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict
from numbers import Real
from typing import Any

import numpy as np
from tqdm import tqdm

from sbpath import __version__
from sbpath.errors import InputError
from sbpath.halfcycles import charge_runs
from sbpath.mechanism.reader import load_mechanism
from sbpath.mechanism.records import Mechanism
from sbpath.model.equations import fill_nodes, stored_charge, workspace
from sbpath.model.network import Network, build_network
from sbpath.physical import COULOMB_PER_MAH, ZERO_CELSIUS_K
from sbpath.protocol.protocol import Protocol, cycling
from sbpath.protocol.steps import CompositionLimit, ConstantCurrent, Step
from sbpath.replay import mechanism_of
from sbpath.solution import CAUSES, SimulationError, Solution, State, StepRecord
from sbpath.solver.cycler import direction_of, drive_of, duration_of, reason_of, target_of, watched_limits
from sbpath.solver.electrode import DrivenElectrode
from sbpath.solver.record import Record
from sbpath.solver.solve import run_step
from sbpath.solver.trial import SolverOptions

ProtocolLike = Protocol | Step | str | Sequence[Any]

# After so long without a sign of life people want one (s).
PATIENCE_S = 2.0

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
    """
    asked = checked(mechanism, protocol, graph, temperature_C, electrode_mass_g, one_C_mA_per_g, options)
    mechanism, parsed, graph, celsius, mass, one_C, options = asked
    network = build_network(mechanism, graph, celsius + ZERO_CELSIUS_K)
    start = _start(mechanism, initial)
    state = [*start.fractions.values(), start.potential_V]
    document = mechanism.document
    provenance = {
        "sbpath": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "mechanism": mechanism.name,
        "mechanism_sha256": document_hash(document),
        "document": document,
        "graph": graph,
        "temperature_C": celsius,
        "protocol": parsed.to_strings(),
        "one_C_mA_per_g": one_C,
        "electrode_mass_g": mass,
        "initial": asdict(start),
        "options": asdict(options),
    }

    # A first step that sets the voltage jumps to it; its charge counts from here.
    work = workspace(network)
    fill_nodes(start.potential_V, network, work)
    start_charge = stored_charge(state, network, work)[0]
    record = Record()
    steps: list[StepRecord] = []
    todo = list(parsed.steps())
    label = f"sbpath {mechanism.name}"
    bar = tqdm(todo, desc=label, unit="step", delay=PATIENCE_S, disable=None if progress else True)
    shown = time.monotonic()

    def tick() -> None:
        # A single long step moves no bar; showing it again at least moves its clock.
        nonlocal shown
        if time.monotonic() - shown > PATIENCE_S:
            shown = time.monotonic()
            bar.refresh()

    for cycle, number, step in bar:
        first = len(record.time)
        electrode = DrivenElectrode(network, drive_of(step, state, one_C, mass), state)
        limits = watched_limits(step)
        targets = [target_of(limit, step, electrode, one_C, mass) for limit in limits]
        duration = duration_of(step, electrode.drive)
        outcome = run_step(electrode, duration, targets, step.period_s, options, record, tick)
        state = outcome.end
        ended_by, reason = reason_of(step, outcome, limits)
        before = record.points[first - 1].charge if first > 0 else start_charge
        passed = (record.points[-1].charge - before) / COULOMB_PER_MAH
        steps.append(
            StepRecord(
                cycle, number, str(step), direction_of(step, passed), first, len(record.time), outcome.duration,
                passed, ended_by, reason,
            )
        )  # fmt: skip
        if ended_by == "failed":
            partial = _assemble(mechanism, network, record, start_charge, steps, provenance)
            raise SimulationError(f"cycle {cycle}, step {number} ({step}): {reason}", partial)
    return _assemble(mechanism, network, record, start_charge, steps, provenance)


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
    """Make a solution again from its own provenance, e.g. after `load_solution`."""
    about = solution.provenance
    if document_hash(about["document"]) != about["mechanism_sha256"]:
        raise InputError("simulate_again: the mechanism in the provenance is not the one that was simulated")
    return simulate(
        mechanism_of(solution),
        Protocol.parse(about["protocol"]),
        graph=about["graph"],
        temperature_C=about["temperature_C"],
        initial=State(**about["initial"]),
        electrode_mass_g=about["electrode_mass_g"],
        one_C_mA_per_g=about["one_C_mA_per_g"],
        options=SolverOptions(**about["options"]),
        progress=progress,
    )


def document_hash(document: dict[str, Any]) -> str:
    """SHA-256 of a mechanism's merged document, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


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
    return State(
        {name: float(initial.fractions.get(name, 0.0)) for name in mechanism.nodes},
        float(initial.potential_V),
        float(initial.time_s),
    )


# -- after --------------------------------------------------------------------------------


def _half_cycle_capacity(charge: np.ndarray, cycle: np.ndarray, step: np.ndarray) -> np.ndarray:
    """Charge since the half cycle began (mAh/g); 0 where charge has not yet passed."""
    capacity = np.zeros_like(charge)
    for run in charge_runs(charge, cycle, step):
        capacity[run.first : run.last] = np.abs(charge[run.first : run.last] - run.before)
    return capacity


def _assemble(
    mechanism: Mechanism,
    network: Network,
    record: Record,
    start_charge: float,
    steps: list[StepRecord],
    provenance: dict[str, Any],
) -> Solution:
    points = record.points
    edges = mechanism.edges(provenance["graph"])
    states = np.array([p.state for p in points]).T
    passed = np.array([p.charge - start_charge for p in points]) / COULOMB_PER_MAH
    totals = np.array(record.totals).T
    pristine = network.molar_volume[list(mechanism.nodes).index(mechanism.initial_phase)]
    lengths = [s.last - s.first for s in steps]
    cycle, step = (
        np.repeat(numbers, lengths) for numbers in ([s.cycle for s in steps], [s.step for s in steps])
    )

    def per_edge(values: list[list[float]]) -> np.ndarray:
        # A graph without edges still has an axis of edges, of length 0.
        return np.array(values).reshape(len(values), len(edges)).T.copy()

    rates = per_edge([p.flows[: len(edges)] for p in points])
    affinities = per_edge([p.affinity for p in points])
    parts = len(CAUSES) * len(edges)
    return Solution(
        time_s=provenance["initial"]["time_s"] + np.array(record.time),
        potential_V=states[-1].copy(),
        voltage_V=np.array([p.voltage for p in points]),
        current_A_per_g=np.array([p.current for p in points]),
        composition=np.array([p.content for p in points]),
        charge_mAh_per_g=passed,
        capacity_mAh_per_g=_half_cycle_capacity(passed, cycle, step),
        fractions=states[:-1].copy(),
        rates_per_s=rates,
        affinities_J_per_mol=affinities,
        heat_W_per_g=rates * affinities / mechanism.host_molar_mass_g_per_mol,
        heat_parts_J_per_g=totals[2 : 2 + parts].reshape(len(CAUSES), len(edges), len(points)).copy(),
        converted=totals[2 + parts : 2 + parts + len(edges)].copy(),
        edge_charge_mAh_per_g=totals[2 + parts + len(edges) :] / COULOMB_PER_MAH,
        joule_heat_J_per_g=totals[1].copy(),
        energy_J_per_g=totals[0].copy(),
        stored_J_per_g=np.array([p.stored for p in points]),
        swelling_percent=np.array([(p.volume / pristine - 1.0) * 100.0 for p in points]),
        cycle=cycle,
        step=step,
        phases=tuple(mechanism.nodes),
        edges=tuple(f"{e.reactant} -> {e.product}" for e in edges),
        steps=tuple(steps),
        provenance=provenance,
    )
