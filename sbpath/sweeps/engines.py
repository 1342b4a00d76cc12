"""Who carries the runs out: this process, worker processes on this machine, or any executor.

Runs are sent in chunks of about half a second, so that sending costs little beside them. Where a
worker dies, what it was at is run again at the end, point by point with nothing else under way, so
that a point that kills its worker a second time is known; it becomes a failed row.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from math import ceil
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

from tqdm import tqdm

from sbpath.errors import InputError, SbpathError
from sbpath.sweeps.plan import Outcome, Plan, carry_out, load_solver
from sbpath.sweeps.points import Point

Numbered = tuple[int, Point]

# How long a task takes (s).
TASK_S = 0.5
# Worker processes take about so long to start (s); for less work than that they are not worth it.
START_S = 2.0
# Runs that fail at once tell nothing of how long the next ones take; none is taken to be shorter (s).
SHORTEST_S = 1e-3
KILLED = "its worker process died twice while it ran"


def outcomes(
    plan: Plan, todo: Sequence[Numbered], workers: int | None, executor: Executor | None
) -> Generator[list[Outcome], None, None]:
    """The outcomes of all points, as they arrive.

    Parameters
    ----------
    plan : Plan
        What is run.
    todo : sequence of (int, tuple)
        The points with their numbers.
    workers : int or None
        How many processes; None for one on each core, if there is enough to do for them.
    executor : Executor or None
        Who runs them in place of processes on this machine.

    Raises
    ------
    InputError
        If the measure cannot be sent to worker processes.
    SbpathError
        If the workers cannot run anything, or the executor is broken.
    """
    if not todo:
        return
    if executor is not None:
        yield from _dispatched(plan, todo, _Given(executor))
        return
    if workers is None:
        # The first run tells how long the others take.
        first, *todo = todo
        (outcome,) = carry_out(plan, [first])
        yield [outcome]
        worthwhile = outcome.seconds * len(todo) > START_S and not _unsendable(plan.measure)
        workers = _cores() if worthwhile else 1
    if workers > 1:
        if problem := _unsendable(plan.measure):
            raise InputError(f"measure: {problem}")
        yield from _dispatched(plan, todo, _Cores(min(workers, len(todo))))
        return
    for point in todo:
        yield carry_out(plan, [point])


class _Given:
    """An executor of the user's, which is given everything at once once it is known how long a run takes."""

    workers = None

    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        try:
            return self.executor.submit(function, *arguments)
        except (BrokenExecutor, RuntimeError) as error:  # broken, or shut down
            raise SbpathError(
                f"executor: takes no more runs: {error}; what is done is kept, go on with a new one"
            ) from error

    def close(self) -> None:
        """Nothing: the executor is the user's."""


class _Cores:
    """Worker processes on this machine, each a pool of its own, so that one that dies takes no other along."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        # Workers end when its other end is closed, by `close` or by the death of this process.
        self.reader, self.writer = multiprocessing.Pipe(duplex=False)
        self.pools = [self._pool() for _ in range(workers)]
        self.last: list[Future[Any] | None] = [None] * workers

    def _pool(self) -> tuple[ProcessPoolExecutor, Future[Any]]:
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(1, context, initializer=_begin_worker, initargs=(self.reader,))
        # It starts, and loads the native code, while the others do.
        return pool, pool.submit(load_solver)

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        place = next(i for i, last in enumerate(self.last) if last is None or last.done())
        last = self.last[place]
        if last is not None and isinstance(last.exception(), BrokenExecutor):
            self._renew(place)
        try:
            future = self.pools[place][0].submit(function, *arguments)
        except BrokenExecutor:  # killed between two tasks
            self._renew(place)
            future = self.pools[place][0].submit(function, *arguments)
        self.last[place] = future
        return future

    def _renew(self, place: int) -> None:
        pool, ready = self.pools[place]
        pool.shutdown(wait=False)
        if ready.exception() is not None:
            raise SbpathError(
                "worker processes cannot start here, or are killed while they do; a script calls sbpath.sweep "
                "under if __name__ == '__main__': (or with workers=1)"
            )
        self.pools[place] = self._pool()

    def close(self) -> None:
        for pool, _ in self.pools:
            pool.shutdown(wait=False, cancel_futures=True)
        self.writer.close()
        self.reader.close()


def _dispatched(
    plan: Plan, todo: Sequence[Numbered], engine: _Given | _Cores
) -> Generator[list[Outcome], None, None]:
    waiting, suspects = deque(todo), deque[Numbered]()
    arrived: SimpleQueue[Future[Any]] = SimpleQueue()
    under_way: dict[Future[Any], tuple[list[Numbered], bool]] = {}
    pace: float | None = None

    def next_task() -> list[Numbered]:
        """A chunk of what is waiting, and at the end one suspect after the other."""
        if waiting:
            size = 1 if pace is None else max(1, round(TASK_S / max(pace, SHORTEST_S)))
            if engine.workers is not None:
                # Towards the end in smaller chunks, so that all are done at the same time.
                size = min(size, ceil(len(waiting) / (2 * engine.workers)))
            return [waiting.popleft() for _ in range(min(size, len(waiting)))]
        return [suspects.popleft()] if suspects and not under_way else []

    def has_room() -> bool:
        if engine.workers is not None:
            return len(under_way) < engine.workers
        return pace is not None or not under_way

    done: list[Outcome] = []
    # Once something is wrong with the workers nothing more is handed out, but what they have done is kept.
    wrong: SbpathError | None = None
    try:
        while True:
            while wrong is None and has_room():
                alone = not waiting
                if not (task := next_task()):
                    break
                try:
                    future = engine.submit(carry_out, plan, task)
                except SbpathError as error:
                    wrong = error
                    break
                under_way[future] = task, alone
                future.add_done_callback(arrived.put)
            if done:
                # Only now, when the workers have something to do.
                yield done
            if not under_way:
                break
            future = arrived.get()
            task, alone = under_way.pop(future)
            done = []
            try:
                done = future.result()
                seconds = sorted(outcome.seconds for outcome in done)
                pace = seconds[len(seconds) // 2]
            except Exception as error:  # every library has its own
                if not _worker_died(error):
                    wrong = SbpathError(f"the workers cannot run this: {type(error).__name__}: {error}")
                elif alone:
                    done = [Outcome(number, 0.0, KILLED, {}) for number, _ in task]
                else:
                    suspects.extend(task)
    finally:
        for future in under_way:
            future.cancel()
        engine.close()
    if wrong is not None:
        raise wrong


def _worker_died(error: Exception) -> bool:
    """Whether the worker was lost, and not what it ran wrong."""
    # Dask has no base class that could be known here.
    return isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker"


def _unsendable(measure: Callable[..., Any]) -> str:
    """Why worker processes on this machine cannot be given `measure`; empty if they can."""
    try:
        pickle.dumps(measure)
    except Exception:  # pickle raises its own kind, AttributeError and TypeError
        return (
            "must be at the top of a module to be sent to worker processes; move it there, or say workers=1"
        )
    home = getattr(measure, "__module__", "")
    if home == "__main__" and not hasattr(sys.modules[home], "__file__"):
        return "was typed in, so worker processes cannot import it; put it into a file, or say workers=1"
    return ""


def _cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _begin_worker(reader: Connection) -> None:
    # Ctrl-C is for the parent, which then closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The lock between processes, which tqdm makes otherwise, would be left behind by the abrupt end.
    tqdm.set_lock(threading.RLock())
    threading.Thread(target=_end_when_closed, args=(reader,), daemon=True).start()


def _end_when_closed(reader: Connection) -> None:
    reader.poll(None)
    os._exit(1)
