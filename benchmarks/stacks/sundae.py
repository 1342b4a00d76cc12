"""scikit-SUNDAE: CVODE and IDA from Python, on the equations by hand in C.

Every evaluation crosses from C to Python to C and back. sbpath's own kernels would be slower here:
a call from Python hands over every array of the network.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from helper import NotInstalledError
from stacks.sundials import library, write_numbers
from task import ATOL, RTOL, Contestant, Curve, Floats, Task

HOW = "scikit-SUNDAE is not installed: pip install '.[bench]'"


def contestants(task: Task) -> list[Contestant]:
    """CVODE on y' = f(y), IDA on y' - f(y) = 0; analytic Jacobian, dense, events built in."""
    try:
        from sksundae.cvode import CVODE
        from sksundae.ida import IDA
    except ImportError:
        raise NotInstalledError(HOW) from None

    equations = library()
    electrode = equations.electrode_read(write_numbers(task))
    now = SimpleNamespace(leg=task.legs[0])
    by_column = np.empty((len(task.start), len(task.start)))

    def rate(t: float, y: Floats, out: Floats) -> None:
        equations.electrode_rate(electrode, now.leg.current, y.ctypes.data, out.ctypes.data)

    def jacobian(t: float, y: Floats, yp: Floats, out: Floats) -> None:
        equations.electrode_jacobian(electrode, now.leg.current, y.ctypes.data, by_column.ctypes.data)
        out[:] = by_column.T

    def residual(t: float, y: Floats, yp: Floats, out: Floats) -> None:
        rate(t, y, out)
        np.subtract(yp, out, out)

    def residual_jacobian(t: float, y: Floats, yp: Floats, res: Floats, cj: float, out: Floats) -> None:
        jacobian(t, y, yp, out)
        np.negative(out, out)
        out.flat[:: len(y) + 1] += cj

    def distance(y: Floats) -> float:
        leg = now.leg
        # Where there is no cut-off, it is far away: a constant zero makes SUNDIALS complain.
        if not leg.side:
            return 1.0
        return leg.side * (y[-1] - leg.drop - leg.limit)

    def cutoff(t: float, y: Floats, events: Floats) -> None:
        events[0] = distance(y)

    def cutoff_ida(t: float, y: Floats, yp: Floats, events: Floats) -> None:
        events[0] = distance(y)

    for function in (cutoff, cutoff_ida):
        function.terminal, function.direction = [True], [-1]  # type: ignore[attr-defined]

    options = {"rtol": RTOL, "atol": ATOL, "linsolver": "dense", "num_events": 1, "max_num_steps": 100_000}
    cvode = CVODE(rate, jacfn=jacobian, eventsfn=cutoff, **options)
    ida = IDA(residual, jacfn=residual_jacobian, eventsfn=cutoff_ida, **options)

    def solve(solver: Any) -> list[Any]:
        state, parts = task.start, []
        for leg in task.legs:
            now.leg = leg
            if distance(state) <= 0.0:
                parts.append(SimpleNamespace(t=np.zeros(1), y=state[None]))
                continue
            start = [state]
            if solver is ida:
                slopes = np.empty_like(state)
                rate(0.0, state, slopes)
                start.append(slopes)
            part = solver.solve([0.0, leg.duration], *start)
            if not part.success:
                raise RuntimeError(part.message)
            parts.append(part)
            state = part.y[-1].copy()
        return parts

    def curve(parts: list[Any]) -> Curve:
        return [(part.t, part.y[:, -1] - leg.drop) for part, leg in zip(parts, task.legs, strict=True)]

    def steps(parts: list[Any]) -> int:
        return sum(len(part.t) - 1 for part in parts)

    return [
        Contestant("scikit-SUNDAE CVODE, equations in C", lambda: solve(cvode), curve, steps),
        Contestant("scikit-SUNDAE IDA, equations in C", lambda: solve(ida), curve, steps),
    ]
