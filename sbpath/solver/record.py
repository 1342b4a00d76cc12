"""The rows of a simulation as it runs, with work and heat integrated alongside.

Each integrator step is read at the two inner nodes and the ends of the four-point
Gauss-Lobatto rule, which integrates to the accuracy of the solution itself.

A row holds the values of an instant (`electrode.Layout`), its time counted from the start of
the simulation, and after them the running integrals of its last columns.
"""

from __future__ import annotations

import numpy as np

from sbpath.kernels import Floats, Floats2, kernel
from sbpath.solver.electrode import TIME

# Nodes of the rule on [0, 1].
NODES = np.array([0.0, 0.5 - 0.05**0.5, 0.5 + 0.05**0.5, 1.0])


@kernel
def partial_weights(fraction: float) -> tuple[float, float, float, float]:
    """Weights w_j with ``integral from 0 to fraction of f = sum_j w_j f(NODES[j])``.

    Exact for cubics; at ``fraction = 1`` the Gauss-Lobatto rule, exact to degree five.
    """
    return (
        _weight(fraction, 0, 1, 2, 3),
        _weight(fraction, 1, 0, 2, 3),
        _weight(fraction, 2, 0, 1, 3),
        _weight(fraction, 3, 0, 1, 2),
    )


@kernel
def _weight(s: float, own: int, i: int, j: int, k: int) -> float:
    a, b, c, node = NODES[i], NODES[j], NODES[k], NODES[own]
    # (s - a)(s - b)(s - c) integrated from 0 to the fraction.
    square = s * s
    integral = (
        square * square / 4.0
        - (a + b + c) * (square * s) / 3.0
        + (a * b + b * c + c * a) * square / 2.0
        - a * b * c * s
    )
    return integral / ((node - a) * (node - b) * (node - c))


FULL_WEIGHTS = np.array(partial_weights(1.0))


@kernel
def fill_integrals(fraction: float, size: float, values: Floats2, totals: Floats, reached: Floats) -> None:
    """What `totals` have grown to at a fraction of a step of length `size`, into `reached`.

    The last columns of `values`, at the nodes, are integrated.
    """
    w0, w1, w2, w3 = partial_weights(fraction)
    first = values.shape[1] - len(totals)
    for k in range(len(totals)):
        c = first + k
        mean = w0 * values[0, c] + w1 * values[1, c] + w2 * values[2, c] + w3 * values[3, c]
        reached[k] = totals[k] + size * mean


@kernel
def with_room(rows: Floats2, count: int, wanted: int) -> Floats2:
    """`rows` with its first `count`, and room for as many as `wanted` after them."""
    if count + wanted <= len(rows):
        return rows
    larger = np.empty((max(2 * len(rows), count + wanted), rows.shape[1]))
    for k in range(count):
        larger[k] = rows[k]
    return larger


@kernel
def add_row(rows: Floats2, count: int, offset: float, values: Floats, totals: Floats) -> None:
    """One more row after the first `count`.

    `offset` is the time at which the step of `values` began, `totals` the integrals.
    """
    width = len(values)
    for k in range(width):
        rows[count, k] = values[k]
    rows[count, TIME] += offset
    for k in range(len(totals)):
        rows[count, width + k] = totals[k]
