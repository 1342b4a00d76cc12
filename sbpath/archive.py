"""Arrays in one sealed file: NumPy's .npz whose comment is the checksum of all other bytes.

Any changed, missing or additional byte is noticed before anything is unpacked. NumPy reads the file as any
other .npz.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from sbpath.errors import InputError
from sbpath.files import atomic_write, check_regular

_SEAL = b"sbpath sha256 "
# Length of the seal, and of its own length before it, which end the file.
_SEAL_LENGTH = len(_SEAL) + 2 * hashlib.sha256().digest_size
_LENGTH_BYTES = 2
# Files that unpack to more than this (bytes) and to more than so many times their size are not results.
MAX_UNPACKED, MAX_RATIO = 100_000_000, 500


def write_archive(path: str | Path, arrays: Mapping[str, Any]) -> None:
    """Write arrays by name, whole or not at all.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    with atomic_write(path) as file:
        np.savez_compressed(file, **arrays)
        size = file.seek(0, os.SEEK_END)
        seal = _seal(file, size - _LENGTH_BYTES)
        file.seek(size - _LENGTH_BYTES)
        file.write(_SEAL_LENGTH.to_bytes(_LENGTH_BYTES, "little") + seal)


def read_archive(path: str | Path) -> dict[str, Any]:
    """The arrays that `write_archive` wrote, by name.

    Raises
    ------
    InputError
        If there is no such file, it is not as it was written, or it unpacks to much more than results do.
    """
    check_regular(path)
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        contents = size - _SEAL_LENGTH - _LENGTH_BYTES
        if contents < 0 or not _sealed(file, contents):
            raise InputError(
                f"{path}: is damaged, or is not a file that Solution.save wrote; take a copy, or simulate again"
            )
        with zipfile.ZipFile(file) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
        if unpacked > max(MAX_UNPACKED, MAX_RATIO * size):
            raise InputError(
                f"{path}: would unpack {size:,} bytes to {unpacked:,}; results are not like that"
            )
        with np.load(file, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}


def _sealed(file: BinaryIO, size: int) -> bool:
    """Whether after `size` bytes the file ends with the seal of these."""
    file.seek(size)
    end = file.read(_LENGTH_BYTES + _SEAL_LENGTH + 1)
    return end == _SEAL_LENGTH.to_bytes(_LENGTH_BYTES, "little") + _seal(file, size)


def _seal(file: BinaryIO, size: int) -> bytes:
    """The seal of the first `size` bytes of a file."""
    digest = hashlib.sha256()
    file.seek(0)
    while size > 0 and (block := file.read(min(size, 1 << 20))):
        digest.update(block)
        size -= len(block)
    return _SEAL + digest.hexdigest().encode()
