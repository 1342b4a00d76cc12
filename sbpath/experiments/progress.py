"""Progress over several simulations, on anything that takes longer than two seconds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from tqdm import tqdm

from sbpath.simulation import PATIENCE_S

Item = TypeVar("Item")


def shown(items: Sequence[Item], label: str, unit: str, progress: bool = True) -> Iterator[Item]:
    """`items` in turn, with a bar on standard error where somebody can see it."""
    # None: tqdm shows nothing unless standard error is a terminal or a notebook.
    return iter(tqdm(items, desc=label, unit=unit, delay=PATIENCE_S, disable=None if progress else True))
