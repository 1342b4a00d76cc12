"""The same equations by hand in C with SUNDIALS: the folder `c`, built here and loaded as a library.

SUNDIALS is built from its source with the same flags, once; see `c/sundials.sh`.
"""

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
BUILD = SOURCE / "build"
HOW = "SUNDIALS cannot be built: its script needs gcc, make, cmake, and apt or a folder SUNDIALS_SOURCE"

METHODS = "CVODE", "IDA"

# Room for the steps of one solve.
MOST_ROWS = 400_000

# For the numbers of tasks, as long as the process lives.
_folder = TemporaryDirectory()


class Result(NamedTuple):
    """Rows of (step of the protocol, time, fractions, E); steps, evaluations, Jacobians, rejections."""

    rows: Floats
    counts: tuple[int, ...]


@cache
def library() -> ctypes.CDLL:
    """SUNDIALS and the C code, compiled for this machine."""
    try:
        made = subprocess.run(["make", "-C", str(SOURCE)], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise NotInstalledError(HOW) from None
    if made.returncode:
        # The first complaint tells what is missing.
        complaints = [line for line in made.stderr.splitlines() if "rror" in line or "not found" in line]
        raise NotInstalledError("; ".join([HOW, *complaints[:1]]))
    loaded = ctypes.CDLL(str(BUILD / "libelectrode.so"))
    loaded.solver_facts.restype = ctypes.c_char_p
    loaded.electrode_read.restype = ctypes.c_void_p
    loaded.electrode_read.argtypes = [ctypes.c_char_p]
    for function in (loaded.electrode_rate, loaded.electrode_jacobian):
        function.restype = None
        function.argtypes = [ctypes.c_void_p, ctypes.c_double, ctypes.c_void_p, ctypes.c_void_p]
    loaded.solver_new.restype = ctypes.c_void_p
    loaded.solver_new.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.c_double, ctypes.c_double]
    loaded.solver_free.restype = None
    loaded.solver_free.argtypes = [ctypes.c_void_p]
    loaded.solver_run.restype = ctypes.c_int
    loaded.solver_run.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p]
    return loaded


def facts() -> tuple[str, str, str, str]:
    """Version of SUNDIALS, where its source is from, flags and compiler of it and of the C code."""
    version, origin, flags, compiler = library().solver_facts().decode().split("|")
    return version, origin, flags, compiler


def write_numbers(task: Task) -> bytes:
    """The network, the start and the protocol of a task as lines of "name count values"; the file's path."""
    # Without what the C code does not know: layouts, other temperatures, film and wear.
    numbers = {name: value for name, value in task.network._asdict().items() if not isinstance(value, tuple)}
    # One particle: its numbers are those of the edges.
    assert len(numbers.pop("weight")) == 1
    numbers |= {"faraday": FARADAY_C_PER_MOL, "start": task.start}
    numbers |= {name: [getattr(leg, name) for leg in task.legs] for name in task.legs[0]._fields}
    lines = []
    for name, values in numbers.items():
        flat = np.ravel(values).tolist()
        lines.append(" ".join([name, str(len(flat)), *map(repr, flat)]))
    path = Path(_folder.name) / "numbers.txt"
    path.write_text("\n".join(lines) + "\n", encoding="ascii")
    return str(path).encode()


class Solver:
    """One solver with its memory, used again for each solve."""

    def __init__(self, task: Task, method: str, rtol: float, atol: float) -> None:
        self.library = library()
        self.handle = self.library.solver_new(write_numbers(task), METHODS.index(method), rtol, atol)
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
        return [(part[:, 1], part[:, -1] - leg.drop) for part, leg in zip(parts, self.task.legs, strict=True)]


def contestant(task: Task, method: str, rtol: float = RTOL, atol: float = ATOL) -> Contestant:
    """One method at given tolerances."""
    solver = Solver(task, method, rtol, atol)
    given = "" if (rtol, atol) == (RTOL, ATOL) else f", rtol {rtol:.0e} atol {atol:.0e}"
    version, _, flags, _ = facts()
    name = f"C + SUNDIALS {version} {flags.split()[0]}, {method}{given}"
    return Contestant(name, solver, solver.curve, lambda result: result.counts[0])


def tolerances_to_try() -> Iterator[tuple[float, float]]:
    """Relative tolerances in quarter decades, each with absolute ones below it."""
    for quarter in range(12, 45):
        for ratio in (1e-1, 1e-2, 1e-3, 1e-4):
            rtol = 10.0 ** (-quarter / 4)
            yield rtol, rtol * ratio
