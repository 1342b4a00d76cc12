"""What a figure says is compared with the solution it was made of; the looks are judged by eye."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest

import sbpath
from sbpath import plots
from sbpath.results.analysis import cycle_summaries

mpl.use("Agg")


@pytest.fixture(autouse=True)
def _close_figures():
    import matplotlib.pyplot as plt

    yield
    plt.close("all")


@pytest.fixture(scope="module")
def sodium() -> sbpath.Solution:
    return sbpath.simulate("na-sb", sbpath.cycling("C/5", 0.02, 1.5, 2), progress=False)


def test_voltage_draws_every_half_cycle_from_zero(sodium):
    ax = plots.voltage(sodium)
    assert len(ax.lines) == 4
    for line in ax.lines:
        assert line.get_xdata()[0] == pytest.approx(0.0, abs=1e-9)
    assert "mAh g" in ax.get_xlabel()
    assert "Na^+" in ax.get_ylabel()
    assert np.array_equal(
        ax.lines[0].get_ydata(), sodium.voltage_V[sodium.cycle == 1][: len(ax.lines[0].get_ydata())]
    )


def test_voltage_against_composition(sodium):
    ax = plots.voltage(sodium, against="composition")
    assert max(line.get_xdata().max() for line in ax.lines) == pytest.approx(3.0, abs=0.01)
    assert ax.get_xlabel() == "x in Na$_x$Sb"


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
        "Na$_{x}$Sb (amorphous)",
        "Na$_{3}$Sb",
    ]


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
    assert {"Sb", "Li$_{2}$Sb", "Li$_{3}$Sb"} <= set(words)


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
