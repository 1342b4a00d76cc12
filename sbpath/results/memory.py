"""What an electrode remembers: curves that begin where the current was turned inside the full loop.

A first-order reversal curve leaves a branch of the full loop at some x, and runs back to the end
that the branch came from (Mayergoyz 1986, J. Appl. Phys. 57, 3803, for the idea and the words).
A curve that leaves a first-order curve is of second order, and so on. How far a curve runs
until it lies on the other branch, if it ever does, is what the electrode remembers.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sbpath.halfcycles import Run, charge_runs
from sbpath.protocol.steps import Rest
from sbpath.results.analysis import CLOSED
from sbpath.solution import Solution, StepRecord

# Two curves are one where their voltages differ by less than this (V).
SAME_V = 0.005


@dataclass(frozen=True, slots=True)
class Reversal:
    """A half cycle that begins inside the range of compositions of its solution.

    Attributes
    ----------
    cycle, direction : int, str
        Of the curve; the branch that it leaves has the other direction.
    order : int
        1 where that branch began at an end of the range, else one more than its own.
    composition, voltage_V : float
        x and the voltage under current at which the direction was turned.
    rows : slice
        Rows of the curve.
    rejoins_x : float or None
        x from which on it stays within `SAME_V` of the full loop's branch of its own direction;
        None where that is so at the end of the range alone, or where no full loop went before.
    """

    cycle: int
    direction: str
    order: int
    composition: float
    voltage_V: float
    rows: slice
    rejoins_x: float | None


def reversals(solution: Solution) -> list[Reversal]:
    """Every curve that begins inside the loop, in order of time.

    The ends of the range are the least and the most alkali that the solution comes to; what
    lies within 2 % of the range from an end is at it. The full loop's branches are those of
    `full_runs` that went last before the curve.
    """
    found: list[Reversal] = []
    full = full_runs(solution)
    order = 0
    for before, run in pairwise(_runs(solution)):
        turn = before.last - 1
        x = float(solution.composition[turn])
        order = 0 if _at_end(solution, x) else order + 1
        if order == 0:
            continue
        branch = [other for other in full if other.direction == run.direction and other.last <= run.first]
        rejoins = _rejoins(solution, run, branch[-1]) if branch else None
        found.append(
            Reversal(
                run.cycle, run.direction, order, x, _last_driven(solution, turn), slice(run.first, run.last),
                rejoins if rejoins is not None and not _at_end(solution, rejoins) else None,
            )
        )  # fmt: skip
    return found


def rests_after_reversal(solution: Solution) -> list[tuple[Reversal, StepRecord]]:
    """Every rest on a curve that begins inside the loop, with its curve, in order of time."""
    return [
        (curve, record)
        for curve in reversals(solution)
        for record in solution.steps
        if curve.rows.start <= record.first < curve.rows.stop and isinstance(record.step, Rest)
    ]


def full_before(solution: Solution, curve: Reversal) -> dict[str, Run]:
    """Branches of the full loop by direction: the last ones before `curve`."""
    return {run.direction: run for run in full_runs(solution) if run.last <= curve.rows.start}


def full_runs(solution: Solution) -> list[Run]:
    """The half cycles that go from one end of the range to the other, in order."""
    x = solution.composition.tolist()
    return [
        run
        for run in _runs(solution)
        if _at_end(solution, x[max(run.first - 1, 0)]) and _at_end(solution, x[run.last - 1])
    ]


def voltage_at(solution: Solution, run: Run, x: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Voltage of a half cycle at the compositions `x`, between its rows taken as straight (V)."""
    there = solution.composition[run.first : run.last]
    rising = np.argsort(there, kind="stable")
    return np.asarray(np.interp(x, there[rising], solution.voltage_V[run.first : run.last][rising]))


def _runs(solution: Solution) -> list[Run]:
    return charge_runs(solution.charge_mAh_per_g, solution.cycle, solution.step)


def _at_end(solution: Solution, x: float) -> bool:
    least, most = float(solution.composition.min()), float(solution.composition.max())
    return min(x - least, most - x) <= CLOSED * (most - least)


def _last_driven(solution: Solution, row: int) -> float:
    """Voltage of the last row with a current up to `row`, so that a rest before it does not count."""
    rows = np.flatnonzero(solution.current_A_per_g[: row + 1])
    return float(solution.voltage_V[rows[-1] if rows.size else row])


def _rejoins(solution: Solution, run: Run, branch: Run) -> float | None:
    """The x from which on `run` is `branch`, None where it is not so at its end."""
    x = solution.composition[run.first : run.last]
    gap = np.abs(solution.voltage_V[run.first : run.last] - voltage_at(solution, branch, x))
    apart = np.flatnonzero(gap >= SAME_V)
    after = int(apart[-1]) + 1 if apart.size else 0
    return float(x[after]) if after < len(x) else None
