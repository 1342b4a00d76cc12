"""Kernels: functions of numbers and arrays that run compiled, and interpreted all the same.

A function marked with `kernel` stays the plain Python function that it is. `compiled` makes
machine code of one of them together with every kernel that it calls; the code is kept on disk
(by Numba) and loaded from there by the next process.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import CellType, FunctionType
from typing import Annotated, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

# Arrays by the number of their axes.
Floats = NDArray[np.float64]
Floats2 = Annotated[NDArray[np.float64], 2]
Floats3 = Annotated[NDArray[np.float64], 3]
Integers = NDArray[np.int64]
Integers2 = Annotated[NDArray[np.int64], 2]
Singles2 = Annotated[NDArray[np.float32], 2]
Booleans = NDArray[np.bool_]

Function = TypeVar("Function", bound=Callable[..., Any])

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

    On a machine that has not made the code before, the first call takes a minute or two and
    says so on standard error at once; later ones, and later processes, load it.
    """
    import numba

    own = _with_machines(function)
    # Numba keeps code under the contents of the closure: with what the kernels are made of in it,
    # code on disk is never older than a kernel, in whatever file that stands.
    code = own.__code__.replace(co_freevars=("sources",))
    own = FunctionType(code, own.__globals__, own.__name__, None, (CellType(_sources(function)),))
    try:
        dispatcher = numba.njit(cache=True, **_OPTIONS)(own)
    except RuntimeError:  # nowhere to keep it
        dispatcher = numba.njit(**_OPTIONS)(own)
    ready = False

    def call(*arguments: Any) -> Any:
        nonlocal ready
        if not ready:
            _load_or_compile(dispatcher, arguments)
            ready = True
        return dispatcher(*arguments)

    return call


def _load_or_compile(dispatcher: Any, arguments: tuple[Any, ...]) -> None:
    """Get the code for arguments such as these ready, and tell those who have to wait for it."""
    import numba
    from numba.core import event

    class Teller(event.Listener):
        """Numba says when it compiles a function, and nothing of one that it loads."""

        told = False

        def on_start(self, event: Any) -> None:
            if not self.told:
                _tell("preparing the compiled solver; the first time on a machine takes a minute or two")
            self.told = True

        def on_end(self, event: Any) -> None:
            pass

    with event.install_listener("numba:compile", Teller()):
        try:
            dispatcher.compile(tuple(map(numba.typeof, arguments)))
        except OSError as error:
            # The code is there, but could not be written: the disk is full, say.
            if not dispatcher.overloads:
                raise
            _tell(f"the compiled solver could not be kept ({error}); the next run has to prepare it again")


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
    called = {name: _machine(other) for name, other in _called(function).items()}
    names = {**function.__globals__, **called}
    return FunctionType(function.__code__, names, function.__name__, function.__defaults__)


def _called(function: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
    """The kernels that a kernel calls, by the names that it has for them."""
    found = ((name, function.__globals__.get(name)) for name in function.__code__.co_names)
    return {name: value for name, value in found if isinstance(value, FunctionType) and value in _kernels}


def _sources(function: Callable[..., Any]) -> str:
    """What a kernel and all that it calls are made of: their files, and the numbers that these take from others."""
    reached, todo = set(), [function]
    while todo:
        if (one := todo.pop()) not in reached:
            reached.add(one)
            todo += _called(one).values()
    files = {__file__, *(one.__code__.co_filename for one in reached)}
    numbers = {
        (one.__module__, name, one.__globals__[name])
        for one in reached
        for name in one.__code__.co_names
        if isinstance(one.__globals__.get(name), int | float)
    }
    digest = hashlib.sha256(repr(sorted(numbers)).encode())
    for file in sorted(files):
        digest.update(Path(file).read_bytes())
    return digest.hexdigest()


def _tell(words: str) -> None:
    print(f"sbpath: {words}", file=sys.stderr)
