"""The numbers that a fit changes: their scale, bounds and priors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, inf, log
from typing import Literal

from sbpath.errors import InputError
from sbpath.measured.experiment_file import FreeNumber, TiedNumber
from sbpath.mechanism.groups import GROUPS, paths_of
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.paths import displaced, keys_of, value

# Of each group: the scale, the sd of the prior (of the logarithm if log), the farthest that a fit may go, in
# the same unit, and the half-width of the starts. The start of a rate is often a guess, so that its prior, two decades, only keeps
# it where nothing else does.
_PRIORS: dict[str, tuple[Literal["log", "linear"], float, float, float]] = {
    "gamma": ("log", 0.35, log(3.0), 0.2),
    "growth": ("log", log(100.0), log(1e4), log(3.0)),
    "J0": ("log", 3.5, log(1e8), log(10.0)),
    "propagation": ("log", log(100.0), log(1e4), log(3.0)),
    "diffusivity": ("log", log(100.0), log(1e4), log(3.0)),
    "exchange": ("log", log(100.0), log(1e4), log(3.0)),
    "activation": ("linear", 1.5e4, 6e4, 5e3),
    "resistance": ("linear", 30.0, 1e4, 10.0),
    "spread": ("log", 0.7, log(20.0), log(1.5)),
    "energies": ("linear", 5e3, 3e4, 1e3),
    "galleries": ("linear", 0.05, 0.3, 0.01),
}
# Of numbers in no group.
_OTHER: tuple[Literal["log", "linear"], float, float, float] = ("log", 0.5, log(30.0), 0.2)
# Numbers whose likelihood may be one-sided.
PROFILED = ("growth", "diffusivity", "J0", "exchange", "propagation")


@dataclass(frozen=True, slots=True)
class Free:
    """A free number. With the scale "log", the fit works with its logarithm.

    Attributes
    ----------
    path : str
        As in `sbpath.value`.
    group : str
        Of `sbpath.mechanism.groups`; empty if none.
    scale : str
        "log" or "linear".
    start, low, high : float
        In its own unit.
    prior_sd : float
        About the start: of the logarithm, or in its own unit.
    reach : float
        Half-width of the range of starts, in the unit of `prior_sd`.
    """

    path: str
    group: str
    scale: Literal["log", "linear"]
    start: float
    low: float
    high: float
    prior_sd: float
    reach: float

    def inner(self, number: float) -> float:
        """The number as the fit sees it."""
        if self.scale == "linear":
            return number
        return log(number) if number > 0.0 else -inf

    def outer(self, inner: float) -> float:
        """The inverse of `inner`."""
        return exp(inner) if self.scale == "log" else inner

    def slope(self, number: float) -> float:
        """D number / d inner."""
        return number if self.scale == "log" else 1.0


def free_numbers(
    mechanism: Mechanism,
    wanted: Sequence[str],
    stated: Sequence[FreeNumber] = (),
    tied: Sequence[TiedNumber] = (),
) -> tuple[Free, ...]:
    """The numbers that groups or paths name, each once, with priors; `stated` by the experiment file come first.

    Those of a group that are `tied` to others are left out.

    Raises
    ------
    InputError
        If there is no such group or number, one cannot be fitted on its scale or is tied, or none is left.
    """
    given = {path: one for one in stated for path in paths_of(mechanism, one.path)}
    paths = [*given, *(path for name in wanted for path in paths_of(mechanism, name))]
    sums = [keys_of(mechanism, one.path) for one in tied]
    named = [*given, *(path for name in wanted if name not in GROUPS for path in paths_of(mechanism, name))]
    if twice := [path for path in named if keys_of(mechanism, path) in sums]:
        raise InputError(f"{twice[0]}: is tied to other numbers and cannot be free; remove it from [tied]")
    paths = [path for path in paths if keys_of(mechanism, path) not in sums]
    found = []
    for path in dict.fromkeys(paths):
        group = next((name for name in GROUPS if path in _members(mechanism, name)), "")
        scale, sd, far, reach = _PRIORS.get(group, _OTHER)
        start = value(mechanism, path)
        own = given.get(path)
        if own is not None:
            scale = own.scale
            start = start if own.start is None else own.start
        if scale == "log" and not start > 0.0:
            if own is not None or group:
                raise InputError(
                    f"{path}: is {start:g}, and a logarithm needs a start above 0; give one in [free]"
                )
            scale, sd, far, reach = "linear", 1.0, inf, 1.0
        free = Free(path, group, scale, start, 0.0, inf, sd, reach)
        low, high = (free.outer(free.inner(start) + way * far) for way in (-1.0, 1.0))
        if group in ("resistance", "activation"):
            low = max(low, 0.0)
        free = replace(free, low=low, high=high)
        if own is not None:
            free = replace(
                free,
                low=low if own.low is None else own.low,
                high=high if own.high is None else own.high,
                prior_sd=sd if own.prior_sd is None else own.prior_sd,
            )
        found.append(free)
    if not found:
        raise InputError("free: name what to fit, e.g. gamma,growth,resistance")
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Tie:
    """A number that is a sum: `held` plus each free number as often as `counts` says."""

    path: str
    terms: tuple[str, ...]
    counts: tuple[int, ...]
    held: float

    def total(self, numbers: Sequence[float]) -> float:
        """The sum, for values of the free numbers."""
        return self.held + sum(n * number for n, number in zip(self.counts, numbers, strict=True))


def ties_of(mechanism: Mechanism, tied: Sequence[TiedNumber], free: Sequence[Free]) -> tuple[Tie, ...]:
    """The sums of an experiment file, of free numbers and of those that are held.

    Raises
    ------
    InputError
        If there is no such number, or a term is itself a sum.
    """
    sums = [keys_of(mechanism, one.path) for one in tied]
    known = [keys_of(mechanism, one.path) for one in free]
    found = []
    for one in tied:
        terms = [keys_of(mechanism, term) for term in one.terms]
        if twice := [term for term, keys in zip(one.terms, terms, strict=True) if keys in sums]:
            raise InputError(f"tied: {one.path}: {twice[0]} is tied itself; name what that is the sum of")
        held = sum(
            value(mechanism, term) for term, keys in zip(one.terms, terms, strict=True) if keys not in known
        )
        found.append(Tie(one.path, one.terms, tuple(terms.count(keys) for keys in known), held))
    return tuple(found)


def changed(
    mechanism: Mechanism, free: Sequence[Free], numbers: Sequence[float], ties: Sequence[Tie] = ()
) -> Mechanism:
    """The mechanism with other numbers, unchecked: they are within bounds."""
    for one, number in zip(free, numbers, strict=True):
        mechanism = displaced(mechanism, one.path, float(number))
    for tie in ties:
        mechanism = displaced(mechanism, tie.path, tie.total(numbers))
    return mechanism


def unit_of(path: str) -> str:
    """The unit of a number, from the end of its path."""
    ends = {
        "energy_J_per_m2": "J/m2", "per_s": "1/s", "m2_per_s": "m2/s", "ohm_cm2": "Ohm cm2",
        "A_per_m2": "A/m2", "J_per_mol": "J/mol", "potential_V": "V",
    }  # fmt: skip
    return next(
        (unit for end, unit in sorted(ends.items(), key=lambda e: -len(e[0])) if path.endswith(end)), ""
    )


def _members(mechanism: Mechanism, name: str) -> tuple[str, ...]:
    try:
        return paths_of(mechanism, name)
    except InputError:
        return ()
