"""Style of the figures: sizes for print, colours for colour-blind readers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from sbpath.files import atomic_write, check_figure

# Width of one and two columns (inch).
SINGLE, DOUBLE = 3.5, 7.2

# One colour has one meaning in all figures. Four palettes and the two directions have no colour in common; within each,
# colours stay apart for the colour-blind (tests/plots/test_crowding.py). What is none of these is black or grey.
BLACK, GREY = "black", "#999999"
# Directions, from Okabe and Ito's palette ("Color Universal Design", 2008).
INSERTION, EXTRACTION = "#0072B2", "#D55E00"
DIRECTIONS = {"insertion": INSERTION, "extraction": EXTRACTION}
# Phases, and paths and edges by a phase of theirs: Okabe and Ito's other colours, and darker and paler ones.
ORANGE, SKY, GREEN, YELLOW, ROSE, TEAL = "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#C0307A", "#1F5C5C"
PHASES = (GREY, GREEN, ORANGE, SKY, YELLOW, ROSE, "#2B1B6E", "#CCDDAA", "#6B2000", "#E0C8E8", TEAL, "#BBBB55")
# Causes of a loss, in the order of `LOSSES`.
CAUSES = ("#6A4C93", "#C08552", "#3FA7A0", "#B8E986", "#5B6B7A", "#F2B5A7", "#4B3C1E")
# Where charge stays that is not taken out again, in the order of `sbpath.plots.lifetime.PLACES`.
DESTINATIONS = ("#891414", "#622789", "#0089FF", "#B1C4FF", "#624E62", "#EBEB89", "#9D9D76")
# Systems, cells or ions side by side.
SYSTEMS = ("#033D95", "#D490AB", "#168241", "#6E2A61", "#7C92E8", "#3BAD1E", "#8669FB", "#0636F8")
# Backends of Matplotlib that cannot show a figure.
_FILES_ONLY = ("agg", "cairo", "pdf", "pgf", "ps", "svg")

# Texts are "medium", "small" or "x-small", so that all of them follow ``font.size``.
_SETTINGS: Any = {
    "font.size": 8.0,
    "axes.titlesize": "medium",
    "legend.fontsize": "small",
    "legend.frameon": False,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "axes.linewidth": 0.7,
    "lines.linewidth": 1.3,
    "hatch.linewidth": 0.5,
    "savefig.dpi": 300,
    "figure.dpi": 110,
    "svg.hashsalt": "sbpath",
    "pdf.fonttype": 42,
}


_DRAWING = threading.RLock()


def _where_unset() -> Any:
    """The settings that neither the user nor a style sheet has changed from Matplotlib's own."""
    return {key: value for key, value in _SETTINGS.items() if mpl.rcParams[key] == mpl.rcParamsDefault[key]}


@contextmanager
def style() -> Iterator[None]:
    """Context manager with the settings of the figures: ``with sbpath.plots.style(): ...``.

    A setting that you have changed, in ``matplotlib.rcParams`` or by a style sheet, is kept; one that
    you have set to Matplotlib's own default cannot be told from one that you have not set. Matplotlib's
    settings, its list of figures and its reader of formulas are shared by all threads, so one thread at a
    time draws.
    """
    interactive = False
    try:
        with _DRAWING, mpl.rc_context(_where_unset()):
            try:
                yield
            finally:
                interactive = mpl.is_interactive()
    finally:
        # Making the first figure turns a notebook interactive; rc_context would undo that, and later figures
        # would not be shown.
        mpl.interactive(interactive)


def shades(number: int) -> np.ndarray:
    """Colours from dark to light, without the lightest, which is invisible on white."""
    return mpl.colormaps["viridis"](np.linspace(0.0, 0.82, number))


def line_width(points: float) -> float:
    """A width (point) beside the usual 1.3, in proportion to ``lines.linewidth``; for use within `style`."""
    return points / _SETTINGS["lines.linewidth"] * mpl.rcParams["lines.linewidth"]


def figure_of(drawn: Any) -> Figure:
    """The figure of what a function of `sbpath.plots` returned: a figure, axes, or axes in tuples, lists or arrays."""
    while not hasattr(drawn, "figure"):
        drawn = drawn[0]
    return drawn if isinstance(drawn, Figure) else drawn.figure


def save(drawn: Any, path: str | Path) -> Path:
    """Write a figure as PNG, PDF or SVG, by the extension of `path`.

    Where figures cannot be shown, as in a script without a screen, Matplotlib then forgets it, and so frees
    its memory; it can still be changed and saved again.

    Parameters
    ----------
    drawn : Figure, Axes or tuple of Axes
        What a function of `sbpath.plots` returned.
    path : str or Path
        The file.

    Raises
    ------
    InputError
        If the extension is another one or the file cannot be written.
    """
    target = Path(path)
    check_figure(target)
    # Without a date, the same figure gives the same bytes.
    metadata = {".pdf": {"CreationDate": None}, ".svg": {"Date": None}}.get(target.suffix.lower())
    with style(), atomic_write(target) as file:
        figure = figure_of(drawn)
        figure.savefig(file, format=target.suffix[1:].lower(), metadata=metadata)
        if mpl.get_backend().lower() in _FILES_ONLY:
            plt.close(figure)
    return target
