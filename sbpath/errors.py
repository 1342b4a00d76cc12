"""The errors and warnings a user can meet, each saying where, what, and what to try."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any, TypeVar

T = TypeVar("T")


class SbpathError(Exception):
    """Base of every error that sbpath raises on purpose."""


class InputError(SbpathError):
    """Something given by the user is wrong: a file, a key, an argument.

    Parameters
    ----------
    problems : str or sequence of str
        One line per mistake, each of the form ``where: what is wrong and what to do``.
        All mistakes of one input are reported together.
    """

    def __init__(self, problems: str | list[str] | tuple[str, ...]) -> None:
        self.problems: tuple[str, ...] = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(self.problems))


class Problems:
    """Collects the mistakes of one call, so that all are reported together.

    Attributes
    ----------
    lines : list of str
        The mistakes so far.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, *lines: str) -> None:
        """Note some mistakes."""
        self.lines += lines

    def attempt(self, make: Callable[..., T], *given: Any, name: str = "", otherwise: T | None = None) -> Any:
        """What `make` gives, or `otherwise` where it raises InputError, which is noted under `name`."""
        try:
            return make(*given)
        except InputError as error:
            self.add(*(f"{name}: {problem}" if name else problem for problem in error.problems))
            return otherwise

    def check(self) -> None:
        """Raise InputError if there has been a mistake."""
        if self.lines:
            raise InputError(self.lines)


class ValidityWarning(UserWarning):
    """A simulation goes where the numbers of its mechanism are not meant to hold."""


# A name of so few letters, such as K5Sb4, is another one where two letters differ.
SHORT = 5


def nearest(word: str, known: Iterable[str], otherwise: str) -> str:
    """``did you mean ...?`` with the one of `known` nearest to `word`, or else `otherwise`."""
    folded = {name.casefold(): name for name in known}
    near = [n for n in difflib.get_close_matches(word.casefold(), folded) if _slip(word.casefold(), n)]
    return f"did you mean {folded[near[0]]!r}?" if near else otherwise


def _slip(word: str, name: str) -> bool:
    """Whether `word` is `name` with a slip in it: if one of them is short, a single letter."""
    if min(len(word), len(name)) > SHORT:
        return True
    if len(word) == len(name) and sum(a != b for a, b in zip(word, name, strict=True)) == 1:
        return True
    return difflib.SequenceMatcher(None, word, name).ratio() >= 0.8  # one letter more or fewer


def optional(module: str, use: str, install: str) -> Any:
    """A module that not everybody has installed, or one clear `InputError`.

    `use` is what needs it, `install` what follows ``pip install``.
    """
    try:
        return import_module(module)
    except ImportError:
        package = module.partition(".")[0]
        raise InputError(f"{use}: needs {package}, which is not installed; pip install {install}") from None
