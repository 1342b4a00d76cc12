"""Files that leave the page: pictures, the curve, the mechanism, and what makes the result again."""

from __future__ import annotations

import tempfile
from pathlib import Path

from sbpath import __version__, plots
from sbpath.app.recipe import TABLE, command, script
from sbpath.app.runs import Runs
from sbpath.app.setting import Setting
from sbpath.mechanism.reader import file_document
from sbpath.mechanism.toml_text import toml_text
from sbpath.results.export import to_csv

# Names of the files, with their types.
DOWNLOADS = {
    "picture.svg": "image/svg+xml",
    "picture.png": "image/png",
    TABLE: "text/csv",
    "mechanism.toml": "application/toml",
    "run.sh": "text/x-shellscript",
    "run.py": "text/x-python",
}


def made(name: str, setting: Setting, runs: Runs) -> bytes:
    """The content of one of `DOWNLOADS`."""
    if name == "mechanism.toml":
        return toml_text(file_document(setting.mechanism(runs.own))).encode()
    if name == "run.sh":
        return f"#!/bin/sh\n# sbpath {__version__}\n{command(setting, runs.own)}\n".encode()
    if name == "run.py":
        return f"# sbpath {__version__}\n{script(setting, runs.own)}".encode()
    solution = runs.solution(setting.experiment(runs.own))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        if name == TABLE:
            to_csv(solution, path)
        else:
            plots.save(plots.overview(solution), path)
        return path.read_bytes()
