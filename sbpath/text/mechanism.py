"""What a mechanism holds: equations, phases, every number with its source."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, get_args

from sbpath.mechanism.records import Atom, Cell, Edge, Gallery, Mechanism, Provenance, Quantity, Status
from sbpath.model.equilibrium import equilibrium_potential
from sbpath.physical import ZERO_CELSIUS_K
from sbpath.results.labels import host_label, node_labels, phase_labels
from sbpath.text.tables import indented, table

STATUSES: tuple[str, ...] = get_args(Status)


def systems(mechanisms: Sequence[Mechanism]) -> str:
    """One line for each mechanism, by ion; and how many of its numbers have which status."""
    order = {ion: i for i, ion in enumerate(get_args(Mechanism.model_fields["ion"].annotation))}
    rows = [
        [
            m.ion, m.name, f"{m.temperature_C:g} °C", f"{m.theoretical_capacity_mAh_per_g:.0f}",
            *(str(count) for count in statuses(m).values()), m.title,
        ]
        for m in sorted(mechanisms, key=lambda m: (order[m.ion], m.name))
    ]  # fmt: skip
    for before, row in reversed([*pairwise(rows)]):
        if before[0] == row[0]:
            row[0] = ""
    return table(["ion", "name", "temperature", "mAh/g", *STATUSES, "system"], rows)


def designs(documents: dict[str, dict[str, Any]]) -> str:
    """One line for each electrode design, by name."""
    return table(["name", "design"], [[name, document["title"]] for name, document in documents.items()])


def statuses(mechanism: Mechanism) -> dict[str, int]:
    """How many numbers of a mechanism are measured, computed, fitted and assumed."""
    counted = Counter(number.status for _, number in mechanism.numbers())
    return {status: counted[status] for status in STATUSES}


def mechanism_report(mechanism: Mechanism) -> str:
    """Equations, phases, every number with its status and source, and the sources in full."""
    # What can be trusted most stands first.
    numbers = sorted(mechanism.numbers(), key=lambda item: STATUSES.index(item[1].status))
    cited = dict.fromkeys(number.source for _, number in numbers)
    parts = [
        _heading(mechanism),
        *(f"{textwrap.fill(paragraph, 100)}\n" for paragraph in mechanism.description.strip().split("\n\n")),
        "Transformations (number of the review's equation, equilibrium potential in V, graphs)",
        table(
            ["", "equation", "E / V", "graphs"], [_edge_row(mechanism, edge) for edge in mechanism.all_edges]
        ),
        "",
        "Nodes (x: alkali per Sb; Vm in cm3 per mol Sb)",
        table(["name", "made of", "x", "Vm", "swelling"], _node_rows(mechanism)),
        "",
        "Phases (Vm in cm3 per mol)",
        table(["name", "formula", "structure", "space group", "Vm"], _phase_rows(mechanism)),
        "",
        "Numbers, by status; units stand in the keys",
        table(["key", "value", "status", "source"], [_number_row(path, number) for path, number in numbers]),
        "",
        "Notes",
        *(_note(path, number) for path, number in numbers if number.fitted_to or number.note),
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
        f"{m.theoretical_capacity_mAh_per_g:.1f} mAh/g {host_label(m.document)}, default graph: {m.default_graph}\n"
        f"electrolyte: {m.electrolyte.name} ({m.electrolyte.kind}), "
        f"series resistance {resistance:.3g} Ohm g ({drop:.2g} mV at 1C)\n"
        + (f"electrode design: {m.design}\n" if m.design else "")
        + f"numbers: {', '.join(f'{count} {name}' for name, count in statuses(m).items())}\n"
    )


def _edge_row(mechanism: Mechanism, edge: Edge) -> list[str]:
    potential = equilibrium_potential(mechanism, edge.reactant, edge.product)
    number = edge.stated.review_equation
    return [
        f"({number})" if number else "",
        edge.stated.equation,
        "" if potential is None else f"{potential:.4f}",
        ", ".join(edge.stated.graphs),
    ]


def _phase_rows(mechanism: Mechanism) -> list[list[str]]:
    labels = phase_labels(mechanism.document)
    return [
        [
            name,
            labels[name],
            phase.structure,
            phase.space_group or "-",
            f"{phase.molar_volume_cm3_per_mol.value:g}",
        ]
        for name, phase in mechanism.phases.items()
    ]


def _node_rows(mechanism: Mechanism) -> list[list[str]]:
    labels = node_labels(mechanism.document)
    host = mechanism.volume_cm3_per_mol(mechanism.initial_phase)
    rows = []
    for name in mechanism.nodes:
        full, empty = mechanism.full_content(name), mechanism.fixed_content(name)
        volume = mechanism.volume_cm3_per_mol(name)
        rows.append(
            [
                name,
                labels[name],
                f"{empty:g} - {full:g}" if full > empty else f"{full:g}",
                f"{volume:.4g}",
                f"{(volume / host - 1) * 100:+.0f} %",
            ]
        )
    return rows


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
