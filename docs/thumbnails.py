"""Thumbnails of the gallery: one panel of each figure, since a whole one cannot be read when it is that small."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.transforms import Bbox

# The panel by name of the script, in the order in which its figure holds them.
PANELS = {
    "plot_1_hysteresis": 2,
    "plot_2_phases": 1,
    "plot_3_paths": 0,
    "plot_4_losses": 0,
    "plot_5_map": 1,
    "plot_6_particles": 1,
    "plot_7_gitt": 0,
    "plot_8_diffraction": 0,
    "plot_9_lifetime": 2,
    "plot_9_own_curve": 0,
}
# Where a script finds its thumbnail, from its folder's parent.
FOLDER = Path("generated") / "thumbnails"
MARGIN_INCH, MOST_WIDE = 0.04, 1.5


def scraper(block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Write the thumbnail of a script whose figure is still open; adds nothing to its page."""
    name = Path(block_vars["src_file"]).stem
    for number in plt.get_fignums():
        figure = plt.figure(number)
        figure.draw_without_rendering()
        panel = figure.axes[PANELS[name]]
        # Its axes with what is left of them and below them, and of a wide one the beginning.
        all_of_it, area = panel.get_tightbbox(), panel.get_window_extent()
        width = min(area.x1 - all_of_it.x0, MOST_WIDE * (area.y1 - all_of_it.y0))
        box = Bbox.from_bounds(all_of_it.x0, all_of_it.y0, width, area.y1 - all_of_it.y0)
        box = box.transformed(figure.dpi_scale_trans.inverted()).padded(MARGIN_INCH)
        path = Path(gallery_conf["src_dir"]) / FOLDER / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=200, bbox_inches=box)
    return ""
