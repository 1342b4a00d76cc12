"""Titration (GITT): the voltage under current, and the voltage to which it relaxes.

The relaxed voltages of one direction against x are its quasi-equilibrium curve. Where a
transformation is limited by nucleation the two curves stay apart: at rest the overpotential of
growth and transport decays at once, that of nucleation only with the logarithm of time. The drift
at the end of each rest is therefore part of the result.

No diffusion coefficient is derived from the pulses. The formula (Weppner and Huggins 1977,
J. Electrochem. Soc. 124, 1569) attributes the relaxation to a gradient inside one solid solution,
and this model has no gradient inside a phase: what relaxes here is the transformation of phases
and the charge of the double layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from sbpath.mechanism.notation import node_labels
from sbpath.model.equilibrium import equal_potential
from sbpath.model.workspace import fill_nodes, workspace
from sbpath.protocol.protocol import Protocol
from sbpath.protocol.steps import CompositionLimit, ConstantCurrent, Limit, Rate, Rest
from sbpath.results.cycles import MIN_PHASE_SHARE
from sbpath.solution import Solution
from sbpath.studies.study import Argument, Study
from sbpath.studies.study_arguments import StudyArguments, to_composition
from sbpath.text.report import heading
from sbpath.text.tables import Column, printed_table

# Maximum number of points printed per direction.
MAX_PRINTED = 12


@dataclass(frozen=True, slots=True)
class TitrationPoint:
    """One pulse and the rest after it.

    Attributes
    ----------
    cycle, direction : int, str
        Cycle, and "insertion" or "extraction".
    row : int
        Last row of the rest in the solution.
    composition : float
        x at the end of the rest (mol per mol Sb).
    voltage_V, relaxed_V : float
        At the end of the pulse, under current, and at the end of the rest.
    drift_mV_per_h : float
        dV/dt at the end of the rest.
    """

    cycle: int
    direction: str
    row: int
    composition: float
    voltage_V: float
    relaxed_V: float
    drift_mV_per_h: float


@dataclass(frozen=True, slots=True)
class TwoPhaseEquilibrium:
    """Two phases in equilibrium at `potential_V`, which coexist from `low_x` to `high_x`."""

    phases: tuple[str, str]
    potential_V: float
    low_x: float
    high_x: float


def gitt(
    rate: str | Rate,
    lower_V: float,
    upper_V: float,
    pulse: str = "30 min",
    rest: str = "2 h",
    pulses: int | None = None,
    cycles: int = 1,
    full_x: float = 3.0,
) -> Protocol:
    """Return a galvanostatic intermittent titration: pulses and rests, insertion then extraction.

    Every pulse also ends at the cut-off of its direction. The last pulse of extraction ends only
    there, and so does that of insertion unless `pulses` is given, so that a titration of the whole
    range is a closed loop.

    Parameters
    ----------
    rate, lower_V, upper_V
        As in `cycling`.
    pulse : str
        Length of a pulse: a time such as ``"30 min"``, or a step of composition such as
        ``"x = 0.1"``, with which the pulses of both directions end at the same x = 0.1, 0.2, ...
    rest : str
        Length of the rest after each pulse, such as ``"2 h"``.
    pulses : int, optional
        Number in each direction. If not given, as many as fill the electrode, which for pulses
        by time requires a C-rate (1C fills it in one hour).
    cycles : int
        Number of titrations, 1 or more.
    full_x : float
        Composition of the full electrode, mol of alkali per mol of Sb; 3 for A3Sb.

    Examples
    --------
    >>> import sbpath
    >>> protocol = sbpath.gitt("C/20", 0.05, 1.5, pulse="x = 1", rest="4 h")
    >>> protocol.to_strings()[0][:2]
    ['Insert at C/20 until x = 1 or until 0.05 V', 'Rest for 4 h']
    """
    arguments = StudyArguments()
    insertion, extraction = arguments.halves(rate, lower_V, upper_V)
    size, relax = arguments.pulse("pulse", pulse), arguments.rest("rest", rest)
    full = arguments.composition("full_x", full_x)
    if pulses is None:
        number = arguments.pulses_to_fill("pulses", size, insertion.rate, full)
    else:
        number = arguments.count("pulses", pulses)
    cycles = arguments.count("cycles", cycles)
    arguments.check()

    insertions = [_pulse(insertion, size, i, full) for i in range(1, number + 1)]
    if pulses is None:
        insertions[-1] = insertion
    extractions = [_pulse(extraction, size, i, full) for i in range(number - 1, 0, -1)]
    steps = [step for current in (*insertions, *extractions, extraction) for step in (current, relax)]
    return Protocol((tuple(steps),) * cycles)


def _pulse(step: ConstantCurrent, size: Limit, number: int, full_x: float) -> ConstantCurrent:
    """`step` as a pulse; a pulse by composition ends at `number` steps of x.

    A full electrode is only approached, so no pulse ends at `full_x`.
    """
    if not isinstance(size, CompositionLimit):
        return replace(step, limits=(size, *step.limits))
    x = round(number * size.x, 12)
    return to_composition(step, x) if x < full_x else step


def titration(solution: Solution) -> list[TitrationPoint]:
    """A point for every rest directly after a step that passed charge, in order.

    Where the rows of some cycles were not kept, of those that were.

    Examples
    --------
    >>> import sbpath
    >>> protocol = sbpath.gitt("C/20", 0.05, 1.5, pulse="x = 1", rest="4 h")
    >>> first = sbpath.titration(sbpath.simulate("li-sb", protocol, progress=False))[0]
    >>> round(first.composition, 2), round(first.voltage_V, 3), round(first.relaxed_V, 3)
    (1.0, 0.853, 0.956)
    """
    points = []
    kept = frozenset(solution.kept_cycles)
    for pulse, rest in zip(solution.steps[:-1], solution.steps[1:], strict=True):
        if pulse.direction == "rest" or pulse.duration_s == 0.0:
            continue
        if not isinstance(rest.step, Rest) or rest.cycle not in kept:
            continue
        row = rest.last - 1
        points.append(
            TitrationPoint(
                cycle=rest.cycle,
                direction=pulse.direction,
                row=row,
                composition=float(solution.composition[row]),
                voltage_V=float(solution.voltage_V[pulse.last - 1]),
                relaxed_V=float(solution.voltage_V[row]),
                drift_mV_per_h=3.6e6 * _slope_at_end(solution, rest.first, rest.last),
            )
        )
    return points


def relaxed_curve(
    points: Sequence[TitrationPoint], cycle: int, direction: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Increasing x and relaxed voltage (V) of the points of one cycle and direction."""
    chosen = sorted(
        (p.composition, p.relaxed_V) for p in points if p.cycle == cycle and p.direction == direction
    )
    x, voltage = np.array(chosen).reshape(-1, 2).T
    return x, voltage


def relaxed_gap_mV(points: Sequence[TitrationPoint], cycle: int) -> float | None:
    """Mean gap between the two quasi-equilibrium curves over the x that both cover (mV).

    The curves are interpolated linearly. None if they share no x.
    """
    x_in, v_in = relaxed_curve(points, cycle, "insertion")
    x_out, v_out = relaxed_curve(points, cycle, "extraction")
    if min(len(x_in), len(x_out)) < 2:
        return None
    low, high = max(x_in[0], x_out[0]), min(x_in[-1], x_out[-1])
    if low >= high:
        return None
    x = np.unique(np.concatenate([x_in, x_out]).clip(low, high))
    gap = np.interp(x, x_out, v_out) - np.interp(x, x_in, v_in)
    return float(1e3 * np.trapezoid(gap, x) / (high - low))


def two_phase_equilibria(solution: Solution) -> list[TwoPhaseEquilibrium]:
    """Equilibria of the pairs of phases that transformed into each other, by decreasing potential.

    Only pairs whose edges converted at least `MIN_PHASE_SHARE` of the Sb. Phases with equal alkali
    content have no equilibrium potential.

    Raises
    ------
    InputError
        If the temperature changes.
    """
    solution.check_isothermal("two_phase_equilibria")
    work = workspace(solution.network)
    converted = solution.converted[:, -1]
    pairs: dict[tuple[str, str], float] = {}
    for edge, share in zip(solution.edges, converted.tolist(), strict=True):
        one, other = sorted(edge.ends, key=solution.phases.index)
        pairs[one, other] = pairs.get((one, other), 0.0) + share
    found = []
    for pair, share in pairs.items():
        p, q = (solution.phases.index(name) for name in pair)
        potential = equal_potential(solution.network, p, q)
        if share < MIN_PHASE_SHARE or potential is None:
            continue
        fill_nodes(potential, solution.network, work)
        low, high = sorted((float(work.content[p]), float(work.content[q])))
        found.append(TwoPhaseEquilibrium(pair, potential, low, high))
    return sorted(found, key=lambda equilibrium: -equilibrium.potential_V)


def _slope_at_end(solution: Solution, first: int, last: int) -> float:
    """dV/dt (V/s) at the last row: slope of the cubic through the last four rows."""
    rows = slice(max(first, last - 4), last)
    time = solution.time_s[rows] - solution.time_s[last - 1]
    span = -float(time[0])
    if span == 0.0:
        return 0.0
    return float(np.polyfit(time / span, solution.voltage_V[rows], len(time) - 1)[-2]) / span


COLUMNS: tuple[Column[TitrationPoint], ...] = (
    Column("Cycle", lambda p: p.cycle, short="cycle"),
    Column("Direction", lambda p: p.direction, short="direction"),
    Column("x", lambda p: p.composition, "{:.6f}", "x", "{:5.3f}"),
    Column("Voltage [V]", lambda p: p.voltage_V, "{:.6f}", "under current / V", "{:7.4f}"),
    Column("Relaxed voltage [V]", lambda p: p.relaxed_V, "{:.6f}", "relaxed / V", "{:7.4f}"),
    Column("", lambda p: 1e3 * (p.relaxed_V - p.voltage_V), short="change / mV", terminal="{:+8.1f}"),
    Column("Drift [mV.h-1]", lambda p: p.drift_mV_per_h, "{:.6f}", "drift / mV/h", "{:+8.3f}"),
)


def report(solution: Solution) -> str:
    """Points of the titration, gap between the relaxed curves, and two-phase equilibria."""
    points = titration(solution)
    labels = node_labels(solution.mechanism)
    printed: list[TitrationPoint] = []
    for _, group in groupby(points, key=lambda p: (p.cycle, p.direction)):
        chosen = list(group)
        printed += chosen[:: -(-len(chosen) // MAX_PRINTED)]
    lines = [heading(solution), "", printed_table(COLUMNS, printed)]
    if len(printed) < len(points):
        lines += [f"({len(printed)} of {len(points)} points; --csv writes them all)"]
    lines += [""]
    for cycle in dict.fromkeys(p.cycle for p in points):
        gap = relaxed_gap_mV(points, cycle)
        if gap is not None:
            lines += [f"cycle {cycle}: the relaxed curves lie {gap:.1f} mV apart on average"]
    for pair in two_phase_equilibria(solution):
        one, other = (labels[name] for name in pair.phases)
        lines += [f"{one} and {other} are in equilibrium at {pair.potential_V:.4f} V"]
    lines += ["no diffusion coefficient is given: the model has no gradient inside a phase that could relax"]
    return "\n".join(lines)


STUDY = Study(
    name="gitt",
    title="titration: short pulses, long rests, relaxed voltages",
    description="Galvanostatic intermittent titration: current pulses, each followed by a rest, insertion then "
    "extraction. Prints the voltage under current and after the rest, and how fast it still drifts.",
    example='sbpath run gitt li-sb --rate C/20 --pulse "x = 0.1" --rest "4 h" --plot gitt.png',
    arguments=(
        Argument("rate", "C/20", "current of the pulses", "RATE"),
        Argument("pulse", "30 min", 'length of a pulse: a time, or a step of composition, "x = 0.1"', "SIZE"),
        Argument("rest", "2 h", "length of each rest", "TIME"),
        Argument("pulses", None, "number in each direction (default: until full)", "N", kind=int),
        Argument("cycles", 1, "number of titrations", "N", kind=int),
    ),
    protocol=gitt,
    rows=titration,
    columns=COLUMNS,
    report=report,
    figure="titration",
    of_mechanism={"full_x": lambda mechanism: mechanism.content_range[1]},
)
