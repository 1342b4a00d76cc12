"""What would help: each number of film, surface and contact halved and doubled, sorted by what it gains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sbpath.arguments import whole
from sbpath.errors import InputError
from sbpath.experiment import Experiment
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.paths import value, with_changes
from sbpath.mechanism.records import value_or
from sbpath.progress import with_progress
from sbpath.protocol.protocol import Protocol
from sbpath.results.ledger import full_cell_capacity, ledger
from sbpath.simulation import run
from sbpath.solution import Solution
from sbpath.text.tables import Column, printed_table

# The review's three strategies, and the numbers that each changes. Molar volume and electrons of the film only
# say how thick a charge is, and are left out.
STRATEGIES = {
    "SEI control": (
        "electrolyte.film.onset_potential_V",
        "electrolyte.film.sealing_thickness_nm",
        "electrolyte.film.electron_conductivity_S_per_m",
        "electrolyte.film.sealing_rate_per_s",
        "electrolyte.film.sealing_time_s",
        "electrolyte.film.torn_share",
    ),
    "structure": (
        "electrode.particle_radius_m",
        "electrode.host_area_m2_per_g",
        "electrode.fragment_area_m2_per_g",
        "electrode.fragmentation",
    ),
    "composite": (
        "electrode.idle_area_m2_per_g",
        "electrode.contact_loss",
        "electrode.inactive_mass_g_per_g",
    ),
}
FACTORS = {"halved": 0.5, "doubled": 2.0}
# Gains smaller than these (points, mAh/g) are none.
LEAST = 0.005


@dataclass(frozen=True, slots=True)
class Remedy:
    """One number changed.

    Attributes
    ----------
    strategy, name, change : str
        "structure", the path of the number, and "halved" or "doubled".
    first_points, late_points : float
        Gain of coulombic efficiency in the first and the last cycle (percentage points).
    capacity_mAh_per_g : float
        Gain of capacity in the last cycle, per gram of the whole electrode, in the full cell if there is one.
    cycles : int
        Number of the last cycle.
    """

    strategy: str
    name: str
    change: str
    first_points: float
    late_points: float
    capacity_mAh_per_g: float
    cycles: int

    @property
    def gains(self) -> tuple[float, float, float]:
        """First-cycle efficiency, late efficiency, capacity, in the order of importance."""
        return self.first_points, self.late_points, self.capacity_mAh_per_g


def what_would_help(
    solution: Solution,
    cycles: int = 20,
    *,
    reserve_mAh_per_g: float | None = None,
    progress: bool = True,
) -> list[Remedy]:
    """Repeat the first cycle of a simulation `cycles` times with each number halved and doubled.

    Parameters
    ----------
    solution : Solution
        Whose mechanism, first cycle and conditions are used.
    cycles : int
        How many, 2 or more.
    reserve_mAh_per_g : float, optional
        As in `full_cell_capacity`; the capacity is then that of the full cell.
    progress : bool
        As in `simulate`.

    Returns
    -------
    list of Remedy
        Best first: by first-cycle efficiency, then late efficiency, then capacity.

    Raises
    ------
    InputError
        If `cycles` is below 2 or the reserve is not above zero.
    """
    cycles = whole("cycles", cycles, 2)
    cycle = solution.experiment.protocol.cycles[0]
    experiment = replace(solution.experiment, protocol=Protocol((cycle,) * cycles), keep="ends")
    as_is = _outcome(experiment, reserve_mAh_per_g)
    trials = list(_trials(experiment.mechanism))
    found = []
    for strategy, name, change, mechanism in with_progress(trials, "sbpath what helps", "run", progress):
        gains = _outcome(replace(experiment, mechanism=mechanism), reserve_mAh_per_g)
        first, late, capacity = (new - old for new, old in zip(gains, as_is, strict=True))
        found.append(Remedy(strategy, name, change, first, late, capacity, cycles))
    return sorted(found, key=lambda remedy: remedy.gains, reverse=True)


def _trials(mechanism: Mechanism) -> Iterator[tuple[str, str, str, Mechanism]]:
    """Strategy, number, change and changed mechanism, of every number that is given and not zero."""
    for strategy, names in STRATEGIES.items():
        for name in names:
            try:
                now = value(mechanism, name)
            except InputError:
                continue  # not given
            for change, factor in FACTORS.items():
                try:
                    changed = with_changes(mechanism, {name: factor * now})
                except InputError:
                    continue  # a share above 1
                if now:
                    yield strategy, name, change, changed


def _outcome(experiment: Experiment, reserve: float | None) -> tuple[float, float, float]:
    """Efficiency of the first and the last cycle (%), and capacity of the last per gram of electrode (mAh/g)."""
    entries = ledger(run(experiment, progress=False))
    capacity = entries[-1].extracted if reserve is None else float(full_cell_capacity(entries, reserve)[-1])
    inactive = value_or(experiment.mechanism.electrode.inactive_mass_g_per_g, 0.0)
    return 1e2 * entries[0].efficiency, 1e2 * entries[-1].efficiency, capacity / (1.0 + inactive)


def remedies_text(remedies: Sequence[Remedy]) -> str:
    """What gains anything, best first; the best for each aim; and what changes nothing."""
    if not remedies:
        return "what would help: nothing to change; this electrode has no film, area or loss of contact"
    cycles = remedies[0].cycles
    columns: tuple[Column[Remedy], ...] = (
        Column("", lambda r: r.name, short="number"),
        Column("", lambda r: r.change, short="change"),
        Column("", lambda r: r.strategy, short="strategy"),
        Column("", lambda r: r.first_points, short="first eff.", terminal="{:+10.2f}"),
        Column("", lambda r: r.late_points, short="late eff.", terminal="{:+9.3f}"),
        Column("", lambda r: r.capacity_mAh_per_g, short="capacity", terminal="{:+8.1f}"),
    )
    useful = [remedy for remedy in remedies if max(remedy.gains) > LEAST]
    moved = {remedy.name for remedy in remedies if max(map(abs, remedy.gains)) > LEAST}
    still = dict.fromkeys(remedy.name for remedy in remedies if remedy.name not in moved)
    aims = ("first-cycle efficiency", f"efficiency of cycle {cycles}", f"capacity of cycle {cycles}")
    lines = [
        f"what would help, judged by {cycles} cycles with one number changed:",
        printed_table(columns, useful),
        f"first, late: gain of efficiency in cycles 1 and {cycles}, points; capacity: in cycle {cycles}, mAh per gram"
        " of the whole electrode",
    ]
    for place, aim in enumerate(aims):
        best = max(remedies, key=lambda remedy: remedy.gains[place])
        if best.gains[place] > LEAST:
            lines += [f"most for {aim}: {best.name} {best.change} ({best.strategy})"]
    if still:
        lines += [f"changes nothing here: {', '.join(still)}"]
    return "\n".join(lines)
