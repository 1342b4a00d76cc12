"""Measured phase fractions: where they lie along a curve, their derivatives, and what they add to it."""

import dataclasses

import numpy as np
import pytest
from synthetic import cell, fractions_along
from tiny import tiny_mechanism

from sbpath import (
    InputError,
    fit,
    load_mechanism,
    overlay,
    plots,
    rank,
    report,
    sensitivities,
    simulate,
    value,
    with_changes,
)
from sbpath.fitting.cells import SimulatedHalf, cells_of
from sbpath.fitting.fraction_points import FractionPoints, fraction_points
from sbpath.fitting.rank import Verdict
from sbpath.fitting.residual import misses
from sbpath.measured.fractions import FRACTION_SD, MeasuredFractions
from sbpath.mechanism.frozen import FrozenMapping
from sbpath.text.fit_report import fit_report, overlay_report

A, B = "interfaces.Sb|A.energy_J_per_m2", "interfaces.Sb|B.energy_J_per_m2"


SB, PRODUCT = {"formula": "Sb", "volume": 18.0}, {"formula": "Li3Sb", "gibbs": -270e3, "volume": 40.0}
KINETICS = {"attempt": 1e9, "diffusivity": 2e-15, "cutoffs": (0.3, 1.5), "double_layer": 0.5}


def polymorphs(gamma_A=0.1, gamma_B=0.1003):
    """Two forms of Li3Sb of the same energy and volume: a curve tells how fast either forms, not which."""
    return tiny_mechanism(
        {"Sb": SB, "A": PRODUCT, "B": PRODUCT},
        [("Sb", "A", 3), ("Sb", "B", 3)],
        interfaces={"Sb|A": gamma_A, "Sb|B": gamma_B},
        **KINETICS,
    )


@pytest.fixture(scope="module")
def made():
    return cell(polymorphs(), 1, ("C/10",), population=1, film=0.0, resistance=0.0)


def table(where, fractions, errors=None, x=True, **options):
    values = {name: np.array(share, dtype=float) for name, share in fractions.items()}
    errors = {name: np.array(sd, dtype=float) for name, sd in (errors or {}).items()}
    at = np.array(where, dtype=float)
    one = MeasuredFractions(
        "operando.csv",
        1,
        1,
        at if x else None,
        None if x else at,
        FrozenMapping(values),
        FrozenMapping(errors),
    )
    return dataclasses.replace(one, **options)


def points_of(made, tab, **options):
    measurement = dataclasses.replace(made.measurement, fractions=(tab,))
    (own,) = cells_of(measurement, made.truth, population=1, **options)
    return own


# -- derivatives -------------------------------------------------------------------------------


@pytest.mark.parametrize("particles", [1, 5])
def test_derivatives_of_fractions_are_differences(particles):
    lithium = load_mechanism("li-sb")
    paths = ["interfaces.Li2Sb|Li3Sb.energy_J_per_m2", "kinetics.growth_rate_per_s"]
    protocol = [("Discharge at C/5 until 0.05 V", "Charge at C/5 until 1.5 V")]

    def simulated(changes):
        return simulate(with_changes(lithium, changes), protocol, population=particles, progress=False)

    def along(solution, values, step):
        record = solution.steps[step]
        rows = slice(record.first, record.last)
        time = solution.time_s[rows] - solution.time_s[record.first]
        return np.array([np.interp(at, time, line[rows]) for line in values])

    solution = simulated({})
    found = sensitivities(solution, paths, fractions=True)
    np.testing.assert_array_equal(found.voltage, sensitivities(solution, paths).voltage)
    for k, path in enumerate(paths):
        here, h = value(lithium, path), 0.01
        up, down = simulated({path: here * (1.0 + h)}), simulated({path: here * (1.0 - h)})
        for step in (0, 1):
            at = np.linspace(0.02, 0.95, 60) * min(s.steps[step].duration_s for s in (solution, up, down))
            wanted = (along(up, up.fractions, step) - along(down, down.fractions, step)) / (2.0 * h)
            own = here * along(solution, found.fractions[k], step)
            assert np.abs(own - wanted).max() < 0.05 * np.abs(wanted).max() + 1e-4, (path, step)
        # All host is in some phase.
        assert np.abs(here * found.fractions[k].sum(axis=0)).max() < 1e-6


def test_misses_and_their_derivatives():
    q = np.linspace(0.0, 1.0, 400)
    shares = np.stack([1.0 - q**2, q**2])
    by = np.stack([shares, 2.0 * shares])
    half = SimulatedHalf(q, 0.0 * q, np.zeros((2, 400)), np.zeros(2), shares, by)
    points = FractionPoints(0, 1, "B", np.array([0.2, 0.53]), np.array([0.1, 0.2]), np.array([0.02, 0.05]))
    at = misses(points, half, 1.1, 0.03)
    x = (points.q - 0.03) / 1.1
    np.testing.assert_allclose(at.miss, (points.share - x**2) / points.sd, atol=1e-3)
    np.testing.assert_allclose(at.by_parameter[:, 1], -2.0 * x**2 / points.sd, atol=1e-3)
    h = 1e-6
    for found, moved in (
        (at.by_scale, lambda d: misses(points, half, 1.1 + d, 0.03).miss),
        (at.by_offset, lambda d: misses(points, half, 1.1, 0.03 + d).miss),
    ):
        np.testing.assert_allclose(found, (moved(h) - moved(-h)) / (2.0 * h), rtol=1e-5)
    # Beyond the end of the simulation the fractions stay.
    beyond = dataclasses.replace(points, q=np.array([1.5, 1.6]))
    np.testing.assert_allclose(misses(beyond, half).miss, (points.share - 1.0) / points.sd)
    # Of a phase that the mechanism lacks there is none.
    lacking = misses(dataclasses.replace(points, node=-1), half, 1.1, 0.03)
    np.testing.assert_array_equal(lacking.miss, points.share / points.sd)
    assert not lacking.by_parameter.any()
    assert not lacking.by_scale.any()


# -- where they lie ----------------------------------------------------------------------------


def test_the_same_points_by_x_and_by_time(made):
    (bare,) = cells_of(made.measurement, made.truth, population=1)
    down, up = bare.halves
    # The row where x turns belongs to the run before.
    u = np.array([0.2, 0.5, 0.9])
    end = down.capacity_mAh_per_g / made.truth.theoretical_capacity_mAh_per_g
    x = [*(3.0 * u * down.q_end), *(3.0 * (end - u * up.q_end))]
    time = [*np.interp(u * down.q_end, down.q, down.time_s), *np.interp(u * up.q_end, up.q, up.time_s)]
    shares = {"A": [0.1, 0.4, 0.6, 0.6, 0.4, np.nan]}
    by_x = points_of(made, table(x, shares)).fractions
    by_time = points_of(made, table(time, shares, x=False)).fractions
    assert [len(one.q) for one in by_x] == [3, 2]
    for one, other in zip(by_x, by_time, strict=True):
        assert (one.half, one.node, one.name) == (other.half, other.node, other.name)
        np.testing.assert_allclose(one.q, other.q, atol=1e-3)
        np.testing.assert_array_equal(one.share, other.share)
    assert points_of(made, table(x, shares)).remarks == (
        f"operando.csv: errors of A are taken as {FRACTION_SD:g}.",
    )


def test_of_two_fractions_that_add_up_to_one_only_one_counts(made):
    sd = {"A": [0.02, 0.02], "Sb": [0.02, 0.02]}
    made_up = points_of(made, table([0.5, 1.0], {"A": [0.2, 0.4], "Sb": [0.8, 0.6]}, sd)).fractions
    apart = points_of(made, table([0.5, 1.0], {"A": [0.2, 0.4], "Sb": [0.83, 0.64]}, sd)).fractions
    for one, other in zip(made_up, apart, strict=True):
        np.testing.assert_allclose(one.sd, 0.02 * 2.0**0.5)
        np.testing.assert_allclose(other.sd, 0.02)


def test_what_is_not_compared_is_said(made):
    (bare,) = cells_of(made.measurement, made.truth, population=1)
    (curve,) = made.measurement.curves
    time = curve.curve.time_s
    rested = dataclasses.replace(bare.halves[0].pieces[-1], kind="rest")
    halves = (dataclasses.replace(bare.halves[0], pieces=(rested,)), bare.halves[1])
    one = table([0.3 * time[-1], 0.9 * time[-1]], {"A": [0.2, 0.3]}, {"A": [0.02, 0.02]}, x=False)
    points, said = fraction_points(one, curve, halves, made.truth)
    assert [p.half for p in points] == [1]
    assert said == ["operando.csv: 1 row at rest or constant voltage, not compared: line 2."]


@pytest.mark.parametrize(
    ("one", "line"),
    [
        (table([1.0], {"LiSb": [0.4]}), "line 1: LiSb: no phase has this name; there are Sb, A, B"),
        (table([1.0, 3.5], {"A": [0.4, 0.5]}), "line 3: x = 3.5 is outside the insertion of cycle 1, 0.00 to 2.9"),
        (table([1.0, 0.0, 1.0, 0.0], {"A": [0.4] * 4}), "line 4: x = 1 belongs to no half cycle, of which there are 2"),
        (table([1e9], {"A": [0.4]}, x=False), "line 2: time_s: 1e+09 s is after the last row of the curve, at "),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_curve_is_told_in_a_line(made, one, line):
    with pytest.raises(InputError) as error:
        points_of(made, one)
    (text,) = error.value.problems
    assert text.startswith(f"synthetic-1.toml: fractions 1: operando.csv: {line}"), text


# -- what they tell ----------------------------------------------------------------------------


def ratio(result):
    """Logarithm of the ratio of both energies, and its standard deviation."""
    way = np.array([1.0, -1.0])
    own = np.array(result.covariance)[:2, :2]
    first, second = (number.value for number in result.numbers)
    return np.log(first / second), float(np.sqrt(way @ own @ way))


def test_fractions_tell_which_polymorph_forms_and_the_curve_alone_does_not(made):
    start = with_changes(made.truth, {A: 0.1005, B: 0.1002})
    more = fractions_along(made, 1, ("A", "B"))
    alone, both = (
        fit(m, start, ["gamma"], population=1, profiles=False, max_starts=1, progress=False)
        for m in (made.measurement, more)
    )
    true = np.log(value(made.truth, A) / value(made.truth, B))
    (_, wide), (found, narrow) = ratio(alone), ratio(both)
    assert wide > 20.0 * narrow
    assert abs(found - true) < 2.5 * narrow < 0.003
    assert all("phase fractions" in number.told_by for number in both.numbers)
    assert "32 phase fractions, off by" in fit_report(both)
    assert both.error.fraction_rms == pytest.approx(1.0, abs=0.3)
    assert "and 32 phase fractions" in both.data


def test_an_overlay_shows_them(made, tmp_path):
    found = overlay(fractions_along(made, 1, ("A", "B")), made.truth, population=1, progress=False)
    assert len(found.fractions) == 4
    assert all(one.rms < 0.04 for one in found.fractions)
    report = overlay_report(found)
    assert "rms difference" in report
    figure = plots.overlay(found)
    below = figure.axes[2]
    assert len(below.get_legend().get_texts()) == 2
    # Lines of the simulation at the points, as they are measured.
    line = below.lines[0].get_xydata()
    one = found.fractions[0]
    full = made.truth.theoretical_capacity_mAh_per_g
    np.testing.assert_allclose(np.interp(one.points.q * full, *line.T), one.simulated, atol=1e-9)
    plots.save(figure, tmp_path / "overlay.png")


def test_they_decide_between_rivals_of_the_same_curve(made):
    rivals = []
    for name, energies in (("both", (0.1, 0.1003)), ("only A", (0.0998, 0.2))):
        mechanism = polymorphs(*energies)
        rivals.append((mechanism.model_copy(update={"name": name}), None))
    options = {"population": 1, "max_starts": 1, "progress": False}
    alone = rank(made.measurement, rivals, ["gamma"], **options)
    assert alone.candidates[0].verdict is not Verdict.SUPPORTED
    found = rank(fractions_along(made, 1, ("A", "B")), rivals, ["gamma"], **options)
    assert (found.candidates[0].name, found.candidates[0].verdict) == ("both", Verdict.SUPPORTED)


def test_a_phase_that_one_rival_lacks_counts_as_none_in_it(made):
    measured = fractions_along(made, 1, ("A", "B"))
    lacks = tiny_mechanism(
        {"Sb": SB, "A": PRODUCT}, [("Sb", "A", 3)], interfaces={"Sb|A": 0.0998}, **KINETICS
    ).model_copy(update={"name": "only A"})
    both = polymorphs().model_copy(update={"name": "both"})
    options = {"population": 1, "max_starts": 1, "progress": False}
    found = rank(measured, [lacks, both], ["gamma"], **options)
    assert [one.name for one in found.candidates] == ["both", "only A"]
    assert found.candidates[0].verdict is Verdict.SUPPORTED
    assert found.remarks == ("operando.csv: B is no phase of only A and counts as 0 there.",)
    assert found.remarks[0] in report(found)
    # One that all lack, or one that means two phases, is a mistake.
    (one,) = measured.fractions
    other = dataclasses.replace(one, fractions=FrozenMapping({"C": one.fractions["A"]}))
    with pytest.raises(InputError, match="C: no phase has this name"):
        rank(dataclasses.replace(measured, fractions=(other,)), [lacks, both], ["gamma"], **options)
    other = dataclasses.replace(
        one, fractions=FrozenMapping({"A": one.fractions["A"], "Li3Sb": one.fractions["B"]})
    )
    with pytest.raises(InputError, match="Li3Sb: no phase has this name; there are Sb, A, B"):
        rank(dataclasses.replace(measured, fractions=(other,)), [lacks, both], ["gamma"], **options)
