"""Oracles: check values of an independent calculation, equilibrium, conservation, a second integrator.

Growth from product that is already there, with k_p = 1e-7 /s at 25 C and 48 kJ/mol unless said otherwise.
"""

from __future__ import annotations

import functools

import numpy as np
import pytest
from analytic import M_SB, F, Textbook, electrode_rates
from bare import bare
from curves import at_composition, cycled, edge_names, rows
from scipy.integrate import solve_ivp

from sbpath import (
    Population,
    SolverOptions,
    branch_points,
    cycle_summaries,
    cycling,
    loss_breakdown,
    sensitivities,
    simulate,
    with_changes,
    zero_rate,
)
from sbpath.model.network import build_network
from sbpath.physical import ZERO_CELSIUS_K
from sbpath.solver.reference import scipy_cycle
from sbpath.studies.zero_rate import report
from sbpath.text.explanation import explanation

RATE, ENERGY = "kinetics.propagation_rate_per_s", "kinetics.propagation_activation_energy_J_per_mol"


def changes(rate=1e-7):
    return ((RATE, rate), (ENERGY, 48_000.0))


def hysteresis(solution):
    return cycle_summaries(solution)[-1].hysteresis_mV


# -- check values of the independent calculation -----------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "celsius", "wanted", "tolerance"),
    [
        ("C/10", 25.0, 195.9, 0.2), ("C/1000", 25.0, 181.1, 0.2), ("C/10000", 25.0, 173.8, 0.2),
        ("C/100000", 25.0, 17.4, 1.0), ("C/10", 120.0, 169.5, 0.2), ("C/100", 200.0, 11.6, 0.2),
        ("C/100", 360.0, 1.4, 0.2), ("C/100", 400.0, 1.0, 0.2),
    ],
)  # fmt: skip
def test_hysteresis_of_lithium(simulated, rate, celsius, wanted, tolerance):
    solution = cycled(simulated, "li-sb", rate, temperature_C=celsius, changes=changes())
    assert hysteresis(solution) == pytest.approx(wanted, abs=tolerance)


@pytest.mark.parametrize(("celsius", "first", "second"), [(360.0, 0.915, 0.883), (400.0, 0.910, 0.875)])
def test_two_steps_in_and_out_when_hot(simulated, celsius, first, second):
    # V4: titration at 400 C sees both plateaus both ways, as Weppner and Huggins did.
    solution = cycled(simulated, "li-sb", "C/100", temperature_C=celsius, changes=changes())
    for step in (3, 4):
        assert at_composition(solution, step, [0.5, 1.5]) == pytest.approx([first] * 2, abs=3e-3)
        assert at_composition(solution, step, [2.2, 2.6]) == pytest.approx([second] * 2, abs=3e-3)
        assert solution.fraction("Li2Sb")[rows(solution, step)].max() > 0.99


@functools.cache
def rested(name, k_p, content, hours):
    """Voltage after insertion at C/20 to a content and a rest."""
    mechanism = bare(name, dict(changes(k_p)))
    steps = [f"Discharge at C/20 until x = {content}", f"Rest for {hours} h"]
    return simulate(mechanism, steps, progress=False).voltage_V[-1]


@pytest.mark.parametrize(
    ("name", "content", "k_p", "four", "forty"),
    [
        ("li-sb", 0.5, 0.0, 0.867, 0.869), ("li-sb", 0.5, 1e-7, 0.948, 0.956), ("li-sb", 1.0, 1e-7, 0.956, 0.956),
        ("li-sb", 1.5, 1e-7, 0.946, 0.956), ("na-sb-nasb", 0.8, 1e-7, 0.518, 0.673),
        ("na-sb-nasb", 2.0, 1e-7, 0.556, 0.556), ("k-sb-ksb", 0.8, 1e-7, 0.677, 0.884),
        ("k-sb-ksb", 2.0, 1e-7, 0.360, 0.401), ("na-sb", 2.0, 1e-6, 0.486, 0.552), ("k-sb", 2.0, 1e-6, 0.263, 0.378),
    ],
)  # fmt: skip
def test_rests_relax_to_equilibrium(name, content, k_p, four, forty):
    assert rested(name, k_p, content, 4) == pytest.approx(four, abs=1e-3)
    assert rested(name, k_p, content, 40) == pytest.approx(forty, abs=1e-3)


# -- near equilibrium ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["li-sb", "na-sb", "k-sb-ksb"])
@pytest.mark.parametrize("rate", ["1C", "C/10", "C/1000"])
@pytest.mark.parametrize("k_p", [1e-7, 1e-3, 1.0])
@pytest.mark.filterwarnings("ignore::sbpath.ValidityWarning")
def test_the_corner_at_zero_affinity_costs_few_steps(simulated, name, rate, k_p):
    # Up to 1 /s at 25 C (150,000 /s at 500 C) and C/1000: not 20,000 steps, but some hundred.
    for celsius in (25.0, 500.0):
        solution = cycled(simulated, name, rate, temperature_C=celsius, changes=changes(k_p))
        assert max(record.last - record.first for record in solution.steps) < 3 * 1000
        assert hysteresis(solution) > 0.0
        assert (solution.rates_per_s * solution.affinities_J_per_mol).min() >= 0.0


@pytest.mark.parametrize(("name", "k_p", "celsius"), [("li-sb", 1e-5, 200.0), ("k-sb", 1e-3, 25.0)])
@pytest.mark.filterwarnings("ignore::sbpath.ValidityWarning")
def test_errors_of_the_integration_do_not_propagate(simulated, name, k_p, celsius):
    # Fronts would multiply what the tolerance leaves of a phase; without a least front the second case
    # gives 38 or 66 mV.
    found = [
        hysteresis(
            cycled(
                simulated, name, "C/100", temperature_C=celsius, changes=changes(k_p), rtol=rtol, atol=atol
            )
        )
        for rtol, atol in ((1e-6, 1e-9), (1e-8, 1e-11))
    ]
    assert found[0] == pytest.approx(found[1], abs=0.3)


@pytest.mark.parametrize(("celsius", "rate", "closes"), [(25.0, "C/10", 2e-5), (200.0, "C/100", 1e-3)])
def test_the_loop_is_its_heat(simulated, celsius, rate, closes):
    solution = cycled(simulated, "li-sb", rate, temperature_C=celsius, changes=changes())
    own = loss_breakdown(solution)
    assert own.losses_J_per_g.min() >= 0.0
    assert own.losses_J_per_g.sum() + own.stored_J_per_g == pytest.approx(own.loop_J_per_g, rel=closes)


@pytest.mark.parametrize(
    ("k_p", "celsius", "rate"), [pytest.param(1e-7, 400.0, 0.1, marks=pytest.mark.slow), (1e-4, 25.0, 0.1)]
)
def test_a_second_integrator_agrees(k_p, celsius, rate):
    mechanism = bare("li-sb", dict(changes(k_p)))
    network = build_network(mechanism, "candidate", celsius + ZERO_CELSIUS_K)
    halves = scipy_cycle(mechanism, network, rate)
    protocol = cycling("C/10", mechanism.lower_cutoff_V, mechanism.upper_cutoff_V)
    solution = simulate(
        mechanism, protocol, temperature_C=celsius, options=SolverOptions(1e-9, 1e-12), progress=False
    )
    for half, record in zip(halves, solution.steps, strict=True):
        assert record.duration_s == pytest.approx(half.t[-1], rel=1e-6)
        own = slice(record.first, record.last)
        time = solution.time_s[own] - solution.time_s[own][0]
        inside = time < half.t[-1]
        error = np.abs(half.sol(time[inside])[:3] - solution.fractions[:, own][:, inside])
        assert error.max() < 1e-4


# -- fronts that reach from one particle to the next -----------------------------------------------------

# About the spread and the interfacial energies that suit lithium with it.
LITHIUM = (
    *changes(),
    ("interfaces.Sb|Li2Sb.energy_J_per_m2", 0.130),
    ("interfaces.Li2Sb|Li3Sb.energy_J_per_m2", 0.0905),
    ("interfaces.Sb|Li3Sb.energy_J_per_m2", 0.211),
)
SPREAD = Population.lognormal(15, size=0.3, interfacial_energy=0.03)


def spread(protocol, population=SPREAD, given=LITHIUM, **options):
    return simulate(bare("li-sb", dict(given)), protocol, population=population, progress=False, **options)


@pytest.mark.parametrize(("celsius", "rate"), [(25.0, "C/10"), (400.0, "C/100")])
@pytest.mark.filterwarnings("ignore::sbpath.ValidityWarning")
def test_particles_alike_that_share_their_fronts_are_one(celsius, rate):
    protocol, options = cycling(rate, 0.05, 1.5), SolverOptions(1e-8, 1e-11)
    one = spread(protocol, None, temperature_C=celsius, options=options)
    many = spread(protocol, Population.lognormal(7), temperature_C=celsius, options=options)
    assert many.time_s[-1] == pytest.approx(one.time_s[-1], rel=1e-8)
    np.testing.assert_allclose(many.heat_J_per_g[:, -1], one.heat_J_per_g[:, -1], rtol=1e-5, atol=1e-4)
    voltage = np.interp(many.time_s, one.time_s, one.voltage_V)
    assert np.abs(many.voltage_V - voltage).mean() < 1e-5


@pytest.mark.parametrize(
    ("k_p", "celsius"), [(1e-4, 25.0), pytest.param(1e-7, 360.0, marks=pytest.mark.slow)]
)
@pytest.mark.filterwarnings("ignore::sbpath.ValidityWarning")
def test_the_textbook_with_one_front_for_all(k_p, celsius):
    # Its equations, written without the package, in SciPy's Radau.
    mixed = Population.discrete([0.5, 0.3, 0.2], [1.0, 2.0, 0.5], [1.0, 0.94, 1.05])
    mechanism = bare("li-sb", dict(changes(k_p)))
    solution = spread(
        "Discharge at C/20 until x = 1.2",
        mixed,
        changes(k_p),
        temperature_C=celsius,
        options=SolverOptions(1e-9, 1e-12),
    )
    book = Textbook.of(mechanism.document, "candidate", celsius)
    books = [book.particle(*own) for own in zip(mixed.size, mixed.interfacial_energy, strict=True)]
    current = solution.current_A_per_g[0]

    def rhs(_, y):
        return electrode_rates(books, mixed.weight, y[:-1].reshape(3, 3), y[-1], current)

    start = np.array([1.0, 0.0, 0.0] * 3 + [solution.potential_V[0]])
    time = np.linspace(0.0, solution.time_s[-1], 40)
    own = solve_ivp(rhs, (0.0, time[-1]), start, "Radau", t_eval=time, rtol=1e-7, atol=1e-10, first_step=1e-3)
    shares = np.einsum("i,ipt->pt", mixed.weight, own.y[:-1].reshape(3, 3, -1))
    for p in range(3):
        np.testing.assert_allclose(
            np.interp(time, solution.time_s, solution.fractions[p]), shares[p], atol=1e-3
        )
    np.testing.assert_allclose(solution.particles.final, own.y[:-1, -1].reshape(3, 3), atol=1e-5)
    assert solution.potential_V[-1] == pytest.approx(own.y[-1, -1], abs=1e-5)


@pytest.mark.parametrize(("celsius", "first", "second"), [(360.0, 0.915, 0.883), (400.0, 0.910, 0.875)])
@pytest.mark.filterwarnings("ignore::sbpath.ValidityWarning")
def test_a_spread_takes_two_steps_in_and_out_when_hot(celsius, first, second):
    # V4 again: were each particle reached by its own fronts alone, a part of them would skip Li2Sb.
    solution = spread(cycling("C/100", 0.05, 1.5, 2), temperature_C=celsius)
    for step in (3, 4):
        assert at_composition(solution, step, [0.5, 1.5]) == pytest.approx([first] * 2, abs=3e-3)
        assert at_composition(solution, step, [2.2, 2.6]) == pytest.approx([second] * 2, abs=3e-3)
        assert solution.fraction("Li2Sb")[rows(solution, step)].max() > 0.99


@pytest.mark.parametrize("content", [0.5, 1.0, 1.5])
def test_a_spread_relaxes_to_equilibrium(content):
    solution = spread([f"Discharge at C/20 until x = {content}", "Rest for 4 h"])
    assert solution.voltage_V[-1] == pytest.approx(0.956, abs=10e-3)


@pytest.mark.parametrize("rate", ["1C", "C/10", "C/1000"])
@pytest.mark.parametrize("k_p", [1e-7, 1e-3, 1.0])
@pytest.mark.filterwarnings("ignore::sbpath.ValidityWarning")
def test_the_corner_at_zero_affinity_costs_few_steps_with_a_spread(rate, k_p):
    for celsius in (25.0, 500.0):
        solution = spread(cycling(rate, 0.05, 1.5), given=changes(k_p), temperature_C=celsius)
        assert max(record.last - record.first for record in solution.steps) < 3 * 1000
        heat = solution.heat_J_per_g.sum(axis=0) + solution.joule_heat_J_per_g
        total = solution.energy_J_per_g + solution.stored_J_per_g + heat
        assert np.abs(total - total[0]).max() < 1e-5 * np.abs(solution.energy_J_per_g).max()
        charge = F / M_SB * solution.composition - 5.0 * solution.potential_V
        passed = charge - charge[0] - 3.6 * solution.charge_mAh_per_g
        assert np.abs(passed).max() < 1e-8 * 3.0 * F / M_SB


# -- what is made of it ----------------------------------------------------------------------------------


def test_sensitivity_to_the_propagation_rate_is_the_difference_of_two_rests():
    mechanism = bare("li-sb", dict(changes()))
    steps = ["Discharge at C/20 for 5 h", "Rest for 1 h"]
    options = SolverOptions(1e-9, 1e-12)
    found = sensitivities(simulate(mechanism, steps, options=options, progress=False), [RATE])
    ends = [
        simulate(with_changes(mechanism, {RATE: k_p}), steps, options=options, progress=False).voltage_V[-1]
        for k_p in (1.001e-7, 0.999e-7)
    ]
    assert found.voltage[0, -1] == pytest.approx((ends[0] - ends[1]) / 2e-10, rel=1e-3)


def test_at_zero_rate_the_limit_is_equilibrium_and_the_plateau_ends_in_proportion_to_k_p():
    rates = ("C/3000", "C/1000", "C/300", "C/100")
    limits = [zero_rate(bare("li-sb", dict(changes(k_p))), rates, progress=False) for k_p in (1e-7, 1e-6)]
    plain = zero_rate(bare("li-sb"), rates, progress=False)
    for limit in limits:
        # The law is that of nucleation alone, and holds on the plateau.
        assert limit.law_mV(1e-3) == pytest.approx(plain.law_mV(1e-3), abs=1e-9)
        at_end = hysteresis(
            simulate(
                bare("li-sb", {RATE: 1e-7 if limit is limits[0] else 1e-6, ENERGY: 48_000.0}),
                [
                    (
                        f"Discharge at {limit.end_C:.6g}C until 0.05 V",
                        f"Charge at {limit.end_C:.6g}C until 1.5 V",
                    )
                ]
                * 2,
                progress=False,
            )
        )
        assert at_end / float(limit.law_mV(limit.end_C)) == pytest.approx(0.5, abs=0.1)
    # Ten times the rate of fronts, ten times the rate at the end.
    assert limits[1].end_C / limits[0].end_C == pytest.approx(10.0, rel=0.15)
    np.testing.assert_allclose(limits[0].propagating_mV[1:], plain.hysteresis_mV[1:], atol=0.5)
    text = report(limits[0])
    assert f"in proportion to {RATE} = 1e-07 /s" in text
    assert "the limit is equilibrium" in text
    assert "century" not in text


def test_explanations_tell_fronts_from_nuclei(simulated):
    solution = cycled(simulated, "li-sb", changes=changes(1e-4))
    first = branch_points(solution)[0]
    one, other = first.competitors
    assert one.waiting.longest == first.decided_by(other) == "propagation"
    (row,) = np.flatnonzero(solution.time_s == first.time_s)[:1]
    assert one.waiting.propagation_s == pytest.approx(1e4 / solution.fraction(one.product)[row], rel=1e-6)
    e = edge_names(solution.edges).index(f"{first.phase} -> {one.product}")
    share = solution.fraction(first.phase)[row]
    assert share / one.waiting.total_s == pytest.approx(solution.rates_per_s[e, row], rel=1e-6)
    told = explanation(solution)
    assert "propagation / s" in told
    assert "Propagation decides" in told
    assert "propagation / s" not in explanation(cycled(simulated, "li-sb"))
