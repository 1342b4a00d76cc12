"""The commands overlay, fit and rank, on files written from a simulation."""

import numpy as np
import pytest
from command_line import read, run
from synthetic import cell, fractions_along

from sbpath import fit, load_fit, load_measurement, load_mechanism, value, with_changes
from sbpath.cli import main
from sbpath.mechanism.reader import file_document
from sbpath.mechanism.toml_text import toml_text

TRUTH = {"interfaces.Sb|Li2Sb.energy_J_per_m2": 0.14}


def write_curve(path, measurement):
    (curve,) = measurement.curves
    rows = zip(curve.curve.time_s, curve.curve.voltage_V, 1e3 * curve.curve.current_A, strict=True)
    path.write_text("time/s,Ewe/V,I/mA\n" + "".join(f"{t:.3f},{v:.5f},{-i:.6f}\n" for t, v, i in rows))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = cell(
        with_changes(load_mechanism("li-sb"), TRUTH),
        1,
        ("C/5", "C/2"),
        population=1,
        film=0.0,
        resistance=0.0,
    )
    folder = tmp_path_factory.mktemp("cell")
    write_curve(folder / "cell.csv", made.measurement)
    (folder / "exp.toml").write_text(
        'ion = "Li"\n[[curve]]\nfile = "cell.csv"\nmass_Sb_mg = 1.2\nmass_error_percent = 5\nfirst = "insertion"\n'
    )
    return folder


def test_overlay_prints_writes_and_draws(capsys, folder, tmp_path):
    table, figure = tmp_path / "o.csv", tmp_path / "o.png"
    code, out, err = run(
        capsys, "overlay", str(folder / "exp.toml"), "--mechanism", "li-sb", "--particles", "1", "--csv", str(table),
        "--plot", str(figure), "--only", "2",
    )  # fmt: skip
    assert (code, err) == (0, "")
    assert "Pairs are measured / simulated." in out
    head, *rows = read(table)
    assert [row[2] for row in rows] == ["insertion", "extraction"]
    assert {row[1] for row in rows} == {"2"}
    # A higher energy lowers the first peak of the measured cell.
    first, second = (
        float(rows[0][head.index(f"{of} peaks of dQ/dV [V]")].split()[0]) for of in ("measured", "simulated")
    )
    assert first < second
    assert figure.stat().st_size > 20_000


def test_fit_writes_a_mechanism_and_repeats_itself(capsys, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["--mechanism", "li-sb", "--particles", "1", "--free", "gamma", "--result", "result.toml"]
    words += ["--set", "kinetics.transfer_coefficient=0.45", "--plot", "fit.png"]
    assert main(["fit", str(folder / "exp.toml"), *words]) == 0
    out = capsys.readouterr().out
    assert "4 half cycles" in out
    assert 'wrote li-sb-fitted.toml (status "fitted", fitted_to = "cell.csv, cycles 1-2, rms' in out
    (path,) = TRUTH
    assert value(load_mechanism("li-sb-fitted.toml"), path) == pytest.approx(TRUTH[path], rel=0.03)
    first = load_fit("result.toml")
    assert (
        main(["fit", "--again", "result.toml", "--result", "again.toml", "--out", "again-fitted.toml"]) == 0
    )
    again = load_fit("again.toml")
    assert again.values == first.values
    repeated = load_mechanism("again-fitted.toml")
    assert value(repeated, "kinetics.transfer_coefficient") == 0.45
    assert value(repeated, path) == value(load_mechanism("li-sb-fitted.toml"), path)
    capsys.readouterr()
    words = ["plan", str(folder / "exp.toml"), "--fit", "result.toml", "--hours", "30", "--csv", "plan.csv"]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "next experiment" in out
    assert "Left out:" in out
    head, *rows = read(tmp_path / "plan.csv")
    assert head[:3] == ["experiment", "gain [nats]", "time [h]"]
    assert all(float(row[2]) <= 30.0 for row in rows)
    assert main([*words[:4], "--rivals", "li-sb:reported", "li-sb:candidate"]) == 0
    assert "In order by what tells li-sb:reported from li-sb:candidate" in capsys.readouterr().out


@pytest.fixture(scope="module")
def operando(tmp_path_factory):
    """Cells at two rates and temperatures, each with fractions along it; the tables are in the other order than the curves."""
    folder, text, tables = tmp_path_factory.mktemp("operando"), 'ion = "Li"\n', ""
    for number, (rate, celsius) in enumerate((("C/5", 25), ("C/2", 45)), 1):
        truth = with_changes(load_mechanism("li-sb"), {**TRUTH, "temperature_C": celsius})
        made = cell(truth, number, (rate,), population=1, film=0.0, resistance=0.0)
        write_curve(folder / f"cell{number}.csv", made.measurement)
        (found,) = fractions_along(made, number, ("Sb", "Li2Sb", "Li3Sb")).fractions
        lines = np.column_stack([found.time_s, *found.fractions.values()])
        head = ",".join(["time_s", *found.fractions])
        np.savetxt(folder / f"xrd{number}.csv", lines, "%.6g", ",", header=head, comments="")
        text += f'[[curve]]\nfile = "cell{number}.csv"\nmass_Sb_mg = 1.2\ntemperature_C = {celsius}\nfirst = "insertion"\n'
        tables = f'[[fractions]]\nfile = "xrd{number}.csv"\ncurve = {number}\n' + tables
    (folder / "exp.toml").write_text(text + tables)
    return folder / "exp.toml"


def test_fractions_of_several_curves_rates_and_temperatures(capsys, operando, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = [
        str(operando),
        "--mechanism",
        "li-sb",
        "--particles",
        "1",
        "--set",
        "{}={}".format(*next(iter(TRUTH.items()))),
    ]
    code, out, _ = run(capsys, "overlay", *words)
    assert code == 0
    # Of each curve, half cycle and phase the difference is the noise of the fractions, 0.02.
    rows = [
        line.split() for line in out.splitlines() if line.split()[-3:-2] in (["Sb"], ["Li2Sb"], ["Li3Sb"])
    ]
    assert [row[0] for row in rows] == ["1"] * 6 + ["2"] * 6
    assert all(0.005 < float(row[-1]) < 0.04 for row in rows)
    code, out, _ = run(capsys, "fit", *words[:-2], "--free", "gamma", "--plot", "fit.png")
    assert code == 0
    assert "4 half cycles" in out
    assert "96 phase fractions, off by" in out
    (path,) = TRUTH
    assert value(load_mechanism("li-sb-fitted.toml"), path) == pytest.approx(TRUTH[path], rel=0.03)
    # A rival without the phase that was seen.
    document = file_document(load_mechanism("li-sb"))
    del document["phases"]["Li2Sb"]
    document["interfaces"] = {
        pair: one for pair, one in document["interfaces"].items() if "Li2Sb" not in pair
    }
    document["transformations"] = [
        {**one, "graphs": ["candidate"]}
        for one in document["transformations"]
        if "Li2Sb" not in one["equation"]
    ]
    (tmp_path / "one-step.toml").write_text(toml_text(document))
    code, out, _ = run(
        capsys,
        "rank",
        str(operando),
        "--candidates",
        "li-sb",
        "one-step.toml",
        "--particles",
        "1",
        "--free",
        "gamma",
    )
    assert code == 0
    assert "xrd1.csv: Li2Sb is no phase of one-step and counts as 0 there." in out
    assert [line.split()[0] for line in out.splitlines()[1:3]] == ["li-sb", "one-step"]
    assert "supported" in out.splitlines()[1]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["fit", "--mechanism", "li-sb"], "sbpath: fit: give the experiment file, e.g. exp.toml"),
        (["fit", "EXP"], "sbpath: fit: give --mechanism, e.g. li-sb"),
        (["fit", "EXP", "--mechanism", "li-sb", "--free", "gama"], "sbpath: gama: is no group of numbers; did you mean 'gamma'?"),
        (["fit", "EXP", "--mechanism", "li-sb", "--profile", "gama"], "sbpath: gama: is no group of numbers; did you mean 'gamma'?"),
        (["fit", "EXP", "--mechanism", "li-sb", "--free", "growth", "--profile", "J0"],
         "sbpath: --profile: J0: is not fitted; the fit has growth rate"),
        (["fit", "EXP", "--mechanism", "li-sb", "--only", "2-1"], "sbpath: --only: '2-1' is no list of cycles; write e.g. 1-3,5"),
        (["fit", "EXP", "--mechanism", "li-sb", "--out", "x.txt"], "sbpath: x.txt: a mechanism is written as .toml; choose such an ending"),
        (["plan", "EXP", "--fit", "no.toml"], "sbpath: no.toml: file: cannot be read: No such file or directory; check the path"),
        (["plan", "EXP", "--fit", "no.toml", "--hours", "soon"], "sbpath: --hours: "),
        (["fit", "EXP", "na-sb"], "sbpath: na-sb: sbpath fit takes no such word"),
        (["fit", "EXP", "--mechanism", "li-sb", "--result", "no/r.toml"], "sbpath: no/r.toml: there is no folder 'no'"),
        (["fit", "EXP", "--mechanism", "li-sb", "--out", "a.toml", "--result", "a.toml"], "a.toml: is given for two outputs"),
        (["fit", "EXP", "--mechanism", "li-sb", "--particles", "1.5"], "sbpath: --particles: must be a whole number, not '1.5'"),
        (["fit", "EXP", "--mechanism", "li-sb", "--particles", "0"], "sbpath: --particles: must be a whole number from 1 to"),
        (["rank", "EXP", "--candidates", "li-sb", "na-sb"], "is a cell of Li, and na-sb is a mechanism of Na"),
        (["rank", "EXP", "--candidates", "li-sb", "li-sb:other"], "li-sb has no graph 'other'"),
        (["rank", "EXP", "--candidates", "li-sb", "li-sb:"], "li-sb:: after the colon follows a graph, as in li-sb:reported"),
        (["plan", "EXP", "--fit", "EXP"], "is not the result of a fit"),
        (["overlay", "EXP", "--mechanism", "na-sb"], "is a cell of Li, and na-sb is a mechanism of Na"),
    ],
)  # fmt: skip
def test_what_is_missing_or_wrong_is_told_in_a_line(capsys, folder, tmp_path, monkeypatch, words, line):
    monkeypatch.chdir(tmp_path)
    code = main([str(folder / "exp.toml") if word == "EXP" else word for word in words])
    err = capsys.readouterr().err
    assert code == 2
    assert line in err
    assert len(err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_targets_are_no_curve_to_draw_over_and_nothing_is_begun(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "targets.toml").write_text(
        'ion = "Li"\n[[target]]\nvoltage_V = 0.85\nerror_V = 0.01\nx = 1.0\ndirection = "insertion"\nrate = "C/10"\nsource = "own"\n'
    )
    code, out, err = run(capsys, "fit", "targets.toml", "--mechanism", "li-sb", "--plot", "fit.png")
    assert (code, out) == (2, "")
    assert err == "sbpath: --plot: targets.toml has targets and no curve to draw the fit over; leave it out\n"
    assert [path.name for path in tmp_path.iterdir()] == ["targets.toml"]


@pytest.mark.parametrize(
    "words",
    [
        "fit exp.toml --mechanism li-sb --out exp.toml",
        "fit exp.toml --mechanism ./mine.toml --out mine.toml",
        "fit --again result.toml --result result.toml",
        "fit --again result.toml --out exp.toml",
        "overlay exp.toml --mechanism li-sb --csv cell.csv",
        "overlay linked.toml --mechanism li-sb --csv cell.csv",
        "plan exp.toml --fit result.toml --csv cell.csv",
    ],
)
def test_no_output_replaces_what_the_command_reads(capsys, folder, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    for name in ("exp.toml", "cell.csv"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "linked.toml").symlink_to("exp.toml")
    (tmp_path / "mine.toml").write_text('extends = "li-sb"\ntitle = "mine"\n')
    measured = load_measurement("exp.toml")
    fit(measured, "li-sb", ["growth"], population=1, max_starts=1, profiles=False, progress=False).save(
        "result.toml"
    )
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    code, out, err = run(capsys, *words.split())
    output = words.rpartition(" ")[2]
    assert (code, out) == (2, "")
    assert f": {output}: this command reads that file, which would be lost; use another name" in err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
