"""Oracles: single simulations, SciPy's own samples, and the same sweep on another engine or in one go."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import warnings
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import measures
import numpy as np
import pytest
from scipy.stats import qmc

import sbpath
import sbpath.sweeps.plan as plan_module
import sbpath.sweeps.store as store_module
from sbpath import InputError, SbpathError, cycling, load_mechanism, load_sweep, simulate, sweep
from sbpath.mechanism.mechanism import Mechanism
from sbpath.protocol.steps import Rate
from sbpath.results.cycles import first_cycle_efficiency, half_cycles, last_loop
from sbpath.results.pathways import pathways
from sbpath.sweeps.executors import WORKER_DIED, _WorkerProcesses
from sbpath.sweeps.plan import Plan
from sbpath.sweeps.points import Sample
from sbpath.sweeps.ranges import Range, Variation

RATES, TEMPERATURES = "rate=C/10..2C:4", "temperature=10..60:6"
ENERGY = "interfaces.Sb|Li3Sb.energy_J_per_m2"


def run(*arguments, **options):
    return sweep(*arguments, **{"cycles": 1, "measure": measures.charge, "progress": False, **options})


def same(one, other, but=("run_s",)):
    """Row for row the same, but for how long it took."""
    assert list(one.columns) == list(other.columns)
    assert one.about == other.about
    for name in set(one.columns) - set(but):
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


@pytest.fixture(scope="module")
def whole():
    """Rates by temperatures, in this process and in one go."""
    return run("li-sb", [RATES, TEMPERATURES])


# -- rows against simulations --------------------------------------------------------------------------


def test_each_row_is_its_simulation():
    table = sweep("li-sb", "rate=C/20..1C:3", cycles=2, progress=False)
    assert table["rate"].tolist() == pytest.approx([0.05, np.sqrt(0.05), 1.0])
    for row, rate in enumerate(table["rate"]):
        solution = simulate("li-sb", cycling(Rate(rate, "C"), 0.05, 1.5, 2), progress=False)
        last, into, out = last_loop(solution)
        shares = [way.paths[0].share / sum(p.share for p in way.paths) for way in pathways(solution)[-2:]]
        assert {name: table[name][row] for name in table.measured} == {
            "insertion_capacity_mAh_per_g": into.capacity_mAh_per_g,
            "extraction_capacity_mAh_per_g": out.capacity_mAh_per_g,
            "insertion_mean_voltage_V": into.mean_voltage_V,
            "extraction_mean_voltage_V": out.mean_voltage_V,
            "hysteresis_mV": last.hysteresis_mV,
            "loop_J_per_g": last.loop_J_per_g,
            "coulombic_efficiency": last.coulombic_efficiency,
            "voltage_efficiency": last.voltage_efficiency,
            "energy_efficiency": last.energy_efficiency,
            "first_cycle_efficiency": first_cycle_efficiency(solution),
            "film_mAh_per_g": 0.0,
            "idle_film_mAh_per_g": 0.0,
            "cut_off_mAh_per_g": 0.0,
            "live_share": 1.0,
            "insertion_path": "Sb -> Li2Sb -> Li3Sb",
            "insertion_path_share": shares[0],
            "extraction_path": "Li3Sb -> Sb",
            "extraction_path_share": shares[1],
        }  # fmt: skip
        assert 1e-4 < table["run_s"][row] < 10.0
    assert not table.failed.any()


def test_numbers_of_mechanism_design_and_protocol_reach_the_run():
    vary = [
        f"{ENERGY}=0.16,0.22",
        "electrode.active_fraction=0.5..1:2",
        "current=40..80 mA/g:2",
        "floor=0.05..0.3:2",
    ]
    steps = ("Discharge at {current} until { floor } V", "Charge at C/5 until 1.5 V")
    table = run("li-sb", vary, protocol=[steps], temperature_C=40.0)
    assert len(table) == 16
    # The last one changes fastest.
    assert table["floor"].tolist() == [0.05, 0.3] * 8
    assert table[ENERGY].tolist() == [0.16] * 8 + [0.22] * 8
    for row in (0, 5, 10, 15):
        energy, share, current, floor = (table[name][row] for name in table.parameters)
        mechanism = load_mechanism("li-sb", {ENERGY: energy, "electrode.active_fraction": share})
        protocol = [(f"Discharge at {current} mA/g until {floor} V", steps[1])]
        solution = simulate(mechanism, protocol, temperature_C=40.0, progress=False)
        assert table["most_mAh_per_g"][row] == solution.charge_mAh_per_g.max()
    assert table.units == {ENERGY: "", "electrode.active_fraction": "", "current": "mA/g", "floor": ""}


def test_the_rate_may_stand_in_a_protocol_and_a_run_may_lack_a_cycle():
    table = sweep("li-sb", "rate=C/5,1C", protocol=["Insert at {rate} until 0.05 V"], progress=False)
    for row, rate in enumerate(("C/5", "1C")):
        (half,) = half_cycles(simulate("li-sb", f"Insert at {rate} until 0.05 V", progress=False))
        assert table["insertion_capacity_mAh_per_g"][row] == half.capacity_mAh_per_g
        assert table["insertion_path"][row] == "Sb -> Li2Sb -> Li3Sb"
    assert np.isnan(table["hysteresis_mV"]).all()
    assert np.isnan(table["extraction_mean_voltage_V"]).all()
    assert not table.failed.any()


def test_samples_are_scipys():
    ranges = [Range("rate", 0.1, 2.0, logarithmic=True), Range("temperature", 10.0, 60.0)]
    for text, kind in (("sobol:8", qmc.Sobol), ("lhs:5", qmc.LatinHypercube)):
        table = run("li-sb", ranges, sample=text, seed=3)
        wanted = qmc.scale(kind(2, seed=3).random(len(table)), [np.log(0.1), 10.0], [np.log(2.0), 60.0])
        np.testing.assert_allclose(np.log(table["rate"]), wanted[:, 0], rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(table["temperature"], wanted[:, 1], rtol=1e-12)
    same(run("li-sb", ["rate=C/10..2C", "temperature=10..60"], sample=Sample("lhs", 5, 3)), table)


# -- failures ----------------------------------------------------------------------------------------------


def test_a_run_that_fails_is_a_row_with_its_reason(tmp_path):
    out = tmp_path / "f.csv"
    table = run("li-sb", ["temperature=-300..25:2", "rate=C/2..1C:2"], out=out)
    assert table.failed.tolist() == [True, True, False, False]
    assert "temperature_C: must be a number from -150 to 1500, not -300" in table["failure"][0]
    assert np.isnan(table["most_mAh_per_g"][:2]).all()
    assert table["ended"].tolist() == ["", "", "VOLTAGE", "VOLTAGE"]
    # A simulation that gives up, and a number that the mechanism cannot have.
    steps = ["Hold at {level} V until 100C or for 1 h", "Insert at C/10 until 0.001 V"]
    table = run("li-sb", "electrode.active_fraction=0.8..1.2:3", protocol=steps[1])
    assert table["failure"][2].endswith("must be above 0 and at most 1, but is 1.2")
    table = run(
        "li-sb",
        "depth=0.1,2.9",
        protocol=["Insert at C/10 until x = {depth}", "Extract at 1 mA/g until x = 1"],
    )
    assert not table.failed.any()
    # What failed is not run again.
    again = run("li-sb", ["temperature=-300..25:2", "rate=C/2..1C:2"], out=out)
    same(again, load_sweep(tmp_path / "f.sqlite"), but=())


def test_a_measure_that_fails_or_gives_what_cannot_be_kept_is_a_row_with_its_reason():
    table = run("li-sb", "temperature=0,10,20,30,40", rate="1C", measure=measures.broken)
    assert table["failure"].tolist() == [
        "",
        "measure: ZeroDivisionError: float division by zero",
        "measure: TypeError: must return a dict of numbers and strings by name, not [1.0]",
        table["failure"][3],
        "measure: ValueError: 'temperature' cannot be a name here; choose another",
    ]
    assert table["failure"][3].startswith(
        "measure: TypeError: curve: must be a number or a string, not array("
    )
    assert table.measured == ("nothing", "whole", "true", "not_a_number")
    assert [table[name][0] for name in ("whole", "true")] == [3.0, 1.0]
    assert np.isnan([table[name][0] for name in ("nothing", "not_a_number")]).all()


@pytest.mark.parametrize(
    ("vary", "options", "words"),
    [
        ([RATES, "temprature=0..60:3"], {}, ["temprature: cannot be varied; did you mean 'temperature'?"]),
        ("kinetics.growth=1..2:2", {}, ["there is no 'growth' here"]),
        ("interfaces.Sb|Li4Sb.energy_J_per_m2=1..2:2", {}, ["did you mean 'Sb|Li3Sb'"]),
        ([], {}, ["give at least one quantity"]),
        ("rate=1C..C/10:3", {}, ["does not rise"]),
        ("kinetics.growth_rate_per_s=0..1:3,log", {}, ["begins at 0, which has no logarithm"]),
        (f"{ENERGY}=0.1..0.2", {}, ["the count is missing"]),
        (f"{ENERGY}=0.1..0.2:3", {"sample": "lhs:5"}, ["omit ':3'"]),
        (f"{ENERGY}=100..200 mV:3", {}, ["has the unit 'mV', which does not fit; use J/m2, mJ/m2"]),
        ([RATES, RATES], {}, ["rate: varies twice"]),
        ([f"{ENERGY}=0.1..0.2:2", "interfaces.Li3Sb|Sb.energy_J_per_m2=0.1..0.2:2"], {}, ["varies twice"]),
        ("a=1..2 h:2", {"protocol": "Rest for {a} or {b}"}, ["nothing is given for {b}"]),
        ("a=1..2 V:2", {"protocol": "Rest for {a}"}, ["'Rest for 1.0 V'".replace(".0", ""), "'for' takes a time"]),
        (RATES, {"protocol": "Rest for 1 h"}, ["write {rate} into the steps"]),
        (TEMPERATURES, {"protocol": "Rest for 1 h", "rate": "1C"}, ["rate: has no effect with a protocol"]),
        (TEMPERATURES, {"protocol": [3]}, ["a step is a line of text, not 3"]),
        (RATES, {"graph": "candidat"}, ["did you mean 'candidate'"]),
        (RATES, {"temperature_C": -300.0}, ["temperature_C", "-300"]),
        (RATES, {"cycles": 0}, ["cycles: must be a whole number"]),
        (f"{ENERGY}=-0.1..0.1:3", {}, ["must not be negative"]),
        ("rate=C/10..1C", {"sample": "sobol:100"}, ["power of 2", "sobol:64 or sobol:128"]),
        ("rate=C/10..1C", {"sample": "grid:9"}, ["no 'grid'", "lhs:100"]),
        ("rate=C/10..1C", {"sample": "lhs"}, ["WAY:COUNT"]),
        ("rate=C/10..1C", {"sample": "lhs:4", "seed": -1}, ["seed", "-1"]),
        (RATES, {"sample": Sample("lhs", 4)}, ["omit ':4'"]),
        ("rate=C/10..1C", {"sample": 8}, ["sample: must be a Sample or text in quotes, not 8"]),
        (5, {}, ["vary: must be a string or a list of them, not 5"]),
        ("rate=10..100mA/g:4", {}, ["rate: '10' is not a C-rate", "C/10 or 0.1C", "{current}"]),
        ("rate=C/10..C/5:99999999999", {}, ["99,999,999,999 values are too many"]),
        ("current=1..2 mA/g:2", {"protocol": "Insert at {curent} for 1 h"}, ["{curent}; did you mean 'current'?"]),
        ("cut=1..2:2", {"protocol": "Insert at C/10 until {cot} V"}, ["{cot}; did you mean 'cut'?"]),
        (RATES, {"rate": "C/5"}, ["rate: varies, but a value is given"]),
        (TEMPERATURES, {"temperature_C": 30.0}, ["temperature: varies, but a value is given"]),
        (TEMPERATURES, {"temperature_C": "x"}, ["temperature: varies, but a value is given"]),
        (RATES, {"temperature_C": "x"}, ["temperature_C", "'x'"]),
        ("temperature_C=0..20:3", {"temperature_C": 30.0}, ["temperature_C: varies, but a value is given"]),
        ([TEMPERATURES, "temperature_C=0..20:3"], {}, ["temperature_C: has no effect where temperature varies"]),
        (RATES, {"seed": 3}, ["seed: has no effect without a sample"]),
        (RATES, {"seed": -1}, ["seed: has no effect without a sample"]),
        ("rate=C/10..1C", {"sample": Sample("lhs", 4, 3), "seed": 7}, ["seed: is part of the Sample"]),
        (["rate=C/10..1C:2000", "temperature=0..1:2000"], {}, ["4,000,000 runs are too many"]),
        (RATES, {"workers": 0}, ["workers", "0"]),
        (RATES, {"workers": 2, "executor": ThreadPoolExecutor()}, ["workers", "executor"]),
        (RATES, {"executor": 3}, ["submit", "3"]),
        (RATES, {"options": 1e-6}, ["SolverOptions"]),
        (RATES, {"measure": "hysteresis"}, ["measure: must be a function"]),
        (RATES, {"out": "runs.db"}, ["runs.db", ".sqlite, .csv or .parquet"]),
        (RATES, {"out": "no/such/folder.sqlite"}, ["no folder"]),
        (RATES, {"measure": lambda _: {}, "workers": 2}, ["measure: must be at the top level of a module"]),
    ],
)  # fmt: skip
def test_wrong_input_is_told_before_anything_is_run(tmp_path, monkeypatch, vary, options, words):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plan_module, "run", lambda *_, **__: pytest.fail("a run was started"))
    with pytest.raises(InputError) as caught:
        run("li-sb", vary, **options)
    assert len(caught.value.problems) == 1
    for word in words:
        assert word in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_all_mistakes_are_told_at_once(tmp_path):
    out = tmp_path / "other.sqlite"
    run("na-sb", "rate=1C,2C", out=out)
    before = out.read_bytes()
    vary = ["temprature=0..60:3", "rate=0C..1C:4", "kinetics.x=2..1:3", "kinetics.growth_rate=1..2:2"]
    with pytest.raises(InputError) as caught:
        run("li-sb", vary, sample="sobol:5", workers=-1, out=out)
    assert len(caught.value.problems) == 6
    with pytest.raises(InputError) as caught:
        run("li-sb", vary, workers=-1, out=out)
    for problem, words in zip(
        caught.value.problems,
        (
            "rate: '0C' is not a C-rate above 0",
            "2..1 does not rise",
            "did you mean 'temperature'",
            "did you mean 'kinetics.growth_rate_per_s'",
            "workers: must be",
        ),
        strict=True,
    ):
        assert words in problem
    # Only a sweep without mistakes is another one than that in the file.
    with pytest.raises(InputError, match=r"other\.sqlite: holds a different sweep, with 2 runs") as caught:
        run("li-sb", RATES, out=out)
    assert len(caught.value.problems) == 1
    assert out.read_bytes() == before


# -- the file -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"vary": [RATES, "temperature=10..60:7"]}, "what varies, how many runs there are"),
        ({"rate": "C/5", "vary": TEMPERATURES}, "the protocol, rate or cycles, what varies"),
        ({"cycles": 2}, "the protocol, rate or cycles"),
        ({"graph": "reported"}, "graph"),
        ({"measure": measures.slow}, "what is measured"),
        ({"mechanism": "li-sb-llzo"}, "the numbers of the mechanism"),
        ({"options": sbpath.SolverOptions(rtol=1e-5)}, "options"),
        ({"vary": ["rate=C/10..2C", "temperature=10..60"], "sample": "lhs:24"}, "what varies, sample"),
    ],
)
def test_a_file_of_another_sweep_is_refused_and_left_alone(tmp_path, whole, change, words):
    out = tmp_path / "s.sqlite"
    run("li-sb", [RATES, TEMPERATURES], out=out)
    before = out.read_bytes()
    with pytest.raises(
        InputError, match=f"holds a different sweep, with 24 runs, which differs in .*{words}"
    ):
        run(change.pop("mechanism", "li-sb"), change.pop("vary", [RATES, TEMPERATURES]), out=out, **change)
    assert out.read_bytes() == before
    same(load_sweep(out), whole)


def test_a_file_that_is_no_sweep_is_refused_and_left_alone(tmp_path):
    plain, foreign = tmp_path / "notes.sqlite", tmp_path / "foreign.sqlite"
    plain.write_text("my notes, at least as long as a header of SQLite would be: " * 20)
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE about (contents TEXT)")
    connection.close()
    for path in (plain, foreign):
        before = path.read_bytes()
        with pytest.raises(InputError, match="is not a sweep"):
            run("li-sb", RATES, out=path)
        with pytest.raises(InputError, match="is not a sweep"):
            load_sweep(path)
        assert path.read_bytes() == before
    with pytest.raises(InputError, match="there is no such file"):
        load_sweep(tmp_path / "none.sqlite")
    with pytest.raises(InputError, match="path: must be text in quotes or a path, not 3"):
        load_sweep(3)


def test_stopped_and_resumed_is_uninterrupted_row_for_row(tmp_path, monkeypatch):
    monkeypatch.setenv(measures.FOLDER, str(tmp_path))
    vary = ["temperature=10..60:6", RATES]
    uninterrupted = run("li-sb", vary, measure=measures.stopped)
    out, stop = tmp_path / "s.csv", tmp_path / "stop"
    stop.touch()
    with pytest.raises(
        KeyboardInterrupt, match=r"^stopped; 3 of 24 runs are in .*s\.sqlite, give the same command again"
    ):
        run("li-sb", vary, measure=measures.stopped, out=out)
    assert not out.exists()
    kept = load_sweep(tmp_path / "s.sqlite")
    assert repr(kept) == "<SweepTable li-sb over temperature, rate: 3 of 24 runs, 0 failed>"
    stop.unlink()
    resumed = run("li-sb", vary, measure=measures.stopped, out=out)
    same(resumed, uninterrupted)
    # What had been run was not run again: even its time stands.
    assert resumed["run_s"][:3].tolist() == kept["run_s"].tolist()
    assert out.exists()
    monkeypatch.setattr(plan_module, "run", lambda *_, **__: pytest.fail("a run was started"))
    same(run("li-sb", vary, measure=measures.stopped, out=out), resumed, but=())


def test_what_is_done_is_in_the_file_while_the_next_run_goes_on(tmp_path):
    out = tmp_path / "s.sqlite"

    def looking(solution):
        if solution.temperature_C < 30.0:
            return {"there": 0}
        kept = rows_of(out, 2, patience=10.0)
        # Nor is the file locked meanwhile.
        with sqlite3.connect(out, timeout=1.0) as other:
            other.execute("BEGIN IMMEDIATE")
        other.close()
        return {"there": len(kept)}

    table = run("li-sb", "temperature=10,20,30", measure=looking, workers=1, out=out)
    assert table["failure"].tolist() == ["", "", ""]
    assert table["there"].tolist() == [0, 0, 2]
    assert [path.name for path in tmp_path.iterdir()] == ["s.sqlite"]


def test_a_file_that_can_no_longer_be_written_ends_the_sweep(tmp_path, monkeypatch):
    monkeypatch.setattr(store_module, "WRITE_INTERVAL_S", 0.05)
    out, runs = tmp_path / "s.sqlite", []

    def spoiling(solution):
        runs.append(solution)
        if len(runs) == 2:
            with sqlite3.connect(out) as other:
                other.execute("DROP TABLE runs")
            other.close()
        time.sleep(0.1)
        return {}

    with pytest.raises(SbpathError, match=r"s\.sqlite: cannot be written: no such table: runs"):
        run("li-sb", "temperature=10..50:40", measure=spoiling, workers=1, out=out)
    assert len(runs) < 10


def test_two_sweeps_into_one_file_at_once_are_one(tmp_path, whole):
    out = tmp_path / "s.sqlite"
    store_module.Store(out, whole.about, tuple(whole.parameters)).connection.close()
    with ThreadPoolExecutor(2) as both:
        tables = list(both.map(lambda _: run("li-sb", [RATES, TEMPERATURES], out=out), range(2)))
    for table in (*tables, load_sweep(out)):
        same(table, whole)


def test_exports_read_back(tmp_path, whole):
    import pandas

    out = tmp_path / "s.csv"
    table = run("li-sb", [RATES, TEMPERATURES], out=out)
    same(table, whole)
    same(load_sweep(tmp_path / "s.sqlite"), table, but=())
    heads = ["rate [C]", "temperature [°C]", "most_mAh_per_g", "ended", "run_s", "failure"]
    read = pandas.read_csv(out, keep_default_na=False)
    assert list(read) == heads
    for head, column in zip(heads, table.columns.values(), strict=True):
        assert read[head].tolist() == column.tolist()
    pandas.testing.assert_frame_equal(table.to_pandas(), read)
    with pytest.raises(InputError, match="did you mean 'temperature'"):
        table["temprature"]
    with pytest.raises(ValueError, match="read-only"):
        table["rate"][0] = 1.0


def test_parquet_is_written_or_said_to_need_pyarrow(tmp_path, whole, monkeypatch):
    out = tmp_path / "s.parquet"
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "pyarrow", None)
        with pytest.raises(InputError, match="pip install pyarrow"):
            run("li-sb", [RATES, TEMPERATURES], out=out)
    assert list(tmp_path.iterdir()) == []
    parquet = pytest.importorskip("pyarrow.parquet")
    run("li-sb", [RATES, TEMPERATURES], out=out)
    read = parquet.read_table(out).to_pydict()
    assert read["temperature [°C]"] == whole["temperature"].tolist()
    assert read["ended"] == whole["ended"].tolist()


# -- executors ----------------------------------------------------------------------------------------------


def test_a_run_shares_every_record_that_it_does_not_change(monkeypatch):
    """Which is what makes a point cheap: no document is read and no other record is made anew."""
    mechanism = load_mechanism("li-sb")
    monkeypatch.setattr(Mechanism, "document", property(lambda _: pytest.fail("written out for a run")))
    varied = [Variation(ENERGY, (0.16, 0.22)), Variation("phases.Li3Sb.enthalpy_J_per_mol", (-3e5, -2.9e5))]
    names = tuple(v.name for v in varied)
    plan = Plan(mechanism, mechanism.default_graph, names, units=("",) * len(names))
    run_with = plan.experiment((0.16, -3e5)).mechanism
    assert run_with.phases["Li3Sb"].enthalpy_J_per_mol.value == -3e5
    assert run_with.interface("Sb", "Li3Sb").energy_J_per_m2.value == 0.16
    assert run_with.kinetics is mechanism.kinetics
    assert run_with.phases["Li2Sb"] is mechanism.phases["Li2Sb"]
    assert run_with.phases["Li3Sb"].cell is mechanism.phases["Li3Sb"].cell
    for own, shared in zip(run_with.transformations, mechanism.transformations, strict=True):
        assert own is shared


def test_any_executor_gives_the_same_table(whole):
    with ThreadPoolExecutor(2) as executor:
        same(run("li-sb", [RATES, TEMPERATURES], executor=executor), whole)


def test_threads_share_nothing_of_a_run():
    vary = [f"{ENERGY}=0.16..0.22:20", "kinetics.growth_rate_per_s=1e-3..2e-3:4"]
    with ThreadPoolExecutor(8) as executor:
        threads = run("li-sb", vary, rate="2C", measure=measures.energy, executor=executor)
    same(threads, run("li-sb", vary, rate="2C", measure=measures.energy))
    assert threads["energy_J_per_m2"].tolist() == threads[ENERGY].tolist()


def test_worker_processes_give_the_same_table_and_a_killed_one_loses_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv(measures.FOLDER, str(tmp_path))
    out = tmp_path / "s.sqlite"
    vary = ["temperature=10,20,30,50,60", RATES]
    killed = run("li-sb", vary, measure=measures.deadly, workers=2, out=out)
    # One process was killed, in the middle of a task, with all four rates at 20 C to come.
    assert [path.name for path in tmp_path.glob("*-*")] == ["20.0-0"]
    plain = run("li-sb", vary)
    assert killed["most_mAh_per_g"].tolist() == plain["most_mAh_per_g"].tolist()
    assert not killed.failed.any()
    same(load_sweep(out), killed, but=())


def test_a_point_that_kills_its_worker_twice_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setenv(measures.FOLDER, str(tmp_path))
    table = run("li-sb", ["temperature=30,40,50", "rate=1C,2C"], measure=measures.deadly, workers=2)
    assert table["failure"].tolist() == ["", "", WORKER_DIED, WORKER_DIED, "", ""]
    # Twice for each of the two points, and never again.
    assert len(list(tmp_path.glob("40.0-*"))) == 4
    assert np.isfinite(table["most_mAh_per_g"]).tolist() == [True, True, False, False, True, True]


def test_an_executor_that_breaks_leaves_what_is_done(tmp_path):
    class Breaking:
        """Carries out three tasks, and is broken after them."""

        left = 3

        def submit(self, function, *arguments):
            if self.left == 0:
                raise BrokenProcessPool("a process died")
            self.left -= 1
            future = Future()
            future.set_result(function(*arguments))
            return future

    out = tmp_path / "s.sqlite"
    with pytest.raises(SbpathError, match=r"accepts no more runs: a process died; finished runs are kept"):
        # With runs as long as a task, each is one of its own.
        run("li-sb", TEMPERATURES, executor=Breaking(), out=out, measure=measures.long)
    assert len(load_sweep(out)) == 3
    with ThreadPoolExecutor(6) as executor:
        table = run("li-sb", TEMPERATURES, executor=executor, out=out, measure=measures.long)
    assert table["most_mAh_per_g"].tolist() == run("li-sb", TEMPERATURES)["most_mAh_per_g"].tolist()


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="signals can be blocked on POSIX only")
def test_ctrl_c_reaches_no_worker_not_even_one_that_is_starting():
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    workers = _WorkerProcesses(1)
    try:
        (pool, ready), *_ = workers.pools
        (process,) = pool._processes.values()
        os.kill(process.pid, signal.SIGINT)
        ready.result(timeout=60)
        os.kill(process.pid, signal.SIGINT)
        assert pool.submit(abs, -1).result(timeout=60) == 1
    finally:
        workers.close()
    # This process receives it as before.
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == mask
    assert signal.SIGINT not in mask


def test_what_the_workers_cannot_run_is_an_error_and_no_row():
    class Refusing:
        def submit(self, function, *arguments):
            future = Future()
            future.set_exception(ModuleNotFoundError("No module named 'sbpath'"))
            return future

    with pytest.raises(
        SbpathError, match="the workers cannot run this: ModuleNotFoundError: No module named"
    ):
        run("li-sb", TEMPERATURES, executor=Refusing())


def alive(pid):
    """Whether a process runs; what is dead and not yet waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def rows_of(path, least, patience=60.0):
    """The sweep in a file that is being written, once it has so many rows."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        try:
            if len(table := load_sweep(path)) >= least:
                return table
        except InputError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"{path}: not {least} rows in {patience} s")


SLOW = ["rate=C/10..2C:20", "temperature=10..60:15"]
SCRIPT = f"""
import measures, sbpath
if __name__ == "__main__":
    sbpath.sweep("li-sb", {SLOW!r}, cycles=1, measure=measures.slow, workers=2, out="s.sqlite")
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes as Linux shows them")
def test_a_killed_parent_takes_its_workers_along_and_its_sweep_resumes(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    folders = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    parent = subprocess.Popen(
        [sys.executable, "script.py"], cwd=tmp_path, env={**os.environ, "PYTHONPATH": folders}
    )
    kept = rows_of(tmp_path / "s.sqlite", 30)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    workers = {int(pid) for pid in kept["pid"]}
    assert 1 <= len(workers) <= 2
    end = time.monotonic() + 10.0
    while any(map(alive, workers)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(map(alive, workers))
    kept = load_sweep(tmp_path / "s.sqlite")
    assert 30 <= len(kept) < 300
    # On threads, which can sleep at the same time.
    with ThreadPoolExecutor(16) as executor:
        resumed = run("li-sb", SLOW, measure=measures.slow, executor=executor, out=tmp_path / "s.sqlite")
    own = resumed["pid"] == os.getpid()
    assert (~own).sum() == len(kept)
    assert resumed["run_s"][~own].tolist() == kept["run_s"].tolist()
    whole = run("li-sb", SLOW)
    assert resumed["most_mAh_per_g"].tolist() == whole["most_mAh_per_g"].tolist()


def test_a_script_without_a_guard_is_told_to_have_one(tmp_path):
    (tmp_path / "script.py").write_text("import sbpath\nsbpath.sweep('li-sb', 'rate=1C,2C', workers=2)\n")
    result = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert result.returncode == 1
    assert (
        "a script must call sbpath.sweep under if __name__ == '__main__':" in result.stderr.splitlines()[-1]
    )


@pytest.mark.filterwarnings("ignore")
def test_dask_runs_it_and_a_killed_worker_loses_and_doubles_nothing(tmp_path):
    distributed = pytest.importorskip("distributed")
    out = tmp_path / "s.sqlite"
    killed = []

    def kill():
        pids = rows_of(out, 20)["pid"]
        killed.append(int(pids[-1]))
        os.kill(killed[0], signal.SIGKILL)

    killer = threading.Thread(target=kill)
    vary = ["rate=C/10..2C:16", "temperature=10..60:5"]
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        killer.start()
        table = run("li-sb", vary, measure=measures.slow, executor=client.get_executor(), out=out)
    killer.join()
    whole = run("li-sb", vary)
    same(table, load_sweep(out), but=())
    assert len(table) == 80
    assert not table.failed.any()
    assert table["most_mAh_per_g"].tolist() == whole["most_mAh_per_g"].tolist()
    # Both worked, and after the death of one a third.
    assert killed[0] in table["pid"]
    assert len(set(table["pid"])) >= 2


# -- doubts --------------------------------------------------------------------------------------------------


def test_what_only_a_combination_of_values_makes_odd_is_told():
    # E(Li2Sb/Li3Sb) rises with the one enthalpy and falls with the other; only the last of the four points is above 1.5 V.
    vary = ["phases.Li2Sb.enthalpy_J_per_mol=-230e3,-195e3", "phases.Li3Sb.enthalpy_J_per_mol=-260e3,-300e3"]
    more = ["temperature=20,25,30", "electrode.particle_radius_m=50nm,100nm"]
    with pytest.warns(
        sbpath.ValidityWarning, match=r"Li3Sb' is in equilibrium at 1\.\d+ V, not below"
    ) as caught:
        sbpath.sweep("li-sb", [*more, *vary], cycles=1, rate="5C", workers=1, progress=False)
    assert len(caught) == 1


@pytest.mark.parametrize("study", ["sweep", "map"])
def test_what_is_odd_at_the_ends_of_what_varies_is_told_once(study):
    vary = ["temperature=-300,-150,-100,25", "electrode.particle_radius_m=1um..1mm:3"]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if study == "sweep":
            sbpath.sweep("li-sb", vary, cycles=1, workers=1, progress=False)
        else:
            sbpath.selection_map("li-sb", *vary, cycles=1, progress=False)
    told = [str(warning.message).partition(",")[0] for warning in caught]
    assert sorted(told) == [
        "li-sb: electrode.particle_radius_m: 0.001 m is unlikely for a particle radius (1e-09 to 0.0001); is it in mm? then 1e-06",
        "li-sb: simulated at -150 C",
    ]
    assert {warning.filename for warning in caught} == {__file__}
