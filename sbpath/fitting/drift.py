"""The inverse of the covariance of drift that decays with distance, in time proportional to the number of points.

An exponential correlation is that of a Markov process, so that a Kalman filter along the points gives what they say beyond those before,
which is independent (Harvey 1989, Forecasting, Structural Time Series Models and the Kalman Filter, 3.4).
"""

from __future__ import annotations

from math import exp, log

import numpy as np

from sbpath.kernels import Floats, Floats2, Integers, kernel


@kernel
def inverse_products(
    columns: Floats2,
    u: Floats,
    half: Integers,
    seen: Floats,
    halves: int,
    white: float,
    drift: float,
    repeated: float,
    length: float,
) -> tuple[Floats2, float]:
    """X' C^-1 X (m, m), and half the logarithm of det C, of the n points of one direction.

    Parameters
    ----------
    columns : array, shape (n, m)
        X.
    u : array, shape (n,)
        Where they are, rising.
    half : integer array, shape (n,)
        The half cycle of each, from 1 to `halves`.
    seen : array, shape (n,)
        The share b of an error of the voltage that is seen.
    halves : int
        Number of half cycles.
    white, drift, repeated, length : float
        As in `sbpath.fitting.error_model`.
    """
    n, m, states = len(columns), len(columns[0]), halves + 1
    found, half_log = np.zeros((m, m)), 0.0
    # Of the repeated misfit and of the drift of each half cycle: what the points so far say of it, by column, and its covariance.
    known, spread = np.zeros((states, m)), np.zeros((states, states))
    gain, news = np.zeros(states), np.zeros(m)
    for i in range(n):
        kept = 0.0 if i == 0 else exp(-(u[i] - u[i - 1]) / length)
        own = half[i]
        for a in range(states):
            for b in range(states):
                spread[a, b] *= kept * kept
            spread[a, a] += (1.0 - kept * kept) * (repeated * repeated if a == 0 else drift * drift)
            for c in range(m):
                known[a, c] *= kept
        for a in range(states):
            gain[a] = seen[i] * (spread[a, 0] + spread[a, own])
        variance = white * white + seen[i] * (gain[0] + gain[own])
        half_log += 0.5 * log(variance)
        for c in range(m):
            news[c] = columns[i, c] - seen[i] * (known[0, c] + known[own, c])
        for a in range(states):
            for c in range(m):
                known[a, c] += gain[a] / variance * news[c]
            for b in range(states):
                spread[a, b] -= gain[a] * gain[b] / variance
        for c in range(m):
            for d in range(m):
                found[c, d] += news[c] * news[d] / variance
    return found, half_log
