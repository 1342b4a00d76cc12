"""The review's tables of Sb anodes and hosts as text, fitted to the width of a terminal."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from sbpath.literature.entries import Host, ReportedAnode
from sbpath.literature.theory import PRINTED_DECIMALS, Departure, HostTheory, host_departures, host_theory
from sbpath.mechanism.notation import subscripted
from sbpath.text.tables import Column, Row, printed_cells, table

STUDY_COLUMNS: tuple[Column[ReportedAnode], ...] = (
    Column("", lambda study: marked_label(study), short="row"),
    Column("", lambda study: study.ion, short="ion"),
    Column("", lambda study: subscripted(study.material), short="material"),
    Column("", lambda study: subscripted(study.electrolyte()), short="electrolyte"),
    Column("", lambda study: study.binder or None, short="binder"),
    Column("", lambda study: study.first_cycle_efficiency_percent, short="CE / %", terminal="{:.1f}"),
    Column("", lambda study: study.capacity_mAh_per_g, short="mAh/g", terminal="{:g}"),
    Column("", lambda study: study.cycles, short="cycles"),
    Column("", lambda study: study.cycling_current_mA_per_g, short="mA/g", terminal="{:g}"),
    Column("", lambda study: study.rate_current_mA_per_g, short="rate mA/g", terminal="{:g}"),
    Column("", lambda study: study.rate_capacity_mAh_per_g, short="mAh/g", terminal="{:g}"),
    Column("", lambda study: study.strategy, short="strategy"),
    Column("", lambda study: study.reference, short="ref.", terminal="[{}]"),
)
# To fit a line, these columns are truncated in turn, each to a minimum width; if that is not enough,
# columns are dropped in turn.
TRUNCATED = (("electrolyte", 34), ("material", 20), ("electrolyte", 14), ("material", 12))
DROPPED = ("binder", "strategy", "electrolyte", "ion", "cycles")
QUANTITIES = {
    "molar_mass_g_per_mol": "molar mass / g/mol",
    "molar_volume_cm3_per_mol": "molar volume / cm3/mol",
    "capacity_mAh_per_g": "mAh/g",
    "capacity_mAh_per_cm3": "mAh/cm3",
    "volume_change_percent": "volume change / %",
}


def studies_report(studies: Sequence[ReportedAnode], width: int, notes: bool = False) -> str:
    """The rows in `width` characters, long cells truncated; with `notes` the remarks on each row."""
    legend = (
        f"{len(studies)} row{'s' if len(studies) != 1 else ''} of Tables 2-5. CE: coulombic efficiency of the first "
        "cycle. mAh/g after this number of cycles, at the mA/g given in the review's text; then the rate capability."
    )
    lines = [*fitted(STUDY_COLUMNS, studies, width), "", filled(legend, width, "")]
    if notes:
        lines += ["", *(notes_text(study, width) for study in studies)]
    elif any(study.slip for study in studies):
        lines.append("*: table and text of the review disagree; see --notes")
    return "\n".join(lines)


def hosts_report(hosts: Sequence[Host], width: int) -> str:
    """Capacities and volume change, computed and as printed, and the printed values that differ."""
    columns: tuple[Column[tuple[Host, HostTheory]], ...] = (
        Column("", lambda h: h[0].host if width >= 90 else h[0].element, short="host"),
        Column("", lambda h: subscripted(h[0].formula) + "*" * bool(h[0].slip), short="full phase"),
        Column("", lambda h: h[0].density_g_per_cm3, short="g/cm3", terminal="{:.2f}"),
        Column("", lambda h: h[1].capacity_mAh_per_g, short="mAh/g", terminal="{:.1f}"),
        Column("", lambda h: h[0].capacity_mAh_per_g, short="printed", terminal="{:.0f}"),
        Column("", lambda h: h[1].capacity_mAh_per_cm3, short="mAh/cm3", terminal="{:.0f}"),
        Column("", lambda h: h[0].capacity_mAh_per_cm3, short="printed", terminal="{:.0f}"),
        Column("", lambda h: h[1].volume_change_percent, short="change / %", terminal="{:.1f}"),
        Column("", lambda h: h[0].volume_change_percent, short="printed", terminal="{:.1f}"),
    )
    rows = [(host, host_theory(host)) for host in hosts]
    legend = (
        "Computed from formula, printed density of the full phase and atomic weights; capacities per gram and "
        "per cm3 of the empty host. Change: of the volume, from empty to full."
    )
    lines = [aligned(*printed_cells(columns, rows)), "", filled(legend, width, "")]
    lines += [filled(f"*{host.printed_formula}: {host.slip}", width) for host in hosts if host.slip]
    departures = host_departures(hosts)
    for title, within in (
        ("Printed values that do not follow:", False),
        ("Off, but no more than rounding of the densities allows:", True),
    ):
        if chosen := [departure for departure in departures if departure.within_rounding is within]:
            lines += ["", title, _departure_table(chosen)]
    return "\n".join(lines)


def marked_label(study: ReportedAnode) -> str:
    """``2.3``, with an asterisk if table and text disagree."""
    return f"{study.label}{'*' if study.slip else ''}"


def notes_text(study: ReportedAnode, width: int) -> str:
    """The remarks on a row, and its full citation."""
    at = f" at {study.temperature_C:g} °C" if study.temperature_C is not None else ""
    parts = [
        f"{study.label} {subscripted(study.material)}{at}: {study.strategy} ({study.where}).",
        f"Slip: {study.slip}." if study.slip else "",
        f"{study.note}." if study.note else "",
        f"[{study.reference}] {study.citation}",
    ]
    return filled(" ".join(part for part in parts if part), width)


def fitted(columns_of: Sequence[Column[Row]], records: Sequence[Row], width: int) -> list[str]:
    """The table in lines of `width` characters, and a line naming dropped columns."""
    head, rows = printed_cells(columns_of, records)
    columns = [list(column) for column in zip(head, *rows, strict=True)]
    dropped = []
    for name in DROPPED:
        if _widths(columns, width)[1] > 0 and any(column[0] == name for column in columns):
            columns = [column for column in columns if column[0] != name]
            dropped.append(name)
    for column, limit in zip(columns, _widths(columns, width)[0], strict=True):
        column[1:] = [c if len(c) <= limit else f"{c[: limit - 1].rstrip()}…" for c in column[1:]]
    first, *others = zip(*columns, strict=True)
    lines = [aligned(first, others)]
    if dropped:
        lines.append(
            filled(f"left out to fit the width: {', '.join(dropped)}; --csv writes every column", width)
        )
    return lines


def aligned(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with right-aligned columns of numbers and dashes."""
    columns = [list(column) for column in zip(head, *rows, strict=True)]
    for column in columns:
        if all(re.fullmatch(r"[-+]?[\d.]+|-", cell) for cell in column[1:]):
            widest = max(map(len, column))
            column[:] = [cell.rjust(widest) for cell in column]
    head, *rows = zip(*columns, strict=True)
    return table(head, rows)


def filled(text: str, width: int, indent: str = "    ") -> str:
    """A paragraph of at most `width` or 110 characters per line; later lines are indented."""
    return textwrap.fill(text, min(width, 110), subsequent_indent=indent)


def _widths(columns: Sequence[Sequence[str]], width: int) -> tuple[list[int], int]:
    """Widths of the truncated columns for a line of `width` characters, and the characters still in excess."""
    widths = [max(map(len, column)) for column in columns]
    excess = sum(widths) + 2 * (len(columns) - 1) - width
    for name, minimum in TRUNCATED:
        for index, column in enumerate(columns):
            if column[0] == name:
                removed = max(0, min(excess, widths[index] - minimum))
                widths[index] -= removed
                excess -= removed
    return widths, max(excess, 0)


def _departure_table(departures: Sequence[Departure]) -> str:
    rows = []
    for one in departures:
        digits = PRINTED_DECIMALS[one.quantity]
        more = digits + 1  # to show by how much they differ
        rows.append(
            [
                subscripted(one.formula), QUANTITIES[one.quantity], f"{one.printed:.{digits}f}",
                f"{one.computed:.{more}f}", f"{one.printed - one.computed:+.{more}f}", f"{one.rounding:.{more}f}",
            ]
        )  # fmt: skip
    return aligned(["full phase", "what", "printed", "computed", "off", "rounding allows"], rows)
