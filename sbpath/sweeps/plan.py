"""The plan of a sweep: what its runs share, and how a point becomes a run.

A `Plan` is plain data apart from the user's measure, so it can be sent to any worker.
"""

from __future__ import annotations

import hashlib
import inspect
import pickle
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache, lru_cache
from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from sbpath import __version__
from sbpath.errors import SbpathError
from sbpath.experiment import Experiment
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.paths import with_changes
from sbpath.protocol.protocol import Protocol, cycling, table_document
from sbpath.protocol.quantities import plain
from sbpath.protocol.schedule import Blocks, blocks_text
from sbpath.protocol.steps import CurrentTable, Rate
from sbpath.simulation import run, simulate
from sbpath.solution import Solution
from sbpath.solver.trial import SolverOptions
from sbpath.sweeps.measure import Measure, Value, cycle_values
from sbpath.sweeps.points import Point
from sbpath.sweeps.ranges import RATE, TEMPERATURE

# Columns of the table that are neither parameters nor measured quantities.
OWN_COLUMNS = ("run_s", "failure")

# Tables of currents are no text.
Steps = tuple[tuple[str | CurrentTable, ...], ...]

# Runs of a grid share their protocols.
_cycling = lru_cache(maxsize=64)(cycling)


class RunResult(NamedTuple):
    """One run: its number, duration (s), reason of failure (or empty) and measured values."""

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
    graph, temperature_C, options, electrode_mass_g
        As in `simulate`; the temperature is used if it does not vary.
    steps : tuple of tuple of str or CurrentTable, or None
        Steps of each cycle, with placeholders ``{name}`` for what varies; None for standard cycles.
    rate, cycles
        Of the standard cycles; the rate is used if it does not vary.
    measure : callable
        Makes the row of a run from its solution.
    names, units : tuple of str
        What varies, and the units of placeholders.
    """

    mechanism: Mechanism
    graph: str
    names: tuple[str, ...]
    units: tuple[str, ...]
    temperature_C: float | None = None
    electrode_mass_g: float | None = None
    steps: Steps | None = None
    rate: str = "C/10"
    cycles: Blocks = ((2, None),)
    options: SolverOptions = field(default_factory=SolverOptions)
    measure: Measure = cycle_values

    def about(self) -> dict[str, Any]:
        """What identifies this plan, for JSON."""
        return {
            "sbpath": __version__,
            "mechanism": self.mechanism.document,
            "graph": self.graph,
            "temperature_C": self.temperature_C,
            "electrode_mass_g": self.electrode_mass_g,
            "protocol": [self.rate, blocks_text(self.cycles)]
            if self.steps is None
            else [
                [step if isinstance(step, str) else table_document(step) for step in cycle]
                for cycle in self.steps
            ],
            "options": asdict(self.options),
            "measure": _measure_name(self.measure),
        }

    @property
    def numbers(self) -> tuple[str, ...]:
        """The names that are dotted paths of numbers of the mechanism."""
        others = {RATE, TEMPERATURE, *placeholders(self.steps or ())}
        return tuple(name for name in self.names if name not in others)

    def values(self, point: Point) -> dict[str, float]:
        """Values of a point by name."""
        return dict(zip(self.names, point, strict=True))

    def protocol(self, point: Point, mechanism: Mechanism) -> Protocol:
        """The protocol of a point."""
        values = self.values(point)
        if self.steps is None:
            rate = Rate(values[RATE], "C") if RATE in values else Rate.parse(self.rate)
            return _cycling(rate, mechanism.lower_cutoff_V, mechanism.upper_cutoff_V, self.cycles)
        texts = {
            name: f"{plain(values[name])} {unit}".strip()
            for name, unit in zip(self.names, self.units, strict=True)
        }
        return Protocol.parse(
            [tuple(filled(step, texts) for step in cycle) for cycle in self.steps], self.mechanism.ion
        )

    def experiment(self, point: Point) -> Experiment:
        """The experiment of a point.

        Raises
        ------
        InputError
            If these numbers are not valid in the mechanism, or a step cannot be parsed or run.
        """
        values = self.values(point)
        mechanism = with_changes(self.mechanism, {name: values[name] for name in self.numbers})
        return Experiment.of(
            mechanism,
            self.protocol(point, mechanism),
            graph=self.graph,
            temperature_C=values.get(TEMPERATURE, self.temperature_C),
            electrode_mass_g=self.electrode_mass_g,
            options=self.options,
        )


def run_points(plan: Plan, points: Sequence[tuple[int, Point]]) -> list[RunResult]:
    """Run numbered points of a plan; a failed run has a result too."""
    load_solver()
    return [_run_point(plan, number, point) for number, point in points]


@cache
def load_solver() -> None:
    """Load the native code once per process, before the first run is timed."""
    simulate("li-sb", "Rest for 1 s", progress=False)


def placeholders(steps: Steps) -> list[str]:
    """The names in braces in the steps, in order."""
    texts = (step for cycle in steps for step in cycle if isinstance(step, str))
    return list(dict.fromkeys(name for text in texts for name in _BRACES.findall(text)))


def filled(step: str | CurrentTable, texts: Mapping[str, str]) -> str | CurrentTable:
    """A step with names in braces replaced by their texts; names without a text are kept."""
    if isinstance(step, CurrentTable):
        return step
    return _BRACES.sub(lambda match: texts.get(match[1], match[0]), step)


_BRACES = re.compile(r"\{\s*(\w+)\s*\}")


def _run_point(plan: Plan, number: int, point: Point) -> RunResult:
    began = time.perf_counter()
    try:
        experiment = plan.experiment(point)
        began = time.perf_counter()
        solution = run(experiment, progress=False)
    except SbpathError as error:
        return RunResult(number, time.perf_counter() - began, str(error), {})
    try:
        found = _measured(plan, solution)
    except Exception as error:  # the user's code may raise anything
        reason = f"measure: {type(error).__name__}: {error}"
        return RunResult(number, time.perf_counter() - began, reason, {})
    # Freeing its memory is part of a run's duration.
    del solution
    return RunResult(number, time.perf_counter() - began, "", found)


def _measured(plan: Plan, solution: Solution) -> dict[str, Value]:
    values = plan.measure(solution)
    if not isinstance(values, Mapping):
        raise TypeError(f"must return a dict of numbers and strings by name, not {values!r:.60}")
    found: dict[str, Value] = {}
    for name, raw in values.items():
        value = raw.item() if isinstance(raw, np.generic) else raw
        if not isinstance(name, str) or name in (*plan.names, *OWN_COLUMNS):
            raise ValueError(f"{name!r} cannot be a name here; choose another")
        if not isinstance(value, Real | str | None):
            raise TypeError(f"{name}: must be a number or a string, not {value!r:.60}")
        found[name] = value if isinstance(value, str | bool | int | None) else float(value)
    return found


def _measure_name(measure: Measure) -> str:
    """A measure's name with a short hash of its source, so that changed code means another sweep."""
    name = f"{getattr(measure, '__module__', '')}.{getattr(measure, '__qualname__', type(measure).__name__)}"
    try:
        content = inspect.getsource(measure).encode()
    except (OSError, TypeError):  # not a function, or defined interactively
        try:
            content = pickle.dumps(measure)
        except Exception:  # pickle raises its own kind, AttributeError and TypeError
            content = b""
    return f"{name} ({hashlib.sha256(content).hexdigest()[:8]})"
