"""Oracles: stoichiometry, parallel and consecutive first-order reactions, flows taken apart by hand."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from analytic import M_SB, F, R, Textbook, bateman
from bare import bare
from curves import cycled, edge_names, lobatto_integral, rows
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import solution_phase, tiny_mechanism

from sbpath import pathways, shipped_names, simulate
from sbpath.results.pathways import Path, _paths
from sbpath.studies.comparison import comparison_report, comparison_table
from sbpath.text.explanation import explanation
from sbpath.text.report import simulation_report
from sbpath.text.tables import path_text

FULL = F / M_SB / 3.6  # mAh/g of one electron per Sb
# Sb itself; compounds are run in test_shipped_mechanisms and in tests of their own.
DEFAULTS = [(name, bare(name).default_graph) for name in shipped_names() if not bare(name).assemblages]


def incidence(solution):
    """N, shape (P, E): -1 for the reactant of each edge and +1 for its product."""
    matrix = np.zeros((len(solution.phases), len(solution.edges)))
    for e, edge in enumerate(solution.edges):
        matrix[solution.phases.index(edge.reactant), e] -= 1.0
        matrix[solution.phases.index(edge.product), e] += 1.0
    return matrix


# -- conservation -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "graph"), [*DEFAULTS, ("na-sb", "candidate"), ("k-sb", "reported")])
def test_extents_change_the_fractions_by_the_incidence_of_the_graph(simulated, name, graph):
    solution = cycled(simulated, name, "C/5", graph=graph)
    changes = solution.fractions - solution.fractions[:, :1]
    np.testing.assert_allclose(changes, incidence(solution) @ solution.converted, atol=2e-5)
    for way, number in zip(pathways(solution), range(1, 5), strict=True):
        # No charge passes between the half cycles, and nothing reacts there.
        ends = solution.fractions[:, [solution.steps[number - 1].first, solution.steps[number - 1].last - 1]]
        np.testing.assert_allclose(incidence(solution) @ way.converted, np.diff(ends)[:, 0], atol=2e-5)
        assert way.converted.min() >= 0.0


@pytest.mark.parametrize(
    ("name", "graph"), [("li-sb", "candidate"), ("na-sb", "candidate"), ("k-sb", "candidate")]
)
def test_charge_goes_into_edges_galleries_and_double_layer(simulated, name, graph):
    solution = cycled(simulated, name, "C/5", graph=graph)
    book = Textbook.of(solution.mechanism.document, graph, solution.temperature_C)
    for way, number in zip(pathways(solution), range(1, 5), strict=True):
        these = rows(solution, number)
        time = solution.time_s[these] - solution.time_s[these][0]
        theta, potential = solution.fractions[:, these], solution.potential_V[these]
        content = book.contents(potential)
        speeds = np.array([book.rates(t, e)[0] for t, e in zip(theta.T, potential, strict=True)]).T
        for e, (p, q, *_) in enumerate(book.edges):
            carried = FULL * lobatto_integral(time, (content[q] - content[p]) * speeds[e])
            assert way.charge_mAh_per_g[e] == pytest.approx(carried, abs=2e-3)
        # sum of the integrals of theta_p dx_p, by the trapezoidal rule over rows.
        filled = FULL * float(np.sum(0.5 * (theta[:, 1:] + theta[:, :-1]) * np.diff(content)))
        assert way.filling_mAh_per_g == pytest.approx(filled, abs=0.05)
        layer = -book.double_layer * (potential[-1] - potential[0]) / 3.6
        assert way.double_layer_mAh_per_g == pytest.approx(layer, abs=1e-9)
        net = solution.steps[number - 1].charge_mAh_per_g
        assert way.capacity_mAh_per_g == pytest.approx(net, rel=1e-9)
        assert way.direction == ("insertion" if net > 0.0 else "extraction")


def test_branches_of_one_phase_share_all_that_leaves_it(simulated):
    for name, graph in DEFAULTS:
        solution = cycled(simulated, name, "C/5", graph=graph)
        for way in pathways(solution):
            for phase in solution.phases:
                own = [e for e, edge in enumerate(way.edges) if edge.reactant == phase]
                left = way.converted[own].sum()
                if left > 0.01:
                    np.testing.assert_allclose(way.branching[own], way.converted[own] / left, rtol=1e-9)


def test_the_charge_of_a_jump_of_the_voltage_is_told(simulated):
    # Li(3-b)Sb held at 1.2 V gives its vacancies at once, before a single row of the step.
    solution = simulated("li-sb", (("Hold at 0.6 V for 40 h", "Hold at 1.2 V for 40 h"),) * 2)
    ways = pathways(solution)
    assert sum(way.capacity_mAh_per_g for way in ways) == pytest.approx(
        solution.charge_mAh_per_g[-1], abs=1e-6
    )
    # 5 F/g over 0.6 V each way; at first from 1.5 V.
    layers = [3.6 * way.double_layer_mAh_per_g / 5.0 for way in ways]
    np.testing.assert_allclose(layers, [0.9, -0.6, 0.6, -0.6], rtol=1e-9)
    book = Textbook.of(solution.mechanism.document, "candidate", 25.0)
    before, after = book.contents(np.array([0.6, 1.2]))[2]
    assert ways[1].filling_mAh_per_g == pytest.approx(FULL * (after - before), rel=1e-3)
    assert ways[1].filling_mAh_per_g < -50.0


def test_ways_of_a_cycle_hold_all_that_it_converts(simulated):
    steps = ("Rest for 10 h", "Insert at 1C until 0.02 V", "Extract at 1C until 1.5 V")
    solution = simulated("na-sb", (steps,) * 2)
    told = sum(way.converted for way in pathways(solution))
    np.testing.assert_allclose(told, solution.converted[:, -1], atol=1e-3)


# -- closed forms ----------------------------------------------------------------------------------------


def speed(gibbs_p, x_p, gibbs_q, x_q, potential, growth):
    """Rate constant (1/s) of growth alone: ``2 k0 sinh(A / (2 nu R T))``, A from the Gibbs energies."""
    affinity = gibbs_p - gibbs_q + F * potential * (x_p - x_q)
    return 2.0 * growth * np.sinh(affinity / (2.0 * max(1.0, abs(x_q - x_p)) * R * 298.15))


@pytest.mark.parametrize("potential", [0.36, 0.40, 0.43])
@pytest.mark.parametrize("hours", [0.1, 2.0])
def test_two_parallel_edges_branch_as_their_rate_constants(potential, hours):
    # Sb -> LiSb and Sb -> Li2Sb at constant potential: theta = exp(-(k1 + k2) t), and each edge
    # converts k_i / (k1 + k2) of what is gone.
    growth, one, two = 1e-4, -F * 0.50, -F * 2.0 * 0.48
    phases = {
        "Sb": {"formula": "Sb"},
        "LiSb": {"formula": "LiSb", "gibbs": one},
        "Li2Sb": {"formula": "Li2Sb", "gibbs": two},
    }
    mechanism = tiny_mechanism(
        phases, [("Sb", "LiSb", 1), ("Sb", "Li2Sb", 2)], growth=growth, diffusivity=1e-6
    )
    (way,) = pathways(simulate(mechanism, f"Hold at {potential} V for {hours} h", progress=False))
    k = np.array([speed(0.0, 0.0, one, 1.0, potential, growth), speed(0.0, 0.0, two, 2.0, potential, growth)])
    gone = -np.expm1(-k.sum() * 3600.0 * hours)
    forward = [edge_names(way.edges).index("Sb -> LiSb"), edge_names(way.edges).index("Sb -> Li2Sb")]
    np.testing.assert_allclose(way.branching[forward], k / k.sum(), rtol=1e-5)
    np.testing.assert_allclose(way.converted[forward], gone * k / k.sum(), rtol=1e-5)
    np.testing.assert_allclose(way.charge_mAh_per_g[forward], FULL * gone * k / k.sum() * [1, 2], rtol=1e-5)
    shares = {path.phases: path.share for path in way.paths}
    for e, phase in zip((0, 1), ("LiSb", "Li2Sb"), strict=True):
        assert shares["Sb", phase] == pytest.approx(gone * (k / k.sum())[e], rel=1e-5)


def test_consecutive_steps_are_a_path_as_far_as_they_got():
    # A -> B -> C at constant potential: of A that left, C has come all the way and B half of it.
    growth, potential, hours = 1e-4, 0.40, 1.0
    one, two = -F * 0.50, -F * (0.50 + 0.45)
    phases = {
        "Sb": {"formula": "Sb"},
        "LiSb": {"formula": "LiSb", "gibbs": one},
        "Li2Sb": {"formula": "Li2Sb", "gibbs": two},
    }
    mechanism = tiny_mechanism(
        phases, [("Sb", "LiSb", 1), ("LiSb", "Li2Sb", 1)], growth=growth, diffusivity=1e-6
    )
    (way,) = pathways(simulate(mechanism, f"Hold at {potential} V for {hours} h", progress=False))
    k1, k2 = speed(0.0, 0.0, one, 1.0, potential, growth), speed(one, 1.0, two, 2.0, potential, growth)
    _, b, c = bateman(3600.0 * hours, k1, k2)
    shares = {path.phases: path.share for path in way.paths}
    assert set(shares) == {("Sb", "LiSb", "Li2Sb"), ("Sb", "LiSb")}
    assert shares["Sb", "LiSb", "Li2Sb"] == pytest.approx(c, rel=1e-5)
    assert shares["Sb", "LiSb"] == pytest.approx(b, rel=1e-5)
    assert way.charge_mAh_per_g.sum() == pytest.approx(FULL * (b + 2.0 * c), rel=1e-5)


# -- paths out of flows ------------------------------------------------------------------------------------


def test_paths_of_flows_made_by_hand():
    nodes = ("A", "B", "C", "D")
    ends = [("A", "B"), ("B", "C"), ("A", "C"), ("C", "D"), ("B", "A")]
    # 0.7 through B of which 0.2 stay, 0.3 direct, of the 0.8 in C 0.1 go on.
    assert [(p.phases, round(p.share, 9)) for p in _paths(nodes, ends, [0.7, 0.5, 0.3, 0.1, 0.0], 1e-6)] == [
        (("A", "B", "C"), 0.5),
        (("A", "C"), 0.2),
        (("A", "B"), 0.2),
        (("A", "C", "D"), 0.1),
    ]
    # What goes round and back is no path.
    assert _paths(nodes, ends, [0.4, 0.0, 0.0, 0.0, 0.4], 1e-6) == ()
    assert _paths(nodes, ends, [0.9, 0.0, 0.0, 0.0, 0.4], 1e-6) == (Path(("A", "B"), 0.5),)
    # What is fainter than the threshold is not told.
    assert _paths(nodes, ends, [0.5, 5e-4, 0.0, 0.0, 0.0], 1e-3) == (Path(("A", "B"), pytest.approx(0.4995)),)


@given(
    st.lists(st.integers(0, 1000), min_size=12, max_size=12),
    st.integers(2, 4),
)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_paths_carry_what_the_phases_lost_and_no_edge_more_than_it_did(amounts, count):
    # Flow decomposition (Ford and Fulkerson 1962): any flow is paths from surplus to deficit, and circles.
    nodes = tuple("ABCD"[:count])
    ends = list(itertools.permutations(nodes, 2))
    flow = dict(zip(ends, [1e-3 * a for a in amounts[: len(ends)]], strict=True))
    lost = {
        n: sum(f for e, f in flow.items() if e[0] == n) - sum(f for e, f in flow.items() if e[1] == n)
        for n in nodes
    }
    paths = _paths(nodes, ends, list(flow.values()), 1e-9)
    for node in nodes:
        out = sum(p.share for p in paths if p.phases[0] == node)
        into = sum(p.share for p in paths if p.phases[-1] == node)
        assert out == pytest.approx(max(lost[node], 0.0), abs=1e-7)
        assert into == pytest.approx(max(-lost[node], 0.0), abs=1e-7)
    for edge, amount in flow.items():
        taken = sum(p.share for p in paths if edge in itertools.pairwise(p.phases))
        assert taken <= amount + 1e-7
    assert all(len(set(p.phases)) == len(p.phases) for p in paths)
    # The first is the widest of all ways through the graph.
    ways = [way for length in range(2, count + 1) for way in itertools.permutations(nodes, length)]
    widths = [min(lost[w[0]], -lost[w[-1]], *(flow[e] for e in itertools.pairwise(w))) for w in ways]
    assert (paths[0].share if paths else 0.0) == pytest.approx(max(0.0, *widths), abs=1e-8)


# -- what the review reports ---------------------------------------------------------------------------------


@pytest.mark.parametrize("graph", ["reported", "candidate"])
@pytest.mark.parametrize("name", ["li-sb", "li-sb-libh4", "li-sb-llzo"])
def test_lithium_goes_in_by_two_steps_and_out_by_one(simulated, name, graph):
    solution = cycled(simulated, name, "C/5", graph=graph)
    insertion, extraction = pathways(solution)[2:]
    assert insertion.paths[0].phases == ("Sb", "Li2Sb", "Li3Sb")
    assert extraction.paths[0].phases == ("Li3Sb", "Sb")
    assert insertion.paths[0].share > 0.99
    assert extraction.paths[0].share > 0.99
    charge = dict(zip(edge_names(insertion.edges), insertion.charge_mAh_per_g, strict=True))
    assert charge["Sb -> Li2Sb"] == pytest.approx(2.0 * FULL, rel=5e-3)
    assert charge["Li2Sb -> Li3Sb"] == pytest.approx(FULL, rel=5e-3)


@pytest.mark.parametrize(
    ("name", "between", "full"),
    [("na-sb", "NaxSb", "Na3Sb"), ("k-sb", "KxSb", "K3Sb-cubic"), ("na-sb-nasb", "NaSb", "Na3Sb"), ("k-sb-ksb", "KSb", "K3Sb")],
)  # fmt: skip
def test_sodium_and_potassium_come_back_the_way_they_went(simulated, name, between, full):
    for graph in bare(name).graphs:
        insertion, extraction = pathways(cycled(simulated, name, "C/5", graph=graph))[2:]
        into, out = (
            {p.phases: p.share for p in way.paths if p.share > 5e-3} for way in (insertion, extraction)
        )
        assert {path[::-1] for path in into} == set(out)
        assert ("Sb", between, full) in into
        for path, share in into.items():
            assert out[path[::-1]] == pytest.approx(share, abs=0.01)


# -- the words ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paths", "wanted"),
    [
        ([("ABC", 1.0)], "A -> B -> C"),
        ([("BC", 0.55), ("ABC", 0.45)], "B -> C (55 %), A -> B -> C (45 %)"),
        ([("AB", 0.72), ("AC", 0.28)], "A -> B (72 %), A -> C (28 %)"),
        ([("AB", 0.91), ("AC", 0.09)], "A -> B"),
        ([("AB", 0.89), ("AC", 0.11)], "A -> B (89 %), A -> C (11 %)"),
        # As many as make 90 % of what reacted, in shares of all.
        ([("AB", 0.6), ("CD", 0.32), ("AD", 0.08)], "A -> B (60 %), C -> D (32 %)"),
        ([("AB", 0.3), ("AC", 0.02)], "A -> B"),
        ([], "-"),
    ],
)
def test_a_path_is_named_alone_only_if_it_took_nine_tenths(paths, wanted):
    way = dataclasses.replace(
        pathways(simulate(bare("li-sb"), "Insert at C/2 for 6 min", progress=False))[0],
        paths=tuple(Path(tuple(nodes), share) for nodes, share in paths),
    )
    assert path_text(way) == wanted
    assert path_text(way, {"A": "a"}) == wanted.replace("A", "a")


def test_the_printed_paths_of_sodium_have_their_shares(simulated):
    solution = cycled(simulated, "na-sb")
    into = pathways(solution)[2]
    # What the first cycle left amorphous goes on from there.
    first, second = into.paths[:2]
    assert (first.phases, second.phases) == (("NaxSb", "Na3Sb"), ("Sb", "NaxSb", "Na3Sb"))
    left = solution.fraction("NaxSb")[solution.cycle == 1][-1]
    assert first.share == pytest.approx(left, abs=1e-2)
    words = f"NaₓSb (amorphous) -> Na₃Sb ({100 * first.share:.0f} %), Sb -> NaₓSb (amorphous) -> Na₃Sb ({100 * second.share:.0f} %)"
    for report in (simulation_report(solution), comparison_report([solution])):
        assert words in report
        assert "the share of the host that took each" in report
    assert f"Na3Sb ({100 * second.share:.0f} %)" in " ".join(comparison_table([solution])[1][0])
    assert f"NaₓSb -> Na₃Sb ({100 * second.share:.1f} %)" in explanation(solution)


def test_a_report_says_that_no_phase_formed():
    told = (
        "no phase formed, only the double layer was charged; look at electrode.particle_radius_m (0.01 m), "
    )
    big = simulate(bare("k-sb-ksb", {"electrode.particle_radius_m": 0.01}), progress=False)
    assert told + "the interfacial energies (up to 0.219 J/m2), and the cut-offs" in simulation_report(big)
    whole = simulate(bare("k-sb-ksb"), progress=False)
    assert "no phase formed" not in simulation_report(whole)
    resting = simulate(bare("k-sb-ksb"), ["Rest for 1 h"], progress=False)
    assert "no phase formed" not in simulation_report(resting)


def test_filling_a_phase_is_not_the_double_layer_alone():
    galleries = [(1.0, 0.5, 1.0)]
    alone = simulate(solution_phase(galleries, double_layer=1.0, cutoffs=(0.2, 0.8)), progress=False)
    assert "no phase formed" not in simulation_report(alone)
