"""
What a first cycle loses
========================

Nanoparticles in a lithium cell with an additive, twenty cycles: efficiencies, and which process took the charge that
does not come back. Most seals surface that the particles have or make as they break.
"""

# sphinx_gallery_thumbnail_path = "generated/thumbnails/plot_9_lifetime.png"
import sbpath

cell = sbpath.load_mechanism("li-sb", design="nano", electrolyte="fec")
protocol = sbpath.cycling("C/10", 0.05, 1.5, cycles=20)
solution = sbpath.simulate(cell, protocol, keep="ends", population=1, progress=False)
figure = sbpath.plots.lifetime(solution)
