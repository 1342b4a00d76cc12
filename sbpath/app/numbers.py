"""The numbers of a system that can be moved, those that matter most first."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from sbpath.app.runs import Runs
from sbpath.app.setting import Setting
from sbpath.errors import InputError
from sbpath.experiment import Same
from sbpath.fitting.parameters import PROFILED, Free, free_numbers
from sbpath.kernels import Floats
from sbpath.mechanism.groups import short_name
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.notation import subscripted
from sbpath.mechanism.paths import trail, value, with_changes
from sbpath.mechanism.records import Gallery, Provenance, Quantity
from sbpath.mechanism.units import UNITS, ending_of
from sbpath.results.sensitivity import sensitivities
from sbpath.text.mechanism_sheet import is_structure

# A slider reaches this many times `change_of` a number to both sides.
CHANGES = 3.0
# Change of the logarithm of a rate. The prior of a fit is wider, for it starts from a guess.
OF_A_RATE = 1.5
# Halvings of its reach until the package takes the number at its end.
MOST_HALVINGS = 30
# How particles differ cannot be told from one of them.
SPREAD = "electrode.spread."
# Has a field of its own.
PARTICLES = f"{SPREAD}particles"


def numbers(setting: Setting, runs: Runs) -> list[dict[str, Any]]:
    """Every number that shapes the curve, with its range, status and source, by its influence.

    The influence is the mean over the charge of one cycle of one particle by how much the voltage moves (mV) when the number
    moves by `change_of` it, to first order; None, and last, for the spread of particles.
    """
    solution = runs.solution(replace(setting, cycles="1", particles="1").experiment(runs.own))
    mechanism, plain = solution.mechanism, replace(setting, set=()).mechanism(runs.own)
    found = movable(Same(plain))
    free = {one.free.path: one.free for one in found}
    known = [path for path in free if not path.startswith(SPREAD)]
    slopes = sensitivities(solution, known).voltage
    passed = np.abs(np.diff(solution.charge_mAh_per_g, prepend=0.0))
    moved = {path: _mean_mV(row, passed) for path, row in zip(known, slopes, strict=True)}
    influence = {
        path: moved[path] * abs(free[path].slope(value(mechanism, path))) * change_of(free[path])
        for path in known
    }
    rows = [_row(mechanism, one, influence.get(one.free.path)) for one in found]
    return sorted(rows, key=lambda row: -(row["influence_mV"] if row["influence_mV"] is not None else -1.0))


def change_of(number: Free) -> float:
    """By how much a number moves to show its influence, on the scale of a fit: the standard deviation that a fit takes for it
    (`sbpath.fitting.parameters`), of a rate a factor of 4.5 at most.
    """
    return min(number.prior_sd, OF_A_RATE) if number.group in PROFILED else number.prior_sd


def label_of(path: str) -> str:
    """A number as the page names it."""
    return subscripted(short_name(path)).replace("gamma", "γ")


class Movable(NamedTuple):
    """A number that shapes the curve, with the scale and prior that a fit takes, and the ends of its slider."""

    free: Free
    low: float
    high: float


@lru_cache(maxsize=32)
def movable(of: Same) -> tuple[Movable, ...]:
    """The numbers of a mechanism that shape the curve; zeros by convention are left out."""
    found = []
    for path, number in of.mechanism.numbers():
        if is_structure(path) or path == PARTICLES or not isinstance(number, Quantity | Gallery):
            continue
        whole = f"{path}.potential_V" if isinstance(number, Gallery) else path
        try:
            (one,) = free_numbers(of.mechanism, [whole])
        except InputError:  # a logarithm of zero
            continue
        if one.start != 0.0 or one.group == "resistance":
            low, high = (_reach(of.mechanism, one, times) for times in (-CHANGES, CHANGES))
            found.append(Movable(one, low, high))
    return tuple(found)


def _mean_mV(slopes_V: Floats, passed: Floats) -> float:
    return 1e3 * float(np.abs(slopes_V) @ passed / passed.sum())


def _row(mechanism: Mechanism, movable: Movable, influence: float | None) -> dict[str, Any]:
    one = movable.free
    where = [key for _, key in trail(mechanism, one.path)]
    container, key = next((c, k) for c, k in reversed(trail(mechanism, one.path)) if k != "value")
    number = next(c for c, _ in reversed(trail(mechanism, one.path)) if isinstance(c, Provenance))
    name = where[-2] if where[-1] == "value" else where[-1]
    return {
        "path": one.path,
        "label": label_of(one.path),
        "meaning": type(container).model_fields[key].description or "",
        "group": where[0],
        "unit": next(iter(UNITS.get(ending_of(str(name)), {"": ""}))),
        "value": value(mechanism, one.path),
        "default": one.start,
        "low": movable.low,
        "high": movable.high,
        "scale": one.scale,
        "status": number.status,
        "source": mechanism.sources.get(number.source, number.source),
        "note": "; ".join(filter(None, (number.fitted_to and f"fitted to {number.fitted_to}", number.note))),
        "influence_mV": influence,
    }


def _reach(mechanism: Mechanism, one: Free, times: float) -> float:
    """How far a slider goes: nearer where the package refuses the number."""
    for _ in range(MOST_HALVINGS):
        end = one.outer(one.inner(one.start) + times * change_of(one))
        end = float(f"{min(max(end, one.low), one.high):.3g}")
        try:
            with_changes(mechanism, {one.path: end})
        except InputError:
            times *= 0.5
        else:
            return end
    return one.start
