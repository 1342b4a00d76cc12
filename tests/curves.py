"""Cycles of a shipped mechanism, and reading them: rows of a step, values along a half cycle, integrals over rows."""

from __future__ import annotations

import numpy as np

from sbpath import cycling, load_mechanism


def cycled(simulated, name, rate="C/10", cycles=2, graph=None, upper=None, **options):
    """Cycles between the mechanism's own cut-offs, or up to `upper` (V), made once (`simulated`)."""
    mechanism = load_mechanism(name)
    protocol = cycling(rate, mechanism.lower_cutoff_V, upper or mechanism.upper_cutoff_V, cycles)
    return simulated(name, protocol, graph=graph or mechanism.default_graph, **options)


def rows(solution, number):
    """Rows of the step with this number (from 1)."""
    step = solution.steps[number - 1]
    return slice(step.first, step.last)


def along(solution, number, values, share):
    """`values` of a step where `share` of its capacity has passed."""
    these = rows(solution, number)
    passed = solution.capacity_mAh_per_g[these] - solution.capacity_mAh_per_g[these][0]
    return float(np.interp(share * passed[-1], passed, np.asarray(values)[these]))


def potential_at(solution, number, share):
    """Electrode potential (V) where `share` of the step's capacity has passed."""
    return along(solution, number, solution.potential_V, share)


def at_composition(solution, number, x):
    """Electrode potential (V) of a step at the composition `x`."""
    these = rows(solution, number)
    content, potential = solution.composition[these], solution.potential_V[these]
    order = np.argsort(content, kind="stable")
    return np.interp(x, content[order], potential[order])


def lobatto_integral(time, values):
    """Integral over the rows of one step, which stand at four-point Gauss-Lobatto nodes.

    ``h / 12 (f_0 + 5 f_1 + 5 f_2 + f_3)`` on each integrator step, exact to degree five
    (Abramowitz and Stegun 25.4.32); the positions of the rows are checked first.
    """
    length = time[3::3] - time[:-3:3]
    for number, place in ((1, 0.5 - 0.05**0.5), (2, 0.5 + 0.05**0.5)):
        np.testing.assert_allclose((time[number::3] - time[:-3:3]), place * length, atol=1e-9 * time[-1])
    f = np.asarray(values)
    return float(np.sum(length / 12.0 * (f[:-3:3] + 5.0 * f[1::3] + 5.0 * f[2::3] + f[3::3])))


def edge_names(edges):
    """Edges as text, ``Sb -> Li2Sb``."""
    return [str(edge) for edge in edges]
