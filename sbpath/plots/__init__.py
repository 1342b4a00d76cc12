"""Figures. Each function draws on Matplotlib axes, given or new, and returns them; none calls `show`.

Axes are given as `ax`, or as `axes` in the order in which they are returned. Where `cycle` is not given, the last one
that can be drawn is. A solution without what a figure shows, such as a rest in one of a titration, is an `InputError` that
says what to simulate.
"""

from sbpath.calls import checked
from sbpath.plots.cv import voltammetry
from sbpath.plots.dqdv import differential_capacity
from sbpath.plots.driving_forces import driving_forces
from sbpath.plots.gitt import titration
from sbpath.plots.heat import heat
from sbpath.plots.inner_loops import minor_loops, rest_after_reversal, reversals
from sbpath.plots.lifetime import lifetime
from sbpath.plots.losses import hysteresis_profile, losses, zero_rate
from sbpath.plots.operando import operando, overview, voltage
from sbpath.plots.overlay import overlay
from sbpath.plots.particle_map import particle_map
from sbpath.plots.path_map import selection
from sbpath.plots.phase_graph import graph, paths
from sbpath.plots.rate_test import rate_capability
from sbpath.plots.side_by_side import comparison, loops
from sbpath.plots.strategies import hosts, strategies
from sbpath.plots.style import save, style
from sbpath.plots.sweep_chart import sweep
from sbpath.plots.swelling import swelling
from sbpath.plots.xrd import diffraction

__all__ = [
    "comparison",
    "differential_capacity",
    "diffraction",
    "driving_forces",
    "graph",
    "heat",
    "hosts",
    "hysteresis_profile",
    "lifetime",
    "loops",
    "losses",
    "minor_loops",
    "operando",
    "overlay",
    "overview",
    "particle_map",
    "paths",
    "rate_capability",
    "rest_after_reversal",
    "reversals",
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

globals().update({name: checked(globals()[name], __name__) for name in __all__})
