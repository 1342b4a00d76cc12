"""The simulation that follows a measured cell: a cell made by it lies on it, whichever current drives it."""

import dataclasses

import numpy as np
import pytest
from synthetic import SMEARED, cell
from worn import worn

from sbpath import InputError, load_mechanism, overlay
from sbpath.fitting.cells import cells_of, rate_label

CLEAN = {
    "noise_V": 0.0,
    "drift_V": (0.0, 0.0),
    "mass_error": 0.0,
    "film": 0.0,
    "fade": 0.0,
    "resistance": 0.0,
}


@pytest.mark.parametrize("drive", ["mean", "measured"])
@pytest.mark.parametrize("system", ["li-sb", "na-sb", "worn"])
def test_a_cell_lies_on_its_own_simulation(system, drive):
    mechanism = worn("li-sb") if system == "worn" else load_mechanism(system)
    population = SMEARED if system == "li-sb" else 1
    made = cell(mechanism, 1, ("C/10", "C/2"), population=population, **CLEAN)
    found = overlay(made.measurement, made.truth, drive=drive, population=population, progress=False)
    assert [half.measured.direction for half in found.halves] == ["insertion", "extraction"] * 2
    for half in found.halves:
        assert half.rms_mV < 1.0
        assert half.capacity_mAh_per_g[0] == pytest.approx(half.capacity_mAh_per_g[1], rel=5e-3)
        np.testing.assert_allclose(half.peaks_V[0][:1], half.peaks_V[1][:1], atol=5e-3)


def test_earlier_cycles_are_simulated_and_not_compared():
    made = cell(load_mechanism("li-sb"), 2, ("C/5", "C/2", "1C"), population=1, **CLEAN)
    (own,) = cells_of(made.measurement, made.truth, cycles=[2], population=1)
    assert own.chosen == (False, False, True, True)
    assert len(own.experiment.protocol.cycles) == 2
    found = overlay(made.measurement, made.truth, cycles=[2], population=1, progress=False)
    assert {half.measured.cycle for half in found.halves} == {2}


def test_what_does_not_fit_is_refused():
    made = cell(load_mechanism("li-sb"), 2, ("1C",), population=1, **CLEAN)
    with pytest.raises(InputError, match=r"curve 1: has no cycle 4; it has 1 to 1"):
        cells_of(made.measurement, made.truth, cycles=[1, 4])
    with pytest.raises(InputError, match=r"is a cell of Li, and na-sb is a mechanism of Na"):
        cells_of(made.measurement, load_mechanism("na-sb"))


def test_a_mass_of_antimony_is_not_that_of_its_compound():
    nickel = load_mechanism("na-nisb")
    made = cell(nickel, 2, ("1C",), population=1, **CLEAN)
    (of_host,) = cells_of(dataclasses.replace(made.measurement, host=None), nickel)
    (of_element,) = cells_of(made.measurement, nickel)
    assert of_element.measured.mass_g / of_host.measured.mass_g == pytest.approx(
        1.0 + 0.45 * 58.693 / 121.76, rel=1e-4
    )
    assert of_host.halves[0].rate_per_h == pytest.approx(1.0, rel=0.01)
    with pytest.raises(
        InputError, match=r"its masses are of Si, and na-nisb is a mechanism of Sb; give mass_Sb_mg"
    ):
        cells_of(dataclasses.replace(made.measurement, host="Si"), nickel)


def test_a_half_cycle_of_a_few_millivolts_has_its_peak():
    made = cell(load_mechanism("li-sb"), 0, ("C/5",), population=1, film=0.0)
    (curve,) = made.measurement.curves
    narrow = dataclasses.replace(curve.curve, voltage_V=0.8 + 5e-3 * (curve.curve.voltage_V - 0.8))
    own = dataclasses.replace(curve, curve=narrow)
    found = overlay(dataclasses.replace(made.measurement, curves=(own,)), made.truth, population=1)
    for half in found.halves:
        assert half.peaks_V[0]
        assert all(narrow.voltage_V.min() <= peak <= narrow.voltage_V.max() for peak in half.peaks_V[0])


@pytest.mark.parametrize(("rate", "label"), [(0.0492, "C/20"), (0.98, "0.98C"), (1.02, "1C"), (2.04, "2C")])
def test_rates_have_two_digits(rate, label):
    assert rate_label(rate) == label
