"""Commands that look at mechanisms: list, show, check, graph."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from sbpath.cli.shared import add_changes, check_outputs, load, save_figure
from sbpath.errors import InputError


def add(commands: Any) -> None:
    """Add these commands to a parser's."""
    listing = commands.add_parser(
        "list", help="the shipped systems, one line each", description="The shipped systems, one line each."
    )
    listing.set_defaults(handler=_list)

    show = commands.add_parser(
        "show",
        help="equations, phases, every number and its source",
        description="Equations, phases, every number and its source.",
    )
    show.add_argument("mechanism", help="a shipped name (see `sbpath list`) or the path of a .toml file")
    add_changes(show)
    show.set_defaults(handler=_show)

    check = commands.add_parser(
        "check",
        help="check mechanism files, all mistakes at once",
        description="Check mechanism files: keys and numbers first, then, where these are sound, the chemistry "
        "that they make; all mistakes of either at once. Warnings are of numbers that a file may hold, but "
        "hardly means: in another unit, of the wrong sign, or such that the electrode could not go full between "
        "its cut-offs; they do not change the exit code.",
    )
    check.add_argument("files", nargs="+", metavar="FILE", help="mechanism files (.toml) or shipped names")
    check.set_defaults(handler=_check)

    graph = commands.add_parser(
        "graph", help="draw the phase graph of a system", description="Draw the phase graph of a system."
    )
    graph.add_argument("mechanism", help="a shipped name or the path of a .toml file")
    graph.add_argument("--graph", metavar="NAME", help="reported, candidate, ... (default: the mechanism's)")
    graph.add_argument("--plot", metavar="FILE", required=True, help="where to draw it (.png, .pdf, .svg)")
    graph.set_defaults(handler=_graph)


def _list(options: argparse.Namespace) -> int:
    from sbpath.mechanism.designs import design_names, read_design
    from sbpath.mechanism.documents import shipped_names
    from sbpath.mechanism.reader import load_mechanism
    from sbpath.text.mechanism import designs, systems

    print(systems([load_mechanism(name) for name in shipped_names()]))
    print("\nelectrode designs (--design):")
    print(designs({name: read_design(name) for name in design_names()}))
    return 0


def _show(options: argparse.Namespace) -> int:
    from sbpath.text.mechanism import mechanism_report

    print(mechanism_report(load(options.mechanism, options.changes, options.design)))
    return 0


def _check(options: argparse.Namespace) -> int:
    from sbpath.mechanism.reader import load_mechanism
    from sbpath.model.plausibility import doubts

    problems: list[str] = []
    for name in options.files:
        try:
            mechanism = load_mechanism(name)
        except InputError as error:
            problems += error.problems
        else:
            print(
                f"{name}: good: {len(mechanism.phases)} phases, {len(mechanism.transformations)} transformations, "
                f"graphs {', '.join(mechanism.graphs)}"
            )
            for doubt in doubts(mechanism):
                print(f"warning: {name}: {doubt}", file=sys.stderr)
    if problems:
        raise InputError(problems)
    return 0


def _graph(options: argparse.Namespace) -> int:
    check_outputs(plot=options.plot)
    mechanism = load(options.mechanism, [])
    save_figure(options.plot, lambda plots: plots.graph(mechanism, options.graph).figure)
    return 0
