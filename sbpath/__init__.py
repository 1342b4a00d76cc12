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
    from sbpath.errors import InputError, SbpathError, ValidityWarning
    from sbpath.experiment import Experiment, State
    from sbpath.experiments.comparison import compare
    from sbpath.experiments.counterfactual import asymmetry
    from sbpath.experiments.selection import selection_map
    from sbpath.experiments.zero_rate import zero_rate
    from sbpath.literature.csv_files import literature_to_csv, load_references
    from sbpath.literature.entries import Host, Study
    from sbpath.literature.queries import find_hosts, find_studies
    from sbpath.literature.theory import Departure, HostTheory, host_departures, host_theory
    from sbpath.mechanism.designs import design_names
    from sbpath.mechanism.documents import shipped_names
    from sbpath.mechanism.paths import value, with_changes
    from sbpath.mechanism.reader import load_mechanism, with_design
    from sbpath.model.equilibrium import equilibrium_potential
    from sbpath.model.plausibility import doubts
    from sbpath.model.population import Population
    from sbpath.protocol.experiments import (
        cv,
        first_order_reversals,
        gitt,
        partial_cycling,
        rate_test,
        rest_after_reversal,
    )
    from sbpath.protocol.outcome import Outcome
    from sbpath.protocol.protocol import Protocol, cycling, parse_step
    from sbpath.results.analysis import (
        CycleSummary,
        HalfCycle,
        Onset,
        cycle_summaries,
        first_cycle_efficiency,
        half_cycles,
        onsets,
    )
    from sbpath.results.budget import budget, budgets, gap_profile
    from sbpath.results.calorimetry import heat_flow
    from sbpath.results.crystal import Reflections, reflections
    from sbpath.results.differential import DifferentialCapacity, differential_capacity
    from sbpath.results.diffraction import DiffractionMap, diffraction
    from sbpath.results.export import to_bdf, to_csv, to_dataframe
    from sbpath.results.memory import Reversal, reversals
    from sbpath.results.pathways import pathways
    from sbpath.results.phases import phase_amounts
    from sbpath.results.rate_capability import RatePoint, rate_capability
    from sbpath.results.rivals import decisions, driving
    from sbpath.results.sensitivity import Sensitivities, sensitivities
    from sbpath.results.titration import Couple, TitrationPoint, couples, titration
    from sbpath.results.voltammetry import BValue, VoltammetryPeak, b_values, voltammetry_peaks
    from sbpath.simulation import simulate, simulate_again
    from sbpath.solution import Particles, SimulationError, Solution, StepRecord, load_solution
    from sbpath.solver.trial import SolverOptions
    from sbpath.studies.literature_comparison import LiteratureComparison, compare_with_literature
    from sbpath.sweeps.points import Sample
    from sbpath.sweeps.ranges import Range, Variation
    from sbpath.sweeps.runs import sweep
    from sbpath.sweeps.table import SweepTable, load_sweep

__version__ = "0.1.0"

_HOMES = {
    "BValue": "results.voltammetry",
    "Couple": "results.titration",
    "CycleSummary": "results.analysis",
    "Departure": "literature.theory",
    "DifferentialCapacity": "results.differential",
    "DiffractionMap": "results.diffraction",
    "Experiment": "experiment",
    "HalfCycle": "results.analysis",
    "Host": "literature.entries",
    "HostTheory": "literature.theory",
    "InputError": "errors",
    "LiteratureComparison": "studies.literature_comparison",
    "Onset": "results.analysis",
    "Outcome": "protocol.outcome",
    "Particles": "solution",
    "Population": "model.population",
    "Protocol": "protocol.protocol",
    "Range": "sweeps.ranges",
    "RatePoint": "results.rate_capability",
    "Reflections": "results.crystal",
    "Reversal": "results.memory",
    "Sample": "sweeps.points",
    "SbpathError": "errors",
    "SimulationError": "solution",
    "Solution": "solution",
    "SolverOptions": "solver.trial",
    "State": "experiment",
    "Sensitivities": "results.sensitivity",
    "StepRecord": "solution",
    "SweepTable": "sweeps.table",
    "Study": "literature.entries",
    "TitrationPoint": "results.titration",
    "ValidityWarning": "errors",
    "Variation": "sweeps.ranges",
    "VoltammetryPeak": "results.voltammetry",
    "asymmetry": "experiments.counterfactual",
    "b_values": "results.voltammetry",
    "budget": "results.budget",
    "budgets": "results.budget",
    "compare": "experiments.comparison",
    "compare_with_literature": "studies.literature_comparison",
    "couples": "results.titration",
    "cv": "protocol.experiments",
    "cycle_summaries": "results.analysis",
    "cycling": "protocol.protocol",
    "decisions": "results.rivals",
    "design_names": "mechanism.designs",
    "differential_capacity": "results.differential",
    "diffraction": "results.diffraction",
    "doubts": "model.plausibility",
    "driving": "results.rivals",
    "equilibrium_potential": "model.equilibrium",
    "find_hosts": "literature.queries",
    "find_studies": "literature.queries",
    "first_cycle_efficiency": "results.analysis",
    "first_order_reversals": "protocol.experiments",
    "gap_profile": "results.budget",
    "gitt": "protocol.experiments",
    "half_cycles": "results.analysis",
    "heat_flow": "results.calorimetry",
    "host_departures": "literature.theory",
    "host_theory": "literature.theory",
    "literature_to_csv": "literature.csv_files",
    "load_mechanism": "mechanism.reader",
    "load_references": "literature.csv_files",
    "load_solution": "solution",
    "load_sweep": "sweeps.table",
    "onsets": "results.analysis",
    "parse_step": "protocol.protocol",
    "partial_cycling": "protocol.experiments",
    "pathways": "results.pathways",
    "phase_amounts": "results.phases",
    "plots": "plots",
    "rate_capability": "results.rate_capability",
    "rate_test": "protocol.experiments",
    "reflections": "results.crystal",
    "rest_after_reversal": "protocol.experiments",
    "reversals": "results.memory",
    "selection_map": "experiments.selection",
    "sensitivities": "results.sensitivity",
    "shipped_names": "mechanism.documents",
    "simulate": "simulation",
    "simulate_again": "simulation",
    "sweep": "sweeps.runs",
    "titration": "results.titration",
    "to_bdf": "results.export",
    "to_csv": "results.export",
    "to_dataframe": "results.export",
    "voltammetry_peaks": "results.voltammetry",
    "value": "mechanism.paths",
    "with_changes": "mechanism.paths",
    "with_design": "mechanism.reader",
    "zero_rate": "experiments.zero_rate",
}

__all__ = [
    "BValue",
    "Couple",
    "CycleSummary",
    "Departure",
    "DifferentialCapacity",
    "DiffractionMap",
    "Experiment",
    "HalfCycle",
    "Host",
    "HostTheory",
    "InputError",
    "LiteratureComparison",
    "Onset",
    "Outcome",
    "Particles",
    "Population",
    "Protocol",
    "Range",
    "RatePoint",
    "Reflections",
    "Reversal",
    "Sample",
    "SbpathError",
    "Sensitivities",
    "SimulationError",
    "Solution",
    "SolverOptions",
    "State",
    "StepRecord",
    "Study",
    "SweepTable",
    "TitrationPoint",
    "ValidityWarning",
    "Variation",
    "VoltammetryPeak",
    "asymmetry",
    "b_values",
    "budget",
    "budgets",
    "compare",
    "compare_with_literature",
    "couples",
    "cv",
    "cycle_summaries",
    "cycling",
    "decisions",
    "design_names",
    "differential_capacity",
    "diffraction",
    "doubts",
    "driving",
    "equilibrium_potential",
    "find_hosts",
    "find_studies",
    "first_cycle_efficiency",
    "first_order_reversals",
    "gap_profile",
    "gitt",
    "half_cycles",
    "heat_flow",
    "host_departures",
    "host_theory",
    "literature_to_csv",
    "load_mechanism",
    "load_references",
    "load_solution",
    "load_sweep",
    "onsets",
    "parse_step",
    "partial_cycling",
    "pathways",
    "phase_amounts",
    "plots",
    "rate_capability",
    "rate_test",
    "reflections",
    "rest_after_reversal",
    "reversals",
    "selection_map",
    "sensitivities",
    "shipped_names",
    "simulate",
    "simulate_again",
    "sweep",
    "titration",
    "to_bdf",
    "to_csv",
    "to_dataframe",
    "value",
    "voltammetry_peaks",
    "with_changes",
    "with_design",
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
