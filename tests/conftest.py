"""Simulations shared by all tests: each is made once per session."""

from __future__ import annotations

import functools
import sys
import warnings

import hypothesis
import pytest
from bare import bare

from sbpath import SolverOptions, ValidityWarning, load_mechanism, simulate
from sbpath.kernels import compiled
from sbpath.solver.solve import run

# The same examples in every run; others with --hypothesis-profile=default.
hypothesis.settings.register_profile("repeatable", derandomize=True)
hypothesis.settings.load_profile("repeatable")


@pytest.fixture(scope="session", autouse=True)
def native_solver():
    """The native code is there before the first test, whose time so is its own."""
    simulate("li-sb", "Rest for 1 second", progress=False)
    assert hasattr(compiled(run), "library"), (
        "the tests of native code would compare interpreted code with itself"
    )


@pytest.fixture(scope="session")
def simulated():
    """A function that simulates a shipped mechanism, by default a `bare` one, and remembers the result.

    ``simulated(name, protocol, graph=..., temperature_C=..., changes=(("path", value), ...),
    rtol=..., atol=..., shipped=..., population=...)``; the protocol is a `Protocol`, a line, or a tuple of lines or tuples.
    """

    @functools.cache
    def run(
        name, protocol, *, graph=None, temperature_C=None, changes=(), rtol=1e-6, atol=1e-9, shipped=False,
        population=None,
    ):  # fmt: skip
        with warnings.catch_warnings():
            # The equations hold where the cell would not.
            warnings.simplefilter("ignore", ValidityWarning)
            return simulate(
                (load_mechanism if shipped else bare)(name, dict(changes)),
                protocol,
                graph=graph,
                temperature_C=temperature_C,
                options=SolverOptions(rtol=rtol, atol=atol),
                population=population,
                progress=False,
            )

    return run


@pytest.fixture(autouse=True)
def closed_figures():
    """Figures of a test are closed after it; Matplotlib keeps them otherwise."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
