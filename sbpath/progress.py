"""Progress bars, and a watch on what runs in a thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from tqdm import tqdm

# Show progress after this delay (s).
PROGRESS_DELAY_S = 2.0

Item = TypeVar("Item")
# Is told how many units are done, and of how many if that is known; may raise `Stopped`.
Watch = Callable[[int, int | None], None]


class Stopped(KeyboardInterrupt):
    """What a `Watch` raises to stop what it watches, which then keeps what it has, as after Ctrl-C."""


class _Watched:
    """A watch, and the bar of which it is told: the outermost, of a fit and not of its simulations."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.outermost: Bar | None = None


_watched: ContextVar[_Watched | None] = ContextVar("watched", default=None)


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """Within this context `watch` is told of the progress of what the thread calls, also where no bar is shown."""
    token = _watched.set(_Watched(watch))
    try:
        yield
    finally:
        _watched.reset(token)


class Bar(tqdm):
    """A progress bar on standard error, if that is a terminal or a notebook, that also tells the thread's watch."""

    def __init__(
        self, label: str, unit: str, total: int | None = None, progress: bool = True, initial: int = 0
    ) -> None:
        self._done = initial
        self._by = _watched.get()
        if self._by is not None and self._by.outermost is None:
            self._by.outermost = self
        super().__init__(
            total=total, desc=label, unit=unit, delay=PROGRESS_DELAY_S, disable=None if progress else True,
            initial=initial,
        )  # fmt: skip

    @property
    def outermost(self) -> bool:
        """Whether it is the one of which the watch is told, or there is no watch."""
        return self._by is None or self._by.outermost is self

    def update(self, n: float | None = 1) -> bool | None:
        """Count `n` more units; 0 only looks whether to stop."""
        self._done += int(n or 0)
        shown = super().update(n)
        if self._by is not None and self._by.outermost is not None:
            bar = self._by.outermost
            self._by.watch(bar._done, bar.total)
        return shown

    def close(self) -> None:
        """Remove or leave the bar."""
        super().close()
        if self._by is not None and self.outermost:
            self._by.outermost = None


def with_progress(items: Sequence[Item], label: str, unit: str, progress: bool = True) -> Iterator[Item]:
    """Iterate over `items` with a progress bar."""
    with Bar(label, unit, len(items), progress) as bar:
        for item in items:
            yield item
            bar.update()
