"""The second gate: the validation errors of pydantic in a chemist's words."""

from __future__ import annotations

from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from sbpath.errors import MOST_PROBLEMS, nearest
from sbpath.mechanism.documents import shown
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.records import Quantity, Record
from sbpath.mechanism.texts import dotted_path

# Fields of `Mechanism` that the reader fills in; in a file they are unknown keys.
NOT_IN_FILES = ("name", "design", "electrolyte_name", "changes")

# Errors reported before others: what is too long has many of these, and an unknown key explains a missing one.
FIRST_ERRORS = {"too_long": 0, "extra_forbidden": 1}
EXAMPLE_NUMBER = '{ value = 1.0, status = "assumed", source = "own", note = "why" }'
TYPE_MESSAGES = {
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "int_type": "must be a whole number",
    "string_type": "must be a string in quotes",
    "bool_type": "must be true or false",
    "dict_type": "must contain named tables",
    "list_type": "must be a list",
}


def schema_problems(error: ValidationError) -> list[str]:
    """Each mistake as ``path: what is wrong and what to do``."""
    problems: dict[str, str] = {}
    meant: set[tuple[int | str, ...]] = set()
    for found in sorted(error.errors(), key=lambda e: FIRST_ERRORS.get(e["type"], len(FIRST_ERRORS))):
        location = found["loc"]
        if found["type"] == "missing" and location in meant:
            continue  # a misspelt key is one mistake, not two
        if len(problems) > MOST_PROBLEMS:  # no more are shown, only counted
            problems.setdefault(dotted_path(location), "")
            continue
        if found["type"] == "extra_forbidden":
            words, place = _unknown(location)
            meant.add(place)
        elif _lacks_provenance(found):
            location = location[:-1]  # status and source are one mistake, not two
            words = f"a number needs its own status and source; write {_example_of(found['input'])}"
        else:
            words = advice(found)
        problems.setdefault(dotted_path(location), words)
    return [f"{path}: {words}" for path, words in problems.items()]


def _lacks_provenance(found: Any) -> bool:
    """Whether a number is given without status or source."""
    return found["type"] == "missing" and isinstance(found["input"], dict) and "value" in found["input"]


def _example_of(given: dict[str, Any]) -> str:
    """A number in full, with the value and what else is given."""
    value = given["value"]
    return EXAMPLE_NUMBER.replace("1.0", repr(value)) if type(value) in (int, float) else EXAMPLE_NUMBER


def advice(found: Any) -> str:
    """What is wrong with one entry, from a pydantic error, and what to do."""
    kind, given = found["type"], found["input"]
    if kind == "missing":
        return f"missing; add {_example(found['loc'])}"
    if kind == "value_error":
        return str(found["ctx"]["error"])
    if kind == "too_long":
        return f"has {len(given)} entries; at most {found['ctx']['max_length']} are allowed"
    if kind in ("less_than_equal", "greater_than_equal") and isinstance(given, float):
        word, limit = (
            ("most", found["ctx"].get("le"))
            if kind == "less_than_equal"
            else ("least", found["ctx"].get("ge"))
        )
        return f"must be at {word} {limit:g}, not {given:g}"
    if kind == "too_short":
        return "is empty; give at least one"
    if kind in ("model_type", "dict_type") and isinstance(given, list):
        return "must be one table, not a list of them; write its heading with single brackets, [...]"
    if kind == "list_type" and isinstance(given, dict):
        return "must be a list of tables; write its heading with double brackets, [[...]]"
    if kind == "list_type" and isinstance(given, str):
        return f"must be a list; put it in brackets, [{shown(given)}]"
    if kind == "model_type" and found["ctx"]["class_name"] == Quantity.__name__:
        number = f"{given!r}" if type(given) in (int, float) else "1.0"
        return f"needs its provenance, not only {shown(given)}; write {EXAMPLE_NUMBER.replace('1.0', number)}"
    if kind == "model_type":
        return f"must be a table, not {shown(given)}; write a heading [{dotted_path(found['loc'])}] and its keys below"
    message = TYPE_MESSAGES.get(kind) or found["msg"].replace("Input should be", "must be")
    return f"{message[0].lower()}{message[1:]}, not {shown(given)}"


def _unknown(location: tuple[int | str, ...]) -> tuple[str, tuple[int | str, ...]]:
    """Advice on an unknown key, and the location of the key probably meant."""
    *table, key = location
    known = _known_keys(location[:-1])
    if key == "extends":
        return "cannot be used in a list; extend the table that contains the list", ()
    if key in _known_keys(()):
        return "unknown here; it belongs at the top of the file, above the first [table]", (key,)
    for home in ("kinetics", "electrode", "electrolyte"):
        if "_" in str(key) and key in _known_keys((home,)):  # not for common words such as "name"
            return f"unknown here; it belongs in [{home}]", (home, key)
    if location[0] == "phases" and len(location) == 3 and str(key)[:1].isdigit():
        # [phases.Li3.75Si] is a table in a table.
        return (
            f"a name has no dot; call it {table[1]}_{key}, and write the number of atoms into its formula",
            (),
        )
    hint = nearest(str(key), known, f"known here: {', '.join(known)}")
    return f"unknown key; {hint}", (*table, hint.partition("'")[2].removesuffix("'?"))


def _example(location: tuple[int | str, ...]) -> str:
    """An example of a missing entry."""
    key = str(location[-1])
    annotation = _model_at(location[:-1]).model_fields[key].annotation
    record = _record_in(annotation)
    if record is Quantity:
        return f"{key} = {EXAMPLE_NUMBER}"
    if annotation is str:
        return f'{key} = "..."'
    if annotation is bool:
        return f"{key} = true or false"
    if annotation is float:
        return f"{key} = 1.0, with your number"
    if isinstance(record, type) and issubclass(record, Record):
        return f"the table [{dotted_path(location)}]"
    if get_origin(annotation) is list:
        return f'{key} = ["..."]'
    return f"{key} = " + " or ".join(f'"{choice}"' for choice in get_args(annotation))


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    """The keys that a file may have at `location`."""
    return [key for key in _model_at(location).model_fields if location or key not in NOT_IN_FILES]


def holds_number(location: tuple[int | str, ...]) -> bool:
    """Whether `location` is that of a number with provenance, given or not."""
    *table, key = location
    try:
        field = _model_at(tuple(table)).model_fields.get(str(key))
    except (KeyError, AttributeError):
        return False
    return field is not None and _record_in(field.annotation) is Quantity


def _model_at(location: tuple[int | str, ...]) -> type[BaseModel]:
    """The record class at `location`, found by descending from `Mechanism`."""
    model: Any = Mechanism
    named = False
    for part in location:
        if named or isinstance(part, int):  # a name chosen by the user, or a list index
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
