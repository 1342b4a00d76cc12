"""One C/10 cycle: sbpath's integrator against SciPy's on the same right-hand side and Jacobian.

    python benchmarks/cycle.py [mechanism] [repeats]

Solvers take turns within one process, so that a slow moment of the machine falls on all of
them; the table gives medians, their ratio, and the error in voltage against a solution at
rtol 1e-9. Times are solve times: mechanism and network are built before.
"""

from __future__ import annotations

import sys
import time
from statistics import median

import numpy as np
from scipy.integrate import solve_ivp

from sbpath import SolverOptions, cycling, load_mechanism, simulate
from sbpath.model.equations import Drive, evaluate, workspace
from sbpath.model.network import build_network
from sbpath.physical import ZERO_CELSIUS_K

RATE = 0.1


def scipy_cycle(mechanism, network, method: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """Time and potential of insertion and extraction, by `solve_ivp` with cut-offs as events."""
    work = workspace(network)
    state = np.array(
        [*(float(p == mechanism.initial_phase) for p in mechanism.phases), mechanism.upper_cutoff_V]
    )
    current = RATE * mechanism.theoretical_capacity_mAh_per_g * 1e-3
    curves = []
    for sign, cutoff in ((1.0, mechanism.lower_cutoff_V), (-1.0, mechanism.upper_cutoff_V)):
        drive = Drive(True, sign * current, 0.0)

        def rhs(t, y, drive=drive):
            evaluate(t, y.tolist(), drive, network, work, False)
            return np.array(work.derivative)

        def jacobian(t, y, drive=drive):
            evaluate(t, y.tolist(), drive, network, work, True)
            return np.array(work.jacobian)

        def reached(t, y, sign=sign, cutoff=cutoff):
            return sign * (y[-1] - cutoff)

        reached.terminal, reached.direction = True, -1.0  # type: ignore[attr-defined]
        result = solve_ivp(
            rhs,
            (0.0, 1e6),
            state,
            method=method,
            jac=jacobian,
            events=reached,
            rtol=1e-6,
            atol=1e-9,
            first_step=1e-3,
        )
        curves.append((result.t, result.y[-1]))
        state = result.y[:, -1]
    return curves


def main() -> None:
    """Print the table."""
    name = sys.argv[1] if len(sys.argv) > 1 else "li-sb"
    repeats = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    mechanism = load_mechanism(name)
    protocol = cycling("C/10", mechanism.lower_cutoff_V, mechanism.upper_cutoff_V)
    network = build_network(mechanism, "candidate", mechanism.temperature_C + ZERO_CELSIUS_K)
    exact = simulate(
        mechanism, protocol, graph="candidate", options=SolverOptions(1e-9, 1e-11), progress=False
    )
    parts = [slice(s.first, s.last) for s in exact.steps]

    def own():
        solution = simulate(mechanism, protocol, graph="candidate", progress=False)
        rows = [slice(s.first, s.last) for s in solution.steps]
        return [(solution.time_s[r] - solution.time_s[r][0], solution.potential_V[r]) for r in rows]

    solvers = {"sbpath": own}
    for method in ("LSODA", "BDF", "Radau"):
        solvers[f"SciPy {method}"] = lambda method=method: scipy_cycle(mechanism, network, method)
    times: dict[str, list[float]] = {key: [] for key in solvers}
    errors: dict[str, float] = {}
    for _ in range(repeats):
        for key, solver in solvers.items():
            begin = time.perf_counter()
            curves = solver()
            times[key].append(time.perf_counter() - begin)
            errors[key] = max(
                # Where the potential moves fast, an error in time is not one in voltage: compare on the plateaus.
                float(np.abs(np.interp(grid, t, e) - np.interp(grid, exact.time_s[p] - exact.time_s[p][0], exact.potential_V[p])).max())
                for (t, e), p in zip(curves, parts, strict=True)
                for grid in [t[(t > 0.05 * t[-1]) & (t < 0.6 * t[-1])]]
            )  # fmt: skip
    print(f"{name}, candidate graph, one cycle at C/10, rtol 1e-6, median of {repeats}")
    print(f"{'solver':14s}{'ms':>8s}{'ratio':>8s}{'error / V':>12s}")
    base = median(times["sbpath"])
    for key, values in times.items():
        print(f"{key:14s}{median(values) * 1e3:8.0f}{median(values) / base:8.1f}{errors[key]:12.1e}")


if __name__ == "__main__":
    main()
