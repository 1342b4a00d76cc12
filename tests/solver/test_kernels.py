"""Oracles: the interpreted kernel itself, SciPy on the same equations, and what is found on disk."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import numpy as np
import pytest

from sbpath import cycling, kernels, load_mechanism, shipped_names, simulate
from sbpath.kernels import compiled
from sbpath.model.equations import Control, evaluate
from sbpath.model.network import build_network
from sbpath.model.workspace import dense, workspace
from sbpath.physical import ZERO_CELSIUS_K
from sbpath.replay import network_of, replayed
from sbpath.solver.cycler import programme_of
from sbpath.solver.electrode import Tolerances
from sbpath.solver.reference import scipy_cycle
from sbpath.solver.solve import Checkpoint, Monitor, run


def network_at_home(mechanism):
    return build_network(mechanism, mechanism.default_graph, mechanism.temperature_C + ZERO_CELSIUS_K)


@pytest.mark.parametrize("name", shipped_names())
def test_the_compiled_path_is_that_of_scipy(name):
    mechanism = load_mechanism(name)
    limits = mechanism.lower_cutoff_V, mechanism.upper_cutoff_V
    solution = simulate(mechanism, cycling("C/10", *limits), progress=False)
    start = 0.0
    for step, half in zip(solution.steps, scipy_cycle(mechanism, network_at_home(mechanism)), strict=True):
        rows = slice(step.first, step.last)
        time = solution.time_s[rows] - start
        # Where one is at its cut-off already, the other is not to be asked.
        inside = time <= half.t[-1]
        wanted = half.sol(time[inside])
        assert np.abs(solution.potential_V[rows][inside] - wanted[-1]).max() < 1e-5
        assert np.abs(solution.fractions[:, rows][:, inside] - wanted[:-1]).max() < 1e-6
        assert step.duration_s == pytest.approx(half.t[-1], rel=5e-6)
        start = solution.time_s[step.last - 1]


def test_compiled_and_interpreted_kernels_agree():
    # The whole integrator, once as it stands and once as machine code: the same but for rounding.
    mechanism = load_mechanism("li-sb")
    network = network_at_home(mechanism)
    steps = [s for _, _, s in cycling("C/2", 0.2, 1.3).steps()]
    programme = programme_of(steps, mechanism.theoretical_capacity_mAh_per_g, 1.0)
    state = np.array([1.0, 0.0, 0.0, 1.3])
    start = Checkpoint(state, 0.0, np.zeros(network.columns.width - network.columns.power))
    monitor = Monitor(np.zeros(1), np.zeros(1, np.int64))
    arguments = (network, programme, start, Tolerances(1e-6, 1e-9, 1000), np.inf, monitor)
    ours, theirs = compiled(run)(*arguments), run(*arguments)
    assert ours.last.tolist() == theirs.last.tolist()
    np.testing.assert_allclose(ours.duration, theirs.duration, rtol=1e-9)
    np.testing.assert_allclose(ours.state, theirs.state, atol=1e-9)
    np.testing.assert_allclose(ours.rows, theirs.rows, rtol=1e-6, atol=1e-9)


def test_replayed_rows_are_those_of_the_interpreted_equations():
    solution = simulate("k-sb", progress=False)
    network = network_of(solution)
    volumes, motion, waiting = replayed(solution, network)
    space = workspace(network)
    for row in range(0, len(solution.time_s), 37):
        state = np.array([*solution.fractions[:, row], solution.potential_V[row]])
        evaluate(0.0, state, Control(True, solution.current_A_per_g[row], 0.0), network, space, True)
        assert motion[row] == pytest.approx(space.derivatives.dy_dt[-1], rel=1e-9)
        np.testing.assert_allclose(volumes[:, row], space.volume, rtol=1e-12)
        runs = space.affinity - network.transformation_work > 1e-9
        np.testing.assert_array_equal(np.isnan(waiting[:, :, row]), np.tile(~runs, (3, 1)))
        times = np.vstack([space.nucleation[0], space.growth[0], network.transport[0]])
        np.testing.assert_allclose(waiting[[0, 2]][:, runs, row], times[[0, 2]][:, runs], rtol=1e-9)
        # Of what never nucleates the equations leave the growth out.
        reached = runs & np.isfinite(space.nucleation[0])
        np.testing.assert_allclose(waiting[1, reached, row], times[1, reached], rtol=1e-9)
        assert np.nanmin(waiting[1, :, row]) > 0.0
        # And the Jacobian has no row or column that the arrow leaves out.
        assert dense(space.derivatives).shape == (len(state), len(state))


SCRIPT = """
import sys
sys.path.insert(0, {folder!r})
{first}
from part import half
from number import NUMBER
from sbpath.kernels import compiled, kernel

@kernel
def whole(x):
    return half(x) + half(x) + NUMBER

print(compiled(whole)(3.0))
"""
PART = "from sbpath.kernels import kernel\n\n@kernel\ndef half(x):\n    return {factor} * x\n"


def run_script(folder, factor=0.5, number=0.0, first=""):
    """What the script prints, and what it says on standard error."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(folder / "kept"), "PYTHONDONTWRITEBYTECODE": "1"}
    main = folder / "main.py"
    if not main.exists():
        main.write_text(SCRIPT.format(folder=str(folder), first=first))
    (folder / "part.py").write_text(PART.format(factor=factor))
    (folder / "number.py").write_text(f"NUMBER = {number}\n")
    done = subprocess.run([sys.executable, main], env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout), done.stderr


def test_code_on_disk_is_never_older_than_a_kernel_or_a_number_in_another_file(tmp_path):
    # Numba looks at the file of the function that is called, and not at those of what it calls.
    assert run_script(tmp_path)[0] == 3.0
    assert run_script(tmp_path)[0] == 3.0
    assert run_script(tmp_path, factor=4.0)[0] == 24.0
    assert run_script(tmp_path, factor=4.0, number=1.0)[0] == 25.0
    assert list((tmp_path / "kept").rglob("*.nbc"))


def test_who_waits_is_told_and_nobody_else(tmp_path):
    _, first = run_script(tmp_path)
    assert first.splitlines() == [
        "sbpath: preparing the compiled solver; the first time on a machine takes a minute or two"
    ]
    assert run_script(tmp_path)[1] == ""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are those of POSIX")
def test_code_that_cannot_be_kept_is_used_all_the_same(tmp_path):
    # No file may grow beyond a kilobyte: as on a full disk.
    small = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))"
    value, said = run_script(tmp_path, first=small)
    assert value == 3.0
    assert re.search(r"could not be kept \(.*File too large.*\); the next run has to prepare it again", said)


def test_code_on_disk_does_not_hang_on_what_else_was_imported():
    before = kernels._sources(run)

    @kernels.kernel
    def other(x):
        return x

    assert kernels._sources(run) == before
