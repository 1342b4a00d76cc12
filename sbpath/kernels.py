"""Kernels: functions of numbers and arrays that run compiled, and interpreted all the same.

A function marked with `kernel` stays the plain Python function that it is. `compiled` makes
machine code of one of them together with every kernel that it calls; the code is kept on disk
(by Numba) and loaded from there by the next process.
"""

from __future__ import annotations

import hashlib
import sys
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import CellType, FunctionType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

Function = TypeVar("Function", bound=Callable[..., Any])

# Who waits longer than this wants to know why (s).
PATIENCE_S = 1.9

# No division is checked: kernels see to it that none is by zero, or want the infinity. Other
# threads go on meanwhile.
_OPTIONS: dict[str, Any] = {"error_model": "numpy", "nogil": True}

# How Numba is to treat each kernel. Counting references to the arrays of a network at each call, and
# handing these arrays over, would take longer than most calls: so neither is done where it can be left.
_kernels: dict[Callable[..., Any], dict[str, bool]] = {}


def kernel(function: Function) -> Function:
    """Mark a function as one that compiled code may call; it is returned as it is.

    It becomes part of the code of its callers, and must make no arrays: `cold_kernel` marks those
    that are called seldom or from many places, `allocating_kernel` those that make arrays.
    """
    _kernels[function] = {"_nrt": False, "forceinline": True}
    return function


def cold_kernel(function: Function) -> Function:
    """Mark a kernel that stays one function, however many call it."""
    _kernels[function] = {"_nrt": False}
    return function


def allocating_kernel(function: Function) -> Function:
    """Mark a kernel that makes arrays."""
    _kernels[function] = {}
    return function


@cache
def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """A kernel as machine code, with the same arguments and results.

    On a machine that has not made the code before, the first call takes about a minute and
    says so on standard error; later ones, and later processes, load it.
    """
    import numba

    own = _with_machines(function)
    # Numba keeps code under the contents of the closure: with what all kernels are made of in it,
    # code on disk is never older than a kernel, in whatever file that stands.
    code = own.__code__.replace(co_freevars=("sources",))
    own = FunctionType(code, own.__globals__, own.__name__, None, (CellType(_sources()),))
    try:
        dispatcher = numba.njit(cache=True, **_OPTIONS)(own)
    except RuntimeError:  # nowhere to keep it
        dispatcher = numba.njit(**_OPTIONS)(own)
    ready = False

    def call(*arguments: Any) -> Any:
        nonlocal ready
        if not ready:
            notice = threading.Timer(PATIENCE_S, _tell)
            notice.daemon = True
            notice.start()
            try:
                dispatcher.compile(tuple(map(numba.typeof, arguments)))
            finally:
                notice.cancel()
            ready = True
        return dispatcher(*arguments)

    return call


@cache
def _machine(function: Callable[..., Any]) -> Any:
    """A kernel for Numba: the same code, in which other kernels stand for themselves likewise."""
    import numba

    njit: Any = numba.njit  # its stubs do not know of all options
    # Nothing but other kernels calls it: no way in for the interpreter or C.
    inner = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return njit(**_kernels[function], **_OPTIONS, **inner)(_with_machines(function))


def _with_machines(function: Callable[..., Any]) -> FunctionType:
    """The same function, in which kernels stand for their machine code."""
    names = function.__globals__
    called = {
        name: _machine(names[name])
        for name in function.__code__.co_names
        if isinstance(names.get(name), FunctionType) and names[name] in _kernels
    }
    return FunctionType(function.__code__, {**names, **called}, function.__name__, function.__defaults__)


@cache
def _sources() -> str:
    """What all kernels are made of."""
    files = sorted({function.__code__.co_filename for function in _kernels})
    return hashlib.sha256(b"".join(Path(file).read_bytes() for file in files)).hexdigest()


def _tell() -> None:
    print(
        "sbpath: preparing the compiled solver; the first time on a machine takes about a minute",
        file=sys.stderr,
    )
