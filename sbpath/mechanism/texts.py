"""Texts and names of a mechanism document: short enough, and safe to print and to draw."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from sbpath.errors import InputError, printable

# Keys of long texts, which may have several lines, and of tables of them.
LONG_TEXTS = {"description", "note", "fitted_to", "sources"}
MOST_CHARS_LONG = 10_000
# Keys with a tighter limit than other texts: what is drawn next to data or in titles, and what is parsed.
MOST_CHARS = {"label": 40, "graphs": 40, "structure": 80, "formula": 80, "title": 150, "equation": 500}
MOST_CHARS_OTHER = 200
MOST_CHARS_NAME = 130

Keys = tuple[str | int, ...]


def dotted_path(location: Keys) -> str:
    """``phases.LixSb.galleries[1].sites``, of keys and of places in lists, which count from 0."""
    parts = [f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in location]
    return "".join(parts).lstrip(".") or "file"


def text_problems(document: Any) -> Iterator[str]:
    """Each text or key of a document, or of records, that cannot be used: ``path: what is wrong and what to do``."""
    pending: list[tuple[Keys, Any]] = [((), document)]
    while pending:
        keys, value = pending.pop()
        if isinstance(value, str):
            if problem := _problem(value, keys):
                yield f"{dotted_path(keys)}: {problem}"
        elif isinstance(value, dict):
            for name in value:
                if problem := _unsafe(name) or _too_long(name, MOST_CHARS_NAME):
                    yield f"{dotted_path((*keys, name[:MOST_CHARS_NAME]))}: the name {problem}"
            pending += (((*keys, name), item) for name, item in value.items())
        elif isinstance(value, BaseModel):
            pending.append((keys, dict(value)))
        elif isinstance(value, list | tuple):
            pending += (((*keys, i), item) for i, item in enumerate(value))


def name_of(path: Path) -> str:
    """The name of a file without its ending, which names a mechanism or a design in texts and figures.

    Raises
    ------
    InputError
        If it has characters that cannot be printed or drawn.
    """
    if _unsafe(path.stem):
        raise InputError(f"{path}: file: rename it; use letters, digits, - and _ in the name")
    return path.stem


def _problem(text: str, keys: Keys) -> str:
    if {keys[0], keys[-1]} & LONG_TEXTS:
        return _unsafe(text.replace("$", "").replace("\\", ""), kept="\n\t") or _too_long(
            text, MOST_CHARS_LONG
        )
    key = next((key for key in reversed(keys) if isinstance(key, str)), "")
    return _unsafe(text) or _too_long(text, MOST_CHARS.get(key, MOST_CHARS_OTHER))


def _too_long(text: str, most: int) -> str:
    return f"has {len(text)} characters; at most {most} are allowed" if len(text) > most else ""


def _unsafe(text: str, kept: str = "") -> str:
    """Why `text` cannot be printed or drawn as it is, if so."""
    if printable(text, kept) != text:
        sign = next(c for c in text if printable(c, kept) != c)
        if sign in "\n\t\r":
            return f"must be one line of text, without {printable(sign)}"
        return f"has the invisible character {printable(sign)}; remove it"
    if "$" in text or "\\" in text:
        return "must not contain $ or \\; write formulas as Li2Sb or Li₂Sb, and Greek letters as they are"
    return ""
