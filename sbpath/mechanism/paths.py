"""Dotted paths to the numbers of a mechanism, to read or replace them.

A path uses the keys of the file and counts list entries from 1:
``interfaces.Sb|Li2Sb.energy_J_per_m2``, ``phases.Li3Sb.galleries[1].potential_V``, ``temperature_C``.
Replacing a number makes a new mechanism: the records along the path are rebuilt, all others are
shared.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from numbers import Real
from typing import Any

from pydantic import ValidationError

from sbpath.errors import InputError, nearest
from sbpath.mechanism.consistency import number_problems
from sbpath.mechanism.documents import shown
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.records import Provenance, Quantity, Record
from sbpath.mechanism.schema_errors import NOT_IN_FILES, advice, holds_number

# The containers along a path, outermost first: each record, mapping or tuple with the key taken in it.
Trail = list[tuple[Any, Any]]


def value(mechanism: Mechanism, path: str) -> float:
    """The number at a dotted path, in the unit given by its key.

    Raises
    ------
    InputError
        If the path leads to no number, or to an optional one that the file omits.

    Examples
    --------
    >>> import sbpath
    >>> sbpath.value(sbpath.load_mechanism("li-sb"), "interfaces.Sb|Li2Sb.energy_J_per_m2")
    0.134
    """
    container, key = trail(mechanism, path)[-1]
    found = _item(container, key)
    if found is None:
        raise InputError(
            f"{mechanism.name}: {path}: the file does not give this number; add one first, "
            f"e.g. with_changes(mechanism, {{{path!r}: ...}})"
        )
    return float(found)


def with_changes(mechanism: Mechanism, changes: Mapping[str, float]) -> Mechanism:
    """A copy of `mechanism` with new numbers, by dotted path, marked as assumed.

    Raises
    ------
    InputError
        With every mistake found, one line each.

    Examples
    --------
    >>> import sbpath
    >>> mechanism = sbpath.load_mechanism("li-sb")
    >>> path = "interfaces.Sb|Li2Sb.energy_J_per_m2"
    >>> sbpath.value(sbpath.with_changes(mechanism, {path: 0.15}), path)
    0.15
    """
    if not isinstance(changes, Mapping):
        raise InputError(
            f"{mechanism.name}: changes: must be a mapping of path to number, not {shown(changes)}"
        )
    changed, problems, consistent = mechanism, [], True
    for path, number in changes.items():
        try:
            changed = _with_number(changed, str(path), number)
        except InputError as error:
            problems += error.problems
        # Only changes to phases and top-level numbers can make the records inconsistent.
        consistent &= str(path).partition(".")[0] in ("interfaces", "kinetics", "electrode", "electrolyte")
    if not problems and not consistent:
        problems = [f"{mechanism.name}: {problem}" for problem in number_problems(changed)]
    if problems:
        raise InputError(problems)
    return changed


def trail(mechanism: Mechanism, path: str) -> Trail:
    """The containers and keys that lead to the number at `path`; the last container holds it.

    Raises
    ------
    InputError
        If the path leads to no number.
    """
    found: Trail = []
    here: Any = mechanism
    try:
        for part in re.split(r"\.|(?=\[)", path):
            key = _key(here, part, found[-1][1] if found else "")
            found.append((here, key))
            here = _item(here, key)
    except InputError as error:
        raise InputError(f"{mechanism.name}: {path}: {error}") from None
    if isinstance(here, Quantity):
        found.append((here, "value"))
        here = here.value
    if here is None and holds_number(tuple(key for _, key in found)):
        return found
    if isinstance(here, bool) or not isinstance(here, int | float):
        raise InputError(
            f"{mechanism.name}: {path}: is not a number; give the path of one, e.g. kinetics.growth_rate_per_s"
        )
    return found


def _key(here: Any, part: str, before: Any) -> Any:
    """The key or index that `part` of a path means in `here`; `before` is the key that led to it."""
    if isinstance(here, tuple):
        index = re.fullmatch(r"\[(\d+)\]", part)
        if index and 1 <= int(index[1]) <= len(here):
            return int(index[1]) - 1
        known = [f"[{i}]" for i in range(1, len(here) + 1)]
        hint = (
            f"write {before}[{part}]" if f"[{part}]" in known else f"here are: {', '.join(known) or 'none'}"
        )
        raise InputError(f"there is no {part!r} here; {hint}")
    if isinstance(here, Record):
        known = [name for name in type(here).model_fields if name not in NOT_IN_FILES]
    else:
        known = list(here) if isinstance(here, Mapping) else []
    reverse = "|".join(reversed(part.split("|")))  # an interface has no direction
    for key in (part, reverse):
        if key in known:
            return key
    listed = f"here are: {', '.join(known)}" if known else "the path ends before it"
    raise InputError(f"there is no {part!r} here; {nearest(part, known, listed)}")


def _item(container: Any, key: Any) -> Any:
    return getattr(container, key) if isinstance(container, Record) else container[key]


def _with_number(mechanism: Mechanism, path: str, number: Any) -> Any:
    way = trail(mechanism, path)
    if isinstance(number, bool) or not isinstance(number, Real) or not math.isfinite(number):
        raise InputError(f"{mechanism.name}: {path}: must be a finite number, not {shown(number)}")
    container, key = way[-1]
    old = _item(container, key)
    new: Any = float(number)
    if old is None:
        new = Quantity(
            value=new, status="assumed", source="sbpath", note="set by the user, not given in the file"
        )
    try:
        for container, key in reversed(way):
            new = _with_item(container, key, new)
            if isinstance(new, Provenance) and container is way[-1][0]:
                new = _as_assumed(new, f"{key} set by the user in place of {old:g}")
    except ValidationError as error:
        raise InputError(f"{mechanism.name}: {path}: {advice(error.errors()[0])}") from None
    return new


def _with_item(container: Any, key: Any, new: Any) -> Any:
    """A copy of a record, mapping or tuple with one item replaced; a record is validated."""
    if isinstance(container, Record):
        given = {name: _plain(getattr(container, name)) for name in container.model_fields_set}
        return type(container).model_validate({**given, key: _plain(new)})
    if isinstance(container, tuple):
        return tuple(new if i == key else item for i, item in enumerate(container))
    return {**container, key: new}


def _plain(item: Any) -> Any:
    """A tuple as a list and a mapping as a dict, as validation expects; their records are kept."""
    if isinstance(item, tuple):
        return list(item)
    return dict(item) if isinstance(item, Mapping) else item


def _as_assumed(number: Provenance, note: str) -> Provenance:
    given = {name: getattr(number, name) for name in number.model_fields_set if name != "fitted_to"}
    return type(number).model_validate({**given, "status": "assumed", "note": note})
