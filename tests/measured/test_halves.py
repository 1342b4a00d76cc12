"""Half cycles against the charges of the steps that were logged."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from measured_curves import Cycler, charges_mAh

from sbpath import InputError
from sbpath.measured.halves import THEORETICAL_MAH_PER_G, measured_halves, pieces

MASS_G = 1.2e-3


def two_cycles(every_s=60.0):
    cycler = Cycler(every_s)
    cycler.step("Rest", 1.0, 0.0, [2.1, 2.0])
    for _ in range(2):
        cycler.step("CC DChg", 10.0, 0.05, [1.2, 0.9, 0.8, 0.01]).step("Rest", 0.5, 0.0, [0.05, 0.2])
        cycler.step("CC Chg", 9.0, -0.05, [0.4, 1.0, 1.5])
    return cycler


@pytest.mark.parametrize("named", [True, False])
def test_charge_of_each_half_cycle_is_current_times_time(named):
    halves = measured_halves(two_cycles().curve(named), MASS_G)
    assert [half.direction for half in halves] == ["insertion", "extraction"] * 2
    assert [half.cycle for half in halves] == [1, 1, 2, 2]
    assert [half.number for half in halves] == [1, 2, 3, 4]
    expected = charges_mAh([(10.0, 0.05), (0.5, 0.0), (9.0, -0.05)] * 2)
    capacities = [half.capacity_mAh_per_g * MASS_G for half in halves]
    # Without step names the first interval of a step counts whole.
    np.testing.assert_allclose(capacities, np.abs(expected), rtol=1e-9 if named else 0.01)
    for half in halves:
        assert half.q[0] == pytest.approx(0.0, abs=2e-3)
        assert np.all(np.diff(half.q) > 0.0)
        assert half.q_end == pytest.approx(half.capacity_mAh_per_g / THEORETICAL_MAH_PER_G)
        assert half.rate_per_h == pytest.approx(0.05 / (THEORETICAL_MAH_PER_G * MASS_G), rel=1e-6)
        assert half.current_A_per_g == pytest.approx(
            (0.05e-3 if half.direction == "insertion" else -0.05e-3) / MASS_G, rel=1e-6
        )
        assert half.ended_by == "voltage"


def test_three_atoms_per_antimony():
    assert pytest.approx(3 * 26801.4 / 121.76, abs=0.01) == THEORETICAL_MAH_PER_G


def test_three_current_steps_with_rests_are_one_half_cycle_in_pieces():
    cycler = Cycler()
    for current, volts in ((0.1, [1.0, 0.05]), (0.05, [0.4, 0.05]), (0.025, [0.2, 0.05])):
        cycler.step("CC DChg", 2.0, current, volts).step("Rest", 0.25, 0.0, [0.1, 0.3])
    cycler.step("CC Chg", 3.0, -0.1, [0.3, 1.5])
    down, _ = measured_halves(cycler.curve(), MASS_G)
    assert [piece.kind for piece in down.pieces] == ["current", "rest"] * 3
    assert [piece.current_A for piece in down.pieces[::2]] == pytest.approx([1e-4, 5e-5, 2.5e-5])
    assert down.capacity_mAh_per_g * MASS_G == pytest.approx(0.35)
    assert len(down.q) == sum(piece.last - piece.first for piece in down.pieces[::2])


def test_levels_of_current_are_pieces_without_step_names():
    cycler = Cycler()
    for current in (0.1, 0.05, 0.025):
        cycler.step("", 2.0, current, [1.0, 0.05])
    (half,) = measured_halves(cycler.curve(named=False), MASS_G)
    assert [piece.kind for piece in half.pieces] == ["current"] * 3
    assert [piece.current_A for piece in half.pieces] == pytest.approx([1e-4, 5e-5, 2.5e-5], rel=0.01)


@pytest.mark.parametrize("name", ["CV DChg", "CV_DChg", "Step 4", "CCCV_DChg"])
def test_constant_voltage_belongs_to_the_half_cycle_and_holds_no_point(name):
    cycler = Cycler().step("CC DChg", 5.0, 0.1, [1.0, 0.05])
    cycler.step(name, 1.0, lambda hours: 0.1 * np.exp(-3.0 * hours), 0.05).step(
        "CC Chg", 5.0, -0.1, [0.3, 1.5]
    )
    down, up = measured_halves(cycler.curve(), MASS_G)
    kinds = [piece.kind for piece in down.pieces]
    assert kinds[-1] == "hold"
    held = down.pieces[-1]
    faded = 0.1 * (1.0 - np.exp(-3.0)) / 3.0
    assert held.current_A * held.duration_s / 3.6 == pytest.approx(faded, rel=0.06)
    assert down.capacity_mAh_per_g * MASS_G == pytest.approx(0.5 + faded, rel=1e-3)
    assert down.q_end * THEORETICAL_MAH_PER_G * MASS_G == pytest.approx(0.5, rel=0.01)
    assert [piece.kind for piece in up.pieces] == ["current"]


def test_hold_is_found_within_one_step():
    cycler = Cycler().step("CC DChg", 5.0, 0.1, [1.0, 0.05])
    cycler.step("", 1.0, lambda hours: 0.1 * np.exp(-3.0 * hours), 0.05)
    (half,) = measured_halves(cycler.curve(named=False), MASS_G)
    assert [piece.kind for piece in half.pieces] == ["current", "hold"]
    assert half.q_end * THEORETICAL_MAH_PER_G * MASS_G == pytest.approx(0.5, rel=0.01)


def test_a_plateau_is_no_hold():
    cycler = Cycler().step("CC DChg", 5.0, 0.1, [0.8, 0.8]).step("CC Chg", 5.0, -0.1, [1.0, 1.0])
    halves = measured_halves(cycler.curve(), MASS_G)
    assert [piece.kind for half in halves for piece in half.pieces] == ["current", "current"]


def test_noise_around_zero_is_a_rest():
    rng = np.random.default_rng(1)
    cycler = Cycler().step("", 1.0, lambda hours: 2e-4 * rng.standard_normal(len(hours)), 2.0)
    cycler.step("", 5.0, 0.1, [1.0, 0.05]).step("", 1.0, lambda h: 2e-4 * rng.standard_normal(len(h)), 0.2)
    cycler.step("", 5.0, -0.1, [0.3, 1.5])
    curve = cycler.curve(named=False)
    assert [half.direction for half in measured_halves(curve, MASS_G)] == ["insertion", "extraction"]
    assert [piece.kind for piece in pieces(curve)] == ["rest", "current", "rest", "current"]


def test_what_ended_a_half_cycle():
    cycler = Cycler()
    cycler.step("a", 5.0, 0.1, [1.0, 0.01]).step("b", 5.0, -0.1, [0.3, 1.5])
    cycler.step("c", 3.0, 0.1, [1.0, 0.6]).step("d", 1.0, -0.1, [0.9, 1.1])
    ended = [half.ended_by for half in measured_halves(cycler.curve(), MASS_G)]
    assert ended == ["voltage", "voltage", "turn", "end of file"]


def test_a_gap_in_the_log_carries_no_charge():
    cycler = Cycler().step("a", 5.0, 0.1, [1.0, 0.01])
    start, *_ = cycler.rows[-1]
    cycler.step("b", 5.0, -0.1, [0.3, 1.5])
    cycler.rows = [(t + 7200.0 * (name == 1), i, v, name) for t, i, v, name in cycler.rows]
    up = measured_halves(cycler.curve(), MASS_G)[1]
    assert start == 5.0 * 3600.0
    assert up.capacity_mAh_per_g * MASS_G == pytest.approx(0.5, rel=0.01)


def test_mass_and_current_must_be_there():
    curve = two_cycles().curve()
    with pytest.raises(InputError, match="mass_g: must be a number above 0, not 0"):
        measured_halves(curve, 0.0)
    with pytest.raises(InputError, match="no charge passes in it; give a file with half cycles"):
        measured_halves(Cycler().step("Rest", 1.0, 0.0, 2.0).curve(), MASS_G)


def test_pieces_cover_the_curve():
    curve = two_cycles().curve()
    found = pieces(curve)
    assert found[0].first == 0
    assert found[-1].last == len(curve.time_s)
    assert all(one.last == other.first for one, other in pairwise(found))
    total = sum(piece.current_A * piece.duration_s for piece in found)
    assert total == pytest.approx(curve.charge_C[-1])
    assert not curve.voltage_V.flags.writeable
