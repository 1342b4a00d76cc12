"""Groups of numbers against the keys of the files, and the messages."""

import pytest
from bare import bare

from sbpath import InputError, load_mechanism, value
from sbpath.mechanism.groups import GROUPS, paths_of, short_name


@pytest.mark.parametrize("system", ["li-sb", "na-sb", "li-nisb", "k-sb"])
def test_a_group_holds_every_number_of_its_key(system):
    mechanism = load_mechanism(system)
    assert len(paths_of(mechanism, "gamma")) == len(mechanism.interfaces)
    rates = [path for path, _ in mechanism.numbers() if path.endswith("growth_rate_per_s")]
    assert list(paths_of(mechanism, "growth")) == rates
    assert all(value(mechanism, path) != 0.0 for path in paths_of(mechanism, "energies"))
    assert paths_of(mechanism, rates[0]) == (rates[0],)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gama", "gama: is no group of numbers; did you mean 'gamma'?"),
        ("barrier", f"barrier: is no group of numbers; groups: {', '.join(GROUPS)}; or the path of a number"),
        ("propagation", "propagation: li-sb-llzo has no number of this group"),
        (
            "kinetics.growth",
            "kinetics.growth: there is no 'growth' here; available: growth_activation_energy_J_per_mol",
        ),
    ],
)
def test_other_names_are_refused(name, message):
    with pytest.raises(InputError) as caught:
        paths_of(bare("li-sb-llzo"), name)
    assert message in str(caught.value)


def test_a_number_is_found_by_every_way_to_write_it():
    lithium = load_mechanism("li-sb")
    path = ("interfaces.Sb|Li2Sb.energy_J_per_m2",)
    for name in (
        path[0], "interfaces.Li2Sb|Sb.energy_J_per_m2", "interfaces.Sb|Li₂Sb.energy_J_per_m2", "gamma(Sb|Li2Sb)", "gamma(Sb|Li₂Sb)",
    ):  # fmt: skip
        assert paths_of(lithium, name) == path
    # What a table of a fit prints is taken back by --free.
    for system in ("li-sb", "k-sb", "na-sb2s3"):
        mechanism = load_mechanism(system)
        for group in GROUPS:
            for path in _of(mechanism, group):
                assert path in paths_of(mechanism, short_name(path))


def _of(mechanism, group):
    try:
        return paths_of(mechanism, group)
    except InputError:
        return ()
