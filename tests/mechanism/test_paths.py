"""Paths to numbers. Oracle: the number is edited in the document, which then passes every gate of the reader."""

from __future__ import annotations

import random
import re

import pytest

import sbpath
from sbpath import InputError, load_mechanism, with_changes
from sbpath.mechanism.reader import mechanism_from_document
from sbpath.mechanism.records import Quantity

# A number that no file gives.
WORK = "kinetics.transformation_work_J_per_mol"


def edited(mechanism, changes):
    """The mechanism of a document in which each number has been replaced, as a user would edit the file."""
    document = mechanism.document
    for path, number in changes.items():
        keys = [int(key[1:-1]) - 1 if key[0] == "[" else key for key in re.split(r"\.|(?=\[)", path)]
        table = document
        for key in keys[:-1]:
            table = table[key]
        entry = table.get(keys[-1]) if isinstance(table, dict) else table[keys[-1]]
        if entry is None:
            note = "set by the user, not given in the file"
            table[keys[-1]] = {"value": number, "status": "assumed", "source": "sbpath", "note": note}
            continue
        holder, key, old = (
            (entry, "value", entry["value"]) if isinstance(entry, dict) else (table, keys[-1], entry)
        )
        holder[key] = number
        if isinstance(holder, dict) and "status" in holder:
            holder.pop("fitted_to", None)
            holder |= {"status": "assumed", "note": f"{key} set by the user in place of {old:g}"}
    document["changes"] = {path: float(number) for path, number in changes.items()}
    return mechanism_from_document(document, mechanism.name)


def outcome(make, *arguments):
    """What it makes, or the set of problems that it finds."""
    try:
        return make(*arguments)
    except InputError as error:
        return set(error.problems)


def numbers(mechanism):
    """Every number with its path, the three of a gallery and those of a cell and its atoms one by one."""
    for path, record in mechanism.numbers():
        if isinstance(record, Quantity):
            yield path, record.value
        else:
            for name in type(record).model_fields:
                if isinstance(getattr(record, name), float):
                    yield f"{path}.{name}", getattr(record, name)


@pytest.mark.parametrize("name", sbpath.shipped_names())
def test_changed_numbers_are_those_of_an_edited_document(name):
    mechanism = load_mechanism(name)
    known = {path: n.value for path, n in mechanism.numbers() if isinstance(n, Quantity)}
    chosen = random.Random(name)
    sound = 0
    for count in (1, 4):
        paths = [*chosen.sample(list(known), count), WORK]
        for factor in (0.999, 1.01, -1.0, 1e4):
            changes = {path: factor * known.get(path, 1.0) for path in paths}
            changed, wanted = (outcome(make, mechanism, changes) for make in (with_changes, edited))
            assert changed == wanted
            if not isinstance(changed, set):
                sound += 1
                assert changed.document == wanted.document
                assert changed.sha256 == wanted.sha256
                assert changed.all_edges == wanted.all_edges
    assert sound >= 2


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("na-sb", {"phases.NaxSb.galleries[1].potential_V": 0.5}, None),
        ("na-sb", {"phases.NaxSb.galleries[1].sites": 4.0}, "use fewer sites"),
        ("na-sb", {"phases.Sb.molar_volume_cm3_per_mol": 30.0}, "check both"),
        ("na-sb", {"lower_cutoff_V": 0.1, "kinetics.growth_rate_per_s": 1e-3}, None),
        ("na-sb", {"lower_cutoff_V": 2.0}, "is not below upper_cutoff_V"),
        ("na-sb", {"interfaces.Sb|Na3Sb.energy_J_per_m2": -0.1}, "must not be negative"),
        ("na-sb", {"transformations[1].growth_rate_per_s": 1e-4}, None),
        ("na-sb", {"electrode.active_fraction": 0.9, "electrode.particle_radius_m": 1e-7}, None),
        ("na-sb", {"electrode.active_fraction": 1.1}, "at most 1"),
        ("na-sb", {"temperature_C": -300.0, "electrode.active_fraction": 1.1}, "at most 1"),
        # Numbers that are checked together may pass through values that would not fit one by one.
        ("li-sb-libh4", {"temperature_range_C[1]": 300.0, "temperature_range_C[2]": 400.0, "temperature_C": 350.0}, None),
        ("li-sb-libh4", {"temperature_range_C[1]": 300.0}, "must be [lowest, highest]"),
        ("li-sb-llzo", {"electrolyte.thickness_um": 50.0, "electrolyte.conductivity_S_per_cm": 1e-3}, None),
    ],
)  # fmt: skip
def test_numbers_of_every_kind(name, changes, words):
    mechanism = load_mechanism(name)
    changed, wanted = (outcome(make, mechanism, changes) for make in (with_changes, edited))
    assert changed == wanted
    assert isinstance(changed, set) == (words is not None)
    assert words is None or any(words in problem for problem in changed)


@pytest.mark.parametrize("name", sbpath.shipped_names())
def test_every_number_is_found_by_its_path_and_can_be_replaced(name):
    mechanism = load_mechanism(name)
    found = dict(numbers(mechanism))
    assert len(found) > 20
    for path, number in found.items():
        assert sbpath.value(mechanism, path) == number, path
    # Down by a part in a million, all at once: volumes and cells still agree.
    whole = ("atoms", "particles")
    changes = {
        path: number * (1.0 - 1e-6) for path, number in found.items() if not any(key in path for key in whole)
    }
    changed = with_changes(mechanism, changes)
    for path, number in found.items():
        assert sbpath.value(changed, path) == changes.get(path, number), path
    for path, record in changed.numbers():
        assert (record.status == "assumed") or any(key in path for key in whole), path
    assert load_mechanism(name) == mechanism
    for field in ("phases", "assemblages", "interfaces", "changes"):
        with pytest.raises(TypeError, match="read-only"):
            getattr(changed, field)["Sb"] = None


def test_two_numbers_of_one_record_are_both_told():
    gallery = "phases.Li3Sb.galleries[1]"
    changed = with_changes(load_mechanism("li-sb"), {f"{gallery}.width": 2.0, f"{gallery}.sites": 0.3})
    note = changed.phases["Li3Sb"].galleries[0].note
    assert note == "width set by the user in place of 1.6; sites set by the user in place of 0.4"


def test_a_mechanism_stays_as_it_was():
    mechanism = load_mechanism("li-sb")
    before = mechanism.sha256
    one, two = (
        with_changes(mechanism, {"interfaces.Sb|Li3Sb.energy_J_per_m2": energy}) for energy in (0.2, 0.25)
    )
    assert [m.interface("Li3Sb", "Sb").energy_J_per_m2.value for m in (one, two)] == [0.2, 0.25]
    assert len({mechanism.sha256, one.sha256, two.sha256}) == 3
    assert load_mechanism("li-sb").sha256 == mechanism.sha256 == before
    assert with_changes(mechanism, {}) is mechanism


def test_a_number_that_the_file_does_without_has_no_value_yet():
    mechanism = load_mechanism("li-sb")
    with pytest.raises(
        InputError, match=r"li-sb: kinetics\.seed_fraction: the file does not give this number"
    ):
        sbpath.value(mechanism, "kinetics.seed_fraction")
    assert (
        sbpath.value(with_changes(mechanism, {"kinetics.seed_fraction": 0.01}), "kinetics.seed_fraction")
        == 0.01
    )


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("kinetics.growth", "there is no 'growth' here"),
        ("phases.Li3Sb.galleries.1.sites", r"there is no '1' here; write galleries\[1\]"),
        ("phases.Li3Sb", "is not a number; give the path of one"),
        ("phases.Sb.cell.formula_unit", "there is no 'formula_unit' here; did you mean 'formula_units'"),
        ("name", "there is no 'name' here"),
        (
            "electrolyte.film.torn_share",
            "there is no film here; give the whole table in a file, or take an electrolyte",
        ),
    ],
)
def test_reading_and_replacing_refuse_the_same_paths(path, words):
    mechanism = load_mechanism("li-sb")
    for call in (lambda: sbpath.value(mechanism, path), lambda: with_changes(mechanism, {path: 1.0})):
        with pytest.raises(InputError, match=f"^li-sb: {re.escape(path)}: {words}"):
            call()
