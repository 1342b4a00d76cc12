"""Grand potential, alkali content and its slope, for one node of the graph.

A node has a fixed part (Gibbs energy `gibbs`, alkali content `fixed`) and any number of
MSMR galleries, each with `sites` X (mol A per mol Sb), potential U (V) and width w:

    x(E)     = fixed + sum_j X_j / (1 + exp(F (E - U_j) / (R T w_j)))
    Omega(E) = gibbs + F E fixed - sum_j X_j w_j R T ln(1 + exp(-F (E - U_j) / (R T w_j)))

after Verbrugge et al. 2017 (J. Electrochem. Soc. 164, E3243). A line compound has no
galleries. `dOmega/dE = F x` holds exactly, and `dx/dE <= 0` always.
"""

from __future__ import annotations

from math import exp, log1p

from sbpath.kernels import Floats, kernel
from sbpath.physical import FARADAY_C_PER_MOL as F


@kernel
def node_state(
    potential: float,
    gibbs: float,
    fixed: float,
    first: int,
    last: int,
    sites: Floats,
    site_potential: Floats,
    site_energy: Floats,
) -> tuple[float, float, float, float]:
    """Grand potential of a node and its derivatives at electrode potential `potential`.

    Parameters
    ----------
    potential : float
        Electrode potential E against the alkali metal (V).
    gibbs : float
        Gibbs energy of the fixed part per mole of Sb, from the elements (J/mol).
    fixed : float
        Alkali content of the fixed part (mol per mol Sb).
    first, last : int
        The node's galleries are ``first <= j < last`` of the next three arrays.
    sites, site_potential, site_energy : arrays of float
        X_j (mol per mol Sb), U_j (V) and the energy scale R T w_j (J/mol) of each gallery.

    Returns
    -------
    omega, x, dx_dE, d2x_dE2 : float
        Omega (J/mol Sb), x (mol per mol Sb), and the derivatives of x (1/V, 1/V^2).
    """
    omega = gibbs + F * potential * fixed
    x = fixed
    slope = 0.0
    curvature = 0.0
    for j in range(first, last):
        scale = site_energy[j]
        z = F * (potential - site_potential[j]) / scale
        occupied, logarithm = occupation(z)
        spread = sites[j] * occupied * (1.0 - occupied)
        omega -= sites[j] * scale * logarithm
        x += sites[j] * occupied
        slope -= spread * F / scale
        steepness = F / scale
        curvature += spread * (1.0 - 2.0 * occupied) * (steepness * steepness)
    return omega, x, slope, curvature


@kernel
def occupation(z: float) -> tuple[float, float]:
    """Share of the sites of a gallery that is filled, ``1 / (1 + exp(z))``, and ``ln(1 + exp(-z))``.

    Both branches keep the exponent negative, so nothing overflows far from U.
    """
    # The test is on the real part because complex steps check the derivatives.
    if z.real > 0.0:
        small = exp(-z)
        return small / (1.0 + small), log1p(small)
    small = exp(z)
    return 1.0 / (1.0 + small), log1p(small) - z


@kernel
def node_entropy(
    potential: float,
    temperature: float,
    entropy: float,
    first: int,
    last: int,
    sites: Floats,
    site_potential: Floats,
    site_energy: Floats,
    site_slope: Floats,
) -> tuple[float, float, float]:
    """Entropy of a node, ``-(d Omega / dT)_E``, and its derivatives by E; formula in `sbpath.model.entropy`.

    Parameters
    ----------
    potential, temperature : float
        E (V) and T (K).
    entropy : float
        Entropy of the fixed part (J/(mol Sb K)).
    first, last, sites, site_potential, site_energy
        As in `node_state`.
    site_slope : array of float
        dU_j/dT (V/K).

    Returns
    -------
    S, dS_dE, d2S_dE2 : float
        J/(mol Sb K), and that per V and V^2. By a Maxwell relation, dS/dE = -F (dx/dT)_E.
    """
    slope = 0.0
    curvature = 0.0
    for j in range(first, last):
        scale = site_energy[j]
        z = F * (potential - site_potential[j]) / scale
        occupied, logarithm = occupation(z)
        moved = F * site_slope[j]
        entropy += sites[j] * (scale / temperature * (logarithm + z * occupied) + occupied * moved)
        steepness = F / scale
        spread = sites[j] * occupied * (1.0 - occupied) * steepness
        tilt = scale / temperature * z + moved
        slope -= spread * tilt
        curvature -= spread * steepness * (scale / temperature - (1.0 - 2.0 * occupied) * tilt)
    return entropy, slope, curvature
