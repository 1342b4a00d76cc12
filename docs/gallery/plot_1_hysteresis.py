"""
Loops of the ions
=================

The second cycle of antimony against lithium, sodium and potassium at C/10, and the causes of the gap between
the branches. Nearly all of it is nucleation, and it is largest for potassium.
"""

# sphinx_gallery_thumbnail_path = "generated/thumbnails/plot_1_hysteresis.png"
import sbpath

cells = sbpath.compare(["li-sb", "na-sb", "k-sb"], progress=False)
figure = sbpath.plots.comparison(cells)
