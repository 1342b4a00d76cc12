"""A mechanism: the phases, transformations, interfaces and parameters of one file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from sbpath.calls import methods_checked
from sbpath.errors import InputError, nearest, same_name
from sbpath.mechanism.chemistry import (
    ATOMIC_WEIGHT,
    Amount,
    composition,
    node_contents,
    parse_equation,
    parse_formula,
    share_of_element,
)
from sbpath.mechanism.frozen import FrozenMapping
from sbpath.mechanism.records import (
    DEFAULT_GRAPH,
    Electrode,
    Electrolyte,
    Interface,
    Kinetics,
    Phase,
    Provenance,
    Record,
    Transformation,
    as_document,
    interval,
    value_or,
)
from sbpath.mechanism.texts import text_problems
from sbpath.physical import (
    COULOMB_PER_MAH,
    FARADAY_C_PER_MOL,
    ZERO_CELSIUS_K,
    arrhenius,
)

# Sizes of a mechanism; shipped ones have up to 13 phases and 22 transformations.
MOST_PHASES = 100
MOST_EDGES = 500


class Edge(Record):
    """An edge as the model uses it, from the node `reactant` to the node `product`."""

    reactant: str
    product: str
    stated: Transformation

    def __str__(self) -> str:
        return f"{self.reactant} -> {self.product}"

    @property
    def ends(self) -> tuple[str, str]:
        """Reactant and product."""
        return self.reactant, self.product


@methods_checked
class Mechanism(Record):
    """A mechanism: phases, directed transformations, interfaces and all their parameters."""

    title: str = Field(description="what it is, in one line")
    description: str = Field(default="", description="what is measured, what is not, what is not right yet")
    cites: Annotated[list[str], AfterValidator(tuple)] = Field(
        default=[], validate_default=True, description="sources cited in the description"
    )
    ion: Literal["Li", "Na", "K"] = Field(description="the alkali metal")
    host: str = Field(default="Sb", description="the element of which each node holds one mole")
    temperature_C: float = Field(gt=-ZERO_CELSIUS_K, description="default temperature of a simulation")
    temperature_range_C: Annotated[list[float], AfterValidator(interval)] | None = Field(
        default=None, description="range of validity; outside, a simulation warns"
    )
    reference_temperature_C: float = Field(
        default=25.0, ge=-150.0, le=1500.0, description="at which rates and gallery potentials are given"
    )
    lower_cutoff_V: float = Field(description="default cut-off of insertion, against the alkali metal")
    upper_cutoff_V: float = Field(description="default cut-off of extraction")
    initial_phase: str = Field(description="node of the electrode as built")
    default_graph: str = Field(default=DEFAULT_GRAPH, description="graph used by default")
    phases: Annotated[
        dict[str, Phase], Field(min_length=1, max_length=MOST_PHASES), AfterValidator(FrozenMapping)
    ]
    assemblages: Annotated[dict[str, str], Field(max_length=MOST_PHASES), AfterValidator(FrozenMapping)] = (
        Field(
            default={},
            validate_default=True,
            description="nodes of more than one phase: NAME = amounts of phases",
        )
    )
    transformations: Annotated[list[Transformation], Field(max_length=MOST_EDGES), AfterValidator(tuple)] = (
        Field(default=[], validate_default=True)
    )
    interfaces: Annotated[
        dict[str, Interface], Field(max_length=MOST_EDGES), AfterValidator(FrozenMapping)
    ] = Field(default={}, validate_default=True)
    kinetics: Kinetics
    electrode: Electrode
    electrolyte: Electrolyte
    sources: Annotated[dict[str, str], AfterValidator(FrozenMapping)] = Field(
        description="citations by key, in addition to `sources.toml`"
    )
    name: str
    design: str | None = None
    changes: Annotated[dict[str, float], AfterValidator(FrozenMapping)] = Field(
        default={}, validate_default=True, description="numbers that replace those of the file, by path"
    )
    electrolyte_name: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _texts(cls, given: Any) -> Any:
        """Raise InputError, also where a mechanism is made in Python, if a text cannot be printed or drawn."""
        if problems := list(text_problems(given)):
            raise InputError(problems)
        return given

    @property
    def document(self) -> dict[str, Any]:
        """The mechanism as one TOML-like document, which `mechanism_from_document` reads."""
        return as_document(self)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the document, independent of key order."""
        return hashlib.sha256(json.dumps(self.document, sort_keys=True).encode()).hexdigest()

    def with_records(self, **records: Any) -> Mechanism:
        """A copy with some fields replaced, unchecked."""
        copy = self.model_copy(update=records)
        # What had been derived from the old ones.
        for name in vars(copy).keys() - type(self).model_fields.keys():
            del vars(copy)[name]
        return copy

    # -- nodes ---------------------------------------------------------------------------

    @cached_property
    def nodes(self) -> Mapping[str, Mapping[str, float]]:
        """Mol of each phase per mol of the host element, by node and phase name."""
        contents = node_contents(self.phases, self.assemblages)
        return FrozenMapping({name: FrozenMapping(phases) for name, phases in contents.items()})

    def composition(self, node: str) -> dict[str, Amount]:
        """Amount of each element in `node`, per mole of the host element."""
        return composition(self.nodes[node], {name: self.phases[name].formula for name in self.nodes[node]})

    def full_content(self, node: str) -> float:
        """Alkali per atom of the host with every gallery full; for line compounds, their composition."""
        return sum(amount * self.full_alkali(phase) for phase, amount in self.nodes[node].items())

    def fixed_content(self, node: str) -> float:
        """Alkali per atom of the host with every gallery empty."""
        return sum(
            amount * (self.full_alkali(phase) - sum(g.sites for g in self.phases[phase].galleries))
            for phase, amount in self.nodes[node].items()
        )

    def full_alkali(self, phase: str) -> float:
        """Alkali per formula of a phase with every gallery full."""
        constant, slope = parse_formula(self.phases[phase].formula).get(self.ion, (0.0, 0.0))
        return constant if slope == 0.0 else constant + sum(g.sites for g in self.phases[phase].galleries)

    def volume_cm3_per_mol(self, node: str) -> float:
        """Volume of `node` with every gallery full, per mole of the host element."""
        return sum(n * self.phases[p].molar_volume_cm3_per_mol.value for p, n in self.nodes[node].items())

    def empty_volume_cm3_per_mol(self, node: str) -> float:
        """Volume of `node` with every gallery empty, per mole of the host element."""
        missing = self.full_content(node) - self.fixed_content(node)
        # Per mole of alkali; at most one phase of a node has galleries.
        each = sum(
            value_or(self.phases[p].partial_molar_volume_cm3_per_mol, 0.0)
            for p in self.nodes[node]
            if self.phases[p].galleries
        )
        return self.volume_cm3_per_mol(node) - each * missing

    def crystalline_share(self, node: str) -> float:
        """Share of the host of `node` that is in crystalline phases; phases without it do not count."""
        formulas = {name: phase.formula for name, phase in self.phases.items()}
        crystalline = [name for name, phase in self.phases.items() if phase.crystalline]
        return share_of_element(self.host, self.nodes[node], formulas, crystalline)

    # -- graph ---------------------------------------------------------------------------

    @cached_property
    def graphs(self) -> tuple[str, ...]:
        """Names of the graphs in the file, in order of appearance."""
        names = dict.fromkeys(g for t in self.transformations for g in t.graphs)
        return tuple(names) or (self.default_graph,)

    def graph_named(self, graph: str | None = None) -> str:
        """The name of a graph, given in upper or lower case; None is the default graph.

        Raises
        ------
        InputError
            If there is no such graph.
        """
        named = self.default_graph if graph is None else same_name(str(graph), self.graphs)
        if named is None or named not in self.graphs:
            hint = nearest(str(graph), self.graphs, f"choose one of {', '.join(self.graphs)}")
            raise InputError(f"graph: {self.name} has no graph {graph or named!r}; {hint}")
        return named

    def edges(self, graph: str | None = None) -> tuple[Edge, ...]:
        """Edges of `graph` (the default graph if None), in the order of the file.

        Raises
        ------
        InputError
            If there is no such graph.
        """
        named = self.graph_named(graph)
        return tuple(edge for edge in self.all_edges if named in edge.stated.graphs)

    @cached_property
    def all_edges(self) -> tuple[Edge, ...]:
        """Edges of every graph, in the order of the file."""
        edges = []
        for stated in self.transformations:
            equation = parse_equation(stated.equation)
            (reactant,) = (name for name in equation.left if name in self.nodes)
            (product,) = (name for name in equation.right if name in self.nodes)
            edges.append(Edge(reactant=reactant, product=product, stated=stated))
        return tuple(edges)

    def electrons(self, reactant: str, product: str) -> float:
        """The number nu of electrons of an edge, per atom of the host with every gallery full; at least 1."""
        return max(1.0, abs(self.full_content(product) - self.full_content(reactant)))

    def interface(self, one: str, other: str) -> Interface:
        """The interface between two nodes, given in either order."""
        return self.interfaces.get(f"{one}|{other}") or self.interfaces[f"{other}|{one}"]

    # -- numbers -------------------------------------------------------------------------

    @cached_property
    def content_range(self) -> tuple[float, float]:
        """Lowest and highest alkali content of any node, per atom of the host."""
        return min(map(self.fixed_content, self.nodes)), max(map(self.full_content, self.nodes))

    @cached_property
    def host_molar_mass_g_per_mol(self) -> float:
        """Mass of host per mole of its active element, to which charge and current are normalised.

        The host is the initial node without alkali: the element itself, or a compound of it.
        """
        elements = self.composition(self.initial_phase)
        mass = sum(amount * ATOMIC_WEIGHT[e] for e, (amount, _) in elements.items() if e != self.ion)
        return mass / value_or(self.electrode.active_fraction, 1.0)

    @cached_property
    def theoretical_capacity_mAh_per_g(self) -> float:
        """Capacity from the emptiest to the fullest phase (mAh per g of host); 1C is this in one hour."""
        least, most = self.content_range
        return (most - least) * FARADAY_C_PER_MOL / self.host_molar_mass_g_per_mol / COULOMB_PER_MAH

    @cached_property
    def surface_m2_per_g(self) -> float:
        """Surface of the active host, as spheres of the particle radius, per gram of host: 3 / (density x radius)."""
        volume = self.volume_cm3_per_mol(self.initial_phase) * 1e-6
        return 3.0 * volume / (self.electrode.particle_radius_m.value * self.host_molar_mass_g_per_mol)

    def exchange_current_A_per_g(self, temperature_K: float) -> float:
        """i0 A_s for currents in A per g of host; 0 if charge transfer is free."""
        density = arrhenius(
            value_or(self.kinetics.exchange_current_A_per_m2, 0.0),
            value_or(self.kinetics.exchange_activation_energy_J_per_mol, 0.0),
            temperature_K,
            self.reference_temperature_C + ZERO_CELSIUS_K,
        )
        return density * self.surface_m2_per_g

    @property
    def host_area_m2_per_g(self) -> float:
        """Surface of host that touches electrolyte: as stated, else all of it."""
        return value_or(self.electrode.host_area_m2_per_g, self.surface_m2_per_g)

    def numbers(self) -> Iterator[tuple[str, Provenance]]:
        """Every number with provenance, by its path in the file."""
        return _numbers(self, "")

    def series_resistance_ohm_g(self, temperature_K: float) -> float:
        """R_s (Ohm g) for currents in A per g of host: contact and electrolyte, times the loading."""
        areal = self.electrode.contact_resistance_ohm_cm2.value + self._electrolyte_ohm_cm2(temperature_K)
        return areal * self.electrode.loading_mg_per_cm2.value * 1e-3

    def electrolyte_resistance_ohm_g(self, temperature_K: float) -> float:
        """The part of the electrolyte in R_s (Ohm g)."""
        return self._electrolyte_ohm_cm2(temperature_K) * self.electrode.loading_mg_per_cm2.value * 1e-3

    def _electrolyte_ohm_cm2(self, temperature_K: float) -> float:
        cell = self.electrolyte
        if cell.conductivity_S_per_cm is not None:
            assert cell.thickness_um is not None
            assert cell.conductivity_temperature_C is not None
            conductivity = arrhenius(
                cell.conductivity_S_per_cm.value,
                value_or(cell.conductivity_activation_energy_J_per_mol, 0.0),
                temperature_K,
                cell.conductivity_temperature_C + ZERO_CELSIUS_K,
            )
            return cell.thickness_um.value * 1e-4 / conductivity
        return 0.0


def _numbers(value: object, path: str) -> Iterator[tuple[str, Provenance]]:
    if isinstance(value, Provenance):
        yield path, value
    elif isinstance(value, Record):
        for name in type(value).model_fields:
            if name != "sources":
                yield from _numbers(getattr(value, name), f"{path}.{name}".lstrip("."))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _numbers(inner, f"{path}.{key}")
    elif isinstance(value, tuple):
        for i, inner in enumerate(value, start=1):
            yield from _numbers(inner, f"{path}[{i}]")
