"""Oracles: conservation of charge, the film's closed form, and the same electrode cycled with another number."""

from __future__ import annotations

import numpy as np
import pytest
from command_line import run
from matplotlib.patches import Rectangle
from worn import worn

from sbpath import (
    InputError,
    cycling,
    full_cell_capacity,
    ledger,
    plots,
    simulate,
    value,
    what_would_help,
    with_changes,
)
from sbpath.studies.lifetime import printed_cycles, report


@pytest.fixture(scope="module")
def aged():
    return simulate(worn("li-sb", "nano"), cycling("C/10", 0.05, 1.5, 12), keep="ends", progress=False)


def test_every_entry_of_the_table_adds_up(aged):
    entries = ledger(aged)
    for entry in entries:
        places = entry.film + entry.idle + entry.cut_off + entry.held + entry.layer
        assert entry.inserted - entry.extracted == pytest.approx(places, abs=1e-8)
    text = report(aged)
    assert "+-10 points" in text
    assert "not predicted" in text
    shares = [
        float(word.split("%")[0]) for word in text.split("in during cycle 1:")[1].split() if "%" in word
    ]
    assert sum(shares[:8]) == pytest.approx(100.0, abs=0.4)


@pytest.mark.parametrize(
    ("design", "changes"),
    [("composite", {}), ("nano", {"onset_potential_V": 0.01})],
    ids=["covered", "below"],
)
def test_where_no_film_forms_on_the_host_it_has_no_thickness(design, changes):
    """Host under carbon, and an onset below the window."""
    cell = worn("li-sb", design, **changes)
    entries = ledger(simulate(cell, cycling("C/10", 0.05, 1.5, 2), keep="ends", progress=False))
    assert [(entry.film, entry.film_thickness_nm) for entry in entries] == [(0.0, 0.0)] * 2
    assert (entries[0].idle > 300.0) == (design == "composite")


def test_cycles_printed_are_few_and_hold_both_ends(aged):
    assert [entry.cycle for entry in printed_cycles(ledger(aged))] == [1, 2, 3, 5, 10, 12]
    assert printed_cycles([]) == []


def test_an_electrode_that_loses_nothing_is_told_so(simulated):
    text = report(simulated("li-sb", cycling("C/10", 0.05, 1.5)))
    assert "no film: this electrolyte takes no charge; add one that does, e.g. --electrolyte fec" in text
    assert "no fade: no host is cut off" in text
    assert "points" not in text


def test_the_command_prints_table_full_cell_and_what_helps(capsys, tmp_path):
    code, out, _ = run(
        capsys, "run", "lifetime", "li-sb", "--cycles", "4", "--electrolyte", "fec", "--design", "nano",
        "--reserve", "900", "--what-helps", "2", "--csv", str(tmp_path / "all.csv"),
    )  # fmt: skip
    assert code == 0
    assert "full cell whose counter-electrode brings 900 mAh" in out
    assert "what would help, judged by 2 cycles" in out
    rows = np.genfromtxt(tmp_path / "all.csv", delimiter=",", skip_header=1)
    assert rows.shape == (4, 14)
    assert rows[:, 1] - rows[:, 2] == pytest.approx(rows[:, 3:11].sum(axis=1), abs=1e-3)


@pytest.mark.parametrize(
    ("argument", "given", "message"),
    [
        ("reserve", "-5", "reserve: must be a number above 0, not -5.0"),
        ("reserve", "nan", "reserve: must be a number above 0, not nan"),
        ("what-helps", "1", "what-helps: must be a whole number, 2 or more, not 1"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_printed(capsys, argument, given, message):
    assert run(capsys, "run", "lifetime", "li-sb", f"--{argument}", given) == (2, "", f"sbpath: {message}\n")


def test_a_number_helps_as_much_as_an_electrode_with_it_cycles_better():
    mechanism = worn("na-sb-nasb", "micron", contact_loss=1e-3)
    protocol = cycling("C/5", 0.02, 1.5, 3)
    before = simulate(mechanism, protocol, progress=False)
    found = {(remedy.name, remedy.change): remedy for remedy in what_would_help(before, 3, progress=False)}
    assert list(found.values()) == sorted(found.values(), key=lambda r: r.gains, reverse=True)
    for path, factor in (("electrode.idle_area_m2_per_g", 0.5), ("electrode.contact_loss", 2.0)):
        now = value(mechanism, path)
        after = simulate(with_changes(mechanism, {path: factor * now}), protocol, progress=False)
        one, other = ledger(before), ledger(after)
        remedy = found[path, "halved" if factor < 1 else "doubled"]
        assert remedy.first_points == pytest.approx(100 * (other[0].efficiency - one[0].efficiency), abs=1e-3)
        assert remedy.late_points == pytest.approx(
            100 * (other[-1].efficiency - one[-1].efficiency), abs=1e-3
        )
        inactive = mechanism.electrode.inactive_mass_g_per_g
        gain = (other[-1].extracted - one[-1].extracted) / (1.0 + (inactive.value if inactive else 0.0))
        assert remedy.capacity_mAh_per_g == pytest.approx(gain, abs=1e-3)
    # Contact cannot bring film back; carbon cannot keep host.
    assert abs(found["electrode.contact_loss", "halved"].first_points) < 0.1
    assert found["electrode.idle_area_m2_per_g", "halved"].first_points > 1.0


def test_nothing_helps_where_nothing_is_lost(simulated):
    found = what_would_help(simulated("li-sb", cycling("C/10", 0.05, 1.5)), 2, progress=False)
    assert all(abs(remedy.first_points) < 0.01 for remedy in found if "area" in remedy.name)


def test_the_reserve_of_a_full_cell_is_used_up(aged):
    entries = ledger(aged)
    lost = sum(entry.lost for entry in entries)
    assert full_cell_capacity(entries, lost + 100.0)[-1] == pytest.approx(100.0)


def test_the_figure_shows_the_ledger(aged):
    top, middle, stack, bar = plots.lifetime(aged)
    entries = ledger(aged)
    assert top.lines[1].get_ydata() == pytest.approx([entry.extracted for entry in entries])
    assert middle.lines[0].get_ydata() == pytest.approx([100 * entry.efficiency for entry in entries])
    widths = [patch.get_width() for patch in bar.patches if isinstance(patch, Rectangle)]
    assert sum(widths) == pytest.approx(entries[0].inserted, rel=1e-6)
    highest = max(path.get_extents().y1 for area in stack.collections for path in area.get_paths())
    assert highest == pytest.approx(sum(entry.lost for entry in entries), rel=1e-6)


@pytest.mark.parametrize("design", ["micron", "composite"])
def test_the_first_efficiency_is_named_away_from_the_curve(design):
    """Of many cycles; the curve begins low on bare host and high under carbon."""
    middle = plots.lifetime(
        simulate(worn("k-sb-ksb", design), cycling("C/5", 0.02, 1.5, 32), keep="ends", progress=False)
    )[1]
    middle.figure.canvas.draw()
    (name,) = middle.texts
    box, curve = name.get_window_extent(), middle.lines[0].get_xydata()
    dense = np.linspace(3.0, 32.0, 500)
    points = middle.transData.transform(np.column_stack([dense, np.interp(dense, *curve.T)]))
    assert not any(box.contains(x, y) for x, y in points)


def test_a_run_without_a_cycle_has_no_lifetime(simulated):
    with pytest.raises(InputError, match="no full cycle"):
        plots.lifetime(simulated("li-sb", "Rest for 1 h"))
