"""The command sweep --map: letters and shares against single simulations."""

from __future__ import annotations

import pytest
from command_line import read, run
from curves import cycled

from sbpath import pathways

TWO_THREE = "interfaces.Li2Sb|Li3Sb.energy_J_per_m2"


def test_map_prints_letters_and_writes_shares(capsys, tmp_path, simulated):
    table, figure = tmp_path / "m.csv", tmp_path / "m.png"
    code, out, err = run(
        capsys, "sweep", "li-sb", "--map", "--rate", "C/5", "--cycles", "1", "--csv", str(table), "--plot", str(figure),
        "--vary", f"{TWO_THREE}=0.06..0.0905:2", "--vary", "temperature=25..40:2",
    )  # fmt: skip
    assert (code, err) == (0, "")
    rows = [dict(zip(read(table)[0], row, strict=True)) for row in read(table)[1:]]
    for celsius, energy in ((25.0, 0.0905), (40.0, 0.06)):
        changes = {} if energy == 0.0905 else {"changes": ((TWO_THREE, energy),)}
        warm = {} if celsius == 25.0 else {"temperature_C": celsius}
        solution = cycled(simulated, "li-sb", "C/5", 1, shipped=True, **changes, **warm)
        for way in pathways(solution, 1e-12):
            told = {
                row["Path"]: float(row["Share"])
                for row in rows
                if (float(row["X value"]), float(row["Y value"]), row["Direction"])
                == (energy, celsius, way.direction)
            }
            total = sum(path.share for path in way.paths)
            for path in way.paths:
                assert told[" -> ".join(path.phases)] == pytest.approx(path.share / total, rel=1e-4)
    lines = out.splitlines()
    assert (
        lines[0] == f"li-sb: candidate graph; across: {TWO_THREE}, down: temperature; last cycle of each run"
    )
    lines = lines[lines.index("extraction") + 1 :]
    letter = {line[3:]: line[0] for line in lines if line[1:3] == ": "}
    two, one = letter["Li₃Sb -> Li₂Sb -> Sb"], letter["Li₃Sb -> Sb"]
    assert [line.split() for line in lines[:3]] == [["0.06", "0.0905"], ["40", two, one], ["25", two, one]]
    assert figure.stat().st_size > 5000
