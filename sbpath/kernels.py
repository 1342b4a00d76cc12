"""Kernels: functions of numbers and arrays that run as native code, and interpreted all the same.

A function marked with `kernel` stays the plain Python function that it is. `compiled` gives the
native code of one of them, which is C made of its own text and of the text of all kernels that it
calls (`sbpath.native`).

The text of a kernel keeps to what C has as well:

- Arguments and results have hints: `float`, `int`, `bool`, the arrays below, NamedTuples of these,
  and plain tuples of all of them as results.
- Arrays are contiguous, and are worked on element by element; a row, or a slice of the first axis, is
  an array of its own. An index may count from the end. None is checked, and no division.
- Loops are `while`, or `for` over a `range`, an array, `zip` or `enumerate`. Functions are other
  kernels, those of `math`, and a few of NumPy that make an array or take a number.

What lies outside is refused with the file, the line and the kernel. ``x**2`` is the power function,
which need not be ``x * x`` in the last digit.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

# Arrays by the number of their axes, which native code has to know.
Floats = NDArray[np.float64]
Floats2 = Annotated[NDArray[np.float64], 2]
Floats3 = Annotated[NDArray[np.float64], 3]
Integers = NDArray[np.int64]
Integers2 = Annotated[NDArray[np.int64], 2]
Singles2 = Annotated[NDArray[np.float32], 2]
Booleans = NDArray[np.bool_]

Function = TypeVar("Function", bound=Callable[..., Any])

# The kernels that Python calls, whose native code is one library.
ENTRIES = (
    "sbpath.solver.solve:run",
    "sbpath.model.rows:_evaluate_rows",
    "sbpath.model.rows:_linearize_rows",
)


def kernel(function: Function) -> Function:
    """Mark a function as a kernel; it is returned as it is."""
    function.is_kernel = True  # type: ignore[attr-defined]
    return function


@cache
def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """A kernel as native code, with the same arguments and results.

    Arrays among the arguments are shared, and so changed in place; those of the result are new. It
    lets other threads go on meanwhile. Where there is no native code and no compiler to make any,
    it is the kernel itself, interpreted, and standard error tells once.
    """
    from sbpath.native.library import native

    return native(function, ENTRIES)
