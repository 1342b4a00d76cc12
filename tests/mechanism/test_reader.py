"""Every kind of bad mechanism input ends in one InputError that tells all mistakes of a gate."""

import datetime
import json
import math
import os
import re
import tomllib
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sbpath import InputError, load_mechanism
from sbpath.errors import nearest
from sbpath.mechanism.documents import locate, shipped_folder, shipped_names
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.reader import mechanism_from_document

GOOD = """
title = "made up, for tests"
ion = "Li"
temperature_C = 25.0
lower_cutoff_V = 0.1
upper_cutoff_V = 1.5
initial_phase = "Sb"
default_graph = "there"

[sources]
me = "These tests."

[phases.Sb]
formula = "Sb"
structure = "rhombohedral"
crystalline = true
enthalpy_J_per_mol = { value = 0, status = "computed", source = "me" }
entropy_J_per_mol_K = { value = 0.0, status = "computed", source = "me" }
molar_volume_cm3_per_mol = { value = 18.0, status = "measured", source = "me" }

[phases.LixSb]
formula = "LixSb"
structure = "amorphous"
crystalline = false
enthalpy_J_per_mol = { value = 1e4, status = "assumed", source = "me", note = "a guess" }
entropy_J_per_mol_K = { value = 0.0, status = "computed", source = "me" }
molar_volume_cm3_per_mol = { value = 40.0, status = "measured", source = "me" }
partial_molar_volume_cm3_per_mol = { value = 10.0, status = "computed", source = "me" }

[[phases.LixSb.galleries]]
sites = 1.5
potential_V = 0.9
width = 1.0
status = "fitted"
source = "me"
fitted_to = "nothing"

[[phases.LixSb.galleries]]
sites = 0.5
potential_V = 0.8
width = 2.0
status = "computed"
source = "me"

[phases.Li3Sb]
formula = "Li3Sb"
structure = "cubic"
crystalline = true
enthalpy_J_per_mol = { value = -2.4e5, status = "measured", source = "me" }
entropy_J_per_mol_K = { value = -40.0, status = "measured", source = "me" }
molar_volume_cm3_per_mol = { value = 42.0, status = "measured", source = "me" }
review_volume_change_percent = { value = 133.0, status = "computed", source = "review" }

[[transformations]]
equation = "Sb + x Li+ + x e- -> LixSb"
graphs = ["there", "all"]
review_equation = 1

[[transformations]]
equation = "LixSb + (3-x) Li+ + (3-x) e- -> Li3Sb"
graphs = ["there", "all"]

[[transformations]]
equation = "Li3Sb -> LixSb + (3 - x) Li+ + (3 - x) e-"
graphs = ["there"]

[[transformations]]
equation = "LixSb -> Sb + x Li+ + x e-"
graphs = ["there"]

[[transformations]]
equation = "Li3Sb -> Sb + 3 Li+ + 3 e-"
graphs = ["there", "all"]
growth_rate_per_s = { value = 1e-2, status = "computed", source = "me" }

[interfaces."Sb|LixSb"]
energy_J_per_m2 = { value = 0.1, status = "computed", source = "me" }

[interfaces."Li3Sb|LixSb"]
energy_J_per_m2 = { value = 0.05, status = "computed", source = "me" }

[interfaces."Sb|Li3Sb"]
energy_J_per_m2 = { value = 0.2, status = "computed", source = "me" }

[kinetics]
attempt_rate_per_s = { value = 1e9, status = "computed", source = "me" }
growth_rate_per_s = { value = 1e-3, status = "computed", source = "me" }
transfer_coefficient = { value = 0.5, status = "computed", source = "me" }
diffusivity_m2_per_s = { value = 1e-15, status = "computed", source = "me" }

[electrode]
particle_radius_m = { value = 1e-6, status = "computed", source = "me" }
double_layer_F_per_g = { value = 5.0, status = "computed", source = "me" }
loading_mg_per_cm2 = { value = 1.0, status = "computed", source = "me" }
contact_resistance_ohm_cm2 = { value = 0.0, status = "computed", source = "me" }

[electrolyte]
name = "none"
kind = "liquid"
"""
# The second transformation once more, with its amounts on the other side.
DOUBLE = """
[[transformations]]
equation = "LixSb -> Li3Sb + (x-3) Li+ + (x-3) e-"
graphs = ["all"]

"""


def edited(*replacements, text=GOOD):
    """`text` with each (old, new) replaced once; the old one must be there."""
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def problems_of(text, changes=None, name="my.toml"):
    """The lines of the InputError on a file with this text (or these bytes), in the current folder."""
    if text is not None:
        Path(name).write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(InputError) as caught:
        load_mechanism(name, changes)
    assert str(caught.value).splitlines() == list(caught.value.problems)
    return list(caught.value.problems)


def check(problems, expected, name="my.toml"):
    """One line per mistake: ``name: path: ...`` with the expected words, in any order."""
    assert len(problems) == len(expected), "\n".join(problems)
    for path, words in expected:
        (line,) = [p for p in problems if p.startswith(f"{name}: {path}: ") and words in p]
        assert len(line) < 450
        assert not re.search(r"Input should|type=|pydantic|Traceback|<class|Error\b", line), line


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_good_file_is_good():
    Path("my.toml").write_text(GOOD)
    mechanism = load_mechanism("my.toml")
    assert mechanism.name == "my"
    assert mechanism.graphs == ("there", "all")
    electrons = [mechanism.electrons(edge.reactant, edge.product) for edge in mechanism.edges()]
    assert electrons == [2.0, 1.0, 1.0, 2.0, 3.0]
    assert mechanism == mechanism_from_document(mechanism.document, "again")
    assert mechanism == load_mechanism(Path("my.toml").resolve())


def test_a_mark_at_the_start_and_windows_line_ends_are_read():
    Path("my.toml").write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load_mechanism("my.toml").title == "made up, for tests"


# -- gate one: is it TOML? -------------------------------------------------------------------

LINE = {line: i for i, line in enumerate(GOOD.splitlines(), start=1)}


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        (edited(('ion = "Li"', 'ion "Li"')), "line 3, column 5", "not valid TOML: Expected '='"),
        (edited(('"me"', '"me')), f"line {LINE['[phases.Sb]'] + 4}, column", "not valid TOML"),
        (edited(("= true", "= True")), f"line {LINE['[phases.Sb]'] + 3}, column 15", "true and false in lower"),
        (edited(("25.0", "25,0")), "line 4, column 19", "decimals are written with a point"),
        (edited(('"measured", source', '"measured" source')), f"line {LINE['[phases.Sb]'] + 6}, column 64", "entries need a comma between them and a } at the end; one of these is missing before column 64"),
        (edited(('"a guess" }', '"a guess"')), "line ", "source = \"me\", note = \"a guess\"'; entries need a comma between them and a } at the end"),
        (edited(('"me" }', '"me }')), "line ", 'a closing " is missing in this line'),
        (edited(('"measured", source', '"measured, source')), "line ", 'a closing " is missing in this line'),
        (edited(("1e4", "\u22121e4")), "line ", "'\u2212' is not valid in TOML; write - (the minus sign of the keyboard)"),
        (edited(('"none"', "\u201cnone\u201d")), "line ", "'\u201c' is not valid in TOML; write the straight \""),
        (edited(('"none"', '"none\u201d')), "line ", "'\u201d' closes no string; write the straight \""),
        (edited(("ion =", "ion\u00a0=")), "line 3, column 4", "a no-break space is not valid in TOML; write a plain space"),
        (edited(('["there", "all"]', '["there" "all"]')), "line ", "a comma between them and a ] at the end"),
        (edited(('source = "me" }', 'source = "me", }')), "line ", "there must be no comma before the }; remove it"),
        (edited(("[phases.Sb]", "[phases.Sb")), "line ", "a heading ends with as many ] as it begins with ["),
        (edited(("temperature_C =", "temperature_C :")), "line 4, column 15", "a key and its value need a = between them"),
        (edited(('."Sb|LixSb"', ".Sb|LixSb")), "line ", "a name that contains | must be in quotes"),
        (GOOD + "[phases.Sb]\n", "line ", "the table phases.Sb appears twice; keep one"),
        (edited(('ion = "Li"', 'ion = "Li"\nion = "Na"')), "line 4, column 11", "'ion = \"Na\"' appears twice"),
        (GOOD + 'kind = "solid"', "end of document", "'kind = \"solid\"' appears twice"),
        (edited(("1e4,", "1e4, value = 2,")), "line ", "Duplicate inline table key 'value'"),
        ("ion = ", "end of document", "Invalid value"),
        ('ion = """', "end of document", "Unterminated string"),
        ("x = " + "[" * 50_000, "file", "not valid TOML"),
        ("x = 1" + 5_000 * "0", "file", "not valid TOML"),
        (b"PK\x03\x04\x00\x00", "line 1, column 3", "not valid TOML"),
        (edited(('"none"', '"naïve"')).encode("latin-1"), f"line {LINE['[electrolyte]'] + 1}", "save the file in UTF-8"),
        (GOOD.encode("utf-16"), "line 1", "not UTF-8 text; save the file in UTF-8"),
        ("", "file", "is empty; begin with extends"),
        ("# only a comment\n", "file", "is empty; begin with extends"),
    ],
)  # fmt: skip
def test_not_toml(text, path, words):
    (problem,) = problems_of(text)
    assert problem.startswith(f"my.toml: {path}")
    assert words in problem
    assert len(problem) < 450


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nowhere.toml", "there is no such file; check the path"),
        ("some/where", "there is no such file"),
        ("li-sb.toml", "the shipped mechanism of this name is written 'li-sb', without .toml"),
        ("folder.toml", "is a folder; give the path of a mechanism file"),
        ("./", "is a folder"),
        ("~nobody/x.toml", "there is no such file"),
        ("li_sb", "did you mean 'li-sb'?"),
        ("NA-SB-NASC", "did you mean 'na-sb-nasb'?"),
        ("graphite", "`sbpath list` names them"),
        ("sources", "no shipped mechanism has this name"),
        ("", "no shipped mechanism has this name"),
    ],
)
def test_no_such_mechanism(name, words):
    Path("folder.toml").mkdir()
    with pytest.raises(InputError) as caught:
        load_mechanism(name)
    (problem,) = caught.value.problems
    assert problem.startswith(f"{name}: ")
    assert words in problem


def test_a_file_that_may_not_be_read(monkeypatch):
    def refuse(path, flags, *more):
        if str(path) == "my.toml":
            raise PermissionError(13, "Permission denied")
        return opened(path, flags, *more)

    opened = os.open
    Path("my.toml").write_text(GOOD)
    monkeypatch.setattr(os, "open", refuse)
    check(problems_of(None), [("file", "cannot be read: Permission denied; check the path")])


# -- gate two: keys, types, ranges -----------------------------------------------------------

SB_VOLUME = '{ value = 18.0, status = "measured", source = "me" }'

SHAPES = {
    "unknown key, near": (
        [("upper_cutoff_V", "uper_cutoff_V")],
        [("uper_cutoff_V", "unknown key; did you mean 'upper_cutoff_V'?")],
    ),
    "unknown key, far": ([("[electrode]", "[electrode]\ncolour = 3")], [("electrode.colour", "unknown key; known here: part")]),
    "unknown key in a number": (
        [("source = \"me\", note = \"a guess\"", "source = \"me\", nota = \"a guess\"")],
        [("phases.LixSb.enthalpy_J_per_mol.nota", "did you mean 'note'?")],
    ),
    "unit left out of a key": (
        [("growth_rate_per_s = { value = 1e-3", "growth_rate = { value = 1e-3")],
        [("kinetics.growth_rate", "unknown key; did you mean 'growth_rate_per_s'?")],
    ),
    "unknown table": ([("[sources]", "[electrolytes]\n[sources]")], [("electrolytes", "did you mean 'electrolyte'?")]),
    "top key below a table": (
        [('ion = "Li"\n', ""), ('kind = "liquid"', 'kind = "liquid"\nion = "Li"')],
        [("electrolyte.ion", "belongs at the top of the file, above the first [table]")],
    ),
    "key of another table": (
        [("[electrode]\nparticle_radius_m", "[electrode]\n#"), ("[kinetics]", f"[kinetics]\nparticle_radius_m = {SB_VOLUME}")],
        [("kinetics.particle_radius_m", "belongs in [electrode]")],
    ),
    "dot in the name of a phase": (
        [("[electrolyte]", "[phases.Li3.75Sb]\nformula = 3\n[electrolyte]")],
        [
            ("phases.Li3.75Sb", "a name has no dot; call it Li3_75Sb, and write the number of atoms into its formula"),
            *((f"phases.Li3.{key}", "missing") for key in ("formula", "structure", "crystalline", "enthalpy_J_per_mol", "entropy_J_per_mol_K", "molar_volume_cm3_per_mol")),
        ],
    ),
    "phase with the name of a key": (
        [("[electrolyte]", "[phases.formula]\nlabl = 3\n[phases.galleries.note]\n[electrolyte]\nnam = 3")],
        [
            ("phases.formula.labl", "did you mean 'label'?"),
            ("electrolyte.nam", "did you mean 'name'?"),
            ("phases.galleries.note", "must be a string in quotes, not {}"),
            *((f"phases.{name}.{key}", "missing") for name in ("formula", "galleries") for key in ("formula", "structure", "crystalline", "enthalpy_J_per_mol", "entropy_J_per_mol_K", "molar_volume_cm3_per_mol")),
        ],
    ),
    "name and document": (
        [('ion = "Li"', 'ion = "Li"\nname = "x"\ndesign = "y"')],
        [("name", "a mechanism is named after its file"), ("design", "unknown key")],
    ),
    "missing": (
        [('title = "made up, for tests"\n', ""), ("crystalline = true\n", ""), ("lower_cutoff_V = 0.1\n", ""), (f"molar_volume_cm3_per_mol = {SB_VOLUME}", ""), ('kind = "liquid"', ""), ("fitted_to = \"nothing\"", "")],
        [
            ("title", 'missing; add title = "..."'),
            ("lower_cutoff_V", "missing; add lower_cutoff_V = 1.0"),
            ("phases.Sb.crystalline", "missing; add crystalline = true or false"),
            ("phases.Sb.molar_volume_cm3_per_mol", 'missing; add molar_volume_cm3_per_mol = { value = 1.0, status = "assumed", source = "own", note = "why" }'),
            ("phases.LixSb.galleries[1]", 'a fitted number must say to what; add fitted_to = "..."'),
            ("electrolyte.kind", 'missing; add kind = "liquid" or "solid"'),
        ],
    ),
    "missing tables": (
        [("[kinetics]", "[kinetics.x]"), ("[electrode]", "[kinetics.y]"), ('graphs = ["there", "all"]\nreview_equation = 1', "")],
        [
            ("kinetics.x", "unknown key"),
            ("kinetics.y", "unknown key"),
            *((f"kinetics.{key}", "missing; add") for key in ("attempt_rate_per_s", "growth_rate_per_s", "transfer_coefficient", "diffusivity_m2_per_s")),
            ("electrode", "missing; add the table [electrode]"),
        ],
    ),
    "missing parts of a number": (
        [('source = "me", note = "a guess"', 'note = "a guess"'), ('value = 1e9, status = "computed"', 'value = 1e9'), ("value = 5.0, ", "")],
        [
            ("phases.LixSb.enthalpy_J_per_mol", "a number needs its own status and source; write { value ="),
            ("kinetics.attempt_rate_per_s", "a number needs its own status and source; write { value = 1000000000.0"),
            ("electrode.double_layer_F_per_g.value", "missing; add value = 1.0"),
        ],
    ),
    "provenance": (
        [('source = "me", note = "a guess"', 'source = "me", note = "  "'), ('value = 1e9, status = "computed"', 'value = 1e9, status = "fitted"'), ('"measured"', '"guessed"')],
        [
            ("phases.LixSb.enthalpy_J_per_mol", 'an assumed number must say why; add note = "..."'),
            ("kinetics.attempt_rate_per_s", "a fitted number must say to what; add fitted_to"),
            ("phases.Sb.molar_volume_cm3_per_mol.status", "must be 'measured', 'computed', 'fitted' or 'assumed', not \"guessed\""),
        ],
    ),
    "wrong types": (
        [
            ('title = "made up, for tests"', "title = 2020-01-01"), ("temperature_C = 25.0", 'temperature_C = "25"'), ("crystalline = true", "crystalline = 1"),
            ('formula = "Sb"', "formula = 51"), ("lower_cutoff_V = 0.1", "lower_cutoff_V = true"), ("value = 1e9", 'value = "1e9"'), ("value = 0.5", "value = false"),
            ('graphs = ["there", "all"]', 'graphs = "there"'), ("review_equation = 1", "review_equation = 1.0"), ("width = 1.0", "width = [1.0]"), ('me = "These tests."', "me = 3"),
        ],
        [
            ("title", 'must be a string in quotes, not "2020-01-01"'),
            ("temperature_C", 'must be a number, not "25"'),
            ("lower_cutoff_V", "must be a number, not true"),
            ("sources.me", "must be a string in quotes, not 3"),
            ("phases.Sb.crystalline", "must be true or false, not 1"),
            ("phases.Sb.formula", "must be a string in quotes, not 51"),
            ("phases.LixSb.galleries[1].width", "must be a number, not [1.0]"),
            ("transformations[1].graphs", 'must be a list; put it in brackets, ["there"]'),
            ("transformations[1].review_equation", "must be a whole number, not 1.0"),
            ("kinetics.attempt_rate_per_s.value", 'must be a number, not "1e9"'),
            ("kinetics.transfer_coefficient.value", "must be a number, not false"),
        ],
    ),
    "bare numbers and tables": (
        [(SB_VOLUME, "18"), ("{ value = 0.2, status = \"computed\", source = \"me\" }", '"0.2"'), ("[electrolyte]\nname = \"none\"\nkind = \"liquid\"", ""), ('default_graph = "there"', 'default_graph = "there"\nelectrolyte = 3')],
        [
            ("phases.Sb.molar_volume_cm3_per_mol", 'needs its provenance, not only 18; write { value = 18, status = "assumed", source = "own", note = "why" }'),
            ("interfaces.Sb|Li3Sb.energy_J_per_m2", 'needs its provenance, not only "0.2"'),
            ("electrolyte", "must be a table, not 3; write a heading [electrolyte] and its keys below"),
        ],
    ),
    "brackets": (
        [("[[phases.LixSb.galleries]]\nsites = 0.5", "[phases.Lixsb.galleries]\nsites = 0.5"), ("[electrolyte]", "[[electrolyte]]")],
        [
            *((f"phases.Lixsb.{key}", "missing") for key in ("formula", "structure", "crystalline", "enthalpy_J_per_mol", "entropy_J_per_mol_K", "molar_volume_cm3_per_mol")),
            ("phases.Lixsb.galleries", "write its heading with double brackets, [[...]]"),
            ("electrolyte", "write its heading with single brackets, [...]"),
        ],
    ),
    "ranges": (
        [
            ("temperature_C = 25.0", "temperature_C = -300"), ("value = 0.1,", "value = -0.1,"), ("value = 1e9", "value = 0"), ("value = 1e-3", "value = -1"), ("value = 0.5", "value = 1"),
            ("sites = 1.5", "sites = 0"), ("width = 2.0", "width = -2.0"), ("review_equation = 1", "review_equation = 7"), ('graphs = ["there", "all"]\n\n', "graphs = []\n\n"), ("value = 18.0", "value = 0"),
            ("value = 10.0", "value = -10.0"), ('ion = "Li"', 'ion = "Mg"'),
        ],
        [
            ("temperature_C", "must be greater than -273.15, not -300"),
            ("ion", "must be 'Li', 'Na' or 'K', not \"Mg\""),
            ("phases.Sb.molar_volume_cm3_per_mol", "must be above zero, not 0"),
            ("phases.LixSb.partial_molar_volume_cm3_per_mol", "must not be negative, but is -10"),
            ("phases.LixSb.galleries[1].sites", "must be greater than 0, not 0"),
            ("phases.LixSb.galleries[2].width", "must be greater than 0, not -2.0"),
            ("transformations[1].review_equation", "must be less than or equal to 6, not 7"),
            ("transformations[2].graphs", "is empty; give at least one"),
            ("interfaces.Sb|LixSb.energy_J_per_m2", "must not be negative"),
            ("kinetics.attempt_rate_per_s", "must be above zero, not 0"),
            ("kinetics.growth_rate_per_s", "must be above zero, not -1"),
            ("kinetics.transfer_coefficient", "must lie between 0 and 1, but is 1"),
        ],
    ),
    "not finite": (
        [("value = 0,", "value = nan,"), ("value = 0.1,", "value = inf,"), ("upper_cutoff_V = 1.5", "upper_cutoff_V = -inf"), ("potential_V = 0.9", "potential_V = nan")],
        [
            ("upper_cutoff_V", "must be a finite number, not -inf"),
            ("phases.Sb.enthalpy_J_per_mol.value", "must be a finite number, not nan"),
            ("phases.LixSb.galleries[1].potential_V", "must be a finite number, not nan"),
            ("interfaces.Sb|LixSb.energy_J_per_m2.value", "must be a finite number, not inf"),
        ],
    ),
    "half a resistance": (
        [('kind = "liquid"', f'kind = "solid"\nthickness_um = {SB_VOLUME}')],
        [("electrolyte", "a resistance also needs conductivity_S_per_cm and conductivity_temperature_C; add")],
    ),
    "activation of no conductivity": (
        [('kind = "liquid"', f'kind = "solid"\nconductivity_activation_energy_J_per_mol = {SB_VOLUME}')],
        [("electrolyte", "a resistance also needs thickness_um and")],
    ),
    "extends in a list": (
        [('equation = "Sb + x Li+ + x e- -> LixSb"', 'equation = "Sb + x Li+ + x e- -> LixSb"\nextends = "li-sb"')],
        [("transformations[1].extends", "cannot be used in a list; extend the table that contains the list")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", list(SHAPES))
def test_wrong_shape(name):
    replacements, expected = SHAPES[name]
    check(problems_of(edited(*replacements)), expected)


def test_no_phases_at_all():
    check(
        problems_of(re.sub(r"\[phases.*?\n(?=\[\[trans)", "[phases]\n", GOOD, flags=re.S)),
        [("phases", "is empty")],
    )


def test_a_list_of_phases():
    text = (
        GOOD.replace("[phases.", "[x.")
        .replace("[[phases.", "[[x.")
        .replace("ion =", "phases = [3]\nion =", 1)
    )
    check(problems_of(text), [("x", "unknown key"), ("phases", "must be one table, not a list")])


# -- gate three: does it fit together? -------------------------------------------------------

FIRST = "Sb + x Li+ + x e- -> LixSb"
DIRECT = "Li3Sb -> Sb + 3 Li+ + 3 e-"
FIT = {
    "element": ([(DIRECT, "Li3Sb -> Sb + 2 Li+ + 3 e-")], [("transformations[5].equation", "does not balance (right minus left is -1 Li, -1 charge)")]),
    "charge": ([(DIRECT, "Li3Sb -> Sb + 3 Li+ + 2 e-")], [("transformations[5].equation", "does not balance (right minus left is 1 charge); correct the amounts")]),
    "open amount": ([(FIRST, "Sb + x Li+ + x e- -> Li3Sb")], [("transformations[1].equation", "(right minus left is 3-x Li)")]),
    "unknown species": ([(DIRECT, "Li3Sb -> Sbb + 3 Na+ + 3 e-")], [("transformations[5].equation", "the unknown 'Sbb'; did you mean 'Sb'?"), ("transformations[5].equation", "the unknown 'Na+'; known: Sb, LixSb, Li3Sb, Li+, e-")]),
    "no blank after an amount": ([(DIRECT, "Li3Sb -> Sb + 3Li+ + 3e-")], [("transformations[5].equation", "between them: '3 Li+'"), ("transformations[5].equation", "between them: '3 e-'")]),
    "no blanks around a plus": ([(DIRECT, "Li3Sb -> Sb+Li+ + 3 e-")], [("transformations[5].equation", "has 'Sb+Li+'; put spaces around the + between two terms")]),
    "wrong arrow": ([(DIRECT, "Li3Sb => Sb + 3 Li+ + 3 e-")], [("transformations[5].equation", "is not an equation; write one arrow ->")]),
    "two arrows": ([(DIRECT, "Li3Sb -> LixSb -> Sb")], [("transformations[5].equation", "write one arrow ->")]),
    "half an equation": ([(DIRECT, "Li3Sb ->")], [("transformations[5].equation", "is not an equation")]),
    "empty equation": ([(DIRECT, "")], [("transformations[5].equation", "is not an equation")]),
    "bare amount": ([(DIRECT, "Li3Sb -> Sb + 3 Li+ + 3-x e-")], [("transformations[5].equation", "cannot read the term '3-x e-'; write an amount, a space and a name")]),
    "twice on a side": ([(DIRECT, "Li3Sb -> Sb + Li+ + 2 Li+ + 3 e-")], [("transformations[5].equation", "Li+ appears twice on one side; add the amounts")]),
    "two phases on a side": ([(DIRECT, "Li3Sb -> Sb + LixSb")], [("transformations[5].equation", "has Sb and LixSb on its right side; write a transformation for each")]),
    "no phase on a side": ([(DIRECT, "3 Li+ + 3 e- -> Li3Sb")], [("transformations[5].equation", "has no phase on its left side; write it from one phase to another")]),
    "a phase to itself": ([(DIRECT, "Sb -> Sb")], [("transformations[5].equation", "leads from a phase to itself")]),
    "two moles": ([(DIRECT, "2 Li3Sb -> 2 Sb + 6 Li+ + 6 e-")], [("transformations[5].equation", "is not for one mole of Sb; write each phase without an amount")]),
    "duplicate edge": ([("[interfaces.", DOUBLE + "[interfaces.")], [("transformations[6].equation", "LixSb -> Li3Sb is already in transformations[2]; keep one and list all graphs there")]),
    "unreachable": ([('graphs = ["there", "all"]\nreview_equation = 1', 'graphs = ["all"]'), ('x) Li+ + (3-x) e- -> Li3Sb"\ngraphs = ["there", "all"]', 'x) Li+ + (3-x) e- -> Li3Sb"\ngraphs = ["all"]')],
        [("phases.LixSb", "cannot be reached from Sb on the graph 'there'; add a transformation to it, or remove the phase"), ("phases.Li3Sb", "cannot be reached"), ("phases.Sb", "cannot be left on the graph 'there'; add a transformation from it")]),
    "cannot be left": ([('graphs = ["there", "all"]\ngrowth', 'graphs = ["there"]\ngrowth')], [("phases.Li3Sb", "cannot be left on the graph 'all'")]),
    "missing interface": ([('[interfaces."Sb|Li3Sb"]', "[interfaces.x]"), ("energy_J_per_m2 = { value = 0.2, status = \"computed\", source = \"me\" }", ""), ("[interfaces.x]", "")],
        [("interfaces.Li3Sb|Sb", 'missing, but a transformation connects the two; add the line [interfaces."Li3Sb|Sb"] and below it the line energy_J_per_m2 = { value = 0.1, status = "assumed", source = "own", note = "why" }')]),
    "interface in both orders": ([('"Sb|Li3Sb"', '"LixSb|Sb"')], [("interfaces.LixSb|Sb", "the same interface is given as 'Sb|LixSb'; it has no direction, keep one")]),
    "interface with the unknown": ([('"Sb|Li3Sb"', '"Sb|Li3Sv"')], [("interfaces.Sb|Li3Sv", "no phase is called 'Li3Sv'; did you mean 'Li3Sb'?")]),
    "interface with one that is not there": ([('"Sb|Li3Sb"', '"LixSb|Li5Sb4"')], [("interfaces.LixSb|Li5Sb4", "no phase is called 'Li5Sb4'; phases: Sb, LixSb, Li3Sb; add [phases.Li5Sb4] or correct the name")]),
    "interface with what is near the other side": ([('"Sb|Li3Sb"', '"Sb|KSb"')], [("interfaces.Sb|KSb", "no phase is called 'KSb'; phases: Sb, LixSb, Li3Sb; add [phases.KSb]")]),
    "interface with a blank": ([('"Sb|Li3Sb"', '"Sb |Li3Sb"')], [("interfaces.Sb |Li3Sb", 'write [interfaces."Sb|Li3Sb"], no spaces around |')]),
    "equation with a phase that is not there": ([(DIRECT, "Li3Sb -> Li5Sb4 + 3 Li+ + 3 e-")], [("transformations[5].equation", "contains the unknown 'Li5Sb4'; known: Sb, LixSb, Li3Sb, Li+, e-; add [phases.Li5Sb4] or correct the name")]),
    "interface with itself": ([('"Sb|Li3Sb"', '"Sb|Sb"')], [("interfaces.Sb|Sb", "must name two phases with | between them")]),
    "interface of one": ([('"Sb|Li3Sb"', '"Sb-Li3Sb"')], [("interfaces.Sb-Li3Sb", "must name two phases with | between them")]),
    "unknown graph": ([('default_graph = "there"', 'default_graph = "their"')], [("default_graph", "no transformation is in a graph 'their'; did you mean 'there'?")]),
    "unknown initial phase": ([('initial_phase = "Sb"', 'initial_phase = "SB"')], [("initial_phase", "no phase is called 'SB'; did you mean 'Sb'?")]),
    "cut-offs": ([("lower_cutoff_V = 0.1", "lower_cutoff_V = 2")], [("lower_cutoff_V", "2 V is not below upper_cutoff_V = 1.5 V; swap them or correct one")]),
    "equal cut-offs": ([("lower_cutoff_V = 0.1", "lower_cutoff_V = 1.5")], [("lower_cutoff_V", "1.5 V is not below")]),
    "sites of a line formula": ([('formula = "LixSb"', 'formula = "LiSb"')] + [(f"{a}", f"{b}") for a, b in ((FIRST, "Sb + Li+ + e- -> LixSb"), ("LixSb + (3-x) Li+ + (3-x) e-", "LixSb + 2 Li+ + 2 e-"), ("LixSb + (3 - x) Li+ + (3 - x) e-", "LixSb + 2 Li+ + 2 e-"), ("LixSb -> Sb + x Li+ + x e-", "LixSb -> Sb + Li+ + e-"))],
        [("phases.LixSb.galleries", "2 sites, but LiSb holds only 1 Li; use fewer sites")]),
    "sites of an open formula": ([("sites = 0.5", "sites = 1.6")], [("phases.LixSb.galleries", "3.1 sites, but transformations[2] has 3-x, negative when they are full; use fewer sites")]),
    "open formula without galleries": ([('formula = "Sb"', 'formula = "LixSb"')], [("phases.Sb.formula", "LixSb has an x but no galleries to fill; add [[phases.Sb.galleries]]")]),
    "open in vacancies": ([('formula = "LixSb"', 'formula = "Li(3-x)Sb"')], [("phases.LixSb.formula", "in Li(3-x)Sb, x must be the Li in the galleries and nothing else; write e.g. LixSb or Li(1+x)Sb")]),
    "open in another element": ([('formula = "LixSb"', 'formula = "NaxSb"')], [("phases.LixSb.formula", "x must be the Li in the galleries")]),
    "two Sb": ([('formula = "Sb"', 'formula = "Sb2"')], [("phases.Sb.formula", "Sb2 does not hold one Sb; all amounts are per mole of Sb, write Sb with its enthalpy, entropy and volume divided by 2, or name [assemblages]")]),
    "no Sb": ([('formula = "Sb"', 'formula = "Bi"')], [("phases.Sb.formula", "Bi does not hold one Sb; all amounts are per mole of Sb, write e.g. Li3Sb, or name [assemblages]")]),
    "half an Sb each": ([('formula = "Li3Sb"', 'formula = "LiSb2"')], [("phases.Li3Sb.formula", "write Li0.5Sb with its enthalpy, entropy and volume divided by 2, or name [assemblages]")]),
    "a formula behind all that does not balance": ([('formula = "Li3Sb"', 'formula = "Li2Sb"')],
        [*((f"transformations[{i}].equation", "does not balance") for i in (2, 3, 5)), ("phases.Li3Sb.formula", "all 3 transformations that do not balance have Li3Sb; is its formula = 'Li2Sb' right?")]),
    "unbalanced without a common cause": ([("Sb + x Li+ + x e- -> LixSb", "Sb + x Li+ + 2 e- -> LixSb"), (DIRECT, "Li3Sb -> Sb + 3 Li+ + 2 e-")],
        [("transformations[1].equation", "does not balance"), ("transformations[5].equation", "does not balance")]),
    "no element": ([('formula = "Sb"', 'formula = "Antimony"')], [("phases.Sb.formula", "'Antimony' is not a formula: no element symbol at 'Antimony'; write e.g. Li3Sb")]),
    "empty formula": ([('formula = "Sb"', 'formula = ""')], [("phases.Sb.formula", "an empty formula; write e.g. Li3Sb")]),
    "names": ([("[electrolyte]", GOOD[GOOD.index("[phases.Sb]") : GOOD.index("[phases.LixSb]")].replace("phases.Sb", 'phases."a b"') + "[electrolyte]")],
        [("phases.a b", "'a b' cannot be a name; begin with a letter")]),
    "volume change": ([("value = 42.0", "value = 50.0")], [("phases.Li3Sb.molar_volume_cm3_per_mol", "gives a volume change of 177.8 % from Sb, but review_volume_change_percent says 133 %; check both")]),
    "partial volume": ([("value = 10.0", "value = 20.0")], [("phases.LixSb.partial_molar_volume_cm3_per_mol", "leaves 0 cm3/mol of 40 when all 2 sites are empty; use a smaller value")]),
    "unknown sources": ([('source = "me" }', 'source = "mee" }'), ('fitted_to = "nothing"', 'fitted_to = "nothing"\nnote = "x"'), ('source = "review"', 'source = "handbook"'), ('source = "me"\nfitted', 'source = ""\nfitted')],
        [("phases.Sb.enthalpy_J_per_mol.source", "no source is called 'mee'; did you mean 'me'?"), ("phases.Li3Sb.review_volume_change_percent.source", "add it under [sources] as key = \"citation\""), ("phases.LixSb.galleries[1].source", "no source is called ''")]),
    "many at once": ([("value = 42.0", "value = 50.0"), (DIRECT, "Li3Sb -> Sb + 3 Li+ + 2 e-"), ('formula = "LixSb"', 'formula = "LixxSb"'), ('source = "me" }', 'source = "you" }'), ('"Sb|Li3Sb"', '"Sb|LiSb"'), ("lower_cutoff_V = 0.1", "lower_cutoff_V = 2")],
        [("lower_cutoff_V", "swap them"), ("phases.LixSb.formula", "is not a formula"), ("transformations[5].equation", "does not balance"), ("interfaces.Sb|LiSb", "did you mean"), ("phases.Li3Sb.molar_volume_cm3_per_mol", "check both"), ("phases.Sb.enthalpy_J_per_mol.source", "no source is called 'you'")]),
}  # fmt: skip


@pytest.mark.parametrize("name", list(FIT))
def test_what_does_not_fit(name):
    replacements, expected = FIT[name]
    check(problems_of(edited(*replacements)), expected)


def test_what_is_missing_can_be_copied_from_the_message():
    line = '[interfaces."Sb|Li3Sb"]\nenergy_J_per_m2 = { value = 0.2, status = "computed", source = "me" }\n'
    text = edited((line, ""), ("[sources]", '[sources]\nkey = "The one of the message."'))
    (problem,) = problems_of(text)
    heading, number = re.search(r"the line (\[.*\]) and below it the line (.*)", problem).groups()
    Path("my.toml").write_text(f"{text}\n{heading}\n{number}\n")
    assert load_mechanism("my.toml").interface("Sb", "Li3Sb").energy_J_per_m2.status == "assumed"


@pytest.mark.parametrize(
    ("word", "known", "said"),
    [
        ("K5Sb4", ["Sb", "KSb", "K3Sb"], "none"),
        ("NaSb", ["Sb"], "none"),
        ("cot", ["cut"], "did you mean 'cut'?"),
        ("their", ["there"], "did you mean 'there'?"),
        ("K3Sv", ["KSb", "K3Sb"], "did you mean 'K3Sb'?"),
        ("growth_rate", ["growth_rate_per_s"], "did you mean 'growth_rate_per_s'?"),
    ],
)
def test_a_suggestion_is_a_slip_away(word, known, said):
    assert nearest(word, known, "none") == said


@pytest.mark.parametrize("name", ["", "x", "e-", "Li+", "2Sb", "a.b", "a|b", "a->b", "-Sb", "a b"])
def test_names_that_no_phase_can_have(name):
    document = tomllib.loads(GOOD)
    document["phases"][name] = document["phases"]["Sb"]
    with pytest.raises(InputError) as caught:
        mechanism_from_document({**document, "name": "x"}, "x")
    assert any(f"{name!r} cannot be a name" in line for line in caught.value.problems)


@pytest.mark.parametrize("name", ["Sb", "K3Sb-cubic", "α-Sb", "Sb_2", "Sb'", "Sb(s)"])
def test_names_that_a_phase_can_have(name):
    text = GOOD.replace("phases.Sb]", f'phases."{name}"]').replace('phase = "Sb"', f'phase = "{name}"')
    text = text.replace('"Sb|', f'"{name}|').replace('"Sb +', f'"{name} +').replace("-> Sb", f"-> {name}")
    Path("my.toml").write_text(text, encoding="utf-8")
    assert load_mechanism("my.toml").initial_phase == name


def test_an_unknown_graph_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match=r"li-sb has no graph 'no'; choose one of reported, candidate"):
        load_mechanism("li").edges("no")


# -- extends -------------------------------------------------------------------------------------

TOP = 'extends = "li-sb"\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('extends = "base.toml"', [("extends", "base.toml: there is no such file in ")]),
        ('extends = "li-sv"', [("extends", "li-sv: no shipped mechanism has this name; did you mean 'li-sb'?")]),
        ('extends = "other/"', [("extends", "other/: only a .toml file in the folder of this file or below can be extended")]),
        ('extends = "other.toml"', [("extends", "other.toml: is a folder")]),
        ("extends = 3", [("extends", "must be a short string like 'li-sb' or 'li-sb: kinetics', not 3")]),
        ("extends = ['li-sb']", [("extends", "must be a short string like")]),
        ('extends = ""', [("extends", "must be a short string like")]),
        ('extends = ": kinetics"', [("extends", "must be a short string like")]),
        (TOP + '[phases.Lo]\nextends = "li-sb"', [("phases.Lo.extends", "li-sb.toml has no phases.Lo; it has Sb, Li2Sb")]),
        (TOP + '[kinetics]\nextends = "na-sb: kinetiks"', [("kinetics.extends", "na-sb.toml has no kinetiks; did you mean 'kinetics'?")]),
        (TOP + '[kinetics]\nextends = "na-sb: title"', [("kinetics.extends", "title of na-sb.toml is not a table; extend a table")]),
        (TOP + '[kinetics]\nextends = "na-sb: title.x"', [("kinetics.extends", "title.x of na-sb.toml is not a table")]),
        (TOP + '[kinetics]\nextends = "na-sb: transformations"', [("kinetics.extends", "is not a table")]),
        (
            'extends = "no.toml"\n[kinetics]\nextends = "nothing"\n[electrode]\nextends = 3',
            [("extends", "no.toml: there is no"), ("kinetics.extends", "nothing: no shipped"), ("electrode.extends", "not 3")],
        ),
        ('extends = "my.toml"', [("extends", "in a circle: my.toml -> my.toml; remove one extends")]),
    ],
)  # fmt: skip
def test_extends_that_lead_nowhere(text, expected):
    Path("other").mkdir()
    Path("other.toml").mkdir()
    check(problems_of(text), expected)


def test_extends_in_a_circle():
    Path("a.toml").write_text('extends = "b.toml"')
    Path("b.toml").write_text('extends = "c.toml"')
    Path("c.toml").write_text('[kinetics]\nextends = "a.toml"')
    (problem,) = problems_of(None, name="a.toml")
    assert problem == (
        "a.toml: extends: b.toml: extends: c.toml: kinetics.extends: the files extend each other in a circle: "
        "a.toml -> b.toml -> c.toml -> a.toml; remove one extends"
    )


def test_a_broken_base_is_named_once():
    Path("base.toml").write_text("[kinetics\n")
    (problem,) = problems_of('extends = "base.toml"\n[kinetics]\nextends = "base.toml"')
    assert "base.toml: line 1, column 10: not valid TOML" in problem


def test_own_transformations_replace_those_of_the_file_below_and_that_is_said():
    text = 'extends = "na-sb-nasb"\n[[transformations]]\nequation = "Sb + Na+ + e- -> NaSb"\n'
    *stranded, last = problems_of(text)
    assert stranded
    assert all(" on the graph " in problem for problem in stranded)
    assert (
        "extends: the phases and assemblages of 'na-sb-nasb' all stay, and transformations here replace"
        in last
    )


def test_a_mistake_is_traced_to_the_file_it_stands_in():
    Path("deep").mkdir()
    Path("deep/base.toml").write_text(
        TOP
        + '[kinetics]\ngrowth_rat_per_s = 3\n[kinetics.transfer_coefficient]\nvalue = 0.2\nstatus = "measured"\n[kinetics.attempt_rate_per_s]\nvalue = -1\nstatus = "measured"\nsource = "review"\n[phases.Sb]\nformula = "Sb"\n'
    )
    Path("middle.toml").write_text('[kinetics]\nextends = "deep/base.toml"\n')
    text = TOP + 'colour = 1\n[kinetics]\nextends = "middle.toml"\n[electrode]\ncolour = 1\n'
    check(
        problems_of(text),
        [
            ("kinetics.growth_rat_per_s", "did you mean 'growth_rate_per_s'? (in base.toml)"),
            ("kinetics.transfer_coefficient", 'source = "own", note = "why" } (in base.toml)'),
            ("kinetics.attempt_rate_per_s", "must be above zero, not -1 (in base.toml)"),
            ("colour", "unknown key"),
            ("electrode.colour", "unknown key"),
        ],
    )
    assert not any("colour" in p and ".toml)" in p for p in problems_of(None))


@pytest.mark.parametrize(
    "text", ["[kinetics]\nx = 1", "kinetics = 3", "[phases.Sb]\nextends = 'li-sb: phases.Li2Sb'"]
)
def test_an_extended_file_passes_the_same_gates(text):
    problems = problems_of(f"{TOP}{text}" if "[" in text else f"{text}\n{TOP}")
    assert problems
    assert all(p.startswith("my.toml: ") for p in problems)


def test_a_file_of_ones_own_on_top_of_others(folder):
    """By a relative path, which counts from the file that says it, and by a shipped name."""
    (folder / "lab" / "numbers").mkdir(parents=True)
    (folder / "lab" / "numbers" / "slow.toml").write_text(
        '[sources]\nnotebook = "My notebook, p. 12."\n[kinetics]\nextends = "na-sb"\n'
        '[kinetics.growth_rate_per_s]\nvalue = 2e-5\nstatus = "measured"\nsource = "notebook"\n'
    )
    (folder / "lab" / "mine.toml").write_text(
        'extends = "li-sb"\ntitle = "mine"\n'
        '[kinetics]\nextends = "numbers/slow.toml"\n'
        '[interfaces."Sb|Li3Sb"]\nextends = "na-sb: interfaces.Sb|NaxSb"\n'
        '[electrode.particle_radius_m]\nvalue = 2e-7\nstatus = "assumed"\nsource = "sbpath"\nnote = "nano"\n'
        '[phases.Sb]\nlabel = "antimony"\n'
    )
    mine, li, na = load_mechanism("lab/mine.toml"), load_mechanism("li-sb"), load_mechanism("na-sb")
    assert mine.name == "mine"
    assert mine.kinetics.growth_rate_per_s.value == 2e-5
    assert mine.sources["notebook"] == "My notebook, p. 12."
    assert mine.kinetics.attempt_rate_per_s == na.kinetics.attempt_rate_per_s
    lent, taken = na.interfaces["Sb|NaxSb"].energy_J_per_m2, mine.interface("Li3Sb", "Sb").energy_J_per_m2
    assert (taken.value, taken.status) == (lent.value, "assumed")
    assert taken.note == f"transferred from na-sb: {lent.fitted_to}"
    assert mine.phases["Sb"].label == "antimony"
    assert mine.phases["Sb"].molar_volume_cm3_per_mol == li.phases["Sb"].molar_volume_cm3_per_mol
    assert mine.phases["Li2Sb"] == li.phases["Li2Sb"]
    # A number with its provenance is replaced whole: nothing of the old one stays behind.
    assert li.kinetics.growth_rate_per_s.fitted_to
    assert mine.kinetics.growth_rate_per_s.fitted_to is None
    assert mine.electrode.particle_radius_m.note == "nano"
    assert mine.electrode.double_layer_F_per_g == li.electrode.double_layer_F_per_g
    assert load_mechanism(folder / "lab" / "mine.toml") == mine


def test_an_absolute_path_can_be_extended(folder):
    (folder / "base.toml").write_text(GOOD)
    Path("my.toml").write_text(f'extends = "{folder.as_posix()}/base.toml"\ntitle = "on top"')
    assert load_mechanism("my.toml").title == "on top"


# -- changes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("kinetics.growth_rate_per_s", math.nan, "must be a finite number, not nan"),
        ("kinetics.growth_rate_per_s", math.inf, "must be a finite number, not inf"),
        ("kinetics.growth_rate_per_s", "1e-3", 'must be a finite number, not "1e-3"'),
        ("kinetics.growth_rate_per_s", None, "must be a finite number, not null"),
        ("kinetics.growth_rate_per_s", True, "must be a finite number, not true"),
        ("kinetics.growth_rate_per_s", [1.0], "must be a finite number, not [1.0]"),
        ("kinetics.growth_rate_per_s", np.ones(2), "must be a finite number"),
        ("kinetics.growth_rate_per_s", Decimal(1), "must be a finite number"),
        ("kinetics.growth_rat_per_s", 1.0, "did you mean 'growth_rate_per_s'?"),
        ("kinetic.growth_rate_per_s", 1.0, "there is no 'kinetic' here; did you mean 'kinetics'?"),
        ("kinetics.seed_fraction", 1.0, "must lie between 0 and 1"),
        ("kinetics.zzz", 1.0, "attempt_rate_per_s, growth_rate_per_s"),
        ("kinetics", 1.0, "is not a number; give the path of one"),
        ("title", 1.0, "is not a number"),
        ("phases.Sb.crystalline", 1.0, "is not a number"),
        ("phases.LixSb.galleries", 1.0, "is not a number"),
        ("phases.LixSb.galleries[3].sites", 1.0, "there is no '[3]' here"),
        ("phases.LixSb.galleries[0].sites", 1.0, "there is no '[0]' here"),
        ("phases.LixSb.galleries[x].sites", 1.0, "there is no '[x]' here"),
        ("phases.LixSb.galleries.sites", 1.0, "available: [1], [2]"),
        ("phases.LixSb.galleries.1.sites", 1.0, "there is no '1' here; write galleries[1]"),
        ("temperature_C.value", 1.0, "there is no 'value' here; the path ends before it"),
        ("kinetics..growth_rate_per_s", 1.0, "there is no '' here"),
        ("", 1.0, "there is no '' here"),
        (3, 1.0, "there is no '3' here"),
    ],
)
def test_changes_that_cannot_be_made(path, value, words):
    check(problems_of(GOOD, {path: value}), [(str(path), words)], name="my")


def test_all_bad_changes_are_told_at_once():
    problems = problems_of(GOOD, {"a": 1.0, "title": 1.0, "temperature_C": math.nan})
    check(
        problems,
        [("a", "there is no 'a'"), ("title", "is not a number"), ("temperature_C", "not nan")],
        name="my",
    )


def test_changes_pass_the_other_gates():
    problems = problems_of(GOOD, {"temperature_C": -300.0, "kinetics.growth_rate_per_s": 0.0})
    check(
        problems,
        [("temperature_C", "must be greater than -273.15"), ("kinetics.growth_rate_per_s", "above zero")],
        name="my",
    )
    check(problems_of(GOOD, {"lower_cutoff_V": 3}), [("lower_cutoff_V", "3 V is not below")], name="my")


@pytest.mark.parametrize("changes", [[1.0], "kinetics", 3])
def test_changes_that_are_no_mapping(changes):
    check(problems_of(GOOD, changes), [("changes", "must be a mapping of path to number")], name="my")


@pytest.mark.parametrize("kind", [float, np.float64, np.float32, np.int64, int])
def test_a_change_takes_the_place_of_a_number_and_is_marked(kind):
    Path("my.toml").write_text(GOOD)
    paths = {
        "kinetics.growth_rate_per_s": lambda m: m.kinetics.growth_rate_per_s,
        "interfaces.Sb|LixSb.energy_J_per_m2": lambda m: m.interface("LixSb", "Sb").energy_J_per_m2,
        "phases.LixSb.enthalpy_J_per_mol.value": lambda m: m.phases["LixSb"].enthalpy_J_per_mol,
    }
    before, after = load_mechanism("my.toml"), load_mechanism("my.toml", dict.fromkeys(paths, kind(2)))
    for path, get in paths.items():
        assert get(after).value == 2.0, path
        assert type(get(after).value) is float
        assert get(after).status == "assumed"
        assert get(after).source == get(before).source
        assert f"in place of {get(before).value:g}" in get(after).note
        assert get(before).value != 2.0
    json.dumps(after.document)  # as saving a solution does
    assert after.phases["Sb"] == before.phases["Sb"]
    assert load_mechanism("my.toml") == before


def test_a_gallery_and_a_plain_number_can_be_changed():
    Path("my.toml").write_text(GOOD)
    mechanism = load_mechanism(
        "my.toml", {"phases.LixSb.galleries[1].potential_V": 1.25, "temperature_C": 40}
    )
    gallery = mechanism.phases["LixSb"].galleries[0]
    assert (gallery.potential_V, gallery.status, gallery.fitted_to) == (1.25, "assumed", None)
    assert gallery.note == "potential_V set by the user in place of 0.9"
    assert mechanism.phases["LixSb"].galleries[1].potential_V == 0.8
    assert mechanism.temperature_C == 40.0


# -- names -----------------------------------------------------------------------------------------


def test_names_and_paths_are_found(folder):
    assert locate("li") == locate("Li-Sb") == shipped_folder() / "li-sb.toml"
    Path("my.toml").write_text(GOOD)
    assert locate("my.toml").resolve() == (folder / "my.toml").resolve()
    (folder / "sub").mkdir()
    assert locate("sub/../my.toml").resolve() == (folder / "my.toml").resolve()
    assert shipped_names() == sorted(shipped_names())
    assert "sources" not in shipped_names()


def test_a_path_in_the_home_folder(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder))
    Path("my.toml").write_text(GOOD)
    assert load_mechanism("~/my.toml").name == "my"


# -- whatever else -----------------------------------------------------------------------------

JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**400), 10**400), st.floats(), st.text(max_size=8),
    st.lists(st.integers(), max_size=2), st.dictionaries(st.text(max_size=4), st.integers(), max_size=2),
    st.sampled_from([datetime.date(2020, 1, 1), "Sb -> Sb", "x", "Li+", "a|b", "fitted"]),
)  # fmt: skip


def places(value, at=()):
    """Every path in a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*at, key)
        yield from places(inner, (*at, key))


def outcome(read):
    """The problems that `read` finds, or none if it makes a mechanism; anything else is a failure."""
    try:
        assert isinstance(read(), Mechanism)
    except InputError as error:
        return error.problems
    return ()


PLACES = list(places(tomllib.loads(GOOD)))


@given(
    st.lists(
        st.tuples(st.sampled_from(PLACES), st.sampled_from(["put", "take", "add"]), JUNK),
        min_size=1,
        max_size=3,
    )
)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_junk_anywhere_is_an_input_error_or_a_mechanism(mistakes):
    document = tomllib.loads(GOOD)
    for place, deed, junk in mistakes:
        table = document
        try:
            for key in place[:-1]:
                table = table[key]
            if deed == "put":
                table[place[-1]] = junk
            elif deed == "take":
                del table[place[-1]]
            else:
                table[str(junk)] = junk
        except (KeyError, IndexError, TypeError):
            continue  # an earlier mistake took the place away
    problems = outcome(lambda: mechanism_from_document({**document, "name": "x"}, "x"))
    assert len(set(problems)) == len(problems)
    assert all(re.match(r"x: .*: .", line, re.S) for line in problems)


@given(st.binary(max_size=60), st.integers(0, len(GOOD)))
@settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_bytes_anywhere_are_an_input_error_or_a_mechanism(folder, noise, position):
    text = GOOD.encode()
    Path("my.toml").write_bytes(text[:position] + noise + text[position:])
    assert all(line.startswith("my.toml: ") for line in outcome(lambda: load_mechanism("my.toml")))


def test_changes_may_switch_on_what_a_file_does_without():
    changed = load_mechanism(
        "li-sb",
        {
            "kinetics.autocatalytic_order": 1.0,
            "transformations[1].transformation_work_J_per_mol": 500.0,
            "interfaces.Sb|Li2Sb.shape_factor": 0.5,
        },
    )
    assert changed.kinetics.autocatalytic_order.value == 1.0
    assert changed.kinetics.autocatalytic_order.status == "assumed"
    assert changed.transformations[0].transformation_work_J_per_mol.value == 500.0
    assert changed.interface("Li2Sb", "Sb").shape_factor.value == 0.5


def test_changes_name_an_interface_in_either_order():
    changed = load_mechanism("li-sb", {"interfaces.Li2Sb|Sb.energy_J_per_m2": 0.2})
    assert changed.interface("Sb", "Li2Sb").energy_J_per_m2.value == 0.2
