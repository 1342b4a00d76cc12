"""What each cause of hysteresis is worth: the same cycles without it.

A cause's share of the losses is not what its removal would save. Where another step in series or another
path takes over, removal saves less; where the cause also holds a path open or closed, it can save more.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.paths import value, with_changes
from sbpath.mechanism.records import Quantity
from sbpath.results.cycles import cycle_summaries
from sbpath.results.loss_breakdown import LOSSES, loss_breakdown
from sbpath.simulation import run
from sbpath.solution import Floats, SimulationError, Solution

# Rates are made this many times faster.
FASTER = 1e6
# The numbers of each cause in the order of `LOSSES`, by the ends of their paths, and the factor that removes it.
REMOVED: tuple[tuple[tuple[str, ...], float], ...] = (
    ((".energy_J_per_m2",), 0.0),
    ((".growth_rate_per_s",), FASTER),
    ((".diffusivity_m2_per_s",), FASTER),
    ((".transformation_work_J_per_mol",), 0.0),
    ((".contact_resistance_ohm_cm2", ".thickness_um"), 1.0 / FASTER),
    ((".exchange_current_A_per_m2",), FASTER),
    ((".film.onset_potential_V",), 1.0 / FASTER),
)


def without_cause(mechanism: Mechanism, cause: str) -> Mechanism:
    """The mechanism without one of `LOSSES`."""
    ends, factor = REMOVED[LOSSES.index(cause)]
    names = [
        name for name, number in mechanism.numbers() if isinstance(number, Quantity) and name.endswith(ends)
    ]
    return with_changes(mechanism, {name: factor * value(mechanism, name) for name in names})


def if_removed_mV(solution: Solution, cycle: int | None = None) -> Floats:
    """Change of the hysteresis of a cycle (mV) without each of `LOSSES` in turn, shape (7,).

    The whole experiment is repeated for each cause with a loss: without barriers of nucleation, work,
    resistance, film; with growth, diffusion, charge transfer a million times faster. NaN where the cycle cannot be
    repeated without it.

    Parameters
    ----------
    solution : Solution
        With a closed cycle.
    cycle : int, optional
        By default the last closed one.

    Raises
    ------
    InputError
        If that cycle is not closed.

    Examples
    --------
    >>> import sbpath
    >>> protocol = sbpath.cycling("C/10", 0.05, 1.5, cycles=2)
    >>> changes = sbpath.if_removed_mV(sbpath.simulate("li-sb-llzo", protocol, progress=False))
    >>> bool(changes[4] < -20.0)  # that of the resistance
    True
    """
    found = loss_breakdown(solution, cycle)
    changes = np.zeros(len(LOSSES))
    for i, cause in enumerate(LOSSES):
        if not found.losses_J_per_g[:, i].any():
            continue
        experiment = replace(solution.experiment, mechanism=without_cause(solution.mechanism, cause))
        try:
            again = run(replace(experiment, keep="ends"), progress=False)
        except SimulationError:
            changes[i] = np.nan
            continue
        gaps = [s.hysteresis_mV for s in cycle_summaries(again) if s.cycle == found.cycle]
        changes[i] = gaps[0] - found.hysteresis_mV if gaps else np.nan
    return changes
