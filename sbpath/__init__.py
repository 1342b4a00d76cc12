"""Reaction-pathway phase-transition simulator for antimony (Sb) battery anodes.

>>> import sbpath
>>> mechanism = sbpath.load_mechanism("li-sb")
>>> solution = sbpath.simulate(mechanism, ["Discharge at C/10 until 0.05 V"], progress=False)
>>> round(float(solution.composition[-1]), 2)
3.0

Sign convention: positive current is discharge of the half-cell, insertion into Sb.

The names below are imported when they are first used, so that the command line answers at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sbpath import plots
    from sbpath.errors import InputError, SbpathError
    from sbpath.experiments.comparison import compare
    from sbpath.experiments.counterfactual import asymmetry
    from sbpath.experiments.ranges import Variation
    from sbpath.experiments.selection import selection_map
    from sbpath.experiments.zero_rate import zero_rate
    from sbpath.mechanism.documents import shipped_names
    from sbpath.mechanism.reader import load_mechanism, with_changes
    from sbpath.model.equilibrium import equilibrium_potential
    from sbpath.protocol.protocol import Protocol, cycling, parse_step
    from sbpath.results.analysis import CycleSummary, HalfCycle, cycle_summaries, half_cycles
    from sbpath.results.budget import budget, budgets, gap_profile
    from sbpath.results.calorimetry import heat_flow
    from sbpath.results.diffraction import DiffractionMap, Reflections, diffraction, reflections
    from sbpath.results.export import to_bdf, to_csv, to_dataframe
    from sbpath.results.pathways import pathways
    from sbpath.results.rivals import decisions, driving
    from sbpath.simulation import simulate, simulate_again
    from sbpath.solution import SimulationError, Solution, State, StepRecord, load_solution
    from sbpath.solver.trial import SolverOptions

__version__ = "0.1.0"

_HOMES = {
    "CycleSummary": "results.analysis",
    "DiffractionMap": "results.diffraction",
    "HalfCycle": "results.analysis",
    "InputError": "errors",
    "Protocol": "protocol.protocol",
    "Reflections": "results.diffraction",
    "SbpathError": "errors",
    "SimulationError": "solution",
    "Solution": "solution",
    "SolverOptions": "solver.trial",
    "State": "solution",
    "StepRecord": "solution",
    "Variation": "experiments.ranges",
    "asymmetry": "experiments.counterfactual",
    "budget": "results.budget",
    "budgets": "results.budget",
    "compare": "experiments.comparison",
    "cycle_summaries": "results.analysis",
    "cycling": "protocol.protocol",
    "decisions": "results.rivals",
    "diffraction": "results.diffraction",
    "driving": "results.rivals",
    "equilibrium_potential": "model.equilibrium",
    "gap_profile": "results.budget",
    "half_cycles": "results.analysis",
    "heat_flow": "results.calorimetry",
    "load_mechanism": "mechanism.reader",
    "load_solution": "solution",
    "parse_step": "protocol.protocol",
    "pathways": "results.pathways",
    "plots": "plots",
    "reflections": "results.diffraction",
    "selection_map": "experiments.selection",
    "shipped_names": "mechanism.documents",
    "simulate": "simulation",
    "simulate_again": "simulation",
    "to_bdf": "results.export",
    "to_csv": "results.export",
    "to_dataframe": "results.export",
    "with_changes": "mechanism.reader",
    "zero_rate": "experiments.zero_rate",
}

__all__ = [
    "CycleSummary",
    "DiffractionMap",
    "HalfCycle",
    "InputError",
    "Protocol",
    "Reflections",
    "SbpathError",
    "SimulationError",
    "Solution",
    "SolverOptions",
    "State",
    "StepRecord",
    "Variation",
    "asymmetry",
    "budget",
    "budgets",
    "compare",
    "cycle_summaries",
    "cycling",
    "decisions",
    "diffraction",
    "driving",
    "equilibrium_potential",
    "gap_profile",
    "half_cycles",
    "heat_flow",
    "load_mechanism",
    "load_solution",
    "parse_step",
    "pathways",
    "plots",
    "reflections",
    "selection_map",
    "shipped_names",
    "simulate",
    "simulate_again",
    "to_bdf",
    "to_csv",
    "to_dataframe",
    "with_changes",
    "zero_rate",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'sbpath' has no attribute {name!r}")
    home = import_module(f"sbpath.{_HOMES[name]}")
    value = home if name == "plots" else getattr(home, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
