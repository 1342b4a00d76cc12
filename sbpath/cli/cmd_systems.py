"""The commands ``list``, ``show`` and ``check``: mechanism files."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from sbpath.cli.options import SYSTEM, add_command, load, option, plot, save_figure
from sbpath.errors import InputError


def add(commands: Any) -> None:
    """Add the commands to the subparsers."""
    add_command(
        commands, "list", _list, "the shipped systems, one line each", "The shipped systems, one line each."
    )
    add_command(
        commands, "show", _show,
        "equations, phases, every number and its source", "Equations, phases, every number and its source.",
        *SYSTEM, option("--graph", "NAME", "which graph --plot draws (default: the mechanism's)"), plot("the phase graph"),
    )  # fmt: skip
    add_command(
        commands, "check", _check,
        "check mechanism files and list all mistakes",
        "Check mechanism files: keys and numbers first, then the chemistry, and list all mistakes of each. "
        "Warnings are about numbers that are allowed but unlikely: in another unit, of the wrong sign, or such that "
        "the electrode cannot fill between its cut-offs. They do not change the exit code.",
        option("files", "FILE", "mechanism files (.toml) or shipped names", nargs="+"),
    )  # fmt: skip


def _list(options: argparse.Namespace) -> None:
    from sbpath.mechanism.designs import DESIGNS, ELECTROLYTES
    from sbpath.mechanism.documents import shipped_names
    from sbpath.mechanism.reader import load_mechanism
    from sbpath.text.mechanism_sheet import parts, systems

    print(systems([load_mechanism(name) for name in shipped_names()]))
    for part, kind in ((DESIGNS, "design"), (ELECTROLYTES, "electrolyte")):
        print(f"\n{part.words}s (--{kind}):")
        print(parts(kind, {name: part.read(name) for name in part.names()}))


def _show(options: argparse.Namespace) -> None:
    from sbpath.text.mechanism_sheet import mechanism_report

    mechanism = load(options)
    if options.graph is not None:
        mechanism.edges(options.graph)
    print(mechanism_report(mechanism))
    save_figure(options.plot, lambda plots: plots.graph(mechanism, options.graph))


def _check(options: argparse.Namespace) -> None:
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
