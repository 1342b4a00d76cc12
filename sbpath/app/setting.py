"""What is chosen and typed on the page: the state of the page, which its address holds, as an experiment.

Its fields are the options of ``sbpath simulate``, as text, and are read and refused in the same words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from sbpath.errors import InputError, nearest
from sbpath.experiment import Experiment
from sbpath.mechanism.documents import is_path
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.paths import with_changes
from sbpath.mechanism.reader import load_mechanism
from sbpath.model.population import population_of
from sbpath.protocol.protocol import cycling
from sbpath.protocol.schedule import Blocks, blocks
from sbpath.typed import changes, cut_offs, to_celsius

# Of more cycles the rows within are kept of the first and the last only.
MOST_WHOLE_CYCLES = 10
# Cycles and particles that one run may have.
MOST_CYCLES, MOST_PARTICLES = 2000, 500
# As on the command line, but for the number of cycles there, which is two.
DEFAULT_RATE, DEFAULT_CYCLES = "C/10", "1"
# Longest text of a field, and most changed numbers.
MOST_CHARS, MOST_CHANGES = 200, 200


class FieldError(InputError):
    """What is typed in a field of the page cannot be read.

    Attributes
    ----------
    field : str
        Its name, or that of the option of ``sbpath simulate``; the path of a changed number.
    """

    def __init__(self, problems: str | tuple[str, ...], field: str = "") -> None:
        super().__init__(problems)
        self.field = field

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.problems, self.field)


@contextmanager
def field(name: str, *known: str) -> Iterator[None]:
    """Mistakes found within are of this field; its name, and others that are `known`, are left out before them."""
    own = re.compile("|".join(rf"(?:--)?(?:set )?{re.escape(each)}: " for each in (name, *known)))
    try:
        yield
    except FieldError:
        raise
    except InputError as error:
        raise FieldError(tuple(_without(own, problem) for problem in error.problems), name) from None


def _without(own: re.Pattern[str], problem: str) -> str:
    while match := own.match(problem):
        problem = problem[match.end() :]
    return problem


@dataclass(frozen=True)
class Setting:
    """One state of the page; a text that is empty means the default of the system.

    Attributes
    ----------
    system : str
        A shipped name, or the path of a mechanism file that the server was started with.
    graph, design, electrolyte, particles, rate, temperature, lower, upper, cycles : str
        Options of ``sbpath simulate``.
    set : tuple of (str, str)
        Paths of changed numbers, each with what was typed.
    """

    system: str = "li-sb"
    graph: str = ""
    design: str = ""
    electrolyte: str = ""
    particles: str = ""
    rate: str = ""
    temperature: str = ""
    lower: str = ""
    upper: str = ""
    cycles: str = ""
    set: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, given: Any) -> Setting:
        """From a JSON document."""
        if not isinstance(given, Mapping):
            raise FieldError('state: must be an object, such as {"system": "li-sb"}')
        known = [item.name for item in fields(cls)]
        found: dict[str, Any] = {}
        for name, value in given.items():
            if name not in known:
                raise FieldError(
                    f"{name}: there is no such field; {nearest(name, known, ', '.join(known))}", name
                )
            if name == "set":
                found[name] = _changes(value.items() if isinstance(value, Mapping) else None)
            else:
                found[name] = _text(name, value)
        return cls(**found)

    @classmethod
    def of_query(cls, items: Iterable[tuple[str, str]]) -> Setting:
        """From the query of an address, with ``set=PATH=VALUE`` for each changed number; other names are the page's own."""
        known = {item.name for item in fields(cls)}
        found: dict[str, Any] = {name: _text(name, value) for name, value in items if name in known - {"set"}}
        pairs = [
            (path, text)
            for name, value in items
            if name == "set"
            for path, _, text in [value.rpartition("=")]
        ]
        return cls(**found, set=_changes(pairs))

    def with_defaults(self, systems: Iterable[str] = ()) -> Setting:
        """The same with the default of every field written out, except of those that mean "as in the file"."""
        mechanism = self.mechanism(systems)
        return replace(
            self,
            graph=self.graph or mechanism.default_graph,
            rate=self.rate or DEFAULT_RATE,
            temperature=self.temperature or f"{mechanism.temperature_C:g}",
            lower=self.lower or f"{mechanism.lower_cutoff_V:g}",
            upper=self.upper or f"{mechanism.upper_cutoff_V:g}",
            cycles=self.cycles or DEFAULT_CYCLES,
        )

    def mechanism(self, own: Iterable[str] = ()) -> Mechanism:
        """The mechanism with design, electrolyte and changed numbers; `own` are files that may be read."""
        with field("system"):
            if is_path(self.system) and self.system not in own:
                raise InputError(
                    f"{self.system}: is not one of the files that sbpath app was started with; give it: sbpath app {self.system}"
                )
            _loaded(self.system, "", "")
        for name in ("design", "electrolyte"):
            with field(name):
                if is_path(getattr(self, name)):
                    raise InputError(f"{getattr(self, name)}: choose a shipped one")
        with field("design"):
            _loaded(self.system, self.design, "")
        with field("electrolyte"):
            mechanism = _loaded(self.system, self.design, self.electrolyte)
        found: dict[str, float] = {}
        for path, text in self.set:
            with field(path, mechanism.name):
                found |= changes([f"{path}={text}"], mechanism)
                with_changes(mechanism, {path: found[path]})
        with field("set"):
            mechanism = with_changes(mechanism, found)
        return mechanism

    def experiment(self, own: Iterable[str] = ()) -> Experiment:
        """What ``sbpath simulate`` with these options runs; `own` are mechanism files that may be read."""
        mechanism = self.mechanism(own)
        graph = self.graph_of(mechanism)
        with field("temperature"):
            celsius = to_celsius(self.temperature or None)
        with field("particles", "population"):
            population = population_of(mechanism, self.number_of_particles())
        with field("cycles"):
            planned = blocks(self.cycles or DEFAULT_CYCLES)
            if (total := sum(count for count, _ in planned)) > MOST_CYCLES:
                raise InputError(
                    f"{total} are too many for a page, which shows at most {MOST_CYCLES}; use sbpath simulate"
                )
        with field("rate"):
            cycling(self.rate or DEFAULT_RATE, 0.0, 1.0)
        low, high = self.cut_offs(mechanism)
        with field("lower"):
            cycling(self.rate or DEFAULT_RATE, low, high)
        keep = "all" if total <= MOST_WHOLE_CYCLES else "ends"

        def made(
            low: float = mechanism.lower_cutoff_V,
            high: float = mechanism.upper_cutoff_V,
            planned: Blocks = ((1, None),),
            celsius: float | None = None,
        ) -> Experiment:
            protocol = cycling(self.rate or DEFAULT_RATE, low, high, planned)
            return Experiment.of(
                mechanism, protocol, graph=graph, temperature_C=celsius, population=population or 1, keep=keep
            )

        try:
            return made(low, high, planned, celsius)
        except InputError:
            # Whose mistake it is: each alone, with the rest as in the file.
            volts = "lower" if abs(low) > abs(high) else "upper"
            separately: dict[str, Callable[[], Experiment]] = {
                "rate": made,
                "cycles": lambda: made(planned=planned),
                "temperature": lambda: made(celsius=celsius),
                volts: lambda: made(low, high),
            }
            with field(
                next((name for name, each in separately.items() if _is_refused(each)), ""), "temperature_C"
            ):
                raise

    def graph_of(self, mechanism: Mechanism) -> str:
        """The name of the graph."""
        with field("graph"):
            return mechanism.graph_named(self.graph or None)

    def number_of_particles(self) -> int | None:
        """How many particles; None for those of the file."""
        if not self.particles:
            return None
        with field("particles"):
            if not self.particles.isdecimal():
                raise InputError(f"invalid int value: {self.particles!r}")
            if int(self.particles) > MOST_PARTICLES:
                raise InputError(f"{self.particles} are too many for a page; give at most {MOST_PARTICLES}")
        return int(self.particles)

    def cut_offs(self, mechanism: Mechanism) -> tuple[float, float]:
        """The cut-off voltages (V) of a cycle."""
        with field("lower"):
            low, _ = cut_offs(self.lower or None, None, mechanism)
        with field("upper"):
            _, high = cut_offs(None, self.upper or None, mechanism)
        return low, high


def _is_refused(made: Callable[[], Experiment]) -> bool:
    try:
        made()
    except InputError:
        return True
    return False


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise FieldError(f"{name}: must be a text or a number", name)
    text = str(value).strip()
    if len(text) > MOST_CHARS:
        raise FieldError(f"has more than {MOST_CHARS} characters", name)
    return text


def _changes(pairs: Iterable[tuple[str, Any]] | None) -> tuple[tuple[str, str], ...]:
    """Changed numbers as paths and texts, in the order of the paths."""
    if pairs is None:
        raise FieldError("must be an object of paths and numbers", "set")
    found = {_text("set", path): _text(path, value) for path, value in pairs}
    if len(found) > MOST_CHANGES:
        raise FieldError(f"has more than {MOST_CHANGES} numbers", "set")
    return tuple(sorted(found.items()))


def _loaded(system: str, design: str, electrolyte: str) -> Mechanism:
    """A mechanism with its parts; of a file of the user's as it is now."""
    changed = Path(system).stat().st_mtime_ns if is_path(system) and Path(system).is_file() else 0
    return _read(system, design, electrolyte, changed)


@lru_cache(maxsize=128)
def _read(system: str, design: str, electrolyte: str, changed: int) -> Mechanism:
    return load_mechanism(system, design=design or None, electrolyte=electrolyte or None)
