"""The phase graph: insertion and extraction edges apart, with equilibrium potentials."""

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
from sbpath.results.labels import phase_labels

# Size of a node and distances between columns and rows, in the units of the axes.
RADIUS, COLUMN, ROW = 0.29, 1.9, 1.7


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
        if ax is None:
            rows = len({y for _, y in _places(mechanism).values()})
            _, ax = plt.subplots(figsize=(DOUBLE, 2.4 if rows == 1 else 4.4), layout="constrained")
        directed = phase_graph(mechanism, name)
        places = _places(mechanism)
        labels = phase_labels(mechanism.document, mathtext=True)
        nodes = {}
        for phase, place in places.items():
            dashes = "-" if mechanism.phases[phase].crystalline else (0, (3, 2))
            nodes[phase] = Circle(
                place, RADIUS, facecolor="white", edgecolor="black", lw=1.0, ls=dashes, zorder=2
            )
            ax.add_patch(nodes[phase])
            ax.text(
                *place,
                labels[phase].replace(" (", "\n("),
                ha="center",
                va="center",
                fontsize=7.5,
                linespacing=0.95,
            )
        for edge in (data["edge"] for _, _, data in directed.edges(data=True)):
            _edge(ax, mechanism, nodes, edge)
        handles = [
            Line2D([], [], color=INSERTION, lw=1.5, label="insertion"),
            Line2D([], [], color=EXTRACTION, lw=1.5, label="extraction"),
        ]
        if any(_direction(mechanism, e.reactant, e.product) == 0.0 for e in mechanism.edges(name)):
            handles.append(Line2D([], [], color=GREY, lw=1.5, label="no charge"))
        if not all(p.crystalline for p in mechanism.phases.values()):
            handles.append(Line2D([], [], color="black", lw=1.0, ls=(0, (3, 2)), label="amorphous"))
        ax.legend(handles=handles, loc="upper right", ncols=len(handles))
        ax.set_title(f"{mechanism.title}: {name or mechanism.default_graph} graph", loc="left")
        xs, ys = zip(*places.values(), strict=True)
        ax.set_xlim(min(xs) - 0.5, max(xs) + 0.5)
        ax.set_ylim(min(ys) - 0.75, max(ys) + 0.95)
        ax.set_aspect("equal")
        ax.axis("off")
    return ax


def _places(mechanism: Mechanism) -> dict[str, tuple[float, float]]:
    """Positions: columns by alkali content, phases of one content above each other."""
    columns: dict[float, list[str]] = {}
    for phase in sorted(mechanism.phases, key=mechanism.full_content):
        columns.setdefault(round(mechanism.full_content(phase), 6), []).append(phase)
    places = {}
    for i, phases in enumerate(columns.values()):
        for j, phase in enumerate(phases):
            places[phase] = (COLUMN * i, ROW * ((len(phases) - 1) / 2 - j))
    return places


def _direction(mechanism: Mechanism, reactant: str, product: str) -> float:
    return float(np.sign(mechanism.full_content(product) - mechanism.full_content(reactant)))


def _edge(ax: Axes, mechanism: Mechanism, nodes: dict[str, Circle], edge: Edge) -> None:
    start, end = (np.array(nodes[name].center) for name in (edge.reactant, edge.product))
    colour = {1.0: INSERTION, -1.0: EXTRACTION, 0.0: GREY}[_direction(mechanism, edge.reactant, edge.product)]
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
            tuple(start), tuple(end), connectionstyle=f"arc3,rad={-side * bend}", arrowstyle="-|>", mutation_scale=10,
            color=colour, lw=1.3, shrinkA=1, shrinkB=1, zorder=1,
            patchA=nodes[edge.reactant], patchB=nodes[edge.product],
        )
    )  # fmt: skip
    potential = equilibrium_potential(mechanism, edge.reactant, edge.product)
    words = [f"({edge.stated.review_equation})"] if edge.stated.review_equation else []
    words += [] if potential is None else [f"{potential:.3f} V"]
    # Half-way along, arc3 stands off by half of rad times the length.
    middle = 0.5 * (start + end) + side * normal * (0.5 * bend * length + 0.09)
    box = {"facecolor": "white", "edgecolor": "none", "pad": 0.4, "alpha": 0.9}
    x, y = middle.tolist()
    ax.text(x, y, "  ".join(words), color=colour, fontsize=7, ha="center", va="center", bbox=box, zorder=3)
