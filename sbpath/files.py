"""Files of the user: read only if they are plain files, written whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sbpath.errors import InputError

FIGURE_ENDINGS = (".png", ".pdf", ".svg")


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
    # The file is replaced, so its folder must be writable too.
    if not os.access(target.parent, os.W_OK) or (target.exists() and not os.access(target, os.W_OK)):
        raise InputError(f"{target}: cannot be written (no permission); choose another place")


def check_figure(path: str | Path) -> None:
    """Raise InputError unless `path` ends in a figure format."""
    if Path(path).suffix.lower() not in FIGURE_ENDINGS:
        raise InputError(f"{path}: figures are written as .png, .pdf or .svg; choose one of these endings")


@contextmanager
def atomic_write(path: str | Path, suffix: str = "") -> Iterator[str]:
    """Yield the name of a temporary file that replaces `path` once it is complete.

    Parameters
    ----------
    path : str or Path
        The file to write.
    suffix : str
        Ending of the temporary name, for writers that depend on it.

    Raises
    ------
    InputError
        If the file cannot be written; then nothing is left behind.
    """
    check_writable(path)
    target = Path(path).resolve()
    try:
        handle, temporary = tempfile.mkstemp(prefix=".sbpath-", suffix=suffix, dir=target.parent)
    except OSError as error:
        raise InputError(f"{target}: cannot be written: {error.strerror}; choose another place") from None
    os.close(handle)
    try:
        yield temporary
        # mkstemp makes files that only their owner can read; results get ordinary permissions.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, target)
    except OSError as error:
        raise InputError(f"{target}: cannot be written: {error.strerror or error}") from None
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)
