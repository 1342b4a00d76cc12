"""
Phases along two cycles
=======================

In the first insertion crystalline antimony turns amorphous at a low voltage; in the second cycle the
amorphous antimony formed on extraction reacts earlier and at a higher voltage. Diffraction does not see the
hatched phases.
"""

# sphinx_gallery_thumbnail_path = "generated/thumbnails/plot_2_phases.png"
import sbpath

solution = sbpath.simulate("na-sb", sbpath.cycling("C/10", 0.02, 1.5, cycles=2), progress=False)
axes = sbpath.plots.operando(solution)
