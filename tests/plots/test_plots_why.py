"""Numbers in the artists of the figures that say why, against the results; the looks are judged by eye."""

from __future__ import annotations

import itertools

import matplotlib as mpl
import numpy as np
import pytest
from curves import edge_names
from matplotlib.colors import to_rgb
from tiny import solution_phase

from sbpath import (
    InputError,
    Variation,
    cycling,
    heat_flow,
    hysteresis_profile,
    load_mechanism,
    loss_breakdown,
    path_asymmetry,
    pathways,
    plots,
    simulate,
)
from sbpath.plots.losses import CAUSE_COLOURS, bars
from sbpath.plots.style import EXTRACTION, INSERTION
from sbpath.results.cycles import cycle_summaries, half_cycles
from sbpath.results.loss_breakdown import LOSSES
from sbpath.studies.selection_map import SelectionMap
from sbpath.studies.zero_rate import CENTURY_C, ZeroRate

mpl.use("Agg")


@pytest.fixture(autouse=True)
def _close_figures():
    import matplotlib.pyplot as plt

    yield
    plt.close("all")


def cycled(simulated, name, rate="C/5", cycles=2):
    mechanism = load_mechanism(name)
    protocol = cycling(rate, mechanism.lower_cutoff_V, mechanism.upper_cutoff_V, cycles)
    return simulated(name, protocol, graph=mechanism.default_graph)


@pytest.fixture(scope="module")
def lithium(simulated):
    return cycled(simulated, "li-sb", "C/10")


def heights(ax, number):
    """Heights of the parts of the stacked bar at this place, by colour, and where its top is."""
    parts, top = {}, 0.0
    for bar in ax.patches:
        if abs(bar.get_x() + 0.5 * bar.get_width() - number) < 1e-6:
            parts[mpl.colors.to_hex(bar.get_facecolor())] = bar.get_height()
            top = max(top, bar.get_y() + bar.get_height())
    return parts, top


def stands_for(ax, number, losses):
    """The bar at this place is the stack of `losses`, and says their sum."""
    parts, top = heights(ax, number)
    for cause, loss in zip(LOSSES, losses, strict=True):
        found = parts.get(CAUSE_COLOURS[cause].lower(), 0.0)
        assert found == pytest.approx(loss, abs=2e-3 * max(losses.sum(), 1.0))
    assert top == pytest.approx(losses.sum(), rel=3e-3)
    assert f"{losses.sum():.0f}" in [text.get_text() for text in ax.texts]


# -- budget -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["li-sb", "li-sb-llzo", "na-sb"])
def test_gap_draws_the_profile_and_the_stack_of_its_losses(simulated, name):
    solution = cycled(simulated, name)
    ax, profile = plots.gap(solution), hysteresis_profile(solution)
    (line,) = ax.lines
    np.testing.assert_array_equal(line.get_xdata(), profile.composition)
    np.testing.assert_array_equal(line.get_ydata(), profile.gap_mV)
    # The layers lie on each other; the upper edge of the last one is the sum.
    seen = [i for i in range(len(LOSSES)) if profile.losses_mV[i].max() > 0.05]
    assert [c.get_label() for c in ax.collections] == [LOSSES[i] for i in seen]
    for x, total in zip(profile.composition[::9], profile.losses_mV[seen].sum(axis=0)[::9], strict=True):
        vertices = ax.collections[-1].get_paths()[0].vertices
        assert vertices[np.isclose(vertices[:, 0], x), 1].max() == pytest.approx(total, rel=1e-9)
    ion = solution.mechanism.document["ion"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == (f"x in {ion}$_x$Sb", "Extraction less insertion  (mV)")
    assert ax.get_ylim()[1] >= profile.losses_mV.sum(axis=0).max()


def test_bars_stack_to_their_sum_in_the_colours_of_the_causes():
    losses = np.array([[100.0, 20.0, 5.0, 0.0, 1.0], [0.0, 10.0, 0.0, 40.0, 0.0]])
    ax = bars(["one", "two"], losses, "Hysteresis  (mV)")
    for number in (0, 1):
        stands_for(ax, number, losses[number])
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["one", "two"]
    assert ax.get_ylabel() == "Hysteresis  (mV)"
    assert {text.get_text() for text in ax.get_legend().get_texts()} == set(LOSSES)


def test_budget_figure_shows_budget_asymmetry_and_limit(lithium):
    compared, own = path_asymmetry(lithium), loss_breakdown(lithium)
    rates = np.array([1e-3, 1e-2, 1e-1, 1.0, 3.0])
    law = 1000.0 / np.sqrt(27.0 - np.log(rates)) + 12.0 * rates
    law[-1] += 40.0  # too fast for the law
    limit = ZeroRate("li-sb", rates, law, 4, 1000.0, 27.0, 12.0, 0.0)
    figure = plots.losses(lithium, compared, limit)
    axes = {ax.get_label(): ax for ax in figure.axes}
    assert set(axes) == {"gap", "bars", "asymmetry", "limit"}
    for number in (0, 1):
        stands_for(axes["bars"], number, own.losses_mV[number])
    assert f"{own.hysteresis_mV:.0f} mV, {own.loop_J_per_g:.0f} J g" in axes["bars"].get_title(loc="left")
    # Free, insertion path both ways, extraction path both ways.
    for number, item in enumerate((compared.free, *(held.loss_breakdown for held in compared.held))):
        stands_for(axes["asymmetry"], number, item.losses_mV.sum(axis=0))
    drawn, fitted, rest, remains = axes["limit"].lines
    np.testing.assert_allclose(drawn.get_ydata(), limit.law_mV(drawn.get_xdata()), rtol=1e-12)
    assert (drawn.get_xdata()[0], drawn.get_xdata()[-1]) == (pytest.approx(CENTURY_C), pytest.approx(1.0))
    np.testing.assert_array_equal(fitted.get_xydata().T, [rates[:4], limit.hysteresis_mV[:4]])
    np.testing.assert_array_equal(rest.get_xydata().T, [rates[4:], limit.hysteresis_mV[4:]])
    assert (remains.get_xdata()[0], remains.get_ydata()[0]) == (CENTURY_C, limit.remaining_mV)
    assert axes["limit"].get_xscale() == "log"
    assert axes["limit"].get_xlabel() == "C-rate c  (h$^{-1}$)"
    for ax in axes.values():
        assert "(mV)" in ax.get_ylabel()


def test_a_cycle_without_losses_can_be_drawn():
    phase = solution_phase([(3.0, 0.7, 1.0)], cutoffs=(0.1, 1.5))
    plots.losses(simulate(phase, cycling("C/10", 0.1, 1.5, 2), progress=False))


# -- paths ----------------------------------------------------------------------------------------------------


def carried(solution):
    """Arrow and charge of the last cycle of each edge, in the order of the graph."""
    ax = plots.paths(solution)
    arrows = [p for p in ax.patches if isinstance(p, mpl.patches.FancyArrowPatch)]
    last = solution.steps[-1].cycle
    charge = sum(way.charge_mAh_per_g for way in pathways(solution) if way.cycle == last)
    assert len(arrows) == len(solution.edges)
    return ax, arrows, charge


@pytest.mark.parametrize("name", ["li-sb", "na-sb", "k-sb"])
def test_arrows_are_wider_the_more_they_carried_and_coloured_by_direction(simulated, name):
    ax, arrows, charge = carried(cycled(simulated, name))
    widths = np.array([arrow.get_linewidth() for arrow in arrows])
    active = np.abs(charge) > 0.2 * np.abs(charge).max()  # the faintest ones have a least width
    order = np.argsort(np.abs(charge[active]))
    assert np.all(np.diff(widths[active][order]) >= 0.0)
    # A straight line: the widest carried most, and half of its charge has half of its extra width.
    slope = np.polyfit(np.abs(charge[active]), widths[active], 1)
    np.testing.assert_allclose(np.polyval(slope, np.abs(charge[active])), widths[active], atol=1e-9)
    for arrow, amount in zip(arrows, charge, strict=True):
        if abs(amount) > 5.0:
            wanted = INSERTION if amount > 0.0 else EXTRACTION
            assert to_rgb(arrow.get_edgecolor()) == to_rgb(wanted)
            assert any(text.get_text().startswith(f"{abs(amount):.0f} mAh/g") for text in ax.texts)
    assert widths[~active].max(initial=0.0) < 1.5


def test_the_width_of_an_arrow_is_the_charge_that_it_carried(lithium):
    _, arrows, charge = carried(lithium)
    widths = np.array([arrow.get_linewidth() for arrow in arrows])
    active = np.abs(charge) > 100.0
    per_charge = widths[active] / np.abs(charge[active])
    np.testing.assert_allclose(per_charge, per_charge[0], rtol=0.1)


def test_paths_tell_what_edges_did_not_carry(simulated):
    solution = cycled(simulated, "na-sb")
    ax, _, _ = carried(solution)
    words = "\n".join(text.get_text() for text in ax.texts)
    for way in pathways(solution)[2:]:
        assert f"{way.direction}: {abs(way.filling_mAh_per_g):.0f} mAh/g fill or empty" in words
        assert f"{abs(way.double_layer_mAh_per_g):.0f} mAh/g the double layer" in words


def test_paths_of_a_graph_without_edges_can_be_drawn():
    phase = solution_phase([(3.0, 0.7, 1.0)], cutoffs=(0.1, 1.5))
    plots.paths(simulate(phase, cycling("C/10", 0.1, 1.5), progress=False))


# -- rivals ----------------------------------------------------------------------------------------------------


def test_rivals_draws_force_barrier_and_rate_where_the_reactant_is(lithium):
    figure, about = plots.driving_forces(lithium), driving_forces(lithium)
    grid = np.array(figure.axes).reshape(4, 2)
    for column, half in enumerate(half_cycles(lithium)[2:]):
        capacity = lithium.capacity_mAh_per_g[half.rows]
        np.testing.assert_array_equal(grid[0, column].lines[0].get_ydata(), lithium.voltage_V[half.rows])
        for row, values in (
            (1, 1e-6 * about.force_J_per_m3),
            (2, about.barrier_kT),
            (3, about.rate_per_s),
        ):
            lines = {
                line.get_label(): line for line in grid[row, column].lines if "rightarrow" in line.get_label()
            }
            for label, line in lines.items():
                p, q = (name.replace("$_{", "").replace("}$", "") for name in label.split(" $\\rightarrow$ "))
                e = edge_names(lithium.edges).index(f"{p} -> {q}")
                np.testing.assert_array_equal(line.get_xdata(), capacity)
                drawn = np.isfinite(line.get_ydata())
                np.testing.assert_array_equal(line.get_ydata()[drawn], values[e, half.rows][drawn])
                # Only where there is something to transform.
                assert lithium.fraction(p)[half.rows][drawn].min() > 0.019
                # Thick lines carried it.
                converted = np.ptp(lithium.converted[e, half.rows])
                assert (line.get_linewidth() > 2.0) == (converted > 0.05)
    names = [line.get_label() for line in grid[1, 0].lines]
    assert "Sb $\\rightarrow$ Li$_{2}$Sb" in names
    assert "Sb $\\rightarrow$ Li$_{3}$Sb" in names


def test_the_current_asks_for_one_conversion_in_the_time_of_a_half_cycle(lithium):
    figure = plots.driving_forces(lithium)
    grid = np.array(figure.axes).reshape(4, 2)
    for column, number in ((0, 2), (1, 3)):
        (asked,) = (line for line in grid[3, column].lines if line.get_label() == "asked by the current")
        wanted = 1.0 / lithium.steps[number].duration_s
        np.testing.assert_allclose(asked.get_ydata(), wanted, rtol=1e-6)
    assert [grid[row, 0].get_ylabel().replace("\n", " ") for row in (1, 2, 3)] == [
        "Driving force per volume of product  (MJ m$^{-3}$)",
        "Nucleation barrier  ($k_\\mathrm{B}T$)",
        "Rate of a domain  (s$^{-1}$)",
    ]
    assert grid[3, 0].get_yscale() == "log"
    assert {ax.get_xlabel() for ax in grid[3]} == {"Specific capacity  (mAh g$^{-1}$ Sb)"}


# -- heat ------------------------------------------------------------------------------------------------------


def test_heat_draws_total_irreversible_and_reversible(simulated):
    solution = cycled(simulated, "li-sb-llzo")
    axes, flow = plots.heat(solution), heat_flow(solution)
    lost = flow.transformation_W_per_g.sum(axis=0) + flow.joule_W_per_g
    for column, half in enumerate(half_cycles(solution)[2:]):
        lines = {line.get_label().split(",")[0]: line for line in axes[1, column].lines}
        for name, values in (
            ("total", flow.total_W_per_g),
            ("irreversible", lost),
            ("reversible", flow.reversible_W_per_g),
        ):
            np.testing.assert_array_equal(lines[name].get_xdata(), solution.capacity_mAh_per_g[half.rows])
            np.testing.assert_allclose(
                lines[name].get_ydata(), 1e3 * values[half.rows], rtol=1e-12, atol=1e-15
            )
        assert f"{half.direction}, cycle 2" in axes[0, column].get_title(loc="left")
    assert axes[1, 0].get_ylabel() == "Heat flow out  (mW g$^{-1}$ Sb)"


@pytest.mark.parametrize("draw", [plots.paths, plots.driving_forces, plots.heat, plots.gap])
def test_a_cycle_that_is_not_there_is_told(lithium, draw):
    with pytest.raises(InputError, match="cycle"):
        draw(lithium, 9)


# -- selection map ------------------------------------------------------------------------------------------------


def chart(x, y, lead, failures=None):
    """A map of two paths of lithium's extraction whose logarithmic odds are `lead` at (x, y)."""
    odds = np.array([[lead(a, b) for a in x.values] for b in y.values])
    direct = 1.0 / (1.0 + np.exp(-odds))
    for failed in failures or {}:
        direct[failed] = np.nan
    ways = {("Li3Sb", "Sb"): direct, ("Li3Sb", "Li2Sb", "Sb"): 1.0 - direct}
    back = {("Sb", "Li2Sb", "Li3Sb"): np.where(np.isnan(direct), np.nan, 1.0)}
    return SelectionMap("li-sb", "candidate", x, y, {"insertion": back, "extraction": ways}, failures or {})


def boundaries(ax, width=1.8):
    """Points of the thick white lines."""
    return np.vstack(
        [
            path.vertices
            for lines in ax.collections
            if isinstance(lines, mpl.contour.ContourSet) and np.isclose(lines.get_linewidths(), width).all()
            for path in lines.get_paths()
            if len(path.vertices)
        ]
    )


def test_the_boundary_is_drawn_where_both_paths_carry_as_much():
    x = Variation("interfaces.Li2Sb|Li3Sb.energy_J_per_m2", (0.05, 0.06, 0.07, 0.08))
    y = Variation("temperature", (0.0, 20.0, 40.0))

    # Where x = 0.0625 + 1e-4 y, between the points of the grid.
    def where(celsius):
        return 0.0625 + 1e-4 * celsius

    axes = plots.selection(chart(x, y, lambda a, b: 300.0 * (a - where(b))), "li-sb")
    line = boundaries(axes[1])
    assert line[:, 1].min() == 0.0
    assert line[:, 1].max() == 40.0
    np.testing.assert_allclose(line[:, 0], where(line[:, 1]), atol=2e-4)
    assert not any(isinstance(c, mpl.contour.ContourSet) for c in axes[0].collections)
    assert axes[0].get_xlabel() == r"$\gamma$(Li$_{2}$Sb|Li$_{3}$Sb)  (J m$^{-2}$)"
    assert axes[0].get_ylabel() == "Temperature  (°C)"
    names = [text.get_text() for text in axes[1].get_legend().get_texts()]
    assert names == [r"Li$_{3}$Sb $\rightarrow$ Sb", r"Li$_{3}$Sb $\rightarrow$ Li$_{2}$Sb $\rightarrow$ Sb"]


def test_cells_have_the_colour_of_their_winner_and_failed_runs_a_cross():
    x = Variation("rate", (0.01, 0.1, 1.0), logarithmic=True)
    y = Variation("temperature", (0.0, 25.0))
    made = chart(x, y, lambda a, b: 40.0 * (np.log10(a) + 1.5), failures={(1, 2): "no"})
    axes = plots.selection(made, "li-sb")
    ways, winner = made.winners("extraction")
    legend = axes[1].get_legend()
    colours = [to_rgb(patch.get_facecolor()) for patch in legend.get_patches()]
    cells = axes[1].collections[0].get_array().reshape(2, 3, -1)[..., :3]
    for place in np.ndindex(2, 3):
        if winner[place] >= 0:
            np.testing.assert_allclose(cells[place], colours[winner[place]], atol=1e-3)
        else:
            np.testing.assert_allclose(cells[place], 1.0)
    (cross,) = (line for line in axes[1].lines if line.get_marker() == "x")
    assert cross.get_xydata().tolist() == [[1.0, 25.0]]
    assert axes[1].get_xscale() == "log"
    assert axes[1].get_xlabel() == "C-rate  (h$^{-1}$)"
    # The path that insertion took is the reverse of one of extraction, and has its colour.
    (into,) = (to_rgb(patch.get_facecolor()) for patch in axes[0].get_legend().get_patches())
    assert into == colours[ways.index(("Li3Sb", "Li2Sb", "Sb"))]


def test_on_a_logarithmic_axis_the_boundary_is_interpolated_in_logarithms():
    x = Variation("rate", (0.01, 0.1, 1.0, 10.0), logarithmic=True)
    y = Variation("temperature", (0.0, 25.0))
    axes = plots.selection(chart(x, y, lambda a, b: 4.0 * (np.log10(a) + 0.5)), "li-sb")
    np.testing.assert_allclose(boundaries(axes[1])[:, 0], 10.0**-0.5, rtol=0.02)


# -- comparison ---------------------------------------------------------------------------------------------------


def panels(figure, count):
    """The panels below the loops: gap, efficiency, causes (mV), loop (J/g)."""
    return figure.axes[count:]


def test_comparison_draws_loops_gaps_causes_and_efficiency(simulated):
    several = [cycled(simulated, name) for name in ("li-sb", "na-sb", "k-sb")]
    figure = plots.comparison(several)
    gap, efficiency, causes, energy = panels(figure, 3)
    for number, solution in enumerate(several):
        own, profile = loss_breakdown(solution), hysteresis_profile(solution)
        stands_for(causes, number, own.losses_mV.sum(axis=0))
        stands_for(energy, number, own.losses_J_per_g.sum(axis=0))
        line = gap.lines[number]
        np.testing.assert_array_equal(line.get_ydata(), profile.gap_mV)
        np.testing.assert_allclose(line.get_xdata(), profile.composition / solution.composition.max())
        bar = efficiency.patches[number]
        wanted = cycle_summaries(solution)[-1].energy_efficiency
        assert bar.get_height() == pytest.approx(100.0 * wanted, rel=1e-12)
        assert f"{wanted:.0%}" in [text.get_text() for text in efficiency.texts]
    labels = [ax.get_ylabel() for ax in (gap, efficiency, causes, energy)]
    assert labels == [
        "Voltage gap  (mV)",
        "Energy efficiency  (%)",
        "Hysteresis  (mV)",
        "Loop  (J g$^{-1}$ Sb)",
    ]


@pytest.mark.parametrize("count", [3, 4, 5, 8])
def test_names_below_the_bars_of_a_comparison_do_not_overlap(simulated, count):
    names = ["li-sb2s3-libh4", "li-sb2se3-libh4", "li-sb2te3-libh4", "li-gasb-libh4"]
    several = [cycled(simulated, name, rate) for rate in ("1C", "C/2") for name in names][:count]
    figure = plots.comparison(several)
    figure.draw_without_rendering()
    _, efficiency, causes, energy = figure.axes[-4:]
    for ax in (efficiency, causes, energy):
        ticks = ax.get_xticklabels()
        assert len(ticks) == count
        # Upright or lying: slanted words have boxes that say nothing.
        assert {tick.get_rotation() % 90.0 for tick in ticks} == {0.0}
        boxes = [tick.get_window_extent() for tick in ticks]
        assert all(left.x1 < right.x0 for left, right in itertools.pairwise(boxes))
        assert min(box.y0 for box in boxes) >= 0.0
        assert ax.get_window_extent().height > 120.0
    # Not into the panel below.
    assert min(t.get_window_extent().y0 for t in efficiency.get_xticklabels()) > energy.get_window_extent().y1


def test_on_the_scale_of_lithium_the_loops_move_and_nothing_else(simulated):
    several = [cycled(simulated, name) for name in ("li-sb", "na-sb")]
    own, common = plots.loops(several), plots.loops(several, "Li")
    for left, right, shift in zip(own, common, (0.0, 0.3301), strict=True):
        for a, b in zip(left.lines[:2], right.lines[:2], strict=True):
            np.testing.assert_array_equal(a.get_xdata(), b.get_xdata())
            np.testing.assert_allclose(b.get_ydata() - a.get_ydata(), shift, atol=1e-9)
        assert right.get_ylabel() == r"Voltage vs $\mathrm{Li^+\!/Li}$  (V)"
        assert [t.get_text() for t in left.texts] == [t.get_text() for t in right.texts]
    assert own[1].get_ylabel() == r"Voltage vs $\mathrm{Na^+\!/Na}$  (V)"
    assert len({ax.get_ylim() for ax in own}) == 1


def test_bars_of_a_first_cycle_are_as_high_as_its_hysteresis(simulated):
    solution = cycled(simulated, "na-sb", "1C", 1)
    _, _, causes, energy = panels(plots.comparison(solution), 1)
    (summary,) = cycle_summaries(solution)
    assert heights(causes, 0)[1] == pytest.approx(summary.hysteresis_mV, rel=0.01)
    assert heights(energy, 0)[1] == pytest.approx(summary.loop_J_per_g, rel=0.01)


def test_a_comparison_without_a_closed_loop_is_drawn_in_silence(simulated):
    figure = plots.comparison(simulated("li-sb", "Insert at C/2 until 0.05 V"))
    assert "no full cycle" in [text.get_text() for text in figure.axes[0].texts]


def test_a_cycle_of_several_loops_does_not_keep_the_others_from_being_compared(simulated):
    steps = ("Insert at C/2 until x = 2", "Extract at C/2 until 1.5 V") * 2
    several = [cycled(simulated, "li-sb"), simulated("na-sb", (steps,) * 2)]
    _, _, causes, _ = panels(plots.comparison(several), 2)
    stands_for(causes, 0, loss_breakdown(several[0]).losses_mV.sum(axis=0))
