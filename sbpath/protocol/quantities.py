"""Quantities with units as people type them, read and written without loss."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any

from sbpath.arguments import as_number, shortened
from sbpath.errors import InputError

_FACTORS = {"": "1", "m": "1e-3", "u": "1e-6"}
# unit as typed, in lower case: (quantity, unit it is stored in, factor to that unit)
UNITS: dict[str, tuple[str, str, str]] = {
    "c": ("current", "C", "1"),
    **{p + "a/g": ("current", "A/g", f) for p, f in _FACTORS.items()},
    **{p + "a/cm2": ("current", "A/cm2", f) for p, f in _FACTORS.items()},
    **{p + "a": ("current", "A", f) for p, f in _FACTORS.items()},
    "a/kg": ("current", "A/g", "1e-3"),
    "a/m2": ("current", "A/cm2", "1e-4"),
    "ah/kg": ("charge", "Ah/g", "1e-3"),
    **{p + "ah/g": ("charge", "Ah/g", f) for p, f in _FACTORS.items()},
    **{p + "ah/cm2": ("charge", "Ah/cm2", f) for p, f in _FACTORS.items()},
    **{p + "ah": ("charge", "Ah", f) for p, f in _FACTORS.items()},
    "%": ("charge", "%", "1"),
    **{p + "v": ("voltage", "V", f) for p, f in _FACTORS.items()},
    **{name: ("voltage", "V", "1") for name in ("volt", "volts")},
    **{p + "v/s": ("scan rate", "V/s", f) for p, f in _FACTORS.items()},
    **{name: ("time", "s", "1") for name in ("s", "sec", "secs", "second", "seconds")},
    **{name: ("time", "s", "60") for name in ("min", "mins", "minute", "minutes")},
    **{name: ("time", "s", "3600") for name in ("h", "hr", "hrs", "hour", "hours")},
    **{name: ("time", "s", "86400") for name in ("d", "day", "days")},
    **{name: ("time", "s", "604800") for name in ("week", "weeks")},
}
EXAMPLE = "Discharge at C/10 until 0.05 V"
NUMBER = r"([+-]?(?:nan|inf(?:inity)?|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?))"

# Longer lines are no steps, and would take long to read.
MAX_LINE = 1000

# Minus signs and dashes, slashes, micro sign and Greek mu, dots and signs of multiplication; invisible characters vanish.
PLAIN = {
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d"), "-"),
    **dict.fromkeys(map(ord, "\u2044\u2215\uff0f"), "/"),
    **dict.fromkeys(map(ord, "\u00b5\u03bc"), "u"),
    **dict.fromkeys(map(ord, "\u2219\u22c5\u2022\u0387\u00d7"), "\u00b7"),
    **dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"), None),
}
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_ALKALI = {"li": "Li", "lithium": "Li", "na": "Na", "sodium": "Na", "k": "K", "potassium": "K"}
_REFERENCE = re.compile(
    r" ?(?P<open>\(?) ?\b(?:vs\b\.?|versus\b|against\b) ?(?P<couple>[a-z]+\+?(?: ?[/|] ?[a-z]+\+?)?)(?(open) ?\)?)",
    re.I,
)
# What a unit may be separated with, and powers as exponents.
_SEPARATORS = re.compile(r"[ .\u00b7*^{}]")
_PER = re.compile(r"(g|cm2|cm|s|kg|m2|m)-([12])")


def measure(text: str, quantity: str) -> float:
    """Read the value of a `quantity`, in the unit it is stored in (V, s, V/s)."""
    found, value, _ = read(text)
    if found != quantity:
        raise InputError(f"'{text}' is a {found}, where a {quantity} is needed")
    return value


def read(text: str) -> tuple[str, float, str]:
    """Return the quantity, its value and its unit."""
    if comma := re.search(r"[0-9],[0-9]", text):
        raise InputError(
            f"'{text}' has a comma in '{comma[0]}'; the decimal separator is a point, and digits are not grouped"
        )
    if match := re.fullmatch(rf"([+-]?)c ?/ ?{NUMBER}", text, re.I):
        hours = float(match[1] + "1") * float(match[2])
        if hours == 0.0:
            raise InputError(f"'{text}' divides by 0")
        return "current", 1.0 / hours, "C"
    if match := re.fullmatch(rf"x ?= ?{NUMBER}", text, re.I):
        return "composition", float(match[1]), ""
    if (time := _time(text)) is not None:
        return "time", time, "s"
    if not (match := re.fullmatch(rf"{NUMBER} ?(.*)", text, re.I)):
        hint = f"; {_advice(text.casefold())}" if re.search(r"\b(soc|dod)\b", text, re.I) else ""
        raise InputError(f"'{text}' is not a number with a unit{hint}")
    unit = unit_key(match[2])
    if unit not in UNITS:
        fault = f"an unknown unit, '{match[2]}'" if unit else "no unit"
        raise InputError(f"'{text}' has {fault}; {_advice(unit)}")
    return UNITS[unit][0], scaled(match[1], unit), UNITS[unit][1]


def unit_key(text: str) -> str:
    """A unit as typed, ``mA g-1`` or ``% of theoretical capacity``, as a key of `UNITS`."""
    folded = re.sub(r"\bper\b", "/", text.casefold())
    folded = re.sub(r"^% ?(of )?(the )?(theoretical )?capacity$", "%", folded)
    unit = _SEPARATORS.sub("", folded)
    return _PER.sub(lambda power: f"/{power[1]}" + ("2" if power[2] == "2" else ""), unit)


def _advice(unit: str) -> str:
    if re.fullmatch(r"[mk]?(w|watts?)(/.*)?|[mk]?(ohms?|ω)(/?cm2)?", unit):
        return "power and resistance cannot be controlled; give a current, such as C/10 or 50 mA/g"
    if re.fullmatch(r"m|[hd][0-9.]+m", unit):
        return "write min for minutes"
    if unit.startswith(":"):
        return "write 01:30:00 or 1 h 30 min"
    if rate := re.fullmatch(r"(/[0-9]+)c|c-?rate", unit):
        return f"write C{rate[1] or '/10 or 0.1C'}"
    if rate := re.fullmatch(r"[mu]?v/(min|h)", unit):
        return f"a scan rate is per second; divide it by {60 if rate[1] == 'min' else 3600} and write mV/s"
    if re.fullmatch(r"[mu]?ah?[/(]*g.+", unit):
        return "currents and charges are per gram of host as prepared; write mA/g or mAh/g"
    if "soc" in unit or "dod" in unit:
        return "write until 50% of theoretical capacity, or until x = 1.5"
    return "the units are V, mV, C, A, mA, A/g, mA/g, mA/cm2, mAh/g, %, s, min, h, day, mV/s"


def _time(text: str) -> float | None:
    """A time of several parts, ``1 h 30 min`` or ``01:30:00`` [s]; None if `text` is none."""
    if clock := re.fullmatch(r"([0-9]+):([0-9]{2}):([0-9]{2}(?:\.[0-9]+)?)", text):
        hours, minutes, seconds = map(Decimal, clock.groups())
        if minutes >= 60 or seconds >= 60:
            raise InputError(f"'{text}' has more than 59 minutes or seconds; write hours:minutes:seconds")
        return float(3600 * hours + 60 * minutes + seconds)
    if re.fullmatch(r"[0-9]+:[0-9]+", text):
        raise InputError(f"'{text}' may be hours or minutes; write 01:30:00 or 1 h 30 min")
    parts = re.findall(r"([0-9.]+) ?([a-z]+)", text, re.I)
    if len(parts) < 2 or not re.fullmatch(r"[0-9.]+ ?[a-z]+(?: ?(?:and )?[0-9.]+ ?[a-z]+)+", text, re.I):
        return None
    units = [UNITS.get(unit.casefold(), ("", "", "0")) for _, unit in parts]
    if any(quantity != "time" for quantity, _, _ in units):
        return None
    factors = [Decimal(factor) for _, _, factor in units]
    whole = all(number.isdecimal() for number, _ in parts[:-1])
    if not (whole and re.fullmatch(NUMBER, parts[-1][0]) and factors == sorted(set(factors), reverse=True)):
        raise InputError(f"'{text}' is not a time in falling units, such as 1 h 30 min")
    return float(sum((Decimal(n) * f for (n, _), f in zip(parts, factors, strict=True)), Decimal(0)))


def scaled(number: str, unit: str) -> float:
    """Return the number in the stored unit; scaled in decimal, so that 50 mA/g is exactly 0.05 A/g."""
    value = float(number)
    if value == 0.0 or not math.isfinite(value):
        return value
    return float(Decimal(number) * Decimal(UNITS[unit][2]))


def one_line(text: str) -> str:
    """Return `text` on one line, with single spaces and plain characters."""
    if not isinstance(text, str):
        found, example = " ".join(repr(text).split()), EXAMPLE
        raise InputError(f"{found}: a step or a rate is a line of text; write for example '{example}'")
    line = " ".join(text.translate(PLAIN).split())
    if len(line) > MAX_LINE:
        raise InputError(
            f"'{line[:60]}...': has {len(line):,} characters, and a step has at most {MAX_LINE:,}"
        )
    # Superscripts of units; after a digit they would make another number.
    return re.sub(r"(?<=[A-Za-z])[⁰-⁹¹²³⁺⁻]+", lambda power: power[0].translate(_SUPERSCRIPTS), line)


def without_reference(line: str, ion: str | None) -> str:
    """Return `line` without ``vs. Li+/Li`` after its voltages, which must name the alkali metal of the cell.

    Raises
    ------
    InputError
        If it names something else than lithium, sodium and potassium, or another than `ion`.
    """
    for match in _REFERENCE.finditer(line):
        named = {part.strip(" +") for part in re.split(r"[/|]", match["couple"].casefold())}
        found = {_ALKALI.get(name) for name in named}
        cell = ion or "Li"
        if len(found) > 1 or None in found:
            raise InputError(
                f"'{match['couple']}' is not the reference; voltages are against the alkali metal of the cell, "
                f"as in 0.05 V vs. {cell}+/{cell}"
            )
        if ion is not None and found != {ion}:
            raise InputError(
                f"'{match['couple']}' is not the reference of a {ion} cell, which is {ion}+/{ion}"
            )
    return " ".join(_REFERENCE.sub(" ", line).split())


def plain(value: float) -> str:
    """Write `value` so that it reads back exactly."""
    return repr(float(value)).removesuffix(".0")


def show(value: float, *units: str, at_least: float = 1.0) -> str:
    """Write `value` in the first of `units` in which it is `at_least` this large and reads back exactly."""
    for unit in units:
        number = f"{value / float(UNITS[unit.casefold()][2]):.12g}"
        if float(number) >= at_least and scaled(number, unit.casefold()) == value:
            return f"{number} {unit}"
    return f"{plain(value)} {UNITS[units[0].casefold()][1]}"


def check(value: Any, what: str, positive: bool = False) -> float:
    """`value` as a float; raises InputError unless it is finite (and above 0)."""
    number = as_number(value)
    if number is None:
        raise InputError(f"{what} must be a finite number, not {shortened(value)}")
    if positive and number <= 0:
        raise InputError(f"{what} must be above 0, not {plain(number)}")
    return number


def settle(record: Any, name: str, what: str, positive: bool = False) -> None:
    """Make a field of a frozen record a float, as `check` does."""
    object.__setattr__(record, name, check(getattr(record, name), what, positive))
