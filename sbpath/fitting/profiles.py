"""Intervals of numbers whose likelihood may be one-sided, by refits at fixed values.

A value is inside if ``2 (S - S_min) / v`` is below the quantile of chi-squared with one degree of freedom (profile likelihood: Venzon
and Moolgavkar 1988, Appl. Statist. 37, 87). S is the cost of the data, and v the variance of the errors along the change d of the
weighted residuals that the value makes, ``d' C d / d' d`` (`sbpath.fitting.error_model`): if it is the true one, ``2 (S - S_min)`` is
the square of their component along d (Kent 1982, Biometrika 69, 19). For points of a curve it is at least their mean square over the
share of them that is independent: where the curve is steep C has no drift, but what the model leaves out is there too. Priors are added
as they are.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sbpath.fitting.error_model import Errors
from sbpath.fitting.multistart import SAME_COST, Minimum, minimize, weights
from sbpath.fitting.problem import Problem

# 95 % quantile of chi-squared with one degree of freedom.
CHI_SQUARED = 3.841
# The first step, in standard deviations of the covariance; and, in those of the prior, the longest first step and how far from the
# minimum a limit is looked for.
FIRST_SDS, FIRST_STEP, FARTHEST = 1.2, 0.1, 2.7
# A cost lower than the minimum by this share is another minimum.
LOWER = 0.02


class Profile(NamedTuple):
    """Ends of the 95 % interval of an unknown, None where there is none, and a `lower` minimum if one was found."""

    low: float | None
    high: float | None
    lower: Minimum | None


def profile(problem: Problem, minimum: Minimum, unknown: int, errors: Errors) -> Profile:
    """The interval of a free number; its standard deviation by the covariance gives the first step."""
    curves, n, rows, least = problem.voltages, problem.points, problem.rows, minimum.evaluated.residual
    left = np.sqrt(weights(least, rows))[:n]
    lowest = 0.0
    if errors.model is not None:
        lowest = float(np.sum((left * least[:n])[:curves] ** 2)) / errors.model.independent_points
    sd = float(np.sqrt(errors.covariance[unknown, unknown]))

    def excess_of(at: Minimum) -> float:
        """By how much minus twice the logarithm of the likelihood and of the priors exceeds that of the minimum."""
        now = at.evaluated.residual
        change = left * (now - least)[:n]
        # Not by BLAS, whose threads take longer to wait than this.
        by_C = np.einsum("i,ij,j->i", change, errors.of_points, change)
        spread = max(float(by_C[:curves].sum()), lowest * float(np.sum(change[:curves] ** 2)))
        spread += float(by_C[curves:].sum())
        variance = spread / max(float(change @ change), 1e-300) if n else 1.0
        priors = float(np.sum(now[rows:] ** 2 - least[rows:] ** 2))
        return (2.0 * (at.cost - minimum.cost) - priors) / variance + priors

    bounds, prior = problem.bounds, problem.free[unknown].prior_sd
    ends: list[float | None] = []
    for way in (-1.0, 1.0):
        at, excess, step = float(minimum.unknowns[unknown]), 0.0, min(FIRST_SDS * sd, FIRST_STEP * prior)
        begin, end = minimum, None
        limit = (bounds[0] if way < 0.0 else bounds[1])[unknown]
        while True:
            new = at + way * step
            if abs(new - minimum.unknowns[unknown]) > FARTHEST * prior or way * (limit - new) <= 0.0:
                break
            found = minimize(problem, begin.unknowns, {unknown: new})
            if found.cost < minimum.cost * (1.0 - LOWER) - SAME_COST:
                return Profile(None, None, found)
            grown = excess_of(found)
            if grown >= CHI_SQUARED:
                # Between the last two, the root of the excess is about linear.
                low, high = np.sqrt(max(excess, 0.0)), np.sqrt(grown)
                end = at + way * step * (np.sqrt(CHI_SQUARED) - low) / (high - low)
                break
            at, excess, begin = new, grown, found
            step *= 1.6
        ends.append(end)
    return Profile(ends[0], ends[1], None)
