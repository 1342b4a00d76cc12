"""The commands ``overlay``, ``fit``, ``rank`` and ``plan``: your own curves and a mechanism."""

from __future__ import annotations

import argparse
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from sbpath.cli import options as shared
from sbpath.errors import InputError
from sbpath.files import check_ending
from sbpath.typed import number


def add(commands: Any) -> None:
    """Add the commands to the subparsers."""
    experiment = shared.option("experiment", "EXPERIMENT", "experiment file (.toml)")
    mechanism = shared.option("--mechanism", "NAME", shared.SYSTEM_HELP)
    compared = (
        shared.option("--only", "CYCLES", "compare these cycles: 3, or 1-3,5 (default: those of the file)"),
        shared.option(
            "--drive", None, "mean current of each half cycle until its last voltage (default), or the measured current",
            choices=("mean", "measured"), default="mean",
        ),
        shared.PARTICLES,
    )  # fmt: skip
    free = shared.option(
        "--free", "NAMES",
        "groups or paths, with commas: gamma, growth, J0, diffusivity, exchange, activation, resistance, spread, energies, galleries "
        "(default gamma,growth,resistance, or [free] of the file)",
    )  # fmt: skip
    shared.add_command(
        commands, "overlay", _overlay,
        "your own curve over a simulation",
        "Simulate a measured cell and compare both, half cycle by half cycle: capacities, plateaus, peaks of dQ/dV, and "
        "the distance of the measured points from the simulated curve.",
        experiment, _with(mechanism, required=True), shared.SET, shared.GRAPH, *compared,
        *shared.outputs("the table", "both curves with their distance"),
    )  # fmt: skip
    shared.add_command(
        commands, "fit", _fit,
        "fit numbers of a mechanism to your own curve, and say how sure they are",
        "Fit interfacial energies, rates, a resistance or any other numbers of a mechanism to the half cycles of "
        "an experiment file, with 95 % intervals, and say what the data cannot tell. Ctrl-C keeps the best so far.",
        _with(experiment, nargs="?"), mechanism, shared.SET, shared.GRAPH, *compared, free,
        shared.option("--profile", "NAMES", "intervals of these by refits too: groups or paths, with commas"),
        shared.option("--out", "FILE", "the new mechanism file (default MECHANISM-fitted.toml)"),
        shared.option("--result", "FILE", "write the result as TOML, for --again"),
        shared.option("--again", "FILE", "repeat the fit of a result; nothing else is needed"),
        shared.plot("the fitted curves over the measured"), shared.QUIET,
    )  # fmt: skip
    shared.add_command(
        commands, "rank", _rank,
        "which of several mechanisms your own curve supports",
        "Fit several mechanisms to the same half cycles, and say which of them the data support, whether a simpler one "
        "fits as well, and where the others differ.",
        experiment,
        shared.option(
            "--candidates", "NAME[:GRAPH]", "two or more mechanisms, each with a graph if not its own",
            nargs="+", required=True,
        ),
        free, *compared, shared.QUIET,
    )  # fmt: skip
    shared.add_command(
        commands, "plan", _plan,
        "what to measure next, by what it would settle",
        "Simulate rates, rests, a titration, reversals and other temperatures after a fit, and put them in the order of "
        "what they would add to the data.",
        experiment,
        shared.option("--fit", "FILE", "what sbpath fit --result wrote", required=True),
        shared.option("--for", "PATH", "order by the error of this fitted number, e.g. J0", dest="wanted"),
        shared.option("--hours", "H", "leave out what takes longer"),
        shared.option("--per-hour", None, "order by the gain per hour"),
        shared.option("--rivals", "NAME[:GRAPH]", "order by what tells two fitted mechanisms apart", nargs=2),
        *shared.outputs("the table"),
    )  # fmt: skip


def _with(given: shared.Option, **more: Any) -> shared.Option:
    """An option with further arguments."""
    return given[0], given[1] | more


def _overlay(options: argparse.Namespace) -> None:
    from sbpath.fitting.overlay import overlay
    from sbpath.measured.experiment_file import load_measurement
    from sbpath.text.fit_report import OVERLAY_COLUMNS, overlay_report
    from sbpath.text.tables import file_table

    found = overlay(
        load_measurement(options.experiment), shared.load(options), graph=options.graph, **_compared(options)
    )  # fmt: skip
    print(overlay_report(found))
    shared.write_table(options, *file_table(OVERLAY_COLUMNS, found.halves))
    shared.save_figure(options.plot, lambda plots: plots.overlay(found))


def _fit(options: argparse.Namespace) -> None:
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
    shared.check_outputs(options)
    check_ending(options.out, (".toml",), "a mechanism is")
    mechanism, measurement = shared.load(options), load_measurement(options.experiment)
    if options.plot and not measurement.curves:
        raise InputError(
            f"--plot: {options.experiment} has targets and no curve to draw the fit over; leave it out"
        )
    if earlier is not None:
        result = fit_again(earlier, progress=not options.quiet)
    else:
        result = fit(
            measurement, mechanism, _names(options.free), graph=options.graph, profile=_names(options.profile) or (),
            **_compared(options),
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
        shared.save_figure(options.plot, lambda plots: plots.overlay(found))


def _rank(options: argparse.Namespace) -> None:
    from sbpath.fitting.rank import rank
    from sbpath.measured.experiment_file import load_measurement
    from sbpath.text.fit_report import ranking_report

    found = rank(
        load_measurement(options.experiment), options.candidates, _names(options.free), **_compared(options)
    )  # fmt: skip
    print(ranking_report(found))


def _plan(options: argparse.Namespace) -> None:
    from sbpath.fitting.plan import plan
    from sbpath.fitting.result import load_fit
    from sbpath.measured.experiment_file import load_measurement
    from sbpath.text.fit_report import PLAN_COLUMNS, plan_report
    from sbpath.text.tables import file_table

    hours = number("--hours", "hours", options.hours)
    found = plan(
        load_measurement(options.experiment), load_fit(options.fit), wanted=options.wanted, hours=hours,
        per_hour=options.per_hour, rivals=options.rivals or (), progress=not options.quiet,
    )  # fmt: skip
    print(plan_report(found))
    shared.write_table(options, *file_table(PLAN_COLUMNS, found.experiments))


def _compared(options: argparse.Namespace) -> dict[str, Any]:
    """What is compared, and how, as keyword arguments."""
    return {
        "cycles": _cycles(options),
        "drive": options.drive,
        "population": options.particles,
        "progress": not options.quiet,
    }


def _names(text: str | None) -> list[str] | None:
    """``gamma,growth`` as a list."""
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]


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
