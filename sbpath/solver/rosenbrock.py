"""One step of Rodas5P, a stiffly accurate Rosenbrock method of order 5(4).

Coefficients from G. Steinebach, "Construction of Rosenbrock-Wanner method Rodas5P and
numerical benchmarks within the Julia Differential Equations package", BIT Numer. Math. 63,
27 (2023), in the usual transformed form in which no product with the Jacobian is needed:

    (1/(h gamma) - J) k_i = f(t + c_i h, y + sum_j a_ij k_j) + sum_j (c_ij / h) k_j + h d_i df/dt
    y_new = y + sum_j a_8j k_j + k_8,    error = k_8

No Newton iteration is involved, so none can fail; one matrix is factored per step. Plain
lists are used throughout: for a handful of unknowns they are several times faster than
arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite

GAMMA = 0.21193756319429014
STAGES = 8

A = [
    [],
    [3.0],
    [2.849394379747939, 0.45842242204463923],
    [-6.954028509809101, 2.489845061869568, -10.358996098473584],
    [2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641],
    [-7.502846399306121, 2.561846144803919, -11.627539656261098, -0.18268767659942256, 0.030198172008377946],
]
# Stages 7 and 8 repeat row 6 and add the stages before them with weight one.
A.append([*A[5], 1.0])
A.append([*A[6], 1.0])

C = [
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
TIMES = [0.0, 0.6358126895828704, 0.4095798393397535, 0.9769306725060716, 0.4288403609558664, 1.0, 1.0, 1.0]
TIME_WEIGHTS = [
    0.21193756319429014,
    -0.42387512638858027,
    -0.3384627126235924,
    1.8046452872882734,
    2.325825639765069,
    0.0,
    0.0,
    0.0,
]

# Dense output of order 4.
H = [
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


def factor(matrix: list[list[float]], pivots: list[int]) -> bool:
    """LU factors of `matrix` in place, by rows with partial pivoting; False if singular."""
    n = len(pivots)
    for k in range(n):
        best = k
        for i in range(k + 1, n):
            if abs(matrix[i][k]) > abs(matrix[best][k]):
                best = i
        pivots[k] = best
        if matrix[best][k] == 0.0:
            return False
        if best != k:
            for j in range(n):
                matrix[k][j], matrix[best][j] = matrix[best][j], matrix[k][j]
        pivot_row = matrix[k]
        for i in range(k + 1, n):
            row = matrix[i]
            if row[k] != 0.0:
                row[k] /= pivot_row[k]
                for j in range(k + 1, n):
                    row[j] -= row[k] * pivot_row[j]
    return True


def solve(factors: list[list[float]], pivots: list[int], right: list[float]) -> None:
    """Solve with the factors of `factor`; the solution replaces `right`."""
    n = len(pivots)
    for k in range(n):
        best = pivots[k]
        if best != k:
            right[k], right[best] = right[best], right[k]
    for i in range(1, n):
        row = factors[i]
        total = right[i]
        for j in range(i):
            total -= row[j] * right[j]
        right[i] = total
    for i in range(n - 1, -1, -1):
        row = factors[i]
        total = right[i]
        for j in range(i + 1, n):
            total -= row[j] * right[j]
        right[i] = total / row[i]


def interpolate(
    fraction: float, old: list[float], new: list[float], stages: list[list[float]]
) -> list[float]:
    """State at ``t + fraction * h`` of an accepted step, to order 4."""
    rest = 1.0 - fraction
    state = []
    for i in range(len(old)):
        first = second = third = 0.0
        for s in range(STAGES):
            k = stages[s][i]
            first += H[0][s] * k
            second += H[1][s] * k
            third += H[2][s] * k
        bend = first + fraction * (second + fraction * third)
        state.append(rest * old[i] + fraction * (new[i] + rest * bend))
    return state


def step(
    rhs: Callable[[float, list[float]], list[float]],
    time: float,
    state: list[float],
    size: float,
    derivative: list[float],
    jacobian: list[list[float]],
    time_derivative: list[float],
) -> tuple[list[float], list[float], list[list[float]]] | None:
    """One step of length `size` from `state` at `time`.

    Parameters
    ----------
    rhs : callable
        ``rhs(time, state)`` gives dy/dt; its list may be reused by the next call.
    time, size : float
        Start and length of the step.
    state, derivative : list of float, shape (n,)
        y and dy/dt at `time`.
    jacobian : list of lists, shape (n, n)
        Exact df/dy at `time`.
    time_derivative : list of float, shape (n,)
        Exact df/dt at `time`.

    Returns
    -------
    new, error, stages : lists of shape (n,), (n,), (8, n)
        New state, error estimate and the stages that `interpolate` takes; or None where the
        matrix is singular or a stage is not finite, in which case a shorter step is wanted.
    """
    n = len(state)
    diagonal = 1.0 / (size * GAMMA)
    factors = [[-value for value in row] for row in jacobian]
    for i in range(n):
        factors[i][i] += diagonal
    pivots = [0] * n
    if not factor(factors, pivots):
        return None

    stages: list[list[float]] = []
    point = state
    for s in range(STAGES):
        if s > 0:
            weights = A[s]
            point = list(state)
            for j in range(s):
                earlier, weight = stages[j], weights[j]
                for i in range(n):
                    point[i] += weight * earlier[i]
            derivative = rhs(time + TIMES[s] * size, point)
        right = list(derivative)
        for j in range(s):
            earlier, weight = stages[j], C[s][j] / size
            for i in range(n):
                right[i] += weight * earlier[i]
        if TIME_WEIGHTS[s] != 0.0:
            weight = size * TIME_WEIGHTS[s]
            for i in range(n):
                right[i] += weight * time_derivative[i]
        solve(factors, pivots, right)
        for value in right:
            if not isfinite(value):
                return None
        stages.append(right)
    new = [a + b for a, b in zip(point, stages[-1], strict=True)]
    return new, stages[-1], stages
