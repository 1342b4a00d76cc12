"""The temperature of a step: constant, or a ramp."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from numbers import Real

from sbpath.errors import InputError
from sbpath.physical import ZERO_CELSIUS_K
from sbpath.protocol.quantities import NUMBER, check, measure, plain, show

EXAMPLES = "'Rest for 1 h at 45 C' or 'Rest for 2 h from 25 C to 60 C'"
_CELSIUS = rf"{NUMBER} ?(\u2103|(?:\u00b0|\u00ba|deg(?:rees)?)? ?(?:C|celsius|K|F)\b)"
_RAMP = re.compile(rf"\bfrom {_CELSIUS}? to {_CELSIUS}(?: in ([^()]+?)(?=$| for\b| until\b| at\b))?", re.I)
_SPEED = re.compile(rf"\bat {_CELSIUS}/[a-z]+", re.I)
_CONSTANT = re.compile(rf"\bat {_CELSIUS}(?!/)", re.I)


@dataclass(frozen=True, slots=True)
class Ramp:
    """A temperature that changes at a constant rate from the start of a step, and then stays.

    Attributes
    ----------
    start_C, end_C : float
        Celsius.
    time_s : float, optional
        How long it takes (s); by default until the time limit of the step.

    Raises
    ------
    InputError
        If a number is not finite, or the time is not above 0.
    """

    start_C: float
    end_C: float
    time_s: float | None = None

    def __post_init__(self) -> None:
        check(self.start_C, "the start of a ramp [C]")
        check(self.end_C, "the end of a ramp [C]")
        if self.time_s is not None:
            check(self.time_s, "the time of a ramp [s]", positive=True)

    def __str__(self) -> str:
        time = "" if self.time_s is None else f" in {show(self.time_s, 'h', 'min')}"
        return f"from {plain(self.start_C)} C to {plain(self.end_C)} C{time}"


Temperature = float | Ramp


def written(temperature: Temperature | None) -> str:
    """The temperature as the end of the text of a step."""
    if temperature is None:
        return ""
    return f" {temperature}" if isinstance(temperature, Ramp) else f" at {plain(temperature)} C"


def check_temperature(temperature: object, ramp_needs_time: bool) -> None:
    """Raise InputError unless `temperature` is one, or None."""
    if isinstance(temperature, Ramp):
        if ramp_needs_time and temperature.time_s is None:
            raise InputError(
                "a ramp needs a time; give the step one with 'for', or write '... to 60 C in 2 h'"
            )
    elif temperature is not None:
        if not isinstance(temperature, Real) or isinstance(temperature, bool):
            raise InputError(f"temperature_C must be a number or a Ramp, not {temperature!r:.60}")
        check(float(temperature), "a temperature [C]")


def split_temperature(text: str, at_value: bool) -> tuple[str, Temperature | None]:
    """Separate the temperature from the rest of what follows a verb.

    `at_value`: the verb takes a value after its first 'at', and there ``45 C`` is a current.
    """
    found: list[tuple[int, int, Temperature]] = []
    for match in _RAMP.finditer(text):
        time = None if match[5] is None else measure(match[5], "time")
        ramp = Ramp(_celsius(match[1], match[2] or match[4]), _celsius(match[3], match[4]), time)
        found.append((*match.span(), ramp))
    for match in _CONSTANT.finditer(text):
        if not at_value or match.start() > 0 or match[2].casefold() not in ("c", "f"):
            found.append((*match.span(), _celsius(match[1], match[2])))
    if found and (speed := _SPEED.search(text)):
        raise InputError(f"'{speed[0]}': a ramp has a time, as in {EXAMPLES}")
    if not found:
        return text, None
    if len(found) > 1:
        raise InputError("a step has one temperature; leave one out")
    start, end, temperature = found[0]
    return f"{text[:start].strip()} {text[end:].strip()}".strip(), temperature


def _celsius(number: str, unit: str) -> float:
    if unit[-1] in "fF":
        raise InputError(f"'{number} {unit}' is not in C; temperatures of steps are in C, as in {EXAMPLES}")
    kelvin = unit[-1] in "kK" and math.isfinite(float(number))
    return float(Decimal(number) - Decimal(str(ZERO_CELSIUS_K))) if kelvin else float(number)
