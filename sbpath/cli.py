"""The command line. Heavy imports stand inside the handlers, so that ``--help`` is quick."""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from sbpath import __version__
from sbpath.errors import InputError, SbpathError
from sbpath.physical import ZERO_CELSIUS_K

if TYPE_CHECKING:
    from sbpath.mechanism.records import Mechanism
    from sbpath.solution import Solution

EXAMPLES = """examples:
  sbpath list
  sbpath simulate li-sb --cycles 2 --plot li.png --csv li.csv
  sbpath simulate na-sb --protocol "Insert at C/10 until x = 1.5" "Rest for 2 h" "Extract at C/10 until 1.5 V"
  sbpath compare li-sb na-sb k-sb li-sb-libh4 --plot hysteresis.png
"""


STEPS = """steps:
  Discharge at C/10 until 0.05 V        also Insert, Lithiate, Sodiate, Potassiate
  Charge at 50 mA/g for 2 h or until 1.5 V  also Extract, Delithiate, ...; rates: C/10, 0.5C, mA/g, A/g, mA, A
  Insert at C/10 until x = 1.5          x: alkali per Sb
  Rest for 30 min
  Hold at 10 mV until C/50
  Sweep at 0.1 mV/s from 1.5 V to 0.05 V
  each may end with an output period:   Rest for 1 h (10 second period)

examples:
  sbpath simulate li-sb --cycles 2 --plot li.png --csv li.csv
  sbpath simulate na-sb --protocol "Insert at C/10 until x = 1.5" "Rest for 2 h" "Extract at C/10 until 1.5 V"
"""


class _Parser(argparse.ArgumentParser):
    """Answers a mistake in one line, as the rest of sbpath does."""

    def error(self, message: str) -> NoReturn:
        if "expected one argument" in message or "expected at least one argument" in message:
            message += "; a value that begins with - is written with =, e.g. --temperature=-20C"
        print(f"sbpath: {message}; see {self.prog} --help", file=sys.stderr)
        raise SystemExit(2)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code is 0, 1 (a simulation failed) or 2 (wrong input)."""
    options = _parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        # Subscripts and degree signs must not stop a terminal that cannot show them.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        return options.handler(options)
    except InputError as error:
        for problem in error.problems:
            print(f"sbpath: {problem}", file=sys.stderr)
        return 2
    except SbpathError as error:
        print(f"sbpath: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader, `head` for example, has seen enough.
        sys.stderr.close()
        return 0


def _parser() -> argparse.ArgumentParser:
    plain = argparse.RawDescriptionHelpFormatter
    parser = _Parser(
        prog="sbpath",
        description="Simulate how an antimony (Sb) electrode takes up and gives back Li, Na and K:\n"
        "voltage plateaus, phase fractions and hysteresis from a graph of phases.",
        epilog=EXAMPLES,
        formatter_class=plain,
    )
    parser.add_argument("--version", action="version", version=f"sbpath {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    listing = commands.add_parser(
        "list", help="the shipped systems, one line each", description="The shipped systems, one line each."
    )
    listing.set_defaults(handler=_list)

    show = commands.add_parser(
        "show",
        help="equations, phases, every number and its source",
        description="Equations, phases, every number and its source.",
    )
    show.add_argument("mechanism", help="a shipped name (see `sbpath list`) or the path of a .toml file")
    _add_changes(show)
    show.set_defaults(handler=_show)

    check = commands.add_parser(
        "check",
        help="check mechanism files, all mistakes at once",
        description="Check mechanism files, all mistakes at once.",
    )
    check.add_argument("files", nargs="+", metavar="FILE", help="mechanism files (.toml) or shipped names")
    check.set_defaults(handler=_check)

    simulate = commands.add_parser(
        "simulate", help="simulate cycles of one system", epilog=STEPS, formatter_class=plain
    )
    simulate.add_argument("mechanism", help="a shipped name (see `sbpath list`) or the path of a .toml file")
    _add_cycling(simulate, cycles=1)
    simulate.add_argument(
        "--lower", metavar="V", help="lower cut-off, e.g. 0.05 or 50mV (default: the mechanism's)"
    )
    simulate.add_argument("--upper", metavar="V", help="upper cut-off, e.g. 1.5 (default: the mechanism's)")
    simulate.add_argument(
        "--protocol", nargs="+", metavar="STEP",
        help='steps of one cycle, e.g. "Discharge at C/10 until 0.05 V" "Rest for 1 h"; repeated --cycles times',
    )  # fmt: skip
    simulate.add_argument(
        "--mass",
        type=float,
        default=1.0,
        metavar="G",
        help="mass of Sb in g, for currents in A and for --bdf (default 1)",
    )
    _add_changes(simulate)
    simulate.add_argument("--csv", metavar="FILE", help="write the curves as CSV")
    simulate.add_argument(
        "--bdf", metavar="FILE", help="write the curves in the Battery Data Format (.bdf.csv)"
    )
    simulate.add_argument("--save", metavar="FILE", help="write everything to one .npz file")
    simulate.add_argument(
        "--plot", metavar="FILE", help="draw voltage and phase fractions (.png, .pdf, .svg)"
    )
    simulate.set_defaults(handler=_simulate)

    compare = commands.add_parser(
        "compare",
        help="compare the hysteresis of several systems",
        description="Compare the hysteresis of several systems.",
    )
    compare.add_argument("mechanisms", nargs="+", metavar="MECHANISM", help="shipped names or .toml files")
    _add_cycling(compare, cycles=2)
    compare.add_argument("--csv", metavar="FILE", help="write the table as CSV")
    compare.add_argument("--plot", metavar="FILE", help="draw the loops side by side (.png, .pdf, .svg)")
    compare.set_defaults(handler=_compare)

    graph = commands.add_parser(
        "graph", help="draw the phase graph of a system", description="Draw the phase graph of a system."
    )
    graph.add_argument("mechanism", help="a shipped name or the path of a .toml file")
    graph.add_argument("--graph", metavar="NAME", help="reported, candidate, ... (default: the mechanism's)")
    graph.add_argument("--plot", metavar="FILE", required=True, help="where to draw it (.png, .pdf, .svg)")
    graph.set_defaults(handler=_graph)
    return parser


def _add_cycling(parser: argparse.ArgumentParser, cycles: int) -> None:
    parser.add_argument("--graph", metavar="NAME", help="reported, candidate, ... (default: the mechanism's)")
    parser.add_argument("--rate", metavar="RATE", help="C/10, 0.5C, 50 mA/g, ... (default C/10)")
    parser.add_argument(
        "--cycles", type=int, default=cycles, metavar="N", help=f"number of cycles (default {cycles})"
    )
    parser.add_argument("--temperature", metavar="T", help="25, 25C or 298K (default: the mechanism's)")
    parser.add_argument("--quiet", action="store_true", help="no progress")


def _add_changes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="changes",
        help="put another number in, e.g. 'interfaces.Sb|Li2Sb.energy_J_per_m2=0.15' (keys: sbpath show); may be repeated",
    )  # fmt: skip


# -- handlers -----------------------------------------------------------------------------


def _list(options: argparse.Namespace) -> int:
    from sbpath.mechanism.documents import shipped_names
    from sbpath.mechanism.reader import load_mechanism
    from sbpath.results.report import systems

    print(systems([load_mechanism(name) for name in shipped_names()]))
    return 0


def _show(options: argparse.Namespace) -> int:
    from sbpath.results.report import mechanism_report

    print(mechanism_report(_load(options.mechanism, options.changes)))
    return 0


def _check(options: argparse.Namespace) -> int:
    from sbpath.mechanism.reader import load_mechanism

    problems: list[str] = []
    for name in options.files:
        try:
            mechanism = load_mechanism(name)
        except InputError as error:
            problems += error.problems
        else:
            print(
                f"{name}: good: {len(mechanism.phases)} phases, {len(mechanism.transformations)} transformations, "
                f"graphs {', '.join(mechanism.graphs)}"
            )
    if problems:
        raise InputError(problems)
    return 0


def _simulate(options: argparse.Namespace) -> int:
    from sbpath.results.report import simulation_report
    from sbpath.simulation import simulate
    from sbpath.solution import SimulationError

    _check_outputs(options.csv, options.save, plot=options.plot, bdf=options.bdf)
    mechanism = _load(options.mechanism, options.changes)
    protocol = _protocol(options, mechanism)
    failure = None
    try:
        solution = simulate(
            mechanism,
            protocol,
            graph=options.graph,
            temperature_C=_celsius(options.temperature),
            electrode_mass_g=options.mass,
            progress=not options.quiet,
        )
    except SimulationError as error:
        # What was simulated before the failure is worth keeping.
        solution, failure = error.solution, error
    print(simulation_report(solution))
    _write(solution, options)
    if failure is not None:
        raise failure
    return 0


def _compare(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from sbpath.protocol.protocol import cycling
    from sbpath.results.report import COMPARISON_HEAD, comparison_report, comparison_rows
    from sbpath.simulation import simulate

    _check_outputs(options.csv, plot=options.plot)
    mechanisms = [_load(name, []) for name in options.mechanisms]
    celsius = _celsius(options.temperature)
    solutions = [
        simulate(
            m,
            cycling(_rate(options), m.lower_cutoff_V, m.upper_cutoff_V, options.cycles),
            graph=options.graph,
            temperature_C=celsius,
            progress=False,
        )
        for m in tqdm(
            mechanisms, desc="sbpath compare", unit="system", delay=2, disable=True if options.quiet else None
        )
    ]
    print(comparison_report(solutions))
    if options.csv:
        from sbpath.files import written_whole

        with (
            written_whole(options.csv) as temporary,
            open(temporary, "w", newline="", encoding="utf-8") as handle,
        ):
            csv.writer(handle).writerows([COMPARISON_HEAD, *comparison_rows(solutions)])
        print(f"wrote {options.csv}")
    if options.plot:
        plots = _plots()
        plots.save(plots.comparison(solutions)[0].figure, options.plot)
        print(f"wrote {options.plot}")
    return 0


def _graph(options: argparse.Namespace) -> int:
    _check_outputs(plot=options.plot)
    mechanism = _load(options.mechanism, [])
    plots = _plots()
    plots.save(plots.graph(mechanism, options.graph).figure, options.plot)
    print(f"wrote {options.plot}")
    return 0


# -- shared by the handlers ---------------------------------------------------------------


def _load(name: str, changes: list[str]) -> Mechanism:
    from sbpath.mechanism.reader import load_mechanism

    values = {}
    for change in changes:
        key, sign, text = change.rpartition("=")
        try:
            values[key.strip()] = float(text)
        except ValueError:
            sign = ""
        if not sign or not key:
            raise InputError(
                f"--set: {change!r} is not KEY=NUMBER; write e.g. 'kinetics.growth_rate_per_s=2e-3'"
            )
    return load_mechanism(name, values)


def _protocol(options: argparse.Namespace, mechanism: Mechanism) -> Any:
    from sbpath.protocol.protocol import Protocol, cycling

    if options.protocol is None:
        lower = mechanism.lower_cutoff_V if options.lower is None else _volts("--lower", options.lower)
        upper = mechanism.upper_cutoff_V if options.upper is None else _volts("--upper", options.upper)
        return cycling(_rate(options), lower, upper, options.cycles)
    for name in ("rate", "lower", "upper"):
        if getattr(options, name) is not None:
            raise InputError(f"--{name}: has no meaning beside --protocol; write it into the steps")
    if options.cycles < 1:
        raise InputError(f"--cycles: must be a whole number, 1 or more, not {options.cycles}")
    return Protocol.parse([tuple(options.protocol)] * options.cycles, mechanism.ion)


def _rate(options: argparse.Namespace) -> str:
    return "C/10" if options.rate is None else options.rate


def _volts(name: str, text: str) -> float:
    from sbpath.protocol.quantities import measure

    try:
        return float(text)
    except ValueError:
        pass
    try:
        return measure(text.strip(), "voltage")
    except InputError:
        raise InputError(f"{name}: {text!r} is not a voltage; write 0.05 or 50mV") from None


def _celsius(text: str | None) -> float | None:
    if text is None:
        return None
    match = re.fullmatch(r"\s*([-+]?\d+(?:\.\d*)?)\s*(?:°?\s*([CK]))?\s*", text, re.IGNORECASE)
    if not match:
        raise InputError(f"--temperature: {text!r} is not a temperature; write 25C or 298.15K")
    value = float(match[1])
    return value - ZERO_CELSIUS_K if (match[2] or "C").upper() == "K" else value


def _check_outputs(*files: str | None, plot: str | None, bdf: str | None = None) -> None:
    """Refuse outputs that cannot be written before any time is spent on them."""
    from sbpath.files import check_figure, check_writable

    given = [path for path in (*files, bdf, plot) if path is not None]
    for path in given:
        check_writable(path)
        if given.count(path) > 1:
            raise InputError(f"{path}: stands for two outputs; give each a name of its own")
    if plot is not None:
        check_figure(plot)
    if bdf is not None:
        from sbpath.results.export import check_bdf_name

        check_bdf_name(bdf)


def _write(solution: Solution, options: argparse.Namespace) -> None:
    from sbpath.results.export import to_bdf, to_csv

    if options.csv:
        to_csv(solution, options.csv)
    if options.bdf:
        to_bdf(solution, options.bdf)
    if options.save:
        solution.save(options.save)
    if options.plot:
        plots = _plots()
        plots.save(plots.overview(solution), options.plot)
    for path in (options.csv, options.bdf, options.save, options.plot):
        if path:
            print(f"wrote {path}")


def _plots() -> Any:
    import matplotlib as mpl

    # Files only: no window system is needed, whatever the machine has.
    mpl.use("Agg")
    from sbpath import plots

    return plots
