"""The check of units: current times time against the capacity that a file records itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# A current is steady between two rows if it changes by less than this share.
STEADY = 0.02
# Without current: below this share of the largest.
NO_CURRENT = 1e-3
# Runs in which the capacity grows fewer times are too short.
MIN_ROWS = 5


def capacity_ratio(
    current: NDArray[np.float64],
    time: NDArray[np.float64],
    step: NDArray[np.int64],
    grown: NDArray[np.float64],
) -> float | None:
    """How much the recorded capacity grows per current times time, where the current is steady.

    It is the median over the runs of steady current, weighted with their charge, so that a capacity may start anew in each
    step, or where it likes now and then.

    Parameters
    ----------
    current, time : array, shape (n,)
        In their units.
    step : integer array, shape (n,)
        Grows where a step begins.
    grown : array, shape (n,)
        Size of the change of capacity since the row before.

    Returns
    -------
    float or None
        None if no run is long enough.
    """
    size = np.abs(current)
    steady = np.abs(np.diff(size)) <= STEADY * size[1:]
    flows = (size[1:] > NO_CURRENT * np.nanmax(size, initial=0.0)) & (current[1:] * current[:-1] > 0.0)
    good = steady & flows & (np.diff(step) == 0) & (np.diff(time) > 0.0) & np.isfinite(grown[1:])
    if not np.any(good):
        return None
    run = np.cumsum(np.diff(good, prepend=False))[good]
    passed = np.bincount(run, weights=(size[1:] * np.diff(time))[good])
    gained = np.bincount(run, weights=grown[1:][good])
    use = np.bincount(run, weights=grown[1:][good] > 0.0) >= MIN_ROWS
    if not np.any(use):
        return None
    ratio, weight = gained[use] / passed[use], passed[use]
    order = np.argsort(ratio)
    return float(ratio[order][np.searchsorted(np.cumsum(weight[order]), 0.5 * np.sum(weight))])
