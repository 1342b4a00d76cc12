"""The command run: each study prints its report, and writes its table, its solution and its figure."""

from __future__ import annotations

import csv

import pytest

import sbpath
from sbpath.cli import main
from sbpath.studies.catalogue import STUDIES
from sbpath.text.tables import file_table


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.parametrize(
    ("arguments", "head", "row", "lines", "words"),
    [
        (
            ["run", "gitt", "li", "--rate", "C/5", "--pulse", "x = 1", "--rest", "1 h"],
            "Cycle,Direction,x,Voltage [V],Relaxed voltage [V],Drift [mV.h-1]", "1,insertion,1.00", 6,
            ["drift / mV/h", "Sb and Li₂Sb are in equilibrium at 0.9560 V", "no diffusion coefficient"],
        ),
        (
            ["run", "cv", "li", "--scan-rate", "0.2 mV/s", "0.5mV/s", "--cycles", "1"],
            "Cycle,Scan rate [mV.s-1],Direction,Voltage [V],Current [A.g-1],Transformation", "1,0.2,insertion,0.72", 6,
            ["Sb -> Li₂Sb", "scan rates"],
        ),
        (
            ["run", "rate-test", "li", "--rate", "1C", "5C", "--cycles", "1"],
            "Cycle,Rate,Current [mA.g-1],Insertion [mA.h.g-1],Extraction [mA.h.g-1],Insertion [V],"
            "Extraction [V],Hysteresis [mV],Loop [J.g-1],Coulombic efficiency,Voltage efficiency,Energy efficiency", "1,1C,660.352,656.", 2, ["coulombic eff.", "5C"],
        ),
        (
            ["run", "reversal", "li", "--rate", "C/2", "--at", "1.5"],
            "Cycle,Turned to,x,Voltage [V],Order,Rejoins the full loop at x", "3,extraction,1.500000,0.82", 2,
            ["rejoins the full loop at x"],
        ),
    ],
)  # fmt: skip
def test_a_study_prints_writes_and_draws(capsys, tmp_path, arguments, head, row, lines, words):
    files = {
        kind: tmp_path / f"out.{end}" for kind, end in (("csv", "csv"), ("save", "npz"), ("plot", "pdf"))
    }
    options = [word for kind, path in files.items() for word in (f"--{kind}", str(path))]
    code, out, err = run(capsys, *arguments, "--quiet", *options)
    assert (code, err) == (0, "")
    for word in words:
        assert word in out
    written = files["csv"].read_text(encoding="utf-8").splitlines()
    assert written[0] == head
    assert written[1].startswith(row)
    assert len(written) == 1 + lines
    assert files["plot"].read_bytes()[:4] == b"%PDF"
    assert sbpath.load_solution(files["save"]).mechanism.name == "li-sb"


def test_a_long_titration_says_how_much_of_it_is_printed(capsys):
    code, out, _ = run(
        capsys, "run", "gitt", "li", "--rate", "C/2", "--pulse", "6 min", "--rest", "10 min", "--quiet"
    )
    assert code == 0
    assert "(20 of 40 points; --csv writes them all)" in out


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)
def test_every_study_runs_with_its_defaults(capsys, tmp_path, study):
    table, figure = tmp_path / "out.csv", tmp_path / "out.svg"
    code, out, err = run(
        capsys, "run", study.name, "li-sb", "--quiet", "--csv", str(table), "--plot", str(figure)
    )
    assert (code, err) == (0, "")
    mechanism = sbpath.load_mechanism("li-sb")
    protocol = study.protocol_of(mechanism, mechanism.lower_cutoff_V, mechanism.upper_cutoff_V)
    solution = sbpath.simulate(mechanism, protocol, progress=False)
    assert out == f"{study.report(solution)}\nwrote {table}\nwrote {figure}\n"
    with table.open(newline="", encoding="utf-8") as handle:
        head, *rows = csv.reader(handle)
    assert (head, rows) == file_table(study.columns, study.rows(solution))
    assert rows
    assert "<svg" in figure.read_text(encoding="utf-8")


def test_the_names_of_studies_and_of_their_arguments_are_words():
    assert len({study.name for study in STUDIES}) == len(STUDIES)
    for study in STUDIES:
        assert study.title
        assert study.description
        assert study.example.startswith(f"sbpath run {study.name} ")
        assert all(argument.help and argument.metavar for argument in study.arguments)


def test_rest_prints_the_rests_between_the_branches_of_the_loop(capsys, tmp_path):
    table, figure = tmp_path / "rest.csv", tmp_path / "rest.png"
    code, out, _ = run(
        capsys, "run", "rest", "li", "--rate", "C/5", "--at", "1.2", "--rest", "1 h", "--quiet", "--csv", str(table),
        "--plot", str(figure),
    )  # fmt: skip
    assert code == 0
    assert figure.stat().st_size > 10_000
    with table.open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert [row["Direction"] for row in rows] == ["extraction", "insertion"]
    for row in rows:
        volts = [float(row[k]) for k in ("Loop insertion [V]", "Voltage at end [V]", "Loop extraction [V]")]
        assert volts == sorted(volts)
        assert float(row["Composition"]) == pytest.approx(1.2, abs=1e-3)
        assert f"{volts[1]:.4f}" in out


def test_minor_loops_hang_between_the_compositions_asked_for(capsys, tmp_path):
    saved, figure = tmp_path / "minor.npz", tmp_path / "minor.svg"
    code, out, _ = run(
        capsys, "run", "minor-loops", "li", "--rate", "C/5", "--between", "0.6", "1.4", "--cycles", "2", "--quiet",
        "--save", str(saved), "--plot", str(figure),
    )  # fmt: skip
    assert code == 0
    assert "insertion   0.600" in out
    x = sbpath.load_solution(saved)
    inner = x.composition[x.cycle > 3]
    assert inner.min() == pytest.approx(0.6, abs=1e-4)
    assert inner.max() == pytest.approx(1.4, abs=1e-4)
    assert "<svg" in figure.read_text()
