"""What several commands share: options, and how their words become values."""

from __future__ import annotations

import argparse
import csv
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from sbpath.errors import InputError
from sbpath.physical import ZERO_CELSIUS_K

if TYPE_CHECKING:
    from sbpath.mechanism.mechanism import Mechanism


def add_cycling(parser: argparse.ArgumentParser, cycles: int) -> None:
    """Options of a cycling experiment; `cycles` is how many there are by default."""
    parser.add_argument("--graph", metavar="NAME", help="reported, candidate, ... (default: the mechanism's)")
    parser.add_argument("--rate", metavar="RATE", help="C/10, 0.5C, 50 mA/g, ... (default C/10)")
    parser.add_argument(
        "--cycles", type=int, default=cycles, metavar="N", help=f"number of cycles (default {cycles})"
    )
    parser.add_argument("--temperature", metavar="T", help="25, 25C or 298K (default: the mechanism's)")
    parser.add_argument("--quiet", action="store_true", help="no progress")


def add_changes(parser: argparse.ArgumentParser) -> None:
    """The options ``--set`` and ``--design``."""
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="changes",
        help="put another number in, e.g. 'interfaces.Sb|Li2Sb.energy_J_per_m2=0.15' (keys: sbpath show); may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--design",
        metavar="NAME",
        help="build it as another electrode: see the end of `sbpath list`, or a .toml file",
    )


def load(name: str, changes: list[str], design: str | None = None) -> Mechanism:
    """A mechanism by name or path, with the numbers of ``--set`` put in, built as ``--design`` says."""
    from sbpath.mechanism.reader import load_mechanism

    values = {}
    for change in changes:
        key, sign, text = change.rpartition("=")
        if key.strip() in values:
            raise InputError(f"--set {key.strip()}: is given twice; keep one")
        try:
            values[key.strip()] = float(text)
        except ValueError:
            sign = ""
        if not sign or not key:
            raise InputError(
                f"--set: {change!r} is not KEY=NUMBER; write e.g. 'kinetics.growth_rate_per_s=2e-3'"
            )
    return load_mechanism(name, values, design)


def rate(options: argparse.Namespace) -> str:
    """The rate asked for, or the default."""
    return "C/10" if options.rate is None else options.rate


def to_volts(name: str, text: str) -> float:
    """A voltage as typed: ``0.05`` or ``50mV``."""
    from sbpath.protocol.quantities import measure

    try:
        return float(text)
    except ValueError:
        pass
    try:
        return measure(text.strip(), "voltage")
    except InputError:
        raise InputError(f"{name}: {text!r} is not a voltage; write 0.05 or 50mV") from None


def cut_offs(options: argparse.Namespace, mechanism: Mechanism) -> tuple[float, float]:
    """``--lower`` and ``--upper`` (V), the mechanism's own where they are not given."""
    lower = mechanism.lower_cutoff_V if options.lower is None else to_volts("--lower", options.lower)
    upper = mechanism.upper_cutoff_V if options.upper is None else to_volts("--upper", options.upper)
    return lower, upper


def to_celsius(text: str | None) -> float | None:
    """A temperature as typed: ``25``, ``25C`` or ``298.15K``."""
    if text is None:
        return None
    match = re.fullmatch(r"\s*([-+]?\d+(?:\.\d*)?)\s*(?:°?\s*([CK]))?\s*", text, re.IGNORECASE)
    if not match:
        raise InputError(f"--temperature: {text!r} is not a temperature; write 25C or 298.15K")
    value = float(match[1])
    return value - ZERO_CELSIUS_K if (match[2] or "C").upper() == "K" else value


def check_outputs(*files: str | None, plot: str | None, bdf: str | None = None) -> None:
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


def write_table(path: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write a table as CSV, whole or not at all, and say so."""
    from sbpath.files import written_whole

    with written_whole(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows([head, *rows])
    print(f"wrote {path}")


def save_figure(path: str | None, draw: Callable[[Any], Any]) -> None:
    """Write the figure that `draw` makes with the module `sbpath.plots`, if it is asked for, and say so."""
    if not path:
        return
    import matplotlib as mpl

    # Files only: no window system is needed, whatever the machine has.
    mpl.use("Agg")
    from sbpath import plots

    plots.save(draw(plots), path)
    print(f"wrote {path}")
