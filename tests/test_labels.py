"""Phases are named as chemists write them."""

import pytest

import sbpath
from sbpath.results.labels import phase_labels, subscripted


@pytest.mark.parametrize(
    ("formula", "unicode", "mathtext"),
    [
        ("Sb", "Sb", "Sb"),
        ("Li3Sb", "Li₃Sb", "Li$_{3}$Sb"),
        ("NaxSb", "NaₓSb", "Na$_{x}$Sb"),
        ("Na1.7Sb", "Na₁.₇Sb", "Na$_{1.7}$Sb"),
        ("Li6.25Al0.25La3Zr2O12", "Li₆.₂₅Al₀.₂₅La₃Zr₂O₁₂", "Li$_{6.25}$Al$_{0.25}$La$_{3}$Zr$_{2}$O$_{12}$"),
    ],
)
def test_amounts_are_subscripts(formula, unicode, mathtext):
    assert subscripted(formula) == unicode
    assert subscripted(formula, mathtext=True) == mathtext


def test_structure_tells_apart_what_the_formula_does_not():
    assert phase_labels(sbpath.load_mechanism("k-sb").document) == {
        "Sb": "Sb",
        "KxSb": "KₓSb (amorphous)",
        "K3Sb-cubic": "K₃Sb (cubic)",
        "K3Sb-hex": "K₃Sb (hexagonal)",
    }
