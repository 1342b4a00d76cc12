"""One row of each table as a frozen record; beside each field stand its heading and its reader."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sbpath.literature.cells import Reader, count, number, one_of, optional, percent, positive, several, text

IONS = ("Li", "Na", "K")
STRATEGIES = ("SEI control", "structure", "composite")
# The ion of each table of cells.
TABLES = {2: "Li", 3: "Na", 4: "K", 5: "Li"}


def column(heading: str, read: Reader) -> Any:
    """A field that is read from the column `heading`."""
    return field(metadata={"heading": heading, "read": read})


@dataclass(frozen=True, slots=True)
class Element:
    """Atomic weight of an element, and density of those that are hosts."""

    symbol: str = column("Element", text)
    weight_g_per_mol: float = column("Standard atomic weight [g.mol-1]", positive)
    form: str | None = column("Form", optional(text))
    density_g_per_cm3: float | None = column("Density [g.cm-3]", optional(positive))
    density_source: str | None = column("Source of the density", optional(text))


@dataclass(frozen=True, slots=True)
class Reference:
    """A work in the review's list."""

    number: int = column("Number", count)
    citation: str = column("Citation", text)


@dataclass(frozen=True, slots=True)
class Host:
    """A host filled with one alkali metal, all numbers as printed in Table 1.

    Density, molar mass and molar volume are those of the full phase; capacities are per gram
    and per volume of the empty host. For the same numbers computed see
    `sbpath.literature.theory.host_theory`.

    Attributes
    ----------
    alkali, empty : Element
        The ion's element, and the host's with its density.
    printed_formula, formula : str
        Full phase as the review prints it, and the one that its numbers belong to.
    slip, note : str or None
        Where the table contradicts itself, and what else there is to say.
    """

    alkali: Element
    empty: Element
    row: int = column("Row", count)
    host: str = column("Host", text)
    element: str = column("Element", text)
    ion: str = column("Ion", one_of(*IONS))
    printed_formula: str = column("Discharged phase as printed", text)
    formula: str = column("Formula", text)
    density_g_per_cm3: float = column("Density [g.cm-3]", positive)
    molar_mass_g_per_mol: float = column("Molar mass [g.mol-1]", positive)
    molar_volume_cm3_per_mol: float = column("Molar volume [cm3.mol-1]", positive)
    capacity_mAh_per_g: float = column("Capacity [mA.h.g-1]", positive)
    capacity_mAh_per_cm3: float = column("Capacity [mA.h.cm-3]", positive)
    volume_change_percent: float = column("Volume change [%]", positive)
    slip: str | None = column("Slip", optional(text))
    note: str | None = column("Note", optional(text))


@dataclass(frozen=True, slots=True)
class Study:
    """An Sb anode that was cycled, one row of Tables 2-5, numbers as printed.

    Attributes
    ----------
    table, row : int
        Where it stands in the review.
    host_elements : tuple of str
        Elements of the Sb compound or alloy, without carbon, supports and electrolyte.
    salts, salt_concentrations_mol_per_L : tuple
        Of a liquid electrolyte, one for one; empty in a solid cell.
    solvent, solid_electrolyte : str or None
        One of them.
    capacity_mAh_per_g, cycles : float, int
        Capacity after so many cycles.
    cycling_current_mA_per_g, temperature_C : float or None
        From the review's text: current of those cycles, temperature of a solid cell.
    rate_current_mA_per_g, rate_capacity_mAh_per_g : float or None
        Rate capability: a current and the capacity at it. Both, or none in print.
    citation, reference : str, int
        Text and number of the work in the review's list.
    strategy, where : str
        One of `STRATEGIES`, and the place in the text that says so.
    slip, note : str or None
        Where table and text disagree, and what else there is to say.
    """

    citation: str
    table: int = column("Table", count)
    row: int = column("Row", count)
    material: str = column("Material", text)
    ion: str = column("Ion", one_of(*IONS))
    host_elements: tuple[str, ...] = column("Host elements", several(text))
    salts: tuple[str, ...] = column("Salt", several(text))
    salt_concentrations_mol_per_L: tuple[float, ...] = column(
        "Salt concentration [mol.L-1]", several(positive)
    )
    solvent: str | None = column("Solvent", optional(text))
    solid_electrolyte: str | None = column("Solid electrolyte", optional(text))
    binder: str | None = column("Binder", optional(text))
    first_cycle_efficiency_percent: float | None = column("First-cycle efficiency [%]", optional(percent))
    capacity_mAh_per_g: float = column("Capacity [mA.h.g-1]", positive)
    cycles: int = column("Cycles", count)
    cycling_current_mA_per_g: float | None = column("Cycling current (text) [mA.g-1]", optional(positive))
    temperature_C: float | None = column("Temperature (text) [degC]", optional(number))
    rate_current_mA_per_g: float | None = column("Rate current [mA.g-1]", optional(positive))
    rate_capacity_mAh_per_g: float | None = column("Rate capacity [mA.h.g-1]", optional(positive))
    reference: int = column("Reference", count)
    strategy: str = column("Strategy", one_of(*STRATEGIES))
    where: str = column("Where in the text", text)
    slip: str | None = column("Slip", optional(text))
    note: str | None = column("Note", optional(text))

    def electrolyte(self) -> str:
        """The electrolyte in one line, e.g. ``1 M LiPF6 in PC with 10 vol% FEC``."""
        if self.solid_electrolyte is not None:
            return self.solid_electrolyte
        pairs = zip(self.salts, self.salt_concentrations_mol_per_L, strict=True)
        return f"{' + '.join(f'{amount:g} M {salt}' for salt, amount in pairs)} in {self.solvent}"
