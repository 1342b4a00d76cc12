"""Public functions and classes refuse wrong names and types of arguments in one line."""

from __future__ import annotations

import functools
import inspect
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from sbpath.arguments import items, shortened
from sbpath.errors import InputError, nearest, same_name

T = TypeVar("T")
Rule = Callable[[Any], str]
# Types in words, and values that a message shows.
WORDS = {str: "text in quotes", bool: "True or False", Path: "a path"}
SHOWN = (int, float, str, bytes, types.NoneType)


def checked(public: T, home: str) -> T:
    """A public function that checks its arguments by name and type; of a class, its constructors do so, and its methods by name.

    Parameters
    ----------
    public : function or class
        Classes are changed, and anything else is returned as it is.
    home : str
        Module from which users import it.
    """
    if inspect.isclass(public):
        # Exceptions, enumerations and mechanisms are not made by users.
        if "__dataclass_fields__" in vars(public) and not _is_checked(public.__init__):
            public.__init__ = _checked(public.__init__, public.__name__)
            for name, member in list(vars(public).items()):
                if isinstance(member, classmethod):
                    setattr(public, name, classmethod(_checked(member.__func__, name)))
        return methods_checked(public)
    if not inspect.isfunction(public) or _is_checked(public):
        return public
    call = _checked(public, public.__name__)
    call.__module__ = home  # where pickle finds it
    return call


def methods_checked(kind: T) -> T:
    """Class decorator: wrong names of arguments of public methods are InputErrors; for what users are given."""
    owner: Any = kind
    for name, member in list(vars(kind).items()):
        made = name == "__init__" and "__dataclass_fields__" in vars(kind)
        function = member.__func__ if isinstance(member, classmethod) else member
        if inspect.isfunction(function) and (made or not name.startswith("_")) and not _is_checked(function):
            call = _named(function, owner.__name__ if made else name)
            setattr(kind, name, classmethod(call) if isinstance(member, classmethod) else call)
    return kind


def _is_checked(function: Any) -> bool:
    return getattr(function, "__globals__", None) is globals()


def _named(method: Callable[..., Any], name: str) -> Any:
    """`method`, which costs no more than before as long as the names are right."""

    @functools.wraps(method)
    def call(*given: Any, **named: Any) -> Any:
        try:
            return method(*given, **named)
        except TypeError:
            signature = inspect.signature(method)
            try:
                signature.bind(*given, **named)
            except TypeError:
                raise InputError(_misnamed(name, signature, given, named)) from None
            raise

    return call


def _checked(function: Callable[..., Any], name: str) -> Any:
    signature = inspect.signature(function)
    hints = functools.cache(lambda: _hints(function, signature))
    rules = functools.cache(lambda: {key: rule for key, hint in hints().items() if (rule := _rule(hint))})
    choices = functools.cache(
        lambda: {key: names for key, hint in hints().items() if (names := _choices(hint))}
    )

    @functools.wraps(function)
    def call(*given: Any, **named: Any) -> Any:
        try:
            bound = signature.bind(*given, **named)
        except TypeError:
            raise InputError(_misnamed(name, signature, given, named)) from None
        arguments, problems = bound.arguments, []
        for key, names in choices().items():
            if isinstance(given_name := arguments.get(key), str):
                arguments[key] = same_name(given_name, names) or given_name
        for key, rule in rules().items():
            if isinstance(arguments.get(key), Iterator):
                arguments[key] = list(arguments[key])  # which the check does not use up
            if key in arguments and (problem := rule(arguments[key])):
                problems.append(f"{key}: {problem}")
        if problems:
            raise InputError(problems)
        return function(*bound.args, **bound.kwargs)

    return call


# -- names ------------------------------------------------------------------------------------


def _misnamed(
    name: str, signature: inspect.Signature, given: Sequence[Any], named: Iterable[str]
) -> list[str]:
    """Why arguments do not fit a signature."""
    known = {key: p for key, p in signature.parameters.items() if key not in ("self", "cls")}
    by_position = [key for key, p in signature.parameters.items() if p.kind != p.KEYWORD_ONLY]
    problems = []
    for key in named:
        if key not in known:
            same = [other for other in known if other.startswith(key) or key.startswith(other)]
            hint = f"did you mean {same[0]!r}?" if len(same) == 1 else nearest(key, known, "")
            problems.append(
                f"{name}: has no argument {key!r}; {hint or 'it takes ' + (', '.join(known) or 'none')}"
            )
        elif key in by_position[: len(given)]:
            problems.append(f"{name}: {key} is given twice")
    if len(given) > len(by_position):
        others = ", ".join(f"{key}=..." for key in known if key not in by_position)
        by_position = [key for key in by_position if key in known]
        takes = f"takes only {', '.join(by_position) or 'nothing'} without a name"
        problems.append(f"{name}: {takes}{'; name the others: ' + others if others else ''}")
    if not problems:
        missing = [key for key, p in known.items() if p.default is p.empty and key not in named]
        missing = [key for key in missing if key not in by_position[: len(given)]]
        problems.append(f"{name}: needs {' and '.join(missing)}")
    return problems


# -- types ------------------------------------------------------------------------------------


def _hints(function: Callable[..., Any], signature: inspect.Signature) -> dict[str, Any]:
    """The type of each argument whose annotation says enough."""
    hints = {}
    for key, parameter in signature.parameters.items():
        try:
            hints[key] = eval(parameter.annotation, getattr(function, "__globals__", {}))
        except Exception:  # no annotation, or of a module that only type checkers import
            continue
    return hints


def _choices(hint: Any) -> tuple[str, ...]:
    """The names of which a text must be one; empty if any will do."""
    options = typing.get_args(hint) if _origin(hint) in (types.UnionType, typing.Union) else (hint,)
    if str in options:
        return ()
    names = [
        name for option in options if _origin(option) is typing.Literal for name in typing.get_args(option)
    ]
    return tuple(name for name in names if isinstance(name, str))


def _rule(hint: Any) -> Rule | None:
    """The check of a value: an object of some classes, or several of them; else None."""
    options = typing.get_args(hint) if _origin(hint) in (types.UnionType, typing.Union) else (hint,)
    options = tuple(_plain(option) for option in options)
    classes = tuple(option for option in options if inspect.isclass(option) and not _origin(option))
    groups = [option for option in options if _origin(option) in (tuple, Sequence, Iterable)]
    members = tuple(m for group in groups for m in typing.get_args(group))
    ours = [c for c in (*classes, *members) if c is not types.NoneType]
    if len(classes) + len(groups) < len(options) or not ours or not all(map(_is_ours, ours)):
        return None
    counts = [len(typing.get_args(group)) for group in groups if _origin(group) is tuple]
    return functools.partial(
        _mistake, classes, tuple(set(members)), counts[0] if counts else None, _choices(hint)
    )


def _mistake(
    classes: tuple[type, ...],
    members: tuple[type, ...],
    count: int | None,
    names: tuple[str, ...],
    value: Any,
) -> str:
    """What is wrong with a value that must be of `classes` and of `names`, or some or `count` of `members`; empty if nothing."""
    if names and isinstance(value, str) and value not in names:
        listed = f"{', '.join(map(repr, names[:-1]))} or {names[-1]!r}" if names[1:] else repr(names[0])
        return f"must be {listed}, not {shortened(value)}"
    if classes and isinstance(value, classes):
        return ""
    several = items(value) if members else None
    if several is not None and count in (None, len(several)) and all(isinstance(v, members) for v in several):
        return ""
    wanted = [_a(c) for c in classes if c is not types.NoneType]
    if members:
        wanted.append(f"{count or 'a list of'} {'texts' if members[0] is str else members[0].__name__}")
    if members and classes != members and isinstance(value, members):
        hint = "; put it into a list"
    else:
        hint = "; give one at a time" if not members and items(value) else ""
    found = shortened(value) if isinstance(value, SHOWN) else _a(type(value))
    return f"must be {' or '.join(wanted)}, not {found}{hint}"


def _a(kind: type) -> str:
    if kind in WORDS:
        return WORDS[kind]
    return f"{'an' if kind.__name__[0] in 'aeiouAEIOU' else 'a'} {kind.__name__}"


def _plain(option: Any) -> Any:
    """A choice of names as str."""
    names = typing.get_args(option) if _origin(option) is typing.Literal else ()
    return str if names and all(isinstance(name, str) for name in names) else option


def _is_ours(kind: Any) -> bool:
    if kind in (str, bool, Path):
        return True
    return inspect.isclass(kind) and kind.__module__.partition(".")[0] in ("sbpath", "matplotlib")


def _origin(hint: Any) -> Any:
    return typing.get_origin(hint)
