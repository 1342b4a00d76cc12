"""The tables of a mechanism file as frozen records.

Each number is a `Quantity`: a value with its source and status; its key ends in its unit.
Numbers of a phase are per mole of formula. A node of the graph is an assemblage of phases with one mole of
the host element, Sb unless the file says another; in a file without assemblages each phase is a node, and
its formula has one of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import cos, radians, sqrt
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from sbpath.mechanism.bounds import impossible
from sbpath.physical import AVOGADRO_PER_MOL

# Beyond this no number is physical, and powers of it overflow; bounds by unit are in `bounds`.
MOST_VALUE = 1e50
# More particles would take longer than a day.
LARGEST_NUMBER = 1_000_000

Status = Literal["measured", "computed", "fitted", "assumed"]


class Record(BaseModel):
    """A frozen table of a mechanism file; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    @field_validator("*", mode="after")
    @classmethod
    def _possible(cls, given: Any, field: ValidationInfo) -> Any:
        number = given.value if isinstance(given, Quantity) else given
        if isinstance(number, float) and (problem := impossible(str(field.field_name), number)):
            raise ValueError(problem)
        return given


class Provenance(Record):
    """Where a number comes from.

    `status` is measured, computed (from measured or calculated numbers), fitted (then
    `fitted_to` says to what) or assumed (then `note` says why). `source` is a key of the
    bibliography.
    """

    status: Status = Field(description="what kind of number it is")
    source: str = Field(description="key of the bibliography")
    fitted_to: str | None = Field(default=None, description="to what it was fitted; needed with `fitted`")
    note: str | None = Field(default=None, description="why; needed with `assumed`")

    @model_validator(mode="after")
    def _explained(self) -> Self:
        if self.status == "fitted" and not (self.fitted_to or "").strip():
            raise ValueError('a fitted number must say to what; add fitted_to = "..."')
        if self.status == "assumed" and not (self.note or "").strip():
            raise ValueError('an assumed number must say why; add note = "..."')
        return self


class Quantity(Provenance):
    """A number with its provenance; the key that holds it ends in its unit."""

    value: float = Field(ge=-MOST_VALUE, le=MOST_VALUE, description="the number")


def _positive(quantity: Quantity) -> Quantity:
    if quantity.value <= 0.0:
        raise ValueError(f"must be above zero, not {quantity.value:g}")
    return quantity


def _not_negative(quantity: Quantity) -> Quantity:
    if quantity.value < 0.0:
        raise ValueError(f"must not be negative, but is {quantity.value:g}; write 0 or more")
    return quantity


def _percent(value: float) -> str:
    return f"; is it in percent? then {value / 100.0:g}" if 2.0 <= value <= 100.0 else ""


def _fraction(quantity: Quantity) -> Quantity:
    if not 0.0 < quantity.value < 1.0:
        raise ValueError(f"must lie between 0 and 1, but is {quantity.value:g}{_percent(quantity.value)}")
    return quantity


def _share(quantity: Quantity) -> Quantity:
    if not 0.0 < quantity.value <= 1.0:
        raise ValueError(
            f"must be above 0 and at most 1, but is {quantity.value:g}{_percent(quantity.value)}"
        )
    return quantity


def _part(quantity: Quantity) -> Quantity:
    if not 0.0 <= quantity.value <= 1.0:
        raise ValueError(f"must lie from 0 to 1, but is {quantity.value:g}")
    return quantity


def interval(values: list[float]) -> tuple[float, ...]:
    """Check a pair [lowest, highest]."""
    if len(values) != 2 or not values[0] < values[1]:
        raise ValueError(f"must be [lowest, highest], not {values}; write e.g. [0.0, 50.0]")
    return tuple(values)


def _width(quantity: Quantity) -> Quantity:
    if not 0.0 <= quantity.value <= 3.0:
        raise ValueError(f"must lie between 0 and 3, but is {quantity.value:g}; 0.1 is about 10 %")
    return quantity


def _count(quantity: Quantity) -> Quantity:
    if not (quantity.value == int(quantity.value) and 1 <= quantity.value <= LARGEST_NUMBER):
        raise ValueError(f"must be a whole number from 1 to {LARGEST_NUMBER:,}, not {quantity.value:g}")
    return quantity


Positive = Annotated[Quantity, AfterValidator(_positive)]
NotNegative = Annotated[Quantity, AfterValidator(_not_negative)]
Fraction = Annotated[Quantity, AfterValidator(_fraction)]
Share = Annotated[Quantity, AfterValidator(_share)]
Width = Annotated[Quantity, AfterValidator(_width)]
Count = Annotated[Quantity, AfterValidator(_count)]
Part = Annotated[Quantity, AfterValidator(_part)]


class Gallery(Provenance):
    """A set of equivalent sites of a solution phase (MSMR); its numbers share one provenance."""

    sites: float = Field(gt=0.0, description="X, mol of alkali per mol of Sb")
    potential_V: float = Field(description="U, potential at half filling, against the alkali metal")
    potential_slope_V_per_K: float = Field(
        default=0.0, description="dU/dT, relative to the reference temperature"
    )
    width: float = Field(gt=0.0, description="w, 1 for non-interacting sites")


class Cell(Provenance):
    """The unit cell of a crystal (rhombohedral: the hexagonal cell); its numbers share one provenance.

    Only free parameters need be given: b and c default to a, angles to 90 degrees.
    """

    a_angstrom: float = Field(gt=0.0, description="edge a")
    b_angstrom: float | None = Field(default=None, gt=0.0, description="edge b; a if not given")
    c_angstrom: float | None = Field(default=None, gt=0.0, description="edge c; a if not given")
    alpha_deg: float = Field(default=90.0, gt=0.0, lt=180.0, description="angle between b and c")
    beta_deg: float = Field(default=90.0, gt=0.0, lt=180.0, description="angle between a and c")
    gamma_deg: float = Field(default=90.0, gt=0.0, lt=180.0, description="angle between a and b")
    formula_units: int = Field(default=1, ge=1, le=1000, description="Z, formula units in the cell")

    @model_validator(mode="after")
    def _closed(self) -> Self:
        if self._volume_ratio_squared <= 0.0:
            angles = ", ".join(f"{angle:g}" for angle in self.angles_deg)
            raise ValueError(f"no unit cell has the angles {angles} degrees; check them")
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
    def _volume_ratio_squared(self) -> float:
        # (V / abc)^2
        x, y, z = (cos(radians(angle)) for angle in self.angles_deg)
        return 1.0 - x * x - y * y - z * z + 2.0 * x * y * z

    @property
    def volume_cubic_angstrom(self) -> float:
        """V = abc sqrt(1 - cos2 alpha - cos2 beta - cos2 gamma + 2 cos alpha cos beta cos gamma)."""
        a, b, c = self.lengths_angstrom
        return a * b * c * sqrt(self._volume_ratio_squared)

    @property
    def molar_volume_cm3_per_mol(self) -> float:
        """Volume of one mole of formula units."""
        return self.volume_cubic_angstrom * 1e-24 * AVOGADRO_PER_MOL / self.formula_units


class Atom(Provenance):
    """One atom of each occupied Wyckoff position of a crystal, in fractional coordinates."""

    element: str = Field(description="symbol")
    x: float = Field(ge=-1.0, le=1.0, description="in fractions of a")
    y: float = Field(ge=-1.0, le=1.0, description="in fractions of b")
    z: float = Field(ge=-1.0, le=1.0, description="in fractions of c")


class Phase(Record):
    """A phase: a solution phase if it has galleries, else a line compound.

    `molar_volume_cm3_per_mol` is for full galleries; each mole of missing alkali reduces it by
    `partial_molar_volume_cm3_per_mol`. `cell` and `atoms` are only for diffraction.
    """

    formula: str = Field(description="to which molar numbers refer; x for a variable amount")
    structure: str = Field(description="in words")
    space_group: str | None = Field(default=None, description="Hermann-Mauguin symbol")
    cell: Cell | None = None
    atoms: Annotated[list[Atom], Field(max_length=200), AfterValidator(tuple)] = Field(
        default=[], validate_default=True
    )
    crystalline: bool = Field(description="whether it shows in diffraction")
    label: str | None = Field(default=None, description="label in figures")
    enthalpy_J_per_mol: Quantity = Field(description="H of formation, per mole of formula; G = H - T S")
    entropy_J_per_mol_K: Quantity = Field(description="S of formation, per mole of formula")
    molar_volume_cm3_per_mol: Positive = Field(description="V, with every gallery full")
    partial_molar_volume_cm3_per_mol: NotNegative | None = Field(
        default=None, description="volume lost per mole of missing alkali"
    )
    galleries: Annotated[list[Gallery], Field(max_length=20), AfterValidator(tuple)] = Field(
        default=[], validate_default=True
    )
    review_volume_change_percent: Quantity | None = Field(
        default=None, description="as printed in the review; checked against the volumes"
    )
    note: str | None = Field(default=None, description="remarks")


class Interface(Record):
    """The interface between two nodes, the same in both directions."""

    energy_J_per_m2: NotNegative = Field(description="gamma, interfacial energy")
    shape_factor: Positive | None = Field(
        default=None, description="S of heterogeneous nucleation; 1 if not given"
    )


class OptionalKinetics(Record):
    """Kinetic parameters that are optional for edges and for the mechanism."""

    growth_activation_energy_J_per_mol: NotNegative | None = Field(
        default=None, description="of the growth rate"
    )
    propagation_rate_per_s: NotNegative | None = Field(
        default=None,
        description="k_p, of growth from product that is already there, at the reference temperature",
    )
    propagation_activation_energy_J_per_mol: NotNegative | None = Field(
        default=None, description="of the propagation rate"
    )
    autocatalytic_order: NotNegative | None = Field(default=None, description="m of autocatalytic growth")
    seed_fraction: Fraction | None = Field(default=None, description="s of autocatalytic growth")
    transformation_work_J_per_mol: NotNegative | None = Field(
        default=None, description="W, subtracted from the affinity, per mole of Sb"
    )


class EdgeKinetics(OptionalKinetics):
    """Kinetic parameters of one edge, overriding those of `Kinetics`."""

    attempt_rate_per_s: Positive | None = Field(default=None, description="J0, of this edge alone")
    growth_rate_per_s: Positive | None = Field(default=None, description="k0, of this edge alone")
    transfer_coefficient: Fraction | None = Field(default=None, description="alpha, of this edge alone")


class Kinetics(OptionalKinetics):
    """Kinetic parameters of all edges that do not have their own."""

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
    exchange_current_A_per_m2: Positive | None = Field(
        default=None,
        description="i0 of charge transfer at the reference temperature, per surface of the host; free if not given",
    )
    exchange_activation_energy_J_per_mol: NotNegative | None = Field(
        default=None, description="of the exchange current density"
    )


# The graph of a file that names none.
DEFAULT_GRAPH = "candidate"


class Transformation(EdgeKinetics):
    """An edge as written in the file: a balanced equation and the graphs it belongs to."""

    equation: str = Field(description="balanced in elements and charge, between two nodes")
    graphs: Annotated[list[str], Field(min_length=1, max_length=20), AfterValidator(tuple)] = Field(
        default=[DEFAULT_GRAPH], validate_default=True, description="names of the graphs that it belongs to"
    )
    review_equation: int | None = Field(
        default=None, ge=1, le=6, description="number of the equation in the review"
    )
    note: str | None = Field(default=None, description="remarks")


class Spread(Record):
    """How the particles of an electrode differ, log-normally by mass about the numbers of the file."""

    interfacial_energy: Width | None = Field(
        default=None, description="standard deviation of the logarithm of the interfacial energies"
    )
    size: Width | None = Field(
        default=None, description="standard deviation of the logarithm of the particle radius"
    )
    particles: Count = Field(description="number of particles that stand for the distribution")


class Electrode(Record):
    """The electrode as built: particles, loading and contacts, per gram of host or per area.

    Only the share `active_fraction` of the host reacts (all of it if not given); each gram of
    host comes with `inactive_mass_g_per_g` of carbon, binder and electrolyte.
    """

    particle_radius_m: Positive = Field(description="radius, for transport")
    double_layer_F_per_g: Positive = Field(description="C_dl, per gram of host")
    loading_mg_per_cm2: Positive = Field(description="mass of host per area")
    contact_resistance_ohm_cm2: NotNegative = Field(description="in series, times the area")
    active_fraction: Share | None = Field(
        default=None, description="share of the host that reacts; all if not given"
    )
    inactive_mass_g_per_g: NotNegative | None = Field(
        default=None, description="carbon, binder and electrolyte per gram of host"
    )
    host_area_m2_per_g: NotNegative | None = Field(
        default=None,
        description="A0, host surface that touches electrolyte; that of the spheres if not given",
    )
    fragment_area_m2_per_g: NotNegative | None = Field(
        default=None, description="A_c, surface of particles broken as fine as they get"
    )
    fragmentation: NotNegative | None = Field(default=None, description="g, how fast strain breaks particles")
    idle_area_m2_per_g: NotNegative | None = Field(
        default=None, description="A_i, surface of carbon and additives per gram of host"
    )
    contact_loss: NotNegative | None = Field(
        default=None, description="chi, share of host cut off per strain"
    )
    spread: Spread | None = None


class Film(Record):
    """The film that an electrolyte leaves on surfaces below its onset potential."""

    onset_potential_V: Positive = Field(description="E_f, against the alkali metal")
    sealing_thickness_nm: Positive = Field(description="L0, of film that has just sealed")
    film_volume_cm3_per_mol: Positive = Field(description="molar volume of the film")
    electrons: Positive = Field(description="z, per formula unit of film")
    electron_conductivity_S_per_m: Positive = Field(description="kappa, by which film grows")
    sealing_rate_per_s: Positive = Field(description="k_f, of bare surface")
    sealing_time_s: NotNegative = Field(description="tau_f, shortest time of sealing")
    transfer_coefficient: Fraction = Field(description="alpha, of sealing")
    torn_share: Part = Field(description="phi, share of the film that strain tears open")


class Electrolyte(Record):
    """The electrolyte; it has a resistance if thickness and conductivity are given."""

    name: str = Field(description="in words")
    kind: Literal["liquid", "solid"] = Field(description="liquid or solid")
    thickness_um: Positive | None = Field(default=None, description="of the electrolyte layer")
    conductivity_S_per_cm: Positive | None = Field(default=None, description="at the temperature below")
    conductivity_temperature_C: float | None = Field(
        default=None, ge=-150.0, le=1500.0, description="of the conductivity given"
    )
    conductivity_activation_energy_J_per_mol: NotNegative | None = Field(
        default=None, description="of the conductivity"
    )
    film: Film | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        together = ("thickness_um", "conductivity_S_per_cm", "conductivity_temperature_C")
        missing = [name for name in together if getattr(self, name) is None]
        alone = self.conductivity_activation_energy_J_per_mol is not None
        if missing and (alone or len(missing) < len(together)):
            raise ValueError(f"a resistance also needs {' and '.join(missing)}; add, or remove the others")
        return self


def as_document(value: Any) -> Any:
    """A record as plain dicts, lists and values, without the fields that were not given."""
    if isinstance(value, Record):
        given = (name for name in type(value).model_fields if name in value.model_fields_set)
        return {name: as_document(getattr(value, name)) for name in given}
    if isinstance(value, Mapping):
        return {name: as_document(item) for name, item in value.items()}
    if isinstance(value, tuple):
        return [as_document(item) for item in value]
    return value


def value_or(quantity: Quantity | None, default: float) -> float:
    """The value of `quantity`, or `default` if it is not given."""
    return default if quantity is None else quantity.value
