"""Figures. Each function takes Matplotlib axes (or makes them) and returns them; none shows."""

from sbpath.plots.budget import budget_figure, gap, zero_rate
from sbpath.plots.comparison import comparison, loops
from sbpath.plots.cycle import operando, overview, voltage
from sbpath.plots.differential import differential_capacity
from sbpath.plots.diffraction import diffraction
from sbpath.plots.explain import rivals
from sbpath.plots.graph import graph, paths
from sbpath.plots.heat import heat
from sbpath.plots.literature import hosts, strategies
from sbpath.plots.particle_map import mosaic
from sbpath.plots.rate_capability import rate_capability
from sbpath.plots.reversals import minor_loops, rest_after_reversal, reversals
from sbpath.plots.selection import selection
from sbpath.plots.style import save, style
from sbpath.plots.sweep import sweep
from sbpath.plots.swelling import swelling
from sbpath.plots.titration import titration
from sbpath.plots.voltammetry import voltammetry

__all__ = [
    "budget_figure",
    "comparison",
    "differential_capacity",
    "diffraction",
    "gap",
    "graph",
    "heat",
    "hosts",
    "loops",
    "minor_loops",
    "mosaic",
    "operando",
    "overview",
    "paths",
    "rate_capability",
    "rest_after_reversal",
    "reversals",
    "rivals",
    "save",
    "selection",
    "strategies",
    "style",
    "sweep",
    "swelling",
    "titration",
    "voltage",
    "voltammetry",
    "zero_rate",
]
