"""Formulas and balanced equations, with amounts linear in a variable x.

`NaxSb` is a formula of variable composition, and ``NaxSb + (3-x) Na+ + (3-x) e- -> Na3Sb`` is
balanced for every x. An `Amount` is therefore a pair (constant, coefficient of x).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

Amount = tuple[float, float]

# Elements that battery materials can contain (so that a typo such as `Ls` is caught), with their
# standard atomic weights in g/mol (IUPAC 2021, abridged; conventional where given as a range).
# fmt: off
ATOMIC_WEIGHT = {
    "H": 1.008, "Li": 6.94, "Be": 9.0122, "B": 10.81, "C": 12.011, "N": 14.007, "O": 15.999, "F": 18.998,
    "Na": 22.990, "Mg": 24.305, "Al": 26.982, "Si": 28.085, "P": 30.974, "S": 32.06, "Cl": 35.45, "K": 39.098,
    "Ca": 40.078, "Sc": 44.956, "Ti": 47.867, "V": 50.942, "Cr": 51.996, "Mn": 54.938, "Fe": 55.845,
    "Co": 58.933, "Ni": 58.693, "Cu": 63.546, "Zn": 65.38, "Ga": 69.723, "Ge": 72.630, "As": 74.922,
    "Se": 78.971, "Br": 79.904, "Rb": 85.468, "Sr": 87.62, "Y": 88.906, "Zr": 91.224, "Nb": 92.906, "Mo": 95.95,
    "Ru": 101.07, "Rh": 102.91, "Pd": 106.42, "Ag": 107.87, "Cd": 112.41, "In": 114.82, "Sn": 118.71,
    "Sb": 121.760, "Te": 127.60, "I": 126.90, "Cs": 132.91, "Ba": 137.33, "La": 138.91, "Ce": 140.12,
    "Pb": 207.2, "Bi": 208.98,
}
# fmt: on
_NUMBER = r"\d+(?:\.\d+)?"
_AMOUNT = rf"(?:{_NUMBER}|x|\({_NUMBER}[+-]x\)|\(x[+-]{_NUMBER}\))"
_FORMULA_PART = re.compile(rf"([A-Z][a-z]?)({_AMOUNT})?")
_ONE_LETTER_PART = re.compile(rf"([A-Z])({_AMOUNT})?")
_TERM = re.compile(rf"(?:({_AMOUNT})\s+)?(\S+)")


@dataclass(frozen=True, slots=True)
class Equation:
    """A parsed reaction: amounts on each side, by species name."""

    left: Mapping[str, Amount]
    right: Mapping[str, Amount]


def parse_amount(text: str | None) -> Amount:
    """Read ``None`` (meaning 1), ``2``, ``1.7``, ``x``, ``(3-x)`` or ``(x-1)`` as an amount."""
    if not text:
        return (1.0, 0.0)
    body = text.strip("()")
    if body == "x":
        return (0.0, 1.0)
    if match := re.fullmatch(rf"({_NUMBER})([+-])x", body):
        return (float(match[1]), 1.0 if match[2] == "+" else -1.0)
    if match := re.fullmatch(rf"x([+-])({_NUMBER})", body):
        return (float(match[1] + match[2]), 1.0)
    return (float(body), 0.0)


@cache
def parse_formula(formula: str) -> Mapping[str, Amount]:
    """Amount of each element in `formula`, e.g. ``{"Li": (2, 0), "Sb": (1, 0)}``.

    Raises
    ------
    ValueError
        If it is not a sequence of element symbols with amounts.
    """
    counts: dict[str, Amount] = {}
    position = 0
    while position < len(formula):
        match = _FORMULA_PART.match(formula, position)
        # In KxSb, Kx is not an element: the symbol is K, with the amount x.
        if match and match[1] not in ATOMIC_WEIGHT and match[1][0] in ATOMIC_WEIGHT:
            match = _ONE_LETTER_PART.match(formula, position)
        if not match or match[1] not in ATOMIC_WEIGHT:
            raise ValueError(
                f"{formula!r} is not a formula: no element symbol at {formula[position:]!r}; write e.g. Li3Sb"
            )
        constant, slope = parse_amount(match[2])
        before = counts.get(match[1], (0.0, 0.0))
        counts[match[1]] = (before[0] + constant, before[1] + slope)
        position = match.end()
    if not counts:
        raise ValueError("an empty formula; write e.g. Li3Sb")
    return MappingProxyType(counts)


@cache
def parse_equation(text: str) -> Equation:
    """Read e.g. ``Sb + 2 Li+ + 2 e- -> Li2Sb``.

    Raises
    ------
    ValueError
        If the text is not of the form ``terms -> terms``.
    """
    # An amount such as "(3 - x)" may contain blanks.
    compact = re.sub(r"\([^()]*\)", lambda match: re.sub(r"\s", "", match[0]), text.strip())
    sides = re.split(r"\s*->\s*", compact)
    if len(sides) != 2 or not all(sides):
        raise ValueError(
            f"{text!r} is not an equation; write one arrow ->, e.g. 'Sb + 2 Li+ + 2 e- -> Li2Sb'"
        )
    left, right = (MappingProxyType(_terms(text, side)) for side in sides)
    return Equation(left, right)


def parse_contents(text: str) -> dict[str, float]:
    """Read the contents of an assemblage, e.g. ``Sb + 1.5 Li2S``, as amounts by phase name.

    Raises
    ------
    ValueError
        If it is not a sum of phases, or an amount is not a number above zero.
    """
    amounts = {}
    for name, (constant, slope) in _terms(text, text.strip()).items():
        if slope != 0.0 or constant <= 0.0:
            raise ValueError(f"{text!r}: {name} needs a plain amount above zero; write e.g. 'Sb + 1.5 Li2S'")
        amounts[name] = constant
    return amounts


def node_contents(phases: Iterable[str], assemblages: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """Mol of each phase per mol of the host element, by node and phase name.

    The nodes are the assemblages, as read by `parse_contents`, or else the single phases.
    """
    if not assemblages:
        return {name: {name: 1.0} for name in phases}
    return {name: parse_contents(text) for name, text in assemblages.items()}


def _terms(text: str, side: str) -> dict[str, Amount]:
    """Amounts by name in `side`: one side of the equation `text`, or an assemblage."""
    amounts: dict[str, Amount] = {}
    for term in re.split(r"\s+\+\s+", side):
        match = _TERM.fullmatch(term.strip())
        if not match:
            raise ValueError(
                f"{text!r}: cannot read the term {term!r}; write an amount, a space and a name, e.g. '2 Li+' or '(3-x) Na+'"
            )
        if match[2] in amounts:
            raise ValueError(f"{text!r}: {match[2]} appears twice on one side; add the amounts")
        amounts[match[2]] = parse_amount(match[1])
    return amounts


def composition(contents: Mapping[str, float], formulas: Mapping[str, str]) -> dict[str, Amount]:
    """Amount of each element in an assemblage; `formulas` by phase name."""
    total: dict[str, Amount] = {}
    for name, amount in contents.items():
        for element, (constant, slope) in parse_formula(formulas[name]).items():
            before = total.get(element, (0.0, 0.0))
            total[element] = (before[0] + amount * constant, before[1] + amount * slope)
    return total


def share_of_element(
    element: str, contents: Mapping[str, float], formulas: Mapping[str, str], chosen: Container[str]
) -> float:
    """Share (0 to 1) of an element of an assemblage that is in the `chosen` phases."""
    held = {
        name: amount * parse_formula(formulas[name]).get(element, (0.0, 0.0))[0]
        for name, amount in contents.items()
    }
    return sum(amount for name, amount in held.items() if name in chosen) / sum(held.values())


def imbalance(
    equation: Equation, contents: Mapping[str, Mapping[str, Amount]], ion: str
) -> dict[str, Amount]:
    """Right minus left, by element and for the charge; empty if the equation balances.

    Parameters
    ----------
    equation : Equation
        Its species are the keys of `contents`, the ion (``Li+``) and the electron (``e-``).
    contents : mapping
        Amount of each element in every other species, as from `parse_formula` or `composition`.
    ion : str
        Symbol of the alkali metal.
    """
    constants: defaultdict[str, float] = defaultdict(float)
    slopes: defaultdict[str, float] = defaultdict(float)
    for sign, side in ((-1.0, equation.left), (1.0, equation.right)):
        for name, (constant, slope) in side.items():
            if name == "e-":
                content: Mapping[str, Amount] = {"charge": (-1.0, 0.0)}
            elif name == f"{ion}+":
                content = {ion: (1.0, 0.0), "charge": (1.0, 0.0)}
            else:
                content = contents[name]
            for element, (inner, inner_slope) in content.items():
                # Amounts of phases are plain numbers, so no x^2 can arise.
                constants[element] += sign * constant * inner
                slopes[element] += sign * (constant * inner_slope + slope * inner)
    return {
        key: (constants[key], slopes[key])
        for key in constants
        if abs(constants[key]) > 1e-9 or abs(slopes[key]) > 1e-9
    }


def amount_text(amount: Amount) -> str:
    """An amount as text: ``2``, ``x``, ``3-x``."""
    constant, slope = amount
    if slope == 0.0:
        return f"{constant:g}"
    x = "x" if abs(slope) == 1.0 else f"{abs(slope):g}x"
    if constant == 0.0:
        return x if slope > 0 else f"-{x}"
    return f"{constant:g}{'+' if slope > 0 else '-'}{x}"
