"""Commands run in this process, what they write read back, and the same cycles from Python."""

from __future__ import annotations

import csv

from sbpath import cycling, load_mechanism
from sbpath.cli import main


def run(capsys, *arguments):
    code = main([*arguments, "--quiet"])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def read(path):
    with path.open(newline="", encoding="utf-8") as handle:
        return list(csv.reader(handle))


def cycled(simulated, name, rate="C/10", cycles=2, graph=None, **options):
    mechanism = load_mechanism(name)
    protocol = cycling(rate, mechanism.lower_cutoff_V, mechanism.upper_cutoff_V, cycles)
    return simulated(name, protocol, graph=graph or mechanism.default_graph, **options)
