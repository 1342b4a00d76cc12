"""Maps of path selection: the dominant path over two quantities."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sbpath.calls import methods_checked
from sbpath.errors import InputError
from sbpath.kernels import Floats
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.notation import node_labels
from sbpath.mechanism.paths import with_changes
from sbpath.mechanism.reader import load_mechanism
from sbpath.protocol.schedule import Cycles
from sbpath.results.pathways import MAIN_SHARE, pathways
from sbpath.solution import Solution
from sbpath.sweeps.ranges import Variation
from sbpath.sweeps.runs import plain_name, sweep
from sbpath.text.tables import Column, file_table, table

Way = tuple[str, ...]
# Between the phases of a path.
ARROW = " -> "

# Even minor paths are followed, so that boundaries can be interpolated between the points of the grid.
MIN_FOLLOWED_SHARE = 1e-12
# If less than this share of the Sb is converted, no path was taken.
MIN_CONVERTED_SHARE = 1e-3


@methods_checked
@dataclass(frozen=True, slots=True, eq=False)
class SelectionMap:
    """Share of the Sb on each path, over a grid.

    Attributes
    ----------
    mechanism, graph : str
        The system simulated.
    x, y : Variation
        Along columns and rows of the grid.
    shares : dict
        For each direction a dict from path (its phases in order) to an array of shape (ny, nx): the
        share of the converted Sb that took it; nan where the run failed.
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
        """Paths that dominate somewhere, and the index of the dominant one at each point, shape (ny, nx).

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

    def least(self, direction: str, number: int) -> tuple[float, Way, float]:
        """The smallest share of a path of `winners` where it dominates; the next path there, and its share."""
        ways, winner = self.winners(direction)
        place = min(
            zip(*np.nonzero(winner == number), strict=True),
            key=lambda at: self.shares[direction][ways[number]][at],
        )
        here = {way: float(grid[place]) for way, grid in self.shares[direction].items()}
        first = here.pop(ways[number])
        second = max(here, key=here.__getitem__, default=())
        return first, second, here.get(second, 0.0)


def selection_map(
    mechanism: Mechanism | str,
    x: Variation | str,
    y: Variation | str,
    *,
    graph: str | None = None,
    rate: str | None = None,
    temperature_C: float | None = None,
    electrode_mass_g: float | None = None,
    loading_mg_per_cm2: float | None = None,
    changes: Mapping[str, float] | None = None,
    cycles: Cycles = 2,
    progress: bool = True,
) -> SelectionMap:
    """Simulate cycles over a grid and find the path of each direction in the last cycle.

    Parameters
    ----------
    x, y : Variation or str
        What varies, as text ``NAME=LOW..HIGH:COUNT``; see `Variation`.
    mechanism, graph, temperature_C, electrode_mass_g, loading_mg_per_cm2, progress
        As in `simulate`; the temperature only if it does not vary.
    rate : str, optional
        Rate if it does not vary; C/10 if not given.
    changes : mapping, optional
        Other numbers to replace in the mechanism, as in `load_mechanism`.
    cycles : int, str or sequence of (int, str, Rate or None)
        Cycles, or blocks of them as in `cycling`; the last one counts.

    Raises
    ------
    InputError
        If both vary the same quantity, a path is not a number of the mechanism, or every run fails.
    """
    if not isinstance(mechanism, Mechanism):
        mechanism = load_mechanism(mechanism)
    if changes:
        mechanism = with_changes(mechanism, changes)
    across, up = (v if isinstance(v, Variation) else Variation.parse(v) for v in (x, y))
    if plain_name(across.name) == plain_name(up.name):
        raise InputError(f"{across.name}: cannot vary along both axes; vary two quantities")
    runs = sweep(
        mechanism, [up, across], graph=graph, rate=rate, temperature_C=temperature_C, cycles=cycles,
        electrode_mass_g=electrode_mass_g, loading_mg_per_cm2=loading_mg_per_cm2,
        measure=_last_shares, workers=1, progress=progress,
    )  # fmt: skip
    if runs.failed.all():
        raise InputError(f"selection_map: every run failed, the first with: {runs['failure'][0]}")
    shape = (len(up.values), len(across.values))
    shares: dict[str, dict[Way, Floats]] = {"insertion": {}, "extraction": {}}
    for name in runs.measured:
        direction, *way = name.split(ARROW)
        # A path that a run did not take has a share of zero.
        share = np.where(runs.failed, np.nan, np.nan_to_num(runs[name]))
        shares[direction][tuple(way)] = share.reshape(shape)
    failures = {divmod(number, shape[1]): why for number, why in enumerate(runs["failure"].tolist()) if why}
    return SelectionMap(mechanism.name, runs.about["graph"], across, up, shares, failures)


def _last_shares(solution: Solution) -> dict[str, float]:
    """Share of each path in what the last cycle converted, by direction and nodes."""
    found: dict[str, float] = {}
    last = solution.steps[-1].cycle
    for way in pathways(solution, MIN_FOLLOWED_SHARE):
        total = sum(path.share for path in way.paths)
        if way.cycle == last and total >= MIN_CONVERTED_SHARE:
            found |= {ARROW.join((way.direction, *path.phases)): path.share / total for path in way.paths}
    return found


@dataclass(frozen=True, slots=True)
class _Share:
    """One row of the table of a map."""

    chart: SelectionMap
    place: tuple[int, int]
    direction: str
    way: Way

    @property
    def share(self) -> float:
        return float(self.chart.shares[self.direction][self.way][self.place])


COLUMNS: tuple[Column[_Share], ...] = (
    Column("X", lambda s: s.chart.x.name),
    Column("X value", lambda s: s.chart.x.values[s.place[1]], "{:.9g}"),
    Column("Y", lambda s: s.chart.y.name),
    Column("Y value", lambda s: s.chart.y.values[s.place[0]], "{:.9g}"),
    Column("Direction", lambda s: s.direction),
    Column("Path", lambda s: ARROW.join(s.way)),
    Column("Share", lambda s: s.share, "{:.6g}"),
)


def selection_table(chart: SelectionMap) -> tuple[list[str], list[list[str]]]:
    """Headings and rows for a file: the share of each path at each point."""
    return file_table(
        COLUMNS,
        [
            _Share(chart, place, direction, way)
            for direction, grids in chart.shares.items()
            for way in grids
            for place in np.ndindex(len(chart.y.values), len(chart.x.values))
        ],
    )


def selection_report(chart: SelectionMap, mechanism: Mechanism) -> str:
    """A letter for the dominant path at each point, highest row first, and a key to the letters."""
    labels = node_labels(mechanism, short=True)
    parts = [
        f"{chart.mechanism}: {chart.graph} graph; across: {chart.x.name}, down: {chart.y.name}; last cycle of each run"
    ]
    for direction in chart.shares:
        ways, winner = chart.winners(direction)
        signs = [*(_letter(number) for number in range(len(ways))), "-"]
        head = ["", *(f"{value:.4g}" for value in chart.x.values)]
        rows = [
            [f"{chart.y.values[row]:.4g}", *(signs[number] for number in winner[row])]
            for row in reversed(range(len(chart.y.values)))
        ]
        parts += ["", direction, table(head, rows)]
        for number, way in enumerate(ways):
            (least, other, share), chain = chart.least(direction, number), _chain(way, labels)
            beside = f" and {_chain(other, labels)} {share:.0%}" if other else ""
            note = f", at least {least:.0%} where it wins{beside}" if least < MAIN_SHARE else ""
            parts.append(f"{signs[number]}: {chain}{note}")
    if chart.failures:
        parts += [
            "",
            f"-: {len(chart.failures)} runs failed, the first with: {next(iter(chart.failures.values()))}",
        ]
    return "\n".join(parts)


def _chain(way: Way, labels: Mapping[str, str]) -> str:
    return ARROW.join(labels[phase] for phase in way)


def _letter(number: int) -> str:
    """A to Z, then AA, AB ...: a map may have more than 26 paths."""
    before, last = divmod(number, len(string.ascii_uppercase))
    return (_letter(before - 1) if before else "") + string.ascii_uppercase[last]
