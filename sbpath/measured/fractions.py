"""Measured phase fractions, from Rietveld refinement or pair distribution functions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sbpath.errors import InputError
from sbpath.files import read_regular
from sbpath.measured.layout import split_row
from sbpath.measured.numbers import NotNumbers, as_numbers, decimal_mark
from sbpath.mechanism.frozen import FrozenMapping

MOST_BYTES = 10_000_000
# Fractions may exceed 1 by so much, from noise.
EXCESS = 0.05
# Standard deviation of a fraction where the file has none.
FRACTION_SD = 0.03
ERROR = " error"


@dataclass(frozen=True, eq=False)
class MeasuredFractions:
    """Phase fractions along a curve.

    Attributes
    ----------
    path : str
        The file.
    curve, cycle : int
        The curve along which they were measured, from 1, and the cycle in which a table by x begins.
    x, time_s : array, shape (m,), or None
        Where they were measured, one of the two: mol of alkali per mol of host, as the charge since the curve began gives it,
        rising on insertion and falling on extraction; or time since the first row of the curve.
    fractions, errors : mapping of str to array, shape (m,)
        Share of the host in each phase, nan where not measured, and its standard deviation where the file has one.
    """

    path: str
    curve: int
    cycle: int
    x: NDArray[np.float64] | None
    time_s: NDArray[np.float64] | None
    fractions: FrozenMapping[NDArray[np.float64]]
    errors: FrozenMapping[NDArray[np.float64]]


def read_fractions(path: Path, curve: int = 1, cycle: int = 1) -> MeasuredFractions:
    """Read a table with a column ``x`` or ``time_s``, one for each phase, and perhaps ``NAME error``.

    Raises
    ------
    InputError
        With the line and the column of what is wrong.
    """
    content = read_regular(path, MOST_BYTES, "a table of phase fractions")
    try:
        text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not UTF-8 text; save the table as CSV in UTF-8") from None
    lines = [line for line in text.splitlines() if line.strip()]
    separator = next((mark for mark in "\t;," if lines and mark in lines[0]), ",")
    rows = [split_row(line, separator) for line in lines]
    if len(rows) < 2 or len(rows[0]) < 2 or rows[0][0] not in ("x", "time_s"):
        raise InputError(f"{path}: line 1: must name columns, x or time_s and then the phases: x,Sb,NaSb")
    head = rows[0]
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(head):
            raise InputError(f"{path}: line {number}: has {len(row)} cells where line 1 has {len(head)}")
    if len(set(head)) < len(head):
        twice = next(name for name in head if head.count(name) > 1)
        raise InputError(f"{path}: line 1: {twice!r} is there twice; keep one")
    columns = [list(column) for column in zip(*rows[1:], strict=True)]
    try:
        mark = decimal_mark(columns, separator)
    except NotNumbers as error:
        raise InputError(f"{path}: {error}") from None
    values = {name: _column(path, name, cells, mark) for name, cells in zip(head, columns, strict=True)}
    where = values.pop(head[0])
    by_x = head[0] == "x"
    if np.any(np.isnan(where)) or np.any(where < 0.0) or (not by_x and np.any(np.diff(where) < 0.0)):
        raise InputError(
            f"{path}: {head[0]} must be a number from 0 in each row" + ("" if by_x else ", and must not fall")
        )
    errors = {name.removesuffix(ERROR): found for name, found in values.items() if name.endswith(ERROR)}
    fractions = {name: found for name, found in values.items() if not name.endswith(ERROR)}
    for name, found in fractions.items():
        if np.any((found < -EXCESS) | (found > 1.0 + EXCESS)):
            row = int(np.flatnonzero((found < -EXCESS) | (found > 1.0 + EXCESS))[0])
            raise InputError(
                f"{path}: line {row + 2}: {name}: fractions lie between 0 and 1, not {found[row]:g}; divide percent by 100"
            )
    for name, found in errors.items():
        if name not in fractions:
            raise InputError(f"{path}: line 1: '{name}{ERROR}' has no column {name!r}")
        if np.any(found <= 0.0):
            raise InputError(f"{path}: '{name}{ERROR}': must be above 0")
    if not fractions:
        raise InputError(f"{path}: line 1: names no phase; add a column for each, x,Sb,NaSb")
    return MeasuredFractions(
        str(path),
        curve,
        cycle,
        where if by_x else None,
        None if by_x else where,
        FrozenMapping(fractions),
        FrozenMapping(errors),
    )


def _column(path: Path, name: str, cells: list[str], mark: str) -> NDArray[np.float64]:
    values = as_numbers(cells, mark)
    wrong = [i for i, cell in enumerate(cells) if not np.isfinite(values[i]) and cell]
    if wrong:
        raise InputError(
            f"{path}: line {wrong[0] + 2}: {name}: {cells[wrong[0]]!r} is not a number; leave what is not measured empty"
        )
    values.setflags(write=False)
    return values
