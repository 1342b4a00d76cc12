"""A mechanism's graph at one temperature, flattened to sequences of numbers.

`Network` is all that the kernels see of a mechanism: they know nothing of ions, phases or
directions. Units are SI, but amounts of charge are per gram of Sb.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log, pi
from typing import NamedTuple

from sbpath.mechanism.records import Edge, Mechanism, value_or
from sbpath.model.rates import nucleation_constant
from sbpath.physical import FARADAY_C_PER_MOL as F
from sbpath.physical import GAS_CONSTANT_J_PER_MOL_K as R
from sbpath.physical import ZERO_CELSIUS_K, arrhenius

# A drop of a nanovolt at 1 A/g (Ohm g) is none, and only makes voltage control stiff.
SMALLEST_RESISTANCE = 1e-9

# Autocatalytic growth needs a first domain; this share of the Sb counts as one.
DEFAULT_SEED = 1e-3


class Network(NamedTuple):
    """One graph of a mechanism at one temperature, as flat sequences of numbers.

    Nodes (length P): `gibbs` (J/mol Sb), `fixed` (mol/mol), `gallery_start` (length P + 1),
    `full` (mol/mol), `molar_volume` of the full phase (m^3/mol Sb), `partial_volume` (m^3 per
    mol of alkali). Galleries: `sites` (mol/mol), `site_potential` (V),
    `site_energy` (J/mol). Edges (length E): `source` and `target` (node numbers),
    `barrier` per squared volume of what is new ((J/m^3)^2), `unchanged` volume of the phases that
    stand in both nodes (m^3/mol Sb), `grows` (0 where the phase with galleries is one of these, so
    that the new volume does not hang on E, else 1), `log_attempt`, `growth` (1/s), `alpha`, `energy` (nu R T, J/mol),
    `transport` (s), `order`, `seed`, `work` (J/mol). Whole electrode: `charge_scale` (F/M,
    C/g), `double_layer` (F/g), `resistance` (Ohm g, so that I in A/g times it is a voltage).
    """

    gibbs: Sequence[float]
    fixed: Sequence[float]
    gallery_start: Sequence[int]
    full: Sequence[float]
    molar_volume: Sequence[float]
    partial_volume: Sequence[float]
    sites: Sequence[float]
    site_potential: Sequence[float]
    site_energy: Sequence[float]
    source: Sequence[int]
    target: Sequence[int]
    barrier: Sequence[float]
    unchanged: Sequence[float]
    grows: Sequence[float]
    log_attempt: Sequence[float]
    growth: Sequence[float]
    alpha: Sequence[float]
    energy: Sequence[float]
    transport: Sequence[float]
    order: Sequence[float]
    seed: Sequence[float]
    work: Sequence[float]
    charge_scale: float
    double_layer: float
    resistance: float


def build_network(mechanism: Mechanism, graph: str, temperature: float) -> Network:
    """Flatten `mechanism`'s graph of that name at `temperature` (K)."""
    names = list(mechanism.nodes)
    # Phases of each node with their amounts: all that is molar adds up.
    contents = [[(n, mechanism.phases[p]) for p, n in mechanism.nodes[name].items()] for name in names]
    edges = mechanism.edges(graph)
    common = mechanism.kinetics
    reference = mechanism.reference_temperature_C + ZERO_CELSIUS_K

    starts = [0]
    for parts in contents:
        starts.append(starts[-1] + sum(len(phase.galleries) for _, phase in parts))
    galleries = [(n, gallery) for parts in contents for n, phase in parts for gallery in phase.galleries]

    diffusivity = arrhenius(
        common.diffusivity_m2_per_s.value,
        value_or(common.diffusion_activation_energy_J_per_mol, 0.0),
        temperature,
        reference,
    )
    transport = mechanism.electrode.particle_radius_m.value**2 / (pi**2 * diffusivity)

    def kinetic(edge: Edge, key: str, default: float = 0.0) -> float:
        """The edge's own number, else that of all edges, else `default`."""
        return value_or(getattr(edge.stated, key), value_or(getattr(common, key), default))

    resistance = mechanism.series_resistance_ohm_g(temperature)

    def barrier(edge: Edge) -> float:
        interface = mechanism.interface(edge.reactant, edge.product)
        return nucleation_constant(
            interface.energy_J_per_m2.value,
            value_or(interface.shape_factor, 1.0),
            1.0,
            temperature,
        )

    def unchanged(edge: Edge) -> float:
        """Volume of the phases that the edge leaves as they are, full: they do not nucleate."""
        before, after = mechanism.nodes[edge.reactant], mechanism.nodes[edge.product]
        shared = {p: min(n, after.get(p, 0.0)) for p, n in before.items()}
        return sum(n * mechanism.phases[p].molar_volume_cm3_per_mol.value for p, n in shared.items()) * 1e-6

    def keeps(edge: Edge) -> bool:
        """Whether the phase of the product that has galleries stands in the reactant already."""
        shared = mechanism.nodes[edge.reactant].keys() & mechanism.nodes[edge.product].keys()
        return any(mechanism.phases[phase].galleries for phase in shared)

    def growth(edge: Edge) -> float:
        rate = kinetic(edge, "growth_rate_per_s")
        return arrhenius(rate, kinetic(edge, "growth_activation_energy_J_per_mol"), temperature, reference)

    return Network(
        gibbs=[
            sum(
                n * (p.enthalpy_J_per_mol.value - temperature * p.entropy_J_per_mol_K.value) for n, p in parts
            )
            for parts in contents
        ],
        fixed=[mechanism.fixed_content(name) for name in names],
        gallery_start=starts,
        full=[mechanism.full_content(name) for name in names],
        # Per mole of alkali, and of the one phase that can hold any.
        partial_volume=[
            sum(value_or(p.partial_molar_volume_cm3_per_mol, 0.0) for _, p in parts if p.galleries) * 1e-6
            for parts in contents
        ],
        molar_volume=[mechanism.volume_cm3_per_mol(name) * 1e-6 for name in names],
        sites=[n * g.sites for n, g in galleries],
        site_potential=[
            g.potential_V + g.potential_slope_V_per_K * (temperature - reference) for _, g in galleries
        ],
        site_energy=[g.width * R * temperature for _, g in galleries],
        source=[names.index(e.reactant) for e in edges],
        target=[names.index(e.product) for e in edges],
        barrier=[barrier(e) for e in edges],
        unchanged=[unchanged(e) for e in edges],
        grows=[0.0 if keeps(e) else 1.0 for e in edges],
        log_attempt=[log(kinetic(e, "attempt_rate_per_s")) for e in edges],
        growth=[growth(e) for e in edges],
        alpha=[kinetic(e, "transfer_coefficient") for e in edges],
        energy=[e.electrons * R * temperature for e in edges],
        transport=[transport] * len(edges),
        order=[kinetic(e, "autocatalytic_order") for e in edges],
        seed=[kinetic(e, "seed_fraction", DEFAULT_SEED) for e in edges],
        work=[kinetic(e, "transformation_work_J_per_mol") for e in edges],
        charge_scale=F / mechanism.host_molar_mass_g_per_mol,
        double_layer=mechanism.electrode.double_layer_F_per_g.value,
        resistance=resistance if resistance >= SMALLEST_RESISTANCE else 0.0,
    )
