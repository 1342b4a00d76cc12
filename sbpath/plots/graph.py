"""The phase graph: with equilibrium potentials, or with the charge that its edges carried."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, FancyArrowPatch

from sbpath.mechanism.graph import phase_graph
from sbpath.mechanism.reader import load_mechanism
from sbpath.mechanism.records import Edge, Mechanism
from sbpath.model.equilibrium import equilibrium_potential
from sbpath.plots.style import DOUBLE, EXTRACTION, GREY, INSERTION, style
from sbpath.replay import mechanism_of
from sbpath.results.analysis import of_cycle
from sbpath.results.labels import node_labels
from sbpath.results.pathways import pathways
from sbpath.solution import Solution

# Size of a node and distances between columns and rows, in the units of the axes.
RADIUS, COLUMN, ROW = 0.29, 1.9, 1.7

# By the direction of the charge.
COLOURS = {1.0: INSERTION, -1.0: EXTRACTION, 0.0: GREY}
# An edge that converted less than this share of the Sb carried nothing.
CARRIED = 5e-3
# Widths of the arrows (points): of the edge that carried most, and of one that carried next to nothing.
WIDEST, THINNEST = 7.0, 0.9


def graph(mechanism: Mechanism | str, name: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw a phase graph, phases from left to right by their alkali content.

    Each edge carries the number of the review's equation, where it is one, and the potential
    at which its phases are in equilibrium.

    Parameters
    ----------
    mechanism : Mechanism or str
        Whose graph; a string is taken by `load_mechanism`.
    name : str, optional
        Which graph; the mechanism's default if not given.
    ax : Axes, optional
        Where; a new figure if not given.
    """
    if isinstance(mechanism, str):
        mechanism = load_mechanism(mechanism)
    with style():
        ax, nodes = _drawing(mechanism, ax)
        edges = [data["edge"] for _, _, data in phase_graph(mechanism, name).edges(data=True)]
        for edge in edges:
            potential = equilibrium_potential(mechanism, edge.reactant, edge.product)
            words = [f"({edge.stated.review_equation})"] if edge.stated.review_equation else []
            words += [] if potential is None else [f"{potential:.3f} V"]
            colour = COLOURS[_direction(mechanism, edge.reactant, edge.product)]
            _edge(ax, nodes, edge, colour, 1.3, "  ".join(words))
        silent = any(_direction(mechanism, e.reactant, e.product) == 0.0 for e in edges)
        _legend(ax, mechanism, silent, "no charge")
        ax.set_title(f"{mechanism.title}: {name or mechanism.default_graph} graph", loc="left")
    return ax


def paths(solution: Solution, cycle: int | None = None, ax: Axes | None = None) -> Axes:
    """Draw the graph of a solution with each edge as wide as the charge that it carried in a cycle.

    Blue edges carried charge in, red ones out; thin grey ones carried nothing worth the name. The
    charge (mAh per g of host) and, where a phase left by several edges, the share of each stand beside.

    Parameters
    ----------
    solution : Solution
        Of at least half a cycle.
    cycle : int, optional
        Which; the last one if not given.
    ax : Axes, optional
        Where; a new figure if not given.

    Raises
    ------
    InputError
        If that cycle passes no charge.
    """
    about = solution.provenance
    mechanism = mechanism_of(solution)
    own = of_cycle(pathways(solution), cycle)
    converted = np.sum([way.converted for way in own], axis=0)
    charge = np.sum([way.charge_mAh_per_g for way in own], axis=0)
    widest = float(np.abs(charge).max(initial=1e-9))
    with style():
        ax, nodes = _drawing(mechanism, ax)
        for e, edge in enumerate(mechanism.edges(about["graph"])):
            if converted[e] < CARRIED:
                _edge(ax, nodes, edge, "0.8", 0.7, "")
                continue
            words = [f"{abs(charge[e]):.0f} mAh/g"]
            shares = [way.branching[e] for way in own if way.branching[e] > CARRIED]
            words += [f"{max(shares):.0%}"] if max(shares, default=1.0) < 0.995 else []
            colour = COLOURS[float(np.sign(charge[e])) if abs(charge[e]) > 1e-3 * widest else 0.0]
            # As wide as its charge, but never too thin to be seen.
            width = max(THINNEST, WIDEST * abs(charge[e]) / widest)
            _edge(ax, nodes, edge, colour, width, ", ".join(words))
        _legend(ax, mechanism, True, "little or none")
        rest = [
            f"{way.direction}: {abs(way.filling_mAh_per_g):.0f} mAh/g fill or empty solution phases, "
            f"{abs(way.double_layer_mAh_per_g):.0f} mAh/g the double layer"
            for way in own
        ]
        if any("%" in text.get_text() for text in ax.texts):
            rest.append("per cent: share of what left the phase")
        ax.text(0.0, 0.0, "\n".join(rest), transform=ax.transAxes, fontsize=6.5, color="0.35", va="bottom")
        ax.set_title(
            f"{mechanism.title}: {about['graph']} graph, {about['temperature_C']:g} °C, charge carried in cycle {own[0].cycle}",
            loc="left",
        )
    return ax


def _drawing(mechanism: Mechanism, ax: Axes | None) -> tuple[Axes, dict[str, Circle]]:
    """Axes with the phases as circles, and these by name."""
    if ax is None:
        rows = len({y for _, y in _places(mechanism).values()})
        _, ax = plt.subplots(figsize=(DOUBLE, 2.4 if rows == 1 else 4.4), layout="constrained")
    places = _places(mechanism)
    labels = node_labels(mechanism.document, mathtext=True)
    nodes = {}
    for phase, place in places.items():
        dashes = "-" if mechanism.crystalline(phase) else (0, (3, 2))
        nodes[phase] = Circle(
            place, RADIUS, facecolor="white", edgecolor="black", lw=1.0, ls=dashes, zorder=2
        )
        ax.add_patch(nodes[phase])
        words = labels[phase].replace(" (", "\n(")
        ax.text(*place, words, ha="center", va="center", fontsize=7.5, linespacing=0.95, zorder=4)
    xs, ys = zip(*places.values(), strict=True)
    ax.set_xlim(min(xs) - 0.5, max(xs) + 0.5)
    ax.set_ylim(min(ys) - 0.75, max(ys) + 0.95)
    ax.set_aspect("equal")
    ax.axis("off")
    return ax, nodes


def _legend(ax: Axes, mechanism: Mechanism, silent: bool, silent_label: str) -> None:
    handles = [
        Line2D([], [], color=INSERTION, lw=1.5, label="insertion"),
        Line2D([], [], color=EXTRACTION, lw=1.5, label="extraction"),
    ]
    if silent:
        handles.append(Line2D([], [], color=GREY, lw=1.5, label=silent_label))
    if not all(map(mechanism.crystalline, mechanism.nodes)):
        handles.append(Line2D([], [], color="black", lw=1.0, ls=(0, (3, 2)), label="amorphous"))
    ax.legend(handles=handles, loc="upper right", ncols=len(handles))


def _places(mechanism: Mechanism) -> dict[str, tuple[float, float]]:
    """Positions: columns by alkali content, phases of one content above each other."""
    columns: dict[float, list[str]] = {}
    for phase in sorted(mechanism.nodes, key=mechanism.full_content):
        columns.setdefault(round(mechanism.full_content(phase), 6), []).append(phase)
    places = {}
    for i, phases in enumerate(columns.values()):
        for j, phase in enumerate(phases):
            places[phase] = (COLUMN * i, ROW * ((len(phases) - 1) / 2 - j))
    return places


def _direction(mechanism: Mechanism, reactant: str, product: str) -> float:
    return float(np.sign(mechanism.full_content(product) - mechanism.full_content(reactant)))


def _edge(ax: Axes, nodes: dict[str, Circle], edge: Edge, colour: str, width: float, words: str) -> None:
    """An arrow from reactant to product, `words` beside its middle."""
    start, end = (np.array(nodes[name].center) for name in (edge.reactant, edge.product))
    length = float(np.hypot(*(end - start)))
    normal = np.array([-(end - start)[1], (end - start)[0]]) / length
    # An arrow past another node takes a wider arc around it, on the outer side of the drawing.
    bend, side = 0.13, 1.0
    if length > 1.2 * COLUMN:
        bend = 0.27
        outer = float(np.sign(start[1] + end[1]))
        if outer != 0.0:
            side = outer * float(np.sign(normal[1]))
            bend = 0.27 if side > 0.0 else 0.45
    ax.add_patch(
        FancyArrowPatch(
            tuple(start), tuple(end), connectionstyle=f"arc3,rad={-side * bend}", arrowstyle="-|>",
            mutation_scale=8.0 + 2.0 * width, color=colour, lw=width, shrinkA=1, shrinkB=1, zorder=1,
            patchA=nodes[edge.reactant], patchB=nodes[edge.product],
        )
    )  # fmt: skip
    # Half-way along, arc3 stands off by half of rad times the length.
    middle = 0.5 * (start + end) + side * normal * (0.5 * bend * length + 0.07 + 0.015 * width)
    box = {"facecolor": "white", "edgecolor": "none", "pad": 0.4, "alpha": 0.9}
    if words:
        x, y = middle.tolist()
        # Beside a steep arrow the words begin or end at it, so that they do not lie on it.
        away = float(side * normal[0])
        aligned = "center" if abs(away) < 0.25 or abs(away) > 0.9 else "left" if away > 0.0 else "right"
        ax.text(x, y, words, color=colour, fontsize=7, ha=aligned, va="center", bbox=box, zorder=3)
