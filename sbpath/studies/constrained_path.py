"""What path asymmetry costs or saves: the same cycle constrained to one path in both directions.

Take the path of one direction, allow only its edges and their reverses, and run the same protocol
again from the state in which the cycle began. The loop of the free cycle minus that of the constrained
one is the value of returning by another path: negative if that path costs less energy.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeVar

import numpy as np

from sbpath.calls import methods_checked
from sbpath.errors import InputError
from sbpath.experiment import State
from sbpath.kernels import Floats
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
# Paths with less than this share of all Sb are ignored. Of those between the same two phases only the
# largest is followed: minor ones would open the edges of the other direction.
MIN_TAKEN_SHARE = 0.05
# Largest share of the Sb that may start in phases off the path, left there by minor paths; it is
# redistributed over the phases on the path.
MAX_OFF_PATH_SHARE = 2.0 * MIN_TAKEN_SHARE


class OffPath(InputError):
    """A cycle starts from phases that are not on its path, such as a host that does not form again."""


@dataclass(frozen=True, slots=True, eq=False)
class ConstrainedCycle:
    """A cycle constrained to the path of one direction.

    Attributes
    ----------
    followed : str
        The direction of that path, "insertion" or "extraction".
    edges : tuple of (str, str)
        Reactant and product of that path's edges; their reverses are open too.
    loss_breakdown : LossBreakdown
        Of the held cycle.
    solution : Solution
        The constrained simulation.
    """

    followed: str
    edges: tuple[tuple[str, str], ...]
    loss_breakdown: LossBreakdown
    solution: Solution


@methods_checked
@dataclass(frozen=True, slots=True, eq=False)
class PathAsymmetry:
    """The losses of a free cycle, and of the cycles constrained to each of its two paths.

    `constrained` follows the insertion path in both directions, then the extraction path.
    """

    free: LossBreakdown
    constrained: tuple[ConstrainedCycle, ConstrainedCycle]

    def difference_J_per_g(self) -> tuple[float, float]:
        """Loop of the free cycle minus that of each constrained one (J per g Sb)."""
        return self._difference(lambda found: found.loop_J_per_g)

    def difference_mV(self) -> tuple[float, float]:
        """The same difference in voltage hysteresis (mV)."""
        return self._difference(lambda found: found.hysteresis_mV)

    def _difference(self, of: Callable[[LossBreakdown], float]) -> tuple[float, float]:
        first, second = (of(self.free) - of(one.loss_breakdown) for one in self.constrained)
        return first, second


def path_asymmetry(solution: Solution, cycle: int | None = None) -> PathAsymmetry:
    """Compare a cycle with the same cycle constrained to its insertion path, and to its extraction path.

    Parameters
    ----------
    solution : Solution
        With a closed cycle.
    cycle : int, optional
        Whose paths; the last closed one if not given.

    Raises
    ------
    InputError
        If there is no closed cycle, its rows were not kept, or a constrained cycle does not close.
    OffPath
        As `simulate_constrained`; each particle of a population has to be on the path.
    """
    free = loss_breakdown(solution, cycle)
    ways = of_cycle(pathways(solution), free.cycle)
    constrained = []
    for followed in ("insertion", "extraction"):
        followed_ways = [way for way in ways if way.direction == followed]
        widest: dict[tuple[str, str], Path] = {}
        for path in (path for way in followed_ways for path in way.paths if path.share >= MIN_TAKEN_SHARE):
            widest.setdefault((path.phases[0], path.phases[-1]), path)
        steps = (step for path in widest.values() for step in pairwise(path.phases))
        edges = tuple(dict.fromkeys(steps))
        if not edges:
            raise InputError(f"path_asymmetry: no transformation ran on {followed} in cycle {free.cycle}")
        again = simulate_constrained(solution, edges, _beginning(solution, free.cycle, edges))
        constrained.append(ConstrainedCycle(followed, edges, loss_breakdown(again, free.cycle), again))
    return PathAsymmetry(free, (constrained[0], constrained[1]))


def _beginning(solution: Solution, cycle: int, edges: Sequence[tuple[str, str]]) -> State:
    """The state at the start of `cycle`, or at its end if more of the Sb is on the path there.

    The end applies where a cycle decomposes a host irreversibly: the recovered phases are only on the
    extraction path. The start of the solution is not used, since it may be off both paths.
    """
    solution.check_kept(cycle)
    rows = np.flatnonzero(solution.cycle == cycle)
    first, last = int(rows[0]), int(rows[-1])
    began = solution.state_at(first - 1) if first > 0 else solution.experiment.initial
    # The start if both are equal to within rounding.
    return max((began, solution.state_at(last)), key=lambda state: round(_on_path(state, edges), 6))


def _on_path(state: State, edges: Sequence[tuple[str, str]]) -> float:
    """Share of the Sb in phases at an end of one of `edges`."""
    touched = {phase for edge in edges for phase in edge}
    return sum(share for phase, share in state.fractions.items() if phase in touched)


def simulate_constrained(
    solution: Solution, edges: Sequence[tuple[str, str]], initial: State | None = None
) -> Solution:
    """Repeat the experiment of `solution` with only `edges` and their reverses.

    Phases off these edges are removed; the little Sb they hold at the start is distributed over the
    others in proportion.

    Parameters
    ----------
    solution : Solution
        Provides the experiment.
    edges : sequence of (str, str)
        Reactant and product of edges of its graph.
    initial : State, optional
        Start; the initial state of the solution if not given.

    Raises
    ------
    OffPath
        If more than 10 % of the Sb is in such phases at the start, in the electrode or in a particle.
    """
    touched = {phase for edge in edges for phase in edge}
    initial = solution.experiment.initial if initial is None else initial
    inside = {phase: share for phase, share in initial.fractions.items() if phase in touched}
    total = _on_path(initial, edges)
    if total < 1.0 - MAX_OFF_PATH_SHARE:
        raise OffPath(
            f"path_asymmetry: {1.0 - total:.1%} of the Sb is off the path at the start; start from another state"
        )
    constrained = _constrained_mechanism(solution.mechanism, edges, touched)
    particles = None
    if initial.particles is not None:
        names = list(solution.mechanism.nodes)
        particles = _redistributed(
            np.array(initial.particles), len(names), [names.index(node) for node in constrained.nodes]
        )
    start = State(
        {node: inside.get(node, 0.0) / total for node in constrained.nodes},
        initial.potential_V,
        initial.time_s,
        particles=particles,
        others=initial.others,
    )
    experiment = replace(solution.experiment, mechanism=constrained, graph=CONSTRAINED, initial=start)
    return run(experiment, progress=False)


def _redistributed(particles: Floats, nodes: int, kept: Sequence[int]) -> tuple[tuple[float, ...], ...]:
    """Unknowns of particles, whose first `nodes` are fractions, with the fractions of the nodes `kept` only.

    Each particle keeps its amount of live host.
    """
    shares = particles[:, kept]
    live, total = particles[:, :nodes].sum(axis=1), shares.sum(axis=1)
    lost = int((total < (1.0 - MAX_OFF_PATH_SHARE) * live).sum())
    if lost:
        raise OffPath(
            f"path_asymmetry: in {lost} of {len(particles)} particles more than {MAX_OFF_PATH_SHARE:.0%} of the Sb is off "
            "the path at the start; simulate one particle (population=1)"
        )
    scaled = np.hstack([shares * (live / total)[:, np.newaxis], particles[:, nodes:]])
    return tuple(map(tuple, scaled.tolist()))


def _constrained_mechanism(
    mechanism: Mechanism, edges: Sequence[tuple[str, str]], touched: set[str]
) -> Mechanism:
    """The mechanism with a single graph: `edges` and their reverses, which need not be in the file."""
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
        # Every node contains the host's elements, so quantities per gram of it do not change, but its volume does.
        initial = min((node for node in mechanism.nodes if node in touched), key=mechanism.fixed_content)
    used = {phase for name in touched for phase in mechanism.nodes[name]}
    held = mechanism.with_records(
        transformations=tuple(t.model_copy(update={"graphs": (CONSTRAINED,)}) for t in kept.values()),
        default_graph=CONSTRAINED,
        initial_phase=initial,
        assemblages=_only(mechanism.assemblages, touched),
        phases=_only(mechanism.phases, used),
        interfaces=_only(
            mechanism.interfaces, [pair for pair in mechanism.interfaces if set(pair.split("|")) <= touched]
        ),
    )
    exchange = mechanism.kinetics.exchange_current_A_per_m2
    if exchange is None or held.surface_m2_per_g == mechanism.surface_m2_per_g:
        return held
    # Of the same surface per gram: that of the electrode as built.
    density = exchange.value * mechanism.surface_m2_per_g / held.surface_m2_per_g
    kinetics = {"exchange_current_A_per_m2": exchange.model_copy(update={"value": density})}
    return held.with_records(kinetics=mechanism.kinetics.model_copy(update=kinetics))


def _only(items: Mapping[str, T], names: Container[str]) -> FrozenMapping[T]:
    return FrozenMapping({name: item for name, item in items.items() if name in names})


def report(solution: Solution, compared: PathAsymmetry) -> str:
    """The value of returning by another path, as a table."""
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
    return "Value of the path asymmetry: the same cycle constrained to one path both ways\n" + table(
        head, rows
    )


def _loop(found: LossBreakdown) -> list[str]:
    return [f"{found.hysteresis_mV:.1f}", f"{found.loop_J_per_g:.1f}", f"{found.capacity_mAh_per_g:.1f}"]
