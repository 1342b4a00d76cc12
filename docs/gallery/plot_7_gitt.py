"""
Titration
=========

Pulses at C/20 and rests of four hours. Even relaxed, the branches stay apart, on either side of the equilibria of
the phases: a rest does not remove the nucleation barrier.
"""

# sphinx_gallery_thumbnail_path = "generated/thumbnails/plot_7_gitt.png"
import sbpath

protocol = sbpath.gitt("C/20", 0.05, 1.5, pulse="x = 0.1", rest="4 h")
solution = sbpath.simulate("li-sb", protocol, progress=False)
ax = sbpath.plots.titration(solution)
