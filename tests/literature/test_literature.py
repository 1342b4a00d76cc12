"""Tables 1-5 of the review: data against a second reading, computed against printed, queries, figures."""

from __future__ import annotations

import csv
import pickle
import re
import shutil
from collections import Counter
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from pydantic import ValidationError

import sbpath
from sbpath import InputError, plots
from sbpath.literature import (
    csv_files,
    find_anodes,
    find_hosts,
    host_departures,
    host_theory,
    load_references,
)
from sbpath.literature.csv_files import literature_to_csv, written
from sbpath.literature.entries import STRATEGIES, Element, Host, Reference, ReportedAnode
from sbpath.literature.queries import SORTS
from sbpath.literature.theory import PRINTED_DECIMALS, HostTheory
from sbpath.mechanism.chemistry import ATOMIC_WEIGHT
from sbpath.physical import FARADAY_C_PER_MOL

mpl.use("Agg")

STUDIES, HOSTS = find_anodes(), find_hosts()
SECOND_READING = Path(__file__).parent / "literature_second_reading.csv"


def second_reading(kind: str) -> list[list[str]]:
    """Rows of the second reading of one table, or of the sentences (``"text"``), as printed.

    How it was made: the files in literature/ were typed from reading the tables. Apart from them,
    and without a look at them, a script went through the text of the review line by line. It
    found the five tables by their captions, cut their lines at the tabulators, and only set
    subscripts as plain characters and took out the blanks around them; nothing was corrected. From the prose
    it took, sentence by sentence, every capacity, number of cycles, current (in mA/g) and
    temperature that has its unit behind it. What it found is stored as it came.
    """
    with SECOND_READING.open(newline="", encoding="utf-8") as handle:
        return [row[2:] for row in list(csv.reader(handle))[1:] if row[0] == kind]


def plain(cell: str) -> float:
    return float(cell.replace(",", ""))


def test_the_elements_of_a_host_are_those_of_its_formula():
    """Formulas with Sb in the name of the material; three rows where it has none, or another one."""
    others = {
        "CS/NPC": {"Co", "Sb"},  # "a CoSb nanocomposite", as the text says
        "Flower-like Sb4O5C12": {"Sb", "O", "Cl"},  # a slip for Sb4O5Cl2, as the text says
        "Layered Sn-Sb": {"Sn", "Sb"},
    }
    for study in STUDIES:
        words = re.split(r"[ /-]", study.material.replace("antimonene", "Sb"))
        formulas = [
            word for word in words if re.fullmatch(r"([A-Z][a-z]?[\d.]*)*Sb[\d.]*([A-Z][a-z]?[\d.]*)*", word)
        ]
        found = {element for word in formulas for element in re.findall(r"[A-Z][a-z]?", word)}
        assert set(study.host_elements) == others.get(study.material, found), study.material


def test_every_row_of_the_review_is_there():
    assert len(HOSTS) == len(second_reading("1")) == 12
    for table, rows in {2: 15, 3: 14, 4: 18, 5: 8}.items():
        mine = find_anodes(table=table)
        assert [study.row for study in mine] == list(range(1, rows + 1))
        assert len(second_reading(str(table))) == rows
    assert [host.row for host in HOSTS] == list(range(1, 13))


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.formula)
def test_every_cell_of_table_1_is_as_in_the_second_reading(host):
    cells = second_reading("1")[host.row - 1]
    assert [host.host, host.printed_formula] == cells[:2]
    assert [
        host.density_g_per_cm3, host.molar_mass_g_per_mol, host.molar_volume_cm3_per_mol, host.capacity_mAh_per_g,
        host.capacity_mAh_per_cm3, host.volume_change_percent,
    ] == [plain(cell) for cell in cells[2:8]]  # fmt: skip


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: f"{study.table}.{study.row}")
def test_every_cell_of_tables_2_to_5_is_as_in_the_second_reading(study):
    cells = second_reading(str(study.table))[study.row - 1]
    if study.table == 5:
        material, solid, efficiency, cycled, current, capacity, reference = cells[:7]
        assert (study.solid_electrolyte, study.binder, study.solvent, study.salts) == (solid, None, None, ())
    else:
        material, salt, solvent, binder, efficiency, cycled, current, capacity, reference = cells
        assert (study.solvent, study.binder, study.solid_electrolyte) == (solvent, binder, None)
        printed = [part.split(" M ") for part in salt.split(" + ")]
        assert study.salts == tuple(name for _, name in printed)
        assert study.salt_concentrations_mol_per_L == tuple(float(amount) for amount, _ in printed)
    assert study.material == material
    assert study.first_cycle_efficiency_percent == float(efficiency)
    after = re.fullmatch(r"([\d,]+) \(X = ([\d,]+)\)", cycled)
    assert (study.capacity_mAh_per_g, study.cycles) == (plain(after[1]), plain(after[2]))
    if current == capacity == "-":
        assert study.rate_current_mA_per_g is study.rate_capacity_mAh_per_g is None
        assert "dash for the rate capability" in study.note
    else:
        assert study.rate_current_mA_per_g == pytest.approx(1e3 * float(current), rel=1e-12)
        assert study.rate_capacity_mAh_per_g == float(capacity)
    assert f"[{study.reference}]" == reference


# Capacity that the text gives in the sentence of the current, where it is not that of the table.
OTHER_CAPACITY = {(3, 7): 620, (3, 12): 506.6, (3, 13): 257.5, (4, 5): 655.5, (4, 6): 647.9, (4, 8): 516}


@pytest.mark.parametrize(
    "study",
    [study for study in STUDIES if study.cycling_current_mA_per_g is not None],
    ids=lambda study: f"{study.table}.{study.row}",
)
def test_every_current_from_the_text_goes_with_its_capacity(study):
    own = (study.table, study.row)
    capacity = OTHER_CAPACITY.get(own, study.capacity_mAh_per_g)
    # Slips of the review: 250 cycles for 240, and a current with the unit of a capacity.
    cycles = 250 if own == (5, 1) else study.cycles
    found = []
    for cells in second_reading("text"):
        capacities, numbers, currents, _ = (
            [float(part) for part in cell.split(" / ") if part] for cell in cells[:4]
        )
        if own == (4, 8):
            currents = capacities
        if capacity in capacities and cycles in numbers and study.cycling_current_mA_per_g in currents:
            found.append(cells)
        elif own == (2, 8) and not capacities:
            # A figure separates the two halves of this sentence.
            found += [cells] * (cycles in numbers and study.cycling_current_mA_per_g in currents)
    assert found


def test_temperatures_of_solid_cells_are_those_of_the_text():
    printed = [float(cells[3]) for cells in second_reading("text") if cells[3]]
    mine = {study.reference: study.temperature_C for study in STUDIES if study.temperature_C is not None}
    assert mine == {124: 95.0, 125: 125.0, 128: 120.0, 129: 120.0}
    assert set(mine.values()) == set(printed)
    assert all(study.table == 5 for study in STUDIES if study.temperature_C is not None)


# Who the review's prose says did the work of a number, read apart from the list of references.
AUTHORS = {
    67: "Tian", 69: "Zheng", 72: "Bian", 73: "Sun", 74: "Cai", 75: "Liu", 76: "Schulze", 77: "Luo", 78: "Zhang",
    79: "Pan", 80: "Yu", 81: "Yang", 82: "Coquil", 83: "Su", 91: "Liu", 92: "Liu", 93: "Li", 94: "Chen", 95: "Li",
    96: "Yang", 97: "Ma", 98: "Xie", 99: "Zheng", 100: "Ma", 101: "Gao", 102: "Pan", 105: "Zhang", 106: "Zhou",
    107: "Du", 108: "Shi", 109: "Liu", 110: "Imtiaz", 111: "Guo", 112: "He", 113: "Shi", 114: "Han", 115: "Cao",
    116: "Xiong", 124: "Afyon", 125: "Mo", 126: "Long", 127: "Kumari", 128: "Sharma", 129: "Sharma",
}  # fmt: skip


def test_citations_are_whole_and_of_the_authors_named_in_the_prose():
    references = load_references()
    assert list(references) == list(range(1, 130))
    for citation in references.values():
        assert re.search(r"\b(19|20)\d\d;[A-Z]?\d+:", citation), citation
        assert citation.endswith(".")
    for reference, author in AUTHORS.items():
        assert references[reference].startswith(f"{author} ")
    assert all(study.citation == references[study.reference] for study in STUDIES)
    assert {study.reference for study in STUDIES} - set(AUTHORS) == {12, 70, 84, 85, 86, 117, 118, 119}


def test_strategies_follow_the_paragraphs_of_the_review():
    """Groups of references as the review's paragraphs open with them, typed apart from the tables."""
    sei, structure = (
        {*range(72, 75), *range(105, 108)},
        {*range(75, 78), 67, *range(91, 97), *range(108, 113)},
    )
    for study in STUDIES:
        expected = (
            "SEI control" if study.reference in sei
            else "structure" if study.reference in structure
            else "composite"
        )  # fmt: skip
        assert study.strategy == expected, study.material
    assert Counter(study.strategy for study in STUDIES) == {
        "SEI control": 6,
        "structure": 16,
        "composite": 33,
    }


def test_what_is_odd_about_a_row_is_recorded():
    slips = {(study.table, study.row) for study in STUDIES if study.slip}
    assert slips == {
        (2, 1), (2, 9), (3, 2), (3, 5), (3, 7), (3, 8), (3, 9), (4, 4), (4, 6), (4, 8), (5, 1), (5, 5), (5, 6), (5, 8),
    }  # fmt: skip
    assert [host.formula for host in HOSTS if host.slip] == ["NaC64"]


# --- Table 1 computed


def test_sb_by_hand():
    for host, swelling in zip(HOSTS[9:], (134.2, 290.2, 405.9), strict=True):
        theory = host_theory(host)
        assert theory.capacity_mAh_per_g == pytest.approx(3 * 96485.33212 / 3.6 / 121.760, rel=1e-9)
        assert theory.capacity_mAh_per_cm3 == pytest.approx(660.352 * 6.70, rel=1e-6)
        assert theory.volume_change_percent == pytest.approx(swelling, abs=0.05)
    # 142.58 g/mol over 3.35 g/cm3, against 121.76 over 6.70.
    assert host_theory(HOSTS[9]).molar_volume_cm3_per_mol == pytest.approx(142.58 / 3.35)
    assert host_theory(HOSTS[9]).volume_change_percent == pytest.approx(
        100 * (142.58 / 3.35 * 6.70 / 121.76 - 1), rel=1e-9
    )


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.formula)
def test_capacities_and_volume_change_hang_together(host):
    theory = host_theory(host)
    swelling = 1.0 + theory.volume_change_percent / 100.0
    assert theory.capacity_mAh_per_cm3_full * swelling == pytest.approx(
        theory.capacity_mAh_per_cm3, rel=1e-12
    )
    # A mole of host atoms takes up so many moles of charge.
    moles = theory.capacity_mAh_per_g * 3.6 * host.empty.weight_g_per_mol / FARADAY_C_PER_MOL
    assert moles == pytest.approx(theory.alkali_per_host, rel=1e-12)
    atoms = {"LiC6": 6, "NaC64": 64, "KC8": 8}.get(host.formula, 1)
    per_atom = host.alkali.weight_g_per_mol * theory.alkali_per_host + host.empty.weight_g_per_mol
    assert theory.molar_mass_g_per_mol == pytest.approx(atoms * per_atom, rel=1e-12)


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.formula)
def test_printed_values_of_table_1_follow_within_half_a_percent(host):
    theory = host_theory(host)
    for quantity, decimals in PRINTED_DECIMALS.items():
        printed = getattr(host, quantity)
        # One unit of the last printed digit, or 0.3 %; volume changes half a point, or 0.2 %.
        room = max(10.0**-decimals, 0.003 * printed)
        if quantity == "volume_change_percent":
            room = max(0.55, 0.002 * printed)
        assert getattr(theory, quantity) == pytest.approx(printed, abs=room), quantity


def test_printed_values_that_do_not_follow_are_listed():
    departures = host_departures(HOSTS)
    strict = {(d.formula, d.quantity) for d in departures if not d.within_rounding}
    assert strict == {
        ("NaC64", "molar_mass_g_per_mol"),
        *(("NaC6.4", quantity) for quantity in PRINTED_DECIMALS),
        *((f"{ion}3Sb", "capacity_mAh_per_cm3") for ion in ("Li", "Na", "K")),
    }
    by = {(d.formula, d.quantity): d for d in departures}
    # 791.6 is what atomic weights of four digits give, 4420 what 660 times 6.697 gives.
    assert by["NaC64", "molar_mass_g_per_mol"].printed == pytest.approx(22.99 + 64 * 12.01, abs=0.05)
    assert by["Li3Sb", "capacity_mAh_per_cm3"].printed == pytest.approx(660 * 6.697, abs=0.5)
    assert by["Li3Sb", "capacity_mAh_per_cm3"].computed == pytest.approx(4424.4, abs=0.1)
    near = {(d.formula, d.quantity) for d in departures if d.within_rounding}
    assert {("LiC6", "volume_change_percent"), ("Na3Sb", "volume_change_percent")} <= near
    assert not any(d.quantity == "capacity_mAh_per_g" for d in departures if d.formula == d.host.formula)


def test_rounding_reaches_as_far_as_the_densities_take_it():
    (departure,) = [
        d for d in host_departures(HOSTS) if (d.formula, d.quantity) == ("LiC6", "volume_change_percent")
    ]
    ends = [
        100 * (79.006 / full / (72.066 / empty) - 1) for full in (2.195, 2.205) for empty in (2.255, 2.265)
    ]
    assert departure.rounding == pytest.approx(
        0.05 + max(abs(end - departure.computed) for end in ends), rel=1e-9
    )


def test_antimony_agrees_with_the_simulation():
    antimony = HOSTS[9]
    assert antimony.empty.weight_g_per_mol == ATOMIC_WEIGHT["Sb"]
    mechanism = sbpath.load_mechanism("li-sb")
    assert host_theory(antimony).capacity_mAh_per_g == pytest.approx(
        mechanism.theoretical_capacity_mAh_per_g, rel=1e-6
    )


# --- The loader


@pytest.fixture
def folder(tmp_path):
    """A copy of the tables to spoil."""
    return Path(shutil.copytree(csv_files.shipped_folder(), tmp_path / "tables"))


def spoil(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def problems_of(load, folder: Path) -> tuple[str, ...]:
    with pytest.raises(InputError) as caught:
        load(folder)
    return caught.value.problems


def test_a_copied_folder_reads_the_same(folder):
    assert csv_files.load_studies(folder) == STUDIES
    assert csv_files.load_hosts(folder) == HOSTS


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("lithium.csv", "81.0,540,150", "81.0,540,15.5", "row 2, column 'Cycles': '15.5' must be a valid integer; write e.g. 150"),
        ("lithium.csv", "346,3000", '346,"3,000"', "row 7, column 'Cycles': '3,000' must be a valid integer; write 3000"),
        ("sodium.csv", "71.0,342", '"71,0",342', "'71,0' must be a valid number; write 71.0, with a decimal point"),
        ("sodium.csv", "71.0,342", "171.0,342", "row 2, column 'First-cycle efficiency [%]': '171.0' must be less than or equal to 100"),
        ("sodium.csv", "71.0,342", "71.0,-342", "column 'Capacity [mA.h.g-1]': '-342' must be greater than 0"),
        ("sodium.csv", "71.0,342", "71.0,nan", "'nan' must be a finite number"),
        ("sodium.csv", "71.0,342", "71.0,", "column 'Capacity [mA.h.g-1]': is empty; it must be given"),
        ("sodium.csv", "71.0,342", "71.0,abc", "'abc' must be a valid number; write e.g. 0.63"),
        ("potassium.csv", "Sb/C,K,", "Sb/C,Na,", "row 2, column 'Ion': 'Na' must be 'K' in Table 4"),
        ("potassium.csv", "Sb/C,K,", "Sb/C,k,", "row 2, column 'Ion': 'k' must be 'Li', 'Na' or 'K'"),
        ("potassium.csv", ",105,SEI", ",905,SEI", "column 'Reference': 905 is not in references.csv"),
        ("potassium.csv", "SEI control", "SEI", "column 'Strategy': 'SEI' must be 'SEI control', 'structure' or 'composite'"),
        ("potassium.csv", "4,2,Pristine", "4,1,Pristine", "row 3, column 'Row': 1 is already in row 2"),
        ("potassium.csv", "4,2,Pristine", "7,2,Pristine", "row 3, column 'Table': 7 must be one of 2, 3, 4, 5"),
        ("lithium.csv", "3.0 + 0.4", "3.0", "row 4, column 'Salt concentration [mol.L-1]': 1 given for 2 salts"),
        ("lithium.csv", "LiPF6,1.0,PC", ",,PC", "row 2, column 'Salt': give a solvent and a salt together"),
        ("lithium.csv", "PC with 10 vol% FEC", "", "column 'Solvent': give either a solvent or a solid electrolyte"),
        ("solid_state.csv", ",6000,349", ",6000,", "row 3, column 'Rate capacity [mA.h.g-1]': give rate current and capacity"),
        ("lithium.csv", "3.0 + 0.4", "3.0 + x", "row 4, column 'Salt concentration [mol.L-1]': 'x' must be a valid number"),
        ("lithium.csv", "LiFSI + LiNO3", "LiFSI +  + LiNO3", "row 4, column 'Salt': is empty; it must be given"),
        ("solid_state.csv", "Ga + Sb", "Ga + Sbb", "row 3, column 'Host elements': 'Ga + Sbb' must be symbols of elements"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_study_is_reported_with_its_place(folder, name, old, new, words):
    spoil(folder, name, old, new)
    (problem,) = problems_of(csv_files.load_studies, folder)
    assert problem.startswith(str(folder / name))
    assert words in problem


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("hosts.csv", "KC8,KC8", "KC8,KxC8", "row 4, column 'Formula': 'KxC8' must be K and C only"),
        ("hosts.csv", "KC8,KC8", "KC8,NaC8", "row 4, column 'Formula': 'NaC8' must be K and C only"),
        ("hosts.csv", "KC8,KC8", "KC8,Kc8", "row 4, column 'Formula': 'Kc8' is not a formula"),
        (
            "hosts.csv",
            "Graphite (C),C,K",
            "Graphite (C),Ge,K",
            "row 4, column 'Element': 'Ge' has no density",
        ),
        (
            "hosts.csv",
            "KC8,KC8,1.95",
            "KC8,KC8,0",
            "row 4, column 'Density [g.cm-3]': '0' must be greater than 0",
        ),
        ("hosts.csv", "\n4,Silicon", "\n3,Silicon", "row 5, column 'Row': 3 is already in row 4"),
        ("elements.csv", "Li,6.94", "Li,6.94x", "row 2, column 'Standard atomic weight [g.mol-1]': '6.94x'"),
        ("elements.csv", "K,39.098", "Rb,85.468", "column 'Ion': 'K' is not in elements.csv"),
    ],
)
def test_a_mistake_in_a_host_is_reported_with_its_place(folder, name, old, new, words):
    spoil(folder, name, old, new)
    problems = problems_of(csv_files.load_hosts, folder)
    assert words in problems[0]
    assert all(".csv: row " in problem for problem in problems)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty; its first row must be Number,Citation"),
        ("Number,Citations\n1,A\n", "row 1: there is no column 'Citations'; did you mean 'Citation'?"),
        ("Number\n1\n", "row 1: the column 'Citation' is missing"),
        ("Number,Citation,Number\n1,A,1\n", "row 1: the heading 'Number' appears twice"),
        ("Number,Citation\n1,A,B\n", "row 2: has 3 cells for 2 columns"),
        ('Number,Citation\n1,"A"B\n', "is not CSV"),
    ],
)
def test_a_file_of_another_form_is_reported(folder, content, words):
    (folder / "references.csv").write_text(content, encoding="utf-8")
    (problem,) = problems_of(csv_files.load_references, folder)
    assert words in problem


def test_a_missing_file_and_another_encoding_are_reported(folder):
    (folder / "references.csv").write_bytes("Number,Citation\n1,Müller\n".encode("latin-1"))
    assert "is not UTF-8 text" in problems_of(csv_files.load_references, folder)[0]
    (folder / "references.csv").unlink()
    assert "cannot be read: No such file" in problems_of(csv_files.load_references, folder)[0]


def test_all_mistakes_come_together(folder):
    spoil(folder, "lithium.csv", "81.0,540,150", "x,y,z")
    spoil(folder, "lithium.csv", "87.5,648", "87.5,-648")
    spoil(folder, "solid_state.csv", ",124,composite", ",999,alloy")
    problems = problems_of(csv_files.load_studies, folder)
    assert len(problems) == 5
    assert sum("row 2" in problem for problem in problems) == 4


def test_a_mark_at_the_start_blank_lines_and_another_order_do_not_matter(folder):
    path = folder / "references.csv"
    path.write_text("\ufeffCitation,Number\n\nA 2000;1:1., 7 \n,\n", encoding="utf-8")
    assert csv_files.load_references(folder) == {7: "A 2000;1:1."}


def test_the_tables_inside_an_installed_package_come_first(folder, monkeypatch):
    folder.rename(folder.parent / "literature_data")
    monkeypatch.setattr(csv_files.resources, "files", lambda _: folder.parent)
    assert csv_files.shipped_folder() == folder.parent / "literature_data"
    assert len(csv_files.load_studies()) == 55


def test_cells_read_back():
    for value in (None, 0.63, 20000.0, 81.5, 3000, "a, b", ("LiFSI", "LiNO3"), (3.0, 0.4), 1e-7, 1.0 / 3.0):
        text = written(value)
        if isinstance(value, float):
            assert float(text) == value
    assert written((3.0, 0.4)) == "3 + 0.4"


def test_records_are_frozen_hashable_and_survive_pickling():
    assert len({*STUDIES, *pickle.loads(pickle.dumps(STUDIES))}) == 55
    assert pickle.loads(pickle.dumps(HOSTS)) == HOSTS
    with pytest.raises(ValidationError):
        STUDIES[0].cycles = 3


def test_every_field_declares_its_meaning():
    for kind in (ReportedAnode, Host, HostTheory, Element, Reference):
        assert all(field.description for field in kind.model_fields.values())
        assert all(name in kind.__doc__ for name in (*kind.columns(), *kind.model_fields))


# --- Queries


@pytest.mark.parametrize(
    ("asked", "rows"),
    [
        ({"ion": "k"}, [(4, i) for i in range(1, 19)]),
        ({"ion": "Na+", "strategy": "composite"}, [(3, i) for i in range(9, 15)]),
        ({"material": "sb₂s₃"}, [(5, 5), (5, 8)]),
        ({"material": "SB2S3"}, [(5, 5), (5, 8)]),
        ({"material": "sb qd/mxene"}, [(4, 7)]),
        ({"material": "tipoₓ"}, [(3, 14)]),
        ({"electrolyte": "LiBH4", "material": "GaSb"}, [(5, 2), (5, 3)]),
        ({"electrolyte": "libh₄", "table": 5, "material": "lps"}, [(5, 8)]),
        ({"electrolyte": "KTFSI"}, [(4, 10)]),
        ({"electrolyte": "ethylene glycol"}, [(4, 3)]),
        ({"electrolyte": "EMC"}, [(2, 6), (4, 17)]),
        ({"electrolyte": "10 wt% FEC"}, [(2, 6)]),
        ({"strategy": "sei"}, [(2, 1), (2, 2), (2, 3), (4, 1), (4, 2), (4, 3)]),
        ({"strategy": "STRUCT", "ion": "Li"}, [(2, 4), (2, 5), (2, 6)]),
        ({"material": "no such"}, []),
    ],
)
def test_queries(asked, rows):
    assert [(study.table, study.row) for study in find_anodes(**asked)] == rows


def test_words_of_an_electrolyte_are_whole():
    """EC is not DEC, FEC or EMC."""
    found = find_anodes(electrolyte="EC")
    assert found == [study for study in STUDIES if re.search(r"^EC:|:EC[: ]", study.solvent or "")]
    others = {study.solvent for study in STUDIES if study not in found}
    assert {"PC with 5 wt% FEC", "EMC", "DOL:DME = 1:1 vol%"} <= others


@pytest.mark.parametrize("by", list(SORTS))
def test_sorting_is_of_all_rows_largest_first_and_missing_last(by):
    ordered = find_anodes(sort=by)
    assert sorted(ordered, key=lambda s: (s.table, s.row)) == STUDIES
    values = [SORTS[by](study)[0] for study in ordered]
    known = [value for value in values if value is not None]
    assert values == sorted(known, reverse=True) + [None] * (len(values) - len(known))


def test_the_best_by_each_number():
    best = {by: find_anodes(sort=by)[0] for by in SORTS}
    assert (best["capacity"].reference, best["efficiency"].reference, best["cycles"].reference) == (
        81,
        124,
        92,
    )
    # 20 A/g appears twice; the larger capacity comes first.
    assert [study.reference for study in find_anodes(sort="rate")[:2]] == [77, 94]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"ion": "Mg"}, "ion: 'Mg' is not known; there are Li, Na, K"),
        ({"ion": 3}, "ion: must be text in quotes, not 3"),
        ({"table": 1}, "table: 1 is not one of Tables 2-5"),
        ({"strategy": "structur e"}, "did you mean 'structure'?"),
        ({"strategy": "s"}, "strategy: 's' is not known"),
        ({"strategy": ""}, "strategy: '' is not known"),
        ({"sort": "price"}, "sort: 'price' is not known"),
        ({"material": 5}, "material: must be text in quotes, not 5"),
    ],
)
def test_questions_that_have_no_answer(asked, words):
    with pytest.raises(InputError, match=r".") as caught:
        find_anodes(**asked)
    assert words in str(caught.value)


def test_hosts_by_ion():
    assert [host.formula for host in find_hosts(ion="na")] == ["NaC64", "NaSi", "Na3.75Sn", "Na3Sb"]
    with pytest.raises(InputError, match="ion: 'Sb' is not known"):
        find_hosts(ion="Sb")


def test_electrolytes_in_one_line():
    by = {(study.table, study.row): study.electrolyte() for study in STUDIES}
    assert by[2, 3] == "3 M LiFSI + 0.4 M LiNO3 in DOL:DME = 1:1 vol%"
    assert by[5, 1] == "Li6.25Al0.25La3Zr2O12"


# --- Files and figures


@pytest.mark.parametrize(("records", "kind"), [(STUDIES, ReportedAnode), (HOSTS, Host)])
def test_what_is_written_reads_back(records, kind, tmp_path):
    path = literature_to_csv(records, tmp_path / "out.csv")
    with path.open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    for record, row in zip(records, rows, strict=True):
        again = kind.model_validate({heading: row[heading] or None for heading in kind.columns()})
        assert all(getattr(again, name) == getattr(record, name) for name in kind.columns().values())
    if kind is Host:
        assert float(rows[9]["Computed volume change [%]"]) == pytest.approx(134.198, abs=1e-3)
        assert float(rows[9]["Empty host density [g.cm-3]"]) == 6.70
    else:
        assert rows[0]["Citation"].startswith("Bian X")


def test_nothing_is_not_written(tmp_path):
    with pytest.raises(InputError, match="no rows"):
        literature_to_csv([], tmp_path / "out.csv")
    assert not list(tmp_path.iterdir())


@pytest.fixture
def figures():
    import matplotlib.pyplot as plt

    yield plt
    plt.close("all")


def test_bars_of_the_hosts_are_computed(figures):
    axes = plots.hosts()
    for ax, name in zip(
        axes, ("capacity_mAh_per_g", "capacity_mAh_per_cm3", "volume_change_percent"), strict=True
    ):
        heights = {round(p.get_x() + 0.4, 6): p.get_height() for p in ax.patches}
        assert [heights[place] for place in sorted(heights)] == [
            getattr(host_theory(host), name) for host in HOSTS
        ]
    assert [t.get_text() for t in axes[2].get_xticklabels()][-1] == "K$\\mathregular{_{3}}$Sb"
    labels = [t.get_text() for t in sorted(axes[2].texts, key=lambda label: label.xy[0])]
    assert labels[-3:] == ["134", "290", "406"]


def test_points_of_the_strategies_are_the_rows(figures):
    grid = plots.strategies()
    for column, strategy in enumerate(STRATEGIES):
        mine = [study for study in STUDIES if study.strategy == strategy]
        drawn = [points(grid[row][column]) for row in range(3)]
        assert [y for _, y in drawn[0]] == sorted(study.first_cycle_efficiency_percent for study in mine)
        assert drawn[1] == sorted(((study.cycles, study.capacity_mAh_per_g) for study in mine), key=by_y)
        assert drawn[2] == sorted(
            (
                (study.rate_current_mA_per_g, study.rate_capacity_mAh_per_g)
                for study in mine
                if study.rate_current_mA_per_g is not None
            ),
            key=by_y,
        )
        for row in (1, 2):
            (left, right), (low, high) = grid[row][column].get_xlim(), grid[row][column].get_ylim()
            assert all(left < x < right and low < y < high for x, y in drawn[row])
    medians = [float(line.get_segments()[0][0, 1]) for line in grid[0][0].collections]
    assert medians == [
        np.median([s.first_cycle_efficiency_percent for s in STUDIES if s.strategy == "SEI control" and s.ion == ion])
        for ion in ("Li", "K")
    ]  # fmt: skip


def by_y(point):
    return (point[1], point[0])


def points(ax) -> list[tuple[float, float]]:
    """Points drawn as markers, by ordinate."""
    found = [
        (float(x), float(y))
        for line in ax.lines
        if line.get_marker() != "None"
        for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
    ]
    return sorted(found, key=by_y)


def test_a_single_row_without_a_rate_is_drawn(figures, tmp_path):
    grid = plots.strategies(find_anodes(material="Sb2Te3"))
    plots.save(grid[0][0].figure, tmp_path / "one.png")
    assert points(grid[2][2]) == []
    assert [t.get_text() for t in grid[0][2].get_xticklabels()] == ["Li\nsolid"]


def test_axes_given_are_axes_returned(figures):
    _, three = figures.subplots(3, 1)
    assert plots.hosts(find_hosts(ion="K"), list(three)) == list(three)
    _, nine = figures.subplots(3, 3)
    assert plots.strategies(axes=nine) == [list(row) for row in nine]


def test_wrong_axes_and_no_rows_are_refused(figures):
    _, two = figures.subplots(2, 1)
    for draw, words in (
        (lambda: plots.hosts(axes=list(two)), "give three axes"),
        (lambda: plots.strategies(axes=[list(two)]), "give three rows of three axes"),
        (lambda: plots.hosts([]), "no rows to draw"),
        (lambda: plots.strategies([]), "no rows to draw"),
    ):
        with pytest.raises(InputError, match=words):
            draw()
