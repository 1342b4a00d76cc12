"""Expressions of kernels in C.

A kernel call becomes a separate statement before the one that contains it. This keeps Python's order
of evaluation, which C leaves unspecified.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import math
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FunctionType, ModuleType
from typing import Any, NoReturn

import numpy as np

from sbpath.native.hints import (
    BOOL,
    FLOAT,
    INT,
    NOTHING,
    NUMBERS,
    Array,
    Record,
    Scalar,
    Several,
    Slice,
    Type,
    in_words,
    is_record,
    of_dtype,
    signature,
)
from sbpath.native.pieces import Library, Value, number

_MATH = [
    "exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "cbrt", "sin", "cos", "tan", "asin",
    "acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "erfc",
    "pow", "hypot", "copysign", "fabs", "fmod",
]  # fmt: skip
_OF_NUMPY = {"power": "pow", "arctan": "atan", "arctan2": "atan2", "abs": "fabs"}
_FUNCTIONS: dict[Any, str] = {getattr(math, name): name for name in _MATH}
_FUNCTIONS |= {getattr(np, name): name for name in _MATH if hasattr(np, name)}
_FUNCTIONS |= {getattr(np, name): c for name, c in _OF_NUMPY.items()}
_OF_TWO = {"atan2", "pow", "hypot", "copysign", "fmod"}
_CASTS = {np.float64: float, np.int64: int, np.bool_: bool}
_TESTS = {getattr(home, name): name for home in (math, np) for name in ("isnan", "isfinite", "isinf")}
_ROUNDED = {math.floor: "floor", math.ceil: "ceil"}
_OPERATORS: dict[type, str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}
_COMPARISONS: dict[type, str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip


class KernelError(Exception):
    """A kernel cannot be translated."""


class Expressions:
    """The state of a kernel during translation to C, and its expressions."""

    def __init__(self, function: Any, library: Library, name: str) -> None:
        self.function, self.library, self.name = function, library, name
        self.line = function.__code__.co_firstlineno
        try:
            source, first = inspect.getsourcelines(function)
            self.parameters, self.result = signature(function)
        except (OSError, TypeError, NameError) as error:
            self.refuse(str(error))
        self.tree: Any = ast.parse(textwrap.dedent("".join(source))).body[0]
        ast.increment_lineno(self.tree, first - 1)
        arguments = self.tree.args
        if arguments.vararg or arguments.kwarg:
            self.refuse("must not have *args or **kwargs")
        self.stored = Counter(
            node.id
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        )
        self.types: dict[str, Type] = dict(self.parameters)
        # Records that live elsewhere and are never rebound: passed by address.
        self.addresses = {
            n for n, k in self.parameters.items() if isinstance(k, Record) and n not in self.stored
        }
        self.lines: list[str] = []
        self.temporaries = 0
        self.fails = False

    def is_local(self, name: str) -> bool:
        """Whether a name is local to the kernel."""
        return name in self.stored or name in self.parameters

    def refuse(self, why: str, node: Any = None) -> NoReturn:
        """Raise an error that says what cannot be translated, and where it is."""
        line = getattr(node, "lineno", self.line)
        text = f": {ast.unparse(node).splitlines()[0]}" if isinstance(node, ast.expr | ast.stmt) else ""
        file = self.function.__code__.co_filename
        raise KernelError(f"{file}:{line}: kernel {self.function.__name__}: {why}{text}")

    @contextmanager
    def braces(self, head: str) -> Iterator[None]:
        """Put lines in braces after `head`."""
        outer, self.lines = self.lines, []
        yield
        outer += [f"{head} {{", *(f"    {line}" for line in self.lines), "}"]
        self.lines = outer

    # -- expressions ----------------------------------------------------------------------

    def value(self, node: ast.expr) -> Value:
        """Translate an expression; statements that have to run before it are added to `lines`."""
        method = getattr(self, f"_{type(node).__name__}", None)
        if method is None:
            self.refuse("expression not supported in kernels", node)
        return method(node)

    def values(self, nodes: Sequence[ast.expr]) -> list[Value]:
        """Several expressions in order."""
        found: list[Value] = []
        for node in nodes:
            found, value = self.after(found, lambda node=node: self.value(node))
            found.append(value)
        return found

    def after(self, earlier: list[Value], work: Callable[[], Value]) -> tuple[list[Value], Value]:
        """The result of `work`; `earlier` values are saved if statements have to run for it."""
        before = len(self.lines)
        value = work()
        late = self.lines[before:]
        if late:
            del self.lines[before:]
            earlier = [self.kept(v) if ".data[" in v.c or v.items else v for v in earlier]
            self.lines += late
        return earlier, value

    def fresh(self) -> str:
        """A new name for a temporary."""
        self.temporaries += 1
        return f"t{self.temporaries}"

    def kept(self, value: Value) -> Value:
        """The same value saved in a temporary, safe from later assignments."""
        if value.items is not None:
            return value._replace(items=tuple(map(self.kept, value.items)))
        if value.type in (NOTHING, Slice()) or (
            value.c.startswith(("INT64_C", "(*")) and ".data[" not in value.c
        ):
            return value
        name = self.fresh()
        self.lines.append(f"const {self.library.c(value.type)} {name} = {value.c};")
        return Value(name, value.type)

    def cast(self, value: Value, wanted: Type, node: Any) -> str:
        """A value in C, converted to the type `wanted`."""
        kind = value.type
        if isinstance(wanted, Several) and isinstance(kind, Several) and len(kind.items) == len(wanted.items):
            parts = self.unpacked(value, node)
            items = [self.cast(v, k, node) for v, k in zip(parts, wanted.items, strict=True)]
            return f"({self.library.c(wanted)}){{{', '.join(items)}}}"
        if kind == wanted:
            return value.c
        if kind in NUMBERS and wanted in NUMBERS and NUMBERS.index(kind) < NUMBERS.index(wanted):  # type: ignore[arg-type]
            return f"(double){value.c}" if wanted == FLOAT else value.c
        hint = "; write int(...)" if (kind, wanted) == (FLOAT, INT) else ""
        self.refuse(f"is {in_words(kind)}, not {in_words(wanted)}{hint}", node)

    def unpacked(self, value: Value, node: Any) -> list[Value]:
        """The items of a tuple, saved so that assigning one does not change the others."""
        if value.items is not None:
            return [self.kept(v) for v in value.items] if len(value.items) > 1 else list(value.items)
        match value.type:
            case Several(items):
                names, kinds = [f"f{i}" for i in range(len(items))], items
            case Record():
                names, kinds = [f"{field}_" for field in value.type.fields], value.type.fields.values()
            case _:
                self.refuse(f"{in_words(value.type)} cannot be unpacked", node)
        whole = self.kept(value)
        return [Value(f"{whole.c}.{name}", kind) for name, kind in zip(names, kinds, strict=True)]

    def numeric(self, value: Value, node: Any) -> Value:
        """The value, which must be a number."""
        if value.type not in NUMBERS:
            self.refuse(f"is {in_words(value.type)}, not a number", node)
        return value

    def integers(self, nodes: Sequence[ast.expr]) -> list[Value]:
        """Several expressions, which must be integers."""
        found = self.values(nodes)
        for value, node in zip(found, nodes, strict=True):
            if value.type not in (INT, BOOL):
                self.refuse(f"is {in_words(value.type)}, not an integer", node)
        return found

    def array(self, value: Value, node: Any) -> Value:
        """The value, which must be an array, as a C expression with members."""
        if not isinstance(value.type, Array):
            self.refuse(f"is {in_words(value.type)}, not an array", node)
        return value if value.c.isidentifier() or value.c.startswith("(*") else self.kept(value)

    def truth(self, node: ast.expr) -> str:
        """An expression as a condition in C."""
        if isinstance(node, ast.BoolOp):
            return self.joined(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return f"(!{self.truth(node.operand)})"
        value = self.numeric(self.value(node), node)
        return f"({value.c})" if value.type == BOOL else f"({value.c} != 0)"

    def joined(self, node: ast.BoolOp) -> str:
        """``a and b`` or ``a or b``, where `b` is evaluated only if needed."""
        joint, proceed = ("&&", "") if isinstance(node.op, ast.And) else ("||", "!")
        so_far = self.truth(node.values[0])
        for other in node.values[1:]:
            outer, self.lines = self.lines, []
            c = self.truth(other)
            inner, self.lines = self.lines, outer
            if inner:
                name = self.fresh()
                self.lines += [f"int64_t {name} = {so_far};", f"if ({proceed}{name}) {{"]
                self.lines += [*(f"    {line}" for line in inner), f"    {name} = {c};", "}"]
                so_far = name
            else:
                so_far = f"({so_far} {joint} {c})"
        return so_far

    def _BoolOp(self, node: ast.BoolOp) -> Value:
        return Value(self.joined(node), BOOL)

    def _Constant(self, node: ast.Constant) -> Value:
        if not isinstance(node.value, bool | int | float):
            self.refuse("is not a number", node)
        return number(node.value)

    def _Name(self, node: ast.Name) -> Value:
        if self.is_local(node.id):
            kind = self.types.get(node.id)
            if kind is None:
                self.refuse("is used before anything is assigned to it", node)
            return Value(f"(*{node.id}_)" if node.id in self.addresses else f"{node.id}_", kind)
        return self.constant(self.named(node), node)

    def constant(self, value: Any, node: ast.expr) -> Value:
        """A number or an array from outside the kernel."""
        if isinstance(value, bool | int | float | np.number | np.bool_):
            return number(value)
        found = None
        if isinstance(value, np.ndarray):
            found = self.library.constant(ast.unparse(node).replace(".", "_"), value)
        if found is None:
            self.refuse("is neither a number nor an array of numbers", node)
        return found

    def named(self, node: ast.expr) -> Any:
        """The object that a name, or a name in a module, refers to outside the kernel."""
        if isinstance(node, ast.Name):
            if self.is_local(node.id):
                self.refuse("is a value, not a function", node)
            names = {**vars(builtins), **self.function.__globals__}
            if node.id in names:
                return names[node.id]
        elif isinstance(node, ast.Attribute):
            home = self.named(node.value)
            if isinstance(home, ModuleType) and hasattr(home, node.attr):
                return getattr(home, node.attr)
        self.refuse("is not known", node)

    def _Attribute(self, node: ast.Attribute) -> Value:
        root = node.value
        while isinstance(root, ast.Attribute):
            root = root.value
        if (
            isinstance(root, ast.Name)
            and not self.is_local(root.id)
            and isinstance(self.named(root), ModuleType)
        ):
            return self.constant(self.named(node), node)
        of = self.value(node.value)
        match of.type:
            case Record() if node.attr in of.type.fields:
                return Value(f"{of.c}.{node.attr}_", of.type.fields[node.attr])
            case Array(_, rank) if node.attr == "shape":
                of = self.array(of, node)
                lengths = tuple(Value(f"{of.c}.shape[{i}]", INT) for i in range(rank))
                return Value("", Several((INT,) * rank), lengths)
            case Array() if node.attr == "size":
                return Value(f"{self.library.c(of.type)}_size({of.c})", INT)
            case Scalar() if node.attr == "real":
                return of
        self.refuse(f"{in_words(of.type)} has no {node.attr}", node)

    def _Tuple(self, node: ast.Tuple) -> Value:
        items = tuple(self.values(node.elts))
        return Value("", Several(tuple(v.type for v in items)), items)

    def _Subscript(self, node: ast.Subscript) -> Value:
        of = self.value(node.value)
        if isinstance(of.type, Several | Record):
            parts, at = self.unpacked(of, node) if of.items is None else of.items, integer(node.slice)
            if at is None or not -len(parts) <= at < len(parts):
                self.refuse("the index of a tuple must be a literal number within its length", node)
            return parts[at]
        return self.place(node, of)

    def place(self, node: ast.Subscript, of: Value, keep: bool = False) -> Value:
        """An element or part of the array `of`; `keep` if it is used twice."""
        indices = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
        while len(indices) > 1 and _is_all(indices[-1]):
            indices.pop()
        wanted = [i for i in indices if not isinstance(i, ast.Slice)]
        numbers = self.values(wanted)
        array = self.array(of, node.value)
        kind = array.type
        assert isinstance(kind, Array)
        last: ast.Slice | Value | None = indices[-1] if isinstance(indices[-1], ast.Slice) else None
        if last is None and numbers[-1].type == Slice():
            last = numbers.pop()
        if len(indices) > kind.rank or len(numbers) + (last is not None) < len(indices):
            self.refuse(f"{in_words(kind)} cannot be indexed so; only the last index may be a slice", node)
        texts = []
        for axis, (index, written) in enumerate(zip(numbers, wanted, strict=False)):
            if index.type not in (INT, BOOL):
                self.refuse(f"is {in_words(index.type)}, not an index", written)
            index = self.kept(index) if keep else index
            from_end = any(isinstance(part, ast.USub | ast.Sub) for part in ast.walk(written))
            texts.append(f"wrap({index.c}, {array.c}.shape[{axis}])" if from_end else index.c)
        part = self.part(array, texts) if texts else array
        if last is None or _is_all(last):
            return part
        name = self.library.c(part.type)
        if isinstance(last, Value):
            return self.kept(Value(f"{name}_cut({part.c}, {last.c}.low, {last.c}.high)", part.type))
        if last.step is not None:
            self.refuse("a slice must not have a step", node)
        low = self.integers([last.lower])[0].c if last.lower else "0"
        high = self.integers([last.upper])[0].c if last.upper else "INT64_MAX"
        return self.kept(Value(f"{name}_cut({part.c}, {low}, {high})", part.type))

    def part(self, array: Value, indices: list[str]) -> Value:
        """The element or sub-array at the given indices."""
        kind = array.type
        assert isinstance(kind, Array)
        if len(indices) == kind.rank:
            offset = indices[0]
            for axis, index in enumerate(indices[1:], 1):
                offset = f"({offset}) * {array.c}.shape[{axis}] + {index}"
            return Value(f"{array.c}.data[{offset}]", kind.item)
        c = array.c
        for index in indices:
            c, kind = f"{self.library.c(kind)}_row({c}, {index})", Array(kind.dtype, kind.rank - 1)
        return self.kept(Value(c, kind))

    def _UnaryOp(self, node: ast.UnaryOp) -> Value:
        if isinstance(node.op, ast.Not):
            return Value(self.truth(node), BOOL)
        value = self.numeric(self.value(node.operand), node.operand)
        kind = INT if value.type == BOOL else value.type
        if isinstance(node.op, ast.USub):
            return Value(f"(-{value.c})", kind)
        if isinstance(node.op, ast.UAdd):
            return Value(value.c, kind)
        self.refuse("operation not supported in kernels", node)

    def _BinOp(self, node: ast.BinOp) -> Value:
        left, right = self.values([node.left, node.right])
        return self.binary(node.op, left, right, node)

    def binary(self, operator: ast.operator, left: Value, right: Value, node: Any) -> Value:
        """A binary operation on two numbers."""
        a, b = self.numeric(left, node).c, self.numeric(right, node).c
        whole = FLOAT not in (left.type, right.type)
        kind = INT if whole else FLOAT
        match operator:
            case ast.Add() | ast.Sub() | ast.Mult():
                return Value(f"({a} {_OPERATORS[type(operator)]} {b})", kind)
            case ast.Div():
                return Value(f"((double){a} / (double){b})" if whole else f"({a} / {b})", FLOAT)
            case ast.FloorDiv():
                return Value(f"quotient_{'integer' if whole else 'python'}({a}, {b})", kind)
            case ast.Mod():
                return Value(f"remainder_{'integer' if whole else 'python'}({a}, {b})", kind)
            case ast.Pow() if not whole:
                return Value(f"pow({a}, {b})", FLOAT)
            case ast.Pow() if right.c.startswith("INT64_C("):
                return Value(f"power_integer({a}, {b})", INT)
        self.refuse("operation not supported in kernels", node)

    def _Compare(self, node: ast.Compare) -> Value:
        terms = [node.left, *node.comparators]
        first = self.values(terms[:2])
        before = len(self.lines)
        values = [self.numeric(v, t) for v, t in zip([*first, *self.values(terms[2:])], terms, strict=True)]
        if len(self.lines) > before:
            self.refuse(
                "a chain of comparisons calls a kernel after its second term; write it with and", node
            )
        parts = []
        for left, operator, right in zip(values, node.ops, values[1:], strict=False):
            if type(operator) not in _COMPARISONS:
                self.refuse("comparison not supported in kernels", node)
            parts.append(f"({left.c} {_COMPARISONS[type(operator)]} {right.c})")
        return Value(parts[0] if len(parts) == 1 else f"({' && '.join(parts)})", BOOL)

    def _IfExp(self, node: ast.IfExp) -> Value:
        test = self.truth(node.test)
        outer, sides = self.lines, []
        for side in (node.body, node.orelse):
            self.lines = []
            sides.append((self.value(side), self.lines))
        self.lines = outer
        (yes, before_yes), (no, before_no) = sides
        kind = yes.type
        if yes.type != no.type:
            self.numeric(yes, node.body)
            self.numeric(no, node.orelse)
            kind = max(yes.type, no.type, key=NUMBERS.index)  # type: ignore[arg-type]
        if not before_yes and not before_no and isinstance(kind, Scalar):
            return Value(f"({test} ? {yes.c} : {no.c})", kind)
        name = self.fresh()
        self.lines.append(f"{self.library.c(kind)} {name};")
        for head, value, before, side in (
            (f"if ({test})", yes, before_yes, node.body), ("else", no, before_no, node.orelse)
        ):  # fmt: skip
            with self.braces(head):
                self.lines += before
                self.lines.append(f"{name} = {self.cast(value, kind, side)};")
        return Value(name, kind)

    # -- calls ----------------------------------------------------------------------------

    def _Call(self, node: ast.Call) -> Value:
        if isinstance(node.func, ast.Attribute) and node.func.attr == "copy" and not node.args:
            root = node.func.value
            if not isinstance(root, ast.Name) or self.is_local(root.id):
                array = self.array(self.value(root), node)
                self.fails = True
                return self.kept(Value(f"{self.library.c(array.type)}_copy(call, {array.c})", array.type))
        what = self.named(node.func)
        if isinstance(what, FunctionType) and getattr(what, "is_kernel", False):
            return self.call(what, node)
        if is_record(what):
            kind = Record(what)
            items = self.bound(what, kind.fields, node)
            return self.kept(Value(f"({self.library.c(kind)}){{{', '.join(items)}}}", kind))
        if what in (np.zeros, np.empty, np.ones, np.full, np.array):
            return self.new(what, node)
        if node.keywords:
            self.refuse("does not take keyword arguments", node)
        if what is len:
            of = self.value(node.args[0])
            return Value(f"{self.array(of, node).c}.shape[0]", INT)
        if what is slice and len(node.args) == 2:
            low, high = self.integers(node.args)
            name = self.fresh()
            self.lines.append(f"const {self.library.c(Slice())} {name} = {{{low.c}, {high.c}}};")
            return Value(name, Slice())
        values = [self.numeric(v, node) for v in self.values(node.args)]
        texts = [v.c for v in values]
        whole = all(v.type != FLOAT for v in values)
        if what in (min, max) and len(values) > 1:
            function = ("larger" if what is max else "smaller") + ("_integer" if whole else "")
            text = texts[0]
            for other in texts[1:]:
                text = f"{function}({text}, {other})"
            return Value(text, INT if whole else FLOAT)
        if what in _FUNCTIONS and len(values) == 1 + (_FUNCTIONS[what] in _OF_TWO):
            return Value(f"{_FUNCTIONS[what]}({', '.join(texts)})", FLOAT)
        if len(values) == 1:
            text, what = texts[0], _CASTS.get(what, what)
            if what is abs:
                text = f"({text} < 0 ? -{text} : {text})" if whole else f"fabs({text})"
                return Value(text, INT if whole else FLOAT)
            if what is float:
                return Value(f"((double){text})", FLOAT)
            if what is int:
                return Value(f"((int64_t){text})", INT)
            if what is bool:
                return Value(f"({text} != 0)", BOOL)
            if what in _TESTS:
                return Value(f"({_TESTS[what]}((double){text}) != 0)", BOOL)
            if what in _ROUNDED:
                return Value(f"((int64_t){_ROUNDED[what]}({text}))", INT)
        self.refuse("function not supported in kernels", node)

    def call(self, function: Any, node: ast.Call) -> Value:
        """A call of another kernel, as a separate statement."""
        try:
            called = self.library.kernel(function)
        except RecursionError:
            self.refuse("a kernel cannot call itself", node)
        given = self.bound(function, called.parameters, node)
        if called.fails:
            self.fails = True
            given.insert(0, "call")
        text = f"{called.name}({', '.join(given)})"
        if called.result == NOTHING:
            self.lines.append(f"{text};")
            return Value("", NOTHING)
        name = self.fresh()
        self.lines.append(f"const {self.library.c(called.result)} {name} = {text};")
        return Value(name, called.result)

    def bound(self, function: Any, parameters: dict[str, Type], node: ast.Call) -> list[str]:
        """Arguments in C, in the order of the parameters."""
        names: list[Any] = [keyword.arg for keyword in node.keywords]
        values = self.values([*node.args, *(keyword.value for keyword in node.keywords)])
        count = len(node.args)
        try:
            found = inspect.signature(function).bind(
                *values[:count], **dict(zip(names, values[count:], strict=True))
            )
        except TypeError as error:
            self.refuse(str(error), node)
        found.apply_defaults()
        texts = []
        for name, kind in parameters.items():
            given = found.arguments[name]
            value = given if isinstance(given, Value) else self.constant(given, node)
            if value.type != kind and not (value.type in NUMBERS and kind in NUMBERS):
                self.refuse(f"{name} is {in_words(value.type)}, not {in_words(kind)}", node)
            text = self.cast(value, kind, node)
            by_address = isinstance(kind, Record) and isinstance(function, FunctionType)
            texts.append(f"&{text}" if by_address else text)
        return texts

    def new(self, what: Any, node: ast.Call) -> Value:
        """A new array."""
        named: dict[Any, ast.expr] = {keyword.arg: keyword.value for keyword in node.keywords}
        given = list(node.args)
        first = given.pop(0)
        if what is np.full:
            named["fill_value"] = given.pop(0)
        if given:
            named["dtype"] = given.pop(0)
        dtype = of_dtype(self.named(named.pop("dtype"))) if "dtype" in named else "float64"
        fill = self.numeric(self.value(named.pop("fill_value")), node) if what is np.full else None
        if dtype is None or given or named:
            self.refuse("array not supported in kernels", node)
        items: list[Value] = []
        if what is np.array:
            if not isinstance(first, ast.List | ast.Tuple):
                self.refuse("np.array takes a list of numbers", node)
            items = [self.numeric(v, node) for v in self.values(first.elts)]
            lengths = [number(len(items))]
        else:
            shape = self.value(first)
            lengths = self.unpacked(shape, node) if isinstance(shape.type, Several) else [shape]
        if any(length.type not in (INT, BOOL) for length in lengths):
            self.refuse("lengths must be integers", node)
        kind = Array(dtype, len(lengths))
        name, own = self.library.c(kind), self.fresh()
        self.fails = True
        shape_text = f"(int64_t[]){{{', '.join(length.c for length in lengths)}}}"
        self.lines.append(f"const {name} {own} = {name}_new(call, {shape_text}, {int(what is np.zeros)});")
        if what is np.ones:
            fill = number(1.0)
        if fill is not None:
            self.lines.append(f"{name}_fill({own}, {fill.c});")
        for i, item in enumerate(items):
            self.lines.append(f"{own}.data[{i}] = {self.cast(item, kind.item, node)};")
        return Value(own, kind)


def integer(node: ast.expr) -> int | None:
    """The value of an integer literal; None for other expressions."""
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    return value if isinstance(value, int) else None


def _is_all(index: Any) -> bool:
    """Whether an index is ``:``."""
    return isinstance(index, ast.Slice) and not (index.lower or index.upper or index.step)
