"""The commands ``explain`` (the path), ``losses`` (the hysteresis) and ``predict`` (what a laboratory can check)."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from sbpath.cli import options as shared

if TYPE_CHECKING:
    from sbpath.mechanism.mechanism import Mechanism
    from sbpath.solution import Solution


def add(commands: Any) -> None:
    """Add the commands to the subparsers."""
    cycled = (*shared.SYSTEM, shared.RATE, shared.CYCLES, *shared.CONDITIONS, *shared.AMOUNTS)
    shared.add_command(
        commands, "explain", _explain,
        "why this path: driving forces, barriers and times of competing transformations",
        "Cycle a system and report, for each branch point, which product formed and what decided. "
        "Nucleation, growth and transport are the times (s) that a domain needs for each when half of the phase has "
        "reacted; the shortest sum wins. Share is the share of each product over the whole half cycle.",
        *cycled, *shared.outputs("every branch point of every cycle", "a figure"),
        shared.option(
            "--figure", "KIND",
            "what --plot draws: forces (driving forces, barriers and rates along the cycle, the default), or paths "
            "(the graph, with edges as wide as the charge they carried)",
            choices=("forces", "paths"),
        ),
    )  # fmt: skip
    shared.add_command(
        commands, "losses", _losses,
        "where the hysteresis comes from",
        "Split the loop of the last cycle into nucleation, growth, transport, transformation work, "
        "resistance, charge transfer and film; report what removing each would change, the value of the path asymmetry, and what "
        "remains as the current goes to zero.",
        *cycled, *shared.outputs("the heat of each edge by cause", "the losses"),
    )  # fmt: skip
    shared.add_command(
        commands, "predict", _predict,
        "what a laboratory can check, and what would rule the mechanism out",
        "Predict relaxed potentials and their drift, hysteresis against rate and temperature, shares of "
        "intermediates, heat, the effect of a rest, and where a reversal relaxes to; each with the number of the file that "
        "it hangs on most, and the results that would rule the mechanism out. Takes up to half a minute.",
        *shared.SYSTEM, *shared.CONDITIONS, *shared.outputs("the predictions"),
    )  # fmt: skip


def _cycled(options: argparse.Namespace, mechanism: Mechanism) -> Solution:
    from sbpath.experiment import full_cycles
    from sbpath.simulation import simulate

    return simulate(
        mechanism,
        full_cycles(mechanism, shared.rate(options), shared.cycles(options)),
        **shared.conditions(options),
        **shared.amounts(options),
        population=1,
    )


def _explain(options: argparse.Namespace) -> None:
    from sbpath.text.explanation import explain_table, explanation

    solution = _cycled(options, shared.load(options))
    print(explanation(solution))
    shared.write_table(options, *explain_table(solution))
    kind = "paths" if options.figure == "paths" else "driving_forces"
    shared.save_figure(options.plot, lambda plots: getattr(plots, kind)(solution))


def _losses(options: argparse.Namespace) -> None:
    from sbpath.results.loss_breakdown import loss_breakdown
    from sbpath.studies import constrained_path, zero_rate
    from sbpath.studies.removed_causes import if_removed_mV
    from sbpath.text.loss_tables import LOSS_HEAD, loss_report, loss_rows

    mechanism = shared.load(options)
    solution = _cycled(options, mechanism)
    found = loss_breakdown(solution)
    compared = None
    try:
        compared = constrained_path.path_asymmetry(solution)
        asymmetry = constrained_path.report(solution, compared)
    except constrained_path.OffPath as error:
        # A host that does not form again cannot follow a later path; the other results are still valid.
        asymmetry = f"not constrained to one path both ways: {error}"
    loading = shared.amounts(options)["loading_mg_per_cm2"]
    limit = zero_rate.zero_rate(mechanism, loading_mg_per_cm2=loading, **shared.conditions(options))
    print(
        loss_report(solution, found, if_removed_mV(solution)), asymmetry, zero_rate.report(limit), sep="\n\n"
    )
    shared.write_table(options, LOSS_HEAD, loss_rows(found))
    shared.save_figure(options.plot, lambda plots: plots.losses(solution, compared, limit))


def _predict(options: argparse.Namespace) -> None:
    from sbpath.studies.predictions import COLUMNS, predictions, report
    from sbpath.text.tables import file_table

    mechanism = shared.load(options)
    found = predictions(mechanism, **shared.conditions(options))
    print(report(mechanism, found))
    shared.write_table(options, *file_table(COLUMNS, found))
