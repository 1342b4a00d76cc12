"""Electrode designs: how an electrode is built, as opposed to what reacts in it.

Powders, nanoparticles and carbon composites of one host share a mechanism and differ only in the
``[electrode]`` table. A design is a file with such a table, which overrides the mechanism's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sbpath.errors import InputError, nearest
from sbpath.files import is_file
from sbpath.mechanism.documents import ENDING, read_toml, shipped_folder
from sbpath.mechanism.extends import overlaid
from sbpath.mechanism.texts import name_of

FOLDER = "designs"
KEYS = ("title", "description", "cites", "electrode", "sources")


def design_names() -> list[str]:
    """Names of the shipped designs, sorted."""
    return sorted(path.stem for path in (shipped_folder() / FOLDER).glob("*.toml"))


def read_design(name: str | Path) -> dict[str, Any]:
    """The document of a design: a shipped name, or the path of a .toml file.

    Raises
    ------
    InputError
        If there is no such design, or it has a key that designs do not have.
    """
    text, names = str(name), design_names()
    own = text.lower().endswith(ENDING)
    path = Path(text) if own else shipped_folder() / FOLDER / f"{text.lower()}{ENDING}"
    if not (is_file(path) if own else text.lower() in names):
        hint = nearest(text, names, f"shipped: {', '.join(names)}, or give the path of a {ENDING} file")
        raise InputError(f"{text}: there is no such electrode design; {hint}")
    design = read_toml(path)
    problems = [
        f"{text}: {key}: unknown key; a design has {', '.join(KEYS)}" for key in design if key not in KEYS
    ]
    if not isinstance(design.get("electrode"), dict):
        problems.append(f"{text}: electrode: missing; add [electrode] with what the design changes")
    if not isinstance(design.get("sources", {}), dict):
        problems.append(f"{text}: sources: must contain citations by key; write its heading [sources]")
    if not isinstance(design.get("cites", []), list):
        problems.append(f"{text}: cites: must be a list; put it in brackets")
    if problems:
        raise InputError(problems)
    return design


def apply_design(document: dict[str, Any], name: str | Path) -> None:
    """Override the electrode of a mechanism's merged document with a design, in place."""
    design = read_design(name)
    # What is not a table or list in the mechanism is kept, for its own gate to report.
    if isinstance(electrode := document.get("electrode", {}), dict):
        document["electrode"] = overlaid(electrode, design["electrode"])
    if isinstance(sources := document.get("sources", {}), dict):
        document["sources"] = {**sources, **design.get("sources", {})}
    if isinstance(cites := document.get("cites", []), list):
        document["cites"] = [*cites, *design.get("cites", [])]
    text = str(name)
    document["design"] = name_of(Path(text)) if text.lower().endswith(ENDING) else text.lower()
