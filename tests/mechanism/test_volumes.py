"""Molar volumes of the shipped phases against each other: what elements take up adds up, roughly.

Cells and the volumes of one file agree by the reader's own check; here they meet numbers from elsewhere.
"""

from __future__ import annotations

import pytest

from sbpath import load_mechanism, shipped_names
from sbpath.mechanism.chemistry import parse_formula

# cm3/mol in compounds of metals and of chalcogens. Metals: the elements themselves (CRC Handbook); alkali
# metals give their electrons away and shrink, from 13.0, 23.8 and 45.9, which is what volumes of Zintl
# phases and of salts say alike (W. Biltz, Raumchemie der festen Stoffe, 1934).
VOLUME = {
    "Li": 8.4, "Na": 15.9, "K": 25.0, "Sb": 18.2, "Bi": 21.3, "Sn": 16.3, "Ni": 6.6, "Co": 6.7, "Ti": 10.6,
    "Zn": 9.2, "Ga": 11.8, "S": 11.6, "Se": 15.5, "Te": 20.5,
}  # fmt: skip
# g/cm3 (CRC Handbook) and g/mol of salts, which are denser.
DENSITY = {"Na2O": (2.27, 61.979), "K2O": (2.35, 94.196), "KCl": (1.988, 74.551), "Sb2O3": (5.58, 291.518)}


def phases():
    """Each phase of each mechanism, as (mechanism, name)."""
    return [(name, phase) for name in shipped_names() for phase in load_mechanism(name).phases]


@pytest.mark.parametrize(("name", "phase"), phases())
def test_the_volume_of_a_phase_is_near_the_sum_of_its_elements(name, phase):
    mechanism = load_mechanism(name)
    record = mechanism.phases[phase]
    found = record.molar_volume_cm3_per_mol.value
    elements = {element: amount for element, (amount, _) in parse_formula(record.formula).items()}
    elements[mechanism.ion] = mechanism.full_alkali(phase)
    if record.formula in DENSITY:
        density, mass = DENSITY[record.formula]
        assert found == pytest.approx(mass / density, rel=0.06)
    elif elements.keys() <= VOLUME.keys():
        assert found == pytest.approx(sum(n * VOLUME[e] for e, n in elements.items()), rel=0.25)
    else:
        assert record.formula == "Sb4O5Cl2"  # no other one is known only by its cell


@pytest.mark.parametrize("name", shipped_names())
def test_an_emptied_phase_is_as_large_as_what_it_came_from(name):
    """A node whose galleries are empty against a node that holds the same alkali, within a quarter."""
    mechanism = load_mechanism(name)
    for node, contents in mechanism.nodes.items():
        given_up = sum(
            amount * sum(g.sites for g in record.galleries) * record.partial_molar_volume_cm3_per_mol.value
            for amount, record in ((amount, mechanism.phases[phase]) for phase, amount in contents.items())
            if record.partial_molar_volume_cm3_per_mol
        )
        for other in mechanism.nodes:
            alike = mechanism.full_content(other) == pytest.approx(mechanism.fixed_content(node), abs=1e-6)
            if given_up and alike:
                empty = mechanism.volume_cm3_per_mol(node) - given_up
                assert empty == pytest.approx(mechanism.volume_cm3_per_mol(other), rel=0.25), (node, other)


def test_the_solid_solution_of_zinc_tin_antimonide_begins_as_its_host():
    mechanism = load_mechanism("li-znsnsb2")
    solution = mechanism.phases["LixZnSnSb2"]
    empty = solution.molar_volume_cm3_per_mol.value - 3.0 * solution.partial_molar_volume_cm3_per_mol.value
    assert empty == pytest.approx(mechanism.phases["ZnSnSb2"].molar_volume_cm3_per_mol.value / 2.0, abs=0.1)


def test_mixed_crystals_are_the_sum_of_their_ends():
    """NaBi (tetragonal, Z = 1: 3.46, 4.80 angstrom) with NaSb, and K3Bi with K3Sb."""
    sodium, antimonide = load_mechanism("na-bisb"), load_mechanism("na-sb-nasb")
    nabi = 3.46**2 * 4.80 * 0.602214
    nasb = antimonide.phases["NaSb"].molar_volume_cm3_per_mol.value
    assert sodium.phases["Na2BiSb"].molar_volume_cm3_per_mol.value == pytest.approx(nabi + nasb, rel=0.01)
