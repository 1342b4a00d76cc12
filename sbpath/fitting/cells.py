"""The simulation that follows a measured cell, half cycle by half cycle."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np

from sbpath.arguments import several, whole
from sbpath.calls import methods_checked
from sbpath.errors import InputError
from sbpath.experiment import LOADING, Experiment, State
from sbpath.fitting.fraction_points import FractionPoints, fraction_points
from sbpath.kernels import Floats, Floats2, Floats3
from sbpath.measured.experiment_file import MeasuredCurve, Measurement, grams_of_host
from sbpath.measured.halves import measured_halves
from sbpath.measured.records import MeasuredHalf
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.notation import host_label
from sbpath.mechanism.paths import with_changes
from sbpath.model.population import Population, population_of
from sbpath.physical import COULOMB_PER_MAH
from sbpath.protocol.protocol import Protocol
from sbpath.protocol.steps import (
    Charge,
    ChargeLimit,
    ConstantCurrent,
    ConstantVoltage,
    CurrentTable,
    Rate,
    Rest,
    Step,
    TimeLimit,
    VoltageLimit,
)
from sbpath.results.sensitivity import Sensitivities
from sbpath.solution import Solution

Drive = Literal["mean", "measured"]

# A measured current may overshoot the voltage at which the half cycle ended by this (V).
OVERSHOOT_V = 5e-3
# A half cycle that ends within this of the cut-off (V) ended there: its last points are noisy, and far apart.
NEAR_CUTOFF_V = 0.05


@methods_checked
@dataclass(frozen=True, eq=False)
class Cell:
    """A measured curve with the simulation that follows it.

    Attributes
    ----------
    measured : MeasuredCurve
        The curve and its circumstances, with the mass of the mechanism's host: of a compound, if the file gives that of an element.
    halves : tuple of MeasuredHalf
        From its start to the last one chosen: an electrode remembers.
    chosen : tuple of bool
        Which of these are compared.
    experiment : Experiment
        The simulation.
    steps : tuple of (int, int)
        Steps ``first <= i < last`` of each half cycle.
    fractions : tuple of FractionPoints
        Measured phase fractions of the chosen half cycles.
    remarks : tuple of str
        What is to be said of masses and fractions.
    """

    measured: MeasuredCurve
    halves: tuple[MeasuredHalf, ...]
    chosen: tuple[bool, ...]
    experiment: Experiment
    steps: tuple[tuple[int, int], ...]
    fractions: tuple[FractionPoints, ...] = ()
    remarks: tuple[str, ...] = ()


def with_mechanism(experiment: Experiment, mechanism: Mechanism) -> Experiment:
    """A simulation with other numbers; its particles follow from them unless they were given."""
    particles = experiment.population
    if particles is not None and mechanism.electrode.spread is not None:
        particles = population_of(mechanism, len(particles))
    return replace(experiment, mechanism=mechanism, population=particles)


@dataclass(frozen=True, eq=False)
class SimulatedHalf:
    """A half cycle as simulated, m rows under current.

    Attributes
    ----------
    q : array, shape (m,)
        Charge since it began, as a share of the theoretical capacity.
    voltage_V : array, shape (m,)
        Terminal voltage.
    by_parameter : array, shape (k, m)
        dV/dp of k parameters at equal charge; k is 0 if not asked for.
    end_by_parameter : array, shape (k,)
        dq/dp of its end.
    fractions, fractions_by : array, shapes (P, m) and (k, P, m)
        Shares of the host in the nodes, and their derivatives at equal charge.
    """

    q: Floats
    voltage_V: Floats
    by_parameter: Floats2
    end_by_parameter: Floats
    fractions: Floats2
    fractions_by: Floats3


def cells_of(
    measurement: Measurement,
    mechanism: Mechanism,
    *,
    graph: str | None = None,
    cycles: Sequence[int] | None = None,
    drive: Drive = "mean",
    population: Population | int | None = None,
    absent: Collection[str] = (),
) -> tuple[Cell, ...]:
    """The cells of an experiment file, with the simulations that follow them.

    Parameters
    ----------
    measurement : Measurement
        The file.
    mechanism : Mechanism
        Of the same ion.
    graph : str, optional
        By default the mechanism's own.
    cycles : sequence of int, optional
        Cycles to compare, from 1; by default those of the file.
    drive : "mean" or "measured"
        Whether the simulation has the mean current of each piece, up to the voltage at which the half cycle ended, or
        the measured current, point by point.
    population : Population or int, optional
        As in `sbpath.simulate`.
    absent : collection of str
        Phases of the tables of fractions that the mechanism may lack.

    Raises
    ------
    InputError
        If ion or host differ, or no half cycle is left.
    """
    grams = grams_of_host(measurement, mechanism)
    if not measurement.curves:
        raise InputError(f"{measurement.path}: has targets and no curve; only `sbpath fit` takes these")
    found = []
    for number, measured in enumerate(measurement.curves, 1):
        where = f"{measurement.path}: curve {number}"
        measured, own = replace(measured, mass_g=measured.mass_g * grams), mechanism
        if measured.area_cm2 is not None:
            own = with_changes(own, {LOADING: 1e3 * measured.mass_g / measured.area_cm2})
        every = measured_halves(measured.curve, measured.mass_g, own.theoretical_capacity_mAh_per_g)
        wanted = measured.cycles if cycles is None else chosen_cycles(cycles)
        numbers = {half.cycle for half in every}
        if wanted is not None and not set(wanted) <= numbers:
            missing = ", ".join(map(str, sorted(set(wanted) - numbers)))
            raise InputError(f"{where}: has no cycle {missing}; it has {min(numbers)} to {max(numbers)}")
        chosen = [wanted is None or half.cycle in wanted for half in every]
        last = max(index for index, of in enumerate(chosen) if of) + 1
        halves = every[:last]
        parts = [_steps(measured, halves, index, drive) for index in range(last)]
        ends = np.cumsum([0, *map(len, parts)]).tolist()
        cycle_steps = [
            tuple(step for part in parts[index : index + 2] for step in part) for index in range(0, last, 2)
        ]
        initial = None
        if measured.first == "extraction":
            full = max(own.nodes, key=own.full_content)
            initial = State({full: 1.0}, own.lower_cutoff_V)
        experiment = Experiment.of(
            own,
            Protocol(tuple(cycle_steps)),
            graph=graph,
            temperature_C=measured.temperature_C,
            initial=initial,
            population=population,
        )
        points, remarks = _fractions(measurement, number, measured, every, chosen, own, absent)
        if grams != 1.0:
            remarks = [
                f"Curve {number}: {1e3 * measured.mass_g / grams:.4g} mg of {measurement.host} are {1e3 * measured.mass_g:.4g} mg of "
                f"{host_label(own)}, of which gram and rate are.", *remarks,
            ]  # fmt: skip
        found.append(
            Cell(
                measured, halves, tuple(chosen[:last]), experiment, tuple(pairwise(ends)), tuple(points), tuple(remarks)
            )
        )  # fmt: skip
    return tuple(found)


def chosen_cycles(cycles: int | Sequence[int]) -> tuple[int, ...]:
    """The numbers of one or more cycles.

    Raises
    ------
    InputError
        If there is none, or something else.
    """
    found = tuple(whole("cycles", cycle) for cycle in several(cycles))
    if not found:
        raise InputError("cycles: there are none; give their numbers, such as [1, 2]")
    return found


def _fractions(
    measurement: Measurement, curve: int, measured: MeasuredCurve, halves: Sequence[MeasuredHalf], chosen: Sequence[bool],
    mechanism: Mechanism, absent: Collection[str],
) -> tuple[list[FractionPoints], list[str]]:  # fmt: skip
    """Measured fractions of the chosen half cycles of a curve, and what is to be said of them."""
    found: list[FractionPoints] = []
    said: list[str] = []
    for number, table in enumerate(measurement.fractions, 1):
        if table.curve != curve:
            continue
        try:
            points, remarks = fraction_points(table, measured, halves, mechanism, absent)
        except InputError as error:
            raise InputError(f"{measurement.path}: fractions {number}: {error}") from None
        own = [one for one in points if chosen[one.half]]
        if left := sum(len(one.q) for one in points) - sum(len(one.q) for one in own):
            remarks.append(f"{table.path}: {left} fractions are of cycles that were not chosen.")
        found += own
        said += remarks
    return found, said


def simulated_halves(
    cell: Cell, solution: Solution, slopes: Sensitivities | None = None
) -> list[SimulatedHalf | None]:
    """The half cycles of a cell as simulated; None for those that a failed simulation did not reach."""
    capacity = solution.mechanism.theoretical_capacity_mAh_per_g
    found: list[SimulatedHalf | None] = []
    begun = 0.0
    for half, (first, last) in zip(cell.halves, cell.steps, strict=True):
        records = solution.steps[first:last]
        if len(records) < last - first:
            found.append(None)
            continue
        way = 1.0 if half.direction == "insertion" else -1.0
        rows = np.concatenate(
            [
                np.arange(record.first, record.last)
                for record in records
                if not isinstance(record.step, Rest | ConstantVoltage)
            ]
        )
        if isinstance(records[0].step, CurrentTable):
            rows = rows[way * solution.current_A_per_g[rows] > 0.0]
        q = way * (solution.charge_mAh_per_g[rows] - begun) / capacity
        begun = float(solution.charge_mAh_per_g[records[-1].last - 1])
        none = np.zeros((0, len(rows)))
        by, ends = none, none[:, 0]
        shares = solution.fractions[:, rows]
        shares_by = np.zeros((0, *shares.shape))
        if slopes is not None:
            by = slopes.voltage[:, rows]
            if slopes.fractions is not None:
                shares_by = slopes.fractions[:, :, rows]
            current = np.array([way * solution.current_A_per_g[record.last - 1] for record in records])
            per_second = current / (COULOMB_PER_MAH * capacity)
            ends = slopes.duration[:, first:last] @ np.where(
                [isinstance(record.step, Rest | ConstantVoltage) for record in records], 0.0, per_second
            )
        found.append(SimulatedHalf(q, solution.voltage_V[rows], by, ends, shares, shares_by))
    return found


def rate_label(rate_per_h: float) -> str:
    """A C-rate to two digits: C/20, 1C."""
    slow = float(f"{1.0 / rate_per_h:.2g}")
    return f"C/{slow:g}" if slow > 1.0 else f"{rate_per_h:.2g}C"


def _steps(measured: MeasuredCurve, halves: Sequence[MeasuredHalf], index: int, drive: Drive) -> list[Step]:
    """The steps that follow a half cycle."""
    half = halves[index]
    curve, mass = measured.curve, measured.mass_g
    lowest, highest = (
        _end_voltage(curve.voltage_V, halves, direction) for direction in ("insertion", "extraction")
    )
    if drive == "measured":
        return [_table(measured, half, lowest - OVERSHOOT_V, highest + OVERSHOOT_V)]
    cutoff = lowest if half.direction == "insertion" else highest
    end, at_cutoff = VoltageLimit(cutoff), abs(float(half.voltage_V[-1]) - cutoff) <= NEAR_CUTOFF_V
    under = [piece for piece in half.pieces if piece.kind == "current"]
    found: list[Step] = []
    for piece in half.pieces:
        if piece.kind == "rest":
            if piece.duration_s > 0.0:
                found.append(Rest((TimeLimit(piece.duration_s),)))
            continue
        if piece.kind == "hold" and under:
            held = round(float(curve.voltage_V[piece.last - 1]), 3)
            found.append(ConstantVoltage(held, (TimeLimit(piece.duration_s),)))
            continue
        limits: tuple[VoltageLimit | ChargeLimit, ...] = (end,)
        size = abs(piece.current_A) / mass
        if not at_cutoff or (under and piece is not under[-1]):
            limits = (end, ChargeLimit(Charge(size * piece.duration_s / 3600.0, "Ah/g")))
        found.append(ConstantCurrent(half.direction, Rate(size, "A/g"), limits))
    return found


def _end_voltage(voltage: Floats, halves: Sequence[MeasuredHalf], direction: str) -> float:
    """The cut-off of a direction (V), to a millivolt: the median of its half cycles that ended there."""
    own = [half for half in halves if half.direction == direction]
    ends = [float(half.voltage_V[-1]) for half in own if half.ended_by == "voltage"]
    if not ends:
        extreme = [
            float(half.voltage_V.min() if direction == "insertion" else half.voltage_V.max()) for half in own
        ]
        ends = extreme or [float(voltage.min() if direction == "insertion" else voltage.max())]
    return round(float(np.median(ends)), 3)


def _table(measured: MeasuredCurve, half: MeasuredHalf, lowest: float, highest: float) -> CurrentTable:
    """The measured current of a half cycle with its rests and holds, each value held until the next point."""
    curve = measured.curve
    first, last = half.pieces[0].first, half.pieces[-1].last
    rows = np.arange(max(first - 1, 0), last)
    time = curve.time_s[rows]
    # The charge between two points over the time, which is what their row records.
    later = np.append(np.diff(time) > 0.0, True)
    rows, time = rows[later], time[later]
    current = np.diff(curve.charge_C[rows]) / np.diff(time) / measured.mass_g
    limits = (VoltageLimit(lowest), VoltageLimit(highest))
    return CurrentTable(
        time, np.append(current, current[-1]), "A/g", limits, source=f"half cycle {half.number}"
    )
