"""One cycle of ZnSnSb2, the mechanism with the most edges, by sbpath and by hand in C."""

from __future__ import annotations

import task
from integrators import compare


def report(quick: bool) -> str:
    """The table."""
    return compare(task.cycle("li-znsnsb2"), quick, others=False)
