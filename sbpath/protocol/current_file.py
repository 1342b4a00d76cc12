"""Tables of currents from text files, for steps such as ``Run current.csv``."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np

from sbpath.errors import InputError
from sbpath.files import decoded
from sbpath.protocol.quantities import PLAIN, read
from sbpath.protocol.steps import CurrentTable, Limit, RateUnit, row_problem
from sbpath.protocol.temperature import Temperature

# Bytes; a million rows are about 30 MB.
MAX_FILE_SIZE = 200_000_000
# Names of columns, in lower case. A unit follows: time/s, "Test Time (h)", current [mA/g], I_A_per_g.
NAMES = {
    "time": ("time", "t", "test time", "total time", "elapsed time"),
    "current": ("current", "i", "<i>"),
}
EXAMPLE = "time/s,current/mA"


def current_table(
    path: str,
    limits: tuple[Limit, ...] = (),
    period_s: float | None = None,
    temperature_C: Temperature | None = None,
) -> CurrentTable:
    """Read a step from a text file with a column of times and one of currents.

    Parameters
    ----------
    path : str
        Relative to the working directory. The first line names the columns with their units; further
        columns are ignored. Columns are separated by commas, semicolons or tabs; with the latter two, numbers
        may have a decimal comma. Of rows at the same time the last one counts, since the others hold for no time.
    limits, period_s, temperature_C
        As in `CurrentTable`.

    Raises
    ------
    InputError
        With file, line, value and what to write instead.
    """
    lines = _text(path).splitlines()
    header = lines[0] if lines else ""
    separator = next((mark for mark in ";\t," if mark in header), ",")
    headings = next((row for _, row in _rows(path, [header], separator)), [])
    time_at, time_factor, _ = _column(path, headings, "time")
    current_at, current_factor, unit = _column(path, headings, "current")
    numbers: list[int] = []
    values: list[tuple[float, float]] = []
    for number, row in _rows(path, lines[1:], separator):
        if len(row) != len(headings):
            hint = "; with a decimal comma, separate columns by semicolons" if separator == "," else ""
            count = f"{len(row)} column{'s' if len(row) != 1 else ''}"
            raise InputError(
                f"{path}: line {number}: has {count} where the first line has {len(headings)}{hint}"
            )
        numbers.append(number)
        values.append(
            (
                _number(path, number, row[time_at], separator),
                _number(path, number, row[current_at], separator),
            )
        )
    table = np.array(values, dtype=float).reshape(-1, 2).T
    last = np.append(np.diff(table[0]) != 0.0, True)[: table.shape[1]]
    table, numbers = table[:, last], np.array(numbers)[last].tolist()
    time, current = _scaled(table[0], time_factor), _scaled(table[1], current_factor)
    if problem := row_problem(time, current):
        raise InputError(f"{path}: line {numbers[problem[0]]}: {problem[1]}")
    return CurrentTable(time, current, unit, limits, period_s, path, temperature_C)


def _rows(path: str, lines: list[str], separator: str) -> Iterator[tuple[int, list[str]]]:
    """Number of each line after the first, and its cells; without empty lines."""
    try:
        for number, row in enumerate(csv.reader(lines, delimiter=separator), 2):
            if "".join(row).strip():
                yield number, row
    except csv.Error as error:
        raise InputError(
            f"{path}: cannot be read as a table ({error}); leave out what is no number"
        ) from None


def _text(path: str) -> str:
    """The content of a file of text."""
    file = Path(path)
    try:
        if not file.exists():
            raise InputError(f"{path}: there is no such file; the path is relative to the working directory")
        if not file.is_file():
            raise InputError(f"{path}: is not a regular file; give one of text, such as current.csv")
        size = file.stat().st_size  # 0 for what the system makes up as it is read, without end perhaps
        if size > MAX_FILE_SIZE:
            raise InputError(
                f"{path}: is larger than {MAX_FILE_SIZE // 10**6} MB; split it, or leave out columns"
            )
        content = file.read_bytes() if size else b""
    except (OSError, ValueError) as error:
        raise InputError(f"{path[:80]}: cannot be read ({error}); give a file of text") from None
    if (text := decoded(content)) is not None:
        return text
    raise InputError(f"{path}: is not a file of text; export it as CSV with a first line such as {EXAMPLE}")


def _column(path: str, headings: list[str], kind: str) -> tuple[int, float, RateUnit]:
    """Number of the column of this kind, the factor to the unit in which it is stored, and that unit (of a current)."""
    names = "|".join(map(re.escape, NAMES[kind]))
    found = []
    for number, heading in enumerate(headings):
        plain = " ".join(re.split(r"[\s_]+", heading.translate(PLAIN).strip()))
        if match := re.fullmatch(rf"(?:{names})(?: ?[/_\[( ] ?(.*?) ?[\])]?)?", plain, re.I):
            found.append((number, plain, match[1]))
    example = f"write for example {EXAMPLE}, or t_s,I_A_per_g"
    if len(found) != 1:
        shown = ", ".join(repr(plain) for _, plain, _ in found)
        fault = (
            f"has {len(found)} columns of {kind}, {shown}; leave one" if found else f"has no column of {kind}"
        )
        raise InputError(f"{path}: line 1: {fault}; {example}")
    number, heading, unit = found[0]
    if not unit:
        raise InputError(f"{path}: line 1: '{heading}' has no unit; {example}")
    try:
        quantity, factor, stored = read(f"1 {unit}")
    except InputError as error:
        raise InputError(f"{path}: line 1: '{heading}': {error}; {example}") from None
    if quantity != kind:
        raise InputError(f"{path}: line 1: '{heading}' has the unit of a {quantity}; {example}")
    return number, factor, cast(RateUnit, stored)


def _number(path: str, line: int, text: str, separator: str) -> float:
    try:
        return float(text if separator == "," else text.replace(",", "."))
    except ValueError:
        shown = text.strip()
        fault = f"{shown[:40]!r} is not a number" if shown else "a value is missing"
        raise InputError(f"{path}: line {line}: {fault}; correct it, or leave out the row") from None


def _scaled(values: np.ndarray, factor: float) -> np.ndarray:
    """`values` times a factor; a division by 1000 rounds correctly, a product with 0.001 does not."""
    return values * factor if factor >= 1.0 else values / round(1.0 / factor)
