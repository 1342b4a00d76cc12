"""What a sweep runs: everything that its runs share, and how one run is made from one point.

A `Plan` is plain data apart from the user's measure, so that it can be sent to any worker.
"""

from __future__ import annotations

import hashlib
import inspect
import pickle
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from numbers import Real
from typing import Any, NamedTuple, Self

import numpy as np

from sbpath import __version__
from sbpath.errors import SbpathError
from sbpath.experiment import Experiment
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.paths import with_changes
from sbpath.protocol.protocol import Protocol, cycling
from sbpath.protocol.quantities import plain
from sbpath.protocol.steps import Rate
from sbpath.simulation import run, simulate
from sbpath.solution import Solution
from sbpath.solver.trial import SolverOptions
from sbpath.sweeps.measure import Measure, Value, cycle_values
from sbpath.sweeps.points import Point
from sbpath.sweeps.ranges import RATE, TEMPERATURE, Range, Variation

# Columns of the table that are neither varied nor measured.
OWN_COLUMNS = ("run_s", "failure")

Steps = tuple[tuple[str, ...], ...]


class Outcome(NamedTuple):
    """One run: its number, the time that it took (s), why it failed if it did, what was measured."""

    number: int
    seconds: float
    failure: str
    values: dict[str, Value]


@dataclass(frozen=True, slots=True)
class Plan:
    """What the runs of a sweep share.

    Attributes
    ----------
    mechanism : Mechanism
        With the numbers that do not vary.
    graph, temperature_C, options
        As in `simulate`; the temperature where it does not vary.
    steps : tuple of tuple of str, or None
        Cycles of steps, in which ``{name}`` stands for what varies; None for the standard cycle.
    rate, cycles
        Of the standard cycle; the rate where it does not vary.
    measure : callable
        What is kept of a solution.
    names, units : tuple of str
        What varies, and the units of what stands in the steps.
    """

    mechanism: Mechanism
    graph: str
    temperature_C: float | None
    steps: Steps | None
    rate: str
    cycles: int
    options: SolverOptions
    measure: Measure
    names: tuple[str, ...]
    units: tuple[str, ...]

    @classmethod
    def of(
        cls,
        mechanism: Mechanism,
        varied: Sequence[Variation | Range],
        *,
        steps: Steps | None = None,
        rate: str | None = None,
        cycles: int = 2,
        graph: str | None = None,
        temperature_C: float | None = None,
        options: SolverOptions | None = None,
        measure: Measure = cycle_values,
    ) -> Self:
        """A plan with defaults filled in."""
        return cls(
            mechanism=mechanism,
            graph=mechanism.default_graph if graph is None else graph,
            temperature_C=temperature_C,
            steps=steps,
            rate=rate or "C/10",
            cycles=cycles,
            options=SolverOptions() if options is None else options,
            measure=measure,
            names=tuple(v.name for v in varied),
            units=tuple("C" if v.name == RATE else v.unit for v in varied),
        )

    def about(self) -> dict[str, Any]:
        """What tells this plan from others, for JSON."""
        return {
            "sbpath": __version__,
            "mechanism": self.mechanism.document,
            "graph": self.graph,
            "temperature_C": self.temperature_C,
            "protocol": self.steps if self.steps is not None else [self.rate, self.cycles],
            "options": asdict(self.options),
            "measure": _measure_name(self.measure),
        }

    @property
    def numbers(self) -> tuple[str, ...]:
        """Those names that are numbers of the mechanism, by dotted path."""
        others = {RATE, TEMPERATURE, *placeholders(self.steps or ())}
        return tuple(name for name in self.names if name not in others)

    def values(self, point: Point) -> dict[str, float]:
        """The values of a point by name."""
        return dict(zip(self.names, point, strict=True))

    def protocol(self, point: Point, mechanism: Mechanism) -> Protocol:
        """The protocol of a point.

        Raises
        ------
        InputError
            If a step cannot be read.
        """
        values = self.values(point)
        if self.steps is None:
            speed = Rate(values[RATE], "C") if RATE in values else Rate.parse(self.rate)
            return cycling(speed, mechanism.lower_cutoff_V, mechanism.upper_cutoff_V, self.cycles)
        words = {
            name: f"{plain(values[name])} {unit}".strip()
            for name, unit in zip(self.names, self.units, strict=True)
        }
        return Protocol.parse(
            [tuple(filled(step, words) for step in cycle) for cycle in self.steps], self.mechanism.ion
        )

    def experiment(self, point: Point) -> Experiment:
        """The experiment of a point.

        Raises
        ------
        InputError
            If the mechanism cannot have these numbers, or a step cannot be read or carried out.
        """
        values = self.values(point)
        mechanism = with_changes(self.mechanism, {name: values[name] for name in self.numbers})
        return Experiment.of(
            mechanism,
            self.protocol(point, mechanism),
            graph=self.graph,
            temperature_C=values.get(TEMPERATURE, self.temperature_C),
            options=self.options,
        )


def carry_out(plan: Plan, points: Sequence[tuple[int, Point]]) -> list[Outcome]:
    """Run some points of a plan, given with their numbers; what fails is an outcome too."""
    load_solver()
    return [_carry_out_one(plan, number, point) for number, point in points]


@cache
def load_solver() -> None:
    """Load the native code, once per process and before the first run is timed."""
    simulate("li-sb", "Rest for 1 s", progress=False)


def placeholders(steps: Steps) -> list[str]:
    """The names that stand in braces in some steps, in order."""
    return list(dict.fromkeys(name for cycle in steps for step in cycle for name in _BRACES.findall(step)))


def filled(step: str, words: Mapping[str, str]) -> str:
    """A step with words in place of the names in braces; names without one stay."""
    return _BRACES.sub(lambda match: words.get(match[1], match[0]), step)


_BRACES = re.compile(r"\{\s*(\w+)\s*\}")


def _carry_out_one(plan: Plan, number: int, point: Point) -> Outcome:
    began = time.perf_counter()
    try:
        experiment = plan.experiment(point)
        began = time.perf_counter()
        solution = run(experiment, progress=False)
    except SbpathError as error:
        return Outcome(number, time.perf_counter() - began, str(error), {})
    try:
        found = _measured(plan, solution)
    except Exception as error:  # the user's code may raise anything
        reason = f"measure: {type(error).__name__}: {error}"
        return Outcome(number, time.perf_counter() - began, reason, {})
    # Giving its memory back takes part of a run's time too.
    del solution
    return Outcome(number, time.perf_counter() - began, "", found)


def _measured(plan: Plan, solution: Solution) -> dict[str, Value]:
    values = plan.measure(solution)
    if not isinstance(values, Mapping):
        raise TypeError(f"must return a dict of numbers and texts by name, not {values!r:.60}")
    found: dict[str, Value] = {}
    for name, given in values.items():
        value = given.item() if isinstance(given, np.generic) else given
        if not isinstance(name, str) or name in (*plan.names, *OWN_COLUMNS):
            raise ValueError(f"{name!r} cannot be a name here; take another text")
        if not isinstance(value, Real | str | None):
            raise TypeError(f"{name}: must be a number or a text, not {value!r:.60}")
        found[name] = value if isinstance(value, str | bool | int | None) else float(value)
    return found


def _measure_name(measure: Measure) -> str:
    """A measure's name, with a part of the hash of what it is made of: another one is another sweep."""
    name = f"{getattr(measure, '__module__', '')}.{getattr(measure, '__qualname__', type(measure).__name__)}"
    try:
        made_of = inspect.getsource(measure).encode()
    except (OSError, TypeError):  # no function, or typed in where no file is
        try:
            made_of = pickle.dumps(measure)
        except Exception:  # pickle raises its own kind, AttributeError and TypeError
            made_of = b""
    return f"{name} ({hashlib.sha256(made_of).hexdigest()[:8]})"
