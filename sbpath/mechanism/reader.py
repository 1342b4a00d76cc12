"""From a mechanism file to a `Mechanism`, through three gates.

1. Syntax: the file is TOML (`tomllib`), and so is all that it builds on.
2. Shape: known keys, right types, sensible ranges (pydantic).
3. Meaning: what the records say fits together (`meaning`).

Each gate reports all that it finds as ``file: path: what is wrong and what to do``; a later
gate is tried only when the earlier one is passed. A file, or any table in it, can build on
another one with ``extends``: see `mechanisms/README.md`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from numbers import Real
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_json

from sbpath.errors import InputError, nearest
from sbpath.mechanism.designs import put_on
from sbpath.mechanism.documents import locate, merged_document, origin_of, shown
from sbpath.mechanism.meaning import meaning_problems
from sbpath.mechanism.records import Mechanism
from sbpath.mechanism.shape import NOT_IN_FILES, holds_number, shape_problems


def load_mechanism(
    name: str | Path, changes: Mapping[str, float] | None = None, design: str | Path | None = None
) -> Mechanism:
    """Read a mechanism: a shipped name (``"li-sb"``, short ``"li"``) or the path of a TOML file.

    Parameters
    ----------
    name : str or Path
        Which mechanism.
    changes : mapping of str to float, optional
        Numbers to put in place of the file's, by dotted path, e.g.
        ``{"interfaces.Sb|Li2Sb.energy_J_per_m2": 0.15}`` or
        ``{"phases.Li3Sb.galleries[1].potential_V": 1.0}``. They are marked as assumed.
    design : str or Path, optional
        An electrode design to build it as: a shipped name (``"nano"``) or the path of a file.

    Returns
    -------
    Mechanism

    Raises
    ------
    InputError
        With every mistake of keys and numbers, one line each; where these are sound, with every
        one of the chemistry that they make.

    Examples
    --------
    >>> import sbpath
    >>> mechanism = sbpath.load_mechanism("li-sb")
    >>> mechanism.title, tuple(mechanism.phases)
    ('Sb in a Li cell, liquid electrolyte', ('Sb', 'Li2Sb', 'Li3Sb'))
    >>> interface = mechanism.interface("Li2Sb", "Sb")
    >>> interface.energy_J_per_m2.value, interface.energy_J_per_m2.status
    (0.134, 'fitted')
    """
    path = locate(name)
    document = merged_document(path, ())
    problems = [
        f"{name}: {key}: unknown key; take it out, a mechanism has the name of its file"
        for key in NOT_IN_FILES
        if key in document
    ]
    document["name"] = path.stem
    if design is not None:
        put_on(document, design)
    problems += [f"{name}: {problem}" for problem in change_problems(document, changes or {})]
    if problems:
        raise InputError(problems)
    try:
        return mechanism_from_document(document, where=str(name))
    except InputError as error:
        raise InputError(
            [problem + origin_of(problem, str(name), path) for problem in error.problems]
        ) from None


def with_changes(mechanism: Mechanism, changes: Mapping[str, float]) -> Mechanism:
    """`mechanism` with other numbers, by dotted path as in `load_mechanism`.

    Raises
    ------
    InputError
        With every mistake found, one line each.

    Examples
    --------
    >>> import sbpath
    >>> mechanism = sbpath.load_mechanism("li-sb")
    >>> key = "interfaces.Sb|Li2Sb.energy_J_per_m2"
    >>> changed = sbpath.with_changes(mechanism, {key: 0.15})
    >>> changed.interface("Sb", "Li2Sb").energy_J_per_m2.value
    0.15
    """
    document = mechanism.document
    if problems := change_problems(document, changes):
        raise InputError([f"{mechanism.name}: {problem}" for problem in problems])
    return mechanism_from_document(document, where=mechanism.name)


def with_design(mechanism: Mechanism, design: str | Path) -> Mechanism:
    """`mechanism` built as another electrode, as in `load_mechanism`.

    Raises
    ------
    InputError
        With every mistake found, one line each.

    Examples
    --------
    >>> import sbpath
    >>> fine = sbpath.with_design(sbpath.load_mechanism("li-sb"), "nano")
    >>> fine.electrode.particle_radius_m.value
    1.5e-08
    """
    document = mechanism.document
    put_on(document, design)
    return mechanism_from_document(document, where=f"{mechanism.name}, {design}")


def mechanism_from_document(document: dict[str, Any], where: str) -> Mechanism:
    """Gates two and three on a merged document; `where` names it in the messages.

    Raises
    ------
    InputError
        With every mistake that a gate finds, one line each.
    """
    mechanism = mechanism_of_sound_document(document, where)
    problems = [f"{where}: {problem}" for problem in meaning_problems(mechanism)]
    if problems:
        raise InputError(problems)
    return mechanism


def mechanism_of_sound_document(document: dict[str, Any], where: str) -> Mechanism:
    """Gate two alone, for a document that was simulated or that is part of one that has passed gate three.

    A part may hold what no file should, such as nodes that no path leads to.

    Raises
    ------
    InputError
        With every mistake that the gate finds, one line each.
    """
    try:
        # Several times as fast as json.dumps, which counts where many variants are made.
        text = to_json(document, fallback=str).decode()
        return Mechanism.model_validate({**document, "document_json": text})
    except ValidationError as error:
        raise InputError([f"{where}: {problem}" for problem in shape_problems(error)]) from None


def change_problems(document: dict[str, Any], changes: Mapping[str, float]) -> list[str]:
    """Put each value at its dotted path in `document`; returns what is wrong."""
    if not isinstance(changes, Mapping):
        return [f"changes: must be a mapping of path to number, not {shown(changes)}"]
    problems = []
    for dotted, value in changes.items():
        try:
            change_number(document, str(dotted), value)
        except InputError as error:
            problems.append(f"{dotted}: {error}")
    return problems


def change_number(document: dict[str, Any], dotted: str, value: Any) -> tuple[int | str, ...]:
    """Put a number at a dotted path in `document`; returns the keys under which it now stands.

    Raises
    ------
    InputError
        If there is no number there, or `value` is none; without the path in the message.
    """
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise InputError(f"must be a finite number, not {shown(value)}")
    parent: Any = None
    table: Any = document
    step: Any = None
    location: list[int | str] = []
    for key in re.split(r"\.|(?=\[)", dotted):
        parent = table
        step = int(key[1:-1]) - 1 if re.fullmatch(r"\[\d+\]", key) else key
        here = range(len(table)) if isinstance(table, list) else table if isinstance(table, dict) else ()
        if step not in here and "|" in key:
            step = "|".join(reversed(key.split("|")))  # an interface has no direction
        location.append(step)
        if step not in here and isinstance(table, dict) and holds_number(tuple(location)):
            # A number that the format knows and this file does without, such as an activation energy.
            parent[step] = {"value": 0.0, "status": "assumed", "source": "sbpath", "note": "not given"}
        if step not in here:
            known = [f"[{i + 1}]" for i in here] if isinstance(table, list) else [str(k) for k in here]
            listed = f"here are: {', '.join(known)}" if known else "the path ends before it"
            raise InputError(f"there is no {key!r} here; {nearest(key, known, listed)}")
        table = table[step]
    number = float(value)
    if isinstance(table, dict) and "value" in table:
        parent, step, table = table, "value", table["value"]
        location.append(step)
    if isinstance(table, bool) or not isinstance(table, int | float):
        raise InputError("is not a number; give the path of one, e.g. kinetics.growth_rate_per_s")
    parent[step] = number
    if "status" in parent:
        parent.pop("fitted_to", None)
        parent.update(status="assumed", note=f"{step} set by the user in place of {table:g}")
    return tuple(location)
