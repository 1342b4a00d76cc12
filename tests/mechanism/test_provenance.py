"""How far numbers can be trusted: statuses by one rule, transfers marked, every paper that is named printed."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import sbpath
from sbpath import load_mechanism, shipped_names
from sbpath.cli import main
from sbpath.mechanism.designs import DESIGNS as PARTS
from sbpath.mechanism.documents import shipped_folder
from sbpath.text.mechanism_sheet import statuses

SHIPPED = shipped_names()
README = (Path(__file__).resolve().parents[2] / "mechanisms" / "README.md").read_text(encoding="utf-8")


def raw(name):
    return tomllib.loads((shipped_folder() / f"{name}.toml").read_text(encoding="utf-8"))


BIBLIOGRAPHY = raw("sources")


# -- statuses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHIPPED)
def test_what_is_recalled_is_not_measured(name):
    for path, number in load_mechanism(name).numbers():
        if number.status == "measured":
            assert "recall" not in (number.note or "").lower(), path
            assert number.source not in ("sbpath", "pbe", "oqmd", "materialsproject"), path


# -- numbers from other systems ----------------------------------------------------------------------

# Host and ion of each file, typed in: what a number was fitted to.
HOST = {
    **dict.fromkeys(("li-sb", "li-sb-libh4", "li-sb-llzo"), ("Li", "Sb")),
    **dict.fromkeys(("na-sb", "na-sb-nasb", "na-sb-allan", "na-sb-tian"), ("Na", "Sb")),
    **dict.fromkeys(("k-sb", "k-sb-ksb", "k-sb-tem", "k-sb-xrd"), ("K", "Sb")),
    **dict.fromkeys(("li-sb2s3-libh4", "li-sb2s3-lps"), ("Li", "Sb2S3")),
    "li-gasb-libh4": ("Li", "GaSb"), "li-sb2se3-libh4": ("Li", "Sb2Se3"), "li-sb2te3-libh4": ("Li", "Sb2Te3"),
    "li-snsb": ("Li", "SnSb"), "li-nisb": ("Li", "NiSb"), "li-cosb": ("Li", "CoSb"), "li-tisb2": ("Li", "TiSb2"),
    "li-znsb": ("Li", "ZnSb"), "li-znsnsb2": ("Li", "ZnSnSb2"), "na-snsb": ("Na", "SnSb"),
    "na-nisb": ("Na", "Sb/NiSb"), "na-bisb": ("Na", "BiSb"), "na-sb2o3": ("Na", "Sb2O3"),
    "na-sb2s3": ("Na", "Sb2S3"), "na-sb2te3": ("Na", "Sb2Te3"), "k-bisb": ("K", "BiSb"),
    "k-snsb": ("K", "SnSb"), "k-sb4o5cl2": ("K", "Sb4O5Cl2"),
}  # fmt: skip


def bases(table, path=()):
    """Every table of a raw file that extends another, and the files that it extends, all the way down."""
    for key, value in table.items():
        if key == "extends":
            yield path, value.partition(":")[0].strip()
        elif isinstance(value, dict):
            yield from bases(value, (*path, key))


def own_numbers(table, path=()):
    """Paths of the numbers that a raw file writes itself."""
    for key, value in table.items() if isinstance(table, dict) else enumerate(table, start=1):
        here = f"{path}[{key}]" if isinstance(table, list) else f"{path}.{key}".lstrip(".")
        if isinstance(value, dict) and ("value" in value or ("status" in value and "sites" in value)):
            yield here
        elif isinstance(value, dict | list):
            yield from own_numbers(value, here)


def test_every_shipped_file_has_a_host_here():
    assert set(HOST) == set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_what_another_system_was_fitted_to_is_no_fit_here(name):
    """Walks the files as they stand, not as the reader merges them."""
    document, mechanism = raw(name), load_mechanism(name)
    if "extends" in document:  # a variant: its numbers are those of its base
        assert HOST[name] == HOST[document["extends"]]
        return
    own = set(own_numbers(document, ""))
    foreign = [".".join(path) for path, file in bases(document) if HOST[file] != HOST[name]]
    for path, number in mechanism.numbers():
        if path in own or not path.startswith(("interfaces.", "kinetics.", "electrode.", "electrolyte.")):
            continue
        if any(path == table or path.startswith(f"{table}.") for table in foreign):
            assert number.status != "fitted", path


def test_a_transfer_says_from_where_and_what_it_was_fitted_to():
    found = load_mechanism("li-nisb").interface("NiSb", "Li2Sb-Ni").energy_J_per_m2
    lent = load_mechanism("li-sb").interface("Sb", "Li2Sb").energy_J_per_m2
    assert (found.value, found.status, found.fitted_to) == (lent.value, "assumed", None)
    assert found.note.startswith(f"transferred from li-sb: {lent.fitted_to}; as Sb|Li2Sb")
    # From hand to hand it stays that of the first.
    third = load_mechanism("k-sb4o5cl2").interface("Sb-K2O-KCl", "KxSb-K2O-KCl").energy_J_per_m2
    assert third.note.startswith("transferred from na-sb: first sodiation")
    # The same host in another cell, and what a file fits itself.
    assert load_mechanism("li-sb-libh4").kinetics.growth_rate_per_s.status == "fitted"
    assert load_mechanism("li-nisb").interface("NiSb", "Li3Sb-Ni").energy_J_per_m2.status == "fitted"
    # A phase is the same in every host, but another ion makes another phase.
    assert load_mechanism("na-snsb").phases["NaxSb"] == load_mechanism("na-sb").phases["NaxSb"]
    assert load_mechanism("k-sb").phases["KxSb"].enthalpy_J_per_mol.status == "assumed"


def test_a_file_of_ones_own_is_marked_too_unless_it_fits_the_number_itself(tmp_path):
    file = tmp_path / "mine.toml"
    start = 'extends = "na-sb-nasb"\ntitle = "mine"\n'
    mine = '[interfaces."Sb|NaSb"]\nextends = "li-sb: interfaces.Sb|Li2Sb"\n'
    file.write_text(start + mine)
    lent = load_mechanism(file).interface("Sb", "NaSb").energy_J_per_m2
    assert lent.status == "assumed"
    file.write_text(start + mine + 'energy_J_per_m2.fitted_to = "my cells"\n')
    assert load_mechanism(file).interface("Sb", "NaSb").energy_J_per_m2.fitted_to == "my cells"


# -- counting ----------------------------------------------------------------------------------------


def test_curve_and_structure_are_counted_apart(capsys):
    mechanism = load_mechanism("li-sb")
    # By hand: H and S of three phases and the number of particles; one gallery, three interfaces, growth, fronts and
    # diffusivity; seven more of the kinetics and six of the electrode.
    assert statuses(mechanism) == {"measured": 0, "computed": 7, "fitted": 7, "assumed": 13}
    # Three cells, three volumes, eight atoms, one printed volume change.
    assert sum(statuses(mechanism, structure=True).values()) == 15
    for name in SHIPPED:
        numbers = len(list(load_mechanism(name).numbers()))
        both = (statuses(load_mechanism(name), structure=s) for s in (False, True))
        assert sum(sum(counts.values()) for counts in both) == numbers
    assert main(["list"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if " li-sb  " in line]
    assert re.search(r"660 +Sb in .+ 0 +7 +7 +13 +\d+ of 15$", line)


def test_show_begins_with_what_shapes_the_curve(capsys):
    assert main(["show", "na-nisb"]) == 0
    out = capsys.readouterr().out
    curve, structure = (
        out.index("Numbers that shape the curve"),
        out.index("Cells, atoms and volumes, by status"),
    )
    assert curve < structure
    for key in (
        "phases.Na3Sb.enthalpy_J_per_mol",
        "phases.a-NaxSb.galleries[1]",
        "kinetics.growth_rate_per_s",
    ):
        assert curve < out.index(f"\n{key} ") < structure
    for key in ("phases.Na3Sb.cell", "phases.Na3Sb.atoms[1]", "phases.Ni.molar_volume_cm3_per_mol"):
        assert out.index(f"\n{key} ") > structure
    heads = re.findall(
        r"^(numbers that shape the curve|cells, atoms and volumes): (.*)$", out, flags=re.MULTILINE
    )
    assert len(heads) == 2


def test_amounts_in_equations_are_short(capsys):
    assert main(["show", "k-snsb"]) == 0
    out = capsys.readouterr().out
    assert "KxSb-K4Sn9 + 0.5556 K+ + 0.5556 e- -> KxSb-KSn" in out
    assert not re.search(r"\d\.\d{5,} (K|Li|Na)\+", out)


# -- papers ------------------------------------------------------------------------------------------

NAMED = re.compile(r"\b([A-Z][A-Za-z]{1,15})(?:'s)?(?: and ([A-Z][a-z]+))? \(?((?:19|20)\d\d)\b")
# Words before a year that name no paper, and data bases that have keys of their own.
NO_PAPERS = {"SGTE": "ssub1999", "NBS": "nbs1982"}


def descriptions():
    for name in SHIPPED:
        mechanism = load_mechanism(name)
        yield name, mechanism.description, mechanism.cites
    for name in PARTS.names():
        design = PARTS.read(name)
        yield name, design["description"], design.get("cites", [])


@pytest.mark.parametrize(("name", "text", "cites"), [*descriptions()])
def test_a_paper_that_a_description_names_is_cited(name, text, cites):
    for first, second, year in NAMED.findall(" ".join(text.split())):
        if first in NO_PAPERS:
            assert NO_PAPERS[first] in cites
            continue
        answers = [
            key
            for key in cites
            if {first, second or first, year} <= set(re.findall(r"\w+", BIBLIOGRAPHY[key]))
        ]
        assert answers, f"{first} {year}"
    for words, key in (("the\\s+review", "review"), ("OQMD", "oqmd"), ("SGTE", "ssub1999")):
        assert not re.search(rf"\b{words}\b", text, flags=re.IGNORECASE) or key in cites, key


def test_every_source_of_the_bibliography_is_printed_by_some_mechanism():
    printed = set()
    for name in SHIPPED:
        mechanism = load_mechanism(name)
        printed |= set(mechanism.cites) | {number.source for _, number in mechanism.numbers()}
    for name in PARTS.names():
        mechanism = load_mechanism("li-sb", design=name)
        printed |= set(mechanism.cites) | {number.source for _, number in mechanism.numbers()}
    # "own" is for files of users.
    assert set(BIBLIOGRAPHY) - printed == {"own"}


def test_show_prints_the_papers_of_the_description(capsys):
    assert main(["show", "li-gasb-libh4"]) == 0
    out = capsys.readouterr().out.split("\nSources\n")[1]
    for key in ("mo2020", "long2022", "crc", "review"):
        assert f"{key}: {BIBLIOGRAPHY[key][:20]}" in " ".join(out.split())
    assert main(["show", "li-sb", "--design", "porous"]) == 0
    assert "fan2018" in capsys.readouterr().out


def test_each_file_cites_for_its_own_description():
    for name in SHIPPED:
        assert raw(name).get("cites"), name


def test_an_unknown_key_is_told(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text('extends = "li-sb"\ncites = ["chang2016"]\n')
    with pytest.raises(
        sbpath.InputError, match=r"cites: no source is called 'chang2016'; did you mean 'chang2015'"
    ):
        load_mechanism(file)


# -- what the page on mechanisms says ----------------------------------------------------------------


def test_the_page_names_the_files_in_which_re_formation_has_a_rate_of_its_own():
    own = set()
    for name in SHIPPED:
        mechanism = load_mechanism(name)
        rate = {
            (e.reactant, e.product): (
                e.stated.growth_rate_per_s or mechanism.kinetics.growth_rate_per_s
            ).value
            for e in mechanism.all_edges
        }
        if any((q, p) in rate and rate[q, p] != value for (p, q), value in rate.items()):
            own.add(name)
    (paragraph,) = [p for p in README.split("\n\n") if "another growth rate than its reverse" in p]
    assert set(re.findall(r"`([a-z0-9-]+)`", paragraph)) == own
    assert paragraph.startswith("Five files")


def test_the_page_says_what_is_not_shipped():
    section = README.split("## Not shipped, and why")[1]
    for words in ("CoSbS", "GaSb against Na and K (14)", "Na (44)", "FeSb2 and CrSb2"):
        assert words in section
    formulas = {phase.formula for name in SHIPPED for phase in load_mechanism(name).phases.values()}
    assert not {"CoSbS", "FeSb2", "CrSb2"} & formulas
