"""Heat flow of the half-cell, as a microcalorimeter would measure it.

    heat flow out  =  sum_e r_e A_e / M  +  I^2 R_s  +  I eta  +  eta_f i_f  -  T dS/dt

with eta_f i_f of film. All terms but the last are losses and never negative; that one is the reversible heat of the phases
against the alkali metal (`sbpath.model.entropy`), which changes sign with the current. Where the temperature
changes, it includes what that does to the order in a phase, but not what warms the elements: heat
capacities of formation are taken as zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sbpath.model.entropy import phase_entropy
from sbpath.model.rows import evaluate_rows
from sbpath.physical import ZERO_CELSIUS_K
from sbpath.solution import Floats, Solution


@dataclass(frozen=True, slots=True, eq=False)
class HeatFlow:
    """Heat released by the half-cell in each of the n rows of a solution.

    Attributes
    ----------
    transformation_W_per_g : array, shape (E, n)
        Irreversible heat of each edge.
    joule_W_per_g, charge_transfer_W_per_g, film_W_per_g : array, shape (n,)
        Joule heat of the series resistance, heat of charge transfer, and of film.
    reversible_W_per_g : array, shape (n,)
        -T dS/dt; positive where heat is released.
    reversible_J_per_g : array, shape (n,)
        Its integral since the first row, from state entropies and so free of integration error but for
        host that is cut off.
    """

    transformation_W_per_g: Floats
    joule_W_per_g: Floats
    charge_transfer_W_per_g: Floats
    film_W_per_g: Floats
    reversible_W_per_g: Floats
    reversible_J_per_g: Floats

    @property
    def irreversible_W_per_g(self) -> Floats:
        """All losses, shape (n,)."""
        edges = self.transformation_W_per_g.sum(axis=0)
        return edges + self.joule_W_per_g + self.charge_transfer_W_per_g + self.film_W_per_g

    @property
    def total_W_per_g(self) -> Floats:
        """Total heat flow, shape (n,)."""
        return self.irreversible_W_per_g + self.reversible_W_per_g


def heat_flow(solution: Solution) -> HeatFlow:
    """Irreversible and reversible heat of a solution, row by row.

    Excludes side reactions but film, and heats of the electrolyte.
    """
    mechanism, network, celsius = solution.mechanism, solution.network, solution.temperatures_C
    kelvin = celsius + ZERO_CELSIUS_K
    pairs = [
        phase_entropy(phase, solution.potential_V, celsius, mechanism.reference_temperature_C)
        for phase in mechanism.phases.values()
    ]
    # The entropy of a node is the sum over its phases.
    amounts = np.array([[node.get(p, 0.0) for p in mechanism.phases] for node in mechanism.nodes.values()])
    entropy, slope, by_temperature = (amounts @ np.array(values) for values in zip(*pairs, strict=True))
    warming = solution.warming_K_per_s
    _, film, _ = evaluate_rows(solution.states, solution.current_A_per_g, network, kelvin)
    live = solution.live_share
    change = live * np.sum(solution.fractions * slope, axis=0) * solution.motion_V_per_s
    change = change + live * np.sum(solution.fractions * by_temperature, axis=0) * warming
    if len(network.source):
        rise = entropy[network.target] - entropy[network.source]
        change = change + np.sum(solution.rates_per_s * rise, axis=0)
    per_gram = kelvin / mechanism.host_molar_mass_g_per_mol
    own = per_gram * np.sum(solution.fractions * entropy, axis=0)
    # The integral of T dS is T S less the integral of S dT, and less what host that is cut off keeps.
    exchanged = live * own - live[0] * own[0]
    exchanged -= solution.warming_J_per_g - solution.warming_J_per_g[0]
    exchanged[1:] -= np.cumsum(0.5 * (own[1:] + own[:-1]) * np.diff(live))
    conducting = network.change.conducting * (1.0 / kelvin - 1.0 / network.temperature)
    resistance = network.resistance + network.change.electrolyte * np.expm1(conducting)
    joule = solution.current_A_per_g**2 * resistance
    return HeatFlow(
        transformation_W_per_g=solution.heat_W_per_g,
        joule_W_per_g=joule,
        charge_transfer_W_per_g=solution.current_A_per_g * (solution.potential_V - solution.voltage_V)
        - joule,
        film_W_per_g=film,
        reversible_W_per_g=-per_gram * change,
        reversible_J_per_g=-exchanged,
    )
