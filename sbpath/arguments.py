"""Arguments of public functions: numbers, sequences, and names as users give them.

A number may be of any kind that is one number: of Python, of NumPy, or an array without dimensions.
True, nan and inf are none.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Set
from numbers import Real
from typing import Any

from sbpath.errors import InputError


def as_number(given: Any) -> float | None:
    """`given` as a float, or None if it is not one finite number."""
    value = given.item() if getattr(given, "shape", None) == () else given
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def as_whole(given: Any) -> int | None:
    """`given` as an int, or None if it is not one whole number."""
    number = as_number(given)
    if number is None or not number.is_integer():
        return None
    return int(given)


def number(
    name: str, given: Any, least: float = -math.inf, most: float = math.inf, above: float | None = None
) -> float:
    """`given` as a float from `least` to `most`, or above `above`.

    Raises
    ------
    InputError
        In the name of the argument, if it is not such a number.
    """
    value = as_number(given)
    if value is None or not least <= value <= most or (above is not None and value <= above):
        if above is not None:
            wanted = f"a number above {above:g}"
        elif math.isfinite(most):
            wanted = f"a number from {least:g} to {most:g}"
        else:
            wanted = f"a number, {least:g} or more" if math.isfinite(least) else "a finite number"
        raise InputError(f"{name}: must be {wanted}, not {shortened(given)}")
    return value


def whole(name: str, given: Any, least: int = 1, most: int | None = None) -> int:
    """`given` as an int from `least` to `most`.

    Raises
    ------
    InputError
        In the name of the argument, if it is not such a number.
    """
    value = as_whole(given)
    if value is None or value < least or (most is not None and value > most):
        wanted = f", {least} or more" if most is None else f" from {least:,} to {most:,}"
        raise InputError(f"{name}: must be a whole number{wanted}, not {shortened(given)}")
    return value


def items(given: Any) -> list[Any] | None:
    """The items of a list, tuple, array, Series, generator or the like, in order; None for anything else."""
    if isinstance(given, str | bytes | Mapping | Set) or not isinstance(given, Iterable):
        return None
    return None if getattr(given, "shape", None) == () else list(given)


def several(given: Any) -> list[Any]:
    """The items of a sequence, or `given` alone if it is none."""
    found = items(given)
    return [given] if found is None else found


def shortened(given: Any) -> str:
    """`given` on one short line, for a message."""
    text = " ".join(repr(given).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
