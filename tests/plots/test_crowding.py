"""Figures of systems with many nodes: words beside each other, one look for each phase, arrows past the nodes.

A warning that the layout failed is an error in every test.
"""

from __future__ import annotations

import itertools

import matplotlib as mpl
import numpy as np
import pytest
from curves import cycled
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch
from matplotlib.text import Text

from sbpath import cv as scanned
from sbpath import cycling, gitt, load_mechanism, path_asymmetry, plots
from sbpath.mechanism.documents import shipped_names
from sbpath.mechanism.graph import phase_graph
from sbpath.plots.colours import KIND_COLOURS, MAX_HUES, node_looks, phase_looks, readable
from sbpath.plots.style import CAUSES, DESTINATIONS, EXTRACTION, GREY, INSERTION, PHASES, SYSTEMS

mpl.use("Agg")

HARD = ["li-snsb", "li-znsnsb2", "na-nisb", "k-snsb"]
# Boxes around words reach beyond the ink by this much (pixel).
SLACK = 3.0


def words_on(figure):
    """Every text that is seen: not those of ticks out of view or of axes that are off."""
    unseen = set()
    for ax in figure.findobj(Axes):
        if not ax.get_visible():
            unseen.update(ax.findobj(Text))
        for axis in (ax.xaxis, ax.yaxis):
            if not ax.axison:
                unseen.update(axis.findobj(Text))
            low, high = sorted(axis.get_view_interval())
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                if not low - 1e-9 * abs(low) <= tick.get_loc() <= high + 1e-9 * abs(high):
                    unseen.update((tick.label1, tick.label2))
    texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    return [text for text in texts if text not in unseen]


def overlap(one, other, slack=SLACK):
    wide = min(one.x1, other.x1) - max(one.x0, other.x0)
    tall = min(one.y1, other.y1) - max(one.y0, other.y0)
    return wide > slack and tall > slack


def crowded(figure):
    """Pairs of texts that lie on each other, and texts that leave the figure."""
    figure.draw_without_rendering()
    found = [(text.get_text(), text.get_window_extent()) for text in words_on(figure)]
    page = figure.bbox.padded(SLACK)
    outside = [
        word for word, box in found if not (page.contains(box.x0, box.y0) and page.contains(box.x1, box.y1))
    ]
    pairs = itertools.combinations(found, 2)
    return outside + [(word, other) for (word, box), (other, box2) in pairs if overlap(box, box2)]


# -- words -----------------------------------------------------------------------------------------------------


def test_crowding_is_seen():
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots()
    ax.text(0.5, 0.5, "one")
    ax.text(0.51, 0.5, "other")
    ax.text(0.99, 0.2, "a word that leaves the figure on its right side")
    assert crowded(figure) == ["a word that leaves the figure on its right side", ("one", "other")]


@pytest.mark.parametrize("name", shipped_names())
def test_no_words_of_the_overview_lie_on_each_other(simulated, name):
    assert crowded(plots.overview(cycled(simulated, name, "C/5", graph="candidate"))) == []


KINDS = {
    "operando": lambda solution: plots.operando(solution)[0].figure,
    "phases": lambda solution: plots.operando(solution, by="phase")[0].figure,
    "crystalline": lambda solution: plots.operando(solution, crystalline_only=True)[0].figure,
    "dqdv": lambda solution: plots.differential_capacity(solution).figure,
    "swelling": lambda solution: plots.swelling(solution).figure,
    "heat": lambda solution: plots.heat(solution)[0][0].figure,
    "paths": lambda solution: plots.paths(solution).figure,
    "forces": plots.driving_forces,
    "xrd": lambda solution: plots.diffraction(solution)[0].figure,
    "losses": lambda solution: plots.losses(solution, path_asymmetry(solution)),
    "comparison": lambda solution: plots.comparison([solution] * 3),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", HARD)
def test_no_words_of_other_figures_lie_on_each_other(simulated, name, kind):
    assert crowded(KINDS[kind](cycled(simulated, name, "C/5", graph="candidate"))) == []


@pytest.mark.parametrize("name", ["li-snsb", "na-nisb"])
def test_studies_of_many_nodes_are_not_crowded(simulated, name):
    mechanism = load_mechanism(name)
    low, high = mechanism.lower_cutoff_V, mechanism.upper_cutoff_V
    full = max(map(mechanism.full_content, mechanism.nodes))
    titration = simulated(name, gitt("C/10", low, high, "x = 0.5", "4 h", full_x=full), graph="candidate")
    assert crowded(plots.titration(titration).figure) == []
    sweeps = simulated(name, scanned(("0.05 mV/s", "0.1 mV/s"), low, high, 1), graph="candidate")
    assert crowded(plots.voltammetry(sweeps)[0].figure) == []


def test_a_figure_is_higher_by_the_rows_of_its_legend(simulated):
    heights = {
        name: plots.overview(cycled(simulated, name, "C/5", graph="candidate")).get_figheight()
        for name in ("li-sb", *HARD[:2])
    }
    assert heights["li-sb"] == 3.6
    assert 3.9 < heights["li-snsb"] <= heights["li-znsnsb2"] < 4.6


def test_names_of_steps_are_left_out_where_they_have_no_room(simulated):
    solution = simulated("li-sb", cycling("1C", 0.05, 1.5, 6))
    assert crowded(plots.overview(solution)) == []


def test_titles_have_subscripts():
    title = plots.graph("li-sb2s3-lps").get_title(loc="left")
    assert title.startswith("Sb₂S₃ with Li₂S-P₂S₅ in the electrode, LiBH₄ solid")


# -- graphs ----------------------------------------------------------------------------------------------------


def nodes_and_arrows(ax):
    nodes = [patch for patch in ax.patches if isinstance(patch, Circle | FancyBboxPatch)]
    return nodes, [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]


@pytest.mark.parametrize("graph", ["reported", "candidate"])
@pytest.mark.parametrize("name", shipped_names())
def test_words_and_arrows_of_a_graph_keep_clear_of_its_nodes(name, graph):
    mechanism = load_mechanism(name)
    ax = plots.graph(mechanism, graph)
    assert crowded(ax.figure) == []
    nodes, arrows = nodes_and_arrows(ax)
    edges = [data["edge"] for _, _, data in phase_graph(mechanism, graph).edges(data=True)]
    assert len(nodes) == len(mechanism.nodes)
    assert len(arrows) == len(edges)
    boxes = [node.get_window_extent() for node in nodes]
    names = ax.texts[: len(nodes)]
    for text in ax.texts:
        box = text.get_window_extent()
        for node, around in zip(nodes, boxes, strict=True):
            if text in names and around.contains(*box.get_points().mean(axis=0)):
                # All of its name is within the node.
                path = node.get_transform().transform_path(node.get_path())
                assert path.contains_points(box.padded(-SLACK).corners()).all(), text.get_text()
            else:
                assert not overlap(box, around), text.get_text()
    # An arrow touches the two nodes that it joins and no other one.
    whose = dict(zip(sorted(mechanism.nodes, key=mechanism.full_content), boxes, strict=True))
    for arrow, edge in zip(arrows, edges, strict=True):
        path = arrow.get_transform().transform_path(arrow.get_path())
        points = np.vstack(path.to_polygons(closed_only=False))
        for node, around in whose.items():
            if node not in (edge.reactant, edge.product):
                inside = (points > around.min + SLACK) & (points < around.max - SLACK)
                assert not inside.all(axis=1).any(), (edge.stated.equation, node)


def test_the_graph_names_the_state_that_the_file_gives(simulated):
    def dashed(name):
        lines = plots.graph(name).get_legend().get_lines()
        texts = plots.graph(name).get_legend().get_texts()
        return [
            text.get_text() for line, text in zip(lines, texts, strict=True) if line.get_linestyle() == "--"
        ]

    assert dashed("li-sb") == []
    assert dashed("na-sb") == ["amorphous"]
    assert dashed("li-gasb-libh4") == ["liquid"]
    # Drawn as not crystalline, although it is cubic.
    assert dashed("li-znsnsb2") == ["not crystalline"]
    above = plots.diffraction(cycled(simulated, "li-gasb-libh4", "C/5", graph="candidate"))[2]
    assert "liquid: no reflections" in [text.get_text() for text in above.texts]


# -- looks -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", shipped_names())
def test_no_two_phases_and_no_two_nodes_look_alike(name):
    mechanism = load_mechanism(name)
    for looks in (phase_looks(mechanism), node_looks(mechanism)):
        assert len(set(looks.values())) == len(looks)
        # Shipped systems need no hatch to tell them apart.
        assert len({look.colour for look in looks.values()}) == len(looks)


def test_beyond_the_palette_hatches_tell_phases_apart():
    mechanism = load_mechanism("li-znsnsb2")
    more = {
        f"more-{i}": mechanism.phases["LiSn"].model_copy(update={"crystalline": bool(i % 2)})
        for i in range(20)
    }
    looks = phase_looks(mechanism.model_copy(update={"phases": {**mechanism.phases, **more}}))
    assert len(set(looks.values())) == len(looks) == 32
    assert {look.colour for look in looks.values()} == set(PHASES)


@pytest.mark.parametrize("by", ["node", "phase"])
@pytest.mark.parametrize("name", ["li-snsb", "na-nisb"])
def test_layers_look_the_same_whether_or_not_others_are_drawn(simulated, name, by):
    solution = cycled(simulated, name, "C/5", graph="candidate")
    every, seen = (
        {
            layer.get_label(): to_rgb(layer.get_facecolor()[0])
            for layer in plots.operando(solution, crystalline_only=only, by=by)[1].collections
        }
        for only in (False, True)
    )
    assert len(set(every.values())) == len(every)
    shared = every.keys() & seen.keys()
    assert shared
    assert all(every[label] == seen[label] for label in shared)


def test_a_phase_has_its_colour_in_the_stack_the_sticks_and_other_systems(simulated):
    looks = {name: phase_looks(load_mechanism(name)) for name in shipped_names()}
    assert {look["Sb"].colour for look in looks.values() if "Sb" in look} == {GREY}
    full = {
        look[phase].colour
        for look in looks.values()
        for phase in ("Li3Sb", "Na3Sb", "K3Sb", "K3Sb-cubic")
        if phase in look
    }
    assert full == {KIND_COLOURS["full"]}
    assert {look["Li2Sb"].colour for look in looks.values() if "Li2Sb" in look} == {KIND_COLOURS["between"]}
    solution = cycled(simulated, "li-snsb", "C/5", graph="candidate")
    above = plots.diffraction(solution)[2]
    sticks = [mpl.colors.to_hex(lines.get_color()[0]) for lines in above.collections]
    # In the order of the file, the palest ones darker.
    assert sticks == [readable(look.colour) for look in looks["li-snsb"].values()]
    nodes = node_looks(load_mechanism("na-snsb"))
    assert nodes["Na3Sb-NaSn"].colour == looks["na-snsb"]["NaSn"].colour


# Of what those see who lack the long-wave or the middle-wave cones, in linear light (Machado,
# Oliveira and Fernandes 2009, severity 1).
SEEN_RGB = {
    "all": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}


def lab(colour, seen):
    """CIELAB (D65) of a colour as it is seen."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.array(SEEN_RGB[seen]) @ linear, 0.0, 1.0)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = np.cbrt(np.maximum(np.array(to_xyz) @ linear / (0.9505, 1.0, 1.089), 0.0))
    return np.array([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)])


@pytest.mark.parametrize("name", shipped_names())
@pytest.mark.parametrize("seen", SEEN_RGB)
def test_nodes_beyond_the_hues_that_eyes_tell_apart_are_shades_in_the_order_of_their_alkali(name, seen):
    mechanism = load_mechanism(name)
    colours = {node: look.colour for node, look in node_looks(mechanism).items()}
    shades = [node for node, colour in colours.items() if colour not in PHASES]
    assert len(colours) - len(shades) + bool(shades) <= MAX_HUES
    assert bool(shades) == (len(colours) > MAX_HUES)
    places = [lab(colours[node], seen) for node in sorted(shades, key=mechanism.full_content)]
    for one, other in itertools.pairwise(places):
        assert other[0] - one[0] > 4.0
        assert np.linalg.norm(other - one) > 6.0


@pytest.mark.parametrize("palette", [SYSTEMS, CAUSES, DESTINATIONS, (INSERTION, EXTRACTION)])
@pytest.mark.parametrize("seen", SEEN_RGB)
def test_colours_of_systems_causes_and_directions_stay_apart(palette, seen):
    places = [lab(colour, seen) for colour in (*palette, "white")]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(places, 2)) > 15.0


def test_a_colour_has_one_meaning():
    palettes = (SYSTEMS, CAUSES, DESTINATIONS, PHASES, (INSERTION, EXTRACTION))
    for one, other in itertools.combinations(palettes, 2):
        for a, b in itertools.product(one, other):
            assert np.linalg.norm(lab(a, "all") - lab(b, "all")) > 15.0, (a, b)


@pytest.mark.parametrize("seen", SEEN_RGB)
def test_colours_of_phases_stay_apart_for_the_colour_blind(seen):
    places = [lab(colour, seen) for colour in (*PHASES, "white")]
    apart = [np.linalg.norm(a - b) for a, b in itertools.combinations(places, 2)]
    assert len(PHASES) >= 12
    assert min(apart) > 11.0
