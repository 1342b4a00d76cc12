"""The phases in each particle of a population against the charge passed."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from sbpath.errors import InputError
from sbpath.mechanism.notation import node_labels
from sbpath.plots.colours import node_looks
from sbpath.plots.labels import conditions, per_gram, subject, voltage_label
from sbpath.plots.layout import fitted_title, grow, legend_above
from sbpath.plots.style import DOUBLE, style
from sbpath.solution import Solution

# A node that never reaches this share of any particle is left out of the legend.
MIN_VISIBLE_SHARE = 0.05


def particle_map(solution: Solution) -> Figure:
    """Voltage above, all particles below, against the charge passed in either direction.

    Each row of the lower panel is a particle, in the order in which they first transform, with its
    share of the host as height; its colour is the mean of the colours of its nodes by fraction.
    """
    particles = solution.particles
    if particles is None:
        raise InputError(
            "particle_map: the solution has only one particle; give simulate a population, or --particles and --spread"
        )
    mechanism = solution.mechanism
    passed = np.cumsum(np.abs(np.diff(solution.charge_mAh_per_g, prepend=solution.charge_mAh_per_g[0])))
    order = np.argsort(
        _first_half(particles.fractions[:, :, solution.fractions[:, 0].argmax()]), kind="stable"
    )
    looks, labels = node_looks(mechanism), node_labels(mechanism, mathtext=True)
    colours = np.array([to_rgb(looks[name].colour) for name in solution.phases])
    shares = np.clip(particles.fractions[:, order], 0.0, 1.0)
    across = np.concatenate([[0.0], passed[particles.row]])
    up = np.concatenate([[0.0], np.cumsum(particles.weight[order])])
    with style():
        figure, (top, bottom) = plt.subplots(
            2, 1, sharex=True, figsize=(DOUBLE, 4.0), height_ratios=(1.0, 1.4), layout="constrained"
        )
        top.plot(passed, solution.voltage_V, color="black")
        top.set_ylabel(voltage_label(solution))
        # Each row of fractions covers the charge since the row before it.
        bottom.pcolormesh(across, up, np.swapaxes(shares, 0, 1) @ colours, rasterized=True)
        bottom.set_xlim(0.0, max(float(passed[-1]), 1e-9))
        bottom.set_ylim(0.0, 1.0)
        bottom.set_ylabel("Particles by order of\ntransformation  (share of host)")
        bottom.set_xlabel(f"Charge passed, in and out  (mAh {per_gram(solution)})")
        shown = [
            i
            for i, name in enumerate(solution.phases)
            if particles.fractions[:, :, i].max() > MIN_VISIBLE_SHARE
        ]
        named = [labels[solution.phases[i]] for i in shown]
        patches = [Patch(facecolor=colours[i]) for i in shown]
        rows = legend_above(bottom, "lower center", handles=patches, labels=named, handlelength=1.4)
        count = len(particles.weight)
        lines = fitted_title(
            top,
            subject(mechanism),
            f"{count} {'particle' if count == 1 else 'particles'}, {conditions(solution)}",
        )
        grow(figure, rows, lines)
    return figure


def _first_half(start: np.ndarray) -> np.ndarray:
    """First row in which each particle has lost half of its initial node; last if never.

    `start` has shape (s, N), the fraction of that node in each row and particle.
    """
    left = start < 0.5
    return np.where(left.any(axis=0), left.argmax(axis=0), len(start))
