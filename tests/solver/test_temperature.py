"""Temperatures of steps: against isothermal runs, a second integrator, many small steps, and enthalpies."""

from __future__ import annotations

import numpy as np
import pytest
from bare import bare

import sbpath
from sbpath import SolverOptions, State
from sbpath.model.equations import Control, evaluate
from sbpath.model.network import build_network, copy_of, network_at
from sbpath.model.workspace import workspace
from sbpath.physical import ZERO_CELSIUS_K

pytestmark = pytest.mark.filterwarnings("ignore::sbpath.ValidityWarning")
TIGHT = SolverOptions(rtol=1e-9, atol=1e-12)
CYCLE = ("Discharge at C/10 until 0.05 V", "Charge at C/10 until 1.5 V")
WARMED = (
    "Discharge at C/10 for 3 h", "Rest for 1 h from 25 C to 60 C", "Discharge at C/10 for 2 h from 60 C to 40 C in 1 h",
    "Charge at C/5 for 1 h at 50 C", "Sweep at 0.1 mV/s to 0.6 V from 25 C to 35 C in 20 min", "Rest for 1 h",
)  # fmt: skip


def simulated(protocol, system="li-sb", **options):
    return sbpath.simulate(bare(system), protocol, progress=False, **options)


def balance(solution):
    heat = solution.heat_J_per_g.sum(axis=0) + solution.joule_heat_J_per_g
    return solution.stored_J_per_g + solution.energy_J_per_g + solution.warming_J_per_g + heat


@pytest.mark.parametrize("system", sbpath.shipped_names())
def test_a_network_moved_in_temperature_is_the_one_built_there(system):
    mechanism = bare(system)
    for graph in mechanism.graphs:
        there, here = (build_network(mechanism, graph, kelvin) for kelvin in (333.15, 290.0))
        moved = network_at(333.15, here, copy_of(here))
        for name, wanted, found in zip(there._fields, there, moved, strict=True):
            if isinstance(wanted, np.ndarray | float):
                # A Gibbs energy near zero is a difference of large numbers.
                np.testing.assert_allclose(
                    found, wanted, rtol=1e-12, atol=1e-9 * (name == "gibbs"), err_msg=name
                )


@pytest.mark.parametrize("system", ["li-sb", "na-sb", "li-sb-llzo"])
def test_steps_that_all_state_one_temperature_are_a_run_at_it(system):
    stated = simulated(tuple(f"{step} at 45 C" for step in CYCLE), system)
    given = simulated(CYCLE, system, temperature_C=45.0)
    assert stated.temperature_C == 45.0
    for name in ("time_s", "voltage_V", "fractions", "stored_J_per_g", "energy_J_per_g"):
        np.testing.assert_array_equal(getattr(stated, name), getattr(given, name))
    assert not given.warming_J_per_g.any()


def test_a_stated_temperature_that_does_not_differ_changes_nothing():
    plain, stated = simulated(CYCLE), simulated((CYCLE[0], f"{CYCLE[1]} at 25 C"))
    np.testing.assert_array_equal(stated.voltage_V, plain.voltage_V)


def test_each_step_has_its_temperature():
    solution = simulated(WARMED)
    found = [tuple(solution.temperatures_C[[r.first, r.last - 1]].round(9).tolist()) for r in solution.steps]
    assert found == [(25.0, 25.0), (25.0, 60.0), (60.0, 40.0), (50.0, 50.0), (25.0, 35.0), (25.0, 25.0)]
    # The ramp of an hour ends within the third step, at a row.
    third = solution.steps[2]
    since = solution.time_s[third.first : third.last] - solution.time_s[third.first]
    assert np.abs(since - 3600.0).min() < 1e-6


@pytest.mark.parametrize("system", ["li-sb", "na-sb", "li-sb-llzo"])
@pytest.mark.parametrize("population", [None, 3])
def test_charge_and_energy_are_conserved(system, population):
    if population is not None:
        population = sbpath.Population.lognormal(population, size=0.3, interfacial_energy=0.02)
    solution = simulated(WARMED, system, options=TIGHT, population=population)
    turnover = np.abs(np.diff(solution.energy_J_per_g)).sum()
    assert np.ptp(balance(solution)) < 1e-6 * turnover
    for record in solution.steps[:4]:
        rows = slice(record.first, record.last)
        passed = (
            solution.current_A_per_g[record.first]
            * (solution.time_s[rows] - solution.time_s[record.first])
            / 3.6
        )
        charge = solution.charge_mAh_per_g[rows] - solution.charge_mAh_per_g[record.first]
        np.testing.assert_allclose(charge, passed, rtol=0.0, atol=1e-9)


def test_a_jump_of_temperature_conserves_charge_and_moves_only_the_potential():
    solution = simulated(("Discharge at C/10 for 4 h", "Rest for 1 h at 60 C"), "na-sb")
    after = solution.steps[1].first
    before = after - 1
    assert solution.charge_mAh_per_g[after] == pytest.approx(solution.charge_mAh_per_g[before], abs=1e-9)
    np.testing.assert_array_equal(solution.fractions[:, after], solution.fractions[:, before])
    assert abs(np.diff(balance(solution)[[before, after]])[0]) < 1e-12
    assert abs(solution.warming_J_per_g[after]) > 0.01


@pytest.mark.parametrize("system", ["li-sb", "na-sb"])
def test_a_ramp_is_the_limit_of_small_isothermal_steps(system):
    """Each jump dissipates what is proportional to its square, so the heat converges at least linearly."""
    start = simulated("Discharge at C/10 for 3 h", system, options=TIGHT).final_state
    ramp = simulated("Discharge at C/10 for 2 h from 25 C to 45 C", system, initial=start, options=TIGHT)
    errors = []
    for count in (4, 8, 16):
        middles = 25.0 + 20.0 * (np.arange(count) + 0.5) / count
        steps = tuple(
            f"Discharge at C/10 for {7200 / count!r} s at {celsius!r} C" for celsius in middles.tolist()
        )
        after = (*steps, "Rest for 0.001 s at 45 C")
        stairs = simulated(after, system, initial=start, options=TIGHT)
        errors.append(abs(stairs.heat_J_per_g[:, -1].sum() - ramp.heat_J_per_g[:, -1].sum()))
    assert 1.7 < errors[0] / errors[1] < 5.5
    assert 1.7 < errors[1] / errors[2] < 5.5


@pytest.mark.parametrize("system", ["na-sb", "li-sb-llzo"])
def test_another_integrator_agrees_along_a_ramp(system):
    from scipy.integrate import solve_ivp

    start = simulated("Discharge at C/10 for 3 h", system, options=TIGHT).final_state
    ours = simulated("Discharge at C/10 for 1 h from 25 C to 55 C", system, initial=start, options=TIGHT)
    mechanism = ours.mechanism
    base = build_network(mechanism, ours.graph, 25.0 + ZERO_CELSIUS_K)
    copy, space, warming = copy_of(base), workspace(base), 30.0 / 3600.0
    control = Control(True, float(ours.current_A_per_g[0]), 0.0, warming)

    def rhs(time, state):
        network = network_at(base.temperature + warming * time, base, copy)
        evaluate(time, state, control, network, space, False)
        return space.derivatives.dy_dt.copy()

    state = [*start.fractions.values(), start.potential_V]
    theirs = solve_ivp(rhs, (0.0, 3600.0), state, "Radau", rtol=1e-8, atol=1e-11)
    np.testing.assert_allclose(ours.fractions[:, -1], theirs.y[:-1, -1], rtol=0.0, atol=1e-6)
    assert ours.potential_V[-1] == pytest.approx(theirs.y[-1, -1], abs=1e-6)


def test_heat_is_what_enthalpies_say():
    """Phases without galleries have constant enthalpies: dH + V I dt + heat = 0 with H from the file alone."""
    solution = simulated(WARMED[:4], options=TIGHT)
    mechanism = solution.mechanism
    enthalpies = [
        sum(n * mechanism.phases[p].enthalpy_J_per_mol.value for p, n in node.items())
        for node in mechanism.nodes.values()
    ]
    # The double layer's capacitance does not depend on temperature, so its free energy is its enthalpy.
    layer = 0.5 * mechanism.electrode.double_layer_F_per_g.value * solution.potential_V**2
    content = solution.fractions.T @ enthalpies / mechanism.host_molar_mass_g_per_mol + layer
    heat = sbpath.heat_flow(solution).reversible_J_per_g
    heat = heat + solution.heat_J_per_g.sum(axis=0) + solution.joule_heat_J_per_g
    law = content + solution.energy_J_per_g + heat
    assert np.ptp(law) < 1e-6 * np.abs(np.diff(solution.energy_J_per_g)).sum()


@pytest.mark.parametrize("system", ["na-sb", "li-sb-llzo"])
def test_reversible_heat_is_the_integral_of_its_rate(system):
    steps = "Discharge at C/10 for 1 h from 25 C to 55 C (2 s period)"
    start = simulated("Discharge at C/10 for 3 h", system).final_state
    found = sbpath.heat_flow(solution := simulated(steps, system, initial=start))
    total = np.trapezoid(found.reversible_W_per_g, solution.time_s)
    assert found.reversible_J_per_g[-1] == pytest.approx(
        total, abs=2e-3 * np.abs(found.reversible_J_per_g).max()
    )
    resistance = [solution.mechanism.series_resistance_ohm_g(c + ZERO_CELSIUS_K) for c in (25.0, 55.0)]
    joule = found.joule_W_per_g[[0, -1]] / solution.current_A_per_g[[0, -1]] ** 2
    np.testing.assert_allclose(joule, resistance, rtol=1e-9, atol=1e-12)


def test_saved_and_continued(tmp_path):
    solution = simulated(WARMED)
    loaded = sbpath.load_solution(solution.save(tmp_path / "warm.npz"))
    assert loaded.protocol == solution.protocol
    np.testing.assert_array_equal(loaded.temperatures_C, solution.temperatures_C)
    np.testing.assert_array_equal(sbpath.simulate_again(loaded, progress=False).voltage_V, solution.voltage_V)
    # A state knows its temperature, so that what follows begins with the same charge.
    half = simulated(WARMED[:3], "na-sb")
    rest = simulated("Rest for 1 h", "na-sb", initial=half)
    assert half.final_state.temperature_C == pytest.approx(40.0)
    held = [
        s.network.charge_scale * s.composition[row] - s.network.double_layer * s.potential_V[row]
        for s, row in ((half, -1), (rest, 0))
    ]
    assert held[1] == pytest.approx(held[0], rel=1e-12)
    assert rest.potential_V[0] != half.potential_V[-1]
    ends = simulated([("Discharge at C/10 for 3 h", "Charge at C/10 for 2 h at 45 C")] * 4, keep="ends")
    assert ends.cycle_table.half_warming_J_per_g.any()


def test_driven_by_a_table_on_a_ramp():
    hours = np.array([0, 1, 2, 3]) * 3600.0
    table = sbpath.CurrentTable(
        hours, [0.066, 0.0, 0.132, 0.0], temperature_C=sbpath.Ramp(25.0, 40.0, 5400.0)
    )
    driven = simulated(table, options=TIGHT)
    steps = (
        "Insert at 66 mA/g for 1 h from 25 C to 35 C", "Rest for 1 h from 35 C to 40 C in 30 min",
        "Insert at 132 mA/g for 1 h at 40 C",
    )  # fmt: skip
    written = simulated(steps, options=TIGHT)
    assert driven.potential_V[-1] == pytest.approx(written.potential_V[-1], abs=1e-9)
    assert driven.warming_J_per_g[-1] == pytest.approx(written.warming_J_per_g[-1], abs=1e-7)


def test_the_file_says_where_it_is_valid():
    with pytest.warns(
        sbpath.ValidityWarning, match=r"simulated at 70 C, but its numbers are valid only from"
    ):
        simulated(("Rest for 1 s", "Rest for 1 s from 25 C to 70 C"), "na-sb")


@pytest.mark.parametrize(
    ("protocol", "message"),
    [
        (("Rest for 1 s at 2000 C",), r"temperature_C: must be a number from -150 to 1500, not 2000"),
        (
            ("Rest for 1 s from 25 C to -200 C",),
            r"temperature_C: must be a number from -150 to 1500, not -200",
        ),
    ],
)
def test_impossible_temperatures_are_refused(protocol, message):
    with pytest.raises(sbpath.InputError, match=message):
        simulated(protocol)


def test_functions_that_need_one_temperature_say_so():
    solution = simulated(WARMED[:2])
    for function in (sbpath.two_phase_equilibria, lambda s: sbpath.sensitivities(s, ["temperature_C"])):
        with pytest.raises(
            sbpath.InputError, match="needs one temperature, and steps of this protocol state others"
        ):
            function(solution)


def test_state_at_a_temperature():
    warm = State({"Sb": 1.0}, 1.5, temperature_C=60.0)
    assert simulated("Rest for 1 s", "na-sb", initial=warm).temperatures_C.tolist() == [25.0] * 4


def test_peaks_of_a_warm_sweep_are_those_of_a_warm_cell():
    sweeps = ("Sweep at 0.1 mV/s from 1.5 V to 0.05 V", "Sweep at 0.1 mV/s to 1.5 V")
    warm = simulated((*(f"{sweep} at 45 C" for sweep in sweeps), "Rest for 1 s"), "na-sb")
    assert sbpath.voltammetry_peaks(warm) == sbpath.voltammetry_peaks(
        simulated(sweeps, "na-sb", temperature_C=45.0)
    )
