"""Rate capability of the review's cells: each row simulated at its rate with its design, beside simpler guesses.

A row prints one capacity at one current. Its design is assumed from its name and text (``literature/electrodes.csv``)
before any fit, its host is Sb for all alloys, and current and capacity of a composite are per gram of composite, whose
share of Sb is its capacity over that of Sb. The third extraction counts, without film. Exchange current densities are fitted by the least sum of absolute errors, on a grid, for each ion; and again without each row.
``python rates.py`` prints all rows and puts the scores into the README of this folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from first_cycles import FULL, Row, Score, by_median, rows, scored
from helper import table, write_readme
from sbpath import cycle_summaries, cycling, literature, load_mechanism, shipped_names, simulate
from sbpath.kernels import Floats

CLOSE = 60.0  # mAh/g
# Exchange current densities tried (A/m2).
EXCHANGE = "kinetics.exchange_current_A_per_m2"
TRIED = np.geomspace(1e-4, 10.0, 16)
SYSTEM = {"Li": "li-sb", "Na": "na-sb", "K": "k-sb"}
SHUFFLES, SEED = 60, 20240101


@dataclass(frozen=True)
class Cell:
    """A row with a rate: current (mA/g), capacity at it and after cycling (mAh/g) as printed, and °C if printed."""

    row: Row
    current: float
    printed: float
    cycled: float
    temperature: float | None

    @property
    def share(self) -> float:
        """Of Sb, in a composite."""
        return 1.0 if self.row.area is not None else self.row.capacity / FULL


@cache
def cells() -> tuple[Cell, ...]:
    """The rows with a rate, a capacity at it, and an electrolyte."""
    studies = {study.label: study for study in literature.find_anodes()}
    return tuple(
        Cell(row, current, capacity, study.capacity_mAh_per_g, study.temperature_C)
        for row in rows()
        if row.electrolyte
        and (current := (study := studies[row.label]).rate_current_mA_per_g) is not None
        and (capacity := study.rate_capacity_mAh_per_g) is not None
    )


@cache
def _extracted(
    name: str, design: str | None, current: float, celsius: float | None, exchange: float | None
) -> float:
    """Third extraction (mAh per gram of Sb); 0 if no charge passes."""
    mechanism = load_mechanism(name, None if exchange is None else {EXCHANGE: exchange}, design)
    protocol = cycling(f"{current} mA/g", mechanism.lower_cutoff_V, mechanism.upper_cutoff_V, 3)
    # The fit takes single particles, tens of times faster than a spread.
    population = None if exchange is None else 1
    found = cycle_summaries(
        simulate(
            mechanism, protocol, temperature_C=celsius, population=population, progress=False, keep="ends"
        )
    )
    return found[-1].extraction_mAh_per_g if found else 0.0


def simulated(cell: Cell, exchange: float | None = None) -> float:
    """Capacity (mAh/g) at the row's rate, with another exchange current density (A/m2) if given."""
    row = cell.row
    # Files with a solid electrolyte have their own contacts, that of a powder.
    solid = f"li-sb-{row.electrolyte}"
    name, design = (solid, None) if solid in shipped_names() else (SYSTEM[row.ion], row.design)
    current = round(cell.current / cell.share, 3)
    return cell.share * _extracted(name, design, current, cell.temperature, exchange)


def grid() -> Floats:
    """Capacities (mAh/g) with each exchange current density tried, shape (tried, row)."""
    return np.array([[simulated(cell, exchange) for cell in cells()] for exchange in TRIED.tolist()])


def by_exchange(ions: Sequence[str], capacities: Floats, printed: Floats) -> Score:
    """One exchange current density for each ion, from the capacities with each that was tried, see `grid`."""
    errors, best, left_out = np.abs(capacities - printed), np.empty(len(printed)), np.empty(len(printed))
    found = {}
    for ion in dict.fromkeys(ions):
        own = np.flatnonzero(np.array(ions) == ion)
        sums = errors[:, own].sum(axis=1)
        found[ion] = float(TRIED[sums.argmin()])
        best[own] = errors[sums.argmin(), own]
        left_out[own] = [errors[(sums - errors[:, i]).argmin(), i] for i in own]
    name = ", ".join(f"{ion} {value:.2g}" for ion, value in found.items())
    return scored(f"simulated, i0 of each ion fitted: {name} A/m2", len(found), best, left_out, CLOSE)


def scores() -> list[Score]:
    """Of every guess."""
    own = cells()
    printed, cycled = (np.array([getattr(c, key) for c in own]) for key in ("printed", "cycled"))
    ions = [c.row.ion for c in own]
    ratio = printed / cycled
    others = np.array([np.median(np.delete(ratio, i)) for i in range(len(own))])

    def guess(name: str, capacities: Floats) -> Score:
        return scored(name, 0, np.abs(capacities - printed), None, CLOSE)

    return [
        by_median("median of all rows", [""] * len(own), printed, CLOSE),
        by_median("median of each ion", ions, printed, CLOSE),
        by_median("median of each strategy", [c.row.strategy for c in own], printed, CLOSE),
        by_median("median of each design", [c.row.kind for c in own], printed, CLOSE),
        guess("capacity of the design, whatever the rate", np.array([c.row.capacity for c in own])),
        guess("the row's own capacity after cycling, whatever the rate", cycled),
        scored(
            "the same times the median ratio",
            1,
            np.abs(np.median(ratio) * cycled - printed),
            np.abs(others * cycled - printed),
            CLOSE,
        ),
        guess("simulated with the shipped numbers", np.array([simulated(c) for c in own])),
        by_exchange(ions, grid(), printed),
    ]


def shuffled() -> list[float]:
    """Mean errors (mAh/g) when the printed capacities are shuffled among the rows and the fit repeated."""
    own, chance = cells(), np.random.default_rng(SEED)
    printed = np.array([c.printed for c in own])
    ions, found = [c.row.ion for c in own], grid()
    return [by_exchange(ions, found, chance.permutation(printed)).mean_error for _ in range(SHUFFLES)]


def report() -> str:
    """Scores of all guesses, as Markdown."""
    head = [
        "guess",
        "fitted",
        f"within {CLOSE:g} of {len(cells())}",
        "mean error",
        "left out one by one",
        "mean error",
    ]
    lines = [score.row() for score in scores()]
    errors = shuffled()
    return "\n".join(
        [
            table(head, lines),
            "",
            f"Errors in mAh/g. Capacities shuffled among the rows {SHUFFLES} times, and fitted: mean error "
            f"{np.mean(errors):.0f} on average, {min(errors):.0f} at least.",
        ]
    )


def every_row() -> str:
    """Printed and simulated capacity of every row."""
    head = ["row", "material", "ion", "design", "A/g", "printed / mAh/g", "after cycling", "simulated"]
    return table(
        head,
        [
            [
                c.row.label, c.row.material, c.row.ion, c.row.kind, f"{1e-3 * c.current:g}", f"{c.printed:.0f}",
                f"{c.cycled:.0f}", f"{simulated(c):.0f}",
            ]
            for c in cells()
        ],
    )  # fmt: skip


if __name__ == "__main__":
    text = report()
    write_readme("rates", text)
    print(every_row(), text, sep="\n\n")
