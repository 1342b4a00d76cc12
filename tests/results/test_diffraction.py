"""Simulated diffraction against Bragg's law, structure factors and widths worked out here by hand."""

from __future__ import annotations

import copy
import itertools
import math
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from bare import bare
from scipy.signal import find_peaks
from tiny import one_edge

import sbpath
from sbpath import InputError, plots
from sbpath.cli import main
from sbpath.mechanism.reader import mechanism_from_document
from sbpath.mechanism.records import Cell
from sbpath.plots.colours import phase_looks
from sbpath.results.crystal import Reflections, reflections
from sbpath.results.diffraction import diffraction, powder_pattern, scherrer_width
from sbpath.text.mechanism_sheet import mechanism_report

mpl.use("Agg")

CU = 1.54184  # angstrom, mean of K alpha 1 and 2
CYCLE = ("Discharge at C/10 until 0.05 V", "Rest for 2 hours", "Charge at C/10 until 1.5 V")

# Cromer and Mann's analytical form factors, International Tables C, table 6.1.1.4: a, b and c.
# pymatgen uses another parametrisation, so this is a second source.
FORM = {
    "Li": ((1.1282, 0.7508, 0.6175, 0.4653), (3.9546, 1.0524, 85.3905, 168.261), 0.0377),
    "Sb": ((19.6418, 19.0455, 5.0371, 2.6827), (5.3034, 0.4607, 27.9074, 75.2825), 4.5909),
}


@pytest.fixture(autouse=True)
def _close_figures():
    import matplotlib.pyplot as plt

    yield
    plt.close("all")


def form_factor(element, d):
    a, b, c = FORM[element]
    s = 0.5 / d
    return c + sum(x * math.exp(-y * s * s) for x, y in zip(a, b, strict=True))


def bragg(d, wavelength=CU):
    return math.degrees(2.0 * math.asin(wavelength / (2.0 * d)))


def lorentz_polarisation(two_theta):
    half = math.radians(two_theta) / 2.0
    return (1.0 + math.cos(2.0 * half) ** 2) / (math.sin(half) ** 2 * math.cos(half))


def cubic(a):
    return lambda h, k, m: a / math.sqrt(h * h + k * k + m * m)


def hexagonal(a, c):
    return lambda h, k, m: 1.0 / math.sqrt(4.0 / 3.0 * (h * h + h * k + k * k) / a**2 + (m / c) ** 2)


def monoclinic(a, b, c, beta):
    sin, cos = math.sin(math.radians(beta)), math.cos(math.radians(beta))
    return lambda h, k, m: (
        sin / math.sqrt((h / a) ** 2 + (k * sin / b) ** 2 + (m / c) ** 2 - 2.0 * h * m * cos / (a * c))
    )


def unmixed(h, k, m):
    return len({n % 2 for n in (h, k, m)}) == 1


def rhombohedral(h, k, m):
    return (-h + k + m) % 3 == 0


def glide_c(h, k, m):
    """P63/mmc and P-62c: hh-2hl with l even, in each setting of the three axes; so 00l too."""
    return m % 2 == 0 or not (h == k or h == -2 * k or k == -2 * h)


def p21c(h, k, m):
    return (k != 0 or m % 2 == 0) and ((h, m) != (0, 0) or k % 2 == 0)


# Mechanism, phase, spacing of hkl, and which hkl the space group allows (International Tables A).
CRYSTALS = {
    "Sb": ("li-sb", "Sb", hexagonal(4.3084, 11.274), rhombohedral),
    "Li2Sb": ("li-sb", "Li2Sb", hexagonal(7.946, 6.527), glide_c),
    "Li3Sb": ("li-sb", "Li3Sb", cubic(6.572), unmixed),
    "Na3Sb": ("na-sb", "Na3Sb", hexagonal(5.366, 9.515), glide_c),
    "NaSb": ("na-sb-nasb", "NaSb", monoclinic(6.80, 6.34, 12.48, 117.6), p21c),
    "K3Sb-cubic": ("k-sb", "K3Sb-cubic", cubic(8.493), unmixed),
    "K3Sb-hex": ("k-sb", "K3Sb-hex", hexagonal(6.025, 10.693), glide_c),
    "KSb": ("k-sb-ksb", "KSb", monoclinic(7.18, 6.97, 13.40, 115.1), p21c),
}


def found(lines):
    """Row of each triple hkl that stands for a family."""
    return {hkl: i for i, families in enumerate(lines.hkl) for hkl in families}


@pytest.fixture(scope="module")
def lithium():
    return sbpath.simulate(bare("li-sb"), [CYCLE], progress=False)


@pytest.fixture(scope="module")
def potassium():
    cycle = ("Discharge at C/10 until 0.02 V", "Charge at C/10 until 1.5 V")
    return sbpath.simulate(bare("k-sb"), [cycle, cycle], progress=False)


# -- positions ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CRYSTALS)
def test_positions_are_those_of_braggs_law(name):
    system, phase, spacing, _ = CRYSTALS[name]
    lines = reflections(system, phase)
    assert lines.wavelength_angstrom == CU
    assert len(lines.two_theta) == len(lines.hkl) > 5
    assert (np.diff(lines.two_theta) > 0.0).all()
    for angle, d, families in zip(lines.two_theta, lines.d_angstrom, lines.hkl, strict=True):
        for hkl in families:
            assert d == pytest.approx(spacing(*hkl), rel=1e-9)
            assert angle == pytest.approx(bragg(spacing(*hkl)), abs=1e-6)


@pytest.mark.parametrize(
    ("name", "hkl", "angle"),
    [
        ("Sb", (0, 1, 2), 28.69),
        ("Sb", (1, 1, 0), 41.94),
        ("Li3Sb", (1, 1, 1), 23.45),
        ("Li3Sb", (2, 2, 0), 38.75),
    ],
)
def test_known_lines(name, hkl, angle):
    system, phase, *_ = CRYSTALS[name]
    lines = reflections(system, phase)
    assert lines.two_theta[found(lines)[hkl]] == pytest.approx(angle, abs=0.01)


@pytest.mark.parametrize("name", CRYSTALS)
def test_every_plane_that_the_space_group_allows_and_no_other(name):
    """Counted over all indices; of a phase with atoms some may be too weak, but none may be extra."""
    system, phase, spacing, allowed = CRYSTALS[name]
    lines = reflections(system, phase, two_theta=(10.0, 50.0))
    planes = {}
    for hkl in itertools.product(range(-12, 13), repeat=3):
        if any(hkl) and allowed(*hkl) and 10.0 <= bragg(max(spacing(*hkl), CU)) <= 50.0:
            angle = round(bragg(spacing(*hkl)), 6)
            planes[angle] = planes.get(angle, 0) + 1
    counted = {
        round(float(angle), 6): count
        for angle, count in zip(lines.two_theta, lines.multiplicity.tolist(), strict=True)
    }
    assert counted.items() <= planes.items()
    if not lines.known_intensity:
        assert counted == planes
    else:
        assert len(counted) >= 0.7 * len(planes)


def test_reflections_of_two_families_at_one_angle_are_one():
    lines = reflections("k-sb", "K3Sb-cubic")
    row = found(lines)[(5, 1, 1)]
    assert set(lines.hkl[row]) == {(5, 1, 1), (3, 3, 3)}
    assert lines.multiplicity[row] == 24 + 8


def test_another_radiation_moves_angles_and_keeps_spacings():
    copper, molybdenum = reflections("li-sb", "Li3Sb"), reflections("li-sb", "Li3Sb", 0.71073, (5.0, 30.0))
    assert np.array_equal(molybdenum.two_theta, reflections("li-sb", "Li3Sb", "MoKa", (5.0, 30.0)).two_theta)
    rows = [found(molybdenum)[hkl] for hkl in ((1, 1, 1), (2, 2, 0), (3, 1, 1))]
    assert molybdenum.d_angstrom[rows] == pytest.approx(
        copper.d_angstrom[[found(copper)[hkl] for hkl in ((1, 1, 1), (2, 2, 0), (3, 1, 1))]]
    )


def test_a_window_without_reflections_is_empty():
    assert reflections("li-sb", "Li3Sb", two_theta=(10.0, 20.0)).hkl == ()


# -- intensities ----------------------------------------------------------------------------


def li3sb(h, k, m):
    """|F| of D0_3: Sb in 4a, Li in 4b and 8c."""
    d = 6.572 / math.sqrt(h * h + k * k + m * m)
    antimony, lithium = form_factor("Sb", d), form_factor("Li", d)
    both = 0.0 if (h + k + m) % 2 else 2.0 * (-1) ** ((h + k + m) // 2)
    edge = -1.0 if h % 2 else 1.0
    return 4.0 * (antimony + (edge + both) * lithium)


def test_intensities_of_li3sb_are_its_structure_factors():
    lines = reflections("li-sb", "Li3Sb")
    for hkl, planes in {(1, 1, 1): 8, (2, 0, 0): 6, (2, 2, 0): 12, (3, 1, 1): 24, (4, 0, 0): 6}.items():
        row = found(lines)[hkl]
        strength = planes * li3sb(*hkl) ** 2 * lorentz_polarisation(lines.two_theta[row])
        assert lines.intensity[row] == pytest.approx(strength / (4 * 6.572**3), rel=0.01)
        assert lines.multiplicity[row] == planes


def test_intensities_of_antimony_are_its_structure_factors():
    lines = reflections("li-sb", "Sb")
    volume = 4.3084**2 * math.sqrt(0.75) * 11.274
    for (h, k, m), planes in {
        (0, 0, 3): 2,
        (0, 1, 2): 6,
        (1, 0, 4): 6,
        (1, 1, 0): 6,
        (0, 1, 5): 6,
        (0, 0, 6): 2,
    }.items():
        row = found(lines)[h, k, m]
        # Three points of the lattice in the cell, each with a pair of atoms at +z and -z.
        factor = 6.0 * math.cos(2.0 * math.pi * m * 0.2335) * form_factor("Sb", lines.d_angstrom[row])
        strength = planes * factor**2 * lorentz_polarisation(lines.two_theta[row])
        assert lines.intensity[row] == pytest.approx(strength / (6 * volume), rel=0.01)


def test_phases_are_weighted_by_their_volume(lithium):
    """v m |F|^2 LP / V^2 with the molar volumes of the file, for a mole of Sb in each."""
    phases = bare("li-sb").phases
    weights = {}
    for name, hkl, planes, factor, cell in (
        ("Li3Sb", (2, 2, 0), 12, li3sb(2, 2, 0), 6.572**3),
        ("Sb", (1, 1, 0), 6, 6.0 * form_factor("Sb", 4.3084 / 2.0), 4.3084**2 * math.sqrt(0.75) * 11.274),
    ):
        lines = reflections("li-sb", name)
        row = found(lines)[hkl]
        strength = planes * factor**2 * lorentz_polarisation(lines.two_theta[row])
        volume = phases[name].molar_volume_cm3_per_mol.value
        weights[name] = lines.intensity[row] / (volume * strength / cell**2)
    assert weights["Li3Sb"] == pytest.approx(weights["Sb"], rel=0.01)


def test_without_atoms_positions_alone_are_known():
    lines = reflections("na-sb-nasb", "NaSb")
    assert not lines.known_intensity
    assert np.isnan(lines.intensity).all()
    assert reflections("li-sb", "Sb").known_intensity


def test_an_amorphous_phase_has_none():
    lines = reflections("k-sb", "KxSb")
    assert len(lines.two_theta) == len(lines.intensity) == len(lines.hkl) == 0


@pytest.mark.parametrize("name", sbpath.shipped_names())
def test_every_crystal_that_is_shipped_has_a_cell_that_its_atoms_fill(name):
    mechanism = bare(name)
    for phase, record in mechanism.phases.items():
        # Of some compounds no cell, of some no atoms are known.
        if record.cell is None:
            assert not record.crystalline or mechanism.assemblages or name.split("-")[1] != "sb"
            continue
        assert reflections(mechanism, phase).known_intensity == bool(record.atoms)
    if "Sb" not in mechanism.phases:
        return
    paths = [path for path, _ in mechanism.numbers()]
    assert "phases.Sb.cell" in paths
    assert "phases.Sb.atoms[1]" in paths
    report = mechanism_report(mechanism)
    assert "4.3084 4.3084 11.274 Å, 90 90 120°, Z 6" in report
    assert "Sb at 0 0 0.2335" in report


# -- profiles -------------------------------------------------------------------------------


def one_line(angle, intensity=1.0):
    ones = np.array([1.0])
    return Reflections("made up", CU, ones * angle, ones, ones * intensity, (((1, 0, 0),),), np.array([2]))


def width_at_half_height(x, y):
    above = x[y >= 0.5 * y.max()]
    return above[-1] - above[0]


@pytest.mark.parametrize("angle", [28.69, 60.0])
@pytest.mark.parametrize("nanometres", [5.0, 30.0])
def test_small_crystallites_have_the_width_of_scherrer(angle, nanometres):
    by_hand = math.degrees(0.9 * 0.154184 / (nanometres * math.cos(math.radians(angle / 2.0))))
    x = np.arange(angle - 5.0, angle + 5.0, 1e-4)
    assert width_at_half_height(x, powder_pattern(one_line(angle), x, nanometres, 0.0)) == pytest.approx(
        by_hand, abs=3e-4
    )
    assert scherrer_width(angle, CU, nanometres) == pytest.approx(by_hand)


def test_the_instrument_adds_its_width():
    x = np.arange(28.0, 32.0, 1e-4)
    assert width_at_half_height(x, powder_pattern(one_line(30.0), x, 1e5, 0.2)) == pytest.approx(
        0.2, abs=3e-4
    )
    # Olivero and Longbothum (J. Quant. Spectrosc. Radiat. Transfer 1977;17:233), good to 0.02 %.
    lorentz = scherrer_width(30.0, CU, 50.0)
    both = 0.5346 * lorentz + math.sqrt(0.2166 * lorentz**2 + 0.2**2)
    assert width_at_half_height(x, powder_pattern(one_line(30.0), x, 50.0, 0.2)) == pytest.approx(
        both, rel=2e-3
    )


@pytest.mark.parametrize("nanometres", [3.0, 10.0, 100.0])
def test_broadening_keeps_the_area(nanometres):
    x = np.arange(20.0, 100.0, 0.01)
    area = powder_pattern(one_line(60.0, 7.0), x, nanometres, 0.1).sum() * 0.01
    # The tails of a Lorentzian beyond 40 degrees on either side are missing.
    inside = 2.0 / math.pi * math.atan(40.0 / (0.5 * scherrer_width(60.0, CU, nanometres)))
    assert area == pytest.approx(7.0 * inside, rel=1e-4)


# -- maps -----------------------------------------------------------------------------------


def test_a_map_is_the_sum_of_its_phases(lithium):
    shown = diffraction(lithium, rows=50)
    assert shown.intensity.shape == (50, len(shown.two_theta))
    assert (shown.two_theta[0], shown.two_theta[-1]) == (10.0, pytest.approx(70.0))
    assert shown.time_s == pytest.approx(np.linspace(0.0, lithium.time_s[-1], 50))
    expected = sum(
        np.outer(
            np.interp(shown.time_s, lithium.time_s, lithium.fraction(name)),
            powder_pattern(reflections("li-sb", name), shown.two_theta),
        )
        for name in lithium.phases
    )
    assert shown.intensity == pytest.approx(expected, rel=1e-6, abs=1e-6)
    assert sum(shown.amounts.values()) == pytest.approx(np.ones(50), abs=1e-6)
    for row, column in ((shown.voltage_V, lithium.voltage_V), (shown.composition, lithium.composition)):
        assert row[-1] == column[-1]


def test_a_pristine_electrode_shows_antimony_and_a_full_one_li3sb(lithium):
    shown = diffraction(lithium)
    first = shown.intensity[0]
    assert first == pytest.approx(
        powder_pattern(reflections("li-sb", "Sb"), shown.two_theta), rel=1e-3, abs=1.0
    )
    full = shown.intensity[int(shown.composition.argmax())]
    assert shown.two_theta[full.argmax()] == pytest.approx(bragg(6.572 / math.sqrt(3.0)), abs=0.02)
    # In rests nothing changes.
    resting = (shown.time_s > lithium.time_s[lithium.steps[1].first]) & (
        shown.time_s < lithium.time_s[lithium.steps[1].last - 1]
    )
    assert resting.sum() > 10
    assert np.ptp(shown.intensity[resting], axis=0).max() < 0.02 * full.max()


def test_li2sb_is_seen_on_the_way_in_only(lithium):
    """Its strongest line, 110 at 22.4 degrees, stands apart from those of the other phases."""
    shown = diffraction(lithium, crystallite_nm=60.0)
    line = shown.intensity[:, np.abs(shown.two_theta - bragg(7.946 / 2.0)).argmin()]
    inserting = shown.time_s < lithium.time_s[lithium.steps[0].last - 1]
    assert line[inserting].max() > 20.0 * line[~inserting][3:].max()


def test_potassium_shows_antimony_and_cubic_k3sb_alone(potassium):
    """As operando diffraction does (Ko 2019), although most of the Sb passes through KxSb."""
    shown = diffraction(potassium, crystallite_nm=60.0)
    assert shown.amounts["KxSb"].max() > 0.9
    known = np.concatenate([shown.reflections[name].two_theta for name in ("Sb", "K3Sb-cubic")])
    seen = {"Sb": 0, "K3Sb-cubic": 0}
    for pattern in shown.intensity:
        peaks = shown.two_theta[find_peaks(pattern, prominence=0.005 * shown.intensity.max())[0]]
        assert all(np.abs(known - peak).min() < 0.1 for peak in peaks)
        for name in seen:
            strongest = shown.reflections[name].two_theta[shown.reflections[name].intensity.argmax()]
            seen[name] += bool((np.abs(peaks - strongest) < 0.05).any())
    assert min(seen.values()) > 20
    # While KxSb holds nearly all Sb, the beam sees next to nothing.
    amorphous = int(shown.amounts["KxSb"].argmax())
    assert shown.intensity[amorphous].max() < 0.1 * shown.intensity.max()


def test_a_phase_without_atoms_is_not_in_the_map():
    solution = sbpath.simulate(bare("na-sb-nasb"), ["Discharge at C/5 until x = 1"], progress=False)
    shown = diffraction(solution, rows=20)
    assert shown.amounts["NaSb"][-1] > 0.9
    assert not shown.reflections["NaSb"].known_intensity
    assert np.isfinite(shown.intensity).all()
    assert shown.intensity[-1].max() < 0.1 * shown.intensity[0].max()


def test_a_solution_read_back_gives_the_same_map(lithium, tmp_path):
    again = sbpath.load_solution(lithium.save(tmp_path / "lithium.npz"))
    assert np.array_equal(diffraction(again, rows=5).intensity, diffraction(lithium, rows=5).intensity)


# -- figure ---------------------------------------------------------------------------------


def words_of(ax):
    return [text.get_text() for text in ax.texts]


def test_the_figure_shows_map_voltage_and_sticks(potassium):
    below, beside, above = plots.diffraction(potassium)
    assert "°" in below.get_xlabel()
    assert "Cu Kα" in below.get_xlabel()
    assert below.get_ylabel() == "Time  (h)"
    assert beside.get_xlabel() == "Voltage vs K$\\mathregular{^{+}}$/K  (V)"
    assert beside.get_ylim() == below.get_ylim() == (0.0, pytest.approx(potassium.time_s[-1] / 3600.0))
    assert above.get_xlim() == below.get_xlim() == (10.0, pytest.approx(70.0))
    (image,) = below.images
    assert np.array_equal(image.get_array(), diffraction(potassium).intensity)
    (curve,) = beside.lines
    assert np.array_equal(curve.get_xdata(), potassium.voltage_V)
    words = words_of(above)
    assert {
        "Sb",
        "K$\\mathregular{_{x}}$Sb",
        "K$\\mathregular{_{3}}$Sb (cubic)",
        "K$\\mathregular{_{3}}$Sb (hexagonal)",
    } <= set(words)
    assert words.count("amorphous: no reflections") == 1
    assert any(word.startswith("at most 0.000") and word.endswith("mol per Sb") for word in words)
    assert {"012", "220", "422"} <= set(words)


def test_sticks_stand_at_the_reflections_in_the_colours_of_the_phases(potassium):
    _, _, above = plots.diffraction(potassium)
    looks = phase_looks(bare("k-sb"))
    crystals = [name for name in potassium.phases if name != "KxSb"]
    for sticks, name in zip(above.collections, crystals, strict=True):
        lines = reflections("k-sb", name)
        ends = np.array(sticks.get_segments())
        assert ends[:, 0, 0] == pytest.approx(lines.two_theta)
        heights = ends[:, 1, 1] - ends[:, 0, 1]
        assert heights / heights.max() == pytest.approx(lines.intensity / lines.intensity.max())
        assert mpl.colors.to_hex(sticks.get_color()[0]) == looks[name].colour.lower()


def test_the_figure_says_what_it_does_not_know():
    solution = sbpath.simulate(bare("k-sb-ksb"), ["Discharge at C/5 until x = 1"], progress=False)
    _, _, above = plots.diffraction(diffraction(solution, 0.4133, (3.0, 20.0), 0.005))
    assert "intensities not known: not in the map" in words_of(above)
    sticks = np.array(above.collections[1].get_segments())
    assert np.ptp(sticks[:, 1, 1]) == 0.0


def test_axes_given_are_axes_returned(lithium):
    import matplotlib.pyplot as plt

    _, axes = plt.subplots(3, 1)
    given = tuple(axes)
    shown = diffraction(lithium, "MoKa1", (5.0, 35.0), rows=20)
    assert plots.diffraction(shown, given) == given
    assert "Mo Kα1" in given[0].get_xlabel()


# -- mistakes -------------------------------------------------------------------------------


def test_without_pymatgen_the_error_says_what_to_install(monkeypatch, lithium):
    monkeypatch.setitem(sys.modules, "pymatgen.analysis.diffraction.xrd", None)
    for call in (lambda: diffraction(lithium), lambda: reflections("li-sb", "Sb")):
        with pytest.raises(InputError, match=r"needs pymatgen.*pip install 'sbpath\[xrd\]'"):
            call()


def test_without_pymatgen_its_figure_is_refused_before_the_simulation(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "pymatgen.analysis.diffraction.xrd", None)
    code = main(["simulate", "li-sb", "--figure", "xrd", "--plot", str(tmp_path / "x.png"), "--quiet"])
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert err == "sbpath: diffraction: needs pymatgen, which is not installed; pip install 'sbpath[xrd]'\n"


def test_nothing_imports_pymatgen_before_it_is_needed():
    code = "import sys, sbpath.cli, sbpath.plots; from sbpath import diffraction; assert 'pymatgen' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"radiation": "CuKA"}, "radiation: unknown 'CuKA'; did you mean 'CuKa'"),
        (
            {"radiation": 0.0},
            "radiation: must be a name such as 'CuKa' or a wavelength from 0.1 to 10 angstrom",
        ),
        ({"radiation": None}, "radiation: must be a name"),
        ({"two_theta": (70.0, 10.0)}, "two_theta: must be two angles in degrees, rising"),
        ({"two_theta": 40.0}, "two_theta: must be two angles"),
        ({"two_theta": (10.0, 180.0)}, "between 0 and 180"),
        ({"step": 0.5}, "step: 0.5 degrees does not resolve peaks 0.27 degrees wide"),
        ({"step": 0.0}, "step: must be a number from 0.0001 to 10, not 0.0"),
        ({"step": 2e-4, "two_theta": (10.0, 100.0)}, "step: 0.0002 degrees gives more than 100000 points"),
        ({"crystallite_nm": -30.0}, "crystallite_nm: must be a number from 0.1 to 100000, not -30.0"),
        ({"crystallite_nm": "30"}, "crystallite_nm: must be a number"),
        ({"instrument_deg": math.nan}, "instrument_deg: must be a number from 0 to 10, not nan"),
        ({"rows": 1}, "rows: must be a whole number from 2 to 100,000, not 1"),
        ({"rows": 20.5}, "rows: must be a whole number"),
        (
            {"radiation": 0.1, "two_theta": (10.0, 150.0)},
            "two_theta: contains more reflections than can be resolved",
        ),
    ],
)
def test_bad_arguments_are_told(lithium, options, words):
    with pytest.raises(InputError) as caught:
        diffraction(lithium, **options)
    assert len(caught.value.problems) == 1
    assert words in str(caught.value)


def test_all_bad_arguments_are_told_at_once(lithium):
    with pytest.raises(InputError) as caught:
        diffraction(lithium, "gold", (1.0, 0.0), -1.0, 0.0, -1.0, 0)
    assert [problem.partition(":")[0] for problem in caught.value.problems] == [
        "two_theta", "step", "crystallite_nm", "instrument_deg", "rows", "radiation",
    ]  # fmt: skip


def test_an_unknown_phase_is_told():
    with pytest.raises(InputError, match=r"Li4Sb: no phase has this name; did you mean 'Li\dSb'"):
        reflections("li-sb", "Li4Sb")


def edited(name, edit):
    """The mechanism `name` after `edit` has changed its phases."""
    document = copy.deepcopy(bare(name).document)
    edit(document["phases"])
    return mechanism_from_document(document, where="mine")


def problems_of(name, edit):
    with pytest.raises(InputError) as caught:
        edited(name, edit)
    return caught.value.problems


def test_all_mistakes_of_a_file_are_told_at_once():
    def edit(phases):
        phases["KxSb"]["cell"] = {**phases["K3Sb-cubic"]["cell"], "a_angstrom": 7.248}
        phases["Sb"]["cell"]["formula_units"] = 5
        phases["Sb"]["atoms"][0]["source"] = "Barrett"
        del phases["KxSb"]["structure"], phases["K3Sb-hex"]["space_group"]
        phases["KxSb"].update(structure="amorphous", space_group="Fm-3m")
        phases["K3Sb-hex"]["atoms"][1]["element"] = "Xx"
        phases["K3Sb-cubic"]["atoms"] = phases["K3Sb-cubic"]["atoms"][:1]
        del phases["K3Sb-cubic"]["cell"]

    assert [problem.removeprefix("mine: phases.") for problem in problems_of("k-sb", edit)] == [
        "Sb.cell: 181.23 cubic angstrom with formula_units = 5 make 21.83 cm3/mol, but molar_volume_cm3_per_mol says "
        "18.19; check lengths, angles (90 degrees unless given) and formula_units",
        "KxSb.cell: an amorphous phase has none; remove cell and atoms, or set crystalline = true",
        "K3Sb-cubic.atoms: have no cell; add [phases.K3Sb-cubic.cell], or remove them",
        "K3Sb-cubic.atoms: no K among them; give one atom for each site, or none at all",
        'K3Sb-hex.space_group: missing, but there is a cell; add e.g. space_group = "Fm-3m"',
        "K3Sb-hex.atoms[2].element: K3Sb holds no 'Xx'; write K or Sb",
        "Sb.atoms[1].source: no source is called 'Barrett'; did you mean 'barrett1963'?",
    ]


def test_a_cell_of_the_wrong_shape_is_told():
    def edit(phases):
        phases["Sb"]["cell"].update(alpha_deg=150.0, beta_deg=100.0)
        phases["Li2Sb"]["cell"].update(b_angstrom=-1.0, formula_units=6.5)
        phases["Li2Sb"]["cell"]["d_angstrom"] = 3.0
        phases["Li3Sb"]["atoms"][0].update(x=3.3)
        del phases["Li3Sb"]["atoms"][1]["y"], phases["Li3Sb"]["cell"]["status"]

    problems = problems_of("li-sb", edit)
    assert {problem.split(": ", 2)[1] for problem in problems} == {
        "phases.Sb.cell", "phases.Li2Sb.cell.b_angstrom", "phases.Li2Sb.cell.formula_units", "phases.Li2Sb.cell.d_angstrom",
        "phases.Li3Sb.atoms[1].x", "phases.Li3Sb.atoms[2].y", "phases.Li3Sb.cell.status",
    }  # fmt: skip
    assert any("no unit cell has the angles 150, 100, 120 degrees" in problem for problem in problems)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (
            lambda p: p["Na3Sb"].update(space_group="P63/mmm"),
            "phases.Na3Sb.space_group: unknown symbol 'P63/mmm'",
        ),
        (
            lambda p: p["Na3Sb"].update(space_group="Fm-3m"),
            "phases.Na3Sb.cell: does not fit Fm-3m (cubic); check",
        ),
        (
            lambda p: p["Na3Sb"]["atoms"][0].update(x=0.3333),
            "fill the cell with Na6 Sb12, but 2 formula units are Na6 Sb2",
        ),
        (lambda p: p["Na3Sb"]["atoms"].pop(), "fill the cell with Na2 Sb2, but 2 formula units are Na6 Sb2"),
        (lambda p: [p["Na3Sb"].pop(key) for key in ("cell", "atoms")], "phases.Na3Sb.cell: missing; add it"),
    ],
)
def test_crystals_that_cannot_be_are_told(edit, words):
    mechanism = edited("na-sb", edit)
    with pytest.raises(InputError) as caught:
        reflections(mechanism, "Na3Sb")
    assert words in str(caught.value)


def test_a_solution_without_any_cell_is_refused():
    solution = sbpath.simulate(one_edge(), ["Rest for 1 minute"], progress=False)
    with pytest.raises(InputError, match=r"no phase of tiny has a cell; add \[phases\.NAME\.cell\]"):
        diffraction(solution)


# -- records --------------------------------------------------------------------------------


@pytest.mark.parametrize("angles", [(90.0, 90.0, 120.0), (90.0, 117.6, 90.0), (70.0, 80.0, 100.0)])
def test_the_volume_of_a_cell_is_that_of_its_edges(angles):
    a, b, c = 4.0, 5.0, 6.0
    alpha, beta, gamma = (math.radians(angle) for angle in angles)
    x = math.cos(beta)
    y = (math.cos(alpha) - math.cos(beta) * math.cos(gamma)) / math.sin(gamma)
    edges = [
        (a, 0.0, 0.0),
        (b * math.cos(gamma), b * math.sin(gamma), 0.0),
        (c * x, c * y, c * math.sqrt(1.0 - x * x - y * y)),
    ]
    cell = Cell(
        a_angstrom=a, b_angstrom=b, c_angstrom=c, alpha_deg=angles[0], beta_deg=angles[1], gamma_deg=angles[2],
        formula_units=2, status="measured", source="here",
    )  # fmt: skip
    assert cell.volume_cubic_angstrom == pytest.approx(np.linalg.det(edges))
    assert cell.molar_volume_cm3_per_mol == pytest.approx(0.602214076 * np.linalg.det(edges) / 2)


def test_a_cell_can_be_changed_like_any_number():
    mechanism = bare("li-sb", {"phases.Sb.cell.a_angstrom": 4.33})
    assert mechanism.phases["Sb"].cell.status == "assumed"
    lines = reflections(mechanism, "Sb")
    assert lines.two_theta[found(lines)[1, 1, 0]] == pytest.approx(bragg(4.33 / 2.0))
    with pytest.raises(InputError, match="check lengths, angles"):
        bare("li-sb", {"phases.Sb.cell.a_angstrom": 4.5})
