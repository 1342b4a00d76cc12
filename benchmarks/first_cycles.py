"""First-cycle efficiencies of the review's 46 liquid cells: what area and film predict, beside simpler guesses.

A row's design, areas and reversible capacity Q are assumed from its name and text (``literature/electrodes.csv``)
before any fit. Its efficiency is then

    100 Q / (Q + q0 (A_i + A)),   A = A_c - (A_c - A_0) exp(-g ln(V_full/V_0))

with A = 0 where carbon covers the host. The charge q0 that seals a surface and the area A_c of fragments are fitted by
the least sum of absolute errors, on a grid. Rows left out one by one, and rows shuffled among the designs, tell what
that is worth. ``python first_cycles.py FIGURE.png`` draws the rows.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from helper import table
from sbpath import cycling, ledger, literature, load_mechanism, simulate, with_changes
from sbpath.kernels import Floats
from sbpath.literature.csv_files import shipped_folder

# Strain of one insertion, ln(V_full/V_0), of the host with each ion, and the system simulated for it.
STRAIN = {"Li": 0.854, "Na": 1.362, "K": 1.716}
SYSTEM = {"Li": ("li-sb", 0.05), "Na": ("na-sb-nasb", 0.02), "K": ("k-sb-ksb", 0.02)}
# Rows whose host is no Sb, or whose cell has a file of its own: there the loss is conversion that does not run back.
OWN_SYSTEM = {
    "4.4": "k-sb4o5cl2", "5.1": "li-sb-llzo", "5.2": "li-gasb-libh4", "5.3": "li-gasb-libh4", "5.4": "li-sb-libh4",
    "5.5": "li-sb2s3-libh4", "5.6": "li-sb2se3-libh4", "5.7": "li-sb2te3-libh4", "5.8": "li-sb2s3-lps",
}  # fmt: skip
CLOSE = 10.0  # points
SHUFFLES, SEED = 60, 20240101
# Charge that seals (mAh/m2), and area of fragments (m2/g).
CHARGES, FRAGMENTS = np.geomspace(0.8, 9.0, 160), np.geomspace(5.0, 600.0, 140)
FULL = 660.35  # mAh per gram of Sb


@dataclass(frozen=True)
class Row:
    """A cell: what is printed of it, and what is assumed of its electrode; areas per gram of active material."""

    label: str
    material: str
    ion: str
    strategy: str
    printed: float
    design: str
    high_area: bool
    electrolyte: str
    idle: float
    area: float | None
    capacity: float
    fitted: bool
    why: str

    @property
    def kind(self) -> str:
        """The design, of which composites have two areas."""
        return f"{self.design}, high area" if self.high_area else self.design


@cache
def rows() -> tuple[Row, ...]:
    """All 55 rows of Tables 2-5."""
    with (shipped_folder() / "electrodes.csv").open(newline="", encoding="utf-8") as handle:
        assumed = {f"{line['Table']}.{line['Row']}": line for line in csv.DictReader(handle)}
    found = []
    for study in literature.find_anodes():
        line = assumed[study.label]
        area = line["Host area [m2.g-1]"]
        found.append(
            Row(
                study.label, study.material, study.ion, study.strategy,
                float(study.first_cycle_efficiency_percent or "nan"), line["Design"], line["Area"] == "high",
                line["Electrolyte"], float(line["Idle area [m2.g-1]"]), float(area) if area else None,
                float(line["Reversible capacity [mA.h.g-1]"]), line["Fitted"] == "yes", line["Why"],
            )
        )  # fmt: skip
    return tuple(found)


def efficiencies(cells: Sequence[Row], fragmentation: float) -> Floats:
    """Of each row (%), shape (q0, A_c, row)."""
    idle, capacity = np.array([[r.idle, r.capacity] for r in cells]).T
    area = np.array([r.area or 0.0 for r in cells])
    touches = np.array([r.area is not None for r in cells])
    unbroken = np.exp(-fragmentation * np.array([STRAIN[r.ion] for r in cells]))
    host = touches * (FRAGMENTS[:, None] * (1.0 - unbroken) + area * unbroken)
    return 100.0 * capacity / (capacity + CHARGES[:, None, None] * (idle + host))


@dataclass(frozen=True)
class Score:
    """How well a guess does."""

    name: str
    numbers: int
    close: int
    mean_error: float
    left_out: int | None = None
    left_out_error: float | None = None

    def row(self) -> list[str]:
        """The cells of a table."""
        alone = ["", ""] if self.left_out is None else [str(self.left_out), f"{self.left_out_error:.1f}"]
        return [self.name, str(self.numbers), str(self.close), f"{self.mean_error:.1f}", *alone]


def scored(
    name: str, numbers: int, errors: Floats, left_out: Floats | None = None, close: float = CLOSE
) -> Score:
    """The score of a guess from the errors of all rows, and from those of each row left out in turn."""
    alone = (None, None) if left_out is None else (int((left_out <= close).sum()), float(left_out.mean()))
    return Score(name, numbers, int((errors <= close).sum()), float(errors.mean()), *alone)


def by_area(cells: Sequence[Row], fragmentation: float, printed: Floats, alone: bool = True) -> Score:
    """Area times charge, both fitted."""
    errors = np.abs(efficiencies(cells, fragmentation) - printed)
    flat = errors.reshape(-1, len(cells))
    sums = flat.sum(axis=1)
    best = flat[sums.argmin()]
    left_out = None
    if alone:
        left_out = np.array([flat[(sums - flat[:, i]).argmin(), i] for i in range(len(cells))])
    return scored(f"area x q0 with fragments, g = {fragmentation:g}", 2, best, left_out)


def without_fragments(cells: Sequence[Row], printed: Floats) -> Score:
    """Area as built times charge."""
    errors = np.abs(efficiencies(cells, 0.0)[:, 0] - printed)
    return scored("area x q0, no fragments", 1, errors[errors.sum(axis=1).argmin()])


def by_median(name: str, groups: Sequence[str], printed: Floats, close: float = CLOSE) -> Score:
    """The median of each group; a row left out alone in its group gets that of all."""
    keys, left_out, errors = np.array(groups), [], []
    for i, key in enumerate(groups):
        same = keys == key
        errors.append(abs(np.median(printed[same]) - printed[i]))
        same[i] = False
        others = printed[same] if same.any() else np.delete(printed, i)
        left_out.append(abs(np.median(others) - printed[i]))
    return scored(name, len(set(groups)), np.array(errors), np.array(left_out), close)


def shuffled(cells: Sequence[Row], printed: Floats, fragmentation: float = 0.5) -> list[int]:
    """Rows within 10 points when printed efficiencies are shuffled among the electrodes and the fit repeated."""
    chance, predicted = np.random.default_rng(SEED), efficiencies(cells, fragmentation)
    found = []
    for _ in range(SHUFFLES):
        errors = np.abs(predicted - chance.permutation(printed)).reshape(-1, len(cells))
        found.append(int((errors[errors.sum(axis=1).argmin()] <= CLOSE).sum()))
    return found


def scores() -> list[Score]:
    """Of every guess."""
    cells = [row for row in rows() if row.fitted]
    printed = np.array([row.printed for row in cells])
    return [
        by_median("median of all rows", [""] * len(cells), printed),
        by_median("median of each ion", [r.ion for r in cells], printed),
        by_median("median of each strategy", [r.strategy for r in cells], printed),
        without_fragments(cells, printed),
        by_area(cells, 0.5, printed),
        by_area(cells, 2.0, printed),
        by_median("median of each design", [r.kind for r in cells], printed),
    ]


@cache
def _simulated(name: str, lower: float, design: str, electrolyte: str, idle: float) -> float:
    mechanism = load_mechanism(name, None, design, electrolyte)
    mechanism = with_changes(mechanism, {"electrode.idle_area_m2_per_g": idle})
    solution = simulate(mechanism, cycling("C/10", lower, mechanism.upper_cutoff_V), progress=False)
    return 1e2 * ledger(solution)[0].efficiency


def simulated(row: Row) -> float:
    """First-cycle efficiency (%) with the row's design and electrolyte.

    The host is Sb for all alloys in liquid cells. Areas of a composite are per gram of composite, whose share of Sb is
    its capacity over that of Sb. A cell with a solid electrolyte is that of its file, which has no film: what it loses is conversion.
    """
    if row.label in OWN_SYSTEM and row.label.startswith("5."):
        return 1e2 * ledger(simulate(OWN_SYSTEM[row.label], progress=False))[0].efficiency
    share = 1.0 if row.area is not None else row.capacity / FULL
    name, lower = SYSTEM[row.ion]
    name = OWN_SYSTEM.get(row.label, name)
    return _simulated(name, lower, row.design, row.electrolyte, round(row.idle / share, 1))


def report(quick: bool) -> str:
    """Scores of all guesses; every row simulated, with the reason for its design."""
    head = ["guess", "fitted", "within 10 of 46", "mean error", "left out one by one", "mean error"]
    lines = [score.row() for score in scores()]
    cells = [row for row in rows() if row.fitted]
    counts = shuffled(cells, np.array([row.printed for row in cells]))
    text = [
        table(head, lines),
        f"shuffled among the electrodes {SHUFFLES} times: {np.mean(counts):.0f} on average, {max(counts)} at most",
    ]
    if not quick:
        found = [(row, simulated(row)) for row in rows()]
        errors = np.array([abs(s - r.printed) for r, s in found if r.fitted])
        text += [
            "",
            table(
                ["row", "material", "ion", "design", "electrolyte", "printed / %", "simulated / %", "why this design"],
                [
                    [
                        r.label, r.material, r.ion, r.kind, r.electrolyte, f"{r.printed:.1f}", f"{s:.1f}", r.why,
                    ]
                    for r, s in found
                ],
            ),
            f"simulated with the shipped numbers: {(errors <= CLOSE).sum()} of {len(errors)} within 10 points, "
            f"mean error {errors.mean():.1f}",
        ]  # fmt: skip
    return "\n".join(text)


def figure(path: str) -> None:
    """Printed and simulated efficiency of every row, by design; a line joins the two."""
    import matplotlib.pyplot as plt

    from sbpath import plots

    kinds = sorted({row.kind for row in rows()})
    pairs = [(row, simulated(row)) for row in rows()]
    pairs.sort(key=lambda pair: (not pair[0].fitted, kinds.index(pair[0].kind), pair[0].label))
    ordered, values = [row for row, _ in pairs], np.array([value for _, value in pairs])
    printed = np.array([row.printed for row in ordered])
    places = np.arange(len(ordered))
    with plots.style():
        _, ax = plt.subplots(figsize=(7.2, 0.16 * len(ordered) + 0.9), layout="constrained")
        ax.hlines(places, printed, values, color="0.75", lw=0.8, zorder=1)
        ax.plot(printed, places, "o", ms=4, color="black", label="printed")
        ax.plot(values, places, "|", ms=8, mew=1.8, color="#D55E00", label="simulated")
        names = [
            f"{row.label}  {row.material}, {row.ion}; {row.kind}" + ("" if row.fitted else "; not fitted")
            for row in ordered
        ]
        ax.set_yticks(places, names, fontsize="small")
        ax.set_ylim(len(ordered) - 0.4, -0.6)
        ax.set_xlim(0.0, 102.0)
        ax.set_xlabel("First-cycle efficiency  (%)")
        ax.legend(loc="lower left")
        plots.save(ax, path)


if __name__ == "__main__":
    print(report(quick=False))
    if sys.argv[1:]:
        figure(sys.argv[1])
