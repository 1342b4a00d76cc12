"""The next experiment: what each of several protocols would settle.

Each is simulated once with its sensitivities J, as if it were measured on a fresh electrode with the errors C of the fit. Its information
J' C^-1 J, scales and offsets of the charge eliminated, adds to that of the data and of the priors (Bayesian D-optimal design: Chaloner and
Verdinelli 1995, Statist. Sci. 10, 273):

    gain = 1/2 ln (det (I_data + I_next + P) / det (I_data + P))        in nats

Between two mechanisms whose curves differ by r it is r' C^-1 r / 2, the expected logarithm of their likelihood ratio.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from typing import NamedTuple

import numpy as np

from sbpath.arguments import number, several
from sbpath.errors import InputError
from sbpath.fitting.cells import Cell, cells_of, rate_label, simulated_halves
from sbpath.fitting.error_model import ErrorModel, error_covariance, information
from sbpath.fitting.multistart import weights
from sbpath.fitting.parameters import Free, free_numbers, unit_of
from sbpath.fitting.problem import Problem
from sbpath.fitting.rank import rival_name, rivals_of
from sbpath.fitting.residual import SIGMA_V
from sbpath.fitting.result import FitResult, check_repeatable, fitted_mechanism
from sbpath.kernels import Floats, Floats2
from sbpath.measured.experiment_file import Measurement
from sbpath.measured.records import MeasuredHalf
from sbpath.mechanism.groups import short_name
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.notation import plain_name
from sbpath.mechanism.paths import with_changes
from sbpath.mechanism.reader import load_mechanism
from sbpath.progress import with_progress
from sbpath.protocol.protocol import Protocol
from sbpath.protocol.steps import (
    CompositionLimit,
    ConstantCurrent,
    Direction,
    Rate,
    Rest,
    Step,
    TimeLimit,
    VoltageLimit,
    voltages_V,
)
from sbpath.simulation import run
from sbpath.solution import SimulationError, Solution

# Rates of whole cycles (1/h); that of rests, pulses and reversals; and those of other temperatures.
RATES_PER_H, MIDDLE_PER_H, WARM_PER_H = (0.01, 0.05, 0.1, 0.2, 1.0, 5.0), 0.1, (0.2, 1.0)
# Differences from the temperature of the cell (K), and how far a temperature counts as the file's.
OTHER_K, SAME_K = (-25.0, 25.0), 1.0
# Where a cycle turns back, and how long a pulse of a titration is, as shares of a full electrode; its rests, and others (h).
TURNS, PULSE, TITRATION_REST_H, REST_H = (0.25, 0.5, 0.75), 1.0 / 12.0, 2.0, 1.0
# An sd that falls below this share of what it is settles something; so many numbers are named.
SETTLED, NAMED = 0.8, 3
# Relative errors up to this are printed in percent.
PERCENT = 0.3


@dataclass(frozen=True, slots=True)
class NextExperiment:
    """A protocol that could be measured next.

    Attributes
    ----------
    name : str
        In a few words.
    protocol : tuple of str
        Its steps.
    temperature_C : float
        Of the cell.
    gain : float
        In nats: half the logarithm of the ratio of the determinants of the information; between two mechanisms the expected
        logarithm of their likelihood ratio.
    hours : float
        Duration as simulated.
    sds : tuple of (str, float, float)
        Of each fitted number by path, the standard deviation now and then (of the logarithm if fitted as such).
    settles : str
        What becomes known.
    trusts_model : bool
        Whether it is faster, or at another temperature, than all that was measured.
    """

    name: str
    protocol: tuple[str, ...]
    temperature_C: float
    gain: float
    hours: float
    sds: tuple[tuple[str, float, float], ...]
    settles: str
    trusts_model: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """Possible next experiments, the best first and those that trust the model most last.

    Attributes
    ----------
    experiment : str
        The experiment file.
    wanted : str or None
        Path of the number asked for.
    rivals : tuple of str
        The two mechanisms to tell apart; empty if none.
    per_hour : bool
        Whether they are ordered by what they bring per hour.
    experiments : tuple of NextExperiment
    left_out : tuple of str
        Those that take too long or could not be simulated, with the reason.
    """

    experiment: str
    wanted: str | None
    rivals: tuple[str, ...]
    per_hour: bool
    experiments: tuple[NextExperiment, ...]
    left_out: tuple[str, ...]


class Trial(NamedTuple):
    """A candidate: its name, the steps of each half cycle, and the temperature."""

    name: str
    halves: tuple[tuple[Step, ...], ...]
    temperature_C: float
    trusts_model: bool


class Evaluable(NamedTuple):
    """A problem at one point, with the simulations there."""

    problem: Problem
    unknowns: Floats
    solutions: list[Solution]


def plan(
    measurement: Measurement,
    result: FitResult,
    *,
    wanted: str | None = None,
    hours: float | None = None,
    per_hour: bool = False,
    rivals: Sequence[str | Mechanism | tuple[Mechanism, str | None]] = (),
    progress: bool = True,
) -> Plan:
    """Say which experiment to do next: rates, rests, a titration, reversals and other temperatures are tried.

    Parameters
    ----------
    measurement : Measurement
        What was fitted, from `load_measurement`.
    result : FitResult
        The fit, from `fit` or `load_fit`.
    wanted : str, optional
        A fitted number, by path or as printed (J0), whose standard deviation decides the order; by default all decide.
    hours : float, optional
        Longer ones are left out.
    per_hour : bool
        Order by what is gained per hour.
    rivals : two of str, Mechanism or (Mechanism, str or None), optional
        Fitted mechanisms with a graph, None for their own; the order is by what tells them apart.
    progress : bool
        Count simulations on standard error, after two seconds, if that is a terminal or a notebook.

    Raises
    ------
    InputError
        If the fit is of another experiment file or has no such number, or an argument is invalid.
    """
    if hours is not None:
        hours = number("hours", hours, above=0.0)
    rivals = several(rivals)
    if len(rivals) not in (0, 2):
        raise InputError(f"rivals: give two mechanisms, not {len(rivals)}")
    if rivals and wanted is not None:
        raise InputError("wanted: is a number of one mechanism; omit it with rivals")
    check_repeatable(result)
    error = _error(result)
    path = None if wanted is None else _path(result, wanted)
    start = with_changes(load_mechanism(result.mechanism), dict(result.changes))
    fitted = fitted_mechanism(start, result)
    mechanisms = rivals_of(rivals, "rivals") if rivals else [(fitted, result.graph)]
    templates = [_templates(measurement, mechanism, graph, result)[0] for mechanism, graph in mechanisms]
    free = () if rivals else free_numbers(start, result.free, measurement.free)
    known = np.zeros((0, 0)) if rivals else _known(measurement, start, free, result)
    found, left_out = [], []
    tried = candidates(templates[0], measurement)
    for one in with_progress(tried, "plan", "it", progress):
        try:
            planned = [planned_of(template, one, free, result) for template in templates]
        except SimulationError:
            left_out.append(f"{one.name} (could not be simulated)")
            continue
        took = float(planned[0].solutions[0].time_s[-1]) / 3600.0
        if hours is not None and took > hours:
            left_out.append(f"{one.name} ({took:.0f} h)")
            continue
        sds: tuple[tuple[str, float, float], ...] = ()
        if rivals:
            gain, settles = _apart(planned[0], planned[1], error)
        else:
            more = information_of(planned[0], error)
            gain = gained(known, more)
            sds = _sds(free, known, more, result)
            settles = _settles(free, sds)
        steps = tuple(map(str, chain.from_iterable(one.halves)))
        found.append(
            NextExperiment(
                one.name, steps, one.temperature_C, gain, took, sds, settles, one.trusts_model
            )
        )  # fmt: skip

    def order(one: NextExperiment) -> tuple[bool, float]:
        score = one.gain
        if path is not None:
            score = next(float(np.log(now / then)) for name, now, then in one.sds if name == path)
        return one.trusts_model, -score / (one.hours if per_hour else 1.0)

    names = tuple(rival_name(*pair) for pair in mechanisms) if rivals else ()
    return Plan(
        measurement.path, path, names, per_hour, tuple(sorted(found, key=order)), tuple(left_out)
    )  # fmt: skip


def _error(result: FitResult) -> ErrorModel:
    if result.error is None:
        raise InputError(
            f"{result.experiment}: has targets and no curve, which has no error model; fit a curve first"
        )
    return result.error


def _path(result: FitResult, wanted: str) -> str:
    for one in result.numbers:
        if plain_name(wanted) in map(plain_name, (one.path, one.name)):
            return one.path
    names = ", ".join(one.name for one in result.numbers)
    raise InputError(f"{wanted}: was not fitted; the fit has {names}; repeat it with {wanted} in --free")


def _templates(
    measurement: Measurement, mechanism: Mechanism, graph: str | None, result: FitResult
) -> tuple[Cell, ...]:
    """The measured cells as the fit simulated them."""
    return cells_of(
        measurement, mechanism, graph=graph, cycles=result.cycles, population=result.population,
        drive="measured" if result.drive == "measured" else "mean",
    )  # fmt: skip


def _known(measurement: Measurement, start: Mechanism, free: tuple[Free, ...], result: FitResult) -> Floats2:
    """The information of the data and the priors on the free numbers."""
    problem = Problem(start, _templates(measurement, start, result.graph, result), free)
    if [one.path for one in free] != [one.path for one in result.numbers] or len(problem.centre) != len(
        result.covariance
    ):
        raise InputError(
            f"{measurement.path}: has other half cycles or free numbers than the fit, which is of {result.experiment}; repeat the fit"
        )
    unknowns = _unknowns(free, result, [one.value for one in result.nuisances])
    priors = np.diag([one.prior_sd**-2 for one in free])
    return information_of(Evaluable(problem, unknowns, problem.solutions(unknowns)), _error(result)) + priors


def _unknowns(free: Sequence[Free], result: FitResult, nuisances: Sequence[float]) -> Floats:
    values = [one.inner(fitted.value) for one, fitted in zip(free, result.numbers, strict=False)]
    return np.array([*values, *nuisances])


def information_of(at: Evaluable, error: ErrorModel) -> Floats2:
    """J' C^-1 J of the k free numbers, scales and offsets of the charge eliminated, shape (k, k)."""
    problem = at.problem
    evaluated = problem.evaluate(at.unknowns, at.solutions)
    whole = information(problem, error, evaluated)
    k = len(problem.free)
    inner = whole[k:, k:] + np.diag(problem.sd[k:] ** -2.0)
    return whole[:k, :k] - whole[:k, k:] @ np.linalg.solve(inner, whole[k:, :k])


def gained(known: Floats2, more: Floats2) -> float:
    """Half the logarithm of the ratio of determinants with and without `more` (nats)."""
    return 0.5 * float(np.linalg.slogdet(known + more)[1] - np.linalg.slogdet(known)[1])


def candidates(template: Cell, measurement: Measurement) -> list[Trial]:
    """The protocols that are tried, within the cut-offs of a cell."""
    experiment = template.experiment
    mechanism = experiment.mechanism
    ends: dict[Direction, list[float]] = {"insertion": [], "extraction": []}
    for half, (first, last) in zip(template.halves, template.steps, strict=True):
        steps = [step for _, _, step in experiment.protocol.steps()][first:last]
        ends[half.direction] += [v for step in steps for v in voltages_V(step)]
    cutoffs = {
        "insertion": min(ends["insertion"], default=mechanism.lower_cutoff_V),
        "extraction": max(ends["extraction"], default=mechanism.upper_cutoff_V),
    }
    empty, full = mechanism.content_range
    range_x = full - empty
    here = experiment.temperature_C
    measured = [
        mechanism.temperature_C if c.temperature_C is None else c.temperature_C for c in measurement.curves
    ]
    fastest = max(
        half.rate_per_h for half, chosen in zip(template.halves, template.chosen, strict=True) if chosen
    )
    ways: tuple[Direction, ...] = ("insertion", "extraction")
    if template.measured.first == "extraction":
        ways = ways[::-1]

    def cycle(
        rate_per_h: float, shares: Sequence[float] = (), rest_h: float = 0.0
    ) -> tuple[tuple[Step, ...], ...]:
        """Half cycles that rest at shares of a full electrode."""
        rate, halves = Rate(rate_per_h, "C"), []
        for way in ways:
            end = VoltageLimit(cutoffs[way])
            stops = [round(empty + share * range_x, 4) for share in shares]
            steps: list[Step] = []
            for x in stops if way == "insertion" else stops[::-1]:
                steps += [
                    ConstantCurrent(way, rate, (CompositionLimit(x), end)),
                    Rest((TimeLimit(3600.0 * rest_h),)),
                ]
            halves.append((*steps, ConstantCurrent(way, rate, (end,))))
        return tuple(halves)

    def turned(share: float) -> tuple[tuple[Step, ...], ...]:
        """The first half cycle ends at a share of a full electrode."""
        second = cycle(MIDDLE_PER_H)[1]
        stop = CompositionLimit(round(empty + share * range_x, 4))
        return (
            ConstantCurrent(ways[0], Rate(MIDDLE_PER_H, "C"), (stop, VoltageLimit(cutoffs[ways[0]]))),
        ), second

    middle = rate_label(MIDDLE_PER_H)
    pulses = [float(share) for share in np.arange(PULSE, 1.0 - 0.5 * PULSE, PULSE)]
    found = [(rate_label(rate), cycle(rate), here, rate) for rate in RATES_PER_H]
    found.append(
        (
            f"{middle}, rest {REST_H:g} h in every half",
            cycle(MIDDLE_PER_H, (0.5,), REST_H),
            here,
            MIDDLE_PER_H,
        )
    )
    titration = f"GITT {middle}, dx {PULSE * range_x:.2g}, rest {TITRATION_REST_H:g} h"
    found.append((titration, cycle(MIDDLE_PER_H, pulses, TITRATION_REST_H), here, MIDDLE_PER_H))
    for share in TURNS:
        x = empty + share * range_x
        found.append((f"turn back at x = {x:.3g}, {middle}", turned(share), here, MIDDLE_PER_H))
    for other in OTHER_K:
        for rate in WARM_PER_H:
            found.append((f"{rate_label(rate)} at {here + other:g} °C", cycle(rate), here + other, rate))
    return [
        Trial(
            name, halves, celsius,
            rate > 1.1 * fastest or not min(measured) - SAME_K <= celsius <= max(measured) + SAME_K,
        )
        for name, halves, celsius, rate in found
    ]  # fmt: skip


def planned_of(template: Cell, one: Trial, free: tuple[Free, ...], result: FitResult) -> Evaluable:
    """Simulate a candidate; its points are those of the simulated curve."""
    protocol = Protocol((tuple(chain.from_iterable(one.halves)),))
    ends = np.cumsum([0, *map(len, one.halves)]).tolist()
    base = template.experiment
    experiment = replace(base, protocol=protocol, temperature_C=one.temperature_C)
    ways: list[Direction] = ["insertion", "extraction"]
    if template.measured.first == "extraction":
        ways.reverse()
    none = np.zeros(0)
    empty = tuple(_half(n, way, none, none, 0.0) for n, way in enumerate(ways))
    cell = Cell(template.measured, empty, (True,) * len(ways), experiment, tuple(pairwise(ends)))
    solution = run(experiment, progress=False, every_row=True)
    halves = []
    for n, (way, twin) in enumerate(zip(ways, simulated_halves(cell, solution), strict=True)):
        assert twin is not None
        halves.append(_half(n, way, twin.q, twin.voltage_V, float(np.abs(solution.current_A_per_g).max())))
    cell = replace(cell, halves=tuple(halves))
    problem = Problem(base.mechanism, (cell,), free, scales=(1.0,))
    nuisances = problem.centre[len(free) :]
    return Evaluable(problem, _unknowns(free, result, nuisances.tolist()), [solution])


def _half(number: int, way: Direction, q: Floats, voltage: Floats, current: float) -> MeasuredHalf:
    """A half cycle as if it were measured."""
    rows = np.arange(len(q))
    return MeasuredHalf(
        number=number + 1, cycle=1, direction=way, q=q.copy(), voltage_V=voltage.copy(), time_s=np.zeros(len(q)), rows=rows,
        current_A_per_g=current, rate_per_h=1.0, capacity_mAh_per_g=0.0, ended_by="voltage", pieces=(),
    )  # fmt: skip


def _sds(
    free: Sequence[Free], known: Floats2, more: Floats2, result: FitResult
) -> tuple[tuple[str, float, float], ...]:
    """Standard deviations now, those of the fit, and then, by the ratio that the information gives: a fit is not as good as its
    information allows, before and after.
    """
    now = np.sqrt(np.diag(np.array(result.covariance)))[: len(free)]
    ratios = np.sqrt(np.diag(np.linalg.inv(known + more)) / np.diag(np.linalg.inv(known)))
    return tuple(
        (one.path, float(sd), float(sd * ratio)) for one, sd, ratio in zip(free, now, ratios, strict=True)
    )


def _settles(free: Sequence[Free], sds: Sequence[tuple[str, float, float]]) -> str:
    """``ln J0 3.2 -> 2.2; gamma(Sb|Li3Sb) 5.9 -> 2.9 %``."""
    best = sorted(zip(sds, free, strict=True), key=lambda pair: pair[0][2] / pair[0][1])
    words = []
    for (path, now, then), one in best[:NAMED]:
        if then > SETTLED * now:
            break
        name, log = short_name(path), one.scale == "log"
        if log and now <= PERCENT:
            words.append(f"{name} {100.0 * now:.2g} -> {100.0 * then:.2g} %")
        else:
            words.append(
                f"{'ln ' if log else ''}{name} {now:.2g} -> {then:.2g} {'' if log else unit_of(path)}".rstrip()
            )
    return "; ".join(words) or "little"


def _apart(one: Evaluable, other: Evaluable, error: ErrorModel) -> tuple[float, str]:
    """Half the square of the distance of the curves of two mechanisms, scales and offsets free within their priors."""
    problem = one.problem
    (cell,) = other.problem.cells
    twin = replace(problem.cells[0], experiment=cell.experiment)
    evaluated = Problem(cell.experiment.mechanism, (twin,), (), scales=(1.0,)).evaluate(
        other.unknowns, other.solutions
    )
    n = problem.points
    residual, jacobian = evaluated.residual[:n], evaluated.jacobian[:n]
    whole = error_covariance(problem, error, evaluated) + (jacobian * problem.sd**2) @ jacobian.T
    # What is far apart counts as in the loss of a fit.
    root = np.sqrt(weights(residual, n)) * residual
    rms = 1e3 * SIGMA_V * float(np.sqrt(np.mean(residual**2)))
    return 0.5 * float(root @ np.linalg.solve(whole, root)), f"{rms:.1f} mV apart"
