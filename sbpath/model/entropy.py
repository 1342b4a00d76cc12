"""Entropy of a phase at a potential, for the reversible heat.

With the alkali metal as reservoir at potential E, the entropy of a phase per mole of Sb is
``S = -(d Omega / dT)_E``. With the grand potential of `sbpath.model.thermo`,

    S = S_fixed + sum_j X_j [ w_j R (ln(1 + exp(-z_j)) + z_j y_j) + y_j F dU_j/dT ],
    z_j = F (E - U_j) / (R T w_j),    y_j = 1 / (1 + exp(z_j)),

where S_fixed is the entropy of formation from the elements. The balance therefore includes the
alkali metal electrode, and ``T dS`` is the reversible heat of the whole half-cell.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sbpath.mechanism.records import Phase
from sbpath.physical import FARADAY_C_PER_MOL as F
from sbpath.physical import GAS_CONSTANT_J_PER_MOL_K as R
from sbpath.physical import ZERO_CELSIUS_K

Floats = NDArray[np.float64]


def phase_entropy(
    phase: Phase, potential: Floats, temperature_C: float, reference_C: float
) -> tuple[Floats, Floats]:
    """Entropy of `phase` and its derivative with respect to E.

    Parameters
    ----------
    phase : Phase
        A phase of a mechanism.
    potential : array, shape (n,)
        E against the alkali metal (V).
    temperature_C, reference_C : float
        Temperature of the electrode, and reference temperature of the mechanism (Celsius).

    Returns
    -------
    S, dS_dE : array, shape (n,)
        J/(mol Sb K) and J/(mol Sb K V). By a Maxwell relation, dS/dE = -F (dx/dT).
    """
    temperature = temperature_C + ZERO_CELSIUS_K
    entropy = np.full_like(potential, phase.entropy_J_per_mol_K.value)
    slope = np.zeros_like(potential)
    for gallery in phase.galleries:
        moved = gallery.potential_slope_V_per_K
        centre = gallery.potential_V + moved * (temperature_C - reference_C)
        scale = gallery.width * R * temperature
        z = F * (potential - centre) / scale
        filled = 0.5 * (1.0 - np.tanh(0.5 * z))
        entropy += gallery.sites * (
            gallery.width * R * (np.logaddexp(0.0, -z) + z * filled) + filled * F * moved
        )
        change = -filled * (1.0 - filled) * F / scale
        slope += gallery.sites * change * (gallery.width * R * z + F * moved)
    return entropy, slope
