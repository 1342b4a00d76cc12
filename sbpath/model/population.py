"""Electrodes of many particles: the share of the host that each holds, and how they differ.

All particles are at one potential and exchange charge only through it; they are domains that stand beside
each other, so that fronts reach from all to all (`sbpath.model.rates`). A particle differs from
the mechanism's by factors on its size (transport scales with the square, surface per gram
inversely), its interfacial energies (barriers scale with the cube), and its growth rates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from statistics import NormalDist
from typing import Any

import numpy as np

from sbpath.arguments import number as _number
from sbpath.arguments import whole
from sbpath.errors import InputError, Problems
from sbpath.kernels import Floats
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.records import LARGEST_NUMBER, value_or
from sbpath.model.network import Network, sizes_of
from sbpath.model.unknowns import layout_of

# Properties that may differ between particles.
SPREADS = ("size", "interfacial_energy", "growth_rate")
# Of Halton's sequence, for each of them.
BASES = (2, 3, 5)


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """Particles of an electrode; all arrays have shape (N,).

    Attributes
    ----------
    weight : array
        Share of the host in each particle; they add up to 1.
    size, interfacial_energy, growth_rate : array
        Factors on the mechanism's particle radius, interfacial energies and growth rates.

    Raises
    ------
    InputError
        If the lengths differ, a number is not finite and above 0, or the weights do not add up to 1.
    """

    weight: Floats
    size: Floats
    interfacial_energy: Floats
    growth_rate: Floats

    def __post_init__(self) -> None:
        problems = []
        for item in fields(self):
            values = _floats(item.name, getattr(self, item.name))
            object.__setattr__(self, item.name, values)
            values.setflags(write=False)
            if values.ndim != 1 or len(values) != np.size(self.weight) or len(values) == 0:
                problems.append(f"population: {item.name} must be a list of one number for each particle")
            elif not (np.isfinite(values).all() and values.min() > 0.0):
                problems.append(f"population: {item.name} must hold finite numbers above 0")
        if not problems and not abs(float(self.weight.sum()) - 1.0) < 1e-9:
            problems.append(f"population: the weights must add up to 1, not {self.weight.sum():.9g}")
        if problems:
            raise InputError(problems)

    def __len__(self) -> int:
        return len(self.weight)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Population) and all(
            np.array_equal(getattr(self, item.name), getattr(other, item.name)) for item in fields(self)
        )

    def __hash__(self) -> int:
        return hash(self.weight.tobytes())

    @classmethod
    def discrete(
        cls,
        weight: list[float] | Floats,
        size: list[float] | Floats | float = 1.0,
        interfacial_energy: list[float] | Floats | float = 1.0,
        growth_rate: list[float] | Floats | float = 1.0,
    ) -> Population:
        """A few kinds of particles; a single number applies to all of them.

        `weight` may be in any unit: it is normalized.
        """
        share = _floats("weight", weight)
        total = share.sum() if share.ndim == 1 and len(share) else 1.0

        def factor(name: str, given: list[float] | Floats | float) -> Floats:
            values = _floats(name, given)
            return values if values.ndim else np.full_like(share, values)

        return cls(
            share / (total if total > 0.0 else 1.0),
            factor("size", size),
            factor("interfacial_energy", interfacial_energy),
            factor("growth_rate", growth_rate),
        )

    @classmethod
    def lognormal(
        cls, number: int, size: float = 0.0, interfacial_energy: float = 0.0, growth_rate: float = 0.0
    ) -> Population:
        """`number` particles with equal shares of the host, whose factors are log-normal.

        Parameters
        ----------
        number : int
            Number of particles N.
        size, interfacial_energy, growth_rate : float
            Standard deviation of the logarithm of each factor: 0.1 is about 10 %, 0 is none. The
            median is 1. The distribution is by mass, since all particles have the same weight.

        Notes
        -----
        Nothing is drawn at random: the same arguments give the same particles. Each factor takes
        the median of each of N equally probable intervals. If several factors vary, each follows the
        order of its own dimension of a Halton sequence, which makes them as independent of each other
        as N allows.

        Examples
        --------
        >>> import sbpath
        >>> sbpath.Population.lognormal(5, interfacial_energy=0.03).interfacial_energy.round(3)
        array([0.962, 0.984, 1.   , 1.016, 1.039])
        """
        widths = {"size": size, "interfacial_energy": interfacial_energy, "growth_rate": growth_rate}
        problems = Problems()
        for name, width in widths.items():
            widths[name] = problems.attempt(_number, f"width of {name}", width, 0.0, 3.0, name="population")
        number = problems.attempt(whole, "number", number, 1, LARGEST_NUMBER, name="population")
        problems.check()
        spread = [name for name, width in widths.items() if width > 0.0]
        normal = np.array([NormalDist().inv_cdf((rank + 0.5) / number) for rank in range(number)])
        factors = {name: np.ones(number) for name in widths}
        for name, base in zip(spread, BASES, strict=False):
            # Ranks, because few points would not be centred on the median.
            ranks = radical_inverses(number, base).argsort().argsort() if len(spread) > 1 else slice(None)
            factors[name] = np.exp(widths[name] * normal[ranks])
        return cls(np.full(number, 1.0 / number), **factors)


def radical_inverses(number: int, base: int) -> Floats:
    """The first `number` points of a dimension of Halton's sequence: 0, 1, 2, ... with their digits mirrored at
    the point. SciPy has it too, but in modules that take longer to import than a cycle to simulate.
    """
    left, points, digit = np.arange(number), np.zeros(number), 1.0
    while left.any():
        digit /= base
        points += digit * (left % base)
        left //= base
    return points


def _floats(name: str, given: object) -> Floats:
    try:
        return np.array(given, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise InputError(
            f"population: {name} must be a number or a list of one for each particle, not {given!r:.60}"
        ) from None


def population_of(mechanism: Mechanism, wanted: Population | int | None) -> Population | None:
    """The particles of an electrode of `mechanism`; None for a single one.

    Parameters
    ----------
    mechanism : Mechanism
        Its spread, if it has one, is used unless a population is given.
    wanted : Population, int or None
        The particles, or how many of the file's spread, 1 for a single particle without any.

    Raises
    ------
    InputError
        If it is none of these, or the file has no spread.
    """
    if isinstance(wanted, Population):
        return wanted
    spread = mechanism.electrode.spread
    given = 1 if spread is None else int(spread.particles.value)
    number = given if wanted is None else whole("population", wanted, 1, LARGEST_NUMBER)
    if number == 1:
        return None
    if spread is None:
        raise InputError(
            f"population: {mechanism.name} has no spread, [electrode.spread]; "
            f"give one, e.g. Population.lognormal({number}, size=0.3) or --spread size=0.3"
        )
    return Population.lognormal(number, value_or(spread.size, 0.0), value_or(spread.interfacial_energy, 0.0))


def populated(network: Network, population: Population) -> Network:
    """The network of one particle, extended to the particles of a population."""
    fronts = network.propagation[0] > 0.0
    meant = np.unique(network.target[fronts]) if len(population) > 1 else network.meant
    mean = np.where(fronts & np.isin(network.target, meant), np.searchsorted(meant, network.target), -1)
    return network._replace(
        **of_particles(network._asdict(), population),
        weight=population.weight.copy(),
        meant=meant,
        mean=mean,
        layout=layout_of(len(population), sizes_of(network)),
    )


def of_particles(given: Mapping[str, Any], population: Population) -> dict[str, Any]:
    """Those of the `given` fields of a network of one particle that differ between particles, or follow from their sizes."""
    factors: dict[str, Any] = {
        "barrier": population.interfacial_energy[:, None] ** 3,
        "log_attempt": np.ones((len(population), 1)),
        "propagation": np.ones((len(population), 1)),
        "growth": population.growth_rate[:, None],
        "transport": population.size[:, None] ** 2,
        "exchange": float(np.sum(population.weight / population.size)),
    }
    return {name: given[name] * factor for name, factor in factors.items() if name in given}
