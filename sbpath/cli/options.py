"""The options of the commands, each declared once, and the conversion of their values.

An option has the same name and meaning in every command.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import textwrap
from collections.abc import Callable, Container, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from sbpath.arguments import several
from sbpath.errors import InputError
from sbpath.typed import changes, number, to_celsius, to_grams

if TYPE_CHECKING:
    from sbpath.mechanism.mechanism import Mechanism
    from sbpath.protocol.schedule import Cycles

# Name and arguments of `add_argument`.
Option = tuple[str, dict[str, Any]]
DEFAULT_CYCLES = 2
# What may be the name of a file within a step or a file: in quotes, or without spaces.
_WORD = re.compile(r"""\"[^"\n]+\"|'[^'\n]+'|[^\s"'();,:=]+""")


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


def option(name: str, metavar: str | None, help: str, **more: Any) -> Option:
    """An option, or an argument without hyphens; a switch if it has neither placeholder nor choices."""
    switch = metavar is None and "choices" not in more
    return name, {"help": help, **({"action": "store_true"} if switch else {"metavar": metavar}), **more}


def add_command(
    commands: Any, name: str, handler: Callable[[argparse.Namespace], None] | None, help: str, description: str,
    *options: Option, epilog: str | None = None, **defaults: Any,
) -> argparse.ArgumentParser:  # fmt: skip
    """Add a command with its options to the subparsers."""
    parser = commands.add_parser(
        name, help=help, description=description, epilog=epilog, formatter_class=HelpFormatter
    )
    for flag, arguments in options:
        parser.add_argument(flag, **arguments)
    parser.set_defaults(handler=handler, **defaults)
    return parser


SYSTEM_HELP = "a shipped name (see `sbpath list`) or a .toml file"
SET = option(
    "--set", "PATH=NUMBER", "e.g. electrode.particle_radius_m=50nm (see `show`); repeatable",
    action="append", default=[], dest="changes",
)  # fmt: skip
SYSTEM = (
    option("mechanism", "MECHANISM", SYSTEM_HELP),
    option("--design", "NAME", "electrode design: see `sbpath list`, or a .toml file"),
    option("--electrolyte", "NAME", "its film: see `sbpath list`, or a .toml file"),
    SET,
)
RATE = option("--rate", "RATE", "C/10, 0.5C, 50 mA/g, ... (default C/10)")
CYCLES = option("--cycles", "N", f"how many (default {DEFAULT_CYCLES}), or '3 x C/20, 10 x C/2'")
GRAPH = option("--graph", "NAME", "candidate, reported, ... (default: the mechanism's)")
CONDITIONS = (
    GRAPH,
    option("--temperature", "T", "25, 25C or 298K (default: the mechanism's)"),
)
PARTICLES = option("--particles", "N", "how many of the file's spread; 1: a single one", type=int)
# What currents refer to.
AMOUNTS = (
    option("--mass", "M", "of host, 2mg or 0.002 (g); for currents in A and mA"),
    option("--loading", "L", "of host, 1.5mg/cm2; for mA/cm2 and resistances"),
)
WINDOW = (
    option("--lower", "V", "lower cut-off, 0.05 or 50mV (default: the mechanism's)"),
    option("--upper", "V", "upper cut-off (default: the mechanism's)"),
)
PROTOCOL = option(
    "--protocol", "STEP", "steps in quotes, or a .txt file; run --cycles times (default 1)", nargs="+"
)
SAVE = option("--save", "FILE", "write the whole solution to one .npz file")
QUIET = option("--quiet", None, "no progress bar")


def plot(what: str) -> Option:
    """``--plot``, which draws this."""
    return option("--plot", "FILE", f"draw {what} (.png, .pdf, .svg)")


def outputs(table: str, figure: str | None = None) -> tuple[Option, ...]:
    """Files for the table and, if it has one, the figure; `table` and `figure` describe their contents."""
    return (
        option("--csv", "FILE", f"write {table} as CSV"),
        option("--decimal-comma", None, "--csv with 0,5 for 0.5 and ; between cells"),
        *(() if figure is None else (plot(figure),)),
        QUIET,
    )


def load(options: argparse.Namespace) -> Mechanism:
    """The mechanism given by the options of `SYSTEM`."""
    from sbpath.mechanism.paths import with_changes
    from sbpath.mechanism.reader import load_mechanism

    parts = {name: getattr(options, name, None) for name in ("design", "electrolyte")}
    mechanism = load_mechanism(options.mechanism, **parts)
    return with_changes(mechanism, changes(options.changes, mechanism))


def with_particles(options: argparse.Namespace, mechanism: Mechanism) -> Mechanism:
    """`mechanism` with as many particles of its spread as ``--particles`` says."""
    from sbpath.mechanism.paths import with_changes
    from sbpath.model.population import population_of

    population_of(mechanism, options.particles)
    if options.particles is None or mechanism.electrode.spread is None:
        return mechanism
    return with_changes(mechanism, {"electrode.spread.particles": options.particles})


class Conditions(TypedDict):
    """Keyword arguments of all functions that simulate."""

    graph: str | None
    temperature_C: float | None
    progress: bool


def conditions(options: argparse.Namespace) -> Conditions:
    """The arguments that follow from the options of `CONDITIONS` and ``--quiet``."""
    return {
        "graph": options.graph,
        "temperature_C": to_celsius(options.temperature),
        "progress": not options.quiet,
    }


class Amounts(TypedDict):
    """Keyword arguments of all functions that take currents."""

    electrode_mass_g: float | None
    loading_mg_per_cm2: float | None


def amounts(options: argparse.Namespace) -> Amounts:
    """The arguments ``electrode_mass_g`` and ``loading_mg_per_cm2`` from the options of `AMOUNTS`."""
    return {
        "electrode_mass_g": to_grams("--mass", options.mass),
        "loading_mg_per_cm2": number("--loading", "loading_mg_per_cm2", options.loading),
    }


def cycles(options: argparse.Namespace) -> Cycles:
    """``--cycles`` or its default, checked; a number, or blocks of cycles."""
    from sbpath.protocol.schedule import blocks

    if options.cycles is None or getattr(options, "protocol", None) is not None:
        return DEFAULT_CYCLES
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
    from sbpath.files import decoded, read_regular
    from sbpath.mechanism.documents import MOST_BYTES
    from sbpath.protocol.schedule import written_cycles

    if options.protocol is None:
        return None
    text = "\n".join(options.protocol)
    name = text.casefold()
    if len(options.protocol) == 1 and name.endswith(".txt") and not name.startswith("run "):
        content = decoded(read_regular(text, MOST_BYTES, "a file of steps"))
        if content is None:
            raise InputError(f"--protocol: {text}: is not text; give a file of steps, one a line")
        text = content
    times = options.cycles
    if times is None:
        return written_cycles(text)
    if not times.isdecimal() or not times.strip("0"):
        raise InputError(
            f"--cycles: with --protocol, is how often its steps run, 1 or more, not {times!r:.60}; "
            "write rates into the steps"
        )
    return written_cycles(f"{times} x (\n{text}\n)")


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
        "result": lambda path: files.check_ending(path, (".toml",), "the result of a fit is"),
        "out": lambda path: None,  # by the command
    }
    paths = {name: path for name in checks if (path := getattr(options, name, None)) is not None}
    places = [os.path.realpath(path) for path in paths.values()]
    for name, path in paths.items():
        if places.count(os.path.realpath(path)) > 1:
            raise InputError(f"{path}: is given for two outputs; use different names")
        if os.path.exists(path) and os.path.realpath(path) in _inputs(options, paths):
            raise InputError(
                f"--{name}: {path}: this command reads that file, which would be lost; use another name"
            )
        files.check_writable(path)
        checks[name](path)
    exported = str(paths.get("out", "")).lower().endswith(".csv")
    if getattr(options, "decimal_comma", False) and not exported and not {"csv", "summary"} & set(paths):
        raise InputError("--decimal-comma: says how --csv is written; add --csv FILE")
    if getattr(options, "figure", None) is not None and options.plot is None:
        raise InputError("--figure: says what --plot draws; add --plot FILE")


def _inputs(options: argparse.Namespace, outputs: Container[str]) -> set[str]:
    """Where the files are that the options name, and those that these files name."""
    from sbpath.files import is_file, read_regular
    from sbpath.mechanism.documents import MOST_BYTES

    given = [several(value) for name, value in vars(options).items() if name not in outputs]
    texts = [(os.curdir, text) for value in given for text in value if isinstance(text, str)]
    found: set[str] = set()
    for folder, text in texts:  # to which files add theirs
        for name in {text, *_WORD.findall(text)}:
            path = os.path.realpath(os.path.join(folder, name.strip("\"'")))
            if path in found or not is_file(path):
                continue
            found.add(path)
            if path.lower().endswith((".toml", ".txt")):
                with contextlib.suppress(InputError):
                    inner = read_regular(path, MOST_BYTES, "a file").decode("utf-8", "replace")
                    texts += [(place, inner) for place in (os.curdir, os.path.dirname(path))]
    return found


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
