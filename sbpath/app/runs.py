"""Runs of the page: solutions, kept for the next question about the same experiment, and their answers."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from sbpath.app.answers import answer
from sbpath.app.jobs import Stop
from sbpath.app.setting import Setting
from sbpath.experiment import Experiment
from sbpath.simulation import run
from sbpath.solution import SimulationError, Solution

# Rows of all kept solutions together, about 100 MB, and how many are kept at most.
MOST_ROWS, MOST_KEPT = 200_000, 8


class Runs:
    """Solutions by experiment; the oldest are forgotten.

    Attributes
    ----------
    own : collection of str
        Mechanism files that the user gave, besides the shipped ones.
    """

    def __init__(self, own: Collection[str] = ()) -> None:
        self.own = own
        self._lock = threading.Lock()
        self._kept: OrderedDict[Experiment, Solution] = OrderedDict()

    def solution(self, experiment: Experiment) -> Solution:
        """Its solution, simulated unless it is kept; progress is told to the thread's watch."""
        with self._lock:
            if experiment in self._kept:
                self._kept.move_to_end(experiment)
                return self._kept[experiment]
        solution = run(experiment, progress=False)
        with self._lock:
            self._kept[experiment] = solution
            while len(self._kept) > 1 and (
                len(self._kept) > MOST_KEPT or sum(len(s.time_s) for s in self._kept.values()) > MOST_ROWS
            ):
                self._kept.popitem(last=False)
        return solution

    def answer(self, setting: Setting) -> dict[str, Any]:
        """What the page shows of a setting; where a step fails, of what came before, with the failure as a notice.

        Raises
        ------
        Stop
            If it is stopped, with the answer so far.
        """
        experiment, alone = (each.experiment(self.own) for each in (setting, replace(setting, particles="1")))
        try:
            found = answer(self.solution(experiment), self._partial(alone))
        except SimulationError as error:
            stopped = not error.solution.steps[-1].outcome.failed
            single = None if stopped else self._partial(alone)
            found = answer(error.solution, single)
            found["notices"].append(str(error))
            if stopped:
                raise Stop(found) from None
        return found

    def _partial(self, experiment: Experiment) -> Solution:
        """The solution of an experiment, or as much of it as there is."""
        try:
            return self.solution(experiment)
        except SimulationError as error:
            return error.solution
