"""The command explain: what it prints and writes against the same question in Python."""

from __future__ import annotations

from command_line import read, run
from curves import cycled

from sbpath import branch_points, pathways
from sbpath.text.explanation import explain_table, explanation

TWO_THREE = "interfaces.Li2Sb|Li3Sb.energy_J_per_m2"


def test_explain_states_the_two_inequalities_and_writes_every_decision(capsys, tmp_path, simulated):
    table, figure, drawing = (tmp_path / name for name in ("t.csv", "f.png", "p.svg"))
    asked = ("explain", "li", "--graph", "candidate")
    code, out, err = run(capsys, *asked, "--csv", str(table), "--plot", str(figure))
    assert (code, err) == (0, "")
    assert run(capsys, *asked, "--figure", "paths", "--plot", str(drawing))[0] == 0
    solution = cycled(simulated, "li-sb", graph="candidate", shipped=True, population=1)
    assert out.startswith(explanation(solution))
    # Why Li2Sb on the way in and not on the way out, in numbers.
    assert "0.616 = gamma(Sb|Li₂Sb) / gamma(Sb|Li₃Sb) < (g(Li₂Sb) / g(Li₃Sb))^(2/3) = 0.875" in out
    assert "2.329 = gamma(Li₃Sb|Sb) / gamma(Li₃Sb|Li₂Sb) < (g(Sb) / g(Li₂Sb))^(2/3) = 3.160" in out
    head, rows = explain_table(solution)
    assert read(table) == [head, *rows]
    assert figure.read_bytes()[:4] == b"\x89PNG"
    assert "<svg" in drawing.read_text()
    assert out.splitlines()[-2:] == [f"wrote {path}" for path in (table, figure)]


def test_explain_takes_rate_temperature_cycles_and_changed_numbers(capsys, simulated):
    # Below the threshold: two steps on the way out as well.
    arguments = ("--rate", "C/5", "--temperature", "313.15K", "--cycles", "1", "--set", f"{TWO_THREE}=0.06")
    code, out, _ = run(capsys, "explain", "li-sb", *arguments)
    assert code == 0
    assert out.startswith("li-sb: candidate graph, 40 °C, cycle 1 of 1, formation\n")
    solution = cycled(
        simulated,
        "li-sb",
        "C/5",
        1,
        temperature_C=40.0,
        changes=((TWO_THREE, 0.06),),
        shipped=True,
        population=1,
    )
    ways = {way.direction: way.paths[0] for way in pathways(solution)}
    assert ways["extraction"].phases == ("Li3Sb", "Li2Sb", "Sb")
    assert f"extraction: Li₃Sb -> Li₂Sb -> Sb ({100 * ways['extraction'].share:.1f} %)" in out
    for branch_point in branch_points(solution):
        assert f"at E = {branch_point.potential_V:.3f} V, x = {branch_point.composition:.2f}" in out
