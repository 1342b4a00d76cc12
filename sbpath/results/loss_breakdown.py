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

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sbpath.errors import InputError
from sbpath.mechanism.mechanism import Edge
from sbpath.physical import COULOMB_PER_MAH
from sbpath.results.cycles import HalfCycle, Plateau, cycle_summaries, half_cycles, spans
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
class LossBreakdown:
    """The loop of one cycle, by cause, direction and edge.

    Attributes
    ----------
    cycle : int
        From 1.
    capacities_mAh_per_g : array, shape (2,)
        Of insertion and of extraction.
    loop_J_per_g : float
        Energy taken up on extraction less energy delivered on insertion.
    hysteresis_mV : float
        Mean voltage of extraction less that of insertion.
    heat_J_per_g : array, shape (2, 4, E)
        Heat of each edge on insertion and on extraction, by cause in the order of `CAUSES`.
    resistance_J_per_g : array, shape (2,)
        Heat in the series resistance on insertion and on extraction.
    gained_J_per_g : array, shape (2,)
        Change of the energy that the electrode holds, on insertion and on extraction.
    edges : tuple of Edge
        The E edges.
    plateaus : tuple of PlateauLoss
        Of insertion, then of extraction.
    """

    cycle: int
    capacities_mAh_per_g: Floats
    loop_J_per_g: float
    hysteresis_mV: float
    heat_J_per_g: Floats
    resistance_J_per_g: Floats
    gained_J_per_g: Floats
    edges: tuple[Edge, ...]
    plateaus: tuple[PlateauLoss, ...]

    @property
    def losses_J_per_g(self) -> Floats:
        """Insertion and extraction by cause in the order of `LOSSES`, shape (2, 5)."""
        return np.column_stack([self.heat_J_per_g.sum(axis=2), self.resistance_J_per_g])

    @property
    def losses_mV(self) -> Floats:
        """The same as a share of the voltage gap: energy over the charge of its half cycle."""
        return 1e3 * self.losses_J_per_g / (COULOMB_PER_MAH * self.capacities_mAh_per_g[:, np.newaxis])

    @property
    def stored_J_per_g(self) -> float:
        """What the electrode holds more after the cycle than before: nothing, once cycles repeat."""
        return float(self.gained_J_per_g.sum())

    @property
    def stored_mV(self) -> float:
        """The same as a share of the voltage gap, so that it and the losses add up to the hysteresis."""
        return float(np.sum(1e3 * self.gained_J_per_g / (COULOMB_PER_MAH * self.capacities_mAh_per_g)))

    @property
    def capacity_mAh_per_g(self) -> float:
        """Mean of insertion and extraction."""
        return float(self.capacities_mAh_per_g.mean())

    @property
    def unaccounted_J_per_g(self) -> float:
        """What the loop holds beyond its parts and the stored energy: the error of the integration."""
        return self.loop_J_per_g - float(self.losses_J_per_g.sum()) - self.stored_J_per_g


@dataclass(frozen=True, slots=True, eq=False)
class HysteresisProfile:
    """The voltage gap of a cycle along its composition, by cause; n stretches of equal charge.

    Attributes
    ----------
    composition, charge_mAh_per_g : array, shape (n,)
        x, and charge from the emptiest end that both directions reach, in the middle of each stretch.
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


def loss_breakdowns(solution: Solution) -> list[LossBreakdown]:
    """The budget of each cycle whose loop is closed: as much charge out as in, within 2 %."""
    found = []
    halves = half_cycles(solution)
    heats = _heats(solution)
    # What a jump of the voltage at the very start delivered was held before it.
    held = float(solution.stored_J_per_g[0] + solution.energy_J_per_g[0])
    for summary in cycle_summaries(solution):
        if summary.loop_J_per_g is None:
            continue
        own = [half for half in halves if half.cycle == summary.cycle]
        pairs = list(zip(own, spans(solution, own), strict=True))
        ways = [[pair for pair in pairs if pair[0].direction == way] for way in ("insertion", "extraction")]
        rows = [[span for _, span in way] for way in ways]
        found.append(
            LossBreakdown(
                cycle=summary.cycle,
                capacities_mAh_per_g=np.array(
                    [sum(half.capacity_mAh_per_g for half, _ in way) for way in ways]
                ),
                loop_J_per_g=summary.loop_J_per_g,
                hysteresis_mV=summary.hysteresis_mV,
                heat_J_per_g=_gained(solution.heat_parts_J_per_g, rows),
                resistance_J_per_g=_gained(solution.joule_heat_J_per_g, rows),
                gained_J_per_g=_gained(solution.stored_J_per_g, rows, held),
                edges=solution.edges,
                plateaus=tuple(loss for half in own for loss in _plateau_losses(solution, half, heats)),
            )
        )
    return found


def loss_breakdown(solution: Solution, cycle: int | None = None) -> LossBreakdown:
    """The budget of one cycle, the last closed one if `cycle` is not given.

    Raises
    ------
    InputError
        If that cycle has no closed loop.

    Examples
    --------
    >>> import sbpath
    >>> protocol = sbpath.cycling("C/10", 0.05, 1.5, cycles=2)
    >>> parts = sbpath.loss_breakdown(sbpath.simulate("li-sb", protocol, progress=False))
    >>> parts.losses_mV.sum(axis=0).round(1).tolist()  # nucleation, growth, transport, work, resistance
    [185.7, 6.3, 3.9, 0.0, 0.0]
    """
    found = {item.cycle: item for item in loss_breakdowns(solution)}
    if not found:
        raise InputError(
            "loss_breakdown: no cycle of this solution is closed (insertion and extraction within 2 %); "
            "simulate full cycles, the second one closes best"
        )
    if cycle is None:
        return found[max(found)]
    if cycle not in found:
        raise InputError(f"cycle: cycle {cycle!r} is not closed; choose one of {', '.join(map(str, found))}")
    return found[cycle]


def hysteresis_profile(
    solution: Solution, cycle: int | None = None, points: int = GAP_POINTS
) -> HysteresisProfile:
    """The gap between extraction and insertion at each composition, by cause.

    Insertion and extraction are laid over each other at the same charge held. Each stretch is an
    exact balance of energy: ``gap = sum of the losses + stored``.

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
    which = loss_breakdown(solution, cycle).cycle
    own = [half for half in half_cycles(solution) if half.cycle == which]
    if len(own) != 2:
        raise InputError(
            f"hysteresis_profile: cycle {which} has {len(own)} half cycles; give one of an insertion and an extraction"
        )
    curves = {
        half.direction: _against_charge(solution, half, rows)
        for half, rows in zip(own, spans(solution, own), strict=True)
    }
    # The charge that both directions pass: they meet where the cycle turns.
    edges = np.linspace(
        max(min(curve[0]) for curve in curves.values()),
        min(max(curve[0]) for curve in curves.values()),
        points + 1,
    )
    width = COULOMB_PER_MAH * (edges[-1] - edges[0]) / points
    sums = {
        way: np.array([np.diff(_at(edges, curve[0], row)) for row in curve[1:]])
        for way, curve in curves.items()
    }
    into, out = sums["insertion"], -sums["extraction"]
    gap = 1e3 * (-out[0] - into[0]) / width
    losses_mV = 1e3 * (into[1:] + out[1:]) / width
    middle = 0.5 * (edges[1:] + edges[:-1])
    insertion = next(half for half in own if half.direction == "insertion")
    charge = solution.charge_mAh_per_g[insertion.rows]
    return HysteresisProfile(
        composition=np.interp(middle, np.maximum.accumulate(charge), solution.composition[insertion.rows]),
        charge_mAh_per_g=middle - edges[0],
        gap_mV=gap,
        losses_mV=losses_mV,
        stored_mV=gap - losses_mV.sum(axis=0),
    )


def _gained(running: Floats, ways: Sequence[Sequence[slice]], before: float = 0.0) -> Floats:
    """What a running integral (last axis: rows) gained over all rows of each way.

    `before` is its value before the first row of all.
    """
    return np.array([sum(_rise(running, rows, before) for rows in way) for way in ways])


def _rise(running: Floats, rows: slice, before: float) -> Floats:
    return running[..., rows.stop - 1] - (running[..., rows.start - 1] if rows.start > 0 else before)


def _heats(solution: Solution) -> Floats:
    """Heat by cause since the start (J/g), in the order of `LOSSES`, shape (5, n)."""
    return np.vstack([solution.heat_parts_J_per_g.sum(axis=1), solution.joule_heat_J_per_g])


def _against_charge(solution: Solution, half: HalfCycle, rows: slice) -> Floats:
    """Net charge (mAh/g), energy delivered and heat by cause (J/g) over the rows of a half cycle.

    From where it began; shape (7, n), in order of rising charge.
    """
    running = np.vstack([solution.charge_mAh_per_g, solution.energy_J_per_g, _heats(solution)])
    before = running[:, rows.start - 1] if rows.start > 0 else np.zeros(len(running))
    curve = np.column_stack([before, running[:, rows]])
    # Rounding may turn the charge back by nothing.
    curve[0] = (
        np.maximum.accumulate(curve[0]) if half.direction == "insertion" else np.minimum.accumulate(curve[0])
    )
    return curve if half.direction == "insertion" else curve[:, ::-1]


def _at(charge: Floats, passed: Floats, values: Floats) -> Floats:
    """`values` at `charge`, those of the first and last row at the ends, whatever stands still there."""
    found = np.interp(charge, passed, values)
    width = passed[-1] - passed[0]
    found[np.abs(charge - passed[0]) <= 1e-9 * width] = values[0]
    found[np.abs(charge - passed[-1]) <= 1e-9 * width] = values[-1]
    return found


def _along(solution: Solution, half: HalfCycle, values: Floats, capacity: Floats) -> Floats:
    """`values` of a half cycle where it has passed `capacity` (mAh/g)."""
    passed = np.maximum.accumulate(solution.capacity_mAh_per_g[half.rows])
    return np.interp(capacity, passed, values[half.rows])


def _plateau_losses(solution: Solution, half: HalfCycle, heats: Floats) -> list[PlateauLoss]:
    """What each plateau loses; `heats` as `_heats` gives them."""
    losses = []
    # Plateaus count from the first row, which a jump of the voltage may have moved.
    first = float(solution.capacity_mAh_per_g[half.rows][0])
    for plateau in half.plateaus:
        ends = first + plateau.start_mAh_per_g + np.array([0.0, plateau.extent_mAh_per_g])
        heat = np.array([np.diff(_along(solution, half, h, ends))[0] for h in heats])
        losses.append(
            PlateauLoss(half.direction, plateau, 1e3 * heat / (COULOMB_PER_MAH * plateau.extent_mAh_per_g))
        )
    return losses
