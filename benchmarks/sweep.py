"""Sweeps: what a run takes, what the sweep adds to it, and what a second worker process brings.

One number of the mechanism and the rate vary, the file is on disk, and the measure is the usual one.
One process and two take turns, so that a slow moment of the machine falls on both.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median

import helper
import sbpath


def timed(name: str, runs: int, workers: int) -> tuple[float, float]:
    """Time of a sweep, and of its simulations and measures alone (s)."""
    mechanism = sbpath.load_mechanism(name)
    # Of one particle.
    electrode = mechanism.electrode.model_copy(update={"spread": None})
    mechanism = mechanism.with_records(electrode=electrode)
    interface = next(iter(mechanism.interfaces))
    energy = mechanism.interfaces[interface].energy_J_per_m2.value
    vary = [
        f"interfaces.{interface}.energy_J_per_m2={0.98 * energy}..{1.02 * energy}:{max(2, runs // 20)}",
        f"rate=C/20..C/2:{20 if runs >= 40 else 2}",
    ]
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        table = sbpath.sweep(
            mechanism, vary, workers=workers, out=Path(folder) / "sweep.sqlite", progress=False
        )
        return time.perf_counter() - began, float(table["run_s"].sum())


def report(quick: bool) -> str:
    """The table."""
    name, runs, rounds = "li-sb", 200 if quick else 2000, 1 if quick else 3
    timed(name, 4, 1)  # loads the code
    times: dict[str, list[float]] = {key: [] for key in ("one", "own", "two", "start")}
    for _ in range(rounds):
        whole, own = timed(name, runs, 1)
        times["one"].append(whole)
        times["own"].append(own)
        times["two"].append(timed(name, runs, 2)[0])
        times["start"].append(timed(name, 4, 2)[0])
    one, own, two, start = (median(values) for values in times.values())
    rows = [
        ["one process", f"{one:.2f}", f"{1e3 * own / runs:.2f}", f"{one / own - 1.0:.1%}", "-", "-"],
        ["two processes", f"{two:.2f}", "-", "-", f"{one / two:.2f}", f"{one / (two - start):.2f}"],
    ]
    head = [
        f"{runs} runs of two cycles",
        "time / s",
        "a run / ms",
        "added by the sweep",
        "ratio",
        "ratio after the start",
    ]
    note = f"Two processes need {start:.1f} s until they can run anything."
    return "\n\n".join([helper.table(head, rows), f"{note} {helper.machine(('numpy',))}"])
