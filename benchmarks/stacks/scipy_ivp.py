"""SciPy's integrators on sbpath's own kernels, interpreted: the reference path of the project."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

from sbpath.model.equations import Control, evaluate
from sbpath.model.workspace import dense, workspace
from task import ATOL, RTOL, Contestant, Curve, Floats, Leg, Task

METHODS = "BDF", "Radau", "LSODA"


def contestants(task: Task) -> list[Contestant]:
    """All methods, with the analytic Jacobian and cut-offs as events."""

    def curve(halves: list[Any]) -> Curve:
        return [(half.t, half.y[-1] - leg.drop) for half, leg in zip(halves, task.legs, strict=True)]

    return [
        Contestant(f"SciPy {method}, kernels interpreted", lambda m=method: solve(task, m), curve, steps)
        for method in METHODS
    ]


def solve(task: Task, method: str, rtol: float = RTOL, atol: float = ATOL) -> list[Any]:
    """The whole protocol, a result of `solve_ivp` per step."""
    state, halves = task.start, []
    for leg in task.legs:
        half = _leg(task, leg, state, method, rtol, atol)
        halves.append(half)
        state = half.y[:, -1]
    return halves


def _leg(task: Task, leg: Leg, state: Floats, method: str, rtol: float, atol: float) -> Any:
    network, space, control = task.network, workspace(task.network), Control(True, leg.current, 0.0)

    def rhs(t: float, y: Floats) -> Floats:
        evaluate(t, y, control, network, space, False)
        return space.derivatives.dy_dt.copy()

    def jacobian(t: float, y: Floats) -> Floats:
        evaluate(t, y, control, network, space, True)
        return dense(space.derivatives)

    def distance(t: float, y: Floats) -> float:
        return leg.side * (y[-1] - leg.drop - leg.limit)

    distance.terminal, distance.direction = True, -1.0  # type: ignore[attr-defined]
    if leg.side and distance(0.0, state) <= 0.0:
        return _nothing(state)
    return solve_ivp(
        rhs,
        (0.0, leg.duration),
        state,
        method,
        jac=jacobian,
        events=distance if leg.side else None,
        rtol=rtol,
        atol=atol,
        # Its own first guess would do; the potential moves at once where the current changes.
        first_step=1e-3,
    )


def _nothing(state: Floats) -> Any:
    """A step whose cut-off was met before it began."""
    from scipy.optimize import OptimizeResult

    return OptimizeResult(t=np.zeros(1), y=state[:, None])


def steps(halves: list[Any]) -> int:
    """Steps of the integrator."""
    return sum(len(half.t) - 1 for half in halves)
