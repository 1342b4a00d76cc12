"""The commands list, show and check."""

from __future__ import annotations

import re

import pytest

import sbpath
from sbpath.cli import main


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_list_names_every_shipped_system_on_a_line(capsys):
    code, out, _ = run(capsys, "list")
    assert code == 0
    systems, legend, designs, electrolytes = out.split("\n\n")
    lines = [re.sub(r"^(Li|Na|K)? +", "", line) for line in systems.splitlines()[1:]]
    assert sorted(line.split()[0] for line in lines) == sbpath.shipped_names()
    # Grouped by ion, each named once.
    assert re.findall(r"^(Li|Na|K) ", systems, flags=re.MULTILINE) == ["Li", "Na", "K"]
    assert legend.startswith("measured to assumed: ")
    assert [line.split()[0] for line in designs.splitlines()[2:]] == sbpath.design_names()
    assert [line.split()[0] for line in electrolytes.splitlines()[2:]] == sbpath.electrolyte_names()


def test_show_gives_equations_potentials_status_and_sources(capsys):
    code, out, _ = run(capsys, "show", "li")
    assert code == 0
    assert "(1)  Sb + 2 Li+ + 2 e- -> Li2Sb  0.9560  reported, candidate" in out
    assert "Li₂Sb" in out
    mechanism = sbpath.load_mechanism("li-sb")
    for name in mechanism.interfaces:
        assert f"interfaces.{name}.energy_J_per_m2" in out
    assert mechanism.sources["chang2015"][:30] in out


def test_check_tells_good_files_and_all_mistakes_of_bad_ones(capsys, tmp_path):
    (tmp_path / "one.toml").write_text('extends = "li-sb"\nion = "Xe"\nupper_cutoff = 2.0\n')
    (tmp_path / "two.toml").write_text("this is not TOML")
    code, out, err = run(capsys, "check", "li-sb", str(tmp_path / "one.toml"), str(tmp_path / "two.toml"))
    assert code == 2
    assert "li-sb: good" in out
    lines = err.splitlines()
    assert len(lines) == 3
    assert any("ion" in line and "Xe" in line for line in lines)
    assert any("upper_cutoff" in line and "upper_cutoff_V" in line for line in lines)
    assert any("two.toml" in line and "TOML" in line for line in lines)


def test_set_changes_a_number_and_marks_it(capsys):
    key = "interfaces.Li2Sb|Li3Sb.energy_J_per_m2"
    code, out, _ = run(capsys, "show", "li-sb", "--set", f"{key}=0.03")
    assert code == 0
    (line,) = [line for line in out.splitlines() if line.startswith(f"{key} ")]
    assert line.split()[1:3] == ["0.03", "assumed"]


def test_an_option_that_is_a_list_may_be_repeated(capsys):
    both = ["--set", "kinetics.growth_rate_per_s=1e-3", "--set", "electrode.double_layer_F_per_g=2"]
    code, out, _ = run(capsys, "show", "li-sb", *both)
    assert code == 0
    (line,) = [line for line in out.splitlines() if line.startswith("kinetics.growth_rate_per_s ")]
    assert line.split()[1:3] == ["0.001", "assumed"]


def test_graph_is_drawn(capsys, tmp_path):
    code, out, _ = run(capsys, "show", "k-sb", "--graph", "candidate", "--plot", str(tmp_path / "g.svg"))
    assert code == 0
    assert "<svg" in (tmp_path / "g.svg").read_text()
    assert out.splitlines()[-1] == f"wrote {tmp_path / 'g.svg'}"
