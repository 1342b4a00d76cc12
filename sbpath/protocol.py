"""What the cycler is asked to do: steps, the limits that end them, and cycles of steps.

Sign convention, here and everywhere in sbpath: a positive current is the discharge of the half-cell,
that is insertion of the alkali metal into Sb. A step therefore carries a direction, "insertion" or
"extraction", and a magnitude; "Discharge" is read as insertion and "Charge" as extraction.

A step is written as a line of text (`parse_step`) or built as an object; ``str(step)`` is its canonical
text, and parsing that text gives an equal step.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from numbers import Real
from typing import Literal, cast, get_args

from sbpath.errors import InputError

Ion = Literal["Li", "Na", "K"]
Direction = Literal["insertion", "extraction"]
RateUnit = Literal["C", "A/g", "A"]

# unit as typed, in lower case: (quantity, unit it is stored in, factor to that unit)
_UNITS: dict[str, tuple[str, str, str]] = {
    "c": ("current", "C", "1"),
    **{p + "a/g": ("current", "A/g", f) for p, f in (("", "1"), ("m", "1e-3"), ("u", "1e-6"))},
    **{p + "a": ("current", "A", f) for p, f in (("", "1"), ("m", "1e-3"), ("u", "1e-6"))},
    **{p + "v": ("voltage", "V", f) for p, f in (("", "1"), ("m", "1e-3"))},
    **{p + "v/s": ("scan rate", "V/s", f) for p, f in (("", "1"), ("m", "1e-3"), ("u", "1e-6"))},
    **{name: ("time", "s", "1") for name in ("s", "sec", "secs", "second", "seconds")},
    **{name: ("time", "s", "60") for name in ("min", "mins", "minute", "minutes")},
    **{name: ("time", "s", "3600") for name in ("h", "hr", "hrs", "hour", "hours")},
}
# verb in lower case: (direction, the only ion it fits)
_VERBS: dict[str, tuple[Direction, Ion | None]] = {
    "discharge": ("insertion", None), "insert": ("insertion", None),
    "lithiate": ("insertion", "Li"), "sodiate": ("insertion", "Na"), "potassiate": ("insertion", "K"),
    "charge": ("extraction", None), "extract": ("extraction", None), "delithiate": ("extraction", "Li"),
    "desodiate": ("extraction", "Na"), "depotassiate": ("extraction", "K"),
}  # fmt: skip
_EXAMPLES = {
    "insertion": "Discharge at C/10 until 0.05 V",
    "extraction": "Charge at 50 mA/g until 1.5 V",
    "rest": "Rest for 1 hour",
    "hold": "Hold at 0.01 V until C/50 or for 2 hours",
    "sweep": "Sweep at 0.1 mV/s from 1.5 V to 0.05 V",
}
_NUMBER = r"([+-]?(?:nan|inf(?:inity)?|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?))"


@dataclass(frozen=True, slots=True)
class Rate:
    """The magnitude of a current; the direction belongs to the step.

    Parameters
    ----------
    value : float
        Magnitude in `unit`, above 0.
    unit : {"C", "A/g", "A"}
        C-rate, current per gram of Sb, or current of the whole electrode.

    Raises
    ------
    InputError
        If the value is not finite and above 0, or the unit is unknown.
    """

    value: float
    unit: RateUnit

    def __post_init__(self) -> None:
        if self.unit not in get_args(RateUnit):
            raise InputError(f"the unit of a rate must be C, A/g or A, not {self.unit!r}")
        _check(self.value, f"a rate [{self.unit}]", positive=True)

    def __str__(self) -> str:
        if self.unit != "C":
            return _show(self.value, self.unit, f"m{self.unit}", f"u{self.unit}")
        per = 1.0 / self.value
        if 1.0 < per < 1e6 and 1.0 / round(per) == self.value:
            return f"C/{round(per)}"
        return _plain(self.value) + "C"

    @classmethod
    def parse(cls, text: str) -> Rate:
        """Read ``C/10``, ``0.1C``, ``50 mA/g``, ``5 mA`` and the like.

        Raises
        ------
        InputError
            If `text` is not a current above 0.
        """
        line = _one_line(text)
        try:
            return _rate(line)
        except InputError as error:
            raise InputError(f"'{line}': {error}; write for example 'C/10', '50 mA/g' or '5 mA'") from None

    def to_A_per_g(self, one_C_A_per_g: float, electrode_mass_g: float) -> float:
        """Return the current per gram of Sb [A/g], unsigned.

        Parameters
        ----------
        one_C_A_per_g : float
            Current per gram of Sb that is called 1C [A/g].
        electrode_mass_g : float
            Mass of Sb in the electrode [g].

        Raises
        ------
        InputError
            If either is not finite and above 0.
        """
        _check(one_C_A_per_g, "one_C_A_per_g", positive=True)
        _check(electrode_mass_g, "electrode_mass_g", positive=True)
        return self.value * {"C": one_C_A_per_g, "A/g": 1.0, "A": 1.0 / electrode_mass_g}[self.unit]


@dataclass(frozen=True, slots=True)
class VoltageLimit:
    """Reached when the terminal voltage falls (insertion) or rises (extraction) to `voltage_V` [V]."""

    voltage_V: float

    def __post_init__(self) -> None:
        _check(self.voltage_V, "a cut-off voltage [V]")

    def __str__(self) -> str:
        return f"until {_plain(self.voltage_V)} V"


@dataclass(frozen=True, slots=True)
class CurrentLimit:
    """Reached when the magnitude of the current has fallen to `rate`."""

    rate: Rate

    def __post_init__(self) -> None:
        _check_is(self.rate, Rate, "the rate of a current limit")

    def __str__(self) -> str:
        return f"until {self.rate}"


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """Reached `time_s` [s] after the step began; above 0."""

    time_s: float

    def __post_init__(self) -> None:
        _check(self.time_s, "a time [s]", positive=True)

    def __str__(self) -> str:
        return f"for {_show(self.time_s, 'h', 'min')}"


@dataclass(frozen=True, slots=True)
class CompositionLimit:
    """Reached when the electrode holds `x` mol of alkali metal per mol of Sb; 0 or more."""

    x: float

    def __post_init__(self) -> None:
        _check(self.x, "a composition x [mol per mol Sb]")
        if self.x < 0:
            raise InputError(f"a composition x cannot be negative, as {_plain(self.x)} is")

    def __str__(self) -> str:
        return f"until x = {_plain(self.x)}"


Limit = VoltageLimit | CurrentLimit | TimeLimit | CompositionLimit
_LIMIT_NAMES: dict[type, str] = {
    VoltageLimit: "a voltage",
    CurrentLimit: "a current",
    TimeLimit: "a time",
    CompositionLimit: "a composition",
}


@dataclass(frozen=True, slots=True)
class ConstantCurrent:
    """Drive a constant current until the first of `limits` (voltage, time or composition) is reached.

    `period_s` [s] is the output period; None leaves it to the solver. So in all steps. Each raises
    InputError for a limit of a kind that cannot end it and for a number out of range.
    """

    direction: Direction
    rate: Rate
    limits: tuple[Limit, ...]
    period_s: float | None = None

    def __post_init__(self) -> None:
        if self.direction not in get_args(Direction):
            raise InputError(f"the direction must be 'insertion' or 'extraction', not {self.direction!r}")
        _check_is(self.rate, Rate, "the rate of a constant-current step")
        _check_step(self, "a constant-current step", VoltageLimit, TimeLimit, CompositionLimit)

    def __str__(self) -> str:
        # Insert and Extract mean one thing only; Charge and Discharge depend on which cell one has in mind
        return f"{'Insert' if self.direction == 'insertion' else 'Extract'} at {self.rate}{_tail(self)}"


@dataclass(frozen=True, slots=True)
class ConstantVoltage:
    """Hold `voltage_V` [V] until the first of `limits` (current, time or composition) is reached."""

    voltage_V: float
    limits: tuple[Limit, ...]
    period_s: float | None = None

    def __post_init__(self) -> None:
        _check(self.voltage_V, "the voltage of a hold [V]")
        _check_step(self, "a hold", CurrentLimit, TimeLimit, CompositionLimit)

    def __str__(self) -> str:
        return f"Hold at {_plain(self.voltage_V)} V{_tail(self)}"


@dataclass(frozen=True, slots=True)
class Rest:
    """Leave the cell at open circuit for a time."""

    limits: tuple[Limit, ...]
    period_s: float | None = None

    def __post_init__(self) -> None:
        _check_step(self, "a rest", TimeLimit)

    def __str__(self) -> str:
        return f"Rest{_tail(self)}"


@dataclass(frozen=True, slots=True)
class Sweep:
    """Move the voltage at a constant rate to `end_V` [V], or until a time in `limits` is over.

    `scan_rate_V_per_s` [V/s] is a magnitude above 0. `start_V` [V] is None to start from where the cell is.
    """

    scan_rate_V_per_s: float
    end_V: float
    start_V: float | None = None
    limits: tuple[Limit, ...] = ()
    period_s: float | None = None

    def __post_init__(self) -> None:
        _check(self.scan_rate_V_per_s, "a scan rate [V/s]", positive=True)
        _check(self.end_V, "the end of a sweep [V]")
        if self.start_V is not None:
            _check(self.start_V, "the start of a sweep [V]")
        if self.start_V == self.end_V:
            raise InputError(f"a sweep cannot start and end at the same voltage, {_plain(self.end_V)} V")
        _check_step(self, "a sweep", TimeLimit)

    def __str__(self) -> str:
        start = "" if self.start_V is None else f" from {_plain(self.start_V)} V"
        rate = _show(self.scan_rate_V_per_s, "mV/s", at_least=0.0)
        return f"Sweep at {rate}{start} to {_plain(self.end_V)} V{_tail(self)}"


Step = ConstantCurrent | ConstantVoltage | Rest | Sweep


def parse_step(text: str, ion: Ion | None = None) -> Step:
    """Read one step from its line of text.

    Parameters
    ----------
    text : str
        Such as ``Discharge at C/10 until 0.05 V``, ``Insert at 50 mA/g for 2 h or until x = 2.5``,
        ``Hold at 10 mV until C/50``, ``Rest for 1 hour``, ``Sweep at 0.1 mV/s from 1.5 V to 0.05 V``,
        each with ``(10 second period)`` after it if wanted. Upper or lower case is the same.
    ion : {"Li", "Na", "K"}, optional
        The alkali metal of the cell; refuses the verbs of the others (Sodiate in a Li cell).

    Raises
    ------
    InputError
        One line with the text, what is wrong with it, and a line that would be right.
    """
    line = _one_line(text)
    verb = line.split(" ")[0]
    key = verb.casefold()
    known = (*_VERBS, "rest", "hold", "sweep")
    near = key if key in known else (get_close_matches(key, known, n=1) or [""])[0]
    example = _EXAMPLES[_VERBS[near][0] if near in _VERBS else near or "insertion"]
    try:
        if key not in known:
            hint = f", the nearest known one is '{near.capitalize()}'" if near else ""
            raise InputError(f"no step begins with '{verb}'{hint}")
        step_ion = _VERBS[key][1] if key in _VERBS else None
        if ion and step_ion and ion != step_ion:
            raise InputError(f"'{verb}' is for a {step_ion} cell and this is a {ion} cell")
        return _parse(key, line[len(verb) :].strip())
    except InputError as error:
        raise InputError(f"'{line}': {error}; write for example '{example}'") from None


@dataclass(frozen=True, slots=True)
class Protocol:
    """Cycles of steps; cycles count from 1, and steps from 1 over the whole protocol.

    Parameters
    ----------
    cycles : tuple of tuple of Step
        The steps of each cycle, in order; `Protocol.parse` makes them from text.

    Raises
    ------
    InputError
        If there is no cycle, a cycle has no step, or something in a cycle is not a step.
    """

    cycles: tuple[tuple[Step, ...], ...]

    def __post_init__(self) -> None:
        if not self.cycles:
            raise InputError("the protocol is empty; give at least one step, such as 'Rest for 1 hour'")
        for number, cycle in enumerate(self.cycles, 1):
            if not (isinstance(cycle, tuple) and cycle and all(isinstance(step, Step) for step in cycle)):
                raise InputError(f"cycle {number}: a cycle is a tuple of one or more steps, not {cycle!r}")

    @classmethod
    def parse(
        cls,
        cycles: Protocol | Step | str | Sequence[Step | str | Sequence[Step | str]],
        ion: Ion | None = None,
    ) -> Protocol:
        """Make a protocol of lines of text, steps, or both.

        Parameters
        ----------
        cycles : Protocol, Step, str or list of these
            Each step in the list is a cycle of its own, each list or tuple of steps in it is one cycle:
            ``[("Discharge at C/10 until 0.05 V", "Charge at C/10 until 1.5 V")] * 3`` is three cycles.
        ion : {"Li", "Na", "K"}, optional
            As in `parse_step`.

        Raises
        ------
        InputError
            All bad steps together, a line each; a mistake made in many places is one line.
        """
        if isinstance(cycles, Protocol):
            return cycles
        items = cycles if isinstance(cycles, list | tuple) else [cycles]
        places: dict[str, list[str]] = {}
        parsed: list[tuple[Step, ...]] = []
        count = 0
        for number, item in enumerate(items, 1):
            steps: list[Step] = []
            for entry in item if isinstance(item, list | tuple) else [item]:
                count += 1
                try:
                    steps.append(entry if isinstance(entry, Step) else parse_step(cast(str, entry), ion))
                except InputError as error:
                    places.setdefault(str(error), []).append(f"cycle {number}, step {count}")
            parsed.append(tuple(steps))
        if places:
            raise InputError(
                [
                    f"{at[0]}{f' (and {len(at) - 1} more like it)' if at[1:] else ''}: {error}"
                    for error, at in places.items()
                ]
            )
        return cls(tuple(parsed))

    def steps(self) -> Iterator[tuple[int, int, Step]]:
        """Yield (cycle number, step number over the whole protocol, step), both numbers from 1."""
        flat = ((number, step) for number, cycle in enumerate(self.cycles, 1) for step in cycle)
        for count, (number, step) in enumerate(flat, 1):
            yield number, count, step

    def to_strings(self) -> list[list[str]]:
        """Return the canonical text of each step, a list per cycle; `parse` gives the protocol back."""
        return [[str(step) for step in cycle] for cycle in self.cycles]


def cycling(
    rate: str | Rate, lower_V: float, upper_V: float, cycles: int = 1, first: Direction = "insertion"
) -> Protocol:
    """Return constant-current cycles: insertion to `lower_V` and extraction to `upper_V`.

    Parameters
    ----------
    rate : str or Rate
        The current of both halves.
    lower_V, upper_V : float
        Cut-off voltages [V], lower below upper.
    cycles : int
        How many, 1 or more.
    first : {"insertion", "extraction"}
        Which half each cycle begins with.

    Raises
    ------
    InputError
        If the cut-offs are not finite or not in order, or `rate`, `cycles` or `first` is not as above.
    """
    current = rate if isinstance(rate, Rate) else Rate.parse(rate)
    limits = VoltageLimit(lower_V), VoltageLimit(upper_V)
    if lower_V >= upper_V:
        low, high = _plain(lower_V), _plain(upper_V)
        raise InputError(
            f"cut-offs are the wrong way round: lower {low} V is not below upper {high} V; swap them"
            if lower_V > upper_V
            else f"the cut-offs are the same, {low} V; give lower_V below upper_V, such as 0.05 and 1.5"
        )
    if not isinstance(cycles, int) or cycles < 1:
        raise InputError(f"cycles must be a whole number, 1 or more, not {cycles!r}")
    if first not in get_args(Direction):
        raise InputError(f"first must be 'insertion' or 'extraction', not {first!r}")
    insertion = ConstantCurrent("insertion", current, limits[:1])
    extraction = ConstantCurrent("extraction", current, limits[1:])
    cycle = (insertion, extraction) if first == "insertion" else (extraction, insertion)
    return Protocol((cycle,) * cycles)


# Reading. The errors below say what is wrong; parse_step puts the step's text before and an example after.


def _parse(verb: str, rest: str) -> Step:
    """Read what follows the verb: a head, the limits, the period; any of them may be empty."""
    if "," in rest:
        raise InputError("a comma is not understood, the decimal sign is a point")
    period_s = None
    if bracket := re.search(r"\(([^()]*)\)$", rest):
        if not (period := re.fullmatch(r"(.+) period", bracket[1].strip(), re.I)):
            raise InputError(f"'{bracket[0]}' is not an output period such as '(10 second period)'")
        period_s, rest = _measure(period[1], "time"), rest[: bracket.start()].strip()
    split = re.search(r"\b(for|until)\b", rest, re.I)
    head, tail = (rest[: split.start()].strip(), rest[split.start() :]) if split else (rest, "")
    limits = tuple(_limit(part) for part in re.split(r"\s+or\s+", tail, flags=re.I)) if tail else ()
    if verb == "rest":
        if head:
            raise InputError(f"nothing goes between 'Rest' and 'for', but '{head}' does")
        return Rest(limits, period_s)
    if not (at := re.fullmatch(r"at (.+)", head, re.I)):
        raise InputError("'at' and a value must follow the verb")
    if verb == "hold":
        return ConstantVoltage(_measure(at[1], "voltage"), limits, period_s)
    if verb != "sweep":
        return ConstantCurrent(_VERBS[verb][0], _rate(at[1]), limits, period_s)
    if not (span := re.fullmatch(r"(.+?)(?: from (.+?))? to (.+)", at[1], re.I)):
        raise InputError("a sweep needs 'to' and the voltage it ends at")
    scan_rate, end = _measure(span[1], "scan rate"), _measure(span[3], "voltage")
    start = None if span[2] is None else _measure(span[2], "voltage")
    return Sweep(scan_rate, end, start, limits, period_s)


def _limit(text: str) -> Limit:
    match = re.fullmatch(r"(for|until) (.+)", text.strip(), re.I)
    if not match or re.search(r"\b(for|until)\b", match[2], re.I):
        raise InputError(f"'{text}' is not a limit; begin each with 'for' or 'until', put 'or' between two")
    quantity, value, unit = _read(match[2])
    if (match[1].casefold() == "for") != (quantity == "time") or quantity == "scan rate":
        raise InputError(
            f"'for' takes a time and 'until' a voltage, a current or a composition, not '{match[2]}'"
        )
    if quantity == "current":
        return CurrentLimit(Rate(value, cast(RateUnit, unit)))
    return {"time": TimeLimit, "voltage": VoltageLimit, "composition": CompositionLimit}[quantity](value)


def _rate(text: str) -> Rate:
    quantity, value, unit = _read(text)
    if quantity != "current":
        raise InputError(f"'{text}' is a {quantity}, where a current is needed")
    return Rate(value, cast(RateUnit, unit))


def _measure(text: str, quantity: str) -> float:
    found, value, _ = _read(text)
    if found != quantity:
        raise InputError(f"'{text}' is a {found}, where a {quantity} is needed")
    return value


def _read(text: str) -> tuple[str, float, str]:
    """Return the quantity, its value, and the unit of the value."""
    if match := re.fullmatch(rf"([+-]?)c ?/ ?{_NUMBER}", text, re.I):
        hours = float(match[1] + "1") * float(match[2])
        if hours == 0.0:
            raise InputError(f"'{text}' divides by 0")
        return "current", 1.0 / hours, "C"
    if match := re.fullmatch(rf"x ?= ?{_NUMBER}", text, re.I):
        return "composition", float(match[1]), ""
    if not (match := re.fullmatch(rf"{_NUMBER} ?(.*)", text, re.I)):
        raise InputError(f"'{text}' is not a number with a unit")
    unit = match[2].replace(" ", "").casefold()
    if unit not in _UNITS:
        fault = f"an unknown unit, '{match[2]}'" if unit else "no unit"
        raise InputError(f"'{text}' has {fault}; the units are V, mV, C, A, mA, A/g, mA/g, s, min, h, mV/s")
    return _UNITS[unit][0], _scaled(match[1], unit), _UNITS[unit][1]


def _scaled(number: str, unit: str) -> float:
    """Return the number in the stored unit; by decimals, so that 50 mA/g is 0.05 A/g to the last bit."""
    value = float(number)
    if value == 0.0 or not math.isfinite(value):
        return value
    return float(Decimal(number) * Decimal(_UNITS[unit][2]))


def _one_line(text: str) -> str:
    if not isinstance(text, str):
        found, example = " ".join(repr(text).split()), _EXAMPLES["insertion"]
        raise InputError(f"{found}: a step or a rate is a line of text; write for example '{example}'")
    # the minus of typesetters, and the two characters that look like the Greek letter of "micro"
    return " ".join(text.translate({0x2212: "-", 0xB5: "u", 0x3BC: "u"}).split())


# Writing: the canonical text.


def _plain(value: float) -> str:
    return repr(float(value)).removesuffix(".0")


def _show(value: float, *units: str, at_least: float = 1.0) -> str:
    """Write `value` in the first unit that makes it `at_least` that large and reads back to the last bit."""
    for unit in units:
        number = f"{value / float(_UNITS[unit.casefold()][2]):.12g}"
        if float(number) >= at_least and _scaled(number, unit.casefold()) == value:
            return f"{number} {unit}"
    return f"{_plain(value)} {_UNITS[units[0].casefold()][1]}"


def _tail(step: Step) -> str:
    limits = " " + " or ".join(str(limit) for limit in step.limits) if step.limits else ""
    return limits + (f" ({_show(step.period_s, 'h', 'min')} period)" if step.period_s is not None else "")


# Checking, shared by text and objects.


def _check(value: float, what: str, positive: bool = False) -> None:
    if not isinstance(value, Real) or not math.isfinite(value):
        raise InputError(f"{what} must be a finite number, not {value!r}")
    if positive and value <= 0:
        raise InputError(f"{what} must be above 0, not {_plain(value)}")


def _check_is(value: object, kind: type, what: str) -> None:
    if not isinstance(value, kind):
        raise InputError(f"{what} must be a {kind.__name__}, not {value!r}")


def _check_step(step: Step, what: str, *kinds: type) -> None:
    """Check the two fields that all steps share; `kinds` are the limits that can end this one."""
    _check_is(step.limits, tuple, f"the limits of {what}")
    if not step.limits and not isinstance(step, Sweep):
        raise InputError(f"{what} needs a limit, 'for' a time or 'until' a value")
    for limit in step.limits:
        if type(limit) not in kinds:
            name = _LIMIT_NAMES.get(type(limit), repr(limit))
            allowed = " or ".join(_LIMIT_NAMES[kind] for kind in kinds)
            raise InputError(f"{what} cannot be ended by {name}, only by {allowed}")
    if step.period_s is not None:
        _check(step.period_s, "the output period [s]", positive=True)
