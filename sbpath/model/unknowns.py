"""The unknowns of an electrode: each is named here, once, and nowhere else is the order of the state known.

The state is ``y = (u_1, ..., u_N, s, q)``. Each of the N particles has a block u_i of B unknowns,
of which the first P are the fractions theta_ip of its host in the nodes. The g shared unknowns s
belong to the whole electrode, the potential E first. The m tallies q are counts, such as the
charge that a side reaction has taken: they grow at a rate that depends on the other unknowns,
but no rate depends on them, so they cost the integrator no elimination.

The number of unknowns under one name is that of what they describe (nodes, films, ...), and none
where the electrode does not have it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, NamedTuple

import numpy as np

from sbpath.kernels import Floats, Integers

# What an unknown belongs to.
PARTICLE, SHARED, TALLY = range(3)


@dataclass(frozen=True, slots=True)
class Unknown:
    """What the solver knows of an unknown.

    Attributes
    ----------
    name : str
        Also that of its column (`sbpath.model.columns`), and of the fields of `State` and
        `Solution` that hold it.
    unit : str
        "1" where there is none.
    owner : int
        `PARTICLE`, `SHARED` or `TALLY`.
    size : str
        What it has one of each of: "one", or a key of the sizes given to `layout_of`.
    start : float
        Where it begins unless the initial state names it.
    floor : float
        Lowest admissible value; a step that goes below is repeated with a shorter one.
    scale : float
        Its typical magnitude, by which the absolute tolerance is multiplied.
    host : bool
        Whether it is a share of the particle's host, all of which add up to what they begin with.
        Those must be the first of the particle's unknowns.
    """

    name: str
    unit: str
    owner: int
    size: str = "one"
    start: float = 0.0
    floor: float = -inf
    scale: float = 1.0
    host: bool = False


# A kernel finds an unknown by its number in this table, see `Layout.first`, but for the fractions
# and E, which come first. A new one goes to the end.
UNKNOWNS: tuple[Unknown, ...] = (
    Unknown("fractions", "1", PARTICLE, size="nodes", floor=0.0, host=True),
    Unknown("potential_V", "V", SHARED),
)


class Layout(NamedTuple):
    """Where the unknowns are, for kernels.

    `block` (B) unknowns of each particle, of which the first `host` are shares of its host;
    `potential`, the place of E, the first of the `shared` (g) unknowns; `unknowns` (n),
    all of them, so that the tallies are ``potential + shared <= k < unknowns``. `first`, by number in
    `UNKNOWNS`: the place of an unknown (of its first element) in the block of its particle or, if
    it belongs to the electrode, in the state. `floor` and `scale` (B + g + m): of the unknowns of a
    block, then of the electrode.
    """

    block: int
    host: int
    potential: int
    shared: int
    unknowns: int
    first: Integers
    floor: Floats
    scale: Floats


def layout_of(particles: int, sizes: Mapping[str, int]) -> Layout:
    """The state of an electrode of so many particles; `sizes` as `sbpath.model.network.sizes_of` has them."""
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
    return Layout(block, host, potential, shared, unknowns, first, np.array(floor), np.array(scale))


def state_of(layout: Layout, sizes: Mapping[str, int], values: Mapping[str, Any]) -> Floats:
    """A state from values by name; unknowns without one are at their start.

    Values of a particle's unknown have shape (N, size) or one that NumPy broadcasts to it, those
    of the electrode (size,).
    """
    state = np.empty(layout.unknowns)
    blocks = state[: layout.potential].reshape(-1, layout.block)
    for first, unknown in zip(layout.first.tolist(), UNKNOWNS, strict=True):
        own = slice(first, first + sizes[unknown.size])
        target = blocks[:, own] if unknown.owner == PARTICLE else state[own]
        target[...] = values.get(unknown.name, unknown.start)
    return state


def states_of(layout: Layout, sizes: Mapping[str, int], values: Mapping[str, Any]) -> Floats:
    """States of one particle in n rows, shape (n, unknowns), from values of shape (size, n) or (n,) by name."""
    rows = np.shape(values["potential_V"])[-1]
    states = np.empty((rows, layout.unknowns))
    for first, unknown in zip(layout.first.tolist(), UNKNOWNS, strict=True):
        states[:, first : first + sizes[unknown.size]] = np.atleast_2d(values[unknown.name]).T
    return states
