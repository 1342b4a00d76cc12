"""Finds a C compiler and builds libraries with it, each of which is either intact or absent.

Needs only the standard library, because the installation looks for a compiler before anything is
installed (`hatch_build.py`).
"""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from shutil import which

# No fused multiply-add: every machine rounds as the interpreter does.
FLAGS = ("-O2", "-ffp-contract=off", "-fno-math-errno", "-shared", "-Werror=implicit-function-declaration")
SUFFIX = ".dll" if sys.platform == "win32" else ".so"
# Number of libraries kept, older versions included.
KEPT = 20


class NoCompilerError(Exception):
    """There is no working C compiler."""


def compilers() -> Iterator[list[str]]:
    """Commands of the C compilers of this machine: the one in ``$CC``, then those found."""
    if chosen := shlex.split(os.environ.get("CC", "")):
        yield chosen
    for name in ("cc", "gcc", "clang"):
        if found := which(name):
            yield [found]
    if find_spec("ziglang"):
        # By default it would target the exact processor of this machine.
        yield [sys.executable, "-m", "ziglang", "cc", "-mcpu=baseline"]


def key_of(contents: bytes) -> str:
    """A key for the library with these contents on this platform."""
    platform = "|".join((sysconfig.get_platform(), sys.implementation.name, *FLAGS))
    return hashlib.sha256(platform.encode() + contents).hexdigest()[:20]


def build(text: str, key: str, folder: Path) -> Path:
    """Compile C into the folder, which is created if necessary; returns the path of the library.

    The name of the library contains its checksum, and the file appears under that name only when complete.

    Raises
    ------
    NoCompilerError
        If no compiler can build it; with the message of the last one.
    OSError
        If the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=folder, prefix="building-", ignore_cleanup_errors=True) as work:
        source, made = Path(work, "kernels.c"), Path(work, f"kernels{SUFFIX}")
        source.write_text(text, "utf-8")
        _compile(source, made)
        library = folder / f"{key}-{_checksum(made)}{SUFFIX}"
        made.replace(library)
    _tidy(folder)
    return library


def _compile(source: Path, made: Path) -> None:
    said = "no C compiler was found"
    position = () if sys.platform == "win32" else ("-fPIC",)
    for compiler in compilers():
        command = [*compiler, *FLAGS, *position, source.name, "-o", made.name, "-lm"]
        try:
            done = subprocess.run(
                command, cwd=source.parent, capture_output=True, text=True, errors="replace"
            )
        except OSError as error:
            said = f"{compiler[0]}: {error}"
            continue
        if done.returncode == 0 and made.exists():
            return
        said = f"{shlex.join(compiler)}: {(done.stderr or done.stdout).strip()[-500:]}"
    raise NoCompilerError(said)


def find(key: str, folder: Path) -> Path | None:
    """The library with this key in a folder, if intact; damaged ones are deleted."""
    for library in folder.glob(f"{key}-*{SUFFIX}"):
        try:
            if library.stem == f"{key}-{_checksum(library)}":
                return library
            library.unlink()
        except OSError:
            continue
    return None


def _checksum(library: Path) -> str:
    return hashlib.sha256(library.read_bytes()).hexdigest()[:20]


def _tidy(folder: Path) -> None:
    """Keep only the newest libraries."""
    try:
        libraries = sorted(folder.glob(f"*{SUFFIX}"), key=lambda path: path.stat().st_mtime)
        for old in libraries[:-KEPT]:
            old.unlink()
    except OSError:  # another process was faster, or is still using it
        pass


def cache_folders() -> Iterator[Path]:
    """Folders for libraries that were not installed: the user's cache, else a temporary folder."""
    if chosen := os.environ.get("SBPATH_CACHE_DIR"):
        yield Path(chosen)
    else:
        with suppress(RuntimeError):  # a user without a home
            yield _users_cache()
    user = getattr(os, "getuid", lambda: os.environ.get("USERNAME", ""))()
    shared = Path(tempfile.gettempdir(), f"sbpath-{user}")
    # Never run code from a folder that others can write to.
    if not shared.exists() or sys.platform == "win32" or _is_ours_alone(shared):
        yield shared


def _users_cache() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local", "sbpath")
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/sbpath"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "sbpath")


def _is_ours_alone(folder: Path) -> bool:
    about = folder.lstat()
    return about.st_uid == os.getuid() and not folder.is_symlink() and not about.st_mode & 0o022
