"""Theoretical capacities and volume changes of the hosts of Table 1, and printed values that differ.

For a full phase A_n M_m of density rho, empty host M of density rho_0, atomic weights w:

    capacity per gram      Q = n F / (m w_M)
    capacity per volume    Q rho_0            (of the empty host, as in the review)
    volume change          (n w_A + m w_M) / rho / (m w_M / rho_0) - 1
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from pydantic import Field

from sbpath.literature.entries import Host, Row, column
from sbpath.mechanism.chemistry import parse_formula
from sbpath.physical import COULOMB_PER_MAH, FARADAY_C_PER_MOL

# Decimals as printed, by field; densities have two.
PRINTED_DECIMALS = {
    "molar_mass_g_per_mol": 1,
    "molar_volume_cm3_per_mol": 0,
    "capacity_mAh_per_g": 0,
    "capacity_mAh_per_cm3": 0,
    "volume_change_percent": 1,
}
DENSITY_ROUNDING_G_PER_CM3 = 0.005


class HostTheory(Row):
    """Numbers computed from the formula, densities and atomic weights of a host."""

    alkali_per_host: float = Field(description="Atoms of alkali metal per atom of the host")
    molar_mass_g_per_mol: float = column("Computed molar mass [g.mol-1]", "Of the full phase, per formula")
    molar_volume_cm3_per_mol: float = column(
        "Computed molar volume [cm3.mol-1]", "Of the full phase, per formula"
    )
    capacity_mAh_per_g: float = column("Computed capacity [mA.h.g-1]", "Per gram of the empty host")
    capacity_mAh_per_cm3: float = column("Computed capacity [mA.h.cm-3]", "Per volume of the empty host")
    capacity_mAh_per_cm3_full: float = column(
        "Computed capacity of the full phase [mA.h.cm-3]", "Per volume of the full phase, for which a cell needs space"
    )  # fmt: skip
    volume_change_percent: float = column("Computed volume change [%]", "From empty to full")


@dataclass(frozen=True, slots=True)
class Departure:
    """A printed value that differs from the rounded computed one.

    Attributes
    ----------
    host : Host
        The row.
    formula : str
        The formula used: the row's, or the printed one where they differ.
    quantity : str
        The field of `Host` and `HostTheory`.
    printed, computed : float
        In the unit of the field.
    rounding : float
        Largest difference explained by rounding of the printed value and of both densities.
    """

    host: Host
    formula: str
    quantity: str
    printed: float
    computed: float
    rounding: float

    @property
    def within_rounding(self) -> bool:
        """Whether rounding explains the difference."""
        return abs(self.printed - self.computed) <= self.rounding


def host_theory(host: Host) -> HostTheory:
    """Capacities and volume change of `host` from its formula, densities and atomic weights.

    The density of the full phase is the printed one; the density of the empty host is in
    ``elements.csv`` with its source.
    """
    return _theory(host, host.formula)


def host_departures(hosts: Iterable[Host]) -> list[Departure]:
    """Printed values that differ from those computed from formula, densities and atomic weights.

    If a row's printed formula is not the one its numbers belong to, both are compared.
    """
    found = []
    half_step = DENSITY_ROUNDING_G_PER_CM3
    for host in hosts:
        # Some formulas are printed with decimal commas.
        for formula in dict.fromkeys((host.formula, host.printed_formula.replace(",", "."))):
            theory = _theory(host, formula)
            corners = [_theory(host, formula, *ends) for ends in product((-half_step, half_step), repeat=2)]
            for quantity, decimals in PRINTED_DECIMALS.items():
                printed, computed = getattr(host, quantity), getattr(theory, quantity)
                half = 0.5 * 10.0**-decimals
                if abs(printed - computed) > half:
                    reach = max(abs(getattr(corner, quantity) - computed) for corner in corners)
                    found.append(Departure(host, formula, quantity, printed, computed, half + reach))
    return found


def _theory(host: Host, formula: str, full_change: float = 0.0, empty_change: float = 0.0) -> HostTheory:
    """As `host_theory`, for `formula` and with both densities shifted (g/cm3)."""
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
