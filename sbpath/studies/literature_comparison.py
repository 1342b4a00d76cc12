"""A simulated first cycle compared with the Sb anodes of the review."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sbpath.errors import InputError, SbpathError
from sbpath.experiment import full_cycles
from sbpath.literature.entries import ReportedAnode
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.notation import subscripted
from sbpath.mechanism.reader import load_mechanism
from sbpath.progress import with_progress
from sbpath.results.cycles import cycle_summaries, first_cycle_efficiency, half_cycles
from sbpath.simulation import simulate
from sbpath.solution import Solution
from sbpath.text.literature_tables import filled, fitted, marked_label, notes_text
from sbpath.text.tables import Column

# How far a simulated first-cycle efficiency can be trusted, and where it cannot be compared at all.
SPREAD_POINTS = 10.0
SPREAD = (
    f"+-{SPREAD_POINTS:g} points with the film of this electrolyte: so many for 36 of 46 liquid cells, each with a design of its own; "
    "all rows here have the one simulated, and their electrolytes are not told apart"
)
RATE_NOTE = (
    "--csv adds the simulated capacity at the current of the row's rate capability; what the review prints there is not "
    "predicted, for the median of an ion comes nearer"
)
NO_FILM = "the simulation has no side reactions with the electrolyte; load the mechanism with one to add them"
# For rows whose current the review does not give.
RATE = "C/10"


@dataclass(frozen=True, slots=True)
class LiteratureComparison:
    """A row of Tables 2-5 and the first cycle simulated at its rate.

    Attributes
    ----------
    study : ReportedAnode
        The row, as printed.
    mechanism : str
        Name of the simulated mechanism.
    rate : str
        The row's current, or C/10 if the review gives none.
    temperature_C : float
        The row's temperature, or the mechanism's if the review gives none.
    film : bool
        Whether the mechanism has an electrolyte with film, so that charge is lost.
    first_cycle_efficiency : float or None
        Charge extracted over charge inserted in the first cycle. Side reactions with
        the electrolyte are in it if the mechanism has a film, see `SPREAD`.
    insertion_mAh_per_g : float or None
        Capacity of the first insertion, per gram of the host as prepared. The printed capacity
        is measured after many cycles.
    insertion_V, extraction_V : float or None
        Mean voltages of the first cycle.
    rate_mAh_per_g : float or None
        Capacity of the third extraction at the current of the row's rate capability, 0 if no charge passes.
        The review's rate capabilities are not predicted, see `RATE_NOTE`.
    reason : str or None
        Why the row was not simulated, or only in part; missing results are None.
    """

    study: ReportedAnode
    mechanism: str
    rate: str
    temperature_C: float
    film: bool = False
    first_cycle_efficiency: float | None = None
    insertion_mAh_per_g: float | None = None
    insertion_V: float | None = None
    extraction_V: float | None = None
    rate_mAh_per_g: float | None = None
    reason: str | None = None

    @property
    def efficiency_percent(self) -> float | None:
        """`first_cycle_efficiency` in percent."""
        return None if self.first_cycle_efficiency is None else 100.0 * self.first_cycle_efficiency


COLUMNS: tuple[Column[LiteratureComparison], ...] = (
    Column("", lambda one: marked_label(one.study), short="row"),
    Column("", lambda one: one.study.ion, short="ion"),
    Column("", lambda one: subscripted(one.study.material), short="material"),
    Column("Simulated system", lambda one: one.mechanism),
    Column("Simulated rate", lambda one: one.rate, short="rate"),
    Column("Simulated temperature [degC]", lambda one: one.temperature_C, "{:.6g}", "°C", "{:g}"),
    Column("", lambda one: one.study.first_cycle_efficiency_percent, short="CE / %", terminal="{:.1f}"),
    Column("Simulated first-cycle efficiency [%]", lambda one: one.efficiency_percent, "{:.6g}", "sim.", "{:.1f}"),
    Column("", lambda one: one.study.capacity_mAh_per_g, short="mAh/g", terminal="{:g}"),
    Column("", lambda one: one.study.cycles, short="cycles"),
    Column("Simulated first insertion [mA.h.g-1]", lambda one: one.insertion_mAh_per_g, "{:.6g}", "sim.", "{:.0f}"),
    Column("Simulated insertion voltage [V]", lambda one: one.insertion_V, "{:.6g}", "in / V", "{:.3f}"),
    Column("Simulated extraction voltage [V]", lambda one: one.extraction_V, "{:.6g}", "out / V", "{:.3f}"),
    Column("Simulated rate capacity [mA.h.g-1]", lambda one: one.rate_mAh_per_g, "{:.6g}"),
    Column("Spread [points]", lambda one: SPREAD_POINTS if one.film else None, "{:g}"),
    Column("Why not simulated", lambda one: one.reason),
)  # fmt: skip


def compare_with_literature(
    studies: Iterable[ReportedAnode],
    mechanism: Mechanism | str,
    *,
    graph: str | None = None,
    progress: bool = True,
) -> list[LiteratureComparison]:
    """Simulate the first cycle of a mechanism for each row of the review's tables.

    Each cycle runs between the mechanism's cut-offs at the current and temperature of the row.

    Parameters
    ----------
    studies : iterable of ReportedAnode
        Rows, for example from `sbpath.literature.find_anodes`.
    mechanism, graph, progress
        As in `simulate`.

    Returns
    -------
    list of LiteratureComparison
        One per row, in the same order; rows with another ion or host have only a reason.

    Raises
    ------
    InputError
        If the mechanism or its graph is wrong, before anything is simulated.
    """
    system = load_mechanism(mechanism) if isinstance(mechanism, str) else mechanism
    system.edges(graph)
    cycles: dict[tuple[str, float], Solution | str] = {}
    rated: dict[tuple[float, float], float | None] = {}
    found = []
    for study in with_progress(list(studies), "sbpath literature", "row", progress):
        current = study.cycling_current_mA_per_g
        rate = RATE if current is None else f"{current:g} mA/g"
        celsius = system.temperature_C if study.temperature_C is None else study.temperature_C
        result = _mismatch(study, system)
        if result is None:
            if (rate, celsius) not in cycles:
                cycles[rate, celsius] = _cycled(system, rate, graph, celsius)
            result = cycles[rate, celsius]
        measured: dict[str, Any] = {"reason": result} if isinstance(result, str) else _measured(result)
        if not isinstance(result, str) and (fast := study.rate_current_mA_per_g) is not None:
            if (fast, celsius) not in rated:
                rated[fast, celsius] = _rated(system, fast, graph, celsius)
            measured["rate_mAh_per_g"] = rated[fast, celsius]
        found.append(
            LiteratureComparison(
                study, system.name, rate, celsius, system.electrolyte.film is not None, **measured
            )
        )
    return found


def comparison_text(rows: Sequence[LiteratureComparison], width: int, notes: bool = False) -> str:
    """Printed and simulated numbers of each row in `width` characters, and why rows were not simulated."""
    legend = (
        f"Tables 2-5 compared with {rows[0].mechanism}, simulated at the mA/g of the row, or at {RATE} if the review "
        "gives none. CE: charge extracted over charge inserted in the first cycle; "
        f"{SPREAD if rows[0].film else NO_FILM}. mAh/g: printed, after this number of cycles; simulated, inserted in the first cycle, per "
        f"gram of host. in, out: simulated mean voltages of that cycle. {RATE_NOTE}."
    )
    lines = [*fitted(COLUMNS, rows, width), "", filled(legend, width, "")]
    reasons: dict[str, list[str]] = {}
    for row in rows:
        if row.reason is not None:
            reasons.setdefault(row.reason, []).append(row.study.label)
    lines += [filled(f"not simulated, {', '.join(which)}: {why}", width) for why, which in reasons.items()]
    if notes:
        lines += ["", *(notes_text(row.study, width) for row in rows)]
    return "\n".join(lines)


def _mismatch(study: ReportedAnode, mechanism: Mechanism) -> str | None:
    """Why `study` does not concern the host of `mechanism`; None if it does."""
    if study.ion != mechanism.ion:
        return f"its ion is {study.ion}, that of {mechanism.name} is {mechanism.ion}"
    elements = [e for e in mechanism.composition(mechanism.initial_phase) if e != mechanism.ion]
    if set(study.host_elements) != set(elements):
        reported, simulated = "-".join(study.host_elements), "-".join(elements)
        return f"its host is {reported}, that of {mechanism.name} is {simulated}"
    return None


def _cycled(
    mechanism: Mechanism, rate: str, graph: str | None, celsius: float, cycles: int = 1
) -> Solution | str:
    """Full cycles, or why there are none."""
    protocol = full_cycles(mechanism, rate, cycles)
    keep = "all" if cycles == 1 else "ends"
    try:
        return simulate(mechanism, protocol, graph=graph, temperature_C=celsius, progress=False, keep=keep)
    except InputError as error:
        return "; ".join(error.problems)
    except SbpathError as error:
        return str(error)


def _rated(mechanism: Mechanism, current: float, graph: str | None, celsius: float) -> float | None:
    """Capacity (mAh/g) of the third extraction at a current (mA/g), 0 if no charge passes; None if it fails."""
    solution = _cycled(mechanism, f"{current:g} mA/g", graph, celsius, 3)
    if isinstance(solution, str):
        return None
    return next((s.extraction_mAh_per_g for s in cycle_summaries(solution) if s.cycle == 3), 0.0)


def _measured(solution: Solution) -> dict[str, Any]:
    """Results of a first cycle, and why a half cycle is missing."""
    halves = {half.direction: half for half in reversed(half_cycles(solution))}
    into, out = halves.get("insertion"), halves.get("extraction")
    reason = None
    if into is None or out is None:
        missing, step = ("insertion", 0) if into is None else ("extraction", 1)
        reason = f"no charge passes on {missing} at this rate: {solution.steps[step].reason}"
    return {
        "first_cycle_efficiency": first_cycle_efficiency(solution),
        "insertion_mAh_per_g": into and into.capacity_mAh_per_g,
        "insertion_V": into and into.mean_voltage_V,
        "extraction_V": out and out.mean_voltage_V,
        "reason": reason,
    }
