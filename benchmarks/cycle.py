"""One cycle at C/10 by all integrators, repeated after a first solve."""

from __future__ import annotations

import task
from integrators import compare


def report(quick: bool) -> str:
    """The table."""
    return compare(task.cycle(), quick)
