"""What a titration (GITT) shows: the voltage under current, and what it relaxes to.

The relaxed voltages of one direction, against x, are the quasi-equilibrium curve of that
direction. Where a transformation waits for nuclei the two curves stay apart: a rest ends the
overpotential of growth and transport at once, that of nucleation only with the logarithm of
time. How far each rest still moved at its end is therefore part of the result.

No diffusion coefficient is read off the pulses. The formula for it (Weppner and Huggins 1977,
J. Electrochem. Soc. 124, 1569) takes the relaxation for that of a gradient inside one solid
solution, and this model holds no gradient inside a phase: what relaxes here is the
transformation of phases and the charge of the double layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sbpath.model.equilibrium import equilibrium_potential
from sbpath.model.workspace import fill_nodes, workspace
from sbpath.protocol.protocol import parse_step
from sbpath.protocol.steps import Rest
from sbpath.replay import mechanism_of, network_of
from sbpath.results.analysis import PRESENT
from sbpath.solution import Solution


@dataclass(frozen=True, slots=True)
class TitrationPoint:
    """One pulse and the rest after it.

    Attributes
    ----------
    cycle, direction : int, str
        Cycle, and "insertion" or "extraction".
    row : int
        Last row of the rest in the solution.
    composition : float
        x at the end of the rest (mol per mol Sb).
    voltage_V, relaxed_V : float
        At the end of the pulse, under current, and at the end of the rest.
    drift_mV_per_h : float
        dV/dt at the end of the rest: how far it is from standing still.
    """

    cycle: int
    direction: str
    row: int
    composition: float
    voltage_V: float
    relaxed_V: float
    drift_mV_per_h: float


@dataclass(frozen=True, slots=True)
class Couple:
    """Two phases in equilibrium at `potential_V`, together from `low_x` to `high_x`."""

    phases: tuple[str, str]
    potential_V: float
    low_x: float
    high_x: float


def titration(solution: Solution) -> list[TitrationPoint]:
    """A point for every rest that comes right after a step in which charge has passed, in order.

    Examples
    --------
    >>> import sbpath
    >>> protocol = sbpath.gitt("C/20", 0.05, 1.5, pulse="x = 1", rest="4 h")
    >>> first = sbpath.titration(sbpath.simulate("li-sb", protocol, progress=False))[0]
    >>> round(first.composition, 2), round(first.voltage_V, 3), round(first.relaxed_V, 3)
    (1.0, 0.851, 0.867)
    """
    points = []
    for pulse, rest in zip(solution.steps[:-1], solution.steps[1:], strict=True):
        if pulse.direction == "rest" or pulse.duration_s == 0.0:
            continue
        if not isinstance(parse_step(rest.text), Rest):
            continue
        row = rest.last - 1
        points.append(
            TitrationPoint(
                cycle=rest.cycle,
                direction=pulse.direction,
                row=row,
                composition=float(solution.composition[row]),
                voltage_V=float(solution.voltage_V[pulse.last - 1]),
                relaxed_V=float(solution.voltage_V[row]),
                drift_mV_per_h=3.6e6 * _slope_at_end(solution, rest.first, rest.last),
            )
        )
    return points


def relaxed_curve(
    points: Sequence[TitrationPoint], cycle: int, direction: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """x, increasing, and relaxed voltage (V) of the points of one cycle and direction."""
    chosen = sorted(
        (p.composition, p.relaxed_V) for p in points if p.cycle == cycle and p.direction == direction
    )
    x, voltage = np.array(chosen).reshape(-1, 2).T
    return x, voltage


def relaxed_gap_mV(points: Sequence[TitrationPoint], cycle: int) -> float | None:
    """Mean distance of the two quasi-equilibrium curves over the x that both cover (mV).

    Between the points the curves are taken as straight. None where they share no x.
    """
    x_in, v_in = relaxed_curve(points, cycle, "insertion")
    x_out, v_out = relaxed_curve(points, cycle, "extraction")
    if min(len(x_in), len(x_out)) < 2:
        return None
    low, high = max(x_in[0], x_out[0]), min(x_in[-1], x_out[-1])
    if low >= high:
        return None
    x = np.unique(np.concatenate([x_in, x_out]).clip(low, high))
    gap = np.interp(x, x_out, v_out) - np.interp(x, x_in, v_in)
    return float(1e3 * np.trapezoid(gap, x) / (high - low))


def couples(solution: Solution) -> list[Couple]:
    """Equilibria of the pairs of phases that turned into each other, by falling potential.

    Those count whose edges have converted `PRESENT` of the Sb or more. Phases that hold equally
    much alkali have no potential of equilibrium.
    """
    mechanism = mechanism_of(solution)
    network = network_of(solution, mechanism)
    work = workspace(network)
    converted = np.asarray(np.trapezoid(solution.rates_per_s, solution.time_s, axis=1))
    pairs: dict[tuple[str, str], float] = {}
    for edge, share in zip(solution.edges, converted.tolist(), strict=True):
        one, other = sorted(edge.split(" -> "), key=solution.phases.index)
        pairs[one, other] = pairs.get((one, other), 0.0) + share
    found = []
    for (one, other), share in pairs.items():
        potential = equilibrium_potential(mechanism, one, other, solution.provenance["temperature_C"])
        if share < PRESENT or potential is None:
            continue
        fill_nodes(potential, network, work)
        low, high = sorted(float(work.content[solution.phases.index(name)]) for name in (one, other))
        found.append(Couple((one, other), potential, low, high))
    return sorted(found, key=lambda couple: -couple.potential_V)


def _slope_at_end(solution: Solution, first: int, last: int) -> float:
    """dV/dt (V/s) at the last row: slope there of the cubic through the last four rows."""
    rows = slice(max(first, last - 4), last)
    time = solution.time_s[rows] - solution.time_s[last - 1]
    span = -float(time[0])
    if span == 0.0:
        return 0.0
    return float(np.polyfit(time / span, solution.voltage_V[rows], len(time) - 1)[-2]) / span
