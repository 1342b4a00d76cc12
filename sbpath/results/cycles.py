"""What people read off a cycle: capacities, mean voltages, plateaus, hysteresis, efficiency.

Definitions, used everywhere in sbpath:

- A half cycle is a run of rows of one cycle over which charge passes in one direction; a rest
  belongs to the half cycle before it, a sweep is cut where its current changes sign.
- Mean voltage: energy over charge of a half cycle, integral V dq / integral dq.
- Voltage hysteresis: mean voltage of extraction minus that of insertion.
- Coulombic efficiency: capacity of extraction / capacity of insertion.
- First-cycle efficiency, also called initial coulombic efficiency (ICE): the coulombic efficiency
  of cycle 1, in which hosts that do not form again lose what later cycles do not show.
- Voltage efficiency: mean voltage of insertion / mean voltage of extraction; where the loop is
  closed, energy efficiency is this over the coulombic efficiency.
- Loop energy: energy taken up on extraction (cell charge) less energy delivered on insertion
  (cell discharge). Energy efficiency: the second over the first. Both mean something for a
  closed loop only, in which as much charge comes out as went in.
- Onset: where the share of Sb in a phase has risen by `MIN_ONSET_SHARE` over the least it has been in the
  half cycle so far.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from numbers import Real
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from sbpath.errors import InputError
from sbpath.halfcycles import MINOR, charge_runs
from sbpath.physical import COULOMB_PER_MAH
from sbpath.solution import Solution

# A plateau: the voltage stays within this band (V) ...
PLATEAU_BAND_V = 0.02
# ... over at least this share of the half cycle's capacity.
PLATEAU_SHARE = 0.08
# Touching stretches whose voltages differ by less than this many bands are pieces of a slope.
SLOPE_BANDS = 1.5
# ... unless their middle half stays within this share of the band (a slope takes half of it).
LEANING = 0.3
# A loop counts as closed when the capacities differ by no more than this share.
CLOSED = 0.02
# A phase has appeared when it holds this share of the Sb.
MIN_PHASE_SHARE = 0.05
# A phase has begun to form when its share of the Sb has grown by this much.
MIN_ONSET_SHARE = 0.01

CAPACITY_POINTS = 1001
# Half cycles with less charge than this (mAh/g) have no plateaus worth the name.
LEAST_CAPACITY = 1.0


@dataclass(frozen=True, slots=True)
class Plateau:
    """A stretch of nearly constant voltage.

    Attributes
    ----------
    voltage_V : float
        Mean over the stretch.
    start_mAh_per_g, extent_mAh_per_g : float
        Where it begins within the half cycle and how much charge it holds.
    """

    voltage_V: float
    start_mAh_per_g: float
    extent_mAh_per_g: float


@dataclass(frozen=True)
class HalfCycle:
    """One half cycle; `rows` are its rows in the solution.

    `phases` are the phases in the order in which they appear, those present at the start
    together in the first entry; `curve` is capacity (mAh/g) and voltage (V) of the rows. Which became
    which is told by `sbpath.pathways`.
    """

    cycle: int
    direction: str
    rows: slice = field(hash=False)
    capacity_mAh_per_g: float
    energy_J_per_g: float
    mean_voltage_V: float
    phases: tuple[tuple[str, ...], ...]
    curve: tuple[NDArray[np.float64], NDArray[np.float64]] = field(repr=False, compare=False)

    @cached_property
    def plateaus(self) -> tuple[Plateau, ...]:
        """Where the voltage stays, see `find_plateaus`; looked for when first asked for, as it takes longest."""
        return find_plateaus(*self.curve)


@dataclass(frozen=True, slots=True)
class CycleSummary:
    """One cycle that has an insertion and an extraction; see the module for definitions.

    `hysteresis_mV` in mV, `loop_J_per_g` the energy lost around the loop (J per g Sb),
    efficiencies as fractions. Loop and energy efficiency are None where the loop is not
    closed.
    """

    cycle: int
    hysteresis_mV: float
    loop_J_per_g: float | None
    coulombic_efficiency: float
    voltage_efficiency: float
    energy_efficiency: float | None


@dataclass(frozen=True, slots=True)
class Onset:
    """Where a phase begins to form in a half cycle: x, capacity since its start, voltage."""

    cycle: int
    direction: str
    phase: str
    composition: float
    capacity_mAh_per_g: float
    voltage_V: float


class OfCycle(Protocol):
    """What belongs to one cycle, such as a half cycle and all that is said of one."""

    @property
    def cycle(self) -> int:
        """From 1."""
        ...


Item = TypeVar("Item", bound=OfCycle)


def half_cycles(solution: Solution) -> list[HalfCycle]:
    """The half cycles of a solution in order, as `sbpath.halfcycles` defines them.

    Examples
    --------
    >>> import sbpath
    >>> insertion, extraction = sbpath.half_cycles(sbpath.simulate("li-sb", progress=False))
    >>> [round(plateau.voltage_V, 2) for plateau in insertion.plateaus]
    [0.85, 0.8]
    """
    halves = []
    for run in charge_runs(solution.charge_mAh_per_g, solution.cycle, solution.step):
        rows = slice(run.first, run.last)
        # The charge and energy of an instant jump of the voltage lie before the first row.
        passed = float(solution.charge_mAh_per_g[run.last - 1]) - run.before
        before = float(solution.energy_J_per_g[run.first - 1]) if run.first > 0 else 0.0
        energy = float(solution.energy_J_per_g[run.last - 1]) - before
        capacity = np.maximum.accumulate(solution.capacity_mAh_per_g[rows])
        halves.append(
            HalfCycle(
                cycle=run.cycle,
                direction=run.direction,
                rows=rows,
                capacity_mAh_per_g=abs(passed),
                energy_J_per_g=abs(energy),
                mean_voltage_V=energy / (COULOMB_PER_MAH * passed),
                phases=order_of_appearance(solution, rows),
                curve=(capacity, solution.voltage_V[rows]),
            )
        )
    return halves


def of_cycle(items: Sequence[Item], cycle: int | None = None) -> list[Item]:
    """Those of one cycle, of the last one among them if `cycle` is not given.

    Raises
    ------
    InputError
        If there are none: no charge passes in that cycle.
    """
    which = (items[-1].cycle if items else None) if cycle is None else cycle
    own = [item for item in items if item.cycle == which]
    if not own:
        raise InputError(f"cycle: no charge passes in cycle {which!r}")
    return own


def spans(solution: Solution, halves: Sequence[HalfCycle]) -> list[slice]:
    """Rows of each half cycle, with what a cycle does before any charge passes in its first one.

    `halves` are all of a solution or of some of its cycles, in order.
    """
    found: list[slice] = []
    for before, half in zip((None, *halves), halves, strict=False):
        first = before is None or before.cycle != half.cycle
        begin = int(np.searchsorted(solution.cycle, half.cycle)) if first else half.rows.start
        found.append(slice(begin, half.rows.stop))
    return found


def cycle_summaries(solution: Solution) -> list[CycleSummary]:
    """A summary of each cycle that holds both directions, in order.

    Charge and energy are added up between rows by the direction of the charge, so a sweep
    whose current changes sign counts in both.

    Examples
    --------
    >>> import sbpath
    >>> protocol = sbpath.cycling("C/10", 0.05, 1.5, cycles=2)
    >>> last = sbpath.cycle_summaries(sbpath.simulate("li-sb", protocol, progress=False))[-1]
    >>> round(last.hysteresis_mV, 1), round(last.energy_efficiency, 3)
    (195.9, 0.809)
    """
    charge = np.diff(solution.charge_mAh_per_g, prepend=0.0)
    energy = np.diff(solution.energy_J_per_g, prepend=0.0)
    summaries = []
    for cycle in np.unique(solution.cycle).tolist():
        into = (solution.cycle == cycle) & (charge > 0.0)
        out = (solution.cycle == cycle) & (charge < 0.0)
        inserted, extracted = float(charge[into].sum()), -float(charge[out].sum())
        if min(inserted, extracted) <= MINOR * max(inserted, extracted):
            continue
        delivered, taken = float(energy[into].sum()), -float(energy[out].sum())
        efficiency = extracted / inserted
        closed = abs(efficiency - 1.0) <= CLOSED
        gap = (taken / extracted - delivered / inserted) / COULOMB_PER_MAH
        summaries.append(
            CycleSummary(
                cycle=cycle,
                hysteresis_mV=1e3 * gap,
                loop_J_per_g=taken - delivered if closed else None,
                coulombic_efficiency=efficiency,
                voltage_efficiency=delivered / inserted / (taken / extracted),
                energy_efficiency=delivered / taken if closed else None,
            )
        )
    return summaries


def first_cycle_efficiency(solution: Solution) -> float | None:
    """Share of the charge inserted in cycle 1 that came out again; None where it lacks a direction."""
    return next((s.coulombic_efficiency for s in cycle_summaries(solution) if s.cycle == 1), None)


def last_loop(solution: Solution) -> tuple[CycleSummary, HalfCycle, HalfCycle] | None:
    """Summary, insertion and extraction of the last cycle that holds both; None where none does."""
    halves = half_cycles(solution)
    for summary in reversed(cycle_summaries(solution)):
        ways = {half.direction: half for half in reversed(halves) if half.cycle == summary.cycle}
        if len(ways) == 2:
            return summary, ways["insertion"], ways["extraction"]
    return None


def onsets(solution: Solution, threshold: float = MIN_ONSET_SHARE) -> list[Onset]:
    """Where each phase begins to form, by half cycle and then in order of appearance.

    Parameters
    ----------
    solution : Solution
        Of any protocol. Between two rows its curves are taken as straight.
    threshold : float
        By how much the share of Sb in a phase has to rise, between 0 and 1.

    Raises
    ------
    InputError
        If the threshold is no such number.
    """
    if not isinstance(threshold, Real) or not 0.0 < threshold < 1.0:
        raise InputError(
            f"threshold: must be a share between 0 and 1, such as {MIN_ONSET_SHARE}, not {threshold!r}"
        )
    columns = (solution.composition, solution.capacity_mAh_per_g, solution.voltage_V)
    found = []
    for half in half_cycles(solution):
        begun = []
        for phase, share in zip(solution.phases, solution.fractions[:, half.rows], strict=True):
            risen = share - np.minimum.accumulate(share)
            above = np.flatnonzero(risen >= threshold)
            if above.size:
                # The first row of a half cycle has risen by nothing, so there is one before.
                row = int(above[0])
                part = (threshold - risen[row - 1]) / (risen[row] - risen[row - 1])
                here = half.rows.start + row
                values = [float(c[here - 1] + part * (c[here] - c[here - 1])) for c in columns]
                begun.append((row + part, Onset(half.cycle, half.direction, phase, *values)))
        found += [onset for _, onset in sorted(begun, key=lambda pair: pair[0])]
    return found


def find_plateaus(capacity: NDArray[np.float64], voltage: NDArray[np.float64]) -> tuple[Plateau, ...]:
    """Stretches over which the voltage stays within a band, longest first found, in order.

    Parameters
    ----------
    capacity, voltage : array, shape (n,)
        Of one half cycle; capacity (mAh/g) does not fall, voltage (V) may have dips.

    Returns
    -------
    tuple of Plateau
        Those of at least `PLATEAU_SHARE` of the capacity within `PLATEAU_BAND_V`; a long
        slope, which is many such stretches end to end, is none.
    """
    total = float(capacity[-1] - capacity[0])
    if total < LEAST_CAPACITY:
        return ()
    grid = np.linspace(capacity[0], capacity[-1], CAPACITY_POINTS)
    curve = np.interp(grid, capacity, voltage)
    found: list[tuple[int, int]] = []
    free = [(0, CAPACITY_POINTS)]
    shortest = int(PLATEAU_SHARE * CAPACITY_POINTS)
    while free:
        begin, end = free.pop()
        best = _longest_run(curve[begin:end])
        if best[1] - best[0] < shortest:
            continue
        run = (begin + best[0], begin + best[1])
        found.append(run)
        free += [(begin, run[0]), (run[1], end)]
    found = _without_slopes(curve, sorted(found))
    step = total / (CAPACITY_POINTS - 1)
    return tuple(
        Plateau(float(curve[i:j].mean()), float(grid[i] - grid[0]), (j - i - 1) * step) for i, j in found
    )


def _without_slopes(curve: NDArray[np.float64], runs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """`runs` without those that lean and touch a neighbour at nearly their own voltage."""
    sloping: set[tuple[int, int]] = set()
    for left, right in pairwise(runs):
        gap = abs(curve[slice(*left)].mean() - curve[slice(*right)].mean())
        if right[0] - left[1] <= 2 and gap < SLOPE_BANDS * PLATEAU_BAND_V:
            sloping |= {run for run in (left, right) if _leans(curve[slice(*run)])}
    return [run for run in runs if run not in sloping]


def _leans(curve: NDArray[np.float64]) -> bool:
    """Whether the middle half of a stretch takes its share of the band; that of two flat steps does not."""
    quarter = len(curve) // 4
    return bool(np.ptp(curve[quarter:-quarter]) > LEANING * PLATEAU_BAND_V)


def _longest_run(curve: NDArray[np.float64]) -> tuple[int, int]:
    """Longest stretch ``i:j`` of `curve` whose values differ by at most the band."""
    best, low = (0, 0), 0
    # Places of falling maxima and rising minima of the stretch, the largest and the least first.
    highest: deque[int] = deque()
    lowest: deque[int] = deque()
    values = curve.tolist()
    for high, value in enumerate(values):
        while highest and values[highest[-1]] <= value:
            highest.pop()
        while lowest and values[lowest[-1]] >= value:
            lowest.pop()
        highest.append(high)
        lowest.append(high)
        while values[highest[0]] - values[lowest[0]] > PLATEAU_BAND_V:
            low = min(highest[0], lowest[0]) + 1
            (highest if highest[0] < lowest[0] else lowest).popleft()
        if high + 1 - low > best[1] - best[0]:
            best = (low, high + 1)
    return best


def order_of_appearance(solution: Solution, rows: slice) -> tuple[tuple[str, ...], ...]:
    """Phases in the order in which they come to hold `MIN_PHASE_SHARE` of the Sb."""
    fractions = solution.fractions[:, rows]
    first = {}
    for name, share in zip(solution.phases, fractions, strict=True):
        present = np.flatnonzero(share >= MIN_PHASE_SHARE)
        if present.size:
            first[name] = int(present[0])
    start = tuple(
        sorted((n for n, i in first.items() if i == 0), key=lambda n: -solution.fraction(n)[rows][0])
    )
    later = sorted((n for n, i in first.items() if i > 0), key=first.__getitem__)
    return (start, *((name,) for name in later))
