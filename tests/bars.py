"""Reading stacked bars of losses in tests."""

from __future__ import annotations

import matplotlib as mpl
import pytest

from sbpath.plots.losses import CAUSE_COLOURS
from sbpath.results.loss_breakdown import LOSSES


def heights(ax, number):
    """Heights of the parts of the stacked bar at this place, by colour, and where its top is."""
    parts, top = {}, 0.0
    for bar in ax.patches:
        if abs(bar.get_x() + 0.5 * bar.get_width() - number) < 1e-6:
            parts[mpl.colors.to_hex(bar.get_facecolor())] = bar.get_height()
            top = max(top, bar.get_y() + bar.get_height())
    return parts, top


def stands_for(ax, number, losses):
    """The bar at this place is the stack of `losses`, and says their sum."""
    parts, top = heights(ax, number)
    for cause, loss in zip(LOSSES, losses, strict=True):
        found = parts.get(CAUSE_COLOURS[cause].lower(), 0.0)
        assert found == pytest.approx(loss, abs=2e-3 * max(losses.sum(), 1.0))
    assert top == pytest.approx(losses.sum(), rel=3e-3)
    assert f"{losses.sum():.0f}" in [text.get_text() for text in ax.texts]
