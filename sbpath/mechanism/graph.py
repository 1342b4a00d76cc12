"""The directed phase graph as a networkx graph, and reachability on it."""

from __future__ import annotations

import networkx as nx

from sbpath.mechanism.mechanism import Mechanism


def phase_graph(mechanism: Mechanism, graph: str | None = None) -> nx.DiGraph:
    """The nodes of the mechanism, by name, joined by edges with their `Edge` record as ``edge``."""
    directed = nx.DiGraph()
    directed.add_nodes_from(mechanism.nodes)
    for edge in mechanism.edges(graph):
        directed.add_edge(edge.reactant, edge.product, edge=edge)
    return directed


def stranded_phases(mechanism: Mechanism, graph: str) -> tuple[list[str], list[str]]:
    """Phases that cannot be reached from the initial phase, and phases that cannot be left."""
    directed = phase_graph(mechanism, graph)
    reached = nx.descendants(directed, mechanism.initial_phase) | {mechanism.initial_phase}
    unreachable = [p for p in mechanism.nodes if p not in reached]
    dead_ends = [p for p in mechanism.nodes if directed.out_degree(p) == 0]
    return unreachable, dead_ends
