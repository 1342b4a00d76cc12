"""The command ``read``: what is understood of the files of cyclers."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from sbpath.cli.options import add_command, option
from sbpath.errors import InputError
from sbpath.typed import to_grams

# Options that an experiment file answers itself.
STATED = ("ion", "mass", "first", "flip_current", "current", "column", "unit")


def add(commands: Any) -> None:
    """Add the command to the subparsers."""
    add_command(
        commands, "read", _read,
        "your own cycler files: what is understood of them",
        "Read text files of cyclers, or an experiment file (.toml), and print the columns, units, sign of the current "
        "and half cycles that are understood, with what you stated and what was concluded.",
        option("files", "FILE", "text export of a cycler, or experiment file", nargs="+"),
        option("--ion", "ION", "Li, Na or K", choices=("Li", "Na", "K")),
        option("--mass", "M", "of the host, Sb alone unless --mechanism has another: 1.2mg"),
        option("--mechanism", "NAME", "whose theoretical capacity is 1C (default: three atoms per Sb)"),
        option("--first", "WAY", "insertion or extraction: the first half cycle", choices=("insertion", "extraction")),
        option("--flip-current", None, "take insertion for extraction"),
        option("--current", "I", "constant, of a file without current: 0.06mA, 50mA/g, C/10"),
        option(
            "--column", "WHAT=NAME", "heading or number of a column: current='I/mA', voltage=3; repeatable",
            action="append", default=[],
        ),
        option("--unit", "WHAT=UNIT", "current=mA, time=h, voltage=mV; repeatable", action="append", default=[]),
    )  # fmt: skip


def _read(options: argparse.Namespace) -> None:
    from sbpath.measured.amounts import check_curve
    from sbpath.measured.experiment_file import load_measurement
    from sbpath.measured.reader import read_cycler_file
    from sbpath.mechanism.notation import host_label
    from sbpath.mechanism.reader import load_mechanism
    from sbpath.text.curve_report import ASSUMED, curve_report, measurement_report

    columns, units = _pairs("--column", options.column), _pairs("--unit", options.unit)
    mass = to_grams("--mass", options.mass)
    if mass is not None and mass <= 0.0:
        raise InputError(f"--mass: must be above 0, not {options.mass}")
    mechanism = load_mechanism(options.mechanism) if options.mechanism is not None else None
    host, capacity = "Sb", ASSUMED
    if mechanism is not None:
        host, capacity = host_label(mechanism), (mechanism.theoretical_capacity_mAh_per_g, mechanism.name)
    said = [
        *([f"mass {1e3 * mass:.4g} mg of {host}"] if mass else []),
        *([options.ion] if options.ion else []),
    ]
    problems: list[str] = []
    printed = False
    for name in options.files:
        try:
            if name.lower().endswith(".toml"):
                if stated := [key for key in STATED if getattr(options, key)]:
                    raise InputError(
                        f"--{stated[0].replace('_', '-')}: is said by the experiment file, {name}; write it there"
                    )
                text, warning = measurement_report(load_measurement(name), mechanism), None
            else:
                curve = read_cycler_file(
                    name,
                    column=columns,
                    unit=units,
                    first=options.first,
                    flip_current=options.flip_current,
                    current=options.current,
                    mass_g=mass,
                    capacity_mAh_per_g=capacity[0],
                )
                text = curve_report(curve, options.ion, mass, said, capacity)
                warning = check_curve(curve, mass, capacity[0])
        except InputError as error:
            problems += error.problems
            continue
        print("\n" * printed + text)
        printed = True
        if warning:
            print(f"warning: {warning}", file=sys.stderr)
    if problems:
        raise InputError(problems)


def _pairs(option: str, given: list[str]) -> dict[str, str]:
    """``WHAT=VALUE`` as a mapping."""
    found: dict[str, str] = {}
    for text in given:
        what, equals, value = text.partition("=")
        if not equals or not what.strip() or not value.strip():
            raise InputError(f"{option}: {text}: is not WHAT=VALUE, such as current=mA")
        if what.strip() in found:
            raise InputError(f"{option}: {what.strip()}: is given twice; give it once")
        found[what.strip()] = value.strip()
    return found
