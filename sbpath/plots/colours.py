"""Colour and hatch of phases and nodes: one pair each, the same in every panel.

Colours depend on the composition of a phase, so that Sb, the full compound or the host look alike in
all systems.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import numpy as np
from matplotlib.colors import to_hex, to_rgb

from sbpath.mechanism.chemistry import Amount, parse_formula
from sbpath.mechanism.mechanism import Mechanism
from sbpath.plots.style import GREEN, GREY, ORANGE, PHASES, ROSE, SKY, TEAL, YELLOW

# By kind of phase; a second phase of a kind takes the next unused colour.
KIND_COLOURS = {
    "element": GREY,
    "full": GREEN,
    "between": ORANGE,
    "mixed": ROSE,
    "host": TEAL,
    "salt or alloy": SKY,
    "other": YELLOW,
}
# For all others, first the colours of no kind.
OTHER_COLOURS = sorted(PHASES, key=lambda colour: colour in KIND_COLOURS.values())
# Hatches of phases invisible to diffraction, and of repeated colours.
AMORPHOUS_HATCH, REPEAT_HATCH = "////", "...."
# Most colours of areas in one picture.
MAX_HUES = 8
# Of several edges to the same product; plain dashes are left to other lines.
DASHES: tuple[Any, ...] = ("-", ":", "-.", (0, (6, 1, 1, 1, 1, 1)))
# Luminance of the palest text, between black 0 and white 1.
MAX_TEXT_LUMINANCE = 0.65


class Look(NamedTuple):
    """How an area is filled: its colour, how often that has been used before, and its crystalline share."""

    colour: str
    repeat: int
    crystalline_share: float

    def hatch(self, crystalline_only: bool = False) -> str | None:
        """Matplotlib's hatch; `crystalline_only` if only what diffraction sees is drawn."""
        amorphous = not crystalline_only and self.crystalline_share != 1.0
        return (AMORPHOUS_HATCH if amorphous else "") + REPEAT_HATCH * self.repeat or None


# A colour, and how often it has been used before.
_Choice = tuple[str, int]


def phase_looks(mechanism: Mechanism) -> dict[str, Look]:
    """The look of each phase, by name."""
    return {
        name: Look(*choice, float(mechanism.phases[name].crystalline))
        for name, choice in _phase_choices(mechanism).items()
    }


def node_looks(mechanism: Mechanism) -> dict[str, Look]:
    """The look of each node, by name: the colour of one of its phases not used by an earlier node.

    Of more nodes than eyes tell colours apart, those with the same phase of the host element have shades of its colour,
    the paler the more alkali they hold.
    """
    chosen = _node_choices(mechanism)
    if len(chosen) > MAX_HUES:
        phases = _phase_choices(mechanism)
        groups: dict[_Choice, list[str]] = {}
        for node in sorted(mechanism.nodes, key=mechanism.full_content):
            groups.setdefault(phases[_phases_by_rank(mechanism, node)[0]], []).append(node)
        for (colour, repeat), nodes in groups.items():
            for node, shade in zip(nodes, _shades(colour, len(nodes)), strict=True):
                chosen[node] = (shade, repeat)
    return {node: Look(*choice, mechanism.crystalline_share(node)) for node, choice in chosen.items()}


def _shades(colour: str, number: int) -> list[str]:
    """Shades from dark to pale, evenly; the colour itself if one is wanted."""
    if number == 1:
        return [colour]
    own = np.array(to_rgb(colour))
    dark, pale = 0.85 * own, 0.15 * own + 0.85
    return [to_hex(dark + part * (pale - dark)) for part in np.linspace(0.0, 1.0, number)]


def _phases_by_rank(mechanism: Mechanism, node: str) -> list[str]:
    """The phases of a node, those with the host element first, then those in the fewest nodes."""
    uses = Counter(itertools.chain.from_iterable(mechanism.nodes.values()))
    return sorted(
        mechanism.nodes[node],
        key=lambda phase: (mechanism.host not in _elements(mechanism, phase), uses[phase]),
    )


def _node_choices(mechanism: Mechanism) -> dict[str, _Choice]:
    choices = _phase_choices(mechanism)
    chosen: dict[str, _Choice] = {}
    for node in mechanism.nodes:
        ranked = _phases_by_rank(mechanism, node)
        unused = [choices[phase] for phase in ranked if choices[phase] not in chosen.values()]
        chosen[node] = unused[0] if unused else _next([*choices.values(), *chosen.values()])
    return chosen


def edge_line(mechanism: Mechanism, product: str, taken: Collection[tuple[str, Any]]) -> tuple[str, Any]:
    """Colour and dashes of an edge: the colour of the product, and the first dashes not in `taken`."""
    colour = readable(_node_choices(mechanism)[product][0])
    return next(
        (colour, dashes)
        for dashes in itertools.chain(DASHES, ((0, (i, 1)) for i in itertools.count(6)))
        if (colour, dashes) not in taken
    )


def readable(colour: str) -> str:
    """`colour`, darkened if text in it would be too pale on white."""
    shade = np.array(to_rgb(colour))
    # Rec. 709 weights of red, green and blue.
    luminance = float(shade @ (0.2126, 0.7152, 0.0722))
    red, green, blue = (shade * min(1.0, MAX_TEXT_LUMINANCE / max(luminance, MAX_TEXT_LUMINANCE))).tolist()
    return to_hex((red, green, blue))


def _phase_choices(mechanism: Mechanism) -> dict[str, _Choice]:
    elements = {name: _elements(mechanism, name) for name in mechanism.phases}
    fullest = max(_filling(contents, mechanism) for contents in elements.values())
    chosen: dict[str, _Choice] = {}
    for name, contents in elements.items():
        preferred = (KIND_COLOURS[_kind(contents, mechanism, fullest)], 0)
        if preferred not in chosen.values():
            chosen[name] = preferred
    for name in elements:
        if name not in chosen:
            chosen[name] = _next(chosen.values())
    return {name: chosen[name] for name in elements}


def _kind(contents: Mapping[str, Amount], mechanism: Mechanism, fullest: float) -> str:
    ion = mechanism.ion
    if mechanism.host not in contents:
        return "salt or alloy" if ion in contents else "other"
    if ion not in contents:
        return "element" if len(contents) == 1 else "host"
    if _filling(contents, mechanism) == fullest:
        return "full"
    return "between" if len(contents) == 2 else "mixed"


def _filling(contents: Mapping[str, Amount], mechanism: Mechanism) -> float:
    """Alkali per atom of the host; the constant part if it is variable."""
    ends = (mechanism.ion, mechanism.host)
    (alkali, _), (host, _) = (contents.get(element, (0.0, 0.0)) for element in ends)
    return alkali / host if host else 0.0


def _elements(mechanism: Mechanism, phase: str) -> Mapping[str, Amount]:
    return parse_formula(mechanism.phases[phase].formula)


def _next(taken: Collection[_Choice]) -> _Choice:
    """The first unused colour; if none is left, the first used once, and so on."""
    return next(
        (colour, repeat)
        for repeat in itertools.count()
        for colour in OTHER_COLOURS
        if (colour, repeat) not in taken
    )
