"""
Phases along two cycles
=======================

Crystalline antimony first turns amorphous, late and low; in the second cycle the amorphous antimony
that came back reacts earlier and at a higher voltage. What is hatched, diffraction does not see.
"""

import sbpath

solution = sbpath.simulate("na-sb", sbpath.cycling("C/10", 0.02, 1.5, cycles=2), progress=False)
axes = sbpath.plots.operando(solution)
