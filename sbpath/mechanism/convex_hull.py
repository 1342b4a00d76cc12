"""The lower convex hull of energies of formation against alkali content, and the plateaus that follow from it.

At equilibrium with the alkali metal at the potential E the stable phase has the lowest grand potential,
``Omega = G + F E x``. As E falls, the stable phases are the corners of the lower convex hull of G(x), one after the other, and
between two of them is a plateau at ``E = -(G2 - G1) / (F (x2 - x1))``. The metal, with G = 0 per mole, ends the
hull: phases beyond the last potential above zero are not stable.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from sbpath.mechanism.phase_energies import PhaseEnergy
from sbpath.physical import FARADAY_C_PER_MOL as F


@dataclass(frozen=True, slots=True)
class EquilibriumPlateau:
    """Two phases in equilibrium, and the alkali content of both (mol per mol of host).

    Attributes
    ----------
    voltage_V : float
        Against the alkali metal.
    empty, full : str
        Names of the phase with less and of the phase with more alkali.
    x_empty, x_full : float
        Their compositions.
    """

    voltage_V: float
    empty: str
    full: str
    x_empty: float
    x_full: float


def hull_corners(phases: Sequence[PhaseEnergy]) -> list[PhaseEnergy]:
    """The stable phases, in the order of their alkali content; those on a line between two others are left out.

    Monotone chain (Andrew, Inform. Process. Lett. 1979, 9, 216), from the host to the last potential above zero.
    """
    corners: list[PhaseEnergy] = []
    for phase in sorted(phases, key=lambda p: (p.alkali, p.energy_J_per_mol)):
        if corners and phase.alkali == corners[-1].alkali:
            continue
        while len(corners) > 1 and _slope(corners[-2], corners[-1]) >= _slope(corners[-1], phase):
            corners.pop()
        corners.append(phase)
    while len(corners) > 1 and _slope(corners[-2], corners[-1]) >= 0.0:
        corners.pop()
    return corners


def plateaus(corners: Sequence[PhaseEnergy]) -> tuple[EquilibriumPlateau, ...]:
    """The plateaus of a cell at zero rate, from the host on."""
    return tuple(
        EquilibriumPlateau(-_slope(one, other) / F, one.name, other.name, one.alkali, other.alkali)
        for one, other in pairwise(corners)
    )


def above_hull_J_per_mol(phase: PhaseEnergy, corners: Sequence[PhaseEnergy]) -> float:
    """Energy of a phase above the hull (J per mole of host), 0 for a stable one."""
    after = bisect_right([corner.alkali for corner in corners], phase.alkali)
    one = corners[after - 1]
    slope = _slope(one, corners[after]) if after < len(corners) else 0.0
    return phase.energy_J_per_mol - one.energy_J_per_mol - slope * (phase.alkali - one.alkali)


def _slope(one: PhaseEnergy, other: PhaseEnergy) -> float:
    return (other.energy_J_per_mol - one.energy_J_per_mol) / (other.alkali - one.alkali)
