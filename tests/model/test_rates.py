"""Oracles: barriers and rates worked out by hand, limits of small and large affinity, differences."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest
from analytic import F, R, Textbook
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sbpath.mechanism.documents import shipped_names
from sbpath.mechanism.reader import load_mechanism
from sbpath.model.equations import Control, evaluate
from sbpath.model.network import build_network
from sbpath.model.rates import (
    MIN_FRONT,
    front,
    front_slope,
    growth_slopes,
    growth_time,
    nucleation_constant,
    nucleation_slope,
    nucleation_time,
    start_time,
)
from sbpath.model.workspace import workspace
from sbpath.physical import ZERO_CELSIUS_K, arrhenius

RT = R * 298.15
PLAIN = {
    "product": 0.0,
    "barrier": 0.0,
    "log_attempt": math.log(1e9),
    "growth": 1e-3,
    "alpha": 0.5,
    "energy": RT,
    "order": 0.0,
    "seed": 1e-3,
    "rounding": 0.1,
}


def waiting(affinity, **changes):
    """Nucleation and growth time, the slope of both together by A, that of growth by theta_q."""
    given = {**PLAIN, **changes}
    barrier, log_attempt, growth = given.pop("barrier"), given.pop("log_attempt"), given.pop("growth")
    nucleation = nucleation_time(affinity, barrier, log_attempt)
    time = growth_time(affinity, growth=growth, **given)
    slope, product_slope = growth_slopes(affinity, time=time, **given)
    if nucleation < math.inf:
        slope += nucleation_slope(affinity, barrier, nucleation)
    return nucleation, time, slope, product_slope


# -- nucleation ---------------------------------------------------------------------------------


def test_barrier_by_hand():
    # Li2Sb on Sb: gamma = 0.134 J/m2, Vm = 35.82 cm3/mol, 25 C.
    #   gamma^3 = 2.406104e-3, Vm^2 = 1.2830724e-9, 16 pi / 3 = 16.755161, k_B T = 4.1164050e-21
    #   B = 16.755161 * 2.406104e-3 * 1.2830724e-9 / 4.1164050e-21 = 1.256597e10 (J/mol)^2
    constant = nucleation_constant(0.134, 1.0, 35.82e-6, 298.15)
    assert constant == pytest.approx(1.256597e10, rel=1e-6)
    # At 0.850 V the affinity is 2 F (0.956 - 0.850) = 20454.9 J/mol: a barrier of 30.03 kT, in
    # the 30-60 kT where nucleation takes seconds to hours.
    assert constant / (2.0 * F * 0.106) ** 2 == pytest.approx(30.033, abs=1e-3)


def test_barrier_is_that_of_the_critical_nucleus():
    # Second method: the largest value of 4 pi r^2 gamma - (4/3) pi r^3 A / Vm over the radius r.
    gamma, volume, affinity, kelvin = 0.219, 18.19e-6, 22000.0, 350.0
    radius = np.linspace(1e-11, 2e-9, 400_001)
    work = 4.0 * np.pi * radius**2 * gamma - 4.0 / 3.0 * np.pi * radius**3 * affinity / volume
    by_search = work.max() / (1.380649e-23 * kelvin)
    by_formula = nucleation_constant(gamma, 1.0, volume, kelvin) / affinity**2
    assert by_formula == pytest.approx(by_search, rel=1e-9)


@given(st.floats(0.01, 0.5), st.floats(0.01, 1.0), st.floats(1e-5, 2e-4), st.floats(200.0, 900.0))
@settings(derandomize=True, deadline=None)
def test_barrier_scales_as_classical_nucleation_theory_says(gamma, shape, volume, kelvin):
    one = nucleation_constant(gamma, shape, volume, kelvin)
    assert nucleation_constant(2.0 * gamma, shape, volume, kelvin) == pytest.approx(8.0 * one)
    assert nucleation_constant(gamma, 0.5 * shape, volume, kelvin) == pytest.approx(0.5 * one)
    assert nucleation_constant(gamma, shape, 3.0 * volume, kelvin) == pytest.approx(9.0 * one)
    assert nucleation_constant(gamma, shape, volume, 2.0 * kelvin) == pytest.approx(0.5 * one)


def test_nucleation_time_is_the_inverse_attempt_rate_times_the_boltzmann_factor():
    # A barrier of 25 kT and J0 = 1e9 /s: exp(25) / 1e9 = 72.0049 s.
    affinity = 2e4
    nucleation, _, _, _ = waiting(affinity, barrier=25.0 * affinity**2)
    assert nucleation == pytest.approx(72.0048993, rel=1e-8)


def test_out_of_reach_means_never():
    assert nucleation_time(1.0, 1e10, math.log(1e9)) == math.inf


# -- growth ---------------------------------------------------------------------------------------


def test_growth_time_by_hand():
    # a = 2, alpha = 1/2: 1 / (1e-3 (e - 1/e)) = 425.459 s, since e - 1/e = 2.35040239.
    _, growth, _, _ = waiting(2.0 * RT)
    assert growth == pytest.approx(1e3 / 2.3504023873, rel=1e-10)
    # alpha = 0.3: e^0.6 - e^-1.4 = 1.8221188004 - 0.2465969639 = 1.5755218365.
    _, growth, _, _ = waiting(2.0 * RT, alpha=0.3)
    assert growth == pytest.approx(1e3 / 1.5755218365, rel=1e-9)
    # Two electrons share the affinity: a = 1, e^0.5 - e^-0.5 = 1.0421906110.
    _, growth, _, _ = waiting(2.0 * RT, energy=2.0 * RT)
    assert growth == pytest.approx(1e3 / 1.0421906110, rel=1e-9)


@pytest.mark.parametrize("alpha", [0.2, 0.5, 0.8])
def test_small_affinity_gives_a_linear_rate(alpha):
    # 1/tau = k0 a (1 + (2 alpha - 1) a / 2 + O(a^2)): what is left falls with the square.
    for a in (1e-1, 1e-2, 2e-3):
        _, growth, _, _ = waiting(a * RT, alpha=alpha)
        wanted = 1e-3 * a * (1.0 + (2.0 * alpha - 1.0) * a / 2.0)
        assert 1.0 / growth == pytest.approx(wanted, rel=0.2 * a**2)


def test_the_corner_at_zero_affinity_is_rounded_within_a_microvolt():
    # The factor 1 - exp(-A / 0.1 J/mol): 0.1 J/mol is 1.04e-6 V for one electron.
    for affinity in (1e-9, 1e-3, 0.05, 0.1, 0.3, 1.0):
        _, growth, _, _ = waiting(affinity)
        wanted = 2e-3 * math.sinh(0.5 * affinity / RT) * -math.expm1(-affinity / 0.1)
        assert 1.0 / growth == pytest.approx(wanted, rel=1e-10)
    # It begins with the square of the affinity and is gone above 3 J/mol.
    assert waiting(1e-7)[1] / waiting(2e-7)[1] == pytest.approx(4.0, rel=1e-4)
    assert 1e-3 * waiting(4.0)[1] * 2.0 * math.sinh(2.0 / RT) == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize("alpha", [0.2, 0.5, 0.8])
def test_large_affinity_gives_a_tafel_line(alpha):
    for a in (40.0, 80.0, 400.0):
        _, growth, _, _ = waiting(a * RT, alpha=alpha)
        assert math.log(1.0 / growth / 1e-3) == pytest.approx(alpha * a, rel=1e-12)


def test_autocatalytic_factor():
    # g = (s + (1 - s) theta)^m: at theta = 0 the seed alone, s^m, at theta = 1 nothing at all.
    _, plain, _, _ = waiting(3.0 * RT)
    for order in (0.5, 1.0, 2.0):
        for seed in (1e-4, 1e-2):
            for product, factor in ((0.0, seed**order), (1.0, 1.0), (0.3, (0.3 + 0.7 * seed) ** order)):
                _, growth, _, slope = waiting(3.0 * RT, product=product, order=order, seed=seed)
                assert growth == pytest.approx(plain / factor, rel=1e-12)
                wanted = -order * (1.0 - seed) / (seed + (1.0 - seed) * product) * growth
                assert slope == pytest.approx(wanted, rel=1e-12)
    # A fraction a rounding below zero counts as none.
    assert waiting(3.0 * RT, product=-1e-12, order=2.0) == waiting(3.0 * RT, product=0.0, order=2.0)


@given(
    st.floats(0.02, 30.0),
    st.floats(0.0, 200.0),
    st.floats(0.1, 0.9),
    st.floats(0.0, 1.0),
    st.sampled_from([0.0, 0.7, 1.0, 2.0]),
)
@settings(derandomize=True, deadline=None, max_examples=200)
def test_slopes_against_differences(a, barrier, alpha, product, order):
    affinity = a * RT
    options = {
        "barrier": barrier * affinity**2,
        "alpha": alpha,
        "order": order,
        "product": product,
        "seed": 0.01,
    }
    h = 1e-5

    def five_point(f):
        return (f(-2) - 8.0 * f(-1) + 8.0 * f(1) - f(2)) / (12.0 * h)

    def total(k):
        return sum(waiting(affinity * (1.0 + k * h), **options)[:2])

    def growth(k):
        return waiting(affinity, **{**options, "product": max(product, 0.05) + k * h})[1]

    _, _, slope, _ = waiting(affinity, **options)
    assert slope * affinity == pytest.approx(five_point(total), rel=1e-6)
    _, _, _, product_slope = waiting(affinity, **{**options, "product": max(product, 0.05)})
    assert product_slope == pytest.approx(five_point(growth), rel=1e-6, abs=1e-9 * growth(0))


@given(
    st.floats(-9.0, 7.0).map(lambda power: 10.0**power),
    st.one_of(st.just(0.0), st.floats(-20.0, 20.0).map(lambda power: 10.0**power)),
    st.floats(0.01, 0.99),
    st.floats(0.5, 3.0),
    st.sampled_from([0.0, 1.0, 3.0]),
    st.floats(0.0, 1.0),
)
@example(1e-9, 0.0, 0.5, 1.0, 0.0, 0.0)
@example(1e7, 0.0, 0.99, 0.5, 3.0, 0.0)
@example(1e-9, 1e20, 0.5, 1.0, 1.0, 0.0)
@settings(derandomize=True, deadline=None, max_examples=500)
def test_no_overflow_and_a_rate_that_never_falls_with_affinity(
    affinity, barrier, alpha, electrons, order, product
):
    options = {
        "barrier": barrier,
        "alpha": alpha,
        "energy": electrons * RT,
        "order": order,
        "product": product,
    }
    nucleation, growth, slope, product_slope = waiting(affinity, **options)
    assert nucleation > 0.0
    assert growth >= 0.0
    assert math.isfinite(growth)
    assert math.isfinite(slope)
    assert math.isfinite(product_slope)
    assert slope <= 0.0
    assert product_slope <= 0.0
    more = sum(waiting(affinity * 1.1, **options)[:2])
    assert more <= nucleation + growth


# -- propagation -----------------------------------------------------------------------------------


def test_nuclei_and_fronts_start_domains_in_parallel():
    # 1 / (1/200 + 1/300) = 120 s; without fronts the nucleation time, to the last digit.
    assert start_time(200.0, 1.0 / 300.0) == pytest.approx(120.0, rel=1e-15)
    assert start_time(123.4567, 0.0) == 123.4567
    assert start_time(math.inf, 0.0) == math.inf
    assert start_time(math.inf, 1e-3) == 1e3


@given(st.floats(-20.0, 260.0), st.floats(-30.0, 6.0))
@settings(derandomize=True, deadline=None)
def test_start_time_and_its_slopes_do_not_overflow(nucleation, propagation):
    time, rate = 10.0**nucleation, 10.0**propagation
    start = start_time(time, rate)
    assert start <= min(time, 1.0 / rate) * (1.0 + 1e-15)
    assert start >= 0.5 * min(time, 1.0 / rate)
    # d start/d ln(nucleation) = start (start / nucleation), which the equations use.
    h = 1e-4
    difference = (start_time(time * (1.0 + h), rate) - start_time(time * (1.0 - h), rate)) / (2.0 * h)
    wanted = start * (start / time)
    assert math.isfinite(wanted)
    assert wanted == pytest.approx(difference, rel=1e-6, abs=1e-11 * start)


def test_fronts_start_from_product_that_is_there():
    assert front(-1e-3) == front(0.0) == front(MIN_FRONT) == front_slope(MIN_FRONT) == 0.0
    # Two parts in a billion at one half, and the slope is that of the difference.
    assert front(0.5) == pytest.approx(0.5 - 2.0 * MIN_FRONT, rel=1e-12)
    for product in (1.5e-9, 1e-8, 1e-3, 0.7):
        h = 1e-4 * product
        difference = (front(product + h) - front(product - h)) / (2.0 * h)
        assert front_slope(product) == pytest.approx(difference, rel=1e-6)


# -- temperature ------------------------------------------------------------------------------------


def test_arrhenius():
    # 48 kJ/mol from 25 to 120 C: exp(48000 / R * (1/298.15 - 1/393.15)) = exp(4.6788) = 107.6.
    assert arrhenius(2.0, 48000.0, 393.15, 298.15) / 2.0 == pytest.approx(107.63, rel=1e-3)
    assert arrhenius(2.0, 48000.0, 298.15, 298.15) == 2.0
    assert arrhenius(2.0, 0.0, 1000.0, 298.15) == 2.0
    # On paper of ln k against 1/T three temperatures lie on a line of slope -E_a / R.
    kelvin = np.array([250.0, 300.0, 600.0])
    logs = np.log([arrhenius(1e-3, 31400.0, k, 298.15) for k in kelvin])
    assert np.diff(logs) / np.diff(1.0 / kelvin) == pytest.approx([-31400.0 / R] * 2, rel=1e-12)


# -- edges of the shipped mechanisms ------------------------------------------------------------------


GRAPHS = [(name, graph) for name in shipped_names() for graph in load_mechanism(name).graphs]


@pytest.mark.parametrize(("name", "graph"), GRAPHS)
def test_rates_are_those_of_the_textbook_and_produce_entropy(name, graph):
    mechanism = load_mechanism(name)
    generator = np.random.default_rng(20)
    for celsius in (mechanism.temperature_C, 300.0):
        network = build_network(mechanism, graph, celsius + ZERO_CELSIUS_K)
        space, textbook = workspace(network), Textbook.of(mechanism.document, graph, celsius)
        for _ in range(40):
            theta = generator.dirichlet(np.full(len(mechanism.nodes), 0.5))
            potential = generator.uniform(0.0, 1.5)
            evaluate(0.0, np.array([*theta, potential]), Control(True, 0.05, 0.0), network, space, False)
            rates, affinities = textbook.rates(theta, potential)
            np.testing.assert_allclose(space.affinity, affinities, rtol=1e-11, atol=1e-7)
            np.testing.assert_allclose(space.rate[0], rates, rtol=1e-8, atol=1e-200)
            assert all(r >= 0.0 for r in space.rate[0])
            assert all(r * a >= 0.0 for r, a in zip(space.rate[0], space.affinity, strict=True))


def test_a_fraction_below_zero_drives_nothing():
    mechanism = load_mechanism("li-sb")
    network = build_network(mechanism, "candidate", 298.15)
    space = workspace(network)
    evaluate(0.0, np.array([-1e-9, 1.0 + 2e-9, -1e-9, 0.5]), Control(True, 0.0, 0.0), network, space, False)
    sources = dict(zip(range(len(space.rate[0])), network.source, strict=True))
    assert [r for e, r in enumerate(space.rate[0]) if sources[e] != 1] == [0.0] * 4


def test_the_barrier_at_an_interface_on_the_page_of_the_model():
    # A cap on a flat wall (Turnbull 1950): S = (2 + c) (1 - c)^2 / 4.
    text = (Path(__file__).parents[2] / "docs" / "model.md").read_text(encoding="utf-8")
    (told,) = re.findall(
        r"\(([\d.]+) − ([\d.]+)\)/([\d.]+) = ([\d.]+), .*?(\d+) times lower", text, flags=re.DOTALL
    )
    whole, wetted, cap, cosine, times = map(float, told)
    exact = (whole - wetted) / cap
    assert cosine == pytest.approx(exact, abs=5e-4)
    assert times == pytest.approx(4.0 / ((2.0 + exact) * (1.0 - exact) ** 2), abs=1.0)
