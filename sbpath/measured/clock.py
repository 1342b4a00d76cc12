"""The time of each row: from a clock that runs on, one that restarts in each step, or dates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sbpath.errors import InputError
from sbpath.measured.headings import unit_factor
from sbpath.measured.layout import left_out

# A unit of time follows from dates if it agrees within this share.
MOST_DISAGREEMENT = 0.02
DAY_S, HOUR_S = 86400.0, 3600.0
UNITS = ("s", "min", "h", "ms", "d")


def unit_from_dates(numbers: NDArray[np.float64], dates: NDArray[np.float64]) -> str | None:
    """The unit of `numbers` with which they pass as dates (s) do; None if none does."""
    counted, passed = np.diff(numbers), np.diff(dates)
    good = (counted > 0.0) & (passed > 0.0)
    if not np.any(good):
        return None
    ratio = float(np.sum(passed[good]) / np.sum(counted[good]))
    # Dates are often written to the second.
    near = [
        unit for unit in UNITS if abs(ratio / (unit_factor("time", unit) or 1.0) - 1.0) < MOST_DISAGREEMENT
    ]
    return near[0] if near else None


def past_midnight(time: NDArray[np.float64], step: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Which day each time of the day (s) is of, from 0, shape (n,); None if they are no times of the day.

    Those fall only within a step, from the last hour of a day to the first of the next.
    """
    rows = np.flatnonzero(np.isfinite(time))
    known = time[rows]
    falls = np.diff(known) < 0.0
    from_late_to_early = (known[:-1] >= DAY_S - HOUR_S) & (known[1:] <= HOUR_S) & (np.diff(step[rows]) == 0)
    if not np.any(falls) or not np.all(from_late_to_early[falls]) or np.max(known) >= DAY_S:
        return None
    days = np.zeros(len(time), dtype=np.int64)
    days[rows[1:]] = np.cumsum(falls)
    return days


def running_time(
    path: str,
    time: NDArray[np.float64],
    step: NDArray[np.int64],
    lines: Sequence[int],
    in_step: bool,
    heading: str,
) -> tuple[NDArray[np.float64], NDArray[np.bool_], list[str]]:
    """A clock that never falls, from one that may restart in each step.

    Parameters
    ----------
    path, lines, heading : str, sequence of int, str
        For messages: the file, the line of each row, and the heading of the clock.
    time : array, shape (n,)
        As the clock shows (s).
    step : integer array, shape (n,)
        Grows where a step begins.
    in_step : bool
        Whether the clock counts from the beginning of each step.

    Returns
    -------
    time, kept, notes
        Time (s) of each row, shape (n,); which rows can be used; and what was done, in sentences.

    Raises
    ------
    InputError
        If time falls where no step begins.
    """
    kept = np.ones(len(time), dtype=bool)
    stray: list[int] = []
    for _ in range(3):
        rows = np.flatnonzero(kept)
        seen = time[rows]
        out: set[int] = set()
        for fall in np.flatnonzero(np.diff(seen) < 0.0):
            if in_step and step[rows[fall]] != step[rows[fall + 1]]:
                continue
            before = seen[fall - 1] if fall else -np.inf
            after = seen[fall + 2] if fall + 2 < len(seen) else np.inf
            if after >= seen[fall] and np.isfinite(after):
                out.add(int(rows[fall + 1]))
            if seen[fall + 1] >= before and (fall or step[rows[0]] == step[rows[1]]):
                out.add(int(rows[fall]))
        if not out:
            break
        kept[list(out)] = False
        stray += sorted(out)
    rows = np.flatnonzero(kept)
    seen = time[rows]
    begins = np.diff(step[rows]) != 0
    falls = np.diff(seen) < 0.0
    restarts = (begins | falls) if in_step else (begins & falls)
    if not in_step and np.any(wrong := np.flatnonzero(falls & ~begins)):
        row = int(wrong[0])
        more = f", and in {len(wrong) - 1} more rows" if len(wrong) > 1 else ""
        raise InputError(
            f"{path}: line {lines[rows[row + 1]]}: time runs backwards, from {seen[row]:g} to {seen[row + 1]:g} s{more}; "
            "name another clock (--column time=...), or leave out what is recorded twice"
        )
    passed = np.where(restarts, np.maximum(seen[1:], 0.0), np.diff(seen))
    result = np.zeros(len(time))
    result[rows] = np.concatenate([[0.0], np.cumsum(passed)])
    notes = []
    if stray:
        notes.append(left_out("time steps back there for one row", [lines[i] for i in sorted(stray)]))
    if np.any(restarts):
        notes.append(
            f"Time ({heading}) restarts {int(np.sum(restarts))} times, at changes of step; joined end to end."
        )
    return result, kept, notes
