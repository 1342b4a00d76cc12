"""What one cell of a table may hold: from text to a value, and back.

A reader takes the text of a cell, without blanks at its ends, and raises ValueError with what is
wrong and what to write.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

Reader = Callable[[str], Any]
# Between the parts of a cell that holds several.
JOIN = " + "


def text(cell: str) -> str:
    """Any text but none."""
    if not cell:
        raise ValueError("is empty; it must be given")
    return cell


def number(cell: str) -> float:
    """A number such as ``-5``, ``0.63`` or ``1e3``."""
    if re.fullmatch(r"\d{1,3}(,\d{3})+", cell):
        raise ValueError(f"{cell!r} is not a number; write {cell.replace(',', '')}")
    if re.fullmatch(r"\d+,\d+", cell):
        raise ValueError(f"{cell!r} is not a number; decimals are written with a point")
    try:
        value = float(text(cell))
    except ValueError as error:
        raise error if not cell else ValueError(f"{cell!r} is not a number; write e.g. 0.63") from None
    if not math.isfinite(value):
        raise ValueError(f"{cell!r} is not a finite number")
    return value


def positive(cell: str) -> float:
    """A number above 0."""
    value = number(cell)
    if value <= 0.0:
        raise ValueError(f"{cell!r} must be above 0")
    return value


def percent(cell: str) -> float:
    """A number above 0 and not above 100."""
    value = positive(cell)
    if value > 100.0:
        raise ValueError(f"{cell!r} must not be above 100")
    return value


def count(cell: str) -> int:
    """A whole number above 0."""
    value = positive(cell)
    if not value.is_integer():
        raise ValueError(f"{cell!r} is not a whole number")
    return int(value)


def one_of(*choices: str) -> Reader:
    """A reader of one of `choices`, which tells them apart by capitals too."""

    def read(cell: str) -> str:
        if cell not in choices:
            raise ValueError(f"{cell!r} is none of {', '.join(choices)}")
        return cell

    return read


def several(read: Reader) -> Reader:
    """A reader of parts joined by `` + ``; of an empty cell it makes an empty tuple."""
    return lambda cell: tuple(read(part.strip()) for part in cell.split(JOIN)) if cell else ()


def optional(read: Reader) -> Reader:
    """A reader that takes an empty cell as None."""
    return lambda cell: read(cell) if cell else None


def written(value: Any) -> str:
    """`value` as it would stand in a cell; every number reads back to the last bit."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return JOIN.join(written(part) for part in value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
