"""Oracles: MSMR written with tanh, the Legendre transform, finite differences, complex step, hull of limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from analytic import F, R, equilibrium_potential, msmr_content, msmr_gibbs, msmr_slope
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from sbpath.mechanism.documents import shipped_names
from sbpath.mechanism.reader import load_mechanism, mechanism_from_document
from sbpath.model import thermo
from sbpath.model.network import build_network
from sbpath.model.workspace import fill_nodes, workspace

T = 298.15
GALLERIES = [(1.70, 0.82, 1.5), (0.85, 0.64, 1.1), (0.2, 1.1, 0.4)]
# A kernel keeps its Python text here, which the complex step needs.
node_text = getattr(thermo.node_state, "py_func", thermo.node_state)

gallery = st.tuples(st.floats(1e-3, 3.0), st.floats(-1.0, 2.0), st.floats(0.05, 10.0))
some_galleries = st.lists(gallery, max_size=4)
potentials = st.floats(-2.0, 3.0)
temperatures = st.floats(200.0, 1000.0)


def node(potential, gibbs, fixed, galleries, temperature=T, kernel=None):
    return (kernel or thermo.node_state)(
        potential,
        gibbs,
        fixed,
        0,
        len(galleries),
        [g[0] for g in galleries],
        [g[1] for g in galleries],
        [g[2] * R * temperature for g in galleries],
    )


@pytest.fixture
def complex_kernel(monkeypatch):
    """The kernel's text with functions that take complex numbers."""
    monkeypatch.setattr("sbpath.model.thermo.exp", np.exp)
    monkeypatch.setattr("sbpath.model.thermo.log1p", np.log1p)
    return node_text


@given(potentials, temperatures, st.floats(-3e5, 3e5), st.floats(0.0, 3.0), some_galleries)
@settings(derandomize=True, deadline=None, max_examples=300)
def test_content_slope_and_grand_potential_are_those_of_the_textbook(
    potential, kelvin, gibbs, fixed, galleries
):
    omega, x, slope, _ = node(potential, gibbs, fixed, galleries, kelvin)
    assert x == pytest.approx(float(msmr_content(potential, kelvin, fixed, galleries)), abs=1e-13, rel=1e-13)
    assert slope == pytest.approx(msmr_slope(potential, kelvin, galleries), rel=1e-9, abs=1e-12)
    # Omega = G + F E x, with G from site energies and ideal mixing instead of the logarithm of a sum.
    wanted = float(msmr_gibbs(potential, kelvin, gibbs, galleries)) + F * potential * x
    assert omega == pytest.approx(wanted, abs=1e-9 * (abs(gibbs) + F * abs(potential) * x + 1e5))


@given(potentials, temperatures, some_galleries)
@settings(derandomize=True, deadline=None, max_examples=300)
def test_content_never_rises_with_potential_and_stays_within_its_sites(potential, kelvin, galleries):
    _, x, slope, _ = node(potential, 0.0, 0.5, galleries, kelvin)
    _, higher, _, _ = node(potential + 0.01, 0.0, 0.5, galleries, kelvin)
    full = 0.5 + sum(g[0] for g in galleries)
    assert slope <= 0.0
    assert higher <= x
    assert 0.5 <= x <= full * (1.0 + 1e-15)


@pytest.mark.parametrize("potential", np.linspace(0.3, 1.3, 21))
def test_derivatives_by_complex_step(complex_kernel, potential):
    # f'(E) = Im f(E + ih) / h has no subtraction, so h can be so small that only rounding is left.
    h = 1e-30
    omega, x, slope, _ = node(complex(potential, h), -2e5, 0.45, GALLERIES, kernel=complex_kernel)
    plain = node(potential, -2e5, 0.45, GALLERIES)
    assert omega.imag / h == pytest.approx(F * plain[1], rel=1e-14)
    assert x.imag / h == pytest.approx(plain[2], rel=1e-13)
    # The curvature passes through zero, so its error is measured against its largest value.
    largest = sum(g[0] * (F / (g[2] * R * T)) ** 2 for g in GALLERIES) / 10.0
    assert slope.imag / h == pytest.approx(plain[3], abs=1e-13 * largest)


@pytest.mark.parametrize("potential", np.linspace(0.3, 1.3, 21))
def test_derivatives_by_finite_differences(potential):
    h = 1e-4

    def derivative(index):
        """Fourth-order central difference."""
        value = [node(potential + k * h, -2e5, 0.45, GALLERIES)[index] for k in (-2, -1, 1, 2)]
        return (value[0] - 8.0 * value[1] + 8.0 * value[2] - value[3]) / (12.0 * h)

    _, x, slope, curvature = node(potential, -2e5, 0.45, GALLERIES)
    scale = F / (0.4 * R * T)  # 1/V, of the narrowest gallery
    assert derivative(0) == pytest.approx(F * x, abs=1e-7 * F)
    assert derivative(1) == pytest.approx(slope, abs=1e-6 * scale)
    assert derivative(2) == pytest.approx(curvature, abs=1e-6 * scale**2)


@pytest.mark.parametrize("far", [5.0, 100.0, 1e4, 1e8])
def test_nothing_overflows_far_from_the_site_potentials(far):
    full = 0.45 + sum(g[0] for g in GALLERIES)
    site_energy = sum(g[0] * g[1] for g in GALLERIES)
    # Far above, all sites are empty; far below, all are full and G has gained -F sum X U.
    assert node(far, 7.0, 0.45, GALLERIES) == pytest.approx((7.0 + F * far * 0.45, 0.45, 0.0, 0.0))
    assert node(-far, 7.0, 0.45, GALLERIES) == pytest.approx(
        (7.0 - F * site_energy - F * far * full, full, 0.0, 0.0), rel=1e-14
    )


def test_at_half_filling_the_numbers_can_be_written_by_hand():
    omega, x, slope, curvature = node(0.8, 100.0, 1.0, [(0.5, 0.8, 2.0)])
    assert x == 1.25
    assert slope == pytest.approx(-0.5 / 4.0 * F / (2.0 * R * T), rel=1e-15)
    assert curvature == 0.0
    assert omega == pytest.approx(100.0 + 0.8 * F - 0.5 * 2.0 * R * T * math.log(2.0), rel=1e-15)


def test_a_line_compound_is_a_straight_line():
    for potential in (-1.0, 0.0, 0.9):
        wanted = (-2e5 + F * potential * 3.0, 3.0, 0.0, 0.0)
        assert node(potential, -2e5, 3.0, []) == pytest.approx(wanted, rel=1e-15)


def test_a_very_narrow_gallery_is_two_line_compounds():
    # Width to zero: the full phase below U and the empty one above, as min over the two lines.
    for potential in (0.70, 0.79, 0.81, 0.90):
        omega, x, _, _ = node(potential, 0.0, 1.0, [(2.0, 0.8, 1e-3)])
        lines = {1.0: F * potential, 3.0: -2.0 * F * 0.8 + 3.0 * F * potential}
        wanted = min(lines, key=lambda content: lines[content])
        assert (omega, x) == pytest.approx((lines[wanted], wanted), rel=1e-12)


def crossing(mechanism, celsius, one, other):
    """Potential at which two nodes have the same grand potential."""
    network = build_network(mechanism, mechanism.default_graph, celsius + 273.15)
    space, names = workspace(network), list(mechanism.phases)

    def difference(potential):
        fill_nodes(potential, network, space)
        return space.omega[names.index(one)] - space.omega[names.index(other)]

    return brentq(difference, 0.0, 1.5, xtol=1e-14)


def test_equal_grand_potentials_are_the_equilibrium_potential_of_line_compounds():
    nasb, ksb = load_mechanism("na-sb-nasb"), load_mechanism("k-sb-ksb")
    for mechanism, middle, last, gibbs in (
        (nasb, "NaSb", "Na3Sb", (-64934.6, -172226.3)),
        (ksb, "KSb", "K3Sb", (-85293.0, -162674.3)),
    ):
        for one, other, wanted in (
            ("Sb", middle, equilibrium_potential(0.0, 0.0, gibbs[0], 1.0)),
            (middle, last, equilibrium_potential(gibbs[0], 1.0, gibbs[1], 3.0)),
            ("Sb", last, equilibrium_potential(0.0, 0.0, gibbs[1], 3.0)),
        ):
            assert crossing(mechanism, 25.0, one, other) == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize(
    ("name", "middle", "last"), [("na-sb-nasb", "NaSb", "Na3Sb"), ("k-sb-ksb", "KSb", "K3Sb")]
)
def test_loops_close(name, middle, last):
    # Sb -> ASb -> A3Sb takes one and two electrons: the direct couple is their weighted mean.
    mechanism = load_mechanism(name)
    first = crossing(mechanism, 25.0, "Sb", middle)
    second = crossing(mechanism, 25.0, middle, last)
    assert crossing(mechanism, 25.0, "Sb", last) == pytest.approx((first + 2.0 * second) / 3.0, abs=1e-12)


@pytest.mark.parametrize("name", shipped_names())
def test_every_shipped_node_keeps_its_content_within_the_formula(name):
    mechanism = load_mechanism(name)
    network = build_network(mechanism, mechanism.default_graph, mechanism.temperature_C + 273.15)
    for p, name in enumerate(mechanism.nodes):
        galleries = [
            (amount * g.sites, g.potential_V, g.width)
            for phase, amount in mechanism.nodes[name].items()
            for g in mechanism.phases[phase].galleries
        ]
        for potential in np.linspace(-0.5, 2.0, 26):
            _, x, slope, _ = node(
                float(potential),
                network.gibbs[p],
                network.fixed[p],
                galleries,
                mechanism.temperature_C + 273.15,
            )
            assert mechanism.fixed_content(name) - 1e-12 <= x <= mechanism.full_content(name) + 1e-12
            assert slope <= 0.0


def test_galleries_move_with_temperature_by_their_own_slope_and_by_no_other():
    still = load_mechanism("li-sb")
    document = still.document
    document["phases"]["Li3Sb"]["galleries"][0]["potential_slope_V_per_K"] = -2e-4
    moving = mechanism_from_document(document, where="moving")
    for kelvin, shift in ((298.15, 0.0), (398.15, -0.02)):
        # U + dU/dT (T - 25 C), the reference temperature of the file.
        assert build_network(still, "candidate", kelvin).site_potential == pytest.approx([1.09])
        assert build_network(moving, "candidate", kelvin).site_potential == pytest.approx(
            [1.09 + shift], abs=1e-12
        )
