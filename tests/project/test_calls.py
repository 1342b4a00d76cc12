"""Wrong names and types of arguments of public functions and classes are InputErrors of one line."""

from __future__ import annotations

import inspect
import pickle
import re
import subprocess
import sys
import threading
import warnings
from importlib import import_module
from multiprocessing import get_all_start_methods
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

import sbpath
from sbpath import literature, plots
from sbpath.calls import methods_checked
from sbpath.plots.style import figure_of
from sbpath.protocol.steps import Rest, TimeLimit

MISPELT = "solutoin_of_it"


def public():
    """Names and objects that can be called, of all that is public."""
    for home in (sbpath, plots, literature):
        for name in home.__all__:
            thing = getattr(home, name)
            if inspect.isfunction(thing):
                yield f"{home.__name__}.{name}", thing
            elif hasattr(thing, "__dataclass_fields__"):
                yield f"{home.__name__}.{name}", thing
                for inner, member in vars(thing).items():
                    if isinstance(member, classmethod) and not inner.startswith("_"):
                        yield f"{home.__name__}.{name}.{inner}", getattr(thing, inner)


CALLABLE = dict(public())


def methods():
    """Public methods of all classes that are public or that functions return, and of what these hold."""
    home = Path(__file__).parents[2] / "docs" / "api.md"
    classes = {thing for name in sbpath.__all__ if inspect.isclass(thing := getattr(sbpath, name))}
    classes |= {type(thing) for name in ("cycle_table", "mechanism", "protocol", "experiment")
                if (thing := getattr(sbpath.simulate("li-sb", "Rest for 1 s", progress=False), name))}  # fmt: skip
    for entry in re.findall(r"^   ([\w.]+\.[A-Z]\w+)$", home.read_text(encoding="utf-8"), re.MULTILINE):
        module, _, name = entry.rpartition(".")
        classes.add(getattr(import_module(f"sbpath.{module}"), name))
    for kind in sorted(classes, key=str):
        for name, member in vars(kind).items():
            # `with_records` takes any field.
            if inspect.isfunction(member) and not name.startswith("_") and name != "with_records":
                yield f"{kind.__name__}.{name}", member


METHODS = dict(methods())


@pytest.fixture(scope="module")
def solution():
    return sbpath.simulate("li-sb", sbpath.cycling("2C", 0.05, 1.5, cycles=3), progress=False)


@pytest.mark.parametrize("name", CALLABLE)
def test_a_wrong_name_gets_the_nearest_one_or_all(name):
    function = CALLABLE[name]
    known = [*inspect.signature(function).parameters]
    with pytest.raises(sbpath.InputError) as error:
        function(**{MISPELT: 1})
    (problem,) = [line for line in error.value.problems if MISPELT in line]
    assert "has no argument 'solutoin_of_it'; " in problem
    assert problem.endswith("; " if not known else "?") or all(key in problem for key in known)
    for key in known:
        with pytest.raises(sbpath.InputError, match=f"has no argument '{key}_'; did you mean '{key}'"):
            function(**{f"{key}_": 1})


@pytest.mark.parametrize("name", METHODS)
def test_a_wrong_name_in_a_method_gets_the_nearest_one_or_all(name):
    known = [*inspect.signature(METHODS[name]).parameters][1:]
    method = name.partition(".")[2]
    for key in known:
        with pytest.raises(
            sbpath.InputError, match=f"^{method}: has no argument '{key}_'; did you mean '{key}'"
        ):
            METHODS[name](None, **{f"{key}_": 1})
    with pytest.raises(sbpath.InputError) as error:
        METHODS[name](None, **{MISPELT: 1})
    text = ", ".join(known) or "none"
    assert str(error.value) == f"{method}: has no argument {MISPELT!r}; it takes {text}"


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda: Rest(temperature=45.0), "Rest: has no argument 'temperature'; did you mean 'temperature_C'?"),
        (lambda: TimeLimit(time=3600.0), "TimeLimit: has no argument 'time'; did you mean 'time_s'?"),
        (lambda: Rest(), "Rest: needs limits"),
        (lambda: sbpath.Experiment.of("li-sb", temprature_C=25), "of: has no argument 'temprature_C'; did you mean 'temperature_C'?"),
        (lambda: sbpath.plots.voltage(sbpath.simulate("li-sb", "Rest for 1 s", progress=False), against="chrge"),
         "against: must be 'capacity' or 'composition', not 'chrge'"),
    ],
)  # fmt: skip
def test_constructors_class_methods_and_choices(call, line):
    with pytest.raises(sbpath.InputError) as error:
        call()
    assert str(error.value) == line


def test_a_mistake_within_a_method_stays_what_it_is():
    class Broken:
        def of(self, phase):
            return phase + None

    with pytest.raises(TypeError, match="unsupported operand"):
        methods_checked(Broken)().of(1)


@pytest.mark.parametrize(
    "name", [name for name, f in CALLABLE.items() if "solution" in inspect.signature(f).parameters]
)
def test_what_is_no_solution_is_refused(name, solution):
    needed = [p for p in inspect.signature(CALLABLE[name]).parameters.values() if p.default is p.empty]
    rest = [0] * (len(needed) - 1)
    if needed[0].name != "solution":
        pytest.skip("its first argument is another one")
    for wrong in ("li-sb", None, [solution, solution], 3):
        with pytest.raises(sbpath.InputError) as error:
            CALLABLE[name](wrong, *rest)
        assert any(line.startswith("solution: must be a ") for line in error.value.problems)


@pytest.mark.parametrize("name", [name for name in CALLABLE if not name.endswith("from_document")])
def test_arguments_of_no_use_are_refused_in_one_line(name, solution):
    problems = []
    wrong = [3, 3.5, b"x", {}, object(), np.array([1.0, 2.0]), lambda: 1, float("inf"), 10**400, "\0"]
    for given in (*((first,) for first in wrong), *((solution, second) for second in wrong[2:7])):
        try:
            CALLABLE[name](*given)
        except sbpath.InputError as error:
            problems += error.problems
        except sbpath.SbpathError:
            pass  # a number that the simulation could not run with
    assert all(line and "\n" not in line for line in problems)


def test_sequences_may_be_generators(solution):
    assert len(plots.loops(one for one in (solution, solution))) == 2
    anodes = literature.find_anodes(ion="K")
    assert literature.find_anodes(anode for anode in anodes) == anodes


def test_messages(solution):
    _, ax = plt.subplots()
    messages = {
        "simulate: has no argument 'temperature'; did you mean 'temperature_C'?": lambda: sbpath.simulate(
            "li-sb", temperature=60
        ),
        "simulate: needs mechanism": sbpath.simulate,
        "solution: must be a Solution, not a list; give one at a time": lambda: plots.voltage(
            [solution, solution]
        ),
        "axes: must be a list of Axes, not an Axes; put it into a list": lambda: plots.loops(
            solution, axes=ax
        ),
        "axes: must be 2 Axes, not an Axes; put it into a list": lambda: plots.operando(solution, ax),
        "ax: must be an Axes, not a list; give one at a time": lambda: plots.voltage(solution, [ax]),
        "against: must be 'capacity' or 'composition', not 'x'": lambda: plots.voltage(solution, against="x"),
        "SolverOptions: has no argument 'tol'; did you mean 'rtol'?": lambda: sbpath.SolverOptions(tol=1e-5),
        "lognormal: needs number": sbpath.Population.lognormal,
        "fraction: has no argument 'phse'; did you mean 'phase'?": lambda: solution.fraction(phse="Sb"),
        "fraction: needs phase": lambda: solution.fraction(),
        "fraction: takes only phase without a name": lambda: solution.fraction("Sb", 1),
        "edges: has no argument 'grph'; did you mean 'graph'?": lambda: solution.mechanism.edges(grph="x"),
        "path: must be text in quotes or a path, not None": lambda: sbpath.to_csv(solution, None),
        "name: must be text in quotes or a path, not 3": lambda: sbpath.load_mechanism(3),
        "least: must be a number from 0 to 1, not '5 %'": lambda: sbpath.pathways(solution, "5 %"),
        "entries: must be a list of LedgerEntry, not a Solution": lambda: sbpath.full_cell_capacity(
            solution, 100.0
        ),
        "cycles: must be a tuple of tuples of steps; Protocol.parse takes texts, lists and the like": lambda: (
            sbpath.Protocol([])
        ),
    }
    for message, call in messages.items():
        with pytest.raises(sbpath.InputError) as error:
            call()
        assert str(error.value) == message
    assert plots.loops(solution, axes=[ax]) == [ax]
    assert plots.loops(solution, axes=np.array([ax])) == [ax]


def test_public_functions_can_still_be_pickled_and_warn_where_they_are_called():
    for home in (sbpath, plots, literature):
        for name in home.__all__:
            if inspect.isfunction(thing := getattr(home, name)):
                assert pickle.loads(pickle.dumps(thing)) is thing
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        sbpath.simulate("na-sb", "Rest for 1 s", temperature_C=400.0, progress=False)
        sbpath.compare("na-sb", rates="20C", temperatures_C=[400.0], progress=False)
    assert {warning.filename for warning in caught} == {__file__}


# -- workers ------------------------------------------------------------------------------------


POOLS = """
import multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
import sbpath

def simulated(steps):
    options = sbpath.SolverOptions(max_steps=steps)
    particles = sbpath.Population.lognormal(2, size=0.1)
    try:
        solution = sbpath.simulate(
            "li-sb", "Insert at C/2 until 0.05 V", options=options, population=particles, progress=False
        )
    except sbpath.SimulationError as error:
        if multiprocessing.parent_process():
            raise
        return str(error), error.solution.steps, error.solution.voltage_V.tolist()
    return solution.voltage_V.tolist()

def told(mapped, steps):
    try:
        return list(mapped(simulated, [steps]))
    except sbpath.SimulationError as error:
        return [(str(error), error.solution.steps, error.solution.voltage_V.tolist())]

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    here = simulated(10_000), simulated(20)
    with context.Pool(1) as pool, ProcessPoolExecutor(1, context) as other:
        found = [(*told(mapped, 10_000), *told(mapped, 20)) for mapped in (pool.map, other.map)]
    print(found == [here] * 2)
"""


@pytest.mark.parametrize(
    "way", [way for way in ("spawn", "forkserver", "fork") if way in get_all_start_methods()]
)
def test_solutions_and_failures_come_back_from_other_processes(way, tmp_path):
    # The workers start after a simulation in this process.
    (tmp_path / "pools.py").write_text(POOLS, encoding="utf-8")
    command = [sys.executable, "pools.py", way]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.stdout == "True\n", done.stderr


# -- figures ------------------------------------------------------------------------------------


def test_saved_figures_are_forgotten_where_none_can_be_shown(solution, tmp_path):
    drawn = [plots.voltage(solution) for _ in range(3)]
    for number, ax in enumerate(drawn):
        plots.save(ax, tmp_path / f"{number}.png")
    assert plt.get_fignums() == []
    # It can still be changed and saved.
    drawn[0].set_title("again")
    assert plots.save(drawn[0], tmp_path / "0.svg").stat().st_size > 1000


def test_threads_draw_one_after_the_other(solution, tmp_path):
    errors = []

    def draw(number):
        try:
            plots.save(plots.overview(solution), tmp_path / f"{number}.svg")
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=draw, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 1


def test_cycles_of_a_voltage_can_be_chosen(solution):
    def labels(cycles):
        return [text.get_text() for text in plots.voltage(solution, cycles=cycles).get_legend().get_texts()]

    assert labels(2) == labels([2]) == labels(np.int64(2)) == ["insertion, cycle 2", "extraction, cycle 2"]
    assert len(plots.voltage(solution, cycles=[1, 3]).lines) == 4
    assert len(plots.voltage(solution).lines) == 6
    assert figure_of(plots.voltage(solution, cycles=np.array([1]))) is not None
    with pytest.raises(sbpath.InputError, match="cycle: no charge passes in cycle 7; choose one of 1, 2, 3"):
        plots.voltage(solution, cycles=[7])
