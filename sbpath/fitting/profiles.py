"""Intervals of numbers whose likelihood may be one-sided, by refits at fixed values.

A value is inside if ``2 (S - S_min) n_eff / (n rms^2)`` is below the quantile of chi-squared with one degree
of freedom (profile likelihood: Venzon and Moolgavkar 1988, Appl. Statist. 37, 87), with S the cost, and n_eff
independent points among n with this mean square.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sbpath.fitting.error_model import ErrorModel
from sbpath.fitting.multistart import Minimum, minimize, weights
from sbpath.fitting.problem import Problem

# 95 % quantile of chi-squared with one degree of freedom.
CHI_SQUARED = 3.841
# Steps of the logarithm, and the farthest from the minimum; beyond, there is no limit.
FIRST_STEP, FARTHEST = 0.35, 4.0
# A cost lower than the minimum by this share is another minimum.
LOWER = 0.02


class Profile(NamedTuple):
    """Ends of the 95 % interval of an unknown, None where there is none, and a `lower` minimum if one was found."""

    low: float | None
    high: float | None
    lower: Minimum | None


def profile(problem: Problem, minimum: Minimum, unknown: int, model: ErrorModel) -> Profile:
    """The interval of an unknown."""
    n = problem.points
    residual = minimum.evaluated.residual[:n]
    square = float(np.mean(weights(minimum.evaluated.residual, n)[:n] * residual**2))
    factor = 2.0 * model.independent_points / (n * max(square, 1e-12))
    bounds = problem.bounds
    ends: list[float | None] = []
    for way in (-1.0, 1.0):
        at, excess, step = float(minimum.unknowns[unknown]), 0.0, FIRST_STEP
        begin, end = minimum, None
        limit = (bounds[0] if way < 0.0 else bounds[1])[unknown]
        while True:
            new = at + way * step
            if abs(new - minimum.unknowns[unknown]) > FARTHEST or way * (limit - new) <= 0.0:
                break
            found = minimize(problem, begin.unknowns, {unknown: new})
            if found.cost < minimum.cost * (1.0 - LOWER):
                return Profile(None, None, found)
            grown = factor * (found.cost - minimum.cost)
            if grown >= CHI_SQUARED:
                # Between the last two, the root of the excess is about linear.
                low, high = np.sqrt(max(excess, 0.0)), np.sqrt(grown)
                end = at + way * step * (np.sqrt(CHI_SQUARED) - low) / (high - low)
                break
            at, excess, begin = new, grown, found
            step *= 1.6
        ends.append(end)
    return Profile(ends[0], ends[1], None)
