"""Oracles: what is on disk, what a process says, and the interpreted kernels."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import sbpath
from sbpath.kernels import Floats, Floats2, Integers, compiled, kernel
from sbpath.native.build import SUFFIX
from sbpath.native.library import LARGE

SCRIPT = """
import sys
sys.path.insert(0, {folder!r})
from part import half
from number import NUMBER
from sbpath.kernels import compiled, kernel

@kernel
def whole(x: float) -> float:
    return half(x) + half(x) + NUMBER

if __name__ == "__main__":
    print(compiled(whole)(3.0), hasattr(compiled(whole), "__wrapped__"), compiled(whole).__code__.co_filename)
"""
PART = "from sbpath.kernels import kernel\n\n@kernel\ndef half(x: float) -> float:\n    return {factor} * x\n"
NO_COMPILER = "sbpath: no native code (no C compiler was found); the solver runs interpreted: "


class Ran:
    """What the script printed and said, and the libraries kept after it."""

    def __init__(self, folder, factor=0.5, number=0.0, kept=None, **environment):
        kept = kept or folder / "kept"
        variables = os.environ | {"SBPATH_CACHE_DIR": str(kept), "PYTHONDONTWRITEBYTECODE": "1"} | environment
        main = folder / "main.py"
        texts = {
            main: SCRIPT.format(folder=str(folder)),
            folder / "part.py": PART.format(factor=factor),
            folder / "number.py": f"NUMBER = {number}\n",
        }
        for path, text in texts.items():
            # Another process may be reading what is there.
            if not path.exists() or path.read_text() != text:
                path.write_text(text)
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, main], env=variables, capture_output=True, text=True, check=True
        )
        self.seconds = time.perf_counter() - began
        self.value, self.said = float(done.stdout.split()[0]), done.stderr
        self.libraries = sorted(path.name for path in kept.glob(f"*{SUFFIX}")) if kept.exists() else []


def without_compiler(folder):
    """An environment in which there is none."""
    (folder / "empty").mkdir(exist_ok=True)
    return {"PATH": str(folder / "empty"), "CC": ""}


def test_code_is_never_older_than_a_kernel_or_a_number_in_another_file(tmp_path):
    assert Ran(tmp_path).value == 3.0
    again = Ran(tmp_path)
    assert (again.value, len(again.libraries), again.said) == (3.0, 1, "")
    assert Ran(tmp_path, factor=4.0).value == 24.0
    last = Ran(tmp_path, factor=4.0, number=1.0)
    assert (last.value, len(last.libraries)) == (25.0, 3)


@pytest.mark.parametrize(
    "damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: bytes(len(b)), lambda b: b + b"\0"]
)
def test_a_damaged_library_is_thrown_away_and_made_again(tmp_path, damage):
    (name,) = Ran(tmp_path).libraries
    library = tmp_path / "kept" / name
    contents = library.read_bytes()
    library.write_bytes(damage(contents))
    ran = Ran(tmp_path)
    assert (ran.value, ran.said, len(ran.libraries)) == (3.0, "", 1)
    # Under its name stands what the name says.
    again = Ran(tmp_path, **without_compiler(tmp_path))
    assert (again.value, again.said) == (3.0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="what may be written is told as on POSIX")
@pytest.mark.parametrize("kept", ["file", "/proc/sbpath"])
def test_a_cache_that_cannot_be_written_is_replaced_by_temporary_files(tmp_path, kept):
    (tmp_path / "file").write_text("no folder")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    ran = Ran(tmp_path, kept=tmp_path / kept, TMPDIR=str(temporary))
    assert (ran.value, ran.said) == (3.0, "")
    (folder,) = temporary.iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    before = list(folder.iterdir())
    assert Ran(tmp_path, kept=tmp_path / kept, TMPDIR=str(temporary)).value == 3.0
    assert list(folder.iterdir()) == before
    # Not where others may put code of theirs.
    folder.chmod(0o777)
    said = Ran(tmp_path, kept=tmp_path / kept, TMPDIR=str(temporary)).said
    assert said.startswith("sbpath: no native code (")


def test_without_a_compiler_kernels_run_interpreted_and_say_so_once(tmp_path):
    ran = Ran(tmp_path, **without_compiler(tmp_path))
    assert (ran.value, ran.libraries) == (3.0, [])
    assert ran.said.startswith(NO_COMPILER)
    assert ran.said.count("\n") == 1


def test_a_compiler_that_fails_is_quoted_and_the_next_one_tried(tmp_path):
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho out of order >&2\nexit 1\n")
    broken.chmod(0o755)
    assert Ran(tmp_path, CC=str(broken)).said == ""
    shutil.rmtree(tmp_path / "kept")
    said = Ran(tmp_path, **(without_compiler(tmp_path) | {"CC": str(broken)})).said
    assert f"({broken}: out of order)" in said


def test_processes_that_start_at_once_do_not_disturb_each_other(tmp_path):
    Ran(tmp_path)
    shutil.rmtree(tmp_path / "kept")
    with ThreadPoolExecutor(3) as pool:
        runs = list(pool.map(lambda _: Ran(tmp_path), range(3)))
    assert [(ran.value, ran.said) for ran in runs] == [(3.0, "")] * 3
    assert not [path for path in (tmp_path / "kept").iterdir() if path.suffix != SUFFIX]


# -- calls ------------------------------------------------------------------------------------


@kernel
def ramp(n: int, copies: int) -> tuple[Floats, Floats, Integers, Floats2]:
    values = np.zeros(n)
    for i in range(n):
        values[i] = i
    waste = np.empty((copies, n))
    for c in range(copies):
        waste[c] = values
    return values, values[1:], np.zeros(0, np.int64), waste[:1]


@kernel
def spin(stop: Integers, count: int) -> int:
    turns = 0
    while stop[0] == 0 and turns < count:
        turns += 1
    return turns


@kernel
def assigned(a: Floats, b: Floats) -> None:
    a[:] = b


@kernel
def allocated(n: int, m: int) -> int:
    rows = np.zeros((n, m))
    return len(rows)


def test_large_results_outlive_the_call_and_small_ones_too():
    for n in (10, 10 * LARGE):
        results = [compiled(ramp)(n, 2) for _ in range(3)]
        for values, rest, none, waste in results:
            np.testing.assert_array_equal(values, np.arange(n))
            np.testing.assert_array_equal(rest, np.arange(1, n))
            np.testing.assert_array_equal(waste, [np.arange(n)])
            assert len(none) == 0
            values[:] = -1.0
            assert rest[0] == 1.0 or n > 10
            del values


def test_memory_is_given_back():
    resource = pytest.importorskip("resource")

    def peak():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    compiled(ramp)(1_000_000, 4)
    before = peak()
    for _ in range(20):
        compiled(ramp)(1_000_000, 4)
    assert peak() - before < 40e6


def test_too_large_an_array_is_a_memory_error():
    for n, m in ((2**40, 2**10), (2**62, 2), (2**33, 2**33)):
        with pytest.raises(MemoryError):
            compiled(allocated)(n, m)
    with pytest.raises(ValueError, match="negative"):
        compiled(allocated)(-1, 2)
    assert compiled(allocated)(3, 0) == 3


def test_shapes_that_differ_are_an_error():
    a = np.zeros(3)
    compiled(assigned)(a, np.ones(3))
    assert a.tolist() == [1.0, 1.0, 1.0]
    with pytest.raises(ValueError, match="another shape"):
        compiled(assigned)(a, np.ones(4))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (
            np.zeros(3, np.float32),
            "a: must be a contiguous array of float64 with 1 axis, not float32 of shape (3,)",
        ),
        (np.zeros((3, 1)), "not float64 of shape (3, 1)"),
        (np.zeros(6)[::2], "must be a contiguous"),
        ([1.0], "not list"),
    ],
)
def test_a_wrong_array_is_refused(wrong, words):
    with pytest.raises(TypeError, match=re.escape(words)):
        compiled(assigned)(wrong, np.zeros(3))
    read_only = np.ones(3)
    read_only.setflags(write=False)
    compiled(assigned)(np.zeros(3), read_only)
    with pytest.raises(ValueError, match="zip"):
        compiled(assigned)(read_only)


def test_other_threads_go_on_and_can_stop_a_kernel():
    stop = np.zeros(1, np.int64)
    turns = []
    threads = [threading.Thread(target=lambda: turns.append(compiled(spin)(stop, 10**12))) for _ in range(2)]
    compiled(spin)(np.ones(1, np.int64), 1)
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    assert all(thread.is_alive() for thread in threads)
    stop[0] = 1
    for thread in threads:
        thread.join(5.0)
    assert len(turns) == 2
    assert min(turns) > 0


def test_threads_at_once_have_memory_of_their_own():
    with ThreadPoolExecutor(8) as pool:
        # From small arrays to large ones, which are used again.
        for n, (values, _, _, waste) in pool.map(lambda n: (n, compiled(ramp)(n, 3)), range(1, 40_000, 100)):
            assert values.sum() == waste.sum() == n * (n - 1) / 2


def test_memory_of_a_large_result_is_used_again_once_it_is_dropped():
    def table():
        return compiled(ramp)(LARGE, 1)[3]

    table()
    first = table()
    address, kept = first.ctypes.data, first.copy()
    second = table()
    assert second.ctypes.data != address
    second[:] = 0.0
    np.testing.assert_array_equal(first, kept)
    del first, second
    places = {table().ctypes.data for _ in range(10)}
    assert len(places) <= 2


WORKERS = """
import multiprocessing, sys, json
import sbpath
from sbpath import simulate

def last(rate):
    return simulate("li-sb", f"Discharge at {rate} until 0.5 V", progress=False).voltage_V.tolist()

if __name__ == "__main__":
    rates = ["C/3", "C/7"]
    here = [last(rate) for rate in rates]
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        print(json.dumps(here == pool.map(last, rates)))
        pool.close()
        pool.join()
"""


@pytest.mark.parametrize("way", ["spawn", "fork", "forkserver"])
def test_processes_of_every_kind_have_it(way, tmp_path):
    if way not in __import__("multiprocessing").get_all_start_methods():
        pytest.skip("not on this platform")
    main = tmp_path / "workers.py"
    main.write_text(WORKERS)
    done = subprocess.run([sys.executable, main, way], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) is True
    assert done.stderr == ""


LONG = """
import sbpath
print("begun", flush=True)
sbpath.simulate("{name}", {protocol}, progress=False, {options})
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the signal is sent as on POSIX")
@pytest.mark.parametrize(
    ("name", "protocol", "options"),
    [
        ("li-sb", '[("Discharge at C/10 until 0.05 V", "Charge at C/10 until 1.2 V")] * 100000', ""),
        # Rows enough for several seconds, many of them within one step of the integrator.
        (
            "li-sb",
            '"Discharge at C/900 until 0.05 V (1 s period)"',
            "population=sbpath.Population.lognormal(40, size=0.3)",
        ),
        (
            "li-sb",
            "sbpath.cycling('C/10', 0.05, 1.2, cycles=2000)",
            "population=sbpath.Population.lognormal(40, size=0.3)",
        ),
    ],
    ids=["many steps", "output period", "population"],
)
def test_a_long_run_ends_soon_after_an_interrupt(name, protocol, options):
    text = LONG.format(name=name, protocol=protocol, options=options)
    process = subprocess.Popen(
        [sys.executable, "-c", text], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    time.sleep(1.5)
    assert process.poll() is None, process.communicate()
    began = time.perf_counter()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert "KeyboardInterrupt" in said
    assert time.perf_counter() - began < 1.0


@pytest.mark.skipif(sys.platform == "win32", reason="the folder is a link")
def test_an_installed_library_is_taken_where_nothing_else_can_be_had(tmp_path):
    # As in a package that another user installed: no compiler, and no cache that can be written.
    package = Path(sbpath.__file__).parent
    shutil.copytree(package, tmp_path / "sbpath", ignore=shutil.ignore_patterns("__pycache__", f"*{SUFFIX}"))
    for data in ("mechanisms", "literature"):
        (tmp_path / data).symlink_to(package.parent / data)
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    install = "from sbpath.kernels import ENTRIES; from sbpath.native.library import install, HERE; install(ENTRIES, HERE)"
    subprocess.run([sys.executable, "-c", install], env=environment, cwd=tmp_path, check=True)
    environment |= without_compiler(tmp_path) | {"SBPATH_CACHE_DIR": "/proc/none", "TMPDIR": "/proc/none"}
    command = [sys.executable, "-m", "sbpath", "simulate", "li-sb", "--cycles", "1", "--particles", "1"]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    # And an edited kernel is not run as it was before.
    with (tmp_path / "sbpath" / "model" / "rates.py").open("a") as file:
        file.write("# edited\n")
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stderr.startswith(NO_COMPILER)
