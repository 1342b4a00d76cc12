"""The command ``simulate``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sbpath.cli import options as shared
from sbpath.errors import InputError, nearest
from sbpath.typed import cut_offs

if TYPE_CHECKING:
    from sbpath.experiment import Keep
    from sbpath.mechanism.mechanism import Mechanism
    from sbpath.model.population import Population
    from sbpath.solution import Solution

HELP = """steps: Discharge at C/10 until 0.05 V | Charge at 50 mA/g for 2 h or until 1.5 V | ... at 45 C
       Insert at C/10 until x = 1.5 | Rest for 2 h from 25 C to 60 C | Hold at 10 mV until C/50
       Sweep at 0.1 mV/s from 1.5 V to 0.05 V | Run current.csv | ... (10 second period)
figures: overview (default), operando, phases (of assemblages), crystalline (what diffraction
       sees), cycles (each), dqdv, swelling, heat, paths, particles, xrd (needs sbpath[xrd])

examples:
  sbpath simulate li-sb --cycles "3 x C/20, 10 x C/2" --figure cycles --plot li.png
  sbpath simulate na-sb --protocol "Insert at C/10 until x = 1.5" "Rest for 2 h"
"""

# Figures of --plot, from the module `sbpath.plots` and a solution; the first is the default.
FIGURES: dict[str, Callable[[Any, Solution], Any]] = {
    "overview": lambda plots, solution: plots.overview(solution),
    "operando": lambda plots, solution: plots.operando(solution),
    "phases": lambda plots, solution: plots.operando(solution, by="phase"),
    "crystalline": lambda plots, solution: plots.operando(solution, crystalline_only=True),
    "cycles": lambda plots, solution: plots.rate_capability(solution),
    "dqdv": lambda plots, solution: plots.differential_capacity(solution),
    "swelling": lambda plots, solution: plots.swelling(solution),
    "heat": lambda plots, solution: plots.heat(solution),
    "paths": lambda plots, solution: plots.paths(solution),
    "particles": lambda plots, solution: plots.particle_map(solution),
    "xrd": lambda plots, solution: plots.diffraction(solution),
}


def add(commands: Any) -> None:
    """Add the command to the subparsers."""
    shared.add_command(
        commands, "simulate", _simulate,
        "simulate one system: cycles, or any protocol",
        "Cycle one system and print its half cycles, its cycles and the paths that carried the charge.",
        *shared.SYSTEM, shared.RATE, shared.CYCLES, *shared.CONDITIONS, *shared.WINDOW, shared.PROTOCOL, *shared.AMOUNTS, shared.PARTICLES,
        shared.option(
            "--spread", "WHAT=WIDTH",
            "log-normal widths: size=0.3 interfacial_energy=0.03 growth_rate=0.1 (default: those of the file)", nargs="+",
        ),
        shared.option("--keep", "N", "rows of: all (default) or every N-th cycle; ends: of steps", default="all"),
        *shared.outputs("the curves", "a figure"),
        shared.option("--figure", "KIND", "what --plot draws, see below", choices=FIGURES),
        shared.option("--summary", "FILE", "write one line per cycle as CSV"),
        shared.option("--bdf", "FILE", "write the Battery Data Format (.bdf.csv)"),
        shared.SAVE,
        epilog=HELP,
    )  # fmt: skip


def _simulate(options: argparse.Namespace) -> None:
    from sbpath.model.population import population_of
    from sbpath.results.crystal import pymatgen
    from sbpath.simulation import simulate
    from sbpath.solution import SimulationError
    from sbpath.text.report import simulation_report

    if options.figure == "xrd":
        pymatgen()
    keep = _keep(options)
    mechanism = shared.load(options)
    population = _population(options)
    if options.figure == "particles" and population_of(mechanism, population) is None:
        raise InputError("--figure particles: shows a population; add e.g. --particles 200 --spread size=0.3")
    protocol = _protocol(options, mechanism)
    failure = None
    try:
        solution = simulate(
            mechanism,
            protocol,
            **shared.conditions(options),
            **shared.amounts(options),
            population=population,
            keep=keep,
        )
    except SimulationError as error:
        # Results before the failure are kept.
        solution, failure = error.solution, error
    print(simulation_report(solution))
    _write(solution, options)
    if failure is not None:
        raise failure


def _protocol(options: argparse.Namespace, mechanism: Mechanism) -> Any:
    from sbpath.protocol.protocol import Protocol, cycling

    given = shared.steps(options)
    if given is None:
        return cycling(
            shared.rate(options), *cut_offs(options.lower, options.upper, mechanism), shared.cycles(options)
        )
    for name in ("rate", "lower", "upper"):
        if getattr(options, name) is not None:
            raise InputError(f"--{name}: has no effect with --protocol; write it into the steps")
    return Protocol.parse(given, mechanism.ion)


def _keep(options: argparse.Namespace) -> Keep:
    text = options.keep
    if options.bdf is not None and text != "all":
        raise InputError("--keep: --bdf writes the rows of every cycle; leave one out")
    if text == "all" or text == "ends":
        return text
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise InputError(f"--keep: must be all, ends or a whole number, 1 or more, not {text!r}")


def _population(options: argparse.Namespace) -> Population | int | None:
    from sbpath.model.population import SPREADS, Population

    if options.spread is None:
        return options.particles
    if options.particles is None:
        raise InputError("--spread: also give --particles, e.g. --particles 200 --spread size=0.3")
    widths: dict[str, float] = {}
    problems = []
    for text in options.spread:
        name, _, width = text.partition("=")
        if name in widths:
            problems.append(f"--spread: {name} is given twice; keep one")
        try:
            widths[name] = float(width)
        except ValueError:
            problems.append(f"--spread: {text!r} must be WHAT=WIDTH, e.g. size=0.3")
            continue
        if name not in SPREADS:
            problems.append(f"--spread: {name!r} has no spread; {nearest(name, SPREADS, ', '.join(SPREADS))}")
    if problems:
        raise InputError(problems)
    return Population.lognormal(options.particles, **widths)


def _write(solution: Solution, options: argparse.Namespace) -> None:
    from sbpath.results.export import to_bdf, to_csv
    from sbpath.text.cycle_tables import cycles_table

    if options.csv:
        to_csv(solution, options.csv, options.decimal_comma)
    if options.bdf:
        to_bdf(solution, options.bdf)
    if options.save:
        solution.save(options.save)
    for path in (options.csv, options.bdf, options.save):
        if path:
            print(f"wrote {path}")
    shared.write_table(options, *cycles_table(solution), "summary")
    draw = FIGURES[options.figure or next(iter(FIGURES))]
    shared.save_figure(options.plot, lambda plots: draw(plots, solution))
