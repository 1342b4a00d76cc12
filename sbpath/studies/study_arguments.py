"""Arguments of studies as users give them, with all mistakes of a call reported together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import ceil
from typing import Any, TypeVar

from sbpath.arguments import as_number, several, whole
from sbpath.errors import InputError, Problems
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


class StudyArguments(Problems):
    """Reads arguments one by one.

    A mistake is collected and the argument replaced by a harmless value, so that the others can still
    be checked; `check` raises all mistakes.
    """

    def halves(
        self, rate: str | Rate, lower_V: float, upper_V: float
    ) -> tuple[ConstantCurrent, ConstantCurrent]:
        """Insertion to `lower_V` and extraction to `upper_V`, as in `cycling`."""
        current = self.attempt(_rate, rate, name="rate", otherwise=Rate(1.0, "C"))
        lower, upper = self.window(lower_V, upper_V)
        return (
            ConstantCurrent("insertion", current, (VoltageLimit(lower),)),
            ConstantCurrent("extraction", current, (VoltageLimit(upper),)),
        )

    def window(self, lower_V: float, upper_V: float) -> tuple[float, float]:
        """The cut-offs [V], as in `cycling`."""
        return self.attempt(_window, lower_V, upper_V, otherwise=(0.0, 1.0))

    def rates(self, name: str, given: Any) -> list[Rate]:
        """One rate or several."""
        return self._each(name, given, _rate, ["C/10", "1C"])

    def scan_rates(self, name: str, given: Any) -> list[float]:
        """One scan rate or several [V/s]."""
        return self._each(name, given, _scan_rate, ["0.1 mV/s", "0.5 mV/s"])

    def compositions(self, name: str, given: Any) -> list[float]:
        """One composition or several."""
        return self._each(name, given, _composition, [0.5, 1.5, 2.5])

    def composition(self, name: str, given: float) -> float:
        """A composition between empty and full."""
        return self.attempt(_composition, given, name=name, otherwise=1.0)

    def rest(self, name: str, given: str) -> Rest:
        """A rest of this duration."""
        return Rest((self.attempt(_time, given, name=name, otherwise=TimeLimit(1.0)),))

    def pulse(self, name: str, given: str) -> TimeLimit | CompositionLimit:
        """The size of a pulse, a time or a step of composition."""
        return self.attempt(_pulse, given, name=name, otherwise=TimeLimit(3600.0))

    def pulses_to_fill(self, name: str, size: TimeLimit | CompositionLimit, rate: Rate, full_x: float) -> int:
        """Number of pulses of this size that fill the electrode to `full_x`, if it can be determined."""
        if isinstance(size, CompositionLimit):
            return ceil(full_x / size.x - 1e-9)
        if rate.unit == "C":
            return ceil(3600.0 / (rate.value * size.time_s) - 1e-9)
        self.add(
            f"{name}: how many at {rate} fill the electrode depends on what it holds; "
            "give their number, a C-rate, or a pulse such as 'x = 0.1'"
        )
        return 1

    def count(self, name: str, given: int, least: int = 1) -> int:
        """A whole number, `least` or more."""
        return self.attempt(whole, name, given, least, otherwise=least)

    def _each(self, name: str, given: Any, make: Callable[[Any], T], example: list[Any]) -> list[T]:
        wanted = [] if given is None else several(given)
        if not wanted:
            self.add(f"{name}: must be a list such as {example}, not {given!r}")
        made = [self.attempt(make, item, name=name) for item in wanted]
        return [item for item in made if item is not None]


def _window(lower_V: float, upper_V: float) -> tuple[float, float]:
    cycling("1C", lower_V, upper_V)
    return float(lower_V), float(upper_V)


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
    x = as_number(given)
    if x is None or x <= 0.0:
        raise InputError(f"must be a composition above 0 alkali per Sb, such as 1.5, not {given!r}")
    return x


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


def to_composition(step: ConstantCurrent, x: float) -> ConstantCurrent:
    """`step` with a composition as an additional limit."""
    return replace(step, limits=(CompositionLimit(x), *step.limits))
