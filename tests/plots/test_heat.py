"""Heat flow as drawn, against the results."""

from __future__ import annotations

import numpy as np
from curves import cycled

from sbpath import heat_flow, plots
from sbpath.results.cycles import half_cycles


def test_heat_draws_total_irreversible_and_reversible(simulated):
    solution = cycled(simulated, "li-sb-llzo", "C/5")
    axes, flow = plots.heat(solution), heat_flow(solution)
    lost = flow.irreversible_W_per_g
    for column, half in enumerate(half_cycles(solution)[2:]):
        lines = {line.get_label().split(",")[0]: line for line in axes[1, column].lines}
        for name, values in (
            ("total", flow.total_W_per_g),
            ("irreversible", lost),
            ("reversible", flow.reversible_W_per_g),
        ):
            np.testing.assert_array_equal(lines[name].get_xdata(), solution.capacity_mAh_per_g[half.rows])
            np.testing.assert_allclose(
                lines[name].get_ydata(), 1e3 * values[half.rows], rtol=1e-12, atol=1e-15
            )
        assert f"{half.direction}, cycle 2" in axes[0, column].get_title(loc="left")
    assert axes[1, 0].get_ylabel() == "Heat flow out  (mW g$\\mathregular{^{-1}}$ Sb)"
