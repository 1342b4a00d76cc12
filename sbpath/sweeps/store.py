"""Where the runs of a sweep are kept: one SQLite file, a row for each.

Why SQLite: runs arrive one by one and a sweep may be stopped at any moment, by Ctrl-C, a time limit or
a power cut. A transaction is written whole or not at all, a unique key keeps any run from being
counted twice, every Python reads the file without a further package, and so do most other
programs. CSV can be cut in the middle of a row, and Parquet is written in one go; both are exports.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from sbpath.errors import InputError, SbpathError
from sbpath.sweeps.plan import Outcome
from sbpath.sweeps.points import Point

# What has arrived is written for good so often (s).
MOMENT_S = 0.5

_TABLES = """
CREATE TABLE about (contents TEXT NOT NULL);
CREATE TABLE runs (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, parameters TEXT NOT NULL,
    run_s REAL NOT NULL, failure TEXT NOT NULL, measured TEXT NOT NULL
);
"""
# What two sweeps can differ in, in words.
_WORDS = {
    "sbpath": "the version of sbpath",
    "mechanism": "the numbers of the mechanism",
    "protocol": "the protocol, rate or cycles",
    "measure": "what is measured",
    "vary": "what varies",
    "runs": "how many runs there are",
}


class Row(NamedTuple):
    """One run as it stands in the file."""

    parameters: dict[str, float]
    run_s: float
    failure: str
    measured: dict[str, Any]


class Store:
    """The runs of one sweep; use as a context, at the end of which everything is written.

    A thread writes what has arrived, since nobody knows how long the next run takes. Written one by
    one, short runs would wait for the disk; and the file is locked only while it is written to.
    `check_same` tells beforehand whether the file is this sweep's.

    Parameters
    ----------
    path : Path or None
        The file, which is made if it is not there; None keeps everything in memory.
    about : dict
        What tells this sweep from others, for JSON.
    names : tuple of str
        What varies.

    Raises
    ------
    SbpathError
        If the file cannot be written; so do the methods.
    """

    def __init__(self, path: Path | None, about: dict[str, Any], names: Sequence[str]) -> None:
        self.path, self.names = path, names
        contents = json.dumps(about)
        # The points are not in a run's key but its own values are, by name.
        common = {key: value for key, value in about.items() if key not in ("vary", "sample", "runs")}
        self.base = hashlib.sha256(json.dumps(common, sort_keys=True).encode()).hexdigest()
        new = path is None or _empty(path)
        with _told(path):
            self.connection = sqlite3.connect(path or ":memory:", timeout=60.0, check_same_thread=False)
            if new:
                with self.connection:
                    self.connection.executescript(f"BEGIN;{_TABLES}")
                    self.connection.execute("INSERT INTO about VALUES (?)", (contents,))
        self.waiting: list[tuple[object, ...]] = []
        self.trouble: SbpathError | None = None
        # One thread at a time uses the connection.
        self.lock = threading.Lock()
        self.closing = threading.Event()
        self.writer = threading.Thread(target=self._keep_writing, daemon=True)

    def __enter__(self) -> Store:
        self.writer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.writer.join()
        try:
            self._write()
        finally:
            self.connection.close()

    def key(self, point: Point) -> str:
        """SHA-256 of mechanism, protocol, options and the values of one run."""
        values = json.dumps(dict(zip(self.names, point, strict=True)), sort_keys=True)
        return hashlib.sha256(f"{self.base}{values}".encode()).hexdigest()

    def keys(self) -> set[str]:
        """The keys of all runs that are here."""
        self._write()
        with self.lock, _told(self.path):
            return {key for (key,) in self.connection.execute("SELECT key FROM runs")}

    def add(self, outcome: Outcome, point: Point) -> None:
        """Put a run in, unless it is here already."""
        if self.trouble is not None:
            raise self.trouble
        parameters = json.dumps(dict(zip(self.names, point, strict=True)))
        self.waiting.append(
            (
                outcome.number, self.key(point), parameters, outcome.seconds, outcome.failure,
                json.dumps(outcome.values),
            )
        )  # fmt: skip

    def contents(self) -> tuple[dict[str, Any], list[Row]]:
        """What the sweep is about, and its runs in the order of their numbers."""
        self._write()
        with self.lock, _told(self.path):
            return _stored(self.connection)

    def _keep_writing(self) -> None:
        while not self.closing.wait(MOMENT_S):
            try:
                self._write()
            except SbpathError as error:
                self.trouble = error  # for the next `add`

    def _write(self) -> None:
        """Write what waits, in one transaction; what cannot be written goes on waiting."""
        with self.lock:
            if not (rows := self.waiting.copy()):
                return
            with _told(self.path), self.connection:
                self.connection.executemany("INSERT OR IGNORE INTO runs VALUES (?, ?, ?, ?, ?, ?)", rows)
            # Others may have come meanwhile.
            del self.waiting[: len(rows)]


def _stored(connection: sqlite3.Connection) -> tuple[dict[str, Any], list[Row]]:
    (contents,) = connection.execute("SELECT contents FROM about").fetchone()
    found = connection.execute("SELECT parameters, run_s, failure, measured FROM runs ORDER BY number")
    return json.loads(contents), [
        Row(json.loads(values), seconds, failure, json.loads(measured))
        for values, seconds, failure, measured in found
    ]


def read_store(path: Path) -> tuple[dict[str, Any], list[Row]]:
    """The contents of a file, which is not changed and may be one that is still written to.

    Raises
    ------
    InputError
        If there is no such file or it is no sweep.
    """
    if not path.is_file():
        raise InputError(f"{path}: there is no such file; check the path")
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=60.0)
        try:
            return _stored(connection)
        finally:
            connection.close()
    except (sqlite3.Error, TypeError, ValueError):  # no database, no such table, nothing in it
        raise InputError(
            f"{path}: is not a sweep; give a file that sbpath sweep keeps its runs in (.sqlite)"
        ) from None


def check_same(path: Path, about: dict[str, Any]) -> None:
    """Raise InputError if the file is no sweep, or one that differs in something that is in `about`."""
    if _empty(path):
        return
    found, rows = read_store(path)
    wanted = json.loads(json.dumps(about))
    differ = [_WORDS.get(key) or key for key in wanted if found.get(key) != wanted[key]]
    if differ:
        raise InputError(
            f"{path}: holds another sweep, with {len(rows)} runs, which differs in {', '.join(differ)}; "
            "give another name, or take that file away"
        )


def _empty(path: Path) -> bool:
    return not path.exists() or path.stat().st_size == 0


@contextmanager
def _told(path: Path | None) -> Iterator[None]:
    """Errors of SQLite, such as a full disk, in the words of sbpath."""
    try:
        yield
    except sqlite3.Error as error:
        raise SbpathError(f"{path}: cannot be written: {error}; what was written before stands") from None
