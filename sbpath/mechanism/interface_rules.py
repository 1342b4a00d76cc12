"""Interfacial energies that nobody has measured, from those of lithium in antimony.

Lithium's, fitted to its plateaus, grow with the misfit of the two phases. By a straight line through them, per mole of host atoms
at the interface, of which each takes the area of the mean volume to the power of two thirds,

    gamma N_A^(1/3) (V1 V2)^(1/3) = a + b |ln(V1 / V2)|

with the volumes V per mole of host. (The same line for gamma itself, per area, would leave potassium without a nucleus of K3Sb above
0 V.) Antonow's rule instead makes the interface of two phases the sum of those with all phases
between them (as if these wetted it): the most stable one of each composition, and each by the line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log
from typing import Literal

import numpy as np

from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.phase_energies import PhaseEnergy
from sbpath.physical import AVOGADRO_PER_MOL

Rule = Literal["volume", "antonow"]
RULES: tuple[Rule, ...] = ("volume", "antonow")
# The system whose interfaces were fitted to three plateaus.
REFERENCE = "li-sb"


@dataclass(frozen=True, slots=True)
class MisfitLaw:
    """Energy per mole of host atoms at the interface: `same` + `misfit` |ln(V1 / V2)|, both in J/mol."""

    same: float
    misfit: float

    def energy_J_per_m2(self, one: PhaseEnergy, other: PhaseEnergy) -> float:
        """Interfacial energy of two phases with known volumes."""
        assert one.molar_volume_cm3_per_mol is not None
        assert other.molar_volume_cm3_per_mol is not None
        volumes = one.molar_volume_cm3_per_mol, other.molar_volume_cm3_per_mol
        return (self.same + self.misfit * _misfit(*volumes)) / _area_m2_per_mol(*volumes)

    def __str__(self) -> str:
        return (
            f"{self.same / 1e3:.3g} + {self.misfit / 1e3:.3g} |ln(V1/V2)| kJ per mol of host at the interface"
        )


def _misfit(one_cm3_per_mol: float, other_cm3_per_mol: float) -> float:
    return abs(log(one_cm3_per_mol / other_cm3_per_mol))


def _area_m2_per_mol(one_cm3_per_mol: float, other_cm3_per_mol: float) -> float:
    """Of one mole of host atoms at the interface, N_A^(1/3) V^(2/3) with the geometric mean of the volumes."""
    return float(AVOGADRO_PER_MOL * one_cm3_per_mol * other_cm3_per_mol * 1e-12) ** (1.0 / 3.0)


def misfit_law(mechanism: Mechanism) -> MisfitLaw:
    """The law through the interfaces of a mechanism by least squares, with neither constant below zero."""
    from scipy.optimize import nnls  # slow to import

    misfits, energies = [], []
    for key, interface in mechanism.interfaces.items():
        one, other = (mechanism.volume_cm3_per_mol(name) for name in key.split("|"))
        misfits.append(_misfit(one, other))
        energies.append(interface.energy_J_per_m2.value * _area_m2_per_mol(one, other))
    (same, misfit), _ = nnls(np.column_stack([np.ones(len(misfits)), misfits]), np.array(energies))
    return MisfitLaw(float(same), float(misfit))


def interface_energy(
    one: PhaseEnergy, other: PhaseEnergy, phases: Sequence[PhaseEnergy], law: MisfitLaw, rule: Rule
) -> tuple[float, str]:
    """Interfacial energy (J/m2) of two of `phases`, and what it was assumed from."""
    line = f"{law}, the line through the interfaces of {REFERENCE}"
    between = _between(one, other, phases) if rule == "antonow" else []
    if not between:
        return law.energy_J_per_m2(one, other), f"by volume: {line}"
    stops = [one, *between, other]
    total = sum(law.energy_J_per_m2(*pair) for pair in pairwise(stops))
    return (
        total,
        f"sum over {', '.join(phase.name for phase in between)} (Antonow's rule), each by volume: {line}",
    )


def _between(one: PhaseEnergy, other: PhaseEnergy, phases: Sequence[PhaseEnergy]) -> list[PhaseEnergy]:
    """The most stable phase of each composition between two, from the one to the other."""
    low, high = sorted((one.alkali, other.alkali))
    stable: dict[float, PhaseEnergy] = {}
    for phase in sorted(phases, key=lambda p: -p.energy_J_per_mol):
        if low < phase.alkali < high:
            stable[phase.alkali] = phase
    return [stable[x] for x in sorted(stable, reverse=one.alkali > other.alkali)]
