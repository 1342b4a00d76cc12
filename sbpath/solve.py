"""Integration of one protocol step: adaptive Rodas5P, conserved charge, located cut-offs.

Each accepted step is recorded at the two inner Lobatto points and at its end, so that
work and heat are integrated to the accuracy of the solution itself. In current control the
charge passed is known exactly (q0 + I t), so after each step the potential is moved back
onto ``q(theta, E) = q0 + I t``; charge is then conserved to rounding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isfinite
from typing import NamedTuple

from sbpath import rosenbrock
from sbpath.model import Drive, Workspace, evaluate, node_volume, stored_charge, workspace
from sbpath.network import Network

# Inner nodes of the four-point Gauss-Lobatto rule on [0, 1].
LOBATTO = (0.5 - 0.05**0.5, 0.5 + 0.05**0.5)
NODES = (0.0, *LOBATTO, 1.0)

# A step that leaves this range of potential (V) runs after a limit that it cannot reach.
POTENTIAL_BOUND = 10.0


@dataclass(frozen=True, slots=True)
class SolverOptions:
    """Accuracy of the integration.

    Attributes
    ----------
    rtol, atol : float
        Relative and absolute tolerance per step of each fraction and of the potential (V).
        A tight `atol` matters most: what nucleates starts from nothing.
    max_steps : int
        Integrator steps allowed within one protocol step.
    """

    rtol: float = 1e-6
    atol: float = 1e-9
    max_steps: int = 20_000


class Target(NamedTuple):
    """A limit as a number: the step ends when ``sign * (quantity - value)`` falls to zero."""

    quantity: str  # "voltage", "current" (magnitude) or "composition"
    value: float
    sign: float


@dataclass(slots=True)
class Record:
    """Rows gathered while a simulation runs; `solution` turns them into arrays.

    Per row: time (s), state, current (A/g), charge (C/g), volume (m^3/mol Sb), rates (1/s) and affinities (J/mol)
    per edge, and the running integrals `energy` (of V I dt), `joule` (of I^2 R_s dt) and
    `heat` (of r A / M dt per edge), all in J/g.
    """

    time: list[float] = field(default_factory=list)
    state: list[list[float]] = field(default_factory=list)
    current: list[float] = field(default_factory=list)
    charge: list[float] = field(default_factory=list)
    volume: list[float] = field(default_factory=list)
    rate: list[list[float]] = field(default_factory=list)
    affinity: list[list[float]] = field(default_factory=list)
    energy: list[float] = field(default_factory=list)
    joule: list[float] = field(default_factory=list)
    heat: list[list[float]] = field(default_factory=list)


class Outcome(NamedTuple):
    """How a step ended: after `duration` (s), by `ended_by`, one of "target" (number
    `target` of the list), "time", "already" (target met before the start) or "failed".
    """

    duration: float
    ended_by: str
    target: int
    message: str


class Point(NamedTuple):
    """One instant of a step (time counts from its start).

    `volume` is that of the electrode (m^3/mol Sb), `stored` the energy held by the electrode (J/g), `powers` are V I, I^2 R_s and r A / M
    of each edge (W/g): what flows in and what is turned to heat.
    """

    time: float
    state: list[float]
    current: float
    charge: float
    rate: list[float]
    affinity: list[float]
    volume: float
    stored: float
    powers: list[float]


class _Failure(Exception):
    """The integrator cannot go on; the message is for the user."""


class StepIntegrator:
    """Integrates one step of a protocol from `state`, appending to `record`.

    Parameters
    ----------
    network : Network
        Graph and numbers.
    host_molar_mass : float
        g per mol Sb, for heat per gram.
    drive : Drive
        What the cycler imposes.
    state : list of float, shape (P + 1,)
        Fractions and potential at the start.
    options : SolverOptions
        Tolerances.
    """

    def __init__(
        self,
        network: Network,
        host_molar_mass: float,
        drive: Drive,
        state: list[float],
        options: SolverOptions,
    ) -> None:
        self.network = network
        self.host_molar_mass = host_molar_mass
        self.drive = drive
        self.options = options
        self.work: Workspace = workspace(network)
        self.nodes = len(network.gibbs)
        state = list(state)
        self.jump_energy = 0.0
        if not drive.current_control and network.resistance == 0.0:
            self.jump_energy = self.jump(state, drive.level)
        self.start_charge = stored_charge(state, network, self.work)[0]
        self.start = self.point(0.0, state)

    def jump(self, state: list[float], potential: float) -> float:
        """Set E at once, as an ideal cycler does; the energy that this delivers (J/g).

        The limit of an infinitely fast sweep: no phase changes, the charge of the double
        layer and of the galleries moves reversibly.
        """
        stored_charge(state, self.network, self.work)
        before = self.stored_energy(state)
        state[self.nodes] = potential
        stored_charge(state, self.network, self.work)
        return before - self.stored_energy(state)

    # -- points --------------------------------------------------------------------------

    def point(self, time: float, state: list[float]) -> Point:
        """Everything at one instant, with `state` moved (in place) onto the charge passed."""
        network, work = self.network, self.work
        current = evaluate(time, state, self.drive, network, work, True)
        charge, capacitance = stored_charge(state, network, work)
        if self.drive.current_control:
            wanted = self.start_charge + current * time
            for _ in range(3):
                missing = wanted - charge
                if abs(missing) <= 1e-14 * network.charge_scale:
                    break
                self.shift_charge(state, missing, capacitance)
                evaluate(time, state, self.drive, network, work, True)
                charge, capacitance = stored_charge(state, network, work)
            charge = wanted
        volts = state[self.nodes] - current * network.resistance
        powers = [volts * current, current**2 * network.resistance]
        powers += [r * a / self.host_molar_mass for r, a in zip(work.rate, work.affinity, strict=True)]
        stored = self.stored_energy(state)
        volume = sum(state[p] * node_volume(p, network, work) for p in range(self.nodes))
        return Point(
            time, state, current, charge, list(work.rate), list(work.affinity), volume, stored, powers
        )

    def stored_energy(self, state: list[float]) -> float:
        """Free energy of the phases plus that of the double layer (J/g), at the last evaluation.

        ``sum theta_p (Omega_p - F E x_p) / M + C_dl E^2 / 2``, so that along any solution
        d(stored)/dt + V I + I^2 R_s + sum r A / M = 0.
        """
        work, network, potential = self.work, self.network, state[self.nodes]
        free = 0.0
        for p in range(self.nodes):
            free += state[p] * (
                work.omega[p] / self.host_molar_mass - network.charge_scale * potential * work.content[p]
            )
        return free + 0.5 * network.double_layer * potential**2

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

    def voltage(self, point: Point) -> float:
        """Terminal voltage (V)."""
        return point.state[self.nodes] - point.current * self.network.resistance

    def content(self, state: list[float]) -> float:
        """Alkali per Sb, from the state (mol/mol)."""
        charge = stored_charge(state, self.network, self.work)[0]
        return (charge + self.network.double_layer * state[self.nodes]) / self.network.charge_scale

    def distance(self, target: Target, point: Point) -> float:
        """``sign * (quantity - value)`` of a target: positive until it is met."""
        if target.quantity == "voltage":
            quantity = self.voltage(point)
        elif target.quantity == "current":
            quantity = abs(point.current)
        else:
            quantity = self.content(point.state)
        return target.sign * (quantity - target.value)

    # -- stepping ------------------------------------------------------------------------

    def rhs(self, time: float, state: list[float]) -> list[float]:
        """dy/dt, in a list that the next call reuses."""
        evaluate(time, state, self.drive, self.network, self.work, False)
        return self.work.derivative

    def attempt(self, begin: Point, slopes: Slopes, size: float) -> Attempt | None:
        """One trial step of length `size`; None where it cannot be computed."""
        result = rosenbrock.step(
            self.rhs,
            begin.time,
            begin.state,
            size,
            slopes.derivative,
            slopes.jacobian,
            slopes.time_derivative,
        )
        if result is None:
            return None
        new, error, stages = result
        options = self.options
        total = 0.0
        for old, now, wrong in zip(begin.state, new, error, strict=True):
            total += (wrong / (options.atol + options.rtol * max(abs(old), abs(now)))) ** 2
        norm = (total / len(new)) ** 0.5
        return Attempt(size, new, stages, norm) if isfinite(norm) else None

    def slopes(self) -> Slopes:
        """Derivative and Jacobian as the last `point` left them in the workspace."""
        return Slopes(
            list(self.work.derivative),
            [list(row) for row in self.work.jacobian],
            [*[0.0] * self.nodes, self.work.time_derivative[0]],
        )

    def inner(self, begin: Point, attempt: Attempt, fraction: float) -> Point:
        """The point at ``begin + fraction * size``, from the dense output."""
        state = rosenbrock.interpolate(fraction, begin.state, attempt.new, attempt.stages)
        return self.point(begin.time + fraction * attempt.size, state)

    def first_size(self, slopes: Slopes) -> float:
        """A cautious first step: 1 % of the time in which anything moves by its own size."""
        options = self.options
        largest = 0.0
        for value, change in zip(self.start.state, slopes.derivative, strict=True):
            largest = max(largest, abs(change) / (options.atol + options.rtol * max(abs(value), 1e-3)))
        return 0.01 / options.rtol / largest if largest > 0.0 else float("inf")

    def run(self, duration: float, targets: list[Target], period: float | None, record: Record) -> Outcome:
        """Integrate until the first target is met or `duration` (s) is over.

        With a `period` (s) rows are written at its multiples, otherwise at the Lobatto
        points of each integrator step; in both cases at the start and at the end.
        """
        writer = Writer(self, record, period)
        writer.totals[0] += self.jump_energy
        point = self.start
        writer.begin(point)
        for number, target in enumerate(targets):
            if self.distance(target, point) <= 0.0:
                return Outcome(0.0, "already", number, "")
        slopes = self.slopes()
        size = min(self.first_size(slopes), duration)
        try:
            for begin, attempt, points, met in self.accepted(point, slopes, size, duration, targets):
                writer.add(begin, attempt, points)
                point = points[-1]
                if met is not None:
                    return Outcome(point.time, "target", met, "")
        except _Failure as failure:
            return Outcome(point.time, "failed", -1, str(failure))
        return Outcome(point.time, "time", -1, "")

    def accepted(
        self, point: Point, slopes: Slopes, size: float, duration: float, targets: list[Target]
    ) -> Iterator[tuple[Point, Attempt, list[Point], int | None]]:
        """Accepted steps in turn: where it began, the step, its points, the target it met."""
        for _ in range(self.options.max_steps):
            remaining = duration - point.time
            if remaining <= 1e-12 * duration:
                return
            # The last step lands on the end; a sliver left over would be a step of its own.
            if size < 1e-13 * max(point.time, 1e-3):
                raise _Failure(
                    f"the step size fell to {size:.1e} s at E = {point.state[self.nodes]:.4f} V; "
                    "loosen rtol or look for a rate that jumps there"
                )
            last = size >= remaining * (1.0 - 1e-9)
            trial = remaining if last else size
            attempt = self.attempt(point, slopes, trial)
            if attempt is None or attempt.error > 1.0:
                shrink = 0.25 if attempt is None else max(0.2, 0.9 * attempt.error**-0.2)
                size = trial * shrink
                continue
            points = self.points_of(point, attempt)
            next_slopes = self.slopes()  # now: whoever receives the step may use the workspace
            inner_error = self.inner_error(point, attempt, points)
            if inner_error > 1.0 or self.undershoots(point, points):
                size = trial * max(0.2, min(0.5, 0.9 * max(inner_error, 1.0) ** -0.2))
                continue
            crossing = self.first_crossing(targets, point, attempt, points)
            if crossing is not None:
                met, fraction = crossing
                attempt = self.shortened(point, slopes, attempt, targets[met], fraction)
                yield point, attempt, self.points_of(point, attempt), met
                return
            yield point, attempt, points, None
            point, slopes = points[-1], next_slopes
            if abs(point.state[self.nodes]) > POTENTIAL_BOUND:
                raise _Failure(
                    f"the potential ran to {point.state[self.nodes]:.1f} V: the limit of this step cannot be "
                    "reached; give it a voltage, or a composition that the mechanism has"
                )
            size = trial * min(5.0, 0.9 * max(attempt.error, inner_error, 1e-10) ** -0.2)
        raise _Failure(f"max_steps = {self.options.max_steps} integrator steps were not enough; raise it")

    def points_of(self, begin: Point, attempt: Attempt) -> list[Point]:
        """Points at the inner Lobatto nodes and, last, at the end of a step."""
        points = [self.inner(begin, attempt, fraction) for fraction in LOBATTO]
        points.append(self.point(begin.time + attempt.size, list(attempt.new)))
        return points

    def inner_error(self, begin: Point, attempt: Attempt, points: list[Point]) -> float:
        """How wrong the inner points are: what energy lacks over the step, in tolerances.

        Rates depend steeply on E, so a long step can be right at its end while its inner
        points, from which work and heat are integrated, are not. The first law tells.
        """
        options = self.options
        weights = [attempt.size * w for w in partial_weights(1.0)]
        lacking, turnover = points[-1].stored - begin.stored, 0.0
        for weight, point in zip(weights, [begin, *points], strict=True):
            lacking += weight * sum(point.powers)
            turnover += weight * sum(abs(power) for power in point.powers)
        allowed = options.rtol * turnover + options.atol * self.network.charge_scale
        rounding = 1e-14 * abs(begin.stored)
        return abs(lacking) / (allowed + rounding)

    def undershoots(self, begin: Point, points: list[Point]) -> bool:
        """Whether a fraction sinks below zero by more than the tolerance allows, and not before."""
        floor = -5.0 * self.options.atol - 1e-14
        return any(
            now < floor and now < old
            for point in points
            for old, now in zip(begin.state[: self.nodes], point.state[: self.nodes], strict=True)
        )

    def first_crossing(
        self, targets: list[Target], begin: Point, attempt: Attempt, points: list[Point]
    ) -> tuple[int, float] | None:
        """Which target is met first within the step, and at what fraction of it.

        Looked for at the inner points too, since a cut-off may be met and left again within
        one step (a nucleation dip); then located by bisection on the dense output.
        """
        earliest = None
        for number, target in enumerate(targets):
            fractions = [f for f, p in zip(NODES[1:], points, strict=True) if self.distance(target, p) <= 0.0]
            if not fractions:
                continue
            low, high = NODES[NODES.index(fractions[0]) - 1], fractions[0]
            while (high - low) > 1e-12:
                middle = 0.5 * (low + high)
                if self.distance(target, self.inner(begin, attempt, middle)) <= 0.0:
                    high = middle
                else:
                    low = middle
            if earliest is None or high < earliest[1]:
                earliest = (number, high)
        return earliest

    def shortened(
        self, begin: Point, slopes: Slopes, attempt: Attempt, target: Target, fraction: float
    ) -> Attempt:
        """The step cut at about `fraction`, where `target` is met.

        The step itself is repeated with secant lengths, so that its end is a solution of
        the method and not an interpolant.
        """
        size, best = fraction * attempt.size, attempt
        earlier = (0.0, self.distance(target, begin))
        for _ in range(6):
            trial = self.attempt(begin, slopes, size)
            if trial is None:
                break
            best = trial
            gap = self.distance(target, self.point(begin.time + size, list(trial.new)))
            if gap == earlier[1] or abs(gap) < 1e-12:
                break
            correction = -gap * (size - earlier[0]) / (gap - earlier[1])
            if abs(correction) < 1e-13 * size or not 0.0 < size + correction <= attempt.size:
                break
            earlier, size = (size, gap), size + correction
        return best


class Slopes(NamedTuple):
    """dy/dt, its Jacobian and its explicit time derivative at the start of a step."""

    derivative: list[float]
    jacobian: list[list[float]]
    time_derivative: list[float]


class Attempt(NamedTuple):
    """A trial step: its length, end state, stages for the dense output, error in tolerances."""

    size: float
    new: list[float]
    stages: list[list[float]]
    error: float


class Writer:
    """Appends rows to a `Record` and carries the running integrals."""

    def __init__(self, integrator: StepIntegrator, record: Record, period: float | None) -> None:
        self.integrator = integrator
        self.record = record
        self.period = period
        self.next_multiple = 1
        edges = len(integrator.network.source)
        self.offset = record.time[-1] if record.time else 0.0
        self.totals = (
            [0.0] * (edges + 2)
            if not record.time
            else [record.energy[-1], record.joule[-1], *record.heat[-1]]
        )

    def row(self, point: Point, totals: list[float]) -> None:
        """Append one row."""
        record = self.record
        record.time.append(self.offset + point.time)
        record.state.append(point.state)
        record.current.append(point.current)
        record.charge.append(point.charge)
        record.volume.append(point.volume)
        record.rate.append(point.rate)
        record.affinity.append(point.affinity)
        record.energy.append(totals[0])
        record.joule.append(totals[1])
        record.heat.append(totals[2:])

    def begin(self, point: Point) -> None:
        """The row at the start of a step."""
        self.row(point, self.totals)

    def add(self, begin: Point, attempt: Attempt, points: list[Point]) -> None:
        """The rows of one accepted step."""
        values = [begin.powers, *(p.powers for p in points)]

        def totals_at(fraction: float) -> list[float]:
            weights = [attempt.size * w for w in partial_weights(fraction)]
            return [
                total + sum(w * value[i] for w, value in zip(weights, values, strict=True))
                for i, total in enumerate(self.totals)
            ]

        end = begin.time + attempt.size
        final = totals_at(1.0)
        if self.period is None:
            for fraction, point in zip(LOBATTO, points, strict=False):
                self.row(point, totals_at(fraction))
            self.row(points[-1], final)
        else:
            while self.next_multiple * self.period < end * (1.0 - 1e-12):
                fraction = (self.next_multiple * self.period - begin.time) / attempt.size
                self.row(self.integrator.inner(begin, attempt, fraction), totals_at(fraction))
                self.next_multiple += 1
        self.totals = final


def partial_weights(fraction: float) -> list[float]:
    """Weights w_j with ``integral from 0 to fraction of f = sum_j w_j f(NODES[j])``.

    Exact for cubics; at ``fraction = 1`` the Gauss-Lobatto rule, exact to degree five.
    """
    weights = []
    for j, node in enumerate(NODES):
        others = [other for i, other in enumerate(NODES) if i != j]
        scale = 1.0
        for other in others:
            scale *= node - other
        a, b, c = others
        # (s - a)(s - b)(s - c) integrated from 0 to the fraction.
        s = fraction
        integral = s**4 / 4 - (a + b + c) * s**3 / 3 + (a * b + b * c + c * a) * s**2 / 2 - a * b * c * s
        weights.append(integral / scale)
    return weights
