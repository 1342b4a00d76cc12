"""Several simulations side by side, for a terminal and for a file."""

from __future__ import annotations

from collections.abc import Sequence

from sbpath.mechanism.notation import node_labels
from sbpath.results.budget import LOSSES
from sbpath.results.comparison import Case, Scale, cases
from sbpath.solution import Solution
from sbpath.text.tables import or_dash, path_text, table, ways_note

COMPARISON_HEAD = (
    "System", "Graph", "Design", "Temperature [degC]", "Rate [mA.g-1]", "Cycle", "Insertion [mA.h.g-1]", "Extraction [mA.h.g-1]",
    "Insertion [V]", "Extraction [V]", "Hysteresis [mV]", "Loop [J.g-1]", "First-cycle efficiency", "Coulombic efficiency", "Energy efficiency",
    "Insertion path", "Extraction path", *(f"{cause.capitalize()} [mV]" for cause in LOSSES), "Stored [mV]",
)  # fmt: skip


def comparison_rows(solutions: Sequence[Solution], scale: Scale = "own") -> list[list[str]]:
    """The last full cycle of each solution, in the columns of `COMPARISON_HEAD`; phases by name."""
    rows = []
    for case in cases(solutions, scale):
        solution = case.solution
        row = [
            solution.mechanism.name,
            solution.graph,
            solution.mechanism.design or "",
            f"{solution.temperature_C:g}",
            f"{case.rate_mA_per_g:.4g}",
        ]
        if case.summary is None or case.insertion is None or case.extraction is None:
            rows.append(row + [""] * (len(COMPARISON_HEAD) - len(row)))
            continue
        last, into, out = case.summary, case.insertion, case.extraction
        row += [
            str(last.cycle), f"{into.capacity_mAh_per_g:.1f}", f"{out.capacity_mAh_per_g:.1f}",
            f"{into.mean_voltage_V + case.shift_V:.4f}", f"{out.mean_voltage_V + case.shift_V:.4f}",
            f"{last.hysteresis_mV:.1f}", _or_nothing(last.loop_J_per_g, "{:.1f}"),
            _or_nothing(case.first_cycle_efficiency, "{:.4f}"), f"{last.coulombic_efficiency:.4f}",
            _or_nothing(last.energy_efficiency, "{:.4f}"),
            path_text(case.insertion_way), path_text(case.extraction_way),
        ]  # fmt: skip
        row += [f"{value:.2f}" for value in _mV(case)] or [""] * (len(LOSSES) + 1)
        rows.append(row)
    return rows


def comparison_report(solutions: Sequence[Solution], scale: Scale = "own") -> str:
    """The comparison for a terminal, and under it where the hysteresis comes from."""
    head = [
        "system", "°C", "mAh/g", "in / V", "out / V", "hysteresis / mV", "loop / J/g", "ICE", "CE", "energy eff.",
        "path in", "path out",
    ]  # fmt: skip
    compared = cases(solutions, scale)
    rows = [_row(case) for case in compared]
    lines = [table(head, rows), "", "Hysteresis by cause / mV"]
    shares = [[case.label, *(f"{value:.1f}" for value in _mV(case))] for case in compared if case.budget]
    lines.append(table(["system", *LOSSES, "stored"], shares))
    lines.append(
        "ICE: of the charge inserted in the first cycle, the share that came out again (first-cycle efficiency); "
        "CE: the same of the cycle compared"
    )
    lines += ways_note(way for case in compared for way in (case.insertion_way, case.extraction_way))
    if any(case.summary is None for case in compared):
        lines.append("-: no full cycle")
    if any(case.summary and not case.budget for case in compared):
        lines.append(
            "not in the second table: the capacities differ by more than 2 %, so the loop is not closed"
        )
    if scale == "Li":
        lines.append("potentials against Li+/Li by the standard potentials of the metals in water")
    return "\n".join(lines)


def _row(case: Case) -> list[str]:
    labels = node_labels(case.solution.mechanism)
    celsius = f"{case.solution.temperature_C:g}"
    if case.summary is None or case.insertion is None or case.extraction is None:
        return [case.label, celsius, *["-"] * 10]
    last, into, out = case.summary, case.insertion, case.extraction
    return [
        case.label, celsius, f"{into.capacity_mAh_per_g:.1f}",
        f"{into.mean_voltage_V + case.shift_V:.3f}", f"{out.mean_voltage_V + case.shift_V:.3f}",
        f"{last.hysteresis_mV:.1f}", or_dash(last.loop_J_per_g, "{:.1f}"),
        or_dash(case.first_cycle_efficiency, "{:.1%}"), f"{last.coulombic_efficiency:.1%}",
        or_dash(last.energy_efficiency, "{:.1%}"), path_text(case.insertion_way, labels),
        path_text(case.extraction_way, labels),
    ]  # fmt: skip


def _mV(case: Case) -> list[float]:
    """Hysteresis by cause, and what the cycle left stored (mV); empty where the loop is not closed."""
    if case.budget is None:
        return []
    stored = case.budget.stored_mV
    # Rounding would read as -0.0.
    return [*case.budget.losses_mV.sum(axis=0).tolist(), stored if abs(stored) > 0.05 else 0.0]


def _or_nothing(value: float | None, form: str) -> str:
    return "" if value is None else form.format(value)
