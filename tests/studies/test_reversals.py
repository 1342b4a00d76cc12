"""Oracles: stoichiometry, return points, and the second law at rest."""

from __future__ import annotations

import numpy as np
import pytest
from analytic import Textbook, msmr_content
from bare import bare
from curves import at_composition, lobatto_integral, rows

from sbpath import cycling, first_order_reversals, partial_cycling, rest_after_reversal, reversals
from sbpath.protocol.steps import Rest
from sbpath.studies.reversals import full_runs, voltage_at

TURNS = [0.5, 1.5, 2.5]


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
    return next(s.number for s in solution.steps if s.first == curve.rows.start)


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
    mechanism = bare(name)
    solution = simulated(
        name, rest_after_reversal("C/10", mechanism.lower_cutoff_V, mechanism.upper_cutoff_V, 1.5)
    )
    textbook = Textbook.of(solution.mechanism.document, solution.graph, solution.temperature_C)
    net = np.zeros((len(solution.phases), len(solution.edges)))
    for number, edge in enumerate(solution.edges):
        reactant, product = (solution.phases.index(name) for name in edge.ends)
        net[reactant, number] -= 1.0
        net[product, number] += 1.0
    rests = [s for s in solution.steps if isinstance(s.step, Rest)]
    assert len(rests) == 2
    for rest in rests:
        here = rows(solution, rest.number)
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
    down, up = (
        solution.voltage_V[rows(solution, s.number)] for s in solution.steps if isinstance(s.step, Rest)
    )
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
