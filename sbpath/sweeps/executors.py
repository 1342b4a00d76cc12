"""Executors: this process, worker processes on this machine, or any executor of the user.

Points are sent in chunks worth about half a second of work, so that the overhead of sending is small.
If a worker dies, its points are run again at the end, one at a time with nothing else running, so that
a point that kills its worker a second time can be identified; it becomes a failed row.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from math import ceil
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

from tqdm import tqdm

from sbpath.errors import InputError, SbpathError
from sbpath.sweeps.plan import Plan, RunResult, load_solver, run_points
from sbpath.sweeps.points import Point

NumberedPoint = tuple[int, Point]

# Target duration of a task (s).
TASK_S = 0.5
# Approximate start-up time of worker processes (s); for less work than that they are not worth starting.
WORKER_START_S = 2.0
# Lower bound on the expected duration of a run (s): runs that fail at once say nothing about the others.
MIN_RUN_S = 1e-3
WORKER_DIED = "its worker process died twice while it ran"


def run_results(
    plan: Plan, todo: Sequence[NumberedPoint], workers: int | None, executor: Executor | None
) -> Generator[list[RunResult], None, None]:
    """The results of all points, as they arrive; arguments and errors as in `sweep`."""
    if not todo:
        return
    if executor is not None:
        yield from _dispatched(plan, todo, _UserExecutor(executor))
        return
    if workers is None:
        # The first run shows how long the others will take.
        first, *todo = todo
        (result,) = run_points(plan, [first])
        yield [result]
        worthwhile = result.seconds * len(todo) > WORKER_START_S and not _sending_problem(plan.measure)
        workers = _core_count() if worthwhile else 1
    if workers > 1:
        if problem := _sending_problem(plan.measure):
            raise InputError(f"measure: {problem}")
        yield from _dispatched(plan, todo, _WorkerProcesses(min(workers, len(todo))))
        return
    for point in todo:
        yield run_points(plan, [point])


class _UserExecutor:
    """The user's executor, which receives all tasks at once as soon as the duration of a run is known."""

    workers = None

    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        try:
            return self.executor.submit(function, *arguments)
        except (BrokenExecutor, RuntimeError) as error:  # broken, or shut down
            raise SbpathError(
                f"executor: accepts no more runs: {error}; finished runs are kept, continue with a new one"
            ) from error

    def close(self) -> None:
        """Do nothing: the executor is the user's."""


class _WorkerProcesses:
    """Worker processes on this machine, each in a separate pool, so that one that dies affects no other."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        # Workers exit when the writing end closes, through `close` or the death of this process.
        self.reader, self.writer = multiprocessing.Pipe(duplex=False)
        self.pools = [self._pool() for _ in range(workers)]
        self.last: list[Future[Any] | None] = [None] * workers

    def _pool(self) -> tuple[ProcessPoolExecutor, Future[Any]]:
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(1, context, initializer=_start_worker, initargs=(self.reader,))
        # The pools start, and load the native code, in parallel.
        with _interrupt_blocked():
            return pool, pool.submit(load_solver)

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        index = next(i for i, last in enumerate(self.last) if last is None or last.done())
        last = self.last[index]
        if last is not None and isinstance(last.exception(), BrokenExecutor):
            self._restart(index)
        try:
            future = self.pools[index][0].submit(function, *arguments)
        except BrokenExecutor:  # killed between two tasks
            self._restart(index)
            future = self.pools[index][0].submit(function, *arguments)
        self.last[index] = future
        return future

    def _restart(self, index: int) -> None:
        pool, ready = self.pools[index]
        pool.shutdown(wait=False)
        if ready.exception() is not None:
            raise SbpathError(
                "worker processes cannot start here, or are killed on starting; a script must call sbpath.sweep "
                "under if __name__ == '__main__': (or with workers=1)"
            )
        self.pools[index] = self._pool()

    def close(self) -> None:
        for pool, _ in self.pools:
            pool.shutdown(wait=False, cancel_futures=True)
        self.writer.close()
        self.reader.close()


def _dispatched(
    plan: Plan, todo: Sequence[NumberedPoint], backend: _UserExecutor | _WorkerProcesses
) -> Generator[list[RunResult], None, None]:
    waiting, suspects = deque(todo), deque[NumberedPoint]()
    arrived: SimpleQueue[Future[Any]] = SimpleQueue()
    running: dict[Future[Any], tuple[list[NumberedPoint], bool]] = {}
    seconds_per_run: float | None = None

    def next_task() -> list[NumberedPoint]:
        """A chunk of the waiting points; at the end, one suspect at a time."""
        if waiting:
            size = 1 if seconds_per_run is None else max(1, round(TASK_S / max(seconds_per_run, MIN_RUN_S)))
            if backend.workers is not None:
                # Smaller chunks towards the end, so that all workers finish at about the same time.
                size = min(size, ceil(len(waiting) / (2 * backend.workers)))
            return [waiting.popleft() for _ in range(min(size, len(waiting)))]
        return [suspects.popleft()] if suspects and not running else []

    def has_room() -> bool:
        if backend.workers is not None:
            return len(running) < backend.workers
        return seconds_per_run is not None or not running

    done: list[RunResult] = []
    # After a failure of the workers nothing more is submitted, but finished runs are kept.
    failure: SbpathError | None = None
    try:
        while True:
            while failure is None and has_room():
                alone = not waiting
                if not (task := next_task()):
                    break
                try:
                    future = backend.submit(run_points, plan, task)
                except SbpathError as error:
                    failure = error
                    break
                running[future] = task, alone
                future.add_done_callback(arrived.put)
            if done:
                # Only now that the workers are busy.
                yield done
            if not running:
                break
            future = arrived.get()
            task, alone = running.pop(future)
            done = []
            try:
                done = future.result()
                seconds = sorted(result.seconds for result in done)
                seconds_per_run = seconds[len(seconds) // 2]
            except Exception as error:  # each library raises its own kind
                if not _worker_died(error):
                    failure = SbpathError(f"the workers cannot run this: {type(error).__name__}: {error}")
                elif alone:
                    done = [RunResult(number, 0.0, WORKER_DIED, {}) for number, _ in task]
                else:
                    suspects.extend(task)
    finally:
        for future in running:
            future.cancel()
        backend.close()
    if failure is not None:
        raise failure


def _worker_died(error: Exception) -> bool:
    """Whether the worker was lost, rather than raising an error."""
    # Dask's exception has no base class available without importing Dask.
    return isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker"


def _sending_problem(measure: Callable[..., Any]) -> str:
    """Why `measure` cannot be sent to worker processes on this machine; empty if it can."""
    try:
        pickle.dumps(measure)
    except Exception:  # pickle raises its own kind, AttributeError and TypeError
        return "must be at the top level of a module to be sent to worker processes; move it there, or set workers=1"
    home = getattr(measure, "__module__", "")
    if home == "__main__" and not hasattr(sys.modules[home], "__file__"):
        return "was defined interactively, so worker processes cannot import it; put it into a file, or set workers=1"
    return ""


def _core_count() -> int:
    """Number of cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _interrupt_blocked() -> Iterator[None]:
    """Processes started meanwhile never see Ctrl-C, which would end one that is still starting; this one sees it later.

    Other threads receive the signal although it is blocked here, so that it would end a start half way.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker  # POSIX only

    # Starting the tracker unblocks the signal, so it has to be there before.
    resource_tracker.ensure_running()
    pressed: list[int] = []
    main = threading.current_thread() is threading.main_thread()  # only it may change handlers
    handler = signal.signal(signal.SIGINT, lambda number, _: pressed.append(number)) if main else None
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if main:
            signal.signal(signal.SIGINT, handler)
    if pressed:
        signal.raise_signal(signal.SIGINT)


def _start_worker(reader: Connection) -> None:
    # The parent handles Ctrl-C and then closes the pipe; this is for systems that cannot block it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # By default tqdm creates a lock shared between processes, which os._exit would leave behind.
    tqdm.set_lock(threading.RLock())
    threading.Thread(target=_exit_when_closed, args=(reader,), daemon=True).start()


def _exit_when_closed(reader: Connection) -> None:
    reader.poll(None)
    os._exit(1)
