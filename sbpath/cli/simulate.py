"""The command that simulates one system."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sbpath.cli.shared import (
    add_changes,
    add_cycling,
    check_outputs,
    cut_offs,
    load,
    rate,
    save_figure,
    to_celsius,
)
from sbpath.errors import InputError, nearest

if TYPE_CHECKING:
    from sbpath.mechanism.mechanism import Mechanism
    from sbpath.model.population import Population
    from sbpath.solution import Solution

STEPS = """steps:
  Discharge at C/10 until 0.05 V        also Insert, Lithiate, Sodiate, Potassiate
  Charge at 50 mA/g for 2 h or until 1.5 V  also Extract, Delithiate, ...; rates: C/10, 0.5C, mA/g, A/g, mA, A
  Insert at C/10 until x = 1.5          x: alkali per Sb
  Rest for 30 min
  Hold at 10 mV until C/50
  Sweep at 0.1 mV/s from 1.5 V to 0.05 V
  each may end with an output period:   Rest for 1 h (10 second period)

examples:
  sbpath simulate li-sb --cycles 2 --plot li.png --csv li.csv
  sbpath simulate na-sb --protocol "Insert at C/10 until x = 1.5" "Rest for 2 h" "Extract at C/10 until 1.5 V"
"""


# What --plot can draw, of the module `sbpath.plots` and a solution; the first one is the default.
FIGURES: dict[str, Callable[[Any, Solution], Any]] = {
    "overview": lambda plots, solution: plots.overview(solution),
    "operando": lambda plots, solution: plots.operando(solution)[0].figure,
    "phases": lambda plots, solution: plots.operando(solution, by="phase")[0].figure,
    "crystalline": lambda plots, solution: plots.operando(solution, crystalline_only=True)[0].figure,
    "dqdv": lambda plots, solution: plots.differential_capacity(solution).figure,
    "swelling": lambda plots, solution: plots.swelling(solution).figure,
    "heat": lambda plots, solution: plots.heat(solution)[0][0].figure,
    "paths": lambda plots, solution: plots.paths(solution).figure,
    "mosaic": lambda plots, solution: plots.mosaic(solution),
    "xrd": lambda plots, solution: plots.diffraction(solution)[0].figure,
}


def add(commands: Any) -> None:
    """Add this command to a parser's."""
    simulate = commands.add_parser(
        "simulate",
        help="simulate cycles of one system",
        description="Cycle one system and print its half cycles and cycles. The path is read off the transformations that\n"
        "carried the charge: A -> B -> C where it is one chain; where ways part or meet each piece stands by itself,\n"
        "A -> B (72 %), A -> C (28 %), with the share of all Sb that took it.",
        epilog=STEPS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    simulate.add_argument("mechanism", help="a shipped name (see `sbpath list`) or the path of a .toml file")
    add_cycling(simulate, cycles=1)
    simulate.add_argument(
        "--lower", metavar="V", help="lower cut-off, e.g. 0.05 or 50mV (default: the mechanism's)"
    )
    simulate.add_argument("--upper", metavar="V", help="upper cut-off, e.g. 1.5 (default: the mechanism's)")
    simulate.add_argument(
        "--protocol", nargs="+", metavar="STEP",
        help='steps of one cycle, e.g. "Discharge at C/10 until 0.05 V" "Rest for 1 h"; repeated --cycles times',
    )  # fmt: skip
    simulate.add_argument(
        "--mass",
        type=float,
        default=1.0,
        metavar="G",
        help="mass of Sb in g, for currents in A and for --bdf (default 1)",
    )
    simulate.add_argument(
        "--particles", type=int, metavar="N",
        help="simulate N particles that share one potential, as far apart as --spread says",
    )  # fmt: skip
    simulate.add_argument(
        "--spread", nargs="+", metavar="WHAT=WIDTH",
        help="log-normal widths of size, interfacial_energy and growth_rate among the particles, e.g. "
        "size=0.3 interfacial_energy=0.03: factors within about 30 %% and 3 %% of the mechanism's value",
    )  # fmt: skip
    add_changes(simulate)
    simulate.add_argument("--csv", metavar="FILE", help="write the curves as CSV")
    simulate.add_argument(
        "--bdf", metavar="FILE", help="write the curves in the Battery Data Format (.bdf.csv)"
    )
    simulate.add_argument("--save", metavar="FILE", help="write everything to one .npz file")
    simulate.add_argument("--plot", metavar="FILE", help="draw a figure (.png, .pdf, .svg)")
    simulate.add_argument(
        "--figure", metavar="KIND", choices=FIGURES,
        help=f"what --plot draws: {', '.join(FIGURES)} (default {next(iter(FIGURES))}); crystalline is the share "
        "of the Sb in crystalline phases (only Sb counts, not Ni or Na2S beside it), phases the single phases of assemblages, dqdv the differential capacity, paths the charge of each transformation, mosaic the particles of --particles, xrd "
        "simulated patterns (needs sbpath[xrd])",
    )  # fmt: skip
    simulate.set_defaults(handler=_simulate)


def _simulate(options: argparse.Namespace) -> int:
    from sbpath.simulation import simulate
    from sbpath.solution import SimulationError
    from sbpath.text.simulation import simulation_report

    if options.figure == "mosaic" and options.particles is None:
        raise InputError("--figure mosaic: shows particles; add --particles 200 --spread size=0.3, say")
    check_outputs(options.csv, options.save, plot=options.plot, bdf=options.bdf)
    if options.figure is not None and options.plot is None:
        raise InputError("--figure: says what --plot draws; add --plot FILE")
    mechanism = load(options.mechanism, options.changes, options.design)
    protocol = _protocol(options, mechanism)
    failure = None
    try:
        solution = simulate(
            mechanism,
            protocol,
            graph=options.graph,
            temperature_C=to_celsius(options.temperature),
            electrode_mass_g=options.mass,
            population=_population(options),
            progress=not options.quiet,
        )
    except SimulationError as error:
        # What was simulated before the failure is worth keeping.
        solution, failure = error.solution, error
    print(simulation_report(solution))
    _write(solution, options)
    if failure is not None:
        raise failure
    return 0


def _protocol(options: argparse.Namespace, mechanism: Mechanism) -> Any:
    from sbpath.protocol.protocol import Protocol, cycling

    if options.protocol is None:
        return cycling(rate(options), *cut_offs(options, mechanism), options.cycles)
    for name in ("rate", "lower", "upper"):
        if getattr(options, name) is not None:
            raise InputError(f"--{name}: has no meaning beside --protocol; write it into the steps")
    if options.cycles < 1:
        raise InputError(f"--cycles: must be a whole number, 1 or more, not {options.cycles}")
    return Protocol.parse([tuple(options.protocol)] * options.cycles, mechanism.ion)


def _population(options: argparse.Namespace) -> Population | None:
    from sbpath.model.population import SPREADS, Population

    if options.particles is None and options.spread is None:
        return None
    if options.particles is None or options.spread is None:
        raise InputError("--particles and --spread: give both, e.g. --particles 200 --spread size=0.3")
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

    if options.csv:
        to_csv(solution, options.csv)
    if options.bdf:
        to_bdf(solution, options.bdf)
    if options.save:
        solution.save(options.save)
    for path in (options.csv, options.bdf, options.save):
        if path:
            print(f"wrote {path}")
    draw = FIGURES[options.figure or next(iter(FIGURES))]
    save_figure(options.plot, lambda plots: draw(plots, solution))
