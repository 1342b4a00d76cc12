"""The same equations by hand in C with SUNDIALS: the folder `c`, built here and loaded as a library."""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from helper import NotInstalledError
from sbpath.physical import FARADAY_C_PER_MOL
from task import ATOL, RTOL, Contestant, Curve, Floats, Task

SOURCE = Path(__file__).parent.parent / "c"
HOW = "C with SUNDIALS is not installed: a C compiler, make, and SUNDIALS 6 or newer (Debian: apt-get install gcc make libsundials-dev)"

METHODS = "CVODE", "IDA"

# Room for the steps of one solve.
MOST_ROWS = 400_000

# Kept as long as the process lives.
_folder = TemporaryDirectory()


class Result(NamedTuple):
    """Rows of (step of the protocol, time, fractions, E); steps, evaluations, Jacobians, rejections."""

    rows: Floats
    counts: tuple[int, ...]


@cache
def library() -> ctypes.CDLL:
    """The C code, compiled for this machine."""
    try:
        made = subprocess.run(
            ["make", "-C", str(SOURCE), f"OUT={_folder.name}"], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise NotInstalledError(HOW) from None
    if made.returncode:
        # The compiler's own first complaint tells what is missing.
        complaints = [line for line in made.stderr.splitlines() if "error" in line or "cannot find" in line]
        raise NotInstalledError("; ".join([HOW, *(line.split("error: ")[-1] for line in complaints[:1])]))
    loaded = ctypes.CDLL(str(Path(_folder.name) / "libelectrode.so"))
    loaded.solver_new.restype = ctypes.c_void_p
    loaded.solver_new.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.c_double, ctypes.c_double]
    loaded.solver_free.restype = None
    loaded.solver_free.argtypes = [ctypes.c_void_p]
    loaded.solver_run.restype = ctypes.c_int
    loaded.solver_run.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p]
    return loaded


def write_numbers(task: Task, path: Path) -> None:
    """The network, the start and the protocol of a task as lines of "name count values"."""
    numbers = dict(task.network._asdict())
    # One particle: its numbers are those of the edges.
    assert len(numbers.pop("weight")) == 1
    del numbers["layout"], numbers["columns"]
    numbers |= {"faraday": FARADAY_C_PER_MOL, "start": task.start}
    numbers |= {name: [getattr(leg, name) for leg in task.legs] for name in task.legs[0]._fields}
    lines = []
    for name, values in numbers.items():
        flat = np.ravel(values).tolist()
        lines.append(" ".join([name, str(len(flat)), *map(repr, flat)]))
    path.write_text("\n".join(lines) + "\n", encoding="ascii")


class Solver:
    """One solver with its memory, used again for each solve."""

    def __init__(self, task: Task, method: str, rtol: float, atol: float) -> None:
        self.library = library()
        path = Path(_folder.name) / "numbers.txt"
        write_numbers(task, path)
        self.handle = self.library.solver_new(str(path).encode(), METHODS.index(method), rtol, atol)
        if not self.handle:
            raise RuntimeError(f"{method} could not be set up")
        self.rows = np.empty((MOST_ROWS, len(task.start) + 2))
        self.counts = np.zeros(4, dtype=np.dtype("l"))
        self.task = task

    def __call__(self) -> Result:
        """Solve the task."""
        count = self.library.solver_run(
            self.handle, self.rows.ctypes.data, MOST_ROWS, self.counts.ctypes.data
        )
        if count < 0:
            raise RuntimeError(f"SUNDIALS gave up (flag {count})")
        return Result(self.rows[:count].copy(), tuple(self.counts.tolist()))

    def __del__(self) -> None:
        if getattr(self, "handle", None):
            self.library.solver_free(self.handle)

    def curve(self, result: Result) -> Curve:
        """Time and voltage of each step of the protocol."""
        starts = np.flatnonzero(np.diff(result.rows[:, 0])) + 1
        parts = np.split(result.rows, starts)
        drops = [leg.current * self.task.network.resistance for leg in self.task.legs]
        return [(part[:, 1], part[:, -1] - drop) for part, drop in zip(parts, drops, strict=True)]


def contestant(task: Task, method: str, rtol: float = RTOL, atol: float = ATOL) -> Contestant:
    """One method at given tolerances."""
    solver = Solver(task, method, rtol, atol)
    given = "" if (rtol, atol) == (RTOL, ATOL) else f", rtol {rtol:.0e} atol {atol:.0e}"
    return Contestant(f"C + SUNDIALS {method}{given}", solver, solver.curve, lambda result: result.counts[0])


def tolerances_to_try() -> Iterator[tuple[float, float]]:
    """Relative tolerances in quarter decades, each with absolute ones below it."""
    for quarter in range(12, 45):
        for ratio in (1e-1, 1e-2, 1e-3, 1e-4):
            rtol = 10.0 ** (-quarter / 4)
            yield rtol, rtol * ratio
