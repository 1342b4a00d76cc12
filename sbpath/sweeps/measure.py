"""The default measure of a sweep: the last cycle in numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sbpath.results.cycles import HalfCycle, half_cycles, last_loop
from sbpath.results.ledger import ledger
from sbpath.results.pathways import Pathways, main_paths, pathways_of_half
from sbpath.solution import Solution

Value = float | str | bool | None
Measure = Callable[[Solution], Mapping[str, Value]]


def cycle_values(solution: Solution) -> dict[str, Value]:
    """The last cycle with both directions, by the definitions of `sbpath.results.cycles`.

    Returns
    -------
    dict
        Capacities (mAh/g) and mean voltages (V) of insertion and extraction, hysteresis (mV), loop
        (J/g), efficiencies (1); efficiency of the first cycle, charge gone into film on the host and on idle
        surface and cut off in all cycles (mAh/g), and the live share at the end; and the paths that took 90 % of what reacted, the widest first, such as
        ``"Sb -> Li2Sb -> Li3Sb"``, with the share of the first. Loop and energy efficiency are None if the loop is not closed.
        If no cycle has both directions, all are None except the values of the last half cycle of each.
    """
    summary, entries = None, ledger(solution)
    if (loop := last_loop(solution)) is not None:
        summary, *halves = loop
    else:
        halves = half_cycles(solution)
    last = {half.direction: half for half in halves}
    ways = {way: _paths_of(solution, half) for way, half in last.items()}
    into, out = last.get("insertion"), last.get("extraction")
    return {
        "insertion_capacity_mAh_per_g": into and into.capacity_mAh_per_g,
        "extraction_capacity_mAh_per_g": out and out.capacity_mAh_per_g,
        "insertion_mean_voltage_V": into and into.mean_voltage_V,
        "extraction_mean_voltage_V": out and out.mean_voltage_V,
        "hysteresis_mV": summary and summary.hysteresis_mV,
        "loop_J_per_g": summary and summary.loop_J_per_g,
        "coulombic_efficiency": summary and summary.coulombic_efficiency,
        "voltage_efficiency": summary and summary.voltage_efficiency,
        "energy_efficiency": summary and summary.energy_efficiency,
        "first_cycle_efficiency": entries[0].efficiency if entries and entries[0].inserted > 0.0 else None,
        "film_mAh_per_g": sum(entry.film for entry in entries),
        "idle_film_mAh_per_g": sum(entry.idle for entry in entries),
        "cut_off_mAh_per_g": sum(entry.cut_off for entry in entries),
        "live_share": entries[-1].live_share if entries else None,
        **_path("insertion", ways.get("insertion")),
        **_path("extraction", ways.get("extraction")),
    }


def _paths_of(solution: Solution, half: HalfCycle) -> Pathways:
    """Of the first half cycle of this direction in its cycle, as in `last_loop`."""
    table = solution.cycle_table
    own, sign = table.halves(half.cycle), 1 if half.direction == "insertion" else -1
    return pathways_of_half(solution, own.start + table.half_direction[own].tolist().index(sign))


def _path(direction: str, way: Pathways | None) -> dict[str, Value]:
    paths = way.paths if way else ()
    named = ", ".join(" -> ".join(path.phases) for path in main_paths(paths))
    share = paths[0].share / sum(path.share for path in paths) if paths else None
    return {f"{direction}_path": named or None, f"{direction}_path_share": share}
