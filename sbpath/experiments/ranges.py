"""What is varied, and over which values: ``rate=C/100..5C:9,log`` or in Python a name and numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isfinite

import numpy as np

from sbpath.errors import InputError
from sbpath.protocol.steps import Rate

RATE, TEMPERATURE = "rate", "temperature"
EXAMPLE = (
    "write e.g. rate=C/100..5C:9, temperature=0..120:7 (in C), or a number of the mechanism: "
    "'interfaces.Sb|Li2Sb.energy_J_per_m2=0.10..0.16:7'"
)


@dataclass(frozen=True, slots=True)
class Variation:
    """A quantity and the values it takes.

    Attributes
    ----------
    name : str
        "rate" (C-rates, 1/h), "temperature" (Celsius), or the dotted path of a number of the
        mechanism.
    values : tuple of float
        In rising order.
    logarithmic : bool
        Whether the values are spaced so.
    """

    name: str
    values: tuple[float, ...]
    logarithmic: bool = False

    def __post_init__(self) -> None:
        values = np.asarray(self.values, dtype=float)
        if values.size < 2 or not np.all(np.isfinite(values)) or np.any(np.diff(values) <= 0.0):
            raise InputError(f"{self.name}: needs two or more finite values in rising order; {EXAMPLE}")
        if (self.logarithmic or self.name == RATE) and values[0] <= 0.0:
            raise InputError(f"{self.name}: must be above zero to be varied in logarithms; {EXAMPLE}")

    @classmethod
    def parse(cls, text: str) -> Variation:
        """Read ``NAME=LOW..HIGH:COUNT`` with ``,log`` after it if wanted; rates always vary so.

        Raises
        ------
        InputError
            If `text` is not of that form, or its values are not in rising order.
        """
        match = re.fullmatch(r"\s*(.+?)\s*=\s*(.+?)\s*\.\.\s*(.+?)\s*:\s*(\d+)\s*(,\s*log)?\s*", text)
        if not match:
            raise InputError(f"{text!r} is not NAME=LOW..HIGH:COUNT; {EXAMPLE}")
        name, low, high, count, log = match.groups()
        logarithmic = log is not None or name == RATE
        ends = [_number(name, end) for end in (low, high)]
        if not all(map(isfinite, ends)):
            raise InputError(f"{text!r}: needs two or more finite values in rising order; {EXAMPLE}")
        if int(count) < 2 or ends[0] >= ends[1] or (logarithmic and ends[0] <= 0.0):
            raise InputError(f"{text!r} does not rise over two or more values; {EXAMPLE}")
        space = np.geomspace if logarithmic else np.linspace
        return cls(name, tuple(space(ends[0], ends[1], int(count)).tolist()), logarithmic)


def _number(name: str, text: str) -> float:
    if name == RATE:
        rate = Rate.parse(text)
        if rate.unit != "C":
            raise InputError(f"{name}: {text!r} is not a C-rate; {EXAMPLE}")
        return rate.value
    try:
        return float(re.sub(r"\s*°?C$", "", text) if name == TEMPERATURE else text)
    except ValueError:
        raise InputError(f"{name}: {text!r} is not a number; {EXAMPLE}") from None
