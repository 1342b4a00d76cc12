"""What a file may say, but hardly means: numbers with which no electrode could go full between its cut-offs.

These are warnings of ``sbpath check``; the gates of the reader let such files pass.
"""

from __future__ import annotations

from collections.abc import Iterator

import networkx as nx

from sbpath.mechanism.chemistry import parse_formula
from sbpath.mechanism.graph import phase_graph
from sbpath.mechanism.records import Edge, Mechanism
from sbpath.model.equilibrium import RANGE_V, equilibrium_potential

# A compound that is bound by less (J/mol) is rather one whose enthalpy stands in kJ.
LEAST_J_PER_MOL = 1000.0


def doubts(mechanism: Mechanism) -> list[str]:
    """All that looks wrong, as ``key: value, what is odd and what to try``; empty if nothing."""
    return [*_small_enthalpies(mechanism), *_potentials(mechanism)]


def _small_enthalpies(mechanism: Mechanism) -> Iterator[str]:
    for name, phase in mechanism.phases.items():
        enthalpy = phase.enthalpy_J_per_mol.value
        # Exactly zero is a statement: a mixture without heat of mixing. An amorphous element may lie low.
        if 0.0 < abs(enthalpy) < LEAST_J_PER_MOL and len(_emptied(mechanism, name)) > 1:
            yield (
                f"phases.{name}.enthalpy_J_per_mol: {enthalpy:g} J/mol is next to nothing for a compound; "
                f"if it is in kJ, write {1000.0 * enthalpy:g}"
            )


def _emptied(mechanism: Mechanism, name: str) -> list[str]:
    """Elements of a phase with its galleries empty, to which its enthalpy belongs."""
    phase, ion = mechanism.phases[name], mechanism.ion
    left = mechanism.full_alkali(name) - sum(gallery.sites for gallery in phase.galleries)
    return [e for e in parse_formula(phase.formula) if e != ion or left > 1e-9]


def _potentials(mechanism: Mechanism) -> Iterator[str]:
    low, high = mechanism.lower_cutoff_V, mechanism.upper_cutoff_V
    for edge in _insertions(mechanism):
        potential = equilibrium_potential(mechanism, edge.reactant, edge.product)
        if potential is not None and low < potential < high:
            continue
        if potential is None:
            where = f"has no equilibrium between {RANGE_V[0]:g} and {RANGE_V[1]:g} V"
        elif potential <= low:
            where = f"is in equilibrium at {potential:.3g} V, not above lower_cutoff_V = {low:g}"
        else:
            where = f"is in equilibrium at {potential:.3g} V, not below upper_cutoff_V = {high:g}"
        number = mechanism.transformations.index(edge.stated) + 1
        yield (
            f"transformations[{number}].equation: {edge.stated.equation!r} {where}, so that it cannot be taken, or "
            f"not be undone, between the cut-offs; check {_energies(mechanism, edge)}, or move the cut-off"
        )


def _insertions(mechanism: Mechanism) -> Iterator[Edge]:
    """Edges of the default graph that lead from the initial node to the fullest one by insertion alone."""
    filling = nx.DiGraph()
    filling.add_nodes_from(mechanism.nodes)
    for one, other in phase_graph(mechanism).edges:
        if mechanism.full_content(other) > mechanism.full_content(one) + 1e-9:
            filling.add_edge(one, other)
    fullest = max(mechanism.nodes, key=mechanism.full_content)
    ahead = nx.descendants(filling, mechanism.initial_phase) | {mechanism.initial_phase}
    behind = nx.ancestors(filling, fullest) | {fullest}
    for edge in mechanism.edges():
        if (
            filling.has_edge(edge.reactant, edge.product)
            and edge.reactant in ahead
            and edge.product in behind
        ):
            yield edge


def _energies(mechanism: Mechanism, edge: Edge) -> str:
    """The enthalpies of the compounds that the edge makes or unmakes, as the file has them."""
    before, after = mechanism.nodes[edge.reactant], mechanism.nodes[edge.product]
    changed = [p for p in mechanism.phases if before.get(p, 0.0) != after.get(p, 0.0)]
    given = {p: mechanism.phases[p].enthalpy_J_per_mol.value for p in changed}
    return " and ".join(
        f"phases.{p}.enthalpy_J_per_mol = {value:g}" for p, value in given.items() if value != 0.0
    )
