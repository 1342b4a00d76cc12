"""The input of a simulation: an electrode and a protocol."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property, lru_cache
from typing import Any, Literal, Self, get_args

import numpy as np

from sbpath.arguments import as_whole, number, shortened
from sbpath.calls import methods_checked
from sbpath.cycle_table import CHANGES
from sbpath.errors import InputError, Problems
from sbpath.kernels import Floats
from sbpath.mechanism.frozen import FrozenMapping
from sbpath.mechanism.mechanism import Edge, Mechanism
from sbpath.mechanism.notation import node_named
from sbpath.mechanism.paths import with_changes
from sbpath.mechanism.reader import load_mechanism, mechanism_from_valid_document
from sbpath.model.destinations import content_of, destinations
from sbpath.model.network import Network, build_network, sizes_of, start_of
from sbpath.model.population import Population, population_of
from sbpath.model.unknowns import state_of, values_of
from sbpath.physical import ZERO_CELSIUS_K
from sbpath.protocol.basis import Basis
from sbpath.protocol.protocol import Protocol, cycling
from sbpath.protocol.schedule import Cycles, Rates
from sbpath.protocol.steps import (
    CapacityLimit,
    CompositionLimit,
    ConstantCurrent,
    CurrentTable,
    Step,
    voltages_V,
)
from sbpath.protocol.temperature import Ramp
from sbpath.solver.cycler import ramp_time
from sbpath.solver.trial import SolverOptions

ProtocolLike = Protocol | Step | str | Iterable[Any]
Keep = Literal["all", "ends"] | int

# Accepted ranges: wide, but narrow enough to catch a wrong unit or power of ten.
TEMPERATURE_RANGE_C = (-150.0, 1500.0)
AMOUNT_RANGE = (1e-9, 1e9)  # g, mA/g
MAX_CURRENT_A_PER_G = 1e4
MAX_VOLTAGE_V = 10.0
# The number of a mechanism that the argument `loading_mg_per_cm2` replaces.
LOADING = "electrode.loading_mg_per_cm2"


@dataclass(frozen=True, slots=True)
class State:
    """An electrode at one instant, from which a simulation can start.

    Attributes
    ----------
    fractions : dict
        Share of all Sb in each node, by name; 0 for nodes not named.
    potential_V : float
        Electrode potential against the alkali metal.
    time_s : float
        Time.
    particles : tuple of tuples of float, shape (N, B), optional
        Unknowns of each particle of a population, first its fractions in the order of the
        mechanism's nodes; by default `fractions` for all.
    others : mapping of str to tuple of float
        Further unknowns by name (`sbpath.model.unknowns`); by default each is at its start.
    temperature_C : float, optional
        Temperature (Celsius); by default that at which the simulation begins.

    Raises
    ------
    InputError
        If `fractions` or `others` is not a mapping, or something is not a finite number.
    """

    fractions: Mapping[str, float]
    potential_V: float
    time_s: float = 0.0
    particles: tuple[tuple[float, ...], ...] | None = None
    others: Mapping[str, tuple[float, ...]] = FrozenMapping()
    temperature_C: float | None = None

    def __post_init__(self) -> None:
        for name in ("fractions", "others"):
            given = getattr(self, name)
            if not isinstance(given, Mapping):
                raise InputError(f"{name}: must be a mapping of name to value, not {shortened(given)}")
        problems = Problems()
        settled = {
            "fractions": FrozenMapping(
                {
                    name: problems.attempt(number, f"fractions: {name}", n)
                    for name, n in self.fractions.items()
                }
            ),
            "others": FrozenMapping(
                {
                    name: problems.attempt(_floats, f"others: {name}", given)
                    for name, given in self.others.items()
                }
            ),
            "particles": None
            if self.particles is None
            else problems.attempt(_floats, "particles", self.particles),
            "potential_V": problems.attempt(number, "potential_V", self.potential_V),
            "time_s": problems.attempt(number, "time_s", self.time_s),
            "temperature_C": None
            if self.temperature_C is None
            else problems.attempt(number, "temperature_C", self.temperature_C, *TEMPERATURE_RANGE_C),
        }
        problems.check()
        for name, value in settled.items():
            object.__setattr__(self, name, value)


@methods_checked
@dataclass(frozen=True)
class Experiment:
    """Complete input of a simulation, with defaults filled in.

    Attributes
    ----------
    mechanism : Mechanism
        Phases, transformations and parameters of the electrode.
    graph : str
        Name of its graph.
    protocol : Protocol
        Steps of the cycler.
    temperature_C : float
        Temperature (Celsius) of steps that state none; if all state the same one, that.
    initial : State
        Initial state, with a fraction for every node.
    electrode_mass_g : float or None
        Mass of host, for currents in A and mA (g).
    one_C_mA_per_g : float
        1C as a specific current (mA/g).
    options : SolverOptions
        Tolerances.
    population : Population or None
        Particles, if more than one.
    keep : "all", "ends" or int
        Which rows the solution keeps: those of every cycle; of the first and the last cycle and of
        every n-th one (100: cycles 1, 100, 200, ... and the last); or of the first and the last cycle,
        and of all others the first and the last row of each step. What passed in a cycle is known of
        every one (`Solution.cycle_table`).
    extrapolate : float or None
        Whether cycles are passed over, and how far: `sbpath.extrapolation`.
    """

    mechanism: Mechanism
    graph: str
    protocol: Protocol
    temperature_C: float
    initial: State
    electrode_mass_g: float | None
    one_C_mA_per_g: float
    options: SolverOptions
    population: Population | None = None
    keep: Keep = "all"
    extrapolate: float | None = None

    @classmethod
    def of(
        cls,
        mechanism: Mechanism | str,
        protocol: ProtocolLike | None = None,
        *,
        graph: str | None = None,
        temperature_C: float | None = None,
        initial: State | None = None,
        electrode_mass_g: float | None = None,
        loading_mg_per_cm2: float | None = None,
        one_C_mA_per_g: float | None = None,
        options: SolverOptions | None = None,
        population: Population | int | None = None,
        keep: Keep = "all",
        extrapolate: float | None = None,
    ) -> Self:
        """The arguments of `sbpath.simulate`, checked and with defaults filled in.

        Raises
        ------
        InputError
            With every mistake, one line each.
        """
        if not isinstance(mechanism, Mechanism):
            mechanism = load_mechanism(mechanism)
        if loading_mg_per_cm2 is not None:
            mechanism = with_changes(mechanism, {LOADING: loading_mg_per_cm2})
        if protocol is None:
            protocol = full_cycles(mechanism)
        parsed = Protocol.parse(protocol, mechanism.ion)
        options = SolverOptions() if options is None else options
        problems = Problems()
        name = problems.attempt(mechanism.graph_named, graph)
        capacity = mechanism.theoretical_capacity_mAh_per_g
        numbers = {
            "temperature_C": (temperature_C, mechanism.temperature_C, TEMPERATURE_RANGE_C),
            "one_C_mA_per_g": (one_C_mA_per_g, capacity, AMOUNT_RANGE),
            "electrode_mass_g": (electrode_mass_g, None, AMOUNT_RANGE),
        }
        celsius, one_C, mass = (
            default if given is None else problems.attempt(number, name, given, *between, otherwise=default)
            for name, (given, default, between) in numbers.items()
        )
        if not problems.lines:
            problems.add(*_step_problems(parsed, mechanism, basis_of(mechanism, one_C, mass)))
            stated = {step.temperature_C for _, _, step in parsed.steps()}
            alone = stated.pop()
            if not stated and alone is not None and not isinstance(alone, Ramp):
                celsius = float(alone)
        if not isinstance(options, SolverOptions):
            problems.add(f"options: must be SolverOptions(...), not {options!r}")
        keep = problems.attempt(_kept, keep)
        if extrapolate is not None:
            extrapolate = problems.attempt(number, "extrapolate", extrapolate, 1e-6, 1.0)
        start = problems.attempt(_start, mechanism, initial)
        particles = problems.attempt(population_of, mechanism, population)
        problems.check()
        return cls(
            mechanism, name, parsed, celsius, start, mass, one_C, options, particles, keep, extrapolate
        )

    @property
    def basis(self) -> Basis:
        """What converts the currents and charges of the protocol."""
        return basis_of(self.mechanism, self.one_C_mA_per_g, self.electrode_mass_g)

    @property
    def edges(self) -> tuple[Edge, ...]:
        """The edges of the graph."""
        return self.mechanism.edges(self.graph)

    def keeps(self, cycle: int, last: int) -> bool:
        """Whether the solution keeps all rows of `cycle`, of which `last` is the last simulated."""
        if self.keep == "all" or cycle in (1, last):
            return True
        return self.keep != "ends" and cycle % self.keep == 0

    @cached_property
    def network(self) -> Network:
        """The graph at this temperature as arrays for the kernels, for one particle."""
        return self.network_at(self.temperature_C)

    def network_at(self, celsius: float) -> Network:
        """The same at another temperature (Celsius)."""
        return _network(Same(self.mechanism), self.graph, celsius + ZERO_CELSIUS_K)

    def temperatures_of(self, step: Step) -> tuple[float, float]:
        """Temperature at which a step begins, and towards which it goes (Celsius)."""
        stated = step.temperature_C
        if isinstance(stated, Ramp):
            return float(stated.start_C), float(stated.end_C)
        constant = self.temperature_C if stated is None else float(stated)
        return constant, constant

    def temperature_at(self, step: Step, time_s: Any) -> Any:
        """Temperature at times since the start of a step (Celsius)."""
        start, end = self.temperatures_of(step)
        if start == end:
            return start + 0.0 * time_s
        return start + (end - start) * np.minimum(time_s / ramp_time(step), 1.0)

    @property
    def isothermal(self) -> bool:
        """Whether the temperature is the same in all steps."""
        return all(step.temperature_C in (None, self.temperature_C) for _, _, step in self.protocol.steps())

    def initial_state(self, network: Network) -> Floats:
        """The initial state for the solver: the unknowns of `network` in their order."""
        start = self.initial
        values: dict[str, Any] = {"potential_V": start.potential_V, **start_of(network), **start.others}
        values["fractions"] = [*start.fractions.values()]
        state = state_of(network.layout, sizes_of(network), values)
        if start.particles is not None:
            blocks = np.array(start.particles, dtype=float)
            shape = (len(network.weight), network.layout.block)
            if blocks.shape != shape:
                raise InputError(
                    f"initial: its particles have shape {blocks.shape}, not {shape}; "
                    "continue with the same population"
                )
            state[: blocks.size] = blocks.ravel()
        return state

    def before_the_start(self, stored_J_per_g: float) -> dict[str, Any]:
        """`sbpath.cycle_table.CHANGES` before the first row, whose potential may have jumped.

        `stored_J_per_g` is the energy held then.
        """
        return {**self._before, "stored_J_per_g": stored_J_per_g}

    @cached_property
    def _before(self) -> dict[str, Any]:
        network = self.network
        state = replace(self, initial=replace(self.initial, particles=None)).initial_state(network)
        values = values_of(network.layout, sizes_of(network), state)
        values["composition"] = content_of(values["fractions"], values["potential_V"], network)
        held = destinations(values, network)[:, 0]
        return {
            **dict.fromkeys((*CHANGES, "charge_mAh_per_g", "energy_J_per_g"), 0.0),
            "potential_V": self.initial.potential_V,
            "destinations_mAh_per_g": held,
            "live_share": float(values.get("live_share", np.ones(1))[0]),
            "film_thickness_m": float(values.get("film_thickness_m", np.zeros(1))[0]),
        }

    def as_document(self) -> dict[str, Any]:
        """The experiment as plain values for JSON, which `from_document` reads."""
        document = {item.name: getattr(self, item.name) for item in fields(self)}
        return document | {
            "mechanism": self.mechanism.document,
            "mechanism_sha256": self.mechanism.sha256,
            "protocol": self.protocol.as_document(),
            "initial": asdict(self.initial),
            "options": asdict(self.options),
            "population": self.population
            and {f.name: getattr(self.population, f.name).tolist() for f in fields(self.population)},
        }

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """An experiment from the result of `as_document`.

        Raises
        ------
        InputError
            If the mechanism does not match its checksum.
        """
        given = dict(document)
        stated = given.pop("mechanism_sha256")
        mechanism = mechanism_from_valid_document(given["mechanism"], where=given["mechanism"]["name"])
        if mechanism.sha256 != stated:
            raise InputError("the mechanism in the file is not the one that was simulated")
        initial = given["initial"]
        return cls(
            **given
            | {
                "mechanism": mechanism,
                "protocol": Protocol.from_document(given["protocol"]),
                "initial": State(**initial),
                "options": SolverOptions(**given["options"]),
                "population": given["population"] and Population(**given["population"]),
            }
        )


def _floats(name: str, given: Any) -> tuple[Any, ...]:
    """An array of numbers as tuples of floats."""
    try:
        values = np.atleast_1d(np.asarray(given, dtype=float))
    except (TypeError, ValueError, OverflowError):
        values = np.array([math.nan])
    if not np.isfinite(values).all():
        raise InputError(f"{name}: must be finite numbers, not {shortened(given)}")
    return tuple(map(tuple, values.tolist())) if values.ndim > 1 else tuple(values.tolist())


class Same:
    """A mechanism as the key of a cache, equal to itself only: to compare contents would take longer."""

    def __init__(self, mechanism: Mechanism) -> None:
        self.mechanism = mechanism

    def __hash__(self) -> int:
        return id(self.mechanism)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and other.mechanism is self.mechanism


@lru_cache(maxsize=32)
def _network(of: Same, graph: str, temperature: float) -> Network:
    return build_network(of.mechanism, graph, temperature)


def full_cycles(mechanism: Mechanism, rate: Rates = "C/10", cycles: Cycles = 1) -> Protocol:
    """`cycling` between the mechanism's own cut-offs."""
    return cycling(rate, mechanism.lower_cutoff_V, mechanism.upper_cutoff_V, cycles)


def _kept(keep: Keep) -> Keep:
    if isinstance(keep, str) and keep in get_args(get_args(Keep)[0]):
        return keep
    every = as_whole(keep)
    if every is None or every < 1:
        raise InputError(
            f"keep: must be 'all', 'ends', or n, 1 or more, for every n-th cycle, not {shortened(keep)}"
        )
    return every


def basis_of(mechanism: Mechanism, one_C_mA_per_g: float, electrode_mass_g: float | None) -> Basis:
    """What converts the currents and charges of a protocol: capacity and loading of the mechanism, and these."""
    return Basis(
        one_C_mA_per_g * 1e-3,
        electrode_mass_g,
        mechanism.electrode.loading_mg_per_cm2.value,
        mechanism.theoretical_capacity_mAh_per_g * 1e-3,
        mechanism.content_range,
    )


def _step_problems(protocol: Protocol, mechanism: Mechanism, basis: Basis) -> list[str]:
    """Mistakes in steps that are impossible with this mechanism."""
    places: dict[str, list[str]] = {}
    # Cycles repeat their steps.
    found: dict[Step, tuple[str, ...]] = {}
    for cycle, count, step in protocol.steps():
        if step not in found:
            found[step] = _problems_of(step, basis, mechanism.name, mechanism.ion, mechanism.host)
        for problem in found[step]:
            places.setdefault(problem, []).append(f"cycle {cycle}, step {count} ({step})")
    return [
        f"{at[0]}{f' (and {len(at) - 1} more like it)' if at[1:] else ''}: {problem}"
        for problem, at in places.items()
    ]


@lru_cache(maxsize=256)  # sweeps repeat their steps
def _problems_of(step: Step, basis: Basis, name: str, ion: str, host: str) -> tuple[str, ...]:
    least, most = basis.content_range
    try:
        resolved = basis.resolved(step)
    except InputError as error:
        return tuple(error.problems)
    problems = Problems()
    stated = step.temperature_C
    for celsius in (stated.start_C, stated.end_C) if isinstance(stated, Ramp) else (stated,):
        if celsius is not None:
            problems.attempt(number, "temperature_C", celsius, *TEMPERATURE_RANGE_C)
    wrong = problems.lines
    largest = 0.0
    if isinstance(resolved, ConstantCurrent):
        largest = resolved.rate.value
    elif isinstance(resolved, CurrentTable):
        largest = float(np.abs(resolved.current).max())
    if largest > MAX_CURRENT_A_PER_G:
        wrong.append(f"the current is above {MAX_CURRENT_A_PER_G:g} A per g of host; write e.g. C/10")
    for voltage in voltages_V(step):
        if abs(voltage) > MAX_VOLTAGE_V:
            ask = f"; is it in mV? then {voltage / 1e3:g} V" if abs(voltage) <= 1e3 * MAX_VOLTAGE_V else ""
            wrong.append(f"{voltage:g} V is beyond any cell ({MAX_VOLTAGE_V:g} V){ask}")
    for given, limit in zip(step.limits, resolved.limits, strict=True):
        if not isinstance(limit, CompositionLimit) or least < limit.x < most:
            continue
        example, holds = f"an x in between, e.g. {0.99 * most:.4g}", ""
        if isinstance(given, CapacityLimit):
            full = 1e3 * basis.capacity_Ah_per_g
            example, holds = "at most 99%", f", 100% or {full:.1f} mAh/g of host"
        wrong.append(
            f"{name} holds {least:g} to {most:g} {ion} per {host}{holds}, and these limits are "
            f"only approached; use {example}, or a voltage"
        )
    return tuple(wrong)


def _start(mechanism: Mechanism, initial: State | None) -> State:
    """The initial state, with a fraction for every node in the mechanism's order."""
    if initial is None:
        initial = State({mechanism.initial_phase: 1.0}, mechanism.upper_cutoff_V)
    elif not isinstance(initial, State):
        raise InputError(f"initial: must be a Solution or a State, not {initial!r}")
    given = {node_named(mechanism, name): share for name, share in initial.fractions.items()}
    total = sum(given.values())
    if not abs(total - 1.0) < 1e-6 or min(given.values()) < -1e-6:
        raise InputError(f"initial: the fractions must be positive and add up to 1, not {total:g}")
    return replace(initial, fractions={name: given.get(name, 0.0) for name in mechanism.nodes})
