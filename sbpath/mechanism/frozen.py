"""A read-only dict that can be hashed, copied and pickled."""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar

Value = TypeVar("Value")


class FrozenMapping(dict[str, Value]):
    """A read-only dict of items by name.

    Unlike `types.MappingProxyType` it can be pickled and hashed.
    """

    __slots__ = ()

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (dict(self),)

    def __deepcopy__(self, memo: dict[int, Any]) -> FrozenMapping[Value]:
        return self

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("a mechanism is read-only; use sbpath.with_changes to get a changed copy")

    __setitem__ = __delitem__ = __ior__ = _refuse  # type: ignore[assignment]
    clear = pop = popitem = setdefault = update = _refuse  # type: ignore[assignment]
