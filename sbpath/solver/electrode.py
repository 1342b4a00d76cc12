"""An electrode under what the cycler imposes: everything about it at one instant.

In current control the charge that has passed is known exactly (q0 + I t). A state that the
integrator proposes is therefore moved onto that charge before anything is read off it, and
charge is conserved to rounding at every instant.
"""

from __future__ import annotations

from typing import NamedTuple

from sbpath.model.equations import (
    Drive,
    Workspace,
    evaluate,
    fill_nodes,
    node_volume,
    stored_charge,
    stored_energy,
    workspace,
)
from sbpath.model.network import Network
from sbpath.physical import FARADAY_C_PER_MOL as F

# Charge is settled to this fraction of F/M, which is rounding.
CHARGE_ROUNDING = 1e-14


class Point(NamedTuple):
    """One instant of a step; P nodes, E edges.

    Attributes
    ----------
    time : float
        Since the start of the step (s).
    state : list of float, shape (P + 1,)
        Fractions and potential (V).
    current, voltage : float
        I (A/g) and V at the terminals (V).
    motion : float
        dE/dt (V/s).
    charge, content : float
        Charge held (C/g) and alkali x (mol per mol Sb).
    capacitance : float
        C of `sbpath.model.equations` (F/g).
    affinity : list of float, shape (E,)
        Of each edge (J/mol).
    volume : float
        Of the electrode (m^3 per mol Sb).
    stored : float
        Energy held (J/g).
    powers : list of float, shape (4 E + 2,)
        V I, I^2 R_s, and the heat r A / M of the edges by cause (W/g), see `heat_parts`:
        ``d(stored)/dt = -sum(powers)``.
    flows : list of float, shape (2 E,)
        Rate of each edge (1/s), and the current that it carries (A/g).
    """

    time: float
    state: list[float]
    current: float
    voltage: float
    motion: float
    charge: float
    content: float
    capacitance: float
    affinity: list[float]
    volume: float
    stored: float
    powers: list[float]
    flows: list[float]


class Slopes(NamedTuple):
    """dy/dt, its Jacobian and its explicit time derivative, as `rosenbrock.step` takes them."""

    derivative: list[float]
    jacobian: list[list[float]]
    time_derivative: list[float]


def heat_parts(network: Network, work: Workspace) -> list[float]:
    """Heat of the edges by cause (W/g), shape (4 E,): all edges by nucleation, then growth, transport, work.

    What is left of the affinity after the transformation work is shared out as the three times
    in series share the waiting, ``r (A - W) tau_i / (tau_1 + tau_2 + tau_3) / M``; so each part
    is zero or more, and they add up to ``r A / M``. After `evaluate`.
    """
    edges = len(network.source)
    parts = [0.0] * (4 * edges)
    per_gram = network.charge_scale / F
    for e in range(edges):
        power = work.rate[e] * per_gram
        if power <= 0.0:
            continue
        nucleation, growth, transport = work.nucleation[e], work.growth[e], network.transport[e]
        per_time = power * (work.affinity[e] - network.work[e]) / (nucleation + growth + transport)
        parts[e] = per_time * nucleation
        parts[edges + e] = per_time * growth
        parts[2 * edges + e] = per_time * transport
        parts[3 * edges + e] = power * network.work[e]
    return parts


class DrivenElectrode:
    """The electrode during one step.

    Parameters
    ----------
    network : Network
        Graph and numbers.
    drive : Drive
        What the cycler imposes.
    state : list of float, shape (P + 1,)
        Fractions and potential before the step. Where the voltage is imposed and nothing
        stands between it and E, E jumps to it: the limit of an infinitely fast sweep, in
        which no phase changes and the charge of double layer and galleries moves reversibly.

    Attributes
    ----------
    start : Point
        The first instant.
    jump_energy : float
        Energy that a jump of E delivered (J/g).
    """

    def __init__(self, network: Network, drive: Drive, state: list[float]) -> None:
        self.network = network
        self.drive = drive
        self.work: Workspace = workspace(network)
        self.nodes = len(network.gibbs)
        state = list(state)
        self.total = sum(state[: self.nodes])
        fill_nodes(state[self.nodes], network, self.work)
        before = stored_energy(state, network, self.work)
        if not drive.current_control and network.resistance == 0.0:
            state[self.nodes] = drive.level
            fill_nodes(drive.level, network, self.work)
        self.jump_energy = before - stored_energy(state, network, self.work)
        self.start_charge = stored_charge(state, network, self.work)[0]
        self.start = self.point(0.0, state)

    def rhs(self, time: float, state: list[float]) -> list[float]:
        """dy/dt, in a list that the next call reuses."""
        evaluate(time, state, self.drive, self.network, self.work, False)
        return self.work.derivative

    def slopes(self) -> Slopes:
        """Derivatives at the last `point`."""
        return Slopes(
            list(self.work.derivative),
            [list(row) for row in self.work.jacobian],
            [*[0.0] * self.nodes, self.work.time_derivative[0]],
        )

    def point(self, time: float, state: list[float]) -> Point:
        """Everything at one instant, with `state` moved (in place) onto the charge passed."""
        network, work = self.network, self.work
        # The sum of the fractions is conserved but for rounding, which a small resistance,
        # being stiff, makes large; the largest fraction takes it up.
        largest = max(range(self.nodes), key=state.__getitem__)
        state[largest] += self.total - sum(state[: self.nodes])
        current = evaluate(time, state, self.drive, network, work, True)
        charge, capacitance = stored_charge(state, network, work)
        if self.drive.current_control:
            wanted = self.start_charge + current * time
            for _ in range(3):
                missing = wanted - charge
                if abs(missing) <= CHARGE_ROUNDING * network.charge_scale:
                    break
                self.shift_charge(state, missing, capacitance)
                evaluate(time, state, self.drive, network, work, True)
                charge, capacitance = stored_charge(state, network, work)
            charge = wanted
        potential = state[self.nodes]
        voltage = potential - current * network.resistance
        carried = [
            network.charge_scale * r * (work.content[q] - work.content[p])
            for r, p, q in zip(work.rate, network.source, network.target, strict=True)
        ]
        return Point(
            time=time,
            state=state,
            current=current,
            voltage=voltage,
            motion=work.derivative[self.nodes],
            charge=charge,
            content=(charge + network.double_layer * potential) / network.charge_scale,
            capacitance=capacitance,
            affinity=list(work.affinity),
            volume=sum(state[p] * node_volume(p, network, work) for p in range(self.nodes)),
            stored=stored_energy(state, network, work),
            powers=[voltage * current, current**2 * network.resistance, *heat_parts(network, work)],
            flows=[*work.rate, *carried],
        )

    def shift_charge(self, state: list[float], missing: float, capacitance: float) -> None:
        """Take up the charge `missing` (C/g) by the smallest change of the state that can.

        The change runs along the reactions as they stand and along E. Moving E alone would
        turn an error of 1e-7 in charge into one of 1e-5 V, the double layer being small.
        """
        network, work = self.network, self.work
        motion = [0.0] * self.nodes
        faradaic = 0.0
        for rate, p, q in zip(work.rate, network.source, network.target, strict=True):
            motion[p] -= rate
            motion[q] += rate
            faradaic += network.charge_scale * (work.content[q] - work.content[p]) * rate
        square = sum(m * m for m in motion)
        per_reaction = faradaic / square if square > 0.0 else 0.0
        share = missing / (faradaic * per_reaction + capacitance**2)
        for p in range(self.nodes):
            state[p] += share * per_reaction * motion[p]
        state[self.nodes] -= share * capacitance
