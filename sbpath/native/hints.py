"""Types of the values in kernels, from type hints, and their counterparts in C."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import numpy as np


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number, a boolean, or nothing; `c` is its type in C."""

    name: str
    c: str


FLOAT, INT, BOOL = Scalar("float", "double"), Scalar("int", "int64_t"), Scalar("bool", "int64_t")
NOTHING = Scalar("None", "void")
NUMBERS = (BOOL, INT, FLOAT)


@dataclass(frozen=True, slots=True)
class Array:
    """A contiguous array with `rank` axes."""

    dtype: str
    rank: int

    @property
    def item(self) -> Scalar:
        """Type of an element when read."""
        return {"int64": INT, "bool": BOOL}.get(self.dtype, FLOAT)


@dataclass(frozen=True, slots=True)
class Record:
    """A NamedTuple."""

    cls: Any

    @property
    def fields(self) -> dict[str, Type]:
        """Types of its fields, in order."""
        hints = get_type_hints(self.cls, include_extras=True)
        return {name: of_hint(hints[name]) for name in self.cls._fields}


@dataclass(frozen=True, slots=True)
class Several:
    """A plain tuple."""

    items: tuple[Type, ...]


@dataclass(frozen=True, slots=True)
class Slice:
    """A slice with a start and an end."""


Type = Scalar | Array | Record | Several | Slice

# Elements of arrays in C.
ITEMS = {"float64": "double", "int64": "int64_t", "float32": "float", "bool": "uint8_t"}
_DTYPES = {np.float64: "float64", np.int64: "int64", np.float32: "float32", np.bool_: "bool"}
_SCALARS = {float: FLOAT, int: INT, bool: BOOL, type(None): NOTHING, None: NOTHING}


def of_hint(hint: Any) -> Type:
    """The type described by a hint.

    An array is ``NDArray[...]`` with one axis, or ``Annotated[NDArray[...], n]`` with n.

    Raises
    ------
    TypeError
        If kernels do not support it.
    """
    rank = 1
    if get_origin(hint) is Annotated:
        hint, rank = get_args(hint)[:2]
    if get_origin(hint) is np.ndarray:
        dtype = get_args(get_args(hint)[1])[0]
        if dtype in _DTYPES and isinstance(rank, int):
            return Array(_DTYPES[dtype], rank)
    elif get_origin(hint) is tuple and Ellipsis not in get_args(hint):
        return Several(tuple(of_hint(item) for item in get_args(hint)))
    elif is_record(hint):
        return Record(hint)
    elif isinstance(hint, type | None) and hint in _SCALARS:
        return _SCALARS[hint]
    raise TypeError(f"type not supported in kernels: {hint}")


def of_dtype(dtype: Any) -> str | None:
    """Name of an element type given as ``np.int64`` or ``float``, or None if it is not supported."""
    try:
        name = np.dtype(dtype).name
    except TypeError:
        return None
    return name if name in ITEMS else None


def signature(kernel: Callable[..., Any]) -> tuple[dict[str, Type], Type]:
    """Types of the parameters and of the result of a kernel."""
    hints = get_type_hints(kernel, include_extras=True)
    parameters = inspect.signature(kernel).parameters
    missing = [name for name in (*parameters, "return") if name not in hints]
    if missing:
        raise TypeError(f"type hint missing for {', '.join(missing)}")
    return {name: of_hint(hints[name]) for name in parameters}, of_hint(hints["return"])


def entry_name(kernel: Callable[..., Any]) -> str:
    """Name of the C function through which Python calls a kernel."""
    return f"entry_{kernel.__module__}_{kernel.__name__}".replace(".", "_")


def is_record(value: Any) -> bool:
    """Whether `value` is a NamedTuple class."""
    return isinstance(value, type) and issubclass(value, tuple) and hasattr(value, "_fields")


def in_words(kind: Type) -> str:
    """The name of a type in messages."""
    match kind:
        case Scalar():
            return kind.name
        case Array():
            return f"array of {kind.dtype} with {kind.rank} {'axis' if kind.rank == 1 else 'axes'}"
        case Record():
            return kind.cls.__name__
        case Several():
            return f"tuple of {', '.join(map(in_words, kind.items))}"
        case Slice():
            return "slice"
