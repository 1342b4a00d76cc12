"""Oracles: hand arithmetic of nucleation theory, the table of Chang's driving forces, thresholds crossed."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import replace
from math import nan

import numpy as np
import pytest
from analytic import K_B, F, Textbook
from bare import bare
from curves import cycled, edge_names
from tiny import tiny_mechanism

from sbpath import (
    State,
    branch_points,
    cycling,
    driving_forces,
    pathways,
    simulate,
    with_changes,
)
from sbpath.mechanism.reader import mechanism_from_document
from sbpath.results.selectivity import TimeConstants
from sbpath.text.explanation import branch_point_text, explain_table, explanation

KELVIN = 298.15
# Interfacial energies (J/m2) and volumes (m3/mol Sb) of the Li system, from the table of the model.
GAMMA = {("Sb", "Li2Sb"): 0.134, ("Li2Sb", "Li3Sb"): 0.093, ("Sb", "Li3Sb"): 0.219}
VOLUME = {"Sb": 18.19e-6, "Li2Sb": 35.82e-6, "Li3Sb": 42.73e-6}
ATTEMPT = 1e9


def decided(solution, direction, phase, cycle=None):
    (found,) = (d for d in branch_points(solution, cycle) if (d.direction, d.phase) == (direction, phase))
    return found


def competitor(branch_point, product):
    (found,) = (r for r in branch_point.competitors if r.product == product)
    return found


def barrier_kT(gamma, force, shape=1.0):
    """``16 pi S gamma^3 / (3 k T g^2)``; the sphere of Volmer and Weber 1926."""
    return 16.0 * np.pi * shape * gamma**3 / (3.0 * K_B * KELVIN * force**2)


# -- driving force and barrier -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("direction", "phase", "product"),
    [
        ("insertion", "Sb", "Li2Sb"),
        ("insertion", "Sb", "Li3Sb"),
        ("insertion", "Li2Sb", "Li3Sb"),
        ("extraction", "Li3Sb", "Sb"),
        ("extraction", "Li3Sb", "Li2Sb"),
    ],
)
def test_force_barrier_and_rate_are_those_of_nucleation_theory(simulated, direction, phase, product):
    solution = cycled(simulated, "li-sb")
    branch_point = decided(solution, direction, phase)
    one = competitor(branch_point, product)
    book = Textbook.of(solution.mechanism.document, "candidate", 25.0)
    omega = book.grand_potentials(np.array([branch_point.potential_V]))[:, 0]
    p, q = solution.phases.index(phase), solution.phases.index(product)
    assert one.affinity_J_per_mol == pytest.approx(omega[p] - omega[q], rel=1e-9)
    assert one.force_J_per_m3 == pytest.approx(one.affinity_J_per_mol / VOLUME[product], rel=1e-9)
    gamma = GAMMA.get((phase, product)) or GAMMA[product, phase]
    assert one.interfacial_energy_J_per_m2 == gamma
    barrier = barrier_kT(gamma, one.force_J_per_m3)
    assert one.barrier_kT == pytest.approx(barrier, rel=1e-9)
    assert one.nucleation_per_s == pytest.approx(ATTEMPT * np.exp(-barrier), rel=1e-7)


@pytest.mark.parametrize(
    ("potential", "force", "tolerance"),
    [(0.970, 2.7e8, 0.03), (1.000, 7.4e8, 0.03), (1.030, 1.2e9, 0.06), (1.050, 1.5e9, 0.09)],
)
def test_force_on_extraction_is_that_of_the_table_after_chang(simulated, potential, force, tolerance):
    # literature.md 1.3, from Chang et al. 2015 and the potentials of Weppner and Huggins, with
    # Li3Sb taken as stoichiometric: an upper bound, which vacancies lower the more the higher E is.
    solution = cycled(simulated, "li-sb")
    edge = edge_names(solution.edges).index("Li3Sb -> Sb")
    half = slice(solution.steps[3].first, solution.steps[3].last)
    rising, forces = solution.potential_V[half], driving_forces(solution).force_J_per_m3[edge, half]
    first = int(np.argmax(rising > potential))
    found = np.interp(potential, rising[first - 1 : first + 1], forces[first - 1 : first + 1])
    assert found <= 1.01 * force
    assert found == pytest.approx(force, rel=tolerance + 0.02)

    # And exactly: the line compound's 3 F (E - 0.95333 V), less what the gallery of 0.4 sites gives back.
    def gallery(e):
        width = 1.6 * 8.31446261815324 * KELVIN
        return 0.4 * width * np.log1p(np.exp(-F * (e - 1.09) / width))

    vacancies = gallery(potential) - gallery(0.948) + 0.4 * F * (potential - 0.948)
    line = 3.0 * F * (potential - (2.0 * 0.956 + 0.948) / 3.0)
    assert found == pytest.approx((line - vacancies) / VOLUME["Sb"], rel=2e-4)


@pytest.mark.parametrize(
    ("potential", "two", "three"), [(0.93, 1.4e8, 1.6e8), (0.90, 3.0e8, 3.6e8), (0.8501, 5.7e8, 7.0e8)]
)
def test_forces_on_insertion_are_those_of_the_table_after_chang(simulated, potential, two, three):
    solution = cycled(simulated, "li-sb")
    half = slice(solution.steps[2].first, solution.steps[2].last)
    falling = solution.potential_V[half]
    first = int(np.argmax(falling < potential))
    about = driving_forces(solution)
    for product, force in (("Li2Sb", two), ("Li3Sb", three)):
        forces = about.force_J_per_m3[edge_names(solution.edges).index(f"Sb -> {product}"), half]
        # np.interp wants a rising abscissa.
        pair = slice(first, first - 2, -1)
        assert np.interp(potential, falling[pair], forces[pair]) == pytest.approx(force, rel=0.03)


def test_an_edge_without_driving_force_has_none_in_any_row(simulated):
    solution = cycled(simulated, "li-sb")
    about = driving_forces(solution)
    np.testing.assert_array_equal(np.isnan(about.force_J_per_m3), solution.affinities_J_per_mol <= 1e-9)
    assert np.nanmin(about.force_J_per_m3) > 0.0
    # An edge and its reverse never both.
    for e, edge in enumerate(solution.edges):
        back = edge_names(solution.edges).index(" -> ".join(reversed(edge.ends)))
        assert not np.any(np.isfinite(about.force_J_per_m3[e]) & np.isfinite(about.force_J_per_m3[back]))


def test_a_barrier_out_of_reach_gives_no_nuclei(simulated):
    about = driving_forces(cycled(simulated, "k-sb", "C/5"))
    with np.errstate(under="ignore"):
        wanted = np.exp(about.log_attempt[:, None] - about.barrier_kT)
    np.testing.assert_allclose(about.nucleation_per_s, wanted, rtol=1e-9, atol=1e-300)


def test_transformation_work_is_taken_from_the_driving_force(simulated):
    work = 3000.0
    solution = cycled(simulated, "li-sb", changes=(("kinetics.transformation_work_J_per_mol", work),))
    one = decided(solution, "insertion", "Sb").winner
    force = (one.affinity_J_per_mol - work) / VOLUME["Li2Sb"]
    assert one.force_J_per_m3 == pytest.approx(force, rel=1e-9)
    assert one.barrier_kT == pytest.approx(barrier_kT(0.134, force), rel=1e-9)


# -- the two inequalities of lithium -----------------------------------------------------------------


def test_two_inequalities_decide_the_path_of_lithium(simulated):
    # gamma_1 / gamma_2 < (g_1 / g_2)^(2/3): Sb goes to Li2Sb, and Li3Sb to Sb.
    solution = cycled(simulated, "li-sb")
    into, out = decided(solution, "insertion", "Sb"), decided(solution, "extraction", "Li3Sb")
    assert into.winner.product == "Li2Sb"
    assert out.winner.product == "Sb"
    for branch_point, loser, ratio in (
        (into, "Li3Sb", 0.134 / 0.219),
        (out, "Li2Sb", 0.219 / 0.093),
    ):
        one, other = branch_point.winner, competitor(branch_point, loser)
        assert other.energy_ratio == pytest.approx(ratio, rel=1e-9)
        assert other.lever == pytest.approx(
            (one.force_J_per_m3 / other.force_J_per_m3) ** (2.0 / 3.0), rel=1e-9
        )
        assert other.energy_ratio < other.lever
        # The same as: its barrier is lower, its nuclei come faster, the rival is above its threshold.
        assert one.barrier_kT < other.barrier_kT
        assert one.nucleation_per_s > other.nucleation_per_s
        assert other.threshold_J_per_m2 < other.interfacial_energy_J_per_m2
        assert one.share > 0.99
    # Why not the same way back: on the way in the lever is less than 1, on the way out it is 3.
    assert competitor(into, "Li3Sb").lever == pytest.approx(0.874, abs=2e-3)
    assert competitor(out, "Li2Sb").lever == pytest.approx(3.171, abs=5e-3)
    assert np.isnan([into.winner.lever, into.winner.energy_ratio, into.winner.threshold_J_per_m2]).all()


def test_a_branch_point_is_where_half_of_the_phase_has_reacted(simulated):
    solution = cycled(simulated, "li-sb")
    found = branch_points(solution)
    assert [(d.direction, d.phase) for d in found] == [
        ("insertion", "Sb"), ("insertion", "Li2Sb"), ("extraction", "Li3Sb"),
    ]  # fmt: skip
    for branch_point in found:
        (row,) = np.flatnonzero(solution.time_s == branch_point.time_s)[:1]
        half = slice(solution.steps[2].first, solution.steps[2].last)
        if branch_point.direction == "extraction":
            half = slice(solution.steps[3].first, solution.steps[3].last)
        own = [e for e, edge in enumerate(solution.edges) if edge.reactant == branch_point.phase]
        gone = solution.converted[own].sum(axis=0)
        total = gone[half.stop - 1] - gone[half.start]
        assert (gone[row] - gone[half.start]) / total == pytest.approx(0.5, abs=0.02)
        assert sum(r.share for r in branch_point.competitors) == pytest.approx(1.0, rel=1e-9)
        assert branch_point.potential_V == solution.potential_V[row]


@pytest.mark.parametrize(
    ("direction", "phase", "product", "without", "across"),
    [
        ("insertion", "Sb", "Li3Sb", ("Sb", "Li2Sb", "Li3Sb"), ("Sb", "Li3Sb")),
        ("extraction", "Li3Sb", "Li2Sb", ("Li3Sb", "Sb"), ("Li3Sb", "Li2Sb", "Sb")),
    ],
)
def test_an_energy_moved_across_its_threshold_changes_the_path_there(
    simulated, direction, phase, product, without, across
):
    # The threshold comes from the run of the file's own numbers, where the rival is far from it.
    threshold = competitor(
        decided(cycled(simulated, "li-sb"), direction, phase, 1), product
    ).threshold_J_per_m2
    shares = {}
    for factor in (0.97, 1.0, 1.03):
        changes = {f"interfaces.{phase}|{product}.energy_J_per_m2": factor * threshold}
        once = simulate(bare("li-sb", changes), cycling("C/10", 0.05, 1.5), progress=False)
        (way,) = (w for w in pathways(once) if w.direction == direction)
        told = {path.phases: path.share for path in way.paths}
        shares[factor] = told.get(across, 0.0) / (told.get(across, 0.0) + told.get(without, 0.0))
    assert shares[0.97] > 0.9
    assert shares[1.0] == pytest.approx(0.5, abs=0.03)
    assert shares[1.03] < 0.1


# -- unequal attempt rates and shapes ------------------------------------------------------------------


def competition(energies, attempts, shapes, growth=(1e15, 1e15), works=(0.0, 0.0)):
    """Sb with two products, LiSb and Li2Sb, each with its own interface and kinetics."""
    phases = {
        "Sb": {"formula": "Sb", "volume": 18.0},
        "LiSb": {"formula": "LiSb", "gibbs": -F * 0.90, "volume": 25.0},
        "Li2Sb": {"formula": "Li2Sb", "gibbs": -F * 2.0 * 0.90, "volume": 34.0},
    }
    chain = [("Sb", "LiSb", 1), ("Sb", "Li2Sb", 2)]
    document = tiny_mechanism(phases, chain, cutoffs=(0.0, 1.5)).document

    def number(value):
        return {"value": value, "status": "computed", "source": "here"}

    for i, pair in enumerate(("Sb|LiSb", "Sb|Li2Sb")):
        document["interfaces"][pair] = {
            "energy_J_per_m2": number(energies[i]),
            "shape_factor": number(shapes[i]),
        }
        for table in document["transformations"][2 * i : 2 * i + 2]:
            table["attempt_rate_per_s"] = number(attempts[i])
            table["growth_rate_per_s"] = number(growth[i])
            table["transformation_work_J_per_mol"] = number(works[i])
    return mechanism_from_document(json.loads(json.dumps(document)), where="competition")


def held(mechanism, potential=0.75, hours=20.0):
    return simulate(
        mechanism, f"Hold at {potential} V for {hours} h", initial=State({"Sb": 1.0}, 1.5), progress=False
    )


@pytest.mark.parametrize(
    ("attempts", "shapes", "works"),
    [((1e9, 1e9), (1.0, 1.0), (0.0, 0.0)), ((1e9, 1e12), (1.0, 1.0), (0.0, 0.0)), ((1e9, 1e6), (1.0, 0.4), (0.0, 0.0)), ((1e9, 1e10), (0.5, 0.8), (0.0, 2500.0))],
)  # fmt: skip
def test_at_its_threshold_a_competitor_nucleates_as_fast_as_the_winner(attempts, shapes, works):
    # At a held potential forces do not change, and branching is the ratio of nucleation rates.
    energies = (0.12, 0.25)
    first = branch_points(held(competition(energies, attempts, shapes, works=works)))[0]
    assert first.winner.product == "LiSb"
    other = competitor(first, "Li2Sb")
    assert other.energy_ratio == pytest.approx(
        energies[0] / energies[1] * (shapes[0] / shapes[1]) ** (1.0 / 3.0), rel=1e-9
    )
    # By hand: J2 exp(-b2) = J1 exp(-b1) solved for gamma2.
    force = (2.0 * F * (0.90 - 0.75) - works[1]) / 34e-6
    level = first.winner.barrier_kT + np.log(attempts[1] / attempts[0])
    threshold = (3.0 * K_B * KELVIN * force**2 * level / (16.0 * np.pi * shapes[1])) ** (1.0 / 3.0)
    assert other.threshold_J_per_m2 == pytest.approx(threshold, rel=1e-6)
    for factor, faster in ((0.98, True), (1.02, False)):
        again = held(competition((energies[0], factor * threshold), attempts, shapes, works=works))
        shares = {r.product: r.share for r in branch_points(again)[0].competitors}
        assert (shares["Li2Sb"] > shares["LiSb"]) == faster
    (even,) = pathways(held(competition((energies[0], threshold), attempts, shapes, works=works)))
    branches = [
        even.branching[edge_names(even.edges).index(f"Sb -> {product}")] for product in ("LiSb", "Li2Sb")
    ]
    assert branches == pytest.approx([0.5, 0.5], abs=1e-3)


def test_a_competitor_that_is_never_fast_enough_has_a_threshold_of_zero():
    # So few attempts that even without a barrier it would lose.
    first = branch_points(held(competition((0.12, 0.25), (1e9, 1e-12), (1.0, 1.0))))[0]
    assert competitor(first, "Li2Sb").threshold_J_per_m2 == 0.0


def test_a_competitor_without_a_barrier_is_not_said_to_lack_driving_force():
    # Li2Sb nucleates at once but grows a billion times more slowly.
    solution = held(competition((0.12, 0.0), (1e9, 1e9), (1.0, 1.0), growth=(1e3, 1e-9)))
    first = branch_points(solution)[0]
    assert first.winner.product == "LiSb"
    other = competitor(first, "Li2Sb")
    assert other.affinity_J_per_mol == pytest.approx(2.0 * F * 0.15, rel=1e-6)
    assert other.lever == pytest.approx((first.winner.force_J_per_m3 / other.force_J_per_m3) ** (2.0 / 3.0))
    assert "Sb -> Li₂Sb has no driving force" not in explanation(solution)


# -- in words -------------------------------------------------------------------------------------------


def test_explanation_states_both_inequalities_with_their_numbers(simulated):
    text = explanation(cycled(simulated, "li-sb"))
    assert (
        "0.612 = gamma(Sb|Li₂Sb) / gamma(Sb|Li₃Sb) < (g(Li₂Sb) / g(Li₃Sb))^(2/3) = 0.874: Li₂Sb before Li₃Sb."
        in text
    )
    assert (
        "2.355 = gamma(Li₃Sb|Sb) / gamma(Li₃Sb|Li₂Sb) < (g(Sb) / g(Li₂Sb))^(2/3) = 3.171: Sb before Li₂Sb."
        in text
    )
    assert "insertion: Sb -> Li₂Sb -> Li₃Sb (99.9 %)" in text
    assert "extraction: Li₃Sb -> Sb (99.8 %)" in text


def test_a_winner_that_went_at_another_time_is_the_one_without_a_driving_force(simulated):
    # As where most of a phase goes at first one way, and half of all of it has gone when another one runs.
    branch_point = decided(cycled(simulated, "li-sb"), "insertion", "Sb")
    first, second = branch_point.competitors[:2]
    gone = replace(first, force_J_per_m3=nan, lever=nan, share=0.6, waiting=TimeConstants(nan, nan, nan))
    running = replace(second, lever=nan, share=0.4)
    text = "\n".join(
        branch_point_text(
            replace(branch_point, competitors=(gone, running)), {p: p for p in ("Sb", "Li2Sb", "Li3Sb")}
        )
    )
    assert "Sb -> Li2Sb has no driving force here." in text
    assert "Sb -> Li3Sb has no driving force" not in text


def test_rows_for_a_file_hold_every_decision_of_every_cycle(simulated):
    solution = cycled(simulated, "li-sb")
    headings, lines = explain_table(solution)
    rows = [dict(zip(headings, line, strict=True)) for line in lines]
    found = [(d, r) for cycle in (1, 2) for d in branch_points(solution, cycle) for r in d.competitors]
    assert len(rows) == len(found)
    for row, (branch_point, one) in zip(rows, found, strict=True):
        assert (int(row["Cycle"]), row["Phase"], row["Product"]) == (
            branch_point.cycle,
            branch_point.phase,
            one.product,
        )
        assert float(row["Barrier [kT]"]) == pytest.approx(one.barrier_kT, rel=1e-5)
        assert float(row["Threshold [J.m-2]"]) == pytest.approx(one.threshold_J_per_m2, rel=1e-5, nan_ok=True)


def test_a_rest_decides_nothing(simulated):
    assert branch_points(simulated("li-sb", "Rest for 1 h")) == []


# -- what is waited for ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["li-sb", "na-sb", "li-nisb", "li-snsb"])
def test_the_three_waiting_times_are_those_that_the_solver_ran_with(simulated, name):
    # r = theta / (sum of the three), with the rate that the simulation recorded.
    solution = cycled(simulated, name)
    for branch_point in branch_points(solution):
        (row,) = np.flatnonzero(solution.time_s == branch_point.time_s)[:1]
        share = solution.fraction(branch_point.phase)[row]
        for one in branch_point.competitors:
            e = edge_names(solution.edges).index(f"{branch_point.phase} -> {one.product}")
            times = one.waiting
            assert np.isnan(times.total_s) == (one.affinity_J_per_mol <= 0.0)
            if np.isfinite(times.total_s):
                assert share / times.total_s == pytest.approx(solution.rates_per_s[e, row], rel=1e-6)
                assert times.nucleation_s == pytest.approx(1.0 / one.nucleation_per_s, rel=1e-9)
            parts = {
                "nucleation": times.nucleation_s,
                "growth": times.growth_s,
                "transport": times.transport_s,
            }
            if times.longest:
                assert parts[times.longest] == max(parts.values())


@pytest.mark.parametrize(
    ("energies", "growth", "diffusivity", "cause"),
    [
        ((0.12, 0.20), (1e3, 1e3), 1e-4, "nucleation"),
        ((0.05, 0.02), (1e-7, 1e-9), 1e-4, "growth"),
        ((0.12, 0.0), (1e3, 1e-9), 1e-4, "growth"),
        ((0.05, 0.02), (1e9, 1e9), 1e-17, "transport"),
    ],
)
def test_at_a_held_potential_shares_follow_the_waiting_times(energies, growth, diffusivity, cause):
    mechanism = competition(energies, (1e9, 1e9), (1.0, 1.0), growth=growth)
    mechanism = with_changes(mechanism, {"kinetics.diffusivity_m2_per_s": diffusivity})
    first = branch_points(held(mechanism))[0]
    one, other = first.competitors
    # Both leave one phase at rates that stand still: shares are as one over the times.
    assert one.share / other.share == pytest.approx(other.waiting.total_s / one.waiting.total_s, rel=1e-3)
    assert first.decided_by(other) == cause
    told = "\n".join(branch_point_text(first, {name: name for name in ("Sb", "LiSb", "Li2Sb")}))
    assert ("gamma(Sb|LiSb) / gamma(Sb|Li2Sb)" in told) == (cause == "nucleation")
    if cause != "nucleation":
        # The lower barrier may well be that of the other.
        low = min(first.competitors, key=lambda competitor: competitor.barrier_kT)
        words = (
            f"The lower barrier is that of {low.product}, but {cause}"
            if low is not one
            else cause.capitalize()
        )
        assert f"{words} decides: {one.product} takes " in told
    assert "another potential" not in told
    assert "still took more" not in told


def test_more_attempts_beat_a_lower_barrier_and_are_told():
    first = branch_points(held(competition((0.12, 0.13), (1e6, 1e16), (1.0, 1.0))))[0]
    one, other = first.competitors
    assert (one.product, first.decided_by(other)) == ("Li2Sb", "nucleation")
    told = "\n".join(branch_point_text(first, {name: name for name in ("Sb", "LiSb", "Li2Sb")}))
    lower = "LiSb" if other.barrier_kT < one.barrier_kT else "Li2Sb"
    assert ("attempts are fewer: Li2Sb before LiSb" in told) == (lower == "LiSb")


@pytest.mark.parametrize(
    ("name", "phase", "first", "other"),
    [("li-nisb", "Li3Sb-Ni", "NiSb", "Sb-Ni"), ("li-snsb", "Li3Sb-Sn", "SnSb", "Sb-Sn")],
)
def test_where_growth_decides_no_barrier_is_said_to_win(simulated, name, phase, first, other):
    solution = cycled(simulated, name)
    branch_point = decided(solution, "extraction", phase)
    loser = competitor(branch_point, other)
    assert branch_point.winner.product == first
    assert (branch_point.winner.waiting.longest, loser.waiting.longest) == ("growth", "nucleation")
    assert branch_point.decided_by(loser) == "growth"
    # Where the other had its share, it was the faster one.
    assert loser.own_waiting.total_s < loser.own_winner_waiting.total_s
    assert loser.own_potential_V > branch_point.potential_V
    e = edge_names(solution.edges).index(f"{phase} -> {other}")
    half = slice(solution.steps[3].first, solution.steps[3].last)
    went = solution.converted[e, half] - solution.converted[e, half.start]
    (row,) = np.flatnonzero(solution.potential_V[half] == loser.own_potential_V)[:1]
    assert went[row] / went[-1] == pytest.approx(0.5, abs=0.05)
    lines = branch_point_text(branch_point, {node: node for node in solution.phases})
    (sentence,) = (line for line in lines if "decides" in line and f"{first} before {other}" in line)
    assert sentence.startswith(f"  Growth decides: {first} takes ")
    assert any(f"The {loser.share:.1%} of {other} reacted at another potential" in line for line in lines)
    assert not any(f"gamma({phase}|{other})" in line for line in lines)
    assert "wins: 1 before 2" in explanation(solution)
    assert "\nthe lower barrier wins" not in explanation(solution)
    assert "nucleation / s  growth / s  transport / s" in explanation(solution)


def test_an_order_of_shares_against_that_of_the_instant_is_told(simulated):
    branch_point = decided(cycled(simulated, "li-sb"), "insertion", "Sb")
    labels = {name: name for name in ("Sb", "Li2Sb", "Li3Sb")}
    words = "the order at one instant is not that of the shares"
    assert words not in "\n".join(branch_point_text(branch_point, labels))
    one, other = branch_point.competitors
    other = dataclasses.replace(other, energy_ratio=1.0 / other.energy_ratio, lever=1.0 / other.lever)
    turned = dataclasses.replace(
        branch_point, competitors=(other, dataclasses.replace(one, energy_ratio=1.633, lever=1.144))
    )
    told = "\n".join(branch_point_text(turned, labels))
    assert f"Over the half cycle Li3Sb still took more: {words}." in told
    assert "> (g(Li3Sb) / g(Li2Sb))^(2/3) = 1.144: Li2Sb before Li3Sb." in told
