"""Targets set in advance beside what the tables of the README say: how many times as long the others take."""

from __future__ import annotations

import re
from typing import NamedTuple

import helper


class Target(NamedTuple):
    """What is compared, in which table, its row there, and the ratio wanted."""

    name: str
    benchmark: str
    contestant: str
    wanted: float


IDA = r"C \+ SUNDIALS .*, IDA, .*as accurate"
SPM, COMPOSITE, MSMR = "PyBaMM half-cell SPM", "PyBaMM composite SPM, .*", "PyBaMM MSMR"
TARGETS = (
    Target("IDA, cycle of Sb", "cycle", IDA, 1.6),
    Target("IDA, cycle of ZnSnSb₂", "alloy", IDA, 1.0),
    Target("IDA, titration", "gitt", IDA, 3.5),
    Target("PyBaMM half-cell SPM, cycle", "cycle", SPM, 5.0),
    Target("PyBaMM half-cell SPM, titration", "gitt", SPM, 5.0),
    Target("PyBaMM composite SPM, cycle", "cycle", COMPOSITE, 30.0),
    Target("PyBaMM composite SPM, titration", "gitt", COMPOSITE, 30.0),
    Target("PyBaMM MSMR, cycle", "cycle", MSMR, 300.0),
    Target("PyBaMM MSMR, titration", "gitt", MSMR, 300.0),
)
# `simulate` over its integrator, at most.
OVERHEAD = 1.35


def report(quick: bool) -> str:
    """The table, from the tables that are in the README."""
    rows = []
    for name, benchmark, contestant, wanted in TARGETS:
        simulate, integrator = _ratios(benchmark, contestant)
        rows.append([name, f"{wanted:g}", f"{integrator:g}", _met(integrator >= wanted), f"{simulate:g}"])
    for name, benchmark in (("cycle of Sb", "cycle"), ("cycle of ZnSnSb₂", "alloy"), ("titration", "gitt")):
        _, overhead = _ratios(benchmark, r"sbpath\.simulate")
        rows.append(
            [
                f"`simulate` / its integrator, {name}",
                f"≤ {OVERHEAD}",
                f"{overhead:g}",
                _met(overhead <= OVERHEAD),
                "",
            ]
        )
    return helper.table(["target", "wanted", "integrator", "", "simulate"], rows)


def _ratios(benchmark: str, contestant: str) -> tuple[float, float]:
    """Time of a contestant over that of `simulate` and of its integrator."""
    for line in helper.read_readme(benchmark).splitlines():
        cells = [cell.strip().replace(",", "") for cell in line.strip("|").split("|")]
        if re.fullmatch(contestant, line.strip("|").split(" | ")[0].strip()):
            return float(cells[2]), float(cells[3])
    raise ValueError(f"no row {contestant} in the table {benchmark}")


def _met(met: bool) -> str:
    return "met" if met else "missed"
