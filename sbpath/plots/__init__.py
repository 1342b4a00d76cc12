"""Figures. Each function draws on Matplotlib axes, given or new, and returns them; none calls `show`.

Axes are given as `ax`, or as `axes` in the order in which they are returned. Where `cycle` is not given, the last one
that can be drawn is. A solution without what a figure shows, such as a rest in one of a titration, is an `InputError` that
says what to simulate.
"""

import inspect

from sbpath.calls import checked
from sbpath.plots.cv import voltammetry as voltammetry
from sbpath.plots.driving_forces import driving_forces as driving_forces
from sbpath.plots.gitt import titration as titration
from sbpath.plots.half_cycles import differential_capacity as differential_capacity
from sbpath.plots.half_cycles import swelling as swelling
from sbpath.plots.heat import heat as heat
from sbpath.plots.inner_loops import minor_loops as minor_loops
from sbpath.plots.inner_loops import rest_after_reversal as rest_after_reversal
from sbpath.plots.inner_loops import reversals as reversals
from sbpath.plots.lifetime import lifetime as lifetime
from sbpath.plots.losses import hysteresis_profile as hysteresis_profile
from sbpath.plots.losses import losses as losses
from sbpath.plots.losses import zero_rate as zero_rate
from sbpath.plots.operando import operando as operando
from sbpath.plots.operando import overview as overview
from sbpath.plots.operando import voltage as voltage
from sbpath.plots.overlay import overlay as overlay
from sbpath.plots.particle_map import particle_map as particle_map
from sbpath.plots.path_map import selection as selection
from sbpath.plots.phase_graph import graph as graph
from sbpath.plots.phase_graph import paths as paths
from sbpath.plots.rate_test import rate_capability as rate_capability
from sbpath.plots.side_by_side import comparison as comparison
from sbpath.plots.side_by_side import loops as loops
from sbpath.plots.strategies import hosts as hosts
from sbpath.plots.strategies import strategies as strategies
from sbpath.plots.style import save as save
from sbpath.plots.style import style as style
from sbpath.plots.sweep_chart import sweep as sweep
from sbpath.plots.xrd import diffraction as diffraction

__all__ = sorted(  # pyright: ignore[reportUnsupportedDunderAll]
    name for name, thing in vars().items() if inspect.isfunction(thing) and thing is not checked
)

globals().update({name: checked(globals()[name], __name__) for name in __all__})
