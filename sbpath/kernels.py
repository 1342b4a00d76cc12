"""Kernels: functions of numbers and arrays that run as native code or, equivalently, interpreted.

A function marked with `kernel` remains a plain Python function. `compiled` returns its native code:
C generated from its source and from that of all kernels that it calls (`sbpath.native`).

Kernels are restricted to a subset of Python that C can express:

- Arguments and results have type hints: `float`, `int`, `bool`, the arrays below, NamedTuples of
  these, and plain tuples of all of them as results.
- Arrays are contiguous and processed element by element; a row, or a slice of the first axis, is
  an array too. An index may count from the end if it is written with a minus sign (``a[-1]``, ``a[k - 1]``).
  Neither indices nor divisions are checked.
- Loops are `while`, or `for` over a `range`, an array, `zip` or `enumerate`. Functions are other
  kernels, those of `math`, and a few of NumPy that create an array or take a number.

Anything else raises an error that names the file, the line and the kernel. ``x**2`` is the power
function, which may differ from ``x * x`` in the last digit.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

# Arrays by number of axes, which native code has to know.
Floats = NDArray[np.float64]
Floats2 = Annotated[NDArray[np.float64], 2]
Floats3 = Annotated[NDArray[np.float64], 3]
Integers = NDArray[np.int64]
Integers2 = Annotated[NDArray[np.int64], 2]
Singles2 = Annotated[NDArray[np.float32], 2]
Booleans = NDArray[np.bool_]

Function = TypeVar("Function", bound=Callable[..., Any])

# The kernels that Python calls; their native code is one library.
ENTRIES = (
    "sbpath.solver.solve:run",
    "sbpath.model.rows:_evaluate_rows",
    "sbpath.solver.response:follow",
    "sbpath.fitting.drift:inverse_products",
)


def kernel(function: Function) -> Function:
    """Mark a function as a kernel; it is returned unchanged."""
    function.is_kernel = True  # type: ignore[attr-defined]
    return function


@cache
def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """A kernel as native code, with the same arguments and results.

    Array arguments are shared, so changes to them are in place; arrays in the result are new. Other
    threads keep running during a call. Without native code, or a compiler to build it, this is the
    kernel itself, interpreted, and a message on standard error says so once.
    """
    from sbpath.native.library import native

    return native(function, ENTRIES)
