"""Distance of measured points from a simulated curve, at right angles.

In units of the errors, sigma_V = 4 mV and sigma_q = 0.01, a point (q_i, V_i) lies

    r_i = n_i . ((x_i / sigma_q, V_i / sigma_V) - c(q*)),    x_i = (q_i - o) / s,

from the nearest point q* of the simulated polyline c(q) = (q / sigma_q, V(q) / sigma_V), with the unit normal n there.
A curve that ended early is thus at a finite distance, and a steep end counts by charge, a plateau by voltage (orthogonal distance
regression: Boggs, Byrd and Schnabel 1987, SIAM J. Sci. Stat. Comput. 8, 1052).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sbpath.fitting.cells import SimulatedHalf
from sbpath.fitting.fraction_points import FractionPoints
from sbpath.kernels import Floats, Floats2, Integers

SIGMA_V, SIGMA_Q = 4e-3, 0.01
# Points of a half cycle, at even charge.
POINTS = 100
# Residual of what a failed simulation did not reach.
FAILED = 50.0


class Distances(NamedTuple):
    """Signed distances of n points, positive above the curve, and their derivatives: by k parameters (n, k),
    by the scale and by the offset of the charge (n); and by how many `SIGMA_V` an error of the measured voltage of one
    moves them, from 0 where the curve is steep to 1 where it is flat.
    """

    distance: Floats
    by_parameter: Floats2
    by_scale: Floats
    by_offset: Floats
    by_voltage: Floats


class Misses(NamedTuple):
    """Differences of n measured fractions from simulated ones in units of their errors, and their derivatives, as `Distances`."""

    miss: Floats
    by_parameter: Floats2
    by_scale: Floats
    by_offset: Floats


def thinned(q: Floats, points: int = POINTS) -> Integers:
    """Rows of a curve at about even charge; none is averaged, and both ends are kept."""
    if len(q) <= points:
        return np.arange(len(q))
    wanted = np.linspace(q[0], q[-1], points)
    return np.unique(np.abs(q[:, None] - wanted).argmin(axis=0))


def distances(
    q: Floats,
    voltage_V: Floats,
    half: SimulatedHalf,
    scale: float = 1.0,
    offset: float = 0.0,
    sigma_V: float = SIGMA_V,
) -> Distances:
    """The distances of measured points of a half cycle from the simulated one.

    Parameters
    ----------
    q, voltage_V : array, shape (n,)
        Charge as a share of the theoretical capacity, and voltage.
    half : SimulatedHalf
        The simulation, with its derivatives by k parameters.
    scale, offset : float
        s and o.
    sigma_V : float
        Error of the voltages.
    """
    x = (q - offset) / scale
    points = np.stack([x / SIGMA_Q, voltage_V / sigma_V], axis=1)
    curve = np.stack([half.q / SIGMA_Q, half.voltage_V / sigma_V], axis=1)
    if len(curve) == 1:
        curve = np.vstack([curve, curve])
    begin, way = curve[:-1], np.diff(curve, axis=0)
    square = np.maximum((way**2).sum(axis=1), 1e-30)
    # Where on each segment the foot is, as a share of it.
    along = points @ way.T - (begin * way).sum(axis=1)
    share = np.clip(along / square, 0.0, 1.0)
    apart = (
        (points**2).sum(axis=1)[:, None]
        - 2.0 * points @ begin.T
        + (begin**2).sum(axis=1)
        - 2.0 * share * along
        + share**2 * square
    )
    segment = apart.argmin(axis=1)
    rows = np.arange(len(points))
    share = share[rows, segment]
    foot = begin[segment] + share[:, None] * way[segment]
    away = points - foot
    size = np.hypot(away[:, 0], away[:, 1])
    tangent = way[segment] / np.sqrt(square[segment])[:, None]
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)
    side = (normal * away).sum(axis=1)
    sign = np.where(side != 0.0, np.sign(side), np.where(away[:, 1] < 0.0, -1.0, 1.0))
    # At a corner, and beyond an end, the foot is a row, and the normal is towards the point.
    corner = ((share == 0.0) | (share == 1.0)) & (size > 0.0)
    normal = np.where(
        corner[:, None], sign[:, None] * away / np.where(size > 0.0, size, 1.0)[:, None], normal
    )
    distance = np.where(corner, sign * size, side)
    slopes = half.by_parameter
    last = len(half.q) - 1
    following = np.minimum(segment + 1, last)
    by_voltage = slopes[:, segment] * (1.0 - share) + slopes[:, following] * share
    by = -normal[:, 1] * by_voltage / sigma_V
    # An end that moves does so along q, at the voltage that ends it.
    ends = corner & (segment + 1 >= last) & (share == 1.0) & (half.end_by_parameter != 0.0)[:, None]
    by = np.where(ends, -normal[:, 0] / SIGMA_Q * half.end_by_parameter[:, None], by)
    by_x = normal[:, 0] / SIGMA_Q
    return Distances(distance, by.T, -by_x * x / scale, -by_x / scale, np.abs(normal[:, 1]))


def misses(points: FractionPoints, half: SimulatedHalf, scale: float = 1.0, offset: float = 0.0) -> Misses:
    """The differences ``(f_i - f(x_i)) / sd_i`` of measured from simulated fractions, with the x of `distances`.

    Beyond the ends of the simulated half cycle the fractions are those of its ends.
    """
    x = np.clip((points.q - offset) / scale, half.q[0], half.q[-1])
    at = np.clip(np.searchsorted(half.q, x, side="right") - 1, 0, len(half.q) - 2)
    wide = half.q[at + 1] - half.q[at]
    along = np.divide(x - half.q[at], wide, out=np.zeros_like(x), where=wide > 0.0)
    there = float(points.node >= 0)
    shares = there * half.fractions[points.node]
    rise = shares[at + 1] - shares[at]
    by = there * half.fractions_by[:, points.node]
    by = by[:, at] * (1.0 - along) + by[:, at + 1] * along
    slope = np.divide(rise, wide, out=np.zeros_like(x), where=wide > 0.0)
    found = shares[at] + along * rise
    return Misses(
        (points.share - found) / points.sd, -(by / points.sd).T, slope * x / (scale * points.sd), slope / (scale * points.sd)
    )  # fmt: skip
