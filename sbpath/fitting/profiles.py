"""Intervals of numbers whose likelihood may be one-sided, by refits at fixed values.

A value is inside if ``2 (S - S_min) n_eff / (n rms^2)`` is below the quantile of chi-squared with one degree
of freedom (profile likelihood: Venzon and Moolgavkar 1988, Appl. Statist. 37, 87), with S the cost, and n_eff
independent points among n with this mean square. The part of S from phase fractions counts over their variance instead.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sbpath.fitting.error_model import ErrorModel
from sbpath.fitting.multistart import SAME_COST, Minimum, losses, minimize, weights
from sbpath.fitting.problem import Problem

# 95 % quantile of chi-squared with one degree of freedom.
CHI_SQUARED = 3.841
# The first step, in standard deviations of the covariance; and, in those of the prior, the longest first step and how far from the
# minimum a limit is looked for.
FIRST_SDS, FIRST_STEP, FARTHEST = 1.2, 0.24, 2.7
# A cost lower than the minimum by this share is another minimum.
LOWER = 0.02


class Profile(NamedTuple):
    """Ends of the 95 % interval of an unknown, None where there is none, and a `lower` minimum if one was found."""

    low: float | None
    high: float | None
    lower: Minimum | None


def profile(problem: Problem, minimum: Minimum, unknown: int, model: ErrorModel | None, sd: float) -> Profile:
    """The interval of a free number; its `sd` by the covariance gives the first step.

    Without a model, of targets, errors are as stated and the factor is 2.
    """
    factor, variance = 2.0, 1.0
    if model is not None:
        n = problem.voltages
        residual = minimum.evaluated.residual[:n]
        square = float(np.mean(weights(residual, n) * residual**2))
        factor *= model.independent_points / (n * max(square, 1e-12))
        variance = model.fraction_variance
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
            missed = _missed(problem, found) - _missed(problem, minimum)
            grown = factor * (found.cost - minimum.cost - 0.5 * missed) + missed / variance
            if grown >= CHI_SQUARED:
                # Between the last two, the root of the excess is about linear.
                low, high = np.sqrt(max(excess, 0.0)), np.sqrt(grown)
                end = at + way * step * (np.sqrt(CHI_SQUARED) - low) / (high - low)
                break
            at, excess, begin = new, grown, found
            step *= 1.6
        ends.append(end)
    return Profile(ends[0], ends[1], None)


def _missed(problem: Problem, minimum: Minimum) -> float:
    """The loss of the phase fractions, twice their part of the cost."""
    residual = minimum.evaluated.residual[problem.voltages : problem.points]
    return float(losses(residual).sum())
