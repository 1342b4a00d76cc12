"""Film and lost contact: what they add to a cycle, a thousand cycles solved and passed over, and PyBaMM beside them.

Each run has a process of its own, which is where its peak memory comes from; the runs take turns.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import helper
import sbpath
from sbpath.protocol.outcome import Outcome

LAUNCH = Path(__file__).with_name("launch.py")
ROUNDS = 5
# Times of runs of no more cycles than these are medians of several within a process.
SHORT, REPEATS = 100, 5


class Case(NamedTuple):
    """A run: number of cycles, with film and loss or without, share for cycles passed over, particles (None: those of the file)."""

    name: str
    cycles: int
    wears: bool = True
    extrapolate: float | None = None
    particles: int | None = 1


WITHOUT = Case("without film and loss", 100, wears=False)
WITH = Case("with film and loss", 100)
SOLVED = Case("1,000, all solved", 1_000)
PASSED = (
    Case("1,000, `extrapolate=0.02`", 1_000, extrapolate=0.02),
    Case("1,000, `extrapolate=0.05`", 1_000, extrapolate=0.05),
)
CASES = (
    WITHOUT, WITH,
    Case("1,000, without film and loss", 1_000, wears=False), SOLVED, *PASSED,
    Case("100, particles of the file, without", 100, wears=False, particles=None),
    Case("100, particles of the file", 100, particles=None),
)  # fmt: skip
PYBAMM = Case("PyBaMM half-cell SPM, SEI and loss of active material", 100)
# Wanted in advance: cost of a cycle by that without; seconds of a thousand cycles, solved and passed over.
WANTED = 2.0, 8.0, 3.0


def report(quick: bool) -> str:
    """The table, and the targets."""
    from stacks.pybamm_models import HOW  # not above: what it imports would count as memory of every run

    missing = [] if helper.installed("pybamm") else [HOW]
    cases = CASES if missing else (*CASES, PYBAMM)
    runs: dict[str, list[dict[str, Any]]] = {case.name: [] for case in cases}
    for _ in range(1 if quick else ROUNDS):
        for case in cases:
            runs[case.name].append(_run(case))
    times = {name: [run["seconds"] for run in own] for name, own in runs.items()}
    per_cycle = {case.name: [time / case.cycles for time in times[case.name]] for case in cases}
    ratio = {name: helper.paired(own, per_cycle[WITHOUT.name]) for name, own in per_cycle.items()}
    rows = []
    for case in cases:
        (run, *_), (best, *_) = runs[case.name], runs[SOLVED.name]
        off = ["-"] * 3
        if case in PASSED:
            off = [f"{run['capacity'] - best['capacity']:+.3f} of {best['capacity']:.1f}"]
            off += [f"{run['film'] / best['film'] - 1.0:+.0e}", f"{run['live'] - best['live']:+.0e}"]
        rows.append(
            [
                case.name,
                f"{run['solved']}",
                f"{median(times[case.name]):.2f}",
                helper.milliseconds(median(per_cycle[case.name])),
                helper.ratio(ratio[case.name]),
                f"{median(run['memory'] for run in runs[case.name]) / 1e6:.0f}",
                *off,
            ]
        )
    head = [
        "cycles", "solved", "time / s", "/ cycle / ms", "/ without", "peak memory / MB", "last capacity off / mAh/g",
        "all film off", "live share off",
    ]  # fmt: skip
    slowest = max(median(times[case.name]) for case in PASSED)
    found = ratio[WITH.name], median(times[SOLVED.name]), slowest
    most, solved, passed = (
        f"{have:.2f} of {wanted:g} ({'met' if have <= wanted else 'missed'})"
        for have, wanted in zip(found, WANTED, strict=True)
    )
    targets = (
        f"Targets: cost of a cycle by that without film and loss, {most} at most; seconds of 1,000 cycles, {solved} solved"
        f" and {passed} with cycles passed over."
    )
    return "\n\n".join([helper.table(head, rows), *missing, targets, helper.machine(("numpy", "pybamm"))])


def _run(case: Case) -> dict[str, Any]:
    """What the process of a run says of it, and its peak memory."""
    command = [sys.executable, str(LAUNCH), sys.executable, __file__, json.dumps(case)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    process = json.loads(done.stdout)
    return json.loads(process["said"]) | {"memory": process["memory"]}


def _sbpath(case: Case) -> Callable[[], sbpath.Solution]:
    """Sb in a Li cell at C/10; film as `fec`, areas and loss of contact as `micron`."""
    chosen = {"design": "micron", "electrolyte": "fec"} if case.wears else {}
    mechanism = sbpath.load_mechanism("li-sb", **chosen)
    protocol = sbpath.cycling("C/10", mechanism.lower_cutoff_V, mechanism.upper_cutoff_V, case.cycles)
    sbpath.simulate(mechanism, population=case.particles, progress=False)
    return lambda: sbpath.simulate(
        mechanism, protocol, graph="candidate", population=case.particles, keep="ends",
        extrapolate=case.extrapolate, progress=False,
    )  # fmt: skip


def _child(case: Case) -> None:
    """One run; what it took and found goes to standard error, as `launch.py` wants it."""
    if case == PYBAMM:
        from stacks.pybamm_models import aging

        solve = aging(case.cycles)
        solve()
    else:
        solve = _sbpath(case)
    times = []
    for _ in range(REPEATS if case.cycles <= SHORT else 1):
        begin = time.process_time()
        solution = solve()
        times.append(time.process_time() - begin)
    told: dict[str, Any] = {"seconds": median(times), "solved": case.cycles}
    if isinstance(solution, sbpath.Solution):
        entries = sbpath.ledger(solution)
        told |= {
            "solved": len(
                {step.cycle for step in solution.steps if step.outcome is not Outcome.EXTRAPOLATED}
            ),
            "capacity": entries[-1].extracted,
            "film": sum(entry.film + entry.idle for entry in entries),
            "live": entries[-1].live_share,
        }
    print(json.dumps(told), file=sys.stderr)


if __name__ == "__main__":
    _child(Case(*json.loads(sys.argv[1])))
