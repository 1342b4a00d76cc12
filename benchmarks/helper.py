"""What all benchmarks share: fair timing, tables, facts about the machine, and the README."""

from __future__ import annotations

import os
import platform
import re
import time
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

README = Path(__file__).with_name("README.md")

# Of a quick contestant a round holds as many runs as fit in this time (s). The first of them is
# not counted: it pays for the caches that the contestant before it has filled.
BLOCK_S = 0.06
# A slow one stops taking part in the rounds when it has had this much time (s).
PATIENCE_S = 12.0


class NotInstalledError(Exception):
    """Software that a benchmark wants is missing; the message says how to install it."""


def interleaved(contestants: dict[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Time of each contestant (s) in each round.

    They take turns, so that a slow moment of the machine falls on all of them, and the
    ratios of a round hold where the times do not. It is time of the processor: on an idle machine the same
    as time on the wall, since all of them calculate on one thread; on a busy one it leaves out
    the turns of others, which a long run always has to wait for and a short one seldom.
    """
    blocks: dict[str, list[float]] = {name: [] for name in contestants}
    spent = dict.fromkeys(contestants, 0.0)
    for _ in range(rounds):
        for name, run in contestants.items():
            if spent[name] < PATIENCE_S:
                times = _block(run)
                spent[name] += sum(times)
                blocks[name].append(median(times[1:] or times))
    return blocks


def paired(times: list[float], others: list[float]) -> float:
    """Median over rounds of a contestant's time by that of another in the same round."""
    return median(one / other for one, other in zip(times, others, strict=False))


def _block(run: Callable[[], Any]) -> list[float]:
    times: list[float] = []
    while not times or sum(times) < BLOCK_S:
        begin = time.process_time()
        run()
        times.append(time.process_time() - begin)
    return times


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table that reads well as plain text too; the first column is left-aligned."""
    cells = [list(head), *(list(row) for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]

    def line(row: Sequence[str]) -> str:
        padded = [row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))]
        return f"| {' | '.join(padded)} |"

    rule = "|".join(["-" * (widths[0] + 2), *("-" * (w + 1) + ":" for w in widths[1:])])
    return "\n".join([line(cells[0]), f"|{rule}|", *(line(row) for row in cells[1:])])


def milliseconds(seconds: float) -> str:
    """A time with three digits."""
    return _digits(seconds * 1e3)


def ratio(number: float) -> str:
    """A ratio with two digits, as a factor."""
    return f"{number:.2f}" if number < 10 else f"{number:,.0f}"


def _digits(number: float) -> str:
    decimals = 2 if number < 10 else 1 if number < 100 else 0
    return f"{number:,.{decimals}f}"


def error(volts: float) -> str:
    """An error in V; what was not measured is a dash."""
    return "-" if volts != volts else f"{volts:.0e}"


def installed(package: str) -> str | None:
    """The version of a package, or None."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def machine(packages: Sequence[str]) -> str:
    """One line about where numbers come from: processor, cores, load, versions."""
    parts = [f"{_processor()}, {os.cpu_count()} cores", platform.system()]
    if hasattr(os, "getloadavg"):
        parts.append(f"load {os.getloadavg()[0]:.1f}")
    versions = [("Python", platform.python_version()), *((name, installed(name)) for name in packages)]
    parts.append(", ".join(f"{name} {number}" for name, number in versions if number))
    return f"{time.strftime('%Y-%m-%d')}: {'; '.join(parts)}."


def _processor() -> str:
    """Its name, as far as the system tells."""
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()


def read_readme(name: str) -> str:
    """What is between the markers of a benchmark in the README of this folder."""
    whole = README.read_text(encoding="utf-8")
    return whole.partition(f"<!-- begin {name} -->")[2].partition(f"<!-- end {name} -->")[0]


def write_readme(name: str, text: str) -> None:
    """Put `text` between the markers of a benchmark in the README of this folder."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    whole = README.read_text(encoding="utf-8")
    first, last = whole.index(begin) + len(begin), whole.index(end)
    README.write_text(f"{whole[:first]}\n{text}\n{whole[last:]}", encoding="utf-8")
