"""Oracles: the same question asked of interfaces too dear to nucleate, symmetric systems, the graph itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from bare import bare
from curves import at_composition, cycled, edge_names

from sbpath import InputError, Population, cycling, loss_breakdown, path_asymmetry, simulate
from sbpath.studies.constrained_path import OffPath, report, simulate_constrained

# No edge of this energy (J/m2) nucleates between the cut-offs: barriers of thousands of kT.
TOO_DEAR = 3.0
CLOSED = {
    "insertion": ("Sb|Li3Sb",),
    "extraction": ("Sb|Li2Sb", "Li2Sb|Li3Sb"),
}


def dear(simulated, path, rate="C/10"):
    """The cycle with the edges outside that path of lithium closed by their interfacial energy."""
    changes = tuple((f"interfaces.{pair}.energy_J_per_m2", TOO_DEAR) for pair in CLOSED[path])
    return cycled(simulated, "li-sb", rate=rate, changes=changes)


@pytest.fixture(scope="module")
def lithium(simulated):
    return path_asymmetry(cycled(simulated, "li-sb"))


def test_the_free_path_of_lithium_is_cheaper_than_either_path_both_ways(lithium):
    assert max(lithium.difference_mV()) < -40.0
    assert max(lithium.difference_J_per_g()) < -100.0


@pytest.mark.parametrize(("number", "path"), [(0, "insertion"), (1, "extraction")])
def test_a_held_cycle_is_that_of_interfaces_too_dear_to_nucleate(simulated, lithium, number, path):
    constrained, other = lithium.constrained[number], loss_breakdown(dear(simulated, path))
    assert constrained.followed == path
    assert constrained.loss_breakdown.hysteresis_mV == pytest.approx(other.hysteresis_mV, abs=0.02)
    assert constrained.loss_breakdown.loop_J_per_g == pytest.approx(other.loop_J_per_g, abs=0.05)
    free = loss_breakdown(cycled(simulated, "li-sb"))
    assert lithium.difference_mV()[number] == pytest.approx(
        free.hysteresis_mV - other.hysteresis_mV, abs=0.02
    )
    assert lithium.difference_J_per_g()[number] == pytest.approx(
        free.loop_J_per_g - other.loop_J_per_g, abs=0.05
    )


def test_the_direction_whose_path_is_kept_is_the_same_curve(simulated, lithium):
    # Held to the insertion path, insertion is as it was and only extraction is another one.
    free, (constrained, _) = cycled(simulated, "li-sb"), lithium.constrained
    x = np.array([0.5, 1.5, 2.5])
    np.testing.assert_allclose(
        at_composition(constrained.solution, 3, x), at_composition(free, 3, x), atol=5e-4
    )
    assert (at_composition(constrained.solution, 4, x) - at_composition(free, 4, x)).max() > 0.05
    assert constrained.loss_breakdown.losses_mV[0].sum() == pytest.approx(
        loss_breakdown(free).losses_mV[0].sum(), abs=0.5
    )


def test_held_cycles_have_the_edges_of_one_path_and_their_reverses(lithium):
    paths = {
        "insertion": {"Sb -> Li2Sb", "Li2Sb -> Li3Sb", "Li3Sb -> Li2Sb", "Li2Sb -> Sb"},
        "extraction": {"Li3Sb -> Sb", "Sb -> Li3Sb"},
    }
    for constrained in lithium.constrained:
        assert set(edge_names(constrained.solution.edges)) == paths[constrained.followed]
        assert constrained.solution.phases == (
            ("Sb", "Li2Sb", "Li3Sb") if constrained.followed == "insertion" else ("Sb", "Li3Sb")
        )
        # Every edge of it carried something.
        assert constrained.solution.converted[:, -1].min() > 0.9
    assert set(edge_names(lithium.free.edges)) == paths["insertion"] | paths["extraction"]


def test_a_graph_without_the_way_back_is_given_one_through_the_same_interface(simulated):
    # The equations of the review have no Li2Sb -> Sb; held, it gets what the forward edge has.
    path = (("Sb", "Li2Sb"), ("Li2Sb", "Li3Sb"))
    free, review = (
        simulated("li-sb", cycling("C/5", 0.05, 1.5, 2), graph=graph) for graph in ("candidate", "reported")
    )
    candidate, reported = simulate_constrained(free, path), simulate_constrained(review, path)
    assert "Li2Sb -> Sb" not in edge_names(review.edges)
    assert set(edge_names(reported.edges)) == set(edge_names(candidate.edges))
    assert loss_breakdown(reported).hysteresis_mV == pytest.approx(
        loss_breakdown(candidate).hysteresis_mV, abs=1e-6
    )


@pytest.mark.parametrize("name", ["na-sb", "k-sb"])
def test_nothing_is_won_where_both_directions_share_a_path(simulated, name):
    compared = path_asymmetry(cycled(simulated, name, "C/5"))
    # What a faint path (hexagonal K3Sb) may take of the free cycle is left to it.
    np.testing.assert_allclose(compared.difference_mV(), 0.0, atol=0.3)
    first, second = ({frozenset(edge) for edge in constrained.edges} for constrained in compared.constrained)
    assert first <= second or second <= first


def test_a_faint_path_does_not_undo_the_holding(simulated):
    rate = "C/5"
    compared = path_asymmetry(cycled(simulated, "li-sb", rate=rate))
    for number, path in enumerate(CLOSED):
        other = loss_breakdown(dear(simulated, path, rate)).hysteresis_mV
        wanted = compared.free.hysteresis_mV - other
        assert wanted < -40.0
        assert compared.difference_mV()[number] == pytest.approx(wanted, abs=0.02)


def test_a_continued_simulation_can_be_held_too(simulated, lithium):
    once = simulated("li-sb", cycling("C/10", 0.05, 1.5, 1), graph="candidate")
    again = simulate(bare("li-sb"), cycling("C/10", 0.05, 1.5, 1), initial=once, progress=False)
    np.testing.assert_allclose(path_asymmetry(again).difference_mV(), lithium.difference_mV(), atol=1.0)


def test_the_report_gives_the_difference_with_its_sign(simulated, lithium):
    lines = report(cycled(simulated, "li-sb"), lithium).splitlines()
    for followed, value in zip(("insertion", "extraction"), lithium.difference_mV(), strict=True):
        (line,) = (line for line in lines if line.startswith(f"{followed} path both ways"))
        assert f"{value:+.1f}" in line


def test_a_cycle_whose_first_one_left_the_path_is_held_from_where_it_began(simulated):
    # GaSb comes back as Sb + Ga, from which the reported graph has no way to it.
    solution = cycled(simulated, "li-gasb-libh4", graph="reported")
    compared = path_asymmetry(solution)
    start = solution.fractions[:, np.flatnonzero(solution.cycle == 2)[0] - 1]
    for constrained in compared.constrained:
        initial = constrained.solution.experiment.initial.fractions
        assert "GaSb" not in initial
        for node, share in initial.items():
            assert share == pytest.approx(start[solution.phases.index(node)], abs=1e-4)
        assert constrained.loss_breakdown.capacity_mAh_per_g == pytest.approx(
            compared.free.capacity_mAh_per_g, rel=1e-3
        )
    # In the first cycle the host is on the path of insertion, and Sb + Ga on that of extraction.
    first = path_asymmetry(solution, 1)
    hosts = [
        constrained.solution.experiment.initial.fractions.get("GaSb", 0.0)
        for constrained in first.constrained
    ]
    assert hosts == [1.0, 0.0]


def test_two_paths_that_do_not_meet_are_held_beside_each_other(simulated):
    # So fast that part of NiSb is not taken apart: in the second cycle it works on its own.
    solution = cycled(simulated, "na-nisb", "2C", graph="reported")
    constrained = path_asymmetry(solution).constrained[1]
    nodes = {node for edge in constrained.edges for node in edge}
    apart = {node for node in nodes if node.endswith("-NiSb")}
    assert apart
    assert nodes - apart
    assert not any((p in apart) != (q in apart) for p, q in constrained.edges)
    shares = constrained.solution.fractions[[constrained.solution.phases.index(node) for node in apart]].sum(
        axis=0
    )
    assert shares == pytest.approx(np.full(len(shares), shares[0]), abs=1e-5)
    assert 0.0 < shares[0] < 1.0


def test_a_population_is_held_as_a_population(lithium):
    protocol = cycling("C/10", 0.05, 1.5, 2)
    same = simulate(bare("li-sb"), protocol, population=Population.discrete([0.3, 0.7]), progress=False)
    np.testing.assert_allclose(path_asymmetry(same).difference_mV(), lithium.difference_mV(), atol=1e-3)
    # With a spread the held cycles lose what a population loses: a single particle has a narrower loop.
    spread = simulate(
        bare("li-sb"), protocol, population=Population.lognormal(5, interfacial_energy=0.1), progress=False
    )
    compared = path_asymmetry(spread)
    for constrained, single in zip(compared.constrained, lithium.constrained, strict=True):
        assert len(constrained.solution.particles.weight) == 5
        wider = constrained.loss_breakdown.hysteresis_mV - single.loss_breakdown.hysteresis_mV
        assert wider == pytest.approx(compared.free.hysteresis_mV - lithium.free.hysteresis_mV, rel=0.5)


def test_particles_off_the_path_are_counted(simulated):
    free = simulate(
        "li-sb", cycling("C/10", 0.05, 1.5, 2), population=Population.discrete([0.02, 0.98]), progress=False
    )
    start = free.experiment.initial
    whole = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    mixed = replace(start, fractions={"Sb": 0.02, "Li2Sb": 0.98}, particles=whole)
    with pytest.raises(
        OffPath, match=r"in 1 of 2 particles more than 10% of the Sb is off the path at the start"
    ):
        simulate_constrained(free, (("Li2Sb", "Li3Sb"),), mixed)


def test_what_is_not_a_closed_cycle_cannot_be_compared(simulated):
    with pytest.raises(InputError, match="no cycle of this solution is closed"):
        path_asymmetry(simulated("li-sb", "Insert at C/2 until 0.05 V"))
    with pytest.raises(InputError, match="cycle 5 is not closed"):
        path_asymmetry(cycled(simulated, "li-sb"), 5)
    # At -150 C the charge is that of the double layer alone.
    cold = simulated("li-sb", cycling("C/10", 0.05, 1.5, 1), temperature_C=-150.0)
    with pytest.raises(InputError, match="no transformation ran on insertion"):
        path_asymmetry(cold)
