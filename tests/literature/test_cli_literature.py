"""The command for the review's tables as a user meets it."""

from __future__ import annotations

import csv
import re

import pytest

from sbpath.cli import main
from sbpath.literature import find_anodes


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def rows_of(out: str) -> list[str]:
    return re.findall(r"^([2-5]\.\d+)\*? ", out, flags=re.MULTILINE)


def test_all_rows_are_listed_in_the_order_of_the_review(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    code, out, _ = run(capsys, "literature")
    assert code == 0
    assert rows_of(out) == [f"{study.table}.{study.row}" for study in find_anodes()]
    (line,) = [line for line in out.splitlines() if line.startswith("2.3 ")]
    cells = re.split(r"\s{2,}", line)
    assert cells == [
        "2.3", "Li", "Pristine Sb", "3 M LiFSI + 0.4 M LiNO₃ in DOL:DME = 1:1 vol%", "PAA/CMC", "82.5", "624", "100",
        "66", "3300", "487", "SEI control", "[74]",
    ]  # fmt: skip
    assert "55 rows of Tables 2-5" in out
    assert "Sb₂Se₃/LiBH₄/AB" in out
    assert "3D porous Sb/C" in out
    assert "nanobox" in out


@pytest.mark.parametrize("width", [80, 90, 100, 110, 120, 150, 200])
def test_lines_fit_the_terminal(capsys, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    for arguments in (["literature"], ["literature", "--table", "5", "--notes"], ["literature", "--hosts"]):
        _, out, _ = run(capsys, *arguments)
        assert max(map(len, out.splitlines())) <= width
    _, out, _ = run(capsys, "literature")
    assert ("left out" in out) == (width <= 110)
    assert rows_of(out) == [f"{study.table}.{study.row}" for study in find_anodes()]


def test_numbers_are_right_aligned(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "150")
    _, out, _ = run(capsys, "literature", "--table", "4")
    lines = out.splitlines()[:19]
    end = lines[0].index("CE / %") + len("CE / %")
    assert all(re.fullmatch(r"\d\d\.\d", line[end - 4 : end]) for line in lines[1:])


def test_options_narrow_down_and_sort(capsys):
    assert rows_of(run(capsys, "literature", "--ion", "K", "--strategy", "SEI")[1]) == ["4.1", "4.2", "4.3"]
    assert rows_of(run(capsys, "literature", "--table", "5", "--sort", "capacity")[1]) == [
        "5.8", "5.3", "5.4", "5.5", "5.2", "5.6", "5.7", "5.1",
    ]  # fmt: skip
    assert rows_of(run(capsys, "literature", "--material", "sb₂s₃", "--electrolyte", "LiBH4")[1]) == [
        "5.5",
        "5.8",
    ]


def test_notes_hold_slips_and_citations(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    code, out, _ = run(capsys, "literature", "--material", "Flower", "--notes")
    flat = " ".join(out.split())
    assert code == 0
    assert "1 row of Tables 2-5" in flat
    assert "4.4* K" in flat
    assert "Slip: The text and the title of [108] have Sb4O5Cl2, with chlorine." in flat
    assert "[108] Shi Y, Wang L" in flat
    assert "--notes" not in flat


def test_csv_has_every_column_and_the_figure_is_drawn(capsys, tmp_path):
    table, figure = tmp_path / "k.csv", tmp_path / "k.svg"
    code, out, _ = run(capsys, "literature", "--ion", "K", "--csv", str(table), "--plot", str(figure))
    assert code == 0
    assert f"wrote {table}" in out
    with table.open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == 18
    assert rows[0]["Material"] == "Sb/C"
    assert rows[3]["Slip"].startswith("The text and the title")
    assert rows[9]["Solvent"] == "EC:DEC = 1:1 vol%"
    assert all(row["Citation"] for row in rows)
    assert "<svg" in figure.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["literature", "--ion", "Mg"], "ion: 'Mg' is not known; there are Li, Na, K"),
        (["literature", "--table", "1"], "for the hosts of Table 1: sbpath literature --hosts"),
        (["literature", "--strategy", "magic"], "strategy: 'magic' is not known"),
        (["literature", "--material", "unobtainium"], "no row of Tables 2-5 matches every option"),
        (["literature", "--plot", "x.jpg"], ".png, .pdf or .svg"),
        (["literature", "--csv", "no/such/folder.csv"], "there is no folder"),
        (["literature", "--hosts", "--ion", "Sb"], "ion: 'Sb' is not known"),
        (
            ["literature", "--ion", "K", "--set", "electrode.particle_radius_m=50nm"],
            "--set: changes the mechanism that is simulated; add --compare-with MECHANISM",
        ),
        (
            ["literature", "--hosts", "--table", "2", "--compare-with", "li-sb"],
            "--hosts: applies to Table 1 and cannot be combined with --table, --compare-with; omit",
        ),
    ],
)
def test_mistakes_are_answered_in_one_line(capsys, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("sbpath: ")
    assert words in err
    assert len(err.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_hosts_are_printed_and_computed(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    table, figure = tmp_path / "h.csv", tmp_path / "h.png"
    code, out, _ = run(capsys, "literature", "--hosts", "--csv", str(table), "--plot", str(figure))
    assert code == 0
    lines = {line.split("  ")[1].strip(): line.split() for line in out.splitlines()[1:13] if "  " in line}
    by = {re.sub(r"\W", "", key): cells for key, cells in lines.items()}
    assert by["Li₃Sb"][-7:] == ["3.35", "660.4", "660", "4424", "4420", "134.2", "134.1"]
    assert "Printed values that do not follow:" in out
    assert "Off, but no more than rounding of the densities allows:" in out
    assert re.search(r"NaC₆.₄ +mAh/g +35 +348.7 +-313.7", out)
    assert max(map(len, out.splitlines())) <= 120
    with table.open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert [row["Formula"] for row in rows][-3:] == ["Li3Sb", "Na3Sb", "K3Sb"]
    assert rows[0]["Source of the empty host density"].startswith("Trucano")
    assert figure.stat().st_size > 10_000


def test_hosts_of_one_ion(capsys):
    _, out, _ = run(capsys, "literature", "--hosts", "--ion", "K")
    assert "KC₈" in out
    assert "Li" not in out


def test_help_says_what_and_gives_an_example(capsys):
    assert main(["literature", "--help"]) == 0
    out = capsys.readouterr().out
    assert "sbpath literature --" in out
    assert "--csv FILE" in out
