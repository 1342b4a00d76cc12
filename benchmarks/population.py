"""Populations: what a cycle costs per particle and integrator step, from one particle to ten thousand."""

from __future__ import annotations

import time

import helper
import sbpath

NUMBERS = (1, 10, 100, 1_000, 10_000)
QUICK_NUMBERS = (1, 10, 100, 1_000)
WIDTH = 0.03


def report(quick: bool) -> str:
    """The table."""
    mechanism = sbpath.load_mechanism("li-sb")
    protocol = sbpath.cycling("C/10", mechanism.lower_cutoff_V, mechanism.upper_cutoff_V)
    rows = []
    for number in QUICK_NUMBERS if quick else NUMBERS:
        population = sbpath.Population.lognormal(number, interfacial_energy=WIDTH)
        times = []
        for _ in range(max(1, min(5, 1_000 // number))):
            begin = time.process_time()
            solution = sbpath.simulate(
                mechanism, protocol, graph="candidate", population=population, progress=False
            )
            times.append(time.process_time() - begin)
        taken = sorted(times)[len(times) // 2]
        steps = (len(solution.time_s) - len(solution.steps)) // 3
        rows.append(
            [
                f"{number:,}",
                helper.milliseconds(taken),
                f"{steps}",
                helper.milliseconds(1e3 * taken / number / steps),
                helper.milliseconds(taken / number),
            ]
        )
    head = ["particles", "cycle / ms", "steps", "per particle and step / µs", "per particle / ms"]
    return "\n\n".join([helper.table(head, rows), helper.machine(("numpy",))])
