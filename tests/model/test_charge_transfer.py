"""Oracles: Butler and Volmer by hand, a bracketing root finder, check values of an independent calculation."""

from __future__ import annotations

import numpy as np
import pytest
from analytic import F, R
from bare import bare
from curves import cycled
from scipy.optimize import brentq

from sbpath import (
    Population,
    SolverOptions,
    cycle_summaries,
    cycling,
    half_cycles,
    heat_flow,
    load_mechanism,
    sensitivities,
    simulate,
    with_changes,
)
from sbpath.model.charge_transfer import driven_current, overpotential
from sbpath.model.network import build_network
from sbpath.model.population import populated
from sbpath.physical import ZERO_CELSIUS_K
from sbpath.solver.reference import scipy_cycle

I0, ENERGY = "kinetics.exchange_current_A_per_m2", "kinetics.exchange_activation_energy_J_per_mol"
# Spheres of 1 um of antimony: 3 / (6.694 g/cm3 x 1 um) in m2/g.
SURFACE = 3.0 / (121.76 / 18.19)


def network_of(i0=0.3, celsius=25.0, **changes):
    mechanism = bare("li-sb", {I0: i0, **changes})
    return build_network(mechanism, "candidate", celsius + ZERO_CELSIUS_K)


# -- the equation -----------------------------------------------------------------------------------


def test_overpotential_by_hand():
    # 0.66 A/g on 0.448 m2/g with 0.3 A/m2: 2 R T / F asinh(0.66 / 0.2689) = 51.386 mV x 1.6302 = 83.77 mV.
    assert pytest.approx(0.448, abs=5e-4) == SURFACE
    assert overpotential(0.66, network_of()) == pytest.approx(0.08377, abs=1e-5)
    exact = 2.0 * R * 298.15 / F * np.arcsinh(0.66 / (0.6 * SURFACE))
    assert overpotential(0.66, network_of()) == pytest.approx(exact, rel=1e-12)
    assert overpotential(-0.66, network_of()) == pytest.approx(-exact, rel=1e-12)
    # A tenth of the radius has ten times the surface: ten times the current for the same overpotential.
    small = network_of(**{"electrode.particle_radius_m": 1e-7})
    assert overpotential(6.6, small) == pytest.approx(exact, rel=1e-12)
    # Tafel: 118 mV per decade at 25 C; Arrhenius: 48 kJ/mol from 25 to 60 C are a factor 7.64.
    decade = overpotential(1e4, network_of()) - overpotential(1e3, network_of())
    assert decade == pytest.approx(2.0 * R * 298.15 / F * np.log(10.0), rel=1e-6)
    assert network_of(0.3, 60.0, **{ENERGY: 48_000.0}).exchange / network_of().exchange == pytest.approx(
        np.exp(48_000.0 / R * (1.0 / 298.15 - 1.0 / 333.15)), rel=1e-12
    )


def test_only_the_host_that_takes_part_has_a_surface():
    mechanism = load_mechanism("li-sb", design="porous")
    electrode = mechanism.electrode
    spheres = 3.0 * 18.19 / 121.76 * 1e-6 / electrode.particle_radius_m.value
    assert mechanism.surface_m2_per_g == pytest.approx(electrode.active_fraction.value * spheres, rel=1e-3)


@pytest.mark.parametrize("resistance", [0.0, 1e-9, 1e-3, 0.2, 50.0])
@pytest.mark.parametrize("drop", [1e-9, 1e-3, 0.05, 0.3, 1.4])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_driven_current_is_the_root_and_its_slope(resistance, drop, sign):
    network = network_of()._replace(resistance=resistance)

    def excess(current):
        return current * resistance + overpotential(current, network) - drop

    wanted = brentq(excess, 0.0, 2e12, xtol=1e-18, rtol=1e-14)
    current, slope = driven_current(sign * drop, network)
    assert current == pytest.approx(sign * wanted, rel=1e-11)
    h = 1e-5 * drop
    difference = (driven_current(drop + h, network)[0] - driven_current(drop - h, network)[0]) / (2.0 * h)
    assert slope == pytest.approx(difference, rel=1e-6)


# -- constant current: voltages are shifted, nothing else ------------------------------------------------


@pytest.mark.parametrize(
    ("name", "i0", "rate", "capacity", "hysteresis"),
    [
        ("li-sb", 1.0, "660 mA/g", 650.0, 281.0), ("li-sb", 0.3, "66 mA/g", 662.0, 221.0),
        ("li-sb", 0.3, "5 A/g", 546.0, 630.0), ("na-sb", 0.3, "66 mA/g", 662.0, 284.0),
        ("na-sb", 0.3, "3.3 A/g", 602.0, 402.0), ("k-sb", 0.3, "660 mA/g", 653.0, 359.0),
        ("k-sb", 0.3, "3 A/g", 305.0, 338.0),
    ],
)  # fmt: skip
def test_check_values_of_the_second_cycle(simulated, name, i0, rate, capacity, hysteresis):
    solution = cycled(simulated, name, rate, changes=((I0, i0),))
    assert cycle_summaries(solution)[-1].hysteresis_mV == pytest.approx(hysteresis, abs=2.0)
    assert half_cycles(solution)[-1].capacity_mAh_per_g == pytest.approx(capacity, abs=2.0)


def test_at_constant_current_the_voltage_is_shifted_and_nothing_else():
    plain = simulate(bare("li-sb"), "Discharge at 1C for 50 min (60 s period)", progress=False)
    with_eta = simulate(bare("li-sb", {I0: 0.3}), "Discharge at 1C for 50 min (60 s period)", progress=False)
    np.testing.assert_allclose(with_eta.potential_V, plain.potential_V, atol=1e-6)
    eta = overpotential(float(plain.current_A_per_g[0]), with_eta.network)
    np.testing.assert_allclose(with_eta.potential_V - with_eta.voltage_V, eta, rtol=1e-6)
    rested = simulate(
        bare("li-sb", {I0: 0.3}), ["Discharge at 1C for 10 min", "Rest for 1 h"], progress=False
    )
    rest = slice(rested.steps[1].first, None)
    np.testing.assert_array_equal(rested.voltage_V[rest], rested.potential_V[rest])


# -- imposed voltage -------------------------------------------------------------------------------------


@pytest.mark.parametrize("resistance", [0.0, 200.0])
@pytest.mark.parametrize(
    "steps",
    [
        ["Hold at 0.8 V for 2 h"],
        ["Discharge at 2C until 0.7 V", "Hold at 0.7 V until C/50", "Rest for 10 min"],
        ["Sweep at 0.1 mV/s from 1.5 V to 0.05 V", "Sweep at 0.1 mV/s to 1.5 V"],
    ],
)
def test_an_imposed_voltage_is_kept_and_drives_the_current_of_butler_and_volmer(steps, resistance):
    mechanism = bare("li-sb", {I0: 0.3, "electrode.contact_resistance_ohm_cm2": resistance})
    solution = simulate(mechanism, steps, progress=False)
    eta = 2.0 * R * 298.15 / F * np.arcsinh(solution.current_A_per_g / (0.6 * SURFACE))
    # Where there is no resistance, the model has a nanoohm gram for steps of the voltage.
    drop = solution.current_A_per_g * max(resistance * 1e-3, 1e-9) + eta
    np.testing.assert_allclose(solution.potential_V - solution.voltage_V, drop, rtol=1e-9, atol=1e-8)
    for record in solution.steps:
        own = slice(record.first, record.last)
        if "Hold" in str(record.step):
            level = record.step.voltage_V
            np.testing.assert_allclose(solution.voltage_V[own], level, atol=1e-9)
        if "weep" in str(record.step):
            passed = solution.time_s[own] - solution.time_s[own][0]
            way = np.sign(solution.voltage_V[own][-1] - solution.voltage_V[own][0])
            np.testing.assert_allclose(
                solution.voltage_V[own], solution.voltage_V[own][0] + way * 1e-4 * passed, atol=1e-8
            )
    # And the charge of each row is that of its state: nothing is lost at the surface but energy.
    balance = solution.energy_J_per_g + solution.stored_J_per_g + solution.irreversible_heat_J_per_g
    assert np.ptp(balance) < 1e-5 * np.abs(solution.stored_J_per_g).max()


# -- heat, sensitivities, populations, a second integrator ------------------------------------------------


def test_heat_of_charge_transfer_is_its_overpotential_times_the_current(simulated):
    solution = cycled(simulated, "li-sb", "1C", changes=((I0, 0.3),))
    eta = solution.potential_V - solution.voltage_V
    flow = heat_flow(solution)
    assert flow.charge_transfer_W_per_g.min() >= 0.0
    np.testing.assert_allclose(
        flow.charge_transfer_W_per_g, solution.current_A_per_g * eta, rtol=1e-6, atol=1e-12
    )
    passed = np.trapezoid(solution.current_A_per_g * eta, solution.time_s)
    assert solution.charge_transfer_heat_J_per_g[-1] == pytest.approx(passed, rel=1e-3)


@pytest.mark.parametrize("name", [I0, "electrode.particle_radius_m", "temperature_C"])
def test_sensitivities_are_differences_of_simulations(name):
    options = SolverOptions(1e-9, 1e-12)
    mechanism = bare("li-sb", {I0: 0.3, ENERGY: 48_000.0})
    steps = ["Discharge at 1C for 20 min"]
    found = sensitivities(
        simulate(mechanism, steps, options=options, one_C_mA_per_g=660.0, progress=False), [name]
    )
    h = 1e-4 * found.values[0]
    ends = []
    for number in (found.values[0] + h, found.values[0] - h):
        warmer = name == "temperature_C"
        changed = mechanism if warmer else with_changes(mechanism, {name: number})
        solution = simulate(
            changed, steps, options=options, one_C_mA_per_g=660.0, progress=False,
            temperature_C=number if warmer else None,
        )  # fmt: skip
        ends.append(solution.voltage_V[-1])
    assert found.voltage[0, -1] == pytest.approx((ends[0] - ends[1]) / (2.0 * h), rel=1e-3)


def test_a_population_has_the_surface_of_its_particles():
    one = network_of()
    population = Population.discrete([1.0, 3.0], size=[0.5, 2.0])
    assert populated(one, population).exchange == pytest.approx(
        one.exchange * (0.25 / 0.5 + 0.75 / 2.0), rel=1e-14
    )
    # Identical particles are one particle.
    mechanism = bare("li-sb", {I0: 0.3})
    protocol = cycling("1C", 0.05, 1.5)
    single = simulate(mechanism, protocol, progress=False)
    many = simulate(mechanism, protocol, population=Population.lognormal(3), progress=False)
    assert many.voltage_V[-1] == pytest.approx(single.voltage_V[-1], abs=1e-9)
    assert many.energy_J_per_g[-1] == pytest.approx(single.energy_J_per_g[-1], rel=1e-7)


def test_a_second_integrator_agrees_on_the_cut_offs():
    mechanism = bare("na-sb", {I0: 0.3})
    halves = scipy_cycle(mechanism, build_network(mechanism, "candidate", 298.15), rate=1.0)
    solution = simulate(
        mechanism, cycling("1C", mechanism.lower_cutoff_V, mechanism.upper_cutoff_V),
        options=SolverOptions(1e-9, 1e-12), progress=False,
    )  # fmt: skip
    for half, record in zip(halves, solution.steps, strict=True):
        assert record.duration_s == pytest.approx(half.t[-1], rel=1e-6)
