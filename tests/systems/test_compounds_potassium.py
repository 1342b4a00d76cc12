"""Compounds and variants in potassium cells. Oracles: energies typed in again from handbooks and papers,
stoichiometry, conservation of charge, energy and every element, and where cells show their steps."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from analytic import F, R
from curves import along, cycled, edge_names, potential_at, rows
from scipy.optimize import brentq

from sbpath import equilibrium_potential, load_mechanism, phase_amounts
from sbpath.mechanism.chemistry import parse_formula
from sbpath.mechanism.consistency import consistency_problems
from sbpath.model.network import build_network

# K per Sb when full, mass of the host in g per mol of Sb (atomic weights typed in again).
M_BI, M_SB, M_SN, M_O, M_CL = 208.98, 121.760, 118.71, 15.999, 35.45
FULL = {
    "k-bisb": (6.0, M_BI + M_SB),
    "k-snsb": (4.0, M_SN + M_SB),
    "k-sb4o5cl2": (6.0, M_SB + 1.25 * M_O + 0.5 * M_CL),
    "k-sb-tem": (3.0, M_SB),
    "k-sb-xrd": (3.0, M_SB),
}
NAMES = list(FULL)
GRAPHS = [(name, graph) for name in NAMES for graph in ("reported", "candidate")]
ROOM = 298.15


def largest(solution, number):
    """The largest share of every node in a step, by name."""
    these = rows(solution, number)
    return {name: float(solution.fraction(name)[these].max()) for name in solution.phases}


# -- the files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_it_passes_the_gates(name):
    mechanism = load_mechanism(name)
    assert consistency_problems(mechanism) == []
    assert mechanism.ion == "K"
    assert set(mechanism.graphs) == {"reported", "candidate"}
    assert len(mechanism.description.split()) > 40
    # What is reported is possible.
    reported, candidate = ({(e.reactant, e.product) for e in mechanism.edges(g)} for g in mechanism.graphs)
    assert reported <= candidate


@pytest.mark.parametrize("name", NAMES)
def test_kinetics_electrode_and_electrolyte_are_those_of_antimony(name):
    mechanism, antimony = load_mechanism(name), load_mechanism("k-sb")
    # A number fitted to potassium and antimony is assumed for another host.
    for key in type(mechanism.kinetics).model_fields:
        mine, theirs = getattr(mechanism.kinetics, key), getattr(antimony.kinetics, key)
        assert (mine and mine.value) == (theirs and theirs.value), key
    assert mechanism.electrolyte == antimony.electrolyte
    spread = {"spread": antimony.electrode.spread}
    assert mechanism.electrode.model_copy(update=spread) == antimony.electrode


@pytest.mark.parametrize(("name", "reported"), [("k-sb-tem", True), ("k-sb-xrd", True), ("k-bisb", False)])
def test_numbers_of_the_reviews_equations_stand_on_variants_of_antimony_alone(name, reported):
    mechanism = load_mechanism(name)
    for edge in mechanism.edges("reported"):
        inserts = mechanism.full_content(edge.product) > mechanism.full_content(edge.reactant)
        assert edge.stated.review_equation == ((5 if inserts else 6) if reported else None)


def test_interfaces_of_potassium_and_antimony_are_not_given_twice():
    antimony = load_mechanism("k-sb")
    wanted = antimony.interface("KxSb", "K3Sb-cubic").energy_J_per_m2.value
    tin, salt = load_mechanism("k-snsb"), load_mechanism("k-sb4o5cl2")
    for part in ("Sn", "K4Sn9", "KSn"):
        assert tin.interface(f"KxSb-{part}", f"K3Sb-{part}").energy_J_per_m2.value == wanted
    assert salt.interface("KxSb-K2O-KCl", "K3Sb-K2O-KCl").energy_J_per_m2.value == wanted
    for mechanism in (tin, salt):
        assert mechanism.phases["K3Sb"] == antimony.phases["K3Sb-cubic"]
        assert mechanism.phases["KxSb"].galleries == antimony.phases["KxSb"].galleries


def test_xrd_differs_from_its_base_in_the_interfaces_of_the_hexagonal_phase_alone():
    variant, base = (load_mechanism(name).document for name in ("k-sb-xrd", "k-sb"))
    assert {key for key in base["interfaces"] if base["interfaces"][key] != variant["interfaces"][key]} == {
        "KxSb|K3Sb-hex",
        "Sb|K3Sb-hex",
        "K3Sb-cubic|K3Sb-hex",
    }
    same = set(base) - {"name", "title", "description", "cites", "interfaces"}
    assert all(variant[key] == base[key] for key in same)


def test_antonow_sums():
    """An interface across a third phase is the sum of the two, in all ten pairs of the five phases."""
    mechanism = load_mechanism("k-sb-tem")
    names = list(mechanism.nodes)
    energy = {(p, q): mechanism.interface(p, q).energy_J_per_m2.value for p in names for q in names if p != q}
    steps = [energy[pair] for pair in itertools.pairwise(names)]
    for i, p in enumerate(names):
        for j in range(i + 1, len(names)):
            assert energy[p, names[j]] == pytest.approx(sum(steps[i:j]), abs=1e-12)


# -- thermodynamics ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "volt"),
    [("Sb", "KSb2", 0.890), ("KSb2", "KSb", 0.849), ("KSb", "K5Sb4", 0.439), ("K5Sb4", "K3Sb", 0.398)],
)
def test_potentials_of_zheng(one, other, volt):
    found = equilibrium_potential(load_mechanism("k-sb-tem"), one, other)
    assert found == pytest.approx(volt, abs=1e-3)
    # eV per atom of the OQMD, calculated independently; within 0.03 V.
    atoms = {"Sb": (0, 1, 0.0), "KSb2": (1, 2, -0.306069), "KSb": (1, 1, -0.443424)}
    atoms |= {"K5Sb4": (5, 4, -0.444245), "K3Sb": (3, 1, -0.418517)}
    (x, g), (y, h) = (
        (k / sb, energy * (k + sb) / sb) for k, sb, energy in (atoms[one], atoms[other])
    )  # K per Sb, eV per Sb
    assert found == pytest.approx((g - h) / (y - x), abs=0.03)


def test_potentials_of_the_mixed_crystal():
    mechanism = load_mechanism("k-bisb")
    # Bi/KBi2 measured, Sb/KSb2 calculated; K3Bi by Barin, K3Sb hexagonal of k-sb. J per mol of pnictogen pair.
    lean = -F * 0.5 * (1.07 + 0.890)
    rich = -156.1e3 - 172.2e3
    assert equilibrium_potential(mechanism, "BiSb", "KBiSb") == pytest.approx(0.98, abs=1e-3)
    found = equilibrium_potential(mechanism, "KBiSb", "K6BiSb")
    assert found == pytest.approx(-(rich - lean) / (5.0 * F), abs=1e-3)
    # Mixing moves no potential: Bi and Sb are as random in all three.
    assert equilibrium_potential(mechanism, "BiSb", "K6BiSb") == pytest.approx(-rich / (6.0 * F), abs=1e-3)


def test_potentials_of_tin():
    mechanism = load_mechanism("k-snsb")
    for beside in ("KxSb", "K3Sb"):
        states = [f"{beside}-{tin}" for tin in ("Sn", "K4Sn9", "KSn")]
        assert equilibrium_potential(mechanism, states[0], states[2]) == pytest.approx(57.3e3 / F, abs=1e-3)
        assert equilibrium_potential(mechanism, states[0], states[1]) == pytest.approx(0.677, abs=1e-3)
        assert equilibrium_potential(mechanism, states[1], states[2]) == pytest.approx(0.527, abs=1e-3)
    # SnSb + 3 K -> K3Sb + Sn: -161.8 and -6.0 kJ/mol.
    found = equilibrium_potential(mechanism, "SnSb", "K3Sb-Sn")
    assert found == pytest.approx((161.8e3 - 6.0e3) / (3.0 * F), abs=1e-3)


def test_potential_of_conversion():
    mechanism = load_mechanism("k-sb4o5cl2")
    # CRC: KCl -436.5 kJ/mol with S = 82.6, K 64.7, Cl2 223.1 J/mol K. Barin: G of K2O -322.8 kJ/mol.
    chloride = -436.5e3 - ROOM * (82.6 - 64.7 - 0.5 * 223.1)
    oxide = -322.8e3
    # Sb2O3 -708.5, SbCl3 -382.2, SbOCl -374.1 kJ/mol; each Cl gains what it gains in SbOCl.
    sum_of_salts = (5.0 * -708.5e3 + 2.0 * -382.2e3) / 3.0
    gain = -374.1e3 - (-708.5e3 - 382.2e3) / 3.0
    entropy = (5.0 * 123.0 + 2.0 * 184.1) / 3.0 - (4.0 * 45.7 + 2.5 * 205.2 + 223.1)
    host = sum_of_salts + 2.0 * gain - ROOM * entropy
    wanted = (host - 5.0 * oxide - 2.0 * chloride) / (12.0 * F)
    found = equilibrium_potential(mechanism, "Sb4O5Cl2", "Sb-K2O-KCl")
    assert found == pytest.approx(wanted, abs=1e-3)
    # Conversion and alloying together: 6 K.
    whole = equilibrium_potential(mechanism, "Sb4O5Cl2", "K3Sb-K2O-KCl")
    assert whole == pytest.approx(0.5 * (found + 161.8e3 / (3.0 * F)), abs=1e-3)


@pytest.mark.parametrize(
    ("name", "node", "host"), [("k-snsb", "KxSb-Sn", 6.0e3), ("k-sb4o5cl2", "KxSb-K2O-KCl", 0.0)]
)
def test_amorphous_antimony_beside_others_keeps_its_potential(name, node, host):
    """The root of the MSMR grand potential, solved here; SnSb costs 6 kJ/mol more to take apart."""

    def omega(potential):
        energy = 18.2e3
        for sites, centre, width in ((1.0, 1.02, 2.0), (0.5, 0.55, 3.0)):
            scale = width * R * ROOM
            energy -= sites * scale * np.logaddexp(0.0, -F * (potential - centre) / scale)
        return energy + host

    start = "SnSb" if name == "k-snsb" else "Sb-K2O-KCl"
    found = equilibrium_potential(load_mechanism(name), start, node)
    assert found == pytest.approx(brentq(omega, 0.0, 1.2), abs=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_nodes_hold_what_their_equations_say(name):
    mechanism = load_mechanism(name)
    alkali, mass = FULL[name]
    assert mechanism.content_range == (0.0, pytest.approx(alkali, abs=1e-9))
    wanted = alkali * F / mass / 3.6
    assert mechanism.theoretical_capacity_mAh_per_g == pytest.approx(wanted, rel=1e-5)
    network = build_network(mechanism, mechanism.default_graph, ROOM)
    assert min(network.molar_volume) == pytest.approx(
        network.molar_volume[list(mechanism.nodes).index(mechanism.initial_phase)]
    )


# -- cycling -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "graph"), GRAPHS)
def test_full_insertion_delivers_the_stoichiometric_capacity(simulated, name, graph):
    alkali, mass = FULL[name]
    default = graph == load_mechanism(name).default_graph
    solution = (
        cycled(simulated, name, cycles=3) if default else cycled(simulated, name, graph=graph, cycles=1)
    )
    delivered = solution.steps[0].charge_mAh_per_g
    assert delivered == pytest.approx(alkali * F / mass / 3.6, rel=0.01)


@pytest.mark.parametrize("name", NAMES)
def test_three_cycles_keep_what_must_be_kept(simulated, name):
    solution = cycled(simulated, name, cycles=3)
    assert [step.outcome.name for step in solution.steps] == ["VOLTAGE"] * 6
    # Antimony.
    assert np.abs(solution.fractions.sum(axis=0) - 1.0).max() < 1e-10
    assert solution.fractions.min() > -1e-8
    assert np.isfinite(solution.potential_V).all()
    # Charge: that of the fractions, of the galleries and of the double layer, from the file's numbers.
    mechanism = load_mechanism(name)
    mass, capacitance = mechanism.host_molar_mass_g_per_mol, mechanism.electrode.double_layer_F_per_g.value
    held = F / mass * solution.composition - capacitance * solution.potential_V
    passed = 3.6 * solution.charge_mAh_per_g
    assert np.abs(held - held[0] - passed).max() < 1e-6 * F / mass
    # Second law.
    assert (solution.rates_per_s * solution.affinities_J_per_mol).min() >= 0.0
    assert solution.heat_W_per_g.min() >= 0.0
    # First law, over each cycle: the area of the loop is heat and what the electrode stores.
    heat = solution.irreversible_heat_J_per_g
    ends = [0, *(solution.steps[number].last - 1 for number in (1, 3, 5))]
    for start, end in itertools.pairwise(ends):
        loop = solution.energy_J_per_g[start] - solution.energy_J_per_g[end]
        stored = solution.stored_J_per_g[end] - solution.stored_J_per_g[start]
        assert loop == pytest.approx(heat[end] - heat[start] + stored, rel=1e-4)
    # The third cycle is the second one again.
    assert solution.steps[4].charge_mAh_per_g == pytest.approx(solution.steps[2].charge_mAh_per_g, rel=1e-5)


@pytest.mark.parametrize(
    ("name", "elements"),
    [
        ("k-bisb", {"Bi": 1.0, "Sb": 1.0}),
        ("k-snsb", {"Sn": 1.0, "Sb": 1.0}),
        ("k-sb4o5cl2", {"Sb": 1.0, "O": 1.25, "Cl": 0.5}),
        ("k-sb-tem", {"Sb": 1.0}),
        ("k-sb-xrd", {"Sb": 1.0}),
    ],
)
def test_no_element_of_the_host_is_made_or_lost(simulated, name, elements):
    solution = cycled(simulated, name, cycles=3)
    formulas = {p: parse_formula(phase.formula) for p, phase in load_mechanism(name).phases.items()}
    amounts = phase_amounts(solution)
    for element, amount in elements.items():
        held = sum(formulas[phase].get(element, (0.0, 0.0))[0] * n for phase, n in amounts.items())
        assert np.abs(held - amount).max() < 1e-9, element


# -- steps where cells show them (literature.md, section 3.3; all +-0.1 V) ---------------------------


def test_the_microscopes_five_phases_come_in_order_both_ways(simulated):
    solution = cycled(simulated, "k-sb-tem", cycles=3)
    order = ["Sb", "KSb2", "KSb", "K5Sb4", "K3Sb"]
    assert list(solution.phases) == order
    for number, wanted in enumerate([order, order[::-1]] * 3, 1):
        these = rows(solution, number)
        shares = largest(solution, number)
        assert min(shares[name] for name in order) > 0.9  # none is skipped
        peaks = [int(solution.fraction(name)[these].argmax()) for name in wanted]
        assert peaks == sorted(peaks)
        assert len(set(peaks)) == 5
    for number in (1, 3, 5):
        assert 0.6 < potential_at(solution, number, 0.08) < 0.8
        assert 0.6 < potential_at(solution, number, 0.25) < 0.8
        assert 0.2 < potential_at(solution, number, 0.7) < 0.4
    for number in (2, 4, 6):
        assert 0.4 < potential_at(solution, number, 0.3) < 0.65
        assert 0.9 < potential_at(solution, number, 0.75) < 1.2
        assert 0.9 < potential_at(solution, number, 0.92) < 1.2


def test_on_the_reported_graph_the_microscopes_order_is_the_only_one(simulated):
    solution = cycled(simulated, "k-sb-tem", graph="reported", cycles=1)
    assert len(solution.edges) == 8
    assert min(largest(solution, 1).values()) > 0.9
    assert min(largest(solution, 2).values()) > 0.9


def test_both_polymorphs_form_and_leave(simulated):
    solution = cycled(simulated, "k-sb-xrd", cycles=3)
    for number in (1, 3, 5):
        end = rows(solution, number).stop - 1
        shares = [float(solution.fraction(f"K3Sb-{which}")[end]) for which in ("cubic", "hex")]
        assert min(shares) > 0.3
        assert sum(shares) == pytest.approx(1.0, abs=0.01)
    for number in (2, 4, 6):
        end = rows(solution, number).stop - 1
        assert max(float(solution.fraction(f"K3Sb-{which}")[end]) for which in ("cubic", "hex")) < 1e-3
        assert 0.4 < potential_at(solution, number, 0.15) < 0.65
        assert 1.0 < potential_at(solution, number, 0.85) < 1.2
    # One of the two gives way after the other.
    at_start = along(solution, 2, solution.fraction("K3Sb-cubic"), 0.28)
    assert at_start < 0.1
    assert along(solution, 2, solution.fraction("K3Sb-hex"), 0.28) > 0.3


def test_the_other_reading_of_diffraction_has_the_cubic_one_alone(simulated):
    solution = simulated("k-sb", None)
    assert largest(solution, 1)["K3Sb-hex"] < 0.01


def test_the_mixed_crystal_steps_between_bismuth_and_antimony(simulated):
    solution = cycled(simulated, "k-bisb", cycles=3)
    for number in (1, 3, 5):
        assert 0.6 < potential_at(solution, number, 0.08) < 0.93
        assert 0.2 < potential_at(solution, number, 0.6) < 0.4
        assert largest(solution, number)["KBiSb"] > 0.99
    for number in (2, 4, 6):
        assert 0.5 < potential_at(solution, number, 0.4) < 0.68
        assert 1.0 < potential_at(solution, number, 0.93) < 1.2
        assert largest(solution, number)["KBiSb"] > 0.99
    # Two steps, both ways: on the candidate graph nothing goes the direct way.
    direct = [edge_names(solution.edges).index(e) for e in ("BiSb -> K6BiSb", "K6BiSb -> BiSb")]
    assert solution.converted[direct, -1].max() < 0.01  # of three cycles


def test_tin_antimonide_takes_antimony_and_tin_and_comes_back_in_part(simulated):
    solution = cycled(simulated, "k-snsb", cycles=3)
    amounts = phase_amounts(solution)
    full = solution.steps[0].last - 1
    assert amounts["K3Sb"][full] == pytest.approx(1.0, abs=0.01)
    assert amounts["KSn"][full] == pytest.approx(1.0, abs=0.01)
    # First insertion flat and low like that of Sb powder, then tin, then K3Sb: all below 0.4 V.
    curve = [potential_at(solution, 1, share) for share in (0.05, 0.2, 0.5, 0.8)]
    assert curve == sorted(curve, reverse=True)
    assert 0.1 < curve[-1] < curve[0] < 0.4
    # Out: K3Sb at 0.4-0.65, tin at 0.6-0.9, amorphous antimony up to 1.2 V.
    assert 0.4 < potential_at(solution, 2, 0.25) < 0.65
    assert 0.6 < potential_at(solution, 2, 0.55) < 0.9
    assert 0.6 < potential_at(solution, 2, 0.68) < 0.9
    assert 0.9 < potential_at(solution, 2, 0.9) < 1.2
    empty = solution.steps[1].last - 1
    assert amounts["Sn"][empty] + amounts["SnSb"][empty] == pytest.approx(1.0, abs=0.01)
    assert 0.05 < amounts["SnSb"][empty] < 0.8


def test_oxide_and_chloride_are_not_taken_back(simulated):
    solution = cycled(simulated, "k-sb4o5cl2", cycles=3)
    amounts = phase_amounts(solution)
    first = solution.steps[0].last - 1
    assert amounts["Sb4O5Cl2"][0] == 0.25
    assert amounts["Sb4O5Cl2"][first:].max() < 1e-6
    # 3 K of conversion near half a volt, then antimony as in k-sb.
    assert 0.4 < potential_at(solution, 1, 0.25) < 0.7
    # Charge gives the potassium of antimony alone: 504 mAh/g, and 530 were measured.
    assert -solution.steps[1].charge_mAh_per_g == pytest.approx(0.5 * 1008.3, rel=0.01)
    assert solution.steps[1].charge_mAh_per_g == pytest.approx(-530.0, rel=0.06)
    assert solution.steps[2].charge_mAh_per_g == pytest.approx(504.0, rel=0.01)


def test_with_a_way_back_they_would_be(simulated):
    solution = cycled(simulated, "k-sb4o5cl2", graph="candidate", cycles=1)
    assert phase_amounts(solution)["Sb4O5Cl2"][-1] == pytest.approx(0.25, abs=1e-3)
    assert -solution.steps[1].charge_mAh_per_g == pytest.approx(1008.3, rel=0.01)
