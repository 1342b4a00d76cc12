"""Commands run in this process, and what they write read back."""

from __future__ import annotations

import csv

from sbpath.cli import main


def run(capsys, *arguments):
    code = main([*arguments, "--quiet"])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def read(path):
    with path.open(newline="", encoding="utf-8") as handle:
        return list(csv.reader(handle))
