"""The residuals of a fit: distances of all points of all cells, misses of their fractions and of targets, then priors, with their Jacobian."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from sbpath.fitting.cells import Cell, simulated_halves, with_mechanism
from sbpath.fitting.fraction_points import FractionPoints
from sbpath.fitting.parameters import Free, Tie, changed
from sbpath.fitting.residual import FAILED, distances, misses, thinned
from sbpath.fitting.targets import TargetCell, target_distances
from sbpath.kernels import Floats, Floats2, Integers
from sbpath.mechanism.mechanism import Mechanism
from sbpath.results.sensitivity import sensitivities
from sbpath.simulation import run
from sbpath.solution import SimulationError, Solution

# Scale of a half cycle: sd of fade and lost capacity beside the error of the mass; offset of the first insertion (shares).
SCALE_SD, OFFSET_SD = 0.02, 0.03
# The beginning of the first insertion, a share of it, counts by this factor: film forms there.
FIRST_SHARE, FIRST_WEIGHT = 0.06, 0.1
# A charge that differs by more standard deviations of the mass than this is no error of weighing.
MASS_SDS = 3.0


class Block(NamedTuple):
    """The points of one half cycle: its cell and half, its `rows` among the residuals and of the measured half,
    the square roots of their `weight`, and the columns of its scale and offset (-1 if none).
    """

    cell: int
    half: int
    rows: slice
    points: Integers
    weight: Floats
    scale: int
    offset: int


class Fractions(NamedTuple):
    """The measured fractions of one phase in one half cycle: its cell, its points and its `rows` among the residuals,
    and the columns of its scale and offset (-1 if none).
    """

    cell: int
    points: FractionPoints
    rows: slice
    scale: int
    offset: int


class Evaluated(NamedTuple):
    """Residuals and Jacobian at one point: `residual` (n + p) and `jacobian` (n + p, p); of n rows the first are distances from
    curves, the others misses of fractions, and the last p rows are priors. Of the distances also how they move with an error
    of the measured voltage, `by_voltage`.
    """

    residual: Floats
    jacobian: Floats2
    by_voltage: Floats


@dataclass(eq=False)
class Problem:
    """Least squares over free numbers and nuisances; evaluations are counted, and the last is kept.

    Attributes
    ----------
    mechanism : Mechanism
        With the numbers to start from.
    cells : tuple of Cell
        What is fitted to.
    free : tuple of Free
        The k free numbers, the first unknowns.
    targets : tuple of TargetCell
        What is fitted to instead of cells, or beside them.
    ties : tuple of Tie
        Numbers that are sums.
    simulations : int
        Simulations of all cells so far.
    bar : tqdm, optional
        Counts them.
    voltages : int
        Number of points of curves.
    scales : sequence of float, optional
        About which the scales of the charge of each cell are; by default 1 or the ratio of the capacities.
    """

    mechanism: Mechanism
    cells: tuple[Cell, ...]
    free: tuple[Free, ...]
    targets: tuple[TargetCell, ...] = ()
    ties: tuple[Tie, ...] = ()
    simulations: int = 0
    bar: Any = None
    scales: Sequence[float] | None = None
    voltages: int = 0
    blocks: list[Block] = field(default_factory=list)
    fractions: list[Fractions] = field(default_factory=list)
    centre: Floats = field(default_factory=lambda: np.zeros(0))
    sd: Floats = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        centre = [one.inner(one.start) for one in self.free]
        sd = [one.prior_sd for one in self.free]
        first = 0
        ratios = self._ratios() if self.scales is None else self.scales
        for index, cell in enumerate(self.cells):
            for number, half in enumerate(cell.halves):
                if not cell.chosen[number]:
                    continue
                points = thinned(half.q)
                weight = np.ones(len(points))
                scale, offset = len(centre), -1
                centre.append(ratios[index])
                sd.append(max(SCALE_SD, cell.measured.mass_error))
                if number == 0 and half.direction == "insertion":
                    offset = len(centre)
                    centre.append(0.0)
                    sd.append(OFFSET_SD)
                    weight[half.q[points] < FIRST_SHARE * half.q_end] = np.sqrt(FIRST_WEIGHT)
                rows = slice(first, first + len(points))
                self.blocks.append(Block(index, number, rows, points, weight, scale, offset))
                first = rows.stop
        self.voltages = first
        columns = {(block.cell, block.half): block for block in self.blocks}
        for index, cell in enumerate(self.cells):
            for points in cell.fractions:
                block, rows = columns[index, points.half], slice(first, first + len(points.q))
                self.fractions.append(Fractions(index, points, rows, block.scale, block.offset))
                first = rows.stop
        self.centre, self.sd = np.array(centre), np.array(sd)
        self._points = first

    @property
    def points(self) -> int:
        """Number of measured points, fractions included; the first `voltages` of them are of curves."""
        return self._points

    @property
    def rows(self) -> int:
        """Number of residuals before the priors: the points, then the targets."""
        return self._points + sum(len(cell.targets) for cell in self.targets)

    @property
    def bounds(self) -> tuple[Floats, Floats]:
        """Lowest and highest unknowns."""
        low = [one.inner(one.low) for one in self.free]
        high = [one.inner(one.high) for one in self.free]
        nuisances = len(self.centre) - len(self.free)
        wide = [0.5 if sd != OFFSET_SD else 0.3 for sd in self.sd[len(self.free) :]]
        centre = self.centre[len(self.free) :]
        return (
            np.array([*low, *(c - w * max(c, 1.0) for c, w in zip(centre, wide, strict=True))]),
            np.array([*high, *(c + w * max(c, 1.0) for c, w in zip(centre, wide, strict=True))])
            if nuisances
            else np.array(high),
        )

    def numbers(self, unknowns: Floats) -> list[float]:
        """The free numbers in their own units."""
        return [one.outer(float(u)) for one, u in zip(self.free, unknowns, strict=False)]

    def solutions(self, unknowns: Floats) -> list[Solution]:
        """The simulations at a point, of cells and then of targets; of a failed one what there is."""
        numbers = self.numbers(unknowns)
        found = []
        for cell in (*self.cells, *self.targets):
            own = changed(cell.experiment.mechanism, self.free, numbers, self.ties)
            experiment = with_mechanism(cell.experiment, own)
            try:
                found.append(run(experiment, progress=False, every_row=True))
            except SimulationError as error:
                found.append(error.solution)
        self.simulations += 1
        if self.bar is not None:
            self.bar.update()
        return found

    def evaluate(
        self,
        unknowns: Floats,
        solutions: Sequence[Solution],
        slopes: bool = True,
        further: Sequence[str] = (),
    ) -> Evaluated:
        """Residuals, from the simulations at a point, with their derivatives by all unknowns unless `slopes` is False;
        after these come the derivatives by `further` numbers, which are held.
        """
        numbers = self.numbers(unknowns)
        tied = [tie.path for tie in self.ties]
        paths = [*(one.path for one in self.free), *tied, *further]
        measured = [bool(cell.fractions) for cell in self.cells] + [False] * len(self.targets)
        known = [
            sensitivities(solution, paths, fractions=own)
            if slopes and paths and not solution.steps[-1].outcome.failed
            else None
            for solution, own in zip(solutions, measured, strict=True)
        ]
        halves = [
            simulated_halves(cell, solution, own)
            for cell, solution, own in zip(self.cells, solutions, known, strict=False)
        ]
        count, free = len(self.centre), len(self.free)
        # From the slopes by all paths to those by the unknowns and by what is held.
        chain = np.zeros((len(paths), free + len(further)))
        chain[:free, :free] = np.diag(
            [one.slope(number) for one, number in zip(self.free, numbers, strict=True)]
        )
        chain[free : free + len(tied), :free] = (
            np.array([tie.counts for tie in self.ties]).reshape(len(tied), free) @ chain[:free, :free]
        )
        chain[free + len(tied) :, free:] = np.eye(len(further))
        rows = self.rows
        residual, jacobian = np.zeros(rows + count), np.zeros((rows + count, count + len(further)))
        by_voltage = np.ones(self.voltages)

        def place(own: slice, weight: Floats | float, distance: Floats, by_parameter: Floats2) -> None:
            residual[own] = weight * distance
            if by_parameter.shape[1]:
                by = np.reshape(weight, (-1, 1)) * (by_parameter @ chain)
                jacobian[own, :free], jacobian[own, count:] = by[:, :free], by[:, free:]

        for part in (*self.blocks, *self.fractions):
            of_curve = isinstance(part, Block)
            simulated = halves[part.cell][part.half if of_curve else part.points.half]
            if simulated is None or len(simulated.q) < 2:
                residual[part.rows] = FAILED
                continue
            moved = float(unknowns[part.scale]), 0.0 if part.offset < 0 else float(unknowns[part.offset])
            if of_curve:
                weight, half = part.weight, self.cells[part.cell].halves[part.half]
                found = distances(half.q[part.points], half.voltage_V[part.points], simulated, *moved)
                by_voltage[part.rows] = weight * found.by_voltage
                place(part.rows, weight, found.distance, found.by_parameter)
            else:
                weight, found = 1.0, misses(part.points, simulated, *moved)
                place(part.rows, weight, found.miss, found.by_parameter)
            jacobian[part.rows, part.scale] = weight * found.by_scale
            if part.offset >= 0:
                jacobian[part.rows, part.offset] = weight * found.by_offset
        first, begin = self.points, len(self.cells)
        for cell, solution, by_path in zip(self.targets, solutions[begin:], known[begin:], strict=True):
            own = slice(first, first + len(cell.targets))
            apart = target_distances(cell, solution, by_path)
            place(own, 1.0, apart.distance, apart.by_parameter)
            first = own.stop
        residual[rows:] = (unknowns - self.centre) / self.sd
        jacobian[rows:, :count] = np.diag(1.0 / self.sd)
        return Evaluated(residual, jacobian, by_voltage)

    def scaled(self) -> list[str]:
        """A sentence for each cell whose charge the error of the mass does not explain, so that its scales are about another number."""
        found = []
        for number, cell in enumerate(self.cells):
            ratio = next(self.centre[block.scale] for block in self.blocks if block.cell == number)
            if ratio != 1.0:
                less = "some of the host is not reached"
                more = "more charge flows than into the host, or the mechanism takes up too little"
                found.append(
                    f"{cell.measured.curve.source.path.rpartition('/')[2]}: the charge is {100 * ratio:.0f} % of what the mechanism "
                    f"takes up at the slowest rate before the fit; more than the error of the mass ({100 * cell.measured.mass_error:.0f} "
                    f"%): check the mass, or {less if ratio < 1.0 else more}. The charge was scaled."
                )
        return found

    def _ratios(self) -> list[float]:
        """Of each cell, the measured over the simulated capacity of its slowest half cycle at the start, 1 if the mass explains it."""
        if not self.cells:
            return []
        start = np.array([one.inner(one.start) for one in self.free])
        found = []
        for cell, solution in zip(self.cells, self.solutions(start), strict=False):
            simulated = simulated_halves(cell, solution)
            known = [
                (half.rate_per_h, half.q_end / twin.q[-1])
                for half, twin, chosen in zip(cell.halves, simulated, cell.chosen, strict=True)
                if chosen and twin is not None and half.ended_by == "voltage" and len(twin.q) > 1
            ]
            # The first insertion forms film too.
            ratio = min(known[1:] or known, default=(0.0, 1.0))[1]
            within = abs(ratio - 1.0) <= MASS_SDS * max(SCALE_SD, cell.measured.mass_error)
            found.append(1.0 if within else float(np.clip(ratio, 0.3, 3.0)))
        return found
