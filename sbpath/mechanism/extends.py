"""What a mechanism file builds on: ``extends`` resolved, within limits.

A file may extend shipped mechanisms, and files in its own folder or below. One load reads at most `MOST_FILES` files,
in chains of at most `MOST_LINKS`, and takes over at most `MOST_ENTRIES` keys and list items.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sbpath.errors import InputError, nearest
from sbpath.files import is_file, is_folder
from sbpath.mechanism.documents import (
    BIBLIOGRAPHY,
    ENDING,
    is_path,
    read_toml,
    shipped_file,
    shipped_folder,
    shipped_names,
    shown,
)
from sbpath.mechanism.inherited import InheritedNumber, inherited_numbers, mark_transferred

# A shipped mechanism has about 800 entries, from 4 files in chains of 3.
MOST_ENTRIES = 50_000
MOST_FILES = 100
MOST_LINKS = 20
MOST_EXTENDS_CHARS = 200


class _BeyondLimit(InputError):
    """The load as a whole is too large, whichever file asked for more."""


@dataclass(slots=True)
class Load:
    """The files read in loading one mechanism, by their resolved paths: as written, and with ``extends`` resolved."""

    path: Path
    raw: dict[Path, dict[str, Any]] = field(default_factory=dict)
    merged: dict[Path, dict[str, Any]] = field(default_factory=dict)
    entries: int = 0

    def document(self) -> dict[str, Any]:
        """The document of the file with every ``extends`` resolved and all bibliographies merged.

        Raises
        ------
        InputError
            With every mistake in what is extended, one line each, or the limit that was passed.
        """
        try:
            return self._document(self.path, ())
        except _BeyondLimit as error:
            raise InputError(f"{self.path}: extends: {error}") from None

    def read(self, path: Path) -> dict[str, Any]:
        """The document of one file as written."""
        key = path.resolve()
        if key not in self.raw:
            if len(self.raw) == MOST_FILES:
                raise _BeyondLimit(f"more than {MOST_FILES} files are read; extend fewer")
            self.raw[key] = read_toml(path)
        return self.raw[key]

    def _document(self, path: Path, ancestors: tuple[Path, ...]) -> dict[str, Any]:
        key = path.resolve()
        if key in self.merged:
            return copy.deepcopy(self.merged[key])
        if len(ancestors) == MOST_LINKS:
            raise _BeyondLimit(
                f"files extend each other in a chain of more than {MOST_LINKS}; extend the last directly"
            )
        reading = _Reading(self, path, (*ancestors, key), dict(self.read(shipped_folder() / BIBLIOGRAPHY)))
        document = reading.extended(self.read(path), ())
        if reading.problems:
            raise InputError([f"{path}: {problem}" for problem in reading.problems])
        mark_transferred(document, reading.inherited)
        own = document.get("sources", {})
        document["sources"] = {**reading.sources, **own} if isinstance(own, dict) else own
        self.merged[key] = copy.deepcopy(document)
        return document

    def base(self, path: Path, keys: list[str], ancestors: tuple[Path, ...]) -> tuple[Any, dict[str, Any]]:
        """The table at `keys` of the file `path`, and its whole document."""
        if path.resolve() in ancestors:
            chain = " -> ".join(p.name for p in (*ancestors, path))
            raise InputError(f"the files extend each other in a circle: {chain}; remove one extends")
        whole = self._document(path, ancestors)
        table: Any = whole
        for key in keys:
            if key not in table:
                inside = f"it has {', '.join(table)}"
                raise InputError(f"{path.name} has no {'.'.join(keys)}; {nearest(key, table, inside)}")
            table = table[key]
            if not isinstance(table, dict):
                raise InputError(f"{'.'.join(keys)} of {path.name} is not a table; extend a table")
        self.entries += _entries(table)
        if self.entries > MOST_ENTRIES:
            raise _BeyondLimit(f"takes over more than {MOST_ENTRIES} entries in all; extend fewer tables")
        return table, whole


@dataclass(slots=True)
class _Reading:
    """One file being merged: sources and fitted numbers of what it extends, and mistakes, are collected."""

    load: Load
    path: Path
    ancestors: tuple[Path, ...]
    sources: dict[str, Any]
    problems: list[str] = field(default_factory=list)
    inherited: list[InheritedNumber] = field(default_factory=list)

    def extended(self, table: dict[str, Any], at: tuple[str, ...]) -> dict[str, Any]:
        """`table`, at the keys `at` of the file, merged over what it extends."""
        own = {
            key: self.extended(value, (*at, key)) if isinstance(value, dict) else value
            for key, value in table.items()
            if key != "extends"
        }
        if "extends" not in table:
            return own
        try:
            file, keys = _target(table["extends"], at, self.path)
            base, whole = self.load.base(file, keys, self.ancestors)
        except _BeyondLimit:
            raise
        except InputError as error:
            # Mistakes in a base that several tables extend are reported once.
            new = [p for p in error.problems if not any(old.endswith(p) for old in self.problems)]
            self.problems += [f"{'.'.join((*at, 'extends'))}: {problem}" for problem in new]
            return own
        if isinstance(whole["sources"], dict):
            self.sources.update(whole["sources"])
        self.inherited += inherited_numbers(base, at, whole, file.stem)
        return overlaid(base, own)


def _entries(value: Any) -> int:
    """Number of keys and list items in `value`, at every depth."""
    if isinstance(value, dict):
        return len(value) + sum(map(_entries, value.values()))
    return len(value) + sum(map(_entries, value)) if isinstance(value, list) else 0


def _target(extends: Any, at: tuple[str, ...], path: Path) -> tuple[Path, list[str]]:
    """File and keys that ``extends``, at the keys `at` of the file `path`, refers to."""
    # The lazy first group keeps the colon of C:\folder\file.toml out of the keys.
    match = (
        re.fullmatch(r"\s*(.+?\.toml|[^:]+?)\s*(?::\s*(\S.*?)\s*)?", extends, re.IGNORECASE)
        if isinstance(extends, str) and len(extends) <= MOST_EXTENDS_CHARS
        else None
    )
    if not match:
        raise InputError(f"must be a short string like 'li-sb' or 'li-sb: kinetics', not {shown(extends)}")
    return _extendable(match[1], path.parent), match[2].split(".") if match[2] else list(at)


def _extendable(text: str, folder: Path) -> Path:
    """The file that `text` means in a file in `folder`: shipped, or a regular ``.toml`` file in it or below.

    Links are followed first, so that none leads out of the folder.
    """
    if not is_path(text):
        return shipped_file(text)
    path = folder / text
    try:
        inside = path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):  # links in a circle, names that cannot be
        inside = False
    if not inside or path.suffix.lower() != ENDING or path.resolve().suffix.lower() != ENDING:
        stem = Path(text).stem
        hint = f"; the shipped one is written {stem!r}" if stem in shipped_names() else ", or move it there"
        raise InputError(
            f"{text}: only a {ENDING} file in the folder of this file or below can be extended, or a shipped mechanism{hint}"
        )
    if is_file(path):
        return path
    what = "is a folder" if is_folder(path) else f"there is no such file in {folder.resolve()}"
    hint = (
        f"the shipped mechanism of this name is written {path.stem!r}"
        if path.stem in shipped_names()
        else "check the path"
    )
    raise InputError(f"{text}: {what}; {hint}")


def overlaid(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """`own` merged over `base`, table by table; a number is replaced together with its provenance."""
    result = dict(base)
    for key, value in own.items():
        old = result.get(key)
        if isinstance(old, dict) and isinstance(value, dict) and "value" not in value:
            value = overlaid(old, value)
        result[key] = value
    return result


def origin_of(problem: str, where: str, load: Load) -> str:
    """A note naming the file that defines the entry of `problem`, if it is not the file loaded."""
    dotted, _, what = problem.removeprefix(f"{where}: ").partition(": ")
    keys = tuple(re.split(r"\.|\[.*", dotted))
    home = _defining_file(load, load.path, keys[:-1] if what.startswith("missing") else keys, set())
    return f" (in {home.name})" if home not in (None, load.path) else ""


def _defining_file(
    load: Load, path: Path, keys: tuple[str, ...], seen: set[tuple[Path, tuple[str, ...]]]
) -> Path | None:
    """The file that defines the entry at `keys`, among `path` and what it extends, without those `seen`."""
    if (path, keys) in seen or len(seen) > MOST_FILES:
        return None
    seen.add((path, keys))
    bases, table = [], load.read(path)
    for depth, key in enumerate(keys):
        if "extends" in table:
            bases.append((depth, table["extends"]))
        if key not in table:
            break
        table = table[key]
        if depth == len(keys) - 1 or not isinstance(table, dict):
            return path
    for depth, extends in reversed(bases):
        file, start = _target(extends, keys[:depth], path)
        if found := _defining_file(load, file, (*start, *keys[depth:]), seen):
            return found
    return None
