"""The command ``compare``."""

from __future__ import annotations

import argparse
from typing import Any

from sbpath.cli import options as shared
from sbpath.typed import changes, to_celsius

EXAMPLES = """examples:
  sbpath compare li-sb na-sb k-sb --plot hysteresis.png
  sbpath compare li-sb --rate C/20 C/5 1C --graph reported candidate
  sbpath compare li-sb li-sb-libh4 --temperature 25C 120C --csv temperatures.csv
  sbpath compare li-sb na-sb --design micron nano --rate C/10 1C
  sbpath compare li-sb --design nano --electrolyte fec carbonate own --cycles 5
"""


def add(commands: Any) -> None:
    """Add the command to the subparsers."""
    shared.add_command(
        commands, "compare", _compare,
        "compare systems, graphs, designs, electrolytes, rates and temperatures",
        "Cycle every system on every graph, in every design and electrolyte, at every rate and temperature, and "
        "compare the last cycles: hysteresis, where it comes from, efficiency and path. ICE is the efficiency of "
        "the first cycle, the share of the charge inserted that came out again; CE is that of the last cycle.",
        shared.option("mechanisms", "MECHANISM", "shipped names or .toml files", nargs="+"),
        shared.option("--graph", "NAME", "reported, candidate, ... (default: the mechanism's)", nargs="+"),
        shared.option(
            "--design", "NAME",
            "electrode designs (see `sbpath list`) or .toml files; own is the mechanism's own electrode", nargs="+",
        ),
        shared.option("--electrolyte", "NAME", "electrolytes, likewise: their films take charge", nargs="+"),
        shared.SET,
        shared.option("--rate", "RATE", "C/10, 0.5C, 50 mA/g, ... (default C/10)", nargs="+"),
        shared.option("--temperature", "T", "25, 25C or 298K (default: the mechanism's)", nargs="+"),
        shared.PARTICLES, *shared.AMOUNTS, shared.CYCLES,
        shared.option(
            "--scale", None, "potentials against the metal of each cell, or all against Li+/Li (default own)",
            choices=("own", "Li"), default="own",
        ),
        *shared.outputs("the table", "loops, gaps, causes and efficiencies"),
        epilog=EXAMPLES,
    )  # fmt: skip


def _compare(options: argparse.Namespace) -> None:
    from sbpath.mechanism.reader import load_mechanism
    from sbpath.studies.comparison import compare, comparison_report, comparison_table

    mechanisms = [shared.with_particles(options, load_mechanism(name)) for name in options.mechanisms]
    solutions = compare(
        mechanisms,
        graphs=options.graph or (None,),
        designs=[None if name == "own" else name for name in options.design or ("own",)],
        electrolytes=[None if name == "own" else name for name in options.electrolyte or ("own",)],
        rates=options.rate or ("C/10",),
        temperatures_C=[to_celsius(text) for text in options.temperature] if options.temperature else (None,),
        cycles=shared.cycles(options),
        **shared.amounts(options),
        changes=changes(options.changes, mechanisms[0]),
        progress=not options.quiet,
    )
    print(comparison_report(solutions, options.scale))
    shared.write_table(options, *comparison_table(solutions, options.scale))
    shared.save_figure(options.plot, lambda plots: plots.comparison(solutions, options.scale))
