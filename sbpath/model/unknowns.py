"""The unknowns of an electrode: each is named once, here, and only this module knows their order.

The state is ``y = (u_1, ..., u_N, s, q)``. Each of the N particles has a block u_i of B unknowns,
of which the first P are the fractions theta_ip of its host in the nodes. The g shared unknowns s
belong to the whole electrode, the potential E first. The m tallies q are running totals, such as the
charge consumed by a side reaction: their rates depend on the other unknowns, but no rate depends
on them, so they cost the integrator no elimination.

An unknown has one element per item that it describes (node, film, ...), and none where the electrode
has no such item.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, NamedTuple

import numpy as np

from sbpath.kernels import Floats, Integers, kernel

# The owner of an unknown.
PARTICLE, SHARED, TALLY = range(3)


@dataclass(frozen=True, slots=True)
class Unknown:
    """One unknown, as the solver sees it.

    Attributes
    ----------
    name : str
        Also the name of its column (`sbpath.model.columns`), and of the fields of `State` and
        `Solution` that hold it.
    unit : str
        "1" if dimensionless.
    owner : int
        `PARTICLE`, `SHARED` or `TALLY`.
    size : str
        Its number of elements: "one", or a key of the sizes given to `layout_of`.
    start : float
        Initial value unless the initial state gives one.
    floor : float
        Lowest admissible value; a step that goes below is repeated with a shorter one.
    scale : float
        Typical magnitude, which multiplies the absolute tolerance.
    host : bool
        Whether it is a share of the particle's host; the sum of these is conserved. They must come
        first among the particle's unknowns.
    """

    name: str
    unit: str
    owner: int
    size: str = "one"
    start: float = 0.0
    floor: float = -inf
    scale: float = 1.0
    host: bool = False


# Kernels find an unknown by its number in this table, see `Layout.first`, except the fractions
# and E, which come first. Append new ones.
UNKNOWNS: tuple[Unknown, ...] = (
    Unknown("fractions", "1", PARTICLE, size="nodes", floor=0.0, host=True),
    Unknown("potential_V", "V", SHARED),
    Unknown("live_share", "1", SHARED, size="loss", start=1.0, floor=0.0),
    Unknown("host_area_m2_per_g", "m2/g", SHARED, size="film", floor=0.0),
    Unknown("bare_share", "1", SHARED, size="origins", floor=0.0),
    Unknown("film_thickness_m", "m", SHARED, size="film", floor=0.0, scale=1e-9),
    Unknown("idle_bare_share", "1", SHARED, size="film", start=1.0, floor=0.0),
    Unknown("idle_film_thickness_m", "m", SHARED, size="film", floor=0.0, scale=1e-9),
    Unknown("film_charge_C_per_g", "C/g", TALLY, size="host_film_causes", floor=0.0, scale=1e3),
    Unknown("idle_film_charge_C_per_g", "C/g", TALLY, size="idle_film_causes", floor=0.0, scale=1e3),
    Unknown("trapped_mol_per_mol", "mol/mol", TALLY, size="loss", floor=0.0),
    Unknown("lost_energy_J_per_g", "J/g", TALLY, size="loss", scale=1e3),
    Unknown("strain", "1", TALLY, size="strain", floor=0.0),
)
LIVE_SHARE, HOST_AREA, BARE, FILM_THICKNESS, IDLE_BARE, IDLE_FILM_THICKNESS = range(2, 8)
FILM_CHARGE, IDLE_FILM_CHARGE, TRAPPED, LOST_ENERGY, STRAIN = range(8, 13)

# Sizes of what an electrode has once, if at all.
ONCE = ("one", "film", "loss", "strain")

# Origins of bare surface: bare from the start, fresh from breaking, torn open. Charge in film on the host
# is counted for each, then for growth; on idle surface, which is bare from the start, likewise.
FROM_START, BROKEN, TORN = range(3)
ORIGINS = 3


def sizes_of_wear(film: bool, loss: bool) -> dict[str, int]:
    """Number of elements of the unknowns of an electrode with film, and with loss of host."""
    return {
        "film": int(film),
        "origins": ORIGINS * film,
        "host_film_causes": (ORIGINS + 1) * film,
        "idle_film_causes": 2 * film,
        "loss": int(loss),
        "strain": int(film or loss),
    }


class Layout(NamedTuple):
    """Positions of the unknowns, for kernels.

    `block` (B): unknowns per particle, of which the first `host` are shares of its host;
    `potential`: position of E, the first of the `shared` (g) unknowns; `unknowns` (n): total
    number, so that the tallies are ``potential + shared <= k < unknowns``. `first`, by number in
    `UNKNOWNS`: position of an unknown (its first element) in the block of its particle or, if
    it belongs to the electrode, in the state. `floor` and `scale` (B + g + m): for the unknowns of a
    block, then of the electrode. `loses`: whether host is cut off, so that its live share is an unknown.
    """

    block: int
    host: int
    potential: int
    shared: int
    unknowns: int
    first: Integers
    floor: Floats
    scale: Floats
    loses: bool


@kernel
def live_share(state: Floats, layout: Layout) -> float:
    """Share of the host that takes part: 1 if none can be lost."""
    at: int = layout.first[LIVE_SHARE]
    return state[at] if layout.loses else 1.0


def layout_of(particles: int, sizes: Mapping[str, int]) -> Layout:
    """State layout for the given number of particles; `sizes` as from `sbpath.model.network.sizes_of`."""
    first = np.zeros(len(UNKNOWNS), dtype=np.int64)
    floor, scale, counts, host = [], [], [0, 0, 0], 0
    for owner in (PARTICLE, SHARED, TALLY):
        for number, unknown in enumerate(UNKNOWNS):
            if unknown.owner == owner:
                size = sizes[unknown.size]
                first[number] = counts[owner]
                counts[owner] += size
                host += size if unknown.host else 0
                floor += [unknown.floor] * size
                scale += [unknown.scale] * size
    block, shared, tallies = counts
    potential = particles * block
    for number, unknown in enumerate(UNKNOWNS):
        if unknown.owner != PARTICLE:
            first[number] += potential if unknown.owner == SHARED else potential + shared
    unknowns = potential + shared + tallies
    loses = sizes["loss"] > 0
    return Layout(block, host, potential, shared, unknowns, first, np.array(floor), np.array(scale), loses)


def state_of(layout: Layout, sizes: Mapping[str, int], values: Mapping[str, Any]) -> Floats:
    """A state from values by name; unknowns without a value take their `start`.

    Values have shape (N, size), or one that broadcasts to it, for unknowns of particles, and (size,)
    for those of the electrode.
    """
    state = np.empty(layout.unknowns)
    blocks = state[: layout.potential].reshape(-1, layout.block)
    for first, unknown in zip(layout.first.tolist(), UNKNOWNS, strict=True):
        own = slice(first, first + sizes[unknown.size])
        target = blocks[:, own] if unknown.owner == PARTICLE else state[own]
        target[...] = values.get(unknown.name, unknown.start)
    return state


def values_of(layout: Layout, sizes: Mapping[str, int], state: Floats) -> dict[str, Floats]:
    """The unknowns in a state of one particle, by name: shape (size, 1), or (1,) for what is there once."""
    found = {}
    for first, unknown in zip(layout.first.tolist(), UNKNOWNS, strict=True):
        if size := sizes[unknown.size]:
            own = state[first : first + size]
            found[unknown.name] = own.copy() if unknown.size in ONCE else own[:, np.newaxis].copy()
    return found


def states_of(layout: Layout, sizes: Mapping[str, int], values: Mapping[str, Any]) -> Floats:
    """States of one particle in n rows, shape (n, unknowns), from values of shape (size, n) or (n,) by name."""
    rows = np.shape(values["potential_V"])[-1]
    states = np.empty((rows, layout.unknowns))
    for first, unknown in zip(layout.first.tolist(), UNKNOWNS, strict=True):
        if sizes[unknown.size]:
            states[:, first : first + sizes[unknown.size]] = np.atleast_2d(values[unknown.name]).T
    return states
