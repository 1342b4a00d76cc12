"""Oracle: Python itself, which runs the same text."""

from __future__ import annotations

import math
import sys
from math import copysign, exp, hypot, inf, isfinite, isnan, nan
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sbpath.kernels import Booleans, Floats, Floats2, Floats3, Integers, Integers2, Singles2, kernel
from sbpath.native.expressions import KernelError
from sbpath.native.library import native
from sbpath.native.translate import c_text

TABLE = np.array([[1.5, -2.5, 0.1], [np.inf, 1e300, -0.0]])
STEPS = np.array([3, -1, 2])
SCALE, SHIFT, GO = -0.5, -3, True
KERNELS = []


def tried(function):
    """Mark a kernel that is compared with itself, interpreted."""
    KERNELS.append(function)
    return kernel(function)


class Pair(NamedTuple):
    """Names that C keeps to itself."""

    double: float
    short: int


class Nest(NamedTuple):
    pair: Pair
    items: Floats
    on: bool


@tried
def arithmetic(a: float, b: float, i: int, j: int) -> Floats:
    out = np.zeros(24)
    out[0], out[1], out[2] = a + b, a - i, j * b
    out[3], out[4] = a / b, i / j
    out[5], out[6] = i // j, i % j
    out[7], out[8] = a // b, a % b
    out[9], out[10] = -a, -i + 2 * -j
    out[11] = i**2 - j**3 + 2**0
    out[12] = abs(a) ** 1.5 + abs(i - j)
    out[13] = +i - (-j)
    out[14] = int(b * 0.01) + float(i)
    out[15] = math.floor(b * 0.01) - math.ceil(a * 0.01)
    out[16] = exp(-abs(a)) + hypot(a, 3.0) + copysign(2.0, b)
    out[17] = bool(i) + bool(a)
    out[18] = SCALE * a + SHIFT + GO + math.pi - np.e
    out[19] = (a > 0) + (i > 0)
    out[20] = i - j - i
    out[21] = a - (b - (a - b)) / 3
    out[22] = i // -j + -i // j + (i + j) // 7 * 7 + (i - j) % -7
    out[23] = np.sqrt(abs(a)) + np.float64(i)
    return out


@tried
def ordering(a: float, b: float, i: int, j: int) -> tuple[float, float, int, int, float, float, bool]:
    return (
        max(a, b),
        min(a, b),
        max(i, j, 3),
        min(i, j),
        max(a, i, b),
        min(i, a, 0.0),
        max(a, nan) > min(nan, b),
    )


@tried
def conditions(a: float, b: float, i: int, j: int) -> Integers:
    out = np.zeros(8, np.int64)
    out[0] = 1 if a < b <= 3.0 else 2 if i else 3
    out[1] = i < j < i + 5 != j
    out[2] = not a
    out[3] = (a > 0 and b > 0) or not (i == j)  # noqa: SIM201
    out[4] = isnan(a) or (isfinite(b) and i != 0)
    if a and not i:
        out[5] = 1
    elif j or b:
        out[5] = 2
    out[6] = 7 if a == b else i
    while i > 3 and out[7] < 5:
        i -= 2
        out[7] += 1
    return out


@kernel
def noted(log: Integers, what: int) -> int:
    """Writes down that it was called."""
    log[0] += 1
    log[log[0]] = what
    return what


@tried
def order_of_things(a: float, b: float, i: int, j: int) -> Integers:
    log = np.zeros(64, np.int64)
    x = noted(log, i) + 2 * noted(log, j) - log[0] * noted(log, 3)
    if (noted(log, i) > 0 and noted(log, j) > 0) or noted(log, i + j):
        x += noted(log, 5) if a > b else noted(log, 6)
    log[log[0] + 1] += noted(log, 9)
    log[noted(log, 40)] = log[0] + noted(log, x)
    y = log[0] + noted(log, log[0])
    while noted(log, y) < 12 and log[0] < 30:
        y += 3
    log[50], log[51] = noted(log, 1), log[0]
    log[52] = max(noted(log, 1), log[0], noted(log, 2))
    log[53] = log[0] < noted(log, 4)
    return log


@tried
def loops(a: float, b: float, i: int, j: int) -> Integers:
    out = np.zeros(9, np.int64)
    k = -1
    for k in range(j):
        out[0] += k
        k = 100
        if out[0] > 20:
            break
    out[1] = k
    for k in range(j, i):
        if k % 2 == 0:
            continue
        out[2] += k
    for k in range(i, j, -3):
        out[3] += k * k
    for k in range(2, 9, 4):
        for _ in range(k):
            out[4] += 1
            if out[4] > 6:
                break
    end = 4
    for k in range(end):
        end += k
        out[5] += end
    while True:
        out[6] += 1
        if out[6] * out[6] > i:
            break
    for k, step in enumerate(STEPS):
        out[7] += k * step
    for step, x in zip(STEPS, TABLE[0]):  # noqa: B905
        out[8] += step * int(x)
    return out


@tried
def names(a: float, b: float, i: int, j: int) -> tuple[float, int, float, float]:
    first = second = third = 0.0
    total, count = 0, 0
    first, second = second + a, first + b
    first, second = second, first
    for k in range(3):
        # Whole at first, and later not.
        total += k * 0.5
        count, third = count + 1, third + count
    exp, int64_t = i, 2.0
    return total + first, count + exp, second * int64_t, third


@tried
def indices(values: Floats, table: Floats2, at: int, to: int) -> Floats:
    n, m = table.shape
    out = np.zeros(values.size + 14)
    out[0], out[1] = values[-1], values[at - 2]
    out[2] = table[-1, -2] + table[at - n, m - 1]
    for k in range(1, 3):
        out[-k] = table[-k, -k]
    out[3 : 3 + n] = values[:n] if at > 0 else table[0, :n]
    values[0], values[-1] = values[-1], values[0]
    for k in range(n - 1, -1, -1):
        table[k, 0], table[-1 - k, 1] = table[-1 - k, 1], table[k, 0]
    row = table[-at]
    row[1] += 10.0
    row[-1] *= -2.0
    part = values[1:-1]
    part[:] = 0.25
    out[6] = len(part) + len(values[at:to]) + len(values[-at:]) + len(values[:99]) + values.shape[0]
    rest = table[1:]
    rest[0, 0] -= 1.0
    rest[-1] = table[0]
    these = slice(1, to)
    out[7] = len(values[these]) + TABLE[1, 2] + TABLE[-1][1] + STEPS[-at]
    out[8:10] = table[0, 1:3]
    table[0] = row.copy()
    out[10] = row[0]
    return out


@tried
def blocks(
    values: Floats, table: Floats2, at: int, to: int
) -> tuple[Floats3, Integers2, Singles2, Booleans, Floats2]:
    n, m = table.shape
    cube = np.full((2, n, m), 0.5)
    cube[1] = table
    cube[0, -1] = table[-at]
    cube[0, 0, 1:] = -1.0
    for i in range(2):
        for p in range(n):
            for q in range(m):
                cube[i, p, q] += i + 10 * p + 100 * q
    whole = np.zeros((n, 2), dtype=np.int64)
    whole[:, :] = 3
    whole[0, 1] = True
    single = np.empty((1, m), np.float32)
    single[0] = 0.1
    single[0, 0] = 1.0 / 3.0
    flags = np.zeros(m, np.bool_)
    flags[-1] = table[0, 0] > 0.0
    if flags[m - 1]:
        single[0, 1] = single[0, 0] * 3.0
    made = np.array([values[0], 1.0, to])
    ones = np.ones((2, 3))
    ones[1] = made
    return cube, whole, single, flags, ones


@kernel
def outer_pair(pair: Pair, by: float = 2.0) -> tuple[Pair, tuple[float, int]]:
    pair = Pair(pair.double * by, pair.short + 1)
    return pair, (pair.double, pair.short)


@kernel
def change(nest: Nest, items: Floats) -> Nest:
    return Nest(nest.pair, items, not nest.on)


@tried
def records(nest: Nest, i: int) -> tuple[Nest, Pair, tuple[float, int], bool, float]:
    pair, items, _ = nest
    before = nest
    other, numbers = outer_pair(pair)
    other, again = outer_pair(by=0.5, pair=other)
    left, right = Pair(1.0, i), Pair(short=2, double=3.0)
    left, right = right, left
    if i > 0:
        nest = change(nest, items[1:])
        nest = Nest(left if i > 1 else right, nest.items, nest.on)
    value, number = numbers
    items[0] = value + number + again[0]
    return nest, other, (left.double, right[1]), before.on, before.items[0] + nest.items[0]


@pytest.fixture(scope="module", autouse=True)
def built():
    """The library is there before the first test, which then takes no longer than the others."""
    assert hasattr(native(loops, ENTRIES), "library")


ENTRIES = tuple(f"{__name__}:{one.__name__}" for one in KERNELS)
numbers = st.floats(-1e6, 1e6) | st.sampled_from([0.0, -0.0, inf, -inf, nan, 1e-300])
wholes = st.integers(-12, 12)


def both(function, make):
    """What a kernel gives natively and interpreted, with what became of its arguments."""
    ours, theirs = make(), make()
    with np.errstate(all="ignore"):
        wanted = function(*theirs)
    return (native(function, ENTRIES)(*ours), ours), (wanted, theirs)


def assert_same(ours, theirs):
    if isinstance(theirs, tuple):
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            assert_same(one, other)
    else:
        np.testing.assert_array_equal(ours, theirs, strict=isinstance(theirs, np.ndarray))
        np.testing.assert_array_equal(np.signbit(ours), np.signbit(theirs))


@pytest.mark.parametrize(
    "function", [ordering, conditions, order_of_things, loops, names], ids=lambda f: f.__name__
)
@given(numbers, numbers, wholes, wholes)
@example(nan, 1.0, 1, 1)
@example(1.0, nan, -1, 1)
@example(0.0, -0.0, 0, 0)
def test_scalars(function, a, b, i, j):
    assert_same(*both(function, lambda: (np.float64(a), np.float64(b), i, j)))


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6).filter(lambda b: b != 0.0), wholes, wholes.filter(bool))
@example(-1.0, 3.0, -7, 2)
@example(1e-300, -1e-300, 7, -2)
@example(6.0, 0.1, 1, -1)
def test_arithmetic(a, b, i, j):
    # Of Python's own floats: NumPy rounds `//` otherwise.
    assert_same(*both(arithmetic, lambda: (a, b, i, j)))


def test_division_by_zero_is_that_of_numpy():
    (result, _), _ = both(arithmetic, lambda: (np.float64(1.0), np.float64(0.0), np.int64(5), np.int64(1)))
    assert result[3] == inf
    (result, _), _ = both(arithmetic, lambda: (np.float64(-1.0), np.float64(0.0), np.int64(5), np.int64(0)))
    assert result[3] == -inf and result[4] == inf  # noqa: PT018
    assert result[5] == result[6] == 0.0


@pytest.mark.parametrize("function", [indices, blocks], ids=lambda f: f.__name__)
@given(st.lists(numbers, min_size=15, max_size=15), st.integers(0, 2), st.integers(-8, 8))
def test_arrays(function, items, at, to):
    values = np.array(items)
    assert_same(*both(function, lambda: (values[:6].copy(), values[6:].reshape(3, 3).copy(), at, to)))


@given(numbers, st.integers(-3, 3), st.booleans())
def test_records(a, i, on):
    assert_same(*both(records, lambda: (Nest(Pair(a, i), np.array([a, 2.0, 3.0]), on), i)))


# -- what has no translation ------------------------------------------------------------------

REFUSED = {
    "def f(x: float) -> float:\n    return sum([x])": r"expression not supported in kernels: \[x\]",
    "def f(x) -> float:\n    return x": r"type hint missing for x",
    "def f(x: str) -> float:\n    return 1.0": r"type not supported in kernels: <class 'str'>",
    "def f(x: float) -> float:\n    y = x\n    y = f\n    return y": r"f.py:8: .*is neither a number nor an array",
    "def f(x: Floats) -> float:\n    return x[0, 1]": r"1 axis cannot be indexed so",
    "def f(x: Floats2) -> float:\n    return x[:, 0]": r"only the last index may be a slice",
    "def f(x: Floats) -> float:\n    return x + 1.0": r"is array of float64 with 1 axis, not a number",
    "def f(x: float) -> int:\n    return x": r"is float, not int; write int",
    "def f(x: int) -> float:\n    x = 0.5\n    return x": r"x is int by its hint, but float here",
    "def f(x: float) -> float:\n    if x > 0.0:\n        return x": r"may end without returning float",
    "def f(x: float) -> float:\n    return y": r"is not known: y",
    "def f(x: float) -> float:\n    y += x\n    return y": r"before anything is assigned",
    "def f(x: float) -> float:\n    return print(x)": r"function not supported in kernels: print\(x\)",
    "def f(x: float) -> float:\n    return f(x)": r"a kernel cannot call itself",
    "def f(x: float) -> float:\n    with x:\n        return x": r"statement not supported in kernels: with x",
    "def f(x: float) -> float:\n    return g(x)": r"x is float, not array of float64 with 2 axes: g\(x\)",
    "def f(x: Floats) -> float:\n    return g(x)": r"x is array of float64 with 1 axis, not array of float64 with 2",
    "def f(x: float) -> float:\n    for i in range(0, 3, int(x)):\n        pass\n    return x": r"step of a range",
    "def f(x: float) -> float:\n    for i in range(3):\n        pass\n    else:\n        x = 1.0\n    return x": r"no else",
    "def f(x: float) -> float:\n    a, b = (x, x, x)\n    return a": r"3 values for 2 names",
    "def f(x: Pair) -> float:\n    x.double = 1.0\n    return 1.0": r"cannot be assigned to",
    "def f(x: Pair) -> float:\n    return x.long": r"Pair has no long",
    "def f(x: float) -> Pair:\n    return Pair(x)": r"missing a required argument",
}


@pytest.mark.parametrize("text", REFUSED, ids=range(len(REFUSED)))
def test_what_has_no_translation_is_refused_with_its_place(text, tmp_path, monkeypatch):
    head = "from test_translate import *\n@kernel\ndef g(x: Floats2) -> float:\n    return x[0, 0]\n@kernel\n"
    (tmp_path / "f.py").write_text(head + text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "f", raising=False)
    import f  # type: ignore[import-not-found]

    with pytest.raises(KernelError, match=REFUSED[text]) as caught:
        c_text([f.f])
    assert str(caught.value).startswith(f"{tmp_path / 'f.py'}:")
    assert ": kernel f: " in str(caught.value)
