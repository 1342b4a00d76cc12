"""Drawings of a phase graph: nodes in columns where these are few, in a ladder where they are many."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Patch
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from sbpath.mechanism.mechanism import Edge, Mechanism
from sbpath.mechanism.notation import node_labels
from sbpath.plots.layout import extent, fitted_title, grow, settled
from sbpath.plots.style import DOUBLE
from sbpath.solution import Floats

# More columns than these stand below each other, where their names have room.
COLUMNS = 4
# Size of a node and distances between columns and rows, in the units of the axes.
RADIUS, COLUMN, ROW = 0.29, 1.9, 1.7
# At most so many inches to a unit, and what title and margins take of the height (inch).
INCH, ABOVE = 1.2, 0.36
# Below the lowest node, above the highest one, and what the legend takes of that.
BELOW, OVER, LEGEND = 0.75, 0.95, 0.3
# In a ladder a unit is an inch: distance of arrows at a node, height between two nodes, distance of the
# innermost arcs from the nodes, the greatest distance from one arc to the next, and room for words.
PORT, STEP, NEAR, FAR, WORDS = 0.085, 0.4, 0.36, 0.62, 0.3
# Where along an arrow its words may stand, the best place first.
PLACES = (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74)
# Of nodes that diffraction does not see, and sizes of words.
DASHES: Any = (0, (3, 2))
NODE, WORD, NOTE = 7.5, 7.0, 6.5

# Where words may stand and how they are aligned there.
Place = tuple[float, float, Literal["left", "center", "right"]]


@dataclass(frozen=True, slots=True)
class Arrow:
    """An edge as it is to be drawn."""

    edge: Edge
    colour: str
    width: float
    words: str


@dataclass(frozen=True, slots=True)
class Curve:
    """Where an arrow runs: its patch, points along it, its words and where these may stand."""

    patch: FancyArrowPatch
    points: Floats
    words: str
    places: list[Place]


def draw(
    mechanism: Mechanism,
    arrows: Sequence[Arrow],
    ax: Axes | None,
    title: tuple[str, str],
    legend: Sequence[Line2D],
    notes: Sequence[str] = (),
) -> Axes:
    """Nodes, arrows and words; the title says ``what: where``, notes stand below."""
    contents = {round(mechanism.full_content(node), 6) for node in mechanism.nodes}
    drawing = (Columns if len(contents) <= COLUMNS else Ladder)(mechanism, arrows)
    own = ax is None
    if ax is None:
        _, ax = plt.subplots(figsize=(DOUBLE, drawing.height), layout="constrained")
    ax.set_xlim(*drawing.across)
    ax.set_ylim(*drawing.up)
    ax.set_aspect("equal")
    ax.axis("off")
    ax.legend(handles=legend, loc="upper right", ncols=len(legend))
    if notes:
        ax.text(0.0, -0.01, "\n".join(notes), transform=ax.transAxes, fontsize=NOTE, color="0.35", va="top")
    figure = settled(ax)
    lines = fitted_title(ax, *title)
    if own:
        # Notes are a little smaller than lines of a title.
        grow(figure, lines=lines + 0.8 * len(notes))
    settled(ax)
    shapes = drawing.shapes(ax)
    curves = [drawing.curve(arrow, shapes) for arrow in arrows]
    for curve in curves:
        ax.add_patch(curve.patch)
    _say(ax, arrows, curves, shapes)
    return ax


class Columns:
    """Nodes from left to right by their alkali content, those of one content above each other."""

    def __init__(self, mechanism: Mechanism, arrows: Sequence[Arrow]):
        self.mechanism = mechanism
        columns: dict[float, list[str]] = {}
        for node in sorted(mechanism.nodes, key=mechanism.full_content):
            columns.setdefault(round(mechanism.full_content(node), 6), []).append(node)
        self.centres = {
            node: (COLUMN * i, ROW * ((len(nodes) - 1) / 2 - j))
            for i, nodes in enumerate(columns.values())
            for j, node in enumerate(nodes)
        }
        xs, ys = zip(*self.centres.values(), strict=True)
        self.across = (min(xs) - 0.5, max(xs) + 0.5)
        # Wide arcs and their words need more height than the nodes, and the legend stands above them.
        tops = [place[1] for arrow in arrows for place in self._bow(arrow)[1][:1]]
        low, high = min(tops, default=0.0) - 0.12, max(tops, default=0.0) + 0.12
        if high > max(ys) + OVER - LEGEND:
            high += LEGEND
        self.up = (min(min(ys) - BELOW, low), max(max(ys) + OVER, high))
        wide, tall = self.across[1] - self.across[0], self.up[1] - self.up[0]
        self.height = ABOVE + tall * min(INCH, (DOUBLE - 0.1) / wide)

    def shapes(self, ax: Axes) -> dict[str, Patch]:
        """A circle for each node, or boxes where not all names fit into circles."""
        texts = _names(ax, self.mechanism, self.centres, " + ")
        sizes = {node: _size(ax, text) for node, text in texts.items()}
        if all(np.hypot(*size) <= 2.0 * RADIUS for size in sizes.values()):
            made: dict[str, Patch] = {node: Circle(self.centres[node], RADIUS) for node in texts}
        else:
            wide, tall = np.max(list(sizes.values()), axis=0) + 0.14
            made = {node: _box(self.centres[node], wide, tall) for node in texts}
        return _added(ax, self.mechanism, made)

    def curve(self, arrow: Arrow, shapes: dict[str, Patch]) -> Curve:
        """An arc from centre to centre, as far as it is outside of the nodes."""
        start, end = (self.centres[name] for name in (arrow.edge.reactant, arrow.edge.product))
        points, places, rad = self._bow(arrow)
        patch = FancyArrowPatch(
            start, end, connectionstyle=f"arc3,rad={rad}", shrinkA=1, shrinkB=1,
            patchA=shapes[arrow.edge.reactant], patchB=shapes[arrow.edge.product], **_look(arrow),
        )  # fmt: skip
        return Curve(patch, points, arrow.words, places)

    def _bow(self, arrow: Arrow) -> tuple[Floats, list[Place], float]:
        """Points of the arc, places of its words and how much it is bent."""
        start, end = (np.array(self.centres[name]) for name in (arrow.edge.reactant, arrow.edge.product))
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
        corner = 0.5 * (start + end) + side * bend * length * normal
        # Beside a steep arrow the words begin or end at it, so that they do not lie on it.
        away = float(side * normal[0])
        aligned = "center" if abs(away) < 0.25 or abs(away) > 0.9 else "left" if away > 0.0 else "right"
        beside = side * normal * (0.07 + 0.015 * arrow.width)
        points = _bezier(np.array([start, corner, end]), np.linspace(0.0, 1.0, 60))
        places = _bezier(np.array([start, corner, end]), np.array(PLACES)) + beside
        return points, [(*place, aligned) for place in places.tolist()], -side * bend


class Ladder:
    """Nodes below each other by their alkali content; arrows down on the left, arrows up on the right."""

    def __init__(self, mechanism: Mechanism, arrows: Sequence[Arrow]):
        self.mechanism = mechanism
        self.rungs = {node: i for i, node in enumerate(sorted(mechanism.nodes, key=mechanism.full_content))}
        ends = [self._ends(arrow) for arrow in arrows]
        # At each node and side the others that arrows lead to or come from, in the order from the top
        # in which arrows do not cross: near ones above, far ones above, far ones below, near ones below.
        self.ports: dict[tuple[int, bool], list[int]] = {}
        for start, end in ends:
            for one, other in ((start, end), (end, start)):
                ports = self.ports.setdefault((one, start < end), [])
                ports.append(other)
                ports.sort(key=lambda other, one=one: (other > one, -other))
        most = max(map(len, self.ports.values()), default=1)
        self.tall = max(0.25, PORT * most + 0.07)
        rung = self.tall + STEP
        self.centres = {node: (0.0, -rung * i) for node, i in self.rungs.items()}
        self.across = (-0.5 * DOUBLE, 0.5 * DOUBLE)
        self.up = (-rung * (len(self.rungs) - 1) - 0.5 * self.tall - 0.05, 0.5 * self.tall + LEGEND)
        self.height = ABOVE + self.up[1] - self.up[0]
        self.levels = _levels(ends)
        self.wide = self.apart = 0.0

    def shapes(self, ax: Axes) -> dict[str, Patch]:
        """A box for each node, all of one size."""
        texts = _names(ax, self.mechanism, self.centres, None)
        self.wide = 0.14 + max(_size(ax, text)[0] for text in texts.values())
        room = 0.5 * (DOUBLE - self.wide) - NEAR - WORDS
        self.apart = min(FAR, room / max(max(self.levels.values(), default=1) - 1, 1))
        boxes: dict[str, Patch] = {node: _box(self.centres[node], self.wide, self.tall) for node in texts}
        return _added(ax, self.mechanism, boxes)

    def curve(self, arrow: Arrow, shapes: dict[str, Patch]) -> Curve:
        """An arc from side to side, the further out the more arcs it encloses."""
        start, end = self._ends(arrow)
        side = -1.0 if start < end else 1.0
        x = side * 0.5 * self.wide
        ys = [self._port(start, end, start < end), self._port(end, start, start < end)]
        # A curve of the third order goes three quarters of the way to its corners.
        out = x + side * (NEAR + self.apart * (self.levels[start, end] - 1)) / 0.75
        corners = np.array([(x, ys[0]), (out, ys[0]), (out, ys[1]), (x + 0.02 * side, ys[1])])
        patch = FancyArrowPatch(
            path=Path(corners, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4]), **_look(arrow)
        )
        points = _bezier(corners, np.linspace(0.0, 1.0, 90))
        places: list[Place] = [(x, y, "center") for x, y in _bezier(corners, np.array(PLACES)).tolist()]
        # In two lines the words do not reach the next arc.
        return Curve(patch, points, arrow.words.replace(", ", ",\n"), places)

    def _ends(self, arrow: Arrow) -> tuple[int, int]:
        return self.rungs[arrow.edge.reactant], self.rungs[arrow.edge.product]

    def _port(self, one: int, other: int, down: bool) -> float:
        """Height at which the arrow between two rungs meets the first of them."""
        ports = self.ports[one, down]
        centre = list(self.centres.values())[one][1]
        return centre + PORT * (0.5 * (len(ports) - 1) - ports.index(other))


def _levels(ends: Sequence[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """For each arrow 1, or one more than the highest level of those on its side that it encloses."""
    levels: dict[tuple[int, int], int] = {}
    for start, end in sorted(ends, key=lambda pair: abs(pair[1] - pair[0])):
        inside = [
            level
            for (a, b), level in levels.items()
            if (a < b) == (start < end)
            and min(start, end) <= min(a, b)
            and max(a, b) <= max(start, end)
            and (a, b) != (start, end)
        ]
        levels[start, end] = 1 + max(inside, default=0)
    return levels


def _names(
    ax: Axes, mechanism: Mechanism, centres: dict[str, tuple[float, float]], broken_at: str | None
) -> dict[str, Text]:
    labels = node_labels(mechanism, mathtext=True)
    if broken_at:
        labels = {
            node: label.replace(" (", "\n(").replace(broken_at, f"\n{broken_at.lstrip()}")
            for node, label in labels.items()
        }
    return {
        node: ax.text(
            *centre, labels[node], ha="center", va="center", fontsize=NODE, linespacing=0.95, zorder=4
        )
        for node, centre in centres.items()
    }


def _size(ax: Axes, artist: Any) -> Floats:
    """Width and height in the units of the axes."""
    box = extent(artist).transformed(ax.transData.inverted())
    return np.array([box.width, box.height])


def _box(centre: tuple[float, float], wide: float, tall: float) -> FancyBboxPatch:
    corner = (centre[0] - 0.5 * wide, centre[1] - 0.5 * tall)
    return FancyBboxPatch(corner, wide, tall, boxstyle="round,pad=0,rounding_size=0.06")


def _added(ax: Axes, mechanism: Mechanism, shapes: dict[str, Patch]) -> dict[str, Patch]:
    """The shapes on the axes, dashed where diffraction would not see all of a node."""
    for node, shape in shapes.items():
        shape.set(facecolor="white", edgecolor="black", lw=1.0, zorder=2)
        shape.set_linestyle("-" if mechanism.crystalline_share(node) == 1.0 else DASHES)
        ax.add_patch(shape)
    return shapes


def _look(arrow: Arrow) -> dict[str, Any]:
    return {
        "arrowstyle": "-|>", "mutation_scale": 8.0 + 2.0 * arrow.width, "color": arrow.colour, "lw": arrow.width,
        "zorder": 1,
    }  # fmt: skip


def _bezier(corners: Floats, along: Floats) -> Floats:
    """Points of a Bézier curve, each of shape (2,)."""
    points = [corner[None, :] + 0.0 * along[:, None] for corner in corners]
    while len(points) > 1:
        points = [(1.0 - along)[:, None] * a + along[:, None] * b for a, b in itertools.pairwise(points)]
    return points[0]


def _say(ax: Axes, arrows: Sequence[Arrow], curves: Sequence[Curve], shapes: dict[str, Patch]) -> None:
    """Words beside each arrow, at the first place where they cover no node, no words and no other arrow."""
    lines = [ax.transData.transform(curve.points) for curve in curves]
    taken = [extent(shape) for shape in shapes.values()]
    for i, (arrow, curve) in enumerate(zip(arrows, curves, strict=True)):
        if not curve.words:
            continue
        text = ax.text(
            0.0, 0.0, curve.words, color=arrow.colour, fontsize=WORD, va="center", ma="center", zorder=3,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.4},
        )  # fmt: skip
        others = [line for j, line in enumerate(lines) if j != i]

        def covered(place: Place, text: Text = text, others: list[Floats] = others) -> int:
            _put(text, place)
            box = extent(text)
            hits = sum(box.overlaps(other) for other in taken)
            # What hides a node or other words is worse than any number of arrows.
            return 1000 * hits + sum(_meets(box, line) for line in others)

        _put(text, min(curve.places, key=covered))
        taken.append(extent(text))


def _put(text: Text, place: Place) -> None:
    text.set_position(place[:2])
    text.set_horizontalalignment(place[2])


def _meets(box: Bbox, line: Floats) -> bool:
    return bool(((line > box.min) & (line < box.max)).all(axis=1).any())
