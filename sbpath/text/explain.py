"""Why this path, in words and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from math import isinf, isnan

from sbpath.mechanism.notation import edge_label, node_labels
from sbpath.results.pathways import Pathways, pathways
from sbpath.results.rivals import DECIDES, Decision, Rival, Waiting, all_decisions, decisions
from sbpath.solution import Solution
from sbpath.text.tables import signed, table

PATH_HEAD = ["half cycle", "edge", "mAh/g", "Sb converted", "of what left"]
RIVAL_HEAD = [
    "to", "driving force / kJ/mol Sb", "/ MJ/m3 product", "gamma / J/m2", "barrier / kT", "nucleation / s", "growth / s",
    "transport / s", "share",
]  # fmt: skip

EXPLAIN_HEAD = (
    "Cycle", "Direction", "Phase", "Product", "Composition", "Potential [V]", "Affinity [J.mol-1]",
    "Driving force [J.m-3]", "Interfacial energy [J.m-2]", "Barrier [kT]", "Nucleation rate [s-1]", "Share",
    "Energy ratio", "Lever", "Threshold [J.m-2]", "Nucleation time [s]", "Growth time [s]", "Transport time [s]",
    "Longest wait", "Decided by", "Own potential [V]",
)  # fmt: skip


def explanation(solution: Solution) -> str:
    """The ways of the last cycle, and for each phase that had a choice why it went as it did."""
    labels = node_labels(solution.mechanism, short=True)
    last = int(solution.cycle[-1])
    parts = [
        f"{solution.mechanism.name}: {solution.graph} graph, {solution.temperature_C:g} °C, cycle {last}",
        "",
        "Which way the charge went",
        paths_table([way for way in pathways(solution) if way.cycle == last], labels),
    ]
    for decision in decisions(solution):
        parts += ["", *decision_text(decision, labels)]
    parts += [
        "",
        "driving force: affinity less transformation work; barrier: 16 pi S gamma^3 / (3 kT g^2), g per volume of product;",
        "a domain waits for a nucleus, 1 / (J0 exp(-barrier)), then for growth, then for transport; the shortest sum goes first.",
        "Where nucleation is the longest wait of both the lower barrier wins: 1 before 2 where gamma1/gamma2 < (g1/g2)^(2/3).",
        "gamma is the same in both directions, g is not. Shares are those of the whole half cycle, all else is one instant of it.",
    ]
    return "\n".join(parts)


def paths_table(ways: Sequence[Pathways], labels: dict[str, str]) -> str:
    """Charge and share of each edge that ran, the rest of the charge, and the paths."""
    rows, lines = [], []
    for way in ways:
        for edge, charge, converted, branch in zip(
            way.edges, way.charge_mAh_per_g, way.converted, way.branching, strict=True
        ):
            if converted > 5e-4:
                rows.append(
                    [
                        way.direction,
                        edge_label(edge, labels),
                        signed(charge),
                        f"{converted:.1%}",
                        f"{branch:.1%}",
                    ]
                )
        if abs(way.filling_mAh_per_g) > 0.5:
            rows.append(
                [way.direction, "solution phases fill or empty", signed(way.filling_mAh_per_g), "", ""]
            )
        rows.append([way.direction, "double layer", signed(way.double_layer_mAh_per_g), "", ""])
        taken = ", ".join(
            f"{' -> '.join(labels[p] for p in path.phases)} {path.share:.1%}" for path in way.paths
        )
        lines.append(f"{way.direction}: {taken}")
    return "\n".join([table(PATH_HEAD, rows), "", *lines])


def decision_text(decision: Decision, labels: dict[str, str]) -> list[str]:
    """A phase at the moment when half of what leaves it has gone: its ways out, and what decided."""
    name = labels[decision.phase]
    lines = [
        f"{decision.direction.capitalize()}, {name} at E = {decision.potential_V:.3f} V, x = {decision.composition:.2f}",
        table(RIVAL_HEAD, [_rival_row(rival, labels) for rival in decision.rivals]),
    ]
    for rival in decision.rivals[1:]:
        lines += [f"  {line}" for line in _race(decision, rival, labels)]
    return lines


def _race(decision: Decision, rival: Rival, labels: dict[str, str]) -> list[str]:
    """What decided between the winner and a rival, and when the rival had its share."""
    winner = decision.winner
    name, first, other = (labels[node] for node in (decision.phase, winner.product, rival.product))
    cause = decision.decided_by(rival)
    if not cause:
        idle = [labels[one.product] for one in (winner, rival) if not one.waiting.longest]
        lines = [f"{name} -> {to} has no driving force here." for to in idle]
    else:
        ahead = rival.waiting.total_s >= winner.waiting.total_s
        order = f"{first} before {other}" if ahead else f"{other} before {first}"
        if cause != "nucleation":
            both = " and ".join(_wait(one.waiting, labels[one.product]) for one in (winner, rival))
            low = first if winner.barrier_kT <= rival.barrier_kT else other
            high = low != (first if ahead else other)
            told = (
                f"The lower barrier is that of {low}, but {cause} decides"
                if high
                else f"{cause.capitalize()} decides"
            )
            lines = [f"{told}: {both}: {order}."]
        else:
            below = rival.energy_ratio < rival.lever
            if below != ahead:
                order = f"the lower barrier is that of {first if below else other}, but its attempts are fewer: {order}"
            lines = [
                f"{rival.energy_ratio:.3f} = gamma({name}|{first}) / gamma({name}|{other}) {'<' if below else '>'} "
                f"(g({first}) / g({other}))^(2/3) = {rival.lever:.3f}: {order}."
            ]
            if rival.threshold_J_per_m2 < rival.interfacial_energy_J_per_m2:
                lines.append(
                    f"{other} would nucleate first with gamma({name}|{other}) below {rival.threshold_J_per_m2:.3f} J/m2 "
                    f"(it has {rival.interfacial_energy_J_per_m2:.3f})."
                )
        if not ahead:
            lines.append(
                f"Over the half cycle {first} took more all the same: the order of one instant is not that of the shares."
            )
    # Of the winner's share, what the two times of this instant would leave to the rival.
    expected = winner.share * winner.waiting.total_s / rival.waiting.total_s if cause else 0.0
    if rival.share > DECIDES and not expected > 0.5 * rival.share:
        then = [_wait(rival.own_waiting, other), _wait(rival.own_winner_waiting, first)]
        lines.append(
            f"The {rival.share:.1%} of {other} went at another potential, about {rival.own_potential_V:.3f} V, where "
            f"{' and '.join(then)}."
        )
    return lines


def _wait(waiting: Waiting, product: str) -> str:
    if not waiting.longest:
        return f"{product} has no driving force"
    if isinf(waiting.total_s):
        return f"{product} never nucleates"
    return f"{product} takes {_seconds(waiting.total_s)} s (mostly {waiting.longest})"


def _seconds(time: float) -> str:
    return "never" if isinf(time) else f"{time:.3g}"


def explain_rows(solution: Solution) -> list[list[str]]:
    """Every decision of every cycle in the columns of `EXPLAIN_HEAD`, phases by name."""
    return [
        [
            str(d.cycle), d.direction, d.phase, r.product, f"{d.composition:.6g}", f"{d.potential_V:.6g}",
            f"{r.affinity_J_per_mol:.6g}", f"{r.force_J_per_m3:.6g}", f"{r.interfacial_energy_J_per_m2:g}",
            f"{r.barrier_kT:.6g}", f"{r.nucleation_per_s:.6g}", f"{r.share:.6g}", f"{r.energy_ratio:.6g}",
            f"{r.lever:.6g}", f"{r.threshold_J_per_m2:.6g}", f"{r.waiting.nucleation_s:.6g}",
            f"{r.waiting.growth_s:.6g}", f"{r.waiting.transport_s:.6g}", r.waiting.longest,
            "" if r is d.winner else d.decided_by(r), f"{r.own_potential_V:.6g}",
        ]
        for d in all_decisions(solution)
        for r in d.rivals
    ]  # fmt: skip


def _rival_row(rival: Rival, labels: dict[str, str]) -> list[str]:
    row = [labels[rival.product], f"{rival.affinity_J_per_mol / 1e3:.2f}"]
    if rival.affinity_J_per_mol <= 0.0 or isnan(rival.force_J_per_m3):
        row += ["-", f"{rival.interfacial_energy_J_per_m2:g}", *["-"] * 4]
    else:
        row += [
            f"{rival.force_J_per_m3 / 1e6:.0f}", f"{rival.interfacial_energy_J_per_m2:g}", f"{rival.barrier_kT:.1f}",
            *map(_seconds, (rival.waiting.nucleation_s, rival.waiting.growth_s, rival.waiting.transport_s)),
        ]  # fmt: skip
    return [*row, f"{rival.share:.1%}"]
