"""Numbers that a file takes from another one: what was fitted there is not fitted here.

A number is fitted to cells of one host with one alkali metal. Where ``extends`` carries it into a file
of another host or another ion, it is an assumption there: the reader marks it so and says whose it is.
A phase is the same in every host, so its own numbers stay as they are while the ion is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sbpath.mechanism.chemistry import composition, node_contents

Keys = tuple[str | int, ...]


@dataclass(frozen=True)
class Loan:
    """A fitted number of the file `lender`, a system of `ion` and `host`, that another file takes at `keys`."""

    keys: Keys
    number: dict[str, Any]
    lender: str
    ion: Any
    host: dict[str, float]


def loans_of(table: Any, at: Sequence[str], document: dict[str, Any], lender: str) -> list[Loan]:
    """The fitted numbers in `table` of the lender's `document`, taken at the keys `at`."""
    host = _host(document)
    if host is None:  # a piece of a mechanism, that belongs to none
        return []
    return [
        Loan((*at, *keys), dict(number), lender, document.get("ion"), host) for keys, number in _fitted(table)
    ]


def settle(document: dict[str, Any], loans: Sequence[Loan]) -> None:
    """Mark in `document` the loans that stand in it unchanged and are another system's."""
    host = _host(document)
    if host is None:
        return
    for loan in loans:
        same_ion = loan.ion == document.get("ion")
        if same_ion and (loan.host == host or loan.keys[0] == "phases"):
            continue
        found = _at(document, loan.keys)
        if not isinstance(found, dict) or {**found, "note": None} != {**loan.number, "note": None}:
            continue  # it has a number, or a reason, of its own
        note = f"transferred from {loan.lender}: {found.pop('fitted_to', '')}"
        if own := found.get("note"):
            note += f"; {own}"
        found.update(status="assumed", note=note)


def _host(document: dict[str, Any]) -> dict[str, float] | None:
    """Mol of each element per Sb of the electrode as built, without alkali; None if it cannot be told."""
    try:
        phases, ion = document["phases"], document["ion"]
        contents = node_contents(phases, document.get("assemblages", {}))[document["initial_phase"]]
        elements = composition(contents, {name: phases[name]["formula"] for name in contents})
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return {element: round(amount, 9) for element, (amount, _) in elements.items() if element != ion}


def _fitted(value: Any, keys: Keys = ()) -> Iterator[tuple[Keys, dict[str, Any]]]:
    """Every fitted number in a table or a list, with the keys that lead to it."""
    if isinstance(value, dict) and value.get("status") == "fitted":
        yield keys, value
    elif isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _fitted(inner, (*keys, key))


def _at(value: Any, keys: Keys) -> Any:
    """What stands at `keys`, or None."""
    for key in keys:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value
