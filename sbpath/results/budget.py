"""Where the hysteresis of a cycle comes from: its loop, split into causes.

The first law holds along every simulation: what the cell delivers, what it stores and what it
turns into heat add up to nothing. Over a cycle, therefore,

    loop = sum over edges of  integral r A / M dt  +  integral I^2 R_s dt  +  change of the stored energy,

with the loop as the energy taken up on extraction less that delivered on insertion (J per g Sb).
The heat of an edge is the work W done in transforming, r W / M, and the rest r (A - W) / M shared
out as the three times in series share the waiting:

    nucleation : growth : transport  =  tau_nucleation : tau_growth : tau_transport

at every instant. Each part is the integral of something that is never negative, so no part is
negative; and they add up to the loop of a cycle that ends in the state in which it began. In a
first cycle, after which other phases are there than before, the stored energy takes the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sbpath.errors import InputError
from sbpath.physical import COULOMB_PER_MAH
from sbpath.results.analysis import HalfCycle, Plateau, cycle_summaries, half_cycles
from sbpath.solution import CAUSES, Floats, Solution

LOSSES = (*CAUSES, "resistance")
GAP_POINTS = 100


@dataclass(frozen=True, slots=True, eq=False)
class PlateauLoss:
    """What a plateau loses.

    Attributes
    ----------
    direction : str
        Of its half cycle.
    plateau : Plateau
        Voltage, place and extent.
    losses_mV : array, shape (5,)
        By cause, in the order of `LOSSES`: heat on the plateau over its charge, a voltage.
    """

    direction: str
    plateau: Plateau
    losses_mV: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Budget:
    """The loop of one cycle, by cause, direction and edge.

    Attributes
    ----------
    cycle : int
        From 1.
    capacity_mAh_per_g : float
        Mean of insertion and extraction.
    loop_J_per_g : float
        Energy taken up on extraction less energy delivered on insertion.
    hysteresis_mV : float
        Mean voltage of extraction less that of insertion.
    heat_J_per_g : array, shape (2, 4, E)
        Heat of each edge on insertion and on extraction, by cause in the order of `CAUSES`.
    resistance_J_per_g : array, shape (2,)
        Heat in the series resistance on insertion and on extraction.
    stored_J_per_g : float
        Change of the energy that the electrode holds: nothing, once cycles repeat.
    edges : tuple of str
        Names of the E edges.
    plateaus : tuple of PlateauLoss
        Of insertion, then of extraction.
    """

    cycle: int
    capacity_mAh_per_g: float
    loop_J_per_g: float
    hysteresis_mV: float
    heat_J_per_g: Floats
    resistance_J_per_g: Floats
    stored_J_per_g: float
    edges: tuple[str, ...]
    plateaus: tuple[PlateauLoss, ...]

    @property
    def losses_J_per_g(self) -> Floats:
        """Insertion and extraction by cause in the order of `LOSSES`, shape (2, 5)."""
        return np.column_stack([self.heat_J_per_g.sum(axis=2), self.resistance_J_per_g])

    @property
    def losses_mV(self) -> Floats:
        """The same as a share of the voltage gap: energy over charge."""
        return self.losses_J_per_g * self.mV_per_J

    @property
    def mV_per_J(self) -> float:
        """How many mV of gap one J/g of loop makes: 1 / capacity."""
        return 1e3 / (COULOMB_PER_MAH * self.capacity_mAh_per_g)

    @property
    def unaccounted_J_per_g(self) -> float:
        """What the loop holds beyond its parts and the stored energy: the error of the integration."""
        return self.loop_J_per_g - float(self.losses_J_per_g.sum()) - self.stored_J_per_g


@dataclass(frozen=True, slots=True, eq=False)
class GapProfile:
    """The voltage gap of a cycle along its composition, by cause; n stretches of equal charge.

    Attributes
    ----------
    composition, charge_mAh_per_g : array, shape (n,)
        x and inserted charge in the middle of each stretch.
    gap_mV : array, shape (n,)
        Mean voltage of extraction less that of insertion over the stretch.
    losses_mV : array, shape (5, n)
        Heat of both directions over the charge of the stretch, by cause (`LOSSES`).
    stored_mV : array, shape (n,)
        The rest: at one x the electrode stores energy otherwise on the way in than on the way
        out, where other phases are there. Over a closed cycle it adds up to nothing.
    """

    composition: Floats
    charge_mAh_per_g: Floats
    gap_mV: Floats
    losses_mV: Floats
    stored_mV: Floats


def budgets(solution: Solution) -> list[Budget]:
    """The budget of each cycle whose loop is closed: as much charge out as in, within 2 %."""
    halves = half_cycles(solution)
    found = []
    for summary in cycle_summaries(solution):
        if summary.loop_J_per_g is None:
            continue
        rows = np.flatnonzero(solution.cycle == summary.cycle)
        own = [half for half in halves if half.cycle == summary.cycle]
        # What a cycle does before any charge passes (a rest) belongs to its first half cycle.
        spans = [slice(rows[0] if half is own[0] else half.rows.start, half.rows.stop) for half in own]
        ways = [
            [span for half, span in zip(own, spans, strict=True) if half.direction == way]
            for way in ("insertion", "extraction")
        ]
        found.append(
            Budget(
                cycle=summary.cycle,
                capacity_mAh_per_g=0.5 * sum(half.capacity_mAh_per_g for half in own),
                loop_J_per_g=summary.loop_J_per_g,
                hysteresis_mV=summary.hysteresis_mV,
                heat_J_per_g=np.array(
                    [sum(_gained(solution.heat_parts_J_per_g, span) for span in way) for way in ways]
                ),
                resistance_J_per_g=np.array(
                    [sum(float(_gained(solution.joule_heat_J_per_g, span)) for span in way) for way in ways]
                ),
                stored_J_per_g=float(
                    solution.stored_J_per_g[rows[-1]] - solution.stored_J_per_g[max(rows[0] - 1, 0)]
                ),
                edges=solution.edges,
                plateaus=tuple(loss for half in own for loss in _plateau_losses(solution, half)),
            )
        )
    return found


def budget(solution: Solution, cycle: int | None = None) -> Budget:
    """The budget of one cycle, the last closed one if `cycle` is not given.

    Raises
    ------
    InputError
        If that cycle has no closed loop.
    """
    found = {item.cycle: item for item in budgets(solution)}
    if not found:
        raise InputError(
            "budget: no cycle of this solution is closed (insertion and extraction within 2 %); "
            "simulate full cycles, the second one closes best"
        )
    if cycle is None:
        return found[max(found)]
    if cycle not in found:
        raise InputError(f"cycle: cycle {cycle!r} is not closed; choose one of {', '.join(map(str, found))}")
    return found[cycle]


def gap_profile(solution: Solution, cycle: int | None = None, points: int = GAP_POINTS) -> GapProfile:
    """The gap between extraction and insertion at each composition, by cause.

    Extraction is laid over insertion from the full end: the charge that came in last goes out
    first. Each stretch is an exact balance of energy: ``gap = sum of the losses + stored``.

    Parameters
    ----------
    solution : Solution
        With a closed cycle of one insertion and one extraction.
    cycle : int, optional
        The last closed one if not given.
    points : int
        Number of stretches.

    Raises
    ------
    InputError
        If the cycle is not closed, or is more than one insertion and one extraction.
    """
    which = budget(solution, cycle).cycle
    own = [half for half in half_cycles(solution) if half.cycle == which]
    if len(own) != 2:
        raise InputError(
            f"gap_profile: cycle {which} has {len(own)} half cycles; give one of an insertion and an extraction"
        )
    shortest = min(half.capacity_mAh_per_g for half in own)
    edges = np.linspace(0.0, shortest, points + 1)
    width = COULOMB_PER_MAH * shortest / points
    voltages, losses = {}, 0.0
    for half in own:
        passed = edges if half.direction == "insertion" else half.capacity_mAh_per_g - edges[::-1]
        flip = 1 if half.direction == "insertion" else -1
        energy = np.diff(_along(solution, half, solution.energy_J_per_g, passed))[::flip]
        voltages[half.direction] = np.abs(energy) / width
        heats = [*solution.heat_parts_J_per_g.sum(axis=1), solution.joule_heat_J_per_g]
        losses = losses + np.array([np.diff(_along(solution, half, h, passed))[::flip] for h in heats])
    insertion = next(half for half in own if half.direction == "insertion")
    middle = 0.5 * (edges[1:] + edges[:-1])
    gap = 1e3 * (voltages["extraction"] - voltages["insertion"])
    losses_mV = 1e3 * np.asarray(losses) / width
    return GapProfile(
        composition=_along(solution, insertion, solution.composition, middle),
        charge_mAh_per_g=middle,
        gap_mV=gap,
        losses_mV=losses_mV,
        stored_mV=gap - losses_mV.sum(axis=0),
    )


def _gained(running: Floats, rows: slice) -> Floats:
    """What a running integral (last axis: rows) gained over `rows`."""
    before = running[..., rows.start - 1] if rows.start > 0 else 0.0 * running[..., 0]
    return running[..., rows.stop - 1] - before


def _along(solution: Solution, half: HalfCycle, values: Floats, capacity: Floats) -> Floats:
    """`values` of a half cycle where it has passed `capacity` (mAh/g)."""
    passed = np.maximum.accumulate(solution.capacity_mAh_per_g[half.rows])
    return np.interp(capacity, passed, values[half.rows])


def _plateau_losses(solution: Solution, half: HalfCycle) -> list[PlateauLoss]:
    losses = []
    for plateau in half.plateaus:
        ends = plateau.start_mAh_per_g + np.array([0.0, plateau.extent_mAh_per_g])
        heats = [*solution.heat_parts_J_per_g.sum(axis=1), solution.joule_heat_J_per_g]
        heat = np.array([np.diff(_along(solution, half, h, ends))[0] for h in heats])
        losses.append(
            PlateauLoss(half.direction, plateau, 1e3 * heat / (COULOMB_PER_MAH * plateau.extent_mAh_per_g))
        )
    return losses
