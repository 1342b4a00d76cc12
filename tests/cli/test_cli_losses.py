"""The command losses: what it prints and writes against the same question in Python."""

from __future__ import annotations

import re

import numpy as np
import pytest
from command_line import read, run
from curves import cycled

from sbpath import loss_breakdown


def test_losses_prints_and_writes_what_adds_up_to_the_loop(capsys, tmp_path, simulated, monkeypatch):
    monkeypatch.setattr("sbpath.studies.zero_rate.RATES_C", (1e-4, 1e-3, 1e-2, 1e-1))  # fewer, for time
    table, figure = tmp_path / "b.csv", tmp_path / "b.pdf"
    code, out, err = run(capsys, "losses", "li-sb", "--csv", str(table), "--plot", str(figure))
    assert (code, err) == (0, "")
    own = loss_breakdown(cycled(simulated, "li-sb", shipped=True, population=1))
    head, *rows = read(table)
    joules = np.array([[float(cell) for cell in row[3:]] for row in rows])
    assert joules.sum() == pytest.approx(own.loop_J_per_g, rel=1e-4)
    assert [cell.split(" [")[0] for cell in head[3:]] == [
        "Nucleation",
        "Growth",
        "Transport",
        "Work",
        "Resistance",
        "Charge transfer",
        "Film",
    ]
    for direction, losses in zip(("insertion", "extraction"), own.losses_J_per_g, strict=True):
        chosen = [row[1] == direction for row in rows]
        np.testing.assert_allclose(joules[chosen].sum(axis=0), losses, rtol=1e-6, atol=1e-9)
    (line,) = (line for line in out.splitlines() if line.startswith("loop "))
    *causes, total = (float(word) for word in line.split()[1:])
    assert sum(causes) == pytest.approx(total, abs=0.03)
    assert total == pytest.approx(own.hysteresis_mV, abs=0.02)
    # Asymmetry and limit: what test_constrained_path.py and test_zero_rate.py find.
    assert re.search(r"insertion path both ways +240\.7 .* -46\.6 ", out)
    assert re.search(r"extraction path both ways +244\.4 .* -50\.4 ", out)
    (plateau,) = re.findall(r"plateau in rate: ([0-9.]+) mV", out)
    assert float(plateau) == pytest.approx(170.0, abs=2.0)
    assert figure.read_bytes()[:4] == b"%PDF"


def test_the_losses_of_a_host_that_does_not_form_again_have_their_held_cycles(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("sbpath.studies.zero_rate.RATES_C", (1e-4, 1e-3, 1e-2, 1e-1))
    figure = tmp_path / "b.png"
    code, out, err = run(capsys, "losses", "k-sb4o5cl2", "--graph", "reported", "--plot", str(figure))
    assert (code, err) == (0, "")
    assert "By direction" in out
    # Held to what the cycle ended in, since the host it began with is on no path back.
    assert len(re.findall(r"^(insertion|extraction) path both ways +\d", out, flags=re.MULTILINE)) == 2
    assert "off the path" not in out
    assert figure.exists()
