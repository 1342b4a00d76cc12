"""Rate of one edge of the graph: start, growth and transport in series.

    r = theta_p / (tau_start + tau_growth + tau_transport),   zero where A <= 0

    1/tau_start      = 1/tau_nucleation + k_p Theta_q
    1/tau_nucleation = J0 exp(-B / A^2)
    1/tau_growth     = k0 (exp(alpha a) - exp(-(1 - alpha) a)) g(theta_q) k(A),   a = A / (nu R T)
    g(theta_q)       = (s + (1 - s) theta_q)^m,   k(A) = 1 - exp(-A / A_r)

Each transforming Sb domain starts from a nucleus or from the front of a neighbour that has turned
already, then fills, and the alkali has to reach it: the mosaic picture of Bai and Tian 2013
(Electrochim. Acta 89, 644) with classical nucleation theory and a rectified Butler-Volmer growth
rate. Propagation (k_p) is off unless given: it needs some product, but no overpotential, so with it a
transformation that is given time ends in equilibrium. The neighbour may be any: Theta_q is the mean of all particles
of the electrode. `g` is 1 unless the edge grows
autocatalytically (order m > 0; Watzky and Finke 1997, J. Am. Chem. Soc. 119, 10382), which never
helps a domain to start; the seed s > 0 lets the first domain begin. `k` rounds the corner at A = 0
(see `GROWTH_ROUNDING`). No exponential can overflow, whatever the affinity.
"""

from __future__ import annotations

from math import exp, expm1, inf, pi

from sbpath.kernels import kernel
from sbpath.physical import BOLTZMANN_J_PER_K

# exp(600) is still a finite float; any slower nucleation never happens.
MAX_EXPONENT = 600.0

# Affinity (J/mol) over which the growth rate rounds off its kink at A = 0, where the edge is
# switched off. It is a microvolt and shifts no curve, but without nucleation barriers and at high
# temperature an integrator would otherwise hop across the corner for ever.
GROWTH_ROUNDING = 0.1
# The same for edges with propagation, which run for long near A = 0: well above what the tolerance of
# E (a microvolt) leaves open, and a tenth of a millivolt at most.
FRONT_ROUNDING = 10.0
# Beyond this many roundings the factor is 1 in double precision.
ROUNDING_RANGE = 40.0
# Share of the Sb below which there is no front: what the default tolerance leaves open. Fronts
# multiply any product that they find, be it an error of the integration.
MIN_FRONT = 1e-9


def nucleation_constant(
    interfacial_energy: float, shape_factor: float, molar_volume: float, temperature: float
) -> float:
    """The B of ``barrier / kT = B / A^2``, in (J/mol)^2.

    Classical nucleation theory for a nucleus of the product: the barrier is
    ``16 pi S gamma^3 Vm^2 / (3 A^2)`` with A and Vm both per mole of Sb.

    Parameters
    ----------
    interfacial_energy : float
        gamma of the pair of nodes (J/m^2).
    shape_factor : float
        S, 1 for a sphere in the bulk, less at a wall (dimensionless).
    molar_volume : float
        Vm of the product (m^3 per mol Sb).
    temperature : float
        T (K).
    """
    return (
        16.0
        * pi
        * shape_factor
        * interfacial_energy**3
        * molar_volume**2
        / (3.0 * BOLTZMANN_J_PER_K * temperature)
    )


@kernel
def nucleation_time(affinity: float, barrier: float, log_attempt: float) -> float:
    """Mean waiting time of a domain for a nucleus (s); ``inf`` if the barrier is insurmountable.

    Parameters
    ----------
    affinity : float
        A > 0, already less the transformation work (J/mol Sb).
    barrier : float
        B of `nucleation_constant` ((J/mol)^2).
    log_attempt : float
        ln(J0 / (1/s)).
    """
    exponent = barrier / (affinity * affinity) - log_attempt
    return exp(exponent) if exponent <= MAX_EXPONENT else inf


@kernel
def nucleation_slope(affinity: float, barrier: float, nucleation: float) -> float:
    """Derivative of the finite time `nucleation` (s) with respect to A (s mol/J), zero or negative."""
    return -2.0 * nucleation * barrier / (affinity * affinity * affinity)


@kernel
def front(product: float) -> float:
    """Share of the Sb from which fronts start: Theta_q above `MIN_FRONT`, and zero below.

    ``(Theta_q - s)^2 / Theta_q`` has a continuous slope (`front_slope`).
    """
    if product <= MIN_FRONT:
        return 0.0
    above = product - MIN_FRONT
    return above * (above / product)


@kernel
def front_slope(product: float) -> float:
    """Derivative of `front` with respect to Theta_q, from 0 to 1."""
    if product <= MIN_FRONT:
        return 0.0
    share = MIN_FRONT / product
    return 1.0 - share * share


@kernel
def start_time(nucleation: float, propagation: float) -> float:
    """Mean waiting time of a domain for a nucleus or for a front, whichever comes first (s).

    Parameters
    ----------
    nucleation : float
        Waiting time for a nucleus (s), possibly ``inf``.
    propagation : float
        Rate at which fronts arrive, k_p Theta_q (1/s).

    Notes
    -----
    ``start / nucleation`` is the share of domains that start from a nucleus. With it,
    ``d start/d nucleation = (start / nucleation)^2`` and ``d start/d propagation = -start^2``.
    """
    if propagation <= 0.0:
        return nucleation
    return nucleation / (1.0 + propagation * nucleation) if nucleation < inf else 1.0 / propagation


@kernel
def growth_time(
    affinity: float,
    product: float,
    growth: float,
    alpha: float,
    energy: float,
    order: float,
    seed: float,
    rounding: float,
) -> float:
    """Time for a nucleated domain to fill (s).

    Parameters
    ----------
    affinity : float
        A > 0, already less the transformation work (J/mol Sb).
    product : float
        theta_q, fraction of Sb already in the product.
    growth : float
        k0 (1/s).
    alpha : float
        Transfer coefficient, 0 < alpha < 1.
    energy : float
        nu R T (J/mol).
    order, seed : float
        m and s of the autocatalytic factor; order 0 switches it off.
    rounding : float
        A_r, `GROWTH_ROUNDING` or `FRONT_ROUNDING` (J/mol).
    """
    a = affinity / energy
    forward = exp(-alpha * a)
    # For alpha = 1/2, the usual value, this saves an exponential.
    backward = forward * forward if alpha == 0.5 else exp(-a)
    time = forward / (growth * (1.0 - backward if a > 1.0 else -expm1(-a)))
    if order > 0.0:
        time /= _filled(product, seed) ** order
    if affinity < ROUNDING_RANGE * rounding:
        time /= _less_than_one(affinity / rounding)
    return time


@kernel
def growth_slopes(
    affinity: float,
    product: float,
    time: float,
    alpha: float,
    energy: float,
    order: float,
    seed: float,
    rounding: float,
) -> tuple[float, float]:
    """Derivatives of the growth time `time` (s) with respect to A (s mol/J) and theta_q (s), none positive."""
    occupied = _less_than_one(affinity / energy)
    relative = (alpha + (1.0 - occupied) / occupied) / energy
    if affinity < ROUNDING_RANGE * rounding:
        rounded = _less_than_one(affinity / rounding)
        relative += (1.0 - rounded) / rounded / rounding
    by_product = -time * order * (1.0 - seed) / _filled(product, seed) if order > 0.0 else 0.0
    return -time * relative, by_product


@kernel
def _less_than_one(a: float) -> float:
    """``1 - exp(-a)`` without loss of digits at small `a`."""
    return 1.0 - exp(-a) if a > 1.0 else -expm1(-a)


@kernel
def _filled(product: float, seed: float) -> float:
    """``s + (1 - s) theta_q``; rounding may leave a fraction just below zero."""
    return seed + (1.0 - seed) * max(product, 0.0)
