"""What a rate test shows: capacities, coulombic efficiency and mean voltages of each cycle and rate."""

from __future__ import annotations

from dataclasses import dataclass

from sbpath.physical import COULOMB_PER_MAH
from sbpath.protocol.steps import ConstantCurrent
from sbpath.results.analysis import cycle_summaries, half_cycles
from sbpath.solution import Solution


@dataclass(frozen=True, slots=True)
class RatePoint:
    """One cycle of a rate test.

    Attributes
    ----------
    cycle, rate : int, str
        Cycle, and the rate of its first constant-current step as it is written: "C/10".
    current_A_per_g : float
        Magnitude of that current.
    insertion_mAh_per_g, extraction_mAh_per_g : float
        Capacities, added up over the half cycles of each direction.
    insertion_V, extraction_V : float
        Mean voltages, energy over charge.
    coulombic_efficiency : float
        As in `sbpath.results.analysis`, a fraction.
    """

    cycle: int
    rate: str
    current_A_per_g: float
    insertion_mAh_per_g: float
    extraction_mAh_per_g: float
    insertion_V: float
    extraction_V: float
    coulombic_efficiency: float


def rate_capability(solution: Solution) -> list[RatePoint]:
    """A point for every cycle that has both directions and a constant-current step, in order."""
    driven: dict[int, tuple[str, float]] = {}
    for record in solution.steps:
        step = record.step
        if isinstance(step, ConstantCurrent) and record.cycle not in driven:
            driven[record.cycle] = str(step.rate), abs(float(solution.current_A_per_g[record.first]))
    halves = half_cycles(solution)
    points = []
    for summary in cycle_summaries(solution):
        passed = {"insertion": 0.0, "extraction": 0.0}
        energy = dict(passed)
        for half in halves:
            if half.cycle == summary.cycle:
                passed[half.direction] += half.capacity_mAh_per_g
                energy[half.direction] += half.energy_J_per_g
        if summary.cycle not in driven or 0.0 in passed.values():
            continue
        mean = {way: energy[way] / (COULOMB_PER_MAH * passed[way]) for way in passed}
        points.append(
            RatePoint(
                summary.cycle, *driven[summary.cycle], passed["insertion"], passed["extraction"],
                mean["insertion"], mean["extraction"], summary.coulombic_efficiency,
            )
        )  # fmt: skip
    return points
