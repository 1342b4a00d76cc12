"""Tables, and the format of numbers, plateaus and paths in them."""

from __future__ import annotations

import math
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Generic, TypeVar

from sbpath.results.cycles import HalfCycle
from sbpath.results.pathways import Pathways, main_paths
from sbpath.solution import Solution

Row = TypeVar("Row", contravariant=True)

# Characters that a column keeps on the narrowest terminal.
NARROWEST = 20


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One column of a table, as written to a file and as printed.

    Attributes
    ----------
    heading : str
        Heading in a file, with the unit in brackets; empty for a column that is only printed.
    value : callable
        Its value in a row; None is an empty cell in a file and printed as a dash.
    file : str
        Format in a file.
    short : str
        Heading in print, " " for none; empty for a column that is only written to files.
    terminal : str
        Format in print.
    """

    heading: str
    value: Callable[[Row], Any]
    file: str = "{}"
    short: str = ""
    terminal: str = "{}"


def file_table(columns: Sequence[Column[Row]], rows: Iterable[Row]) -> tuple[list[str], list[list[str]]]:
    """Headings and rows for a file, with all digits."""
    chosen = [column for column in columns if column.heading]
    return [column.heading for column in chosen], [
        [_cell(column.value(row), column.file, "") for column in chosen] for row in rows
    ]


def printed_cells(columns: Sequence[Column[Row]], rows: Iterable[Row]) -> tuple[list[str], list[list[str]]]:
    """Headings and rows for a terminal."""
    chosen = [column for column in columns if column.short]
    return [column.short.strip() for column in chosen], [
        [_cell(column.value(row), column.terminal, "-") for column in chosen] for row in rows
    ]


def printed_table(columns: Sequence[Column[Row]], rows: Iterable[Row]) -> str:
    """The table for a terminal."""
    return table(*printed_cells(columns, rows))


def _cell(value: Any, form: str, missing: str) -> str:
    return missing if value is None else _NEGATIVE_ZERO.sub(r"\1", form.format(value))


# A sign in front of nothing but zeros, at most with a unit after them.
_NEGATIVE_ZERO = re.compile(r"^( *)-(?=0(?:\.0*)?(?:e[+-]?0+)?(?:[ %][^0-9]*)?$)")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Left-aligned columns as wide as needed, separated by two spaces; zeros have no sign.

    On a terminal that is too narrow, columns continue in further blocks, each with the first ones that tell the
    rows apart, and long cells on further lines.
    """
    rows = [[_NEGATIVE_ZERO.sub(r"\1", cell) for cell in row] for row in rows]
    columns = list(zip(head, *rows, strict=True))
    shown = _line_width()
    if sum(_widths(columns)) + 2 * (len(columns) - 1) <= shown:
        return _block(columns)
    keys = next((n for n in (1, 2) if len({tuple(row[:n]) for row in rows}) == len(rows)), 1)
    first = columns[:keys]
    left, room = 0, max(int(shown) - sum(_widths(first)) - 2 * keys, NARROWEST)
    blocks: list[list[tuple[str, ...]]] = []
    for column in columns[keys:]:
        column = tuple(cell if len(cell) <= room else _broken(cell, room) for cell in column)
        (width,) = _widths([column])
        if width > left:
            blocks.append(list(first))
            left = room
        blocks[-1].append(column)
        left -= width + 2
    return "\n\n".join(map(_block, blocks))


def _line_width() -> float:
    """Characters in a line of the terminal; in a file or pipe there is no limit."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else math.inf


def _broken(cell: str, width: int) -> str:
    """A cell in lines of at most `width` characters, each item of a list on a line of its own."""
    return "\n".join(textwrap.fill(item, width) for item in re.split("(?<=,) ", cell))


def _widths(columns: Sequence[Sequence[str]]) -> list[int]:
    return [max(len(line) for cell in column for line in cell.split("\n")) for column in columns]


def _block(columns: Sequence[Sequence[str]]) -> str:
    """Columns beside each other, cells of several lines downwards."""
    widths = _widths(columns)
    lines = [
        "  ".join(part.ljust(width) for part, width in zip(parts, widths, strict=True))
        for row in zip(*columns, strict=True)
        for parts in zip_longest(*(cell.split("\n") for cell in row), fillvalue="")
    ]
    return "\n".join(line.rstrip() for line in lines)


def indented(text: str) -> str:
    """`text` as an indented paragraph, later lines indented further."""
    return textwrap.fill(text, 100, initial_indent="  ", subsequent_indent="    ")


def plateaus_text(half: HalfCycle) -> str:
    """``0.850 x 437, 0.799 x 219``, or a dash."""
    return ", ".join(f"{p.voltage_V:.3f} x {p.extent_mAh_per_g:.0f}" for p in half.plateaus) or "-"


def path_text(way: Pathways | None, labels: dict[str, str] | None = None, every: bool = False) -> str:
    """``Sb -> Li2Sb -> Li3Sb``, by label if given; ``A -> B (55 %), A -> C (41 %)`` where no path took `MAIN_SHARE`.

    The percentages are shares of the host; a dash if almost nothing was converted. With `every`, all paths
    with their shares to a tenth of a percent.
    """
    named = [
        (" -> ".join((labels or {}).get(node, node) for node in path.phases), path.share)
        for path in (way.paths if way and every else main_paths(way.paths) if way else ())
    ]
    if len(named) == 1 and not every:
        return named[0][0]
    return ", ".join(f"{text} ({100.0 * share:.{int(every)}f} %)" for text, share in named) or "-"


def ways_note(ways: Iterable[Pathways | None]) -> list[str]:
    """A note on the percentages of `path_text`, if it prints any."""
    if any(way and len(main_paths(way.paths)) > 1 for way in ways):
        return ["path: where none took 90 % of what reacted, the share of the host that took each"]
    return []


def which_cycle(solution: Solution, cycle: int) -> str:
    """``cycle 2 of 2; cycle 1 is formation``: the cycle that a table or figure shows."""
    text = f"cycle {cycle} of {solution.steps[-1].cycle}"
    initial, host = solution.experiment.initial, solution.mechanism.initial_phase
    if initial.fractions[host] < 1.0 or initial.particles is not None:
        return text
    return f"{text}, formation" if cycle == 1 else f"{text}; cycle 1 is formation"


def signed(value: float) -> str:
    """``+1.2``, or ``0.0`` without a sign if it rounds to zero."""
    return f"{value:+.1f}" if abs(value) >= 0.05 else "0.0"
