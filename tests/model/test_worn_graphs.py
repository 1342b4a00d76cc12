"""Film and lost contact on random graphs, by any protocol, and by a second integrator.

Oracles: conservation of charge and energy, signs and bounds, closed forms along any course, SciPy on the same equations.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import tiny_mechanism
from worn import assert_closed, worn

from sbpath import Population, SolverOptions, cycling, simulate
from sbpath.model.network import build_network, sizes_of
from sbpath.model.unknowns import states_of
from sbpath.physical import FARADAY_C_PER_MOL as F
from sbpath.solver.reference import scipy_cycle

LOW, HIGH = 0.05, 1.6
STEPS = (
    f"Discharge at C/5 until {LOW} V",
    f"Charge at C/5 until {HIGH} V",
    "Rest for 5 h",
    "Hold at 0.4 V for 2 h",
    f"Sweep at 0.5 mV/s to {LOW} V",
    f"Sweep at 1 mV/s to {HIGH} V",
    "Rest for 1 h at 45 C",
)


def random_graph(seed):
    """Up to five line compounds, perhaps with a solution among them, on a random graph; volumes need not rise with alkali."""
    rng = np.random.default_rng(seed)
    contents = [0, *np.sort(rng.choice(np.arange(1, 5), int(rng.integers(1, 5)), replace=False)).tolist()]
    phases, gibbs = {}, 0.0
    for number, x in enumerate(contents):
        if number:
            gibbs -= F * rng.uniform(0.2, 1.2) * (x - contents[number - 1])
        name = f"Li{x}Sb" if x else "Sb"
        phases[name] = {
            "formula": name.replace("Li1", "Li"),
            "gibbs": gibbs,
            "volume": rng.uniform(15.0, 60.0),
        }
    nodes = [(name, x) for name, x in zip(phases, contents, strict=True)]
    chain = [
        (nodes[i][0], nodes[j][0], nodes[j][1] - nodes[i][1])
        for i in range(len(nodes))
        for j in range(i + 1, len(nodes))
        if j == i + 1 or rng.random() < 0.5
    ]
    if rng.random() < 0.5:
        phases["LixSb"] = {
            "formula": "LixSb",
            "gibbs": rng.uniform(-5e3, 5e3),
            "galleries": [
                (0.6, rng.uniform(0.4, 1.0), rng.uniform(0.5, 2.0)),
                (0.4, rng.uniform(0.2, 0.9), 1.0),
            ],
            "volume": rng.uniform(18.0, 40.0),
            "partial": rng.uniform(1.0, 12.0),
        }
        last, most = nodes[-1]
        chain += [("Sb", "LixSb", "x"), ("LixSb", last, f"({most}-x)")]
    interfaces = {f"{p}|{q}": rng.choice([0.0, 0.03, 0.06]) for p, q, _ in chain}
    return tiny_mechanism(
        phases,
        chain,
        interfaces=interfaces,
        growth=10.0 ** rng.uniform(-3.5, -1.5),
        attempt=1e12,
        cutoffs=(LOW, HIGH),
    )


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    steps=st.lists(st.sampled_from(STEPS), min_size=2, max_size=5),
    onset=st.floats(0.2, 1.5),
    conductivity=st.floats(-16.0, -11.0),
    loss=st.sampled_from([1e-4, 0.05]),
    torn=st.sampled_from([0.0, 0.02, 1.0]),
    area=st.sampled_from([0.0, 0.448, 120.0]),
    particles=st.sampled_from([1, 3]),
)
def test_random_graphs_keep_charge_and_energy(seed, steps, onset, conductivity, loss, torn, area, particles):
    mechanism = worn(
        random_graph(seed),
        onset_potential_V=onset,
        electron_conductivity_S_per_m=10.0**conductivity,
        contact_loss=loss,
        torn_share=torn,
        host_area_m2_per_g=area,
    )
    population = Population.lognormal(3, interfacial_energy=0.1) if particles > 1 else None
    # Film begins at its onset with a corner, of which a plateau at the onset leaves 1.3e-5 of the heat at the default tolerance.
    solution = simulate(
        mechanism, [tuple(steps)], population=population, options=SolverOptions(1e-7, 1e-10), progress=False
    )
    assert_closed(solution)
    strain, wear = solution.others["strain"], solution.network.wear
    np.testing.assert_allclose(solution.others["live_share"], np.exp(-loss * strain), rtol=1e-5)
    broken = max(wear.fragment_area - area, 0.0) if area else 0.0
    wanted = area + broken * -np.expm1(-wear.fragmentation * strain)
    np.testing.assert_allclose(solution.others["host_area_m2_per_g"], wanted, rtol=1e-5)


@pytest.mark.parametrize("of", ["li-sb", random_graph(1)], ids=["Li", "random"])
def test_another_integrator_finds_the_same_course(of):
    mechanism = worn(of, contact_loss=0.01)
    limits = mechanism.lower_cutoff_V, mechanism.upper_cutoff_V
    tight = SolverOptions(rtol=1e-8, atol=1e-11)
    solution = simulate(mechanism, cycling("C/10", *limits), options=tight, progress=False)
    network = build_network(mechanism, mechanism.default_graph, mechanism.temperature_C + 273.15)
    columns = {
        "fractions": solution.fractions, "potential_V": solution.potential_V, **solution.others,
    }  # fmt: skip
    states = states_of(network.layout, sizes_of(network), columns).T
    start, halves = 0.0, scipy_cycle(mechanism, network)
    scale = np.abs(np.hstack([half.y for half in halves])).max(axis=1) + 1e-12
    for step, half in zip(solution.steps, halves, strict=True):
        rows = slice(step.first, step.last)
        time = solution.time_s[rows] - start
        inside = time <= half.t[-1]
        wanted = half.sol(time[inside])
        error = np.abs(states[:, rows][:, inside] - wanted).max(axis=1)
        assert error[network.layout.potential] < 2e-5
        assert (error / scale).max() < 2e-5
        assert step.duration_s == pytest.approx(half.t[-1], rel=5e-6)
        start = solution.time_s[step.last - 1]
