"""
Where the hysteresis comes from
===============================

The gap between extraction and insertion along x, and the loss due to each cause. Returning by
another path narrows the loop: constrained to the insertion path in both directions, it is wider.
"""

# sphinx_gallery_thumbnail_path = "generated/thumbnails/plot_4_losses.png"
import sbpath

solution = sbpath.simulate("li-sb", sbpath.cycling("C/10", 0.05, 1.5, cycles=2), progress=False)
figure = sbpath.plots.losses(solution, sbpath.path_asymmetry(solution))
