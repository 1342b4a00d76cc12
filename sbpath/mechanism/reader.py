"""Read a mechanism file into a `Mechanism`, through three gates.

1. Syntax: the file, and all that it extends, is valid TOML (`tomllib`).
2. Schema: known keys, correct types, sensible ranges (pydantic).
3. Consistency: the records agree with each other (`consistency`).

Each gate reports all mistakes as ``file: path: what is wrong and what to do``, and runs only if
the one before it passed. A file, or any table in it, can build on another one with ``extends``:
see `mechanisms/README.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sbpath.errors import InputError
from sbpath.mechanism.consistency import consistency_problems
from sbpath.mechanism.designs import DESIGNS, ELECTROLYTES, Part
from sbpath.mechanism.documents import locate
from sbpath.mechanism.extends import Load, origin_of
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.paths import with_changes
from sbpath.mechanism.schema_errors import NOT_IN_FILES, schema_problems
from sbpath.mechanism.texts import name_of

# How many problems of what is left over from an extended file are shown.
MOST_LEFT = 2


def load_mechanism(
    name: str | Path,
    changes: Mapping[str, float] | None = None,
    design: str | Path | None = None,
    electrolyte: str | Path | None = None,
) -> Mechanism:
    """Read a mechanism: a shipped name (``"li-sb"``, short ``"li"``) or the path of a TOML file.

    Parameters
    ----------
    name : str or Path
        Shipped name or path.
    changes : mapping of str to float, optional
        Numbers that replace the file's, by dotted path, e.g.
        ``{"interfaces.Sb|Li2Sb.energy_J_per_m2": 0.15}`` or
        ``{"phases.Li3Sb.galleries[1].potential_V": 1.0}``. They are marked as assumed.
    design : str or Path, optional
        Electrode design: a shipped name (``"nano"``) or the path of a file.
    electrolyte : str or Path, optional
        Electrolyte: a shipped name (``"fec"``) or the path of a file. It brings the film.

    Returns
    -------
    Mechanism

    Raises
    ------
    InputError
        With every mistake in keys and numbers, one line each; if there are none, with every
        inconsistency.

    Examples
    --------
    >>> import sbpath
    >>> mechanism = sbpath.load_mechanism("li-sb")
    >>> mechanism.title, tuple(mechanism.phases)
    ('Sb in a Li cell, liquid electrolyte', ('Sb', 'Li2Sb', 'Li3Sb'))
    >>> interface = mechanism.interface("Li2Sb", "Sb")
    >>> interface.energy_J_per_m2.value, interface.energy_J_per_m2.status
    (0.1298, 'fitted')
    """
    path = locate(name)
    load = Load(path)
    document = load.document()
    problems = [
        f"{name}: {key}: unknown key; remove it, a mechanism is named after its file"
        for key in NOT_IN_FILES
        if key in document
    ]
    document["name"] = name_of(path)
    if design is not None:
        DESIGNS.apply(document, design)
    if electrolyte is not None:
        ELECTROLYTES.apply(document, electrolyte)
    if problems:
        raise InputError(problems)
    try:
        mechanism = mechanism_from_document(document, where=str(name))
    except InputError as error:
        problems = [problem + origin_of(problem, str(name), load) for problem in error.problems]
        raise InputError(_with_advice(str(name), load, problems)) from None
    return with_changes(mechanism, {} if changes is None else changes)


def mechanism_from_written(document: dict[str, Any], path: str | Path) -> Mechanism:
    """The mechanism of a `document` that is to become the file `path`: what `load_mechanism` will read from it.

    Raises
    ------
    InputError
        As `load_mechanism`.
    """
    load = Load(Path(path), {Path(path).resolve(): document})
    merged = load.document()
    merged["name"] = name_of(Path(path))
    return mechanism_from_document(merged, where=str(path))


def _with_advice(name: str, load: Load, problems: list[str]) -> list[str]:
    """`problems`, with a line on what ``extends`` keeps and replaces where that is their likely cause."""
    own = load.read(load.path)
    left = [line for line in problems if " on the graph " in line or "assemblage" in line]
    if "extends" not in own or not left or not {"phases", "assemblages", "transformations"} & own.keys():
        return problems
    advice = (
        f"{name}: extends: the phases and assemblages of {own['extends']!r} all stay, and transformations here replace "
        "all of its; repeat those to keep, or for other phases copy that file and edit the copy"
    )
    others = [line for line in problems if line not in left]
    return [*others, *left[:MOST_LEFT], advice]


def with_design(mechanism: Mechanism, design: str | Path) -> Mechanism:
    """`mechanism` with an electrode design, as in `load_mechanism`.

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
    return _with_part(mechanism, DESIGNS, design)


def with_electrolyte(mechanism: Mechanism, electrolyte: str | Path) -> Mechanism:
    """`mechanism` in another electrolyte, as in `load_mechanism`.

    Raises
    ------
    InputError
        With every mistake found, one line each.

    Examples
    --------
    >>> import sbpath
    >>> filmed = sbpath.with_electrolyte(sbpath.load_mechanism("na-sb"), "fec")
    >>> filmed.electrolyte.film.onset_potential_V.value
    0.47
    """
    return _with_part(mechanism, ELECTROLYTES, electrolyte)


def _with_part(mechanism: Mechanism, part: Part, name: str | Path) -> Mechanism:
    document = mechanism.document
    part.apply(document, name)
    return mechanism_from_document(document, where=f"{mechanism.name}, {name}")


def mechanism_from_document(document: dict[str, Any], where: str) -> Mechanism:
    """Gates two and three for a merged document; `where` names it in messages.

    Raises
    ------
    InputError
        With every mistake that a gate finds, one line each.
    """
    mechanism = mechanism_from_valid_document(document, where)
    problems = [f"{where}: {problem}" for problem in consistency_problems(mechanism)]
    if problems:
        raise InputError(problems)
    return mechanism


def mechanism_from_valid_document(document: dict[str, Any], where: str) -> Mechanism:
    """Gate two alone, for a document, or part of one, that has already passed gate three.

    A part may hold what a file may not, such as nodes that cannot be reached.

    Raises
    ------
    InputError
        With every mistake that the gate finds, one line each.
    """
    try:
        return Mechanism.model_validate(document)
    except InputError as error:
        raise InputError([f"{where}: {problem}" for problem in error.problems]) from None
    except ValidationError as error:
        raise InputError([f"{where}: {problem}" for problem in schema_problems(error)]) from None


def file_document(mechanism: Mechanism) -> dict[str, Any]:
    """The document of a file that is this mechanism, for `toml_text`; changed numbers say so in their notes."""
    document = mechanism.document
    return {
        key: _written(value)
        for key, value in document.items()
        if key not in NOT_IN_FILES and value is not None
    }


def _written(value: Any) -> Any:
    """Dicts and lists, without what is None."""
    if isinstance(value, dict):
        return {key: _written(item) for key, item in value.items() if item is not None}
    return [_written(item) for item in value] if isinstance(value, list) else value
