"""Oracles: series resistances at constant current, which cost exactly their share; a second mechanism without the number."""

from __future__ import annotations

import numpy as np
import pytest

from sbpath import (
    cycle_summaries,
    cycling,
    if_removed_mV,
    load_mechanism,
    loss_breakdown,
    simulate,
    with_changes,
)
from sbpath.results.loss_breakdown import LOSSES
from sbpath.studies.removed_causes import without_cause
from sbpath.text.loss_tables import loss_report

# Charge transfer, resistance and work all at once; narrow enough cut-offs would move with them.
ALL = {
    "kinetics.exchange_current_A_per_m2": 1.0,
    "electrode.contact_resistance_ohm_cm2": 100.0,
    "kinetics.transformation_work_J_per_mol": 500.0,
}


def cycled(mechanism, rate="C/10"):
    return simulate(
        mechanism,
        cycling(rate, mechanism.lower_cutoff_V, mechanism.upper_cutoff_V, 2),
        population=1,
        progress=False,
    )


@pytest.fixture(scope="module")
def full():
    return cycled(load_mechanism("li-sb", ALL))


def test_resistance_and_charge_transfer_cost_their_share_at_constant_current(full):
    found, changes = loss_breakdown(full), if_removed_mV(full)
    for cause in ("resistance", "charge transfer"):
        i = LOSSES.index(cause)
        assert found.losses_mV[:, i].sum() > 1.0
        assert changes[i] == pytest.approx(-found.losses_mV[:, i].sum(), abs=0.05)


def test_a_removed_cause_has_no_share_left(full):
    for i, cause in enumerate(LOSSES):
        again = loss_breakdown(cycled(without_cause(full.mechanism, cause)))
        assert again.losses_mV[:, i].sum() < 1e-3 * again.hysteresis_mV, cause


def test_the_change_is_that_of_a_mechanism_without_the_number(full):
    name = "kinetics.transformation_work_J_per_mol"
    without = cycle_summaries(cycled(with_changes(full.mechanism, {name: 0.0})))[-1].hysteresis_mV
    change = if_removed_mV(full)[LOSSES.index("work")]
    assert change == pytest.approx(without - loss_breakdown(full).hysteresis_mV, abs=1e-9)


def test_film_is_removed_by_an_onset_that_is_never_reached():
    # So little film that the loop closes.
    thin = {"electrolyte.film.sealing_thickness_nm": 0.05}
    filmed = cycled(with_changes(load_mechanism("li-sb", electrolyte="fec"), thin))
    none = loss_breakdown(cycled(without_cause(filmed.mechanism, "film")))
    i = LOSSES.index("film")
    assert loss_breakdown(filmed).losses_J_per_g[:, i].sum() > 0.0
    assert not none.losses_J_per_g[:, i].any()


def test_what_loses_nothing_changes_nothing():
    solution = cycled(load_mechanism("li-sb", {"electrode.particle_radius_m": 2e-6}))
    found, changes = loss_breakdown(solution), if_removed_mV(solution)
    assert np.all(changes[~found.losses_J_per_g.any(axis=0)] == 0.0)
    # A share is not a cause: transport has more of the loop than its removal saves.
    transport = LOSSES.index("transport")
    assert -changes[transport] < 0.5 * found.losses_mV[:, transport].sum()


def test_the_report_says_it_below_the_shares(full):
    found, changes = loss_breakdown(full), if_removed_mV(full)
    lines = loss_report(full, found, changes).splitlines()
    row = next(i for i, line in enumerate(lines) if line.startswith("if removed  "))
    assert lines[row - 1].startswith("share")
    assert lines[row].split()[2:] == [f"{change:+.2f}" if change else "0.00" for change in changes]
    assert "if removed" not in loss_report(full, found)
