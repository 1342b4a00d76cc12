"""One command in its process: what it prints, how it fails, and how it is stopped."""

from __future__ import annotations

import _thread
import contextlib
import io
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, TextIO

from sbpath.cli.options import check_outputs
from sbpath.cli.parser import read_command
from sbpath.errors import InputError, SbpathError, ValidityWarning, printable

FAILED, WRONG_INPUT = 1, 2
# The option of an argument of a function, where it has another name.
OPTIONS = {
    "above_hull_kJ_per_mol": "--above-hull", "lower_V": "--lower", "upper_V": "--upper", "population": "--particles",
    "electrode_mass_g": "--mass", "free": "--free", "profile": "--profile", "wanted": "--for", "hours": "--hours",
}  # fmt: skip


class _Output(io.TextIOBase):
    """A standard stream that may end early, since its reader, for example `head`, has left or the disk is full.

    What is printed then is dropped, and the command goes on, since it may have files to write.

    Attributes
    ----------
    failure : str
        Why the stream ended, unless its reader has left.
    """

    def __init__(self, stream: TextIO | None, escaped: bool = False) -> None:
        self._stream = stream
        self._escaped = escaped
        self.failure = ""

    def write(self, text: str) -> int:
        # Names and texts of files must not steer the terminal.
        shown = printable(text, kept="\n") if self._escaped else text
        if self._stream is not None:
            try:
                self._stream.write(shown)
            except OSError as error:
                self._drop(error)
        return len(text)

    def flush(self) -> None:
        if self._stream is not None:
            try:
                self._stream.flush()
            except OSError as error:
                self._drop(error)

    def _drop(self, error: OSError) -> None:
        if not isinstance(error, BrokenPipeError):
            self.failure = error.strerror or str(error)
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())

    def fileno(self) -> int:
        if self._stream is None:
            raise io.UnsupportedOperation("fileno")
        return self._stream.fileno()

    @property
    def encoding(self) -> str | None:  # type: ignore[override]
        return getattr(self._stream, "encoding", None)

    def isatty(self) -> bool:
        return self._stream is not None and self._stream.isatty()


def run(words: Sequence[str]) -> int:
    """Carry out a command; the exit code is 0, 1 (failed) or 2 (wrong input).

    Raises
    ------
    KeyboardInterrupt
        After Ctrl-C, also where a library has taken it for something else.
    """
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show subscripts and degree signs must not cause an error.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    out, err = _Output(sys.stdout, escaped=True), _Output(sys.stderr)
    with contextlib.redirect_stderr(err), _notes(), _ctrl_c():
        try:
            with contextlib.redirect_stdout(out):
                code = _handled(words)
        finally:
            out.flush()
        if out.failure:
            print(f"sbpath: the output cannot be written: {out.failure}", file=err)
            code = max(code, FAILED)
    return code


def _handled(words: Sequence[str]) -> int:
    """The exit code of a command; its mistakes are printed."""
    try:
        options = read_command(words)
        check_outputs(options)
        options.handler(options)
    except SystemExit as ended:  # after --help and --version
        return int(ended.code or 0)
    except InputError as error:
        for problem in error.problems:
            argument, colon, rest = problem.partition(":")
            print(f"sbpath: {OPTIONS.get(argument, argument)}{colon}{rest}", file=sys.stderr)
        return WRONG_INPUT
    except SbpathError as error:
        print("sbpath:", printable(str(error), kept="\n"), file=sys.stderr)
        return FAILED
    return 0


@contextlib.contextmanager
def _ctrl_c() -> Iterator[None]:
    """Raise KeyboardInterrupt at the end if Ctrl-C was pressed and the exception was lost on the way.

    A destructor that is interrupted loses it, and some imports turn it into an ImportError; after the first, Python would
    go on.
    """
    default = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if threading.current_thread() is not threading.main_thread() or not default:
        yield
        return
    pressed: list[int] = []

    def stop(number: int, frame: Any) -> None:
        pressed.append(number)
        raise KeyboardInterrupt

    def again(lost: Any) -> None:
        if isinstance(lost.exc_value, KeyboardInterrupt):
            # A moment later, for here it would be lost once more.
            threading.Timer(0.01, _thread.interrupt_main).start()
        else:
            before(lost)

    before = sys.unraisablehook
    sys.unraisablehook = again
    signal.signal(signal.SIGINT, stop)
    try:
        yield
    except Exception:
        if not pressed:
            raise
    finally:
        sys.unraisablehook = before
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if pressed:
        raise KeyboardInterrupt


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
                print(f"note: {printable(str(message))}", file=sys.stderr)

        warnings.showwarning = show
        warnings.simplefilter("always", ValidityWarning)
        yield
