"""Oracles: steps written out by hand, single simulations, stoichiometry, return points, the second law."""

from __future__ import annotations

import numpy as np
import pytest
from analytic import M_SB, F, Textbook, msmr_content
from curves import at_composition, lobatto_integral, rows

import sbpath
from sbpath import (
    InputError,
    Protocol,
    cv,
    cycling,
    first_order_reversals,
    gitt,
    partial_cycling,
    rate_capability,
    rate_test,
    rest_after_reversal,
    reversals,
    simulate,
)
from sbpath.protocol.steps import Rate
from sbpath.results.memory import full_runs, voltage_at

IN, OUT = "Insert at C/10 until 0.05 V", "Extract at C/10 until 1.5 V"
TURNS = [0.5, 1.5, 2.5]


def to(x, step):
    """`step` ended by a composition too."""
    return step.replace("until", f"until x = {x:g} or until")


# -- what the functions expand to -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("protocol", "cycles"),
    [
        (
            gitt("C/10", 0.05, 1.5, "x = 1.2", "4 h"),
            [[to(1.2, IN), "Rest for 4 h", to(2.4, IN), "Rest for 4 h", IN, "Rest for 4 h",
              to(2.4, OUT), "Rest for 4 h", to(1.2, OUT), "Rest for 4 h", OUT, "Rest for 4 h"]],
        ),
        (
            gitt(Rate(1.0, "C"), 0.05, 1.5, "30 min", "1 h", cycles=2),
            [["Insert at 1C for 30 min or until 0.05 V", "Rest for 1 h", "Insert at 1C until 0.05 V", "Rest for 1 h",
              "Extract at 1C for 30 min or until 1.5 V", "Rest for 1 h", "Extract at 1C until 1.5 V", "Rest for 1 h"]] * 2,
        ),
        (
            gitt("50 mA/g", 0.05, 1.5, "1 h", "2 h", pulses=1),
            [["Insert at 50 mA/g for 1 h or until 0.05 V", "Rest for 2 h", "Extract at 50 mA/g until 1.5 V", "Rest for 2 h"]],
        ),
        (
            cv(["0.1 mV/s", "1mV/s"], 0.05, 1.5, 1),
            [[f"Sweep at {v} mV/s from 1.5 V to 0.05 V", f"Sweep at {v} mV/s from 0.05 V to 1.5 V"] for v in ("0.1", "1")],
        ),
        (
            rate_test(["C/10", "1C"], 0.05, 1.5, 2),
            [[IN, OUT]] * 2 + [["Insert at 1C until 0.05 V", "Extract at 1C until 1.5 V"]] * 2,
        ),
        (partial_cycling("C/10", 0.05, 1.5, 0.5, 2.0, 2), [[IN, OUT]] * 2 + [[to(2, IN), to(0.5, OUT)]] * 2),
        (
            partial_cycling("C/10", 0.05, 1.5, 0.5, 2.0, 1, "extraction", full_cycles=0),
            [[IN], [to(0.5, OUT), to(2, IN)]],
        ),
        (
            first_order_reversals("C/10", 0.05, 1.5, [0.5, 2.5], full_cycles=1),
            [[IN, OUT], [to(0.5, IN), OUT, IN, OUT], [to(2.5, IN), OUT, IN, OUT],
             [IN, to(0.5, OUT), IN, OUT], [IN, to(2.5, OUT), IN, OUT]],
        ),
        (
            rest_after_reversal("C/10", 0.05, 1.5, 0.3, rest="5 h", full_cycles=0),
            [[to(0.4, IN), to(0.3, OUT), "Rest for 5 h", OUT], [IN, to(0.2, OUT), to(0.3, IN), "Rest for 5 h", IN]],
        ),
    ],
)  # fmt: skip
def test_experiments_are_these_plain_steps(protocol, cycles):
    assert protocol.to_strings() == cycles
    assert Protocol.parse(cycles) == protocol


def test_pulses_by_time_add_up_to_the_capacity():
    # C/20 for 30 min is a fortieth of it: 39 such pulses each way and one to the cut-off.
    (cycle,) = gitt("C/20", 0.05, 1.5).to_strings()
    assert cycle.count("Insert at C/20 for 30 min or until 0.05 V") == 39
    assert cycle.count("Extract at C/20 for 30 min or until 1.5 V") == 39
    assert len(cycle) == 160


@pytest.mark.parametrize(
    ("make", "fragments"),
    [
        (
            lambda: gitt("fast", 1.5, 0.5, "3 V", "-1 h", 0, 0),
            ["rate: 'fast'", "wrong way round", "pulse: '3 V' is a voltage, where a time or a composition is needed",
             "rest: a time [s] must be above 0", "pulses: must be a whole number, 1 or more, not 0", "cycles:"],
        ),
        (lambda: gitt("5 mA/g", 0.05, 1.5), ["pulses: how many at 5 mA/g fill the electrode depends"]),
        (lambda: gitt("C/5", 0.05, 1.5, "x = 0"), ["pulse: must be a composition above 0 alkali per Sb, such as 1.5, not 0.0"]),
        (lambda: gitt("C/5", 0.05, 1.5, 30), ["pulse: 30: a step or a rate is a line of text"]),
        (
            lambda: cv(["1 V", "0 mV/s"], 1.0, 0.0, True),
            ["wrong way round", "scan_rates: '1 V' is a voltage, where a scan rate is needed",
             "scan_rates: a scan rate [V/s] must be above 0", "cycles: must be a whole number, 1 or more, not True"],
        ),
        (lambda: cv([], 0.05, 1.5), ["scan_rates: must be a list such as ['0.1 mV/s', '0.5 mV/s'], not []"]),
        (lambda: rate_test(None, 0.05, 1.5, 1.5), ["rates: must be a list", "cycles_each: must be a whole number"]),
        (lambda: rate_test(["C/10", "x"], 0.05, float("nan")), ["a cut-off voltage", "rates: 'x'"]),
        (lambda: partial_cycling("C/10", 0.05, 1.5, 2.0, 1.0), ["low_x: must be below high_x, but 2 is not below 1"]),
        (
            lambda: partial_cycling("C/10", 0.05, 1.5, 0.0, -3.0, 0, "in", -1),
            ["low_x: must be a composition above 0", "high_x:", "first: must be", "cycles:", "full_cycles: must be a whole number, 0 or more"],
        ),
        (lambda: first_order_reversals("C/10", 0.05, 1.5, [-3, "a"]), ["such as 1.5, not -3", "such as 1.5, not 'a'"]),
        (lambda: first_order_reversals("C/10", 0.05, 1.5, None), ["reversals_x: must be a list"]),
        (lambda: rest_after_reversal("C/10", 0.05, 1.5, 0.1), ["back_x: must be less than x = 0.1, not 0.1"]),
    ],
)  # fmt: skip
def test_all_mistakes_of_a_call_are_told_together(make, fragments):
    with pytest.raises(InputError) as caught:
        make()
    assert len(caught.value.problems) == len(fragments)
    for problem, fragment in zip(caught.value.problems, fragments, strict=True):
        assert fragment in problem


def test_one_value_may_stand_for_a_list_of_one():
    assert cv("1 mV/s", 0.05, 1.5) == cv(["1 mV/s"], 0.05, 1.5)
    assert rate_test("1C", 0.05, 1.5) == cycling("1C", 0.05, 1.5, 3)
    assert first_order_reversals("C/10", 0.05, 1.5, 1.5) == first_order_reversals("C/10", 0.05, 1.5, [1.5])


@pytest.mark.parametrize("name", ["li-sb", "na-sb", "k-sb"])
def test_a_titration_wastes_no_step_and_closes(simulated, name):
    mechanism = sbpath.load_mechanism(name)
    lower, upper = mechanism.lower_cutoff_V, mechanism.upper_cutoff_V
    solution = simulated(name, gitt("C/10", lower, upper, "x = 0.5", "4 h"))
    ends = [s.outcome.name for s in solution.steps if s.direction != "rest"]
    assert ends == ["composition"] * 5 + ["voltage"] + ["composition"] * 5 + ["voltage"]
    assert solution.charge_mAh_per_g[-1] == pytest.approx(0.0, abs=0.5)


# -- rate test --------------------------------------------------------------------------------------


def test_a_rate_test_is_its_cycles_run_one_by_one(simulated):
    rates = ("C/5", "2C", "C/5")
    points = rate_capability(simulated("li-sb", rate_test(rates, 0.05, 1.5, 1)))
    state = None
    for point, rate in zip(points, rates, strict=True):
        alone = simulate("li-sb", cycling(rate, 0.05, 1.5), initial=state, progress=False)
        state = alone
        insertion, extraction = sbpath.half_cycles(alone)
        assert point.rate == rate
        assert point.current_A_per_g == pytest.approx(Rate.parse(rate).value * 0.66035, rel=1e-4)
        assert point.insertion_mAh_per_g == pytest.approx(insertion.capacity_mAh_per_g, rel=1e-9)
        assert point.extraction_mAh_per_g == pytest.approx(extraction.capacity_mAh_per_g, rel=1e-9)
        assert point.insertion_V == pytest.approx(insertion.mean_voltage_V, rel=1e-9)
        assert point.extraction_V == pytest.approx(extraction.mean_voltage_V, rel=1e-9)
    # What a fast cycle leaves behind comes out in the slow one after it: nothing is lost.
    assert points[1].coulombic_efficiency < 0.995
    lost = sum(p.insertion_mAh_per_g - p.extraction_mAh_per_g for p in points)
    # The double layer stands at 1.5 V at both ends, so what is missing is alkali in the electrode.
    held = simulated("li-sb", rate_test(rates, 0.05, 1.5, 1)).composition[-1] * F / M_SB / 3.6
    assert lost == pytest.approx(held, abs=1e-6)


def test_a_cycle_is_named_by_its_first_current(simulated):
    steps = ("Rest for 1 min", "Insert at C/2 until 0.05 V", "Extract at 1C until 1.5 V")
    (point,) = rate_capability(simulated("li-sb", (steps,)))
    assert point.rate == "C/2"
    assert point.current_A_per_g == pytest.approx(0.330176, rel=1e-5)


def test_sweeps_are_no_rate_test(simulated):
    assert rate_capability(simulated("li-sb", cv("0.5 mV/s", 0.05, 1.5, 1))) == []


# -- reversals ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def turned(simulated):
    """The solution and its curves."""
    solution = simulated("li-sb", first_order_reversals("C/10", 0.05, 1.5, TURNS))
    return solution, reversals(solution)


def test_reversal_curves_begin_on_the_full_loop(turned):
    solution, curves = turned
    assert [(c.direction, c.order) for c in curves] == [("extraction", 1)] * 3 + [("insertion", 1)] * 3
    assert [c.composition for c in curves] == pytest.approx(TURNS * 2, abs=1e-9)
    branches = {run.direction: run for run in full_runs(solution) if run.cycle == 2}
    for curve in curves:
        left = branches["insertion" if curve.direction == "extraction" else "extraction"]
        assert curve.voltage_V == pytest.approx(
            float(voltage_at(solution, left, curve.composition)), abs=2e-4
        )


def test_curves_rejoin_the_loop_where_stoichiometry_says(turned):
    _, curves = turned
    # Turned at r on the way out, when t = r / x(Li3Sb) is Li3Sb and the rest Sb. Sb becomes Li2Sb
    # first, and the branch of Li2Sb -> Li3Sb is reached where it is used up: 2 (1 - t) + 3 t.
    for curve in curves[3:]:
        share = curve.composition / full_phase(curve.voltage_V)
        assert curve.rejoins_x == pytest.approx(2.0 + share, abs=0.01)
    # Turned on the way in at r = 2.5: half Li2Sb, half Li3Sb. Li2Sb goes first, at a lower voltage
    # than Li3Sb -> Sb, whose branch is reached at x = 3/2. At r <= 2 there is no Li3Sb at all.
    last = curves[2]
    assert last.rejoins_x == pytest.approx(3.0 * (last.composition - 2.0), abs=0.02)
    assert [curve.rejoins_x for curve in curves[:2]] == [None] * 2


def test_the_order_of_the_curves_does_not_matter(simulated):
    # Also where Sb stays amorphous for a while, and an electrode emptied in two ways is not the same.
    turns = (0.75, 1.75)
    one, other = (
        simulated("na-sb", first_order_reversals("C/5", 0.02, 1.5, order, 1))
        for order in (turns, turns[::-1])
    )
    there = {(c.direction, round(c.composition, 6)): c for c in reversals(other)}
    # Curves that meet the branch at the flank alone do not rejoin it.
    assert [c.rejoins_x for c in reversals(one)[:2]] == [None, None]
    for curve in reversals(one):
        again = there[curve.direction, round(curve.composition, 6)]
        assert again.voltage_V == pytest.approx(curve.voltage_V, abs=1e-4)
        low, high = (0.0, curve.composition) if curve.direction == "extraction" else (curve.composition, 3.0)
        at = np.linspace(low, high, 25)[2:-2]
        curves = [at_composition(run, number(run, c), at) for run, c in ((one, curve), (other, again))]
        assert curves[0] == pytest.approx(curves[1], abs=3e-4)


def test_an_empty_sodium_electrode_remembers_how_it_was_emptied(simulated):
    # Which is why the curves go around the full loop in between.
    solution = simulated("na-sb", first_order_reversals("C/5", 0.02, 1.5, (0.75, 1.75), 1))
    crystalline = solution.fraction("Sb")
    full = [run for run in full_runs(solution) if run.direction == "extraction"]
    emptied = [float(crystalline[run.last - 1]) for run in full[1:]]
    assert emptied == pytest.approx([emptied[0]] * len(emptied), abs=1e-4)
    assert abs(float(crystalline[reversals(solution)[0].rows.stop - 1]) - emptied[0]) > 0.1


def full_phase(potential):
    """Lithium in Li3Sb, whose vacancies are a gallery of 0.40 sites at 1.09 V, width 1.6."""
    return float(msmr_content(potential, 298.15, 2.6, [(0.40, 1.09, 1.6)]))


def number(solution, curve):
    """Number of the step that a reversal curve is."""
    return next(s.step for s in solution.steps if s.first == curve.rows.start)


def test_minor_loops_of_lithium_close_on_their_turning_points(simulated):
    solution = simulated("li-sb", partial_cycling("C/10", 0.05, 1.5, 0.5, 1.5, 3))
    assert [(c.direction, c.order) for c in reversals(solution)] == [
        ("extraction", 1), ("insertion", 2), ("extraction", 3), ("insertion", 4), ("extraction", 5),
    ]  # fmt: skip
    # Between 0.5 and 1.5 there are Sb and Li2Sb alone, on the branch and off it: coming back to
    # the point where it left the branch, the electrode is where it was.
    upper = [s for s in solution.steps if "x = 1.5" in str(s.step)]
    voltages = [float(solution.voltage_V[s.last - 1]) for s in upper]
    shares = np.array([solution.fractions[:, s.last - 1] for s in upper])
    assert voltages == pytest.approx([voltages[0]] * 3, abs=1e-5)
    assert np.abs(np.diff(shares, axis=0)).max() < 1e-6


def test_the_other_branch_is_remembered(simulated):
    # Hanging from the extraction branch, the same window holds Li3Sb instead of Li2Sb.
    solution = simulated("li-sb", partial_cycling("C/10", 0.05, 1.5, 0.5, 1.5, 2, "extraction"))
    first = next(s for s in solution.steps if "x = 0.5" in str(s.step))
    shares = dict(zip(solution.phases, solution.fractions[:, first.last - 1], strict=True))
    assert shares["Li3Sb"] == pytest.approx(0.5 / full_phase(solution.voltage_V[first.last - 1]), abs=1e-3)
    assert shares["Li2Sb"] == pytest.approx(0.0, abs=1e-3)


# -- rests after a reversal -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["li-sb", "na-sb", "k-sb"])
def test_a_rest_after_a_reversal_goes_only_where_affinity_leads(simulated, name):
    mechanism = sbpath.load_mechanism(name)
    solution = simulated(
        name, rest_after_reversal("C/10", mechanism.lower_cutoff_V, mechanism.upper_cutoff_V, 1.5)
    )
    textbook = Textbook.of(solution.mechanism.document, solution.graph, solution.temperature_C)
    net = np.zeros((len(solution.phases), len(solution.edges)))
    for number, edge in enumerate(solution.edges):
        reactant, product = (solution.phases.index(name) for name in edge.ends)
        net[reactant, number] -= 1.0
        net[product, number] += 1.0
    rests = [s for s in solution.steps if str(s.step).startswith("Rest")]
    assert len(rests) == 2
    for rest in rests:
        here = rows(solution, rest.step)
        rate, affinity = solution.rates_per_s[:, here], solution.affinities_J_per_mol[:, here]
        assert rate.min() >= 0.0
        assert affinity[rate > 0.0].min(initial=np.inf) > 0.0
        # These edges, and nothing else, change the fractions.
        time = solution.time_s[here]
        converted = np.array([lobatto_integral(time, r) for r in rate])
        change = solution.fractions[:, here][:, -1] - solution.fractions[:, here][:, 0]
        assert np.abs(change - net @ converted).max() < 1e-6
        # No work is done, so the energy held can only fall.
        energy = textbook.stored_energy(solution.fractions[:, here], solution.potential_V[here])
        assert np.diff(energy).max() < 1e-9 * abs(energy).max()
        # The voltage goes on from where the current left it.
        assert solution.voltage_V[rest.first] == pytest.approx(
            float(solution.voltage_V[rest.first - 1]), abs=1e-9
        )


def test_a_rest_after_a_reversal_stays_on_its_side_of_equilibrium(simulated):
    solution = simulated("li-sb", rest_after_reversal("C/10", 0.05, 1.5, 1.5))
    down, up = (solution.voltage_V[rows(solution, s.step)] for s in solution.steps if "Rest" in str(s.step))
    loop = {run.direction: float(voltage_at(solution, run, 1.5)) for run in full_runs(solution)[2:4]}
    mean = 0.5 * (loop["insertion"] + loop["extraction"])
    assert mean == pytest.approx(0.939, abs=0.002)
    # Each relaxes towards equilibrium, by millivolts, and is nowhere near the mean after 10 h.
    assert np.diff(down).max() < 1e-9
    assert np.diff(up).min() > -1e-9
    assert 0.99 < down[-1] < down[0] < loop["extraction"]
    assert loop["insertion"] < up[0] < up[-1] < 0.88
    assert min(down[-1] - mean, mean - up[-1]) > 0.06
    # And the steps between rows are small: no jump anywhere.
    assert max(np.abs(np.diff(down)).max(), np.abs(np.diff(up)).max()) < 2e-3


def test_a_solution_without_reversals_has_none(simulated):
    full = simulated("li-sb", cycling("C/5", 0.05, 1.5, 2))
    assert reversals(full) == []
    assert [run.direction for run in full_runs(full)] == ["insertion", "extraction"] * 2


def test_reversals_without_a_full_loop_rejoin_nothing(simulated):
    protocol = first_order_reversals("C/5", 0.05, 1.5, [2.5], full_cycles=0)
    curves = reversals(simulated("li-sb", protocol))
    assert [curve.rejoins_x is None for curve in curves] == [True, False]
