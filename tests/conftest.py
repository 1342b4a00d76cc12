"""Simulations shared by all tests: each is made once per session."""

from __future__ import annotations

import functools

import pytest

from sbpath import SolverOptions, load_mechanism, simulate


@pytest.fixture(scope="session")
def simulated():
    """A function that simulates a shipped mechanism and remembers the result.

    ``simulated(name, protocol, graph=..., temperature_C=..., changes=(("path", value), ...),
    rtol=..., atol=...)``; the protocol is a `Protocol`, a line, or a tuple of lines or tuples.
    """

    @functools.cache
    def run(name, protocol, *, graph=None, temperature_C=None, changes=(), rtol=1e-6, atol=1e-9):
        return simulate(
            load_mechanism(name, dict(changes)),
            protocol,
            graph=graph,
            temperature_C=temperature_C,
            options=SolverOptions(rtol=rtol, atol=atol),
            progress=False,
        )

    return run
