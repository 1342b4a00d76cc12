"""The commands ``list``, ``show`` and ``check``: mechanism files."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from sbpath.cli.options import add_mechanism, check_outputs, load, save_figure
from sbpath.errors import InputError


def add(commands: Any) -> None:
    """Add the commands to the subparsers."""
    listing = commands.add_parser(
        "list", help="the shipped systems, one line each", description="The shipped systems, one line each."
    )
    listing.set_defaults(handler=_list)

    show = commands.add_parser(
        "show",
        help="equations, phases, every number and its source",
        description="Equations, phases, every number and its source.",
    )
    add_mechanism(show)
    show.add_argument("--graph", metavar="NAME", help="which graph --plot draws (default: the mechanism's)")
    show.add_argument("--plot", metavar="FILE", help="draw the phase graph (.png, .pdf, .svg)")
    show.set_defaults(handler=_show)

    check = commands.add_parser(
        "check",
        help="check mechanism files and list all mistakes",
        description="Check mechanism files: keys and numbers first, then the chemistry, and list all mistakes of each. "
        "Warnings are about numbers that are allowed but unlikely: in another unit, of the wrong sign, or such that "
        "the electrode cannot fill between its cut-offs. They do not change the exit code.",
    )
    check.add_argument("files", nargs="+", metavar="FILE", help="mechanism files (.toml) or shipped names")
    check.set_defaults(handler=_check)


def _list(options: argparse.Namespace) -> int:
    from sbpath.mechanism.designs import DESIGNS, ELECTROLYTES
    from sbpath.mechanism.documents import shipped_names
    from sbpath.mechanism.reader import load_mechanism
    from sbpath.text.mechanism_sheet import parts, systems

    print(systems([load_mechanism(name) for name in shipped_names()]))
    for part, option, kind in (
        (DESIGNS, "--design", "design"),
        (ELECTROLYTES, "--electrolyte", "electrolyte"),
    ):
        print(f"\n{part.words}s ({option}):")
        print(parts(kind, {name: part.read(name) for name in part.names()}))
    return 0


def _show(options: argparse.Namespace) -> int:
    from sbpath.text.mechanism_sheet import mechanism_report

    check_outputs(options)
    mechanism = load(options)
    if options.graph is not None:
        mechanism.edges(options.graph)
    print(mechanism_report(mechanism))
    save_figure(options.plot, lambda plots: plots.graph(mechanism, options.graph))
    return 0


def _check(options: argparse.Namespace) -> int:
    from sbpath.mechanism.reader import load_mechanism
    from sbpath.model.sanity import sanity_warnings

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
            for warning in sanity_warnings(mechanism):
                print(f"warning: {name}: {warning}", file=sys.stderr)
    if problems:
        raise InputError(problems)
    return 0
