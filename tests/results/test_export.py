"""Writing solutions out and reading them back, with the readers' own libraries as oracles."""

import copy
import csv
import dataclasses
import json
import os
import pickle
import sys
import zipfile

import numpy as np
import pandas as pd
import pytest
from bare import bare
from pydantic import ValidationError

from sbpath import (
    InputError,
    Protocol,
    SimulationError,
    Solution,
    load_solution,
    load_sweep,
    simulate,
    simulate_again,
)
from sbpath.archive import write_archive
from sbpath.results.export import columns, to_bdf, to_csv, to_dataframe

PROTOCOL = [
    (
        "Insert at C/5 until 0.05 V",
        "Rest for 1 hour",
        "Extract at C/5 until 1.5 V",
        "Hold at 1.5 V until C/50",
    ),
    ("Sweep at 1 mV/s from 1.5 V to 0.3 V", "Sweep at 1 mV/s from 0.3 V to 1.5 V"),
]
MASS_G = 2.5e-3
HEADINGS = [
    "Time [s]",
    "Cycle",
    "Step",
    "Direction",
    "Current [A.g-1]",
    "Potential [V]",
    "Voltage [V]",
    "Temperature [degC]",
    "x",
    "Specific capacity [mA.h.g-1]",
]
WRITERS = {"csv": (to_csv, "run.csv"), "bdf": (to_bdf, "run.bdf.csv"), "npz": (Solution.save, "run.npz")}


@pytest.fixture(scope="module")
def solution():
    # The solid electrolyte has a resistance, so that potential and voltage differ.
    return simulate(bare("li-sb-llzo"), PROTOCOL, electrode_mass_g=MASS_G, temperature_C=60.0, progress=False)


@pytest.fixture(params=list(WRITERS))
def writer(request):
    return WRITERS[request.param]


def read_csv(path):
    """The table by the standard library alone: heading -> list of text."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {heading: [row[heading] for row in rows] for heading in rows[0]}


def lobatto(step, *integrands):
    """Integral over one step by the rule whose nodes the rows are: exact, not a trapezoid."""
    time, product = step["time"], np.prod(integrands, axis=0)
    size = time[3::3] - time[:-1:3]
    return float(
        (size / 12.0 * (product[:-1:3] + 5.0 * product[1::3] + 5.0 * product[2::3] + product[3::3])).sum()
    )


# -- the table ------------------------------------------------------------------------------


def test_columns_have_the_headings_in_order(solution):
    fractions = [f"Phase fraction: {name}" for name in solution.phases]
    assert list(columns(solution)) == HEADINGS + fractions
    assert {len(column) for column in columns(solution).values()} == {len(solution.time_s)}
    assert set(columns(solution)["Direction"]) == {"insertion", "extraction", "rest"}


def test_columns_hold_what_their_headings_say(solution):
    table = columns(solution)
    assert not np.array_equal(solution.potential_V, solution.voltage_V)
    for heading, expected in (
        ("Time [s]", solution.time_s),
        ("Cycle", solution.cycle),
        ("Step", solution.step),
        ("Current [A.g-1]", solution.current_A_per_g),
        ("Potential [V]", solution.potential_V),
        ("Voltage [V]", solution.voltage_V),
        ("Temperature [degC]", solution.temperatures_C),
        ("x", solution.composition),
        ("Specific capacity [mA.h.g-1]", solution.capacity_mAh_per_g),
        *(
            (f"Phase fraction: {name}", np.clip(solution.fraction(name), 0.0, 1.0))
            for name in solution.phases
        ),
    ):
        np.testing.assert_array_equal(table[heading], expected, err_msg=heading)
    for record in solution.steps:
        # A voltage step may carry both directions; the others have one.
        if str(record.step).startswith(("Insert", "Extract", "Rest")):
            assert set(table["Direction"][record.first : record.last]) == {record.direction}


def test_csv_reads_back_to_the_last_bit(solution, tmp_path):
    table = columns(solution)
    assert to_csv(solution, tmp_path / "run.csv") == tmp_path / "run.csv"
    found = read_csv(tmp_path / "run.csv")
    assert list(found) == list(table)
    assert found.pop("Direction") == table.pop("Direction")
    for heading, text in found.items():
        kind = int if heading in ("Cycle", "Step") else float
        assert [kind(t) for t in text] == table[heading].tolist(), heading


def test_dataframe_is_the_same_table_as_the_csv(solution, tmp_path):
    frame = to_dataframe(solution)
    written = pd.read_csv(to_csv(solution, str(tmp_path / "run.csv")))
    pd.testing.assert_frame_equal(frame, written, rtol=1e-12, atol=0.0)
    assert frame["Cycle"].dtype == np.int64
    frame.loc[0, "x"] = 9.0
    assert solution.composition[0] != 9.0


def test_charge_and_energy_from_the_csv_are_those_of_the_solution(solution, tmp_path):
    found = read_csv(to_csv(solution, tmp_path / "run.csv"))
    time, current, voltage = (
        np.array(found[heading], dtype=float) for heading in ("Time [s]", "Current [A.g-1]", "Voltage [V]")
    )
    energy = 0.0
    for record in solution.steps:
        rows = slice(record.first, record.last)
        step = {"time": time[rows]}
        charge = lobatto(step, current[rows]) / 3.6
        energy += lobatto(step, voltage[rows], current[rows])
        # Charge is exact under current control; under voltage control to the tolerance.
        tolerance = 1e-9 if str(record.step).startswith(("Insert", "Extract", "Rest")) else 1e-3
        assert charge == pytest.approx(record.charge_mAh_per_g, rel=tolerance, abs=1e-9), record
    assert energy == pytest.approx(solution.energy_J_per_g[-1], rel=1e-9)
    plain = np.trapezoid(voltage * current, time)
    assert plain == pytest.approx(
        solution.energy_J_per_g[-1], abs=1e-3 * np.abs(solution.energy_J_per_g).max()
    )


def test_dataframe_without_pandas_says_what_to_do(solution, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(InputError, match="pip install pandas") as caught:
        to_dataframe(solution)
    assert len(caught.value.problems) == 1


# -- Battery Data Format --------------------------------------------------------------------


@pytest.fixture(scope="module")
def bdf():
    return pytest.importorskip("bdf", reason="the validator of the format: pip install batterydf")


def test_bdf_passes_the_validator_of_the_format(solution, tmp_path, bdf):
    path = to_bdf(solution, tmp_path / "run.bdf.csv")
    report = bdf.validate(path, raise_on_error=True)
    assert report["ok"]
    assert report["missing"] == report["extras"] == report["legacy_labels"] == []
    assert report["time_stats"]["monotonic"]
    assert report["n_rows"] == len(solution.time_s)


def test_bdf_reads_back_with_charging_positive(solution, tmp_path, bdf):
    frame = bdf.read(to_bdf(solution, tmp_path / "run.bdf.csv"))
    np.testing.assert_allclose(frame["Current / A"], -solution.current_A_per_g * MASS_G, rtol=1e-12)
    np.testing.assert_allclose(frame["Voltage / V"], solution.voltage_V, rtol=1e-12)
    np.testing.assert_allclose(frame["Test Time / s"], solution.time_s, rtol=1e-12)
    assert frame["Cycle Count / 1"].tolist() == solution.cycle.tolist()
    assert frame["Step Count / 1"].tolist() == solution.step.tolist()
    assert set(frame["Ambient Temperature / degC"]) == {60.0}
    # By itself, without sbpath's sign: discharging a cell lowers its voltage.
    first = frame[frame["Step Count / 1"] == 1]
    third = frame[frame["Step Count / 1"] == 3]
    assert first["Voltage / V"].iloc[-1] < first["Voltage / V"].iloc[0]
    assert (first["Current / A"] < 0.0).all()
    assert third["Voltage / V"].iloc[-1] > third["Voltage / V"].iloc[0]
    assert (third["Current / A"] > 0.0).all()


def test_bdf_capacities_and_energies_follow_the_definitions(solution, tmp_path):
    found = {
        heading: np.array(text, dtype=float)
        for heading, text in read_csv(to_bdf(solution, tmp_path / "run.bdf.csv")).items()
    }
    for quantity, unit in (("Capacity", "Ah"), ("Energy", "Wh")):
        charging = found[f"Charging {quantity} / {unit}"]
        discharging = found[f"Discharging {quantity} / {unit}"]
        net = found[f"Net {quantity} / {unit}"]
        assert charging[0] == discharging[0] == net[0] == 0.0
        assert (np.diff(charging) >= 0.0).all()
        assert (np.diff(discharging) >= 0.0).all()
        np.testing.assert_allclose(charging - discharging, net, atol=1e-12 * discharging[-1])
    time, voltage, current = (found[h] for h in ("Test Time / s", "Voltage / V", "Current / A"))
    for heading, integrand in (("Net Capacity / Ah", current), ("Net Energy / Wh", voltage * current)):
        running = np.concatenate([[0.0], np.cumsum(np.diff(time) * (integrand[1:] + integrand[:-1]) / 2.0)])
        largest = np.abs(found[heading]).max()
        np.testing.assert_allclose(running / 3600.0, found[heading], atol=1e-3 * largest)
    # The first step inserts, the second rests, the third extracts; each counts on one side.
    for record, heading in zip(solution.steps, ("Discharging", "neither", "Charging"), strict=False):
        for side in ("Charging", "Discharging"):
            column = found[f"{side} Capacity / Ah"]
            passed = column[record.last - 1] - column[record.first]
            expected = abs(record.charge_mAh_per_g) * MASS_G * 1e-3 if side == heading else 0.0
            assert passed == pytest.approx(expected, rel=1e-12)


def test_bdf_keeps_both_rows_at_a_change_of_steps(solution, tmp_path):
    found = read_csv(to_bdf(solution, tmp_path / "run.bdf.csv"))
    for record in solution.steps[1:]:
        assert found["Test Time / s"][record.first] == found["Test Time / s"][record.first - 1]
        assert found["Step Count / 1"][record.first] != found["Step Count / 1"][record.first - 1]


def test_bdf_time_begins_at_zero_in_a_continued_run(solution, tmp_path):
    more = simulate(bare("li-sb"), "Rest for 10 min", initial=solution, progress=False)
    assert more.time_s[0] == solution.time_s[-1]
    found = read_csv(to_bdf(more, tmp_path / "more.bdf.csv"))
    assert float(found["Test Time / s"][0]) == 0.0
    assert float(found["Test Time / s"][-1]) == pytest.approx(600.0)
    assert set(found["Current / A"]) == {"0.0"}


@pytest.mark.parametrize("name", ["run.csv", "run.bdf", "run", "run.txt"])
def test_bdf_asks_for_its_ending(solution, tmp_path, name):
    with pytest.raises(InputError, match=r"write run(\.txt)?\.bdf\.csv$"):
        to_bdf(solution, tmp_path / name)
    assert not list(tmp_path.iterdir())


# -- whole or not at all --------------------------------------------------------------------


def rows_then(error):
    """A csv.writer that writes ten rows and then raises `error`."""

    class Writer:
        def __init__(self, file, **options):
            self.inner = csv.writer(file, **options)

        def writerow(self, row):
            self.inner.writerow(row)

        def writerows(self, rows):
            for row, _ in zip(rows, range(10), strict=False):
                self.inner.writerow(row)
            raise error

    return Writer


@pytest.mark.parametrize(
    ("error", "expected"),
    [(OSError(28, "No space left on device"), InputError), (KeyboardInterrupt(), KeyboardInterrupt)],
)
@pytest.mark.parametrize("kind", ["csv", "bdf"])
def test_a_writer_that_fails_leaves_the_old_file(solution, tmp_path, monkeypatch, kind, error, expected):
    write, name = WRITERS[kind]
    (tmp_path / name).write_text("old")
    fake = type("csv", (), {"writer": rows_then(error)})
    monkeypatch.setattr("sbpath.files.csv", fake)
    with pytest.raises(expected):
        write(solution, tmp_path / name)
    assert [p.name for p in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "old"


def test_a_save_that_fails_leaves_the_old_file(solution, tmp_path, monkeypatch):
    def half(file, **arrays):
        file.write(b"PK half")
        raise OSError(28, "No space left on device")

    (tmp_path / "run.npz").write_text("old")
    monkeypatch.setattr(np, "savez_compressed", half)
    with pytest.raises(InputError, match="No space left"):
        solution.save(tmp_path / "run.npz")
    assert [p.name for p in tmp_path.iterdir()] == ["run.npz"]
    assert (tmp_path / "run.npz").read_text() == "old"


def test_an_old_file_is_replaced_and_nothing_else_left(solution, tmp_path, writer):
    write, name = writer
    (tmp_path / name).write_text("old")
    write(solution, tmp_path / name)
    assert [p.name for p in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).stat().st_size > 1000


def test_missing_folder(solution, tmp_path, writer):
    write, name = writer
    with pytest.raises(InputError, match="there is no folder"):
        write(solution, tmp_path / "nowhere" / name)
    assert not list(tmp_path.iterdir())


def test_a_folder_instead_of_a_file(solution, tmp_path, writer):
    write, name = writer
    (tmp_path / name).mkdir()
    with pytest.raises(InputError, match="is a folder"):
        write(solution, tmp_path / name)
    assert [p.name for p in tmp_path.rglob("*")] == [name]


def denied(*_, **__):
    raise PermissionError(13, "Permission denied")


def test_unwritable_folder(solution, tmp_path, writer, monkeypatch):
    write, name = writer
    if os.geteuid() == 0:  # root may write anywhere, so the refusal is feigned
        monkeypatch.setattr("tempfile.TemporaryFile", denied)
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(InputError, match="Permission denied"):
            write(solution, tmp_path / name)
        assert not list(tmp_path.iterdir())
    finally:
        tmp_path.chmod(0o700)


# -- save and load --------------------------------------------------------------------------


def test_save_and_load_lose_nothing(solution, tmp_path):
    loaded = load_solution(solution.save(tmp_path / "run.npz"))
    for item in dataclasses.fields(Solution):
        before, after = getattr(solution, item.name), getattr(loaded, item.name)
        if isinstance(before, np.ndarray):
            assert after.dtype == before.dtype
            np.testing.assert_array_equal(after, before)
        else:
            assert after == before, item.name
    assert loaded.final_state == solution.final_state
    assert repr(loaded) == repr(solution)


def test_a_loaded_solution_can_be_made_again_to_the_last_bit(solution, tmp_path):
    again = simulate_again(load_solution(solution.save(tmp_path / "run.npz")), progress=False)
    assert again.experiment == solution.experiment
    assert again.steps == solution.steps
    for item in dataclasses.fields(Solution):
        if isinstance(before := getattr(solution, item.name), np.ndarray):
            assert getattr(again, item.name).tobytes() == before.tobytes(), item.name


def test_a_partial_solution_can_be_saved(tmp_path):
    with pytest.raises(SimulationError) as caught:
        simulate(bare("li-sb"), ["Insert at C/10 for 1 h", "Extract at 1C for 2 h"], progress=False)
    partial = caught.value.solution
    loaded = load_solution(partial.save(tmp_path / "partial.npz"))
    assert loaded.steps[-1].outcome.failed
    to_csv(partial, tmp_path / "partial.csv")
    assert len(read_csv(tmp_path / "partial.csv")["x"]) == len(partial.time_s)


@pytest.mark.parametrize("loaded", [False, True])
def test_arrays_cannot_be_written(solution, tmp_path, loaded):
    which = load_solution(solution.save(tmp_path / "run.npz")) if loaded else solution
    for item in dataclasses.fields(Solution):
        if isinstance(array := getattr(which, item.name), np.ndarray):
            with pytest.raises(ValueError, match="read-only"):
                array[..., 0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        which.time_s = np.zeros(3)


def garbage(path):
    path.write_bytes(b"\x00\xff garbage" * 40)


def empty(path):
    path.write_bytes(b"")


def other_archive(path):
    np.savez(path, a=np.zeros(3))


def single_array(path):
    with open(path, "wb") as file:
        np.save(file, np.zeros(3))


def pickled(path):
    with open(path, "wb") as file:
        np.save(file, np.array([{}], dtype=object), allow_pickle=True)


def plain_zip(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("about", "{}")


def not_json(path):
    np.savez(path, about=np.array("{not json"))


def folder(path):
    path.mkdir()


def pipe(path):
    os.mkfifo(path)


@pytest.mark.parametrize("make", [folder, pipe])
@pytest.mark.parametrize("load", [load_solution, load_sweep])
def test_what_is_no_regular_file_is_refused_at_once(tmp_path, make, load):
    make(tmp_path / "run")
    with pytest.raises(InputError, match="run: is not a regular file"):
        load(tmp_path / "run")


@pytest.mark.parametrize("make", [garbage, empty, other_archive, single_array, pickled, plain_zip, not_json])
def test_loading_another_file_is_an_input_error(tmp_path, make):
    make(tmp_path / "run.npz")
    with pytest.raises(InputError, match=r"not a file that Solution\.save wrote"):
        load_solution(tmp_path / "run.npz")


def test_loading_a_missing_file_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="there is no such file"):
        load_solution(tmp_path / "run.npz")


# NumPy leaves its own handle to such a file open.
def test_loading_a_cut_file_is_an_input_error(solution, tmp_path):
    path = solution.save(tmp_path / "run.npz")
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(InputError, match=r"not a file that Solution\.save wrote"):
        load_solution(path)


def test_loading_another_format_says_so(solution, tmp_path, monkeypatch):
    monkeypatch.setattr("sbpath.solution.FORMAT", 99)
    path = solution.save(tmp_path / "run.npz")
    monkeypatch.undo()
    with pytest.raises(InputError, match="format 99"):
        load_solution(path)


def test_the_protocol_is_the_one_that_was_asked_for(solution):
    assert Protocol.parse(solution.protocol) == Protocol.parse(PROTOCOL)


def test_neither_a_mechanism_nor_a_result_can_be_made_to_lie(solution):
    mechanism = bare("li-sb")
    with pytest.raises(TypeError):
        mechanism.interfaces["Sb|Li2Sb"] = mechanism.interfaces["Sb|Li3Sb"]
    with pytest.raises(ValidationError):
        mechanism.ion = "Na"
    with pytest.raises(AttributeError):
        mechanism.phases["Li3Sb"].galleries.append(1)
    # A document taken out is a copy: changing it changes nothing.
    mechanism.document["phases"].clear()
    assert set(mechanism.document["phases"]) == set(mechanism.phases)
    for copied in (pickle.loads(pickle.dumps(solution)), copy.deepcopy(solution)):
        assert np.array_equal(copied.voltage_V, solution.voltage_V)
        with pytest.raises(ValueError, match="read-only"):
            copied.voltage_V[0] = 0.0


def test_a_file_whose_mechanism_was_tampered_with_is_not_loaded(solution, tmp_path):
    path = solution.save(tmp_path / "run.npz")
    with np.load(path) as stored:
        arrays = dict(stored)
    about = json.loads(str(arrays.pop("about")))
    about["experiment"]["mechanism"]["kinetics"]["growth_rate_per_s"]["value"] = 9.0
    write_archive(path, {"about": np.array(json.dumps(about)), **arrays})
    with pytest.raises(InputError, match="not the one that was simulated"):
        load_solution(path)
