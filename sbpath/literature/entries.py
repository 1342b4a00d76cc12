"""One row of each table as a frozen record: a field declares its heading, unit, type, range and meaning."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from sbpath.calls import methods_checked
from sbpath.mechanism.chemistry import ATOMIC_WEIGHT, parse_formula

# Separates several parts of one cell.
JOIN = " + "
Ion = Literal["Li", "Na", "K"]
Strategy = Literal["SEI control", "structure", "composite"]
IONS: tuple[str, ...] = get_args(Ion)
STRATEGIES: tuple[str, ...] = get_args(Strategy)
# The ion of each table of anodes.
TABLES = {2: "Li", 3: "Na", 4: "K", 5: "Li"}

Text = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(gt=0)]
Positive = Annotated[float, Field(gt=0.0)]
Percent = Annotated[float, Field(gt=0.0, le=100.0)]
Parts = BeforeValidator(lambda cell: [part.strip() for part in cell.split(JOIN)] if cell else ())


def column(heading: str, description: str) -> Any:
    """A field read from the column `heading`, which ends with the unit."""
    return Field(alias=heading, description=description)


def joined(description: str) -> Any:
    """A field that the loader fills from another file."""
    return Field(default=None, description=description)


class Row(BaseModel):
    """A row of a table. `KEY` names the fields that identify it in its file."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, str_strip_whitespace=True, allow_inf_nan=False
    )
    KEY: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        lines = [inspect.cleandoc(cls.__doc__ or ""), "", "Attributes", "----------"]
        for name, field in cls.model_fields.items():
            lines += [name, f"    {f'``{field.alias}``: ' if field.alias else ''}{field.description}"]
        cls.__doc__ = "\n".join(lines)

    @classmethod
    def columns(cls) -> dict[str, str]:
        """Name of each field that is a column, by its heading."""
        return {field.alias: name for name, field in cls.model_fields.items() if field.alias}

    def mistakes(self, known: Mapping[Any, Any]) -> Iterator[tuple[str, str]]:
        """Field and mistake for cells that contradict each other or refer to something not in `known`."""
        yield from ()


class Element(Row):
    """Atomic weight of an element, and the density if it is a host."""

    KEY = ("symbol",)

    symbol: Text = column("Element", "Symbol")
    weight_g_per_mol: Positive = column("Standard atomic weight [g.mol-1]", "IUPAC 2021, abridged")
    form: Text | None = column("Form", "Form to which the density applies")
    density_g_per_cm3: Positive | None = column("Density [g.cm-3]", "Of the empty host")
    density_source: Text | None = column("Source of the density", "Citation")


class Reference(Row):
    """A work in the review's list of references."""

    KEY = ("number",)

    number: Count = column("Number", "As in the review")
    citation: Text = column("Citation", "As in the review")


class Host(Row):
    """A host with one alkali metal, all numbers as printed in Table 1.

    `sbpath.literature.theory.host_theory` computes the same numbers.
    """

    KEY = ("row",)

    row: Count = column("Row", "Row of Table 1")
    host: Text = column("Host", "Name")
    element: Text = column("Element", "Symbol of the host's element")
    ion: Ion = column("Ion", "Alkali metal")
    printed_formula: Text = column("Discharged phase as printed", "Full phase as printed in the review")
    formula: Text = column("Formula", "Full phase to which the printed numbers belong")
    density_g_per_cm3: Positive = column("Density [g.cm-3]", "Of the full phase")
    molar_mass_g_per_mol: Positive = column("Molar mass [g.mol-1]", "Of the full phase")
    molar_volume_cm3_per_mol: Positive = column("Molar volume [cm3.mol-1]", "Of the full phase")
    capacity_mAh_per_g: Positive = column("Capacity [mA.h.g-1]", "Per gram of the empty host")
    capacity_mAh_per_cm3: Positive = column("Capacity [mA.h.cm-3]", "Per volume of the empty host")
    volume_change_percent: Positive = column("Volume change [%]", "From empty to full")
    slip: Text | None = column("Slip", "Where the table contradicts itself")
    note: Text | None = column("Note", "Any other remark")
    alkali: Element = joined("Element of the ion, from ``elements.csv``")
    empty: Element = joined("Element of the host, from ``elements.csv``")

    def mistakes(self, known: Mapping[Any, Any]) -> Iterator[tuple[str, str]]:
        """As `Row.mistakes`; `known` are the elements by symbol."""
        if self.element not in known or known[self.element].density_g_per_cm3 is None:
            yield "element", f"{self.element!r} has no density in elements.csv; add it there"
        if self.ion not in known:
            yield "ion", f"{self.ion!r} is not in elements.csv; add it there"
        try:
            amounts = parse_formula(self.formula)
        except ValueError as error:
            yield "formula", str(error)
            return
        fixed = all(constant > 0.0 and slope == 0.0 for constant, slope in amounts.values())
        if set(amounts) != {self.element, self.ion} or not fixed:
            yield "formula", f"{self.formula!r} must be {self.ion} and {self.element} only, in fixed amounts"


@methods_checked
class ReportedAnode(Row):
    """A cycled Sb anode: one row of Tables 2-5, numbers as printed."""

    KEY = ("table", "row")

    table: Count = column("Table", "Table of the review, 2-5")
    row: Count = column("Row", "Row of that table")
    material: Text = column("Material", "As printed")
    ion: Ion = column("Ion", "Alkali metal")
    host_elements: Annotated[tuple[Text, ...], Parts] = column(
        "Host elements", "Elements of the Sb compound or alloy, without carbon, supports and electrolyte"
    )
    salts: Annotated[tuple[Text, ...], Parts] = column("Salt", "Of a liquid electrolyte")
    salt_concentrations_mol_per_L: Annotated[tuple[Positive, ...], Parts] = column(
        "Salt concentration [mol.L-1]", "One for each salt"
    )
    solvent: Text | None = column("Solvent", "Of a liquid electrolyte")
    solid_electrolyte: Text | None = column("Solid electrolyte", "Of a solid cell")
    binder: Text | None = column("Binder", "As printed")
    first_cycle_efficiency_percent: Percent | None = column("First-cycle efficiency [%]", "Coulombic")
    capacity_mAh_per_g: Positive = column("Capacity [mA.h.g-1]", "After `cycles` cycles")
    cycles: Count = column("Cycles", "Number of cycles, X in the review")
    cycling_current_mA_per_g: Positive | None = column(
        "Cycling current (text) [mA.g-1]", "Of those cycles, from the review's text"
    )
    temperature_C: float | None = column("Temperature (text) [degC]", "Of a solid cell, from the text")
    rate_current_mA_per_g: Positive | None = column("Rate current [mA.g-1]", "Of the rate capability")
    rate_capacity_mAh_per_g: Positive | None = column("Rate capacity [mA.h.g-1]", "At that current")
    reference: Count = column("Reference", "Number in the review's list")
    strategy: Strategy = column("Strategy", "One of the three in the review")
    where: Text = column("Where in the text", "Passage that gives the strategy")
    slip: Text | None = column("Slip", "Where table and text disagree")
    note: Text | None = column("Note", "Any other remark")
    citation: str = joined("Citation, from ``references.csv``")

    @property
    def label(self) -> str:
        """Table and row, e.g. ``2.3``."""
        return f"{self.table}.{self.row}"

    def electrolyte(self) -> str:
        """The electrolyte in one line, e.g. ``1 M LiPF6 in PC with 10 vol% FEC``."""
        if self.solid_electrolyte is not None:
            return self.solid_electrolyte
        pairs = zip(self.salts, self.salt_concentrations_mol_per_L, strict=True)
        return f"{JOIN.join(f'{amount:g} M {salt}' for salt, amount in pairs)} in {self.solvent}"

    def mistakes(self, known: Mapping[Any, Any]) -> Iterator[tuple[str, str]]:
        """As `Row.mistakes`; `known` are the citations by number."""
        if self.table not in TABLES:
            yield "table", f"{self.table} must be one of {', '.join(map(str, TABLES))}"
        elif self.ion != TABLES[self.table]:
            yield "ion", f"{self.ion!r} must be {TABLES[self.table]!r} in Table {self.table}"
        if not self.host_elements or not ATOMIC_WEIGHT.keys() >= set(self.host_elements):
            given = repr(JOIN.join(self.host_elements)) if self.host_elements else "is empty;"
            yield "host_elements", f"{given} must be symbols of elements, such as Sn + Sb"
        salts, amounts = len(self.salts), len(self.salt_concentrations_mol_per_L)
        if salts != amounts:
            advice = f"{amounts} given for {salts} salts; give one for each, as 3.0 + 0.4"
            yield "salt_concentrations_mol_per_L", advice
        if (self.solvent is None) == (self.solid_electrolyte is None):
            yield "solvent", "give either a solvent or a solid electrolyte"
        elif (self.solvent is None) != (salts == 0):
            yield "salts", "give a solvent and a salt together"
        if (self.rate_current_mA_per_g is None) != (self.rate_capacity_mAh_per_g is None):
            yield "rate_capacity_mAh_per_g", "give rate current and capacity together, or leave both empty"
        if self.reference not in known:
            yield "reference", f"{self.reference} is not in references.csv; add it there"
