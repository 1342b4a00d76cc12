"""Fitted numbers that a file inherits from another: fitted there, assumed here.

A number is fitted to cells with one host and one alkali metal. If ``extends`` carries it over to
another host or ion, the reader marks it as assumed and notes where it comes from. Numbers of a phase
do not depend on the host, so they keep their status while the ion is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sbpath.mechanism.chemistry import composition, node_contents

Keys = tuple[str | int, ...]


@dataclass(frozen=True)
class InheritedNumber:
    """A fitted number inherited at `keys` from the file `origin`, a system of `ion` and `host`."""

    keys: Keys
    number: dict[str, Any]
    origin: str
    ion: Any
    host: dict[str, float]


def inherited_numbers(
    table: Any, at: Sequence[str], document: dict[str, Any], origin: str
) -> list[InheritedNumber]:
    """The fitted numbers in `table`, inherited at the keys `at` from the `document` of `origin`."""
    host = _host(document)
    if host is None:  # a fragment that belongs to no system
        return []
    return [
        InheritedNumber((*at, *keys), dict(number), origin, document.get("ion"), host)
        for keys, number in _fitted_numbers(table)
    ]


def mark_transferred(document: dict[str, Any], inherited: Sequence[InheritedNumber]) -> None:
    """Mark inherited numbers as assumed where `document` keeps those of another system."""
    host = _host(document)
    if host is None:
        return
    for item in inherited:
        same_ion = item.ion == document.get("ion")
        if same_ion and (item.host == host or item.keys[0] == "phases"):
            continue
        found = _at(document, item.keys)
        if not isinstance(found, dict) or {**found, "note": None} != {**item.number, "note": None}:
            continue  # overridden in this file
        note = f"transferred from {item.origin}: {found.pop('fitted_to', '')}"
        if own := found.get("note"):
            note += f"; {own}"
        found.update(status="assumed", note=note)


def _host(document: dict[str, Any]) -> dict[str, float] | None:
    """Mol of each element per Sb of the electrode as built, without alkali; None if unknown."""
    try:
        phases, ion = document["phases"], document["ion"]
        contents = node_contents(phases, document.get("assemblages", {}))[document["initial_phase"]]
        elements = composition(contents, {name: phases[name]["formula"] for name in contents})
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return {element: round(amount, 9) for element, (amount, _) in elements.items() if element != ion}


def _fitted_numbers(value: Any, keys: Keys = ()) -> Iterator[tuple[Keys, dict[str, Any]]]:
    """Every fitted number in a table or a list, with the keys that lead to it."""
    if isinstance(value, dict) and value.get("status") == "fitted":
        yield keys, value
    elif isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _fitted_numbers(inner, (*keys, key))


def _at(value: Any, keys: Keys) -> Any:
    """The item at `keys`, or None."""
    for key in keys:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value
