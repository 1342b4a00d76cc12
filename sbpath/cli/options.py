"""Options shared by several commands, and the conversion of their values.

An option has the same name in every command.
"""

from __future__ import annotations

import argparse
import os
import textwrap
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from sbpath.errors import InputError
from sbpath.typed import changes, number

if TYPE_CHECKING:
    from sbpath.mechanism.mechanism import Mechanism
    from sbpath.protocol.schedule import Cycles


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Wraps paragraphs; texts with line breaks, such as examples, are unchanged.

    The usage names only what must be given, since all options follow it.
    """

    def _format_usage(self, usage: Any, actions: Any, groups: Any, prefix: Any) -> str:
        needed = [action for action in actions if action.required or not action.option_strings]
        text = super()._format_usage(usage, needed, [], prefix)
        return text if len(needed) == len(actions) else text.replace(self._prog, f"{self._prog} [options]", 1)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if "\n" in text:
            return super()._fill_text(text, width, indent)
        return textwrap.fill(text, width, initial_indent=indent, subsequent_indent=indent)


def add_mechanism(parser: argparse.ArgumentParser) -> None:
    """The system, and changes to it."""
    parser.add_argument(
        "mechanism", metavar="MECHANISM", help="a shipped name (see `sbpath list`) or a .toml file"
    )
    parser.add_argument(
        "--design", metavar="NAME", help="electrode design: see `sbpath list`, or a .toml file"
    )
    parser.add_argument("--electrolyte", metavar="NAME", help="its film: see `sbpath list`, or a .toml file")
    add_changes(parser)


def add_changes(parser: argparse.ArgumentParser) -> None:
    """Numbers to be changed."""
    parser.add_argument(
        "--set", action="append", default=[], metavar="PATH=NUMBER", dest="changes",
        help="e.g. electrode.particle_radius_m=50nm (see `show`); repeatable",
    )  # fmt: skip


def add_particles(parser: argparse.ArgumentParser) -> None:
    """How many particles."""
    parser.add_argument(
        "--particles", type=int, metavar="N", help="how many of the file's spread; 1: a single one"
    )


def with_particles(options: argparse.Namespace, mechanism: Mechanism) -> Mechanism:
    """`mechanism` with as many particles of its spread as ``--particles`` says."""
    from sbpath.mechanism.paths import with_changes
    from sbpath.model.population import population_of

    population_of(mechanism, options.particles)
    if options.particles is None or mechanism.electrode.spread is None:
        return mechanism
    return with_changes(mechanism, {"electrode.spread.particles": options.particles})


def add_conditions(parser: argparse.ArgumentParser) -> None:
    """Graph and temperature."""
    parser.add_argument("--graph", metavar="NAME", help="candidate, reported, ... (default: the mechanism's)")
    parser.add_argument("--temperature", metavar="T", help="25, 25C or 298K (default: the mechanism's)")


def add_amounts(parser: argparse.ArgumentParser) -> None:
    """What currents refer to."""
    parser.add_argument("--mass", metavar="M", help="of host, 2mg or 0.002 (g); for currents in A and mA")
    parser.add_argument(
        "--loading",
        metavar="L",
        help="of host, 1.5mg/cm2; for mA/cm2 and resistances",
    )


class Amounts(TypedDict):
    """Keyword arguments of all functions that take currents."""

    electrode_mass_g: float | None
    loading_mg_per_cm2: float | None


def amounts(options: argparse.Namespace) -> Amounts:
    """The arguments ``electrode_mass_g`` and ``loading_mg_per_cm2`` from the options of `add_amounts`."""
    return {
        "electrode_mass_g": number("--mass", "mass_g", options.mass),
        "loading_mg_per_cm2": number("--loading", "loading_mg_per_cm2", options.loading),
    }


def add_cycling(parser: argparse.ArgumentParser, cycles: int) -> None:
    """Rate and number of constant-current cycles; `cycles` is the default."""
    parser.add_argument("--rate", metavar="RATE", help="C/10, 0.5C, 50 mA/g, ... (default C/10)")
    add_cycles(parser, cycles)


def add_cycles(parser: argparse.ArgumentParser, cycles: int) -> None:
    """Number of cycles; `cycles` is the default."""
    parser.add_argument("--cycles", metavar="N", help=f"how many (default {cycles}), or '3 x C/20, 10 x C/2'")
    parser.set_defaults(default_cycles=cycles)


def cycles(options: argparse.Namespace) -> Cycles:
    """``--cycles`` or its default, checked; a number, or blocks of cycles."""
    from sbpath.protocol.schedule import blocks

    if options.cycles is None or getattr(options, "protocol", None) is not None:
        return options.default_cycles
    try:
        found = blocks(options.cycles)
    except InputError as error:
        raise InputError(f"--{error}") from None
    if options.rate is not None and all(rate is not None for _, rate in found):
        raise InputError(
            "--rate: has no effect where each block of --cycles has its own; omit one of the two"
        )
    return found


def steps(options: argparse.Namespace) -> list[tuple[str, ...]] | None:
    """The steps of each cycle of ``--protocol``, unread, repeated ``--cycles`` times; None without it."""
    from pathlib import Path

    from sbpath.protocol.schedule import written_cycles

    if options.protocol is None:
        return None
    text = "\n".join(options.protocol)
    name = text.casefold()
    if len(options.protocol) == 1 and name.endswith(".txt") and not name.startswith("run "):
        try:
            text = Path(text).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "is not text in UTF-8"
            raise InputError(f"--protocol: {text}: {reason}; give a file of steps, one a line") from None
    times = options.cycles
    if times is None:
        return written_cycles(text)
    if not times.isdecimal() or not times.strip("0"):
        raise InputError(
            f"--cycles: with --protocol, is how often its steps run, 1 or more, not {times!r:.60}; "
            "write rates into the steps"
        )
    return written_cycles(f"{times} x (\n{text}\n)")


def add_window(parser: argparse.ArgumentParser) -> None:
    """Cut-offs."""
    parser.add_argument("--lower", metavar="V", help="lower cut-off, 0.05 or 50mV (default: the mechanism's)")
    parser.add_argument("--upper", metavar="V", help="upper cut-off (default: the mechanism's)")


def add_protocol(parser: argparse.ArgumentParser) -> None:
    """Steps in place of constant-current cycles."""
    parser.add_argument(
        "--protocol", nargs="+", metavar="STEP",
        help="steps in quotes, or a .txt file; run --cycles times (default 1)",
    )  # fmt: skip


def add_save(parser: argparse.ArgumentParser) -> None:
    """Where to write the solution."""
    parser.add_argument("--save", metavar="FILE", help="write the whole solution to one .npz file")


def add_outputs(parser: argparse.ArgumentParser, table: str, figure: str | None = None) -> None:
    """Files for the table and, if it has one, the figure; `table` and `figure` describe their contents."""
    parser.add_argument("--csv", metavar="FILE", help=f"write {table} as CSV")
    parser.add_argument(
        "--decimal-comma", action="store_true", help="--csv with 0,5 for 0.5 and ; between cells"
    )
    if figure is not None:
        parser.add_argument("--plot", metavar="FILE", help=f"draw {figure} (.png, .pdf, .svg)")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def load(options: argparse.Namespace) -> Mechanism:
    """The mechanism given by the options of `add_mechanism`."""
    from sbpath.mechanism.paths import with_changes
    from sbpath.mechanism.reader import load_mechanism

    mechanism = load_mechanism(options.mechanism, design=options.design, electrolyte=options.electrolyte)
    return with_changes(mechanism, changes(options.changes, mechanism))


def rate(options: argparse.Namespace) -> str:
    """The rate given, or the default."""
    return "C/10" if options.rate is None else options.rate


def check_outputs(options: argparse.Namespace) -> None:
    """Refuse outputs that cannot be written, or under a name of another kind of file, before simulating."""
    from sbpath import files

    checks = {
        "csv": files.check_table,
        "summary": files.check_table,
        "plot": files.check_figure,
        "bdf": files.check_bdf,
        "save": files.check_solution,
        "out": lambda path: None,  # by the sweep, before it runs
    }
    paths = {name: path for name in checks if (path := getattr(options, name, None)) is not None}
    places = [os.path.realpath(path) for path in paths.values()]
    for name, path in paths.items():
        if places.count(os.path.realpath(path)) > 1:
            raise InputError(f"{path}: is given for two outputs; use different names")
        files.check_writable(path)
        checks[name](path)
    exported = str(paths.get("out", "")).lower().endswith(".csv")
    if getattr(options, "decimal_comma", False) and not exported and not {"csv", "summary"} & set(paths):
        raise InputError("--decimal-comma: says how --csv is written; add --csv FILE")


def check_figure_kind(options: argparse.Namespace) -> None:
    """Refuse ``--figure`` without ``--plot``."""
    if options.figure is not None and options.plot is None:
        raise InputError("--figure: says what --plot draws; add --plot FILE")


def write_table(
    options: argparse.Namespace, head: Sequence[str], rows: Sequence[Sequence[str]], option: str = "csv"
) -> None:
    """Write the table of ``--csv``, or of another option, if it is given, and report it."""
    if not (path := getattr(options, option)):
        return
    from sbpath.files import write_csv

    write_csv(path, head, rows, options.decimal_comma)
    print(f"wrote {path}")


def save_figure(path: str | None, draw: Callable[[Any], Any]) -> None:
    """Write the figure that `draw` makes with `sbpath.plots`, and report it; does nothing without a path."""
    if not path:
        return
    import matplotlib as mpl

    mpl.use("Agg")  # files only, so no window system is needed
    from sbpath import plots

    plots.save(draw(plots), path)
    print(f"wrote {path}")
