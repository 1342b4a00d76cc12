"""Legends and titles wrapped to the width available."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.legend import Legend
from matplotlib.transforms import Bbox

from sbpath.plots.style import style

# Height of an additional row of a legend, and of an additional line of a title (inch).
LEGEND_ROW_INCH, TITLE_LINE_INCH = 0.155, 0.145


@contextmanager
def panel(ax: Axes | None, width: float, height: float) -> Iterator[Axes]:
    """Draw in `style`, on `ax` or on new axes of this size (inch)."""
    with style():
        yield plt.subplots(figsize=(width, height), layout="constrained")[1] if ax is None else ax


@contextmanager
def panels(
    axes: Any, rows: int, columns: int, size: tuple[float, float], **options: Any
) -> Iterator[list[Axes]]:
    """Draw in `style`, on `axes` or on those of a new figure of this size (inch), row by row.

    `options` are passed to `plt.subplots`.
    """
    with style():
        if axes is None:
            _, axes = plt.subplots(
                rows, columns, figsize=size, layout="constrained", squeeze=False, **options
            )
        yield list(np.asarray(axes).flat)


def settled(ax: Axes) -> Figure:
    """The figure of `ax`, laid out, so that its contents can be measured."""
    figure = cast(Figure, cast(Any, ax.figure).canvas.figure)
    figure.draw_without_rendering()
    return figure


def extent(artist: Any) -> Bbox:
    """Bounding box of a text, a legend, ... (pixel)."""
    return artist.get_window_extent()


def legend_above(ax: Axes, loc: str = "lower left", **options: Any) -> int:
    """A legend above `ax`, as wide as that; returns its number of rows."""
    settled(ax)
    place = (0.5 if "center" in loc else 0.0, 1.0)
    return fitted_legend(ax, extent(ax).width, loc=loc, bbox_to_anchor=place, **options)


def legend_below(figure: Figure, handles: Sequence[Any], labels: Sequence[str], **options: Any) -> int:
    """A legend below all panels, as wide as the figure; returns its number of rows."""
    width = 0.97 * figure.bbox.width
    return fitted_legend(figure, width, handles=handles, labels=labels, loc="outside lower center", **options)


def fitted_legend(parent: Axes | Figure | SubFigure, max_width: float, **options: Any) -> int:
    """A legend of at most `max_width` (pixel) if possible; returns its number of rows.

    `options` are passed to Matplotlib.
    """
    handles, labels = options.pop("handles", None), options.pop("labels", None)
    if handles is None:
        handles, labels = cast(Axes, parent).get_legend_handles_labels()
    rows, count = 0, max(len(handles), 1)
    while True:
        rows += 1
        # As few columns as possible, so that the last one is not nearly empty.
        columns = -(-count // rows)
        legend: Legend = parent.legend(handles, labels, ncols=columns, **options)
        if columns == 1 or extent(legend).width <= max_width:
            return -(-count // columns)
        legend.remove()


def fitted_title(ax: Axes, subject: str, conditions: str, **options: Any) -> int:
    """A left-aligned title ``subject: conditions`` that fits the figure; returns its number of lines.

    The axes must be laid out. A title that is too long is broken after the colon first.
    """
    max_width = cast(Any, ax.figure).bbox.x1 - extent(ax).x0 - 4.0
    title = ax.set_title(f"{subject}: {conditions}", loc="left", **options)
    width = extent(title).width
    if width <= max_width:
        return 1
    letters = max(int(len(title.get_text()) * max_width / width), 12)
    lines = [line for part in (f"{subject}:", conditions) for line in textwrap.wrap(part, letters)]
    title.set_text("\n".join(lines))
    return len(lines)


def wrapped(ax: Axes, parts: Sequence[str], separator: str, max_width: float, fontsize: str) -> str:
    """`parts` joined, with a line break before each part that would end beyond `max_width` (pixel)."""
    trial = ax.text(0.0, 0.0, "", fontsize=fontsize)
    lines = [parts[0]]
    for part in parts[1:]:
        trial.set_text(f"{lines[-1]}{separator}{part}{separator}")
        if extent(trial).width > max_width:
            lines[-1] += separator.rstrip()
            lines.append(part)
        else:
            lines[-1] += separator + part
    trial.remove()
    return "\n".join(lines)


def grow(figure: Figure, rows: float = 1, lines: float = 1) -> None:
    """Increase the height of `figure` by the legend rows and title lines beyond the first."""
    extra = LEGEND_ROW_INCH * (rows - 1) + TITLE_LINE_INCH * (lines - 1)
    if extra > 0.0:
        width, height = figure.get_size_inches()
        figure.set_size_inches(width, height + extra)
