"""Formulas and equations: closed answers, and balances made by construction."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sbpath.mechanism.chemistry import (
    ATOMIC_WEIGHT,
    amount_text,
    composition,
    imbalance,
    parse_amount,
    parse_contents,
    parse_equation,
    parse_formula,
)

FORMULAS = {"Sb": "Sb", "Na3Sb": "Na3Sb", "NaxSb": "NaxSb", "K3Sb-cubic": "K3Sb"}
CONTENTS = {name: parse_formula(formula) for name, formula in FORMULAS.items()}


@pytest.mark.parametrize(
    ("text", "amount", "written"),
    [
        (None, (1.0, 0.0), "1"),
        ("", (1.0, 0.0), "1"),
        ("2", (2.0, 0.0), "2"),
        ("1.7", (1.7, 0.0), "1.7"),
        ("x", (0.0, 1.0), "x"),
        ("(3-x)", (3.0, -1.0), "3-x"),
        ("(1+x)", (1.0, 1.0), "1+x"),
        ("(x-1)", (-1.0, 1.0), "-1+x"),
        ("(x+0.5)", (0.5, 1.0), "0.5+x"),
    ],
)
def test_amounts(text, amount, written):
    assert parse_amount(text) == amount
    assert amount_text(amount) == written


@pytest.mark.parametrize(
    ("amount", "written"),
    [((0.0, -1.0), "-x"), ((3.0, -2.0), "3-2x"), ((0.0, 2.0), "2x"), ((-1.0, 0.0), "-1")],
)
def test_amounts_that_only_differences_have(amount, written):
    assert amount_text(amount) == written


@pytest.mark.parametrize(
    ("formula", "counts"),
    [
        ("Sb", {"Sb": (1, 0)}),
        ("Li3Sb", {"Li": (3, 0), "Sb": (1, 0)}),
        ("Na1.7Sb", {"Na": (1.7, 0), "Sb": (1, 0)}),
        ("NaxSb", {"Na": (0, 1), "Sb": (1, 0)}),
        ("KxSb", {"K": (0, 1), "Sb": (1, 0)}),
        ("SbNax", {"Na": (0, 1), "Sb": (1, 0)}),
        ("Na(3-x)Sb", {"Na": (3, -1), "Sb": (1, 0)}),
        ("Li(1+x)Sb", {"Li": (1, 1), "Sb": (1, 0)}),
        ("K(x-1)Sb", {"K": (-1, 1), "Sb": (1, 0)}),
        ("CoSb3", {"Co": (1, 0), "Sb": (3, 0)}),
        ("CxOSb", {"C": (0, 1), "O": (1, 0), "Sb": (1, 0)}),
        ("SnSb", {"Sn": (1, 0), "Sb": (1, 0)}),
        ("LiSbLi", {"Li": (2, 0), "Sb": (1, 0)}),
    ],
)
def test_formulas(formula, counts):
    assert parse_formula(formula) == counts


@pytest.mark.parametrize(
    ("formula", "rest"),
    [
        ("Ls3Sb", "Ls3Sb"), ("li3Sb", "li3Sb"), ("Li3Sb ", " "), ("Li₃Sb", "₃Sb"), ("Li3Sb+", "+"), ("Li-Sb", "-Sb"),
        ("Li(3-y)Sb", "(3-y)Sb"), ("Li(3-xSb", "(3-xSb"), ("3Li", "3Li"), ("Li3.Sb", ".Sb"), ("Li-1Sb", "-1Sb"), ("xSb", "xSb"),
    ],
)  # fmt: skip
def test_what_is_no_formula_is_told_with_the_place(formula, rest):
    with pytest.raises(ValueError, match="is not a formula") as caught:
        parse_formula(formula)
    assert f"no element symbol at {rest!r}" in str(caught.value)
    assert "write e.g. Li3Sb" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "NaxSb + (3-x) Na+ + (3-x) e- -> Na3Sb",
        "NaxSb + (3 - x) Na+ + (3 -x) e-->Na3Sb",
        "  NaxSb  +  (3-x)  Na+  +  (3-x)  e-  ->  Na3Sb  ",
    ],
)
def test_equations_are_read_whatever_the_blanks(text):
    equation = parse_equation(text)
    assert equation.left == {"NaxSb": (1, 0), "Na+": (3, -1), "e-": (3, -1)}
    assert equation.right == {"Na3Sb": (1, 0)}
    assert imbalance(equation, CONTENTS, "Na") == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not an equation"), ("->", "is not an equation"), ("Sb ->", "is not an equation"), ("-> Sb", "is not an equation"),
        ("Sb = Na3Sb", "write one arrow ->"), ("Sb → Na3Sb", "write one arrow ->"), ("Sb -> NaxSb -> Na3Sb", "write one arrow ->"),
        ("Sb + 3-x Na+ -> Na3Sb", "cannot read the term '3-x Na+'"), ("Sb + 2x Na+ -> Na3Sb", "cannot read the term '2x Na+'"),
        ("Sb + Na+ Na+ -> Na3Sb", "cannot read the term 'Na+ Na+'"), ("Sb + -1 Na+ -> Na3Sb", "cannot read the term '-1 Na+'"),
        ("Sb + Na+ + 2 Na+ -> Na3Sb", "Na+ appears twice on one side; add the amounts"),
    ],
)  # fmt: skip
def test_what_is_no_equation(text, words):
    with pytest.raises(ValueError, match=r".") as caught:
        parse_equation(text)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("Sb + 3 Na+ + 3 e- -> Na3Sb", {}),
        ("Na3Sb -> NaxSb + (3-x) Na+ + (3-x) e-", {}),
        ("NaxSb -> Sb + x Na+ + x e-", {}),
        ("Sb -> Na3Sb + (x-3) Na+ + (x-3) e-", {"Na": (0.0, 1.0)}),
        ("Sb + 2 Na+ + 3 e- -> Na3Sb", {"Na": (1.0, 0.0), "charge": (1.0, 0.0)}),
        ("Sb + 3 Na+ + 2 e- -> Na3Sb", {"charge": (-1.0, 0.0)}),
        ("Sb + x Na+ + x e- -> Na3Sb", {"Na": (3.0, -1.0)}),
        ("Sb -> 2 Sb", {"Sb": (1.0, 0.0)}),
        ("K3Sb-cubic -> Na3Sb", {"K": (-3.0, 0.0), "Na": (3.0, 0.0)}),
    ],
)
def test_imbalance_is_right_minus_left(text, missing):
    assert imbalance(parse_equation(text), CONTENTS, "Na") == missing


WHOLE = st.integers(0, 6)


@given(start=WHOLE, end=WHOLE, ion=st.sampled_from(["Li", "Na", "K"]), extra=st.integers(-3, 3))
def test_a_balanced_equation_balances_and_an_extra_electron_shows(start, end, ion, extra):
    contents = {"A": parse_formula(f"{ion}{start}Sb"), "B": parse_formula(f"Sb{ion}{end}")}
    change = abs(end - start)
    reactant, product = ("A", "B") if end >= start else ("B", "A")
    text = f"{reactant} + {change} {ion}+ + {change + extra + 3} e- -> {product} + 3 e-"
    expected = {"charge": (float(extra), 0.0)} if extra else {}
    assert imbalance(parse_equation(text), contents, ion) == expected


@given(st.dictionaries(st.sampled_from(["Li", "Na", "K", "Sb", "O", "C"]), st.integers(1, 99), min_size=1))
def test_a_formula_reads_back(counts):
    text = "".join(f"{element}{count}" for element, count in counts.items())
    assert parse_formula(text) == {element: (count, 0) for element, count in counts.items()}


@given(st.text(alphabet="LiNaKSbx0123.()+-> e ", max_size=25))
def test_any_text_is_read_or_refused_in_words(text):
    for parse in (parse_formula, parse_equation):
        try:
            parse(text)
        except ValueError as error:
            message = str(error)
        else:
            message = "write"
        assert "write" in message or "add" in message


def test_contents_of_an_assemblage_add_up_to_its_elements():
    contents = parse_contents("Sb + 1.5 Li2S")
    assert contents == {"Sb": 1.0, "Li2S": 1.5}
    assert composition(contents, {"Sb": "Sb", "Li2S": "Li2S"}) == {"Sb": (1, 0), "Li": (3, 0), "S": (1.5, 0)}
    with_x = composition({"NaxSb": 1.0, "Na2S": 1.5}, {"NaxSb": "NaxSb", "Na2S": "Na2S"})
    assert with_x == {"Na": (3, 1), "Sb": (1, 0), "S": (1.5, 0)}


@pytest.mark.parametrize("text", ["", "Sb + x Li2S", "Sb + 0 Li2S", "Sb + Sb", "Sb + 1.5Li2S Sn"])
def test_what_is_no_contents(text):
    with pytest.raises(ValueError, match=r"'.*'"):
        parse_contents(text)


@pytest.mark.parametrize(
    ("formula", "weight"),
    [("Sb2S3", 339.69), ("GaSb", 191.48), ("Li3Sb", 142.58), ("K3Sb", 239.05), ("BiSb", 330.74)],
)
def test_molar_masses_are_those_of_handbooks(formula, weight):
    # CRC Handbook of Chemistry and Physics, "Physical Constants of Inorganic Compounds".
    total = sum(n * ATOMIC_WEIGHT[element] for element, (n, _) in parse_formula(formula).items())
    assert total == pytest.approx(weight, abs=0.02)
