"""Ctrl-C at random instants of several commands: one line, exit code 130, no half-written file, soon."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="signals as on POSIX"),
]
COMMANDS = (
    "list",
    "show li-sb --plot graph.png",
    "check li-sb na-sb k-sb",
    "simulate k-sb --cycles 3 --plot cycle.svg --csv cycle.csv --save cycle.npz",
    "simulate na-sb --particles 50 --spread size=0.3 --figure particles --plot particles.png",
    "compare li-sb na-sb --plot compare.pdf --csv compare.csv",
    "explain li-sb --plot explain.png --csv explain.csv",
    "losses li-sb --plot losses.png",
    "run gitt li-sb --plot gitt.png",
    "sweep li-sb --vary rate=C/20..1C:6 --workers 2 --out sweep.sqlite --plot sweep.png",
    "sweep li-sb --map --vary rate=C/20..1C:3 --vary temperature=0..40:3 --plot map.png",
    "literature --ion K --csv rows.csv",
)
TRIES = 120
SLOWEST_S = 10.0


def started(command, folder):
    return subprocess.Popen(
        [sys.executable, "-m", "sbpath", *command.split()],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder, start_new_session=True,
    )  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_ctrl_c_at_any_instant_ends_with_one_line(tmp_path, command):
    rng = random.Random(command)
    start = time.perf_counter()
    whole = started(command, tmp_path)
    whole.communicate(timeout=300)
    assert whole.returncode == 0
    duration = time.perf_counter() - start
    ended, finished, slowest, early = 0, 0, 0.0, 0
    for attempt in range(TRIES // len(COMMANDS)):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        process = started(command, folder)
        time.sleep(rng.uniform(0.0, 1.05 * duration))
        pressed = time.perf_counter()
        if rng.random() < 0.5:
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        else:
            process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        slowest = max(slowest, time.perf_counter() - pressed)
        lines = [line for line in err.replace("\r", "\n").splitlines() if line.strip() and "|" not in line]
        if process.returncode == 0:
            finished += 1
            continue
        if "sbpath/cli" not in err and not any(line.startswith("sbpath:") for line in lines):
            early += 1  # Python itself was starting
            continue
        ended += 1
        assert process.returncode == 130, err
        assert "Traceback" not in err, err
        (line,) = [line for line in lines if not line.startswith("note: ")]
        assert line.startswith("sbpath: "), err
        assert not [path for path in folder.iterdir() if path.name.startswith(".sbpath-")]
    print(
        f"{command}: {ended} stopped, {finished} had finished, {early} while Python started, slowest {slowest:.2f} s"
    )
    assert slowest < SLOWEST_S
    assert early <= 2
