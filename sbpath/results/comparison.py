"""Simulations side by side: one case each, named by what tells it from the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sbpath.errors import InputError
from sbpath.physical import STANDARD_POTENTIAL_V
from sbpath.results.analysis import CycleSummary, HalfCycle, first_cycle_efficiency, last_loop
from sbpath.results.budget import Budget, budgets
from sbpath.results.pathways import Pathways, pathways
from sbpath.solution import Solution

Scale = Literal["own", "Li"]


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """The last full cycle of one simulation.

    Attributes
    ----------
    label : str
        The mechanism's name, and of graph, design, temperature and rate what differs between the cases.
    solution : Solution
        Whole.
    rate_mA_per_g : float
        Current of the insertion that is compared, at its start.
    summary, insertion, extraction
        Of that cycle; None where the solution has no full cycle.
    insertion_way, extraction_way : Pathways or None
        Which edges carried the charge of these half cycles.
    first_cycle_efficiency : float or None
        Share of the charge inserted in cycle 1 that came out again; None where that is no full cycle.
    budget : Budget or None
        None where the loop is not closed.
    shift_V : float
        To be added to each potential, 0 on the metal's own scale.
    """

    label: str
    solution: Solution
    rate_mA_per_g: float
    summary: CycleSummary | None
    insertion: HalfCycle | None
    extraction: HalfCycle | None
    insertion_way: Pathways | None
    extraction_way: Pathways | None
    first_cycle_efficiency: float | None
    budget: Budget | None
    shift_V: float


def cases(solutions: Sequence[Solution] | Solution, scale: Scale = "own") -> list[Case]:
    """One case for each solution, in their order.

    Parameters
    ----------
    solutions : sequence of Solution, or one Solution
        What is compared.
    scale : {"own", "Li"}
        Potentials against each cell's own alkali metal, or all against Li+/Li by the standard
        potentials of the metals (`sbpath.physical.STANDARD_POTENTIAL_V`).

    Raises
    ------
    InputError
        If there is nothing to compare, or the scale is another one.
    """
    several = [solutions] if isinstance(solutions, Solution) else list(solutions)
    if not several:
        raise InputError("comparison: give at least one solution")
    if scale not in ("own", "Li"):
        raise InputError(f"scale: must be 'own' or 'Li', not {scale!r}")
    found = []
    loops = [last_loop(solution) for solution in several]
    rates = [_rate(solution, loop) for solution, loop in zip(several, loops, strict=True)]
    labels = case_labels(several, rates)
    for solution, label, loop, rate in zip(several, labels, loops, rates, strict=True):
        summary, insertion, extraction = loop if loop is not None else (None, None, None)
        cycle = summary.cycle if summary is not None else 0
        # The first of each direction, as in `last_loop`.
        own = {way.direction: way for way in reversed(pathways(solution)) if way.cycle == cycle}
        ion = solution.mechanism.ion
        found.append(
            Case(
                label=label,
                solution=solution,
                rate_mA_per_g=rate,
                summary=summary,
                insertion=insertion,
                extraction=extraction,
                insertion_way=own.get("insertion"),
                extraction_way=own.get("extraction"),
                first_cycle_efficiency=first_cycle_efficiency(solution),
                budget=next((b for b in budgets(solution) if b.cycle == cycle), None),
                shift_V=0.0 if scale == "own" else STANDARD_POTENTIAL_V[ion] - STANDARD_POTENTIAL_V["Li"],
            )
        )
    return found


def case_labels(solutions: Sequence[Solution], rates_mA_per_g: Sequence[float] | None = None) -> list[str]:
    """A short name for each solution, with what tells it from the others.

    The rates are those of `Case`, found anew if not given (mA/g).
    """
    if rates_mA_per_g is None:
        rates_mA_per_g = [_rate(solution, last_loop(solution)) for solution in solutions]
    parts = [
        (
            solution.mechanism.name,
            solution.graph,
            solution.mechanism.design or "own electrode",
            f"{solution.temperature_C:g} °C",
            rate_text(rate, solution.experiment.one_C_mA_per_g),
        )
        for solution, rate in zip(solutions, rates_mA_per_g, strict=True)
    ]
    labels = []
    for part in parts:
        twins = [other for other in parts if other[0] == part[0]]
        # The temperature belongs to a system; it is told where the same system has two.
        told = [part[i] for i in (1, 2, 3, 4) if len({other[i] for other in twins}) > 1]
        labels.append(", ".join([part[0], *told]))
    # Alike but for a number of the mechanism or a protocol: counted.
    return [
        label if labels.count(label) == 1 else f"{label} ({labels[: i + 1].count(label)})"
        for i, label in enumerate(labels)
    ]


def rate_text(rate_mA_per_g: float, one_C_mA_per_g: float) -> str:
    """``C/10`` or ``2C``, of a current per gram."""
    if rate_mA_per_g <= 0.0:
        return "rest"
    hours = one_C_mA_per_g / rate_mA_per_g
    return f"C/{hours:.4g}" if hours > 1.0 else f"{1.0 / hours:.4g}C"


def _rate(solution: Solution, loop: tuple[CycleSummary, HalfCycle, HalfCycle] | None) -> float:
    rows = slice(0, None) if loop is None else loop[1].rows
    return 1e3 * abs(float(solution.current_A_per_g[rows][0]))
