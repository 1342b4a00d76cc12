"""Phases named as chemists write them: Li2Sb with a subscript, phases that are not crystalline marked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sbpath.mechanism.chemistry import ATOMIC_WEIGHT, antimony_share, node_contents

_SUBSCRIPTS = str.maketrans("0123456789.x+-", "₀₁₂₃₄₅₆₇₈₉.ₓ₊₋")
_FROM_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉.ₓ₊₋", "0123456789.x+-")
# An amount follows an element or a bracket, and another one or the end of the word follows it.
_AMOUNT = re.compile(
    r"(?P<of>[A-Z][a-z]?|\))(?P<amount>\d+(?:\.\d+)?(?![a-z\d])|x(?=[A-Z(]|$)|\([\d.x]+[+-][\d.x]+\))"
)
_WRITTEN = re.compile(r"[₀-₉ₓ₊₋](?:[₀-₉ₓ₊₋.]*[₀-₉ₓ₊₋])?")
# States of matter that the `structure` of a phase may name.
STATES = ("amorphous", "liquid")


def subscripted(text: str, mathtext: bool = False) -> str:
    """``Li3Sb in a cell`` as ``Li₃Sb in a cell``, or as ``Li$_{3}$Sb in a cell`` for Matplotlib.

    Amounts that the text has as subscripts already are taken as they are.
    """

    def subscript(match: re.Match[str]) -> str:
        if match["of"] != ")" and match["of"] not in ATOMIC_WEIGHT:
            return match[0]
        return match["of"] + match["amount"].strip("()").translate(_SUBSCRIPTS)

    done = _AMOUNT.sub(subscript, text)
    if mathtext:
        return _WRITTEN.sub(lambda match: f"$_{{{match[0].translate(_FROM_SUBSCRIPTS)}}}$", done)
    return done


def state(phase: dict[str, Any]) -> str:
    """What a phase is that diffraction does not see: ``amorphous``, ``liquid``, or only not crystalline."""
    words = re.findall(r"\w+", phase["structure"])
    return next((word for word in words if word in STATES), "not crystalline")


def node_labels(document: dict[str, Any], mathtext: bool = False, short: bool = False) -> dict[str, str]:
    """A label for every node of a mechanism's document, by name: a phase, or ``Sb + 1.5 Li₂S``."""
    phases = phase_labels(document, mathtext, short)
    return {
        # A node of one phase is named as that phase, whatever its amount per Sb.
        name: phases[next(iter(contents))] if len(contents) == 1 else _sum(contents, phases)
        for name, contents in _contents(document).items()
    }


def edge_labels(
    document: dict[str, Any],
    edges: Sequence[str],
    mathtext: bool = False,
    short: bool = False,
    between: str | None = None,
) -> dict[str, str]:
    """A label for each edge ``"A -> B"``, of what reacts: ``Sb → Li₂Sb`` where Li₂S stands by on both sides.

    Where two edges would be named alike, both keep what stands by. `between` takes the place of
    the arrow.
    """
    contents = _contents(document)
    nodes, phases = node_labels(document, mathtext, short), phase_labels(document, mathtext, short)
    arrow = between or (" $\\rightarrow$ " if mathtext else " → ")
    whole, brief = {}, {}
    for edge in edges:
        ends = edge.split(" -> ")
        whole[edge] = arrow.join(nodes[name] for name in ends)
        sides = [contents[name] for name in ends]
        both = sides[0].items() & sides[1].items()
        left = [{name: n for name, n in side.items() if (name, n) not in both} for side in sides]
        brief[edge] = arrow.join(_sum(side, phases) for side in left) if all(left) else whole[edge]
    uses = Counter(brief.values())
    return {edge: label if uses[label] == 1 else whole[edge] for edge, label in brief.items()}


def host_label(document: dict[str, Any], mathtext: bool = False) -> str:
    """What capacities are referred to: the initial node, e.g. ``Sb`` or ``Sb₂S₃``."""
    return node_labels(document, mathtext, short=True)[document["initial_phase"]]


def _contents(document: dict[str, Any]) -> dict[str, dict[str, float]]:
    return node_contents(document["phases"], document.get("assemblages", {}))


def _sum(contents: dict[str, float], phases: dict[str, str]) -> str:
    return " + ".join(
        phases[phase] if amount == 1.0 else f"{amount:.3g} {phases[phase]}"
        for phase, amount in contents.items()
    )


def node_crystalline(document: dict[str, Any]) -> dict[str, float]:
    """Share of the Sb of each node that is in crystalline phases, by name.

    Only Sb counts: Na2S does not make amorphous Sb beside it crystalline, nor liquid Ga Li3Sb amorphous.
    """
    phases = document["phases"]
    formulas = {name: phase["formula"] for name, phase in phases.items()}
    crystals = [name for name, phase in phases.items() if phase["crystalline"]]
    return {
        name: antimony_share(contents, formulas, crystals) for name, contents in _contents(document).items()
    }


def phase_labels(document: dict[str, Any], mathtext: bool = False, short: bool = False) -> dict[str, str]:
    """A label for every phase of a mechanism's document, by name.

    A phase's own `label` wins. The structure is added where two phases share a formula and,
    unless `short`, where a phase is not crystalline, since diffraction does not see that one.
    """
    phases = document["phases"]
    shared = Counter(phase["formula"] for phase in phases.values())
    labels = {}
    for name, phase in phases.items():
        label = subscripted(phase["formula"], mathtext)
        if shared[phase["formula"]] > 1 or not (short or phase["crystalline"]):
            label += f" ({phase['structure']})"
        own = phase.get("label")
        labels[name] = subscripted(own, mathtext) if own else label
    return labels
