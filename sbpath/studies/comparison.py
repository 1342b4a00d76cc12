"""Systems, graphs, electrode designs, electrolytes, rates and temperatures compared by their last full cycles."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Literal

from sbpath.arguments import several
from sbpath.errors import InputError
from sbpath.experiment import Experiment, full_cycles
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.notation import changes_text, node_labels
from sbpath.mechanism.paths import with_changes
from sbpath.mechanism.reader import load_mechanism, with_design, with_electrolyte
from sbpath.physical import STANDARD_POTENTIAL_V
from sbpath.progress import with_progress
from sbpath.protocol.schedule import Cycles
from sbpath.results.cycles import CycleSummary, HalfCycle, first_cycle_efficiency, last_loop
from sbpath.results.ledger import LedgerEntry, ledger
from sbpath.results.loss_breakdown import LOSSES, LossBreakdown, loss_breakdowns
from sbpath.results.pathways import Pathways, pathways
from sbpath.simulation import run, warn_of_doubts
from sbpath.solution import Solution
from sbpath.text.tables import Column, file_table, path_text, printed_table, table, ways_note, which_cycle

Scale = Literal["own", "Li"]
Loop = tuple[CycleSummary, HalfCycle, HalfCycle]


def compare(
    systems: Sequence[Mechanism | str] | Mechanism | str,
    *,
    graphs: Sequence[str | None] | str | None = None,
    designs: Sequence[str | Path | None] | str | Path | None = None,
    electrolytes: Sequence[str | Path | None] | str | Path | None = None,
    rates: Sequence[str] | str = "C/10",
    temperatures_C: Sequence[float | None] | float | None = None,
    electrode_mass_g: float | None = None,
    loading_mg_per_cm2: float | None = None,
    changes: Mapping[str, float] | None = None,
    cycles: Cycles = 2,
    progress: bool = True,
) -> list[Solution]:
    """Cycle every combination of system, graph, design, electrolyte, rate and temperature between the cut-offs.

    Parameters
    ----------
    systems : sequence of Mechanism or str, or one of them
        As in `simulate`; each has its own cut-offs.
    graphs, temperatures_C : sequence, or one of them
        As in `simulate`; None is the system's default.
    designs : sequence of str or Path, or one of them
        Electrode designs as in `load_mechanism`; None is the system's own electrode.
    electrolytes : sequence of str or Path, or one of them
        As in `load_mechanism`; None is the system's own, which forms no film unless its file says so.
    rates : sequence of str, or one of them
        Such as ``"C/10"``.
    electrode_mass_g, loading_mg_per_cm2, progress
        As in `simulate`, the same in every run.
    changes : mapping, optional
        Numbers to replace in every system, also those of a design, as in `load_mechanism`.
    cycles : int, str or sequence of (int, str, Rate or None)
        Cycles, or blocks of them as in `cycling`; the last one is compared.

    Returns
    -------
    list of Solution
        Ordered by system, then graph, design, electrolyte, temperature and rate.

    Raises
    ------
    InputError
        If there is nothing to simulate, or an argument is wrong; raised before the first run.

    Examples
    --------
    >>> import sbpath
    >>> for solution in sbpath.compare(["li-sb", "na-sb"], progress=False):
    ...     print(f"{sbpath.cycle_summaries(solution)[-1].hysteresis_mV:.1f} mV")
    196.4 mV
    235.0 mV
    """
    given = [systems] if isinstance(systems, Mechanism) else several(systems)
    mechanisms = [s if isinstance(s, Mechanism) else load_mechanism(s) for s in given]
    choices = [mechanisms, *map(several, (graphs, designs, electrolytes, temperatures_C, rates))]
    if not all(choices):
        raise InputError(
            "compare: give at least one system, graph, design, electrolyte, rate and temperature"
        )
    runs, problems = [], {}
    for system, graph, design, electrolyte, celsius, rate in product(*choices):
        try:
            mechanism = system if design is None else with_design(system, design)
            mechanism = mechanism if electrolyte is None else with_electrolyte(mechanism, electrolyte)
            mechanism = with_changes(mechanism, changes or {})
            protocol = full_cycles(mechanism, rate, cycles)
            runs.append(
                Experiment.of(
                    mechanism, protocol, graph=graph, temperature_C=celsius,
                    electrode_mass_g=electrode_mass_g, loading_mg_per_cm2=loading_mg_per_cm2,
                )
            )  # fmt: skip
        except InputError as error:
            problems |= dict.fromkeys(error.problems)
    if problems:
        raise InputError(list(problems))
    warn_of_doubts(*runs)
    return [
        run(experiment, progress=False)
        for experiment in with_progress(runs, "sbpath compare", "run", progress)
    ]


@dataclass(frozen=True, eq=False)
class Case:
    """The last full cycle of one simulation; where there is none, what is read off it is None.

    Attributes
    ----------
    label : str
        The mechanism's name, and whichever of graph, design, electrolyte, temperature and rate differs
        between the cases.
    solution : Solution
        The whole simulation.
    shift_V : float
        Added to each potential; 0 on the scale of the cell's own alkali metal.
    """

    label: str
    solution: Solution
    shift_V: float

    @cached_property
    def loop(self) -> Loop | tuple[None, None, None]:
        """Summary, insertion and extraction of the cycle compared."""
        return last_loop(self.solution) or (None, None, None)

    @property
    def summary(self) -> CycleSummary | None:
        """Of that cycle."""
        return self.loop[0]

    @cached_property
    def ways(self) -> dict[str, Pathways]:
        """Charge carried by each edge in that cycle, by direction: in the first half cycle of each, as in `last_loop`."""
        ways = reversed(pathways(self.solution))
        return {way.direction: way for way in ways if self.summary and way.cycle == self.summary.cycle}

    @cached_property
    def ledger(self) -> list[LedgerEntry]:
        """Where the charge of every cycle went."""
        return ledger(self.solution)

    @cached_property
    def loss_breakdown(self) -> LossBreakdown | None:
        """Of that cycle; None where the loop is not closed."""
        found = loss_breakdowns(self.solution) if self.summary else ()
        return next((b for b in found if self.summary and b.cycle == self.summary.cycle), None)

    def mean_V(self, half: HalfCycle | None) -> float | None:
        """Mean voltage of a half cycle on the scale of the comparison."""
        return half and half.mean_voltage_V + self.shift_V

    @property
    def causes_mV(self) -> tuple[float, ...]:
        """Hysteresis by cause, and the energy left stored by the cycle; empty if the loop is not closed."""
        if self.loss_breakdown is None:
            return ()
        stored = self.loss_breakdown.stored_mV
        # Below this the table would print -0.0.
        return (*self.loss_breakdown.losses_mV.sum(axis=0).tolist(), stored if abs(stored) > 0.05 else 0.0)


def cases(solutions: Sequence[Solution] | Solution, scale: Scale = "own") -> list[Case]:
    """One case for each solution, in their order.

    Parameters
    ----------
    solutions : sequence of Solution, or one Solution
        To be compared.
    scale : {"own", "Li"}
        Potentials against each cell's own alkali metal, or all against Li+/Li, converted with the
        standard potentials of the metals (`sbpath.physical.STANDARD_POTENTIAL_V`).

    Raises
    ------
    InputError
        If there is nothing to compare, or the scale is unknown.
    """
    several = [solutions] if isinstance(solutions, Solution) else list(solutions)
    if not several:
        raise InputError("comparison: give at least one solution")
    if scale not in ("own", "Li"):
        raise InputError(f"scale: must be 'own' or 'Li', not {scale!r}")
    zero = {
        ion: V - STANDARD_POTENTIAL_V["Li"] if scale == "Li" else 0.0
        for ion, V in STANDARD_POTENTIAL_V.items()
    }
    return [
        Case(label, solution, zero[solution.mechanism.ion])
        for label, solution in zip(case_labels(several), several, strict=True)
    ]


def case_labels(solutions: Sequence[Solution]) -> list[str]:
    """A short name for each solution, with what distinguishes it from the others."""
    parts = [
        (
            solution.mechanism.name,
            solution.graph,
            solution.mechanism.design or "own electrode",
            solution.mechanism.electrolyte_name or "own electrolyte",
            f"{solution.temperature_C:g} °C",
            rate_text(_rate_mA_per_g(solution), solution.experiment.one_C_mA_per_g),
        )
        for solution in solutions
    ]
    labels = []
    for part in parts:
        # Only among cases of one system: each system has its own default temperature.
        same_system = [other for other in parts if other[0] == part[0]]
        varied = [part[i] for i in range(1, 6) if len({other[i] for other in same_system}) > 1]
        labels.append(", ".join([part[0], *varied]))
    # Cases that differ only in a number of the mechanism or in the protocol are numbered.
    return [
        label if labels.count(label) == 1 else f"{label} ({labels[: i + 1].count(label)})"
        for i, label in enumerate(labels)
    ]


def rate_text(rate_mA_per_g: float, one_C_mA_per_g: float) -> str:
    """A current per gram as a C-rate: ``C/10`` or ``2C``."""
    if rate_mA_per_g <= 0.0:
        return "rest"
    hours = one_C_mA_per_g / rate_mA_per_g
    return f"C/{hours:.4g}" if hours > 1.0 else f"{1.0 / hours:.4g}C"


def _rate_mA_per_g(solution: Solution) -> float:
    """Current at the start of the insertion compared."""
    loop = last_loop(solution)
    rows = slice(0, None) if loop is None else loop[1].rows
    return 1e3 * abs(float(solution.current_A_per_g[rows][0]))


# What a cycle took in and gave back, and where the rest is (mAh/g).
PLACES: dict[str, Callable[[LedgerEntry], float]] = {
    "Put in": lambda e: e.inserted,
    "Taken out": lambda e: e.extracted,
    "Film on host": lambda e: e.film,
    "Film on idle surface": lambda e: e.idle,
    "Cut off": lambda e: e.cut_off,
    "Left": lambda e: e.held + e.layer,
}

COLUMNS: tuple[Column[Case], ...] = (
    Column("", lambda c: c.label, short="system"),
    Column("System", lambda c: c.solution.mechanism.name),
    Column("Graph", lambda c: c.solution.graph),
    Column("Design", lambda c: c.solution.mechanism.design),
    Column("Electrolyte", lambda c: c.solution.mechanism.electrolyte_name),
    Column("Temperature [degC]", lambda c: c.solution.temperature_C, "{:g}", "°C", "{:g}"),
    Column("Rate [mA.g-1]", lambda c: _rate_mA_per_g(c.solution), "{:.4g}"),
    Column("Cycle", lambda c: c.summary and c.summary.cycle),
    Column("Insertion [mA.h.g-1]", lambda c: c.loop[1] and c.loop[1].capacity_mAh_per_g, "{:.1f}", "mAh/g", "{:.1f}"),
    Column("Extraction [mA.h.g-1]", lambda c: c.loop[2] and c.loop[2].capacity_mAh_per_g, "{:.1f}"),
    Column("Insertion [V]", lambda c: c.mean_V(c.loop[1]), "{:.4f}", "in / V", "{:.3f}"),
    Column("Extraction [V]", lambda c: c.mean_V(c.loop[2]), "{:.4f}", "out / V", "{:.3f}"),
    Column("Hysteresis [mV]", lambda c: c.summary and c.summary.hysteresis_mV, "{:.1f}", "hysteresis / mV", "{:.1f}"),
    Column("Loop [J.g-1]", lambda c: c.summary and c.summary.loop_J_per_g, "{:.1f}", "loop / J/g", "{:.1f}"),
    Column("First-cycle efficiency", lambda c: c.summary and first_cycle_efficiency(c.solution), "{:.4f}", "ICE", "{:.1%}"),
    Column("Coulombic efficiency", lambda c: c.summary and c.summary.coulombic_efficiency, "{:.4f}", "CE", "{:.1%}"),
    Column("Energy efficiency", lambda c: c.summary and c.summary.energy_efficiency, "{:.4f}", "energy eff.", "{:.1%}"),
    Column("Insertion path", lambda c: c.summary and path_text(c.ways.get("insertion"))),
    Column("Extraction path", lambda c: c.summary and path_text(c.ways.get("extraction"))),
    Column("", lambda c: c.summary and path_text(c.ways.get("insertion"), node_labels(c.solution.mechanism)), short="path in"),
    Column("", lambda c: c.summary and path_text(c.ways.get("extraction"), node_labels(c.solution.mechanism)), short="path out"),
    *(
        Column(f"{cause.capitalize()} [mV]", lambda c, i=i: c.causes_mV[i] if c.causes_mV else None, "{:.2f}")
        for i, cause in enumerate((*LOSSES, "stored"))
    ),
    *(
        Column(f"{place}, cycle 1 [mA.h.g-1]", lambda c, of=of: of(c.ledger[0]) if c.ledger else None, "{:.3f}")
        for place, of in PLACES.items()
    ),
    Column("Live share", lambda c: c.ledger[-1].live_share if c.ledger else None, "{:.6f}"),
)  # fmt: skip

# Where the charge of the first cycle went, and how the electrode has fared since.
LEDGER_COLUMNS: tuple[Column[Case], ...] = (
    Column("", lambda c: c.label, short="system"),
    *(
        Column("", lambda c, of=of: of(c.ledger[0]), short=place.lower(), terminal="{:.2f}")
        for place, of in PLACES.items()
    ),
    Column("", lambda c: c.ledger[0].efficiency, short="eff. 1", terminal="{:.1%}"),
    Column("", lambda c: c.ledger[-1].efficiency, short="last eff.", terminal="{:.2%}"),
    Column("", lambda c: c.ledger[-1].live_share, short="live", terminal="{:.2%}"),
)


def comparison_table(
    solutions: Sequence[Solution], scale: Scale = "own"
) -> tuple[list[str], list[list[str]]]:
    """Headings and rows for a file: the last full cycle of each solution, phases by name."""
    return file_table(COLUMNS, cases(solutions, scale))


def comparison_report(solutions: Sequence[Solution], scale: Scale = "own") -> str:
    """The comparison for a terminal, followed by the hysteresis by cause."""
    compared = cases(solutions, scale)
    shares = [[c.label, *(f"{value:.1f}" for value in c.causes_mV)] for c in compared if c.causes_mV]
    head = ["system", *LOSSES, "stored"]
    # Causes that take nothing in any of them are left out.
    kept = [i for i, name in enumerate(head) if name == "system" or any(float(row[i]) for row in shares)]
    shown = {c.label: which_cycle(c.solution, c.summary.cycle) for c in compared if c.summary}
    lines = [
        *(dict.fromkeys(shown.values()) if len(set(shown.values())) < 2 else map(": ".join, shown.items())),
        *dict.fromkeys(
            f"changed: {changes_text(m)}" for m in (c.solution.mechanism for c in compared) if m.changes
        ),
        "",
        printed_table(COLUMNS, compared),
        "",
        "Hysteresis by cause / mV",
        table([head[i] for i in kept], [[row[i] for i in kept] for row in shares]),
        "ICE: first-cycle efficiency, the share of the charge inserted in cycle 1 that came out again; "
        "CE: the same in the cycle compared",
    ]
    if any(case.ledger and case.ledger[0].film + case.ledger[0].idle > 0.0 for case in compared):
        lines += [
            "",
            "Where the charge of cycle 1 went / mAh per gram of host, and efficiency and live share of the last cycle",
            printed_table(LEDGER_COLUMNS, [case for case in compared if case.ledger]),
            "film: first-cycle efficiency to +-10 points, from exposed area; kinds of electrolyte are not told apart by the "
            "cells that it was fitted to, and fade is fitted (docs/howto/lifetime.md)",
        ]
    lines += ways_note(way for case in compared for way in case.ways.values())
    if any(case.summary is None for case in compared):
        lines.append("-: no full cycle")
    if any(case.summary and not case.loss_breakdown for case in compared):
        lines.append(
            "not in the second table: the capacities differ by more than 2 %, so the loop is not closed; with film, "
            "later cycles close"
        )
    if scale == "Li":
        lines.append("potentials against Li+/Li by the standard potentials of the metals in water")
    return "\n".join(lines)
