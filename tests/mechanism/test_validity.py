"""Where a mechanism holds: said in its file, checked by the reader, warned of by a simulation."""

from __future__ import annotations

import re
import warnings

import pytest

import sbpath
from sbpath import InputError, ValidityWarning, load_mechanism, shipped_names, simulate
from sbpath.cli import main

SHORT = ["Insert at 1C for 1 min"]


@pytest.mark.parametrize("name", shipped_names())
def test_a_limit_is_said_in_words_and_needed_where_entropies_are_not_known(name):
    mechanism = load_mechanism(name)
    limits = mechanism.temperature_range_C
    told = re.search(r"Valid from (-?\d+) to (\d+) C", " ".join(mechanism.description.split()))
    assert (limits is not None) == (told is not None)
    if limits is not None:
        assert tuple(map(float, told.groups())) == limits
        assert limits[0] <= mechanism.temperature_C <= limits[1]
    unknown = [p for p, phase in mechanism.phases.items() if unknown_entropy(phase)]
    assert not unknown or limits is not None, unknown


def unknown_entropy(phase):
    """An entropy of formation of 0 that is nobody's result, of something that is bound."""
    entropy = phase.entropy_J_per_mol_K
    return entropy.value == 0.0 and entropy.status == "assumed" and phase.enthalpy_J_per_mol.value != 0.0


def test_cells_with_lithium_borohydride_hold_where_it_conducts_and_lithium_is_solid():
    names = [name for name in shipped_names() if "LiBH4" in load_mechanism(name).electrolyte.name]
    assert len(names) == 6
    for name in names:
        low, high = load_mechanism(name).temperature_range_C
        assert 115.0 < low < 120.0  # transition near 390 K
        assert 175.0 < high < 180.54  # melting point of lithium
    assert low > 29.77  # and gallium is liquid


@pytest.mark.parametrize(("celsius", "outside"), [(-0.1, True), (0.0, False), (50.0, False), (50.1, True)])
def test_a_simulation_outside_warns_once(celsius, outside):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        simulate("li-cosb", SHORT, temperature_C=celsius, progress=False)
    assert [warning.category for warning in caught] == [ValidityWarning] * outside
    if outside:
        text = str(caught[0].message)
        assert all(word in text for word in ("li-cosb", f"{celsius:g} C", "0 to 50 C", "sbpath show li-cosb"))
        assert caught[0].filename == __file__


def test_every_shipped_file_says_where_it_holds():
    assert [name for name in shipped_names() if load_mechanism(name).temperature_range_C is None] == []


@pytest.mark.parametrize(
    ("protocol", "arguments", "words"),
    [
        (SHORT, {"temperature_C": 298.15}, "valid only from -20 to 60 C (temperature_range_C); `sbpath show li-sb` says "
         "why; is it in K? then 25"),
        (SHORT, {"temperature_C": 300.0}, "is it in K? then 26.85"),
        (SHORT, {"temperature_C": -40.0}, "simulated at -40 C, but its numbers are valid only from -20"),
        ("Insert at 2C for 1 min or until -0.1 V", {}, "-0.1 V is below Li+/Li: metallic Li would plate there"),
        ("Insert at 2C for 1 min or until 5 V", {}, "5 V is far above upper_cutoff_V = 1.5 of li-sb: nothing of the"),
        (SHORT, {"loading_mg_per_cm2": 3.0}, "electrode.loading_mg_per_cm2: changes nothing here, since the cell has no"),
    ],
)  # fmt: skip
def test_what_is_hardly_intended_is_said_once(protocol, arguments, words):
    with pytest.warns(ValidityWarning) as caught:
        simulate("li-sb", protocol, progress=False, **arguments)
    assert [words in str(warning.message) for warning in caught] == [True]


def test_a_simulation_says_what_check_says():
    odd = load_mechanism("li-sb", {"electrode.particle_radius_m": 5e-4})
    with pytest.warns(ValidityWarning, match="0.0005 m is unlikely for a particle radius"):
        simulate(odd, SHORT, progress=False)


def test_a_voltage_beyond_any_cell_is_refused():
    with pytest.raises(InputError, match=r"1500 V is beyond any cell .10 V.; is it in mV. then 1.5 V"):
        simulate("li-sb", "Insert at 1C until 1500 V", progress=False)


def test_it_can_be_silenced_by_its_category():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", sbpath.ValidityWarning)
        simulate("li-sb-libh4", SHORT, temperature_C=25.0, progress=False)


def test_the_command_line_says_it_in_one_line(capsys):
    steps = ["--protocol", *SHORT, "--quiet"]
    assert main(["simulate", "li-cosb", "--temperature", "100C", *steps]) == 0
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert line.startswith("note: li-cosb: simulated at 100 C, but its numbers are valid only from 0 to 50 C")
    assert main(["simulate", "li-cosb", *steps]) == 0
    assert capsys.readouterr().err == ""
    # Several runs of one command say it once for each temperature.
    runs = ["compare", "na-sb-nasb", "--graph", "reported", "candidate", "--rate", "2C", "--cycles", "1"]
    assert main([*runs, "--temperature", "60", "--quiet"]) == 0
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_other_warnings_pass_the_command_line_by(monkeypatch):
    monkeypatch.setattr(
        "sbpath.cli.cmd_systems._check", lambda options: warnings.warn("another", stacklevel=1) or 0
    )
    with pytest.warns(UserWarning, match="another"):
        main(["check", "li-sb"])


def test_show_says_where_it_holds(capsys):
    assert main(["show", "li-gasb-libh4"]) == 0
    assert "valid from 117 to 180 °C\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ("[50.0, 0.0]", ["lowest, highest"]),
        ("[0.0]", ["lowest, highest"]),
        ("[0.0, 20.0]", ["does not include temperature_C = 25"]),
        ('"warm"', ["must be a list"]),
    ],
)
def test_a_wrong_range_is_told(tmp_path, limits, words):
    file = tmp_path / "mine.toml"
    file.write_text(f'extends = "li-sb"\ntemperature_range_C = {limits}\n')
    with pytest.raises(InputError) as error:
        load_mechanism(file)
    assert any("temperature_range_C" in p and all(word in p for word in words) for p in error.value.problems)
