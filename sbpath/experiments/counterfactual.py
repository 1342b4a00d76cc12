"""What the asymmetry of the path costs or saves: the same cycle, held to one path both ways.

Take the path of one direction, allow its edges and their reverses and nothing else, and run the
same protocol again, from the state in which the cycle began. The loop less that of the held cycle is
what the freedom to come back another way is worth: negative where the other way is the cheaper one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from sbpath.errors import InputError
from sbpath.mechanism.reader import mechanism_of_sound_document
from sbpath.mechanism.records import EdgeKinetics, Mechanism
from sbpath.protocol.protocol import Protocol
from sbpath.replay import mechanism_of
from sbpath.results.analysis import of_cycle
from sbpath.results.budget import Budget, budget
from sbpath.results.pathways import Path, pathways
from sbpath.simulation import simulate
from sbpath.solution import Solution, State
from sbpath.solver.trial import SolverOptions

HELD = "held"
# A path that takes less than this share of all Sb is none. Of those between the same two phases only
# the widest is held: fainter ones would open the edges of the other direction.
TAKEN = 0.05
# A start may hold this share of the Sb in phases off the path, as faint paths leave it; it is put into the others.
STRAY = 2.0 * TAKEN


class OffPath(InputError):
    """A cycle starts from phases that its own path does not touch, such as a host that does not form again."""


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A cycle held to the path of one direction.

    Attributes
    ----------
    followed : str
        The direction whose path it is, "insertion" or "extraction".
    edges : tuple of (str, str)
        Reactant and product of that path's edges; their reverses are open too.
    budget : Budget
        Of the held cycle.
    solution : Solution
        The held simulation.
    """

    followed: str
    edges: tuple[tuple[str, str], ...]
    budget: Budget
    solution: Solution


@dataclass(frozen=True, slots=True, eq=False)
class Asymmetry:
    """The budget of a free cycle, and of the cycles held to each of its two paths.

    `held` has the insertion path both ways, then the extraction path both ways.
    """

    free: Budget
    held: tuple[Held, Held]

    def difference_J_per_g(self) -> tuple[float, float]:
        """Loop of the free cycle less that of each held one (J per g Sb)."""
        first, second = (self.free.loop_J_per_g - held.budget.loop_J_per_g for held in self.held)
        return first, second

    def difference_mV(self) -> tuple[float, float]:
        """The same of the voltage hysteresis (mV)."""
        first, second = (self.free.hysteresis_mV - held.budget.hysteresis_mV for held in self.held)
        return first, second


def asymmetry(solution: Solution, cycle: int | None = None) -> Asymmetry:
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
    free = budget(solution, cycle)
    ways = of_cycle(pathways(solution), free.cycle)
    held = []
    for followed in ("insertion", "extraction"):
        own = [way for way in ways if way.direction == followed]
        widest: dict[tuple[str, str], Path] = {}
        for path in (path for way in own for path in way.paths if path.share >= TAKEN):
            widest.setdefault((path.phases[0], path.phases[-1]), path)
        steps = (step for path in widest.values() for step in pairwise(path.phases))
        edges = tuple(dict.fromkeys(steps))
        if not edges:
            raise InputError(f"asymmetry: no transformation ran on {followed} in cycle {free.cycle}")
        again = simulate_held(solution, edges, _beginning(solution, free.cycle, edges))
        held.append(Held(followed, edges, budget(again, free.cycle), again))
    return Asymmetry(free, (held[0], held[1]))


def _beginning(solution: Solution, cycle: int, edges: Sequence[tuple[str, str]]) -> State:
    """The state in which `cycle` began, or that in which it ended if more of that is on the path.

    The second where a cycle takes a host apart for good: what comes back is on the path of extraction
    alone. Not the state in which the solution began, which may be off both paths.
    """
    rows = np.flatnonzero(solution.cycle == cycle)
    first, last = int(rows[0]), int(rows[-1])
    began = _state(solution, first - 1) if first > 0 else State(**solution.provenance["initial"])
    # The first of the two if they are equal but for rounding.
    return max((began, _state(solution, last)), key=lambda state: round(_on_path(state, edges), 6))


def _state(solution: Solution, row: int) -> State:
    fractions = dict(zip(solution.phases, solution.fractions[:, row].tolist(), strict=True))
    return State(fractions, float(solution.potential_V[row]), float(solution.time_s[row]))


def _on_path(state: State, edges: Sequence[tuple[str, str]]) -> float:
    """Share of the Sb in phases that `edges` touch."""
    touched = {phase for edge in edges for phase in edge}
    return sum(share for phase, share in state.fractions.items() if phase in touched)


def simulate_held(
    solution: Solution, edges: Sequence[tuple[str, str]], initial: State | None = None
) -> Solution:
    """The experiment of `solution` once more, with `edges` and their reverses alone.

    Phases that they do not touch are left out; what little stands in them at the start is shared
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
        If more than 10 % of the Sb stands in such phases at the start.
    """
    about = solution.provenance
    mechanism = mechanism_of(solution)
    touched = {phase for edge in edges for phase in edge}
    initial = State(**about["initial"]) if initial is None else initial
    inside = {phase: share for phase, share in initial.fractions.items() if phase in touched}
    total = _on_path(initial, edges)
    if total < 1.0 - STRAY:
        raise OffPath(
            f"asymmetry: {1.0 - total:.1%} of the Sb stand off the path at the start; begin from another state"
        )
    document = _held_document(mechanism, edges, touched)
    return simulate(
        mechanism_of_sound_document(document, where=f"{mechanism.name}, {HELD}"),
        Protocol.parse(about["protocol"]),
        graph=HELD,
        temperature_C=about["temperature_C"],
        initial=State(
            {phase: share / total for phase, share in inside.items()},
            initial.potential_V,
            initial.time_s,
        ),
        electrode_mass_g=about["electrode_mass_g"],
        one_C_mA_per_g=about["one_C_mA_per_g"],
        options=SolverOptions(**about["options"]),
        progress=False,
    )


def _held_document(
    mechanism: Mechanism, edges: Sequence[tuple[str, str]], touched: set[str]
) -> dict[str, Any]:
    """The mechanism with one graph: `edges` and their reverses, which need not stand in the file."""
    document = mechanism.document
    stated = {
        (edge.reactant, edge.product): table
        for edge, table in zip(mechanism.all_edges, document["transformations"], strict=True)
    }
    transformations = []
    for reactant, product in edges:
        forward = stated[reactant, product]
        left, right = forward["equation"].split("->")
        kinetics = {key: forward[key] for key in EdgeKinetics.model_fields if key in forward}
        reverse = stated.get((product, reactant), {"equation": f"{right} -> {left}", **kinetics})
        transformations += [{**table, "graphs": [HELD]} for table in (forward, reverse)]
    unique = {table["equation"]: table for table in transformations}
    document["transformations"] = list(unique.values())
    document["default_graph"] = HELD
    if document["initial_phase"] not in touched:
        # Any node holds the host's elements, so all that is per gram stays as it is.
        document["initial_phase"] = min(
            (node for node in mechanism.nodes if node in touched), key=mechanism.fixed_content
        )
    stated_nodes = document.get("assemblages", {})
    document["assemblages"] = {name: text for name, text in stated_nodes.items() if name in touched}
    used = {phase for name in touched for phase in mechanism.nodes[name]}
    document["phases"] = {name: table for name, table in document["phases"].items() if name in used}
    document["interfaces"] = {
        pair: table for pair, table in document["interfaces"].items() if set(pair.split("|")) <= touched
    }
    return document
