"""The command that lays several simulations side by side."""

from __future__ import annotations

import argparse
import csv
from typing import Any

from sbpath.cli.shared import add_cycling, check_outputs, drawing, load, rate, to_celsius


def add(commands: Any) -> None:
    """Add this command to a parser's."""
    compare = commands.add_parser(
        "compare",
        help="compare the hysteresis of several systems",
        description="Compare the hysteresis of several systems.",
    )
    compare.add_argument("mechanisms", nargs="+", metavar="MECHANISM", help="shipped names or .toml files")
    add_cycling(compare, cycles=2)
    compare.add_argument("--csv", metavar="FILE", help="write the table as CSV")
    compare.add_argument("--plot", metavar="FILE", help="draw the loops side by side (.png, .pdf, .svg)")
    compare.set_defaults(handler=_compare)


def _compare(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from sbpath.protocol.protocol import cycling
    from sbpath.simulation import simulate
    from sbpath.text.comparison import COMPARISON_HEAD, comparison_report, comparison_rows

    check_outputs(options.csv, plot=options.plot)
    mechanisms = [load(name, []) for name in options.mechanisms]
    celsius = to_celsius(options.temperature)
    solutions = [
        simulate(
            m,
            cycling(rate(options), m.lower_cutoff_V, m.upper_cutoff_V, options.cycles),
            graph=options.graph,
            temperature_C=celsius,
            progress=False,
        )
        for m in tqdm(
            mechanisms, desc="sbpath compare", unit="system", delay=2, disable=True if options.quiet else None
        )
    ]
    print(comparison_report(solutions))
    if options.csv:
        from sbpath.files import written_whole

        with (
            written_whole(options.csv) as temporary,
            open(temporary, "w", newline="", encoding="utf-8") as handle,
        ):
            csv.writer(handle).writerows([COMPARISON_HEAD, *comparison_rows(solutions)])
        print(f"wrote {options.csv}")
    if options.plot:
        plots = drawing()
        plots.save(plots.comparison(solutions)[0].figure, options.plot)
        print(f"wrote {options.plot}")
    return 0
