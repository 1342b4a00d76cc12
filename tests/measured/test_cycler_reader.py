"""Files in the shape of each maker's export, against the log that they were made from."""

from __future__ import annotations

import importlib.util
import math
import sys
import types
import zipfile

import numpy as np
import pytest
from cycler_files import CURRENT_MA, HALVES_MAH, OTHERS, WRITERS, Style, log, neware, plain, table

from sbpath import InputError
from sbpath.measured.halves import measured_halves
from sbpath.measured.reader import read_cycler_file

ROWS = log()
ENCODINGS = {
    "utf-8": "utf-8",
    "utf-16": "utf-16",
    "utf-16 without a mark": "utf-16-le",
    "cp1252": "cp1252",
    "gb18030": "gb18030",
}


def check(curve, rows=ROWS):
    """Every row is read as it was logged."""
    assert len(curve.time_s) == len(rows)
    np.testing.assert_allclose(curve.time_s, [row.time for row in rows], atol=0.51)
    np.testing.assert_allclose(curve.voltage_V, [row.volts for row in rows], atol=6e-5)
    np.testing.assert_allclose(curve.current_A, [-1e-3 * row.mA for row in rows], atol=1e-9)
    halves = measured_halves(curve, 1e-3)
    assert [half.direction for half in halves] == ["insertion", "extraction"] * 2
    np.testing.assert_allclose(
        [half.capacity_mAh_per_g for half in halves], [1e3 * q for q in HALVES_MAH], rtol=0.01
    )


@pytest.mark.parametrize("name", [*WRITERS, *OTHERS])
@pytest.mark.parametrize("form", ["as it is", "utf-16", "decimal comma", "sign turned"])
def test_every_format(tmp_path, name, form):
    style = Style(comma=form == "decimal comma", sign=-1 if form == "sign turned" else 1)
    file = tmp_path / "cell.txt"
    file.write_bytes((WRITERS | OTHERS)[name](ROWS, style).encode("utf-16" if form == "utf-16" else "utf-8"))
    curve = read_cycler_file(file)
    check(curve)
    assert curve.source.decimal_comma == style.comma
    assert len(curve.source.sha256) == 64
    assert any("is insertion: so the voltage falls" in sentence for sentence in curve.assumed)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_encodings(tmp_path, encoding):
    name = "Neware Chinese" if encoding == "gb18030" else "dates only"
    text = WRITERS[name](ROWS, Style())
    file = tmp_path / "cell.csv"
    file.write_bytes(text.encode(ENCODINGS[encoding]))
    check(read_cycler_file(file))


@pytest.mark.parametrize(("name", "encoding"), [("Hokuto", "shift_jis"), ("Korean", "cp949")])
def test_encodings_of_other_scripts(tmp_path, name, encoding):
    file = tmp_path / "cell.csv"
    file.write_bytes(OTHERS[name](ROWS, Style()).encode(encoding))
    curve = read_cycler_file(file)
    check(curve)
    assert curve.source.encoding == encoding


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(tmp_path, end):
    file = tmp_path / "cell.csv"
    file.write_bytes(plain(ROWS, Style()).replace("\n", end).encode())
    check(read_cycler_file(file))


def written(tmp_path, text, name="cell.csv"):
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    return file


def changed(text, line, old, new):
    """`text` with `old` replaced in a line, counted from 1."""
    lines = text.split("\n")
    assert old in lines[line - 1]
    lines[line - 1] = lines[line - 1].replace(old, new, 1)
    return "\n".join(lines)


def failure(file, **options):
    with pytest.raises(InputError) as caught:
        read_cycler_file(file, **options)
    assert len(caught.value.problems) == 1
    return str(caught.value).replace(str(file), "F")


# -- what is said --------------------------------------------------------------------------------


def test_rows_left_out_are_named(tmp_path):
    lines = plain(ROWS, Style()).splitlines()
    for number, cell in ((20, ""), (30, "nan"), (40, "inf"), (50, "1,1")):
        cells = lines[number].split(",")
        lines[number] = ",".join([*cells[:2], cell]) if cell != "1,1" else ",".join([*cells, "7"])
    lines[-1] = lines[-1].split(",")[0]
    curve = read_cycler_file(written(tmp_path, "\n".join(lines)))
    assert curve.assumed[:2] == (
        f"2 rows left out, cut, or not of the table: lines 51, {len(lines)}.",
        "3 rows left out, time, voltage or current is not a number: lines 21, 31, 41.",
    )
    assert len(curve.time_s) == len(ROWS) - 5


def test_capacity_that_restarts_gives_the_unit_of_the_current(tmp_path):
    """The micro sign was lost in another program."""
    text = neware(ROWS, Style()).replace("Current(mA)", "Current(\ufffdA)")
    curve = read_cycler_file(written(tmp_path, text))
    check(curve)
    assert (
        "Unit of current (Current(\ufffdA)) is mA: current times time is then the file's capacity."
        in curve.assumed
    )


def test_capacity_that_disagrees_is_said(tmp_path):
    rows = [
        row.__class__(**{**row.__dict__, "charged": 1.05 * row.charged, "discharged": 1.05 * row.discharged})
        for row in ROWS
    ]
    curve = read_cycler_file(written(tmp_path, WRITERS["Battery Archive"](rows, Style())))
    assert "Current times time is 4.8 % below the file's own capacity." in curve.assumed


def test_a_current_of_few_digits_is_said(tmp_path):
    """0.06 mA as 0.0001 A."""
    lines = WRITERS["Battery Archive"](ROWS, Style()).splitlines()
    at = lines[0].split(",").index("Current (A)")
    for i, line in enumerate(lines[1:], 1):
        cells = line.split(",")
        cells[at] = f"{float(cells[at]):.4f}"
        lines[i] = ",".join(cells)
    curve = read_cycler_file(written(tmp_path, "\n".join(lines)))
    assert (
        "Current times time is 66.7 % above the file's own capacity, for it is written in steps of 0.1 mA; export more digits."
        in curve.assumed
    )


def test_capacity_that_is_far_off_is_refused(tmp_path):
    text = WRITERS["Battery Archive"](ROWS, Style()).replace("Current (A)", "Current (mA)")
    assert failure(written(tmp_path, text)) == (
        "F: the file's own capacity is 1e+03 times current times time; a unit of time, current or capacity is wrong; state it, "
        "for example --unit current=A"
    )
    check(read_cycler_file(tmp_path / "cell.csv", unit={"current": "A"}))


def test_currents_without_sign_follow_the_capacity_that_grows(tmp_path):
    rows = [row.__class__(**{**row.__dict__, "mA": abs(row.mA)}) for row in ROWS]
    curve = read_cycler_file(written(tmp_path, WRITERS["Battery Archive"](rows, Style())))
    assert "Currents have no sign in the file; it is taken from the capacity that grows." in curve.assumed
    assert [half.direction for half in measured_halves(curve, 1e-3)] == ["insertion", "extraction"] * 2


def test_a_clock_that_restarts_in_each_step_is_joined(tmp_path):
    text = neware(ROWS, Style()).replace("Total Time", "Other")
    curve = read_cycler_file(written(tmp_path, text))
    check(curve)
    assert "Time (Time) restarts 6 times, at changes of step; joined end to end." in curve.assumed


def test_repeated_headings_begin_a_step(tmp_path):
    curve = read_cycler_file(written(tmp_path, OTHERS["Gamry in pieces"](ROWS, Style())))
    assert [sentence.partition(":")[0] for sentence in curve.assumed[:3]] == [
        "12 rows left out, cut, or not of the table",
        "A step is taken to begin where the headings are repeated, before lines 22, 146, 156, 269, 387, 397.",
        "Time (T) restarts 6 times, at changes of step; joined end to end.",
    ]


def test_a_time_of_day_beside_its_date(tmp_path):
    """Also where the user names the time; a clock that runs on through midnight is none."""
    text = OTHERS["date and time of day"](ROWS, Style())
    file = written(tmp_path, text)
    assert "Time is the time of the day in Date." in read_cycler_file(file).assumed
    check(read_cycler_file(file, column={"time": "Time"}))
    elapsed = table(
        ["Date", "Time", "Voltage[V]", "Current[mA]"],
        [[f"{r.date:%Y/%m/%d}", f"{int(r.time // 3600):02d}:{int(r.time % 3600 // 60):02d}:00", f"{r.volts:.6f}", f"{r.mA:.6f}"]
         for r in ROWS[:200]],
        ",",
    )  # fmt: skip
    curve = read_cycler_file(written(tmp_path, elapsed))
    np.testing.assert_allclose(curve.time_s, [row.time for row in ROWS[:200]])
    assert "Time is the time of the day in Date." not in curve.assumed


@pytest.mark.parametrize("form", ["%Y/%m/%d", "%a %b %d %H:%M:%S %Y", "%Y%m%d %H%M%S"])
def test_dates_without_a_time_of_day_or_that_cannot_be_read(tmp_path, form):
    dates = [f"{row.date:{form}}" for row in ROWS]
    text = table(
        ["Date", "E/V", "I/mA"],
        [[d, f"{r.volts:.6f}", f"{r.mA}"] for d, r in zip(dates, ROWS, strict=True)],
        ",",
    )
    assert failure(written(tmp_path, text)) == (
        f"F: line 1: no time can be read from 'Date' ('{dates[0]}'); give a clock in s, min or h, or dates with a time of day such "
        'as 2024-03-28 22:15:00, --column time="..."'
    )


def test_commas_between_thousands(tmp_path):
    rows = [[f'"{r.time:,.0f}"', f"{r.volts:.6f}", f"{r.mA:.6f}"] for r in ROWS]
    curve = read_cycler_file(written(tmp_path, table(["time/s", "E/V", "I/mA"], rows, ",")))
    check(curve)
    assert curve.assumed[0] == "Commas in numbers separate thousands."
    rows = [[f"{r.time:.0f}", f'"{r.volts:.3f}"'.replace(".", ","), f"{r.mA:.6f}"] for r in ROWS]
    assert "has a decimal comma" in failure(written(tmp_path, table(["time/s", "E/V", "I/mA"], rows, ",")))


def test_commas_between_thousands_beside_decimal_commas(tmp_path):
    rows = [[f"{r.time:,.1f}", f"{r.volts:.6f}".replace(".", ","), f"{r.mA:.6f}"] for r in ROWS]
    assert "'2,000000' has a decimal comma, and '1,200.0' a decimal point" in failure(
        written(tmp_path, table(["time/s", "E/V", "I/mA"], rows, ";"))
    ).replace(f"{ROWS[0].volts:.6f}".replace(".", ","), "2,000000")


def test_the_current_of_a_column_without_a_unit(tmp_path):
    """The units that are suggested are those that make a current of a half-cell, by mass if it is known."""
    file = written(tmp_path, SILENT)
    in_mA = written(
        tmp_path, plain([row_with(r, mA=1e3 * r.mA) for r in ROWS], Style()).replace("I_A", "I"), "mA.csv"
    )
    zero = written(
        tmp_path, plain([row_with(r, mA=0.0) for r in ROWS], Style()).replace("I_A", "I"), "zero.csv"
    )
    for path, mass, hint in (
        (file, None, "A (up to 0.06 mA)"),
        (in_mA, None, "mA (up to 0.06 mA) or A (up to 60 mA)"),
        (in_mA, 1.2e-3, "mA (up to 50 mA/g)"),
        (zero, None, "mA (all are 0)"),
    ):
        assert failure(path, mass_g=mass).endswith(f"--unit current={hint}")
    check(read_cycler_file(in_mA, unit={"current": "mA"}))


@pytest.mark.parametrize(
    ("unit", "first", "per_second"),
    [("d", 45379.92708, 1 / 86400), ("ms", 1.711664100e12, 1000.0), ("s", 1.711664100e9, 1.0)],
)
def test_dates_that_are_numbers(tmp_path, unit, first, per_second):
    rows = [[f"{first + r.time * per_second:.9f}", f"{r.volts:.6f}", f"{r.mA:.6f}"] for r in ROWS]
    file = written(tmp_path, table(["Date_Time", "E/V", "I/mA"], rows, ","))
    assert failure(file) == f"F: line 1: 'Date_Time' has no known unit; state it: --unit time={unit}"
    curve = read_cycler_file(file, unit={"time": unit})
    check(curve)
    assert curve.stated == (f"unit of time {unit}",)


def test_millivolts_under_a_heading_in_volts(tmp_path):
    rows = [row_with(row, volts=1e3 * row.volts) for row in ROWS]
    file = written(tmp_path, plain(rows, Style()))
    top = 1e3 * max(row.volts for row in ROWS)
    assert failure(file) == (
        f"F: line 1: the voltages 'E_V' go up to {top:.4g} V; state their unit (--unit voltage=mV), or name another column "
        "(--column voltage=...)"
    )
    check(read_cycler_file(file, unit={"voltage": "mV"}))


def test_a_time_of_the_day_passes_midnight(tmp_path):
    curve = read_cycler_file(written(tmp_path, OTHERS["unnamed channels"](ROWS, Style())))
    days = (ROWS[-1].date.date() - ROWS[0].date.date()).days
    assert curve.assumed[0] == f"Time is the time of the day; it passes midnight {days} times."


def test_steps_of_almost_a_day_are_no_times_of_the_day(tmp_path):
    """Their clock falls where the step changes."""
    rows = [
        [
            f"{step}",
            f"{int(t // 3600):02d}:{int(t % 3600 // 60):02d}:00",
            f"{1.0 - 0.01 * sign * t / 3600:.6f}",
            f"{-0.06 * sign}",
        ]
        for step, sign in ((1, 1), (2, -1))
        for t in range(0, 85000, 600)
    ]
    curve = read_cycler_file(written(tmp_path, table(["Step", "Time", "E/V", "I/mA"], rows, ",")))
    assert curve.time_s[-1] == pytest.approx(2 * 84600.0)
    assert "Time (Time) restarts 1 times, at changes of step; joined end to end." in curve.assumed


def test_two_unnamed_channels_of_one_unit_are_refused(tmp_path):
    text = OTHERS["unnamed channels"](ROWS, Style()).replace("[mA]", "[V]")
    assert "no column of current among 'Time', 'CH1-1[V]', 'CH1-2[V]'" in failure(written(tmp_path, text))
    assert "two columns of voltage, 'CH1-1[V]' and 'CH1-2[V]'" in failure(
        tmp_path / "cell.csv", current="0.06 mA"
    )


def test_a_column_with_a_unit_comes_before_one_without(tmp_path):
    rows = [[f"{r.volts:.3f}", f"{r.time:.0f}", f"{r.volts:.6f}", f"{r.mA:.6f}"] for r in ROWS]
    curve = read_cycler_file(
        written(tmp_path, table(["Voltage", "Test Time / s", "Voltage / V", "Current / mA"], rows, ","))
    )
    check(curve)
    assert "Voltage is Voltage / V, not Voltage." in curve.assumed


def test_headings_with_spaces_are_not_split_at_them(tmp_path):
    rows = [[str(r.number), f"{r.time:.0f}", f"{r.volts:.6f}", f"{r.mA:.6f}"] for r in ROWS]
    text = table(["Index", "Relative Time (s)", "Reading (V)", "Source Current (mA)"], rows, ",")
    assert "no column of voltage among 'Index', 'Relative Time (s)', 'Reading (V)'" in failure(
        written(tmp_path, text), column={"current": "Source Current (mA)"}
    )


def test_current_per_area_of_one_square_centimetre(tmp_path):
    text = OTHERS["CorrWare"](ROWS, Style()).replace("I(Amps)", "I(A/cm2)")
    file = written(tmp_path, text)
    assert "for an area of 1 cm2, --column current='I(A/cm2)' --unit current=A (or mA)" in failure(file)
    check(read_cycler_file(file, column={"current": "I(A/cm2)"}, unit={"current": "A"}))


def test_a_row_out_of_time_is_left_out(tmp_path):
    lines = plain(ROWS, Style()).splitlines()
    lines[100] = lines[100].replace(lines[100].split(",")[0], "0.0", 1)
    curve = read_cycler_file(written(tmp_path, "\n".join(lines)))
    assert curve.assumed[0] == "1 row left out, time steps back there for one row: line 101."


def test_time_that_runs_backwards_is_refused(tmp_path):
    lines = plain(ROWS, Style()).splitlines()
    file = written(tmp_path, "\n".join([lines[0], *lines[100:], *lines[1:100]]))
    assert failure(file) == (
        f"F: line {len(lines) - 99 + 1}: time runs backwards, from {ROWS[-1].time:g} to 0 s; name another clock (--column time=...), "
        "or leave out what is recorded twice"
    )


def test_column_of_a_preferred_meaning_is_taken_and_said(tmp_path):
    text = WRITERS["EC-Lab"](ROWS, Style()).replace("control/V/mA", "Ecell/V")
    curve = read_cycler_file(written(tmp_path, text, "cell.mpt"))
    check(curve)
    assert "Voltage is Ewe/V, not Ecell/V." in curve.assumed
    assert curve.source.maker == "BioLogic"


def test_columns_and_units_can_be_stated(tmp_path):
    text = plain(ROWS, Style()).replace("t_s,I_A,E_V", "a,b,c")
    options = {
        "column": {"time": "a", "current": 2, "voltage": "c"},
        "unit": {"time": "s", "current": "A", "voltage": "V"},
    }
    curve = read_cycler_file(written(tmp_path, text), **options)
    check(curve)
    assert curve.stated[0] == "column of time 'a'"
    headless = text.partition("\n")[2]
    options["column"] = {"time": 1, "current": 2, "voltage": 3}
    curve = read_cycler_file(written(tmp_path, headless), **options)
    check(curve)
    assert curve.source.header_row is None


def test_sign_can_be_stated(tmp_path):
    file = written(tmp_path, plain(ROWS, Style()))
    assert "insertion first" in read_cycler_file(file, first="insertion").stated
    turned = read_cycler_file(file, first="extraction", flip_current=True)
    np.testing.assert_array_equal(turned.current_A, -read_cycler_file(file).current_A)
    assert (
        turned.assumed[-1] == "Positive current in the file is insertion: as you stated, against the voltage."
    )


# -- what is refused -----------------------------------------------------------------------------

SILENT = plain(ROWS, Style()).replace("t_s,I_A,E_V", "Time,Current,Voltage")
TWO = WRITERS["EC-Lab"](ROWS, Style()).replace("dq/mA.h", "I/mA").replace("<I>", "I")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "F: is empty; give the file that the cycler exported"),
        (" \n\n", "F: is empty; give the file that the cycler exported"),
        ("hello\nworld\n", "F: no line of headings such as time/s, Ewe/V and I/mA is in it; give their numbers or names, "
         "--column time=1 --column current=2 --column voltage=3"),
        ("time/s,Ewe/V\n0,1\n1,2\n", "F: line 1: no column of current among 'time/s', 'Ewe/V'; name it: --column current=\"...\", "
         "or state a constant one: --current 0.06mA"),
        ("I/mA,Ewe/V\n0,1\n1,2\n", "F: line 1: no column of time among 'I/mA', 'Ewe/V'; name it: --column time=\"...\""),
        ("time/s,I/mA,Ewe/V\n", "F: has headings but no rows below them; give a file with records"),
        ("time/s,I/mA,Ewe/V\n1,2,3\n", "F: has no two rows with time, voltage and current; give a file with records"),
        ("time/s,Ewe/V,I (mA/g)\n0,1,2\n1,2,2\n", "F: line 1: the current 'I (mA/g)' is per gram; state the mass that it refers to "
         "(--mass 1.2mg)"),
        ("time/s,Ewe/V,I (mA/cm2)\n0,1,2\n1,2,2\n", "F: line 1: the current 'I (mA/cm2)' is per area; give a column in A, mA or mA/g, "
            "or, for an area of 1 cm2, --column current='I (mA/cm2)' --unit current=A (or mA)"),
        ("time/s,I/mA,Ewe/V\n0,5,0,1,1,1\n1,5,0,1,1,0\n", "F: line 2: has more cells than there are headings (3); with a decimal "
         "comma, cells are separated by semicolons or tabs"),
        ("time/s;I/mA;Ewe/V\n0;0,5;1.5\n1;0,5;1.4\n", "F: '0,5' has a decimal comma, and '1.5' a decimal point; export it again with one"),
        (SILENT, "F: line 1: 'Time', 'Voltage', 'Current' have no known unit; state it: --unit time=s --unit voltage=V "
         "--unit current=A (up to 0.06 mA)"),
        ("time/s,I/mA,Ewe/V\n0,x,1\n1,y,1\n2,z,1\n3,x,1\n4,1,1\n", "F: line 2: time, voltage or current is not a number, and in 3 of 5 rows more; "
         "is the decimal mark or a column wrong?"),
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_refused(tmp_path, text, message):
    assert failure(written(tmp_path, text)) == message


def test_two_columns_of_one_meaning_are_refused(tmp_path):
    line = TWO.split("\n").index(next(line for line in TWO.split("\n") if line.startswith("mode"))) + 1
    assert failure(written(tmp_path, TWO)) == (
        f"F: line {line}: two columns of current, 'I/mA' and 'I/mA'; name one: --column current=\"...\" or its number, 12 or 13"
    )
    check(read_cycler_file(tmp_path / "cell.csv", column={"current": 12}))


BINARY = {
    "cell.xlsx": (b"PK\x03\x04rest", "is a packed file, such as a workbook of Excel (.xlsx), which is not read; in Excel, save the "
                  "sheet with the records as CSV; in Neware's BTSDA, export CSV"),
    "cell.xls": (b"\xd0\xcf\x11\xe0rest", "is an Excel workbook (.xls), which is not read; save the sheet with the records as CSV "
                 "(File, Save as)"),
    "cell.mpr": (b"BIO-LOGIC MODULAR FILE\x1a\0\0", "is a binary file of EC-Lab or BT-Lab (.mpr), which is not read; export it as text "
                 "(.mpt)"),
    "cell.res": (b"\0\1\0\0Standard Jet DB\0", "is a database of Arbin (.res), which is not read; export it as CSV with Arbin's Data "
                 "Watcher or MITS Pro"),
    "cell.xml": (b"\xef\xbb\xbf<?xml version='1.0'?>", "is an XML file, which is not read; export the records as CSV, from Excel if it "
                 "opens there"),
    "cell.bin": (bytes(range(256)) * 20, "is not a file of text; export it from the cycler's program as text or CSV"),
    "cell.nul": (b"time/s,I/mA\0,Ewe/V\n1,2,3\n", "is not a file of text; export it from the cycler's program as text or CSV"),
}  # fmt: skip


@pytest.mark.parametrize("name", BINARY)
def test_binary_files_are_refused_with_a_way_out(tmp_path, name):
    content, message = BINARY[name]
    (tmp_path / name).write_bytes(content)
    assert failure(tmp_path / name) == f"F: {message}"


def test_sign_that_contradicts_the_first_direction(tmp_path):
    file = written(tmp_path, plain(ROWS, Style()))
    assert failure(file, first="extraction") == (
        "F: first is extraction, but the voltage falls in half cycles 1, 3; correct it, or --flip-current if the voltage is that of "
        "the other electrode"
    )


def test_sign_that_the_voltage_does_not_tell(tmp_path):
    rows = [
        row.__class__(**{**row.__dict__, "volts": 1.0 + 0.1 * math.sin(0.7 * row.number)}) for row in ROWS
    ]
    rows = [*rows[:-1], row_with(rows[-1], volts=rows[-2].volts)]
    flat = [row_with(row, volts=1.0) for row in rows]
    assert failure(written(tmp_path, plain(flat, Style()))).startswith(
        "F: which current is insertion cannot be told"
    )
    curve = read_cycler_file(tmp_path / "cell.csv", first="insertion")
    assert (
        curve.assumed[-1]
        == "Negative current in the file is insertion: as you stated; the voltage does not tell."
    )
    assert curve.current_A.max() == pytest.approx(1e-3 * CURRENT_MA)


def row_with(row, **changes):
    return row.__class__(**{**row.__dict__, **changes})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"column": {"curent": "I"}}, "column: curent: there is no such quantity; did you mean 'current'?"),
        (
            {"column": {"current": "I_B"}},
            "F: column of current: there is no heading 'I_B'; did you mean 'I_A'?",
        ),
        ({"unit": {"current": "mV"}}, "unit: current = 'mV': is no unit of current; write A, mA or uA"),
        ({"first": "down"}, "first: must be 'insertion' or 'extraction', not 'down'"),
    ],
)
def test_wrong_options(tmp_path, options, message):
    assert failure(written(tmp_path, plain(ROWS, Style())), **options) == message


def test_no_regular_file(tmp_path):
    import os

    os.mkfifo(tmp_path / "pipe.csv")
    assert (
        failure(tmp_path / "pipe.csv")
        == "F: file: is not a regular file; give the path of a file of a cycler"
    )
    assert failure(tmp_path) == "F: file: is not a regular file; give the path of a file of a cycler"
    assert "cannot be read: No such file or directory" in failure(tmp_path / "none.csv")


def test_a_million_columns_take_no_time(tmp_path):
    text = "time/s," * 1_000_000 + "\n" + "1," * 1_000_000
    assert failure(written(tmp_path, text)).startswith("F: no line of headings")


def test_zeros_at_the_end_of_a_file(tmp_path):
    """After a power cut."""
    file = tmp_path / "cell.csv"
    file.write_bytes(plain(ROWS, Style()).encode() + b"\0" * 4096)
    check(read_cycler_file(file))


@pytest.mark.parametrize(
    ("uA", "said"),
    [
        (0.0, "No current flows: there is no half cycle."),
        (8.0, "No current flows but 8 uA or less at rest: there is no half cycle."),
    ],
)
def test_an_open_circuit_file(tmp_path, uA, said):
    rows = [row_with(row, mA=1e-3 * uA) for row in ROWS]
    lines = plain(rows, Style()).splitlines()
    text = "\n".join([f"{lines[0]},state", *(f"{line},Rest" for line in lines[1:])])
    assert read_cycler_file(written(tmp_path, text)).assumed == (said,)


# -- files without current, and per gram -----------------------------------------------------------


def two_columns(heading, values):
    lines = [f"{value:.9g}\t{row.volts:.6f}" for row, value in values]
    return "\n".join([f"{heading}\tVoltage (V)", *lines])


FLOWING = [row for row in ROWS if row.mA]
TWO_COLUMNS = {
    "capacity that starts anew": ("Capacity (mAh)", [(row, row.capacity) for row in FLOWING]),
    "capacity per gram": ("Specific capacity (mAh/g)", [(row, row.capacity / 1.2e-3) for row in FLOWING]),
    "capacity that goes back": ("Q/mA.h", [(row, row.discharged - row.charged) for row in FLOWING]),
    "time": ("time/s", [(row, row.time) for row in FLOWING]),
}


@pytest.mark.parametrize("name", TWO_COLUMNS)
@pytest.mark.parametrize("current", ["0.06 mA", "50 mA/g"])
def test_two_columns_and_a_stated_current(tmp_path, name, current):
    file = written(tmp_path, two_columns(*TWO_COLUMNS[name]))
    curve = read_cycler_file(file, current=current, mass_g=1.2e-3)
    halves = measured_halves(curve, 1e-3)
    assert [half.direction for half in halves] == ["insertion", "extraction"] * 2
    np.testing.assert_allclose(
        [half.capacity_mAh_per_g for half in halves], [1e3 * q for q in HALVES_MAH], rtol=0.03
    )
    assert f"constant current {current}" in curve.stated
    assert "The file has no current; its direction is taken from the voltage." in curve.assumed


def test_current_per_gram_is_times_the_stated_mass(tmp_path):
    rows = [row_with(row, mA=1e3 * row.mA / 1.2e-3) for row in ROWS]
    file = written(tmp_path, plain(rows, Style()).replace("I_A", "I (mA/g)"))
    curve = read_cycler_file(file, mass_g=1.2e-3)
    check(curve)
    assert "I (mA/g) is taken per gram of the 1.2 mg that you stated." in curve.assumed


@pytest.mark.parametrize(
    ("current", "mass", "message"),
    [
        ("C/10", None, "current: 'C/10' needs the mass of host; state it (--mass 1.2mg), or write a current in mA"),
        ("C/10", 1e-3, "current: 'C/10' needs the capacity of the host; write 0.06 mA or 50 mA/g"),
        ("5 V", None, "current: '5 V' is no current; write 0.06 mA, 50 mA/g or C/10"),
        ("0.06 mA", None, "F: line 1: the capacity 'Specific capacity (mAh/g)' is per gram; state the mass that it refers to "
         "(--mass 1.2mg)"),
        ("50 mA/g", 1.2e-3, "F: line 1: 'Capacity' has no known unit; state it: --unit capacity=mAh"),
        ("0.06 mA", 0.0, "mass_g: must be a number above 0, not 0.0"),
    ],
)  # fmt: skip
def test_what_a_stated_current_needs(tmp_path, current, mass, message):
    heading, values = TWO_COLUMNS["capacity per gram"]
    file = written(tmp_path, two_columns("Capacity" if "'Capacity'" in message else heading, values))
    assert failure(file, current=current, mass_g=mass, capacity_mAh_per_g=None) == message


def test_a_stated_current_beside_a_column_of_it(tmp_path):
    file = written(tmp_path, plain(ROWS, Style()))
    assert failure(file, current="1 mA") == "current: F has a column of current, 'I_A'; leave one out"


# -- binary files of Neware ------------------------------------------------------------------------


def test_binary_files_of_neware_need_an_extra(tmp_path):
    if importlib.util.find_spec("fastnda"):
        pytest.skip("it is installed")
    (tmp_path / "cell.ndax").write_bytes(b"PK\x03\x04rest")
    assert failure(tmp_path / "cell.ndax") == (
        "F: needs fastnda, which is not installed; pip install 'sbpath[neware]', or export CSV with BTSDA"
    )


def test_binary_files_of_neware_are_read_as_their_records(tmp_path, monkeypatch):
    """With the columns that fastnda 1.3 gives."""
    heads = "index,voltage_V,current_mA,unix_time_s,step_time_s,total_time_s,cycle_count,step_count,step_index,step_type,capacity_mAh"
    lines = [
        f"{r.number},{r.volts:.6f},{r.mA:.6f},{1.7e9 + r.time:.3f},{r.in_step:.3f},{r.time:.3f},{r.cycle},{r.step},{r.step},"
        f"CC_{r.state},{r.capacity:.6f}"
        for r in ROWS
    ]
    table = types.SimpleNamespace(write_csv=lambda: "\n".join([heads, *lines]) + "\n")
    monkeypatch.setitem(sys.modules, "fastnda", types.SimpleNamespace(read=lambda path: table))
    with zipfile.ZipFile(tmp_path / "cell.ndax", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("data.ndc", b"\0" * 100_000)
    check(read_cycler_file(tmp_path / "cell.ndax"))

    def damaged(path):
        raise KeyError("record")

    monkeypatch.setitem(sys.modules, "fastnda", types.SimpleNamespace(read=damaged))
    assert (
        failure(tmp_path / "cell.ndax") == "F: fastnda cannot read it ('record'); export it as CSV with BTSDA"
    )
    # 100 kB that are packed into 0.3 kB.
    monkeypatch.setattr("sbpath.measured.layout.MOST_BYTES", 50_000)
    assert failure(tmp_path / "cell.ndax").startswith("F: unpacks to 100,000 bytes, more than 50,000; export")
