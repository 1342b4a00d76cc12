"""Ctrl-C at random instants of several commands: one line, exit code 130, no half-written file, soon."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import sbpath

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
    "read cell.csv --mass 1.2mg --first insertion",
    "overlay exp.toml --mechanism li-sb --particles 1 --csv overlay.csv --plot overlay.png",
    "fit exp.toml --mechanism li-sb --particles 1 --free gamma --result result.toml --plot fit.png",
    "rank exp.toml --candidates li-sb:reported li-sb --particles 1 --free gamma",
    "plan exp.toml --fit fitted.toml --csv plan.csv",
    "propose phases.csv --ion Li --out si.toml",
    "predict li-sb --csv predictions.csv",
    "run lifetime li-sb --csv life.csv --plot life.png",
)
TRIES = 200
SLOWEST_S = 10.0


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """A folder with the files that the commands read."""
    folder = tmp_path_factory.mktemp("inputs")
    cell = sbpath.simulate("li-sb", sbpath.cycling("C/5", 0.05, 1.5), population=1, progress=False)
    rows = zip(cell.time_s, cell.voltage_V, -1.2 * cell.current_A_per_g, strict=True)
    text = "".join(f"{t:.3f},{v:.5f},{i:.5f}\n" for t, v, i in rows)
    (folder / "cell.csv").write_text("time/s,Ewe/V,I/mA\n" + text)
    (folder / "exp.toml").write_text(
        'ion = "Li"\n[[curve]]\nfile = "cell.csv"\nmass_Sb_mg = 1.2\nfirst = "insertion"\n'
    )
    (folder / "phases.csv").write_text(
        "phase,formula,energy_J_per_mol,molar_volume_cm3_per_mol\nSi,Si,0,12\nLiSi,LiSi,-30000,21\nLi2Si,Li2Si,-50000,30\n"
    )
    with contextlib.chdir(folder):
        measured = sbpath.load_measurement("exp.toml")
        found = sbpath.fit(measured, "li-sb", ["gamma"], population=1, max_starts=1, progress=False)
        found.save("fitted.toml")
    return folder


def started(command, folder):
    return subprocess.Popen(
        [sys.executable, "-m", "sbpath", *command.split()],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder, start_new_session=True,
    )  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_ctrl_c_at_any_instant_ends_with_one_line(tmp_path, inputs, command):
    rng = random.Random(command)
    start = time.perf_counter()
    whole = started(command, shutil.copytree(inputs, tmp_path / "whole"))
    whole.communicate(timeout=300)
    assert whole.returncode == 0
    duration = time.perf_counter() - start
    ended, finished, slowest, early = 0, 0, 0.0, 0
    for attempt in range(TRIES // len(COMMANDS)):
        folder = Path(shutil.copytree(inputs, tmp_path / str(attempt)))
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
