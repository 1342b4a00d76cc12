"""The commands ``explain`` (the path), ``losses`` (the hysteresis) and ``predict`` (what a laboratory can check)."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from sbpath.cli.options import (
    HelpFormatter,
    add_amounts,
    add_conditions,
    add_cycling,
    add_mechanism,
    add_outputs,
    amounts,
    check_figure_kind,
    check_outputs,
    cycles,
    load,
    rate,
    save_figure,
    write_table,
)
from sbpath.typed import to_celsius

if TYPE_CHECKING:
    from sbpath.mechanism.mechanism import Mechanism
    from sbpath.solution import Solution


def add(commands: Any) -> None:
    """Add the commands to the subparsers."""
    explain = commands.add_parser(
        "explain",
        help="why this path: driving forces, barriers and times of competing transformations",
        description="Cycle a system and report, for each branch point, which product formed and what decided. "
        "Nucleation, growth and transport are the times (s) that a domain needs for each when half of the phase has "
        "reacted; the shortest sum wins. Share is the share of each product over the whole half cycle.",
        formatter_class=HelpFormatter,
    )
    _add_common(explain)
    add_outputs(explain, "every branch point of every cycle", "a figure")
    explain.add_argument(
        "--figure", metavar="KIND", choices=("forces", "paths"),
        help="what --plot draws: forces (driving forces, barriers and rates along the cycle, the default), or paths "
        "(the graph, with edges as wide as the charge they carried)",
    )  # fmt: skip
    explain.set_defaults(handler=_explain)

    losses = commands.add_parser(
        "losses",
        help="where the hysteresis comes from",
        description="Split the loop of the last cycle into nucleation, growth, transport, transformation work, "
        "resistance, charge transfer and film; report what removing each would change, the value of the path asymmetry, and what "
        "remains as the current goes to zero.",
        formatter_class=HelpFormatter,
    )
    _add_common(losses)
    add_outputs(losses, "the heat of each edge by cause", "the losses")
    losses.set_defaults(handler=_losses)

    predict = commands.add_parser(
        "predict",
        help="what a laboratory can check, and what would rule the mechanism out",
        description="Predict relaxed potentials and their drift, hysteresis against rate and temperature, shares of "
        "intermediates, heat, the effect of a rest, and where a reversal relaxes to; each with the number of the file that "
        "it hangs on most, and the results that would rule the mechanism out. Takes up to half a minute.",
        formatter_class=HelpFormatter,
    )
    add_mechanism(predict)
    add_conditions(predict)
    add_outputs(predict, "the predictions")
    predict.set_defaults(handler=_predict)


def _add_common(parser: argparse.ArgumentParser) -> None:
    add_mechanism(parser)
    add_cycling(parser, 2)
    add_conditions(parser)
    add_amounts(parser)


def _cycled(options: argparse.Namespace, mechanism: Mechanism) -> Solution:
    from sbpath.experiment import full_cycles
    from sbpath.simulation import simulate

    return simulate(
        mechanism,
        full_cycles(mechanism, rate(options), cycles(options)),
        graph=options.graph,
        temperature_C=to_celsius(options.temperature),
        **amounts(options),
        population=1,
        progress=not options.quiet,
    )


def _explain(options: argparse.Namespace) -> int:
    from sbpath.text.explanation import explain_table, explanation

    check_outputs(options)
    check_figure_kind(options)
    solution = _cycled(options, load(options))
    print(explanation(solution))
    write_table(options, *explain_table(solution))
    if options.figure == "paths":
        save_figure(options.plot, lambda plots: plots.paths(solution))
    else:
        save_figure(options.plot, lambda plots: plots.driving_forces(solution))
    return 0


def _losses(options: argparse.Namespace) -> int:
    from sbpath.results.loss_breakdown import loss_breakdown
    from sbpath.studies import constrained_path, zero_rate
    from sbpath.studies.removed_causes import if_removed_mV
    from sbpath.text.loss_tables import LOSS_HEAD, loss_report, loss_rows

    check_outputs(options)
    mechanism = load(options)
    solution = _cycled(options, mechanism)
    found = loss_breakdown(solution)
    compared = None
    try:
        compared = constrained_path.path_asymmetry(solution)
        asymmetry = constrained_path.report(solution, compared)
    except constrained_path.OffPath as error:
        # A host that does not form again cannot follow a later path; the other results are still valid.
        asymmetry = f"not constrained to one path both ways: {error}"
    limit = zero_rate.zero_rate(
        mechanism,
        graph=options.graph,
        temperature_C=to_celsius(options.temperature),
        loading_mg_per_cm2=amounts(options)["loading_mg_per_cm2"],
        progress=not options.quiet,
    )
    print(
        loss_report(solution, found, if_removed_mV(solution)), asymmetry, zero_rate.report(limit), sep="\n\n"
    )
    write_table(options, LOSS_HEAD, loss_rows(found))
    save_figure(options.plot, lambda plots: plots.losses(solution, compared, limit))
    return 0


def _predict(options: argparse.Namespace) -> int:
    from sbpath.studies.predictions import COLUMNS, predictions, report
    from sbpath.text.tables import file_table

    check_outputs(options)
    mechanism = load(options)
    found = predictions(
        mechanism,
        graph=options.graph,
        temperature_C=to_celsius(options.temperature),
        progress=not options.quiet,
    )
    print(report(mechanism, found))
    write_table(options, *file_table(COLUMNS, found))
    return 0
