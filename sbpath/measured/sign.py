"""The sign of a current: from the states of a cycler, and from the voltage, which falls on insertion."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sbpath.errors import InputError
from sbpath.measured.amounts import check_curve
from sbpath.measured.halves import half_pieces, pieces
from sbpath.measured.records import Curve, Direction

# The sign follows from the voltage if half cycles that agree outweigh the others by this share.
AGREEMENT = 0.3

DISCHARGE = re.compile(r"d_?ch|dis|放电|放電|방전|(?:^|\d )d(?![a-z])|[_ ]d$|entlad|\bent\b", re.I)
CHARGE = re.compile(r"ch|(?:^|\d )c(?![a-z])|[_ ]c$|充电|充電|충전|lad", re.I)


def state_signs(cells: Sequence[str]) -> NDArray[np.int64]:
    """-1 for states of discharge, such as ``CC_DChg`` and ``D``, 1 of charge and 0 of neither, shape (n,)."""
    signs = {text: -1 if DISCHARGE.search(text) else 1 if CHARGE.search(text) else 0 for text in set(cells)}
    return np.array([signs[text] for text in cells], dtype=np.int64)


def signed(curve: Curve, first: Direction | None, flip: bool) -> Curve:
    """`curve`, whose current has the sign of the file, with positive current on insertion.

    Parameters
    ----------
    curve : Curve
        As in the file.
    first : str or None
        Direction of the first half cycle, if stated.
    flip : bool
        Take insertion for extraction, against what the voltage says.

    Raises
    ------
    InputError
        If `first` contradicts the voltage, or neither tells.
    """
    groups = half_pieces(pieces(curve))
    if not groups:
        most = np.abs(curve.current_A).max(initial=0.0)
        rest = f" but {1e6 * most:.3g} uA or less at rest" if most > 0.0 else ""
        return replace(curve, assumed=(*curve.assumed, f"No current flows{rest}: there is no half cycle."))
    path = curve.source.path
    charged = [[part for part in group if part.kind != "rest"] for group in groups]
    charges = np.array([sum(part.current_A * part.duration_s for part in parts) for parts in charged])
    ways = np.array([1 if parts[0].current_A > 0.0 else -1 for parts in charged])
    falls = np.array(
        [curve.voltage_V[parts[0].first] - curve.voltage_V[parts[-1].last - 1] for parts in charged]
    )
    votes = ways * falls * np.abs(charges)
    told = abs(np.sum(votes)) > AGREEMENT * np.sum(np.abs(votes))
    stated, assumed = list(curve.stated), list(curve.assumed)
    if told:
        sign = int(np.sign(np.sum(votes)))
        agree = int(np.sum(ways * falls * sign > 0.0))
        some = "" if agree == len(groups) else f", in {agree} of {len(groups)} half cycles"
        reason = f"so the voltage falls on insertion and rises on extraction{some}"
    elif first is not None:
        sign = int(ways[0]) if first == "insertion" else -int(ways[0])
        reason = "as you stated; the voltage does not tell"
    else:
        raise InputError(
            f"{path}: which current is insertion cannot be told, for the voltage falls and rises under both signs; state the "
            "direction of the first half cycle (--first insertion), or name a column of states (--column state=...)"
        )
    if flip:
        sign, reason = -sign, "as you stated, against the voltage"
    assumed.append(f"{'Positive' if sign > 0 else 'Negative'} current in the file is insertion: {reason}.")
    if flip:
        stated.append("current flipped")
    if first is not None:
        stated.append(f"{first} first")
        if (ways[0] * sign > 0) != (first == "insertion"):
            verb = "rises" if first == "insertion" else "falls"
            same = np.flatnonzero((ways == ways[0]) & (falls * falls[0] > 0.0)) + 1
            numbers = ", ".join(map(str, same[:6])) + " ..." * (len(same) > 6)
            raise InputError(
                check_curve(curve, None, None)
                or f"{path}: first is {first}, but the voltage {verb} in half cycle{'s' * (len(same) > 1)} {numbers}; "
                "correct it, or --flip-current if the voltage is that of the other electrode"
            )
    return replace(
        curve, current_A=curve.current_A * sign + 0.0, stated=tuple(stated), assumed=tuple(assumed)
    )
