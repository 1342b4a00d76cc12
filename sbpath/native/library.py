"""Native kernels as Python functions: finding or building their library, and passing values in and out."""

from __future__ import annotations

import ctypes
import hashlib
import linecache
import math
import multiprocessing
import struct
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache, wraps
from importlib import import_module
from operator import index
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

from sbpath.native.build import NoCompilerError, build, cache_folders, find, key_of
from sbpath.native.hints import (
    BOOL,
    FLOAT,
    NOTHING,
    Array,
    Record,
    Scalar,
    Several,
    Type,
    entry_name,
    in_words,
    is_record,
    signature,
)

# Result arrays above this size (bytes) are not copied.
LARGE = 65536
HERE = Path(__file__).parent
ERRORS = {
    1: (MemoryError, "not enough memory for the arrays of this run"),
    2: (ValueError, "negative dimensions are not allowed"),
    3: (ValueError, "an array was assigned to one of another shape"),
}


def native(function: Callable[..., Any], entries: Sequence[str]) -> Callable[..., Any]:
    """A kernel as native code if available, else interpreted.

    `entries` are the kernels, as ``"module:name"``, that share a library; any other gets its own.
    """
    together = f"{function.__module__}:{function.__name__}" in entries
    library = _library(tuple(map(_named, entries)) if together else (function,))
    return interpreted(function) if library is None else _called(function, library)


def _named(entry: str) -> Callable[..., Any]:
    module, _, name = entry.partition(":")
    return getattr(import_module(module), name)


# -- the library ------------------------------------------------------------------------------


@cache
def _library(kernels: tuple[Callable[..., Any], ...]) -> ctypes.CDLL | None:
    """The library of some kernels: the installed one, else a cached one, else a new one."""
    key = key_of(contents(kernels))
    text, why = None, "no folder to build it in"
    for folder in (HERE, *cache_folders()):
        try:
            path = find(key, folder)
            if path is None and folder != HERE:
                text = text or _c_text(kernels)
                path = build(text, key, folder)
            if path is not None:
                return _load(path)
        except NoCompilerError as error:
            why = str(error)
            break
        except OSError as error:  # the folder cannot be written, or code cannot be run from it
            why = str(error)
    # Worker processes stay silent: the parent process has reported it.
    if multiprocessing.parent_process() is None:
        print(
            f"sbpath: no native code ({why}); the solver runs interpreted: half a second to a second per "
            "cycle, minutes for populations, maps and sweeps",
            file=sys.stderr,
        )
    return None


def _c_text(kernels: Sequence[Callable[..., Any]]) -> str:
    from sbpath.native.translate import c_text  # needed only to build a library, not to load one

    return c_text(kernels)


def _load(path: Path) -> ctypes.CDLL:
    library = ctypes.CDLL(str(path))
    library.release.argtypes, library.release.restype = [ctypes.c_void_p], None
    library.detach.argtypes = [ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p)]
    library.detach.restype = ctypes.c_void_p
    return library


def install(entries: Sequence[str], folder: Path) -> Path:
    """Build the library of some kernels into a folder, to be installed next to this file."""
    kernels = tuple(map(_named, entries))
    return build(_c_text(kernels), key_of(contents(kernels)), folder)


def contents(kernels: Sequence[Callable[..., Any]]) -> bytes:
    """A digest of everything that determines the native code of some kernels.

    These are the files of the kernels and NamedTuples that they use, the values of global numbers and
    arrays, and the translator.
    """
    todo, modules = [kernel.__module__ for kernel in kernels], dict[str, list[Any]]()
    while todo:
        if (name := todo.pop()) not in modules:
            seen = vars(sys.modules[name]).values()
            modules[name] = [v for v in seen if isinstance(v, FunctionType) and hasattr(v, "is_kernel")]
            todo += [v.__module__ for v in modules[name]]
            todo += [v.__module__ for v in seen if is_record(v)]
    digest = hashlib.sha256("|".join(f"{k.__module__}:{k.__name__}" for k in kernels).encode())
    for path in sorted(HERE.glob("*.[hp]*")):
        digest.update(path.read_bytes())
    for name in sorted(modules):
        file = sys.modules[name].__file__ or ""
        digest.update(
            Path(file).read_bytes() if Path(file).exists() else "".join(linecache.getlines(file)).encode()
        )
        for function in sorted(modules[name], key=lambda f: (f.__module__, f.__qualname__)):
            for outside in sorted(function.__code__.co_names):
                value = function.__globals__.get(outside)
                if isinstance(value, int | float):
                    digest.update(f"{outside}={value!r}".encode())
                elif isinstance(value, np.ndarray):
                    digest.update(f"{outside}={value.dtype}{value.shape}".encode() + value.tobytes())
    return digest.digest()


# -- calls ------------------------------------------------------------------------------------


def interpreted(function: Callable[..., Any]) -> Callable[..., Any]:
    """A kernel run by Python, without the floating-point warnings of NumPy, which native code lacks too."""

    @wraps(function)
    def call(*arguments: Any) -> Any:
        with np.errstate(all="ignore"):
            return function(*arguments)

    return call


def _called(function: Callable[..., Any], library: ctypes.CDLL) -> Callable[..., Any]:
    """A kernel in a library: arguments are passed in one buffer, the result returns in another."""
    parameters, result = signature(function)
    entry = library[entry_name(function)]
    entry.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_void_p)]
    given = struct.Struct("".join(map(_format, parameters.values())))
    back = struct.Struct(_format(result))
    givers = [_giver(kind, name) for name, kind in parameters.items()]
    taker = _taker(result, library)

    @wraps(function)
    def call(*arguments: Any) -> Any:
        flat: list[Any] = []
        for give, argument in zip(givers, arguments, strict=True):
            give(argument, flat)
        out, blocks = ctypes.create_string_buffer(back.size), ctypes.c_void_p()
        try:
            way = entry(given.pack(*flat), out, blocks)
            if way:
                error, words = ERRORS[way]
                raise error(words)
            return taker(iter(back.unpack(out)), blocks)
        finally:
            library.release(blocks)

    call.library = library  # type: ignore[attr-defined]
    return call


def _format(kind: Type) -> str:
    """The `struct` format of a value: all its parts are eight bytes long."""
    match kind:
        case Scalar():
            return "" if kind == NOTHING else "d" if kind == FLOAT else "q"
        case Array(_, rank):
            return "q" * (1 + rank)
        case Record():
            return "".join(map(_format, kind.fields.values()))
        case Several(items):
            return "".join(map(_format, items))
    raise TypeError(f"{in_words(kind)} cannot be passed to or from Python")


def _giver(kind: Type, name: str) -> Callable[[Any, list[Any]], None]:
    """A function that appends the parts of a value to a list."""
    match kind:
        case Array():
            dtype = np.dtype(kind.dtype)

            def give_array(value: Any, flat: list[Any]) -> None:
                if not (
                    isinstance(value, np.ndarray)
                    and value.dtype == dtype
                    and value.ndim == kind.rank
                    and value.flags.c_contiguous
                ):
                    raise TypeError(f"{name}: must be a contiguous {in_words(kind)}, not {_about(value)}")
                flat.append(_address(value))
                flat.extend(value.shape)

            return give_array
        case Record() | Several():
            of = kind.fields.items() if isinstance(kind, Record) else enumerate(kind.items)
            parts = [_giver(part, f"{name}.{field}") for field, part in of]
            # The last value and its parts: a network is often given again, and has forty arrays.
            last: tuple[Any, list[Any]] = (None, [])

            def give_parts(value: Any, flat: list[Any]) -> None:
                nonlocal last
                known, before = last
                if value is known:
                    flat.extend(before)
                    return
                if len(value) != len(parts):
                    raise TypeError(f"{name}: must be a {in_words(kind)}, not {_about(value)}")
                start = len(flat)
                for give, part in zip(parts, value, strict=True):
                    give(part, flat)
                if sum(part.nbytes for part in value if isinstance(part, np.ndarray)) < LARGE:
                    last = value, flat[start:]

            return give_parts
    convert: Any = {"bool": bool, "int": index, "float": float}[in_words(kind)]
    return lambda value, flat: flat.append(convert(value))


def _address(array: Any) -> int:
    """Where the elements of an array are."""
    try:  # three times as fast as the other way, which handles empty and read-only arrays
        return ctypes.addressof(ctypes.c_char.from_buffer(array))
    except (TypeError, ValueError):
        return array.ctypes.data


def _about(value: Any) -> str:
    return f"{value.dtype} of shape {value.shape}" if isinstance(value, np.ndarray) else type(value).__name__


class _Memory:
    """Memory of a large result array, which outlives the call: the NumPy array refers to it, without a copy."""

    def __init__(
        self, block: int, address: int, shape: list[int], dtype: Any, release: Callable[[int], None]
    ) -> None:
        self._block, self._release = block, release
        self.__array_interface__ = {
            "version": 3,
            "typestr": dtype.str,
            "shape": tuple(shape),
            "data": (address, False),
        }

    def __del__(self) -> None:
        self._release(self._block)


def _taker(kind: Type, library: ctypes.CDLL) -> Callable[[Iterator[Any], Any], Any]:
    """A function that assembles a value from its parts and the memory blocks of the call."""
    match kind:
        case Array(name, rank):
            dtype = np.dtype(name)

            def take_array(parts: Iterator[Any], blocks: Any) -> Any:
                address, *shape = (next(parts) for _ in range(1 + rank))
                large = math.prod(shape) * dtype.itemsize > LARGE
                if large and (block := library.detach(address, ctypes.byref(blocks))):
                    return np.asarray(_Memory(block, address, shape, dtype, library.release))
                array = np.empty(shape, dtype)
                ctypes.memmove(_address(array), address, array.nbytes)
                return array

            return take_array
        case Record() | Several():
            of = kind.fields.values() if isinstance(kind, Record) else kind.items
            make = kind.cls._make if isinstance(kind, Record) else tuple
            takes = [_taker(part, library) for part in of]
            return lambda parts, blocks: make([take(parts, blocks) for take in takes])
    if kind == NOTHING:
        return lambda parts, blocks: None
    return lambda parts, blocks: bool(next(parts)) if kind == BOOL else next(parts)
