"""Mechanism files: where they are, and what one of them contains.

The first gate is here: a file must be a regular one, of moderate size, and valid TOML.
"""

from __future__ import annotations

import json
import re
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

from sbpath.errors import InputError, nearest
from sbpath.files import is_file, is_folder, read_regular
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.toml_errors import syntax_problem

SHORT_NAMES = {"li": "li-sb", "na": "na-sb", "k": "k-sb"}
BIBLIOGRAPHY = "sources.toml"
ENDING = ".toml"

# Shipped files have up to 13 kB, their bibliography 21 kB; their tables are up to 5 deep.
MOST_BYTES = 200_000
MOST_DEPTH = 12
# Reading a dotted key takes a time that grows as the square of its length, so long ones are found before.
_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
_LONG_KEY = re.compile(rf"(?<![\w-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{MOST_DEPTH}}}")
_KNOWN_KEY = re.compile(rf"^[ \t]*\[*[ \t]*(?:extends|{'|'.join(Mechanism.model_fields)})\b", re.MULTILINE)


# Keys that only one kind of file has, and what takes such a file.
_KINDS = {
    "a mechanism file": ({"phases", "transformations", "extends"}, "sbpath simulate and --mechanism take"),
    "an experiment file": ({"curve", "target", "fractions"}, "sbpath read, overlay, fit, rank and plan take"),
    "the result of a fit": ({"covariance"}, "sbpath plan --fit and sbpath fit --again take"),
}


def check_kind(name: str | Path, document: dict[str, Any], kind: str) -> None:
    """Raise InputError if a document is of another kind than `kind`, with what takes such files."""
    if not _KINDS[kind][0] & document.keys():
        for other, (keys, takers) in _KINDS.items():
            if keys & document.keys():
                raise InputError(f"{name}: is {other}, which {takers}; give {kind} here")


def shipped_folder() -> Path:
    """The folder of the shipped mechanisms: inside the package, or next to it in a checkout."""
    inside = Path(str(resources.files("sbpath") / "mechanisms"))
    return inside if inside.is_dir() else Path(__file__).resolve().parents[2] / "mechanisms"


def shipped_names() -> list[str]:
    """Names of the shipped mechanisms, sorted."""
    return sorted(p.stem for p in shipped_folder().glob("*.toml") if p.name != BIBLIOGRAPHY)


def locate(name: str | Path) -> Path:
    """The file that `name` means: a path, a shipped name, or a short name.

    A name without a folder or ``.toml`` is looked up among the shipped ones.

    Raises
    ------
    InputError
        If there is no such file, or it is not a regular file that ends in ``.toml``.
    """
    text = str(name)
    if not is_path(text):
        return shipped_file(text)
    path = Path.home() / text[2:] if text.startswith("~/") else Path(text)
    if is_folder(path):
        raise InputError(f"{text}: is a folder; give the path of a mechanism file ({ENDING})")
    if is_file(path):
        if path.suffix.lower() != ENDING:
            raise InputError(f"{text}: is not a mechanism file; the name of one ends in {ENDING}")
        return path
    hint = "check the path"
    if path.stem in shipped_names():
        hint = f"the shipped mechanism of this name is written {path.stem!r}, without {ENDING}"
    raise InputError(f"{text}: there is no such file; {hint}")


def is_path(text: str) -> bool:
    """Whether `text` is the path of a file, not a shipped name."""
    return text.lower().endswith(ENDING) or "/" in text or "\\" in text


def shipped_file(text: str) -> Path:
    """The file of a shipped or short name, in upper or lower case.

    Raises
    ------
    InputError
        If there is none.
    """
    names, folded = shipped_names(), text.lower()
    shipped = SHORT_NAMES.get(folded, folded)
    if shipped not in names:
        if is_file(text):
            raise InputError(f"{text}: is not a mechanism file; the name of one ends in {ENDING}")
        hint = nearest(folded, [*names, *SHORT_NAMES], "`sbpath list` names them")
        raise InputError(
            f"{text[:60]}: no shipped mechanism has this name; {hint} (for your own file, give its path, ending in {ENDING})"
        )
    return shipped_folder() / f"{shipped}{ENDING}"


def shown(value: Any) -> str:
    """`value` as written in TOML, cut to a readable length."""
    text = repr(value) if isinstance(value, float) else json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def read_toml(path: Path) -> dict[str, Any]:
    """The document of one mechanism file, with ``extends`` unresolved.

    Raises
    ------
    InputError
        If it cannot be read, is not TOML, too large or nested too deeply, or has no key of a mechanism file. Nothing
        of a file without such a key is quoted.
    """
    bibliography = path == shipped_folder() / BIBLIOGRAPHY
    example = 'begin with extends = "li-sb", or see mechanisms/README.md'
    document, known = toml_document(path, "a mechanism file", _KNOWN_KEY, example, bibliography)
    check_kind(path, document, "a mechanism file")
    if not known:
        raise InputError(
            f"{path}: file: has no key of a mechanism file (title, ion, phases, ...); check the name, or see "
            "mechanisms/README.md"
        )
    return document


def toml_document(
    path: Path, what: str, known_key: re.Pattern[str], example: str, known: bool = False
) -> tuple[dict[str, Any], bool]:
    """The document of a TOML file, and whether it has a key that such a file has.

    Parameters
    ----------
    path : Path
        The file.
    what, example : str
        What it should be, with its article, and how to begin one.
    known_key : pattern
        A line with a key of such a file; nothing of a file without one is quoted.
    known : bool
        Whether it is such a file anyway.

    Raises
    ------
    InputError
        If it cannot be read, is not TOML, too large or nested too deeply.
    """
    content = read_regular(path, MOST_BYTES, what)
    try:
        # utf-8-sig: editors on Windows add a byte order mark, which TOML does not allow.
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}: line {line}: not UTF-8 text; save the file in UTF-8") from None
    known = known or known_key.search(text) is not None
    if long := _LONG_KEY.search(text):
        line = text.count("\n", 0, long.start()) + 1
        raise InputError(f"{path}: line {line}: {_too_deep(what)}")
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # not every ValueError is a TOMLDecodeError
        raise InputError(f"{path}: {syntax_problem(str(error), text, known, what)}") from None
    if not document:
        raise InputError(f"{path}: file: is empty; {example}")
    if known and depth(document) > MOST_DEPTH:
        raise InputError(f"{path}: file: {_too_deep(what)}")
    return document, known


def _too_deep(what: str) -> str:
    return f"tables or lists more than {MOST_DEPTH} deep; those of {what} are at most 5 deep"


def depth(value: Any) -> int:
    """How deeply tables and lists are nested in `value`."""
    levels, level = 0, [value]
    while level := [
        item
        for outer in level
        if isinstance(outer, dict | list)
        for item in (outer.values() if isinstance(outer, dict) else outer)
    ]:
        levels += 1
    return levels
