"""Results and sweeps that were damaged, and commands that were killed: no changed number, and whole files or none."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import zipfile
from contextlib import contextmanager, suppress

import numpy as np
import pytest

import sbpath
from sbpath.archive import write_archive
from sbpath.files import write_csv

# Nothing may take longer (s).
PATIENCE_S = 10
RATES = "rate=5C,6C,7C,8C,9C,10C,11C,12C"


def flip(data, rng):
    for _ in range(rng.randint(1, 8)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def cut(data, rng):
    del data[rng.randrange(len(data)) :]


def zero(data, rng):
    start = rng.randrange(len(data))
    stop = min(len(data), start + rng.choice([16, 512, 4096]))
    data[start:stop] = bytes(stop - start)


def swap(data, rng):
    """Two blocks change places."""
    size = rng.choice([16, 512, 4096])
    one, other = (rng.randrange(max(1, len(data) - size)) for _ in range(2))
    data[one : one + size], data[other : other + size] = data[other : other + size], data[one : one + size]


def add(data, rng):
    data += rng.randbytes(rng.randint(1, 100))


DAMAGES = (flip, cut, zero, swap, add)


@contextmanager
def patience():
    def give_up(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    path = tmp_path_factory.mktemp("result") / "run.npz"
    solution = sbpath.simulate(
        "li-sb", sbpath.cycling("1C", 0.05, 1.5, cycles=3), keep="ends", progress=False,
        population=sbpath.Population.lognormal(2, size=0.2),
    )  # fmt: skip
    solution.save(path)
    return path, contents(solution)


def contents(solution):
    """Everything in a solution, to be compared."""
    return repr(solution.__reduce__()[1][0]), [
        np.asarray(value).tobytes()
        for group in (solution, solution.particles, solution.accumulated)
        for value in group.__reduce__()[1]
        if isinstance(value, np.ndarray)
    ]


@pytest.mark.parametrize("unnamed", [True, False])
def test_what_a_killed_process_left_is_removed_once_it_is_old(unnamed, tmp_path, monkeypatch):
    # Where files without a name cannot be made, as on other systems and some network disks.
    if not unnamed:
        monkeypatch.setattr("sbpath.files._unnamed_file", lambda folder: None)
    abandoned, running = tmp_path / ".sbpath-12-34", tmp_path / ".sbpath-56-78"
    own = tmp_path / f".sbpath-{os.getpid()}-{threading.get_ident()}"  # of a process that had this number
    for path in (abandoned, running, own):
        path.write_text("half")
    os.utime(abandoned, (time.time() - 4000.0,) * 2)
    write_csv(tmp_path / "a.csv", ["x"], [[1]])
    assert sorted(path.name for path in tmp_path.iterdir()) == [running.name, "a.csv"]
    assert (tmp_path / "a.csv").read_text() == "x\n1\n"


def run_sweep(path):
    return sbpath.sweep("li-sb", RATES, cycles=1, workers=1, out=path, progress=False)


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    path = tmp_path_factory.mktemp("sweep") / "runs.sqlite"
    return path, cells(run_sweep(path))


def cells(table):
    """What identifies a sweep, and its columns as texts, since nan is unequal to itself."""
    columns = {name: [*map(repr, values.tolist())] for name, values in table.columns.items()}
    del columns["run_s"]
    return table.about, columns


def same_rows(table, whole):
    """Whether each row of a table is one of the whole one."""
    (about, some), (all_about, every) = cells(table), whole
    rows = set(zip(*every.values(), strict=True))
    # Without rows it is not known what is measured.
    known = len(table) == 0 or some.keys() == every.keys()
    return about == all_about and known and set(zip(*some.values(), strict=True)) <= rows


def try_damaged_results(result, folder, count, seed):
    """How many of `count` damaged results were refused; the others had not changed."""
    path, whole = result
    rng, refused = random.Random(seed), 0
    data = path.read_bytes()
    for number in range(count):
        damaged = bytearray(data)
        DAMAGES[number % len(DAMAGES)](damaged, rng)
        target = folder / "damaged.npz"
        target.write_bytes(damaged)
        with patience():
            try:
                assert contents(sbpath.load_solution(target)) == whole
            except sbpath.InputError:
                refused += 1
    return refused


def try_damaged_sweeps(swept, folder, count, seed):
    """How many of `count` damaged sweeps were refused; what the others hold, and after resuming, has not changed."""
    path, whole = swept
    rng, refused = random.Random(seed), 0
    data = path.read_bytes()
    for number in range(count):
        damaged = bytearray(data)
        DAMAGES[number % len(DAMAGES)](damaged, rng)
        target = folder / "damaged.sqlite"
        target.write_bytes(damaged)
        with patience():
            try:
                assert same_rows(sbpath.load_sweep(target), whole)
            except sbpath.InputError:
                refused += 1
            with suppress(sbpath.SbpathError):
                assert cells(run_sweep(target)) == whole
        for left in folder.glob("damaged.sqlite*"):
            left.unlink()
    return refused


def test_damaged_results_are_noticed(result, tmp_path):
    assert try_damaged_results(result, tmp_path, 40, seed=1) >= 35


def test_damaged_sweeps_are_noticed(swept, tmp_path):
    assert try_damaged_sweeps(swept, tmp_path, 25, seed=1) >= 5


@pytest.mark.slow
def test_many_damaged_results_are_noticed(result, tmp_path):
    print("results refused of 500:", try_damaged_results(result, tmp_path, 500, seed=2))


@pytest.mark.slow
def test_many_damaged_sweeps_are_noticed(swept, tmp_path):
    print("sweeps refused of 500:", try_damaged_sweeps(swept, tmp_path, 500, seed=2))


def test_one_changed_number_of_a_sweep_is_noticed(swept, tmp_path):
    for column, value in (
        ("run_s", 1.0),
        ("number", 99),
        ("failure", "x"),
        ("parameters", "{}"),
        ("measured", "{}"),
    ):
        target = shutil.copy(swept[0], tmp_path / "runs.sqlite")
        with sqlite3.connect(target) as connection:
            connection.execute(f"UPDATE runs SET {column} = ? WHERE number = 3", (value,))
        connection.close()
        for use in (sbpath.load_sweep, run_sweep):
            with pytest.raises(
                sbpath.InputError, match="is damaged: it holds values that are not as they were"
            ):
                use(target)


def rewritten(result, target, change):
    """The saved result with other arrays, sealed as `Solution.save` does."""
    with np.load(result[0]) as stored:
        arrays = {name: stored[name] for name in stored.files}
    change(arrays)
    write_archive(target, arrays)
    return target


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda a: a.update(voltage_V=a["voltage_V"] * np.nan), "voltage_V: holds numbers that are not finite"),
        (lambda a: a.update(fractions=a["fractions"][:2]), r"fractions: is float64 of shape \(2, \d+\), where \(3"),
        (lambda a: a.update(step=a["step"] + 1), "step: does not fit the steps of the protocol"),
        (lambda a: a.update(composition=a["composition"][1:]), "composition: is float64 of shape"),
        (lambda a: a.update(cycle=a["cycle"].astype(float)), "cycle: is float64"),
        (lambda a: a.update({"particles.fractions": a["particles.fractions"][:, :1]}), "fractions: is float32"),
        (lambda a: a.update({"cycles.half_converted": a["cycles.half_converted"][:, :1]}), "half_converted: is"),
        (lambda a: a.pop("voltage_V"), "is not a file that Solution.save wrote"),
        (lambda a: a.update(more=a["voltage_V"]), "is not a file that Solution.save wrote"),
        (lambda a: a.update(about=np.array("{}")), "is not a file that Solution.save wrote"),
    ],
)  # fmt: skip
def test_arrays_that_do_not_fit_are_refused(result, tmp_path, change, words):
    path = rewritten(result, tmp_path / "run.npz", change)
    with pytest.raises(sbpath.InputError, match=words):
        sbpath.load_solution(path)


def test_a_small_file_that_unpacks_to_a_large_one_is_refused_before(tmp_path):
    path = tmp_path / "run.npz"
    write_archive(path, {"about": np.zeros(40_000_000)})
    with zipfile.ZipFile(path) as archive:
        assert archive.infolist()[0].file_size > 300 * path.stat().st_size
    began = time.perf_counter()
    with pytest.raises(sbpath.InputError, match="would unpack"):
        sbpath.load_solution(path)
    assert time.perf_counter() - began < 1.0


# -- kills --------------------------------------------------------------------------------------


def killed(command, folder, after):
    """Run a command of sbpath and kill it after so long (s); returns whether it had ended before."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sbpath", *command], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )  # fmt: skip
    try:
        process.wait(after)
        return True
    except subprocess.TimeoutExpired:
        return False
    finally:
        process.kill()
        process.wait()


SIMULATE = ("simulate", "li-sb", "--quiet", "--save", "a.npz", "--csv", "a.csv", "--plot", "a.png")
SWEEP = ("sweep", "li-sb", "--vary", RATES, "--cycles", "1", "--out", "a.csv", "--workers", "1", "--quiet")


def try_killed_simulations(folder, count, seed):
    """Files after kills are those of a whole run, the old ones, or absent; returns how many runs were killed."""
    whole, rng, kills = folder / "whole", random.Random(seed), 0
    whole.mkdir()
    began = time.perf_counter()
    assert killed(SIMULATE, whole, 120)
    duration = time.perf_counter() - began
    made = {path.name: path.read_bytes() for path in whole.iterdir()}
    assert made.keys() == {"a.npz", "a.csv", "a.png"}
    for number in range(count):
        place = folder / f"killed{number}"
        place.mkdir()
        old = {name: f"old {name}".encode() for name in made} if number % 2 else {}
        for name, data in old.items():
            (place / name).write_bytes(data)
        kills += not killed(SIMULATE, place, rng.uniform(0.2, 1.1) * duration)
        left = {path.name: path.read_bytes() for path in place.iterdir()}
        assert old.keys() <= left.keys() <= made.keys()
        assert all(data in (made[name], old.get(name)) for name, data in left.items())
        shutil.rmtree(place)
    return kills


def try_killed_sweeps(folder, whole, count, seed):
    """A sweep killed again and again ends complete, with nothing lost or doubled; returns how often it was killed."""
    rng, kills, store = random.Random(seed), 0, folder / "a.sqlite"
    began = time.perf_counter()
    assert killed(SWEEP, folder, 300)
    duration = time.perf_counter() - began
    while kills < count:
        for path in folder.iterdir():
            path.unlink()
        done = 0
        while not killed(SWEEP, folder, rng.uniform(0.2, 1.0) * duration):
            kills += 1
            if store.exists() and store.stat().st_size:
                table = sbpath.load_sweep(store)
                assert same_rows(table, whole)
                assert len(table) >= done
                done = len(table)
            else:
                assert done == 0
            assert {path.name for path in folder.iterdir()} <= {"a.sqlite", "a.sqlite-journal", "a.csv"}
        assert {path.name for path in folder.iterdir()} == {"a.sqlite", "a.csv"}
        table = sbpath.load_sweep(store)
        assert len(table) == len(whole[1]["failure"])
        assert same_rows(table, whole)
        assert cells(table)[1]["rate"] == whole[1]["rate"]
    return kills


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills as on POSIX")
def test_a_killed_command_leaves_whole_files_or_none(tmp_path):
    try_killed_simulations(tmp_path, 2, seed=1)


@pytest.mark.slow
def test_many_killed_simulations_leave_whole_files_or_none(tmp_path):
    print("simulations killed of 100:", try_killed_simulations(tmp_path, 100, seed=2))


@pytest.mark.slow
def test_many_killed_sweeps_go_on(swept, tmp_path):
    print("kills of sweeps:", try_killed_sweeps(tmp_path, swept[1], 100, seed=2))
