"""Files that are too large, too deep, elsewhere or not what they seem: one clear line, soon, in little memory."""

from __future__ import annotations

import os
import sys
import time
import tracemalloc
from pathlib import Path
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import pytest

from sbpath import InputError, Population, cycling, load_mechanism, plots, simulate
from sbpath.errors import MOST_PROBLEMS, printable
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.reader import mechanism_from_document

posix = pytest.mark.skipif(sys.platform == "win32", reason="pipes, devices and links as on POSIX")
TOP = 'extends = "li-sb"\n'


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    load_mechanism("li-sb")
    return tmp_path


def refused(name="my.toml", text=None, **options):
    """The lines of the refusal of a file, which comes within a second and 60 MB."""
    if text is not None:
        Path(name).write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    tracemalloc.start()
    start = time.process_time()
    with pytest.raises(InputError) as caught:
        load_mechanism(name, **options)
    spent, (_, peak) = time.process_time() - start, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert spent < 6.0  # with the tracing of memory, which makes it several times longer
    assert peak < 60e6
    for line in caught.value.problems:
        assert len(line) < 1100
        assert line.isprintable()
    return caught.value.problems


def one(name="my.toml", text=None, **options):
    (line,) = refused(name, text, **options)
    return line


# -- what merging makes ---------------------------------------------------------------------------------


def test_files_that_extend_each_other_many_times_are_stopped():
    for i in range(9):
        tables = "".join(f'[phases.p{j}]\nextends = "f{i + 1}.toml: phases"\n' for j in range(10))
        Path(f"f{i}.toml").write_text(tables if i < 8 else "[phases.x]\nformula = 'Sb'\n")
    line = one("f0.toml")
    assert line == "f0.toml: extends: takes over more than 50000 entries in all; extend fewer tables"


def test_a_long_chain_is_stopped():
    for i in range(1200):
        Path(f"c{i}.toml").write_text(f'extends = "c{i + 1}.toml"\n')
    assert "c0.toml: extends: files extend each other in a chain of more than 20" in one("c0.toml")


def test_a_chain_within_the_limit_is_read():
    for i in range(18):
        Path(f"c{i}.toml").write_text(f'extends = "c{i + 1}.toml"\n')
    Path("c18.toml").write_text(TOP)
    assert load_mechanism("c0.toml").phases == load_mechanism("li-sb").phases


def test_many_files_are_stopped():
    Path("my.toml").write_text(
        "".join(f'[phases.p{i}]\nextends = "b{i}.toml: phases.x"\n' for i in range(150))
    )
    for i in range(150):
        Path(f"b{i}.toml").write_text("[phases.x]\nformula = 'Sb'\n")
    assert one() == "my.toml: extends: more than 100 files are read; extend fewer"


@pytest.mark.parametrize(
    "text",
    [
        "[kinetics" + ".a" * 300 + "]\nx = 1\n",
        TOP + "a" + ".a" * 3000 + " = 1\n",
        TOP + "a" + " . 'a'" * 30_000 + " = 1\n",
        TOP + "x = { a" + ".a" * 3000 + " = 1 }\n",
        TOP + "x = " + "{ a = " * 40 + "1" + " }" * 40,
        TOP + "x = " + "[" * 40 + "]" * 40,
        TOP + "".join(f"[a{'.a' * i}]\n" for i in range(100)),
    ],
)
def test_deep_nesting_is_one_line(text):
    assert "more than 12 deep; those of a mechanism file are at most 5 deep" in one(text=text)


def test_a_large_file_is_not_read():
    text = TOP + "".join(f"key{i} = 1\n" for i in range(500_000))
    assert one(text=text) == "my.toml: file: has 6889 kB, and a mechanism file has at most 200 kB"


def test_of_thousands_of_mistakes_the_first_and_the_number_are_told():
    lines = refused(text=TOP + "".join(f"key{i} = 1\n" for i in range(10_000)))
    assert len(lines) == MOST_PROBLEMS + 1
    assert lines[-1] == "and 9970 more mistakes; correct these first"


def test_thousands_of_phases_transformations_and_sources_end_soon():
    phases = "".join(f'[phases.p{i}]\nformula = "Sb"\n' for i in range(5000))
    assert refused(text=TOP + phases)[-1] == "and 24970 more mistakes; correct these first"
    phases = "".join(f'[phases.p{i}]\nextends = "li-sb: phases.Sb"\n' for i in range(150))
    assert "phases: has 153 entries; at most 100 are allowed" in one(text=TOP + phases)
    equations = "".join('[[transformations]]\nequation = "Sb + w + y -> z"\n' for _ in range(3000))
    assert "transformations: has 3000 entries; at most 500 are allowed" in one(text=TOP + equations)
    equation = " + ".join(f"Li{i}" for i in range(90))
    many = "".join(f'[[transformations]]\nequation = "{equation} -> Sb"\n' for _ in range(300))
    assert len(refused(text=TOP + many)) == MOST_PROBLEMS + 1


def test_a_long_extends_is_one_short_line():
    assert len(one(text=f'extends = "{"x" * 5000}"\n')) < 200
    assert "cannot be" in one("x" * 5000 + ".toml") or "no such file" in one("x" * 5000 + ".toml")


def test_a_wrong_formula_under_extends_is_one_line():
    line = one(text='extends = "k-sb4o5cl2"\n[phases.K2O]\nformula = "K2O?"\n')
    assert (
        line
        == "my.toml: phases.K2O.formula: 'K2O?' is not a formula: no element symbol at '?'; write e.g. Li3Sb"
    )


def test_other_phases_on_top_of_a_compound_end_with_advice():
    text = (
        'extends = "li-tisb2"\ninitial_phase = "Sb"\n[phases.Sb]\nextends = "li-sb"\n'
        '[[transformations]]\nequation = "Sb + 3 Li+ + 3 e- -> Li3Sb"\n'
    )
    lines = refused(text=text)
    assert len(lines) <= 3
    assert lines[-1].endswith("repeat those to keep, or for other phases copy that file and edit the copy")


# -- where files are ------------------------------------------------------------------------------------


@pytest.fixture
def secret(tmp_path):
    """A file outside the folder of the mechanism."""
    path = tmp_path / "secret.toml"
    path.write_text("[kinetics]\nhunter2\n")
    (tmp_path / "lab").mkdir()
    return path


@posix
@pytest.mark.parametrize(
    "target",
    [
        "../../../../../../etc/hostname", "/etc/hostname", "/proc/kmsg", "/dev/zero", "../secret.toml", "{folder}/secret.toml",
        "link.toml", "link/secret.toml", "loop.toml", "device.toml",
    ],
)  # fmt: skip
def test_only_files_of_the_folder_and_below_can_be_extended(secret, target):
    lab = secret.parent / "lab"
    (lab / "link.toml").symlink_to(secret)
    (lab / "link").symlink_to(secret.parent)
    (lab / "loop.toml").symlink_to(lab / "loop.toml")
    (lab / "device.toml").symlink_to("/dev/zero")
    target = target.format(folder=secret.parent)
    line = one("lab/my.toml", f'extends = "{target}"\n')
    assert line.startswith(
        f"lab/my.toml: extends: {target}: only a .toml file in the folder of this file or below"
    )
    assert "hunter2" not in line


@posix
def test_a_link_within_the_folder_is_followed():
    Path("base.toml").write_text(TOP)
    Path("alias.toml").symlink_to("base.toml")
    Path("my.toml").write_text('extends = "alias.toml"\n')
    assert load_mechanism("my.toml").phases == load_mechanism("li-sb").phases


@posix
@pytest.mark.parametrize(
    "name", ["pipe.toml", "device.toml", "lab", "lab.toml", "kernel.toml", "/proc/kmsg", "/dev/stdin"]
)
def test_what_is_no_file_is_not_opened(secret, name):
    os.mkfifo("pipe.toml")
    Path("device.toml").symlink_to("/dev/zero")
    Path("kernel.toml").symlink_to("/proc/kmsg")
    Path("lab.toml").mkdir()
    Path("my.toml").write_text(f'extends = "{name}"\n')
    assert one(name)
    assert one("my.toml")
    assert one("li-sb", design=name)


def test_the_error_quotes_nothing_of_a_file_that_is_no_mechanism():
    for text in (
        "password hunter2\n",
        'password = "hunter2"\n',
        "password = {hunter2 = 3, hunter2 = 4}\n",
        b"hunter2\xff\n",
    ):
        line = one("other.toml", text)
        assert "hunter2" not in line
        assert "password" not in line
        assert "hunter2" not in one("my.toml", 'extends = "other.toml"\n')
    Path("notes.txt").write_text("hunter2")
    assert one("./notes.txt") == "./notes.txt: is not a mechanism file; the name of one ends in .toml"


def test_upper_case_is_the_same_kind_of_file():
    Path("OWN.TOML").write_text(TOP)
    Path("my.toml").write_text(
        'extends = "OWN.TOML"\n[kinetics]\nextends = "own.TOML: kinetics"\n'.replace("own", "OWN")
    )
    assert load_mechanism("OWN.TOML").name == "OWN"
    assert load_mechanism("my.toml").kinetics == load_mechanism("LI-SB").kinetics
    Path("FINE.TOML").write_text(
        'title = "x"\n[electrode.particle_radius_m]\nvalue = 1e-8\nstatus = "measured"\nsource = "review"\n'
    )
    assert load_mechanism("li-sb", design="FINE.TOML").electrode.particle_radius_m.value == 1e-8
    assert load_mechanism("li-sb", design="Nano") == load_mechanism("li-sb", design="nano")


# -- texts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (r'label = "$\\frac{1$"', ["must not contain $"]),
        ('label = "Li\\u001b[31mSb"', ["invisible character \\x1b"]),
        ('label = "Li\\u202eSb"', ["invisible character \\u202e"]),
        ('label = "Li\\nSb"', ["one line of text, without \\n"]),
        (f'label = "{"x" * 100_000}"', ["has 100000 characters; at most 40 are allowed"]),
        (f'structure = "{"x" * 81}"', ["has 81 characters; at most 80"]),
        ('note = "a\\u0007b"', ["invisible character \\x07"]),
        (f'note = "{"x" * 20_000}"', ["has 20000 characters; at most 10000"]),
        ('"la\\u001bbel" = 3', ["the name has the invisible character \\x1b"]),
        (f'{"x" * 500} = 3', ["the name has 500 characters; at most 130"]),
    ],
)  # fmt: skip
def test_texts_are_checked_when_a_file_is_read(text, words):
    line = one(text=f"{TOP}[phases.Sb]\n{text}\n")
    assert line.startswith("my.toml: phases.Sb.")
    for word in words:
        assert word in line


def test_long_texts_may_have_lines_and_dollars():
    Path("my.toml").write_text(TOP + 'description = """\nAt $5 per gram,\n\tγ is high.\n"""\n')
    assert "\n\tγ" in load_mechanism("my.toml").description


@posix
@pytest.mark.parametrize(
    "name", ["a$b$.toml", "a\x1b[31mb.toml", "a\nb.toml", os.fsdecode(b"a\xff.toml"), "a\\b.toml"]
)
def test_a_file_whose_name_cannot_be_drawn_is_refused(name):
    assert one(name, TOP) == f"{printable(name)}: file: rename it; use letters, digits, - and _ in the name"


def test_printable_keeps_what_is_shown():
    assert printable("Na₃Sb, γ = 0.1 J·m⁻², Ä\u00a0°C 电") == "Na₃Sb, γ = 0.1 J·m⁻², Ä\u00a0°C 电"
    assert printable("a\x1b[0m\r\n\u202e\udcff", kept="\n") == "a\\x1b[0m\\r\n\\u202e\\udcff"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[interfaces."Sb|Li3Sb"]\nenergy_J_per_m2.value = 1e103', "energy_J_per_m2.value: must be at most 1e+50, not 1e+103"),
        ('[interfaces."Sb|Li3Sb"]\nenergy_J_per_m2.value = 1e4', "must be from 0 to 1000 J/m2, not 10000; check"),
        ("[kinetics]\ngrowth_activation_energy_J_per_mol = { value = 4.8e7, status = 'measured', source = 'review' }", "from 0 to 1e+06 J/mol, not 4.8e+07"),
    ],
)  # fmt: skip
def test_numbers_that_overflow_are_refused_when_a_file_is_read(text, words):
    text = text.replace(
        "energy_J_per_m2.value =", "energy_J_per_m2 = { status = 'measured', source = 'review', value ="
    )
    assert words in one(text=TOP + text + (" }" if "interfaces" in text else "") + "\n")


@pytest.mark.parametrize("bad", ["$\\frac{1$", "a\x1b[2Jb", "\u202eSb"])
def test_texts_of_mechanisms_made_in_python_are_those_of_files(bad):
    mechanism = load_mechanism("li-sb")
    phase = mechanism.phases["Sb"].model_copy(update={"label": bad})
    fields = {name: getattr(mechanism, name) for name in mechanism.model_fields_set}
    for made in (
        lambda: Mechanism(**fields | {"title": bad}),
        lambda: Mechanism(**fields | {"phases": mechanism.phases | {"Sb": phase}}),
        lambda: Mechanism.model_validate(mechanism.document | {"name": bad}),
        lambda: mechanism_from_document(mechanism.document | {"title": bad}, "here"),
    ):
        with pytest.raises(
            InputError, match=r"(title|name|phases\.Sb\.label): (must not contain|has the invisible)"
        ):
            made()


def test_texts_that_were_not_checked_are_drawn_as_they_are(tmp_path):
    bad, shipped = "a\x1b $\\frac{1$ b", load_mechanism("li-sb")
    phases = {
        name: phase.model_copy(update={"label": f"{name} {bad}", "structure": bad})
        for name, phase in shipped.phases.items()
    }
    mechanism = shipped.model_copy(
        update={"title": bad, "name": bad, "design": bad, "electrolyte_name": bad, "phases": phases}
    )
    solution = simulate(
        mechanism, cycling("C/5", 0.05, 1.5), population=Population.lognormal(2, size=0.1), progress=False
    )
    draw_solution = (
        plots.overview, plots.operando, plots.voltage, plots.paths, plots.driving_forces, plots.losses, plots.heat,
        plots.swelling, plots.comparison, plots.loops, plots.particle_map, plots.diffraction, plots.lifetime,
        plots.differential_capacity, plots.rate_capability,
    )  # fmt: skip
    for draw, given in [(plots.graph, mechanism), *((draw, solution) for draw in draw_solution)]:
        plots.save(draw(given), tmp_path / "x.svg")
        ElementTree.parse(tmp_path / "x.svg")
        plt.close("all")
