"""Mechanism files: where they are, what they contain, and what they extend.

The first gate is here: a file, and all that it extends, must be valid TOML.
"""

from __future__ import annotations

import copy
import json
import re
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

from sbpath.errors import InputError, nearest
from sbpath.mechanism.inherited import InheritedNumber, inherited_numbers, mark_transferred
from sbpath.mechanism.toml_errors import syntax_problem

SHORT_NAMES = {"li": "li-sb", "na": "na-sb", "k": "k-sb"}
BIBLIOGRAPHY = "sources.toml"


def shipped_folder() -> Path:
    """The folder of the shipped mechanisms: inside the package, or next to it in a checkout."""
    inside = Path(str(resources.files("sbpath") / "mechanisms"))
    return inside if inside.is_dir() else Path(__file__).resolve().parents[2] / "mechanisms"


def shipped_names() -> list[str]:
    """Names of the shipped mechanisms, sorted."""
    return sorted(p.stem for p in shipped_folder().glob("*.toml") if p.name != BIBLIOGRAPHY)


def locate(name: str | Path, relative_to: Path | None = None) -> Path:
    """The file that `name` means: a path, a shipped name, or a short name.

    A name without a folder or ``.toml`` is looked up among the shipped ones. Relative paths
    start from the folder `relative_to`, if given.

    Raises
    ------
    InputError
        If there is no such file.
    """
    text, names = str(name), shipped_names()
    if text.endswith(".toml") or "/" in text or "\\" in text:
        path = Path(text)
        if text.startswith("~/"):
            path = Path.home() / text[2:]
        if relative_to is not None:
            path = relative_to / path
        if path.is_file():
            return path
        if path.is_dir():
            raise InputError(f"{text}: is a folder; give the path of a mechanism file (.toml)")
        place = (
            f" in {relative_to.resolve()}" if relative_to is not None and not Path(text).is_absolute() else ""
        )
        hint = "check the path"
        if path.stem in names:
            hint = f"the shipped mechanism of this name is written {path.stem!r}, without .toml"
        raise InputError(f"{text}: there is no such file{place}; {hint}")
    shipped = SHORT_NAMES.get(text.lower(), text.lower())
    if shipped not in names:
        hint = nearest(text.lower(), [*names, *SHORT_NAMES], "`sbpath list` names them")
        raise InputError(
            f"{text}: no shipped mechanism has this name; {hint} "
            "(for your own file, give its path, ending in .toml)"
        )
    return shipped_folder() / f"{shipped}.toml"


def shown(value: Any) -> str:
    """`value` as written in TOML, cut to a readable length."""
    text = repr(value) if isinstance(value, float) else json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def read_toml(path: Path) -> dict[str, Any]:
    """The document of one file, with ``extends`` unresolved.

    Raises
    ------
    InputError
        If it cannot be read or is not TOML.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path}: file: cannot be read: {error.strerror}; check the path and its permissions"
        ) from None
    try:
        # utf-8-sig: editors on Windows add a byte order mark, which TOML does not allow.
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}: line {line}: not UTF-8 text; save the file in UTF-8") from None
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # not every ValueError is a TOMLDecodeError
        raise InputError(f"{path}: {syntax_problem(str(error), text)}") from None
    if not document:
        raise InputError(f'{path}: file: is empty; begin with extends = "li-sb", or see mechanisms/README.md')
    return document


def merged_document(
    path: Path, ancestors: tuple[Path, ...], read: dict[Path, dict[str, Any]] | None = None
) -> dict[str, Any]:
    """The file's document with every ``extends`` resolved and all bibliographies merged.

    `read` caches the documents of one load, since many tables extend the same few files.
    """
    read = {} if read is None else read
    if path.resolve() in read:
        return copy.deepcopy(read[path.resolve()])
    problems: list[str] = []
    inherited: list[InheritedNumber] = []
    table, sources = read_toml(path), read_toml(shipped_folder() / BIBLIOGRAPHY)
    document = _extended(table, (), path, (*ancestors, path.resolve()), sources, problems, inherited, read)
    if problems:
        raise InputError([f"{path}: {problem}" for problem in problems])
    mark_transferred(document, inherited)
    own = document.get("sources", {})
    document["sources"] = {**sources, **own} if isinstance(own, dict) else own
    read[path.resolve()] = copy.deepcopy(document)
    return document


def _extended(
    table: dict[str, Any],
    at: tuple[str, ...],
    path: Path,
    ancestors: tuple[Path, ...],
    sources: dict[str, Any],
    problems: list[str],
    inherited: list[InheritedNumber],
    read: dict[Path, dict[str, Any]],
) -> dict[str, Any]:
    """`table`, at the keys `at` of the file `path`, merged over what it extends.

    Sources of the extended file are added to `sources`, mistakes to `problems`, fitted numbers to
    `inherited`.
    """
    own = {
        key: _extended(value, (*at, key), path, ancestors, sources, problems, inherited, read)
        if isinstance(value, dict)
        else value
        for key, value in table.items()
        if key != "extends"
    }
    if "extends" not in table:
        return own
    try:
        file, keys = _target(table["extends"], at, path)
        if file.resolve() in ancestors:
            chain = " -> ".join(p.name for p in (*ancestors, file))
            raise InputError(f"the files extend each other in a circle: {chain}; remove one extends")
        whole = merged_document(file, ancestors, read)
        base: Any = whole
        if isinstance(base["sources"], dict):
            sources.update(base["sources"])
        for key in keys:
            if key not in base:
                inside = f"it has {', '.join(base)}"
                raise InputError(f"{file.name} has no {'.'.join(keys)}; {nearest(key, base, inside)}")
            base = base[key]
            if not isinstance(base, dict):
                raise InputError(f"{'.'.join(keys)} of {file.name} is not a table; extend a table")
    except InputError as error:
        # Mistakes in a base that several tables extend are reported once.
        new = [p for p in error.problems if not any(old.endswith(p) for old in problems)]
        problems += [f"{'.'.join((*at, 'extends'))}: {problem}" for problem in new]
        return own
    inherited += inherited_numbers(base, at, whole, file.stem)
    return overlaid(base, own)


def _target(extends: Any, at: tuple[str, ...], path: Path) -> tuple[Path, list[str]]:
    """File and keys that ``extends``, at the keys `at` of the file `path`, refers to."""
    # The lazy first group keeps the colon of C:\folder\file.toml out of the keys.
    match = (
        re.fullmatch(r"\s*(.+?\.toml|[^:]+?)\s*(?::\s*(\S.*?)\s*)?", extends)
        if isinstance(extends, str)
        else None
    )
    if not match:
        raise InputError(f"must be a string like 'li-sb' or 'li-sb: kinetics', not {shown(extends)}")
    return locate(match[1], relative_to=path.parent), match[2].split(".") if match[2] else list(at)


def overlaid(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """`own` merged over `base`, table by table; a number is replaced together with its provenance."""
    result = dict(base)
    for key, value in own.items():
        old = result.get(key)
        if isinstance(old, dict) and isinstance(value, dict) and "value" not in value:
            value = overlaid(old, value)
        result[key] = value
    return result


def origin_of(problem: str, where: str, path: Path) -> str:
    """A note naming the file that defines the entry of `problem`, if it is not `path`."""
    dotted, _, what = problem.removeprefix(f"{where}: ").partition(": ")
    keys = tuple(re.split(r"\.|\[.*", dotted))
    home = _defining_file(path, keys[:-1] if what.startswith("missing") else keys)
    return f" (in {home.name})" if home not in (None, path) else ""


def _defining_file(path: Path, keys: tuple[str, ...]) -> Path | None:
    """The file that defines the entry at `keys`, among `path` and what it extends."""
    bases, table = [], read_toml(path)
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
        if found := _defining_file(file, (*start, *keys[depth:])):
            return found
    return None
