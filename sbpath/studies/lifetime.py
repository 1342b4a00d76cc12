"""Lifetime: what each cycle loses and where, capacity against cycle, and what is left in a full cell."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from sbpath.arguments import number, whole
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.records import value_or
from sbpath.protocol.outcome import Outcome
from sbpath.protocol.protocol import cycling
from sbpath.results.ledger import LedgerEntry, full_cell_capacity, ledger
from sbpath.solution import Solution
from sbpath.studies.remedies import remedies_text, what_would_help
from sbpath.studies.study import RATE, Argument, Study
from sbpath.text.report import heading
from sbpath.text.tables import Column, printed_table

# A capacity below this share of the third cycle's is worn out; the first two are formation.
WORN, FORMED = 0.8, 3
# Cycles printed: the first, these in each decade, and the last.
IN_A_DECADE = (1, 2, 3, 5)


def printed_cycles(entries: Sequence[LedgerEntry]) -> list[LedgerEntry]:
    """Cycle 1, 2, 3, then ever fewer, and the last."""
    last = entries[-1].cycle if entries else 0
    chosen = {n * 10**k for k in range(len(str(last))) for n in IN_A_DECADE if k == 0 or n != 3}
    return [entry for entry in entries if entry.cycle in chosen or entry.cycle == last]


COLUMNS: tuple[Column[LedgerEntry], ...] = (
    Column("Cycle", lambda e: e.cycle, short="cycle", terminal="{:5d}"),
    Column("Inserted [mA.h.g-1]", lambda e: e.inserted, "{:.4f}", "in", "{:6.1f}"),
    Column("Extracted [mA.h.g-1]", lambda e: e.extracted, "{:.4f}", "out", "{:6.1f}"),
    Column("", lambda e: e.film, short="film host", terminal="{:9.2f}"),
    Column("Film on host: as built [mA.h.g-1]", lambda e: e.sealed, "{:.6f}"),
    Column("Film on host: from breaking [mA.h.g-1]", lambda e: e.fresh, "{:.6f}"),
    Column("Film on host: torn open [mA.h.g-1]", lambda e: e.torn, "{:.6f}"),
    Column("Film on host: growth [mA.h.g-1]", lambda e: e.grown, "{:.6f}"),
    Column("Film on idle surface [mA.h.g-1]", lambda e: e.idle, "{:.6f}", "film idle", "{:9.2f}"),
    Column("Cut off [mA.h.g-1]", lambda e: e.cut_off, "{:.6f}", "cut off", "{:7.3f}"),
    Column("", lambda e: round(e.held + e.layer, 2) + 0.0, short="left", terminal="{:6.2f}"),
    Column("Left in live host [mA.h.g-1]", lambda e: e.held, "{:.6f}"),
    Column("Left in double layer [mA.h.g-1]", lambda e: e.layer, "{:.6f}"),
    Column("Coulombic efficiency", lambda e: e.efficiency, "{:.6f}", "eff. / %", "{:8.2%}"),
    Column("Live share", lambda e: e.live_share, "{:.6f}", "live", "{:7.2%}"),
    Column("Film thickness [nm]", lambda e: e.film_thickness_nm, "{:.4f}", "film / nm", "{:9.2f}"),
)  # fmt: skip


def report(solution: Solution) -> str:
    """The ledger of selected cycles, what the first cycle lost, and capacities."""
    entries = ledger(solution)
    rest = max((abs(_unexplained(entry)) for entry in entries), default=0.0)
    lines = [
        heading(solution),
        "",
        printed_table(COLUMNS, printed_cycles(entries)),
        "mAh per gram of host: in = out + film on host + film on idle surface (carbon) + cut off with its host + left",
        f"in live host and double layer, to {rest:.0e} in every cycle",
        *_passed_over(solution),
        *_without(solution.mechanism),
    ]
    if entries:
        lines += ["", *_first(entries[0]), *_capacities(solution, entries)]
    if reach := _reach(solution.mechanism):
        lines += ["", *reach]
    return "\n".join(lines)


def _unexplained(entry: LedgerEntry) -> float:
    return entry.lost - entry.film - entry.idle - entry.cut_off - entry.held - entry.layer


def _passed_over(solution: Solution) -> list[str]:
    cycles = {s.cycle for s in solution.steps if s.outcome is Outcome.EXTRAPOLATED}
    if not cycles:
        return []
    total = solution.steps[-1].cycle
    return [f"{total - len(cycles)} of {total} cycles were solved, the others extrapolated from them"]


def _without(mechanism: Mechanism) -> list[str]:
    """What this electrode cannot lose, and how to add it."""
    electrode, lines = mechanism.electrode, []
    if mechanism.electrolyte.film is None:
        lines += ["no film: this electrolyte takes no charge; add one that does, e.g. --electrolyte fec"]
    if not value_or(electrode.contact_loss, 0.0):
        lines += [
            "no fade: no host is cut off; add a design that loses contact, e.g. --design nano, or a number of your"
            " own, --set electrode.contact_loss=1e-4"
        ]
    return lines


def _first(entry: LedgerEntry) -> list[str]:
    if entry.film + entry.idle <= 0.0 or entry.inserted <= 0.0:
        return []
    parts = {
        "taken out": entry.extracted,
        "film on surface as built": entry.sealed,
        "on surface from breaking": entry.fresh,
        "where torn open": entry.torn,
        "by growth": entry.grown,
        "on carbon": entry.idle,
        "cut off": entry.cut_off,
        "left": entry.held + entry.layer,
    }
    shares = [f"{name} {part / entry.inserted:.1%}" for name, part in parts.items()]
    return [
        f"of the {entry.inserted:.1f} mAh/g put in during cycle {entry.cycle}:",
        f"  {', '.join(shares[:4])},",
        f"  {', '.join(shares[4:])}",
    ]


def _capacities(solution: Solution, entries: Sequence[LedgerEntry]) -> list[str]:
    first, last = entries[0], entries[-1]
    inactive = value_or(solution.mechanism.electrode.inactive_mass_g_per_g, 0.0)
    lines = []
    if inactive > 0.0:
        lines += [
            f"per gram of the whole electrode ({inactive:g} g of inactive mass per gram of host): "
            f"{first.extracted / (1.0 + inactive):.1f} mAh/g in cycle {first.cycle}, "
            f"{last.extracted / (1.0 + inactive):.1f} in cycle {last.cycle}"
        ]
    if len(entries) > FORMED:
        formed = entries[FORMED - 1].extracted
        lines += [
            f"capacity of cycle {last.cycle}: {last.extracted / formed:.1%} of cycle {FORMED}"
            + _worn([entry.extracted for entry in entries], formed)
        ]
    return lines


def _worn(capacities: Sequence[float], full: float) -> str:
    """Where the capacities fall below the usual 80 %."""
    for cycle, capacity in enumerate(capacities, 1):
        if cycle > FORMED and capacity < WORN * full:
            return f"; below {WORN:.0%} from cycle {cycle}"
    return ""


def _reach(mechanism: Mechanism) -> list[str]:
    """How far the numbers can be trusted, beside them."""
    lines = []
    if mechanism.electrolyte.film is not None and mechanism.electrolyte.kind == "liquid":
        lines += [
            "first-cycle efficiency: +-10 points, from exposed area; the charge that seals is fitted to 46 cells of the",
            "review, only its product with the areas, and their tables do not tell electrolytes apart",
            "later efficiency: the share torn open is fitted to one electrode (bulk Sb in a sodium cell)",
        ]
    elif mechanism.electrolyte.film is not None:
        lines += ["film of a solid electrolyte: assumed; four cells are printed, without their areas"]
    if value_or(mechanism.electrode.contact_loss, 0.0):
        lines += [
            "fade: fitted or assumed, not predicted; electrodes of one design differ sixty-fold, so fit your own contact_loss"
        ]
    return lines


def _further(
    solution: Solution, progress: bool, reserve: float | None = None, what_helps: int | None = None
) -> str:
    """The full cell, and what would help."""
    parts = []
    if reserve is not None:
        parts += [_full_cell(ledger(solution), reserve)]
    if what_helps is not None:
        found = what_would_help(solution, what_helps, reserve_mAh_per_g=reserve, progress=progress)
        parts += [remedies_text(found)]
    return "\n\n".join(parts)


def _full_cell(entries: list[LedgerEntry], reserve: float) -> str:
    capacities = full_cell_capacity(entries, reserve).tolist()
    kept = dict(zip((entry.cycle for entry in entries), capacities, strict=True))
    columns: tuple[Column[LedgerEntry], ...] = (
        COLUMNS[0],
        Column("", lambda e: kept[e.cycle], short="full cell", terminal="{:9.1f}"),
        Column("", lambda e: e.extracted, short="half-cell", terminal="{:9.1f}"),
    )
    formed = capacities[min(FORMED, len(capacities)) - 1]
    return (
        f"full cell whose counter-electrode brings {reserve:g} mAh per gram of host{_worn(capacities, formed)}:\n"
        + printed_table(columns, printed_cycles(entries))
    )


STUDY = Study(
    name="lifetime",
    title="what each cycle loses, and where; capacity against cycle",
    description="Cycle an electrode that loses charge and host: film on its surfaces (--electrolyte), lost contact "
    "(--design). Prints where the charge of each cycle went, efficiency and capacity.",
    example="sbpath run lifetime li-sb --cycles 500 --electrolyte fec --design nano --plot lifetime.png",
    arguments=(
        Argument("cycles", 100, "how many", "N", kind=int, parameters=("cycles",)),
        RATE,
        Argument(
            "extrapolate", None, "pass over cycles while losses change by less than SHARE, e.g. 0.02", "SHARE", kind=float,
            role="simulation",
        ),
        Argument(
            "reserve", None, "alkali that a full cell's counter-electrode brings, mAh per gram of host", "Q", kind=float,
            check=partial(number, above=0.0), role="further",
        ),
        Argument(
            "what_helps", None, "halve and double each number, N cycles each, and print what helps most", "N", kind=int,
            check=partial(whole, least=2), role="further",
        ),
    ),
    protocol=cycling,
    rows=ledger,
    columns=COLUMNS,
    report=report,
    figure="lifetime",
    keep="ends",
    further=_further,
)  # fmt: skip
