"""The text of a cycler's file: its encoding, the line of its headings, what separates its cells, and the rows of numbers."""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from sbpath.errors import InputError, listed, optional
from sbpath.files import read_regular
from sbpath.measured.headings import UNNAMED, is_unit, meanings
from sbpath.measured.numbers import MISSING

# Bytes; a million rows of eight columns are about 80 MB.
MOST_BYTES = 300_000_000
# Headings are looked for in lines up to this number, and in lines of up to so many cells.
MOST_HEADER_LINES = 3000
MOST_COLUMNS = 2000
MOST_LINE_CHARS = 200_000
DELIMITER_NAMES = {
    "\t": "tab",
    ";": "semicolon",
    ",": "comma",
    "|": "bar",
    " ": "spaces",
}
# Rows with which the last one is compared, at least and at most.
FEW_ROWS, MOST_ROWS = 3, 10

_DIGIT = re.compile(r"\d")
_COMMENT = re.compile(r"^\s*[#%]+ *(?=[\w<\"(])")
_NUMBER_STARTS = frozenset("0123456789+-.")
_EXCEL = "save the sheet with the records as CSV (File, Save as)"
# First bytes of files that are no text, what they are, and what to do.
_BINARY: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x03\x04", "a packed file, such as a workbook of Excel (.xlsx)",
     "in Excel, save the sheet with the records as CSV; in Neware's BTSDA, export CSV"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook (.xls)", _EXCEL),
    (b"BIO-LOGIC MODULAR FILE", "a binary file of EC-Lab or BT-Lab (.mpr)", "export it as text (.mpt)"),
    (b"\x00\x01\x00\x00Standard", "a database of Arbin (.res)", "export it as CSV with Arbin's Data Watcher or MITS Pro"),
    (b"NEWARE", "a binary file of Neware (.nda)", "export it as CSV with BTSDA"),
    (b"%PDF", "a PDF", "export the numbers as text"),
    (b"\x1f\x8b", "a packed file (gzip)", "unpack it first"),
    (b"\x89HDF", "an HDF5 file", "export the records as CSV"),
    (b"PAR1", "a Parquet file", "export the records as CSV"),
    (b"<?xml", "an XML file", "export the records as CSV, from Excel if it opens there"),
    (b"<html", "a web page", "open it in Excel and save it as CSV"),
)  # fmt: skip
# A file of a maker: what its first lines or its headings have.
_MAKERS = (
    ("BioLogic", r"(?:EC|BT)-Lab ASCII|Ns changes|control changes"),
    ("Novonix", r"Novonix"),
    ("Basytec", r"Basytec"),
    ("Gamry", r"^EXPLAIN"),
    ("PEC", r"TestRegime|Load On Time"),
    ("Digatron", r"AhAccu|Digatron"),
    ("Bitrode", r"Loop Counter ?#1|Bitrode"),
    ("Repower", r"Relative Time\((?:Sec|Hour)\)"),
    ("Neware", r"Record ?ID.*h:min:s|DChg\. ?Cap|DataPoint.*Step Type|工步类型|CmpEng"),
    ("Landt", r"TestTime/Sec|SCapacity|测试时间/Sec"),
    ("Squidstat", r"Working Electrode \(V\)"),
    ("Autolab", r"WE\(1\)\."),
    ("Maccor", r"Maccor|Cyc#.*Amp-?hr|Rec#|Cycle P\b"),
    ("Arbin", r"TC_Counter|Data[_ ]Point|Test_Time\(s\).*Charge_Capacity"),
    ("Battery Data Format", r"test_time_second|Test Time / s"),
)


@dataclass(frozen=True, slots=True)
class Layout:
    """How the table in a text is written.

    Attributes
    ----------
    lines : list of str
        All lines of the file.
    header : int or None
        Index of the line of headings; None if there is none.
    first : int
        Index of the first line after headings and units.
    delimiter : str
        A key of `DELIMITER_NAMES`.
    headings, units : tuple of str
        Of each column; units are those of a row below the headings, else empty.
    nested : tuple of tuples of str
        Headings of the levels above a record in Neware's nested export, outermost first.
    """

    lines: list[str] = field(repr=False)
    encoding: str
    header: int | None
    first: int
    delimiter: str
    headings: tuple[str, ...]
    units: tuple[str, ...]
    nested: tuple[tuple[str, ...], ...] = ()

    @property
    def maker(self) -> str:
        """What the file looks like."""
        head = "\n".join(line[:2000] for line in self.lines[: (self.header or 0) + 1])
        for name, marks in _MAKERS:
            if re.search(marks, head, re.I | re.M):
                return name
        return ""


def read_layout(path: str, content: bytes, columns: Mapping[str, str]) -> Layout:
    """Find the table in a file.

    Parameters
    ----------
    path : str
        For messages.
    content : bytes
        The file.
    columns : mapping
        Headings, or numbers from 1, that the user gives for quantities.

    Raises
    ------
    InputError
        If the file is empty or no text, or no table is in it.
    """
    if not content.strip(b"\0\r\n\t \xff\xfe\xef\xbb\xbf"):
        raise InputError(f"{path}: is empty; give the file that the cycler exported")
    for start, what, advice in _BINARY:
        if content.removeprefix(b"\xef\xbb\xbf").startswith(start):
            raise InputError(f"{path}: is {what}, which is not read; {advice}")
    for encoding, text in _decoded(path, content):
        lines = re.split(r"\r\n|\n|\r", text)
        if found := _with_headings(lines, encoding, tuple(columns.values())):
            return found
        if columns and all(given.isdecimal() for given in columns.values()):
            return _without_headings(path, lines, encoding)
    example = "--column time=1 --column current=2 --column voltage=3"
    raise InputError(
        f"{path}: no line of headings such as time/s, Ewe/V and I/mA is in it; "
        f"give their numbers or names, {example}"
    )


def load_bytes(path: str) -> bytes:
    """The content of a file of a cycler; of a binary one of Neware (.nda, .ndax), its records as CSV.

    Raises
    ------
    InputError
        If it cannot be read, is no regular file, or too large.
    """
    content = read_regular(path, MOST_BYTES, "a file of a cycler")
    if not content or not path.lower().endswith((".nda", ".ndax")):
        return content
    try:
        fastnda = optional("fastnda", path, "'sbpath[neware]', or export CSV with BTSDA")
        if path.lower().endswith(".ndax"):
            with zipfile.ZipFile(path) as packed:
                unpacked = sum(item.file_size for item in packed.infolist())
            if unpacked > MOST_BYTES:
                raise InputError(
                    f"{path}: unpacks to {unpacked:,} bytes, more than {MOST_BYTES:,}; export a part of it as CSV with BTSDA"
                )
        return fastnda.read(path).write_csv().encode()
    except InputError:
        raise
    except Exception as error:  # whatever a damaged file makes of it
        raise InputError(f"{path}: fastnda cannot read it ({error}); export it as CSV with BTSDA") from None


def _decoded(path: str, content: bytes) -> Iterator[tuple[str, str]]:
    """The text in each encoding that it may have, the likely one first."""
    body = content.rstrip(b"\0")
    zeros = body[:4000].count(0)
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        guesses = ["utf-16"]
        body = content[: len(content) - len(content) % 2]
    elif zeros > len(body[:4000]) // 3:
        guesses = ["utf-16-le" if body[1:4000:2].count(0) > body[:4000:2].count(0) else "utf-16-be"]
        body = content[: len(content) - len(content) % 2]
    else:
        guesses = ["utf-8-sig", "cp1252", "gb18030", "shift_jis", "cp949", "latin-1"]
    any_text = False
    for encoding in guesses:
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            continue
        text = text.rstrip("\0")
        if "\0" in text or sum(text[:4000].count(chr(code)) for code in range(1, 9)) > 2:
            continue
        any_text = True
        yield encoding.removesuffix("-sig"), text
    if not any_text:
        raise InputError(f"{path}: is not a file of text; export it from the cycler's program as text or CSV")


def split_row(line: str, delimiter: str) -> list[str]:
    """The cells of a line, without spaces and quotes around them."""
    return [cell.strip() for cell in _split(line, delimiter)]


def _split(line: str, delimiter: str) -> list[str]:
    if delimiter == " ":
        return line.split()
    if '"' in line:
        try:
            cells = next(csv.reader([line], delimiter=delimiter))
        except (csv.Error, StopIteration):
            pass
        else:  # one cell: a line that is quoted as a whole
            return cells[0].split(delimiter) if len(cells) == 1 else cells
    return line.split(delimiter)


def _with_headings(lines: Sequence[str], encoding: str, given: Sequence[str]) -> Layout | None:
    """The table below the line that has most of the headings that are needed; None if no line has two of them.

    A line with numbers below its headings comes before any other.
    """
    best, best_score = None, (False, 1)
    for number, line in enumerate(lines[:MOST_HEADER_LINES]):
        if len(line) > MOST_LINE_CHARS:
            continue
        for delimiter in DELIMITER_NAMES:
            if delimiter not in line:
                continue
            below = lines[number + 1 : number + 7]
            for cells in _heading_rows(line, delimiter, below):
                # Headings do not begin with digits.
                digits = sum(cell[:1] in _NUMBER_STARTS for cell in cells)
                if len(cells) > MOST_COLUMNS or 2 * digits > len(cells):
                    continue
                found = _score(cells, given, delimiter)
                if found < 2 or (True, found) <= best_score:
                    continue
                score = (_numbers_below(cells, delimiter, below), found)
                if score > best_score:
                    best, best_score = (number, delimiter, cells), score
        if best_score == (True, 3 + len(given)):
            break
    if best is None:
        return None
    number, delimiter, cells = best
    first, units = number + 1, [""] * len(cells)
    below = split_row(lines[first], delimiter) if first < len(lines) else []
    named = [cell for cell in below if cell]
    if len(below) <= len(cells) + 1 and sum(map(is_unit, named)) >= 2 and not any(map(_is_number, named)):
        units[: len(below)] = below[: len(cells)]
        first += 1
    return Layout(
        list(lines), encoding, number, first, delimiter, tuple(cells), tuple(units),
        _levels(lines, number, delimiter, cells),
    )  # fmt: skip


def _heading_rows(line: str, delimiter: str, below: Sequence[str]) -> Iterator[list[str]]:
    """The cells of a line of headings, also without a mark of a comment before it; between spaces, as many as in a row below."""
    for text in dict.fromkeys((line, _COMMENT.sub("", line))):
        cells = split_row(text, delimiter)
        if delimiter != " " or any(len(row.split()) == len(cells) for row in below):
            yield cells


def _numbers_below(cells: Sequence[str], delimiter: str, below: Sequence[str]) -> bool:
    """Whether a row below headings has numbers, and no words, in the columns of voltage and current."""
    wanted = [
        i for i, cell in enumerate(cells) if any(m.quantity in ("voltage", "current") for m in meanings(cell))
    ]
    for row in (split_row(line, delimiter) for line in below):
        there = [row[i] for i in wanted if i < len(row) and row[i].lower() not in MISSING]
        if there and all(map(_is_number, there)):
            return True
    return not wanted


def _score(cells: Sequence[str], given: Sequence[str], delimiter: str) -> int:
    """How many of the needed quantities a line of cells has as headings; between spaces, units alone may be words."""
    lowest = UNNAMED if delimiter == " " else UNNAMED + 1
    quantities = {meaning.quantity for cell in cells for meaning in meanings(cell) if meaning.group < lowest}
    clock = bool(quantities & {"time", "step time", "date", "capacity", "specific capacity"})
    found = clock + ("voltage" in quantities) + bool(quantities & {"current", "current density"})
    return found + sum(name in cells for name in given)


def _levels(
    lines: Sequence[str], header: int, delimiter: str, cells: Sequence[str]
) -> tuple[tuple[str, ...], ...]:
    """Headings of the levels above records that are indented by empty cells, as in Neware's nested export."""
    depth = next((i for i, cell in enumerate(cells) if cell), 0)
    above = [split_row(line, delimiter) for line in lines[max(header - depth, 0) : header]]
    if not depth or len(above) != depth:
        return ()
    starts = [next((i for i, cell in enumerate(row) if cell), -1) for row in above]
    return tuple(map(tuple, above)) if starts == [*range(depth)] else ()


def _without_headings(path: str, lines: Sequence[str], encoding: str) -> Layout:
    """The table that begins with the first line of numbers."""
    for number, line in enumerate(lines[:MOST_HEADER_LINES]):
        for delimiter in DELIMITER_NAMES:
            cells = split_row(line, delimiter) if delimiter in line else []
            filled = [cell for cell in cells if cell]
            if len(filled) > 1 and len(cells) <= MOST_COLUMNS and all(map(_is_number, filled)):
                names = tuple(f"column {i}" for i in range(1, len(cells) + 1))
                return Layout(list(lines), encoding, None, number, delimiter, names, ("",) * len(cells))
    raise InputError(f"{path}: no line of numbers is in it; give the file that the cycler exported")


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"[-+]?[\d.,:]*\d[\d.,:]*(?:e[-+]?\d+)?", cell, re.I) is not None


@dataclass(frozen=True, slots=True)
class Rows:
    """The cells of some columns.

    Attributes
    ----------
    cells : dict
        By index of the column; those of the levels above a record have negative ones, -1 for the innermost.
    numbers : list of int
        Line of each row, from 1.
    begins : list of bool
        Whether the headings are repeated before a row.
    notes : tuple of str
        What was left out.
    """

    cells: dict[int, list[str]]
    numbers: list[int]
    begins: list[bool]
    notes: tuple[str, ...]


def read_rows(path: str, layout: Layout, wanted: Sequence[int], numeric: Sequence[int]) -> Rows:
    """The cells of the columns `wanted`, with rows that are cut or of no table left out.

    Parameters
    ----------
    path, layout : str, Layout
        The file.
    wanted, numeric : sequences of int
        Columns, and those of them that hold numbers.

    Raises
    ------
    InputError
        If there are no rows, they have more cells than there are headings, or a second table begins.
    """
    width, last, depth = len(layout.headings), max(wanted), len(layout.nested)
    above = {level - depth: _level_columns(row) for level, row in enumerate(layout.nested)}
    label = dict.fromkeys(above, "")
    cells: dict[int, list[str]] = {column: [] for column in (*wanted, *above)}
    numbers: list[int] = []
    lengths: list[int] = []
    filled: list[int] = []  # without empty cells beyond the headings
    cut: list[int] = []
    repeats: list[int] = []
    for number, line in enumerate(layout.lines[layout.first :], layout.first + 1):
        if not line or line.isspace():
            continue
        row = _split(line, layout.delimiter) if len(line) <= MOST_LINE_CHARS else []
        level = next((i for i, cell in enumerate(row) if cell and not cell.isspace()), 0) if depth else 0
        if level < depth:
            label[level - depth] = " ".join(
                row[i].strip() for i in above[level - depth] if i < len(row)
            ).strip()
            continue
        if len(row) <= last:
            cut.append(number)
            continue
        if repeats[-1:] == cut[-1:] == [number - 1] and layout.units == tuple(
            split_row(line, layout.delimiter)
        ):
            cut.append(number)
            continue
        if not any(map(_DIGIT.search, (row[column] for column in numeric))) and (
            _score(row, (), layout.delimiter) > 1
        ):
            if layout.headings not in map(tuple, _heading_rows(line, layout.delimiter, [line])):
                raise InputError(
                    f"{path}: line {number}: a second table begins, with other headings; split the file there"
                )
            cut.append(number)
            repeats.append(number)
            continue
        numbers.append(number)
        lengths.append(len(row))
        filled.append(len(row) if any(row[width:]) else min(len(row), width))
        for column in wanted:
            cells[column].append(row[column].strip())
        for above_record, text in label.items():
            cells[above_record].append(text)
    few = max(3, len(numbers) // 100)
    wide = [number for number, length in zip(numbers, filled, strict=True) if length > width]
    if 2 * len(wide) > len(numbers) or len(wide) > few:
        raise InputError(
            f"{path}: line {wide[0]}: has more cells than there are headings ({width}); with a decimal comma, "
            "cells are separated by semicolons or tabs"
        )
    usual = max(set(lengths), key=lengths.count, default=width)
    odd = {i for i, length in enumerate(lengths) if length != usual}  # cells may have moved
    if len(odd) > few:  # a table whose rows end where they are empty
        odd = {i for i in odd if filled[i] > width}
    if numbers and layout.lines[-1] and numbers[-1] == len(layout.lines) and len(numbers) > FEW_ROWS:
        # The last line has no end: its last cell may be cut.
        last_cells = cells[last][-MOST_ROWS - 1 :]
        if lengths[-1] == last + 1 and len(last_cells[-1]) < min(map(len, last_cells[:-1])):
            odd.add(len(numbers) - 1)
    if len(numbers) > FEW_ROWS:  # one number of fewer digits than all others, at the end of its row
        digits = [len(text.replace(",", ".").partition(".")[2]) for text in cells[last]]
        short = digits.index(min(digits))
        if (
            lengths[short] == last + 1
            and len({*digits[:short], *digits[short + 1 :]}) == 1
            and digits.count(digits[short]) == 1
        ):
            odd.add(short)
    if odd:
        cut += [numbers[i] for i in odd]
        kept = [i for i in range(len(numbers)) if i not in odd]
        cells = {column: [texts[i] for i in kept] for column, texts in cells.items()}
        numbers = [numbers[i] for i in kept]
    if not numbers:
        raise InputError(f"{path}: has headings but no rows below them; give a file with records")
    tables = np.searchsorted(repeats, numbers)
    begins = (np.diff(tables, prepend=0) > 0).tolist()
    return Rows(cells, numbers, begins, (left_out("cut, or not of the table", sorted(cut)),) if cut else ())


def left_out(why: str, lines: Sequence[int]) -> str:
    """A sentence on rows that are not used."""
    many = len(lines) > 1
    return f"{len(lines)} row{'s' * many} left out, {why}: line{'s' * many} {listed(lines)}."


def _level_columns(headings: Sequence[str]) -> list[int]:
    """Columns of a level that say which cycle or step it is."""
    return [i for i, heading in enumerate(headings) if {"cycle", "step", "state"} & {
        meaning.quantity for meaning in meanings(heading)
    }]  # fmt: skip
