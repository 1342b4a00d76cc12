"""The hysteresis that remains as the current goes to zero.

Where nucleation alone limits a transformation, the waiting time of its domains is ``exp(b) / J0`` with
the barrier ``b = B / A^2``, and at a C-rate c it is a fixed share of 1/c. So the affinity is
``A = sqrt(B / (ln J0 - ln c + const))``, and with the overpotential proportional to the current,

    gap(c) = a / sqrt(L - ln c) + k c.

The second term vanishes with the current, the first does not: it falls by a few per cent per decade,
and would vanish only at inaccessible rates. What remains "at zero rate" is therefore given at a stated
rate beyond any experiment, one half cycle per century.

The law holds at low rates: where other phases take part at high rates (amorphous Sb without time to
crystallise), fast points deviate. They are left out, fastest first, until the law fits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sbpath.errors import InputError
from sbpath.experiment import full_cycles
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.reader import load_mechanism
from sbpath.progress import with_progress
from sbpath.protocol.steps import Rate
from sbpath.results.cycles import cycle_summaries
from sbpath.simulation import simulate
from sbpath.solution import Floats
from sbpath.text.tables import table

# C-rate of one half cycle per century (1/h).
CENTURY_C = 1.0 / (100.0 * 365.25 * 24.0)
# Default C-rates (1/h).
RATES_C = (1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
# Largest deviation of a point from the law, as a share of the largest hysteresis, and fewest points fitted.
MAX_MISFIT, MIN_POINTS = 2e-3, 4


@dataclass(frozen=True, slots=True, eq=False)
class ZeroRate:
    """Hysteresis against rate, and the law fitted to it.

    Attributes
    ----------
    mechanism : str
        Name.
    rates_C : array, shape (n,)
        C-rates (1/h).
    hysteresis_mV : array, shape (n,)
        As simulated, second cycle.
    fitted : int
        Number of the slowest rates to which the law is fitted.
    a_mV, L, k_mV_h : float
        Parameters of the law in the module's docstring; c in 1/h.
    error_mV : float
        Largest deviation of a fitted point from the law.
    """

    mechanism: str
    rates_C: Floats
    hysteresis_mV: Floats
    fitted: int
    a_mV: float
    L: float
    k_mV_h: float
    error_mV: float

    def law_mV(self, rate_C: Floats | float) -> Floats:
        """Hysteresis by the law at a C-rate (1/h)."""
        rate = np.asarray(rate_C, dtype=float)
        return self.a_mV / np.sqrt(self.L - np.log(rate)) + self.k_mV_h * rate

    @property
    def remaining_mV(self) -> float:
        """Hysteresis at one half cycle per century."""
        return float(self.law_mV(CENTURY_C))

    @property
    def per_decade_mV(self) -> float:
        """Decrease over the last decade above that rate."""
        return float(self.law_mV(10.0 * CENTURY_C)) - self.remaining_mV


def zero_rate(
    mechanism: Mechanism | str,
    rates: Sequence[str] | None = None,
    *,
    graph: str | None = None,
    temperature_C: float | None = None,
    loading_mg_per_cm2: float | None = None,
    progress: bool = True,
) -> ZeroRate:
    """Simulate two cycles at each rate and extrapolate the hysteresis of the second to zero rate.

    Parameters
    ----------
    mechanism : Mechanism or str
        As in `simulate`.
    rates : sequence of str, optional
        C-rates such as ``"C/100"``, at least four; C/100,000 to C/10 if not given.
    graph, temperature_C, loading_mg_per_cm2
        As in `simulate`.
    progress : bool
        Show progress if it takes longer than two seconds.

    Raises
    ------
    InputError
        If rates are not C-rates, or too few.
    """
    if not isinstance(mechanism, Mechanism):
        mechanism = load_mechanism(mechanism)
    parsed = [Rate(c, "C") for c in RATES_C] if rates is None else [Rate.parse(text) for text in rates]
    wrong = [str(rate) for rate in parsed if rate.unit != "C"]
    if wrong or len({rate.value for rate in parsed}) < MIN_POINTS:
        raise InputError(f"rates: give at least four different C-rates such as C/100, not {rates!r}")
    values = np.array(sorted(rate.value for rate in parsed))
    gaps = []
    for value in with_progress(values.tolist(), "sbpath rates", "rate", progress):
        solution = simulate(
            mechanism,
            full_cycles(mechanism, Rate(value, "C"), 2),
            graph=graph,
            temperature_C=temperature_C,
            loading_mg_per_cm2=loading_mg_per_cm2,
            progress=False,
        )
        gaps.append(cycle_summaries(solution)[-1].hysteresis_mV)
    gap = np.array(gaps)
    # ln(J0 x 1 h): the value of L if nucleation were the only wait.
    attempts = float(np.log(mechanism.kinetics.attempt_rate_per_s.value * 3600.0))
    for fitted in range(len(values), MIN_POINTS - 1, -1):
        a, L, k, error = _fit(values[:fitted], gap[:fitted], attempts)
        if error <= MAX_MISFIT * float(gap.max()) or fitted == MIN_POINTS:
            return ZeroRate(mechanism.name, values, gap, fitted, a, L, k, error)
    raise AssertionError("there are at least MIN_POINTS rates")


def _fit(rates: Floats, gap: Floats, attempts: float) -> tuple[float, float, float, float]:
    """a, L and k of the law by least squares, and the largest deviation from it (mV)."""
    from scipy.optimize import least_squares  # slow to import

    # Scaled so that all three unknowns are of order one.
    scale = max(float(gap.max()), 1e-6)

    def law(p: Floats) -> Floats:
        return p[0] * np.sqrt(attempts / (attempts * p[1] - np.log(rates))) + p[2] * rates / rates[-1]

    # L is near ln(J0 x 1 h); far below it the first term would curve like the second.
    bounds = ((0.0, 0.3, 0.0), (np.inf, 4.0, np.inf))
    fit = least_squares(
        lambda p: law(p) - gap / scale, (0.9, 1.0, 0.1), bounds=bounds, xtol=1e-12, ftol=1e-12
    )
    a, stretch, k = fit.x.tolist()
    error = float(np.abs(law(fit.x) - gap / scale).max()) * scale
    return a * scale * attempts**0.5, stretch * attempts, k * scale / float(rates[-1]), error


def report(limit: ZeroRate) -> str:
    """The law, its fit, and what remains at zero rate."""
    rates = [f"C/{1.0 / c:.4g}" if c < 1.0 else f"{c:.4g}C" for c in limit.rates_C.tolist()]
    rows = [
        [rate, f"{gap:.1f}", f"{law:.1f}", "" if i < limit.fitted else "not fitted"]
        for i, (rate, gap, law) in enumerate(
            zip(rates, limit.hysteresis_mV.tolist(), limit.law_mV(limit.rates_C).tolist(), strict=True)
        )
    ]
    lines = [
        "As the current goes to zero: gap(c) = a / sqrt(L - ln c) + k c, c in 1/h",
        table(["rate", "hysteresis / mV", "law / mV", ""], rows),
        f"a = {limit.a_mV:.0f} mV, L = {limit.L:.2f}, k = {limit.k_mV_h:.3g} mV h (largest error {limit.error_mV:.2g} mV)",
        *(
            ["the law does not fit these rates: choose slower ones"]
            if limit.error_mV > 10.0 * MAX_MISFIT * float(limit.hysteresis_mV.max())
            else []
        ),
        f"remains at one half cycle per century: {limit.remaining_mV:.1f} mV, falling by {limit.per_decade_mV:.1f} mV per decade",
    ]
    return "\n".join(lines)
