"""Numbers with a unit, as typed for a key that ends in its unit: ``50nm`` for ``particle_radius_m``."""

from __future__ import annotations

import re
from decimal import Decimal

from sbpath.errors import InputError
from sbpath.physical import ZERO_CELSIUS_K

NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*(.*?)\s*", re.I | re.A)

# Ending of a key: units of a number for it, in lower case, and their factors; the first is its own.
# Longer endings come first, since _m2_per_s also ends in _s.
UNITS: dict[str, dict[str, str]] = {
    "_J_per_mol_K": {"J/mol/K": "1", "J/(mol K)": "1", "kJ/mol/K": "1e3"},
    "_V_per_K": {"V/K": "1", "mV/K": "1e-3"},
    "_J_per_mol": {
        "J/mol": "1",
        "kJ/mol": "1e3",
        "J": "1",
        "kJ": "1e3",
        "eV": "96485.33212",
        "meV": "96.48533212",
    },
    "_J_per_m2": {"J/m2": "1", "mJ/m2": "1e-3", "J/cm2": "1e4"},
    "_A_per_m2": {"A/m2": "1", "mA/cm2": "10"},
    "_cm3_per_mol": {"cm3/mol": "1", "m3/mol": "1e6"},
    "_m2_per_g": {"m2/g": "1", "cm2/g": "1e-4"},
    "_S_per_m": {"S/m": "1", "mS/m": "1e-3", "S/cm": "1e2"},
    "_m2_per_s": {"m2/s": "1", "cm2/s": "1e-4"},
    "_mg_per_cm2": {"mg/cm2": "1", "g/cm2": "1e3", "g/m2": "0.1"},
    "_ohm_cm2": {"ohm cm2": "1", "ohm m2": "1e4"},
    "_S_per_cm": {"S/cm": "1", "mS/cm": "1e-3", "S/m": "1e-2"},
    "_F_per_g": {"F/g": "1", "mF/g": "1e-3"},
    "_g_per_g": {"g/g": "1"},
    "_per_s": {"1/s": "1", "/s": "1", "Hz": "1"},
    "_angstrom": {"angstrom": "1", "Å": "1", "nm": "10", "pm": "1e-2"},
    "_deg": {"deg": "1", "°": "1"},
    "_nm": {"nm": "1", "angstrom": "0.1", "um": "1e3", "m": "1e9"},
    "_um": {"um": "1", "nm": "1e-3", "mm": "1e3"},
    "_m": {"m": "1", "nm": "1e-9", "um": "1e-6", "mm": "1e-3"},
    "_V": {"V": "1", "mV": "1e-3"},
    "_C": {"C": "1", "°C": "1", "K": "1"},
    "_g": {"g": "1", "mg": "1e-3", "ug": "1e-6", "kg": "1e3"},
    "_percent": {"%": "1"},
}
SHARES = ("fraction", "coefficient", "share")


def ending_of(key: str) -> str:
    """The ending of `key` that names its unit, a key of `UNITS`; empty if it has none."""
    return next((ending for ending in UNITS if f"_{key}".endswith(ending)), "")


def number_for(key: str, text: str) -> float:
    """The number typed for `key`, in the unit of that key.

    Raises
    ------
    InputError
        If `text` is no number, or has a unit that does not fit.

    Examples
    --------
    >>> from sbpath.mechanism.units import number_for
    >>> number_for("particle_radius_m", "50nm"), number_for("active_fraction", "85%")
    (5e-08, 0.85)
    """
    ending = ending_of(key)
    units = UNITS.get(ending) or ({"%": "0.01"} if key.endswith(SHARES) else {})
    known = {_plain(unit): factor for unit, factor in units.items()}
    match = NUMBER.fullmatch(text.replace("\u2212", "-").replace("\u2013", "-"))
    if match is None:
        own, other = (*units, "", "")[:2]
        with_unit = f" in {own}" + (f", or with a unit, such as 50{other}" if other else "") if own else ""
        raise InputError(f"{text!r} is not a number; write one{with_unit}")
    number, unit = match.groups()
    if not unit:
        return float(number)
    if _plain(unit) not in known:
        allowed = f"use {', '.join(units)}, or none" if units else "write it without"
        raise InputError(f"{text!r} has the unit {unit!r}, which does not fit; {allowed}")
    value = float(Decimal(number) * Decimal(known[_plain(unit)])) if float(number) else 0.0
    if ending == "_C" and _plain(unit) == "k":
        return value - ZERO_CELSIUS_K
    return value


def _plain(unit: str) -> str:
    """``mg cm-2`` and ``mg/cm²`` as ``mg/cm2``, in lower case."""
    folded = unit.translate(
        {0xB2: "2", 0xB3: "3", 0xB9: "1", 0x207B: "-", 0x2212: "-", 0xB5: "u", 0x3BC: "u", 0x3A9: "ohm"}
    )
    folded = re.sub(r"([a-z]+)\^?-([1-3])", lambda p: f"/{p[1]}{p[2].replace('1', '')}", folded.casefold())
    return re.sub(r"[ \u00b7*^()]", "", folded)
