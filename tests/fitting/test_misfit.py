"""Whether a fit misses the data, and a fit laid over them."""

from dataclasses import replace

import numpy as np
import pytest
from synthetic import RESISTANCE, cell

from sbpath import fit, fitted_mechanism, load_mechanism, overlay, report, value, with_changes
from sbpath.fitting.cells import cells_of
from sbpath.fitting.misfit import missed, robust_mV
from sbpath.fitting.multistart import Minimum, losses
from sbpath.fitting.parameters import free_numbers
from sbpath.fitting.problem import Evaluated, Problem
from sbpath.fitting.residual import SIGMA_V


@pytest.fixture(scope="module")
def lithium():
    """One particle, for an exact comparison."""
    return with_changes(load_mechanism("li-sb"), {RESISTANCE: 0.0})


def weighed(lithium, factor=1.0):
    """A cell without noise, whose mass is stated wrong by a factor."""
    made = cell(
        lithium, 1, ("C/5",), population=1, resistance=0.0, noise_V=0.0, drift_V=(1e-9, 2e-9), mass_error=0.0, film=0.0
    )  # fmt: skip
    (curve,) = made.measurement.curves
    curve = replace(curve, mass_g=factor * curve.mass_g, mass_error=0.05)
    return replace(made.measurement, curves=(curve,))


def test_the_misfit_is_told_by_size_and_by_one_side(lithium):
    problem = Problem(
        lithium, cells_of(weighed(lithium), lithium, population=1), free_numbers(lithium, ["gamma"])
    )

    def best(residual_mV):
        residual = np.append(residual_mV / (1e3 * SIGMA_V), problem.centre * 0.0)
        return Minimum(
            problem.centre, 0.0, Evaluated(residual, np.zeros((len(residual), 0)), np.ones(len(residual)))
        )

    flat = np.zeros(problem.points)
    assert missed(problem, best(flat), 0.0) == ""
    # Soft L1 of a constant z: 2 (sqrt(1 + z^2) - 1).
    level = best(flat + 20.0)
    assert robust_mV(losses(level.evaluated.residual[: problem.points])) == pytest.approx(
        4.0 * np.sqrt(2.0 * (np.sqrt(26.0) - 1.0))
    )
    assert missed(problem, level, 0.0) == ""
    assert missed(problem, best(flat + 40.0), 0.0) == "the misfit is 17 mV with outliers damped, more than 15"
    assert missed(problem, best(flat), 3.9) == ""
    assert (
        missed(problem, best(flat), 4.1) == "the phase fractions are off by 4.1 of their errors, more than 4"
    )
    # Of 100 points of the extraction, 10 in a row are let pass, and 11 are not.
    rows = problem.blocks[1].rows
    for run, told in ((10, False), (11, True)):
        residual = flat.copy()
        residual[rows.start + 20 : rows.start + 20 + run] = -35.0
        assert (
            missed(problem, best(residual), 0.0)
            == "extraction 1 lies more than 30 mV below the simulation over 11 % of its charge"
        ) is told


def test_a_few_points_far_off_are_named(lithium):
    measurement = weighed(lithium)
    (curve,) = measurement.curves
    voltage = curve.curve.voltage_V.copy()
    voltage[50:60] += 0.2
    far = replace(measurement, curves=(replace(curve, curve=replace(curve.curve, voltage_V=voltage)),))
    settings = {"population": 1, "max_starts": 1, "profiles": False, "progress": False}
    result = fit(far, lithium, ["resistance"], **settings)
    # A mean of losses of which 2 (sqrt(1 + 50^2) - 1) = 98 each are of points 200 mV or 50 sigma off, at most.
    assert result.error.rms_mV > 15.0
    (told,) = [remark for remark in result.remarks if remark.startswith("Some points lie far off")]
    found = float(told.split()[-2])
    assert 0.0 < found < 4.0 * np.sqrt(10 * 98.0 / result.error.points)
    assert not [r for r in fit(measurement, lithium, ["resistance"], **settings).remarks if "far off" in r]


def test_a_fit_that_misses_says_so_before_its_numbers_are_used(lithium):
    path = "phases.Li3Sb.enthalpy_J_per_mol"
    shifted = with_changes(lithium, {path: value(lithium, path) - 30_000.0})
    measurement = weighed(lithium)
    result = fit(
        measurement, shifted, ["resistance"], population=1, max_starts=1, profiles=False, progress=False
    )
    assert result.remarks[0].startswith("Does not fit: ")
    assert "Does not fit" in report(result)
    result = fit(
        measurement, lithium, ["resistance"], population=1, max_starts=1, profiles=False, progress=False
    )
    assert not any("Does not fit" in remark for remark in result.remarks)


def test_a_fit_laid_over_its_data_has_their_charge_scaled(lithium):
    measurement = weighed(lithium, 1.08)
    result = fit(measurement, lithium, ["gamma"], population=1, max_starts=1, progress=False)
    scales = [one.value for one in result.nuisances if one.name.startswith("scale")]
    # Of the first insertion an offset takes part of it.
    assert scales[0] == pytest.approx(1.0 / 1.08, rel=0.02)
    assert scales[1] == pytest.approx(1.0 / 1.08, rel=5e-3)
    mechanism = fitted_mechanism(lithium, result)
    before = overlay(measurement, mechanism, population=1, progress=False)
    after = overlay(measurement, mechanism, population=1, fit=result, progress=False)
    assert (before.scaled, after.scaled) == (False, True)
    for raw, moved, scale in zip(before.halves, after.halves, scales, strict=True):
        assert moved.q[-1] == pytest.approx(raw.q[-1] / scale, rel=0.03)
        assert moved.rms_mV < 1.5 < 5.0 < raw.rms_mV
        assert moved.capacity_mAh_per_g == raw.capacity_mAh_per_g
