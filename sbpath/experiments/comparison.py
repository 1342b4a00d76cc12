"""Cycles of any systems, graphs, electrode designs, rates and temperatures, for a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path

from sbpath.errors import InputError
from sbpath.experiment import Experiment
from sbpath.experiments.progress import shown
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.reader import load_mechanism, with_design
from sbpath.protocol.protocol import cycling
from sbpath.simulation import run, warn_outside
from sbpath.solution import Solution


def compare(
    systems: Sequence[Mechanism | str] | Mechanism | str,
    *,
    graphs: Sequence[str | None] = (None,),
    designs: Sequence[str | Path | None] = (None,),
    rates: Sequence[str] = ("C/10",),
    temperatures_C: Sequence[float | None] = (None,),
    cycles: int = 2,
    progress: bool = True,
) -> list[Solution]:
    """Cycle every system on every graph, in every electrode design, at every rate and temperature, between its own cut-offs.

    Parameters
    ----------
    systems : sequence of Mechanism or str, or one of them
        As in `simulate`.
    graphs, temperatures_C : sequence
        As in `simulate`; None is the system's own.
    designs : sequence of str or Path
        Electrode designs as in `load_mechanism`; None is the system's own electrode.
    rates : sequence of str
        Such as ``"C/10"``.
    cycles : int
        How many; comparisons take the last one.
    progress : bool
        Show progress if it takes longer than two seconds.

    Returns
    -------
    list of Solution
        System by system; within it graph by graph, then by design, by temperature, by rate.

    Raises
    ------
    InputError
        If there is nothing to simulate, or an argument is wrong: told before the first run.

    Examples
    --------
    >>> import sbpath
    >>> for solution in sbpath.compare(["li-sb", "na-sb"], progress=False):
    ...     print(f"{sbpath.cycle_summaries(solution)[-1].hysteresis_mV:.1f} mV")
    195.9 mV
    259.4 mV
    """
    several = [systems] if isinstance(systems, Mechanism | str) else systems
    mechanisms = [s if isinstance(s, Mechanism) else load_mechanism(s) for s in several]
    if not (mechanisms and graphs and designs and rates and temperatures_C):
        raise InputError("compare: give at least one system, graph, design, rate and temperature")
    runs, problems = [], {}
    for system, graph, design, celsius, rate in product(mechanisms, graphs, designs, temperatures_C, rates):
        try:
            mechanism = system if design is None else with_design(system, design)
            protocol = cycling(rate, mechanism.lower_cutoff_V, mechanism.upper_cutoff_V, cycles)
            runs.append(Experiment.of(mechanism, protocol, graph=graph, temperature_C=celsius))
        except InputError as error:
            problems |= dict.fromkeys(error.problems)
    if problems:
        raise InputError(list(problems))
    for experiment in runs:
        warn_outside(experiment, stacklevel=3)
    return [run(experiment, progress=False) for experiment in shown(runs, "sbpath compare", "run", progress)]
