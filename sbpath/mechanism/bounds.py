"""The numbers that are possible at all, by the unit in which a key ends.

Wide: a number outside is in another unit, or was typed wrong, and would overflow the model's formulas. What is
possible but unlikely is in `sbpath.model.sanity`.
"""

from __future__ import annotations

from decimal import Decimal

from sbpath.mechanism.units import UNITS, ending_of

# By key, then by ending: lowest and highest, in the unit of the key.
POSSIBLE: dict[str, tuple[float, float]] = {
    "particle_radius_m": (1e-10, 1e-2),
    "energy_J_per_m2": (0.0, 1e3),
    "growth_activation_energy_J_per_mol": (0.0, 1e6),
    "propagation_activation_energy_J_per_mol": (0.0, 1e6),
    "diffusion_activation_energy_J_per_mol": (0.0, 1e6),
    "exchange_activation_energy_J_per_mol": (0.0, 1e6),
    "conductivity_activation_energy_J_per_mol": (0.0, 1e6),
    "autocatalytic_order": (0.0, 100.0),
    "shape_factor": (0.0, 1e6),
    "_J_per_mol_K": (-1e5, 1e5),
    "_J_per_mol": (-1e8, 1e8),
    "_cm3_per_mol": (0.0, 1e6),
    "_V_per_K": (-1.0, 1.0),
    "_V": (-10.0, 10.0),
    "_C": (-273.15, 2000.0),
    "_per_s": (0.0, 1e30),
    "_A_per_m2": (1e-12, 1e12),
    "_m2_per_s": (0.0, 1.0),
    "_F_per_g": (0.0, 1e6),
    "_mg_per_cm2": (0.0, 1e6),
    "_ohm_cm2": (0.0, 1e12),
    "_S_per_cm": (1e-30, 1e8),
    "_S_per_m": (1e-60, 1e8),
    "_m2_per_g": (0.0, 1e6),
    "_nm": (1e-3, 1e6),
    "sealing_time_s": (0.0, 1e12),
    "electrons": (1e-3, 1e3),
    "contact_loss": (0.0, 10.0),
    "fragmentation": (0.0, 1e6),
    "_um": (0.0, 1e7),
    "_g_per_g": (0.0, 1e6),
    "width": (1e-6, 1e6),
    "sites": (0.0, 1e3),
}


# What is usual in electrodes, to tell which other unit may have been meant.
USUAL: dict[str, tuple[float, float]] = {
    "particle_radius_m": (2e-9, 5e-5),
    "energy_J_per_m2": (0.005, 3.0),
    "_J_per_mol": (-1e6, 1e6),
    "_nm": (0.3, 300.0),
    "_V": (-0.5, 5.0),
}


def impossible(key: str, value: float) -> str | None:
    """Why `value` cannot be the number of `key`, and what to try; None if it can."""
    ending = ending_of(key)
    bounds = POSSIBLE.get(key) or POSSIBLE.get(ending)
    if bounds is None or bounds[0] <= value <= bounds[1]:
        return None
    low, high = bounds
    unit = next(iter(UNITS.get(ending, {"": "1"})))
    ask = in_other_units(value, key, USUAL.get(key) or USUAL.get(ending) or bounds)
    return (
        f"must be from {low:g} to {high:g} {unit}".rstrip()
        + f", not {value:g}; {ask or 'check its unit and digits'}"
    )


def in_other_units(value: float, key: str, usual: tuple[float, float]) -> str:
    """``is it in nm? then 1e-07`` for each unit of `key` that makes `value` a usual one; empty if none does."""
    low, high = usual
    own, *others = UNITS.get(ending_of(key), {"": "1"}).items()
    found = {
        unit: float(Decimal(repr(float(value))) * Decimal(factor))
        for unit, factor in others
        if factor != own[1]
    }
    return "; or ".join(f"is it in {unit}? then {v:.4g}" for unit, v in found.items() if low <= v <= high)
