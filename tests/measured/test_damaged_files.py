"""Damaged files: no traceback, no hang, and no number that was not in the file before."""

from __future__ import annotations

import random
import time

import numpy as np
import pytest
from cycler_files import OTHERS, WRITERS, Style, log

from sbpath import InputError
from sbpath.measured.halves import measured_halves
from sbpath.measured.reader import read_cycler_file

ROWS = log(900.0)
JUNK = "#?xyz\0\x01\u20ac\u5de5'\"%&()"
SECONDS = 30.0


def lines_changed(rng, text):
    """A line removed, doubled, exchanged with the next, or replaced."""
    lines = text.split("\n")
    at = rng.randrange(len(lines) - 1)
    kind = rng.randrange(5)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(at, lines[at])
    elif kind == 2:
        lines[at], lines[at + 1] = lines[at + 1], lines[at]
    elif kind == 3:
        lines[at] = "".join(rng.choice(JUNK) for _ in range(30))
    else:
        lines.insert(at, lines[rng.randrange(min(len(lines), 30))])
    return "\n".join(lines)


def junk(rng, text):
    """Characters that are in no number, in place of others or between them."""
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(text))
        text = text[:at] + rng.choice(JUNK) + text[at + rng.randrange(2) :]
    return text


def without_a_mark(rng, text):
    """Separators removed or doubled."""
    marks = [i for i, character in enumerate(text) if character in ";\t"]
    if not marks:
        return text
    at = rng.choice(marks)
    return text[:at] + text[at] * (2 * rng.randrange(2)) + text[at + 1 :]


def cut(rng, text):
    return text[: rng.randrange(len(text))]


def blocks_exchanged(rng, text):
    lines = text.split("\n")
    a, b = sorted(rng.sample(range(len(lines)), 2))
    return "\n".join([*lines[:a], *lines[b:], *lines[a:b]])


def two_files(rng, text):
    return text + WRITERS[rng.choice(sorted(WRITERS))](ROWS, Style())


DAMAGES = (lines_changed, junk, without_a_mark, cut, blocks_exchanged, two_files)


def campaign(seed, writers):
    rng = random.Random(seed)
    name = rng.choice(sorted(writers))
    style = Style(comma=rng.random() < 0.5 or name in ("Bitrode",), sign=rng.choice((1, -1)))
    text = writers[name](ROWS, style)
    done = [rng.choice(DAMAGES) for _ in range(rng.randrange(1, 4))]
    for damage in done:
        text = damage(rng, text) if text.count("\n") > 2 else text
    content = bytearray(text.encode(rng.choice(("utf-8", "utf-16", "utf-16-le")), errors="replace"))
    if rng.random() < 0.2:
        content = content[: rng.randrange(1, len(content) + 1)]
    return f"{name}: {', '.join(damage.__name__ for damage in done)}", bytes(content)


def logged(volts, milliamperes):
    return round(volts, 3), round(abs(milliamperes), 4)


KNOWN = {logged(row.volts, row.mA) for row in ROWS}


def check(file, name, content):
    file.write_bytes(content)
    start = time.monotonic()
    try:
        curve = read_cycler_file(file)
        halves = measured_halves(curve, 1e-3) if np.any(curve.current_A) else ()
    except InputError as refused:
        problems = refused.problems
    else:
        problems = ("",)
        assert np.all(np.diff(curve.time_s) >= 0.0), name
        strange = [
            (v, i)
            for v, i in zip(curve.voltage_V, curve.current_A, strict=True)
            if not any(logged(v + dv, 1e3 * i) in KNOWN for dv in (0.0, 5e-4, -5e-4))
        ]
        assert strange == [], name
        assert all(np.all(np.diff(half.q) >= -1e-9) for half in halves), name
    assert len(problems) == 1, name
    assert "\n" not in problems[0], name
    assert time.monotonic() - start < SECONDS, name


# The last four have a row with a doubled separator, and a last number cut in a short file.
@pytest.mark.parametrize("seed", [*range(60), 2928, 3554, 6547, 8118])
def test_a_damaged_file(tmp_path, seed):
    check(tmp_path / "cell.csv", *campaign(seed, WRITERS))


# The last one has a row that was cut at the end of the file and then moved into it.
@pytest.mark.parametrize("seed", [*range(30), 5434])
def test_a_damaged_file_of_another_kind(tmp_path, seed):
    check(tmp_path / "cell.csv", *campaign(seed, OTHERS))


@pytest.mark.slow
@pytest.mark.parametrize("writers", [WRITERS, OTHERS], ids=["first", "others"])
def test_many_damaged_files(tmp_path, writers):
    for seed in range(1000, 6000):
        name, content = campaign(seed, writers)
        check(tmp_path / "cell.csv", f"{seed} {name}", content)
