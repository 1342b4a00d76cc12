"""The files of the review's tables: where they are, and what must hold between their cells."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

from sbpath.literature.records import TABLES, Element, Host, Reference, Study
from sbpath.literature.sheets import columns, place, read_sheet, refuse
from sbpath.mechanism.chemistry import parse_formula

STUDY_FILES = ("lithium.csv", "sodium.csv", "potassium.csv", "solid_state.csv")


def shipped_folder() -> Path:
    """The folder of the shipped tables: inside the package, or beside it in a checkout."""
    inside = Path(str(resources.files("sbpath") / "literature_data"))
    return inside if inside.is_dir() else Path(__file__).resolve().parents[2] / "literature"


def load_elements(folder: Path | None = None) -> dict[str, Element]:
    """Atomic weights, and densities of the hosts, by symbol.

    Raises
    ------
    InputError
        With all mistakes of ``elements.csv``.
    """
    problems: list[str] = []
    _, rows = _sheet(folder, "elements.csv", Element, ("symbol",), problems)
    refuse(problems)
    return {values["symbol"]: Element(**values) for _, values in rows}


def load_references(folder: Path | None = None) -> dict[int, str]:
    """The review's list of references: citation by number.

    Raises
    ------
    InputError
        With all mistakes of ``references.csv``.
    """
    problems: list[str] = []
    _, rows = _sheet(folder, "references.csv", Reference, ("number",), problems)
    refuse(problems)
    return {values["number"]: values["citation"] for _, values in rows}


def load_hosts(folder: Path | None = None) -> list[Host]:
    """Table 1, in its order.

    Parameters
    ----------
    folder : Path, optional
        With ``hosts.csv`` and ``elements.csv``; the shipped one if not given.

    Raises
    ------
    InputError
        With all mistakes of a file.
    """
    elements = load_elements(folder)
    problems: list[str] = []
    path, rows = _sheet(folder, "hosts.csv", Host, ("row",), problems)
    for number, values in rows:
        for name, what in _host_mistakes(values, elements):
            problems.append(place(path, number, _heading(Host, name), what))
    refuse(problems)
    return [
        Host(**values, alkali=elements[values["ion"]], empty=elements[values["element"]])
        for _, values in rows
    ]


def load_studies(folder: Path | None = None) -> list[Study]:
    """Tables 2-5, in their order.

    Parameters
    ----------
    folder : Path, optional
        With the files of `STUDY_FILES` and ``references.csv``; the shipped one if not given.

    Raises
    ------
    InputError
        With all mistakes of the files.
    """
    citations, problems, studies = load_references(folder), [], []
    for name in STUDY_FILES:
        path, rows = _sheet(folder, name, Study, ("table", "row"), problems)
        for number, values in rows:
            mistakes = list(_study_mistakes(values, citations))
            problems += [place(path, number, _heading(Study, field), what) for field, what in mistakes]
            if not mistakes:
                studies.append(Study(**values, citation=citations[values["reference"]]))
    refuse(problems)
    return studies


def _sheet(
    folder: Path | None, name: str, record: type, key: tuple[str, ...], problems: list[str]
) -> tuple[Path, list[tuple[int, dict[str, Any]]]]:
    """Path of a file, and its rows with their numbers; mistakes of cells and keys go to `problems`."""
    path = Path(shipped_folder() if folder is None else folder) / name
    rows = read_sheet(path, record, problems)
    problems += _repeated(path, record, key, rows)
    return path, rows


def _heading(record: type, field: str) -> str:
    return next(heading for heading, (name, _) in columns(record).items() if name == field)


def _repeated(
    path: Path, record: type, key: tuple[str, ...], rows: list[tuple[int, dict[str, Any]]]
) -> Iterator[str]:
    """A line for each row whose `key` another row above has."""
    seen: dict[tuple[Any, ...], int] = {}
    for number, values in rows:
        own = tuple(values[name] for name in key)
        if own in seen:
            where = place(
                path, number, _heading(record, key[-1]), f"{own[-1]!r} stands in row {seen[own]} too"
            )
            yield f"{where}; give each its own"
        seen.setdefault(own, number)


def _host_mistakes(values: dict[str, Any], elements: dict[str, Element]) -> Iterator[tuple[str, str]]:
    """Field and mistake, for each that the cells of a host make together."""
    element, ion = values["element"], values["ion"]
    if element not in elements or elements[element].density_g_per_cm3 is None:
        yield "element", f"{element!r} has no density in elements.csv; add it there"
    if ion not in elements:
        yield "ion", f"{ion!r} is not in elements.csv; add it there"
    try:
        amounts = parse_formula(values["formula"])
    except ValueError as error:
        yield "formula", str(error)
        return
    plain = all(constant > 0.0 and slope == 0.0 for constant, slope in amounts.values())
    if set(amounts) != {element, ion} or not plain:
        yield "formula", f"{values['formula']!r} must be of {ion} and {element} alone, with plain amounts"


def _study_mistakes(values: dict[str, Any], citations: dict[int, str]) -> Iterator[tuple[str, str]]:
    """Field and mistake, for each that the cells of a study make together."""
    table, ion = values["table"], values["ion"]
    if table not in TABLES:
        yield "table", f"{table} is none of {', '.join(map(str, TABLES))}"
    elif ion != TABLES[table]:
        yield "ion", f"{ion!r} stands in Table {table}, whose ion is {TABLES[table]}"
    if not all(_is_element(name) for name in values["host_elements"]) or not values["host_elements"]:
        yield "host_elements", "write the symbols of elements, as Sn + Sb"
    salts, amounts = values["salts"], values["salt_concentrations_mol_per_L"]
    if len(salts) != len(amounts):
        yield (
            "salt_concentrations_mol_per_L",
            f"{len(amounts)} given for {len(salts)} salts; give one for each, as 3.0 + 0.4",
        )
    liquid, solid = values["solvent"], values["solid_electrolyte"]
    if (liquid is None) == (solid is None):
        yield "solvent", "give either a solvent or a solid electrolyte"
    elif (liquid is None) != (not salts):
        yield "salts", "a salt goes with a solvent, and a solvent with a salt"
    if (values["rate_current_mA_per_g"] is None) != (values["rate_capacity_mAh_per_g"] is None):
        yield "rate_capacity_mAh_per_g", "current and capacity of a rate are given both or not at all"
    if values["reference"] not in citations:
        yield "reference", f"{values['reference']} is not in references.csv; add it there"


def _is_element(name: str) -> bool:
    try:
        return parse_formula(name) == {name: (1.0, 0.0)}
    except ValueError:
        return False
