"""Columns of text as numbers: decimals with point or comma, clocks such as ``1d 02:03:04``, and dates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]\d{1,3})?")
_COMMA = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]\d{1,3})?")
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+")
_CLOCK = re.compile(
    r"(?:(\d+)(?:\s*d(?:ays?)?[,\s]+|\s*[-.]\s*|\s+))?(\d+):(\d{1,2}):(\d{1,2})(?:[.,:](\d+))?\s*([AP]M)?",
    re.I,
)
_DATE = re.compile(
    r"(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})(?:[T\s]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,:](\d+))?)?)?\s*([AP]M)?"
    r"(?:Z|[+-]\d{2}:?\d{2})?",
    re.I,
)
_DAY = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")
_TIME_OF_DAY = re.compile(r"\d{1,2}:\d{2}(?::\d{2}(?:[.,:]\d+)?)?(\s*[AP]M)?", re.I)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
# 28-Mar-24, 28 March 2024 and Mar 28, 2024
_NAMED_MONTH = re.compile(
    rf"(?:(\d{{1,2}})[-\s.]+)?({'|'.join(_MONTHS)})[a-z]*[-\s.]+(?:(\d{{1,2}}),?\s+)?(\d{{4}}|\d{{2}})(?=\s|$)",
    re.I,
)
# Cells that are not there.
MISSING = frozenset(
    ("", "nan", "-nan", "inf", "-inf", "+inf", "na", "n/a", "#n/a", "null", "none", "-", "--", "---")
)


class NotNumbers(Exception):
    """Cells contradict each other; the message says how."""


def decimal_mark(columns: Sequence[Sequence[str]], separator: str) -> str:
    """The decimal mark of columns of cells, point or comma.

    Raises
    ------
    NotNumbers
        If some numbers have a point and others a comma.
    """
    commas, points, both = [], [], []
    for cells in columns:
        with_comma = [cell for cell in cells if "," in cell and _CLOCK.fullmatch(cell) is None]
        commas += [cell for cell in with_comma if "." not in cell]
        both += [cell for cell in with_comma if "." in cell]
        points += [cell for cell in cells if "." in cell and "," not in cell and _PLAIN.fullmatch(cell)]
    if both:
        comma = [cell for cell in both if cell.rindex(",") > cell.rindex(".")]
        point = [cell for cell in both if cell.rindex(",") < cell.rindex(".")]
        comma += [cell for cell in commas if point and _GROUPED.fullmatch(cell) is None]
        if point and comma:
            raise NotNumbers(
                f"{comma[0]!r} has a decimal comma, and {point[0]!r} a decimal point; export it again with one"
            )
        return "," if comma else "."
    if not commas or (separator == "," and all(map(_GROUPED.fullmatch, commas))):
        return "."
    if points:
        raise NotNumbers(
            f"{commas[0]!r} has a decimal comma, and {points[0]!r} a decimal point; export it again with one"
        )
    return ","


def as_numbers(cells: Sequence[str], mark: str) -> NDArray[np.float64]:
    """Cells as numbers, nan where they are none, shape (n,)."""
    if mark == ",":
        cells = [cell.replace(".", "").replace(",", ".") if "," in cell else cell for cell in cells]
    elif any("," in cell for cell in cells):
        cells = [cell.replace(",", "") if "," in cell else cell for cell in cells]
    if re.search(r"[eE]\d|_|[^\x00-\x7f]", " ".join(cells)) is None:
        try:
            return np.array(cells, dtype=np.float64)
        except ValueError:
            pass
    return np.array([float(cell) if _PLAIN.fullmatch(cell) else np.nan for cell in cells])


def last_digit(cells: Sequence[str], mark: str) -> float:
    """What the last digit of the longest number stands for; 0 if some have exponents."""
    decimals = [len(cell.partition(mark)[2]) for cell in cells]
    return 0.0 if any("e" in cell.lower() for cell in cells) else 10.0 ** -max(decimals)


def kind(cells: Sequence[str]) -> str:
    """What most cells are: ``clock``, times such as ``1d 02:03:04``; ``day``, dates without a time; ``date``; or else empty."""
    dates = _numbered_months(cells)
    forms = (("clock", cells, _CLOCK), ("day", dates, _DAY), ("date", dates, _DATE))
    return next((name for name, texts, form in forms if _most(texts, form)), "")


def clock_seconds(cells: Sequence[str]) -> NDArray[np.float64]:
    """Times such as ``1d 02:03:04.5``, ``26:03:04`` or ``0-00:00:10`` in s, nan where they are none, shape (n,)."""
    found = np.full(len(cells), np.nan)
    for i, cell in enumerate(cells):
        if match := _CLOCK.fullmatch(cell):
            days, hours, minutes, seconds, part, half = match.groups()
            if int(minutes) < 60 and int(seconds) < 60:
                hour = _hour(int(hours), half)
                whole = int(days or 0) * 86400 + hour * 3600 + int(minutes) * 60 + int(seconds)
                found[i] = whole + float(f"0.{part}") if part else whole
    return found


def dates_of(days: Sequence[str], times: Sequence[str]) -> list[str] | None:
    """Days and times of day as dates; None if the times are not of the day, but run on through midnight or restart."""
    if kind(days) != "day" or not _most(times, _TIME_OF_DAY):
        return None
    dates = [f"{day} {time}" for day, time in zip(days, times, strict=True)]
    passed = np.diff(date_seconds(dates)[0])
    of_day = any((match := _TIME_OF_DAY.fullmatch(cell)) and match[1] for cell in times)
    falls = np.diff(date_seconds([f"2000-01-01 {time}" for time in times])[0]) < 0.0
    return dates if (of_day or np.any(falls)) and not np.any(passed < 0.0) else None


def date_seconds(cells: Sequence[str]) -> tuple[NDArray[np.float64], str]:
    """Dates as seconds, nan where they are none, shape (n,), and the order in which they are written.

    Year first, else day or month first: whichever is a date in every row and lets time pass, and less of it if both do.
    """
    fields = [_DATE.fullmatch(cell) for cell in _numbered_months(cells)]
    first = next((match for match in fields if match), None)
    orders = ("year-month-day",) if first and len(first[1]) == 4 else ("month/day/year", "day.month.year")
    if first and "." in first[0][:5] and len(orders) > 1:
        orders = orders[::-1]
    tried = []
    for order in orders:
        seconds = np.array([_seconds(match, order) for match in fields])
        known = seconds[np.isfinite(seconds)]
        falls = int(np.sum(np.diff(known) < 0.0))
        lost = len(seconds) - len(known)
        span = float(np.max(known) - np.min(known)) if len(known) else np.inf
        tried.append(((lost, falls, span), seconds, order))
    _, seconds, order = min(tried, key=lambda item: item[0])
    return seconds, order


def _numbered_months(cells: Sequence[str]) -> Sequence[str]:
    """Dates with the names of months written as year-month-day."""
    if not any(map(_NAMED_MONTH.match, cells[:20])):
        return cells
    return [_NAMED_MONTH.sub(_numbered_month, cell) for cell in cells]


def _numbered_month(match: re.Match[str]) -> str:
    before, name, after, year = match.groups()
    month = _MONTHS.index(name[:3].lower()) + 1
    return f"{'20' * (len(year) == 2)}{year}-{month}-{before or after or ''}"


def _seconds(match: re.Match[str] | None, order: str) -> float:
    if match is None:
        return float("nan")
    one, two, three, hour, minute, second, part, half = match.groups()
    year, month, day = {
        "year-month-day": (one, two, three),
        "month/day/year": (three, one, two),
        "day.month.year": (three, two, one),
    }[order]
    try:
        date = datetime(
            int(year) + 2000 * (len(year) == 2), int(month), int(day), _hour(int(hour or 0), half), int(minute or 0)
        )  # fmt: skip
    except (ValueError, OverflowError):
        return float("nan")
    passed = date - datetime(2000, 1, 1) + timedelta(seconds=int(second or 0))
    return passed.total_seconds() + float(f"0.{part or 0}")


def _hour(hour: int, half: str | None) -> int:
    """The hour of the day, of a clock of twelve hours if `half` is AM or PM."""
    return hour % 12 + 12 * (half.upper() == "PM") if half else hour


def _most(cells: Sequence[str], form: re.Pattern[str]) -> bool:
    """Whether more than half of the cells that are there have a form, judged by up to a thousand of them."""
    there = [cell for cell in cells[:1000] if cell.lower() not in MISSING]
    return bool(there) and sum(form.fullmatch(cell) is not None for cell in there) > len(there) // 2
