"""Axis labels and titles."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.notation import host_label, literal, node_labels, subscripted
from sbpath.solution import Solution
from sbpath.sweeps.ranges import RATE, TEMPERATURE

# Letters of a title in one column.
TITLE_LETTERS = 50


def voltage_label(solution: Solution) -> str:
    """Axis label of a voltage against the solution's alkali metal."""
    return voltage_against(solution.mechanism.ion)


def voltage_against(metal: str) -> str:
    """Axis label of a voltage against this metal."""
    return rf"Voltage vs {metal}$\mathregular{{^{{+}}}}$/{metal}  (V)"


def composition_label(solution: Solution) -> str:
    """Axis label of x, per atom of the host element also in compounds."""
    ion, host = solution.mechanism.ion, solution.mechanism.host
    return (
        f"x  ({ion} per {host})"
        if solution.mechanism.assemblages
        else f"x in {ion}$\\mathregular{{_x}}${host}"
    )


def per_gram(solutions: Solution | Sequence[Solution]) -> str:
    """``g⁻¹ Sb``: per gram of the host, which is not named if it is a mixture or hosts differ."""
    several = [solutions] if isinstance(solutions, Solution) else solutions
    hosts = {host_label(solution.mechanism, mathtext=True) for solution in several}
    host = hosts.pop() if len(hosts) == 1 else "host"
    return f"g$\\mathregular{{^{{-1}}}}$ {'host' if ' + ' in host else host}"


def capacity_label(solutions: Solution | Sequence[Solution]) -> str:
    """Axis label of a specific capacity."""
    return f"Specific capacity  (mAh {per_gram(solutions)})"


def subject(mechanism: Mechanism) -> str:
    """What a mechanism is, with subscripts, and the electrode design and electrolyte put on it."""
    design = f", {mechanism.design} electrode" if mechanism.design else ""
    electrolyte = f", {mechanism.electrolyte_name}" if mechanism.electrolyte_name else ""
    return literal(subscripted(mechanism.title) + design + electrolyte)


def heading(solution: Solution, wide: bool = False) -> str:
    """System, graph and temperature for the title of a figure, and what was changed, on lines that fit one column, or two."""
    parts = subject(solution.mechanism), conditions(solution)
    if wide:
        return textwrap.fill(", ".join(parts), 2 * TITLE_LETTERS)
    return "\n".join(textwrap.fill(part, TITLE_LETTERS) for part in parts)


def conditions(solution: Solution) -> str:
    """Graph and temperature, and what was changed."""
    return f"{literal(solution.graph)} graph, {solution.temperature_C:g} °C{changed(solution)}"


def changed(solution: Solution) -> str:
    """``, particle_radius_m = 5e-08``, or how many numbers were changed; empty if none was."""
    changes = solution.mechanism.changes
    if len(changes) > 1:
        return f", {len(changes)} numbers changed"
    return "".join(f", {literal(path.rpartition('.')[2])} = {number:g}" for path, number in changes.items())


def parameter_label(name: str, unit: str, mechanism: Mechanism) -> str:
    """Axis label of a parameter of a sweep or a map."""
    if name == RATE:
        return "C-rate  (h$\\mathregular{^{-1}}$)"
    if name == TEMPERATURE:
        return "Temperature  (°C)"
    parts = name.split(".")
    if parts[0] == "interfaces" and parts[-1] == "energy_J_per_m2":
        labels = node_labels(mechanism, mathtext=True, short=True)
        one, other = (labels.get(phase, phase) for phase in parts[1].split("|"))
        return rf"$\gamma$({one}|{other})  (J m$\mathregular{{^{{-2}}}}$)"
    return f"{name}  ({unit})" if unit else name


def measure_label(name: str, mechanism: Mechanism) -> str:
    """Axis label of a measured quantity: ``hysteresis_mV`` as ``Hysteresis  (mV)``."""
    per_gram = f"g$\\mathregular{{^{{-1}}}}$ {host_label(mechanism, mathtext=True)}"
    units = {"_mAh_per_g": f"mAh {per_gram}", "_J_per_g": f"J {per_gram}", "_mV": "mV", "_V": "V", "_s": "s"}
    for ending, unit in units.items():
        if name.endswith(ending):
            return f"{_sentence(name.removesuffix(ending))}  ({unit})"
    return _sentence(name)


def _sentence(name: str) -> str:
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]
