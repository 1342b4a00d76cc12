"""The command line. Heavy imports are inside the handlers, so that ``--help`` is quick."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import sys
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn, TextIO

from sbpath import __version__
from sbpath.cli import cmd_compare, cmd_literature, cmd_run, cmd_simulate, cmd_sweep, cmd_systems, cmd_why
from sbpath.cli.options import HelpFormatter
from sbpath.errors import InputError, SbpathError, ValidityWarning

EXAMPLES = """examples:
  sbpath list
  sbpath simulate li-sb --cycles 2 --plot li.png --csv li.csv
  sbpath run gitt na-sb --rate C/20 --plot gitt.png
  sbpath compare li-sb na-sb k-sb li-sb-libh4 --plot hysteresis.png
"""


# Exit code after Ctrl-C, as in shells.
INTERRUPTED = 130


class _UntilClosed(io.TextIOBase):
    """Standard output whose reader, for example `head`, may leave: what is printed then is dropped.

    The command goes on, since it may have files to write.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            self._drop()
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._drop()

    def _drop(self) -> None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

    def fileno(self) -> int:
        return self._stream.fileno()

    def isatty(self) -> bool:
        return self._stream.isatty()


class _Once(argparse.Action):
    """Store a value and refuse a second one, which would silently replace the first."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option_string: str | None = None
    ) -> None:  # fmt: skip
        given = vars(namespace).setdefault("given", set())
        if option_string is not None and self.dest in given:
            several = "; give all its values after one" if self.nargs in ("+", "*") else "; give it once"
            raise argparse.ArgumentError(self, f"is given twice{several}")
        given.add(self.dest)
        setattr(namespace, self.dest, self.const if self.nargs == 0 else values)


class _Flag(_Once):
    """A switch."""

    def __init__(self, option_strings: Sequence[str], dest: str, **options: Any) -> None:
        super().__init__(option_strings, dest, **{"default": False, **options}, nargs=0, const=True)


class _Parser(argparse.ArgumentParser):
    """Reports a mistake in one line, like the rest of sbpath."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # Options that may be repeated have action="append".
        for name in (None, "store"):
            self.register("action", name, _Once)
        self.register("action", "store_true", _Flag)
        # -10C is a temperature, not an option; argparse itself accepts only -10.
        self._negative_number_matcher = re.compile(r"-\d+\.?\d*\s*(°?[CKck])?$")

    def error(self, message: str) -> NoReturn:
        if "expected one argument" in message or "expected at least one argument" in message:
            message += "; a value that begins with - is written with =, e.g. --temperature=-20C"
        print(f"sbpath: {message}; see {self.prog} --help", file=sys.stderr)
        raise SystemExit(2)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    The exit code is 0, 1 (a simulation failed), 2 (wrong input) or 130 (stopped by Ctrl-C).
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = _parser(with_studies=given[:1] == ["run"]).parse_args(given)
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show subscripts and degree signs must not cause an error.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        with _notes(), contextlib.redirect_stdout(_UntilClosed(sys.stdout)):
            return options.handler(options)
    except InputError as error:
        for problem in error.problems:
            print(f"sbpath: {problem}", file=sys.stderr)
        return 2
    except SbpathError as error:
        print(f"sbpath: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as stopped:
        print(f"sbpath: {stopped.args[0] if stopped.args else 'stopped'}", file=sys.stderr)
        return INTERRUPTED


@contextlib.contextmanager
def _notes() -> Iterator[None]:
    """Print each distinct `ValidityWarning` as one line on standard error; other warnings are unchanged."""
    printed: set[str] = set()
    with warnings.catch_warnings():
        others = warnings.showwarning

        def show(message: Any, category: type[Warning], *where: Any, **more: Any) -> None:
            if not issubclass(category, ValidityWarning):
                others(message, category, *where, **more)
            elif str(message) not in printed:
                printed.add(str(message))
                print(f"note: {message}", file=sys.stderr)

        warnings.showwarning = show
        warnings.simplefilter("always", ValidityWarning)
        yield


def _parser(with_studies: bool = True) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="sbpath",
        description="Simulate antimony (Sb) battery anodes in Li, Na and K cells: voltage plateaus, phase fractions "
        "and hysteresis from a graph of phases.",
        epilog=EXAMPLES,
        formatter_class=HelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"sbpath {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    for group in (cmd_systems, cmd_simulate, cmd_compare, cmd_why):
        group.add(commands)
    cmd_run.add(commands, with_studies)
    cmd_sweep.add(commands)
    cmd_literature.add(commands)
    return parser
