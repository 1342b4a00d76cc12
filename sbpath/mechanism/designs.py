"""Electrode designs: how an electrode is built, as opposed to what reacts in it.

Powders, nanoparticles and carbon composites of one host share a mechanism and differ only in the
``[electrode]`` table. A design is a file with such a table, which overrides the mechanism's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sbpath.errors import InputError, nearest
from sbpath.mechanism.documents import overlaid, read_toml, shipped_folder

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
    path = Path(text) if text.endswith(".toml") else shipped_folder() / FOLDER / f"{text}.toml"
    if not path.is_file():
        hint = nearest(text, names, f"shipped: {', '.join(names)}, or give the path of a .toml file")
        raise InputError(f"{text}: there is no such electrode design; {hint}")
    design = read_toml(path)
    problems = [
        f"{text}: {key}: unknown key; a design has {', '.join(KEYS)}" for key in design if key not in KEYS
    ]
    if not isinstance(design.get("electrode"), dict):
        problems.append(f"{text}: electrode: missing; add [electrode] with what the design changes")
    if problems:
        raise InputError(problems)
    return design


def apply_design(document: dict[str, Any], name: str | Path) -> None:
    """Override the electrode of a mechanism's merged document with a design, in place."""
    design = read_design(name)
    document["electrode"] = overlaid(document.get("electrode", {}), design["electrode"])
    document["sources"] = {**document.get("sources", {}), **design.get("sources", {})}
    document["cites"] = [*document.get("cites", []), *design.get("cites", [])]
    document["design"] = Path(str(name)).stem
