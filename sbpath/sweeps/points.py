"""The points of a sweep: every combination of values, or a sample within ranges."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

import numpy as np

from sbpath.errors import InputError
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

    Raises
    ------
    InputError
        If any of these is invalid.
    """

    method: str
    count: int
    seed: int = 0

    def __post_init__(self) -> None:
        problems = []
        if self.method not in ("sobol", "lhs"):
            problems.append(f"sample: there is no {self.method!r}; write e.g. {SAMPLES}")
        if not isinstance(self.count, int) or not 1 <= self.count <= MOST_RUNS:
            problems.append(
                f"sample: must be a whole number of points, 1 to {MOST_RUNS:,}, not {self.count!r}"
            )
        elif self.method == "sobol" and self.count & (self.count - 1):
            power = 2 ** self.count.bit_length()
            problems.append(
                f"sample: sobol needs a power of 2 to be balanced, not {self.count}; "
                f"write sobol:{power // 2} or sobol:{power}"
            )
        if not isinstance(self.seed, int) or self.seed < 0:
            problems.append(f"seed: must be a whole number, 0 or more, not {self.seed!r}")
        if problems:
            raise InputError(problems)

    @classmethod
    def parse(cls, text: str, seed: int = 0) -> Sample:
        """Read ``sobol:128`` or ``lhs:100``.

        Raises
        ------
        InputError
            If `text` has another form.
        """
        match = re.fullmatch(r"\s*([a-z]+)\s*:\s*(\d+)\s*", text, re.IGNORECASE)
        if not match:
            raise InputError(f"sample: {text!r} is not METHOD:COUNT; write e.g. {SAMPLES}")
        return cls(match[1].casefold(), int(match[2]), seed)


def grid(variations: Sequence[Variation]) -> list[Point]:
    """Every combination of the values of `variations`, the last of which changes fastest.

    Raises
    ------
    InputError
        If there are more than a sweep allows.
    """
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
