"""X-ray powder diffraction of a simulated electrode, as an operando experiment records it.

A pattern is the sum over the crystalline phases p and their reflections

    I(2 theta) = sum_p f_p sum_hkl  m |F|^2 LP / (Z V)  g(2 theta - 2 theta_hkl)

with the share f_p of all Sb, multiplicity m, structure factor F and volume V of the unit cell,
its formula units Z (each with one Sb), LP = (1 + cos^2 2 theta) / (sin^2 theta cos theta) of
unpolarised light without a monochromator, and a profile g of area 1. It is the usual weight
of a phase in a mixture of powders, its volume times m |F|^2 LP / V^2 (Hill and Howard, J. Appl.
Crystallogr. 1987;20:467; Pecharsky and Zavalij, Fundamentals of Powder Diffraction, 2nd ed.,
chapter 8), since the Sb of a phase takes the volume f V / Z. Intensities are therefore per Sb
in the beam and can be compared between phases, rows and simulations of one radiation.

The profile is a Voigt function: the Lorentzian of small crystallites, with the width of
Scherrer, folded with the Gaussian of an instrument.

Left out: absorption, thermal motion, anomalous scattering, texture, strain, the second line of
K alpha, background. A phase keeps the cell of its mechanism file at every composition, with all
its atoms. Amorphous phases have no reflections; their diffuse scattering is left out too.

Symmetry and scattering factors come from pymatgen, which is optional: ``sbpath[xrd]``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import voigt_profile

from sbpath.errors import InputError, nearest
from sbpath.mechanism.chemistry import parse_formula
from sbpath.mechanism.reader import load_mechanism, mechanism_from_document
from sbpath.mechanism.records import Cell, Mechanism
from sbpath.solution import Floats, Solution

if TYPE_CHECKING:
    from pymatgen.core import Lattice, Structure
    from pymatgen.symmetry.groups import SpaceGroup

# Scherrer's constant for the width at half height.
SCHERRER = 0.9
# Reflections closer than this (degrees of 2 theta) are one.
SAME_ANGLE = 1e-4
# Wavelengths (angstrom) with which powders are studied.
WAVELENGTHS = (0.1, 10.0)
# Limits that a slip in an argument meets before it fills the memory: angles or rows of a map,
# planes of a crystal.
MOST_POINTS, MOST_PLANES = 100_000, 1_000_000

HKL = tuple[int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Reflections:
    """The reflections of one phase, in order of 2 theta.

    Attributes
    ----------
    phase : str
        Its name in the mechanism.
    wavelength_angstrom : float
        Of the radiation.
    two_theta, d_angstrom : array, shape (n,)
        Angle (degrees) and spacing of the planes.
    intensity : array, shape (n,)
        m |F|^2 LP / (Z V), in squared electrons per cubic angstrom and per Sb; nan where the
        mechanism file has a cell but no atoms.
    hkl : tuple of tuple
        For each reflection one triple of indices from each family of planes that meet there;
        mostly one, in cubic crystals also e.g. (3, 3, 3) and (5, 1, 1). Of rhombohedral
        crystals they refer to the hexagonal cell.
    multiplicity : integer array, shape (n,)
        How many planes that makes.
    """

    phase: str
    wavelength_angstrom: float
    two_theta: Floats
    d_angstrom: Floats
    intensity: Floats
    hkl: tuple[tuple[HKL, ...], ...]
    multiplicity: NDArray[np.int64]

    @property
    def known_intensity(self) -> bool:
        """Whether intensities are known, not positions alone."""
        return not bool(np.isnan(self.intensity).any())


@dataclass(frozen=True, slots=True, eq=False)
class DiffractionMap:
    """Powder patterns of a simulated electrode at instants evenly spread over its time.

    Attributes
    ----------
    two_theta : array, shape (m,)
        Degrees.
    time_s, charge_mAh_per_g, composition, voltage_V : array, shape (k,)
        Of the rows, as in `sbpath.Solution`.
    fractions : array, shape (P, k)
        Share of all Sb in each phase, in the order of ``solution.phases``.
    intensity : array, shape (k, m)
        Per degree; else in the unit of `Reflections.intensity`. Phases whose intensities are
        not known add nothing.
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
    fractions: Floats
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
    """Patterns over the whole of `solution`; the module says what they hold and what not.

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
        Between two angles (degrees), at most half the width of the narrowest peak.
    crystallite_nm : float
        Size of the crystallites of every phase (nm), see `scherrer_width`.
    instrument_deg : float
        Width at half height that the instrument adds (degrees); 0 for none.
    rows : int
        How many patterns, evenly in time from the first to the last instant, rests included.

    Raises
    ------
    InputError
        If an argument is wrong, no phase has a cell, a cell or its atoms do not fit their space
        group, or pymatgen is not installed.
    """
    problems = [
        *_window_problems(two_theta),
        *_number_problems("step", step, 1e-4, 10.0),
        *_number_problems("crystallite_nm", crystallite_nm, 0.1, 1e5),
        *_number_problems("instrument_deg", instrument_deg, 0.0, 10.0),
    ]
    if not isinstance(rows, Integral) or isinstance(rows, bool) or not 2 <= rows <= MOST_POINTS:
        problems.append(f"rows: must be a whole number from 2 to {MOST_POINTS}, not {rows!r}")
    try:
        wavelength = _calculator(radiation).wavelength
    except InputError as error:
        problems += error.problems
    else:
        if not problems:
            problems += _step_problems(step, two_theta, crystallite_nm, instrument_deg, wavelength)
    if problems:
        raise InputError(problems)

    about = solution.provenance
    mechanism = mechanism_from_document(about["document"], where=about["mechanism"])
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
    patterns = np.zeros((len(solution.phases), len(angles)))
    for name, lines in found.items():
        if lines.known_intensity:
            patterns[solution.phases.index(name)] = powder_pattern(
                lines, angles, crystallite_nm, instrument_deg
            )
    time = np.linspace(solution.time_s[0], solution.time_s[-1], rows)

    def at_rows(values: Floats) -> Floats:
        return np.interp(time, solution.time_s, values)

    # A fraction may stand a rounding below zero.
    fractions = np.array([at_rows(np.clip(share, 0.0, 1.0)) for share in solution.fractions])
    return DiffractionMap(
        two_theta=angles,
        time_s=time,
        charge_mAh_per_g=at_rows(solution.charge_mAh_per_g),
        composition=at_rows(solution.composition),
        voltage_V=at_rows(solution.voltage_V),
        fractions=fractions,
        intensity=fractions.T @ patterns,
        reflections=found,
        radiation=radiation,
        solution=solution,
    )


def reflections(
    mechanism: Mechanism | str,
    phase: str,
    radiation: str | float = "CuKa",
    two_theta: tuple[float, float] = (10.0, 70.0),
) -> Reflections:
    """Positions and, where the atoms are known, intensities of the reflections of `phase`.

    Parameters
    ----------
    mechanism : Mechanism or str
        Whose phase; a string is taken by `load_mechanism`.
    phase : str
        Its name. An amorphous phase has no reflections, and none are returned.
    radiation, two_theta
        As in `diffraction`.

    Raises
    ------
    InputError
        If there is no such phase, it is crystalline but has no cell, its cell or its atoms do
        not fit its space group, another argument is wrong, or pymatgen is not installed.
    """
    if isinstance(mechanism, str):
        mechanism = load_mechanism(mechanism)
    if problems := _window_problems(two_theta):
        raise InputError(problems)
    calculator = _calculator(radiation)
    if phase not in mechanism.phases:
        known = f"phases: {', '.join(mechanism.phases)}"
        raise InputError(f"{phase}: no phase has this name; {nearest(str(phase), mechanism.phases, known)}")
    record = mechanism.phases[phase]
    wavelength = float(calculator.wavelength)
    if not record.crystalline:
        none = np.zeros(0)
        return Reflections(phase, wavelength, none, none, none, (), np.zeros(0, dtype=np.int64))
    if record.cell is None:
        raise InputError(f"{mechanism.name}: phases.{phase}.cell: missing; add it to know the reflections")
    lattice, group = _lattice_and_group(mechanism, phase, record.cell)
    hkl, multiplicity, spacing = _allowed(lattice, group, wavelength, two_theta)
    angle = _two_theta(spacing, wavelength)
    # Families at one angle are one reflection.
    new = np.diff(angle, prepend=-1.0) > SAME_ANGLE
    place = np.cumsum(new) - 1
    families: list[list[HKL]] = [[] for _ in range(int(new.sum()))]
    for i, (h, k, el) in zip(place.tolist(), hkl.tolist(), strict=True):
        families[i].append((h, k, el))
    together = np.bincount(place, weights=multiplicity, minlength=len(families)).astype(np.int64)
    angle, spacing = angle[new], spacing[new]
    intensity, seen = np.full(len(angle), np.nan), np.ones(len(angle), dtype=bool)
    if record.atoms and len(angle):
        structure = _structure(mechanism, phase, record.cell, lattice, group)
        pattern = calculator.get_pattern(structure, scaled=False, two_theta_range=two_theta)
        nearest_line = np.abs(np.subtract.outer(np.array(pattern.x), angle)).argmin(axis=1)
        summed = np.bincount(nearest_line, weights=pattern.y, minlength=len(angle))
        intensity = summed / (record.cell.formula_units * record.cell.volume_cubic_angstrom)
        # The others are allowed by the space group, not by the positions of the atoms.
        seen = summed > 0.0
    return Reflections(
        phase=phase,
        wavelength_angstrom=wavelength,
        two_theta=angle[seen],
        d_angstrom=spacing[seen],
        intensity=intensity[seen],
        hkl=tuple(tuple(family) for family, kept in zip(families, seen, strict=True) if kept),
        multiplicity=together[seen],
    )


def scherrer_width(two_theta: Any, wavelength_angstrom: float, crystallite_nm: float) -> Any:
    """Width at half height (degrees of 2 theta) of the peaks of small crystallites.

    K lambda / (L cos theta) with K = 0.9; Langford and Wilson, J. Appl. Crystallogr. 1978;11:102.

    Parameters
    ----------
    two_theta : float or array
        Where the peaks are (degrees).
    wavelength_angstrom, crystallite_nm : float
        lambda and L.
    """
    size = 10.0 * crystallite_nm
    return np.degrees(SCHERRER * wavelength_angstrom / (size * np.cos(np.radians(two_theta) / 2.0)))


def powder_pattern(
    reflections: Reflections, two_theta: Floats, crystallite_nm: float = 30.0, instrument_deg: float = 0.1
) -> Floats:
    """The pattern of one phase at the angles `two_theta`, per Sb in it.

    Each reflection becomes a Voigt profile whose area is its intensity.

    Parameters
    ----------
    reflections : Reflections
        Of the phase.
    two_theta : array, shape (m,)
        Degrees.
    crystallite_nm, instrument_deg : float
        As in `diffraction`.

    Returns
    -------
    array, shape (m,)
        Intensity per degree; nan if the phase has no known intensities.
    """
    lorentzian = scherrer_width(reflections.two_theta, reflections.wavelength_angstrom, crystallite_nm)
    sigma = instrument_deg / np.sqrt(8.0 * np.log(2.0))
    profiles = voigt_profile(np.subtract.outer(two_theta, reflections.two_theta), sigma, lorentzian / 2.0)
    return profiles @ reflections.intensity


# -- crystals -------------------------------------------------------------------------------


def _calculator(radiation: str | float) -> Any:
    """Pymatgen's calculator; pymatgen is imported in functions alone, since it is optional and slow."""
    try:
        from pymatgen.analysis.diffraction.xrd import XRDCalculator
    except ImportError:
        raise InputError(
            "diffraction: needs pymatgen, which is not installed; pip install 'sbpath[xrd]'"
        ) from None
    if isinstance(radiation, str):
        names = XRDCalculator.AVAILABLE_RADIATION
        if radiation not in names:
            raise InputError(
                f"radiation: unknown {radiation!r}; {nearest(radiation, names, 'known: ' + ', '.join(names))}"
            )
    elif not _within(radiation, *WAVELENGTHS):
        raise InputError(
            "radiation: must be a name such as 'CuKa' or a wavelength from "
            f"{WAVELENGTHS[0]:g} to {WAVELENGTHS[1]:g} angstrom, not {radiation!r}"
        )
    wavelength: Any = radiation if isinstance(radiation, str) else float(radiation)
    return XRDCalculator(wavelength)


def _lattice_and_group(mechanism: Mechanism, name: str, cell: Cell) -> tuple[Lattice, SpaceGroup]:
    from pymatgen.core import Lattice

    where, symbol = f"{mechanism.name}: phases.{name}", mechanism.phases[name].space_group or ""
    group = _space_group(symbol)
    if group is None:
        raise InputError(
            f"{where}.space_group: unknown symbol {symbol!r}; write e.g. Fm-3m, P63/mmc or P2_12_12_1"
        )
    lattice = Lattice.from_parameters(*cell.lengths_angstrom, *cell.angles_deg)
    if not group.is_compatible(lattice):
        raise InputError(
            f"{where}.cell: is none of {symbol} ({group.crystal_system}); check lengths and angles "
            "(90 degrees unless given; rhombohedral crystals in the hexagonal cell)"
        )
    return lattice, group


@cache  # the many operations of a cubic group take pymatgen half a second
def _space_group(symbol: str) -> SpaceGroup | None:
    """The group of a Hermann-Mauguin symbol, None if there is none."""
    from pymatgen.symmetry.groups import SpaceGroup

    # pymatgen marks screw axes, P2_1/c, where others write P21/c; but P622 has none.
    for spelling in (symbol, re.sub(r"([2346])([1-5])", r"\1_\2", symbol)):
        try:
            return SpaceGroup(spelling)
        except ValueError:
            continue
    return None


def _structure(mechanism: Mechanism, name: str, cell: Cell, lattice: Lattice, group: SpaceGroup) -> Structure:
    """The filled cell; its content must be that of the formula, times Z."""
    from pymatgen.core import Structure

    phase = mechanism.phases[name]
    sites = [
        (atom.element, place) for atom in phase.atoms for place in group.get_orbit((atom.x, atom.y, atom.z))
    ]
    structure = Structure(lattice, [element for element, _ in sites], [place for _, place in sites])
    per_unit = {element: amount for element, (amount, _) in parse_formula(phase.formula).items()}
    if mechanism.ion in per_unit:
        per_unit[mechanism.ion] = mechanism.full_content(name)
    wanted = {element: amount * cell.formula_units for element, amount in per_unit.items()}
    filled = {element: structure.composition[element] for element in wanted}
    if any(abs(filled[element] - wanted[element]) > 0.01 for element in wanted):
        have, want = (
            " ".join(f"{element}{amount:g}" for element, amount in content.items())
            for content in (filled, wanted)
        )
        raise InputError(
            f"{mechanism.name}: phases.{name}.atoms: fill the cell with {have}, but {cell.formula_units} formula "
            f"units are {want}; check the positions (thirds with six digits, 0.333333) and space_group"
        )
    return structure


def _two_theta(spacing: Floats, wavelength: float) -> Floats:
    """Bragg's law, in degrees."""
    return 2.0 * np.degrees(np.arcsin(wavelength / (2.0 * spacing)))


def _allowed(
    lattice: Lattice, group: SpaceGroup, wavelength: float, two_theta: tuple[float, float]
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """One triple hkl of each family that the space group allows, its multiplicity and spacing.

    A reflection is extinct if an operation x -> W x + w leaves its planes where they are, h W = h,
    and shifts them by less than a whole spacing, h w not whole (International Tables A, reflection conditions).
    """
    reciprocal = np.asarray(lattice.reciprocal_lattice_crystallographic.matrix)
    least, most = (2.0 * np.sin(np.radians(angle) / 2.0) / wavelength for angle in two_theta)
    reach = [int(most * length) for length in lattice.abc]
    if np.prod([2 * n + 1 for n in reach], dtype=float) > MOST_PLANES:
        raise InputError("two_theta: holds more reflections than can be told apart; end at a smaller angle")
    hkl = np.stack(np.meshgrid(*(np.arange(-n, n + 1) for n in reach), indexing="ij"), axis=-1).reshape(-1, 3)
    size = np.linalg.norm(hkl @ reciprocal, axis=1)
    inside = (size >= least) & (size <= most)
    hkl, size = hkl[inside], size[inside]
    extinct = np.zeros(len(hkl), dtype=bool)
    # The triple to show is the one with the fewest minus signs, and of these the largest.
    base = 2 * max(reach, default=0) + 2
    weights = np.array([base * base, base, 1])
    best = np.full(len(hkl), -(4 * base**3))
    for operation in group.symmetry_ops:
        image = hkl @ np.rint(operation.rotation_matrix).astype(np.int64)
        shift = hkl @ operation.translation_vector
        extinct |= (image == hkl).all(axis=1) & (np.abs(shift - np.rint(shift)) > 1e-3)
        for mate in (image, -image):  # with Friedel's mate
            rank = (mate >= 0).sum(axis=1) * base**3 + mate @ weights
            best = np.maximum(best, rank)
    own = (hkl >= 0).sum(axis=1) * base**3 + hkl @ weights
    shown = (own == best) & ~extinct
    ranks, counts = np.unique(best, return_counts=True)
    multiplicity = counts[np.searchsorted(ranks, best[shown])]
    # From large spacings to small ones, and at one spacing in a fixed order.
    order = np.lexsort((own[shown], np.round(size[shown], 9)))
    return hkl[shown][order], multiplicity[order], 1.0 / size[shown][order]


# -- arguments ------------------------------------------------------------------------------


def _within(value: Any, least: float, most: float) -> bool:
    """Whether `value` is a number from `least` to `most`."""
    return isinstance(value, Real) and not isinstance(value, bool) and least <= float(value) <= most


def _number_problems(name: str, value: Any, least: float, most: float) -> list[str]:
    return (
        []
        if _within(value, least, most)
        else [f"{name}: must be a number from {least:g} to {most:g}, not {value!r}"]
    )


def _window_problems(two_theta: Any) -> list[str]:
    try:
        low, high = map(float, two_theta)
    except (TypeError, ValueError):
        low, high = 0.0, 0.0
    if 0.0 < low < high < 180.0:
        return []
    return [f"two_theta: must be two angles in degrees, rising, between 0 and 180, not {two_theta!r}"]


def _step_problems(
    step: float, two_theta: tuple[float, float], crystallite: float, instrument: float, wavelength: float
) -> list[str]:
    """A step at which peaks would be missed, or more points than anyone wants."""
    narrowest = max(instrument, float(scherrer_width(two_theta[0], wavelength, crystallite)))
    if step > narrowest / 2.0:
        return [
            f"step: {step:g} degrees does not resolve peaks {narrowest:.2g} degrees wide; halve their width"
        ]
    if (two_theta[1] - two_theta[0]) / step > MOST_POINTS:
        return [f"step: {step:g} degrees makes more than {MOST_POINTS} points; take a larger one"]
    return []
