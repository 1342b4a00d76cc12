"""Oracles: tables written out by hand, their round trips, and the one line that each mistake gets."""

from __future__ import annotations

import copy
import json
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sbpath.errors import InputError
from sbpath.protocol.protocol import Protocol, parse_step
from sbpath.protocol.steps import CompositionLimit, CurrentTable, TimeLimit, VoltageLimit

TIMES, CURRENTS = [0.0, 10.0, 25.5], [0.05, 0.0, -0.02]


@pytest.fixture(autouse=True)
def working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(content: str | bytes, name: str = "current.csv") -> str:
    Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return name


def message_of(call: Any, *given: Any) -> str:
    with pytest.raises(InputError) as caught:
        call(*given)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    return message


@pytest.mark.parametrize(
    ("content", "unit", "factor"),
    [
        ("time/s,current/mA\n0,50\n10,0\n25.5,-20\n", "A", 1.0),
        ("t_s,I_A_per_g\n0,0.05\n10,0\n25.5,-0.02\n", "A/g", 1.0),
        ("Time [s];Current [mA/g]\n0;50,0\n10;0\n25,5;-20\n", "A/g", 1.0),
        ("Test Time (s)\tvoltage/V\tCurrent (A)\n0\t1\t0,05\n10\t1\t0\n\n25,5\t1\t-0,02\n", "A", 1.0),
        ("t_h,I_C\r\n0,0.05\r\n2,0\r\n5.1,-0.02\r\n", "C", 720.0),
        ("Test_Time(s),Current(mA)\n0,50\n10,0\n25.5,-20\n", "A", 1.0),
        ("Time_h,current/\u00b5A\n0,50000\n2,0\n5.1,-2e4\n", "A", 720.0),
        ("time/s,current/mA\n0,7\n0,50\n10,-3\n10,4\n10,0\n25.5,-20\n", "A", 1.0),
        ('"time/min","<I>/uA"\n0,50000\n1,0\n2.55,-2e4\n', "A", 6.0),
    ],
)
def test_columns_are_found_and_converted(content: str, unit: str, factor: float) -> None:
    expected = CurrentTable([t * factor for t in TIMES], CURRENTS, unit, source="current.csv")  # type: ignore[arg-type]
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        written(content.encode(encoding))
        assert parse_step("Run current.csv") == expected


@pytest.mark.parametrize(
    ("text", "source", "limits", "period"),
    [
        ("Run current.csv", "current.csv", (), None),
        ("run current.csv until 0.05 V", "current.csv", (VoltageLimit(0.05),), None),
        ("Run a cell.CSV until x = 2 or for 5 s", "a cell.CSV", (CompositionLimit(2), TimeLimit(5)), None),
        ('Run "until  1 V" until 1 V (2 s period)', "until  1 V", (VoltageLimit(1),), 2.0),
        ("Run ./\u00b5A.txt (2 s period)", "./\u00b5A.txt", (), 2.0),
    ],
)
def test_text_names_the_file_and_reads_back(text: str, source: str, limits: Any, period: Any) -> None:
    written("t/s,I/A\n0,0.05\n10,0\n25.5,-0.02\n", source)
    step = parse_step(text)
    assert step == CurrentTable(TIMES, CURRENTS, "A", limits, period, source)  # type: ignore[arg-type]
    assert parse_step(str(step)) == step
    assert str(parse_step(str(step))) == str(step)


def test_a_protocol_document_holds_each_table_once_and_needs_no_file() -> None:
    table = CurrentTable(TIMES, CURRENTS, "C", (VoltageLimit(0.05),), 1.0, "somewhere else.csv")  # type: ignore[arg-type]
    other = CurrentTable(TIMES, CURRENTS)  # type: ignore[arg-type]
    protocol = Protocol.parse([(table, "Rest for 1 h", table, other)] * 2)
    document = json.loads(json.dumps(protocol.as_document()))
    assert len(document["tables"]) == 2
    assert Protocol.from_document(document) == protocol


def test_a_table_is_a_value() -> None:
    table = CurrentTable(TIMES, CURRENTS)  # type: ignore[arg-type]
    for twin in (pickle.loads(pickle.dumps(table)), copy.deepcopy(table)):
        assert twin == table
        assert hash(twin) == hash(table)
        assert not twin.current.flags.writeable
    assert table != CurrentTable(TIMES, CURRENTS, "A")  # type: ignore[arg-type]
    assert table.to_A_per_g(0.66, 2.0).tolist() == CURRENTS
    assert CurrentTable(TIMES, CURRENTS, "A").to_A_per_g(0.66, 2.0).tolist() == [0.025, 0.0, -0.01]  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"^a current in A needs the mass of host in the electrode; give"):
        CurrentTable(TIMES, CURRENTS, "A").to_A_per_g(0.66)  # type: ignore[arg-type]


BAD_FILES = [
    ("", "current.csv: line 1: has no column of time; write for example time/s,current/mA, or t_s,I_A_per_g"),
    ("0,1\n1,2\n", "current.csv: line 1: has no column of time; write"),
    ("time/s,voltage/V\n", "current.csv: line 1: has no column of current; write"),
    ("time,current/mA\n0,1\n", "current.csv: line 1: 'time' has no unit; write"),
    ("time/s,current\n0,1\n", "current.csv: line 1: 'current' has no unit; write"),
    (
        "time/s,current/W\n0,1\n",
        "current.csv: line 1: 'current/W': '1 W' has an unknown unit, 'W'; power and resistance cannot be controlled",
    ),
    ("time/s,current/V\n0,1\n", "current.csv: line 1: 'current/V' has the unit of a voltage; write"),
    (
        "time/s,current/mA,I/A\n0,1,1\n",
        "current.csv: line 1: has 2 columns of current, 'current/mA', 'I/A'; leave one; write",
    ),
    ("time/s,current/mA\n0,1\n1\n", "current.csv: line 3: has 1 column where the first line has 2; with a"),
    (
        "time/s,current/mA\n0,0,5\n",
        "current.csv: line 2: has 3 columns where the first line has 2; with a decimal",
    ),
    (
        "time/s,current/mA\n0,1\n1,two\n",
        "current.csv: line 3: 'two' is not a number; correct it, or leave out",
    ),
    (
        "time/s;current/mA\n0;1\n1;\n",
        "current.csv: line 3: a value is missing; correct it, or leave out the row",
    ),
    ("time/s,current/mA\n0,1\n\n1,nan\n", "current.csv: line 4: the current is nan; leave out rows without"),
    (
        "time/s,current/mA\n0,1\n2,1\n2,1\n1,1\n",
        "current.csv: line 5: time must rise, but 1 s follows 2 s; leave out",
    ),
    ("time/h,current/mA\n0,1\n2,1\n1,1\n", "current.csv: line 4: time must rise, but 3600 s follows 7200 s"),
    (
        "time/s,current/mA\n0,1\n",
        "current.csv: has 1 rows; give 2 to 1,000,000, of which the last is the end",
    ),
    (
        f"time/s,current/mA\n0,{'1' * 200_000}\n",
        "current.csv: cannot be read as a table (field larger than field limit (131072)); leave out",
    ),
    (f"time/s,{'I' * 200_000}\n0,1\n", "current.csv: cannot be read as a table (field larger than"),
    (
        b"\x00\x01\x02\x00",
        "current.csv: is not a file of text; export it as CSV with a first line such as time/s",
    ),
]


@pytest.mark.parametrize(("content", "message"), BAD_FILES)
def test_bad_files_are_named_with_line_and_value(content: str | bytes, message: str) -> None:
    written(content)
    assert message_of(parse_step, "Run current.csv").startswith(message)


def test_files_that_are_none() -> None:
    assert message_of(parse_step, "Run gone.csv") == (
        "gone.csv: there is no such file; the path is relative to the working directory"
    )
    os.mkfifo("pipe.csv")
    os.mkdir("folder.csv")
    os.symlink("/proc/kmsg", "kernel.csv")  # regular, empty, and without end
    assert message_of(parse_step, "Run kernel.csv").startswith("kernel.csv: line 1: has no column of time")
    for name in ("pipe.csv", "folder.csv"):
        assert message_of(parse_step, f"Run {name}").startswith(f"{name}: is not a regular file")
    assert "cannot be read" in message_of(parse_step, f"Run {'x' * 900}.csv")
    assert "has 5,008 characters" in message_of(parse_step, f"Run {'x' * 5000}.csv")


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("Run", "a file such as current.csv must follow 'Run'"),
        ("Run at C/10 until 0.05 V", "a file such as current.csv must follow 'Run'"),
        ("Run current.csv twice", "unexpected 'twice' after the file"),
        ("Run current.csv until 0.05", "'0.05' has no unit"),
    ],
)
def test_bad_text_gets_an_example(text: str, fragment: str) -> None:
    written("t/s,I/A\n0,1\n1,1\n")
    message = message_of(parse_step, text)
    assert fragment in message
    assert message.endswith("write for example 'Run current.csv until 0.05 V'")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (([0, 1], [1]), "a table of currents: has 2 times and 1 currents; give a current for each time"),
        (([[0, 1]], [[1, 1]]), "a table of currents: time_s must be an array of one dimension, not 2"),
        ((["a", "b"], [1, 1]), "a table of currents: time_s must be an array of numbers"),
        (
            ([0, 1], [1, 1], "mA"),
            "a table of currents: the unit of a current must be C, A/g, A or A/cm2, not 'mA'",
        ),
        (
            ([0, np.inf], [1, 1]),
            "a table of currents: row 1: the time is inf; leave out rows without finite values",
        ),
        (([0, 1], [1, 1], "A", (), None, 'a"b'), "source: must be a name without quotation marks"),
        (([0, 1], [1, 1], "A", (), 0.0), "the output period [s] must be above 0, not 0"),
    ],
)
def test_arrays_are_checked(given: Any, message: str) -> None:
    assert message_of(CurrentTable, *given).startswith(message)
