"""Rate test: capacities, coulombic efficiency and mean voltages of each cycle and rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sbpath.mechanism.mechanism import Mechanism
from sbpath.physical import COULOMB_PER_MAH
from sbpath.protocol.protocol import Protocol, cycling
from sbpath.protocol.steps import ConstantCurrent, Rate
from sbpath.results.cycles import cycle_summaries
from sbpath.solution import Solution
from sbpath.studies.study import Argument, Study
from sbpath.studies.study_arguments import StudyArguments
from sbpath.text.report import table_report
from sbpath.text.tables import Column


def rate_test(
    rates: Sequence[str | Rate] | str | Rate, lower_V: float, upper_V: float, cycles_each: int = 3
) -> Protocol:
    """Return `cycles_each` constant-current cycles at each of `rates`, one rate after the other.

    Parameters
    ----------
    rates : sequence of str or Rate
        Such as ``["C/10", "1C", "C/10"]``; the same for insertion and extraction.
    lower_V, upper_V : float
        Cut-off voltages [V], lower below upper.
    cycles_each : int
        Cycles at each rate, 1 or more.

    Raises
    ------
    InputError
        All mistakes in the arguments, one line each.

    Examples
    --------
    >>> import sbpath
    >>> len(sbpath.rate_test(["C/10", "1C"], 0.05, 1.5, cycles_each=2).cycles)
    4
    """
    arguments = StudyArguments()
    arguments.window(lower_V, upper_V)
    currents = arguments.rates("rates", rates)
    cycles_each = arguments.count("cycles_each", cycles_each)
    arguments.check()
    each = [cycling(rate, lower_V, upper_V, cycles_each).cycles for rate in currents]
    return Protocol(tuple(cycle for cycles in each for cycle in cycles))


@dataclass(frozen=True, slots=True)
class RatePoint:
    """One cycle of a rate test.

    Attributes
    ----------
    cycle, rate : int, str
        Cycle, and the rate of its first constant-current step as text: "C/10".
    current_A_per_g : float
        Magnitude of that current.
    insertion_mAh_per_g, extraction_mAh_per_g : float
        Capacities, summed over the half cycles of each direction.
    insertion_V, extraction_V : float
        Mean voltages, energy over charge.
    coulombic_efficiency : float
        As in `sbpath.results.cycles`, a fraction.
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
    """A point for each cycle with both directions and a constant-current step, in order."""
    driven: dict[int, tuple[str, float]] = {}
    basis = solution.experiment.basis
    for record in solution.steps:
        step = record.step
        if isinstance(step, ConstantCurrent) and record.cycle not in driven:
            driven[record.cycle] = str(step.rate), basis.A_per_g(step.rate)
    table = solution.cycle_table
    points = []
    for summary in cycle_summaries(solution):
        passed = {"insertion": 0.0, "extraction": 0.0}
        energy = dict(passed)
        halves = table.halves(summary.cycle)
        columns = (table.half_direction, table.half_charge_mAh_per_g, table.half_energy_J_per_g)
        for sign, charge, work in zip(*(c[halves].tolist() for c in columns), strict=True):
            way = "insertion" if sign > 0 else "extraction"
            passed[way] += abs(charge)
            energy[way] += abs(work)
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


COLUMNS: tuple[Column[RatePoint], ...] = (
    Column("Cycle", lambda p: p.cycle, short="cycle", terminal="{:5d}"),
    Column("Rate", lambda p: p.rate, short="rate"),
    Column("Current [mA.g-1]", lambda p: 1e3 * p.current_A_per_g, "{:.6g}", "mA/g", "{:7.1f}"),
    Column("Insertion [mA.h.g-1]", lambda p: p.insertion_mAh_per_g, "{:.4f}", "in / mAh/g", "{:6.1f}"),
    Column("Extraction [mA.h.g-1]", lambda p: p.extraction_mAh_per_g, "{:.4f}", "out / mAh/g", "{:6.1f}"),
    Column("Coulombic efficiency", lambda p: p.coulombic_efficiency, "{:.6f}", "coulombic eff.", "{:8.2%}"),
    Column("Insertion [V]", lambda p: p.insertion_V, "{:.6f}", "in / V", "{:6.3f}"),
    Column("Extraction [V]", lambda p: p.extraction_V, "{:.6f}", "out / V", "{:6.3f}"),
)


def report(solution: Solution) -> str:
    """Capacities, coulombic efficiency and mean voltages of each cycle."""
    return table_report(
        solution,
        COLUMNS,
        rate_capability(solution),
        "coulombic eff.: extraction / insertion capacity; where the rate changes it differs from 100 % "
        "without any loss",
    )


def _protocol(mechanism: Mechanism, lower_V: float, upper_V: float, **chosen: Any) -> Protocol:
    return rate_test(chosen["rate"], lower_V, upper_V, chosen["cycles"])


STUDY = Study(
    name="rate-test",
    title="capacity against rate",
    description="Rate test: constant-current cycles at one rate after another. Prints capacities, coulombic "
    "efficiency and mean voltages of each cycle.",
    example="sbpath run rate-test k-sb --rate C/20 C/5 1C 5C C/20 --cycles 2 --plot rates.png",
    arguments=(
        Argument(
            "rate",
            ("C/20", "C/10", "C/5", "C/2", "1C", "2C", "5C", "C/20"),
            "one or more",
            "RATE",
            several="+",
            parameters=("rates",),
        ),
        Argument("cycles", 3, "cycles at each rate", "N", kind=int, parameters=("cycles_each",)),
    ),
    protocol=_protocol,
    rows=rate_capability,
    columns=COLUMNS,
    report=report,
    figure="rate_capability",
)
