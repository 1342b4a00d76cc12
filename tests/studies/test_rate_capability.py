"""Oracles: the cycles of a rate test run one by one, and stoichiometry."""

from __future__ import annotations

import pytest
from analytic import M_SB, F
from bare import bare

import sbpath
from sbpath import cv, cycling, rate_capability, rate_test, simulate
from sbpath.protocol.steps import Rate


def test_a_rate_test_is_its_cycles_run_one_by_one(simulated):
    rates = ("C/5", "2C", "C/5")
    points = rate_capability(simulated("li-sb", rate_test(rates, 0.05, 1.5, 1)))
    state = None
    for point, rate in zip(points, rates, strict=True):
        alone = simulate(bare("li-sb"), cycling(rate, 0.05, 1.5), initial=state, progress=False)
        state = alone
        insertion, extraction = sbpath.half_cycles(alone)
        assert point.rate == rate
        assert point.current_A_per_g == pytest.approx(Rate.parse(rate).value * 0.66035, rel=1e-4)
        assert point.insertion_mAh_per_g == pytest.approx(insertion.capacity_mAh_per_g, rel=1e-9)
        assert point.extraction_mAh_per_g == pytest.approx(extraction.capacity_mAh_per_g, rel=1e-9)
        assert point.insertion_V == pytest.approx(insertion.mean_voltage_V, rel=1e-9)
        assert point.extraction_V == pytest.approx(extraction.mean_voltage_V, rel=1e-9)
    # What a fast cycle leaves behind comes out in the slow one after it: nothing is lost.
    assert points[1].coulombic_efficiency < 0.995
    lost = sum(p.insertion_mAh_per_g - p.extraction_mAh_per_g for p in points)
    # The double layer stands at 1.5 V at both ends, so what is missing is alkali in the electrode.
    held = simulated("li-sb", rate_test(rates, 0.05, 1.5, 1)).composition[-1] * F / M_SB / 3.6
    assert lost == pytest.approx(held, abs=1e-6)


def test_a_cycle_is_named_by_its_currents(simulated):
    steps = ("Rest for 1 min", "Insert at C/2 until 0.05 V", "Extract at 1C until 1.5 V")
    (point,) = rate_capability(simulated("li-sb", (steps,)))
    assert point.rate == "C/2, 1C"
    assert point.current_A_per_g == pytest.approx(0.330176, rel=1e-5)


def test_sweeps_are_no_rate_test(simulated):
    assert rate_capability(simulated("li-sb", cv("0.5 mV/s", 0.05, 1.5, 1))) == []
