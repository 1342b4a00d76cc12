"""Oracles: differences of the grand potential in T, the first law with enthalpies of the file, dE/dT."""

from __future__ import annotations

import numpy as np
import pytest
from analytic import M_SB, F, R, Textbook, msmr_content
from bare import bare
from curves import lobatto_integral, rows
from tiny import solution_phase

from sbpath import cycling, equilibrium_potential, heat_flow, shipped_names, simulate
from sbpath.mechanism.reader import mechanism_from_document
from sbpath.model.entropy import phase_entropy
from sbpath.model.network import build_network
from sbpath.model.thermo import node_state

POTENTIALS = np.array([0.02, 0.3, 0.62, 0.9, 1.05, 1.5])
MODES = (
    (
        "Insert at C/5 until x = 1.2",
        "Rest for 1 hour",
        "Hold at 0.4 V for 2 hours",
        "Sweep at 0.1 mV/s to 1.3 V",
        "Insert at C/2 until 0.3 V",
        "Extract at C/5 until 1.5 V",
    ),
)


def moving_gallery(slope=-4e-4, width=1.0, sites=3.0, celsius=25.0):
    """One solution phase whose gallery moves with temperature, from 25 C."""
    document = solution_phase(
        [(sites, 0.7, width)], cutoffs=(0.05, 1.5), temperature_C=celsius, double_layer=1e-3
    ).document
    document["phases"]["LixSb"]["galleries"][0]["potential_slope_V_per_K"] = slope
    document["phases"]["LixSb"]["entropy_J_per_mol_K"]["value"] = 12.0
    return mechanism_from_document(document, where="moving")


# -- entropy of a phase --------------------------------------------------------------------------------


def by_differences(mechanism, celsius, number, step=0.02):
    """-dOmega/dT and -F dx/dT of a node at constant E, by central differences of the model's own nodes."""

    def at(kelvin):
        network = build_network(mechanism, mechanism.default_graph, kelvin)
        args = (network.gibbs[number], network.fixed[number], *network.gallery_start[number : number + 2])
        tables = (network.sites, network.site_potential, network.site_energy)
        return np.array([node_state(e, *args, *tables)[:2] for e in POTENTIALS]).T

    kelvin = celsius + 273.15
    omega, x = (at(kelvin + step) - at(kelvin - step)) / (2.0 * step)
    return -omega, -F * x


@pytest.mark.parametrize("celsius", [-20.0, 25.0, 120.0])
@pytest.mark.parametrize("name", [*shipped_names(), "moving"])
def test_entropy_is_the_slope_of_the_grand_potential_in_temperature(name, celsius):
    mechanism = moving_gallery(width=1.7) if name == "moving" else bare(name)
    for number, contents in enumerate(mechanism.nodes.values()):
        parts = [
            (n, *phase_entropy(mechanism.phases[p], POTENTIALS, celsius, mechanism.reference_temperature_C))
            for p, n in contents.items()
        ]
        entropy, slope = (sum(part[0] * part[i] for part in parts) for i in (1, 2))
        wanted, wanted_slope = by_differences(mechanism, celsius, number)
        np.testing.assert_allclose(entropy, wanted, rtol=1e-5, atol=1e-4)
        # Maxwell: dS/dE = -F dx/dT.
        np.testing.assert_allclose(slope, wanted_slope, rtol=1e-5, atol=1e-4)


def test_entropy_of_mixing_of_a_half_full_gallery_is_the_largest():
    # R ln 2 per site of width 1 at half filling (Bragg and Williams), none when full or empty.
    mechanism = moving_gallery(slope=0.0)
    ends = np.array([-0.8, 0.7, 2.2])
    entropy, _, _ = phase_entropy(mechanism.phases["LixSb"], ends, 25.0, 25.0)
    np.testing.assert_allclose(entropy - 12.0, [0.0, 3.0 * R * np.log(2.0), 0.0], atol=1e-9)


# -- the first law ------------------------------------------------------------------------------------------


def enthalpy(solution):
    """H of the electrode in each row (J/g): no entropy of the galleries' mixing, see `msmr_gibbs`.

    ``H = H_0 - F sum_j X_j f_j U_j`` per phase, and C_dl E^2 / 2.
    """
    book = Textbook.of(solution.mechanism.document, solution.graph, solution.temperature_C)
    total = 0.5 * book.double_layer * solution.potential_V**2
    for name, theta, sites in zip(book.names, solution.fractions, book.galleries, strict=True):
        heat = solution.mechanism.document["phases"][name]["enthalpy_J_per_mol"]["value"]
        for amount, centre, width in sites:
            filled = msmr_content(solution.potential_V, book.temperature, 0.0, [(1.0, centre, width)])
            heat = heat - F * amount * centre * filled
        total = total + theta * heat / M_SB
    return total


@pytest.mark.parametrize("name", ["li-sb-llzo", "na-sb"])
def test_heat_out_is_enthalpy_lost_less_work_delivered(simulated, name):
    graph = bare(name).default_graph
    solution = simulated(name, MODES, graph=graph, rtol=1e-8, atol=1e-11)
    flow = heat_flow(solution)
    assert flow.total_W_per_g.shape == solution.time_s.shape
    held = enthalpy(solution)
    seen = 0.0
    for number in range(1, len(solution.steps) + 1):
        these = rows(solution, number)
        time = solution.time_s[these] - solution.time_s[these][0]
        out = lobatto_integral(time, flow.total_W_per_g[these])
        work = lobatto_integral(time, (solution.voltage_V * solution.current_A_per_g)[these])
        lost = held[these][0] - held[these][-1]
        assert out == pytest.approx(lost - work, abs=2e-4)
        seen += abs(out)
    assert seen > 100.0


@pytest.mark.parametrize("name", ["li-sb-llzo", "na-sb"])
def test_reversible_heat_is_that_of_the_states_passed_through(simulated, name):
    graph = bare(name).default_graph
    solution = simulated(name, MODES, graph=graph, rtol=1e-8, atol=1e-11)
    flow = heat_flow(solution)
    for number in range(1, len(solution.steps) + 1):
        these = rows(solution, number)
        time = solution.time_s[these] - solution.time_s[these][0]
        gained = flow.reversible_J_per_g[these][-1] - flow.reversible_J_per_g[these][0]
        assert lobatto_integral(time, flow.reversible_W_per_g[these]) == pytest.approx(gained, abs=2e-4)
    assert flow.reversible_J_per_g[0] == 0.0
    np.testing.assert_array_equal(flow.transformation_W_per_g, solution.heat_W_per_g)


def test_over_a_closed_cycle_the_heat_is_the_loop(simulated):
    solution = simulated("li-sb-llzo", cycling("C/5", 0.05, 1.5, 2), graph="candidate")
    flow, total = heat_flow(solution), 0.0
    for number in (3, 4):
        these = rows(solution, number)
        total += lobatto_integral(
            solution.time_s[these] - solution.time_s[these][0], flow.total_W_per_g[these]
        )
    start, end = solution.steps[1].last - 1, solution.steps[3].last - 1
    loop = solution.energy_J_per_g[start] - solution.energy_J_per_g[end]
    assert total == pytest.approx(loop, rel=1e-5)
    assert flow.reversible_J_per_g[end] == pytest.approx(flow.reversible_J_per_g[start], abs=1e-3)


def test_heat_of_the_resistance_is_the_drop_times_the_current(simulated):
    solution = simulated("li-sb-llzo", cycling("C/5", 0.05, 1.5, 2), graph="candidate")
    drop = solution.potential_V - solution.voltage_V
    np.testing.assert_allclose(heat_flow(solution).joule_W_per_g, drop * solution.current_A_per_g, rtol=1e-9)


# -- dE/dT --------------------------------------------------------------------------------------------------


def test_slow_insertion_of_lithium_gives_off_t_times_the_slope_of_its_potential(simulated):
    # -T dS = -T F (dE/dT) dx: 2 F 0.123 + F 0.195 mV/K by Weppner and Huggins 1978 (+-15 %), and
    # exactly by the equilibrium potentials a degree apart, with the vacancies of Li3Sb after them.
    solution = simulated("li-sb", cycling("C/50", 0.05, 1.5, 2), graph="candidate")
    flow = heat_flow(solution)
    first, last = solution.steps[2].first, solution.steps[2].last - 1
    found = flow.reversible_J_per_g[last] - flow.reversible_J_per_g[first]
    published = 298.15 * F * (2.0 * 0.123e-3 + 0.195e-3) / M_SB
    assert found == pytest.approx(published, rel=0.03)
    mechanism, book = bare("li-sb"), Textbook.of(solution.mechanism.document, "candidate", 25.0)

    def slope(one, other):
        return 0.5 * (
            equilibrium_potential(mechanism, one, other, 26.0)
            - equilibrium_potential(mechanism, one, other, 24.0)
        )

    corner = float(book.contents(np.array([0.948]))[2, 0])
    plateaus = 2.0 * slope("Sb", "Li2Sb") + (corner - 2.0) * slope("Li2Sb", "Li3Sb")
    # Of a gallery E = U + (w R T / F) ln((1 - y) / y); the slope over y from the corner to full.
    y = np.linspace((corner - 2.6) / 0.4, 1.0, 200001)[:-1]
    filling = 0.4 * np.trapezoid(1.6 * R / F * np.log((1.0 - y) / y), y)
    assert found == pytest.approx(-298.15 * F * (plateaus + filling) / M_SB, rel=2e-3)


def test_lithium_warms_on_the_way_in_and_cools_on_the_way_out(simulated):
    # dE/dT is negative: entropy falls on insertion. What is lost is warm both ways.
    solution = simulated("li-sb", cycling("C/50", 0.05, 1.5, 2), graph="candidate")
    flow = heat_flow(solution)
    into, out = rows(solution, 3), rows(solution, 4)
    middle = (solution.composition > 0.2) & (solution.composition < 2.5)
    assert flow.reversible_W_per_g[into][middle[into]].min() > 0.0
    assert flow.reversible_W_per_g[out][middle[out]].max() < 0.0
    assert flow.transformation_W_per_g.min() >= 0.0
    # On the two plateaus, -T (dE/dT) I.
    current = solution.current_A_per_g[into][0]
    x, power = solution.composition[into], flow.reversible_W_per_g[into]
    assert np.interp(1.0, x, power) == pytest.approx(298.15 * 0.123e-3 * current, rel=0.01)
    assert np.interp(2.5, x, power) == pytest.approx(298.15 * 0.195e-3 * current, rel=0.05)


@pytest.mark.parametrize("celsius", [0.0, 25.0, 60.0])
@pytest.mark.parametrize("slope", [-4e-4, 3e-4])
def test_a_gallery_that_moves_with_temperature_gives_off_t_x_f_of_its_slope(celsius, slope):
    # Over a full filling the entropy of mixing adds up to nothing.
    solution = simulate(moving_gallery(slope, celsius=celsius), cycling("C/10", 0.05, 1.5), progress=False)
    flow = heat_flow(solution)
    end = solution.steps[0].last - 1
    wanted = -(celsius + 273.15) * 3.0 * F * slope / M_SB
    assert flow.reversible_J_per_g[end] == pytest.approx(wanted, rel=1e-6)
    # E = U + (R T / F) ln((1 - y) / y), so dE/dT = U' + (R / F) ln((1 - y) / y) at each y.
    inner = (solution.step == 1) & (solution.composition > 0.1) & (solution.composition < 2.9)
    y = solution.composition[inner] / 3.0
    dE_dT = slope + R / F * np.log((1.0 - y) / y)
    power = -(celsius + 273.15) * dE_dT * solution.current_A_per_g[inner]
    np.testing.assert_allclose(flow.reversible_W_per_g[inner], power, rtol=1e-4, atol=1e-8)
    assert flow.transformation_W_per_g.shape == (0, len(solution.time_s))


def test_nothing_flows_where_nothing_moves(simulated):
    flow = heat_flow(simulated("li-sb", "Rest for 1 h"))
    np.testing.assert_allclose(flow.total_W_per_g, 0.0, atol=1e-15)
    np.testing.assert_allclose(flow.reversible_J_per_g, 0.0, atol=1e-12)
