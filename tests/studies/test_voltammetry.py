"""Oracles: peaks with closed forms (a solution phase in equilibrium, Laviron's), power laws, the review."""

from __future__ import annotations

import numpy as np
import pytest
from analytic import M_SB, F, R, msmr_slope
from bare import bare
from scipy.stats import linregress
from tiny import one_edge, solution_phase, tiny_mechanism

from sbpath import State, b_values, cv, simulate, voltammetry_peaks
from sbpath.studies.voltammetry import VoltammetryPeak, leading_peaks

KELVIN = 298.15
C_DL = 5.0


def test_a_solution_phase_follows_the_sweep_as_a_capacitor_does():
    # i = C(E) v with C = C_dl - (F/M) dx/dE: highest at U, and b is 1.
    gallery = [(1.0, 0.7, 0.5)]
    solution = simulate(
        solution_phase(gallery), cv(["0.05 mV/s", "0.2 mV/s", "1 mV/s"], 0.3, 1.1, 1),
        initial=State({"LixSb": 1.0}, 1.1), progress=False,
    )  # fmt: skip
    peaks = voltammetry_peaks(solution)
    assert [p.direction for p in peaks] == ["insertion", "extraction"] * 3
    highest = C_DL - F / M_SB * msmr_slope(0.7, KELVIN, gallery)
    for peak, speed in zip(peaks, np.repeat([5e-5, 2e-4, 1e-3], 2), strict=True):
        assert peak.scan_rate_V_per_s == speed
        assert peak.voltage_V == pytest.approx(0.7, abs=1e-5)
        assert peak.current_A_per_g == pytest.approx(highest * speed, rel=5e-5)
        assert peak.transformation is None
    for value in b_values(peaks):
        assert (value.slope, value.points) == (pytest.approx(1.0, abs=1e-6), 3)
        assert value.standard_error == pytest.approx(0.0, abs=1e-6)


def test_a_capacitor_has_a_current_and_no_peak():
    solution = simulate(
        tiny_mechanism({"Sb": {"formula": "Sb"}}), cv("1 mV/s", 0.0, 1.0, 1),
        initial=State({"Sb": 1.0}, 1.0), progress=False,
    )  # fmt: skip
    assert np.abs(solution.current_A_per_g) == pytest.approx(C_DL * 1e-3, rel=1e-9)
    assert voltammetry_peaks(solution) == []


def test_slow_growth_gives_the_irreversible_peak_of_a_bound_species():
    # Laviron 1979, J. Electroanal. Chem. 101, 19: of a reaction whose rate is k0 exp(alpha F eta/RT)
    # times what is left, far from equilibrium,
    #     i_p = alpha F^2 v / (e R T M),   eta_p = (R T / alpha F) ln(alpha F v / (R T k0)).
    growth, alpha = 1e-7, 0.5
    solution = simulate(
        one_edge(0.5, growth=growth), cv(["0.1 mV/s", "1 mV/s", "10 mV/s"], -0.6, 1.6, 1),
        initial=State({"Sb": 1.0}, 1.6), progress=False,
    )  # fmt: skip
    peaks = voltammetry_peaks(solution)
    assert len(peaks) == 6
    steepness = alpha * F / (R * KELVIN)
    for peak in peaks:
        speed = peak.scan_rate_V_per_s
        sign = 1.0 if peak.direction == "insertion" else -1.0
        beyond = np.log(steepness * speed / growth) / steepness
        assert peak.voltage_V == pytest.approx(0.5 - sign * beyond, abs=2e-4)
        height = F / M_SB * steepness * speed / np.e + C_DL * speed
        assert peak.current_A_per_g == pytest.approx(height, rel=3e-4)
        assert str(peak.transformation) == ("Sb -> LiSb" if sign > 0.0 else "LiSb -> Sb")
    assert [value.slope for value in b_values(peaks)] == pytest.approx([1.0, 1.0], abs=1e-3)


def test_lithium_shows_two_peaks_in_and_one_out(simulated):
    # As the review tells of insertion in two steps and extraction in one (equations 1 and 2).
    solution = simulated("li-sb", cv(("0.05 mV/s", "0.1 mV/s"), 0.05, 1.5, 1))
    peaks = voltammetry_peaks(solution)
    assert [str(p.transformation) for p in peaks] == ["Sb -> Li2Sb", "Li2Sb -> Li3Sb", "Li3Sb -> Sb"] * 2
    for peak in peaks:
        if peak.direction == "insertion":
            assert peak.voltage_V < 0.948
        else:
            assert peak.voltage_V > 0.956
    # Slower than a capacitor, and with two scan rates nothing is known of the error.
    for value in b_values(peaks):
        assert 0.2 < value.slope < 0.8
        assert (value.standard_error, value.points) == (None, 2)


def test_a_phase_that_empties_shows_a_peak_of_its_own(simulated):
    # K leaves KxSb over a gallery at 1.02 V, in equilibrium and so with b = 1, after K3Sb -> KxSb.
    peaks = voltammetry_peaks(simulated("k-sb", cv(("0.1 mV/s", "0.2 mV/s"), 0.02, 1.5, 1)))
    out = [p for p in peaks if p.direction == "extraction"]
    assert [p.transformation and str(p.transformation) for p in out] == ["K3Sb-cubic -> KxSb", None] * 2
    for within in out[1::2]:
        assert within.voltage_V == pytest.approx(1.02, abs=1e-3)
    (value,) = (b for b in b_values(peaks) if b.transformation is None)
    assert value.slope == pytest.approx(1.0, abs=2e-3)


def test_a_small_peak_counts_by_its_prominence(simulated):
    solution = simulated("li-sb", cv(("0.05 mV/s", "0.1 mV/s"), 0.05, 1.5, 1))
    assert len(voltammetry_peaks(solution, prominence=0.9)) == 4


def test_steps_that_are_no_sweep_have_no_peaks():
    assert voltammetry_peaks(simulate(bare("li-sb"), ["Insert at C/2 until 0.05 V"], progress=False)) == []


def peak(speed, current, cycle=1, name="A -> B", direction="insertion"):
    return VoltammetryPeak(cycle, direction, speed, 0.5, current, name)


def test_b_is_the_exponent_of_a_power_law():
    peaks = [peak(v, 3.0 * v**0.7) for v in (1e-5, 1e-4, 1e-3)]
    peaks += [peak(v, 2.0 * v, direction="extraction", name=None) for v in (1e-5, 1e-4)]
    one, other = b_values(peaks)
    assert (one.direction, one.transformation, one.points) == ("insertion", "A -> B", 3)
    assert one.slope == pytest.approx(0.7, abs=1e-12)
    assert one.standard_error == pytest.approx(0.0, abs=1e-12)
    assert (other.direction, other.transformation, other.standard_error) == ("extraction", None, None)
    assert other.slope == pytest.approx(1.0, abs=1e-12)


def test_the_standard_error_is_that_of_a_straight_line():
    speeds, currents = [1e-5, 2e-5, 5e-5, 1e-4], [1.0, 1.7, 2.4, 4.9]
    (value,) = b_values([peak(v, i) for v, i in zip(speeds, currents, strict=True)])
    line = linregress(np.log(speeds), np.log(currents))
    assert value.slope == pytest.approx(line.slope, rel=1e-12)
    assert value.standard_error == pytest.approx(line.stderr, rel=1e-10)


def test_the_highest_peak_of_the_last_cycle_leads():
    peaks = [peak(1e-3, 9.0), peak(1e-3, 5.0, cycle=2), peak(1e-3, 4.0, cycle=2), peak(1e-4, 1.0, cycle=3)]
    assert leading_peaks(peaks) == {("insertion", "A -> B"): [peaks[3], peaks[1]]}
    assert b_values(peaks[:1]) == []
