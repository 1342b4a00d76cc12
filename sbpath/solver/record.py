"""The rows of a running simulation, with work and heat integrated alongside.

Each integrator step is evaluated at the four nodes of the Gauss-Lobatto rule (both ends and two
inner points), which integrates to the accuracy of the solution.

A row holds the first columns of an instant (`sbpath.model.columns`), with time counted from the start of
the simulation, followed by the running integrals of the last columns. The rows are kept as a table with
one array per column, so that the arrays of a solution need not be copied from it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sbpath.kernels import Floats, Floats2, Integers, Singles2, kernel
from sbpath.model.columns import TIME, Columns

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


# Weights up to each node, the last of them for the whole step.
NODE_WEIGHTS = np.array([partial_weights(node) for node in NODES.tolist()])
FULL_WEIGHTS = NODE_WEIGHTS[3].copy()


@kernel
def fill_integrals(weights: Floats, size: float, values: Floats2, totals: Floats, reached: Floats) -> None:
    """Write the integrals at a point within a step of length `size` to `reached`, from `totals` at its start.

    The last columns of `values`, given at the nodes, are integrated with the `weights` (4) of that point.
    """
    first = values.shape[1] - len(totals)
    v0, v1, v2, v3 = values[0, first:], values[1, first:], values[2, first:], values[3, first:]
    w0, w1, w2, w3 = weights[0], weights[1], weights[2], weights[3]
    for k in range(len(totals)):
        mean = w0 * v0[k] + w1 * v1[k] + w2 * v2[k] + w3 * v3[k]
        reached[k] = totals[k] + size * mean


class Snapshots(NamedTuple):
    """All particles at selected rows: `row` (s) and their unknowns `blocks` (s, N B), the first `taken` (1) filled."""

    row: Integers
    blocks: Singles2
    taken: Integers


class Recorder(NamedTuple):
    """The record of a run: the `table` (columns, room for rows), of which the first `written` (1) rows are
    filled; the integrals so far, `totals`; `offset` (1), the start time of the present step (s); and `snapshots`, taken whenever
    x has changed by `spacing` (mol per mol Sb) and at the ends of the steps; in every row if it is 0, none if it is infinite.
    """

    table: Floats2
    written: Integers
    totals: Floats
    offset: Floats
    snapshots: Snapshots
    spacing: float


@kernel
def new_recorder(
    columns: Columns, particle_unknowns: int, time: float, totals: Floats, spacing: float
) -> Recorder:
    """An empty record that begins at `time` (s) with the integrals `totals`."""
    # Enough for a cycle: unused memory costs nothing, but copying to a larger array does. (No power of 2:
    # the elements of a row would compete for the same lines of the cache.)
    return Recorder(
        np.empty((columns.recorded + len(totals), 1000)),
        np.zeros(1, np.int64),
        totals.copy(),
        np.array([time]),
        Snapshots(np.zeros(8, np.int64), np.zeros((8, particle_unknowns), np.float32), np.zeros(1, np.int64)),
        spacing,
    )


@kernel
def with_room(recorder: Recorder, wanted: int) -> Recorder:
    """The same record with space for `wanted` rows."""
    table, count = recorder.table, recorder.written[0]
    columns, room = table.shape
    if count + wanted <= room:
        return recorder
    larger = np.empty((columns, max(2 * room, count + wanted) + 8))
    for k in range(columns):
        own, full = larger[k], table[k]
        own[:count] = full[:count]
    return Recorder(
        larger, recorder.written, recorder.totals, recorder.offset, recorder.snapshots, recorder.spacing
    )


@kernel
def add_row(recorder: Recorder, values: Floats, totals: Floats) -> None:
    """Add a row, for which there must be space: an instant and the integrals up to it."""
    table, count = recorder.table, recorder.written[0]
    recorded = len(table) - len(totals)
    for k in range(recorded):
        table[k, count] = values[k]
    table[TIME, count] += recorder.offset[0]
    for k in range(len(totals)):
        table[recorded + k, count] = totals[k]
    recorder.written[0] = count + 1


@kernel
def with_snapshot(recorder: Recorder, state: Floats, before: int) -> Recorder:
    """The same record with a snapshot of the particles in `state`, that of `before` rows before the last."""
    if recorder.spacing == np.inf:
        return recorder
    snapshots = recorder.snapshots
    count, capacity = snapshots.taken[0], len(snapshots.row)
    if count == capacity:
        larger = Snapshots(
            np.zeros(2 * capacity, np.int64),
            np.zeros((2 * capacity, snapshots.blocks.shape[1]), np.float32),
            snapshots.taken,
        )
        for s in range(count):
            larger.row[s] = snapshots.row[s]
            larger.blocks[s] = snapshots.blocks[s]
        snapshots = larger
    snapshots.row[count] = recorder.written[0] - 1 - before
    for k in range(snapshots.blocks.shape[1]):
        snapshots.blocks[count, k] = state[k]
    snapshots.taken[0] = count + 1
    return Recorder(
        recorder.table, recorder.written, recorder.totals, recorder.offset, snapshots, recorder.spacing
    )
