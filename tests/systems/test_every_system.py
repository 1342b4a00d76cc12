"""What the commands say must hold for every shipped mechanism on each of its graphs.

One simulation of two cycles for each, shared by all tests here. Asked is what no slip in the bookkeeping
leaves standing: energies that add up, shares of one, amounts that agree with the state.
"""

from __future__ import annotations

import functools
import re

import matplotlib as mpl
import numpy as np
import pytest

from sbpath import (
    SolverOptions,
    cycling,
    differential_capacity,
    half_cycles,
    heat_flow,
    load_mechanism,
    loss_breakdown,
    path_asymmetry,
    pathways,
    phase_amounts,
    plots,
    selection_map,
    shipped_names,
    simulate,
)
from sbpath.cli.cmd_simulate import FIGURES
from sbpath.mechanism.chemistry import parse_formula
from sbpath.mechanism.notation import node_labels
from sbpath.plots.style import figure_of
from sbpath.studies import constrained_path
from sbpath.studies.comparison import comparison_report, comparison_table
from sbpath.studies.selection_map import selection_report, selection_table
from sbpath.text.explanation import explain_table, explanation
from sbpath.text.loss_tables import loss_report, loss_rows
from sbpath.text.mechanism_sheet import mechanism_report
from sbpath.text.report import simulation_report

mpl.use("Agg")

loaded = functools.cache(load_mechanism)

EVERY = [(name, graph) for name in shipped_names() for graph in loaded(name).graphs]
every = pytest.mark.parametrize(("name", "graph"), EVERY, ids=["-".join(pair) for pair in EVERY])

# Quick rather than fine: what adds up does so at any tolerance.
RATE, OPTIONS = "C/2", SolverOptions(rtol=1e-5, atol=1e-8)


@functools.cache
def cycled(name, graph):
    mechanism = loaded(name)
    protocol = cycling(RATE, mechanism.lower_cutoff_V, mechanism.upper_cutoff_V, 2)
    return simulate(mechanism, protocol, graph=graph, options=OPTIONS, progress=False)


@functools.cache
def lost(name, graph):
    """Whether the host is not there any more where the second cycle begins."""
    solution = cycled(name, graph)
    return solution.fraction(loaded(name).initial_phase)[solution.cycle == 1][-1] < 0.02


def reads_well(text):
    return not re.search(r"\b(nan|inf|None)\b", text) and "-0.0 " not in text


def ends(solution):
    return [edge.ends for edge in solution.edges]


def by_heading(headings, lines):
    """The rows of a table as dicts."""
    return [dict(zip(headings, line, strict=True)) for line in lines]


# -- losses -----------------------------------------------------------------------------------


@every
def test_the_parts_of_the_loop_add_up_to_it(name, graph):
    solution = cycled(name, graph)
    own = loss_breakdown(solution)
    assert own.cycle == 2
    assert own.losses_J_per_g.min() >= 0.0
    parts = own.losses_J_per_g.sum() + own.stored_J_per_g
    assert parts == pytest.approx(own.loop_J_per_g, rel=1e-4)
    assert own.losses_mV.sum() + own.stored_mV == pytest.approx(own.hysteresis_mV, rel=1e-3)
    # The loop as an area, from the curve alone.
    half = {half.direction: half for half in half_cycles(solution) if half.cycle == 2}
    area = sum(
        np.trapezoid(-solution.voltage_V[h.rows], 3.6 * solution.charge_mAh_per_g[h.rows])
        for h in half.values()
    )
    assert area == pytest.approx(own.loop_J_per_g, rel=2e-3)
    text = loss_report(solution, own)
    assert reads_well(text)
    total = [line.split() for line in text.splitlines() if line.startswith("loop ")]
    assert float(total[0][-1]) == pytest.approx(own.losses_mV.sum(), abs=0.01)
    rows = np.array([[float(cell) for cell in row[3:]] for row in loss_rows(own)])
    assert rows.sum() == pytest.approx(own.losses_J_per_g.sum(), rel=1e-6)


@every
def test_heat_is_the_sum_of_its_parts(name, graph):
    solution = cycled(name, graph)
    heat = solution.heat_J_per_g[:, -1]
    # Rate times affinity, by the trapezium rule, is what was summed up by cause.
    assert np.trapezoid(solution.heat_W_per_g, solution.time_s, axis=1) == pytest.approx(
        heat, rel=1e-2, abs=1e-3 * heat.sum()
    )
    # First law: delivered, stored and lost add up to nothing in every row.
    balance = solution.energy_J_per_g + solution.stored_J_per_g + solution.irreversible_heat_J_per_g
    assert np.ptp(balance) < 2e-4 * heat.sum()
    flow = heat_flow(solution)
    lost = flow.irreversible_W_per_g
    assert lost.min() >= 0.0
    np.testing.assert_array_equal(flow.total_W_per_g, lost + flow.reversible_W_per_g)
    reversible = np.trapezoid(flow.reversible_W_per_g, solution.time_s)
    spread = np.trapezoid(np.abs(flow.reversible_W_per_g), solution.time_s)
    assert reversible == pytest.approx(flow.reversible_J_per_g[-1], abs=5e-3 * spread + 1e-9)


def test_cycles_that_left_the_host_behind_can_be_held_to_their_paths():
    # The graphs of the literature, some of which never lead back. Where the host is there again, held cycles
    # begin with it, as those of Sb itself do.
    left_behind = [pair for pair in EVERY if pair[1] == "reported" and lost(*pair)]
    assert {name for name, _ in left_behind} >= {"k-sb4o5cl2", "li-gasb-libh4", "na-nisb", "na-sb2s3"}
    for pair in left_behind:
        solution = cycled(*pair)
        compared = path_asymmetry(solution)
        for constrained in compared.constrained:
            own = constrained.loss_breakdown
            assert set(constrained.edges) <= set(ends(solution)), pair
            parts = own.losses_J_per_g.sum() + own.stored_J_per_g
            assert parts == pytest.approx(own.loop_J_per_g, rel=1e-4), pair
            # Per gram of the same host, whichever node the held mechanism begins with.
            hosts = [s.mechanism.host_molar_mass_g_per_mol for s in (constrained.solution, solution)]
            assert hosts[0] == pytest.approx(hosts[1], rel=1e-9), pair
            most = max(half.capacity_mAh_per_g for half in half_cycles(solution))
            assert own.capacities_mAh_per_g.max() < 1.001 * most, pair
        rows = np.flatnonzero(solution.cycle == 2)
        ran = solution.converted[:, rows[-1]] - solution.converted[:, rows[0]] > 1e-3
        pairs = {frozenset(ends(solution)[e]) for e in np.flatnonzero(ran)}
        if all(
            {frozenset(edge) for edge in constrained.edges} == pairs for constrained in compared.constrained
        ):
            # One path and no other: holding to it changes nothing.
            assert compared.difference_mV() == pytest.approx((0.0, 0.0), abs=1.0), pair
        assert reads_well(loss_report(solution, compared.free)), pair
        assert reads_well(constrained_path.report(solution, compared)), pair


# -- explain ----------------------------------------------------------------------------------


@every
def test_shares_of_competitors_add_up_to_one(name, graph):
    solution = cycled(name, graph)
    text = explanation(solution)
    assert reads_well(text)
    rows = by_heading(*explain_table(solution))
    told = {tuple(row[head] for head in ("Cycle", "Direction", "Phase")): [] for row in rows}
    for row in rows:
        told[row["Cycle"], row["Direction"], row["Phase"]].append(float(row["Share"]))
        assert (row["Phase"], row["Product"]) in ends(solution)
    for shares in told.values():
        assert sum(shares) == pytest.approx(1.0, abs=1e-5)
        assert shares == sorted(shares, reverse=True)
        assert min(shares) >= 0.0
    # Both directions of both cycles transformed something, and the text tells of the last one.
    assert {key[:2] for key in told} == {
        (cycle, way) for cycle in ("1", "2") for way in ("insertion", "extraction")
    }
    assert len(re.findall(r"^(Insertion|Extraction), ", text, flags=re.MULTILINE)) == sum(
        key[0] == "2" for key in told
    )


# -- pathways ---------------------------------------------------------------------------------


@every
def test_what_the_edges_converted_is_the_change_of_the_fractions(name, graph):
    solution = cycled(name, graph)
    before = np.array([solution.experiment.initial.fractions[node] for node in solution.phases])
    for half, way in zip(half_cycles(solution), pathways(solution), strict=True):
        now = solution.fractions[:, half.rows.stop - 1]
        gained = np.zeros(len(solution.phases))
        left: dict[str, float] = {}
        for (reactant, product), amount, branch in zip(
            ends(solution), way.converted, way.branching, strict=True
        ):
            gained[solution.phases.index(reactant)] -= amount
            gained[solution.phases.index(product)] += amount
            left[reactant] = left.get(reactant, 0.0) + branch
        assert now - before == pytest.approx(gained, abs=5e-4)
        assert all(share == pytest.approx(1.0) for share in left.values() if share > 0.0)
        # The paths take what the fractions lost and bring what they gained, all but the faint.
        for node, change in zip(solution.phases, now - before, strict=True):
            brought = sum(p.share for p in way.paths if p.phases[-1] == node)
            brought -= sum(p.share for p in way.paths if p.phases[0] == node)
            assert brought == pytest.approx(change, abs=5e-3)
        sign = 1.0 if half.direction == "insertion" else -1.0
        assert way.capacity_mAh_per_g == pytest.approx(sign * half.capacity_mAh_per_g)
        before = now


# -- curves and phases ------------------------------------------------------------------------


@every
def test_differential_capacity_integrates_to_the_capacity(name, graph):
    solution = cycled(name, graph)
    curves = differential_capacity(solution)
    assert len(curves) == 4
    for half, curve in zip(half_cycles(solution), curves, strict=True):
        area = float(np.sum(curve.mAh_per_g_V * np.diff(curve.edges_V)))
        assert area == pytest.approx(half.capacity_mAh_per_g, rel=1e-9)
        low, high = curve.edges_V[[0, -1]]
        mechanism = loaded(name)
        assert low >= mechanism.lower_cutoff_V - 0.01
        assert high <= mechanism.upper_cutoff_V + 0.01
    assert reads_well(simulation_report(solution))


@every
def test_phases_hold_all_the_antimony_and_what_is_crystalline_is_a_share(name, graph):
    solution = cycled(name, graph)
    mechanism = solution.mechanism
    crystalline = sum(
        share * mechanism.crystalline_share(node)
        for node, share in zip(solution.phases, solution.fractions, strict=True)
    )
    assert np.min(crystalline) >= -1e-6
    assert np.max(crystalline) <= 1.0 + 1e-6
    amounts = phase_amounts(solution)
    antimony = sum(
        amount * parse_formula(mechanism.phases[phase].formula).get("Sb", (0.0, 0.0))[0]
        for phase, amount in amounts.items()
    )
    assert antimony == pytest.approx(np.ones(len(solution.time_s)), abs=1e-8)
    assert min(amount.min() for amount in amounts.values()) > -1e-6
    # As built there is no swelling, and the fullest state is the largest.
    assert solution.swelling_percent[0] == pytest.approx(0.0, abs=1e-6)
    assert solution.swelling_percent.max() > 50.0


# -- compare, map -----------------------------------------------------------------------------


def test_compare_gives_a_row_for_each():
    solutions = [cycled(*pair) for pair in EVERY]
    headings, lines = comparison_table(solutions)
    rows = by_heading(headings, lines)
    assert [(row["System"], row["Graph"]) for row in rows] == EVERY
    for row in rows:
        assert all(value for head, value in row.items() if head not in ("Design", "Electrolyte"))
        own = headings[headings.index("Nucleation [mV]") : headings.index("Stored [mV]") + 1]
        causes = sum(float(row[head]) for head in own)
        assert causes == pytest.approx(float(row["Hysteresis [mV]"]), rel=2e-3)
        gap = 1e3 * (float(row["Extraction [V]"]) - float(row["Insertion [V]"]))
        assert gap == pytest.approx(float(row["Hysteresis [mV]"]), abs=0.2)
    text = comparison_report(solutions)
    assert reads_well(text)
    for name, graph in EVERY:
        assert len(re.findall(rf"^{name}, {graph} ", text, flags=re.MULTILINE)) == 2
    # More than have room beside each other; a layout that finds none warns.
    plots.comparison(solutions[:9]).draw_without_rendering()


def test_a_small_map_of_a_compound():
    chart = selection_map(
        "li-nisb", "rate=C/2..1C:2", "temperature=20..30:2", graph="reported", progress=False
    )
    for grids in chart.shares.values():
        assert sum(grids.values()) == pytest.approx(np.ones((2, 2)), abs=1e-9)
    mechanism = loaded("li-nisb")
    text = selection_report(chart, mechanism)
    assert reads_well(text)
    assert text.count(" A") >= 2
    assert len(selection_table(chart)[1]) == 4 * sum(len(grids) for grids in chart.shares.values())
    plots.selection(chart, mechanism)[0].figure.draw_without_rendering()


@pytest.mark.parametrize("name", shipped_names())
def test_show_reads_well(name):
    assert reads_well(mechanism_report(loaded(name)))


# -- figures ----------------------------------------------------------------------------------

# Of the other kinds the phases matter, which are those of both graphs.
DRAWN = [(*pair, "paths") for pair in EVERY]
DRAWN += [
    (name, "reported", kind)
    for name in shipped_names()
    for kind in FIGURES
    if kind not in ("paths", "xrd", "particles")
]
# One of each ion, of a solid cell and of compounds; the others with the slow tests.
SOON = ("li-sb", "na-sb", "k-sb", "li-sb-libh4", "li-snsb", "na-sb2s3", "k-bisb", "na-nisb")


@pytest.mark.parametrize(
    ("name", "graph", "kind"),
    [pytest.param(*one, marks=() if one[0] in SOON else pytest.mark.slow) for one in DRAWN],
    ids=["-".join(item) for item in DRAWN],
)
def test_every_figure_is_drawn(name, graph, kind):
    figure = figure_of(FIGURES[kind](plots, cycled(name, graph)))
    assert all(any((*ax.lines, *ax.collections, *ax.patches)) for ax in figure.axes)


def longest(name):
    """Nodes, and letters of the longest label, which crowd a figure."""
    labels = node_labels(loaded(name))
    return len(labels) * max(map(len, labels.values()))


CROWDED = max(shipped_names(), key=longest)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["overview", "phases", "paths", "xrd", "driving forces", "losses"])
def test_the_most_crowded_figures_have_room_for_their_words(kind):
    # A layout that finds no room warns, and warnings are errors here.
    solution = cycled(CROWDED, "candidate")
    draw = {**FIGURES, "driving forces": draw_driving_forces, "losses": draw_losses}[kind]
    figure = figure_of(draw(plots, solution))
    figure.draw_without_rendering()
    whole = figure.bbox.padded(2.0)
    legends = [*figure.legends, *(ax.get_legend() for ax in figure.axes if ax.get_legend())]
    for box in (legend.get_window_extent() for legend in legends):
        assert whole.x0 <= box.x0
        assert box.x1 <= whole.x1
        assert whole.y0 <= box.y0
        assert box.y1 <= whole.y1
    assert all(ax.bbox.height > 0.1 * figure.bbox.height for ax in figure.axes)


def draw_driving_forces(plots, solution):
    return plots.driving_forces(solution)


def draw_losses(plots, solution):
    return plots.losses(solution, path_asymmetry(solution))
