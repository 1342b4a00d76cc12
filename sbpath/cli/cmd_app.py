"""The command ``app``: a local page in the browser."""

from __future__ import annotations

import argparse
from typing import Any

from sbpath.cli.options import add_command, option
from sbpath.errors import InputError, optional


def add(commands: Any) -> None:
    """Add the command to the subparsers."""
    add_command(
        commands, "app", _app,
        "a page in the browser: move a number and watch the curve",
        "Open a page in the browser on which systems are chosen and numbers moved while voltage, phases, paths and "
        "losses answer. It is served on this machine only, and needs no network. Ctrl-C ends it.",
        option("files", "FILE", "mechanism files (.toml) to choose from, besides the shipped", nargs="*"),
        option("--port", "N", "where to listen (default: any free port)", type=int),
        option("--no-browser", None, "only print the address"),
    )  # fmt: skip


def _app(options: argparse.Namespace) -> None:
    for module in ("starlette", "uvicorn"):
        optional(module, "app", "'sbpath[app]'")
    from sbpath.app.serve import serve
    from sbpath.mechanism.reader import load_mechanism

    for name in options.files:
        load_mechanism(name)
    if options.port is not None and not 0 <= options.port <= 65535:
        raise InputError(f"--port: must be from 1 to 65535, or 0 for any free one, not {options.port}")
    serve(options.port or 0, options.files, browser=not options.no_browser)
