"""The runs of a sweep in one SQLite file, a row for each.

Why SQLite: runs arrive one by one and a sweep may be stopped at any moment, by Ctrl-C, a time limit or
a power cut. A transaction is written whole or not at all, a unique key prevents duplicate runs, and
every Python, like most other programs, reads the file without further packages. A CSV file can be
truncated in the middle of a row, and Parquet is written in one go; both are exports.
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
from sbpath.files import check_regular
from sbpath.sweeps.plan import RunResult
from sbpath.sweeps.points import Point

# Interval between writes to the file (s).
WRITE_INTERVAL_S = 0.5

_TABLES = """
CREATE TABLE about (contents TEXT NOT NULL, sha256 TEXT NOT NULL);
CREATE TABLE runs (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, parameters TEXT NOT NULL,
    run_s REAL NOT NULL, failure TEXT NOT NULL, measured TEXT NOT NULL, sha256 TEXT NOT NULL
);
"""
_ROWS = "SELECT number, key, parameters, run_s, failure, measured, sha256 FROM runs ORDER BY number"
# What two sweeps can differ in, as messages name it.
_DIFFERENCES = {
    "sbpath": "the version of sbpath",
    "mechanism": "the numbers of the mechanism",
    "protocol": "the protocol, rate or cycles",
    "measure": "what is measured",
    "vary": "what varies",
    "runs": "how many runs there are",
}


class Row(NamedTuple):
    """One run as stored in the file."""

    parameters: dict[str, float]
    run_s: float
    failure: str
    measured: dict[str, Any]


class Store:
    """The runs of one sweep; a context manager that writes everything on exit.

    A thread writes results at intervals, since the next run may take long to finish; if each were
    written on arrival, short runs would wait for the disk. The file is locked only during a write.
    Call `check_same` first to make sure that the file belongs to this sweep.

    Parameters
    ----------
    path : Path or None
        The file, created if missing; None keeps everything in memory.
    about : dict
        What identifies this sweep, for JSON.
    names : tuple of str
        What varies.
    """

    def __init__(self, path: Path | None, about: dict[str, Any], names: Sequence[str]) -> None:
        self.path, self.names = path, names
        contents = json.dumps(about)
        # The key of a run contains its values by name, not the points of the whole sweep.
        common = {key: value for key, value in about.items() if key not in ("vary", "sample", "runs")}
        self.base = hashlib.sha256(json.dumps(common, sort_keys=True).encode()).hexdigest()
        new = path is None or _empty(path)
        with _reported(path):
            self.connection = sqlite3.connect(path or ":memory:", timeout=60.0, check_same_thread=False)
            if new:
                with self.connection:
                    self.connection.executescript(f"BEGIN;{_TABLES}")
                    self.connection.execute("INSERT INTO about VALUES (?, ?)", _sealed(contents))
        self.waiting: list[tuple[object, ...]] = []
        self.error: SbpathError | None = None
        # Only one thread at a time may use the connection.
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
        """The keys of all stored runs."""
        self._write()
        with self.lock, _reported(self.path):
            return {key for (key,) in self.connection.execute("SELECT key FROM runs")}

    def add(self, result: RunResult, point: Point) -> None:
        """Add a run unless it is already stored."""
        if self.error is not None:
            raise self.error
        parameters = json.dumps(dict(zip(self.names, point, strict=True)))
        self.waiting.append(
            _sealed(
                result.number, self.key(point), parameters, float(result.seconds), result.failure,
                json.dumps(result.values),
            )
        )  # fmt: skip

    def contents(self) -> tuple[dict[str, Any], list[Row]]:
        """What identifies the sweep, and its runs in the order of their numbers."""
        self._write()
        with self.lock, _reported(self.path):
            return _stored(self.connection, self.path)

    def _keep_writing(self) -> None:
        while not self.closing.wait(WRITE_INTERVAL_S):
            try:
                self._write()
            except SbpathError as error:
                self.error = error  # raised by the next `add`

    def _write(self) -> None:
        """Write the waiting rows in one transaction; rows that cannot be written remain waiting."""
        with self.lock:
            if not (rows := self.waiting.copy()):
                return
            with _reported(self.path), self.connection:
                self.connection.executemany("INSERT OR IGNORE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            # More rows may have arrived meanwhile.
            del self.waiting[: len(rows)]


def _sealed(*values: Any) -> tuple[Any, ...]:
    """The values of a row with their SHA-256."""
    return (*values, hashlib.sha256(repr(values).encode()).hexdigest())


def _stored(connection: sqlite3.Connection, path: str | Path | None) -> tuple[dict[str, Any], list[Row]]:
    """What identifies the sweep, and its runs in the order of their numbers; InputError if it is damaged."""
    rows = [connection.execute("SELECT contents, sha256 FROM about").fetchone(), *connection.execute(_ROWS)]
    # Indices and tables disagree where rows were lost.
    whole = connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    if not whole or any(row != _sealed(*row[:-1]) for row in rows):
        raise InputError(
            f"{path}: is damaged: it holds values that are not as they were written; take a copy of it, or remove "
            "it and give the command again"
        )
    (contents, _), *runs = rows
    return json.loads(contents), [
        Row(json.loads(values), seconds, failure, json.loads(measured))
        for _, _, values, seconds, failure, measured, _ in runs
    ]


def read_store(path: str | Path) -> tuple[dict[str, Any], list[Row]]:
    """The contents of a file, which is only read and may still be written to by a running sweep."""
    check_regular(path)
    try:
        # To write, since what a killed sweep left half written is undone when the file is next opened.
        connection = sqlite3.connect(f"{Path(path).resolve().as_uri()}?mode=rw", uri=True, timeout=60.0)
        try:
            return _stored(connection, path)
        finally:
            connection.close()
    except (sqlite3.Error, TypeError, ValueError):  # no database, no such table, nothing in it
        raise InputError(
            f"{path}: is not a sweep; give the file in which sbpath sweep keeps its runs (.sqlite)"
        ) from None


def check_same(path: Path, about: dict[str, Any]) -> None:
    """Raise InputError if the file is not a sweep, or a sweep that differs in anything in `about`."""
    if _empty(path):
        return
    found, rows = read_store(path)
    wanted = json.loads(json.dumps(about))
    differ = [_DIFFERENCES.get(key) or key for key in wanted if found.get(key) != wanted[key]]
    if differ:
        raise InputError(
            f"{path}: holds a different sweep, with {len(rows)} runs, which differs in {', '.join(differ)}; "
            "choose another name, or remove that file"
        )


def _empty(path: Path) -> bool:
    return not path.exists() or path.stat().st_size == 0


@contextmanager
def _reported(path: Path | None) -> Iterator[None]:
    """Turn errors of SQLite, such as a full disk, into `SbpathError`."""
    try:
        yield
    except sqlite3.Error as error:
        raise SbpathError(f"{path}: cannot be written: {error}; runs written before are kept") from None
