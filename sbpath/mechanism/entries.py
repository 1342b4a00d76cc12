"""Phases with their energies of formation, from entries of pymatgen; pymatgen itself is not needed.

A file of entries is what ``monty.serialization.dumpfn`` writes: a list of `ComputedEntry`, `ComputedStructureEntry` or
`PDEntry`, each with composition, total energy (eV), perhaps a correction (eV) and a structure with its volume. With the lowest
energies per atom mu of both elements, the energy of formation per atom of the host is ``(E - n_A mu_A) / n_M - mu_M``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby
from math import isfinite
from pathlib import Path
from typing import Any

from sbpath.errors import InputError, Problems
from sbpath.files import decoded, read_regular
from sbpath.mechanism.chemistry import parse_formula
from sbpath.mechanism.phase_energies import MOST_PHASES, PhaseEnergy, alkali_content, host_element
from sbpath.physical import AVOGADRO_PER_MOL, FARADAY_C_PER_MOL

# An entry with its structure has about 5 kB.
MOST_BYTES = 100_000_000


@dataclass(frozen=True, slots=True)
class _Entry:
    elements: dict[str, float]
    energy_eV: float
    volume_cubic_angstrom: float | None
    label: str


def read_entries(path: str | Path, ion: str) -> tuple[str, list[PhaseEnergy]]:
    """Host element and phases of a file of entries, with the volumes of their structures.

    Raises
    ------
    InputError
        With file, entry, value and what to try.
    """
    entries = _entries(path)
    host = host_element([(entry.elements, f"{path}: {entry.label}") for entry in entries], ion, path)
    lowest: dict[str, float] = {}
    for entry in entries:
        if len(entry.elements) == 1:
            ((element, atoms),) = entry.elements.items()
            lowest[element] = min(lowest.get(element, float("inf")), entry.energy_eV / atoms)
    for element in (ion, host):
        if element not in lowest:
            raise InputError(
                f"{path}: has no entry of {element} itself, to which energies are relative; add one"
            )
    found = []
    for entry in entries:
        if host in entry.elements:
            atoms = entry.elements[host]
            try:
                alkali = alkali_content(entry.elements, ion, host)
            except InputError as error:
                raise InputError(f"{path}: {entry.label}: {error}") from None
            formed = entry.energy_eV / atoms - alkali * lowest[ion] - lowest[host]
            volume = entry.volume_cubic_angstrom
            per_mole = None if volume is None else volume * 1e-24 * AVOGADRO_PER_MOL / atoms
            formula = _formula(alkali, ion, host)
            found.append(
                PhaseEnergy(formula, formula, alkali, formed * FARADAY_C_PER_MOL, per_mole, entry.label)
            )
    found.sort(key=lambda phase: (phase.formula, phase.energy_J_per_mol))
    # The most stable phase of a composition has its formula as its name.
    return host, [
        phase if i == 0 else replace(phase, name=f"{formula}-{i + 1}")
        for formula, same in groupby(found, key=lambda phase: phase.formula)
        for i, phase in enumerate(same)
    ]


def _entries(path: str | Path) -> list[_Entry]:
    text = decoded(read_regular(path, MOST_BYTES, "a file of entries"))
    try:
        given = json.loads(text or "")
    except (ValueError, RecursionError):
        raise InputError(
            f"{path}: is not JSON; write it with pymatgen: dumpfn(entries, {Path(path).name!r})"
        ) from None
    if isinstance(given, dict) and isinstance(given.get("entries"), list):
        given = given["entries"]
    if not isinstance(given, list) or not given or len(given) > MOST_PHASES:
        raise InputError(
            f"{path}: is not a list of 1 to {MOST_PHASES} entries; write dumpfn(entries, {Path(path).name!r})"
        )
    problems = Problems()
    found = [problems.attempt(_entry, each, i, name=str(path)) for i, each in enumerate(given, start=1)]
    problems.check()
    return found


def _entry(given: Any, number: int) -> _Entry:
    """One entry: its composition, total energy with corrections (eV), and volume."""
    given = given if isinstance(given, dict) else {}
    label = f"entry {number}" + (f" ({str(given['entry_id'])[:40]})" if given.get("entry_id") else "")
    composition = given.get("composition")
    if isinstance(composition, str):
        composition = {e: amount for e, (amount, _) in _parsed(composition, label).items()}
    if not isinstance(composition, dict) or not composition:
        raise InputError(f"{label}: composition: is missing; an entry has composition and energy")
    elements = {
        _element(name, label): _plain(amount, f"{label}: composition") for name, amount in composition.items()
    }
    if min(elements.values()) <= 0.0:
        raise InputError(f"{label}: composition: amounts must be above zero, not {min(elements.values()):g}")
    energy = _plain(given.get("energy"), f"{label}: energy") + _plain(
        given.get("correction") or 0.0, f"{label}: correction"
    )
    lattice = given.get("structure")
    for key in ("lattice", "volume"):
        lattice = lattice.get(key) if isinstance(lattice, dict) else None
    volume = None if lattice is None else _plain(lattice, f"{label}: structure.lattice.volume")
    if volume is not None and volume <= 0.0:
        raise InputError(f"{label}: structure.lattice.volume: must be above zero, not {volume:g}")
    return _Entry(elements, energy, volume, label)


def _parsed(formula: str, label: str) -> Mapping[str, tuple[float, float]]:
    try:
        return parse_formula(formula)
    except ValueError as error:
        raise InputError(f"{label}: composition: {error}") from None


def _element(name: str, label: str) -> str:
    """The symbol in ``K`` or, with an oxidation state, ``K+``."""
    symbol = re.sub(r"[\d+-]+$", "", str(name))
    _parsed(symbol, label)
    return symbol


def _plain(value: Any, what: str) -> float:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not isfinite(value)
        or abs(value) > 1e9
    ):
        raise InputError(f"{what}: must be a number, not {str(value)[:40]}")
    return float(value)


def _formula(alkali: float, ion: str, host: str) -> str:
    """``K5Sb4`` for 1.25 alkali per host."""
    ratio = Fraction(alkali).limit_denominator(100)
    parts = ((ion, ratio.numerator), (host, ratio.denominator))
    return "".join(f"{element}{'' if n == 1 else n}" for element, n in parts if n)
