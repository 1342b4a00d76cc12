"""Axis labels and titles."""

from __future__ import annotations

from collections.abc import Sequence

from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.notation import host_label, node_labels
from sbpath.solution import Solution
from sbpath.sweeps.ranges import RATE, TEMPERATURE


def voltage_label(solution: Solution) -> str:
    """Axis label of a voltage against the solution's alkali metal."""
    ion = solution.mechanism.ion
    return rf"Voltage vs $\mathrm{{{ion}^+\!/{ion}}}$  (V)"


def composition_label(solution: Solution) -> str:
    """Axis label of x, per Sb also in compounds."""
    ion = solution.mechanism.ion
    return f"x  ({ion} per Sb)" if solution.mechanism.assemblages else f"x in {ion}$_x$Sb"


def per_gram(solutions: Solution | Sequence[Solution]) -> str:
    """``g⁻¹ Sb``: per gram of the host, which is not named if it is a mixture or hosts differ."""
    several = [solutions] if isinstance(solutions, Solution) else solutions
    hosts = {host_label(solution.mechanism, mathtext=True) for solution in several}
    host = hosts.pop() if len(hosts) == 1 else "host"
    return f"g$^{{-1}}$ {'host' if ' + ' in host else host}"


def capacity_label(solutions: Solution | Sequence[Solution]) -> str:
    """Axis label of a specific capacity."""
    return f"Specific capacity  (mAh {per_gram(solutions)})"


def heading(solution: Solution) -> str:
    """Name, graph and temperature for the title of a figure."""
    return f"{solution.mechanism.name}, {solution.graph} graph, {solution.temperature_C:g} °C"


def parameter_label(name: str, unit: str, mechanism: Mechanism) -> str:
    """Axis label of a parameter of a sweep or a map."""
    if name == RATE:
        return "C-rate  (h$^{-1}$)"
    if name == TEMPERATURE:
        return "Temperature  (°C)"
    parts = name.split(".")
    if parts[0] == "interfaces" and parts[-1] == "energy_J_per_m2":
        labels = node_labels(mechanism, mathtext=True, short=True)
        one, other = (labels.get(phase, phase) for phase in parts[1].split("|"))
        return rf"$\gamma$({one}|{other})  (J m$^{{-2}}$)"
    return f"{name}  ({unit})" if unit else name


def measure_label(name: str, mechanism: Mechanism) -> str:
    """Axis label of a measured quantity: ``hysteresis_mV`` as ``Hysteresis  (mV)``."""
    per_gram = f"g$^{{-1}}$ {host_label(mechanism, mathtext=True)}"
    units = {"_mAh_per_g": f"mAh {per_gram}", "_J_per_g": f"J {per_gram}", "_mV": "mV", "_V": "V", "_s": "s"}
    for ending, unit in units.items():
        if name.endswith(ending):
            return f"{_sentence(name.removesuffix(ending))}  ({unit})"
    return _sentence(name)


def _sentence(name: str) -> str:
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]
