"""The command ``run``: a study, that is a protocol and its analysis."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from sbpath.cli.options import (
    AMOUNTS,
    CONDITIONS,
    PARTICLES,
    SAVE,
    SYSTEM,
    WINDOW,
    Option,
    add_command,
    amounts,
    conditions,
    load,
    option,
    outputs,
    save_figure,
    with_particles,
    write_table,
)
from sbpath.typed import cut_offs

if TYPE_CHECKING:
    from sbpath.studies.study import Argument, Study


def add(commands: Any, with_studies: bool) -> None:
    """Add the command to the subparsers, with the studies only if needed, since they are slow to import."""
    run = add_command(
        commands, "run", None,
        "run a study: titration, voltammetry, rate test, lifetime, reversals, rests",
        "Run a study: a protocol and the analysis of its solution. `sbpath run STUDY --help` says more.",
    )  # fmt: skip
    if with_studies:
        from sbpath.studies.catalogue import STUDIES

        studies = run.add_subparsers(title="studies", metavar="STUDY", required=True)
        for study in STUDIES:
            own = map(_option, (*study.arguments, *study.settings, *study.asked))
            add_command(
                studies, study.name, _run, study.title, study.description,
                *SYSTEM, *own, *CONDITIONS, PARTICLES, *AMOUNTS, *WINDOW, *outputs("the whole table", "a figure"), SAVE,
                epilog=f"example:\n  {study.example}", study=study,
            )  # fmt: skip


def _option(argument: Argument) -> Option:
    given = argument.default if argument.several is None else " ".join(map(str, argument.default))
    default = "" if argument.default is None else f" (default {given})"
    return option(
        f"--{argument.name.replace('_', '-')}", argument.metavar, argument.help + default, default=argument.default,
        type=argument.kind, nargs=argument.several, choices=argument.choices,
    )  # fmt: skip


def _run(options: argparse.Namespace) -> None:
    from sbpath.simulation import simulate
    from sbpath.text.tables import file_table

    study: Study = options.study
    mechanism = with_particles(options, load(options))
    chosen = {argument.name: getattr(options, argument.name) for argument in study.arguments}
    asked = {argument.name: getattr(options, argument.name) for argument in study.asked}
    study.check_asked(**asked)
    solution = simulate(
        mechanism,
        study.protocol_of(mechanism, *cut_offs(options.lower, options.upper, mechanism), **chosen),
        **conditions(options),
        **amounts(options),
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
