"""What an answer costs: well under a quarter of a second of the processor, and no memory that stays."""

from __future__ import annotations

import gc
import json
import time

import pytest
from served import served

from sbpath.app.answers import answer
from sbpath.app.numbers import numbers
from sbpath.app.runs import Runs
from sbpath.app.setting import Setting

resource = pytest.importorskip("resource", reason="as on POSIX")


@pytest.mark.parametrize("system", ["li-sb", "na-sb", "k-sb"])
def test_one_cycle_is_answered_in_a_glance(system):
    """The least of five, of the processor and not by the clock: other tests run at the same time.

    Measured on a machine that others used too: 0.04 s in lithium, 0.07 s in sodium, 0.13 s in potassium.
    """
    costs = {"answer": [], "numbers": []}
    for k in range(6):
        runs = Runs()
        setting = Setting.of(
            {"system": system, "set": {"kinetics.growth_rate_per_s": 1e-3 * (1.0 + 0.01 * k)}}
        )
        began = time.process_time()
        json.dumps(runs.answer(setting))
        costs["answer"].append(time.process_time() - began)
        began = time.process_time()
        numbers(setting, runs)
        costs["numbers"].append(time.process_time() - began)
    assert min(costs["answer"][1:]) < 0.2
    assert min(costs["numbers"][1:]) < 0.2


def test_two_hundred_runs_leave_no_memory_behind():
    """Resident memory after 100 and after 200 different runs.

    Were each solution kept, the second hundred would add more than 80 MB: 1,600 rows of 60 numbers. Without the server
    300 runs after the first 50 added 3 MB; its threads have heaps of their own, which fill up to 15 MB more.
    """
    with served() as server:

        def resident_MB(first: int) -> float:
            for k in range(first, first + 100):
                state = {"system": "li-sb", "set": {"kinetics.growth_rate_per_s": 1e-3 * (1.0 + 0.001 * k)}}
                assert server.answer("/api/run", state)["curves"]
            gc.collect()
            with open("/proc/self/statm") as pages:
                return int(pages.read().split()[1]) * resource.getpagesize() / 1e6

        before = resident_MB(0)
        assert resident_MB(100) - before < 40.0


def test_an_answer_is_small_enough_to_arrive_at_once():
    runs = Runs()
    for setting in (Setting("k-sb"), Setting("na-sb", cycles="10")):
        solution = runs.solution(setting.experiment())
        assert len(json.dumps(answer(solution, None))) < 300_000
