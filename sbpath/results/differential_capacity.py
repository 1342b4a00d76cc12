"""Differential capacity dQ/dV that conserves charge for any curve.

Between two rows the voltage is taken as linear in the charge, so their charge is spread evenly over
the voltages between them. The charge in a voltage bin over its width is dQ/dV, so no difference
quotient is taken. Voltages passed twice, as in a dip, count twice; a flat stretch falls into one
bin. The area under the curve is the capacity of the half cycle, to rounding.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sbpath.arguments import number
from sbpath.errors import InputError
from sbpath.results.cycles import half_cycles
from sbpath.solution import Solution

# More bins than this must be a typo.
MAX_BINS = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class DifferentialCapacity:
    """dQ/dV of one half cycle.

    Attributes
    ----------
    cycle, direction : int, str
        Which half cycle.
    edges_V : array, shape (n + 1,)
        Bin edges (V), at integer multiples of the width.
    mAh_per_g_V : array, shape (n,)
        Charge in the direction of the half cycle, per voltage (mAh per g Sb and V).
    """

    cycle: int
    direction: str
    edges_V: NDArray[np.float64]
    mAh_per_g_V: NDArray[np.float64]


def differential_capacity(solution: Solution, bin_mV: float = 5.0) -> list[DifferentialCapacity]:
    """dQ/dV of every half cycle in order.

    Parameters
    ----------
    solution : Solution
        The solution.
    bin_mV : float
        Width of the bins (mV).

    Raises
    ------
    InputError
        If the width is not a number above 0, or much too small.
    """
    bin_mV = number("bin_mV", bin_mV, above=0.0)
    charge, voltage = solution.charge_mAh_per_g, solution.voltage_V
    found = []
    for half in half_cycles(solution):
        passed = (1.0 if half.direction == "insertion" else -1.0) * charge[half.rows]
        # The charge of a voltage jump at the start lies before the first row.
        before = half.rows.start - 1
        start = voltage[before] if before >= 0 else solution.experiment.initial.potential_V
        q = np.append(passed[-1] - half.capacity_mAh_per_g, passed)
        v = np.append(start, voltage[half.rows])
        edges, density = charge_over_voltage(q, v, 1e-3 * bin_mV)
        found.append(DifferentialCapacity(half.cycle, half.direction, edges, density))
    return found


def charge_over_voltage(
    charge: NDArray[np.float64], voltage: NDArray[np.float64], width: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Voltage bins, and the charge in each over its width.

    Parameters
    ----------
    charge, voltage : array, shape (n,)
        A curve; neither has to be monotonic. Falling charge counts as negative.
    width : float
        Of the bins, in the unit of `voltage`.

    Returns
    -------
    edges : array, shape (m + 1,)
        At integer multiples of `width`; a voltage on an edge belongs to the bin above it.
    density : array, shape (m,)
        ``sum(density) * width == charge[-1] - charge[0]`` to rounding.
    """
    lowest, highest = math.floor(voltage.min() / width), math.floor(voltage.max() / width)
    if highest - lowest > MAX_BINS:
        raise InputError(f"bin_mV: bins of {1e3 * width:g} mV are too many; use wider ones, e.g. 5")
    # One bin more at either end, in case a quotient was rounded across an edge.
    edges = width * np.arange(lowest - 1, highest + 3)
    passed = np.diff(charge)
    low, high = np.minimum(voltage[:-1], voltage[1:]), np.maximum(voltage[:-1], voltage[1:])
    moved = passed != 0.0
    held = np.zeros(len(edges) - 1)
    for amount, bottom, top in zip(passed[moved], low[moved], high[moved], strict=True):
        first, last = np.searchsorted(edges, (bottom, top), side="right") - 1
        if first == last:
            held[first] += amount
            continue
        # Shares of the stretch in the bins that it crosses; they add up to 1.
        cuts = np.concatenate([[bottom], edges[first + 1 : last + 1], [top]])
        held[first : last + 1] += amount * np.diff(cuts) / (top - bottom)
    filled = slice(int(held[0] == 0.0), len(held) - int(held[-1] == 0.0))
    return edges[filled.start : filled.stop + 1], held[filled] / width
