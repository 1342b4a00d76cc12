"""Predictions of a mechanism that a laboratory can check: what it says before anybody has looked.

One electrode is cycled, rested and reversed, and what a cell would show is predicted: potentials to which
it relaxes, hysteresis against rate and temperature, the share of intermediates, heat, the effect of a
rest. Each prediction comes with the number of the file that it hangs on most, found by repeating
everything with one number changed, and with the range that the uncertainty of all numbers leaves.

Predicted values are those of the electrode of the file, with its spread of particles if it has one; what
they hang on is found with eight particles of it at most. A single one would mislead: where a lifetime decides, as
that of amorphous Sb, it answers five times as strongly, or the other way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from math import hypot, isnan, log10, nan
from typing import Any, NamedTuple

import numpy as np

from sbpath.errors import SbpathError
from sbpath.experiment import Experiment, full_cycles
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.notation import node_labels
from sbpath.mechanism.paths import value, with_changes
from sbpath.mechanism.reader import load_mechanism
from sbpath.mechanism.records import Gallery, Provenance, Quantity
from sbpath.progress import with_progress
from sbpath.protocol.outcome import Outcome
from sbpath.protocol.steps import Rest
from sbpath.results.calorimetry import heat_flow
from sbpath.results.cycles import HalfCycle, cycle_summaries, half_cycles_of
from sbpath.simulation import run, warn_of_doubts
from sbpath.solution import Solution, StepRecord
from sbpath.studies.reversals import rest_after_reversal
from sbpath.text.tables import Column

# C-rates (1/h).
RATES = {"C/50": 0.02, "C/10": 0.1, "1C": 1.0}
SLOW, USUAL, FAST = RATES
PULSES = "C/20"
# Two instants of a rest (h), between which the drift of the potential is taken.
EARLY_H, LATE_H = 4.0, 40.0
# Temperature difference of the slope (K).
WARMER_K = 15.0
# Change of x before a rest after a reversal, as a share of the range of compositions.
BACK_SHARE = 1.0 / 30.0
# Intermediates that reach no such share are left out, and more than so many.
MIN_INTERMEDIATE, MOST_INTERMEDIATES = 0.1, 2
# Uncertainty of a number, by the beginning of its path, where its note states none.
CHANGES = {"phases.": 0.01, "interfaces.": 0.01, "kinetics.": 0.1, "transformations": 0.1, "electrode.": 0.1}
STATED = re.compile(
    r"\+-\s*(?P<size>\d+(?:\.\d+)?)\s*(?P<unit>%|kJ/mol|V\b)|known to a factor of (?P<factor>\d+)"
)
# Of a gallery, these are uncertain; its sites follow from the composition.
UNCERTAIN_OF_GALLERY = ("potential_V", "width")
# Particles that find what a prediction hangs on.
MOST_PARTICLES = 8
NOTE = (
    "Rests are of 40 h, one after the other; x is {ion} per {host}. Hysteresis is the mean voltage of extraction less that of\n"
    "insertion. Heat is that of the half-cell in an isothermal calorimeter, per gram of host.\n"
    "Ruled out: outside what is left if every number is uncertain, by what the file states of it or else by 1 % (phases,\n"
    "interfaces) or 10 % (rates, electrode), or outside what can be measured, if that is more. Values are those of the\n"
    "electrode of the file; what they hang on is found with eight of its particles at most."
)
# Numbers that move no curve.
LEFT_OUT = (
    "review_volume_change_percent",
    "spread.particles",
    "double_layer_F_per_g",
    "inactive_mass_g_per_g",
)


SHARE = "of the Sb"


class Question(NamedTuple):
    """What is measured, unit and format of the answer, and the difference that a laboratory resolves."""

    text: str
    unit: str
    form: str
    resolved: float


Answers = dict[Question, float]


@dataclass(frozen=True, slots=True)
class Prediction:
    """One number that a laboratory can check.

    Attributes
    ----------
    number : int
        From 1.
    question : Question
        What is measured, and its unit.
    value : float
        What the mechanism predicts.
    hangs_on : str
        Path of the number in the file that moves it most; empty if none does.
    change : float
        Relative change of that number: its uncertainty if the file states one, else 1 % (phases,
        interfaces) or 10 % (rates, electrode).
    moves_by : float
        Change of the prediction with it.
    down, up : float
        Changes with all numbers, each by its uncertainty, added in quadrature. They are the same unless
        a number is known to a factor only.
    """

    number: int
    question: Question
    value: float
    hangs_on: str
    change: float
    moves_by: float
    down: float
    up: float

    @property
    def range(self) -> tuple[float, float]:
        """Results outside rule the mechanism out: `down` and `up`, or what can be resolved if that is more."""
        resolved = self.question.resolved
        return self.value - max(self.down, resolved), self.value + max(self.up, resolved)

    @property
    def ruled_out_by(self) -> str:
        """Results that rule the mechanism out, in words; a share is never below 0 or above 1."""
        low, high = self.range
        limits = [f"less than {low:{self.question.form}}", f"more than {high:{self.question.form}}"]
        if self.question.unit == SHARE:
            limits = [
                text for text, possible in zip(limits, (low > 0.0, high < 1.0), strict=True) if possible
            ]
        return " or ".join(limits) or "nothing: any share is within its spread"


def predictions(
    mechanism: Mechanism | str,
    *,
    graph: str | None = None,
    temperature_C: float | None = None,
    progress: bool = True,
) -> list[Prediction]:
    """What a mechanism predicts for a cell, what each prediction hangs on, and what would rule it out.

    Parameters
    ----------
    mechanism, graph, temperature_C, progress
        As in `simulate`.

    Examples
    --------
    >>> import sbpath
    >>> first = sbpath.predictions("li-sb", progress=False)[0]
    >>> first.question.unit, first.range[0] < first.value < first.range[1]
    ('V', True)
    """
    system = load_mechanism(mechanism) if isinstance(mechanism, str) else mechanism
    warn_of_doubts(Experiment.of(system, graph=graph, temperature_C=temperature_C))
    options = {"graph": graph, "temperature_C": temperature_C}
    spread = system.electrode.spread
    few = options | {"population": 1 if spread is None else min(int(spread.particles.value), MOST_PARTICLES)}
    alone = _Cell(system, options | {"population": 1})
    base = alone.run(full_cycles(system, USUAL, 2))
    asked = {half.direction: _places(base, half) for half in half_cycles_of(base, 2)}, _intermediates(base)
    now, values = _Cell(system, few).answers(*asked), _Cell(system, options).answers(*asked)
    changes = [change for name, number in system.numbers() for change in uncertainty(name, number)]
    moved: dict[Question, list[_Move]] = {question: [] for question in values}
    for name, change in with_progress(changes, "sbpath predict", "number", progress):
        try:
            changed = with_changes(system, {name: value(system, name) * (1.0 + change)})
            others = _Cell(changed, few).answers(*asked)
        except SbpathError:
            # A share above one, or an electrode that no longer works: nothing to compare with.
            continue
        for question in values.keys() & now.keys() & others.keys():
            moved[question].append(_Move(name, change, others[question] - now[question]))
    return [
        _prediction(number, question, answer, moved[question])
        for number, (question, answer) in enumerate(values.items(), 1)
    ]


class _Move(NamedTuple):
    """What a relative change of one number does to one prediction."""

    name: str
    change: float
    by: float


def _prediction(number: int, question: Question, answer: float, moves: Sequence[_Move]) -> Prediction:
    first = max(moves, key=lambda move: abs(move.by), default=_Move("", 0.0, 0.0))
    # Less than the last digit that is printed.
    if f"{first.by:{question.form}}".strip("+-0.") == "":
        first = _Move("", 0.0, 0.0)
    down, up = _down_and_up(moves)
    return Prediction(number, question, answer, first.name, first.change, first.by, down, up)


def _down_and_up(moves: Sequence[_Move]) -> tuple[float, float]:
    """Changes of a prediction with all numbers, in quadrature; a number changed one way only may go the other way too."""
    by_name: dict[str, list[float]] = {}
    for move in moves:
        by_name.setdefault(move.name, []).append(move.by)
    both = [own if len(own) > 1 else [own[0], -own[0]] for own in by_name.values()]
    return hypot(*(min(0.0, *own) for own in both)), hypot(*(max(0.0, *own) for own in both))


def uncertainty(name: str, number: Provenance) -> list[tuple[str, float]]:
    """Relative changes that a number may need, each with its path; none if it is zero or moves no curve.

    What it states, such as ``+-15 %``, ``+-10 kJ/mol`` or ``+-0.05 V``, else 1 % (phases, interfaces) or 10 % (rates, electrode);
    both ways if it is ``known to a factor of 3``. Of a gallery, potential and width are uncertain.
    """
    values = {name: number.value} if isinstance(number, Quantity) else {}
    if isinstance(number, Gallery):
        values = {f"{name}.{key}": getattr(number, key) for key in UNCERTAIN_OF_GALLERY}
    default = next((share for start, share in CHANGES.items() if name.startswith(start)), 0.0)
    stated = list(STATED.finditer(f"{number.note} {number.fitted_to}"))
    return [
        (path, change)
        for path, size in values.items()
        if default and size != 0.0 and not path.endswith(LEFT_OUT)
        for change in next(filter(None, (_changes(path, size, own) for own in stated)), [default])
    ]


def _changes(path: str, size: float, stated: re.Match[str]) -> list[float]:
    """Relative changes of a number of some size that a statement means; none if it speaks of another unit."""
    if stated["factor"]:
        factor = float(stated["factor"])
        return [factor - 1.0, 1.0 / factor - 1.0]
    units = {"%": 0.01 * size, "kJ/mol": 1e3, "V": 1.0}
    ends = {"%": "", "kJ/mol": "J_per_mol", "V": "potential_V"}
    if not path.endswith(ends[stated["unit"]]):
        return []
    return [abs(float(stated["size"]) * units[stated["unit"]] / size)]


def _places(solution: Solution, half: HalfCycle) -> list[float]:
    """Compositions in the middle of the plateaus of a half cycle, or of all of it if it has none."""
    capacity, x = half.curve[0], solution.composition[half.rows]
    middles = [capacity[0] + p.start_mAh_per_g + 0.5 * p.extent_mAh_per_g for p in half.plateaus]
    return [float(f"{np.interp(at, capacity, x):.3g}") for at in middles or [0.5 * float(capacity[-1])]]


def _intermediates(solution: Solution) -> list[str]:
    """Nodes that are neither empty nor full, those first whose shares on insertion and extraction differ most."""
    mechanism = solution.mechanism
    least, most = mechanism.content_range
    differences = {}
    for node in solution.phases:
        shares = [float(solution.fraction(node)[half.rows].max()) for half in half_cycles_of(solution, 2)]
        if least < mechanism.full_content(node) < most - 1e-9 and max(shares) >= MIN_INTERMEDIATE:
            differences[node] = max(shares) - min(shares)
    return sorted(differences, key=lambda node: -differences[node])[:MOST_INTERMEDIATES]


@dataclass(frozen=True, slots=True)
class _Cell:
    """An electrode that is asked everything."""

    mechanism: Mechanism
    options: dict[str, Any]

    def run(self, protocol: Any, after: Solution | None = None, **options: Any) -> Solution:
        """Simulate, from the end of an earlier solution if given."""
        initial = None if after is None else after.final_state
        return run(
            Experiment.of(self.mechanism, protocol, initial=initial, **(self.options | options)),
            progress=False,
        )

    def answers(self, places: dict[str, list[float]], nodes: Sequence[str]) -> Answers:
        """All questions with their answers: rests at the compositions `places` by direction, shares of `nodes`."""
        cycled = {rate: self.run(full_cycles(self.mechanism, rate, 2)) for rate in RATES}
        topics: tuple[Callable[[], Answers], ...] = (
            lambda: self.relaxed(cycled[USUAL], places),
            lambda: self.hysteresis(cycled),
            lambda: self.intermediates(cycled, nodes),
            lambda: self.heat(cycled[USUAL]),
            lambda: self.rested(cycled[FAST]),
            lambda: self.reversed(cycled[USUAL]),
        )
        found: Answers = {}
        for topic in topics:
            # No charge passes in a half cycle that it needs.
            with suppress(SbpathError):
                found |= topic()
        return {question: answer for question, answer in found.items() if not isnan(answer)}

    def relaxed(self, before: Solution, places: dict[str, list[float]]) -> Answers:
        """Potentials after a rest, and their drift."""
        m = self.mechanism
        steps = []
        for way, verb, cutoff in (
            ("insertion", "Insert", m.lower_cutoff_V),
            ("extraction", "Extract", m.upper_cutoff_V),
        ):
            for x in places.get(way, []):
                steps += [f"{verb} at {PULSES} until x = {x} or until {cutoff} V", f"Rest for {LATE_H:g} h"]
            steps += [f"{verb} at {PULSES} until {cutoff} V"]
        solution = self.run([tuple(steps)], before)
        found: Answers = {}
        for pulse, rest in pairwise(solution.steps):
            if not isinstance(rest.step, Rest) or pulse.outcome is not Outcome.COMPOSITION:
                continue
            x = float(solution.composition[rest.first])
            where = f"{pulse.direction} at {PULSES} to x = {x:.3g}"
            early, late = (_voltage(solution, rest, hours) for hours in (EARLY_H, LATE_H))
            drift = 1e3 * (late - early) / log10(LATE_H / EARLY_H)
            found[Question(f"{where}: relaxed potential after {EARLY_H:g} h", "V", ".3f", 0.005)] = early
            text = f"{where}: drift from {EARLY_H:g} to {LATE_H:g} h"
            found[Question(text, "mV per decade", "+z.1f", 2.0)] = drift
        return found

    def hysteresis(self, cycled: dict[str, Solution]) -> Answers:
        """Hysteresis of the second cycle, and its slopes with rate and temperature."""
        gaps = {rate: _hysteresis(solution) for rate, solution in cycled.items()}
        before = cycled[USUAL]
        # Cooler if the file does not hold where it is warmer.
        _, highest = self.mechanism.temperature_range_C or (0.0, np.inf)
        here = before.temperature_C
        other = here + (WARMER_K if here + WARMER_K <= highest else -WARMER_K)
        there = _hysteresis(self.run(full_cycles(self.mechanism, USUAL, 2), temperature_C=other))
        slope = (there - gaps[USUAL]) / (other - here)
        return {
            Question(f"hysteresis at {USUAL}", "mV", ".1f", 5.0): gaps[USUAL],
            **{
                Question(f"hysteresis, slope from {slow} to {fast}", "mV per decade", "+z.1f", 3.0): (
                    (gaps[fast] - gaps[slow]) / log10(RATES[fast] / RATES[slow])
                )
                for slow, fast in pairwise(RATES)
            },
            Question(f"hysteresis, slope from {here:g} to {other:g} °C", "mV/K", "+z.2f", 0.1): slope,
        }

    def intermediates(self, cycled: dict[str, Solution], nodes: Sequence[str]) -> Answers:
        """Largest shares of these nodes."""
        labels = node_labels(self.mechanism)
        found: Answers = {}
        for node in nodes:
            for rate, solution in cycled.items():
                for half in half_cycles_of(solution, 2):
                    if half.direction == "extraction" or rate == USUAL:
                        text = f"largest share of {labels[node]} on {half.direction} at {rate}"
                        share = float(solution.fraction(node)[half.rows].max())
                        found[Question(text, SHARE, ".3f", 0.05)] = share
        return found

    def heat(self, solution: Solution) -> Answers:
        """Heat of both half cycles, reversible heat included, of the host and the metal electrode."""
        total = solution.irreversible_heat_J_per_g + heat_flow(solution).reversible_J_per_g
        return {
            Question(f"heat of {half.direction} at {USUAL}", "J/g", ".1f", 10.0): float(
                total[half.rows.stop - 1] - total[half.rows.start - 1]
            )
            for half in half_cycles_of(solution, 2)
        }

    def rested(self, solution: Solution) -> Answers:
        """What a rest of an hour changes in the next insertion."""
        insertion = f"Insert at {FAST} until {self.mechanism.lower_cutoff_V} V"
        at_once, later = (
            half_cycles_of(self.run([steps], solution))[0].mean_voltage_V
            for steps in ((insertion,), ("Rest for 1 h", insertion))
        )
        text = f"change of the mean insertion voltage at {FAST} after an hour's rest"
        return {Question(text, "mV", "+z.1f", 3.0): 1e3 * (later - at_once)}

    def reversed(self, before: Solution) -> Answers:
        """Potentials to which both sides of the loop relax after a reversal."""
        m = self.mechanism
        least, most = m.content_range
        middle, back = 0.5 * (least + most), BACK_SHARE * (most - least)
        protocol = rest_after_reversal(
            USUAL, m.lower_cutoff_V, m.upper_cutoff_V, middle, back, f"{EARLY_H:g} h", full_cycles=0
        )
        solution = self.run(protocol, before)
        rests = [
            _voltage(solution, rest, EARLY_H)
            for pulse, rest in pairwise(solution.steps)
            if isinstance(rest.step, Rest) and pulse.outcome is Outcome.COMPOSITION
        ]
        return {
            Question(
                f"reversed to {way} at {USUAL} and stopped at x = {middle:.3g}: relaxed potential after {EARLY_H:g} h",
                "V", ".3f", 0.005,
            ): potential
            for way, potential in zip(("extraction", "insertion"), rests, strict=False)
        }  # fmt: skip


def _hysteresis(solution: Solution) -> float:
    """Of the second cycle (mV); NaN if no charge passes in one of its directions."""
    return next((summary.hysteresis_mV for summary in cycle_summaries(solution) if summary.cycle == 2), nan)


def _voltage(solution: Solution, rest: StepRecord, hours: float) -> float:
    """Voltage (V) some hours into a rest."""
    rows = slice(rest.first, rest.last)
    passed = solution.time_s[rows] - solution.time_s[rest.first]
    return float(np.interp(3600.0 * hours, passed, solution.voltage_V[rows]))


COLUMNS: tuple[Column[Prediction], ...] = (
    Column("Number", lambda p: p.number),
    Column("Prediction", lambda p: p.question.text),
    Column("Value", lambda p: p.value, "{:.6g}"),
    Column("Unit", lambda p: p.question.unit),
    Column("Down by", lambda p: p.down, "{:.6g}"),
    Column("Up by", lambda p: p.up, "{:.6g}"),
    Column("Ruled out below", lambda p: p.range[0], "{:.6g}"),
    Column("Ruled out above", lambda p: p.range[1], "{:.6g}"),
    Column("Hangs on", lambda p: p.hangs_on),
    Column("Relative change of that number", lambda p: p.change, "{:.6g}"),
    Column("Moves the prediction by", lambda p: p.moves_by, "{:.6g}"),
)


def report(mechanism: Mechanism, found: Sequence[Prediction]) -> str:
    """The numbered predictions, two lines each."""
    lines = [
        f"{mechanism.name}: what a cell must show, from empty to full between {mechanism.lower_cutoff_V:g} and "
        f"{mechanism.upper_cutoff_V:g} V; second cycles",
    ]
    for p in found:
        form = p.question.form
        by = "no number alone"
        if p.hangs_on:
            by = f"{p.hangs_on} ({100.0 * p.change:+.3g} % makes {p.moves_by:+{form.lstrip('+')}})"
        lines += [
            f"{p.number:2}. {p.question.text}: {p.value:{form}} {p.question.unit}",
            f"    ruled out by {p.ruled_out_by}; hangs on {by}",
        ]
    return "\n".join([*lines, "", NOTE.format(ion=mechanism.ion, host=mechanism.host)])
