"""Progress bars."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from tqdm import tqdm

# Show progress after this delay (s).
PROGRESS_DELAY_S = 2.0

Item = TypeVar("Item")


def with_progress(items: Sequence[Item], label: str, unit: str, progress: bool = True) -> Iterator[Item]:
    """Iterate over `items` with a progress bar on standard error, if that is a terminal or a notebook."""
    # None: tqdm shows a bar only on a terminal or in a notebook.
    return iter(
        tqdm(items, desc=label, unit=unit, delay=PROGRESS_DELAY_S, disable=None if progress else True)
    )
