"""The convex hull and its plateaus, by three other ways: grand potentials, Qhull and pymatgen."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from sbpath.mechanism.convex_hull import above_hull_J_per_mol, hull_corners, plateaus
from sbpath.mechanism.phase_energies import PhaseEnergy
from sbpath.physical import FARADAY_C_PER_MOL as F


def phases_of(*pairs):
    return [PhaseEnergy(f"P{i}", "Sb", float(x), float(e), 20.0, "here") for i, (x, e) in enumerate(pairs)]


def random_phases(seed):
    """The host, and phases with energies near a convex curve down to -300 kJ/mol, some of one composition."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 25))
    contents = rng.integers(1, 45, count) / rng.choice([4.0, 5.0, 7.0, 10.0])
    energies = -3e5 * (1.0 - np.exp(-contents / 2.0)) * rng.uniform(0.8, 1.0, count)
    return phases_of((0.0, 0.0), *zip(contents, energies, strict=True))


@pytest.mark.parametrize("seed", range(40))
def test_between_its_plateaus_a_phase_has_the_lowest_grand_potential(seed):
    phases = random_phases(seed)
    corners = hull_corners(phases)
    steps = plateaus(corners)
    x, energy = (np.array([getattr(p, key) for p in phases]) for key in ("alkali", "energy_J_per_mol"))
    voltages = [step.voltage_V for step in steps]
    assert voltages == sorted(voltages, reverse=True)
    bounds = [voltages[0] + 1.0, *voltages, 0.0] if voltages else [1.0, 0.0]
    for corner, (above, below) in zip(corners, pairwise(bounds), strict=True):
        for potential in np.linspace(below, above, 7)[1:-1]:
            assert phases[int(np.argmin(energy + F * potential * x))].name == corner.name
    for step in steps:
        omega = energy + F * step.voltage_V * x
        lowest = sorted(zip(omega, [p.name for p in phases], strict=True))[:2]
        assert {name for _, name in lowest} == {step.empty, step.full}
        assert lowest[1][0] - lowest[0][0] < 1e-6


@pytest.mark.parametrize("seed", range(20))
def test_heights_above_the_hull_are_those_of_qhull(seed):
    from scipy.spatial import ConvexHull

    phases = random_phases(seed)
    corners = hull_corners(phases)
    # The metal ends the hull: far to the right it is as deep as the last corner.
    deep = min(p.energy_J_per_mol for p in phases)
    points = np.array(
        [[p.alkali, p.energy_J_per_mol / 1e5] for p in phases] + [[60.0, min(deep, 0.0) / 1e5], [30.0, 10.0]]
    )
    lower = [e for e in ConvexHull(points).equations if e[1] < -1e-12]
    for phase in phases:
        line = max(-(a * phase.alkali + c) / b for a, b, c in lower)
        assert above_hull_J_per_mol(phase, corners) == pytest.approx(
            phase.energy_J_per_mol - 1e5 * line, abs=1e-3
        )


def test_a_phase_on_a_line_between_two_others_is_no_corner_and_not_above():
    phases = phases_of((0, 0), (1, -1e5), (2, -2e5), (3, -2.5e5))
    corners = hull_corners(phases)
    assert [corner.name for corner in corners] == ["P0", "P2", "P3"]
    assert above_hull_J_per_mol(phases[1], corners) == 0.0


def test_of_one_composition_the_lowest_is_the_corner():
    phases = phases_of((0, 0), (3, -1.52e5), (3, -1.62e5), (0, 5e3))
    corners = hull_corners(phases)
    assert [corner.name for corner in corners] == ["P0", "P2"]
    assert [above_hull_J_per_mol(phase, corners) for phase in phases] == pytest.approx([0, 1e4, 0, 5e3])


def test_phases_that_need_less_than_the_potential_of_the_metal_are_above_the_hull():
    phases = phases_of((0, 0), (1, -1e5), (2, -0.9e5))
    corners = hull_corners(phases)
    assert [corner.name for corner in corners] == ["P0", "P1"]
    assert above_hull_J_per_mol(phases[2], corners) == pytest.approx(1e4)


@pytest.mark.parametrize("seed", range(6))
def test_the_plateaus_are_those_of_pymatgen(seed):
    diagrams = pytest.importorskip("pymatgen.analysis.phase_diagram")
    from pymatgen.core import Composition, Element

    phases = random_phases(seed)
    entries = [diagrams.PDEntry(Composition({"K": 1.0}), -1.2)]
    for phase in phases:
        # Total energies: of formation, and of the elements (eV).
        energy = phase.energy_J_per_mol / F - 4.3 - 1.2 * phase.alkali
        entries.append(diagrams.PDEntry(Composition({"Sb": 1.0, "K": phase.alkali}), energy))
    profile = diagrams.PhaseDiagram(entries).get_element_profile(Element("K"), Composition("Sb"))
    theirs = sorted((-(step["chempot"] + 1.2) for step in profile), reverse=True)
    ours = [step.voltage_V for step in plateaus(hull_corners(phases))]
    if len(theirs) > len(ours):  # the metal itself
        assert theirs.pop() == pytest.approx(0.0, abs=1e-9)
    assert ours == pytest.approx(theirs, abs=1e-4)
