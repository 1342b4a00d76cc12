"""Experiment files: what is read, and each mistake with its one line."""

from __future__ import annotations

import numpy as np
import pytest
from cycler_files import HALVES_MAH, WRITERS, Style, log

from sbpath import InputError, load_measurement
from sbpath.measured.experiment_file import FreeNumber
from sbpath.measured.records import Target
from sbpath.text.curve_report import measurement_report

ROWS = log()
GOOD = """ion = "Na"
[[curve]]
file = "cell.mpt"
mass_Sb_mg = 1.2
first = "insertion"
"""
FRACTIONS = "x,Sb,NaSb,Sb error\n0,1,0,0.02\n1,0.4,0.6,0.03\n2,,1,\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "cell.mpt").write_text(WRITERS["EC-Lab"](ROWS, Style()), encoding="cp1252")
    (tmp_path / "fast.csv").write_text(WRITERS["plain"](log(200.0), Style()), encoding="utf-8")
    (tmp_path / "operando.csv").write_text(FRACTIONS, encoding="utf-8")
    return tmp_path


def load(folder, text):
    (folder / "exp.toml").write_text(text, encoding="utf-8")
    return load_measurement(folder / "exp.toml")


def failure(folder, text):
    with pytest.raises(InputError) as caught:
        load(folder, text)
    return [problem.replace(f"{folder}/", "") for problem in caught.value.problems]


def test_everything_that_a_file_can_hold(folder):
    text = (
        GOOD.replace("1.2", "1.20")
        + """mass_error_percent = 3
temperature_C = 25
area_cm2 = 1.13
cycles = [2]
[[curve]]
file = "fast.csv"
electrode_mg = 2.0
fraction_Sb = 0.6
first = "insertion"
[[fractions]]
file = "operando.csv"
curve = 2
cycle = 2
[free]
"kinetics.attempt_rate_per_s" = "log"
"interfaces.Sb|NaSb.energy_J_per_m2" = [0.13, 0.1, 0.2, "log", 0.3]
"electrode.contact_resistance_ohm_cm2" = [20, 0, 100, "linear"]
"""
    )
    found = load(folder, text)
    assert (found.ion, found.host) == ("Na", "Sb")
    one, two = found.curves
    assert one.mass_g == two.mass_g == pytest.approx(1.2e-3)
    assert (one.mass_error, two.mass_error) == (0.03, 0.02)
    assert (one.temperature_C, one.area_cm2, one.cycles) == (25.0, 1.13, (2,))
    assert [half.cycle for half in one.halves()] == [2, 2]
    np.testing.assert_allclose(
        [half.capacity_mAh_per_g for half in two.halves()], [q / 1.2e-3 for q in HALVES_MAH], rtol=0.01
    )
    # 1C and the share of the theoretical capacity follow from the capacity given.
    assert one.halves(330.0)[0].q_end == pytest.approx(HALVES_MAH[2] / 1.2e-3 / 330.0, rel=0.01)
    (table,) = found.fractions
    assert (table.curve, table.cycle) == (2, 2)
    assert table.x.tolist() == [0.0, 1.0, 2.0]
    assert table.time_s is None
    np.testing.assert_array_equal(table.fractions["Sb"], [1.0, 0.4, np.nan])
    np.testing.assert_array_equal(table.errors["Sb"], [0.02, 0.03, np.nan])
    assert found.free == (
        FreeNumber("kinetics.attempt_rate_per_s", None, None, None, "log", None),
        FreeNumber("interfaces.Sb|NaSb.energy_J_per_m2", 0.13, 0.1, 0.2, "log", 0.3),
        FreeNumber("electrode.contact_resistance_ohm_cm2", 20.0, 0.0, 100.0, "linear", None),
    )


def test_another_host(folder):
    assert load(folder, GOOD.replace("mass_Sb_mg", "mass_Si_mg")).host == "Si"
    assert load(folder, GOOD.replace("mass_Sb_mg", "mass_host_mg")).host is None


def test_the_capacity_of_silicon_is_believed_and_ten_times_as_much_is_not(folder):
    # Li15Si4: 3579 mAh/g, and a tenth more for the film.
    mass = max(HALVES_MAH) / 3.579 / 1.1
    silicon = GOOD.replace("mass_Sb_mg = 1.2", f"mass_Si_mg = {mass:.6f}")
    (half, *_) = load(folder, silicon).curves[0].halves()
    assert half.capacity_mAh_per_g > 3500.0
    (told,) = failure(folder, silicon.replace(f"{mass:.6f}", f"{mass / 10.0:.6f}"))
    assert "mAh per gram" in told


def test_units_and_columns_of_a_curve(folder):
    (folder / "cell.mpt").write_text(
        WRITERS["plain"](ROWS, Style()).replace("t_s,I_A,E_V", "a,I,E"), encoding="utf-8"
    )
    options = 'column = { time = "a" }\nunit = { time = "s", current = "A", voltage = "V" }\n'
    assert len(load(folder, GOOD + options).curves[0].halves()) == 4


ION = 'exp.toml: ion is missing; voltages are against its metal; add ion = "Na" (or "Li", "K")'
FIRST = 'exp.toml: curve 1: first is missing; add first = "insertion" (or "extraction"), the direction of the first half cycle'


@pytest.mark.parametrize(
    ("old", "new", "messages"),
    [
        ("mass_Sb_mg = 1.2\n", "", ["exp.toml: curve 1: mass_Sb_mg is missing; capacity per gram cannot be known"]),
        ('ion = "Na"\n', "", [ION]),
        ('first = "insertion"\n', "", [FIRST]),
        ('ion = "Na"', "", [ION]),
        ('"Na"', '"Ca"', ["exp.toml: ion: must be 'Li', 'Na' or 'K', not \"Ca\""]),
        ("mass_Sb_mg", "mass_mg", ["exp.toml: curve 1: mass_mg: does not say of what; write mass_Sb_mg, for Sb alone, or electrode_mg "
                                   "and fraction_Sb"]),
        ("mass_Sb_mg = 1.2", "electrode_mg = 2", ["exp.toml: curve 1: fraction_Sb is missing; electrode_mg needs the share of Sb, such "
                                                  "as fraction_Sb = 0.7"]),
        ("mass_Sb_mg = 1.2", "mass_Sb_mg = 1.2\nfraction_Sb = 0.7", ["exp.toml: curve 1: mass_Sb_mg is given, and electrode_mg or "
                                                                     "fraction_Sb too; keep one"]),
        ("1.2", "-1", ["exp.toml: curve 1: mass_mg: must be greater than 0, not -1.0"]),
        ("1.2", '"1.2"', ['exp.toml: curve 1: mass_mg: must be a number, not "1.2"']),
        ("first =", "frist =", ["exp.toml: curve 1: frist: unknown key; did you mean 'first'?"]),
        ('"insertion"', '"extraction"', ["exp.toml: curve 1: cell.mpt: first is extraction, but the voltage falls in half cycles 1, 3; "
                                         "correct it, or --flip-current if the voltage is that of the other electrode"]),
        ("cell.mpt", "none.mpt", ["exp.toml: curve 1: none.mpt: file: cannot be read: No such file or directory; check the path and its "
                                  "permissions"]),
        ("first", "cycles = [1, 3]\nfirst", ["exp.toml: curve 1: cycles: there is no cycle 3 in cell.mpt; it has 1 to 2, two half cycles "
                                             "each"]),
        ("first", "cycles = [0]\nfirst", ["exp.toml: curve 1: cycles 1: must be greater than or equal to 1, not 0"]),
        ("first", "mass_error_percent = 80\nfirst", ["exp.toml: curve 1: mass_error_percent: must be at most 50, not 80"]),
        ("[[curve]]", "[curve]", ["exp.toml: curve: must be a list of tables; write its heading with double brackets, [[...]]"]),
        ('"Na"', '"Na', ["exp.toml: line 1, column 10: not valid TOML: Illegal character '\\n', in 'ion = \"Na'; a closing \" is missing in "
                         "this line"]),
        (GOOD, "", ['exp.toml: file: is empty; begin with ion = "Na", then [[curve]] with file, mass_Sb_mg and first, or [[target]]']),
        (GOOD, 'secret = "x"', ['exp.toml: file: has no key of an experiment file; begin with ion = "Na", then [[curve]] with file, '
                                "mass_Sb_mg and first, or [[target]]"]),
        (GOOD, 'ion = "Na"', ["exp.toml: curve is missing; add [[curve]] with file, mass_Sb_mg and first, or [[target]] for values "
                              "read off a figure"]),
        (GOOD, GOOD + '[free]\na = "lin"', ['exp.toml: free: a: must be "log", "linear" or [start, low, high, "log" or "linear", prior sd], '
                                            'not "lin"']),
        (GOOD, GOOD + '[free]\na = [1, 2, 3, "log"]', ['exp.toml: free: a: start must lie between low and high, as in [0.13, 0.1, 0.2, '
                                                       '"log"], not [1, 2, 3, "log"]']),
        (GOOD, GOOD + '[free]\na = [1, -2, 3, "log"]', ['exp.toml: free: a: low must be above 0 with "log", not -2']),
        (GOOD, GOOD + '[free]\na = [1, 0, 3, "linear", 0]', ["exp.toml: free: a: the prior sd must be above 0, not 0"]),
        (GOOD, GOOD + '[[fractions]]\nfile = "cell.mpt"', ["exp.toml: fractions 1: cell.mpt: line 1: must name columns, x or time_s and "
                                                           "then the phases: x,Sb,NaSb"]),
    ],
)  # fmt: skip
def test_each_mistake_in_one_line(folder, old, new, messages):
    assert old in GOOD
    assert failure(folder, GOOD.replace(old, new)) == messages


def test_all_mistakes_at_once(folder):
    text = GOOD.replace('ion = "Na"\n', "").replace('first = "insertion"\n', "")
    assert failure(folder, text) == [ION, FIRST]


def test_the_same_file_twice(folder):
    again = GOOD.partition("\n")[2]
    message = "exp.toml: curve 2: file: cell.mpt is the same measurement as curve 1, and would count twice; choose its cycles in one [[curve]]"
    assert failure(folder, GOOD + again) == [message]
    # Also as a copy in another encoding.
    text = WRITERS["EC-Lab"](ROWS, Style())
    (folder / "copy.mpt").write_text(text, encoding="utf-16")
    assert failure(folder, GOOD + again.replace("cell", "copy")) == [message.replace("cell", "copy")]


def test_currents_a_thousand_times_off(folder):
    (folder / "cell.mpt").write_text(WRITERS["plain"](ROWS, Style()).replace("I_A", "I_mA"), encoding="utf-8")
    assert failure(folder, GOOD) == [
        "exp.toml: curve 1: cell.mpt: half cycle 1 runs at C/1.32e+04 and passes 0.0006 mAh, 0.5 mAh per gram for 1.2 mg; state the unit "
        "of current (--unit current=A) or correct the mass"
    ]


@pytest.mark.parametrize(("share", "refused"), [(0.009, True), (0.011, False)])
def test_charges_of_no_host_are_named_where_the_rate_may_be_one(folder, share, refused):
    # Half cycles of 500 mAh/g at C/13; by this share of it 4.5 mAh/g, which no host takes up, or 5.5.
    rows = [row.__class__(**{**row.__dict__, "mA": share * row.mA}) for row in ROWS]
    (folder / "cell.mpt").write_text(WRITERS["plain"](rows, Style()), encoding="utf-8")
    if refused:
        (problem,) = failure(folder, GOOD)
        assert problem.endswith("4.5 mAh per gram for 1.2 mg; correct the mass")
    else:
        assert load(folder, GOOD).curves


def test_a_rate_of_another_host_is_not_known(folder):
    (folder / "cell.mpt").write_text("Q/mA.h,E/V\n0,1\n0.1,0.5\n0.2,0.01\n", encoding="utf-8")
    text = GOOD.replace("first =", 'current = "C/10"\nfirst =')
    assert load(folder, text).curves[0].halves()[0].rate_per_h == pytest.approx(0.1)
    assert failure(folder, text.replace("mass_Sb", "mass_Si")) == [
        "exp.toml: curve 1: current: 'C/10' needs the capacity of the host; write 0.06 mA or 50 mA/g"
    ]


def test_a_full_cell(folder):
    rows = [row.__class__(**{**row.__dict__, "volts": row.volts + 2.5}) for row in ROWS]
    (folder / "cell.mpt").write_text(WRITERS["plain"](rows, Style()), encoding="utf-8")
    (problem,) = failure(folder, GOOD)
    assert problem == (
        f"exp.toml: curve 1: cell.mpt: voltages of {min(r.volts for r in rows if r.mA):.3g} V and more are those of a full cell or a "
        "cathode; give the data of the half-cell, or of the anode against the reference electrode"
    )
    # A direction that contradicts its voltage too is no reason to flip the current.
    assert failure(folder, GOOD.replace('"insertion"', '"extraction"')) == [problem]


def test_voltages_a_thousand_times_off(folder):
    (folder / "cell.mpt").write_text(WRITERS["plain"](ROWS, Style()).replace("E_V", "E_mV"), encoding="utf-8")
    assert failure(folder, GOOD) == [
        "exp.toml: curve 1: cell.mpt: voltages of 0.0015 V and less are not those of a half-cell; state their unit (--unit voltage=V)"
    ]


def test_voltages_against_another_reference(folder):
    rows = [row.__class__(**{**row.__dict__, "volts": row.volts - 3.0}) for row in ROWS]
    (folder / "cell.mpt").write_text(WRITERS["plain"](rows, Style()), encoding="utf-8")
    assert failure(folder, GOOD) == [
        f"exp.toml: curve 1: cell.mpt: voltages of {max(r.volts for r in rows if r.mA):.2g} V and less are not those of an anode "
        "against its alkali metal; give that voltage (--column voltage=...)"
    ]


def test_half_cycles_of_years(folder):
    """Seconds that are hours times 3600 twice, as in a published file."""
    rows = [row.__class__(**{**row.__dict__, "time": 3600.0 * row.time, "mA": 1e-3 * row.mA}) for row in ROWS]
    (folder / "cell.mpt").write_text(WRITERS["plain"](rows, Style()), encoding="utf-8")
    (problem,) = failure(folder, GOOD)
    assert problem == (
        "exp.toml: curve 1: cell.mpt: a half cycle of 3.6e+04 h is not possible; correct the column of time, or state the unit that "
        "it really has (--unit time=...)"
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("0.4", "40", "line 3: Sb: fractions lie between 0 and 1, not 40; divide percent by 100"),
        ("0.4", "a", "line 3: Sb: 'a' is not a number; leave what is not measured empty"),
        ("0.4,0.6", "0.4", "line 3: has 3 cells where line 1 has 4"),
        ("\n1,", "\n-1,", "x must be a number from 0 in each row"),
        ("x,", "time_s,", "time_s must be a number from 0 in each row, and must not fall"),
        ("NaSb", "Sb", "line 1: 'Sb' is there twice; keep one"),
        ("Sb error", "K error", "line 1: 'K error' has no column 'K'"),
        ("0.03", "0", "'Sb error': must be above 0"),
    ],
)
def test_mistakes_in_fractions(folder, old, new, message):
    text = FRACTIONS.replace("\n1,", "\n3,") if old == "x," else FRACTIONS
    (folder / "operando.csv").write_text(text.replace(old, new, 1), encoding="utf-8")
    problems = failure(folder, GOOD + '[[fractions]]\nfile = "operando.csv"')
    assert problems == [f"exp.toml: fractions 1: operando.csv: {message}"]


TARGETS = """ion = "Na"
[[target]]
voltage_V = 0.45
error_V = 0.05
x = 0.8
direction = "insertion"
rate = "0.1C"
source = "Fig. 2"
[[target]]
capacity_mAh_per_g = 305
error_mAh_per_g = 15
direction = "extraction"
cycle = 3
rate = "3000 mA/g"
temperature_C = 40
source = "Table 4"
note = "second half"
[tied]
"interfaces.A|C.energy_J_per_m2" = ["interfaces.A|B.energy_J_per_m2", "interfaces.B|C.energy_J_per_m2"]
"""


def test_targets_and_ties(folder):
    found = load(folder, TARGETS)
    assert found.curves == ()
    assert found.targets == (
        Target(0.45, 0.05, 0.8, "insertion", "C/10", 1, None, "Fig. 2", ""),
        Target(305.0, 15.0, None, "extraction", "3 A/g", 3, 40.0, "Table 4", "second half"),
    )
    assert [one.name for one in found.targets] == [
        "x = 0.8, insertion 1, C/10",
        "capacity, extraction 3, 3 A/g",
    ]
    (tie,) = found.tied
    assert (tie.path, len(tie.terms)) == ("interfaces.A|C.energy_J_per_m2", 2)
    assert "target 2: 305 mAh/g within 15, capacity, extraction 3, 3 A/g (Table 4)" in measurement_report(
        found
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("error_V = 0.05\n", "", "exp.toml: target 1: error_V is missing; say how well the value is known, as a standard deviation"),
        ("x = 0.8\n", "", "exp.toml: target 1: x is missing; a voltage belongs to a composition, in alkali per atom of host"),
        ("x = 0.8\n", "x = 0.8\nerror_mAh_per_g = 1\n", "exp.toml: target 1: error_mAh_per_g: does not belong to a voltage"),
        ("capacity_mAh_per_g = 305", "x = 1.0\ncapacity_mAh_per_g = 305", "exp.toml: target 2: x: does not belong to a capacity"),
        ("voltage_V = 0.45\n", "", "exp.toml: target 1: give voltage_V with error_V and x, or capacity_mAh_per_g with error_mAh_per_g"),
        ("0.1C", "5 mA", "exp.toml: target 1: rate: 5 mA is a current of a whole electrode; write it per gram or as C/10"),
        ('source = "Fig. 2"\n', "", "exp.toml: target 1: source is missing; say where the value is from"),
        ('rate = "0.1C"\n', "", 'exp.toml: target 1: rate is missing; add the current, rate = "C/10" or "100 mA/g"'),
        ('direction = "insertion"\n', "", 'exp.toml: target 1: direction is missing; add direction = "insertion" (or "extraction")'),
        (
            'ion = "Na"\n', GOOD,
            "exp.toml: has curves and targets, whose errors are not of one kind; write two files",
        ),
        (
            TARGETS.partition("[[target]]")[2], "\n", "exp.toml: target 1: direction is missing",
        ),
    ],
)  # fmt: skip
def test_mistakes_in_targets(folder, old, new, message):
    assert failure(folder, TARGETS.replace(old, new, 1))[0].startswith(message)


def test_a_rate_of_a_target_is_read_as_in_protocols(folder):
    (told,) = failure(folder, TARGETS.replace("0.1C", "quick"))
    assert told.startswith("exp.toml: target 1: 'quick'")
