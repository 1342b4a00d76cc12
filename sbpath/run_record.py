"""The record of a running simulation, and the solution made from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np

from sbpath.cycle_table import CycleTable, joined, tabulated
from sbpath.experiment import Experiment
from sbpath.extrapolation import CycleEnd, most_cycles, passed_over
from sbpath.halfcycles import charge_runs, half_cycle_capacity
from sbpath.kernels import Booleans, Floats, Floats2, Integers
from sbpath.mechanism.frozen import FrozenMapping
from sbpath.model import unknowns
from sbpath.model.columns import CHARGE, POTENTIAL, TIME, by_name, edge_heats
from sbpath.model.destinations import destinations
from sbpath.model.network import Network, sizes_of
from sbpath.model.population import Population
from sbpath.model.workspace import fill_nodes, node_volume, workspace
from sbpath.physical import COULOMB_PER_MAH
from sbpath.protocol.outcome import Outcome
from sbpath.protocol.steps import Step
from sbpath.solution import Particles, Solution, StepRecord
from sbpath.solver.cycler import End, direction_of, outcome_of
from sbpath.solver.electrode import at_temperature
from sbpath.solver.solve import Checkpoint, Run

# A run that keeps more rows than this, about a gigabyte, hardly means to.
MAX_ROWS = 2_000_000
# Values of columns that an electrode without film or loss does not have.
ABSENT = {"film_thickness_m": 0.0, "live_share": 1.0}
_FIELDS = {f.name for f in fields(Solution)}


class RunRecord:
    """The simulation so far: rows, how steps ended, and the checkpoint for the next one.

    Rows are *closed* when it is known which of them are kept: for ``keep="all"`` at the end, otherwise
    as soon as their cycle can no longer be one of the last two, or if cycles are extrapolated at the end of
    each. Then their half cycles are found, they are added to the table of cycles, and those not kept are
    dropped.
    """

    def __init__(self, experiment: Experiment, network: Network, state: Floats, charge: float) -> None:
        self.experiment = experiment
        self.network = network
        self.checkpoint = Checkpoint(state, 0.0, np.zeros(network.columns.width - network.columns.integrated))
        # Held before the first row, and at the end of the last one (C/g).
        self.start_charge = self.charge = charge
        self.steps: list[StepRecord] = []
        self.failed = False
        # Not yet closed; first and last of their steps count all rows, those of others the kept ones.
        self.rows: list[Floats2] = []
        self.seen: list[tuple[Integers, Any]] = []
        self.simulated = self.closed_rows = self.closed_steps = 0
        # Closed.
        self.last_closed: Floats2 | None = None
        self.kept: list[Floats2] = []
        self.capacity: list[Floats] = []
        self.tables: list[CycleTable] = []
        self.kept_seen: list[tuple[Integers, Any]] = []
        self.kept_rows = 0
        # Ends of cycles that follow each other, the last three at most.
        self.ends: list[CycleEnd] = []

    def add(self, part: Run, todo: list[tuple[int, int, Step]]) -> None:
        """Append the result of `sbpath.solver.solve.run` for the steps in `todo`."""
        max_steps = self.experiment.options.max_steps
        before = self.simulated
        first = 0
        ends = zip(
            part.last.tolist(),
            part.ended.tolist(),
            part.event.tolist(),
            part.duration.tolist(),
            part.size.tolist(),
            strict=True,
        )
        for (cycle, number, step), (last, way, event, duration, size) in zip(todo, ends):  # noqa: B905
            end = part.table[:, last - 1]
            outcome, reason = outcome_of(step, End(way, event, duration, size, end[POTENTIAL]), max_steps)
            passed = float(end[CHARGE] - self.charge) / COULOMB_PER_MAH
            self.charge = float(end[CHARGE])
            self.steps.append(
                StepRecord(
                    cycle, number, step, direction_of(step, passed), before + first, before + last,
                    duration, passed, outcome, reason,
                )
            )  # fmt: skip
            first = last
            self.failed = outcome.failed
            if self.failed:
                break
        table, room = part.table[:, :first], part.table.shape[1]
        # A view holds the room for all rows.
        self.rows.append(table if 2 * first > room else table.copy())
        self.simulated += first
        looks = part.snapshots.taken[0]
        self.seen.append((before + part.snapshots.row[:looks], part.snapshots.blocks[:looks]))
        end = part.table[:, first - 1]
        totals = end[self.network.columns.recorded :].copy()
        self.checkpoint = Checkpoint(part.state, float(end[TIME]), totals)
        if self.experiment.keep != "all" and self.experiment.extrapolate is None:
            # The cycle under way may be the last one, and then the one before it ends with rows to keep.
            newest = self.steps[-1].cycle
            self._close([s for s in self.steps[self.closed_steps :] if s.cycle < newest - 1], newest)
        if not self.failed and self.kept_rows + sum(rows.shape[1] for rows in self.rows) > MAX_ROWS:
            self.failed = True
            reason = Outcome.ALL_ROWS.value.format(max_rows=MAX_ROWS)
            self.steps[-1] = replace(self.steps[-1], outcome=Outcome.ALL_ROWS, reason=reason)

    def change_temperature(self, old: Network, new: Network) -> Network:
        """Move the checkpoint to another temperature; returns the `new` network."""
        state, warming = at_temperature(self.checkpoint.state, old, new)
        totals = self.checkpoint.totals.copy()
        totals[old.columns.power + 1 - old.columns.integrated] += warming
        self.checkpoint = self.checkpoint._replace(state=state, totals=totals)
        return new

    def close_cycle(self) -> None:
        """Close the cycle that has just ended, to extrapolate from it."""
        row = self.rows[-1][:, -1].copy()
        self._close(self.steps[self.closed_steps :], len(self.experiment.protocol.cycles))
        self.ends = [*self.ends[-2:], CycleEnd(self.checkpoint.state, row, self.tables[-1])]

    def pass_over(self, network: Network) -> int:
        """Extrapolate over as many cycles as possible after `close_cycle`; returns the number of steps passed over.

        Never over the last cycle.
        """
        experiment, cycle = self.experiment, self.steps[-1].cycle
        cycles = experiment.protocol.cycles
        if len(self.ends) < 3 or experiment.extrapolate is None or cycles[cycle - 2] != cycles[cycle - 1]:
            return 0
        alike = next(
            (k for k in range(cycle, len(cycles)) if cycles[k] != cycles[cycle - 1]), len(cycles) - 1
        )
        most = most_cycles(self.ends, network, experiment.extrapolate)
        count = min(most, alike - cycle)
        if count < 1:
            return 0
        end = passed_over(self.ends, network, count)
        self.ends = [end]
        self.checkpoint = Checkpoint(
            end.state, float(end.row[TIME]), end.row[self.network.columns.recorded :]
        )
        self.charge = float(end.row[CHARGE])
        # One row, for the end of the last of them.
        self.last_closed = end.row[:, np.newaxis]
        self.kept.append(self.last_closed)
        self.capacity.append(np.abs(end.table.half_charge_mAh_per_g[-1:]))
        self.tables.append(end.table)
        length = len(cycles[cycle - 1])
        earlier, last = self.steps[-2 * length : -length], self.steps[-length:]
        outcome = Outcome.EXTRAPOLATED
        for k in range(1, count + 1):
            for old, new in zip(earlier, last, strict=True):
                duration = new.duration_s + k * (new.duration_s - old.duration_s)
                charge = new.charge_mAh_per_g + k * (new.charge_mAh_per_g - old.charge_mAh_per_g)
                self.steps.append(
                    StepRecord(
                        cycle + k, new.number + k * length, new.step, new.direction, self.kept_rows, self.kept_rows,
                        duration, charge, outcome, outcome.value,
                    )
                )  # fmt: skip
        self.steps[-1] = replace(self.steps[-1], last=self.kept_rows + 1)
        self.kept_rows += 1
        self.simulated += 1
        self.closed_rows += 1
        self.closed_steps += count * length
        return count * length

    def close(self) -> None:
        """Close what is left: nothing more will be simulated."""
        self._close(self.steps[self.closed_steps :], self.steps[-1].cycle)

    def _close(self, steps: list[StepRecord], last: int) -> None:
        """Close the rows of `steps`, the first that are not yet, of whole cycles; `last` is the last cycle known of."""
        if not steps:
            return
        rows = _joined(self.rows)
        count = steps[-1].last - self.closed_rows
        block = rows[:, :count]
        # A copy, since a view would hold all rows.
        self.rows = [rows[:, count:].copy()] if count < rows.shape[1] else []
        if self.experiment.keep == "all" and self.experiment.extrapolate is None:
            self.kept_seen, self.seen = self.seen, []
        else:
            cycle, step = _numbers(steps)
            charge = self._charge(block[CHARGE])
            energy = by_name(block, sizes_of(self.network))["energy_J_per_g"]
            before = self._before(block)
            runs = charge_runs(charge, cycle, step, before["charge_mAh_per_g"])
            self.tables.append(
                tabulated(runs, cycle, charge, energy, before, lambda which: self._changes(block[:, which]))
            )
            self.last_closed = block[:, -1:].copy()
            kept = self._kept(steps, last)
            self._thin(steps, kept)
            block = block.compress(kept, axis=1)
            self.capacity.append(half_cycle_capacity(charge, runs)[kept])
        self.kept.append(block)
        self.closed_rows += count
        self.closed_steps += len(steps)
        self.kept_rows += block.shape[1]

    def _kept(self, steps: list[StepRecord], last: int) -> Booleans:
        """Which rows of `steps` are kept.

        Of the cycle before one that is kept, the last step has its ends kept: there the kept one begins.
        """
        experiment = self.experiment
        kept = np.zeros(steps[-1].last - steps[0].first, dtype=bool)
        following = [s.cycle for s in steps[1:]] + [steps[-1].cycle + 1]
        for step, then in zip(steps, following, strict=True):
            own = kept[step.first - self.closed_rows : step.last - self.closed_rows]
            if experiment.keeps(step.cycle, last):
                own[:] = True
            elif experiment.keep == "ends" or (
                then > step.cycle and (experiment.extrapolate is not None or experiment.keeps(then, last))
            ):
                own[[0, -1]] = True
        return kept

    def _thin(self, steps: list[StepRecord], kept: Booleans) -> None:
        """Count the rows of steps and the snapshots by the rows that are kept."""
        place = self.kept_rows + np.concatenate([[0], np.cumsum(kept)])
        for number, step in enumerate(steps, self.closed_steps):
            first, last = place[[step.first - self.closed_rows, step.last - self.closed_rows]].tolist()
            self.steps[number] = replace(step, first=first, last=last)
        row, blocks = (np.concatenate(parts) for parts in zip(*self.seen, strict=True))
        row = row - self.closed_rows
        now = row < len(kept)
        self.seen = [(row[~now] + self.closed_rows, blocks[~now])]
        row, blocks = row[now], blocks[now]
        self.kept_seen.append((place[row[kept[row]]], blocks[kept[row]]))

    def _before(self, block: Floats2) -> dict[str, Any]:
        """Values at the instant before the first row of `block`, which is the next to be closed."""
        if self.last_closed is not None:
            values = self._changes(self.last_closed)
            return {name: value[..., 0] for name, value in values.items()}
        first = self._values(block[:, :1])
        # What an initial jump of the voltage delivered was stored before.
        stored = first["stored_J_per_g"][0] + first["energy_J_per_g"][0]
        return self.experiment.before_the_start(float(stored))

    def _charge(self, held: Floats) -> Floats:
        """Net charge since the start (mAh/g) where the electrode holds `held` (C/g)."""
        return (held - self.start_charge) / COULOMB_PER_MAH

    def _values(self, rows: Floats2) -> dict[str, Floats]:
        """Charge, and what a solution has of columns and integrals, by the names of its fields."""
        sizes = sizes_of(self.network)
        table = by_name(rows, sizes)
        return table | {
            "charge_mAh_per_g": self._charge(table["charge_C_per_g"]),
            "heat_parts_J_per_g": edge_heats(rows, self.network.columns, sizes["edges"]),
            "edge_charge_mAh_per_g": table["edge_charge_C_per_g"] / COULOMB_PER_MAH,
            "film_heat_J_per_g": _filled(table["film_heat_J_per_g"], 0.0, rows.shape[1]),
        }

    def _changes(self, rows: Floats2) -> dict[str, Floats]:
        """The same with all of `sbpath.cycle_table.CHANGES`."""
        values = self._values(rows)
        values |= {name: _filled(values[name], none, rows.shape[1]) for name, none in ABSENT.items()}
        return values | {"destinations_mAh_per_g": destinations(values, self.network)}

    def values(self) -> dict[str, Floats]:
        """The same of all rows that are kept."""
        return self._values(_joined(self.kept))


def _filled(column: Floats, none: float, rows: int) -> Floats:
    """A column, or `none` in all rows of an electrode that does not have it."""
    return column if column.size else np.full(rows, none)


def _joined(parts: list[Floats2]) -> Floats2:
    """The rows of several parts of a record."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)


def _numbers(steps: Sequence[StepRecord]) -> tuple[Integers, Integers]:
    """Cycle and step of each row."""
    lengths = [s.last - s.first for s in steps]
    cycle, step = (
        np.repeat(numbers, lengths) for numbers in ([s.cycle for s in steps], [s.number for s in steps])
    )
    return cycle, step


def solution_of(record: RunRecord) -> Solution:
    """The solution from all that was simulated."""
    record.close()
    experiment, network = record.experiment, record.network
    mechanism, population = experiment.mechanism, experiment.population
    table = record.values()
    # As built: a solution phase is filled as far as the upper cut-off has it.
    space = workspace(network)
    fill_nodes(mechanism.upper_cutoff_V, network, space)
    pristine = node_volume(list(mechanism.nodes).index(mechanism.initial_phase), network, space)
    cycle, step = _numbers(record.steps)
    made = {
        "time_s": experiment.initial.time_s + table["time_s"],
        "charge_mAh_per_g": table["charge_mAh_per_g"],
        "heat_parts_J_per_g": table["heat_parts_J_per_g"],
        "edge_charge_mAh_per_g": table["edge_charge_mAh_per_g"],
        "film_heat_J_per_g": table["film_heat_J_per_g"],
        "swelling_percent": (table["volume_m3_per_mol"] / pristine - 1.0) * 100.0,
    }
    # All other fields of a solution are columns of the same name.
    made = {name: table[name] for name in _FIELDS & table.keys()} | made
    sizes = sizes_of(network)
    others = {
        u.name: table[u.name].copy()
        for u in unknowns.UNKNOWNS
        if sizes[u.size] and u.name not in ("fractions", "potential_V")
    }
    return Solution(
        experiment=experiment,
        **made,
        others=FrozenMapping(others),
        cycle=cycle,
        step=step,
        steps=tuple(record.steps),
        particles=None if population is None else _particles(population, record),
        accumulated=joined(record.tables) if record.tables else None,
        kept_capacity=np.concatenate(record.capacity) if record.capacity else None,
    )


def _particles(population: Population, record: RunRecord) -> Particles:
    layout, nodes = record.network.layout, len(record.network.gibbs)
    rows, blocks = (np.concatenate(parts) for parts in zip(*record.kept_seen, strict=True))
    final = record.checkpoint.state[: layout.potential]
    return Particles(
        **{f.name: getattr(population, f.name) for f in fields(population)},
        row=rows,
        fractions=blocks.reshape(len(rows), len(population), layout.block)[:, :, :nodes].copy(),
        final=final.reshape(len(population), layout.block).copy(),
    )
