"""Voltage hysteresis of a cycle: the energy lost around its loop, by cause.

Energy is conserved along every simulation: energy delivered, change of stored energy and heat sum
to zero. Over a cycle, therefore,

    loop = sum over edges of  integral r A / M dt  +  integral (I^2 R_s + I eta + eta_f i_f) dt
           + change of the stored energy,

where eta_f is how far E lies below the onset of film and i_f what film takes, and the loop is the energy taken up on extraction less the energy delivered on insertion (J per g
Sb). The heat of an edge is the transformation work, r W / M, and the rest, r (A - W) / M, divided in
proportion to the three time constants in series:

    nucleation : growth : transport  =  tau_start : tau_growth : tau_transport

at every instant; with propagation, "nucleation" is the wait for a nucleus or a front. No part is negative, as each is the integral of a non-negative rate, and the parts
add up to the loop of a cycle that ends in its initial state. In a first cycle, which can leave other
phases behind, the difference is the change of the stored energy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sbpath.arguments import whole
from sbpath.errors import InputError, listed
from sbpath.kernels import Booleans
from sbpath.mechanism.mechanism import Edge
from sbpath.physical import COULOMB_PER_MAH
from sbpath.results.cycles import (
    CycleSummary,
    HalfCycle,
    Plateau,
    cycle_summaries,
    half_cycles,
    half_cycles_of,
    spans,
)
from sbpath.solution import CAUSES, Floats, Solution

LOSSES = (*CAUSES, "resistance", "charge transfer", "film")
PROFILE_POINTS = 100


@dataclass(frozen=True, slots=True, eq=False)
class PlateauLoss:
    """Losses on a plateau.

    Attributes
    ----------
    direction : str
        Direction of its half cycle.
    plateau : Plateau
        Voltage, start and extent.
    losses_mV : array, shape (7,)
        Overpotential by cause, in the order of `LOSSES`: heat on the plateau over its charge.
    """

    direction: str
    plateau: Plateau
    losses_mV: Floats


@dataclass(frozen=True, slots=True, eq=False)
class LossBreakdown:
    """Losses of one cycle, by cause, direction and edge.

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
    resistance_J_per_g, charge_transfer_J_per_g, film_J_per_g : array, shape (2,)
        Heat in the series resistance, of charge transfer and of film on insertion and on extraction.
    gained_J_per_g : array, shape (2,)
        Change of the stored energy on insertion and on extraction, with the integral of S dT where the
        temperature changes. Of the charge that film takes, the energy at its onset is stored for good.
    edges : tuple of Edge
        The E edges.
    plateaus : tuple of PlateauLoss
        Of insertion, then of extraction; none if the rows of the cycle were not kept.
    """

    cycle: int
    capacities_mAh_per_g: Floats
    loop_J_per_g: float
    hysteresis_mV: float
    heat_J_per_g: Floats
    resistance_J_per_g: Floats
    charge_transfer_J_per_g: Floats
    film_J_per_g: Floats
    gained_J_per_g: Floats
    edges: tuple[Edge, ...]
    plateaus: tuple[PlateauLoss, ...]

    @property
    def losses_J_per_g(self) -> Floats:
        """Losses on insertion and extraction, by cause in the order of `LOSSES`, shape (2, 7)."""
        return np.column_stack(
            [
                self.heat_J_per_g.sum(axis=2),
                self.resistance_J_per_g,
                self.charge_transfer_J_per_g,
                self.film_J_per_g,
            ]
        )

    @property
    def losses_mV(self) -> Floats:
        """The same as a share of the voltage gap: energy over the charge of its half cycle."""
        return 1e3 * self.losses_J_per_g / (COULOMB_PER_MAH * self.capacities_mAh_per_g[:, np.newaxis])

    @property
    def stored_J_per_g(self) -> float:
        """Change of the stored energy over the cycle: zero once cycles repeat."""
        return float(self.gained_J_per_g.sum())

    @property
    def stored_mV(self) -> float:
        """The same as a share of the voltage gap: with the losses it adds up to the hysteresis."""
        return float(np.sum(1e3 * self.gained_J_per_g / (COULOMB_PER_MAH * self.capacities_mAh_per_g)))

    @property
    def capacity_mAh_per_g(self) -> float:
        """Mean of insertion and extraction."""
        return float(self.capacities_mAh_per_g.mean())

    @property
    def unaccounted_J_per_g(self) -> float:
        """The loop less its losses and the stored energy: the integration error."""
        return self.loop_J_per_g - float(self.losses_J_per_g.sum()) - self.stored_J_per_g


@dataclass(frozen=True, slots=True, eq=False)
class HysteresisProfile:
    """The voltage gap of a cycle against composition, by cause, in n stretches of equal charge.

    Attributes
    ----------
    composition, charge_mAh_per_g : array, shape (n,)
        x, and charge from the lowest one that both directions reach, in the middle of each stretch.
    gap_mV : array, shape (n,)
        Mean voltage of extraction less that of insertion over the stretch.
    losses_mV : array, shape (7, n)
        Heat of both directions over the charge of the stretch, by cause (`LOSSES`).
    stored_mV : array, shape (n,)
        The rest: at the same x, different phases store different energy on insertion and on
        extraction. It sums to zero over a closed cycle.
    """

    composition: Floats
    charge_mAh_per_g: Floats
    gap_mV: Floats
    losses_mV: Floats
    stored_mV: Floats


def loss_breakdowns(solution: Solution) -> list[LossBreakdown]:
    """The losses of each closed cycle: capacities equal within 2 %.

    Also of cycles whose rows were not kept, then without plateaus.
    """
    return _breakdowns(solution, cycle_summaries(solution))


def _breakdowns(solution: Solution, summaries: Sequence[CycleSummary]) -> list[LossBreakdown]:
    """The losses of those of the cycles with these summaries that are closed."""
    table, heats = solution.cycle_table, _heats(solution)
    halves: dict[int, list[HalfCycle]] = {}
    for half in half_cycles(solution):
        halves.setdefault(half.cycle, []).append(half)
    found = []
    for summary in summaries:
        if summary.loop_J_per_g is None:
            continue
        own = table.halves(summary.cycle)
        ways = [table.half_direction[own] == way for way in (1, -1)]

        def passed(half_changes: Floats, own: slice = own, ways: Sequence[Booleans] = ways) -> Floats:
            """Sums of the changes over the half cycles of each direction."""
            return np.array([half_changes[own][way].sum(axis=0) for way in ways])

        found.append(
            LossBreakdown(
                cycle=summary.cycle,
                capacities_mAh_per_g=passed(np.abs(table.half_charge_mAh_per_g)),
                loop_J_per_g=summary.loop_J_per_g,
                hysteresis_mV=summary.hysteresis_mV,
                heat_J_per_g=passed(table.half_heat_parts_J_per_g),
                resistance_J_per_g=passed(table.half_joule_heat_J_per_g),
                charge_transfer_J_per_g=passed(table.half_charge_transfer_heat_J_per_g),
                film_J_per_g=passed(table.half_film_heat_J_per_g),
                gained_J_per_g=passed(table.half_stored_J_per_g + table.half_warming_J_per_g),
                edges=solution.edges,
                plateaus=tuple(
                    loss
                    for half in halves.get(summary.cycle, ())
                    for loss in _plateau_losses(solution, half, heats)
                ),
            )
        )
    return found


def loss_breakdown(solution: Solution, cycle: int | None = None) -> LossBreakdown:
    """The losses of one cycle, by default the last closed one.

    Raises
    ------
    InputError
        If that cycle is not closed.

    Examples
    --------
    >>> import sbpath
    >>> protocol = sbpath.cycling("C/10", 0.05, 1.5, cycles=2)
    >>> parts = sbpath.loss_breakdown(sbpath.simulate("li-sb", protocol, progress=False))
    >>> parts.losses_mV.sum(axis=0).round(1).tolist()  # in the order of LOSSES
    [169.9, 13.2, 6.1, 0.0, 0.0, 7.3, 0.0]
    """
    closed = {s.cycle: s for s in cycle_summaries(solution) if s.loop_J_per_g is not None}
    if not closed:
        raise InputError(
            "loss_breakdown: no cycle of this solution is closed (insertion and extraction within 2 %); "
            "simulate full cycles, the second one closes best"
        )
    which = max(closed) if cycle is None else whole("cycle", cycle)
    if which not in closed:
        raise InputError(f"cycle: cycle {which} is not closed; choose one of {listed(list(closed))}")
    return _breakdowns(solution, [closed[which]])[0]


def hysteresis_profile(
    solution: Solution, cycle: int | None = None, points: int = PROFILE_POINTS
) -> HysteresisProfile:
    """The gap between extraction and insertion at each composition, by cause.

    Insertion and extraction are compared at equal charge. Energy is balanced exactly in each stretch:
    ``gap = sum of the losses + stored``.

    Parameters
    ----------
    solution : Solution
        With a closed cycle of one insertion and one extraction.
    cycle : int, optional
        By default the last closed one.
    points : int
        Number of stretches.

    Raises
    ------
    InputError
        If the cycle is not closed, has more than one insertion and one extraction, or its rows were not
        kept.
    """
    points = whole("points", points)
    which = loss_breakdown(solution, cycle).cycle
    own = half_cycles_of(solution, which)
    if len(own) != 2:
        raise InputError(
            f"hysteresis_profile: cycle {which} has {len(own)} half cycles; give one of an insertion and an extraction"
        )
    curves = {
        half.direction: _against_charge(solution, half, rows)
        for half, rows in zip(own, spans(solution, own), strict=True)
    }
    # The charge range that both directions pass.
    edges = np.linspace(
        max(min(curve[0]) for curve in curves.values()),
        min(max(curve[0]) for curve in curves.values()),
        points + 1,
    )
    width = COULOMB_PER_MAH * (edges[-1] - edges[0]) / points
    sums = {
        way: np.array([np.diff(_interpolated(edges, curve[0], row)) for row in curve[1:]])
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


def _heats(solution: Solution) -> Floats:
    """Heat by cause since the start (J/g), in the order of `LOSSES`, shape (7, n)."""
    return np.vstack(
        [
            solution.heat_parts_J_per_g.sum(axis=1),
            solution.joule_heat_J_per_g,
            solution.charge_transfer_heat_J_per_g,
            solution.film_heat_J_per_g,
        ]
    )


def _against_charge(solution: Solution, half: HalfCycle, rows: slice) -> Floats:
    """Net charge (mAh/g), energy delivered and heat by cause (J/g) along a half cycle.

    Includes the row before it; shape (9, n), in order of rising charge.
    """
    running = np.vstack([solution.charge_mAh_per_g, solution.energy_J_per_g, _heats(solution)])
    before = running[:, rows.start - 1] if rows.start > 0 else np.zeros(len(running))
    curve = np.column_stack([before, running[:, rows]])
    # Rounding can reverse the charge slightly.
    curve[0] = (
        np.maximum.accumulate(curve[0]) if half.direction == "insertion" else np.minimum.accumulate(curve[0])
    )
    return curve if half.direction == "insertion" else curve[:, ::-1]


def _interpolated(charge: Floats, passed: Floats, values: Floats) -> Floats:
    """`values` at `charge`; at the ends those of the first and last row, even if the charge is constant there."""
    found = np.interp(charge, passed, values)
    width = passed[-1] - passed[0]
    found[np.abs(charge - passed[0]) <= 1e-9 * width] = values[0]
    found[np.abs(charge - passed[-1]) <= 1e-9 * width] = values[-1]
    return found


def _along(solution: Solution, half: HalfCycle, values: Floats, capacity: Floats) -> Floats:
    """`values` of a half cycle at `capacity` (mAh/g)."""
    passed = np.maximum.accumulate(solution.capacity_mAh_per_g[half.rows])
    return np.interp(capacity, passed, values[half.rows])


def _plateau_losses(solution: Solution, half: HalfCycle, heats: Floats) -> list[PlateauLoss]:
    """Losses on each plateau; `heats` are from `_heats`."""
    losses = []
    # Plateaus are counted from the first row, whose capacity is not 0 after a voltage jump.
    first = float(solution.capacity_mAh_per_g[half.rows][0])
    for plateau in half.plateaus:
        ends = first + plateau.start_mAh_per_g + np.array([0.0, plateau.extent_mAh_per_g])
        heat = np.array([np.diff(_along(solution, half, h, ends))[0] for h in heats])
        losses.append(
            PlateauLoss(half.direction, plateau, 1e3 * heat / (COULOMB_PER_MAH * plateau.extent_mAh_per_g))
        )
    return losses
