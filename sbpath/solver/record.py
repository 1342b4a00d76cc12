"""The rows of a simulation as it runs, with work and heat integrated alongside.

Each integrator step is read at the two inner nodes and the ends of the four-point
Gauss-Lobatto rule, which integrates to the accuracy of the solution itself.

A row holds the values of an instant (`electrode.Layout`), its time counted from the start of
the simulation, and after them the running integrals of its last columns.
"""

from __future__ import annotations

import numpy as np

from sbpath.kernels import Floats, allocating_kernel, kernel
from sbpath.solver.electrode import TIME

# Nodes of the rule on [0, 1].
NODES = np.array([0.0, 0.5 - 0.05**0.5, 0.5 + 0.05**0.5, 1.0])


@kernel
def partial_weights(fraction: float, weights: Floats) -> None:
    """Weights w_j with ``integral from 0 to fraction of f = sum_j w_j f(NODES[j])``.

    Exact for cubics; at ``fraction = 1`` the Gauss-Lobatto rule, exact to degree five.
    """
    s = fraction
    for j in range(4):
        a, b, c = NODES[(j + 1) % 4], NODES[(j + 2) % 4], NODES[(j + 3) % 4]
        node = NODES[j]
        # (s - a)(s - b)(s - c) integrated from 0 to the fraction.
        integral = s**4 / 4 - (a + b + c) * s**3 / 3 + (a * b + b * c + c * a) * s**2 / 2 - a * b * c * s
        weights[j] = integral / ((node - a) * (node - b) * (node - c))


FULL_WEIGHTS = np.zeros(4)
partial_weights(1.0, FULL_WEIGHTS)


@kernel
def integral(column: int, size: float, values: Floats, weights: Floats) -> float:
    """Integral of a column over a part of a step of length `size`, from its values at the nodes."""
    total = 0.0
    for j in range(4):
        total += weights[j] * values[j, column]
    return size * total


@allocating_kernel
def add_row(rows: Floats, count: int, offset: float, values: Floats, totals: Floats) -> Floats:
    """`rows` with one more after the first `count`; in a larger array where it was full.

    `offset` is the time at which the step of `values` began, `totals` the integrals.
    """
    if count == len(rows):
        larger = np.empty((2 * count, rows.shape[1]))
        larger[:count] = rows
        rows = larger
    width = len(values)
    rows[count, :width] = values
    rows[count, TIME] += offset
    rows[count, width:] = totals
    return rows
