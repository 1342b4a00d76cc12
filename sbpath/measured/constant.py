"""A curve without a column of current, measured at a constant one that the user states."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# A capacity starts anew where it falls to this share of its range in one row.
NEAR_ZERO = 0.05
# The voltage turns where it has come back by this share of its range.
TURN = 0.25


def from_capacity(
    charge: NDArray[np.float64], voltage: NDArray[np.float64], current: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Time (s) and current (A, positive where the voltage falls) of rows of charge (C), each of shape (n,).

    The charge starts anew in each half cycle, or goes back on extraction.
    """
    change = np.diff(charge, prepend=charge[:1])
    span = float(np.ptp(charge))
    anew = (change < -NEAR_ZERO * span) & (charge <= np.min(charge) + NEAR_ZERO * span)
    change[anew] = 0.0
    if np.any(change < -1e-3 * span):
        way = following(np.sign(change))
        falls = -np.sum(way * np.diff(voltage, prepend=voltage[:1])) >= 0.0
        way = way if falls else -way
    else:
        half = np.cumsum(anew)
        ends = np.flatnonzero(np.diff(half, append=half[-1] + 1))
        starts = np.concatenate([[0], ends[:-1] + 1])
        way = np.where(voltage[ends] <= voltage[starts], 1.0, -1.0)[half]
    return np.cumsum(np.abs(change)) / current, (way * current).astype(np.float64)


def from_time(voltage: NDArray[np.float64], current: float) -> NDArray[np.float64]:
    """Current (A, positive where the voltage falls) of rows whose voltage rises and falls, shape (n,)."""
    back = TURN * float(np.ptp(voltage))
    way, first, extreme, turns = 0, 1, 0, [0]
    for i, volts in enumerate(voltage.tolist()):
        moved = volts - voltage[extreme]
        if way == 0 and abs(moved) > back:
            way, extreme = (1 if moved < 0.0 else -1), i
            first = way
        elif way and moved * way < 0.0:
            extreme = i
        elif way and moved * way > back:
            turns.append(extreme + 1)
            way, extreme = -way, i
    if way == 0:
        return np.full(len(voltage), current)
    sign = np.repeat(first * (-1.0) ** np.arange(len(turns)), np.diff([*turns, len(voltage)]))
    return (sign * current).astype(np.float64)


def following(sign: NDArray[Any]) -> NDArray[Any]:
    """Signs in which each 0 is that of the next row that has one, or of the last."""
    known = np.flatnonzero(sign)
    return sign[known[np.minimum(np.searchsorted(known, np.arange(len(sign))), len(known) - 1)]]
