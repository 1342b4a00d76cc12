"""Electrodes that lose charge, with the numbers of three typical designs."""

from __future__ import annotations

import copy

import numpy as np
from bare import bare

from sbpath import Solution
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.reader import mechanism_from_document
from sbpath.model.workspace import fill_nodes, workspace
from sbpath.physical import COULOMB_PER_MAH

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


def worn(of: str | Mechanism, design: str = "micron", **changes: float) -> Mechanism:
    """A mechanism, by name a `bare` one, with film and loss; `changes` by key of its film or its electrode."""
    mechanism = bare(of) if isinstance(of, str) else of
    document = copy.deepcopy(mechanism.document)
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
    document["sources"].setdefault("sbpath", "This test.")
    document["electrode"] |= _numbers(electrode)
    document["electrolyte"]["film"] = _numbers(film)
    return mechanism_from_document(document, f"worn {mechanism.name}")


def _numbers(values: dict[str, float]) -> dict[str, object]:
    return {
        key: {"value": value, "status": "assumed", "source": "sbpath", "note": "for a test"}
        for key, value in values.items()
    }


def assert_closed(solution: Solution) -> None:
    """Charge to 1e-8 of the throughput, energy to 1e-5 of the heat, and what can only grow grows."""
    network, others = solution.network, solution.others
    through = COULOMB_PER_MAH * np.abs(np.diff(solution.charge_mAh_per_g)).sum()
    space, content = workspace(network), solution.composition
    if solution.experiment.isothermal:
        content = []
        for shares, potential in zip(solution.fractions.T, solution.potential_V, strict=True):
            fill_nodes(float(potential), network, space)
            content.append(float(shares @ space.content))
    in_film = others["film_charge_C_per_g"].sum(axis=0) + others["idle_film_charge_C_per_g"].sum(axis=0)
    live, trapped = others["live_share"], others["trapped_mol_per_mol"]
    held = network.charge_scale * (live * np.array(content) + trapped) + in_film
    held = held - network.double_layer * solution.potential_V
    drift = held - COULOMB_PER_MAH * solution.charge_mAh_per_g
    assert np.ptp(drift) < 1e-8 * max(through, 1.0)
    heat = (
        solution.heat_parts_J_per_g.sum(axis=(0, 1))
        + solution.joule_heat_J_per_g
        + solution.charge_transfer_heat_J_per_g
        + solution.film_heat_J_per_g
        + solution.warming_J_per_g
    )
    total = solution.energy_J_per_g + solution.stored_J_per_g + heat
    assert np.abs(total - total[0]).max() < 1e-5 * max(np.abs(heat).max(), 1.0)
    for grows in (
        *others["film_charge_C_per_g"],
        *others["idle_film_charge_C_per_g"],
        trapped,
        others["strain"],
    ):
        assert np.diff(grows).min() >= -1e-6 * (grows[-1] + 10.0)
    assert np.diff(solution.film_heat_J_per_g).min() >= -1e-6 * (solution.film_heat_J_per_g[-1] + 10.0)
    np.testing.assert_allclose(solution.fractions.sum(axis=0), 1.0, atol=1e-12)
    bare = others["bare_share"].sum(axis=0)
    assert others["bare_share"].min() >= -1e-7
    assert bare.max() <= 1.0 + 1e-7
    wear = network.wear
    area = others["host_area_m2_per_g"]
    assert area.min() >= wear.host_area * (1.0 - 1e-6)
    assert area.max() <= max(wear.host_area, wear.fragment_area) * (1.0 + 1e-6)
    assert others["film_thickness_m"].min() >= network.film.sealing_thickness * (1.0 - 1e-6)
