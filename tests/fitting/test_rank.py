"""Rivals: the verdict on cells made with one of them, and what cannot be ranked."""

from dataclasses import replace

import pytest
from synthetic import cell

from sbpath import InputError, load_mechanism, rank, report
from sbpath.fitting.rank import Verdict, rivals_of
from sbpath.measured.experiment_file import FreeNumber


def test_two_graphs_of_the_same_path_are_not_told_apart():
    lithium = load_mechanism("li-sb")
    made = cell(lithium, 0, ("C/2",), population=1)
    found = rank(
        made.measurement,
        ["li-sb:reported", (lithium, "candidate")],
        ["gamma"],
        population=1,
        max_starts=1,
    )
    assert len(found.candidates) == 2
    assert found.candidates[0].delta_BIC == 0.0
    assert found.candidates[0].verdict in (Verdict.SAME_PATH, Verdict.CANNOT_TELL, Verdict.SIMPLER)
    assert {one.name for one in found.candidates} == {"li-sb:reported", "li-sb:candidate"}
    assert found.candidates[0].verdict.value in report(found)


def test_rivals_are_named_in_every_form(tmp_path):
    lithium = load_mechanism("li-sb")
    # A colon in a path is not that of a graph.
    own = tmp_path / "c:" / "own.toml"
    own.parent.mkdir()
    own.write_text('extends = "li-sb"\ntitle = "mine"\n')
    found = rivals_of([str(own), "li-sb", "li-sb:reported", lithium, (lithium, "candidate")])
    assert [(mechanism.title, graph) for mechanism, graph in found] == [
        ("mine", None), (lithium.title, None), (lithium.title, "reported"), (lithium.title, None), (lithium.title, "candidate"),
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("truth", ["na-sb", "na-sb-allan"])
def test_rivals_of_sodium(truth):
    """Bar 4: the right one is best in 18 of 20, and the wrong one is never supported."""
    rivals = [(load_mechanism(name), None) for name in ("na-sb", "na-sb-allan")]
    right = 0
    for seed in range(20):
        made = cell(load_mechanism(truth), seed, drift_V=(3e-3, 3e-3))
        best = rank(made.measurement, rivals, population=1, progress=False).candidates[0]
        print(seed, best)
        right += best.name == truth
        assert best.name == truth or best.verdict is not Verdict.SUPPORTED
    assert right >= 18


def test_a_ranking_says_what_it_scaled_and_what_it_left_out():
    lithium = load_mechanism("li-sb")
    made = cell(lithium, 0, ("C/2",), population=1, mass_error=0.0, film=0.0)
    (curve,) = made.measurement.curves
    heavy = replace(
        made.measurement,
        curves=(replace(curve, mass_g=1.25 * curve.mass_g),),
        free=(FreeNumber("kinetics.growth_rate_per_s", None, None, None, "log", None),),
    )
    found = rank(heavy, ["li-sb:reported", "li-sb"], ["gamma"], population=1, max_starts=1)
    scaled = [one for one in found.remarks if "the charge is 80 % of what the mechanism takes up" in one]
    assert sorted(one.partition(": ")[0] for one in scaled) == ["li-sb", "li-sb:reported"]
    assert f"{heavy.path}: [free] is not used, for it names numbers of one mechanism." in found.remarks
    assert "[free] is not used" in report(found)
    unscaled = rank(made.measurement, ["li-sb:reported", "li-sb"], ["gamma"], population=1, max_starts=1)
    assert unscaled.remarks == ()


def test_one_mechanism_or_one_half_cycle_is_not_ranked():
    lithium = load_mechanism("li-sb")
    made = cell(lithium, 0, ("1C",), population=1)
    with pytest.raises(InputError, match="give two or more different mechanisms"):
        rank(made.measurement, [(lithium, None), (lithium, None)])
    (one,) = made.measurement.curves
    rows = one.curve.step <= 1
    half = replace(
        one.curve,
        **{name: getattr(one.curve, name)[rows] for name in ("time_s", "current_A", "voltage_V", "step")},
    )
    alone = replace(made.measurement, curves=(replace(one, curve=half),))
    with pytest.raises(
        InputError, match="has one half cycle, which cannot rank mechanisms; give both directions"
    ):
        rank(alone, ["li-sb", "li-sb:reported"], ["resistance"], population=1, progress=False)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            [1, 2],
            "candidates: must be names such as 'li-sb:reported', mechanisms or pairs with a graph, not 1",
        ),
        ([("li-sb", "reported", "x"), "li-sb"], "candidates: must be names"),
        ("li-sb", "candidates: give two or more different mechanisms"),
        (["li-sb", ("li-sb", "other")], "li-sb has no graph 'other'"),
        (["li-sb", "na-sb"], "is a cell of Li, and na-sb is a mechanism of Na"),
    ],
)
def test_all_rivals_are_checked_before_one_is_fitted(monkeypatch, given, words):
    made = cell(load_mechanism("li-sb"), 0, ("C/2",), population=1)
    monkeypatch.setattr("sbpath.fitting.rank.search", lambda *_: pytest.fail("fitted"))
    with pytest.raises(InputError) as caught:
        rank(made.measurement, given, ["gamma"], population=1, progress=False)
    assert words in str(caught.value)
    assert len(caught.value.problems) == 1
