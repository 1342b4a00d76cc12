"""Summary of a sweep: number of runs, extremes of each quantity and where they occur, paths."""

from __future__ import annotations

from collections import Counter

import numpy as np

from sbpath.sweeps.measure import cycle_values
from sbpath.sweeps.table import SweepTable
from sbpath.text.tables import table


def sweep_report(runs: SweepTable) -> str:
    """Summary of a sweep; the full table is exported as CSV."""
    about, failed = runs.about, runs.failed
    done = f"{len(runs)} runs" if len(runs) == about["runs"] else f"{len(runs)} of {about['runs']} runs"
    parts = [
        f"{about['mechanism']['name']}: {about['graph']} graph; {done} over {', '.join(runs.parameters)}",
    ]
    if about["measure"].startswith(f"{cycle_values.__module__}.{cycle_values.__qualname__} "):
        parts.append("of each run its last full cycle; cycle 1 is formation")
    numbers = [name for name in runs.measured if runs[name].dtype == float and np.isfinite(runs[name]).any()]
    if numbers:
        rows = []
        for name in numbers:
            low, high = int(np.nanargmin(runs[name])), int(np.nanargmax(runs[name]))
            rows.append(
                [name, f"{runs[name][low]:.5g}", _at(runs, low), f"{runs[name][high]:.5g}", _at(runs, high)]
            )
        parts += ["", table(["", "least", "at", "most", "at"], rows)]
    for name in runs.measured:
        if name not in numbers and runs[name].dtype != float:
            counts = Counter(text for text in runs[name].tolist() if text)
            parts += [
                "",
                name,
                *(
                    f"  {text}: {count} {'run' if count == 1 else 'runs'}"
                    for text, count in counts.most_common()
                ),
            ]
    if failed.any():
        first = runs["failure"][failed][0]
        count = int(failed.sum())
        parts += ["", f"{count} {'run' if count == 1 else 'runs'} failed, the first with: {first}"]
    return "\n".join(parts)


def _at(runs: SweepTable, row: int) -> str:
    """The point of a row, such as ``rate 0.1 C, temperature 25 °C``."""
    short = [name.split(".")[-1] for name in runs.parameters]
    labels = short if len(set(short)) == len(short) else runs.parameters
    return ", ".join(
        f"{label} {runs[name][row]:.4g} {runs.units[name]}".strip()
        for label, name in zip(labels, runs.parameters, strict=True)
    )
