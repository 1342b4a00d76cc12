"""A selection map as text."""

from __future__ import annotations

import string

from sbpath.experiments.selection import SelectionMap
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.notation import node_labels
from sbpath.text.tables import table

SELECTION_HEAD = ("X", "X value", "Y", "Y value", "Direction", "Path", "Share")


def selection_report(chart: SelectionMap, mechanism: Mechanism) -> str:
    """A letter for the winner at each point, rows from the top down, and what the letters mean."""
    labels = node_labels(mechanism, short=True)
    parts = [f"{chart.mechanism}: {chart.graph} graph; across: {chart.x.name}, down: {chart.y.name}"]
    for direction in chart.shares:
        ways, winner = chart.winners(direction)
        signs = [*(_letter(number) for number in range(len(ways))), "-"]
        head = ["", *(f"{value:.4g}" for value in chart.x.values)]
        rows = [
            [f"{chart.y.values[row]:.4g}", *(signs[number] for number in winner[row])]
            for row in reversed(range(len(chart.y.values)))
        ]
        parts += ["", direction, table(head, rows)]
        parts += [f"{signs[i]}: {' -> '.join(labels[phase] for phase in way)}" for i, way in enumerate(ways)]
    if chart.failures:
        parts += [
            "",
            f"-: {len(chart.failures)} runs failed, the first with: {next(iter(chart.failures.values()))}",
        ]
    return "\n".join(parts)


def _letter(number: int) -> str:
    """A to Z, then AA, AB ...: a map may have more paths than there are letters."""
    before, last = divmod(number, len(string.ascii_uppercase))
    return (_letter(before - 1) if before else "") + string.ascii_uppercase[last]


def selection_rows(chart: SelectionMap) -> list[list[str]]:
    """The share of each path at each point in the columns of `SELECTION_HEAD`, phases by name."""
    return [
        [
            chart.x.name, f"{chart.x.values[column]:.9g}", chart.y.name, f"{chart.y.values[row]:.9g}", direction,
            " -> ".join(way), f"{grid[row, column]:.6g}",
        ]
        for direction, grids in chart.shares.items()
        for way, grid in grids.items()
        for row in range(len(chart.y.values))
        for column in range(len(chart.x.values))
    ]  # fmt: skip
