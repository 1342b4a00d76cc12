"""What the asymmetry of the path costs or saves: the same cycle, held to one path both ways.

Take the path of one direction, allow its edges and their reverses and nothing else, and run the
same protocol again, from the state in which the cycle began. The loop less that of the held cycle is
what the freedom to come back another way is worth: negative where the other way is the cheaper one.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeVar

import numpy as np

from sbpath.errors import InputError
from sbpath.experiment import State
from sbpath.mechanism.frozen import FrozenMapping
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.notation import node_labels
from sbpath.mechanism.records import Transformation
from sbpath.results.cycles import of_cycle
from sbpath.results.loss_breakdown import LossBreakdown, loss_breakdown
from sbpath.results.pathways import Path, pathways
from sbpath.simulation import run
from sbpath.solution import Solution
from sbpath.text.tables import signed, table

T = TypeVar("T")

CONSTRAINED = "held"
# A path that takes less than this share of all Sb is none. Of those between the same two phases only
# the widest is held: fainter ones would open the edges of the other direction.
MIN_TAKEN_SHARE = 0.05
# A start may hold this share of the Sb in phases off the path, as faint paths leave it; it is put into the others.
MAX_OFF_PATH_SHARE = 2.0 * MIN_TAKEN_SHARE


class OffPath(InputError):
    """A cycle starts from phases that its own path does not touch, such as a host that does not form again."""


@dataclass(frozen=True, slots=True, eq=False)
class ConstrainedCycle:
    """A cycle held to the path of one direction.

    Attributes
    ----------
    followed : str
        The direction whose path it is, "insertion" or "extraction".
    edges : tuple of (str, str)
        Reactant and product of that path's edges; their reverses are open too.
    loss_breakdown : LossBreakdown
        Of the held cycle.
    solution : Solution
        The held simulation.
    """

    followed: str
    edges: tuple[tuple[str, str], ...]
    loss_breakdown: LossBreakdown
    solution: Solution


@dataclass(frozen=True, slots=True, eq=False)
class PathAsymmetry:
    """The losses of a free cycle, and of the cycles held to each of its two paths.

    `constrained` has the insertion path both ways, then the extraction path both ways.
    """

    free: LossBreakdown
    constrained: tuple[ConstrainedCycle, ConstrainedCycle]

    def difference_J_per_g(self) -> tuple[float, float]:
        """Loop of the free cycle less that of each held one (J per g Sb)."""
        first, second = (
            self.free.loop_J_per_g - constrained.loss_breakdown.loop_J_per_g
            for constrained in self.constrained
        )
        return first, second

    def difference_mV(self) -> tuple[float, float]:
        """The same of the voltage hysteresis (mV)."""
        first, second = (
            self.free.hysteresis_mV - constrained.loss_breakdown.hysteresis_mV
            for constrained in self.constrained
        )
        return first, second


def path_asymmetry(solution: Solution, cycle: int | None = None) -> PathAsymmetry:
    """Compare a cycle with the same one held to its insertion path, and to its extraction path.

    Parameters
    ----------
    solution : Solution
        With a closed cycle.
    cycle : int, optional
        Whose paths; the last closed one if not given.

    Raises
    ------
    InputError
        If there is no closed cycle, or a held cycle does not close.
    """
    free = loss_breakdown(solution, cycle)
    ways = of_cycle(pathways(solution), free.cycle)
    constrained = []
    for followed in ("insertion", "extraction"):
        own = [way for way in ways if way.direction == followed]
        widest: dict[tuple[str, str], Path] = {}
        for path in (path for way in own for path in way.paths if path.share >= MIN_TAKEN_SHARE):
            widest.setdefault((path.phases[0], path.phases[-1]), path)
        steps = (step for path in widest.values() for step in pairwise(path.phases))
        edges = tuple(dict.fromkeys(steps))
        if not edges:
            raise InputError(f"path_asymmetry: no transformation ran on {followed} in cycle {free.cycle}")
        again = simulate_constrained(solution, edges, _beginning(solution, free.cycle, edges))
        constrained.append(ConstrainedCycle(followed, edges, loss_breakdown(again, free.cycle), again))
    return PathAsymmetry(free, (constrained[0], constrained[1]))


def _beginning(solution: Solution, cycle: int, edges: Sequence[tuple[str, str]]) -> State:
    """The state in which `cycle` began, or that in which it ended if more of that is on the path.

    The second where a cycle takes a host apart for good: what comes back is on the path of extraction
    alone. Not the state in which the solution began, which may be off both paths.
    """
    rows = np.flatnonzero(solution.cycle == cycle)
    first, last = int(rows[0]), int(rows[-1])
    began = _state(solution, first - 1) if first > 0 else solution.experiment.initial
    # The first of the two if they are equal but for rounding.
    return max((began, _state(solution, last)), key=lambda state: round(_on_path(state, edges), 6))


def _state(solution: Solution, row: int) -> State:
    fractions = dict(zip(solution.phases, solution.fractions[:, row].tolist(), strict=True))
    return State(fractions, float(solution.potential_V[row]), float(solution.time_s[row]))


def _on_path(state: State, edges: Sequence[tuple[str, str]]) -> float:
    """Share of the Sb in phases that `edges` touch."""
    touched = {phase for edge in edges for phase in edge}
    return sum(share for phase, share in state.fractions.items() if phase in touched)


def simulate_constrained(
    solution: Solution, edges: Sequence[tuple[str, str]], initial: State | None = None
) -> Solution:
    """The experiment of `solution` once more, with `edges` and their reverses alone.

    Phases that they do not touch are left out; what little they hold at the start is shared
    out among the others.

    Parameters
    ----------
    solution : Solution
        Whose experiment.
    edges : sequence of (str, str)
        Reactant and product of edges of its graph.
    initial : State, optional
        To begin from; where the solution began if not given.

    Raises
    ------
    OffPath
        If more than 10 % of the Sb is in such phases at the start.
    """
    touched = {phase for edge in edges for phase in edge}
    initial = solution.experiment.initial if initial is None else initial
    inside = {phase: share for phase, share in initial.fractions.items() if phase in touched}
    total = _on_path(initial, edges)
    if total < 1.0 - MAX_OFF_PATH_SHARE:
        raise OffPath(
            f"path_asymmetry: {1.0 - total:.1%} of the Sb is off the path at the start; begin from another state"
        )
    constrained = _constrained_mechanism(solution.mechanism, edges, touched)
    start = State(
        {node: inside.get(node, 0.0) / total for node in constrained.nodes},
        initial.potential_V,
        initial.time_s,
    )
    experiment = replace(
        solution.experiment, mechanism=constrained, graph=CONSTRAINED, initial=start, population=None
    )
    return run(experiment, progress=False)


def _constrained_mechanism(
    mechanism: Mechanism, edges: Sequence[tuple[str, str]], touched: set[str]
) -> Mechanism:
    """The mechanism with one graph: `edges` and their reverses, which the file need not have."""
    stated = {edge.ends: edge.stated for edge in mechanism.all_edges}
    kept: dict[tuple[str, str], Transformation] = {}
    for reactant, product in edges:
        forward = stated[reactant, product]
        left, right = forward.equation.split("->")
        reverse = stated.get((product, reactant)) or forward.model_copy(
            update={"equation": f"{right.strip()} -> {left.strip()}", "review_equation": None}
        )
        kept |= {(reactant, product): forward, (product, reactant): reverse}
    initial = mechanism.initial_phase
    if initial not in touched:
        # Any node holds the host's elements, so everything per gram stays as it is.
        initial = min((node for node in mechanism.nodes if node in touched), key=mechanism.fixed_content)
    used = {phase for name in touched for phase in mechanism.nodes[name]}
    return mechanism.with_records(
        transformations=tuple(t.model_copy(update={"graphs": (CONSTRAINED,)}) for t in kept.values()),
        default_graph=CONSTRAINED,
        initial_phase=initial,
        assemblages=_only(mechanism.assemblages, touched),
        phases=_only(mechanism.phases, used),
        interfaces=_only(
            mechanism.interfaces, [pair for pair in mechanism.interfaces if set(pair.split("|")) <= touched]
        ),
    )


def _only(items: Mapping[str, T], names: Container[str]) -> FrozenMapping[T]:
    return FrozenMapping({name: item for name, item in items.items() if name in names})


def report(solution: Solution, compared: PathAsymmetry) -> str:
    """What the freedom to return by another path is worth, as a table."""
    labels = node_labels(solution.mechanism)
    rows = [["free", *_loop(compared.free), "", "", ""]]
    for constrained, mV, joule in zip(
        compared.constrained, compared.difference_mV(), compared.difference_J_per_g(), strict=True
    ):
        rows.append(
            [
                f"{constrained.followed} path both ways", *_loop(constrained.loss_breakdown), signed(mV), signed(joule),
                ", ".join(f"{labels[p]} <-> {labels[q]}" for p, q in constrained.edges),
            ]
        )  # fmt: skip
    head = ["", "hysteresis / mV", "loop / J/g", "mAh/g", "free less this / mV", "/ J/g", "edges"]
    return "What the asymmetry is worth: the same cycle held to one path both ways\n" + table(head, rows)


def _loop(found: LossBreakdown) -> list[str]:
    return [f"{found.hysteresis_mV:.1f}", f"{found.loop_J_per_g:.1f}", f"{found.capacity_mAh_per_g:.1f}"]
