"""Files of the user: read only if they are plain files, written whole or not at all."""

from __future__ import annotations

import csv
import io
import os
import re
import stat
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from sbpath.errors import InputError

FIGURE_ENDINGS = (".png", ".pdf", ".svg")
TABLE_ENDINGS = (".csv", ".txt")
BDF_ENDING = ".bdf.csv"
_DECIMAL = re.compile(r"[-+]?\d+\.\d*(?:[eE][-+]?\d+)?")


def is_file(path: str | Path) -> bool:
    """Whether `path` is a regular file; False for devices, pipes, and names that no file can have."""
    return stat.S_ISREG(_mode(path))


def is_folder(path: str | Path) -> bool:
    """Whether `path` is a folder."""
    return stat.S_ISDIR(_mode(path))


def _mode(path: str | Path) -> int:
    try:
        return os.stat(path).st_mode
    except (OSError, ValueError):
        return 0


def read_regular(path: str | Path, most_bytes: int, what: str) -> bytes:
    """The content of a file that the user names.

    Only a regular file that holds something is opened: pipes, devices and folders are not, nor the files of
    ``/proc``, which have a size of zero.

    Parameters
    ----------
    path : str or Path
        The file.
    most_bytes : int
        Largest size.
    what : str
        What it should be, with its article, for the message.

    Raises
    ------
    InputError
        If it is no such file, is larger, or cannot be read.
    """
    try:
        found = os.stat(path)
        if not stat.S_ISREG(found.st_mode):
            raise InputError(f"{path}: file: is not a regular file; give the path of {what}")
        if found.st_size > most_bytes:
            raise InputError(
                f"{path}: file: has {found.st_size / 1000:.0f} kB, and {what} has at most {most_bytes / 1000:.0f} kB"
            )
        if found.st_size == 0:
            return b""
        # Without waiting, should it have become a pipe meanwhile.
        with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
            return file.read(most_bytes)
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or "not a file name"
        raise InputError(
            f"{path}: file: cannot be read: {reason}; check the path and its permissions"
        ) from None


def decoded(content: bytes) -> str | None:
    """`content` as text in UTF-8, in UTF-16 with its mark, or else as Windows writes it; None if it is no text."""
    marked = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp1252", "latin-1"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    return None


def check_writable(path: str | Path) -> None:
    """Raise InputError if `path` cannot be written; call it before the work is done."""
    if not isinstance(path, str | Path):
        raise InputError(f"{path!r}: is not a file name; give a string or a Path")
    target = Path(path)
    try:
        long = len(os.fsencode(target.name)) > 200
    except ValueError:  # a character that the locale cannot encode
        long = True
    if "\0" in str(path) or long or not target.name:
        raise InputError(f"{str(path)[:60]!r}: cannot be a file name; choose a shorter, plain one")
    if target.is_dir():
        raise InputError(f"{target}: is a folder; give the name of a file in it")
    if not target.parent.is_dir():
        raise InputError(
            f"{target}: there is no folder {str(target.parent)!r}; create it first or choose another"
        )
    if target.exists() and not target.is_file():
        raise InputError(f"{target}: is not a regular file; choose another name")
    target = target.resolve()  # write the target of a link, and keep the link
    if target.exists() and not os.access(target, os.W_OK):
        raise InputError(f"{target}: cannot be written (no permission); choose another place")
    try:  # the file is replaced, so its folder must be writable
        with tempfile.TemporaryFile(dir=target.parent):
            pass
    except OSError as error:
        raise InputError(f"{target}: cannot be written ({error.strerror}); choose another place") from None


def check_ending(path: str | Path, endings: Sequence[str], what: str) -> None:
    """Raise InputError unless `path` ends in one of `endings`, in upper or lower case, as `what` is written."""
    if Path(path).suffix.lower() not in endings:
        named = " or ".join(filter(None, [", ".join(endings[:-1]), endings[-1]]))
        raise InputError(f"{path}: {what} written as {named}; choose such an ending")


def check_figure(path: str | Path) -> None:
    """Raise InputError unless `path` ends in a figure format."""
    check_ending(path, FIGURE_ENDINGS, "figures are")


def check_table(path: str | Path) -> None:
    """Raise InputError unless `path` ends like a text table, and not like a file of the Battery Data Format."""
    check_ending(path, TABLE_ENDINGS, "a table is")
    if Path(path).name.lower().endswith(BDF_ENDING):
        raise InputError(
            f"{path}: *{BDF_ENDING} is the Battery Data Format (--bdf, to_bdf); choose another name"
        )


def check_bdf(path: str | Path) -> None:
    """Raise InputError unless `path` ends in ``.bdf.csv``, by which readers recognise the Battery Data Format."""
    target = Path(path)
    if not target.name.lower().endswith(BDF_ENDING):
        stem = target.name.removesuffix(".csv").removesuffix(".bdf")
        raise InputError(f"{target}: a BDF file is named *{BDF_ENDING}; write {stem}{BDF_ENDING}")


def check_solution(path: str | Path) -> None:
    """Raise InputError unless `path` ends in ``.npz``, as solutions are written."""
    check_ending(path, (".npz",), "a solution is")


def write_csv(
    path: str | Path, head: Iterable[str], rows: Iterable[Iterable[Any]], decimal_comma: bool = False
) -> Path:
    """Write a table as CSV in UTF-8, whole or not at all.

    Parameters
    ----------
    path : str or Path
        The file.
    head : iterable of str
        Headings.
    rows : iterable of iterables
        Cells; floats are written in the shortest form that reads back exactly.
    decimal_comma : bool
        Write 0,5 for 0.5, and semicolons between the cells.

    Raises
    ------
    InputError
        If the file cannot be written; then it is left as it was.
    """
    if decimal_comma:
        rows = ([_with_comma(cell) for cell in row] for row in rows)
    with atomic_write(path) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        writer = csv.writer(text, delimiter=";" if decimal_comma else ",", lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rows)
        text.detach()
    return Path(path)


def _with_comma(cell: Any) -> Any:
    text = repr(cell) if isinstance(cell, float) else str(cell)
    return text.replace(".", ",") if _DECIMAL.fullmatch(text) else cell


def check_regular(path: str | Path) -> None:
    """Raise InputError unless `path` is a file that can be read to its end, not a folder, pipe or device."""
    if not isinstance(path, str | Path) or "\0" in str(path):
        raise InputError(f"{path!r}: is not the name of a file")
    if not os.path.exists(path):
        raise InputError(f"{path}: there is no such file; check the path")
    if not is_file(path):
        raise InputError(f"{path}: is not a regular file; give the name of one")


@contextmanager
def atomic_write(path: str | Path) -> Iterator[BinaryIO]:
    """Yield a binary file, empty at first, that becomes `path` once it is complete.

    Until then it has no name, where the system allows that, so that nothing of it is left however the
    process ends.

    Raises
    ------
    InputError
        If the file cannot be written; then nothing is left behind.
    """
    check_writable(path)
    target = Path(path).resolve()
    name = str(target.parent / f"{_UNFINISHED}{os.getpid()}-{threading.get_ident()}")
    _remove_leftovers(target.parent, name)
    try:
        file = _unnamed_file(target.parent)
        unnamed = file is not None
        with file or open(name, "w+b") as file:
            yield file
            file.flush()
            if unnamed:
                # With a folder given, the link is to the file itself and not to its entry in /proc.
                os.link(f"/proc/self/fd/{file.fileno()}", name, src_dir_fd=file.fileno())
        os.replace(name, target)
    except OSError as error:
        raise InputError(
            f"{target}: cannot be written: {error.strerror or error}; free or choose a place"
        ) from None
    finally:
        if os.path.exists(name):
            os.unlink(name)


# How a file that is being written is called where it needs a name, and the age at which it is none any more (s).
_UNFINISHED, _ABANDONED_S = ".sbpath-", 3600.0


def _remove_leftovers(folder: Path, own: str) -> None:
    """Remove what processes left that were killed while writing, and what bears the name `own`."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(_UNFINISHED) and (
                entry.path == own or entry.stat().st_mtime < time.time() - _ABANDONED_S
            ):
                os.unlink(entry.path)


def _unnamed_file(folder: Path) -> BinaryIO | None:
    """A file without a name in `folder`; None if the system has none."""
    if not hasattr(os, "O_TMPFILE") or not os.path.isdir("/proc/self/fd"):
        return None
    try:
        return open(os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o666), "w+b")
    except OSError:  # this file system has none
        return None
