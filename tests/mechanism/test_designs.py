"""Electrode designs. Oracles: geometry, the closed forms of capacity, transport and ohmic drop, one mistake each."""

from __future__ import annotations

import tomllib
from math import pi

import numpy as np
import pytest
from bare import bare
from curves import rows

from sbpath import InputError, cycling, load_mechanism, shipped_names, simulate
from sbpath.mechanism.consistency import consistency_problems
from sbpath.mechanism.designs import DESIGNS as PARTS
from sbpath.mechanism.documents import shipped_folder
from sbpath.mechanism.reader import mechanism_from_document
from sbpath.model.network import build_network

DESIGNS = PARTS.names()
DENSITY = 6.69e6  # g/m3 of antimony
PER_AREA = 0.2  # F/m2
CARBON = 5.0  # F/g, carbon black of a powder electrode
ROOM = 298.15

GOOD = """
title = "mine"
description = "x"

[electrode]
particle_radius_m = { value = 2.0e-7, status = "assumed", source = "sbpath", note = "x" }
"""


@pytest.fixture
def design_file(tmp_path):
    """A function that writes a design and returns its path."""

    def write(text, name="mine.toml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def value(design, key):
    return PARTS.read(design)["electrode"][key]["value"]


def problems(*arguments, **options):
    with pytest.raises(InputError) as caught:
        load_mechanism(*arguments, **options)
    return "\n".join(caught.value.problems)


# -- what is shipped ---------------------------------------------------------------------------------


def test_the_designs_of_the_review_are_shipped():
    assert {"micron", "nano", "carbon-composite", "few-layer", "thin-film", "porous"} <= set(DESIGNS)
    folder = shipped_folder() / "designs"
    assert {path.name for path in folder.iterdir()} == {f"{name}.toml" for name in DESIGNS}


@pytest.mark.parametrize("name", DESIGNS)
def test_each_says_in_its_own_words_what_it_stands_for(name):
    design = PARTS.read(name)
    assert set(design) <= {"title", "description", "cites", "electrode", "sources"}
    assert len(design["title"]) > 10
    assert len(design["description"].split()) > 60
    assert "review" in design["description"]
    others = [PARTS.read(other)["description"] for other in DESIGNS if other != name]
    assert design["description"] not in others


@pytest.mark.parametrize("name", DESIGNS)
def test_each_number_has_its_provenance_and_none_is_called_measured(name):
    for key, number in PARTS.read(name)["electrode"].items():
        assert number["status"] in ("computed", "assumed", "fitted"), key
        assert len(number.get("note", number.get("fitted_to"))) > 5, key


@pytest.mark.parametrize("name", shipped_names())
def test_every_design_goes_on_every_mechanism(name):
    """It changes its own numbers and nothing else."""
    plain = load_mechanism(name)
    for design in DESIGNS:
        document = plain.document
        PARTS.apply(document, design)
        built = mechanism_from_document(document, name)
        assert consistency_problems(built) == []
        assert (plain.design, built.design) == (None, design)
        numbers = PARTS.read(design)["electrode"]
        for key in type(plain.electrode).model_fields:
            found, before = getattr(built.electrode, key), getattr(plain.electrode, key)
            assert found == before if key not in numbers else found.value == numbers[key]["value"]
        changed = {key for key in document if document[key] != plain.document.get(key)}
        assert changed <= {"electrode", "design", "cites"}


@pytest.mark.parametrize("design", DESIGNS)
def test_a_mechanism_is_read_with_its_design(design):
    document = load_mechanism("k-sb-xrd").document
    PARTS.apply(document, design)
    assert load_mechanism("k-sb-xrd", design=design) == mechanism_from_document(document, "k-sb-xrd")


def test_surfaces_follow_from_geometry():
    """Spheres have 3 / (rho r), sheets and walls of thickness t 2 / (rho t), a film on a foil 1 / (rho t)."""
    assert value("nano", "double_layer_F_per_g") == pytest.approx(
        3.0 / (DENSITY * value("nano", "particle_radius_m")) * PER_AREA + CARBON, rel=0.02
    )
    for name in ("few-layer", "porous"):
        thickness = value(name, "particle_radius_m")
        assert value(name, "double_layer_F_per_g") == pytest.approx(
            2.0 / (DENSITY * thickness) * PER_AREA + CARBON, rel=0.02
        )
    film = 0.5 * value("thin-film", "particle_radius_m")
    assert value("thin-film", "double_layer_F_per_g") == pytest.approx(PER_AREA / (DENSITY * film), rel=0.02)
    assert value("thin-film", "loading_mg_per_cm2") == pytest.approx(0.1 * DENSITY * film, rel=0.02)
    composite = 3.0 / (DENSITY * value("carbon-composite", "particle_radius_m")) + 0.4535 * 150.0
    assert value("carbon-composite", "double_layer_F_per_g") == pytest.approx(composite * PER_AREA, rel=0.02)


def test_a_sheet_relaxes_as_the_sphere_that_stands_for_it():
    """Slowest mode of the heat equation: sphere r2/pi2 D, slab of half thickness h 4 h2/pi2 D, by differences."""

    def slowest(kind, n=100):
        """Longest time constant for D = 1 and radius or half thickness 1, surface held."""
        step = 1.0 / n
        # The sphere is a slab in r c(r), which vanishes in the middle; the slab is mirrored there.
        matrix = np.diag(np.full(n, -2.0)) + np.diag(np.ones(n - 1), 1) + np.diag(np.ones(n - 1), -1)
        if kind == "slab":
            matrix[0, 1] = 2.0
        else:
            matrix = matrix[1:, 1:]
        return -1.0 / np.linalg.eigvals(matrix / step**2).real.max()

    assert slowest("sphere") == pytest.approx(1.0 / pi**2, rel=1e-3)
    # A sphere whose radius is the thickness 2 h, against a slab of half thickness h.
    assert 2.0**2 * slowest("sphere") == pytest.approx(slowest("slab"), rel=1e-3)


def test_shares_follow_from_the_papers():
    assert value("carbon-composite", "active_fraction") == pytest.approx(435.0 / (0.688 * 660.4), abs=0.005)
    assert value("carbon-composite", "inactive_mass_g_per_g") == pytest.approx(
        1.0 / (0.8 * 0.688) - 1.0, abs=0.005
    )
    assert value("porous", "active_fraction") == pytest.approx(655.5 / 660.4, abs=0.005)
    assert value("micron", "inactive_mass_g_per_g") == pytest.approx(30.0 / 70.0, abs=0.005)


def test_micron_is_the_default_electrode_with_contacts():
    plain, built = load_mechanism("li-sb").electrode, load_mechanism("li-sb", design="micron").electrode
    for key in ("particle_radius_m", "double_layer_F_per_g", "loading_mg_per_cm2"):
        assert getattr(plain, key).value == getattr(built, key).value
    # 0.7 mV at C/10, as its description says.
    drop = load_mechanism("li-sb", design="micron").series_resistance_ohm_g(ROOM) * 0.0660
    assert drop == pytest.approx(0.66e-3, rel=0.01)


def test_contacts_get_better_with_carbon():
    order = ["thin-film", "carbon-composite", "few-layer", "micron"]
    drops = [value(name, "contact_resistance_ohm_cm2") for name in order]
    assert drops == sorted(drops)
    assert len(set(drops)) == len(drops)


# -- what a number of the electrode does -------------------------------------------------------------


@pytest.mark.parametrize("share", [0.96, 0.5])
def test_capacity_scales_with_the_active_share_exactly(share):
    plain = load_mechanism("k-sb")
    part = load_mechanism("k-sb", {"electrode.active_fraction": share})
    assert part.theoretical_capacity_mAh_per_g == pytest.approx(
        share * plain.theoretical_capacity_mAh_per_g, rel=1e-14
    )
    # Where the double layer shrinks as well, every charge is `share` of what it was, and every voltage the same.
    part = load_mechanism(
        "k-sb", {"electrode.active_fraction": share, "electrode.double_layer_F_per_g": 5.0 * share}
    )
    whole, less = (simulate(m, cycling("C/10", 0.02, 1.5), progress=False) for m in (plain, part))
    for before, after in zip(whole.steps, less.steps, strict=True):
        assert after.charge_mAh_per_g == pytest.approx(share * before.charge_mAh_per_g, rel=1e-9)
        assert after.duration_s == pytest.approx(before.duration_s, rel=1e-9)
    assert less.energy_J_per_g[-1] == pytest.approx(share * whole.energy_J_per_g[-1], rel=1e-8)


@pytest.mark.parametrize("design", DESIGNS)
def test_transport_time_goes_with_the_radius_squared(design):
    plain, built = load_mechanism("k-sb"), load_mechanism("k-sb", design=design)
    times = [build_network(m, "candidate", ROOM).transport[0] for m in (plain, built)]
    diffusivity = plain.kinetics.diffusivity_m2_per_s.value
    assert times[1] == pytest.approx(
        value(design, "particle_radius_m") ** 2 / (pi**2 * diffusivity), rel=1e-12
    )
    assert times[1] / times[0] == pytest.approx((value(design, "particle_radius_m") / 1.0e-6) ** 2, rel=1e-12)


@pytest.mark.parametrize("name", ["li-sb", "k-sb4o5cl2"])
def test_areal_resistance_shifts_the_voltage_by_i_r(name):
    changes = {"electrode.contact_resistance_ohm_cm2": 50.0, "electrode.loading_mg_per_cm2": 2.0}
    mechanisms = [bare(name), bare(name, changes)]
    # To a composition, so that both go the same way.
    line = "Insert at C/5 until x = 1.5"
    ideal, real = (simulate(mechanism, line, progress=False) for mechanism in mechanisms)
    current = ideal.current_A_per_g[-1]
    assert current == pytest.approx(0.2e-3 * mechanisms[0].theoretical_capacity_mAh_per_g, rel=1e-12)
    drop = current * 50.0 * 2.0e-3  # A/g times Ohm cm2 times g/cm2
    assert np.abs(real.potential_V - real.voltage_V - drop).max() < 1e-12
    assert ideal.voltage_V[-1] - real.voltage_V[-1] == pytest.approx(drop, abs=1e-6)
    both = [np.interp(200.0, s.charge_mAh_per_g, s.voltage_V) for s in (ideal, real)]
    assert both[0] - both[1] == pytest.approx(drop, abs=1e-5)


@pytest.fixture(scope="module")
def delivered():
    """Charge of one insertion (mAh/g) by design and rate, of Sb in a Li cell."""
    made = {}

    def run(design, rate):
        if (design, rate) not in made:
            mechanism = load_mechanism("li-sb", design=design)
            solution = simulate(mechanism, f"Insert at {rate} until 0.05 V", progress=False)
            made[design, rate] = solution.steps[0].charge_mAh_per_g
        return made[design, rate]

    return run


@pytest.mark.parametrize("design", DESIGNS)
def test_every_design_delivers_its_capacity_at_low_rate(delivered, design):
    mechanism = load_mechanism("li-sb", design=design)
    window = mechanism.upper_cutoff_V - mechanism.lower_cutoff_V
    stored = mechanism.theoretical_capacity_mAh_per_g + value(design, "double_layer_F_per_g") * window / 3.6
    assert delivered(design, "C/10") == pytest.approx(stored, rel=5e-3)


def test_small_things_are_fast(delivered):
    kept = {name: delivered(name, "20C") / delivered(name, "C/10") for name in DESIGNS}
    assert kept["micron"] < kept["thin-film"] < kept["porous"]
    assert min(kept[name] for name in ("nano", "few-layer", "carbon-composite", "porous")) > 0.99
    assert 0.7 < kept["micron"] < 0.9


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("name", ["k-bisb", "k-sb4o5cl2"])
def test_compounds_cycle_in_every_design(name, design):
    mechanism = load_mechanism(name, design=design)
    solution = simulate(mechanism, cycling("1C", 0.02, 1.5), progress=False)
    assert [step.outcome.name for step in solution.steps] == ["VOLTAGE"] * 2
    assert np.abs(solution.fractions.sum(axis=0) - 1.0).max() < 1e-10
    assert solution.heat_W_per_g.min() >= 0.0
    assert rows(solution, 2).stop == len(solution.time_s)
    assert solution.mechanism.document["design"] == design


# -- files of one's own, and mistakes ----------------------------------------------------------------


def test_a_file_of_ones_own(design_file):
    mechanism = load_mechanism("na-sb", design=design_file(GOOD))
    assert mechanism.electrode.particle_radius_m.value == 2.0e-7
    assert mechanism.electrode.loading_mg_per_cm2 == load_mechanism("na-sb").electrode.loading_mg_per_cm2
    assert mechanism.design == "mine"


def test_a_design_may_bring_its_sources(design_file):
    text = GOOD.replace('source = "sbpath"', 'source = "mine"') + '\n[sources]\nmine = "A paper of mine."\n'
    mechanism = load_mechanism("na-sb", design=design_file(text))
    assert mechanism.sources["mine"] == "A paper of mine."
    without = text.partition("[sources]")[0]
    assert "no source is called 'mine'" in problems("na-sb", design=design_file(without))


def test_changes_come_on_top_of_the_design(design_file):
    mechanism = load_mechanism("na-sb", {"electrode.particle_radius_m": 1e-8}, design=design_file(GOOD))
    assert mechanism.electrode.particle_radius_m.value == 1e-8


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'title = "mine"',
            'titel = "mine"',
            "titel: unknown key; an electrode design has title, description",
        ),
        ("[electrode]", "[elektrode]", "electrode: missing; add [electrode]"),
        ("[electrode]", "[kinetics]", "kinetics: unknown key"),
        ("particle_radius_m", "particle_radius", "electrode.particle_radius: unknown key; did you mean"),
        (
            "particle_radius_m = { value = 2.0e-7,",
            "active_fraction = { value = 1.2,",
            "at most 1, but is 1.2",
        ),
        (
            "particle_radius_m = { value = 2.0e-7,",
            "active_fraction = { value = 0.0,",
            "above 0 and at most 1",
        ),
        ("2.0e-7", "-2.0e-7", "must be above zero"),
        ('note = "x"', 'remark = "x"', "remark: unknown key"),
        ("[electrode]", "[electrode", "not valid TOML"),
    ],
)
def test_a_mistake_is_named(design_file, old, new, said):
    assert GOOD.count(old) == 1
    assert said in problems("li-sb", design=design_file(GOOD.replace(old, new)))


def test_a_number_without_provenance(design_file):
    text = "[electrode]\nparticle_radius_m = 1e-7\n"
    assert "needs its provenance" in problems("li-sb", design=design_file(text))


def test_an_unknown_name_gets_a_suggestion(design_file):
    said = problems("li-sb", design="nanno")
    assert "nanno: there is no such electrode design" in said
    assert "did you mean 'nano'?" in said
    assert "carbon-composite, few-layer" in problems("li-sb", design="xyz")
    assert "there is no such electrode design" in problems("li-sb", design="nowhere/mine.toml")


def test_designs_are_data_only():
    for name in DESIGNS:
        text = (shipped_folder() / "designs" / f"{name}.toml").read_text(encoding="utf-8")
        assert tomllib.loads(text) == PARTS.read(name)
