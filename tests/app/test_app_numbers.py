"""The numbers that the page offers: in the order of what they do to the curve, with ends that the package takes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import sbpath
from sbpath.app.numbers import change_of, numbers
from sbpath.app.runs import Runs
from sbpath.app.setting import Setting
from sbpath.fitting.parameters import free_numbers


def _mean_shift_mV(setting: Setting, path: str, value: float) -> float:
    """By how much the voltage of one particle moves, at equal charge and averaged over it: two simulations."""
    curves = []
    for changed in (setting, Setting.of({"system": setting.system, "set": {path: value}})):
        solution = sbpath.simulate(
            changed.mechanism(),
            replace(changed, particles="1").experiment().protocol,
            population=1,
            progress=False,
        )
        curves.append([solution.curve for solution in sbpath.half_cycles(solution)])
    total = passed = 0.0
    for (charge, voltage), (other_charge, other_voltage) in zip(*curves, strict=True):
        at = np.linspace(0.0, min(charge[-1], other_charge[-1]), 20001)
        gap = np.interp(at, charge, voltage) - np.interp(at, other_charge, other_voltage)
        total, passed = total + 1e3 * float(np.abs(gap).mean()) * at[-1], passed + at[-1]
    return total / passed


@pytest.mark.parametrize("system", ["li-sb", "na-sb-allan"])
def test_the_influence_is_the_shift_of_the_curve(system):
    """A hundredth of the change moves the curve by a hundredth of the influence."""
    setting = Setting.of({"system": system})
    found = numbers(setting, Runs())
    assert len(found) > 20
    ordered = [row["influence_mV"] for row in found if row["influence_mV"] is not None]
    assert ordered == sorted(ordered, reverse=True)
    for row in found[:6]:
        (free,) = free_numbers(sbpath.load_mechanism(system), [row["path"]])
        near = free.outer(free.inner(row["value"]) + 0.01 * change_of(free))
        assert 100.0 * _mean_shift_mV(setting, row["path"], near) == pytest.approx(
            row["influence_mV"], rel=0.1
        )


def test_interfacial_energies_come_first_in_lithium():
    """What `docs/trust.md` and the fits say: they and the energies of the phases place the plateaus."""
    found = numbers(Setting("li-sb"), Runs())
    first = {row["path"].split(".")[0] for row in found[:5]}
    assert first == {"interfaces", "phases"}
    assert found[0]["path"] == "interfaces.Sb|Li3Sb.energy_J_per_m2"
    assert {row["path"] for row in found if row["influence_mV"] is None} == {
        "electrode.spread.size", "electrode.spread.interfacial_energy",
    }  # fmt: skip


@pytest.mark.parametrize("system", sbpath.shipped_names())
def test_every_number_has_a_range_that_the_package_takes_and_a_source(system):
    mechanism = sbpath.load_mechanism(system)
    for row in numbers(Setting(system), Runs()):
        assert row["low"] <= row["value"] <= row["high"]
        assert row["low"] < row["high"]
        assert row["value"] == row["default"] == sbpath.value(mechanism, row["path"])
        for end in (row["low"], row["high"]):
            sbpath.with_changes(mechanism, {row["path"]: end})
        assert row["status"] in ("measured", "computed", "fitted", "assumed")
        assert row["source"]
        assert row["label"]
        assert row["meaning"]


def test_a_changed_number_says_so_and_keeps_its_range():
    path = "interfaces.Sb|Li2Sb.energy_J_per_m2"
    rows = [numbers(Setting.of({"set": given}), Runs()) for given in ({}, {path: "0.2"})]
    before, after = (next(row for row in found if row["path"] == path) for found in rows)
    assert (after["value"], after["default"], after["low"], after["high"]) == (
        0.2,
        0.1298,
        before["low"],
        before["high"],
    )
    assert (before["status"], after["status"]) == ("fitted", "assumed")
    assert "set by the user in place of 0.1298" in after["note"]
