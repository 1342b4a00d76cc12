"""The losses of one cycle as text."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from sbpath.mechanism.notation import edge_label, host_label, node_labels
from sbpath.results.loss_breakdown import LOSSES, LossBreakdown
from sbpath.solution import CAUSES, Floats, Solution
from sbpath.text.tables import table, which_cycle

REMOVED_NOTE = "if removed: change of the hysteresis when the cycles run again without this cause; its share is not what it costs"
LOSS_HEAD = ("Cycle", "Direction", "Edge", *(f"{cause.capitalize()} [J.g-1]" for cause in LOSSES))


def loss_report(solution: Solution, found: LossBreakdown, removed_mV: Floats | None = None) -> str:
    """The loop of one cycle by direction, edge and plateau; `removed_mV` are the changes without each cause."""
    labels = node_labels(solution.mechanism)
    parts = [
        f"{solution.mechanism.name}: {solution.graph} graph, {solution.temperature_C:g} °C, {which_cycle(solution, found.cycle)}\n"
        f"hysteresis {found.hysteresis_mV:.1f} mV, loop {found.loop_J_per_g:.1f} J/g {host_label(solution.mechanism)} "
        f"over {found.capacity_mAh_per_g:.1f} mAh/g",
        "",
        "By direction / mV",
        table(["", *LOSSES, "sum"], _direction_rows(found, removed_mV)),
        *([] if removed_mV is None else [REMOVED_NOTE]),
        "",
        "By edge / J/g",
        table(["half cycle", "edge", *CAUSES, "sum"], _edge_rows(found, labels)),
    ]
    if found.plateaus:
        parts += [
            "",
            "By plateau: shift from its lossless voltage / mV",
            table(["half cycle", "V", "mAh/g", *LOSSES, "sum"], _plateau_rows(found)),
        ]
    if abs(found.stored_J_per_g) > 1e-3 * abs(found.loop_J_per_g):
        parts += [
            "",
            f"{found.stored_J_per_g:+.1f} J/g of the loop are stored, not lost: "
            + (
                "film and host that is cut off keep what they took"
                if found.film_J_per_g.any()
                else "the cycle does not end in its initial state; later cycles close"
            ),
        ]
    return "\n".join(parts)


def loss_rows(found: LossBreakdown) -> list[list[str]]:
    """Heat by direction and edge in the columns of `LOSS_HEAD`; the losses of no edge have rows of their own."""
    rows = []
    for i, direction in enumerate(("insertion", "extraction")):
        for e, edge in enumerate(found.edges):
            heat = [f"{value:.9g}" for value in found.heat_J_per_g[i, :, e]]
            rows.append([str(found.cycle), direction, str(edge), *heat, *["0"] * len(LOSSES[len(CAUSES) :])])
        for column in range(len(CAUSES), len(LOSSES)):
            own = ["0"] * len(LOSSES)
            own[column] = f"{found.losses_J_per_g[i, column]:.9g}"
            rows.append([str(found.cycle), direction, LOSSES[column], *own])
    return rows


def _direction_rows(found: LossBreakdown, removed_mV: Floats | None) -> list[list[str]]:
    named = [*zip(("insertion", "extraction"), found.losses_mV, strict=True)]
    total = found.losses_mV.sum(axis=0)
    whole = float(total.sum())
    share = [f"{value / whole:.1%}" if whole > 0.0 else "-" for value in (*total, whole)]
    rows = [*(_numbers([name], values) for name, values in (*named, ("loop", total))), ["share", *share]]
    if removed_mV is not None:
        changes = [
            "-" if isnan(change) else f"{change:+.2f}" if change else "0.00" for change in removed_mV.tolist()
        ]
        rows.append(["if removed", *changes, ""])
    return rows


def _edge_rows(found: LossBreakdown, labels: dict[str, str]) -> list[list[str]]:
    rows = []
    for i, direction in enumerate(("insertion", "extraction")):
        for e, edge in enumerate(found.edges):
            heat = found.heat_J_per_g[i, :, e]
            # Less than a thousandth of the loop cannot be measured.
            if heat.sum() > 1e-3 * abs(found.loop_J_per_g):
                rows.append(_numbers([direction, edge_label(edge, labels)], heat))
    return rows


def _plateau_rows(found: LossBreakdown) -> list[list[str]]:
    return [
        _numbers(
            [loss.direction, f"{loss.plateau.voltage_V:.3f}", f"{loss.plateau.extent_mAh_per_g:.0f}"],
            loss.losses_mV,
        )
        for loss in found.plateaus
    ]


def _numbers(names: Sequence[str], values: Floats) -> list[str]:
    return [*names, *(f"{value:.2f}" for value in values), f"{values.sum():.2f}"]
