"""The review's tables as text: Sb anodes as wide as a terminal, alone or beside a simulation; hosts."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sbpath.literature.records import Host, Study
from sbpath.literature.theory import Departure, host_departures, host_theory
from sbpath.mechanism.notation import subscripted
from sbpath.text.tables import or_dash, table

if TYPE_CHECKING:
    from sbpath.experiments.beside import Beside

STUDY_HEAD = (
    "row", "ion", "material", "electrolyte", "binder", "CE / %", "mAh/g", "cycles", "mA/g", "rate mA/g", "mAh/g",
    "strategy", "ref.",
)  # fmt: skip
# Columns that may be cut and down to which width, one after the other; and columns that are left out
# where even that is too wide.
CUTS = (("electrolyte", 34), ("material", 20), ("electrolyte", 14), ("material", 12))
LEFT_OUT_FIRST = ("binder", "strategy", "electrolyte", "ion", "cycles")
# Rows beside a simulation: for a terminal, and what is added to the columns of a file.
BESIDE_HEAD = (
    "row", "ion", "material", "rate", "°C", "CE / %", "sim.", "mAh/g", "cycles", "sim.", "in / V", "out / V",
)  # fmt: skip
BESIDE_COLUMNS = (
    "Simulated system", "Simulated rate", "Simulated temperature [degC]", "Simulated first-cycle efficiency [%]",
    "Simulated first insertion [mA.h.g-1]", "Simulated insertion voltage [V]", "Simulated extraction voltage [V]",
    "Why not simulated",
)  # fmt: skip
QUANTITIES = {
    "molar_mass_g_per_mol": "molar mass / g/mol",
    "molar_volume_cm3_per_mol": "molar volume / cm3/mol",
    "capacity_mAh_per_g": "mAh/g",
    "capacity_mAh_per_cm3": "mAh/cm3",
    "volume_change_percent": "volume change / %",
}


def studies_report(studies: Sequence[Study], width: int, notes: bool = False) -> str:
    """The rows in `width` characters, long cells cut; with `notes` what there is to say of each."""
    lines = _fitted(list(STUDY_HEAD), [_study_row(study) for study in studies], width)
    count = f"{len(studies)} row{'s' if len(studies) != 1 else ''} of Tables 2-5"
    legend = (
        f"{count}. CE: coulombic efficiency of the first cycle. mAh/g after so many cycles, at the mA/g that the "
        "review's text gives; then the rate capability."
    )
    lines += ["", textwrap.fill(legend, min(width, 110))]
    if any(study.slip for study in studies) and not notes:
        lines.append("*: table and text of the review disagree; --notes tells how")
    if notes:
        lines += ["", *(_notes(study, width) for study in studies)]
    return "\n".join(lines)


def beside_report(rows: Sequence[Beside], width: int, notes: bool = False) -> str:
    """Printed and simulated numbers of each row side by side, and why a row has none simulated."""
    lines = _fitted(list(BESIDE_HEAD), [_beside_row(row) for row in rows], width)
    legend = (
        f"Tables 2-5 beside {rows[0].mechanism}, simulated at the mA/g of the row, or at C/10 where the review names "
        "none. CE: of the charge inserted in the first cycle, the share that came out again; the simulation loses none "
        "to the electrolyte. mAh/g: printed, after so many cycles; simulated, inserted in the first cycle, per gram "
        "of host. in, out: simulated mean voltages of that cycle."
    )
    lines += ["", textwrap.fill(legend, min(width, 110))]
    reasons: dict[str, list[str]] = {}
    for row in rows:
        if row.reason is not None:
            reasons.setdefault(row.reason, []).append(f"{row.study.table}.{row.study.row}")
    lines += [
        _indented(f"not simulated, {', '.join(which)}: {reason}", width) for reason, which in reasons.items()
    ]
    if notes:
        lines += ["", *(_notes(row.study, width) for row in rows)]
    return "\n".join(lines)


def beside_columns(rows: Sequence[Beside]) -> list[list[str]]:
    """What is simulated of each row, in the columns of `BESIDE_COLUMNS`."""
    return [
        [
            row.mechanism, row.rate, f"{row.temperature_C:g}",
            *("" if value is None else f"{value:.6g}" for value in (
                _percent(row), row.insertion_mAh_per_g, row.insertion_V, row.extraction_V,
            )),
            row.reason or "",
        ]
        for row in rows
    ]  # fmt: skip


def hosts_report(hosts: Sequence[Host], width: int) -> str:
    """Capacities and volume change, computed and as printed, and the printed values that do not follow."""
    head = [
        "host", "full phase", "g/cm3", "mAh/g", "printed", "mAh/cm3", "printed", "change / %", "printed",
    ]  # fmt: skip
    rows = []
    for host in hosts:
        theory = host_theory(host)
        rows.append(
            [
                host.host if width >= 90 else host.element,
                subscripted(host.formula) + ("*" if host.slip else ""), f"{host.density_g_per_cm3:.2f}",
                f"{theory.capacity_mAh_per_g:.1f}", f"{host.capacity_mAh_per_g:.0f}",
                f"{theory.capacity_mAh_per_cm3:.0f}", f"{host.capacity_mAh_per_cm3:.0f}",
                f"{theory.volume_change_percent:.1f}", f"{host.volume_change_percent:.1f}",
            ]
        )  # fmt: skip
    legend = (
        "Computed from formula, printed density of the full phase and atomic weights; capacities per gram and "
        "per cm3 of the empty host. Change: of the volume, from empty to full."
    )
    lines = [table(*_aligned(head, rows)), "", textwrap.fill(legend, min(width, 110))]
    lines += [_indented(f"*{host.printed_formula}: {host.slip}", width) for host in hosts if host.slip]
    departures = host_departures(hosts)
    strict = [departure for departure in departures if not departure.within_rounding]
    if strict:
        lines += ["", "Printed values that do not follow:", _departure_table(strict)]
    near = [departure for departure in departures if departure.within_rounding]
    if near:
        lines += ["", "Off, but no more than rounding of the densities allows:", _departure_table(near)]
    return "\n".join(lines)


def _departure_table(departures: Sequence[Departure]) -> str:
    rows = []
    for departure in departures:
        printed, computed = departure.printed, departure.computed
        digits = 1 if departure.quantity in ("molar_mass_g_per_mol", "volume_change_percent") else 0
        # One digit more than in print, to see by how much.
        rows.append(
            [
                subscripted(departure.formula), QUANTITIES[departure.quantity], f"{printed:.{digits}f}",
                f"{computed:.{digits + 1}f}", f"{printed - computed:+.{digits + 1}f}",
                f"{departure.rounding:.{digits + 1}f}",
            ]
        )  # fmt: skip
    return table(*_aligned(["full phase", "what", "printed", "computed", "off", "rounding allows"], rows))


def _study_row(study: Study) -> list[str]:
    return [
        f"{study.table}.{study.row}{'*' if study.slip else ''}", study.ion, subscripted(study.material),
        subscripted(study.electrolyte()), study.binder or "-",
        or_dash(study.first_cycle_efficiency_percent, "{:.1f}"), f"{study.capacity_mAh_per_g:g}", str(study.cycles),
        or_dash(study.cycling_current_mA_per_g, "{:g}"), or_dash(study.rate_current_mA_per_g, "{:g}"),
        or_dash(study.rate_capacity_mAh_per_g, "{:g}"), study.strategy, f"[{study.reference}]",
    ]  # fmt: skip


def _beside_row(row: Beside) -> list[str]:
    study = row.study
    return [
        f"{study.table}.{study.row}{'*' if study.slip else ''}", study.ion, subscripted(study.material), row.rate,
        f"{row.temperature_C:g}", or_dash(study.first_cycle_efficiency_percent, "{:.1f}"),
        or_dash(_percent(row), "{:.1f}"), f"{study.capacity_mAh_per_g:g}", str(study.cycles),
        or_dash(row.insertion_mAh_per_g, "{:.0f}"), or_dash(row.insertion_V, "{:.3f}"),
        or_dash(row.extraction_V, "{:.3f}"),
    ]  # fmt: skip


def _percent(row: Beside) -> float | None:
    return None if row.first_cycle_efficiency is None else 100.0 * row.first_cycle_efficiency


def _notes(study: Study, width: int) -> str:
    at = f" at {study.temperature_C:g} °C" if study.temperature_C is not None else ""
    parts = [
        f"{study.table}.{study.row} {subscripted(study.material)}{at}: {study.strategy} ({study.where}).",
        f"Slip: {study.slip}." if study.slip else "",
        f"{study.note}." if study.note else "",
        f"[{study.reference}] {study.citation}",
    ]
    return _indented(" ".join(part for part in parts if part), width)


def _fitted(head: list[str], rows: list[list[str]], width: int) -> list[str]:
    """The table in lines of `width` characters, and which columns had to be left out for it."""
    left_out = []
    for name in LEFT_OUT_FIRST:
        if name in head and _cut_widths(head, rows, width)[1]:
            index = head.index(name)
            head, rows = _without(head, index), [_without(row, index) for row in rows]
            left_out.append(name)
    lines = [table(*_aligned(head, _cut(head, rows, width)))]
    if left_out:
        rest = f"left out, for want of width: {', '.join(left_out)}; --csv writes every column"
        lines.append(_indented(rest, width))
    return lines


def _cut_widths(head: list[str], rows: list[list[str]], width: int) -> tuple[dict[str, int], int]:
    """Widths to cut columns to, so that a line has `width` characters, and how many it still has too many."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    excess = sum(widths) + 2 * (len(head) - 1) - width
    kept = {name: widths[head.index(name)] for name, _ in CUTS if name in head}
    for name, low in CUTS:
        if name in kept:
            taken = min(max(excess, 0), max(kept[name] - low, 0))
            kept[name] -= taken
            excess -= taken
    return kept, max(excess, 0)


def _cut(head: list[str], rows: list[list[str]], width: int) -> list[list[str]]:
    """`rows` with long cells cut to `_cut_widths`."""
    kept, _ = _cut_widths(head, rows, width)
    rooms = [kept.get(name, 10**6) for name in head]
    return [
        [
            cell if len(cell) <= room else f"{cell[: room - 1].rstrip()}…"
            for cell, room in zip(row, rooms, strict=True)
        ]
        for row in rows
    ]


def _aligned(head: list[str], rows: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    """Columns of numbers and dashes set to the right, under their headings."""
    columns = [list(column) for column in zip(head, *rows, strict=True)]
    for column in columns:
        if all(re.fullmatch(r"[-+]?[\d.]+|-", cell) for cell in column[1:]):
            widest = max(map(len, column))
            column[:] = [cell.rjust(widest) for cell in column]
    lines = [list(line) for line in zip(*columns, strict=True)]
    return lines[0], lines[1:]


def _without(cells: list[str], index: int) -> list[str]:
    return cells[:index] + cells[index + 1 :]


def _indented(text: str, width: int) -> str:
    return textwrap.fill(text, min(width, 110), subsequent_indent="    ")
