"""From a mechanism file to a `Mechanism`, through three gates.

1. Syntax: the file is TOML (`tomllib`).
2. Shape: known keys, right types, sensible ranges (pydantic).
3. Meaning: what the records say fits together (`meaning`).

Each gate reports all that it finds as ``file: path: what is wrong and what to do``; a later
gate is tried only when the earlier one is passed. A file, or any table in it, can build on
another one with ``extends``: see `mechanisms/README.md`.
"""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from sbpath import mechanism as records
from sbpath.errors import InputError
from sbpath.meaning import meaning_problems
from sbpath.mechanism import Mechanism

SHORT_NAMES = {"li": "li-sb", "na": "na-sb", "k": "k-sb"}
BIBLIOGRAPHY = "sources.toml"


def shipped_folder() -> Path:
    """The folder of the shipped mechanisms: inside the package, or beside it in a checkout."""
    inside = Path(str(resources.files("sbpath") / "mechanisms"))
    return inside if inside.is_dir() else Path(__file__).resolve().parent.parent / "mechanisms"


def shipped_names() -> list[str]:
    """Names of the shipped mechanisms, sorted."""
    return sorted(p.stem for p in shipped_folder().glob("*.toml") if p.name != BIBLIOGRAPHY)


def locate(name: str | Path, beside: Path | None = None) -> Path:
    """The file that `name` means: a path, a shipped name, or a short name.

    A name without a folder and without ``.toml`` is looked up among the shipped ones; a
    relative path is taken from the folder `beside` if given (the file that mentions it).

    Raises
    ------
    InputError
        If there is no such file.
    """
    text = str(name)
    if text.endswith(".toml") or "/" in text or "\\" in text:
        path = Path(text).expanduser()
        if beside is not None and not path.is_absolute():
            path = beside / path
        if not path.is_file():
            raise InputError(f"{text}: there is no such file; give the path of a mechanism file (.toml)")
        return path
    path = shipped_folder() / f"{SHORT_NAMES.get(text.lower(), text.lower())}.toml"
    if not path.is_file() or path.name == BIBLIOGRAPHY:
        names = shipped_names()
        near = difflib.get_close_matches(text.lower(), [*names, *SHORT_NAMES], n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise InputError(
            f"{text}: no shipped mechanism has this name; {hint}shipped: {', '.join(names)}; "
            "for a file of your own give its path, ending in .toml"
        )
    return path


def load_mechanism(name: str | Path, changes: Mapping[str, float] | None = None) -> Mechanism:
    """Read a mechanism: a shipped name (``"li-sb"``, short ``"li"``) or the path of a TOML file.

    Parameters
    ----------
    name : str or Path
        Which mechanism.
    changes : mapping of str to float, optional
        Numbers to put in place of the file's, by dotted path, e.g.
        ``{"interfaces.Sb|Li2Sb.energy_J_per_m2": 0.15}``. They are marked as assumed.

    Returns
    -------
    Mechanism

    Raises
    ------
    InputError
        With every mistake found, one line each.
    """
    path = locate(name)
    document = _merged(path, ())
    document["name"] = path.stem
    for key, value in (changes or {}).items():
        _change(document, key, value, str(name))
    return mechanism_from_document(document, where=str(name))


def mechanism_from_document(document: dict[str, Any], where: str) -> Mechanism:
    """Gates two and three on a merged document; `where` names it in the messages."""
    try:
        mechanism = Mechanism.model_validate({**document, "document": document})
    except ValidationError as error:
        problems = [f"{where}: {_path(e['loc'])}: {_advice(e)}" for e in error.errors()]
        raise InputError(list(dict.fromkeys(problems))) from None
    problems = [f"{where}: {problem}" for problem in meaning_problems(mechanism)]
    if problems:
        raise InputError(problems)
    return mechanism


# -- gate one, and building on other files ------------------------------------------------


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: byte {error.start}: not UTF-8 text; save the file as UTF-8") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(
            f"{path}: not valid TOML: {error}; see mechanisms/README.md for the format"
        ) from None


def _merged(path: Path, ancestors: tuple[Path, ...]) -> dict[str, Any]:
    """The file's document with every ``extends`` carried out and the bibliography added."""
    path = path.resolve()
    if path in ancestors:
        chain = " -> ".join(p.name for p in (*ancestors, path))
        raise InputError(f"{path}: extends: the files build on each other in a circle: {chain}")
    document = _extended(_read_toml(path), (), path, (*ancestors, path))
    shared = _read_toml(shipped_folder() / BIBLIOGRAPHY)
    own = document.get("sources", {})
    document["sources"] = {**shared, **own} if isinstance(own, dict) else own
    return document


def _extended(
    table: dict[str, Any], at: tuple[str, ...], path: Path, ancestors: tuple[Path, ...]
) -> dict[str, Any]:
    """`table`, which stands at the keys `at` of the file `path`, on top of what it extends."""
    own = {
        key: _extended(value, (*at, key), path, ancestors) if isinstance(value, dict) else value
        for key, value in table.items()
        if key != "extends"
    }
    if "extends" not in table:
        return own
    wanted = table["extends"]
    dotted = ".".join((*at, "extends"))
    if not isinstance(wanted, str):
        raise InputError(
            f"{path}: {dotted}: must be a text like 'li-sb' or 'li-sb: kinetics', not {wanted!r}"
        )
    name, _, key = (part.strip() for part in wanted.partition(":"))
    try:
        base: Any = _merged(locate(name, beside=path.parent), ancestors)
    except InputError as error:
        raise InputError([f"{path}: {dotted}: {problem}" for problem in error.problems]) from None
    for step in key.split(".") if key else at:
        if not isinstance(base, dict) or step not in base:
            near = difflib.get_close_matches(step, base if isinstance(base, dict) else [], n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise InputError(f"{path}: {dotted}: {name} has no {key or '.'.join(at)!r} (at {step!r}){hint}")
        base = base[step]
    if not isinstance(base, dict):
        raise InputError(f"{path}: {dotted}: {wanted!r} is not a table; extend a table")
    return _overlaid(base, own)


def _overlaid(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """`own` on top of `base`, table by table; a number with its provenance is replaced whole."""
    result = dict(base)
    for key, value in own.items():
        old = result.get(key)
        merge = isinstance(old, dict) and isinstance(value, dict) and "value" not in value
        result[key] = _overlaid(old, value) if merge else value  # type: ignore[arg-type]
    return result


def _change(document: dict[str, Any], dotted: str, value: float, where: str) -> None:
    """Put `value` at the path `dotted`, copying tables on the way down."""
    *parents, last = dotted.split(".")
    table = document
    for step in [*parents, last]:
        if step not in table or (step != last and not isinstance(table[step], dict)):
            near = difflib.get_close_matches(step, table, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise InputError(
                f"{where}: {dotted}: there is no {step!r} here; {hint}here are: {', '.join(map(str, table))}"
            )
        if step != last:
            table[step] = dict(table[step])
            table = table[step]
    old = table[last]
    if isinstance(old, dict) and "value" in old:
        table[last] = {
            "value": value,
            "status": "assumed",
            "source": old["source"],
            "note": f"set by the user in place of {old['value']:g}",
        }
    elif isinstance(old, int | float) and not isinstance(old, bool):
        table[last] = value
    else:
        raise InputError(
            f"{where}: {dotted}: this is not a number; give the path of one, e.g. kinetics.growth_rate_per_s"
        )


# -- gate two: pydantic's findings in a chemist's words ------------------------------------


def _path(location: tuple[int | str, ...]) -> str:
    parts = [f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in location]
    return "".join(parts).lstrip(".") or "file"


def _advice(error: Any) -> str:
    kind, given = error["type"], error["input"]
    if kind == "extra_forbidden":
        known = _known_keys(error["loc"][:-1])
        near = difflib.get_close_matches(str(error["loc"][-1]), known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"
        return f"unknown key; {hint}"
    if kind == "missing":
        return "missing; add it (mechanisms/README.md says what it means)"
    if kind == "value_error":
        return str(error["ctx"]["error"])
    if kind in ("model_type", "model_attributes_type"):
        return (
            f"needs a table, not {given!r}; a number is written "
            '{ value = 1.0, status = "measured", source = "key" }'
        )
    message = error["msg"].replace("Input should be", "must be")
    return f"{message[0].lower()}{message[1:]}, not {json.dumps(given, default=str)[:60]}"


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    """The keys that the record at `location` knows, found by walking down from `Mechanism`."""
    model: Any = Mechanism
    for part in location:
        if isinstance(model, type) and issubclass(model, BaseModel) and part in model.model_fields:
            model = model.model_fields[str(part)].annotation
        model = _record_in(model)
    hidden = {"name", "document"}
    keys = model.model_fields if isinstance(model, type) and issubclass(model, BaseModel) else {}
    return sorted(set(keys) - hidden)


def _record_in(annotation: Any) -> Any:
    """The record class inside ``dict[str, X]``, ``list[X]``, ``X | None`` or ``X`` itself."""
    for inner in get_args(annotation):
        found = _record_in(inner)
        if isinstance(found, type) and issubclass(found, records.Record):
            return found
    return annotation
