"""The commands explain, budget, map and compare: what they print and write against the same question in Python."""

from __future__ import annotations

import csv
import re
import subprocess
import sys

import numpy as np
import pytest

from sbpath import branch_points, cycling, load_mechanism, loss_breakdown, pathways, simulate
from sbpath.cli import main
from sbpath.studies.comparison import COMPARISON_HEAD, comparison_rows
from sbpath.text.explanation import EXPLAIN_HEAD, explain_rows, explanation

TWO_THREE = "interfaces.Li2Sb|Li3Sb.energy_J_per_m2"


def run(capsys, *arguments):
    code = main([*arguments, "--quiet"])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def read(path):
    with path.open(newline="", encoding="utf-8") as handle:
        return list(csv.reader(handle))


def cycled(simulated, name, rate="C/10", cycles=2, graph=None, **options):
    mechanism = load_mechanism(name)
    protocol = cycling(rate, mechanism.lower_cutoff_V, mechanism.upper_cutoff_V, cycles)
    return simulated(name, protocol, graph=graph or mechanism.default_graph, **options)


# -- explain --------------------------------------------------------------------------------------------


def test_explain_states_the_two_inequalities_and_writes_every_decision(capsys, tmp_path, simulated):
    table, figure, drawing = (tmp_path / name for name in ("t.csv", "f.png", "p.svg"))
    code, out, err = run(
        capsys, "explain", "li", "--graph", "candidate", "--csv", str(table), "--plot", str(figure), "--paths", str(drawing)
    )  # fmt: skip
    assert (code, err) == (0, "")
    solution = cycled(simulated, "li-sb", graph="candidate")
    assert out.startswith(explanation(solution))
    # Why Li2Sb on the way in and not on the way out, in numbers.
    assert "0.612 = gamma(Sb|Li₂Sb) / gamma(Sb|Li₃Sb) < (g(Li₂Sb) / g(Li₃Sb))^(2/3) = 0.874" in out
    assert "2.355 = gamma(Li₃Sb|Sb) / gamma(Li₃Sb|Li₂Sb) < (g(Sb) / g(Li₂Sb))^(2/3) = 3.171" in out
    assert read(table) == [list(EXPLAIN_HEAD), *explain_rows(solution)]
    assert figure.read_bytes()[:4] == b"\x89PNG"
    assert "<svg" in drawing.read_text()
    assert out.splitlines()[-3:] == [f"wrote {path}" for path in (table, figure, drawing)]


def test_explain_takes_rate_temperature_cycles_and_changed_numbers(capsys, simulated):
    # Below the threshold: two steps on the way out as well.
    arguments = ("--rate", "C/5", "--temperature", "313.15K", "--cycles", "1", "--set", f"{TWO_THREE}=0.06")
    code, out, _ = run(capsys, "explain", "li-sb", *arguments)
    assert code == 0
    assert out.startswith("li-sb: candidate graph, 40 °C, cycle 1\n")
    solution = cycled(simulated, "li-sb", "C/5", 1, temperature_C=40.0, changes=((TWO_THREE, 0.06),))
    ways = {way.direction: way.paths[0] for way in pathways(solution)}
    assert ways["extraction"].phases == ("Li3Sb", "Li2Sb", "Sb")
    assert f"extraction: Li₃Sb -> Li₂Sb -> Sb {ways['extraction'].share:.1%}" in out
    for branch_point in branch_points(solution):
        assert f"at E = {branch_point.potential_V:.3f} V, x = {branch_point.composition:.2f}" in out


# -- budget ----------------------------------------------------------------------------------------------


def test_budget_prints_and_writes_what_adds_up_to_the_loop(capsys, tmp_path, simulated, monkeypatch):
    monkeypatch.setattr("sbpath.studies.zero_rate.RATES_C", (1e-4, 1e-3, 1e-2, 1e-1))  # fewer, for time
    table, figure = tmp_path / "b.csv", tmp_path / "b.pdf"
    code, out, err = run(capsys, "budget", "li-sb", "--csv", str(table), "--plot", str(figure))
    assert (code, err) == (0, "")
    own = loss_breakdown(cycled(simulated, "li-sb"))
    head, *rows = read(table)
    joules = np.array([[float(cell) for cell in row[3:]] for row in rows])
    assert joules.sum() == pytest.approx(own.loop_J_per_g, rel=1e-4)
    assert [cell.split(" [")[0] for cell in head[3:]] == [
        "Nucleation",
        "Growth",
        "Transport",
        "Work",
        "Resistance",
    ]
    for direction, losses in zip(("insertion", "extraction"), own.losses_J_per_g, strict=True):
        chosen = [row[1] == direction for row in rows]
        np.testing.assert_allclose(joules[chosen].sum(axis=0), losses, rtol=1e-6, atol=1e-9)
    (line,) = (line for line in out.splitlines() if line.startswith("loop "))
    *causes, total = (float(word) for word in line.split()[1:])
    assert sum(causes) == pytest.approx(total, abs=0.03)
    assert total == pytest.approx(own.hysteresis_mV, abs=0.02)
    # Asymmetry and limit: what tests/test_counterfactual.py and test_zero_rate.py find.
    assert re.search(r"insertion path both ways +243\.9 .* -48\.0 ", out)
    assert re.search(r"extraction path both ways +250\.7 .* -54\.8 ", out)
    (remains,) = re.findall(r"remains at one half cycle a century: ([0-9.]+) mV", out)
    assert float(remains) == pytest.approx(165.6, abs=0.5)
    assert figure.read_bytes()[:4] == b"%PDF"


def test_the_budget_of_a_host_that_does_not_form_again_has_its_held_cycles(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("sbpath.studies.zero_rate.RATES_C", (1e-4, 1e-3, 1e-2, 1e-1))
    figure = tmp_path / "b.png"
    code, out, err = run(capsys, "budget", "k-sb4o5cl2", "--graph", "reported", "--plot", str(figure))
    assert (code, err) == (0, "")
    assert "By direction" in out
    # Held to what the cycle ended in, since the host it began with is on no path back.
    assert len(re.findall(r"^(insertion|extraction) path both ways +\d", out, flags=re.MULTILINE)) == 2
    assert "off the path" not in out
    assert figure.exists()


# -- map --------------------------------------------------------------------------------------------------


def test_map_prints_letters_and_writes_shares(capsys, tmp_path, simulated):
    table, figure = tmp_path / "m.csv", tmp_path / "m.png"
    code, out, err = run(
        capsys, "map", "li-sb", "--rate", "C/5", "--cycles", "1", "--csv", str(table), "--plot", str(figure),
        "--vary", f"{TWO_THREE}=0.06..0.093:2", "--vary", "temperature=25..40:2",
    )  # fmt: skip
    assert (code, err) == (0, "")
    rows = [dict(zip(read(table)[0], row, strict=True)) for row in read(table)[1:]]
    for celsius, energy in ((25.0, 0.093), (40.0, 0.06)):
        changes = {} if energy == 0.093 else {"changes": ((TWO_THREE, energy),)}
        warm = {} if celsius == 25.0 else {"temperature_C": celsius}
        solution = cycled(simulated, "li-sb", "C/5", 1, **changes, **warm)
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
    assert lines[0] == f"li-sb: candidate graph; across: {TWO_THREE}, down: temperature"
    lines = lines[lines.index("extraction") + 1 :]
    letter = {line[3:]: line[0] for line in lines if line[1:3] == ": "}
    two, one = letter["Li₃Sb -> Li₂Sb -> Sb"], letter["Li₃Sb -> Sb"]
    assert [line.split() for line in lines[:3]] == [["0.06", "0.093"], ["40", two, one], ["25", two, one]]
    assert figure.stat().st_size > 5000


# -- compare ----------------------------------------------------------------------------------------------


def test_compare_takes_several_graphs_rates_and_temperatures_in_one_call(capsys, tmp_path, simulated):
    table = tmp_path / "c.csv"
    code, out, err = run(
        capsys, "compare", "li", "--graph", "reported", "candidate", "--rate", "C/2", "1C", "--temperature", "25",
        "313.15K", "--cycles", "1", "--csv", str(table),
    )  # fmt: skip
    assert (code, err) == (0, "")
    head, *rows = read(table)
    assert head == list(COMPARISON_HEAD)
    # Graph by graph, then by temperature, then by rate; 660.35 mA/g is 1C.
    assert [row[1:5] for row in rows] == [
        [graph, "", celsius, rate]
        for graph in ("reported", "candidate")
        for celsius in ("25", "40")
        for rate in ("330.2", "660.4")
    ]
    for number, graph, celsius, rate in ((1, "reported", 25.0, "1C"), (6, "candidate", 40.0, "C/2")):
        alone = cycled(simulated, "li-sb", rate, 1, graph=graph, temperature_C=celsius)
        assert [rows[number]] == comparison_rows([alone])
    labels = [line.split("  ")[0] for line in out.splitlines()[1:9]]
    assert labels[0] == "li-sb, reported, 25 °C, C/2"
    assert labels[-1] == "li-sb, candidate, 40 °C, 1C"


def test_compare_builds_each_system_in_each_design(capsys, tmp_path):
    table, figure = tmp_path / "c.csv", tmp_path / "c.png"
    code, out, err = run(
        capsys, "compare", "li", "na", "--design", "own", "nano", "micron", "--rate", "1C", "--cycles", "1", "--csv", str(table),
        "--plot", str(figure),
    )  # fmt: skip
    assert (code, err) == (0, "")
    head, *rows = read(table)
    place = head.index("Design")
    wanted = [(name, design) for name in ("li-sb", "na-sb") for design in ("", "nano", "micron")]
    assert [(row[0], row[place]) for row in rows] == wanted
    assert [line.split("  ")[0] for line in out.splitlines()[1:4]] == [
        "li-sb, own electrode",
        "li-sb, nano",
        "li-sb, micron",
    ]
    # To the digit what the design gives alone.
    nano = load_mechanism("na-sb", design="nano")
    protocol = cycling("1C", nano.lower_cutoff_V, nano.upper_cutoff_V)
    assert rows[4] == comparison_rows([simulate(nano, protocol, progress=False)])[0]
    assert len({row[head.index("Hysteresis [mV]")] for row in rows}) == 6
    assert figure.stat().st_size > 10_000


def test_compare_puts_ions_on_the_scale_of_lithium(capsys, tmp_path, simulated):
    table = tmp_path / "c.csv"
    code, out, _ = run(
        capsys, "compare", "na", "--rate", "1C", "--cycles", "1", "--scale", "Li", "--csv", str(table)
    )
    assert code == 0
    assert "potentials against Li+/Li" in out
    (own,) = comparison_rows([cycled(simulated, "na-sb", "1C", 1)])
    for place in (COMPARISON_HEAD.index("Insertion [V]"), COMPARISON_HEAD.index("Extraction [V]")):
        # E(Na+/Na) - E(Li+/Li) = -2.71 + 3.0401 V.
        assert float(read(table)[1][place]) - float(own[place]) == pytest.approx(0.3301, abs=1.1e-4)


def test_compare_takes_negative_temperatures(capsys, simulated):
    code, out, _ = run(capsys, "compare", "li", "--rate", "1C", "--cycles", "1", "--temperature", "-10", "25")
    assert code == 0
    assert [line.split("  ")[0] for line in out.splitlines()[1:3]] == ["li-sb, -10 °C", "li-sb, 25 °C"]


def test_compare_takes_negative_temperatures_with_their_unit_or_says_how(capsys):
    try:
        code = main(
            ["compare", "li", "--rate", "2C", "--cycles", "1", "--quiet", "--temperature", "25C", "-10C"]
        )
    except SystemExit:
        assert "temperature" in capsys.readouterr().err
    else:
        assert code == 0


# -- wrong input --------------------------------------------------------------------------------------------


MAP = ["map", "li", "--vary", "rate=C/10..1C:2"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["explain", "lisb"], ["lisb", "did you mean 'li-sb'"]),
        (["explain", "li", "--graph", "candidat"], ["did you mean 'candidate'"]),
        (["explain", "li", "--rate", "fast"], ["fast", "C/10"]),
        (["explain", "li", "--cycles", "0"], ["cycles", "1 or more"]),
        (["explain", "li", "--temperature=-300C"], ["temperature_C", "-300"]),
        (["explain", "li", "--set", "kinetics.growth=1"], ["no 'growth' here"]),
        (["explain", "li", "--paths", "paths.csv"], ["paths.csv", ".png, .pdf or .svg"]),
        (["explain", "li", "--paths", "same.png", "--plot", "same.png"], ["same.png", "two outputs"]),
        (["explain", "li", "--csv", "no/such/out.csv"], ["no folder"]),
        (["budget", "li", "--plot", "budget.jpg"], [".png, .pdf or .svg"]),
        (["budget", "li", "--rate", "0C"], ["above 0"]),
        (["budget", "li", "--rate", "100C"], ["no cycle of this solution is closed", "2 %"]),
        (["budget", "li", "--rate", "2C", "--temperature=-150C"], ["no transformation ran on insertion"]),
        (MAP, ["--vary", "twice, across and up"]),
        ([*MAP, "--vary", "temperature=0..25:2", "--rate", "C/5"], ["rate: varies, and one value is given"]),
        ([*MAP, "--vary", "rate=C/10..1C:2"], ["rate", "cannot vary along both axes"]),
        ([*MAP, "--vary", "temperature=0..25:2", "--vary", f"{TWO_THREE}=0..1:2"], ["given 3 times"]),
        ([*MAP, "--vary", "nonsense"], ["NAME=LOW..HIGH:COUNT", "rate=C/100..5C:9"]),
        ([*MAP, "--vary", "kinetics.growth=1..2:2"], ["no 'growth' here"]),
        ([*MAP, "--vary", "temperature=-300..-200:2"], ["every run failed", "-300"]),
        ([*MAP, "--vary", "temperature=25..0:2"], ["does not rise"]),
        (["compare", "li", "--design", "nano", "giant"], ["giant", "no such electrode design"]),
        (["compare", "li", "--rate", "C/10", "quick"], ["quick", "C/10"]),
        (["compare", "li", "--graph", "candidate", "other"], ["no graph 'other'"]),
        (["compare", "li", "--temperature", "25C", "warm"], ["warm", "298.15K"]),
        (["compare", "li", "na", "lisb"], ["did you mean 'li-sb'"]),
        pytest.param(
            ["compare", "li", "--rate", "1e9C"], ["A per g"],
        ),
    ],
)  # fmt: skip
def test_wrong_input_is_one_clear_line_and_nothing_is_written(
    capsys, tmp_path, monkeypatch, arguments, words
):
    monkeypatch.chdir(tmp_path)
    outputs = [] if {"--csv", "--plot"} & set(arguments) else ["--csv", "out.csv", "--plot", "out.png"]
    code, out, err = run(capsys, *arguments, *outputs)
    assert code == 2
    assert out == ""
    assert len(err.splitlines()) == 1
    assert err.startswith("sbpath: ")
    for word in words:
        assert word in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["map", "li"], ["--vary", "required"]),
        (["compare", "li", "--scale", "Na"], ["--scale", "own", "Li"]),
        (["compare"], ["MECHANISM"]),
        (["explain"], ["mechanism"]),
        (["budget", "li", "--cycles", "many"], ["--cycles", "many"]),
    ],
)
def test_words_that_cannot_be_parsed_are_one_line_too(capsys, arguments, words):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    err = capsys.readouterr().err
    assert stop.value.code == 2
    assert len(err.splitlines()) == 1
    for word in words:
        assert word in err


def test_help_of_the_new_commands_needs_no_heavy_import():
    code = (
        "import sys\nfrom sbpath.cli import main\n"
        "for command in ('explain', 'budget', 'map', 'compare'):\n"
        "    try:\n        main([command, '--help'])\n    except SystemExit:\n        pass\n"
        "heavy = {'numpy', 'scipy', 'matplotlib', 'networkx', 'pydantic'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stderr.strip() == "[]"
    for words in ("--paths", "--vary", "--scale", "NAME=LOW..HIGH:COUNT"):
        assert words in result.stdout
