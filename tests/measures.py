"""Measures that worker processes import; what they do depends on a folder named in the environment."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

FOLDER = "SBPATH_TEST_FOLDER"
POISON_C = 40.0


def charge(solution):
    return {
        "most_mAh_per_g": float(solution.charge_mAh_per_g.max()),
        "ended": solution.steps[-1].outcome.name,
    }


def energy(solution):
    """What the run was told of one interface."""
    table = solution.mechanism.document["interfaces"]["Sb|Li3Sb"]
    return {**charge(solution), "energy_J_per_m2": table["energy_J_per_m2"]["value"]}


def slow(solution):
    """Long enough for a test to meddle with the process, which is told."""
    time.sleep(0.02)
    return {**charge(solution), "pid": os.getpid()}


def long(solution):
    """As long as a task takes."""
    time.sleep(0.6)
    return charge(solution)


def deadly(solution):
    """Kills its process once at every other temperature, and at `POISON_C` always; each time is a file."""
    celsius = solution.temperature_C
    kills = Path(os.environ[FOLDER])
    before = len(list(kills.glob(f"{celsius}-*")))
    if celsius == POISON_C or (celsius == 20.0 and before == 0):
        (kills / f"{celsius}-{before}").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return charge(solution)


def stopped(solution):
    """As if Ctrl-C were pressed once the file ``stop`` is there, at 1C."""
    if solution.current_A_per_g.max() > 0.6 and Path(os.environ[FOLDER], "stop").exists():
        raise KeyboardInterrupt
    return charge(solution)


def broken(solution):
    """Raises, or returns what cannot be kept, by the temperature."""
    match solution.temperature_C:
        case 10.0:
            return 1.0 / 0.0
        case 20.0:
            return [1.0]
        case 30.0:
            return {"curve": solution.voltage_V}
        case 40.0:
            return {"temperature": 1.0}
    return {"nothing": None, "whole": 3, "true": True, "not_a_number": float("nan")}
