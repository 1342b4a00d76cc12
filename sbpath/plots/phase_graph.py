"""The phase graph with equilibrium potentials, or with the charge carried by its edges."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from sbpath.mechanism.graph import phase_graph
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.notation import literal, state
from sbpath.mechanism.reader import load_mechanism
from sbpath.model.equilibrium import equilibrium_potential
from sbpath.plots.graph_layout import DASHES, Arrow, draw
from sbpath.plots.labels import conditions, subject
from sbpath.plots.style import EXTRACTION, GREY, INSERTION, style
from sbpath.results.cycles import of_cycle
from sbpath.results.pathways import pathways
from sbpath.solution import Solution
from sbpath.text.tables import which_cycle

# By the sign of the charge.
COLOURS = {1.0: INSERTION, -1.0: EXTRACTION, 0.0: GREY}
# Edges that converted less than this share of the Sb count as inactive.
MIN_CARRIED_SHARE = 5e-3
# Largest and smallest width of the arrows of active edges (points).
MAX_WIDTH, MIN_WIDTH = 7.0, 0.9


def graph(mechanism: Mechanism | str, name: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw a phase graph, ordered by alkali content.

    Edges are labelled with the number of the review's equation, if any, and the equilibrium potential
    of their phases.

    Parameters
    ----------
    mechanism : Mechanism or str
        Its owner; a string is passed to `load_mechanism`.
    name : str, optional
        Name of the graph; the mechanism's default if not given.
    """
    if isinstance(mechanism, str):
        mechanism = load_mechanism(mechanism)
    arrows = []
    for _, _, data in phase_graph(mechanism, name).edges(data=True):
        edge = data["edge"]
        potential = equilibrium_potential(mechanism, edge.reactant, edge.product)
        label = [f"({edge.stated.review_equation})"] if edge.stated.review_equation else []
        label += [] if potential is None else [f"{potential:.3f} V"]
        colour = COLOURS[_direction(mechanism, edge.reactant, edge.product)]
        arrows.append(Arrow(edge, colour, 1.3, "  ".join(label)))
    grey = any(arrow.colour == GREY for arrow in arrows)
    title = subject(mechanism), f"{literal(name or mechanism.default_graph)} graph"
    with style():
        return draw(mechanism, arrows, ax, title, _legend(mechanism, grey, "no charge"))


def paths(solution: Solution, cycle: int | None = None, ax: Axes | None = None) -> Axes:
    """Draw the graph of a solution with the charge carried by each edge in a cycle as its width.

    Blue edges carried charge on insertion, red ones on extraction, thin grey ones almost none. Labels
    give the charge (mAh per g of host) and, where a phase left by several edges, the share of each.
    """
    mechanism = solution.mechanism
    ways = of_cycle(pathways(solution), cycle)
    converted = np.sum([way.converted for way in ways], axis=0)
    charge = np.sum([way.charge_mAh_per_g for way in ways], axis=0)
    widest = float(np.abs(charge).max(initial=1e-9))
    arrows = []
    for e, edge in enumerate(solution.edges):
        if converted[e] < MIN_CARRIED_SHARE:
            arrows.append(Arrow(edge, "0.8", 0.7, ""))
            continue
        colour = COLOURS[float(np.sign(charge[e])) if abs(charge[e]) > 1e-3 * widest else 0.0]
        small = abs(charge[e]) < 0.5 and colour != GREY
        label = ["< 1 mAh/g" if small else f"{abs(charge[e]):.0f} mAh/g"]
        shares = [way.branching[e] for way in ways if way.branching[e] > MIN_CARRIED_SHARE]
        label += [f"{max(shares):.0%}"] if max(shares, default=1.0) < 0.995 else []
        width = max(MIN_WIDTH, MAX_WIDTH * abs(charge[e]) / widest)
        arrows.append(Arrow(edge, colour, width, ", ".join(label)))
    notes = [
        f"{way.direction}: {abs(way.filling_mAh_per_g):.0f} mAh/g fill or empty solution phases, "
        f"{abs(way.double_layer_mAh_per_g):.0f} mAh/g the double layer"
        for way in ways
    ]
    if any("%" in arrow.label for arrow in arrows):
        notes.append("per cent: share of what left the phase")
    title = (
        subject(mechanism),
        f"{conditions(solution)}, charge carried in {which_cycle(solution, ways[0].cycle)}",
    )
    with style():
        return draw(mechanism, arrows, ax, title, _legend(mechanism, True, "little or none"), notes)


def _legend(mechanism: Mechanism, grey: bool, grey_label: str) -> list[Line2D]:
    handles = [
        Line2D([], [], color=INSERTION, lw=1.5, label="insertion"),
        Line2D([], [], color=EXTRACTION, lw=1.5, label="extraction"),
    ]
    if grey:
        handles.append(Line2D([], [], color=GREY, lw=1.5, label=grey_label))
    states = {
        state(mechanism.phases[name]): None
        for contents in mechanism.nodes.values()
        for name in contents
        if not mechanism.phases[name].crystalline
    }
    if states:
        handles.append(Line2D([], [], color="black", lw=1.0, ls=DASHES, label=" or ".join(states)))
    return handles


def _direction(mechanism: Mechanism, reactant: str, product: str) -> float:
    return float(np.sign(mechanism.full_content(product) - mechanism.full_content(reactant)))
