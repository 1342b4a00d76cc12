"""Layout of a phase graph: in columns if there are few compositions, otherwise in a ladder."""

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

# With more compositions than this the graph is drawn as a ladder.
MAX_COLUMNS = 4
# Radius of a node and distances between columns and rows, in axis units.
NODE_RADIUS, COLUMN_DISTANCE, ROW_DISTANCE = 0.29, 1.9, 1.7
# Maximum length of an axis unit, and height of title and margins (inch).
MAX_UNIT_INCH, TITLE_INCH = 1.2, 0.36
# Margins below the lowest node and above the highest one, and the height of the legend within the latter.
MARGIN_BELOW, MARGIN_ABOVE, LEGEND_HEIGHT = 0.75, 0.95, 0.3
# In a ladder an axis unit is an inch: distance between arrows at a node, height between two nodes, distance
# of the innermost arcs from the nodes, maximum distance between arcs, and space for labels.
PORT_DISTANCE, RUNG_GAP, ARC_OFFSET, MAX_ARC_DISTANCE, LABEL_SPACE = 0.085, 0.4, 0.36, 0.62, 0.3
# Possible positions of a label along its arrow (0 to 1), the preferred one first.
LABEL_POSITIONS = tuple(0.5 + sign * 0.03 * step for step in range(11) for sign in (1, -1)[: 1 + (step > 0)])
# Distance of a label from other arrows (pixel).
LABEL_CLEARANCE = 6.0
# Outline of nodes with amorphous phases, and font sizes.
DASHES: Any = (0, (3, 2))
NODE_FONT, LABEL_FONT, NOTE_FONT = "medium", "small", "small"

# A possible position of a label and its alignment there.
Place = tuple[float, float, Literal["left", "center", "right"]]


@dataclass(frozen=True, slots=True)
class Arrow:
    """How an edge is drawn."""

    edge: Edge
    colour: str
    width: float
    label: str


@dataclass(frozen=True, slots=True)
class Curve:
    """Geometry of an arrow: its patch, points along it, its label and the possible places of the label."""

    patch: FancyArrowPatch
    points: Floats
    label: str
    places: list[Place]


def draw(
    mechanism: Mechanism,
    arrows: Sequence[Arrow],
    ax: Axes | None,
    title: tuple[str, str],
    legend: Sequence[Line2D],
    notes: Sequence[str] = (),
) -> Axes:
    """Draw nodes, arrows and labels; `title` is subject and conditions, `notes` are below."""
    contents = {round(mechanism.full_content(node), 6) for node in mechanism.nodes}
    drawing = (Columns if len(contents) <= MAX_COLUMNS else Ladder)(mechanism, arrows)
    new_figure = ax is None
    if ax is None:
        _, ax = plt.subplots(figsize=(DOUBLE, drawing.height), layout="constrained")
    ax.set_xlim(*drawing.xlim)
    ax.set_ylim(*drawing.ylim)
    ax.set_aspect("equal")
    ax.axis("off")
    ax.legend(handles=legend, loc="upper right", ncols=len(legend))
    if notes:
        ax.text(
            0.0, -0.01, "\n".join(notes), transform=ax.transAxes, fontsize=NOTE_FONT, color="0.35", va="top"
        )
    figure = settled(ax)
    lines = fitted_title(ax, *title)
    if new_figure:
        # Lines of notes are slightly lower than those of a title.
        grow(figure, lines=lines + 0.8 * len(notes))
    settled(ax)
    shapes = drawing.shapes(ax)
    curves = [drawing.curve(arrow, shapes) for arrow in arrows]
    for curve in curves:
        ax.add_patch(curve.patch)
    _add_labels(ax, arrows, curves, shapes)
    return ax


class Columns:
    """Nodes from left to right by alkali content, nodes of equal content above each other."""

    def __init__(self, mechanism: Mechanism, arrows: Sequence[Arrow]):
        self.mechanism = mechanism
        columns: dict[float, list[str]] = {}
        for node in sorted(mechanism.nodes, key=mechanism.full_content):
            columns.setdefault(round(mechanism.full_content(node), 6), []).append(node)
        self.centres = {
            node: (COLUMN_DISTANCE * i, ROW_DISTANCE * ((len(nodes) - 1) / 2 - j))
            for i, nodes in enumerate(columns.values())
            for j, node in enumerate(nodes)
        }
        xs, ys = zip(*self.centres.values(), strict=True)
        self.xlim = (min(xs) - 0.5, max(xs) + 0.5)
        # Wide arcs and their labels need more height than the nodes; the legend is above them.
        tops = [place[1] for arrow in arrows for place in self._bow(arrow)[1][:1]]
        low, high = min(tops, default=0.0) - 0.12, max(tops, default=0.0) + 0.12
        if high > max(ys) + MARGIN_ABOVE - LEGEND_HEIGHT:
            high += LEGEND_HEIGHT
        self.ylim = (min(min(ys) - MARGIN_BELOW, low), max(max(ys) + MARGIN_ABOVE, high))
        width, height = self.xlim[1] - self.xlim[0], self.ylim[1] - self.ylim[0]
        self.height = TITLE_INCH + height * min(MAX_UNIT_INCH, (DOUBLE - 0.1) / width)

    def shapes(self, ax: Axes) -> dict[str, Patch]:
        """A circle for each node, or boxes if not all names fit into circles."""
        texts = _names(ax, self.mechanism, self.centres, " + ")
        sizes = {node: _size(ax, text) for node, text in texts.items()}
        if all(np.hypot(*size) <= 2.0 * NODE_RADIUS for size in sizes.values()):
            shapes: dict[str, Patch] = {node: Circle(self.centres[node], NODE_RADIUS) for node in texts}
        else:
            width, height = np.max(list(sizes.values()), axis=0) + 0.14
            shapes = {node: _box(self.centres[node], width, height) for node in texts}
        return _add_shapes(ax, self.mechanism, shapes)

    def curve(self, arrow: Arrow, shapes: dict[str, Patch]) -> Curve:
        """An arc from centre to centre, clipped to the outside of the nodes."""
        start, end = (self.centres[name] for name in (arrow.edge.reactant, arrow.edge.product))
        points, places, rad = self._bow(arrow)
        patch = FancyArrowPatch(
            start, end, connectionstyle=f"arc3,rad={rad}", shrinkA=1, shrinkB=1,
            patchA=shapes[arrow.edge.reactant], patchB=shapes[arrow.edge.product], **_look(arrow),
        )  # fmt: skip
        return Curve(patch, points, arrow.label, places)

    def _bow(self, arrow: Arrow) -> tuple[Floats, list[Place], float]:
        """Points of the arc, places of its label and curvature."""
        start, end = (np.array(self.centres[name]) for name in (arrow.edge.reactant, arrow.edge.product))
        length = float(np.hypot(*(end - start)))
        normal = np.array([-(end - start)[1], (end - start)[0]]) / length
        # An arrow past another node takes a wider arc, on the outer side of the drawing.
        bend, side = 0.13, 1.0
        if length > 1.2 * COLUMN_DISTANCE:
            bend = 0.27
            outer = float(np.sign(start[1] + end[1]))
            if outer != 0.0:
                side = outer * float(np.sign(normal[1]))
                bend = 0.27 if side > 0.0 else 0.45
        corner = 0.5 * (start + end) + side * bend * length * normal
        # Next to a steep arrow the label begins or ends at it, so that it does not cover the arrow.
        away = float(side * normal[0])
        alignment = "center" if abs(away) < 0.25 or abs(away) > 0.9 else "left" if away > 0.0 else "right"
        offset = side * normal * (0.07 + 0.015 * arrow.width)
        points = _bezier(np.array([start, corner, end]), np.linspace(0.0, 1.0, 200))
        places = _bezier(np.array([start, corner, end]), np.array(LABEL_POSITIONS)) + offset
        return points, [(*place, alignment) for place in places.tolist()], -side * bend


class Ladder:
    """Nodes from top to bottom by alkali content; downward arrows at the left, upward ones at the right."""

    def __init__(self, mechanism: Mechanism, arrows: Sequence[Arrow]):
        self.mechanism = mechanism
        self.rungs = {node: i for i, node in enumerate(sorted(mechanism.nodes, key=mechanism.full_content))}
        ends = [self._ends(arrow) for arrow in arrows]
        # For each node and side, the nodes at the other ends of its arrows, from top to bottom in the order in
        # which arrows do not cross: near and then far ones above, far and then near ones below.
        self.ports: dict[tuple[int, bool], list[int]] = {}
        for start, end in ends:
            for one, other in ((start, end), (end, start)):
                ports = self.ports.setdefault((one, start < end), [])
                ports.append(other)
                ports.sort(key=lambda other, one=one: (other > one, -other))
        max_ports = max(map(len, self.ports.values()), default=1)
        self.box_height = max(0.25, PORT_DISTANCE * max_ports + 0.07)
        rung = self.box_height + RUNG_GAP
        self.centres = {node: (0.0, -rung * i) for node, i in self.rungs.items()}
        self.xlim = (-0.5 * DOUBLE, 0.5 * DOUBLE)
        self.ylim = (
            -rung * (len(self.rungs) - 1) - 0.5 * self.box_height - 0.05, 0.5 * self.box_height + LEGEND_HEIGHT
        )  # fmt: skip
        self.height = TITLE_INCH + self.ylim[1] - self.ylim[0]
        self.levels = _levels(ends)
        self.box_width = self.arc_distance = 0.0

    def shapes(self, ax: Axes) -> dict[str, Patch]:
        """A box for each node, all of the same size."""
        texts = _names(ax, self.mechanism, self.centres, None)
        self.box_width = 0.14 + max(_size(ax, text)[0] for text in texts.values())
        space = 0.5 * (DOUBLE - self.box_width) - ARC_OFFSET - LABEL_SPACE
        self.arc_distance = min(MAX_ARC_DISTANCE, space / max(max(self.levels.values(), default=1) - 1, 1))
        boxes: dict[str, Patch] = {
            node: _box(self.centres[node], self.box_width, self.box_height) for node in texts
        }
        return _add_shapes(ax, self.mechanism, boxes)

    def curve(self, arrow: Arrow, shapes: dict[str, Patch]) -> Curve:
        """An arc on one side, further out the more arcs it encloses."""
        start, end = self._ends(arrow)
        side = -1.0 if start < end else 1.0
        x = side * 0.5 * self.box_width
        ys = [self._port(start, end, start < end), self._port(end, start, start < end)]
        # A cubic Bézier curve reaches three quarters of the distance to its control points.
        out = x + side * (ARC_OFFSET + self.arc_distance * (self.levels[start, end] - 1)) / 0.75
        corners = np.array([(x, ys[0]), (out, ys[0]), (out, ys[1]), (x + 0.02 * side, ys[1])])
        patch = FancyArrowPatch(
            path=Path(corners, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4]), **_look(arrow)
        )
        points = _bezier(corners, np.linspace(0.0, 1.0, 300))
        places: list[Place] = [
            (x, y, "center") for x, y in _bezier(corners, np.array(LABEL_POSITIONS)).tolist()
        ]
        # In two lines the label does not reach the next arc.
        return Curve(patch, points, arrow.label.replace(", ", ",\n"), places)

    def _ends(self, arrow: Arrow) -> tuple[int, int]:
        return self.rungs[arrow.edge.reactant], self.rungs[arrow.edge.product]

    def _port(self, one: int, other: int, down: bool) -> float:
        """Height at which the arrow between two rungs meets the first one."""
        ports = self.ports[one, down]
        centre = list(self.centres.values())[one][1]
        return centre + PORT_DISTANCE * (0.5 * (len(ports) - 1) - ports.index(other))


def _levels(ends: Sequence[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Level of each arrow: one more than the highest level of the arrows it encloses on its side, or 1."""
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
    ax: Axes, mechanism: Mechanism, centres: dict[str, tuple[float, float]], separator: str | None
) -> dict[str, Text]:
    labels = node_labels(mechanism, mathtext=True)
    if separator:
        labels = {
            node: label.replace(" (", "\n(").replace(separator, f"\n{separator.lstrip()}")
            for node, label in labels.items()
        }
    return {
        node: ax.text(
            *centre, labels[node], ha="center", va="center", fontsize=NODE_FONT, linespacing=0.95, zorder=4
        )
        for node, centre in centres.items()
    }


def _size(ax: Axes, artist: Any) -> Floats:
    """Width and height in axis units."""
    box = extent(artist).transformed(ax.transData.inverted())
    return np.array([box.width, box.height])


def _box(centre: tuple[float, float], width: float, height: float) -> FancyBboxPatch:
    corner = (centre[0] - 0.5 * width, centre[1] - 0.5 * height)
    return FancyBboxPatch(corner, width, height, boxstyle="round,pad=0,rounding_size=0.06")


def _add_shapes(ax: Axes, mechanism: Mechanism, shapes: dict[str, Patch]) -> dict[str, Patch]:
    """Add the shapes to the axes, dashed if a node is not fully crystalline."""
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


def _add_labels(ax: Axes, arrows: Sequence[Arrow], curves: Sequence[Curve], shapes: dict[str, Patch]) -> None:
    """Label each arrow at the place that covers the fewest nodes, labels and other arrows."""
    lines = [ax.transData.transform(curve.points) for curve in curves]
    occupied = [extent(shape) for shape in shapes.values()]
    for i, (arrow, curve) in enumerate(zip(arrows, curves, strict=True)):
        if not curve.label:
            continue
        text = ax.text(
            0.0, 0.0, curve.label, color=arrow.colour, fontsize=LABEL_FONT, va="center", ma="center", zorder=3,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.4},
        )  # fmt: skip
        others = [line for j, line in enumerate(lines) if j != i]

        def overlaps(place: Place, text: Text = text, others: list[Floats] = others) -> int:
            _move(text, place)
            box = extent(text).padded(LABEL_CLEARANCE)
            hits = sum(box.overlaps(other) for other in occupied)
            # Covering a node or a label is worse than covering any number of arrows.
            return 1000 * hits + sum(_crosses(box, line) for line in others)

        _move(text, min(curve.places, key=overlaps))
        occupied.append(extent(text))


def _move(text: Text, place: Place) -> None:
    text.set_position(place[:2])
    text.set_horizontalalignment(place[2])


def _crosses(box: Bbox, line: Floats) -> bool:
    return bool(((line > box.min) & (line < box.max)).all(axis=1).any())
