"""The pictures of the README and the pages: `python docs/pictures.py` draws those anew that are out of date.

Each file says in a text chunk of its own what is drawn in it, so that a change is seen without comparing pixels, which
differ between versions of Matplotlib.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import sbpath
from sbpath import plots
from sbpath.plots.style import figure_of

HERE = Path(__file__).resolve().parent
CHUNK = "Drawn"


def _comparison(*systems: str) -> Callable[[], Any]:
    return lambda: plots.comparison(sbpath.compare(systems, progress=False))


def _lithium() -> Any:
    return plots.overview(sbpath.simulate("li-sb", sbpath.cycling("C/10", 0.05, 1.5, 2), progress=False))


def _paths() -> Any:
    return plots.paths(sbpath.simulate("li-sb", sbpath.cycling("C/10", 0.05, 1.5, 2), progress=False))


def _particles() -> Any:
    particles = sbpath.Population.lognormal(200, interfacial_energy=0.04, size=0.5)
    return plots.particle_map(sbpath.simulate("li-sb", population=particles, progress=False))


def _map() -> Any:
    chart = sbpath.selection_map(
        "li-sb",
        "interfaces.Li2Sb|Li3Sb.energy_J_per_m2=0.03..0.12:13",
        "interfaces.Sb|Li3Sb.energy_J_per_m2=0.12..0.26:11",
        cycles=1,
        progress=False,
    )
    return plots.selection(chart, "li-sb")


PICTURES: dict[str, Callable[[], Any]] = {
    "hysteresis": _comparison("li-sb", "na-sb", "k-sb", "li-sb-libh4"),
    "transfer": _comparison("li-sb", "na-sb-nasb", "k-sb-ksb"),
    "lithium": _lithium,
    "paths": _paths,
    "particles": _particles,
    "map": _map,
}


def contents(figure: Figure) -> list[dict[str, Any]]:
    """Words, limits, colours and averages of the lines and areas of each panel; last, the words outside them."""
    outside = [text.get_text() for part in (figure, *figure.subfigs) for text in part.texts]
    panels = [_panel(ax) for ax in figure.findobj(Axes) if ax.get_visible()]
    return [*panels, {"words": outside, "looks": [], "numbers": []}]


def _panel(ax: Axes) -> dict[str, Any]:
    numbers = [*ax.get_xlim(), *ax.get_ylim()]
    looks = []
    for line in ax.lines:
        numbers += _averages(line.get_xydata())
        looks.append(str(line.get_color()))
    for patch in ax.patches:
        numbers += _averages(patch.get_path().vertices)
    for area in ax.collections:
        numbers += [value for path in area.get_paths()[:1] for value in _averages(path.vertices)]
    legend = ax.get_legend()
    words = [ax.get_title("left"), ax.get_xlabel(), ax.get_ylabel(), *(text.get_text() for text in ax.texts)]
    words += [text.get_text() for text in legend.get_texts()] if legend else []
    return {"words": words, "looks": looks, "numbers": [float(f"{number:.4g}") for number in numbers]}


def _averages(points: Any) -> list[float]:
    points = np.asarray(points, dtype=float)
    return np.nanmean(points, axis=0).tolist() if len(points) else []


def stored(path: Path) -> list[dict[str, Any]] | None:
    """What a file says is drawn in it; None if there is no such file, or it says nothing."""
    data, place = path.read_bytes() if path.is_file() else b"", 8
    while place < len(data):
        (length,) = struct.unpack(">I", data[place : place + 4])
        kind, body = data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        if kind == b"tEXt" and body.startswith(CHUNK.encode() + b"\0"):
            return json.loads(body.split(b"\0", 1)[1].decode("latin-1"))
        place += 12 + length
    return None


def current(path: Path, figure: Figure) -> bool:
    """Whether a file shows what the figure does, numbers to one per cent of the largest in a panel."""
    there, here = stored(path), contents(figure)
    return there is not None and len(there) == len(here) and all(map(_alike, there, here))


def _alike(one: dict[str, Any], other: dict[str, Any]) -> bool:
    if any(one[key] != other[key] for key in ("words", "looks")) or len(one["numbers"]) != len(
        other["numbers"]
    ):
        return False
    scale = max(map(abs, other["numbers"]), default=1.0)
    return bool(np.allclose(one["numbers"], other["numbers"], rtol=0.01, atol=1e-3 * scale))


def drawn(name: str) -> Figure:
    """The figure as it is drawn now."""
    return figure_of(PICTURES[name]())


def write(folder: Path = HERE) -> list[str]:
    """Draw the pictures, write those that differ from their files, and return their names."""
    written = []
    for name in PICTURES:
        figure, path = drawn(name), folder / f"{name}.png"
        if not current(path, figure):
            with plots.style():
                figure.savefig(path, dpi=160, metadata={CHUNK: json.dumps(contents(figure))})
            written.append(path.name)
        plt.close("all")
    return written


if __name__ == "__main__":
    print(*(write() or ["all are current"]), sep="\n")
