"""Translation of kernels from Python to C.

`c_text` translates some kernels and all kernels that they call. A kernel becomes a C function, a
NamedTuple a struct passed by address, an array a struct of an address and its lengths; new arrays
belong to the call from Python (`runtime.h`). Types come from the hints of arguments, results and
fields, and the types of local names are inferred from them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sbpath.native.expressions import Expressions, integer
from sbpath.native.hints import INT, NOTHING, NUMBERS, Array, Record, Scalar, Several, entry_name, in_words
from sbpath.native.pieces import Library, Signature, Value, entry, number

RUNTIME = Path(__file__).with_name("runtime.h")


class _PromotedError(Exception):
    """A local name turned out to have a wider type: its kernel is translated again."""


def c_text(entries: Sequence[Callable[..., Any]]) -> str:
    """A C file with some kernels, which Python calls through `entry_name`, and all kernels that they call."""
    library = Library(_translate)
    called = [entry(entry_name(kernel), library.kernel(kernel), library) for kernel in entries]
    return "\n".join([RUNTIME.read_text("utf-8"), *library.types.values(), *library.parts, *called])


def _translate(function: Any, library: Library, name: str) -> tuple[str, Signature]:
    kernel = _Kernel(function, library, name)
    return kernel.text(), Signature(name, kernel.parameters, kernel.result, kernel.fails)


class _Kernel(Expressions):
    """Translation of one kernel."""

    def text(self) -> str:
        """The C function."""
        while True:
            try:
                self.lines, self.temporaries = [], 0
                self.block(self.tree.body)
                break
            except _PromotedError:
                continue
        if self.result != NOTHING and not _returns(self.tree.body):
            self.refuse(f"may end without returning {in_words(self.result)}")
        # The parameters are defined before any assignment.
        c, given, local = self.library.c, ["Call *call"] if self.fails else [], []
        for name, kind in self.types.items():
            if name in self.parameters and isinstance(kind, Record):
                own = name in self.addresses
                given.append(f"const {c(kind)} *{name}_{'' if own else 'given'}")
                local += [] if own else [f"{c(kind)} {name}_ = *{name}_given;"]
            elif name in self.parameters:
                given.append(f"{c(kind)} {name}_")
            elif name in self.addresses:
                local.append(f"const {c(kind)} *{name}_ = NULL;")
            else:
                local.append(f"{c(kind)} {name}_ = {'0' if isinstance(kind, Scalar) else '{0}'};")
        body = "".join(f"    {line}\n" for line in (*local, *self.lines))
        return f"static {c(self.result)} {self.name}({', '.join(given) or 'void'})\n{{\n{body}}}\n"

    # -- statements -----------------------------------------------------------------------

    def block(self, statements: Sequence[ast.stmt]) -> None:
        for statement in statements:
            method = getattr(self, f"_{type(statement).__name__}", None)
            if method is None:
                self.refuse("statement not supported in kernels", statement)
            method(statement)

    def _Pass(self, node: ast.Pass) -> None:
        pass

    def _Break(self, node: ast.Break) -> None:
        self.lines.append("break;")

    def _Continue(self, node: ast.Continue) -> None:
        self.lines.append("continue;")

    def _Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):
            self.value(node.value)

    def _Return(self, node: ast.Return) -> None:
        if node.value is None:
            self.lines.append("return;")
        else:
            self.lines.append(f"return {self.cast(self.value(node.value), self.result, node)};")

    def _If(self, node: ast.If) -> None:
        with self.braces(f"if ({self.truth(node.test)})"):
            self.block(node.body)
        if node.orelse:
            with self.braces("else"):
                self.block(node.orelse)

    def _While(self, node: ast.While) -> None:
        if node.orelse:
            self.refuse("a loop has no else", node)
        with self.braces("for (;;)"):
            self.lines.append("LOOK_AFRESH;")
            self.lines.append(f"if (!{self.truth(node.test)}) break;")
            self.block(node.body)

    def _For(self, node: ast.For) -> None:
        if node.orelse:
            self.refuse("a loop has no else", node)
        what = self.named(node.iter.func) if isinstance(node.iter, ast.Call) else None
        arguments: list[ast.expr] = node.iter.args if isinstance(node.iter, ast.Call) else []
        counter = self.fresh()
        if what is range:
            bounds = [self.kept(v) for v in self.integers(arguments)]
            step = 1 if len(bounds) < 3 else integer(arguments[2])
            if not step:
                self.refuse("the step of a range must be a literal number other than 0", node.iter)
            low, high = (number(0), bounds[0]) if len(bounds) == 1 else bounds[:2]
            head = f"for (int64_t {counter} = {low.c}; {counter} {'<' if step > 0 else '>'} {high.c}; {counter} += {step})"
            item = Value(counter, INT)
        elif what in (zip, enumerate) or what is None:
            arrays = [self.kept(self.array(v, node)) for v in self.values(arguments if what else [node.iter])]
            length = self.fresh()
            self.lines.append(f"int64_t {length} = {arrays[0].c}.shape[0];")
            for other in arrays[1:]:
                self.lines.append(f"{length} = smaller_integer({length}, {other.c}.shape[0]);")
            head = f"for (int64_t {counter} = 0; {counter} < {length}; {counter}++)"
            items = [self.part(array, [counter]) for array in arrays]
            if what is enumerate:
                items.insert(0, Value(counter, INT))
            item = (
                items[0] if what is None else Value("", Several(tuple(v.type for v in items)), tuple(items))
            )
        else:
            self.refuse("a loop must be over a range, an array, zip(...) or enumerate(...)", node.iter)
        with self.braces(head):
            self.assign(node.target, item)
            self.block(node.body)

    def _Assign(self, node: ast.Assign) -> None:
        value = self.value(node.value)
        if len(node.targets) > 1:
            value = self.kept(value)
        for target in node.targets:
            self.assign(target, value)

    def _AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.assign(node.target, self.value(node.value))

    def _AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Subscript):
            place = self.place(node.target, self.value(node.target.value), keep=True)
            if isinstance(place.type, Array):
                self.refuse("arrays are processed element by element", node)
        else:
            place = self.value(
                ast.Name(node.target.id, ast.Load()) if isinstance(node.target, ast.Name) else node.target
            )
        (old,), new = self.after([place], lambda: self.value(node.value))
        value = self.binary(node.op, old, new, node)
        if isinstance(node.target, ast.Subscript):
            self.store(place, value, node)
        else:
            self.assign(node.target, value)

    def assign(self, target: ast.expr, value: Value) -> None:
        """``target = value``."""
        match target:
            case ast.Name("_"):
                pass
            case ast.Name(name):
                self.assign_name(name, value, target)
            case ast.Tuple(parts) | ast.List(parts):
                values = self.unpacked(value, target)
                if len(values) != len(parts):
                    self.refuse(f"{len(values)} values for {len(parts)} names", target)
                for part, one in zip(parts, values, strict=True):
                    self.assign(part, one)
            case ast.Subscript():
                (value,), place = self.after([value], lambda: self.place(target, self.value(target.value)))
                self.store(place, value, target)
            case _:
                self.refuse("cannot be assigned to", target)

    def assign_name(self, name: str, value: Value, node: ast.expr) -> None:
        kind, known = value.type, self.types.get(name)
        if kind == NOTHING:
            self.refuse("there is no value to assign", node)
        if known is None:
            known = self.types[name] = kind
            if isinstance(kind, Record) and self.stored[name] == 1 and value.c.startswith("(*"):
                self.addresses.add(name)
        elif known != kind and known in NUMBERS and kind in NUMBERS:
            wider = max(known, kind, key=NUMBERS.index)
            if wider != known:
                if name in self.parameters:
                    self.refuse(f"{name} is {in_words(known)} by its hint, but {in_words(kind)} here", node)
                self.types[name] = wider
                raise _PromotedError
        elif known != kind:
            self.refuse(f"{name} was {in_words(known)} before, but is {in_words(kind)} here", node)
        if name in self.addresses:
            self.lines.append(f"{name}_ = &{value.c};")
        else:
            self.lines.append(f"{name}_ = {self.cast(value, known, node)};")

    def store(self, place: Value, value: Value, node: Any) -> None:
        """Assign to an element, or to all elements, of an array."""
        if not isinstance(place.type, Array):
            self.lines.append(f"{place.c} = {self.cast(value, place.type, node)};")
            return
        name = self.library.c(place.type)
        if isinstance(value.type, Array):
            self.fails = True
            self.lines.append(f"{name}_assign(call, {place.c}, {self.cast(value, place.type, node)});")
        else:
            self.lines.append(f"{name}_fill({place.c}, {self.cast(value, place.type.item, node)});")


def _returns(body: Sequence[ast.stmt]) -> bool:
    """Whether execution can never reach the end of these statements."""
    match body[-1]:
        case ast.Return():
            return True
        case ast.If(_, yes, no):
            return bool(no) and _returns(yes) and _returns(no)
        case ast.While(ast.Constant(value)) as loop:
            return bool(value) and not any(isinstance(node, ast.Break) for node in ast.walk(loop))
    return False
