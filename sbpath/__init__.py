"""Reaction-pathway phase-transition simulator for antimony (Sb) battery anodes.

>>> import sbpath
>>> mechanism = sbpath.load_mechanism("li-sb")
>>> solution = sbpath.simulate(mechanism, ["Discharge at C/10 until 0.05 V"], progress=False)
>>> round(float(solution.composition[-1]), 2)
3.0

Sign convention: positive current is discharge of the half-cell, insertion into Sb.
"""

from importlib.metadata import version

from sbpath.errors import InputError, SbpathError
from sbpath.protocol import Protocol, cycling, parse_step
from sbpath.reader import load_mechanism, shipped_names
from sbpath.simulate import simulate, simulate_again
from sbpath.solution import SimulationError, Solution, State, StepRecord, load_solution
from sbpath.solve import SolverOptions

__version__ = version("sbpath")

__all__ = [
    "InputError",
    "Protocol",
    "SbpathError",
    "SimulationError",
    "Solution",
    "SolverOptions",
    "State",
    "StepRecord",
    "cycling",
    "load_mechanism",
    "load_solution",
    "parse_step",
    "shipped_names",
    "simulate",
    "simulate_again",
]
