"""Phases are named as chemists write them."""

import pytest

import sbpath
from sbpath.mechanism.notation import edge_labels, phase_labels, state, subscripted


@pytest.mark.parametrize(
    ("formula", "unicode", "mathtext"),
    [
        ("Sb", "Sb", "Sb"),
        ("Li3Sb", "Li₃Sb", "Li$\\mathregular{_{3}}$Sb"),
        ("NaxSb", "NaₓSb", "Na$\\mathregular{_{x}}$Sb"),
        ("Na1.7Sb", "Na₁.₇Sb", "Na$\\mathregular{_{1.7}}$Sb"),
        (
            "Sb2S3 in a Na cell",
            "Sb₂S₃ in a Na cell",
            "Sb$\\mathregular{_{2}}$S$\\mathregular{_{3}}$ in a Na cell",
        ),
        (
            "with Li2S-P2S5, LiBH4.",
            "with Li₂S-P₂S₅, LiBH₄.",
            "with Li$\\mathregular{_{2}}$S-P$\\mathregular{_{2}}$S$\\mathregular{_{5}}$, LiBH$\\mathregular{_{4}}$.",
        ),
        ("K(Bi,Sb)2", "K(Bi,Sb)₂", "K(Bi,Sb)$\\mathregular{_{2}}$"),
        ("a-KxSb", "a-KₓSb", "a-K$\\mathregular{_{x}}$Sb"),
        ("Na(3-x)Sb", "Na₃₋ₓSb", "Na$\\mathregular{_{3-x}}$Sb"),
        # Written with subscripts already.
        (
            "a-Na₃₋ₓSb, Na₁.₇Sb",
            "a-Na₃₋ₓSb, Na₁.₇Sb",
            "a-Na$\\mathregular{_{3-x}}$Sb, Na$\\mathregular{_{1.7}}$Sb",
        ),
        # No formulas.
        (
            "Six steps (Tian 2018), 3D, Fig2",
            "Six steps (Tian 2018), 3D, Fig2",
            "Six steps (Tian 2018), 3D, Fig2",
        ),
        (
            "Li6.25Al0.25La3Zr2O12",
            "Li₆.₂₅Al₀.₂₅La₃Zr₂O₁₂",
            "Li$\\mathregular{_{6.25}}$Al$\\mathregular{_{0.25}}$La$\\mathregular{_{3}}$Zr$\\mathregular{_{2}}$O$\\mathregular{_{12}}$",
        ),
    ],
)
def test_amounts_are_subscripts(formula, unicode, mathtext):
    assert subscripted(formula) == unicode
    assert subscripted(formula, mathtext=True) == mathtext


def test_structure_tells_apart_what_the_formula_does_not():
    assert phase_labels(sbpath.load_mechanism("k-sb")) == {
        "Sb": "Sb",
        "KxSb": "KₓSb (amorphous)",
        "K3Sb-cubic": "K₃Sb (cubic)",
        "K3Sb-hex": "K₃Sb (hexagonal)",
    }


def test_labels_of_files_have_subscripts_however_they_are_written():
    assert phase_labels(sbpath.load_mechanism("k-bisb"))["KBiSb"] == "K(Bi,Sb)₂"
    assert phase_labels(sbpath.load_mechanism("k-snsb"))["KxSb"] == "a-KₓSb"
    allan = sbpath.load_mechanism("na-sb-allan")
    assert phase_labels(allan, mathtext=True)["a-Na(3-x)Sb"] == "a-Na$\\mathregular{_{3-x}}$Sb"


def test_the_label_of_an_edge_leaves_out_what_stands_by():
    mechanism = sbpath.load_mechanism("li-sb2s3-libh4")
    lithiation, conversion = ("Sb-Li2S", "Li2Sb-Li2S"), ("Sb2S3", "Sb-Li2S")
    assert edge_labels(mechanism, [lithiation, conversion]) == {
        lithiation: "Sb → Li₂Sb",
        conversion: "0.5 Sb₂S₃ → Sb + 1.5 Li₂S",
    }
    assert edge_labels(mechanism, [lithiation], mathtext=True, between=" | ") == {
        lithiation: "Sb | Li$\\mathregular{_{2}}$Sb"
    }


def test_edges_that_would_be_named_alike_keep_what_stands_by():
    mechanism = sbpath.load_mechanism("k-snsb")
    alike = [("KxSb-Sn", "K3Sb-Sn"), ("KxSb-KSn", "K3Sb-KSn")]
    assert list(edge_labels(mechanism, alike).values()) == [
        "a-KₓSb + Sn → K₃Sb + Sn",
        "a-KₓSb + KSn → K₃Sb + KSn",
    ]
    assert list(edge_labels(mechanism, alike[:1]).values()) == ["a-KₓSb → K₃Sb"]


@pytest.mark.parametrize(
    ("structure", "word"),
    [
        ("amorphous", "amorphous"),
        ("amorphous, locally as Na3Sb", "amorphous"),
        ("liquid", "liquid"),
        ("cubic", "not crystalline"),
    ],
)
def test_the_state_is_read_from_the_structure(structure, word):
    phase = sbpath.load_mechanism("li-sb").phases["Sb"].model_copy(update={"structure": structure})
    assert state(phase) == word


# Share of the Sb that diffraction can see, by hand: liquid Ga and amorphous phases hold none of it or all.
CRYSTALLINE = {
    "li-gasb-libh4": {"GaSb": 1.0, "Sb-Ga": 1.0, "Li2Sb-Ga": 1.0, "Li3Sb-Ga": 1.0, "Li3Sb-LiGa": 1.0, "Li3Sb-Li2Ga": 1.0},
    "na-nisb": {
        "Sb-NiSb": 1.0, "a-Na(3-x)Sb-NiSb": 0.45, "Na3Sb-NiSb": 1.0, "Na3Sb-Ni": 1.0, "a-Na(3-x)Sb-Ni": 0.0,
        "a-NaxSb-Ni": 0.0, "Sb-Ni": 1.0,
    },
    "na-sb2s3": {"Sb2S3": 1.0, "Sb-Na2S": 1.0, "NaxSb-Na2S": 0.0, "Na3Sb-Na2S": 1.0},
    "k-sb": {"Sb": 1.0, "KxSb": 0.0, "K3Sb-cubic": 1.0, "K3Sb-hex": 1.0},
}  # fmt: skip


@pytest.mark.parametrize(("name", "shares"), CRYSTALLINE.items())
def test_a_node_is_as_crystalline_as_its_antimony(name, shares):
    mechanism = sbpath.load_mechanism(name)
    assert {node: mechanism.crystalline_share(node) for node in mechanism.nodes} == pytest.approx(shares)
