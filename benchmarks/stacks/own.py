"""sbpath itself: all that a user gets, and its native integrator alone."""

from __future__ import annotations

import sbpath
from sbpath.model.columns import TIME, VOLTAGE
from task import ATOL, RTOL, Contestant, Curve, Task, integrate, rows_of


def contestants(task: Task, rtol: float = RTOL, atol: float = ATOL) -> list[Contestant]:
    """`simulate` with rows, heat and energy of every edge; and the one call within it that integrates."""
    options = sbpath.SolverOptions(rtol, atol)

    def everything() -> sbpath.Solution:
        return sbpath.simulate(
            task.mechanism, task.protocol, graph=task.graph, options=options, population=1, progress=False
        )

    def curve(solution: sbpath.Solution) -> Curve:
        parts = [slice(step.first, step.last) for step in solution.steps]
        return [(solution.time_s[p] - solution.time_s[p][0], solution.voltage_V[p]) for p in parts]

    # Three rows per step of the integrator, and one for the start of each step of the protocol.
    return [
        Contestant("sbpath.simulate", everything, curve, lambda s: (len(s.time_s) - len(s.steps)) // 3),
        Contestant(
            "sbpath, its integrator alone",
            lambda: integrate(task, rtol, atol),
            lambda result: [(rows[:, TIME], rows[:, VOLTAGE]) for rows in rows_of(result)],
            lambda result: (result.last[-1] - len(result.last)) // 3,
        ),
    ]
