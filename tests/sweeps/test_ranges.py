"""Oracles: the values that the words say."""

from __future__ import annotations

import numpy as np
import pytest

from sbpath import InputError, Range, Variation


@pytest.mark.parametrize(
    ("text", "values", "unit"),
    [
        ("rate=C/20,1C,C/5", (0.05, 0.2, 1.0), ""),
        ("temperature = 25, -10C, 60 °C", (-10.0, 25.0, 60.0), ""),
        ("kinetics.x=1e-3,2.5e-2", (1e-3, 2.5e-2), ""),
        ("current=10..100 mA/g:3", (10.0, 55.0, 100.0), "mA/g"),
        ("current=10 mA/g..100 mA/g:3", (10.0, 55.0, 100.0), "mA/g"),
        ("current=10,50,100 mA/g", (10.0, 50.0, 100.0), "mA/g"),
        ("current=C/20..1C:3", (0.05, 0.525, 1.0), "C"),
        ("current=C/4,C/2", (0.25, 0.5), "C"),
        ("pause=1..4 h:2", (1.0, 4.0), "h"),
        ("floor=-0.1..0.3:3", (-0.1, 0.1, 0.3), ""),
        ("floor=10..100 mV:3,log", (10.0, np.sqrt(1000.0), 100.0), "mV"),
        ("electrode.particle_radius_m=10..1000 nm:3,log", (1e-8, 1e-7, 1e-6), ""),
        ("electrode.particle_radius_m=10nm..1um:3,log", (1e-8, 1e-7, 1e-6), ""),
        ("electrode.particle_radius_m=1e-8..1e-6:3,log", (1e-8, 1e-7, 1e-6), ""),
        ("electrode.active_fraction=80%,90", (0.8, 0.9), ""),
        ("kinetics.growth_activation_energy_J_per_mol=48 kJ/mol,0.6eV", (48000.0, 57891.199272), ""),
        ("lower_cutoff_V=10..50mV:2", (0.01, 0.05), ""),
    ],
)
def test_lists_and_units(text, values, unit):
    found = Variation.parse(text)
    assert found.values == pytest.approx(values)
    assert found.unit == unit
    assert found.name == text.partition("=")[0].strip()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rate=C/20,50 mA/g", "rate: '50 mA/g' is not a C-rate"),
        ("rate=10..100mA/g:4", "rate: '10' is not a C-rate above 0, such as C/10 or 0.1C; write"),
        ("rate=C/10..C/5:99999999999", "99,999,999,999 values are too many; a sweep takes 1,000,000"),
        ("current=10 mA..50 mA/g:3", "has the units mA and mA/g"),
        ("current=10..50 furlongs:3", "'50 furlongs' is not a number"),
        (
            "electrode.particle_radius_m=10mV..1um:3",
            "has the unit 'mV', which does not fit; use m, nm, um, mm",
        ),
        ("electrode.particle_radius_m=5,10nm,1um", "5 has no unit, others have nm and um; give it one"),
        ("electrode.particle_radius_m=small..1um:3", "'small' is not a number; write one in m"),
        ("temperature=10 V,20 V", "'10 V' has the unit 'V', which does not fit; use C, °C, K"),
        ("temperature=10,10", "rising order"),
        ("temperature=10,", "'' is not a number"),
        ("temperature=10..20", "the count is missing"),
        ("temperature=10", "NAME=LOW..HIGH:COUNT"),
    ],
)
def test_what_is_no_list_or_has_no_unit_is_told(text, words):
    with pytest.raises(InputError) as caught:
        Variation.parse(text)
    assert words in str(caught.value)
    assert len(caught.value.problems) == 1


def test_a_range_lies_between_its_ends_as_it_is_spaced():
    shares = np.array([0.0, 0.25, 1.0])
    assert Range.parse("temperature=0..60").at(shares) == pytest.approx([0.0, 15.0, 60.0])
    assert Range.parse("rate=C/100..1C").at(shares) == pytest.approx([0.01, 10**-1.5, 1.0])
    assert Range.parse("current=1..16 mA/g,log") == Range("current", 1.0, 16.0, True, "mA/g")
    assert Range.parse("current=1..16 mA/g,log").at(shares) == pytest.approx([1.0, 2.0, 16.0])
    for text, words in (
        ("temperature=0..60:3", "omit ':3'"),
        ("temperature=60..0", "does not rise"),
        ("kinetics.x=0..1,log", "no logarithm"),
        ("temperature=0..inf", "'inf' is not a number"),
        ("temperature=25,60", "NAME=LOW..HIGH:COUNT"),
    ):
        with pytest.raises(InputError, match=words):
            Range.parse(text)


def test_temperatures_may_be_in_kelvin():
    assert Variation.parse("temperature=298.15K,310.15 K").values == (25.0, 37.0)
    assert Range.parse("temperature=273.15K..60C") == Range("temperature", 0.0, 60.0)
