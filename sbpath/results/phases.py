"""Single phases of a solution whose nodes are assemblages of phases."""

from __future__ import annotations

from sbpath.solution import Floats, Solution


def phase_amounts(solution: Solution) -> dict[str, Floats]:
    """Mol of each phase per mol of Sb in every row, by name, each of shape (n,).

    A node has fixed amounts of its phases, so these are sums over nodes. Where nodes are phases, the
    amounts are the fractions.
    """
    amounts = {name: 0.0 * solution.time_s for name in solution.mechanism.phases}
    for node, share in zip(solution.phases, solution.fractions, strict=True):
        for phase, amount in solution.mechanism.nodes[node].items():
            amounts[phase] = amounts[phase] + amount * share
    return amounts
