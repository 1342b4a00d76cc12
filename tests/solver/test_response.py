"""Oracles: the order conditions and the stability function of the method, and finer tolerances."""

from __future__ import annotations

import numpy as np
import pytest
from bare import bare

from sbpath import SolverOptions, sensitivities, simulate
from sbpath.solver.record import FULL_WEIGHTS, NODES
from sbpath.solver.response import TABLEAU


def test_the_stages_have_order_two_and_the_step_order_three():
    # Hairer and Wanner, Solving Ordinary Differential Equations II, section IV.5: B(6), C(2) and thereby order 3.
    for power in range(6):
        assert TABLEAU[-1] @ NODES**power == pytest.approx(1.0 / (power + 1), rel=1e-14)
    np.testing.assert_allclose(TABLEAU[-1], FULL_WEIGHTS, rtol=1e-13)
    np.testing.assert_allclose(TABLEAU.sum(axis=1), NODES, atol=1e-15)
    np.testing.assert_allclose(TABLEAU @ NODES, 0.5 * NODES**2, atol=1e-15)
    # Of order 4 one condition is missed, so that the tests of order are not met by chance.
    assert abs(TABLEAU[-1] @ TABLEAU @ NODES**2 - 1.0 / 12.0) == pytest.approx(0.0103, abs=1e-4)


def factor_of_a_step(z):
    """What a step multiplies the solution of ``y' = (z / h) y`` by."""
    return np.linalg.solve(np.eye(4) - z * TABLEAU, np.ones(4))[-1]


@pytest.mark.parametrize("degrees", [180, 150, 120])
def test_what_decays_is_damped_however_stiff_it_is(degrees):
    way = np.exp(1j * np.radians(degrees))
    assert max(abs(factor_of_a_step(size * way)) for size in np.logspace(-2, 9, 800)) < 1.0
    # The error of rounding in a number of this size.
    assert abs(factor_of_a_step(1e9 * way)) < 1e-6
    sizes = [0.2, 0.1, 0.05]
    errors = [abs(factor_of_a_step(size * way) - np.exp(size * way)) for size in sizes]
    assert np.diff(np.log2(errors)) == pytest.approx(-4.0, abs=0.15)


EDGES = [
    "interfaces.Sb|Li2Sb.energy_J_per_m2",
    "kinetics.growth_rate_per_s",
    "kinetics.attempt_rate_per_s",
    "kinetics.diffusivity_m2_per_s",
]


def test_default_tolerances_lose_less_than_a_percent():
    names = EDGES
    mechanism, protocol = bare("li-sb"), ("Discharge at C/5 until 0.3 V", "Charge at C/5 until 1.3 V")
    found = []
    for options in (SolverOptions(), SolverOptions(1e-9, 1e-12)):
        solution = simulate(mechanism, protocol, options=options, progress=False)
        found.append((solution, sensitivities(solution, names)))
    (coarse, ours), (fine, wanted) = found
    assert ours.duration == pytest.approx(wanted.duration, rel=5e-3, abs=1e-3 * np.abs(wanted.duration).max())
    for k, name in enumerate(names):
        for one, other in zip(coarse.steps, fine.steps, strict=True):
            time, values = fine.time_s[other.first : other.last], wanted.voltage[k, other.first : other.last]
            own = slice(one.first, one.last)
            there = np.interp(coarse.time_s[own], time, values)
            error = np.abs(ours.voltage[k, own] - there)
            assert np.quantile(error, 0.9) < 1e-2 * np.abs(there).max(), (name, one.number)
