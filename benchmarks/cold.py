"""Cold start: the command line from a fresh process to a finished CSV, and the memory that takes.

With the native code on disk, as an installation leaves it; and with none, as the first run in a
checkout makes it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

import helper

COMMAND = ["-m", "sbpath", "simulate", "li-sb", "--csv", "out.csv"]
LAUNCH = Path(__file__).with_name("launch.py")

ROUNDS = 11
QUICK_ROUNDS = 3

# Cold processes to compare with: what there is to pay before anything is simulated.
RUNS = {
    "python": ["-c", "pass"],
    "import numpy": ["-c", "import numpy"],
    "import sbpath": ["-c", "import sbpath"],
    "sbpath simulate li-sb --csv": COMMAND,
}


class Child(NamedTuple):
    """A process that has ended: its time, that of the processor in it, and when it first wrote to
    standard error (s, or None); peak memory (bytes), and what it wrote.
    """

    seconds: float
    processor: float
    first_word: float | None
    memory: int
    said: str


def report(quick: bool) -> str:
    """The table."""
    with TemporaryDirectory() as folder:
        environment = {**os.environ, "SBPATH_CACHE_DIR": str(Path(folder) / "code")}

        def start(arguments: list[str]) -> Child:
            command = [sys.executable, str(LAUNCH), sys.executable, *arguments]
            done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
            if done.returncode:
                raise RuntimeError(f"{' '.join(arguments)}: {done.stdout}{done.stderr}")
            return Child(**json.loads(done.stdout))

        first = start(COMMAND)
        children: dict[str, list[Child]] = {name: [] for name in RUNS}
        for _ in range(QUICK_ROUNDS if quick else ROUNDS):
            for name, arguments in RUNS.items():
                children[name].append(start(arguments))
    rows = [_row(name, some) for name, some in children.items()]
    rows.append(_row("the same for the first time in a checkout", [first]))
    head = ["a cold process", "time / s", "of the processor / s", "first word / s", "peak memory / MB"]
    return "\n\n".join([helper.table(head, rows), helper.machine(("numpy",))])


def _row(name: str, children: list[Child]) -> list[str]:
    """Medians of times and memory, and when there was a word to who waits."""
    word = children[0].first_word
    return [
        name,
        f"{median(child.seconds for child in children):.2f}",
        f"{median(child.processor for child in children):.2f}",
        "-" if word is None else f"{word:.1f}",
        f"{median(child.memory for child in children) / 1e6:.0f}",
    ]
