"""Reasons of the page against branch points and runs."""

from __future__ import annotations

import pytest

import sbpath
from sbpath.app.reasons import reasons

CYCLE = sbpath.cycling("C/10", 0.05, 1.5, cycles=1)


@pytest.fixture(scope="module")
def lithium() -> list[dict]:
    return reasons(sbpath.simulate("li-sb", CYCLE, progress=False))


def test_one_entry_for_each_choice(lithium: list[dict]) -> None:
    assert [(one["direction"], one["phase"]) for one in lithium] == [
        ("insertion", "Sb"), ("insertion", "Li₂Sb"), ("extraction", "Li₃Sb"),
    ]  # fmt: skip
    out = lithium[-1]
    assert [product["label"] for product in out["products"]] == ["Sb", "Li₂Sb"]
    assert out["products"][0]["share"] > 0.99
    assert out["products"][0]["barrier_kT"] < out["products"][1]["barrier_kT"]
    assert out["products"][1]["decided_by"] == "nucleation"
    assert "Sb before Li₂Sb" in " ".join(out["sentences"])


def test_what_would_change_it_does(lithium: list[dict]) -> None:
    """Below the energy that is named the other product wins, just above it does not: at the threshold times 0.9 and 1.1."""
    (change,) = lithium[-1]["changes"]
    assert change["product"] == "Li₂Sb"
    assert change["below"] < change["value"]
    for factor, product in ((0.9, "Li₂Sb"), (1.1, "Sb")):
        other = sbpath.with_changes(
            sbpath.load_mechanism("li-sb"), {change["path"]: factor * change["below"]}
        )
        (out,) = (
            one for one in reasons(sbpath.simulate(other, CYCLE, progress=False)) if one["phase"] == "Li₃Sb"
        )
        assert out["products"][0]["label"] == product


def test_no_advice_where_no_driving_force(lithium: list[dict]) -> None:
    between = lithium[1]
    assert between["products"][1]["barrier_kT"] is None
    assert between["changes"] == []
