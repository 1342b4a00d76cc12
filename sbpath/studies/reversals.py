"""Memory of an electrode: curves that begin where the current is reversed inside the full loop.

A first-order reversal curve leaves a branch of the full loop at some x, and runs back to the end
at which the branch began (concept and terms: Mayergoyz 1986, J. Appl. Phys. 57, 3803).
A curve that leaves a first-order curve is of second order, and so on. How far a curve runs
before it joins the other branch, if it does, measures the memory of the electrode.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from sbpath.halfcycles import Run
from sbpath.protocol.protocol import Protocol
from sbpath.protocol.steps import Direction, Rate, Rest
from sbpath.results.cycles import MAX_LOOP_MISMATCH
from sbpath.solution import Solution, StepRecord
from sbpath.studies.study import RATE, REST, Argument, Study
from sbpath.studies.study_arguments import StudyArguments, to_composition
from sbpath.text.report import table_report
from sbpath.text.tables import Column

# Curves coincide where their voltages differ by less than this (V).
SAME_V = 0.005


@dataclass(frozen=True, slots=True)
class Reversal:
    """A half cycle that begins inside the range of compositions of its solution.

    Attributes
    ----------
    cycle, direction : int, str
        Of the curve; the branch it leaves has the opposite direction.
    order : int
        1 if that branch began at an end of the range, else one more than the order of the branch.
    composition, voltage_V : float
        x and the voltage under current at the reversal.
    rows : slice
        Rows of the curve.
    rejoins_x : float or None
        x from which on it stays within `SAME_V` of the full loop's branch of the same direction;
        None if it does so only at the end of the range, or if no full loop precedes it.
    """

    cycle: int
    direction: str
    order: int
    composition: float
    voltage_V: float
    rows: slice = field(hash=False)
    rejoins_x: float | None


def first_order_reversals(
    rate: str | Rate, lower_V: float, upper_V: float, reversals_x: Sequence[float], full_cycles: int = 2
) -> Protocol:
    """Return first-order reversal curves from both branches of the full loop.

    For each composition in turn: insertion from empty to x, extraction to `upper_V`, and one full
    loop. Then the same from the other branch: insertion to `lower_V`, extraction to x, insertion,
    extraction. The full loop in between matters: where Sb forms amorphous and crystallizes slowly,
    the empty electrode still depends on how it was emptied; only the full one does not. With it,
    every curve begins on the full loop, whatever their order.

    Parameters
    ----------
    rate, lower_V, upper_V
        As in `cycling`.
    reversals_x : sequence of float
        Compositions of the reversals, mol of alkali per mol of Sb.
    full_cycles : int
        Full cycles before the reversals, 0 or more; the last one is the loop around the curves.
    """
    arguments = StudyArguments()
    insertion, extraction = arguments.halves(rate, lower_V, upper_V)
    turns = arguments.compositions("reversals_x", reversals_x)
    full_cycles = arguments.count("full_cycles", full_cycles, least=0)
    arguments.check()
    return Protocol(
        (
            *((insertion, extraction),) * full_cycles,
            *((to_composition(insertion, x), extraction, insertion, extraction) for x in turns),
            *((insertion, to_composition(extraction, x), insertion, extraction) for x in turns),
        )
    )


def partial_cycling(
    rate: str | Rate,
    lower_V: float,
    upper_V: float,
    low_x: float,
    high_x: float,
    cycles: int = 3,
    first: Direction = "insertion",
    full_cycles: int = 2,
) -> Protocol:
    """Return minor loops: cycles between two compositions, after full cycles between the cut-offs.

    Parameters
    ----------
    rate, lower_V, upper_V
        As in `cycling`.
    low_x, high_x : float
        Compositions of the reversals, mol of alkali per mol of Sb.
    cycles : int
        Number of partial cycles, 1 or more.
    first : {"insertion", "extraction"}
        First half of each partial cycle, and so the branch of the full loop from which the
        minor loop starts: the electrode is empty before it, or full.
    full_cycles : int
        Full cycles before, 0 or more; the first one of a fresh electrode can differ from later ones.
    """
    arguments = StudyArguments()
    insertion, extraction = arguments.halves(rate, lower_V, upper_V)
    low, high = arguments.composition("low_x", low_x), arguments.composition("high_x", high_x)
    if not arguments.lines and low >= high:
        arguments.add(f"low_x: must be below high_x, but {low:g} is not below {high:g}; change one")
    if first not in get_args(Direction):
        arguments.add(f"first: must be 'insertion' or 'extraction', not {first!r}")
    cycles = arguments.count("cycles", cycles)
    full_cycles = arguments.count("full_cycles", full_cycles, least=0)
    arguments.check()
    partial = (to_composition(insertion, high), to_composition(extraction, low))
    before = ((insertion, extraction),) * full_cycles
    if first == "extraction":
        partial = partial[::-1]
        before = (*before, (insertion,))
    return Protocol((*before, *(partial,) * cycles))


def rest_after_reversal(
    rate: str | Rate,
    lower_V: float,
    upper_V: float,
    x: float,
    back_x: float = 0.1,
    rest: str = "10 h",
    full_cycles: int = 2,
) -> Protocol:
    """Return two rests at one composition, each after a reversal of the current.

    Insertion from empty to x + `back_x`, extraction to x, rest, extraction to `upper_V`; then
    extraction from full to x - `back_x`, insertion to x, rest, insertion to `lower_V`.

    Parameters
    ----------
    rate, lower_V, upper_V
        As in `cycling`.
    x : float
        Composition of the rests, mol of alkali per mol of Sb.
    back_x : float
        Change of x between the reversal and the rest.
    rest : str
        Duration, such as ``"10 h"``.
    full_cycles
        As in `first_order_reversals`.
    """
    arguments = StudyArguments()
    insertion, extraction = arguments.halves(rate, lower_V, upper_V)
    place, back = arguments.composition("x", x), arguments.composition("back_x", back_x)
    relax = arguments.rest("rest", rest)
    if not arguments.lines and not back < place:
        arguments.add(f"back_x: must be less than x = {place:g}, not {back:g}; use a smaller one")
    full_cycles = arguments.count("full_cycles", full_cycles, least=0)
    arguments.check()
    # The decimals as typed, not 0.30000000000000004.
    above, below = round(place + back, 12), round(place - back, 12)
    return Protocol(
        (
            *((insertion, extraction),) * full_cycles,
            (to_composition(insertion, above), to_composition(extraction, place), relax, extraction),
            (
                insertion,
                to_composition(extraction, below),
                to_composition(insertion, place),
                relax,
                insertion,
            ),
        )
    )


def reversals(solution: Solution) -> list[Reversal]:
    """Every curve that begins inside the loop, in order of time.

    The ends of the range are the lowest and highest x of the solution, with a tolerance of 2 % of
    the range. The full loop's branches are the last of `full_runs` before the curve.
    """
    found: list[Reversal] = []
    full = full_runs(solution)
    order = 0
    for before, run in pairwise(_runs(solution)):
        turn = before.last - 1
        x = float(solution.composition[turn])
        order = 0 if _at_end(solution, x) else order + 1
        if order == 0:
            continue
        branch = [other for other in full if other.direction == run.direction and other.last <= run.first]
        rejoins = _rejoins(solution, run, branch[-1]) if branch else None
        found.append(
            Reversal(
                run.cycle, run.direction, order, x, _last_driven(solution, turn), slice(run.first, run.last),
                rejoins if rejoins is not None and not _at_end(solution, rejoins) else None,
            )
        )  # fmt: skip
    return found


@dataclass(frozen=True, slots=True)
class ReversalRest:
    """A rest on a curve that begins inside the loop.

    Attributes
    ----------
    curve : Reversal
        The curve.
    rows : slice
        Rows of the rest.
    composition : float
        x at its end (mol per mol Sb).
    duration_s : float
        Its length.
    start_V, end_V : float
        Voltage at its start and end.
    insertion_V, extraction_V : float or None
        Voltage of the full loop's branches at this x; None if no full loop precedes it.
    """

    curve: Reversal
    rows: slice = field(hash=False)
    composition: float
    duration_s: float
    start_V: float
    end_V: float
    insertion_V: float | None
    extraction_V: float | None


def rests_after_reversal(solution: Solution) -> list[ReversalRest]:
    """Every rest on a curve that begins inside the loop, in order of time."""
    return [
        _rest(solution, curve, record)
        for curve in reversals(solution)
        for record in solution.steps
        if curve.rows.start <= record.first < curve.rows.stop and isinstance(record.step, Rest)
    ]


def _rest(solution: Solution, curve: Reversal, record: StepRecord) -> ReversalRest:
    x = float(solution.composition[record.last - 1])
    loop = {way: float(voltage_at(solution, run, x)) for way, run in full_before(solution, curve).items()}
    return ReversalRest(
        curve, slice(record.first, record.last), x, record.duration_s, float(solution.voltage_V[record.first]),
        float(solution.voltage_V[record.last - 1]), loop.get("insertion"), loop.get("extraction"),
    )  # fmt: skip


def full_before(solution: Solution, curve: Reversal) -> dict[str, Run]:
    """Branches of the full loop by direction: the last ones before `curve`."""
    return {run.direction: run for run in full_runs(solution) if run.last <= curve.rows.start}


def full_runs(solution: Solution) -> list[Run]:
    """The half cycles from one end of the range to the other, in order."""
    x = solution.composition.tolist()
    return [
        run
        for run in _runs(solution)
        if _at_end(solution, x[max(run.first - 1, 0)]) and _at_end(solution, x[run.last - 1])
    ]


def voltage_at(solution: Solution, run: Run, x: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Voltage of a half cycle at the compositions `x`, interpolated linearly (V)."""
    composition = solution.composition[run.first : run.last]
    order = np.argsort(composition, kind="stable")
    return np.asarray(np.interp(x, composition[order], solution.voltage_V[run.first : run.last][order]))


def _runs(solution: Solution) -> Sequence[Run]:
    solution.check_whole("reversals")
    return solution.runs


def _at_end(solution: Solution, x: float) -> bool:
    least, most = float(solution.composition.min()), float(solution.composition.max())
    return min(x - least, most - x) <= MAX_LOOP_MISMATCH * (most - least)


def _last_driven(solution: Solution, row: int) -> float:
    """Voltage of the last row under current up to `row`, so that a preceding rest is ignored."""
    rows = np.flatnonzero(solution.current_A_per_g[: row + 1])
    return float(solution.voltage_V[rows[-1] if rows.size else row])


def _rejoins(solution: Solution, run: Run, branch: Run) -> float | None:
    """The x from which on `run` coincides with `branch`; None if it does not at its end."""
    x = solution.composition[run.first : run.last]
    gap = np.abs(solution.voltage_V[run.first : run.last] - voltage_at(solution, branch, x))
    apart = np.flatnonzero(gap >= SAME_V)
    after = int(apart[-1]) + 1 if apart.size else 0
    return float(x[after]) if after < len(x) else None


COLUMNS: tuple[Column[Reversal], ...] = (
    Column("Cycle", lambda r: r.cycle),
    Column("Turned to", lambda r: r.direction, short="turned to"),
    Column("x", lambda r: r.composition, "{:.6f}", "at x", "{:5.3f}"),
    Column("Voltage [V]", lambda r: r.voltage_V, "{:.6f}", "at V", "{:7.4f}"),
    Column("Order", lambda r: r.order),
    Column(
        "Rejoins the full loop at x", lambda r: r.rejoins_x, "{:.6f}", "rejoins the full loop at x", "{:5.3f}"
    ),
)

REST_COLUMNS: tuple[Column[ReversalRest], ...] = (
    Column("Direction", lambda r: r.curve.direction, short="turned to"),
    Column("Composition", lambda r: r.composition, "{:.6f}", "at x", "{:.3f}"),
    Column("Time [h]", lambda r: r.duration_s / 3600.0, "{:g}", "h", "{:g}"),
    Column("Voltage at start [V]", lambda r: r.start_V, "{:.6f}", "start of rest / V", "{:.4f}"),
    Column("Voltage at end [V]", lambda r: r.end_V, "{:.6f}", "end / V", "{:.4f}"),
    Column("Loop insertion [V]", lambda r: r.insertion_V, "{:.6f}", "loop in / V", "{:.4f}"),
    Column("Loop extraction [V]", lambda r: r.extraction_V, "{:.6f}", "loop out / V", "{:.4f}"),
)


def report(solution: Solution) -> str:
    """Where each curve leaves and rejoins the full loop."""
    return table_report(
        solution,
        COLUMNS,
        reversals(solution),
        f"rejoins: stays within {1e3 * SAME_V:g} mV of the branch of its direction from there on; "
        "-: not before the loop's end",
    )


def rest_report(solution: Solution) -> str:
    """Change of the voltage in each rest, and the branches of the full loop at that x."""
    return table_report(
        solution,
        REST_COLUMNS,
        rests_after_reversal(solution),
        "At rest the voltage moves only as far as transformations with a driving force carry it; nothing drives "
        "it to the middle of the loop.",
    )


REVERSAL = Study(
    name="reversal",
    title="reverse the current inside the loop (first-order reversal curves)",
    description="First-order reversal curves: after two full cycles the current is reversed at each x in turn, first "
    "during insertion, then during extraction. Prints where each curve leaves the full loop and where it "
    "rejoins it: the memory of the electrode.",
    example="sbpath run reversal li-sb --at 0.5 1.5 2.5 --rate C/10 --plot reversal.png",
    arguments=(
        RATE,
        Argument(
            "at",
            (0.5, 1.0, 1.5, 2.0, 2.5),
            "where to reverse, alkali per Sb",
            "X",
            several="+",
            kind=float,
            parameters=("reversals_x",),
        ),
    ),
    protocol=first_order_reversals,
    rows=reversals,
    columns=COLUMNS,
    report=report,
    figure="reversals",
)

MINOR_LOOPS = Study(
    name="minor-loops",
    title="cycle between two compositions inside the loop",
    description="Partial cycling: after two full cycles the electrode is cycled between two compositions, starting "
    "from the insertion branch of the full loop or from its extraction branch.",
    example="sbpath run minor-loops li-sb --between 0.5 2 --first extraction --plot minor.png",
    arguments=(
        RATE,
        Argument(
            "between",
            (0.5, 2.0),
            "compositions, alkali per Sb",
            "X",
            several=2,
            kind=float,
            parameters=("low_x", "high_x"),
        ),
        Argument("cycles", 3, "partial cycles", "N", kind=int),
        Argument(
            "first",
            "insertion",
            "first half of each partial cycle",
            "WAY",
            choices=get_args(Direction),
        ),
    ),
    protocol=partial_cycling,
    rows=reversals,
    columns=COLUMNS,
    report=report,
    figure="minor_loops",
)

REST_AFTER_REVERSAL = Study(
    name="rest",
    title="rest inside the loop after a reversal",
    description="Rests inside the loop, reached from either side by a short step after a reversal of the current. "
    "Prints how far the voltage moves, and the branches of the loop at that x.",
    example='sbpath run rest li-sb --at 1.5 --back 0.1 --rest "10 h" --plot rest.png',
    arguments=(
        RATE,
        Argument("at", 1.5, "composition of the rests, alkali per Sb", "X", kind=float, parameters=("x",)),
        Argument(
            "back", 0.1, "change of x between reversal and rest", "X", kind=float, parameters=("back_x",)
        ),
        REST,
    ),
    protocol=rest_after_reversal,
    rows=rests_after_reversal,
    columns=REST_COLUMNS,
    report=rest_report,
    figure="rest_after_reversal",
)
