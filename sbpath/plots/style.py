"""Style of the figures: sizes for print, colours for colour-blind readers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from sbpath.files import atomic_write, check_figure

# Width of one and two columns (inch).
SINGLE, DOUBLE = 3.5, 7.2

# Okabe and Ito's palette ("Color Universal Design", 2008), in an order of rising contrast.
BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#E69F00", "#009E73", "#CC79A7"
SKY, RED, YELLOW, GREY = "#56B4E9", "#D55E00", "#F0E442", "#999999"
SERIES = (BLUE, ORANGE, GREEN, PURPLE, RED, SKY, "#000000", YELLOW)
# Of phases: Okabe and Ito's colours, and darker and paler ones that remain distinct from these and from each
# other (CIEDE2000 of at least 10), also with red-green colour blindness.
INDIGO, TEAL, BROWN = "#2B1B6E", "#1F5C5C", "#6B2000"
LIME, LILAC, BLACK = "#CCDDAA", "#E0C8E8", "#000000"
PHASES = (GREY, ORANGE, BLUE, SKY, GREEN, YELLOW, RED, INDIGO, LIME, BROWN, LILAC, TEAL, BLACK)
INSERTION, EXTRACTION = BLUE, RED
# For a legend that may overlap the data.
FRAMED: Any = {"frameon": True, "facecolor": "white", "edgecolor": "none", "framealpha": 0.85}

_SETTINGS: Any = {
    "font.size": 8.0,
    "font.family": "sans-serif",
    "axes.labelsize": 8.0,
    "axes.titlesize": 8.5,
    "legend.fontsize": 7.0,
    "legend.frameon": False,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
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


@contextmanager
def style() -> Iterator[None]:
    """Context manager with the settings of the figures: ``with sbpath.plots.style(): ...``."""
    interactive = False
    try:
        with mpl.rc_context(_SETTINGS):
            try:
                yield
            finally:
                interactive = mpl.is_interactive()
    finally:
        # Making the first figure turns a notebook interactive; rc_context would undo that, and later figures
        # would not be shown.
        mpl.interactive(interactive)


def figure_of(drawn: Any) -> Figure:
    """The figure of what a function of `sbpath.plots` returned: a figure, axes, or axes in tuples, lists or arrays."""
    while not hasattr(drawn, "figure"):
        drawn = drawn[0]
    return drawn if isinstance(drawn, Figure) else drawn.figure


def save(drawn: Any, path: str | Path) -> Path:
    """Write a figure as PNG, PDF or SVG, by the extension of `path`.

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
    with style(), atomic_write(target, suffix=target.suffix.lower()) as temporary:
        figure_of(drawn).savefig(temporary, metadata=metadata)
    return target
