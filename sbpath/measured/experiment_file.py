"""The experiment file: measured curves with their circumstances, as TOML that a paper can print."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from sbpath.calls import methods_checked
from sbpath.errors import InputError, Problems, nearest
from sbpath.measured.amounts import check_curve, host_capacity
from sbpath.measured.fractions import MeasuredFractions, read_fractions
from sbpath.measured.halves import THEORETICAL_MAH_PER_G, measured_halves
from sbpath.measured.reader import read_cycler_file
from sbpath.measured.records import Curve, Direction, MeasuredHalf, Target
from sbpath.mechanism.chemistry import ATOMIC_WEIGHT
from sbpath.mechanism.documents import ENDING, check_kind, shown, toml_document
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.schema_errors import advice
from sbpath.protocol.steps import Rate

EXAMPLE = 'begin with ion = "Na", then [[curve]] with file, mass_Sb_mg and first, or [[target]]'
# Relative standard deviation of a mass, where the file gives none.
MASS_ERROR = 0.02

_KNOWN_KEY = re.compile(
    r"^[ \t]*(?:\[+[ \t]*(?:curve|fractions|target|free|tied)\b|ion[ \t]*=|file[ \t]*=)", re.MULTILINE
)
_MASS = re.compile(r"mass_([A-Z][a-z]?)_mg")
_FRACTION = re.compile(r"fraction_([A-Z][a-z]?)")


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class _CurveTable(_Table):
    file: str = Field(min_length=1)
    mass_mg: float | None = Field(default=None, gt=0.0, le=1e6)
    electrode_mg: float | None = Field(default=None, gt=0.0, le=1e6)
    fraction: float | None = Field(default=None, gt=0.0, le=1.0)
    mass_error_percent: float = Field(default=100.0 * MASS_ERROR, gt=0.0, le=50.0)
    temperature_C: float | None = Field(default=None, ge=-150.0, le=500.0)
    area_cm2: float | None = Field(default=None, gt=0.0, le=1e6)
    first: Direction
    cycles: list[Annotated[int, Field(ge=1)]] | None = Field(default=None, min_length=1)
    column: dict[str, str | int] = {}
    unit: dict[str, str] = {}
    flip_current: bool = False
    current: str | None = None


class _FractionsTable(_Table):
    file: str = Field(min_length=1)
    curve: int | None = Field(default=None, ge=1)
    cycle: int = Field(default=1, ge=1)


class _TargetTable(_Table):
    voltage_V: float | None = Field(default=None, ge=-1.0, le=10.0)
    error_V: float | None = Field(default=None, gt=0.0, le=1.0)
    x: float | None = Field(default=None, ge=0.0, le=100.0)
    capacity_mAh_per_g: float | None = Field(default=None, gt=0.0, le=1e5)
    error_mAh_per_g: float | None = Field(default=None, gt=0.0, le=1e5)
    direction: Direction
    rate: str
    cycle: int = Field(default=1, ge=1, le=100)
    temperature_C: float | None = Field(default=None, ge=-150.0, le=500.0)
    source: str = Field(min_length=1)
    note: str = ""


def _start(given: Any) -> Any:
    """Check one entry of [free]."""
    if given in ("log", "linear"):
        return given
    if not isinstance(given, list) or len(given) not in (4, 5) or given[3] not in ("log", "linear"):
        raise ValueError(
            f'must be "log", "linear" or [start, low, high, "log" or "linear", prior sd], not {shown(given)}'
        )
    numbers = [*given[:3], *given[4:]]
    if any(type(number) not in (int, float) or not np.isfinite(number) for number in numbers):
        raise ValueError(f"start, low, high and prior sd must be finite numbers, not {shown(given)}")
    start, low, high = given[:3]
    if not low <= start <= high or low == high:
        raise ValueError(
            f"start must lie between low and high, as in [0.13, 0.1, 0.2, {shown(given[3])}], not {shown(given)}"
        )
    if given[3] == "log" and low <= 0:
        raise ValueError(f'low must be above 0 with "log", not {shown(low)}')
    if len(given) == 5 and given[4] <= 0:
        raise ValueError(f"the prior sd must be above 0, not {shown(given[4])}")
    return given


class _File(_Table):
    ion: Literal["Li", "Na", "K"]
    curve: list[_CurveTable] = Field(default=[], max_length=1000)
    fractions: list[_FractionsTable] = Field(default=[], max_length=1000)
    target: list[_TargetTable] = Field(default=[], max_length=1000)
    free: dict[str, Annotated[Any, AfterValidator(_start)]] = {}
    tied: dict[str, Annotated[list[str], Field(min_length=1, max_length=20)]] = {}


@dataclass(frozen=True, slots=True)
class FreeNumber:
    """A number that a fit may change.

    Attributes
    ----------
    path : str
        As in `sbpath.value`.
    start, low, high : float or None
        None: the mechanism's number, and the fit's bounds.
    scale : str
        ``log`` or ``linear``.
    prior_sd : float or None
        Of its logarithm, or in its own unit; None: the fit's.
    """

    path: str
    start: float | None
    low: float | None
    high: float | None
    scale: Literal["log", "linear"]
    prior_sd: float | None


@dataclass(frozen=True, slots=True)
class TiedNumber:
    """A number that is the sum of others.

    Attributes
    ----------
    path : str
        As in `sbpath.value`.
    terms : tuple of str
        The paths of the others.
    """

    path: str
    terms: tuple[str, ...]


@methods_checked
@dataclass(frozen=True, eq=False)
class MeasuredCurve:
    """A curve with its circumstances.

    Attributes
    ----------
    curve : Curve
        As read.
    mass_g : float
        Of host, Sb alone.
    mass_error : float
        Its relative standard deviation.
    temperature_C, area_cm2 : float or None
        None if not given.
    first : str
        Direction of its first half cycle.
    cycles : tuple of int, or None
        Chosen cycles, from 1; None for all.
    """

    curve: Curve
    mass_g: float
    mass_error: float
    temperature_C: float | None
    area_cm2: float | None
    first: Direction
    cycles: tuple[int, ...] | None

    def halves(
        self, theoretical_capacity_mAh_per_g: float = THEORETICAL_MAH_PER_G
    ) -> tuple[MeasuredHalf, ...]:
        """The half cycles of the chosen cycles; the capacity is that of the mechanism, by default of three atoms per Sb."""
        found = measured_halves(self.curve, self.mass_g, theoretical_capacity_mAh_per_g)
        return tuple(half for half in found if self.cycles is None or half.cycle in self.cycles)


@dataclass(frozen=True, eq=False)
class Measurement:
    """What an experiment file holds.

    Attributes
    ----------
    path : str
        The file.
    ion : str
        ``Li``, ``Na`` or ``K``.
    host : str or None
        Element of which the masses are, ``Sb``; None if the file says only how much host.
    curves, fractions, targets : tuples of records
        Measured curves and phase fractions, or single values.
    free, tied : tuples of records
        Numbers that a fit may change, and those that are sums of others.
    """

    path: str
    ion: str
    host: str | None
    curves: tuple[MeasuredCurve, ...]
    fractions: tuple[MeasuredFractions, ...]
    free: tuple[FreeNumber, ...]
    targets: tuple[Target, ...] = ()
    tied: tuple[TiedNumber, ...] = ()


def load_measurement(path: str | Path) -> Measurement:
    """Read an experiment file, and the files that it names, which lie relative to it.

    Raises
    ------
    InputError
        All mistakes of the file at once, one line each; then those of the files of curves.
    """
    name = str(path)
    if not name.lower().endswith(ENDING):
        raise InputError(f"{name}: is not an experiment file; write one that ends in {ENDING}: {EXAMPLE}")
    file = Path.home() / name[2:] if name.startswith("~/") else Path(name)
    document, known = toml_document(file, "an experiment file", _KNOWN_KEY, EXAMPLE)
    check_kind(name, document, "an experiment file")
    if not known:
        raise InputError(f"{name}: file: has no key of an experiment file; {EXAMPLE}")
    problems = Problems()
    document, hosts = _with_plain_masses(document, name, problems)
    problems.check()
    try:
        stated = _File.model_validate(document)
    except ValidationError as error:
        raise InputError([f"{name}: {_problem(found)}" for found in _in_order(error)]) from None
    for number, table in enumerate(stated.curve, 1):
        problems.attempt(_check_mass, table, name=f"{name}: curve {number}")
    targets = [
        problems.attempt(_target, table, name=f"{name}: target {number}")
        for number, table in enumerate(stated.target, 1)
    ]
    if bool(stated.curve) == bool(stated.target):
        problems.add(f"{name}: {_BOTH if stated.curve else _MISSING['curve']}")
    problems.check()
    curves = [
        problems.attempt(_curve, file.parent, table, next(iter(hosts), None), name=f"{name}: curve {number}")
        for number, table in enumerate(stated.curve, 1)
    ]
    fractions = [
        problems.attempt(_fractions, file.parent, table, len(curves), name=f"{name}: fractions {number}")
        for number, table in enumerate(stated.fractions, 1)
    ]
    problems.check()
    _check_different(name, curves)
    return Measurement(
        name, stated.ion, next(iter(hosts), None), tuple(curves), tuple(fractions),
        tuple(_free(key, given) for key, given in stated.free.items()), tuple(targets),
        tuple(TiedNumber(path, tuple(terms)) for path, terms in stated.tied.items()),
    )  # fmt: skip


def grams_of_host(measurement: Measurement, mechanism: Mechanism) -> float:
    """Grams of the host of a mechanism per gram of what the file weighed: above 1 for a compound, if that is its element.

    Raises
    ------
    InputError
        If ion or host are not those of the mechanism.
    """
    path, host = measurement.path, measurement.host
    if measurement.ion != mechanism.ion:
        raise InputError(
            f"{path}: is a cell of {measurement.ion}, and {mechanism.name} is a mechanism of {mechanism.ion}"
        )
    if host is None:
        return 1.0
    if host != mechanism.host:
        raise InputError(
            f"{path}: its masses are of {host}, and {mechanism.name} is a mechanism of {mechanism.host}; give "
            f"mass_{mechanism.host}_mg, or mass_host_mg for all of the host"
        )
    elements = mechanism.composition(mechanism.initial_phase)
    grams = sum(amount * ATOMIC_WEIGHT[e] for e, (amount, _) in elements.items() if e != mechanism.ion)
    return grams / ATOMIC_WEIGHT[host]


# -- the parts of a file -----------------------------------------------------------------------


def _with_plain_masses(
    document: Mapping[str, Any], name: str, problems: Problems
) -> tuple[dict[str, Any], list[str]]:
    """The document with ``mass_mg`` for ``mass_Sb_mg`` and ``fraction`` for ``fraction_Sb``, and which elements they name."""
    hosts: list[str] = []
    tables = document.get("curve")
    if not isinstance(tables, list):
        return dict(document), hosts
    plain = []
    for number, table in enumerate(tables, 1):
        if not isinstance(table, dict):
            return dict(document), hosts
        renamed = {}
        for key, value in table.items():
            match = _MASS.fullmatch(key) or _FRACTION.fullmatch(key)
            if match and match[1] in ATOMIC_WEIGHT:
                hosts.append(match[1])
                key = "mass_mg" if key.startswith("mass") else "fraction"
            elif key in ("mass_host_mg", "fraction_host"):
                key = key.replace("_host", "")
            elif key in ("mass_mg", "fraction"):
                problems.add(
                    f"{name}: curve {number}: {key}: does not say of what; write mass_Sb_mg, for Sb alone, or electrode_mg and "
                    "fraction_Sb"
                )
            if type(value) is int and key not in ("cycles", "file"):
                value = float(value)
            renamed[key] = value
        plain.append(renamed)
    if len(set(hosts)) > 1:
        problems.add(f"{name}: masses of {' and '.join(sorted(set(hosts)))}; one experiment has one host")
    return {**document, "curve": plain}, hosts


def _check_mass(table: _CurveTable) -> None:
    if table.mass_mg is None and table.electrode_mg is None:
        raise InputError("mass_Sb_mg is missing; capacity per gram cannot be known")
    if table.mass_mg is None and table.fraction is None:
        raise InputError(
            "fraction_Sb is missing; electrode_mg needs the share of Sb, such as fraction_Sb = 0.7"
        )
    if table.mass_mg is not None and (table.electrode_mg is not None or table.fraction is not None):
        raise InputError("mass_Sb_mg is given, and electrode_mg or fraction_Sb too; keep one")


def _curve(folder: Path, table: _CurveTable, host: str | None) -> MeasuredCurve:
    mass = 1e-3 * (
        table.mass_mg if table.mass_mg is not None else (table.electrode_mg or 0.0) * (table.fraction or 0.0)
    )
    curve = read_cycler_file(
        folder / table.file,
        column=table.column,
        unit=table.unit,
        first=table.first,
        flip_current=table.flip_current,
        current=table.current,
        mass_g=mass,
        capacity_mAh_per_g=host_capacity(host),
    )
    if problem := check_curve(curve, mass, host_capacity(host)):
        raise InputError(problem)
    found = MeasuredCurve(
        curve, mass, table.mass_error_percent / 100.0, table.temperature_C, table.area_cm2, table.first,
        None if table.cycles is None else tuple(table.cycles),
    )  # fmt: skip
    last = measured_halves(curve, mass)[-1].cycle
    if beyond := [cycle for cycle in table.cycles or () if cycle > last]:
        raise InputError(
            f"cycles: there is no cycle {beyond[0]} in {table.file}; it has 1 to {last}, two half cycles each"
        )
    return found


def _fractions(folder: Path, table: _FractionsTable, curves: int) -> MeasuredFractions:
    if table.curve is None and curves > 1:
        raise InputError(
            f"curve is missing; add curve = 1, the one of {curves} along which they were measured"
        )
    if (curve := table.curve or 1) > curves:
        raise InputError(f"curve: there is no curve {curve}; the file has {curves}")
    return read_fractions(folder / table.file, curve, table.cycle)


def _target(table: _TargetTable) -> Target:
    rate = Rate.parse(table.rate)
    if rate.unit == "A":
        raise InputError(
            f"rate: {table.rate} is a current of a whole electrode; write it per gram or as C/10"
        )
    voltage, capacity = table.voltage_V, table.capacity_mAh_per_g
    if (voltage is None) == (capacity is None):
        raise InputError("give voltage_V with error_V and x, or capacity_mAh_per_g with error_mAh_per_g")
    error = table.error_V if capacity is None else table.error_mAh_per_g
    if error is None:
        key = "error_V" if capacity is None else "error_mAh_per_g"
        raise InputError(f"{key} is missing; say how well the value is known, as a standard deviation")
    if capacity is None and table.x is None:
        raise InputError("x is missing; a voltage belongs to a composition, in alkali per atom of host")
    if other := [
        key
        for key in (("error_V", "x") if voltage is None else ("error_mAh_per_g",))
        if getattr(table, key) is not None
    ]:
        raise InputError(f"{other[0]}: does not belong to {'a capacity' if voltage is None else 'a voltage'}")
    value = voltage if capacity is None else capacity
    assert value is not None
    return Target(
        value, error, table.x, table.direction, str(rate), table.cycle, table.temperature_C, table.source, table.note
    )  # fmt: skip


def _check_different(name: str, curves: list[MeasuredCurve]) -> None:
    """Raise InputError if two curves are the same measurement."""
    for number, one in enumerate(curves, 1):
        for earlier, other in enumerate(curves[: number - 1], 1):
            same = one.curve.source.sha256 == other.curve.source.sha256 or (
                np.array_equal(one.curve.voltage_V, other.curve.voltage_V)
                and np.array_equal(one.curve.time_s, other.curve.time_s)
            )
            if same:
                raise InputError(
                    f"{name}: curve {number}: file: {one.curve.source.path} is the same measurement as curve {earlier}, and would "
                    "count twice; choose its cycles in one [[curve]]"
                )


def _free(path: str, given: Any) -> FreeNumber:
    if isinstance(given, str):
        return FreeNumber(path, None, None, None, given, None)  # type: ignore[arg-type]
    start, low, high, scale, *prior = given
    return FreeNumber(path, float(start), float(low), float(high), scale, float(prior[0]) if prior else None)


# -- mistakes ----------------------------------------------------------------------------------


_MISSING = {
    "ion": 'ion is missing; voltages are against its metal; add ion = "Na" (or "Li", "K")',
    "curve": "curve is missing; add [[curve]] with file, mass_Sb_mg and first, or [[target]] for values read off a figure",
    "first": 'first is missing; add first = "insertion" (or "extraction"), the direction of the first half cycle',
    "file": 'file is missing; add file = "cell.mpt"',
    "direction": 'direction is missing; add direction = "insertion" (or "extraction")',
    "rate": 'rate is missing; add the current, rate = "C/10" or "100 mA/g"',
    "source": "source is missing; say where the value is from",
}
_BOTH = "has curves and targets, whose errors are not of one kind; write two files"


def _in_order(error: ValidationError) -> list[Any]:
    """Mistakes, without the missing keys that misspelt ones explain."""
    found = error.errors()
    unknown = [e["loc"] for e in found if e["type"] == "extra_forbidden"]
    explained = {(*loc[:-1], near) for loc in unknown if (near := _meant(str(loc[-1]), _keys(loc)))}
    return [e for e in found if e["type"] != "missing" or e["loc"] not in explained]


def _problem(found: Any) -> str:
    """One mistake as ``where: what and what to do``."""
    location = found["loc"]
    where = "".join(
        f" {part + 1}" if isinstance(part, int) else f": {part}" for part in location
    ).removeprefix(": ")
    if found["type"] == "missing":
        place = where.rpartition(": ")[0]
        return f"{place}: {_MISSING[str(location[-1])]}" if place else _MISSING[str(location[-1])]
    if found["type"] == "extra_forbidden":
        known = [key.replace("mass_mg", "mass_Sb_mg") for key in _keys(location)]
        known = [re.sub("^fraction$", "fraction_Sb", key) for key in known]
        return f"{where}: unknown key; {nearest(str(location[-1]), known, 'known here: ' + ', '.join(known))}"
    if found["type"] == "model_type" and location[-1] == "curve":
        return f"{where}: must be a list of tables; write its heading with double brackets, [[curve]]"
    return f"{where}: {advice(found)}"


def _keys(location: tuple[int | str, ...]) -> list[str]:
    """The keys known where `location` is."""
    table = (
        {"curve": _CurveTable, "fractions": _FractionsTable, "target": _TargetTable}.get(str(location[0]))
        if len(location) > 1
        else _File
    )
    return list((table or _File).model_fields)


def _meant(key: str, known: list[str]) -> str:
    hint = nearest(key, known, "")
    return hint.partition("'")[2].removesuffix("'?")
