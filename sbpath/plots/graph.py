"""The phase graph: with equilibrium potentials, or with the charge that its edges carried."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from sbpath.mechanism.graph import phase_graph
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.notation import state, subscripted
from sbpath.mechanism.reader import load_mechanism
from sbpath.model.equilibrium import equilibrium_potential
from sbpath.plots.graph_layout import DASHES, Arrow, draw
from sbpath.plots.style import EXTRACTION, GREY, INSERTION, style
from sbpath.results.analysis import of_cycle
from sbpath.results.pathways import pathways
from sbpath.solution import Solution

# By the direction of the charge.
COLOURS = {1.0: INSERTION, -1.0: EXTRACTION, 0.0: GREY}
# An edge that converted less than this share of the Sb carried nothing.
CARRIED = 5e-3
# Widths of the arrows (points): of the edge that carried most, and of one that carried next to nothing.
WIDEST, THINNEST = 7.0, 0.9


def graph(mechanism: Mechanism | str, name: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw a phase graph, phases from left to right by their alkali content.

    Each edge carries the number of the review's equation, where it is one, and the potential
    at which its phases are in equilibrium.

    Parameters
    ----------
    mechanism : Mechanism or str
        Whose graph; a string is taken by `load_mechanism`.
    name : str, optional
        Which graph; the mechanism's default if not given.
    ax : Axes, optional
        Where; a new figure if not given.
    """
    if isinstance(mechanism, str):
        mechanism = load_mechanism(mechanism)
    arrows = []
    for _, _, data in phase_graph(mechanism, name).edges(data=True):
        edge = data["edge"]
        potential = equilibrium_potential(mechanism, edge.reactant, edge.product)
        words = [f"({edge.stated.review_equation})"] if edge.stated.review_equation else []
        words += [] if potential is None else [f"{potential:.3f} V"]
        colour = COLOURS[_direction(mechanism, edge.reactant, edge.product)]
        arrows.append(Arrow(edge, colour, 1.3, "  ".join(words)))
    silent = any(arrow.colour == GREY for arrow in arrows)
    title = subscripted(mechanism.title), f"{name or mechanism.default_graph} graph"
    with style():
        return draw(mechanism, arrows, ax, title, _legend(mechanism, silent, "no charge"))


def paths(solution: Solution, cycle: int | None = None, ax: Axes | None = None) -> Axes:
    """Draw the graph of a solution with each edge as wide as the charge that it carried in a cycle.

    Blue edges carried charge in, red ones out; thin grey ones carried nothing worth the name. The
    charge (mAh per g of host) and, where a phase left by several edges, the share of each stand beside.

    Parameters
    ----------
    solution : Solution
        Of at least half a cycle.
    cycle : int, optional
        Which; the last one if not given.
    ax : Axes, optional
        Where; a new figure if not given.

    Raises
    ------
    InputError
        If that cycle passes no charge.
    """
    mechanism = solution.mechanism
    own = of_cycle(pathways(solution), cycle)
    converted = np.sum([way.converted for way in own], axis=0)
    charge = np.sum([way.charge_mAh_per_g for way in own], axis=0)
    widest = float(np.abs(charge).max(initial=1e-9))
    arrows = []
    for e, edge in enumerate(solution.edges):
        if converted[e] < CARRIED:
            arrows.append(Arrow(edge, "0.8", 0.7, ""))
            continue
        colour = COLOURS[float(np.sign(charge[e])) if abs(charge[e]) > 1e-3 * widest else 0.0]
        little = abs(charge[e]) < 0.5 and colour != GREY
        words = ["< 1 mAh/g" if little else f"{abs(charge[e]):.0f} mAh/g"]
        shares = [way.branching[e] for way in own if way.branching[e] > CARRIED]
        words += [f"{max(shares):.0%}"] if max(shares, default=1.0) < 0.995 else []
        # As wide as its charge, but never too thin to be seen.
        width = max(THINNEST, WIDEST * abs(charge[e]) / widest)
        arrows.append(Arrow(edge, colour, width, ", ".join(words)))
    notes = [
        f"{way.direction}: {abs(way.filling_mAh_per_g):.0f} mAh/g fill or empty solution phases, "
        f"{abs(way.double_layer_mAh_per_g):.0f} mAh/g the double layer"
        for way in own
    ]
    if any("%" in arrow.words for arrow in arrows):
        notes.append("per cent: share of what left the phase")
    title = (
        subscripted(mechanism.title),
        f"{solution.graph} graph, {solution.temperature_C:g} °C, charge carried in cycle {own[0].cycle}",
    )
    with style():
        return draw(mechanism, arrows, ax, title, _legend(mechanism, True, "little or none"), notes)


def _legend(mechanism: Mechanism, silent: bool, silent_label: str) -> list[Line2D]:
    handles = [
        Line2D([], [], color=INSERTION, lw=1.5, label="insertion"),
        Line2D([], [], color=EXTRACTION, lw=1.5, label="extraction"),
    ]
    if silent:
        handles.append(Line2D([], [], color=GREY, lw=1.5, label=silent_label))
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
