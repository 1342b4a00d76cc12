"""Fit numbers of a mechanism to measured curves, and say what the data tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import log
from pathlib import Path

import numpy as np

from sbpath.arguments import items, whole
from sbpath.errors import InputError
from sbpath.fitting.cells import Cell, Drive, cells_of, chosen_cycles, rate_label
from sbpath.fitting.error_model import ErrorModel, Errors, errors_of, moved_by, told_by_steps
from sbpath.fitting.misfit import WORST_MISFIT_MV, damped_mV, missed
from sbpath.fitting.multistart import MAX_STARTS, Minimum, Search, agrees, minimum_at, search, weights
from sbpath.fitting.parameters import PROFILED, Free, Tie, free_numbers, ties_of, unit_of
from sbpath.fitting.problem import Block, Problem
from sbpath.fitting.profiles import profile as interval
from sbpath.fitting.result import (
    GIVEN,
    FitResult,
    FittedNumber,
    FittedTarget,
    Nuisance,
    charge_names,
    check_repeatable,
)
from sbpath.fitting.targets import target_cells, target_distances
from sbpath.kernels import Floats, Floats2
from sbpath.measured.experiment_file import Measurement, grams_of_host, load_measurement
from sbpath.mechanism.groups import paths_of, short_name
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.paths import value, with_changes
from sbpath.mechanism.reader import load_mechanism
from sbpath.model.population import Population
from sbpath.progress import Bar
from sbpath.simulation import warn_of_doubts

# What is fitted unless anything else is asked for.
DEFAULT_FREE = ("gamma", "growth", "resistance")
# Standard deviations in a 95 % interval.
SDS = 1.96
# A number whose change by its prior's sd moves no residual by this much, as a norm, is told by nothing.
MIN_TOLD = 0.3
# A direction belongs to what the data cannot tell with at least this component.
MIN_COMPONENT = 0.3
# Half cycles that hold this share of what the data say of a number are named.
TOLD_SHARE = 0.7
# A number is told by steps if points where the curve is steep have this share of its variance.
STEPS_SHARE = 0.5
# By how much warmer a cell might be than stated (K): so little that changes are in proportion.
WARMER_K = 2.0
# A profile may find a lower minimum this often.
MAX_RESTARTS = 2


def fit(
    measurement: Measurement,
    mechanism: Mechanism | str,
    free: Sequence[str] | None = None,
    *,
    graph: str | None = None,
    cycles: Sequence[int] | None = None,
    drive: Drive = "mean",
    population: Population | int | None = None,
    max_starts: int = MAX_STARTS,
    profiles: bool = True,
    profile: Sequence[str] = (),
    progress: bool = True,
) -> FitResult:
    """Fit numbers of a mechanism to the half cycles of an experiment file, or to its targets, single values of a cell.

    The residual is the distance of measured points from the simulated curve at right angles (`sbpath.fitting.residual`), with a scale
    of the charge for each half cycle and an offset for the first insertion, and a robust loss; measured phase fractions are residuals
    in units of their errors. The search starts from the
    mechanism's numbers, then from others near them, until two agree. Ctrl-C keeps the best so far.

    Parameters
    ----------
    measurement : Measurement
        From `load_measurement`; several rates, cycles, cells and temperatures are fitted together.
    mechanism : Mechanism or str
        Of the same ion, with the numbers to start from, about which the priors are centred.
    free : sequence of str, optional
        Groups (`sbpath.mechanism.groups`) or paths; by default gamma, growth and resistance, or those of the file.
    graph, cycles, drive, population
        As in `overlay`.
    max_starts : int
        Most starts.
    profiles : bool
        Intervals of rates from refits, since their likelihood may be one-sided; otherwise from the covariance.
    profile : sequence of str
        Other fitted numbers whose intervals are to come from refits: groups or paths.
    progress : bool
        Count simulations on standard error, after two seconds, if that is a terminal or a notebook.

    Raises
    ------
    InputError
        If the ions differ, there is no such cycle or number, or no half cycle is left.
    """
    named = mechanism if isinstance(mechanism, str) else mechanism.name
    start = load_mechanism(mechanism) if isinstance(mechanism, str) else mechanism
    wanted = items(free) if free is not None else (() if measurement.free else DEFAULT_FREE)
    if wanted is None:
        raise InputError(f"free: must be a list of names, not {free!r}")
    max_starts = whole("max_starts", max_starts)
    grams_of_host(measurement, start)  # checks ion and host
    numbers = free_numbers(start, wanted, measurement.free, measurement.tied)
    ties = ties_of(start, measurement.tied, numbers)
    refitted = _profiled(start, numbers, profile) | {
        n.path for n in numbers if profiles and n.group in PROFILED
    }
    targets = target_cells(measurement, start, graph=graph, population=population)
    if targets and (cycles is not None or drive != "mean"):
        raise InputError(
            f"{measurement.path}: has targets, which name their cycles and rates; omit cycles and drive"
        )

    def simulated(of: Measurement) -> tuple[Cell, ...]:
        if targets:
            return ()
        return cells_of(of, start, graph=graph, cycles=cycles, drive=drive, population=population)

    cells = simulated(measurement)
    experiments = [cell.experiment for cell in (*cells, *targets)]
    warn_of_doubts(*experiments)
    with Bar(f"fit of {start.name}", " simulations", progress=progress) as bar:
        problem = Problem(start, cells, numbers, targets, ties, bar=bar)
        found = _settled(problem, search(problem, max_starts))
        errors = errors_of(problem, found.best)
        intervals: list[tuple[float | None, float | None]] = []
        for attempt in range(MAX_RESTARTS + 1):
            try:
                intervals, lower = _intervals(
                    problem, found, errors, refitted if attempt < MAX_RESTARTS else set()
                )
            except KeyboardInterrupt:
                found = found._replace(interrupted=True)
                intervals, lower = _intervals(problem, found, errors, set())
            if lower is None:
                break
            found = _settled(problem, found._replace(best=lower, agree=1))
            errors = errors_of(problem, found.best)
        # Masses err apart.
        apart = moved_by(problem, found.best, simulated(_heavier(measurement)))
        by_mass = np.sqrt(np.square(apart).sum(axis=0))
        intervals = [
            _wider(one, float(unknown), ends, SDS * moved)
            for one, unknown, ends, moved in zip(
                numbers, found.best.unknowns, intervals, by_mass, strict=False
            )
        ]
    best, told = found.best, told_by(problem, found.best)
    values = problem.numbers(best.unknowns)
    fitted = []
    for k, one in enumerate(numbers):
        held = not told[k] and bool(best.unknowns[k] == problem.centre[k])
        low, high = intervals[k] if told[k] else (None, None)
        fitted.append(
            FittedNumber(
                path=one.path, name=short_name(one.path), unit=unit_of(one.path), start=one.start,
                value=one.start if held else values[k], low=low, high=high, told_by=told[k] or ("" if held else "the path"), held=held,
            )
        )  # fmt: skip
    sds = np.hypot(np.sqrt(np.diag(errors.covariance)), by_mass)
    return FitResult(
        experiment=measurement.path,
        mechanism=named,
        changes=tuple(start.changes.items()),
        graph=experiments[0].graph,
        free=tuple(wanted),
        cycles=None if cycles is None else chosen_cycles(cycles),
        drive=drive,
        population=GIVEN if isinstance(population, Population) else population,
        max_starts=max_starts,
        profile=tuple(profile),
        data=_data(measurement, problem, best, errors.model),
        half_cycles=len(problem.blocks),
        numbers=tuple(fitted),
        nuisances=tuple(
            Nuisance(name, float(best.unknowns[k]), float(sds[k])) for name, k in _nuisances(problem)
        ),
        covariance=tuple(map(tuple, errors.covariance.tolist())),
        error=errors.model,
        cost=best.cost,
        starts=len(found.costs),
        agree=found.agree,
        simulations=problem.simulations,
        interrupted=found.interrupted,
        remarks=tuple(_remarks(problem, best, errors, told, start)),
        tied=tuple(_tied(problem, tie, values, errors.covariance) for tie in ties),
        targets=tuple(_met(problem, best)),
    )


def fit_again(result: FitResult, progress: bool = True) -> FitResult:
    """Repeat a fit with the settings of its result; the files are read anew.

    Raises
    ------
    InputError
        If a file is missing, or its particles were given as an object.
    """
    check_repeatable(result)
    return fit(
        load_measurement(result.experiment),
        with_changes(load_mechanism(result.mechanism), dict(result.changes)),
        result.free,
        graph=result.graph,
        cycles=result.cycles,
        drive=result.drive,
        population=result.population,
        max_starts=result.max_starts,
        profile=result.profile,
        progress=progress,
    )


def _profiled(mechanism: Mechanism, numbers: Sequence[Free], names: Sequence[str]) -> set[str]:
    """The paths that groups or paths mean among the fitted numbers."""
    given = items(names)
    if given is None:
        raise InputError(f"profile: must be a list of names, not {names!r}")
    known, found = {one.path for one in numbers}, set()
    for name in given:
        own = known.intersection(paths_of(mechanism, name))
        if not own:
            fitted = ", ".join(short_name(one.path) for one in numbers)
            raise InputError(f"profile: {name}: is not fitted; the fit has {fitted}")
        found |= own
    return found


def _intervals(
    problem: Problem, found: Search, errors: Errors, refitted: set[str]
) -> tuple[list[tuple[float | None, float | None]], Minimum | None]:
    """The 95 % interval of each free number, and a lower minimum if one was found on the way."""
    intervals: list[tuple[float | None, float | None]] = []
    told = told_by(problem, found.best)
    for k, one in enumerate(problem.free):
        at, reach = float(found.best.unknowns[k]), SDS * float(np.sqrt(errors.covariance[k, k]))
        ends: tuple[float | None, float | None] = (at - reach, at + reach)
        if one.path in refitted and told[k] and not found.interrupted:
            low, high, lower = interval(problem, found.best, k, errors)
            if lower is not None:
                return intervals, lower
            ends = (low, high)
        intervals.append(tuple(None if end is None else _within(one, end) for end in ends))  # type: ignore[arg-type]
    return intervals, None


def _settled(problem: Problem, found: Search) -> Search:
    """A search with each number that no half cycle tells back at its start, unless the path is another one there: then the number
    stays, for at its start the fit would not be the one that was found.
    """
    best = found.best
    for k, by in enumerate(told_by(problem, best)):
        if by or best.unknowns[k] == problem.centre[k]:
            continue
        unknowns = best.unknowns.copy()
        unknowns[k] = problem.centre[k]
        try:
            back = minimum_at(problem, unknowns)
        except KeyboardInterrupt:
            return found._replace(best=best, interrupted=True)
        if agrees(back.cost, best.cost):
            best = back
    return found._replace(best=best)


def _heavier(measurement: Measurement) -> Measurement:
    """Each mass larger by its standard deviation."""
    curves = [replace(one, mass_g=one.mass_g * (1.0 + one.mass_error)) for one in measurement.curves]
    return replace(measurement, curves=tuple(curves))


def _wider(
    one: Free, unknown: float, ends: tuple[float | None, float | None], by: float
) -> tuple[float | None, float | None]:
    """An interval about an unknown, extended by an independent error."""
    low, high = (None if end is None else one.inner(end) - unknown for end in ends)
    return (
        None if low is None else _within(one, unknown - float(np.hypot(low, by))),
        None if high is None else _within(one, unknown + float(np.hypot(high, by))),
    )


def _within(one: Free, end: float) -> float:
    """The end of an interval in the number's own unit; a number that must not be negative ends at its bound."""
    return one.outer(end) if one.scale == "log" else max(one.outer(end), one.low)


def told_by(problem: Problem, best: Minimum) -> list[str]:
    """By which half cycles each free number is told; empty if by none."""
    found = []
    left = weights(best.evaluated.residual, problem.rows)[: problem.rows]
    for k, one in enumerate(problem.free):
        column = left * best.evaluated.jacobian[: problem.rows, k] ** 2
        shares = [float(column[block.rows].sum()) for block in problem.blocks]
        missed = float(column[problem.voltages : problem.points].sum())
        shares += column[problem.points :].tolist()
        total = sum(shares) + missed
        if np.sqrt(total) * one.prior_sd < MIN_TOLD:
            found.append("")
            continue
        chosen: list[int] = []
        for number in np.argsort(shares)[::-1].tolist():
            chosen.append(number)
            if sum(shares[n] for n in chosen) >= TOLD_SHARE * (total - missed):
                break
        blocks = [problem.blocks[n] for n in sorted(chosen) if n < len(problem.blocks)]
        targets = [
            f"target {n + 1 - len(problem.blocks)}" for n in sorted(chosen) if n >= len(problem.blocks)
        ]
        words = _in_words(problem, blocks) or ", ".join(targets)
        if missed > TOLD_SHARE * total:
            words = "phase fractions"
        elif missed > (1.0 - TOLD_SHARE) * total:
            words += "; phase fractions"
        found.append(words)
    return found


def _in_words(problem: Problem, blocks: Sequence[Block]) -> str:
    """Half cycles by direction and rate: ``insertion C/20, C/5; extraction``."""
    words = []
    for direction in ("insertion", "extraction"):

        def rates(of: Sequence[Block], direction: str = direction) -> list[str]:
            halves = [problem.cells[block.cell].halves[block.half] for block in of]
            return list(
                dict.fromkeys(rate_label(half.rate_per_h) for half in halves if half.direction == direction)
            )

        own, every = rates(blocks), rates(problem.blocks)
        if own:
            words.append(direction if own == every else f"{direction} {', '.join(own)}")
    return "; ".join(words)


def _nuisances(problem: Problem) -> list[tuple[str, int]]:
    """Names and columns of scales and offsets."""
    found = []
    for block in problem.blocks:
        half = problem.cells[block.cell].halves[block.half]
        scale, offset = charge_names(half, block.cell + 1 if len(problem.cells) > 1 else None)
        found.append((scale, block.scale))
        if block.offset >= 0:
            found.append((offset, block.offset))
    return found


def _tied(problem: Problem, tie: Tie, values: Sequence[float], covariance: Floats2) -> FittedNumber:
    """A sum with its interval, from the covariance."""
    k = len(problem.free)
    by = np.array([n * one.slope(v) for n, one, v in zip(tie.counts, problem.free, values, strict=True)])
    total, reach = tie.total(values), SDS * float(np.sqrt(by @ covariance[:k, :k] @ by))
    return FittedNumber(
        path=tie.path, name=short_name(tie.path), unit=unit_of(tie.path), start=value(problem.mechanism, tie.path),
        value=total, low=total - reach, high=total + reach,
        told_by=f"sum of {' and '.join(map(short_name, tie.terms))}", held=False,
    )  # fmt: skip


def _met(problem: Problem, best: Minimum) -> Iterator[FittedTarget]:
    """The targets, in the order of the problem, with what was found."""
    solutions = problem.solutions(best.unknowns)[len(problem.cells) :] if problem.targets else []
    for cell, solution in zip(problem.targets, solutions, strict=True):
        found = target_distances(cell, solution).found
        for target, here in zip(cell.targets, found.tolist(), strict=True):
            yield FittedTarget(target.name, target.unit, target.value, target.error, here)


def _data(measurement: Measurement, problem: Problem, best: Minimum, model: ErrorModel | None) -> str:
    """What was fitted to, for a mechanism file."""
    if model is None:
        misfit = best.evaluated.residual[: problem.rows]
        return f"{Path(measurement.path).name}, {problem.rows} target{'s' * (problem.rows > 1)}, rms {np.sqrt(np.mean(misfit**2)):.2f} of their errors"
    names = [cell.measured.curve.source.path.rpartition("/")[2] for cell in problem.cells]
    chosen = sorted(
        {cell.halves[n].cycle for cell in problem.cells for n, of in enumerate(cell.chosen) if of}
    )
    cycles = f"cycle {chosen[0]}" if len(chosen) == 1 else f"cycles {chosen[0]}-{chosen[-1]}"
    fractions = f" and {model.fractions} phase fractions" if model.fractions else ""
    return f"{', '.join(dict.fromkeys(names))}, {cycles}{fractions}, rms {model.rms_mV:.1f} mV"


def _remarks(
    problem: Problem, best: Minimum, errors: Errors, told: Sequence[str], mechanism: Mechanism
) -> list[str]:
    found = list(dict.fromkeys(remark for cell in problem.cells for remark in cell.remarks))
    if errors.model is not None and (why := missed(problem, best, errors.model.fraction_rms)):
        found.insert(
            0,
            f"Does not fit: {why}. The pathway may be another one, or the model leaves out what shapes this curve; the fitted "
            "numbers mean little.",
        )
    elif errors.model is not None and errors.model.rms_mV > WORST_MISFIT_MV:
        found.insert(
            0,
            f"Some points lie far off: with outliers damped the misfit is {damped_mV(problem, best):.1f} mV.",
        )
    for k, (one, by) in enumerate(zip(problem.free, told, strict=True)):
        name = short_name(one.path)
        if not by and best.unknowns[k] != problem.centre[k]:
            found.append(
                f"{name} decides only which path is taken: at its start, {one.start:.4g}, it is another one, which fits worse. How large "
                "it is these data cannot tell."
            )
        elif not by and one.group == "gamma":
            found.append(f"No edge of {name[6:-1]} carried charge; its energy is held.")
        elif not by:
            what = "target" if problem.targets else "half cycle"
            found.append(f"No {what} depends on {name}; it is held.")
    known = [k for k, by in enumerate(told) if by]
    found += _cannot_tell(problem, errors.information, known)
    found += problem.scaled()
    if problem.voltages:
        steps = told_by_steps(problem, best)
        found += [
            f"{short_name(one.path)} is told by where a step of the curve lies. What the model leaves out, such as unequal particles, moves "
            "steps; its interval takes no account of that."
            for one, by, share in zip(problem.free, told, steps, strict=False)
            if by and one.group == "gamma" and share > STEPS_SHARE
        ]
    found.append(_held(problem, best, mechanism))
    return found


def _cannot_tell(problem: Problem, information: Floats2, known: Sequence[int]) -> list[str]:
    """A sentence for each direction of which the data say less than the priors."""
    if not known:
        return []
    count = len(problem.free)
    rest = np.arange(count, len(problem.centre))
    inner = information[rest][:, rest] + np.diag(1.0 / problem.sd[rest] ** 2)
    own, sd = information[known], problem.sd[known]
    cross = own[:, rest]
    left = own[:, known] - cross @ np.linalg.solve(inner, cross.T)
    sizes, ways = np.linalg.eigh(left * np.outer(sd, sd))
    unknown = Counter(
        tuple(k for k, part in zip(known, way, strict=True) if abs(part) > MIN_COMPONENT)
        for size, way in zip(sizes, ways.T, strict=True)
        if size < 1.0
    )
    found = []
    for chosen, times in unknown.items():
        names = _all_gamma(problem.free, chosen)
        # As many directions as numbers: not one of them is known.
        together = " together" if len(chosen) > times else ""
        found.append(f"These data cannot tell {' and '.join(names)}{together}: the starting values decide.")
    return found


def _all_gamma(free: Sequence[Free], own: Sequence[int]) -> list[str]:
    gammas = [k for k, one in enumerate(free) if one.group == "gamma"]
    chosen = [k for k in own if free[k].group == "gamma"]
    if len(gammas) > 1 and chosen == gammas:
        return [*(short_name(free[k].path) for k in own if k not in chosen), "all gamma"]
    return [short_name(free[k].path) for k in own]


def _held(problem: Problem, best: Minimum, mechanism: Mechanism) -> str:
    """What the intervals are conditional on."""
    names, free = [], {one.path for one in problem.free}
    for group, words in (
        ("J0", "J0"), ("diffusivity", "diffusivity"), ("exchange", "exchange current"), ("spread", "spread of particles"),
        ("energies", "formation enthalpies"), ("galleries", "gallery potentials"),
    ):  # fmt: skip
        try:
            paths = paths_of(mechanism, group)
        except InputError:
            continue
        if free.isdisjoint(paths):
            one = len(paths) == 1 and group != "spread"
            number = (
                f" = {value(mechanism, paths[0]):.3g} {unit_of(paths[0])}"
                if one and group != "galleries"
                else ""
            )
            names.append(words + number)
    text = f"Held: {', '.join(names)}. Intervals are conditional on these." if names else ""
    return " ".join([text, *_shifts(problem, best)]).strip()


def _shifts(problem: Problem, best: Minimum) -> Iterator[str]:
    """By how much what is held would move the interfacial energies: one decade of J0, and the temperature."""
    gammas = [k for k, one in enumerate(problem.free) if one.group == "gamma"]
    if not gammas:
        return
    by_J0 = _moved_by_J0(problem, best)
    if by_J0 is not None:
        yield f"One decade of J0 would move all gamma by {_size(by_J0[gammas])}."
    warmer = [
        replace(
            cell, experiment=replace(cell.experiment, temperature_C=cell.experiment.temperature_C + WARMER_K)
        )
        for cell in problem.cells
    ]
    if warmer:
        moved = moved_by(problem, best, warmer).sum(axis=0)[gammas]
        yield f"Cells {WARMER_K:g} K warmer than stated would move all gamma by {_size(moved)}."


def _moved_by_J0(problem: Problem, best: Minimum) -> Floats | None:
    """How far one decade of J0 moves the unknowns; None if there is no J0, or it is fitted."""
    try:
        paths = paths_of(problem.mechanism, "J0")
    except InputError:
        return None
    if any(one.group == "J0" for one in problem.free):
        return None
    found = problem.evaluate(best.unknowns, problem.solutions(best.unknowns), further=paths)
    count = len(problem.centre)
    left = np.sqrt(weights(found.residual, problem.rows))[:, None] * found.jacobian
    own = left[:, :count]
    values = np.array([value(problem.mechanism, path) for path in paths])
    moved = np.linalg.solve(own.T @ own, own.T @ (left[:, count:] @ values))
    return np.asarray(-log(10.0) * moved, dtype=np.float64)


def _size(moved: Floats) -> str:
    """Changes of logarithms in percent, the largest if they differ."""
    largest = 100.0 * abs(moved).max()
    return f"{'up to ' * bool(100.0 * np.ptp(moved) >= 0.2 * largest)}{largest:.2g} %"
