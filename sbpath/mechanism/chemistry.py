"""Formulas and balanced equations, amounts linear in one unknown x.

`NaxSb` is a formula with an open composition, and ``NaxSb + (3-x) Na+ + (3-x) e- -> Na3Sb``
a balanced equation for every x. An `Amount` is therefore a pair (constant, coefficient of x).
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

Amount = tuple[float, float]

# The elements that a mechanism of this field can meet; a typing slip such as `Ls` is not one.
# fmt: off
_ELEMENTS = frozenset([
    "H", "Li", "Be", "B", "C", "N", "O", "F", "Na", "Mg", "Al", "Si", "P", "S", "Cl", "K", "Ca", "Sc",
    "Ti", "V", "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn", "Ga", "Ge", "As", "Se", "Br", "Rb", "Sr", "Y",
    "Zr", "Nb", "Mo", "Ru", "Rh", "Pd", "Ag", "Cd", "In", "Sn", "Sb", "Te", "I", "Cs", "Ba", "La", "Ce",
    "Pb", "Bi",
])
# fmt: on
_NUMBER = r"\d+(?:\.\d+)?"
_AMOUNT = rf"(?:{_NUMBER}|x|\({_NUMBER}[+-]x\)|\(x[+-]{_NUMBER}\))"
_FORMULA_PART = re.compile(rf"([A-Z][a-z]?)({_AMOUNT})?")
_ONE_LETTER_PART = re.compile(rf"([A-Z])({_AMOUNT})?")
_TERM = re.compile(rf"(?:({_AMOUNT})\s+)?(\S+)")


@dataclass(frozen=True, slots=True)
class Equation:
    """A parsed reaction: amounts on each side by the name of the species."""

    left: dict[str, Amount]
    right: dict[str, Amount]


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


def parse_formula(formula: str) -> dict[str, Amount]:
    """Amount of each element in `formula`, e.g. ``{"Li": (2, 0), "Sb": (1, 0)}``.

    Raises
    ------
    ValueError
        If it is not a run of element symbols with amounts.
    """
    # NaxSb would read as an element "Nax" otherwise: an x after a symbol is an amount.
    counts: dict[str, Amount] = {}
    position = 0
    while position < len(formula):
        match = _FORMULA_PART.match(formula, position)
        if match and match[1] not in _ELEMENTS and match[1][0] in _ELEMENTS:
            match = _ONE_LETTER_PART.match(formula, position)
        if not match or match[1] not in _ELEMENTS:
            raise ValueError(
                f"{formula!r} is not a formula: no element symbol at {formula[position:]!r}; write e.g. Li3Sb"
            )
        constant, slope = parse_amount(match[2])
        before = counts.get(match[1], (0.0, 0.0))
        counts[match[1]] = (before[0] + constant, before[1] + slope)
        position = match.end()
    if not counts:
        raise ValueError("an empty formula; write e.g. Li3Sb")
    return counts


def parse_equation(text: str) -> Equation:
    """Read e.g. ``Sb + 2 Li+ + 2 e- -> Li2Sb``.

    Raises
    ------
    ValueError
        If the text is not of the form ``terms -> terms``.
    """
    # "(3 - x) Na+" is one amount, although it has blanks.
    compact = re.sub(r"\([^()]*\)", lambda match: re.sub(r"\s", "", match[0]), text.strip())
    sides = re.split(r"\s*->\s*", compact)
    if len(sides) != 2 or not all(sides):
        raise ValueError(
            f"{text!r} is not an equation; write one arrow ->, e.g. 'Sb + 2 Li+ + 2 e- -> Li2Sb'"
        )
    parsed = []
    for side in sides:
        amounts: dict[str, Amount] = {}
        for term in re.split(r"\s+\+\s+", side):
            match = _TERM.fullmatch(term.strip())
            if not match:
                raise ValueError(
                    f"{text!r}: cannot read the term {term!r}; write an amount, a blank and a name, e.g. '2 Li+' or '(3-x) Na+'"
                )
            if match[2] in amounts:
                raise ValueError(f"{text!r}: {match[2]} stands twice on one side; add the amounts")
            amounts[match[2]] = parse_amount(match[1])
        parsed.append(amounts)
    return Equation(*parsed)


def imbalance(equation: Equation, formulas: dict[str, str], ion: str) -> dict[str, Amount]:
    """Right minus left, per element and for the charge; empty where the equation balances.

    Parameters
    ----------
    equation : Equation
        Its species are the keys of `formulas`, the ion (``Li+``) and the electron (``e-``).
    formulas : dict
        Formula of each phase.
    ion : str
        Symbol of the alkali metal.
    """
    constants: defaultdict[str, float] = defaultdict(float)
    slopes: defaultdict[str, float] = defaultdict(float)
    for sign, side in ((-1.0, equation.left), (1.0, equation.right)):
        for name, (constant, slope) in side.items():
            if name == "e-":
                content: dict[str, Amount] = {"charge": (-1.0, 0.0)}
            elif name == f"{ion}+":
                content = {ion: (1.0, 0.0), "charge": (1.0, 0.0)}
            else:
                content = parse_formula(formulas[name])
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
    """An amount as people write it: ``2``, ``x``, ``3-x``."""
    constant, slope = amount
    if slope == 0.0:
        return f"{constant:g}"
    x = "x" if abs(slope) == 1.0 else f"{abs(slope):g}x"
    if constant == 0.0:
        return x if slope > 0 else f"-{x}"
    return f"{constant:g}{'+' if slope > 0 else '-'}{x}"
