"""The pieces and half cycles of a measured curve.

A curve is cut where its current changes sign. Rests are pieces of their own, and so are stretches of constant voltage,
which belong to their half cycle but hold no point of it. Turns of less charge than a thousandth of the largest half
cycle, such as noise around zero, are none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sbpath.arguments import number
from sbpath.errors import InputError
from sbpath.halfcycles import MIN_RUN_SHARE
from sbpath.measured.records import Curve, MeasuredHalf, Piece
from sbpath.mechanism.chemistry import ATOMIC_WEIGHT
from sbpath.physical import COULOMB_PER_MAH, FARADAY_C_PER_MOL

# Three alkali atoms per Sb.
THEORETICAL_MAH_PER_G = 3.0 * FARADAY_C_PER_MOL / ATOMIC_WEIGHT["Sb"] / COULOMB_PER_MAH
# Without step names, currents below this share of the largest are those of a rest.
REST_SHARE = 1e-3
# Nor are smaller ones than this share of the largest of a half cycle part of it, at its ends, if next to no charge flows.
NOISE_SHARE = 0.02
# In a hold the voltage stays within this of its end (V), and the current fades to this share.
HOLD_BAND_V = 3e-3
HOLD_FADE = 0.9
# A current that changes by more than this share begins a new piece.
CURRENT_CHANGE = 0.2
# A current is level if it stays within this share.
LEVEL = 0.02
LEVEL_ROWS = 5
MIN_HOLD_ROWS = 4
SECONDS_PER_HOUR = 3600.0
# Half cycles that end within this of the farthest one (V) ended by voltage.
END_BAND_V = 0.01

REST = re.compile(r"\b(?:rest|pause|ocv|idle|relax\w*|open circuit\w*|r|o)\b|搁置|静置|休眠", re.I)
HOLD = re.compile(r"(?:^|[^a-z])cv(?![a-z])|^恒压", re.I)


def pieces(curve: Curve) -> tuple[Piece, ...]:
    """The stretches of a curve under current, at constant voltage and at rest, in order.

    Pieces end where the current changes sign, where the step of the file changes, and where the size of the current jumps.
    """
    sign = _signs(curve)
    cuts = np.flatnonzero((np.diff(sign) != 0) | (np.diff(curve.step) != 0) | _jumps(curve.current_A)) + 1
    bounds = [0, *cuts.tolist(), len(sign)]
    found: list[Piece] = []
    for first, last in pairwise(bounds):
        if sign[first] == 0:
            if found and found[-1].kind == "rest":
                first = found.pop().first
            found.append(_piece(curve, "rest", first, last))
            continue
        hold = first + _hold_start(curve, first, last)
        if first < hold:
            found.append(_piece(curve, "current", first, hold))
        if hold < last:
            found.append(_piece(curve, "hold", hold, last))
    return tuple(found)


def measured_halves(
    curve: Curve, mass_g: float, theoretical_capacity_mAh_per_g: float = THEORETICAL_MAH_PER_G
) -> tuple[MeasuredHalf, ...]:
    """The half cycles of a curve.

    Parameters
    ----------
    curve : Curve
        As read.
    mass_g : float
        Of the host, Sb alone.
    theoretical_capacity_mAh_per_g : float
        Per gram of host; by default of three alkali atoms per Sb.

    Raises
    ------
    InputError
        If the mass or the capacity is not positive, or no charge passes.
    """
    full_C = number("mass_g", mass_g, above=0.0) * COULOMB_PER_MAH
    full_C *= number("theoretical_capacity_mAh_per_g", theoretical_capacity_mAh_per_g, above=0.0)
    parts = pieces(curve)
    groups = half_pieces(parts)
    if not groups:
        raise InputError(f"{curve.source.path}: no charge passes in it; give a file with half cycles")
    ways = [1 if group[0].current_A > 0.0 else -1 for group in groups]
    charged = [[part for part in group if part.kind != "rest"] for group in groups]
    ends = [float(curve.voltage_V[parts[-1].last - 1]) for parts in charged]
    found = []
    for index, (group, way) in enumerate(zip(groups, ways, strict=True)):
        under = [part for part in charged[index] if part.kind == "current"] or charged[index]
        rows = np.concatenate([np.arange(part.first, part.last) for part in under])
        charge = way * (curve.charge_C - curve.charge_C[max(group[0].first - 1, 0)])
        lasted = sum(part.duration_s for part in under)
        passed = sum(part.current_A * part.duration_s for part in under)
        current = passed / lasted if lasted > 0.0 else under[0].current_A
        farthest = way * min(way * end for end, other in zip(ends, ways, strict=True) if other == way)
        last = charged[index][-1].last
        if abs(ends[index] - farthest) <= END_BAND_V:
            ended_by = "voltage"
        else:
            ended_by = "end of file" if last == len(curve.time_s) else "turn"
        found.append(
            MeasuredHalf(
                number=index + 1,
                cycle=index // 2 + 1,
                direction="insertion" if way > 0 else "extraction",
                q=charge[rows] / full_C,
                voltage_V=curve.voltage_V[rows],
                time_s=curve.time_s[rows],
                rows=rows,
                current_A_per_g=current / mass_g,
                rate_per_h=abs(current) * SECONDS_PER_HOUR / full_C,
                capacity_mAh_per_g=float(charge[last - 1]) / COULOMB_PER_MAH / mass_g,
                ended_by=ended_by,
                pieces=tuple(group),
            )
        )
    return tuple(found)


def _signs(curve: Curve) -> NDArray[np.int64]:
    """1, -1 or 0 (rest) for each row, with turns that are none taken as rests."""
    size = np.abs(curve.current_A)
    resting = np.array([REST.search(name) is not None for name in curve.step_names])[curve.step]
    sign = np.where(resting | (size <= REST_SHARE * size.max()), 0, np.sign(curve.current_A)).astype(np.int64)
    charged = np.flatnonzero(sign)
    if len(charged) == 0:
        return sign
    passed = np.abs(np.diff(curve.charge_C, prepend=0.0)[charged])
    starts = np.flatnonzero(np.diff(sign[charged], prepend=0) != 0)
    nets = np.add.reduceat(passed, starts)
    for start, end, net in zip(starts, np.append(starts[1:], len(charged)), nets, strict=True):
        if net < MIN_RUN_SHARE * nets.max():
            sign[charged[start:end]] = 0
            continue
        # At its ends, noise of the same sign.
        flowing = np.flatnonzero(size[charged[start:end]] > NOISE_SHARE * size[charged[start:end]].max())
        for noise in (slice(start, start + flowing[0]), slice(start + flowing[-1] + 1, end)):
            if passed[noise].sum() < MIN_RUN_SHARE * net:
                sign[charged[noise]] = 0
    return sign


def _jumps(current: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where the current goes from one level to another between two rows, shape (n - 1,)."""
    size = np.abs(current)
    if len(size) < 2:
        return np.zeros(0, dtype=bool)
    padded = np.pad(size, LEVEL_ROWS - 1, mode="edge")
    median = np.median(np.lib.stride_tricks.sliding_window_view(padded, LEVEL_ROWS), axis=1)
    before, after = median[: len(size) - 1], median[LEVEL_ROWS : len(size) + LEVEL_ROWS - 1]
    # A current that fades or sweeps has no levels.
    level = (np.abs(before - size[:-1]) <= LEVEL * before) & (np.abs(after - size[1:]) <= LEVEL * after)
    return level & (np.abs(after - before) > CURRENT_CHANGE * np.maximum(after, before))


def _hold_start(curve: Curve, first: int, last: int) -> int:
    """From which row on the voltage is held in a run of rows, counted from its first; its length if nowhere."""
    if HOLD.search(curve.step_names[curve.step[first]]):
        return 0
    voltage, size = curve.voltage_V[first:last], np.abs(curve.current_A[first:last])
    if len(size) < MIN_HOLD_ROWS:
        return len(size)
    away = np.flatnonzero(np.abs(voltage - np.median(voltage[-3:])) > HOLD_BAND_V)
    start = int(away[-1]) + 1 if len(away) else 0
    # The last row before the current fades is at the limit, under current.
    steady = np.median(size[max(start - 2, 0) : start + 1])
    steady_again = np.flatnonzero(size[start:] >= (1.0 - LEVEL) * steady)
    start += int(steady_again[-1]) + 1 if len(steady_again) else 0
    enough = len(size) - start >= MIN_HOLD_ROWS - 1
    return start if enough and np.median(size[-3:]) < HOLD_FADE * steady else len(size)


def _piece(curve: Curve, kind: Literal["current", "hold", "rest"], first: int, last: int) -> Piece:
    duration = float(curve.time_s[last - 1] - curve.time_s[max(first - 1, 0)])
    charge = float(curve.charge_C[last - 1] - curve.charge_C[max(first - 1, 0)])
    mean = charge / duration if duration > 0.0 else float(np.mean(curve.current_A[first:last]))
    return Piece(kind, first, last, mean, duration)


def half_pieces(parts: Sequence[Piece]) -> list[list[Piece]]:
    """The pieces of each half cycle: one direction, and what follows before the other."""
    groups: list[list[Piece]] = []
    way = 0.0
    for part in parts:
        if part.kind != "rest" and part.current_A * way <= 0.0:
            way = part.current_A
            groups.append([])
        if groups:
            groups[-1].append(part)
    return groups
