"""Reaction pathways: charge per edge, branching, and the paths taken.

The capacity of a half cycle has three parts: charge carried by edges, each (F/M) (x_q - x_p) r at
the contents at that time; filling or emptying of solution phases; and the double layer.

A path is a sequence of edges from a phase that was consumed to one that was formed. The amounts that
the edges converted are decomposed into paths, the widest first. Together the paths make one chain or
a network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sbpath.arguments import number
from sbpath.mechanism.mechanism import Edge
from sbpath.physical import COULOMB_PER_MAH
from sbpath.solution import Floats, Solution

# Paths that carry less than this share of all Sb are omitted.
MIN_PATH_SHARE = 1e-3
# A path is named alone only if it took this share of the Sb that reacted.
MAIN_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Path:
    """A sequence of phases, and the share of all Sb that followed it."""

    phases: tuple[str, ...]
    share: float


@dataclass(frozen=True, slots=True, eq=False)
class Pathways:
    """The paths of one half cycle.

    Attributes
    ----------
    cycle, direction
        Which half cycle.
    edges : tuple of Edge
        The E edges.
    charge_mAh_per_g : array, shape (E,)
        Charge that each edge carried, insertion positive.
    converted : array, shape (E,)
        Share of all Sb that each edge converted.
    filling_mAh_per_g, double_layer_mAh_per_g : float
        Charge that filled solution phases and the double layer, insertion positive.
    branching : array, shape (E,)
        Share of the reactant consumed that took this edge; 0 if none was consumed.
    paths : tuple of Path
        Widest first.
    """

    cycle: int
    direction: str
    edges: tuple[Edge, ...]
    charge_mAh_per_g: Floats
    converted: Floats
    filling_mAh_per_g: float
    double_layer_mAh_per_g: float
    branching: Floats
    paths: tuple[Path, ...]

    @property
    def capacity_mAh_per_g(self) -> float:
        """Charge of the half cycle, insertion positive."""
        return float(self.charge_mAh_per_g.sum()) + self.filling_mAh_per_g + self.double_layer_mAh_per_g


def main_paths(paths: Sequence[Path]) -> Sequence[Path]:
    """The widest paths, as many as together took `MAIN_SHARE` of the Sb that reacted."""
    total = sum(path.share for path in paths)
    taken = 0.0
    for count, path in enumerate(paths, 1):
        taken += path.share
        if taken >= MAIN_SHARE * total:
            return paths[:count]
    return ()


def pathways(solution: Solution, least: float = MIN_PATH_SHARE) -> list[Pathways]:
    """The paths of every half cycle, in order, also of cycles whose rows were not kept.

    Parameters
    ----------
    solution : Solution
        The solution.
    least : float
        Paths that carried less than this share of all Sb are left out.

    Examples
    --------
    >>> import sbpath
    >>> for way in sbpath.pathways(sbpath.simulate("li-sb", progress=False)):
    ...     print(way.direction, way.paths[0].phases)
    insertion ('Sb', 'Li2Sb', 'Li3Sb')
    extraction ('Li3Sb', 'Sb')
    """
    least = number("least", least, 0.0, 1.0)
    return [pathways_of_half(solution, half, least) for half in range(len(solution.cycle_table.half_cycle))]


def pathways_of_half(solution: Solution, half: int, least: float = MIN_PATH_SHARE) -> Pathways:
    """The paths of one half cycle, by its place in `Solution.cycle_table`."""
    table, ends = solution.cycle_table, [edge.ends for edge in solution.edges]
    way = int(table.half_direction[half])
    charge, converted = table.half_edge_charge_mAh_per_g[half], table.half_converted[half]
    amounts = converted.tolist()
    total = abs(float(table.half_charge_mAh_per_g[half])) * way
    layer = -solution.network.double_layer * float(table.half_potential_V[half]) / COULOMB_PER_MAH
    left = dict.fromkeys(solution.phases, 0.0)
    for (reactant, _), amount in zip(ends, amounts, strict=True):
        left[reactant] += amount
    branching = [
        amount / left[reactant] if left[reactant] > least else 0.0
        for (reactant, _), amount in zip(ends, amounts, strict=True)
    ]
    return Pathways(
        cycle=int(table.half_cycle[half]),
        direction="insertion" if way > 0 else "extraction",
        edges=solution.edges,
        charge_mAh_per_g=charge,
        converted=converted,
        filling_mAh_per_g=total - float(charge.sum()) - layer,
        double_layer_mAh_per_g=layer,
        branching=np.array(branching),
        paths=_paths(solution.phases, ends, amounts, least),
    )


def _paths(
    nodes: tuple[str, ...], ends: list[tuple[str, str]], converted: list[float], least: float
) -> tuple[Path, ...]:
    """The amounts converted by the edges, decomposed into paths, the widest first.

    Circular flow, and flow below `least`, belongs to no path.
    """
    flow: dict[str, dict[str, float]] = {node: {} for node in nodes}
    surplus = dict.fromkeys(nodes, 0.0)
    for (p, q), amount in zip(ends, converted, strict=True):
        surplus[p] += amount
        surplus[q] -= amount
        if amount > least:
            flow[p][q] = amount
    paths: list[Path] = []
    while True:
        width, way = _widest(flow, surplus, least)
        if not way:
            return tuple(paths)
        paths.append(Path(way, width))
        surplus[way[0]] -= width
        surplus[way[-1]] += width
        for p, q in pairwise(way):
            flow[p][q] -= width
            if flow[p][q] <= least:
                del flow[p][q]


def _widest(
    flow: dict[str, dict[str, float]], surplus: dict[str, float], least: float
) -> tuple[float, tuple[str, ...]]:
    """Width and nodes of the widest path from what was consumed to what was formed; no nodes if all are below `least`."""
    best: tuple[float, tuple[str, ...]] = (least, ())
    begun = [(surplus[node], (node,)) for node in reversed(flow)]
    while begun:
        width, way = begun.pop()
        arriving = min(width, -surplus[way[-1]])
        if arriving > best[0]:
            best = (arriving, way)
        further = [(min(width, amount), node) for node, amount in reversed(flow[way[-1]].items())]
        begun += [(wide, (*way, node)) for wide, node in further if wide > best[0] and node not in way]
    return best
