"""Numbers as a user types them, in options of the command line and in fields of the page.

A message begins with the option, ``--temperature: ...``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from sbpath.errors import InputError
from sbpath.physical import ZERO_CELSIUS_K

if TYPE_CHECKING:
    from sbpath.mechanism.mechanism import Mechanism

# A number without a unit from the first to the second of these may be room temperature in K.
PERHAPS_KELVIN = (230.0, 400.0)
# A mass of host without a unit from this on may be in mg.
PERHAPS_MG = 0.1


def number(option: str, key: str, text: str | None) -> float | None:
    """The number typed for `option`, in the unit in which `key` ends; None if not given."""
    from sbpath.mechanism.units import number_for

    if text is None:
        return None
    try:
        return number_for(key, text)
    except InputError as error:
        raise InputError(f"{option}: {error}") from None


def to_grams(option: str, text: str | None) -> float | None:
    """A mass as typed: ``2mg`` or ``0.002``; a bare 2 is asked about."""
    value = number(option, "mass_g", text)
    if (
        value is not None
        and value >= PERHAPS_MG
        and not re.search("[a-z]$", str(text).strip(), re.IGNORECASE)
    ):
        raise InputError(
            f"{option}: {text!r} has no unit; write {value:g}mg, or {value:g}g if it is {1e3 * value:g} mg"
        )
    return value


def changes(texts: Sequence[str], mechanism: Mechanism) -> dict[str, float]:
    """The numbers of ``--set`` by path, which lead to numbers of `mechanism`."""
    from sbpath.mechanism.paths import trail

    found: dict[str, float] = {}
    for change in texts:
        path, sign, text = (part.strip() for part in change.rpartition("="))
        if path in found:
            raise InputError(f"--set {path}: is given twice; keep one")
        if not sign or not path:
            hint = "write e.g. 'kinetics.growth_rate_per_s=2e-3'"
            if change.startswith("interfaces.") and "|" not in change:
                hint = "the shell takes a | for itself; put the whole in quotes"
            raise InputError(f"--set: {change!r} is not PATH=NUMBER; {hint}")
        trail(mechanism, path)
        found[path] = cast(float, number(f"--set {path}", path.rpartition(".")[2], text))
    return found


def to_volts(name: str, text: str, ion: str) -> float:
    """A voltage as typed: ``0.05``, ``50mV`` or ``0.05 V vs. Li+/Li``."""
    from sbpath.protocol.quantities import one_line, without_reference

    try:
        return cast(float, number(name, "voltage_V", without_reference(one_line(text), ion)))
    except InputError as error:
        raise InputError(f"{name}: {str(error).removeprefix(f'{name}: ')}") from None


def cut_offs(lower: str | None, upper: str | None, mechanism: Mechanism) -> tuple[float, float]:
    """``--lower`` and ``--upper`` (V), or the mechanism's cut-offs."""
    return (
        mechanism.lower_cutoff_V if lower is None else to_volts("--lower", lower, mechanism.ion),
        mechanism.upper_cutoff_V if upper is None else to_volts("--upper", upper, mechanism.ion),
    )


def to_celsius(text: str | None) -> float | None:
    """A temperature as typed: ``25``, ``25C`` or ``298.15K``; a bare 298.15 is asked about."""
    if text is None:
        return None
    try:
        value = cast(float, number("--temperature", "temperature_C", text))
    except InputError:
        raise InputError(f"--temperature: {text!r} is not a temperature; write 25C or 298.15K") from None
    if not re.search("[CK]", text, re.IGNORECASE) and PERHAPS_KELVIN[0] <= value <= PERHAPS_KELVIN[1]:
        raise InputError(
            f"--temperature: {text!r} has no unit; write {value:g}K if it is {value - ZERO_CELSIUS_K:g} C, or {value:g}C"
        )
    return value
