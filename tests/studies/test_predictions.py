"""Oracles: systems whose answers are closed forms, conservation of energy, and the same change made by hand."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

import numpy as np
import pytest
from tiny import one_edge, tiny_mechanism

import sbpath
from sbpath.cli import main
from sbpath.mechanism.records import Gallery, Quantity
from sbpath.physical import FARADAY_C_PER_MOL
from sbpath.studies.predictions import (
    CHANGES,
    MOST_PARTICLES,
    SHARE,
    Prediction,
    Question,
    _Move,
    _prediction,
    report,
    uncertainty,
)

FAST_GROWTH = 1e3


@pytest.fixture(scope="module")
def lithium():
    return sbpath.predictions("li-sb", progress=False)


def the(found: Sequence[Prediction], text: str) -> Prediction:
    """The one prediction whose question contains `text`."""
    (one,) = (p for p in found if text in p.question.text)
    return one


def test_without_barriers_everything_relaxes_to_the_equilibrium():
    found = sbpath.predictions(one_edge(0.5, growth=FAST_GROWTH), progress=False)
    relaxed = [p for p in found if "relaxed potential" in p.question.text]
    assert len(relaxed) == 4  # on both plateaus, and reversed from either side
    for p in relaxed:
        assert p.value == pytest.approx(0.5, abs=1e-4)
        assert p.hangs_on == "phases.LiSb.enthalpy_J_per_mol"
        assert p.moves_by == pytest.approx(0.005, abs=1e-5)
    drifts = [p for p in found if "drift" in p.question.text]
    assert [p.value for p in drifts] == pytest.approx([0.0, 0.0], abs=1e-3)
    assert not any(p.question.unit == SHARE for p in found)  # no node is neither empty nor full


def test_a_resistance_makes_the_slope_of_the_hysteresis_with_the_rate():
    mechanism = one_edge(0.5, growth=FAST_GROWTH, resistance=20.0)
    found = sbpath.predictions(mechanism, progress=False)
    # 20 ohm cm2 at 1 mg/cm2 is 0.02 ohm g; the gap is 2 I R, and 1C is F/M in one hour.
    one_C = FARADAY_C_PER_MOL / mechanism.host_molar_mass_g_per_mol / 3600.0
    gap = 2e3 * 0.02 * one_C
    assert the(found, "hysteresis at C/10").value == pytest.approx(0.1 * gap, rel=0.02)
    slope = the(found, "slope from C/10 to 1C")
    assert slope.value == pytest.approx(0.9 * gap, rel=0.02)
    # R is their product over the mass.
    assert slope.hangs_on in ("electrode.contact_resistance_ohm_cm2", "electrode.loading_mg_per_cm2")
    assert slope.moves_by == pytest.approx(0.1 * slope.value, rel=0.02)


def test_heat_of_both_directions_is_the_loop(lithium):
    mechanism = sbpath.load_mechanism("li-sb")
    solution = sbpath.simulate(
        mechanism,
        sbpath.cycling("C/10", mechanism.lower_cutoff_V, mechanism.upper_cutoff_V, 2),
        progress=False,
    )
    loop = sbpath.cycle_summaries(solution)[-1].loop_J_per_g
    heat = [the(lithium, f"heat of {way}").value for way in ("insertion", "extraction")]
    assert sum(heat) == pytest.approx(loop, rel=0.01)


def test_what_a_prediction_hangs_on_is_what_moves_it_by_hand(lithium):
    p = the(lithium, "hysteresis at C/10")
    assert p.hangs_on
    mechanism = sbpath.load_mechanism("li-sb")

    def hysteresis(own):
        protocol = sbpath.cycling("C/10", own.lower_cutoff_V, own.upper_cutoff_V, 2)
        solution = sbpath.simulate(own, protocol, population=MOST_PARTICLES, progress=False)
        return sbpath.cycle_summaries(solution)[-1].hysteresis_mV

    now = sbpath.value(mechanism, p.hangs_on)
    changed = sbpath.with_changes(mechanism, {p.hangs_on: now * (1.0 + p.change)})
    assert p.moves_by == pytest.approx(hysteresis(changed) - hysteresis(mechanism), abs=1e-6)
    assert -p.down <= p.moves_by <= p.up


def test_intermediates_come_from_the_graph(lithium):
    shares = [p.question.text for p in lithium if p.question.unit == SHARE]
    assert len(shares) == 4
    assert all("Li₂Sb" in text for text in shares)
    phases = {
        "Sb": {"formula": "Sb"},
        "LiSb": {"formula": "LiSb", "gibbs": -0.6 * FARADAY_C_PER_MOL},
        "Li2Sb": {"formula": "Li2Sb", "gibbs": -1.0 * FARADAY_C_PER_MOL},
    }
    chain = [("Sb", "LiSb", 1), ("LiSb", "Li2Sb", 1)]
    found = sbpath.predictions(tiny_mechanism(phases, chain, growth=FAST_GROWTH), progress=False)
    values = [p.value for p in found if p.question.unit == SHARE]
    assert values == pytest.approx([1.0] * 4, abs=1e-3)
    relaxed = sorted(
        p.value for p in found if "relaxed" in p.question.text and "reversed" not in p.question.text
    )
    assert relaxed == pytest.approx([0.4, 0.4, 0.6, 0.6], abs=1e-4)


@pytest.mark.parametrize(
    ("name", "value", "note", "wanted"),
    [
        ("phases.A.entropy_J_per_mol_K", -20.0, "2 F dE/dT; +-15 %", [0.15]),
        ("phases.A.enthalpy_J_per_mol", -25000.0, "between neighbours, +-10 kJ/mol", [0.4]),
        ("phases.A.enthalpy_J_per_mol", -25000.0, "why", [0.01]),
        ("phases.A.enthalpy_J_per_mol", -25000.0, "cells: 0.55 +- 0.1 V; +-5 kJ/mol", [0.2]),
        ("phases.A.enthalpy_J_per_mol", 0.0, "+-10 kJ/mol", []),
        ("interfaces.A|B.energy_J_per_m2", 0.1, "+- 0.02", [0.01]),
        ("kinetics.growth_rate_per_s", 1e-3, "why", [0.1]),
        ("kinetics.growth_rate_per_s", 1e-3, "not measured: known to a factor of 4", [3.0, -0.75]),
        ("transformations[1].growth_rate_per_s", 1e-3, "why", [0.1]),
        ("electrode.spread.particles", 20.0, "why", []),
        ("electrolyte.film.torn_share", 0.1, "why", []),
    ],
)  # fmt: skip
def test_the_uncertainty_of_a_number_is_stated_or_by_its_kind(name, value, note, wanted):
    number = Quantity(value=value, status="assumed", source="sbpath", note=note)
    found = uncertainty(name, number)
    assert [path for path, _ in found] == [name] * len(wanted)
    assert [change for _, change in found] == pytest.approx(wanted)


def test_potential_and_width_of_a_gallery_are_uncertain():
    gallery = Gallery(
        sites=0.4, potential_V=0.8, width=1.5, status="fitted", source="sbpath", fitted_to="cells (+-0.05 V)"
    )
    found = dict(uncertainty("phases.A.galleries[1]", gallery))
    assert found == pytest.approx(
        {"phases.A.galleries[1].potential_V": 0.0625, "phases.A.galleries[1].width": 0.01}
    )


def test_what_is_known_to_a_factor_reaches_further_one_way():
    # A ten times slower or faster front: the wait of a rest on the second plateau of lithium, by hand.
    mechanism = sbpath.load_mechanism("li-sb")
    key = "kinetics.propagation_rate_per_s"
    changes = [change for _, change in uncertainty(key, mechanism.kinetics.propagation_rate_per_s)]
    assert changes == pytest.approx([9.0, -0.9])
    moves = [_Move(key, 9.0, 80.0), _Move(key, -0.9, -20.0), _Move("other", 0.1, -15.0)]
    p = _prediction(1, Question("", "mV", ".0f", 5.0), 845.0, moves)
    assert (p.hangs_on, p.change, p.moves_by) == (key, 9.0, 80.0)
    assert (p.down, p.up) == pytest.approx((25.0, (80.0**2 + 15.0**2) ** 0.5))
    assert p.range == pytest.approx((820.0, 845.0 + p.up))
    assert p.ruled_out_by == "less than 820 or more than 926"


def test_hysteresis_with_rate_hangs_on_the_exchange_current_that_nobody_measured(lithium):
    # Butler and Volmer alone: the gap of charge transfer, 4 R T / F asinh(I / (2 i0 A_s)), from C/10 to 1C.
    slope = the(lithium, "slope from C/10 to 1C")
    assert slope.hangs_on == "kinetics.exchange_current_A_per_m2"
    surface = 3.0 * 18.19 / 121.76

    def gap(rate, factor):
        return (
            4e3
            * 8.314462618
            * 298.15
            / FARADAY_C_PER_MOL
            * np.arcsinh(0.66 * rate / (2.0 * factor * surface))
        )

    moved = [gap(1.0, f) - gap(0.1, f) - gap(1.0, 1.0) + gap(0.1, 1.0) for f in (3.0, 1.0 / 3.0)]
    assert slope.change == pytest.approx(-2.0 / 3.0)
    assert slope.moves_by == pytest.approx(moved[1], abs=3.0)
    assert -slope.down == pytest.approx(moved[0], abs=8.0)


def test_values_hang_on_the_galleries_of_an_amorphous_phase_and_on_its_spread():
    # Amorphous Sb has one lifetime in a single particle, which answers to 1 % of an energy five times as strongly.
    mechanism = sbpath.load_mechanism("na-sb")
    found = sbpath.predictions(mechanism, progress=False)
    assert "galleries[1].potential_V" in the(found, "insertion at C/20 to x = 1.5: relaxed").hangs_on
    rested = the(found, "an hour's rest")
    assert rested.hangs_on == "electrode.spread.interfacial_energy"
    assert -80.0 < rested.range[0] < rested.value < rested.range[1] < -40.0


def test_numbers_that_move_nothing_are_not_named():
    assert all(name.endswith((".", "s")) for name in CHANGES)
    flat = sbpath.predictions(one_edge(0.5, growth=FAST_GROWTH), progress=False)
    assert the(flat, "an hour's rest").hangs_on == ""


def test_results_that_rule_out():
    def words(value, unit, spread):
        return Prediction(
            1, Question("", unit, ".2f", 0.05), value, "", 0.0, 0.0, spread, spread
        ).ruled_out_by

    assert words(0.5, "V", 0.1) == "less than 0.40 or more than 0.60"
    assert words(0.5, "V", 0.01) == "less than 0.45 or more than 0.55"
    assert words(0.02, SHARE, 0.01) == "more than 0.07"
    assert words(0.99, SHARE, 0.01) == "less than 0.94"
    assert words(0.5, SHARE, 0.6).startswith("nothing")


def test_no_drift_has_no_sign(lithium):
    assert not re.search(r"-0\.0+ ", report(sbpath.load_mechanism("li-sb"), lithium))
    flat = Prediction(1, Question("", "mV", "+z.1f", 2.0), -0.01, "", 0.0, 0.0, 0.0, 0.0)
    assert ": +0.0 mV" in report(sbpath.load_mechanism("li-sb"), [flat])


def test_the_command_prints_and_writes_them(lithium, capsys, tmp_path):
    path = tmp_path / "predictions.csv"
    assert main(["predict", "li-sb", "--quiet", "--csv", str(path)]) == 0
    out = capsys.readouterr().out
    assert report(sbpath.load_mechanism("li-sb"), lithium) in out
    with path.open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert [row["Prediction"] for row in rows] == [p.question.text for p in lithium]
    assert [float(row["Value"]) for row in rows] == pytest.approx([p.value for p in lithium], rel=1e-4)


def test_a_wrong_graph_is_refused_before_anything_runs():
    with pytest.raises(sbpath.InputError, match="graph: li-sb has no graph 'wrong'"):
        sbpath.predictions("li-sb", graph="wrong")


@pytest.mark.parametrize("name", [pytest.param("k-sb", marks=pytest.mark.slow), "li-gasb-libh4", "na-nisb"])
def test_other_systems_are_predicted_too(name):
    found = sbpath.predictions(name, progress=False)
    assert [p.number for p in found] == list(range(1, len(found) + 1))
    assert {"V", "mV", "mV per decade", "mV/K", "J/g", SHARE} == {p.question.unit for p in found}
    assert all(p.range[0] <= p.value <= p.range[1] for p in found)
    assert len(report(sbpath.load_mechanism(name), found).splitlines()) == 2 * len(found) + 7
