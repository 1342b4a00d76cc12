"""The examples in docstrings run and print what they say."""

from __future__ import annotations

import doctest
import pkgutil
from importlib import import_module

import pytest

import sbpath

MODULES = sorted(["sbpath", *(module.name for module in pkgutil.walk_packages(sbpath.__path__, "sbpath."))])
# What people begin with shows how it is used.
SHOWN = (
    "simulate", "simulate_again", "load_mechanism", "with_changes", "with_design", "equilibrium_potential", "cycling",
    "gitt", "cv", "rate_test", "half_cycles", "cycle_summaries", "pathways", "loss_breakdown", "branch_points",
    "titration", "to_dataframe", "compare", "sweep",
)  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    if name == "sbpath.__main__":  # runs the command line
        return
    failed, _ = doctest.testmod(import_module(name))
    assert failed == 0


def test_the_most_used_functions_have_examples():
    assert all(">>> import sbpath" in (getattr(sbpath, name).__doc__ or "") for name in SHOWN)
