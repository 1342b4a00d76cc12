"""Single phases of a solution whose nodes are assemblages of phases."""

from __future__ import annotations

from sbpath.mechanism.chemistry import node_contents
from sbpath.solution import Floats, Solution


def phase_amounts(solution: Solution) -> dict[str, Floats]:
    """Mol of each phase per mol of Sb in every row, by name, each of shape (n,).

    A node holds its phases in fixed amounts, so these are sums over the nodes. Where nodes are
    phases, the amounts are the fractions.
    """
    document = solution.provenance["document"]
    contents = node_contents(document["phases"], document.get("assemblages", {}))
    amounts = {name: 0.0 * solution.time_s for name in document["phases"]}
    for node, share in zip(solution.phases, solution.fractions, strict=True):
        for phase, amount in contents[node].items():
            amounts[phase] = amounts[phase] + amount * share
    return amounts
