"""Phases as chemists write them: Li2Sb with subscripts, phases that are not crystalline marked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from sbpath.mechanism.chemistry import ATOMIC_WEIGHT
from sbpath.mechanism.mechanism import Edge, Mechanism
from sbpath.mechanism.records import Phase

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


def state(phase: Phase) -> str:
    """What a phase is that diffraction does not see: ``amorphous``, ``liquid``, or only not crystalline."""
    words = re.findall(r"\w+", phase.structure)
    return next((word for word in words if word in STATES), "not crystalline")


def phase_labels(mechanism: Mechanism, mathtext: bool = False, short: bool = False) -> dict[str, str]:
    """A label for every phase, by name.

    A phase's own `label` wins. The structure is added where two phases share a formula and,
    unless `short`, where a phase is not crystalline, since diffraction does not see that one.
    """
    shared = Counter(phase.formula for phase in mechanism.phases.values())
    labels = {}
    for name, phase in mechanism.phases.items():
        label = subscripted(phase.formula, mathtext)
        if shared[phase.formula] > 1 or not (short or phase.crystalline):
            label += f" ({phase.structure})"
        labels[name] = subscripted(phase.label, mathtext) if phase.label else label
    return labels


def node_labels(mechanism: Mechanism, mathtext: bool = False, short: bool = False) -> dict[str, str]:
    """A label for every node, by name: a phase, or ``Sb + 1.5 Li₂S``."""
    phases = phase_labels(mechanism, mathtext, short)
    return {
        # A node of one phase is named as that phase, whatever its amount per Sb.
        name: phases[next(iter(contents))] if len(contents) == 1 else _sum(contents, phases)
        for name, contents in mechanism.nodes.items()
    }


def edge_label(edge: Edge, labels: Mapping[str, str]) -> str:
    """``Sb -> Li₂Sb``, with the labels of its nodes."""
    return " -> ".join(labels[name] for name in edge.ends)


def edge_labels(
    mechanism: Mechanism,
    edges: Sequence[tuple[str, str]],
    mathtext: bool = False,
    short: bool = False,
    between: str | None = None,
) -> dict[tuple[str, str], str]:
    """A label for each edge, by its ends, of what reacts: ``Sb → Li₂Sb`` where Li₂S is unchanged on both sides.

    Where two edges would get the same label, both keep what is unchanged. `between` replaces the
    arrow.
    """
    nodes, phases = node_labels(mechanism, mathtext, short), phase_labels(mechanism, mathtext, short)
    arrow = between or (" $\\rightarrow$ " if mathtext else " → ")
    whole, brief = {}, {}
    for edge in edges:
        whole[edge] = arrow.join(nodes[name] for name in edge)
        sides = [mechanism.nodes[name] for name in edge]
        both = sides[0].items() & sides[1].items()
        left = [{name: n for name, n in side.items() if (name, n) not in both} for side in sides]
        brief[edge] = arrow.join(_sum(side, phases) for side in left) if all(left) else whole[edge]
    uses = Counter(brief.values())
    return {edge: label if uses[label] == 1 else whole[edge] for edge, label in brief.items()}


def host_label(mechanism: Mechanism, mathtext: bool = False) -> str:
    """What capacities are referred to: the initial node, e.g. ``Sb`` or ``Sb₂S₃``."""
    return node_labels(mechanism, mathtext, short=True)[mechanism.initial_phase]


def _sum(contents: Mapping[str, float], phases: Mapping[str, str]) -> str:
    return " + ".join(
        phases[phase] if amount == 1.0 else f"{amount:.3g} {phases[phase]}"
        for phase, amount in contents.items()
    )
