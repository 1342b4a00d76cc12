"""Interfacial energies of li-sb, na-sb and k-sb, fitted with propagation, charge transfer and spread as in the files.

    python fits/interfaces.py            prints energies, residuals, and what the curves do with rate and particles

By least squares to voltages at C/10 and 25 C (terminal voltage of the whole electrode). What is printed stands in the
files, rounded; the exchange current density of potassium is the one that gives 305 mAh/g at 3 A/g.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import least_squares

import sbpath

RATES = ("C/100", "C/30", "C/10", "C/3", "1C", "2C")
FINE = 200


class System(NamedTuple):
    """Interfaces whose energies are fitted, targets (step, x, V), and interfaces that are the sum of two others
    (Antonow's rule).
    """

    pairs: tuple[str, ...]
    targets: tuple[tuple[int, float, float], ...]
    sums: dict[str, tuple[str, str]]


SYSTEMS = {
    "li-sb": System(
        ("Sb|Li2Sb", "Li2Sb|Li3Sb", "Sb|Li3Sb"),
        ((3, 1.0, 0.850), (3, 2.5, 0.800), (4, 1.5, 1.029)),
        {},
    ),
    "na-sb": System(
        ("Sb|NaxSb", "NaxSb|Na3Sb"),
        ((1, 0.8, 0.446), (4, 1.5, 0.751)),
        {"Sb|Na3Sb": ("Sb|NaxSb", "NaxSb|Na3Sb")},
    ),
    # Its interface of Sb and the amorphous phase is sodium's.
    "k-sb": System(
        ("KxSb|K3Sb-cubic",),
        ((3, 2.5, 0.178), (4, 2.5, 0.487)),
        {
            "Sb|K3Sb-cubic": ("Sb|KxSb", "KxSb|K3Sb-cubic"),
            "K3Sb-cubic|K3Sb-hex": ("KxSb|K3Sb-cubic", "KxSb|K3Sb-hex"),
        },
    ),
}


def energy(pair: str) -> str:
    """Path of an interfacial energy."""
    return f"interfaces.{pair}.energy_J_per_m2"


def mechanism(name: str, fitted: dict[str, float]) -> sbpath.Mechanism:
    """The shipped mechanism with other energies by interface."""
    own = sbpath.load_mechanism(name, {energy(pair): value for pair, value in fitted.items()})
    parts = {
        pair: sum(sbpath.value(own, energy(part)) for part in two) for pair, two in SYSTEMS[name].sums.items()
    }
    return sbpath.with_changes(own, {energy(pair): total for pair, total in parts.items()})


def cycled(own: sbpath.Mechanism, rate: str, cycles: int, particles: int | None = None) -> sbpath.Solution:
    """Cycles between the cut-offs of the file."""
    protocol = sbpath.cycling(rate, own.lower_cutoff_V, own.upper_cutoff_V, cycles)
    return sbpath.simulate(own, protocol, population=particles, progress=False)


def curve(solution: sbpath.Solution, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Composition and terminal voltage (V) of a step, by composition."""
    step = solution.steps[number - 1]
    rows = slice(step.first, step.last)
    order = np.argsort(solution.composition[rows], kind="stable")
    return solution.composition[rows][order], solution.voltage_V[rows][order]


def fit(name: str) -> tuple[dict[str, float], list[float]]:
    """Energies (J/m2) by interface, and residuals (mV)."""
    system = SYSTEMS[name]
    start = np.array([sbpath.value(sbpath.load_mechanism(name), energy(pair)) for pair in system.pairs])

    def energies(values: np.ndarray) -> dict[str, float]:
        return dict(zip(system.pairs, values.tolist(), strict=True))

    def residuals(values: np.ndarray) -> list[float]:
        solution = cycled(mechanism(name, energies(values)), "C/10", 2)
        return [
            1e3 * (float(np.interp(x, *curve(solution, number))) - wanted)
            for number, x, wanted in system.targets
        ]

    found = least_squares(
        residuals, start, diff_step=1e-2, x_scale=start, xtol=1e-4, bounds=(0.6 * start, 1.5 * start)
    )
    return energies(found.x), list(found.fun)


def coarseness(own: sbpath.Mechanism, rate: str) -> float:
    """Root mean square difference (mV) of the second cycle to that of many particles."""
    few, many = cycled(own, rate, 2), cycled(own, rate, 2, FINE)
    squares = []
    for number in (3, 4):
        curves = [curve(solution, number) for solution in (few, many)]
        low, high = max(x[0] for x, _ in curves), min(x[-1] for x, _ in curves)
        at = np.linspace(low + 0.03 * (high - low), high - 0.03 * (high - low), 300)
        squares += list((np.interp(at, *curves[0]) - np.interp(at, *curves[1])) ** 2)
    return 1e3 * float(np.sqrt(np.mean(squares)))


def main() -> None:
    """Fit all systems, and print what their hysteresis does with the rate."""
    for name in SYSTEMS:
        energies, residuals = fit(name)
        print(name)
        for pair, value in energies.items():
            print(f"  {pair}: {value:.4f} J/m2")
        print("  residuals / mV:", ", ".join(f"{residual:+.1f}" for residual in residuals))
        own = mechanism(name, energies)
        gaps = [sbpath.cycle_summaries(cycled(own, rate, 3))[-1].hysteresis_mV for rate in RATES]
        print("  hysteresis / mV:", ", ".join(f"{r} {g:.0f}" for r, g in zip(RATES, gaps, strict=True)))
        fast = sbpath.cycle_summaries(cycled(own, "3 A/g", 3))[-1]
        print(f"  at 3 A/g: {fast.extraction_mAh_per_g:.0f} mAh/g")
        errors = ", ".join(f"{rate} {coarseness(own, rate):.1f}" for rate in ("C/100", "C/10", "1C"))
        print(f"  few particles against {FINE} / mV: {errors}")


if __name__ == "__main__":
    main()
