"""Integers in a kernel that are never negative: as indices they need no check of the sign."""

from __future__ import annotations

import ast


def natural_names(tree: ast.AST) -> set[str]:
    """Local names that hold only non-negative integers."""
    values: dict[str, list[ast.expr | bool]] = {}

    def note(target: ast.expr, value: ast.expr | bool) -> None:
        if isinstance(target, ast.Name):
            values.setdefault(target.id, []).append(value)
        elif isinstance(target, ast.Tuple | ast.List):
            shape = isinstance(value, ast.Attribute) and value.attr == "shape"
            parts = (
                value.elts if isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts) else None
            )
            for i, one in enumerate(target.elts):
                note(one, parts[i] if parts else shape)

    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets, value):
                for target in targets:
                    note(target, value)
            case ast.AnnAssign(target, _, value) if value is not None:
                note(target, value)
            case ast.AugAssign(target, operator, value):
                note(target, value if isinstance(operator, ast.Add | ast.Mult) else False)
            case ast.For(target, ast.Call(ast.Name("range"), [_] | [_, _] | [_, _, _] as bounds)):
                step = integer(bounds[2]) if len(bounds) == 3 else 1
                if len(bounds) == 1:
                    note(target, True)
                elif step is None:
                    note(target, False)
                elif step > 0:
                    note(target, bounds[0])
                else:
                    note(target, (integer(bounds[1]) or 0) >= -1 and integer(bounds[1]) is not None)
            case ast.For(target, _):
                note(target, False)
            case ast.arg(name):
                values.setdefault(name, []).append(False)
    names = set(values)
    while True:
        fewer = {
            name
            for name in names
            if all(v if isinstance(v, bool) else is_natural(v, names) for v in values[name])
        }
        if fewer == names:
            return names
        names = fewer


def is_natural(node: ast.expr, names: set[str]) -> bool:
    """Whether an expression is a non-negative integer."""
    match node:
        case ast.Constant(value):
            return isinstance(value, int) and value >= 0
        case ast.Name(name):
            return name in names
        case ast.BinOp(left, ast.Add() | ast.Mult() | ast.FloorDiv(), right):
            return is_natural(left, names) and is_natural(right, names)
        case ast.Call(ast.Name("len")) | ast.Subscript(ast.Attribute(attr="shape")):
            return True
    return False


def integer(node: ast.expr) -> int | None:
    """The value of an integer literal; None for other expressions."""
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    return value if isinstance(value, int) else None
