"""What is varied, and over which values: ``rate=C/100..5C:9,log`` or in Python a name and numbers.

The grammar of ``sbpath sweep --vary``:

- ``NAME=LOW..HIGH:COUNT``, evenly spaced, or with ``,log`` appended logarithmically;
- ``NAME=A,B,C``, these values;
- ``NAME=LOW..HIGH``, optionally with ``,log``, to sample from.

Rates always vary logarithmically. Numbers of the mechanism and values of a placeholder in a protocol may
have a unit, as in ``10..100 mA/g``; given once, it applies to all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sbpath.arguments import as_number, items
from sbpath.errors import InputError
from sbpath.kernels import Floats
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.units import NUMBER as WITH_UNIT
from sbpath.mechanism.units import number_for
from sbpath.protocol.quantities import NUMBER, UNITS
from sbpath.protocol.steps import Rate

RATE, TEMPERATURE = "rate", "temperature"
EXAMPLE = (
    "write e.g. rate=C/100..5C:9, temperature=0..120:7 (in C), or a number of the mechanism: "
    "'interfaces.Sb|Li2Sb.energy_J_per_m2=0.10..0.16:7'"
)
FORM = "NAME=LOW..HIGH:COUNT"
# A larger number of runs is more likely a typing error.
MOST_RUNS = 1_000_000


@dataclass(frozen=True, slots=True)
class Variation:
    """A quantity and its values.

    Attributes
    ----------
    name : str
        "rate" (C-rates, 1/h), "temperature" (Celsius), the dotted path of a number of the
        mechanism, or a name in braces in a protocol.
    values : tuple of float
        In increasing order.
    logarithmic : bool
        Whether they are spaced logarithmically.
    unit : str
        Of a placeholder in a protocol, such as "mA/g"; written after the number.

    Raises
    ------
    InputError
        If there are fewer than two values, they do not increase, or logarithmic ones are not above 0.
    """

    name: str
    values: tuple[float, ...]
    logarithmic: bool = False
    unit: str = ""

    def __post_init__(self) -> None:
        given = [as_number(value) for value in items(self.values) or ()]
        values = [value for value in given if value is not None]
        if len(values) < max(2, len(given)) or any(a >= b for a, b in pairwise(values)):
            raise InputError(f"{self.name}: needs two or more finite values in rising order; {EXAMPLE}")
        if (self.logarithmic or self.name == RATE) and values[0] <= 0.0:
            raise InputError(f"{self.name}: must be above zero to be varied logarithmically; {EXAMPLE}")
        object.__setattr__(self, "values", tuple(values))

    @classmethod
    def parse(cls, text: str) -> Variation:
        """Read ``NAME=LOW..HIGH:COUNT``, optionally with ``,log``, or ``NAME=A,B,C``."""
        name, _, right = text.partition("=")
        if "," in right and ".." not in right:
            values, unit = _numbers(name.strip(), right.split(","))
            return cls(name.strip(), tuple(sorted(values)), unit=unit)
        span, count = _span(text)
        if count is None:
            raise InputError(f"{text!r} is not {FORM}, the count is missing; {EXAMPLE}")
        if count < 2:
            raise InputError(f"{text!r} does not rise over two or more values; {EXAMPLE}")
        if count > MOST_RUNS:
            raise InputError(f"{text!r}: {count:,} values are too many; a sweep takes {MOST_RUNS:,} runs")
        space = np.geomspace if span.logarithmic else np.linspace
        return cls(span.name, tuple(space(span.low, span.high, count).tolist()), span.logarithmic, span.unit)


@dataclass(frozen=True, slots=True)
class Range:
    """A quantity and the bounds within which it is sampled; attributes as in `Variation`.

    Raises
    ------
    InputError
        If the bounds are not finite or do not increase, or logarithmic ones are not above 0.
    """

    name: str
    low: float
    high: float
    logarithmic: bool = False
    unit: str = ""

    def __post_init__(self) -> None:
        for bound in ("low", "high"):
            value = as_number(getattr(self, bound))
            if value is None:
                raise InputError(f"{self.name}: needs two or more finite values in rising order; {EXAMPLE}")
            object.__setattr__(self, bound, value)
        if self.low >= self.high:
            raise InputError(
                f"{self.name}: {self.low:g}..{self.high:g} does not rise over two or more values; {EXAMPLE}"
            )
        if self.logarithmic and self.low <= 0.0:
            raise InputError(
                f"{self.name}: begins at {self.low:g}, which has no logarithm; begin above zero, {EXAMPLE}"
            )

    @classmethod
    def parse(cls, text: str) -> Range:
        """Read ``NAME=LOW..HIGH``, optionally with ``,log``."""
        span, count = _span(text)
        if count is not None:
            raise InputError(f"{text!r}: a sample has its own number of runs; omit ':{count}'")
        return span

    def at(self, fraction: Floats) -> Floats:
        """Values at a fraction (0 to 1) of the way from low to high, linear or logarithmic as the range is."""
        if self.logarithmic:
            return np.exp(np.log(self.low) + fraction * (np.log(self.high) - np.log(self.low)))
        return self.low + fraction * (self.high - self.low)


def _span(text: str) -> tuple[Range, int | None]:
    """The range in `text`, and its count if there is one."""
    match = re.fullmatch(
        r"\s*(.+?)\s*=\s*([^,:]+?)\s*\.\.\s*([^,:]+?)\s*(?::\s*(\d+))?\s*(,\s*log)?\s*", text
    )
    if not match:
        raise InputError(f"{text!r} is not {FORM}; {EXAMPLE}")
    name, low, high, count, log = match.groups()
    (least, most), unit = _numbers(name, [low, high])
    logarithmic = log is not None or name == RATE
    return Range(name, least, most, logarithmic, unit), None if count is None else int(count)


def _numbers(name: str, texts: list[str]) -> tuple[list[float], str]:
    """The numbers in `texts`, and their common unit."""
    if "." in name or name in Mechanism.model_fields:
        return _of_mechanism(name, [text.strip() for text in texts]), ""
    found = [_number(name, text.strip()) for text in texts]
    units = {unit.replace(" ", ""): unit for _, unit in found if unit}
    if len(units) > 1:
        raise InputError(f"{name}: has the units {' and '.join(units.values())}; use one unit for all")
    return [value for value, _ in found], next(iter(units.values()), "")


def _of_mechanism(name: str, texts: list[str]) -> list[float]:
    """Numbers of the mechanism, in the unit of its key; a unit given once applies to all."""
    units = {match[2] for text in texts if (match := WITH_UNIT.fullmatch(text)) and match[2]}
    bare = [text for text in texts if re.fullmatch(NUMBER, text, re.IGNORECASE)]
    if bare and len(units) > 1:
        raise InputError(
            f"{name}: {bare[0]} has no unit, others have {' and '.join(sorted(units))}; give it one"
        )
    unit = units.pop() if bare and units else ""
    try:
        return [number_for(name.rpartition(".")[2], text + unit * (text in bare)) for text in texts]
    except InputError as error:
        raise InputError(f"{name}: {error}") from None


def _number(name: str, text: str) -> tuple[float, str]:
    if name == RATE:
        try:
            rate = Rate.parse(text)
        except InputError:
            rate = None
        if rate is None or rate.unit != "C":
            raise InputError(
                f"{name}: {text!r} is not a C-rate above 0, such as C/10 or 0.1C; write e.g. rate=C/100..5C:9, "
                "or for currents put {current} into the steps of a protocol and vary current=10..100 mA/g:4"
            )
        return rate.value, ""
    if name == TEMPERATURE:
        try:
            return number_for("temperature_C", text), ""
        except InputError as error:
            raise InputError(f"{name}: {error}; {EXAMPLE}") from None
    if re.match(r"C ?/", text, re.IGNORECASE):
        return Rate.parse(text).value, "C"
    match = re.fullmatch(rf"{NUMBER} ?(.*)", text, re.IGNORECASE)
    if not match or match[2].replace(" ", "").casefold() not in ("", *UNITS):
        raise InputError(f"{name}: {text!r} is not a number; {EXAMPLE}")
    return float(match[1]), match[2]
