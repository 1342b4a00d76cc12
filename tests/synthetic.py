"""Measured cells made from simulations: white noise, drift, errors of the mass, film and fade."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from sbpath import Population, simulate, with_changes
from sbpath.fitting.cells import cells_of, simulated_halves
from sbpath.measured.experiment_file import MeasuredCurve, Measurement
from sbpath.measured.fractions import MeasuredFractions
from sbpath.measured.records import Curve, Source
from sbpath.mechanism.frozen import FrozenMapping
from sbpath.mechanism.mechanism import Mechanism
from sbpath.simulation import run

RESISTANCE = "electrode.contact_resistance_ohm_cm2"
# Interfacial energies 2 % and sizes 30 % apart.
SMEARED = Population.lognormal(12, size=0.3, interfacial_energy=0.02)
MASS_G = 1.2e-3


class Made(NamedTuple):
    """A cell, and the mechanism with which it was made."""

    measurement: Measurement
    truth: Mechanism


def cell(
    mechanism: Mechanism,
    seed: int,
    rates: tuple[str, ...] = ("C/20", "C/5", "1C"),
    *,
    population: Population | int = SMEARED,
    resistance: float | None = None,
    noise_V: float = 1.5e-3,
    drift_V: tuple[float, float] = (1e-3, 5e-3),
    mass_error: float = 0.03,
    film: float = 0.06,
    fade: float = 0.01,
    step_V: float = 5e-3,
) -> Made:
    """A cycle at each rate: a point every `step_V`, drift correlated over 3-20 % of a half cycle, 5-40 Ohm cm2,
    film of `film` of the first insertion, and `fade` a cycle.
    """
    generator = np.random.default_rng(seed)
    drawn = float(generator.uniform(5.0, 40.0))
    truth = with_changes(mechanism, {RESISTANCE: drawn if resistance is None else resistance})
    protocol = [
        (f"Discharge at {r} until {truth.lower_cutoff_V} V", f"Charge at {r} until {truth.upper_cutoff_V} V")
        for r in rates
    ]
    solution = simulate(truth, protocol, population=population, progress=False)
    error = 1.0 + mass_error * float(generator.standard_normal())
    drift, length = generator.uniform(*drift_V), generator.uniform(0.03, 0.2)
    times, currents, voltages, steps = [0.0], [0.0], [float(solution.voltage_V[0])], [0]
    for number, record in enumerate(solution.steps):
        rows = slice(record.first, record.last)
        time, voltage = solution.time_s[rows] - solution.time_s[record.first], solution.voltage_V[rows]
        current = float(solution.current_A_per_g[record.first + 1]) * MASS_G
        fine = np.linspace(0.0, time[-1], 4000)
        curve = np.interp(fine, time, voltage)
        kept = [0]
        for k in range(1, len(fine)):
            if abs(curve[k] - curve[kept[-1]]) >= step_V or fine[k] - fine[kept[-1]] >= time[-1] / 150.0:
                kept.append(k)
        kept = sorted({*kept, len(fine) - 1})
        u = fine[kept] / fine[-1]
        passed = fine[kept] * (1.0 - fade * (number // 2))
        if number == 0:
            passed = passed + film * passed[-1] * np.minimum(u / 0.05, 1.0)
        decay = np.exp(-np.abs(u[:, None] - u) / length) + 1e-9 * np.eye(len(u))
        wander = drift * np.linalg.cholesky(decay) @ generator.standard_normal(len(u))
        times += (times[-1] + 1.0 + passed).tolist()
        currents += [current] * len(u)
        voltages += (curve[kept] + wander + noise_V * generator.standard_normal(len(u))).tolist()
        steps += [number + 1] * len(u)
    source = Source(f"synthetic-{seed}.csv", "0" * 64, "synthetic", "utf-8", ",", False, 1, len(times), ())
    names = ("Rest", *("CC" for _ in solution.steps))
    measured = Curve(
        np.array(times), np.array(currents), np.array(voltages), None, None, np.array(steps), names, source
    )
    known = MeasuredCurve(measured, MASS_G * error, max(mass_error, 0.01), None, None, "insertion", None)
    return Made(Measurement(f"synthetic-{seed}.toml", truth.ion, "Sb", (known,), (), ()), truth)


def displaced_start(mechanism: Mechanism, seed: int, share: float = 0.15) -> Mechanism:
    """The mechanism with its interfacial energies each up to `share` off, and the growth rate up to a factor of 2."""
    generator = np.random.default_rng(1000 + seed)
    changes = {
        f"interfaces.{name}.energy_J_per_m2": pair.energy_J_per_m2.value
        * float(np.exp(generator.uniform(-share, share)))
        for name, pair in mechanism.interfaces.items()
    }
    rate = mechanism.kinetics.growth_rate_per_s
    assert rate is not None
    changes["kinetics.growth_rate_per_s"] = rate.value * float(
        np.exp(generator.uniform(-np.log(2.0), np.log(2.0)))
    )
    return with_changes(mechanism, {**changes, RESISTANCE: 0.0})


def fractions_along(
    made: Made, seed: int, phases: tuple[str, ...], sd: float = 0.02, points: int = 8
) -> Measurement:
    """The measurement of a cell of one particle, with phase fractions of error `sd` at `points` times of each half cycle."""
    generator = np.random.default_rng(seed)
    (own,) = cells_of(made.measurement, made.truth, population=1)
    time: list[float] = []
    shares: dict[str, list[float]] = {name: [] for name in phases}
    u = np.linspace(0.05, 0.95, points)
    for half, twin in zip(
        own.halves, simulated_halves(own, run(own.experiment, progress=False)), strict=True
    ):
        assert twin is not None
        time += np.interp(u * half.q_end, half.q, half.time_s).tolist()
        for name in phases:
            true = np.interp(u * twin.q[-1], twin.q, twin.fractions[list(made.truth.nodes).index(name)])
            shares[name] += (true + sd * generator.standard_normal(points)).tolist()
    table = MeasuredFractions(
        "operando.csv", 1, 1, None, np.array(time), FrozenMapping({k: np.array(v) for k, v in shares.items()}),
        FrozenMapping({name: np.full(len(time), sd) for name in phases}),
    )  # fmt: skip
    return replace(made.measurement, fractions=(table,))
