"""The parts of the documentation that are made from the code, anew for each build.

Tables are written into ``docs/generated/tables`` and included by the pages; notebooks are copied
to ``docs/generated/notebooks``, since Sphinx looks at nothing outside its folder.
"""

from __future__ import annotations

import argparse
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

import sbpath
from sbpath.mechanism import records
from sbpath.mechanism.mechanism import Mechanism
from sbpath.text.mechanism_sheet import statuses

# Units by the end of a key; the longest end that fits counts.
UNITS = {
    "_J_per_mol_K": "J/(mol K)",
    "_J_per_mol": "J/mol",
    "_cm3_per_mol": "cm³/mol",
    "_J_per_m2": "J/m²",
    "_A_per_m2": "A/m²",
    "_m2_per_s": "m²/s",
    "_V_per_K": "V/K",
    "_F_per_g": "F/g",
    "_mg_per_cm2": "mg/cm²",
    "_ohm_cm2": "Ω cm²",
    "_g_per_g": "g/g",
    "_S_per_cm": "S/cm",
    "_per_s": "1/s",
    "_angstrom": "Å",
    "_percent": "%",
    "_deg": "°",
    "_um": "µm",
    "_m": "m",
    "_V": "V",
    "_C": "°C",
}
# Tables of a mechanism file, and the record that each is read into.
TABLES: dict[str, type[BaseModel]] = {
    "At the top of the file": Mechanism,
    "In `[phases.NAME]`": records.Phase,
    "In `[[phases.NAME.galleries]]`": records.Gallery,
    "In the `cell` of a phase": records.Cell,
    "In each of the `atoms` of a phase": records.Atom,
    "In `[[transformations]]`": records.Transformation,
    'In `[interfaces."A|B"]`': records.Interface,
    "In `[kinetics]`": records.Kinetics,
    "In `[electrode]`": records.Electrode,
    "In `[electrode.spread]`": records.Spread,
    "In `[electrolyte]`": records.Electrolyte,
    "In `[electrolyte.film]`": records.Film,
    "In a number with source": records.Quantity,
}
# What the reader adds, and the tables that have rows of their own.
NOT_KEYS = {
    "name", "design", "electrolyte_name", "phases", "transformations", "interfaces", "kinetics", "electrode",
    "electrolyte", "galleries", "cell", "atoms", "spread", "film",
}  # fmt: skip
PROVENANCE = set(records.Provenance.model_fields)


def unit(key: str) -> str:
    """The unit at the end of a key, a dash for a number without one."""
    ends = [end for end in UNITS if key.endswith(end)]
    return UNITS[max(ends, key=len)] if ends else "–"


def keys(record: type[BaseModel]) -> Iterator[tuple[str, str, str, str, str]]:
    """Key, kind, unit, whether it is needed, and meaning, of each key of a table."""
    # Its own keys before those that it shares with other tables.
    own = sorted(record.model_fields.items(), key=lambda item: item[0] not in record.__annotations__)
    for name, field in own:
        if name in NOT_KEYS or (name in PROVENANCE and record is not records.Quantity):
            continue
        kind = _kind(field.annotation)
        needed = "yes" if field.is_required() else "no"
        if not field.is_required() and field.default not in (None, "", [], {}):
            needed = f"no ({field.default:g})" if isinstance(field.default, int | float) else needed
        number = kind in ("number", "number with source", "pair of numbers")
        yield name, kind, unit(name) if number else "", needed, field.description or ""


def _kind(annotation: Any) -> str:
    text = str(annotation)
    if "Quantity" in text:
        return "number with source"
    if "Literal" in text:
        return " or ".join(f"`{value}`" for value in _choices(annotation))
    if "bool" in text:
        return "true or false"
    if "dict" in text or "Mapping" in text:
        return "table"
    if "list[float]" in text:
        return "pair of numbers"
    if "list" in text:
        return "list of texts"
    if re.search(r"\bint\b", text):
        return "whole number"
    return "number" if "float" in text else "text"


def _choices(annotation: Any) -> list[str]:
    inner = get_args(annotation)
    return [choice for choice in inner if isinstance(choice, str)] or [
        choice for part in inner for choice in _choices(part)
    ]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    lines = [head, ["---"] * len(head), *cells]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def key_tables() -> str:
    """Every key of a mechanism file, table by table."""
    parts = []
    for title, record in TABLES.items():
        rows = [
            [f"`{name}`", meaning, unit_, kind, needed] for name, kind, unit_, needed, meaning in keys(record)
        ]
        with_source = issubclass(record, records.Provenance) and record is not records.Quantity
        note = "\nOne `status` and `source` for all, as of a number.\n" if with_source else ""
        parts.append(f"### {title}\n\n{table(['key', 'meaning', 'unit', 'kind', 'needed'], rows)}{note}")
    return "\n".join(parts)


def trust_table() -> str:
    """How many of the numbers that shape the curve have which status, for each shipped system."""
    order = ("Li", "Na", "K")
    systems = sorted(
        map(sbpath.load_mechanism, sbpath.shipped_names()), key=lambda m: (order.index(m.ion), m.name)
    )
    rows = []
    for m in systems:
        counts = statuses(m)
        total = sum(counts.values())
        low, high = m.temperature_range_C or (None, None)
        valid = "–" if low is None else f"{low:g} to {high:g}"
        rows.append([f"`{m.name}`", m.title, valid, *map(str, counts.values()), str(total)])
    counts = [statuses(m) for m in systems]
    sums = [sum(c[status] for c in counts) for status in counts[0]]
    rows.append(["", f"all {len(systems)}", "", *map(str, sums), str(sum(sums))])
    return table(["name", "system", "valid / °C", *counts[0], "sum"], rows)


def not_right_yet() -> str:
    """What the descriptions of the shipped files call not right yet, in their words."""
    items = []
    for name in sbpath.shipped_names():
        for paragraph in sbpath.load_mechanism(name).description.split("\n\n"):
            _, mark, words = " ".join(paragraph.split()).partition("Not right yet: ")
            if mark:
                words = re.sub(r" (Valid from|Tian 2018 disagrees|For liquid cells) .*", "", words)
                items.append(f"- `{name}`: {words}\n")
    return "".join(items)


def sodium_map() -> str:
    """Largest share of NaSb on insertion at C/10, over both formation energies of `na-sb-nasb`."""
    paths = [f"phases.{phase}.enthalpy_J_per_mol" for phase in ("Na3Sb", "NaSb")]
    shipped = sbpath.load_mechanism("na-sb-nasb")
    full, half = (sbpath.value(shipped, path) for path in paths)
    shifts = range(-4000, 5000, 2000)
    rows = []
    for change in range(-10_000, 5000, 2000):
        shares = []
        for shift in shifts:
            own = sbpath.with_changes(shipped, dict(zip(paths, (full + change, half + shift), strict=True)))
            insertion = f"Insert at C/10 until {own.lower_cutoff_V} V"
            shares.append(sbpath.simulate(own, insertion, progress=False).fraction("NaSb").max())
        rows.append([f"**{1e-3 * (full + change):.1f}**", *(f"{share:.2f}" for share in shares)])
    return table(["Na₃Sb \\ NaSb / kJ/mol", *(f"{1e-3 * (half + shift):.1f}" for shift in shifts)], rows)


def command_line() -> argparse.ArgumentParser:
    """The parser of the command line, with its examples and help as reStructuredText."""
    from sbpath.cli.parser import parser

    commands = parser()
    _marked_up(commands)
    return commands


def _marked_up(parser: argparse.ArgumentParser) -> None:
    if parser.epilog:
        parser.epilog = "::\n\n" + "\n".join(f"    {line}" for line in parser.epilog.splitlines())
    if parser.description:
        parser.description = _escaped(parser.description)
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for child in action.choices.values():
                _marked_up(child)
        elif action.help and action.help is not argparse.SUPPRESS:
            action.help = _escaped(action.help)


def _escaped(text: str) -> str:
    literal = re.sub(r"`([^`]+)`", r"``\1``", text)
    return re.sub(r"([*|_](?=\s|$)|(?<=\s)[*|])", r"\\\1", literal)


def from_afar(page: str) -> list[str]:
    """Addresses of scripts, styles and pictures that a page in HTML would load from another place."""
    tags = re.findall(r"<(?:script|img|iframe|source)\b[^>]*|<link\b[^>]*\brel=.stylesheet[^>]*", page)
    found = [re.search(r"""\b(?:src|href)=["']((?:https?:)?//[^"']+)""", tag) for tag in tags]
    return [match[1] for match in found if match]


def write(folder: Path) -> None:
    """Write all parts into the folder of the documentation."""
    tables = folder / "generated" / "tables"
    tables.mkdir(parents=True, exist_ok=True)
    made = {
        "keys.md": key_tables(),
        "trust.md": trust_table(),
        "not_right_yet.md": not_right_yet(),
        "sodium.md": sodium_map(),
    }
    for name, text in made.items():
        path = tables / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    target = folder / "generated" / "notebooks"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for notebook in sorted((folder.parent / "notebooks").glob("*.ipynb")):
        shutil.copy2(notebook, target / notebook.name)
