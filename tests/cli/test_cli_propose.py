"""The command propose: what it prints and writes, and its mistakes in one line."""

from __future__ import annotations

import pytest

from sbpath.cli import main

TABLE = """phase,formula,energy_kJ_per_mol,molar_volume_cm3_per_mol
Sb,Sb,0,18.2
KSb,KSb,-85.3,45.7
K3Sb-hex,K3Sb,-162.7,101.2
K3Sb-cubic,K3Sb,-152.3,92.0
K5Sb,K5Sb,-110.0,150
"""


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "k.csv").write_text(TABLE)
    return tmp_path


def test_what_it_writes_is_checked_and_simulated(here, capsys):
    assert main(["propose", "k.csv", "--ion", "k", "--reduce"]) == 0
    out = capsys.readouterr().out.splitlines()
    for line in (
        "0.8841  0 to 1  Sb -> KSb",
        "0.4011  1 to 3  KSb -> K3Sb-hex",
        "K5Sb  52.7 kJ per mol Sb above the hull, more than 15",
        "11 transformations, each downhill somewhere between 0.02 and 1.5 V",
        "wrote k.toml",
        "wrote k-without-K3Sb-cubic.toml",
    ):
        assert line in out
    assert main(["check", "k.toml", "k-without-K3Sb-cubic.toml"]) == 0
    checked = capsys.readouterr()
    assert checked.out.splitlines() == [
        "k.toml: good: 4 phases, 11 transformations, graphs candidate",
        "k-without-K3Sb-cubic.toml: good: 3 phases, 6 transformations, graphs candidate",
    ]
    assert checked.err == ""
    assert main(["simulate", "k.toml", "--rate", "C/20", "--quiet"]) == 0
    assert "99." in capsys.readouterr().out


def test_a_plateau_outside_the_window_is_marked_and_reduce_says_if_nothing_is_left_out(capsys):
    assert main(["propose", "k.csv", "--ion", "K", "--lower", "500mV", "--above-hull", "1", "--reduce"]) == 0
    out = capsys.readouterr().out
    assert "0.4011  1 to 3  KSb -> K3Sb-hex  outside the cut-offs\n" in out
    assert "--reduce: all phases kept are stable, so that there is none to leave out\n" in out


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ([], "propose: give a table of phases, or --pymatgen FILE.json; one of the two"),
        (["k.csv", "--pymatgen", "k.json"], "propose: give a table of phases, or --pymatgen FILE.json; one of the two"),
        (["k.json"], "k.json: entries of pymatgen end in .json and are given with --pymatgen"),
        (["--pymatgen", "k.csv"], "k.csv: entries of pymatgen end in .json and are given with --pymatgen"),
        (["other.csv"], "other.csv: file: cannot be read: No such file or directory; check the path and its permissions"),
        (["k.csv", "--above-hull", "-5"], "--above-hull: must be a number, 0 or more, not -5.0"),
        (["k.csv", "--lower", "2V"], "--lower: 2 V is not below the upper cut-off of 1.5 V; swap or correct them"),
        (["k.csv", "--out", "k.txt"], "k.txt: a mechanism is written as .toml; choose such an ending"),
        (["k.csv", "--interfaces", "sums"], "argument --interfaces: there is no 'sums'; choose one of volume, antonow; see sbpath propose --help"),
    ],
)  # fmt: skip
def test_mistakes_are_told_in_one_line_and_nothing_is_written(here, words, line, capsys):
    assert main(["propose", *words, "--ion", "K"]) == 2
    told = capsys.readouterr()
    assert told.err == f"sbpath: {line}\n"
    assert told.out == ""
    assert [path.name for path in here.iterdir()] == ["k.csv"]


def test_a_file_is_replaced_only_if_it_is_named(here, capsys):
    assert main(["propose", "k.csv", "--ion", "K"]) == 0
    (here / "k.toml").write_text("mine")
    assert main(["propose", "k.csv", "--ion", "K"]) == 2
    told = "sbpath: k.toml: exists already; name another file with --out, or this one to replace it\n"
    assert capsys.readouterr().err == told
    assert (here / "k.toml").read_text() == "mine"
    assert main(["propose", "k.csv", "--ion", "K", "--out", "k.toml"]) == 0
    assert (here / "k.toml").read_text().startswith("title = ")
