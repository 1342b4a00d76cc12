"""
Where the hysteresis comes from
===============================

The gap between extraction and insertion along x, and the loss that each cause has there. Coming back
another way narrows the loop: held to the insertion path both ways, it is wider.
"""

import sbpath

solution = sbpath.simulate("li-sb", sbpath.cycling("C/10", 0.05, 1.5, cycles=2), progress=False)
figure = sbpath.plots.losses(solution, sbpath.path_asymmetry(solution))
