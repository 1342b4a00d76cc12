"""Rodas5P, a stiffly accurate Rosenbrock method of order 5(4), for systems whose Jacobian is an arrow.

Coefficients from G. Steinebach, "Construction of Rosenbrock-Wanner method Rodas5P and
numerical benchmarks within the Julia Differential Equations package", BIT Numer. Math. 63,
27 (2023), in the usual transformed form without products with the Jacobian:

    (1/(h gamma) - J) k_i = f(t + c_i h, y + sum_j a_ij k_j) + sum_j (c_ij / h) k_j + h d_i df/dt
    y_new = y + sum_j a_8j k_j + k_8,    error = k_8

There is no Newton iteration that could fail, and one matrix is factored per step. It is
eliminated block by block, then for the shared unknowns and the means of particles through which they couple, so
the cost is linear in the number of blocks. Tallies, on which nothing depends, are solved for last.
"""

from __future__ import annotations

from math import isfinite
from typing import NamedTuple

import numpy as np

from sbpath.kernels import (
    Floats,
    Floats2,
    Floats3,
    Integers2,
    kernel,
)
from sbpath.model.workspace import Derivatives

GAMMA = 0.21193756319429014
STAGES = 8

_A: list[list[float]] = [
    [],
    [3.0],
    [2.849394379747939, 0.45842242204463923],
    [-6.954028509809101, 2.489845061869568, -10.358996098473584],
    [2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641],
    [-7.502846399306121, 2.561846144803919, -11.627539656261098, -0.18268767659942256, 0.030198172008377946],
]
# The last stages repeat row 6 and add the stages before them with weight one.
SUMMED = len(_A)
_A.append([*_A[5], 1.0])
_A.append([*_A[6], 1.0])

_C: list[list[float]] = [
    [],
    [-14.155112264123755],
    [-17.97296035885952, -2.859693295451294],
    [147.12150275711716, -1.41221402718213, 71.68940251302358],
    [165.43517024871676, -0.4592823456491126, 42.90938336958603, -5.961986721573306],
    [24.854864614690072, -3.0009227002832186, 47.4931110020768, 5.5814197821558125, -0.6610691825249471],
    [
        30.91273214028599,
        -3.1208243349937974,
        77.79954646070892,
        34.28646028294783,
        -19.097331116725623,
        -28.087943162872662,
    ],
    [
        37.80277123390563,
        -3.2571969029072276,
        112.26918849496327,
        66.9347231244047,
        -40.06618937091002,
        -54.66780262877968,
        -9.48861652309627,
    ],
]

# Stage times c_i and the weights d_i of the explicit time derivative.
TIMES = np.array(
    [0.0, 0.6358126895828704, 0.4095798393397535, 0.9769306725060716, 0.4288403609558664, 1.0, 1.0, 1.0]
)
TIME_WEIGHTS = np.array(
    [
        0.21193756319429014,
        -0.42387512638858027,
        -0.3384627126235924,
        1.8046452872882734,
        2.325825639765069,
        0.0,
        0.0,
        0.0,
    ]
)

# Dense output of order 4.
H = np.array(
    [
        [
            25.948786856663858,
            -2.5579724845846235,
            10.433815404888879,
            -2.3679251022685204,
            0.524948541321073,
            1.1241088310450404,
            0.4272876194431874,
            -0.17202221070155493,
        ],
        [
            -9.91568850695171,
            -0.9689944594115154,
            3.0438037242978453,
            -24.495224566215796,
            20.176138334709044,
            15.98066361424651,
            -6.789040303419874,
            -6.710236069923372,
        ],
        [
            11.419903575922262,
            2.8879645146136994,
            72.92137995996029,
            80.12511834622643,
            -52.072871366152654,
            -59.78993625266729,
            -0.15582684282751913,
            4.883087185713722,
        ],
    ]
)


def _square(rows: list[list[float]]) -> Floats2:
    """Rows of coefficients, padded with zeros."""
    return np.array([row + [0.0] * (STAGES - len(row)) for row in rows])


A, C = _square(_A), _square(_C)


class Factors(NamedTuple):
    """The factored matrix: `blocks` (N, B, B), their `pivots` (N, B) and their columns that are not empty
    off the diagonal, `filled` (N, B + 1), the number of these first; `reach` (c, N B) with c = g + K, the
    response of the particles' unknowns to the shared ones and the means; `rows` (g + m, N B + c), `means`
    (K, N B); the `corner` (1, c, c), the Schur complement of shared unknowns and means, with its
    `corner_pivots` (1, c), `corner_filled` (1, c + 1) and right-hand side `corner_right` (c);
    the `diagonal` 1/(h gamma) (1); the `weights` C/h of a stage (8).
    """

    blocks: Floats3
    pivots: Integers2
    filled: Integers2
    reach: Floats2
    rows: Floats2
    means: Floats2
    corner: Floats3
    corner_pivots: Integers2
    corner_filled: Integers2
    corner_right: Floats
    diagonal: Floats
    weights: Floats


@kernel
def new_factors(derivatives: Derivatives) -> Factors:
    """Buffers to factor these."""
    particles, block, _ = derivatives.blocks.shape
    corner, border = derivatives.columns.shape
    rows, width = derivatives.rows.shape
    means = len(derivatives.means)
    return Factors(
        np.zeros((particles, block, block)),
        np.zeros((particles, block), dtype=np.int64),
        np.zeros((particles, block + 1), dtype=np.int64),
        np.zeros((corner, border)),
        np.zeros((rows, width)),
        np.zeros((means, border)),
        np.zeros((1, corner, corner)),
        np.zeros((1, corner), dtype=np.int64),
        np.zeros((1, corner + 1), dtype=np.int64),
        np.zeros(corner),
        np.zeros(1),
        np.zeros(STAGES),
    )


@kernel
def factor(derivatives: Derivatives, size: float, factors: Factors) -> bool:
    """Factor ``1/(h gamma) - J`` for a step of length `size`; False if it is singular."""
    particles, block, _ = derivatives.blocks.shape
    corner, border = derivatives.columns.shape
    shared = corner - len(derivatives.means)
    diagonal = 1.0 / (size * GAMMA)
    factors.diagonal[0] = diagonal
    for i in range(particles):
        for k in range(block):
            for j in range(block):
                factors.blocks[i, k, j] = -derivatives.blocks[i, k, j]
            factors.blocks[i, k, k] += diagonal
    if not factor_blocks(factors.blocks, factors.pivots, factors.filled):
        return False
    for s in range(len(factors.rows)):
        for k in range(factors.rows.shape[1]):
            factors.rows[s, k] = derivatives.rows[s, k]
    for m in range(corner - shared):
        for k in range(border):
            factors.means[m, k] = derivatives.means[m, k]
    for t in range(corner):
        reach, reached = factors.reach[t], False
        for k in range(border):
            reach[k] = derivatives.columns[t, k]
            reached = reached or reach[k] != 0.0
        # Of the shared unknowns, particles seldom depend on others than E.
        if reached:
            solve_blocks(factors.blocks, factors.pivots, factors.filled, reach)
        for s in range(shared):
            left = -derivatives.rows[s, border + t]
            if s == t:
                left += diagonal
            if reached:
                for k in range(border):
                    left -= factors.rows[s, k] * reach[k]
            factors.corner[0, s, t] = left
        # A mean is the sum over its particles at once, whatever the length of the step.
        for m in range(corner - shared):
            left = 1.0 if t == shared + m else 0.0
            if reached:
                for k in range(border):
                    left -= factors.means[m, k] * reach[k]
            factors.corner[0, shared + m, t] = left
    return factor_blocks(factors.corner, factors.corner_pivots, factors.corner_filled)


@kernel
def factor_blocks(blocks: Floats3, pivots: Integers2, filled: Integers2) -> bool:
    """Factor square matrices in place, with partial pivoting; False if one is singular."""
    count, size, _ = blocks.shape
    for i in range(count):
        matrix = blocks[i]
        for k in range(size):
            best = k
            for r in range(k + 1, size):
                if abs(matrix[r, k]) > abs(matrix[best, k]):
                    best = r
            pivots[i, k] = best
            if best != k:
                for j in range(size):
                    matrix[k, j], matrix[best, j] = matrix[best, j], matrix[k, j]
            # False for a nan as well.
            if not abs(matrix[k, k]) > 0.0:
                return False
            for r in range(k + 1, size):
                if matrix[r, k] != 0.0:
                    ratio = matrix[r, k] / matrix[k, k]
                    matrix[r, k] = ratio
                    for j in range(k + 1, size):
                        matrix[r, j] -= ratio * matrix[k, j]
        count = 0
        for k in range(size):
            for r in range(size):
                if r != k and matrix[r, k] != 0.0:
                    count += 1
                    filled[i, count] = k
                    break
        filled[i, 0] = count
    return True


@kernel
def solve_blocks(blocks: Floats3, pivots: Integers2, filled: Integers2, right: Floats) -> None:
    """Solve with each matrix of `factor_blocks` for its part of `right`, in place.

    Only unknowns of phases that transform have a filled column, seldom more than three.
    """
    count, size, _ = blocks.shape
    for i in range(count):
        matrix, columns, part = blocks[i], filled[i], right[i * size : (i + 1) * size]
        for k in range(size):
            best = pivots[i, k]
            if best != k:
                part[k], part[best] = part[best], part[k]
        for c in range(1, columns[0] + 1):
            j = columns[c]
            for k in range(j + 1, size):
                part[k] -= matrix[k, j] * part[j]
        for k in range(size - 1, -1, -1):
            total = part[k]
            for c in range(1, columns[0] + 1):
                j = columns[c]
                if j > k:
                    total -= matrix[k, j] * part[j]
            part[k] = total / matrix[k, k]


@kernel
def solve(factors: Factors, right: Floats) -> None:
    """Solve the factored system for `right` (n), in place."""
    corner, border = factors.reach.shape
    shared, inner = corner - len(factors.means), factors.corner_right
    solve_blocks(factors.blocks, factors.pivots, factors.filled, right)
    for s in range(shared):
        total = right[border + s]
        for k in range(border):
            total += factors.rows[s, k] * right[k]
        inner[s] = total
    for m in range(len(factors.means)):
        total = 0.0
        for k in range(border):
            total += factors.means[m, k] * right[k]
        inner[shared + m] = total
    solve_blocks(factors.corner, factors.corner_pivots, factors.corner_filled, inner)
    for s in range(corner):
        total = inner[s]
        for k in range(border):
            right[k] += factors.reach[s, k] * total
    for s in range(shared):
        right[border + s] = inner[s]
    # No other unknown depends on the tallies.
    for s in range(shared, factors.rows.shape[0]):
        total = right[border + s]
        for k in range(border + shared):
            total += factors.rows[s, k] * right[k]
        for m in range(shared, corner):
            total += factors.rows[s, border + m] * inner[m]
        right[border + s] = total / factors.diagonal[0]


@kernel
def stage_point(s: int, state: Floats, stages: Floats2, out: Floats) -> None:
    """Write the point at which stage `s` evaluates the right-hand side, at ``t + TIMES[s] h``, to `out`.

    `out` holds the point of the stage before, to which the last ones only add that stage.
    """
    if s >= SUMMED:
        for k in range(len(state)):
            out[k] += stages[s - 1, k]
        return
    for k in range(len(state)):
        total = state[k]
        for j in range(s):
            total += A[s, j] * stages[j, k]
        out[k] = total


@kernel
def fill_stage(
    s: int, size: float, dy_dt: Floats, by_time: Floats, factors: Factors, stages: Floats2
) -> bool:
    """Compute stage `s` from the right-hand side at its point; False if it is not finite.

    `by_time` (n) are the explicit time derivatives of the rates at the start of the step.
    """
    right, weights = stages[s], factors.weights
    for j in range(s):
        weights[j] = C[s, j] / size
    for k in range(len(right)):
        total = dy_dt[k]
        for j in range(s):
            total += weights[j] * stages[j, k]
        right[k] = total
    for k in range(len(by_time)):
        right[k] += size * TIME_WEIGHTS[s] * by_time[k]
    solve(factors, right)
    total = 0.0
    for k in range(len(right)):
        total += abs(right[k])
    return isfinite(total)


@kernel
def fill_bends(stages: Floats2, bends: Floats2) -> None:
    """Write what `interpolate` needs of the stages of a step to `bends` (3, n)."""
    for k in range(bends.shape[1]):
        first = second = third = 0.0
        for s in range(STAGES):
            value = stages[s, k]
            first += H[0, s] * value
            second += H[1, s] * value
            third += H[2, s] * value
        bends[0, k], bends[1, k], bends[2, k] = first, second, third


@kernel
def interpolate(fraction: float, old: Floats, new: Floats, bends: Floats2, out: Floats) -> None:
    """Write the state at ``t + fraction * h`` of an accepted step, to order 4, to `out`."""
    rest = 1.0 - fraction
    for k in range(len(old)):
        bend = bends[0, k] + fraction * (bends[1, k] + fraction * bends[2, k])
        out[k] = rest * old[k] + fraction * (new[k] + rest * bend)
