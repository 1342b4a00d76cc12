"""
The path through the graph
==========================

Edges as wide as the charge that they carried: lithium is inserted through Li₂Sb and extracted from
Li₃Sb in one step, although all six edges are open.
"""

import sbpath

solution = sbpath.simulate("li-sb", progress=False)
axes = sbpath.plots.paths(solution)
