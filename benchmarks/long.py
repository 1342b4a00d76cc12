"""Long runs: time per cycle, memory and file, from ten cycles to five thousand.

Each run has a process of its own, which is where its peak memory comes from.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import helper
import sbpath

LAUNCH = Path(__file__).with_name("launch.py")

# Number of cycles, whose rows are kept, and particles: one, or those of the file.
RUNS = (
    (10, "ends", 1), (100, "ends", 1), (1_000, "ends", 1), (5_000, "ends", 1), (1_000, 100, 1), (10, "all", 1),
    (100, "all", 1), (1_000, "all", 1), (1_000, "ends", None),
)  # fmt: skip
QUICK_RUNS = ((10, "ends", 1), (100, "ends", 1), (1_000, "ends", 1), (1_000, 100, 1), (100, "all", 1))

# Short runs are repeated.
ROUNDS = 9


def report(quick: bool) -> str:
    """The table."""
    rows = []
    for cycles, keep, particles in QUICK_RUNS if quick else RUNS:
        run = json.dumps([cycles, keep, particles])
        command = [sys.executable, str(LAUNCH), sys.executable, __file__, run]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)
        process = json.loads(done.stdout)
        kept = f"every {keep}th" if isinstance(keep, int) else keep
        name = f"{cycles:,}, {kept}{'' if particles else ', particles of the file'}"
        rows.append([name, *_row(cycles, process["memory"], json.loads(process["said"]))])
    head = [
        "cycles, rows kept", "simulate / s", "/ cycle / ms", "peak memory / MB", "save / s", "file / MB", "open / s",
        "summaries / s", "paths / s",
    ]  # fmt: skip
    return "\n\n".join([helper.table(head, rows), helper.machine(("numpy",))])


def _row(cycles: int, memory: int, took: dict[str, float]) -> list[str]:
    seconds = [f"{took[name]:.2f}" for name in ("save", "open", "summaries", "paths")]
    seconds.insert(1, f"{took['bytes'] / 1e6:.1f}")
    return [
        f"{took['simulate']:.2f}", helper.milliseconds(took["simulate"] / cycles),
        f"{memory / 1e6:.0f}", *seconds,
    ]  # fmt: skip


def _timed(action: Callable[[], Any]) -> tuple[float, Any]:
    """Time of the processor (s), and what came of it."""
    begin = time.process_time()
    found = action()
    return time.process_time() - begin, found


def _child(cycles: int, keep: Any, particles: int | None) -> None:
    """One run; its times go to standard error, as `launch.py` wants them."""
    mechanism = sbpath.load_mechanism("li-sb")
    protocol = sbpath.cycling("C/10", mechanism.lower_cutoff_V, mechanism.upper_cutoff_V, cycles)
    sbpath.simulate(mechanism, progress=False)
    took, times = {}, []
    for _ in range(1 if cycles > 100 else ROUNDS):
        seconds, solution = _timed(
            lambda: sbpath.simulate(
                mechanism, protocol, graph="candidate", population=particles, keep=keep, progress=False
            )
        )
        times.append(seconds)
    took["simulate"] = median(times)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "long.npz"
        took["save"], _ = _timed(partial(solution.save, file))
        took["bytes"] = file.stat().st_size
        took["open"], again = _timed(lambda: sbpath.load_solution(file))
    took["summaries"], _ = _timed(lambda: sbpath.cycle_summaries(again))
    took["paths"], _ = _timed(lambda: sbpath.pathways(again))
    print(json.dumps(took), file=sys.stderr)


if __name__ == "__main__":
    _child(*json.loads(sys.argv[1]))
