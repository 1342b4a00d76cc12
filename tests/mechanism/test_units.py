"""Numbers typed with a unit. Oracle: the conversion by hand."""

from __future__ import annotations

import pytest

from sbpath import InputError
from sbpath.mechanism.units import number_for


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("particle_radius_m", "50nm", 5e-8),
        ("particle_radius_m", "1.5 µm", 1.5e-6),
        ("particle_radius_m", "5e-8", 5e-8),
        ("active_fraction", "85%", 0.85),
        ("energy_J_per_m2", "150 mJ m-2", 0.15),
        ("growth_activation_energy_J_per_mol", "48 kJ/mol", 48000.0),
        ("growth_activation_energy_J_per_mol", "0.5 eV", 48242.66606),
        ("loading_mg_per_cm2", "2 mg cm⁻²", 2.0),
        ("loading_mg_per_cm2", "20 g/m2", 2.0),
        ("diffusivity_m2_per_s", "1e-12 cm2/s", 1e-16),
        ("temperature_C", "298.15 K", 25.0),
        ("temperature_C", "-20°C", -20.0),
        ("growth_rate_per_s", "2e-3 s-1", 2e-3),
        ("conductivity_S_per_cm", "0.35 mS/cm", 3.5e-4),
        ("thickness_um", "1 mm", 1000.0),
        ("mass_g", "2mg", 0.002),
        ("lower_cutoff_V", "50 mV", 0.05),
    ],
)
def test_units(key, text, value):
    assert number_for(key, text) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    ("key", "text", "message"),
    [
        ("particle_radius_m", "50 mV", "'50 mV' has the unit 'mV', which does not fit; use m, nm, um, mm, or none"),
        ("active_fraction", "0.5 g", "'0.5 g' has the unit 'g', which does not fit; use %, or none"),
        ("formula_units", "4 m", "'4 m' has the unit 'm', which does not fit; write it without"),
        ("mass_g", "much", "'much' is not a number; write one in g, or with a unit, such as 50mg"),
        ("mass_g", "1,5", "'1,5' has the unit ',5', which does not fit; use g, mg, ug, kg, or none"),
        ("mass_g", "nan", "'nan' is not a number; write one in g, or with a unit, such as 50mg"),
    ],
)  # fmt: skip
def test_units_that_do_not_fit(key, text, message):
    with pytest.raises(InputError, match=r".") as caught:
        number_for(key, text)
    assert str(caught.value) == message
