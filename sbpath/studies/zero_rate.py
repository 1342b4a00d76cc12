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

With propagation (k_p) there is another limit. The wait for a front, 1 / (k_p theta), needs no
overpotential, so a cycle that is slow enough stays at equilibrium. The law then describes a plateau of
the hysteresis in rate, which ends where fronts are faster than nuclei, at a rate proportional to k_p.
The law is fitted without propagation, and the end of the plateau is where propagation halves the
hysteresis.

Film and loss of contact are left out: a slow cycle would give them more time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sbpath.calls import methods_checked
from sbpath.errors import InputError
from sbpath.experiment import full_cycles
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.paths import value as number_at
from sbpath.mechanism.paths import with_changes
from sbpath.mechanism.reader import load_mechanism
from sbpath.mechanism.records import value_or
from sbpath.progress import with_progress
from sbpath.protocol.steps import Rate
from sbpath.results.cycles import cycle_summaries
from sbpath.simulation import simulate
from sbpath.solution import Floats
from sbpath.text.tables import Column, printed_table

# C-rate of one half cycle per century (1/h).
CENTURY_C = 1.0 / (100.0 * 365.25 * 24.0)
# Default C-rates (1/h).
RATES_C = (1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
# Halvings of a decade in the search for the end of the plateau: 4 %.
BISECTIONS = 6
# Largest deviation of a point from the law, as a share of the largest hysteresis, and fewest points fitted.
MAX_MISFIT, MIN_POINTS = 2e-3, 4


@methods_checked
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
    propagating_mV : array, shape (n,), optional
        Hysteresis with propagation, if the graph has any; `hysteresis_mV` is without it.
    end_C : float, optional
        C-rate at which propagation halves the hysteresis, if the graph has any: 0 if that is slower than
        a half cycle per century, the fastest rate if it does so at all rates.
    key : str
        The largest propagation rate, as path in the file and value (1/s); empty without any.
    """

    mechanism: str
    rates_C: Floats
    hysteresis_mV: Floats
    fitted: int
    a_mV: float
    L: float
    k_mV_h: float
    error_mV: float
    propagating_mV: Floats | None = None
    end_C: float | None = None
    key: str = ""

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
    rates : sequence of str, optional
        C-rates such as ``"C/100"``, at least four; C/100,000 to C/10 if not given.
    mechanism, graph, temperature_C, loading_mg_per_cm2, progress
        As in `simulate`.

    Raises
    ------
    InputError
        If rates are not C-rates, or too few.
    """
    if not isinstance(mechanism, Mechanism):
        mechanism = load_mechanism(mechanism)
    mechanism = mechanism.with_records(
        electrolyte=mechanism.electrolyte.model_copy(update={"film": None}),
        electrode=mechanism.electrode.model_copy(update={"contact_loss": None}),
    )
    parsed = [Rate(c, "C") for c in RATES_C] if rates is None else [Rate.parse(text) for text in rates]
    wrong = [str(rate) for rate in parsed if rate.unit != "C"]
    if wrong or len({rate.value for rate in parsed}) < MIN_POINTS:
        raise InputError(f"rates: give at least four different C-rates such as C/100, not {rates!r}")
    values = np.array(sorted(rate.value for rate in parsed))
    keys = _propagation_keys(mechanism, graph)
    bare = with_changes(mechanism, dict.fromkeys(keys, 0.0))

    def hysteresis(of: Mechanism, rate: float) -> float:
        solution = simulate(
            of,
            full_cycles(of, Rate(rate, "C"), 2),
            graph=graph,
            temperature_C=temperature_C,
            loading_mg_per_cm2=loading_mg_per_cm2,
            population=1,
            progress=False,
        )
        return cycle_summaries(solution)[-1].hysteresis_mV

    runs = [(of, rate) for of in ((bare, mechanism) if keys else (bare,)) for rate in values.tolist()]
    gaps = np.array([hysteresis(*run) for run in with_progress(runs, "sbpath rates", "rate", progress)])
    gap = gaps[: len(values)]
    # ln(J0 x 1 h): the value of L if nucleation were the only wait.
    attempts = float(np.log(mechanism.kinetics.attempt_rate_per_s.value * 3600.0))
    found = ZeroRate(mechanism.name, values, gap, *_law(values, gap, attempts))
    if not keys:
        return found
    key = max(keys, key=lambda key: number_at(mechanism, key))
    end = _half_rate(lambda rate: hysteresis(mechanism, rate) / float(found.law_mV(rate)), values[-1])
    return replace(
        found, propagating_mV=gaps[len(values) :], end_C=end, key=f"{key} = {number_at(mechanism, key):g}"
    )


def _law(rates: Floats, gap: Floats, attempts: float) -> tuple[int, float, float, float, float]:
    """The number of slow points that the law fits, and the fit to them, see `_fit`."""
    fitted = len(rates)
    found = _fit(rates, gap, attempts)
    while fitted > MIN_POINTS and found[3] > MAX_MISFIT * float(gap.max()):
        fitted -= 1
        found = _fit(rates[:fitted], gap[:fitted], attempts)
    return fitted, *found


def _half_rate(share: Callable[[float], float], fastest: float) -> float:
    """C-rate at which `share` falls below one half, searched downwards from `fastest`; 0 if it never does."""
    high, low = fastest, 0.1 * fastest
    if share(high) < 0.5:
        return high
    while share(low) >= 0.5:
        high, low = low, 0.1 * low
        if high <= CENTURY_C:
            return 0.0
    for _ in range(BISECTIONS):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if share(middle) < 0.5 else (low, middle)
    return (low * high) ** 0.5


def _propagation_keys(mechanism: Mechanism, graph: str | None) -> list[str]:
    """Paths of the propagation rates above zero that the edges of a graph have."""
    common = [("kinetics", mechanism.kinetics)]
    own = [
        (f"transformations[{mechanism.transformations.index(edge.stated) + 1}]", edge.stated)
        for edge in mechanism.edges(graph)
    ]
    return [
        f"{path}.propagation_rate_per_s"
        for path, record in common + own
        if value_or(record.propagation_rate_per_s, 0.0) > 0.0
    ]


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
    rates, law = limit.rates_C.tolist(), limit.law_mV(limit.rates_C)
    simulated = limit.hysteresis_mV if limit.propagating_mV is None else limit.propagating_mV
    bare: Column[int] = Column(
        "", lambda i: limit.hysteresis_mV[i], short="without propagation", terminal="{:.1f}"
    )
    columns: tuple[Column[int], ...] = (
        Column("", lambda i: f"C/{1.0 / rates[i]:.4g}" if rates[i] < 1.0 else f"{rates[i]:.4g}C", short="rate"),
        Column("", lambda i: simulated[i], short="hysteresis / mV", terminal="{:.1f}"),
        *([] if limit.propagating_mV is None else [bare]),
        Column("", lambda i: law[i], short="law / mV", terminal="{:.1f}"),
        Column("", lambda i: "" if i < limit.fitted else "not fitted", short=" "),
    )  # fmt: skip
    lines = [
        "As the current goes to zero: gap(c) = a / sqrt(L - ln c) + k c, c in 1/h",
        printed_table(columns, range(len(rates))),
        f"a = {limit.a_mV:.0f} mV, L = {limit.L:.2f}, k = {limit.k_mV_h:.3g} mV h (largest error {limit.error_mV:.2g} mV)",
        *(
            ["the law does not fit these rates: choose slower ones"]
            if limit.error_mV > 10.0 * MAX_MISFIT * float(limit.hysteresis_mV.max())
            else []
        ),
        *_remains(limit),
    ]
    return "\n".join(lines)


def _remains(limit: ZeroRate) -> list[str]:
    """What is left of the hysteresis at low rates."""
    if limit.end_C is None:
        return [
            f"remains at one half cycle per century: {limit.remaining_mV:.1f} mV, "
            f"falling by {limit.per_decade_mV:.1f} mV per decade"
        ]
    if limit.end_C >= limit.rates_C[-1]:
        plateau = f"no plateau: at all these rates product that is already there keeps it below half of the law, by {limit.key} /s"
    elif limit.end_C == 0.0:
        plateau = (
            f"plateau in rate: {limit.remaining_mV:.0f} mV even at one half cycle per century, where growth from product "
            f"that is already there does not halve it with {limit.key} /s"
        )
    else:
        plateau = (
            f"plateau in rate: {float(limit.law_mV(10.0 * limit.end_C)):.0f} mV; growth from product that is already there "
            f"halves it at C/{float(f'{1.0 / limit.end_C:.2g}'):,.0f}, in proportion to {limit.key} /s"
        )
    return [plateau, "at zero rate nothing remains: the limit is equilibrium"]
