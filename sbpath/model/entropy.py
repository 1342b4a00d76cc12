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
    phase: Phase, potential: Floats, temperature_C: Floats | float, reference_C: float
) -> tuple[Floats, Floats, Floats]:
    """Entropy of `phase` and its derivatives with respect to E and to T.

    Parameters
    ----------
    phase : Phase
        A phase of a mechanism.
    potential : array, shape (n,)
        E against the alkali metal (V).
    temperature_C : float or array, shape (n,)
        Temperature of the electrode (Celsius).
    reference_C : float
        Reference temperature of the mechanism (Celsius).

    Returns
    -------
    S, dS_dE, dS_dT : array, shape (n,)
        J/(mol Sb K), and that per V and per K. By a Maxwell relation, dS/dE = -F (dx/dT).
    """
    temperature = temperature_C + ZERO_CELSIUS_K
    entropy = np.full_like(potential, phase.entropy_J_per_mol_K.value)
    slope, by_temperature = np.zeros_like(potential), np.zeros_like(potential)
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
        tilt = gallery.width * R * z + F * moved
        slope += gallery.sites * change * tilt
        by_temperature += gallery.sites * filled * (1.0 - filled) * tilt**2 / scale
    return entropy, slope, by_temperature
