"""Oracles: a second integrator, conservation of charge, antimony and energy, exact ends, and repetition."""

from __future__ import annotations

import functools
import itertools
import re

import numpy as np
import pytest
from analytic import M_SB, F, Textbook
from bare import bare
from curves import lobatto_integral, rows
from scipy.integrate import simpson
from tiny import one_edge, tiny_mechanism

import sbpath.run_record
from sbpath import SimulationError, SolverOptions, State, cycling, shipped_names, simulate
from sbpath.errors import InputError
from sbpath.model.network import build_network
from sbpath.physical import ZERO_CELSIUS_K
from sbpath.protocol.steps import ConstantCurrent, ConstantVoltage, Rate, Rest, Sweep, TimeLimit, VoltageLimit
from sbpath.solver.reference import scipy_cycle
from sbpath.text.mechanism_sheet import mechanism_report

# Sb itself; compounds are run in test_shipped_mechanisms and in tests of their own.
DEFAULTS = [(name, bare(name).default_graph) for name in shipped_names() if not bare(name).assemblages]
GRAPHS = [*DEFAULTS, ("li-sb", "candidate")]
# The other integrator takes 10 to 20 s on these; `k-sb` stays.
LONG = ("k-bisb", "k-sb-xrd", "k-sb-ksb")
FULL_CHARGE = 3.0 * F / M_SB  # C/g
TIGHT = {"rtol": 1e-8, "atol": 1e-11}

# Every mode of control, each reached from another one.
EVERY_MODE = (
    (
        "Discharge at C/5 until 0.4 V or until x = 2",
        "Rest for 1 hour",
        "Hold at 0.4 V for 2 hours",
        "Sweep at 0.1 mV/s to 1.3 V",
        "Hold at 1.2 V for 1 hour",
        "Charge at C/5 until 1.5 V",
        "Sweep at 0.1 mV/s from 1.5 V to 0.3 V",
        "Discharge at 2C for 10 minutes or until 0.05 V",
        "Rest for 1 hour",
        "Charge at 1C until 1.5 V",
    ),
)
MODES = [("li-sb", "candidate"), ("li-sb-llzo", "reported"), ("na-sb", "reported"), ("k-sb", "candidate")]


def textbook_of(solution):
    return Textbook.of(solution.mechanism.document, solution.graph, solution.temperature_C)


# -- the same curve from another integrator -------------------------------------------------------


@pytest.fixture(scope="module")
def radau():
    """First insertion and extraction at C/10 by scipy's Radau IIA, cut-offs as events."""

    @functools.cache
    def run(name, graph):
        mechanism = bare(name)
        network = build_network(mechanism, graph, mechanism.temperature_C + ZERO_CELSIUS_K)
        return [(half.t[-1], half.sol) for half in scipy_cycle(mechanism, network)]

    return run


def differences(solution, curves):
    """Largest difference of potential and of fractions, and of the ends in time, per half cycle."""
    found = []
    for number, (end, curve) in enumerate(curves, 1):
        these = rows(solution, number)
        time = solution.time_s[these] - (
            solution.time_s[solution.steps[number - 1].first - 1] if number > 1 else 0.0
        )
        inside = time <= end
        wanted = curve(time[inside])
        potential = np.abs(solution.potential_V[these][inside] - wanted[-1]).max()
        fractions = np.abs(solution.fractions[:, these][:, inside] - wanted[:-1]).max()
        found.append((potential, fractions, abs(time[-1] - end)))
    return np.array(found)


@pytest.mark.parametrize(
    ("name", "graph"),
    [pytest.param(*one, marks=pytest.mark.slow) if one[0] in LONG else one for one in GRAPHS],
)
def test_the_same_curve_from_an_independent_integrator(simulated, radau, name, graph):
    found = differences(simulated(name, None, graph=graph), radau(name, graph))
    assert found[:, 0].max() < 1e-5  # V
    assert found[:, 1].max() < 1e-6
    assert found[:, 2].max() < 1e-3  # s


@pytest.mark.parametrize(("name", "graph"), [("k-sb", "reported"), ("li-sb", "candidate")])
def test_the_error_falls_with_the_tolerance(simulated, radau, name, graph):
    found = [
        differences(simulated(name, None, graph=graph, rtol=rtol, atol=1e-3 * rtol), radau(name, graph))
        for rtol in (1e-4, 1e-6, 1e-8)
    ]
    potentials, fractions = ([max(f[:, k]) for f in found] for k in (0, 1))
    # A hundredfold tolerance is at least a tenfold accuracy, until Radau's own error (3e-7 V) is reached.
    for loose, strict in itertools.pairwise(potentials):
        assert strict < max(0.1 * loose, 5e-7)
    for loose, strict in itertools.pairwise(fractions):
        assert strict < max(0.1 * loose, 5e-9)


# -- conservation ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "graph"), MODES)
def test_charge_identity_in_every_mode_of_control(simulated, name, graph):
    # integral of I dt = (F/M) dx - C_dl dE, with x from fractions and potential.
    solution = simulated(name, EVERY_MODE, graph=graph, **TIGHT)
    textbook = textbook_of(solution)
    charge = textbook.charge(solution.fractions, solution.potential_V)
    assert np.abs(charge - charge[0] - 3.6 * solution.charge_mAh_per_g).max() < 1e-8 * FULL_CHARGE
    content = textbook.composition(solution.fractions, solution.potential_V)
    np.testing.assert_allclose(solution.composition, content, atol=1e-11)
    seen = set()
    for number, step in enumerate(solution.steps, 1):
        these = rows(solution, number)
        time, current = solution.time_s[these], solution.current_A_per_g[these]
        gained = charge[these][-1] - charge[these][0]
        if len(time) > 1:
            assert abs(lobatto_integral(time - time[0], current) - gained) < 1e-8 * FULL_CHARGE
            seen.add(str(step.step).split()[0])
        # What an ideal potentiostat moves at once, it moves through the double layer and the galleries.
        assert 3.6 * step.charge_mAh_per_g == pytest.approx(
            charge[these][-1] - charge[max(step.first - 1, 0)], abs=1e-8 * FULL_CHARGE
        )
    assert seen == {"Insert", "Extract", "Rest", "Hold", "Sweep"}


@pytest.mark.parametrize(("name", "graph"), MODES)
def test_constant_current_passes_current_times_time(simulated, name, graph):
    solution = simulated(name, None, graph=graph)
    for number, step in enumerate(solution.steps, 1):
        current = solution.current_A_per_g[rows(solution, number)]
        assert np.ptp(current) == 0.0
        assert abs(current[0]) == pytest.approx(0.1 * 3.0 * F / M_SB / 3600.0, rel=1e-12)
        assert 3.6 * step.charge_mAh_per_g == pytest.approx(current[0] * step.duration_s, rel=1e-9)


@pytest.mark.parametrize(("name", "graph"), MODES)
@pytest.mark.parametrize("tolerance", [1e-4, 1e-6, 1e-8])
def test_antimony_bounds_and_second_law(simulated, name, graph, tolerance):
    solution = simulated(name, EVERY_MODE, graph=graph, rtol=tolerance, atol=1e-3 * tolerance)
    assert np.abs(solution.fractions.sum(axis=0) - 1.0).max() < 1e-10
    assert solution.fractions.min() > -10.0 * 1e-3 * tolerance
    assert (solution.rates_per_s * solution.affinities_J_per_mol).min() >= 0.0
    heat = np.vstack(
        [solution.heat_J_per_g, solution.joule_heat_J_per_g, solution.charge_transfer_heat_J_per_g]
    )
    # Rows inside an integrator step lie on a cubic through its powers, which may sag a little.
    assert np.diff(heat, axis=1).min() >= -tolerance * heat[:, -1].sum()
    ends = np.unique([i for step in solution.steps for i in range(step.first, step.last, 3)])
    assert np.diff(heat[:, ends], axis=1).min() >= 0.0
    for table in (
        solution.potential_V,
        solution.current_A_per_g,
        solution.rates_per_s,
        solution.energy_J_per_g,
    ):
        assert np.isfinite(table).all()


@pytest.mark.parametrize(("name", "graph"), MODES)
def test_recorded_rates_heat_and_swelling_are_those_of_the_textbook(simulated, name, graph):
    solution = simulated(name, EVERY_MODE, graph=graph, **TIGHT)
    textbook = textbook_of(solution)
    some = slice(None, None, 23)
    theta, potential = solution.fractions[:, some], solution.potential_V[some]
    wanted = [textbook.rates(t, e) for t, e in zip(theta.T, potential, strict=True)]
    rates, affinities = (np.array([w[k] for w in wanted]).T for k in (0, 1))
    np.testing.assert_allclose(solution.rates_per_s[:, some], rates, rtol=1e-7, atol=1e-20)
    np.testing.assert_allclose(solution.affinities_J_per_mol[:, some], affinities, rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(
        solution.heat_W_per_g[:, some], rates * affinities / M_SB, rtol=1e-7, atol=1e-18
    )
    np.testing.assert_allclose(
        solution.swelling_percent[some], textbook.swelling(theta, potential, 0), atol=1e-9
    )


def test_a_host_that_is_a_solution_phase_has_not_swollen_as_built():
    # Empty at 1 V and full at 0 V, where it is twice as large: 3 of 30 cm3 for each tenth of a site.
    about = {"formula": "LixSb", "galleries": [(1.0, 0.5, 1.0)], "volume": 60.0, "partial": 30.0}
    mechanism = tiny_mechanism({"LixSb": about}, cutoffs=(0.0, 1.0))
    solution = simulate(mechanism, cycling("C/2", 0.0, 1.0), progress=False)
    assert solution.swelling_percent[0] == pytest.approx(0.0, abs=1e-9)
    np.testing.assert_allclose(solution.swelling_percent, 100.0 * solution.composition, atol=1e-4)
    assert solution.swelling_percent.max() == pytest.approx(100.0, abs=1e-3)
    assert mechanism.empty_volume_cm3_per_mol("LixSb") == 30.0
    assert re.search(r"LixSb .* 0 - 1 +60 +\+100 %", mechanism_report(mechanism))


@pytest.mark.parametrize(("name", "graph"), MODES)
def test_first_law_in_every_mode_of_control(simulated, name, graph):
    # Energy delivered + stored + turned to heat stays what it was, jumps of the potential included.
    solution = simulated(name, EVERY_MODE, graph=graph)
    stored = textbook_of(solution).stored_energy(solution.fractions, solution.potential_V)
    heat = solution.irreversible_heat_J_per_g
    total = solution.energy_J_per_g + stored + heat
    assert heat[-1] > 100.0
    assert np.abs(total - total[0]).max() < 1e-5 * heat[-1]


@pytest.mark.parametrize("mV_per_s", [0.1, 29, 291, 3000])
@pytest.mark.parametrize("name", ["li-sb", "na-sb", "k-sb", "k-snsb"])
def test_first_law_in_sweeps_of_any_rate(name, mV_per_s):
    there, back = (f"Sweep at {mV_per_s} mV/s from {a} V to {b} V" for a, b in ((1.5, 0.05), (0.05, 1.5)))
    solution = simulate(name, (there, back), population=1, progress=False)
    heat = solution.irreversible_heat_J_per_g
    total = solution.energy_J_per_g + solution.stored_J_per_g + heat
    assert heat[-1] > 1.0
    assert np.abs(total - total[0]).max() < 1e-5 * heat[-1]


@pytest.mark.parametrize(
    ("name", "graph"), [("li-sb", "candidate"), ("li-sb-llzo", "candidate"), ("na-sb", "reported")]
)
def test_the_area_of_a_closed_loop_is_its_heat(simulated, name, graph):
    mechanism = bare(name)
    protocol = cycling("C/10", mechanism.lower_cutoff_V, mechanism.upper_cutoff_V, cycles=2)
    solution = simulated(name, protocol, graph=graph)
    start, end = solution.steps[1].last - 1, solution.steps[3].last - 1
    # The second cycle ends where it began.
    assert np.abs(solution.fractions[:, end] - solution.fractions[:, start]).max() < 1e-5
    area = -(solution.energy_J_per_g[end] - solution.energy_J_per_g[start])
    heat = solution.irreversible_heat_J_per_g[[start, end]] @ [-1.0, 1.0]
    assert area == pytest.approx(heat, rel=1e-5)
    # Second method, from rows alone: V and I integrated by two rules, heat from the textbook's rates.
    textbook, power, coarse, work = textbook_of(solution), 0.0, 0.0, 0.0
    for number in (3, 4):
        these = rows(solution, number)
        time = solution.time_s[these] - solution.time_s[these][0]
        flow = solution.voltage_V[these] * solution.current_A_per_g[these]
        power -= lobatto_integral(time, flow)
        coarse -= simpson(flow, x=time)
        states = zip(solution.fractions[:, these].T, solution.potential_V[these], strict=True)
        burnt = [float(np.dot(*textbook.rates(t, e))) / M_SB for t, e in states]
        resistance = (solution.potential_V - solution.voltage_V)[these] * solution.current_A_per_g[these]
        work += lobatto_integral(time, np.array(burnt) + resistance)
    assert power == pytest.approx(area, rel=1e-6)
    assert work == pytest.approx(area, rel=1e-5)
    assert coarse == pytest.approx(area, rel=1e-3)


# -- ends of steps -----------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", ["C/100", "C/10", "2C"])
@pytest.mark.parametrize(("name", "graph"), DEFAULTS)
def test_cut_off_voltages_are_met(simulated, name, graph, rate):
    mechanism = bare(name)
    limits = (mechanism.lower_cutoff_V, mechanism.upper_cutoff_V)
    solution = simulated(name, cycling(rate, *limits), graph=graph)
    for number, (step, limit) in enumerate(zip(solution.steps, limits, strict=True), 1):
        assert step.outcome.name == "VOLTAGE"
        voltage = solution.voltage_V[rows(solution, number)]
        assert voltage[-1] == pytest.approx(limit, abs=1e-9)
        # And not a row later than that.
        beyond = (voltage[1:-1] - limit) * (1.0 if number == 1 else -1.0)
        assert beyond.min() > 0.0


def test_other_limits_are_met(simulated):
    solution = simulated(
        "li-sb",
        (
            ("Discharge at C/5 until x = 1.25", "Hold at 0.85 V until C/50", "Charge at C/5 for 1234.5 s"),
            ("Sweep at 0.1 mV/s to 0.5 V", "Hold at 1.05 V until x = 0.75"),
        ),
        graph="candidate",
    )
    ends = [rows(solution, number).stop - 1 for number in range(1, 6)]
    assert [step.outcome.name for step in solution.steps] == [
        "COMPOSITION",
        "CURRENT",
        "TIME",
        "SWEEP",
        "COMPOSITION",
    ]
    assert solution.composition[ends[0]] == pytest.approx(1.25, abs=1e-9)
    assert solution.current_A_per_g[ends[1]] == pytest.approx(0.02 * 0.6603519, rel=1e-6)
    assert solution.steps[2].duration_s == pytest.approx(1234.5, rel=1e-12)
    assert solution.voltage_V[ends[3]] == pytest.approx(0.5, abs=1e-12)
    assert solution.composition[ends[4]] == pytest.approx(0.75, abs=1e-9)


def dip(line, **options):
    """A discharge whose autocatalytic growth makes the potential dip and recover by 170 mV."""
    mechanism = one_edge(autocatalytic_order=1.0, seed_fraction=1e-3)
    initial = State({"Sb": 1.0}, 0.7)
    return simulate(mechanism, line, initial=initial, options=SolverOptions(**options), progress=False)


@pytest.fixture(scope="module")
def bottom():
    """Time and potential of the lowest point of that dip: the vertex of a parabola through fine rows."""
    solution = dip("Discharge at 40 mA/g for 62 s (0.01 s period)", rtol=1e-10, atol=1e-12)
    lowest = int(solution.potential_V.argmin())
    near = slice(lowest - 20, lowest + 21)
    time = solution.time_s[near] - solution.time_s[lowest]
    a, b, c = np.polyfit(time, solution.potential_V[near], 2)
    assert a > 0.0
    return solution.time_s[lowest] - 0.5 * b / a, c - 0.25 * b**2 / a


@pytest.mark.parametrize("depth", [1e-2, 1e-3, 1e-4, 1e-5, 1e-6])
def test_a_dip_that_only_touches_the_cut_off_is_found(bottom, depth):
    # The cut-off lies above the bottom by `depth` (V), and is met and left again within one step.
    time, lowest = bottom
    limit = float(lowest + depth)
    solution = dip(f"Discharge at 40 mA/g until {limit!r} V or for 15000 s")
    assert solution.steps[0].outcome.name == "VOLTAGE"
    assert solution.time_s[-1] < time
    assert solution.voltage_V[-1] == pytest.approx(limit, abs=1e-9)


def test_a_dip_that_stays_above_the_cut_off_does_not_end_the_step(bottom):
    _, lowest = bottom
    solution = dip(f"Discharge at 40 mA/g until {float(lowest - 1e-5)!r} V or for 600 s")
    assert solution.steps[0].outcome.name == "TIME"
    assert solution.potential_V.min() == pytest.approx(lowest, abs=1e-4)


def test_a_step_that_starts_on_its_own_cut_off_takes_no_time(simulated):
    solution = simulated(
        "li-sb",
        (("Charge at C/10 until 1.5 V", "Discharge at C/10 until 0.05 V", "Discharge at C/10 until 0.05 V"),),
    )
    first, second, third = solution.steps
    assert first.outcome.name == "ALREADY_MET"
    assert first.duration_s == first.charge_mAh_per_g == 0.0
    assert second.charge_mAh_per_g == pytest.approx(662.2, abs=0.1)
    # The third one begins within rounding of its end.
    assert abs(third.duration_s) < 1e-6
    assert solution.voltage_V[-1] == pytest.approx(0.05, abs=1e-9)


# -- rest and resistance --------------------------------------------------------------------------------


def test_rest_without_any_affinity_changes_nothing():
    # Sb above 0.956 V: every edge from it runs uphill, and there is nothing else.
    solution = simulate(bare("li-sb"), "Rest for 100 hours", graph="candidate", progress=False)
    assert np.ptp(solution.potential_V) == 0.0
    assert np.ptp(solution.fractions, axis=1).max() == 0.0
    assert np.ptp(solution.composition) == 0.0
    assert solution.time_s[-1] == 360000.0


@pytest.mark.parametrize(
    ("name", "graph"), [("li-sb", "candidate"), ("na-sb", "reported"), ("k-sb", "reported")]
)
def test_rest_moves_only_what_has_affinity(simulated, name, graph):
    solution = simulated(
        name, (("Discharge at 1C until x = 1", "Rest for 3 hours", "Discharge at 1C until 0.1 V", "Rest for 3 hours"),),
        graph=graph,
    )  # fmt: skip
    textbook = textbook_of(solution)
    content = textbook.composition(solution.fractions, solution.potential_V)
    for number in (2, 4):
        these = rows(solution, number)
        # No charge passes: what leaves the double layer is what the phases take up.
        stays = F / M_SB * content[these] - textbook.double_layer * solution.potential_V[these]
        assert np.ptp(stays) < 1e-8 * FULL_CHARGE
        assert np.ptp(solution.charge_mAh_per_g[these]) == 0.0
        # Each fraction changes by what its edges carry, and only edges with A > 0 carry anything.
        carried = np.zeros(len(solution.phases))
        time = solution.time_s[these] - solution.time_s[these][0]
        for (p, q, *_), rate in zip(textbook.edges, solution.rates_per_s[:, these], strict=True):
            amount = lobatto_integral(time, rate)
            carried[p] -= amount
            carried[q] += amount
        moved = solution.fractions[:, these][:, -1] - solution.fractions[:, these][:, 0]
        np.testing.assert_allclose(moved, carried, atol=1e-7)
        assert np.abs(moved).max() > 1e-6
        idle = solution.affinities_J_per_mol[:, these] <= 0.0
        assert (solution.rates_per_s[:, these][idle] == 0.0).all()


def test_a_resistance_shifts_the_voltage_by_exactly_current_times_resistance(simulated):
    # Steps that end by time, so that both cells do the same: 150 Ohm cm2 at 1 mg/cm2 is 0.15 Ohm g.
    protocol = (("Discharge at C/5 for 4 hours", "Rest for 1 hour", "Charge at C/2 for 1 hour"),)
    path = "electrode.contact_resistance_ohm_cm2"
    plain = simulated("li-sb", protocol, graph="candidate", **TIGHT)
    through = simulated("li-sb", protocol, graph="candidate", changes=((path, 150.0),), **TIGHT)
    np.testing.assert_allclose(
        through.voltage_V, through.potential_V - 0.15 * through.current_A_per_g, rtol=0.0, atol=1e-15
    )
    np.testing.assert_array_equal(plain.voltage_V, plain.potential_V)
    for number in (1, 2, 3):
        a, b = rows(plain, number), rows(through, number)
        shifted = plain.potential_V[a] - 0.15 * plain.current_A_per_g[a]
        seen = np.interp(plain.time_s[a], through.time_s[b], through.voltage_V[b])
        # Rows differ, so interpolation between them limits the middle; the ends are common rows.
        np.testing.assert_allclose(seen[[0, -1]], shifted[[0, -1]], atol=1e-6)
        np.testing.assert_allclose(seen, shifted, atol=1e-3)


# -- output and repetition --------------------------------------------------------------------------------


def test_a_period_gives_exactly_these_times(simulated):
    solution = simulated(
        "li-sb", (("Discharge at C/10 for 1000 s (300 s period)", "Rest for 90 s (60 s period)"),)
    )
    assert solution.time_s.tolist() == [0.0, 300.0, 600.0, 900.0, 1000.0, 1000.0, 1060.0, 1090.0]


def test_a_period_longer_than_the_step_leaves_its_two_ends(simulated):
    solution = simulated("li-sb", "Discharge at C/10 for 100 s (1000 s period)")
    assert solution.time_s.tolist() == [0.0, 100.0]


@pytest.mark.parametrize(("name", "graph"), [("li-sb", "candidate"), ("na-sb", "reported")])
def test_a_period_gives_the_same_curve(simulated, name, graph):
    # Each row against a run that ends there, where no interpolation takes part.
    solution = simulated(name, "Discharge at C/10 for 9 hours (3600 s period)", graph=graph, **TIGHT)
    for hours in (1, 3, 8):
        alone = simulated(name, f"Discharge at C/10 for {hours} hours", graph=graph, **TIGHT)
        assert solution.time_s[hours] == 3600.0 * hours
        assert solution.potential_V[hours] == pytest.approx(alone.potential_V[-1], abs=1e-6)
        np.testing.assert_allclose(solution.fractions[:, hours], alone.fractions[:, -1], atol=1e-8)
        assert solution.energy_J_per_g[hours] == pytest.approx(alone.energy_J_per_g[-1], rel=1e-6)


def test_a_period_changes_nothing_but_the_rows(simulated):
    plain = simulated("li-sb", (("Discharge at C/10 until 0.05 V", "Charge at C/10 until 1.5 V"),))
    spaced = simulated(
        "li-sb",
        (("Discharge at C/10 until 0.05 V (1000 s period)", "Charge at C/10 until 1.5 V (1000 s period)"),),
    )
    for one, other in zip(plain.steps, spaced.steps, strict=True):
        assert (other.outcome.name, other.duration_s) == (one.outcome.name, one.duration_s)
        assert other.charge_mAh_per_g == one.charge_mAh_per_g
    assert spaced.final_state == plain.final_state
    np.testing.assert_array_equal(spaced.heat_J_per_g[:, -1], plain.heat_J_per_g[:, -1])


def test_the_same_arguments_give_the_same_bits():
    protocol = EVERY_MODE
    one, other = (simulate(bare("k-sb"), protocol, progress=False) for _ in range(2))
    for name in ("time_s", "potential_V", "fractions", "rates_per_s", "heat_J_per_g", "energy_J_per_g"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize(("name", "graph"), MODES)
def test_continuing_equals_running_in_one_go(simulated, name, graph):
    whole = simulated(name, EVERY_MODE, graph=graph)
    lines = EVERY_MODE[0]
    mechanism = bare(name)
    for cut in (1, 4, 6):
        begun = simulated(name, (lines[:cut],), graph=graph)
        rest = simulate(mechanism, (lines[cut:],), graph=graph, initial=begun, progress=False)
        first = whole.steps[cut].first
        np.testing.assert_array_equal(rest.potential_V, whole.potential_V[first:])
        np.testing.assert_array_equal(rest.fractions, whole.fractions[:, first:])
        np.testing.assert_allclose(rest.time_s, whole.time_s[first:], rtol=1e-12)


# -- robustness -------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::sbpath.ValidityWarning")  # any temperature, too
@pytest.mark.parametrize("seed", range(30))
def test_bounds_hold_for_any_numbers(seed):
    generator = np.random.default_rng(1000 + seed)
    name = shipped_names()[generator.integers(len(shipped_names()))]
    plain = bare(name)
    changes = {
        f"interfaces.{pair}.energy_J_per_m2": float(generator.uniform(0.0, 0.4)) for pair in plain.interfaces
    }
    changes["electrode.double_layer_F_per_g"] = float(10.0 ** generator.uniform(-2, 2))
    mechanism = bare(name, changes)
    graph = mechanism.graphs[generator.integers(len(mechanism.graphs))]
    rate = 10.0 ** generator.uniform(-3.0, np.log10(50.0))
    celsius = float(generator.uniform(-20.0, 400.0))
    limits = (mechanism.lower_cutoff_V, mechanism.upper_cutoff_V)
    solution = simulate(
        mechanism, cycling(f"{rate:.6g}C", *limits), graph=graph, temperature_C=celsius, progress=False
    )
    for field in ("potential_V", "fractions", "composition", "rates_per_s", "heat_J_per_g", "energy_J_per_g"):
        assert np.isfinite(getattr(solution, field)).all()
    assert np.abs(solution.fractions.sum(axis=0) - 1.0).max() < 1e-10
    assert solution.fractions.min() > -1e-8
    assert solution.fractions.max() < 1.0 + 1e-8
    assert solution.composition.min() > -1e-8
    assert solution.composition.max() < mechanism.content_range[1] + 1e-8
    assert (solution.rates_per_s * solution.affinities_J_per_mol).min() >= 0.0
    textbook = Textbook.of(mechanism.document, graph, celsius)
    charge = textbook.charge(solution.fractions, solution.potential_V)
    assert np.abs(charge - charge[0] - 3.6 * solution.charge_mAh_per_g).max() < 1e-8 * FULL_CHARGE
    total = solution.energy_J_per_g + textbook.stored_energy(solution.fractions, solution.potential_V)
    total = total + solution.irreversible_heat_J_per_g
    assert np.abs(total - total[0]).max() < 1e-5 * (1000.0 + np.abs(total[0]))
    for step, limit in zip(solution.steps, limits, strict=True):
        if step.outcome.name == "VOLTAGE":
            assert solution.voltage_V[step.last - 1] == pytest.approx(limit, abs=1e-9)
        else:
            # A resistance can put the cell beyond its cut-off at once.
            assert step.outcome.name == "ALREADY_MET"


def test_a_hundred_cycles_repeat_the_third(simulated):
    solution = simulated("li-sb", cycling("1C", 0.05, 1.5, cycles=100), rtol=1e-2, atol=1e-5)
    assert len(solution.steps) == 200
    charges = np.array([step.charge_mAh_per_g for step in solution.steps])
    # Nothing in the model ages: after the first cycle each is like the others, to the coarse tolerance.
    np.testing.assert_allclose(charges[4::2], charges[4], rtol=2e-3)
    np.testing.assert_allclose(charges[5::2], charges[5], rtol=2e-3)
    assert np.abs(solution.fractions.sum(axis=0) - 1.0).max() < 1e-10
    textbook = textbook_of(solution)
    charge = textbook.charge(solution.fractions, solution.potential_V)
    assert np.abs(charge - charge[0] - 3.6 * solution.charge_mAh_per_g).max() < 1e-8 * FULL_CHARGE
    assert np.diff(solution.time_s).min() >= 0.0


def test_fractions_sum_to_one_with_a_resistance_so_small_that_it_is_stiff(simulated):
    # The Jacobian then holds 1/(R C) beside rates of 1e-5 /s; rounding must not leak into the sum.
    sweeps = ("Sweep at 0.1 mV/s to 0.05 V", "Sweep at 0.1 mV/s to 1.5 V")
    solution = simulated("li-sb", (sweeps, sweeps), changes=(("electrode.contact_resistance_ohm_cm2", 1e-3),))
    assert np.abs(solution.fractions.sum(axis=0) - 1.0).max() < 1e-12


def test_a_rest_costs_no_more_than_its_relaxation_asks_for(simulated):
    # A titration of 20 pulses; with the potential resolved to nanovolts at rest it took three times as many.
    pulse = ("Insert at C/10 for 10 min", "Rest for 1 h")
    solution = simulated("li-sb", (pulse * 20,))
    rests = [s.last - s.first for s in solution.steps if s.direction == "rest"]
    assert np.median(rests) < 3 * 40


def test_pulses_of_a_century_of_many_particles_need_no_option():
    spread = sbpath.Population.lognormal(50, interfacial_energy=0.04, size=0.3)
    protocol = sbpath.gitt("0.000014C", 0.02, 1.5, pulse="x = 0.1", rest="10 h")
    solution = simulate("k-sb", protocol, population=spread, keep="ends", progress=False)
    assert len(solution.steps) == 120
    assert solution.time_s[-1] > 10 * 8760 * 3600.0


def test_the_rows_of_a_whole_run_are_capped(monkeypatch):
    monkeypatch.setattr(sbpath.run_record, "MAX_ROWS", 30_000)
    pulses = [
        ("Discharge at C/10 for 100 s (0.1 second period)", "Charge at C/10 for 100 s (0.1 second period)")
    ]
    with pytest.raises(
        SimulationError, match=r"with it the run has more than 30,000 rows; keep fewer cycles \("
    ) as caught:
        simulate(bare("li-sb"), pulses * 50, progress=False)
    assert 30_000 < len(caught.value.solution.time_s) < 45_000
    thin = simulate(bare("li-sb"), pulses * 50, keep="ends", progress=False)
    assert len(thin.time_s) < 5000


def test_an_output_period_that_fills_the_memory_is_refused():
    steps = "Discharge at C/10 for 1 s", "Discharge at C/10 until 0.05 V (1e-4 second period)"
    with pytest.raises(
        SimulationError,
        match=r"more than 1,000,000 rows with its output period of 0\.0001 s; use a longer one",
    ) as caught:
        simulate(bare("li-sb"), [steps], progress=False)
    # What came before is kept.
    partial = caught.value.solution
    assert partial.steps[0].outcome.name == "TIME"
    assert 0.0 < partial.steps[1].duration_s < 100.0 + 3600.0
    assert np.diff(partial.time_s).min() >= 0.0


@pytest.mark.parametrize("number", [int, np.int64, np.float32, np.float64], ids=lambda kind: kind.__name__)
def test_whole_and_short_numbers_do_as_well_as_floats(number):
    steps = [
        Sweep(1e-2, number(1), number(2)),
        ConstantVoltage(number(1), (TimeLimit(number(60)),), period_s=number(30)),
        Rest((TimeLimit(number(60)),)),
        ConstantCurrent("insertion", Rate(number(1), "C"), (VoltageLimit(number(0)), TimeLimit(number(60)))),
    ]
    for step in steps:
        ours = simulate(bare("li-sb"), step, progress=False)
        theirs = simulate(bare("li-sb"), str(step), progress=False)
        np.testing.assert_allclose(ours.voltage_V, theirs.voltage_V, rtol=1e-6)


@pytest.mark.parametrize("given", [1e5, np.float64(1e5), np.int64(100_000)])
def test_a_whole_number_of_steps_may_come_as_a_float(given):
    assert SolverOptions(max_steps=given).max_steps == 100_000


@pytest.mark.parametrize(
    "wrong",
    [{"max_steps": 1.5}, {"max_steps": True}, {"max_steps": "9"}, {"max_steps": 10**30}, {"max_steps": None}, {"rtol": "x"}],
)  # fmt: skip
def test_options_of_another_kind_are_refused(wrong):
    with pytest.raises(InputError, match=rf"{next(iter(wrong))}: must be a "):
        SolverOptions(**wrong)
