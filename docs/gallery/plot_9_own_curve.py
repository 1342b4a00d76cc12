"""
A measured curve and a fit
==========================

The curve of a sodium cell, here a simulated one with two amorphous phases, and a fit of a mechanism that has only one. The
same misfit in both cycles is a step that the pathway lacks, not noise.
"""

# sphinx_gallery_thumbnail_path = "generated/thumbnails/plot_9_own_curve.png"
import tempfile
from pathlib import Path

import sbpath

protocol = sbpath.cycling("C/10", 0.02, 1.5, cycles=2)
cell = sbpath.simulate("na-sb-allan", protocol, population=1, electrode_mass_g=1.2e-3, progress=False)
folder = Path(tempfile.mkdtemp())
sbpath.to_bdf(cell, folder / "cell.bdf.csv")
(folder / "cell.toml").write_text("""
ion = "Na"
[[curve]]
file = "cell.bdf.csv"
mass_Sb_mg = 1.2
first = "insertion"
""")

measurement = sbpath.load_measurement(folder / "cell.toml")
result = sbpath.fit(measurement, "na-sb", ["gamma"], population=1, max_starts=1, progress=False)
fitted = sbpath.fitted_mechanism(sbpath.load_mechanism("na-sb"), result)
figure = sbpath.plots.overlay(sbpath.overlay(measurement, fitted, population=1, fit=result, progress=False))
