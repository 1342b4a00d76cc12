"""How a step can end."""

from __future__ import annotations

from enum import Enum


class Outcome(Enum):
    """How a step ended; the value says what happened and, after a failure, what to try."""

    VOLTAGE = "the voltage reached {limit}"
    CURRENT = "the current fell to {limit}"
    COMPOSITION = "the composition reached {limit}"
    CAPACITY = "the charge that it holds reached {limit}"
    TIME = "its time limit was reached: {duration}"
    TABLE = "its table of currents ended"
    CHARGE = "the charge of its limit had passed: {limit}"
    SWEEP = "the sweep reached {limit}"
    ALREADY_MET = "its limit ({limit}) was met before it began, so it took no time{hint}"
    UNREACHED = "its limit was not reached in {duration}; give it one that can be reached"
    STEP_SIZE = (
        "the step size fell to {size:.1e} s at E = {potential:.4f} V; "
        "loosen rtol, or look for a rate with a jump there"
    )
    RUNAWAY = (
        "the potential ran away to {potential:.1f} V: the limit of this step cannot be reached; "
        "set a voltage limit, or a composition within the range of the mechanism"
    )
    MAX_STEPS = "max_steps = {max_steps} integrator steps were not enough; raise it"
    MAX_ROWS = "it would give more than {max_rows:,} rows with {period}"
    ALL_ROWS = (
        "with it the run has more than {max_rows:,} rows; keep fewer cycles (keep=100, --keep 100), "
        "or use a longer output period, or none"
    )
    EXTRAPOLATED = "its cycle was not solved, but extrapolated from those before"
    STOPPED = "it was stopped after {duration}"

    @property
    def failed(self) -> bool:
        """Whether the step failed."""
        return self in _FAILURES


_FAILURES = frozenset(
    {
        Outcome.UNREACHED, Outcome.STEP_SIZE, Outcome.RUNAWAY, Outcome.MAX_STEPS, Outcome.MAX_ROWS,
        Outcome.ALL_ROWS, Outcome.STOPPED,
    }
)  # fmt: skip
