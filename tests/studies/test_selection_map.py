"""Oracles: single simulations at the corners, the threshold of `branch_points`, numbers of a range by hand."""

from __future__ import annotations

import itertools
import string

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import one_edge

import sbpath.sweeps.plan as plan_module
from sbpath import (
    InputError,
    Variation,
    branch_points,
    cycling,
    load_mechanism,
    pathways,
    plots,
    selection_map,
    simulate,
)
from sbpath.studies.selection_map import SelectionMap, selection_report, selection_table

TWO_THREE = "interfaces.Li2Sb|Li3Sb.energy_J_per_m2"
ONE_THREE = "interfaces.Sb|Li3Sb.energy_J_per_m2"
TWO_STEPS, DIRECT = ("Li3Sb", "Li2Sb", "Sb"), ("Li3Sb", "Sb")


def mapped(*arguments, **options):
    varies = any(str(given).startswith("rate=") for given in arguments)
    return selection_map(
        *arguments, **{"rate": None if varies else "C/5", "cycles": 1, "progress": False, **options}
    )


def single(rate="C/5", temperature_C=None, **changes):
    """Shares of the paths of both directions of one cycle of lithium, without a map."""
    mechanism = load_mechanism("li-sb", changes)
    solution = simulate(mechanism, cycling(rate, 0.05, 1.5, 1), temperature_C=temperature_C, progress=False)
    found = {}
    for way in pathways(solution, 1e-12):
        total = sum(path.share for path in way.paths)
        found[way.direction] = {path.phases: path.share / total for path in way.paths}
    return found


# -- ranges ----------------------------------------------------------------------------------------------


def test_a_range_is_evenly_spaced_and_rates_in_logarithms():
    assert Variation.parse("temperature=0..120:7").values == pytest.approx(tuple(range(0, 121, 20)))
    assert Variation.parse("temperature = -20C .. 60 °C : 3").values == pytest.approx((-20.0, 20.0, 60.0))
    rates = Variation.parse("rate=C/100..1C:3")
    assert rates.logarithmic
    assert rates.values == pytest.approx((0.01, 0.1, 1.0))
    spaced = Variation.parse("kinetics.growth_rate_per_s=1e-4..1e-2:5,log")
    assert (spaced.name, spaced.logarithmic) == ("kinetics.growth_rate_per_s", True)
    np.testing.assert_allclose(np.diff(np.log10(spaced.values)), 0.5, rtol=1e-9)
    assert not Variation.parse(f"{ONE_THREE}=0.1..0.2:3").logarithmic


@given(st.floats(1e-6, 1e3), st.floats(1.001, 1e3), st.integers(2, 50), st.booleans())
@settings(max_examples=100, deadline=None, derandomize=True)
def test_any_range_rises_from_end_to_end(low, factor, count, logarithmic):
    high = low * factor
    found = Variation.parse(f"kinetics.x={low!r}..{high!r}:{count}{',log' if logarithmic else ''}")
    assert len(found.values) == count
    assert (found.values[0], found.values[-1]) == (pytest.approx(low), pytest.approx(high))
    steps = np.diff(np.log(found.values) if logarithmic else found.values)
    np.testing.assert_allclose(steps, steps[0], rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rate", "NAME=LOW..HIGH:COUNT"),
        ("rate=C/10..1C", "NAME=LOW..HIGH:COUNT"),
        ("temperature=0..60:2.5", "NAME=LOW..HIGH:COUNT"),
        ("temperature=0..60:1", "does not rise over two or more values"),
        ("temperature=60..0:3", "does not rise"),
        ("rate=1C..C/10:3", "does not rise"),
        ("kinetics.x=0..1:3,log", "begins at 0, which has no logarithm"),
        ("rate=50 mA/g..100 mA/g:3", "is not a C-rate"),
        ("temperature=cold..60:3", "'cold' is not a number"),
        ("temperature=nan..60:3", "'nan' is not a number"),
        pytest.param(
            "temperature=0..1e400:3", "finite",
        ),
    ],
)  # fmt: skip
def test_a_range_that_is_none_is_told_with_an_example(text, words):
    with pytest.raises(InputError) as caught:
        Variation.parse(text)
    assert words in str(caught.value)
    assert "rate=C/100..5C:9" in str(caught.value)
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize("values", [(1.0,), (1.0, 1.0), (2.0, 1.0), (1.0, np.nan), (1.0, np.inf), ()])
def test_values_given_directly_must_rise_too(values):
    with pytest.raises(InputError, match="rising order"):
        Variation("temperature", values)
    with pytest.raises(InputError, match="above zero"):
        Variation("rate", (-1.0, 1.0))


# -- maps against simulations ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def energies():
    """Over both interfacial energies that lithium's extraction chooses between; three by two points."""
    return mapped("li-sb", f"{TWO_THREE}=0.05..0.09:3", f"{ONE_THREE}=0.14..0.24:2")


def test_each_point_is_the_simulation_with_its_numbers(energies):
    for row, column in ((0, 0), (0, 2), (1, 0), (1, 1)):
        wanted = single(**{TWO_THREE: energies.x.values[column], ONE_THREE: energies.y.values[row]})
        for direction, ways in wanted.items():
            found = {way: grid[row, column] for way, grid in energies.shares[direction].items()}
            assert {way for way, share in found.items() if share > 0.0} == set(ways)
            for way, share in ways.items():
                assert found[way] == pytest.approx(share, rel=1e-12)
            winners, number = energies.winners(direction)
            assert winners[number[row, column]] == max(ways, key=ways.__getitem__)
    winners, number = energies.winners("extraction")
    assert set(winners) == {TWO_STEPS, DIRECT}
    # Where the direct interface is dear and that of Li2Sb cheap the way out is by two steps.
    assert winners[number[1, 0]] == TWO_STEPS
    assert winners[number[0, 2]] == DIRECT
    # Sb|Li3Sb below 0.153 J/m2: Li2Sb is skipped on the way in, see tests/results/test_selectivity.py.
    winners, number = energies.winners("insertion")
    assert [winners[i] for i in number[:, 0]] == [("Sb", "Li3Sb"), ("Sb", "Li2Sb", "Li3Sb")]


def test_rate_and_temperature_reach_the_simulation():
    chart = mapped("li-sb", "rate=C/2..2C:2", "temperature=25..60:2", changes={TWO_THREE: 0.07})
    for row, column in ((0, 1), (1, 0)):
        wanted = single(("C/2", "2C")[column], (25.0, 60.0)[row], **{TWO_THREE: 0.07})
        for direction, ways in wanted.items():
            for way, share in ways.items():
                assert chart.shares[direction][way][row, column] == pytest.approx(share, rel=1e-9)


def test_shares_of_a_point_add_up_to_all(energies):
    for grids in energies.shares.values():
        total = np.sum(list(grids.values()), axis=0)
        np.testing.assert_allclose(total, 1.0, rtol=1e-12)


def test_the_boundary_lies_at_the_threshold_of_the_decision():
    # The threshold of runs far from it, against where the shares of the map cross.
    dear = (0.20, 0.22)
    thresholds = []
    for direct in dear:
        changed = load_mechanism("li-sb", {ONE_THREE: direct})
        solution = simulate(changed, cycling("C/5", 0.05, 1.5, 1), progress=False)
        (branch_point,) = (
            d for d in branch_points(solution) if (d.direction, d.phase) == ("extraction", "Li3Sb")
        )
        (loser,) = (r for r in branch_point.competitors if r.product == "Li2Sb")
        thresholds.append(loser.threshold_J_per_m2)
    # The dearer the direct way, the dearer the detour may be.
    assert 0.05 < thresholds[0] < 0.97 * thresholds[1] < 0.08
    across = tuple(np.linspace(0.97 * thresholds[0], 1.03 * thresholds[1], 4))
    chart = mapped("li-sb", Variation(TWO_THREE, across), Variation(ONE_THREE, dear))
    shares = chart.shares["extraction"]
    lead = np.log(shares[TWO_STEPS] / shares[DIRECT])
    for line, threshold in zip(lead, thresholds, strict=True):
        # It falls through zero, nearly straight.
        assert np.all(np.diff(line) < 0.0)
        crossing = np.interp(0.0, line[::-1], across[::-1])
        assert crossing == pytest.approx(threshold, rel=4e-3)


# -- failures -------------------------------------------------------------------------------------------------


def test_a_run_that_fails_is_nan_with_its_reason_and_the_others_stand():
    chart = mapped("li-sb", "temperature=-300..25:2", "rate=C/2..1C:2")
    assert set(chart.failures) == {(0, 0), (1, 0)}
    assert all("-150 to 1500, not -300" in reason for reason in chart.failures.values())
    for direction, grids in chart.shares.items():
        for grid in grids.values():
            assert np.isnan(grid[:, 0]).all()
            assert np.isfinite(grid[:, 1]).all()
        ways, number = chart.winners(direction)
        assert number[:, 0].tolist() == [-1, -1]
        assert number[:, 1].tolist() == [0, 0]
        assert len(ways) == 1
    text = selection_report(chart, load_mechanism("li-sb"))
    assert "2 runs failed, the first with: temperature_C" in text


def nowhere():
    """Sb and LiSb; at -2 V the transformation is out of the cut-offs' reach, at 0.5 V it is not."""
    return one_edge(cutoffs=(0.0, 1.0), growth=1e-2)


def test_a_point_where_nothing_is_converted_has_no_winner():
    far, near = 96485.33 * 2.0, -96485.33 * 0.5
    chart = mapped(nowhere(), Variation("phases.LiSb.enthalpy_J_per_mol", (near, far)), "rate=C/2..1C:2")
    for direction in ("insertion", "extraction"):
        assert chart.winners(direction)[1].tolist() == [[0, -1], [0, -1]]


def test_a_map_on_which_nothing_is_converted_is_drawn_and_told():
    chart = mapped(
        nowhere(),
        Variation("phases.LiSb.enthalpy_J_per_mol", (96485.33 * 2.0, 96485.33 * 2.1)),
        "rate=C/2..1C:2",
    )
    assert chart.shares == {"insertion": {}, "extraction": {}}
    for ax in plots.selection(chart, nowhere()):
        assert list(ax.collections) == []
        assert ax.get_legend().get_title().get_text().endswith(": no path was taken")
        assert (*ax.get_xlim(), *ax.get_ylim()) == pytest.approx((96485.33 * 2.0, 96485.33 * 2.1, 0.5, 1.0))
    lines = selection_report(chart, nowhere()).splitlines()
    assert sum(line.split()[1:] == ["-", "-"] for line in lines) == 4


def test_a_point_where_next_to_nothing_is_converted_has_no_winner():
    chart = mapped("li-sb", "temperature=-150..25:2", "rate=C/2..1C:2")
    cold = simulate("li-sb", cycling("C/2", 0.05, 1.5, 1), temperature_C=-150.0, progress=False)
    assert cold.converted[:, -1].max() < 1e-3
    for direction in ("insertion", "extraction"):
        assert chart.winners(direction)[1][:, 0].tolist() == [-1, -1]


def test_mistakes_are_told_before_anything_is_simulated(monkeypatch):
    def never(*_, **__):
        raise AssertionError("a simulation was started")

    monkeypatch.setattr(plan_module, "run", never)
    good, other = "rate=C/10..1C:2", "temperature=0..25:2"
    for x, y, options, words in (
        (good, good, {}, "cannot vary along both axes"),
        (good, "kinetics.growth=1..2:2", {}, "there is no 'growth' here"),
        (good, "kinetics=1..2:2", {}, "is not a number"),
        (good, f"{TWO_THREE}=-0.1..0.1:2", {}, "must not be negative"),
        (good, other, {"graph": "candidat"}, "did you mean 'candidate'"),
        (good, other, {"changes": {"kinetics.x": 1.0}}, "there is no 'x' here"),
        (good, "nonsense", {}, "NAME=LOW..HIGH:COUNT"),
    ):
        with pytest.raises(InputError) as caught:
            mapped("li-sb", x, y, **options)
        assert words in str(caught.value)
        assert len(caught.value.problems) == 1


def test_one_interface_cannot_vary_along_both_axes_by_its_two_names(monkeypatch):
    monkeypatch.setattr(plan_module, "run", lambda *_, **__: pytest.fail("a simulation was started"))
    with pytest.raises(InputError, match="cannot vary along both axes"):
        mapped(
            "li-sb",
            f"{TWO_THREE}=0.05..0.09:2",
            "interfaces.Li3Sb|Li2Sb.energy_J_per_m2=0.05..0.09:2",
            rate="2C",
        )


def test_where_every_run_fails_the_first_reason_is_told():
    with pytest.raises(InputError, match=r"every run failed, the first with: temperature_C: .* not -300"):
        mapped("li-sb", "temperature=-300..-200:2", "rate=C/10..1C:2")


# -- in words ---------------------------------------------------------------------------------------------------


def test_rows_and_letters_are_the_map(energies):
    head, cells = selection_table(energies)
    rows = [dict(zip(head, row, strict=True)) for row in cells]
    for row in rows:
        column = int(np.argmin(np.abs(np.array(energies.x.values) - float(row["X value"]))))
        line = int(np.argmin(np.abs(np.array(energies.y.values) - float(row["Y value"]))))
        grid = energies.shares[row["Direction"]][tuple(row["Path"].split(" -> "))]
        assert float(row["Share"]) == pytest.approx(grid[line, column], rel=1e-5, abs=1e-12)
        assert (row["X"], row["Y"]) == (TWO_THREE, ONE_THREE)
    assert len(rows) == 6 * sum(len(grids) for grids in energies.shares.values())
    # Rows from the top down: the larger y first.
    text = selection_report(energies, load_mechanism("li-sb")).splitlines()
    lines = text[text.index("extraction") :]
    ways, number = energies.winners("extraction")
    letters = [[("A", "B")[n] for n in line] for line in number]
    assert lines[2].split() == ["0.24", *letters[1]]
    assert lines[3].split() == ["0.14", *letters[0]]
    assert f"{'AB'[ways.index(DIRECT)]}: Li₃Sb -> Sb" in lines


def test_letters_do_not_run_out():
    x, y = Variation("rate", tuple(range(1, 31))), Variation("temperature", (0.0, 25.0))
    # A path of its own at each of thirty rates.
    ways = itertools.islice(itertools.product(("Sb", "Li2Sb", "Li3Sb"), repeat=4), 30)
    shares = {way: np.tile(np.arange(30) == i, (2, 1)).astype(float) for i, way in enumerate(ways)}
    chart = SelectionMap("li-sb", "candidate", x, y, {"insertion": shares}, {})
    text = selection_report(chart, load_mechanism("li-sb"))
    assert text.splitlines()[4].split()[1:] == [*string.ascii_uppercase, "AA", "AB", "AC", "AD"]


def test_a_map_made_by_hand_is_read_as_it_stands():
    x, y = Variation("rate", (0.1, 1.0, 10.0)), Variation("temperature", (0.0, 25.0))
    one = np.array([[0.9, 0.5, np.nan], [0.1, 0.2, 0.3]])
    chart = SelectionMap(
        "m", "g", x, y, {"insertion": {("A", "B"): one, ("A", "C", "B"): 1.0 - one}}, {(0, 2): "why"}
    )
    ways, number = chart.winners("insertion")
    assert ways == [("A", "B"), ("A", "C", "B")]
    assert number.tolist() == [[0, 0, -1], [1, 1, 1]]
