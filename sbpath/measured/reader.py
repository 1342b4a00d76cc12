"""Reading a file of a cycler: which column is what, in which unit and sign, and three checks.

Sign: each insertion ends lower than it began. Unit: current times time is the file's own capacity. Time: it restarts only
where a step begins. What is concluded and not written in the file is a sentence of `Curve.assumed`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sbpath.arguments import number, shortened
from sbpath.errors import InputError, listed, nearest
from sbpath.measured.amounts import CURRENT_UNITS, usual_units
from sbpath.measured.capacity import capacity_ratio
from sbpath.measured.clock import DAY_S, past_midnight, running_time, unit_from_dates
from sbpath.measured.constant import following, from_capacity, from_time
from sbpath.measured.halves import THEORETICAL_MAH_PER_G
from sbpath.measured.headings import Meaning, meanings, unit_factor, unit_names
from sbpath.measured.layout import Layout, Rows, left_out, load_bytes, read_layout, read_rows
from sbpath.measured.numbers import (
    NotNumbers,
    as_numbers,
    clock_seconds,
    date_seconds,
    dates_of,
    decimal_mark,
    kind,
    last_digit,
)
from sbpath.measured.records import Column, Curve, Direction, Source
from sbpath.measured.sign import signed, state_signs
from sbpath.protocol.quantities import one_line, read

# Current times time agrees with the file's capacity within this share, or it is said; beyond a factor of two it is refused.
CAPACITY_AGREEMENT = 0.02
# Two columns of one meaning are the same if they agree within this share of their range.
SAME_COLUMN = 0.02
# Voltages beyond this (V) are damage.
MOST_VOLTS = 100.0
# Numbers that may be dates as a spreadsheet counts days, 1954 to 2173, and as milliseconds since 1970.
EXCEL_DAYS = (2e4, 1e5)
UNIX_MILLISECONDS = 1e11

_NUMBERS = re.compile(r"\W*(?:step|test)\W*", re.I)
# Quantities that a column or a unit can be given for.
WITH_UNIT = ("time", "voltage", "current", "capacity", "temperature")
COLUMNS = (*WITH_UNIT, "cycle", "step", "state")
CLOCKS = ("time", "step time", "date")


def read_cycler_file(
    path: str | Path,
    *,
    column: Mapping[str, str | int] | None = None,
    unit: Mapping[str, str] | None = None,
    first: Direction | None = None,
    flip_current: bool = False,
    current: str | None = None,
    mass_g: float | None = None,
    capacity_mAh_per_g: float | None = THEORETICAL_MAH_PER_G,
) -> Curve:
    """Read a measured curve from the text file of a cycler.

    Parameters
    ----------
    path : str or Path
        A text export: of any maker whose headings name time, voltage and current.
    column : mapping, optional
        Heading, or number from 1, of the column of ``time``, ``voltage``, ``current``, ``capacity``, ``temperature``,
        ``cycle``, ``step`` or ``state``, where the reader cannot tell.
    unit : mapping, optional
        Unit of a quantity whose heading has none, or a wrong one: ``{"current": "mA"}``.
    first : str, optional
        Direction of the first half cycle, ``insertion`` or ``extraction``; checked against the voltage.
    flip_current : bool
        Take insertion for extraction, against what the voltage says.
    current : str, optional
        The constant current of a file that has none, such as a table of capacity and voltage: ``0.06 mA``, ``50 mA/g``, ``C/10``.
    mass_g : float, optional
        Of host, for amounts per gram.
    capacity_mAh_per_g : float or None
        Theoretical, for a current such as C/10; by default of three alkali atoms per Sb, None if unknown.

    Returns
    -------
    Curve
        With positive current on insertion. `Curve.stated` and `Curve.assumed` say what was stated and concluded.

    Raises
    ------
    InputError
        If the file cannot be read or understood without a guess; the message says what to state.
    """
    name = str(path)
    for option, given in (("column", column), ("unit", unit)):
        if not isinstance(given, Mapping | None):
            raise InputError(
                f"{option}: must be a mapping such as {{'current': 'mA'}}, not {shortened(given)}"
            )
    columns = {key: str(value) for key, value in (column or {}).items()}
    units = dict(unit or {})
    _check_options(columns, units, first)
    content = load_bytes(name)
    layout = read_layout(name, content, columns)
    mass = None if mass_g is None else number("mass_g", mass_g, above=0.0)
    constant = None if current is None else _amperes(current, mass, capacity_mAh_per_g)
    found = _Reading(name, layout, columns, units, constant, mass)
    if current is not None:
        found.stated.append(f"constant current {one_line(current)}")
    curve = found.curve(hashlib.sha256(content).hexdigest())
    return signed(curve, first, flip_current)


def _check_options(columns: Mapping[str, str], units: Mapping[str, str], first: str | None) -> None:
    for option, given, known in (("column", columns, COLUMNS), ("unit", units, WITH_UNIT)):
        for key in given:
            if key not in known:
                raise InputError(
                    f"{option}: {key}: there is no such quantity; {nearest(key, known, 'choose ' + ', '.join(known))}"
                )
    for key, text in units.items():
        if unit_factor(key, text) is None:
            raise InputError(f"unit: {key} = {text!r}: is no unit of {key}; write {unit_names(key)}")
    if first not in (None, "insertion", "extraction"):
        raise InputError(f"first: must be 'insertion' or 'extraction', not {first!r}")


def _amperes(text: str, mass_g: float | None, capacity_mAh_per_g: float | None) -> float:
    """A stated current in A."""
    quantity, value, unit = read(one_line(text))
    if quantity != "current" or unit == "A/cm2" or value == 0.0:
        raise InputError(f"current: {text!r} is no current; write 0.06 mA, 50 mA/g or C/10")
    if unit == "A":
        return abs(value)
    if mass_g is None:
        raise InputError(
            f"current: {text!r} needs the mass of host; state it (--mass 1.2mg), or write a current in mA"
        )
    if unit != "C":
        return abs(value) * mass_g
    if capacity_mAh_per_g is None:
        raise InputError(f"current: {text!r} needs the capacity of the host; write 0.06 mA or 50 mA/g")
    return abs(value) * mass_g * capacity_mAh_per_g / 1000.0


@dataclass(frozen=True, slots=True)
class _Candidate:
    index: int
    heading: str
    meaning: Meaning

    @property
    def rank(self) -> tuple[int, bool]:
        """Lowest for the best; columns of one rank mean the same."""
        return self.meaning.group, self.meaning.factor is None


class _Reading:
    """One file on its way to a curve; collects what is stated and concluded."""

    def __init__(
        self, path: str, layout: Layout, columns: Mapping[str, str], units: Mapping[str, str], constant_A: float | None,
        mass_g: float | None,
    ) -> None:  # fmt: skip
        self.path, self.layout, self.columns, self.units = path, layout, columns, units
        self.constant_A = constant_A
        self.stated: list[str] = []
        self.assumed: list[str] = []
        self.used: list[Column] = []
        self.missing_units: dict[str, NDArray[np.float64]] = {}
        self.mass_g = mass_g
        self.mark = "."
        self.candidates = self._candidates()
        self.stated += [f"unit of {quantity} {unit}" for quantity, unit in units.items()]
        self._per_gram("current density", "current", mass_g)
        if constant_A is not None:
            if self.candidates["current"]:
                raise InputError(
                    f"current: {path} has a column of current, {self.candidates['current'][0].heading!r}; leave one out"
                )
            self._per_gram("specific capacity", "capacity", mass_g)
        timed = any(self.candidates[clock] for clock in CLOCKS) or (
            constant_A and self.candidates["capacity"]
        )
        for quantity, there in (
            ("voltage", self.candidates["voltage"]), ("current", self.candidates["current"] or constant_A), ("time", timed),
        ):  # fmt: skip
            if not there:
                raise InputError(self._no_column(quantity))
        wanted = sorted({c.index for found in (*self.candidates.values(), self.dates) for c in found})
        numeric = [c.index for quantity in ("voltage", "current") for c in self.candidates[quantity]]
        self.rows: Rows = read_rows(path, layout, wanted, numeric)
        self.assumed += self.rows.notes

    # -- columns ----------------------------------------------------------------------------

    def _candidates(self) -> dict[str, list[_Candidate]]:
        """Columns of each quantity, the preferred first; one that the user named is the only one."""
        found: dict[str, list[_Candidate]] = {}
        for index, (heading, below) in enumerate(zip(self.layout.headings, self.layout.units, strict=True)):
            for meaning in meanings(heading, below):
                found.setdefault(meaning.quantity, []).append(_Candidate(index, heading, meaning))
        for group in found.values():
            group.sort(key=lambda candidate: (*candidate.rank, candidate.index))
        for clock in ("time", "step time"):  # "Step" and "Test" without a unit are numbers of steps and tests
            found[clock] = [
                c for c in found.get(clock, []) if c.meaning.factor or not _NUMBERS.fullmatch(c.heading)
            ]
        self.dates = found.get("date", [])
        for quantity, given in self.columns.items():
            index = self._named(quantity, given)
            heading, below = self.layout.headings[index], self.layout.units[index]
            known = [m for m in meanings(heading, below) if m.quantity == quantity]
            if quantity == "time":
                known = known or [
                    replace(m, quantity="time") for m in meanings(heading, below) if m.quantity in CLOCKS
                ]
                found["step time"] = found["date"] = []
            found[quantity] = [
                _Candidate(index, heading, known[0] if known else Meaning(quantity, 0, "", None))
            ]
            self.stated.append(f"column of {quantity} {heading!r}")
        return {quantity: found.get(quantity, []) for quantity in (
            *COLUMNS, "step time", "date", "current density", "specific capacity", "charge capacity", "discharge capacity")}  # fmt: skip

    def _per_gram(self, specific: str, quantity: str, mass_g: float | None) -> None:
        """Use a column per gram, times the stated mass, where there is no other."""
        usable = [c for c in self.candidates[specific] if c.meaning.factor is not None]
        if self.candidates[quantity] or not usable:
            return
        if mass_g is None:
            raise InputError(
                f"{self._where()}: the {quantity} {usable[0].heading!r} is per gram; state the mass that it refers to (--mass 1.2mg)"
            )
        self.candidates[quantity] = [
            replace(
                c, meaning=replace(c.meaning, quantity=quantity, factor=(c.meaning.factor or 0.0) * mass_g)
            )
            for c in usable
        ]
        self.assumed.append(
            f"{usable[0].heading} is taken per gram of the {1e3 * mass_g:.4g} mg that you stated."
        )

    def _named(self, quantity: str, given: str) -> int:
        headings = self.layout.headings
        folded = [heading.casefold() for heading in headings]
        if folded.count(given.strip().casefold()) == 1:
            return folded.index(given.strip().casefold())
        if given.isdecimal() and 1 <= int(given) <= len(headings):
            return int(given) - 1
        hint = nearest(given, headings, f"it has {self._headings()}")
        raise InputError(f"{self.path}: column of {quantity}: there is no heading {given!r}; {hint}")

    def _headings(self) -> str:
        shown = [repr(heading) for heading in self.layout.headings if heading]
        return ", ".join(shown[:40]) + (f" and {len(shown) - 40} more" if len(shown) > 40 else "")

    def _where(self) -> str:
        return self.path if self.layout.header is None else f"{self.path}: line {self.layout.header + 1}"

    def _no_column(self, quantity: str) -> str:
        if quantity == "current" and self.candidates["current density"]:
            heading = self.candidates["current density"][0].heading
            return (
                f"{self._where()}: the current {heading!r} is per area; give a column in A, mA or mA/g, or, for an area of "
                f"1 cm2, --column current='{heading}' --unit current=A (or mA)"
            )
        hint = f'name it: --column {quantity}="..."'
        if quantity == "current":
            hint += ", or state a constant one: --current 0.06mA"
        return f"{self._where()}: no column of {quantity} among {self._headings()}; {hint}"

    # -- numbers ----------------------------------------------------------------------------

    def _numbers(self, index: int) -> NDArray[np.float64]:
        return as_numbers(self.rows.cells[index], self.mark)

    def _values(self, quantity: str) -> NDArray[np.float64]:
        """The preferred column of a quantity in its SI unit (or degrees Celsius); nan throughout if its unit is unknown."""
        chosen, *others = self.candidates[quantity]
        numbers = self._numbers(chosen.index)
        stated = self.units.get(quantity)
        factor = unit_factor(quantity, stated) if stated else chosen.meaning.factor
        self.used.append(Column(quantity, chosen.heading, stated or chosen.meaning.unit))
        for other in others:
            if other.rank == chosen.rank:
                self._check_same(quantity, chosen, other, numbers, factor)
        if rest := [other.heading for other in others if other.rank != chosen.rank]:
            self.assumed.append(f"{quantity.capitalize()} is {chosen.heading}, not {', '.join(rest)}.")
        if factor is None and quantity != "current":  # which may follow from the capacity
            self.missing_units[quantity] = numbers
        return numbers * (np.nan if factor is None else factor)

    def _check_same(
        self, quantity: str, one: _Candidate, other: _Candidate, numbers: NDArray[np.float64], factor: float | None
    ) -> None:  # fmt: skip
        """Raise InputError if two columns of one meaning differ."""
        unit = other.meaning.factor
        if factor is not None and unit is not None:
            first, second = numbers * factor, self._numbers(other.index) * unit
            both = np.isfinite(first) & np.isfinite(second)
            span = float(np.ptp(first[both])) if np.any(both) else 0.0
            if np.any(both) and float(np.median(np.abs(first - second)[both])) <= SAME_COLUMN * span:
                return
        raise InputError(
            f"{self.path}: line {(self.layout.header or 0) + 1}: two columns of {quantity}, {one.heading!r} and "
            f'{other.heading!r}; name one: --column {quantity}="..." or its number, '
            f"{one.index + 1} or {other.index + 1}"
        )

    # -- the curve --------------------------------------------------------------------------

    def curve(self, sha256: str) -> Curve:
        """The curve with the sign of the file."""
        quantities = ("voltage", "current", *["capacity"] * (self.constant_A is not None))
        texts = [self.rows.cells[c.index] for q in quantities for c in self.candidates[q]]
        clocks = [self.rows.cells[c.index] for q in ("time", "step time") for c in self.candidates[q][:1]]
        try:
            self.mark = decimal_mark([*texts, *clocks], self.layout.delimiter)
        except NotNumbers as error:
            raise InputError(f"{self.path}: {error}") from None
        if self.mark == "." and any("," in c and ":" not in c for cells in (*texts, *clocks) for c in cells):
            self.assumed.append("Commas in numbers separate thousands.")
        labels = self._labels()
        changes = [np.array([a != b for a, b in pairwise(cells)], dtype=bool) for cells in labels.values()]
        begins = np.array(self.rows.begins)
        if again := [number for number, new in zip(self.rows.numbers, begins, strict=True) if new]:
            self.assumed.append(
                f"A step is taken to begin where the headings are repeated, before line{'s' * (len(again) > 1)} {listed(again)}."
            )
        for changed in changes:
            begins[1:] |= changed
        step = np.cumsum(begins).astype(np.int64)
        voltage = self._values("voltage")
        amperes = self.constant_A
        by_charge = amperes is not None and bool(self.candidates["capacity"])
        time, in_step, clock = (self._values("capacity"), False, "") if by_charge else self._time(step)
        current = self._current(time, step) if amperes is None else np.zeros(len(voltage))
        if self.missing_units:
            raise InputError(self._unit_problem())
        rows = self._usable(time, voltage, current)
        if not by_charge:
            running, kept, notes = running_time(
                self.path, time[rows], step[rows], [self.rows.numbers[i] for i in rows], in_step, clock
            )
            self.assumed += notes
            rows, time = rows[kept], running[kept]
        if len(rows) < 2:
            raise InputError(
                f"{self.path}: has no two rows with time, voltage and current; give a file with records"
            )
        if amperes is not None:
            self.assumed.append("The file has no current; its direction is taken from the voltage.")
            if by_charge:
                time, current[rows] = from_capacity(time[rows], voltage[rows], amperes)
            else:
                current[rows] = from_time(voltage[rows], amperes)
        return self._made(sha256, rows, time - time[0], voltage, current, labels, step)

    def _usable(
        self, time: NDArray[np.float64], voltage: NDArray[np.float64], current: NDArray[np.float64]
    ) -> NDArray[np.intp]:
        """Rows in which all three are numbers, and the voltage is not damaged."""
        size = np.abs(voltage)
        known = size[np.isfinite(size)]
        if len(known) and np.median(known) > MOST_VOLTS:
            raise InputError(
                f"{self._where()}: the voltages {self.candidates['voltage'][0].heading!r} go up to {np.max(known):.4g} V; "
                "state their unit (--unit voltage=mV), or name another column (--column voltage=...)"
            )
        good = np.isfinite(time) & np.isfinite(current) & (size <= MOST_VOLTS)
        if bad := [number for number, there in zip(self.rows.numbers, good, strict=True) if not there]:
            if len(bad) > max(3, len(good) // 5):
                raise InputError(
                    f"{self.path}: line {bad[0]}: time, voltage or current is not a number, and in {len(bad) - 1} "
                    f"of {len(good)} rows more; is the decimal mark or a column wrong?"
                )
            self.assumed.append(left_out("time, voltage or current is not a number", bad))
        return np.flatnonzero(good)

    def _made(
        self, sha256: str, rows: NDArray[np.intp], time: NDArray[np.float64], voltage: NDArray[np.float64],
        current: NDArray[np.float64], labels: Mapping[str, list[str]], step: NDArray[np.int64],
    ) -> Curve:  # fmt: skip
        step = np.unique(step[rows], return_inverse=True)[1].astype(np.int64)
        named = labels.get("state") or labels.get("step")
        starts = rows[np.unique(step, return_index=True)[1]]
        names = tuple(named[i] if named else "" for i in starts)
        cycle = None
        if "cycle" in labels:
            numbers = as_numbers([labels["cycle"][i] for i in rows], self.mark)
            if np.all(np.isfinite(numbers)):
                cycle = numbers.astype(np.int64)
        layout = self.layout
        source = Source(
            self.path, sha256, layout.maker, layout.encoding, layout.delimiter, self.mark == ",",
            None if layout.header is None else layout.header + 1, len(rows),
            tuple(sorted(self.used, key=lambda c: COLUMNS.index(c.quantity))),
        )  # fmt: skip
        curve = Curve(
            time, current[rows] + 0.0, voltage[rows], self._temperature(rows), cycle, step, names, source,
            tuple(self.stated), (),
        )  # fmt: skip
        if self.constant_A is None:
            self._check_capacity(curve, rows)
        return replace(curve, assumed=tuple(self.assumed))

    def _labels(self) -> dict[str, list[str]]:
        """The cells that say cycle, step and state of each row."""
        labels = {}
        for quantity in ("cycle", "step", "state"):
            if self.candidates[quantity]:
                chosen = self.candidates[quantity][0]
                cells = self.rows.cells[chosen.index]
                changes = sum(a != b for a, b in pairwise(cells))
                if changes <= max(len(cells) // 2, 10):
                    labels[quantity] = cells
                    self.used.append(Column(quantity, chosen.heading, ""))
        for level, quantity in ((-1, "state"), (-2, "cycle")):
            if level in self.rows.cells and quantity not in labels:
                labels[quantity] = self.rows.cells[level]
        return labels

    def _temperature(self, rows: NDArray[np.intp]) -> NDArray[np.float64] | None:
        for chosen in self.candidates["temperature"]:
            stated = self.units.get("temperature")
            if (chosen.meaning.factor is not None) or stated:
                values = self._numbers(chosen.index)[rows]
                if np.any(np.isfinite(values)):
                    self.used.append(
                        Column("temperature", chosen.heading, chosen.meaning.unit or stated or "")
                    )
                    return values
        return None

    def _time(self, step: NDArray[np.int64]) -> tuple[NDArray[np.float64], bool, str]:
        """Time as the best clock shows (s), whether it counts within steps, and its heading."""
        without: _Candidate | None = None
        clocks = [(quantity, c) for quantity in CLOCKS for c in self.candidates[quantity]]
        for quantity, chosen in clocks:
            cells = self.rows.cells[chosen.index]
            unit = self.units.get("time") or chosen.meaning.unit
            for day in self.dates if quantity != "date" else ():
                if dates := dates_of(self.rows.cells[day.index], cells):
                    cells = dates
                    self.assumed.append(f"{chosen.heading} is the time of the day in {day.heading}.")
                    break
            form = kind(cells)
            if form == "clock":
                time, unit = clock_seconds(cells), "h:min:s"
                if quantity == "time" and (days := past_midnight(time, step)) is not None:
                    time = time + DAY_S * days
                    many = "once" if days.max() == 1 else f"{days.max()} times"
                    self.assumed.append(
                        f"{chosen.heading} is the time of the day; it passes midnight {many}."
                    )
            elif form == "day":
                continue
            elif form == "date":
                (time, order), unit = date_seconds(cells), "date"
                self.assumed.append(f"Time from dates ({chosen.heading}), read as {order}.")
            else:
                numbers = self._numbers(chosen.index)
                if not np.any(np.isfinite(numbers)):
                    continue
                factor = unit_factor("time", unit)
                if factor is None and quantity != "date" and (unit := self._unit_by_dates(numbers)):
                    factor = unit_factor("time", unit)
                    self.assumed.append(f"Unit of time ({chosen.heading}) is {unit}, as the dates pass.")
                if factor is None:
                    without = without or chosen
                    continue
                time = numbers * factor
            if without is not None:
                self.assumed.append(f"Time is {chosen.heading}, for {without.heading} has no unit.")
            self.used.append(Column("time", chosen.heading, unit))
            return time, quantity == "step time", chosen.heading
        if without is None:
            told = ", ".join(f"{c.heading!r} ({self.rows.cells[c.index][0][:40]!r})" for _, c in clocks)
            raise InputError(
                f"{self._where()}: no time can be read from {told}; give a clock in s, min or h, or dates with a time of "
                'day such as 2024-03-28 22:15:00, --column time="..."'
            )
        self.missing_units["time"] = self._numbers(without.index)
        self.used.append(Column("time", without.heading, ""))
        return np.full(len(self.rows.numbers), np.nan), False, without.heading

    def _unit_by_dates(self, numbers: NDArray[np.float64]) -> str:
        for chosen in self.candidates["date"]:
            cells = self.rows.cells[chosen.index]
            if kind(cells) in ("day", "date") and (unit := unit_from_dates(numbers, date_seconds(cells)[0])):
                return unit
        return ""

    # -- current ----------------------------------------------------------------------------

    def _current(self, time: NDArray[np.float64], step: NDArray[np.int64]) -> NDArray[np.float64]:
        """The current (A) with a sign, also where its unit follows from the capacity and its sign from the state."""
        current = self._values("current")
        if np.all(np.isnan(current)):
            chosen = self.candidates["current"][0]
            current = self._numbers(chosen.index)
            if unit := self._unit_by_capacity(current, time, step):
                self.used = [replace(c, unit=unit) if c.quantity == "current" else c for c in self.used]
                self.assumed.append(
                    f"Unit of current ({chosen.heading}) is {unit}: current times time is then the file's capacity."
                )
                current = current * (unit_factor("current", unit) or 1.0)
            else:
                self.missing_units["current"] = current
        one_sign = np.nanmin(current, initial=0.0) >= 0.0 or np.nanmax(current, initial=0.0) <= 0.0
        return self._with_state(current) if one_sign else current

    def _with_state(self, current: NDArray[np.float64]) -> NDArray[np.float64]:
        """Currents of one sign with that of their state, or of the capacity that grows."""
        flows = np.abs(current) > 0.0
        states = [
            (c.heading, self.rows.cells[c.index]) for q in ("state", "step") for c in self.candidates[q]
        ]
        if self.layout.nested:
            states.append(("the names of the steps", self.rows.cells[-1]))
        for heading, cells in states:
            sign = state_signs(cells)
            if {-1, 1} <= set(sign[flows].tolist()):
                self.assumed.append(f"Currents have no sign in the file; it is taken from {heading}.")
                return np.abs(current) * np.where(sign == 0, 1, sign)
        grown = [np.diff(self._numbers(c.index), prepend=0.0) > 0.0
                 for q in ("charge capacity", "discharge capacity") for c in self.candidates[q][:1]]  # fmt: skip
        if len(grown) == 2 and {-1, 1} <= set((sign := grown[0].astype(int) - grown[1])[flows].tolist()):
            self.assumed.append(
                "Currents have no sign in the file; it is taken from the capacity that grows."
            )
            return np.abs(current) * following(sign)
        return current

    def _unit_by_capacity(
        self, numbers: NDArray[np.float64], time: NDArray[np.float64], step: NDArray[np.int64]
    ) -> str:
        """The unit with which current times time is the file's capacity; empty if that cannot be told."""
        grown = self._grown()
        ratio = (
            None if grown is None or np.all(np.isnan(time)) else capacity_ratio(numbers, time, step, grown)
        )
        for unit in CURRENT_UNITS:
            if ratio and abs(ratio / (unit_factor("current", unit) or 1.0) - 1.0) < CAPACITY_AGREEMENT:
                return unit
        return ""

    def _grown(self, rows: NDArray[np.intp] | slice = slice(None)) -> NDArray[np.float64] | None:
        """How much the file's own capacity changes from row to row (C); None if it has none, or one without a unit."""
        names = (
            ("charge capacity", "discharge capacity") if self.candidates["charge capacity"] else ("capacity",)
        )
        grown = None
        for chosen in (c for name in names for c in self.candidates[name][:1]):
            factor = unit_factor("capacity", self.units.get("capacity", "")) or chosen.meaning.factor
            if factor is None:
                return None
            change = np.abs(np.diff(self._numbers(chosen.index)[rows] * factor, prepend=0.0))
            grown = change if grown is None else grown + change
        return grown

    def _check_capacity(self, curve: Curve, rows: NDArray[np.intp]) -> None:
        """Say it if current times time is not the file's own capacity, and refuse what is off by a factor of two."""
        grown = self._grown(rows)
        ratio = None if grown is None else capacity_ratio(curve.current_A, curve.time_s, curve.step, grown)
        if not ratio:
            return
        if not 0.5 < ratio < 2.0:
            given = self._ampere() or 1.0
            fits = [
                u for u in CURRENT_UNITS if 0.5 < ratio * given / (unit_factor("current", u) or 1.0) < 2.0
            ]
            hint = f", for example --unit current={fits[0]}" if fits else " (--unit)"
            raise InputError(
                f"{self.path}: the file's own capacity is {ratio:.3g} times current times time; a unit of time, current or "
                f"capacity is wrong; state it{hint}"
            )
        excess = 1.0 / ratio - 1.0
        if abs(excess) > CAPACITY_AGREEMENT:
            word = "above" if excess > 0 else "below"
            cells = self.rows.cells[self.candidates["current"][0].index]
            digit = last_digit(cells, self.mark) * self._ampere()
            coarse = 0.5 * digit >= abs(1.0 - ratio) * np.max(np.abs(curve.current_A))
            why = (
                f", for it is written in steps of {1e3 * digit:.2g} mA; export more digits" if coarse else ""
            )
            self.assumed.append(
                f"Current times time is {100 * abs(excess):.1f} % {word} the file's own capacity{why}."
            )

    def _ampere(self) -> float:
        """What one of the unit of the current is in A; 0 if that is not known."""
        units = [column.unit for column in self.used if column.quantity == "current"]
        return (unit_factor("current", units[0]) if units else None) or 0.0

    def _unit_problem(self) -> str:
        """What to state where units are missing, and what would follow."""
        headings = {c.quantity: c for c in self.used}
        told, options = [], []
        for quantity in [q for q in ("time", "capacity", "voltage", "current") if q in self.missing_units]:
            numbers, column = self.missing_units[quantity], headings[quantity]
            told.append(f"{column.heading!r}" + (f" (unit {column.unit!r}?)" if column.unit else ""))
            options.append(self._unit_hint(quantity, np.abs(numbers[np.isfinite(numbers)])))
        verb = "have" if len(told) > 1 else "has"
        return f"{self._where()}: {', '.join(told)} {verb} no known unit; state it: {' '.join(options)}"

    def _unit_hint(self, quantity: str, sizes: NDArray[np.float64]) -> str:
        """The option that states the unit of a column of numbers of these sizes."""
        low, high = (float(np.min(sizes)), float(np.max(sizes))) if len(sizes) else (0.0, 0.0)
        if quantity == "capacity":
            return "--unit capacity=mAh"
        if quantity == "voltage":
            return f"--unit voltage={'mV' if high > MOST_VOLTS else 'V'}"
        if quantity == "time":
            days = EXCEL_DAYS[0] < low and high < EXCEL_DAYS[1]
            return f"--unit time={'d' if days else 'ms' if low > UNIX_MILLISECONDS else 's'}"
        per = "" if self.mass_g is None else "/g"
        told = [
            f"{unit} (up to {1e3 * size:.3g} mA{per})"
            for unit, size in usual_units(high, self.mass_g).items()
        ]
        return f"--unit current={' or '.join(told) or ('mA' if high else 'mA (all are 0)')}"
