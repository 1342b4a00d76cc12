"""Phases with their energies of formation, from a table.

All amounts are per mole of the host element, the one element next to the alkali metal.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sbpath.errors import InputError, Problems
from sbpath.files import decoded, read_regular
from sbpath.mechanism.bounds import impossible
from sbpath.mechanism.chemistry import parse_formula
from sbpath.mechanism.consistency import PHASE_NAME, RESERVED_NAMES
from sbpath.mechanism.units import number_for

MOST_BYTES = 1_000_000
MOST_PHASES = 2000
MOST_NAME_CHARS = 40
# Alkali per atom of the host in a compound: Li22Si5 has 4.4.
ALKALI = (1e-3, 50.0)
ENERGY, VOLUME = "energy_J_per_mol", "molar_volume_cm3_per_mol"
COLUMNS = ("phase", "formula", ENERGY, VOLUME)
EXAMPLE = ",".join(COLUMNS)
# Headings of the numbers: a name, and a unit after _ or / or in brackets.
HEADINGS = {
    ENERGY: re.compile(r"energy\s*[_/\[(]\s*(.*?)\s*[\])]?", re.IGNORECASE),
    VOLUME: re.compile(r"(?:molar[_ ])?volume\s*[_/\[(]\s*(.*?)\s*[\])]?", re.IGNORECASE),
}


@dataclass(frozen=True, slots=True)
class PhaseEnergy:
    """A line compound of an alkali metal and a host element.

    Attributes
    ----------
    name : str
        Its name in the graph.
    formula : str
        As given.
    alkali : float
        x, mol of alkali per mol of the host element.
    energy_J_per_mol : float
        Of formation from the elements, per mole of the host element.
    molar_volume_cm3_per_mol : float or None
        Per mole of the host element; None if not known.
    where : str
        The row or entry that gives it.
    """

    name: str
    formula: str
    alkali: float
    energy_J_per_mol: float
    molar_volume_cm3_per_mol: float | None
    where: str


def read_phase_table(path: str | Path, ion: str) -> tuple[str, list[PhaseEnergy]]:
    """Host element and phases of a table.

    Parameters
    ----------
    path : str or Path
        Text with columns phase, formula, energy_J_per_mol and molar_volume_cm3_per_mol; others are ignored. Headings and
        cells may have another unit, such as energy_kJ_per_mol. Separated by commas, or by semicolons or tabs with
        decimal points or commas.
    ion : str
        The alkali metal.

    Raises
    ------
    InputError
        With file, row, column, value and what to try; all mistakes together.
    """
    problems, names = Problems(), {}
    found: list[tuple[PhaseEnergy, dict[str, float], str]] = []
    for number, cells in _rows(path):
        where = f"{path}: row {number}"
        name = cells.get("phase") or cells["formula"]
        elements = problems.attempt(_elements, cells["formula"], ion, name=f"{where}, column 'formula'")
        energy = problems.attempt(_number, ENERGY, cells[ENERGY], name=f"{where}, column {ENERGY!r}")
        volume = None
        if cells.get(VOLUME):
            volume = problems.attempt(_number, VOLUME, cells[VOLUME], name=f"{where}, column {VOLUME!r}")
        if problem := _name_problem(name, names):
            problems.add(f"{where}, column 'phase': {problem}")
        names.setdefault(name, number)
        if elements is not None and energy is not None:
            found.append(
                (PhaseEnergy(name, cells["formula"], 0.0, energy, volume, f"row {number}"), elements, where)
            )
    problems.check()
    host = host_element([(elements, where) for _, elements, where in found], ion, path)
    phases = []
    for phase, elements, where in found:
        if host in elements:
            alkali = problems.attempt(
                alkali_content, elements, ion, host, name=f"{where}, column 'formula'", otherwise=0.0
            )
            phases.append(replace(phase, alkali=alkali))
        elif phase.energy_J_per_mol != 0.0:
            problems.add(
                f"{where}, column {ENERGY!r}: {phase.energy_J_per_mol:g} of {ion} itself, but energies of formation are relative "
                "to it, so that it has 0; subtract the elements from all rows"
            )
    hosts = [phase for phase in phases if phase.alkali == 0.0]
    if not hosts:
        problems.add(
            f"{path}: {host} itself is missing, the electrode as built; add a row {host},{host},0, with its molar volume"
        )
    for phase in hosts:
        if phase.energy_J_per_mol < 0.0:
            problems.add(
                f"{path}: {phase.where}, column {ENERGY!r}: {phase.energy_J_per_mol:g} of {host} itself, but energies of formation "
                "are relative to the most stable host, which has 0; subtract the elements from all rows"
            )
    problems.check()
    return host, phases


def _rows(path: str | Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Number of each row, as in a spreadsheet, and its cells by column, numbers with their unit."""
    text = decoded(read_regular(path, MOST_BYTES, "a table of phases"))
    if text is None:
        raise InputError(
            f"{path}: is not a file of text; export the table as CSV with the headings {EXAMPLE}"
        )
    lines = text.splitlines()
    separator = next((mark for mark in ";\t" if lines and mark in lines[0]), ",")
    try:
        rows = list(csv.reader(lines, delimiter=separator, strict=True))
    except csv.Error as error:
        raise InputError(
            f"{path}: is not CSV: {error}; put a cell that contains a comma in double quotes"
        ) from None
    if not rows or len(rows) > MOST_PHASES:
        fault = f"has {len(rows) - 1} rows; at most {MOST_PHASES} phases are read" if rows else "is empty"
        raise InputError(f"{path}: {fault}; the headings are {EXAMPLE}")
    columns, units = _columns(path, rows[0])
    for number, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(rows[0]):
            hint = "; with a decimal comma, separate columns by semicolons" if separator == "," else ""
            raise InputError(f"{path}: row {number}: has {len(row)} cells for {len(rows[0])} columns{hint}")
        cells = {name: row[at].strip() for name, at in columns.items()}
        for name, unit in units.items():
            value = cells[name] if separator == "," else cells[name].replace(",", ".")
            cells[name] = f"{value} {unit}" if unit and re.fullmatch(r"[-+−\d.eE]+", value) else value
        yield number, cells


def _columns(path: str | Path, head: list[str]) -> tuple[dict[str, int], dict[str, str]]:
    """Place of each known column, and the unit in the heading of each number."""
    columns: dict[str, int] = {}
    units: dict[str, str] = {}
    problems, strange = Problems(), {}
    for at, heading in enumerate(cell.strip() for cell in head):
        name = heading.casefold() if heading.casefold() in COLUMNS[:2] else ""
        for key, pattern in HEADINGS.items():
            if match := pattern.fullmatch(heading):
                unit = match[1].replace("_per_", "/")
                try:
                    number_for(key, f"1 {unit}")
                except InputError as error:  # another column, unless there is none with a unit that fits
                    strange[key] = f"{heading!r}: {error}"
                else:
                    name, units[key] = key, unit
        if name in columns:
            problems.add(f"{path}: row 1: {heading!r} is a second column of {name}; leave one")
        elif name:
            columns[name] = at
    for name in COLUMNS[1:3]:
        if name not in columns:
            missing = f"there is no column {name!r}; the headings are {EXAMPLE}"
            problems.add(f"{path}: row 1: {strange.get(name, missing)}")
    problems.check()
    return columns, units


def _number(key: str, text: str) -> float:
    if not text:
        raise InputError("is empty; give the number")
    value = number_for(key, text)
    if problem := impossible(key, value):
        raise InputError(problem)
    if key == VOLUME and value <= 0.0:
        raise InputError(f"must be above zero, not {value:g}")
    return value


def _elements(formula: str, ion: str) -> dict[str, float]:
    """Amount of each element in a formula without a variable amount."""
    try:
        found = parse_formula(formula)
    except ValueError as error:
        raise InputError(str(error)) from None
    if any(slope for _, slope in found.values()):
        raise InputError(
            f"{formula!r} has a variable amount; write a fixed one, and add galleries to the file later"
        )
    amounts = {element: amount for element, (amount, _) in found.items() if amount > 0.0}
    if not amounts:
        raise InputError(f"{formula!r} has no atoms; write e.g. {ion}3Sb")
    return amounts


def _name_problem(name: str, taken: Mapping[str, int]) -> str:
    if name in taken:
        return f"{name!r} is already in row {taken[name]}; give each phase its own name, e.g. {name[:40]}-hex"
    if name in RESERVED_NAMES or not PHASE_NAME.fullmatch(name) or len(name) > MOST_NAME_CHARS:
        return f"{name[:60]!r} cannot be a name; begin with a letter, then letters, digits, - _ ( ) ', e.g. K3Sb-cubic"
    return ""


def alkali_content(elements: Mapping[str, float], ion: str, host: str) -> float:
    """Alkali per atom of the host.

    Raises
    ------
    InputError
        If no compound has so little or so much.
    """
    alkali = elements.get(ion, 0.0) / elements[host]
    if alkali and not ALKALI[0] <= alkali <= ALKALI[1]:
        raise InputError(
            f"{alkali:g} {ion} per {host} is beyond any compound ({ALKALI[0]:g} to {ALKALI[1]:g})"
        )
    return alkali


def host_element(found: Iterable[tuple[Mapping[str, float], str]], ion: str, path: str | Path) -> str:
    """The one element next to the alkali metal in all that was `found`: amounts by element, and where."""
    host = None
    for elements, where in found:
        for element in elements:
            if element in (ion, host):
                continue
            if host is not None:
                both = {element, host} & {"Li", "Na", "K"}
                hint = (
                    f"is {both.pop()} meant as the ion?"
                    if both
                    else "a file with [assemblages] can have more"
                )
                raise InputError(
                    f"{where}: holds {element}, and another phase {host}: phases are of {ion} and one host element; {hint}"
                )
            host = element
    if host is None:
        raise InputError(
            f"{path}: has no phase of {ion} with a host element; add rows such as Sb and {ion}3Sb"
        )
    return host
