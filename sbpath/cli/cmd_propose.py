"""The command ``propose``: a mechanism file from the energies of phases."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from sbpath.cli.options import WINDOW, add_command, option
from sbpath.errors import InputError
from sbpath.typed import number, to_volts


def add(commands: Any) -> None:
    """Add the command to the subparsers."""
    add_command(
        commands, "propose", _propose,
        "a mechanism file from the energies of phases",
        "Write a mechanism file from the energies of phases: keep those near the convex hull, open every transformation "
        "that is downhill anywhere between the cut-offs, and print the plateaus at zero rate. The host is the element next to "
        "the alkali metal, Sb or another. What energies do not tell (interfaces, kinetics) is assumed, and says so.",
        option(
            "phases", "PHASES.csv",
            "columns phase, formula, energy_J_per_mol (of formation) and molar_volume_cm3_per_mol, both per mole of host",
            nargs="?",
        ),
        option("--pymatgen", "FILE.json", "entries with total energies and structures, instead of a table"),
        option("--ion", "ION", "Li, Na or K", required=True, choices=("Li", "Na", "K")),
        option("--above-hull", "E", "leave out phases higher above the hull, kJ per mol of host (default 15)", default="15"),
        option(
            "--interfaces", None,
            "interfacial energies: volume (by misfit, as lithium's; the default), or antonow (sums over phases between)",
            choices=("volume", "antonow"), default="volume",
        ),
        *WINDOW,
        option("--reduce", None, "also write the file without one metastable phase each, as rivals"),
        option("--out", "FILE", "the .toml to write (default: the name of the table)"),
    )  # fmt: skip


def _propose(options: argparse.Namespace) -> None:
    from sbpath.mechanism.proposal import PYMATGEN_ENDING, propose
    from sbpath.model.sanity import sanity_warnings
    from sbpath.text.proposal_sheet import proposal_report

    if (options.phases is None) == (options.pymatgen is None):
        raise InputError("propose: give a table of phases, or --pymatgen FILE.json; one of the two")
    given = options.phases or options.pymatgen
    if (Path(given).suffix.lower() == PYMATGEN_ENDING) != (options.pymatgen is not None):
        raise InputError(
            f"{given}: entries of pymatgen end in {PYMATGEN_ENDING} and are given with --pymatgen"
        )
    out = Path(options.out or f"{Path(given).stem}.toml")
    if options.out is None and out.exists():
        raise InputError(f"{out}: exists already; name another file with --out, or this one to replace it")
    lower, upper = (
        None if text is None else to_volts(name, text, options.ion)
        for name, text in (("--lower", options.lower), ("--upper", options.upper))
    )
    limit = number("--above-hull", "above_hull", options.above_hull)
    assert limit is not None
    proposal = propose(
        given,
        options.ion,
        above_hull_kJ_per_mol=limit,
        interfaces=options.interfaces,
        lower_V=lower,
        upper_V=upper,
        reduce=options.reduce,
    )
    written = proposal.write(out)
    print(proposal_report(proposal))
    if options.reduce and not proposal.without:
        print("--reduce: all phases kept are stable, so that there is none to leave out")
    for path in written:
        print(f"wrote {path}")
    for warning in sanity_warnings(proposal.mechanism):
        print(f"warning: {out}: {warning}", file=sys.stderr)
