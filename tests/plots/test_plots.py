"""What a figure says is compared with the solution it was made of; the looks are judged by eye."""

from __future__ import annotations

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.text import Text

import sbpath
from sbpath import plots
from sbpath.plots.style import figure_of
from sbpath.protocol.steps import Rest
from sbpath.results.cycles import cycle_summaries

mpl.use("Agg")


@pytest.fixture(scope="module")
def sodium() -> sbpath.Solution:
    return sbpath.simulate("na-sb", sbpath.cycling("C/5", 0.02, 1.5, 2), progress=False)


def test_the_style_keeps_a_notebook_interactive():
    # Making its first figure turns a notebook interactive, and only then are later ones shown.
    size = mpl.rcParams["font.size"]
    try:
        with plots.style():
            mpl.interactive(True)
        assert mpl.is_interactive()
        assert mpl.rcParams["font.size"] == size
    finally:
        mpl.interactive(False)


def test_settings_of_the_user_are_kept_and_all_texts_follow_them(sodium):
    plain, user = plots.overview(sodium), {"font.family": "serif", "font.size": 12.0, "lines.linewidth": 3.0}
    with mpl.rc_context(user | {"axes.labelsize": 15.0}):
        styled = plots.overview(sodium)
    for figure, size, width in ((plain, 8.0, 1.3), (styled, 12.0, 3.0)):
        ax = figure.axes[0]
        assert ax.lines[0].get_linewidth() == width
        assert ax.get_legend().get_texts()[0].get_fontsize() == pytest.approx(0.833 * size)
        assert ax.get_xticklabels()[0].get_fontsize() == pytest.approx(size)
    label = styled.axes[0].yaxis.label
    assert (label.get_fontfamily(), label.get_fontsize()) == (["serif"], 15.0)
    # Sub- and superscripts are in the font of the text around them, and not in that of mathematics.
    texts = [text.get_text() for text in styled.findobj(mpl.text.Text) if "$" in text.get_text()]
    assert texts
    assert all("\\mathregular" in text for text in texts)
    assert mpl.rcParams["font.size"] == mpl.rcParamsDefault["font.size"]


def test_a_style_sheet_of_the_user_is_kept(sodium):
    with plt.style.context("fivethirtyeight"), plots.style():
        sheet = mpl.style.library["fivethirtyeight"]
        kept = {
            key: mpl.rcParams[key] for key in ("font.size", "axes.facecolor", "axes.grid", "lines.linewidth")
        }
        assert kept == {key: sheet[key] for key in kept}
        # What the sheet says nothing of is as always.
        assert mpl.rcParams["savefig.dpi"] == 300


def test_voltage_draws_every_half_cycle_from_zero(sodium):
    ax = plots.voltage(sodium)
    assert len(ax.lines) == 4
    for line in ax.lines:
        assert line.get_xdata()[0] == pytest.approx(0.0, abs=1e-9)
    assert "mAh g" in ax.get_xlabel()
    assert ax.get_ylabel() == "Voltage vs Na$\\mathregular{^{+}}$/Na  (V)"
    assert np.array_equal(
        ax.lines[0].get_ydata(), sodium.voltage_V[sodium.cycle == 1][: len(ax.lines[0].get_ydata())]
    )


def test_voltage_against_composition(sodium):
    ax = plots.voltage(sodium, against="composition")
    assert max(line.get_xdata().max() for line in ax.lines) == pytest.approx(3.0, abs=0.01)
    assert ax.get_xlabel() == "x in Na$\\mathregular{_x}$Sb"


def test_operando_stack_fills_the_panel_and_hatches_what_diffraction_does_not_see(sodium):
    _, bottom = plots.operando(sodium)
    layers = bottom.collections
    assert len(layers) == len(sodium.phases)
    top_edge = layers[-1].get_paths()[0].vertices[:, 1].max()
    assert top_edge == pytest.approx(1.0, abs=1e-6)
    hatched = [layer.get_hatch() is not None for layer in layers]
    assert hatched == [False, True, False]
    assert [t.get_text() for t in bottom.get_legend().get_texts()] == [
        "Sb",
        "Na$\\mathregular{_{x}}$Sb (amorphous)",
        "Na$\\mathregular{_{3}}$Sb",
    ]


def test_a_measured_current_is_named_by_the_direction_of_each_stretch():
    # One step, in which 5 h of insertion, 2 h of rest and 4 h of extraction follow each other.
    hours, rates = np.array([0.0, 5.0, 7.0, 11.0]), np.array([0.1, 0.0, -0.1, 0.0])
    top, _ = plots.operando(sbpath.simulate("li-sb", sbpath.CurrentTable(3600.0 * hours, rates, "C")))
    found = [(text.get_text(), round(text.get_position()[0], 2)) for text in top.texts]
    assert found == [("insertion", 2.5), ("rest", 6.0), ("extraction", 9.0)]


@pytest.mark.parametrize("name", ["voltage", "differential_capacity", "swelling"])
def test_half_cycles_are_not_drawn_where_no_charge_passes(name):
    rest = sbpath.simulate("li-sb", "Rest for 1 s", progress=False)
    figures = plt.get_fignums()
    with pytest.raises(
        sbpath.InputError, match=r"^cycle: no charge passes in any cycle; simulate one in which it does"
    ):
        getattr(plots, name)(rest)
    assert plt.get_fignums() == figures
    plots.overview(rest)  # of operando panels


def test_axes_given_are_axes_returned(sodium):
    import matplotlib.pyplot as plt

    _, ax = plt.subplots()
    assert plots.voltage(sodium, ax) is ax
    _, pair = plt.subplots(2, 1)
    assert plots.operando(sodium, tuple(pair)) == tuple(pair)


def test_comparison_names_the_hysteresis_of_each_loop(sodium):
    lithium = sbpath.simulate("li-sb", sbpath.cycling("C/5", 0.05, 1.5, 2), progress=False)
    axes = plots.loops([lithium, sodium])
    for ax, solution in zip(axes, [lithium, sodium], strict=True):
        gap = cycle_summaries(solution)[-1].hysteresis_mV
        assert f"hysteresis {gap:.0f} mV" in [t.get_text() for t in ax.texts]
    # The area shaded is the loop: energy of the last cycle, in V mAh/g.
    shade = axes[0].collections[0].get_paths()[0]
    x, y = shade.vertices[:, 0], shade.vertices[:, 1]
    area = 0.5 * abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))
    assert area * 3.6 == pytest.approx(cycle_summaries(lithium)[-1].loop_J_per_g, rel=0.01)


@pytest.mark.parametrize("graph", ["reported", "candidate"])
def test_graph_draws_an_arrow_and_a_potential_for_every_edge(graph):
    mechanism = sbpath.load_mechanism("li-sb")
    ax = plots.graph(mechanism, graph)
    arrows = [p for p in ax.patches if isinstance(p, mpl.patches.FancyArrowPatch)]
    assert len(arrows) == len(mechanism.edges(graph))
    words = [t.get_text() for t in ax.texts]
    assert "(1)  0.956 V" in words
    assert "(2)  0.953 V" in words
    assert {"Sb", "Li$\\mathregular{_{2}}$Sb", "Li$\\mathregular{_{3}}$Sb"} <= set(words)


@pytest.mark.parametrize("suffix", [".png", ".pdf", ".svg"])
def test_figures_are_written_and_the_same_each_time(sodium, tmp_path, suffix):
    one, two = tmp_path / f"one{suffix}", tmp_path / f"two{suffix}"
    plots.save(plots.overview(sodium), one)
    plots.save(plots.overview(sodium), two)
    assert one.read_bytes() == two.read_bytes()
    assert len(one.read_bytes()) > 5000


def test_an_ending_that_is_no_figure_is_refused(sodium, tmp_path):
    with pytest.raises(sbpath.InputError, match=r"\.png, \.pdf or \.svg"):
        plots.save(plots.overview(sodium), tmp_path / "figure.bmp")
    assert list(tmp_path.iterdir()) == []


# -- studies ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def titrated(simulated):
    return simulated("li-sb", sbpath.gitt("C/10", 0.05, 1.5, "x = 0.5", "4 h"))


@pytest.mark.parametrize("against", ["composition", "time"])
def test_titration_marks_the_relaxed_points_and_the_equilibria(titrated, against):
    ax = plots.titration(titrated, against=against)
    points = sbpath.titration(titrated)
    marked = {line.get_label(): line for line in ax.lines}
    for direction in ("insertion", "extraction"):
        here = [p for p in points if p.direction == direction]
        line = marked[f"relaxed, {direction}"]
        assert line.get_ydata() == pytest.approx([p.relaxed_V for p in here])
        expected = (
            [p.composition for p in here]
            if against == "composition"
            else titrated.time_s[[p.row for p in here]] / 3600.0
        )
        assert line.get_xdata() == pytest.approx(expected)
    levels = {
        round(float(line.get_ydata()[0]), 3)
        for line in ax.lines
        if line.get_linestyle() == ":" and len(line.get_ydata())
    }
    assert levels == {0.956, 0.953, 0.948}
    words = "\n".join(text.get_text() for text in ax.texts)
    assert "Sb | Li$\\mathregular{_{2}}$Sb  0.956 V" in words
    assert ax.get_xlabel() == ("x in Li$\\mathregular{_x}$Sb" if against == "composition" else "Time  (h)")
    # Every inner point is in view, the cut-offs are not.
    low, high = ax.get_ylim()
    assert low < min(p.voltage_V for p in points[:5]) < max(p.voltage_V for p in points[6:11]) < high
    assert low > 0.05
    assert high < 1.5


@pytest.mark.parametrize("cycle", [1, 2])
def test_figures_of_one_cycle_say_which(sodium, cycle):
    shown = f"cycle {cycle} of {sodium.steps[-1].cycle}" + (
        ", formation" if cycle == 1 else "; cycle 1 is formation"
    )
    figures = [draw(sodium, cycle=cycle) for draw in (plots.paths, plots.driving_forces, plots.heat)]
    if cycle == 2:
        figures += [plots.losses(sodium), plots.comparison(sodium), plots.loops(sodium)[0]]
    for figure in figures:
        words = [text.get_text().replace("\n", " ") for text in figure_of(figure).findobj(Text)]
        assert any(shown in text for text in words), words
    plt.close("all")


def test_titration_needs_a_rest_after_a_pulse(sodium):
    with pytest.raises(sbpath.InputError, match="no rest follows a pulse"):
        plots.titration(sodium)


def test_voltammetry_draws_each_scan_rate_and_its_peaks(simulated):
    solution = simulated("li-sb", sbpath.cv(("0.05 mV/s", "0.1 mV/s"), 0.05, 1.5, 1))
    left, right = plots.voltammetry(solution)
    assert [text.get_text() for text in left.get_legend().get_texts()] == ["0.05", "0.1"]
    assert left.lines[0].get_ydata() == pytest.approx(solution.current_A_per_g[solution.cycle == 1])
    words = [text.get_text() for text in right.get_legend().get_texts()]
    for value, word in zip(sbpath.b_values(sbpath.voltammetry_peaks(solution)), words, strict=True):
        assert f"b = {value.slope:.2f}" in word
    assert words[0].startswith(r"Sb $\rightarrow$ Li$\mathregular{_{2}}$Sb")
    # A line with the slope b, in logarithms, through the points of each transformation.
    lines = [line for line in right.lines if line.get_linestyle() == "-"]
    ends = [np.log(np.array(line.get_data())) for line in lines]
    slopes = [float((y[-1] - y[0]) / (x[-1] - x[0])) for x, y in ends]
    assert slopes == pytest.approx([b.slope for b in sbpath.b_values(sbpath.voltammetry_peaks(solution))])
    with pytest.raises(sbpath.InputError, match="no peak"):
        plots.voltammetry(sbpath.simulate("li-sb", "Rest for 1 h", progress=False))


def test_rate_capability_names_the_rates_and_shows_both_capacities(simulated):
    solution = simulated("li-sb", sbpath.rate_test(("C/5", "2C", "C/5"), 0.05, 1.5, 1))
    top, bottom = plots.rate_capability(solution)
    points = sbpath.rate_capability(solution)
    assert [text.get_text() for text in top.texts] == ["C/5", "2C", "C/5"]
    assert top.get_ylim()[0] == 0.0  # so that half a percent does not look like collapse
    shown = {line.get_label(): line.get_ydata() for line in top.lines}
    assert shown["insertion"] == pytest.approx([p.insertion_mAh_per_g for p in points])
    assert shown["extraction"] == pytest.approx([p.extraction_mAh_per_g for p in points])
    assert bottom.lines[0].get_ydata() == pytest.approx([100.0 * p.coulombic_efficiency for p in points])
    with pytest.raises(sbpath.InputError, match="no full cycle"):
        plots.rate_capability(sbpath.simulate("li-sb", "Insert at C/2 until x = 1", progress=False))


def test_the_area_of_the_differential_capacity_is_the_capacity(sodium):
    ax = plots.differential_capacity(sodium, bin_mV=10.0)
    signs = {"insertion": 1.0, "extraction": -1.0}
    for half, patch in zip(sbpath.half_cycles(sodium), ax.patches, strict=True):
        values, edges, _ = patch.get_data()
        area = float(np.sum(values * np.diff(edges)))  # Ah/g
        assert 1e3 * area == pytest.approx(signs[half.direction] * half.capacity_mAh_per_g, rel=1e-9)


def test_swelling_ends_where_the_molar_volumes_say(simulated):
    # Li3Sb 42.73 and Sb 18.19 cm3/mol: 134.9 %, 134 in the review; vacancies take no volume along.
    solution = simulated("li-sb", sbpath.cycling("C/5", 0.05, 1.5, 2))
    ax = plots.swelling(solution)
    insertion, extraction = [line for line in ax.lines if "cycle 2" in str(line.get_label())]
    full = 100.0 * (42.73 / 18.19 - 1.0)
    assert insertion.get_ydata()[-1] == pytest.approx(full, abs=0.2)
    assert extraction.get_ydata()[-1] == pytest.approx(0.0, abs=0.2)
    assert insertion.get_xdata()[-1] == pytest.approx(661.5, abs=1.0)
    # By way of Li2Sb (35.82 at x = 2) the electrode is thicker on the way in, 96.9 % against 2/3 of 134.9.
    at = 2.0 * 96485.33 / 121.76 / 3.6
    inward = np.interp(at, insertion.get_xdata(), insertion.get_ydata())
    outward = np.interp(at, extraction.get_xdata()[::-1], extraction.get_ydata()[::-1])
    assert inward == pytest.approx(100.0 * (35.82 / 18.19 - 1.0), abs=0.5)
    assert 4.0 < inward - outward < 7.5


def test_first_order_reversals_begin_on_the_grey_loop(simulated):
    solution = simulated("li-sb", sbpath.first_order_reversals("C/10", 0.05, 1.5, [0.5, 1.5, 2.5]))
    left, right = plots.reversals(solution)
    for ax, direction in ((left, "extraction"), (right, "insertion")):
        curves = [c for c in sbpath.reversals(solution) if c.direction == direction]
        starts = [line for line in ax.lines if line.get_marker() == "o"]
        assert [float(line.get_xdata()[0]) for line in starts] == pytest.approx(
            [c.composition for c in curves]
        )
        assert [float(line.get_ydata()[0]) for line in starts] == pytest.approx([c.voltage_V for c in curves])
        assert [t.get_text() for t in ax.get_legend().get_texts()] == ["full loop", "0.5", "1.5", "2.5"]
    with pytest.raises(sbpath.InputError, match="no curve begins inside"):
        plots.reversals(simulated("li-sb", sbpath.cycling("C/5", 0.05, 1.5, 2)))


def test_minor_loops_are_numbered_by_themselves(simulated):
    solution = simulated("li-sb", sbpath.partial_cycling("C/10", 0.05, 1.5, 0.5, 1.5, 3))
    ax = plots.minor_loops(solution)
    assert [t.get_text() for t in ax.get_legend().get_texts()] == [
        "full loop",
        "minor loop 1",
        "minor loop 2",
        "minor loop 3",
    ]
    # After the first one, which comes from empty, they stay between the two compositions.
    for line in ax.lines[-2:]:
        assert line.get_xdata().min() == pytest.approx(0.5, abs=1e-3)
        assert line.get_xdata().max() == pytest.approx(1.5, abs=1e-3)


def test_rests_after_a_reversal_are_shown_beside_the_branches(simulated):
    solution = simulated("li-sb", sbpath.rest_after_reversal("C/10", 0.05, 1.5, 1.5))
    left, right = plots.rest_after_reversal(solution)
    rests = [s for s in solution.steps if isinstance(s.step, Rest)]
    for line, rest in zip(right.lines, rests, strict=False):
        assert line.get_ydata() == pytest.approx(solution.voltage_V[rest.first : rest.last])
        assert line.get_xdata()[-1] == pytest.approx(10.0)
    levels = {line.get_label(): float(line.get_ydata()[0]) for line in right.lines[2:]}
    assert levels["loop, insertion"] == pytest.approx(0.849, abs=2e-3)
    assert levels["loop, extraction"] == pytest.approx(1.029, abs=2e-3)
    assert levels["their mean"] == pytest.approx(
        0.5 * (levels["loop, insertion"] + levels["loop, extraction"])
    )
    assert len(left.get_legend().get_texts()) == 3
    with pytest.raises(sbpath.InputError, match="no rest on a curve inside"):
        plots.rest_after_reversal(simulated("li-sb", sbpath.cycling("C/5", 0.05, 1.5, 2)))


def test_diffraction_sees_antimony_and_cubic_k3sb_alone(simulated):
    # As operando diffraction of potassium cells has it (Ko 2019).
    solution = simulated("k-sb", sbpath.cycling("C/5", 0.02, 1.5, 2))
    _, bottom = plots.operando(solution, crystalline_only=True)
    words = [t.get_text() for t in bottom.get_legend().get_texts()]
    assert words == ["Sb", "K$\\mathregular{_{3}}$Sb (cubic)", "not seen by diffraction"]
    assert all(layer.get_hatch() is None for layer in bottom.collections)
    # The layers stand on each other, and the gap above them is what the amorphous phase holds.
    top = np.max([layer.get_paths()[0].vertices[:, 1].max() for layer in bottom.collections[:2]])
    assert top == pytest.approx(1.0, abs=2e-3)
    gap = 1.0 - solution.fraction("Sb") - solution.fraction("K3Sb-cubic") - solution.fraction("K3Sb-hex")
    assert gap == pytest.approx(solution.fraction("KxSb"), abs=1e-9)
    assert gap.max() > 0.99


def test_diffraction_sees_nisb_beside_amorphous_antimony(simulated):
    """The stack is the share of the Sb in crystals: 0.45 where free Sb is amorphous beside NiSb."""
    solution = simulated("na-nisb", sbpath.cycling("C/5", 0.02, 1.5, 1))
    _, bottom = plots.operando(solution, crystalline_only=True)
    assert bottom.get_ylabel() == "Fraction of Sb"
    shares = {"a-Na(3-x)Sb-NiSb": 0.45, "a-Na(3-x)Sb-Ni": 0.0, "a-NaxSb-Ni": 0.0}
    seen = sum(shares.get(name, 1.0) * solution.fraction(name) for name in solution.phases)
    layers = [layer.get_paths()[0].vertices for layer in bottom.collections if layer.get_paths()]
    top = np.max([np.interp(solution.time_s / 3600.0, *upper_edge(v)) for v in layers], axis=0)
    assert np.abs(top - seen).max() < 0.01  # but for nodes too rare to be drawn
    assert 0.4 < seen[solution.fraction("a-Na(3-x)Sb-NiSb").argmax()] < 0.5


def upper_edge(vertices):
    """Times and heights of the upper edge of a filled layer: what comes after the way along its foot."""
    turn = int(vertices[:, 0].argmax()) + 1
    back = vertices[turn:][::-1]
    return back[:, 0], back[:, 1]


def test_where_all_is_crystalline_there_is_no_gap(simulated):
    _, bottom = plots.operando(simulated("li-sb", sbpath.cycling("C/5", 0.05, 1.5, 2)), crystalline_only=True)
    words = [t.get_text() for t in bottom.get_legend().get_texts()]
    assert words == ["Sb", "Li$\\mathregular{_{2}}$Sb", "Li$\\mathregular{_{3}}$Sb"]


def test_figures_of_studies_take_axes(simulated, titrated):
    import matplotlib.pyplot as plt

    cycles = simulated("li-sb", sbpath.cycling("C/5", 0.05, 1.5, 2))
    for draw, solution in (
        (plots.titration, titrated),
        (plots.differential_capacity, cycles),
        (plots.swelling, cycles),
        (plots.minor_loops, simulated("li-sb", sbpath.partial_cycling("C/10", 0.05, 1.5, 0.5, 1.5, 3))),
    ):
        _, ax = plt.subplots()
        assert draw(solution, ax) is ax
    for draw, solution in (
        (plots.voltammetry, simulated("li-sb", sbpath.cv(("0.05 mV/s", "0.1 mV/s"), 0.05, 1.5, 1))),
        (plots.rate_capability, cycles),
        (
            plots.reversals,
            simulated("li-sb", sbpath.first_order_reversals("C/10", 0.05, 1.5, [0.5, 1.5, 2.5])),
        ),
        (plots.rest_after_reversal, simulated("li-sb", sbpath.rest_after_reversal("C/10", 0.05, 1.5, 1.5))),
    ):
        _, pair = plt.subplots(1, 2)
        assert draw(solution, tuple(pair)) == tuple(pair)
