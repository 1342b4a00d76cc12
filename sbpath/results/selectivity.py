"""Why this path: what drives each edge and what holds it back, along the curve and where it counts.

A phase that transforms has rivals for products. Each has a driving force per volume of product,
g = (A - W) / V_q, and with it the barrier of classical nucleation theory

    b = 16 pi S gamma^3 / (3 k_B T g^2)   in kT  (the B / A^2 of `sbpath.model.rates`),

and a domain waits 1 / (J0 exp(-b)) for a nucleus, then while it fills (growth), then for the alkali
(transport). The shorter sum of the three wins. Where nucleation is the longest of the three for
both products, that is the lower barrier: for equal J0 and S, product 1 before product 2 where

    gamma_1 / gamma_2  <  (g_1 / g_2)^(2/3).

The left side belongs to the interfaces and is the same in both directions. The right side is the
lever of Chang et al. 2015 (J. Mater. Chem. A 3, 18928): it differs between the directions,
because the driving force of the larger step in composition grows faster with overpotential.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isnan, nan

import numpy as np

from sbpath.model.rows import evaluate_rows
from sbpath.results.cycles import HalfCycle, half_cycles, of_cycle
from sbpath.solution import CAUSES, Floats, Solution

# A phase that loses less than this share of the Sb in a half cycle has decided nothing.
MIN_DECIDED_SHARE = 0.05
# What a domain waits for, one after the other.
WAITS = CAUSES[:3]


@dataclass(frozen=True, slots=True, eq=False)
class DrivingForces:
    """What drives and holds back each edge in every row; nan where the edge has no driving force.

    Attributes
    ----------
    force_J_per_m3 : array, shape (E, n)
        Affinity less transformation work, per volume of the product.
    barrier_kT : array, shape (E, n)
        Nucleation barrier over k_B T.
    nucleation_per_s : array, shape (E, n)
        J0 exp(-barrier), of a domain of the reactant, whether there is any or not.
    log_attempt : array, shape (E,)
        ln(J0 / (1/s)).
    waiting_s : array, shape (3, E, n)
        Times of nucleation, growth and transport, in the order of `WAITS`; one over their sum is
        the rate at which a domain transforms.
    """

    force_J_per_m3: Floats
    barrier_kT: Floats
    nucleation_per_s: Floats
    log_attempt: Floats
    waiting_s: Floats

    @property
    def rate_per_s(self) -> Floats:
        """How fast a domain of the reactant transforms, whether there is any or not; shape (E, n)."""
        return 1.0 / self.waiting_s.sum(axis=0)


@dataclass(frozen=True, slots=True)
class TimeConstants:
    """What a domain waits for one after the other (s); nan where nothing drives it, inf: never."""

    nucleation_s: float
    growth_s: float
    transport_s: float

    @property
    def total_s(self) -> float:
        """The three together: the shortest total goes first."""
        return self.nucleation_s + self.growth_s + self.transport_s

    @property
    def longest(self) -> str:
        """Which of `WAITS` is the longest; empty where nothing drives the domain."""
        if isnan(self.total_s):
            return ""
        times = (self.nucleation_s, self.growth_s, self.transport_s)
        return WAITS[times.index(max(times))]


@dataclass(frozen=True, slots=True)
class Competitor:
    """One way out of a phase at the moment of decision.

    Attributes
    ----------
    product : str
        Where it leads.
    affinity_J_per_mol : float
        Per mole of Sb; not positive: it cannot run, and what follows is nan, inf or 0.
    force_J_per_m3, barrier_kT, nucleation_per_s : float
        As in `DrivingForces`.
    share : float
        Of what left the phase in this half cycle, the share that took this way. It need not
        follow from the one moment of decision: a rival may have had its turn at another potential.
    interfacial_energy_J_per_m2 : float
        Of the pair of phases.
    energy_ratio, lever : float
        The two sides of the inequality: gamma S^(1/3) of the winner over that of this one, and
        (g of the winner / g of this one)^(2/3). Nan for the winner.
    threshold_J_per_m2 : float
        The interfacial energy below which this one would nucleate faster than the winner, all
        else and the potential held. Nan for the winner.
    waiting : TimeConstants
        Its three waiting times at the moment of decision.
    own_potential_V : float
        Where half of what took this way had gone; nan where nothing did.
    own_waiting, own_winner_waiting : TimeConstants
        The waiting times there, its own and those of the winner.
    """

    product: str
    affinity_J_per_mol: float
    force_J_per_m3: float
    barrier_kT: float
    nucleation_per_s: float
    share: float
    interfacial_energy_J_per_m2: float
    energy_ratio: float
    lever: float
    threshold_J_per_m2: float
    waiting: TimeConstants
    own_potential_V: float
    own_waiting: TimeConstants
    own_winner_waiting: TimeConstants


@dataclass(frozen=True, slots=True)
class BranchPoint:
    """Where a phase went and why, when half of what left it had gone.

    `competitors` are all its ways out, the one that took most first.
    """

    cycle: int
    direction: str
    phase: str
    time_s: float
    composition: float
    potential_V: float
    competitors: tuple[Competitor, ...]

    @property
    def winner(self) -> Competitor:
        """The way that most of the phase took."""
        return self.competitors[0]

    def decided_by(self, competitor: Competitor) -> str:
        """Which of `WAITS` decides between the winner and `competitor` at this moment.

        Nucleation where it is the longest wait of both, so that the lower barrier wins; else the
        longest wait of the slower one or, where that one waits for nuclei, of the faster one.
        Empty where one of them has no driving force.
        """
        faster, slower = sorted(
            (self.winner.waiting, competitor.waiting), key=lambda waiting: waiting.total_s
        )
        if not (faster.longest and slower.longest):
            return ""
        return faster.longest if slower.longest == "nucleation" else slower.longest


def driving_forces(solution: Solution) -> DrivingForces:
    """Driving force, barrier and nucleation rate of every edge along a solution."""
    network = solution.network
    volume, _, waiting = evaluate_rows(solution.states, solution.current_A_per_g, network)
    free = solution.affinities_J_per_mol - network.transformation_work[:, None]
    free = np.where(free > 0.0, free, nan)
    barrier = network.barrier[0][:, None] * (volume / free) ** 2
    log_attempt = network.log_attempt[0]
    with np.errstate(under="ignore"):
        rate = np.exp(log_attempt[:, None] - barrier)
    return DrivingForces(free / volume, barrier, rate, log_attempt, waiting)


def branch_points(solution: Solution, cycle: int | None = None) -> list[BranchPoint]:
    """Where each phase that transformed went, and by how much its rivals lost, in one cycle.

    Parameters
    ----------
    solution : Solution
        Of at least half a cycle.
    cycle : int, optional
        Which cycle; the last one if not given.

    Returns
    -------
    list of BranchPoint
        In order of time; a phase decides where it loses at least `MIN_DECIDED_SHARE` of the Sb by edges
        in a half cycle.

    Raises
    ------
    InputError
        If that cycle passes no charge.

    Examples
    --------
    >>> import sbpath
    >>> first, *_ = sbpath.branch_points(sbpath.simulate("li-sb", progress=False))
    >>> first.phase, [competitor.product for competitor in first.competitors]
    ('Sb', ['Li2Sb', 'Li3Sb'])
    >>> first.decided_by(first.competitors[1])
    'nucleation'
    """
    halves = half_cycles(solution)
    return _branch_points(solution, of_cycle(halves, cycle)) if halves else []


def all_branch_points(solution: Solution) -> list[BranchPoint]:
    """The decisions of every cycle, as `branch_points` tells them of one."""
    return _branch_points(solution, half_cycles(solution))


def _branch_points(solution: Solution, halves: Sequence[HalfCycle]) -> list[BranchPoint]:
    found = []
    about = driving_forces(solution)
    for half in halves:
        converted = solution.converted[:, half.rows] - solution.converted[:, [half.rows.start]]
        for phase in solution.phases:
            ways = [e for e, edge in enumerate(solution.edges) if edge.reactant == phase]
            if not ways or (left := converted[ways].sum(axis=0))[-1] < MIN_DECIDED_SHARE:
                continue
            row = half.rows.start + int(np.searchsorted(left, 0.5 * left[-1]))
            ways.sort(key=lambda e, c=converted: -c[e, -1])
            competitors = []
            for e in ways:
                went = float(converted[e, -1])
                own = int(np.searchsorted(converted[e], 0.5 * went)) + half.rows.start if went > 0.0 else None
                competitors.append(_competitor(solution, about, e, ways[0], row, went / float(left[-1]), own))
            found.append(
                BranchPoint(
                    cycle=half.cycle,
                    direction=half.direction,
                    phase=phase,
                    time_s=float(solution.time_s[row]),
                    composition=float(solution.composition[row]),
                    potential_V=float(solution.potential_V[row]),
                    competitors=tuple(competitors),
                )
            )
    return sorted(found, key=lambda branch_point: branch_point.time_s)


def _competitor(
    solution: Solution, about: DrivingForces, e: int, winner: int, row: int, share: float,
    own: int | None,
) -> Competitor:  # fmt: skip
    energy = solution.mechanism.interface(*solution.edges[e].ends).energy_J_per_m2.value
    force, best_force = (float(about.force_J_per_m3[i, row]) for i in (e, winner))
    barrier, best_barrier = (float(about.barrier_kT[i, row]) for i in (e, winner))
    ratio = lever = threshold = nan
    if e != winner and not np.isnan(barrier):
        lever = (best_force / force) ** (2.0 / 3.0)
        ratio = (best_barrier / barrier) ** (1.0 / 3.0) * lever if barrier > 0.0 else inf
    if e != winner and barrier > 0.0:
        # Equal rates: b (threshold / gamma)^3 = b_winner + ln(J0 / J0_winner).
        level = best_barrier + float(about.log_attempt[e] - about.log_attempt[winner])
        threshold = energy * (max(level, 0.0) / barrier) ** (1.0 / 3.0)

    def waiting(edge: int, at: int | None) -> TimeConstants:
        return TimeConstants(*([nan] * 3 if at is None else about.waiting_s[:, edge, at].tolist()))

    return Competitor(
        product=solution.edges[e].product,
        affinity_J_per_mol=float(solution.affinities_J_per_mol[e, row]),
        force_J_per_m3=force,
        barrier_kT=inf if np.isnan(barrier) else barrier,
        nucleation_per_s=0.0 if np.isnan(barrier) else float(about.nucleation_per_s[e, row]),
        share=share,
        interfacial_energy_J_per_m2=energy,
        energy_ratio=ratio,
        lever=lever,
        threshold_J_per_m2=threshold,
        waiting=waiting(e, row),
        own_potential_V=nan if own is None else float(solution.potential_V[own]),
        own_waiting=waiting(e, own),
        own_winner_waiting=waiting(winner, own),
    )
