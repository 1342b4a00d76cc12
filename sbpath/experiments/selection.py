"""Which path wins where: a map of the path taken over two quantities."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sbpath.errors import InputError
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.paths import with_changes
from sbpath.mechanism.reader import load_mechanism
from sbpath.results.pathways import pathways
from sbpath.solution import Floats, Solution
from sbpath.sweeps.measure import Value
from sbpath.sweeps.ranges import Variation
from sbpath.sweeps.runs import plain_name, sweep

Way = tuple[str, ...]

# Even faint paths are followed, so that boundaries can be told between the points of the grid.
FAINTEST = 1e-12
# Where less than this share of the Sb is converted, no path has been taken.
CONVERTED = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class SelectionMap:
    """Share of the Sb on each path, over a grid.

    Attributes
    ----------
    mechanism, graph : str
        What was simulated.
    x, y : Variation
        Along columns and rows of the grid.
    shares : dict
        For each direction a dict of path (phases in turn) to an array of shape (ny, nx): of what
        was converted, the share that went this way; nan where the run failed.
    failures : dict
        Message of each failed run by (row, column).
    """

    mechanism: str
    graph: str
    x: Variation
    y: Variation
    shares: dict[str, dict[Way, Floats]]
    failures: dict[tuple[int, int], str]

    def winners(self, direction: str) -> tuple[list[Way], NDArray[np.int64]]:
        """Paths that win somewhere, and the number of the winner at each point, shape (ny, nx).

        -1 where the run failed or nothing was converted.
        """
        ways = list(self.shares[direction])
        shape = (len(self.y.values), len(self.x.values))
        stack = np.nan_to_num([self.shares[direction][way] for way in ways]).reshape(len(ways), *shape)
        best = np.argmax(stack, axis=0) if ways else np.full(shape, -1)
        best = np.where(stack.sum(axis=0) > 0.0, best, -1)
        won = [i for i in range(len(ways)) if np.any(best == i)]
        renumbered = np.full(best.shape, -1)
        for number, i in enumerate(won):
            renumbered[best == i] = number
        return [ways[i] for i in won], renumbered


def selection_map(
    mechanism: Mechanism | str,
    x: Variation | str,
    y: Variation | str,
    *,
    graph: str | None = None,
    rate: str | None = None,
    temperature_C: float | None = None,
    changes: Mapping[str, float] | None = None,
    cycles: int = 2,
    progress: bool = True,
) -> SelectionMap:
    """Simulate cycles over a grid and tell the path that each direction of the last one takes.

    Parameters
    ----------
    mechanism : Mechanism or str
        As in `simulate`.
    x, y : Variation or str
        What varies, as text ``NAME=LOW..HIGH:COUNT``; see `Variation`.
    graph, temperature_C
        As in `simulate`; the temperature where it does not vary.
    rate : str, optional
        C-rate where it does not vary; C/10 if not given.
    changes : mapping, optional
        Further numbers to put in place of the mechanism's, as in `load_mechanism`.
    cycles : int
        The last one counts.
    progress : bool
        Show progress if it takes longer than two seconds.

    Returns
    -------
    SelectionMap
        With a message for each run that failed; the others stand.

    Raises
    ------
    InputError
        If both vary the same, a path of a number is not the mechanism's, or every run fails.
    """
    if not isinstance(mechanism, Mechanism):
        mechanism = load_mechanism(mechanism)
    if changes:
        mechanism = with_changes(mechanism, changes)
    across, up = (v if isinstance(v, Variation) else Variation.parse(v) for v in (x, y))
    if plain_name(across.name) == plain_name(up.name):
        raise InputError(f"{across.name}: cannot vary along both axes; vary two quantities")
    table = sweep(
        mechanism,
        [up, across],
        rate=rate,
        cycles=cycles,
        graph=graph,
        temperature_C=temperature_C,
        measure=_last_shares,
        workers=1,
        progress=progress,
    )
    shape = (len(up.values), len(across.values))
    if table.failed.all():
        raise InputError(f"selection_map: every run failed, the first with: {table['failure'][0]}")
    failed = table.failed.reshape(shape)
    shares: dict[str, dict[Way, Floats]] = {"insertion": {}, "extraction": {}}
    for name in table.measured:
        direction, *way = json.loads(name)
        grid = np.nan_to_num(table[name]).reshape(shape)
        shares[direction][tuple(way)] = np.where(failed, np.nan, grid)
    reasons = table["failure"].reshape(shape)
    failures = {(row, column): reasons[row, column] for row, column in np.argwhere(failed).tolist()}
    return SelectionMap(mechanism.name, table.about["graph"], across, up, shares, failures)


def _last_shares(solution: Solution) -> dict[str, Value]:
    """Of what the last cycle converted, the share of each path, by direction and phases as JSON."""
    found: dict[str, Value] = {}
    last = solution.steps[-1].cycle
    for way in pathways(solution, FAINTEST):
        total = sum(path.share for path in way.paths)
        if way.cycle == last and total >= CONVERTED:
            found |= {json.dumps([way.direction, *path.phases]): path.share / total for path in way.paths}
    return found
