"""Phases named as chemists write them: Li2Sb with a subscript, amorphous phases marked."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

_SUBSCRIPTS = str.maketrans("0123456789.x", "₀₁₂₃₄₅₆₇₈₉.ₓ")
_AMOUNT = re.compile(r"(?<=[A-Za-z)])(\d+(?:\.\d+)?|x|\([^)]*\))(?=[A-Z(]|$)")


def subscripted(formula: str, mathtext: bool = False) -> str:
    """``Li3Sb`` as ``Li₃Sb``, or as ``Li$_3$Sb`` for Matplotlib."""
    if mathtext:
        return _AMOUNT.sub(lambda match: f"$_{{{match[1]}}}$", formula)
    return _AMOUNT.sub(lambda match: match[1].translate(_SUBSCRIPTS), formula)


def phase_labels(document: dict[str, Any], mathtext: bool = False, short: bool = False) -> dict[str, str]:
    """A label for every phase of a mechanism's document, by name.

    A phase's own `label` wins. The structure is added where two phases share a formula and,
    unless `short`, where a phase is amorphous, since diffraction does not see that one.
    """
    phases = document["phases"]
    shared = Counter(phase["formula"] for phase in phases.values())
    labels = {}
    for name, phase in phases.items():
        label = subscripted(phase["formula"], mathtext)
        if shared[phase["formula"]] > 1 or not (short or phase["crystalline"]):
            label += f" ({phase['structure']})"
        labels[name] = phase.get("label") or label
    return labels
