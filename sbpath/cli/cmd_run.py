"""The command ``run``: a study, that is a protocol and its analysis."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from sbpath.cli import options as shared
from sbpath.typed import cut_offs

if TYPE_CHECKING:
    from sbpath.studies.study import Argument, Study


def add(commands: Any, with_studies: bool) -> None:
    """Add the command to the subparsers, with the studies only if needed, since they are slow to import."""
    run = shared.add_command(
        commands, "run", None,
        "run a study: titration, voltammetry, rate test, lifetime, reversals, rests",
        "Run a study: a protocol and the analysis of its solution. `sbpath run STUDY --help` says more.",
    )  # fmt: skip
    if with_studies:
        from sbpath.studies.catalogue import STUDIES

        studies = run.add_subparsers(title="studies", metavar="STUDY", required=True)
        for study in STUDIES:
            own = map(_option, study.arguments)
            shared.add_command(
                studies, study.name, _run, study.title, study.description,
                *shared.SYSTEM, *own, *shared.CONDITIONS, shared.PARTICLES, *shared.AMOUNTS, *shared.WINDOW, *shared.outputs("the whole table", "a figure"), shared.SAVE,
                epilog=f"example:\n  {study.example}", study=study,
            )  # fmt: skip


def _option(argument: Argument) -> shared.Option:
    given = argument.default if argument.several is None else " ".join(map(str, argument.default))
    default = "" if argument.default is None else f" (default {given})"
    return shared.option(
        f"--{argument.name.replace('_', '-')}", argument.metavar, argument.help + default, default=argument.default,
        type=argument.kind, nargs=argument.several, choices=argument.choices,
    )  # fmt: skip


def _run(options: argparse.Namespace) -> None:
    from sbpath.simulation import simulate
    from sbpath.text.tables import file_table

    study: Study = options.study
    mechanism = shared.with_particles(options, shared.load(options))
    chosen = study.chosen(vars(options))
    window = cut_offs(options.lower, options.upper, mechanism)
    solution = simulate(
        mechanism,
        study.protocol_of(mechanism, *window, **chosen["protocol"]),
        **shared.conditions(options),
        **shared.amounts(options),
        keep=study.keep,
        **chosen["simulation"],
    )
    print(study.report(solution))
    if text := study.further_text(solution, not options.quiet, **chosen["further"]):
        print(f"\n{text}")
    shared.write_table(options, *file_table(study.columns, study.rows(solution)))
    if options.save:
        print(f"wrote {solution.save(options.save)}")
    shared.save_figure(options.plot, lambda plots: getattr(plots, study.figure)(solution))
