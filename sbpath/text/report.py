"""One simulation as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from sbpath.mechanism.notation import changes_text, host_label, node_labels
from sbpath.mechanism.records import value_or
from sbpath.protocol.outcome import Outcome
from sbpath.results.cycles import cycle_summaries, half_cycles
from sbpath.results.pathways import MIN_PATH_SHARE, Pathways, pathways
from sbpath.solution import Solution
from sbpath.text.cycle_tables import MAX_PRINTED, cycles_report, printed
from sbpath.text.tables import (
    Column,
    Row,
    path_text,
    plateaus_text,
    printed_table,
    table,
    ways_note,
    which_cycle,
)


def heading(solution: Solution) -> str:
    """System, graph, temperature, current of 1C, simulated duration, what a gram is of, and changed numbers."""
    mechanism = solution.mechanism
    electrode = f"electrode: {mechanism.design}, " if mechanism.design else ""
    particles = f"{len(solution.particles.weight)} particles, " if solution.particles else ""
    if mechanism.electrolyte_name:
        electrode += f"electrolyte: {mechanism.electrolyte_name}, "
    one_C = f"1C = {solution.experiment.one_C_mA_per_g:.1f} mA/g {host_label(mechanism)}"
    return (
        f"{mechanism.name}: {solution.graph} graph, {solution.temperature_C:g} °C, {electrode}{particles}{one_C}, "
        f"{solution.time_s[-1] / 3600:.4g} h\n{_basis(solution)}"
        + (f"\nchanged: {changes_text(mechanism)}" if mechanism.changes else "")
    )


def _basis(solution: Solution) -> str:
    """What numbers per gram refer to, and the electrode where the protocol or the user states it."""
    mass, host = solution.experiment.electrode_mass_g, host_label(solution.mechanism)
    loading = solution.mechanism.electrode.loading_mg_per_cm2.value
    areal = any("/cm2" in str(record.step) for record in solution.steps)
    return (
        f"per gram: of {host} as prepared"
        + (f"; electrode: {1e3 * mass:g} mg of {host}" if mass is not None else "")
        + (f"; per cm2: {loading:g} mg of {host}" if areal else "")
    )


def table_report(solution: Solution, columns: Sequence[Column[Row]], rows: Iterable[Row], note: str) -> str:
    """Heading, one table, and a note below it."""
    return "\n".join([heading(solution), "", printed_table(columns, rows), note])


def _nothing_formed(solution: Solution, ways: Sequence[Pathways | None]) -> list[str]:
    """A line if charge passed but neither formed nor filled a phase."""
    if not half_cycles(solution) or np.any(np.ptp(solution.fractions, axis=1) > MIN_PATH_SHARE):
        return []
    if any(way and abs(way.filling_mAh_per_g) > abs(way.double_layer_mAh_per_g) for way in ways):
        return []
    mechanism = solution.mechanism
    radius = mechanism.electrode.particle_radius_m.value
    energies = [interface.energy_J_per_m2.value for interface in mechanism.interfaces.values()]
    interfaces = f"the interfacial energies (up to {max(energies):g} J/m2), " if energies else ""
    return [
        "no phase formed, only the double layer was charged; look at electrode.particle_radius_m "
        f"({radius:g} m), {interfaces}and the cut-offs"
    ]


def simulation_report(solution: Solution) -> str:
    """Half cycles, cycles, and every step that failed or whose limit was already met.

    Of many cycles, those whose rows were kept, or else the first and the last of each block at one rate.
    """
    labels = node_labels(solution.mechanism)
    summaries, kept = cycle_summaries(solution), frozenset(solution.kept_cycles)
    total = solution.steps[-1].cycle
    full = frozenset(summary.cycle for summary in summaries)
    if solution.accumulated is None:
        ends = frozenset(summary.cycle for summary in printed(summaries))
        kept = frozenset(
            cycle for cycle in kept if cycle in ends or (cycle not in full and total <= MAX_PRINTED)
        )
    halves = [half for half in half_cycles(solution) if half.cycle in kept]
    ways = [way for way in pathways(solution) if way.cycle in kept]
    last = max(kept, default=total)
    lines = [
        heading(solution),
        f"last shown: {which_cycle(solution, last)}" if total > 1 else which_cycle(solution, last),
        "",
        table(
            ["cycle", "half cycle", "mAh/g", "mean V", "plateaus (V x mAh/g)", "path"],
            [
                [
                    str(half.cycle),
                    half.direction,
                    f"{half.capacity_mAh_per_g:.1f}",
                    f"{half.mean_voltage_V:.3f}",
                    plateaus_text(half),
                    path_text(way, labels),
                ]
                for half, way in zip(halves, ways, strict=True)
            ],
        ),
    ]
    lines += ways_note(ways) + _nothing_formed(solution, ways)
    inactive = value_or(solution.mechanism.electrode.inactive_mass_g_per_g, 0.0)
    if inactive > 0.0:
        highest = max((half.capacity_mAh_per_g for half in half_cycles(solution)), default=0.0)
        lines += [
            f"per gram of the whole electrode ({inactive:g} g of inactive mass per gram of host): "
            f"{highest / (1.0 + inactive):.1f} mAh/g at most"
        ]
    shown = [summary for summary in summaries if summary.cycle in kept]
    if shown:
        lines += ["", *cycles_report(shown)]
    if len(shown) < len(summaries):
        lines += [
            f"the tables show {len(shown)} of {len(summaries)} cycles; --summary FILE or sbpath.cycle_summaries "
            "gives all of them"
        ]
    odd = [r for r in solution.steps if r.outcome.failed or r.outcome is Outcome.ALREADY_MET]
    lines += map(str, odd)
    return "\n".join(lines)
