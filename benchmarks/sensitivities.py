"""Sensitivities: what five numbers, and one, cost beside the simulation whose curve they move."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

import helper
import sbpath
from sbpath.mechanism.mechanism import Mechanism
from sbpath.simulation import run

SYSTEMS = ("li-sb", "na-sb", "k-sb", "li-znsnsb2")
QUICK_SYSTEMS = ("li-sb", "li-znsnsb2")
PULSES = ["Discharge at C/10 for 15 minutes", "Rest for 1 hour"] * 40


def numbers(mechanism: Mechanism) -> list[str]:
    """Two interfacial energies, two rates and an enthalpy."""
    faces, phases = (
        list(mechanism.interfaces)[:2],
        [p for p in mechanism.phases if p != mechanism.initial_phase],
    )
    return [
        *(f"interfaces.{face}.energy_J_per_m2" for face in faces),
        "kinetics.growth_rate_per_s",
        "kinetics.diffusivity_m2_per_s",
        f"phases.{phases[-1]}.enthalpy_J_per_mol",
    ]


def cases(quick: bool) -> Iterator[tuple[str, sbpath.Solution, list[str]]]:
    """What is differentiated: a name, the solution, and five numbers."""
    for name in QUICK_SYSTEMS if quick else SYSTEMS:
        mechanism = sbpath.load_mechanism(name)
        for population in (1, None):
            solution = sbpath.simulate(mechanism, population=population, progress=False)
            if population or solution.experiment.population:
                yield name, solution, numbers(mechanism)
    lithium = sbpath.load_mechanism("li-sb")
    five = numbers(lithium)
    one_particle = {"population": 1, "progress": False}
    yield "li-sb, 40 pulses and rests", sbpath.simulate(lithium, PULSES, **one_particle), five
    passing = ["electrode.contact_resistance_ohm_cm2", "kinetics.exchange_current_A_per_m2"]
    yield "li-sb, resistance", sbpath.simulate(lithium, **one_particle), [*five[:3], *passing]
    gallery = [f"phases.Li3Sb.galleries[1].{key}" for key in ("potential_V", "width", "sites")]
    others = ["temperature_C", "electrode.particle_radius_m"]
    yield "li-sb, gallery", sbpath.simulate(lithium, **one_particle), [*gallery, *others]
    films = [f"electrolyte.film.{key}" for key in ("sealing_rate_per_s", "electron_conductivity_S_per_m")]
    filmed = sbpath.load_mechanism("li-sb", design="micron", electrolyte="fec")
    names = [*five[:2], *films, "electrode.contact_loss"]
    yield "li-sb, film", sbpath.simulate(filmed, **one_particle), names


def report(quick: bool) -> str:
    """The table."""
    rows = []
    for name, solution, names in cases(quick):
        experiment = solution.experiment
        times = helper.interleaved(
            {
                "simulate": lambda experiment=experiment: run(experiment, progress=False),
                "five": lambda s=solution, n=names: sbpath.sensitivities(s, n),
                "one": lambda s=solution, n=names: sbpath.sensitivities(s, n[:1]),
            },
            3 if quick else 15,
        )
        five, one = (helper.paired(times[key], times["simulate"]) for key in ("five", "one"))
        rows.append(
            [
                name,
                f"{len(experiment.population or [1])}",
                helper.milliseconds(median(times["simulate"])),
                f"{five:.2f}",
                f"{one:.2f}",
                f"{(five - one) / 4:.2f}",
            ]
        )
    head = ["cycle at C/10", "particles", "simulate / ms", "five numbers / simulate", "one", "each more"]
    return "\n\n".join([helper.table(head, rows), helper.machine(("numpy",))])
