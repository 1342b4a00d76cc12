"""Mechanisms that differ from one in a few numbers, made without reading the rest of it again.

`with_changes` does the same for any numbers; where thousands of mechanisms are made of one, it
would take a tenth of the time of their simulations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from sbpath.mechanism.meaning import number_problems
from sbpath.mechanism.reader import change_number, with_changes
from sbpath.mechanism.records import Mechanism, Record

# Tables of named records and lists of records, in which one record is read again; single tables are whole.
_OF_RECORDS = ("phases", "interfaces", "transformations")
_MARK = "@sbpath {} @"


class Variants:
    """A mechanism in which some numbers stand open.

    Parameters
    ----------
    mechanism : Mechanism
        With all its numbers.
    names : sequence of str
        Which are open, by dotted path as in `load_mechanism`.

    Raises
    ------
    InputError
        If a path is not that of a number.
    """

    def __init__(self, mechanism: Mechanism, names: Sequence[str]) -> None:
        self.mechanism, self.names = mechanism, tuple(names)
        document = mechanism.document
        self.places: list[tuple[Any, ...]] = [change_number(document, name, 1.0) for name in names]
        self.fields = {name: getattr(mechanism, name) for name in Mechanism.model_fields}
        # What is read again: a record of a table of records, or a table; a number at the top has neither.
        self.parts = [place[: 2 if place[0] in _OF_RECORDS else 1] for place in self.places]
        self.tables = {
            part: (type(_at(mechanism, part)), to_json(_at(document, part))) for part in self.parts
        }
        self.whole = not all(issubclass(kind, Record) for kind, _ in self.tables.values())
        for number, place in enumerate(self.places):
            _at(document, place[:-1])[place[-1]] = _MARK.format(number)
        text = to_json(document, fallback=str).decode()
        # The text between the numbers, which stand in the order of the document and not of `names`.
        marks = sorted(range(len(names)), key=lambda number: text.index(f'"{_MARK.format(number)}"'))
        self.order, self.texts = marks, []
        for number in marks:
            before, text = text.split(f'"{_MARK.format(number)}"')
            self.texts.append(before)
        self.rest = text

    def with_values(self, values: Sequence[float]) -> Mechanism:
        """The mechanism with these values, in the order of the names.

        Raises
        ------
        InputError
            As `with_changes` does, if the mechanism cannot have them.
        """
        changes = dict(zip(self.names, values, strict=True))
        if not changes:
            return self.mechanism
        if self.whole:
            return with_changes(self.mechanism, changes)
        tables = {part: from_json(text) for part, (_, text) in self.tables.items()}
        for part, place, value in zip(self.parts, self.places, values, strict=True):
            _at(tables[part], place[len(part) : -1])[place[-1]] = float(value)
        fields = dict(self.fields)
        try:
            for part, (kind, _) in self.tables.items():
                fields[part[0]] = _put(fields[part[0]], part[1:], kind.model_validate(tables[part]))
        except ValidationError:
            return with_changes(self.mechanism, changes)  # which says what is wrong
        numbers = [to_json(float(values[number])).decode() for number in self.order]
        pieces = (piece for pair in zip(self.texts, numbers, strict=True) for piece in pair)
        fields["document_json"] = "".join([*pieces, self.rest])
        variant = Mechanism.model_construct(**fields)
        if any(part[0] == "phases" for part in self.parts) and number_problems(variant):
            return with_changes(self.mechanism, changes)
        return variant


def _at(table: Any, place: Sequence[Any]) -> Any:
    """What stands at a place in a document or in the records made of it."""
    for step in place:
        table = getattr(table, step) if isinstance(table, Record) else table[step]
    return table


def _put(container: Any, place: Sequence[Any], record: Record) -> Any:
    """A table or list of records with another one at a place; the record itself if the place is its own."""
    if not place:
        return record
    (step,) = place
    if isinstance(container, Mapping):
        return MappingProxyType({**container, step: record})
    return tuple(record if i == step else old for i, old in enumerate(container))
