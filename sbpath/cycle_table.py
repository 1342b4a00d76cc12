"""What passed in each cycle and half cycle, from which efficiencies, losses and paths follow.

The table is made from rows of whole cycles. Made from all cycles at once or from a few at a time
and joined, it is the same to the last bit, so that it can grow while a simulation runs and its rows
be dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

import numpy as np

from sbpath.calls import methods_checked
from sbpath.halfcycles import Run
from sbpath.kernels import Floats, Integers

# Running integrals and state of which the table holds the change over each half cycle.
CHANGES = (
    "edge_charge_mAh_per_g",
    "converted",
    "heat_parts_J_per_g",
    "joule_heat_J_per_g",
    "charge_transfer_heat_J_per_g",
    "warming_J_per_g",
    "stored_J_per_g",
    "potential_V",
    "film_heat_J_per_g",
    "destinations_mAh_per_g",
    "live_share",
    "film_thickness_m",
)


@methods_checked
@dataclass(frozen=True, slots=True, eq=False)
class CycleTable:
    """What passed in each of C cycles and each of their H half cycles.

    A cycle in which no charge passes has no half cycle.

    Attributes
    ----------
    cycle : integer array, shape (C,)
        Numbers of the cycles, from 1.
    charge_mAh_per_g : array, shape (C, 2)
        Charge inserted and charge extracted, both positive: the changes between rows, summed by their
        direction.
    energy_J_per_g : array, shape (C, 2)
        Energy delivered while charge was inserted, and energy taken up while it was extracted.
    half_cycle, half_direction : integer array, shape (H,)
        Cycle of each half cycle, and its direction: 1 for insertion, -1 for extraction.
    half_charge_mAh_per_g, half_energy_J_per_g : array, shape (H,)
        Net charge (insertion positive) and energy delivered.
    half_edge_charge_mAh_per_g, half_converted : array, shape (H, E)
        Charge carried by each edge, and the share of all Sb that it converted. Here and below the
        first half cycle of a cycle includes rows before any charge passes.
    half_heat_parts_J_per_g : array, shape (H, 4, E)
        Irreversible heat of each edge by cause.
    half_joule_heat_J_per_g, half_charge_transfer_heat_J_per_g, half_film_heat_J_per_g : array, shape (H,)
        Heat in the series resistance, of charge transfer, and of film formation.
    half_warming_J_per_g : array, shape (H,)
        Integral of S dT.
    half_stored_J_per_g, half_potential_V, half_live_share, half_film_thickness_m : array, shape (H,)
        Changes of the stored energy, the electrode potential, the live share of the host, and the
        thickness of the film on it.
    half_destinations_mAh_per_g : array, shape (H, 8)
        Changes of the charge in each of `sbpath.model.destinations.DESTINATIONS`.
    """

    cycle: Integers
    charge_mAh_per_g: Floats
    energy_J_per_g: Floats
    half_cycle: Integers
    half_direction: Integers
    half_charge_mAh_per_g: Floats
    half_energy_J_per_g: Floats
    half_edge_charge_mAh_per_g: Floats
    half_converted: Floats
    half_heat_parts_J_per_g: Floats
    half_joule_heat_J_per_g: Floats
    half_charge_transfer_heat_J_per_g: Floats
    half_warming_J_per_g: Floats
    half_stored_J_per_g: Floats
    half_potential_V: Floats
    half_film_heat_J_per_g: Floats
    half_destinations_mAh_per_g: Floats
    half_live_share: Floats
    half_film_thickness_m: Floats

    def __post_init__(self) -> None:
        for item in fields(self):
            getattr(self, item.name).setflags(write=False)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, item.name) for item in fields(self))

    def halves(self, cycle: int) -> slice:
        """The half cycles of one cycle."""
        first, last = np.searchsorted(self.half_cycle, (cycle, cycle + 1)).tolist()
        return slice(first, last)


def tabulated(
    runs: Sequence[Run],
    cycle: Integers,
    charge: Floats,
    energy: Floats,
    before: Mapping[str, Any],
    values: Callable[[Integers], Mapping[str, Floats]],
) -> CycleTable:
    """The table of n rows of whole cycles.

    Parameters
    ----------
    runs : sequence of Run
        The half cycles of these rows.
    cycle, charge, energy : array, shape (n,)
        Cycle of each row, net charge (mAh/g) and energy delivered (J/g) since the start.
    before : mapping
        Charge, energy and `CHANGES` by name, at the instant before the first row.
    values : function
        `CHANGES` by name in the rows given to it, which are the last axis.
    """
    passed = np.diff(charge, prepend=before["charge_mAh_per_g"])
    delivered = np.diff(energy, prepend=before["energy_J_per_g"])
    numbers, starts = np.unique(cycle, return_index=True)
    sums = []
    for start, stop in pairwise([*starts.tolist(), len(cycle)]):
        own, work = passed[start:stop], delivered[start:stop]
        into, out = own > 0.0, own < 0.0
        sums.append((own[into].sum(), -own[out].sum(), work[into].sum(), -work[out].sum()))
    charges, energies = np.array(sums, dtype=float).reshape(-1, 2, 2).swapaxes(0, 1)

    own = np.array([run.cycle for run in runs], dtype=np.int64)
    first = np.array([run.first for run in runs], dtype=np.int64)
    last = np.array([run.last - 1 for run in runs], dtype=np.int64)
    opens = np.diff(own, prepend=0) != 0
    begin = np.where(opens, np.searchsorted(cycle, own), first)
    # From the row before, so that a voltage jump counts.
    ends = values(np.concatenate([np.maximum(begin - 1, 0), last]))
    changes = {}
    for name in CHANGES:
        old, new = ends[name][..., : len(runs)].copy(), ends[name][..., len(runs) :]
        old[..., begin == 0] = np.asarray(before[name])[..., np.newaxis]
        change = new - old
        changes[f"half_{name}"] = change.transpose(-1, *range(change.ndim - 1)).copy()
    held = np.where(first > 0, energy[np.maximum(first - 1, 0)], before["energy_J_per_g"])
    return CycleTable(
        cycle=numbers,
        charge_mAh_per_g=charges.copy(),
        energy_J_per_g=energies.copy(),
        half_cycle=own,
        half_direction=np.array([1 if run.direction == "insertion" else -1 for run in runs], dtype=np.int64),
        half_charge_mAh_per_g=charge[last] - np.array([run.before for run in runs], dtype=float),
        half_energy_J_per_g=energy[last] - held,
        **changes,
    )


def joined(tables: Sequence[CycleTable]) -> CycleTable:
    """One table of the cycles of several, in their order."""
    return CycleTable(
        *(np.concatenate([getattr(table, item.name) for table in tables]) for item in fields(CycleTable))
    )
