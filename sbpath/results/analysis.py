"""What people read off a cycle: capacities, mean voltages, plateaus, hysteresis, efficiency.

Definitions, used everywhere in sbpath:

- A half cycle is a run of steps of one cycle in one direction; a rest belongs to the half
  cycle before it.
- Mean voltage: energy over charge of a half cycle, integral V dq / integral dq.
- Voltage hysteresis: mean voltage of extraction minus that of insertion.
- Coulombic efficiency: capacity of extraction / capacity of insertion.
- Loop energy: energy taken up on extraction (cell charge) less energy delivered on insertion
  (cell discharge). Energy efficiency: the second over the first. Both mean something for a
  closed loop only, in which as much charge comes out as went in.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sbpath.solution import Solution

# A plateau: the voltage stays within this band (V) ...
PLATEAU_BAND_V = 0.02
# ... over at least this share of the half cycle's capacity.
PLATEAU_SHARE = 0.08
# Touching stretches whose voltages differ by less than this many bands are pieces of a slope.
SLOPE_BANDS = 1.5
# A loop counts as closed when the capacities differ by no more than this share.
CLOSED = 0.02
# A phase has appeared when it holds this share of the Sb.
PRESENT = 0.05

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


@dataclass(frozen=True, slots=True)
class HalfCycle:
    """One half cycle; `rows` are its rows in the solution.

    `phases` are the phases in the order in which they appear, those present at the start
    together in the first entry.
    """

    cycle: int
    direction: str
    rows: slice
    capacity_mAh_per_g: float
    energy_J_per_g: float
    mean_voltage_V: float
    plateaus: tuple[Plateau, ...]
    phases: tuple[tuple[str, ...], ...]


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
    energy_efficiency: float | None


def half_cycles(solution: Solution) -> list[HalfCycle]:
    """The half cycles of a solution in order; steps that pass no charge are left out."""
    groups: list[tuple[int, str, int, int]] = []
    for record in solution.steps:
        if groups and record.cycle == groups[-1][0] and record.direction in (groups[-1][1], "rest"):
            cycle, direction, first, _ = groups[-1]
            groups[-1] = (cycle, direction, first, record.last)
        elif record.direction != "rest":
            groups.append((record.cycle, record.direction, record.first, record.last))
    halves = []
    for cycle, direction, first, last in groups:
        # The charge of an instant jump of the voltage lies before the first row of its step.
        before = max(first - 1, 0)
        passed = float(solution.charge_mAh_per_g[last - 1] - solution.charge_mAh_per_g[before])
        energy = float(solution.energy_J_per_g[last - 1] - solution.energy_J_per_g[before])
        if passed == 0.0:
            continue
        rows = slice(first, last)
        halves.append(
            HalfCycle(
                cycle=cycle,
                direction=direction,
                rows=rows,
                capacity_mAh_per_g=abs(passed),
                energy_J_per_g=abs(energy),
                mean_voltage_V=energy / (3.6 * passed),
                plateaus=find_plateaus(solution.capacity_mAh_per_g[rows], solution.voltage_V[rows]),
                phases=order_of_appearance(solution, rows),
            )
        )
    return halves


def cycle_summaries(solution: Solution) -> list[CycleSummary]:
    """A summary of each cycle that holds both directions, in order."""
    halves: dict[int, dict[str, list[HalfCycle]]] = {}
    for half in half_cycles(solution):
        halves.setdefault(half.cycle, {}).setdefault(half.direction, []).append(half)
    summaries = []
    for cycle, both in halves.items():
        if len(both) != 2:
            continue
        charge = {d: sum(h.capacity_mAh_per_g for h in hs) for d, hs in both.items()}
        energy = {d: sum(h.mean_voltage_V * h.capacity_mAh_per_g * 3.6 for h in hs) for d, hs in both.items()}
        mean = {d: energy[d] / charge[d] / 3.6 for d in both}
        efficiency = charge["extraction"] / charge["insertion"]
        closed = abs(efficiency - 1.0) <= CLOSED
        summaries.append(
            CycleSummary(
                cycle=cycle,
                hysteresis_mV=1e3 * (mean["extraction"] - mean["insertion"]),
                loop_J_per_g=energy["extraction"] - energy["insertion"] if closed else None,
                coulombic_efficiency=efficiency,
                energy_efficiency=energy["insertion"] / energy["extraction"] if closed else None,
            )
        )
    return summaries


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
    """`runs` without those that touch a neighbour at nearly their own voltage."""
    sloping: set[tuple[int, int]] = set()
    for left, right in pairwise(runs):
        gap = abs(curve[slice(*left)].mean() - curve[slice(*right)].mean())
        if right[0] - left[1] <= 2 and gap < SLOPE_BANDS * PLATEAU_BAND_V:
            sloping |= {left, right}
    return [run for run in runs if run not in sloping]


def _longest_run(curve: NDArray[np.float64]) -> tuple[int, int]:
    """Longest stretch ``i:j`` of `curve` whose values differ by at most the band."""
    best, low = (0, 0), 0
    for high in range(len(curve)):
        while curve[low : high + 1].max() - curve[low : high + 1].min() > PLATEAU_BAND_V:
            low += 1
        if high + 1 - low > best[1] - best[0]:
            best = (low, high + 1)
    return best


def order_of_appearance(solution: Solution, rows: slice) -> tuple[tuple[str, ...], ...]:
    """Phases in the order in which they come to hold `PRESENT` of the Sb."""
    fractions = solution.fractions[:, rows]
    first = {}
    for name, share in zip(solution.phases, fractions, strict=True):
        present = np.flatnonzero(share >= PRESENT)
        if present.size:
            first[name] = int(present[0])
    start = tuple(
        sorted((n for n, i in first.items() if i == 0), key=lambda n: -solution.fraction(n)[rows][0])
    )
    later = sorted((n for n, i in first.items() if i > 0), key=first.__getitem__)
    return (start, *((name,) for name in later))
