"""Errors and warnings, each saying where, what is wrong, and what to try."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import Any, TypeVar

T = TypeVar("T")

# Mistakes reported together, and the length of one.
MOST_PROBLEMS = 30
MOST_CHARS = 1000


def printable(text: str, kept: str = "") -> str:
    r"""`text` with characters that a terminal would obey or not show written as escapes, ``\x1b``, except those in `kept`.

    These are control characters, marks of the writing direction, and bytes of file names that are no text.
    """
    if text.isprintable():
        return text
    return "".join(
        c
        if c.isprintable() or c in kept or unicodedata.category(c) == "Zs"
        else c.encode("unicode_escape").decode("ascii")
        for c in text
    )


def _one_line(problem: str) -> str:
    """`problem` as one printable line, cut in the middle if it is long."""
    if len(problem) > MOST_CHARS:
        problem = f"{problem[: MOST_CHARS // 2]} ... {problem[-MOST_CHARS // 2 :]}"
    return printable(problem)


class SbpathError(Exception):
    """Base class of sbpath errors."""


class InputError(SbpathError):
    """Invalid input: a file, a key or an argument.

    Parameters
    ----------
    problems : str or sequence of str
        One line per mistake, as ``where: what is wrong and what to do``. All mistakes in an
        input are reported together; of more than `MOST_PROBLEMS`, the first ones and the number of the others.
    """

    def __init__(self, problems: str | list[str] | tuple[str, ...]) -> None:
        given = (problems,) if isinstance(problems, str) else problems
        lines = tuple(map(_one_line, given[: MOST_PROBLEMS + 1]))
        if len(given) > len(lines):
            more = f"and {len(given) - MOST_PROBLEMS} more mistakes; correct these first"
            lines = (*lines[:MOST_PROBLEMS], more)
        self.problems: tuple[str, ...] = lines
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.problems,)


class Problems:
    """Collects the mistakes of one call, to report them together.

    Attributes
    ----------
    lines : list of str
        The mistakes so far.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, *lines: str) -> None:
        """Add mistakes."""
        self.lines += lines

    def attempt(self, make: Callable[..., T], *given: Any, name: str = "", otherwise: T | None = None) -> Any:
        """The result of `make`, or `otherwise` if it raises InputError, which is added under `name`."""
        try:
            return make(*given)
        except InputError as error:
            self.add(*(f"{name}: {problem}" if name else problem for problem in error.problems))
            return otherwise

    def check(self) -> None:
        """Raise InputError if there are mistakes."""
        if self.lines:
            raise InputError(self.lines)


class ValidityWarning(UserWarning):
    """A simulation is outside the range of validity of its mechanism."""


# In names up to this length, such as K5Sb4, two different letters make a different name.
SHORT_NAME_LENGTH = 5


def same_name(word: str, known: Iterable[str]) -> str | None:
    """The one name in `known` that is `word` in upper or lower case; None if there is none, or several."""
    known = tuple(known)
    same = [word] if word in known else [name for name in known if name.casefold() == word.casefold()]
    return same[0] if len(same) == 1 else None


def nearest(word: str, known: Iterable[str], otherwise: str) -> str:
    """``did you mean ...?`` with the name in `known` nearest to `word`, or else `otherwise`.

    Near is a slip of a letter or two, another case, or the parts in another order: ``sb-li`` for ``li-sb``.
    """
    folded = {name.casefold(): name for name in known}
    parts = _parts(word.casefold())
    near = [name for name in folded if _parts(name) == parts] or [
        name for name in difflib.get_close_matches(word.casefold(), folded) if _slip(word.casefold(), name)
    ]
    return f"did you mean {folded[near[0]]!r}?" if near else otherwise


def _parts(name: str) -> list[str]:
    """The words and numbers of a name, sorted."""
    return sorted(re.findall(r"\w+", name)) or [name]


def listed(numbers: Sequence[int], most: int = 6) -> str:
    """``1, 2, 3``; if there are more than `most`, ``1, 100, 200, ... 900, 1000``."""
    texts = [str(number) for number in numbers]
    if len(texts) > most:
        texts = [*texts[: most // 2], "... " + texts[-2], texts[-1]]
    return ", ".join(texts)


def _slip(word: str, name: str) -> bool:
    """Whether `word` is a misspelling of `name`; of a short name, by one letter, or two neighbours swapped."""
    if min(len(word), len(name)) > SHORT_NAME_LENGTH:
        return True
    if len(word) == len(name):
        wrong = [i for i, (a, b) in enumerate(zip(word, name, strict=True)) if a != b]
        swapped = len(wrong) == 2 and word[wrong[0] : wrong[1] + 1] == name[wrong[0] : wrong[1] + 1][::-1]
        if len(wrong) == 1 or (swapped and wrong[1] == wrong[0] + 1):
            return True
    return difflib.SequenceMatcher(None, word, name).ratio() >= 0.8  # one letter more or fewer


def optional(module: str, use: str, install: str) -> Any:
    """Import an optional module, or raise InputError.

    `use` is what needs it, `install` the argument of ``pip install``.
    """
    try:
        return import_module(module)
    except ImportError:
        package = module.partition(".")[0]
        raise InputError(f"{use}: needs {package}, which is not installed; pip install {install}") from None
