"""Why a phase became what it did, as values from which the page makes sentences, and what would change it."""

from __future__ import annotations

from math import isfinite
from typing import Any

from sbpath.errors import InputError
from sbpath.mechanism.notation import node_labels
from sbpath.results.selectivity import BranchPoint, Competitor, branch_points
from sbpath.solution import Solution
from sbpath.text.explanation import decisions


def reasons(solution: Solution) -> list[dict[str, Any]]:
    """One entry for each phase of the last cycle that had a choice; none if no charge passed.

    `products` are what it could become, the largest share first; `changes` are interfacial energies below which
    another would nucleate first; `sentences` are those of ``sbpath explain``.
    """
    labels = node_labels(solution.mechanism, short=True)
    try:
        points = branch_points(solution)
    except InputError:
        return []
    return [_reason(solution, point, labels) for point in points if len(point.competitors) > 1]


def _reason(solution: Solution, point: BranchPoint, labels: dict[str, str]) -> dict[str, Any]:
    first, *others = point.competitors
    return {
        "direction": point.direction,
        "phase": labels[point.phase],
        "potential_V": point.potential_V,
        "products": [
            {
                "label": labels[one.product],
                "share": one.share,
                "barrier_kT": one.barrier_kT if isfinite(one.barrier_kT) else None,
                "decided_by": "" if one is first else point.decided_by(one),
            }
            for one in point.competitors
        ],
        "changes": [_change(solution, point, one, labels) for one in others if _overtakes(point, one)],
        "sentences": decisions(point, labels),
    }


def _overtakes(point: BranchPoint, other: Competitor) -> bool:
    """Whether a lower interfacial energy would let it nucleate before the winner, which is now ahead."""
    ahead = other.waiting.total_s >= point.winner.waiting.total_s
    lower = 0.0 < other.threshold_J_per_m2 < other.interfacial_energy_J_per_m2
    return point.decided_by(other) == "nucleation" and ahead and lower


def _change(
    solution: Solution, point: BranchPoint, other: Competitor, labels: dict[str, str]
) -> dict[str, Any]:
    ends = next(
        name
        for name in (f"{point.phase}|{other.product}", f"{other.product}|{point.phase}")
        if name in solution.mechanism.interfaces
    )
    return {
        "path": f"interfaces.{ends}.energy_J_per_m2",
        "label": f"{labels[point.phase]}|{labels[other.product]}",
        "product": labels[other.product],
        "below": other.threshold_J_per_m2,
        "value": other.interfacial_energy_J_per_m2,
    }
