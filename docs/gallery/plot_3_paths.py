"""
The path through the graph
==========================

Edges as wide as the charge that they carried: lithium is inserted through Li₂Sb and extracted from
Li₃Sb in one step, although all six edges are open.
"""

# sphinx_gallery_thumbnail_path = "generated/thumbnails/plot_3_paths.png"
import sbpath

solution = sbpath.simulate("li-sb", progress=False)
axes = sbpath.plots.paths(solution)
