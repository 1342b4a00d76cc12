"""Rows of the review's tables beside a simulation of the same host, each at its own rate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sbpath.errors import InputError, SbpathError
from sbpath.literature.records import Study
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.reader import load_mechanism
from sbpath.progress import shown
from sbpath.protocol.protocol import cycling
from sbpath.results.cycles import first_cycle_efficiency, half_cycles
from sbpath.simulation import simulate
from sbpath.solution import Solution

# Of rows for which the review names no current.
RATE = "C/10"


@dataclass(frozen=True, slots=True)
class Beside:
    """A row of Tables 2-5 and what the first cycle of a simulation gives at the row's own rate.

    Attributes
    ----------
    study : Study
        The row, as printed.
    mechanism : str
        What was simulated.
    rate : str
        Of the simulation: the row's current where the review names one, else C/10.
    temperature_C : float
        Of the simulation: the row's where the review names one, else the mechanism's.
    first_cycle_efficiency : float or None
        Share of the charge inserted in the first cycle that came out again. Nothing but the
        phases is lost here: a cell loses charge to its electrolyte too.
    insertion_mAh_per_g : float or None
        Capacity of the first insertion, per gram of the host as prepared. The printed one is
        that after many cycles.
    insertion_V, extraction_V : float or None
        Mean voltages of the first cycle.
    reason : str or None
        Why the row could not be simulated, or not whole; what it lacks is None then.
    """

    study: Study
    mechanism: str
    rate: str
    temperature_C: float
    first_cycle_efficiency: float | None = None
    insertion_mAh_per_g: float | None = None
    insertion_V: float | None = None
    extraction_V: float | None = None
    reason: str | None = None


def beside(
    studies: Iterable[Study],
    mechanism: Mechanism | str,
    *,
    graph: str | None = None,
    progress: bool = True,
) -> list[Beside]:
    """Lay rows of the review's tables beside the first cycle of a simulation, between its own cut-offs.

    Parameters
    ----------
    studies : iterable of Study
        Rows, for example of `sbpath.find_studies`.
    mechanism : Mechanism or str
        As in `simulate`.
    graph : str, optional
        As in `simulate`.
    progress : bool
        Show progress if it takes longer than two seconds.

    Returns
    -------
    list of Beside
        One for each row, in their order; rows of another ion or host have only a reason.

    Raises
    ------
    InputError
        If the mechanism or its graph is wrong; nothing is simulated then.
    """
    system = load_mechanism(mechanism) if isinstance(mechanism, str) else mechanism
    system.edges(graph)
    done: dict[tuple[str, float], Solution | str] = {}
    found = []
    for study in shown(list(studies), "sbpath literature", "row", progress):
        current = study.cycling_current_mA_per_g
        rate = RATE if current is None else f"{current:g} mA/g"
        celsius = system.temperature_C if study.temperature_C is None else study.temperature_C
        reason = _another(study, system)
        if reason is None and (rate, celsius) not in done:
            done[rate, celsius] = _cycled(system, rate, graph, celsius)
        result = reason or done[rate, celsius]
        found.append(_laid(study, system.name, rate, celsius, result))
    return found


def _another(study: Study, mechanism: Mechanism) -> str | None:
    """Why `study` is not of this mechanism's host, if it is not."""
    if study.ion != mechanism.ion:
        return f"its ion is {study.ion}, that of {mechanism.name} is {mechanism.ion}"
    elements = [e for e in mechanism.composition(mechanism.initial_phase) if e != mechanism.ion]
    if set(study.host_elements) != set(elements):
        own, theirs = "-".join(study.host_elements), "-".join(elements)
        return f"its host is of {own}, that of {mechanism.name} of {theirs}"
    return None


def _cycled(mechanism: Mechanism, rate: str, graph: str | None, celsius: float) -> Solution | str:
    """The first cycle, or why there is none."""
    protocol = cycling(rate, mechanism.lower_cutoff_V, mechanism.upper_cutoff_V)
    try:
        return simulate(mechanism, protocol, graph=graph, temperature_C=celsius, progress=False)
    except InputError as error:
        return "; ".join(error.problems)
    except SbpathError as error:
        return str(error)


def _laid(study: Study, name: str, rate: str, celsius: float, result: Solution | str) -> Beside:
    if isinstance(result, str):
        return Beside(study, name, rate, celsius, reason=result)
    ways = {half.direction: half for half in reversed(half_cycles(result))}
    into, out = ways.get("insertion"), ways.get("extraction")
    reason = None
    if into is None or out is None:
        missing, step = ("insertion", 0) if into is None else ("extraction", 1)
        reason = f"no charge passes on {missing} at this rate: {result.steps[step].reason}"
    return Beside(
        study,
        name,
        rate,
        celsius,
        first_cycle_efficiency=first_cycle_efficiency(result),
        insertion_mAh_per_g=None if into is None else into.capacity_mAh_per_g,
        insertion_V=None if into is None else into.mean_voltage_V,
        extraction_V=None if out is None else out.mean_voltage_V,
        reason=reason,
    )
