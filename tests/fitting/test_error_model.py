"""The covariance of the errors of a fit: its inverse by a filter is that of the matrix."""

import numpy as np
from synthetic import cell

from sbpath import load_mechanism
from sbpath.fitting.cells import cells_of
from sbpath.fitting.drift import inverse_products
from sbpath.fitting.error_model import error_covariance, errors_of, information, weighted
from sbpath.fitting.multistart import minimize
from sbpath.fitting.parameters import free_numbers
from sbpath.fitting.problem import Problem
from sbpath.kernels import compiled


def test_the_filter_inverts_the_covariance():
    generator, halves, n = np.random.default_rng(0), 3, 120
    # Half cycles share their ends.
    u = np.sort(np.concatenate([np.linspace(0.0, 1.0, 40), generator.uniform(0.0, 1.0, 79), [1.0]]))
    half, seen = generator.integers(1, halves + 1, n), generator.uniform(0.0, 1.0, n)
    columns = generator.standard_normal((n, 4))
    white, drift, repeated, length = 0.3, 0.7, 0.4, 0.1
    whole = (drift**2 * (half[:, None] == half) + repeated**2) * np.exp(-np.abs(u[:, None] - u) / length)
    whole = whole * np.outer(seen, seen) + white**2 * np.eye(n)
    for function in (inverse_products, compiled(inverse_products)):
        products, half_log = function(columns, u, half, seen, halves, white, drift, repeated, length)
        np.testing.assert_allclose(products, columns.T @ np.linalg.solve(whole, columns), rtol=1e-10)
        np.testing.assert_allclose(half_log, 0.5 * np.linalg.slogdet(whole)[1], rtol=1e-10)


def test_information_of_a_fit_is_that_of_its_covariance():
    lithium = load_mechanism("li-sb")
    made = cell(lithium, 1, ("C/5", "1C"), population=1)
    problem = Problem(
        lithium, cells_of(made.measurement, lithium, population=1), free_numbers(lithium, ["gamma"])
    )
    best = minimize(problem, problem.centre)
    errors = errors_of(problem, best)
    assert errors.model is not None
    slopes = weighted(problem, best.evaluated)[1]
    whole = error_covariance(problem, errors.model, best.evaluated)
    np.testing.assert_array_equal(errors.of_points, whole)
    np.testing.assert_allclose(errors.information, slopes.T @ np.linalg.solve(whole, slopes), rtol=1e-8)
    np.testing.assert_array_equal(information(problem, errors.model, best.evaluated), errors.information)
