"""`sbpath check` on enthalpies with a slip in them: a line each, and none on what is shipped."""

from __future__ import annotations

import pytest
from worn import worn

from sbpath import InputError, load_mechanism, shipped_names, with_changes
from sbpath.cli import main
from sbpath.mechanism.reader import mechanism_from_document
from sbpath.model.sanity import sanity_warnings

F = 96485.33212331001
SELENIDE = "li-sb2se3-libh4"


@pytest.mark.parametrize("name", shipped_names())
def test_shipped_mechanisms_raise_no_warnings(name):
    assert sanity_warnings(load_mechanism(name)) == []


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        # A sign: conversion above the cut-off. Kilojoules: far too small. A factor of ten: below 0 V.
        ("Sb2Se3", 127780.0, ["upper_cutoff_V = 2.2", "phases.Sb2Se3.enthalpy_J_per_mol = 127780"]),
        ("Sb2Se3", -127.78, ["phases.Sb2Se3.enthalpy_J_per_mol: -127.78 J/mol", "kJ, write -127780"]),
        ("Li2Se", -41942.0, ["lower_cutoff_V = 0.2", "phases.Li2Se.enthalpy_J_per_mol = -41942"]),
        ("Li2Se", -419.42, ["write -419420"]),
        ("Li3Sb", 246745.62, ["no equilibrium", "phases.Li3Sb.enthalpy_J_per_mol = 246746"]),
    ],
)
def test_a_slip_in_an_enthalpy_is_told(key, value, words):
    mechanism = load_mechanism(SELENIDE, {f"phases.{key}.enthalpy_J_per_mol": value})
    told = sanity_warnings(mechanism)
    assert any(all(word in line for word in words) for line in told), told


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("interfaces.Sb|KSb.energy_J_per_m2", 120.0, "is it in mJ/m2? then 0.12"),
        ("interfaces.Sb|KSb.energy_J_per_m2", 1.2e-5, "is it in J/cm2? then 0.12"),
        ("interfaces.Sb|KSb.energy_J_per_m2", 1e-9, "check its digits"),
        ("phases.K3Sb.molar_volume_cm3_per_mol", 1.02e-4, "is it in m3/mol? then 102"),
        ("phases.K3Sb.molar_volume_cm3_per_mol", 0.43, "is it in cm3/g? then 102.8"),
        ("phases.K3Sb.molar_volume_cm3_per_mol", 674.6, "divide by its formula units"),
        ("phases.KSb.molar_volume_cm3_per_mol", 15.0, "is less than the volume of its Sb alone (18.19)"),
        ("phases.K3Sb.enthalpy_J_per_mol", -0.9, "in kJ, write -900; if in eV per formula, -86836.8; if in eV per atom, -347347"),
        ("phases.K3Sb.enthalpy_J_per_mol", 162674.3, "162674 J/mol is positive, but a stable compound has a negative enthalpy"),
        ("phases.K3Sb.entropy_J_per_mol_K", 240.0, "60 per mole of atoms, is more than a solid gains (up to about 25)"),
        ("phases.Sb.entropy_J_per_mol_K", 45.5, "subtract theirs if it is the absolute entropy"),
        ("phases.K3Sb.entropy_J_per_mol_K", -5000.0, "-1250 per mole of atoms, is more than the elements can lose"),
        ("electrode.particle_radius_m", 1e-3, "(1e-09 to 0.0001); is it in mm? then 1e-06"),
        ("electrode.particle_radius_m", 2e-10, "check its power of ten"),
        ("electrode.loading_mg_per_cm2", 2e-3, "is unlikely (0.01 to 100); is it in g/cm2? then 2"),
        ("kinetics.growth_activation_energy_J_per_mol", 48.0, "is it in kJ/mol? then 4.8e+04"),
        ("kinetics.growth_activation_energy_J_per_mol", 0.5, "is it in eV? then 4.824e+04"),
        ("reference_temperature_C", 298.15, "298.15 C is hot for a cell; is it in K? then 25"),
    ],
)  # fmt: skip
def test_another_unit_is_told(key, value, words):
    told = sanity_warnings(changed(key, value))
    (line,) = [line for line in told if line.startswith(f"{key}: {value:g} ")]
    assert words in line


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("electrode.host_area_m2_per_g", -1.0, "must not be negative, but is -1; write 0 or more"),
        ("electrode.host_area_m2_per_g", 2e5, "is unlikely (0.001 to 2630); is it in cm2/g? then 20"),
        ("electrode.idle_area_m2_per_g", 1e9, "must be from 0 to 1e+06 m2/g, not 1e+09"),
        ("electrode.contact_loss", 44.0, "must be from 0 to 10, not 44; check its unit and digits"),
        ("electrode.contact_loss", 0.44, "0.44 is unlikely (1e-08 to 0.1)"),
        ("electrode.fragmentation", 1e3, "1000 is unlikely (0.01 to 100)"),
        ("electrolyte.film.sealing_thickness_nm", 5.3e-9, "not 5.3e-09; is it in m? then 5.3"),
        ("electrolyte.film.sealing_thickness_nm", 0.0, "must be above zero, not 0"),
        ("electrolyte.film.sealing_thickness_nm", 5300.0, "5300 is unlikely (0.3 to 300)"),
        ("electrolyte.film.film_volume_cm3_per_mol", 9.585e-5, "is it in m3/mol? then 95.85"),
        ("electrolyte.film.electron_conductivity_S_per_m", 0.0, "must be above zero, not 0"),
        ("electrolyte.film.electron_conductivity_S_per_m", 0.1, "0.1 is unlikely (1e-20 to 1e-08)"),
        ("electrolyte.film.onset_potential_V", 800.0, "must be from -10 to 10 V, not 800; is it in mV? then 0.8"),
        ("electrolyte.film.onset_potential_V", 0.001, "is below the lower cut-off of 0.05 V, so that no film forms"),
        ("electrolyte.film.onset_potential_V", 3.0, "is above the upper cut-off of 1.5 V, so that film grows all the time"),
        ("electrolyte.film.torn_share", 2.0, "must lie from 0 to 1, but is 2"),
        ("electrolyte.film.electrons", 0.0, "must be above zero, not 0"),
        ("electrolyte.film.sealing_time_s", -1.0, "must not be negative"),
    ],
)  # fmt: skip
def test_numbers_of_film_and_surface_that_are_impossible_or_unlikely_get_one_line(key, value, words):
    try:
        told = sanity_warnings(worn("li-sb", **{key.rpartition(".")[2]: value}))
    except InputError as error:
        told = list(error.problems)
    (line,) = [line for line in told if key in line]
    assert words in line


def changed(key, value):
    """`k-sb-ksb`, of which volumes the review says nothing that could be contradicted, with another number."""
    document = load_mechanism("k-sb-ksb").document
    for phase in document["phases"].values():
        for extra in ("review_volume_change_percent", "cell", "atoms"):
            phase.pop(extra, None)
    document.pop("temperature_range_C", None)
    document["reference_temperature_C"] = 25.0
    return with_changes(mechanism_from_document(document, "x"), {key: value})


@pytest.mark.parametrize("key", ["interfaces.Sb|KSb.energy_J_per_m2", "phases.K3Sb.entropy_J_per_mol_K"])
def test_zero_is_a_statement(key):
    assert sanity_warnings(changed(key, 0.0)) == []


@pytest.mark.parametrize(
    ("celsius", "span", "words"),
    [
        (298.15, None, "temperature_C: 298.15 C is hot for a cell; is it in K? then 25"),
        (298.0, [273.0, 323.0], "is it in K? then 24.85"),
        (300.0, None, "300 C is outside -40 to 250 C; is it in K? then 26.85. If it is intended"),
        (
            -60.0,
            None,
            "-60 C is outside -40 to 250 C; check it. If it is intended, state where the numbers hold",
        ),
        (400.0, [360.0, 450.0], ""),
        (120.0, None, ""),
        (-20.0, None, ""),
    ],
)
def test_a_temperature_in_kelvin_is_told(celsius, span, words):
    document = changed("temperature_C", celsius).document | ({"temperature_range_C": span} if span else {})
    told = [
        line
        for line in sanity_warnings(mechanism_from_document(document, "x"))
        if line.startswith("temperature")
    ]
    assert len(told) == bool(words)
    assert all(words in line for line in told)


def test_an_entropy_that_moves_a_step_is_named():
    told = sanity_warnings(changed("phases.K3Sb.entropy_J_per_mol_K", -450.0))
    assert any("phases.K3Sb.entropy_J_per_mol_K = -450" in line for line in told), told
    assert not any("entropy" in line for line in sanity_warnings(changed("lower_cutoff_V", 0.7)))


def test_the_potential_told_is_that_of_the_energies():
    mechanism = load_mechanism(SELENIDE, {"phases.Sb2Se3.enthalpy_J_per_mol": 127780.0})
    gibbs = {"Sb2Se3": 127780.0 + 393.15 * 6.28, "Li2Se": -419420.0 + 393.15 * 30.04}
    wanted = -(3.0 * gibbs["Li2Se"] - gibbs["Sb2Se3"]) / (6.0 * F)
    (line,) = [line for line in sanity_warnings(mechanism) if "'Sb2Se3 + 3 Li+ + 3 e- -> Sb-Li2Se'" in line]
    assert f"in equilibrium at {wanted:.3g} V" in line
    assert "transformations[1].equation" in line


def test_zero_is_no_slip_and_an_amorphous_element_may_lie_low():
    assert load_mechanism("na-bisb").phases["BiSb"].enthalpy_J_per_mol.value == 0.0
    assert sanity_warnings(load_mechanism("na-sb", {"phases.NaxSb.enthalpy_J_per_mol": 500.0})) == []


def test_a_cutoff_above_a_step_is_told():
    # E(NaSb/Na3Sb) = 0.556 V, E(Sb/Na3Sb) = (0.673 + 2 x 0.556) / 3 = 0.595 V; E(Sb/NaSb) = 0.673 V is well.
    document = load_mechanism("na-sb-nasb").document | {"lower_cutoff_V": 0.6}
    told = sanity_warnings(mechanism_from_document(document, "x"))
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
        f"warning: {file}: phases.Sb2Se3.enthalpy_J_per_mol: -127.78 J/mol is far too small for a compound; "
        "if it is in kJ, write -127780"
    ]


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("electrode.particle_radius_m", 50.0, "from 1e-10 to 0.01 m, not 50; is it in nm? then 5e-08; or is it in um? then 5e-05"),
        ("electrode.particle_radius_m", 1e-12, "not 1e-12; check its unit and digits"),
        ("interfaces.Sb|KSb.energy_J_per_m2", 1e13, "from 0 to 1000 J/m2, not 1e+13"),
        ("kinetics.growth_activation_energy_J_per_mol", 4.8e7, "from 0 to 1e+06 J/mol, not 4.8e+07"),
        ("upper_cutoff_V", 1500.0, "from -10 to 10 V, not 1500; is it in mV? then 1.5"),
        ("kinetics.transfer_coefficient", 50.0, "is it in percent? then 0.5"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(key, value, words):
    with pytest.raises(InputError) as caught:
        changed(key, value)
    assert f"{key}: must" in str(caught.value)
    assert words in str(caught.value)
