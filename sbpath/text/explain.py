"""Why this path, in words and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from sbpath.results.labels import node_labels
from sbpath.results.pathways import Pathways, pathways
from sbpath.results.rivals import DECIDES, Decision, Rival, all_decisions, decisions
from sbpath.solution import Solution
from sbpath.text.tables import signed, table

PATH_HEAD = ["half cycle", "edge", "mAh/g", "Sb converted", "of what left"]
RIVAL_HEAD = [
    "to", "driving force / kJ/mol Sb", "/ MJ/m3 product", "gamma / J/m2", "barrier / kT", "nucleation / 1/s", "share",
]  # fmt: skip

EXPLAIN_HEAD = (
    "Cycle", "Direction", "Phase", "Product", "Composition", "Potential [V]", "Affinity [J.mol-1]",
    "Driving force [J.m-3]", "Interfacial energy [J.m-2]", "Barrier [kT]", "Nucleation rate [s-1]", "Share",
    "Energy ratio", "Lever", "Threshold [J.m-2]",
)  # fmt: skip


def explanation(solution: Solution) -> str:
    """The ways of the last cycle, and for each phase that had a choice why it went as it did."""
    labels = node_labels(solution.provenance["document"], short=True)
    about = solution.provenance
    last = int(solution.cycle[-1])
    parts = [
        f"{about['mechanism']}: {about['graph']} graph, {about['temperature_C']:g} °C, cycle {last}",
        "",
        "Which way the charge went",
        paths_table([way for way in pathways(solution) if way.cycle == last], labels),
    ]
    for decision in decisions(solution):
        parts += ["", *decision_text(decision, labels)]
    parts += [
        "",
        "driving force: affinity less transformation work; barrier: 16 pi S gamma^3 / (3 kT g^2), g per volume of product;",
        "the lower barrier wins: 1 before 2 where gamma1/gamma2 < (g1/g2)^(2/3). gamma is the same in both directions, g is not.",
    ]
    return "\n".join(parts)


def paths_table(ways: Sequence[Pathways], labels: dict[str, str]) -> str:
    """Charge and share of each edge that ran, the rest of the charge, and the paths."""
    rows, lines = [], []
    for way in ways:
        for name, charge, converted, branch in zip(
            way.edges, way.charge_mAh_per_g, way.converted, way.branching, strict=True
        ):
            if converted > 5e-4:
                rows.append(
                    [
                        way.direction,
                        _edge(name, labels),
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
    first = labels[decision.winner.product]
    for rival in decision.rivals:
        other = labels[rival.product]
        if isnan(rival.force_J_per_m3):
            earlier = f"; its {rival.share:.1%} went at another time" if rival.share > DECIDES else ""
            lines.append(f"  {name} -> {other} has no driving force here{earlier}.")
        if isnan(rival.lever):
            continue
        sign = "<" if rival.energy_ratio < rival.lever else ">"
        verb = "before" if rival.energy_ratio < rival.lever else "although it nucleates after"
        lines.append(
            f"  {rival.energy_ratio:.3f} = gamma({name}|{first}) / gamma({name}|{other}) {sign} "
            f"(g({first}) / g({other}))^(2/3) = {rival.lever:.3f}: {first} {verb} {other}."
        )
        lines.append(
            f"  {other} would nucleate first with gamma({name}|{other}) below {rival.threshold_J_per_m2:.3f} J/m2 "
            f"(it has {rival.interfacial_energy_J_per_m2:.3f})."
            if rival.threshold_J_per_m2 < rival.interfacial_energy_J_per_m2
            else f"  At this moment {other} nucleates faster; growth or what was there before decided."
        )
    return lines


def explain_rows(solution: Solution) -> list[list[str]]:
    """Every decision of every cycle in the columns of `EXPLAIN_HEAD`, phases by name."""
    return [
        [
            str(d.cycle), d.direction, d.phase, r.product, f"{d.composition:.6g}", f"{d.potential_V:.6g}",
            f"{r.affinity_J_per_mol:.6g}", f"{r.force_J_per_m3:.6g}", f"{r.interfacial_energy_J_per_m2:g}",
            f"{r.barrier_kT:.6g}", f"{r.nucleation_per_s:.6g}", f"{r.share:.6g}", f"{r.energy_ratio:.6g}",
            f"{r.lever:.6g}", f"{r.threshold_J_per_m2:.6g}",
        ]
        for d in all_decisions(solution)
        for r in d.rivals
    ]  # fmt: skip


def _edge(name: str, labels: dict[str, str]) -> str:
    return " -> ".join(labels[phase] for phase in name.split(" -> "))


def _rival_row(rival: Rival, labels: dict[str, str]) -> list[str]:
    row = [labels[rival.product], f"{rival.affinity_J_per_mol / 1e3:.2f}"]
    if rival.affinity_J_per_mol <= 0.0 or isnan(rival.force_J_per_m3):
        row += ["-", f"{rival.interfacial_energy_J_per_m2:g}", "-", "-"]
    else:
        row += [
            f"{rival.force_J_per_m3 / 1e6:.0f}", f"{rival.interfacial_energy_J_per_m2:g}", f"{rival.barrier_kT:.1f}",
            f"{rival.nucleation_per_s:.1e}",
        ]  # fmt: skip
    return [*row, f"{rival.share:.1%}"]
