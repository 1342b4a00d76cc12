"""Path selectivity: driving force and barrier of each edge along the curve and at branch points.

The possible products of a phase compete. Each has a driving force per volume of product,
g = (A - W) / V_q, and with it the barrier of classical nucleation theory

    b = 16 pi S gamma^3 / (3 k_B T g^2)   in kT  (the B / A^2 of `sbpath.model.rates`).

A domain waits 1 / (J0 exp(-b)) for a nucleus, or 1 / (k_p theta) for the front of a domain that has
turned already, then for growth, then for transport of the alkali. The
product with the shortest sum wins. Where nucleation is the longest wait for both products, that is
the one with the lower barrier: for equal J0 and S, product 1 forms before product 2 if

    gamma_1 / gamma_2  <  (g_1 / g_2)^(2/3).

The left side depends on the interfaces and is the same in both directions. The right side is the
lever of Chang et al. 2015 (J. Mater. Chem. A 3, 18928), which differs between directions because
the driving force of the larger step in composition grows faster with overpotential.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isnan, nan

import numpy as np

from sbpath.calls import methods_checked
from sbpath.model.rates import start_time
from sbpath.model.rows import evaluate_rows
from sbpath.physical import ZERO_CELSIUS_K
from sbpath.results.cycles import HalfCycle, half_cycles, half_cycles_of
from sbpath.solution import CAUSES, Floats, Solution

# A phase that loses less than this share of the Sb in a half cycle is not a branch point.
MIN_DECIDED_SHARE = 0.05
# What a domain waits for: three times in sequence, and propagation as an alternative to nucleation.
WAITING_TIMES = (*CAUSES[:3], "propagation")


@dataclass(frozen=True, slots=True, eq=False)
class DrivingForces:
    """Driving force and kinetics of each edge in every row; nan where there is no driving force.

    Attributes
    ----------
    force_J_per_m3 : array, shape (E, n)
        Affinity less transformation work, per volume of the product.
    barrier_kT : array, shape (E, n)
        Nucleation barrier over k_B T.
    nucleation_per_s : array, shape (E, n)
        J0 exp(-barrier), per domain of the reactant, even if none is present.
    log_attempt : array, shape (E,)
        ln(J0 / (1/s)).
    waiting_s : array, shape (4, E, n)
        Times in the order of `WAITING_TIMES`.
    """

    force_J_per_m3: Floats
    barrier_kT: Floats
    nucleation_per_s: Floats
    log_attempt: Floats
    waiting_s: Floats

    @property
    def rate_per_s(self) -> Floats:
        """Rate at which a domain of the reactant transforms, even if none is present; shape (E, n)."""
        nucleation, growth, transport, propagation = self.waiting_s
        with np.errstate(divide="ignore"):
            start = 1.0 / (1.0 / nucleation + 1.0 / propagation)
        return 1.0 / (start + growth + transport)


@dataclass(frozen=True, slots=True)
class TimeConstants:
    """Times a domain waits (s): nan without a driving force, inf if it never transforms.

    It starts from a nucleus or from a front, whichever comes first, then waits for growth and transport.
    """

    nucleation_s: float
    growth_s: float
    transport_s: float
    propagation_s: float = inf

    @property
    def start_s(self) -> float:
        """Mean time until a nucleus forms or a front arrives."""
        return start_time(self.nucleation_s, 1.0 / self.propagation_s)

    @property
    def total_s(self) -> float:
        """Sum of start, growth and transport; the shortest wins."""
        return self.start_s + self.growth_s + self.transport_s

    @property
    def longest(self) -> str:
        """Which of `WAITING_TIMES` is limiting; empty without a driving force."""
        if isnan(self.total_s):
            return ""
        times = (self.start_s, self.growth_s, self.transport_s)
        slowest = times.index(max(times))
        return (
            "propagation"
            if slowest == 0 and self.propagation_s < self.nucleation_s
            else WAITING_TIMES[slowest]
        )


@dataclass(frozen=True, slots=True)
class Competitor:
    """One possible product of a phase at a branch point.

    Attributes
    ----------
    product : str
        Name of the product.
    affinity_J_per_mol : float
        Per mole of Sb. If it is not positive the edge cannot run, and what follows is nan, inf or 0.
    force_J_per_m3, barrier_kT, nucleation_per_s : float
        As in `DrivingForces`.
    share : float
        Share of the phase consumed in this half cycle that became this product. It need not follow
        from conditions at the branch point: a competitor can form at another potential.
    interfacial_energy_J_per_m2 : float
        Between phase and product.
    energy_ratio, lever : float
        The two sides of the inequality: gamma S^(1/3) of the winner over gamma S^(1/3) of this
        one, and (g of the winner / g of this one)^(2/3). Nan for the winner.
    threshold_J_per_m2 : float
        The interfacial energy below which this one would nucleate faster than the winner, at the
        same potential and all else equal. Nan for the winner.
    waiting : TimeConstants
        Its waiting times at the branch point.
    own_potential_V : float
        Potential at which half of this product had formed; nan if none did.
    own_waiting, own_winner_waiting : TimeConstants
        Its waiting times and those of the winner at that potential.
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


@methods_checked
@dataclass(frozen=True, slots=True)
class BranchPoint:
    """What a phase became and why, evaluated when half of the amount consumed was gone.

    `competitors` are all its products, the largest share first.
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
        """The product that most of the phase became."""
        return self.competitors[0]

    def decided_by(self, competitor: Competitor) -> str:
        """Which of `WAITING_TIMES` decides between the winner and `competitor`.

        Nucleation if it is the longest wait of both, so that the lower barrier wins. Otherwise the
        longest wait of the slower one or, if it waits for its start, of the faster one: fronts only help,
        so what waits for one would wait longer still for a nucleus. Empty if either has no driving force.
        """
        faster, slower = sorted(
            (self.winner.waiting, competitor.waiting), key=lambda waiting: waiting.total_s
        )
        if not (faster.longest and slower.longest):
            return ""
        starts = slower.longest in ("nucleation", "propagation")
        return faster.longest if starts else slower.longest


def driving_forces(solution: Solution) -> DrivingForces:
    """Driving force, barrier and nucleation rate of every edge along a solution."""
    network = solution.network
    kelvin = solution.temperatures_C + ZERO_CELSIUS_K
    volume, _, waiting = evaluate_rows(solution.states, solution.current_A_per_g, network, kelvin)
    free = solution.affinities_J_per_mol - network.transformation_work[:, None]
    free = np.where(free > 0.0, free, nan)
    barrier = network.barrier[0][:, None] * (volume / free) ** 2 * (network.temperature / kelvin)
    log_attempt = network.log_attempt[0]
    with np.errstate(under="ignore"):
        rate = np.exp(log_attempt[:, None] - barrier)
    return DrivingForces(free / volume, barrier, rate, log_attempt, waiting)


def branch_points(solution: Solution, cycle: int | None = None) -> list[BranchPoint]:
    """What each phase became in one cycle, and by how much the competing products lost.

    Parameters
    ----------
    solution : Solution
        With at least one half cycle.
    cycle : int, optional
        By default the last.

    Returns
    -------
    list of BranchPoint
        In order of time: one for each phase that loses at least `MIN_DECIDED_SHARE` of the Sb through
        edges in a half cycle.

    Raises
    ------
    InputError
        If that cycle passes no charge, or its rows were not kept.

    Examples
    --------
    >>> import sbpath
    >>> first, *_ = sbpath.branch_points(sbpath.simulate("li-sb", progress=False))
    >>> first.phase, [competitor.product for competitor in first.competitors]
    ('Sb', ['Li2Sb', 'Li3Sb'])
    >>> first.decided_by(first.competitors[1])
    'nucleation'
    """
    if not solution.runs:
        return []
    return _branch_points(solution, half_cycles_of(solution, cycle))


def all_branch_points(solution: Solution) -> list[BranchPoint]:
    """The branch points of every kept cycle, as `branch_points` gives them for one."""
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
        return TimeConstants(*([nan] * 4 if at is None else about.waiting_s[:, edge, at].tolist()))

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
