"""Measured phase fractions along the half cycles of a curve."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sbpath.errors import InputError, listed
from sbpath.kernels import Floats, Integers
from sbpath.measured.experiment_file import MeasuredCurve
from sbpath.measured.fractions import FRACTION_SD, MeasuredFractions
from sbpath.measured.records import MeasuredHalf
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.notation import node_named

# A value of x may lie beyond the ends of its half cycle by this share of the theoretical capacity, from rounding.
BEYOND = 0.02
# Fractions whose sum is within this of 1 were made to add up to it.
WHOLE = 5e-3


@dataclass(frozen=True, eq=False)
class FractionPoints:
    """Measured shares of the host in one node along one half cycle, m points.

    Attributes
    ----------
    half, node : int
        Index of the half cycle of its cell and of the node among those of the mechanism; -1 if it has no such phase, of which
        there is then none.
    name : str
        The phase, as the table names it.
    q : array, shape (m,)
        Charge since the half cycle began, as a share of the theoretical capacity.
    share, sd : array, shape (m,)
        Share of the host, and its standard deviation.
    """

    half: int
    node: int
    name: str
    q: Floats
    share: Floats
    sd: Floats


def fraction_points(
    table: MeasuredFractions,
    measured: MeasuredCurve,
    halves: Sequence[MeasuredHalf],
    mechanism: Mechanism,
    absent: Collection[str] = (),
) -> tuple[list[FractionPoints], list[str]]:
    """The points of a table, by half cycle and phase, with what is to be said of it.

    Parameters
    ----------
    table : MeasuredFractions
        As read.
    measured : MeasuredCurve
        The curve along which it was measured.
    halves : sequence of MeasuredHalf
        Of the whole curve.
    mechanism : Mechanism
        Whose nodes the phases are.
    absent : collection of str
        Phases that the mechanism may lack.

    Raises
    ------
    InputError
        If the mechanism has no such phase, or a row lies outside the curve.
    """
    nodes = list(mechanism.nodes)
    chosen: dict[str, int] = {}
    for name in table.fractions:
        try:
            chosen[name] = -1 if name in absent else nodes.index(node_named(mechanism, name))
        except InputError as error:
            raise InputError(f"{table.path}: line 1: {error}") from None
    half, q = (
        _by_time(table, measured, halves)
        if table.x is None
        else _by_x(table, table.x, measured, halves, mechanism)
    )
    said = [
        f"{table.path}: {name} is no phase of {mechanism.name} and counts as 0 there."
        for name, node in chosen.items()
        if node < 0
    ]
    if np.any(half < 0):
        lines = (np.flatnonzero(half < 0) + 2).tolist()
        said.append(
            f"{table.path}: {len(lines)} row{'s' * (len(lines) > 1)} at rest or constant voltage, not compared: "
            f"line{'s' * (len(lines) > 1)} {listed(lines)}."
        )
    without = [name for name in table.fractions if name not in table.errors]
    if without:
        said.append(f"{table.path}: errors of {', '.join(without)} are taken as {FRACTION_SD:g}.")
    # Of P fractions that add up to 1, P - 1 are independent: with the covariance of such, the sum of their squares counts (P - 1) / P.
    every = np.array([*table.fractions.values()])
    known = np.isfinite(every).sum(axis=0)
    whole = (known > 1) & (np.abs(np.nansum(every, axis=0) - 1.0) < WHOLE)
    wider = np.sqrt(np.where(whole, known / np.maximum(known - 1, 1), 1.0))
    found = []
    for number in np.unique(half[half >= 0]).tolist():
        for name, node in chosen.items():
            share = table.fractions[name]
            rows = (half == number) & np.isfinite(share)
            if np.any(rows):
                sd = table.errors.get(name, np.full(len(share), np.nan))[rows]
                sd = np.where(np.isfinite(sd), sd, FRACTION_SD) * wider[rows]
                found.append(FractionPoints(number, node, name, q[rows], share[rows], sd))
    return found, said


def _by_time(
    table: MeasuredFractions, measured: MeasuredCurve, halves: Sequence[MeasuredHalf]
) -> tuple[Integers, Floats]:
    """Half cycle and charge of each row; -1 at rest and at constant voltage."""
    time = np.zeros(0) if table.time_s is None else table.time_s
    clock = measured.curve.time_s
    if beyond := np.flatnonzero(time > clock[-1]).tolist():
        raise InputError(
            f"{table.path}: line {beyond[0] + 2}: time_s: {time[beyond[0]]:g} s is after the last row of the curve, at "
            f"{clock[-1]:g} s; count from its first row"
        )
    half, q = np.full(len(time), -1), np.zeros(len(time))
    for number, one in enumerate(halves):
        for piece in one.pieces:
            if piece.kind == "current":
                own = (time >= clock[max(piece.first - 1, 0)]) & (time <= clock[piece.last - 1]) & (half < 0)
                half[own], q[own] = number, np.interp(time[own], one.time_s, one.q)
    return half, q


def _by_x(
    table: MeasuredFractions,
    x: Floats,
    measured: MeasuredCurve,
    halves: Sequence[MeasuredHalf],
    mechanism: Mechanism,
) -> tuple[Integers, Floats]:
    """Half cycle and charge of each row: a run of rising x is an insertion, of falling x an extraction."""
    empty, full = mechanism.content_range
    way = np.sign(np.diff(x))
    known = np.flatnonzero(way)
    # A step that stands still goes on as the one before.
    if len(known):
        way = way[known[np.maximum(np.searchsorted(known, np.arange(len(way)), side="right") - 1, 0)]]
    cuts = [0, *(np.flatnonzero(np.diff(way)) + 2).tolist(), len(x)]
    begin = next((n for n, one in enumerate(halves) if one.cycle == table.cycle), len(halves))
    if begin < len(halves) and len(known) and (way[0] > 0.0) != (halves[begin].direction == "insertion"):
        begin += 1
    # What is in the host when each half cycle begins.
    passed = [
        (1.0 if one.direction == "insertion" else -1.0) * one.capacity_mAh_per_g / mechanism.theoretical_capacity_mAh_per_g
        for one in halves
    ]  # fmt: skip
    begins = (0.0 if measured.first == "insertion" else 1.0) + np.concatenate([[0.0], np.cumsum(passed)])
    half, q = np.zeros(len(x), dtype=np.int64), np.zeros(len(x))
    for number, (first, last) in enumerate(pairwise(cuts), begin):
        if number >= len(halves):
            raise InputError(
                f"{table.path}: line {first + 2}: x = {x[first]:g} belongs to no half cycle, of which there are {len(halves)}; state "
                "the cycle in which the table begins, cycle = 1, or give time_s"
            )
        own = (x[first:last] - empty) / (full - empty) - begins[number]
        q[first:last] = own if passed[number] > 0.0 else -own
        half[first:last] = number
        beyond = np.flatnonzero((q[first:last] < -BEYOND) | (q[first:last] > abs(passed[number]) + BEYOND))
        if len(beyond):
            row = first + int(beyond[0])
            ends = empty + (full - empty) * begins[number : number + 2]
            raise InputError(
                f"{table.path}: line {row + 2}: x = {x[row]:g} is outside the {halves[number].direction} of cycle {halves[number].cycle}, "
                f"{min(ends):.2f} to {max(ends):.2f} by the charge since the curve began; correct x or the mass, or give time_s"
            )
    return half, q
