"""Figures. Each function takes Matplotlib axes (or makes them) and returns them; none shows."""

from sbpath.plots.comparison import comparison
from sbpath.plots.cycle import operando, overview, voltage
from sbpath.plots.graph import graph
from sbpath.plots.style import save, style

__all__ = ["comparison", "graph", "operando", "overview", "save", "style", "voltage"]
