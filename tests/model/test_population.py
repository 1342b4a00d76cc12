"""Oracles: one particle, weights and quantiles, electrodes of particles that do not meet, conservation, second law."""

from __future__ import annotations

import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from analytic import M_SB, F
from bare import bare
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_rgb
from scipy.integrate import solve_ivp
from scipy.stats import norm, qmc

from sbpath import (
    InputError,
    Population,
    SolverOptions,
    cycling,
    load_mechanism,
    load_solution,
    plots,
    simulate,
    simulate_again,
)
from sbpath.model.equations import Control, evaluate
from sbpath.model.network import build_network
from sbpath.model.population import BASES, populated, radical_inverses
from sbpath.model.workspace import dense, workspace
from sbpath.plots.colours import node_looks

CYCLE = cycling("C/10", 0.05, 1.5)
TIGHT = SolverOptions(1e-8, 1e-11)
MIXED = Population.discrete([0.5, 0.3, 0.2], [1.0, 2.0, 0.5], [1.0, 0.94, 1.05], [1.0, 0.3, 2.0])


def run(population, protocol=CYCLE, **options):
    return simulate(
        bare("li-sb"), protocol, graph="candidate", population=population, progress=False, **options
    )


@pytest.fixture(scope="module")
def single():
    return run(None)


@pytest.fixture(scope="module")
def mixed():
    return run(MIXED, options=TIGHT)


# -- what a population is --------------------------------------------------------------------------


@given(st.integers(1, 300), st.floats(0.01, 0.5))
@settings(derandomize=True, deadline=None, max_examples=30)
def test_log_normal_factors_are_the_middles_of_equally_probable_intervals(number, width):
    population = Population.lognormal(number, size=width)
    assert population.weight.sum() == pytest.approx(1.0, abs=1e-12)
    shares = norm.cdf(np.log(population.size) / width)
    np.testing.assert_allclose(shares, (np.arange(number) + 0.5) / number, atol=1e-12)
    assert np.all(population.interfacial_energy == 1.0)
    assert np.all(population.growth_rate == 1.0)


@pytest.mark.parametrize("number", [2, 5, 13, 100])
def test_each_of_several_factors_is_as_it_is_alone(number):
    widths = {"size": 0.5, "interfacial_energy": 0.05, "growth_rate": 0.4}
    together = Population.lognormal(number, **widths)
    for name, width in widths.items():
        alone = getattr(Population.lognormal(number, **{name: width}), name)
        np.testing.assert_allclose(np.sort(getattr(together, name)), alone, rtol=1e-14)


def test_numbers_of_numpy_are_numbers():
    given = Population.lognormal(np.int64(5), size=np.float32(0.25), growth_rate=np.int64(1))
    plain = Population.lognormal(5, size=0.25, growth_rate=1.0)
    np.testing.assert_array_equal(given.size, plain.size)
    np.testing.assert_array_equal(given.growth_rate, plain.growth_rate)


@pytest.mark.parametrize("number", [64, 100, 1000])
def test_several_factors_are_spread_independently(number):
    population = Population.lognormal(number, size=0.2, interfacial_energy=0.05, growth_rate=0.5)
    logs = np.log([population.size, population.interfacial_energy, population.growth_rate])
    np.testing.assert_allclose(logs.mean(axis=1) / [0.2, 0.05, 0.5], 0.0, atol=0.06)
    np.testing.assert_allclose(logs.std(axis=1), [0.2, 0.05, 0.5], rtol=0.06)
    assert np.abs(np.corrcoef(logs) - np.eye(3)).max() < 0.12


def test_points_are_those_of_halton():
    expected = qmc.Halton(len(BASES), scramble=False).random(2000)
    for column, base in enumerate(BASES):
        np.testing.assert_allclose(radical_inverses(2000, base), expected[:, column], atol=1e-15)


def test_weights_in_any_unit():
    np.testing.assert_allclose(Population.discrete([2.0, 6.0]).weight, [0.25, 0.75])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Population.discrete([]), "weight must be a list"),
        (lambda: Population.discrete([1.0, -1.0]), "above 0"),
        (lambda: Population.discrete([1.0, 1.0], [1.0]), "size must be a list of one number for each"),
        (lambda: Population.discrete([1.0, 1.0], [1.0, np.nan]), "size must hold finite numbers"),
        (lambda: Population([0.5, 0.6], [1, 1], [1, 1], [1, 1]), "add up to 1, not 1.1"),
        (lambda: Population.discrete([1, 2], size="a"), "population: size must be a number or .*, not 'a'"),
        (lambda: Population.discrete("a"), "population: weight must be .*, not 'a'"),
        (lambda: Population.discrete(1.0), "weight must be a list"),
        (lambda: Population([0.5, 0.5], [1, 1], "b", [1, 1]), "interfacial_energy must be .*, not 'b'"),
        (lambda: Population.lognormal(5.5), "number: must be a whole number from 1 to 1,000,000, not 5.5"),
        (lambda: Population.lognormal(5, size="a"), "width of size: must be a number from 0 to 3, not 'a'"),
        (lambda: Population.lognormal(0), "number: must be a whole number from 1"),
        (lambda: Population.lognormal(10, size=-0.1), "width of size: must be a number from 0 to 3"),
    ],
)
def test_what_is_no_population_is_told(make, words):
    with pytest.raises(InputError, match=words):
        make()


# -- one particle and many alike --------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 2, 13])
def test_particles_alike_are_one(single, number):
    solution = run(Population.lognormal(number))
    # Rounding in the sums moves the lengths of steps, and with them the error within its tolerance.
    assert solution.time_s[-1] == pytest.approx(single.time_s[-1], rel=1e-9)
    np.testing.assert_allclose(solution.heat_J_per_g[:, -1], single.heat_J_per_g[:, -1], rtol=1e-5, atol=1e-4)
    voltage = np.interp(solution.time_s, single.time_s, single.voltage_V)
    assert np.abs(solution.voltage_V - voltage).mean() < 1e-5
    assert np.ptp(solution.particles.fractions, axis=1).max() < 1e-6


def test_a_narrow_population_goes_over_into_one_particle(single):
    # The mean is even in the width, so that halving it quarters the difference.
    x = np.linspace(0.2, 2.8, 100)

    def insertion(solution):
        rows = slice(solution.steps[0].first, solution.steps[0].last)
        return np.interp(x, solution.composition[rows], solution.voltage_V[rows])

    errors = [
        np.sqrt(
            np.mean((insertion(run(Population.lognormal(64, interfacial_energy=w))) - insertion(single)) ** 2)
        )
        for w in (0.02, 0.01, 0.005)
    ]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 1e-3


def test_finer_populations_converge():
    # Quantiles of N particles: the mean curve of 400 is the limit for the others.
    def voltage(number):
        solution = run(Population.lognormal(number, interfacial_energy=0.03))
        rows = slice(solution.steps[0].first, solution.steps[0].last)
        return np.interp(np.linspace(0.3, 2.7, 200), solution.composition[rows], solution.voltage_V[rows])

    limit = voltage(400)
    errors = [np.abs(voltage(number) - limit).mean() for number in (5, 20, 80)]
    assert errors[0] > 2.0 * errors[1] > 4.0 * errors[2]


# -- the equations ------------------------------------------------------------------------------------


def test_jacobian_of_many_against_differences():
    mechanism = bare("na-sb")
    network = populated(build_network(mechanism, mechanism.default_graph, 298.15), MIXED)
    space, nodes = workspace(network), len(mechanism.nodes)
    generator = np.random.default_rng(3)
    control = Control(True, 0.05, 0.0)
    for _ in range(10):
        state = np.array([*generator.dirichlet(np.ones(nodes), 3).ravel(), generator.uniform(0.2, 1.0)])
        evaluate(0.0, state, control, network, space, True)
        jacobian = dense(space.derivatives)
        columns = []
        for k in range(len(state)):
            h = 1e-6
            shifted = []
            for sign in (1.0, -1.0):
                moved = state.copy()
                moved[k] += sign * h
                evaluate(0.0, moved, control, network, space, False)
                shifted.append(space.derivatives.dy_dt.copy())
            columns.append((shifted[0] - shifted[1]) / (2.0 * h))
        wanted = np.array(columns).T
        size = np.abs(wanted).max(axis=1, keepdims=True) + 1e-9
        np.testing.assert_allclose(jacobian / size, wanted / size, atol=2e-5)


def test_a_mixed_electrode_from_an_independent_integrator(mixed):
    mechanism = bare("li-sb")
    network = populated(build_network(mechanism, "candidate", 298.15), MIXED)
    space = workspace(network)
    current = 0.1 * mechanism.theoretical_capacity_mAh_per_g * 1e-3

    def rhs(t, y):
        evaluate(t, y, Control(True, current, 0.0), network, space, False)
        return space.derivatives.dy_dt.copy()

    def jacobian(t, y):
        evaluate(t, y, Control(True, current, 0.0), network, space, True)
        return dense(space.derivatives)

    start = np.array([1.0, 0.0, 0.0] * 3 + [mechanism.upper_cutoff_V])
    rows = slice(mixed.steps[0].first, mixed.steps[0].last)
    time = mixed.time_s[rows]
    half = solve_ivp(
        rhs,
        (0.0, time[-1]),
        start,
        "Radau",
        jac=jacobian,
        t_eval=time,
        rtol=1e-9,
        atol=1e-12,
        first_step=1e-3,
    )
    assert np.abs(half.y[-1] - mixed.potential_V[rows]).max() < 1e-5
    shares = np.einsum("i,ipt->pt", MIXED.weight, half.y[:-1].reshape(3, 3, -1))
    assert np.abs(shares - mixed.fractions[:, rows]).max() < 1e-6
    looked = mixed.particles.row[mixed.particles.row < rows.stop]
    own = half.y[:-1].reshape(3, 3, -1)[:, :, looked]
    assert np.abs(own.transpose(2, 0, 1) - mixed.particles.fractions[: len(looked)]).max() < 1e-6


# -- conservation --------------------------------------------------------------------------------------


def test_charge_antimony_energy_and_the_means(mixed):
    charge = F / M_SB * mixed.composition - 5.0 * mixed.potential_V
    passed = charge - charge[0] - 3.6 * mixed.charge_mAh_per_g
    assert np.abs(passed).max() < 1e-8 * 3.0 * F / M_SB
    assert np.abs(mixed.fractions.sum(axis=0) - 1.0).max() < 1e-10
    heat = mixed.heat_J_per_g.sum(axis=0) + mixed.joule_heat_J_per_g + mixed.charge_transfer_heat_J_per_g
    total = mixed.energy_J_per_g + mixed.stored_J_per_g + heat
    assert np.abs(total - total[0]).max() < 1e-5 * heat[-1]
    assert mixed.heat_parts_J_per_g[:, :, -1].min() >= 0.0
    # Rows are the weighted means of what the particles are.
    own = np.einsum("i,sip->ps", MIXED.weight, mixed.particles.fractions)
    np.testing.assert_allclose(own, mixed.fractions[:, mixed.particles.row], atol=1e-6)
    np.testing.assert_allclose(MIXED.weight @ mixed.particles.final, mixed.fractions[:, -1], atol=1e-12)
    assert np.abs(mixed.particles.final.sum(axis=1) - 1.0).max() < 1e-10


# -- what comes out --------------------------------------------------------------------------------------


def test_a_wide_population_slopes_and_takes_its_particles_by_threshold(single):
    population = Population.lognormal(50, interfacial_energy=0.05)
    wide = run(population)

    def slope(solution):
        rows = slice(solution.steps[1].first, solution.steps[1].last)
        share = solution.capacity_mAh_per_g[rows] / solution.capacity_mAh_per_g[rows][-1]
        return float(np.diff(np.interp([0.25, 0.75], share, solution.voltage_V[rows]))[0])

    assert slope(wide) > 3.0 * slope(single) > 0.0
    # On the way, those of the lowest interfacial energies have gone, and the others have not.
    own = wide.particles
    out = own.row >= wide.steps[1].first
    sb = own.fractions[out][:, :, 0]
    middle = sb[np.abs(sb.mean(axis=1) - 0.5).argmin()]
    # The last few have taken in less, and are another story.
    assert np.all(np.diff(middle[:40]) < 1e-6)
    assert middle[0] > 0.99
    assert middle[-1] < 0.2


def test_minor_loops_remember_where_they_turned():
    # Return-point memory: after a small loop the curve is where it would have been without it, and
    # the particles that turned last turn back first. One particle alone cannot tell them apart.
    population = Population.lognormal(60, interfacial_energy=0.05)
    turn = ["Charge at C/10 until x = 1.2", "Discharge at C/10 until x = 1.5"]
    looped = run(population, [("Discharge at C/10 until x = 1.5", *turn, "Discharge at C/10 until 0.05 V")])
    straight = run(population, [("Discharge at C/10 until x = 1.5", "Discharge at C/10 until 0.05 V")])

    def last(solution):
        rows = slice(solution.steps[-1].first, solution.steps[-1].last)
        return np.interp(np.linspace(1.6, 2.7, 50), solution.composition[rows], solution.voltage_V[rows])

    assert np.abs(last(looped) - last(straight)).max() < 3e-3
    own = looped.particles
    seen = [int(np.flatnonzero(own.row == looped.steps[k].last - 1)[0]) for k in (0, 1, 2)]
    before, out, back = (own.fractions[k] @ [0.0, 2.0, 3.0] for k in seen)
    given, taken = before - out, back - out
    np.testing.assert_allclose(given.mean(), 0.3, atol=1e-3)
    # Who gave took: the same particles by and large.
    assert np.corrcoef(given, taken)[0, 1] > 0.5


def test_the_particle_map_shows_each_particle_in_its_order():
    solution = run(Population.lognormal(12, interfacial_energy=0.04))
    figure = plots.particle_map(solution)
    quads = figure.axes[1].collections[0]
    colours = quads.get_array()
    looks = node_looks(solution.mechanism)
    own = solution.particles
    # Few begin before others: the order is that of the barriers, and the colours are those of the nodes.
    last = colours[:, -1]
    np.testing.assert_allclose(
        last, own.fractions[-1] @ [to_rgb(looks[n].colour) for n in solution.phases], atol=1e-3
    )
    half = len(own.row) // 6
    blue = np.abs(colours[:, half] - to_rgb(looks["Sb"].colour)).sum(axis=1)
    assert np.all(np.diff(blue) < 1e-6)
    plt.close(figure)
    alone = plots.particle_map(run(Population.lognormal(1), "Discharge at 1C for 1 min"))
    assert "1 particle, " in alone.axes[0].get_title("left")
    plt.close(alone)
    with pytest.raises(InputError, match="only one particle"):
        plots.particle_map(run(None))


# -- keeping and continuing -------------------------------------------------------------------------------


def test_it_is_kept_and_made_again(mixed, tmp_path):
    loaded = load_solution(mixed.save(tmp_path / "mixed.npz"))
    for name in ("weight", "size", "row", "fractions", "final"):
        np.testing.assert_array_equal(getattr(loaded.particles, name), getattr(mixed.particles, name))
    again = simulate_again(loaded, progress=False)
    np.testing.assert_array_equal(again.voltage_V, mixed.voltage_V)
    with pytest.raises(ValueError, match="read-only"):
        loaded.particles.fractions[0] = 0.0


def test_a_continued_electrode_remembers_its_particles(mixed):
    halves = [("Discharge at C/10 until x = 1.5",), ("Discharge at C/10 until 0.05 V",)]
    whole = run(MIXED, halves, options=TIGHT)
    first = run(MIXED, halves[:1], options=TIGHT)
    second = run(MIXED, halves[1:], initial=first, options=TIGHT)
    assert second.voltage_V[-1] == whole.voltage_V[-1]
    assert second.time_s[-1] == pytest.approx(whole.time_s[-1], rel=1e-9)
    np.testing.assert_allclose(second.particles.final, whole.particles.final, atol=1e-9)
    with pytest.raises(InputError, match="continue with the same population"):
        run(Population.lognormal(5), initial=first)


# -- the spread of a file -------------------------------------------------------------------------------


def spread_file(tmp_path, spread):
    about = 'status = "assumed", source = "own", note = "a test"'
    lines = [f"{key} = {{ value = {value}, {about} }}" for key, value in spread.items()]
    path = tmp_path / "spread.toml"
    path.write_text("\n".join(['extends = "li-sb"', "[electrode.spread]", *lines]), encoding="utf-8")
    return load_mechanism(path)


def test_the_spread_of_a_file_is_the_population_it_states(tmp_path):
    mechanism = spread_file(tmp_path, {"interfacial_energy": 0.05, "size": 0.3, "particles": 5})
    protocol = cycling("1C", 0.05, 1.5)
    by_file = simulate(mechanism, protocol, progress=False)
    given = simulate("li-sb", protocol, population=Population.lognormal(5, 0.3, 0.05), progress=False)
    np.testing.assert_array_equal(by_file.voltage_V, given.voltage_V)
    assert len(simulate(mechanism, protocol, population=3, progress=False).particles.weight) == 3
    # One particle is that of the file without a spread, to the last bit.
    one, plain = (simulate(m, protocol, population=1, progress=False) for m in (mechanism, "li-sb"))
    assert one.particles is None
    np.testing.assert_array_equal(one.voltage_V, plain.voltage_V)


@pytest.mark.parametrize(
    ("spread", "told"),
    [
        (
            {"size": 4.0, "particles": 5},
            "electrode.spread.size: must lie between 0 and 3, but is 4; 0.1 is about 10 %",
        ),
        (
            {"size": 0.3, "particles": 2.5},
            "electrode.spread.particles: must be a whole number from 1 to 1,000,000",
        ),
        ({"particles": 0}, "electrode.spread.particles: must be a whole number from 1 to 1,000,000"),
    ],
)
def test_a_spread_that_means_nothing_is_refused(tmp_path, spread, told):
    with pytest.raises(InputError, match=re.escape(told)):
        spread_file(tmp_path, spread)


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (
            40,
            "population: li-sb has no spread, [electrode.spread]; give one, e.g. Population.lognormal(40, size=0.3) or --spread size=0.3",
        ),
        (0, "population: must be a whole number from 1 to 1,000,000, not 0"),
        ("many", "population: must be a whole number from 1 to 1,000,000, not 'many'"),
    ],
)
def test_a_number_of_particles_needs_a_spread(wanted, told):
    with pytest.raises(InputError, match=re.escape(told)):
        simulate(bare("li-sb"), "Rest for 1 s", population=wanted, progress=False)
