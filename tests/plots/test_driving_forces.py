"""Driving forces, barriers and rates as drawn, against the results."""

from __future__ import annotations

import numpy as np
import pytest
from curves import cycled, edge_names

from sbpath import InputError, driving_forces, plots
from sbpath.results.cycles import half_cycles


@pytest.fixture(scope="module")
def lithium(simulated):
    return cycled(simulated, "li-sb", "C/10")


def test_rates_are_drawn_over_the_decades_that_matter(lithium):
    for ax in plots.driving_forces(lithium).axes[6:8]:
        low, high = ax.get_ylim()
        assert high == 1.0
        assert 1e-20 < low < 1e-6


def test_driving_forces_draws_force_barrier_and_rate_where_the_reactant_is(lithium):
    figure, about = plots.driving_forces(lithium), driving_forces(lithium)
    grid = np.array(figure.axes).reshape(4, 2)
    for column, half in enumerate(half_cycles(lithium)[2:]):
        capacity = lithium.capacity_mAh_per_g[half.rows]
        np.testing.assert_array_equal(grid[0, column].lines[0].get_ydata(), lithium.voltage_V[half.rows])
        for row, values in (
            (1, 1e-6 * about.force_J_per_m3),
            (2, about.barrier_kT),
            (3, about.rate_per_s),
        ):
            lines = {
                line.get_label(): line for line in grid[row, column].lines if "rightarrow" in line.get_label()
            }
            for label, line in lines.items():
                p, q = (
                    name.replace("$\\mathregular{_{", "").replace("}}$", "")
                    for name in label.split(" $\\rightarrow$ ")
                )
                e = edge_names(lithium.edges).index(f"{p} -> {q}")
                np.testing.assert_array_equal(line.get_xdata(), capacity)
                drawn = np.isfinite(line.get_ydata())
                np.testing.assert_array_equal(line.get_ydata()[drawn], values[e, half.rows][drawn])
                # Only where there is something to transform.
                assert lithium.fraction(p)[half.rows][drawn].min() > 0.019
                # Thick lines carried it.
                converted = np.ptp(lithium.converted[e, half.rows])
                assert (line.get_linewidth() > 2.0) == (converted > 0.05)
    names = [line.get_label() for line in grid[1, 0].lines]
    assert "Sb $\\rightarrow$ Li$\\mathregular{_{2}}$Sb" in names
    assert "Sb $\\rightarrow$ Li$\\mathregular{_{3}}$Sb" in names


def test_the_current_asks_for_one_conversion_in_the_time_of_a_half_cycle(lithium):
    figure = plots.driving_forces(lithium)
    grid = np.array(figure.axes).reshape(4, 2)
    for column, number in ((0, 2), (1, 3)):
        (asked,) = (line for line in grid[3, column].lines if line.get_label() == "asked by the current")
        wanted = 1.0 / lithium.steps[number].duration_s
        np.testing.assert_allclose(asked.get_ydata(), wanted, rtol=1e-6)
    assert [grid[row, 0].get_ylabel().replace("\n", " ") for row in (1, 2, 3)] == [
        "Driving force per volume of product  (MJ m$\\mathregular{^{-3}}$)",
        "Nucleation barrier  ($k_\\mathrm{B}T$)",
        "Rate of a domain  (s$\\mathregular{^{-1}}$)",
    ]
    assert grid[3, 0].get_yscale() == "log"
    assert {ax.get_xlabel() for ax in grid[3]} == {"Specific capacity  (mAh g$\\mathregular{^{-1}}$ Sb)"}


@pytest.mark.parametrize("draw", [plots.paths, plots.driving_forces, plots.heat, plots.hysteresis_profile])
def test_a_cycle_that_is_not_there_is_told(lithium, draw):
    with pytest.raises(InputError, match="cycle"):
        draw(lithium, 9)
