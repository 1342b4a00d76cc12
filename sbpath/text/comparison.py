"""Several simulations side by side, for a terminal and for a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sbpath.results.analysis import CycleSummary, HalfCycle, last_loop
from sbpath.results.labels import phase_labels
from sbpath.solution import Solution
from sbpath.text.tables import or_dash, path_text, table

COMPARISON_HEAD = (
    "System", "Graph", "Temperature [degC]", "Rate [mA.g-1]", "Cycle", "Insertion [mA.h.g-1]", "Extraction [mA.h.g-1]",
    "Insertion [V]", "Extraction [V]", "Hysteresis [mV]", "Loop [J.g-1]", "Coulombic efficiency", "Energy efficiency",
    "Insertion path", "Extraction path",
)  # fmt: skip


def comparison_rows(solutions: Sequence[Solution]) -> list[list[str]]:
    """The last full cycle of each solution, in the columns of `COMPARISON_HEAD`; phases by name."""
    return [
        [
            about["mechanism"], about["graph"], f"{about['temperature_C']:g}", f"{rate:.4g}", str(last.cycle),
            f"{into.capacity_mAh_per_g:.1f}", f"{out.capacity_mAh_per_g:.1f}",
            f"{into.mean_voltage_V:.4f}", f"{out.mean_voltage_V:.4f}", f"{last.hysteresis_mV:.1f}",
            "" if last.loop_J_per_g is None else f"{last.loop_J_per_g:.1f}", f"{last.coulombic_efficiency:.4f}",
            "" if last.energy_efficiency is None else f"{last.energy_efficiency:.4f}", path_text(into), path_text(out),
        ]
        for about, rate, last, into, out in _last_cycles(solutions)
    ]  # fmt: skip


def comparison_report(solutions: Sequence[Solution]) -> str:
    """The comparison for a terminal; phases as chemists write them."""
    head = [
        "system",
        "°C",
        "mAh/g",
        "in / V",
        "out / V",
        "hysteresis / mV",
        "loop / J/g",
        "CE",
        "energy eff.",
        "path in",
        "path out",
    ]
    rows = []
    for about, _, last, into, out in _last_cycles(solutions):
        labels = phase_labels(about["document"])
        rows.append(
            [
                about["mechanism"], f"{about['temperature_C']:g}", f"{into.capacity_mAh_per_g:.1f}",
                f"{into.mean_voltage_V:.3f}", f"{out.mean_voltage_V:.3f}", f"{last.hysteresis_mV:.1f}",
                or_dash(last.loop_J_per_g, "{:.1f}"), f"{last.coulombic_efficiency:.1%}",
                or_dash(last.energy_efficiency, "{:.1%}"), path_text(into, labels), path_text(out, labels),
            ]
        )  # fmt: skip
    return table(head, rows)


def _last_cycles(
    solutions: Sequence[Solution],
) -> Iterator[tuple[dict[str, Any], float, CycleSummary, HalfCycle, HalfCycle]]:
    """Provenance, rate (mA/g), summary and half cycles of each solution's last full cycle."""
    for solution in solutions:
        if (loop := last_loop(solution)) is not None:
            last, into, out = loop
            rate = abs(float(solution.current_A_per_g[into.rows][0])) * 1e3
            yield solution.provenance, rate, last, into, out
