"""Figures of merit of a cycle: capacities, mean voltages, plateaus, hysteresis, efficiencies.

Definitions, used everywhere in sbpath:

- A half cycle is a run of rows of one cycle over which charge passes in one direction; a rest
  belongs to the half cycle before it, a sweep is cut where its current changes sign.
- Mean voltage: energy over charge of a half cycle, integral V dq / integral dq.
- Voltage hysteresis: mean voltage of extraction minus that of insertion.
- Coulombic efficiency: capacity of extraction / capacity of insertion.
- First-cycle efficiency, or initial coulombic efficiency (ICE): the coulombic efficiency of cycle 1.
  It is low where the host is not restored on extraction, a loss that later cycles do not repeat.
- Voltage efficiency: mean voltage of insertion / mean voltage of extraction. For a closed loop,
  energy efficiency is this over the coulombic efficiency.
- Loop energy: energy taken up on extraction (cell charge) less energy delivered on insertion
  (cell discharge). Energy efficiency: energy delivered / energy taken up. Both are defined only for
  a closed loop, in which equal charge is inserted and extracted.
- Onset: where the share of Sb in a phase has risen by `MIN_ONSET_SHARE` above its minimum so far in
  the half cycle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from sbpath.arguments import as_number, whole
from sbpath.errors import InputError, listed
from sbpath.halfcycles import CHARGE_TOLERANCE, MIN_RUN_SHARE
from sbpath.physical import COULOMB_PER_MAH
from sbpath.protocol.steps import ConstantCurrent, Rate
from sbpath.solution import Solution

# A plateau: over any such share of the half cycle's capacity ...
PLATEAU_WINDOW = 0.03
# ... the voltage varies by less than this times the share (V): a slope of 0.1 V over the whole capacity ...
PLATEAU_SLOPE_V = 0.1
# ... and it is at least this share long.
MIN_PLATEAU_SHARE = 0.08
# The flattest part of a slope that goes on is none: plateaus make up more than half of a stretch with less than
# twice that slope. A parabola about its turning point is just half.
GENTLE_SLOPE_V = 2.0 * PLATEAU_SLOPE_V
# A loop is closed if its capacities differ by no more than this share.
MAX_LOOP_MISMATCH = 0.02
# A phase has appeared once it holds this share of the Sb.
MIN_PHASE_SHARE = 0.05
# A phase has begun to form once its share of the Sb has risen by this much.
MIN_ONSET_SHARE = 0.01

CAPACITY_POINTS = 1001
# Half cycles with less charge than this (mAh/g) have no plateaus.
MIN_CAPACITY = 1.0


@dataclass(frozen=True, slots=True)
class Plateau:
    """A stretch of nearly constant voltage.

    Attributes
    ----------
    voltage_V : float
        Mean over the stretch.
    start_mAh_per_g, extent_mAh_per_g : float
        Capacity at which it begins in the half cycle, and its length.
    """

    voltage_V: float
    start_mAh_per_g: float
    extent_mAh_per_g: float


@dataclass(frozen=True)
class HalfCycle:
    """One half cycle; `rows` are its rows in the solution.

    `phases` lists the phases in order of appearance, those present at the start together in the
    first entry; `curve` is capacity (mAh/g) and voltage (V) of the rows. For which phase became
    which, see `sbpath.pathways`.
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
        """As found by `find_plateaus`, on first use since this is slow."""
        return find_plateaus(*self.curve)


@dataclass(frozen=True, slots=True)
class CycleSummary:
    """One cycle with insertion and extraction; definitions are in the module docstring.

    Attributes
    ----------
    cycle : int
        From 1.
    rate : str or None
        Rates of its constant-current steps as text: ``C/10``, or ``C/10, 1C`` where they differ; None
        without such steps.
    current_A_per_g : float or None
        Magnitude of the first of these currents.
    insertion_mAh_per_g, extraction_mAh_per_g, insertion_V, extraction_V : float
        Capacities, and mean voltages.
    hysteresis_mV, loop_J_per_g : float
        Difference of the mean voltages, and energy lost around the loop (J per g of host).
    coulombic_efficiency, voltage_efficiency, energy_efficiency : float
        Fractions. Loop and energy efficiency are None if the loop is not closed.
    """

    cycle: int
    rate: str | None
    current_A_per_g: float | None
    insertion_mAh_per_g: float
    extraction_mAh_per_g: float
    insertion_V: float
    extraction_V: float
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


class HasCycle(Protocol):
    """Anything that belongs to one cycle, such as a half cycle."""

    @property
    def cycle(self) -> int:
        """From 1."""
        ...


Item = TypeVar("Item", bound=HasCycle)


def half_cycles(solution: Solution) -> list[HalfCycle]:
    """The half cycles of a solution in order, as defined in `sbpath.halfcycles`.

    Where the rows of some cycles were not kept, those of `Solution.kept_cycles`.

    Examples
    --------
    >>> import sbpath
    >>> insertion, extraction = sbpath.half_cycles(sbpath.simulate("li-sb", progress=False))
    >>> [round(plateau.voltage_V, 2) for plateau in insertion.plateaus]
    [0.85, 0.8]
    """
    halves = []
    for run in solution.runs:
        rows = slice(run.first, run.last)
        # Charge and energy of an instantaneous voltage jump lie before the first row.
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
    """The `items` of one cycle, by default the last.

    Raises
    ------
    InputError
        If there are none: no charge passes in that cycle.
    """
    _, last = first_and_last(items)
    which = last if cycle is None else whole("cycle", cycle)
    own = [item for item in items if item.cycle == which]
    if not own:
        numbers = listed(list(dict.fromkeys(item.cycle for item in items)))
        raise InputError(f"cycle: no charge passes in cycle {which}; choose one of {numbers}")
    return own


def first_and_last(items: Sequence[Item]) -> tuple[int, int]:
    """Numbers of the first and the last cycle of `items`, which are in order.

    Raises
    ------
    InputError
        If there are none: no charge passes.
    """
    if not items:
        raise InputError("cycle: no charge passes in any cycle; simulate one in which it does")
    return items[0].cycle, items[-1].cycle


def half_cycles_of(solution: Solution, cycle: int | None = None) -> list[HalfCycle]:
    """The half cycles of one cycle, by default the last.

    Raises
    ------
    InputError
        If no charge passes in that cycle, or its rows were not kept.
    """
    if cycle is not None:
        solution.check_kept(cycle)
    return of_cycle(half_cycles(solution), cycle)


def spans(solution: Solution, halves: Sequence[HalfCycle]) -> list[slice]:
    """Rows of each half cycle; the first of a cycle includes rows before any charge passes.

    `halves` are all half cycles of a solution, or of some of its cycles, in order.
    """
    found: list[slice] = []
    for before, half in zip((None, *halves), halves, strict=False):
        first = before is None or before.cycle != half.cycle
        begin = int(np.searchsorted(solution.cycle, half.cycle)) if first else half.rows.start
        found.append(slice(begin, half.rows.stop))
    return found


def cycle_summaries(solution: Solution) -> list[CycleSummary]:
    """A summary of each cycle that has both directions, in order.

    Charge and energy between rows are summed by the direction of the charge, so a sweep whose
    current changes sign contributes to both. Every cycle counts, also where its rows were not kept.

    Examples
    --------
    >>> import sbpath
    >>> protocol = sbpath.cycling("C/10", 0.05, 1.5, cycles=2)
    >>> last = sbpath.cycle_summaries(sbpath.simulate("li-sb", protocol, progress=False))[-1]
    >>> round(last.hysteresis_mV, 1), round(last.energy_efficiency, 3)
    (196.4, 0.809)
    """
    table = solution.cycle_table
    driven: dict[int, dict[Rate, None]] = {}
    for record in solution.steps:
        if isinstance(record.step, ConstantCurrent):
            driven.setdefault(record.cycle, {})[record.step.rate] = None
    columns = (table.cycle, *table.charge_mAh_per_g.T, *table.energy_J_per_g.T)
    summaries = []
    for cycle, inserted, extracted, delivered, taken in zip(*(c.tolist() for c in columns), strict=True):
        if min(inserted, extracted) <= max(CHARGE_TOLERANCE, MIN_RUN_SHARE * max(inserted, extracted)):
            continue
        efficiency = extracted / inserted
        closed = abs(efficiency - 1.0) <= MAX_LOOP_MISMATCH
        into, out = delivered / inserted / COULOMB_PER_MAH, taken / extracted / COULOMB_PER_MAH
        gap = (taken / extracted - delivered / inserted) / COULOMB_PER_MAH
        rates = [*driven.get(cycle, {})]
        summaries.append(
            CycleSummary(
                cycle=cycle,
                rate=", ".join(map(str, rates)) or None,
                current_A_per_g=solution.experiment.basis.A_per_g(rates[0]) if rates else None,
                insertion_mAh_per_g=inserted,
                extraction_mAh_per_g=extracted,
                insertion_V=into,
                extraction_V=out,
                hysteresis_mV=1e3 * gap,
                loop_J_per_g=taken - delivered if closed else None,
                coulombic_efficiency=efficiency,
                voltage_efficiency=delivered / inserted / (taken / extracted),
                energy_efficiency=delivered / taken if closed else None,
            )
        )
    return summaries


def first_cycle_efficiency(solution: Solution) -> float | None:
    """Coulombic efficiency of cycle 1; None if it lacks insertion or extraction."""
    return next((s.coulombic_efficiency for s in cycle_summaries(solution) if s.cycle == 1), None)


def last_loop(solution: Solution) -> tuple[CycleSummary, HalfCycle, HalfCycle] | None:
    """Summary, insertion and extraction of the last kept cycle that has both, or None."""
    first = {(half.cycle, half.direction): half for half in reversed(half_cycles(solution))}
    for summary in reversed(cycle_summaries(solution)):
        ways = [first.get((summary.cycle, way)) for way in ("insertion", "extraction")]
        if ways[0] is not None and ways[1] is not None:
            return summary, ways[0], ways[1]
    return None


def onsets(solution: Solution, threshold: float = MIN_ONSET_SHARE) -> list[Onset]:
    """Where each phase begins to form, by half cycle and then in order of appearance.

    Parameters
    ----------
    solution : Solution
        Interpolated linearly between rows.
    threshold : float
        Rise of the share of Sb in a phase, between 0 and 1.

    Raises
    ------
    InputError
        If the threshold is not a number between 0 and 1.
    """
    share = as_number(threshold)
    if share is None or not 0.0 < share < 1.0:
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
                # The rise is 0 in the first row of a half cycle, so this is not the first.
                row = int(above[0])
                part = (threshold - risen[row - 1]) / (risen[row] - risen[row - 1])
                here = half.rows.start + row
                values = [float(c[here - 1] + part * (c[here] - c[here - 1])) for c in columns]
                begun.append((row + part, Onset(half.cycle, half.direction, phase, *values)))
        found += [onset for _, onset in sorted(begun, key=lambda pair: pair[0])]
    return found


def find_plateaus(capacity: NDArray[np.float64], voltage: NDArray[np.float64]) -> tuple[Plateau, ...]:
    """Stretches over which the voltage hardly varies, in order.

    Parameters
    ----------
    capacity, voltage : array, shape (n,)
        Of one half cycle; capacity (mAh/g) does not fall, voltage (V) may dip.

    Returns
    -------
    tuple of Plateau
        At least `MIN_PLATEAU_SHARE` of the capacity with a slope below `PLATEAU_SLOPE_V` over the
        whole capacity. The flattest part of a slope that goes on is not a plateau.

    Notes
    -----
    Slopes are taken over `PLATEAU_WINDOW` of the capacity and not from row to row, so ends and mean
    voltage of a plateau change little if the curve does: by steps of single particles, for example.
    """
    total = float(capacity[-1] - capacity[0])
    if total < MIN_CAPACITY:
        return ()
    grid = np.linspace(capacity[0], capacity[-1], CAPACITY_POINTS)
    curve = np.interp(grid, capacity, voltage)
    window = round(PLATEAU_WINDOW * (CAPACITY_POINTS - 1))
    seen = np.lib.stride_tricks.sliding_window_view(curve, window + 1)
    slope = np.ptp(seen, axis=1) / PLATEAU_WINDOW
    shortest = MIN_PLATEAU_SHARE * (CAPACITY_POINTS - 1) - window
    flat = [(i, j) for i, j in _runs(slope < PLATEAU_SLOPE_V) if j - i >= shortest]
    found = []
    for begin, end in _runs(slope < GENTLE_SLOPE_V):
        own = [(i, j) for i, j in flat if begin <= i and j <= end]
        if 2 * sum(j - i for i, j in own) > end - begin:
            found += [(i, j + window) for i, j in own]
    return tuple(
        Plateau(float(curve[i : j + 1].mean()), float(grid[i] - grid[0]), float(grid[j] - grid[i]))
        for i, j in found
    )


def _runs(held: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last of each run of items that are `held`."""
    ends = np.flatnonzero(np.diff(held, prepend=False, append=False)).tolist()
    return [(i, j - 1) for i, j in zip(ends[::2], ends[1::2], strict=True)]


def order_of_appearance(solution: Solution, rows: slice) -> tuple[tuple[str, ...], ...]:
    """Phases in the order in which they reach `MIN_PHASE_SHARE` of the Sb."""
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
