"""A solution and its continuation as one, against one run of the whole protocol."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

import sbpath
from sbpath import Population

CYCLE = ("Discharge at C/10 until 0.05 V", "Rest for 1 h", "Charge at C/10 until 1.5 V")
MORE = ("Discharge at C/5 until 0.05 V at 40 C", "Charge at C/5 until 1.5 V")


def simulated(cycles, **options):
    return sbpath.simulate(options.pop("system", "na-sb"), cycles, progress=False, **options)


@pytest.mark.parametrize("population", [None, Population.lognormal(3, size=0.3)], ids=["one", "three"])
def test_sum_is_one_run_of_both_protocols(population, tmp_path):
    first = simulated([CYCLE], population=population)
    second = simulated([CYCLE, MORE], population=population, initial=first)
    both, whole = first + second, simulated([CYCLE, CYCLE, MORE], population=population)
    assert both.protocol == whole.protocol
    for item in fields(whole):
        wanted = getattr(whole, item.name)
        if isinstance(wanted, np.ndarray):
            scale = max(1.0, float(np.abs(wanted).max()))
            found = getattr(both, item.name)
            np.testing.assert_allclose(found, wanted, rtol=0.0, atol=1e-9 * scale, err_msg=item.name)
    assert [(s.cycle, s.number, s.first, s.last) for s in both.steps] == [
        (s.cycle, s.number, s.first, s.last) for s in whole.steps
    ]
    for one, other in zip(sbpath.cycle_summaries(both), sbpath.cycle_summaries(whole), strict=True):
        assert one.hysteresis_mV == pytest.approx(other.hysteresis_mV, abs=1e-7)
    loaded = sbpath.load_solution(both.save(tmp_path / "both.npz"))
    np.testing.assert_array_equal(loaded.charge_mAh_per_g, both.charge_mAh_per_g)
    again = sbpath.simulate_again(loaded, progress=False)
    np.testing.assert_array_equal(again.voltage_V, whole.voltage_V)


def test_what_does_not_continue_is_refused():
    first = simulated([CYCLE])
    second = simulated([CYCLE], initial=first)
    assert len((first + second + simulated([CYCLE], initial=second)).cycle_table.cycle) == 3
    for other, message in (
        (first, "a + b: b does not begin in the final state of a; make it with simulate"),
        (simulated([CYCLE], system="k-sb"), "a + b: mechanism differs; continue with the same"),
        (simulated([CYCLE], initial=first, temperature_C=30.0), "a + b: temperature_C differs"),
        (
            simulated([CYCLE], initial=first, options=sbpath.SolverOptions(rtol=1e-7)),
            "a + b: options differs",
        ),
        (simulated([CYCLE] * 3, initial=first, keep="ends"), "a + b: needs the rows of every cycle"),
    ):
        with pytest.raises(sbpath.InputError) as caught:
            first + other
        assert str(caught.value).splitlines()[0].startswith(message)
    with pytest.raises(TypeError):
        first + 1
