"""Colour and hatch of phases and nodes: one pair each, the same in every panel.

Colours go by what a phase is made of, so that the Sb, the full compound or the host of one system
look like those of another one.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np
from matplotlib.colors import to_hex, to_rgb

from sbpath.mechanism.chemistry import Amount, parse_formula
from sbpath.mechanism.mechanism import Mechanism
from sbpath.plots.style import BLUE, GREEN, GREY, ORANGE, PHASES, RED, TEAL, YELLOW

# By kind of phase; a second one of the same kind takes the next colour that is left.
FIRST = {
    "antimony": GREY,
    "full": BLUE,
    "between": ORANGE,
    "mixed": RED,
    "host": TEAL,
    "salt or alloy": GREEN,
    "other": YELLOW,
}
# What the others take, those first that belong to no kind.
LEFT = sorted(PHASES, key=lambda colour: colour in FIRST.values())
# Of what diffraction does not see, and of a colour's second turn.
UNSEEN, AGAIN = "////", "...."
# Lightest words, between black 0 and white 1.
PALEST = 0.65


class Look(NamedTuple):
    """How an area is filled: its colour, how often that has been given away before, and what share
    of it diffraction sees.
    """

    colour: str
    turn: int
    seen: float

    def hatch(self, seen_only: bool = False) -> str | None:
        """Matplotlib's pattern; `seen_only` where just what diffraction sees is drawn."""
        return ("" if seen_only or self.seen == 1.0 else UNSEEN) + AGAIN * self.turn or None


# A colour, and how often it has been given away before.
_Choice = tuple[str, int]


def phase_looks(mechanism: Mechanism) -> dict[str, Look]:
    """The look of each phase, by name."""
    return {
        name: Look(*choice, float(mechanism.phases[name].crystalline))
        for name, choice in _phase_choices(mechanism).items()
    }


def node_looks(mechanism: Mechanism) -> dict[str, Look]:
    """The look of each node, by name: the colour of that phase of it which no node before has given its colour.

    First comes a phase of Sb, then what the fewest nodes hold.
    """
    choices = _phase_choices(mechanism)
    uses = Counter(itertools.chain.from_iterable(mechanism.nodes.values()))
    chosen: dict[str, _Choice] = {}
    for node, contents in mechanism.nodes.items():
        ranked = sorted(contents, key=lambda phase: ("Sb" not in _elements(mechanism, phase), uses[phase]))
        left = [choices[phase] for phase in ranked if choices[phase] not in chosen.values()]
        chosen[node] = left[0] if left else _next([*choices.values(), *chosen.values()])
    return {node: Look(*choice, mechanism.crystalline_share(node)) for node, choice in chosen.items()}


def readable(colour: str) -> str:
    """`colour`, darkened where words in it would be too pale on white."""
    shade = np.array(to_rgb(colour))
    # Weights of red, green and blue in what the eye takes as light.
    light = float(shade @ (0.2126, 0.7152, 0.0722))
    red, green, blue = (shade * min(1.0, PALEST / max(light, PALEST))).tolist()
    return to_hex((red, green, blue))


def _phase_choices(mechanism: Mechanism) -> dict[str, _Choice]:
    elements = {name: _elements(mechanism, name) for name in mechanism.phases}
    fullest = max(_filling(contents, mechanism.ion) for contents in elements.values())
    chosen: dict[str, _Choice] = {}
    for name, contents in elements.items():
        first = (FIRST[_kind(contents, mechanism.ion, fullest)], 0)
        if first not in chosen.values():
            chosen[name] = first
    for name in elements:
        if name not in chosen:
            chosen[name] = _next(chosen.values())
    return {name: chosen[name] for name in elements}


def _kind(contents: Mapping[str, Amount], ion: str, fullest: float) -> str:
    if "Sb" not in contents:
        return "salt or alloy" if ion in contents else "other"
    if ion not in contents:
        return "antimony" if len(contents) == 1 else "host"
    if _filling(contents, ion) == fullest:
        return "full"
    return "between" if len(contents) == 2 else "mixed"


def _filling(contents: Mapping[str, Amount], ion: str) -> float:
    """Alkali per Sb; none where the formula leaves it open."""
    (alkali, _), (antimony, _) = (contents.get(element, (0.0, 0.0)) for element in (ion, "Sb"))
    return alkali / antimony if antimony else 0.0


def _elements(mechanism: Mechanism, phase: str) -> Mapping[str, Amount]:
    return parse_formula(mechanism.phases[phase].formula)


def _next(taken: Collection[_Choice]) -> _Choice:
    """The first colour that is not taken; all of them a second time where none is left."""
    return next(
        (colour, turn) for turn in itertools.count() for colour in LEFT if (colour, turn) not in taken
    )
