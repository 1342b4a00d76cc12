"""The record of a running simulation, and the solution made from it."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from sbpath.experiment import Experiment
from sbpath.halfcycles import charge_runs
from sbpath.kernels import Floats, Integers
from sbpath.mechanism.frozen import FrozenMapping
from sbpath.model import unknowns
from sbpath.model.columns import CHARGE, HEAT_CAUSES, POTENTIAL, TIME, by_name
from sbpath.model.network import Network, sizes_of
from sbpath.model.population import Population
from sbpath.model.workspace import fill_nodes, node_volume, workspace
from sbpath.physical import COULOMB_PER_MAH
from sbpath.protocol.steps import Step
from sbpath.solution import Particles, Solution, StepRecord
from sbpath.solver.cycler import End, direction_of, outcome_of
from sbpath.solver.solve import Checkpoint, Run


def _half_cycle_capacity(charge: Floats, cycle: Integers, step: Integers) -> Floats:
    """Charge since the half cycle began (mAh/g); 0 where charge has not yet passed."""
    capacity = np.zeros_like(charge)
    for run in charge_runs(charge, cycle, step):
        capacity[run.first : run.last] = np.abs(charge[run.first : run.last] - run.before)
    return capacity


class RunRecord:
    """The simulation so far: rows, how steps ended, and the checkpoint for the next one."""

    def __init__(self, network: Network, state: Floats, charge: float) -> None:
        self.network = network
        self.checkpoint = Checkpoint(state, 0.0, np.zeros(network.columns.width - network.columns.power))
        self.charge = charge
        self.rows: list[Floats] = []
        self.seen: list[tuple[Integers, Any]] = []
        self.steps: list[StepRecord] = []
        self.failed = False

    def add(self, part: Run, todo: list[tuple[int, int, Step]], max_steps: int) -> None:
        """Append the result of `sbpath.solver.solve.run` for the steps in `todo`."""
        before = self.steps[-1].last if self.steps else 0
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
            end = part.rows[last - 1]
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
        self.rows.append(part.rows[:first])
        looks = part.snapshots.taken[0]
        self.seen.append((before + part.snapshots.row[:looks], part.snapshots.blocks[:looks]))
        end = part.rows[first - 1]
        totals = end[self.network.columns.width :].copy()
        self.checkpoint = Checkpoint(part.state, float(end[TIME]), totals)


def solution_of(experiment: Experiment, record: RunRecord, start_charge: float) -> Solution:
    """The solution from the rows of `record`; `start_charge` (C/g) is the charge held before the first row."""
    mechanism, population, network = experiment.mechanism, experiment.population, record.network
    table = by_name(np.concatenate(record.rows), sizes_of(network))
    passed = (table["charge_C_per_g"] - start_charge) / COULOMB_PER_MAH
    # Pristine: a solid solution has its equilibrium content at the upper cut-off.
    space = workspace(network)
    fill_nodes(mechanism.upper_cutoff_V, network, space)
    pristine = node_volume(list(mechanism.nodes).index(mechanism.initial_phase), network, space)
    steps = record.steps
    lengths = [s.last - s.first for s in steps]
    cycle, step = (
        np.repeat(numbers, lengths) for numbers in ([s.cycle for s in steps], [s.number for s in steps])
    )
    made = {
        "time_s": experiment.initial.time_s + table["time_s"],
        "charge_mAh_per_g": passed,
        "capacity_mAh_per_g": _half_cycle_capacity(passed, cycle, step),
        "heat_W_per_g": table["rates_per_s"]
        * table["affinities_J_per_mol"]
        / mechanism.host_molar_mass_g_per_mol,
        "heat_parts_J_per_g": np.stack([table[c.integral] for c in HEAT_CAUSES if c.size == "edges"]),
        "edge_charge_mAh_per_g": table["edge_charge_C_per_g"] / COULOMB_PER_MAH,
        "swelling_percent": (table["volume_m3_per_mol"] / pristine - 1.0) * 100.0,
    }
    # All other fields of a solution are columns of the same name.
    made |= {f.name: table[f.name].copy() for f in fields(Solution) if f.name in table.keys() - made.keys()}
    others = {u.name: table[u.name].copy() for u in unknowns.UNKNOWNS if u.name not in ("fractions", "potential_V")}
    return Solution(
        experiment=experiment,
        **made,
        others=FrozenMapping(others),
        cycle=cycle,
        step=step,
        steps=tuple(steps),
        particles=None if population is None else _particles(population, record),
    )


def _particles(population: Population, record: RunRecord) -> Particles:
    layout, nodes = record.network.layout, len(record.network.gibbs)
    rows, blocks = (np.concatenate(parts) for parts in zip(*record.seen, strict=True))
    final = record.checkpoint.state[: layout.potential]
    return Particles(
        **{f.name: getattr(population, f.name) for f in fields(population)},
        row=rows,
        fractions=blocks.reshape(len(rows), len(population), layout.block)[:, :, :nodes].copy(),
        final=final.reshape(len(population), layout.block).copy(),
    )
