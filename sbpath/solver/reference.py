"""A second integrator: SciPy's on the very right-hand side and Jacobian of the solver.

Slow, and meant for checks: it shares the kernels of the model with `sbpath.simulate`, and
nothing of its integration, its control of the error or its search for cut-offs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sbpath.kernels import Floats
from sbpath.mechanism.mechanism import Mechanism
from sbpath.model.equations import Drive, dense, evaluate, workspace
from sbpath.model.network import Network


def scipy_cycle(
    mechanism: Mechanism,
    network: Network,
    rate: float = 0.1,
    method: str = "Radau",
    rtol: float = 1e-9,
    atol: float = 1e-12,
    dense_output: bool = True,
) -> list[Any]:
    """First insertion and extraction between the mechanism's cut-offs, which are events.

    Parameters
    ----------
    mechanism : Mechanism
        Gives the start, the cut-offs and the capacity.
    network : Network
        One of its graphs at one temperature.
    rate : float
        Current in 1/h of the theoretical capacity (0.1: C/10).
    method, rtol, atol, dense_output
        As `scipy.integrate.solve_ivp` takes them.

    Returns
    -------
    list of two `OdeResult`
        Each with time from 0 (s); the state is all fractions, then the potential (V).
    """
    from scipy.integrate import solve_ivp  # slow to import

    work = workspace(network)
    state = np.array(
        [float(node == mechanism.initial_phase) for node in mechanism.nodes] + [mechanism.upper_cutoff_V]
    )
    halves = []
    for sign, limit in ((1.0, mechanism.lower_cutoff_V), (-1.0, mechanism.upper_cutoff_V)):
        current = sign * rate * mechanism.theoretical_capacity_mAh_per_g * 1e-3
        drive = Drive(True, current, 0.0)

        def rhs(t: float, y: Floats, drive: Drive = drive) -> Floats:
            evaluate(t, y, drive, network, work, False)
            return work.slopes.derivative.copy()

        def jacobian(t: float, y: Floats, drive: Drive = drive) -> Floats:
            evaluate(t, y, drive, network, work, True)
            return dense(work.slopes)

        def voltage(t: float, y: Floats, current: float = current, limit: float = limit) -> float:
            return y[-1] - current * network.resistance - limit

        voltage.terminal, voltage.direction = True, -sign  # type: ignore[attr-defined]
        half = solve_ivp(
            rhs,
            (0.0, 1e7),
            state,
            method,
            jac=jacobian,
            events=voltage,
            dense_output=dense_output,
            rtol=rtol,
            atol=atol,
            first_step=1e-3,
        )
        if half.status != 1:
            raise RuntimeError(f"SciPy's {method} met no cut-off: {half.message}")
        halves.append(half)
        state = half.y[:, -1]
    return halves
