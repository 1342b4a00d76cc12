"""Cycles passed over: their ends extrapolated where an electrode changes slowly from one cycle to the next.

After two cycles solved in a row, in which a quantity y changed by d0 and then by d, it is continued over m cycles as

    y_k = y + k d + k (k + 1)/2 (d - d0),   k = 1 ... m

for all unknowns of the whole electrode but its potential, and for time and integrals; particles keep their fractions, the
electrode its potential (idea: Sulzer et al., J. Electrochem. Soc. 2021, 168, 120531). What passes in a cycle is then linear
in k, so that the ledger of each closes; charge and energy of its last half cycle follow from what the electrode holds.

m is the largest with ``m |d - d0| <= jump |d|`` for live share, area, thickness and charge of film, and no more than the
cycles done so far; fractions may move by `MOST_MOVED` at most. What has settled is held. So the capacity of a cycle that is
passed over is wrong by a share of about ``jump^2 / 2`` at most, that of a cycle solved after it by much less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import inf
from typing import Any

import numpy as np

from sbpath.cycle_table import CycleTable
from sbpath.kernels import Floats
from sbpath.model.columns import CHARGE, CONTENT, POTENTIAL, STORED, TIME
from sbpath.model.destinations import destinations
from sbpath.model.equations import stored_energy
from sbpath.model.network import Network, sizes_of
from sbpath.model.unknowns import UNKNOWNS, values_of
from sbpath.model.workspace import fill_means, fill_nodes, workspace
from sbpath.physical import COULOMB_PER_MAH

# Unknowns that say how far to go; the elements of each are added up.
WATCHED = (
    "live_share", "host_area_m2_per_g", "film_thickness_m", "idle_film_thickness_m", "film_charge_C_per_g",
    "idle_film_charge_C_per_g",
)  # fmt: skip
# What changes by less than this share of itself in each of two cycles has settled.
SETTLED = 1e-8
# Changes in a cycle of less than this share of a quantity, times jump, do not say how far to go.
NEGLIGIBLE = 1e-4
# No fraction may move by more than this over the cycles passed over.
MOST_MOVED = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class CycleEnd:
    """The end of a cycle, and what passed in it.

    Attributes
    ----------
    state : array, shape (unknowns,)
        Of the electrode.
    row : array
        The last row of the record (`sbpath.model.columns`).
    table : CycleTable
        Of this cycle alone.
    """

    state: Floats
    row: Floats
    table: CycleTable


def most_cycles(ends: Sequence[CycleEnd], network: Network, jump: float) -> int:
    """How many cycles may be passed over after the last of three `ends` that follow each other; 0 if none."""
    before, earlier, last = ends
    ways = last.table.half_direction
    if not len(ways) or not np.array_equal(earlier.table.half_direction, ways):
        return 0
    most = [float(last.table.cycle[-1])]
    layout, sizes = network.layout, sizes_of(network)
    for unknown, first in zip(UNKNOWNS, layout.first.tolist(), strict=True):
        if unknown.name in WATCHED and (size := sizes[unknown.size]):
            y0, y1, y2 = (float(end.state[first : first + size].sum()) for end in (before, earlier, last))
            change, second = abs(y2 - y1), abs((y2 - y1) - (y1 - y0))
            if change > NEGLIGIBLE * jump * abs(y2):
                most += [jump * change / second if second else inf]
    moved = float(np.abs(last.state - earlier.state)[: layout.potential].max())
    return int(min(*most, MOST_MOVED / moved) if moved > 0.0 else min(most))


def passed_over(ends: Sequence[CycleEnd], network: Network, count: int) -> CycleEnd:
    """The electrode after `count` cycles that follow the last of three `ends`; the table is of all of them."""
    _, earlier, last = ends
    layout, columns = network.layout, network.columns
    cycles = np.arange(1.0, count + 1.0)
    change, second = _differences([end.state for end in ends])
    change[layout.potential] = 0.0
    second[: layout.potential + 1] = 0.0
    states = last.state + np.multiply.outer(cycles, change)
    states += np.multiply.outer(0.5 * cycles * (cycles + 1.0), second)
    states[:, layout.potential :] = np.maximum(states[:, layout.potential :], layout.floor[layout.block :])
    shares = states[:, : layout.potential].reshape(count, -1, layout.block)[:, :, : layout.host]
    np.maximum(shares, 0.0, out=shares)
    shares /= shares.sum(axis=2, keepdims=True)

    space = workspace(network)
    fill_nodes(float(last.state[layout.potential]), network, space)

    def held(state: Floats) -> Floats:
        """Charge in each place (mAh/g), and the stored energy (J/g)."""
        fill_means(state, network, space.mean)
        values = values_of(layout, sizes_of(network), state)
        values["composition"] = np.atleast_1d(space.mean[: layout.host] @ space.content)
        return np.append(destinations(values, network)[:, 0], stored_energy(state, network, space))

    gains = np.diff([held(state) for state in (last.state, *states)], axis=0)
    places, stored = gains[:, :-1], gains[:, -1]

    change, second = _differences([end.row for end in ends])
    rows = change + np.multiply.outer(cycles, second)
    integrals = rows[:, columns.recorded :]
    power = columns.power - columns.integrated
    integrals[:, power] = -stored - integrals[:, power + 1 :].sum(axis=1)
    state, row = states[-1].copy(), last.row.copy()
    row[columns.recorded :] += integrals.sum(axis=0)
    row[TIME] += rows[:, TIME].sum()
    row[CHARGE] += COULOMB_PER_MAH * places.sum()
    row[STORED] += stored.sum()
    row[POTENTIAL : POTENTIAL + layout.unknowns - layout.potential] = state[layout.potential :]
    row[columns.means : columns.means + layout.block] = space.mean
    row[CONTENT] = space.mean[: layout.host] @ space.content
    table = _continued(earlier.table, last.table, cycles, places, stored, integrals[:, power])
    return CycleEnd(state, row, table)


def _differences(values: Sequence[Any]) -> tuple[Any, Any]:
    """First and second differences, d and d - d0, from values at three ends; zero where they have settled."""
    before, earlier, last = values
    now, then = last - earlier, earlier - before
    size, least = np.abs(last), np.abs(now)
    settled = np.maximum(least, np.abs(then)) <= SETTLED * size
    # What relaxes fast is nearly there; its second difference would drive it away again.
    settled |= least <= 0.5 * np.abs(then)
    return np.where(settled, 0.0, now), np.where(settled, 0.0, now - then)


def _continued(
    earlier: CycleTable, last: CycleTable, cycles: Floats, places: Floats, stored: Floats, delivered: Floats
) -> CycleTable:
    """The table of the cycles passed over.

    What they put in each place and store, and the energy that they deliver, is given; the last half cycle has the rest.
    """
    made: dict[str, Any] = {}
    for item in fields(CycleTable):
        new = getattr(last, item.name)
        steps = cycles.astype(new.dtype)
        if item.name == "half_direction":
            made[item.name] = np.tile(new, (len(cycles), 1))
        elif item.name in ("cycle", "half_cycle"):
            made[item.name] = np.add.outer(steps, new)
        else:
            made[item.name] = new + np.multiply.outer(steps, new - getattr(earlier, item.name))
    charge = places.sum(axis=1)
    given = {
        "destinations": places,
        "charge": charge,
        "energy": delivered,
        "stored": stored,
        "potential": 0.0,
    }
    units = {"destinations": "mAh_per_g", "charge": "mAh_per_g", "potential": "V"}
    for name, total in given.items():
        halves = made[f"half_{name}_{units.get(name, 'J_per_g')}"]
        halves[:, -1] += total - halves.sum(axis=1)
    # Insertion and extraction of each cycle; the last half cycle takes the difference.
    column, sign = (0, 1.0) if last.half_direction[-1] > 0 else (1, -1.0)
    for name, total in (("charge_mAh_per_g", charge), ("energy_J_per_g", delivered)):
        ways = made[name][:, 0]
        ways[:, column] += sign * (total - (ways[:, 0] - ways[:, 1]))
    return CycleTable(**{name: values.reshape(-1, *values.shape[2:]) for name, values in made.items()})
