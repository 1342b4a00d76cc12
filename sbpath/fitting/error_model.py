"""What is left at a minimum: white noise, drift, and a misfit that repeats at every rate.

Per direction and half cycle h, with u = q / q_end,

    C = sigma_w^2 I + b b' (delta_h^2 [h = h'] + delta_d^2 [same direction]) exp(-|u - u'| / l)

with b the share of an error of the voltage that is seen as distance, 1 on a plateau and 0 where the curve is steep. Its numbers
are found by restricted likelihood (Patterson and Thompson 1971, Biometrika 58, 545) with log-normal priors. The estimates stay
those of least squares, and their covariance is

    H^-1 (J' C J + P) H^-1,    H = J' D J + P,    P the precisions of the priors

with D the curvature of the loss (Huber 1967, Proc. Fifth Berkeley Symposium 1, 221). In units of the errors (`sbpath.fitting.residual`).
Misses of phase fractions are apart: their C is diagonal, 1 or, if they are larger than stated or repeat themselves along a half cycle,
their mean square over the share of them that is independent (Birge 1932, Phys. Rev. 40, 207).
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from math import exp, log
from typing import NamedTuple

import numpy as np

from sbpath.fitting.cells import Cell
from sbpath.fitting.drift import inverse_products
from sbpath.fitting.multistart import Minimum, weights
from sbpath.fitting.problem import Evaluated, Problem
from sbpath.fitting.residual import SIGMA_V
from sbpath.kernels import Floats, Floats2, Integers, compiled

# Medians and standard deviations of the logarithms of white noise, drift, repeated misfit and correlation length.
MEDIANS, SDS = (0.4, 0.6, 0.4, 0.1), (1.5, 1.5, 1.5, 0.7)
# Autocorrelations below this are noise.
MIN_CORRELATION = 0.1


@dataclass(frozen=True, slots=True)
class ErrorModel:
    """The error of a fit.

    Attributes
    ----------
    rms_mV : float
        Root mean square of all distances, in millivolts on a plateau.
    white_mV, drift_mV, repeated_mV : float
        Standard deviations of white noise, of drift, and of the misfit that all half cycles of a direction share.
    length : float
        Correlation length of the latter two, as a share of a half cycle.
    points, independent_points : int, float
        Number of points, and of independent ones by the autocorrelation within half cycles.
    fractions : int
        Number of measured phase fractions.
    fraction_rms, fraction_variance : float
        Root mean square of their misses, and C, in units of their errors.
    """

    rms_mV: float
    white_mV: float
    drift_mV: float
    repeated_mV: float
    length: float
    points: int
    independent_points: float
    fractions: int
    fraction_rms: float
    fraction_variance: float


@dataclass(frozen=True, eq=False)
class Errors:
    """The error model with what follows from it: C of the n points, `of_points` (n, n); of k unknowns the `covariance` (k, k), and
    the `information` J' C^-1 J.

    Targets have errors of their own, and no model.
    """

    model: ErrorModel | None
    of_points: Floats2
    covariance: Floats2
    information: Floats2


def errors_of(problem: Problem, minimum: Minimum) -> Errors:
    """The error model of a minimum, and the covariance of the unknowns."""
    if not problem.points:
        left = (
            np.sqrt(weights(minimum.evaluated.residual, problem.rows))[:, None] * minimum.evaluated.jacobian
        )
        own = left[: problem.rows]
        covariance = np.asarray(np.linalg.inv(left.T @ left), dtype=np.float64)
        return Errors(None, np.zeros((0, 0)), covariance, own.T @ own)
    from scipy.optimize import minimize

    n = problem.voltages
    all_residuals, all_slopes = weighted(problem, minimum.evaluated)
    residual, half = all_residuals[:n], _places(problem)[1]
    columns = np.column_stack([residual, all_slopes[:n]])
    places = _by_direction(problem, minimum.evaluated)
    prior = np.diag(1.0 / problem.sd**2)

    def unlikely(logs: Floats) -> float:
        """Minus the logarithm of the restricted likelihood and its priors."""
        products, half_log = _inverse_products(columns, places, *np.exp(logs).tolist())
        inner, pull = products[1:, 1:] + prior, products[1:, 0]
        square = products[0, 0] - pull @ np.linalg.solve(inner, pull)
        away = (logs - np.log(MEDIANS)) / SDS
        return float(half_log + 0.5 * np.linalg.slogdet(inner)[1] + 0.5 * square + 0.5 * away @ away)

    begin = np.log(np.maximum(np.std(residual), 1e-3)) + np.array([-0.7, -0.5, -0.9, 0.0])
    begin[3] = log(MEDIANS[3])
    found = minimize(
        unlikely, begin, method="Nelder-Mead", options={"xatol": 0.05, "fatol": 0.05, "maxfev": 150}
    )
    white, drift, repeated, length = (exp(x) for x in found.x)
    unit = 1e3 * SIGMA_V
    distance = minimum.evaluated.residual[: problem.points]
    misses, counts = distance[n:], [len(part.points.q) for part in problem.fractions]
    along = np.repeat(np.arange(float(len(counts))), counts)
    square = float(np.mean(misses**2)) if len(misses) else 0.0
    model = ErrorModel(
        rms_mV=unit * float(np.sqrt(np.mean(distance[:n] ** 2))),
        white_mV=unit * white,
        drift_mV=unit * drift,
        repeated_mV=unit * repeated,
        length=length,
        points=n,
        independent_points=independent(residual, half),
        fractions=len(misses),
        fraction_rms=square**0.5,
        fraction_variance=max(1.0, square * len(misses) / independent(misses, along)) if len(misses) else 1.0,
    )
    whole = error_covariance(problem, model, minimum.evaluated)
    inverse = np.linalg.inv(_held(problem, minimum)[1])
    covariance = inverse @ (all_slopes.T @ whole @ all_slopes + prior) @ inverse
    return Errors(model, whole, covariance, information(problem, model, minimum.evaluated))


def moved_by(problem: Problem, minimum: Minimum, others: Sequence[Cell]) -> Floats2:
    """How far each unknown goes, to first order, if the cells are simulated once more as `others`, shape (cells, k): by each alone.

    The measured charge is left alone, for its scales are unknowns. An error that all points of a curve share, as of the mass, is no
    part of C (Guide to the expression of uncertainty in measurement, JCGM 100:2008, 5.2).
    """
    if not others:
        return np.zeros((0, len(problem.centre)))  # values without a cell
    other, n = copy(problem), problem.points
    other.cells = tuple(
        replace(own, experiment=cell.experiment) for own, cell in zip(problem.cells, others, strict=True)
    )
    solutions = other.solutions(minimum.unknowns)
    problem.simulations = other.simulations
    residual = minimum.evaluated.residual[:n]
    change = other.evaluate(minimum.unknowns, solutions, slopes=False).residual[:n] - residual
    curve = np.zeros(n)
    for part in (*problem.blocks, *problem.fractions):
        curve[part.rows] = part.cell
    apart = change[:, None] * (curve[:, None] == np.arange(len(problem.cells)))
    return -(_influence(problem, minimum) @ apart).T


def told_by_steps(problem: Problem, minimum: Minimum) -> Floats:
    """Of each unknown the share of its variance by white noise that points have where the curve is steep, shape (k,)."""
    influence = _influence(problem, minimum)[:, : problem.voltages] ** 2
    every = np.maximum(influence.sum(axis=1), 1e-300)
    return 1.0 - influence @ minimum.evaluated.by_voltage**2 / every


def _influence(problem: Problem, minimum: Minimum) -> Floats2:
    """By how much each unknown goes with each residual, shape (k, n)."""
    held, inner = _held(problem, minimum)
    return np.asarray(np.linalg.solve(inner, held.T), dtype=np.float64)


def _held(problem: Problem, minimum: Minimum) -> tuple[Floats2, Floats2]:
    """D J of the points (n, k), with the curvature of the loss: what lies far off holds the numbers less than its weight says; and
    ``J' D J + P``, with the priors (k, k).
    """
    n = problem.points
    jacobian = minimum.evaluated.jacobian[:n, : len(problem.centre)]
    held = (1.0 + minimum.evaluated.residual[:n, None] ** 2) ** -1.5 * jacobian
    return held, jacobian.T @ held + np.diag(1.0 / problem.sd**2)


def weighted(problem: Problem, evaluated: Evaluated) -> tuple[Floats, Floats2]:
    """Residuals (n,) and Jacobian (n, k) of the points, by the roots of the weights that the loss leaves them."""
    n = problem.points
    left = np.sqrt(weights(evaluated.residual, n))[:n]
    return left * evaluated.residual[:n], left[:, None] * evaluated.jacobian[:n, : len(problem.centre)]


def information(problem: Problem, model: ErrorModel, evaluated: Evaluated) -> Floats2:
    """J' C^-1 J of all k unknowns, shape (k, k)."""
    n, slopes, unit = problem.voltages, weighted(problem, evaluated)[1], 1e-3 / SIGMA_V
    misses = slopes[n:]
    return misses.T @ misses / model.fraction_variance + _inverse_products(
        slopes[:n], _by_direction(problem, evaluated),
        unit * model.white_mV, unit * model.drift_mV, unit * model.repeated_mV, model.length,
    )[0]  # fmt: skip


def error_covariance(problem: Problem, model: ErrorModel, evaluated: Evaluated) -> Floats2:
    """C of the n points of a problem, weighted as by `weighted`, shape (n, n), in units of the errors."""
    u, half, way = _places(problem)
    n, unit = problem.voltages, 1e-3 / SIGMA_V
    seen = _seen(problem, evaluated)
    shared = (unit * model.drift_mV) ** 2 * (half[:, None] == half)
    shared += (unit * model.repeated_mV) ** 2 * (way[:, None] == way)
    whole = model.fraction_variance * np.eye(problem.points)
    whole[:n, :n] = shared * np.exp(-np.abs(u[:, None] - u) / model.length) * np.outer(seen, seen)
    whole[:n, :n] += (unit * model.white_mV) ** 2 * np.eye(n)
    return whole


def independent(residual: Floats, half: Floats) -> float:
    """N / (1 + 2 sum of the autocorrelations), the sum cut where they fall below `MIN_CORRELATION`."""
    parts = [residual[half == h] for h in np.unique(half)]
    square = sum(float(part @ part) for part in parts)
    total = 0.0
    for lag in range(1, max(map(len, parts))):
        pairs = sum(float(part[:-lag] @ part[lag:]) for part in parts if len(part) > lag)
        correlation = pairs / max(square, 1e-300)
        if correlation < MIN_CORRELATION:
            break
        total += correlation
    return len(residual) / (1.0 + 2.0 * total)


class _Places(NamedTuple):
    """The points of a direction by rising u: their `rows`, where they are, their half cycles from 1 to `halves`, and what is seen."""

    rows: Integers
    u: Floats
    half: Integers
    halves: int
    seen: Floats


def _by_direction(problem: Problem, evaluated: Evaluated) -> list[_Places]:
    u, half, way = _places(problem)
    seen, found = _seen(problem, evaluated), []
    for each in np.unique(way):
        rows = np.flatnonzero(way == each)
        rows = rows[np.argsort(u[rows], kind="stable")]
        numbers, own = np.unique(half[rows], return_inverse=True)
        found.append(_Places(rows, u[rows], own + 1, len(numbers), seen[rows]))
    return found


def _inverse_products(
    columns: Floats2, places: Sequence[_Places], white: float, drift: float, repeated: float, length: float
) -> tuple[Floats2, float]:
    """X' C^-1 X of columns X, and half the logarithm of det C."""
    products, half_log = np.zeros((columns.shape[1], columns.shape[1])), 0.0
    for one in places:
        more, log_more = compiled(inverse_products)(
            columns[one.rows], one.u, one.half, one.seen, one.halves, white, drift, repeated, length
        )
        products, half_log = products + more, half_log + log_more
    return products, half_log


def _seen(problem: Problem, evaluated: Evaluated) -> Floats:
    """What a curve's weighted residuals see of an error of the voltage."""
    n = problem.voltages
    return np.sqrt(weights(evaluated.residual, n))[:n] * evaluated.by_voltage


def _places(problem: Problem) -> tuple[Floats, Floats, Floats]:
    """Of each point of a curve u, the number of its half cycle, and its direction."""
    u, half, way = np.zeros((3, problem.voltages))
    for number, block in enumerate(problem.blocks):
        measured = problem.cells[block.cell].halves[block.half]
        u[block.rows] = measured.q[block.points] / measured.q_end
        half[block.rows] = number
        way[block.rows] = 1.0 if measured.direction == "insertion" else -1.0
    return u, half, way
