"""The distance against a search over a finely drawn curve, and its derivatives against differences."""

import numpy as np
import pytest

from sbpath.fitting.cells import SimulatedHalf
from sbpath.fitting.residual import SIGMA_Q, SIGMA_V, distances, thinned


def half(height=0.85, end=1.0, rows=60):
    """A plateau at a height, a step, and a steep end, with its derivatives by height and end."""
    q = np.linspace(0.0, end, rows)
    u = q / end
    voltage = height - 0.05 / (1.0 + np.exp(-(u - 0.6) / 0.01)) - 0.02 * u
    by = np.stack([np.ones(rows), np.gradient(voltage, q) * -u * end / end])
    return SimulatedHalf(
        q, voltage, by, np.array([0.0, 1.0]), np.zeros((0, len(q))), np.zeros((2, 0, len(q)))
    )


@pytest.mark.parametrize(
    "point", [(0.3, 0.86), (0.3, 0.83), (0.61, 0.81), (1.04, 0.79), (0.59, 0.80), (-0.02, 0.85)]
)
def test_the_distance_is_the_smallest_to_the_curve(point):
    curve = half()
    fine = np.linspace(0.0, 1.0, 200_001)
    away = np.hypot(
        (point[0] - fine) / SIGMA_Q, (point[1] - np.interp(fine, curve.q, curve.voltage_V)) / SIGMA_V
    )
    found = distances(np.array([point[0]]), np.array([point[1]]), curve).distance
    assert abs(found[0]) == pytest.approx(away.min(), rel=1e-6)
    nearest = fine[away.argmin()]
    above = point[1] > np.interp(nearest, curve.q, curve.voltage_V)
    assert (found[0] > 0.0) == above


def test_derivatives_are_differences():
    generator = np.random.default_rng(5)
    q = generator.uniform(0.02, 0.97, 80)
    voltage = np.interp(q, half().q, half().voltage_V) + 2e-3 * generator.standard_normal(80)
    at, h = distances(q, voltage, half(), 1.02, 0.01), 1e-7

    def moved(height=0.0, scale=0.0, offset=0.0, measured=0.0):
        return distances(
            q, voltage + SIGMA_V * measured, half(0.85 + height), 1.02 + scale, 0.01 + offset
        ).distance

    slopes = {
        "height": at.by_parameter[:, 0],
        "scale": at.by_scale,
        "offset": at.by_offset,
        "measured": at.by_voltage,
    }
    for name, found in slopes.items():
        wanted = (moved(**{name: h}) - moved(**{name: -h})) / (2.0 * h)
        # At corners of the polyline the foot changes over.
        assert np.median(np.abs(found - wanted)) < 1e-6 * np.abs(wanted).max(), name
        assert np.quantile(np.abs(found - wanted), 0.9) < 1e-2 * np.abs(wanted).max(), name


def test_an_end_that_moves_is_followed():
    # Beyond the end the distance is along q alone.
    curve = SimulatedHalf(
        np.array([0.0, 0.5, 0.9]), np.array([0.9, 0.85, 0.05]), np.zeros((1, 3)), np.array([1.0]), np.zeros((0, 3)),
        np.zeros((1, 0, 3)),
    )  # fmt: skip
    found = distances(np.array([1.0]), np.array([0.05]), curve)
    assert found.distance[0] == pytest.approx(0.1 / SIGMA_Q)
    assert found.by_parameter[0, 0] == pytest.approx(-1.0 / SIGMA_Q)


def test_points_are_chosen_at_even_charge_and_not_changed():
    q = np.sort(np.random.default_rng(1).uniform(0.0, 1.0, 3000))
    rows = thinned(q, 100)
    assert len(rows) == 100
    assert rows[0] == 0
    assert rows[-1] == 2999
    assert np.diff(q[rows]).max() < 0.015
    assert thinned(q[:40], 100).tolist() == list(range(40))
