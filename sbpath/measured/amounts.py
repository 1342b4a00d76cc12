"""Whether a curve is that of an anode, and whether its current and mass fit each other."""

from __future__ import annotations

from sbpath.measured.halves import THEORETICAL_MAH_PER_G, half_pieces, measured_halves, pieces
from sbpath.measured.headings import unit_factor
from sbpath.measured.records import Curve

# A half-cell of an anode is below this (V) at some time under current.
FULL_CELL_V = 2.0
# And above this (V) at some time, or its unit is another.
LEAST_V = 0.02
# A half cycle that lasts longer (h) is a slip of the unit of time.
LONGEST_H = 8766.0
# Currents (A/g) and capacities (mAh/g) of half cycles beyond these are in another unit: lithium itself has 3862 mAh/g.
CURRENTS_A_PER_G = (6e-5, 60.0)
MOST_CAPACITY = 5000.0
# The largest half cycle passes more than this (mAh/g): a thousandth of what any host takes up is less.
LEAST_CAPACITY = 5.0
CURRENT_UNITS = ("mA", "uA", "A")
# Largest currents of half-cells (A), by which a unit is suggested, and per gram of host.
USUAL_A = (1e-6, 10.0)
USUAL_A_PER_G = (1e-3, 30.0)


def check_curve(curve: Curve, mass_g: float | None, capacity_mAh_per_g: float | None) -> str | None:
    """Why a curve is not that of an anode against alkali metal, or does not fit its mass, if that is known; None if it may be used.

    The theoretical capacity, if known, gives the rate.
    """
    path = curve.source.path
    groups = half_pieces(pieces(curve))
    if not groups:
        return f"{path}: no current flows in it but at rest; give a file with half cycles"
    parts = [curve.voltage_V[p.first : p.last] for group in groups for p in group if p.kind != "rest"]
    least, most = (float(end(end(part) for part in parts)) for end in (min, max))
    longest = max(sum(p.duration_s for p in group if p.kind != "rest") for group in groups) / 3600.0
    if longest > LONGEST_H:
        return (
            f"{path}: a half cycle of {longest:.3g} h is not possible; correct the column of time, or state the unit "
            "that it really has (--unit time=...)"
        )
    if most < LEAST_V and least < -LEAST_V:
        return (
            f"{path}: voltages of {most:.2g} V and less are not those of an anode against its alkali metal; give "
            "that voltage (--column voltage=...)"
        )
    if most < LEAST_V:
        return (
            f"{path}: voltages of {most:.2g} V and less are not those of a half-cell; state their unit "
            "(--unit voltage=V)"
        )
    if least > FULL_CELL_V:
        return (
            f"{path}: voltages of {least:.3g} V and more are those of a full cell or a cathode; give the data of "
            "the half-cell, or of the anode against the reference electrode"
        )
    if mass_g is None:
        return None
    mass = f"{1e3 * mass_g:.3g} mg"
    units = {c.quantity: unit_factor(c.quantity, c.unit) for c in curve.source.columns}
    halves = measured_halves(curve, mass_g, capacity_mAh_per_g or 1.0)
    most = max(half.capacity_mAh_per_g for half in halves)
    for half in halves:
        size = abs(half.current_A_per_g)
        beyond = half.capacity_mAh_per_g > MOST_CAPACITY or most < LEAST_CAPACITY
        if beyond or not CURRENTS_A_PER_G[0] <= size <= CURRENTS_A_PER_G[1]:
            charge = half.capacity_mAh_per_g * mass_g
            rate = rate_text(half.rate_per_h) if capacity_mAh_per_g else f"{1e3 * size:.3g} mA/g"
            sane = usual_units(size * mass_g / (units.get("current") or 1.0), mass_g)
            unit = (
                f"state the unit of current (--unit current={next(iter(sane))}) or "
                if sane and "current" in units
                else ""
            )
            return (
                f"{path}: half cycle {half.number} runs at {rate} and passes {charge:.3g} mAh, "
                f"{half.capacity_mAh_per_g:.3g} mAh per gram for {mass}; {unit}correct the mass"
            )
    return None


def usual_units(number: float, mass_g: float | None) -> dict[str, float]:
    """Units in which the largest current of a half-cell may be this number: its size in A, or A/g if the mass is known."""
    low, high = USUAL_A if mass_g is None else USUAL_A_PER_G
    sizes = {unit: number * (unit_factor("current", unit) or 1.0) / (mass_g or 1.0) for unit in CURRENT_UNITS}
    return {unit: size for unit, size in sizes.items() if low <= size <= high}


def host_capacity(host: str | None) -> float | None:
    """Theoretical capacity (mAh/g) without a mechanism: of three alkali atoms per Sb, and None for any other host."""
    return THEORETICAL_MAH_PER_G if host == "Sb" else None


def rate_text(rate_per_h: float) -> str:
    """A rate as ``C/10.2`` or ``2.5C``."""
    return (
        f"{rate_per_h:.3g}C"
        if rate_per_h > 1.0
        else f"C/{1.0 / rate_per_h:.3g}"
        if rate_per_h > 0.0
        else "0C"
    )
