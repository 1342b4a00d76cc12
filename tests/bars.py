"""Reading stacked bars of losses in tests."""

from __future__ import annotations

import matplotlib as mpl
import pytest

from sbpath.plots.losses import CAUSE_COLOURS
from sbpath.results.loss_breakdown import LOSSES


def lengths(ax, number):
    """Lengths of the parts of the stacked bar at this place, by colour, and where it ends."""
    parts, end = {}, 0.0
    for bar in ax.patches:
        if abs(bar.get_y() + 0.5 * bar.get_height() - number) < 1e-6:
            parts[mpl.colors.to_hex(bar.get_facecolor())] = bar.get_width()
            end = max(end, bar.get_x() + bar.get_width())
    return parts, end


def stands_for(ax, number, losses):
    """The bar at this place is the stack of `losses`, and says their sum."""
    parts, end = lengths(ax, number)
    for cause, loss in zip(LOSSES, losses, strict=True):
        found = parts.get(CAUSE_COLOURS[cause].lower(), 0.0)
        assert found == pytest.approx(loss, abs=2e-3 * max(losses.sum(), 1.0))
    assert end == pytest.approx(losses.sum(), rel=3e-3)
    assert f"{losses.sum():.0f}" in [text.get_text() for text in ax.texts]
