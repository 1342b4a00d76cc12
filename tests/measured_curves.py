"""Curves made step by step, as a cycler logs them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from sbpath.measured.records import Curve, Source

SOURCE = Source("made.csv", "0" * 64, "made", "utf-8", ",", False, 1, 0, ())


class Cycler:
    """Logs steps one after the other; each is hours, current (mA, insertion positive) and voltages (V) to pass linearly."""

    def __init__(self, every_s: float = 60.0) -> None:
        self.every_s = every_s
        self.rows: list[tuple[float, float, float, int]] = []
        self.names: list[str] = []

    def step(self, name: str, hours: float, current_mA: object, volts: object) -> Cycler:
        """Add a step, with its first and its last row; `current_mA` is a number, or a function of hours."""
        start = self.rows[-1][0] if self.rows else 0.0
        times = np.append(np.arange(0.0, hours * 3600.0 - 1e-6, self.every_s), hours * 3600.0)
        levels = np.atleast_1d(np.asarray(volts, dtype=float))
        share = times / times[-1]
        voltage = np.interp(share, np.linspace(0.0, 1.0, len(levels)), levels)
        current = current_mA(times / 3600.0) if callable(current_mA) else np.full(len(times), current_mA)
        self.rows += [
            (start + t, i * 1e-3, v, len(self.names)) for t, i, v in zip(times, current, voltage, strict=True)
        ]
        self.names.append(name)
        return self

    def curve(self, named: bool = True) -> Curve:
        time, current, voltage, step = (
            np.array(column, dtype=float) for column in zip(*self.rows, strict=True)
        )
        number = step.astype(np.int64) if named else np.zeros(len(step), dtype=np.int64)
        names = tuple(self.names) if named else ("",)
        return Curve(time, current, voltage, None, None, number, names, SOURCE)


def charges_mAh(steps: list[tuple[float, float]]) -> list[float]:
    """Sums of hours times current (mA) between changes of sign, rests skipped: what a cycler would print."""
    flowing = [(hours, current) for hours, current in steps if current]
    cuts = [0, *(i + 1 for i, (a, b) in enumerate(pairwise(flowing)) if a[1] * b[1] < 0), len(flowing)]
    return [sum(h * i for h, i in flowing[a:b]) for a, b in pairwise(cuts)]
