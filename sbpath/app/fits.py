"""Fits of the page: numbers of the shown system fitted to a dropped file."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from sbpath.app.numbers import label_of
from sbpath.app.setting import Setting, field
from sbpath.app.uploads import laid_over
from sbpath.fitting.fit import DEFAULT_FREE, fit
from sbpath.fitting.parameters import free_numbers
from sbpath.fitting.result import fitted_mechanism, write_fitted
from sbpath.measured.experiment_file import Measurement
from sbpath.mechanism.mechanism import Mechanism
from sbpath.text.fit_report import fit_report


def fitted(
    measurement: Measurement, setting: Setting, mechanism: Mechanism, free: list[str] | None
) -> dict[str, Any]:
    """The numbers of a fit with what ``sbpath fit`` prints, its mechanism file, and the curve with these numbers.

    Raises
    ------
    Stopped
        If it is stopped before there is a minimum; later, the best so far is returned.
    """
    names, graph, particles = free or DEFAULT_FREE, setting.graph_of(mechanism), setting.number_of_particles()
    with field("free"):
        free_numbers(mechanism, names)
    found = fit(measurement, mechanism, names, graph=graph, population=particles, progress=False)
    changed = fitted_mechanism(mechanism, found)
    with tempfile.TemporaryDirectory() as folder:
        file = write_fitted(mechanism, found, Path(folder) / "fitted.toml").read_text("utf-8")
    rows = [
        {
            "path": number.path, "label": label_of(number.path), "unit": number.unit,
            "start": number.start, "value": number.value, "low": number.low, "high": number.high,
            "told_by": number.told_by, "held": number.held,
        }
        for number in found.numbers
    ]  # fmt: skip
    assert found.error is not None  # a dropped file is a curve
    return {
        "text": fit_report(found),
        "rows": rows,
        "set": {path: repr(number) for path, number in changed.changes.items()},
        "mechanism": file,
        "rms_mV": found.error.rms_mV,
        "interrupted": found.interrupted,
        "overlay": laid_over(measurement, setting, changed, found),
    }
