"""Run the benchmarks and print their tables.

    python benchmarks/run.py [--quick] [names...]

A full run also puts the tables into the README of this folder; `--quick` takes fewer rounds and
leaves it alone. Without names all are run. What is not installed gives a line that says how to
install it.
"""

from __future__ import annotations

import argparse
import os
from importlib import import_module

from helper import write_readme

# In the order of the README; each is a module with `report(quick)`, which returns Markdown.
BENCHMARKS = (
    "cycle",
    "alloy",
    "gitt",
    "agreement",
    "cold",
    "population",
    "sensitivities",
    "long",
    "aging",
    "sweep",
    "targets",
)

# Load of the machine above which times are not to be believed.
BUSY = 0.7


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description="Run the benchmarks.", epilog=f"names: {', '.join(BENCHMARKS)}"
    )
    parser.add_argument("names", nargs="*", metavar="name", default=BENCHMARKS)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, README untouched")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(BENCHMARKS):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    # Numpy is not loaded yet: systems this small only lose by more threads.
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    if hasattr(os, "getloadavg") and os.getloadavg()[0] > BUSY:
        print(f"The machine is busy (load {os.getloadavg()[0]:.1f}): believe ratios rather than times.\n")
    for name in arguments.names:
        text = import_module(name).report(arguments.quick)
        print(f"{text}\n", flush=True)
        if not arguments.quick:
            write_readme(name, text)


if __name__ == "__main__":
    main()
