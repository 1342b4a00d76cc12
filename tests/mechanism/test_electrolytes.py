"""Electrolytes as files. Oracles: the standard potentials, the geometry of spheres, one mistake each."""

from __future__ import annotations

import pytest

from sbpath import InputError, electrolyte_names, load_mechanism, sanity_warnings, simulate, with_electrolyte
from sbpath.mechanism.designs import ELECTROLYTES
from sbpath.physical import STANDARD_POTENTIAL_V

BY_ION = {"Li": "li-sb", "Na": "na-sb", "K": "k-sb"}
LIQUID = ("carbonate", "concentrated-ether", "fec")

OWN = """
[electrolyte]
name = "own"
kind = "liquid"
[electrolyte.film]
onset_potential_V = { Li = { value = 0.9, status = "assumed", source = "own", note = "guess" } }
sealing_thickness_nm = { value = 5.0, status = "assumed", source = "own", note = "guess" }
film_volume_cm3_per_mol = { value = 95.0, status = "assumed", source = "own", note = "guess" }
electrons = { value = 2.0, status = "assumed", source = "own", note = "guess" }
electron_conductivity_S_per_m = { value = 9e-14, status = "assumed", source = "own", note = "guess" }
sealing_rate_per_s = { value = 1e-3, status = "assumed", source = "own", note = "guess" }
sealing_time_s = { value = 1.0, status = "assumed", source = "own", note = "guess" }
transfer_coefficient = { value = 0.5, status = "assumed", source = "own", note = "guess" }
torn_share = { value = 0.02, status = "assumed", source = "own", note = "guess" }
[sources]
own = "measured here"
"""


@pytest.mark.parametrize("ion", BY_ION)
@pytest.mark.parametrize("name", LIQUID)
def test_onsets_differ_by_the_standard_potentials(name, ion):
    film = load_mechanism(BY_ION[ion], electrolyte=name).electrolyte.film
    wanted = 0.80 + STANDARD_POTENTIAL_V["Li"] - STANDARD_POTENTIAL_V[ion]
    assert film.onset_potential_V.value == pytest.approx(wanted, abs=0.005)
    # 2.96 mAh/m2 seal a surface.
    charge = film.sealing_thickness_nm.value * film.electrons.value * 96485.33 / 3.6
    assert charge / film.film_volume_cm3_per_mol.value * 1e-3 == pytest.approx(2.96, abs=0.01)


@pytest.mark.parametrize("name", electrolyte_names())
def test_shipped_electrolytes_say_what_is_not_known(name):
    document = ELECTROLYTES.read(name)
    assert ("film" in document["electrolyte"]) == (document["electrolyte"]["kind"] == "liquid")
    assert "tables" in document["description"] or "No film is known" in " ".join(
        document["description"].split()
    )
    mechanism = load_mechanism("li-sb", electrolyte=name)
    assert mechanism.electrolyte_name == name
    assert mechanism.document == with_electrolyte(load_mechanism("li-sb"), name).document


def test_an_electrolyte_replaces_the_whole_table():
    liquid = load_mechanism("li-sb-llzo", electrolyte="fec")
    assert liquid.electrolyte.thickness_um is None
    contact = liquid.electrode.contact_resistance_ohm_cm2.value
    assert liquid.series_resistance_ohm_g(298.15) == pytest.approx(contact * 1e-3)


def test_surface_is_that_of_spheres_unless_stated():
    mechanism = load_mechanism("li-sb")
    radius = mechanism.electrode.particle_radius_m.value
    density = 121.76 / mechanism.volume_cm3_per_mol("Sb") * 1e6
    assert mechanism.host_area_m2_per_g == pytest.approx(3.0 / density / radius, rel=1e-6)
    assert mechanism.host_area_m2_per_g == pytest.approx(0.448, abs=0.001)
    assert load_mechanism("li-sb", design="nano").host_area_m2_per_g == pytest.approx(29.9, abs=0.1)
    assert load_mechanism("li-sb", design="carbon-composite").host_area_m2_per_g == 0.0


def test_an_electrolyte_of_ones_own(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(OWN)
    mechanism = load_mechanism("li-sb", electrolyte=path)
    assert mechanism.electrolyte_name == "own"
    assert simulate(mechanism, progress=False).others["film_thickness_m"].max() >= 5e-9
    with pytest.raises(
        InputError, match=r"own.toml: electrolyte.film.onset_potential_V: has no number for Na; add"
    ):
        load_mechanism("na-sb", electrolyte=path)
    path.write_text(OWN.replace("[electrolyte]", "[electrode]").replace("[electrolyte.", "[electrode."))
    with pytest.raises(InputError, match=r"electrolyte: missing; add \[electrolyte\]"):
        load_mechanism("li-sb", electrolyte=path)
    with pytest.raises(InputError, match="feq: there is no such electrolyte; did you mean 'fec'"):
        load_mechanism("li-sb", electrolyte="feq")


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("electrolyte.film.electron_conductivity_S_per_m", 0.0, "must be above zero"),
        ("electrolyte.film.onset_potential_V", -0.2, "must be above zero"),
        ("electrolyte.film.torn_share", 1.5, "must lie from 0 to 1"),
        ("electrode.host_area_m2_per_g", -1.0, "must not be negative"),
        ("electrode.contact_loss", -1e-4, "must not be negative"),
    ],
)
def test_bad_numbers_are_refused(key, value, words):
    with pytest.raises(InputError, match=f"{key}: {words}"):
        load_mechanism("li-sb", {key: value}, design="micron", electrolyte="fec")


def test_an_onset_outside_the_window_is_asked_about():
    for onset, words in ((2.0, "above the upper cut-off"), (0.01, "below the lower cut-off")):
        mechanism = load_mechanism(
            "li-sb", {"electrolyte.film.onset_potential_V": onset}, design="micron", electrolyte="fec"
        )
        assert any("onset_potential_V" in line and words in line for line in sanity_warnings(mechanism))
    assert not sanity_warnings(load_mechanism("li-sb", design="micron", electrolyte="fec"))
