"""Single values of a cell, a voltage or a capacity: the simulation that gives them, and how far it is from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sbpath.errors import InputError
from sbpath.experiment import Experiment
from sbpath.fitting.cells import SimulatedHalf
from sbpath.fitting.residual import FAILED, distances
from sbpath.kernels import Floats, Floats2
from sbpath.measured.experiment_file import Measurement
from sbpath.measured.records import Target
from sbpath.mechanism.mechanism import Mechanism
from sbpath.model.population import Population
from sbpath.physical import COULOMB_PER_MAH
from sbpath.protocol.protocol import cycling
from sbpath.results.sensitivity import Sensitivities
from sbpath.solution import Solution


@dataclass(frozen=True, eq=False)
class TargetCell:
    """The values known of a cell at one rate and temperature, with the simulation that gives them.

    Attributes
    ----------
    targets : tuple of Target
        The values.
    experiment : Experiment
        Cycles between the cut-offs of the mechanism, from the pristine electrode.
    """

    targets: tuple[Target, ...]
    experiment: Experiment


class TargetDistances(NamedTuple):
    """Of m targets the values `found` (nan where a failed simulation did not reach), the `distance` of what was given from
    it in units of the error (m), and its derivatives `by_parameter` (m, k).
    """

    found: Floats
    distance: Floats
    by_parameter: Floats2


def target_cells(
    measurement: Measurement,
    mechanism: Mechanism,
    *,
    graph: str | None = None,
    population: Population | int | None = None,
) -> tuple[TargetCell, ...]:
    """The targets of an experiment file by rate and temperature, with the simulations that give them.

    Raises
    ------
    InputError
        If the mechanism never holds as much alkali.
    """
    groups: dict[tuple[str, float | None], list[Target]] = {}
    least, most = mechanism.content_range
    for number, target in enumerate(measurement.targets, 1):
        if target.x is not None and not least <= target.x <= most:
            raise InputError(
                f"{measurement.path}: target {number}: x: {mechanism.name} holds {least:g} to {most:g} {mechanism.ion} per "
                f"{mechanism.host}, not {target.x:g}"
            )
        groups.setdefault((target.rate, target.temperature_C), []).append(target)
    found = []
    for (rate, celsius), targets in groups.items():
        cycles = max(target.cycle for target in targets)
        protocol = cycling(rate, mechanism.lower_cutoff_V, mechanism.upper_cutoff_V, cycles)
        experiment = Experiment.of(
            mechanism, protocol, graph=graph, temperature_C=celsius, population=population
        )
        found.append(TargetCell(tuple(targets), experiment))
    return tuple(found)


def target_distances(
    cell: TargetCell, solution: Solution, slopes: Sensitivities | None = None
) -> TargetDistances:
    """The targets of a cell against its simulation, with derivatives by the parameters of `slopes`.

    A voltage at x is a point of its half cycle, with its own error (`sbpath.fitting.residual`). Where a half cycle begins depends
    on the ends of those before.
    """
    mechanism = solution.mechanism
    least, most = mechanism.content_range
    full = mechanism.theoretical_capacity_mAh_per_g
    none = np.zeros((0, len(solution.time_s)))
    by_voltage = none if slopes is None else slopes.voltage
    begins, halves = [np.zeros(len(by_voltage))], []
    for number, record in enumerate(solution.steps):
        rows = slice(record.first, record.last)
        x = solution.composition[rows]
        share_per_s = solution.current_A_per_g[record.last - 1] / (COULOMB_PER_MAH * full)
        moved = begins[0] if slopes is None else share_per_s * slopes.duration[:, number]
        begins.append(begins[-1] + moved)
        halves.append(
            SimulatedHalf(
                abs(x - x[0]) / (most - least), solution.voltage_V[rows], by_voltage[:, rows], np.sign(share_per_s) * moved,
                np.zeros((0, rows.stop - rows.start)), np.zeros((len(by_voltage), 0, rows.stop - rows.start)),
            )
        )  # fmt: skip
    count = len(cell.targets)
    found, distance = np.full(count, np.nan), np.full(count, FAILED)
    by = np.zeros((count, len(by_voltage)))
    for n, target in enumerate(cell.targets):
        number = 2 * (target.cycle - 1) + (target.direction == "extraction")
        if number >= len(halves):
            continue
        half, record = halves[number], solution.steps[number]
        if target.x is None:
            charge = solution.charge_mAh_per_g
            found[n] = abs(charge[record.last - 1] - charge[record.first])
            distance[n] = (target.value - found[n]) / target.error
            by[n] = -full * half.end_by_parameter / target.error
            continue
        way = 1.0 if target.direction == "insertion" else -1.0
        q = np.array([way * (target.x - solution.composition[record.first]) / (most - least)])
        apart = distances(q, np.array([target.value]), half, sigma_V=target.error)
        found[n] = np.interp(q[0], half.q, half.voltage_V)
        distance[n] = apart.distance[0]
        # The offset of the charge moves a point as a later beginning does.
        by[n] = apart.by_parameter[0] + way * apart.by_offset[0] * begins[number]
    return TargetDistances(found, distance, by)
