"""The command ``sweep``: many runs of one system over ranges or samples of its numbers."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from sbpath.cli import options as shared
from sbpath.errors import InputError, SbpathError

# Quantities that --plot can draw; the first is the default.
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
    "first_cycle_efficiency",
    "film_mAh_per_g",
    "idle_film_mAh_per_g",
    "cut_off_mAh_per_g",
    "live_share",
    "insertion_path_share",
    "extraction_path_share",
)

HELP = """what varies:
  rate=C/100..5C:20           20 C-rates, in logarithmic steps
  temperature=25,60,120       temperatures in C
  electrode.particle_radius_m=10nm..1um:5,log
                              a number of the mechanism (see `sbpath show`), in logarithmic steps
  "current=10..100 mA/g:5"    a name in braces in --protocol: "Discharge at {current} until 0.05 V"
The last cycle of each run is kept, or why it failed. Ctrl-C stops; the same command continues.

examples:
  sbpath sweep li-sb --vary rate=C/100..5C:20 --vary temperature=0..60:13 --out sweep.sqlite
  sbpath sweep li-sb --map --vary rate=C/100..5C:9 --vary temperature=-20..60:7 --plot map.png
"""


def add(commands: Any) -> None:
    """Add the command to the subparsers."""
    shared.add_command(
        commands, "sweep", lambda options: (_map if options.map else _table)(options),
        "many runs of one system over rates, temperatures or any of its numbers",
        "Cycle a system at every point of a grid or sample, and keep a table of the results.",
        *shared.SYSTEM,
        shared.option("--vary", "NAME=LOW..HIGH:COUNT", "see below; every combination is run", action="append", required=True),
        shared.option("--sample", "WAY:COUNT", "sobol:128 or lhs:100 points instead of a grid; omit :COUNT in --vary"),
        shared.option("--seed", "N", "seed of the sample (default 0)", type=int),
        shared.RATE, shared.CYCLES, *shared.CONDITIONS, shared.PARTICLES, *shared.AMOUNTS, shared.PROTOCOL,
        shared.option("--workers", "N", "processes (default: one per core)", type=int),
        shared.option("--out", "FILE", "file of the runs (.sqlite), or a .csv or .parquet made from it"),
        *shared.outputs("the table", "a quantity over one or two parameters"),
        shared.option("--quantity", "NAME", f"what --plot draws (default {QUANTITIES[0]})", choices=QUANTITIES),
        shared.option("--map", None, "instead of the table, a map of the dominant path over two quantities"),
        epilog=HELP,
    )  # fmt: skip


def _map(options: argparse.Namespace) -> None:
    from sbpath.studies.selection_map import selection_map, selection_report, selection_table

    if len(options.vary) != 2:
        times = "once" if len(options.vary) == 1 else f"{len(options.vary)} times"
        raise InputError(f"--vary: is given {times}; --map takes two, across and up")
    for name in ("sample", "seed", "protocol", "workers", "out", "quantity"):
        if getattr(options, name) is not None:
            raise InputError(f"--{name}: has no effect with --map; omit it")
    mechanism = shared.with_particles(options, shared.load(options))
    chart = selection_map(
        mechanism,
        *options.vary,
        rate=options.rate,
        cycles=shared.cycles(options),
        **shared.conditions(options),
        **shared.amounts(options),
    )
    print(selection_report(chart, mechanism))
    shared.write_table(options, *selection_table(chart))
    shared.save_figure(options.plot, lambda plots: plots.selection(chart, mechanism))


def _table(options: argparse.Namespace) -> None:
    from sbpath.sweeps.runs import sweep
    from sbpath.text.sweep_summary import sweep_report

    if options.out is None:
        raise InputError("--out: give a file in which the runs are kept, e.g. --out sweep.sqlite")
    if options.quantity is not None and options.plot is None:
        raise InputError("--quantity: says what --plot draws; add --plot FILE")
    if options.plot is not None and len(options.vary) > 2:
        raise InputError(f"--plot: draws one or two varied quantities, not {len(options.vary)}; omit it")
    mechanism = shared.with_particles(options, shared.load(options))
    runs = sweep(
        mechanism,
        options.vary,
        sample=options.sample,
        seed=options.seed,
        protocol=shared.steps(options),
        rate=options.rate,
        cycles=shared.cycles(options),
        **shared.conditions(options),
        **shared.amounts(options),
        out=options.out,
        workers=options.workers,
    )
    if options.decimal_comma and options.out.lower().endswith(".csv"):
        runs.to_csv(options.out, decimal_comma=True)
    print(sweep_report(runs))
    kept = Path(options.out).with_suffix(".sqlite")
    print(f"\nwrote {options.out}" + ("" if kept == Path(options.out) else f" (the runs are kept in {kept})"))
    if options.csv:
        runs.to_csv(options.csv, options.decimal_comma)
        print(f"wrote {options.csv}")
    if runs.failed.all():
        # Nothing to draw.
        raise SbpathError(f"all {len(runs)} runs failed, the first with: {runs['failure'][0]}")
    shared.save_figure(options.plot, lambda plots: plots.sweep(runs, options.quantity or QUANTITIES[0]))
