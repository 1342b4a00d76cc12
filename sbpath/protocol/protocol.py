"""Steps parsed from text, and cycles of steps.

A step is written as a line of text (`parse_step`) or built as an object of `sbpath.protocol.steps`; in text,
"Discharge" is read as insertion into Sb and "Charge" as extraction.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Literal, cast, get_args

from sbpath.arguments import items
from sbpath.calls import methods_checked
from sbpath.errors import InputError
from sbpath.protocol.current_file import current_table
from sbpath.protocol.quantities import EXAMPLE, measure, one_line, plain, read, without_reference
from sbpath.protocol.schedule import Cycles, Rates, rates_of_cycles, written_cycles
from sbpath.protocol.steps import (
    CapacityLimit,
    Charge,
    ChargeLimit,
    ChargeUnit,
    CompositionLimit,
    ConstantCurrent,
    ConstantVoltage,
    CurrentLimit,
    CurrentTable,
    Direction,
    Limit,
    Rate,
    RateUnit,
    Rest,
    Step,
    Sweep,
    TimeLimit,
    VoltageLimit,
    parse_rate,
)
from sbpath.protocol.temperature import Ramp, Temperature, split_temperature

Ion = Literal["Li", "Na", "K"]

# verb in lower case: (direction, the only ion it fits)
_VERBS: dict[str, tuple[Direction, Ion | None]] = {
    "discharge": ("insertion", None), "insert": ("insertion", None),
    "lithiate": ("insertion", "Li"), "sodiate": ("insertion", "Na"), "potassiate": ("insertion", "K"),
    "charge": ("extraction", None), "extract": ("extraction", None), "delithiate": ("extraction", "Li"),
    "desodiate": ("extraction", "Na"), "depotassiate": ("extraction", "K"),
}  # fmt: skip
# Words that other programs use, and the verbs that do the same here.
_ALSO = {
    "ocv": "rest", "open": "rest", "relax": "rest", "wait": "rest", "pause": "rest", "equilibrate": "rest", "heat": "ramp",
    "cool": "ramp", "ramp": "ramp", "cv": "hold", "cccv": "hold", "scan": "sweep", "reduce": "insert", "intercalate": "insert",
    "alloy": "insert", "oxidise": "extract", "oxidize": "extract", "deintercalate": "extract", "dealloy": "extract", "cc": "discharge",
}  # fmt: skip
KNOWN = (*_VERBS, "rest", "hold", "sweep", "run")
_EXAMPLES = {
    "insertion": EXAMPLE,
    "extraction": "Charge at 50 mA/g until 1.5 V",
    "rest": "Rest for 1 hour",
    "hold": "Hold at 0.01 V until C/50 or for 2 hours",
    "sweep": "Sweep at 0.1 mV/s from 1.5 V to 0.05 V",
    "run": "Run current.csv until 0.05 V",
    "ramp": "Rest for 2 h from 25 C to 60 C",
}


def parse_step(text: str, ion: Ion | None = None) -> Step:
    """Read one step from its line of text.

    Parameters
    ----------
    text : str
        Such as ``Discharge at C/10 until 0.05 V``, ``Insert at 50 mA/g for 2 h or until x = 2.5``,
        ``Charge at 0.1 mA/cm2 for 300 mAh/g or until 50% of theoretical capacity``,
        ``Hold at 10 mV until C/50``, ``Rest for 1 hour``, ``Sweep at 0.1 mV/s from 1.5 V to 0.05 V``,
        ``Run current.csv until 0.05 V``, each optionally followed by ``at 45 C`` or ``from 25 C to 60 C`` and by
        ``(10 second period)``. Case does not matter. A file is read at once (`sbpath.protocol.current_file`).
    ion : {"Li", "Na", "K"}, optional
        The alkali metal of the cell; verbs of others (Sodiate in a Li cell) are refused.

    Raises
    ------
    InputError
        One line with the text, what is wrong with it, and a correct example.

    Examples
    --------
    >>> from sbpath.protocol.protocol import parse_step
    >>> str(parse_step("discharge at 0.1C for 120 minutes or until 50 mV"))
    'Insert at C/10 for 2 h or until 0.05 V'
    """
    line = one_line(text)
    verb = line.split(" ")[0]
    key = verb.casefold()
    near = key if key in KNOWN else _ALSO.get(key) or (get_close_matches(key, KNOWN, n=1) or [""])[0]
    example = _EXAMPLES[_VERBS[near][0] if near in _VERBS else near or "insertion"]
    try:
        if key not in KNOWN:
            hint = f", the nearest known one is '{near.replace('ramp', 'rest').capitalize()}'" if near else ""
            raise InputError(f"no step begins with '{verb}'{hint}")
        step_ion = _VERBS[key][1] if key in _VERBS else None
        if ion and step_ion and ion != step_ion:
            raise InputError(f"'{verb}' is for a {step_ion} cell and this is a {ion} cell")
        if key != "run":
            return _parse(key, without_reference(line[len(verb) :].strip(), ion))
        # The name of a file as it is written.
        run = _table(text.strip()[len(verb) :].strip(), ion)
    except InputError as error:
        raise InputError(f"'{line}': {error}; write for example '{example}'") from None
    return current_table(*run)


@methods_checked
@dataclass(frozen=True, slots=True)
class Protocol:
    """Cycles of steps, numbered from 1; steps are numbered from 1 over the whole protocol.

    Parameters
    ----------
    cycles : tuple of tuple of Step
        The steps of each cycle, in order; `Protocol.parse` reads them from text.

    Raises
    ------
    InputError
        If there is no cycle, a cycle has no step, or something in a cycle is not a step.
    """

    cycles: tuple[tuple[Step, ...], ...]

    def __post_init__(self) -> None:
        if not isinstance(self.cycles, tuple):
            raise InputError(
                "cycles: must be a tuple of tuples of steps; Protocol.parse takes texts, lists and the like"
            )
        if not self.cycles:
            raise InputError("the protocol is empty; give at least one step, such as 'Rest for 1 hour'")
        for number, cycle in enumerate(self.cycles, 1):
            if not (isinstance(cycle, tuple) and cycle and all(isinstance(step, Step) for step in cycle)):
                raise InputError(f"cycle {number}: a cycle is a tuple of one or more steps, not {cycle!r}")

    @classmethod
    def parse(
        cls,
        cycles: Protocol | Step | str | Iterable[Step | str | Iterable[Step | str]],
        ion: Ion | None = None,
    ) -> Protocol:
        """Make a protocol from lines of text, steps, or both.

        Parameters
        ----------
        cycles : Protocol, Step, str or sequence of steps, or of cycles of steps
            A text may hold several steps and cycles, as `sbpath.protocol.schedule.written_cycles` reads them:
            ``"3 x (Discharge at C/10 until 0.05 V; Charge at C/10 until 1.5 V)"``.
            Steps alone, ``["Discharge at C/10 until 0.05 V", "Charge at C/10 until 1.5 V"]``, are one
            cycle. If one of the items is itself a sequence of steps, each item is a cycle:
            ``[("Discharge at C/10 until 0.05 V", "Charge at C/10 until 1.5 V")] * 3`` is three cycles.
            A sequence is a list, tuple, array, Series or generator.
        ion : {"Li", "Na", "K"}, optional
            As in `parse_step`.

        Raises
        ------
        InputError
            With every bad step, one line each; a mistake made in many places gets one line.
        """
        if isinstance(cycles, Protocol):
            return cycles
        places: dict[str, list[str]] = {}
        parsed: list[tuple[Step, ...]] = []
        count = 0
        # Cycles repeat their lines.
        known: dict[str, Step] = {}
        for number, entries in enumerate(cycles_of(cycles), 1):
            steps: list[Step] = []
            for entry in entries:
                count += 1
                try:
                    if isinstance(entry, str) and entry not in known:
                        known[entry] = parse_step(entry, ion)
                    step = known[entry] if isinstance(entry, str) else entry
                    steps.append(step if isinstance(step, Step) else parse_step(cast(str, step), ion))
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
        """Return the canonical text of each step, a list per cycle; `parse` reads them back.

        The text of a table of currents names its file only; `as_document` holds the table.
        """
        return [[str(step) for step in cycle] for cycle in self.cycles]

    def as_document(self) -> dict[str, Any]:
        """The protocol as plain values for JSON, which `from_document` reads."""
        tables: dict[CurrentTable, int] = {}
        cycles = [
            [tables.setdefault(s, len(tables)) if isinstance(s, CurrentTable) else str(s) for s in cycle]
            for cycle in self.cycles
        ]
        return {"cycles": cycles, "tables": [table_document(table) for table in tables]}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Protocol:
        """A protocol from the result of `as_document`.

        Raises
        ------
        InputError
            If a step is invalid.
        """
        tables = [_table_from(given) for given in document["tables"]]
        return cls.parse(
            [tuple(tables[s] if isinstance(s, int) else s for s in cycle) for cycle in document["cycles"]]
        )


def table_document(table: CurrentTable) -> dict[str, Any]:
    """A table of currents as plain values for JSON; the text has its limits and its output period."""
    return {
        "text": str(table),
        "unit": table.unit,
        "time_s": table.time_s.tolist(),
        "current": table.current.tolist(),
    }


def _table_from(document: dict[str, Any]) -> CurrentTable:
    source, limits, period_s, temperature = _table(document["text"].removeprefix("Run "))
    return CurrentTable(
        document["time_s"], document["current"], document["unit"], limits, period_s, source, temperature
    )


def cycles_of(given: Any) -> list[list[Any]]:
    """The steps of each cycle, unread, of a protocol as `Protocol.parse` takes it."""
    if isinstance(given, str):
        return [list(steps) for steps in written_cycles(given)]
    entries = items(given)
    if entries is None:
        return [[given]]
    inner = [items(entry) for entry in entries]
    if entries and all(steps is None for steps in inner):
        return [entries]
    return [[entry] if steps is None else steps for entry, steps in zip(entries, inner, strict=True)]


def cycling(
    rate: Rates,
    lower_V: float,
    upper_V: float,
    cycles: Cycles = 1,
    first: Direction = "insertion",
) -> Protocol:
    """Return constant-current cycles: insertion to `lower_V` and extraction to `upper_V`.

    Parameters
    ----------
    rate : str, Rate, or sequence of (int, str or Rate)
        The current of both half cycles; or blocks of cycles, a number and a rate each, all of them
        repeated `cycles` times.
    lower_V, upper_V : float
        Cut-off voltages [V], lower below upper.
    cycles : int, str or sequence of (int, str, Rate or None)
        How many, 1 or more; or blocks of cycles, also as text: ``"3 x C/20, 10"`` is three cycles at C/20
        and ten at `rate`.
    first : {"insertion", "extraction"}
        Which half cycle comes first.

    Raises
    ------
    InputError
        If the cut-offs are not finite or not in order, or another argument is invalid.

    Examples
    --------
    >>> import sbpath
    >>> sbpath.cycling("C/10", 0.05, 1.5).to_strings()
    [['Insert at C/10 until 0.05 V', 'Extract at C/10 until 1.5 V']]
    >>> len(sbpath.cycling([(3, "C/20"), (10, "C/2")], 0.05, 1.5).cycles)
    13
    """
    rates = rates_of_cycles(cycles, rate)
    limits = VoltageLimit(lower_V), VoltageLimit(upper_V)
    lower_V, upper_V = (limit.voltage_V for limit in limits)
    if lower_V >= upper_V:
        low, high = plain(lower_V), plain(upper_V)
        raise InputError(
            f"cut-offs are the wrong way round: lower {low} V is not below upper {high} V; swap them"
            f"{f', or write {low} mV' if lower_V > 10.0 else ''}"
            if lower_V > upper_V
            else f"the cut-offs are the same, {low} V; give lower_V below upper_V, such as 0.05 and 1.5"
        )
    if first not in get_args(Direction):
        raise InputError(f"first must be 'insertion' or 'extraction', not {first!r}")
    cycle_of = {
        current: (
            ConstantCurrent("insertion", current, limits[:1]),
            ConstantCurrent("extraction", current, limits[1:]),
        )[:: 1 if first == "insertion" else -1]
        for current in set(rates)
    }
    return Protocol(tuple(cycle_of[current] for current in rates))


# Parsing. The errors below say what is wrong; parse_step adds the text of the step and an example.


def _parse(verb: str, rest: str) -> Step:
    """Read what follows the verb of a step."""
    head, limits, period_s, temperature = _split(rest, at_value=verb != "rest")
    if verb == "rest":
        if head:
            raise InputError(f"unexpected '{head}' between 'Rest' and 'for'")
        if not limits and isinstance(temperature, Ramp) and temperature.time_s is not None:
            limits, temperature = (TimeLimit(temperature.time_s),), replace(temperature, time_s=None)
        return Rest(limits, period_s, temperature)
    if not (at := re.fullmatch(r"at (.+)", head, re.I)):
        raise InputError("'at' and a value must follow the verb")
    if verb == "hold":
        return ConstantVoltage(measure(at[1], "voltage"), limits, period_s, temperature)
    if verb != "sweep":
        return ConstantCurrent(_VERBS[verb][0], parse_rate(at[1]), limits, period_s, temperature)
    if not (span := re.fullmatch(r"(.+?)(?: from (.+?))? to (.+)", at[1], re.I)):
        raise InputError("a sweep needs 'to' and its end voltage")
    scan_rate, end = measure(span[1], "scan rate"), measure(span[3], "voltage")
    start = None if span[2] is None else measure(span[2], "voltage")
    return Sweep(scan_rate, end, start, limits, period_s, temperature)


def _split(rest: str, at_value: bool) -> tuple[str, tuple[Limit, ...], float | None, Temperature | None]:
    """What follows a verb as a head, the limits, the period and the temperature; any of them may be empty."""
    rest = _without_commas(rest)
    period_s = None
    if bracket := re.search(r"\(([^()]*)\)$", rest):
        if not (period := re.fullmatch(r"(.+) period", bracket[1].strip(), re.I)):
            raise InputError(f"'{bracket[0]}' is not an output period such as '(10 second period)'")
        period_s, rest = measure(period[1], "time"), rest[: bracket.start()].strip()
    rest, temperature = split_temperature(rest, at_value)
    split = re.search(r"\b(for|until)\b", rest, re.I)
    head, tail = (rest[: split.start()].strip(), rest[split.start() :]) if split else (rest, "")
    limits = tuple(_limit(part) for part in re.split(r"\s+or\s+", tail, flags=re.I)) if tail else ()
    return head, limits, period_s, temperature


def _table(
    rest: str, ion: Ion | None = None
) -> tuple[str, tuple[Limit, ...], float | None, Temperature | None]:
    """Read what follows 'Run': the name of a file, the limits, the period and the temperature."""
    name = re.match(r"\"([^\"\r\n]+)\"(?=\s|$)|([^\"\r\n]+?\.(?:csv|txt|tsv))(?=\s|$)", rest, re.I)
    if not name:
        raise InputError(
            "a file such as current.csv must follow 'Run', in double quotation marks if it ends otherwise"
        )
    text = without_reference(one_line(rest[name.end() :]), ion)
    head, limits, period_s, temperature = _split(text, at_value=False)
    if head:
        raise InputError(f"unexpected '{head}' after the file")
    return name[1] or name[2], limits, period_s, temperature


def _without_commas(rest: str) -> str:
    """`rest` without commas before "or"; all others are mistakes."""
    if decimal := re.search(r"[0-9],[0-9]+", rest):
        raise InputError(
            f"'{decimal[0]}' has a comma; the decimal separator is a point, and digits are not grouped"
        )
    second = re.search(r"(?:[,;]|\bthen\b) ?(?:and )?(?:then )?([a-z]+) (?=at |for |[0-9])", rest, re.I)
    if second and second[1].casefold() in KNOWN:
        raise InputError(
            f"a second step begins with '{second[1]}'; write each step as a text of its own, in its own quotes"
        )
    plain_text = re.sub(r", ?(?=or\b)", " ", rest)
    if mark := re.search(r"[,;]", plain_text):
        raise InputError(
            f"'{mark[0]}' has no meaning here; put 'or' between limits, and steps in quotes of their own"
        )
    return plain_text


def _limit(text: str) -> Limit:
    match = re.fullmatch(r"(for|until) (.+)", text.strip(), re.I)
    if match and (late := re.search(r"\b(?:at|with) [0-9.c].*", match[2], re.I)):
        raise InputError(f"'{late[0]}' must follow the verb, before 'for' and 'until'")
    if not match or re.search(r"\b(for|until)\b", match[2], re.I):
        raise InputError(
            f"'{text}' is not a limit; begin each with 'for' or 'until', and put 'or' between them"
        )
    quantity, value, unit = read(match[2])
    word = match[1].casefold()
    if quantity == "charge":
        charge = Charge(value, cast(ChargeUnit, unit))
        return ChargeLimit(charge) if word == "for" else CapacityLimit(charge)
    if (word == "for") != (quantity == "time") or quantity == "scan rate":
        raise InputError(
            f"'for' takes a time or a charge and 'until' a voltage, a current, a charge or a composition, not '{match[2]}'"
        )
    if quantity == "current":
        return CurrentLimit(Rate(value, cast(RateUnit, unit)))
    return {"time": TimeLimit, "voltage": VoltageLimit, "composition": CompositionLimit}[quantity](value)
