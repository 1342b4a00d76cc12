"""Half cycles, defined by the charge passed: the one definition for tables, plots and columns.

A half cycle is a run of rows of one cycle over which charge passes in one direction. Rests
belong to the half cycle before them. A sweep is cut where its current changes sign. Runs of
less than a thousandth of the largest one in their cycle (a wiggle after a voltage jump,
rounding) are merged into their neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

# Less charge than this between two rows (mAh/g) is within solver tolerance and has no direction.
CHARGE_TOLERANCE = 1e-6
# Runs below this share of the largest one in their cycle are not half cycles.
MIN_RUN_SHARE = 1e-3


@dataclass(slots=True)
class Run:
    """Rows ``first <= i < last`` of one half cycle; `before` is the charge (mAh/g) it starts from."""

    cycle: int
    direction: Literal["insertion", "extraction"]
    first: int
    last: int
    before: float


def half_cycle_capacity(charge: NDArray[np.float64], runs: Sequence[Run]) -> NDArray[np.float64]:
    """Charge since the half cycle began (mAh/g) in each row; 0 where charge has not yet passed."""
    capacity = np.zeros_like(charge)
    for run in runs:
        capacity[run.first : run.last] = np.abs(charge[run.first : run.last] - run.before)
    return capacity


def charge_runs(
    charge: NDArray[np.float64], cycle: NDArray[np.int64], step: NDArray[np.int64], before: float = 0.0
) -> list[Run]:
    """The half cycles of an experiment, or of some whole cycles of it that follow each other.

    Parameters
    ----------
    charge : array, shape (n,)
        Net charge since the experiment began (mAh/g, insertion positive).
    cycle, step : integer array, shape (n,)
        Number of each row.
    before : float
        Net charge before the first row (mAh/g).
    """
    passed = np.diff(charge, prepend=before)
    signed = np.flatnonzero(np.abs(passed) > CHARGE_TOLERANCE)
    if len(signed) == 0:
        return []
    # [cycle, sign, first row, last row, net charge] of each stretch of one sign
    sign = np.sign(passed[signed]).astype(int)
    turns = (np.diff(cycle[signed]) != 0) | (np.diff(sign) != 0)
    starts = np.flatnonzero(np.concatenate([[True], turns]))
    ends = np.concatenate([starts[1:], [len(signed)]]) - 1
    columns = (
        cycle[signed[starts]],
        sign[starts],
        signed[starts],
        signed[ends],
        np.add.reduceat(passed[signed], starts),
    )
    stretches = [list(row) for row in zip(*(column.tolist() for column in columns), strict=True)]
    largest: dict[float, float] = {}
    for number, _, _, _, net in stretches:
        largest[number] = max(largest.get(number, 0.0), abs(net))
    merged: list[list[float]] = []
    for stretch in stretches:
        if abs(stretch[4]) < MIN_RUN_SHARE * largest[stretch[0]]:
            continue
        if merged and merged[-1][:2] == stretch[:2]:
            merged[-1][3] = stretch[3]
        else:
            merged.append(stretch)

    runs: list[Run] = []
    end = 0
    for number, way, start, stop, _ in merged:
        # The first row of a step belongs to it, though no charge has passed yet.
        first = max(int(np.searchsorted(step, step[int(start)])), end)
        if runs:
            runs[-1].last = min(first, int(np.searchsorted(cycle, runs[-1].cycle, side="right")))
        start_charge = float(
            charge[first] if abs(passed[first]) <= CHARGE_TOLERANCE else charge[first] - passed[first]
        )
        direction = "insertion" if way > 0 else "extraction"
        runs.append(Run(int(number), direction, first, int(stop) + 1, start_charge))
        end = int(stop) + 1
    if runs:
        runs[-1].last = int(np.searchsorted(cycle, runs[-1].cycle, side="right"))
    return runs
