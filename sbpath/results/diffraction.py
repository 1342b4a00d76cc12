"""X-ray powder diffraction of a simulated electrode, as recorded in an operando experiment.

A pattern is the sum over the crystalline phases p and their reflections

    I(2 theta) = sum_p f_p sum_hkl  m |F|^2 LP / (Z V)  g(2 theta - 2 theta_hkl)

with the amount f_p per Sb, multiplicity m, structure factor F, volume V and formula units Z of
the unit cell, LP = (1 + cos^2 2 theta) / (sin^2 theta cos theta) for unpolarised radiation without
a monochromator, and a profile g of unit area. This is the usual weight of a phase in a powder
mixture, its volume times m |F|^2 LP / V^2 (Hill and Howard, J. Appl. Crystallogr. 1987;20:467;
Pecharsky and Zavalij, Fundamentals of Powder Diffraction, 2nd ed., chapter 8), since the Sb of a
phase occupies the volume f V / Z. Intensities are therefore per Sb in the beam and comparable
between phases, rows and simulations for the same radiation.

The profile is a Voigt function: Lorentzian size broadening with the Scherrer width, convolved with
the Gaussian of the instrument.

Neglected: absorption, thermal motion, anomalous scattering, texture, strain, the K alpha 2 line,
background, and diffuse scattering of amorphous phases. A phase keeps the cell of its mechanism
file, fully occupied, at every composition.

Symmetry and scattering factors come from pymatgen, which is optional: ``sbpath[xrd]``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import voigt_profile

from sbpath.arguments import number, whole
from sbpath.errors import InputError, Problems
from sbpath.results.crystal import Reflections, pattern_calculator, reflections, window_problems
from sbpath.results.phases import phase_amounts
from sbpath.solution import Floats, Solution

# Scherrer constant for the full width at half maximum.
SCHERRER = 0.9
# Guards the memory against a mistaken argument: angles or rows of a map.
MAX_POINTS = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class DiffractionMap:
    """Powder patterns of a simulated electrode at equal time intervals.

    Attributes
    ----------
    two_theta : array, shape (m,)
        Degrees.
    time_s, charge_mAh_per_g, composition, voltage_V : array, shape (k,)
        Of the rows, as in `sbpath.Solution`.
    amounts : dict of array, shape (k,)
        Mol of each phase per mol of Sb, by name.
    intensity : array, shape (k, m)
        In the unit of `Reflections.intensity` per degree. Phases of unknown intensity are left
        out.
    reflections : dict
        `Reflections` of each phase that has a cell, by name.
    radiation : str or float
        Its name, or its wavelength in angstrom.
    solution : Solution
        What was simulated.
    """

    two_theta: Floats
    time_s: Floats
    charge_mAh_per_g: Floats
    composition: Floats
    voltage_V: Floats
    amounts: dict[str, Floats]
    intensity: Floats
    reflections: dict[str, Reflections]
    radiation: str | float
    solution: Solution


def diffraction(
    solution: Solution,
    radiation: str | float = "CuKa",
    two_theta: tuple[float, float] = (10.0, 70.0),
    step: float = 0.02,
    crystallite_nm: float = 30.0,
    instrument_deg: float = 0.1,
    rows: int = 200,
) -> DiffractionMap:
    """Patterns over the whole of `solution`; the module docstring lists what is included.

    Parameters
    ----------
    solution : Solution
        Its mechanism must have the cell of at least one phase.
    radiation : str or float
        A name such as ``"CuKa"`` (the mean of both lines) or ``"MoKa1"``, or a wavelength in
        angstrom.
    two_theta : pair of float
        First and last angle (degrees).
    step : float
        Angular step (degrees), at most half the width of the narrowest peak.
    crystallite_nm : float
        Crystallite size of every phase (nm), see `scherrer_width`.
    instrument_deg : float
        Instrumental full width at half maximum (degrees); 0 for none.
    rows : int
        Number of patterns, evenly spaced in time, rests included.

    Raises
    ------
    InputError
        If an argument is invalid, no phase has a cell, a cell or its atoms do not fit the space
        group, or pymatgen is not installed.
    """
    problems = Problems()
    problems.add(*window_problems(two_theta))
    step = problems.attempt(number, "step", step, 1e-4, 10.0)
    crystallite_nm = problems.attempt(number, "crystallite_nm", crystallite_nm, 0.1, 1e5)
    instrument_deg = problems.attempt(number, "instrument_deg", instrument_deg, 0.0, 10.0)
    rows = problems.attempt(whole, "rows", rows, 2, MAX_POINTS)
    calculator = problems.attempt(pattern_calculator, radiation)
    if not problems.lines:
        problems.add(*_step_problems(step, two_theta, crystallite_nm, instrument_deg, calculator.wavelength))
    problems.check()

    mechanism = solution.mechanism
    if not any(phase.cell for phase in mechanism.phases.values()):
        raise InputError(f"diffraction: no phase of {mechanism.name} has a cell; add [phases.NAME.cell]")
    low, high = two_theta
    steps = int((high - low) / step + 1e-9)
    angles = np.linspace(low, low + steps * step, steps + 1)
    found = {
        name: reflections(mechanism, name, radiation, two_theta)
        for name, phase in mechanism.phases.items()
        if phase.cell is not None
    }
    time = np.linspace(solution.time_s[0], solution.time_s[-1], rows)

    def at_rows(values: Floats) -> Floats:
        return np.interp(time, solution.time_s, values)

    # Rounding can make a fraction slightly negative.
    amounts = {name: at_rows(np.maximum(n, 0.0)) for name, n in phase_amounts(solution).items()}
    intensity = np.zeros((rows, len(angles)))
    for name, lines in found.items():
        if lines.known_intensity:
            pattern = powder_pattern(lines, angles, crystallite_nm, instrument_deg)
            intensity += np.outer(amounts[name], pattern)
    return DiffractionMap(
        two_theta=angles,
        time_s=time,
        charge_mAh_per_g=at_rows(solution.charge_mAh_per_g),
        composition=at_rows(solution.composition),
        voltage_V=at_rows(solution.voltage_V),
        amounts=amounts,
        intensity=intensity,
        reflections=found,
        radiation=radiation,
        solution=solution,
    )


def scherrer_width(two_theta: Any, wavelength_angstrom: float, crystallite_nm: float) -> Any:
    """Full width at half maximum (degrees of 2 theta) due to crystallite size.

    K lambda / (L cos theta) with K = 0.9; Langford and Wilson, J. Appl. Crystallogr. 1978;11:102.

    Parameters
    ----------
    two_theta : float or array
        Peak positions (degrees).
    wavelength_angstrom, crystallite_nm : float
        lambda and L.
    """
    size = 10.0 * crystallite_nm
    return np.degrees(SCHERRER * wavelength_angstrom / (size * np.cos(np.radians(two_theta) / 2.0)))


def powder_pattern(
    reflections: Reflections, two_theta: Floats, crystallite_nm: float = 30.0, instrument_deg: float = 0.1
) -> Floats:
    """The pattern of one phase at the angles `two_theta`, per Sb in the phase.

    Each reflection is a Voigt profile whose area is its intensity.

    Parameters
    ----------
    reflections : Reflections
        Reflections of the phase.
    two_theta : array, shape (m,)
        Degrees.
    crystallite_nm, instrument_deg : float
        As in `diffraction`.

    Returns
    -------
    array, shape (m,)
        Intensity per degree; nan if the intensities of the phase are unknown.
    """
    lorentzian = scherrer_width(reflections.two_theta, reflections.wavelength_angstrom, crystallite_nm)
    sigma = instrument_deg / np.sqrt(8.0 * np.log(2.0))
    profiles = voigt_profile(np.subtract.outer(two_theta, reflections.two_theta), sigma, lorentzian / 2.0)
    return profiles @ reflections.intensity


# -- arguments -------------------------------------------------------------------------------


def _step_problems(
    step: float, two_theta: tuple[float, float], crystallite: float, instrument: float, wavelength: float
) -> list[str]:
    """Mistakes in the step: too coarse to resolve the peaks, or too fine."""
    narrowest = max(instrument, float(scherrer_width(two_theta[0], wavelength, crystallite)))
    if step > narrowest / 2.0:
        return [
            f"step: {step:g} degrees does not resolve peaks {narrowest:.2g} degrees wide; halve their width"
        ]
    if (two_theta[1] - two_theta[0]) / step > MAX_POINTS:
        return [f"step: {step:g} degrees gives more than {MAX_POINTS} points; use a larger one"]
    return []
