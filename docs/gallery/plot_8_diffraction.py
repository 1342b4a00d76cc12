"""
What diffraction would see
==========================

Patterns over two cycles in a sodium cell. The reflections of antimony disappear on the first insertion; part of
the antimony re-forms amorphous, so they return weaker.
"""

# sphinx_gallery_thumbnail_path = "generated/thumbnails/plot_8_diffraction.png"
import sbpath

solution = sbpath.simulate("na-sb", sbpath.cycling("C/10", 0.02, 1.5, cycles=2), progress=False)
axes = sbpath.plots.diffraction(sbpath.diffraction(solution, "CuKa", two_theta=(15.0, 50.0)))
