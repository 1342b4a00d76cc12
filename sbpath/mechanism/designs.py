"""Electrode designs and electrolytes: what a cell is built of, as opposed to what reacts in it.

Powders, nanoparticles and carbon composites of one host share a mechanism and differ only in the
``[electrode]`` table; so do cells with different electrolytes in the ``[electrolyte]`` table. A design is a file with the
first table, which overrides the mechanism's key by key; an electrolyte is one with the second, which replaces it. In an
electrolyte, a number that differs between alkali metals is a table of numbers by ion.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sbpath.errors import InputError, nearest
from sbpath.files import is_file
from sbpath.mechanism.documents import ENDING, read_toml, shipped_folder
from sbpath.mechanism.extends import overlaid
from sbpath.mechanism.texts import name_of
from sbpath.physical import STANDARD_POTENTIAL_V


@dataclass(frozen=True, slots=True)
class Part:
    """A kind of part: in words, its folder among the mechanisms, its table, and the key that names it."""

    words: str
    folder: str
    table: str
    key: str

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of its files."""
        return ("title", "description", "cites", self.table, "sources")

    def names(self) -> list[str]:
        """Names of the shipped ones, sorted."""
        return sorted(path.stem for path in (shipped_folder() / self.folder).glob("*.toml"))

    def read(self, name: str | Path) -> dict[str, Any]:
        """The document of one: a shipped name, or the path of a .toml file.

        Raises
        ------
        InputError
            If there is none, or it has a key that such files do not have.
        """
        text, names = str(name), self.names()
        own = text.lower().endswith(ENDING)
        path = Path(text) if own else shipped_folder() / self.folder / f"{text.lower()}{ENDING}"
        if not (is_file(path) if own else text.lower() in names):
            hint = nearest(text, names, f"shipped: {', '.join(names)}, or give the path of a {ENDING} file")
            raise InputError(f"{text}: there is no such {self.words}; {hint}")
        document = read_toml(path)
        problems = [
            f"{text}: {key}: unknown key; an {self.words} has {', '.join(self.keys)}"
            for key in document
            if key not in self.keys
        ]
        if not isinstance(document.get(self.table), dict):
            problems.append(f"{text}: {self.table}: missing; add [{self.table}] with what is different")
        if not isinstance(document.get("sources", {}), dict):
            problems.append(f"{text}: sources: must contain citations by key; write its heading [sources]")
        if not isinstance(document.get("cites", []), list):
            problems.append(f"{text}: cites: must be a list; put it in brackets")
        if problems:
            raise InputError(problems)
        return document

    def apply(self, document: dict[str, Any], name: str | Path) -> None:
        """Put one into a mechanism's merged document, in place."""
        part = self.read(name)
        table = part[self.table]
        if self is ELECTROLYTES:
            table = _for_ion(table, document.get("ion"), str(name), (self.table,))
        elif isinstance(old := document.get(self.table, {}), dict):
            table = overlaid(old, table)
        # What is not a table or list in the mechanism is kept, for its own gate to report.
        if isinstance(document.get(self.table, {}), dict):
            document[self.table] = table
        if isinstance(sources := document.get("sources", {}), dict):
            document["sources"] = {**sources, **part.get("sources", {})}
        if isinstance(cites := document.get("cites", []), list):
            document["cites"] = [*cites, *part.get("cites", [])]
        text = str(name)
        document[self.key] = name_of(Path(text)) if text.lower().endswith(ENDING) else text.lower()


DESIGNS = Part("electrode design", "designs", "electrode", "design")
ELECTROLYTES = Part("electrolyte", "electrolytes", "electrolyte", "electrolyte_name")


def design_names() -> list[str]:
    """Names of the shipped electrode designs, sorted."""
    return DESIGNS.names()


def electrolyte_names() -> list[str]:
    """Names of the shipped electrolytes, sorted."""
    return ELECTROLYTES.names()


def _for_ion(table: dict[str, Any], ion: Any, name: str, at: tuple[str, ...]) -> dict[str, Any]:
    """`table` with every table of numbers by ion replaced by the number for `ion`."""
    found = {}
    for key, value in table.items():
        if isinstance(value, dict) and value and value.keys() <= STANDARD_POTENTIAL_V.keys():
            if ion not in value:
                raise InputError(
                    f"{name}: {'.'.join((*at, key))}: has no number for {ion}; add {key}.{ion} = {{ value = ... }}"
                )
            value = value[ion]
        found[key] = _for_ion(value, ion, name, (*at, key)) if isinstance(value, dict) else value
    return found
