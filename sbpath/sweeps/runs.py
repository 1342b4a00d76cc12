"""`sweep`: run a mechanism over ranges or samples of its numbers, and keep the results."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import closing, suppress
from dataclasses import asdict
from itertools import combinations_with_replacement, product
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from sbpath.arguments import as_number, items, shortened, whole
from sbpath.errors import InputError, Problems, nearest
from sbpath.experiment import LOADING, Experiment, ProtocolLike
from sbpath.files import check_ending, check_writable
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.paths import trail, with_changes
from sbpath.mechanism.reader import load_mechanism
from sbpath.progress import Bar
from sbpath.protocol.protocol import Protocol, cycles_of, parse_step
from sbpath.protocol.schedule import Cycles, blocks
from sbpath.protocol.steps import CurrentTable, Step
from sbpath.simulation import warn_of_doubts
from sbpath.solver.trial import SolverOptions
from sbpath.sweeps.executors import run_results
from sbpath.sweeps.measure import Measure, cycle_values
from sbpath.sweeps.plan import Plan, Steps, placeholders
from sbpath.sweeps.points import SAMPLES, Point, Sample, grid, sampled
from sbpath.sweeps.ranges import EXAMPLE, RATE, TEMPERATURE, Range, Variation
from sbpath.sweeps.store import Store, check_same
from sbpath.sweeps.table import SweepTable, check_parquet, table_of

Varied = Variation | Range
T = TypeVar("T")

# Points of invalid numbers, failed runs, that are passed over in search of valid ones.
MOST_TRIED = 50
ENDINGS = (".sqlite", ".csv", ".parquet")


def sweep(
    mechanism: Mechanism | str,
    vary: Sequence[Varied | str] | Varied | str,
    *,
    sample: Sample | str | None = None,
    seed: int | None = None,
    protocol: ProtocolLike | None = None,
    rate: str | None = None,
    cycles: Cycles = 2,
    graph: str | None = None,
    temperature_C: float | None = None,
    electrode_mass_g: float | None = None,
    loading_mg_per_cm2: float | None = None,
    options: SolverOptions | None = None,
    measure: Measure = cycle_values,
    out: str | Path | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: bool = True,
) -> SweepTable:
    """Run a mechanism at every point of a grid or of a sample.

    Runs are saved to the file `out` as they finish. If a sweep is stopped, by Ctrl-C or otherwise, the
    same call with the same file resumes it; no run is repeated. A failed run is a row with its reason,
    and is not tried again.

    Parameters
    ----------
    mechanism : Mechanism or str
        As in `simulate`.
    vary : Variation, Range or str, or a sequence of them
        What varies: ``"rate=C/100..5C:20"`` (C-rates, logarithmic), ``"temperature=0..60:13"`` (Celsius),
        a number of the mechanism by dotted path,
        ``"electrode.particle_radius_m=10nm..1um:5,log"``, or a name in braces in the protocol,
        ``"current=10..100 mA/g:5"``. Explicit values: ``"temperature=25,60,120"``. A grid is every
        combination, the last quantity changing fastest.
    sample : Sample or str, optional
        ``"sobol:128"`` or ``"lhs:100"``: this many points in place of a grid, drawn with `scipy.stats.qmc`
        from what varies, each a `Range` or its text without a count.
    seed : int, optional
        Of a sample given as text; 0 if not given.
    protocol : optional
        As in `simulate`; texts may contain names in braces: ``"Discharge at {current} until {floor} V"``.
        If not given, constant-current cycles between the mechanism's cut-offs.
    rate : str, optional
        Of those cycles, if it does not vary; C/10 if not given.
    cycles : int, str or sequence of (int, str, Rate or None)
        Number of those cycles, or blocks of them, as in `cycling`.
    graph, temperature_C, electrode_mass_g, loading_mg_per_cm2, options
        As in `simulate`; the temperature only if it does not vary.
    measure : callable
        Takes the `Solution` of a run and returns a dict of numbers and texts by name; units belong in
        the names. If not given: capacities, mean voltages, hysteresis, efficiencies and paths of the
        last cycle (`sbpath.sweeps.measure.cycle_values`). To be sent to other processes it must be
        defined at the top level of a module.
    out : str or Path, optional
        A .sqlite file; or a .csv or .parquet file, written at the end from a .sqlite file of the same
        name, which is kept. If not given, runs are held in memory and lost if the sweep is stopped.
    workers : int, optional
        Number of processes on this machine; 1 uses this process. If not given, one per core if there is
        more than a few seconds of work.
    executor : optional
        Anything with the `submit` of `concurrent.futures`, in place of processes on this machine; for a
        Dask cluster ``dask.distributed.Client(...).get_executor()``, see docs/sweeps.md.
    progress : bool
        Show progress on standard error, if it is a terminal, after two seconds.

    Returns
    -------
    SweepTable
        One row per run, n in all, in the order of the points.

    Raises
    ------
    InputError
        All mistakes, one line each, before anything is run; also if `out` holds a different sweep.
    SbpathError
        If workers cannot be started or the file cannot be written.
    KeyboardInterrupt
        Says what is kept and how to continue.

    Warns
    -----
    ValidityWarning
        As in `simulate`, once, of the least and greatest values of what varies.

    Examples
    --------
    >>> import sbpath
    >>> runs = sbpath.sweep("li-sb", "rate=C/20,C/10,1C", workers=1, progress=False)
    >>> runs["hysteresis_mV"].round(1).tolist()
    [190.1, 196.4, 271.4]
    """
    if not isinstance(mechanism, Mechanism):
        mechanism = load_mechanism(mechanism)
    problems = Problems()
    drawn = problems.attempt(_sample, sample, 0 if seed is None else seed)
    varied = _all_varied(vary, Variation if sample is None else Range, problems)
    steps = None if protocol is None else problems.attempt(_texts, protocol)
    problems.add(*_name_problems(mechanism, varied, steps))
    cycles = problems.attempt(blocks, cycles, otherwise=((1, None),))
    problems.add(
        *_idle_problems([v.name for v in varied], protocol, rate, cycles, temperature_C, sample, seed)
    )
    if not isinstance(options, SolverOptions | None):
        problems.add(f"options: must be SolverOptions(...), not {options!r:.60}")
    if not callable(measure):
        problems.add(f"measure: must be a function of a solution, not {measure!r:.60}")
    problems.add(*_executor_problems(workers, executor))
    if workers is not None:
        workers = problems.attempt(whole, "workers", workers)
    if loading_mg_per_cm2 is not None:
        mechanism = with_changes(mechanism, {LOADING: loading_mg_per_cm2})
    celsius, mass = as_number(temperature_C), as_number(electrode_mass_g)
    plan = Plan(
        mechanism,
        mechanism.graph_named(graph),
        names=tuple(v.name for v in varied),
        units=tuple("C" if v.name == RATE else v.unit for v in varied),
        # What is no number is refused where its range is known, in an experiment.
        temperature_C=temperature_C if celsius is None else celsius,
        electrode_mass_g=electrode_mass_g if mass is None else mass,
        steps=steps,
        rate=rate or "C/10",
        cycles=blocks(cycles),
        options=options if isinstance(options, SolverOptions) else SolverOptions(),
        measure=measure,
    )
    about = plan.about()
    points: list[Point] = []
    if not problems.lines:
        made: Any = (grid, varied) if drawn is None else (sampled, varied, drawn)
        points = problems.attempt(*made) or []
    if points:
        problems.add(*_first_problems(plan, points[0]))
        about |= {"vary": [asdict(v) for v in varied], "sample": drawn and asdict(drawn), "runs": len(points)}
    path = None if out is None else problems.attempt(_store_path, out)
    if path is not None and path.exists() and not problems.lines:
        # Only without mistakes: a mistake alone makes this sweep differ from the one in the file.
        problems.attempt(check_same, path, about)
    problems.check()

    _warn_of_points(plan, points)
    table = _run(plan, points, about, path, workers, executor, progress)
    if out is not None:
        export = {".csv": table.to_csv, ".parquet": table.to_parquet}.get(Path(out).suffix.lower())
        if export is not None:
            export(out)
    return table


def _run(
    plan: Plan,
    points: list[Point],
    about: dict[str, Any],
    path: Path | None,
    workers: int | None,
    executor: Executor | None,
    progress: bool,
) -> SweepTable:
    """Run the points that are not in the file yet."""
    with Store(path, about, plan.names) as store:
        stored = store.keys()
        todo = [(n, point) for n, point in enumerate(points) if not stored or store.key(point) not in stored]
        label = f"sbpath sweep {about['mechanism']['name']}"
        bar = Bar(label, "run", len(points), progress, len(points) - len(todo))
        try:
            with bar, closing(run_results(plan, todo, workers, executor)) as arriving:
                for finished in arriving:
                    for result in finished:
                        store.add(result, points[result.number])
                    bar.update(len(finished))
        except KeyboardInterrupt:
            kept = f"; {len(store.keys())} of {len(points)} runs are in {path}, give the same command again to continue"
            raise KeyboardInterrupt(f"stopped{'' if path is None else kept}") from None
        return table_of(*store.contents())


# -- arguments ----------------------------------------------------------------------------


def _all_varied(
    vary: Sequence[Varied | str] | Varied | str, kind: type[Varied], problems: Problems
) -> list[Varied]:
    """What varies, all of one kind."""
    several = [vary] if isinstance(vary, str | Variation | Range) else items(vary)
    if several is None:
        problems.add(f"vary: must be a string or a list of them, not {shortened(vary)}; {EXAMPLE}")
        return []
    if not several:
        problems.add(f"vary: give at least one quantity; {EXAMPLE}")
    return [read for given in several if (read := problems.attempt(_varied, given, kind)) is not None]


def _varied(given: Varied | str, kind: type[Varied]) -> Varied:
    if isinstance(given, str):
        return kind.parse(given)
    if not isinstance(given, kind):
        wanted = "a Range, or a string without a count" if kind is Range else "a Variation, or a string"
        raise InputError(f"vary: must be {wanted}, not {given!r:.60}")
    return given


def _sample(given: Sample | str | None, seed: int) -> Sample | None:
    if isinstance(given, str):
        return Sample.parse(given, seed)
    if not isinstance(given, Sample | None):
        raise InputError(f"sample: must be a Sample or a string such as {SAMPLES}, not {given!r:.60}")
    return given


def _texts(protocol: ProtocolLike) -> Steps:
    """A protocol as texts, a tuple for each cycle; names in braces are kept, and files of currents read."""
    steps = protocol.cycles if isinstance(protocol, Protocol) else cycles_of(protocol)
    for step in (step for cycle in steps for step in cycle):
        if not isinstance(step, Step | str):
            raise InputError(f"protocol: a step is a line of text, not {step!r:.60}")
    return tuple(tuple(_text(step) for step in cycle) for cycle in steps)


def _text(step: Any) -> str | CurrentTable:
    if isinstance(step, str) and step.split()[:1] and step.split()[0].casefold() == "run":
        step = parse_step(step)
    return step if isinstance(step, CurrentTable) else str(step)


def _store_path(out: str | Path) -> Path:
    """The file in which the runs are kept."""
    check_writable(out)
    target = Path(out)
    check_ending(target, ENDINGS, "a sweep is")
    if target.suffix.lower() == ".parquet":
        check_parquet()
    path = target.with_suffix(ENDINGS[0])
    check_writable(path)
    return path


def _executor_problems(workers: int | None, executor: Executor | None) -> list[str]:
    if executor is not None and not hasattr(executor, "submit"):
        return [f"executor: must have the submit of concurrent.futures, not {executor!r:.60}"]
    if executor is not None and workers is not None:
        return ["workers: cannot be combined with an executor, which has its own; omit one"]
    return []


def _name_problems(mechanism: Mechanism, varied: Sequence[Varied], steps: Steps | None) -> list[str]:
    """Names that are unknown, or vary twice."""
    braces = placeholders(steps or ())
    names = [plain_name(v.name) for v in varied]
    unused = [v.name for v in varied if v.name not in (RATE, TEMPERATURE, *braces) and _is_word(v.name)]
    near = {
        name: nearest(name, unused, f"vary it, e.g. {name}=10..100 mA/g:5")
        for name in braces
        if name not in names
    }
    problems = [f"protocol: nothing is given for {{{name}}}; {hint}" for name, hint in near.items()]
    for number, v in enumerate(varied):
        if plain_name(v.name) in names[:number]:
            problems.append(f"{v.name}: varies twice; keep one")
        elif v.name == RATE and steps is not None and RATE not in braces:
            problems.append("rate: has no effect with a protocol; write {rate} into the steps")
        elif v.name in (RATE, TEMPERATURE, *braces):
            continue
        elif any(repr(v.name) in hint for hint in near.values()):
            continue  # already reported as one mistake
        elif v.unit:
            problems.append(f"{v.name}: takes plain numbers, in the unit of its name, without {v.unit!r}")
        elif _is_word(v.name):
            known = [RATE, TEMPERATURE, *braces, *Mechanism.model_fields]
            otherwise = (
                "write rate, temperature, {braces} of the protocol or a number's path (keys: sbpath show)"
            )
            problems.append(f"{v.name}: cannot be varied; {nearest(v.name, known, otherwise)}")
        else:
            try:
                trail(mechanism, v.name)
            except InputError as error:
                problems += error.problems
    return problems


def _is_word(name: str) -> bool:
    """Whether a name cannot be the path of a number of the mechanism."""
    return "." not in name and name not in Mechanism.model_fields


def _idle_problems(
    names: Sequence[str],
    protocol: ProtocolLike | None,
    rate: str | None,
    cycles: Cycles,
    temperature_C: float | None,
    sample: Sample | str | None,
    seed: int | None,
) -> list[str]:
    """Arguments that are given but have no effect."""
    twice = "varies, but a value is given for it as well; omit one of the two"
    problems = []
    if rate is not None and protocol is not None:
        problems.append("rate: has no effect with a protocol; write it into the steps")
    elif rate is not None and RATE in names:
        problems.append(f"rate: {twice}")
    elif protocol is None and (rate is not None or RATE in names) and all(own for _, own in blocks(cycles)):
        problems.append(
            "rate: has no effect where each block of cycles has its own; write one as '10', without"
        )
    own = "temperature_C"  # the mechanism's, which applies only if no other is given
    if temperature_C is not None:
        problems += [f"{name}: {twice}" for name in (TEMPERATURE, own) if name in names]
    elif TEMPERATURE in names and own in names:
        problems.append(f"{own}: has no effect where {TEMPERATURE} varies; omit one of the two")
    if seed is not None and sample is None:
        problems.append(
            f"seed: has no effect without a sample; give one, such as {SAMPLES}, or omit the seed"
        )
    elif seed is not None and isinstance(sample, Sample):
        problems.append("seed: is part of the Sample; omit it here")
    return problems


def plain_name(name: str) -> str:
    """A name with the phases of an interface sorted, since an interface has no direction."""
    return ".".join("|".join(sorted(part.split("|"))) for part in name.split("."))


def _warn_of_points(plan: Plan, points: Sequence[Point]) -> None:
    """Warn once of what is odd about the points that can be simulated.

    Doubts are thresholds in one quantity, or in two that are compared, so those points are asked that lie furthest
    in the corners of each pair of quantities.
    """
    found: dict[Point, Experiment | None] = {}
    # From 0 to 1 in the order of its values.
    ranks = np.array([np.unique(column, return_inverse=True)[1] for column in zip(*points, strict=True)])
    ranks = ranks / np.maximum(ranks.max(axis=1, keepdims=True), 1)
    pairs = combinations_with_replacement(ranks, 2)
    for (one, other), (sign, turn) in product(pairs, product((1.0, -1.0), repeat=2)):
        for place in np.argsort(sign * one + turn * other, kind="stable")[:MOST_TRIED].tolist():
            if points[place] not in found:
                found[points[place]] = None
                with suppress(InputError):
                    found[points[place]] = plan.experiment(points[place])
            if found[points[place]]:
                break
    warn_of_doubts(*filter(None, found.values()))


def _first_problems(plan: Plan, point: Point) -> list[str]:
    """What is wrong with the first run, except for its temperature if that varies."""
    try:
        plan.experiment(point)
    except InputError as error:
        varies = f"{TEMPERATURE}_C: " if TEMPERATURE in plan.names else "\0"
        return [problem for problem in error.problems if not problem.startswith(varies)]
    return []
