"""The command ``run``: a study, that is a protocol and its analysis."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from sbpath.cli.options import (
    HelpFormatter,
    add_amounts,
    add_conditions,
    add_mechanism,
    add_outputs,
    add_particles,
    add_save,
    add_window,
    amounts,
    check_outputs,
    load,
    save_figure,
    with_particles,
    write_table,
)
from sbpath.typed import cut_offs, to_celsius

if TYPE_CHECKING:
    from sbpath.studies.study import Argument, Study


def add(commands: Any, with_studies: bool) -> None:
    """Add the command to the subparsers, with the studies only if needed, since they are slow to import."""
    run = commands.add_parser(
        "run",
        help="run a study: titration, voltammetry, rate test, lifetime, reversals, rests",
        description="Run a study: a protocol and the analysis of its solution. `sbpath run STUDY --help` says more.",
        formatter_class=HelpFormatter,
    )
    if with_studies:
        _add_studies(run)


def _add_studies(run: argparse.ArgumentParser) -> None:
    from sbpath.studies.catalogue import STUDIES

    studies = run.add_subparsers(title="studies", metavar="STUDY", required=True)
    for study in STUDIES:
        parser = studies.add_parser(
            study.name, help=study.title, description=study.description, epilog=f"example:\n  {study.example}",
            formatter_class=HelpFormatter,
        )  # fmt: skip
        add_mechanism(parser)
        for argument in (*study.arguments, *study.settings, *study.asked):
            _add_argument(parser, argument)
        add_conditions(parser)
        add_particles(parser)
        add_amounts(parser)
        add_window(parser)
        add_outputs(parser, "the whole table", "a figure")
        add_save(parser)
        parser.set_defaults(handler=_run, study=study)


def _add_argument(parser: argparse.ArgumentParser, argument: Argument) -> None:
    given = argument.default if argument.several is None else " ".join(map(str, argument.default))
    default = "" if argument.default is None else f" (default {given})"
    parser.add_argument(
        f"--{argument.name.replace('_', '-')}", default=argument.default, type=argument.kind,
        metavar=argument.metavar, nargs=argument.several, choices=argument.choices, help=argument.help + default,
    )  # fmt: skip


def _run(options: argparse.Namespace) -> int:
    from sbpath.simulation import simulate
    from sbpath.text.tables import file_table

    study: Study = options.study
    check_outputs(options)
    mechanism = with_particles(options, load(options))
    chosen = {argument.name: getattr(options, argument.name) for argument in study.arguments}
    asked = {argument.name: getattr(options, argument.name) for argument in study.asked}
    study.check_asked(**asked)
    solution = simulate(
        mechanism,
        study.protocol_of(mechanism, *cut_offs(options.lower, options.upper, mechanism), **chosen),
        graph=options.graph,
        temperature_C=to_celsius(options.temperature),
        **amounts(options),
        progress=not options.quiet,
        keep=study.keep,
        **{argument.name: getattr(options, argument.name) for argument in study.settings},
    )
    print(study.report(solution))
    if text := study.further_text(solution, not options.quiet, **asked):
        print(f"\n{text}")
    write_table(options, *file_table(study.columns, study.rows(solution)))
    if options.save:
        print(f"wrote {solution.save(options.save)}")
    save_figure(options.plot, lambda plots: getattr(plots, study.figure)(solution))
    return 0
