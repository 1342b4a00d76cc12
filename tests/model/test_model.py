"""Oracles: the equations written out a second time, differences, conservation, and three closed forms."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from analytic import M_SB, F, R, Textbook, bateman, depletion_plateau, relaxation
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import one_edge, tiny_mechanism

from sbpath import SolverOptions, State, load_mechanism, shipped_names, simulate
from sbpath.model.equations import Control, evaluate, stored_charge
from sbpath.model.network import build_network
from sbpath.model.workspace import dense, fill_means, fill_nodes, workspace
from sbpath.physical import ZERO_CELSIUS_K

GRAPHS = [(name, graph) for name in shipped_names() for graph in load_mechanism(name).graphs]
CONTROLS = {
    "current": (Control(True, 0.066, 0.0), None),
    "rest": (Control(True, 0.0, 0.0), None),
    "hold through a resistance": (Control(False, 0.7, 0.0), 0.2),
    "sweep through a resistance": (Control(False, 0.9, -1e-3), 0.2),
    "hold through charge transfer": (Control(False, 0.7, 0.0), (0.0, 0.3)),
    "sweep through both": (Control(False, 0.9, -1e-3), (0.2, 0.3)),
    "hold": (Control(False, 0.7, 0.0), 0.0),
    "sweep": (Control(False, 0.9, -1e-3), 0.0),
}
TIGHT = SolverOptions(rtol=1e-9, atol=1e-12)


shipped = functools.cache(load_mechanism)


def through(network, between):
    """The network with a series resistance, or with one and an exchange current, between E and V."""
    resistance, exchange = between if isinstance(between, tuple) else (between, 0.0)
    return network._replace(resistance=resistance, exchange=exchange)


def shipped_network(name, graph, between=None):
    mechanism = shipped(name)
    network = build_network(mechanism, graph, mechanism.temperature_C + ZERO_CELSIUS_K)
    return mechanism, network if between is None else through(network, between)


def autocatalytic_network():
    """Every optional term at once: galleries on both sides, swelling, autocatalysis, work, propagation."""
    gallery = {"galleries": [(0.8, 0.75, 1.5), (0.4, 0.55, 2.0)], "formula": "LixSb"}
    mechanism = tiny_mechanism(
        {
            "Sb": {"formula": "Sb"},
            "A": {**gallery, "gibbs": 2000.0, "volume": 40.0, "partial": 15.0},
            "B": {
                "formula": "Li3Sb",
                "galleries": [(0.5, 1.0, 1.2)],
                "gibbs": -1.6e5,
                "volume": 45.0,
                "partial": 5.0,
            },
        },
        [("Sb", "A", "x"), ("A", "B", "(3-x)"), ("Sb", "B", 3)],
        interfaces={"Sb|A": 0.1, "A|B": 0.08, "Sb|B": 0.15},
        attempt=1e9,
        diffusivity=2e-15,
        alpha=0.4,
        autocatalytic_order=1.5,
        seed_fraction=0.01,
        transformation_work_J_per_mol=700.0,
        propagation_rate_per_s=2e-4,
        propagation_activation_energy_J_per_mol=4.8e4,
    )
    return mechanism, build_network(mechanism, "all", 310.0)


# -- the right-hand side -----------------------------------------------------------------------


@pytest.mark.parametrize(("name", "graph"), GRAPHS)
def test_right_hand_side_is_that_of_the_textbook(name, graph):
    mechanism, network = shipped_network(name, graph)
    textbook, space = Textbook.of(mechanism.document, graph, mechanism.temperature_C), workspace(network)
    generator = np.random.default_rng(1)
    for current in (0.0, 0.066, -0.7):
        for _ in range(20):
            theta = generator.dirichlet(np.full(len(mechanism.nodes), 0.5))
            potential = generator.uniform(0.05, 1.5)
            evaluate(0.0, np.array([*theta, potential]), Control(True, current, 0.0), network, space, False)
            wanted = textbook.derivative(theta, potential, current)
            np.testing.assert_allclose(space.derivatives.dy_dt, wanted, rtol=1e-8, atol=1e-13)


def test_right_hand_side_with_every_optional_term():
    mechanism, network = autocatalytic_network()
    textbook, space = Textbook.of(mechanism.document, "all", 310.0 - 273.15), workspace(network)
    generator = np.random.default_rng(2)
    for _ in range(100):
        theta = generator.dirichlet([0.5, 0.5, 0.5])
        potential = generator.uniform(0.2, 1.2)
        evaluate(0.0, np.array([*theta, potential]), Control(True, 0.05, 0.0), network, space, False)
        wanted = textbook.derivative(theta, potential, 0.05)
        np.testing.assert_allclose(space.derivatives.dy_dt, wanted, rtol=1e-8, atol=1e-13)


def assert_jacobian(network, control, states, times):
    """The analytic derivatives against fourth-order central differences, row by row."""
    space = workspace(network)

    def rhs(time, state):
        evaluate(time, state, control, network, space, False)
        return np.array(space.derivatives.dy_dt)

    def difference(f, h):
        return (f(-2 * h) - 8.0 * f(-h) + 8.0 * f(h) - f(2 * h)) / (12.0 * h)

    for state, time in zip(states, times, strict=True):
        evaluate(time, state, control, network, space, True)
        jacobian, explicit = dense(space.derivatives), space.derivatives.by_time[-1]

        def moved(k, h, state=state, time=time):
            return rhs(time, state + h * np.eye(len(state))[k])

        n = len(state)
        # Rates bend within 0.1 mV where nucleation sets them; fractions enter almost linearly.
        columns = [
            difference(lambda h, k=k: moved(k, h), 1e-5 if k == n - 1 else 1e-3 * state[k]) for k in range(n)
        ]
        numeric = np.array(columns).T
        # Where the current alone moves E, differences of dE/dt hold only the rounding of it.
        rounding = 1e-3 * np.abs(rhs(time, state))[:, None] + 1e-12
        size = np.abs(numeric).max(axis=1, keepdims=True) + rounding
        np.testing.assert_allclose(jacobian / size, numeric / size, atol=2e-6)
        by_time = difference(lambda h, state=state, time=time: rhs(time + h, state)[-1], 1e-2)
        assert explicit == pytest.approx(by_time, rel=3e-6, abs=1e-9)


def random_states(nodes, count, seed):
    generator = np.random.default_rng(seed)
    return [
        np.array([*generator.dirichlet(np.full(nodes, 1.0)), generator.uniform(0.1, 1.4)])
        for _ in range(count)
    ]


@pytest.mark.parametrize("mode", CONTROLS)
@pytest.mark.parametrize(("name", "graph"), GRAPHS)
def test_jacobian_against_differences(name, graph, mode):
    control, resistance = CONTROLS[mode]
    mechanism, network = shipped_network(name, graph, resistance)
    states = random_states(len(mechanism.nodes), 6, seed=3)
    assert_jacobian(network, control, states, np.linspace(0.0, 300.0, 6).tolist())


@pytest.mark.parametrize("mode", CONTROLS)
def test_jacobian_against_differences_with_every_optional_term(mode):
    control, resistance = CONTROLS[mode]
    _, network = autocatalytic_network()
    network = through(network, resistance or 0.0)
    assert_jacobian(network, control, random_states(3, 30, seed=4), [10.0] * 30)


@pytest.mark.parametrize(("name", "graph"), GRAPHS)
def test_antimony_is_conserved_by_every_evaluation(name, graph):
    mechanism, network = shipped_network(name, graph)
    space, nodes = workspace(network), len(mechanism.nodes)
    for state in random_states(nodes, 20, seed=5):
        evaluate(0.0, state, Control(True, 0.066, 0.0), network, space, True)
        fastest = max(map(abs, space.derivatives.dy_dt[:nodes]))
        assert sum(space.derivatives.dy_dt[:nodes]) == pytest.approx(0.0, abs=1e-15 * fastest)
        columns = dense(space.derivatives)[:nodes]
        assert np.abs(columns.sum(axis=0)).max() <= 1e-14 * (np.abs(columns).max() + 1e-300)


# -- charge --------------------------------------------------------------------------------------


@given(st.sampled_from(GRAPHS), st.integers(0, 2**32 - 1), st.floats(-1.0, 3.0), st.floats(-1.0, 1.0))
@settings(derandomize=True, deadline=None, max_examples=100)
def test_capacitance_is_positive_and_charge_grows_by_the_current(which, seed, potential, current):
    mechanism, network = shipped_network(*which)
    space, nodes = workspace(network), len(mechanism.nodes)
    theta = np.random.default_rng(seed).dirichlet(np.ones(nodes)).tolist()

    def charge(shift):
        fill_nodes(potential + shift, network, space)
        return stored_charge(np.array([*theta, potential + shift]), network, space)[0]

    fill_means(np.array([*theta, potential]), network, space.mean)
    fill_nodes(potential, network, space)
    _, capacitance = stored_charge(np.array([*theta, potential]), network, space)
    assert capacitance >= network.double_layer > 0.0
    h = 1e-4
    slope = (charge(-2 * h) - 8 * charge(-h) + 8 * charge(h) - charge(2 * h)) / (12 * h)
    assert -slope == pytest.approx(capacitance, rel=1e-6)
    # dq/dt = sum x_p dtheta_p/dt F/M - C dE/dt = I, whatever runs.
    evaluate(0.0, np.array([*theta, potential]), Control(True, current, 0.0), network, space, False)
    gain = (
        F
        / mechanism.host_molar_mass_g_per_mol
        * float(np.dot(space.content, space.derivatives.dy_dt[:nodes]))
        - capacitance * space.derivatives.dy_dt[nodes]
    )
    turnover = F / mechanism.host_molar_mass_g_per_mol * 6.0 * max(
        map(abs, space.derivatives.dy_dt[:nodes])
    ) + abs(current)
    assert gain == pytest.approx(current, abs=1e-12 * turnover + 1e-15)


def test_current_under_voltage_control_is_that_of_ohm_and_of_the_charge_balance():
    _, network = shipped_network("li-sb", "candidate", 0.2)
    state = np.array([0.3, 0.3, 0.4, 0.8])
    # Through a resistance: I = (E - V) / R_s with V = 0.75 V - 1 mV/s * 20 s = 0.73 V.
    current = evaluate(20.0, state, Control(False, 0.75, -1e-3), network, workspace(network), False)
    assert current == pytest.approx((0.8 - 0.73) / 0.2, rel=1e-13)
    # Without one: I is what makes E follow. Feeding it back in current control gives the same motion.
    ideal = through(network, 0.0)
    swept, driven = workspace(network), workspace(network)
    current = evaluate(0.0, state, Control(False, 0.8, -1e-3), ideal, swept, False)
    evaluate(0.0, state, Control(True, current, 0.0), ideal, driven, False)
    assert driven.derivatives.dy_dt == pytest.approx(swept.derivatives.dy_dt, rel=1e-12)
    assert swept.derivatives.dy_dt[-1] == -1e-3


# -- closed forms -----------------------------------------------------------------------------------


def held(mechanism, potential, line, tolerance=TIGHT):
    initial = State({mechanism.initial_phase: 1.0}, potential)
    return simulate(mechanism, line, initial=initial, options=tolerance, progress=False)


def test_one_edge_at_constant_potential_relaxes_exponentially():
    # tau = 1 / (2 k0 sinh(a/2)) with a = F (0.5 V - 0.45 V) / (R T), all else being fast.
    tau = 1.0 / (2.0 * 1e-3 * np.sinh(0.5 * F * 0.05 / (R * 298.15)))
    solution = held(one_edge(), 0.45, f"Hold at 0.45 V for {5 * tau:.3f} s")
    np.testing.assert_allclose(solution.fraction("Sb"), relaxation(solution.time_s, tau), atol=1e-9)
    # The current is F/M times the rate, theta / tau.
    wanted = F / M_SB * relaxation(solution.time_s, tau) / tau
    np.testing.assert_allclose(solution.current_A_per_g, wanted, rtol=1e-6, atol=1e-9)


def test_waiting_times_add_up():
    # Nucleation, growth and transport of about 100 s each: their sum is what is seen.
    affinity, kelvin = F * 0.05, 298.15
    tau_growth = 1.0 / (2.0 * 5e-3 * np.sinh(0.5 * affinity / (R * kelvin)))
    tau_nucleation = (
        np.exp(16 * np.pi * 0.05**3 * 20e-6**2 / (3 * 1.380649e-23 * kelvin * affinity**2)) / 10.0
    )
    tau_transport = 1e-12 / (np.pi**2 * 1e-15)
    assert min(tau_growth, tau_nucleation, tau_transport) > 30.0
    mechanism = one_edge(interfaces={"Sb|LiSb": 0.05}, attempt=10.0, growth=5e-3, diffusivity=1e-15)
    solution = held(mechanism, 0.45, "Hold at 0.45 V for 500 s")
    tau = tau_growth + tau_nucleation + tau_transport
    np.testing.assert_allclose(solution.fraction("Sb"), relaxation(solution.time_s, tau), atol=1e-9)


@pytest.mark.parametrize("nucleation", [0.0, 1e-3], ids=["fronts alone", "fronts and nuclei"])
def test_domains_that_start_from_product_spread_as_bass_says(nucleation):
    # d theta/dt = (p + q theta)(1 - theta), all else being fast: the logistic curve of Verhulst 1838 for
    # p = 0, in closed form with p by Bass 1969 (Manage. Sci. 15, 215).
    q, first = 5e-3, 0.01
    mechanism = one_edge(
        interfaces={"Sb|LiSb": 0.0 if nucleation else 10.0}, attempt=nucleation or 1.0, growth=1e12,
        propagation_rate_per_s=q,
    )  # fmt: skip
    solution = simulate(
        mechanism, "Hold at 0.45 V for 1500 s", initial=State({"Sb": 1.0 - first, "LiSb": first}, 0.45),
        options=TIGHT, progress=False,
    )  # fmt: skip
    start = (1.0 - first) / (1.0 + q * first / nucleation) if nucleation else (1.0 - first) / first
    decay = np.exp(-(nucleation + q) * solution.time_s)
    wanted = (
        (1.0 - start * decay) / (1.0 + start * q / nucleation * decay)
        if nucleation
        else 1.0 / (1.0 + start * decay)
    )
    np.testing.assert_allclose(solution.fraction("LiSb"), wanted, atol=1e-7)


def test_a_chain_at_constant_potential_is_batemans():
    gibbs = {"LiSb": -F * 0.5, "Li2Sb": -F * 1.02}
    mechanism = tiny_mechanism(
        {"Sb": {"formula": "Sb"}, **{name: {"formula": name, "gibbs": g} for name, g in gibbs.items()}},
        [("Sb", "LiSb", 1), ("LiSb", "Li2Sb", 1)],
    )
    # E(Sb/LiSb) = 0.50 V and E(LiSb/Li2Sb) = 0.52 V, held at 0.45 V.
    k1, k2 = (2.0 * 1e-3 * np.sinh(0.5 * F * drop / (R * 298.15)) for drop in (0.05, 0.07))
    solution = held(mechanism, 0.45, "Hold at 0.45 V for 2000 s")
    np.testing.assert_allclose(solution.fractions, bateman(solution.time_s, k1, k2), atol=1e-9)


def galvanostatic_error(double_layer):
    """Potential against the closed form without a double layer, in the middle of the plateau."""
    solution = simulate(
        one_edge(double_layer=double_layer),
        "Discharge at 40 mA/g for 12000 s (1000 s period)",
        options=SolverOptions(rtol=1e-10, atol=1e-12),
        initial=State({"Sb": 1.0}, 0.4),
        progress=False,
    )
    time, potential = solution.time_s[4:12], solution.potential_V[4:12]
    assert time[0] == 4000.0
    return potential - depletion_plateau(time, 0.04, 0.5, 1e-3, 298.15)


def test_small_double_layers_approach_the_plateau_without_one_linearly():
    errors = [np.abs(galvanostatic_error(c)).max() for c in (4.0, 2.0, 1.0, 0.5, 0.25)]
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert orders[-1] == pytest.approx(1.0, abs=0.02)
    assert np.all(np.abs(orders - 1.0) < 0.2)
    # Richardson's extrapolation of the last two removes the linear term: the limit is the closed form.
    limit = 2.0 * galvanostatic_error(0.25) - galvanostatic_error(0.5)
    assert np.abs(limit).max() < 0.02 * errors[-1]
