"""Phases named as chemists write them: Li2Sb with a subscript, amorphous phases marked."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from sbpath.mechanism.chemistry import node_contents

_SUBSCRIPTS = str.maketrans("0123456789.x", "₀₁₂₃₄₅₆₇₈₉.ₓ")
_AMOUNT = re.compile(r"(?<=[A-Za-z)])(\d+(?:\.\d+)?|x|\([^)]*\))(?=[A-Z(]|$)")


def subscripted(formula: str, mathtext: bool = False) -> str:
    """``Li3Sb`` as ``Li₃Sb``, or as ``Li$_3$Sb`` for Matplotlib."""
    if mathtext:
        return _AMOUNT.sub(lambda match: f"$_{{{match[1]}}}$", formula)
    return _AMOUNT.sub(lambda match: match[1].translate(_SUBSCRIPTS), formula)


def node_labels(document: dict[str, Any], mathtext: bool = False, short: bool = False) -> dict[str, str]:
    """A label for every node of a mechanism's document, by name: a phase, or ``Sb + 1.5 Li₂S``."""
    phases = phase_labels(document, mathtext, short)
    return {
        name: " + ".join(
            phases[phase] if amount == 1.0 or len(contents) == 1 else f"{amount:.3g} {phases[phase]}"
            for phase, amount in contents.items()
        )
        for name, contents in node_contents(phases, document.get("assemblages", {})).items()
    }


def host_label(document: dict[str, Any], mathtext: bool = False) -> str:
    """What capacities are referred to: the initial node, e.g. ``Sb`` or ``Sb₂S₃``."""
    return node_labels(document, mathtext, short=True)[document["initial_phase"]]


def node_crystalline(document: dict[str, Any]) -> dict[str, bool]:
    """Whether each node is crystalline throughout, by name."""
    phases = document["phases"]
    return {
        name: all(phases[phase]["crystalline"] for phase in contents)
        for name, contents in node_contents(phases, document.get("assemblages", {})).items()
    }


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
