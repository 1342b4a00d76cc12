"""`sbpath check` on enthalpies with a slip in them: a line each, and none on what is shipped."""

from __future__ import annotations

import pytest

from sbpath import load_mechanism, shipped_names
from sbpath.cli import main
from sbpath.mechanism.reader import mechanism_from_document
from sbpath.model.plausibility import doubts

F = 96485.33212331001
SELENIDE = "li-sb2se3-libh4"


@pytest.mark.parametrize("name", shipped_names())
def test_no_doubts_about_what_is_shipped(name):
    assert doubts(load_mechanism(name)) == []


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        # A sign: conversion above the cut-off. Kilojoules: next to nothing. A factor of ten: below 0 V.
        ("Sb2Se3", 127780.0, ["upper_cutoff_V = 2.2", "phases.Sb2Se3.enthalpy_J_per_mol = 127780"]),
        ("Sb2Se3", -127.78, ["phases.Sb2Se3.enthalpy_J_per_mol: -127.78 J/mol", "kJ, write -127780"]),
        ("Li2Se", -41942.0, ["lower_cutoff_V = 0.2", "phases.Li2Se.enthalpy_J_per_mol = -41942"]),
        ("Li2Se", -419.42, ["write -419420"]),
        ("Li3Sb", 246745.62, ["no equilibrium", "phases.Li3Sb.enthalpy_J_per_mol = 246746"]),
    ],
)
def test_a_slip_in_an_enthalpy_is_told(key, value, words):
    mechanism = load_mechanism(SELENIDE, {f"phases.{key}.enthalpy_J_per_mol": value})
    told = doubts(mechanism)
    assert any(all(word in line for word in words) for line in told), told


def test_the_potential_told_is_that_of_the_energies():
    mechanism = load_mechanism(SELENIDE, {"phases.Sb2Se3.enthalpy_J_per_mol": 127780.0})
    gibbs = {"Sb2Se3": 127780.0 + 393.15 * 6.28, "Li2Se": -419420.0 + 393.15 * 30.04}
    wanted = -(3.0 * gibbs["Li2Se"] - gibbs["Sb2Se3"]) / (6.0 * F)
    (line,) = [line for line in doubts(mechanism) if "'Sb2Se3 + 3 Li+ + 3 e- -> Sb-Li2Se'" in line]
    assert f"in equilibrium at {wanted:.3g} V" in line
    assert "transformations[1].equation" in line


def test_zero_is_no_slip_and_an_amorphous_element_may_lie_low():
    assert load_mechanism("na-bisb").phases["BiSb"].enthalpy_J_per_mol.value == 0.0
    assert doubts(load_mechanism("na-sb", {"phases.NaxSb.enthalpy_J_per_mol": 500.0})) == []


def test_a_cutoff_above_a_step_is_told():
    # E(NaSb/Na3Sb) = 0.556 V, E(Sb/Na3Sb) = (0.673 + 2 x 0.556) / 3 = 0.595 V; E(Sb/NaSb) = 0.673 V is well.
    document = load_mechanism("na-sb-nasb").document | {"lower_cutoff_V": 0.6}
    told = doubts(mechanism_from_document(document, "x"))
    assert len(told) == 2
    step = "'NaSb + 2 Na+ + 2 e- -> Na3Sb' is in equilibrium at 0.556 V, not above lower_cutoff_V = 0.6"
    assert step in told[0]
    assert "'Sb + 3 Na+ + 3 e- -> Na3Sb' is in equilibrium at 0.595 V" in told[1]


def test_check_prints_a_warning_and_still_says_good(capsys, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(
        f'extends = "{SELENIDE}"\n[phases.Sb2Se3]\n'
        'enthalpy_J_per_mol = { value = -127.78, status = "computed", source = "barin1995" }\n'
    )
    assert main(["check", str(file), "li-sb"]) == 0
    captured = capsys.readouterr()
    assert f"{file}: good" in captured.out
    assert captured.err.splitlines() == [
        f"warning: {file}: phases.Sb2Se3.enthalpy_J_per_mol: -127.78 J/mol is next to nothing for a compound; "
        "if it is in kJ, write -127780"
    ]
