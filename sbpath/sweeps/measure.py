"""The default measure of a sweep: the last cycle in numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sbpath.results.cycles import HalfCycle, half_cycles, last_loop
from sbpath.solution import Solution

Value = float | str | bool | None
Measure = Callable[[Solution], Mapping[str, Value]]


def cycle_values(solution: Solution) -> dict[str, Value]:
    """The last cycle with both directions, by the definitions of `sbpath.results.cycles`.

    Returns
    -------
    dict
        Capacities (mAh/g) and mean voltages (V) of insertion and extraction, hysteresis (mV), loop
        (J/g), efficiencies (1), and the phases in order of appearance, such as
        ``"Sb -> Li2Sb -> Li3Sb"``. Loop and energy efficiency are None if the loop is not closed.
        If no cycle has both directions, all are None except the values of the last half cycle of each.
    """
    summary = None
    if (loop := last_loop(solution)) is not None:
        summary, *halves = loop
    else:
        halves = half_cycles(solution)
    last = {half.direction: half for half in halves}
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
        "insertion_path": into and _path(into),
        "extraction_path": out and _path(out),
    }


def _path(half: HalfCycle) -> str:
    return " -> ".join(" + ".join(group) for group in half.phases)
