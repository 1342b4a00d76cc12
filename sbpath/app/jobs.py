"""What takes longer than a glance: jobs in threads, with progress, that can be stopped."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Literal

from sbpath.errors import InputError, SbpathError
from sbpath.progress import Stopped, watched

# Jobs that run at once, that may wait as well, and whose answers are kept.
AT_ONCE, MOST_UNDER_WAY, MOST_KEPT = 3, 8, 16
# A job that nobody asked about for this time (s) is stopped; the page asks thrice a second, in the background once a minute.
ABANDONED_S = 300.0

State = Literal["running", "done", "stopped", "failed"]


class Busy(SbpathError):
    """Too many jobs are under way."""


class Stop(SbpathError):
    """What was made until a job was stopped.

    Attributes
    ----------
    answer : dict
        The answer so far.
    """

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__(answer)
        self.answer = answer


@dataclass
class Job:
    """Work in a thread.

    Attributes
    ----------
    unit : str
        What is counted.
    id : str
        By which it is asked for; cannot be guessed.
    state : str
        running, done, stopped or failed.
    done, of : int
        Units that are done, and of how many; 0 if that is not known.
    answer : dict or None
        What was made, also of a stopped job if there is anything.
    error : InputError or str
        Why it failed.
    asked_s : float
        When it was last asked about, on the monotonic clock.
    """

    unit: str
    id: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    state: State = "running"
    done: int = 0
    of: int = 0
    answer: dict[str, Any] | None = None
    error: InputError | str = ""
    future: Future[None] = field(default_factory=Future)
    asked_s: float = field(default_factory=time.monotonic)
    _stop: threading.Event = field(default_factory=threading.Event)
    _told: bool = False

    def stop(self) -> None:
        """Ask it to stop, which takes less than a second."""
        self._stop.set()

    def watch(self, done: int, of: int | None) -> None:
        """Count, and stop once if that was asked for: what is made of the rest is not interrupted again."""
        self.done, self.of = done, of or 0
        if time.monotonic() - self.asked_s > ABANDONED_S:
            self.stop()
        if self._stop.is_set() and not self._told:
            self._told = True
            raise Stopped

    def carry_out(self, work: Callable[[], dict[str, Any]]) -> None:
        """Do the work and keep its answer, or why there is none."""
        try:
            with watched(self.watch):
                if self._stop.is_set():
                    raise Stopped
                self.answer = work()
            self.state = "done"
        except Stop as stopped:
            self.answer, self.state = stopped.answer, "stopped"
        except Stopped:
            self.state = "stopped"
        except InputError as error:
            self.error, self.state = error, "failed"
        except SbpathError as error:
            self.error, self.state = str(error), "failed"
        except Exception as error:  # of the program, not of the user
            self.error, self.state = f"{type(error).__name__}: {error}", "failed"


class Jobs:
    """The jobs of a server; of those that have ended the oldest are forgotten."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(AT_ONCE, "sbpath-job")
        self._jobs: OrderedDict[str, Job] = OrderedDict()

    def start(self, work: Callable[[], dict[str, Any]], unit: str = "") -> Job:
        """Start a job.

        Raises
        ------
        Busy
            If `MOST_UNDER_WAY` are.
        """
        if sum(job.state == "running" for job in self._jobs.values()) >= MOST_UNDER_WAY:
            raise Busy(f"{MOST_UNDER_WAY} runs are under way; stop one, or wait")
        job = Job(unit)
        self._jobs[job.id] = job
        job.future = self._pool.submit(job.carry_out, work)
        for old in [job for job in self._jobs.values() if job.state != "running"][:-MOST_KEPT]:
            del self._jobs[old.id]
        return job

    def get(self, name: str) -> Job | None:
        """A job by its id."""
        found = self._jobs.get(name)
        if found is not None:
            found.asked_s = time.monotonic()
        return found

    def close(self) -> None:
        """Stop all of them."""
        for job in self._jobs.values():
            job.stop()
        self._pool.shutdown(cancel_futures=True)
