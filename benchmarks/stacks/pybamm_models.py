"""Three models of PyBaMM on IDAKLU, each in a cell of its own parameter set, and one that ages.

They are other physics than an electrode of sbpath, and stand here for what a user of today's
best-known package waits: built once, solved again and again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from helper import NotInstalledError
from task import TIGHT, Contestant, Curve, Truth

HOW = "PyBaMM is not installed: pip install '.[bench]'"

RTOL = 1e-6


class Cell(NamedTuple):
    """A model by its class and options, its parameter set."""

    name: str
    model: str
    options: dict[str, Any]
    parameters: str


CELLS = [
    Cell("half-cell SPM", "SPM", {"working electrode": "positive"}, "Xu2019"),
    Cell(
        "composite SPM, current-sigmoid hysteresis",
        "SPM",
        {
            "particle phases": ("2", "1"),
            "open-circuit potential": (("single", "current sigmoid"), "single"),
        },
        "Chen2020_composite",
    ),
    Cell("MSMR", "MSMR", {"number of MSMR reactions": ("6", "4")}, "MSMR_Example"),
]
AGING = Cell(
    "half-cell SPM with SEI and loss of active material",
    "SPM",
    {
        "working electrode": "positive",
        "SEI": "electron-migration limited",
        "loss of active material": "stress-driven",
    },
    "OKane2022_graphite_SiOx_halfcell",
)


def contestants(titration: bool) -> list[tuple[Contestant, Truth]]:
    """All cells with their true curves; at the tolerances of PyBaMM but for `RTOL`."""
    pybamm = _pybamm()

    def of(cell: Cell) -> Contestant:
        solve = simulation(cell, titration, pybamm.IDAKLUSolver(rtol=RTOL)).solve
        name = f"PyBaMM {cell.name}"
        return Contestant(name, solve, curve, lambda solution: len(solution.t) - len(curve(solution)))

    return [(of(cell), truth(cell, titration)) for cell in CELLS]


def truth(cell: Cell, titration: bool) -> Truth:
    """Duration and voltage by time of each step of a cell, at tight tolerances."""
    solver = _pybamm().IDAKLUSolver(rtol=TIGHT[0], atol=TIGHT[1])
    steps = simulation(cell, titration, solver).solve().cycles[0].steps
    return [(step.t[-1] - step.t[0], lambda t, s=step: s["Voltage [V]"](t + s.t[0])) for step in steps]


def aging(cycles: int) -> Callable[[], Any]:
    """What solves the cell that ages for some cycles and keeps the first and the last, as often as it is called."""
    solver = _pybamm().IDAKLUSolver(rtol=RTOL)
    return partial(simulation(AGING, False, solver, cycles).solve, save_at_cycles=[1, cycles])


def simulation(cell: Cell, titration: bool, solver: Any, cycles: int = 1) -> Any:
    """A simulation of a cell between the cut-offs of its parameter set."""
    pybamm = _pybamm()
    values = pybamm.ParameterValues(cell.parameters)
    low, high = values["Lower voltage cut-off [V]"], values["Upper voltage cut-off [V]"]
    discharge, charge = f"Discharge at C/10 until {low} V", f"Charge at C/10 until {high} V"
    if titration:
        going_in = [f"Discharge at C/10 for 24 minutes or until {low} V"] * 25
        coming_out = [f"Charge at C/10 for 24 minutes or until {high} V"] * 24
        steps = [part for step in (*going_in, *coming_out, charge) for part in (step, "Rest for 2 hours")]
    else:
        steps = [discharge, charge]
    model = getattr(pybamm.lithium_ion, cell.model)(cell.options)
    return pybamm.Simulation(
        model, parameter_values=values, experiment=pybamm.Experiment([tuple(steps)] * cycles), solver=solver
    )


def curve(solution: Any) -> Curve:
    """Time and voltage of each step."""
    return [
        (step["Time [s]"].entries - step["Time [s]"].entries[0], step["Voltage [V]"].entries)
        for step in solution.cycles[0].steps
    ]


def _pybamm() -> Any:
    try:
        import pybamm
    except ImportError:
        raise NotInstalledError(HOW) from None
    pybamm.set_logging_level("ERROR")
    return pybamm
