"""
Loops of the ions
=================

The second cycle of antimony against lithium, sodium and potassium at C/10, and what the gap between
the branches is made of. Nucleation makes nearly all of it, and most for potassium.
"""

import sbpath

cells = sbpath.compare(["li-sb", "na-sb", "k-sb"], progress=False)
figure = sbpath.plots.comparison(cells)
