"""The points of a sweep: every combination of values, or a sample within ranges."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

import numpy as np

from sbpath.arguments import whole
from sbpath.errors import InputError, Problems
from sbpath.sweeps.ranges import MOST_RUNS, Range, Variation

SAMPLES = "sobol:128 or lhs:100"

Point = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """How a sample is drawn with `scipy.stats.qmc`.

    Attributes
    ----------
    method : str
        "sobol", a scrambled Sobol sequence, or "lhs", a Latin hypercube.
    count : int
        Number of points; for Sobol a power of 2, which keeps it balanced.
    seed : int
        The same seed gives the same points.
    """

    method: str
    count: int
    seed: int = 0

    def __post_init__(self) -> None:
        problems = Problems()
        if self.method not in ("sobol", "lhs"):
            problems.add(f"sample: there is no {self.method!r}; write e.g. {SAMPLES}")
        count = problems.attempt(whole, "sample: its count", self.count, 1, MOST_RUNS, otherwise=1)
        if self.method == "sobol" and count & (count - 1):
            power = 2 ** count.bit_length()
            problems.add(
                f"sample: sobol needs a power of 2 to be balanced, not {count}; "
                f"write sobol:{power // 2} or sobol:{power}"
            )
        seed = problems.attempt(whole, "seed", self.seed, 0)
        problems.check()
        object.__setattr__(self, "count", count)
        object.__setattr__(self, "seed", seed)

    @classmethod
    def parse(cls, text: str, seed: int = 0) -> Sample:
        """Read ``sobol:128`` or ``lhs:100``."""
        match = re.fullmatch(r"\s*([a-z]+)\s*:\s*(\d+)\s*", text, re.IGNORECASE)
        if not match:
            raise InputError(f"sample: {text!r} is not WAY:COUNT; write e.g. {SAMPLES}")
        return cls(match[1].casefold(), int(match[2]), seed)


def grid(variations: Sequence[Variation]) -> list[Point]:
    """Every combination of the values of `variations`, the last of which changes fastest."""
    count = prod(len(variation.values) for variation in variations)
    if count > MOST_RUNS:
        raise InputError(f"vary: {count:,} runs are too many; a sweep takes {MOST_RUNS:,}")
    return list(product(*(variation.values for variation in variations)))


def sampled(ranges: Sequence[Range], sample: Sample) -> list[Point]:
    """Points of a sample within `ranges`, spaced logarithmically where a range is logarithmic."""
    from scipy.stats import qmc

    kind = qmc.Sobol if sample.method == "sobol" else qmc.LatinHypercube
    # Newer SciPy prefers rng, but accepts seed as older versions do.
    fractions = kind(len(ranges), seed=sample.seed).random(sample.count)  # pyright: ignore[reportCallIssue]
    columns = [span.at(fraction) for span, fraction in zip(ranges, fractions.T, strict=True)]
    return [tuple(point) for point in np.array(columns).T.tolist()]
