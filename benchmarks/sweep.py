"""Sweeps: what a run takes, what the sweep adds to it, and what a second worker process brings.

    python benchmarks/sweep.py [mechanism] [runs]

One number of the mechanism and the rate vary, the file is on disk, and the measure is the usual one.
One process and two take turns, so that a slow moment of the machine falls on both; the table gives
medians of three. `added` is the time of a sweep in one process less that of its simulations and
measures, over the latter. `start` is what two processes need until they can run anything.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import sbpath


def timed(name: str, runs: int, workers: int) -> tuple[float, float]:
    """Time of a sweep, and of its simulations and measures alone (s)."""
    mechanism = sbpath.load_mechanism(name)
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


def main() -> None:
    """Print the table."""
    name = sys.argv[1] if len(sys.argv) > 1 else "li-sb"
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
    timed(name, 4, 1)  # loads the code
    times: dict[str, list[float]] = {key: [] for key in ("one", "own", "two", "start")}
    for _ in range(3):
        whole, own = timed(name, runs, 1)
        times["one"].append(whole)
        times["own"].append(own)
        times["two"].append(timed(name, runs, 2)[0])
        times["start"].append(timed(name, 4, 2)[0])
    one, own, two, start = (median(values) for values in times.values())
    print(f"{name}, {runs} runs of two cycles, median of 3")
    print(f"one process    {one:8.2f} s  {1e3 * own / runs:8.2f} ms a run, added {one / own - 1.0:.1%}")
    print(
        f"two processes  {two:8.2f} s  {one / two:8.2f} times as fast, {one / (two - start):.2f} times after {start:.1f} s of start"
    )


if __name__ == "__main__":
    main()
