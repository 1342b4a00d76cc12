"""Oracles: known solutions of stiff equations, orders of convergence, stability theory, numpy's solver."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sbpath.model.workspace import Derivatives, dense
from sbpath.solver import rosenbrock
from sbpath.solver.rosenbrock import (
    STAGES,
    TIMES,
    factor,
    fill_stage,
    new_factors,
    solve,
    stage_point,
)

STARTS = 0.3


def arrow(matrix, blocks=1, by_time=0.0, shared=1, tallies=0):
    """A matrix as one block, or several, with a border of shared unknowns and tallies."""
    matrix = np.array(matrix, dtype=float)
    border = len(matrix) - shared - tallies
    size = border // blocks
    own = [slice(i * size, (i + 1) * size) for i in range(blocks)]
    return Derivatives(
        np.zeros(len(matrix)),
        np.array([matrix[rows, rows] for rows in own]).reshape(blocks, size, size),
        matrix[:border, border : border + shared].T.copy(),
        matrix[border:, : border + shared].copy(),
        np.full(len(matrix), by_time),
        np.zeros((0, border)),
    )


SIZE = 1.0
DIAGONAL = 1.0 / (SIZE * rosenbrock.GAMMA)


def factored(matrix, blocks=1, shared=1, tallies=0):
    """The factors of a matrix, which is 1/(h gamma) - J for a step of length SIZE; None if it is singular."""
    jacobian = DIAGONAL * np.eye(len(matrix)) - np.array(matrix)
    derivatives = arrow(jacobian, blocks, 0.0, shared, tallies)
    factors = new_factors(derivatives)
    return factors if factor(derivatives, SIZE, factors) else None


def step(rhs, time, y, size, derivative, jacobian, by_time):
    """One step for any right-hand side; None where it fails."""
    y = np.array(y, dtype=float)
    derivatives = arrow(jacobian)
    factors, stages, point = new_factors(derivatives), np.zeros((STAGES, len(y))), y.copy()
    if not factor(derivatives, size, factors):
        return None
    for s in range(STAGES):
        if s > 0:
            stage_point(s, y, stages, point)
            derivative = rhs(time + TIMES[s] * size, point)
        if not fill_stage(
            s, size, np.array(derivative, dtype=float), np.array(by_time, dtype=float), factors, stages
        ):
            return None
    return point + stages[-1], stages[-1], stages


def interpolate(fraction, old, new, stages):
    out, bends = np.zeros(len(new)), np.zeros((3, len(new)))
    rosenbrock.fill_bends(stages, bends)
    rosenbrock.interpolate(fraction, np.array(old), new, bends, out)
    return out


class Kaps:
    """A stiff nonlinear pair that depends on time explicitly, solved by ``(exp(-2t), exp(-t))``.

    The first row is that of Kaps' problem (Hairer and Wanner, Solving Ordinary Differential
    Equations II, section VII.3); the second is changed so that time appears in it.
    """

    def __init__(self, stiffness):
        self.stiffness = stiffness

    def rhs(self, time, y):
        a, b = y
        return [-self.stiffness * (a - b * b) - 2.0 * a, 3.0 * (a - math.exp(-2.0 * time)) * b - b]

    def step(self, time, y, size):
        a, b = y
        jacobian = [
            [-self.stiffness - 2.0, 2.0 * self.stiffness * b],
            [3.0 * b, 3.0 * (a - math.exp(-2.0 * time)) - 1.0],
        ]
        by_time = [0.0, 6.0 * math.exp(-2.0 * time) * b]
        return step(self.rhs, time, y, size, self.rhs(time, y), jacobian, by_time)

    @staticmethod
    def exact(time):
        return np.array([math.exp(-2.0 * time), math.exp(-time)])

    def error_at_one(self, steps):
        y = [1.0, 1.0]
        for k in range(steps):
            y = self.step(k / steps, y, 1.0 / steps)[0]
        return np.abs(np.array(y) - self.exact(1.0)).max()


def orders(errors):
    """Observed orders when the step is halved each time."""
    return np.log2(np.array(errors[:-1]) / np.array(errors[1:]))


@pytest.mark.parametrize(("stiffness", "counts"), [(1.0, (16, 32, 64, 128)), (1e8, (8, 16, 32, 64))])
def test_the_solution_converges_with_order_five(stiffness, counts):
    observed = orders([Kaps(stiffness).error_at_one(n) for n in counts])
    assert observed[-1] == pytest.approx(5.0, abs=0.15)
    assert observed.min() > 4.9


def test_one_step_is_of_order_five_its_inside_and_its_error_estimate_of_order_four():
    # Local errors fall with one order more. A wrong time derivative or time c_i would show here.
    problem = Kaps(1.0)
    ends, insides, estimates = [], [], []
    for size in (0.1, 0.05, 0.025, 0.0125):
        old = problem.exact(STARTS).tolist()
        new, error, stages = problem.step(STARTS, old, size)
        ends.append(np.abs(new - problem.exact(STARTS + size)).max())
        inside = [
            np.abs(interpolate(f, old, new, stages) - problem.exact(STARTS + f * size)).max()
            for f in (0.1, 0.25, 0.5, 0.75, 0.9)
        ]
        insides.append(max(inside))
        estimates.append(np.abs(error).max())
        # The estimate is that of the embedded solution of order 4, so it is the larger one.
        assert estimates[-1] > ends[-1]
    assert orders(ends)[-1] == pytest.approx(6.0, abs=0.15)
    assert orders(insides)[-1] == pytest.approx(5.0, abs=0.15)
    assert orders(estimates)[-1] == pytest.approx(5.0, abs=0.2)


def test_the_dense_output_meets_both_ends():
    problem = Kaps(100.0)
    old = problem.exact(0.0).tolist()
    new, _, stages = problem.step(0.0, old, 0.2)
    assert (interpolate(0.0, old, new, stages) == old).all()
    assert (interpolate(1.0, old, new, stages) == new).all()


def linear(matrix, size, y):
    """One step for y' = matrix y."""

    def rhs(_, y):
        return (matrix @ np.array(y)).tolist()

    return np.array(step(rhs, 0.0, y, size, rhs(0.0, y), matrix.tolist(), [0.0] * len(y))[0])


def test_a_polynomial_of_degree_five_in_time_is_integrated_exactly():
    # y' = 5 t^4 - 1: quadrature of the stages and of df/dt alone, no Jacobian.
    new, _, _ = step(
        lambda t, y: [5.0 * t**4 - 1.0], 0.4, [2.0], 0.7, [5.0 * 0.4**4 - 1.0], [[0.0]], [20.0 * 0.4**3]
    )
    assert new[0] == pytest.approx(2.0 + 1.1**5 - 0.4**5 - 0.7, rel=1e-13)


def test_l_stability():
    # What is infinitely fast is gone after one step: R(z) -> 0 as 1/z.
    values = [abs(linear(np.array([[z]]), 1.0, [1.0])[0]) for z in (-1e4, -1e8, -1e12)]
    np.testing.assert_allclose(values, [1.252e-3, 1.252e-7, 1.252e-11], rtol=5e-3)


def test_a_stability_on_the_imaginary_axis():
    # A turning vector must not grow, however far it turns in one step.
    for angle in np.logspace(-2, 6, 200):
        turned = linear(np.array([[0.0, -angle], [angle, 0.0]]), 1.0, [1.0, 0.0])
        assert np.hypot(*turned) <= 1.0 + 1e-13


def prothero_robinson(stiffness, steps, offset=0.0):
    """Largest error for ``y' = -L (y - cos t) - sin t``, solved by cos t, up to t = 2."""

    def rhs(t, y):
        return [-stiffness * (y[0] - math.cos(t)) - math.sin(t)]

    size, y, errors = 2.0 / steps, [1.0 + offset], []
    for k in range(steps):
        t = k * size
        by_time = [-stiffness * math.sin(t) - math.cos(t)]
        y = step(rhs, t, y, size, rhs(t, y), [[-stiffness]], by_time)[0]
        errors.append(abs(y[0] - math.cos(t + size)))
    return errors


def test_stiff_accuracy():
    # The error of a stiffly accurate method vanishes with 1/L; no fast transient is stirred up.
    for steps in (8, 16, 32):
        errors = [max(prothero_robinson(stiffness, steps)) for stiffness in (1e4, 1e5, 1e6)]
        np.testing.assert_allclose(np.divide(errors[1:], errors[:-1]), 0.1, rtol=0.1)
    # And for each of them the order stays at three or more.
    assert orders([max(prothero_robinson(1e5, n)) for n in (8, 16, 32, 64)]).min() > 2.9


def test_a_start_off_the_solution_is_forgotten_at_once():
    errors = prothero_robinson(1e9, 20, offset=1.0)
    assert errors[0] < 2e-7
    assert max(errors[1:]) < 1e-12


# -- linear algebra -------------------------------------------------------------------------------


@given(
    st.integers(1, 5),
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(0, 2),
    st.integers(0, 2**32 - 1),
    st.booleans(),
)
@example(3, 2, 2, 0, 1, False)
@example(3, 2, 2, 1, 1, True)
@settings(derandomize=True, deadline=None, max_examples=300)
def test_elimination_of_the_arrow_against_numpy(nodes, particles, shared, tallies, seed, zero_diagonal):
    generator = np.random.default_rng(seed)
    border = nodes * particles
    inner, n = border + shared, border + shared + tallies
    matrix = np.zeros((n, n))
    for i in range(particles):
        own = slice(i * nodes, (i + 1) * nodes)
        # Badly scaled rows, and a diagonal that cannot be a pivot.
        matrix[own, own] = generator.normal(size=(nodes, nodes))
        if zero_diagonal and nodes > 1:
            np.fill_diagonal(matrix[own, own], 0.0)
    matrix[:border, border:inner] = generator.normal(size=(border, shared))
    matrix[border:, :inner] = generator.normal(size=(n - border, inner))
    if zero_diagonal and shared > 1:
        np.fill_diagonal(matrix[border:inner, border:inner], 0.0)
    matrix *= 10.0 ** generator.uniform(-6, 6, size=(n, 1))
    matrix[inner:, inner:] = DIAGONAL * np.eye(tallies)
    right = generator.normal(size=n)
    factors, solution = factored(matrix, particles, shared, tallies), right.copy()
    assert factors is not None
    solve(factors, solution)
    # What is far below the diagonal of 1/(h gamma) is lost in the difference.
    matrix = DIAGONAL * np.eye(n) - (DIAGONAL * np.eye(n) - matrix)
    wanted = np.linalg.solve(matrix, right)
    worst = max(
        np.linalg.cond(matrix),
        *(np.linalg.cond(matrix[k : k + nodes, k : k + nodes]) for k in range(0, border, nodes)),
    )
    scale = np.abs(wanted).max()
    np.testing.assert_allclose(solution / scale, wanted / scale, atol=1e-14 * worst + 1e-12)


@pytest.mark.parametrize(("particles", "shared", "tallies"), [(1, 1, 0), (3, 1, 0), (4, 2, 1)])
def test_coupling_through_means_against_numpy(particles, shared, tallies):
    # J = arrow + (what each mean does) x (its weights), of which only the factors are stored.
    generator, nodes, means = np.random.default_rng(7), 3, 2
    border, n = nodes * particles, nodes * particles + shared + tallies
    matrix = np.zeros((n, n))
    for i in range(particles):
        own = slice(i * nodes, (i + 1) * nodes)
        matrix[own, own] = generator.normal(size=(nodes, nodes))
    matrix[:border, border : border + shared] = generator.normal(size=(border, shared))
    matrix[border:, : border + shared] = generator.normal(size=(n - border, border + shared))
    by_means = generator.normal(size=(n, means))
    weights = generator.uniform(size=(means, border))
    plain = arrow(matrix, particles, 0.0, shared, tallies)
    derivatives = plain._replace(
        columns=np.vstack([plain.columns, by_means[:border].T]),
        rows=np.hstack([plain.rows, by_means[border:]]),
        means=weights,
    )
    matrix[:, :border] += by_means @ weights
    np.testing.assert_allclose(dense(derivatives), matrix, rtol=1e-14)
    factors, right = new_factors(derivatives), generator.normal(size=n)
    for size in (1e-3, 0.1, 1e4):
        assert factor(derivatives, size, factors)
        solution = right.copy()
        solve(factors, solution)
        wanted = np.linalg.solve(np.eye(n) / (size * rosenbrock.GAMMA) - matrix, right)
        np.testing.assert_allclose(solution, wanted, rtol=1e-9, atol=1e-10 * np.abs(wanted).max())


def test_the_corner_is_pivoted():
    # Nothing on its diagonal, and no particle in the way.
    factors = factored([[0.0, 2.0], [3.0, 0.0]], shared=2)
    assert factors is not None
    solution = np.array([4.0, 9.0])
    solve(factors, solution)
    np.testing.assert_allclose(solution, [3.0, 2.0], rtol=1e-14)


def test_blocks_are_pivoted():
    # No multiplier above one, which is what pivoting is for.
    generator = np.random.default_rng(5)
    matrix = generator.normal(size=(7, 7)) * 10.0 ** generator.uniform(-6, 6, size=(7, 1))
    factors = factored(matrix)
    assert factors is not None
    lower, upper = np.tril(factors.blocks[0], -1) + np.eye(6), np.triu(factors.blocks[0])
    permuted = (DIAGONAL * np.eye(7) - (DIAGONAL * np.eye(7) - matrix))[:6, :6]
    for k, best in enumerate(factors.pivots[0]):
        permuted[[k, best]] = permuted[[best, k]]
    assert np.abs(lower).max() <= 1.0
    np.testing.assert_allclose(lower @ upper, permuted, atol=1e-13 * np.abs(matrix).max())


def test_a_singular_matrix_is_refused():
    assert factored([[0.0]]) is None
    assert factored([[1.0, 2.0], [2.0, 4.0]]) is None
    # The second column dies only after the first has been eliminated.
    assert factored([[4.0, 2.0, 2.0], [2.0, 1.0, 3.0], [2.0, 1.0, 3.0]]) is None
    assert factored([[4.0, 2.0, 2.0], [2.0, 1.0, 3.0], [0.0, 0.0, 5.0]]) is None
    assert factored([[4.0, 2.0, 2.0], [2.0, 2.0, 3.0], [0.0, 0.0, 5.0]]) is not None


def test_a_step_that_cannot_be_computed_is_none():
    # 1/(h gamma) - J = 0 for J = 1/(h gamma).
    growth = 1.0 / (0.5 * 0.21193756319429014)
    assert step(lambda t, y: [growth * y[0]], 0.0, [1.0], 0.5, [growth], [[growth]], [0.0]) is None
    # A right-hand side that runs away within the step.
    assert step(lambda t, y: [math.inf], 0.0, [1.0], 0.5, [1.0], [[0.0]], [0.0]) is None
    assert step(lambda t, y: [math.nan], 0.0, [1.0], 0.5, [1.0], [[0.0]], [0.0]) is None
