"""Why the electrode took this path, as text."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, isinf, isnan

from sbpath.mechanism.notation import edge_label, node_labels
from sbpath.results.pathways import Pathways, pathways
from sbpath.results.selectivity import (
    MIN_DECIDED_SHARE,
    BranchPoint,
    Competitor,
    TimeConstants,
    all_branch_points,
    branch_points,
)
from sbpath.solution import Solution
from sbpath.text.tables import Column, file_table, path_text, printed_table, signed, table, which_cycle

PATH_HEAD = ["half cycle", "edge", "mAh/g", "converted", "share of what left the phase"]


def explanation(solution: Solution) -> str:
    """The paths of the last cycle, and for each branch point what decided."""
    labels = node_labels(solution.mechanism, short=True)
    last = int(solution.cycle[-1])
    parts = [
        f"{solution.mechanism.name}: {solution.graph} graph, {solution.temperature_C:g} °C, {which_cycle(solution, last)}",
        "",
        "Charge by edge",
        paths_table([way for way in pathways(solution) if way.cycle == last], labels),
    ]
    for branch_point in branch_points(solution):
        parts += ["", *branch_point_text(branch_point, labels)]
    parts += [
        "",
        "driving force: affinity minus transformation work; barrier: 16 pi S gamma^3 / (3 kT g^2), g per volume of product;",
        "a domain waits for a nucleus, 1 / (J0 exp(-barrier)), or for a front, 1 / (k_p theta), whichever comes first,",
        "then for growth, then for transport; the shortest sum wins.",
        "If nucleation is the longest wait of both, the lower barrier wins: 1 before 2 if gamma1/gamma2 < (g1/g2)^(2/3).",
        "gamma is the same in both directions, g is not. Shares are of the whole half cycle, all other values of one instant.",
    ]
    return "\n".join(parts)


def paths_table(ways: Sequence[Pathways], labels: dict[str, str]) -> str:
    """Charge and shares of each active edge, the remaining charge, and the paths."""
    rows, lines = [], []
    for way in ways:
        for edge, charge, converted, branch in zip(
            way.edges, way.charge_mAh_per_g, way.converted, way.branching, strict=True
        ):
            if converted > 5e-4:
                shares = f"{converted:.1%}", f"{branch:.1%}"
                rows.append([way.direction, edge_label(edge, labels), signed(charge), *shares])
        if abs(way.filling_mAh_per_g) > 0.5:
            rows.append(
                [way.direction, "solution phases fill or empty", signed(way.filling_mAh_per_g), "", ""]
            )
        rows.append([way.direction, "double layer", signed(way.double_layer_mAh_per_g), "", ""])
        lines.append(f"{way.direction}: {path_text(way, labels, every=True)}")
    return "\n".join([table(PATH_HEAD, rows), "", *lines])


def branch_point_text(branch_point: BranchPoint, labels: dict[str, str]) -> list[str]:
    """A phase when half of its conversion is done: the competing products, and what decided."""
    head, *decided = decisions(branch_point, labels)
    competitors = branch_point.competitors
    waits = ["nucleation", "growth", "transport"]
    if any(_driven(one) and isfinite(one.waiting.propagation_s) for one in competitors):
        waits.append("propagation")
    columns: tuple[Column[Competitor], ...] = (
        Column("", lambda c: labels[c.product], short="to"),
        Column("", lambda c: c.affinity_J_per_mol / 1e3, short="driving force / kJ/mol host", terminal="{:.2f}"),
        Column("", lambda c: c.force_J_per_m3 / 1e6 if _driven(c) else None, short="/ MJ/m3 product", terminal="{:.0f}"),
        Column("", lambda c: c.interfacial_energy_J_per_m2, short="gamma / J/m2", terminal="{:g}"),
        Column("", lambda c: c.barrier_kT if _driven(c) else None, short="barrier / kT", terminal="{:.1f}"),
        *(
            Column("", lambda c, wait=wait: _seconds(getattr(c.waiting, f"{wait}_s")) if _driven(c) else None, short=f"{wait} / s")
            for wait in waits
        ),
        Column("", lambda c: c.share, short="share", terminal="{:.1%}"),
    )  # fmt: skip
    return [head, printed_table(columns, competitors), *(f"  {line}" for line in decided)]


def _driven(competitor: Competitor) -> bool:
    return competitor.affinity_J_per_mol > 0.0 and not isnan(competitor.force_J_per_m3)


def decisions(branch_point: BranchPoint, labels: dict[str, str]) -> list[str]:
    """Where a phase had a choice, and a sentence or two on what decided against each competing product."""
    lines = [
        f"{branch_point.direction.capitalize()}, {labels[branch_point.phase]} at E = {branch_point.potential_V:.3f} V, "
        f"x = {branch_point.composition:.2f}"
    ]
    for competitor in branch_point.competitors[1:]:
        lines += _race(branch_point, competitor, labels)
    return lines


def _race(branch_point: BranchPoint, competitor: Competitor, labels: dict[str, str]) -> list[str]:
    """What decided between the winner and a competitor, and where the competitor was converted."""
    winner = branch_point.winner
    name, first, other = (labels[node] for node in (branch_point.phase, winner.product, competitor.product))
    cause = branch_point.decided_by(competitor)
    if not cause:
        idle = [labels[one.product] for one in (winner, competitor) if not one.waiting.longest]
        lines = [f"{name} -> {to} has no driving force here." for to in idle]
    else:
        ahead = competitor.waiting.total_s >= winner.waiting.total_s
        order = f"{first} before {other}" if ahead else f"{other} before {first}"
        if cause != "nucleation":
            both = " and ".join(_wait(one.waiting, labels[one.product]) for one in (winner, competitor))
            lower = first if winner.barrier_kT <= competitor.barrier_kT else other
            higher_wins = lower != (first if ahead else other)
            decision = (
                f"The lower barrier is that of {lower}, but {cause} decides"
                if higher_wins
                else f"{cause.capitalize()} decides"
            )
            lines = [f"{decision}: {both}: {order}."]
            if cause == "propagation":
                lines.append(
                    "It favours the product that is there already: nucleation decided which that is."
                )
        else:
            below = competitor.energy_ratio < competitor.lever
            if below != ahead:
                order = f"the lower barrier is that of {first if below else other}, but its attempts are fewer: {order}"
            lines = [
                f"{competitor.energy_ratio:.3f} = gamma({name}|{first}) / gamma({name}|{other}) {'<' if below else '>'} "
                f"(g({first}) / g({other}))^(2/3) = {competitor.lever:.3f}: {order}."
            ]
            if competitor.threshold_J_per_m2 < competitor.interfacial_energy_J_per_m2:
                lines.append(
                    f"{other} would nucleate first with gamma({name}|{other}) below {competitor.threshold_J_per_m2:.3f} J/m2 "
                    f"(it has {competitor.interfacial_energy_J_per_m2:.3f})."
                )
        if not ahead:
            lines.append(
                f"Over the half cycle {first} still took more: the order at one instant is not that of the shares."
            )
    # Share of the competitor expected from the winner's share and the two times at this instant.
    expected = winner.share * winner.waiting.total_s / competitor.waiting.total_s if cause else 0.0
    if competitor.share > MIN_DECIDED_SHARE and not expected > 0.5 * competitor.share:
        then = [_wait(competitor.own_waiting, other), _wait(competitor.own_winner_waiting, first)]
        lines.append(
            f"The {competitor.share:.1%} of {other} reacted at another potential, about {competitor.own_potential_V:.3f} V, where "
            f"{' and '.join(then)}."
        )
    return lines


def _wait(waiting: TimeConstants, product: str) -> str:
    if not waiting.longest:
        return f"{product} has no driving force"
    if isinf(waiting.total_s):
        return f"{product} never starts"
    return f"{product} takes {_seconds(waiting.total_s)} s (mostly {waiting.longest})"


def _seconds(time: float) -> str:
    return "never" if isinf(time) else f"{time:.3g}"


_Row = tuple[BranchPoint, Competitor]

COLUMNS: tuple[Column[_Row], ...] = (
    Column("Cycle", lambda r: r[0].cycle),
    Column("Direction", lambda r: r[0].direction),
    Column("Phase", lambda r: r[0].phase),
    Column("Product", lambda r: r[1].product),
    Column("Composition", lambda r: r[0].composition, "{:.6g}"),
    Column("Potential [V]", lambda r: r[0].potential_V, "{:.6g}"),
    Column("Affinity [J.mol-1]", lambda r: r[1].affinity_J_per_mol, "{:.6g}"),
    Column("Driving force [J.m-3]", lambda r: r[1].force_J_per_m3, "{:.6g}"),
    Column("Interfacial energy [J.m-2]", lambda r: r[1].interfacial_energy_J_per_m2, "{:g}"),
    Column("Barrier [kT]", lambda r: r[1].barrier_kT, "{:.6g}"),
    Column("Nucleation rate [s-1]", lambda r: r[1].nucleation_per_s, "{:.6g}"),
    Column("Share", lambda r: r[1].share, "{:.6g}"),
    Column("Energy ratio", lambda r: r[1].energy_ratio, "{:.6g}"),
    Column("Lever", lambda r: r[1].lever, "{:.6g}"),
    Column("Threshold [J.m-2]", lambda r: r[1].threshold_J_per_m2, "{:.6g}"),
    Column("Nucleation time [s]", lambda r: r[1].waiting.nucleation_s, "{:.6g}"),
    Column("Growth time [s]", lambda r: r[1].waiting.growth_s, "{:.6g}"),
    Column("Transport time [s]", lambda r: r[1].waiting.transport_s, "{:.6g}"),
    Column("Propagation time [s]", lambda r: r[1].waiting.propagation_s, "{:.6g}"),
    Column("Longest time", lambda r: r[1].waiting.longest),
    Column("Decided by", lambda r: None if r[1] is r[0].winner else r[0].decided_by(r[1])),
    Column("Own potential [V]", lambda r: r[1].own_potential_V, "{:.6g}"),
)


def explain_table(solution: Solution) -> tuple[list[str], list[list[str]]]:
    """Headings and rows for a file: every competitor at every branch point of every cycle."""
    points = all_branch_points(solution)
    return file_table(COLUMNS, [(point, one) for point in points for one in point.competitors])
