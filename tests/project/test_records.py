"""Public records go into sets, over to other processes and into copies, and come back the same."""

from __future__ import annotations

import copy
import dataclasses
import functools
import inspect
import pickle

import numpy as np
import pytest
from pydantic import BaseModel

import sbpath
from sbpath import literature
from sbpath.results.crystal import reflections
from sbpath.results.loss_breakdown import loss_breakdowns
from sbpath.results.selectivity import all_branch_points
from sbpath.studies.comparison import cases
from sbpath.studies.reversals import rests_after_reversal

COPIES = {
    "pickle": lambda record: pickle.loads(pickle.dumps(record)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}
CYCLES = sbpath.cycling("C/2", 0.05, 1.5, cycles=2)
SWEEPS = sbpath.cv(["0.05 mV/s", "0.1 mV/s"], 0.05, 1.5, cycles=1)
RESTS = sbpath.rest_after_reversal("C/2", 0.05, 1.5, x=1.0, rest="1 h")
TITRATION = sbpath.gitt("C/2", 0.05, 1.5, pulse="x = 1", rest="2 h")


@functools.cache
def run(protocol, **options):
    return sbpath.simulate("li-sb", protocol, progress=False, **options)


def failed():
    """The error of a simulation that gives up."""
    try:
        run("Insert at C/2 until 0.05 V", options=sbpath.SolverOptions(max_steps=20))
    except sbpath.SimulationError as error:
        return error
    raise AssertionError


# An example of each class that `sbpath` has.
EXAMPLES = {
    "CurrentTable": lambda: sbpath.CurrentTable([0.0, 1.0], [0.1, 0.0]),
    "Experiment": lambda: sbpath.Experiment.of("li-sb", CYCLES),
    "InputError": lambda: sbpath.InputError(["one: mistake", "another: mistake"]),
    "Mechanism": lambda: sbpath.load_mechanism("li-sb2s3-libh4", design="nano"),
    "Outcome": lambda: sbpath.Outcome.VOLTAGE,
    "Population": lambda: sbpath.Population.lognormal(3, size=0.4),
    "Protocol": lambda: CYCLES,
    "Ramp": lambda: sbpath.Ramp(25.0, 60.0, 7200.0),
    "Range": lambda: sbpath.Range.parse("rate=C/10..1C"),
    "Sample": lambda: sbpath.Sample("sobol", 8, 1),
    "SbpathError": lambda: sbpath.SbpathError("what is wrong"),
    "SimulationError": failed,
    "Solution": lambda: run("Insert at C/2 until 0.05 V", population=sbpath.Population.lognormal(2, size=0.4)),
    "SolverOptions": lambda: sbpath.SolverOptions(rtol=1e-5),
    "State": lambda: run("Insert at C/2 until x = 1").final_state,
    "SweepTable": lambda: sbpath.sweep("li-sb", "rate=1C,2C", cycles=1, workers=1, progress=False),
    "ValidityWarning": lambda: sbpath.ValidityWarning("not here"),
    "Variation": lambda: sbpath.Variation.parse("rate=C/10,1C"),
    "literature.Host": lambda: literature.find_hosts()[0],
    "literature.ReportedAnode": lambda: literature.find_anodes()[0],
}  # fmt: skip

# What public functions return.
RETURNED = {
    "all_branch_points": lambda: all_branch_points(run(CYCLES)),
    "b_values": lambda: sbpath.b_values(sbpath.voltammetry_peaks(run(SWEEPS))),
    "cases": lambda: cases(run(CYCLES)),
    "cycle_summaries": lambda: sbpath.cycle_summaries(run(CYCLES)),
    "differential_capacity": lambda: sbpath.differential_capacity(run(CYCLES)),
    "diffraction": lambda: sbpath.diffraction(run(CYCLES)),
    "driving_forces": lambda: sbpath.driving_forces(run(CYCLES)),
    "edges": lambda: run(CYCLES).edges,
    "half_cycles": lambda: sbpath.half_cycles(run(CYCLES)),
    "heat_flow": lambda: sbpath.heat_flow(run(CYCLES)),
    "host_departures": lambda: literature.host_departures(literature.find_hosts()),
    "host_theory": lambda: [literature.host_theory(host) for host in literature.find_hosts()],
    "hysteresis_profile": lambda: sbpath.hysteresis_profile(run(CYCLES)),
    "loss_breakdowns": lambda: loss_breakdowns(run(CYCLES)),
    "onsets": lambda: sbpath.onsets(run(CYCLES)),
    "path_asymmetry": lambda: sbpath.path_asymmetry(run(CYCLES)),
    "pathways": lambda: sbpath.pathways(run(CYCLES)),
    "predictions": lambda: sbpath.predictions("li-sb", progress=False),
    "rate_capability": lambda: sbpath.rate_capability(run(sbpath.rate_test(["1C", "2C"], 0.05, 1.5, 1))),
    "reflections": lambda: reflections("li-sb", "Sb"),
    "rests_after_reversal": lambda: rests_after_reversal(run(RESTS)),
    "reversals": lambda: sbpath.reversals(run(sbpath.first_order_reversals("1C", 0.05, 1.5, [1.0], 1))),
    "selection_map": lambda: sbpath.selection_map("li-sb", "rate=1C,2C", "temperature=20,30", progress=False),
    "sensitivities": lambda: sbpath.sensitivities(run("Insert at C/2 until x = 1"), ["kinetics.growth_rate_per_s"]),
    "steps": lambda: run(CYCLES).steps,
    "titration": lambda: sbpath.titration(run(TITRATION)),
    "two_phase_equilibria": lambda: sbpath.two_phase_equilibria(run(TITRATION)),
    "voltammetry_peaks": lambda: sbpath.voltammetry_peaks(run(SWEEPS)),
    "zero_rate": lambda: sbpath.zero_rate("li-sb", progress=False),
}  # fmt: skip


def classes():
    """Names of all public classes."""
    for name in sbpath.__all__:
        if inspect.isclass(getattr(sbpath, name)):
            yield name
    for name in literature.__all__:
        if inspect.isclass(getattr(literature, name)):
            yield f"literature.{name}"


def plain(thing):
    """Everything that a record holds, as values that can be compared."""
    if isinstance(thing, np.ndarray):
        return thing.dtype, thing.shape, thing.tolist() if thing.dtype.kind == "O" else thing.tobytes()
    if isinstance(thing, BaseModel):
        return type(thing), {name: plain(getattr(thing, name)) for name in type(thing).model_fields}
    if dataclasses.is_dataclass(thing):
        return type(thing), {
            item.name: plain(getattr(thing, item.name)) for item in dataclasses.fields(thing)
        }
    if isinstance(thing, BaseException):
        return type(thing), str(thing), plain(vars(thing))
    if isinstance(thing, dict):
        return {key: plain(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [plain(item) for item in thing]
    return repr(thing)


def survives(record, name):
    for way, copied in COPIES.items():
        again = copied(record)
        assert type(again) is type(record), (name, way)
        assert plain(again) == plain(record), (name, way)
        if again == record:
            assert hash(again) == hash(record), (name, way)
    assert isinstance(hash(record), int), name


def test_every_public_class_has_an_example():
    assert set(classes()) == set(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_public_records_survive_copies_and_can_be_hashed(name):
    record = EXAMPLES[name]()
    assert type(record).__name__ == name.removeprefix("literature.")
    survives(record, name)


@pytest.mark.parametrize("name", RETURNED)
def test_what_public_functions_return_survives_too(name):
    returned = RETURNED[name]()
    records = [*returned] if isinstance(returned, list | tuple) else [returned]
    assert records
    for record in records:
        survives(record, name)


def test_equal_states_have_equal_hashes():
    one = sbpath.State({"Sb": 0.25, "Li3Sb": 0.75}, 0.9)
    other = sbpath.State({"Li3Sb": 0.75, "Sb": 0.25}, 0.9)
    assert one == other
    assert len({one, other}) == 1


def test_a_pickled_error_keeps_its_lines_and_its_solution():
    problems = pickle.loads(pickle.dumps(EXAMPLES["InputError"]())).problems
    assert problems == ("one: mistake", "another: mistake")
    error = pickle.loads(pickle.dumps(failed()))
    assert error.solution.steps[-1].outcome.failed
    assert str(error).splitlines() == [str(error)]
