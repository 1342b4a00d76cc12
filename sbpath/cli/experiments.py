"""Commands for whole experiments: gitt, cv, rate-test, reversal, minor-loops, rest."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sbpath.cli.shared import (
    add_changes,
    check_outputs,
    cut_offs,
    load,
    save_figure,
    to_celsius,
    write_table,
)

if TYPE_CHECKING:
    from sbpath.protocol.protocol import Protocol
    from sbpath.solution import Solution


def add(commands: Any) -> None:
    """Add these commands to a parser's."""
    gitt = _command(
        commands,
        "gitt",
        "titration: short pulses, long rests, relaxed voltages",
        "Galvanostatic intermittent titration: pulses of current, each followed by a rest, in and out\n"
        "again. Prints the voltage under current and after the rest, and how far it still moves.",
        'sbpath gitt li-sb --rate C/20 --pulse "x = 0.1" --rest "4 h" --plot gitt.png',
        _gitt,
    )
    gitt.add_argument("--rate", default="C/20", metavar="RATE", help="current of the pulses (default C/20)")
    gitt.add_argument(
        "--pulse", default="30 min", metavar="SIZE",
        help='how long a pulse is: a time, or a step of composition, "x = 0.1" (default "30 min")',
    )  # fmt: skip
    gitt.add_argument("--rest", default="2 h", metavar="TIME", help='how long each rest is (default "2 h")')
    gitt.add_argument(
        "--pulses", type=int, metavar="N", help="how many in each direction (default: until the electrode is full)"
    )  # fmt: skip
    gitt.add_argument("--cycles", type=int, default=1, metavar="N", help="how many times (default 1)")

    cv = _command(
        commands,
        "cv",
        "cyclic voltammetry at several scan rates",
        "Cyclic voltammetry: the voltage is swept down and up again, at each scan rate in turn. Prints\n"
        "the peaks, the transformation behind each, and how they grow with the scan rate (b-value).",
        'sbpath cv na-sb --scan-rates "0.05 mV/s" "0.1 mV/s" "0.2 mV/s" --plot cv.png',
        _cv,
    )
    cv.add_argument(
        "--scan-rates", nargs="+", metavar="RATE",
        default=["0.02 mV/s", "0.05 mV/s", "0.1 mV/s", "0.2 mV/s", "0.5 mV/s"],
        help="one or more (default 0.02, 0.05, 0.1, 0.2 and 0.5 mV/s)",
    )  # fmt: skip
    cv.add_argument(
        "--cycles",
        type=int,
        default=2,
        metavar="N",
        help="at each scan rate; the last one counts (default 2)",
    )

    rates = _command(
        commands,
        "rate-test",
        "capacity against rate",
        "Rate test: constant-current cycles at one rate after the other. Prints capacities, coulombic\n"
        "efficiency and mean voltages of each cycle.",
        "sbpath rate-test k-sb --rates C/20 C/5 1C 5C C/20 --cycles-each 2 --plot rates.png",
        _rate_test,
    )
    rates.add_argument(
        "--rates", nargs="+", metavar="RATE", default=["C/20", "C/10", "C/5", "C/2", "1C", "2C", "5C", "C/20"],
        help="one or more (default C/20, C/10, C/5, C/2, 1C, 2C, 5C and C/20 again)",
    )  # fmt: skip
    rates.add_argument(
        "--cycles-each", type=int, default=3, metavar="N", help="cycles at each rate (default 3)"
    )

    reversal = _command(
        commands,
        "reversal",
        "turn the current inside the loop (first-order reversal curves)",
        "First-order reversal curves: after two full cycles the current is turned at each x in turn, first\n"
        "on the way in, then on the way out. Prints where each curve leaves the full loop and where it\n"
        "is back on it: what the electrode remembers.",
        "sbpath reversal li-sb --reversals 0.5 1.5 2.5 --rate C/10 --plot reversal.png",
        _reversal,
    )
    reversal.add_argument("--rate", default="C/10", metavar="RATE", help="current throughout (default C/10)")
    reversal.add_argument(
        "--reversals", nargs="+", type=float, default=[0.5, 1.0, 1.5, 2.0, 2.5], metavar="X",
        help="where to turn, alkali per Sb (default 0.5 1 1.5 2 2.5)",
    )  # fmt: skip

    minor = _command(
        commands,
        "minor-loops",
        "cycle between two compositions inside the loop",
        "Partial cycling: after two full cycles the electrode is cycled between two compositions, hanging\n"
        "from the insertion branch of the full loop or from its extraction branch.",
        "sbpath minor-loops li-sb --between 0.5 2 --first extraction --plot minor.png",
        _minor_loops,
    )
    minor.add_argument("--rate", default="C/10", metavar="RATE", help="current throughout (default C/10)")
    minor.add_argument(
        "--between",
        nargs=2,
        type=float,
        default=[0.5, 2.0],
        metavar="X",
        help="alkali per Sb (default 0.5 2)",
    )
    minor.add_argument(
        "--first", choices=("insertion", "extraction"), default="insertion",
        help="which half each partial cycle begins with (default insertion)",
    )  # fmt: skip
    minor.add_argument("--cycles", type=int, default=3, metavar="N", help="partial cycles (default 3)")

    rest = _command(
        commands,
        "rest",
        "rest after the current was turned around",
        "After two full cycles: two rests at one composition, each after the current was turned and ran\n"
        "back a little. Prints how far the voltage moves, and the branches of the loop beside it.",
        'sbpath rest li-sb --at 1.5 --back 0.1 --rest "10 h" --plot rest.png',
        _rest,
    )
    rest.add_argument("--rate", default="C/10", metavar="RATE", help="current throughout (default C/10)")
    rest.add_argument(
        "--at", type=float, default=1.5, metavar="X", help="where it rests, alkali per Sb (default 1.5)"
    )
    rest.add_argument(
        "--back",
        type=float,
        default=0.1,
        metavar="X",
        help="how far the current runs back before (default 0.1)",
    )
    rest.add_argument("--rest", default="10 h", metavar="TIME", help='how long (default "10 h")')


def _command(
    commands: Any,
    name: str,
    short: str,
    description: str,
    example: str,
    handler: Callable[[argparse.Namespace], int],
) -> argparse.ArgumentParser:
    """A command with what all of these share."""
    parser = commands.add_parser(
        name,
        help=short,
        description=description,
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("mechanism", help="a shipped name (see `sbpath list`) or the path of a .toml file")
    parser.add_argument("--graph", metavar="NAME", help="reported, candidate, ... (default: the mechanism's)")
    parser.add_argument("--temperature", metavar="T", help="25, 25C or 298K (default: the mechanism's)")
    parser.add_argument(
        "--lower", metavar="V", help="lower cut-off, e.g. 0.05 or 50mV (default: the mechanism's)"
    )
    parser.add_argument("--upper", metavar="V", help="upper cut-off, e.g. 1.5 (default: the mechanism's)")
    add_changes(parser)
    parser.add_argument("--csv", metavar="FILE", help="write the table as CSV, every row of it")
    parser.add_argument("--save", metavar="FILE", help="write the whole simulation to one .npz file")
    parser.add_argument("--plot", metavar="FILE", help="draw the experiment (.png, .pdf, .svg)")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.set_defaults(handler=handler)
    return parser


def _gitt(options: argparse.Namespace) -> int:
    from sbpath.protocol.experiments import gitt
    from sbpath.text.experiments import TITRATION_HEAD, titration_report, titration_rows

    solution = _simulated(
        options,
        lambda lower, upper, full: gitt(
            options.rate, lower, upper, options.pulse, options.rest, options.pulses, options.cycles, full
        ),
    )
    print(titration_report(solution))
    _write(options, solution, TITRATION_HEAD, titration_rows, lambda plots: plots.titration(solution).figure)
    return 0


def _cv(options: argparse.Namespace) -> int:
    from sbpath.protocol.experiments import cv
    from sbpath.text.experiments import VOLTAMMETRY_HEAD, voltammetry_report, voltammetry_rows

    solution = _simulated(
        options, lambda lower, upper, _: cv(options.scan_rates, lower, upper, options.cycles)
    )
    print(voltammetry_report(solution))
    _write(
        options, solution, VOLTAMMETRY_HEAD, voltammetry_rows, lambda plots: plots.voltammetry(solution)[0].figure
    )  # fmt: skip
    return 0


def _rate_test(options: argparse.Namespace) -> int:
    from sbpath.protocol.experiments import rate_test
    from sbpath.text.experiments import RATE_HEAD, rate_report, rate_rows

    solution = _simulated(
        options, lambda lower, upper, _: rate_test(options.rates, lower, upper, options.cycles_each)
    )
    print(rate_report(solution))
    _write(options, solution, RATE_HEAD, rate_rows, lambda plots: plots.rate_capability(solution)[0].figure)
    return 0


def _reversal(options: argparse.Namespace) -> int:
    from sbpath.protocol.experiments import first_order_reversals
    from sbpath.text.experiments import REVERSAL_HEAD, reversal_report, reversal_rows

    solution = _simulated(
        options, lambda lower, upper, _: first_order_reversals(options.rate, lower, upper, options.reversals)
    )
    print(reversal_report(solution))
    _write(options, solution, REVERSAL_HEAD, reversal_rows, lambda plots: plots.reversals(solution)[0].figure)
    return 0


def _minor_loops(options: argparse.Namespace) -> int:
    from sbpath.protocol.experiments import partial_cycling
    from sbpath.text.experiments import REVERSAL_HEAD, reversal_report, reversal_rows

    low, high = options.between
    solution = _simulated(
        options,
        lambda lower, upper, _: partial_cycling(
            options.rate, lower, upper, low, high, options.cycles, options.first
        ),
    )
    print(reversal_report(solution))
    _write(options, solution, REVERSAL_HEAD, reversal_rows, lambda plots: plots.minor_loops(solution).figure)
    return 0


def _rest(options: argparse.Namespace) -> int:
    from sbpath.protocol.experiments import rest_after_reversal
    from sbpath.text.experiments import REST_HEAD, rest_report, rest_rows

    solution = _simulated(
        options,
        lambda lower, upper, _: rest_after_reversal(
            options.rate, lower, upper, options.at, options.back, options.rest
        ),
    )
    print(rest_report(solution))
    _write(
        options, solution, REST_HEAD, rest_rows, lambda plots: plots.rest_after_reversal(solution)[0].figure
    )
    return 0


def _simulated(options: argparse.Namespace, protocol: Callable[[float, float, float], Protocol]) -> Solution:
    """The experiment that `protocol` makes of cut-offs and full x, once all that is asked for can be done."""
    from sbpath.simulation import simulate

    check_outputs(options.csv, options.save, plot=options.plot)
    mechanism = load(options.mechanism, options.changes, options.design)
    return simulate(
        mechanism,
        protocol(*cut_offs(options, mechanism), mechanism.content_range[1]),
        graph=options.graph,
        temperature_C=to_celsius(options.temperature),
        progress=not options.quiet,
    )


def _write(
    options: argparse.Namespace,
    solution: Solution,
    head: tuple[str, ...],
    rows: Callable[[Solution], list[list[str]]],
    figure: Callable[[Any], Any],
) -> None:
    """The files asked for; `figure` makes a figure with the module `sbpath.plots`."""
    if options.csv:
        write_table(options.csv, head, rows(solution))
    if options.save:
        solution.save(options.save)
        print(f"wrote {options.save}")
    save_figure(options.plot, figure)
