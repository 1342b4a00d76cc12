"""The commands ``overlay``, ``fit``, ``rank`` and ``plan``: your own curves and a mechanism."""

from __future__ import annotations

import argparse
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from sbpath.cli.options import HelpFormatter, add_outputs, check_outputs, load, save_figure, write_table
from sbpath.errors import InputError
from sbpath.typed import number


def add(commands: Any) -> None:
    """Add the commands to the subparsers."""
    overlay = commands.add_parser(
        "overlay",
        help="your own curve over a simulation",
        description="Simulate a measured cell and compare both, half cycle by half cycle: capacities, plateaus, peaks of dQ/dV, and "
        "the distance of the measured points from the simulated curve.",
        formatter_class=HelpFormatter,
    )
    _add_common(overlay, needed=True)
    add_outputs(overlay, "the table", "both curves with their distance")
    overlay.set_defaults(handler=_overlay)

    fit = commands.add_parser(
        "fit",
        help="fit numbers of a mechanism to your own curve, and say how sure they are",
        description="Fit interfacial energies, rates, a resistance or any other numbers of a mechanism to the half cycles of "
        "an experiment file, with 95 % intervals, and say what the data cannot tell. Ctrl-C keeps the best so far.",
        formatter_class=HelpFormatter,
    )
    _add_common(fit, needed=False)
    _add_free(fit)
    fit.add_argument(
        "--profile", metavar="NAMES", help="intervals of these by refits too: groups or paths, with commas"
    )
    fit.add_argument("--out", metavar="FILE", help="the new mechanism file (default MECHANISM-fitted.toml)")
    fit.add_argument("--result", metavar="FILE", help="write the result as TOML, for --again")
    fit.add_argument("--again", metavar="FILE", help="repeat the fit of a result; nothing else is needed")
    fit.add_argument(
        "--plot", metavar="FILE", help="draw the fitted curves over the measured (.png, .pdf, .svg)"
    )
    fit.add_argument("--quiet", action="store_true", help="no progress bar")
    fit.set_defaults(handler=_fit)

    rank = commands.add_parser(
        "rank",
        help="which of several mechanisms your own curve supports",
        description="Fit several mechanisms to the same half cycles, and say which of them the data support, whether a simpler one "
        "fits as well, and where the others differ.",
        formatter_class=HelpFormatter,
    )
    rank.add_argument("experiment", metavar="EXPERIMENT", help="experiment file (.toml)")
    rank.add_argument(
        "--candidates", nargs="+", required=True, metavar="NAME[:GRAPH]", help="two or more mechanisms, each with a graph if not its own"
    )  # fmt: skip
    _add_free(rank)
    _add_conditions(rank)
    rank.add_argument("--quiet", action="store_true", help="no progress bar")
    rank.set_defaults(handler=_rank)

    plan = commands.add_parser(
        "plan",
        help="what to measure next, by what it would settle",
        description="Simulate rates, rests, a titration, reversals and other temperatures after a fit, and put them in the order of "
        "what they would add to the data.",
        formatter_class=HelpFormatter,
    )
    plan.add_argument("experiment", metavar="EXPERIMENT", help="experiment file (.toml)")
    plan.add_argument("--fit", metavar="FILE", required=True, help="what sbpath fit --result wrote")
    plan.add_argument(
        "--for", metavar="PATH", dest="wanted", help="order by the error of this fitted number, e.g. J0"
    )
    plan.add_argument("--hours", metavar="H", help="leave out what takes longer")
    plan.add_argument("--per-hour", action="store_true", help="order by the gain per hour")
    plan.add_argument(
        "--rivals", nargs=2, metavar="NAME[:GRAPH]", help="order by what tells two fitted mechanisms apart"
    )
    add_outputs(plan, "the table")
    plan.set_defaults(handler=_plan)


def _add_common(parser: argparse.ArgumentParser, needed: bool) -> None:
    parser.add_argument(
        "experiment", metavar="EXPERIMENT", nargs=None if needed else "?", help="experiment file (.toml)"
    )
    parser.add_argument(
        "--mechanism",
        metavar="NAME",
        required=needed,
        help="a shipped name (see `sbpath list`) or a .toml file",
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="PATH=NUMBER", dest="changes", help="change a number first; repeatable"
    )  # fmt: skip
    parser.add_argument("--graph", metavar="NAME", help="candidate, reported, ... (default: the mechanism's)")
    _add_conditions(parser)
    parser.set_defaults(design=None, electrolyte=None)


def _add_free(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--free", metavar="NAMES",
        help="groups or paths, with commas: gamma, growth, J0, diffusivity, exchange, activation, resistance, spread, energies, galleries "
        "(default gamma,growth,resistance, or [free] of the file)",
    )  # fmt: skip


def _add_conditions(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--only", metavar="CYCLES", help="compare these cycles: 3, or 1-3,5 (default: those of the file)"
    )
    parser.add_argument(
        "--drive", choices=("mean", "measured"), default="mean",
        help="mean current of each half cycle until its last voltage (default), or the measured current",
    )  # fmt: skip
    parser.add_argument(
        "--particles",
        type=int,
        metavar="N",
        help="N particles of the spread of the mechanism, 1: a single one",
    )


def _overlay(options: argparse.Namespace) -> int:
    from sbpath.fitting.overlay import overlay
    from sbpath.measured.experiment_file import load_measurement
    from sbpath.text.fit_report import OVERLAY_COLUMNS, overlay_report
    from sbpath.text.tables import file_table

    check_outputs(options)
    found = overlay(
        load_measurement(options.experiment), load(options), graph=options.graph, cycles=_cycles(options),
        drive=options.drive, population=options.particles, progress=not options.quiet,
    )  # fmt: skip
    print(overlay_report(found))
    write_table(options, *file_table(OVERLAY_COLUMNS, found.halves))
    save_figure(options.plot, lambda plots: plots.overlay(found))
    return 0


def _fit(options: argparse.Namespace) -> int:
    from sbpath.fitting.fit import fit, fit_again
    from sbpath.fitting.overlay import overlay
    from sbpath.fitting.result import fitted_mechanism, load_fit, write_fitted
    from sbpath.measured.experiment_file import load_measurement
    from sbpath.text.fit_report import fit_report

    earlier = None if options.again is None else load_fit(options.again)
    if earlier is not None:
        if any(getattr(options, name) is not None for name in ("experiment", "mechanism", "free", "profile")):
            raise InputError(
                "--again: takes all settings from its file; give it alone, or with --out, --result, --plot"
            )
        options.experiment, options.mechanism = earlier.experiment, earlier.mechanism
        options.changes = [f"{path}={number!r}" for path, number in earlier.changes]
    for name in ("experiment", "mechanism"):
        if getattr(options, name) is None:
            ask = "the experiment file, e.g. exp.toml" if name == "experiment" else "--mechanism, e.g. li-sb"
            raise InputError(f"fit: give {ask}")
    options.out = options.out or f"{Path(options.mechanism).stem}-fitted.toml"
    for name in ("out", "result"):
        _check_toml(getattr(options, name), f"--{name}")
    check_outputs(options)
    mechanism, measurement = load(options), load_measurement(options.experiment)
    if options.plot and not measurement.curves:
        raise InputError(
            f"--plot: {options.experiment} has targets and no curve to draw the fit over; leave it out"
        )
    if earlier is not None:
        result = fit_again(earlier, progress=not options.quiet)
    else:
        result = fit(
            measurement, mechanism, _names(options.free), graph=options.graph, cycles=_cycles(options), drive=options.drive,
            population=options.particles, profile=_names(options.profile) or (), progress=not options.quiet,
        )  # fmt: skip
        # The file is found again by its path.
        result = replace(result, mechanism=options.mechanism)
    print(fit_report(result))
    write_fitted(mechanism, result, options.out)
    print(f'wrote {options.out} (status "fitted", fitted_to = "{result.data}")')
    if options.result:
        result.save(options.result)
        print(f"wrote {options.result}")
    if options.plot:
        found = overlay(
            measurement, fitted_mechanism(mechanism, result), graph=result.graph, cycles=result.cycles, drive=result.drive,
            population=result.population, fit=result, progress=False,
        )  # fmt: skip
        save_figure(options.plot, lambda plots: plots.overlay(found))
    return 0


def _rank(options: argparse.Namespace) -> int:
    from sbpath.fitting.rank import rank
    from sbpath.measured.experiment_file import load_measurement
    from sbpath.text.fit_report import ranking_report

    found = rank(
        load_measurement(options.experiment), options.candidates, _names(options.free), cycles=_cycles(options), drive=options.drive,
        population=options.particles, progress=not options.quiet,
    )  # fmt: skip
    print(ranking_report(found))
    return 0


def _plan(options: argparse.Namespace) -> int:
    from sbpath.fitting.plan import plan
    from sbpath.fitting.result import load_fit
    from sbpath.measured.experiment_file import load_measurement
    from sbpath.text.fit_report import PLAN_COLUMNS, plan_report
    from sbpath.text.tables import file_table

    check_outputs(options)
    hours = number("--hours", "hours", options.hours)
    found = plan(
        load_measurement(options.experiment), load_fit(options.fit), wanted=options.wanted, hours=hours,
        per_hour=options.per_hour, rivals=options.rivals or (), progress=not options.quiet,
    )  # fmt: skip
    print(plan_report(found))
    write_table(options, *file_table(PLAN_COLUMNS, found.experiments))
    return 0


def _names(text: str | None) -> list[str] | None:
    """``gamma,growth`` as a list."""
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]


def _check_toml(path: str | None, option: str) -> None:
    if path is not None and not path.lower().endswith(".toml"):
        raise InputError(f"{option}: {path}: is written as TOML; give it a name that ends in .toml")


def _cycles(options: argparse.Namespace) -> list[int] | None:
    """``1-3,5`` as a list."""
    if options.only is None:
        return None
    found: list[int] = []
    for part in options.only.split(","):
        ends = re.fullmatch(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?", part)
        first = int(ends[1]) if ends else 0
        last = int(ends[2] or first) if ends else 0
        if not 1 <= first <= last <= 100_000:
            raise InputError(f"--only: {options.only!r} is no list of cycles; write e.g. 1-3,5")
        found += range(first, last + 1)
    return found
