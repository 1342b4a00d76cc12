"""From a mechanism file to a `Mechanism`, through three gates.

1. Syntax: the file is TOML (`tomllib`), and so is all that it builds on.
2. Shape: known keys, right types, sensible ranges (pydantic).
3. Meaning: what the records say fits together (`meaning`).

Each gate reports all that it finds as ``file: path: what is wrong and what to do``; a later
gate is tried only when the earlier one is passed. A file, or any table in it, can build on
another one with ``extends``: see `mechanisms/README.md`.
"""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Mapping
from importlib import resources
from numbers import Real
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from sbpath.errors import InputError
from sbpath.meaning import meaning_problems, nearest
from sbpath.mechanism import Mechanism, Quantity, Record

SHORT_NAMES = {"li": "li-sb", "na": "na-sb", "k": "k-sb"}
BIBLIOGRAPHY = "sources.toml"

# Fields of `Mechanism` that the reader fills in; in a file they are unknown keys.
NOT_IN_FILES = ("name", "document")


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
    text, names = str(name), shipped_names()
    if text.endswith(".toml") or "/" in text or "\\" in text:
        path = Path(text)
        if text.startswith("~/"):
            path = Path.home() / text[2:]
        if beside is not None:
            path = beside / path
        if path.is_file():
            return path
        if path.is_dir():
            raise InputError(f"{text}: is a folder; give the path of a mechanism file (.toml)")
        place = f" in {beside.resolve()}" if beside is not None and not Path(text).is_absolute() else ""
        hint = "check the path"
        if path.stem in names:
            hint = f"the shipped mechanism of this name is written {path.stem!r}, without .toml"
        raise InputError(f"{text}: there is no such file{place}; {hint}")
    shipped = SHORT_NAMES.get(text.lower(), text.lower())
    if shipped not in names:
        hint = nearest(text.lower(), [*names, *SHORT_NAMES], f"shipped: {', '.join(names)}")
        raise InputError(
            f"{text}: no shipped mechanism has this name; {hint} "
            "(a file of your own is given by its path, ending in .toml)"
        )
    return shipped_folder() / f"{shipped}.toml"


def load_mechanism(name: str | Path, changes: Mapping[str, float] | None = None) -> Mechanism:
    """Read a mechanism: a shipped name (``"li-sb"``, short ``"li"``) or the path of a TOML file.

    Parameters
    ----------
    name : str or Path
        Which mechanism.
    changes : mapping of str to float, optional
        Numbers to put in place of the file's, by dotted path, e.g.
        ``{"interfaces.Sb|Li2Sb.energy_J_per_m2": 0.15}`` or
        ``{"phases.Li3Sb.galleries[1].potential_V": 1.0}``. They are marked as assumed.

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
    problems = [
        f"{name}: {key}: unknown key; take it out, a mechanism has the name of its file"
        for key in NOT_IN_FILES
        if key in document
    ]
    document["name"] = path.stem
    problems += [f"{name}: {problem}" for problem in _change(document, changes or {})]
    if problems:
        raise InputError(problems)
    try:
        return mechanism_from_document(document, where=str(name))
    except InputError as error:
        raise InputError(
            [problem + _origin(problem, str(name), path) for problem in error.problems]
        ) from None


def mechanism_from_document(document: dict[str, Any], where: str) -> Mechanism:
    """Gates two and three on a merged document; `where` names it in the messages.

    Raises
    ------
    InputError
        With every mistake that a gate finds, one line each.
    """
    try:
        mechanism = Mechanism.model_validate({**document, "document": document})
    except ValidationError as error:
        raise InputError([f"{where}: {problem}" for problem in _shape_problems(error)]) from None
    problems = [f"{where}: {problem}" for problem in meaning_problems(mechanism)]
    if problems:
        raise InputError(problems)
    return mechanism


# -- gate one, and building on other files ------------------------------------------------


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path}: file: cannot be read: {error.strerror}; check the path and its permissions"
        ) from None
    try:
        # utf-8-sig: editors on Windows put a mark at the start, which TOML does not know.
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{path}: line {line}: not UTF-8 text; save the file with the encoding UTF-8"
        ) from None
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # of ValueErrors, not all are TOMLDecodeErrors
        raise InputError(f"{path}: {_syntax(str(error), text)}") from None
    if not document:
        raise InputError(f'{path}: file: is empty; begin with extends = "li-sb", or see mechanisms/README.md')
    return document


def _syntax(message: str, text: str) -> str:
    """What `tomllib` says, with the place first, the line itself, and what to do."""
    what, _, place = message.partition(" (at ")
    place = place.removesuffix(")") or "file"
    number = re.match(r"line (\d+)", place)
    lines = text.rstrip().split("\n")
    line = lines[int(number[1]) - 1 if number else -1].strip()[:60]
    if name := re.match(r"Cannot declare \((.*)\) twice", what):
        dotted = ".".join(re.findall(r"'([^']*)'", name[1]))
        return f"{place}: the table {dotted} stands twice; keep one, or rename one"
    if what == "Cannot overwrite a value":
        return f"{place}: the key of {line!r} stands twice in its table; keep one"
    if line.startswith("[") and "|" in line:
        advice = 'a name with | in it stands in quotes, e.g. [interfaces."Sb|Li3Sb"]'
    elif re.search(r"=\s*[-+]?\d*,\d", line):
        advice = "decimals are written with a point, e.g. 0.5"
    else:
        advice = (
            "mend the line; a text stands in quotes, a number as 1.0 or 1e-3, true and false in small letters"
        )
    return f"{place}: not valid TOML: {what[:80]}, in {line!r}; {advice}"


def _merged(path: Path, ancestors: tuple[Path, ...]) -> dict[str, Any]:
    """The file's document with every ``extends`` carried out and all bibliographies added."""
    problems: list[str] = []
    table, sources = _read_toml(path), _read_toml(shipped_folder() / BIBLIOGRAPHY)
    document = _extended(table, (), path, (*ancestors, path.resolve()), sources, problems)
    if problems:
        raise InputError([f"{path}: {problem}" for problem in problems])
    own = document.get("sources", {})
    document["sources"] = {**sources, **own} if isinstance(own, dict) else own
    return document


def _extended(
    table: dict[str, Any],
    at: tuple[str, ...],
    path: Path,
    ancestors: tuple[Path, ...],
    sources: dict[str, Any],
    problems: list[str],
) -> dict[str, Any]:
    """`table`, which stands at the keys `at` of the file `path`, on top of what it extends.

    The sources of what it extends are added to `sources`, mistakes to `problems`.
    """
    own = {
        key: _extended(value, (*at, key), path, ancestors, sources, problems)
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
            raise InputError(f"the files build on each other in a circle: {chain}; take one extends out")
        base: Any = _merged(file, ancestors)
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
        # A base that several tables extend tells of its mistakes once.
        new = [p for p in error.problems if not any(old.endswith(p) for old in problems)]
        problems += [f"{'.'.join((*at, 'extends'))}: {problem}" for problem in new]
        return own
    return _overlaid(base, own)


def _target(extends: Any, at: tuple[str, ...], path: Path) -> tuple[Path, list[str]]:
    """File and keys that an ``extends``, standing at the keys `at` of the file `path`, means."""
    # The lazy first part keeps the colon of C:\folder\file.toml out of the keys.
    match = (
        re.fullmatch(r"\s*(.+?\.toml|[^:]+?)\s*(?::\s*(\S.*?)\s*)?", extends)
        if isinstance(extends, str)
        else None
    )
    if not match:
        raise InputError(f"must be a text like 'li-sb' or 'li-sb: kinetics', not {_shown(extends)}")
    return locate(match[1], beside=path.parent), match[2].split(".") if match[2] else list(at)


def _overlaid(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """`own` on top of `base`, table by table; a number with its provenance is replaced whole."""
    result = dict(base)
    for key, value in own.items():
        old = result.get(key)
        if isinstance(old, dict) and isinstance(value, dict) and "value" not in value:
            value = _overlaid(old, value)
        result[key] = value
    return result


def _origin(problem: str, where: str, path: Path) -> str:
    """A note on the file in which the entry of `problem` stands, if it is another than `path`."""
    dotted, _, what = problem.removeprefix(f"{where}: ").partition(": ")
    keys = tuple(re.split(r"\.|\[.*", dotted))
    home = _home(path, keys[:-1] if what.startswith("missing") else keys)
    return f" (in {home.name})" if home not in (None, path) else ""


def _home(path: Path, keys: tuple[str, ...]) -> Path | None:
    """The file where the entry at `keys` stands, among `path` and what it extends."""
    bases, table = [], _read_toml(path)
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
        if found := _home(file, (*start, *keys[depth:])):
            return found
    return None


# -- numbers put in by the user -------------------------------------------------------------


def _change(document: dict[str, Any], changes: Mapping[str, float]) -> list[str]:
    """Put each value at its dotted path in `document`; returns what is wrong."""
    if not isinstance(changes, Mapping):
        return [f"changes: must be a mapping of path to number, not {_shown(changes)}"]
    problems = []
    for dotted, value in changes.items():
        try:
            _change_one(document, str(dotted), value)
        except InputError as error:
            problems.append(f"{dotted}: {error}")
    return problems


def _change_one(document: dict[str, Any], dotted: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise InputError(f"must be a finite number, not {_shown(value)}")
    parent: Any = None
    table: Any = document
    step: Any = None
    for key in re.split(r"\.|(?=\[)", dotted):
        parent = table
        step = int(key[1:-1]) - 1 if re.fullmatch(r"\[\d+\]", key) else key
        here = range(len(table)) if isinstance(table, list) else table if isinstance(table, dict) else ()
        if step not in here:
            known = [f"[{i + 1}]" for i in here] if isinstance(table, list) else [str(k) for k in here]
            listed = f"here are: {', '.join(known)}" if known else "the path ends before it"
            raise InputError(f"there is no {key!r} here; {nearest(key, known, listed)}")
        table = table[step]
    number = float(value)
    if isinstance(table, dict) and "value" in table:
        parent, step, table = table, "value", table["value"]
    if isinstance(table, bool) or not isinstance(table, int | float):
        raise InputError("is not a number; give the path of one, e.g. kinetics.growth_rate_per_s")
    parent[step] = number
    if "status" in parent:
        parent.pop("fitted_to", None)
        parent.update(status="assumed", note=f"{step} set by the user in place of {table:g}")


# -- gate two: pydantic's findings in a chemist's words ------------------------------------

NUMBER = '{ value = 1.0, status = "measured", source = "key" }'
TYPES = {
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "int_type": "must be a whole number",
    "string_type": "must be a text in quotes",
    "bool_type": "must be true or false",
    "dict_type": "must hold named tables",
    "list_type": "must be a list",
}


def _shape_problems(error: ValidationError) -> list[str]:
    problems: dict[str, str] = {}
    meant: set[tuple[int | str, ...]] = set()
    for found in sorted(error.errors(), key=lambda e: e["type"] != "extra_forbidden"):
        location = found["loc"]
        if found["type"] == "extra_forbidden":
            advice, place = _unknown(location)
            meant.add(place)
        elif found["type"] == "missing" and location in meant:
            continue  # a slip of the pen is one mistake, not two
        else:
            advice = _advice(found)
        problems.setdefault(_path(location), advice)
    return [f"{path}: {advice}" for path, advice in problems.items()]


def _path(location: tuple[int | str, ...]) -> str:
    parts = [f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in location]
    return "".join(parts).lstrip(".") or "file"


def _advice(found: Any) -> str:
    kind, given = found["type"], found["input"]
    if kind == "missing":
        return f"missing; add {_example(found['loc'])}"
    if kind == "value_error":
        return str(found["ctx"]["error"])
    if kind == "too_short":
        return "is empty; put at least one in"
    if kind in ("model_type", "dict_type") and isinstance(given, list):
        return "must be one table, not a list of them; write its heading with single brackets, [...]"
    if kind == "list_type" and isinstance(given, dict):
        return "must be a list of tables; write its heading with double brackets, [[...]]"
    if kind == "list_type" and isinstance(given, str):
        return f"must be a list; put it in brackets, [{_shown(given)}]"
    if kind == "model_type" and found["ctx"]["class_name"] == Quantity.__name__:
        number = f"{given!r}" if type(given) in (int, float) else "1.0"
        return f"needs its provenance, not only {_shown(given)}; write {NUMBER.replace('1.0', number)}"
    if kind == "model_type":
        return f"must be a table, not {_shown(given)}; write a heading [{_path(found['loc'])}] and its keys below"
    message = TYPES.get(kind) or found["msg"].replace("Input should be", "must be")
    return f"{message[0].lower()}{message[1:]}, not {_shown(given)}"


def _shown(value: Any) -> str:
    """`value` as it would stand in TOML, cut to a readable length."""
    text = repr(value) if isinstance(value, float) else json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _unknown(location: tuple[int | str, ...]) -> tuple[str, tuple[int | str, ...]]:
    """Advice on an unknown key, and the place of the key that was meant."""
    *table, key = location
    known = _known_keys(location[:-1])
    if key == "extends":
        return "cannot stand in a list; extend the table that holds the list", ()
    if key in _known_keys(()):
        return "unknown here; it belongs to the top of the file, above the first [table]", (key,)
    for home in ("kinetics", "electrode", "electrolyte"):
        if "_" in str(key) and key in _known_keys((home,)):  # not such common words as "name"
            return f"unknown here; it belongs into [{home}]", (home, key)
    advice = nearest(str(key), known, f"known here: {', '.join(known)}")
    return f"unknown key; {advice}", (*table, advice.partition("'")[2].removesuffix("'?"))


def _example(location: tuple[int | str, ...]) -> str:
    """How a missing entry is written."""
    key = str(location[-1])
    annotation = _model_at(location[:-1]).model_fields[key].annotation
    record = _record_in(annotation)
    if record is Quantity:
        return f"{key} = {NUMBER}"
    if annotation is str:
        return f'{key} = "..."'
    if annotation is bool:
        return f"{key} = true or false"
    if annotation is float:
        return f"{key} = 1.0, with your number"
    if isinstance(record, type) and issubclass(record, Record):
        return f"the table [{_path(location)}]"
    if get_origin(annotation) is list:
        return f'{key} = ["..."]'
    return f"{key} = " + " or ".join(f'"{choice}"' for choice in get_args(annotation))


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    """The keys that a file may have at `location`."""
    return [key for key in _model_at(location).model_fields if location or key not in NOT_IN_FILES]


def _model_at(location: tuple[int | str, ...]) -> type[BaseModel]:
    """The record that stands at `location`, found by walking down from `Mechanism`."""
    model: Any = Mechanism
    named = False
    for part in location:
        if named or isinstance(part, int):  # a name that the user chose, or a place in a list
            named = False
            continue
        annotation = model.model_fields[part].annotation
        named = get_origin(annotation) is dict
        model = _record_in(annotation)
    return model


def _record_in(annotation: Any) -> Any:
    """The record class inside ``dict[str, X]``, ``list[X]``, ``X | None`` or ``X`` itself."""
    for inner in get_args(annotation):
        found = _record_in(inner)
        if isinstance(found, type) and issubclass(found, Record):
            return found
    return annotation
