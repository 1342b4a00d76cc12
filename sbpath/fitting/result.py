"""What a fit found, as a record that a file holds."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from sbpath.calls import methods_checked
from sbpath.errors import InputError
from sbpath.files import atomic_write, check_ending, read_regular
from sbpath.fitting.cells import Drive
from sbpath.fitting.error_model import ErrorModel
from sbpath.measured.records import MeasuredHalf
from sbpath.mechanism.documents import ENDING
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.paths import trail, with_changes
from sbpath.mechanism.reader import file_document
from sbpath.mechanism.records import Quantity
from sbpath.mechanism.toml_text import toml_text

# Of the file of a result.
FORMAT = 1
# In a result: particles were given as an object.
GIVEN = 0
# Digits of a fitted number in a mechanism file.
DIGITS = 5
# Of the file of a result; those of a fit of 30 numbers to 100 half cycles have 0.5 MB.
MOST_BYTES = 10_000_000


@dataclass(frozen=True, slots=True)
class FittedNumber:
    """A fitted number.

    Attributes
    ----------
    path, name, unit : str
        As in `sbpath.value`, as printed, and its unit.
    start, value : float
        Before and after.
    low, high : float or None
        Ends of the 95 % interval, given all that is held; None if the data give none.
    told_by : str
        The half cycles that determine it; ``the path`` if it only decides which one is taken, empty if held.
    held : bool
        True if no half cycle depends on it: it stayed at its start.
    """

    path: str
    name: str
    unit: str
    start: float
    value: float
    low: float | None
    high: float | None
    told_by: str
    held: bool


@dataclass(frozen=True, slots=True)
class Nuisance:
    """A number of the cell beside the mechanism's: its value and standard deviation."""

    name: str
    value: float
    sd: float


@dataclass(frozen=True, slots=True)
class FittedTarget:
    """A target: what it is, the value given with its error, and the value found; nan if the simulation failed before."""

    name: str
    unit: str
    given: float
    error: float
    found: float


@methods_checked
@dataclass(frozen=True, slots=True)
class FitResult:
    """The result of `sbpath.fit`, with the settings that repeat it.

    Attributes
    ----------
    experiment, mechanism, graph : str
        Experiment file, mechanism (a name or path) and graph.
    changes : tuple of (str, float)
        Numbers of the mechanism that were changed before, by path.
    free : tuple of str
        Groups and paths that were asked for.
    cycles : tuple of int, or None
        Chosen cycles; None for those of the file.
    drive, population, max_starts, profile : str, int or None, int, tuple of str
        As given to `sbpath.fit`; a population of 0 is one that was given as an object.
    data : str
        What was fitted to, in a few words.
    half_cycles : int
        Number of half cycles.
    numbers, nuisances : tuples of records
        Fitted numbers, and scales and offsets of the charge.
    tied, targets : tuples of records
        Numbers that are sums of others, and the targets.
    covariance : tuple of tuples of float
        Of numbers, logarithms for those that are fitted as such, and nuisances.
    error : ErrorModel or None
        Of the misfit; None if it was fitted to targets, which have errors of their own.
    cost : float
        Half the sum of the losses at the minimum.
    starts, agree, simulations : int
        Starts, those that found the minimum, and simulations of all cells.
    interrupted : bool
        Whether it was ended early by the user.
    remarks : tuple of str
        What the data cannot tell, and what was held or scaled.
    """

    experiment: str
    mechanism: str
    changes: tuple[tuple[str, float], ...]
    graph: str
    free: tuple[str, ...]
    cycles: tuple[int, ...] | None
    drive: Drive
    population: int | None
    max_starts: int
    profile: tuple[str, ...]
    data: str
    half_cycles: int
    numbers: tuple[FittedNumber, ...]
    nuisances: tuple[Nuisance, ...]
    covariance: tuple[tuple[float, ...], ...]
    error: ErrorModel | None
    cost: float
    starts: int
    agree: int
    simulations: int
    interrupted: bool
    remarks: tuple[str, ...]
    tied: tuple[FittedNumber, ...] = ()
    targets: tuple[FittedTarget, ...] = ()

    @property
    def values(self) -> dict[str, float]:
        """The fitted numbers by path, for `with_changes`, and those tied to them; those held are left out."""
        return {number.path: number.value for number in (*self.numbers, *self.tied) if not number.held}

    def save(self, path: str | Path) -> Path:
        """Write the result as TOML, which `load_fit` reads.

        Raises
        ------
        InputError
            If the file cannot be written.
        """
        check_ending(path, (ENDING,), "the result of a fit is")
        with atomic_write(Path(path)) as file:
            file.write(toml_text({"format": FORMAT, **_plain(asdict(self))}).encode())
        return Path(path)


def load_fit(path: str | Path) -> FitResult:
    """Read a result written by `FitResult.save`.

    Raises
    ------
    InputError
        If there is no such file, or it is not one.
    """
    content = read_regular(path, MOST_BYTES, "the result of a fit")
    try:
        document = tomllib.loads(content.decode())
    except (ValueError, RecursionError):  # no TOML, or no UTF-8
        document = {}
    try:
        if document.pop("format") != FORMAT:
            raise ValueError
        numbers = tuple(_made(FittedNumber, given) for given in document.pop("numbers"))
        nuisances = tuple(_made(Nuisance, given) for given in document.pop("nuisances", []))
        error = _made(ErrorModel, document.pop("error")) if "error" in document else None
        tied = tuple(_made(FittedNumber, given) for given in document.pop("tied", []))
        targets = tuple(_made(FittedTarget, given) for given in document.pop("targets", []))
        pairs = {name: tuple(map(tuple, document.pop(name))) for name in ("covariance", "changes")}
        lists = {
            name: tuple(document.pop(name))
            for name in ("free", "cycles", "profile", "remarks")
            if name in document
        }
        return _made(
            FitResult,
            {
                **document,
                **lists,
                "numbers": numbers,
                "nuisances": nuisances,
                "error": error,
                "tied": tied,
                "targets": targets,
                **pairs,
            },
        )
    except (KeyError, TypeError, ValueError):
        raise InputError(
            f"{path}: is not the result of a fit; give a file that sbpath fit --result wrote"
        ) from None


def charge_names(half: MeasuredHalf, curve: int | None) -> tuple[str, str]:
    """The nuisances of a half cycle, scale and offset of its charge; the curve is counted from 1, None if it is the only one."""
    where = f"{half.direction} {half.cycle}" + ("" if curve is None else f", curve {curve}")
    return f"scale of charge, {where}", f"offset of charge, {where}"


def check_repeatable(result: FitResult) -> None:
    """Refuse a result whose settings its file does not hold.

    Raises
    ------
    InputError
        If its particles were given as an object.
    """
    if result.population == GIVEN:
        raise InputError(
            f"{result.experiment}: its particles were given as an object; call fit with it again"
        )


def fitted_mechanism(mechanism: Mechanism, result: FitResult) -> Mechanism:
    """The mechanism with the fitted numbers."""
    return with_changes(mechanism, {path: _rounded(number) for path, number in result.values.items()})


def write_fitted(mechanism: Mechanism, result: FitResult, path: str | Path) -> Path:
    """Write a mechanism file with the fitted numbers, with the status "fitted" and what they were fitted to.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    check_ending(path, (ENDING,), "a mechanism is")
    changed = fitted_mechanism(mechanism, result)
    document = file_document(changed)
    about = {"status": "fitted", "source": "own", "fitted_to": result.data}
    sums = {one.path: {"status": "assumed", "source": "own", "note": one.told_by} for one in result.tied}
    for where in result.values:
        here: Any = document
        keys = [key for container, key in trail(changed, where) if not isinstance(container, Quantity)]
        last = here
        for key in keys:
            last, here = here, here[key]
        record = here if isinstance(here, dict) else last
        for key in ("note", "fitted_to"):
            record.pop(key, None)
        record |= sums.get(where, about)
    with atomic_write(Path(path)) as file:
        file.write(toml_text(document).encode())
    return Path(path)


def _rounded(number: float) -> float:
    return float(f"{number:.{DIGITS}g}")


def _plain(value: Any) -> Any:
    """Dicts and lists, without what is None."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if item is not None}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _made(kind: Any, given: dict[str, Any]) -> Any:
    """A record from a table; what is left out is None."""
    return kind(**{**dict.fromkeys(item.name for item in fields(kind)), **given})
