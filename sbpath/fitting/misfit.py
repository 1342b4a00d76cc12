"""How far a fit is from the data, and whether it misses them."""

from __future__ import annotations

import numpy as np

from sbpath.fitting.multistart import Minimum, losses
from sbpath.fitting.problem import Problem
from sbpath.fitting.residual import SIGMA_V
from sbpath.kernels import Floats

# A fit misses the data if its misfit is above this, or a residual of one sign above that over a share of a half cycle (mV).
WORST_MISFIT_MV, WORST_RESIDUAL_MV, WORST_SHARE = 15.0, 30.0, 0.10
# Or if phase fractions are off by this many of their errors (rms).
WORST_MISS = 4.0


def robust_mV(loss: Floats) -> float:
    """Root of the robust mean square of the distance (mV), from the losses of the points."""
    return 1e3 * SIGMA_V * float(np.sqrt(loss.mean()))


def damped_mV(problem: Problem, best: Minimum) -> float:
    """The misfit (mV) with outliers damped."""
    return robust_mV(losses(best.evaluated.residual[: problem.voltages]))


def missed(problem: Problem, best: Minimum, fraction_rms: float) -> str:
    """Why a fit misses the data, of which phase fractions are off by `fraction_rms` of their errors; empty if it does not."""
    if fraction_rms > WORST_MISS:
        return (
            f"the phase fractions are off by {fraction_rms:.1f} of their errors, more than {WORST_MISS:.0f}"
        )
    misfit = damped_mV(problem, best)
    if misfit > WORST_MISFIT_MV:
        return f"the misfit is {misfit:.0f} mV with outliers damped, more than {WORST_MISFIT_MV:.0f}"
    for block in problem.blocks:
        residual = 1e3 * SIGMA_V * best.evaluated.residual[block.rows]
        for sign, side in ((1.0, "above"), (-1.0, "below")):
            longest = run = 0
            for beyond in sign * residual > WORST_RESIDUAL_MV:
                run = run + 1 if beyond else 0
                longest = max(longest, run)
            if longest > WORST_SHARE * len(residual):
                half = problem.cells[block.cell].halves[block.half]
                share = 100.0 * longest / len(residual)
                return (
                    f"{half.direction} {half.cycle} lies more than {WORST_RESIDUAL_MV:.0f} mV {side} the simulation over "
                    f"{share:.0f} % of its charge"
                )
    return ""
