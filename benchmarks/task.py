"""A task for all integrators: one electrode, a protocol of constant currents and rests, its true curve.

Integrators are compared at the points that each of them returns: by time within a step, which
at constant current is charge. Where the voltage jumps, an error in time of no interest would
be a large one in voltage. So the first and last 2 % of each step do not count, nor does what
moves faster than 0.1 mV/s, which at C/10 is more than a volt per Li.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicHermiteSpline

import sbpath
from sbpath.experiment import basis_of
from sbpath.kernels import compiled
from sbpath.mechanism.mechanism import Mechanism
from sbpath.model.charge_transfer import overpotential
from sbpath.model.columns import MOTION, TIME, VOLTAGE
from sbpath.model.network import Network, build_network
from sbpath.physical import ZERO_CELSIUS_K
from sbpath.protocol.protocol import Protocol
from sbpath.solver.cycler import programme_of
from sbpath.solver.electrode import Tolerances
from sbpath.solver.solve import Checkpoint, Monitor, Programme, Run, run

Floats = NDArray[np.float64]
# Time (s) and voltage (V) of each step; and its duration, with the true voltage by time.
Curve = list[tuple[Floats, Floats]]
Truth = Sequence[tuple[float, Any]]

# The default tolerances of sbpath, and those of the true curve: the tightest it takes.
RTOL, ATOL = 1e-6, 1e-9
TIGHT = 1e-10, 1e-13

# Share of a step at either end that does not count, and the slope (V/s) that is a jump.
MARGIN = 0.02
JUMP = 1e-4


class Leg(NamedTuple):
    """A step as numbers: current (A/g), longest time (s), a cut-off that is met where
    ``side * (V - limit)`` falls to zero (a side of 0 is none), and the drop E - V (V) at its current.
    """

    current: float
    duration: float
    limit: float
    side: float
    drop: float


class Task(NamedTuple):
    """An electrode and what is done with it; `start` is the state at the beginning."""

    mechanism: Mechanism
    graph: str
    protocol: Protocol
    network: Network
    programme: Programme
    legs: list[Leg]
    start: Floats


class Contestant(NamedTuple):
    """`solve` is timed; `curve` makes time (s) and voltage (V) of each step of what it returns."""

    name: str
    solve: Callable[[], Any]
    curve: Callable[[Any], Curve]
    steps: Callable[[Any], int]


def cycle(name: str = "li-sb") -> Task:
    """One cycle at C/10, every transformation open; by default of Sb in a Li cell."""
    mechanism = sbpath.load_mechanism(name)
    return make_task(mechanism, sbpath.cycling("C/10", mechanism.lower_cutoff_V, mechanism.upper_cutoff_V))


def gitt() -> Task:
    """A titration of 25 pulses in and 25 out, 24 min at C/10 each, with rests of 2 h."""
    mechanism = sbpath.load_mechanism("li-sb")
    limits = mechanism.lower_cutoff_V, mechanism.upper_cutoff_V
    return make_task(mechanism, sbpath.gitt("C/10", *limits, pulse="24 min", rest="2 h", pulses=25))


def make_task(mechanism: Mechanism, protocol: Protocol, graph: str = "candidate") -> Task:
    """A task from a protocol that holds no voltage."""
    network = build_network(mechanism, graph, mechanism.temperature_C + ZERO_CELSIUS_K)
    steps = tuple(step for _, _, step in protocol.steps())
    programme = programme_of(steps, basis_of(mechanism, mechanism.theoretical_capacity_mAh_per_g, None))
    legs = []
    for k in range(len(steps)):
        limit = range(programme.first_limit[k], programme.first_limit[k + 1])
        assert programme.current_control[k]
        assert len(limit) <= 1
        value, side = (programme.value[limit[0]], programme.sign[limit[0]]) if limit else (0.0, 0.0)
        current = float(programme.level[programme.first_segment[k]])
        drop = current * network.resistance + overpotential(current, network)
        legs.append(Leg(current, float(programme.duration[k]), float(value), float(side), drop))
    pristine = [float(node == mechanism.initial_phase) for node in mechanism.nodes]
    start = np.array([*pristine, mechanism.upper_cutoff_V])
    return Task(mechanism, graph, protocol, network, programme, legs, start)


def integrate(task: Task, rtol: float = RTOL, atol: float = ATOL, max_steps: int = 20_000) -> Run:
    """One call of the compiled integrator: no solution is made of what it returns."""
    columns = task.network.columns
    start = Checkpoint(task.start, 0.0, np.zeros(columns.width - columns.integrated))
    tolerances = Tolerances(rtol, atol, max_steps)
    monitor = Monitor(np.zeros(1), np.zeros(1, np.int64))
    return compiled(run)(task.network, task.programme, start, tolerances, np.inf, monitor)


def rows_of(result: Run) -> list[Floats]:
    """The rows of each step, with time from its beginning."""
    parts = []
    for rows in np.split(result.table[:, : result.last[-1]].T, result.last[:-1]):
        own = rows.copy()
        own[:, TIME] -= own[0, TIME]
        parts.append(own)
    return parts


def true_curve(task: Task) -> Truth:
    """Duration (s) and voltage by time of each step, at the tightest tolerances."""
    result = integrate(task, *TIGHT, max_steps=1_000_000)
    if len(result.last) < len(task.legs) or result.ended[-1] > 2:
        raise RuntimeError("the true curve could not be computed")
    return [
        (
            rows[-1, TIME],
            CubicHermiteSpline(rows[:, TIME], rows[:, VOLTAGE], rows[:, MOTION]) if len(rows) > 1 else None,
        )
        for rows in rows_of(result)
    ]


def largest_error(curve: Curve, truth: Truth) -> float:
    """The largest error in voltage (V) outside the ends of the steps; nan where steps are missing."""
    if len(curve) != len(truth):
        return float("nan")
    largest = 0.0
    for (time, voltage), (duration, exact) in zip(curve, truth, strict=True):
        inside = (time > MARGIN * duration) & (time < (1.0 - MARGIN) * duration)
        time, voltage = time[inside], voltage[inside]
        if len(time):
            moment = 1e-4 * duration
            slope = (exact(time + moment) - exact(time - moment)) / (2.0 * moment)
            counted = np.abs(slope) < JUMP
            largest = max(largest, *np.abs(voltage - exact(time))[counted].tolist(), 0.0)
    return largest
