"""The same results as text: tables for a terminal, and what a mechanism holds."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from sbpath.mechanism.records import Edge, Gallery, Mechanism, Provenance, Quantity
from sbpath.model.equilibrium import equilibrium_potential
from sbpath.physical import ZERO_CELSIUS_K
from sbpath.results.analysis import CycleSummary, HalfCycle, cycle_summaries, half_cycles, last_loop
from sbpath.results.labels import phase_labels
from sbpath.solution import Solution


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as they need to be, two blanks apart; the last one is left ragged."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in [head, *rows]
    ]
    return "\n".join(line.rstrip() for line in lines)


def systems(mechanisms: Sequence[Mechanism]) -> str:
    """One line for each mechanism."""
    rows = [[m.name, m.ion, f"{m.temperature_C:g} °C", m.default_graph, m.title] for m in mechanisms]
    return table(["name", "ion", "temperature", "default graph", "system"], rows)


def mechanism_report(mechanism: Mechanism) -> str:
    """Equations, phases, every number with its status and source, and the sources in full."""
    numbers = list(mechanism.numbers())
    counted = Counter(number.status for _, number in numbers)
    status = ", ".join(f"{counted[s]} {s}" for s in ("measured", "computed", "fitted", "assumed"))
    cited = dict.fromkeys(number.source for _, number in numbers)
    parts = [
        _heading(mechanism),
        *(f"{textwrap.fill(paragraph, 100)}\n" for paragraph in mechanism.description.strip().split("\n\n")),
        "Transformations (number of the review's equation, equilibrium potential in V, graphs)",
        table(
            ["", "equation", "E / V", "graphs"], [_edge_row(mechanism, edge) for edge in mechanism.all_edges]
        ),
        "",
        "Phases (x: alkali per Sb; Vm in cm3 per mol Sb)",
        table(["name", "formula", "structure", "space group", "x", "Vm", "swelling"], _phase_rows(mechanism)),
        "",
        f"Numbers ({status}); units stand in the keys",
        table(["key", "value", "status", "source"], [_number_row(path, number) for path, number in numbers]),
        "",
        "Notes",
        *(_note(path, number) for path, number in numbers if number.fitted_to or number.note),
        "",
        "Sources",
        *(_indented(f"{key}: {mechanism.sources[key]}") for key in cited),
    ]
    return "\n".join(parts)


def _heading(m: Mechanism) -> str:
    resistance = m.series_resistance_ohm_g(m.temperature_C + ZERO_CELSIUS_K)
    drop = resistance * m.theoretical_capacity_mAh_per_g
    return (
        f"{m.name}: {m.title}\n"
        f"{m.ion}, {m.temperature_C:g} °C, {m.lower_cutoff_V:g} - {m.upper_cutoff_V:g} V, "
        f"{m.theoretical_capacity_mAh_per_g:.1f} mAh/g Sb, default graph: {m.default_graph}\n"
        f"electrolyte: {m.electrolyte.name} ({m.electrolyte.kind}), "
        f"series resistance {resistance:.3g} Ohm g ({drop:.2g} mV at 1C)\n"
    )


def _edge_row(mechanism: Mechanism, edge: Edge) -> list[str]:
    potential = equilibrium_potential(mechanism, edge.reactant, edge.product)
    number = edge.stated.review_equation
    return [
        f"({number})" if number else "",
        edge.stated.equation,
        "" if potential is None else f"{potential:.4f}",
        ", ".join(edge.stated.graphs),
    ]


def _phase_rows(mechanism: Mechanism) -> list[list[str]]:
    labels = phase_labels(mechanism.document)
    host = mechanism.phases[mechanism.initial_phase].molar_volume_cm3_per_mol.value
    rows = []
    for name, phase in mechanism.phases.items():
        full, empty = mechanism.full_content(name), mechanism.fixed_content(name)
        volume = phase.molar_volume_cm3_per_mol.value
        rows.append(
            [
                name,
                labels[name],
                phase.structure,
                phase.space_group or "-",
                f"{empty:g} - {full:g}" if phase.galleries else f"{full:g}",
                f"{volume:g}",
                f"{(volume / host - 1) * 100:+.0f} %",
            ]
        )
    return rows


def _number_row(path: str, number: Provenance) -> list[str]:
    match number:
        case Gallery():
            value = f"{number.sites:g} at {number.potential_V:g} V, width {number.width:g}"
        case Quantity():
            value = f"{number.value:.6g}"
        case _:
            value = ""
    return [path, value, number.status, number.source]


def _note(path: str, number: Provenance) -> str:
    fitted = f"fitted to {number.fitted_to}" if number.fitted_to else ""
    return _indented(f"{path}: {'; '.join(part for part in (fitted, number.note) if part)}")


def _indented(text: str) -> str:
    return textwrap.fill(text, 100, initial_indent="  ", subsequent_indent="    ")


def simulation_report(solution: Solution) -> str:
    """Half cycles, cycles, and every step that did not end as a plain cut-off."""
    about = solution.provenance
    labels = phase_labels(about["document"])
    lines = [
        f"{about['mechanism']}: {about['graph']} graph, {about['temperature_C']:g} °C, "
        f"1C = {about['one_C_mA_per_g']:.1f} mA/g Sb, {solution.time_s[-1] / 3600:.4g} h",
        "",
        table(
            [
                "cycle",
                "half cycle",
                "mAh/g",
                "mean V",
                "plateaus (V x mAh/g)",
                "phases in order of appearance",
            ],
            [
                [
                    str(half.cycle),
                    half.direction,
                    f"{half.capacity_mAh_per_g:.1f}",
                    f"{half.mean_voltage_V:.3f}",
                    plateaus_text(half),
                    path_text(half, labels),
                ]
                for half in half_cycles(solution)
            ],
        ),
    ]
    summaries = cycle_summaries(solution)
    if summaries:
        rows = [
            [
                str(s.cycle),
                f"{s.hysteresis_mV:.1f}",
                _or_dash(s.loop_J_per_g, "{:.1f}"),
                f"{s.coulombic_efficiency * 100:.2f} %",
                _or_dash(s.energy_efficiency, "{:.1%}"),
            ]
            for s in summaries
        ]
        lines += [
            "",
            table(["cycle", "hysteresis / mV", "loop / J/g", "coulombic eff.", "energy eff."], rows),
        ]
        lines += [
            "coulombic: extraction / insertion capacity; energy: delivered on insertion / taken up on extraction"
        ]
    if any(summary.energy_efficiency is None for summary in summaries):
        lines += ["-: the capacities differ by more than 2 %, so the loop is not closed"]
    odd = [r for r in solution.steps if r.ended_by in ("already", "failed")]
    lines += [f"cycle {r.cycle}, step {r.step} ({r.text}): {r.reason}" for r in odd]
    return "\n".join(lines)


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
                _or_dash(last.loop_J_per_g, "{:.1f}"), f"{last.coulombic_efficiency:.1%}",
                _or_dash(last.energy_efficiency, "{:.1%}"), path_text(into, labels), path_text(out, labels),
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


def plateaus_text(half: HalfCycle) -> str:
    """``0.850 x 437, 0.799 x 219``, or a dash."""
    return ", ".join(f"{p.voltage_V:.3f} x {p.extent_mAh_per_g:.0f}" for p in half.plateaus) or "-"


def path_text(half: HalfCycle, labels: dict[str, str] | None = None) -> str:
    """``Sb -> Li2Sb -> Li3Sb``, by label if given; phases that start together are joined by +."""
    return " -> ".join(" + ".join((labels or {}).get(n, n) for n in group) for group in half.phases)


def _or_dash(value: float | None, form: str) -> str:
    return "-" if value is None else form.format(value)
