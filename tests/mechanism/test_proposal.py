"""Mechanisms proposed from energies of phases: what is kept, what is open, what is assumed, and wrong tables."""

from __future__ import annotations

import json
import tomllib
from itertools import pairwise, permutations
from math import log

import numpy as np
import pytest

import sbpath
from sbpath.physical import FARADAY_C_PER_MOL as F

HEAD = "phase,formula,energy_J_per_mol,molar_volume_cm3_per_mol"
# Potassium: the potentials are 0.890, 0.870, 0.439 and 0.398 V; cubic K3Sb is 10.4 kJ/mol above hexagonal.
POTASSIUM = f"""{HEAD}
Sb,Sb,0,18.19
KSb2,KSb2,{-0.5 * F * 0.890:.1f},31
KSb,KSb,{-F * (0.445 + 0.5 * 0.870):.1f},45.7
K5Sb4,K5Sb4,{-F * (0.880 + 0.25 * 0.439):.1f},57
K3Sb-hex,K3Sb,{-F * (0.880 + 0.25 * 0.439 + 1.75 * 0.398):.1f},101.2
K3Sb-cubic,K3Sb,{-F * (0.880 + 0.25 * 0.439 + 1.75 * 0.398) + 10400:.1f},92
"""
SILICON = """phase;formula;energy / kJ/mol;volume (cm3/mol)
Si;Si;0;12,06
LiSi;LiSi;-31,0;20,8
Li7Si3;Li7Si3;-65;34
Li15Si4;Li15Si4;-82,0;45,9
"""


@pytest.fixture
def table(tmp_path):
    """Writes a table of phases, and returns its path."""

    def write(text, name="phases.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_potassium_has_its_ladder_and_every_downhill_transformation(table):
    proposal = sbpath.propose(table(POTASSIUM), "K")
    assert [step.voltage_V for step in proposal.plateaus] == pytest.approx(
        [0.890, 0.870, 0.439, 0.398], abs=1e-5
    )
    assert [step.x_full for step in proposal.plateaus] == [0.5, 1.0, 1.25, 3.0]
    assert proposal.above_hull_kJ_per_mol["K3Sb-cubic"] == pytest.approx(10.4)
    assert proposal.left_out == ()
    mechanism = proposal.mechanism
    # All but one of 30: hexagonal K3Sb never turns into cubic.
    pairs = {edge.ends for edge in mechanism.all_edges}
    assert set(permutations(mechanism.nodes, 2)) - pairs == {("K3Sb-hex", "K3Sb-cubic")}
    for step in proposal.plateaus:
        found = sbpath.equilibrium_potential(mechanism, step.empty, step.full)
        assert found == pytest.approx(step.voltage_V, abs=1e-9)
    assert sbpath.sanity_warnings(mechanism) == []


@pytest.mark.parametrize(("lower", "upper"), [(0.05, 1.5), (0.42, 1.0), (0.5, 2.0)])
def test_the_edges_are_those_with_an_affinity_anywhere_in_the_window(table, lower, upper):
    mechanism = sbpath.propose(table(POTASSIUM), "K", lower_V=lower, upper_V=upper).mechanism
    potentials = np.linspace(lower, upper, 201)
    energy = {name: phase.enthalpy_J_per_mol.value for name, phase in mechanism.phases.items()}
    omega = {name: energy[name] + F * potentials * mechanism.full_content(name) for name in mechanism.nodes}
    downhill = {(p, q) for p, q in permutations(omega, 2) if (omega[p] - omega[q]).max() > 1e-3}
    assert {edge.ends for edge in mechanism.all_edges} == downhill


def test_what_is_far_above_the_hull_or_never_forms_is_left_out_and_why(table):
    more = "K5Sb,K5Sb,-120000,\nKSb-low,K0.5Sb,500,20\n"
    proposal = sbpath.propose(table(POTASSIUM + more), "K", above_hull_kJ_per_mol=5.0)
    assert dict(proposal.left_out) == {
        "K3Sb-cubic": "10.4 kJ per mol Sb above the hull, more than 5",
        "K5Sb": "42.7 kJ per mol Sb above the hull, more than 5",
        "KSb-low": "43.4 kJ per mol Sb above the hull, more than 5",
    }
    assert "K5Sb, 42.7 kJ per mol Sb above the hull" in proposal.mechanism.description.replace("\n", " ")
    wide = sbpath.propose(
        table(POTASSIUM + more.replace(",-120000,", ",-120000,150")),
        "K",
        above_hull_kJ_per_mol=50,
        lower_V=0.4,
    )
    never = "does not form above 0.4 V (in equilibrium with Sb at 0.249 V)"
    assert dict(wide.left_out) == {"K5Sb": never}


def test_a_phase_below_the_window_does_not_form(table):
    text = POTASSIUM + f"K4Sb,K4Sb,{-F * (0.880 + 0.25 * 0.439 + 1.75 * 0.398 + 0.01):.1f},130\n"
    proposal = sbpath.propose(table(text), "K", lower_V=0.56)
    assert "K4Sb" not in proposal.mechanism.phases
    (why,) = [why for name, why in proposal.left_out if name == "K4Sb"]
    assert why == "does not form above 0.56 V (in equilibrium with Sb at 0.424 V)"


def test_interfaces_follow_the_line_through_those_of_lithium(table):
    mechanism = sbpath.propose(table(POTASSIUM), "K").mechanism
    lithium = sbpath.load_mechanism("li-sb")
    avogadro = 6.02214076e23

    def area(one, other):
        return (avogadro * one * other * 1e-12) ** (1.0 / 3.0)

    rows = []
    for key, interface in lithium.interfaces.items():
        volumes = [lithium.phases[name].molar_volume_cm3_per_mol.value for name in key.split("|")]
        rows.append((abs(log(volumes[0] / volumes[1])), interface.energy_J_per_m2.value * area(*volumes)))
    slope, start = np.polyfit(*np.array(rows).T, 1)
    for key, interface in mechanism.interfaces.items():
        volumes = [mechanism.phases[name].molar_volume_cm3_per_mol.value for name in key.split("|")]
        wanted = (start + slope * abs(log(volumes[0] / volumes[1]))) / area(*volumes)
        assert interface.energy_J_per_m2.value == pytest.approx(wanted, rel=1e-3)
        assert interface.energy_J_per_m2.status == "assumed"
        assert "the line through the interfaces of li-sb" in interface.energy_J_per_m2.note


def test_sums_run_over_the_most_stable_phase_of_each_composition_between(table):
    volume, sums = (
        {key: interface.energy_J_per_m2 for key, interface in mechanism.interfaces.items()}
        for mechanism in (
            sbpath.propose(table(POTASSIUM), "K", interfaces=rule).mechanism for rule in ("volume", "Antonow")
        )
    )
    stops = ["Sb", "KSb2", "KSb", "K5Sb4", "K3Sb-cubic"]
    total = sum(volume[f"{one}|{other}"].value for one, other in pairwise(stops))
    assert sums["Sb|K3Sb-cubic"].value == pytest.approx(total, rel=1e-3)
    assert sums["Sb|K3Sb-cubic"].note.startswith("sum over KSb2, KSb, K5Sb4 (Antonow's rule), each by volume")
    assert sums["K3Sb-hex|K3Sb-cubic"].value == volume["K3Sb-hex|K3Sb-cubic"].value


def test_each_metastable_phase_is_left_out_once(table, tmp_path):
    proposal = sbpath.propose(table(POTASSIUM + "KSb-b,KSb,-80000,44\n"), "K", reduce=True)
    assert set(proposal.without) == {"K3Sb-cubic", "KSb-b"}
    for name, less in proposal.without.items():
        assert set(proposal.mechanism.phases) - set(less.mechanism.phases) == {name}
        assert less.plateaus == proposal.plateaus
    written = proposal.write(tmp_path / "k.toml")
    assert [path.name for path in written] == ["k.toml", "k-without-K3Sb-cubic.toml", "k-without-KSb-b.toml"]
    for path, made in zip(written, [proposal, *proposal.without.values()], strict=True):
        read = sbpath.load_mechanism(path)
        assert tuple(read.all_edges) == tuple(made.mechanism.all_edges)
        assert {**read.document, "name": ""} == {**made.mechanism.document, "name": ""}
        assert tomllib.loads(made.text)["kinetics"] == {"extends": "k-sb"}


def test_nothing_is_written_if_one_file_cannot_be(table, tmp_path):
    proposal = sbpath.propose(table(POTASSIUM), "K", reduce=True)
    (tmp_path / "k-without-K3Sb-cubic.toml").mkdir()
    with pytest.raises(sbpath.InputError, match=r"k-without-K3Sb-cubic\.toml: is a folder"):
        proposal.write(tmp_path / "k.toml")
    assert not (tmp_path / "k.toml").exists()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_another_host_units_in_headings_and_decimal_commas(table, encoding):
    proposal = sbpath.propose(table(SILICON.encode(encoding)), "Li")
    mechanism = proposal.mechanism
    assert mechanism.host == "Si"
    assert mechanism.theoretical_capacity_mAh_per_g == pytest.approx(3.75 * F / 3.6 / 28.085)
    expected = [31e3, (65e3 - 31e3) * 3 / 4, (82e3 - 65e3) / (3.75 - 7 / 3)]
    assert [F * step.voltage_V for step in proposal.plateaus] == pytest.approx(expected)
    solution = sbpath.simulate(
        mechanism, ["Discharge at C/20 until 0.05 V", "Charge at C/20 until 1.5 V"], progress=False
    )
    assert 0.5 < solution.composition.max() <= 3.75
    assert solution.composition[-1] < 0.01
    # Every number of the table is there, per mole of silicon.
    assert mechanism.phases["Li15Si4"].enthalpy_J_per_mol.value == -82000.0
    assert mechanism.phases["Li15Si4"].molar_volume_cm3_per_mol.value == 45.9


def entry(composition, energy, volume=None, **more):
    structure = {} if volume is None else {"structure": {"lattice": {"volume": volume}}}
    return {
        "@class": "ComputedEntry",
        "composition": composition,
        "energy": energy,
        "correction": 0.0,
        **structure,
        **more,
    }


# One cell of each: total energies (eV) whose energies of formation are -0.9 and -1.7 eV per Sb.
ENTRIES = [
    entry({"K": 2.0}, -2.4, 147.0),
    entry({"Sb": 6.0}, -25.8, 181.0),
    entry({"Sb": 6.0}, -25.0, 190.0, entry_id="mp-9"),
    entry({"K": 8.0, "Sb": 8.0}, 8 * (-1.2 - 4.3 - 0.9), 607.0),
    entry({"K": 6.0, "Sb": 2.0}, 2 * (-3.6 - 4.3 - 1.7) - 0.5, 352.0, correction=0.5),
]


def test_entries_of_pymatgen_give_energies_of_formation_and_volumes(table):
    proposal = sbpath.propose(table(json.dumps(ENTRIES), "entries.json"), "K")
    phases = proposal.mechanism.phases
    assert set(phases) == {"Sb", "Sb-2", "KSb", "K3Sb"}
    for name, electronvolts, volume in (
        ("Sb", 0.0, 181 / 6),
        ("Sb-2", 0.8 / 6, 190 / 6),
        ("KSb", -0.9, 607 / 8),
        ("K3Sb", -1.7, 176.0),
    ):
        assert phases[name].enthalpy_J_per_mol.value == pytest.approx(electronvolts * F, abs=1e-6)
        assert phases[name].molar_volume_cm3_per_mol.value == pytest.approx(volume * 0.602214076)
    assert [step.voltage_V for step in proposal.plateaus] == pytest.approx([0.9, 0.4])
    assert "entry 3 (mp-9) of entries.json" in phases["Sb-2"].enthalpy_J_per_mol.note


def test_entries_that_pymatgen_writes_are_read(tmp_path):
    entries = pytest.importorskip("pymatgen.entries.computed_entries")
    from monty.serialization import dumpfn
    from pymatgen.core import Lattice, Structure

    cell = Structure(
        Lattice.cubic(8.5), ["K", "K", "K", "Sb"], [[0, 0, 0], [0.5, 0, 0], [0, 0.5, 0], [0, 0, 0.5]]
    )
    dumpfn(
        [
            entries.ComputedEntry("K", -1.2),
            entries.ComputedStructureEntry(Structure(Lattice.cubic(3.0), ["Sb"], [[0, 0, 0]]), -4.3),
            entries.ComputedStructureEntry(cell, -9.8, correction=0.2, entry_id="mp-1"),
        ],
        tmp_path / "entries.json",
    )
    proposal = sbpath.propose(tmp_path / "entries.json", "K")
    assert [step.voltage_V for step in proposal.plateaus] == pytest.approx([1.7 / 3.0])


KSB = "KSb,KSb,-85000,45.7\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "is empty; the headings are " + HEAD),
        ("\0\1\2\3", "is not a file of text; export the table as CSV with the headings " + HEAD),
        ("phase,formula,volume\nSb,Sb,18\n", "row 1: there is no column 'energy_J_per_mol'; the headings are " + HEAD),
        ("phase,formula,energy_eV_per_atom\nSb,Sb,0\n", "row 1: 'energy_eV_per_atom': '1 eV/atom' has the unit 'eV/atom', which does not fit; use J/mol, kJ/mol, J, kJ, eV, meV, or none"),
        (f"{HEAD},energy_kJ_per_mol\n", "row 1: 'energy_kJ_per_mol' is a second column of energy_J_per_mol; leave one"),
        (f"{HEAD}\nSb,Sb,0,18.19\nKSb,KSb,-85,3,45.7\n", "row 3: has 5 cells for 4 columns; with a decimal comma, separate columns by semicolons"),
        (f"{HEAD}\nSb,Sb,0,18.19\nKSb,KSb,minus,45.7\n", "row 3, column 'energy_J_per_mol': 'minus' is not a number; write one in J/mol, or with a unit, such as 50kJ/mol"),
        (f"{HEAD}\nSb,Sb,0,18.19\nKSb,KSb,,45.7\n", "row 3, column 'energy_J_per_mol': is empty; give the number"),
        (f"{HEAD}\nSb,Sb,0,18.19\nKSb,KSb,-1e999,45.7\n", "row 3, column 'energy_J_per_mol': must be from -1e+08 to 1e+08 J/mol, not -inf; check its unit and digits"),
        (f"{HEAD}\nSb,Sb,0,18.19\nKSb,KSb,nan,45.7\n", "row 3, column 'energy_J_per_mol': 'nan' is not a number; write one in J/mol, or with a unit, such as 50kJ/mol"),
        (f"{HEAD}\nSb,Sb,0,18.19\nKSb,KSb,-85000,-4\n", "row 3, column 'molar_volume_cm3_per_mol': must be from 0 to 1e+06 cm3/mol, not -4; check its unit and digits"),
        (f"{HEAD}\nSb,Sb,0,18.19\nKSb,KSb,-85000,0\n", "row 3, column 'molar_volume_cm3_per_mol': must be above zero, not 0"),
        (f"{HEAD}\nSb,Sb,0,18.19\nKSb,KxSb,-85000,45.7\n", "row 3, column 'formula': 'KxSb' has a variable amount; write a fixed one, and add galleries to the file later"),
        (f"{HEAD}\nSb,Sb,0,18.19\nKSb,Ksb,-85000,45.7\n", "row 3, column 'formula': 'Ksb' is not a formula: no element symbol at 'sb'; write e.g. Li3Sb"),
        (f"{HEAD}\nSb,Sb,0,18.19\nKSb,K99999Sb,-85000,45.7\n", "row 3, column 'formula': 99999 K per Sb is beyond any compound (0.001 to 50)"),
        (f"{HEAD}\nSb,Sb,0,18.19\nK3Sb,KSb,-85000,45.7\nK3Sb,K3Sb,-1,45.7\n", "row 4, column 'phase': 'K3Sb' is already in row 3; give each phase its own name, e.g. K3Sb-hex"),
        (f"{HEAD}\nSb,Sb,0,18.19\nK3Sb cubic,K3Sb,-1,45.7\n", "row 3, column 'phase': 'K3Sb cubic' cannot be a name; begin with a letter, then letters, digits, - _ ( ) ', e.g. K3Sb-cubic"),
        (f"{HEAD}\nSb,Sb,0,18.19\nKSbO,KSbO,-85000,45.7\n", "row 3: holds O, and another phase Sb: phases are of K and one host element; a file with [assemblages] can have more"),
        (f"{HEAD}\nSb,Sb,0,18.19\nNaSb,NaSb,-65000,35.7\n", "row 3: holds Na, and another phase Sb: phases are of K and one host element; is Na meant as the ion?"),
        (f"{HEAD}\n{KSB}", "Sb itself is missing, the electrode as built; add a row Sb,Sb,0, with its molar volume"),
        (f"{HEAD}\nK,K,0,45\n", "has no phase of K with a host element; add rows such as Sb and K3Sb"),
        (f"{HEAD}\nSb,Sb,-417000,18.19\n{KSB}", "row 2, column 'energy_J_per_mol': -417000 of Sb itself, but energies of formation are relative to the most stable host, which has 0; subtract the elements from all rows"),
        (f"{HEAD}\nK,K,-120000,45\nSb,Sb,0,18.19\n{KSB}", "row 2, column 'energy_J_per_mol': -120000 of K itself, but energies of formation are relative to it, so that it has 0; subtract the elements from all rows"),
        (f"{HEAD}\nSb,Sb,0,18.19\nKSb,KSb,-85.3,45.7\n", "no phase but Sb forms between 0.02 and 1.5 V; energies of formation are negative, in J (not kJ) per mole of Sb, e.g. -85300; check them, --above-hull and --lower"),
        (f"{HEAD}\nSb,Sb,0,\n{KSB}K3Sb,K3Sb,-162000,\n", "column 'molar_volume_cm3_per_mol': missing for Sb (row 2), K3Sb (row 4); give the cell volume in cubic angstrom x 0.6022 / atoms of Sb in the cell"),
        (f"{HEAD}\nSb,Sb,0,18.19\nKSb,KSb,-185000,45.7\n", "row 3: KSb is still stable at the upper cut-off of 1.5 V (in equilibrium with Sb at 1.92 V); give a higher one (--upper)"),
    ],
)  # fmt: skip
def test_a_wrong_table_is_told_in_one_line(table, text, line):
    path = table(text)
    with pytest.raises(sbpath.InputError) as told:
        sbpath.propose(path, "K")
    assert told.value.problems[0].removeprefix(f"{path}: ") == line


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ("{", "is not JSON; write it with pymatgen: dumpfn(entries, 'entries.json')"),
        ("[" * 100_000, "is not JSON; write it with pymatgen: dumpfn(entries, 'entries.json')"),
        ({}, "is not a list of 1 to 2000 entries; write dumpfn(entries, 'entries.json')"),
        ([3], "entry 1: composition: is missing; an entry has composition and energy"),
        ([entry({"K": 1.0}, "low")], "entry 1: energy: must be a number, not low"),
        ([entry({"K": -1.0}, -1.0)], "entry 1: composition: amounts must be above zero, not -1"),
        ([entry({"Xy": 1.0}, -1.0)], "entry 1: composition: 'Xy' is not a formula: no element symbol at 'Xy'; write e.g. Li3Sb"),
        (ENTRIES[1:], "has no entry of K itself, to which energies are relative; add one"),
        ([ENTRIES[0], *ENTRIES[3:]], "has no entry of Sb itself, to which energies are relative; add one"),
        ([*ENTRIES, entry({"K": 900.0, "Sb": 1.0}, -1.0)], "entry 6: 900 K per Sb is beyond any compound (0.001 to 50)"),
        ([ENTRIES[0], entry({"Sb": 6.0}, -25.8), *ENTRIES[3:]], "column 'molar_volume_cm3_per_mol': missing for Sb (entry 2); give the cell volume in cubic angstrom x 0.6022 / atoms of Sb in the cell"),
    ],
)  # fmt: skip
def test_wrong_entries_are_told_in_one_line(table, given, line):
    path = table(given if isinstance(given, str) else json.dumps(given), "entries.json")
    with pytest.raises(sbpath.InputError) as told:
        sbpath.propose(path, "K")
    assert told.value.problems[0].removeprefix(f"{path}: ") == line


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ({"ion": "Mg"}, "ion: there is no 'Mg'; choose Li, Na or K"),
        ({"interfaces": "sum"}, "interfaces: there is no rule 'sum'; choose volume or antonow"),
        ({"above_hull_kJ_per_mol": -1}, "above_hull_kJ_per_mol: must be a number, 0 or more, not -1"),
        ({"lower_V": 2.0}, "lower_V: 2 V is not below the upper cut-off of 1.5 V; swap or correct them"),
        ({"phases": 3}, "phases: must be text in quotes or a path, not 3"),
    ],
)
def test_wrong_arguments_are_told(table, arguments, line):
    with pytest.raises(sbpath.InputError) as told:
        sbpath.propose(**{"phases": table(POTASSIUM), "ion": "K", **arguments})
    assert told.value.problems == (line,)


def test_more_phases_than_a_mechanism_holds_are_told(table):
    rows = "".join(f"P{i},K{i}Sb,{-9e4 * (1 - 0.8**i):.0f},{20 + i}\n" for i in range(1, 27))
    with pytest.raises(
        sbpath.InputError,
        match=r"27 phases with \d{3} transformations are kept, .* at most 100 and 500; lower --above-hull from 15",
    ):
        sbpath.propose(table(f"{HEAD}\nSb,Sb,0,18.19\n{rows}"), "K", lower_V=0.0)
    with pytest.raises(sbpath.InputError, match="has 2500 rows; at most 2000 phases are read"):
        sbpath.propose(table(HEAD + "\n" + "Sb,Sb,0,1\n" * 2500), "K")
