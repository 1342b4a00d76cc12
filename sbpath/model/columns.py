"""The recorded state of an electrode at one instant: a table of columns, from which all else follows.

A row of a record holds the first of these columns, as far as the rates, followed by the time integrals
of the rates and of all columns after them, from the start of the simulation. Kernels find columns with
`Columns`, other code by name with `by_name`. A column or integral named like a field of
`sbpath.Solution` fills that field.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from sbpath.kernels import Floats, Floats2, Floats3, Integers
from sbpath.model import unknowns
from sbpath.model.unknowns import PARTICLE


class Column(NamedTuple):
    """Columns of one name: unit, number (see `Unknown.size`), and the name of their integral."""

    name: str
    unit: str
    size: str = "one"
    integral: str = ""


# Each takes one column, so its number in this table is its column.
TIME, CURRENT, VOLTAGE, MOTION, CHARGE, CONTENT, CAPACITANCE, VOLUME, STORED = range(9)
READINGS = (
    Column("time_s", "s"),  # since the start of the step
    Column("current_A_per_g", "A/g"),
    Column("voltage_V", "V"),  # at the terminals
    Column("motion_V_per_s", "V/s"),  # dE/dt
    Column("charge_C_per_g", "C/g"),  # held by the electrode
    Column("composition", "1"),  # x, mol of alkali per mol of Sb
    Column("capacitance_F_per_g", "F/g"),  # C of the equations
    Column("volume_m3_per_mol", "m3/mol"),  # per mol of Sb
    Column("stored_J_per_g", "J/g"),  # energy held
)
# Next come the electrode's unknowns, E first, then the means of the particles' unknowns.
POTENTIAL = 9

# Quantities integrated over time outside the energy balance.
RATE, EDGE_CURRENT = range(2)
FLOWS: tuple[Column, ...] = (
    Column("rates_per_s", "1/s", "edges", "converted"),
    Column("edge_current_A_per_g", "A/g", "edges", "edge_charge_C_per_g"),
)

# Causes of heat, those of size "edges" for each edge.
RESISTANCE, NUCLEATION, GROWTH, TRANSPORT, WORK, CHARGE_TRANSFER, FILM = range(7)
HEAT_CAUSES: tuple[Column, ...] = (
    Column("resistance", "W/g", integral="joule_heat_J_per_g"),
    Column("nucleation", "W/g", "edges", "nucleation_heat_J_per_g"),
    Column("growth", "W/g", "edges", "growth_heat_J_per_g"),
    Column("transport", "W/g", "edges", "transport_heat_J_per_g"),
    Column("work", "W/g", "edges", "work_heat_J_per_g"),
    Column("charge_transfer", "W/g", integral="charge_transfer_heat_J_per_g"),
    Column("film", "W/g", "film", "film_heat_J_per_g"),
)


# All columns of an instant, in order.
COLUMNS: tuple[Column, ...] = (
    *READINGS,
    *(
        Column(u.name, u.unit, u.size)
        for u in sorted(unknowns.UNKNOWNS, key=attrgetter("owner"))
        if u.owner != PARTICLE
    ),
    *(Column(u.name, u.unit, u.size) for u in unknowns.UNKNOWNS if u.owner == PARTICLE),
    Column("affinities_J_per_mol", "J/mol", "edges"),
    *FLOWS,
    Column("power_W_per_g", "W/g", integral="energy_J_per_g"),  # V I
    Column("warming_W_per_g", "W/g", integral="warming_J_per_g"),  # S dT/dt
    *HEAT_CAUSES,
)
# Position of the first column that is integrated, apart from sizes.
_FLOWS = COLUMNS.index(FLOWS[RATE])
# Names and sizes of what a record holds: columns as far as the rates, then integrals.
_RECORDED = tuple((column.name, column.size) for column in COLUMNS[: _FLOWS + 1]) + tuple(
    (column.integral, column.size) for column in COLUMNS if column.integral
)


class Columns(NamedTuple):
    """First column of each group, for kernels.

    The `READINGS` come first and the electrode's unknowns start at `POTENTIAL`. Then: `means` of the
    B unknowns of the particles, `affinity` of the E edges, `flow` by number in `FLOWS`, `power` (V I) and after
    it S dT/dt, `heat` by number in `HEAT_CAUSES`. ``d(stored)/dt = -sum(columns from power on)``. The number of
    columns is `width`; the first `recorded` are in a record, and those from `integrated` on are integrated.
    """

    means: int
    affinity: int
    flow: Integers
    power: int
    heat: Integers
    recorded: int
    integrated: int
    width: int


def columns_of(sizes: Mapping[str, int]) -> Columns:
    """The columns of an electrode with the given sizes."""
    first = [0, *accumulate(sizes[column.size] for column in COLUMNS)]
    affinity = _FLOWS - 1
    power = _FLOWS + len(FLOWS)
    means = affinity - sum(unknown.owner == PARTICLE for unknown in unknowns.UNKNOWNS)
    return Columns(
        first[means],
        first[affinity],
        np.array(first[_FLOWS:power], dtype=np.int64),
        first[power],
        np.array(first[power + 2 : -1], dtype=np.int64),
        first[_FLOWS + 1],
        first[_FLOWS],
        first[-1],
    )


def by_name(record: Floats2, sizes: Mapping[str, int]) -> dict[str, Floats]:
    """Columns and integrals of a record (columns, n) by name, shape (size, n), or (n,) for what is there once."""
    found, first = {}, 0
    for name, size in _RECORDED:
        own = record[first : first + sizes[size]]
        found[name] = own[0] if size in unknowns.ONCE and len(own) else own
        first += sizes[size]
    return found


def edge_heats(record: Floats2, columns: Columns, edges: int) -> Floats3:
    """Integrals of the causes of heat that are recorded for each of the E `edges`: shape (causes, E, n)."""
    own = [first for first, cause in zip(columns.heat, HEAT_CAUSES, strict=True) if cause.size == "edges"]
    # They follow each other.
    first = columns.recorded + own[0] - columns.integrated
    return record[first : first + len(own) * edges].reshape(len(own), edges, record.shape[1])
