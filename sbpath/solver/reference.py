"""A second integrator, from SciPy, on the right-hand side and Jacobian that the solver compiles.

Slow, and meant for checks: it shares the kernels of the model with `sbpath.simulate`, but not
the integration, the error control or the event location.
"""

from __future__ import annotations

from typing import Any

from sbpath.kernels import Floats
from sbpath.mechanism.mechanism import Mechanism
from sbpath.model.charge_transfer import overpotential
from sbpath.model.equations import Control, evaluate
from sbpath.model.network import Network, sizes_of, start_of
from sbpath.model.unknowns import state_of
from sbpath.model.workspace import dense, workspace


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
        Provides the initial phase, the cut-offs and the capacity.
    network : Network
        One of its graphs at one temperature.
    rate : float
        C-rate relative to the theoretical capacity (0.1: C/10).
    method, rtol, atol, dense_output
        As in `scipy.integrate.solve_ivp`.

    Returns
    -------
    list of two `OdeResult`
        Time starts at 0 (s) in each; the state is laid out as in `sbpath.model.unknowns`.
    """
    from scipy.integrate import solve_ivp  # slow to import

    space, layout = workspace(network), network.layout
    fractions = [float(node == mechanism.initial_phase) for node in mechanism.nodes]
    start = {"fractions": fractions, "potential_V": mechanism.upper_cutoff_V, **start_of(network)}
    state = state_of(layout, sizes_of(network), start)
    halves = []
    for sign, limit in ((1.0, mechanism.lower_cutoff_V), (-1.0, mechanism.upper_cutoff_V)):
        current = sign * rate * mechanism.theoretical_capacity_mAh_per_g * 1e-3
        control = Control(True, current, 0.0)

        def rhs(t: float, y: Floats, control: Control = control) -> Floats:
            evaluate(t, y, control, network, space, False)
            return space.derivatives.dy_dt.copy()

        def jacobian(t: float, y: Floats, control: Control = control) -> Floats:
            evaluate(t, y, control, network, space, True)
            return dense(space.derivatives)

        def voltage(t: float, y: Floats, current: float = current, limit: float = limit) -> float:
            drop = current * network.resistance + overpotential(current, network)
            return y[layout.potential] - drop - limit

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
