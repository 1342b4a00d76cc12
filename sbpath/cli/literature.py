"""Commands for the review's tables: literature and hosts."""

from __future__ import annotations

import argparse
import shutil
from typing import Any

from sbpath.cli.shared import check_outputs, load, save_figure
from sbpath.errors import InputError

EXAMPLES = """examples:
  sbpath literature --ion K --sort capacity
  sbpath literature --material sb2s3 --notes
  sbpath literature --electrolyte FEC --strategy structure --csv fec.csv
  sbpath literature --plot strategies.png
  sbpath literature --ion Li --material Sb2S3 --beside li-sb2s3-libh4
"""
# Of a line where there is no terminal to ask, in a file for example.
FILE_WIDTH = 200


def add(commands: Any) -> None:
    """Add these commands to a parser's."""
    literature = commands.add_parser(
        "literature",
        help="Sb anodes reported for Li, Na, K and solid cells (the review's Tables 2-5)",
        description="The 55 Sb anodes of the review's Tables 2-5: electrolyte, binder, first-cycle efficiency,\n"
        "capacity after X cycles, rate capability. Numbers are as printed. Options narrow the list\n"
        "down; a row must fit all of them. With --beside each row stands beside the first cycle of a simulation.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    literature.add_argument("--ion", metavar="ION", help="Li, Na or K")
    literature.add_argument(
        "--table", type=int, metavar="N", help="2 (Li), 3 (Na), 4 (K) or 5 (Li, solid electrolyte)"
    )
    literature.add_argument(
        "--material", metavar="TEXT", help="part of the material's name, e.g. NiSb, nano, sb2s3"
    )
    literature.add_argument(
        "--electrolyte",
        metavar="WORD",
        help="salt, solvent, additive or solid electrolyte, e.g. KFSI, DME, FEC",
    )
    literature.add_argument("--strategy", metavar="NAME", help="SEI, structure or composite (with alloys)")
    literature.add_argument(
        "--sort", choices=("capacity", "efficiency", "rate", "cycles"),
        help="largest first: capacity after X cycles, first-cycle efficiency, current of the rate capability, "
        "or number of cycles (default: as in the review)",
    )  # fmt: skip
    literature.add_argument(
        "--notes",
        action="store_true",
        help="below the table: what is odd about a row, and its citation in full",
    )
    literature.add_argument(
        "--beside", metavar="MECHANISM",
        help="simulate the first cycle of this system for each row, at the row's own mA/g (C/10 where the review names "
        "none) and temperature, and print both: first-cycle efficiency, capacity inserted, mean voltages",
    )  # fmt: skip
    literature.add_argument(
        "--csv", metavar="FILE", help="write the rows with every column as CSV, those of --beside after them"
    )
    literature.add_argument(
        "--plot",
        metavar="FILE",
        help="draw efficiency, capacity and rate capability by strategy and ion (.png, .pdf, .svg)",
    )
    literature.add_argument("--quiet", action="store_true", help="no progress")
    literature.set_defaults(handler=_literature)

    hosts = commands.add_parser(
        "hosts",
        help="graphite, Si, Sn and Sb with Li, Na, K: capacity and volume change (Table 1)",
        description="Theoretical capacity and volume change of graphite, Si, Sn and Sb filled with Li, Na or K,\n"
        "computed, beside the values printed in the review's Table 1; and the printed ones that do\n"
        "not follow.",
        epilog="example:\n  sbpath hosts --ion K --plot hosts.png",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    hosts.add_argument("--ion", metavar="ION", help="Li, Na or K")
    hosts.add_argument("--csv", metavar="FILE", help="write printed and computed numbers as CSV")
    hosts.add_argument(
        "--plot",
        metavar="FILE",
        help="draw capacities and volume changes, as the review's Figure 1 (.png, .pdf, .svg)",
    )
    hosts.set_defaults(handler=_hosts)


def _literature(options: argparse.Namespace) -> int:
    from sbpath.literature.queries import find_studies
    from sbpath.text.literature import BESIDE_COLUMNS, beside_columns, beside_report, studies_report

    check_outputs(options.csv, plot=options.plot)
    studies = find_studies(
        ion=options.ion,
        material=options.material,
        electrolyte=options.electrolyte,
        strategy=options.strategy,
        table=options.table,
        sort=options.sort,
    )
    if not studies:
        raise InputError("literature: no row of Tables 2-5 fits all that is asked for; leave an option out")
    more = None
    if options.beside is None:
        print(studies_report(studies, _width(), options.notes))
    else:
        from sbpath.experiments.beside import beside

        rows = beside(studies, load(options.beside, []), progress=not options.quiet)
        print(beside_report(rows, _width(), options.notes))
        more = BESIDE_COLUMNS, beside_columns(rows)
    _write(options, studies, lambda plots: plots.strategies(studies)[0][0].figure, more)
    return 0


def _hosts(options: argparse.Namespace) -> int:
    from sbpath.literature.queries import find_hosts
    from sbpath.text.literature import hosts_report

    check_outputs(options.csv, plot=options.plot)
    hosts = find_hosts(ion=options.ion)
    print(hosts_report(hosts, _width()))
    _write(options, hosts, lambda plots: plots.hosts(hosts)[0].figure)
    return 0


def _write(options: argparse.Namespace, records: Any, figure: Any, more: Any = None) -> None:
    """The files asked for; `figure` makes a figure with the module `sbpath.plots`.

    `more` are columns to write after those of the records.
    """
    from sbpath.literature.export import literature_to_csv

    if options.csv:
        literature_to_csv(records, options.csv, more)
        print(f"wrote {options.csv}")
    save_figure(options.plot, figure)


def _width() -> int:
    return shutil.get_terminal_size((FILE_WIDTH, 24)).columns
