"""Reflections of a crystalline phase: positions and, if the atoms are known, intensities.

Symmetry and scattering factors come from pymatgen, which is optional: ``sbpath[xrd]``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sbpath.arguments import as_number
from sbpath.errors import InputError, nearest, optional
from sbpath.mechanism.chemistry import parse_formula
from sbpath.mechanism.mechanism import Mechanism
from sbpath.mechanism.notation import phase_named
from sbpath.mechanism.reader import load_mechanism
from sbpath.mechanism.records import Cell
from sbpath.solution import Floats

if TYPE_CHECKING:
    from pymatgen.core import Lattice, Structure
    from pymatgen.symmetry.groups import SpaceGroup

# Reflections closer than this (degrees of 2 theta) are one.
SAME_ANGLE = 1e-4
# Range of wavelengths (angstrom).
WAVELENGTHS = (0.1, 10.0)
# Guards the memory against a mistaken argument.
MAX_PLANES = 1_000_000

HKL = tuple[int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Reflections:
    """The reflections of one phase, in order of 2 theta.

    Attributes
    ----------
    phase : str
        Its name in the mechanism.
    wavelength_angstrom : float
        Wavelength of the radiation.
    two_theta, d_angstrom : array, shape (n,)
        Angle (degrees) and d-spacing.
    intensity : array, shape (n,)
        ``m |F|^2 LP / (Z V)``, in squared electrons per cubic angstrom and per formula unit; nan where the
        mechanism file has a cell but no atoms.
    hkl : tuple of tuple
        For each reflection, the indices of one plane of each family at this angle: mostly a
        single family, in cubic crystals also e.g. (3, 3, 3) and (5, 1, 1). Rhombohedral crystals
        are indexed in the hexagonal cell.
    multiplicity : integer array, shape (n,)
        Number of planes in these families.
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
        """Whether intensities are known as well as positions."""
        return not bool(np.isnan(self.intensity).any())


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
        A mechanism, or a name for `load_mechanism`.
    phase : str
        Name of the phase. An amorphous phase has no reflections.
    radiation, two_theta
        As in `diffraction`.

    Raises
    ------
    InputError
        If there is no such phase, it is crystalline but has no cell, its cell or atoms do not fit
        its space group, another argument is invalid, or pymatgen is not installed.
    """
    if isinstance(mechanism, str):
        mechanism = load_mechanism(mechanism)
    if problems := window_problems(two_theta):
        raise InputError(problems)
    calculator = pattern_calculator(radiation)
    phase = phase_named(mechanism, phase)
    record = mechanism.phases[phase]
    wavelength = float(calculator.wavelength)
    if not record.crystalline:
        none = np.zeros(0)
        return Reflections(phase, wavelength, none, none, none, (), np.zeros(0, dtype=np.int64))
    if record.cell is None:
        raise InputError(f"{mechanism.name}: phases.{phase}.cell: missing; add it to compute reflections")
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
        # The space group allows the others, but the atomic positions extinguish them.
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


def pymatgen() -> Any:
    """The module of pymatgen for diffraction, which is imported when it is needed: it is optional and slow."""
    return optional("pymatgen.analysis.diffraction.xrd", "diffraction", "'sbpath[xrd]'")


def pattern_calculator(radiation: str | float) -> Any:
    """The diffraction calculator of pymatgen for a radiation."""
    xrd = pymatgen()
    if isinstance(radiation, str):
        names = xrd.XRDCalculator.AVAILABLE_RADIATION
        if radiation not in names:
            raise InputError(
                f"radiation: unknown {radiation!r}; {nearest(radiation, names, 'known: ' + ', '.join(names))}"
            )
        return xrd.XRDCalculator(radiation)
    wavelength = as_number(radiation)
    if wavelength is None or not WAVELENGTHS[0] <= wavelength <= WAVELENGTHS[1]:
        raise InputError(
            "radiation: must be a name such as 'CuKa' or a wavelength from "
            f"{WAVELENGTHS[0]:g} to {WAVELENGTHS[1]:g} angstrom, not {radiation!r}"
        )
    return xrd.XRDCalculator(wavelength)


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
            f"{where}.cell: does not fit {symbol} ({group.crystal_system}); check lengths and angles "
            "(90 degrees unless given; rhombohedral crystals in the hexagonal cell)"
        )
    return lattice, group


@cache  # the many operations of a cubic group take pymatgen half a second
def _space_group(symbol: str) -> SpaceGroup | None:
    """The space group with a Hermann-Mauguin symbol, or None."""
    from pymatgen.symmetry.groups import SpaceGroup

    # pymatgen writes screw axes as P2_1/c instead of P21/c; but the 62 of P622 is not one.
    for spelling in (symbol, re.sub(r"([2346])([1-5])", r"\1_\2", symbol)):
        try:
            return SpaceGroup(spelling)
        except ValueError:
            continue
    return None


def _structure(mechanism: Mechanism, name: str, cell: Cell, lattice: Lattice, group: SpaceGroup) -> Structure:
    """The filled cell, whose contents must be Z times the formula."""
    from pymatgen.core import Structure

    phase = mechanism.phases[name]
    sites = [
        (atom.element, place) for atom in phase.atoms for place in group.get_orbit((atom.x, atom.y, atom.z))
    ]
    structure = Structure(lattice, [element for element, _ in sites], [place for _, place in sites])
    per_unit = {element: amount for element, (amount, _) in parse_formula(phase.formula).items()}
    if mechanism.ion in per_unit:
        per_unit[mechanism.ion] = mechanism.full_alkali(name)
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
    """One hkl of each family that the space group allows, its multiplicity and d-spacing.

    A reflection is extinct if an operation x -> W x + w maps its planes onto themselves, h W = h, but
    shifts them by a fraction of the spacing, h w not an integer (International Tables A, reflection
    conditions).
    """
    reciprocal = np.asarray(lattice.reciprocal_lattice_crystallographic.matrix)
    least, most = (2.0 * np.sin(np.radians(angle) / 2.0) / wavelength for angle in two_theta)
    reach = [int(most * length) for length in lattice.abc]
    if np.prod([2 * n + 1 for n in reach], dtype=float) > MAX_PLANES:
        raise InputError("two_theta: contains more reflections than can be resolved; end at a smaller angle")
    hkl = np.stack(np.meshgrid(*(np.arange(-n, n + 1) for n in reach), indexing="ij"), axis=-1).reshape(-1, 3)
    size = np.linalg.norm(hkl @ reciprocal, axis=1)
    inside = (size >= least) & (size <= most)
    hkl, size = hkl[inside], size[inside]
    extinct = np.zeros(len(hkl), dtype=bool)
    # The hkl shown is the one with the fewest minus signs, and of these the largest.
    base = 2 * max(reach, default=0) + 2
    weights = np.array([base * base, base, 1])
    best = np.full(len(hkl), -(4 * base**3))
    for operation in group.symmetry_ops:
        image = hkl @ np.rint(operation.rotation_matrix).astype(np.int64)
        shift = hkl @ operation.translation_vector
        extinct |= (image == hkl).all(axis=1) & (np.abs(shift - np.rint(shift)) > 1e-3)
        for mate in (image, -image):  # and its Friedel mate
            rank = (mate >= 0).sum(axis=1) * base**3 + mate @ weights
            best = np.maximum(best, rank)
    own = (hkl >= 0).sum(axis=1) * base**3 + hkl @ weights
    shown = (own == best) & ~extinct
    ranks, counts = np.unique(best, return_counts=True)
    multiplicity = counts[np.searchsorted(ranks, best[shown])]
    # By falling spacing, and in a fixed order at equal spacing.
    order = np.lexsort((own[shown], np.round(size[shown], 9)))
    return hkl[shown][order], multiplicity[order], 1.0 / size[shown][order]


# -- arguments ------------------------------------------------------------------------------


def window_problems(two_theta: Any) -> list[str]:
    """Mistakes in a range of angles."""
    try:
        low, high = map(float, two_theta)
    except (TypeError, ValueError, OverflowError):
        low, high = 0.0, 0.0
    if 0.0 < low < high < 180.0:
        return []
    return [f"two_theta: must be two angles in degrees, rising, between 0 and 180, not {two_theta!r}"]
