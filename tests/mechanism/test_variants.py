"""Oracle: the mechanism that `with_changes` makes through all the gates, for every shipped mechanism."""

from __future__ import annotations

import random

import pytest

import sbpath
from sbpath import InputError, load_mechanism, with_changes
from sbpath.mechanism.records import Quantity
from sbpath.mechanism.variants import Variants


def both(mechanism, names, values):
    """What either way makes of the values: a mechanism, or what is wrong with it."""
    found = []
    for make in (
        lambda: Variants(mechanism, names).with_values(values),
        lambda: with_changes(mechanism, dict(zip(names, values, strict=True))),
    ):
        try:
            found.append(make())
        except InputError as error:
            found.append(error.problems)
    return found


@pytest.mark.parametrize("name", sbpath.shipped_names())
def test_a_variant_is_what_the_gates_make_of_its_numbers(name):
    mechanism = load_mechanism(name)
    numbers = {path: n.value for path, n in mechanism.numbers() if isinstance(n, Quantity)}
    chosen = random.Random(name)
    sound = 0
    for count in (1, 2, 4):
        # One that the files do without, too.
        names = [*chosen.sample(list(numbers), count), "kinetics.transformation_work_J_per_mol"]
        for factor in (0.999, 1.01, -1.0, 1e4):
            values = [factor * numbers.get(path, 1.0) for path in names]
            fast, slow = both(mechanism, names, values)
            assert fast == slow
            if not isinstance(fast, tuple):
                sound += 1
                assert fast.document_json == slow.document_json
                assert fast.all_edges == slow.all_edges
    assert sound >= 3


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        # Numbers without a record of their own, in lists, at the top, and out of what fits together.
        ({"phases.NaxSb.galleries[1].potential_V": 0.5}, None),
        ({"phases.NaxSb.galleries[1].sites": 4.0}, "take fewer sites"),
        ({"phases.Sb.molar_volume_cm3_per_mol": 30.0}, "check both"),
        ({"lower_cutoff_V": 0.1, "kinetics.growth_rate_per_s": 1e-3}, None),
        ({"lower_cutoff_V": 2.0}, "is not below upper_cutoff_V"),
        ({"interfaces.Na3Sb|Sb.energy_J_per_m2": -0.1}, "must not be negative"),
        ({"transformations[1].growth_rate_per_s": 1e-4}, None),
        ({"electrode.active_fraction": 0.9, "electrode.particle_radius_m": 1e-7}, None),
        ({"electrode.active_fraction": 1.1}, "at most 1"),
    ],
)
def test_numbers_of_every_kind(changes, words):
    fast, slow = both(load_mechanism("na-sb"), list(changes), list(changes.values()))
    assert fast == slow
    assert isinstance(fast, tuple) == (words is not None)
    if words is not None:
        assert words in fast[0]


def test_one_object_makes_many_and_leaves_the_first_as_it_is():
    mechanism = load_mechanism("li-sb")
    before = mechanism.document_json
    variants = Variants(mechanism, ["interfaces.Sb|Li3Sb.energy_J_per_m2", "kinetics.growth_rate_per_s"])
    one, two = variants.with_values([0.2, 1e-3]), variants.with_values([0.25, 2e-3])
    assert [m.interface("Li3Sb", "Sb").energy_J_per_m2.value for m in (one, two)] == [0.2, 0.25]
    assert [m.document["kinetics"]["growth_rate_per_s"]["value"] for m in (one, two)] == [1e-3, 2e-3]
    assert one.kinetics.growth_rate_per_s.status == "assumed"
    assert mechanism.document_json == before
    assert Variants(mechanism, []).with_values([]) is mechanism


def test_a_path_that_is_none_is_told():
    with pytest.raises(InputError, match="there is no 'growth' here"):
        Variants(load_mechanism("li-sb"), ["kinetics.growth"])
