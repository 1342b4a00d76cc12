"""Long runs: what is kept, and what is known of every cycle all the same.

Oracles: the run that keeps everything, sums over its rows as the definitions have them, and the
conservation of energy. Costs are counted in numbers handled, not in seconds.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from bare import bare

import sbpath
from sbpath import plots, run_record, simulation
from sbpath import solution as solution_module
from sbpath.cycle_table import CHANGES, CycleTable, tabulated
from sbpath.halfcycles import charge_runs
from sbpath.results.cycles import cycle_summaries, half_cycles, half_cycles_of, last_loop, spans
from sbpath.results.export import columns, to_bdf
from sbpath.results.loss_breakdown import hysteresis_profile, loss_breakdown, loss_breakdowns

# Cycles that differ: two half cycles, four of them, sweeps whose current turns late, and one that only rests.
CYCLE = (
    "Insert at C/5 until 0.05 V",
    "Rest for 1 h",
    "Extract at C/5 until 1.5 V",
    "Hold at 1.5 V until C/100",
)
LOOPS = (
    "Insert at C/5 until x = 2",
    "Extract at C/5 until x = 1",
    "Insert at C/5 until 0.05 V",
    "Extract at C/5 until 1.5 V",
)
SWEEPS = ("Sweep at 1 mV/s to 0.05 V", "Sweep at 1 mV/s to 1.5 V")
PROTOCOL = [CYCLE, SWEEPS, ("Rest for 1 h",), LOOPS, CYCLE, CYCLE, LOOPS, CYCLE, SWEEPS, CYCLE, CYCLE]  # fmt: skip
KEPT = {1: range(1, 12), 3: (1, 3, 6, 9, 11), 5: (1, 5, 10, 11), "ends": (1, 11)}


@pytest.fixture(scope="module")
def whole():
    return sbpath.simulate(bare("li-sb-llzo"), PROTOCOL, progress=False)


@pytest.fixture(scope="module", params=KEPT)
def thinned(request):
    """Runs that keep some rows, in batches that end anywhere within cycles."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulation, "BATCH_ROWS", 700)
        return sbpath.simulate(bare("li-sb-llzo"), PROTOCOL, keep=request.param, progress=False)


def along_rows(solution):
    """The arrays of a solution whose last axis is the rows."""
    found = {f.name: getattr(solution, f.name) for f in dataclasses.fields(solution)}
    return {name: a for name, a in found.items() if isinstance(a, np.ndarray)}


def rows_of_cycle(solution, cycle):
    (rows,) = np.nonzero(solution.cycle == cycle)
    return slice(int(rows[0]), int(rows[-1]) + 1)


def assert_tables_equal(one, other):
    for item in dataclasses.fields(CycleTable):
        np.testing.assert_array_equal(getattr(one, item.name), getattr(other, item.name), strict=True)


# -- what is kept ---------------------------------------------------------------------------------------------


def test_rows_of_kept_cycles_are_those_of_the_whole_run(whole, thinned):
    assert thinned.kept_cycles == tuple(KEPT[thinned.experiment.keep])
    for cycle in thinned.kept_cycles:
        here, there = rows_of_cycle(thinned, cycle), rows_of_cycle(whole, cycle)
        for name, values in along_rows(whole).items():
            np.testing.assert_array_equal(
                along_rows(thinned)[name][..., here], values[..., there], strict=True
            )
        assert thinned.direction()[here] == whole.direction()[there]


def test_of_other_steps_both_ends_are_kept_or_nothing(whole, thinned):
    for ours, theirs in zip(thinned.steps, whole.steps, strict=True):
        assert dataclasses.replace(ours, first=theirs.first, last=theirs.last) == theirs
        if ours.cycle in thinned.kept_cycles:
            assert ours.last - ours.first == theirs.last - theirs.first
            continue
        ends_cycle = theirs.number == len(whole.steps) or whole.steps[theirs.number].cycle > theirs.cycle
        wanted = thinned.experiment.keep == "ends" or (ends_cycle and theirs.cycle + 1 in thinned.kept_cycles)
        assert ours.last - ours.first == (min(2, theirs.last - theirs.first) if wanted else 0)
        if wanted:
            for name, values in along_rows(whole).items():
                kept = along_rows(thinned)[name][..., [ours.first, ours.last - 1]]
                np.testing.assert_array_equal(kept, values[..., [theirs.first, theirs.last - 1]])
    assert thinned.steps[-1].last == len(thinned.time_s)


def test_a_population_keeps_the_snapshots_of_its_kept_rows():
    population = sbpath.Population.lognormal(3, size=0.4)
    protocol = sbpath.cycling("C/2", 0.05, 1.5, cycles=7)
    whole, some = (
        sbpath.simulate(bare("li-sb"), protocol, population=population, keep=keep, progress=False)
        for keep in ("all", 3)
    )
    present = set(zip(some.step.tolist(), some.time_s.tolist(), strict=True))
    rows = whole.particles.row
    instants = zip(whole.step[rows].tolist(), whole.time_s[rows].tolist(), strict=True)
    kept = np.array([instant in present for instant in instants])
    assert 0.4 < kept.mean() < 0.7
    np.testing.assert_array_equal(some.time_s[some.particles.row], whole.time_s[rows[kept]])
    np.testing.assert_array_equal(some.particles.fractions, whole.particles.fractions[kept])
    np.testing.assert_array_equal(some.particles.final, whole.particles.final)
    assert_tables_equal(some.cycle_table, whole.cycle_table)


def test_rows_that_are_not_kept_do_not_stay(monkeypatch):
    held = []

    class Watched(run_record.RunRecord):
        def add(self, part, todo):
            super().add(part, todo)
            held.append(
                (*(sum(r.shape[1] for r in rows) for rows in (self.rows, self.kept)), self.steps[-1].cycle)
            )
            assert all(rows.base is None or rows.base.shape[1] <= part.table.shape[1] for rows in self.rows)

    monkeypatch.setattr(simulation, "RunRecord", Watched)
    monkeypatch.setattr(simulation, "BATCH_ROWS", 3_000)
    solution = sbpath.simulate(
        bare("li-sb"), sbpath.cycling("C/10", 0.05, 1.5, cycles=60), keep="ends", progress=False
    )
    a_cycle = int(np.sum(solution.cycle == 1))
    assert len(held) > 10
    for pending, kept, cycle in held:
        assert pending <= 2.1 * a_cycle
        assert kept <= a_cycle + 4 * cycle


def test_a_run_that_fails_keeps_the_cycle_of_the_failure():
    protocol = [CYCLE] * 5 + [("Extract at C/5 until 1.5 V", "Insert at C/5 for 40 h")] + [CYCLE]
    with pytest.raises(sbpath.SimulationError) as ours:
        sbpath.simulate(bare("li-sb"), protocol, keep=3, progress=False)
    with pytest.raises(sbpath.SimulationError) as theirs:
        sbpath.simulate(bare("li-sb"), protocol, progress=False)
    some, whole = ours.value.solution, theirs.value.solution
    assert str(ours.value) == str(theirs.value)
    assert some.kept_cycles == (1, 3, 6)
    np.testing.assert_array_equal(some.voltage_V[some.cycle == 6], whole.voltage_V[whole.cycle == 6])
    assert_tables_equal(some.cycle_table, whole.cycle_table)


# -- what is known of every cycle -------------------------------------------------------------------------------


def test_the_table_does_not_depend_on_what_is_kept(whole, thinned):
    assert_tables_equal(thinned.cycle_table, whole.cycle_table)


def test_whatever_is_read_from_it_does_not_either(whole, thinned):
    assert cycle_summaries(thinned) == cycle_summaries(whole)
    for ours, theirs in zip(sbpath.pathways(thinned), sbpath.pathways(whole), strict=True):
        assert (ours.cycle, ours.direction, ours.paths) == (theirs.cycle, theirs.direction, theirs.paths)
        np.testing.assert_array_equal(ours.branching, theirs.branching)
    for ours, theirs in zip(loss_breakdowns(thinned), loss_breakdowns(whole), strict=True):
        assert ours.cycle == theirs.cycle
        np.testing.assert_array_equal(ours.losses_mV, theirs.losses_mV)
        assert ours.stored_J_per_g == theirs.stored_J_per_g
        kept = ours.cycle in thinned.kept_cycles
        assert len(ours.plateaus) == (len(theirs.plateaus) if kept else 0)
    assert sbpath.rate_capability(thinned) == sbpath.rate_capability(whole)


def test_half_cycles_are_those_of_the_kept_cycles(whole, thinned):
    wanted = [half for half in half_cycles(whole) if half.cycle in thinned.kept_cycles]
    for ours, theirs in zip(half_cycles(thinned), wanted, strict=True):
        assert dataclasses.replace(ours, rows=theirs.rows) == theirs
        np.testing.assert_array_equal(ours.curve, theirs.curve)
    (summary, insertion, extraction), theirs = last_loop(thinned), last_loop(whole)
    assert summary == theirs[0]
    assert (insertion.cycle, extraction.cycle) == (theirs[1].cycle, theirs[2].cycle)


def test_summaries_are_sums_over_rows_by_the_direction_of_charge(whole):
    charge = np.diff(whole.charge_mAh_per_g, prepend=0.0)
    energy = np.diff(whole.energy_J_per_g, prepend=0.0)
    summaries = {summary.cycle: summary for summary in cycle_summaries(whole)}
    assert sorted(summaries) == [1, 2, *range(4, 12)]
    for cycle, summary in summaries.items():
        into, out = ((whole.cycle == cycle) & (sign * charge > 0.0) for sign in (1.0, -1.0))
        inserted, extracted = charge[into].sum(), -charge[out].sum()
        delivered, taken = energy[into].sum(), -energy[out].sum()
        assert summary.coulombic_efficiency == pytest.approx(extracted / inserted, rel=1e-13)
        assert summary.voltage_efficiency == pytest.approx(
            delivered / inserted / (taken / extracted), rel=1e-13
        )
        gap = (taken / extracted - delivered / inserted) / 3.6
        assert summary.hysteresis_mV == pytest.approx(1e3 * gap, rel=1e-11)
        if summary.loop_J_per_g is not None:
            assert summary.loop_J_per_g == pytest.approx(taken - delivered, rel=1e-11)
            assert summary.energy_efficiency == pytest.approx(delivered / taken, rel=1e-13)


def test_half_cycles_in_the_table_are_differences_between_rows(whole):
    table, halves = whole.cycle_table, half_cycles(whole)
    assert table.half_cycle.tolist() == [half.cycle for half in halves]
    for k, (half, rows) in enumerate(zip(halves, spans(whole, halves), strict=True)):
        assert (table.half_direction[k] == 1) == (half.direction == "insertion")
        assert abs(table.half_charge_mAh_per_g[k]) == half.capacity_mAh_per_g
        assert abs(table.half_energy_J_per_g[k]) == half.energy_J_per_g
        if rows.start > 0:
            for name in CHANGES:
                running = getattr(whole, name)
                change = running[..., rows.stop - 1] - running[..., rows.start - 1]
                np.testing.assert_array_equal(getattr(table, f"half_{name}")[k], change)


def test_cycles_add_up_to_the_whole_run(whole, thinned):
    table = thinned.cycle_table
    into, out = table.energy_J_per_g.sum(axis=0)
    assert into - out == pytest.approx(thinned.energy_J_per_g[-1], rel=1e-12)
    inserted, extracted = table.charge_mAh_per_g.sum(axis=0)
    assert inserted - extracted == pytest.approx(thinned.charge_mAh_per_g[-1], rel=1e-9)
    # Half cycles leave out only cycle 3, a rest, in which no current flows but edges may run.
    rest = rows_of_cycle(whole, 3)
    for name in (
        "heat_parts_J_per_g",
        "joule_heat_J_per_g",
        "charge_transfer_heat_J_per_g",
        "edge_charge_mAh_per_g",
        "converted",
    ):
        running = getattr(whole, name)
        outside = running[..., -1] - (running[..., rest.stop - 1] - running[..., rest.start - 1])
        total = getattr(table, f"half_{name}").sum(axis=0)
        np.testing.assert_allclose(total, outside, rtol=1e-10, atol=1e-10)


def test_each_half_cycle_conserves_energy(thinned):
    # Energy delivered, change of what is stored, and heat.
    table = thinned.cycle_table
    heat = table.half_heat_parts_J_per_g.sum(axis=(1, 2)) + table.half_joule_heat_J_per_g
    heat = heat + table.half_charge_transfer_heat_J_per_g
    lacking = table.half_energy_J_per_g + table.half_stored_J_per_g + heat
    assert np.abs(lacking).max() < 1e-4 * np.abs(table.half_energy_J_per_g).max()


def test_an_initial_jump_counts_whatever_is_kept():
    # 5 F/g, jumping from 1.5 to 0.7 V.
    protocol = [("Hold at 0.7 V for 20 h", "Extract at C/5 until 1.5 V")] + [CYCLE] * 4
    whole, ends = (
        sbpath.simulate(bare("li-sb"), protocol, keep=keep, progress=False) for keep in ("all", "ends")
    )
    assert_tables_equal(ends.cycle_table, whole.cycle_table)
    assert ends.cycle_table.half_potential_V[0] == pytest.approx(-0.8, rel=1e-12)
    assert ends.cycle_table.half_charge_mAh_per_g[0] == pytest.approx(whole.steps[0].charge_mAh_per_g)


# -- files --------------------------------------------------------------------------------------------------------


def test_a_file_has_what_was_kept_and_the_table(thinned, tmp_path):
    again = sbpath.load_solution(thinned.save(tmp_path / "long.npz"))
    assert again.experiment == thinned.experiment
    assert again.steps == thinned.steps
    for name, values in along_rows(thinned).items():
        np.testing.assert_array_equal(along_rows(again)[name], values, strict=True)
    assert_tables_equal(again.accumulated, thinned.accumulated)
    assert again.kept_cycles == thinned.kept_cycles
    assert_tables_equal(sbpath.simulate_again(again, progress=False).accumulated, thinned.accumulated)


def test_of_a_whole_run_a_file_has_rows_only(whole, tmp_path):
    path = whole.save(tmp_path / "whole.npz")
    assert not [name for name in np.load(path).files if name.startswith("cycles.")]
    assert_tables_equal(sbpath.load_solution(path).cycle_table, whole.cycle_table)


def test_a_thousand_cycles_make_a_small_file(tmp_path):
    protocol = sbpath.cycling("C/10", 0.05, 1.5, cycles=1000)
    solution = sbpath.simulate(bare("li-sb"), protocol, keep=100, progress=False)
    assert solution.save(tmp_path / "long.npz").stat().st_size < 20e6
    assert len(cycle_summaries(solution)) == 1000
    assert len(half_cycles(solution)) == 22


# -- costs --------------------------------------------------------------------------------------------------------


class Counted(np.ndarray):
    """An array that counts the numbers that go into operations with it."""

    numbers = 0

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        plain = [np.asarray(i) if isinstance(i, Counted) else i for i in inputs]
        Counted.numbers += max(np.size(i) for i in plain)
        found = getattr(ufunc, method)(*plain, **{k: v for k, v in options.items() if k != "out"})
        return found.view(Counted) if isinstance(found, np.ndarray) else found

    def __getitem__(self, where):
        found = super().__getitem__(where)
        Counted.numbers += np.size(where) if isinstance(where, np.ndarray) else 0
        return found


def work(solution):
    """How many numbers the half cycles and the table of a whole run take."""
    Counted.numbers = 0
    charge, energy = (a.view(Counted) for a in (solution.charge_mAh_per_g, solution.energy_J_per_g))
    runs = charge_runs(charge, solution.cycle.view(Counted), solution.step)
    tabulated(
        runs, solution.cycle.view(Counted), charge, energy, solution.experiment.before_the_start(0.0),
        lambda rows: {name: getattr(solution, name).view(Counted)[..., rows] for name in CHANGES},
    )  # fmt: skip
    return Counted.numbers


def test_the_arrays_of_a_short_run_do_not_hold_the_room_for_a_long_one():
    for protocol in ("Rest for 1 s", "Insert at C/10 for 1 h", sbpath.cycling("C/10", 0.05, 1.5, cycles=3)):
        solution = sbpath.simulate(bare("li-sb"), protocol, progress=False)
        table = solution.voltage_V.base
        while isinstance(table.base, np.ndarray):
            table = table.base
        assert table.shape[-1] <= 2 * len(solution.time_s)


def test_the_table_takes_work_in_proportion_to_the_cycles():
    few, many = (
        sbpath.simulate(bare("li-sb"), sbpath.cycling("C/2", 0.05, 1.5, cycles=n), progress=False)
        for n in (10, 80)
    )
    assert work(few) > 5 * len(few.time_s)
    assert work(many) / work(few) == pytest.approx(len(many.time_s) / len(few.time_s), rel=0.05)


def test_a_run_finds_the_half_cycles_of_each_row_once(monkeypatch):
    seen = []

    def counted(charge, *others):
        seen.append(len(charge))
        return charge_runs(charge, *others)

    for where in (run_record, solution_module):
        monkeypatch.setattr(where, "charge_runs", counted)
    rows = []
    for keep in ("all", 7):
        seen.clear()
        solution = sbpath.simulate(
            bare("li-sb"), sbpath.cycling("C/2", 0.05, 1.5, cycles=40), keep=keep, progress=False
        )
        # Of a run that keeps everything when they are first asked for.
        assert bool(seen) == (keep != "all")
        if keep == "all":
            assert solution.capacity_mAh_per_g.max() > 100.0
            cycle_summaries(solution)
        rows.append((sum(seen), solution))
    assert rows[0][0] == rows[1][0] == len(rows[0][1].time_s)


def test_what_is_read_from_the_table_does_not_touch_the_rows(thinned):
    empty = {
        name: np.zeros_like(values)
        for name, values in along_rows(thinned).items()
        if name not in ("cycle", "step")
    }
    without = dataclasses.replace(thinned, **empty)
    assert cycle_summaries(without) == cycle_summaries(thinned)
    assert [way.paths for way in sbpath.pathways(without)] == [way.paths for way in sbpath.pathways(thinned)]


# -- what was not kept is refused -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ends():
    return sbpath.simulate(
        bare("li-sb"), sbpath.cycling("C/5", 0.05, 1.5, cycles=5), keep="ends", progress=False
    )


@pytest.mark.parametrize(
    "ask",
    [
        half_cycles_of,
        hysteresis_profile,
        plots.heat,
        plots.driving_forces,
        sbpath.branch_points,
        sbpath.path_asymmetry,
    ],
)
def test_a_cycle_that_was_not_kept_is_refused_in_words(ends, ask):
    with pytest.raises(sbpath.InputError, match=r"rows of cycle 3 were not kept .*those of cycles 1, 5 were"):
        ask(ends, 3)
    assert ask(ends, 5) is not None


def test_a_cycle_that_was_not_simulated_has_no_charge(ends):
    with pytest.raises(sbpath.InputError, match="no charge passes in cycle 6"):
        half_cycles_of(ends, 6)


@pytest.mark.parametrize(
    "ask",
    [
        sbpath.reversals,
        lambda s: sbpath.sensitivities(s, ["temperature_C"]),
        lambda s: to_bdf(s, "a.bdf.csv"),
    ],
)
def test_what_needs_every_row_says_so(ends, ask):
    with pytest.raises(sbpath.InputError, match=r"needs the rows of every cycle.*keep='all'"):
        ask(ends)


def test_figures_and_tables_show_what_was_kept(ends):
    assert loss_breakdown(ends, 3).plateaus == ()
    assert len(loss_breakdown(ends, 5).plateaus) > 0
    assert plots.overview(ends) is not None
    assert {len(column) for column in columns(ends).values()} == {len(ends.time_s)}
    # A constant current has one direction, so the ends of its steps tell it.
    directions = np.array(ends.direction())
    assert set(zip(ends.step[ends.cycle == 3].tolist(), directions[ends.cycle == 3].tolist(), strict=True)) == {
        (5, "insertion"), (6, "extraction"),
    }  # fmt: skip


@pytest.mark.parametrize("keep", ["some", 0, -1, 2.5, True, None])
def test_keep_is_one_of_three(keep):
    with pytest.raises(sbpath.InputError, match="keep: must be 'all', 'ends', or n"):
        sbpath.simulate(bare("li-sb"), keep=keep, progress=False)
