"""Arguments of experiments as people give them, all mistakes of one call told together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import ceil, isfinite
from numbers import Real
from typing import Any, TypeVar

from sbpath.errors import InputError
from sbpath.protocol.protocol import cycling
from sbpath.protocol.quantities import one_line, read
from sbpath.protocol.steps import (
    CompositionLimit,
    ConstantCurrent,
    Rate,
    Rest,
    Sweep,
    TimeLimit,
    VoltageLimit,
)

T = TypeVar("T")


class Arguments:
    """Reads arguments one by one.

    A mistake is kept, and something harmless stands in for the argument, so that the next one
    can be looked at; `check` raises what has come together.

    Attributes
    ----------
    problems : list of str
        The mistakes so far, a line each.
    """

    def __init__(self) -> None:
        self.problems: list[str] = []

    def check(self) -> None:
        """Raise InputError if there has been a mistake."""
        if self.problems:
            raise InputError(self.problems)

    def halves(
        self, rate: str | Rate, lower_V: float, upper_V: float
    ) -> tuple[ConstantCurrent, ConstantCurrent]:
        """Insertion to `lower_V` and extraction to `upper_V`, the steps that `cycling` has."""
        current = self._kept("rate", Rate(1.0, "C"), _rate, rate)
        lower, upper = self.window(lower_V, upper_V)
        return (
            ConstantCurrent("insertion", current, (VoltageLimit(lower),)),
            ConstantCurrent("extraction", current, (VoltageLimit(upper),)),
        )

    def window(self, lower_V: float, upper_V: float) -> tuple[float, float]:
        """The cut-offs [V], as `cycling` takes them."""
        return self._kept("", (0.0, 1.0), _window, lower_V, upper_V)

    def rates(self, name: str, given: Any) -> list[Rate]:
        """One rate or several."""
        example = f"{name}: must be a list such as ['C/10', '1C']"
        return self._each(name, [given] if isinstance(given, str | Rate) else given, _rate, example)

    def scan_rates(self, name: str, given: Any) -> list[float]:
        """One scan rate or several [V/s]."""
        example = f"{name}: must be a list such as ['0.1 mV/s', '0.5 mV/s']"
        return self._each(name, [given] if isinstance(given, str) else given, _scan_rate, example)

    def compositions(self, name: str, given: Any) -> list[float]:
        """One composition or several."""
        example = f"{name}: must be a list such as [0.5, 1.5, 2.5]"
        return self._each(name, [given] if isinstance(given, Real) else given, _composition, example)

    def composition(self, name: str, given: float) -> float:
        """A composition between empty and full."""
        return self._kept(name, 1.0, _composition, given)

    def rest(self, name: str, given: str) -> Rest:
        """A rest of the time given."""
        return Rest((self._kept(name, TimeLimit(1.0), _time, given),))

    def pulse(self, name: str, given: str) -> TimeLimit | CompositionLimit:
        """The size of a pulse, a time or a step of composition."""
        return self._kept(name, TimeLimit(3600.0), _pulse, given)

    def pulses_to_fill(self, name: str, size: TimeLimit | CompositionLimit, rate: Rate, full_x: float) -> int:
        """How many pulses of this size fill the electrode to `full_x`, if that can be told."""
        if isinstance(size, CompositionLimit):
            return ceil(full_x / size.x - 1e-9)
        if rate.unit == "C":
            return ceil(3600.0 / (rate.value * size.time_s) - 1e-9)
        self.problems.append(
            f"{name}: how many at {rate} fill the electrode depends on what it holds; "
            "say how many, or give a C-rate or a pulse such as 'x = 0.1'"
        )
        return 1

    def count(self, name: str, given: int, least: int = 1) -> int:
        """A whole number, `least` or more."""
        if not isinstance(given, int) or isinstance(given, bool) or given < least:
            self.problems.append(f"{name}: must be a whole number, {least} or more, not {given!r}")
            return least
        return given

    def _kept(self, name: str, default: T, make: Callable[..., T], *given: Any) -> T:
        """What `make` gives, or `default` where it complains."""
        try:
            return make(*given)
        except InputError as error:
            self.problems += [f"{name}: {problem}" if name else problem for problem in error.problems]
            return default

    def _each(self, name: str, given: Any, make: Callable[[Any], T], example: str) -> list[T]:
        items = list(given) if isinstance(given, Iterable) else []
        if not items:
            self.problems.append(f"{example}, not {given!r}")
        made = [self._kept(name, None, make, item) for item in items]
        return [item for item in made if item is not None]


def _window(lower_V: float, upper_V: float) -> tuple[float, float]:
    cycling("1C", lower_V, upper_V)
    return lower_V, upper_V


def _rate(given: str | Rate) -> Rate:
    return given if isinstance(given, Rate) else Rate.parse(given)


def _scan_rate(given: str) -> float:
    value = _measured(given, ("scan rate",), "'0.1 mV/s'")[1]
    return Sweep(value, 0.0).scan_rate_V_per_s


def _time(given: str) -> TimeLimit:
    return TimeLimit(_measured(given, ("time",), "'2 h'")[1])


def _pulse(given: str) -> TimeLimit | CompositionLimit:
    quantity, value = _measured(given, ("time", "composition"), "'30 min' or 'x = 0.1'")
    return TimeLimit(value) if quantity == "time" else CompositionLimit(_composition(value))


def _composition(given: float) -> float:
    if not isinstance(given, Real) or not isfinite(given) or not given > 0.0:
        raise InputError(f"must be a composition above 0 alkali per Sb, such as 1.5, not {given!r}")
    return float(given)


def _measured(text: str, quantities: tuple[str, ...], example: str) -> tuple[str, float]:
    """Quantity and value of `text`, which must be one of `quantities`."""
    try:
        line = one_line(text)
        quantity, value, _ = read(line)
        if quantity not in quantities:
            raise InputError(f"'{line}' is a {quantity}, where a {' or a '.join(quantities)} is needed")
    except InputError as error:
        raise InputError(f"{error}; write for example {example}") from None
    return quantity, value
