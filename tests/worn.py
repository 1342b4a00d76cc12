"""Electrodes that lose charge, with the numbers of three typical designs."""

from __future__ import annotations

import copy

from bare import bare

from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.reader import mechanism_from_document

ONSETS = {"Li": 0.8, "Na": 0.47, "K": 0.69}  # V against the metal
FILM = {
    "sealing_thickness_nm": 5.3,
    "film_volume_cm3_per_mol": 95.85,
    "electrons": 2.0,
    "electron_conductivity_S_per_m": 8.95e-14,
    "sealing_rate_per_s": 1e-3,
    "sealing_time_s": 1.0,
    "transfer_coefficient": 0.5,
    "torn_share": 0.02,
}
# Radius (m), double layer (F/g), A0, A_c, A_i (m2/g), chi.
DESIGNS = {
    "micron": (1e-6, 5.0, 0.448, 70.0, 17.7, 4.4e-4),
    "nano": (15e-9, 11.0, 29.9, 70.0, 17.7, 5e-5),
    "composite": (10e-9, 23.0, 0.0, 0.0, 108.0, 3.4e-5),
}


def worn(name: str, design: str = "micron", **changes: float) -> Mechanism:
    """A shipped mechanism with film and loss; `changes` by key of its film or its electrode."""
    document = copy.deepcopy(bare(name).document)
    radius, layer, area, fragments, idle, loss = DESIGNS[design]
    electrode = {
        "particle_radius_m": radius,
        "double_layer_F_per_g": layer,
        "contact_resistance_ohm_cm2": 0.0,
        "host_area_m2_per_g": area,
        "fragment_area_m2_per_g": fragments,
        "fragmentation": 2.0,
        "idle_area_m2_per_g": idle,
        "contact_loss": loss,
    }
    film = {"onset_potential_V": ONSETS[document["ion"]], **FILM}
    for key, value in changes.items():
        (film if key in film else electrode)[key] = value
    document["electrode"] |= _numbers(electrode)
    document["electrolyte"]["film"] = _numbers(film)
    return mechanism_from_document(document, f"worn {name}")


def _numbers(values: dict[str, float]) -> dict[str, object]:
    return {
        key: {"value": value, "status": "assumed", "source": "sbpath", "note": "for a test"}
        for key, value in values.items()
    }
