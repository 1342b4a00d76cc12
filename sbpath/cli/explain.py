"""Commands that say why: explain, budget, map."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from sbpath.cli.shared import (
    add_changes,
    add_cycling,
    check_outputs,
    load,
    rate,
    save_figure,
    to_celsius,
    write_table,
)
from sbpath.errors import InputError

if TYPE_CHECKING:
    from sbpath.mechanism.mechanism import Mechanism
    from sbpath.solution import Solution

MAP_EXAMPLES = """a variation is NAME=LOW..HIGH:COUNT, with ,log after it for logarithmic steps, or NAME=A,B,C; NAME is
rate (always logarithmic), temperature (C), or a number of the mechanism (keys: sbpath show)

examples:
  sbpath map li-sb --vary rate=C/100..5C:9 --vary temperature=-20..60:7 --plot map.png
  sbpath map li-sb --vary "interfaces.Li2Sb|Li3Sb.energy_J_per_m2=0.03..0.12:10" \\
                   --vary "interfaces.Sb|Li3Sb.energy_J_per_m2=0.12..0.26:8" --plot energies.png
"""


def add(commands: Any) -> None:
    """Add these commands to a parser's."""
    explain = commands.add_parser(
        "explain",
        help="why this path: driving forces, barriers and waiting times of rivals",
        description="Cycle a system and say, for each phase that had a choice, which way it went and what decided. Nucleation,\n"
        "growth and transport are how long a domain waits for each, in seconds, when half of the phase has gone; the\n"
        "shortest sum goes first. Share is what took each way over the whole half cycle.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_one(explain)
    explain.add_argument("--csv", metavar="FILE", help="write every decision of every cycle as CSV")
    explain.add_argument(
        "--plot", metavar="FILE", help="draw forces, barriers and rates along the cycle (.png, .pdf, .svg)"
    )
    explain.add_argument(
        "--paths", metavar="FILE", help="draw the graph, edges as wide as the charge they carried"
    )
    explain.set_defaults(handler=_explain)

    budget = commands.add_parser(
        "budget",
        help="where the hysteresis comes from",
        description="Split the loop of the last cycle into nucleation, growth, transport, transformation work and\n"
        "resistance; say what the asymmetry of the path is worth, and what remains as the current goes to zero.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_one(budget)
    budget.add_argument("--csv", metavar="FILE", help="write the heat of each edge by cause as CSV")
    budget.add_argument("--plot", metavar="FILE", help="draw the budget (.png, .pdf, .svg)")
    budget.set_defaults(handler=_budget)

    chart = commands.add_parser(
        "map",
        help="which path wins, over two quantities",
        description="Cycle a system over a grid of two quantities and map the path that wins.",
        epilog=MAP_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_one(chart)
    chart.add_argument(
        "--vary",
        action="append",
        required=True,
        metavar="NAME=LOW..HIGH:COUNT",
        help="given twice: across, then up",
    )
    chart.add_argument("--csv", metavar="FILE", help="write the share of each path at each point as CSV")
    chart.add_argument("--plot", metavar="FILE", help="draw the map (.png, .pdf, .svg)")
    chart.set_defaults(handler=_map)


def _add_one(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("mechanism", help="a shipped name (see `sbpath list`) or the path of a .toml file")
    add_cycling(parser, cycles=2)
    add_changes(parser)


def _load(options: argparse.Namespace) -> Mechanism:
    return load(options.mechanism, options.changes, options.design)


def _cycled(options: argparse.Namespace, mechanism: Mechanism) -> Solution:
    from sbpath.protocol.protocol import cycling
    from sbpath.simulation import simulate

    return simulate(
        mechanism,
        cycling(rate(options), mechanism.lower_cutoff_V, mechanism.upper_cutoff_V, options.cycles),
        graph=options.graph,
        temperature_C=to_celsius(options.temperature),
        progress=not options.quiet,
    )


def _explain(options: argparse.Namespace) -> int:
    from sbpath.text.explain import EXPLAIN_HEAD, explain_rows, explanation

    check_outputs(options.csv, options.paths, plot=options.plot)
    check_outputs(plot=options.paths)
    solution = _cycled(options, _load(options))
    print(explanation(solution))
    if options.csv:
        write_table(options.csv, EXPLAIN_HEAD, explain_rows(solution))
    save_figure(options.plot, lambda plots: plots.rivals(solution))
    save_figure(options.paths, lambda plots: plots.paths(solution).figure)
    return 0


def _budget(options: argparse.Namespace) -> int:
    from sbpath.experiments.counterfactual import OffPath, asymmetry
    from sbpath.experiments.zero_rate import zero_rate
    from sbpath.results.budget import budget
    from sbpath.text.budget import BUDGET_HEAD, budget_report, budget_rows

    check_outputs(options.csv, plot=options.plot)
    mechanism = _load(options)
    solution = _cycled(options, mechanism)
    own = budget(solution)
    compared, reason = None, None
    try:
        compared = asymmetry(solution)
    except OffPath as error:
        # A host that does not form again cannot be held to a later path; the rest stands.
        reason = error
    limit = zero_rate(
        mechanism,
        graph=options.graph,
        temperature_C=to_celsius(options.temperature),
        progress=not options.quiet,
    )
    print(budget_report(solution, own, compared, limit))
    if reason is not None:
        print(f"\nnot held to one path both ways: {reason}")
    if options.csv:
        write_table(options.csv, BUDGET_HEAD, budget_rows(own))
    save_figure(options.plot, lambda plots: plots.budget_figure(solution, compared, limit))
    return 0


def _map(options: argparse.Namespace) -> int:
    from sbpath.experiments.selection import selection_map
    from sbpath.text.selection import SELECTION_HEAD, selection_report, selection_rows

    check_outputs(options.csv, plot=options.plot)
    if len(options.vary) != 2:
        raise InputError(f"--vary: is given {len(options.vary)} times; give it twice, across and up")
    mechanism = _load(options)
    chart = selection_map(
        mechanism,
        *options.vary,
        graph=options.graph,
        rate=options.rate,
        temperature_C=to_celsius(options.temperature),
        cycles=options.cycles,
        progress=not options.quiet,
    )
    print(selection_report(chart, mechanism))
    if options.csv:
        write_table(options.csv, SELECTION_HEAD, selection_rows(chart))
    save_figure(options.plot, lambda plots: plots.selection(chart, mechanism)[0].figure)
    return 0
