"""Measured currents: against the same currents as steps, the sum of I dt, and limits that are met by hand."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from bare import bare

import sbpath
from sbpath import CurrentTable, Outcome, SolverOptions
from sbpath.protocol.steps import CompositionLimit, TimeLimit, VoltageLimit
from sbpath.solver.cycler import End, outcome_of
from sbpath.solver.solve import TOO_MANY_ROWS

TIGHT = SolverOptions(rtol=1e-9, atol=1e-12)
HOURS, RATES = np.array([0, 5, 6, 7.5, 7.6, 9.6]), np.array([0.1, 0, -0.2, 1, 0, 7])


def simulated(protocol, system="li-sb", **options):
    return sbpath.simulate(
        bare(system) if isinstance(system, str) else system, protocol, progress=False, **options
    )


@pytest.mark.parametrize("system", ["li-sb", "na-sb", "li-sb-llzo"])
def test_table_equals_the_same_currents_as_steps(system):
    texts = (
        "Discharge at C/10 for 5 h", "Rest for 1 h", "Charge at C/5 for 90 min", "Discharge at 1C for 6 min",
        "Rest for 2 h",
    )  # fmt: skip
    period = " (1 min period)"
    table = simulated(CurrentTable(HOURS * 3600, RATES, "C", period_s=60.0), system, options=TIGHT)
    steps = simulated(tuple(text + period for text in texts), system, options=TIGHT)
    assert [record.outcome for record in table.steps] == [Outcome.TABLE]
    # In steps, an instant at which the current changes has two rows.
    first = [record.first for record in steps.steps[1:]]
    for name in ("time_s", "potential_V", "composition", "charge_mAh_per_g", "fractions"):
        there = np.delete(getattr(steps, name), first, axis=-1)
        np.testing.assert_allclose(getattr(table, name), there, rtol=1e-9, atol=1e-9, err_msg=name)
    assert table.energy_J_per_g[-1] == pytest.approx(steps.energy_J_per_g[-1], rel=1e-8)


def test_a_table_that_begins_at_its_limit_names_the_sign():
    record = simulated(CurrentTable([0.0, 3600.0], [-0.066, 0.0], limits=(VoltageLimit(1.5),))).steps[0]
    assert record.outcome is Outcome.ALREADY_MET
    assert "a positive current inserts alkali and lowers the voltage: should the signs be" in record.reason


def test_every_row_has_the_direction_of_its_current():
    solution = simulated(CurrentTable(HOURS * 3600, RATES, "C"))
    sign = np.sign(solution.current_A_per_g).astype(int).tolist()
    assert solution.direction() == [("rest", "insertion", "extraction")[one] for one in sign]
    assert set(sign) == {-1, 0, 1}


def test_charge_is_the_sum_of_current_and_time():
    random = np.random.default_rng(1)
    time = np.cumsum(random.uniform(0.5, 20.0, 1001))
    current = 0.3 * random.standard_normal(1001) + 0.02
    current[random.uniform(size=1001) < 0.2] = 0.0
    solution = simulated(CurrentTable(time, current))
    passed = np.cumsum(current[:-1] * np.diff(time)) / 3.6
    # Rows that follow each other at rest are one.
    turns = np.append(np.diff(current[:-1]) != 0.0, True)
    time, passed = np.append(time[0], time[1:][turns]), passed[turns]
    at = np.searchsorted(solution.time_s, time[1:] - time[0] - 1e-6)
    np.testing.assert_allclose(solution.time_s[at], time[1:] - time[0], rtol=1e-12)
    np.testing.assert_allclose(solution.charge_mAh_per_g[at], passed, rtol=0.0, atol=1e-10)
    heat = solution.heat_J_per_g.sum(axis=0) + solution.joule_heat_J_per_g
    balance = solution.stored_J_per_g - solution.stored_J_per_g[0] + solution.energy_J_per_g + heat
    assert np.abs(balance).max() < 1e-5 * solution.heat_J_per_g[:, -1].sum()


def test_a_row_costs_what_its_transient_needs():
    """A row whose current stays the same costs nothing; noise of 2 % costs a few integrator steps."""
    random = np.random.default_rng(2)
    time, level = np.arange(2001) * 18.0, np.full(2001, 0.066)
    one = simulated("Insert at 66 mA/g for 10 h")
    same = simulated(CurrentTable(time, level))
    noisy = simulated(CurrentTable(time, level * (1.0 + 0.02 * random.standard_normal(2001))))
    assert len(same.time_s) == len(one.time_s)
    assert len(noisy.time_s) < 2000 * (3 * 5 + 1)


@pytest.mark.parametrize(
    ("out_h", "limits", "ends_at"),
    [
        # Begins at the upper cut-off, which ends the step only when charge is taken out again.
        (5, (0.05, 1.5), 1.5),
        (5, (1.5,), 1.5),
        (5, (0.86,), 0.86),
        (1, (0.05, 1.5), None),
        (1, (0.05,), None),
    ],
)
def test_voltage_limits_by_direction(out_h, limits, ends_at):
    table = CurrentTable(
        np.cumsum([0, 3, 1, out_h, 1]) * 3600.0,
        [0.066, 0, -0.066, 0, 0],
        limits=tuple(map(VoltageLimit, limits)),
    )
    solution = simulated(table)
    assert solution.steps[0].outcome is (Outcome.TABLE if ends_at is None else Outcome.VOLTAGE)
    if ends_at is not None:
        assert solution.voltage_V[-1] == pytest.approx(ends_at, abs=1e-9)
        assert solution.current_A_per_g[-1] * (1.0 if ends_at < 1.0 else -1.0) > 0.0


def test_a_limit_passed_by_the_ohmic_drop_ends_the_step_at_the_row():
    cell = "li-sb-llzo"
    table = CurrentTable([0.0, 3600.0, 7200.0], [0.01, 2.0, 0.0], limits=(VoltageLimit(0.5),))
    solution = simulated(table, cell)
    assert solution.steps[0].outcome is Outcome.VOLTAGE
    assert solution.time_s[-1] == pytest.approx(3600.0, abs=60.0)


def test_other_limits():
    table = [[0.0, 7200.0, 36000.0], [0.2, 0.066, 0.0]]
    assert simulated(CurrentTable(*table, limits=(TimeLimit(9000.0),))).time_s[-1] == 9000.0
    solution = simulated(CurrentTable(*table, limits=(CompositionLimit(1.0),)))
    assert solution.steps[0].outcome is Outcome.COMPOSITION
    assert solution.composition[-1] == pytest.approx(1.0, abs=1e-9)


def test_saved_solutions_carry_the_table(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("cell.csv").write_text("time/h,current/mA\n0,0.066\n5,0\n6,-0.066\n10,0\n")
    solution = simulated(["Run cell.csv until 1.5 V", "Rest for 1 h"], electrode_mass_g=1e-3)
    solution.save("run.npz")
    Path("cell.csv").unlink()
    loaded = sbpath.load_solution("run.npz")
    assert loaded.protocol == solution.protocol
    again = sbpath.simulate_again(loaded, progress=False)
    np.testing.assert_array_equal(again.voltage_V, solution.voltage_V)


def test_sweeps_run_tables(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("cell.csv").write_text("time/h,current/mA/g\n0,66\n5,0\n6,-66\n12,0\n")
    name = "interfaces.Sb|Li2Sb.energy_J_per_m2"
    protocol = [("Run cell.csv until 1.5 V", "Rest for 1 h")]
    rows = sbpath.sweep(
        "li-sb", f"{name}=0.13..0.14:2", protocol=protocol, measure=last_voltage, progress=False, workers=1
    )
    alone = simulated(protocol, sbpath.load_mechanism("li-sb", {name: 0.13}))
    assert alone.steps[0].outcome is Outcome.VOLTAGE
    assert rows["voltage"][0] == alone.voltage_V[-1]


def last_voltage(solution):
    return {"voltage": float(solution.voltage_V[-1])}


def test_too_many_rows_ask_for_an_output_period():
    table = CurrentTable(np.arange(5001) * 0.1, 0.05 + 0.01 * (np.arange(5001) % 2))
    _, reason = outcome_of(table, End(TOO_MANY_ROWS, -1, 1.0, 1.0, 1.0), 1)
    assert reason == (
        "it would give more than 1,000,000 rows with no output period; give it one, such as (60 second period)"
    )
    assert len(simulated(dataclasses.replace(table, period_s=10.0)).time_s) == 51


def test_too_large_a_current_is_refused():
    with pytest.raises(sbpath.InputError, match="the current is above 10000 A per g of host"):
        simulated(CurrentTable([0.0, 1.0], [-2e4, 0.0]))
