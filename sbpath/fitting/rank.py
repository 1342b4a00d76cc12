"""Which of several mechanisms the data support.

Each is fitted to the same data with the same nuisances and kind of priors. With the robust mean loss L of the points, and n_eff
independent ones (the median of the two best),

    BIC_eff = n_eff ln L + k ln n_eff,    G = n_eff ln(L_B / L_A)

phase fractions add the sums of their losses over their variance to both, and blocks: sixths of half cycles are drawn anew with replacement, the same for both rivals (block bootstrap: Künsch 1989, Ann. Statist.
17, 1217). The usual criterion takes correlated points for independent ones and is about ten times too sure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from sbpath.arguments import items, several, shortened, whole
from sbpath.errors import InputError
from sbpath.fitting.cells import Drive, cells_of
from sbpath.fitting.error_model import ErrorModel, errors_of
from sbpath.fitting.fit import DEFAULT_FREE, told_by
from sbpath.fitting.misfit import missed, robust_mV
from sbpath.fitting.multistart import MAX_STARTS, Minimum, losses, search
from sbpath.fitting.parameters import free_numbers
from sbpath.fitting.problem import Problem
from sbpath.fitting.residual import SIGMA_V
from sbpath.kernels import Floats
from sbpath.measured.experiment_file import Measurement
from sbpath.mechanism.documents import ENDING
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.notation import has_node
from sbpath.mechanism.reader import load_mechanism
from sbpath.model.population import Population
from sbpath.progress import with_progress

# Differences of BIC_eff and of G, and a share of resamples, that decide.
DECISIVE, DECISIVE_BLOCKS = 6.0, 0.975
# Edges that carry less than this share of the charge are not told apart.
MIN_CARRIED = 0.01
SIXTHS, RESAMPLES, SEED = 6, 2000, 20240917


class Verdict(Enum):
    """What the data say of a mechanism."""

    SUPPORTED = "supported"
    WORSE = "fits worse"
    SIMPLER = "the simpler fits as well; the data do not tell"
    CANNOT_TELL = "cannot tell"
    SAME_PATH = "the same path; only partial cycles can tell"
    NONE = "none fits"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A fitted mechanism among its rivals.

    Attributes
    ----------
    name : str
        With the graph, if it is not the mechanism's own.
    misfit_mV : float
        Root of the robust mean square of the distance.
    free : int
        Numbers that the data determine.
    delta_BIC : float
        BIC_eff less that of the best.
    fit_alone : float or None
        G against the best; None for the best.
    blocks : float or None
        Share of resamples in which the best fits better.
    verdict : Verdict
        Of the best: against the next; of the others: against the best.
    feature : str
        Where it differs most from the data, beyond the best; empty for the best.
    numbers : tuple of (str, float)
        Fitted numbers by path.
    """

    name: str
    misfit_mV: float
    free: int
    delta_BIC: float
    fit_alone: float | None
    blocks: float | None
    verdict: Verdict
    feature: str
    numbers: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Ranking:
    """Rivals from the best to the worst, fitted to the data of an experiment file, with the number of independent points and what is
    to be said of masses and fractions.
    """

    experiment: str
    candidates: tuple[Candidate, ...]
    independent_points: float
    remarks: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Fitted:
    """A fitted rival: robust losses of the points of curves, of fractions over their variance, and what follows from them."""

    name: str
    problem: Problem
    best: Minimum
    losses: Floats
    misses: Floats
    free: int
    error: ErrorModel

    @property
    def loss(self) -> float:
        return float(self.losses.mean())

    def misfit(self, independent: float) -> float:
        """Minus twice the logarithm of the likelihood."""
        return independent * float(np.log(self.loss)) + float(self.misses.sum())

    def criterion(self, independent: float) -> float:
        return self.misfit(independent) + self.free * float(np.log(independent))


def rank(
    measurement: Measurement,
    candidates: Sequence[str | Mechanism | tuple[Mechanism, str | None]],
    free: Sequence[str] | None = None,
    *,
    cycles: Sequence[int] | None = None,
    drive: Drive = "mean",
    population: Population | int | None = None,
    max_starts: int = MAX_STARTS,
    progress: bool = True,
) -> Ranking:
    """Fit rival mechanisms to the same half cycles, and say which the data support.

    A phase of a table of fractions that one of them lacks counts as 0 in it.

    Parameters
    ----------
    measurement : Measurement
        From `load_measurement`.
    candidates : sequence of str, Mechanism or (Mechanism, str or None)
        Two or more; a graph, if not its own, follows: ``"li-sb:reported"``, or a pair.
    free : sequence of str, optional
        Groups of numbers that are fitted in each; by default gamma, growth and resistance.
    cycles, drive, population, max_starts, progress
        As in `fit`.

    Raises
    ------
    InputError
        If there are fewer than two rivals or half cycles, or one is given twice.
    """
    max_starts = whole("max_starts", max_starts)
    pairs = rivals_of(candidates)
    names = [rival_name(mechanism, graph) for mechanism, graph in pairs]
    if len(names) < 2 or len(set(names)) < len(names):
        raise InputError("candidates: give two or more different mechanisms, e.g. na-sb na-sb-allan")
    wanted, fitted = DEFAULT_FREE if free is None else tuple(free), []
    measured = {phase for table in measurement.fractions for phase in table.fractions}
    known = {phase for phase in measured if any(has_node(mechanism, phase) for mechanism, _ in pairs)}
    problems = []
    for mechanism, graph in pairs:  # all, before any is fitted
        cells = cells_of(
            measurement, mechanism, graph=graph, cycles=cycles, drive=drive, population=population,
            absent={phase for phase in known if not has_node(mechanism, phase)},
        )  # fmt: skip
        problems.append(Problem(mechanism, cells, free_numbers(mechanism, wanted)))
        if len(problems[-1].blocks) < 2:
            raise InputError(
                f"{measurement.path}: has one half cycle, which cannot rank mechanisms; give both directions"
            )
    rivals = list(zip(problems, names, strict=True))
    for problem, name in with_progress(rivals, "rank", "it", progress):
        best = search(problem, max_starts).best
        loss, misses = np.split(losses(best.evaluated.residual[: problem.points]), [problem.voltages])
        error = errors_of(problem, best).model
        assert error is not None  # there are half cycles
        fitted.append(
            _Fitted(name, problem, best, loss, misses, sum(map(bool, told_by(problem, best))), error)
        )
    # The same variance for all: that of the best.
    variance = min(one.error.fraction_variance for one in fitted)
    fitted = [replace(one, misses=one.misses / variance) for one in fitted]
    fitted.sort(key=lambda one: one.misfit(one.error.independent_points))
    independent = float(np.median([one.error.independent_points for one in fitted[:2]]))
    fitted.sort(key=lambda one: one.criterion(independent))
    best = fitted[0]
    against = [_against(best, rival, independent) for rival in fitted[1:]]
    found = []
    for place, one in enumerate(fitted):
        alone, blocks, verdict = (None, None, against[0][2]) if place == 0 else against[place - 1]
        if place == 0 and missed(best.problem, best.best, best.error.fraction_rms):
            verdict = Verdict.NONE
        elif place > 0 and verdict is Verdict.SUPPORTED:
            verdict = Verdict.WORSE
        found.append(
            Candidate(
                name=one.name,
                misfit_mV=robust_mV(one.losses),
                free=one.free,
                delta_BIC=one.criterion(independent) - best.criterion(independent),
                fit_alone=alone,
                blocks=blocks,
                verdict=verdict,
                feature="" if place == 0 else _feature(best, one),
                numbers=tuple(
                    (free.path, number)
                    for free, number in zip(
                        one.problem.free, one.problem.numbers(one.best.unknowns), strict=True
                    )
                ),
            )
        )
    remarks = dict.fromkeys(remark for one in fitted for cell in one.problem.cells for remark in cell.remarks)
    remarks |= dict.fromkeys(f"{one.name}: {remark}" for one in fitted for remark in one.problem.scaled())
    if measurement.free:
        remarks[f"{measurement.path}: [free] is not used, for it names numbers of one mechanism."] = None
    return Ranking(measurement.path, tuple(found), independent, tuple(remarks))


def rivals_of(
    given: Sequence[str | Mechanism | tuple[Mechanism, str | None]],
    argument: str = "candidates",
) -> list[tuple[Mechanism, str | None]]:
    """Mechanisms with graphs, None for their own, from names, ``NAME:GRAPH``, mechanisms or pairs.

    Raises
    ------
    InputError
        In the name of the argument, if something is none of these.
    """
    found: list[tuple[Mechanism, str | None]] = []
    for one in several(given):
        pair = (one, None) if isinstance(one, str | Mechanism) else tuple(items(one) or ())
        if len(pair) != 2 or not isinstance(pair[0], str | Mechanism) or not isinstance(pair[1], str | None):
            raise InputError(
                f"{argument}: must be names such as 'li-sb:reported', mechanisms or pairs with a graph, not {shortened(one)}"
            )
        name, graph = pair
        if isinstance(name, str) and graph is None and ":" in name and not name.lower().endswith(ENDING):
            name, _, graph = name.rpartition(":")
            if not graph:
                raise InputError(f"{one}: after the colon follows a graph, as in {name}:reported")
        found.append((load_mechanism(name) if isinstance(name, str) else name, graph))
    return found


def rival_name(mechanism: Mechanism, graph: str | None) -> str:
    """``NAME``, or ``NAME:GRAPH``."""
    return mechanism.name if graph is None else f"{mechanism.name}:{graph}"


def _against(best: _Fitted, rival: _Fitted, independent: float) -> tuple[float, float, Verdict]:
    """G, the share of resamples in which the best fits better, and the verdict on the best against a rival."""
    alone = rival.misfit(independent) - best.misfit(independent)
    share = _resampled(best, rival, independent)
    difference = rival.criterion(independent) - best.criterion(independent)
    if _same_path(best, rival):
        return alone, share, Verdict.SAME_PATH
    if difference > DECISIVE and alone > DECISIVE and share > DECISIVE_BLOCKS:
        return alone, share, Verdict.SUPPORTED
    if difference > DECISIVE and abs(alone) <= DECISIVE and best.free < rival.free:
        return alone, share, Verdict.SIMPLER
    return alone, share, Verdict.CANNOT_TELL


def _resampled(best: _Fitted, rival: _Fitted, independent: float) -> float:
    """Share of resamples of sixths of half cycles, and of phases in them, in which the best has the smaller loss."""
    sums = [
        part.sum()
        for block in best.problem.blocks
        for part in np.array_split((rival.losses - best.losses)[block.rows], SIXTHS)
    ]
    # Both in units of the logarithm of the likelihood.
    gains = np.array(sums) * independent / (len(best.losses) * best.loss)
    excess, first = rival.misses - best.misses, best.problem.voltages
    fractions = [excess[p.rows.start - first : p.rows.stop - first].sum() for p in best.problem.fractions]
    gains = np.concatenate([gains, fractions])
    drawn = np.random.default_rng(SEED).integers(0, len(gains), (RESAMPLES, len(gains)))
    return float((gains[drawn].sum(axis=1) > 0.0).mean())


def _carried(one: _Fitted) -> dict[str, float]:
    """Share of all charge that each edge carried."""
    totals: dict[str, float] = {}
    for solution in one.problem.solutions(one.best.unknowns):
        for edge, charge in zip(solution.edges, solution.edge_charge_mAh_per_g, strict=True):
            name = f"{edge.reactant} -> {edge.product}"
            totals[name] = totals.get(name, 0.0) + float(np.abs(np.diff(charge)).sum())
    whole = sum(totals.values()) or 1.0
    return {name: charge / whole for name, charge in totals.items()}


def _same_path(best: _Fitted, rival: _Fitted) -> bool:
    """Whether the edges that only one of two has carry next to nothing, of the same phases."""
    one, other = best.problem.mechanism, rival.problem.mechanism
    if one.phases.keys() != other.phases.keys():
        return False
    mine, theirs = _carried(best), _carried(rival)
    differ = mine.keys() ^ theirs.keys()
    return bool(differ) and all(mine.get(name, 0.0) + theirs.get(name, 0.0) < MIN_CARRIED for name in differ)


def _feature(best: _Fitted, rival: _Fitted) -> str:
    """Where the rival differs most from the data beyond the best: ``12 mV low at the end of insertion (x 2.5-3.0)``."""
    largest, words = 0.0, ""
    full = rival.problem.mechanism.content_range[1]
    for direction in ("insertion", "extraction"):
        blocks = [
            (block, rival.problem.cells[block.cell].halves[block.half])
            for block in rival.problem.blocks
            if rival.problem.cells[block.cell].halves[block.half].direction == direction
        ]
        for sixth in range(SIXTHS):
            gains, means, ends = [], [], []
            for block, half in blocks:
                rows = np.array_split(np.arange(block.rows.start, block.rows.stop), SIXTHS)[sixth]
                gains.append(float((rival.losses - best.losses)[rows].sum()))
                means.append(float(np.median(rival.best.evaluated.residual[rows])))
                ends.append(half.q_end)
            if gains and sum(gains) > largest:
                largest = sum(gains)
                mean = 1e3 * SIGMA_V * float(np.median(means))
                # Positive: the points lie above the simulation.
                size = f"{abs(mean):.0f} mV {'low' if mean > 0.0 else 'high'}"
                where = (
                    "at the beginning"
                    if sixth == 0
                    else "at the end"
                    if sixth == SIXTHS - 1
                    else "in the middle"
                )
                end = float(np.median(ends))
                x = sorted(
                    full * (share if direction == "insertion" else 1.0 - share) * min(end, 1.0)
                    for share in (sixth / SIXTHS, (sixth + 1) / SIXTHS)
                )
                every = "every " if len(blocks) > 1 and len({np.sign(m) for m in means}) == 1 else ""
                words = f"{size} {where} of {every}{direction} (x {x[0]:.1f}-{x[1]:.1f})"
    return words
