"""Oracles: Dawson's closed form of one nucleating edge, direct simulations at one half cycle per century."""

from __future__ import annotations

import numpy as np
import pytest
from analytic import K_B, F, R
from bare import bare
from curves import edge_names
from scipy.special import dawsn
from tiny import one_edge
from worn import worn

from sbpath import InputError, SimulationError, cycle_summaries, cycling, simulate, zero_rate
from sbpath.protocol.steps import Rate
from sbpath.studies.zero_rate import CENTURY_C, MAX_MISFIT, MIN_POINTS, RATES_C, _fit

KELVIN = 298.15
SOME = ("C/10000", "C/1000", "C/100", "C/10")
ATTEMPT, VOLUME = 1e9, 20e-6


def hysteresis(mechanism, rate_C, **options):
    """Of the second cycle at a C-rate (mV)."""
    protocol = cycling(Rate(rate_C, "C"), mechanism.lower_cutoff_V, mechanism.upper_cutoff_V, 2)
    return cycle_summaries(simulate(mechanism, protocol, progress=False, **options))[-1].hysteresis_mV


@pytest.fixture(scope="module")
def lithium():
    return zero_rate(bare("li-sb"), SOME, progress=False)


# -- a known answer ----------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=[0.06, 0.15], ids="{}J/m2".format)
def nucleating(request):
    """One edge that waits for nuclei alone, and its B ((J/mol)^2)."""
    energy = request.param
    mechanism = one_edge(
        growth=1e9, attempt=ATTEMPT, diffusivity=1e-6, double_layer=1e-3, cutoffs=(0.1, 0.9),
        interfaces={"Sb|LiSb": energy},
    )  # fmt: skip
    return mechanism, 16.0 * np.pi * energy**3 * VOLUME**2 / (3.0 * K_B * KELVIN)


def closed_form(constant, rate_C):
    """Gap (mV) of one edge each way: ``(4 sqrt(B) / F) D(sqrt(ln(J0 / c)))``, see tests/results/test_loss_breakdown.py."""
    return 4e3 * np.sqrt(constant) * dawsn(np.sqrt(np.log(ATTEMPT * 3600.0 / rate_C))) / F


def test_one_nucleating_edge_follows_dawson_and_the_law_extrapolates_it(nucleating):
    mechanism, constant = nucleating
    limit = zero_rate(mechanism, SOME, progress=False)
    np.testing.assert_allclose(limit.hysteresis_mV, closed_form(constant, limit.rates_C), rtol=2e-5)
    assert limit.fitted == len(SOME)
    # Three decades beyond the slowest run.
    century, decade = closed_form(constant, np.array([1.0, 10.0]) * CENTURY_C)
    assert limit.remaining_mV == pytest.approx(century, rel=5e-5)
    assert limit.per_decade_mV == pytest.approx(decade - century, rel=1e-3)
    # D(x) = (1 + 1 / 2x^2) / 2x: a is 2 sqrt(B) / F both ways, L one less than ln(J0 x 1 h).
    assert limit.a_mV == pytest.approx(2e3 * np.sqrt(constant) / F, rel=1e-3)
    assert abs(limit.L - (np.log(ATTEMPT * 3600.0) - 1.0)) < 0.1
    assert limit.k_mV_h * limit.rates_C[-1] < 2e-3 * limit.hysteresis_mV[-1]


def test_the_barrier_at_one_rate_is_what_the_rate_asks(nucleating):
    # B / A^2 = ln(J0 theta T) at each row, T the time of one full conversion.
    mechanism, constant = nucleating
    solution = simulate(mechanism, cycling("C/1000", 0.1, 0.9), progress=False)
    theta = solution.fraction("Sb")
    middle = (solution.step == 1) & (theta < 0.95) & (theta > 0.05)
    affinity = solution.affinities_J_per_mol[edge_names(solution.edges).index("Sb -> LiSb"), middle]
    barrier = np.log(ATTEMPT * theta[middle] * 3600.0 * 1000.0)
    np.testing.assert_allclose(constant / affinity**2, barrier, rtol=1e-5)


def test_without_an_interfacial_energy_nothing_is_left():
    mechanism = one_edge(cutoffs=(0.3, 0.7), attempt=ATTEMPT, growth=1e-3)
    limit = zero_rate(mechanism, progress=False)
    assert limit.hysteresis_mV[-1] > 5.0
    assert abs(limit.remaining_mV) < 0.01
    assert abs(limit.per_decade_mV) < 0.01
    # The current's own part: 4 (RT/F) (arcsinh c + c arcsinh(1/c)), c = rate / (2 k0), to 0.1 mV of the
    # cut-offs' effect; nearly as fast as the rate itself.
    c = limit.rates_C / 3600.0 / 2e-3
    wanted = 4e3 * R * KELVIN / F * (np.arcsinh(c) + c * np.arcsinh(1.0 / c))
    np.testing.assert_allclose(limit.hysteresis_mV, wanted, rtol=0.05, atol=0.02)


def test_a_slow_cycle_ends_with_a_solution_or_a_simulation_error():
    try:
        solution = simulate(one_edge(cutoffs=(0.0, 1.0)), cycling("C/100000", 0.0, 1.0, 2), progress=False)
    except SimulationError:
        return
    assert solution.voltage_V[-1] == pytest.approx(1.0)


# -- shipped systems ------------------------------------------------------------------------------------


def test_a_century_of_lithium_simulated_is_what_the_law_says(lithium):
    direct = hysteresis(bare("li-sb"), CENTURY_C)
    assert lithium.fitted == len(SOME)
    assert lithium.remaining_mV == pytest.approx(direct, abs=1.0)
    # And it is no number of the slowest run: that one is 10 mV higher.
    assert lithium.hysteresis_mV[0] - direct > 9.0


def test_film_and_lost_contact_are_left_out():
    rates = ["C/3000", "C/1000", "C/300", "C/100"]
    bare = zero_rate(worn("li-sb", onset_potential_V=1e-6, contact_loss=0.0), rates, progress=False)
    found = zero_rate(worn("li-sb", contact_loss=0.01), rates, progress=False)
    np.testing.assert_allclose(found.hysteresis_mV, bare.hysteresis_mV, rtol=1e-4)


def test_the_law_is_fitted_to_the_slow_rates_alone():
    # In sodium amorphous Sb has no time to crystallise at speed: those points are not the law's.
    limit = zero_rate(bare("na-sb"), ("C/100000", "C/10000", "C/1000", "C/300", "C/10"), progress=False)
    assert limit.fitted == 4
    assert limit.remaining_mV == pytest.approx(hysteresis(bare("na-sb"), CENTURY_C), abs=1.0)
    off = np.abs(limit.law_mV(limit.rates_C) - limit.hysteresis_mV)
    assert off[:4].max() == pytest.approx(limit.error_mV, rel=1e-6)
    assert off[:4].max() <= MAX_MISFIT * limit.hysteresis_mV.max()
    assert off[4] > 20.0


def test_every_point_is_a_simulation_at_that_rate():
    # In rising order, whatever the order asked; graph and temperature reach the simulation.
    limit = zero_rate(
        bare("li-sb"), ("C/5", "C/20", "C/2", "C/10"), graph="reported", temperature_C=60.0, progress=False
    )
    np.testing.assert_allclose(limit.rates_C, [0.05, 0.1, 0.2, 0.5])
    mechanism = bare("li-sb")
    wanted = hysteresis(mechanism, 0.5, graph="reported", temperature_C=60.0)
    assert limit.hysteresis_mV[-1] == pytest.approx(wanted, rel=1e-12)


# -- the fit --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "level", "k"),
    [(1063.0, 27.5, 12.4), (300.0, 20.0, 0.0), (2000.0, 45.0, 300.0), (900.0, 12.0, 50.0)],
)
def test_the_fit_finds_the_law_that_made_the_points(a, level, k):
    rates = np.array(RATES_C)
    gap = a / np.sqrt(level - np.log(rates)) + k * rates
    found = _fit(rates, gap, attempts=np.log(1e9 * 3600.0))
    np.testing.assert_allclose(found[:3], (a, level, k), rtol=1e-3, atol=0.02)
    assert found[3] < 1e-5 * gap.max()
    century = a / np.sqrt(level - np.log(CENTURY_C))
    assert found[0] / np.sqrt(found[1] - np.log(CENTURY_C)) == pytest.approx(century, rel=1e-5)


@pytest.mark.parametrize(
    "rates",
    [("1C", "C/2", "C/4"), ("1C", "C/2", "C/4", "C/4"), ("1C", "C/2", "C/4", "50 mA/g"), ()],
)
def test_fewer_than_four_c_rates_are_refused(rates):
    assert MIN_POINTS == 4
    with pytest.raises(InputError, match="at least four different C-rates"):
        zero_rate(bare("li-sb"), rates, progress=False)
