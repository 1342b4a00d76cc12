"""Mechanism documents as text: the TOML that a person would write."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def toml_text(document: dict[str, Any]) -> str:
    """`document` as TOML, which `tomllib` reads back unchanged.

    Parameters
    ----------
    document : dict
        Tables, lists and values, with or without ``extends``; no key or value is None. Numbers with their
        provenance are written inline, a line each.

    Examples
    --------
    >>> from sbpath.mechanism.toml_text import toml_text
    >>> print(toml_text({"ion": "K", "interfaces": {"Sb|KSb": {"energy_J_per_m2": {"value": 0.2}}}}))
    ion = "K"
    <BLANKLINE>
    [interfaces."Sb|KSb"]
    energy_J_per_m2 = { value = 0.2 }
    <BLANKLINE>
    """
    return "\n".join(_table(document, ())).lstrip("\n") + "\n"


def _table(table: dict[str, Any], path: tuple[str, ...], item: bool = False) -> Iterator[str]:
    """The lines of a table, or with `item` of one in a list: its values before the tables in it."""
    inner = [key for key, value in table.items() if _is_table(value) or _is_list_of_tables(value)]
    own = [key for key in table if key not in inner]
    if path and (own or item or not inner):
        name = ".".join(map(_key, path))
        yield ""
        yield f"[[{name}]]" if item else f"[{name}]"
    yield from (f"{_key(key)} = {_value(table[key])}" for key in own)
    for key in inner:
        if isinstance(table[key], dict):
            yield from _table(table[key], (*path, key))
        else:
            for each in table[key]:
                yield from _table(each, (*path, key), item=True)


def _is_table(value: Any) -> bool:
    """Whether `value` is a table that gets a heading; a number with its provenance does not."""
    return isinstance(value, dict) and "status" not in value and "value" not in value


def _is_list_of_tables(value: Any) -> bool:
    """Whether `value` is a list of tables, each with a heading."""
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else f'"{_escaped(key)}"'


def _value(value: Any) -> str:
    value = value.item() if getattr(value, "shape", None) == () else value  # of NumPy
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_key(key)} = {_value(inner)}' for key, inner in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return repr(value)


def _string(text: str) -> str:
    """A basic string, of several lines if `text` has them."""
    if "\n" in text:
        lines = map(_escaped, text.split("\n"))
        return '"""\n' + "\n".join(lines) + '"""'
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1].replace("\x7f", "\\u007f")
