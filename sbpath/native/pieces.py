"""The parts of the C file: values, types, constants, and functions, each after those that it needs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from sbpath.native.hints import (
    BOOL,
    FLOAT,
    INT,
    ITEMS,
    NOTHING,
    Array,
    Record,
    Scalar,
    Several,
    Slice,
    Type,
    of_dtype,
)


class Value(NamedTuple):
    """A C expression that may be evaluated repeatedly; `items` are those of a tuple display."""

    c: str
    type: Type
    items: tuple[Value, ...] | None = None


class Signature(NamedTuple):
    """How a kernel is called in C; `fails` if it needs the `Call`, to allocate arrays or to exit on an error."""

    name: str
    parameters: dict[str, Type]
    result: Type
    fails: bool


class Library:
    """All parts of the C of some kernels.

    `translate` turns a kernel into a C function, given the kernel, the library and a name.
    """

    def __init__(self, translate: Callable[[Any, Library, str], tuple[str, Signature]]) -> None:
        self._translate = translate
        self.types: dict[Type, str] = {}
        self.parts: list[str] = []
        self._type_names: dict[Type, str] = {}
        self._kernels: dict[Any, Signature | None] = {}
        self._constants: dict[int, Value] = {}
        self._taken: Counter[str] = Counter()

    def kernel(self, function: Any) -> Signature:
        """The signature of a kernel, which is translated if it has not been yet."""
        if function not in self._kernels:
            self._kernels[function] = None
            text, known = self._translate(function, self, self._name(function.__name__))
            self.parts.append(text)
            self._kernels[function] = known
        known = self._kernels[function]
        if known is None:
            raise RecursionError
        return known

    def c(self, kind: Type) -> str:
        """The C name of a type, which is defined if it has not been yet."""
        if isinstance(kind, Scalar):
            return kind.c
        if kind not in self._type_names:
            text = ""
            match kind:
                case Array(dtype, rank):
                    name = f"{dtype}_{rank}"
                    text = f"ARRAY({name}, {ITEMS[dtype]}, {rank})"
                    if rank > 1:
                        text += f"\nROWS({name}, {self.c(Array(dtype, rank - 1))}, {rank})"
                case Record():
                    members = "".join(f"    {self.c(k)} {field}_;\n" for field, k in kind.fields.items())
                    name = self._name(kind.cls.__name__)
                    text = f"typedef struct {{\n{members}}} {name};"
                case Several(items):
                    members = "".join(f"    {self.c(k)} f{i};\n" for i, k in enumerate(items))
                    name = self._name("tuple")
                    text = f"typedef struct {{\n{members}}} {name};"
                case Slice():
                    name, text = "Slice", "typedef struct { int64_t low, high; } Slice;"
            self._type_names[kind], self.types[kind] = name, text
        return self._type_names[kind]

    def constant(self, name: str, array: Any) -> Value | None:
        """A global array, or None if its type is not supported."""
        dtype = of_dtype(array.dtype)
        if dtype is None or array.ndim == 0:
            return None
        if id(array) not in self._constants:
            kind = Array(dtype, array.ndim)
            c, own = self.c(kind), self._name(name)
            items = ", ".join(number(item).c for item in array.ravel().tolist()) or "0"
            shape = ", ".join(map(str, array.shape))
            self.parts.append(
                f"static const {ITEMS[dtype]} {own}_data[] = {{{items}}};\n"
                f"static const {c} {own} = {{({ITEMS[dtype]} *){own}_data, {{{shape}}}}};"
            )
            self._constants[id(array)] = Value(own, kind)
        return self._constants[id(array)]

    def _name(self, wanted: str) -> str:
        """A unique name, similar to the wanted one."""
        self._taken[wanted] += 1
        return f"{wanted}_{self._taken[wanted]}"


def number(value: Any) -> Value:
    """A Python number or boolean in C."""
    if isinstance(value, bool | np.bool_):
        return Value(str(int(value)), BOOL)
    if isinstance(value, int | np.integer):
        return Value(f"INT64_C({value})" if value >= 0 else f"(-INT64_C({-value}))", INT)
    if math.isnan(value):
        return Value("NAN", FLOAT)
    c = "INFINITY" if math.isinf(value) else repr(abs(float(value)))
    return Value(f"(-{c})" if math.copysign(1.0, value) < 0.0 else c, FLOAT)


def entry(name: str, kernel: Signature, library: Library) -> str:
    """The C function that Python calls: arguments from one buffer, the result into another."""
    fields = "".join(f"    {library.c(kind)} {field}_;\n" for field, kind in kernel.parameters.items())
    given = ["call"] if kernel.fails else []
    given += [f"{'&' * isinstance(k, Record)}in->{f}_" for f, k in kernel.parameters.items()]
    result = "" if kernel.result == NOTHING else f"*({library.c(kernel.result)} *)out = "
    return f"""
typedef struct {{
{fields or "    int64_t none;"}}} {name}_arguments;

static int {name}_guarded(Call *call, const {name}_arguments *in, void *out)
{{
    int way = setjmp(call->exit);
    if (way == DONE)
        {result}{kernel.name}({", ".join(given)});
    return way;
}}

EXPORT int {name}(const void *in, void *out, void **blocks)
{{
    Call call;
    call.blocks = NULL;
    int way = {name}_guarded(&call, in, out);
    *blocks = call.blocks;
    return way;
}}
"""
