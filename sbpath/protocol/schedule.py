"""Blocks of cycles, ``3 x C/20, 10 x C/2``, and protocols as one text, ``3 x (step; step)``.

Both are lists whose items may be repeated together: ``2 x (3 x C/20, 10 x C/2)``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sbpath.arguments import items, shortened, whole
from sbpath.errors import InputError
from sbpath.protocol.steps import Rate

# A number of cycles, text such as "3 x C/20, 10 x C/2", or pairs of a number and a rate; a rate of None
# is the one given beside.
Cycles = int | str | Sequence[tuple[int, str | Rate | None]]
# One rate, or pairs of a number of cycles and a rate.
Rates = str | Rate | Sequence[tuple[int, str | Rate]]
# Blocks of cycles, read.
Blocks = tuple[tuple[int, Rate | None], ...]

MAX_CYCLES = 100_000
MAX_DEPTH = 20
CYCLES_EXAMPLE = "3 x C/20, 10 x C/2"
STEPS_EXAMPLE = "3 x (Discharge at C/20 until 0.05 V; Charge at C/20 until 1.2 V)"

_REPEATED = re.compile(r"(?:(\d+)\s*[x×*]\s*)?\((.*)\)", re.IGNORECASE | re.DOTALL)
_COMMENT = re.compile(r"(^|\s)#.*")
_BLOCK = re.compile(
    r"(?:then )?\s*(\d+)\s*(?:(?:[x×*]|(?:formation )?cycles? at|at)\s*(.+)|(?:cycles?)?)", re.IGNORECASE
)


def blocks(cycles: Cycles) -> Blocks:
    """Read blocks of cycles; those without a rate have None.

    Raises
    ------
    InputError
        If something is not a block, or there are no cycles or more than `MAX_CYCLES`.

    Examples
    --------
    >>> from sbpath.protocol.schedule import blocks
    >>> [(count, str(rate)) for count, rate in blocks("3 x C/20, 10 x C/2")]
    [(3, 'C/20'), (10, 'C/2')]
    """
    if isinstance(cycles, str):
        found = _written(cycles, 0)
    elif (pairs := items(cycles)) is not None:
        found = [_pair(pair) for pair in pairs]
    else:
        found = [(whole("cycles", cycles), None)]
    if not found:
        raise InputError(f"cycles: there are none; write a number, or blocks such as '{CYCLES_EXAMPLE}'")
    _check(sum(count for count, _ in found))
    return tuple(found)


def rates_of_cycles(cycles: Cycles, rate: Rates) -> list[Rate]:
    """The rate of each cycle; that of a block without one is `rate`, all of whose blocks count as one cycle.

    Raises
    ------
    InputError
        As `blocks`; also if `rate` is not a rate or pairs of a number and a rate.
    """
    plan = blocks(cycles)
    own: list[Rate] = []
    if any(current is None for _, current in plan):
        for count, current in [(1, rate)] if isinstance(rate, str | Rate) else blocks(rate):
            if current is None:
                raise InputError(
                    f"rate: must be such as 'C/10', or pairs such as (3, 'C/20'), not {rate!r:.60}"
                )
            own += count * [current if isinstance(current, Rate) else Rate.parse(current)]
    _check(sum(count * (len(own) if current is None else 1) for count, current in plan))
    return [
        each for count, current in plan for each in (own * count if current is None else [current] * count)
    ]


def blocks_text(given: Blocks) -> str:
    """Blocks as text, which `blocks` reads back."""
    return ", ".join(str(count) if rate is None else f"{count} x {rate}" for count, rate in given)


def written_cycles(text: str) -> list[tuple[str, ...]]:
    r"""The steps of each cycle of a protocol written as one text.

    Steps are separated by semicolons or line breaks. Steps in brackets are a cycle, repeated if a number
    stands before; so are steps outside of brackets that follow one another. Brackets may hold brackets.
    What follows a # at the beginning of a word is a comment.

    Raises
    ------
    InputError
        If a bracket is not closed or not opened, or there are more than `MAX_CYCLES` cycles.

    Examples
    --------
    >>> from sbpath.protocol.schedule import written_cycles
    >>> written_cycles("2 x (Discharge at C/2 until 0.05 V; Charge at C/2 until 1.5 V)\nRest for 1 h")[1:]
    [('Discharge at C/2 until 0.05 V', 'Charge at C/2 until 1.5 V'), ('Rest for 1 h',)]
    """
    return _cycles_of("\n".join(_COMMENT.sub("", line) for line in text.splitlines()), 0)


def _cycles_of(text: str, depth: int) -> list[tuple[str, ...]]:
    cycles: list[tuple[str, ...]] = []
    loose: list[str] = []
    for part in _parts(text, ";\n", depth, "protocol"):
        if group := _REPEATED.fullmatch(part):
            if loose:
                cycles.append(tuple(loose))
                loose = []
            inner, times = _cycles_of(group[2], depth + 1), _times(group[1], part, "protocol")
            _check(len(cycles) + times * len(inner), "protocol")
            cycles += inner * times
        elif part[0].isdecimal():
            raise InputError(
                f"protocol: '{_short(part)}' is no step; put steps that repeat in brackets, as in '{STEPS_EXAMPLE}'"
            )
        else:
            loose.append(part)
    return [*cycles, tuple(loose)] if loose else cycles


def _written(text: str, depth: int) -> list[tuple[int, Rate | None]]:
    found: list[tuple[int, Rate | None]] = []
    for part in _parts(text, ",;\n", depth, "cycles"):
        if group := _REPEATED.fullmatch(part):
            inner, times = _written(group[2], depth + 1), _times(group[1], part, "cycles")
            _check(times * sum(count for count, _ in inner))
            found += inner * times
        elif block := _BLOCK.fullmatch(part):
            try:
                rate = Rate.parse(block[2]) if block[2] else None
            except InputError as error:
                raise InputError(f"cycles: {error}") from None
            found.append((_times(block[1], part, "cycles"), rate))
        else:
            raise InputError(
                f"cycles: '{_short(part)}' is neither a whole number nor a block of cycles; write for example "
                f"'{CYCLES_EXAMPLE}'"
            )
    return found


def _parts(text: str, separators: str, depth: int, name: str) -> list[str]:
    """`text` split at separators outside of brackets; empty parts are left out."""
    if depth > MAX_DEPTH:
        raise InputError(f"{name}: brackets are nested more than {MAX_DEPTH} deep; write fewer")
    parts, open_brackets = [""], 0
    for sign in text:
        open_brackets += (sign == "(") - (sign == ")")
        if open_brackets < 0:
            raise InputError(f"{name}: ')' without '(' after '{_short(parts[-1])}'; add or remove one")
        if sign in separators and not open_brackets:
            parts.append("")
        else:
            parts[-1] += sign
    if open_brackets:
        raise InputError(f"{name}: '(' without ')' in '{_short(parts[-1])}'; add or remove one")
    return [part.strip() for part in parts if part.strip()]


def _pair(item: object) -> tuple[int, Rate | None]:
    pair = items(item)
    if pair is None or len(pair) != 2:
        raise InputError(
            f"cycles: a block is a number of cycles and a rate, (3, 'C/20'), not {shortened(item)}"
        )
    count, rate = pair
    return whole("cycles", count), rate if rate is None or isinstance(rate, Rate) else Rate.parse(rate)


def _times(digits: str | None, part: str, name: str) -> int:
    times = 1 if digits is None else int(digits[: len(str(MAX_CYCLES)) + 1])
    if times < 1:
        raise InputError(f"{name}: '{_short(part)}' has no cycle; write 1 or more")
    _check(times, name)
    return times


def _check(count: int, name: str = "cycles") -> None:
    if count > MAX_CYCLES:
        raise InputError(f"{name}: more than {MAX_CYCLES:,} cycles; write fewer")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:57]}..."
