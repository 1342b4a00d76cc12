"""Rate test: capacities, coulombic efficiency and mean voltages of each cycle and rate."""

from __future__ import annotations

from collections.abc import Sequence

from sbpath.protocol.protocol import Protocol, cycling
from sbpath.protocol.steps import Rate
from sbpath.results.cycles import CycleSummary, cycle_summaries
from sbpath.solution import Solution
from sbpath.studies.study import Argument, Study
from sbpath.studies.study_arguments import StudyArguments
from sbpath.text.cycle_tables import COLUMNS
from sbpath.text.report import table_report


def rate_test(
    rates: Sequence[str | Rate] | str | Rate, lower_V: float, upper_V: float, cycles_each: int = 3
) -> Protocol:
    """Return `cycles_each` constant-current cycles at each of `rates`, one rate after the other.

    Parameters
    ----------
    rates : sequence of str or Rate
        Such as ``["C/10", "1C", "C/10"]``; the same for insertion and extraction.
    lower_V, upper_V
        As in `cycling`.
    cycles_each : int
        Cycles at each rate, 1 or more.

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
    return cycling([(cycles_each, rate) for rate in currents], lower_V, upper_V)


def rate_capability(solution: Solution) -> list[CycleSummary]:
    """The cycles with both directions and a constant-current step, in order."""
    return [summary for summary in cycle_summaries(solution) if summary.rate is not None]


def report(solution: Solution) -> str:
    """Capacities, coulombic efficiency and mean voltages of each cycle."""
    return table_report(
        solution,
        COLUMNS,
        rate_capability(solution),
        "coulombic eff.: extraction / insertion capacity; where the rate changes it differs from 100 % "
        "without any loss",
    )


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
    protocol=rate_test,
    rows=rate_capability,
    columns=COLUMNS,
    report=report,
    figure="rate_capability",
)
