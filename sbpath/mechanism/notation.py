"""Labels for phases as chemists write them: subscripts, and a mark on non-crystalline phases."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from sbpath.errors import InputError, nearest, printable
from sbpath.mechanism.chemistry import ATOMIC_WEIGHT
from sbpath.mechanism.mechanism import Edge, Mechanism
from sbpath.mechanism.records import Phase

_SUBSCRIPTS = str.maketrans("0123456789.x+-", "₀₁₂₃₄₅₆₇₈₉.ₓ₊₋")
_FROM_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉.ₓ₊₋", "0123456789.x+-")
# An amount follows an element or a bracket, and is followed by another or by the end of the word.
_AMOUNT = re.compile(
    r"(?P<of>[A-Z][a-z]?|\))(?P<amount>\d+(?:\.\d+)?(?![a-z\d])|x(?=[A-Z(]|$)|\([\d.x]+[+-][\d.x]+\))"
)
_SUBSCRIPTED = re.compile(r"[₀-₉ₓ₊₋](?:[₀-₉ₓ₊₋.]*[₀-₉ₓ₊₋])?")
# States of matter that the `structure` of a phase may name.
STATES = ("amorphous", "liquid")


def subscripted(text: str, mathtext: bool = False) -> str:
    """``Li3Sb in a cell`` as ``Li₃Sb in a cell``, or with subscripts in the font of the text for Matplotlib.

    Amounts that are already subscripts are kept.
    """

    def subscript(match: re.Match[str]) -> str:
        if match["of"] != ")" and match["of"] not in ATOMIC_WEIGHT:
            return match[0]
        return match["of"] + match["amount"].strip("()").translate(_SUBSCRIPTS)

    done = _AMOUNT.sub(subscript, text)
    if mathtext:
        return _SUBSCRIPTED.sub(
            lambda match: rf"$\mathregular{{_{{{match[0].translate(_FROM_SUBSCRIPTS)}}}}}$", done
        )
    return done


def literal(text: str) -> str:
    """Text of a file for Matplotlib, to which dollars are mathematics, and for SVG, which has no control characters."""
    return printable(text).replace("$", r"\$")


def state(phase: Phase) -> str:
    """How to describe a non-crystalline phase: ``amorphous``, ``liquid`` or ``not crystalline``."""
    words = re.findall(r"\w+", phase.structure)
    return next((word for word in words if word in STATES), "not crystalline")


def phase_labels(mechanism: Mechanism, mathtext: bool = False, short: bool = False) -> dict[str, str]:
    """A label for every phase, by name.

    A phase's own `label` takes precedence. Otherwise the label is the formula, with the structure
    where two phases share it or, unless `short`, where diffraction cannot see the phase.
    """
    shared = Counter(phase.formula for phase in mechanism.phases.values())
    labels = {}
    for name, phase in mechanism.phases.items():
        text, structure = (
            literal(part) if mathtext else part for part in (phase.label or phase.formula, phase.structure)
        )
        told = shared[phase.formula] > 1 or not (short or phase.crystalline)
        labels[name] = subscripted(text, mathtext) + (f" ({structure})" if told and not phase.label else "")
    return labels


def node_labels(mechanism: Mechanism, mathtext: bool = False, short: bool = False) -> dict[str, str]:
    """A label for every node, by name: a phase, or ``Sb + 1.5 Li₂S``."""
    phases = phase_labels(mechanism, mathtext, short)
    return {
        # A node of a single phase gets its label, whatever the amount per Sb.
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
    """A label for each edge, by its ends, of what reacts: ``Sb → Li₂Sb`` where Li₂S is a spectator.

    Edges that would get the same label are written in full. `between` replaces the arrow.
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
    """Label of the initial node, to which capacities are normalised, e.g. ``Sb`` or ``Sb₂S₃``."""
    return node_labels(mechanism, mathtext, short=True)[mechanism.initial_phase]


def node_named(mechanism: Mechanism, name: str) -> str:
    """The node that `name` means: its name, its formula, or a label as tables and figures print it.

    Raises
    ------
    InputError
        If it means none, or more than one; with the nearest name.
    """
    return _named(name, mechanism.nodes, lambda short: node_labels(mechanism, short=short))


def has_node(mechanism: Mechanism, name: str) -> bool:
    """Whether `name` means a node or several, as `node_named` reads it, or is the formula of phases with other names."""
    formulas = {plain_name(phase.formula) for phase in mechanism.phases.values()}
    means = _meant(name, mechanism.nodes, lambda short: node_labels(mechanism, short=short))
    return bool(means) or plain_name(name) in formulas


def phase_named(mechanism: Mechanism, name: str) -> str:
    """The phase that `name` means, as `node_named` reads it."""
    return _named(name, mechanism.phases, lambda short: phase_labels(mechanism, short=short))


def _meant(name: str, known: Mapping[str, Any], labels: Callable[[bool], Mapping[str, str]]) -> Sequence[str]:
    """Those of `known` that `name` or a label means, `labels` being short ones or not."""
    if name in known:
        return [name]
    wanted = plain_name(str(name))
    written = [{n: n for n in known}, labels(True), labels(False)]
    return next(filter(None, ([n for n in known if plain_name(of[n]) == wanted] for of in written)), [])


def _named(name: str, known: Mapping[str, Any], labels: Callable[[bool], Mapping[str, str]]) -> str:
    """The one of `known` that `name` means."""
    means = _meant(name, known, labels)
    if len(means) == 1:
        return means[0]
    hint = (
        f"it means {' and '.join(means)}"
        if means
        else nearest(plain_name(str(name)), known, f"there are {', '.join(known)}")
    )
    raise InputError(f"{name}: no phase has this name; {hint}")


def plain_name(text: str) -> str:
    """Text without subscripts, mathtext, brackets and spaces."""
    return re.sub(r"\\math(?:rm|regular)|[$_{}()\s]", "", unicodedata.normalize("NFKC", text)).replace(
        "\u2212", "-"
    )


def changes_text(mechanism: Mechanism) -> str:
    """``electrode.particle_radius_m = 5e-08``: the numbers set by the user; empty if there are none."""
    return ", ".join(f"{path} = {number:g}" for path, number in mechanism.changes.items())


def _sum(contents: Mapping[str, float], phases: Mapping[str, str]) -> str:
    return " + ".join(
        phases[phase] if amount == 1.0 else f"{_amount(amount)} {phases[phase]}"
        for phase, amount in contents.items()
    )


def _amount(amount: float) -> str:
    """``1.5``, but ``1/3`` where three digits would only be near."""
    exact = Fraction(amount).limit_denominator(12)
    rounded = f"{amount:.3g}"
    return f"{exact}" if float(rounded) != amount and abs(exact - amount) < 1e-4 else rounded
