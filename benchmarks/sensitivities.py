"""Sensitivities: what five numbers, and one, cost beside the simulation whose curve they move."""

from __future__ import annotations

from statistics import median

import helper
import sbpath
from sbpath.mechanism.mechanism import Mechanism
from sbpath.simulation import run

SYSTEMS = ("li-sb", "na-sb", "k-sb", "li-znsnsb2")
QUICK_SYSTEMS = ("li-sb", "li-znsnsb2")


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


def report(quick: bool) -> str:
    """The table."""
    rows = []
    for name in QUICK_SYSTEMS if quick else SYSTEMS:
        for one_particle in (True, False):
            mechanism = sbpath.load_mechanism(name)
            population = 1 if one_particle else None
            solution = sbpath.simulate(mechanism, population=population, progress=False)
            experiment, names = solution.experiment, numbers(mechanism)
            if not one_particle and experiment.population is None:
                continue
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
