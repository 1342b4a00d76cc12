"""Legends in as many rows and titles in as many lines as there is room for."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any, cast

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.legend import Legend
from matplotlib.transforms import Bbox

# What another row of a legend, and another line of a title, add to the height of a figure (inch).
ROW, LINE = 0.155, 0.145


def settled(ax: Axes) -> Figure:
    """The figure of `ax`, laid out, so that things in it can be measured."""
    figure = cast(Figure, cast(Any, ax.figure).canvas.figure)
    figure.draw_without_rendering()
    return figure


def extent(artist: Any) -> Bbox:
    """Box around a text, a legend, ... (pixel)."""
    return artist.get_window_extent()


def fitted_legend(place: Axes | Figure | SubFigure, room: float, **how: Any) -> int:
    """A legend no wider than `room` (pixel) wherever one column is not; how many rows it took.

    `how` is passed on to Matplotlib.
    """
    handles, labels = how.pop("handles", None), how.pop("labels", None)
    if handles is None:
        handles, labels = cast(Axes, place).get_legend_handles_labels()
    rows, count = 0, max(len(handles), 1)
    while True:
        rows += 1
        # As few columns as that many rows need, so that the last one is not left nearly empty.
        columns = -(-count // rows)
        legend: Legend = place.legend(handles, labels, ncols=columns, **how)
        if columns == 1 or extent(legend).width <= room:
            return -(-count // columns)
        legend.remove()


def fitted_title(ax: Axes, what: str, where: str, **how: Any) -> int:
    """A title ``what: where`` on the left that ends inside the figure; how many lines it took.

    The axes have to be laid out. A line that is too long is broken after the colon first.
    """
    room = cast(Any, ax.figure).bbox.x1 - extent(ax).x0 - 4.0
    title = ax.set_title(f"{what}: {where}", loc="left", **how)
    width = extent(title).width
    if width <= room:
        return 1
    letters = max(int(len(title.get_text()) * room / width), 12)
    lines = [line for part in (f"{what}:", where) for line in textwrap.wrap(part, letters)]
    title.set_text("\n".join(lines))
    return len(lines)


def broken(ax: Axes, parts: Sequence[str], between: str, room: float, fontsize: float) -> str:
    """`parts` joined, with a new line before each part that would end beyond `room` (pixel)."""
    trial = ax.text(0.0, 0.0, "", fontsize=fontsize)
    lines = [parts[0]]
    for part in parts[1:]:
        trial.set_text(f"{lines[-1]}{between}{part}{between}")
        if extent(trial).width > room:
            lines[-1] += between.rstrip()
            lines.append(part)
        else:
            lines[-1] += between + part
    trial.remove()
    return "\n".join(lines)


def grow(figure: Figure, rows: float = 1, lines: float = 1) -> None:
    """Make `figure` higher by what a legend and a title take beyond one row and one line."""
    extra = ROW * (rows - 1) + LINE * (lines - 1)
    if extra > 0.0:
        width, height = figure.get_size_inches()
        figure.set_size_inches(width, height + extra)
