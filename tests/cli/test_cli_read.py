"""The command `read`."""

from __future__ import annotations

from cycler_files import WRITERS, Style, log

from sbpath.cli import main

ROWS = log()


def run(capsys, *arguments):
    code = main(["read", *map(str, arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_what_is_understood_is_printed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    style = Style(comma=True)
    (tmp_path / "cell7.mpt").write_text(WRITERS["EC-Lab"](ROWS, style), encoding="cp1252")
    code, out, err = run(capsys, "cell7.mpt", "--ion", "Na", "--mass", "1.2mg", "--first", "insertion")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        f"cell7.mpt: BioLogic text, utf-8, tab, decimal comma, headings in line 24, {len(ROWS)} rows",
        "  time        time/s        s       39.5 h",
        "  voltage     Ewe/V         V       0.010 .. 2.100 V vs Na+/Na",
        "  current     <I>/mA        mA      insertion up to 0.06 mA, extraction up to 0.06 mA",
        "  cycle       cycle number",
        "  step        Ns                    7",
        "  state       mode",
        "  half cycles in 0.6, out 0.54, in 0.57, out 0.54 mAh",
        "  per gram    500, 450, 475, 450 mAh/g",
        "  rates       C/13.2; 1C is 0.792 mA, 660 mA/g: three atoms per Sb, assumed",
        "Taken from you: mass 1.2 mg of Sb, Na, insertion first.",
        "Concluded:",
        "  Negative current in the file is insertion: so the voltage falls on insertion and rises on extraction.",
    ]


def test_each_file_that_cannot_be_read_has_a_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.csv").write_text(WRITERS["plain"](ROWS, Style()), encoding="utf-8")
    (tmp_path / "cell.mpr").write_bytes(b"BIO-LOGIC MODULAR FILE\x1a")
    (tmp_path / "empty.txt").write_bytes(b"")
    code, out, err = run(capsys, "cell.mpr", "good.csv", "empty.txt")
    assert code == 2
    assert out.startswith("good.csv: text, utf-8, comma, headings in line 1")
    assert err.splitlines() == [
        "sbpath: cell.mpr: is a binary file of EC-Lab or BT-Lab (.mpr), which is not read; export it as text (.mpt)",
        "sbpath: empty.txt: is empty; give the file that the cycler exported",
    ]


def test_an_experiment_file(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.csv").write_text(WRITERS["plain"](ROWS, Style()), encoding="utf-8")
    (tmp_path / "exp.toml").write_text(
        'ion = "K"\n[[curve]]\nfile = "good.csv"\nmass_Sb_mg = 1.2\nfirst = "insertion"\ncycles = [2]\n[free]\na = "log"\n',
        encoding="utf-8",
    )
    code, out, err = run(capsys, "exp.toml")
    assert (code, err) == (0, "")
    assert "Taken from you: 1.2 mg of Sb within 2 %, K, cycle 2, insertion first." in out
    assert out.endswith("\nFree: a\n")


def test_rates_are_of_the_mechanism_or_unknown(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.csv").write_text(WRITERS["plain"](ROWS, Style()), encoding="utf-8")
    text = 'ion = "Na"\n[[curve]]\nfile = "good.csv"\nmass_Si_mg = 1.2\nfirst = "insertion"\n'
    (tmp_path / "exp.toml").write_text(text, encoding="utf-8")
    _, out, _ = run(capsys, "exp.toml")
    assert "  rates       50 mA/g; 1C is unknown: name the mechanism (--mechanism)" in out.splitlines()
    # A milligram of Sb is 148.17 / 121.76 mg of Sb-NiSb, of which 542.6 mAh/g are three atoms per Sb.
    (tmp_path / "exp.toml").write_text(text.replace("Si", "Sb"), encoding="utf-8")
    _, out, _ = run(capsys, "exp.toml", "--mechanism", "na-nisb")
    assert "  rates       C/13.2; 1C is 0.792 mA, 660 mA/g: na-nisb" in out.splitlines()
    _, out, _ = run(capsys, "good.csv", "--mass", "1.2mg", "--mechanism", "na-nisb")
    assert "  rates       C/10.9; 1C is 0.651 mA, 543 mA/g: na-nisb" in out.splitlines()


def test_warnings(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.csv").write_text(WRITERS["plain"](ROWS, Style()), encoding="utf-8")
    code, _, err = run(capsys, "good.csv", "--mass", "1.2 ug")
    assert code == 0
    assert err.startswith("warning: good.csv: half cycle 1 runs at 75.7C and passes 0.6 mAh")
    rows = [row.__class__(**{**row.__dict__, "volts": row.volts + 2.5}) for row in ROWS]
    (tmp_path / "good.csv").write_text(WRITERS["plain"](rows, Style()), encoding="utf-8")
    code, _, err = run(capsys, "good.csv")
    assert (code, err.count("those of a full cell or a cathode")) == (0, 1)


def test_wrong_options(tmp_path, capsys):
    for option, text, message in (
        ("--unit", "current", "--unit: current: is not WHAT=VALUE, such as current=mA"),
        ("--column", "a=b", "column: a: there is no such quantity; choose time, voltage"),
        ("--mass", "0", "--mass: must be above 0, not 0"),
    ):
        code, out, err = run(capsys, tmp_path / "x.csv", option, text)
        assert (code, out) == (2, "")
        assert err.startswith(f"sbpath: {message}")


def test_what_an_experiment_file_says_is_not_said_again(tmp_path, capsys):
    path = tmp_path / "exp.toml"
    path.write_text('ion = "Li"\n')
    for words in (["--mass", "2mg"], ["--first", "insertion"], ["--flip-current"], ["--unit", "current=mA"]):
        code, out, err = run(capsys, path, *words)
        assert (code, out) == (2, "")
        assert err == f"sbpath: {words[0]}: is said by the experiment file, {path}; write it there\n"
