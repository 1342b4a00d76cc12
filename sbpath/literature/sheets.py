"""A CSV file as rows of values, checked cell by cell; all mistakes are collected."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from sbpath.errors import InputError, nearest
from sbpath.literature.cells import Reader

# A row's number, as a spreadsheet counts (headings are row 1), and its values by field.
Row = tuple[int, dict[str, Any]]


def columns(record: type) -> dict[str, tuple[str, Reader]]:
    """Name and reader of each field of `record` that stands in a file, by heading."""
    return {
        f.metadata["heading"]: (f.name, f.metadata["read"]) for f in fields(record) if "heading" in f.metadata
    }


def read_sheet(path: Path, record: type, problems: list[str]) -> list[Row]:
    """Values of the rows of `path` without a mistake; the mistakes are added to `problems`.

    Parameters
    ----------
    path : Path
        A CSV file in UTF-8 with headings in its first row, in any order.
    record : type
        Its fields say what the columns are called and hold.
    problems : list of str
        Gets one line per mistake, with file, row, column and value.
    """
    schema = columns(record)
    try:
        # utf-8-sig: spreadsheets put a mark at the start.
        with path.open(newline="", encoding="utf-8-sig") as handle:
            lines = list(csv.reader(handle, strict=True))
    except OSError as error:
        problems.append(f"{path}: cannot be read: {error.strerror}; check the path")
        return []
    except UnicodeDecodeError:
        problems.append(f"{path}: is not UTF-8 text; save it with the encoding UTF-8")
        return []
    except csv.Error as error:
        problems.append(f"{path}: is not CSV: {error}; a cell with a comma stands in double quotes")
        return []
    if not lines:
        problems.append(f"{path}: is empty; its first row must be {','.join(schema)}")
        return []
    head = [heading.strip() for heading in lines[0]]
    wrong = _wrong_headings(head, list(schema))
    problems += [f"{path}: row 1: {what}" for what in wrong]
    if wrong:
        return []
    rows = []
    for number, cells in enumerate(lines[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(head):
            problems.append(
                f"{path}: row {number}: has {len(cells)} cells where there are {len(head)} columns; "
                "a cell with a comma stands in double quotes"
            )
            continue
        values: dict[str, Any] = {}
        for heading, cell in zip(head, cells, strict=True):
            name, read = schema[heading]
            try:
                values[name] = read(cell.strip())
            except ValueError as error:
                problems.append(place(path, number, heading, str(error)))
        if len(values) == len(head):
            rows.append((number, values))
    return rows


def place(path: Path, row: int, heading: str, what: str) -> str:
    """A mistake with where it is."""
    return f"{path}: row {row}, column {heading!r}: {what}"


def refuse(problems: Sequence[str]) -> None:
    """Raise InputError if there are problems."""
    if problems:
        raise InputError(list(problems))


def _wrong_headings(head: list[str], known: list[str]) -> list[str]:
    wrong = [f"the heading {heading!r} stands twice" for heading in known if head.count(heading) > 1]
    strange = [heading for heading in head if heading not in known]
    missing = [heading for heading in known if heading not in head]
    hint = f"the headings are {', '.join(known)}"
    wrong += [f"there is no column {heading!r}; {nearest(heading, missing, hint)}" for heading in strange]
    if not strange:
        wrong += [f"the column {heading!r} is missing" for heading in missing]
    return wrong
