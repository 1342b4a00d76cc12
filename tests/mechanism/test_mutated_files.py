"""Thousands of damaged mechanism files: each is refused in a few clear lines, or read with exactly its numbers."""

from __future__ import annotations

import random
import re
import time
import tomllib
from pathlib import Path

import pytest
from matplotlib import pyplot

import sbpath
from sbpath import InputError, load_mechanism
from sbpath.errors import MOST_PROBLEMS, SbpathError
from sbpath.mechanism.documents import shipped_folder
from sbpath.model.sanity import sanity_warnings
from sbpath.text.mechanism_sheet import mechanism_report

pytestmark = pytest.mark.slow
BASES = (
    "li-sb",
    "na-sb",
    "k-sb",
    "k-sb4o5cl2",
    "li-tisb2",
    "li-znsnsb2",
    "na-nisb",
    "li-sb-llzo",
    "na-sb-nasb",
)
FILES, BATCHES = 6000, 12
NUMBER = re.compile(r"(?<![\w.-])-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w.])")
STRING = re.compile(r'"[^"\n]*"')
KEY = re.compile(r"^([\w.|\"-]+) *=", re.MULTILINE)
HEADING = re.compile(r"^\[+[^\n]*\]+ *$", re.MULTILINE)
VALUES = (
    "0", "-1", "-0.0", "1e308", "-1e308", "1e-320", "5e-324", "nan", "inf", "-inf", "true", "false", '"x"', "[]", "{}", "[1.0, 2.0]",
    "9" * 400, "0x1F", "1_000", "1.", ".5", "1,5", "1979-05-27", "07:32:00", "{ value = 1.0 }", "1e999", "1e5", "0.5", "3", "1e-9",
)  # fmt: skip
TEXTS = (
    '""', '"$\\\\frac{1$"', '"\\u001b[2J"', '"\\u202eSb"', '"K2O?"', '"Sb0"', '"x"', '"' + "a" * 20_000 + '"', '"a\\nb"', '"Li(x-1)Sb"',
    '"Sb -> Sb"', '"-> ->"', '"LixxSb"', '"Li1e9Sb"', '"Li99999999999999999999Sb"', '"\\U0001F600"', "'''a\nb'''", '"assumed"', '"fitted"', '"li-sb"',
    '"../../etc/hostname"', '"/proc/kmsg"', '"my.toml"', '"li-sb: phases.Sb"', '"li-sb: kinetics"', '"na-sb"',
)  # fmt: skip
LINES = (
    "a" + ".a" * 400 + " = 1\n", "x = " + "[" * 3000 + "]" * 3000 + "\n", "x = " + "{a=" * 200 + "1" + "}" * 200 + "\n", "[phases]\n", "[kinetics]\n",
    'extends = "li-sb"\n', "[[transformations]]\n", '[interfaces."Sb|Sb"]\n', "".join(f"k{i} = {i}\n" for i in range(8000)), "[a.b.c]\n", "[[phases.Sb.galleries]]\n",
    "\0\n", "\ufeff\n", "= 1\n", "x\n", "[assemblages]\nSb = 'Sb'\n", "name = 'x'\n", "".join(f"[phases.p{i}]\nextends = 'li-sb: phases.Sb'\n" for i in range(300)),
)  # fmt: skip


def mutated(rng: random.Random, text: str) -> bytes:
    """`text` with one to four mutations of random kinds."""
    for _ in range(rng.randint(1, 4)):
        kind = rng.choice(
            (
                "number",
                "number",
                "text",
                "text",
                "key",
                "drop",
                "swap",
                "twice",
                "line",
                "cut",
                "heading",
                "scale",
            )
        )
        lines = text.splitlines(keepends=True)
        i = rng.randrange(max(1, len(lines)))
        if kind in ("number", "text", "key", "heading"):
            pattern = {"number": NUMBER, "text": STRING, "key": KEY, "heading": HEADING}[kind]
            found = list(pattern.finditer(text))
            if not found:
                continue
            match = rng.choice(found)
            new = {
                "number": rng.choice(VALUES),
                "text": rng.choice(TEXTS + VALUES),
                "key": rng.choice(("x =", match[0].upper(), match[0][1:], "extends =", f'"{rng.choice("$|.")}" =', "value =")),
                "heading": rng.choice(("[phases.X]", "[electrode]", match[0].replace("[", "", 1), "[[" + match[0].strip("[] ") + "]]", "")),
            }[kind]  # fmt: skip
            text = text[: match.start()] + new + text[match.end() :]
        elif kind == "scale" and (found := list(NUMBER.finditer(text))):
            match = rng.choice(found)
            text = (
                text[: match.start()]
                + repr(float(match[0]) * rng.choice((10, 0.1, -1, 1.01)))
                + text[match.end() :]
            )
        elif kind == "drop":
            del lines[i : i + rng.choice((1, 1, 3, 10))]
            text = "".join(lines)
        elif kind == "swap":
            j = rng.randrange(max(1, len(lines)))
            lines[i : i + 1], lines[j : j + 1] = lines[j : j + 1], lines[i : i + 1]
            text = "".join(lines)
        elif kind == "twice":
            text = "".join([*lines[:i], *lines[max(0, i - rng.randint(1, 12)) : i], *lines[i:]])
        elif kind == "line":
            text = "".join([*lines[:i], rng.choice(LINES), *lines[i:]])
        elif kind == "cut":
            text = text[: rng.randrange(len(text) + 1)] if rng.random() < 0.3 else text
    content = bytearray(text.encode("utf-8"))
    damage = rng.random()
    if damage < 0.1 and content:
        for _ in range(rng.choice((1, 3, 50))):
            content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    elif damage < 0.14:
        encoding = rng.choice(("utf-16", "utf-32", "latin-1", "cp1252", "utf-8-sig", "utf-7"))
        content = bytearray(text.encode(encoding, errors="replace"))
    elif damage < 0.16:
        content = bytearray(text.replace("\n", rng.choice(("\r\n", "\r", "\n\n"))).encode())
    elif damage < 0.17:
        content = bytearray(rng.randbytes(rng.randrange(5000)))
    return bytes(content)


def check_numbers(given, read, where="file"):
    """Every number that the file gives is the one that was read."""
    if isinstance(given, dict):
        for key, value in given.items():
            if key != "extends":
                check_numbers(value, read[key], f"{where}.{key}")
    elif isinstance(given, list):
        assert len(given) == len(read), where
        for i, (value, other) in enumerate(zip(given, read, strict=True)):
            check_numbers(value, other, f"{where}[{i}]")
    elif not isinstance(given, str):  # of an inherited number, status and note are completed
        assert read == given, where
        assert type(read) is type(given) or {type(read), type(given)} <= {int, float}, where


def check_lines(problems):
    """A few lines, each with the file, printable, and without words of the machinery."""
    assert 1 <= len(problems) <= MOST_PROBLEMS + 1
    for line in problems:
        assert line.isprintable()
        assert len(line) < 1100
        assert re.search(r"my\.toml|more mistakes", line), line
        assert not re.search(r"Input should|type=|pydantic|Traceback|<class|Error\b", line), line


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_damaged_file_is_refused_or_read_exactly(tmp_path, monkeypatch, batch):
    monkeypatch.chdir(tmp_path)
    rng = random.Random(20260000 + batch)
    texts = [(shipped_folder() / f"{name}.toml").read_text("utf-8") for name in BASES]
    read = refused = simulated = failed = 0
    slowest = 0.0
    for number in range(FILES // BATCHES):
        content = mutated(rng, rng.choice(texts))
        Path("my.toml").write_bytes(content)
        Path("last.toml").write_bytes(content)  # of a failure, to look at
        start = time.perf_counter()
        try:
            mechanism = load_mechanism("my.toml")
        except InputError as error:
            refused += 1
            check_lines(error.problems)
        else:
            read += 1
            check_numbers(tomllib.loads(content.decode("utf-8-sig")), mechanism.document)
            assert mechanism_report(mechanism)
            list(sanity_warnings(mechanism))
            if number % 20 == 0:
                sbpath.plots.save(sbpath.plots.graph(mechanism), "graph.svg")
                try:
                    simulated += 1
                    solution = sbpath.simulate(mechanism, "Insert at 1C for 5 min", progress=False)
                    sbpath.plots.save(sbpath.plots.overview(solution), "overview.png")
                except SbpathError:
                    failed += 1
                pyplot.close("all")
        slowest = max(slowest, time.perf_counter() - start)
    print(
        f"batch {batch}: {read} read, {refused} refused, {simulated} simulated ({failed} with an error), slowest {slowest:.2f} s"
    )
    assert slowest < 10.0
    assert read > 10
    assert refused > 100
