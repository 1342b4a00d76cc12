"""Dotted paths to the numbers of a mechanism, to read or replace them.

A path uses the keys of the file and counts list entries from 1:
``interfaces.Sb|Li2Sb.energy_J_per_m2``, ``phases.Li3Sb.galleries[1].potential_V``, ``temperature_C``.
Replacing a number makes a new mechanism: the records along the path are rebuilt, all others are
shared.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from sbpath.arguments import as_number
from sbpath.errors import InputError, Problems, nearest
from sbpath.mechanism.consistency import number_problems
from sbpath.mechanism.documents import shown
from sbpath.mechanism.frozen import FrozenMapping
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.notation import plain_name
from sbpath.mechanism.records import Provenance, Quantity, Record
from sbpath.mechanism.schema_errors import NOT_IN_FILES, advice, holds_number
from sbpath.mechanism.texts import dotted_path

# Fields of a mechanism whose numbers are consistent with all others whatever they are, and all that hold records.
ALONE = frozenset({"interfaces", "kinetics", "electrode", "electrolyte"})
OF_RECORDS = ALONE | {"phases", "transformations"}

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
    0.1298
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
    problems = Problems()
    wanted: dict[Any, Any] = {}
    for path, number in changes.items():
        problems.attempt(_want, wanted, mechanism, str(path), number)
    changed = _with_items(mechanism, wanted, (), problems) if wanted else mechanism
    # Only changes to phases and top-level numbers can make the records inconsistent.
    if not problems.lines and not wanted.keys() <= ALONE:
        problems.add(*number_problems(changed))
    if problems.lines:
        raise InputError([f"{mechanism.name}: {problem}" for problem in problems.lines])
    if not wanted:
        return changed
    return changed.with_records(
        changes=FrozenMapping({**mechanism.changes, **{p: float(n) for p, n in changes.items()}})
    )


def displaced(mechanism: Mechanism, path: str, number: float) -> Mechanism:
    """A copy, unchecked, with a number so close to its own that it needs no check: for differences.

    Raises
    ------
    InputError
        If the path leads to no number.
    """
    item: Any = number
    for container, key in reversed(trail(mechanism, path)):
        if isinstance(container, Mechanism):
            item = container.with_records(**{key: item})
        elif isinstance(container, Record):
            item = container.model_copy(update={key: item})
        elif isinstance(container, tuple):
            item = (*container[:key], item, *container[key + 1 :])
        else:
            item = type(container)({**container, key: item})
    return item


def trail(mechanism: Mechanism, path: str) -> Trail:
    """The containers and keys that lead to the number at `path`; the last container holds it.

    Raises
    ------
    InputError
        If the path leads to no number.
    """
    try:
        return _way(mechanism, path)
    except InputError as error:
        raise InputError(f"{mechanism.name}: {error}") from None


def keys_of(mechanism: Mechanism, path: str) -> list[Any]:
    """What a path means, however it is written."""
    return [key for _, key in trail(mechanism, path)]


def _way(mechanism: Mechanism, path: str) -> Trail:
    found: Trail = []
    here: Any = mechanism
    try:
        for part in re.split(r"\.|(?=\[)", path):
            key = _key(here, part, found[-1][1] if found else "")
            found.append((here, key))
            here = _item(here, key)
    except InputError as error:
        raise InputError(f"{path}: {_near(mechanism, path) or error}") from None
    if isinstance(here, Quantity):
        found.append((here, "value"))
        here = here.value
    if here is None and holds_number(tuple(key for _, key in found)):
        return found
    if isinstance(here, bool) or not isinstance(here, int | float):
        raise InputError(f"{path}: is not a number; give the path of one, e.g. kinetics.growth_rate_per_s")
    return found


def _near(mechanism: Mechanism, path: str) -> str:
    """``did you mean electrode.particle_radius_m?`` where `path` ends like the path of one number."""
    last = path.rpartition(".")[2].casefold()
    named = [known for known, number in mechanism.numbers() if isinstance(number, Quantity)]
    keys = {known: known.rpartition(".")[2].casefold() for known in named}
    meant = [known for known, key in keys.items() if key == last or key.startswith(f"{last}_")]
    return (
        f"there is no such number; did you mean {meant[0]!r}?" if len(meant) == 1 and meant[0] != path else ""
    )


def _key(here: Any, part: str, before: Any) -> Any:
    """The key or index that `part` of a path means in `here`; `before` is the key that led to it."""
    if isinstance(here, Mapping) and part in here:
        return part
    if isinstance(here, Record) and part in type(here).model_fields and part not in NOT_IN_FILES:
        return part
    if isinstance(here, tuple):
        index = re.fullmatch(r"\[(\d+)\]", part)
        if index and 1 <= int(index[1]) <= len(here):
            return int(index[1]) - 1
        known = [f"[{i}]" for i in range(1, len(here) + 1)]
        hint = (
            f"write {before}[{part}]" if f"[{part}]" in known else f"available: {', '.join(known) or 'none'}"
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
    if isinstance(here, Mapping):
        # Phases as tables print them, Li₂Sb.
        plain = {plain_name(key): key for key in known}
        for key in map(plain_name, (part, reverse)):
            if key in plain:
                return plain[key]
    if here is None:
        raise InputError(
            f"there is no {before} here; give the whole table in a file, or take an electrolyte or design that has it"
        )
    listed = f"available: {', '.join(known)}" if known else "the path ends before it"
    raise InputError(f"there is no {part!r} here; {nearest(part, known, listed)}")


def _item(container: Any, key: Any) -> Any:
    return getattr(container, key) if isinstance(container, Record) else container[key]


def _want(wanted: dict[Any, Any], mechanism: Mechanism, path: str, number: Any) -> None:
    """Add to `wanted`, nested like the mechanism, that the value at `path` is to be `number`."""
    way = _way(mechanism, path)
    new = as_number(number)
    if new is None:
        raise InputError(f"{path}: must be a finite number, not {shown(number)}")
    for _, key in way[:-1]:
        wanted = wanted.setdefault(key, {})
    container, key = way[-1]
    wanted[key] = new
    if _item(container, key) is None:
        note = "set by the user, not given in the file"
        wanted[key] = Quantity(value=new, status="assumed", source="sbpath", note=note)


def _with_items(here: Any, wanted: dict[Any, Any], at: tuple[Any, ...], problems: Problems) -> Any:
    """The record, mapping or tuple at the keys `at` with other items, all at once; records with new numbers are validated."""
    items = {
        key: _with_items(_item(here, key), item, (*at, key), problems) if isinstance(item, dict) else item
        for key, item in wanted.items()
    }
    if isinstance(here, tuple):
        return tuple(items.get(i, item) for i, item in enumerate(here))
    if not isinstance(here, Record):
        return type(here)({**here, **items})
    if isinstance(here, Mechanism) and wanted.keys() <= OF_RECORDS:
        # They have been validated, and no text is new.
        return here.with_records(**items)
    given = {name: _plain(getattr(here, name)) for name in here.model_fields_set}
    given |= {name: _plain(item) for name, item in items.items()}
    if isinstance(here, Provenance):
        given.pop("fitted_to", None)
        old = [f"{key} set by the user in place of {_item(here, key):g}" for key in items]
        given |= {"status": "assumed", "note": "; ".join(old)}
    try:
        return type(here).model_validate(given)
    except ValidationError as error:
        for found in error.errors():
            problems.add(f"{dotted_path((*at, *found['loc']))}: {advice(found)}")
        return here


def _plain(item: Any) -> Any:
    """A tuple as a list and a mapping as a dict, as validation expects; their records are kept."""
    if isinstance(item, tuple):
        return list(item)
    return dict(item) if isinstance(item, Mapping) else item
