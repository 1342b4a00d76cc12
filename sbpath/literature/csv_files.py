"""Reading and writing the tables as CSV files, with all mistakes reported together."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from sbpath.errors import InputError, nearest
from sbpath.files import check_table, write_csv
from sbpath.literature.entries import JOIN, Element, Host, Reference, ReportedAnode, Row
from sbpath.literature.theory import HostTheory, host_theory

STUDY_FILES = ("lithium.csv", "sodium.csv", "potassium.csv", "solid_state.csv")
EXAMPLES = {"float_parsing": "; write e.g. 0.63", "int_parsing": "; write e.g. 150"}
QUOTES = "put a cell that contains a comma in double quotes"

Record = TypeVar("Record", bound=Row)


def shipped_folder() -> Path:
    """The folder of the shipped tables: in the installed package, or next to it in a checkout."""
    inside = Path(str(resources.files("sbpath") / "literature_data"))
    return inside if inside.is_dir() else Path(__file__).resolve().parents[2] / "literature"


def load_elements(folder: Path | None = None) -> dict[str, Element]:
    """Atomic weights, and densities of the hosts, by symbol; `folder` as in `load_studies`."""
    return {element.symbol: element for element in _read(folder, Element, "elements.csv")}


def load_references(folder: Path | None = None) -> dict[int, str]:
    """The review's list of references: citation by number; `folder` as in `load_studies`."""
    return {reference.number: reference.citation for reference in _read(folder, Reference, "references.csv")}


def load_hosts(folder: Path | None = None) -> list[Host]:
    """Table 1, in its order; `folder` as in `load_studies`."""
    elements = load_elements(folder)
    return [
        host.model_copy(update={"alkali": elements[host.ion], "empty": elements[host.element]})
        for host in _read(folder, Host, "hosts.csv", known=elements)
    ]


def load_studies(folder: Path | None = None) -> list[ReportedAnode]:
    """Tables 2-5, in their order.

    Parameters
    ----------
    folder : Path, optional
        With files of the same names and columns as the shipped ones, which are read if not given.

    Raises
    ------
    InputError
        One line per mistake: file, row, column, value and what to write instead.
    """
    citations = load_references(folder)
    return [
        study.model_copy(update={"citation": citations[study.reference]})
        for study in _read(folder, ReportedAnode, *STUDY_FILES, known=citations)
    ]


def literature_to_csv(
    records: Sequence[ReportedAnode] | Sequence[Host],
    path: str | Path,
    more: tuple[Sequence[str], Sequence[Sequence[str]]] | None = None,
    decimal_comma: bool = False,
) -> Path:
    """Write rows of the tables as CSV: the columns of the file, followed by columns that sbpath adds.

    Added are the citation of an anode; and for a host the density of the empty host with its source,
    and the computed numbers.

    Parameters
    ----------
    records : sequence of ReportedAnode or of Host
        The rows.
    path : str or Path
        The file to write.
    more : tuple of headings and rows, optional
        Further columns, one row of text for each record.
    decimal_comma : bool
        Write 0,5 for 0.5, and semicolons between the cells.

    Raises
    ------
    InputError
        If there are no records or the file cannot be written; an existing file is kept.
    """
    if not records:
        raise InputError("literature: there are no rows to write; leave out a filter")
    cells = [_cells(record) for record in records]
    head, rows = list(cells[0]), [list(row.values()) for row in cells]
    if more is not None:
        head, rows = [*head, *more[0]], [[*row, *added] for row, added in zip(rows, more[1], strict=True)]
    check_table(path)
    return write_csv(path, head, rows, decimal_comma)


def written(value: Any) -> str:
    """`value` as text for a cell; every number reads back exactly."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return JOIN.join(written(part) for part in value)
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _cells(record: ReportedAnode | Host) -> dict[str, str]:
    cells = {heading: written(getattr(record, name)) for heading, name in type(record).columns().items()}
    if isinstance(record, ReportedAnode):
        return {**cells, "Citation": record.citation}
    theory, empty = host_theory(record), record.empty
    return {
        **cells,
        "Empty host density [g.cm-3]": written(empty.density_g_per_cm3),
        "Source of the empty host density": written(empty.density_source),
        **{heading: f"{getattr(theory, name):.6g}" for heading, name in HostTheory.columns().items()},
    }


def _read(
    folder: Path | None, kind: type[Record], *names: str, known: Mapping[Any, Any] | None = None
) -> list[Record]:
    """Records of the files `names`; raises InputError with the mistakes in all of them."""
    problems: list[str] = []
    records = []
    headings = {name: heading for heading, name in kind.columns().items()}
    for path in ((shipped_folder() if folder is None else Path(folder)) / name for name in names):
        rows: dict[tuple[Any, ...], int] = {}
        for number, cells in _lines(path, list(kind.columns()), problems):
            try:
                record = kind.model_validate(cells)
            except ValidationError as error:
                mistakes = [(str(found["loc"][0]), _mistake(found)) for found in error.errors()]
            else:
                mistakes = [(headings[name], what) for name, what in record.mistakes(known or {})]
                key = tuple(getattr(record, name) for name in kind.KEY)
                if rows.setdefault(key, number) != number:
                    taken = f"{key[-1]!r} is already in row {rows[key]}; give each row its own"
                    mistakes.append((headings[kind.KEY[-1]], taken))
                records.append(record)
            problems += [f"{path}: row {number}, column {heading!r}: {what}" for heading, what in mistakes]
    if problems:
        raise InputError(problems)
    return records


def _mistake(found: Any) -> str:
    """The error pydantic found in a cell, and what to write instead."""
    kind, given = found["type"], found["input"]
    if not given:
        return "is empty; it must be given"
    advice = EXAMPLES.get(kind, "")
    if advice and re.fullmatch(r"\d{1,3}(,\d{3})+", given):
        advice = f"; write {given.replace(',', '')}"
    elif kind == "float_parsing" and re.fullmatch(r"\d+,\d+", given):
        advice = f"; write {given.replace(',', '.')}, with a decimal point"
    return f"{given!r} {found['msg'].replace('Input should', 'must').partition(', unable')[0]}{advice}"


def _lines(
    path: Path, headings: list[str], problems: list[str]
) -> Iterator[tuple[int, dict[str, str | None]]]:
    """Number of each row, as in a spreadsheet, and its cells by heading; empty cells are None."""
    try:
        # utf-8-sig: spreadsheets may start a file with a byte order mark.
        with path.open(newline="", encoding="utf-8-sig") as handle:
            lines = list(csv.reader(handle, strict=True))
    except OSError as error:
        problems.append(f"{path}: cannot be read: {error.strerror}; check the path")
        return
    except UnicodeDecodeError:
        problems.append(f"{path}: is not UTF-8 text; save it with the encoding UTF-8")
        return
    except csv.Error as error:
        problems.append(f"{path}: is not CSV: {error}; {QUOTES}")
        return
    if not lines:
        problems.append(f"{path}: is empty; its first row must be {','.join(headings)}")
        return
    head = [heading.strip() for heading in lines[0]]
    wrong = [f"{path}: row 1: {what}" for what in _wrong_headings(head, headings)]
    problems += wrong
    for number, cells in enumerate([] if wrong else lines[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) == len(head):
            yield number, {heading: cell.strip() or None for heading, cell in zip(head, cells, strict=True)}
        else:
            problems.append(f"{path}: row {number}: has {len(cells)} cells for {len(head)} columns; {QUOTES}")


def _wrong_headings(head: list[str], known: list[str]) -> Iterable[str]:
    missing = [heading for heading in known if heading not in head]
    strange = [heading for heading in head if heading not in known]
    hint = f"the headings are {', '.join(known)}"
    yield from (f"the heading {heading!r} appears twice" for heading in known if head.count(heading) > 1)
    yield from (f"there is no column {heading!r}; {nearest(heading, missing, hint)}" for heading in strange)
    if not strange:
        yield from (f"the column {heading!r} is missing; add it" for heading in missing)
