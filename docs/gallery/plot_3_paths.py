"""
The path through the graph
==========================

Edges as wide as the charge that they carried: lithium goes in by way of Li₂Sb, and comes out of
Li₃Sb at once, though all six edges are open both ways.
"""

import sbpath

solution = sbpath.simulate("li-sb", progress=False)
axes = sbpath.plots.paths(solution)
