"""What must hold for every mechanism that is shipped, looped over the folder itself."""

import itertools
import json
import tomllib
from collections.abc import Mapping

import numpy as np
import pytest

from sbpath import cycling, half_cycles, load_mechanism, shipped_names, simulate
from sbpath.mechanism.consistency import consistency_problems
from sbpath.mechanism.documents import shipped_folder
from sbpath.mechanism.records import Provenance, Quantity, Record
from sbpath.results.loss_breakdown import loss_breakdowns

SHIPPED = shipped_names()
STATUSES = {"measured", "computed", "fitted", "assumed"}

# The edges of the review's equations: 1 and 2 for Li, 3 and 4 for Na, 5 and 6 for K. Where it
# leaves the nature of the intermediate open (NaxSb or NaSb), both are shipped.
LITHIUM = {1: {"Sb -> Li2Sb", "Li2Sb -> Li3Sb"}, 2: {"Li3Sb -> Sb"}}
REVIEW = {
    "li-sb": LITHIUM,
    "li-sb-libh4": LITHIUM,
    "li-sb-llzo": LITHIUM,
    "na-sb": {3: {"Sb -> NaxSb", "NaxSb -> Na3Sb"}, 4: {"Na3Sb -> NaxSb", "NaxSb -> Sb"}},
    "na-sb-nasb": {3: {"Sb -> NaSb", "NaSb -> Na3Sb"}, 4: {"Na3Sb -> NaSb", "NaSb -> Sb"}},
    "k-sb": {
        5: {"Sb -> KxSb", "KxSb -> K3Sb-cubic", "KxSb -> K3Sb-hex"},
        6: {"K3Sb-cubic -> KxSb", "K3Sb-hex -> KxSb", "KxSb -> Sb"},
    },
    "k-sb-ksb": {5: {"Sb -> KSb", "KSb -> K3Sb"}, 6: {"K3Sb -> KSb", "KSb -> Sb"}},
}


@pytest.fixture(params=SHIPPED)
def mechanism(request):
    """Each that is shipped."""
    return load_mechanism(request.param)


@pytest.fixture(params=list(REVIEW))
def antimony(request):
    """Each of Sb itself on the review's equations."""
    return load_mechanism(request.param)


def records(value, path=""):
    """Every record within a record, with its path."""
    if isinstance(value, Record):
        yield path, value
        value = {name: getattr(value, name) for name in type(value).model_fields}
    if isinstance(value, Mapping | tuple):
        for key, inner in value.items() if isinstance(value, Mapping) else enumerate(value, start=1):
            yield from records(inner, f"{path}.{key}".lstrip("."))


def raw(name):
    """The file as it stands, before it is put on top of others."""
    return tomllib.loads((shipped_folder() / f"{name}.toml").read_text(encoding="utf-8"))


def numbers(table, path=""):
    """Every number with its provenance that a raw document holds, by path."""
    for key, value in table.items():
        if isinstance(value, dict):
            if "value" in value:
                yield f"{path}{key}", value
            else:
                yield from numbers(value, f"{path}{key}.")


def test_all_systems_of_the_review_are_shipped():
    # Every host and mechanism that the review names, and where sources disagree one file for each.
    solid = {
        "li-sb-libh4",
        "li-sb-llzo",
        "li-gasb-libh4",
        "li-sb2s3-libh4",
        "li-sb2s3-lps",
        "li-sb2se3-libh4",
        "li-sb2te3-libh4",
    }
    lithium = {"li-sb", "li-snsb", "li-nisb", "li-cosb", "li-znsnsb2", "li-znsb"}
    sodium = {
        "na-sb",
        "na-sb-nasb",
        "na-sb-allan",
        "na-sb-tian",
        "na-snsb",
        "na-nisb",
        "na-bisb",
        "na-sb2o3",
        "na-sb2s3",
        "na-sb2te3",
    }
    potassium = {"k-sb", "k-sb-ksb", "k-sb-tem", "k-sb-xrd", "k-bisb", "k-snsb", "k-sb4o5cl2"}
    assert solid | lithium | sodium | potassium <= set(SHIPPED)
    for short, name in (("li", "li-sb"), ("na", "na-sb"), ("k", "k-sb"), ("LI", "li-sb"), ("Na-Sb", "na-sb")):
        assert load_mechanism(short) == load_mechanism(name)
        assert load_mechanism(short).name == name


def test_it_loads_and_fits_together(mechanism):
    assert consistency_problems(mechanism) == []
    assert mechanism.ion in ("Li", "Na", "K")
    assert mechanism.name.startswith(mechanism.ion.lower())
    assert mechanism.title
    assert 0.0 < mechanism.lower_cutoff_V < mechanism.upper_cutoff_V <= 3.0
    assert mechanism.fixed_content(mechanism.initial_phase) == 0.0


def test_its_document_survives_json(mechanism):
    """As it must, to be kept within a saved solution."""
    assert json.loads(json.dumps(mechanism.document)) == mechanism.document


def test_the_reported_graph_is_there(mechanism):
    assert {"reported"} <= set(mechanism.graphs) <= {"reported", "candidate"}
    assert mechanism.default_graph in mechanism.graphs


def test_the_candidate_graph_holds_every_ordered_pair(antimony):
    mechanism = antimony
    pairs = [edge.ends for edge in mechanism.edges("candidate")]
    assert sorted(pairs) == sorted(itertools.permutations(mechanism.phases, 2))


def test_the_reported_graph_is_the_review(antimony):
    mechanism = antimony
    reported = mechanism.edges("reported")
    found = {}
    for edge in reported:
        found.setdefault(edge.stated.review_equation, set()).add(str(edge))
    assert found == REVIEW[mechanism.name]
    assert len(reported) == sum(len(edges) for edges in found.values())
    others = [edge for edge in mechanism.all_edges if "reported" not in edge.stated.graphs]
    assert all(edge.stated.review_equation is None for edge in others)


def test_odd_equations_insert_and_even_ones_extract(antimony):
    mechanism = antimony
    for edge in mechanism.edges("reported"):
        change = mechanism.full_content(edge.product) - mechanism.full_content(edge.reactant)
        assert (change > 0.0) == (edge.stated.review_equation % 2 == 1), str(edge)


def test_every_number_has_a_source_and_a_status(mechanism):
    with_provenance = [(path, r) for path, r in records(mechanism) if isinstance(r, Provenance)]
    assert len(with_provenance) > 20
    for path, record in with_provenance:
        assert record.status in STATUSES, path
        assert len(mechanism.sources[record.source]) > 20, path
    assert all(np.isfinite(r.value) for _, r in with_provenance if isinstance(r, Quantity))
    cited = [number.source for _, number in mechanism.numbers()]
    assert len(cited) == len(with_provenance)
    assert set(cited) <= set(mechanism.sources)


def test_every_source_of_the_bibliography_is_a_citation():
    bibliography = raw("sources")
    assert all(isinstance(text, str) and len(text) > 20 for text in bibliography.values())


def test_no_phase_is_smaller_than_antimony(antimony):
    mechanism = antimony
    for phase in mechanism.phases.values():
        sites = sum(gallery.sites for gallery in phase.galleries)
        partial = phase.partial_molar_volume_cm3_per_mol
        empty = phase.molar_volume_cm3_per_mol.value - (partial.value if partial else 0.0) * sites
        assert empty >= mechanism.phases["Sb"].molar_volume_cm3_per_mol.value - 1e-9


@pytest.mark.parametrize(
    ("name", "phase", "percent"), [("li", "Li3Sb", 134), ("na", "Na3Sb", 291), ("k", "K3Sb-cubic", 406)]
)
def test_volume_changes_of_the_review(name, phase, percent):
    """Table 1: 134.1, 290.7 and 405.7 %."""
    phases = load_mechanism(name).phases
    full, host = (phases[p].molar_volume_cm3_per_mol.value for p in (phase, "Sb"))
    assert (full / host - 1.0) * 100.0 == pytest.approx(percent, abs=1.0)
    assert phases[phase].review_volume_change_percent.value == pytest.approx(percent, abs=0.5)


def test_theoretical_capacity_is_that_of_three_alkali_per_antimony(antimony):
    mechanism = antimony
    assert mechanism.theoretical_capacity_mAh_per_g == pytest.approx(660.0, rel=1e-3)
    assert mechanism.theoretical_capacity_mAh_per_g == pytest.approx(
        3 * 96485.33212 / 121.760 / 3.6, rel=1e-6
    )


def test_the_fullest_phases_hold_three_alkali(antimony):
    mechanism = antimony
    assert max(mechanism.full_content(name) for name in mechanism.phases) == pytest.approx(3.0)
    assert mechanism.full_content("Sb") == mechanism.fixed_content("Sb") == 0.0


def test_solid_electrolytes_have_a_resistance_and_liquid_ones_none(mechanism):
    resistance = mechanism.series_resistance_ohm_g(mechanism.temperature_C + 273.15)
    assert (resistance > 0.0) == (mechanism.electrolyte.kind == "solid")


# -- cycles ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHIPPED)
def test_three_cycles_keep_what_must_hold(name):
    """Section by section: fractions, charge, second law, first law, capacity from stoichiometry."""
    mechanism = load_mechanism(name)
    protocol = cycling("C/10", mechanism.lower_cutoff_V, mechanism.upper_cutoff_V, 3)
    solution = simulate(mechanism, protocol, progress=False)
    assert np.abs(solution.fractions.sum(axis=0) - 1.0).max() < 1e-10
    assert solution.fractions.min() > -1e-8
    # The charge that passed is held by the phases and the double layer.
    scale = 96485.33212331001 / mechanism.host_molar_mass_g_per_mol
    layer = mechanism.electrode.double_layer_F_per_g.value
    start = solution.charge_mAh_per_g[0] * 3.6
    held = scale * (solution.composition - solution.composition[0])
    held -= layer * (solution.potential_V - solution.potential_V[0])
    passed = solution.charge_mAh_per_g * 3.6 - start
    assert np.abs(passed - held).max() < 1e-8 * np.abs(passed).max()
    assert (solution.rates_per_s * solution.affinities_J_per_mol).min() >= 0.0
    assert [record.outcome.name for record in solution.steps] == ["VOLTAGE"] * 6
    for own in loss_breakdowns(solution):
        assert abs(own.unaccounted_J_per_g) < 1e-4 * own.loop_J_per_g
        assert own.losses_J_per_g.min() >= 0.0
    # The double layer holds a little more: its capacitance times the window.
    first = half_cycles(solution)[0]
    window = mechanism.upper_cutoff_V - mechanism.lower_cutoff_V
    wanted = mechanism.theoretical_capacity_mAh_per_g
    assert first.capacity_mAh_per_g - layer * window / 3.6 == pytest.approx(wanted, rel=0.01)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_element_but_the_alkali_is_conserved(name):
    mechanism = load_mechanism(name)
    for edge in mechanism.all_edges:
        before, after = (mechanism.composition(node) for node in edge.ends)
        for element in (before.keys() | after.keys()) - {mechanism.ion}:
            assert before.get(element, (0.0, 0.0)) == pytest.approx(after.get(element, (0.0, 0.0)))


# -- the files ------------------------------------------------------------------------------


def test_the_folder_holds_data_and_a_page_on_it():
    names = {path.name for path in shipped_folder().iterdir()}
    assert names == {
        "README.md",
        "sources.toml",
        "designs",
        "electrolytes",
        "targets",
        *(f"{name}.toml" for name in SHIPPED),
    }
    for name in (*SHIPPED, "sources"):
        leaves = [{key: value for key, value in raw(name).items() if key != "description"}]
        while leaves:
            value = leaves.pop()
            if isinstance(value, dict | list):
                leaves += value.values() if isinstance(value, dict) else value
            else:
                assert isinstance(value, str | int | float), name
                assert "\n" not in str(value), name


def test_every_file_says_in_its_own_words_what_it_is():
    descriptions = [raw(name)["description"] for name in SHIPPED]
    assert all(len(text.split()) > 40 for text in descriptions)
    assert len(set(descriptions)) == len(SHIPPED)


def test_no_number_stands_in_two_files():
    """What two systems share stands in one of them, and the other one extends it."""
    owners = {}
    for name in SHIPPED:
        for path, number in numbers(raw(name)):
            owners.setdefault((path, json.dumps(number, sort_keys=True)), []).append(name)
    assert {key: names for key, names in owners.items() if len(names) > 1} == {}


def test_kinetics_and_electrode_stand_in_one_file():
    for name in SHIPPED:
        document = raw(name)
        for table in ("kinetics", "electrode"):
            assert (name == "li-sb") != ("extends" in document or "extends" in document[table]), name


def test_numbers_of_lithium_are_repeated_nowhere():
    lithium = [number for _, number in numbers(raw("li-sb"))]
    for name in set(SHIPPED) - {"li-sb"}:
        for path, number in numbers(raw(name)):
            assert number not in lithium, f"{name}: {path}"
