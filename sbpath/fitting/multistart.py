"""Least squares from several starts, until two find the same minimum."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sbpath.fitting.problem import Evaluated, Problem
from sbpath.kernels import Floats, Floats2
from sbpath.solution import Solution

# Two costs that differ by less than this share are the same minimum.
AGREEMENT = 0.02
# So are costs this close, half a square of errors: of targets that are all met, nothing else is left.
SAME_COST = 1e-4
MAX_STARTS = 8
SEED = 20240917
# Evaluations of one start.
MAX_EVALUATIONS = 60


class Minimum(NamedTuple):
    """A minimum: the `unknowns`, the `cost` (half the sum of the losses), and the `evaluated` residuals there."""

    unknowns: Floats
    cost: float
    evaluated: Evaluated


class Search(NamedTuple):
    """What several starts found: the `best` minimum, the `costs` of all, how many `agree` with the best, and
    whether the search was `interrupted`.
    """

    best: Minimum
    costs: tuple[float, ...]
    agree: int
    interrupted: bool


def soft_l1(points: int) -> Any:
    """Loss for `scipy.optimize.least_squares`: soft L1 for the first `points` residuals, squares for the priors."""

    def loss(z: Floats) -> Floats:
        rho = np.stack([z, np.ones_like(z), np.zeros_like(z)])
        t = 1.0 + z[:points]
        root = np.sqrt(t)
        rho[0, :points] = 2.0 * (root - 1.0)
        rho[1, :points] = 1.0 / root
        rho[2, :points] = -0.5 / (t * root)
        return rho

    return loss


def losses(residual: Floats) -> Floats:
    """Soft L1 of each residual."""
    return 2.0 * (np.sqrt(1.0 + residual**2) - 1.0)


def weights(residual: Floats, points: int) -> Floats:
    """The share of each residual that the loss leaves, the derivative of soft L1 by the square; 1 for priors."""
    found = np.ones(len(residual))
    found[:points] = 1.0 / np.sqrt(1.0 + residual[:points] ** 2)
    return found


def minimize(problem: Problem, start: Floats, fixed: dict[int, float] | None = None) -> Minimum:
    """The minimum nearest to a start, with some unknowns fixed at given values."""
    from scipy import optimize

    least_squares: Any = optimize.least_squares
    low, high = problem.bounds
    fixed = fixed or {}
    moves = np.array([k for k in range(len(start)) if k not in fixed])
    whole = start.copy()
    for k, number in fixed.items():
        whole[k] = number
    known: dict[bytes, list[Solution]] = {}

    def simulated(part: Floats) -> list[Solution]:
        """The simulations at a point: the derivatives are asked for after the residuals."""
        if (key := part.tobytes()) not in known:
            whole[moves] = part
            known.clear()
            known[key] = problem.solutions(whole)
        return known[key]

    def residual(part: Floats) -> Floats:
        solutions = simulated(part)
        whole[moves] = part
        return problem.evaluate(whole, solutions, slopes=False).residual

    def jacobian(part: Floats) -> Floats2:
        solutions = simulated(part)
        whole[moves] = part
        return problem.evaluate(whole, solutions).jacobian[:, moves]

    width = high[moves] - low[moves]
    inside = np.clip(start[moves], low[moves] + 1e-6 * width, high[moves] - 1e-6 * width)
    found = least_squares(
        residual,
        inside,
        jac=jacobian,
        bounds=(low[moves], high[moves]),
        x_scale="jac",
        loss=soft_l1(problem.rows),
        ftol=1e-4,
        xtol=1e-6,
        gtol=1e-6,
        max_nfev=MAX_EVALUATIONS,
    )
    whole[moves] = found.x
    return Minimum(whole.copy(), float(found.cost), problem.evaluate(whole, simulated(found.x)))


def minimum_at(problem: Problem, unknowns: Floats) -> Minimum:
    """A point with its cost, as if it were a minimum."""
    found = problem.evaluate(unknowns, problem.solutions(unknowns))
    points, priors = np.split(found.residual, [problem.rows])
    return Minimum(unknowns, 0.5 * float(losses(points).sum() + priors @ priors), found)


def search(problem: Problem, max_starts: int = MAX_STARTS, seed: int = SEED) -> Search:
    """The best minimum from the numbers of the mechanism and from a Sobol sample about them.

    An interrupt from the keyboard ends it with the best so far; before the first minimum it is passed on.
    """
    from scipy.stats import qmc

    count = len(problem.free)
    reach = np.array([one.reach for one in problem.free])
    sample = 2.0 * qmc.Sobol(count, rng=seed).random(max(8, 2 * max_starts))[1:] - 1.0
    low, high = problem.bounds
    found: list[Minimum] = []
    interrupted = False
    try:
        for number in range(max_starts):
            start = problem.centre.copy()
            if number > 0:
                start[:count] += reach * sample[number - 1]
            found.append(minimize(problem, np.clip(start, low, high)))
            least = min(minimum.cost for minimum in found)
            if sum(agrees(minimum.cost, least) for minimum in found) >= 2:
                break
    except KeyboardInterrupt:
        if not found:
            raise
        interrupted = True
    best = min(found, key=lambda minimum: minimum.cost)
    costs = tuple(minimum.cost for minimum in found)
    agree = sum(agrees(cost, best.cost) for cost in costs)
    return Search(best, costs, agree, interrupted)


def agrees(cost: float, least: float) -> bool:
    """Whether a cost is that of the least minimum."""
    return cost <= least * (1.0 + AGREEMENT) + SAME_COST
