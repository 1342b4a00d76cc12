"""Theoretical capacities and volume changes of the hosts of Table 1, and printed values that differ.

For a full phase A_n M_m of density rho, empty host M of density rho_0, atomic weights w:

    capacity per gram      Q = n F / (m w_M)
    capacity per volume    Q rho_0            (of the empty host, as the review counts)
    volume change          (n w_A + m w_M) / rho / (m w_M / rho_0) - 1
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from sbpath.literature.records import Host
from sbpath.mechanism.chemistry import parse_formula
from sbpath.physical import COULOMB_PER_MAH, FARADAY_C_PER_MOL

# Decimals in print, by field; densities have two.
PRINTED_DECIMALS = {
    "molar_mass_g_per_mol": 1,
    "molar_volume_cm3_per_mol": 0,
    "capacity_mAh_per_g": 0,
    "capacity_mAh_per_cm3": 0,
    "volume_change_percent": 1,
}
DENSITY_ROUNDING_G_PER_CM3 = 0.005


@dataclass(frozen=True, slots=True)
class HostTheory:
    """What formula, densities and atomic weights say of a host.

    Attributes
    ----------
    alkali_per_host : float
        Atoms of alkali metal per atom of the host.
    molar_mass_g_per_mol, molar_volume_cm3_per_mol : float
        Of the full phase, per formula as written.
    capacity_mAh_per_g, capacity_mAh_per_cm3 : float
        Per gram and per volume of the empty host.
    capacity_mAh_per_cm3_full : float
        Per volume of the full phase, which is what a cell has to have room for.
    volume_change_percent : float
        Of the full phase against the empty host.
    """

    alkali_per_host: float
    molar_mass_g_per_mol: float
    molar_volume_cm3_per_mol: float
    capacity_mAh_per_g: float
    capacity_mAh_per_cm3: float
    capacity_mAh_per_cm3_full: float
    volume_change_percent: float


@dataclass(frozen=True, slots=True)
class Departure:
    """A printed value that is not the computed one, rounded.

    Attributes
    ----------
    host : Host
        The row.
    formula : str
        The formula computed with: the row's, or the one printed where they differ.
    quantity : str
        The field of `Host` and `HostTheory`.
    printed, computed : float
        In the unit of the field.
    rounding : float
        How far rounding of the printed value and of both densities can take them apart.
    """

    host: Host
    formula: str
    quantity: str
    printed: float
    computed: float
    rounding: float

    @property
    def within_rounding(self) -> bool:
        """Whether rounding alone explains it."""
        return abs(self.printed - self.computed) <= self.rounding


def host_theory(host: Host) -> HostTheory:
    """Capacities and volume change of `host` from its formula, densities and atomic weights.

    The density of the full phase is the printed one, that of the empty host is in
    ``elements.csv`` with its source.
    """
    return _theory(host, host.formula)


def host_departures(hosts: Iterable[Host]) -> list[Departure]:
    """Printed values that do not follow from formula, densities and atomic weights.

    A row whose printed formula is another than the one its numbers belong to is compared with
    the printed one too.
    """
    found = []
    for host in hosts:
        # Some formulas are printed with decimal commas.
        for formula in dict.fromkeys((host.formula, host.printed_formula.replace(",", "."))):
            computed = _theory(host, formula)
            for quantity, decimals in PRINTED_DECIMALS.items():
                printed, value = getattr(host, quantity), getattr(computed, quantity)
                half = 0.5 * 10.0**-decimals
                if abs(printed - value) > half:
                    reach = half + _reach(host, formula, quantity)
                    found.append(Departure(host, formula, quantity, printed, value, reach))
    return found


def _theory(host: Host, formula: str, full_change: float = 0.0, empty_change: float = 0.0) -> HostTheory:
    """As `host_theory`, for `formula` and with both densities changed (g/cm3)."""
    amounts = parse_formula(formula)
    alkali, metal = amounts[host.ion][0], amounts[host.element][0]
    assert host.empty.density_g_per_cm3 is not None
    empty_density = host.empty.density_g_per_cm3 + empty_change
    empty_mass = metal * host.empty.weight_g_per_mol
    mass = alkali * host.alkali.weight_g_per_mol + empty_mass
    volume = mass / (host.density_g_per_cm3 + full_change)
    charge = alkali * FARADAY_C_PER_MOL / COULOMB_PER_MAH
    return HostTheory(
        alkali_per_host=alkali / metal,
        molar_mass_g_per_mol=mass,
        molar_volume_cm3_per_mol=volume,
        capacity_mAh_per_g=charge / empty_mass,
        capacity_mAh_per_cm3=charge / empty_mass * empty_density,
        capacity_mAh_per_cm3_full=charge / volume,
        volume_change_percent=100.0 * (volume * empty_density / empty_mass - 1.0),
    )


def _reach(host: Host, formula: str, quantity: str) -> float:
    """How far rounding of both densities can move `quantity`."""
    ends = (-DENSITY_ROUNDING_G_PER_CM3, DENSITY_ROUNDING_G_PER_CM3)
    middle = getattr(_theory(host, formula), quantity)
    return max(
        abs(getattr(_theory(host, formula, full, empty), quantity) - middle)
        for full, empty in product(ends, ends)
    )
