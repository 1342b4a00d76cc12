"""The result of a simulation: its input, read-only arrays, and how each step ended."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sbpath import __version__
from sbpath.archive import read_archive, write_archive
from sbpath.arguments import whole
from sbpath.calls import methods_checked
from sbpath.cycle_table import CHANGES, CycleTable, tabulated
from sbpath.errors import InputError, SbpathError, listed
from sbpath.experiment import Experiment, State
from sbpath.files import check_solution
from sbpath.halfcycles import Run, charge_runs, half_cycle_capacity
from sbpath.kernels import Floats, Integers
from sbpath.mechanism.frozen import FrozenMapping
from sbpath.mechanism.mechanism import Edge, Mechanism
from sbpath.mechanism.notation import node_named
from sbpath.model.destinations import DESTINATIONS, destinations
from sbpath.model.network import Network, sizes_of
from sbpath.model.unknowns import states_of
from sbpath.protocol.outcome import Outcome
from sbpath.protocol.protocol import Protocol
from sbpath.protocol.steps import CurrentTable, Step
from sbpath.protocol.temperature import Ramp
from sbpath.solver.cycler import ramp_time

FORMAT = 6
# Prefixes of the arrays of a population, and of the table of cycles, in a file.
PARTICLE_PREFIX = "particles."
UNKNOWN_PREFIX = "unknowns."
CYCLE_PREFIX = "cycles."

# Arrays of a solution that follow from others, and are in a file for its other readers.
DERIVED = ("capacity_mAh_per_g", "heat_W_per_g")

# Causes of the irreversible heat of an edge, in the order of `Solution.heat_parts_J_per_g`.
CAUSES = ("nucleation", "growth", "transport", "work")


# Arrays that count from the start of a simulation.
RUNNING = (
    "charge_mAh_per_g", "heat_parts_J_per_g", "converted", "edge_charge_mAh_per_g", "joule_heat_J_per_g",
    "charge_transfer_heat_J_per_g", "film_heat_J_per_g", "energy_J_per_g", "warming_J_per_g",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step of the protocol as simulated.

    Attributes
    ----------
    cycle, number : int
        Both from 1; steps are counted over the whole protocol.
    step : Step
        The step of the protocol.
    direction : str
        "insertion", "extraction" or "rest", by the net charge that passed.
    first, last : int
        Its rows are ``first <= i < last``: all, or if its cycle was not kept the first and the last one, or
        none.
    duration_s, charge_mAh_per_g : float
        Length (s) and net charge (mAh per g Sb, insertion positive).
    outcome : Outcome
        How it ended.
    reason : str
        The same as a sentence, with numbers.
    """

    cycle: int
    number: int
    step: Step
    direction: str
    first: int
    last: int
    duration_s: float
    charge_mAh_per_g: float
    outcome: Outcome
    reason: str

    def __str__(self) -> str:
        return f"cycle {self.cycle}, step {self.number} ({self.step}): {self.reason}"


@dataclass(frozen=True, slots=True, eq=False)
class Particles:
    """The particles of a population along a solution, N of them with P nodes at s instants.

    Attributes
    ----------
    weight, size, interfacial_energy, growth_rate : array, shape (N,)
        As in `sbpath.Population`.
    row : integer array, shape (s,)
        Rows of the solution at which they were recorded: all, or of many particles at integrator steps about
        evenly spaced in x and at the ends of protocol steps.
    fractions : float32 array, shape (s, N, P)
        Share of each particle's Sb in each node.
    final : array, shape (N, B)
        All unknowns of each particle at the end, the fractions first, in full precision.
    """

    weight: Floats
    size: Floats
    interfacial_energy: Floats
    growth_rate: Floats
    row: Integers
    fractions: NDArray[np.float32]
    final: Floats

    def __post_init__(self) -> None:
        for item in fields(self):
            getattr(self, item.name).setflags(write=False)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, item.name) for item in fields(self))


@methods_checked
@dataclass(frozen=True, eq=False)
class Solution:
    """A simulated experiment; rows are instants in order of time, arrays are read-only.

    Insertion (discharge of the half-cell) is positive. Every step has a row at its start and at
    its end, so an instant at which the current changes appears twice. Of a long simulation only some
    rows may have been kept (`Experiment`): the arrays then are of n kept rows, and functions of rows,
    such as `half_cycles`, are about `kept_cycles`. What passed in each cycle is in `cycle_table`.

    Attributes
    ----------
    experiment : Experiment
        Input; `mechanism`, `graph`, `protocol`, `temperature_C`, `phases` and `edges` are
        shortcuts to its parts.
    time_s, potential_V, voltage_V, current_A_per_g : array, shape (n,)
        Time; electrode potential E and terminal voltage V = E - I R_s - eta against the
        alkali metal, eta the overpotential of charge transfer; current per gram of Sb.
    motion_V_per_s : array, shape (n,)
        dE/dt.
    composition : array, shape (n,)
        x, mol of alkali per mol of Sb.
    charge_mAh_per_g : array, shape (n,)
        Net charge since the start; `capacity_mAh_per_g` starts at 0 in each half cycle.
    fractions : array, shape (P, n)
        Share of all Sb in each node, in the order of `phases`.
    rates_per_s, affinities_J_per_mol : array, shape (E, n)
        Of each edge in the order of `edges`: share of all Sb converted per second, and affinity.
    heat_parts_J_per_g : array, shape (4, E, n)
        Irreversible heat of each edge since the start by cause, in the order of `CAUSES`:
        the affinity less the transformation work is divided in proportion to the time constants
        of nucleation, growth and transport. `heat_J_per_g` is their sum.
    converted : array, shape (E, n)
        Share of all Sb that each edge has converted since the start (1: all of it, once).
    edge_charge_mAh_per_g : array, shape (E, n)
        Charge that each edge has carried since the start, insertion positive. The remaining
        charge goes into solution phases and the double layer.
    joule_heat_J_per_g, charge_transfer_heat_J_per_g, film_heat_J_per_g, energy_J_per_g : array, shape (n,)
        Heat in the series resistance, of charge transfer and of film formation, and energy delivered by the
        cell (integral of V I dt), all since the start.
    warming_J_per_g : array, shape (n,)
        Integral of S dT since the start, with the entropy S of the phases against alkali metal and host: the
        free energy lost as they are warmed. Zero if no step states a temperature.
    stored_J_per_g : array, shape (n,)
        Free energy of the phases and of the double layer: its change, the energy delivered, all heat and
        the integral of S dT sum to zero.
    swelling_percent : array, shape (n,)
        Change of the molar volume against the mechanism's initial phase at its upper cut-off.
    cycle, step : integer array, shape (n,)
        Numbers of each row, from 1.
    steps : tuple of StepRecord
        How each step ended.
    others : mapping of str to array, shape (n,) or (size, n)
        Further unknowns by name (`sbpath.model.unknowns`), if the electrode has any.
    particles : Particles, optional
        Particles of a population; the arrays above are then means over them.
    accumulated : CycleTable, optional
        What passed in every cycle, where not all rows were kept; see `cycle_table`.
    kept_capacity : array, shape (n,), optional
        `capacity_mAh_per_g`, where not all rows were kept.
    """

    experiment: Experiment = field(repr=False)
    time_s: Floats
    potential_V: Floats
    voltage_V: Floats
    current_A_per_g: Floats
    motion_V_per_s: Floats
    composition: Floats
    charge_mAh_per_g: Floats
    fractions: Floats
    rates_per_s: Floats
    affinities_J_per_mol: Floats
    heat_parts_J_per_g: Floats
    converted: Floats
    edge_charge_mAh_per_g: Floats
    joule_heat_J_per_g: Floats
    charge_transfer_heat_J_per_g: Floats
    film_heat_J_per_g: Floats
    energy_J_per_g: Floats
    warming_J_per_g: Floats
    stored_J_per_g: Floats
    swelling_percent: Floats
    cycle: Integers
    step: Integers
    steps: tuple[StepRecord, ...]
    particles: Particles | None = None
    others: Mapping[str, Floats] = FrozenMapping()
    accumulated: CycleTable | None = None
    kept_capacity: Floats | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, np.ndarray):
                value.setflags(write=False)
        for value in self.others.values():
            value.setflags(write=False)

    def __repr__(self) -> str:
        last = self.steps[-1]
        return (
            f"<Solution {self.mechanism.name}, graph {self.graph}: {len(self.time_s)} rows, "
            f"{last.cycle} cycles, {last.number} steps, {self.time_s[-1] / 3600:.4g} h>"
        )

    @property
    def mechanism(self) -> Mechanism:
        """The mechanism."""
        return self.experiment.mechanism

    @property
    def graph(self) -> str:
        """Name of the graph."""
        return self.experiment.graph

    @property
    def protocol(self) -> Protocol:
        """The protocol."""
        return self.experiment.protocol

    @property
    def temperature_C(self) -> float:
        """Temperature of all steps that state none (Celsius)."""
        return self.experiment.temperature_C

    @cached_property
    def temperatures_C(self) -> Floats:
        """Temperature in every row (Celsius), shape (n,)."""
        found = np.full(len(self.time_s), self.temperature_C)
        for record in self.steps:
            rows = slice(record.first, record.last)
            if record.step.temperature_C is not None and record.last > record.first:
                since = self.time_s[rows] - self.time_s[record.first]
                found[rows] = self.experiment.temperature_at(record.step, since)
        found.setflags(write=False)
        return found

    @cached_property
    def warming_K_per_s(self) -> Floats:
        """Rate at which the temperature changes in every row, shape (n,); where a ramp ends, that of the ramp."""
        found = np.zeros(len(self.time_s))
        for record in self.steps:
            if isinstance(ramp := record.step.temperature_C, Ramp):
                rows, time = slice(record.first, record.last), ramp_time(record.step)
                since = self.time_s[rows] - self.time_s[record.first]
                found[rows] = np.where(since <= time, (ramp.end_C - ramp.start_C) / time, 0.0)
        found.setflags(write=False)
        return found

    def check_isothermal(self, name: str) -> None:
        """Raise InputError, in the name of a function that needs one temperature, if it changes."""
        if not self.experiment.isothermal:
            raise InputError(
                f"{name}: needs one temperature, and steps of this protocol state others; give all the same"
            )

    @cached_property
    def phases(self) -> tuple[str, ...]:
        """Names of the P nodes."""
        return tuple(self.mechanism.nodes)

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """The E edges of the graph."""
        return self.experiment.edges

    @property
    def network(self) -> Network:
        """The graph at this temperature as arrays, for one particle."""
        return self.experiment.network

    @cached_property
    def kept_cycles(self) -> tuple[int, ...]:
        """Numbers of the cycles of which all rows were kept."""
        last = self.steps[-1].cycle
        solved = sorted({s.cycle for s in self.steps if s.outcome is not Outcome.EXTRAPOLATED})
        return tuple(cycle for cycle in solved if self.experiment.keeps(cycle, last))

    def check_kept(self, cycle: int) -> None:
        """Raise InputError if `cycle` was simulated, and its rows were not kept."""
        if 1 <= whole("cycle", cycle) <= self.steps[-1].cycle and cycle not in self.kept_cycles:
            raise InputError(
                f"cycle: the rows of cycle {cycle} were not kept ({self._kept_how}), those of cycles "
                f"{listed(self.kept_cycles)} were; choose one of these, or simulate with keep='all'{self._not_passed}"
            )

    def check_whole(self, name: str) -> None:
        """Raise InputError, in the name of a function that needs all rows, if some were not kept."""
        if self.accumulated is not None:
            raise InputError(
                f"{name}: needs the rows of every cycle, and with {self._kept_how} some were not kept; "
                f"simulate with keep='all'{self._not_passed}"
            )

    @property
    def _kept_how(self) -> str:
        jump = self.experiment.extrapolate
        return f"keep={self.experiment.keep!r}" + ("" if jump is None else f", extrapolate={jump:g}")

    @property
    def _not_passed(self) -> str:
        return "" if self.experiment.extrapolate is None else " and without extrapolate"

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """The half cycles of the cycles that were kept, as rows (`sbpath.halfcycles`)."""
        charge, found = self.charge_mAh_per_g, []
        # Stretches of kept cycles; the row before each is at the instant at which it begins.
        kept = np.zeros(self.steps[-1].cycle + 1, dtype=bool)
        kept[list(self.kept_cycles)] = True
        turns = np.flatnonzero(np.diff(kept[self.cycle], prepend=False, append=False))
        for first, last in turns.reshape(-1, 2).tolist():
            before = float(charge[first - 1]) if first > 0 else 0.0
            rows = slice(first, last)
            for run in charge_runs(charge[rows], self.cycle[rows], self.step[rows], before):
                found.append(replace(run, first=run.first + first, last=run.last + first))
        return tuple(found)

    @cached_property
    def capacity_mAh_per_g(self) -> Floats:
        """Specific capacity in each row, which starts at 0 in each half cycle, shape (n,)."""
        if self.kept_capacity is not None:
            return self.kept_capacity
        capacity = half_cycle_capacity(self.charge_mAh_per_g, self.runs)
        capacity.setflags(write=False)
        return capacity

    @cached_property
    def cycle_table(self) -> CycleTable:
        """What passed in every cycle and half cycle, whichever rows were kept."""
        if self.accumulated is not None:
            return self.accumulated
        held = float(self.stored_J_per_g[0] + self.energy_J_per_g[0])
        return tabulated(
            self.runs,
            self.cycle,
            self.charge_mAh_per_g,
            self.energy_J_per_g,
            self.experiment.before_the_start(held),
            self._changes,
        )

    def _changes(self, rows: Integers) -> dict[str, Floats]:
        """`CHANGES` in some rows."""
        names = ("composition", *(name for name in CHANGES if name != "destinations_mAh_per_g"))
        values = {name: getattr(self, name)[..., rows] for name in names}
        values |= {name: of_rows[..., rows] for name, of_rows in self.others.items()}
        return values | {"destinations_mAh_per_g": destinations(values, self.network)}

    @property
    def live_share(self) -> Floats:
        """Share of the host that takes part, shape (n,): 1 where none is cut off."""
        return self.others.get("live_share", np.ones(len(self.time_s)))

    @property
    def film_thickness_m(self) -> Floats:
        """Mean thickness of film on the host (m), shape (n,): 0 where none forms."""
        return self.others.get("film_thickness_m", np.zeros(len(self.time_s)))

    @property
    def destinations_mAh_per_g(self) -> Floats:
        """Where the charge is, shape (8, n); see `sbpath.model.destinations`."""
        return destinations(
            {"composition": self.composition, "potential_V": self.potential_V, **self.others}, self.network
        )

    def fraction(self, phase: str) -> Floats:
        """Share of all Sb in `phase`, shape (n,); its name may be written as tables print it, Li₂Sb.

        Raises
        ------
        InputError
            If there is no such phase.
        """
        return self.fractions[self.phases.index(node_named(self.mechanism, phase))]

    @property
    def states(self) -> Floats:
        """All unknowns in every row, as the equations of one particle take them, shape (n, unknowns)."""
        values = {"fractions": self.fractions, "potential_V": self.potential_V, **self.others}
        return states_of(self.network.layout, sizes_of(self.network), values)

    @cached_property
    def heat_W_per_g(self) -> Floats:
        """Irreversible heat r A / M of each edge, without the reversible heat T dS/dt, shape (E, n)."""
        heat = self.rates_per_s * self.affinities_J_per_mol / self.mechanism.host_molar_mass_g_per_mol
        heat.setflags(write=False)
        return heat

    @property
    def irreversible_heat_J_per_g(self) -> Floats:
        """All heat since the start, without the reversible heat T dS/dt, shape (n,)."""
        return (
            self.heat_J_per_g.sum(axis=0)
            + self.joule_heat_J_per_g
            + self.charge_transfer_heat_J_per_g
            + self.film_heat_J_per_g
        )

    @property
    def heat_J_per_g(self) -> Floats:
        """Irreversible heat of each edge since the start, shape (E, n)."""
        return self.heat_parts_J_per_g.sum(axis=0)

    def __add__(self, other: object) -> Solution:
        """Join a solution and its continuation: cycles, steps, time, charge and integrals count on.

        Raises
        ------
        InputError
            If `other` does not begin where this one ends, or was made with other settings.
        """
        if not isinstance(other, Solution):
            return NotImplemented
        for solution in (self, other):
            solution.check_whole("a + b")
        mine, theirs = self.experiment, other.experiment
        names = (
            "mechanism",
            "graph",
            "temperature_C",
            "electrode_mass_g",
            "one_C_mA_per_g",
            "options",
            "population",
        )
        problems = [
            f"a + b: {name} differs; continue with the same, as in simulate(..., initial=a)"
            for name in names
            if not _same(getattr(mine, name), getattr(theirs, name))
        ]
        if len(self.steps) < sum(map(len, mine.protocol.cycles)):
            problems.append(f"a + b: a ended early ({self.steps[-1]}); it has no continuation")
        elif not problems and theirs.initial != self.final_state:
            problems.append(
                "a + b: b does not begin in the final state of a; make it with simulate(..., initial=a)"
            )
        if problems:
            raise InputError(problems)
        rows, last = len(self.time_s), self.steps[-1]
        joined = {
            name: np.concatenate([value, getattr(other, name)], axis=-1)
            for name, value in ((i.name, getattr(self, i.name)) for i in fields(self))
            if isinstance(value, np.ndarray)
        }
        for name in RUNNING:
            joined[name][..., rows:] += getattr(self, name)[..., -1:]
        joined["cycle"][rows:] += last.cycle
        joined["step"][rows:] += last.number
        steps = [
            replace(
                s,
                cycle=s.cycle + last.cycle,
                number=s.number + last.number,
                first=s.first + rows,
                last=s.last + rows,
            )
            for s in other.steps
        ]
        particles = None
        if self.particles is not None and other.particles is not None:
            particles = replace(
                other.particles,
                row=np.concatenate([self.particles.row, other.particles.row + rows]),
                fractions=np.concatenate([self.particles.fractions, other.particles.fractions]),
            )
        return replace(
            self,
            experiment=replace(mine, protocol=Protocol(mine.protocol.cycles + theirs.protocol.cycles)),
            **joined,
            steps=(*self.steps, *steps),
            particles=particles,
            others=FrozenMapping(
                {n: np.concatenate([values, other.others[n]], axis=-1) for n, values in self.others.items()}
            ),
        )

    @property
    def final_state(self) -> State:
        """The electrode at the end, to continue from."""
        particles = None if self.particles is None else tuple(map(tuple, self.particles.final.tolist()))
        return replace(self.state_at(-1), particles=particles)

    def state_at(self, row: int) -> State:
        """The electrode in one row; of a population its mean."""
        fractions = dict(zip(self.phases, self.fractions[:, row].tolist(), strict=True))
        others = {name: tuple(np.atleast_2d(values)[:, row].tolist()) for name, values in self.others.items()}
        return State(
            fractions,
            float(self.potential_V[row]),
            float(self.time_s[row]),
            others=others,
            temperature_C=float(self.temperatures_C[row]),
        )

    def direction(self) -> list[str]:
        """Direction of each row: "rest", also within a table of currents, or the direction of its half cycle.

        Where only the ends of a step were kept, that of the step.
        """
        rows = ["rest"] * len(self.time_s)
        for run in self.runs:
            rows[run.first : run.last] = [run.direction] * (run.last - run.first)
        kept = frozenset(self.kept_cycles)
        for record in self.steps:
            if record.direction == "rest" or record.cycle not in kept:
                rows[record.first : record.last] = [record.direction] * (record.last - record.first)
            elif isinstance(record.step, CurrentTable):
                for row in record.first + np.flatnonzero(
                    self.current_A_per_g[record.first : record.last] == 0.0
                ):
                    rows[row] = "rest"
        return rows

    def __reduce__(self) -> tuple[Any, ...]:
        # Rebuild copies and pickles, so that their arrays are read-only too.
        return type(self), tuple(getattr(self, item.name) for item in fields(self))

    def save(self, path: str | Path) -> Path:
        """Write everything to one file (NumPy's .npz), which `load_solution` reads.

        Raises
        ------
        InputError
            If the file cannot be written.
        """
        check_solution(path)
        arrays = {
            i.name: getattr(self, i.name)
            for i in fields(self)
            if isinstance(getattr(self, i.name), np.ndarray)
        }
        arrays.pop("kept_capacity", None)
        arrays |= {name: getattr(self, name) for name in DERIVED}
        arrays |= {UNKNOWN_PREFIX + name: values for name, values in self.others.items()}
        for prefix, group in ((PARTICLE_PREFIX, self.particles), (CYCLE_PREFIX, self.accumulated)):
            if group is not None:
                arrays |= {prefix + i.name: getattr(group, i.name) for i in fields(group)}
        about = {
            "format": FORMAT,
            "made_with": {
                "sbpath": __version__,
                "python": platform.python_version(),
                "numpy": np.__version__,
            },
            "experiment": self.experiment.as_document(),
            "steps": [_step_as_list(record) for record in self.steps],
        }
        write_archive(path, {"about": np.array(json.dumps(about)), **arrays})
        return Path(path)


def _same(one: Any, other: Any) -> bool:
    """Whether two settings are equal; those of a population are arrays."""
    if is_dataclass(one) and type(one) is type(other):
        return all(np.array_equal(getattr(one, i.name), getattr(other, i.name)) for i in fields(one))
    return one == other


def _step_as_list(record: StepRecord) -> list[Any]:
    """A record for JSON, without its step, which is in the protocol."""
    plain = {item.name: getattr(record, item.name) for item in fields(record) if item.name != "step"}
    return [*(plain | {"outcome": record.outcome.name}).values()]


def _steps_of(experiment: Experiment, records: list[list[Any]]) -> tuple[StepRecord, ...]:
    """Records from the results of `_step_as_list`."""
    steps = [step for _, _, step in experiment.protocol.steps()]
    names = [item.name for item in fields(StepRecord) if item.name != "step"]
    found = []
    for step, values in zip(steps, records, strict=False):
        plain = dict(zip(names, values, strict=True))
        found.append(StepRecord(**plain | {"step": step, "outcome": Outcome[plain["outcome"]]}))
    return tuple(found)


class SimulationError(SbpathError):
    """A step failed; the solution up to the failure is kept.

    Attributes
    ----------
    solution : Solution
        Everything up to the failure; its last step has the outcome of the failure.
    """

    def __init__(self, message: str, solution: Solution) -> None:
        super().__init__(message, solution)
        self.solution = solution

    def __str__(self) -> str:
        return self.args[0]


def _taken(arrays: dict[str, Any], prefix: str) -> dict[str, Any]:
    """The arrays whose names begin with `prefix`, without it; they are removed from `arrays`."""
    names = [name for name in arrays if name.startswith(prefix)]
    return {name.removeprefix(prefix): arrays.pop(name) for name in names}


def load_solution(path: str | Path) -> Solution:
    """Read a file written by `Solution.save`.

    Raises
    ------
    InputError
        If there is no such file, or it is not a saved solution.
    """
    try:
        arrays = read_archive(path)
        about = json.loads(str(arrays.pop("about")))
        if about["format"] != FORMAT:
            raise InputError(
                f"{path}: has format {about['format']}, and this version of sbpath reads {FORMAT}; "
                "read it with the sbpath that wrote it"
            )
        particles, cycles, others = (
            _taken(arrays, prefix) for prefix in (PARTICLE_PREFIX, CYCLE_PREFIX, UNKNOWN_PREFIX)
        )
        capacity, _ = (arrays.pop(name) for name in DERIVED)
        if arrays.keys() != {item.name for item in fields(Solution) if item.type in _ARRAYS}:
            raise ValueError
        experiment = Experiment.from_document(about["experiment"])
        solution = Solution(
            **arrays,
            experiment=experiment,
            particles=Particles(**particles) if particles else None,
            others=FrozenMapping(others),
            accumulated=CycleTable(**cycles) if cycles else None,
            kept_capacity=capacity if cycles else None,
            steps=_steps_of(experiment, about["steps"]),
        )
        _check_arrays(solution)
    except InputError as error:
        where = f"{path}: "
        raise InputError([where + problem.removeprefix(where) for problem in error.problems]) from None
    except Exception as error:  # zipfile, NumPy and json raise many kinds
        raise InputError(
            f"{path}: is not a file that Solution.save wrote ({type(error).__name__}); give one"
        ) from None
    return solution


# Types of the fields of a solution that are arrays in every one.
_ARRAYS = ("Floats", "Integers")
# Axes of arrays by field, where they are not one value for each row: nodes P, edges E, causes of heat 4.
_AXES = {
    "fractions": "Pn", "rates_per_s": "En", "affinities_J_per_mol": "En",
    "heat_parts_J_per_g": "4En", "converted": "En", "edge_charge_mAh_per_g": "En",
}  # fmt: skip
_PARTICLE_AXES = {"row": "s", "fractions": "sNP", "final": "NB"}
_CYCLE_AXES = {
    "cycle": "C", "charge_mAh_per_g": "C2", "energy_J_per_g": "C2", "half_edge_charge_mAh_per_g": "HE",
    "half_converted": "HE", "half_heat_parts_J_per_g": "H4E", "half_destinations_mAh_per_g": "HD",
}  # fmt: skip


def _check_arrays(solution: Solution) -> None:
    """Raise InputError if arrays do not fit the mechanism, the steps, or each other, or are not finite."""
    steps = solution.steps
    sizes = {
        "P": len(solution.phases), "E": len(solution.edges), "n": steps[-1].last if steps else 0, "2": 2,
        "D": len(DESTINATIONS),
        "4": len(CAUSES), "N": len(solution.experiment.population or ()), "B": solution.network.layout.block,
    }  # fmt: skip
    groups: list[tuple[Any, dict[str, str], str]] = [(solution, _AXES, "n")]
    if solution.particles is not None:
        groups.append((solution.particles, _PARTICLE_AXES, "N"))
    if solution.accumulated is not None:
        groups.append((solution.accumulated, _CYCLE_AXES, "H"))
    problems = []
    for record, axes, otherwise in groups:
        for item in fields(record):
            values = getattr(record, item.name)
            if not isinstance(values, np.ndarray):
                continue
            wanted = tuple(
                sizes.setdefault(axis, length)
                for axis, length in zip(axes.get(item.name, otherwise), np.shape(values), strict=False)
            )
            kind = "i" if item.type == "Integers" else "f"
            if values.dtype.kind != kind or values.shape != wanted:
                problems.append(
                    f"{item.name}: is {values.dtype} of shape {values.shape}, where {wanted} fits"
                )
            elif not np.isfinite(values).all():
                problems.append(f"{item.name}: holds numbers that are not finite")
    for name, values in solution.others.items():
        if values.shape[-1:] != (sizes["n"],) or not np.isfinite(values).all():
            problems.append(f"{name}: does not fit the other arrays, or is not finite")
    if not problems and [r.number for r in steps for _ in range(r.first, r.last)] != solution.step.tolist():
        problems.append("step: does not fit the steps of the protocol")
    if problems:
        raise InputError(problems)
