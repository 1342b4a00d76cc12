"""Rows of the tables as text, and as a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from sbpath.errors import InputError
from sbpath.files import written_whole
from sbpath.literature.cells import written
from sbpath.literature.records import Host, Study
from sbpath.literature.sheets import columns
from sbpath.literature.theory import host_theory

# Computed columns of the hosts, by field of their theory.
COMPUTED = {
    "Computed molar mass [g.mol-1]": "molar_mass_g_per_mol",
    "Computed molar volume [cm3.mol-1]": "molar_volume_cm3_per_mol",
    "Computed capacity [mA.h.g-1]": "capacity_mAh_per_g",
    "Computed capacity [mA.h.cm-3]": "capacity_mAh_per_cm3",
    "Computed capacity of the full phase [mA.h.cm-3]": "capacity_mAh_per_cm3_full",
    "Computed volume change [%]": "volume_change_percent",
}


def literature_table(records: Sequence[Study] | Sequence[Host]) -> tuple[list[str], list[list[str]]]:
    """Headings and rows, all of text: the columns of the file, then what sbpath adds.

    To a study that is its citation, to a host the density and its source of the empty host, and
    the computed numbers.

    Raises
    ------
    InputError
        If there are no records.
    """
    if not records:
        raise InputError("literature: there are no rows to write; ask for less")
    schema = columns(type(records[0]))
    rows = [
        [written(getattr(record, name)) for name, _ in schema.values()] + _added(record) for record in records
    ]
    if isinstance(records[0], Study):
        return [*schema, "Citation"], rows
    return [*schema, "Empty host density [g.cm-3]", "Source of the empty host density", *COMPUTED], rows


def literature_to_csv(
    records: Sequence[Study] | Sequence[Host],
    path: str | Path,
    more: tuple[Sequence[str], Sequence[Sequence[str]]] | None = None,
) -> Path:
    """Write `literature_table` as comma-separated text.

    Parameters
    ----------
    records : sequence of Study or of Host
        The rows.
    path : str or Path
        Where.
    more : tuple of headings and rows, optional
        Columns of text to write after those of the records, one row for each.

    Raises
    ------
    InputError
        If there are no records or the file cannot be written; then it is left as it was.
    """
    head, rows = literature_table(records)
    if more is not None:
        head = [*head, *more[0]]
        rows = [[*row, *added] for row, added in zip(rows, more[1], strict=True)]
    with written_whole(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as handle:
        csv.writer(handle, lineterminator="\n").writerows([head, *rows])
    return Path(path)


def _added(record: Study | Host) -> list[str]:
    if isinstance(record, Study):
        return [record.citation]
    theory = host_theory(record)
    empty = [written(record.empty.density_g_per_cm3), written(record.empty.density_source)]
    return empty + [f"{getattr(theory, name):.6g}" for name in COMPUTED.values()]
