"""What currents and charges of a protocol refer to: gram, electrode, area or capacity."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from sbpath.calls import methods_checked
from sbpath.protocol.steps import (
    CapacityLimit,
    Charge,
    ChargeLimit,
    CompositionLimit,
    ConstantCurrent,
    CurrentLimit,
    CurrentTable,
    Limit,
    Rate,
    Step,
    TimeLimit,
)


@methods_checked
@dataclass(frozen=True, slots=True)
class Basis:
    """The amounts that convert currents and charges.

    Attributes
    ----------
    one_C_A_per_g : float
        1C per gram of host (A/g).
    electrode_mass_g : float or None
        Mass of host in the electrode (g), if known.
    loading_mg_per_cm2 : float
        Mass of host per area (mg/cm2).
    capacity_Ah_per_g : float
        Theoretical capacity per gram of host (Ah/g).
    content_range : tuple of float
        Lowest and highest alkali content (mol per mol Sb), which this capacity spans.
    """

    one_C_A_per_g: float
    electrode_mass_g: float | None
    loading_mg_per_cm2: float
    capacity_Ah_per_g: float
    content_range: tuple[float, float]

    def A_per_g(self, rate: Rate) -> float:
        """A current per gram of host (A/g).

        Raises
        ------
        InputError
            If it is in A and the mass is not known.
        """
        return rate.to_A_per_g(self.one_C_A_per_g, self.electrode_mass_g, self.loading_mg_per_cm2)

    def resolved(self, step: Step) -> Step:
        """`step` with currents per gram of host, passed charge as a time, and held charge as a composition.

        Raises
        ------
        InputError
            If a current or charge is in A or Ah and the mass is not known.
        """
        return _resolved(self, step)

    def _limit(self, limit: Limit, current_A_per_g: float) -> Limit:
        match limit:
            case CurrentLimit(rate=rate):
                return CurrentLimit(Rate(self.A_per_g(rate), "A/g"))
            case ChargeLimit(charge=charge):
                # Exact, since the current is constant.
                return TimeLimit(3600.0 * self._Ah_per_g(charge) / current_A_per_g)
            case CapacityLimit(charge=charge):
                least, most = self.content_range
                return CompositionLimit(
                    least + self._Ah_per_g(charge) / self.capacity_Ah_per_g * (most - least)
                )
            case _:
                return limit

    def _Ah_per_g(self, charge: Charge) -> float:
        return charge.to_Ah_per_g(self.capacity_Ah_per_g, self.electrode_mass_g, self.loading_mg_per_cm2)


@lru_cache(maxsize=256)  # cycles repeat their steps, and sweeps their protocols
def _resolved(basis: Basis, step: Step) -> Step:
    if isinstance(step, ConstantCurrent):
        current = Rate(basis.A_per_g(step.rate), "A/g")
        limits = tuple(basis._limit(limit, current.value) for limit in step.limits)
        return replace(step, rate=current, limits=limits)
    limits = tuple(basis._limit(limit, 0.0) for limit in step.limits)
    if isinstance(step, CurrentTable):
        amounts = basis.one_C_A_per_g, basis.electrode_mass_g, basis.loading_mg_per_cm2
        return replace(step, current=step.to_A_per_g(*amounts), unit="A/g", limits=limits)
    return replace(step, limits=limits)
