"""Where the charge of an electrode is: in film, cut off with its host, in live host, in the double layer."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sbpath.kernels import Floats
from sbpath.model.network import Network
from sbpath.model.unknowns import ORIGINS
from sbpath.model.workspace import fill_nodes, workspace
from sbpath.physical import COULOMB_PER_MAH

# Film on the host by cause, film on idle surface, host cut off, live host, double layer.
DESTINATIONS = ("sealed", "fresh", "torn", "grown", "idle", "cut_off", "held", "layer")


def destinations(values: Mapping[str, Floats], network: Network) -> Floats:
    """Charge in each of `DESTINATIONS` (mAh/g), shape (8, n).

    `values` are the composition, the potential, and the unknowns that the electrode has, by the names of their
    columns, in n rows.
    """
    potential, content = values["potential_V"], values["composition"]
    rows, none = len(potential), np.zeros((1, len(potential)))
    films = network.film.forms
    on_host = values["film_charge_C_per_g"] if films else np.zeros((ORIGINS + 1, rows))
    idle = values["idle_film_charge_C_per_g"].sum(axis=0, keepdims=True) if films else none
    loses = network.layout.loses
    cut_off = network.charge_scale * values["trapped_mol_per_mol"][None] if loses else none
    held = network.charge_scale * content * (values["live_share"] if loses else 1.0)
    layer = -network.double_layer * potential
    return np.concatenate([on_host, idle, cut_off, held[None], layer[None]]) / COULOMB_PER_MAH


def content_of(fractions: Floats, potential: Floats, network: Network) -> Floats:
    """X (mol per mol of live Sb), shape (n,), from the shares of the nodes, shape (P, n), and the potentials (V)."""
    space, found = workspace(network), []
    for shares, volts in zip(fractions.T, potential.tolist(), strict=True):
        fill_nodes(volts, network, space)
        found.append(float(shares @ space.content))
    return np.array(found)
