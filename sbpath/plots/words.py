"""Words on the axes and over the figures: units, the alkali metal, the host, the experiment."""

from __future__ import annotations

from collections.abc import Sequence

from sbpath.results.labels import host_label
from sbpath.solution import Solution


def voltage_label(solution: Solution) -> str:
    """Axis label of a voltage against the solution's alkali metal."""
    ion = solution.provenance["document"]["ion"]
    return rf"Voltage vs $\mathrm{{{ion}^+\!/{ion}}}$  (V)"


def composition_label(solution: Solution) -> str:
    """Axis label of x, which is per Sb in compounds too."""
    document = solution.provenance["document"]
    return (
        f"x  ({document['ion']} per Sb)" if document.get("assemblages") else f"x in {document['ion']}$_x$Sb"
    )


def per_gram(solutions: Solution | Sequence[Solution]) -> str:
    """``g⁻¹ Sb``: per gram of the host, which is not named where it is a mixture or where hosts differ."""
    several = [solutions] if isinstance(solutions, Solution) else solutions
    hosts = {host_label(solution.provenance["document"], mathtext=True) for solution in several}
    host = hosts.pop() if len(hosts) == 1 else "host"
    return f"g$^{{-1}}$ {'host' if ' + ' in host else host}"


def capacity_label(solutions: Solution | Sequence[Solution]) -> str:
    """Axis label of a specific capacity."""
    return f"Specific capacity  (mAh {per_gram(solutions)})"


def heading(solution: Solution) -> str:
    """Name, graph and temperature, for the title of a figure."""
    about = solution.provenance
    return f"{about['mechanism']}, {about['graph']} graph, {about['temperature_C']:g} °C"
