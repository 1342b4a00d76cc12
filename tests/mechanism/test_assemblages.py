"""Nodes that are assemblages of phases: sums of their parts, spectators, and what a file may say of them."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import sbpath
from sbpath import InputError, cycling, load_mechanism, phase_amounts, simulate
from sbpath.mechanism.notation import host_label, node_labels
from sbpath.mechanism.reader import mechanism_from_document
from sbpath.model.network import build_network

# Molar masses from the IUPAC weights, typed here: S 32.06, Sb 121.760, Li 6.94.
SPECTATOR = {
    "formula": "Li2S",
    "structure": "cubic",
    "crystalline": True,
    "enthalpy_J_per_mol": {"value": -441400.0, "status": "computed", "source": "sbpath"},
    "entropy_J_per_mol_K": {"value": -29.7, "status": "computed", "source": "sbpath"},
    "molar_volume_cm3_per_mol": {"value": 27.68, "status": "computed", "source": "sbpath"},
}


def beside_a_spectator(amount=1.5):
    """li-sb in which every node stands beside `amount` mol of Li2S that takes no part."""
    document = load_mechanism("li-sb").document
    document["phases"]["Li2S"] = copy.deepcopy(SPECTATOR)
    document["assemblages"] = {f"{name}-Li2S": f"{name} + {amount} Li2S" for name in ("Sb", "Li2Sb", "Li3Sb")}
    document["initial_phase"] = "Sb-Li2S"
    for table in document["transformations"]:
        words = table["equation"].split()
        table["equation"] = " ".join(f"{w}-Li2S" if w in ("Sb", "Li2Sb", "Li3Sb") else w for w in words)
    document["interfaces"] = {
        "|".join(f"{name}-Li2S" for name in pair.split("|")): table
        for pair, table in document["interfaces"].items()
    }
    return document


@pytest.fixture(scope="module")
def spectator():
    return mechanism_from_document(beside_a_spectator(), "spectator")


def test_numbers_of_a_node_are_the_sums_over_its_phases(spectator):
    network = build_network(spectator, "candidate", 350.0)
    plain = build_network(load_mechanism("li-sb"), "candidate", 350.0)
    sulfide = 1.5 * (-441400.0 + 350.0 * 29.7)
    np.testing.assert_allclose(np.subtract(network.gibbs, plain.gibbs), sulfide, rtol=1e-12)
    np.testing.assert_allclose(np.subtract(network.fixed, plain.fixed), 3.0, rtol=1e-12)
    np.testing.assert_allclose(np.subtract(network.molar_volume, plain.molar_volume), 1.5 * 27.68e-6)
    np.testing.assert_allclose(network.unchanged, 1.5 * 27.68e-6)
    assert plain.unchanged.tolist() == [0.0] * 6
    # The host is Sb and the sulfur that came with it; alkali does not count.
    assert spectator.host_molar_mass_g_per_mol == pytest.approx(121.760 + 1.5 * 32.06)
    assert spectator.content_range == (3.0, 6.0)


def test_a_spectator_changes_nothing_but_the_mass(spectator):
    """A phase on both sides of every transformation: the same curve, per mole of Sb."""
    plain = load_mechanism("li-sb")
    heavier = spectator.host_molar_mass_g_per_mol / 121.760
    # The same double layer and the same exchange current per mole of Sb.
    surface = heavier * spectator.surface_m2_per_g / plain.surface_m2_per_g
    same = {
        "electrode.double_layer_F_per_g": 5.0 / heavier,
        "kinetics.exchange_current_A_per_m2": sbpath.value(plain, "kinetics.exchange_current_A_per_m2")
        / surface,
    }
    other = sbpath.with_changes(spectator, same)
    one = simulate(plain, cycling("C/5", 0.05, 1.5, 2), progress=False)
    two = simulate(other, cycling("C/5", 0.05, 1.5, 2), progress=False)
    for step in range(4):
        rows = [slice(s.steps[step].first, s.steps[step].last) for s in (one, two)]
        x = np.linspace(0.05, 2.95, 50)
        curves = []
        for solution, own, offset in zip((one, two), rows, (0.0, 3.0), strict=True):
            content = solution.composition[own] - offset
            order = np.argsort(content)
            curves.append(np.interp(x, content[order], solution.potential_V[own][order]))
        np.testing.assert_allclose(curves[0], curves[1], atol=2e-4)
    loops = [sbpath.cycle_summaries(s)[-1].loop_J_per_g for s in (one, two)]
    assert loops[1] * heavier == pytest.approx(loops[0], rel=1e-5)


def test_amounts_of_single_phases_add_up(spectator):
    solution = simulate(spectator, ["Insert at C/5 until x = 5"], progress=False)
    amounts = phase_amounts(solution)
    np.testing.assert_allclose(amounts["Li2S"], 1.5, rtol=1e-12)
    total = amounts["Sb"] + amounts["Li2Sb"] + amounts["Li3Sb"]
    np.testing.assert_allclose(total, 1.0, atol=1e-10)
    # Alkali counted by phase is the composition, but for the vacancies of Li3Sb.
    lithium = 2 * amounts["Li2Sb"] + 3 * amounts["Li3Sb"] + 2 * amounts["Li2S"]
    assert np.abs(lithium - solution.composition).max() < 0.4


def test_plain_phases_are_nodes_of_one_phase_each():
    mechanism = load_mechanism("k-sb")
    assert {name: dict(parts) for name, parts in mechanism.nodes.items()} == {
        name: {name: 1.0} for name in mechanism.phases
    }
    solution = simulate(mechanism, ["Insert at C/5 until x = 2"], progress=False)
    for name, amount in phase_amounts(solution).items():
        np.testing.assert_array_equal(amount, solution.fraction(name))


def test_nodes_are_named_as_chemists_write_them(spectator):
    assert node_labels(spectator)["Li2Sb-Li2S"] == "Li₂Sb + 1.5 Li₂S"
    assert node_labels(spectator, mathtext=True)["Sb-Li2S"] == "Sb + 1.5 Li$\\mathregular{_{2}}$S"
    assert {spectator.crystalline_share(name) for name in spectator.nodes} == {1.0}
    assert host_label(spectator) == "Sb + 1.5 Li₂S"
    assert host_label(load_mechanism("na-sb")) == "Sb"


# -- mistakes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("edit", "problems"),
    [
        (
            lambda d: d["assemblages"].update({"Sb-Li2S": "2 Sb + 3 Li2S"}),
            ["assemblages.Sb-Li2S: '2 Sb + 3 Li2S' holds 2 Sb, but all amounts are per mole of Sb"],
        ),
        (
            lambda d: d["assemblages"].update({"Sb-Li2S": "Sb + 1.5 Li2Se"}),
            ["assemblages.Sb-Li2S: 'Sb + 1.5 Li2Se' contains the unknown 'Li2Se'; did you mean 'Li2S'?"],
        ),
        (
            lambda d: d["assemblages"].update({"Sb-Li2S": "Sb + x Li2S", "Li2Sb-Li2S": "Li2Sb + 0 Li2S"}),
            ["Li2S needs a plain amount above zero", "Li2S needs a plain amount above zero"],
        ),
        (
            lambda d: d["assemblages"].update({"Li2Sb-Li2S": "Li2Sb + Li2S"}),
            ["does not balance"] * 4,
        ),
        (
            lambda d: d["phases"].update({"Sn": {**copy.deepcopy(SPECTATOR), "formula": "Sn"}}),
            ["phases.Sn: is in no assemblage; add it to one, or remove the phase"],
        ),
        (
            lambda d: d.update(initial_phase="Sb"),
            ["initial_phase: no assemblage is called 'Sb'"],
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told(edit, problems):
    document = beside_a_spectator()
    edit(document)
    with pytest.raises(InputError) as caught:
        mechanism_from_document(document, "my.toml")
    told = list(caught.value.problems)
    for words in problems:
        found = next((line for line in told if words in line), None)
        assert found is not None, (words, caught.value.problems)
        told.remove(found)
