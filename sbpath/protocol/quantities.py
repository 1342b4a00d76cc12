"""Quantities with units as people type them, read and written without loss."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any

from sbpath.arguments import as_number, shortened
from sbpath.errors import InputError

# unit as typed, in lower case: (quantity, unit it is stored in, factor to that unit)
UNITS: dict[str, tuple[str, str, str]] = {
    "c": ("current", "C", "1"),
    **{p + "a/g": ("current", "A/g", f) for p, f in (("", "1"), ("m", "1e-3"), ("u", "1e-6"))},
    **{p + "a": ("current", "A", f) for p, f in (("", "1"), ("m", "1e-3"), ("u", "1e-6"))},
    **{p + "v": ("voltage", "V", f) for p, f in (("", "1"), ("m", "1e-3"))},
    **{p + "v/s": ("scan rate", "V/s", f) for p, f in (("", "1"), ("m", "1e-3"), ("u", "1e-6"))},
    **{name: ("time", "s", "1") for name in ("s", "sec", "secs", "second", "seconds")},
    **{name: ("time", "s", "60") for name in ("min", "mins", "minute", "minutes")},
    **{name: ("time", "s", "3600") for name in ("h", "hr", "hrs", "hour", "hours")},
}
EXAMPLE = "Discharge at C/10 until 0.05 V"
NUMBER = r"([+-]?(?:nan|inf(?:inity)?|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?))"


def measure(text: str, quantity: str) -> float:
    """Read the value of a `quantity`, in the unit it is stored in (V, s, V/s)."""
    found, value, _ = read(text)
    if found != quantity:
        raise InputError(f"'{text}' is a {found}, where a {quantity} is needed")
    return value


def read(text: str) -> tuple[str, float, str]:
    """Return the quantity, its value and its unit."""
    if match := re.fullmatch(rf"([+-]?)c ?/ ?{NUMBER}", text, re.I):
        hours = float(match[1] + "1") * float(match[2])
        if hours == 0.0:
            raise InputError(f"'{text}' divides by 0")
        return "current", 1.0 / hours, "C"
    if match := re.fullmatch(rf"x ?= ?{NUMBER}", text, re.I):
        return "composition", float(match[1]), ""
    if not (match := re.fullmatch(rf"{NUMBER} ?(.*)", text, re.I)):
        raise InputError(f"'{text}' is not a number with a unit")
    unit = match[2].replace(" ", "").casefold()
    if unit not in UNITS:
        fault = f"an unknown unit, '{match[2]}'" if unit else "no unit"
        raise InputError(f"'{text}' has {fault}; the units are V, mV, C, A, mA, A/g, mA/g, s, min, h, mV/s")
    return UNITS[unit][0], scaled(match[1], unit), UNITS[unit][1]


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
    # the typographic minus, the micro sign and the Greek mu
    return " ".join(text.translate({0x2212: "-", 0xB5: "u", 0x3BC: "u"}).split())


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
