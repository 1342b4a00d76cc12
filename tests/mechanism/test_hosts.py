"""Hosts other than antimony: a file says of which element each node holds one mole."""

from __future__ import annotations

import json

import numpy as np
import pytest

import sbpath
from sbpath.mechanism.chemistry import ATOMIC_WEIGHT
from sbpath.mechanism.reader import mechanism_from_document
from sbpath.physical import FARADAY_C_PER_MOL as F
from sbpath.text.mechanism_sheet import mechanism_report


def document(host="Si"):
    """`k-sb-ksb` with another host element in the place of Sb, and the same double layer per mole."""
    antimony = sbpath.load_mechanism("k-sb-ksb").document
    for phase in antimony["phases"].values():
        for key in ("cell", "atoms", "space_group", "review_volume_change_percent"):
            phase.pop(key, None)
    other = json.loads(json.dumps(antimony).replace("Sb", host))
    other["electrode"].pop("spread", None)
    other["electrode"]["double_layer_F_per_g"]["value"] *= ATOMIC_WEIGHT["Sb"] / ATOMIC_WEIGHT[host]
    return {**other, "host": host}


def test_another_element_changes_what_is_per_gram_and_nothing_else():
    silicon, antimony = (mechanism_from_document(document(host), host) for host in ("Si", "Sb"))
    assert silicon.theoretical_capacity_mAh_per_g == pytest.approx(3.0 * F / 3.6 / 28.085)
    runs = [
        sbpath.simulate(m, sbpath.cycling("C/10", 0.02, 1.5), progress=False) for m in (silicon, antimony)
    ]
    for names in zip(("Si", "KSi", "K3Si"), ("Sb", "KSb", "K3Sb"), strict=True):
        shares = [run.fraction(name).max() for run, name in zip(runs, names, strict=True)]
        assert shares[0] == pytest.approx(shares[1], abs=1e-4)
    grid = np.linspace(0.1, 2.9, 50)
    for step in (0, 1):
        curves = []
        for run in runs:
            part = slice(run.steps[step].first, run.steps[step].last)
            order = np.argsort(run.composition[part])
            curves.append(np.interp(grid, run.composition[part][order], run.voltage_V[part][order]))
        assert np.abs(curves[0] - curves[1]).max() < 1e-3
    charge = [sbpath.cycle_summaries(run)[0].insertion_mAh_per_g for run in runs]
    assert charge[0] * 28.085 == pytest.approx(charge[1] * 121.760, rel=1e-3)


def test_labels_name_the_host():
    mechanism = mechanism_from_document(document(), "silicon")
    assert "x: alkali per Si; Vm in cm3 per mol Si" in mechanism_report(mechanism)
    axes = sbpath.plots.operando(sbpath.simulate(mechanism, ["Discharge at 1C until 0.02 V"], progress=False))
    assert axes[-1].get_ylabel() == "Fraction of Si"


@pytest.mark.parametrize(
    ("host", "line"),
    [
        ("Xx", "own: host: 'Xx' is not the symbol of an element known here; write the element that takes up K, e.g. host = \"Sb\" or host = \"Si\""),
        ("K", "own: host: 'K' is the alkali metal too; write the element that takes up K, e.g. host = \"Sb\" or host = \"Si\""),
        (None, "own: phases.Si.formula: Si does not hold one Sb; all amounts are per mole of Sb, write e.g. K3Sb, or name [assemblages] of one Sb each; for another host element write host = \"Si\""),
    ],
)  # fmt: skip
def test_a_wrong_or_missing_host_is_told(host, line):
    given = document()
    given["host"] = host
    if host is None:
        del given["host"]
    with pytest.raises(sbpath.InputError) as told:
        mechanism_from_document(given, "own")
    assert told.value.problems[0] == line


def test_a_volume_below_that_of_the_host_is_doubted():
    given = document()
    given["phases"]["KSi"]["molar_volume_cm3_per_mol"]["value"] = 15.0
    told = sbpath.sanity_warnings(mechanism_from_document(given, "own"))
    assert any("is less than the volume of its Si alone (18.19)" in line for line in told)
