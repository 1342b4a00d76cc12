"""A mechanism as text: equations, phases, every number with its source."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from math import asinh
from typing import Any, get_args

from sbpath.mechanism.mechanism import Edge, Mechanism
from sbpath.mechanism.notation import changes_text, host_label, node_labels, phase_labels
from sbpath.mechanism.records import Atom, Cell, Gallery, Phase, Provenance, Quantity, Status
from sbpath.model.equilibrium import equilibrium_potential
from sbpath.physical import FARADAY_C_PER_MOL, GAS_CONSTANT_J_PER_MOL_K, ZERO_CELSIUS_K
from sbpath.text.tables import Column, indented, printed_table, table

STATUSES: tuple[str, ...] = get_args(Status)
# Keys of numbers for volumes and atomic positions; all others shape the curve.
STRUCTURE = (
    "cell",
    "atoms",
    "molar_volume_cm3_per_mol",
    "partial_molar_volume_cm3_per_mol",
    "review_volume_change_percent",
)
LEGEND = """

measured to assumed: how many of the numbers that shape the curve (energies, interfaces, kinetics,
electrode) have which status; structure: how many of the cells, atoms and volumes are measured"""


def systems(mechanisms: Sequence[Mechanism]) -> str:
    """One line per mechanism, by ion, with the number of values of each status."""
    order = {ion: i for i, ion in enumerate(get_args(Mechanism.model_fields["ion"].annotation))}
    rows = [
        [
            m.ion, m.name, f"{m.temperature_C:g}", f"{m.theoretical_capacity_mAh_per_g:.0f}", m.title,
            *(str(count) for count in statuses(m).values()), _measured_structure(m),
        ]
        for m in sorted(mechanisms, key=lambda m: (order[m.ion], m.name))
    ]  # fmt: skip
    for before, row in reversed([*pairwise(rows)]):
        if before[0] == row[0]:
            row[0] = ""
    return table(["ion", "name", "°C", "mAh/g", "system", *STATUSES, "structure"], rows) + LEGEND


def parts(kind: str, documents: dict[str, dict[str, Any]]) -> str:
    """One line per electrode design, or electrolyte."""
    return table(["name", kind], [[name, document["title"]] for name, document in documents.items()])


def statuses(mechanism: Mechanism, structure: bool = False) -> dict[str, int]:
    """How many numbers that shape the curve are measured, computed, fitted and assumed.

    With `structure`, cells, atoms and volumes instead.
    """
    counted = Counter(
        number.status for path, number in mechanism.numbers() if is_structure(path) == structure
    )
    return {status: counted[status] for status in STATUSES}


def is_structure(path: str) -> bool:
    """Whether the number at a path is of a cell, an atom or a volume, which do not shape the curve."""
    return path.rpartition(".")[2].partition("[")[0] in STRUCTURE


def _measured_structure(mechanism: Mechanism) -> str:
    counts = statuses(mechanism, structure=True)
    return f"{counts['measured']} of {sum(counts.values())}"


def mechanism_report(mechanism: Mechanism) -> str:
    """Equations, phases, every number with its status and source, and the sources in full."""
    # The most reliable first.
    numbers = sorted(mechanism.numbers(), key=lambda item: STATUSES.index(item[1].status))
    curve = [(path, number) for path, number in numbers if not is_structure(path)]
    structure = [(path, number) for path, number in numbers if is_structure(path)]
    cited = dict.fromkeys([*mechanism.cites, *(number.source for _, number in (*curve, *structure))])
    parts = [
        _heading(mechanism),
        *(f"{textwrap.fill(paragraph, 100)}\n" for paragraph in mechanism.description.strip().split("\n\n")),
        "Transformations (number of the review's equation, equilibrium potential in V, graphs)",
        _edges(mechanism),
        "",
        f"Nodes (x: alkali per {mechanism.host}; Vm in cm3 per mol {mechanism.host})",
        _nodes(mechanism),
        "",
        "Phases (Vm in cm3 per mol)",
        _phases(mechanism),
        "",
        "Numbers that shape the curve, by status; units are in the keys",
        _numbers(curve),
        "",
        "Cells, atoms and volumes, by status",
        _numbers(structure),
        "",
        "Notes",
        *(_note(path, number) for path, number in (*curve, *structure) if number.fitted_to or number.note),
        "",
        "Sources",
        *(indented(f"{key}: {mechanism.sources[key]}") for key in cited),
    ]
    return "\n".join(parts)


def _heading(m: Mechanism) -> str:
    resistance = m.series_resistance_ohm_g(m.temperature_C + ZERO_CELSIUS_K)
    drop = resistance * m.theoretical_capacity_mAh_per_g
    return (
        f"{m.name}: {m.title}\n"
        f"{m.ion}, {m.temperature_C:g} °C, {m.lower_cutoff_V:g} - {m.upper_cutoff_V:g} V, "
        f"{m.theoretical_capacity_mAh_per_g:.1f} mAh/g {host_label(m)}, default graph: {m.default_graph}\n"
        f"electrolyte: {m.electrolyte.name} ({m.electrolyte.kind}), "
        f"series resistance {resistance:.3g} Ohm g ({drop:.2g} mV at 1C)\n"
        + _charge_transfer(m)
        + (f"electrode design: {m.design}\n" if m.design else "")
        + (f"electrolyte: {m.electrolyte_name}\n" if m.electrolyte_name else "")
        + (f"changed: {changes_text(m)}\n" if m.changes else "")
        + _validity(m)
        + f"numbers that shape the curve: {_counts(statuses(m))}\n"
        + f"cells, atoms and volumes: {_counts(statuses(m, structure=True))}\n"
    )


def _charge_transfer(m: Mechanism) -> str:
    kelvin = m.temperature_C + ZERO_CELSIUS_K
    exchange = m.exchange_current_A_per_g(kelvin)
    if exchange == 0.0:
        return ""
    at_1C = 1e-3 * m.theoretical_capacity_mAh_per_g
    eta_mV = 2e3 * GAS_CONSTANT_J_PER_MOL_K * kelvin / FARADAY_C_PER_MOL * asinh(at_1C / (2.0 * exchange))
    return (
        f"charge transfer: surface {m.surface_m2_per_g:.3g} m2/g, exchange current {exchange:.3g} A/g "
        f"({eta_mV:.0f} mV at 1C)\n"
    )


def _validity(m: Mechanism) -> str:
    if m.temperature_range_C is None:
        return ""
    low, high = m.temperature_range_C
    return f"valid from {low:g} to {high:g} °C\n"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())


def _edges(mechanism: Mechanism) -> str:
    columns: tuple[Column[Edge], ...] = (
        Column("", lambda e: f"({e.stated.review_equation})" if e.stated.review_equation else "", short=" "),
        Column(
            "", lambda e: _ROUNDED.sub(lambda n: f"{float(n[0]):.4g}", e.stated.equation), short="equation"
        ),
        Column("", lambda e: _potential(mechanism, e), short="E / V"),
        Column("", lambda e: ", ".join(e.stated.graphs), short="graphs"),
    )
    return printed_table(columns, mechanism.all_edges)


# Coefficients with more digits than are printed.
_ROUNDED = re.compile(r"\d+\.\d{5,}")


def _potential(mechanism: Mechanism, edge: Edge) -> str:
    potential = equilibrium_potential(mechanism, edge.reactant, edge.product)
    return "" if potential is None else f"{potential:.4f}"


def _nodes(m: Mechanism) -> str:
    labels, host = node_labels(m), m.empty_volume_cm3_per_mol(m.initial_phase)

    def content(name: str) -> str:
        full, empty = m.full_content(name), m.fixed_content(name)
        return f"{empty:g} - {full:g}" if full > empty else f"{full:g}"

    columns: tuple[Column[str], ...] = (
        Column("", str, short="name"),
        Column("", labels.__getitem__, short="made of"),
        Column("", content, short="x"),
        Column("", m.volume_cm3_per_mol, short="Vm", terminal="{:.4g}"),
        Column("", lambda name: (m.volume_cm3_per_mol(name) / host - 1) * 100, short="swelling", terminal="{:+.0f} %"),
    )  # fmt: skip
    return printed_table(columns, m.nodes)


def _phases(mechanism: Mechanism) -> str:
    labels = phase_labels(mechanism)
    columns: tuple[Column[tuple[str, Phase]], ...] = (
        Column("", lambda p: p[0], short="name"),
        Column("", lambda p: labels[p[0]], short="formula"),
        Column("", lambda p: p[1].structure, short="structure"),
        Column("", lambda p: p[1].space_group or None, short="space group"),
        Column("", lambda p: p[1].molar_volume_cm3_per_mol.value, short="Vm", terminal="{:g}"),
    )
    return printed_table(columns, mechanism.phases.items())


def _numbers(numbers: Sequence[tuple[str, Provenance]]) -> str:
    return table(["key", "value", "status", "source"], [_number_row(*item) for item in numbers])


def _number_row(path: str, number: Provenance) -> list[str]:
    match number:
        case Gallery():
            value = f"{number.sites:g} at {number.potential_V:g} V, width {number.width:g}"
        case Cell():
            lengths, angles = (
                " ".join(f"{value:g}" for value in three)
                for three in (number.lengths_angstrom, number.angles_deg)
            )
            value = f"{lengths} Å, {angles}°, Z {number.formula_units}"
        case Atom():
            value = f"{number.element} at {number.x:.4g} {number.y:.4g} {number.z:.4g}"
        case Quantity():
            value = f"{number.value:.6g}"
        case _:
            value = ""
    return [path, value, number.status, number.source]


def _note(path: str, number: Provenance) -> str:
    fitted = f"fitted to {number.fitted_to}" if number.fitted_to else ""
    return indented(f"{path}: {'; '.join(part for part in (fitted, number.note) if part)}")
