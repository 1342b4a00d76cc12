"""The command ``literature``: the review's tables."""

from __future__ import annotations

import argparse
import shutil
from typing import Any

from sbpath.cli.options import SET, add_command, option, outputs, save_figure
from sbpath.errors import InputError
from sbpath.typed import changes

EXAMPLES = """examples:
  sbpath literature --ion K --sort capacity
  sbpath literature --material sb2s3 --notes
  sbpath literature --electrolyte FEC --strategy structure --csv fec.csv
  sbpath literature --ion Li --material Sb2S3 --compare-with li-sb2s3-libh4
  sbpath literature --hosts --ion K --plot hosts.png
"""
# Line width without a terminal, e.g. in a file.
FILE_WIDTH = 200


def add(commands: Any) -> None:
    """Add the command to the subparsers."""
    add_command(
        commands, "literature", _literature,
        "Sb anodes reported for Li, Na, K and solid cells, and hosts in theory (the review's Tables 1-5)",
        "The 55 Sb anodes of the review's Tables 2-5 as printed: electrolyte, binder, first-cycle "
        "efficiency, capacity after X cycles, rate capability. Options narrow the list down; a row must match all "
        "of them. With --hosts, Table 1: theoretical capacity and volume change of graphite, Si, Sn and Sb.",
        option("--ion", "ION", "Li, Na or K"),
        option("--table", "N", "2 (Li), 3 (Na), 4 (K) or 5 (Li, solid electrolyte)", type=int),
        option("--material", "TEXT", "part of the material's name, e.g. NiSb, nano, sb2s3"),
        option("--electrolyte", "WORD", "salt, solvent, additive or solid electrolyte, e.g. KFSI, FEC"),
        option("--strategy", "NAME", "SEI, structure or composite (with alloys)"),
        option(
            "--sort", None,
            "largest first: capacity after X cycles, first-cycle efficiency, current of the rate capability "
            "or number of cycles (default: as in the review)",
            choices=("capacity", "efficiency", "rate", "cycles"),
        ),
        option("--notes", None, "print the remarks on each row and its full citation"),
        option(
            "--compare-with", "MECHANISM",
            "simulate the first cycle of this mechanism at the current and temperature of each row, and print both",
        ),
        SET,
        option("--hosts", None, "Table 1: computed and printed values, and where they disagree"),
        *outputs("every column of the rows", "the anodes by strategy and ion, or the hosts"),
        epilog=EXAMPLES,
    )  # fmt: skip


def _literature(options: argparse.Namespace) -> None:
    if options.changes and options.compare_with is None:
        raise InputError("--set: changes the mechanism that is simulated; add --compare-with MECHANISM")
    (_hosts if options.hosts else _studies)(options)


def _studies(options: argparse.Namespace) -> None:
    from sbpath.literature.queries import find_anodes
    from sbpath.text.literature_tables import studies_report

    filters = ("ion", "material", "electrolyte", "strategy", "table", "sort")
    studies = find_anodes(**{name: getattr(options, name) for name in filters})
    if not studies:
        raise InputError("literature: no row of Tables 2-5 matches every option; omit one")
    more = None
    if options.compare_with is None:
        print(studies_report(studies, _width(), options.notes))
    else:
        from sbpath.mechanism.paths import with_changes
        from sbpath.mechanism.reader import load_mechanism
        from sbpath.studies.literature_comparison import (
            COLUMNS,
            compare_with_literature,
            comparison_text,
        )
        from sbpath.text.tables import file_table

        mechanism = load_mechanism(options.compare_with)
        mechanism = with_changes(mechanism, changes(options.changes, mechanism))
        rows = compare_with_literature(studies, mechanism, progress=not options.quiet)
        print(comparison_text(rows, _width(), options.notes))
        more = file_table(COLUMNS, rows)
    _write(options, studies, lambda plots: plots.strategies(studies)[0][0].figure, more)


def _hosts(options: argparse.Namespace) -> None:
    from sbpath.literature.queries import find_hosts
    from sbpath.text.literature_tables import hosts_report

    others = ("table", "material", "electrolyte", "strategy", "sort", "notes", "compare_with")
    given = [f"--{name.replace('_', '-')}" for name in others if getattr(options, name)]
    if given:
        raise InputError(
            f"--hosts: applies to Table 1 and cannot be combined with {', '.join(given)}; omit one"
        )
    hosts = find_hosts(ion=options.ion)
    print(hosts_report(hosts, _width()))
    _write(options, hosts, lambda plots: plots.hosts(hosts)[0].figure)


def _write(options: argparse.Namespace, records: Any, draw: Any, more: Any = None) -> None:
    """Write the requested files; `draw` makes the figure, `more` has further columns."""
    from sbpath.literature.csv_files import literature_to_csv

    if options.csv:
        literature_to_csv(records, options.csv, more, options.decimal_comma)
        print(f"wrote {options.csv}")
    save_figure(options.plot, draw)


def _width() -> int:
    return shutil.get_terminal_size((FILE_WIDTH, 24)).columns
