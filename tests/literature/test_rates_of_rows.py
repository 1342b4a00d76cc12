"""Oracles: capacities made up such that the answer is known, a row simulated by hand, and the table on the page."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import numpy as np
import pytest

import sbpath

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def rates():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        return importlib.import_module("rates")
    finally:
        sys.path.remove(str(BENCHMARKS))


def test_every_row_with_a_rate_and_a_capacity_is_there(rates):
    printed = {s.label for s in sbpath.literature.find_anodes() if s.rate_capacity_mAh_per_g is not None}
    assert {cell.row.label for cell in rates.cells()} == printed
    assert len(printed) == 49


def test_the_exchange_current_that_made_the_capacities_is_found(rates):
    ions = ["Li"] * 3 + ["K"] * 3
    capacities = np.add.outer(50.0 * np.arange(len(rates.TRIED)), [300.0, 200.0, 100.0, 0.0, 50.0, 90.0])
    # Lithium was made with the third, potassium with the fifth, one row of which is off by 200.
    made = np.array([*capacities[2, :3], *capacities[4, 3:]])
    made[-1] += 200.0
    score = rates.by_exchange(ions, capacities, made)
    assert (score.numbers, score.close, score.left_out) == (2, 5, 5)
    assert score.mean_error == pytest.approx(200.0 / 6.0)
    assert score.left_out_error == pytest.approx(200.0 / 6.0)
    assert f"Li {rates.TRIED[2]:.2g}, K {rates.TRIED[4]:.2g} A/m2" in score.name


def test_a_row_left_out_does_not_choose_for_itself(rates):
    # Two rows that want different ones: each alone is fitted, left out it gets that of the other.
    capacities = np.column_stack([np.arange(len(rates.TRIED)) * 10.0] * 2)
    score = rates.by_exchange(["Li", "Li"], capacities, np.array([0.0, 100.0]))
    assert score.mean_error == pytest.approx(50.0)
    assert score.left_out_error == pytest.approx(100.0)


def test_a_row_is_simulated_at_its_rate_per_gram_of_sb_with_its_design(rates):
    (cell,) = (cell for cell in rates.cells() if cell.row.label == "2.4")
    share = cell.row.capacity / rates.FULL
    mechanism = sbpath.load_mechanism("li-sb", design="carbon-composite")
    protocol = sbpath.cycling(
        f"{cell.current / share} mA/g", mechanism.lower_cutoff_V, mechanism.upper_cutoff_V, 3
    )
    alone = sbpath.cycle_summaries(sbpath.simulate(mechanism, protocol, progress=False))[-1]
    assert rates.simulated(cell) == pytest.approx(share * alone.extraction_mAh_per_g, rel=1e-4)


def test_what_the_page_says_of_the_table_is_in_it():
    page = (BENCHMARKS / "README.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"<!-- begin rates -->\n(.*?)<!-- end rates -->", page, flags=re.DOTALL)
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in table.splitlines()
        if line.startswith("|")
    ]
    errors = {row[0]: float(row[5] or row[3]) for row in rows[2:]}
    simulated = [error for name, error in errors.items() if name.startswith("simulated")]
    assert len(simulated) == 2
    assert errors["median of each ion"] < min(simulated)
    assert errors["the same times the median ratio"] == min(errors.values())
