"""Oracles: the interpreted kernels themselves, and SciPy on the same equations."""

from __future__ import annotations

import numpy as np
import pytest
from bare import bare
from worn import worn

from sbpath import Protocol, cycling, shipped_names, simulate
from sbpath.experiment import basis_of
from sbpath.kernels import compiled
from sbpath.model.equations import Control, evaluate
from sbpath.model.network import build_network, sizes_of, start_of
from sbpath.model.rows import evaluate_rows
from sbpath.model.transformations import new_volume
from sbpath.model.unknowns import state_of
from sbpath.model.workspace import dense, workspace
from sbpath.native.library import interpreted
from sbpath.physical import ZERO_CELSIUS_K
from sbpath.solver.cycler import programme_of
from sbpath.solver.electrode import Tolerances
from sbpath.solver.reference import scipy_cycle
from sbpath.solver.solve import Checkpoint, Monitor, run


def network_at_home(mechanism):
    return build_network(mechanism, mechanism.default_graph, mechanism.temperature_C + ZERO_CELSIUS_K)


# One of each kind: line compounds, solution phases, assemblages, a solid cell; the rest takes minutes.
FEW = ("li-sb", "na-sb", "k-bisb", "li-gasb-libh4")


@pytest.mark.parametrize(
    "name", [name if name in FEW else pytest.param(name, marks=pytest.mark.slow) for name in shipped_names()]
)
def test_the_compiled_path_is_that_of_scipy(name):
    mechanism = bare(name)
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


def assert_same(ours, theirs):
    """Two runs, or parts of them, are the same to the last digit."""
    if isinstance(theirs, tuple):
        for one, other in zip(ours, theirs, strict=True):
            assert_same(one, other)
    else:
        np.testing.assert_array_equal(ours, theirs, strict=True)


@pytest.mark.parametrize("name", [*shipped_names(), "worn li-sb"])
def test_native_and_interpreted_kernels_are_the_same_to_the_last_digit(name):
    # The whole integrator over the first transformation, a rest, a hold and a sweep.
    mechanism = worn("li-sb") if name.startswith("worn") else bare(name)
    low, high = mechanism.lower_cutoff_V, mechanism.upper_cutoff_V
    middle = (2.0 * low + high) / 3.0
    protocol = [
        f"Discharge at 2C until {middle} V",
        "Rest for 10 min (1 min period)",
        f"Hold at {low} V for 5 min or until C/5",
        f"Sweep at 2 mV/s from {low} V to {high} V",
    ]
    one_C = mechanism.theoretical_capacity_mAh_per_g
    steps = [step for _, _, step in Protocol.parse(protocol, mechanism.ion).steps()]
    programme = programme_of(tuple(steps), basis_of(mechanism, one_C, None))
    network = network_at_home(mechanism)
    shares = [float(n == mechanism.initial_phase) for n in mechanism.nodes]
    values = {"fractions": shares, "potential_V": high, **start_of(network)}
    state = state_of(network.layout, sizes_of(network), values)
    start = Checkpoint(state, 0.0, np.zeros(network.columns.width - network.columns.integrated))
    least, most = mechanism.content_range

    def arguments():
        monitor = Monitor(np.zeros(1), np.zeros(1, np.int64))
        return network, programme, start, Tolerances(1e-4, 1e-6, 1000), (most - least) / 4.0, monitor

    def filled(done):
        return done._replace(table=done.table[:, : done.last[-1]])

    native = compiled(run)
    ours, theirs = filled(native(*arguments())), filled(interpreted(run)(*arguments()))
    assert theirs.table.shape[1] > 100
    assert_same(ours, theirs)


def test_evaluated_rows_are_those_of_the_interpreted_equations():
    solution = simulate(bare("k-sb"), progress=False)
    network = solution.network
    volumes, _, waiting = evaluate_rows(solution.states, solution.current_A_per_g, network)
    space = workspace(network)
    for row in range(0, len(solution.time_s), 37):
        state = np.array([*solution.fractions[:, row], solution.potential_V[row]])
        evaluate(0.0, state, Control(True, solution.current_A_per_g[row], 0.0), network, space, True)
        assert solution.motion_V_per_s[row] == pytest.approx(space.derivatives.dy_dt[-1], rel=1e-6)
        expected = [new_volume(e, network, space) for e in range(len(network.source))]
        np.testing.assert_allclose(volumes[:, row], expected, rtol=1e-12)
        runs = space.affinity - network.transformation_work > 1e-9
        np.testing.assert_array_equal(np.isnan(waiting[:, :, row]), np.tile(~runs, (4, 1)))
        times = np.vstack([space.start[0], space.growth[0], network.transport[0]])
        # The equations skip edges whose reactant is empty, and the growth of what never nucleates.
        full = runs & (state[network.source] > 0.0)
        np.testing.assert_allclose(waiting[[0, 2]][:, full, row], times[[0, 2]][:, full], rtol=1e-9)
        reached = full & np.isfinite(space.start[0])
        np.testing.assert_allclose(waiting[1, reached, row], times[1, reached], rtol=1e-9)
        assert np.isinf(waiting[3, :, row][runs]).all()
        assert np.nanmin(waiting[:, :, row]) > 0.0
        # And the Jacobian has no row or column that the arrow leaves out.
        assert dense(space.derivatives).shape == (len(state), len(state))
