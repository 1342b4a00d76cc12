"""Steps of a cycler, and the limits that end them.

Sign convention, throughout sbpath: positive current discharges the half-cell and inserts the alkali
metal into Sb. A step has a direction, "insertion" or "extraction", and a magnitude. ``str(step)`` is
its canonical text, which `sbpath.protocol.protocol.parse_step` reads back as an equal step.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Any, Literal, cast, get_args

import numpy as np

from sbpath.calls import methods_checked
from sbpath.errors import InputError
from sbpath.kernels import Floats
from sbpath.protocol.quantities import check, one_line, plain, read, settle, show
from sbpath.protocol.temperature import Temperature, check_temperature, written

Direction = Literal["insertion", "extraction"]
RateUnit = Literal["C", "A/g", "A", "A/cm2"]
ChargeUnit = Literal["Ah/g", "Ah", "Ah/cm2", "%"]

# More rows than this in a table of currents, a year of a minute each, belong in several.
MAX_TABLE_ROWS = 1_000_000
# File names that a step may give without quotation marks.
PLAIN_FILE = re.compile(r"[^\s\"]+\.(?:csv|txt|tsv)", re.I)


@methods_checked
@dataclass(frozen=True, slots=True)
class Rate:
    """The magnitude of a current; the direction belongs to the step.

    Parameters
    ----------
    value : float
        Magnitude in `unit`, above 0.
    unit : {"C", "A/g", "A", "A/cm2"}
        C-rate, current per gram of host, of the whole electrode, or per area of it.

    Raises
    ------
    InputError
        If the value is not finite and above 0, or the unit is unknown.
    """

    value: float
    unit: RateUnit

    def __post_init__(self) -> None:
        if self.unit not in get_args(RateUnit):
            raise InputError(f"the unit of a rate must be C, A/g, A or A/cm2, not {self.unit!r}")
        settle(self, "value", f"a rate [{self.unit}]", positive=True)

    def __str__(self) -> str:
        if self.unit != "C":
            return show(self.value, self.unit, f"m{self.unit}", f"u{self.unit}")
        per = 1.0 / self.value
        if 1.0 < per < 1e6 and 1.0 / round(per) == self.value:
            return f"C/{round(per)}"
        return plain(self.value) + "C"

    @classmethod
    def parse(cls, text: str) -> Rate:
        """Read ``C/10``, ``0.1C``, ``50 mA/g``, ``5 mA`` and the like.

        Raises
        ------
        InputError
            If `text` is not a current above 0.
        """
        line = one_line(text)
        try:
            return parse_rate(line)
        except InputError as error:
            raise InputError(f"'{line}': {error}; write for example 'C/10', '50 mA/g' or '5 mA'") from None

    def to_A_per_g(
        self,
        one_C_A_per_g: float,
        electrode_mass_g: float | None = None,
        loading_mg_per_cm2: float | None = None,
    ) -> float:
        """Return the current per gram of host [A/g], unsigned.

        Parameters
        ----------
        one_C_A_per_g : float
            1C as a current per gram of host [A/g].
        electrode_mass_g : float, optional
            Mass of host in the electrode [g], for a current in A.
        loading_mg_per_cm2 : float, optional
            Mass of host per area [mg/cm2], for a current in A/cm2.

        Raises
        ------
        InputError
            If what the unit needs is missing, or not finite and above 0.
        """
        one_C = check(one_C_A_per_g, "one_C_A_per_g", positive=True)
        if self.unit in ("A", "A/cm2"):
            return self.value / host_mass_g(self.unit, str(self), electrode_mass_g, loading_mg_per_cm2)
        return self.value * (one_C if self.unit == "C" else 1.0)


def host_mass_g(
    unit: str, text: str, electrode_mass_g: float | None, loading_mg_per_cm2: float | None
) -> float:
    """The mass of host [g] of the electrode, or of 1 cm2 of it, that a current or charge in `unit` refers to.

    Raises
    ------
    InputError
        If it is not given, in terms of `text`, or not finite and above 0.
    """
    areal = unit.endswith("/cm2")
    name, given = (
        ("loading_mg_per_cm2", loading_mg_per_cm2) if areal else ("electrode_mass_g", electrode_mass_g)
    )
    if given is None:
        needs = (
            "the mass of host per area; give loading_mg_per_cm2 (--loading 2mg/cm2)"
            if areal
            else "the mass of host in the electrode; give electrode_mass_g (--mass 2mg), "
            f"or write it per gram, in {unit}/g"
        )
        raise InputError(f"{text} needs {needs}")
    mass = check(given, name, positive=True)
    return mass * 1e-3 if areal else mass


@methods_checked
@dataclass(frozen=True, slots=True)
class VoltageLimit:
    """Reached when the terminal voltage falls (insertion) or rises (extraction) to `voltage_V` [V]."""

    voltage_V: float

    def __post_init__(self) -> None:
        settle(self, "voltage_V", "a cut-off voltage [V]")

    def __str__(self) -> str:
        return f"until {plain(self.voltage_V)} V"


@methods_checked
@dataclass(frozen=True, slots=True)
class CurrentLimit:
    """Reached when the magnitude of the current has fallen to `rate`."""

    rate: Rate

    def __post_init__(self) -> None:
        _check_is(self.rate, Rate, "the rate of a current limit")

    def __str__(self) -> str:
        return f"until {self.rate}"


@methods_checked
@dataclass(frozen=True, slots=True)
class TimeLimit:
    """Reached `time_s` [s] after the step began; above 0."""

    time_s: float

    def __post_init__(self) -> None:
        settle(self, "time_s", "a time [s]", positive=True)

    def __str__(self) -> str:
        return f"for {show(self.time_s, 'h', 'min')}"


@methods_checked
@dataclass(frozen=True, slots=True)
class CompositionLimit:
    """Reached when the electrode holds `x` mol of alkali metal per mol of Sb; 0 or more."""

    x: float

    def __post_init__(self) -> None:
        settle(self, "x", "a composition x [mol per mol Sb]")
        if self.x < 0:
            raise InputError(f"a composition x cannot be negative, as {plain(self.x)} is")

    def __str__(self) -> str:
        return f"until x = {plain(self.x)}"


@methods_checked
@dataclass(frozen=True, slots=True)
class Charge:
    """An amount of charge, above 0.

    Parameters
    ----------
    value : float
        In `unit`.
    unit : {"Ah/g", "Ah", "Ah/cm2", "%"}
        Per gram of host, of the whole electrode, per area of it, or in percent of the theoretical capacity.

    Raises
    ------
    InputError
        If the value is not finite and above 0, or the unit is unknown.
    """

    value: float
    unit: ChargeUnit

    def __post_init__(self) -> None:
        if self.unit not in get_args(ChargeUnit):
            raise InputError(f"the unit of a charge must be Ah/g, Ah, Ah/cm2 or %, not {self.unit!r}")
        settle(self, "value", f"a charge [{self.unit}]", positive=True)

    def __str__(self) -> str:
        if self.unit == "%":
            return f"{plain(self.value)}% of theoretical capacity"
        return show(self.value, f"m{self.unit}", f"u{self.unit}", at_least=1.0)

    def to_Ah_per_g(
        self,
        capacity_Ah_per_g: float,
        electrode_mass_g: float | None = None,
        loading_mg_per_cm2: float | None = None,
    ) -> float:
        """Return the charge per gram of host [Ah/g]; the theoretical capacity is in Ah/g, the others as in
        `Rate.to_A_per_g`.

        Raises
        ------
        InputError
            If what the unit needs is missing, or not finite and above 0.
        """
        if self.unit in ("Ah", "Ah/cm2"):
            return self.value / host_mass_g(self.unit, str(self), electrode_mass_g, loading_mg_per_cm2)
        return self.value * (capacity_Ah_per_g / 100.0 if self.unit == "%" else 1.0)


@methods_checked
@dataclass(frozen=True, slots=True)
class ChargeLimit:
    """Reached when `charge` has passed since the step began."""

    charge: Charge

    def __post_init__(self) -> None:
        _check_is(self.charge, Charge, "the charge of a limit")

    def __str__(self) -> str:
        return f"for {self.charge}"


@methods_checked
@dataclass(frozen=True, slots=True)
class CapacityLimit:
    """Reached when the electrode holds `charge` more than at its lowest alkali content: a composition."""

    charge: Charge

    def __post_init__(self) -> None:
        _check_is(self.charge, Charge, "the charge of a limit")

    def __str__(self) -> str:
        return f"until {self.charge}"


Limit = VoltageLimit | CurrentLimit | TimeLimit | CompositionLimit | ChargeLimit | CapacityLimit
_LIMIT_NAMES: dict[type, str] = {
    VoltageLimit: "a voltage",
    CurrentLimit: "a current",
    TimeLimit: "a time",
    CompositionLimit: "a composition",
    ChargeLimit: "a charge that passes",
    CapacityLimit: "a charge that it holds",
}


@methods_checked
@dataclass(frozen=True, slots=True)
class ConstantCurrent:
    """Drive a constant current until the first of `limits` (voltage, time, charge or composition) is reached.

    `period_s` [s] is the output period; None leaves it to the solver. `temperature_C` is a number or a
    `Ramp`; None is the temperature of the experiment. Here and in the other steps, a limit that cannot end the step or a number out of range raises InputError.
    """

    direction: Direction
    rate: Rate
    limits: tuple[Limit, ...]
    period_s: float | None = None
    temperature_C: Temperature | None = None

    def __post_init__(self) -> None:
        if self.direction not in get_args(Direction):
            raise InputError(f"the direction must be 'insertion' or 'extraction', not {self.direction!r}")
        _check_is(self.rate, Rate, "the rate of a constant-current step")
        _check_step(
            self,
            "a constant-current step",
            VoltageLimit,
            TimeLimit,
            CompositionLimit,
            ChargeLimit,
            CapacityLimit,
        )

    def __str__(self) -> str:
        # Insert and Extract are unambiguous; Charge and Discharge depend on the cell
        return f"{'Insert' if self.direction == 'insertion' else 'Extract'} at {self.rate}{_tail(self)}"


@methods_checked
@dataclass(frozen=True, slots=True)
class ConstantVoltage:
    """Hold `voltage_V` [V] until the first of `limits` (current, time or composition, as x or as the charge held)
    is reached.
    """

    voltage_V: float
    limits: tuple[Limit, ...]
    period_s: float | None = None
    temperature_C: Temperature | None = None

    def __post_init__(self) -> None:
        settle(self, "voltage_V", "the voltage of a hold [V]")
        _check_step(self, "a hold", CurrentLimit, TimeLimit, CompositionLimit, CapacityLimit)

    def __str__(self) -> str:
        return f"Hold at {plain(self.voltage_V)} V{_tail(self)}"


@methods_checked
@dataclass(frozen=True, slots=True)
class Rest:
    """Leave the cell at open circuit for a time."""

    limits: tuple[Limit, ...]
    period_s: float | None = None
    temperature_C: Temperature | None = None

    def __post_init__(self) -> None:
        _check_step(self, "a rest", TimeLimit)

    def __str__(self) -> str:
        return f"Rest{_tail(self)}"


@methods_checked
@dataclass(frozen=True, slots=True)
class Sweep:
    """Sweep the voltage at a constant rate to `end_V` [V], or until a time in `limits` has passed.

    `scan_rate_V_per_s` [V/s] is a magnitude above 0. `start_V` [V] of None is the present voltage.
    """

    scan_rate_V_per_s: float
    end_V: float
    start_V: float | None = None
    limits: tuple[Limit, ...] = ()
    period_s: float | None = None
    temperature_C: Temperature | None = None

    def __post_init__(self) -> None:
        settle(self, "scan_rate_V_per_s", "a scan rate [V/s]", positive=True)
        settle(self, "end_V", "the end of a sweep [V]")
        if self.start_V is not None:
            settle(self, "start_V", "the start of a sweep [V]")
        if self.start_V == self.end_V:
            raise InputError(f"a sweep cannot start and end at the same voltage, {plain(self.end_V)} V")
        _check_step(self, "a sweep", TimeLimit)

    def __str__(self) -> str:
        start = "" if self.start_V is None else f" from {plain(self.start_V)} V"
        rate = show(self.scan_rate_V_per_s, "mV/s", at_least=0.0)
        return f"Sweep at {rate}{start} to {plain(self.end_V)} V{_tail(self)}"


@methods_checked
@dataclass(frozen=True, slots=True, eq=False)
class CurrentTable:
    """Follow a table of currents: each holds from its time to the next (zero-order hold), 0 rests.

    A lower voltage limit ends the step while the current inserts, an upper one while it extracts. Of two,
    the lower is the lower limit; a single one is, if the step begins above it.

    Attributes
    ----------
    time_s : array, shape (n,)
        Strictly increasing; the step begins at the first time and ends at the last [s].
    current : array, shape (n,)
        In `unit`, positive on insertion. The last one has no duration, and is not used.
    unit : {"A/g", "A", "C"}
        Current per gram of Sb, of the whole electrode, or C-rate.
    limits : tuple of Limit
        Voltages, compositions or times at which the step ends before the table does.
    period_s : float, optional
        Output period; None leaves it to the solver.
    source : str
        Name in the text of the step, the path of the file as a rule.
    """

    time_s: Floats
    current: Floats
    unit: RateUnit = "A/g"
    limits: tuple[Limit, ...] = ()
    period_s: float | None = None
    source: str = "a table of currents"
    temperature_C: Temperature | None = None

    def __post_init__(self) -> None:
        what = self.source
        if not isinstance(what, str) or not re.fullmatch(r"[^\"\r\n]+", what):
            raise InputError(
                f"source: must be a name without quotation marks and line ends, not {what!r:.60}"
            )
        if self.unit not in get_args(RateUnit):
            raise InputError(f"{what}: the unit of a current must be {_listed_units()}, not {self.unit!r}")
        for name in ("time_s", "current"):
            try:
                values = np.array(getattr(self, name), dtype=float)
            except (TypeError, ValueError, OverflowError):
                raise InputError(f"{what}: {name} must be an array of numbers") from None
            if values.ndim != 1:
                raise InputError(f"{what}: {name} must be an array of one dimension, not {values.ndim}")
            values.setflags(write=False)
            object.__setattr__(self, name, values)
        if len(self.time_s) != len(self.current):
            raise InputError(
                f"{what}: has {len(self.time_s)} times and {len(self.current)} currents; give a current for each time"
            )
        if not 2 <= len(self.time_s) <= MAX_TABLE_ROWS:
            raise InputError(
                f"{what}: has {len(self.time_s):,} rows; give 2 to {MAX_TABLE_ROWS:,}, of which the last is the end"
            )
        if problem := row_problem(self.time_s, self.current):
            raise InputError(f"{what}: row {problem[0]}: {problem[1]}")
        _check_step(self, "a table of currents", VoltageLimit, TimeLimit, CompositionLimit, CapacityLimit)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CurrentTable) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __reduce__(self) -> tuple[Any, ...]:
        # Rebuilt, so that the arrays of copies are read-only too.
        return type(self), tuple(getattr(self, item.name) for item in fields(self))

    def __repr__(self) -> str:
        return f"<CurrentTable {self}: {len(self.time_s)} rows>"

    def __str__(self) -> str:
        name = self.source
        return f"Run {name if PLAIN_FILE.fullmatch(name) else chr(34) + name + chr(34)}{_tail(self)}"

    def _key(self) -> tuple[Any, ...]:
        return (
            self.time_s.tobytes(), self.current.tobytes(), self.unit, self.limits, self.period_s, self.source,
            self.temperature_C,
        )  # fmt: skip

    def to_A_per_g(
        self,
        one_C_A_per_g: float,
        electrode_mass_g: float | None = None,
        loading_mg_per_cm2: float | None = None,
    ) -> Floats:
        """The currents per gram of host, with their sign, shape (n,) [A/g]; arguments as in `Rate.to_A_per_g`."""
        if self.unit in ("A", "A/cm2"):
            text = f"a current in {self.unit}"
            return self.current * (1.0 / host_mass_g(self.unit, text, electrode_mass_g, loading_mg_per_cm2))
        one_C = check(one_C_A_per_g, "one_C_A_per_g", positive=True)
        return self.current * (one_C if self.unit == "C" else 1.0)


Step = ConstantCurrent | ConstantVoltage | Rest | Sweep | CurrentTable


def row_problem(time_s: Floats, current: Floats) -> tuple[int, str] | None:
    """Number of the first row of a table that is invalid, from 0, and what is wrong with it."""
    for name, values in (("time", time_s), ("current", current)):
        bad = np.flatnonzero(~np.isfinite(values))
        if bad.size:
            return int(bad[0]), f"the {name} is {values[bad[0]]}; leave out rows without finite values"
    back = np.flatnonzero(np.diff(time_s) <= 0.0)
    if back.size:
        before, after = (plain(value) for value in time_s[back[0] : back[0] + 2].tolist())
        return int(
            back[0]
        ) + 1, f"time must rise, but {after} s follows {before} s; leave out the row, or sort them"
    return None


def _listed_units() -> str:
    *most, last = get_args(RateUnit)
    return f"{', '.join(most)} or {last}"


def voltages_V(step: Step) -> list[float]:
    """The voltages that a step imposes or ends at (V)."""
    found = [limit.voltage_V for limit in step.limits if isinstance(limit, VoltageLimit)]
    if isinstance(step, ConstantVoltage):
        found.append(step.voltage_V)
    if isinstance(step, Sweep):
        found += [step.end_V] if step.start_V is None else [step.start_V, step.end_V]
    return found


def _tail(step: Step) -> str:
    limits = " " + " or ".join(str(limit) for limit in step.limits) if step.limits else ""
    return (
        limits
        + written(step.temperature_C)
        + (f" ({show(step.period_s, 'h', 'min')} period)" if step.period_s is not None else "")
    )


def _check_is(value: object, kind: type, what: str) -> None:
    if not isinstance(value, kind):
        raise InputError(f"{what} must be a {kind.__name__}, not {value!r}")


def _check_step(step: Step, what: str, *kinds: type) -> None:
    """Check the fields that all steps share; `kinds` of limits can end this step."""
    _check_is(step.limits, tuple, f"the limits of {what}")
    if not step.limits and not isinstance(step, Sweep | CurrentTable):
        raise InputError(f"{what} needs a limit, 'for' a time or 'until' a value")
    for limit in step.limits:
        if type(limit) not in kinds:
            name = _LIMIT_NAMES.get(type(limit), repr(limit))
            allowed = " or ".join(_LIMIT_NAMES[kind] for kind in kinds)
            raise InputError(f"{what} cannot be ended by {name}, only by {allowed}")
    if step.period_s is not None:
        settle(step, "period_s", "the output period [s]", positive=True)
    timed = isinstance(step, CurrentTable) or any(isinstance(limit, TimeLimit) for limit in step.limits)
    check_temperature(step.temperature_C, ramp_needs_time=not timed)


def parse_rate(text: str) -> Rate:
    """Read a current; callers add the whole line to its errors."""
    quantity, value, unit = read(text)
    if quantity != "current":
        raise InputError(f"'{text}' is a {quantity}, where a current is needed")
    return Rate(value, cast(RateUnit, unit))
