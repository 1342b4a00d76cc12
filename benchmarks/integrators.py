"""One task by all integrators, in one table: what `cycle` and `gitt` have in common."""

from __future__ import annotations

from statistics import median
from typing import NamedTuple

import helper
from helper import NotInstalledError, error, interleaved, milliseconds, paired, ratio, table
from stacks import own, pybamm_models, scipy_ivp, sundae, sundials
from task import TIGHT, Contestant, Task, Truth, largest_error, true_curve

ROUNDS = 15
QUICK_ROUNDS = 3

PACKAGES = ("numpy", "scipy", "scikit-sundae", "pybamm")


class Entry(NamedTuple):
    """A contestant, its true curve, and the error and number of steps of its first solve."""

    contestant: Contestant
    error: float
    steps: int


def compare(task: Task, quick: bool, titration: bool = False, others: bool = True) -> str:
    """The table, and below it what was not installed; without `others` only sbpath and C."""
    truth = true_curve(task)
    field = [enter(one, truth) for one in own.contestants(task)]
    missing: list[str] = []
    makers = [
        lambda: [] if quick else [enter(one, truth) for one in scipy_ivp.contestants(task)],
        lambda: [enter(one, truth) for one in sundae.contestants(task)],
        lambda: by_hand(task, truth, field[0].error),
        lambda: [enter(*pair) for pair in pybamm_models.contestants(titration)],
    ]
    for make in makers if others else makers[2:3]:
        try:
            field += make()
        except NotInstalledError as complaint:
            missing.append(str(complaint))

    contestants = {entry.contestant.name: entry.contestant.solve for entry in field}
    times = interleaved(contestants, QUICK_ROUNDS if quick else ROUNDS)
    whole, bare = (times[entry.contestant.name] for entry in field[:2])
    rows = [
        [
            name,
            milliseconds(median(times[name])),
            ratio(paired(times[name], whole)),
            ratio(paired(times[name], bare)),
            error(entry.error),
            f"{entry.steps:,}",
        ]
        for name, entry in zip(contestants, field, strict=True)
    ]
    head = ["", "time / ms", "/ simulate", "/ integrator", "error / V", "steps"]
    return "\n\n".join([table(head, rows), *missing, f"{helper.machine(PACKAGES)} {_c_side()}".rstrip()])


def _c_side() -> str:
    """How the C side was built."""
    try:
        version, origin, flags, compiler = sundials.facts()
    except NotInstalledError:
        return ""
    return f"SUNDIALS {version} from {origin}, and the C code: gcc {compiler}, {flags}."


def enter(one: Contestant, truth: Truth) -> Entry:
    """A contestant after its first solve, which is not timed."""
    result = one.solve()
    return Entry(one, largest_error(one.curve(result), truth), one.steps(result))


def by_hand(task: Task, truth: Truth, aim: float) -> list[Entry]:
    """C: at sbpath's tolerances, at its accuracy, and at tight ones as a check of the true curve."""
    field = [enter(sundials.contestant(task, method), truth) for method in sundials.METHODS]
    field += [matched(task, truth, aim, method) for method in sundials.METHODS]
    return [*field, enter(sundials.contestant(task, "CVODE", *TIGHT), truth)]


def matched(task: Task, truth: Truth, aim: float, method: str) -> Entry:
    """The cheapest tolerances at which a method is as accurate as sbpath, by steps and evaluations."""
    best, least = None, float("inf")
    for rtol, atol in sundials.tolerances_to_try():
        one = sundials.contestant(task, method, rtol, atol)
        try:
            result = one.solve()
        except RuntimeError:
            continue
        steps, evaluations, *_ = result.counts
        wrong = largest_error(one.curve(result), truth)
        if wrong <= aim and steps + evaluations < least:
            best = Entry(one._replace(name=f"{one.name}, as accurate"), wrong, steps)
            least = steps + evaluations
    if best is None:
        raise RuntimeError(f"{method} is never as accurate as sbpath")
    return best
