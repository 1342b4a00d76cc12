"""Figures. Each function takes Matplotlib axes (or makes them) and returns them; none shows."""

from sbpath.plots.budget import budget_figure, gap, zero_rate
from sbpath.plots.comparison import comparison, loops
from sbpath.plots.cycle import operando, overview, voltage
from sbpath.plots.diffraction import diffraction
from sbpath.plots.explain import rivals
from sbpath.plots.graph import graph, paths
from sbpath.plots.heat import heat
from sbpath.plots.selection import selection
from sbpath.plots.style import save, style

__all__ = [
    "budget_figure",
    "comparison",
    "diffraction",
    "gap",
    "graph",
    "heat",
    "loops",
    "operando",
    "overview",
    "paths",
    "rivals",
    "save",
    "selection",
    "style",
    "voltage",
    "zero_rate",
]
