"""What a mechanism file holds, as frozen records. `reader` makes them, nothing else does.

Each number is a `Quantity`: a value with its source and status; its unit stands in the key.
Numbers of a phase are per mole of its formula. A node of the graph is an assemblage of phases
with one mole of Sb; where a file names no assemblages, each phase is a node of its own, and is
written with one Sb.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from math import cos, radians, sqrt
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from sbpath.errors import InputError, nearest
from sbpath.mechanism.chemistry import (
    ATOMIC_WEIGHT,
    Amount,
    antimony_share,
    composition,
    node_contents,
    parse_equation,
    parse_formula,
)
from sbpath.physical import (
    BOLTZMANN_J_PER_K,
    COULOMB_PER_MAH,
    FARADAY_C_PER_MOL,
    GAS_CONSTANT_J_PER_MOL_K,
    ZERO_CELSIUS_K,
    arrhenius,
)

Status = Literal["measured", "computed", "fitted", "assumed"]


class Record(BaseModel):
    """A frozen table of a mechanism file in which every key is known."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Provenance(Record):
    """Where a number comes from.

    `status` is measured, computed (from measured or calculated numbers), fitted (then
    `fitted_to` says to what) or assumed (then `note` says why). `source` names an entry of
    the bibliography.
    """

    status: Status = Field(description="what kind of number it is")
    source: str = Field(description="key of the bibliography")
    fitted_to: str | None = Field(default=None, description="to what it was fitted; needed with `fitted`")
    note: str | None = Field(default=None, description="why; needed with `assumed`")

    @model_validator(mode="after")
    def _explained(self) -> Self:
        if self.status == "fitted" and not (self.fitted_to or "").strip():
            raise ValueError('a fitted number says to what; add fitted_to = "..."')
        if self.status == "assumed" and not (self.note or "").strip():
            raise ValueError('an assumed number says why; add note = "..."')
        return self


class Quantity(Provenance):
    """A number with its provenance; its unit stands in the key that holds it."""

    value: float = Field(description="the number")


def _positive(quantity: Quantity) -> Quantity:
    if quantity.value <= 0.0:
        raise ValueError(f"must be above zero, not {quantity.value:g}")
    return quantity


def _not_negative(quantity: Quantity) -> Quantity:
    if quantity.value < 0.0:
        raise ValueError(f"must not be negative, but is {quantity.value:g}; write 0 or more")
    return quantity


def _fraction(quantity: Quantity) -> Quantity:
    if not 0.0 < quantity.value < 1.0:
        raise ValueError(f"must lie between 0 and 1, but is {quantity.value:g}")
    return quantity


def _share(quantity: Quantity) -> Quantity:
    if not 0.0 < quantity.value <= 1.0:
        raise ValueError(f"must be above 0 and at most 1, but is {quantity.value:g}")
    return quantity


def _interval(values: list[float]) -> tuple[float, ...]:
    if len(values) != 2 or not values[0] < values[1]:
        raise ValueError(f"must be [lowest, highest], not {values}; write e.g. [0.0, 50.0]")
    return tuple(values)


def _read_only(items: dict[str, Any]) -> Any:
    return MappingProxyType(items)


Positive = Annotated[Quantity, AfterValidator(_positive)]
NotNegative = Annotated[Quantity, AfterValidator(_not_negative)]
Fraction = Annotated[Quantity, AfterValidator(_fraction)]
Share = Annotated[Quantity, AfterValidator(_share)]


class Gallery(Provenance):
    """A set of like sites of a solution phase (MSMR): three numbers, one provenance."""

    sites: float = Field(gt=0.0, description="X, mol of alkali per mol of Sb")
    potential_V: float = Field(description="U, potential at half filling, against the alkali metal")
    potential_slope_V_per_K: float = Field(default=0.0, description="dU/dT, from the reference temperature")
    width: float = Field(gt=0.0, description="w, 1 for sites that do not feel each other")


class Cell(Provenance):
    """The unit cell of a crystal (of rhombohedral ones the hexagonal cell): one provenance for all.

    Only what the crystal system leaves free need be given: b and c are a, and angles are 90
    degrees, where a file says nothing else.
    """

    a_angstrom: float = Field(gt=0.0, description="edge a")
    b_angstrom: float | None = Field(default=None, gt=0.0, description="edge b; a if not given")
    c_angstrom: float | None = Field(default=None, gt=0.0, description="edge c; a if not given")
    alpha_deg: float = Field(default=90.0, gt=0.0, lt=180.0, description="angle between b and c")
    beta_deg: float = Field(default=90.0, gt=0.0, lt=180.0, description="angle between a and c")
    gamma_deg: float = Field(default=90.0, gt=0.0, lt=180.0, description="angle between a and b")
    formula_units: int = Field(default=1, ge=1, le=1000, description="Z, formulas in the cell")

    @model_validator(mode="after")
    def _closed(self) -> Self:
        if self._skewness <= 0.0:
            angles = ", ".join(f"{angle:g}" for angle in self.angles_deg)
            raise ValueError(f"no cell has the angles {angles} degrees; check them")
        return self

    @property
    def lengths_angstrom(self) -> tuple[float, float, float]:
        """a, b and c."""
        a = self.a_angstrom
        return a, self.b_angstrom or a, self.c_angstrom or a

    @property
    def angles_deg(self) -> tuple[float, float, float]:
        """alpha, beta and gamma."""
        return self.alpha_deg, self.beta_deg, self.gamma_deg

    @property
    def _skewness(self) -> float:
        # (V / abc)^2
        x, y, z = (cos(radians(angle)) for angle in self.angles_deg)
        return 1.0 - x * x - y * y - z * z + 2.0 * x * y * z

    @property
    def volume_cubic_angstrom(self) -> float:
        """V = abc sqrt(1 - cos2 alpha - cos2 beta - cos2 gamma + 2 cos alpha cos beta cos gamma)."""
        a, b, c = self.lengths_angstrom
        return a * b * c * sqrt(self._skewness)

    @property
    def molar_volume_cm3_per_mol(self) -> float:
        """Volume of one mole of formula units."""
        avogadro = GAS_CONSTANT_J_PER_MOL_K / BOLTZMANN_J_PER_K
        return self.volume_cubic_angstrom * 1e-24 * avogadro / self.formula_units


class Atom(Provenance):
    """One atom for each Wyckoff site of a crystal, in fractions of the cell's edges."""

    element: str = Field(description="symbol")
    x: float = Field(ge=-1.0, le=1.0, description="in fractions of a")
    y: float = Field(ge=-1.0, le=1.0, description="in fractions of b")
    z: float = Field(ge=-1.0, le=1.0, description="in fractions of c")


class Phase(Record):
    """A phase. With galleries it is a solution phase, without a line compound.

    `molar_volume_cm3_per_mol` is that of the full phase; each mole of alkali that is missing
    takes `partial_molar_volume_cm3_per_mol` away. `cell` and `atoms` serve diffraction alone.
    """

    formula: str = Field(description="of one mole of the phase; x for an open amount")
    structure: str = Field(description="in words")
    space_group: str | None = Field(default=None, description="Hermann-Mauguin symbol")
    cell: Cell | None = None
    atoms: Annotated[list[Atom], AfterValidator(tuple)] = Field(default=[], validate_default=True)
    crystalline: bool = Field(description="whether diffraction sees it")
    label: str | None = Field(default=None, description="what figures call it")
    enthalpy_J_per_mol: Quantity = Field(description="H, from the elements, per mole of formula; G = H - T S")
    entropy_J_per_mol_K: Quantity = Field(description="S, from the elements, per mole of formula")
    molar_volume_cm3_per_mol: Positive = Field(description="V, with every gallery full")
    partial_molar_volume_cm3_per_mol: NotNegative | None = Field(
        default=None, description="what each mole of missing alkali takes away"
    )
    galleries: Annotated[list[Gallery], AfterValidator(tuple)] = Field(default=[], validate_default=True)
    review_volume_change_percent: Quantity | None = Field(
        default=None, description="as the review has it; compared with the volumes"
    )
    note: str | None = Field(default=None, description="what else there is to say")


class Interface(Record):
    """What the boundary between two nodes costs, the same in both directions."""

    energy_J_per_m2: NotNegative = Field(description="gamma, interfacial energy")
    shape_factor: Positive | None = Field(
        default=None, description="S of heterogeneous nucleation; 1 if not given"
    )


class OptionalKinetics(Record):
    """Kinetic numbers that neither an edge nor the mechanism has to give."""

    growth_activation_energy_J_per_mol: NotNegative | None = Field(
        default=None, description="of the growth rate"
    )
    autocatalytic_order: NotNegative | None = Field(default=None, description="m of autocatalytic growth")
    seed_fraction: Fraction | None = Field(default=None, description="s of autocatalytic growth")
    transformation_work_J_per_mol: NotNegative | None = Field(
        default=None, description="W, taken from the affinity, per mole of Sb"
    )


class EdgeKinetics(OptionalKinetics):
    """Kinetic numbers of one edge, in place of those that `Kinetics` gives for all."""

    attempt_rate_per_s: Positive | None = Field(default=None, description="J0, of this edge alone")
    growth_rate_per_s: Positive | None = Field(default=None, description="k0, of this edge alone")
    transfer_coefficient: Fraction | None = Field(default=None, description="alpha, of this edge alone")


class Kinetics(OptionalKinetics):
    """Kinetic numbers that hold for every edge unless it has its own."""

    attempt_rate_per_s: Positive = Field(description="J0, attempt rate of nucleation")
    growth_rate_per_s: Positive = Field(
        description="k0, rate constant of growth at the reference temperature"
    )
    transfer_coefficient: Fraction = Field(description="alpha")
    diffusivity_m2_per_s: Positive = Field(
        description="D of the alkali in a particle at the reference temperature"
    )
    diffusion_activation_energy_J_per_mol: NotNegative | None = Field(
        default=None, description="of the diffusivity"
    )


class Transformation(EdgeKinetics):
    """An edge as the file states it: a balanced equation and the graphs it belongs to."""

    equation: str = Field(description="balanced in elements and charge, between two nodes")
    graphs: Annotated[list[str], Field(min_length=1), AfterValidator(tuple)] = Field(
        description="names of the graphs that it belongs to"
    )
    review_equation: int | None = Field(
        default=None, ge=1, le=6, description="number of the equation in the review"
    )
    note: str | None = Field(default=None, description="what else there is to say")


class Electrode(Record):
    """The electrode as built: particles, loading, contacts; all per gram or area of the host.

    Of the host only the share `active_fraction` takes part (all of it if not given);
    `inactive_mass_g_per_g` of carbon, binder and electrolyte come with each gram of it.
    """

    particle_radius_m: Positive = Field(description="radius, for transport")
    double_layer_F_per_g: Positive = Field(description="C_dl, per gram of host")
    loading_mg_per_cm2: Positive = Field(description="mass of host per area")
    contact_resistance_ohm_cm2: NotNegative = Field(description="in series, for an area")
    active_fraction: Share | None = Field(
        default=None, description="share of the host that takes part; all if not given"
    )
    inactive_mass_g_per_g: NotNegative | None = Field(
        default=None, description="carbon, binder and electrolyte for each gram of host"
    )


class Electrolyte(Record):
    """The electrolyte; its resistance counts where thickness and conductivity are given."""

    name: str = Field(description="in words")
    kind: Literal["liquid", "solid"] = Field(description="liquid or solid")
    thickness_um: Positive | None = Field(default=None, description="of the layer of electrolyte")
    conductivity_S_per_cm: Positive | None = Field(default=None, description="at the temperature below")
    conductivity_temperature_C: float | None = Field(default=None, description="where the conductivity holds")
    conductivity_activation_energy_J_per_mol: NotNegative | None = Field(
        default=None, description="of the conductivity"
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        together = ("thickness_um", "conductivity_S_per_cm", "conductivity_temperature_C")
        missing = [name for name in together if getattr(self, name) is None]
        alone = self.conductivity_activation_energy_J_per_mol is not None
        if missing and (alone or len(missing) < len(together)):
            raise ValueError(f"a resistance also needs {' and '.join(missing)}; add, or take the others out")
        return self


class Edge(Record):
    """An edge as the model uses it: `reactant` to `product`, both names of phases.

    `electrons` is nu, the number of electrons of the balanced equation with solution phases
    at full occupation, and at least 1.
    """

    reactant: str
    product: str
    electrons: float
    stated: Transformation


def document_hash(document: dict[str, Any]) -> str:
    """SHA-256 of a mechanism's merged document, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


class Mechanism(Record):
    """A mechanism: phases, directed transformations, interfaces and every number of them."""

    title: str = Field(description="what it is, in one line")
    description: str = Field(default="", description="what is measured, what is not, what is not right yet")
    cites: Annotated[list[str], AfterValidator(tuple)] = Field(
        default=[], validate_default=True, description="sources of which the description speaks"
    )
    ion: Literal["Li", "Na", "K"] = Field(description="the alkali metal")
    temperature_C: float = Field(gt=-ZERO_CELSIUS_K, description="of a simulation unless told otherwise")
    temperature_range_C: Annotated[list[float], AfterValidator(_interval)] | None = Field(
        default=None, description="where the numbers hold; outside, a simulation warns"
    )
    reference_temperature_C: float = Field(
        default=25.0, gt=-ZERO_CELSIUS_K, description="where rates and potentials of galleries are given"
    )
    lower_cutoff_V: float = Field(description="default cut-off of insertion, against the alkali metal")
    upper_cutoff_V: float = Field(description="default cut-off of extraction")
    initial_phase: str = Field(description="node of the electrode as built")
    default_graph: str = Field(description="graph that is used unless told otherwise")
    phases: Annotated[dict[str, Phase], Field(min_length=1), AfterValidator(_read_only)]
    assemblages: Annotated[dict[str, str], AfterValidator(_read_only)] = Field(
        default={},
        validate_default=True,
        description="nodes of more than one phase: NAME = amounts of phases",
    )
    transformations: Annotated[list[Transformation], AfterValidator(tuple)] = Field(
        default=[], validate_default=True
    )
    interfaces: Annotated[dict[str, Interface], AfterValidator(_read_only)] = Field(
        default={}, validate_default=True
    )
    kinetics: Kinetics
    electrode: Electrode
    electrolyte: Electrolyte
    sources: Annotated[dict[str, str], AfterValidator(_read_only)] = Field(
        description="citations by key, beside those of `sources.toml`"
    )
    name: str
    design: str | None = None
    document_json: str = Field(repr=False)

    @property
    def document(self) -> dict[str, Any]:
        """The merged file that these records were made from, a fresh copy each time."""
        return json.loads(self.document_json)

    @cached_property
    def document_sha256(self) -> str:
        """`document_hash` of the merged file."""
        return document_hash(self.document)

    # -- nodes ---------------------------------------------------------------------------

    @cached_property
    def nodes(self) -> Mapping[str, Mapping[str, float]]:
        """What each node is made of: mol of each phase per mol of Sb, by the names of both."""
        contents = node_contents(self.phases, self.assemblages)
        return MappingProxyType({name: MappingProxyType(phases) for name, phases in contents.items()})

    def composition(self, node: str) -> dict[str, Amount]:
        """Amount of each element in `node`, per mole of Sb."""
        return composition(self.nodes[node], {name: self.phases[name].formula for name in self.nodes[node]})

    def full_content(self, node: str) -> float:
        """Alkali per Sb with every gallery full; of line compounds, their composition."""
        return sum(amount * self.full_alkali(phase) for phase, amount in self.nodes[node].items())

    def fixed_content(self, node: str) -> float:
        """Alkali per Sb with every gallery empty."""
        return sum(
            amount * (self.full_alkali(phase) - sum(g.sites for g in self.phases[phase].galleries))
            for phase, amount in self.nodes[node].items()
        )

    def full_alkali(self, phase: str) -> float:
        """Alkali per formula of a phase with every gallery full."""
        constant, slope = parse_formula(self.phases[phase].formula).get(self.ion, (0.0, 0.0))
        return constant if slope == 0.0 else constant + sum(g.sites for g in self.phases[phase].galleries)

    def volume_cm3_per_mol(self, node: str) -> float:
        """Volume of `node` with every gallery full, per mole of Sb."""
        return sum(n * self.phases[p].molar_volume_cm3_per_mol.value for p, n in self.nodes[node].items())

    def empty_volume_cm3_per_mol(self, node: str) -> float:
        """Volume of `node` with every gallery empty, per mole of Sb."""
        missing = self.full_content(node) - self.fixed_content(node)
        # Per mole of alkali, and of the one phase that can hold any.
        each = sum(
            value_or(self.phases[p].partial_molar_volume_cm3_per_mol, 0.0)
            for p in self.nodes[node]
            if self.phases[p].galleries
        )
        return self.volume_cm3_per_mol(node) - each * missing

    def crystalline_share(self, node: str) -> float:
        """Share of the Sb of `node` that is in crystalline phases; what holds no Sb does not count."""
        formulas = {name: phase.formula for name, phase in self.phases.items()}
        return antimony_share(
            self.nodes[node], formulas, [name for name, phase in self.phases.items() if phase.crystalline]
        )

    # -- graph ---------------------------------------------------------------------------

    @cached_property
    def graphs(self) -> tuple[str, ...]:
        """Names of the graphs that the file holds, in order of appearance."""
        names = dict.fromkeys(g for t in self.transformations for g in t.graphs)
        return tuple(names) or (self.default_graph,)

    def edges(self, graph: str | None = None) -> tuple[Edge, ...]:
        """Edges of `graph` (the default graph if None), in the order of the file.

        Raises
        ------
        InputError
            If there is no such graph.
        """
        graph = self.default_graph if graph is None else graph
        if graph not in self.graphs:
            otherwise = f"choose one of {', '.join(self.graphs)}"
            hint = nearest(str(graph), self.graphs, otherwise)
            raise InputError(f"graph: {self.name} has no graph {graph!r}; {hint}")
        return tuple(edge for edge in self.all_edges if graph in edge.stated.graphs)

    @cached_property
    def all_edges(self) -> tuple[Edge, ...]:
        """Edges of every graph."""
        edges = []
        for stated in self.transformations:
            equation = parse_equation(stated.equation)
            (reactant,) = (name for name in equation.left if name in self.nodes)
            (product,) = (name for name in equation.right if name in self.nodes)
            change = self.full_content(product) - self.full_content(reactant)
            edges.append(
                Edge(reactant=reactant, product=product, electrons=max(1.0, abs(change)), stated=stated)
            )
        return tuple(edges)

    def interface(self, one: str, other: str) -> Interface:
        """The interface between two nodes, in whichever order the file names it."""
        return self.interfaces.get(f"{one}|{other}") or self.interfaces[f"{other}|{one}"]

    # -- numbers -------------------------------------------------------------------------

    @cached_property
    def content_range(self) -> tuple[float, float]:
        """Least and most alkali per Sb that any node can hold."""
        return min(map(self.fixed_content, self.nodes)), max(map(self.full_content, self.nodes))

    @cached_property
    def host_molar_mass_g_per_mol(self) -> float:
        """Mass of the host per mole of active Sb, to which charge and current are referred.

        The host is the initial node without alkali: Sb itself, or a compound with all its elements.
        """
        elements = self.composition(self.initial_phase)
        mass = sum(amount * ATOMIC_WEIGHT[e] for e, (amount, _) in elements.items() if e != self.ion)
        return mass / value_or(self.electrode.active_fraction, 1.0)

    @cached_property
    def theoretical_capacity_mAh_per_g(self) -> float:
        """Capacity from the emptiest to the fullest phase (mAh per g Sb); 1C is this in one hour."""
        least, most = self.content_range
        return (most - least) * FARADAY_C_PER_MOL / self.host_molar_mass_g_per_mol / COULOMB_PER_MAH

    def numbers(self) -> Iterator[tuple[str, Provenance]]:
        """Every number that has a source, with its path in the file."""
        return _numbers(self, "")

    def series_resistance_ohm_g(self, temperature_K: float) -> float:
        """R_s with the current in A per g Sb: contact and electrolyte, times the loading (Ohm g)."""
        areal = self.electrode.contact_resistance_ohm_cm2.value
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
            areal += cell.thickness_um.value * 1e-4 / conductivity
        return areal * self.electrode.loading_mg_per_cm2.value * 1e-3


def value_or(quantity: Quantity | None, default: float) -> float:
    """The value of `quantity`, or `default` where the file does not give it."""
    return default if quantity is None else quantity.value


def _numbers(value: object, path: str) -> Iterator[tuple[str, Provenance]]:
    if isinstance(value, Provenance):
        yield path, value
    elif isinstance(value, Record):
        for name in type(value).model_fields:
            if name not in ("document_json", "sources"):
                yield from _numbers(getattr(value, name), f"{path}.{name}".lstrip("."))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _numbers(inner, f"{path}.{key}")
    elif isinstance(value, tuple):
        for i, inner in enumerate(value, start=1):
            yield from _numbers(inner, f"{path}[{i}]")
