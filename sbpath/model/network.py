"""A mechanism's graph at one temperature, flattened to arrays of numbers.

`Network` is all that the kernels see of a mechanism: they know nothing of ions, phases or
directions. Units are SI, except that charges are per gram of host. An electrode consists of
N particles at one potential; by default, a single particle represents them all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from math import exp, log, pi
from typing import Any, NamedTuple

import numpy as np

from sbpath.kernels import Floats, Floats2, Integers, kernel
from sbpath.mechanism.mechanism import Edge, Mechanism
from sbpath.mechanism.records import Record, value_or
from sbpath.model.columns import Columns, columns_of
from sbpath.model.rates import FRONT_ROUNDING, GROWTH_ROUNDING, nucleation_constant
from sbpath.model.unknowns import Layout, layout_of, sizes_of_wear
from sbpath.physical import FARADAY_C_PER_MOL as F
from sbpath.physical import GAS_CONSTANT_J_PER_MOL_K as R
from sbpath.physical import ZERO_CELSIUS_K, arrhenius

# Ohm g: a drop of a nanovolt at 1 A/g is negligible and only makes voltage control stiff.
SMALLEST_RESISTANCE = 1e-9

# Fields of a network that follow from a key of an interface, phase, gallery, kinetics, electrode or electrolyte.
OF_KEY = {
    "energy_J_per_m2": ("barrier",),
    "enthalpy_J_per_mol": ("gibbs",),
    "entropy_J_per_mol_K": ("gibbs",),
    "molar_volume_cm3_per_mol": ("molar_volume", "unchanged", "exchange", "wear"),
    "partial_molar_volume_cm3_per_mol": ("partial_volume",),
    "sites": ("sites", "fixed", "full", "energy"),
    "potential_V": ("site_potential",),
    "width": ("site_energy",),
    "transfer_coefficient": ("alpha",),
    "autocatalytic_order": ("order",),
    "seed_fraction": ("seed",),
    "transformation_work_J_per_mol": ("transformation_work",),
    "attempt_rate_per_s": ("log_attempt",),
    "growth_rate_per_s": ("growth",),
    "growth_activation_energy_J_per_mol": ("growth",),
    "propagation_rate_per_s": ("propagation",),
    "propagation_activation_energy_J_per_mol": ("propagation",),
    "diffusivity_m2_per_s": ("transport",),
    "diffusion_activation_energy_J_per_mol": ("transport",),
    "exchange_current_A_per_m2": ("exchange",),
    "exchange_activation_energy_J_per_mol": ("exchange",),
    "particle_radius_m": ("transport", "exchange", "wear"),
    "double_layer_F_per_g": ("double_layer",),
    "contact_resistance_ohm_cm2": ("resistance",),
    "loading_mg_per_cm2": ("resistance",),
    "spread": ("barrier", "growth", "transport", "exchange"),
    "contact_loss": ("wear",),
    "host_area_m2_per_g": ("wear",),
    "fragment_area_m2_per_g": ("wear",),
    "fragmentation": ("wear",),
    "idle_area_m2_per_g": ("film",),
    "film": ("film", "wear"),
    "conductivity_S_per_cm": ("resistance",),
    "thickness_um": ("resistance",),
}
# Those in which networks of two temperatures differ.
OF_TEMPERATURE = (
    "gibbs",
    "site_potential",
    "site_energy",
    "energy",
    "barrier",
    "propagation",
    "growth",
    "transport",
    "resistance",
    "exchange",
    "thermal_voltage",
    "temperature",
)
# Those that are no numbers of an electrode at one temperature.
APART = {"gallery_start", "source", "target", "grows", "rounding", "weight", "meant", "mean"}
APART |= {"change", "layout", "columns"}

# Share of the Sb that counts as the first domain, which autocatalytic growth needs.
DEFAULT_SEED = 1e-3


class Film(NamedTuple):
    """Film, see `sbpath.model.film`: whether it `forms`; `onset` E_f (V), `sealing_charge` q0 (C/m2),
    `sealing_thickness` L0 (m), `volume` v (m3/C), `conductivity` kappa (S/m), `sealing_rate` k_f (1/s),
    `sealing_time` tau_f (s), `transfer` alpha, and `idle_area` A_i (m2/g).
    """

    forms: bool
    onset: float
    sealing_charge: float
    sealing_thickness: float
    volume: float
    conductivity: float
    sealing_rate: float
    sealing_time: float
    transfer: float
    idle_area: float


class Wear(NamedTuple):
    """What strain does, see `sbpath.model.strain`: whether it is followed (`strains`); `contact_loss` chi,
    `host_area` A0 and `fragment_area` A_c (m2/g), `fragmentation` g, and `torn_share` phi.
    """

    strains: bool
    contact_loss: float
    host_area: float
    fragment_area: float
    fragmentation: float
    torn_share: float


class TemperatureChange(NamedTuple):
    """How the numbers of a network change with temperature, see `network_at`.

    `entropy` of the fixed part of each node (P; J/(mol Sb K)); `site_slope` dU/dT of each gallery (V/K);
    the activation energies over R (K) of `propagation` and `growth` (E), `transport`, conduction (`conducting`) and
    charge transfer (`exchange`);
    `electrolyte`, its part of the resistance (Ohm g).
    """

    entropy: Floats
    site_slope: Floats
    propagation: Floats
    growth: Floats
    transport: float
    conducting: float
    exchange: float
    electrolyte: float


class Network(NamedTuple):
    """One graph of a mechanism at one temperature, as arrays of numbers.

    Nodes (length P): `gibbs` (J/mol Sb), `fixed` (mol/mol), `gallery_start` (length P + 1),
    `full` (mol/mol), `molar_volume` of the full phase (m^3/mol Sb), `partial_volume` (m^3 per
    mol of alkali). Galleries: `sites` (mol/mol), `site_potential` (V),
    `site_energy` (J/mol). Edges (length E): `source` and `target` (node numbers),
    `unchanged` volume of the phases that are in both nodes (m^3/mol Sb), `grows` (0 where the
    phase with galleries is one of these, so that the new volume does not depend on E, else 1),
    `alpha`, `energy` (nu R T, J/mol), `order`, `seed`, `transformation_work` and `rounding` of the
    growth rate near A = 0 (J/mol). Particles
    (length N): `weight`, the share of the host in each. Edges of particles (N rows of E): `barrier`
    divided by the new volume squared ((J/m^3)^2), `log_attempt`, `propagation` and `growth` (1/s),
    `transport` (s). Fronts: `meant` (K), the nodes whose mean share drives them, and `mean` of an edge (E), the
    number of its product among these, -1 if it has none; K is 0 for a single particle, which is its own mean.
    Whole electrode: `charge_scale` (F/M, C/g), `double_layer` (F/g), `resistance` (Ohm g, which times
    I in A/g is a voltage), `exchange` (2 i0 A_s, A/g; 0 if charge transfer is free),
    `thermal_voltage` (2 R T / F, V), `film`, `wear`. `temperature` (K), and how the numbers `change` with it. `layout` of the
    state, `columns` of the record.
    """

    gibbs: Floats
    fixed: Floats
    gallery_start: Integers
    full: Floats
    molar_volume: Floats
    partial_volume: Floats
    sites: Floats
    site_potential: Floats
    site_energy: Floats
    source: Integers
    target: Integers
    unchanged: Floats
    grows: Floats
    alpha: Floats
    energy: Floats
    order: Floats
    seed: Floats
    transformation_work: Floats
    rounding: Floats
    weight: Floats
    barrier: Floats2
    log_attempt: Floats2
    propagation: Floats2
    growth: Floats2
    transport: Floats2
    meant: Integers
    mean: Integers
    charge_scale: float
    double_layer: float
    resistance: float
    exchange: float
    thermal_voltage: float
    temperature: float
    change: TemperatureChange
    film: Film
    wear: Wear
    layout: Layout
    columns: Columns


def sizes_of(network: Network) -> dict[str, int]:
    """Number of items that unknowns and columns describe, see `Unknown.size`."""
    return _sizes(len(network.gibbs), len(network.source), network.film, network.wear)


def _sizes(nodes: int, edges: int, film: Film, wear: Wear) -> dict[str, int]:
    wears = sizes_of_wear(film.forms, wear.contact_loss > 0.0)
    return {"one": 1, "nodes": nodes, "edges": edges, **wears}


def start_of(network: Network) -> dict[str, float | list[float]]:
    """Initial values of the unknowns that depend on the electrode: fresh surface without film."""
    if not network.film.forms:
        return {}
    thin = network.film.sealing_thickness
    return {
        "host_area_m2_per_g": network.wear.host_area,
        "bare_share": [1.0, 0.0, 0.0],
        "film_thickness_m": thin,
        "idle_film_thickness_m": thin,
    }


def build_network(mechanism: Mechanism, graph: str, temperature: float) -> Network:
    """Flatten the graph called `graph` of `mechanism` at `temperature` (K)."""
    return Network(**fields_of(mechanism, mechanism.edges(graph), mechanism.nodes, temperature))


def displaced_fields(old: Mechanism, new: Mechanism, graph: str, temperature: float) -> dict[str, Any]:
    """Fields of `build_network`, except `APART`, that may differ in a `new` mechanism with other numbers than the `old`."""
    keys = {*_keys_that_differ(old, new)}
    if keys <= OF_KEY.keys():
        wanted = {field for key in keys for field in OF_KEY[key]}
    else:
        wanted = {*Network._fields} - APART
    edges = (old if old.transformations is new.transformations else new).edges(graph)
    return fields_of(new, edges, old.nodes, temperature, wanted)


def _keys_that_differ(one: Any, other: Any) -> Iterator[str]:
    """The keys of `OF_KEY`, or else of single values, that lead to what differs between two records."""
    if isinstance(one, Record):
        pairs = [(key, getattr(one, key), getattr(other, key)) for key in type(one).model_fields]
    elif isinstance(one, Mapping):
        pairs = [(key, item, other[key]) for key, item in one.items()]
    else:
        pairs = [("", *items) for items in zip(one, other, strict=True)]
    for key, mine, its in pairs:
        if mine is its:
            continue
        if key not in OF_KEY and isinstance(mine, Record | Mapping | tuple):
            yield from _keys_that_differ(mine, its)
        else:
            yield key


def fields_of(
    mechanism: Mechanism,
    edges: Sequence[Edge],
    nodes: Mapping[str, Mapping[str, float]],
    temperature: float,
    wanted: Collection[str] = Network._fields,
) -> dict[str, Any]:
    """The `wanted` fields of a network of one particle."""
    names = list(nodes)
    # Phases of each node with their amounts: molar quantities add up.
    contents = [[(n, mechanism.phases[p]) for p, n in nodes[name].items()] for name in names]
    galleries = [(n, gallery) for parts in contents for n, phase in parts for gallery in phase.galleries]
    common, electrode = mechanism.kinetics, mechanism.electrode
    reference = mechanism.reference_temperature_C + ZERO_CELSIUS_K

    def of(key: str, default: float = 0.0) -> list[float]:
        return _kinetic(mechanism, edges, key, default)

    def activated(process: str) -> list[float]:
        """Rates of growth or propagation at the given temperature (1/s)."""
        energies = of(f"{process}_activation_energy_J_per_mol")
        pairs = zip(of(f"{process}_rate_per_s"), energies, strict=True)
        return [arrhenius(rate, energy, temperature, reference) for rate, energy in pairs]

    def gibbs() -> list[float]:
        """Gibbs energies of the fixed parts (J/mol)."""
        return [
            sum(
                n * (p.enthalpy_J_per_mol.value - temperature * p.entropy_J_per_mol_K.value) for n, p in parts
            )
            for parts in contents
        ]

    def partial_volumes() -> list[float]:
        """Per mole of alkali, for the one phase with galleries (m3/mol)."""
        return [
            sum(value_or(p.partial_molar_volume_cm3_per_mol, 0.0) for _, p in parts if p.galleries) * 1e-6
            for parts in contents
        ]

    def shared(edge: Edge) -> dict[str, float]:
        """Amounts of the phases that an edge leaves unchanged: they do not nucleate."""
        after = nodes[edge.product]
        return {p: min(n, after.get(p, 0.0)) for p, n in nodes[edge.reactant].items() if p in after}

    def unchanged(edge: Edge) -> float:
        """Their volume, when full (m3/mol)."""
        parts = shared(edge).items()
        return sum(n * mechanism.phases[p].molar_volume_cm3_per_mol.value for p, n in parts) * 1e-6

    def keeps(edge: Edge) -> bool:
        """Whether the product's phase with galleries is already present in the reactant."""
        return any(mechanism.phases[phase].galleries for phase in shared(edge))

    def barriers() -> list[float]:
        faces = [mechanism.interface(edge.reactant, edge.product) for edge in edges]
        return [
            nucleation_constant(
                face.energy_J_per_m2.value, value_or(face.shape_factor, 1.0), 1.0, temperature
            )
            for face in faces
        ]

    def transport() -> float:
        """Time of diffusion across a particle (s)."""
        energy = value_or(common.diffusion_activation_energy_J_per_mol, 0.0)
        diffusivity = arrhenius(common.diffusivity_m2_per_s.value, energy, temperature, reference)
        return electrode.particle_radius_m.value**2 / (pi**2 * diffusivity)

    def resistance() -> float:
        stated = mechanism.series_resistance_ohm_g(temperature)
        if stated >= SMALLEST_RESISTANCE:
            return stated
        # A step of the voltage would drive an exponential of it through charge transfer alone.
        return SMALLEST_RESISTANCE if mechanism.exchange_current_A_per_g(temperature) > 0.0 else 0.0

    def change() -> TemperatureChange:
        return TemperatureChange(
            entropy=_row([sum(n * p.entropy_J_per_mol_K.value for n, p in parts) for parts in contents]),
            site_slope=_row([g.potential_slope_V_per_K for _, g in galleries]),
            propagation=_row(of("propagation_activation_energy_J_per_mol")) / R,
            growth=_row(of("growth_activation_energy_J_per_mol")) / R,
            transport=value_or(common.diffusion_activation_energy_J_per_mol, 0.0) / R,
            conducting=value_or(mechanism.electrolyte.conductivity_activation_energy_J_per_mol, 0.0) / R,
            exchange=value_or(common.exchange_activation_energy_J_per_mol, 0.0) / R,
            electrolyte=mechanism.electrolyte_resistance_ohm_g(temperature)
            if resistance() > SMALLEST_RESISTANCE
            else 0.0,
        )

    def sizes() -> dict[str, int]:
        return _sizes(len(names), len(edges), _film(mechanism), _wear(mechanism))

    made: dict[str, Callable[[], Any]] = {
        "gibbs": lambda: _row(gibbs()),
        "fixed": lambda: _row([mechanism.fixed_content(name) for name in names]),
        "gallery_start": lambda: np.cumsum(
            [0, *(sum(len(phase.galleries) for _, phase in parts) for parts in contents)], dtype=np.int64
        ),
        "full": lambda: _row([mechanism.full_content(name) for name in names]),
        "molar_volume": lambda: _row([mechanism.volume_cm3_per_mol(name) * 1e-6 for name in names]),
        "partial_volume": lambda: _row(partial_volumes()),
        "sites": lambda: _row([n * g.sites for n, g in galleries]),
        "site_potential": lambda: _row(
            [g.potential_V + g.potential_slope_V_per_K * (temperature - reference) for _, g in galleries]
        ),
        "site_energy": lambda: _row([g.width * R * temperature for _, g in galleries]),
        "source": lambda: np.array([names.index(e.reactant) for e in edges], dtype=np.int64),
        "target": lambda: np.array([names.index(e.product) for e in edges], dtype=np.int64),
        "unchanged": lambda: _row([unchanged(e) for e in edges]),
        "grows": lambda: _row([0.0 if keeps(e) else 1.0 for e in edges]),
        "alpha": lambda: _row(of("transfer_coefficient")),
        "energy": lambda: _row([mechanism.electrons(e.reactant, e.product) * R * temperature for e in edges]),
        "order": lambda: _row(of("autocatalytic_order")),
        "seed": lambda: _row(of("seed_fraction", DEFAULT_SEED)),
        "transformation_work": lambda: _row(of("transformation_work_J_per_mol")),
        "rounding": lambda: np.where(_row(activated("propagation")) > 0.0, FRONT_ROUNDING, GROWTH_ROUNDING),
        "weight": lambda: np.ones(1),
        "barrier": lambda: _row(barriers()).reshape(1, -1),
        "log_attempt": lambda: _row([log(attempt) for attempt in of("attempt_rate_per_s")]).reshape(1, -1),
        "propagation": lambda: _row(activated("propagation")).reshape(1, -1),
        "growth": lambda: _row(activated("growth")).reshape(1, -1),
        "transport": lambda: np.full((1, len(edges)), transport()),
        "meant": lambda: np.zeros(0, dtype=np.int64),
        "mean": lambda: np.full(len(edges), -1),
        "charge_scale": lambda: F / mechanism.host_molar_mass_g_per_mol,
        "double_layer": lambda: electrode.double_layer_F_per_g.value,
        "resistance": resistance,
        "exchange": lambda: 2.0 * mechanism.exchange_current_A_per_g(temperature),
        "thermal_voltage": lambda: 2.0 * R * temperature / F,
        "temperature": lambda: temperature,
        "change": change,
        "film": lambda: _film(mechanism),
        "wear": lambda: _wear(mechanism),
        "layout": lambda: layout_of(1, sizes()),
        "columns": lambda: columns_of(sizes()),
    }
    return {field: made[field]() for field in wanted}


def _kinetic(mechanism: Mechanism, edges: Sequence[Edge], key: str, default: float = 0.0) -> list[float]:
    """The value of each edge, else the one given for all edges, else `default`."""
    common = value_or(getattr(mechanism.kinetics, key), default)
    return [value_or(getattr(edge.stated, key), common) for edge in edges]


def _row(values: list[float]) -> Floats:
    return np.array(values, dtype=float)


@kernel
def copy_of(network: Network) -> Network:
    """A copy, whose arrays `network_at` may fill."""
    return Network(
        network.gibbs.copy(),
        network.fixed,
        network.gallery_start,
        network.full,
        network.molar_volume,
        network.partial_volume,
        network.sites,
        network.site_potential.copy(),
        network.site_energy.copy(),
        network.source,
        network.target,
        network.unchanged,
        network.grows,
        network.alpha,
        network.energy.copy(),
        network.order,
        network.seed,
        network.transformation_work,
        network.rounding,
        network.weight,
        network.barrier.copy(),
        network.log_attempt,
        network.propagation.copy(),
        network.growth.copy(),
        network.transport.copy(),
        network.meant,
        network.mean,
        network.charge_scale,
        network.double_layer,
        network.resistance,
        network.exchange,
        network.thermal_voltage,
        network.temperature,
        network.change,
        network.film,
        network.wear,
        network.layout,
        network.columns,
    )


@kernel
def network_at(temperature: float, network: Network, copy: Network) -> Network:
    """The network at another temperature (K), in the arrays of its `copy`.

    Enthalpies and entropies, gallery potentials' slopes and activation energies do not depend on
    temperature, so that numbers are linear in T, proportional to T or 1/T, or follow Arrhenius.
    """
    change, before = network.change, network.temperature
    ratio = temperature / before
    inverse = 1.0 / temperature - 1.0 / before
    for p in range(len(network.gibbs)):
        copy.gibbs[p] = network.gibbs[p] - (temperature - before) * change.entropy[p]
    for j in range(len(network.sites)):
        copy.site_potential[j] = network.site_potential[j] + (temperature - before) * change.site_slope[j]
        copy.site_energy[j] = network.site_energy[j] * ratio
    for e in range(len(network.source)):
        copy.energy[e] = network.energy[e] * ratio
        arriving = exp(-change.propagation[e] * inverse)
        faster = exp(-change.growth[e] * inverse)
        slower = exp(change.transport * inverse)
        for i in range(len(network.weight)):
            copy.barrier[i, e] = network.barrier[i, e] / ratio
            copy.propagation[i, e] = network.propagation[i, e] * arriving
            copy.growth[i, e] = network.growth[i, e] * faster
            copy.transport[i, e] = network.transport[i, e] * slower
    electrolyte = change.electrolyte * exp(change.conducting * inverse)
    return Network(
        copy.gibbs,
        copy.fixed,
        copy.gallery_start,
        copy.full,
        copy.molar_volume,
        copy.partial_volume,
        copy.sites,
        copy.site_potential,
        copy.site_energy,
        copy.source,
        copy.target,
        copy.unchanged,
        copy.grows,
        copy.alpha,
        copy.energy,
        copy.order,
        copy.seed,
        copy.transformation_work,
        copy.rounding,
        copy.weight,
        copy.barrier,
        copy.log_attempt,
        copy.propagation,
        copy.growth,
        copy.transport,
        copy.meant,
        copy.mean,
        copy.charge_scale,
        copy.double_layer,
        network.resistance - change.electrolyte + electrolyte,
        network.exchange * exp(-change.exchange * inverse),
        network.thermal_voltage * ratio,
        temperature,
        copy.change,
        copy.film,
        copy.wear,
        copy.layout,
        copy.columns,
    )


def _film(mechanism: Mechanism) -> Film:
    film, idle = mechanism.electrolyte.film, mechanism.electrode.idle_area_m2_per_g
    if film is None:
        return Film(False, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.0)
    thickness = film.sealing_thickness_nm.value * 1e-9
    volume = film.film_volume_cm3_per_mol.value * 1e-6 / (film.electrons.value * F)
    return Film(
        True,
        film.onset_potential_V.value,
        thickness / volume,
        thickness,
        volume,
        film.electron_conductivity_S_per_m.value,
        film.sealing_rate_per_s.value,
        film.sealing_time_s.value,
        film.transfer_coefficient.value,
        value_or(idle, 0.0),
    )


def _wear(mechanism: Mechanism) -> Wear:
    electrode, film = mechanism.electrode, mechanism.electrolyte.film
    loss = value_or(electrode.contact_loss, 0.0)
    area = mechanism.host_area_m2_per_g
    return Wear(
        film is not None or loss > 0.0,
        loss,
        area,
        value_or(electrode.fragment_area_m2_per_g, area),
        value_or(electrode.fragmentation, 0.0),
        0.0 if film is None else film.torn_share.value,
    )
