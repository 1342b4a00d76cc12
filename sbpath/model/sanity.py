"""Values that are valid but hardly intended: wrong unit, wrong sign, or such that no electrode could be
filled between its cut-offs.

``sbpath check`` gives these as warnings, and a simulation as `ValidityWarning`; what is impossible the reader
refuses (`sbpath.mechanism.bounds`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import networkx as nx

from sbpath.mechanism.bounds import USUAL, in_other_units
from sbpath.mechanism.chemistry import ATOMIC_WEIGHT, parse_formula
from sbpath.mechanism.graph import phase_graph
from sbpath.mechanism.mechanism import Edge, Mechanism
from sbpath.mechanism.records import Quantity
from sbpath.model.equilibrium import RANGE_V, equal_between, equal_potential
from sbpath.model.network import build_network
from sbpath.physical import FARADAY_C_PER_MOL, ZERO_CELSIUS_K

# A smaller enthalpy of formation (J/mol) is probably in kJ.
LEAST_J_PER_MOL = 1000.0
# Typical formation enthalpies in eV, per atom or per formula unit.
LIKE_EV = (0.1, 10.0)
# Entropy of formation per mole of atoms (J/mol/K). Chlorine loses most, 112, on becoming solid; compounds of
# condensed elements gain little (mixing 5.8 at most), while absolute entropies are 25 to 70.
ENTROPIES_J_PER_MOL_K = (-120.0, 25.0)
# From this share of H on, T S is also named as a possible cause of a shifted potential.
SHARE_OF_ENTROPY = 0.2
# Interfaces between solids: coherent ones about 0.01 J/m2, bare metal surfaces up to 3.
INTERFACES_J_PER_M2 = USUAL["energy_J_per_m2"]
# Per mole of atoms (cm3/mol): diamond has 3.4, metals with small atoms from 4.4, potassium 46.
ATOMS_CM3_PER_MOL = (4.0, 60.0)
# Alkali metals only expand a host; volumes are rounded.
MOST_SHRINKAGE = 0.01
# From a few layers to visible grains: anything smaller is no phase, anything larger never fills.
RADII_M = (1e-9, 1e-4)
# Batteries with liquid and solid electrolytes; hotter cells have to state a temperature range.
TEMPERATURES_C = (-40.0, 250.0)
# Freezing point of water and room temperatures: a value within 1 of these is taken to be in kelvin.
KELVIN = (273.15, 293.15, 298.15, 303.15)
# Activation energies of diffusion and charge transfer (J/mol): 0.05 to 2 eV; zero is deliberate.
ACTIVATION_J_PER_MOL = (5e3, 2e5)
# Other numbers of real electrodes and cells, by path.
USUAL_NUMBERS = {
    "electrode.loading_mg_per_cm2": (0.01, 100.0),
    "electrode.double_layer_F_per_g": (1e-3, 1e3),
    "electrolyte.thickness_um": (0.5, 5000.0),
    "electrolyte.conductivity_S_per_cm": (1e-8, 1.0),
    "kinetics.diffusivity_m2_per_s": (1e-22, 1e-8),
    # A sheet of graphene has 2630 m2/g.
    **dict.fromkeys(
        ("electrode.host_area_m2_per_g", "electrode.fragment_area_m2_per_g", "electrode.idle_area_m2_per_g"),
        (1e-3, 2630.0),
    ),
    "electrode.contact_loss": (1e-8, 0.1),
    "electrode.fragmentation": (1e-2, 1e2),
    "electrolyte.film.sealing_thickness_nm": (0.3, 300.0),
    "electrolyte.film.film_volume_cm3_per_mol": (3.0, 1000.0),
    "electrolyte.film.electron_conductivity_S_per_m": (1e-20, 1e-8),
    "electrolyte.film.sealing_time_s": (1e-6, 1e4),
}
# Above the file's upper cut-off by more than this (V) the electrode has nothing left to react.
ABOVE_CUTOFF_V = 1.5


def sanity_warnings(mechanism: Mechanism) -> list[str]:
    """Everything that looks wrong, as ``key: value, what is odd and what to try``."""
    return [
        *_temperatures(mechanism),
        *window_warnings(mechanism, (mechanism.lower_cutoff_V,)),
        *_usual(mechanism),
        *_enthalpies(mechanism),
        *_entropies(mechanism),
        *_volumes(mechanism),
        *_interfaces(mechanism),
        *_radius(mechanism),
        *_potentials(mechanism),
        *_film(mechanism),
    ]


def temperature_warnings(mechanism: Mechanism, temperatures_C: Iterable[float]) -> list[str]:
    """What is odd about simulating at these temperatures, at most one line."""
    low, high = mechanism.temperature_range_C or TEMPERATURES_C
    outside = sorted(celsius for celsius in set(temperatures_C) if not low <= celsius <= high)
    if not outside:
        return []
    shown = " and ".join(f"{celsius:g}" for celsius in dict.fromkeys((outside[0], outside[-1])))
    kelvin = outside[-1] - ZERO_CELSIUS_K
    ask = f"; is it in K? then {kelvin:g}" if low <= kelvin <= high else ""
    because = f" (temperature_range_C); `sbpath show {mechanism.name}` says why"
    if mechanism.temperature_range_C is None:
        because = "; its file states no temperature_range_C"
    return [
        f"simulated at {shown} C, but its numbers are valid only from {low:g} to {high:g} C{because}{ask}"
    ]


def window_warnings(mechanism: Mechanism, voltages_V: Iterable[float]) -> list[str]:
    """What is odd about taking the cell to these voltages (V)."""
    ion, upper = mechanism.ion, mechanism.upper_cutoff_V
    found = []
    for voltage in sorted(set(voltages_V)):
        if voltage < 0.0:
            found.append(
                f"{voltage:g} V is below {ion}+/{ion}: metallic {ion} would plate there, which is not simulated; "
                "its charge is missing, and efficiencies mean nothing"
            )
        elif voltage > upper + ABOVE_CUTOFF_V:
            found.append(
                f"{voltage:g} V is far above upper_cutoff_V = {upper:g} of {mechanism.name}: nothing of the electrode "
                f"is left to react, and the electrolyte ({mechanism.electrolyte.name}) may be oxidised, "
                "which is not simulated"
            )
    return found


def _film(mechanism: Mechanism) -> Iterator[str]:
    if mechanism.electrolyte.film is None:
        return
    onset, where = mechanism.electrolyte.film.onset_potential_V.value, "electrolyte.film.onset_potential_V"
    if onset > mechanism.upper_cutoff_V:
        yield (
            f"{where}: {onset:g} V is above the upper cut-off of {mechanism.upper_cutoff_V:g} V, so that film grows all "
            "the time; is it against another metal?"
        )
    if onset < mechanism.lower_cutoff_V:
        yield f"{where}: {onset:g} V is below the lower cut-off of {mechanism.lower_cutoff_V:g} V, so that no film forms"


def _temperatures(mechanism: Mechanism) -> Iterator[str]:
    low, high = TEMPERATURES_C
    least, most = mechanism.temperature_range_C or TEMPERATURES_C
    for key, celsius in (
        ("temperature_C", mechanism.temperature_C),
        ("reference_temperature_C", mechanism.reference_temperature_C),
        ("electrolyte.conductivity_temperature_C", mechanism.electrolyte.conductivity_temperature_C),
    ):
        if celsius is None:
            continue
        kelvin = f"is it in K? then {celsius - ZERO_CELSIUS_K:g}"
        if any(abs(celsius - room) <= 1.0 for room in KELVIN):
            yield f"{key}: {celsius:g} C is hot for a cell; {kelvin}"
        elif not low <= celsius <= high and not least <= celsius <= most:
            ask = f"{kelvin}. " if celsius > high else ""
            yield (
                f"{key}: {celsius:g} C is outside {low:g} to {high:g} C; {ask or 'check it. '}If it is intended, "
                "state where the numbers hold: temperature_range_C = [lowest, highest]"
            )


def _usual(mechanism: Mechanism) -> Iterator[str]:
    for path, number in mechanism.numbers():
        if not isinstance(number, Quantity) or number.value == 0.0:
            continue
        key = path.rpartition(".")[2]
        energy = key.endswith("activation_energy_J_per_mol")
        low, high = usual = (
            ACTIVATION_J_PER_MOL if energy else USUAL_NUMBERS.get(path, (number.value, number.value))
        )
        if not low <= number.value <= high:
            ask = in_other_units(number.value, key, usual) or "check its unit and digits"
            yield f"{path}: {number.value:g} is unlikely ({low:g} to {high:g}); {ask}"


def _enthalpies(mechanism: Mechanism) -> Iterator[str]:
    for name, phase in mechanism.phases.items():
        enthalpy = phase.enthalpy_J_per_mol.value
        where = f"phases.{name}.enthalpy_J_per_mol: {enthalpy:g} J/mol"
        # Exactly zero is deliberate: a mixture without heat of mixing. An amorphous element may be low.
        if enthalpy == 0.0 or len(_emptied(mechanism, name)) < 2:
            continue
        if abs(enthalpy) < LEAST_J_PER_MOL:
            electronvolts = ""
            if LIKE_EV[0] <= abs(enthalpy) <= LIKE_EV[1]:
                each = enthalpy * FARADAY_C_PER_MOL
                atoms = sum(_atoms(mechanism, name).values())
                electronvolts = f"; if in eV per formula, {each:g}; if in eV per atom, {each * atoms:g}"
            yield (
                f"{where} is far too small for a compound; "
                f"if it is in kJ, write {1000.0 * enthalpy:g}{electronvolts}"
            )
        elif enthalpy > 0.0:
            yield f"{where} is positive, but a stable compound has a negative enthalpy; is the sign right?"


def _entropies(mechanism: Mechanism) -> Iterator[str]:
    low, high = ENTROPIES_J_PER_MOL_K
    for name, phase in mechanism.phases.items():
        entropy = phase.entropy_J_per_mol_K.value
        each = entropy / (sum(_atoms(mechanism, name).values()) or 1.0)
        where = f"phases.{name}.entropy_J_per_mol_K: {entropy:g} J/mol/K, {each:g} per mole of atoms,"
        if each > high:
            yield (
                f"{where} is more than a solid gains (up to about {high:g}); it is relative to the elements, so "
                "subtract theirs if it is the absolute entropy; write 0 with the status assumed if it is not known"
            )
        elif each < low:
            yield f"{where} is more than the elements can lose (down to about {low:g}); check its digits and its unit"


def _volumes(mechanism: Mechanism) -> Iterator[str]:
    low, high = ATOMS_CM3_PER_MOL
    host = mechanism.host
    pure = [p.molar_volume_cm3_per_mol.value for p in mechanism.phases.values() if p.formula == host]
    for name, phase in mechanism.phases.items():
        atoms = _atoms(mechanism, name)
        count, volume = sum(atoms.values()) or 1.0, phase.molar_volume_cm3_per_mol.value
        where = f"phases.{name}.molar_volume_cm3_per_mol: {volume:g} cm3/mol"
        least = atoms.get(host, 0.0) * min(pure, default=0.0)
        if not low <= volume / count <= high:
            mass = sum(ATOMIC_WEIGHT[element] * amount for element, amount in atoms.items())
            mass_hint = low * count <= volume * mass <= high * count
            alike = f"is it in cm3/g? then {volume * mass:.4g}" if mass_hint else _of_a_cell(phase.formula)
            yield (
                f"{where} is {volume / count:.3g} per mole of atoms, where {low:g} to {high:g} is usual; "
                f"{in_other_units(volume, 'molar_volume_cm3_per_mol', (low * count, high * count)) or alike}"
            )
        elif mechanism.full_alkali(name) > 0.0 and volume < (1.0 - MOST_SHRINKAGE) * least:
            yield (
                f"{where} is less than the volume of its {host} alone ({least:g}); "
                f"give that of one mole of {phase.formula} with all its {mechanism.ion}"
            )


def _of_a_cell(formula: str) -> str:
    return (
        f"is it for one mole of {formula}? To convert a unit cell in cubic angstrom, multiply by 0.6022 and "
        "divide by its formula units"
    )


def _interfaces(mechanism: Mechanism) -> Iterator[str]:
    low, high = INTERFACES_J_PER_M2
    for name, interface in mechanism.interfaces.items():
        energy = interface.energy_J_per_m2.value
        if energy != 0.0 and not low <= energy <= high:  # zero is deliberate: no barrier
            yield (
                f"interfaces.{name}.energy_J_per_m2: {energy:g} J/m2 is unlikely for an interface "
                f"({low:g} to {high:g}); {in_other_units(energy, 'energy_J_per_m2', INTERFACES_J_PER_M2) or 'check its digits'}"
            )


def _radius(mechanism: Mechanism) -> Iterator[str]:
    low, high = RADII_M
    radius = mechanism.electrode.particle_radius_m.value
    if not low <= radius <= high:
        yield (
            f"electrode.particle_radius_m: {radius:g} m is unlikely for a particle radius ({low:g} to {high:g}); "
            f"{in_other_units(radius, 'particle_radius_m', USUAL['particle_radius_m']) or 'check its power of ten'}"
        )


def _atoms(mechanism: Mechanism, name: str) -> dict[str, float]:
    """Amount of each element in a phase with full galleries."""
    ion = mechanism.ion
    atoms = {
        e: amount for e, (amount, _) in parse_formula(mechanism.phases[name].formula).items() if e != ion
    }
    return {**atoms, ion: mechanism.full_alkali(name)}


def _emptied(mechanism: Mechanism, name: str) -> list[str]:
    """Elements of a phase with empty galleries, for which its enthalpy is given."""
    phase, ion = mechanism.phases[name], mechanism.ion
    left = mechanism.full_alkali(name) - sum(gallery.sites for gallery in phase.galleries)
    return [e for e in parse_formula(phase.formula) if e != ion or left > 1e-9]


def _potentials(mechanism: Mechanism) -> Iterator[str]:
    low, high = mechanism.lower_cutoff_V, mechanism.upper_cutoff_V
    names = list(mechanism.nodes)
    network = build_network(mechanism, mechanism.default_graph, mechanism.temperature_C + ZERO_CELSIUS_K)
    for edge in _insertions(mechanism):
        p, q = names.index(edge.reactant), names.index(edge.product)
        if equal_between(network, p, q, low, high):
            continue
        potential = equal_potential(network, p, q)
        if potential is None:
            where = f"has no equilibrium between {RANGE_V[0]:g} and {RANGE_V[1]:g} V"
        elif potential <= low:
            where = f"is in equilibrium at {potential:.3g} V, not above lower_cutoff_V = {low:g}"
        else:
            where = f"is in equilibrium at {potential:.3g} V, not below upper_cutoff_V = {high:g}"
        number = mechanism.transformations.index(edge.stated) + 1
        yield (
            f"transformations[{number}].equation: {edge.stated.equation!r} {where}, so that it cannot proceed, or "
            f"not be reversed, between the cut-offs; check {_energies(mechanism, edge)}, or move the cut-off"
        )


def _insertions(mechanism: Mechanism) -> Iterator[Edge]:
    """Edges of the default graph on paths from the initial node to the fullest one by insertion only."""
    filling = nx.DiGraph()
    filling.add_nodes_from(mechanism.nodes)
    for one, other in phase_graph(mechanism).edges:
        if mechanism.full_content(other) > mechanism.full_content(one) + 1e-9:
            filling.add_edge(one, other)
    fullest = max(mechanism.nodes, key=mechanism.full_content)
    ahead = nx.descendants(filling, mechanism.initial_phase) | {mechanism.initial_phase}
    behind = nx.ancestors(filling, fullest) | {fullest}
    for edge in mechanism.edges():
        if (
            filling.has_edge(edge.reactant, edge.product)
            and edge.reactant in ahead
            and edge.product in behind
        ):
            yield edge


def _energies(mechanism: Mechanism, edge: Edge) -> str:
    """The energies of the compounds that the edge forms or consumes, as in the file."""
    before, after = mechanism.nodes[edge.reactant], mechanism.nodes[edge.product]
    stated = []
    for name in mechanism.phases:
        if before.get(name, 0.0) == after.get(name, 0.0):
            continue
        phase = mechanism.phases[name]
        enthalpy, entropy = phase.enthalpy_J_per_mol.value, phase.entropy_J_per_mol_K.value
        heat = abs(entropy) * (mechanism.temperature_C + ZERO_CELSIUS_K)
        if enthalpy != 0.0:
            stated.append(f"phases.{name}.enthalpy_J_per_mol = {enthalpy:g}")
        if heat > max(SHARE_OF_ENTROPY * abs(enthalpy), LEAST_J_PER_MOL):
            stated.append(f"phases.{name}.entropy_J_per_mol_K = {entropy:g}")
    return " and ".join(stated) or "its energies"
