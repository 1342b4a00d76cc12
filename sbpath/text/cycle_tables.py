"""One line per cycle, and which of many cycles are printed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from sbpath.results.cycles import CycleSummary, cycle_summaries
from sbpath.solution import Solution
from sbpath.text.tables import Column, file_table, printed_table

# More cycles than this are printed by the first and the last of each block at one rate.
MAX_PRINTED = 6

COLUMNS: tuple[Column[CycleSummary], ...] = (
    Column("Cycle", lambda s: s.cycle, short="cycle"),
    Column("Rate", lambda s: s.rate, short="rate"),
    Column("Current [mA.g-1]", lambda s: s.current_A_per_g and 1e3 * s.current_A_per_g, "{:.6g}"),
    Column("Insertion [mA.h.g-1]", lambda s: s.insertion_mAh_per_g, "{:.4f}", "in / mAh/g", "{:.1f}"),
    Column("Extraction [mA.h.g-1]", lambda s: s.extraction_mAh_per_g, "{:.4f}", "out / mAh/g", "{:.1f}"),
    Column("Insertion [V]", lambda s: s.insertion_V, "{:.6f}", "in / V", "{:.3f}"),
    Column("Extraction [V]", lambda s: s.extraction_V, "{:.6f}", "out / V", "{:.3f}"),
    Column("Hysteresis [mV]", lambda s: s.hysteresis_mV, "{:.3f}", "hysteresis / mV", "{:.1f}"),
    Column("Loop [J.g-1]", lambda s: s.loop_J_per_g, "{:.4f}", "loop / J/g", "{:.1f}"),
    Column(
        "Coulombic efficiency", lambda s: s.coulombic_efficiency, "{:.6f}", "coulombic eff.", "{:.2%}"
    ),
    Column("Voltage efficiency", lambda s: s.voltage_efficiency, "{:.6f}", "voltage eff.", "{:.1%}"),
    Column("Energy efficiency", lambda s: s.energy_efficiency, "{:.6f}", "energy eff.", "{:.1%}"),
)  # fmt: skip


def cycles_table(solution: Solution) -> tuple[list[str], list[list[str]]]:
    """Headings and rows for a file: every cycle that has both directions."""
    return file_table(COLUMNS, cycle_summaries(solution))


def cycles_report(summaries: Sequence[CycleSummary]) -> list[str]:
    """The cycles for a terminal, and notes on the columns; nothing if there are none."""
    if not summaries:
        return []
    lines = [
        printed_table(COLUMNS, summaries),
        "coulombic: capacity out / in; voltage: mean of insertion (in) / mean of extraction (out);",
        "energy: delivered on insertion / taken up on extraction",
    ]
    if any(summary.energy_efficiency is None for summary in summaries):
        lines.append("-: the capacities differ by more than 2 %, so the loop is not closed")
    return lines


def printed(summaries: Sequence[CycleSummary]) -> list[CycleSummary]:
    """The cycles to print: all if they are few, else the first and the last of each block at one rate."""
    if len(summaries) <= MAX_PRINTED:
        return [*summaries]
    ends: list[CycleSummary] = []
    for _, group in groupby(summaries, key=lambda summary: summary.rate):
        block = [*group]
        ends += block[:1] if len(block) == 1 else [block[0], block[-1]]
    return ends
