"""Shipped mechanisms without propagation, charge transfer and spread: one particle, and the law by itself.

The interfacial energies are those that were fitted without the three. Tests that speak of the law, its check
values or its limits use these; tests that speak of a shipped file load it.
"""

from __future__ import annotations

import copy
import functools

from sbpath import load_mechanism, with_changes
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.reader import mechanism_from_document

LAWS = (
    "propagation_rate_per_s",
    "propagation_activation_energy_J_per_mol",
    "exchange_current_A_per_m2",
    "exchange_activation_energy_J_per_mol",
)
# Interfacial energies (J/m2) of the files, and those fitted without the three laws.
ENERGIES = {
    0.1298: 0.134, 0.0905: 0.093, 0.2108: 0.219,
    0.1879: 0.19, 0.0602: 0.075, 0.2481: 0.265,
    0.0744: 0.09, 0.2623: 0.28, 0.3079: 0.31, 0.1944: 0.21,
}  # fmt: skip
ENERGIES_OF = {
    "k-sb-xrd": {"KxSb|K3Sb-hex": 0.104, "Sb|K3Sb-hex": 0.294, "K3Sb-cubic|K3Sb-hex": 0.194},
    "na-sb-allan": {"a-NaxSb|a-Na(3-x)Sb": 0.05, "a-Na(3-x)Sb|Na3Sb": 0.035, "Sb|Na3Sb": 0.225},
    "na-nisb": {
        "a-NaxSb-Ni|a-Na(3-x)Sb-Ni": 0.05, "a-Na(3-x)Sb-Ni|Na3Sb-Ni": 0.035, "Sb-Ni|Na3Sb-Ni": 0.225,
        "a-Na(3-x)Sb-NiSb|Na3Sb-NiSb": 0.035, "Sb-NiSb|Na3Sb-NiSb": 0.225,
    },
}  # fmt: skip


@functools.cache
def _bare(name: str) -> Mechanism:
    document = copy.deepcopy(load_mechanism(name).document)
    for table in (document["kinetics"], *document["transformations"]):
        for key in LAWS:
            table.pop(key, None)
    document["electrode"].pop("spread", None)
    own = ENERGIES_OF.get(name, {})
    for pair, interface in document["interfaces"].items():
        energy = interface["energy_J_per_m2"]
        energy["value"] = own.get(pair, ENERGIES.get(energy["value"], energy["value"]))
    return mechanism_from_document(document, where=name)


def bare(name: str, changes: dict[str, float] | None = None) -> Mechanism:
    """The mechanism of a shipped file without the three laws, with `changes` to its numbers by path."""
    return with_changes(_bare(name), changes or {})
