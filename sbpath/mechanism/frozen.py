"""A read-only dict, which can be hashed, copied and pickled."""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar

Value = TypeVar("Value")


class FrozenMapping(dict[str, Value]):
    """Items by name, in the order given.

    `types.MappingProxyType` is read-only too, but can be neither pickled nor hashed.
    """

    __slots__ = ()

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (dict(self),)

    def __deepcopy__(self, memo: dict[int, Any]) -> FrozenMapping[Value]:
        return self

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("a mechanism cannot be changed; make another one with sbpath.with_changes")

    __setitem__ = __delitem__ = __ior__ = _refuse  # type: ignore[assignment]
    clear = pop = popitem = setdefault = update = _refuse  # type: ignore[assignment]
