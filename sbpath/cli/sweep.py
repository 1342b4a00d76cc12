"""The command that runs one system many times, over ranges or samples of its numbers."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from sbpath.cli.shared import add_changes, add_cycling, check_outputs, load, save_figure, to_celsius
from sbpath.errors import InputError, SbpathError

# Exit code of what Ctrl-C stopped, as shells have it.
STOPPED = 130

# What --plot can draw: the numbers that are measured, the first one by default.
QUANTITIES = (
    "hysteresis_mV",
    "insertion_capacity_mAh_per_g",
    "extraction_capacity_mAh_per_g",
    "insertion_mean_voltage_V",
    "extraction_mean_voltage_V",
    "loop_J_per_g",
    "coulombic_efficiency",
    "voltage_efficiency",
    "energy_efficiency",
)

HELP = """what varies (--vary, as often as you like; every combination is run):
  rate=C/100..5C:20                     20 C-rates, in logarithmic steps
  temperature=0..120:13                 13 temperatures in C; or one by one: temperature=25,60,120
  "interfaces.Sb|Li3Sb.energy_J_per_m2=0.12..0.26:8"
                                        a number of the mechanism (keys: sbpath show)
  electrode.particle_radius_m=1e-8..1e-6:5,log
                                        how the electrode is built, in logarithmic steps
  "current=10..100 mA/g:5"              what stands in braces in --protocol: "Discharge at {current} until 0.05 V"
with --sample sobol:128 or lhs:100 points are drawn between the ends instead; leave the :COUNT out then

what is kept of a run: capacities, mean voltages, hysteresis, loop, efficiencies and paths of its last cycle;
of a run that failed the reason. Ctrl-C stops; the same command again goes on where it was.

examples:
  sbpath sweep li-sb --vary rate=C/100..5C:20 --vary temperature=0..120:13 --out sweep.sqlite --plot sweep.png
  sbpath sweep na-sb --protocol "Discharge at {current} until {floor} V" "Charge at {current} until 1.5 V" \\
                     --vary "current=10..100 mA/g:5" --vary floor=0.01..0.3:4 --out sweep.csv
  sbpath sweep k-sb --vary rate=C/50..2C --vary electrode.particle_radius_m=1e-8..1e-6,log \\
                    --sample sobol:64 --out sample.csv
"""


def add(commands: Any) -> None:
    """Add this command to a parser's."""
    sweep = commands.add_parser(
        "sweep",
        help="many runs of one system over rates, temperatures or any of its numbers",
        description="Cycle a system at every point of a grid, or of a sample, and keep a table of what comes of it.",
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    sweep.add_argument("mechanism", help="a shipped name (see `sbpath list`) or the path of a .toml file")
    sweep.add_argument(
        "--vary", action="append", required=True, metavar="NAME=LOW..HIGH:COUNT", help="see below; may be repeated"
    )  # fmt: skip
    sweep.add_argument(
        "--out", required=True, metavar="FILE",
        help="where the runs are kept (.sqlite); .csv and .parquet are written at the end, with the .sqlite beside",
    )  # fmt: skip
    sweep.add_argument(
        "--sample",
        metavar="METHOD:COUNT",
        help="sobol:128 (a power of 2) or lhs:100 points in place of a grid",
    )
    sweep.add_argument("--seed", type=int, metavar="N", help="of the sample (default 0)")
    add_cycling(sweep, cycles=2)
    sweep.add_argument(
        "--protocol", nargs="+", metavar="STEP",
        help="steps of one cycle in place of --rate, with names of --vary in braces; repeated --cycles times",
    )  # fmt: skip
    add_changes(sweep)
    sweep.add_argument(
        "--workers", type=int, metavar="N", help="processes that share the work (default: one for each core)"
    )
    sweep.add_argument("--csv", metavar="FILE", help="write the table as CSV too")
    sweep.add_argument(
        "--plot", metavar="FILE", help="draw a quantity over one or two that vary (.png, .pdf, .svg)"
    )
    sweep.add_argument(
        "--quantity", choices=QUANTITIES, metavar="NAME",
        help=f"what --plot draws: {', '.join(QUANTITIES)} (default {QUANTITIES[0]})",
    )  # fmt: skip
    sweep.set_defaults(handler=_sweep)


def _sweep(options: argparse.Namespace) -> int:
    from sbpath.sweeps.runs import sweep
    from sbpath.text.sweep import sweep_report

    check_outputs(options.out, options.csv, plot=options.plot)
    if options.quantity is not None and options.plot is None:
        raise InputError("--quantity: says what --plot draws; add --plot FILE")
    if options.plot is not None and len(options.vary) > 2:
        raise InputError(f"--plot: draws one or two varied quantities, not {len(options.vary)}; leave it out")
    if options.cycles < 1:
        raise InputError(f"--cycles: must be a whole number, 1 or more, not {options.cycles}")
    steps = None if options.protocol is None else [tuple(options.protocol)] * options.cycles
    mechanism = load(options.mechanism, options.changes, options.design)
    try:
        runs = sweep(
            mechanism,
            options.vary,
            sample=options.sample,
            seed=options.seed,
            protocol=steps,
            rate=options.rate,
            cycles=options.cycles,
            graph=options.graph,
            temperature_C=to_celsius(options.temperature),
            out=options.out,
            workers=options.workers,
            progress=not options.quiet,
        )
    except KeyboardInterrupt as stopped:
        print(f"sbpath: {stopped}", file=sys.stderr)
        return STOPPED
    print(sweep_report(runs))
    kept = Path(options.out).with_suffix(".sqlite")
    print(f"\nwrote {options.out}" + ("" if kept == Path(options.out) else f" (the runs are kept in {kept})"))
    if options.csv:
        runs.to_csv(options.csv)
        print(f"wrote {options.csv}")
    if runs.failed.all():
        # There is nothing to draw.
        raise SbpathError(f"all {len(runs)} runs failed, the first with: {runs['failure'][0]}")
    save_figure(options.plot, lambda plots: plots.sweep(runs, options.quantity or QUANTITIES[0]).figure)
    return 0
